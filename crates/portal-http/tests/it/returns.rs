//! From the portal back to the host's program: `?return=`, the choice of a profile, `POST /sign-ins`, and `session.ended`.

use std::time::Duration;

use axum::http::Method;
use portal_domain::{event::Caller, practice::Scope, usecase::CallContext};
use serde_json::{Value, json};

use crate::kit::{Answer, Ask, Kit, OTHER_PASSWORD, PASSWORD};

const STATE: &str = "x y&z=%\"<>";
const SIGN_IN: &str = "/portal/smith/sign-in";

async fn kit() -> (Kit, String) {
    let kit = Kit::new().await;
    let app = json!([
        {"name": "app", "address": "https://app.smith.example/back?a=1"},
        {"name": "tax", "address": "https://tax.smith.example:8443/in"},
    ]);
    kit.host(Method::PUT, "/settings", json!({"return_addresses": app})).await.is(200);
    kit.settle("ada", "ada@smith.example").await;
    let key = kit.key_for(Scope::SignIn).await;
    (kit, key)
}

fn sign_in_form(password: &str) -> Ask {
    let fields = [("email", "ada@smith.example"), ("password", password), ("return", "app"), ("state", STATE)];
    Ask::form(SIGN_IN, &fields)
}

/// The code that an answer sends to the address called `app`, and what came with it.
#[track_caller]
fn code(answer: &Answer) -> String {
    let place = answer.clone().is(303).header("location").expect("a place").to_owned();
    let query = place.strip_prefix("https://app.smith.example/back?").unwrap_or_else(|| panic!("{place}")).to_owned();
    let fields: Vec<_> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    assert_eq!(fields.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["a", "code", "state"]);
    assert_eq!((fields[0].1.as_str(), fields[2].1.as_str()), ("1", STATE));
    assert_eq!(fields[1].1.len(), 43, "256 bits");
    fields[1].1.clone()
}

impl Kit {
    /// Signs Ada in on her way back to `app`: the cookie, and the session that the host was told of.
    async fn told_session(&self, key: &str) -> (String, String) {
        let answer = self.send(sign_in_form(PASSWORD)).await;
        let told = self.signing(key, "/sign-ins", json!({"code": code(&answer)})).await.is(200).json();
        (answer.cookie(), told["session"].as_str().expect("an id").to_owned())
    }

    /// The sessions that `session.ended` names.
    async fn ended(&self) -> Vec<String> {
        let ended = self.told().await.into_iter().filter(|(kind, _)| kind == "session.ended");
        ended.map(|(_, facts)| facts["session"].as_str().expect("named").to_owned()).collect()
    }
}

#[tokio::test]
async fn post_sign_ins_tells_the_host_who_signed_in() {
    let (kit, key) = kit().await;
    let query =
        form_urlencoded::Serializer::new(String::new()).extend_pairs([("return", "app"), ("state", STATE)]).finish();
    let before = kit.stored();
    let page = kit.send(Ask::get(&format!("{SIGN_IN}?{query}"))).await.is(200);
    assert_eq!(kit.stored(), before);
    assert!(page.text.contains(r#"<input type="hidden" name="return" value="app">"#));
    assert!(page.text.contains(r#"name="state" value="x y&#38;z=%&#34;&#60;&#62;">"#), "{}", page.text);
    assert!(page.text.contains("app.smith.example"));
    let csp = page.header("content-security-policy").expect("a policy");
    assert!(csp.contains("form-action 'self' https://app.smith.example;"), "{csp}");
    // A wrong password keeps it in mind.
    let failed = kit.send(sign_in_form(OTHER_PASSWORD)).await.is(401);
    assert!(failed.text.contains(r#"name="return" value="app""#));
    assert!(failed.header("content-security-policy").expect("a policy").contains("https://app.smith.example"));

    let answer = kit.send(sign_in_form(PASSWORD)).await;
    let code = code(&answer);
    assert!(!kit.stored().contains(&code), "S10");
    let ask = || Ask::new(Method::POST, "/api/v1/sign-ins").key(&key).json(&json!({"code": code}));
    let told = kit.send(ask().with("idempotency-key", "k")).await.is(200);
    let body = told.json();
    let session = body["session"].as_str().expect("an id").to_owned();
    let expected = json!({"contact": "ada", "client": "acme", "signed_in_at": body["signed_in_at"],
        "factors": ["password"], "session": session});
    assert_eq!(body, expected);
    let own = kit.send(Ask::get("/portal/smith/api/session").cookie(&answer.cookie())).await.is(200).json();
    assert_eq!(own["signed_in_at"], body["signed_in_at"]);
    // Once; but the same call is told the same.
    kit.send(ask()).await.problem(404, "not_found");
    assert_eq!(kit.send(ask().with("idempotency-key", "k")).await.is(200).text, told.text);
    let events = kit.told().await;
    let (_, facts) = events.iter().find(|(kind, _)| kind == "session.told").expect("journalled");
    assert_eq!((&facts["session"], &facts["return"]), (&json!(session), &json!("app")));
    assert!(!format!("{events:?}").contains(&code) && !answer.cookie().contains(&session));
}

#[tokio::test]
async fn s9_a_code_that_is_not_good_answers_like_an_unknown_one() {
    let (kit, key) = kit().await;
    let foreign = kit.foreign_key_for(Scope::SignIn).await;
    let unknown = kit.signing(&key, "/sign-ins", json!({"code": "A".repeat(43)})).await;
    unknown.clone().problem(404, "not_found");
    let refused = async |key: &str, body: Value| assert_eq!(kit.signing(key, "/sign-ins", body).await, unknown);
    let fresh = async || code(&kit.send(sign_in_form(PASSWORD)).await);
    refused(&key, json!({"code": ""})).await;
    refused(&key, json!({"code": "é"})).await;
    refused(&foreign, json!({"code": fresh().await})).await;
    refused(&key, json!({"code": fresh().await, "return": "tax"})).await;
    kit.signing(&key, "/sign-ins", json!({"code": fresh().await, "return": "app"})).await.is(200);
    let late = fresh().await;
    kit.clock.advance(Duration::from_secs(60));
    refused(&key, json!({"code": late})).await;
    // Its session has ended, its profile is gone, its address has changed.
    let code = fresh().await;
    kit.host(Method::DELETE, "/contacts/ada/portal/sessions", Value::Null).await.is(200);
    refused(&key, json!({"code": code})).await;
    let code = fresh().await;
    kit.host(Method::POST, "/clients/acme/suspend", Value::Null).await.is(200);
    refused(&key, json!({"code": code})).await;
    kit.host(Method::POST, "/clients/acme/resume", Value::Null).await.is(200);
    let code = fresh().await;
    let moved = json!([{"name": "app", "address": "https://other.smith.example/"}]);
    kit.host(Method::PUT, "/settings", json!({"return_addresses": moved})).await.is(200);
    refused(&key, json!({"code": code})).await;
}

#[tokio::test]
async fn an_unknown_return_is_a_page_in_words_and_never_a_redirect() {
    let (kit, _) = kit().await;
    let long = format!("return=app&state={}", "x".repeat(513));
    for (query, status) in [
        ("return=nowhere", 404),
        ("return=https%3A%2F%2Fevil.example%2F", 404),
        ("return=", 404),
        ("return=app&return=tax", 400),
        ("return=app&state=%0d%0aset-cookie", 400),
        ("return=app&state=%C3%A9", 400),
        (long.as_str(), 400),
    ] {
        for page in ["sign-in", "return"] {
            let answer = kit.send(Ask::get(&format!("/portal/smith/{page}?{query}"))).await.is(status);
            assert!(answer.text.contains("We don’t know the way back") && answer.header("location").is_none());
        }
    }
    let fields = [("email", "ada@smith.example"), ("password", PASSWORD), ("return", "nowhere")];
    let answer = kit.send(Ask::form(SIGN_IN, &fields)).await.is(404);
    assert!(answer.header("set-cookie").is_none(), "nobody is signed in on the way to nowhere");
    kit.send(Ask::get(&format!("{SIGN_IN}?utm=1&state=x"))).await.is(200);
}

#[tokio::test]
async fn s4_a_browser_that_is_signed_in_goes_on_by_a_button_and_never_by_looking() {
    let (kit, key) = kit().await;
    let cookie = kit.sign_in("ada@smith.example").await;
    let before = kit.stored();
    let query = "return=app&state=s";
    let page = kit.send(Ask::get(&format!("{SIGN_IN}?{query}")).cookie(&cookie)).await.is(200).text;
    assert!(
        page.contains("Continue as <bdi>ada@smith.example</bdi>") && page.contains(r#"action="/portal/smith/return""#)
    );
    kit.send(Ask::get(&format!("/portal/smith/return?{query}")).cookie(&cookie)).await.is(200);
    assert_eq!(kit.stored(), before, "a look makes no code");
    let ask = Ask::form("/portal/smith/return", &[("return", "app"), ("state", STATE)]);
    let elsewhere = ask.clone().without("origin").without("sec-fetch-site").with("sec-fetch-site", "cross-site");
    kit.send(elsewhere.cookie(&cookie)).await.is(403);
    let code = code(&kit.send(ask.clone().cookie(&cookie)).await);
    kit.signing(&key, "/sign-ins", json!({"code": code})).await.is(200);
    // Without a session one signs in first, and nothing is forgotten.
    let lost = kit.send(ask).await.is(303);
    assert!(lost.header("location").expect("a place").starts_with("/portal/smith/sign-in?return=app&state=x+y"));
    let looked = kit.send(Ask::get(&format!("/portal/smith/return?{query}"))).await.is(303);
    assert_eq!(looked.header("location"), Some("/portal/smith/sign-in?return=app&state=s"));
}

#[tokio::test]
async fn a5_of_several_profiles_one_is_chosen_and_without_any_one_is_told_so() {
    let (kit, key) = kit().await;
    kit.host(Method::PUT, "/clients/two", json!({"name": "Two & Co"})).await.is(201);
    kit.host(Method::PUT, "/contacts/ada", json!({"clients": ["acme", "two"]})).await.is(200);
    let signed_in = kit.send(sign_in_form(PASSWORD)).await.is(303);
    let place = signed_in.header("location").expect("a place").to_owned();
    assert!(place.starts_with("/portal/smith/return?return=app&state="), "{place}");
    let cookie = signed_in.cookie();
    let page = kit.send(Ask::get(&place).cookie(&cookie)).await.is(200);
    assert!(page.header("content-security-policy").expect("a policy").contains("https://app.smith.example;"));
    let values = page.text.split(r#"name="profile" value=""#).skip(1);
    let values: Vec<_> = values.filter_map(|rest| rest.split('"').next()).collect();
    assert_eq!(values.len(), 2);
    assert!(page.text.contains("Acme Ltd") && page.text.contains("Two &#38; Co"));
    let ask = |profile: &str| {
        let fields = [("return", "app"), ("state", STATE), ("profile", profile)];
        Ask::form("/portal/smith/return", &fields).cookie(&cookie)
    };
    let answer = kit.send(ask(values[1])).await;
    let told = kit.signing(&key, "/sign-ins", json!({"code": code(&answer)})).await.is(200).json();
    assert_eq!(told["client"], "two");
    kit.send(ask("x")).await.is(404);
    let unsaid = Ask::form("/portal/smith/return", &[("return", "app"), ("state", STATE)]).cookie(&cookie);
    assert!(kit.send(unsaid.clone()).await.is(200).text.contains("As whom do you want to go on?"));
    for client in ["acme", "two"] {
        kit.host(Method::POST, &format!("/clients/{client}/suspend"), Value::Null).await.is(200);
    }
    kit.send(ask(values[1])).await.is(404);
    assert!(kit.send(unsaid).await.is(200).text.contains("There is nothing here for you"));
}

#[tokio::test]
async fn session_ended_names_each_told_session_however_it_ends() {
    let reset = async |kit: &Kit| {
        kit.front(Method::POST, "/password-resets", json!({"email": "ada@smith.example"})).await.is(202);
        let token = kit.tokens().await.pop().expect("a link");
        kit.front(Method::POST, &format!("/links/{token}"), json!({"password": OTHER_PASSWORD})).await.is(204);
    };
    for how in
        ["signed out", "replaced", "elsewhere", "changed", "reset", "moved", "deactivated", "staff", "deleted", "idle"]
    {
        let (kit, key) = kit().await;
        let silent = kit.sign_in("ada@smith.example").await;
        let (cookie, session) = kit.told_session(&key).await;
        assert!(kit.ended().await.is_empty(), "{how}");
        let order = async |method: Method, path: &str, body: Value| kit.host(method, path, body).await.is(200);
        match how {
            "signed out" => drop(kit.send(Ask::form("/portal/smith/sign-out", &[]).cookie(&cookie)).await.is(303)),
            "replaced" => drop(kit.send(sign_in_form(PASSWORD).cookie(&cookie)).await.is(303)),
            "elsewhere" => {
                let ask = Ask::new(Method::DELETE, "/portal/smith/api/sessions").marked().cookie(&silent);
                kit.send(ask).await.is(204);
            }
            "changed" => {
                let body = json!({"current_password": PASSWORD, "new_password": OTHER_PASSWORD});
                let ask = Ask::new(Method::PUT, "/portal/smith/api/password").marked().cookie(&cookie).json(&body);
                kit.send(ask).await.is(204);
            }
            "reset" => reset(&kit).await,
            "moved" => drop(order(Method::PUT, "/contacts/ada/emails", json!({"emails": ["ada@new.example"]})).await),
            "deactivated" => drop(order(Method::POST, "/contacts/ada/portal/deactivate", Value::Null).await),
            "staff" => drop(order(Method::DELETE, "/sessions", Value::Null).await),
            "deleted" => drop(order(Method::DELETE, "/contacts/ada", Value::Null).await),
            _ => {
                kit.clock.advance(Duration::from_secs(30 * 60 - 1));
                assert_eq!(over(&kit).await, 0);
                kit.clock.advance(Duration::from_secs(1));
                assert_eq!(over(&kit).await, 1);
            }
        }
        assert_eq!(kit.ended().await, std::slice::from_ref(&session), "{how}");
        // Told once, whatever happens later.
        kit.clock.advance(Duration::from_secs(24 * 3600));
        assert_eq!(over(&kit).await, 0, "{how}");
        assert_eq!(kit.ended().await, [session], "{how}");
    }
}

/// Ends sessions whose time is over, and says how many.
async fn over(kit: &Kit) -> usize {
    let ended = kit.portal.end_over_sessions().await.expect("the store answers");
    assert_eq!(ended.failed, []);
    ended.ended
}

/// A code of a suspended practice is no code, like all that are none.
#[tokio::test]
async fn a_code_of_a_suspended_practice_tells_nobody() {
    let (kit, key) = kit().await;
    let made = kit.signing(&key, "/handoffs", json!({"contact": "ada"})).await.is(200).json();
    let url = made["url"].as_str().expect("an address").replace("https://portal.example", "");
    let cookie = kit.send(Ask::form(&url, &[])).await.is(303).cookie();
    let ask = Ask::form("/portal/smith/return", &[("return", "app"), ("state", STATE)]).cookie(&cookie);
    let body = json!({"code": code(&kit.send(ask).await)});
    let context = CallContext::new(kit.practice.id, Caller::Program);
    kit.portal.suspend_practice(&context, true).await.expect("suspended");
    kit.signing(&key, "/sign-ins", body.clone()).await.problem(404, "not_found");
    kit.portal.suspend_practice(&context, false).await.expect("resumed");
    kit.signing(&key, "/sign-ins", body).await.is(200);
}

#[tokio::test]
async fn a_told_session_past_its_limit_is_told_by_whoever_ends_it_first() {
    let (kit, key) = kit().await;
    let (_, session) = kit.told_session(&key).await;
    kit.clock.advance(Duration::from_secs(13 * 3600));
    kit.host(Method::DELETE, "/contacts/ada/portal/sessions", Value::Null).await.is(200);
    assert_eq!(kit.ended().await, std::slice::from_ref(&session));
    assert_eq!(over(&kit).await, 0);
    assert_eq!(kit.ended().await, [session]);
}

#[tokio::test]
async fn a_hand_over_says_that_no_password_was_proved() {
    let (kit, key) = kit().await;
    let made = kit.signing(&key, "/handoffs", json!({"contact": "ada"})).await.is(200).json();
    let url = made["url"].as_str().expect("an address").replace("https://portal.example", "");
    let cookie = kit.send(Ask::form(&url, &[])).await.is(303).cookie();
    let ask = Ask::form("/portal/smith/return", &[("return", "app"), ("state", STATE)]).cookie(&cookie);
    let answer = kit.send(ask).await;
    let told = kit.signing(&key, "/sign-ins", json!({"code": code(&answer)})).await.is(200).json();
    assert_eq!(told["factors"], json!(["handoff"]));
}
