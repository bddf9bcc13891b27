//! Connections that are kept, replaced and shared, and messages that are announced in one write (D1, S14).

use std::{sync::Arc, time::Duration};

use portal_domain::port::{Mailer, SendOutcome};
use portal_smtp::{SmtpMailer, SmtpOptions};
use tokio::{runtime::Runtime, sync::Barrier, task::JoinSet};

use crate::sink::{CLOSE, HANG, LAST, Script, Sink, Told, mail};

fn options() -> SmtpOptions {
    SmtpOptions { stage_deadline: Duration::from_secs(20), ..SmtpOptions::default() }
}

async fn accepted(mailer: &SmtpMailer) {
    let outcome = mailer.send(&mail("ada@smith.example")).await;
    assert!(matches!(outcome, SendOutcome::Accepted { .. }), "{outcome:?}");
}

fn count(told: &Told, verb: &str) -> usize {
    told.connections.iter().flatten().filter(|said| *said == verb).count()
}

fn turn(verb: &'static str, turn: usize, answer: &str) -> Script {
    Script { turns: vec![(verb, turn, answer.to_owned())], ..Script::offering(&["8BITMIME"]) }
}

#[tokio::test]
async fn a_hundred_messages_need_one_connection_and_the_next_one_another() {
    for pipelining in [false, true] {
        let sink = Sink::start(Script::offering(&["8BITMIME"]).pipelining(pipelining)).await;
        let mailer = sink.mailer(&options());
        for _ in 0..100 {
            accepted(&mailer).await;
        }
        assert_eq!(sink.told().connections.len(), 1);
        accepted(&mailer).await;
        let told = sink.until(|told| told.ended == 1).await;
        assert_eq!(told.connections.len(), 2);
        assert_eq!(told.messages.len(), 101);
        assert_eq!(told.connections[0].last().map(String::as_str), Some("QUIT"));
        assert_eq!(count(&told, "RSET"), 0);
    }
}

#[tokio::test]
async fn no_reply_counts_against_a_later_one() {
    // Far more than one reply may hold, over all messages.
    let long = format!("{}250 fine", format!("250-{}\r\n", "x".repeat(500)).repeat(40));
    let sink = Sink::start(Script::answering("MAIL", &long)).await;
    let mailer = sink.mailer(&options());
    for _ in 0..20 {
        accepted(&mailer).await;
    }
    assert_eq!(sink.told().connections.len(), 1);
}

#[tokio::test]
async fn a_kept_connection_that_died_is_replaced_without_failing_the_message() {
    let dead = [
        // It was ended while it rested, with and without a word.
        turn(".", 1, &format!("{LAST}250 taken")),
        turn(".", 1, &format!("{LAST}250 taken\r\n421 4.4.2 bored")),
        // It ends when it is used again.
        turn("MAIL", 2, CLOSE),
        turn("MAIL", 2, &format!("{LAST}421 4.4.2 bored")),
        turn("RCPT", 2, CLOSE),
        turn("DATA", 2, CLOSE),
    ];
    for script in dead {
        for pipelining in [false, true] {
            let name = format!("{:?} {pipelining}", script.turns);
            let sink = Sink::start(script.clone().pipelining(pipelining)).await;
            let mailer = sink.mailer(&options());
            accepted(&mailer).await;
            accepted(&mailer).await;
            let told = sink.told();
            assert_eq!((told.connections.len(), told.messages.len()), (2, 2), "{name}");
        }
    }
}

#[tokio::test]
async fn a_kept_connection_that_is_silent_at_its_first_word_is_replaced() {
    let sink = Sink::start(turn("MAIL", 2, HANG)).await;
    let mailer = sink.mailer(&SmtpOptions { stage_deadline: Duration::from_secs(1), ..options() });
    accepted(&mailer).await;
    accepted(&mailer).await;
    assert_eq!(sink.told().connections.len(), 2);
}

#[tokio::test]
async fn a_message_is_begun_again_only_once() {
    let turns = vec![("MAIL", 2, CLOSE.to_owned()), ("MAIL", 3, CLOSE.to_owned())];
    let sink = Sink::start(Script { turns, ..Script::offering(&[]) }).await;
    let mailer = sink.mailer(&options());
    accepted(&mailer).await;
    let outcome = mailer.send(&mail("ada@smith.example")).await;
    assert!(matches!(outcome, SendOutcome::Transient { .. }), "{outcome:?}");
    assert_eq!(sink.told().connections.len(), 2);
}

#[tokio::test]
async fn s14_what_was_handed_over_is_never_begun_again_in_silence() {
    for answer in [CLOSE, HANG, "garbage", "421 4.3.2 going down"] {
        for pipelining in [false, true] {
            let sink = Sink::start(turn(".", 2, answer).pipelining(pipelining)).await;
            let mailer = sink.mailer(&SmtpOptions { stage_deadline: Duration::from_secs(1), ..options() });
            accepted(&mailer).await;
            let outcome = mailer.send(&mail("ada@smith.example")).await;
            let SendOutcome::Transient { reply } = outcome else { panic!("{answer}: {outcome:?}") };
            assert_eq!(reply.contains("it may arrive twice"), !answer.starts_with("421"), "{reply}");
            let told = sink.told();
            assert_eq!((told.connections.len(), told.messages.len()), (1, 2), "{answer}");
            // The line is not used again.
            accepted(&mailer).await;
            assert_eq!(sink.told().connections.len(), 2, "{answer}");
        }
    }
}

#[tokio::test]
async fn a_refused_message_leaves_a_connection_for_the_next_one() {
    // Whether the server has something to forget before it takes another sender.
    for (verb, forgets) in [("MAIL", true), ("RCPT", true), ("DATA", true), (".", false)] {
        for answer in ["550 5.7.1 no", "450 4.7.1 not now"] {
            let sink = Sink::start(turn(verb, 1, answer)).await;
            let mailer = sink.mailer(&options());
            let outcome = mailer.send(&mail("ada@smith.example")).await;
            assert!(!matches!(outcome, SendOutcome::Accepted { .. }), "{outcome:?}");
            accepted(&mailer).await;
            let told = sink.told();
            assert_eq!(told.connections.len(), 1, "{verb}");
            assert_eq!(count(&told, "RSET"), usize::from(forgets), "{verb}");
        }
    }
}

#[tokio::test]
async fn a_server_that_will_not_forget_is_left_for_another_connection() {
    let turns = vec![("RCPT", 1, "550 5.1.1 no".to_owned()), ("RSET", 1, CLOSE.to_owned())];
    let sink = Sink::start(Script { turns, ..Script::offering(&["8BITMIME"]) }).await;
    let mailer = sink.mailer(&options());
    assert!(matches!(mailer.send(&mail("ada@smith.example")).await, SendOutcome::Permanent { .. }));
    accepted(&mailer).await;
    assert_eq!(sink.told().connections.len(), 2);
}

#[tokio::test]
async fn what_is_announced_at_once_is_told_step_by_step_where_that_is_not_offered() {
    // A server that answers only when all three are there would hang otherwise.
    let sink = Sink::start(Script::offering(&["8BITMIME"]).pipelining(true)).await;
    accepted(&sink.mailer(&options())).await;
    let told = sink.until(|told| told.ended == 1).await;
    assert_eq!(told.connections, [["EHLO", "MAIL", "RCPT", "DATA", "QUIT"]]);
    // Step by step, nothing is said after a refusal.
    for (verb, said) in [("MAIL", vec!["EHLO", "MAIL", "QUIT"]), ("RCPT", vec!["EHLO", "MAIL", "RCPT", "QUIT"])] {
        let sink = Sink::start(turn(verb, 1, "550 5.7.1 no")).await;
        sink.send(&mail("ada@smith.example")).await;
        assert_eq!(sink.until(|told| told.ended == 1).await.connections, [said]);
    }
}

#[tokio::test]
async fn a_go_ahead_without_a_recipient_delivers_nothing() {
    for verb in ["MAIL", "RCPT"] {
        for answer in ["550 5.1.1 no", "450 4.2.1 not now"] {
            // The sink gives its go-ahead all the same.
            let sink = Sink::start(turn(verb, 1, answer).pipelining(true)).await;
            let mailer = sink.mailer(&options());
            let outcome = mailer.send(&mail("ada@smith.example")).await;
            assert!(format!("{outcome:?}").contains(answer), "{outcome:?}");
            let told = sink.until(|told| told.ended == 1).await;
            assert_eq!(told.connections, [["EHLO", "MAIL", "RCPT", "DATA"]], "nothing is said after the go-ahead");
            assert!(told.messages.is_empty());
            accepted(&mailer).await;
            assert_eq!(sink.told().messages.len(), 1);
        }
    }
}

#[tokio::test]
async fn the_first_refusal_is_the_one_that_counts() {
    let turns =
        vec![("RCPT", 1, "550 5.1.1 no such user".to_owned()), ("DATA", 1, "554 5.5.1 no valid recipients".to_owned())];
    let sink = Sink::start(Script { turns, ..Script::offering(&["PIPELINING"]) }).await;
    let mailer = sink.mailer(&options());
    let reply = "550 5.1.1 no such user".to_owned();
    assert_eq!(mailer.send(&mail("ada@smith.example")).await, SendOutcome::Permanent { reply });
    accepted(&mailer).await;
    let told = sink.told();
    assert_eq!(told.connections, [["EHLO", "MAIL", "RCPT", "DATA", "RSET", "MAIL", "RCPT", "DATA"]]);
    // Also where the server leaves after it.
    let turns = vec![("RCPT", 1, "550 5.1.1 no such user".to_owned()), ("DATA", 1, CLOSE.to_owned())];
    let sink = Sink::start(Script { turns, ..Script::offering(&["PIPELINING"]) }).await;
    let reply = "550 5.1.1 no such user".to_owned();
    assert_eq!(sink.send(&mail("ada@smith.example")).await, SendOutcome::Permanent { reply });
}

async fn at_once(sink: &Sink, options: &SmtpOptions, messages: usize) -> Arc<SmtpMailer> {
    let mailer = Arc::new(sink.mailer(options));
    let mut sends = JoinSet::new();
    for _ in 0..messages {
        let mailer = Arc::clone(&mailer);
        sends.spawn(async move { accepted(&mailer).await });
    }
    while let Some(sent) = sends.join_next().await {
        sent.expect("accepted");
    }
    mailer
}

#[tokio::test]
async fn messages_at_once_have_connections_of_their_own_up_to_a_bound() {
    for (connections, messages) in [(2, 2), (4, 4), (4, 12), (1, 3)] {
        let together = Some(Arc::new(Barrier::new(connections)));
        let sink = Sink::start(Script { together, ..Script::offering(&["PIPELINING"]) }).await;
        let _mailer = at_once(&sink, &SmtpOptions { connections, ..options() }, messages).await;
        let told = sink.told();
        assert_eq!((told.connections.len(), told.messages.len()), (connections, messages));
    }
    assert_eq!(SmtpOptions::default().connections, 4);
}

#[tokio::test]
async fn s16_waiting_for_a_free_connection_is_part_of_a_messages_time() {
    let sink = Sink::start(Script::answering("MAIL", HANG)).await;
    let mailer = Arc::new(sink.mailer(&SmtpOptions { connections: 1, deadline: Duration::from_secs(1), ..options() }));
    let mut sends = JoinSet::new();
    for _ in 0..2 {
        let mailer = Arc::clone(&mailer);
        sends.spawn(async move { mailer.send(&mail("ada@smith.example")).await });
    }
    while let Some(outcome) = sends.join_next().await {
        let outcome = outcome.expect("no panic");
        let SendOutcome::Transient { reply } = outcome else { panic!("{outcome:?}") };
        assert!(reply.starts_with("the message was not handed over within 1 s, at "), "{reply}");
    }
}

#[tokio::test]
async fn a_connection_that_rests_too_long_is_ended() {
    let sink = Sink::start(Script::offering(&[])).await;
    let mailer = sink.mailer(&SmtpOptions { idle: Duration::from_millis(50), ..options() });
    accepted(&mailer).await;
    // Though there is no other message.
    let told = sink.until(|told| told.ended == 1).await;
    assert_eq!(told.connections, [["EHLO", "MAIL", "RCPT", "DATA", "QUIT"]]);
    accepted(&mailer).await;
    let told = sink.until(|told| told.ended == 2).await;
    assert_eq!(told.connections.len(), 2);
}

#[tokio::test]
async fn a_message_that_is_cut_off_takes_its_connection_along() {
    let sink = Sink::start(turn("RCPT", 2, HANG)).await;
    let mailer = sink.mailer(&options());
    accepted(&mailer).await;
    let letter = mail("ada@smith.example");
    tokio::select! {
        outcome = mailer.send(&letter) => panic!("{outcome:?}"),
        _ = sink.until(|told| count(told, "RCPT") == 2) => {}
    }
    accepted(&mailer).await;
    let told = sink.told();
    assert_eq!((told.connections.len(), told.messages.len()), (2, 2));
    assert_eq!(count(&told, "QUIT"), 0, "nothing is said in the middle of a message");
}

#[test]
fn a_mailer_may_outlive_the_runtime_of_its_connections() {
    let runtime = Runtime::new().expect("a runtime");
    let mailer = runtime.block_on(async {
        let sink = Sink::start(Script::offering(&[])).await;
        let mailer = sink.mailer(&options());
        accepted(&mailer).await;
        mailer
    });
    drop(runtime);
    // What it kept is of no use any more, and does no harm.
    Runtime::new().expect("a runtime").block_on(async {
        let outcome = mailer.send(&mail("ada@smith.example")).await;
        let SendOutcome::Transient { reply } = outcome else { panic!("{outcome:?}") };
        assert!(reply.starts_with("the mail server can't be reached"), "{reply}");
    });
    drop(mailer);
}
