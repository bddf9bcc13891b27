//! A mailbox that somebody wants to flood, or to divert, through us (S2, S12, G3).

use futures_util::future::join_all;
use serde_json::json;

use crate::support::{Bed, Client, Database, Sink, data::Data};

/// As it is stored, and as every mail must be addressed.
const STORED: &str = "Kim.Brandt+Tax@First.Example";
const PASSWORD: &str = "nine copper kettles";
const RESETS: usize = 1000;
const RENEWALS: usize = 50;
/// Mail that anybody can trigger, at one key in an hour.
const LIMIT: usize = 3;
const AT_ONCE: usize = 20;

/// What is typed to reach the mailbox, or another one in its place. The first eight are the address; the rest are not.
fn variants() -> Vec<String> {
    let typed = [
        "Kim.Brandt+Tax@First.Example",
        "kim.brandt+tax@first.example",
        "KIM.BRANDT+TAX@FIRST.EXAMPLE",
        "kIM.bRANDT+tAX@fIRST.eXAMPLE",
        "  Kim.Brandt+Tax@First.Example\t",
        "\u{a0}Kim.Brandt+Tax@First.Example\u{200b}",
        "\u{202a}kim.brandt+tax@first.example\u{202c}",
        "\u{feff}kim.brandt+tax@first.example\r\n",
        // The Kelvin sign, a dotless i, one with a dot above, a long s: letters that other programs fold into ours.
        "\u{212a}im.Brandt+Tax@First.Example",
        "k\u{131}m.brandt+tax@first.example",
        "K\u{130}M.BRANDT+TAX@FIRST.EXAMPLE",
        "kim.brandt+tax@fir\u{17f}t.example",
        "kim.brandt+tax@f\u{131}rst.example",
        // Fullwidth letters, and a fullwidth and a small at sign.
        "\u{ff4b}im.brandt+tax@first.example",
        "kim.brandt+tax\u{ff20}first.example",
        "kim.brandt+tax\u{fe6b}first.example",
        "kim.brandt+tax@first\u{3002}example",
        // Spaces, marks and controls inside.
        "kim. brandt+tax@first.example",
        "kim.brandt+tax@first.example\u{200b}.evil.example",
        "k\u{ad}im.brandt+tax@first.example",
        "kim.brandt+tax@first.example\r\nRCPT TO:<eve@evil.example>",
        "kim.brandt+tax@first.example>\r\nBcc: eve@evil.example",
        // Lists, names and forms of old.
        "kim.brandt+tax@first.example, eve@evil.example",
        "eve@evil.example;kim.brandt+tax@first.example",
        "kim.brandt+tax@first.example eve@evil.example",
        "Kim Brandt <kim.brandt+tax@first.example>",
        "<kim.brandt+tax@first.example>",
        "\"kim.brandt+tax@first.example\" <eve@evil.example>",
        "\"kim.brandt+tax\"@first.example",
        "kim.brandt+tax@first.example (eve@evil.example)",
        "@evil.example:kim.brandt+tax@first.example",
        "kim.brandt+tax%first.example@evil.example",
        "kim.brandt+tax@first.example@evil.example",
        "kim.brandt+tax@[127.0.0.1]",
        // No folding of any provider: other people's mailboxes.
        "kimbrandt+tax@first.example",
        "kim.brandt@first.example",
        "kim.brandt+tax@first.example.",
    ];
    typed.iter().cycle().take(RESETS).map(|typed| (*typed).to_owned()).collect()
}

async fn all_are_taken(asked: impl Iterator<Item = (Client, String, serde_json::Value)>) {
    let mut asked: Vec<_> = asked.collect();
    while !asked.is_empty() {
        let some = asked.split_off(asked.len().saturating_sub(AT_ONCE));
        let answers = some.iter().map(|(client, path, body)| client.post(path, body.clone()));
        for answer in join_all(answers).await {
            answer.expect(202);
        }
    }
}

/// Waits until everything that was asked is decided, and every message has come to an end.
async fn quiet(data: &Data) {
    loop {
        let wishes = data.table("enquiry", &["enquiry_id"]).await;
        let due = data.table("message", &["due_at"]).await;
        if wishes.is_empty() && due.iter().all(|line| line[0].is_none()) {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s12_a_thousand_resets_over_variants_of_one_address_send_three_mails_to_its_stored_bytes() {
    let sink = Sink::with_utf8().await;
    let mut bed = Bed::new(Database::sqlite()).with_mail(&sink.url());
    bed.set("PORTAL_SIGN_INS_PER_MINUTE", "1000000");
    bed.set("PORTAL_LOG", "warn,portal::serve=info");
    let key = bed.practice("smith").await;
    let service = bed.serve().await;
    let (client, host) = (service.client().front_end(), service.client().host(&key));
    host.put_contact("c-1", "Kim Brandt", &[STORED]).await.expect(201);
    host.order("c-1", "activate").await.expect(200);
    let link = sink.mail(0).await.token();
    client.redeem("smith", &link, PASSWORD).await.expect(204);

    let resets = variants().into_iter().map(|typed| {
        let path = "/portal/smith/api/password-resets".to_owned();
        (client.clone(), path, json!({ "email": typed }))
    });
    all_are_taken(resets).await;
    let data = Data::of(&bed);
    quiet(&data).await;
    // Another door to the same mailbox: a new link in place of the used one.
    let renew = format!("/portal/smith/api/links/{link}/renew");
    all_are_taken((0..RENEWALS).map(|_| (client.clone(), renew.clone(), json!({})))).await;
    quiet(&data).await;

    let mails = sink.mails();
    assert!(mails.iter().all(|mail| mail.to().as_bytes() == STORED.as_bytes()), "{:?}", recipients(&sink));
    assert_eq!(mails.len(), 1 + LIMIT, "{:?}", recipients(&sink));
    for mail in &mails[1..] {
        assert_eq!(client.link_state("smith", &mail.token()).await, "usable");
    }
    let kinds = data.table("message", &["kind", "address"]).await;
    assert_eq!(kinds.iter().filter(|line| line[0].as_deref() == Some("reset")).count(), LIMIT);
    assert!(kinds.iter().all(|line| line[1].as_deref() == Some(STORED)), "{kinds:?}");
}

fn recipients(sink: &Sink) -> Vec<Vec<String>> {
    sink.mails().into_iter().map(|mail| mail.recipients).collect()
}
