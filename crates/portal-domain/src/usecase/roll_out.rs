//! How the roll-out goes: what happened lately, and what stands in the way of those who were never invited.

use std::time::Duration;

use super::{CallContext, Error, Portal};
use crate::{
    decide::{FirstMail, Hindrance},
    id::Ref,
    port::DayCount,
    time::Timestamp,
    view::ContactView,
};

/// So many days are counted, today among them.
pub const DAYS_COUNTED: u32 = 30;
/// And so many events.
const EVENTS_COUNTED: u32 = 100_000;
const DAY: u64 = 24 * 3600;

impl Portal {
    /// How often what the roll-out is about happened on each of the last days; of very much, the newest alone. Answers today too,
    /// counted as [`DayCount::day`].
    pub async fn last_days(&self, context: &CallContext) -> Result<(i64, Vec<DayCount>), Error> {
        let micros = i64::try_from(Duration::from_secs(DAY).as_micros()).unwrap_or(i64::MAX);
        let today = self.clock.now().as_micros().div_euclid(micros);
        let since = Timestamp::from_micros((today + 1 - i64::from(DAYS_COUNTED)) * micros);
        Ok((today, self.journal.days(context.practice, since, EVENTS_COUNTED).await?))
    }

    /// Contacts, each with what stands in the way of its first invitation. See [`FirstMail`].
    pub async fn before_first_mail(
        &self,
        context: &CallContext,
        refs: &[Ref],
        look: &mut FirstMail,
    ) -> Result<Vec<(ContactView, Vec<Hindrance>)>, Error> {
        let practice = self.practice(context).await?;
        let (facts, now) = (self.contacts(context, refs).await?, self.clock.now());
        let seen = facts.iter().filter_map(|facts| {
            let view = ContactView::of(&practice, facts, now)?;
            Some((view, look.look(&practice, facts)))
        });
        Ok(seen.collect())
    }
}
