//! The journal of the practice: sealed events, in order and without gaps (J1).

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use axum::Json;
use portal_domain::{
    event::RecordedEvent,
    id::{ContactId, Ref},
    port::Page,
};
use tokio::time::Instant;

use super::Answer;
use crate::{
    ask::{Feed, Sent},
    caller::Host,
    document::{Says, says},
    present::{EventPart, List},
};

pub(super) const SAYS: &[Says] = &[says("GET /events", "The sealed events of the practice, in order and without gaps")];

/// Who waits for an event looks this often; between two looks it holds nothing of the database.
const LOOK_AGAIN: Duration = Duration::from_millis(500);
/// Nobody waits longer, so that the answer is there before the request's time is over.
const LONGEST_WAIT: Duration = Duration::from_secs(25);

pub(super) async fn list(host: Host, sent: Sent<Feed>) -> Answer<Json<List<EventPart>>> {
    let feed = sent.now()?;
    let limit = feed.limit.try_into().unwrap_or(usize::MAX);
    let mut events = wait(&host, &feed).await?;
    let more = events.len() > limit;
    events.truncate(limit);
    let next = events.last().filter(|_| more).map(|last| last.number.to_string());
    let contacts = contacts(&host, &events).await?;
    Ok(super::list(events, next, |event| {
        let contact = event.subject.contact.and_then(|contact| contacts.get(&contact));
        EventPart::of(&event, contact)
    }))
}

/// The events after a number: those that are there, or the first that come. One more than asked for says that there are more.
async fn wait(host: &Host, feed: &Feed) -> Answer<Vec<RecordedEvent>> {
    let page = Page { after: Some(feed.after), limit: feed.limit + 1 };
    // The looks take time too.
    let end = Instant::now() + feed.wait.min(LONGEST_WAIT);
    let mut waiter = None;
    loop {
        let events = host.app.views.events(host.context.practice, None, &page).await?;
        let left = end.saturating_duration_since(Instant::now());
        if !events.is_empty() || left.is_zero() {
            return Ok(events);
        }
        if waiter.is_none() {
            waiter = Some(host.app.waiters.enter(host.context.practice)?);
        }
        tokio::time::sleep(left.min(LOOK_AGAIN)).await;
    }
}

/// The references of the contacts that events are about.
async fn contacts(host: &Host, events: &[RecordedEvent]) -> Answer<BTreeMap<ContactId, Ref>> {
    let wanted: BTreeSet<_> = events.iter().filter_map(|event| event.subject.contact).collect();
    if wanted.is_empty() {
        return Ok(BTreeMap::new());
    }
    let wanted: Vec<_> = wanted.into_iter().collect();
    Ok(host.app.views.contact_refs(host.context.practice, &wanted).await?)
}
