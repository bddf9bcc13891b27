//! What can be seen of a practice at one moment, of the model and through the portal, in the same words.

use std::time::Duration;

use portal_domain::{
    facts::{ContactFacts, Holder, LoginFacts, LoginGlance, SessionFacts, UserQuery},
    port::Page,
    session::PortalSession,
    status::{PortalPart, portal_part},
    usecase::Error,
};

use super::{
    pool::{KEYS, Spelling},
    told::{Lines, line, names, sorted},
    world::{World, reference},
};
use crate::{
    build,
    model::{Access, Observation},
};

/// A whole list at once.
pub(super) const fn whole<K>() -> Page<K> {
    Page { after: None, limit: 200 }
}

/// What the model shows.
pub(super) fn of_model(seen: &Observation) -> Lines {
    let mut lines = Lines::new();
    for (user, view) in &seen.users {
        let role = if view.role == crate::model::Role::Admin { "admin" } else { "staff" };
        line(&mut lines, format!("user {user}"), format!("{} {} {role}", view.name, view.addr.stored));
    }
    for (client, suspended) in &seen.clients {
        line(&mut lines, format!("client {client}"), format!("suspended: {suspended}"));
    }
    for (contact, view) in &seen.contacts {
        let mut field = |name: &str, value: String| line(&mut lines, format!("contact {contact}, {name}"), value);
        field("name", view.name.clone());
        field("emails", view.emails.join(" "));
        field("clients", view.clients.join(" "));
        field("access", view.access.as_str().to_owned());
        field("status", view.status.as_str().to_owned());
        field("refusal", view.refusal.map_or(String::new(), |code| code.to_string()));
        field("password set", view.password_set.to_string());
        field("shared with", view.shared_with.join(" "));
    }
    for (no, link) in seen.links.iter().enumerate() {
        let value = format!("{} to {}, {}", link.purpose.as_str(), link.to, link.state.as_str());
        line(&mut lines, format!("link {no}"), value);
    }
    for (no, session) in seen.sessions.iter().enumerate() {
        let profiles: Vec<_> = session.profiles.iter().map(|(contact, client)| format!("{contact}/{client}")).collect();
        let selected =
            session.selected.as_ref().map_or(String::new(), |(contact, client)| format!("{contact}/{client}"));
        line(&mut lines, format!("session {no}"), session_text(session.valid, &profiles, &selected));
    }
    for key in KEYS {
        line(&mut lines, format!("key {key}"), holder_in_model(seen, key));
    }
    lines
}

fn session_text(valid: bool, profiles: &[String], selected: &str) -> String {
    if valid { format!("valid, sees [{}], looks at [{selected}]", profiles.join(" ")) } else { "over".to_owned() }
}

fn holder_in_model(seen: &Observation, key: &str) -> String {
    let staff = seen.users.iter().filter(|(_, user)| user.addr.key == key).map(|(user, _)| format!("staff {user}"));
    let first_key =
        |emails: &[String]| emails.first().and_then(|first| Spelling::stored_as(first)).map(|first| first.key);
    let behind = |access| access == Access::Granted;
    let contacts = seen.contacts.iter().filter(|(_, view)| behind(view.access) && first_key(&view.emails) == Some(key));
    let contacts = contacts.map(|(contact, _)| format!("contact {contact}"));
    sorted(staff.chain(contacts))
}

/// What the portal shows; what must never be seen is written down as a line that no model has.
pub(super) async fn of_portal(world: &mut World) -> Result<Lines, Error> {
    let mut lines = Lines::new();
    for user in world.views.users(world.id(), &whole()).await? {
        let value = format!("{} {} {}", user.name, user.email, user.role.code());
        line(&mut lines, format!("user {}", user.reference), value);
    }
    for client in world.views.clients(world.id(), &whole()).await? {
        line(&mut lines, format!("client {}", client.reference), format!("suspended: {}", client.suspended));
    }
    contacts(world, &mut lines).await?;
    for (no, token) in world.links.iter().enumerate() {
        let view = world.portal.view_link(&world.context, token).await?;
        let state = match view.state {
            portal_domain::link::LinkState::Usable => "usable",
            portal_domain::link::LinkState::Used => "used",
            portal_domain::link::LinkState::Dead => "dead",
            portal_domain::link::LinkState::Expired => "expired",
        };
        line(&mut lines, format!("link {no}"), format!("{} to {}, {state}", view.purpose.code(), view.address));
    }
    sessions(world, &mut lines).await?;
    keys(world, &mut lines).await?;
    Ok(lines)
}

async fn contacts(world: &mut World, lines: &mut Lines) -> Result<(), Error> {
    let practice = world.practice().await?;
    let refs = world.views.contacts(world.id(), &whole()).await?;
    for (contact, facts) in refs.iter().zip(world.portal.contacts(&world.context, &refs).await?) {
        let Some(part) = portal_part(&practice, &facts, world.now()) else {
            line(lines, format!("contact {contact}"), "is listed and not there");
            continue;
        };
        if let Some(state) = &facts.contact {
            world.people.entry(state.id).or_insert(0);
        }
        contact_lines(lines, contact.as_str(), &facts, &part);
    }
    Ok(())
}

fn contact_lines(lines: &mut Lines, contact: &str, facts: &ContactFacts, part: &PortalPart) {
    let Some(state) = &facts.contact else { return };
    let emails: Vec<_> = state.emails.iter().map(|email| email.as_str()).collect();
    let clients: Vec<_> = facts.clients.iter().map(|client| client.reference.as_str()).collect();
    let mut field = |name: &str, value: String| line(lines, format!("contact {contact}, {name}"), value);
    field("name", state.name.clone());
    field("emails", emails.join(" "));
    field("clients", clients.join(" "));
    field("access", part.access.code().to_owned());
    field("status", part.status.code().to_owned());
    field("refusal", part.refusal.clone().unwrap_or_default());
    field("password set", part.password_set.to_string());
    field("shared with", names(&part.shared_with));
}

async fn sessions(world: &World, lines: &mut Lines) -> Result<(), Error> {
    for (no, (token, _)) in world.sessions.iter().enumerate() {
        let text = match world.portal.peek_session(&world.id().into(), token).await? {
            None => session_text(false, &[], ""),
            Some(view) => open_session_text(&view.session, &view.login),
        };
        line(lines, format!("session {no}"), text);
    }
    Ok(())
}

fn open_session_text(session: &PortalSession, login: &LoginGlance) -> String {
    let profiles = login.profiles();
    let text = |profile: &portal_domain::facts::Profile<'_>| {
        format!("{}/{}", profile.contact.reference, profile.client.reference)
    };
    let looks_at = profiles.iter().find(|profile| Some(profile.id()) == session.profile);
    let all: Vec<_> = profiles.iter().map(text).collect();
    session_text(true, &all, &looks_at.map(text).unwrap_or_default())
}

/// The registry, by the two ways that ask it; and its law: the key of a live login is the first address of all behind it.
async fn keys(world: &World, lines: &mut Lines) -> Result<(), Error> {
    let nobody = reference("nobody");
    for key in KEYS {
        let asked = build::key(key);
        let query = UserQuery { user: nobody.clone(), key: Some(asked.clone()) };
        let holder = world.portal.store.user(world.id(), &query, world.now()).await?.holder;
        let login = world.portal.store.login(world.id(), &asked, world.now()).await?;
        let (text, held) = match &holder {
            None => (String::new(), None),
            Some(Holder::User(user)) => (format!("staff {}", user.reference), None),
            Some(Holder::Login(login)) => (members(login), Some(login)),
        };
        line(lines, format!("key {key}"), text);
        if held.map(members) != login.as_ref().map(members) {
            line(lines, format!("key {key}, at sign-in"), login.as_ref().map_or("nobody".to_owned(), members));
        }
        let first = |login: &LoginFacts| {
            let firsts =
                login.members.iter().map(|member| member.contact.emails.first().map(|email| email.key().clone()));
            login.login.key.as_ref() == Some(&asked) && firsts.into_iter().all(|first| first.as_ref() == Some(&asked))
        };
        if !login.as_ref().is_none_or(|login| first(login) && !login.members.is_empty()) {
            line(lines, format!("key {key}, law"), "broken: it is not the first address of everybody behind its login");
        }
    }
    Ok(())
}

fn members(login: &LoginFacts) -> String {
    sorted(login.members.iter().map(|member| format!("contact {}", member.contact.reference)))
}

/// The moments at which something of this practice ends by itself, sorted.
pub(super) async fn limits(world: &World) -> Result<Vec<i64>, Error> {
    let mut limits = Vec::new();
    let now = world.now();
    for token in &world.links {
        let Some(id) = world.portal.tokens.link_id(token) else { continue };
        let facts = world.portal.store.link(world.id(), id, now).await?;
        limits.extend(facts.map(|facts| facts.link.expires_at));
    }
    for (token, _) in &world.sessions {
        let facts: Option<SessionFacts> = world.portal.store.session(world.id(), &token.hash(), now).await?;
        limits.extend(facts.into_iter().flat_map(|facts| [facts.session.idle_until, facts.session.expires_at]));
    }
    // What is far away is of no use to a history of some hours.
    limits.retain(|limit| *limit > now && limit.since(now) < Duration::from_secs(9 * 24 * 3600));
    limits.sort();
    limits.dedup();
    Ok(limits.into_iter().map(portal_domain::time::Timestamp::as_micros).collect())
}
