//! `examples/http-host`, a host program in another language, beside the real program: both as processes, in each other's reach
//! over loopback alone.

mod ledger;

use std::{process::Command, time::Duration};

use serde_json::{Value, json};
use standardwebhooks::Webhook;
use tokio::time::Instant;

use self::ledger::{Ledger, Post};
use crate::support::{Answer, Bed, Client, Database, bed::Served, on_both_databases};

on_both_databases!(
    a_host_in_python_plays_its_story,
    a_host_in_python_believes_nobody_but_the_portal,
    a_host_in_python_catches_up_with_what_it_missed,
);

/// The password that its people have in the host.
const OWN: &str = "paper kettle lantern";
/// The one that Ada has in the portal.
const ADA: &str = "nine copper kettles";

/// What all of it stands on, with the practice provisioned and its sample synced.
struct Scene {
    bed: Bed,
    service: Served,
    ledger: Ledger,
}

impl Scene {
    async fn new(database: Database) -> Self {
        let mut bed = Bed::new(database).with_mail("capture:mail");
        bed.set("PORTAL_WEBHOOK_PRIVATE", "127.0.0.1");
        let operator = bed.done(&["api-key", "create", "--operator", "--name", "ledger"]).await;
        let service = bed.serve().await;
        let ledger = Ledger::new(bed.folder(), &service.address().to_string(), operator.trim());
        ledger.done(&ledger.provision()).await;
        ledger.done(&["sync"]).await;
        Self { bed, service, ledger }
    }

    /// The host API, by the host's own key.
    async fn host(&self) -> Client {
        let kept = self.ledger.kept("portal").await;
        self.service.client().host(kept[2].as_str().unwrap())
    }

    /// The number of the last event.
    async fn last_event(&self) -> i64 {
        self.bed.seal().await;
        let events = self.host().await.get("/api/v1/events?limit=200").await.expect(200);
        events["items"].as_array().unwrap().last().unwrap()["number"].as_i64().unwrap()
    }

    /// The path of the one link in the mail that was captured for an address.
    async fn link(&self, address: &str) -> String {
        let folder = self.bed.folder().join("mail");
        let found = || {
            let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten();
            let mut texts = entries.filter_map(|entry| std::fs::read(entry.path()).ok());
            texts.find_map(|text| {
                let message = mail_parser::MessageParser::default().parse(&text)?;
                let to = message.to()?.first()?.address()?.to_owned();
                let body = message.body_text(0)?;
                let link = body.lines().find(|line| line.contains("/link/"))?.trim().to_owned();
                (to == address).then_some(link)
            })
        };
        until("a mail is captured", async || found().is_some()).await;
        self.service.path(&found().unwrap())
    }

    /// Signs in at the portal's own page, where a path of it stands in an address that the host has sent us to.
    async fn sign_in(&self, page: &str) -> Answer {
        let (path, query) = page.split_once('?').unwrap();
        let visitor = self.service.client().browser();
        visitor.get(page).await.expect(200);
        visitor.form(path, &format!("{query}&email=ada%40acme.example&password={}", ADA.replace(' ', "+"))).await
    }
}

impl Served {
    /// The path of an address of this service.
    #[track_caller]
    fn path(&self, address: &str) -> String {
        let base = format!("http://{}", self.address());
        address.strip_prefix(&base).unwrap_or_else(|| panic!("{address} is not at {base}")).to_owned()
    }
}

async fn until(what: &str, done: impl AsyncFn() -> bool) {
    let begun = Instant::now();
    while !done().await {
        assert!(begun.elapsed() < Duration::from_secs(60), "{what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[track_caller]
fn location(answer: &Answer) -> String {
    assert_eq!(answer.status, 303, "{}", String::from_utf8_lossy(&answer.body));
    answer.headers["location"].to_str().unwrap().to_owned()
}

fn text(answer: &Answer) -> String {
    String::from_utf8(answer.body.to_vec()).unwrap()
}

#[test]
fn a_host_in_python_passes_its_own_tests() {
    let ended = Command::new("python3").args(["-B", "-m", "unittest"]).current_dir(ledger::FOLDER).output().unwrap();
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
}

async fn a_host_in_python_plays_its_story(database: Database) {
    let mut scene = Scene::new(database).await;
    provisioned_twice_is_provisioned_once(&scene).await;
    synced_twice_is_synced_once(&scene).await;
    scene.ledger.serve().await;
    let staff = scene.ledger.signed_in("elaine", OWN).await;
    clients_are_invited(&scene, &staff).await;
    a_client_comes_from_the_portal_and_leaves_with_it(&scene).await;
    a_client_is_handed_over(&scene).await;
    a_session_ends_here_where_the_one_there_goes_on(&scene).await;
    refusals_are_seen_and_mended(&scene, &staff).await;
    let (status, log) = scene.service.stop().await;
    assert!(status.success() && !log.contains("whsec_"), "{log}");
    let said = scene.ledger.said();
    assert!(!said.contains("Traceback") && !said.contains("code="), "{said}");
}

async fn provisioned_twice_is_provisioned_once(scene: &Scene) {
    let Scene { ledger, service, .. } = scene;
    let kept = ledger.kept("portal").await;
    ledger.done(&ledger.provision()).await;
    // Killed before the answer was kept, it asks again under the key for once.
    let sql = "DELETE FROM kept WHERE name = 'portal'; INSERT INTO kept VALUES ('once provision', '\"k\"')";
    ledger.tamper(sql).await;
    ledger.done(&ledger.provision()).await;
    let second = ledger.kept("portal").await;
    ledger.tamper(sql).await;
    ledger.done(&ledger.provision()).await;
    assert_eq!(ledger.kept("portal").await, second);
    assert_ne!(second[2], kept[2], "the key of the first time was asked for under another key for once");
    let keys =
        service.client().host(ledger.operator()).get("/api/v1/operator/practices/smith/api-keys").await.expect(200);
    assert_eq!(keys["items"].as_array().unwrap().len(), 2, "{keys}");
}

async fn synced_twice_is_synced_once(scene: &Scene) {
    let before = scene.last_event().await;
    let said = scene.ledger.done(&["sync"]).await;
    assert_eq!(scene.last_event().await, before, "a second sync changes nothing");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.starts_with("contacts c-3: address 1 is not usable: this is more than one address"), "{said}");
    let contacts = scene.host().await.get("/api/v1/contacts").await.expect(200);
    let named: Vec<_> = contacts["items"].as_array().unwrap().iter().map(|it| it["ref"].as_str().unwrap()).collect();
    assert_eq!(named, ["c-1", "c-2"]);
}

/// One alone, and then everybody else; what they do with it is heard by the webhook.
async fn clients_are_invited(scene: &Scene, staff: &Client) {
    let portal = scene.service.client().browser();
    assert!(scene.ledger.row(staff, "c-1").await.contains("not_activated"));
    assert_eq!(location(&staff.form("/contacts/invite", "ref=c-1").await), "/contacts");
    assert!(scene.ledger.row(staff, "c-1").await.contains(">invited<"));
    let link = scene.link("ada@acme.example").await;
    assert!(text(&portal.get(&link).await).contains("Set your password"));
    let password = ADA.replace(' ', "+");
    portal.form(&link, &format!("password={password}&repeated={password}")).await.expect(200);
    until("the webhook says that Ada is active", async || scene.ledger.row(staff, "c-1").await.contains(">active<"))
        .await;

    assert_eq!(location(&staff.form("/invite-all", "").await), "/contacts");
    scene.link("bob@quayside.example").await;
    until("the webhook says that Bob is invited", async || scene.ledger.row(staff, "c-2").await.contains(">invited<"))
        .await;
    until("all are invited", async || text(&staff.get("/contacts").await).contains("1 of 1 (done)")).await;
}

/// A browser of the host, its state, and the portal's answer that sends it back.
async fn comes_back(scene: &Scene) -> (Client, String, Answer) {
    let browser = scene.ledger.browser();
    let away = browser.get("/my").await;
    let back = scene.sign_in(&scene.service.path(&location(&away))).await;
    (browser, away.cookie(), back)
}

async fn a_client_comes_from_the_portal_and_leaves_with_it(scene: &Scene) {
    let (browser, state, back) = comes_back(scene).await;
    let portal = scene.service.client().browser().with("cookie", back.cookie());
    let back = scene.ledger.path(&location(&back));

    // Another browser, or one that began elsewhere, gets nowhere with it, and the code stays good.
    browser.get(&back).await.expect(400);
    browser.with("cookie", "ledger-state=another").get(&back).await.expect(400);
    let come = browser.with("cookie", &state).get(&back).await;
    assert_eq!(location(&come), "/my");
    let ada = browser.with("cookie", come.cookie());
    let papers = text(&ada.get("/my").await);
    assert!(papers.contains("Ada Lovell, for Acme Ltd") && papers.contains("accounts"), "{papers}");
    // She has her session there already: a link, and no second one.
    assert!(papers.contains("/portal/smith/\">Open my portal") && !papers.contains("/open-portal"), "{papers}");
    let again = text(&browser.with("cookie", &state).get(&back).await);
    assert!(again.contains("The portal says no"), "a code is good once: {again}");
    assert_eq!(location(&ada.get("/contacts").await), "/", "she is no staff");

    assert_eq!(location(&portal.form("/portal/smith/sign-out", "").await), "/portal/smith/sign-in");
    until("her session here ends with the one there", async || ada.get("/my").await.status == 303).await;
}

async fn a_client_is_handed_over(scene: &Scene) {
    let ada = scene.ledger.signed_in("ada", OWN).await;
    assert!(text(&ada.get("/my").await).contains("action=\"/open-portal\""));
    let page = scene.service.path(&location(&ada.form("/open-portal", "").await));
    let browser = scene.service.client().browser();
    assert!(text(&browser.get(&page).await).contains("Go on as <bdi>Ada Lovell</bdi>"));
    let come = browser.form(&page, "").await;
    assert_eq!(location(&come), "/portal/smith/");
    let session = browser.with("cookie", come.cookie()).get("/portal/smith/api/session").await.expect(200);
    assert_eq!(session["login_email"], "ada@acme.example");

    // Where she has come from the portal, a hand-over replaces that session, and its end is told: hence the link.
    let (_, state, back) = comes_back(scene).await;
    let come = scene.ledger.browser().with("cookie", &state).get(&scene.ledger.path(&location(&back))).await;
    let guest = scene.ledger.browser().with("cookie", come.cookie());
    assert_eq!(guest.get("/my").await.status, 200);
    let page = scene.service.path(&location(&ada.form("/open-portal", "").await));
    location(&browser.with("cookie", back.cookie()).form(&page, "").await);
    until("the replaced session ends here too", async || guest.get("/my").await.status == 303).await;

    // A stranger has no button, and a page elsewhere can't press it.
    assert_eq!(location(&scene.ledger.browser().form("/open-portal", "").await), "/");
    ada.with("origin", "https://elsewhere.example").form("/open-portal", "").await.expect(403);
}

/// Where the client is suspended, and where another contact keeps the login, the portal's session has no end to be told.
async fn a_session_ends_here_where_the_one_there_goes_on(scene: &Scene) {
    let host = scene.host().await;
    let (ada, there) = ada_comes(scene).await;
    host.send("POST", "/api/v1/clients/acme/suspend", None).await.expect(200);
    until("Ada's session here ends with her client", async || ada.get("/my").await.status == 303).await;
    let session = there.get("/portal/smith/api/session").await.expect(200);
    assert_eq!(session["profiles"], json!([]));
    host.send("POST", "/api/v1/clients/acme/resume", None).await.expect(200);

    let (ada, there) = ada_comes(scene).await;
    let dan = json!({ "name": "Dan Lovell", "emails": ["ada@acme.example"], "clients": ["quay"] });
    host.put("/api/v1/contacts/c-4", dan).await.expect(201);
    let joined = host.order("c-4", "activate").await.expect(200);
    assert_eq!(joined["effects"]["shared_with"][0]["ref"], "c-1", "{joined}");
    assert_eq!(ada.get("/my").await.status, 200);
    host.order("c-1", "deactivate").await.expect(200);
    until("Ada's session here ends with her access", async || ada.get("/my").await.status == 303).await;
    let session = there.get("/portal/smith/api/session").await.expect(200);
    assert_eq!(session["profiles"][0]["contact"]["ref"], "c-4", "{session}");
    host.delete("/api/v1/contacts/c-4").await.expect(200);
}

/// Ada's browser here, signed in by the portal, and the one there.
async fn ada_comes(scene: &Scene) -> (Client, Client) {
    let (browser, state, back) = comes_back(scene).await;
    let come = browser.with("cookie", &state).get(&scene.ledger.path(&location(&back))).await;
    let ada = scene.ledger.browser().with("cookie", come.cookie());
    assert_eq!(ada.get("/my").await.status, 200);
    (ada, scene.service.client().browser().with("cookie", back.cookie()))
}

async fn refusals_are_seen_and_mended(scene: &Scene, staff: &Client) {
    let bob = "ref=c-2&name=Bob+Reed&clients=quay&emails=";
    staff.form("/contacts", &format!("{bob}elaine%40smith.example")).await;
    staff.form("/sync", "").await;
    let row = scene.ledger.row(staff, "c-2").await;
    assert!(row.contains("The first address is that of the practice user `Elaine Gallagher`"), "{row}");
    assert!(row.contains("the portal goes on with bob@quayside.example."), "{row}");
    let there = scene.host().await.get("/api/v1/contacts/c-2").await.expect(200);
    assert_eq!(there["refused_update"]["code"], "practice_user_email", "{there}");

    staff.form("/contacts", &format!("{bob}bob%40quayside.example")).await;
    staff.form("/contacts", "ref=c-3&name=Cyd+Marsh&clients=quay&emails=cyd%40quayside.example").await;
    staff.form("/contacts/remove", "ref=c-1").await;
    staff.form("/sync", "").await;
    let page = text(&staff.get("/contacts").await);
    assert!(!page.contains("goes on with") && !page.contains("not usable") && !page.contains("Ada"), "{page}");
    let host = scene.host().await;
    assert_eq!(host.get("/api/v1/contacts/c-2").await.expect(200)["refused_update"], Value::Null);
    host.get("/api/v1/contacts/c-3").await.expect(200);
    host.get("/api/v1/contacts/c-1").await.expect_problem(404, "not_found");
}

async fn a_host_in_python_believes_nobody_but_the_portal(database: Database) {
    let mut scene = Scene::new(database).await;
    scene.ledger.serve().await;
    let staff = scene.ledger.signed_in("elaine", OWN).await;
    let event = |id: &str, number: i64, session: &str| {
        let facts = json!({ "session": session });
        json!({ "type": "session.ended", "data": { "id": id, "number": number, "at": "2026-01-01T00:00:00Z",
            "kind": "session.ended", "contact": null, "facts": facts } })
    };
    let first = scene.ledger.kept("secrets").await[0].as_str().unwrap().to_owned();
    let now = scene.ledger.now();
    let post = Post { to: scene.ledger.client(), secret: &first, at: now };

    // Forged: by another's secret, unsigned, of another time, with another body.
    let other = Post { secret: "whsec_AAECAwQFBgcICQoLDA0ODw==", ..post.clone() };
    other.send("e-1", &event("e-1", 9001, "forged")).await.expect(401);
    post.to.post("/webhooks/portal", event("e-1", 9001, "forged")).await.expect(401);
    for at in [now - 3600, now + 3600] {
        Post { at, ..post.clone() }.send("e-1", &event("e-1", 9001, "forged")).await.expect(401);
    }
    let (_, signed) = post.signed("e-1", &event("e-1", 9001, "forged"));
    signed.post("/webhooks/portal", event("e-2", 9001, "forged")).await.expect(401);
    assert_eq!(scene.ledger.ended().await, [""; 0]);

    // Genuine, and then again, as a retry brings it or a replay: it has one effect.
    post.send("e-3", &event("e-3", 9003, "one")).await.expect(204);
    post.send("e-3", &event("e-3", 9003, "two")).await.expect(204);
    assert_eq!(scene.ledger.ended().await, ["one"]);
    assert_eq!(text(&staff.get("/contacts").await).matches("session.ended").count(), 1);

    // After a rotation either secret counts, and none that is older.
    scene.ledger.done(&["rotate"]).await;
    let kept = scene.ledger.kept("secrets").await;
    let fresh = kept[0].as_str().unwrap();
    assert!(fresh != first && kept[1] == first.as_str(), "the former one is kept beside");
    post.send("e-4", &event("e-4", 9004, "three")).await.expect(204);
    Post { secret: fresh, ..post.clone() }.send("e-5", &event("e-5", 9005, "four")).await.expect(204);
    scene.ledger.done(&["rotate"]).await;
    post.send("e-6", &event("e-6", 9006, "five")).await.expect(401);
    assert_eq!(scene.ledger.ended().await, ["four", "one", "three"]);

    // The portal's own are still taken.
    scene.ledger.done(&["invite", "c-1"]).await;
    until("the webhook comes", async || text(&staff.get("/contacts").await).contains("message.accepted")).await;
    let log = scene.host().await.get("/api/v1/webhooks/ledger/deliveries?limit=200").await.expect(200);
    assert!(log["items"].as_array().unwrap().iter().all(|it| it["received"] == true), "{log}");
}

/// What happened while it was down is known when it answers again, without any webhook.
async fn a_host_in_python_catches_up_with_what_it_missed(database: Database) {
    let mut scene = Scene::new(database).await;
    scene.ledger.serve().await;
    let ended = scene.ledger.run(&["invite", "c-1", "c-3"]).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert_eq!(ended.out, "c-1: invited\nc-3: there is no such contact\n");
    let link = scene.link("ada@acme.example").await;
    let token = link.rsplit('/').next().unwrap();
    scene.service.client().redeem("smith", token, ADA).await.expect(204);
    let (browser, state, back) = comes_back(&scene).await;
    let come = browser.with("cookie", &state).get(&scene.ledger.path(&location(&back))).await;
    let cookie = come.cookie();
    assert_eq!(scene.ledger.browser().with("cookie", &cookie).get("/my").await.status, 200);

    scene.ledger.kill();
    let host = scene.host().await;
    host.order("c-1", "deactivate").await.expect(200);
    scene.bed.seal().await;
    // Elsewhere now, where no event was pushed before it answers.
    scene.ledger.serve().await;
    assert_eq!(scene.ledger.browser().with("cookie", &cookie).get("/my").await.status, 303);
    let staff = scene.ledger.signed_in("elaine", OWN).await;
    assert!(scene.ledger.row(&staff, "c-1").await.contains(">deactivated<"));
}

impl Client {
    /// Sends a form.
    async fn form(&self, path: &str, fields: &str) -> Answer {
        self.browser().send("POST", path, Some(fields.as_bytes().to_vec())).await
    }
}

impl Post<'_> {
    /// The body, and a client that has it signed.
    fn signed(&self, id: &str, event: &Value) -> (Vec<u8>, Client) {
        let body = event.to_string().into_bytes();
        let signature = Webhook::new(self.secret).unwrap().sign(id, self.at, &body).unwrap();
        let to = self.to.with("webhook-id", id).with("webhook-timestamp", self.at.to_string());
        (body, to.with("webhook-signature", signature))
    }

    async fn send(&self, id: &str, event: &Value) -> Answer {
        let (body, to) = self.signed(id, event);
        to.send("POST", "/webhooks/portal", Some(body)).await
    }
}
