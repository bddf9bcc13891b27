//! X: the client on the phone.

use crate::{
    desk::{Desk, hidden, words},
    kit::Answer,
};

impl Desk {
    /// What the page says of who calls, in plain words.
    async fn told(&self, heard: &str) -> String {
        words(&self.get(&format!("/help?q={heard}")).await.is(200))
    }
}

#[tokio::test]
async fn x1_a_name_or_an_address_leads_to_the_reason_and_its_button() {
    let desk = Desk::new().await;
    desk.contact("ada", "The ada", &["ada@mail.example", "second@mail.example"]).await;
    desk.contact("bob", "The bob", &["bob@mail.example"]).await;
    let page = desk.get("/help").await.is(200);
    assert!(words(&page).contains("Name or address, as you hear it"));
    let page = desk.get("/help?q=ada%40mail.example").await.is(200);
    assert!(words(&page).contains("Never activated"), "{}", words(&page));
    assert!(page.text.contains("href=\"/workspace/smith/contacts/ada/access/activate?from=help\""));
    assert!(words(&desk.get("/contacts/ada/help").await.is(200)).contains("Never activated"));
    let contact = desk.get("/contacts/ada").await.is(200);
    assert!(contact.text.contains("href=\"/workspace/smith/contacts/ada/help\""), "from the contact it is one click");
    // By a name: one is shown at once, several are asked about.
    let one = desk.told("ada").await;
    assert!(one.contains("Never activated"), "{one}");
    let several = desk.told("The").await;
    assert!(several.contains("Who is it?"), "{several}");
    assert!(desk.told("zebra").await.contains("Nobody has such a name."));
    // As they say it, nearly.
    let near = desk.told("adda%40mail.example").await;
    assert!(near.contains("Nearly another address") && near.contains("Is it one of these?"), "{near}");
    let not_first = desk.get("/help?q=second%40mail.example").await.is(200);
    assert!(words(&not_first).contains("Check who is calling first"), "{}", words(&not_first));
    assert!(not_first.text.contains("name=\"top\" value=\"second@mail.example\""));
    let preview = desk.post("/contacts/ada/emails/preview", &[("top", "second@mail.example")]).await.is(200);
    assert!(preview.text.contains("second@mail.example"), "the button leads to what it means");
    assert!(desk.told("sam%40staff.example").await.contains("The address belongs to staff"));
    assert!(desk.told("nobody%40elsewhere.example").await.contains("Nobody has this address"));
    assert!(desk.told("not%40an%40address").await.contains("Not an email address"));
}

/// What a screen reader says of each link that leads to what is told of a contact.
fn people(page: &Answer) -> Vec<String> {
    let links = page
        .text
        .split("<a href=\"")
        .skip(1)
        .filter(|link| link.split('"').next().is_some_and(|to| to.ends_with("/help")));
    let links = links.filter(|link| link.starts_with("/workspace/smith/contacts/"));
    let inside = links.filter_map(|link| link.split_once('>')?.1.split("</a>").next());
    inside.map(text_of).collect()
}

fn text_of(html: &str) -> String {
    let texts = html.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text));
    texts.collect::<Vec<_>>().join(" ").split_whitespace().collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn x1_namesakes_are_told_apart() {
    let desk = Desk::new().await;
    for (who, emails) in
        [("f1", &["ann@mail.example", "b@mail.example"][..]), ("f2", &["bob@mail.example"]), ("f3", &[]), ("f4", &[])]
    {
        desk.contact(who, "Fulton", emails).await;
    }
    let told = people(&desk.get("/help?q=fulton").await.is(200));
    let apart = [
        "Fulton ann@mail.example · Acme Ltd",
        "Fulton bob@mail.example · Acme Ltd",
        "Fulton no address · Acme Ltd · f3",
        "Fulton no address · Acme Ltd · f4",
    ];
    assert_eq!(told, apart);
    let near = desk.get("/help?q=anna%40mail.example").await.is(200);
    assert!(words(&near).contains("Is it one of these?"), "{}", words(&near));
    assert_eq!(people(&near), ["Fulton ann@mail.example · Acme Ltd"]);
}

#[tokio::test]
async fn x1_who_mends_something_sees_what_becomes_of_it() {
    let desk = Desk::new().await;
    desk.contact("ada", "The ada", &["ada@mail.example", "second@mail.example"]).await;
    let help = "/workspace/smith/contacts/ada/help";
    assert!(!desk.get("/contacts/ada/help").await.text.contains("data-look-again"), "nothing is under way");
    let asked = desk.get("/contacts/ada/access/activate?from=help").await.is(200);
    assert!(asked.text.contains(&format!("href=\"{help}\"")), "back is where one came from");
    let (shown, call) = (hidden(&asked, "shown"), hidden(&asked, "call"));
    let fields = [("shown", &*shown), ("call", &*call), ("from", &*hidden(&asked, "from"))];
    let done = desk.post("/contacts/ada/access/activate", &fields).await.is(303);
    assert_eq!(done.header("location"), Some(help));
    let page = desk.get("/contacts/ada/help").await.is(200);
    let told = words(&page);
    assert!(told.contains("Mail to ada@mail.example: the invitation. Written just now, and on its way."), "{told}");
    assert!(page.text.contains("data-look-again") && page.text.contains("<script"), "it looks again by itself");
    // An address that is moved up from there leads back as well; from the contact's page it leads there.
    for (from, back) in [(Some("help"), help), (None, "/workspace/smith/contacts/ada")] {
        let from: Vec<_> = from.into_iter().map(|from| ("from", from)).collect();
        let asked =
            desk.post("/contacts/ada/emails/preview", &[&[("top", "second@mail.example")], &*from].concat()).await;
        assert!(asked.text.contains(&format!("href=\"{back}\"")), "{}", asked.text);
    }
}

#[tokio::test]
async fn x2_a_report_is_copied_without_names_and_addresses() {
    let desk = Desk::new().await;
    desk.contact("ada", "The ada", &["ada@mail.example"]).await;
    desk.post("/contacts/ada/access/activate", &[]).await;
    let page = desk.get("/contacts/ada/help/report").await.is(200);
    let report = page.text.split("<textarea").nth(1).expect("a report");
    assert!(report.contains("findings") && report.contains("access "), "{report}");
    let request = report.lines().next().and_then(|head| head.split(", request ").nth(1)).unwrap_or_default();
    assert_eq!(request.len(), 16, "the id that the answer and the log have: {report}");
    assert!(!report.contains("ada@mail.example") && !report.contains("The ada"), "{report}");
    desk.get("/contacts/nobody/help").await.is(404);
    desk.get("/contacts/nobody/help/report").await.is(404);
}

#[tokio::test]
async fn x1_a_list_is_told_by_what_was_found_first() {
    let desk = Desk::new().await;
    desk.kit.settle("in", "in@mail.example").await;
    for who in ["ada", "bob"] {
        desk.contact(who, &format!("The {who}"), &[&format!("{who}@mail.example")]).await;
    }
    desk.contact("cy", "The cy", &[]).await;
    assert!(desk.get("/").await.text.contains("href=\"/workspace/smith/why\""));
    let page = desk.get("/why").await.is(200);
    let told = words(&page);
    assert!(told.contains("2 × Never activated") && told.contains("1 × No email address"), "{told}");
    assert!(told.find("Never activated") < told.find("No email address"), "the most first");
    assert!(page.text.contains("href=\"/workspace/smith/contacts/ada/help\""), "each leads to what is found of them");
    assert!(!told.contains("Person in"), "who is in needs no reason");
    let listed = desk.get("/contacts?status=not_activated").await.is(200);
    assert!(listed.text.contains("href=\"/workspace/smith/why?status=not_activated\""));
    assert!(!desk.get("/contacts?status=active").await.text.contains("/why?"));
    assert!(words(&desk.get("/why?status=locked").await.is(200)).contains("Nobody is kept out."));
}
