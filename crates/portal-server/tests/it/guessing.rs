//! Guessing at passwords, with two processes on one database: bounded, and never in the owner's way (G1, S6).

use futures_util::future::join_all;
use portal::domain::throttle::NOTES_AT_A_MARK;
use serde_json::{Value, json};

use crate::support::{Answer, Bed, Client, Database, Sink, bed::Served, data::Data, on_both_databases};

on_both_databases!(s6_guesses_at_two_processes_are_bounded_and_the_owner_gets_in);

const SLUG: &str = "smith";
const ADDRESS: &str = "Ada.Brandt@first.example";
const PASSWORD: &str = "nine copper kettles";
const NEXT: &str = "ten silver thimbles";
const LAST: &str = "six wooden ladders";
/// So many guesses at once.
const GUESSES: usize = 500;
/// Ten are free, and the next one starts the first pause.
const LIMIT: u64 = 11;

/// Two processes, and a contact that may sign in.
struct House {
    bed: Bed,
    sink: Sink,
    processes: [Served; 2],
    host: Client,
}

/// What the owner's browser holds.
struct Browser {
    session: String,
    known: String,
}

impl Browser {
    fn of(answer: &Answer) -> Self {
        let [session, known] = answer.cookies().try_into().unwrap();
        assert!(session.starts_with("portal-smith=") && known.starts_with("portal-smith_known="), "{answer:?}");
        Self { session, known }
    }

    fn in_front_of(&self, client: &Client) -> Client {
        client.front_end().with("cookie", format!("{}; {}", self.known, self.session))
    }
}

impl House {
    async fn build(database: Database) -> Self {
        let sink = Sink::with_utf8().await;
        let mut bed = Bed::new(database).with_mail(&sink.url());
        // All callers of a test come from one address.
        bed.set("PORTAL_SIGN_INS_PER_MINUTE", "1000000");
        bed.set("PORTAL_LOG", "warn,portal::serve=info");
        let key = bed.practice(SLUG).await;
        let processes = [bed.serve().await, bed.serve().await];
        let host = processes[0].client().host(&key);
        host.put("/api/v1/clients/acme", json!({ "name": "Acme" })).await.expect(201);
        let contact = json!({ "name": "Ada Brandt", "emails": [ADDRESS], "clients": ["acme"] });
        host.put("/api/v1/contacts/c-1", contact).await.expect(201);
        host.order("c-1", "activate").await.expect(200);
        processes[1].client().redeem(SLUG, &sink.mail(0).await.token(), PASSWORD).await.expect(204);
        Self { bed, sink, processes, host }
    }

    fn client(&self, number: usize) -> Client {
        self.processes[number % 2].client()
    }

    async fn sign_in_by_turns(&self, times: usize, password: &str) -> Vec<Answer> {
        let clients: Vec<_> = (0..times).map(|number| self.client(number)).collect();
        join_all(clients.iter().map(|client| client.sign_in(SLUG, ADDRESS, password))).await
    }

    async fn portal(&self) -> Value {
        self.host.get("/api/v1/contacts/c-1").await.expect(200)["portal"].clone()
    }

    fn data(&self) -> Data {
        Data::of(&self.bed)
    }

    /// Notes of tries, right ones or wrong ones.
    async fn notes(&self, right: bool) -> usize {
        let lines = self.data().table("sign_in_try", &["right_password"]).await;
        let is_right = |text: &str| matches!(text, "1" | "true");
        lines.iter().filter(|line| is_right(line[0].as_deref().unwrap()) == right).count()
    }
}

fn wrong(tally: &Value) -> u64 {
    tally["wrong"].as_array().map_or(0, Vec::len) as u64
}

async fn s6_guesses_at_two_processes_are_bounded_and_the_owner_gets_in(database: Database) {
    let house = House::build(database).await;
    let owner = ten_right_ones_leave_no_pause(&house).await;
    guesses_are_bounded(&house).await;
    the_contact_is_locked(&house).await;
    let owner = a_browser_that_knew_the_login_signs_in(&house, &owner).await;
    an_open_session_goes_on(&house, &owner).await;
    a_reset_opens_the_door(&house).await;
}

async fn ten_right_ones_leave_no_pause(house: &House) -> Browser {
    let answers = house.sign_in_by_turns(10, PASSWORD).await;
    for answer in &answers {
        answer.expect(204);
    }
    assert_eq!((house.notes(true).await, house.notes(false).await), (10, 0));
    assert_eq!(house.data().strangers(ADDRESS).await, json!({}), "nothing stays counted, and there is no pause");
    assert_eq!(house.portal().await["status"], "active");
    Browser::of(&answers[9])
}

/// What was answered was counted before it was looked at; what could not be looked at was given back.
async fn guesses_are_bounded(house: &House) {
    let began = tokio::time::Instant::now();
    let answers = house.sign_in_by_turns(GUESSES, "certainly not this one").await;
    let mut refused = 0;
    for answer in &answers {
        match answer.status.as_u16() {
            401 => {
                answer.expect_problem(401, "sign_in_failed");
                refused += 1;
            }
            _ => {
                answer.expect_problem(503, "overloaded");
                assert!(answer.headers.contains_key("retry-after"));
            }
        }
    }
    // Where most found the service overloaded, these make the limit full.
    for number in 0..LIMIT {
        let answer = house.client(usize::from(number % 2 == 0)).sign_in(SLUG, ADDRESS, "nor this").await;
        answer.expect_problem(401, "sign_in_failed");
        refused += 1;
    }
    let tally = house.data().strangers(ADDRESS).await;
    // On a machine so slow that a pause has run out meanwhile, one more was looked at for each.
    let most = LIMIT + began.elapsed().as_secs() / 60;
    assert!((LIMIT..=most).contains(&wrong(&tally)), "{refused} were refused: {tally}");
    let notes = house.notes(false).await;
    let most = NOTES_AT_A_MARK as usize;
    assert!((refused.min(most)..=most).contains(&notes), "{refused} were refused, {notes} are noted");
}

async fn the_contact_is_locked(house: &House) {
    house.client(0).sign_in(SLUG, ADDRESS, PASSWORD).await.expect_problem(401, "sign_in_failed");
    let tally = house.data().strangers(ADDRESS).await;
    let portal = house.portal().await;
    assert_eq!(portal["status"], "locked", "{tally}");
    let until = within_its_minute(tally["pause"]["until"].as_i64().unwrap());
    let told = portal["locked_until"].as_str().unwrap();
    assert!(told.ends_with(&until), "{told} is not {until}");
}

/// Where in its minute a time is, as it is written.
fn within_its_minute(micros: i64) -> String {
    let text = format!(":{:02}.{:06}", micros / 1_000_000 % 60, micros % 1_000_000);
    format!("{}Z", text.trim_end_matches('0').trim_end_matches('.'))
}

async fn a_browser_that_knew_the_login_signs_in(house: &House, owner: &Browser) -> Browser {
    for client in [house.client(0), house.client(1)] {
        let known = client.with("cookie", &owner.known);
        known.sign_in(SLUG, ADDRESS, PASSWORD).await.expect(204);
    }
    let answer = house.client(0).with("cookie", &owner.known).sign_in(SLUG, ADDRESS, PASSWORD).await;
    answer.expect(204);
    // Nobody else does.
    house.client(1).sign_in(SLUG, ADDRESS, PASSWORD).await.expect_problem(401, "sign_in_failed");
    let forged = house.client(1).with("cookie", forged(&owner.known));
    forged.sign_in(SLUG, ADDRESS, PASSWORD).await.expect_problem(401, "sign_in_failed");
    assert_eq!(house.portal().await["status"], "locked");
    Browser::of(&answer)
}

/// The cookie with another first character, whatever that is.
fn forged(cookie: &str) -> String {
    let (name, value) = cookie.split_once('=').unwrap();
    let other = if value.starts_with('A') { 'B' } else { 'A' };
    format!("{name}={other}{}", &value[1..])
}

async fn an_open_session_goes_on(house: &House, owner: &Browser) {
    let browser = owner.in_front_of(&house.client(1));
    browser.get("/portal/smith/api/session").await.expect(200);
    let change = json!({ "current_password": PASSWORD, "new_password": NEXT });
    let changed = browser.put("/portal/smith/api/password", change).await;
    changed.expect(204);
    let browser = Browser::of(&changed);
    browser.in_front_of(&house.client(0)).get("/portal/smith/api/session").await.expect(200);
    // The browser is known with the new password, and strangers wait all the same.
    let known = house.client(0).with("cookie", &browser.known);
    known.sign_in(SLUG, ADDRESS, NEXT).await.expect(204);
    house.client(0).sign_in(SLUG, ADDRESS, NEXT).await.expect_problem(401, "sign_in_failed");
    assert_eq!(house.portal().await["status"], "locked");
}

async fn a_reset_opens_the_door(house: &House) {
    assert_eq!(house.sink.mail(1).await.to(), ADDRESS, "the password was changed");
    let stranger = house.client(1).front_end();
    stranger.post("/portal/smith/api/password-resets", json!({ "email": ADDRESS })).await.expect(202);
    let mail = house.sink.mail(2).await;
    assert_eq!(mail.to(), ADDRESS);
    house.client(0).redeem(SLUG, &mail.token(), LAST).await.expect(204);
    // A stranger by its cookies, at once.
    house.client(1).sign_in(SLUG, ADDRESS, LAST).await.expect(204);
    assert_eq!(house.portal().await["status"], "active");
    assert_eq!(wrong(&house.data().strangers(ADDRESS).await), 0);
}
