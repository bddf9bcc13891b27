//! From the host's program into the portal, and from the portal back to it.

use axum::Json;
use portal_domain::{handoff::Landing, id::Ref, session::Factor, usecase::HandOverInput};
use serde::Serialize;
use utoipa::{
    ToSchema,
    openapi::{RefOr, Schema},
};

use super::Answer;
use crate::{
    ask::{Plain, Sent},
    caller::Host,
    document::{Says, answered, list, says, words},
    json::{Fields, FromFields},
    present,
    problem::Problem,
};

pub(super) const SAYS: &[Says] = &[
    says("POST /handoffs", "An address that signs a contact in, once").refuses(&[
        "not_found",
        "not_activated",
        "portal_deactivated",
    ]),
    says("POST /sign-ins", "Who signed in, by the code that a browser brought back").refuses(&["not_found"]),
];

pub(crate) struct HandoffBody {
    contact: String,
    client: Option<String>,
    route: Option<Landing>,
}

impl FromFields for HandoffBody {
    fn from_fields(fields: &mut Fields) -> Result<Self, Problem> {
        let contact = fields.required("contact", Fields::text)?;
        Ok(Self { contact, client: fields.text("client")?, route: fields.word("route")? })
    }
}

/// Holds what must not be printed.
#[derive(Serialize, ToSchema)]
#[schema(as = Handoff)]
pub(super) struct HandoffAnswer {
    url: String,
    #[schema(format = DateTime)]
    expires_at: String,
}

/// The address is a secret: whoever opens it first and presses the button is the contact.
pub(super) async fn hand_over(host: Host, sent: Sent<Plain<HandoffBody>>) -> Answer<Json<HandoffAnswer>> {
    let Plain(HandoffBody { contact, client, route }) = sent.now()?;
    // A reference that breaks the rules is unknown like any other.
    let contact = Ref::parse(&contact).ok_or_else(|| Problem::not_found("contact"))?;
    let client = match client {
        Some(client) => Some(Ref::parse(&client).ok_or_else(|| Problem::not_found("profile"))?),
        None => None,
    };
    let slug = host.app.portal.practice(&host.context).await?.slug;
    let input = HandOverInput { contact, client, landing: route.unwrap_or_default() };
    let made = host.app.portal.hand_over(&host.context, &input).await?;
    let (base, token) = (host.app.config.base_url.as_str(), made.token.reveal());
    let url = format!("{base}/portal/{slug}/handoff/{token}");
    Ok(Json(HandoffAnswer { url, expires_at: present::time(made.expires_at) }))
}

/// Holds what must not be printed.
pub(crate) struct CodeBody {
    code: String,
    name: Option<String>,
}

impl FromFields for CodeBody {
    fn from_fields(fields: &mut Fields) -> Result<Self, Problem> {
        Ok(Self { code: fields.required("code", Fields::text)?, name: fields.text("return")? })
    }
}

/// Who signed in.
#[derive(Serialize, ToSchema)]
#[schema(as = SignIn)]
pub(super) struct SignInAnswer {
    #[schema(value_type = String)]
    contact: Ref,
    #[schema(value_type = String)]
    client: Ref,
    #[schema(format = DateTime)]
    signed_in_at: String,
    #[schema(schema_with = factors)]
    factors: Vec<Factor>,
    session: String,
}

fn factors() -> RefOr<Schema> {
    answered(list(words::<Factor>()))
}

pub(super) async fn sign_in(host: Host, sent: Sent<Plain<CodeBody>>) -> Answer<Json<SignInAnswer>> {
    let Plain(CodeBody { code, name }) = sent.now()?;
    let told = host.app.portal.take_code(&host.context, &code, name.as_deref()).await?;
    Ok(Json(SignInAnswer {
        contact: told.contact,
        client: told.client,
        signed_in_at: present::time(told.signed_in_at),
        factors: told.factors,
        session: told.session.to_string(),
    }))
}
