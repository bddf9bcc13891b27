//! What staff's own sign-in has of secrets: links, passwords, sessions, looks, and what is shown once.

use std::time::Duration;

use serde_json::json;

use super::{IN_PATH, IN_QUERY, Secrets, percent};
use crate::support::{Answer, Bed, Client, Sink, bed::Served};

const SUE: &str = "sue@staff.example";
const RIGHT: &str = "canary staff kettle 12";
const NEXT: &str = "canary staff mirror 23";
const WRONG: &str = "canary staff guess 34";
const AS_ADDRESS: &str = "canary staff address 45";
const AS_FIELD: &str = "canary staff field 56";
const PASSWORDS: [&str; 5] = [RIGHT, NEXT, WRONG, AS_ADDRESS, AS_FIELD];

/// A browser in the workspace.
struct Browser(Client);

impl Browser {
    async fn get(&self, page: &str) -> Answer {
        self.0.get(&format!("/workspace/smith/{page}")).await
    }

    async fn post(&self, page: &str, fields: &[(&str, &str)]) -> Answer {
        let field =
            |(name, value): &(&str, &str)| format!("{}={}", percent(name.as_bytes()), percent(value.as_bytes()));
        let body = fields.iter().map(field).collect::<Vec<_>>().join("&");
        self.0.send("POST", &format!("/workspace/smith/{page}"), Some(body.into_bytes())).await
    }

    async fn set(&self, token: &str, password: &str, repeated: &str) -> Answer {
        self.post(&format!("link/{token}"), &[("password", password), ("repeated", repeated)]).await
    }

    async fn sign_in(&self, email: &str, password: &str) -> Answer {
        self.post("sign-in", &[("email", email), ("password", password)]).await
    }

    /// The same with the cookies that were set, each of which is a secret.
    fn given(&self, answer: &Answer, secrets: &mut Secrets) -> Self {
        let cookies = answer.cookies();
        assert!(!cookies.is_empty(), "{answer:?}");
        for cookie in &cookies {
            secrets.add("a cookie of staff", cookie.split_once('=').unwrap().1);
        }
        Self(self.0.with("cookie", cookies.join("; ")))
    }
}

/// The token of the link of this number, counted from nought, that was mailed to an address.
async fn mailed(sink: &Sink, to: &str, number: usize) -> String {
    for _ in 0..600 {
        let links = sink.mails().into_iter().filter(|mail| mail.to() == to && mail.has_link()).collect::<Vec<_>>();
        if let Some(mail) = links.get(number) {
            return mail.token();
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("link {number} to {to} did not come within 15 s");
}

/// Invited, in with the right password after wrong ones, and all else that staff type, follow and are shown; answers their browser.
pub(super) async fn a_life(service: &Served, sink: &Sink, key: &str, secrets: &mut Secrets) -> Client {
    PASSWORDS.into_iter().for_each(|password| secrets.add(password, password));
    let host = service.client().host(key);
    let user = json!({ "name": "Sue Holt", "email": SUE, "role": "admin" });
    host.put("/api/v1/practice-users/sue", user).await.expect(201);
    host.send("POST", "/api/v1/practice-users/sue/invite", None).await.expect(200);
    let token = mailed(sink, SUE, 0).await;
    secrets.add("staff's invitation", &token);
    let browser = Browser(service.client().browser());
    astray(&browser, &token).await;

    browser.set(&token, RIGHT, WRONG).await.expect(422);
    browser.post(&format!("link/{token}"), &[(AS_FIELD, RIGHT)]).await.expect(400);
    browser.set(&token, RIGHT, RIGHT).await.expect(200);
    browser.set(&token, NEXT, NEXT).await.expect(410);
    browser.sign_in(SUE, WRONG).await.expect(401);
    browser.sign_in(AS_ADDRESS, RIGHT).await.expect(401);
    let inside = browser.sign_in(SUE, RIGHT).await;
    inside.expect(303);
    let inside = browser.given(&inside, secrets);
    inside.get("me").await.expect(200);
    let change = |current| [("current", current), ("password", NEXT), ("repeated", NEXT)];
    inside.post("password", &change(WRONG)).await.expect(422);
    let renewed = inside.post("password", &change(RIGHT)).await;
    let inside = inside.given(&renewed, secrets);
    inside.get("me").await.expect(200);
    for email in [AS_ADDRESS, SUE] {
        browser.post("forgot", &[("email", email)]).await.expect(200);
    }
    secrets.add("staff's reset", &mailed(sink, SUE, 1).await);
    browser.post(&format!("link/{token}/renew"), &[]).await.expect(200);
    secrets.add("staff's renewed link", &mailed(sink, SUE, 2).await);
    shown_once(&inside, &host, sink, secrets).await;
    inside.0
}

/// A link at doors that are not its own.
async fn astray(browser: &Browser, token: &str) {
    browser.get(&format!("link/{token}")).await.expect(200);
    for path in [
        format!("/workspace/smith/{token}"),
        format!("/workspace/smith/link/{token}/{IN_PATH}"),
        format!("/workspace/jones/link/{token}"),
        format!("/portal/smith/link/{token}"),
        format!("/portal/smith/api/links/{token}"),
    ] {
        let answer = browser.0.get(&path).await;
        assert!(matches!(answer.status.as_u16(), 404 | 410), "{path}: {answer:?}");
    }
    browser.post(&format!("link/{token}?password={IN_QUERY}"), &[]).await.expect(400);
}

/// A key, a secret and a look, which staff are given by pages.
async fn shown_once(inside: &Browser, host: &Client, sink: &Sink, secrets: &mut Secrets) {
    let key = inside.post("keys", &[("call", "k-1"), ("name", "Books"), ("scope", "read")]).await;
    secrets.add("a key made by staff", &secret(&key));
    let webhook = [("made", "hook-1"), ("url", "https://receiver.example/in")];
    let webhook = secret(&inside.post("webhooks", &webhook).await);
    secrets.add("the secret of a webhook", &webhook);
    secrets.add("what is behind its mark", webhook.strip_prefix("whsec_").unwrap());
    host.put("/api/v1/clients/acme", json!({ "name": "Acme Ltd" })).await.expect(201);
    let bob = json!({ "name": "Bob Byrne", "emails": ["bob@first.example"], "clients": ["acme"] });
    host.put("/api/v1/contacts/c-2", bob).await.expect(201);
    host.order("c-2", "activate").await.expect(200);
    secrets.add("another invitation", &mailed(sink, "bob@first.example", 0).await);
    let wish = [("call", "v-1"), ("client", "acme"), ("reason", "rang: can't find the form")];
    let look = inside.post("contacts/c-2/view", &wish).await;
    look.expect(303);
    let looking = inside.given(&look, secrets);
    looking.0.get("/portal/smith/view").await.expect(200);
    looking.0.send("POST", "/portal/smith/view/end", Some(Vec::new())).await.expect(303);
}

/// What a page shows once.
fn secret(answer: &Answer) -> String {
    answer.expect(201);
    let page = String::from_utf8_lossy(&answer.body).into_owned();
    let (_, rest) = page.split_once("id=\"secret\"").unwrap_or_else(|| panic!("nothing is shown once: {page}"));
    rest.split_once("value=\"").unwrap().1.split_once('"').unwrap().0.to_owned()
}

/// A link that the command line prints is secret but for where it is printed; answers what the program said besides.
pub(super) async fn printed(bed: &Bed, secrets: &mut Secrets) -> String {
    let printed = bed.run(&["user", "invite", "sue", "--print"]).await;
    secrets.add("a printed link", printed.out.trim().rsplit('/').next().unwrap());
    printed.err
}

/// What the workspace shows of all that.
pub(super) async fn pages(inside: Client) -> Vec<(String, Vec<u8>)> {
    let browser = Browser(inside);
    let mut pages = Vec::new();
    for page in [
        "me",
        "users",
        "users/sue",
        "keys",
        "webhooks",
        "webhooks/hook-1",
        "contacts/c-1/history",
        "contacts/c-2/history",
    ] {
        let answer = browser.get(page).await;
        answer.expect(200);
        pages.push((page.to_owned(), answer.body.to_vec()));
    }
    let answer = browser.get(&format!("contacts/{AS_FIELD}").replace(' ', "%20")).await;
    answer.expect(404);
    pages.push(("a page that is not there".to_owned(), answer.body.to_vec()));
    pages
}
