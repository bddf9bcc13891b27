use super::{ATTEMPTS, CallContext, Error, Portal};
use crate::{
    Door, Refusal,
    decide::{self, Redeemed, Redemption},
    facts::{LinkFacts, LoginFacts},
    id::LinkId,
    link::{LinkPurpose, LinkState},
    password::{NewPassword, PasswordPolicy},
    practice::Practice,
    time::Timestamp,
};

/// A token and the password to set.
#[derive(Clone)]
pub struct RedeemLink<'a> {
    /// The token, as it stands in the link.
    pub token: &'a str,
    /// The password, as it was typed.
    pub password: &'a str,
}

/// What a link page shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkView {
    /// What the link is good for now.
    pub state: LinkState,
    /// What it is for.
    pub purpose: LinkPurpose,
    /// The practice.
    pub practice: Practice,
    /// When it was sent.
    pub sent_at: Timestamp,
    /// The address it was mailed to; whoever has the token has that mail.
    pub address: String,
    /// The language that the contact reads to whom it was mailed, as far as that contact is behind the login still.
    pub locale: Option<String>,
}

impl Portal {
    /// Looks at a link, which changes nothing (L2) but the note that it was opened (D5). A token of another practice or purpose is
    /// `NotFound`.
    pub async fn view_link(&self, context: &CallContext, token: &str) -> Result<LinkView, Error> {
        let practice = self.open_practice(context, Door::Portal).await?;
        let facts = self.link_facts(context, token).await?;
        self.note_opened(context, &facts).await;
        let state = match decide::usable_link(&facts, &self.moment(context)) {
            Ok(_) => LinkState::Usable,
            Err(Refusal::LinkClosed { state }) => state,
            Err(refusal) => return Err(refusal.into()),
        };
        let sent_at = facts.sent_at.unwrap_or(facts.link.created_at);
        let address = facts.link.address.as_str().to_owned();
        let members = facts.login.iter().flat_map(|login| &login.members);
        let mut readers = members.filter(|member| member.contact.id == facts.link.contact);
        let locale = readers.next().and_then(|member| member.contact.locale.clone());
        Ok(LinkView { locale, state, purpose: facts.link.purpose, practice, sent_at, address })
    }

    /// Sets a password by a link. See [`decide::redeem`]. A password that is refused was typed by a person who had the link open, which
    /// is noted (D5): scanners type none.
    pub async fn redeem_link(&self, context: &CallContext, command: &RedeemLink<'_>) -> Result<Redeemed, Error> {
        let practice = self.open_practice(context, Door::Portal).await?;
        let mut facts = self.link_facts(context, command.token).await?;
        let login = decide::usable_link(&facts, &self.moment(context))?;
        let password = match self.accept_password(&practice, login, command.password) {
            Ok(password) => password,
            Err(refusal) => {
                self.note_opened(context, &facts).await;
                return Err(refusal.into());
            }
        };
        let redemption = Redemption { hash: self.hasher.hash(password.typed()).await? };
        for _ in 0..ATTEMPTS {
            let decided = decide::redeem(&facts, &redemption, &mut self.moment(context))?;
            if let Some(outcome) = self.settle(context, decided).await? {
                return Ok(outcome);
            }
            facts = self.link_facts(context, command.token).await?;
            let login = decide::usable_link(&facts, &self.moment(context))?;
            self.accept_password(&practice, login, command.password)?;
        }
        Err(Error::Overloaded)
    }

    /// Judges a new password against the practice's rules and the names and addresses of who is behind the login (P1).
    pub(super) fn accept_password(
        &self,
        practice: &Practice,
        login: &LoginFacts,
        typed: &str,
    ) -> Result<NewPassword, Refusal> {
        let mut personal = Vec::new();
        for member in &login.members {
            personal.push(member.contact.name.as_str());
            personal.extend(member.contact.emails.iter().map(crate::email::EmailAddress::as_str));
        }
        self.judge_password(practice, personal, typed)
    }

    /// Judges a new password against the practice's rules, its names and `personal` ones (P1).
    pub(super) fn judge_password(
        &self,
        practice: &Practice,
        personal: Vec<&str>,
        typed: &str,
    ) -> Result<NewPassword, Refusal> {
        let personal = [practice.name.as_str(), practice.slug.as_str()].into_iter().chain(personal).collect();
        let min_length = practice.settings.password_min_length.try_into().unwrap_or(usize::MAX);
        let policy = PasswordPolicy { min_length, personal, common: Some(&self.common_passwords) };
        NewPassword::parse(typed, &policy).map_err(|fault| Refusal::PasswordRefused { fault })
    }

    /// Notes that the link is open before somebody; whoever that is gets their answer whether or not it could be noted.
    async fn note_opened(&self, context: &CallContext, facts: &LinkFacts) {
        let _ = self.evidence.note_opened(context.practice, facts.link.id, self.clock.now()).await;
    }

    async fn link_facts(&self, context: &CallContext, token: &str) -> Result<LinkFacts, Error> {
        let unknown = || Error::Refused(Refusal::NotFound { what: "link" });
        let id = self.tokens.link_id(token).ok_or_else(unknown)?;
        let facts = self.store.link(context.practice, id, self.clock.now()).await?.ok_or_else(unknown)?;
        if !self.tokens.opens(token, context.practice, id, facts.link.purpose) {
            return Err(unknown());
        }
        Ok(facts)
    }

    /// The link that a token of this practice's portal opens, whatever became of it; `None` for any other token.
    pub(super) fn genuine_link(&self, context: &CallContext, token: &str) -> Option<LinkId> {
        let id = self.tokens.link_id(token)?;
        let purposes = [LinkPurpose::Activation, LinkPurpose::Reset];
        purposes.into_iter().any(|purpose| self.tokens.opens(token, context.practice, id, purpose)).then_some(id)
    }
}
