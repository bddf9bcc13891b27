//! Pushes sealed events to the endpoints of hosts (J2): one endpoint at a time, under a lease.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use portal_domain::{
    decide::{Push, PushedEvent},
    event::RecordedEvent,
    id::{ContactId, PracticeId, Ref},
    port::{Page, PortalViews, WebhookCall, WebhookSender},
    time::Timestamp,
    usecase::{Error, Portal, Signing},
    webhook::{Pushed, Step},
};

/// So many events are pushed under one lease.
const AT_A_STRETCH: usize = 20;
/// And for so long nothing more is begun after it. With the last try that is well within the lease.
const STRETCH: Duration = Duration::from_secs(5);
/// A try that takes longer is given up before the lease runs out, whatever the sender promised.
const TRY: Duration = Duration::from_secs(20);
/// So many events are read at once.
const READ: u32 = 100;

/// Makes the body that is pushed, of an event and the reference of the contact it is about.
pub type Render = Arc<dyn Fn(&RecordedEvent, Option<&Ref>) -> Vec<u8> + Send + Sync>;

/// Pushes what is due. Cloned, it works on the same endpoints.
#[derive(Clone)]
pub struct Pusher {
    portal: Portal,
    views: Arc<dyn PortalViews>,
    sender: Arc<dyn WebhookSender>,
    render: Render,
}

impl Pusher {
    /// Pushes what `render` makes of events.
    pub fn new(portal: Portal, views: Arc<dyn PortalViews>, sender: Arc<dyn WebhookSender>, render: Render) -> Self {
        Self { portal, views, sender, render }
    }

    /// Pushes to the next endpoint for which there is something to do; answers whether there was one.
    ///
    /// An event is pushed at least once: should this be cut off before the settlement, the lease runs out and the same events go
    /// again, with the same `webhook-id`.
    pub async fn push_next(&self) -> Result<bool, Error> {
        let Some(mut push) = self.portal.lease_webhook().await? else { return Ok(false) };
        let served = self.serve(&mut push).await;
        // What was done before something went wrong is done.
        let ours = self.portal.settle_push(&push).await?;
        let (webhook, events) = (&push.webhook.reference, push.deliveries.len());
        if ours && push.unsigned {
            tracing::error!(practice = %push.practice, %webhook, "the webhook waits for an instance that has the key");
        } else if ours {
            tracing::info!(practice = %push.practice, %webhook, events, ended = push.ended.is_some(), "events pushed");
        } else {
            tracing::warn!(practice = %push.practice, %webhook, events, "the webhook changed meanwhile: pushed again");
        }
        served.map(|()| true)
    }

    /// Forgets tries that are long over, and seals secrets anew whose key is to be retired.
    pub async fn sweep(&self) -> Result<(), Error> {
        let forgotten = self.portal.forget_deliveries().await;
        let mut page = Page { after: None, limit: READ };
        loop {
            let practices = self.views.practices(&page).await?;
            for practice in &practices {
                // One that can't be read keeps no other from being sealed.
                if let Err(error) = self.portal.reseal_webhooks(practice.id).await {
                    tracing::error!(practice = %practice.id, %error, "secrets can't be sealed anew");
                }
            }
            let Some(last) = practices.last() else { return forgotten.map(|_| ()) };
            page.after = Some(last.slug.as_str().to_owned());
        }
    }

    async fn serve(&self, push: &mut Push) -> Result<(), Error> {
        let (begun, mut ahead) = (self.portal.now(), VecDeque::new());
        let signing = match self.portal.signing_secrets(push.practice, &push.webhook) {
            Ok(signing) => signing,
            Err(error) => {
                let webhook = &push.webhook.reference;
                tracing::error!(practice = %push.practice, %webhook, %error, "events can't be signed");
                push.unsigned = true;
                return Ok(());
            }
        };
        if let Some(Err(error)) = &signing.former {
            let webhook = &push.webhook.reference;
            tracing::error!(practice = %push.practice, %webhook, %error, "the former secret can't sign: the current one does alone");
        }
        while push.deliveries.len() < AT_A_STRETCH && push.ended.is_none() {
            let now = self.portal.now();
            if now.since(begun) >= STRETCH {
                break;
            }
            let event = match push.webhook.progress.step(now) {
                Step::Rest => break,
                Step::Held { contact, from } => self.next_held(push, contact, from).await?,
                Step::New => match self.next_new(push, &mut ahead, begun).await? {
                    Some(event) => Some(event),
                    None => break,
                },
            };
            if let Some(event) = event {
                self.push(push, &event, &signing).await?;
            }
        }
        Ok(())
    }

    /// The next event of a contact whose events wait; `None` where there is none, or none yet: ask for the next step.
    async fn next_held(
        &self,
        push: &mut Push,
        contact: Option<ContactId>,
        from: i64,
    ) -> Result<Option<RecordedEvent>, Error> {
        let page = Page { after: Some(from - 1), limit: READ };
        let events = self.views.events(push.practice, contact, &page).await?;
        let (cursor, last) = (push.webhook.progress.cursor, events.last().map(|event| event.number));
        let whole = events.len() == READ as usize && last.is_some_and(|last| last < cursor);
        let mut waiting = events.into_iter().take_while(|event| event.number <= cursor);
        let found = waiting.find(|event| event.subject.contact == contact && push.webhook.wants(event));
        match (&found, last) {
            (Some(_), _) => {}
            (None, Some(last)) if whole => push.webhook.progress.pass_held(contact, last + 1),
            (None, _) => push.webhook.progress.release(contact),
        }
        Ok(found)
    }

    /// The next event after the cursor that may be pushed; `None` where the journal ends, or the time is over: how far it was read
    /// is settled. `ahead` is what was read already.
    async fn next_new(
        &self,
        push: &mut Push,
        ahead: &mut VecDeque<RecordedEvent>,
        begun: Timestamp,
    ) -> Result<Option<RecordedEvent>, Error> {
        loop {
            let Some(event) = ahead.pop_front() else {
                if self.portal.now().since(begun) >= STRETCH {
                    return Ok(None);
                }
                let page = Page { after: Some(push.webhook.progress.cursor), limit: READ };
                ahead.extend(self.views.events(push.practice, None, &page).await?);
                if ahead.is_empty() {
                    return Ok(None);
                }
                continue;
            };
            if push.webhook.wants(&event) && !push.webhook.progress.holds(event.subject.contact) {
                return Ok(Some(event));
            }
            push.webhook.progress.pass(event.number);
        }
    }

    async fn push(&self, push: &mut Push, event: &RecordedEvent, signing: &Signing) -> Result<(), Error> {
        let at = self.portal.now();
        let call = self.call(push, event, signing, at).await?;
        let late = |_| Pushed::Unanswered("no answer in time".to_owned());
        let pushed = tokio::time::timeout(TRY, self.sender.push(&call)).await.unwrap_or_else(late);
        let now = self.portal.now();
        count(&pushed, now.since(at));
        push.note(PushedEvent { event, at, pushed: &pushed }, now, self.portal.share());
        Ok(())
    }

    async fn call(
        &self,
        push: &Push,
        event: &RecordedEvent,
        signing: &Signing,
        at: Timestamp,
    ) -> Result<WebhookCall, Error> {
        let contact = self.contact_ref(push.practice, event.subject.contact).await?;
        let body = (self.render)(event, contact.as_ref());
        let id = event.id.to_string();
        let signatures: Vec<_> = signing.secrets().map(|secret| secret.sign(&id, at, &body)).collect();
        Ok(WebhookCall { url: push.webhook.terms.url.clone(), signature: signatures.join(" "), id, at, body })
    }

    async fn contact_ref(&self, practice: PracticeId, contact: Option<ContactId>) -> Result<Option<Ref>, Error> {
        let Some(contact) = contact else { return Ok(None) };
        Ok(self.views.contact_refs(practice, &[contact]).await?.remove(&contact))
    }
}

fn count(pushed: &Pushed, took: Duration) {
    let outcome = match pushed {
        pushed if pushed.is_received() => "received",
        pushed if pushed.is_gone() => "gone",
        Pushed::Answered(_) => "refused",
        Pushed::Unanswered(_) => "unanswered",
    };
    metrics::counter!("portal_webhook_attempts_total", "outcome" => outcome).increment(1);
    metrics::histogram!("portal_webhook_attempt_seconds").record(took);
}
