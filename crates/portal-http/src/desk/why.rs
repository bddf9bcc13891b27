//! Why those of a list are not in: counted by what was found first (X1).

use std::collections::BTreeMap;

use askama::Template;
use axum::{extract::RawQuery, http::StatusCode, response::Response};
use portal_domain::{
    Refusal, finding::FindingCode, id::ClientId, search::ContactFilter, status::PortalStatus, usecase::Error,
};

use super::{Member, Place, Shell, asked::Asked, show, words};
use crate::{host::find, problem::Problem};

/// So many are diagnosed for one page.
const DIAGNOSED: usize = 50;

/// Somebody of the list.
struct Person {
    name: String,
    path: String,
}

/// Those for whom the same was found first.
struct Group {
    title: &'static str,
    people: Vec<Person>,
}

#[derive(Template)]
#[template(path = "desk/why.html")]
struct WhyPage {
    shell: Shell,
    /// The list whose contacts these are.
    list: String,
    /// What they have in common, where it is one status.
    label: Option<&'static str>,
    beginning: bool,
    total: usize,
    groups: Vec<Group>,
    next: Option<String>,
}

pub(super) async fn page(member: Member, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    let asked = Asked::parse(query.as_deref().unwrap_or_default());
    let client = match &asked.client {
        Some(client) => Some(member.app.portal.client(&member.context, client).await?.id),
        None => None,
    };
    let (groups, cursor) = grouped(&member, &asked, client).await?;
    let page = WhyPage {
        shell: member.shell(Place::RollOut),
        list: member.path(&format!("contacts?{}", asked.query(None))),
        label: asked.status.map(words::label),
        beginning: asked.after.is_none(),
        total: groups.iter().map(|group| group.people.len()).sum(),
        groups,
        next: cursor.map(|cursor| member.path(&format!("why?{}", asked.query(Some(&cursor))))),
    };
    Ok(show(StatusCode::OK, &page))
}

async fn grouped(
    member: &Member,
    asked: &Asked,
    client: Option<ClientId>,
) -> Result<(Vec<Group>, Option<String>), Problem> {
    let (found, cursor) =
        find::find(&member.app, &member.context, DIAGNOSED, &filter(asked), client, asked.after.clone()).await?;
    let mut groups: BTreeMap<FindingCode, Group> = BTreeMap::new();
    for contact in found.into_iter().filter(|contact| !contact.trial) {
        let diagnosis = match member.app.portal.diagnose(&member.context, &contact.reference).await {
            // Deleted meanwhile.
            Err(Error::Refused(Refusal::NotFound { .. })) => continue,
            told => told?,
        };
        let Some(first) = diagnosis.findings.into_iter().next() else { continue };
        let group = groups.entry(first.code).or_insert_with(|| Group { title: first.title, people: Vec::new() });
        let path = format!("{}/help", member.contact_path(&contact.reference));
        group.people.push(Person { name: contact.name, path });
    }
    let mut groups: Vec<_> = groups.into_values().collect();
    groups.sort_by_key(|group| std::cmp::Reverse(group.people.len()));
    Ok((groups, cursor))
}

/// Those of one status, or all who are not in.
fn filter(asked: &Asked) -> ContactFilter {
    let mut filter = asked.filter();
    if filter.statuses.is_empty() {
        filter.statuses = PortalStatus::ALL.into_iter().filter(|status| *status != PortalStatus::Active).collect();
    }
    filter
}
