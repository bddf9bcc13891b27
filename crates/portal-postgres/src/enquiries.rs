//! What anybody asked for, until a worker decides it.

use async_trait::async_trait;
use portal_domain::{
    id::{EnquiryId, PracticeId},
    port::{ENQUIRY_WAITS, Enquiries, Enquiry, EnquiryKind, StoreError, TRY_WAITS},
    time::Timestamp,
};
use uuid::Uuid;

use crate::{
    PostgresStore,
    failure::store_error,
    row::{self, damaged},
};

/// So many tries that nobody decided are forgotten with a lease.
const STALE_AT_ONCE: i64 = 5000;

#[async_trait]
impl Enquiries for PostgresStore {
    async fn put(&self, enquiry: &Enquiry) -> Result<(), StoreError> {
        let (kind, address, link) = match &enquiry.kind {
            EnquiryKind::Reset { address } | EnquiryKind::StaffReset { address } => {
                ("reset", Some(address.as_bytes()), None)
            }
            EnquiryKind::PortalAddress { address } => ("portal_address", Some(address.as_bytes()), None),
            EnquiryKind::SignIn { address } => ("sign_in", Some(address.as_bytes()), None),
            EnquiryKind::Renew { link } | EnquiryKind::StaffRenew { link } => ("renew", None, Some(link.to_uuid())),
        };
        let staff = matches!(enquiry.kind, EnquiryKind::StaffReset { .. } | EnquiryKind::StaffRenew { .. });
        let origin = enquiry.origin.as_deref().map(row::text);
        sqlx::query!(
            "INSERT INTO portal.enquiry (practice_id, enquiry_id, kind, address, link_id, origin, at, due_at,
                 staff)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8) ON CONFLICT (practice_id, enquiry_id) DO NOTHING",
            row::uuid(enquiry.practice),
            enquiry.id.to_uuid(),
            kind,
            address,
            link,
            origin.as_deref(),
            enquiry.at.as_micros(),
            staff,
        )
        .execute(self.pool())
        .await
        .map_err(store_error)?;
        Ok(())
    }

    async fn lease(&self, now: Timestamp, until: Timestamp, most: u32) -> Result<Vec<Enquiry>, StoreError> {
        let stale = sqlx::query!(
            "DELETE FROM portal.enquiry e USING (
                 SELECT practice_id, enquiry_id FROM portal.enquiry
                 WHERE due_at <= $1 AND at < $2 AND kind = 'sign_in' LIMIT $3
                 FOR UPDATE SKIP LOCKED) AS o
             WHERE e.practice_id = o.practice_id AND e.enquiry_id = o.enquiry_id",
            // Those that were leased too: no lease ends later than the one that is asked for.
            until.as_micros(),
            now.before(TRY_WAITS).as_micros(),
            STALE_AT_ONCE,
        );
        stale.execute(self.pool()).await.map_err(store_error)?;
        let mut rows = sqlx::query_as!(
            EnquiryRow,
            "WITH due AS (
                 SELECT practice_id, enquiry_id FROM portal.enquiry
                 WHERE due_at <= $1 ORDER BY kind = 'sign_in', at, enquiry_id LIMIT $3
                 FOR UPDATE SKIP LOCKED)
             UPDATE portal.enquiry e SET due_at = $2 FROM due
             WHERE e.practice_id = due.practice_id AND e.enquiry_id = due.enquiry_id
             RETURNING e.practice_id, e.enquiry_id, e.kind, e.address, e.link_id, e.origin, e.at, e.staff",
            now.as_micros(),
            until.as_micros(),
            i64::from(most),
        )
        .fetch_all(self.pool())
        .await
        .map_err(store_error)?;
        rows.sort_by_key(|it| (it.kind == "sign_in", it.at, it.enquiry_id));
        let mut leased = Vec::with_capacity(rows.len());
        for row in rows {
            let (practice, id, at) = (row::id(row.practice_id), row::id(row.enquiry_id), row::time(row.at));
            match row.read() {
                Ok(enquiry) => leased.push(enquiry),
                // One damaged row must not keep all others from being answered, nor its address for ever.
                Err(error) if at <= now.before(ENQUIRY_WAITS) => {
                    tracing::error!(%error, "an enquiry that can't be read is given up");
                    Enquiries::settle(self, practice, id).await?;
                }
                Err(error) => tracing::error!(%error, "an enquiry can't be read"),
            }
        }
        Ok(leased)
    }

    async fn settle(&self, practice: PracticeId, enquiry: EnquiryId) -> Result<(), StoreError> {
        sqlx::query!(
            "DELETE FROM portal.enquiry WHERE practice_id = $1 AND enquiry_id = $2",
            row::uuid(practice),
            enquiry.to_uuid(),
        )
        .execute(self.pool())
        .await
        .map_err(store_error)?;
        Ok(())
    }
}

struct EnquiryRow {
    practice_id: Uuid,
    enquiry_id: Uuid,
    kind: String,
    address: Option<Vec<u8>>,
    link_id: Option<Uuid>,
    origin: Option<String>,
    at: i64,
    staff: bool,
}

impl EnquiryRow {
    fn read(self) -> Result<Enquiry, StoreError> {
        let fault = |what: &str| damaged("enquiry", self.enquiry_id, what);
        let kind = match (&*self.kind, self.address, self.link_id) {
            (kind @ ("reset" | "portal_address" | "sign_in"), Some(address), None) => {
                let address = String::from_utf8(address).map_err(|_| fault("its address is no text"))?;
                match kind {
                    "portal_address" => EnquiryKind::PortalAddress { address },
                    "sign_in" => EnquiryKind::SignIn { address },
                    _ if self.staff => EnquiryKind::StaffReset { address },
                    _ => EnquiryKind::Reset { address },
                }
            }
            ("renew", None, Some(link)) if self.staff => EnquiryKind::StaffRenew { link: row::id(link) },
            ("renew", None, Some(link)) => EnquiryKind::Renew { link: row::id(link) },
            _ => return Err(fault("its kind does not fit what it holds")),
        };
        Ok(Enquiry {
            id: row::id(self.enquiry_id),
            practice: row::id(self.practice_id),
            kind,
            origin: self.origin,
            at: row::time(self.at),
        })
    }
}
