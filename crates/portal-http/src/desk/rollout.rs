//! The first page: how many contacts can get in, and how many can't, and why.

use std::collections::BTreeMap;

use askama::Template;
use axum::{http::StatusCode, response::Response};
use portal_domain::{decide::FirstMail, port::Page, status::PortalStatus};

use super::{
    Member, Place, Shell,
    asked::Asked,
    chart::{self, Lately},
    first_mail::{Before, Mend},
    show, words,
};
use crate::problem::Problem;

/// So many contacts are looked at together, and in all for one page.
const BATCH: u32 = 200;
const COUNTED: usize = 5_000;

/// A status, and how many contacts have it.
struct Count {
    label: &'static str,
    tone: &'static str,
    count: usize,
    path: String,
}

#[derive(Template)]
#[template(path = "desk/rollout.html")]
struct RollOutPage {
    shell: Shell,
    total: usize,
    /// Whether there are more contacts than were counted.
    more: bool,
    in_reach: usize,
    /// Trial clients, who are not counted.
    trials: usize,
    counts: Vec<Count>,
    /// What an admin can do for many: path and words.
    many: Vec<(String, &'static str)>,
    /// What is known before the first invitation goes out; nothing where one did.
    before: Option<Before>,
    lately: Option<Lately>,
    /// Where an admin gets all contacts as a file, and what was done for many.
    admin: bool,
}

pub(super) async fn page(member: Member) -> Result<Response, Problem> {
    let Counted { counts, trials, more, before } = counted(&member).await?;
    let fresh = |status: &PortalStatus| matches!(status, PortalStatus::NotActivated | PortalStatus::Conflict);
    let before = Some(before).filter(|_| !counts.is_empty() && counts.keys().all(fresh));
    let path = |status| Asked { status: Some(status), ..Asked::default() }.query(None);
    let rows = PortalStatus::ALL.into_iter().rev().map(|status| Count {
        label: words::label(status),
        tone: words::tone(status).class(),
        count: counts.get(&status).copied().unwrap_or_default(),
        path: member.path(&format!("contacts?{}", path(status))),
    });
    let page = RollOutPage {
        shell: member.shell(Place::RollOut),
        total: counts.values().sum(),
        more,
        trials,
        in_reach: counts.get(&PortalStatus::Active).copied().unwrap_or_default(),
        many: many(&member, &counts, more),
        counts: rows.collect(),
        before,
        lately: chart::lately(&member).await?,
        admin: member.is_admin(),
    };
    Ok(show(StatusCode::OK, &page))
}

/// Bulk mail is an admin's (W3).
fn many(member: &Member, counts: &BTreeMap<PortalStatus, usize>, more: bool) -> Vec<(String, &'static str)> {
    let offered = offered(counts, more).into_iter().filter(|_| member.is_admin());
    offered.map(|(path, words)| (member.path(path), words)).collect()
}

/// What there is somebody for, or may be among those who were not counted.
fn offered(counts: &BTreeMap<PortalStatus, usize>, more: bool) -> Vec<(&'static str, &'static str)> {
    use PortalStatus::{InvitationExpired, InvitationUndelivered, NotActivated};
    let any = |statuses: &[PortalStatus]| more || statuses.iter().any(|status| counts.contains_key(status));
    let all = [
        (any(&[NotActivated]), ("bulk/activate", "Activate all who are not activated …")),
        (any(&[InvitationExpired, InvitationUndelivered]), ("bulk/resend", "Send new invitations …")),
    ];
    all.into_iter().filter(|(any, _)| *any).map(|(_, command)| command).collect()
}

/// The contacts that were looked at.
struct Counted {
    counts: BTreeMap<PortalStatus, usize>,
    /// Trial clients, which are not among them.
    trials: usize,
    /// Whether there are more.
    more: bool,
    before: Before,
}

async fn counted(member: &Member) -> Result<Counted, Problem> {
    let mut all = Counted { counts: BTreeMap::new(), trials: 0, more: true, before: Before::default() };
    let (mut page, mut first_mail) = (Page { after: None, limit: BATCH }, FirstMail::default());
    let mut looked = 0;
    while looked < COUNTED {
        let refs = member.app.views.contacts(member.context.practice, &page).await?;
        let seen = member.app.portal.before_first_mail(&member.context, &refs, &mut first_mail).await?;
        for (contact, hindrances) in seen {
            if contact.trial {
                all.trials += 1;
                continue;
            }
            *all.counts.entry(contact.portal.status).or_default() += 1;
            all.before.note(member, &contact, &hindrances);
        }
        looked += refs.len();
        if refs.len() < BATCH as usize {
            all.more = false;
            break;
        }
        page.after = refs.into_iter().next_back();
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_for_many_is_in_reach_of_those_who_were_not_counted() {
        let paths = |status, more| {
            let offered = offered(&BTreeMap::from([(status, 1)]), more);
            offered.into_iter().map(|(path, _)| path).collect::<Vec<_>>()
        };
        let none: [&str; 0] = [];
        assert_eq!(paths(PortalStatus::Active, false), none);
        assert_eq!(paths(PortalStatus::NotActivated, false), ["bulk/activate"]);
        assert_eq!(paths(PortalStatus::InvitationUndelivered, false), ["bulk/resend"]);
        assert_eq!(paths(PortalStatus::Active, true), ["bulk/activate", "bulk/resend"]);
    }
}
