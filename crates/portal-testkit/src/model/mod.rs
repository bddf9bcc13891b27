//! The reference model: the rulebook a second time, for one practice, as plainly as it can be said.
//!
//! It is written from the rulebook alone and depends on nothing of the product: the standard library, strings, numbers and
//! ordered maps. It is slow on purpose (every command works on a copy of everything) so that a reader can lay each function
//! beside the rule whose number it cites. The clock is a number of microseconds handed to every call.
//!
//! Not modelled: throttles (G), hints (M8), delivery (D), the journal (J), the parsing of addresses (E1–E3, E5, F1), the
//! strength of passwords beyond their length (P1), second factors (P5), staff's own links and sessions (W1).

mod access;
mod address;
mod answer;
mod cmd;
mod guess;
mod link;
mod observe;
mod session;
mod staff;
mod state;
#[cfg(test)]
mod tests;

pub use answer::{Answer, Code, Effects, Fault, MessageKind, Outcome, PasswordEffect, Refusal};
pub use cmd::{Addr, Cmd, LinkNo, Role, SessionNo, SessionsOnMove, SettingsPatch, SharedLogin};
pub use observe::{
    Access, ContactView, LinkState, LinkView, Message, Observation, Purpose, SessionView, Status, UserView,
};
pub use state::Model;

use address::Flags;
use answer::{Done, Ruling};

impl Model {
    /// Does what the command says, at `now` (microseconds), and answers.
    ///
    /// Every request that carries a valid session is a use of it (P3), refused or not, and every wrong password is counted
    /// (G1). Apart from that a refusal changes nothing.
    pub fn apply(&mut self, now: i64, cmd: &Cmd) -> Answer {
        if let Some(session) = cmd.session() {
            self.touch(now, session);
        }
        let mut after = self.clone();
        match after.decide(now, cmd) {
            Err(refusal) => {
                self.guesses = after.guesses;
                Answer::Refused(refusal)
            }
            Ok(done) => {
                let answer = self.answer(now, &after, done);
                *self = after;
                answer
            }
        }
    }

    /// M7: what the command would answer. The same function, on a copy.
    pub fn preview(&self, now: i64, cmd: &Cmd) -> Answer {
        self.clone().apply(now, cmd)
    }

    fn decide(&mut self, now: i64, cmd: &Cmd) -> Ruling<Done> {
        match cmd {
            Cmd::PutUser { user, name, addr, role } => self.put_user(user, name, addr, *role),
            Cmd::DeleteUser { user } => self.delete_user(user),
            Cmd::PutClient { client } => self.put_client(client),
            Cmd::DeleteClient { client } => self.delete_client(client),
            Cmd::SuspendClient { client } => self.set_suspended(client, true),
            Cmd::ResumeClient { client } => self.set_suspended(client, false),
            Cmd::PutSettings(patch) => self.put_settings(patch),
            Cmd::PutContact { contact, name, emails, clients, join, wrong_address } => {
                let flags = Flags { join: *join, wrong_address: *wrong_address };
                self.put_contact(now, contact, name, emails.as_deref(), clients.as_deref(), flags)
            }
            Cmd::PutEmails { contact, emails, join, wrong_address } => {
                let flags = Flags { join: *join, wrong_address: *wrong_address };
                self.put_emails(now, contact, emails, flags)
            }
            Cmd::Activate { contact } => self.activate(now, contact),
            Cmd::Resend { contact } => self.resend(now, contact),
            Cmd::Deactivate { contact } => self.deactivate(now, contact),
            Cmd::Reactivate { contact } => self.reactivate(now, contact),
            Cmd::DeleteContact { contact } => self.delete_contact(now, contact),
            Cmd::RequestReset { key } => self.request_reset(now, key),
            Cmd::RenewLink { link } => self.renew_link(now, *link),
            Cmd::RedeemLink { link, password } => self.redeem_link(now, *link, password),
            Cmd::SignIn { key, password } => self.sign_in(now, key, password),
            Cmd::UseSession { session } => self.use_session(now, *session),
            Cmd::SignOut { session } => self.sign_out(now, *session),
            Cmd::SelectProfile { session, contact, client } => self.select_profile(now, *session, contact, client),
            Cmd::ChangePassword { session, current, new } => self.change_password(now, *session, current, new),
            Cmd::EndSessions { contact } => self.end_sessions_of_contact(now, contact),
            Cmd::EndAllSessions => self.end_all_sessions(now),
            Cmd::EndOwnSession { by, target } => self.end_own_session(now, *by, *target),
            Cmd::EndOtherSessions { by } => self.end_other_sessions(now, *by),
        }
    }

    /// Puts the answer together. Everything in [`Effects`] but the fate of the password is read off the states before
    /// (`self`) and after.
    fn answer(&self, now: i64, after: &Model, done: Done) -> Answer {
        match done {
            Done::Accepted => Answer::Accepted,
            Done::Plain(outcome) => Answer::done(outcome),
            Done::SignedIn(session) => {
                Answer::Done { outcome: Outcome::Changed, effects: None, session: Some(session) }
            }
            Done::Portal { contact, outcome, password } => {
                Answer::Done { outcome, effects: Some(self.effects(now, after, &contact, password)), session: None }
            }
        }
    }

    fn effects(&self, now: i64, after: &Model, contact: &str, password: PasswordEffect) -> Effects {
        let mut messages: Vec<(MessageKind, String)> =
            after.messages[self.messages.len()..].iter().map(|message| (message.kind, message.to.clone())).collect();
        messages.sort();
        Effects {
            login_before: self.login_address(contact),
            login_after: after.login_address(contact),
            shared_with: after.shared_with(contact),
            password,
            links_ended: self.usable_links(now).difference(&after.usable_links(now)).count(),
            sessions_ended: self.valid_sessions(now).difference(&after.valid_sessions(now)).count(),
            messages,
        }
    }
}
