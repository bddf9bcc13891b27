//! Sign-in of staff, and the way to a new password.

use askama::Template;
use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use portal_domain::{session::WorkspaceToken, usecase::StaffSignInInput};

use super::{Held, Shell, go_to, path};
use crate::{
    api::user_agent,
    ask::Form,
    caller::Visitor,
    cookie, observe,
    pages::{sentence, show},
    problem::Problem,
};

/// Why the sign-in page is shown.
pub(super) enum Why {
    /// It was opened.
    Opened,
    /// A sign-in failed; for whatever reason, the words are the same (P2).
    Failed,
    /// There were too many tries from here (G2).
    TooMany(Problem),
    /// A password was set by a link.
    PasswordSet,
}

#[derive(Template)]
#[template(path = "workspace/sign_in.html")]
struct SignInPage {
    shell: Shell,
    base: String,
    why: Why,
    address: String,
    /// Whose session of the workspace this browser holds.
    signed_in_as: Option<String>,
}

impl Why {
    const fn failed(&self) -> bool {
        matches!(self, Self::Failed)
    }

    const fn password_set(&self) -> bool {
        matches!(self, Self::PasswordSet)
    }

    /// What is wrong where there were too many tries, as a sentence.
    fn too_many(&self) -> Option<String> {
        match self {
            Self::TooMany(problem) => Some(sentence(problem.detail())),
            _ => None,
        }
    }
}

/// The sign-in page. It says whose session the browser holds, if any, and neither uses nor changes it.
pub(super) async fn sign_in_page(
    visitor: &Visitor,
    held: Option<&WorkspaceToken>,
    why: Why,
    address: &str,
) -> Result<Response, Problem> {
    let session = match held {
        Some(token) => visitor.app.portal.peek_workspace_session(&visitor.context, token).await?,
        None => None,
    };
    let (status, wait) = match &why {
        Why::Failed => (StatusCode::UNAUTHORIZED, None),
        Why::TooMany(problem) => (problem.status(), problem.retry_after()),
        Why::Opened | Why::PasswordSet => (StatusCode::OK, None),
    };
    let page = SignInPage {
        shell: Shell::of(visitor),
        base: path(visitor, ""),
        why,
        address: address.to_owned(),
        signed_in_as: session.map(|view| view.user.name),
    };
    let mut response = show(status, &page);
    response.headers_mut().extend(wait.map(|wait| (header::RETRY_AFTER, HeaderValue::from(wait))));
    Ok(response)
}

pub(super) async fn page(visitor: Visitor, Held(held): Held) -> Result<Response, Problem> {
    sign_in_page(&visitor, held.as_ref(), Why::Opened, "").await
}

pub(super) async fn sign_in(
    visitor: Visitor,
    Held(held): Held,
    headers: HeaderMap,
    form: Form,
) -> Result<Response, Problem> {
    let (email, password) = (form.field("email")?, form.field("password")?);
    let (base, slug) = (&visitor.app.config.base_url, &visitor.practice.slug);
    let known = cookie::known_staff(base, slug, &headers);
    let (user_agent, presented) = (user_agent(&headers), held.clone());
    let input = StaffSignInInput { email, password, user_agent, presented, known: known.as_deref() };
    let signed_in = visitor.app.portal.sign_in_staff(&visitor.context, &input).await;
    observe::sign_in("workspace", "password", &signed_in);
    match signed_in.map_err(Problem::from) {
        Ok(signed_in) => Ok((cookie::of_staff(base, slug, &signed_in), go_to(&visitor, "")).into_response()),
        Err(problem) if problem.code() == "sign_in_failed" => {
            observe::refused(problem.code());
            sign_in_page(&visitor, held.as_ref(), Why::Failed, email).await
        }
        Err(problem) if problem.code() == "too_many_requests" => {
            observe::refused(problem.code());
            sign_in_page(&visitor, held.as_ref(), Why::TooMany(problem), email).await
        }
        Err(problem) => Err(problem),
    }
}

#[derive(Template)]
#[template(path = "workspace/forgot.html")]
struct ForgotPage {
    shell: Shell,
    base: String,
    /// The address that was asked for.
    asked: Option<String>,
}

pub(super) async fn forgot(visitor: Visitor) -> Response {
    show(StatusCode::OK, &forgot_page(&visitor, None))
}

/// Whatever the address, the answer is the same (P2).
pub(super) async fn ask(visitor: Visitor, form: Form) -> Result<Response, Problem> {
    let email = form.field("email")?;
    visitor.app.portal.ask_for_staff_reset(&visitor.context, email).await?;
    Ok(show(StatusCode::OK, &forgot_page(&visitor, Some(email.to_owned()))))
}

fn forgot_page(visitor: &Visitor, asked: Option<String>) -> ForgotPage {
    ForgotPage { shell: Shell::of(visitor), base: path(visitor, ""), asked }
}
