//! What the server's answers mean for a message (D2, S14, S16).

use std::time::Duration;

use portal_domain::port::SendOutcome;
use portal_smtp::SmtpOptions;

use crate::sink::{CLOSE, HANG, Script, Sink, TOKEN, mail};

async fn outcome(script: Script) -> SendOutcome {
    Sink::start(script).await.send(&mail("ada@smith.example")).await
}

#[tokio::test]
async fn d2_accepted_keeps_the_words() {
    let sink = Sink::start(Script::answering(".", "250-2.0.0 Ok:\r\n250 queued as 4XyZ")).await;
    let outcome = sink.send(&mail("ada@smith.example")).await;
    assert_eq!(outcome, SendOutcome::Accepted { reply: "250 2.0.0 Ok: queued as 4XyZ".to_owned() });
    let verbs: Vec<String> = sink.told().commands.iter().map(|command| command[..4].to_owned()).collect();
    assert_eq!(verbs, ["EHLO", "MAIL", "RCPT", "DATA", "QUIT"]);
    assert_eq!(sink.told().commands[0], "EHLO [127.0.0.1]");
}

#[tokio::test]
async fn d2_4xx_is_transient_wherever_it_comes() {
    for verb in ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "."] {
        let outcome = outcome(Script::answering(verb, "451 4.7.1 come back later")).await;
        let expected = SendOutcome::Transient { reply: "451 4.7.1 come back later".to_owned() };
        assert_eq!(outcome, expected, "{verb}");
    }
}

// lettre leaves out an enhanced code that every line repeats.
#[tokio::test]
async fn d2_5xx_is_permanent_once_the_message_is_spoken_of() {
    for verb in ["MAIL", "RCPT", "DATA", "."] {
        let outcome = outcome(Script::answering(verb, "550-5.1.1 no such\r\n550 5.1.1 user")).await;
        let expected = SendOutcome::Permanent { reply: "550 5.1.1 no such user".to_owned() };
        assert_eq!(outcome, expected, "{verb}");
    }
}

#[tokio::test]
async fn d2_5xx_before_that_is_about_us() {
    for verb in ["CONNECT", "EHLO"] {
        let outcome = outcome(Script::answering(verb, "554 5.7.1 you are not welcome")).await;
        let expected = SendOutcome::Misconfigured { reply: "554 5.7.1 you are not welcome".to_owned() };
        assert_eq!(outcome, expected, "{verb}");
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

#[tokio::test]
async fn d2_the_network_is_transient() {
    for verb in ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "."] {
        let outcome = outcome(Script::answering(verb, CLOSE)).await;
        assert!(matches!(outcome, SendOutcome::Transient { .. }), "{verb}: {outcome:?}");
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
    for verb in ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "."] {
        let sink = Sink::start(Script::answering(verb, HANG)).await;
        let options = SmtpOptions { deadline: Duration::from_millis(300), ..SmtpOptions::default() };
        let outcome = sink.send_with(&mail("ada@smith.example"), options).await;
        let expected = SendOutcome::Transient { reply: "the mail server did not answer within 0.3 s".to_owned() };
        assert_eq!(outcome, expected, "{verb}");
    }
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
            let outcome = outcome(Script::answering(verb, garbage)).await;
            let SendOutcome::Transient { reply } = outcome else { panic!("{verb}: {outcome:?}") };
            assert!(reply.chars().count() <= 501, "{}", reply.len());
        }
    }
}

#[tokio::test]
async fn trap_12_a_reply_without_an_end_is_left() {
    let line = format!("250-{}\r\n", "fine ".repeat(50));
    let outcome = outcome(Script::answering("MAIL", &line.repeat(1000))).await;
    let expected = SendOutcome::Transient { reply: "the mail server said too much".to_owned() };
    assert_eq!(outcome, expected);
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
    let shout = format!("550 5.7.1 \u{1b}[31mred\u{7} \u{202e}back {}", "x".repeat(900));
    let outcome = outcome(Script::answering("RCPT", &shout)).await;
    let SendOutcome::Permanent { reply } = outcome else { panic!("{outcome:?}") };
    assert!(reply.starts_with("550 5.7.1 [31mred back xxx"), "{reply}");
    assert_eq!(reply.chars().count(), 501);
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
