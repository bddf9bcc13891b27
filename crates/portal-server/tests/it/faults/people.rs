//! Callers that know what they were told: each looks after one contact, and repeats a command until it is acknowledged.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use serde_json::{Value, json};

use super::SLUGS;
use crate::support::{Answer, Client, dice::Dice};

/// A request that is not acknowledged after so many tries never will be.
const TRIES: usize = 1500;
const PAUSE: Duration = Duration::from_millis(20);

/// Where tokens of links come from.
pub(super) trait Postbox: Send + Sync + 'static {
    /// The token of the newest mail to this address that carries one.
    fn newest_link(&self, address: &str) -> Option<String>;
}

/// What callers share.
pub(super) struct World {
    /// The instances that run, as far as it is known.
    pub(super) instances: Mutex<Vec<SocketAddr>>,
    /// Whether callers are to come to an end.
    pub(super) over: AtomicBool,
    /// Requests that were not acknowledged.
    pub(super) lost: AtomicUsize,
    /// Whether an answer of 500 is as good as none: where something panics on purpose.
    pub(super) forgives_500: bool,
    pub(super) mail: Arc<dyn Postbox>,
}

impl World {
    pub(super) fn new(mail: Arc<dyn Postbox>, forgives_500: bool) -> Self {
        Self { instances: Mutex::default(), over: false.into(), lost: 0.into(), forgives_500, mail }
    }

    pub(super) fn runs_at(&self, address: SocketAddr) {
        *self.instances.lock().unwrap() = vec![address];
    }

    /// Sends until it is acknowledged; says besides how many tries were not.
    async fn surely(&self, client: &Client, dice: &mut Dice, ask: &Ask) -> (Answer, usize) {
        for lost in 0..TRIES {
            let instances = self.instances.lock().unwrap().clone();
            if !instances.is_empty() {
                let at = instances[usize::try_from(dice.within(0..instances.len() as u64)).unwrap()];
                let body = ask.body.as_ref().map(|body| body.to_string().into_bytes());
                let answer = client.at(at).attempt(ask.method, &ask.path, body).await;
                match answer {
                    Some(answer) if answer.status == 503 => assert!(answer.headers.contains_key("retry-after")),
                    Some(answer) if answer.status == 500 && self.forgives_500 => {}
                    Some(answer) => {
                        assert_ne!(answer.status, 500, "{ask:?}: {answer:?}");
                        return (answer, lost);
                    }
                    None => {}
                }
            }
            self.lost.fetch_add(1, Ordering::SeqCst);
            tokio::time::sleep(PAUSE).await;
        }
        panic!("never acknowledged: {ask:?}")
    }
}

#[derive(Debug)]
struct Ask {
    method: &'static str,
    path: String,
    body: Option<Value>,
}

/// One contact, and all that its caller was told about it.
pub(super) struct Person {
    world: Arc<World>,
    dice: Dice,
    host: Client,
    front: Client,
    pub(super) slug: &'static str,
    pub(super) reference: String,
    address: String,
    moves: usize,
    granted: bool,
    ever_granted: bool,
    /// The password, and the address it is confirmed at.
    password: Option<(String, String)>,
    passwords: usize,
    cookie: Option<String>,
    /// Changes that were acknowledged as such, by the event they must have left.
    pub(super) acknowledged: BTreeMap<&'static str, usize>,
    /// Tries that were not acknowledged, by the same.
    pub(super) lost: BTreeMap<&'static str, usize>,
    /// Links whose redemption was acknowledged.
    pub(super) redeemed: Vec<String>,
}

impl Person {
    pub(super) fn new(world: &Arc<World>, keys: &[String], number: usize, dice: Dice) -> Self {
        let slug = number % SLUGS.len();
        // The address is a template; each request goes to an instance of its own.
        let client = Client::new(SocketAddr::from(([127, 0, 0, 1], 0)));
        // The same references in both practices.
        let reference = format!("c-{}", number / SLUGS.len());
        Self {
            world: Arc::clone(world),
            dice,
            host: client.host(&keys[slug]),
            front: client.front_end(),
            slug: SLUGS[slug],
            address: format!("Person.{number}.0@first.example"),
            reference,
            moves: 0,
            granted: false,
            ever_granted: false,
            password: None,
            passwords: 0,
            cookie: None,
            acknowledged: BTreeMap::new(),
            lost: BTreeMap::new(),
            redeemed: Vec::new(),
        }
    }

    /// Lives until the world is over; then everything it did is acknowledged.
    pub(super) async fn live(mut self) -> Self {
        self.create().await;
        while !self.world.over.load(Ordering::SeqCst) {
            self.step().await;
            self.look().await;
        }
        self
    }

    async fn step(&mut self) {
        match self.dice.within(0..12) {
            _ if !self.ever_granted => self.order("activate", "contact.activated").await,
            0 => self.order("activate", "contact.activated").await,
            1 | 2 if self.granted => self.order("deactivate", "contact.deactivated").await,
            1..=4 => self.order("reactivate", "contact.reactivated").await,
            5 | 6 => self.move_on().await,
            7 if self.granted => self.order("resend", "contact.invitation_resent").await,
            8 | 9 => self.redeem().await,
            _ => self.sign_in().await,
        }
    }

    async fn ask(&mut self, by: &Client, ask: Ask) -> (Answer, usize) {
        let world = Arc::clone(&self.world);
        world.surely(by, &mut self.dice, &ask).await
    }

    async fn create(&mut self) {
        let body = json!({ "name": "Ada Brandt", "emails": [self.address], "clients": [] });
        let path = format!("/api/v1/contacts/{}", self.reference);
        let (answer, lost) = self.ask(&self.host.clone(), Ask { method: "PUT", path, body: Some(body) }).await;
        assert!(answer.status == 201 || (lost > 0 && answer.status == 200), "{answer:?}");
        self.note("contact.created", answer.status == 201, lost);
    }

    fn note(&mut self, event: &'static str, changed: bool, lost: usize) {
        *self.acknowledged.entry(event).or_default() += usize::from(changed);
        *self.lost.entry(event).or_default() += lost;
    }

    /// A command on access; it is idempotent, so that repeating what was not acknowledged converges (N3).
    async fn order(&mut self, command: &'static str, event: &'static str) {
        let path = format!("/api/v1/contacts/{}/portal/{command}", self.reference);
        let (answer, lost) = self.ask(&self.host.clone(), Ask { method: "POST", path, body: None }).await;
        let changed = answer.expect(200)["outcome"] == "changed";
        // Activation of a deactivated contact is its reactivation.
        let event = if command == "activate" && self.ever_granted { "contact.reactivated" } else { event };
        self.note(event, changed, lost);
        match command {
            "deactivate" => {
                assert!(changed || lost > 0);
                self.granted = false;
                self.refused().await;
            }
            "activate" | "reactivate" => {
                assert!(changed || lost > 0 || self.granted);
                if !self.granted {
                    self.cookie = None;
                    let kept = |(_, at): &(String, String)| *at == self.address;
                    self.password = self.password.take().filter(kept);
                }
                (self.granted, self.ever_granted) = (true, true);
            }
            _ => assert!(changed),
        }
    }

    /// N7: from the acknowledgement on, nothing of a deactivated login is accepted.
    async fn refused(&mut self) {
        if let Some(cookie) = self.cookie.take() {
            assert_eq!(self.session(&cookie).await, 401, "a session outlived the deactivation");
        }
        if let Some(token) = self.world.mail.newest_link(&self.address) {
            let (answer, _) = self.set_password(&token, "nine copper kettles").await;
            assert!(answer.status == 410, "a link outlived the deactivation: {answer:?}");
        }
        if let Some((password, _)) = self.password.clone() {
            assert_eq!(self.try_password(&password).await.0.status, 401, "a password outlived the deactivation");
        }
    }

    async fn move_on(&mut self) {
        self.moves += 1;
        let (local, _) = self.address.rsplit_once('.').unwrap();
        let (local, _) = local.rsplit_once('.').unwrap();
        let address = format!("{local}.{}@first.example", self.moves);
        let path = format!("/api/v1/contacts/{}/emails", self.reference);
        let body = json!({ "emails": [address] });
        let (answer, lost) = self.ask(&self.host.clone(), Ask { method: "PUT", path, body: Some(body) }).await;
        let changed = answer.expect(200)["outcome"] == "changed";
        assert!(changed || lost > 0);
        self.note("contact.emails_changed", changed, lost);
        self.address = address;
        if let Some(cookie) = self.cookie.take() {
            assert_eq!(self.session(&cookie).await, 401, "a session outlived the move");
        }
    }

    async fn redeem(&mut self) {
        let Some(token) = self.world.mail.newest_link(&self.address) else { return };
        self.passwords += 1;
        let password = format!("nine copper kettles {}", self.passwords);
        let (answer, lost) = self.set_password(&token, &password).await;
        let set = match answer.status.as_u16() {
            204 => {
                assert!(!self.redeemed.contains(&token), "redeemed twice (N1)");
                self.redeemed.push(token);
                self.note("login.password_set", true, lost);
                true
            }
            410 => {
                self.note("login.password_set", false, lost);
                // Whether one of the tries that were not acknowledged has set it, the sign-in says.
                lost > 0 && answer.json()["code"] == "link_used" && self.try_password(&password).await.0.status == 204
            }
            _ => panic!("{answer:?}"),
        };
        if set {
            assert!(self.granted, "a link worked without access");
            self.password = Some((password, self.address.clone()));
            if let Some(cookie) = self.cookie.take() {
                assert_eq!(self.session(&cookie).await, 401, "a session outlived the password");
            }
        }
    }

    async fn sign_in(&mut self) {
        let Some((password, _)) = self.password.clone().filter(|_| self.granted) else { return };
        let (answer, _) = self.try_password(&password).await;
        answer.expect(204);
        let cookie = answer.cookie();
        assert_eq!(self.session(&cookie).await, 200);
        self.cookie = Some(cookie);
    }

    async fn set_password(&mut self, token: &str, password: &str) -> (Answer, usize) {
        let path = format!("/portal/{}/api/links/{token}", self.slug);
        let body = Some(json!({ "password": password }));
        self.ask(&self.front.clone(), Ask { method: "POST", path, body }).await
    }

    async fn try_password(&mut self, password: &str) -> (Answer, usize) {
        let path = format!("/portal/{}/api/session", self.slug);
        let body = Some(json!({ "email": self.address, "password": password }));
        self.ask(&self.front.clone(), Ask { method: "POST", path, body }).await
    }

    async fn session(&mut self, cookie: &str) -> u16 {
        let path = format!("/portal/{}/api/session", self.slug);
        let with_cookie = self.front.with("cookie", cookie);
        self.ask(&with_cookie, Ask { method: "GET", path, body: None }).await.0.status.as_u16()
    }

    /// N2: what was acknowledged is there, whatever happened to the service meanwhile.
    pub(super) async fn look(&mut self) {
        let path = format!("/api/v1/contacts/{}", self.reference);
        let (answer, _) = self.ask(&self.host.clone(), Ask { method: "GET", path, body: None }).await;
        let contact = answer.expect(200);
        let access = match (self.granted, self.ever_granted) {
            (true, _) => "granted",
            (false, true) => "deactivated",
            (false, false) => "not_activated",
        };
        assert_eq!(contact["portal"]["access"], access, "{contact}");
        assert_eq!(contact["emails"][0]["address"], self.address.as_str(), "{contact}");
        if self.granted {
            assert_eq!(contact["portal"]["password_set"], self.password.is_some(), "{contact}");
        }
    }
}
