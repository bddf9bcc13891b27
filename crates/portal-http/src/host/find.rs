//! The list of contacts with its filters, which no index knows: it is looked through, a bounded part for each request.

use axum::Json;
use portal_domain::{
    id::{ClientId, Ref},
    port::Page,
    search::ContactFilter,
    usecase::CallContext,
    view::ContactView,
};

use super::Answer;
use crate::{
    Inner,
    ask::{self, Listing},
    caller::Host,
    present::{ContactPart, List},
};

/// So many contacts are fetched together by name and address.
const FETCHED: u32 = 500;
/// So many are looked through for one request. Then the answer has what was found, and the place to go on from.
const LOOKED_THROUGH: usize = 5_000;
/// So many are looked at whole together, where the status is asked for.
const WHOLE: usize = 100;
/// And so many for one request, since each takes a dozen rows.
const WHOLE_IN_ALL: usize = 2_000;

pub(super) async fn list(
    host: &Host,
    listing: &Listing,
    filter: &ContactFilter,
    client: Option<ClientId>,
    after: Option<Ref>,
) -> Answer<Json<List<ContactPart>>> {
    let (found, next_cursor) = find(&host.app, &host.context, listing.limit(), filter, client, after).await?;
    Ok(Json(List { items: found.iter().map(ContactPart::from).collect(), next_cursor }))
}

/// The contacts that are wanted, at most so many, and the place to go on from.
pub(crate) async fn find(
    app: &Inner,
    context: &CallContext,
    limit: usize,
    filter: &ContactFilter,
    client: Option<ClientId>,
    after: Option<Ref>,
) -> Answer<(Vec<ContactView>, Option<String>)> {
    let mut looked = Looked { after, more: true, through: 0, whole: 0 };
    let (mut items, mut last_shown) = (Vec::new(), None);
    while looked.goes_on() && items.len() < limit {
        let wanted = candidates(app, context, filter, client, limit - items.len(), &mut looked).await?;
        let found = app.portal.contact_views(context, &wanted).await?;
        let right = |status| filter.statuses.is_empty() || filter.statuses.contains(&status);
        for contact in found.into_iter().filter(|contact| right(contact.portal.status)) {
            if items.len() == limit {
                // One more than there is room for: the next page begins with it.
                looked.after = last_shown.take();
                looked.more = true;
                break;
            }
            last_shown = Some(contact.reference.clone());
            items.push(contact);
        }
    }
    let next_cursor = looked.after.filter(|_| looked.more).map(|last| ask::cursor(last.as_str()));
    Ok((items, next_cursor))
}

/// How far it was looked.
struct Looked {
    after: Option<Ref>,
    more: bool,
    through: usize,
    whole: usize,
}

impl Looked {
    const fn goes_on(&self) -> bool {
        self.more && self.through < LOOKED_THROUGH && self.whole < WHOLE_IN_ALL
    }
}

/// The next contacts whose name and addresses are right: no more than there is room for, or, where the status still decides, than
/// are looked at together.
async fn candidates(
    app: &Inner,
    context: &CallContext,
    filter: &ContactFilter,
    client: Option<ClientId>,
    room: usize,
    looked: &mut Looked,
) -> Answer<Vec<Ref>> {
    let most = if filter.statuses.is_empty() { room.min(WHOLE) } else { WHOLE };
    let mut wanted = Vec::new();
    // Where nothing is looked for, whatever is fetched is wanted.
    let most_fetched = u32::try_from(most).unwrap_or(FETCHED) + 1;
    let fetched = if filter.words.is_some() { FETCHED } else { most_fetched };
    while looked.goes_on() && wanted.len() < most {
        let page = Page { after: looked.after.clone(), limit: fetched };
        let listed = app.views.directory(context.practice, client, &page).await?;
        let full = listed.len() >= fetched as usize;
        let mut left = listed.len();
        for contact in listed {
            if wanted.len() == most {
                break;
            }
            left -= 1;
            looked.through += 1;
            looked.after = Some(contact.reference.clone());
            if filter.words.as_ref().is_none_or(|words| words.find(&contact.name, &contact.addresses)) {
                wanted.push(contact.reference);
            }
        }
        looked.more = full || left > 0;
    }
    looked.whole += wanted.len();
    Ok(wanted)
}
