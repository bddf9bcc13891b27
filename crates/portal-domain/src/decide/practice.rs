//! The practice itself, its settings, its clients and its API keys.

use std::time::Duration;

use sha2::{Digest, Sha256};

use super::{Moment, note, outcome::Decided};
use crate::{
    Door, Refusal,
    change::{Aggregate, Change, Decision, Expect, Reliance},
    event::{Event, Subject},
    id::{PracticeId, Ref, Slug},
    practice::{ApiKey, Client, OutOfBounds, Practice, Scope, Settings, check_name},
};

/// How long a practice is kept after its deletion was ordered.
pub const KEPT_BEFORE_DELETION: Duration = Duration::from_secs(30 * 24 * 3600);

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
    let id = moment.ids.next(moment.now);
    new_practice(id, slug, name, moment)
}

/// A practice with the default settings.
pub(super) fn new_practice(
    id: PracticeId,
    slug: &Slug,
    name: &str,
    moment: &mut Moment,
) -> Result<Decided<Practice>, Refusal> {
    check_name(name)?;
    let practice = Practice {
        id,
        slug: slug.clone(),
        name: name.to_owned(),
        settings: Settings::default(),
        suspended_at: None,
        delete_after: None,
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

/// Creates a practice under an id that was drawn for it, or renames the one that is there. The outcome is the practice, and
/// whether anything changed.
pub fn put_practice(
    before: Option<&Practice>,
    (id, slug): (PracticeId, &Slug),
    name: &str,
    moment: &mut Moment,
) -> Result<Decided<(Practice, bool)>, Refusal> {
    let Some(before) = before else {
        let Decided { decision, outcome } = new_practice(id, slug, name, moment)?;
        return Ok(Decided { decision, outcome: (outcome, true) });
    };
    check_name(name)?;
    let after = Practice { name: name.to_owned(), ..before.clone() };
    Ok(replace_practice(before, after, "practice.renamed", moment))
}

/// Suspends a practice, or resumes it, which also takes back that it is to be deleted. The outcome is the practice, and whether
/// anything changed.
///
/// While it is suspended both its doors are closed, and no mail goes out; its data stay, its host goes on reading and writing them.
pub fn suspend_practice(before: &Practice, suspended: bool, moment: &mut Moment) -> Decided<(Practice, bool)> {
    let (kind, after) = match suspended {
        true => {
            let suspended_at = before.suspended_at.or(Some(moment.now));
            ("practice.suspended", Practice { suspended_at, ..before.clone() })
        }
        false => ("practice.resumed", Practice { suspended_at: None, delete_after: None, ..before.clone() }),
    };
    replace_practice(before, after, kind, moment)
}

/// Orders that a suspended practice is deleted for good, [`KEPT_BEFORE_DELETION`] from now; ordered already, that stays. The
/// outcome is the practice, and whether anything changed.
pub fn order_deletion(before: &Practice, moment: &mut Moment) -> Result<Decided<(Practice, bool)>, Refusal> {
    if before.suspended_at.is_none() {
        return Err(Refusal::PracticeNotSuspended);
    }
    let delete_after = before.delete_after.or(Some(moment.now.after(KEPT_BEFORE_DELETION)));
    Ok(replace_practice(before, Practice { delete_after, ..before.clone() }, "practice.deletion_ordered", moment))
}

fn replace_practice(
    before: &Practice,
    after: Practice,
    kind: &'static str,
    moment: &mut Moment,
) -> Decided<(Practice, bool)> {
    if *before == after {
        return Decided { decision: Decision::default(), outcome: (after, false) };
    }
    let after = Practice { version: before.version + 1, ..after };
    let mut event = moment.event(kind, Subject::default());
    note(&mut event.facts, "name", &before.name, &after.name);
    if let Some(at) = after.delete_after.filter(|_| before.delete_after.is_none()) {
        event.facts.insert("delete_after".to_owned(), at.as_micros().to_string());
    }
    let expect = vec![guard(Aggregate::Practice(before.id), before.version)];
    let changes = vec![Change::PutPractice(after.clone())];
    Decided {
        decision: Decision { expect, changes, messages: Vec::new(), events: vec![event] },
        outcome: (after, true),
    }
}

/// Refuses whoever wants in while the practice is suspended; for all alike.
pub fn door_open(practice: &Practice, door: Door) -> Result<(), Refusal> {
    match practice.suspended_at {
        None => Ok(()),
        Some(_) => Err(Refusal::PracticeSuspended {
            door,
            practice: practice.name.clone(),
            contact_line: practice.settings.contact_line.clone(),
        }),
    }
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

/// Creates a client, and leaves one of this reference as it is: what adds never renames.
pub fn add_client(
    before: Option<&Client>,
    command: &PutClient,
    moment: &mut Moment,
) -> Result<Decided<(Client, bool)>, Refusal> {
    match before {
        None => put_client(None, command, moment),
        Some(_) => Err(Refusal::PreconditionFailed),
    }
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

/// Adds an API key; its secret is known to the caller alone. It relies on the practice: what is being deleted gets no key more.
pub fn create_api_key(practice: &Practice, key: ApiKey, moment: &mut Moment) -> Result<Decided<ApiKey>, Refusal> {
    check_name(&key.name)?;
    if key.scopes.is_empty() || key.scopes.contains(&Scope::Operator) {
        return Err(OutOfBounds::of_scopes().into());
    }
    let mut event = moment.event("api_key.created", Subject::default());
    event.facts.insert("api_key".to_owned(), key.id.to_string());
    event.facts.insert("name".to_owned(), key.name.clone());
    let what = Aggregate::Practice(practice.id);
    let expect = vec![Expect { what, version: practice.version, how: Reliance::LookedAt }];
    let changes = vec![Change::AddApiKey(key.clone())];
    Ok(Decided { decision: Decision { expect, changes, messages: Vec::new(), events: vec![event] }, outcome: key })
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
