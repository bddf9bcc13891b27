//! Endpoints of hosts, and the work of pushing to them.

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

use super::{CallContext, Error, Portal, tries::FORGOTTEN_AT_ONCE};
use crate::{
    Refusal,
    decide::{self, Decided, Push, PutWebhook},
    event::{Caller, RecordedEvent},
    id::{EventId, PracticeId, Ref},
    port::{Page, PortalViews, StoreError},
    seal::{NotOpened, Place},
    time::Timestamp,
    webhook::{Ended, SealedSecret, Webhook, WebhookDelivery, WebhookSecret},
};

/// For so long a try to push an event stays in the log.
const LOGGED: Duration = Duration::from_secs(14 * 24 * 3600);
/// Clocks differ, and the journal is in the order in which it was sealed: so much more is pushed again than was asked for.
const SLACK: Duration = Duration::from_secs(60);
/// No lease and no pause is as long.
const LONGEST: Duration = Duration::from_secs(12 * 3600);
/// So many endpoints are looked at by a worker that seeks one.
const SOUGHT: u32 = 16;

/// An endpoint as it is answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookView {
    /// The host's id.
    pub reference: Ref,
    /// Where events are posted to.
    pub url: String,
    /// What it is for.
    pub description: String,
    /// Kinds or families of events; all where there are none.
    pub kinds: Vec<String>,
    /// Whether events are pushed.
    pub enabled: bool,
    /// Why it was disabled, where we did it.
    pub ended: Option<Ended>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Until when the former secret signs beside the new one.
    pub former_secret_until: Option<Timestamp>,
    /// The number up to which the journal was served, but for what waits to be tried again.
    pub cursor: i64,
    /// Since when an event has failed without arriving.
    pub failing_since: Option<Timestamp>,
    /// When what waits is tried again.
    pub next_attempt_at: Option<Timestamp>,
}

/// What signs for an endpoint now.
#[derive(Debug)]
pub struct Signing {
    /// The secret that it was told last.
    pub current: WebhookSecret,
    /// The one before, for a day after a rotation; or why it does not open.
    pub former: Option<Result<WebhookSecret, NotOpened>>,
}

impl Signing {
    /// What can sign, the newest first.
    pub fn secrets(&self) -> impl Iterator<Item = &WebhookSecret> {
        let former = self.former.iter().flatten();
        std::iter::once(&self.current).chain(former)
    }
}

impl WebhookView {
    fn of(webhook: &Webhook, now: Timestamp) -> Self {
        let terms = &webhook.terms;
        Self {
            reference: webhook.reference.clone(),
            url: terms.url.clone(),
            description: terms.description.clone(),
            kinds: terms.kinds.clone(),
            enabled: webhook.enabled,
            ended: terms.ended,
            created_at: terms.created_at,
            former_secret_until: webhook.former_at(now).map(|former| former.until),
            cursor: webhook.progress.cursor,
            failing_since: webhook.progress.failing_since(),
            next_attempt_at: webhook.progress.due_at().filter(|_| webhook.enabled),
        }
    }
}

/// What putting an endpoint answers.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookAnswer {
    /// The endpoint.
    pub webhook: WebhookView,
    /// Whether it is new.
    pub created: bool,
    /// Whether anything changed.
    pub changed: bool,
    /// Its secret, where it is a fresh one; no other answer shows it.
    pub secret: Option<String>,
}

impl fmt::Debug for WebhookAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookAnswer").field("webhook", &self.webhook).finish_non_exhaustive()
    }
}

fn no_webhook() -> Refusal {
    Refusal::NotFound { what: "webhook" }
}

fn place<'a>(practice: PracticeId, reference: &'a Ref) -> Place<'a> {
    Place { what: "webhook secret", practice, name: reference.as_str().as_bytes() }
}

impl Portal {
    /// The endpoints of a practice, by reference.
    pub async fn webhook_list(&self, context: &CallContext) -> Result<Vec<WebhookView>, Error> {
        let now = self.clock.now();
        let all = self.webhooks.webhooks(context.practice).await?;
        Ok(all.iter().map(|webhook| WebhookView::of(webhook, now)).collect())
    }

    /// An endpoint; `NotFound` where there is none.
    pub async fn webhook(&self, context: &CallContext, reference: &Ref) -> Result<WebhookView, Error> {
        Ok(WebhookView::of(&self.find_webhook(context, reference).await?, self.clock.now()))
    }

    async fn find_webhook(&self, context: &CallContext, reference: &Ref) -> Result<Webhook, Error> {
        let all = self.webhooks.webhooks(context.practice).await?;
        Ok(all.into_iter().find(|webhook| webhook.reference == *reference).ok_or_else(no_webhook)?)
    }

    /// Makes or changes an endpoint. See [`decide::put_webhook`].
    pub async fn put_webhook(&self, context: &CallContext, command: &PutWebhook) -> Result<WebhookAnswer, Error> {
        let secret = &WebhookSecret::new(self.draw());
        let decided = || async move {
            let practice = self.practice(context).await?;
            let all = self.webhooks.webhooks(context.practice).await?;
            let head = self.journal.head(context.practice).await?.map_or(0, |head| head.last.number);
            let sealed = self.sealed(context.practice, &command.reference, secret.bytes());
            let Decided { decision, outcome: put } =
                decide::put_webhook((&practice, &all), command, &sealed, head, &mut self.moment(context))?;
            let outcome = WebhookAnswer {
                webhook: WebhookView::of(&put.webhook, self.clock.now()),
                created: put.created,
                changed: put.changed,
                secret: put.has_fresh_secret.then(|| secret.reveal()),
            };
            Ok(Decided { decision, outcome })
        };
        self.carry_out_secret(context, decided).await
    }

    fn sealed(&self, practice: PracticeId, reference: &Ref, secret: &[u8]) -> SealedSecret {
        SealedSecret(self.secrets().seal(place(practice, reference), self.draw(), secret))
    }

    /// Deletes an endpoint. See [`decide::delete_webhook`].
    pub async fn delete_webhook(&self, context: &CallContext, reference: &Ref) -> Result<(), Error> {
        let decided = || async move {
            let webhook = self.find_webhook(context, reference).await?;
            Ok(decide::delete_webhook(&webhook, &mut self.moment(context)))
        };
        self.carry_out(context, decided).await
    }

    /// Has an event pushed to an endpoint alone. See [`decide::test_webhook`].
    pub async fn test_webhook(&self, context: &CallContext, reference: &Ref) -> Result<EventId, Error> {
        let decided = || async move {
            let webhook = self.find_webhook(context, reference).await?;
            Ok(decide::test_webhook(&webhook, &mut self.moment(context))?)
        };
        self.carry_out(context, decided).await
    }

    /// Has all events since a time pushed to an endpoint again. See [`decide::recover_webhook`].
    pub async fn recover_webhook(
        &self,
        context: &CallContext,
        views: &dyn PortalViews,
        reference: &Ref,
        since: Timestamp,
    ) -> Result<WebhookView, Error> {
        let decided = || async move {
            let webhook = self.find_webhook(context, reference).await?;
            let after = last_before(views, context.practice, webhook.progress.cursor, since.before(SLACK)).await?;
            let Decided { decision, outcome } = decide::recover_webhook(&webhook, after, &mut self.moment(context));
            Ok(Decided { decision, outcome: WebhookView::of(&outcome, self.clock.now()) })
        };
        self.carry_out(context, decided).await
    }

    /// Tries to push events to an endpoint, the last one first.
    pub async fn webhook_deliveries(
        &self,
        context: &CallContext,
        reference: &Ref,
        page: &Page<i64>,
    ) -> Result<Vec<WebhookDelivery>, Error> {
        let webhook = self.find_webhook(context, reference).await?;
        Ok(self.webhooks.deliveries(context.practice, webhook.id, page).await?)
    }

    /// Takes an endpoint for which there is something to do; `None` where there is none.
    pub async fn lease_webhook(&self) -> Result<Option<Push>, Error> {
        let now = self.clock.now();
        let latest = now.after(LONGEST);
        for (practice, webhook) in self.webhooks.due_webhooks(now, latest, SOUGHT).await? {
            let decided = decide::lease_webhook(&webhook, now, latest);
            // Another worker may be faster.
            if let Some(leased) = self.settle(&worker(practice), decided).await? {
                return Ok(Some(Push::new(practice, leased)));
            }
        }
        Ok(None)
    }

    /// The secrets of an endpoint that sign now. A former one that can't be opened keeps the current one from nothing.
    pub fn signing_secrets(&self, practice: PracticeId, webhook: &Webhook) -> Result<Signing, NotOpened> {
        let current = self.opened(practice, webhook, &webhook.terms.secret)?;
        let former = webhook.former_at(self.clock.now());
        let former = former.map(|former| self.opened(practice, webhook, &former.secret));
        Ok(Signing { current, former })
    }

    fn opened(
        &self,
        practice: PracticeId,
        webhook: &Webhook,
        secret: &SealedSecret,
    ) -> Result<WebhookSecret, NotOpened> {
        let bytes = self.secrets().open(place(practice, &webhook.reference), &secret.0)?;
        WebhookSecret::from_bytes(&bytes).map_err(|_| NotOpened::Damaged)
    }

    /// Seals under the newest key what lies under an older one, so that the older one can be retired. Answers how many endpoints
    /// that were.
    pub async fn reseal_webhooks(&self, practice: PracticeId) -> Result<usize, Error> {
        let (mut all, now) = (0, self.clock.now());
        for webhook in self.webhooks.webhooks(practice).await? {
            let former = webhook.former_at(now).map(|former| &former.secret);
            let is_old = |secret: &SealedSecret| self.secrets().is_old(&secret.0);
            let old = is_old(&webhook.terms.secret) || former.is_some_and(is_old);
            if !old {
                continue;
            }
            // One that can't be opened says so when it is to sign.
            let Ok(Signing { current, former }) = self.signing_secrets(practice, &webhook) else { continue };
            if matches!(former, Some(Err(_))) && !is_old(&webhook.terms.secret) {
                continue;
            }
            let anew = |secret: &WebhookSecret| self.sealed(practice, &webhook.reference, secret.bytes());
            // A former one that can't be opened here stays as it is, for those who can.
            let stays = || webhook.former_at(now).map(|former| former.secret.clone());
            let former = former.and_then(|former| former.map_or_else(|_| stays(), |former| Some(anew(&former))));
            let decided = decide::reseal_webhook(&webhook, anew(&current), former);
            all += usize::from(self.settle(&worker(practice), decided).await?.is_some());
        }
        Ok(all)
    }

    /// A place in the spread of a pause, drawn.
    pub fn share(&self) -> u16 {
        u16::from_be_bytes(self.draw())
    }

    /// Writes what was done with an endpoint. Answers whether it was still ours.
    pub async fn settle_push(&self, push: &Push) -> Result<bool, Error> {
        let context = worker(push.practice);
        let decided = decide::settle_push(push, &mut self.moment(&context));
        Ok(self.settle(&context, decided).await?.is_some())
    }

    /// Forgets tries to push events that were made two weeks ago, a few at a time. Answers how many.
    pub async fn forget_deliveries(&self) -> Result<u64, Error> {
        let (before, mut all) = (self.clock.now().before(LOGGED), 0);
        loop {
            let forgotten = self.webhooks.forget_deliveries(before, FORGOTTEN_AT_ONCE).await?;
            all += forgotten;
            if forgotten == 0 {
                return Ok(all);
            }
        }
    }
}

const fn worker(practice: PracticeId) -> CallContext {
    CallContext::new(practice, Caller::Worker)
}

/// The number of the last event before a time, up to a number, by halves: events are nearly in the order of their times.
async fn last_before(
    views: &dyn PortalViews,
    practice: PracticeId,
    most: i64,
    since: Timestamp,
) -> Result<i64, StoreError> {
    // What stands at `low` is before the time, what stands at `high` is not, as far as that is known.
    let (mut low, mut high) = (0, most.saturating_add(1));
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        let page = Page { after: Some(middle - 1), limit: 1 };
        let found: Vec<RecordedEvent> = views.events(practice, None, &page).await?;
        match found.first() {
            Some(event) if event.at < since => low = middle,
            _ => high = middle,
        }
    }
    Ok(low)
}
