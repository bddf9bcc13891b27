//! Mail goes to the stored address and to nobody else (E4, S2).

use portal_domain::port::SendOutcome;

use crate::sink::{Script, Sink, address, mail, undotted};

const UTF8: &[&str] = &["8BITMIME", "SMTPUTF8"];

#[tokio::test]
async fn s2_one_recipient_the_stored_bytes() {
    // Spellings of one key: each goes out as it is stored, never as the key.
    for stored in ["ada@smith.example", "Ada@Smith.example", "ADA@SMITH.EXAMPLE", "a.d+a'x@smith.example"] {
        for offers in [&["8BITMIME"][..], UTF8, &[]] {
            let sink = Sink::start(Script::offering(offers)).await;
            assert!(matches!(sink.send(&mail(stored)).await, SendOutcome::Accepted { .. }));
            assert_eq!(sink.recipients(), [format!("RCPT TO:<{stored}>")]);
            let told = sink.told();
            assert!(told.commands.contains(&"MAIL FROM:<bounce+0198c0de@mail.example>".to_owned()));
            let message = String::from_utf8(told.messages[0].clone()).expect("UTF-8");
            assert!(message.contains(&format!("\r\nTo: <{stored}>\r\n")), "{message}");
        }
    }
}

#[tokio::test]
async fn e4_with_smtputf8_the_stored_address_byte_for_byte() {
    // The first is decomposed, and has a capital and a sharp s: none of it may be normalised.
    for stored in ["ada@B\u{75}\u{308}cher.example", "zoë@smith.example", "用户@例え.example", "ada@straße.example"]
    {
        let sink = Sink::start(Script::offering(UTF8)).await;
        assert!(matches!(sink.send(&mail(stored)).await, SendOutcome::Accepted { .. }), "{stored}");
        assert_eq!(sink.recipients(), [format!("RCPT TO:<{stored}>")]);
        let told = sink.told();
        let from = "MAIL FROM:<bounce+0198c0de@mail.example> SMTPUTF8 BODY=8BITMIME".to_owned();
        assert!(told.commands.contains(&from), "{:?}", told.commands);
        let message = String::from_utf8(undotted(&told.messages[0])).expect("UTF-8");
        assert!(message.contains(&format!("\r\nTo: <{stored}>\r\n")), "{message}");
    }
}

#[tokio::test]
async fn e4_without_smtputf8_the_domain_as_a_labels() {
    let cases = [
        ("Ada@bücher.example", "Ada@xn--bcher-kva.example"),
        ("ada@B\u{75}\u{308}cher.example", "ada@xn--bcher-kva.example"),
        ("ada@straße.example", "ada@xn--strae-oqa.example"),
    ];
    for (stored, sent) in cases {
        let sink = Sink::start(Script::offering(&["8BITMIME"])).await;
        assert!(matches!(sink.send(&mail(stored)).await, SendOutcome::Accepted { .. }), "{stored}");
        assert_eq!(sink.recipients(), [format!("RCPT TO:<{sent}>")]);
        let told = sink.told();
        assert!(!told.commands.iter().any(|command| command.contains("SMTPUTF8")));
        assert!(told.messages[0].is_ascii());
        let message = String::from_utf8(told.messages[0].clone()).expect("ASCII");
        assert!(message.contains(&format!("\r\nTo: <{sent}>\r\n")), "{message}");
    }
}

#[tokio::test]
async fn e4_without_smtputf8_a_local_part_beyond_ascii_fails_visibly() {
    for stored in ["zoë@smith.example", "用户@例え.example"] {
        let sink = Sink::start(Script::offering(&["8BITMIME"])).await;
        let outcome = sink.send(&mail(stored)).await;
        let SendOutcome::Permanent { reply } = outcome else { panic!("{outcome:?}") };
        assert!(reply.starts_with("the mail server does not offer SMTPUTF8"), "{reply}");
        assert_eq!(sink.recipients(), [""; 0]);
        assert!(!sink.told().commands.iter().any(|command| command.starts_with("MAIL")));
    }
}

#[tokio::test]
async fn e4_addresses_of_our_own_go_out_with_a_labels() {
    for offers in [&["8BITMIME"][..], UTF8] {
        let sink = Sink::start(Script::offering(offers)).await;
        let mut mail = mail("ada@smith.example");
        mail.from.address = address("portal@bücher.example");
        mail.reply_to = Some(address("office@bücher.example"));
        mail.return_path = None;
        assert!(matches!(sink.send(&mail).await, SendOutcome::Accepted { .. }));
        let told = sink.told();
        assert!(told.commands.contains(&"MAIL FROM:<portal@xn--bcher-kva.example>".to_owned()));
        let message = String::from_utf8(told.messages[0].clone()).expect("ASCII");
        assert!(message.contains("<portal@xn--bcher-kva.example>\r\n"), "{message}");
        assert!(message.contains("\r\nReply-To: <office@xn--bcher-kva.example>\r\n"), "{message}");
    }
}

#[tokio::test]
async fn a_sender_that_needs_smtputf8_is_a_fault_of_configuration_without_it() {
    let mut mail = mail("ada@smith.example");
    mail.from.address = address("büro@mail.example");
    let sink = Sink::start(Script::offering(&["8BITMIME"])).await;
    assert!(matches!(sink.send(&mail).await, SendOutcome::Misconfigured { .. }));
    let sink = Sink::start(Script::offering(UTF8)).await;
    assert!(matches!(sink.send(&mail).await, SendOutcome::Accepted { .. }));
    assert!(sink.told().commands.iter().any(|command| command.ends_with(" SMTPUTF8 BODY=8BITMIME")));
}

#[tokio::test]
async fn s11_a_return_path_can_not_speak() {
    for path in ["a@b.example> NOTIFY=NEVER", "a@b.example\r\nRCPT TO:<x@evil.example>", "a<b>@c.example", "no-address"]
    {
        let sink = Sink::start(Script::offering(UTF8)).await;
        let mut mail = mail("ada@smith.example");
        mail.return_path = Some(path.to_owned());
        assert!(matches!(sink.send(&mail).await, SendOutcome::Misconfigured { .. }), "{path}");
        assert_eq!(sink.recipients(), [""; 0]);
    }
    let sink = Sink::start(Script::offering(UTF8)).await;
    let mut mail = mail("ada@smith.example");
    mail.return_path = Some(String::new());
    assert!(matches!(sink.send(&mail).await, SendOutcome::Accepted { .. }));
    assert!(sink.told().commands.contains(&"MAIL FROM:<>".to_owned()));
}
