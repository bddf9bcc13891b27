//! Messages that wait to be sent, shared by many workers.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use async_trait::async_trait;
use portal_domain::{
    decide::room,
    email::{EmailAddress, LoginKey},
    message::{Carried, DeliveryState},
    port::{Lease, LeaseTerms, Leased, Letter, Outbox, Settlement, StoreError},
    returned::Suppression,
    time::Timestamp,
};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    PostgresStore, commit,
    facts::StaffLinkRow,
    failure::{Failure, store_error},
    returns,
    row::{self, LinkRow, MessageRow, PracticeRow},
    store::whole,
};

#[async_trait]
impl Outbox for PostgresStore {
    async fn lease(&self, terms: &LeaseTerms) -> Result<Vec<Leased>, StoreError> {
        let (store, terms) = (self.clone(), *terms);
        whole(async move {
            let taken = store.take(&terms).await?;
            let (of_staff, carried): (Vec<_>, Vec<_>) = taken
                .iter()
                .filter_map(|it| {
                    Some((it.message.user_id.is_some(), (it.lease.practice.to_uuid(), it.message.link_id?)))
                })
                .partition(|(of_staff, _)| *of_staff);
            let ids = |carried: Vec<(bool, (Uuid, Uuid))>| carried.into_iter().map(|(_, ids)| ids).collect();
            let links =
                Links { portal: store.links(ids(carried)).await?, workspace: store.staff_links(ids(of_staff)).await? };
            let to: Vec<_> = taken.iter().filter_map(Taken::to_contact).collect();
            let keys = to.iter().map(|(practice, to)| (*practice, to.key()));
            let suppressed = returns::suppressed(store.pool(), keys).await?;
            Ok(taken.into_iter().map(|it| it.leased(&links, &suppressed)).collect())
        })
        .await
    }

    async fn recall(&self, now: Timestamp, latest: Timestamp) -> Result<u64, StoreError> {
        let recall = sqlx::query!(
            "UPDATE portal.message SET due_at = $1 WHERE lane IN (0, 1) AND due_at > $2",
            now.as_micros(),
            latest.as_micros(),
        );
        Ok(recall.execute(self.pool()).await.map_err(store_error)?.rows_affected())
    }

    async fn settle(&self, lease: &Lease, settlement: &Settlement) -> Result<bool, StoreError> {
        let (store, lease, settlement) = (self.clone(), *lease, settlement.clone());
        whole(async move {
            match settle(&store, lease, &settlement).await {
                Ok(mine) => Ok(mine),
                Err(Failure::Store(error)) => Err(error),
                Err(Failure::Conflict) => Err(StoreError::Unavailable("others write the same message".to_owned())),
            }
        })
        .await
    }
}

const HOUR: Duration = Duration::from_secs(3600);
const AWAITED: i16 = 0;
const BULK: i16 = 1;

/// Links that messages carry, by practice and id.
struct Links {
    /// With whether it was overtaken.
    portal: HashMap<(Uuid, Uuid), (LinkRow, bool)>,
    workspace: HashMap<(Uuid, Uuid), StaffLinkRow>,
}

impl Links {
    fn carried(&self, at: &(Uuid, Uuid), of_staff: bool) -> Option<Result<(Carried, bool), StoreError>> {
        if of_staff {
            return Some(self.workspace.get(at)?.clone().read().map(|link| (Carried::Workspace(link), false)));
        }
        let (link, overtaken) = self.portal.get(at)?.clone();
        Some(link.read().map(|link| (Carried::Portal(link), overtaken)))
    }
}

type Suppressions = HashMap<Uuid, BTreeMap<LoginKey, Suppression>>;

/// A message that was just leased.
struct Taken {
    lease: Lease,
    practice: PracticeRow,
    message: MessageRow,
    signs_in_at: Option<String>,
    locale: Option<String>,
    attempts: i32,
}

impl Taken {
    /// Practice and address of mail to a contact, where it can be read: else it is reported.
    fn to_contact(&self) -> Option<(Uuid, EmailAddress)> {
        let to = EmailAddress::parse(&self.message.address).ok().filter(|_| self.message.user_id.is_none())?;
        Some((self.lease.practice.to_uuid(), to))
    }

    /// With the reason in place of what can't be read: it is reported, and keeps nobody waiting (D1).
    fn leased(self, links: &Links, suppressed: &Suppressions) -> Leased {
        let (lease, attempts) = (self.lease, self.attempts.unsigned_abs());
        let letter = self.letter(links, suppressed).map_err(|error| error.to_string());
        Leased { lease, attempts, letter }
    }

    fn letter(self, links: &Links, suppressed: &Suppressions) -> Result<Letter, StoreError> {
        let missing = || row::damaged("message", self.lease.message, "its link is not there");
        let (link, overtaken) = match self.message.link_id {
            None => (None, false),
            Some(link) => {
                let at = (self.lease.practice.to_uuid(), link);
                let (carried, overtaken) = links.carried(&at, self.message.user_id.is_some()).ok_or_else(missing)??;
                (Some(carried), overtaken)
            }
        };
        let suppressed = self.to_contact().and_then(|(practice, to)| suppressed.get(&practice)?.get(to.key()).cloned());
        let key = self.signs_in_at.as_deref().map(LoginKey::parse).transpose();
        Ok(Letter {
            practice: self.practice.read()?,
            message: self.message.read()?,
            link,
            overtaken,
            signs_in_at: key.map_err(|it| row::damaged("login", self.lease.message, &it.to_string()))?,
            locale: self.locale,
            suppressed,
        })
    }
}

/// A practice with messages that wait in a lane.
struct Waiting {
    practice_id: Uuid,
    first_due: i64,
    turn: i64,
    mails_per_hour: Option<i64>,
}

impl PostgresStore {
    /// One at a time, on all instances: turns and hours are counted.
    async fn take(&self, terms: &LeaseTerms) -> Result<Vec<Taken>, StoreError> {
        let mut transaction = self.begin().await.map_err(store_error)?;
        sqlx::query!("SELECT pg_advisory_xact_lock(hashtextextended('portal.outbox', 0))")
            .execute(&mut *transaction)
            .await
            .map_err(store_error)?;
        let most = terms.most as usize;
        let mut taken = of_lane(&mut transaction, terms, AWAITED, most).await?;
        if !terms.awaited_only && taken.len() < most {
            let rest = most - taken.len();
            taken.extend(of_lane(&mut transaction, terms, BULK, rest).await?);
        }
        transaction.commit().await.map_err(store_error)?;
        Ok(taken)
    }

    /// Links of many practices, each with whether it was overtaken.
    async fn links(&self, wanted: Vec<(Uuid, Uuid)>) -> Result<HashMap<(Uuid, Uuid), (LinkRow, bool)>, StoreError> {
        if wanted.is_empty() {
            return Ok(HashMap::new());
        }
        let (practices, links): (Vec<Uuid>, Vec<Uuid>) = wanted.into_iter().unzip();
        let rows = sqlx::query!(
            r#"SELECT k.practice_id, k.link_id, k.login_id, k.contact_id, k.purpose, k.address, k.signed_with, k.epoch,
                   k.created_at, k.expires_at, k.used_at, k.ended_at,
                   k.purpose = 'activation' AND (
                       EXISTS (SELECT FROM portal.login l
                           WHERE l.practice_id = k.practice_id AND l.login_id = k.login_id
                               AND l.credential_id IS NOT NULL)
                       OR EXISTS (SELECT FROM portal.link n
                           WHERE n.practice_id = k.practice_id AND n.login_id = k.login_id
                               AND n.purpose = 'activation'
                               AND (n.created_at, n.link_id) > (k.created_at, k.link_id))) AS "overtaken!"
               FROM unnest($1::uuid[], $2::uuid[]) AS c (practice_id, link_id)
                   JOIN portal.link k ON k.practice_id = c.practice_id AND k.link_id = c.link_id"#,
            &practices,
            &links,
        )
        .fetch_all(self.pool())
        .await
        .map_err(store_error)?;
        let named = rows.into_iter().map(|it| {
            let link = LinkRow {
                link_id: it.link_id,
                login_id: it.login_id,
                contact_id: it.contact_id,
                purpose: it.purpose,
                address: it.address,
                signed_with: it.signed_with,
                epoch: it.epoch,
                created_at: it.created_at,
                expires_at: it.expires_at,
                used_at: it.used_at,
                ended_at: it.ended_at,
            };
            ((it.practice_id, it.link_id), (link, it.overtaken))
        });
        Ok(named.collect())
    }

    /// The same of the workspace.
    async fn staff_links(&self, wanted: Vec<(Uuid, Uuid)>) -> Result<HashMap<(Uuid, Uuid), StaffLinkRow>, StoreError> {
        if wanted.is_empty() {
            return Ok(HashMap::new());
        }
        let (practices, links): (Vec<Uuid>, Vec<Uuid>) = wanted.into_iter().unzip();
        let rows = sqlx::query!(
            "SELECT k.practice_id, k.link_id, k.user_id, k.kind, k.address, k.signed_with, k.created_at, k.expires_at,
                 k.used_at, k.ended_at
             FROM unnest($1::uuid[], $2::uuid[]) AS c (practice_id, link_id)
                 JOIN portal.staff_link k ON k.practice_id = c.practice_id AND k.link_id = c.link_id",
            &practices,
            &links,
        )
        .fetch_all(self.pool())
        .await
        .map_err(store_error)?;
        let named = rows.into_iter().map(|it| {
            let link = StaffLinkRow {
                link_id: it.link_id,
                user_id: it.user_id,
                kind: it.kind,
                address: it.address,
                signed_with: it.signed_with,
                created_at: it.created_at,
                expires_at: it.expires_at,
                used_at: it.used_at,
                ended_at: it.ended_at,
            };
            ((it.practice_id, it.link_id), link)
        });
        Ok(named.collect())
    }
}

/// Messages of a lane in their turns: of every practice the first, then of every practice the second, and so on.
async fn of_lane(
    connection: &mut PgConnection,
    terms: &LeaseTerms,
    lane: i16,
    most: usize,
) -> Result<Vec<Taken>, StoreError> {
    let awaited = lane == AWAITED;
    let of_all = match terms.mails_per_hour {
        Some(limit) => room(Some(limit), spent_by_all(connection, terms).await?, awaited),
        None => u64::MAX,
    };
    let most = most.min(usize::try_from(of_all).unwrap_or(usize::MAX));
    let mut waiting = waiting(connection, lane).await?;
    waiting.retain(|practice| practice.first_due <= terms.now.as_micros());
    waiting.sort_by_key(|practice| (practice.turn, practice.first_due, practice.practice_id));
    let each = if waiting.len() >= most { 1 } else { most };
    let mut rounds: Vec<Vec<(Uuid, Uuid)>> = Vec::new();
    let mut served = 0;
    for practice in waiting {
        if served >= most && each == 1 {
            break;
        }
        let limit = practice.mails_per_hour.map(|limit| u32::try_from(limit).unwrap_or(u32::MAX));
        let own = match limit {
            Some(_) => room(limit, spent(connection, terms, practice.practice_id).await?, awaited),
            None => u64::MAX,
        };
        let each = each.min(usize::try_from(own).unwrap_or(usize::MAX));
        if each == 0 {
            continue;
        }
        let due = due(connection, terms, lane, practice.practice_id, each).await?;
        for (round, message) in due.into_iter().enumerate() {
            served += 1;
            match rounds.get_mut(round) {
                Some(messages) => messages.push((practice.practice_id, message)),
                None => rounds.push(vec![(practice.practice_id, message)]),
            }
        }
    }
    mark(connection, terms, &rounds.into_iter().flatten().take(most).collect::<Vec<_>>()).await
}

/// Practices with messages in the lane, found by hopping from one to the next in the index.
async fn waiting(connection: &mut PgConnection, lane: i16) -> Result<Vec<Waiting>, StoreError> {
    sqlx::query_as!(
        Waiting,
        r#"WITH RECURSIVE hop (practice_id) AS (
               (SELECT m.practice_id FROM portal.message m
                   WHERE m.lane = $1 AND m.due_at IS NOT NULL ORDER BY m.practice_id LIMIT 1)
               UNION ALL
               SELECT (SELECT m.practice_id FROM portal.message m
                   WHERE m.lane = $1 AND m.due_at IS NOT NULL AND m.practice_id > hop.practice_id
                   ORDER BY m.practice_id LIMIT 1)
               FROM hop WHERE hop.practice_id IS NOT NULL)
           SELECT p.practice_id, p.mails_per_hour,
               (SELECT m.due_at FROM portal.message m
                   WHERE m.lane = $1 AND m.practice_id = p.practice_id AND m.due_at IS NOT NULL
                   ORDER BY m.due_at LIMIT 1) AS "first_due!",
               coalesce((SELECT t.turn FROM portal.outbox_turn t WHERE t.practice_id = p.practice_id), 0) AS "turn!"
           FROM hop JOIN portal.practice p ON p.practice_id = hop.practice_id AND p.suspended_at IS NULL"#,
        lane,
    )
    .fetch_all(connection)
    .await
    .map_err(store_error)
}

async fn due(
    connection: &mut PgConnection,
    terms: &LeaseTerms,
    lane: i16,
    practice: Uuid,
    most: usize,
) -> Result<Vec<Uuid>, StoreError> {
    sqlx::query_scalar!(
        "SELECT message_id FROM portal.message
         WHERE lane = $1 AND practice_id = $2 AND due_at <= $3 ORDER BY due_at, place LIMIT $4",
        lane,
        practice,
        terms.now.as_micros(),
        i64::try_from(most).unwrap_or(i64::MAX),
    )
    .fetch_all(connection)
    .await
    .map_err(store_error)
}

/// Mails of the practice that were taken in the last hour, and those that others hold.
async fn spent(connection: &mut PgConnection, terms: &LeaseTerms, practice: Uuid) -> Result<u64, StoreError> {
    let spent = sqlx::query_scalar!(
        r#"SELECT (SELECT count(*) FROM portal.message_attempt
                   WHERE practice_id = $1 AND at > $2 AND state = 'accepted')
               + (SELECT count(*) FROM portal.message WHERE practice_id = $1 AND leased_until > $3) AS "spent!""#,
        practice,
        terms.now.before(HOUR).as_micros(),
        terms.now.as_micros(),
    );
    Ok(spent.fetch_one(connection).await.map_err(store_error)?.unsigned_abs())
}

async fn spent_by_all(connection: &mut PgConnection, terms: &LeaseTerms) -> Result<u64, StoreError> {
    let spent = sqlx::query_scalar!(
        r#"SELECT (SELECT count(*) FROM portal.message_attempt WHERE at > $1 AND state = 'accepted')
               + (SELECT count(*) FROM portal.message WHERE leased_until > $2) AS "spent!""#,
        terms.now.before(HOUR).as_micros(),
        terms.now.as_micros(),
    );
    Ok(spent.fetch_one(connection).await.map_err(store_error)?.unsigned_abs())
}

/// Marks messages as leased, and their practices as served; gives them in the same order. What a late worker has settled
/// meanwhile is no longer due, and stays.
async fn mark(
    connection: &mut PgConnection,
    terms: &LeaseTerms,
    messages: &[(Uuid, Uuid)],
) -> Result<Vec<Taken>, StoreError> {
    if messages.is_empty() {
        return Ok(Vec::new());
    }
    let (practices, ids): (Vec<Uuid>, Vec<Uuid>) = messages.iter().copied().unzip();
    sqlx::query!(
        "INSERT INTO portal.outbox_turn (practice_id, turn)
         SELECT c.practice_id, coalesce((SELECT max(turn) FROM portal.outbox_turn), 0) + max(c.place)
         FROM unnest($1::uuid[]) WITH ORDINALITY AS c (practice_id, place) GROUP BY c.practice_id
         ON CONFLICT (practice_id) DO UPDATE SET turn = excluded.turn",
        &practices,
    )
    .execute(&mut *connection)
    .await
    .map_err(store_error)?;
    let rows = sqlx::query!(
        r#"UPDATE portal.message m SET state = 'sending', due_at = $1, leased_until = $1
           FROM unnest($2::uuid[], $3::uuid[]) WITH ORDINALITY AS e (practice_id, message_id, place)
               JOIN portal.practice p ON p.practice_id = e.practice_id
               JOIN portal.message n ON n.practice_id = e.practice_id AND n.message_id = e.message_id
               LEFT JOIN portal.practice_slug s ON s.practice_id = e.practice_id
               LEFT JOIN portal.contact c ON c.practice_id = n.practice_id AND c.contact_id = n.contact_id
               LEFT JOIN portal.login l
                   ON l.practice_id = c.practice_id AND l.login_id = c.login_id AND c.access = 'granted'
           WHERE m.practice_id = e.practice_id AND m.message_id = e.message_id AND m.due_at <= $4
           RETURNING e.place AS "place!", p.practice_id AS "practice_id!", s.slug AS "slug?", p.name AS "practice_name!",
               p.settings AS "settings!", p.suspended_at AS "suspended_at?",
               p.delete_after AS "delete_after?", p.created_at AS "practice_created_at!", p.version AS "version!",
               l.key AS "signs_in_at?", c.locale AS "locale?", m.message_id, m.contact_id, m.login_id, m.user_id, m.link_id, m.address, m.name, m.clients,
               m.body, m.asked_key, m.created_at, m.attempts"#,
        terms.until.as_micros(),
        &practices,
        &ids,
        terms.now.as_micros(),
    )
    .fetch_all(connection)
    .await
    .map_err(store_error)?;
    let mut taken: Vec<_> = rows
        .into_iter()
        .map(|it| {
            let lease =
                Lease { practice: row::id(it.practice_id), message: row::id(it.message_id), until: terms.until };
            let practice = PracticeRow {
                practice_id: it.practice_id,
                slug: it.slug.unwrap_or_default(),
                name: it.practice_name,
                settings: it.settings,
                suspended_at: it.suspended_at,
                delete_after: it.delete_after,
                created_at: it.practice_created_at,
                version: it.version,
            };
            let message = MessageRow {
                message_id: it.message_id,
                contact_id: it.contact_id,
                login_id: it.login_id,
                user_id: it.user_id,
                link_id: it.link_id,
                address: it.address,
                name: it.name,
                clients: it.clients,
                body: it.body,
                asked_key: it.asked_key,
                created_at: it.created_at,
            };
            let (signs_in_at, locale, attempts) = (it.signs_in_at, it.locale, it.attempts);
            (it.place, Taken { lease, practice, message, signs_in_at, locale, attempts })
        })
        .collect();
    taken.sort_by_key(|(place, _)| *place);
    Ok(taken.into_iter().map(|(_, taken)| taken).collect())
}

/// Writes attempt, state and event, while the lease is this one; `false` where it isn't.
async fn settle(store: &PostgresStore, lease: Lease, settlement: &Settlement) -> Result<bool, Failure> {
    let practice = lease.practice.to_uuid();
    let (attempt, state) = (&settlement.attempt, settlement.state());
    let accepted_at = (state == DeliveryState::Accepted).then_some(attempt.at.as_micros());
    let mut transaction = store.begin().await?;
    let number = sqlx::query_scalar!(
        "UPDATE portal.message
         SET state = $4, due_at = $5, accepted_at = $6, leased_until = NULL, attempts = attempts + 1
         WHERE practice_id = $1 AND message_id = $2 AND state = 'sending' AND leased_until = $3
         RETURNING attempts",
        practice,
        lease.message.to_uuid(),
        lease.until.as_micros(),
        state.code(),
        settlement.next_attempt_at.map(Timestamp::as_micros),
        accepted_at,
    )
    .fetch_optional(&mut *transaction)
    .await?;
    let Some(number) = number else {
        transaction.rollback().await?;
        return Ok(false);
    };
    let message = lease.message.to_uuid();
    returns::attempt(&mut transaction, practice, message, number, attempt).await?;
    if let Some(suppression) = &settlement.suppress {
        returns::suppress(&mut transaction, practice, message, suppression).await?;
    }
    commit::events(&mut transaction, practice, &[&settlement.event]).await?;
    transaction.commit().await?;
    Ok(true)
}
