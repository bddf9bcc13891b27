//! Staff look at the portal as a contact sees it (V1).

use std::collections::BTreeSet;

use super::{ATTEMPTS, CallContext, Error, Portal, contacts::query, tries::FORGOTTEN_AT_ONCE};
use crate::{
    Refusal,
    contact::Contact,
    decide::{self, Decided, OpenViewing},
    facts::{ContactFacts, ContactQuery, ContactSelector},
    id::{Ref, UserId},
    port::StoreError,
    practice::{Client, Practice, PracticeUser},
    session::WorkspaceToken,
    viewing::{Reason, ViewToken, Viewing, ViewingFacts},
};

/// What a view shows.
#[derive(Clone, Debug)]
pub struct ViewingView {
    /// The practice.
    pub practice: Practice,
    /// The view.
    pub viewing: Viewing,
    /// Who looks.
    pub user: PracticeUser,
    /// As whom.
    pub contact: Contact,
    /// The client that is looked at.
    pub client: Client,
}

impl Portal {
    /// Whether a practice user may look at the portal as contacts see it.
    pub async fn may_view(&self, context: &CallContext, user: &PracticeUser) -> Result<bool, Error> {
        Ok(decide::may_view(user, self.viewers(context).await?.contains(&user.id)))
    }

    /// The practice users to whom that was granted; an admin needs no grant.
    pub async fn viewers(&self, context: &CallContext) -> Result<BTreeSet<UserId>, Error> {
        Ok(self.viewings.viewers(context.practice).await?)
    }

    /// Grants a practice user to look, or takes it back. Answers whether anything changed. See [`decide::grant_viewing`].
    pub async fn grant_viewing(&self, context: &CallContext, user: &Ref, wanted: bool) -> Result<bool, Error> {
        for _ in 0..ATTEMPTS {
            let user = self.user_facts(context, user, None).await?.user;
            let granted = self.viewers(context).await?;
            let granted = user.as_ref().is_some_and(|user| granted.contains(&user.id));
            let decided = decide::grant_viewing(user.as_ref(), granted, wanted, &mut self.moment(context))?;
            if let Some(changed) = self.settle(context, decided).await? {
                return Ok(changed);
            }
        }
        Err(Error::Overloaded)
    }

    /// Begins a view, and answers its token. `held` is the view that the browser has already. See [`decide::open_viewing`].
    pub async fn open_viewing(
        &self,
        context: &CallContext,
        session: &WorkspaceToken,
        (contact, client): (&Ref, &Ref),
        reason: &Reason,
        held: Option<&ViewToken>,
    ) -> Result<ViewToken, Error> {
        let token = ViewToken::from_entropy(self.draw());
        let command = &OpenViewing { client, reason, hash: token.hash() };
        let fresh = &token.reveal();
        let decided = || async move {
            let staff = self.workspace_facts(context, session).await?;
            let granted = self.viewers(context).await?;
            let granted = staff.as_ref().is_some_and(|staff| granted.contains(&staff.user.id));
            let facts = self.facts_about(context, query(contact)).await?;
            let replaced = match held {
                Some(held) => self.viewing_facts(context, held).await?,
                None => None,
            };
            let mut moment = self.moment(context);
            let decided =
                decide::open_viewing(staff.as_ref(), granted, &facts, replaced.as_ref(), command, &mut moment)?;
            Ok(Decided { decision: decided.decision, outcome: fresh.clone() })
        };
        let told: String = self.carry_out_secret(context, decided).await?;
        let damaged = || StoreError::Damaged("receipt of a view: its token is none".to_owned());
        Ok(ViewToken::parse(&told).ok_or_else(damaged)?)
    }

    /// What a view shows now; `Unauthorized` where it is not valid. Looking changes nothing, and prolongs nothing.
    pub async fn viewing(&self, context: &CallContext, token: &ViewToken) -> Result<ViewingView, Error> {
        let practice = self.practice(context).await?;
        let facts = self.viewing_facts(context, token).await?;
        let about = match &facts {
            Some(facts) => self.facts_about(context, by_id(facts)).await?,
            None => ContactFacts::default(),
        };
        let viewed = decide::valid_viewing(&practice, facts.as_ref(), &about, &self.moment(context))?;
        let (user, contact, client) = (viewed.user.clone(), viewed.contact.clone(), viewed.client.clone());
        let viewing = facts.map(|facts| facts.viewing).ok_or(Refusal::Unauthorized)?;
        Ok(ViewingView { practice, viewing, user, contact, client })
    }

    /// Ends the view of a token. Answers the contact that was looked at, where it is there yet.
    pub async fn end_viewing(&self, context: &CallContext, token: &ViewToken) -> Result<Option<Ref>, Error> {
        for _ in 0..ATTEMPTS {
            let facts = self.viewing_facts(context, token).await?;
            let about = match &facts {
                Some(facts) => self.facts_about(context, by_id(facts)).await?.contact,
                None => None,
            };
            let caller = facts.as_ref().map(|facts| crate::event::Caller::User(facts.staff.user.id));
            let own = CallContext { caller: caller.unwrap_or_else(|| context.caller.clone()), ..context.clone() };
            let Decided { decision, .. } = decide::end_viewing(facts.as_ref(), &mut self.moment(&own));
            if self.settle(&own, Decided { decision, outcome: () }).await?.is_some() {
                return Ok(about.map(|contact| contact.reference));
            }
        }
        Err(Error::Overloaded)
    }

    /// Forgets views that are over, a few at a time: the journal has told of them. Answers how many.
    pub async fn forget_viewings(&self) -> Result<u64, Error> {
        let (now, mut all) = (self.clock.now(), 0);
        loop {
            let forgotten = self.viewings.forget_viewings(now, FORGOTTEN_AT_ONCE).await?;
            all += forgotten;
            if forgotten == 0 {
                return Ok(all);
            }
        }
    }

    async fn viewing_facts(&self, context: &CallContext, token: &ViewToken) -> Result<Option<ViewingFacts>, Error> {
        Ok(self.viewings.viewing(context.practice, &token.hash()).await?)
    }

    async fn facts_about(&self, context: &CallContext, query: ContactQuery) -> Result<ContactFacts, Error> {
        let facts = self.store.contacts(context.practice, &[query], self.clock.now()).await?;
        Ok(facts.into_iter().next().unwrap_or_default())
    }
}

fn by_id(facts: &ViewingFacts) -> ContactQuery {
    let contact = ContactSelector::Id(facts.viewing.profile.contact);
    ContactQuery { contact, keys: Vec::new(), clients: Vec::new() }
}
