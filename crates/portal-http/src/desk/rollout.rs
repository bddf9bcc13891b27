//! The first page: how many contacts can get in, and how many can't, and why.

use std::collections::BTreeMap;

use askama::Template;
use axum::{http::StatusCode, response::Response};
use portal_domain::{port::Page, status::PortalStatus};

use super::{Member, Place, Shell, asked::Asked, show, words};
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
}

pub(super) async fn page(member: Member) -> Result<Response, Problem> {
    let Counted { counts, trials, more } = counted(&member).await?;
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

/// How many there are of each status.
#[derive(Default)]
struct Counted {
    counts: BTreeMap<PortalStatus, usize>,
    trials: usize,
    more: bool,
}

async fn counted(member: &Member) -> Result<Counted, Problem> {
    let mut all = Counted::default();
    let mut page = Page { after: None, limit: BATCH };
    let mut looked = 0;
    while looked < COUNTED {
        let refs = member.app.views.contacts(member.context.practice, &page).await?;
        for contact in member.app.portal.contact_views(&member.context, &refs).await? {
            match contact.trial {
                true => all.trials += 1,
                false => *all.counts.entry(contact.portal.status).or_default() += 1,
            }
        }
        looked += refs.len();
        if refs.len() < BATCH as usize {
            return Ok(all);
        }
        page.after = refs.into_iter().next_back();
    }
    Ok(Counted { more: true, ..all })
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
