//! Two instances on one database, which get every command at the same moment.

use serde_json::json;

use super::{
    Scene,
    check::{Excuses, check, come_to_an_end},
    in_rounds,
    moody::Moody,
    people::Postbox,
};
use crate::support::{Answer, Client, Database, dice::Dice};

in_rounds!(c5_two_instances_race_on_every_command);

/// So often each pair of commands races in a round.
const TIMES: usize = 4;
const PASSWORD: &str = "nine copper kettles";

/// The two instances, as host and as front end.
struct Pair {
    hosts: [Client; 2],
    fronts: [Client; 2],
    mail: Moody,
    number: usize,
}

/// Both answers, sorted by status. A fault of the program is none of them, nor is an overload that a pair can't bring about.
fn statuses(answers: &(Answer, Answer)) -> [u16; 2] {
    let mut both = [answers.0.status.as_u16(), answers.1.status.as_u16()];
    assert!(both.iter().all(|status| *status < 500), "{answers:?}");
    both.sort_unstable();
    both
}

fn changed(answers: &(Answer, Answer)) -> usize {
    [&answers.0, &answers.1].iter().filter(|answer| answer.json()["outcome"] == "changed").count()
}

async fn c5_two_instances_race_on_every_command(database: Database, dice: &mut Dice) -> String {
    let mail = Moody::start(dice.split()).await;
    let scene = Scene::new(database, &mail.url()).await;
    let served = [scene.bed.serve().await, scene.bed.serve().await];
    let hosts = [served[0].client().host(&scene.keys[0]), served[1].client().host(&scene.keys[0])];
    let fronts = [served[0].client().front_end(), served[1].client().front_end()];
    let mut pair = Pair { hosts, fronts, mail: mail.clone(), number: 0 };
    for _ in 0..TIMES {
        pair.created_twice().await;
        pair.activated_and_resent_twice().await;
        pair.activated_and_taken_by_staff().await;
        pair.two_moves_to_one_address().await;
        pair.move_and_staff_to_one_address().await;
        pair.redeemed_twice().await;
        pair.redeemed_and_deactivated().await;
        pair.signed_in_and_deactivated().await;
        pair.moved_and_deactivated().await;
        pair.deactivated_and_reactivated().await;
        pair.moved_and_deleted().await;
        // The slower one to start is given the lead as often as the other.
        pair.hosts.swap(0, 1);
        pair.fronts.swap(0, 1);
    }
    let mut excuses = Excuses::default();
    come_to_an_end(&scene, &mut excuses).await;
    for served in served {
        let (status, log) = served.stop().await;
        assert!(status.success(), "{log}");
    }
    let figures = check(&scene, &mail.mails(), &excuses).await;
    format!("{} races, {figures}", TIMES * 11)
}

impl Pair {
    /// A new contact with access, if `active`; answers its reference and its address.
    async fn contact(&mut self, active: bool) -> (String, String) {
        self.number += 1;
        let (reference, address) = (format!("c-{}", self.number), format!("person.{}@first.example", self.number));
        self.hosts[0].put_contact(&reference, "Ada Brandt", &[&address]).await.expect(201);
        if active {
            self.hosts[1].order(&reference, "activate").await.expect(200);
        }
        (reference, address)
    }

    async fn token(&self, address: &str) -> String {
        loop {
            if let Some(token) = self.mail.newest_link(address) {
                return token;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }

    async fn set(&self, instance: usize, token: &str, password: &str) -> Answer {
        self.fronts[instance].post(&format!("/portal/smith/api/links/{token}"), json!({ "password": password })).await
    }

    async fn sign_in(&self, instance: usize, address: &str) -> Answer {
        self.fronts[instance].post("/portal/smith/api/session", json!({ "email": address, "password": PASSWORD })).await
    }

    async fn move_to(&self, instance: usize, reference: &str, address: &str) -> Answer {
        self.hosts[instance].put(&format!("/api/v1/contacts/{reference}/emails"), json!({ "emails": [address] })).await
    }

    async fn staff(&self, instance: usize, address: &str) -> Answer {
        let body = json!({ "name": "Kim Holt", "email": address, "role": "staff" });
        self.hosts[instance].put(&format!("/api/v1/practice-users/u-{}", self.number), body).await
    }

    async fn both(&self, reference: &str, commands: [&str; 2]) -> (Answer, Answer) {
        tokio::join!(self.hosts[0].order(reference, commands[0]), self.hosts[1].order(reference, commands[1]))
    }

    async fn portal(&self, reference: &str) -> serde_json::Value {
        self.hosts[1].get(&format!("/api/v1/contacts/{reference}")).await.expect(200)["portal"].clone()
    }

    async fn created_twice(&mut self) {
        self.number += 1;
        let reference = format!("c-{}", self.number);
        let put = async |host: &Client| host.put_contact(&reference, "Ada Brandt", &["ada@second.example"]).await;
        let both = tokio::join!(put(&self.hosts[0]), put(&self.hosts[1]));
        assert_eq!(statuses(&both), [200, 201]);
    }

    async fn activated_and_resent_twice(&mut self) {
        let (reference, _) = self.contact(false).await;
        let both = self.both(&reference, ["activate", "activate"]).await;
        assert_eq!((statuses(&both), changed(&both)), ([200, 200], 1));
        let both = self.both(&reference, ["resend", "resend"]).await;
        assert_eq!((statuses(&both), changed(&both)), ([200, 200], 2));
        // A4: one message for the grant, however many asked for it, and one each time it is sent again.
        let messages = self.hosts[0].get(&format!("/api/v1/contacts/{reference}/portal/messages")).await.expect(200);
        assert_eq!(messages["items"].as_array().unwrap().len(), 3, "{messages}");
    }

    async fn activated_and_taken_by_staff(&mut self) {
        let (reference, address) = self.contact(false).await;
        let both = tokio::join!(self.hosts[0].order(&reference, "activate"), self.staff(1, &address));
        match statuses(&both) {
            [200, 409] => drop(both.1.expect_problem(409, "email_is_a_portal_login")),
            [201, 409] => drop(both.0.expect_problem(409, "practice_user_email")),
            _ => panic!("{both:?}"),
        }
    }

    async fn two_moves_to_one_address(&mut self) {
        let (one, _) = self.contact(true).await;
        let (other, _) = self.contact(true).await;
        let address = format!("shared.{}@first.example", self.number);
        let both = tokio::join!(self.move_to(0, &one, &address), self.move_to(1, &other, &address));
        assert_eq!(statuses(&both), [200, 409]);
        let refused = if both.0.status == 409 { &both.0 } else { &both.1 };
        refused.expect_problem(409, "login_email_taken");
    }

    async fn move_and_staff_to_one_address(&mut self) {
        let (reference, _) = self.contact(true).await;
        let address = format!("staff.{}@first.example", self.number);
        let both = tokio::join!(self.staff(0, &address), self.move_to(1, &reference, &address));
        assert!(matches!(statuses(&both), [200, 409] | [201, 409]), "{both:?}");
    }

    async fn redeemed_twice(&mut self) {
        let (reference, address) = self.contact(true).await;
        let token = self.token(&address).await;
        let both = tokio::join!(self.set(0, &token, PASSWORD), self.set(1, &token, PASSWORD));
        assert_eq!(statuses(&both), [204, 410]);
        assert_eq!(self.portal(&reference).await["status"], "no_profile");
    }

    async fn redeemed_and_deactivated(&mut self) {
        let (reference, address) = self.contact(true).await;
        let token = self.token(&address).await;
        let both = tokio::join!(self.set(0, &token, PASSWORD), self.hosts[1].order(&reference, "deactivate"));
        assert!(matches!(both.0.status.as_u16(), 204 | 410), "{both:?}");
        both.1.expect(200);
        assert_eq!(self.sign_in(0, &address).await.status, 401);
        assert_eq!(self.set(0, &token, PASSWORD).await.status, 410);
    }

    async fn signed_in_and_deactivated(&mut self) {
        let (reference, address) = self.contact(true).await;
        let token = self.token(&address).await;
        self.set(0, &token, PASSWORD).await.expect(204);
        let both = tokio::join!(self.sign_in(0, &address), self.hosts[1].order(&reference, "deactivate"));
        both.1.expect(200);
        match both.0.status.as_u16() {
            401 => {}
            204 => {
                for front in &self.fronts {
                    let seen = front.with("cookie", both.0.cookie()).get("/portal/smith/api/session").await;
                    assert_eq!(seen.status, 401, "a session outlived the deactivation (N7)");
                }
            }
            _ => panic!("{both:?}"),
        }
    }

    async fn moved_and_deactivated(&mut self) {
        let (reference, old) = self.contact(true).await;
        let address = format!("moved.{}@first.example", self.number);
        let both = tokio::join!(self.move_to(0, &reference, &address), self.hosts[1].order(&reference, "deactivate"));
        assert_eq!(statuses(&both), [200, 200]);
        let contact = self.hosts[0].get(&format!("/api/v1/contacts/{reference}")).await.expect(200);
        assert_eq!(
            (&contact["emails"][0]["address"], &contact["portal"]["access"]),
            (&json!(address), &json!("deactivated"))
        );
        // Neither address is held by anybody.
        for address in [&address, &old] {
            assert!(self.staff(1, address).await.status.is_success());
        }
    }

    async fn deactivated_and_reactivated(&mut self) {
        let (reference, _) = self.contact(true).await;
        let both = self.both(&reference, ["deactivate", "reactivate"]).await;
        assert_eq!(statuses(&both), [200, 200]);
        // What came second holds.
        let access = if changed(&both) == 2 { "granted" } else { "deactivated" };
        assert_eq!(self.portal(&reference).await["access"], access);
    }

    async fn moved_and_deleted(&mut self) {
        let (reference, _) = self.contact(true).await;
        let path = format!("/api/v1/contacts/{reference}");
        let address = format!("gone.{}@first.example", self.number);
        let both = tokio::join!(self.move_to(0, &reference, &address), self.hosts[1].delete(&path));
        assert!(matches!(both.0.status.as_u16(), 200 | 404), "{both:?}");
        both.1.expect(200);
        self.hosts[0].get(&path).await.expect(404);
        let both = tokio::join!(self.hosts[0].delete(&path), self.hosts[1].delete(&path));
        assert_eq!(statuses(&both), [404, 404]);
    }
}
