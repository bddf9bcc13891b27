//! Who works here, and what stands around every page.

use std::sync::Arc;

use axum::{
    extract::FromRequestParts,
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use portal_domain::{
    decide::Expected,
    event::Caller,
    id::Ref,
    port::RequestKey,
    practice::{Practice, PracticeUser, Role},
    session::{WorkspaceSession, WorkspaceToken},
    usecase::{CallContext, Request},
};
use sha2::{Digest, Sha256};

use super::{assets, go_to, path};
use crate::{Inner, caller::Visitor, problem::Problem, workspace_cookie};

/// Staff with a valid session of this practice's workspace. Whoever has none is led to the sign-in.
#[derive(Clone)]
pub(crate) struct Member {
    pub(crate) app: Arc<Inner>,
    pub(crate) practice: Practice,
    pub(crate) user: PracticeUser,
    pub(crate) session: WorkspaceSession,
    pub(crate) token: WorkspaceToken,
    /// The context of what this session does.
    pub(crate) context: CallContext,
}

impl Member {
    pub(crate) async fn enter(parts: &mut Parts, app: &Arc<Inner>) -> Result<Self, Response> {
        let visitor = Visitor::from_request_parts(parts, app).await.map_err(IntoResponse::into_response)?;
        let Visitor { app, practice, context, .. } = visitor;
        let elsewhere = || go_to(path(&practice, "sign-in"));
        let held = workspace_cookie::presented(&app.config.base_url, &practice.slug, &parts.headers);
        let token = held.ok_or_else(elsewhere)?;
        let view = match app.portal.use_workspace_session(&context, &token).await.map_err(Problem::from) {
            Ok(view) => view,
            Err(problem) if problem.status() == StatusCode::UNAUTHORIZED => return Err(elsewhere()),
            Err(problem) => return Err(problem.into_response()),
        };
        let context = CallContext { caller: Caller::User(view.user.id), ..context };
        Ok(Self { app, practice, user: view.user, session: view.session, token, context })
    }

    /// The path of a page of this workspace.
    pub(crate) fn path(&self, page: &str) -> String {
        path(&self.practice, page)
    }

    /// The path of a contact's page.
    pub(super) fn contact_path(&self, contact: &Ref) -> String {
        self.path(&format!("contacts/{}", segment(contact)))
    }

    /// The path of a client's page.
    pub(super) fn client_path(&self, client: &Ref) -> String {
        self.path(&format!("clients/{}", segment(client)))
    }

    /// The path of a practice user's page.
    pub(super) fn user_path(&self, user: &Ref) -> String {
        self.path(&format!("users/{}", segment(user)))
    }

    /// The path of a webhook's page.
    pub(super) fn webhook_path(&self, webhook: &Ref) -> String {
        self.path(&format!("webhooks/{}", segment(webhook)))
    }

    pub(super) fn is_admin(&self) -> bool {
        self.user.role == Role::Admin
    }

    /// The context of a question: what would this do? (M7)
    pub(super) fn asking(&self) -> CallContext {
        CallContext { preview: true, ..self.context.clone() }
    }

    /// The context of a command that is meant once, however often its button is pressed.
    pub(super) fn once(&self, call: &str, command: &str) -> CallContext {
        let digest: [u8; 32] = Sha256::digest(command).into();
        // What was typed is kept in no usable form: an erasure does not look there (J3).
        let scope = format!("{} {}", self.user.id, URL_SAFE_NO_PAD.encode(digest));
        let named = (1..=255).contains(&call.len()) && call.bytes().all(|byte| byte.is_ascii_graphic());
        let key = RequestKey { scope, key: call.to_owned() };
        let request = named.then_some(Request { digest, key });
        CallContext { request, ..self.context.clone() }
    }

    /// The same of a command that makes something of what was typed: its form, sent again with something else in it, is refused.
    pub(super) fn once_with(&self, call: &str, command: &str, typed: &[&str]) -> CallContext {
        let mut context = self.once(call, command);
        if let Some(request) = &mut context.request {
            request.digest = Sha256::digest(typed.join("\0")).into();
        }
        context
    }

    /// The context of a command that is meant for a contact as it was shown.
    pub(super) fn meant_for(&self, tag: &str) -> CallContext {
        CallContext { expected: Some(Expected::Tags(vec![tag.to_owned()])), ..self.context.clone() }
    }

    /// The context of a command that is meant for a contact that is not there yet.
    pub(super) fn meant_for_none(&self) -> CallContext {
        CallContext { expected: Some(Expected::Absent), ..self.context.clone() }
    }

    /// A fresh name, for a call or for a thing that is made here.
    pub(super) fn fresh_name(&self) -> String {
        let mut bytes = [0; 15];
        self.app.portal.entropy.fill(&mut bytes);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    pub(crate) fn shell(&self, place: Place) -> Shell {
        Shell {
            css: assets::css_path(),
            base: self.path(""),
            practice: self.practice.name.clone(),
            user: self.user.name.clone(),
            role: self.user.role.code(),
            place,
        }
    }
}

impl FromRequestParts<Arc<Inner>> for Member {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<Inner>) -> Result<Self, Response> {
        // Asked by the gate, it is not asked again by the page.
        if let Some(known) = parts.extensions.get::<Self>() {
            return Ok(known.clone());
        }
        Self::enter(parts, app).await
    }
}

/// Where in the workspace a page is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    RollOut,
    Contacts,
    Clients,
    /// The client on the phone.
    Help,
    /// What comes in from files, and what is done for many.
    Import,
    /// One's own page, and one's password.
    Own,
    Elsewhere,
    Users,
    Settings,
    Mails,
    Keys,
    Webhooks,
}

/// What stands around every page.
pub(crate) struct Shell {
    pub(crate) css: String,
    pub(crate) base: String,
    pub(crate) practice: String,
    pub(crate) user: String,
    pub(crate) role: &'static str,
    pub(crate) place: Place,
}

impl Shell {
    pub(crate) fn is_at(&self, place: Place) -> bool {
        self.place == place
    }
}

/// A reference as a part of a path: browsers take nothing in it for anything else.
pub(crate) fn segment(reference: &Ref) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_~.".contains(&byte);
    let encoded = reference.as_str().bytes().map(|byte| match plain(byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    });
    encoded.collect()
}

/// Without the slash at its end.
pub(super) async fn short(member: Member) -> Response {
    go_to(member.path(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_one_segment_whatever_it_holds() {
        for (reference, path) in
            [("c-17", "c-17"), ("a/b?c#d%e", "a%2Fb%3Fc%23d%25e"), ("...", "..."), ("\"<>", "%22%3C%3E")]
        {
            assert_eq!(segment(&Ref::parse(reference).expect("a reference")), path);
        }
    }
}
