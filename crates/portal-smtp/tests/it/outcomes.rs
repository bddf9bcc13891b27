//! What the server's answers mean for a message (D2, S14, S16).

use std::time::Duration;

use portal_domain::port::SendOutcome;
use portal_smtp::SmtpOptions;
use tokio::task::JoinSet;

use crate::sink::{CLOSE, HANG, Script, Sink, TOKEN, mail};

async fn outcome(script: Script) -> SendOutcome {
    Sink::start(script).await.send(&mail("ada@smith.example")).await
}

#[tokio::test]
async fn d2_accepted_keeps_the_words() {
    let sink = Sink::start(Script::answering(".", "250-2.0.0 Ok:\r\n250 queued as 4XyZ")).await;
    let outcome = sink.send(&mail("ada@smith.example")).await;
    assert_eq!(outcome, SendOutcome::Accepted { reply: "250 2.0.0 Ok: queued as 4XyZ".to_owned() });
    // The mailer is gone, and its connection with it.
    let told = sink.until(|told| told.ended == 1).await;
    assert_eq!(told.connections, [["EHLO", "MAIL", "RCPT", "DATA", "QUIT"]]);
    assert_eq!(told.commands[0], "EHLO [127.0.0.1]");
}

#[tokio::test]
async fn d2_4xx_is_transient_wherever_it_comes() {
    for answer in ["451 4.7.1 come back later", "421 4.3.2 going down", "452 4.2.2 mailbox full"] {
        for verb in ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "."] {
            for pipelining in [false, true] {
                let outcome = outcome(Script::answering(verb, answer).pipelining(pipelining)).await;
                assert_eq!(outcome, SendOutcome::Transient { reply: answer.to_owned() }, "{verb} {pipelining}");
            }
        }
    }
}

// An enhanced code that every line repeats is said once.
#[tokio::test]
async fn d2_5xx_is_permanent_once_the_recipient_is_spoken_of() {
    for verb in ["RCPT", "DATA", "."] {
        for pipelining in [false, true] {
            let script = Script::answering(verb, "550-5.1.1 no such\r\n550 5.1.1 user").pipelining(pipelining);
            let expected = SendOutcome::Permanent { reply: "550 5.1.1 no such user".to_owned() };
            assert_eq!(outcome(script).await, expected, "{verb} {pipelining}");
        }
    }
    let outcome = outcome(Script::answering("RCPT", "552 5.2.2 mailbox full")).await;
    assert_eq!(outcome, SendOutcome::Permanent { reply: "552 5.2.2 mailbox full".to_owned() });
}

#[tokio::test]
async fn d2_5xx_before_that_is_about_us() {
    for verb in ["CONNECT", "EHLO", "MAIL"] {
        for pipelining in [false, true] {
            let script = Script::answering(verb, "550 5.7.1 you are not welcome").pipelining(pipelining);
            let expected = SendOutcome::Misconfigured { reply: "550 5.7.1 you are not welcome".to_owned() };
            assert_eq!(outcome(script).await, expected, "{verb} {pipelining}");
        }
    }
}

#[tokio::test]
async fn d2_commands_that_are_not_understood_are_no_recipients_fault() {
    for answer in ["500 5.5.1 what?", "502 5.5.1 not here", "503 5.5.1 not now", "504 5.5.4 not so"] {
        for verb in ["MAIL", "RCPT", "DATA"] {
            let outcome = outcome(Script::answering(verb, answer)).await;
            assert_eq!(outcome, SendOutcome::Misconfigured { reply: answer.to_owned() }, "{verb}");
        }
    }
}

#[tokio::test]
async fn d2_a_relay_that_wants_a_login_is_a_fault_of_configuration() {
    for code in ["530 5.7.0", "534 5.7.9", "535 5.7.8", "538 5.7.11"] {
        for verb in ["MAIL", "RCPT"] {
            let outcome = outcome(Script::answering(verb, &format!("{code} log in first"))).await;
            let expected = SendOutcome::Misconfigured { reply: format!("{code} log in first") };
            assert_eq!(outcome, expected, "{verb}");
        }
    }
}

/// The word for a stage in what an attempt says.
fn stage(verb: &str) -> &str {
    match verb {
        "CONNECT" => "the greeting",
        "." => "the end of the message",
        verb => verb,
    }
}

/// Whether the attempt must say that the message may have been taken: only once all of it was handed over.
fn assert_says_whether_it_may_arrive_twice(verb: &str, reply: &str) {
    let doubtful = reply.starts_with("the line broke after the message was handed over; it may arrive twice (");
    assert_eq!(doubtful, verb == ".", "{verb}: {reply}");
}

#[tokio::test]
async fn d2_the_network_is_transient() {
    for verb in ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "."] {
        for pipelining in [false, true] {
            let sink = Sink::start(Script::answering(verb, CLOSE).pipelining(pipelining)).await;
            let outcome = sink.send(&mail("ada@smith.example")).await;
            let SendOutcome::Transient { reply } = outcome else { panic!("{verb}: {outcome:?}") };
            assert!(reply.contains(&format!("broke, at {}", stage(verb))), "{reply}");
            assert_says_whether_it_may_arrive_twice(verb, &reply);
            assert_eq!(sink.told().connections.len(), 1, "a new connection is not tried twice");
        }
    }
    // A port where nobody listens.
    let sink = Sink::start(Script::default()).await;
    let nobody = Sink { port: 1, ..sink };
    let outcome = nobody.send(&mail("ada@smith.example")).await;
    let SendOutcome::Transient { reply } = outcome else { panic!("{outcome:?}") };
    assert!(reply.starts_with("the mail server can't be reached"), "{reply}");
}

#[tokio::test]
async fn s16_a_server_that_hangs_at_any_stage_is_left() {
    let mut attempts = JoinSet::new();
    for verb in ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "."] {
        for pipelining in [false, true] {
            attempts.spawn(async move {
                let sink = Sink::start(Script::answering(verb, HANG).pipelining(pipelining)).await;
                let options = SmtpOptions { stage_deadline: Duration::from_secs(1), ..SmtpOptions::default() };
                let outcome = sink.send_with(&mail("ada@smith.example"), options).await;
                let SendOutcome::Transient { reply } = outcome else { panic!("{verb}: {outcome:?}") };
                let expected = format!("the mail server did not answer within 1 s, at {}", stage(verb));
                assert!(reply.contains(&expected), "{reply}");
                assert_says_whether_it_may_arrive_twice(verb, &reply);
                assert_eq!(sink.told().connections.len(), 1, "a new connection is not tried twice");
            });
        }
    }
    while let Some(attempt) = attempts.join_next().await {
        attempt.expect("no panic");
    }
}

#[tokio::test]
async fn s16_a_message_has_a_time_of_its_own() {
    let sink = Sink::start(Script::answering("RCPT", HANG)).await;
    let options = SmtpOptions { deadline: Duration::from_secs(1), ..SmtpOptions::default() };
    let outcome = sink.send_with(&mail("ada@smith.example"), options).await;
    let reply = "the message was not handed over within 1 s, at RCPT".to_owned();
    assert_eq!(outcome, SendOutcome::Transient { reply });
}

#[tokio::test]
async fn s14_what_was_taken_is_taken_though_nobody_says_goodbye() {
    for answer in [HANG, CLOSE, "421 too late", "garbage"] {
        let outcome = outcome(Script::answering("QUIT", answer)).await;
        assert!(matches!(outcome, SendOutcome::Accepted { .. }), "{answer}: {outcome:?}");
    }
}

#[tokio::test]
async fn garbage_is_transient_and_bounded() {
    let endless = "2".repeat(1 << 20);
    for garbage in ["", "hello", "99 too low", "25", "250-never ended\r\n251 other code", &endless] {
        for verb in ["CONNECT", "MAIL", "."] {
            for pipelining in [false, true] {
                let outcome = outcome(Script::answering(verb, garbage).pipelining(pipelining)).await;
                let SendOutcome::Transient { reply } = outcome else { panic!("{verb}: {outcome:?}") };
                assert!(reply.chars().count() <= 501, "{}", reply.len());
                assert_says_whether_it_may_arrive_twice(verb, &reply);
            }
        }
    }
}

#[tokio::test]
async fn trap_12_a_reply_without_an_end_is_left() {
    let line = format!("250-{}\r\n", "fine ".repeat(50));
    let outcome = outcome(Script::answering("MAIL", &line.repeat(1000))).await;
    let expected = SendOutcome::Transient { reply: "the mail server said too much, at MAIL".to_owned() };
    assert_eq!(outcome, expected);
}

#[tokio::test]
async fn replies_may_be_bare_codes() {
    for verb in ["CONNECT", "MAIL", "RCPT", "."] {
        let code = if verb == "CONNECT" { "220" } else { "250" };
        let outcome = outcome(Script::answering(verb, code)).await;
        assert!(matches!(outcome, SendOutcome::Accepted { .. }), "{verb}: {outcome:?}");
    }
    let sink = Sink::start(Script::default()).await;
    assert!(matches!(sink.send(&mail("ada@smith.example")).await, SendOutcome::Accepted { .. }), "EHLO with one line");
}

#[tokio::test]
async fn answers_out_of_turn_are_transient() {
    for (verb, answer) in [("MAIL", "354 go ahead"), ("RCPT", "354 go ahead"), ("DATA", "250 fine"), (".", "354 more")]
    {
        let outcome = outcome(Script::answering(verb, answer)).await;
        let SendOutcome::Transient { reply } = outcome else { panic!("{verb}: {outcome:?}") };
        assert!(reply.contains("out of turn"), "{reply}");
    }
}

#[tokio::test]
async fn s11_words_are_one_bounded_line() {
    let shout = format!("550 5.7.1 \u{1b}[31mred\u{7} \u{202e}back {}", "xxx ".repeat(300));
    let outcome = outcome(Script::answering("RCPT", &shout)).await;
    let SendOutcome::Permanent { reply } = outcome else { panic!("{outcome:?}") };
    assert!(reply.starts_with("550 5.7.1 [31mred back xxx"), "{reply}");
    assert_eq!(reply.chars().count(), 500);
    assert!(!reply.contains(|c: char| c.is_control() || c == '\u{202e}'));
}

#[tokio::test]
async fn s10_words_never_hold_the_link() {
    let quotes = [
        format!("554 5.7.1 blocked: https://portal.example/portal/partners/link/{TOKEN} is listed"),
        format!("554 5.7.1 blocked: {TOKEN}"),
        format!("554 5.7.1 blocked: HXXPS://portal.example/link/{}", &TOKEN[..12]),
    ];
    for quote in quotes {
        let outcome = outcome(Script::answering(".", &quote)).await;
        let SendOutcome::Permanent { reply } = outcome else { panic!("{outcome:?}") };
        assert!(reply.starts_with("554 5.7.1 blocked:") && reply.contains("[…]"), "{reply}");
        assert!(!reply.contains(&TOKEN[..12]), "{reply}");
    }
}
