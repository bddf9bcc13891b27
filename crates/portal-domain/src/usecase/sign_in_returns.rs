use std::time::Duration;

use super::{ATTEMPTS, CallContext, Error, Portal, tries::FORGOTTEN_AT_ONCE};
use crate::{
    Refusal,
    decide::{self, GoBack, ToldSignIn, WayBack},
    event::Caller,
    id::PracticeId,
    session::{ProfileId, SessionHash, SessionToken},
    sign_in_code::{CodeToken, HostState},
};

/// So long hand-overs and codes are kept after their time, so that a page can say what became of them.
const KEPT: Duration = Duration::from_secs(3600);

/// Where a browser goes on its way back to the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Onward {
    /// To this address, which holds the code: it is a secret.
    To(String),
    /// The person has to choose a profile first.
    Choose,
    /// There is no profile to go back with.
    NoProfile,
}

/// What became of sessions whose time is over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EndedSessions {
    /// How many ended.
    pub ended: usize,
    /// Those that could not be ended yet, each by its practice.
    pub failed: Vec<(PracticeId, Error)>,
}

impl Portal {
    /// Sends a signed-in browser back to the host. See [`decide::go_back`].
    pub async fn go_back(
        &self,
        context: &CallContext,
        session: &SessionToken,
        (name, state): (&str, &HostState),
        profile: Option<ProfileId>,
    ) -> Result<Onward, Error> {
        let code = CodeToken::from_entropy(self.draw());
        let command = GoBack { name, profile, hash: code.hash() };
        for _ in 0..ATTEMPTS {
            let visit = self.visit(&context.practice.into(), session).await?;
            let decided = decide::go_back(&visit, &command, &mut self.moment(context))?;
            match self.settle(context, decided).await? {
                Some(WayBack::Go(place)) => return Ok(Onward::To(place.with(&code, state))),
                Some(WayBack::Choose) => return Ok(Onward::Choose),
                Some(WayBack::NoProfile) => return Ok(Onward::NoProfile),
                None => {}
            }
        }
        Err(Error::Overloaded)
    }

    /// Tells a host who signed in, by the code its browser brought. See [`decide::take_code`]. What is no code, is used, has
    /// expired or is another practice's is `NotFound`, all alike.
    pub async fn take_code(&self, context: &CallContext, code: &str, name: Option<&str>) -> Result<ToldSignIn, Error> {
        let hash = CodeToken::parse(code).map(|code| code.hash());
        let decided = || async move {
            let practice = self.practice(context).await?;
            let hash = hash.ok_or(Refusal::NotFound { what: "code" })?;
            let facts = self.store.sign_in_code(context.practice, &hash, self.clock.now()).await?;
            Ok(decide::take_code(&practice, facts.as_ref(), name, &mut self.moment(context))?)
        };
        self.carry_out(context, decided).await
    }

    /// Ends sessions that hosts were told of and whose time is over, of all practices: nobody asks for such a session, and yet a
    /// host waits to hear of its end. One that can't be read keeps no other from it.
    pub async fn end_over_sessions(&self) -> Result<EndedSessions, Error> {
        let mut all = EndedSessions::default();
        let over = self.store.over_sessions(self.clock.now(), FORGOTTEN_AT_ONCE).await?;
        for (practice, session) in over {
            match self.end_over_session(practice, &session).await {
                Ok(ended) => all.ended += usize::from(ended),
                Err(error) => all.failed.push((practice, error)),
            }
        }
        Ok(all)
    }

    async fn end_over_session(&self, practice: PracticeId, session: &SessionHash) -> Result<bool, Error> {
        let context = CallContext::new(practice, Caller::Worker);
        for _ in 0..ATTEMPTS {
            let facts = self.store.session(practice, session, self.clock.now()).await?;
            let decided = decide::end_over_session(facts.as_ref(), &mut self.moment(&context));
            if let Some(ended) = self.settle(&context, decided).await? {
                return Ok(ended);
            }
        }
        Err(Error::Overloaded)
    }

    /// Forgets hand-overs and codes whose time was over an hour ago, a few at a time. Answers how many.
    pub async fn forget_passages(&self) -> Result<u64, Error> {
        let (before, mut all) = (self.clock.now().before(KEPT), 0);
        loop {
            let forgotten = self.store.forget_passages(before, FORGOTTEN_AT_ONCE).await?;
            all += forgotten;
            if forgotten == 0 {
                return Ok(all);
            }
        }
    }
}
