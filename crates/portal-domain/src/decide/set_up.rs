//! The first practice of all, with its first admin.

use super::{
    Moment, PutUser, outcome::Decided, practice::new_practice, staff::fresh_link, user::put_user, workspace::user_event,
};
use crate::{
    Refusal,
    change::{Change, Decision},
    email::EmailAddress,
    facts::UserFacts,
    id::{Ref, Slug},
    practice::{OutOfBounds, Practice, Role, check_name},
    staff::{StaffLink, StaffLinkKind},
};

/// What is typed at the first start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetUp {
    /// The practice's name in addresses.
    pub slug: Slug,
    /// Its name in words.
    pub name: String,
    /// The reference of its first admin.
    pub user: Ref,
    /// The admin's name in words.
    pub user_name: String,
    /// The admin's address.
    pub email: EmailAddress,
}

/// Founds the first practice with its first admin and a link to set a password, all in one commit; where there is a practice already,
/// nothing is found here. No mail is written: whoever sets up has the link at once, as from the command line.
pub fn set_up(known: bool, command: &SetUp, moment: &mut Moment) -> Result<Decided<(Practice, StaffLink)>, Refusal> {
    if known {
        return Err(Refusal::NotFound { what: "page" });
    }
    check_name(&command.user_name).map_err(|fault| OutOfBounds { field: "user_name".into(), ..fault })?;
    let id = moment.ids.next(moment.now);
    let Decided { decision: founded, outcome: practice } = new_practice(id, &command.slug, &command.name, moment)?;
    let put = PutUser {
        reference: command.user.clone(),
        name: command.user_name.clone(),
        email: command.email.clone(),
        role: Role::Admin,
    };
    let Decided { decision: hired, outcome: (user, _) } = put_user(&UserFacts::default(), &put, moment)?;
    let link = fresh_link(&practice, &user, StaffLinkKind::Invitation, moment);
    let mut invited = user_event("user.invited", user.id, moment);
    invited.facts.insert("how".to_owned(), "set_up".to_owned());
    invited.facts.insert("link".to_owned(), link.id.to_string());
    let mut decision = Decision { changes: vec![Change::BeFirst], ..Decision::default() };
    for part in [founded, hired] {
        decision.changes.extend(part.changes);
        decision.events.extend(part.events);
    }
    decision.changes.push(Change::OpenStaffLink(link.clone()));
    decision.events.push(invited);
    // A person sits at a browser, though nobody signed in: where from is the person's own.
    for event in &mut decision.events {
        let origin = event.origin.take().map(|origin| ("origin".to_owned(), origin));
        event.personal.extend(origin);
    }
    Ok(Decided { decision, outcome: (practice, link) })
}
