//! Many at once.

use futures_util::future::join_all;
use serde_json::json;

use crate::support::{Answer, Bed, Client, Database, Sink, on_both_databases};

on_both_databases!(
    s3_fifty_redemptions_of_one_link,
    s3_fifty_redemptions_of_one_link_of_staff,
    c5_staff_and_client_race_for_one_address,
    of_twenty_webhooks_at_once_ten_are_made,
);

/// So many addresses are raced for.
const ROUNDS: usize = 1000;
/// So many races at once.
const TRACKS: usize = 8;

async fn s3_fifty_redemptions_of_one_link(database: Database) {
    let sink = Sink::with_utf8().await;
    let bed = Bed::new(database).with_mail(&sink.url());
    let key = bed.practice("smith").await;
    let service = bed.serve().await;
    let (client, host) = (service.client(), service.client().host(&key));
    host.put_contact("c-1", "Ada Brandt", &["ada@first.example"]).await.expect(201);
    host.order("c-1", "activate").await.expect(200);
    let token = sink.mail(0).await.token();

    let passwords = fifty();
    let answers = join_all(passwords.iter().map(|password| client.redeem("smith", &token, password))).await;
    let set = winner(&answers, &passwords, 204, |lost| drop(lost.expect_problem(410, "link_used")));
    client.sign_in("smith", "ada@first.example", set).await.expect(204);
    bed.seal().await;
    assert_eq!(told(&host, "/api/v1/contacts/c-1/portal/events?limit=200", "login.password_set").await, 1);
}

async fn s3_fifty_redemptions_of_one_link_of_staff(database: Database) {
    let sink = Sink::with_utf8().await;
    let bed = Bed::new(database).with_mail(&sink.url());
    let key = bed.practice("smith").await;
    let service = bed.serve().await;
    let (browser, host) = (service.client().browser(), service.client().host(&key));
    let user = json!({ "name": "Sue Holt", "email": "sue@staff.example", "role": "staff" });
    host.put("/api/v1/practice-users/sue", user).await.expect(201);
    host.send("POST", "/api/v1/practice-users/sue/invite", None).await.expect(200);
    let link = format!("/workspace/smith/link/{}", sink.mail(0).await.token());
    let send = |path: String, password: &str, rest: &str| {
        let (browser, body) = (browser.clone(), format!("password={}{rest}", password.replace(' ', "+")));
        async move { browser.send("POST", &path, Some(body.into_bytes())).await }
    };

    let passwords = fifty();
    let answers = join_all(passwords.iter().map(|password| send(link.clone(), password, ""))).await;
    let set = winner(&answers, &passwords, 200, |lost| {
        assert!(String::from_utf8_lossy(&lost.body).contains("used already"), "{lost:?}");
        lost.expect(410);
    });
    let other = passwords.iter().find(|password| *password != set).unwrap();
    let sign_in = |password: &str| send("/workspace/smith/sign-in".to_owned(), password, "&email=sue%40staff.example");
    sign_in(other).await.expect(401);
    sign_in(set).await.expect(303);
    bed.seal().await;
    assert_eq!(told(&host, "/api/v1/events?limit=200", "user.password_set").await, 1);
}

/// Passwords that all want to be the one.
fn fifty() -> Vec<String> {
    (0..50).map(|one| format!("nine copper kettles {one}")).collect()
}

/// The password of the one answer of this status; all others lost.
fn winner<'a>(answers: &[Answer], passwords: &'a [String], won: u16, lost: impl Fn(&Answer)) -> &'a str {
    let mut winner = None;
    for (answer, password) in answers.iter().zip(passwords) {
        match answer.status.as_u16() {
            status if status == won => assert!(winner.replace(password).is_none(), "two passwords were set"),
            // On few cores some wait in vain for a hash.
            503 => assert!(answer.headers.contains_key("retry-after")),
            _ => lost(answer),
        }
    }
    winner.expect("one password was set")
}

/// How many events of a kind are told.
async fn told(host: &Client, path: &str, kind: &str) -> usize {
    let events = host.get(path).await.expect(200);
    events["items"].as_array().unwrap().iter().filter(|event| event["kind"] == kind).count()
}

async fn of_twenty_webhooks_at_once_ten_are_made(database: Database) {
    let bed = Bed::new(database);
    let key = bed.practice("smith").await;
    let service = bed.serve().await;
    let host = service.client().host(&key);
    let puts = (0..20).map(|number| {
        let host = host.clone();
        async move {
            let path = format!("/api/v1/webhooks/w-{number}");
            loop {
                let answer = host.put(&path, json!({ "url": "https://crm.example/hook" })).await;
                match answer.status.as_u16() {
                    201 => return true,
                    // Who lost the race eight times asks again, as it is told to.
                    503 => assert!(answer.headers.contains_key("retry-after")),
                    _ => {
                        answer.expect_problem(422, "too_many_webhooks");
                        return false;
                    }
                }
            }
        }
    });
    let made = join_all(puts.map(tokio::spawn)).await.into_iter().filter(|made| *made.as_ref().unwrap()).count();
    let listed = host.get("/api/v1/webhooks").await.expect(200);
    assert_eq!((made, listed["items"].as_array().unwrap().len()), (10, 10));
}

async fn c5_staff_and_client_race_for_one_address(database: Database) {
    let mut bed = Bed::new(database);
    bed.set("PORTAL_LOG", "warn,portal::serve=info");
    let key = bed.practice("smith").await;
    let service = bed.serve().await;
    let host = service.client().host(&key);
    let tracks = (0..TRACKS).map(|track| races(host.clone(), track));
    let won: Vec<(usize, usize)> = join_all(tracks.map(tokio::spawn)).await.into_iter().map(Result::unwrap).collect();
    let (clients, staff) = won.iter().fold((0, 0), |sum, won| (sum.0 + won.0, sum.1 + won.1));
    assert_eq!(clients + staff, ROUNDS);
    assert!(clients > ROUNDS / 50 && staff > ROUNDS / 50, "no race: clients won {clients} times, staff {staff} times");
}

/// Each round: a contact with a fresh address, then its activation and a practice user with that address at once.
async fn races(host: Client, track: usize) -> (usize, usize) {
    let (mut clients, mut staff) = (0, 0);
    for round in (track..ROUNDS).step_by(TRACKS) {
        let (contact, address) = (format!("c-{round}"), format!("Person.{round}@first.example"));
        host.put_contact(&contact, "Ada Brandt", &[&address]).await.expect(201);
        let user = json!({ "name": "Kim Holt", "email": address.to_lowercase(), "role": "staff" });
        let path = format!("/api/v1/practice-users/u-{round}");
        let (granted, added) = if round.is_multiple_of(2) {
            tokio::join!(host.order(&contact, "activate"), host.put(&path, user))
        } else {
            let (added, granted) = tokio::join!(host.put(&path, user), host.order(&contact, "activate"));
            (granted, added)
        };
        match (granted.status.as_u16(), added.status.as_u16()) {
            (200, 409) => {
                added.expect_problem(409, "email_is_a_portal_login");
                clients += 1;
            }
            (409, 201) => {
                granted.expect_problem(409, "practice_user_email");
                staff += 1;
            }
            both => panic!("round {round}: {both:?}"),
        }
    }
    (clients, staff)
}
