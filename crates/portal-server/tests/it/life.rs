//! The whole life of a login, by its host, its owner and its mailboxes.

use serde_json::json;

use crate::support::{Bed, Client, Database, Sink, on_both_databases};

on_both_databases!(the_life_of_a_login, p3_a_front_end_is_needed_for_what_changes_state);

const SLUG: &str = "smith";
const FIRST: &str = "Ada.Brandt@first.example";
const SECOND: &str = "ada@second.example";
const PASSWORD: &str = "nine copper kettles";
const NEXT: &str = "ten silver thimbles";

async fn session(client: &Client, cookie: &str) -> u16 {
    client.with("cookie", cookie).get(&format!("/portal/{SLUG}/api/session")).await.status.as_u16()
}

async fn signed_in(client: &Client, email: &str, password: &str) -> String {
    let answer = client.sign_in(SLUG, email, password).await;
    answer.expect(204);
    answer.cookie()
}

async fn the_life_of_a_login(database: Database) {
    let sink = Sink::with_utf8().await;
    let bed = Bed::new(database).with_mail(&sink.url());
    let key = bed.practice(SLUG).await;
    let service = bed.serve().await;
    let (client, host) = (service.client(), service.client().host(&key));

    // Activation: one mail, to the address as it was typed.
    assert_eq!(host.put_contact("c-1", "Ada Brandt", &[FIRST]).await.expect(201)["emails"][0]["address"], FIRST);
    assert_eq!(host.order("c-1", "activate").await.expect(200)["outcome"], "changed");
    assert_eq!(host.order("c-1", "activate").await.expect(200)["outcome"], "unchanged");
    let invitation = sink.mail(0).await;
    assert_eq!(invitation.to(), FIRST);
    let token = invitation.token();

    looking_changes_nothing(&bed, &client, &host, &token).await;

    // The password, once.
    client.redeem(SLUG, &token, PASSWORD).await.expect(204);
    client.redeem(SLUG, &token, NEXT).await.expect_problem(410, "link_used");
    let cookie = signed_in(&client, " ADA.brandt@FIRST.Example\u{a0} ", PASSWORD).await;
    let view = client.with("cookie", &cookie).get("/portal/smith/api/session").await.expect(200);
    assert_eq!(view["login_email"], FIRST);
    client.sign_in(SLUG, FIRST, NEXT).await.expect_problem(401, "sign_in_failed");

    // Another address on top.
    let emails = json!({ "emails": [SECOND, FIRST] });
    let preview = host.put("/api/v1/contacts/c-1/emails?preview=true", emails.clone()).await.expect(200);
    let moved = host.put("/api/v1/contacts/c-1/emails", emails.clone()).await.expect(200);
    assert_eq!((&preview["effects"], preview["preview"].as_bool()), (&moved["effects"], Some(true)));
    assert_eq!(moved["effects"]["login_after"], SECOND);
    assert_eq!(moved["effects"]["password"], "kept");
    assert_eq!(host.put("/api/v1/contacts/c-1/emails", emails).await.expect(200)["outcome"], "unchanged");
    assert_eq!(session(&client, &cookie).await, 401, "a move ends sessions");
    client.sign_in(SLUG, FIRST, PASSWORD).await.expect_problem(401, "sign_in_failed");
    let cookie = signed_in(&client, SECOND, PASSWORD).await;
    let told = [sink.mail(1).await, sink.mail(2).await];
    let mut to: Vec<_> = told.iter().map(|mail| mail.to().to_owned()).collect();
    to.sort();
    assert_eq!(to, [FIRST, SECOND]);
    assert!(told.iter().all(|mail| !mail.has_link()), "{told:#?}");

    // A link that is open when access ends.
    let reset = client.front_end().post("/portal/smith/api/password-resets", json!({ "email": SECOND })).await;
    reset.expect(202);
    let reset = sink.mail(3).await;
    assert_eq!(reset.to(), SECOND);
    let reset = reset.token();
    assert_eq!(client.link_state(SLUG, &reset).await, "usable");

    // Deactivated: the very next request is refused.
    assert_eq!(host.order("c-1", "deactivate").await.expect(200)["outcome"], "changed");
    assert_eq!(session(&client, &cookie).await, 401);
    client.sign_in(SLUG, SECOND, PASSWORD).await.expect_problem(401, "sign_in_failed");
    assert_eq!(client.link_state(SLUG, &reset).await, "dead");
    client.redeem(SLUG, &reset, NEXT).await.expect_problem(410, "link_dead");

    // Reactivated, twice: one mail; nothing old comes back; the password was confirmed at the old address only.
    let again = host.order("c-1", "reactivate").await.expect(200);
    assert_eq!((&again["outcome"], &again["effects"]["password"]), (&json!("changed"), &json!("ended")));
    assert_eq!(host.order("c-1", "reactivate").await.expect(200)["outcome"], "unchanged");
    let second = sink.mail(4).await;
    assert_eq!(second.to(), SECOND);
    assert_eq!(session(&client, &cookie).await, 401);
    client.redeem(SLUG, &reset, NEXT).await.expect_problem(410, "link_dead");
    client.sign_in(SLUG, SECOND, PASSWORD).await.expect_problem(401, "sign_in_failed");
    client.redeem(SLUG, &second.token(), NEXT).await.expect(204);
    let cookie = signed_in(&client, SECOND, NEXT).await;
    // Within seven days of the move, the old mailbox is told of the new password.
    assert_eq!(sink.mail(5).await.to(), FIRST);

    // Deactivated and reactivated once more: that password was confirmed here, and is kept.
    host.order("c-1", "deactivate").await.expect(200);
    assert_eq!(session(&client, &cookie).await, 401);
    assert_eq!(host.order("c-1", "reactivate").await.expect(200)["effects"]["password"], "kept");
    assert_eq!(sink.mail(6).await.to(), SECOND);
    assert_eq!(session(&client, &cookie).await, 401);
    signed_in(&client, SECOND, NEXT).await;
    sink.settles_at(7).await;

    let (status, log) = service.stop().await;
    assert!(status.success(), "{log}");
}

/// L2: whoever looks, and however often.
async fn looking_changes_nothing(bed: &Bed, client: &Client, host: &Client, token: &str) {
    let state = async || {
        let contact = host.get("/api/v1/contacts/c-1").await.expect(200);
        bed.seal().await;
        let events = host.get("/api/v1/contacts/c-1/portal/events").await.expect(200);
        (contact, events["items"].as_array().unwrap().len())
    };
    // The mail is there before the service has noted that it is.
    while state().await.0["portal"]["invitation"]["state"] == "queued" {
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    let before = state().await;
    for path in [format!("/portal/{SLUG}/link/{token}"), format!("/portal/{SLUG}/api/links/{token}")] {
        for _ in 0..20 {
            for method in ["GET", "HEAD"] {
                let seen = client.send(method, &path, None).await;
                assert_eq!(seen.status, 200, "{method}");
                assert!(!seen.headers.contains_key("set-cookie"));
            }
        }
        assert!(!client.send("OPTIONS", &path, None).await.headers.contains_key("set-cookie"));
    }
    assert_eq!(state().await, before);
    assert_eq!(client.link_state(SLUG, token).await, "usable");
}

async fn p3_a_front_end_is_needed_for_what_changes_state(database: Database) {
    let sink = Sink::with_utf8().await;
    let bed = Bed::new(database).with_mail(&sink.url());
    let key = bed.practice(SLUG).await;
    let service = bed.serve().await;
    let (client, host) = (service.client(), service.client().host(&key));
    host.put_contact("c-1", "Ada Brandt", &[FIRST]).await.expect(201);
    host.order("c-1", "activate").await.expect(200);
    client.redeem(SLUG, &sink.mail(0).await.token(), PASSWORD).await.expect(204);
    let cookie = signed_in(&client, FIRST, PASSWORD).await;
    // Without the header that no form of another site can send, a cookie orders nothing.
    let bare = client.with("cookie", &cookie);
    assert!(bare.delete("/portal/smith/api/session").await.status.is_client_error());
    assert_eq!(session(&client, &cookie).await, 200);
    // Another site's page is refused even with it.
    let foreign = bare.front_end().with("origin", "https://evil.example");
    assert!(foreign.delete("/portal/smith/api/session").await.status.is_client_error());
    assert_eq!(session(&client, &cookie).await, 200);
    bare.front_end().delete("/portal/smith/api/session").await.expect(204);
    assert_eq!(session(&client, &cookie).await, 401);
}
