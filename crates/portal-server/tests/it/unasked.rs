//! Mail that nobody asks for: hints (M8), and invitations repeated before they expire (D8).

use std::{fs, time::Duration};

use serde_json::{Value, json};

use crate::support::{Bed, Client, Database, Sink, on_both_databases};

on_both_databases!(
    m8_who_tries_another_address_gets_one_hint_a_day_at_the_right_one,
    d8_an_invitation_is_repeated_before_it_expires_and_an_event_tells_that_it_has
);

const HOME: &str = "ada@home.example";
const SECOND: &str = "ada@second.example";
const DAY: i64 = 24 * 60 * 60;

async fn invited(host: &Client, emails: &[&str]) {
    host.put("/api/v1/clients/acme", json!({ "name": "Acme Ltd" })).await.expect(201);
    let ada = json!({ "name": "Ada Brandt", "emails": emails, "clients": ["acme"] });
    host.put("/api/v1/contacts/c-1", ada).await.expect(201);
    host.order("c-1", "activate").await.expect(200);
}

/// How many events of this kind the contact has, as soon as it has one.
async fn events(bed: &Bed, host: &Client, kind: &str) -> usize {
    for _ in 0..100 {
        bed.seal().await;
        let told = host.get("/api/v1/contacts/c-1/portal/events").await.expect(200);
        let of_kind = told["items"].as_array().unwrap().iter().filter(|event| event["kind"] == kind).count();
        if of_kind > 0 {
            return of_kind;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("no `{kind}` came")
}

async fn m8_who_tries_another_address_gets_one_hint_a_day_at_the_right_one(database: Database) {
    let sink = Sink::with_utf8().await;
    let bed = Bed::new(database).with_mail(&sink.url());
    let key = bed.practice("smith").await;
    let service = bed.serve().await;
    let (host, front_end) = (service.client().host(&key), service.client().front_end());
    invited(&host, &[HOME, SECOND]).await;
    let token = sink.mail(0).await.token();
    service.client().redeem("smith", &token, "nine copper kettles").await.expect(204);

    let reset = async |email: &str| {
        let answer = front_end.post("/portal/smith/api/password-resets", json!({ "email": email })).await;
        (answer.status, answer.body)
    };
    let unknown = reset("ada@nobody.example").await;
    assert_eq!(reset(SECOND).await, unknown);
    let hint = sink.mail(1).await;
    assert_eq!(hint.to(), HOME);
    assert!(hint.body().contains(HOME) && !hint.has_link(), "{}", hint.body());
    assert_eq!(reset(SECOND).await, unknown);
    service.client().sign_in("smith", SECOND, "nine copper kettles").await.expect_problem(401, "sign_in_failed");
    sink.settles_at(2).await;

    assert_eq!(events(&bed, &host, "login.hinted").await, 1);
    let messages = host.get("/api/v1/contacts/c-1/portal/messages").await.expect(200);
    let kinds: Vec<_> = messages["items"].as_array().unwrap().iter().map(|it| (&it["kind"], &it["to"])).collect();
    assert!(kinds.contains(&(&json!("hint"), &json!(HOME))), "{kinds:?}");
    let told = host.get("/api/v1/contacts/c-1/portal/diagnosis").await.expect(200);
    assert_eq!(told["findings"][0]["code"], "not_the_first_address", "{told}");
}

async fn d8_an_invitation_is_repeated_before_it_expires_and_an_event_tells_that_it_has(database: Database) {
    let sink = Sink::with_utf8().await;
    let mut bed = Bed::new(database).with_mail(&sink.url());
    let clock = bed.folder().join("clock");
    bed.set("PORTAL_FAULT_CLOCK", clock.to_str().unwrap());
    let key = bed.practice("smith").await;
    let status = async |host: &Client| host.get("/api/v1/contacts/c-1/portal").await.expect(200)["status"].clone();

    let service = bed.serve().await;
    invited(&service.client().host(&key), &[HOME]).await;
    let invitation = sink.mail(0).await;
    service.stop().await;

    // The first look comes at once with the start.
    fs::write(&clock, (5 * DAY + 60).to_string()).unwrap();
    let service = bed.serve().await;
    let reminder = sink.mail(1).await;
    assert_eq!((reminder.to(), reminder.token()), (HOME, invitation.token()), "it repeats the link");
    assert_ne!(reminder.subject(), invitation.subject());
    assert_eq!(status(&service.client().host(&key)).await, "invited");
    assert_eq!(events(&bed, &service.client().host(&key), "invitation.reminded").await, 1);
    service.stop().await;
    bed.serve().await.stop().await;
    sink.settles_at(2).await;

    fs::write(&clock, (7 * DAY + 60).to_string()).unwrap();
    let service = bed.serve().await;
    let host = service.client().host(&key);
    assert_eq!(events(&bed, &host, "invitation.expired").await, 1);
    assert_eq!(status(&host).await, "invitation_expired");
    let late = service.client().redeem("smith", &invitation.token(), "nine copper kettles").await;
    let problem: Value = late.expect_problem(410, "link_expired");
    assert!(problem["detail"].is_string(), "{problem}");
    sink.settles_at(2).await;
}
