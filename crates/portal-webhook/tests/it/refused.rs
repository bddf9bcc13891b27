//! What is posted, and what is refused before anything is.

use std::{net::IpAddr, sync::Arc, time::Duration};

use portal_domain::{port::WebhookSender, webhook::Pushed};
use portal_webhook::{WebhookClient, WebhookOptions};

use crate::{BODY, Server, call, local, names};

const OK: &str = "HTTP/1.1 204 No Content\r\n\r\n";

fn words(pushed: Pushed) -> String {
    match pushed {
        Pushed::Unanswered(words) => words,
        Pushed::Answered(status) => panic!("answered {status}"),
    }
}

#[tokio::test]
async fn a_call_carries_body_and_headers_and_answers_the_status() {
    let server = Server::answering("HTTP/1.1 418 No\r\ncontent-length: 3\r\n\r\nabc").await;
    assert_eq!(local().push(&call(&server.url("http", "127.0.0.1"))).await, Pushed::Answered(418));
    let asked = server.asked().pop().unwrap();
    let (head, body) = asked.split_once("\r\n\r\n").unwrap();
    assert_eq!(body.as_bytes(), BODY);
    assert!(head.starts_with("POST /hook?a=%20b HTTP/1.1\r\n"), "{head}");
    let has = |line: &str| assert!(head.lines().any(|it| it.eq_ignore_ascii_case(line)), "{line} in {head}");
    has("content-type: application/json");
    has("webhook-id: msg-1");
    has("webhook-timestamp: 1700000000");
    has(&format!("host: 127.0.0.1:{}", server.address.port()));
    has(&format!("content-length: {}", BODY.len()));
    let key = "whsec_BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";
    let signature = standardwebhooks::Webhook::new(key).unwrap().sign("msg-1", 1_700_000_000, BODY).unwrap();
    has(&format!("webhook-signature: {signature}"));
}

#[tokio::test]
async fn an_address_inside_is_refused_before_anything_is_sent() {
    let server = Server::answering(OK).await;
    let port = server.address.port();
    let client = WebhookClient::new(WebhookOptions::default()).unwrap();
    for host in
        ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "10.0.0.1", "169.254.169.254", "[fd00::1]"]
    {
        let refused = words(client.push(&call(&format!("https://{host}:{port}/"))).await);
        assert!(refused.contains("not public"), "{host}: {refused}");
        let refused = words(client.push(&call(&format!("http://{host}:{port}/"))).await);
        assert!(refused.contains("`http`"), "{host}: {refused}");
    }
    assert_eq!(server.connections.load(std::sync::atomic::Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_name_is_refused_for_one_address_inside_among_public_ones() {
    let server = Server::answering(OK).await;
    let url = server.url("https", "hooks.example");
    for addresses in [&["127.0.0.1"][..], &["9.9.9.9", "127.0.0.1"], &["2620:fe::fe", "::1"], &["64:ff9b::7f00:1"]] {
        let options = WebhookOptions { resolver: names(addresses), ..WebhookOptions::default() };
        let refused = words(WebhookClient::new(options).unwrap().push(&call(&url)).await);
        assert!(refused.contains("not public"), "{addresses:?}: {refused}");
    }
    let options = WebhookOptions { resolver: names(&[]), ..WebhookOptions::default() };
    assert!(words(WebhookClient::new(options).unwrap().push(&call(&url)).await).contains("resolved"));
    assert_eq!(server.connections.load(std::sync::atomic::Ordering::SeqCst), 0);
}

#[tokio::test]
async fn plain_http_goes_to_loopback_only_whatever_is_allowed() {
    let options = WebhookOptions {
        allowed: Arc::new(|_: IpAddr| true),
        resolver: names(&["192.168.7.7"]),
        ..WebhookOptions::default()
    };
    let refused = words(WebhookClient::new(options).unwrap().push(&call("http://hooks.example/")).await);
    assert!(refused.contains("`http`"), "{refused}");
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let inside = Server::answering(OK).await;
    let location = format!("HTTP/1.1 307 Go\r\nlocation: {}\r\n\r\n", inside.url("http", "127.0.0.1"));
    let server = Server::answering(Box::leak(location.into_boxed_str())).await;
    assert_eq!(local().push(&call(&server.url("http", "127.0.0.1"))).await, Pushed::Answered(307));
    assert!(inside.asked().is_empty());
}

#[tokio::test]
async fn what_is_no_answer_is_said_in_our_own_words() {
    for answer in ["", "garbage that says secret things\r\n\r\n", "HTTP/1.1 200"] {
        let server = Server::answering(answer).await;
        let words = words(local().push(&call(&server.url("http", "127.0.0.1"))).await);
        assert_eq!(words, "the connection broke before an answer came", "{answer}");
    }
    let long: &'static str =
        Box::leak(format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "y".repeat(40_000)).into_boxed_str());
    let server = Server::answering(long).await;
    assert!(!local().push(&call(&server.url("http", "127.0.0.1"))).await.is_received());
    for url in ["ftp://127.0.0.1/", "no address", "/path", "https:///"] {
        assert!(words(local().push(&call(url)).await).contains("can be posted to"), "{url}");
    }
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let refused = words(local().push(&call(&format!("http://{nobody}/"))).await);
    assert_eq!(refused, "the host can't be connected to");
}

#[tokio::test]
async fn an_endless_answer_is_not_read_to_its_end() {
    let endless: &'static str = Box::leak(format!("HTTP/1.1 200 OK\r\n\r\n{}", "z".repeat(4_000_000)).into_boxed_str());
    let server = Server::answering(endless).await;
    let (client, call) = (local(), call(&server.url("http", "127.0.0.1")));
    let pushed = tokio::time::timeout(Duration::from_secs(5), client.push(&call));
    assert_eq!(pushed.await.expect("in bounded time"), Pushed::Answered(200));
}

#[tokio::test]
async fn a_receiver_that_says_nothing_is_given_up_after_fifteen_seconds() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let begun = tokio::time::Instant::now();
    let words = words(local().push(&call(&format!("http://{}/", listener.local_addr().unwrap()))).await);
    assert_eq!(words, "no answer within 15 seconds");
    assert!(begun.elapsed() <= Duration::from_secs(16));
}
