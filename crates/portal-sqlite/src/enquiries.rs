//! What anybody asked for, until a worker decides it.

use async_trait::async_trait;
use portal_domain::{
    id::{EnquiryId, PracticeId},
    port::{ENQUIRY_WAITS, Enquiry, EnquiryKind, StoreError, TRY_WAITS},
    time::Timestamp,
};
use serde::Serialize;
use sqlx::SqliteConnection;

use crate::{
    encode::json,
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
    practice: String,
    id: String,
}

/// Texts are read as bytes: one that is none would keep the whole lease from being read.
struct EnquiryRow {
    practice_id: Vec<u8>,
    enquiry_id: Vec<u8>,
    kind: Vec<u8>,
    address: Option<Vec<u8>>,
    link_id: Option<Vec<u8>>,
    origin: Option<Vec<u8>>,
    at: i64,
    staff: i64,
}

impl EnquiryRow {
    fn pair(&self) -> PairRow {
        PairRow { practice: digits(&self.practice_id), id: digits(&self.enquiry_id) }
    }

    fn read(&self) -> Result<Enquiry, StoreError> {
        let kind = text(&self.kind, "enquiry.kind")?;
        let address = self.address.as_deref().map(|address| text(address, "enquiry.address")).transpose()?;
        let kind = match (kind.as_str(), address, self.link_id.as_deref(), self.staff) {
            ("reset", Some(address), None, 0) => EnquiryKind::Reset { address },
            ("renew", None, Some(link), 0) => EnquiryKind::Renew { link: id(link, "enquiry.link_id")? },
            ("reset", Some(address), None, 1) => EnquiryKind::StaffReset { address },
            ("renew", None, Some(link), 1) => EnquiryKind::StaffRenew { link: id(link, "enquiry.link_id")? },
            ("portal_address", Some(address), None, 0) => EnquiryKind::PortalAddress { address },
            ("sign_in", Some(address), None, 0) => EnquiryKind::SignIn { address },
            _ => return Err(damaged("enquiry.kind")),
        };
        Ok(Enquiry {
            id: id(&self.enquiry_id, "enquiry.enquiry_id")?,
            practice: id(&self.practice_id, "enquiry.practice_id")?,
            kind,
            origin: self.origin.as_deref().map(|origin| text(origin, "enquiry.origin")).transpose()?,
            at: Timestamp::from_micros(self.at),
        })
    }
}

fn text(bytes: &[u8], column: &str) -> Result<String, StoreError> {
    String::from_utf8(bytes.to_vec()).map_err(|_| damaged(column))
}

/// Bytes as hexadecimal digits, whether they are an id or not.
fn digits(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
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
                 SELECT practice_id, enquiry_id FROM portal_enquiry
                 WHERE due_at <= ?1 AND at < ?2 AND kind = 'sign_in' LIMIT ?3)",
            // Those that were leased too: no lease ends later than the one that is asked for.
            until,
            waited,
            STALE_AT_ONCE
        );
        stale.execute(&mut *connection).await?;
        let rows = sqlx::query_as!(
            EnquiryRow,
            r#"SELECT practice_id, enquiry_id, kind AS "kind: Vec<u8>", address AS "address: Vec<u8>", link_id,
                 origin AS "origin: Vec<u8>", at, staff
             FROM portal_enquiry WHERE due_at <= ?1 ORDER BY kind = 'sign_in', at, enquiry_id LIMIT ?2"#,
            now,
            most
        );
        let rows = rows.fetch_all(&mut *connection).await?;
        // A row that can't be read is marked like the others, so that it keeps nobody waiting, and comes up again until its time
        // is over.
        let given_up = self.now.before(ENQUIRY_WAITS).as_micros();
        let (mut pairs, mut enquiries) = (Vec::new(), Vec::new());
        for row in rows {
            let pair = row.pair();
            match row.read() {
                Ok(enquiry) => enquiries.push(enquiry),
                Err(error) if row.at <= given_up => {
                    tracing::error!(enquiry = pair.id, %error, "an enquiry that can't be read is given up");
                    forget(connection, &row.practice_id, &row.enquiry_id).await?;
                    continue;
                }
                Err(error) => tracing::error!(enquiry = pair.id, %error, "an enquiry can't be read"),
            }
            pairs.push(pair);
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
        forget(connection, &self.practice.to_bytes(), &self.enquiry.to_bytes()).await
    }
}

async fn forget(connection: &mut SqliteConnection, practice: &[u8], enquiry: &[u8]) -> Result<(), Fault> {
    let forget =
        sqlx::query!("DELETE FROM portal_enquiry WHERE practice_id = ?1 AND enquiry_id = ?2", practice, enquiry);
    forget.execute(connection).await?;
    Ok(())
}
