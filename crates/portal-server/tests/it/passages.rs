//! From a host's program into the portal and back, on the real program.

use serde_json::{Value, json};

use crate::support::{Bed, Client, Database, Sink, data::Data, on_both_databases};

on_both_databases!(a_contact_goes_from_the_host_into_the_portal_and_back);

const PASSWORD: &str = "nine copper kettles";

async fn ended(bed: &Bed, host: &Client) -> Vec<String> {
    bed.seal().await;
    let events = host.get("/api/v1/events?limit=200").await.expect(200);
    let ended = events["items"].as_array().expect("events").iter().filter(|it| it["kind"] == "session.ended");
    ended.map(|event| event["facts"]["session"].as_str().expect("named").to_owned()).collect()
}

async fn a_contact_goes_from_the_host_into_the_portal_and_back(database: Database) {
    let sink = Sink::with_utf8().await;
    let mut bed = Bed::new(database).with_mail(&sink.url());
    bed.set("PORTAL_LOG", "trace");
    let host = bed.practice("smith").await;
    let signs = bed.done(&["api-key", "create", "--name", "sign-ins", "--scope", "sign_in"]).await;
    let service = bed.serve().await;
    let (client, browser) = (service.client(), service.client().browser());
    let (host, signs) = (client.host(&host), client.host(signs.trim()));
    let app = json!([{ "name": "app", "address": "http://127.0.0.1:9/back" }]);
    host.put("/api/v1/settings", json!({ "return_addresses": app })).await.expect(200);
    host.put("/api/v1/clients/acme", json!({ "name": "Acme" })).await.expect(201);
    let ada = json!({ "name": "Ada", "emails": ["ada@smith.example"], "clients": ["acme"] });
    host.put("/api/v1/contacts/c-1", ada).await.expect(201);
    host.order("c-1", "activate").await.expect(200);
    client.redeem("smith", &sink.mail(0).await.token(), PASSWORD).await.expect(204);

    // In: fifty presses of the button at once, one session.
    let made = signs.post("/api/v1/handoffs", json!({ "contact": "c-1", "client": "acme" })).await.expect(200);
    let url = made["url"].as_str().expect("an address").to_owned();
    let path = url.find("/portal/").map(|place| url[place..].to_owned()).expect("a page");
    let presses: Vec<_> = (0..50)
        .map(|_| {
            let (browser, path) = (browser.clone(), path.clone());
            tokio::spawn(async move { browser.send("POST", &path, Some(Vec::new())).await })
        })
        .collect();
    let mut cookies = Vec::new();
    for press in presses {
        let answer = press.await.expect("no panic");
        match answer.status.as_u16() {
            303 => cookies.push(answer.cookie()),
            status => assert!(matches!(status, 410 | 503), "{status}"),
        }
    }
    assert_eq!(cookies.len(), 1, "S3");
    let handed = client.with("cookie", &cookies[0]).get("/portal/smith/api/session").await.expect(200);
    assert_eq!(handed["login_email"], "ada@smith.example");

    // Back: a sign-in that leads to the host, and the host asks who it was; fifty times at once, told once.
    let form = format!("email=ada%40smith.example&password={}&return=app&state=s%26t", PASSWORD.replace(' ', "+"));
    let back = browser.send("POST", "/portal/smith/sign-in", Some(form.into_bytes())).await;
    assert_eq!(back.status, 303);
    let place = back.headers["location"].to_str().expect("a place").to_owned();
    let code = place.strip_prefix("http://127.0.0.1:9/back?code=").and_then(|rest| rest.strip_suffix("&state=s%26t"));
    let code = code.unwrap_or_else(|| panic!("{place}")).to_owned();
    let asked: Vec<_> = (0..50)
        .map(|_| {
            let (signs, body) = (signs.clone(), json!({ "code": code }));
            tokio::spawn(async move { signs.post("/api/v1/sign-ins", body).await })
        })
        .collect();
    let mut told: Vec<Value> = Vec::new();
    for answer in asked {
        let answer = answer.await.expect("no panic");
        match answer.status.as_u16() {
            200 => told.push(answer.json()),
            status => assert!(matches!(status, 404 | 503), "{status}"),
        }
    }
    let [told] = told.as_slice() else { panic!("told {} times", told.len()) };
    assert_eq!(
        (&told["contact"], &told["client"], &told["factors"]),
        (&json!("c-1"), &json!("acme"), &json!(["password"]))
    );
    assert!(ended(&bed, &host).await.is_empty());

    // Out: the host hears of the session that it was told of, and of no other.
    let session = told["session"].as_str().expect("an id").to_owned();
    let cookie = back.cookie();
    assert_eq!(
        browser.with("cookie", &cookie).send("POST", "/portal/smith/sign-out", Some(Vec::new())).await.status,
        303
    );
    assert_eq!(ended(&bed, &host).await, [session]);
    host.delete("/api/v1/contacts/c-1/portal/sessions").await.expect(200);
    assert_eq!(ended(&bed, &host).await.len(), 1);

    // A session whose time is over is told by a worker, when it next looks.
    let form = format!("email=ada%40smith.example&password={}&return=app", PASSWORD.replace(' ', "+"));
    let back = browser.send("POST", "/portal/smith/sign-in", Some(form.into_bytes())).await;
    let place = back.headers["location"].to_str().expect("a place").to_owned();
    let code = place.split("code=").nth(1).and_then(|rest| rest.split('&').next()).expect("a code").to_owned();
    let told = signs.post("/api/v1/sign-ins", json!({ "code": code })).await.expect(200);
    let (_, log) = service.stop().await;
    bed.tamper("UPDATE portal_session SET idle_until = 1", "UPDATE portal.session SET idle_until = 1").await;
    let service = bed.serve().await;
    let host = Client::new(service.address()).with("authorization", host_key(&host));
    for _ in 0..100 {
        if ended(&bed, &host).await.len() > 1 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert_eq!(ended(&bed, &host).await.last().map(String::as_str), told["session"].as_str());

    // S10: neither token nor code is written down.
    let token = path.rsplit('/').next().expect("a token").to_owned();
    let kept = format!(
        "{:?}{:?}",
        Data::of(&bed).table("handoff", &["landing"]).await,
        Data::of(&bed).table("sign_in_code", &["name", "address"]).await
    );
    for secret in [token, code, cookie] {
        assert!(!log.contains(&secret) && !service.log().contains(&secret) && !kept.contains(&secret), "S10");
    }
}

/// The header of a client of another service.
fn host_key(host: &Client) -> String {
    host.header("authorization").expect("a host has a key").to_owned()
}
