//! What happened while the client is on the phone.

use std::{cmp::Reverse, time::Duration};

use super::Case;
use crate::{
    email::LoginKey,
    facts::Holder,
    finding::{Happened, Lately},
    message::{Delivery, DeliveryState},
    throttle::PlacedTry,
    time::Timestamp,
};

/// A call is over by then.
const A_CALL: Duration = Duration::from_secs(30 * 60);
/// So many are told.
const TOLD: usize = 6;
/// Of them so many tries that were refused: anybody can make those, and they must not push the rest away.
const REFUSED: usize = 2;

/// What happened to a contact's access in the last half hour, the newest first, at most six, and of refused tries at most two.
///
/// Of each mail it is where it is now, and since when; of each link the last opening. What a mail says and what the link opens is
/// not among it.
pub fn lately(case: &Case<'_>) -> Vec<Lately> {
    let since = case.now.before(A_CALL);
    let live = case.live().map(|login| &login.login);
    let openings = case.links.iter().filter_map(|traced| traced.opened).map(|opened| (opened.last, Happened::Opened));
    let password = live.and_then(|login| login.credential.as_ref()).map(|it| (it.set_at, Happened::PasswordSet));
    let signed_in = case.last_sign_in().map(|at| (at, Happened::SignedIn));
    let own = live.and_then(|login| login.key.as_ref());
    let signs_in = |key: &LoginKey| own == Some(key) || matches!(case.facts.holders.get(key), Some(Holder::Login(_)));
    let sent = |it: &PlacedTry| it.noted.for_reset && signs_in(&it.key);
    let refused = case.tries.iter().filter(|it| !it.right && !sent(it)).take(REFUSED);
    let refused = refused.map(|it| (it.noted.at, in_vain(it)));
    let all = case.mail.iter().map(mail).chain(openings).chain(password).chain(signed_in).chain(refused);
    let mut lately: Vec<_> = all.filter(|(at, _)| *at > since).map(|(at, what)| Lately { at, what }).collect();
    lately.sort_by_key(|it| Reverse(it.at));
    lately.truncate(TOLD);
    lately
}

fn in_vain(tried: &PlacedTry) -> Happened {
    let key = tried.key.clone();
    if tried.noted.for_reset { Happened::AskedInVain(key) } else { Happened::Refused(key) }
}

fn mail(mail: &Delivery) -> (Timestamp, Happened) {
    let undelivered = matches!(mail.state, DeliveryState::Deferred | DeliveryState::Failed | DeliveryState::Bounced);
    let newest = mail.attempts.last();
    let (message, sent_as) = (&mail.message, mail.sent_as().cloned());
    let what = Happened::Mail {
        kind: message.kind(),
        to: message.to.clone(),
        state: mail.state,
        sent_as: sent_as.filter(|_| mail.state == DeliveryState::Accepted),
        words: newest.filter(|_| undelivered).map(|attempt| attempt.reply.clone()),
    };
    (newest.map_or(message.created_at, |attempt| attempt.at), what)
}
