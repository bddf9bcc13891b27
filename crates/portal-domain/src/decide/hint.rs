//! A hint by mail for who tries an address that is not the one to sign in with (M8).

use super::{
    Moment,
    link::{changes_login, eldest, login_event, message},
    outcome::Decided,
};
use crate::{
    Door,
    change::{Aggregate, Change, Decision, Expect, Reliance},
    contact::Access,
    decide,
    email::LoginKey,
    facts::ContactFacts,
    login::Login,
    message::{Message, MessageBody},
    practice::Practice,
    throttle::{mailbox_is_full, was_told_today},
    time::Timestamp,
};

/// What a mailbox and a contact were sent of late because somebody asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MailSoFar {
    /// When mail that counts against the limit was written to the login key (G3).
    pub asked: Vec<Timestamp>,
    /// When hints were written to the login key, or about the contact.
    pub hints: Vec<Timestamp>,
}

/// Mails the address to sign in with to the one contact with access that a key leads to, where somebody `tried` that key (M8).
///
/// The facts are about that contact and hold whoever has the tried key. Nothing is sent where a live login or a practice user has
/// it (L7), where the practice wants no hints or is suspended, where the contact has no access or nothing to see, or where
/// its mailbox got a hint within a day or as much as anybody may send it (G3). Nothing that was typed stands in the mail.
pub fn hint(
    practice: &Practice,
    facts: &ContactFacts,
    tried: &LoginKey,
    sent: &MailSoFar,
    moment: &mut Moment,
) -> Decided<bool> {
    let nothing = Decided { decision: Decision::default(), outcome: false };
    let wanted = practice.settings.hint_mail && decide::door_open(practice, Door::Portal).is_ok();
    let full = mailbox_is_full(&sent.asked, moment.now) || was_told_today(&sent.hints, moment.now);
    if !wanted || full || facts.holders.contains_key(tried) {
        return nothing;
    }
    let Some(contact) = facts.contact.as_ref().filter(|contact| contact.access == Access::Granted) else {
        return nothing;
    };
    let Some(login) = facts.login.as_ref().filter(|login| login.login.key.is_some()) else { return nothing };
    let Some(member) = login.members.iter().find(|member| member.contact.id == contact.id) else { return nothing };
    let has_profile = member.clients.iter().any(|client| !client.suspended);
    let Some((_, to)) = eldest(login).filter(|_| has_profile) else { return nothing };
    let after = Login { version: login.login.version + 1, ..login.login.clone() };
    let mail = message(member, login, &to, None, MessageBody::Hint, moment);
    let relied_on = Aggregate::Contact(contact.id);
    let decision = Decision {
        expect: vec![
            Expect { what: relied_on, version: contact.version, how: Reliance::LookedAt },
            changes_login(&login.login),
        ],
        changes: vec![Change::PutLogin(after)],
        messages: vec![Message { asked_at: login.login.key.clone(), ..mail }],
        events: vec![login_event("login.hinted", login, Some(contact.id), moment)],
    };
    Decided { decision, outcome: true }
}
