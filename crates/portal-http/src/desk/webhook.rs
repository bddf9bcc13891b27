//! One webhook: what it gets, how it does, its secret, and every try of the last days to push to it.

use std::time::Duration;

use askama::Template;
use axum::{extract::RawQuery, http::StatusCode, response::Response};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use portal_domain::{
    Refusal,
    decide::PutWebhook,
    id::Ref,
    port::Page,
    usecase::{CallContext, Error, WebhookView},
    webhook::{TEST_EVENT, WebhookDelivery},
};

use super::{
    Member, Place, Shell, go_to,
    question::{self, Question},
    refused::Told,
    show,
    webhooks::{self, Fault, State, Typed, host},
    words::{Sentence, moment, say},
};
use crate::{
    ask::{self, Form},
    caller::Reference,
    problem::Problem,
};

/// So many tries stand on a page.
const SHOWN: u32 = 50;
/// So far back events can be pushed again: hours, and in words.
const SPANS: [(&str, u64, &str); 4] = [
    ("hour", 1, "the last hour"),
    ("day", 24, "the last day"),
    ("week", 168, "the last 7 days"),
    ("month", 720, "the last 30 days"),
];

#[derive(Template)]
#[template(path = "desk/webhook.html")]
struct WebhookPage {
    shell: Shell,
    base: String,
    host: String,
    webhook: WebhookView,
    state: State,
    former_until: Option<String>,
    since: String,
    was: String,
    call: String,
    typed: Typed,
    spans: [(&'static str, u64, &'static str); 4],
    fault: Fault,
}

impl WebhookPage {
    fn at(&self, field: &str) -> bool {
        self.fault.as_ref().is_some_and(|(own, _)| *own == field)
    }
}

/// A name for what is saved of a webhook, as far as its form shows it.
fn name_of(webhook: &WebhookView) -> String {
    let typed = Typed::of(webhook);
    question::shown(&[typed.url, typed.description, typed.events].join("\0"))
}

fn webhook_page(member: &Member, webhook: WebhookView, typed: Typed, fault: Fault) -> WebhookPage {
    WebhookPage {
        shell: member.shell(Place::Webhooks),
        base: member.webhook_path(&webhook.reference),
        host: host(&webhook.url).to_owned(),
        state: webhooks::state(&webhook),
        former_until: webhook.former_secret_until.map(moment),
        since: moment(webhook.created_at),
        was: name_of(&webhook),
        call: member.fresh_name(),
        typed,
        spans: SPANS,
        fault,
        webhook,
    }
}

pub(super) async fn one(member: Member, Reference(webhook): Reference) -> Result<Response, Problem> {
    let webhook = member.app.portal.webhook(&member.context, &webhook).await?;
    let typed = Typed::of(&webhook);
    Ok(show(StatusCode::OK, &webhook_page(&member, webhook, typed, None)))
}

pub(super) async fn change(member: Member, Reference(webhook): Reference, form: Form) -> Result<Response, Problem> {
    let webhook = member.app.portal.webhook(&member.context, &webhook).await?;
    let typed = Typed::read(&form)?;
    let command = typed.command(webhook.reference.clone());
    if command == Typed::of(&webhook).command(webhook.reference.clone()) {
        return Ok(go_to(member.webhook_path(&webhook.reference)));
    }
    if form.field("was")? != name_of(&webhook) {
        let next = "Below stands what you typed. Look it over, and save it.";
        let fault = Some(("url", Told { what: say("This webhook was changed meanwhile."), next }));
        return Ok(show(StatusCode::CONFLICT, &webhook_page(&member, webhook, typed, fault)));
    }
    match member.app.portal.put_webhook(&member.context, &command).await {
        Ok(_) => Ok(go_to(member.webhook_path(&webhook.reference))),
        Err(Error::Refused(refusal)) => {
            let fault = Some(webhooks::told(&refusal, &typed));
            Ok(show(StatusCode::UNPROCESSABLE_ENTITY, &webhook_page(&member, webhook, typed, fault)))
        }
        Err(error) => Err(error.into()),
    }
}

/// A command that leaves what is said of a webhook as it is.
fn only(reference: Ref) -> PutWebhook {
    PutWebhook { reference, url: None, description: None, kinds: None, enabled: None, rotate_secret: false }
}

async fn set_enabled(member: &Member, webhook: &Ref, enabled: bool) -> Result<Response, Problem> {
    // One that is not there must not be made by this.
    member.app.portal.webhook(&member.context, webhook).await?;
    let command = PutWebhook { enabled: Some(enabled), ..only(webhook.clone()) };
    member.app.portal.put_webhook(&member.context, &command).await?;
    Ok(go_to(member.webhook_path(webhook)))
}

pub(super) async fn pause(member: Member, Reference(webhook): Reference) -> Result<Response, Problem> {
    set_enabled(&member, &webhook, false).await
}

pub(super) async fn resume(member: Member, Reference(webhook): Reference) -> Result<Response, Problem> {
    set_enabled(&member, &webhook, true).await
}

pub(super) async fn test(member: Member, Reference(webhook): Reference, form: Form) -> Result<Response, Problem> {
    let known = member.app.portal.webhook(&member.context, &webhook).await?;
    let context = member.once(form.field("call")?, &format!("test webhook {webhook}"));
    match member.app.portal.test_webhook(&context, &webhook).await {
        Ok(_) => Ok(go_to(format!("{}/deliveries", member.webhook_path(&webhook)))),
        Err(Error::Refused(Refusal::WebhookDisabled)) => {
            let told = Told { what: say("Nothing is pushed to this webhook."), next: "Resume it first." };
            let typed = Typed::of(&known);
            Ok(show(StatusCode::CONFLICT, &webhook_page(&member, known, typed, Some(("state", told)))))
        }
        Err(error) => Err(error.into()),
    }
}

/// Pushes again what happened in a span of time.
pub(super) async fn recover(member: Member, Reference(webhook): Reference, form: Form) -> Result<Response, Problem> {
    let (span, call) = (form.field("span")?, form.field("call")?);
    let hours = SPANS.iter().find(|(code, ..)| *code == span).map(|(_, hours, _)| *hours);
    let hours = hours.ok_or_else(|| Problem::invalid_field("span", "there is no such span of time"))?;
    let since = member.app.portal.now().before(Duration::from_secs(hours * 3600));
    let context = member.once(call, &format!("recover webhook {webhook} {span}"));
    member.app.portal.recover_webhook(&context, &*member.app.views, &webhook, since).await?;
    Ok(go_to(format!("{}/deliveries", member.webhook_path(&webhook))))
}

async fn question(
    member: &Member,
    webhook: &Ref,
    (title, path, button): (&'static str, &'static str, &'static str),
    said: Vec<Sentence>,
) -> Result<Response, Problem> {
    let webhook = member.app.portal.webhook(&member.context, webhook).await?;
    let back = member.webhook_path(&webhook.reference);
    let question = Question {
        place: Place::Webhooks,
        title: say(title).name(host(&webhook.url)).say("?"),
        action: format!("{back}/{path}"),
        back,
        carried: vec![("call", member.fresh_name())],
        said,
        refused: None,
        changed: false,
        button,
    };
    Ok(question.ask(member))
}

pub(super) async fn foresee_secret(member: Member, Reference(webhook): Reference) -> Result<Response, Problem> {
    let said = vec![
        say("Events are signed with a new secret, which you see once, on the next page."),
        say("The present one signs beside it for another day, so that the receiver has time to change over."),
    ];
    question(&member, &webhook, ("Make a new secret for ", "secret", "Make a new secret"), said).await
}

pub(super) async fn secret(member: Member, Reference(webhook): Reference, form: Form) -> Result<Response, Problem> {
    member.app.portal.webhook(&member.context, &webhook).await?;
    let once = member.once(form.field("call")?, &format!("rotate webhook {webhook}"));
    let context = CallContext { request: once.request, ..member.context.clone() };
    let command = PutWebhook { rotate_secret: true, ..only(webhook.clone()) };
    let answer = member.app.portal.put_webhook(&context, &command).await?;
    match answer.secret {
        Some(secret) => Ok(webhooks::secret_page(&member, &answer.webhook, secret)),
        None => Ok(go_to(member.webhook_path(&webhook))),
    }
}

pub(super) async fn foresee_deletion(member: Member, Reference(webhook): Reference) -> Result<Response, Problem> {
    let said = vec![
        say("Nothing is pushed there any more, and what waits is never delivered."),
        say("Its secret and its log of deliveries are gone. It can’t be taken back."),
    ];
    question(&member, &webhook, ("Delete the webhook to ", "delete", "Delete"), said).await
}

pub(super) async fn delete(member: Member, Reference(webhook): Reference) -> Result<Response, Problem> {
    match member.app.portal.delete_webhook(&member.context, &webhook).await {
        // Deleted meanwhile, or the button was pressed twice: it is so already.
        Ok(()) | Err(Error::Refused(Refusal::NotFound { .. })) => Ok(go_to(member.path("webhooks"))),
        Err(error) => Err(error.into()),
    }
}

/// A try to push an event, in words.
struct Try {
    when: String,
    event: String,
    number: i64,
    received: bool,
    said: String,
}

#[derive(Template)]
#[template(path = "desk/deliveries.html")]
struct LogPage {
    shell: Shell,
    base: String,
    host: String,
    beginning: bool,
    tries: Vec<Try>,
    next: Option<String>,
}

fn tried(delivery: &WebhookDelivery) -> Try {
    let status = delivery.status.map_or_else(String::new, |status| format!(" (answer {status})"));
    let mut said = format!("{}{status}, after {} ms.", capital(&delivery.words), delivery.took_millis);
    if delivery.attempt > 1 {
        said += &format!(" It was try number {}.", delivery.attempt);
    }
    if let Some(at) = delivery.next_attempt_at {
        said += &format!(" It is tried again on {}.", moment(at));
    }
    Try {
        when: moment(delivery.at),
        event: if delivery.kind == TEST_EVENT { "Test".to_owned() } else { delivery.kind.clone() },
        number: delivery.number,
        received: delivery.received,
        said,
    }
}

fn capital(words: &str) -> String {
    let mut rest = words.chars();
    rest.next().map_or_else(String::new, |first| first.to_uppercase().chain(rest).collect())
}

/// The place in the log that the address asks for; what can't be read is not asked.
fn after(query: &str) -> Option<i64> {
    let (_, cursor) = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "cursor")?;
    String::from_utf8(URL_SAFE_NO_PAD.decode(&*cursor).ok()?).ok()?.parse().ok()
}

pub(super) async fn deliveries(
    member: Member,
    Reference(webhook): Reference,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let known = member.app.portal.webhook(&member.context, &webhook).await?;
    let page = Page { after: after(query.as_deref().unwrap_or_default()), limit: SHOWN + 1 };
    let mut tries = member.app.portal.webhook_deliveries(&member.context, &webhook, &page).await?;
    let more = tries.len() > SHOWN as usize;
    tries.truncate(SHOWN as usize);
    let base = member.webhook_path(&webhook);
    let last = tries.last().filter(|_| more).map(|last| ask::cursor(&last.place.to_string()));
    let page = LogPage {
        shell: member.shell(Place::Webhooks),
        host: host(&known.url).to_owned(),
        beginning: page.after.is_none(),
        tries: tries.iter().map(tried).collect(),
        next: last.map(|cursor| format!("{base}/deliveries?cursor={cursor}")),
        base,
    };
    Ok(show(StatusCode::OK, &page))
}
