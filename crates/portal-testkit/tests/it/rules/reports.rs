//! The report for whoever helps (X2): it names nobody, and its own words stay whole.

use portal_domain::{decide::PutClient, message::SendOutcome, usecase::PutContactInput};

use super::desk::{DAY, Desk, HOUR, MINUTE, SECRET, reference};

/// Whom a report is about.
struct Who {
    name: &'static str,
    /// The second is not the one that signs in.
    emails: [&'static str; 2],
    client: &'static str,
    staff: &'static str,
}

const QUENTIN: Who = Who {
    name: "Quentin Fulton",
    emails: ["qfulton@bakery.example", "second@bakery.example"],
    client: "Fulton Bakery",
    staff: "Umberto",
};

impl Desk {
    async fn put_as(&self, who: &Who) {
        self.put("ada", &who.emails).await;
        let client = PutClient { reference: reference("own"), name: who.client.to_owned() };
        self.fixture.portal.put_client(&self.call, &client).await.expect("a client");
        let input = PutContactInput {
            name: Some(who.name.to_owned()),
            clients: Some(vec![reference("own")]),
            ..PutContactInput::default()
        };
        self.fixture.portal.put_contact(&self.call, &reference("ada"), &input).await.expect("a contact");
    }

    pub(super) async fn report_lines(&self) -> Vec<String> {
        let portal = &self.fixture.portal;
        portal.seal_waiting(self.call.practice).await.unwrap();
        let diagnosis = portal.diagnose(&self.call, &reference("ada")).await.expect("a diagnosis");
        let lines = portal.support_report(&self.call, &*self.fixture.store, &diagnosis).await.unwrap();
        lines.into_iter().map(|line| line.text).collect()
    }
}

/// What the report says after a server said these words.
async fn told_of(who: &Who, words: &str) -> String {
    let desk = Desk::new().await;
    desk.put_as(who).await;
    desk.activate("ada").await.unwrap();
    desk.send(&SendOutcome::Transient { reply: words.to_owned() }).await;
    desk.report_lines().await.join("\n")
}

#[tokio::test]
async fn x2_no_word_of_a_name_is_told_in_whichever_order_it_is_written() {
    for words in [
        "452 4.2.2 mailbox of Fulton, Quentin is over quota; FULTON",
        "452 4.2.2 <qfulton>: over quota",
        "452 4.2.2 user qfulton is over quota, 'QFulton' of bakery.example",
        "452 4.2.2 quentin_fulton/INBOX of Fulton's bakery is full",
    ] {
        let report = told_of(&QUENTIN, words).await;
        assert!(report.contains("deferred: 452 4.2.2 "), "{report}");
        for hidden in ["fulton", "quentin", "bakery"] {
            assert!(!report.to_lowercase().contains(hidden), "{hidden} is told: {report}");
        }
    }
    let umlaut = Who { name: "Jürgen Öztürk", ..QUENTIN };
    let report = told_of(&umlaut, "452 4.2.2 ÖZTÜRK, JU\u{308}RGEN is over quota").await;
    assert!(report.contains("4.2.2 Ö…K, J…N is over quota"), "{report}");
}

#[tokio::test]
async fn x2_no_name_is_told_that_a_host_put_into_an_address() {
    let desk = Desk::new().await;
    desk.put_as(&QUENTIN).await;
    for submitted in ["ada@bakery.example (Quentin Fulton)", "rosa.marlow(at)fulton.test"] {
        assert!(desk.emails("ada", &[submitted]).await.is_err());
        let report = desk.report_lines().await.join("\n").to_lowercase();
        assert!(report.contains("refused as invalid_email, with "), "{report}");
        assert!(!report.contains("fulton") && !report.contains("rosa"), "{report}");
    }
}

#[tokio::test]
async fn x2_a_name_with_an_at_sign_in_it_is_no_address() {
    let desk = Desk::new().await;
    desk.put_as(&Who { client: "Studio@St. Fulton Bakery", ..QUENTIN }).await;
    desk.fixture.portal.suspend_client(&desk.call, &reference("own"), true).await.unwrap();
    let report = desk.report_lines().await.join("\n");
    assert!(report.contains("S…y is suspended") && !report.contains("Bakery"), "{report}");
}

#[tokio::test]
async fn x2_what_servers_say_anyway_stays() {
    let office = Who { emails: ["relay@bakery.example", "mail@bakery.example"], ..QUENTIN };
    let report = told_of(&office, "454 4.7.1 <relay@bakery.example>: Relay access denied, see <relay>").await;
    assert!(report.contains("4.7.1 <r…y@b…y.example>: Relay access denied, see <r…y>"), "{report}");
}

/// Much of what a report can tell, in a practice where all is called like this.
async fn eventful(who: &Who) -> Vec<String> {
    let desk = Desk::new().await;
    desk.put_as(who).await;
    desk.user(who.staff, "uma@staff.example").await.unwrap();
    let mut told = Vec::new();
    desk.activate("ada").await.unwrap();
    told.extend(desk.report_lines().await);
    desk.send(&SendOutcome::Transient { reply: "451 4.3.0 try again".to_owned() }).await;
    told.extend(desk.report_lines().await);
    desk.wait(DAY);
    desk.resend("ada").await.unwrap();
    desk.send(&SendOutcome::Accepted { reply: "250 2.0.0 ok".to_owned() }).await;
    desk.wait(HOUR);
    told.extend(desk.report_lines().await);
    let token = desk.newest_token().await;
    desk.link(&token).await;
    told.extend(desk.report_lines().await);
    desk.redeem(&token, SECRET).await.unwrap();
    desk.fail(who.emails[0], 1).await;
    desk.fail(who.emails[1], 1).await;
    desk.wait(MINUTE);
    told.extend(desk.report_lines().await);
    desk.fixture.portal.suspend_client(&desk.call, &reference("own"), true).await.unwrap();
    assert!(desk.emails("ada", &[]).await.is_err());
    assert!(desk.emails("ada", &["uma@staff.example", who.emails[1]]).await.is_err());
    told.extend(desk.report_lines().await);
    desk.deactivate("ada").await.unwrap();
    told.extend(desk.report_lines().await);
    told
}

/// Each word that something was masked in, as the same.
fn without_masks(line: &str) -> String {
    line.split(' ').map(|word| if word.contains('…') { "…" } else { word }).collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn x2_no_name_wrecks_the_words_of_a_report() {
    let plain = eventful(&QUENTIN).await;
    let odd = [
        Who { name: "Will Mark", emails: ["mail@taken.example", "link@signs.example"], client: "Mail", staff: "Will" },
        Who { name: "Signed", emails: ["shared@server.example", "failed@the.example"], client: "Link", staff: "Has" },
        Who {
            name: "accepted unused",
            emails: ["activation@written.example", "opened@password.example"],
            client: "Suspended",
            staff: "Contact",
        },
    ];
    for who in odd {
        let report = eventful(&who).await;
        let rows = plain.iter().zip(&report);
        for (plain, told) in rows {
            assert_eq!(without_masks(told), without_masks(plain), "{}", who.name);
        }
        assert_eq!(plain.len(), report.len());
        let all = report.join("\n");
        assert!(all.contains("mail_accepted_unused (blocks): The mail was delivered, and its link not used"), "{all}");
        for address in who.emails {
            assert!(!all.contains(address), "{address} is told: {all}");
        }
    }
}
