//! `GET /contacts/{ref}/export`: what is held about one contact, and nobody else.

use axum::http::Method;
use serde_json::{Value, json};

use crate::kit::{Ask, Kit};

async fn dossier(kit: &Kit, contact: &str) -> Value {
    kit.seal().await;
    kit.get(&format!("/contacts/{contact}/export")).await.is(200).json()
}

fn many(answer: &Value, list: &str) -> usize {
    answer[list].as_array().unwrap_or_else(|| panic!("{answer}")).len()
}

#[tokio::test]
async fn get_contact_export_has_everything_about_the_contact() {
    let kit = Kit::new().await;
    kit.settle("ada", "ada@smith.example").await;
    kit.settle("bob", "bob@smith.example").await;
    let cookie = kit.sign_in("ada@smith.example").await;
    let answer = dossier(&kit, "ada").await;
    assert_eq!(answer["contact"]["ref"], "ada");
    assert_eq!(answer["contact"]["login_email"], "ada@smith.example");
    assert_eq!(answer["login"]["shared"], false);
    assert!(answer["login"]["password_set_at"].is_string() && answer["created_at"].is_string());
    for list in ["messages", "links", "sessions", "events", "tries"] {
        assert!(many(&answer, list) > 0, "{list}: {answer}");
    }
    assert_eq!((many(&answer, "sessions"), &answer["sessions_left_out"]), (1, &json!(0)));
    assert_eq!(answer["links"][0]["state"], "used");
    let text = answer.to_string();
    let token = cookie.split_once('=').expect("a cookie").1;
    for other in [token, "bob", "\"hash\"", "$plain"] {
        assert!(!text.contains(other), "{other}: {text}");
    }
    for token in kit.tokens().await {
        assert!(!text.contains(&token), "{text}");
    }
}

#[tokio::test]
async fn get_contact_export_names_no_other_behind_the_login() {
    let kit = Kit::new().await;
    kit.settle("ada", "home@smith.example").await;
    let body = json!({"name": "Zebulon Other", "emails": ["home@smith.example"], "clients": []});
    kit.host(Method::PUT, "/contacts/zeb", body).await.is(201);
    kit.host(Method::POST, "/contacts/zeb/portal/activate", json!({})).await.is(200);
    kit.sign_in("home@smith.example").await;
    let answer = dossier(&kit, "ada").await;
    assert_eq!((&answer["login"]["shared"], &answer["contact"]["portal"]["shared_with"]), (&json!(true), &json!([])));
    // Of whom the session and the try were, nobody can tell.
    assert_eq!((many(&answer, "sessions"), many(&answer, "tries")), (0, 0));
    assert_eq!(answer["sessions_left_out"], 1);
    let text = answer.to_string();
    assert!(!text.contains("Zebulon") && !text.contains("\"zeb\""), "{text}");
    let other = dossier(&kit, "zeb").await;
    assert_eq!((many(&other, "sessions"), many(&other, "links")), (0, 0));
    // Left alone, it is still not told whose they were.
    kit.host(Method::POST, "/contacts/zeb/portal/deactivate", json!({})).await.is(200);
    let answer = dossier(&kit, "ada").await;
    assert_eq!((&answer["login"]["shared"], many(&answer, "sessions")), (&json!(false), 0));
}

#[tokio::test]
async fn get_contact_export_is_for_keys_that_read_this_practice() {
    let kit = Kit::new().await;
    kit.settle("ada", "ada@smith.example").await;
    kit.get("/contacts/nobody/export").await.problem(404, "not_found");
    let ask = || Ask::get("/api/v1/contacts/ada/export");
    kit.send(ask().key(&kit.reads)).await.is(200);
    kit.send(ask().key(&kit.foreign)).await.problem(404, "not_found");
    kit.send(ask()).await.problem(401, "unauthorized");
}
