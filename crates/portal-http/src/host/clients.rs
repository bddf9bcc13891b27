//! Clients.

use axum::{Json, http::StatusCode};
use portal_domain::{decide::PutClient, id::Ref};

use super::Answer;
use crate::{
    ask::{Bare, Listing, Plain, Sent},
    caller::{Host, Reference},
    document::{Says, says},
    json::{Fields, FromFields},
    present::{ClientPart, List, Put, outcome},
    problem::Problem,
};

pub(super) const SAYS: &[Says] = &[
    says("GET /clients", "Clients, by reference"),
    says("GET /clients/{ref}", "A client"),
    says("PUT /clients/{ref}", "Makes or changes a client").answers(&[200, 201]),
    says("DELETE /clients/{ref}", "Removes a client and its profiles; contacts stay").answers(&[204]),
    says("POST /clients/{ref}/suspend", "Hides the client's profiles from the portal"),
    says("POST /clients/{ref}/resume", "Shows the client's profiles again"),
];

pub(crate) struct ClientBody {
    name: String,
}

impl FromFields for ClientBody {
    fn from_fields(fields: &mut Fields) -> Result<Self, Problem> {
        Ok(Self { name: fields.required("name", Fields::text)? })
    }
}

pub(super) async fn list(host: Host, sent: Sent<Listing>) -> Answer<Json<List<ClientPart>>> {
    let listing = sent.now()?;
    let mut clients = host.app.views.clients(host.context.practice, &listing.page(Ref::parse)?).await?;
    let next = listing.cut(&mut clients, |client| client.reference.as_str().to_owned());
    Ok(super::list(clients, next, |client| ClientPart::from(&client)))
}

pub(super) async fn one(host: Host, Reference(client): Reference) -> Answer<Json<ClientPart>> {
    Ok(Json((&host.app.portal.client(&host.context, &client).await?).into()))
}

pub(super) async fn put(
    host: Host,
    Reference(reference): Reference,
    sent: Sent<Plain<ClientBody>>,
) -> Answer<(StatusCode, Json<Put<ClientPart>>)> {
    let Plain(ClientBody { name }) = sent.now()?;
    let command = PutClient { reference, name };
    let (client, created, changed) = host.app.portal.put_client(&host.context, &command).await?;
    let status = if created { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(Put { thing: (&client).into(), outcome: outcome(changed) })))
}

pub(super) async fn delete(host: Host, Reference(client): Reference, sent: Sent<Bare>) -> Answer<StatusCode> {
    sent.after(host.app.portal.client(&host.context, &client)).await?;
    host.app.portal.delete_client(&host.context, &client).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn suspend(
    host: Host,
    Reference(client): Reference,
    sent: Sent<Bare>,
) -> Answer<Json<Put<ClientPart>>> {
    set_suspended(host, &client, sent, true).await
}

pub(super) async fn resume(
    host: Host,
    Reference(client): Reference,
    sent: Sent<Bare>,
) -> Answer<Json<Put<ClientPart>>> {
    set_suspended(host, &client, sent, false).await
}

async fn set_suspended(host: Host, client: &Ref, sent: Sent<Bare>, suspended: bool) -> Answer<Json<Put<ClientPart>>> {
    sent.after(host.app.portal.client(&host.context, client)).await?;
    let (client, changed) = host.app.portal.suspend_client(&host.context, client, suspended).await?;
    Ok(Json(Put { thing: (&client).into(), outcome: outcome(changed) }))
}
