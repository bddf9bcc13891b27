//! The practice itself, its settings, its clients and its API keys.

use sha2::{Digest, Sha256};

use super::{Moment, note, outcome::Decided};
use crate::{
    Refusal,
    change::{Aggregate, Change, Decision, Expect, Reliance},
    event::{Event, Subject},
    id::{Ref, Slug},
    practice::{ApiKey, Client, Practice, Settings, check_name},
};

/// Creates a practice with the default settings.
pub fn create_practice(
    taken: Option<&Practice>,
    slug: &Slug,
    name: &str,
    moment: &mut Moment,
) -> Result<Decided<Practice>, Refusal> {
    if taken.is_some() {
        return Err(Refusal::SlugTaken { slug: slug.as_str().to_owned() });
    }
    check_name(name)?;
    let practice = Practice {
        id: moment.ids.next(moment.now),
        slug: slug.clone(),
        name: name.to_owned(),
        settings: Settings::default(),
        created_at: moment.now,
        version: 1,
    };
    let mut event = moment.event("practice.created", Subject::default());
    event.facts.insert("slug".to_owned(), slug.as_str().to_owned());
    event.facts.insert("name".to_owned(), name.to_owned());
    let changes = vec![Change::PutPractice(practice.clone())];
    let decision = Decision { changes, events: vec![event], ..Decision::default() };
    Ok(Decided { decision, outcome: practice })
}

/// Replaces the settings; the same again changes nothing (A1). Nothing ends by a setting alone (C6).
pub fn put_settings(
    practice: &Practice,
    settings: &Settings,
    moment: &mut Moment,
) -> Result<Decided<(Settings, bool)>, Refusal> {
    settings.check()?;
    if practice.settings == *settings {
        return Ok(Decided { decision: Decision::default(), outcome: (settings.clone(), false) });
    }
    let mut event = moment.event("practice.settings_changed", Subject::default());
    note_settings(&mut event, &practice.settings, settings);
    let after = Practice { settings: settings.clone(), version: practice.version + 1, ..practice.clone() };
    let expect = vec![guard(Aggregate::Practice(practice.id), practice.version)];
    let changes = vec![Change::PutPractice(after)];
    let decision = Decision { expect, changes, messages: Vec::new(), events: vec![event] };
    Ok(Decided { decision, outcome: (settings.clone(), true) })
}

fn note_settings(event: &mut Event, before: &Settings, after: &Settings) {
    let fields = |settings: &Settings| {
        // A picture is told apart by its digest; whole, it would make up most of the journal.
        let logo = settings.logo.as_deref().map(picture_digest);
        match serde_json::to_value(Settings { logo, ..settings.clone() }) {
            Ok(serde_json::Value::Object(fields)) => fields,
            _ => serde_json::Map::new(),
        }
    };
    let after = fields(after);
    for (name, value) in fields(before) {
        let now = after.get(&name).map(ToString::to_string).unwrap_or_default();
        let about_people = matches!(name.as_str(), "mail_reply_to" | "contact_line" | "invitation_note" | "places");
        let values = if about_people { &mut event.personal } else { &mut event.facts };
        note(values, &name, &value.to_string(), &now);
    }
}

fn picture_digest(logo: &str) -> String {
    let digest = Sha256::digest(logo);
    let digits: Vec<_> = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{}", digits.concat())
}

/// The fields of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PutClient {
    /// The host's id.
    pub reference: Ref,
    /// Name in words.
    pub name: String,
}

/// Creates or renames a client. The outcome is the client, and whether anything changed.
pub fn put_client(
    before: Option<&Client>,
    command: &PutClient,
    moment: &mut Moment,
) -> Result<Decided<(Client, bool)>, Refusal> {
    check_name(&command.name)?;
    let client = Client {
        id: before.map_or_else(|| moment.ids.next(moment.now), |client| client.id),
        reference: command.reference.clone(),
        name: command.name.clone(),
        suspended: before.is_some_and(|client| client.suspended),
        created_at: before.map_or(moment.now, |client| client.created_at),
        version: before.map_or(0, |client| client.version),
    };
    let kind = if before.is_some() { "client.changed" } else { "client.created" };
    Ok(replace_client(before, client, kind, moment))
}

/// Suspends a client (A5), or resumes it: its profiles are hidden from, or shown to, all its contacts.
pub fn suspend_client(
    before: Option<&Client>,
    suspended: bool,
    moment: &mut Moment,
) -> Result<Decided<(Client, bool)>, Refusal> {
    let before = before.ok_or(Refusal::NotFound { what: "client" })?;
    let kind = if suspended { "client.suspended" } else { "client.resumed" };
    Ok(replace_client(Some(before), Client { suspended, ..before.clone() }, kind, moment))
}

fn replace_client(
    before: Option<&Client>,
    client: Client,
    kind: &'static str,
    moment: &mut Moment,
) -> Decided<(Client, bool)> {
    if before == Some(&client) {
        return Decided { decision: Decision::default(), outcome: (client, false) };
    }
    let client = Client { version: client.version + 1, ..client };
    let expect = before.map(|before| guard(Aggregate::Client(before.id), before.version)).into_iter().collect();
    let event = client_event(kind, before, Some(&client), moment);
    let changes = vec![Change::PutClient(client.clone())];
    let decision = Decision { expect, changes, messages: Vec::new(), events: vec![event] };
    Decided { decision, outcome: (client, true) }
}

/// Deletes a client: its profiles vanish, its contacts stay.
pub fn delete_client(client: Option<&Client>, moment: &mut Moment) -> Result<Decided<()>, Refusal> {
    let client = client.ok_or(Refusal::NotFound { what: "client" })?;
    let event = client_event("client.deleted", Some(client), None, moment);
    let expect = vec![guard(Aggregate::Client(client.id), client.version)];
    let changes = vec![Change::DeleteClient(client.id)];
    Ok(Decided { decision: Decision { expect, changes, messages: Vec::new(), events: vec![event] }, outcome: () })
}

fn client_event(kind: &'static str, before: Option<&Client>, after: Option<&Client>, moment: &mut Moment) -> Event {
    let mut event = moment.event(kind, Subject::default());
    let reference = before.or(after).map(|client| client.reference.as_str().to_owned());
    event.facts.extend(reference.map(|reference| ("client".to_owned(), reference)));
    let name = |client: Option<&Client>| client.map_or_else(String::new, |client| client.name.clone());
    note(&mut event.personal, "name", &name(before), &name(after));
    event
}

/// Adds an API key; its secret is known to the caller alone.
pub fn create_api_key(key: ApiKey, moment: &mut Moment) -> Result<Decided<ApiKey>, Refusal> {
    check_name(&key.name)?;
    let mut event = moment.event("api_key.created", Subject::default());
    event.facts.insert("api_key".to_owned(), key.id.to_string());
    event.facts.insert("name".to_owned(), key.name.clone());
    let changes = vec![Change::AddApiKey(key.clone())];
    Ok(Decided { decision: Decision { changes, events: vec![event], ..Decision::default() }, outcome: key })
}

/// Ends an API key; ended already, nothing changes. The outcome is whether anything changed.
pub fn revoke_api_key(key: Option<&ApiKey>, moment: &mut Moment) -> Result<Decided<bool>, Refusal> {
    let key = key.ok_or(Refusal::NotFound { what: "API key" })?;
    if key.revoked_at.is_some() {
        return Ok(Decided { decision: Decision::default(), outcome: false });
    }
    let mut event = moment.event("api_key.revoked", Subject::default());
    event.facts.insert("api_key".to_owned(), key.id.to_string());
    let changes = vec![Change::RevokeApiKey { key: key.id, at: moment.now }];
    Ok(Decided { decision: Decision { changes, events: vec![event], ..Decision::default() }, outcome: true })
}

const fn guard(what: Aggregate, version: i64) -> Expect {
    Expect { what, version, how: Reliance::Changed }
}
