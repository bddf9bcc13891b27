use serde::{Deserialize, Serialize};

use super::{ATTEMPTS, CallContext, Error, Portal};
use crate::{
    Door, Refusal,
    decide::{self, Decided, HandOver, TakeOver},
    facts::{ContactQuery, ContactSelector, HandoffFacts},
    handoff::{HandoffToken, Landing},
    id::{Ref, SessionId},
    port::StoreError,
    session::{PortalSession, SessionToken},
    time::Timestamp,
};

/// Whom a host hands over, and where to.
#[derive(Clone, Debug)]
pub struct HandOverInput {
    /// The contact.
    pub contact: Ref,
    /// The client to look at, if one is named.
    pub client: Option<Ref>,
    /// Where it leads.
    pub landing: Landing,
}

/// A hand-over that was made.
#[derive(Clone, Debug)]
pub struct NewHandoff {
    /// The secret for its address; it is nowhere else.
    pub token: HandoffToken,
    /// From when on it no longer works.
    pub expires_at: Timestamp,
}

/// A hand-over as its receipt tells it again.
#[derive(Serialize, Deserialize)]
struct ToldHandoff {
    token: String,
    expires_at: Timestamp,
}

/// What the page of a hand-over shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandoffView {
    /// The person who is signed in by it.
    pub contact: String,
    /// The address that the person's login signs in with.
    pub address: String,
    /// The language that the person reads, a BCP 47 tag.
    pub locale: Option<String>,
    /// Who is signed in in this browser, where that is somebody else.
    pub other: Option<OtherSession>,
}

/// Somebody else's session, as the page of a hand-over names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherSession {
    /// By which the form says that it may end.
    pub id: SessionId,
    /// The address it is signed in with.
    pub address: String,
}

/// What came of redeeming a hand-over.
#[derive(Clone, Debug)]
pub enum TakenOver {
    /// A session began.
    Began {
        /// The secret for the cookie; it is nowhere else.
        token: SessionToken,
        /// The session.
        session: PortalSession,
        /// Where to go.
        landing: Landing,
    },
    /// Nothing yet: the browser holds somebody else's session, and the person has to agree to its end (L5).
    Ask(HandoffView),
}

impl Portal {
    /// Makes a hand-over. See [`decide::hand_over`].
    pub async fn hand_over(&self, context: &CallContext, input: &HandOverInput) -> Result<NewHandoff, Error> {
        let token = HandoffToken::from_entropy(self.draw());
        let command = HandOver { client: input.client.clone(), landing: input.landing, hash: token.hash() };
        let (command, token) = (&command, &token);
        let decided = || async move {
            let query = ContactQuery {
                contact: ContactSelector::Ref(input.contact.clone()),
                keys: Vec::new(),
                clients: Vec::new(),
            };
            let facts = self.store.contacts(context.practice, &[query], self.clock.now()).await?;
            let facts = facts.into_iter().next().unwrap_or_default();
            let Decided { decision, outcome } = decide::hand_over(&facts, command, &mut self.moment(context))?;
            Ok(Decided { decision, outcome: ToldHandoff { token: token.reveal(), expires_at: outcome.expires_at } })
        };
        let ToldHandoff { token, expires_at } = self.carry_out_secret(context, decided).await?;
        let damaged = || StoreError::Damaged("receipt of a hand-over: its token is none".to_owned());
        Ok(NewHandoff { token: HandoffToken::parse(&token).ok_or_else(damaged)?, expires_at })
    }

    /// Looks at a hand-over and at the session that the browser holds. Neither is used (L2). A token of another practice is
    /// `NotFound`.
    pub async fn view_handoff(
        &self,
        context: &CallContext,
        token: &HandoffToken,
        presented: Option<&SessionToken>,
    ) -> Result<HandoffView, Error> {
        self.open_practice(context, Door::Portal).await?;
        let facts = self.handoff_facts(context, token).await?;
        let (login, member) = decide::usable_handoff(&facts, self.clock.now())?;
        let held = match presented {
            Some(presented) => self.peek_session(&context.practice.into(), presented).await?,
            None => None,
        };
        let address = |email: Option<&str>| email.unwrap_or_default().to_owned();
        let other = held.filter(|view| view.session.login != login.login.id).map(|view| OtherSession {
            id: view.session.id,
            address: address(view.login.eldest().and_then(|member| member.address.as_deref())),
        });
        let (contact, locale) = (member.contact.name.clone(), member.contact.locale.clone());
        Ok(HandoffView {
            contact,
            address: address(member.contact.emails.first().map(|it| it.as_str())),
            locale,
            other,
        })
    }

    /// Redeems a hand-over. See [`decide::take_over`]. `switch` is the session whose end the person has agreed to.
    pub async fn take_over(
        &self,
        context: &CallContext,
        token: &HandoffToken,
        presented: Option<&SessionToken>,
        (user_agent, switch): (Option<String>, Option<SessionId>),
    ) -> Result<TakenOver, Error> {
        let practice = self.open_practice(context, Door::Portal).await?;
        let fresh = SessionToken::from_entropy(self.draw());
        let command = TakeOver { hash: fresh.hash(), user_agent, switch };
        for _ in 0..ATTEMPTS {
            let facts = self.handoff_facts(context, token).await?;
            let replaced = match presented {
                Some(presented) => self.session_facts(context, presented).await?,
                None => None,
            };
            let mut moment = self.moment(context);
            let decided = decide::take_over(&practice, &facts, replaced.as_ref(), &command, &mut moment)?;
            match self.settle(context, decided).await? {
                Some(Some(session)) => {
                    return Ok(TakenOver::Began { token: fresh, session, landing: facts.handoff.landing });
                }
                Some(None) => return Ok(TakenOver::Ask(self.view_handoff(context, token, presented).await?)),
                None => {}
            }
        }
        Err(Error::Overloaded)
    }

    /// Ends all hand-overs of the practice that were not used yet. See [`decide::end_handoffs`].
    pub async fn end_handoffs(&self, context: &CallContext) -> Result<(), Error> {
        let decided = || async move { Ok(Decided { decision: decide::end_handoffs(self.clock.now()), outcome: () }) };
        self.carry_out(context, decided).await
    }

    async fn handoff_facts(&self, context: &CallContext, token: &HandoffToken) -> Result<HandoffFacts, Error> {
        let facts = self.store.handoff(context.practice, &token.hash(), self.clock.now()).await?;
        Ok(facts.ok_or(Refusal::NotFound { what: "hand-over" })?)
    }
}
