//! How a practice looks on its pages.

use axum::http::Method;
use serde_json::json;

use crate::kit::{Ask, Kit};

/// As small as a picture's beginning may be.
const LOGO: &str = "data:image/png;base64,iVBORw0KGgo=";

/// The addresses that a page names in this attribute.
fn named(page: &str, start: &str) -> Vec<String> {
    page.split(start).skip(1).filter_map(|part| part.split('"').next().map(str::to_owned)).collect()
}

async fn sign_in(kit: &Kit) -> String {
    kit.send(Ask::get("/portal/smith/sign-in")).await.is(200).text
}

#[tokio::test]
async fn the_practice_s_colour_is_a_style_sheet_of_its_own() {
    let kit = Kit::new().await;
    assert_eq!(named(&sign_in(&kit).await, r#"<link rel="stylesheet" href=""#).len(), 1);
    kit.send(Ask::get("/portal/smith/brand/x.css")).await.is(404);
    kit.host(Method::PUT, "/settings", json!({"accent": "#1A5276"})).await.is(200);
    let sheets = named(&sign_in(&kit).await, r#"<link rel="stylesheet" href=""#);
    assert_eq!(sheets.len(), 2);
    assert!(sheets[1].starts_with("/portal/smith/brand/"), "after the one of all pages: {sheets:?}");
    let sheet = kit.send(Ask::get(&sheets[1])).await.is(200);
    assert_eq!(sheet.header("content-type"), Some("text/css; charset=utf-8"));
    assert_eq!(sheet.header("cache-control"), Some("public, max-age=31536000, immutable"));
    assert!(
        sheet.text.starts_with(":root { --deep: #1A5276; --on-deep: #ffffff; }\n@media (prefers-color-scheme: dark)")
    );
    let tag = sheet.header("etag").expect("a tag").to_owned();
    kit.send(Ask::get(&sheets[1]).with("if-none-match", &tag)).await.is(304);
    // Other colours have another address; who asks at the old one gets them too, and keeps them not.
    kit.host(Method::PUT, "/settings", json!({"accent": "#004400"})).await.is(200);
    assert_ne!(named(&sign_in(&kit).await, r#"<link rel="stylesheet" href=""#)[1], sheets[1]);
    let late = kit.send(Ask::get(&sheets[1])).await.is(200);
    assert!(late.text.contains("#004400"));
    assert_eq!(late.header("cache-control"), Some("public, no-cache"));
}

#[tokio::test]
async fn the_logo_is_a_picture_and_nothing_else() {
    let kit = Kit::new().await;
    assert!(named(&sign_in(&kit).await, r#"<img class="logo" src=""#).is_empty());
    kit.send(Ask::get("/portal/smith/logo/x")).await.is(404);
    kit.host(Method::PUT, "/settings", json!({"logo": LOGO})).await.is(200);
    let page = kit.send(Ask::get("/portal/smith/sign-in")).await.is(200);
    assert!(page.header("content-security-policy").is_some_and(|csp| csp.contains("img-src 'self';")));
    let path = named(&page.text, r#"<img class="logo" src=""#).remove(0);
    let logo = kit.send(Ask::get(&path)).await.is(200);
    assert_eq!(logo.header("content-type"), Some("image/png"));
    assert_eq!(logo.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(logo.header("cache-control"), Some("public, max-age=31536000, immutable"));
    let tag = logo.header("etag").expect("a tag").to_owned();
    kit.send(Ask::get(&path).with("if-none-match", &tag)).await.is(304);
    kit.send(Ask::get(&path.replace("smith", "jones"))).await.is(404);
    assert_eq!(
        kit.send(Ask::get("/portal/smith/logo/x")).await.is(200).header("cache-control"),
        Some("public, no-cache")
    );
}
