//! The first start: whoever has the code that the program said sets up the first practice and its first admin.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use portal_domain::{
    Refusal,
    event::Caller,
    id::Slug,
    usecase::{CallContext, Error, Portal, SetUpInput},
};
use sha2::{Digest, Sha256};

use super::{Shell, go_to, sentence, show};
use crate::{
    Inner,
    ask::Form,
    caller::Origin,
    first_start::{Done, FirstStart},
    problem::Problem,
};

#[derive(Template)]
#[template(path = "set_up.html")]
struct SetUpPage<'a> {
    shell: Shell,
    /// Where the portal of a practice is.
    portals: String,
    typed: Typed<'a>,
    fault: Option<Fault>,
}

/// What is wrong, and with which field.
struct Fault {
    field: &'static str,
    text: String,
}

impl SetUpPage<'_> {
    fn at(&self, field: &str) -> bool {
        self.fault.as_ref().is_some_and(|fault| fault.field == field)
    }
}

/// What was typed.
#[derive(Clone, Copy, Default)]
struct Typed<'a> {
    code: &'a str,
    practice: &'a str,
    slug: &'a str,
    name: &'a str,
    email: &'a str,
}

impl<'a> Typed<'a> {
    fn read(form: &'a Form) -> Result<Self, Problem> {
        Ok(Self {
            code: form.field("code")?,
            practice: form.field("practice")?.trim(),
            slug: form.field("slug")?.trim(),
            name: form.field("name")?.trim(),
            email: form.field("email")?,
        })
    }

    fn digest(&self) -> [u8; 32] {
        let mut digest = Sha256::new();
        for part in [self.code, self.practice, self.slug, self.name, self.email] {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        }
        digest.finalize().into()
    }
}

fn nothing() -> Problem {
    Problem::not_found("page")
}

fn form_page(app: &Inner, typed: Typed<'_>, fault: Option<Fault>, status: StatusCode) -> Response {
    let portals = format!("{}/portal/", app.config.base_url.as_str());
    show(status, &SetUpPage { shell: Shell::bare(), portals, typed, fault })
}

/// Whether the first practice can be set up here: there is none, and there never was one as far as this program knows.
pub(super) async fn is_open(app: &Inner) -> Result<bool, Problem> {
    Ok(guarded(app).await?.is_some())
}

async fn guarded(app: &Inner) -> Result<Option<&FirstStart>, Problem> {
    let Some(first) = app.config.first_start.as_ref().filter(|first| !first.is_closed()) else { return Ok(None) };
    if app.portal.is_untouched(&*app.views).await? {
        return Ok(Some(first));
    }
    first.close();
    Ok(None)
}

pub(super) async fn page(State(app): State<Arc<Inner>>) -> Result<Response, Problem> {
    guarded(&app).await?.ok_or_else(nothing)?;
    Ok(form_page(&app, Typed::default(), None, StatusCode::OK))
}

pub(super) async fn set_up(
    State(app): State<Arc<Inner>>,
    Origin(origin): Origin,
    form: Form,
) -> Result<Response, Problem> {
    let first = app.config.first_start.as_ref().ok_or_else(nothing)?;
    let typed = Typed::read(&form)?;
    let (digest, now) = (typed.digest(), app.portal.now());
    // One at a time, so that a button pressed twice is told where the first press led.
    let mut turn = first.turn().await;
    if let Some(done) = &*turn {
        return done.again(&digest, now).map(go_to).ok_or_else(nothing);
    }
    guarded(&app).await?.ok_or_else(nothing)?;
    let refused = |typed, field, text: &str| {
        let fault = Fault { field, text: sentence(text) };
        Ok(form_page(&app, typed, Some(fault), StatusCode::UNPROCESSABLE_ENTITY))
    };
    if !first.is(typed.code) {
        // Whoever has the code waits for nobody who guesses.
        if let Err(until) = first.admit(origin.as_deref(), now) {
            return Ok(too_many(&app, typed, until.since(now).as_secs() + 1));
        }
        return refused(Typed { code: "", ..typed }, "code", "this is not the code that the program shows");
    }
    let Some(slug) = Slug::parse(typed.slug) else {
        return refused(typed, "slug", "the short name has 2 to 40 of the characters a-z, 0-9 and -");
    };
    let context = CallContext { origin, ..CallContext::new(Portal::nowhere(), Caller::Program) };
    let input = SetUpInput { slug: slug.clone(), name: typed.practice, user_name: typed.name, email: typed.email };
    match app.portal.set_up(&context, &*app.views, &input).await {
        Ok(token) => {
            first.close();
            let place = format!("/workspace/{slug}/link/{token}");
            *turn = Some(Done { typed: digest, at: now, place: place.clone() });
            Ok(go_to(place))
        }
        Err(Error::Refused(Refusal::InvalidEmail { fault, .. })) => {
            refused(typed, "email", &format!("this address is not usable: {fault}"))
        }
        Err(Error::Refused(Refusal::OutOfBounds(fault))) => match &*fault.field {
            "user_name" => refused(typed, "name", "please say who you are, in one line"),
            _ => refused(typed, "practice", "please say how the practice is called, in one line"),
        },
        Err(error) => Err(error.into()),
    }
}

fn too_many(app: &Inner, typed: Typed<'_>, seconds: u64) -> Response {
    let text = format!("Too many tries from here: please wait {seconds} seconds.");
    let fault = Fault { field: "code", text };
    let mut response = form_page(app, Typed { code: "", ..typed }, Some(fault), StatusCode::TOO_MANY_REQUESTS);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}
