//! Where one is after signing in: who one is, what one looks at, and where from there.

use std::time::Duration;

use askama::Template;
use axum::{
    extract::RawQuery,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use portal_domain::{
    decide,
    event::Caller,
    id::SessionId,
    practice::Place,
    session::{PortalSession, ProfileId},
    time::Timestamp,
    usecase::{CallContext, SessionView},
};

use super::{Shell, go_to, show, sign_in::Next};
use crate::{
    ask::Form,
    browser::Browser,
    caller::{Held, Visitor},
    cookie, present,
    problem::Problem,
    words::{Arg, Markup},
};

/// So many of one's other sessions are listed.
const LISTED: usize = 20;

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage {
    shell: Shell,
    base: String,
    signed_in_as: String,
    profiles: Vec<Choice>,
    /// What the address that was opened is about, where that is not what one looks at.
    linked: Option<Linked>,
    places: Vec<Place>,
    sessions: Vec<Seat>,
    /// So many more there are.
    unlisted: u64,
}

/// A profile to choose.
#[derive(Clone)]
pub(super) struct Choice {
    pub(super) id: String,
    pub(super) contact: String,
    pub(super) client: String,
    pub(super) chosen: bool,
}

/// The profile that an address carries.
enum Linked {
    /// One's own, and another than the chosen one.
    Own(Choice),
    /// Nothing that one can look at. Whether there is such a thing is nobody's business.
    Unknown,
}

/// A session, as its owner knows it.
struct Seat {
    id: String,
    browser: Browser,
    origin: Option<String>,
    /// When it began, and for how long that is past.
    began: (String, Past),
    /// For so long it was not used.
    unused: Past,
    current: bool,
}

/// How long ago something was, as people say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Past {
    /// Less than a minute.
    Now,
    /// So many minutes.
    Minutes(u64),
    /// So many hours.
    Hours(u64),
    /// So many days.
    Days(u64),
}

impl Past {
    fn told(self, shell: &Shell) -> Markup {
        match self {
            Self::Now => shell.label("past-now"),
            Self::Minutes(count) => shell.with("past-minutes", "count", shell.number(count)),
            Self::Hours(count) => shell.with("past-hours", "count", shell.number(count)),
            Self::Days(count) => shell.with("past-days", "count", shell.number(count)),
        }
    }

    fn of(span: Duration) -> Self {
        match span.as_secs() / 60 {
            0 => Self::Now,
            minutes @ 1..60 => Self::Minutes(minutes),
            minutes @ 60..1440 => Self::Hours(minutes / 60),
            minutes => Self::Days(minutes / 1440),
        }
    }
}

impl Seat {
    fn of(session: &PortalSession, own: SessionId, now: Timestamp) -> Self {
        Self {
            id: session.id.to_string(),
            browser: Browser::read(session.user_agent.as_deref()),
            origin: session.origin.clone(),
            began: (present::time(session.created_at), Past::of(now.since(session.created_at))),
            unused: Past::of(now.since(session.last_seen_at)),
            current: session.id == own,
        }
    }

    /// The browser, in words.
    fn named(&self, shell: &Shell) -> Markup {
        match (self.browser.name, self.browser.system) {
            (Some(name), Some(system)) => {
                shell.with_both("browser-on", "browser", shell.text(name), "system", shell.text(system))
            }
            (Some(name), None) => Markup::of(name),
            (None, Some(system)) => shell.with("browser-unknown-on", "system", shell.text(system)),
            (None, None) => shell.label("browser-unknown"),
        }
    }

    /// Since when, and where from.
    fn began(&self, shell: &Shell) -> Markup {
        let (exact, past) = &self.began;
        let when = Arg::time(exact, &past.told(shell));
        match &self.origin {
            Some(origin) => shell.with_both("session-began-from", "when", when, "origin", shell.text(origin)),
            None => shell.with("session-began", "when", when),
        }
    }

    /// When it was used last.
    fn unused(&self, shell: &Shell) -> Markup {
        shell.with("session-unused", "when", shell.text(self.unused.told(shell)))
    }
}

/// One's sessions, this one first and then those used last; and how many more there are.
fn seats(mut open: Vec<PortalSession>, own: SessionId, now: Timestamp) -> (Vec<Seat>, u64) {
    open.sort_by_key(|session| (session.id != own, std::cmp::Reverse(session.last_seen_at), session.id));
    let unlisted = open.len().saturating_sub(LISTED + 1).try_into().unwrap_or(u64::MAX);
    let listed = open.iter().take(LISTED + 1);
    (listed.map(|session| Seat::of(session, own, now)).collect(), unlisted)
}

pub(super) fn choices(view: &SessionView) -> Vec<Choice> {
    let chosen = decide::chosen_profile(&view.session, &view.login);
    let profiles = view.login.profiles();
    let choice = |profile: &portal_domain::facts::Profile<'_>| Choice {
        id: present::profile_id(profile.id()),
        contact: profile.contact.name.clone(),
        client: profile.client.name.clone(),
        chosen: chosen == Some(profile.id()),
    };
    profiles.iter().map(choice).collect()
}

/// The profile in a query, as text: what it is worth is seen by whom it is shown to.
pub(super) fn carried(query: Option<&str>) -> Option<String> {
    let mut pairs = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    pairs.find(|(name, _)| name == "profile").map(|(_, value)| value.into_owned())
}

fn linked(carried: Option<&str>, profiles: &[Choice]) -> Option<Linked> {
    let carried = carried?;
    match profiles.iter().find(|profile| profile.id == carried) {
        Some(profile) if profile.chosen => None,
        Some(profile) => Some(Linked::Own(profile.clone())),
        None => Some(Linked::Unknown),
    }
}

/// Without the slash at its end.
pub(super) async fn short(visitor: Visitor) -> Response {
    go_to(visitor.path(""))
}

/// Looking changes nothing: a profile that the address carries is chosen by a button.
pub(super) async fn page(visitor: Visitor, Held(held): Held, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    let carried = carried(query.as_deref());
    let view = visitor.signed_in(held.as_ref()).await?;
    let (Some(token), Some(view)) = (held, view) else {
        let profile = carried.as_deref().and_then(present::read_profile_id);
        return Ok(go_to(Next::of_profile(profile).path(&visitor, "sign-in")));
    };
    let visitor = visitor.speaking(present::locale(&view.login));
    let open = visitor.app.portal.own_sessions(&visitor.context, &token).await?;
    let (sessions, unlisted) = seats(open, view.session.id, visitor.app.portal.now());
    let profiles = choices(&view);
    let page = HomePage {
        shell: visitor.shell(),
        base: visitor.path(""),
        signed_in_as: present::signed_in_as(&view.login).unwrap_or_default(),
        linked: linked(carried.as_deref(), &profiles),
        profiles,
        places: visitor.practice.settings.places.clone(),
        sessions,
        unlisted,
    };
    Ok(show(StatusCode::OK, &page))
}

/// The context of what a session does.
pub(super) fn own_context(visitor: &Visitor, view: &SessionView) -> CallContext {
    CallContext { caller: Caller::Login(view.session.login), ..visitor.context.clone() }
}

/// The home page with a profile in its address.
pub(super) fn home_with(visitor: &Visitor, profile: ProfileId) -> String {
    visitor.path(&format!("?profile={}", present::profile_id(profile)))
}

pub(super) async fn choose(visitor: Visitor, Held(held): Held, form: Form) -> Result<Response, Problem> {
    let view = visitor.signed_in(held.as_ref()).await?;
    let (Some(token), Some(view)) = (held, view) else { return Ok(go_to(visitor.path("sign-in"))) };
    let unknown = || Problem::not_found("profile");
    let profile = present::read_profile_id(form.field("profile")?).ok_or_else(unknown)?;
    visitor.app.portal.select_profile(&own_context(&visitor, &view), &token, profile).await?;
    Ok(go_to(visitor.path("")))
}

/// Ends one of one's own sessions, or, where none is named, all but this one.
pub(super) async fn end_sessions(visitor: Visitor, Held(held): Held, form: Form) -> Result<Response, Problem> {
    let view = visitor.signed_in(held.as_ref()).await?;
    let (Some(token), Some(view)) = (held, view) else { return Ok(go_to(visitor.path("sign-in"))) };
    let back = || Ok(go_to(visitor.path("#sessions")));
    let target = match form.optional("session")?.map(SessionId::parse) {
        Some(None) => return back(),
        target => target.flatten(),
    };
    let ended = visitor.app.portal.end_own_sessions(&own_context(&visitor, &view), &token, target).await;
    match ended.map_err(Problem::from) {
        // One that is none, or ended by itself in the meantime, is not in the list, as was wished.
        Err(problem) if problem.code() != "not_found" => Err(problem),
        _ => back(),
    }
}

pub(super) async fn sign_out(visitor: Visitor, Held(held): Held) -> Result<Response, Problem> {
    let Some(token) = held else { return Ok(go_to(visitor.path("sign-in"))) };
    if let Some(view) = visitor.signed_in(Some(&token)).await? {
        visitor.app.portal.sign_out(&own_context(&visitor, &view), &token).await?;
    }
    // The browser is rid of it whatever it was worth: by another instance's clock it may be valid yet.
    let cookie = cookie::taken(&visitor.app.config.base_url, &visitor.practice.slug);
    Ok(([(header::SET_COOKIE, cookie)], go_to(visitor.path("sign-in"))).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_past_is_told_in_whole_units() {
        for (seconds, past) in [
            (0, Past::Now),
            (59, Past::Now),
            (60, Past::Minutes(1)),
            (3599, Past::Minutes(59)),
            (3600, Past::Hours(1)),
            (86_399, Past::Hours(23)),
            (86_400, Past::Days(1)),
            (2_592_000, Past::Days(30)),
        ] {
            assert_eq!(Past::of(Duration::from_secs(seconds)), past, "{seconds}");
        }
    }
}
