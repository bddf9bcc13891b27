//! Sign-in, and the way to a new password.

use askama::Template;
use axum::{
    extract::RawQuery,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode},
    response::{IntoResponse, Response},
};
use portal_domain::{
    session::{ProfileId, SessionToken},
    usecase::SignInInput,
};

use super::{
    Shell, go_to,
    home::{carried, home_with},
    returning::{Lost, ReturnTo},
    show,
};
use crate::{
    api::user_agent,
    ask::Form,
    caller::{Held, Visitor},
    cookie, observe, present,
    problem::Problem,
};

/// Why the sign-in page is shown.
pub(super) enum Why {
    /// It was opened.
    Opened,
    /// A sign-in failed; for whatever reason, the words are the same (P2).
    Failed,
    /// There were too many tries from here (G2): why, in words, and for how many seconds.
    TooMany(Problem),
    /// A password was set by a link.
    PasswordSet,
}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage {
    shell: Shell,
    base: String,
    why: Why,
    address: String,
    /// Whose session this browser holds (L5).
    signed_in_as: Option<String>,
    next: Next,
}

/// Where to go on to after signing in.
pub(super) enum Next {
    /// Home.
    Home,
    /// Home, by an address that carries a profile.
    Profile(ProfileId),
    /// Back to the practice's own program.
    Back(ReturnTo),
}

impl Next {
    pub(super) fn of_profile(profile: Option<ProfileId>) -> Self {
        profile.map_or(Self::Home, Self::Profile)
    }

    fn of_query(visitor: &Visitor, query: Option<&str>) -> Result<Self, Lost> {
        let back = ReturnTo::of_query(visitor, query)?;
        let profile = || carried(query).as_deref().and_then(present::read_profile_id);
        Ok(back.map_or_else(|| Self::of_profile(profile()), Self::Back))
    }

    fn of_form(visitor: &Visitor, form: &Form) -> Result<Result<Self, Lost>, Problem> {
        let profile = form.optional("profile")?.and_then(present::read_profile_id);
        let back = ReturnTo::of_form(visitor, form)?;
        Ok(back.map(|back| back.map_or_else(|| Self::of_profile(profile), Self::Back)))
    }

    /// A page of ours that keeps a profile in mind.
    pub(super) fn path(&self, visitor: &Visitor, page: &str) -> String {
        match self.profile() {
            Some(profile) => visitor.path(&format!("{page}?profile={profile}")),
            None => visitor.path(page),
        }
    }

    const fn back(&self) -> Option<&ReturnTo> {
        match self {
            Self::Back(to) => Some(to),
            _ => None,
        }
    }

    /// Home, as far as one is signed in already.
    fn home(&self, base: &str) -> String {
        self.profile().map_or_else(|| base.to_owned(), |profile| format!("{base}?profile={profile}"))
    }

    fn profile(&self) -> Option<String> {
        match self {
            Self::Profile(profile) => Some(present::profile_id(*profile)),
            _ => None,
        }
    }

    async fn after_sign_in(&self, visitor: &Visitor, token: &SessionToken) -> Response {
        match self {
            Self::Home => go_to(visitor.path("")),
            Self::Profile(profile) => go_to(home_with(visitor, *profile)),
            Self::Back(to) => to.after_sign_in(visitor, token).await,
        }
    }
}

/// The sign-in page. It says whose session the browser holds, if any, and neither uses nor changes it.
pub(super) async fn sign_in_page(
    visitor: &Visitor,
    held: Option<&SessionToken>,
    why: Why,
    address: &str,
    next: Next,
) -> Result<Response, Problem> {
    let session = match held {
        Some(token) => visitor.app.portal.peek_session(&visitor.practice.id.into(), token).await?,
        None => None,
    };
    let status = match &why {
        Why::Failed => StatusCode::UNAUTHORIZED,
        Why::TooMany(problem) => problem.status(),
        Why::Opened | Why::PasswordSet => StatusCode::OK,
    };
    let wait = why.wait();
    let page = SignInPage {
        shell: visitor.shell(),
        base: visitor.path(""),
        why,
        address: address.to_owned(),
        signed_in_as: session.and_then(|view| present::signed_in_as(&view.login)),
        next,
    };
    let mut response = show(status, &page);
    response.headers_mut().extend(wait);
    if let Some(to) = page.next.back() {
        to.allow(&mut response);
    }
    Ok(response)
}

impl Why {
    const fn failed(&self) -> bool {
        matches!(self, Self::Failed)
    }

    const fn password_set(&self) -> bool {
        matches!(self, Self::PasswordSet)
    }

    /// How long to wait where there were too many tries, in seconds.
    fn too_many(&self) -> Option<u64> {
        match self {
            Self::TooMany(problem) => problem.retry_after(),
            _ => None,
        }
    }

    /// How long to wait, for programs.
    fn wait(&self) -> Option<(HeaderName, HeaderValue)> {
        match self {
            Self::TooMany(problem) => problem.wait(),
            _ => None,
        }
    }
}

pub(super) async fn page(visitor: Visitor, Held(held): Held, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    match Next::of_query(&visitor, query.as_deref()) {
        Ok(next) => sign_in_page(&visitor, held.as_ref(), Why::Opened, "", next).await,
        Err(lost) => Ok(lost.page(&visitor)),
    }
}

pub(super) async fn sign_in(
    visitor: Visitor,
    Held(held): Held,
    headers: HeaderMap,
    form: Form,
) -> Result<Response, Problem> {
    let (email, password) = (form.field("email")?, form.field("password")?);
    let next = match Next::of_form(&visitor, &form)? {
        Ok(next) => next,
        Err(lost) => return Ok(lost.page(&visitor)),
    };
    let (user_agent, presented) = (user_agent(&headers), held.clone());
    let (base, slug) = (&visitor.app.config.base_url, &visitor.practice.slug);
    let known = cookie::known(base, slug, &headers);
    let input = SignInInput { email, password, user_agent, presented, known: known.as_deref() };
    let signed_in = visitor.app.portal.sign_in(&visitor.context, &input).await;
    observe::sign_in("portal", "password", &signed_in);
    match signed_in.map_err(Problem::from) {
        Ok(signed_in) => {
            let onward = next.after_sign_in(&visitor, &signed_in.token).await;
            Ok((cookie::of_signed_in(base, slug, &signed_in), onward).into_response())
        }
        Err(problem) if problem.code() == "sign_in_failed" => {
            observe::refused(problem.code());
            sign_in_page(&visitor, held.as_ref(), Why::Failed, email, next).await
        }
        Err(problem) if problem.code() == "too_many_requests" => {
            observe::refused(problem.code());
            sign_in_page(&visitor, held.as_ref(), Why::TooMany(problem), email, next).await
        }
        Err(problem) => Err(problem),
    }
}

#[derive(Template)]
#[template(path = "forgot.html")]
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
    visitor.app.portal.ask_for_reset(&visitor.context, email).await?;
    Ok(show(StatusCode::OK, &forgot_page(&visitor, Some(email.to_owned()))))
}

fn forgot_page(visitor: &Visitor, asked: Option<String>) -> ForgotPage {
    ForgotPage { shell: visitor.shell(), base: visitor.path(""), asked }
}
