//! Where the portal is, for who knows the address to sign in with, and not of which practice.

use super::{
    Moment,
    link::{changes_login, eldest, login_event, message},
    outcome::Decided,
};
use crate::{
    Door,
    change::{Change, Decision},
    decide,
    facts::LoginFacts,
    login::Login,
    message::{Message, MessageBody},
    practice::Practice,
    throttle::was_told_today,
    time::Timestamp,
};

/// Mails where this practice's portal is to whoever signs in with a key. Where no live login holds it, the practice is suspended,
/// or the mailbox was told within a day (G3: `told` are the times of such mail alone), nothing is sent.
pub fn tell_portal_address(
    practice: &Practice,
    login: Option<&LoginFacts>,
    told: &[Timestamp],
    moment: &mut Moment,
) -> Decided<bool> {
    let open = decide::door_open(practice, Door::Portal).is_ok() && !was_told_today(told, moment.now);
    let found = login.filter(|_| open).and_then(|login| Some((login, eldest(login)?)));
    let Some((login, (member, to))) = found else {
        return Decided { decision: Decision::default(), outcome: false };
    };
    let after = Login { version: login.login.version + 1, ..login.login.clone() };
    let mail = message(member, login, &to, None, MessageBody::PortalAddress, moment);
    let decision = Decision {
        expect: vec![changes_login(&login.login)],
        changes: vec![Change::PutLogin(after)],
        messages: vec![Message { asked_at: login.login.key.clone(), ..mail }],
        events: vec![login_event("login.address_asked", login, Some(member.contact.id), moment)],
    };
    Decided { decision, outcome: true }
}
