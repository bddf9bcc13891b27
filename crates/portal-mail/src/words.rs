//! The words, kind by kind. Plain ones, for people who come here twice a year.

use fluent_bundle::{FluentArgs, FluentValue};
use jiff::tz::TimeZone;
use portal_domain::time::Timestamp;

use crate::{
    context::{Link, MailBody, MailContext, Practice},
    letter::{Action, Footer, Letter, Note},
    plain::{self, Line},
    render::RenderError,
    tongue::Tongue,
};

mod plan;

use plan::{Plan, Way};

/// Writes the letter for a context.
pub(crate) fn letter(context: &MailContext) -> Result<Letter, RenderError> {
    let Plan { subject, opening, way, closing } = Plan::of(&context.body);
    let words = Words::of(context)?;
    Ok(Letter {
        tongue: context.tongue,
        subject: Line::new(&words.say(subject)?),
        greeting: words.say(if words.has_name { "hello" } else { "hello-nobody" })?,
        opening: words.say_all(opening)?,
        note: words.note(&context.body)?,
        action: match way {
            Some(Way::Password) => context.body.link().map(|link| words.choose_password(link)).transpose()?,
            Some(Way::SignIn) => words.sign_in(&context.practice)?,
            None => None,
        },
        closing: words.say_all(closing)?,
        footer: words.footer(context)?,
    })
}

/// What stands in the texts of one mail for their variables.
struct Words {
    tongue: Tongue,
    args: FluentArgs<'static>,
    practice: Line,
    has_name: bool,
    has_contact: bool,
}

impl Words {
    fn of(context: &MailContext) -> Result<Self, RenderError> {
        let (name, contact) = (Line::new(&context.name), Line::new(&context.practice.contact_line));
        let mut words = Self {
            tongue: context.tongue,
            args: FluentArgs::new(),
            practice: Line::new(&context.practice.name),
            has_name: !name.is_empty(),
            has_contact: !contact.is_empty(),
        };
        words.args.set("practice", words.practice.to_string());
        words.args.set("name", name.to_string());
        words.args.set("contact", contact.to_string());
        let ask = words.say(if words.has_contact { "ask" } else { "ask-usual" })?;
        words.args.set("ask", ask);
        words.take(&context.body)?;
        Ok(words)
    }

    /// Takes what a kind has to tell.
    fn take(&mut self, body: &MailBody) -> Result<(), RenderError> {
        self.line("address", body.address());
        if let Some(link) = body.link() {
            self.moment("until", link.works_until)?;
        }
        match body {
            MailBody::Activation { clients, .. } | MailBody::Reminder { clients, .. } => {
                self.clients(clients)?;
            }
            MailBody::AccessAdded { clients, .. } => {
                let names = self.clients(clients)?;
                self.args.set("first", names.first().map(Line::to_string).unwrap_or_default());
                self.args.set("more", names.len().saturating_sub(1));
            }
            MailBody::LoginMovedNew { changed_by, changed_on, .. } => {
                self.line("by", changed_by);
                self.moment("when", *changed_on)?;
            }
            MailBody::LoginMovedOld { new_address, changed_by, changed_on, .. } => {
                self.line("new", new_address);
                self.line("by", changed_by);
                self.moment("when", *changed_on)?;
            }
            MailBody::ProfileMovedAway { moved, new_address, changed_by, changed_on, .. } => {
                self.line("moved", moved);
                self.line("new", new_address);
                self.line("by", changed_by);
                self.moment("when", *changed_on)?;
            }
            MailBody::PasswordChanged { changed_on, .. } | MailBody::StaffPasswordChanged { changed_on, .. } => {
                self.moment("when", *changed_on)?;
            }
            MailBody::PasswordSetAfterMove { new_address, set_on, .. } => {
                self.line("new", new_address);
                self.moment("when", *set_on)?;
            }
            MailBody::Reset { .. }
            | MailBody::StaffInvitation { .. }
            | MailBody::StaffReset { .. }
            | MailBody::PortalAddress { .. }
            | MailBody::Hint { .. }
            | MailBody::Test { .. } => {}
        }
        Ok(())
    }

    /// A text of somebody.
    fn line(&mut self, name: &'static str, text: &str) {
        self.args.set(name, Line::new(text).to_string());
    }

    /// The names of clients, and how many there are.
    fn clients(&mut self, clients: &[String]) -> Result<Vec<Line>, RenderError> {
        let names: Vec<Line> = clients.iter().map(|name| Line::new(name)).filter(|name| !name.is_empty()).collect();
        self.args.set("count", names.len());
        self.args.set("clients", self.row(&names)?);
        Ok(names)
    }

    /// Names in a row: "A, B and C".
    fn row(&self, names: &[Line]) -> Result<String, RenderError> {
        let Some((last, before)) = names.split_last() else { return Ok(String::new()) };
        if before.is_empty() {
            return Ok(last.to_string());
        }
        let before: Vec<String> = before.iter().map(Line::to_string).collect();
        let mut args = FluentArgs::new();
        args.set("before", before.join(", "));
        args.set("last", last.to_string());
        self.tongue.say("names", &args)
    }

    fn moment(&mut self, name: &'static str, at: Timestamp) -> Result<(), RenderError> {
        self.args.set(name, in_words(self.tongue, at)?);
        Ok(())
    }

    fn say(&self, key: &'static str) -> Result<String, RenderError> {
        self.tongue.say(key, &self.args)
    }

    fn say_all(&self, keys: &[&'static str]) -> Result<Vec<String>, RenderError> {
        keys.iter().map(|key| self.say(key)).collect()
    }

    /// The practice's own note, where a kind has one.
    fn note(&self, body: &MailBody) -> Result<Option<Note>, RenderError> {
        let (MailBody::Activation { invitation_note, .. } | MailBody::Test { invitation_note, .. }) = body else {
            return Ok(None);
        };
        let lines = plain::lines(invitation_note);
        if lines.is_empty() {
            return Ok(None);
        }
        Ok(Some(Note { heading: self.say("note")?, lines }))
    }

    /// The one link of a mail that carries one.
    fn choose_password(&self, link: &Link) -> Result<Action, RenderError> {
        Ok(Action {
            label: self.say("choose-password")?,
            lead: self.say("choose-password-lead")?,
            url: plain::url(&link.url),
            button_fails: self.say("button-fails")?,
            after: Some(self.say("link-once")?),
        })
    }

    /// The way to the sign-in page, where there is one.
    fn sign_in(&self, practice: &Practice) -> Result<Option<Action>, RenderError> {
        let url = plain::url(&practice.sign_in_url);
        if url.is_empty() {
            return Ok(None);
        }
        Ok(Some(Action {
            label: self.say("sign-in")?,
            lead: self.say("sign-in-lead")?,
            url,
            button_fails: self.say("button-fails")?,
            after: None,
        }))
    }

    fn footer(&self, context: &MailContext) -> Result<Footer, RenderError> {
        let way = if context.body.is_for_staff() { "way-to-workspace" } else { "way-to-portal" };
        Ok(Footer {
            practice: self.practice.clone(),
            questions: self.say(if self.has_contact { "questions" } else { "questions-usual" })?,
            way: self.say(way)?,
            sign_in_url: plain::url(&context.practice.sign_in_url),
        })
    }
}

/// A time as mails write it: `30 November 2026, 14:00 UTC`. A practice has no time zone, so that each is named.
fn in_words(tongue: Tongue, at: Timestamp) -> Result<String, RenderError> {
    let at = jiff::Timestamp::from_microsecond(at.as_micros()).unwrap_or(jiff::Timestamp::MAX);
    let at = at.to_zoned(TimeZone::UTC);
    let mut args = FluentArgs::new();
    args.set("day", at.day().to_string());
    args.set("month", FluentValue::from(at.month()));
    args.set("year", at.year().to_string());
    args.set("time", at.strftime("%H:%M").to_string());
    tongue.say("moment", &args)
}

#[cfg(test)]
mod tests;
