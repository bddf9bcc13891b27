//! Mails as they look, a test mail to oneself, and API keys.

use std::time::Duration;

use axum::http::Method;
use portal_domain::{
    message::{About, MessageBody},
    port::{Clock, LeaseTerms, Outbox},
};
use serde_json::json;

use crate::{
    desk::{Desk, hidden, words},
    kit::{Answer, Ask},
};

#[tokio::test]
async fn every_mail_is_shown_with_the_settings_of_today() {
    let desk = Desk::new().await;
    let body = json!({"contact_line": "Ask Jo", "invitation_note": "Welcome <b>", "mail_reply_to": "office@smith.example", "activation_link_hours": 48});
    desk.kit.host(Method::PUT, "/settings", body).await.is(200);
    let list = desk.get_as_admin("/mails").await.is(200);
    let kinds =
        list.text.split("href=\"/workspace/smith/mails/").skip(1).map(|rest| rest.split_once('"').expect("an end").0);
    let kinds: Vec<_> = kinds.collect();
    assert_eq!(kinds.len(), 15);
    for kind in &kinds {
        let page = desk.get_as_admin(&format!("/mails/{kind}")).await.is(200);
        let text = words(&page);
        assert!(text.contains("smith &#38; Partners") && text.contains("Ask Jo"), "{text}");
        assert!(!text.contains("Example &#38; Partners") && text.contains("office@smith.example"), "{text}");
        assert_eq!(text.contains("Welcome &#60;b&#62;"), ["activation", "test"].contains(kind), "{kind}");
        let invites = ["activation", "reminder"].contains(kind);
        assert_eq!(text.contains("works once, until 4 March 2026, 12:00 UTC."), invites, "{kind}");
        assert_eq!(text.contains("/workspace/smith/sign-in"), kind.starts_with("staff") || *kind == "test", "{kind}");
        let mail = desk.get_as_admin(&format!("/mails/{kind}/html")).await.is(200);
        assert!(mail.text.contains("Ask Jo") && !mail.text.contains("<b>Welcome"));
        let policy = mail.header("content-security-policy").expect("a policy");
        assert!(policy.contains("sandbox") && policy.contains("default-src 'none'"), "{policy}");
    }
    for path in ["/mails/nonsense", "/mails/nonsense/html", "/mails/activation_naughty"] {
        desk.get_as_admin(path).await.is(404);
    }
}

impl Desk {
    /// Presses the button once more, on a page of its own.
    async fn send_test(&self) -> Answer {
        let call = hidden(&self.get_as_admin("/mails").await.is(200), "call");
        self.post_as_admin("/mails", &[("call", &call)]).await
    }

    /// Takes what waits to be sent: to whom, and what.
    async fn sent(&self) -> Vec<(String, About, MessageBody, bool)> {
        let now = self.kit.clock.now();
        let terms = LeaseTerms::new(now, now.after(Duration::from_secs(60)), 100);
        let leased = Outbox::lease(&*self.kit.store, &terms).await.expect("messages");
        let letters = leased.into_iter().map(|leased| leased.letter.expect("a letter").message);
        letters.map(|it| (it.to.as_str().to_owned(), it.about, it.body.clone(), it.awaited())).collect()
    }
}

#[tokio::test]
async fn g3_a_test_mail_goes_to_whoever_asks_and_three_times_an_hour_at_most() {
    let desk = Desk::new().await;
    let call = hidden(&desk.get_as_admin("/mails").await, "call");
    for _ in 0..2 {
        let page = desk.post_as_admin("/mails", &[("call", &call), ("to", "evil@mail.example")]).await.is(200);
        assert!(words(&page).contains("A test mail is on its way to boss@staff.example."));
    }
    let sent = desk.sent().await;
    assert_eq!(sent.len(), 1);
    assert!(sent[0].0 == "boss@staff.example" && sent[0].2 == MessageBody::Test && sent[0].3, "{sent:?}");
    assert!(sent[0].1.user().is_some());
    desk.send_test().await.is(200);
    desk.send_test().await.is(200);
    let full = desk.send_test().await.is(429);
    assert!(words(&full).contains("At most three go out in an hour") && full.header("retry-after").is_some());
    assert_eq!(desk.sent().await.len(), 2);
    desk.kit.clock.advance(Duration::from_secs(3600));
    let desk = Desk::again(desk.kit).await;
    desk.send_test().await.is(200);
    assert_eq!(desk.sent().await.len(), 4, "the leases of the three before are over");
}

#[tokio::test]
async fn g1_test_mails_shut_no_way_through_a_reset() {
    let desk = Desk::new().await;
    desk.kit.host(Method::POST, "/practice-users/boss/invite", json!(null)).await.is(200);
    for _ in 0..3 {
        desk.send_test().await.is(200);
    }
    desk.sent().await;
    desk.kit.send(Ask::form("/workspace/smith/forgot", &[("email", "boss@staff.example")])).await.is(200);
    desk.kit.decide().await;
    assert_eq!(desk.sent().await[0].2, MessageBody::StaffReset);
}

#[tokio::test]
async fn a_key_is_shown_once_works_and_is_revoked() {
    let desk = Desk::new().await;
    let page = desk.get_as_admin("/keys").await.is(200);
    let form = [("call", &*hidden(&page, "call")), ("name", "Our program"), ("scope", "read"), ("scope", "sign_in")];
    let made = desk.post_as_admin("/keys", &form).await.is(201);
    assert_eq!(made.header("cache-control"), Some("no-store"));
    let secret =
        made.text.split_once("readonly").and_then(|(_, rest)| rest.split_once("value=\"")).expect("a secret").1;
    let secret = secret.split_once('"').expect("an end").0.to_owned();
    // Pressed twice, there is one key.
    assert!(desk.post_as_admin("/keys", &form).await.is(201).text.contains(&secret));
    let list = desk.get_as_admin("/keys").await.is(200);
    assert!(!list.text.contains(&secret));
    assert_eq!(list.text.matches("Our program").count(), 2);
    assert!(words(&list).contains("Read everything; Hand people over into the portal"), "{}", words(&list));
    let call = || desk.kit.send(Ask::get("/api/v1/clients").key(&secret));
    call().await.is(200);
    let path =
        list.text.split_once("href=\"/workspace/smith/keys/").expect("a link").1.split_once('"').expect("an end").0;
    let path = format!("/keys/{path}");
    let asked = words(&desk.get_as_admin(&path).await.is(200));
    assert!(
        asked.contains("Revoke the key Our program?") && asked.contains("refused from its next call on"),
        "{asked}"
    );
    call().await.is(200);
    for _ in 0..2 {
        desk.post_as_admin(&path, &[]).await.is(303);
    }
    call().await.problem(401, "unauthorized");
    assert!(words(&desk.get_as_admin("/keys").await).contains("Revoked"));
    assert!(words(&desk.get_as_admin(&path).await.is(200)).contains("it is so already"));
}

#[tokio::test]
async fn a_key_without_name_or_scope_is_none_and_no_other_practice_has_ours() {
    let desk = Desk::new().await;
    let before = desk.kit.stored();
    for (name, scopes, said, field) in [
        (" ", &["read"][..], "The name is missing", "#name"),
        ("X", &[], "It is not said what the key may do.", "#scope"),
        ("X", &["operator"], "It is not said what the key may do.", "#scope"),
    ] {
        let mut form = vec![("call", "some"), ("name", name)];
        form.extend(scopes.iter().map(|scope| ("scope", *scope)));
        let page = desk.post_as_admin("/keys", &form).await.is(422);
        assert!(
            words(&page).contains(said) && page.text.contains(&format!("<a href=\"{field}\">")),
            "{}",
            words(&page)
        );
    }
    assert_eq!(desk.kit.stored(), before);
    desk.post_as_admin("/keys", &[("call", "one"), ("name", "A"), ("scope", "read")]).await.is(201);
    let other = desk.post_as_admin("/keys", &[("call", "one"), ("name", "B"), ("scope", "read")]).await.is(422);
    assert!(words(&other).contains("This form was sent before"), "{}", words(&other));
    desk.get_as_admin("/keys/00000000-0000-7000-8000-000000000000/revoke").await.is(404);
    desk.post_as_admin("/keys/nonsense/revoke", &[]).await.is(404);
}

#[tokio::test]
async fn whatever_is_typed_stays_text_in_mails_and_keys() {
    let desk = Desk::new().await;
    let shape = |page: &Answer| page.text.matches('<').count();
    let mut plain = Vec::new();
    for text in ["X", "\"><script>alert(1)</script>", "{{7*7}}", "\u{202e}abc", "&lt;b&gt;"] {
        desk.kit.host(Method::PUT, "/settings", json!({"contact_line": text, "invitation_note": text})).await.is(200);
        let mut shapes = Vec::new();
        for path in ["/mails/activation", "/mails/test", "/mails/activation/html"] {
            shapes.push(shape(&desk.get_as_admin(path).await.is(200)));
        }
        shapes.push(shape(&desk.post_as_admin("/keys", &[("call", "x"), ("name", text)]).await.is(422)));
        if plain.is_empty() {
            plain.clone_from(&shapes);
        }
        assert_eq!(shapes, plain, "{text}");
    }
}
