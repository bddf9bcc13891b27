//! Endpoints of hosts: what is said of them, who pushes to them, and what became of it (J2).

use std::{borrow::Cow, time::Duration};

use super::{Moment, note, outcome::Decided};
use crate::{
    Refusal,
    change::{Aggregate, Change, Decision, Expect, Reliance},
    event::{Event, RecordedEvent, Subject},
    id::{EventId, PracticeId, Ref},
    practice::{ADDRESS_BOUNDS, OutOfBounds, Practice, has_fragment, is_web_address},
    time::Timestamp,
    webhook::{
        EndReason, Ended, FormerSecret, MOST_WEBHOOKS, Progress, Pushed, SealedSecret, TEST_EVENT, Terms, Webhook,
        WebhookDelivery, is_kind,
    },
};

/// For so long a secret that was replaced signs beside the new one.
const BOTH_SIGN: Duration = Duration::from_secs(24 * 3600);
/// For so long a worker has an endpoint: longer than it pushes to it at a stretch, the last try included.
const LEASE: Duration = Duration::from_secs(40);
/// For so long an endpoint is left alone whose secret the worker could not open: another instance may have the key.
const UNSIGNED: Duration = Duration::from_secs(60);
/// Most kinds that an endpoint may name.
const MOST_KINDS: usize = 50;

/// The fields of an endpoint; what is left out of one that is there stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PutWebhook {
    /// The host's id.
    pub reference: Ref,
    /// Where events are posted to; needed where the endpoint is new.
    pub url: Option<String>,
    /// What it is for, at most 200 characters.
    pub description: Option<String>,
    /// Kinds or families of events; all where there are none.
    pub kinds: Option<Vec<String>>,
    /// Whether events are pushed.
    pub enabled: Option<bool>,
    /// Whether the secret is to be replaced.
    pub rotate_secret: bool,
}

/// What putting an endpoint did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookPut {
    /// The endpoint after it.
    pub webhook: Webhook,
    /// Whether it is new.
    pub created: bool,
    /// Whether anything changed.
    pub changed: bool,
    /// Whether the fresh secret is its secret now.
    pub has_fresh_secret: bool,
}

/// Makes or changes an endpoint. A new one, which begins after `head` of the journal, and one whose secret is to be replaced, get
/// the `fresh` secret; a replaced one signs for another day. One that is enabled again, or is somewhere else now, tries at once all
/// that waits.
pub fn put_webhook(
    (practice, all): (&Practice, &[Webhook]),
    command: &PutWebhook,
    fresh: &SealedSecret,
    head: i64,
    moment: &mut Moment,
) -> Result<Decided<WebhookPut>, Refusal> {
    let before = all.iter().find(|webhook| webhook.reference == command.reference);
    if before.is_none() && all.len() >= MOST_WEBHOOKS {
        return Err(Refusal::TooManyWebhooks { most: MOST_WEBHOOKS });
    }
    let mut webhook = before.cloned().map_or_else(|| new(command, fresh, head, moment), Ok)?;
    let terms = &mut webhook.terms;
    command.url.iter().for_each(|url| terms.url.clone_from(url));
    command.description.iter().for_each(|words| terms.description.clone_from(words));
    command.kinds.iter().for_each(|kinds| terms.kinds.clone_from(kinds));
    check(terms)?;
    if let Some(before) = before.filter(|_| command.rotate_secret) {
        let secret = before.terms.secret.clone();
        terms.former = Some(FormerSecret { secret, until: moment.now.after(BOTH_SIGN) });
        terms.secret = fresh.clone();
    }
    let enabled_again = command.enabled == Some(true) && before.is_some_and(|before| !before.enabled);
    let elsewhere = before.is_some_and(|before| before.terms.url != terms.url);
    if enabled_again {
        terms.ended = None;
    }
    if enabled_again || elsewhere {
        webhook.progress.begin_anew(moment.now);
    }
    webhook.enabled = command.enabled.unwrap_or(webhook.enabled);
    let (created, changed) = (before.is_none(), before != Some(&webhook));
    if !changed {
        let outcome = WebhookPut { webhook, created, changed, has_fresh_secret: false };
        return Ok(Decided { decision: Decision::default(), outcome });
    }
    let kind = if created { "webhook.created" } else { "webhook.changed" };
    let mut event = event_about(kind, &webhook, moment);
    tell(&mut event, before, &webhook);
    let has_fresh_secret = created || command.rotate_secret;
    let mut decision = replaced(&mut webhook, vec![event]);
    if created {
        count_one_more(practice, &mut decision);
    }
    Ok(Decided { decision, outcome: WebhookPut { webhook, created, changed, has_fresh_secret } })
}

/// Changes the practice's version: who made another endpoint meanwhile is counted.
fn count_one_more(practice: &Practice, decision: &mut Decision) {
    let what = Aggregate::Practice(practice.id);
    decision.expect.push(Expect { what, version: practice.version, how: Reliance::Changed });
    decision.changes.push(Change::PutPractice(Practice { version: practice.version + 1, ..practice.clone() }));
}

fn new(command: &PutWebhook, fresh: &SealedSecret, head: i64, moment: &mut Moment) -> Result<Webhook, Refusal> {
    let url = command.url.clone().ok_or_else(|| out_of_bounds("url", "given for a new webhook"))?;
    Ok(Webhook {
        id: moment.ids.next(moment.now),
        reference: command.reference.clone(),
        enabled: true,
        terms: Terms {
            url,
            description: String::new(),
            kinds: Vec::new(),
            secret: fresh.clone(),
            former: None,
            ended: None,
            created_at: moment.now,
        },
        progress: Progress::after(head),
        leased_until: None,
        served_at: moment.now,
        version: 0,
    })
}

fn check(terms: &Terms) -> Result<(), Refusal> {
    if !is_web_address(&terms.url) || has_fragment(&terms.url) {
        return Err(out_of_bounds("url", &format!("{ADDRESS_BOUNDS}, without fragment")));
    }
    if terms.description.chars().count() > 200 || terms.description.chars().any(char::is_control) {
        return Err(out_of_bounds("description", "at most 200 characters, without control characters"));
    }
    if terms.kinds.len() > MOST_KINDS {
        return Err(out_of_bounds("events", "at most 50"));
    }
    match terms.kinds.iter().position(|kind| !is_kind(kind)) {
        Some(index) => {
            let bounds = "a kind of event such as `contact.activated`, or a family such as `contact.*`";
            Err(out_of_bounds(format!("events[{index}]"), bounds))
        }
        None => Ok(()),
    }
}

fn out_of_bounds(field: impl Into<Cow<'static, str>>, bounds: &str) -> Refusal {
    OutOfBounds { field: field.into(), bounds: bounds.to_owned() }.into()
}

/// Puts the endpoint at its next version, free of any lease.
fn replaced(webhook: &mut Webhook, events: Vec<Event>) -> Decision {
    put_back(webhook, None, events)
}

fn put_back(webhook: &mut Webhook, leased_until: Option<Timestamp>, events: Vec<Event>) -> Decision {
    webhook.version += 1;
    webhook.leased_until = leased_until;
    Decision { changes: vec![Change::PutWebhook(webhook.clone())], events, ..Decision::default() }
}

fn event_about(kind: &'static str, webhook: &Webhook, moment: &mut Moment) -> Event {
    let mut event = moment.event(kind, Subject::default());
    event.facts.insert("webhook".to_owned(), webhook.reference.as_str().to_owned());
    event
}

/// Of the address the journal holds the host alone: the rest may hold a token.
fn tell(event: &mut Event, before: Option<&Webhook>, after: &Webhook) {
    let words = |enabled: bool| if enabled { "true" } else { "false" };
    let of = |read: &dyn Fn(&Webhook) -> String| (before.map_or_else(String::new, read), read(after));
    let (host_before, host) = of(&|webhook| webhook.terms.host().to_owned());
    note(&mut event.facts, "host", &host_before, &host);
    let (kinds_before, kinds) = of(&|webhook| webhook.terms.kinds.join(" "));
    note(&mut event.facts, "events", &kinds_before, &kinds);
    let (enabled_before, enabled) = of(&|webhook| words(webhook.enabled).to_owned());
    note(&mut event.facts, "enabled", &enabled_before, &enabled);
    let (said_before, said) = of(&|webhook| webhook.terms.description.clone());
    note(&mut event.personal, "description", &said_before, &said);
    let Some(before) = before else { return };
    for (what, same) in
        [("url", before.terms.url == after.terms.url), ("secret", before.terms.secret == after.terms.secret)]
    {
        if !same {
            event.facts.insert(what.to_owned(), "replaced".to_owned());
        }
    }
}

/// Deletes an endpoint with its log; what it has not received yet it never will.
pub fn delete_webhook(webhook: &Webhook, moment: &mut Moment) -> Decided<()> {
    let event = event_about("webhook.deleted", webhook, moment);
    let changes = vec![Change::DeleteWebhook { webhook: webhook.id, version: webhook.version }];
    Decided { decision: Decision { changes, events: vec![event], ..Decision::default() }, outcome: () }
}

/// Writes an event that is pushed to this endpoint alone, whatever it listens to; one that is down is tried at once. The outcome is
/// the event's id.
pub fn test_webhook(webhook: &Webhook, moment: &mut Moment) -> Result<Decided<EventId>, Refusal> {
    if !webhook.enabled {
        return Err(Refusal::WebhookDisabled);
    }
    let event = event_about(TEST_EVENT, webhook, moment);
    let outcome = event.id;
    if webhook.progress.paused_until.is_none() {
        return Ok(Decided { decision: Decision { events: vec![event], ..Decision::default() }, outcome });
    }
    let mut webhook = webhook.clone();
    webhook.progress.lift(moment.now);
    // A worker that has it keeps it: two would push at once.
    let leased_until = webhook.leased_until;
    Ok(Decided { decision: put_back(&mut webhook, leased_until, vec![event]), outcome })
}

/// Goes back to after this number of the journal, where the endpoint is further: all after it is pushed again.
pub fn recover_webhook(webhook: &Webhook, after: i64, moment: &mut Moment) -> Decided<Webhook> {
    let mut webhook = webhook.clone();
    webhook.progress.rewind(after, moment.now);
    let mut event = event_about("webhook.recovered", &webhook, moment);
    event.facts.insert("after".to_owned(), webhook.progress.cursor.to_string());
    let decision = replaced(&mut webhook, vec![event]);
    Decided { decision, outcome: webhook }
}

/// Gives the endpoint to a worker for a while. What waits until later than `latest` is due now.
pub fn lease_webhook(webhook: &Webhook, now: Timestamp, latest: Timestamp) -> Decided<Webhook> {
    let leased_until = Some(now.after(LEASE));
    let mut leased = Webhook { version: webhook.version + 1, leased_until, served_at: now, ..webhook.clone() };
    leased.terms.former = webhook.former_at(now).cloned();
    leased.progress.recall(now, latest);
    let decision = Decision { changes: vec![Change::PutWebhook(leased.clone())], ..Decision::default() };
    Decided { decision, outcome: leased }
}

/// Puts the same secrets in place, sealed anew. A worker that has the endpoint keeps the others away until its time is over, though
/// what it writes comes too late.
pub fn reseal_webhook(webhook: &Webhook, secret: SealedSecret, former: Option<SealedSecret>) -> Decided<()> {
    let mut webhook = webhook.clone();
    let leased_until = webhook.leased_until;
    let until = webhook.terms.former.map(|former| former.until);
    webhook.terms.former = former.zip(until).map(|(secret, until)| FormerSecret { secret, until });
    webhook.terms.secret = secret;
    Decided { decision: put_back(&mut webhook, leased_until, Vec::new()), outcome: () }
}

/// An event that was tried to be pushed.
#[derive(Clone, Copy, Debug)]
pub struct PushedEvent<'a> {
    /// The event.
    pub event: &'a RecordedEvent,
    /// When the try began.
    pub at: Timestamp,
    /// What became of it.
    pub pushed: &'a Pushed,
}

/// What a worker has done with an endpoint that it leased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Push {
    /// The practice.
    pub practice: PracticeId,
    /// The endpoint as it was leased, with what has happened to it since.
    pub webhook: Webhook,
    /// The tries that were made.
    pub deliveries: Vec<WebhookDelivery>,
    /// Why it is to be disabled.
    pub ended: Option<EndReason>,
    /// Whether nothing could be signed: the worker lacks the key. That is no fault of the receiver, and nothing was tried.
    pub unsigned: bool,
}

impl Push {
    /// Nothing done yet.
    pub const fn new(practice: PracticeId, leased: Webhook) -> Self {
        Self { practice, webhook: leased, deliveries: Vec::new(), ended: None, unsigned: false }
    }

    /// Notes one try. `now` is when it ended.
    pub fn note(&mut self, tried: PushedEvent<'_>, now: Timestamp, share: u16) {
        let PushedEvent { event, at, pushed } = tried;
        let (contact, progress) = (event.subject.contact, &mut self.webhook.progress);
        let (attempt, next_attempt_at) = if pushed.is_received() {
            (progress.received(contact, event.number, now), None)
        } else {
            let (attempt, next) = progress.failed(contact, event.number, now, share);
            (attempt, Some(next))
        };
        self.ended = match pushed {
            pushed if pushed.is_gone() => Some(EndReason::Gone),
            pushed if !pushed.is_received() && progress.is_hopeless(now) => Some(EndReason::Failing),
            _ => self.ended,
        };
        self.deliveries.push(WebhookDelivery {
            webhook: self.webhook.id,
            place: self.webhook.progress.tries,
            event: event.id,
            number: event.number,
            kind: event.kind.clone(),
            at,
            took_millis: u32::try_from(now.since(at).as_millis()).unwrap_or(u32::MAX),
            attempt,
            received: pushed.is_received(),
            status: match pushed {
                Pushed::Answered(status) => Some(*status),
                Pushed::Unanswered(_) => None,
            },
            words: pushed.words(),
            next_attempt_at: next_attempt_at.filter(|_| self.ended.is_none()),
        });
    }
}

/// Writes what a worker has done, and gives the endpoint back; where nothing could be signed, after a while.
pub fn settle_push(push: &Push, moment: &mut Moment) -> Decided<()> {
    let mut webhook = push.webhook.clone();
    let mut events = Vec::new();
    if let Some(why) = push.ended {
        webhook.enabled = false;
        webhook.terms.ended = Some(Ended { at: moment.now, why });
        let mut event = event_about("webhook.disabled", &webhook, moment);
        event.facts.insert("reason".to_owned(), why.code().to_owned());
        events.push(event);
    }
    let leased_until = push.unsigned.then(|| moment.now.after(UNSIGNED));
    let mut decision = put_back(&mut webhook, leased_until, events);
    decision.changes.extend(push.deliveries.iter().cloned().map(Change::LogDelivery));
    Decided { decision, outcome: () }
}
