//! Every mail as it looks with the practice's settings, and a test mail to oneself.

use askama::Template;
use axum::{
    extract::RawQuery,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use portal_domain::{Refusal, staff::StaffLinkKind, usecase::Error};
use portal_mail::{MailBody, Own, RenderedMail, Sample, Tongue, examples, render};

use super::{Member, Place, Shell, refused::Told, show, words::say};
use crate::{ask::Form, caller::PathName, problem::Problem};

/// A mail's own page may be coloured inside, and do nothing.
const MAIL_CSP: &str = "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'; sandbox";

/// A kind of mail in the list.
struct Row {
    title: &'static str,
    when: &'static str,
    path: String,
}

#[derive(Template)]
#[template(path = "desk/mails.html")]
struct ListPage {
    shell: Shell,
    to_clients: Vec<Row>,
    to_staff: Vec<Row>,
    address: String,
    call: String,
    /// Where a test mail went.
    sent: Option<String>,
    fault: Option<Told>,
}

#[derive(Template)]
#[template(path = "desk/mail.html")]
struct MailPage {
    shell: Shell,
    title: &'static str,
    when: &'static str,
    reply_to: Option<String>,
    html: String,
    languages: [Language; Tongue::ALL.len()],
    tongue: &'static str,
    mail: RenderedMail,
}

/// A language in which the mail can be shown.
struct Language {
    name: &'static str,
    path: String,
    shown: bool,
}

/// What a kind is called, and when it goes out; in the order in which people meet them.
const KINDS: [(&str, &str, &str); 15] = [
    ("activation", "Invitation", "When a contact gets access, or a new invitation is sent."),
    ("reminder", "Reminder", "When an invitation is about to expire, and no password was set. With the same link."),
    ("access_added", "Access to more", "When a contact gets access whose address has a password already."),
    ("reset", "New password", "When somebody asks for a new password on the sign-in page, or for a new link."),
    ("password_changed", "Password changed", "When a password was replaced by another."),
    (
        "login_moved_new",
        "New sign-in address",
        "To the new address, when the first address of a contact with a password changes.",
    ),
    ("login_moved_old", "No longer the sign-in address", "To the old address, at the same time."),
    (
        "login_moved_old_after_a_split",
        "No longer shared",
        "To the address that others keep, when one of several who share a sign-in gets an own one.",
    ),
    (
        "password_changed_after_a_move",
        "Password set at the new address",
        "To the old address, where a password is set at the new one within a week.",
    ),
    (
        "hint",
        "Hint",
        "To the sign-in address, once a day at most, when somebody tries another address of the contact’s.",
    ),
    ("portal_address", "Where the portal is", "When somebody asks for it who knows the address only."),
    ("staff_invitation", "Invitation to the workspace", "When you invite a practice user."),
    ("staff_reset", "New password for the workspace", "When a practice user asks for one, or for a new link."),
    ("staff_password_changed", "Password for the workspace changed", "When a practice user’s password was replaced."),
    ("test", "Test mail", "When you send one to yourself on this page."),
];

fn samples(member: &Member, tongue: Tongue) -> Vec<Sample> {
    let (base, practice) = (member.app.config.base_url.as_str(), &member.practice);
    let shown = portal_mail::Practice {
        name: practice.name.clone(),
        contact_line: practice.settings.contact_line.clone(),
        sign_in_url: format!("{base}/portal/{}/sign-in", practice.slug),
    };
    let workspace = format!("{base}/workspace/{}/sign-in", practice.slug);
    let (now, settings) = (member.app.portal.now(), &practice.settings);
    let works_until = |body: &MailBody| {
        let life = match body {
            MailBody::StaffInvitation { .. } => StaffLinkKind::Invitation.life(settings),
            MailBody::Activation { .. } | MailBody::Reminder { .. } => settings.activation_link_life(),
            _ => settings.reset_link_life(),
        };
        now.after(life)
    };
    examples(&Own {
        tongue,
        practice: &shown,
        workspace: &workspace,
        note: &settings.invitation_note,
        now,
        works_until: &works_until,
    })
}

/// The mail of a name, with its title and when it goes out.
fn found(member: &Member, name: &str, tongue: Tongue) -> Result<(&'static str, &'static str, RenderedMail), Problem> {
    let unknown = || Problem::not_found("mail");
    let (_, title, when) = KINDS.into_iter().find(|(own, ..)| *own == name).ok_or_else(unknown)?;
    let sample = samples(member, tongue).into_iter().find(|sample| sample.name == name).ok_or_else(unknown)?;
    let mail = render(&sample.context).map_err(|error| {
        tracing::error!(%error, "an example of a mail could not be written");
        Problem::internal()
    })?;
    Ok((title, when, mail))
}

fn list(member: &Member, sent: Option<String>, fault: Option<Told>) -> ListPage {
    let staff: Vec<_> = samples(member, Tongue::English)
        .into_iter()
        .filter(|it| it.context.body.is_for_staff())
        .map(|it| it.name)
        .collect();
    let row = |(name, title, when): (&'static str, &'static str, &'static str)| Row {
        title,
        when,
        path: member.path(&format!("mails/{name}")),
    };
    let (to_staff, to_clients) = KINDS.into_iter().partition::<Vec<_>, _>(|(name, ..)| staff.contains(name));
    ListPage {
        shell: member.shell(Place::Mails),
        to_clients: to_clients.into_iter().map(row).collect(),
        to_staff: to_staff.into_iter().map(row).collect(),
        address: member.user.email.as_str().to_owned(),
        call: member.fresh_name(),
        sent,
        fault,
    }
}

pub(super) async fn page(member: Member) -> Response {
    show(StatusCode::OK, &list(&member, None, None))
}

/// Sends a test mail to whoever asks, and to nobody else.
pub(super) async fn test(member: Member, form: Form) -> Result<Response, Problem> {
    let context = member.once(form.field("call")?, "test mail");
    match member.app.portal.send_test_mail(&context, &member.user.reference).await {
        Ok(address) => Ok(show(StatusCode::OK, &list(&member, Some(address), None))),
        Err(Error::Refused(Refusal::TooManyRequests { retry_after })) => {
            let what = say("You sent yourself as many test mails as is useful for now.");
            let told = Told { what, next: "At most three go out in an hour, and ten in a day. Please wait an hour." };
            let mut page = show(StatusCode::TOO_MANY_REQUESTS, &list(&member, None, Some(told)));
            page.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(retry_after));
            Ok(page)
        }
        Err(error) => Err(error.into()),
    }
}

/// The language that is asked for, or the practice's.
fn tongue(member: &Member, query: Option<&str>) -> Tongue {
    let asked = query.and_then(|query| query.strip_prefix("language="));
    Tongue::for_reader(asked, &member.practice.settings.locale)
}

pub(super) async fn one(
    member: Member,
    PathName(name): PathName,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let own = tongue(&member, query.as_deref());
    let (title, when, mail) = found(&member, &name, own)?;
    let path = member.path(&format!("mails/{name}"));
    let language = |tongue: Tongue| Language {
        name: match tongue {
            Tongue::English => "English",
            Tongue::German => "German",
        },
        path: format!("{path}?language={}", tongue.code()),
        shown: tongue == own,
    };
    let page = MailPage {
        shell: member.shell(Place::Mails),
        title,
        when,
        reply_to: member.practice.settings.mail_reply_to.clone(),
        html: format!("{path}/html?language={}", own.code()),
        languages: Tongue::ALL.map(language),
        tongue: own.code(),
        mail,
    };
    Ok(show(StatusCode::OK, &page))
}

/// The mail by itself, as a mail program shows it.
pub(super) async fn html(
    member: Member,
    PathName(name): PathName,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let (.., mail) = found(&member, &name, tongue(&member, query.as_deref()))?;
    let headers = [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CONTENT_SECURITY_POLICY, MAIL_CSP)];
    Ok((headers, mail.html).into_response())
}
