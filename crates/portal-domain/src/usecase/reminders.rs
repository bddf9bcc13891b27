//! Invitations that nobody has accepted yet, looked at in turns (D8).

use std::collections::BTreeSet;

use super::{ATTEMPTS, CallContext, Error, Portal};
use crate::{
    decide::{self, Invited},
    event::Caller,
    id::PracticeId,
    port::{DueInvitation, InvitationsDue, PracticeSelector},
    practice::Practice,
};

/// So many practices are asked for at once.
const PRACTICES: u32 = 100;
/// So many invitations of a practice are dealt with before others have their turn.
const AT_ONCE: u32 = 100;

/// What became of invitations that were due.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InvitationsDealtWith {
    /// How many reminders were written.
    pub reminded: usize,
    /// How many were said to have expired.
    pub expired: usize,
    /// What could not be dealt with yet, each by its practice.
    pub failed: Vec<(PracticeId, Error)>,
}

/// What is left to do in a practice.
struct Round {
    practice: PracticeId,
    /// Numbers of days, the next one last.
    days: Vec<u32>,
    due: InvitationsDue,
}

impl Portal {
    /// Reminds of invitations and says which have expired, of all practices, some of each at a time, until nothing is due or `stop`
    /// says so. See [`decide::remind`]. What can't be dealt with keeps nothing else from it, and comes up again the next time.
    ///
    /// Any number of instances may do this at once: each reminder and each event is written once.
    pub async fn remind_invited(&self, stop: &(dyn Fn() -> bool + Send + Sync)) -> Result<InvitationsDealtWith, Error> {
        let (mut all, mut after) = (InvitationsDealtWith::default(), None);
        let mut rounds = Vec::new();
        loop {
            let practices = self.store.inviting(after, PRACTICES).await?;
            let Some(last) = practices.last() else { break };
            after = Some(*last);
            for practice in practices {
                match self.round(practice).await {
                    Ok(round) => rounds.extend(round),
                    Err(error) => all.failed.push((practice, error)),
                }
            }
        }
        while !rounds.is_empty() && !stop() {
            let mut others = Vec::new();
            for round in rounds {
                let practice = round.practice;
                match self.take_turn(round, &mut all, stop).await {
                    Ok(rest) => others.extend(rest),
                    Err(error) => all.failed.push((practice, error)),
                }
            }
            rounds = others;
        }
        Ok(all)
    }

    async fn round(&self, practice: PracticeId) -> Result<Option<Round>, Error> {
        let Some(found) = self.store.practice(&PracticeSelector::Id(practice)).await? else { return Ok(None) };
        // What has expired is taken first, then the fewest days: whoever is reminded late is reminded once.
        let days: BTreeSet<u32> = found.settings.reminder_days.iter().copied().chain([0]).collect();
        let mut days: Vec<u32> = days.into_iter().rev().collect();
        let due = InvitationsDue { days: days.pop().unwrap_or_default(), now: self.clock.now(), after: None };
        Ok(Some(Round { practice, days, due }))
    }

    /// Deals with the next invitations of a practice. Answers what is left to do.
    async fn take_turn(
        &self,
        mut round: Round,
        all: &mut InvitationsDealtWith,
        stop: &(dyn Fn() -> bool + Send + Sync),
    ) -> Result<Option<Round>, Error> {
        let context = CallContext::new(round.practice, Caller::Worker);
        let practice = self.practice(&context).await?;
        let due = self.store.invitations_due(round.practice, &round.due, AT_ONCE).await?;
        for invitation in &due {
            if stop() {
                return Ok(None);
            }
            match self.remind_one(&context, &practice, *invitation, &round.due).await {
                Ok(Invited::Reminded) => all.reminded += 1,
                Ok(Invited::Expired) => all.expired += 1,
                Ok(Invited::Passed | Invited::Untouched) => {}
                Err(error) => all.failed.push((round.practice, error)),
            }
        }
        round.due.after = due.last().map(|last| (last.expires_at, last.link));
        if due.len() < AT_ONCE as usize {
            let Some(days) = round.days.pop() else { return Ok(None) };
            round.due = InvitationsDue { days, after: None, ..round.due };
        }
        Ok(Some(round))
    }

    async fn remind_one(
        &self,
        context: &CallContext,
        practice: &Practice,
        mut invitation: DueInvitation,
        due: &InvitationsDue,
    ) -> Result<Invited, Error> {
        for _ in 0..ATTEMPTS {
            let DueInvitation { link, newest, .. } = invitation;
            let facts = self.store.link(practice.id, link, self.clock.now()).await?;
            let decided = decide::remind(practice, facts.as_ref(), newest, due.days, &mut self.moment(context));
            if let Some(became) = self.settle(context, decided).await? {
                return Ok(became);
            }
            // Who was faster may have dealt with it, or sent a newer one.
            let still_due = self.store.invitations_due(practice.id, due, AT_ONCE).await?;
            let Some(again) = still_due.into_iter().find(|it| it.link == link) else { return Ok(Invited::Untouched) };
            invitation = again;
        }
        Err(Error::Overloaded)
    }
}
