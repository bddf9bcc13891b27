//! Practice users.

use axum::{Json, http::StatusCode};
use portal_domain::{id::Ref, message::MessageKind, practice::Role, usecase::PutUserInput};
use serde::Serialize;
use utoipa::ToSchema;

use super::Answer;
use crate::{
    ask::{Bare, Listing, Plain, Sent},
    caller::{Host, Reference},
    document::{Says, says},
    json::{Fields, FromFields},
    present::{EffectMessagePart, List, Put, UserPart, outcome, outcomes},
    problem::Problem,
};

pub(super) const SAYS: &[Says] = &[
    says("GET /practice-users", "Practice users, by reference"),
    says("GET /practice-users/{ref}", "A practice user"),
    says("PUT /practice-users/{ref}", "Makes or changes a practice user").answers(&[200, 201]).refuses(&[
        "invalid_email",
        "email_is_a_portal_login",
        "email_taken",
        "last_admin",
    ]),
    says("DELETE /practice-users/{ref}", "Removes a practice user, with its sessions")
        .answers(&[204])
        .refuses(&["last_admin"]),
    says(
        "POST /practice-users/{ref}/invite",
        "Mails a practice user a link to set a password for the workspace; each time a new one",
    ),
];

pub(crate) struct UserBody {
    name: String,
    email: String,
    role: Role,
}

impl FromFields for UserBody {
    fn from_fields(fields: &mut Fields) -> Result<Self, Problem> {
        let name = fields.required("name", Fields::text)?;
        let email = fields.required("email", Fields::text)?;
        Ok(Self { name, email, role: fields.required("role", Fields::word)? })
    }
}

pub(super) async fn list(host: Host, sent: Sent<Listing>) -> Answer<Json<List<UserPart>>> {
    let listing = sent.now()?;
    let mut users = host.app.views.users(host.context.practice, &listing.page(Ref::parse)?).await?;
    let next = listing.cut(&mut users, |user| user.reference.as_str().to_owned());
    Ok(super::list(users, next, |user| UserPart::from(&user)))
}

pub(super) async fn one(host: Host, Reference(user): Reference) -> Answer<Json<UserPart>> {
    Ok(Json((&host.app.portal.user(&host.context, &user).await?).into()))
}

pub(super) async fn put(
    host: Host,
    Reference(reference): Reference,
    sent: Sent<Plain<UserBody>>,
) -> Answer<(StatusCode, Json<Put<UserPart>>)> {
    let Plain(UserBody { name, email, role }) = sent.now()?;
    let input = PutUserInput { reference, name, email, role };
    let (user, created, changed) = host.app.portal.put_user(&host.context, &input).await.map_err(|error| {
        let problem = Problem::from(error);
        if problem.code() == "invalid_email" { problem.at("email") } else { problem }
    })?;
    let status = if created { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(Put { thing: (&user).into(), outcome: outcome(changed) })))
}

pub(super) async fn delete(host: Host, Reference(user): Reference, sent: Sent<Bare>) -> Answer<StatusCode> {
    sent.after(host.app.portal.user(&host.context, &user)).await?;
    host.app.portal.delete_user(&host.context, &user).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What an invitation answers: never the link.
#[derive(Serialize, ToSchema)]
#[schema(as = StaffInvitation)]
pub(super) struct InvitedPart {
    #[schema(schema_with = outcomes)]
    outcome: &'static str,
    messages: Vec<EffectMessagePart>,
}

pub(super) async fn invite(host: Host, Reference(user): Reference, sent: Sent<Bare>) -> Answer<Json<InvitedPart>> {
    sent.after(host.app.portal.user(&host.context, &user)).await?;
    let to = host.app.portal.invite_user(&host.context, &user).await?;
    let messages = vec![EffectMessagePart::new(MessageKind::StaffInvitation, to)];
    Ok(Json(InvitedPart { outcome: outcome(true), messages }))
}
