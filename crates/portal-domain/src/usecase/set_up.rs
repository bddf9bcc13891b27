//! The first start: a practice, and who signs in to its workspace first.

use super::{ATTEMPTS, CallContext, Error, Portal};
use crate::{
    Refusal,
    decide::{self, SetUp},
    email::EmailAddress,
    id::{Ref, Slug},
    link::LinkPurpose,
    port::{Page, PortalViews},
};

/// What is typed at the first start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetUpInput<'a> {
    /// The practice's name in addresses.
    pub slug: Slug,
    /// Its name in words.
    pub name: &'a str,
    /// The admin's name in words.
    pub user_name: &'a str,
    /// The admin's address, raw.
    pub email: &'a str,
}

impl Portal {
    /// Whether there is no practice yet.
    pub async fn is_untouched(&self, views: &dyn PortalViews) -> Result<bool, Error> {
        Ok(views.practices(&Page { after: None, limit: 1 }).await?.is_empty())
    }

    /// Founds the first practice with its first admin, and answers the token of the link with which that one sets a password: it
    /// stands nowhere else. See [`decide::set_up`]. Of two at once one finds that there is a practice.
    pub async fn set_up(
        &self,
        context: &CallContext,
        views: &dyn PortalViews,
        input: &SetUpInput<'_>,
    ) -> Result<String, Error> {
        let email = EmailAddress::parse(input.email).map_err(|fault| Refusal::InvalidEmail { index: None, fault })?;
        let reference = format!("u-{:016x}", u64::from_be_bytes(self.draw()));
        let command = SetUp {
            slug: input.slug.clone(),
            name: input.name.to_owned(),
            user: Ref::parse(&reference).ok_or(Error::Overloaded)?,
            user_name: input.user_name.to_owned(),
            email,
        };
        for _ in 0..ATTEMPTS {
            let known = !self.is_untouched(views).await?;
            let decided = decide::set_up(known, &command, &mut self.moment(context))?;
            let own = CallContext { practice: decided.outcome.0.id, ..context.clone() };
            if let Some((practice, link)) = self.settle(&own, decided).await? {
                let token = self.tokens.issue(&link.signed_with, practice.id, link.id, LinkPurpose::Workspace);
                return token.ok_or(Error::Overloaded);
            }
        }
        Err(Error::Overloaded)
    }
}
