//! What is wrong with a request is said as the contract says it, and changes nothing.

use serde_json::{Value, json};

use crate::support::{Bed, Client, Database, Sink, on_both_databases};

on_both_databases!(wrong_requests_change_nothing, s9_other_practices_are_not_there);

const CONTACT: &str = "/api/v1/contacts/c-1";

async fn state(bed: &Bed, host: &Client) -> Vec<Value> {
    bed.seal().await;
    let mut state = Vec::new();
    for path in [
        CONTACT,
        "/api/v1/contacts",
        "/api/v1/practice-users",
        "/api/v1/settings",
        "/api/v1/contacts/c-1/portal/events",
    ] {
        state.push(host.get(path).await.expect(200));
    }
    state
}

async fn wrong_requests_change_nothing(database: Database) {
    let sink = Sink::with_utf8().await;
    let bed = Bed::new(database).with_mail(&sink.url());
    let key = bed.practice("smith").await;
    let reader = bed.done(&["api-key", "create", "--name", "reader", "--scope", "read"]).await;
    let service = bed.serve().await;
    let (client, host) = (service.client(), service.client().host(&key));
    host.put_contact("c-1", "Ada Brandt", &["ada@first.example"]).await.expect(201);
    host.order("c-1", "activate").await.expect(200);
    let token = sink.mail(0).await.token();
    sink.settles_at(1).await;
    let before = state(&bed, &host).await;

    // Keys.
    client.get(CONTACT).await.expect_problem(401, "unauthorized");
    client.host("pk_wrong").put_contact("c-2", "X", &[]).await.expect_problem(401, "unauthorized");
    client.host(reader.trim()).put_contact("c-2", "X", &[]).await.expect_problem(403, "forbidden");
    client.host(reader.trim()).get(CONTACT).await.expect(200);

    // Bodies.
    let wrong = async |body: &[u8]| host.send("PUT", "/api/v1/contacts/c-2", Some(body.to_vec())).await;
    for (body, field) in [
        (r#"{"name":"X","emails":[],"clients":[],"nickname":"x"}"#, Some("nickname")),
        (r#"{"name":["X"],"emails":[],"clients":[]}"#, Some("name")),
        (r#"{"name":"X","emails":[["a@x.example"]],"clients":[]}"#, Some("emails[0]")),
        (r#"{"name":"X","name":"Y","emails":[],"clients":[]}"#, Some("name")),
        (r#"{"name":"X\u0000","emails":[],"clients":[]}"#, Some("name")),
        (r#"["X",[],[]]"#, None),
        (r#"{"name":"X","#, None),
        ("", None),
    ] {
        let problem = wrong(body.as_bytes()).await.expect_problem(400, "invalid_request");
        if let Some(field) = field {
            assert_eq!(problem["field"], field, "{body}");
        }
    }
    wrong(b"{\"name\":\"\xff\"}").await.expect_problem(400, "invalid_request");
    wrong(&vec![b' '; 70_000]).await.expect_problem(413, "body_too_large");
    let invalid = host.put_contact("c-2", "X", &["ok@x.example", "a@b@x.example"]).await;
    let problem = invalid.expect_problem(422, "invalid_email");
    assert_eq!((&problem["field"], &problem["fault"]), (&json!("emails[1]"), &json!("several_at")));

    // Passwords: one of a megabyte is refused before anything costly.
    let huge = "x".repeat(1_000_000);
    client.redeem("smith", &token, &huge).await.expect_problem(413, "body_too_large");
    client.sign_in("smith", "ada@first.example", &huge).await.expect_problem(413, "body_too_large");
    client.redeem("smith", &token, &"x".repeat(300)).await.expect_problem(422, "password_refused");
    client.redeem("smith", &token, "Ada Brandt 2026").await.expect_problem(422, "password_refused");
    let path = format!("/portal/smith/api/links/{token}");
    let sent = client.front_end().send("POST", &path, Some(br#"{"password":["a"]}"#.to_vec())).await;
    assert_eq!(sent.expect_problem(400, "invalid_request")["field"], "password");

    // Paths.
    host.get("/api/v1/contacts/%2E%2E").await.expect_problem(404, "not_found");
    host.get("/api/v1/nothing").await.expect_problem(404, "not_found");
    client.get("/portal/nobody/api/session").await.expect_problem(404, "not_found");

    assert_eq!(state(&bed, &host).await, before);
    assert_eq!(client.link_state("smith", &token).await, "usable");
    sink.settles_at(1).await;
    let log = service.log();
    assert!(!log.contains("\"ERROR\""), "{log}");
}

async fn s9_other_practices_are_not_there(database: Database) {
    let sink = Sink::with_utf8().await;
    let bed = Bed::new(database).with_mail(&sink.url());
    let (smith, jones) = (bed.practice("smith").await, bed.practice("jones").await);
    let service = bed.serve().await;
    let (own, other) = (service.client().host(&smith), service.client().host(&jones));
    own.put_contact("c-1", "Ada Brandt", &["ada@first.example"]).await.expect(201);
    own.order("c-1", "activate").await.expect(200);
    let token = sink.mail(0).await.token();
    let before = own.get(CONTACT).await.expect(200);
    for (method, path) in [
        ("GET", "".to_owned()),
        ("GET", "/portal".to_owned()),
        ("GET", "/portal/messages".to_owned()),
        ("GET", "/portal/events".to_owned()),
        ("GET", "/portal/sessions".to_owned()),
        ("POST", "/portal/activate".to_owned()),
        ("POST", "/portal/resend".to_owned()),
        ("POST", "/portal/deactivate".to_owned()),
        ("DELETE", "/portal/sessions".to_owned()),
        ("DELETE", "".to_owned()),
    ] {
        let foreign = other.send(method, &format!("{CONTACT}{path}"), None).await;
        let unknown = other.send(method, &format!("/api/v1/contacts/c-9{path}"), None).await;
        assert_eq!((foreign.status, &foreign.body), (unknown.status, &unknown.body), "{method} {path}");
        foreign.expect_problem(404, "not_found");
    }
    // A token is known under its own practice only.
    let client = service.client();
    client.get(&format!("/portal/jones/api/links/{token}")).await.expect_problem(404, "not_found");
    client.redeem("jones", &token, "nine copper kettles").await.expect_problem(404, "not_found");
    client.redeem("smith", &token, "nine copper kettles").await.expect(204);
    client.sign_in("jones", "ada@first.example", "nine copper kettles").await.expect_problem(401, "sign_in_failed");
    let answer = client.sign_in("smith", "ada@first.example", "nine copper kettles").await;
    answer.expect(204);
    let borrowed = answer.cookie().replace("portal-smith=", "portal-jones=");
    client.with("cookie", borrowed).get("/portal/jones/api/session").await.expect_problem(401, "unauthorized");
    assert_eq!(own.get(CONTACT).await.expect(200)["emails"], before["emails"]);
}
