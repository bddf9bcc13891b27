//! The way back to the practice's own program: after sign-in, and the choice of a profile, the browser goes on to an address
//! that the settings hold under a name. No request ever says an address.

use askama::Template;
use axum::{
    extract::RawQuery,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use portal_domain::{
    practice::ReturnAddress,
    session::{ProfileId, SessionToken},
    sign_in_code::HostState,
    usecase::{Onward, SessionView},
};

use super::{
    Shell, go_to,
    home::{Choice, choices},
    show,
};
use crate::{
    ask::Form,
    caller::{Held, Visitor},
    guard, present,
    problem::Problem,
};

/// Where to go on to: a name that the practice has registered, and what the host handed in.
pub(super) struct ReturnTo {
    place: ReturnAddress,
    state: HostState,
}

/// Why there is no way back.
pub(super) enum Lost {
    /// The name is unknown.
    Unknown,
    /// The request is not of the form that a host sends.
    Malformed,
}

impl Lost {
    /// In words, and without any redirect.
    pub(super) fn page(self, visitor: &Visitor) -> Response {
        let status = match self {
            Self::Unknown => StatusCode::NOT_FOUND,
            Self::Malformed => StatusCode::BAD_REQUEST,
        };
        show(status, &LostPage { shell: visitor.shell(), base: visitor.path("") })
    }
}

impl ReturnTo {
    /// As it stands in a query; nothing where no name is given. Other parameters mean nothing.
    pub(super) fn of_query(visitor: &Visitor, query: Option<&str>) -> Result<Option<Self>, Lost> {
        let (mut name, mut state) = (None, None);
        for (key, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            let place = match &*key {
                "return" => &mut name,
                "state" => &mut state,
                _ => continue,
            };
            if place.replace(value.into_owned()).is_some() {
                return Err(Lost::Malformed);
            }
        }
        Self::read(visitor, name.as_deref(), state.as_deref())
    }

    /// As it stands in the hidden fields of a form.
    pub(super) fn of_form(visitor: &Visitor, form: &Form) -> Result<Result<Option<Self>, Lost>, Problem> {
        Ok(Self::read(visitor, form.optional("return")?, form.optional("state")?))
    }

    fn read(visitor: &Visitor, name: Option<&str>, state: Option<&str>) -> Result<Option<Self>, Lost> {
        let Some(name) = name else { return Ok(None) };
        let state = HostState::parse(state.unwrap_or_default()).ok_or(Lost::Malformed)?;
        let place = visitor.practice.settings.return_address(name).ok_or(Lost::Unknown)?.clone();
        Ok(Some(Self { place, state }))
    }

    /// Its name.
    pub(super) fn name(&self) -> &str {
        &self.place.name
    }

    /// What the host handed in.
    pub(super) fn state(&self) -> &str {
        self.state.as_str()
    }

    /// The host that it leads to, as people read it.
    pub(super) fn host(&self) -> &str {
        self.place.origin().split_once("://").map_or("", |(_, host)| host)
    }

    /// Lets the forms of a page lead there.
    pub(super) fn allow(&self, response: &mut Response) {
        if let Some(csp) = guard::csp_leading_to(self.place.origin()) {
            response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, csp);
        }
    }

    /// A page of ours that keeps it in mind.
    fn path(&self, visitor: &Visitor, page: &str) -> String {
        let fields = [("return", self.name()), ("state", self.state())];
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        visitor.path(&format!("{page}?{query}"))
    }

    /// On to the host with a code, or to the page where a profile is chosen. Whatever keeps a code from being made, that page
    /// says so: the sign-in itself has succeeded.
    pub(super) async fn after_sign_in(&self, visitor: &Visitor, token: &SessionToken) -> Response {
        match self.onward(visitor, token, None).await {
            Ok(Onward::To(address)) => leave(address),
            _ => go_to(self.path(visitor, "return")),
        }
    }

    async fn onward(
        &self,
        visitor: &Visitor,
        token: &SessionToken,
        profile: Option<ProfileId>,
    ) -> Result<Onward, Problem> {
        let onward = visitor.app.portal.go_back(&visitor.context, token, (self.name(), &self.state), profile).await;
        Ok(onward?)
    }

    fn page(self, visitor: Visitor, view: &SessionView) -> Response {
        let visitor = visitor.speaking(present::locale(&view.login));
        let page = ReturnPage {
            shell: visitor.shell(),
            base: visitor.path(""),
            signed_in_as: present::signed_in_as(&view.login).unwrap_or_default(),
            profiles: choices(view),
            to: self,
        };
        let mut response = show(StatusCode::OK, &page);
        page.to.allow(&mut response);
        response
    }
}

/// Away from here, to an address of the settings.
fn leave(address: String) -> Response {
    match HeaderValue::try_from(address) {
        Ok(place) => (StatusCode::SEE_OTHER, [(header::LOCATION, place)]).into_response(),
        Err(error) => crate::broken(&error),
    }
}

#[derive(Template)]
#[template(path = "return.html")]
struct ReturnPage {
    shell: Shell,
    base: String,
    signed_in_as: String,
    profiles: Vec<Choice>,
    to: ReturnTo,
}

#[derive(Template)]
#[template(path = "return_lost.html")]
struct LostPage {
    shell: Shell,
    base: String,
}

/// Asks as whom to go on. Looking makes no code.
pub(super) async fn page(visitor: Visitor, Held(held): Held, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    let to = match ReturnTo::of_query(&visitor, query.as_deref()) {
        Ok(Some(to)) => to,
        Ok(None) => return Ok(go_to(visitor.path(""))),
        Err(lost) => return Ok(lost.page(&visitor)),
    };
    Ok(match visitor.signed_in(held.as_ref()).await? {
        Some(view) => to.page(visitor, &view),
        None => go_to(to.path(&visitor, "sign-in")),
    })
}

/// Goes on to the host, as the profile that was chosen or the only one there is.
pub(super) async fn go_back(visitor: Visitor, Held(held): Held, form: Form) -> Result<Response, Problem> {
    let to = match ReturnTo::of_form(&visitor, &form)? {
        Ok(Some(to)) => to,
        Ok(None) => return Ok(go_to(visitor.path(""))),
        Err(lost) => return Ok(lost.page(&visitor)),
    };
    let view = visitor.signed_in(held.as_ref()).await?;
    let (Some(token), Some(view)) = (held, view) else { return Ok(go_to(to.path(&visitor, "sign-in"))) };
    let profile = match form.optional("profile")? {
        Some(text) => Some(present::read_profile_id(text).ok_or_else(|| Problem::not_found("profile"))?),
        None => None,
    };
    Ok(match to.onward(&visitor, &token, profile).await? {
        Onward::To(address) => leave(address),
        Onward::Choose | Onward::NoProfile => to.page(visitor, &view),
    })
}
