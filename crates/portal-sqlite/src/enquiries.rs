//! What anybody asked for, until a worker decides it.

use async_trait::async_trait;
use portal_domain::{
    id::{EnquiryId, PracticeId},
    port::{Enquiry, EnquiryKind, StoreError, TRY_WAITS},
    time::Timestamp,
};
use serde::Serialize;
use sqlx::SqliteConnection;

use crate::{
    encode::{Hex, hex, json},
    error::Fault,
    read::{damaged, id},
    writer::Work,
};

/// Keeps an enquiry.
pub(crate) struct PutEnquiry(pub(crate) Enquiry);

#[async_trait]
impl Work for PutEnquiry {
    type Answer = ();

    async fn run(&self, connection: &mut SqliteConnection) -> Result<(), Fault> {
        let enquiry = &self.0;
        let (kind, address, link) = match &enquiry.kind {
            EnquiryKind::Reset { address } | EnquiryKind::StaffReset { address } => {
                ("reset", Some(address.as_str()), None)
            }
            EnquiryKind::PortalAddress { address } => ("portal_address", Some(address.as_str()), None),
            EnquiryKind::SignIn { address } => ("sign_in", Some(address.as_str()), None),
            EnquiryKind::Renew { link } | EnquiryKind::StaffRenew { link } => {
                ("renew", None, Some(link.to_bytes().to_vec()))
            }
        };
        let staff = matches!(enquiry.kind, EnquiryKind::StaffReset { .. } | EnquiryKind::StaffRenew { .. });
        let (practice, id) = (enquiry.practice.to_bytes(), enquiry.id.to_bytes());
        let (practice, id) = (practice.as_slice(), id.as_slice());
        let at = enquiry.at.as_micros();
        let put = sqlx::query!(
            "INSERT INTO portal_enquiry (practice_id, enquiry_id, kind, address, link_id, origin, at, due_at,
                 staff)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, ?8)",
            practice,
            id,
            kind,
            address,
            link,
            enquiry.origin,
            at,
            staff
        );
        put.execute(connection).await?;
        Ok(())
    }
}

/// Lends enquiries, oldest first, those that nobody waits for at last.
pub(crate) struct LeaseEnquiries {
    pub(crate) now: Timestamp,
    pub(crate) until: Timestamp,
    pub(crate) most: u32,
}

#[derive(Serialize)]
struct PairRow {
    practice: Hex,
    id: Hex,
}

struct EnquiryRow {
    practice_id: Vec<u8>,
    enquiry_id: Vec<u8>,
    kind: String,
    address: Option<String>,
    link_id: Option<Vec<u8>>,
    origin: Option<String>,
    at: i64,
    staff: i64,
}

impl EnquiryRow {
    fn read(self) -> Result<Enquiry, StoreError> {
        let kind = match (self.kind.as_str(), self.address, self.link_id, self.staff) {
            ("reset", Some(address), None, 0) => EnquiryKind::Reset { address },
            ("renew", None, Some(link), 0) => EnquiryKind::Renew { link: id(&link, "enquiry.link_id")? },
            ("reset", Some(address), None, 1) => EnquiryKind::StaffReset { address },
            ("renew", None, Some(link), 1) => EnquiryKind::StaffRenew { link: id(&link, "enquiry.link_id")? },
            ("portal_address", Some(address), None, 0) => EnquiryKind::PortalAddress { address },
            ("sign_in", Some(address), None, 0) => EnquiryKind::SignIn { address },
            _ => return Err(damaged("enquiry.kind")),
        };
        Ok(Enquiry {
            id: id(&self.enquiry_id, "enquiry.enquiry_id")?,
            practice: id(&self.practice_id, "enquiry.practice_id")?,
            kind,
            origin: self.origin,
            at: Timestamp::from_micros(self.at),
        })
    }
}

/// So many tries that nobody decided are forgotten with a lease.
const STALE_AT_ONCE: i64 = 5000;

#[async_trait]
impl Work for LeaseEnquiries {
    type Answer = Vec<Enquiry>;

    async fn run(&self, connection: &mut SqliteConnection) -> Result<Vec<Enquiry>, Fault> {
        let (now, until, most) = (self.now.as_micros(), self.until.as_micros(), i64::from(self.most));
        let waited = self.now.before(TRY_WAITS).as_micros();
        let stale = sqlx::query!(
            "DELETE FROM portal_enquiry WHERE (practice_id, enquiry_id) IN (
                 SELECT practice_id, enquiry_id FROM portal_enquiry WHERE due_at < ?1 AND kind = 'sign_in' LIMIT ?2)",
            waited,
            STALE_AT_ONCE
        );
        stale.execute(&mut *connection).await?;
        let rows = sqlx::query_as!(
            EnquiryRow,
            "SELECT practice_id, enquiry_id, kind, address, link_id, origin, at, staff FROM portal_enquiry
             WHERE due_at <= ?1 ORDER BY kind = 'sign_in', at, enquiry_id LIMIT ?2",
            now,
            most
        );
        let rows = rows.fetch_all(&mut *connection).await?;
        // A row that can't be read is marked like the others, so that it keeps nobody waiting, and comes up again later.
        let (mut pairs, mut enquiries) = (Vec::new(), Vec::new());
        for row in rows {
            let practice: PracticeId = id(&row.practice_id, "enquiry.practice_id")?;
            let enquiry: EnquiryId = id(&row.enquiry_id, "enquiry.enquiry_id")?;
            pairs.push(PairRow { practice: hex(practice), id: hex(enquiry) });
            match row.read() {
                Ok(enquiry) => enquiries.push(enquiry),
                Err(error) => tracing::error!(%enquiry, %error, "an enquiry can't be read"),
            }
        }
        if pairs.is_empty() {
            return Ok(enquiries);
        }
        let pairs = json(&pairs);
        let mark = sqlx::query!(
            "UPDATE portal_enquiry AS q SET due_at = ?2 FROM json_each(?1) AS e
             WHERE q.practice_id = unhex(e.value ->> 'practice') AND q.enquiry_id = unhex(e.value ->> 'id')",
            pairs,
            until
        );
        mark.execute(connection).await?;
        Ok(enquiries)
    }
}

/// Forgets an enquiry.
pub(crate) struct SettleEnquiry {
    pub(crate) practice: PracticeId,
    pub(crate) enquiry: EnquiryId,
}

#[async_trait]
impl Work for SettleEnquiry {
    type Answer = ();

    async fn run(&self, connection: &mut SqliteConnection) -> Result<(), Fault> {
        let (practice, enquiry) = (self.practice.to_bytes(), self.enquiry.to_bytes());
        let (practice, enquiry) = (practice.as_slice(), enquiry.as_slice());
        let forget =
            sqlx::query!("DELETE FROM portal_enquiry WHERE practice_id = ?1 AND enquiry_id = ?2", practice, enquiry);
        forget.execute(connection).await?;
        Ok(())
    }
}
