//! Webhooks: where events are pushed to, and how each of them does.

use askama::Template;
use axum::{http::StatusCode, response::Response};
use portal_domain::{
    Refusal,
    decide::PutWebhook,
    id::Ref,
    practice::OutOfBounds,
    usecase::{Error, WebhookAnswer, WebhookView},
    webhook::EndReason,
};

use super::{
    Member, Place, Shell, go_to,
    keys::SecretPage,
    refused::{self, Told},
    show,
    words::{Sentence, Tone, moment, name, say},
};
use crate::{ask::Form, problem::Problem};

/// A webhook of the list.
struct Row {
    host: String,
    path: String,
    description: String,
    state: State,
}

/// How a webhook does.
pub(super) struct State {
    pub(super) label: &'static str,
    pub(super) tone: &'static str,
    pub(super) said: String,
}

pub(super) fn state(webhook: &WebhookView) -> State {
    let again = webhook.next_attempt_at.map(moment);
    let again = again.map_or_else(String::new, |at| format!(" It is tried again on {at}."));
    let (label, tone, said) = match (webhook.enabled, webhook.ended, webhook.failing_since) {
        (false, Some(ended), _) => {
            let why = match ended.why {
                EndReason::Gone => "the receiver said that it wants no more events",
                EndReason::Failing => "one event could not be delivered for three days",
            };
            ("Switched off", Tone::Bad, format!("Since {}: {why}.", moment(ended.at)))
        }
        (false, None, _) => ("Paused", Tone::Off, "Events wait until you resume it.".to_owned()),
        (true, _, Some(since)) => {
            ("Does not arrive", Tone::Bad, format!("An event could not be delivered since {}.{again}", moment(since)))
        }
        (true, _, None) => {
            ("Works", Tone::Good, "All events until now were delivered, or are on their way.".to_owned())
        }
    };
    State { label, tone: tone.class(), said }
}

/// What was typed of a webhook.
#[derive(Clone, Default)]
pub(super) struct Typed {
    pub(super) url: String,
    pub(super) description: String,
    /// Kinds of events, one on each line.
    pub(super) events: String,
}

impl Typed {
    pub(super) fn read(form: &Form) -> Result<Self, Problem> {
        Ok(Self {
            url: form.field("url")?.trim().to_owned(),
            description: form.optional("description")?.unwrap_or_default().trim().to_owned(),
            events: form.optional("events")?.unwrap_or_default().replace("\r\n", "\n").trim().to_owned(),
        })
    }

    pub(super) fn of(webhook: &WebhookView) -> Self {
        let (url, description) = (webhook.url.clone(), webhook.description.clone());
        Self { url, description, events: webhook.kinds.join("\n") }
    }

    pub(super) fn kinds(&self) -> Vec<String> {
        self.events.split_whitespace().map(str::to_owned).collect()
    }

    pub(super) fn command(&self, reference: Ref) -> PutWebhook {
        PutWebhook {
            reference,
            url: Some(self.url.clone()),
            description: Some(self.description.clone()),
            kinds: Some(self.kinds()),
            enabled: None,
            rotate_secret: false,
        }
    }
}

pub(super) type Fault = Option<(&'static str, Told)>;

#[derive(Template)]
#[template(path = "desk/webhooks.html")]
struct ListPage {
    shell: Shell,
    rows: Vec<Row>,
    made: String,
    typed: Typed,
    fault: Fault,
}

impl ListPage {
    fn at(&self, field: &str) -> bool {
        self.fault.as_ref().is_some_and(|(own, _)| *own == field)
    }
}

/// The host of an address: the rest may hold a token.
pub(super) fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?']).next().unwrap_or_default()
}

async fn list(member: &Member, typed: Typed) -> Result<ListPage, Problem> {
    let all = member.app.portal.webhook_list(&member.context).await?;
    let row = |webhook: &WebhookView| Row {
        host: host(&webhook.url).to_owned(),
        path: member.webhook_path(&webhook.reference),
        description: webhook.description.clone(),
        state: state(webhook),
    };
    Ok(ListPage {
        shell: member.shell(Place::Webhooks),
        rows: all.iter().map(row).collect(),
        made: member.fresh_name(),
        typed,
        fault: None,
    })
}

pub(super) async fn page(member: Member) -> Result<Response, Problem> {
    Ok(show(StatusCode::OK, &list(&member, Typed::default()).await?))
}

pub(super) async fn add(member: Member, form: Form) -> Result<Response, Problem> {
    let (typed, made) = (Typed::read(&form)?, form.field("made")?);
    let reference = Ref::parse(made).ok_or_else(|| Problem::invalid_field("made", "the form is not whole"))?;
    let refusal = match put(&member, made, typed.command(reference.clone())).await? {
        Ok(answer) => {
            return Ok(match answer.secret {
                Some(secret) => secret_page(&member, &answer.webhook, secret),
                None => go_to(member.webhook_path(&reference)),
            });
        }
        Err(refusal) => refusal,
    };
    let fault = told(&refusal, &typed);
    let page = ListPage { fault: Some(fault), ..list(&member, typed).await? };
    Ok(show(StatusCode::UNPROCESSABLE_ENTITY, &page))
}

/// Adds a webhook, once for each form; one that is there stays as it is.
async fn put(member: &Member, made: &str, command: PutWebhook) -> Result<Result<WebhookAnswer, Refusal>, Problem> {
    let there = match member.app.portal.webhook(&member.context, &command.reference).await {
        Ok(there) => Some(Typed::of(&there).command(command.reference.clone())),
        Err(Error::Refused(Refusal::NotFound { .. })) => None,
        Err(error) => return Err(error.into()),
    };
    if there.is_some_and(|there| there != command) {
        return Ok(Err(Refusal::IdempotencyKeyReused));
    }
    let context = member.once_with(made, "add a webhook", &[&format!("{command:?}")]);
    match member.app.portal.put_webhook(&context, &command).await {
        Ok(answer) => Ok(Ok(answer)),
        Err(Error::Refused(refusal)) => Ok(Err(refusal)),
        Err(error) => Err(error.into()),
    }
}

/// The one page that shows a webhook's secret.
pub(super) fn secret_page(member: &Member, webhook: &WebhookView, secret: String) -> Response {
    let page = SecretPage {
        shell: member.shell(Place::Webhooks),
        title: "The secret of the webhook",
        name: host(&webhook.url).to_owned(),
        said: "With it the receiver sees that an event comes from here and was not changed on the way.",
        secret,
        next: member.webhook_path(&webhook.reference),
    };
    show(StatusCode::CREATED, &page)
}

/// Why a webhook can't be so, and at which field.
pub(super) fn told(refusal: &Refusal, typed: &Typed) -> (&'static str, Told) {
    let next = "Correct it, and try again.";
    match refusal {
        Refusal::OutOfBounds(OutOfBounds { field, .. }) if field == "url" => {
            let what = say("This address can’t be used as it is.");
            (
                "url",
                Told { what, next: "Type the whole of it, beginning with https:// and without anything behind a #." },
            )
        }
        Refusal::OutOfBounds(OutOfBounds { field, bounds }) => {
            let (field, label) = match &**field {
                "description" => ("description", say("What it is for")),
                _ => ("events", kind_at(field, typed)),
            };
            (field, Told { what: label.say(format!(" must be {}.", bounds.replace('`', ""))), next })
        }
        Refusal::TooManyWebhooks { most } => {
            let what = say(format!("There are {most} webhooks, and there can’t be more."));
            ("url", Told { what, next: "Delete one first." })
        }
        Refusal::IdempotencyKeyReused => {
            let what = say("This form was sent before, and added another webhook.");
            ("url", Told { what, next: "To add this one too, press Add." })
        }
        other => ("url", refused::told(other)),
    }
}

/// The kind of event at fault, as it was typed.
fn kind_at(field: &str, typed: &Typed) -> Sentence {
    let index = field.strip_prefix("events[").and_then(|rest| rest.strip_suffix(']')?.parse::<usize>().ok());
    let kind = index.and_then(|index| typed.kinds().into_iter().nth(index));
    kind.map_or_else(|| say("Which events it gets"), name)
}
