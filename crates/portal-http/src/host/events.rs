//! The journal of the practice: sealed events, in order and without gaps (J1).

use std::time::Duration;

use axum::Json;
use portal_domain::{event::RecordedEvent, port::Page};

use super::Answer;
use crate::{
    ask::{Feed, Sent},
    caller::Host,
    present::{EventPart, List},
};

/// Who waits for an event looks this often; between two looks it holds nothing of the database.
const LOOK_AGAIN: Duration = Duration::from_millis(250);
/// Nobody waits longer, so that the answer is there before the request's time is over.
const LONGEST_WAIT: Duration = Duration::from_secs(25);

pub(super) async fn list(host: Host, sent: Sent<Feed>) -> Answer<Json<List<EventPart>>> {
    let feed = sent.now()?;
    let limit = feed.limit.try_into().unwrap_or(usize::MAX);
    let mut events = wait(&host, &feed).await?;
    let more = events.len() > limit;
    events.truncate(limit);
    let next = events.last().filter(|_| more).map(|last| last.number.to_string());
    Ok(super::list(events, next, EventPart::from))
}

/// The events after a number: those that are there, or the first that come. One more than asked for says that there are more.
async fn wait(host: &Host, feed: &Feed) -> Answer<Vec<RecordedEvent>> {
    let page = Page { after: Some(feed.after), limit: feed.limit + 1 };
    let mut left = feed.wait.min(LONGEST_WAIT);
    loop {
        let events = host.app.views.events(host.context.practice, None, &page).await?;
        if !events.is_empty() || left.is_zero() {
            return Ok(events);
        }
        let pause = left.min(LOOK_AGAIN);
        tokio::time::sleep(pause).await;
        left -= pause;
    }
}
