//! What becomes of a remedy while the client is on the phone.

use std::time::Duration;

use portal_domain::{
    finding::{Happened, Lately},
    message::{DeliveryState, SentAs},
    time::{Timestamp, in_words},
};

use super::{
    history,
    words::{Sentence, say},
};

/// So long after the last thing that the client or the practice did the page looks again by itself. Tries of strangers don't count.
const UNDER_WAY: Duration = Duration::from_secs(10 * 60);
/// What is no older is told as of this moment.
const JUST_NOW: Duration = Duration::from_secs(3);

/// What happened, the newest first, in sentences.
pub(super) fn sentences(lately: &[Lately], now: Timestamp) -> Vec<Sentence> {
    lately.iter().map(|it| sentence(&it.what, &ago(now.since(it.at)))).collect()
}

/// Whether something else may happen at any moment.
pub(super) fn is_under_way(lately: &[Lately], now: Timestamp) -> bool {
    let own = lately.iter().filter(|it| !matches!(it.what, Happened::Refused(_) | Happened::AskedInVain(_)));
    own.map(|it| now.since(it.at)).min().is_some_and(|age| age < UNDER_WAY)
}

fn sentence(what: &Happened, ago: &str) -> Sentence {
    match what {
        Happened::Mail { kind, to, state, sent_as, words } => {
            let mail = say("Mail to ").name(to.as_str()).say(format!(": {}. ", history::subject(*kind)));
            let mail = mail.and(became(*state, ago));
            let mail = sent_as.iter().fold(mail, |mail, sent_as| mail.and(look_for(sent_as)));
            words.iter().fold(mail, |mail, words| mail.say(" Why: ").name(words))
        }
        Happened::Opened => say(format!("The link in the mail was opened {ago}.")),
        Happened::PasswordSet => say(format!("A password was set {ago}.")),
        Happened::SignedIn => say(format!("Signed in {ago}.")),
        Happened::Refused(key) => {
            say(format!("Somebody tried to sign in {ago}, and did not get in: ")).name(key.as_str()).say(".")
        }
        Happened::AskedInVain(key) => {
            say(format!("Somebody asked for a link {ago}, with an address that nobody signs in with: "))
                .name(key.as_str())
                .say(".")
        }
    }
}

fn became(state: DeliveryState, ago: &str) -> Sentence {
    say(match state {
        DeliveryState::Queued => format!("Written {ago}, and on its way."),
        DeliveryState::Sending => "It is being handed over.".to_owned(),
        DeliveryState::Accepted => format!("Taken by the other mail server {ago}."),
        DeliveryState::Deferred => format!("It could not be handed over {ago}; it is tried again by itself."),
        DeliveryState::Failed => format!("It could not be delivered, {ago}."),
        DeliveryState::Bounced => format!("It came back {ago}."),
        DeliveryState::Complained => format!("Its reader called it unwanted {ago}."),
        DeliveryState::Cancelled => format!("It was not sent, since it was out of date {ago}."),
    })
}

fn look_for(SentAs { subject, sender }: &SentAs) -> Sentence {
    say(" Look for “").name(subject).say("” from ").name(sender).say(", in spam too.")
}

fn ago(age: Duration) -> String {
    if age < JUST_NOW { "just now".to_owned() } else { format!("{} ago", in_words(age)) }
}

#[cfg(test)]
mod tests {
    use portal_domain::{
        email::{EmailAddress, LoginKey},
        message::MessageKind,
    };

    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_800_000_000_000_000);

    fn at(seconds_ago: u64, what: Happened) -> Lately {
        Lately { at: NOW.before(Duration::from_secs(seconds_ago)), what }
    }

    fn told(lately: &[Lately]) -> Vec<String> {
        sentences(lately, NOW).iter().map(Sentence::plain).collect()
    }

    fn mail(state: DeliveryState, sent_as: Option<SentAs>, words: Option<&str>) -> Happened {
        let to = EmailAddress::parse("ada@smith.example").expect("an address");
        Happened::Mail { kind: MessageKind::Activation, to, state, sent_as, words: words.map(str::to_owned) }
    }

    fn key() -> LoginKey {
        EmailAddress::parse("ada@smith.example").expect("an address").key().clone()
    }

    #[test]
    fn x2_a_mail_is_told_with_what_to_search_for() {
        let sent_as = SentAs { subject: "Your access".to_owned(), sender: "Elm <portal@elm.example>".to_owned() };
        let taken = at(4, mail(DeliveryState::Accepted, Some(sent_as), None));
        let refused = at(90, mail(DeliveryState::Failed, None, Some("550 no")));
        assert_eq!(
            told(&[taken, refused]),
            [
                "Mail to ada@smith.example: the invitation. Taken by the other mail server 4 seconds ago. Look for “Your access” \
                 from Elm <portal@elm.example>, in spam too.",
                "Mail to ada@smith.example: the invitation. It could not be delivered, 1 minute ago. Why: 550 no",
            ]
        );
    }

    #[test]
    fn x2_no_server_is_blamed_for_what_went_wrong_here() {
        let ours = at(60, mail(DeliveryState::Deferred, None, Some("the server key is not configured")));
        let sending = at(60, mail(DeliveryState::Sending, None, None));
        assert_eq!(
            told(&[ours, sending]),
            [
                "Mail to ada@smith.example: the invitation. It could not be handed over 1 minute ago; it is tried again by itself. \
                 Why: the server key is not configured",
                "Mail to ada@smith.example: the invitation. It is being handed over.",
            ]
        );
    }

    #[test]
    fn x1_what_the_client_does_is_told() {
        let refused = [at(60, Happened::Refused(key())), at(60, Happened::AskedInVain(key()))];
        let [tried, asked] = refused;
        let lately = [at(0, Happened::SignedIn), at(3, Happened::PasswordSet), tried, asked];
        assert_eq!(
            told(&lately),
            [
                "Signed in just now.",
                "A password was set 3 seconds ago.",
                "Somebody tried to sign in 1 minute ago, and did not get in: ada@smith.example.",
                "Somebody asked for a link 1 minute ago, with an address that nobody signs in with: ada@smith.example.",
            ]
        );
    }

    #[test]
    fn a_page_looks_again_for_ten_minutes_whatever_strangers_do() {
        let refused = || at(0, Happened::Refused(key()));
        assert!(is_under_way(&[refused(), at(599, Happened::Opened)], NOW));
        assert!(!is_under_way(&[refused(), at(600, Happened::Opened)], NOW));
        assert!(!is_under_way(&[refused()], NOW) && !is_under_way(&[], NOW));
    }
}
