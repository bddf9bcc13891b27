//! S8, L5: one browser, staff and clients. What happens in the one area leaves the other as it was, byte by byte.

use axum::http::Method;
use portal_domain::{port::PortalStore, session::WorkspaceToken};
use serde_json::Value;

use crate::{
    kit::{Ask, Kit, OTHER_PASSWORD, PASSWORD},
    staff::{enter, pairs, settle, staffed},
};

/// The cookies of one browser, by name.
#[derive(Clone, Default)]
struct Jar(std::collections::BTreeMap<String, String>);

impl Jar {
    fn line(&self) -> String {
        self.0.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    fn value(&self, name: &str) -> Option<&String> {
        self.0.get(name)
    }

    async fn send(&mut self, kit: &Kit, ask: Ask) -> crate::kit::Answer {
        let answer = kit.send(ask.cookie(&self.line())).await;
        for line in answer.headers.get_all("set-cookie") {
            let pair = line.to_str().expect("text").split(';').next().unwrap_or_default();
            let (name, value) = pair.split_once('=').expect("a pair");
            match value {
                "" => drop(self.0.remove(name)),
                _ => drop(self.0.insert(name.to_owned(), value.to_owned())),
            }
        }
        answer
    }
}

const WORKSPACE: &str = "__Host-workspace-smith";
const PORTAL: &str = "__Host-portal-smith";

/// What a person does in the browser of staff with a client's things.
#[derive(Clone, Copy, Debug)]
enum Deed {
    OpenLink,
    SetPassword,
    SignIn,
    SignOut,
}

impl Deed {
    async fn carry_out(self, kit: &Kit, jar: &mut Jar, token: &str) {
        let link = format!("/portal/smith/link/{token}");
        match self {
            Self::OpenLink => jar.send(kit, Ask::get(&link)).await.is(200),
            Self::SetPassword => jar.send(kit, Ask::form(&link, &[("password", OTHER_PASSWORD)])).await,
            Self::SignIn => {
                let fields = [("email", "ada@smith.example"), ("password", OTHER_PASSWORD)];
                jar.send(kit, Ask::form("/portal/smith/sign-in", &fields)).await
            }
            Self::SignOut => jar.send(kit, Ask::form("/portal/smith/sign-out", &[])).await.is(303),
        };
    }
}

/// The row of the workspace's session that the cookie stands for.
async fn row(kit: &Kit, value: &str) -> String {
    let token = WorkspaceToken::parse(value).expect("a token");
    let facts = kit.store.workspace_session(kit.practice.id, &token.hash()).await.expect("the store answers");
    format!("{:?}", facts.expect("the session is there"))
}

/// Every order of four.
fn orders(of: [Deed; 4]) -> Vec<Vec<Deed>> {
    fn grow(taken: &[Deed], left: &[Deed], all: &mut Vec<Vec<Deed>>) {
        if left.is_empty() {
            all.push(taken.to_vec());
        }
        for at in 0..left.len() {
            let mut rest = left.to_vec();
            let next = rest.remove(at);
            grow(&[taken, &[next]].concat(), &rest, all);
        }
    }
    let mut all = Vec::new();
    grow(&[], &of, &mut all);
    all
}

#[tokio::test]
async fn s8_nothing_of_a_client_touches_the_session_of_staff_in_any_order() {
    let orders = orders([Deed::OpenLink, Deed::SetPassword, Deed::SignIn, Deed::SignOut]);
    assert_eq!(orders.len(), 24);
    for order in orders {
        let kit = staffed("staff").await;
        settle(&kit, "uma").await;
        kit.settle("ada", "ada@smith.example").await;
        kit.host(Method::POST, "/contacts/ada/portal/resend", Value::Null).await.is(200);
        let token = kit.tokens().await.pop().expect("a link");
        let mut jar = Jar::default();
        let sign_in = [("email", "uma@staff.example"), ("password", PASSWORD)];
        jar.send(&kit, Ask::form("/workspace/smith/sign-in", &sign_in)).await.is(303);
        let cookie = jar.value(WORKSPACE).expect("a session").clone();
        let before = row(&kit, &cookie).await;
        for deed in order.iter().chain(&order) {
            deed.carry_out(&kit, &mut jar, &token).await;
            assert_eq!(jar.value(WORKSPACE), Some(&cookie), "{order:?}: {deed:?}");
            assert_eq!(row(&kit, &cookie).await, before, "{order:?}: {deed:?}");
        }
        jar.send(&kit, Ask::get("/workspace/smith/")).await.is(200);
    }
}

#[tokio::test]
async fn s8_nothing_of_staff_touches_the_session_of_a_client() {
    let kit = staffed("staff").await;
    settle(&kit, "uma").await;
    kit.settle("ada", "ada@smith.example").await;
    kit.host(Method::POST, "/practice-users/uma/invite", Value::Null).await.is(200);
    let token = kit.tokens().await.pop().expect("a link");
    let mut jar = Jar::default();
    let sign_in = [("email", "ada@smith.example"), ("password", PASSWORD)];
    jar.send(&kit, Ask::form("/portal/smith/sign-in", &sign_in)).await.is(303);
    let cookie = jar.value(PORTAL).expect("a session").clone();
    let hash = portal_domain::session::SessionToken::parse(&cookie).expect("a token").hash();
    let row = async || {
        let facts = kit.store.session(kit.practice.id, &hash, kit.portal.now()).await.expect("the store answers");
        format!("{facts:?}")
    };
    let before = row().await;
    let link = format!("/workspace/smith/link/{token}");
    let set = [("password", OTHER_PASSWORD)];
    let enter = [("email", "uma@staff.example"), ("password", OTHER_PASSWORD)];
    let asks = [
        Ask::get(&link),
        Ask::form(&link, &set),
        Ask::form("/workspace/smith/sign-in", &enter),
        Ask::get("/workspace/smith/"),
        Ask::form("/workspace/smith/sessions", &[]),
        Ask::form("/workspace/smith/sign-out", &[]),
        Ask::form("/workspace/smith/forgot", &[("email", "uma@staff.example")]),
    ];
    for ask in asks {
        jar.send(&kit, ask).await;
        assert_eq!((jar.value(PORTAL), row().await), (Some(&cookie), before.clone()));
    }
    jar.send(&kit, Ask::get("/portal/smith/")).await.is(200);
}

#[tokio::test]
async fn p4_two_workspaces_and_a_second_member_of_staff_in_one_browser() {
    let kit = staffed("staff").await;
    settle(&kit, "uma").await;
    settle(&kit, "boss").await;
    let uma = enter(&kit, "uma").await;
    let page = kit.send(Ask::get("/workspace/smith/sign-in").cookie(&uma)).await.is(200).text;
    assert!(page.contains("The uma") && page.contains("Switch and sign in"));
    let fields = [("email", "boss@staff.example"), ("password", PASSWORD)];
    let switched = kit.send(Ask::form("/workspace/smith/sign-in", &fields).cookie(&uma)).await.is(303);
    let (boss, _) = pairs(&switched);
    kit.send(Ask::get("/workspace/smith/").cookie(&uma)).await.is(303);
    kit.send(Ask::get("/workspace/smith/").cookie(&boss)).await.is(200);
    let elsewhere = boss.replace("workspace-smith", "workspace-jones");
    let there = kit.send(Ask::get("/workspace/jones/").cookie(&elsewhere)).await.is(303);
    assert_eq!(there.header("location"), Some("/workspace/jones/sign-in"));
}
