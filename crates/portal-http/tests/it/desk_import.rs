//! Files of contacts in the workspace: brought in, told apart, checked, mended, imported; and contacts that go out as a file.

use axum::http::Method;
use serde_json::{Value, json};

use crate::{
    desk::{Desk, hidden, words},
    kit::{Answer, Ask},
};

const FILE: &str = "ref,name,emails,clients,activate\n\
    c-1,Ada,ada@smith.example,acme,yes\n\
    c-2,Bob,bob@mail.example; Bob <bob@home.example>,acme,no\n\
    c-3,Cy,j.o’neil@mail.example,acme,no\n\
    c-4,Di,no address,acme,yes\n\
    c-5,Ed,ed@mail.example,a client,maybe\n";

/// A form with a file, as a browser sends it.
pub(crate) fn upload(fields: &[(&str, &str)], file: &[u8]) -> Ask {
    let field = |(name, value): &(&str, &str)| {
        format!("--XyZ\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").into_bytes()
    };
    let head =
        b"--XyZ\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f.csv\"\r\nContent-Type: text/csv\r\n\r\n";
    let mut body = fields.iter().flat_map(field).collect::<Vec<_>>();
    body.extend([&head[..], file, b"\r\n--XyZ--\r\n"].concat());
    Ask::form("/workspace/smith/import", &[])
        .without("content-type")
        .with("content-type", "multipart/form-data; boundary=XyZ")
        .body(&body)
}

impl Desk {
    async fn admin(&self, path: &str) -> Answer {
        self.kit.send(Ask::get(&format!("/workspace/smith{path}")).cookie(&self.admin)).await
    }

    async fn upload(&self, fields: &[(&str, &str)], file: &str) -> Answer {
        self.kit.send(upload(fields, file.as_bytes()).cookie(&self.admin)).await
    }

    /// Checks a file to its end; answers the path of the check.
    async fn check(&self, fields: &[(&str, &str)], file: &str) -> String {
        let path = place(&self.upload(fields, file).await.is(303));
        self.kit.work().await;
        path
    }

    /// Sends a form of a check, and works on what comes of it.
    async fn send_on(&self, check: &str, fields: &[(&str, &str)]) -> String {
        let page = self.admin(check).await.is(200);
        let call = hidden(&page, "call");
        let path = place(&self.post_as_admin(&format!("{check}/again"), &[&[("call", &*call)], fields].concat()).await);
        self.kit.work().await;
        path
    }
}

fn place(answer: &Answer) -> String {
    let place = answer.header("location").unwrap_or_else(|| panic!("no place: {}", words(answer)));
    place.strip_prefix("/workspace/smith").expect("a place here").to_owned()
}

#[tokio::test]
async fn i4_a_file_is_checked_first_and_nothing_is_written() {
    let desk = Desk::new().await;
    assert!(words(&desk.admin("/import").await.is(200)).contains("until then nothing is written"));
    let path = place(&desk.upload(&[("activate", "yes")], FILE).await.is(303));
    let going = desk.admin(&path).await.is(200);
    assert!(words(&going).contains("4 of 5 rows are checked. Under way"), "{}", words(&going));
    assert!(going.text.contains("<script src=\"/assets/portal-") && going.text.contains("data-look-again"));
    desk.kit.work().await;
    let done = desk.admin(&path).await.is(200);
    let text = words(&done);
    for told in [
        "5 of 5 rows are checked. Finished",
        "Nothing was written yet, and no mail has gone out.",
        "1 row would add a contact",
        "4 rows would be refused",
        "1 would get access, and an invitation",
        "1 mail: the invitation",
        "Address 2: There is a name around the address;",
        "Meant is perhaps bob@home.example.",
        "Meant is perhaps j.o&#39;neil@mail.example.",
        "Column “activate”: Must be “yes” or “no”.",
        "Client 1:",
        "Mend line 3 so",
        "Mend line 4 so",
    ] {
        assert!(text.contains(told), "{told}: {text}");
    }
    assert!(!text.contains("Mend line 5 so") && !done.text.contains("<script"));
    desk.kit.get("/contacts/c-1").await.problem(404, "not_found");
    assert!(done.text.contains("Import 1 row<"));
}

#[tokio::test]
async fn i2_only_what_was_ticked_is_mended_and_the_checked_rows_are_imported() {
    let desk = Desk::new().await;
    let check = desk.check(&[("activate", "yes")], FILE).await;
    let second = desk.send_on(&check, &[("do", "check"), ("activate", "yes"), ("mend", "1")]).await;
    assert_ne!(second, check);
    let text = words(&desk.admin(&second).await.is(200));
    assert!(text.contains("2 rows would add a contact") && text.contains("3 rows would be refused"), "{text}");
    assert!(!text.contains("Mend line 3 so") && text.contains("Mend line 4 so"), "{text}");
    let import = desk.send_on(&second, &[("do", "import")]).await;
    let text = words(&desk.admin(&import).await.is(200));
    assert!(text.contains("2 rows added a contact") && !text.contains("refused"), "refused rows are left out: {text}");
    assert!(text.contains("1 got access, and an invitation"), "{text}");
    assert_eq!(desk.seen("c-1").await["portal"]["status"], "invited");
    let emails = desk.seen("c-2").await["emails"].clone();
    assert_eq!(
        (&emails[0]["address"], &emails[1]["address"]),
        (&json!("bob@mail.example"), &json!("bob@home.example"))
    );
    desk.kit.get("/contacts/c-3").await.problem(404, "not_found");
    let all = desk.send_on(&second, &[("do", "mend_all")]).await;
    let text = words(&desk.admin(&all).await.is(200));
    assert!(text.contains("1 row would add a contact") && text.contains("2 rows would change nothing"), "{text}");
    assert!(text.contains("All that can be mended is mended already."));
}

#[tokio::test]
async fn a_button_that_is_pressed_twice_imports_once() {
    let desk = Desk::new().await;
    let call = hidden(&desk.admin("/import").await, "call");
    let first = place(&desk.upload(&[("call", &call)], FILE).await.is(303));
    assert_eq!(place(&desk.upload(&[("call", &call)], FILE).await.is(303)), first);
    let other = FILE.replace("Ada", "Adele");
    assert_ne!(place(&desk.upload(&[("call", &call)], &other).await.is(303)), first, "another file is another check");
    desk.kit.work().await;
    let call = hidden(&desk.admin(&first).await.is(200), "call");
    let fields = [("call", &*call), ("do", "import")];
    let import = place(&desk.post_as_admin(&format!("{first}/again"), &fields).await.is(303));
    assert_eq!(place(&desk.post_as_admin(&format!("{first}/again"), &fields).await.is(303)), import);
    desk.kit.work().await;
    let text = words(&desk.admin("/jobs").await.is(200));
    let told = "Import 2 March 2026, 12:00 UTC Finished 1 of 1 rows";
    assert_eq!(text.matches(told).count(), 1, "{text}");
    assert_eq!(text.matches("Check of a file").count(), 2, "{text}");
}

#[tokio::test]
async fn i1_columns_of_other_names_are_told_apart_by_whoever_brings_them() {
    let desk = Desk::new().await;
    let file = "Nr.;Vorname;Nachname;E-Mail;Telefon\n7;Ada;Byron;ada@smith.example;1\n8;Bob;Hope;bob@mail.example;\n";
    let sheet = place(&desk.upload(&[], file).await.is(303));
    assert!(sheet.starts_with("/import/"), "{sheet}");
    let page = desk.admin(&sheet).await.is(200);
    let text = words(&page);
    assert!(text.contains("Vorname Ada · Bob") && text.contains("Read as CSV in utf-8 with “;”."), "{text}");
    assert!(page.text.contains("<option value=\"emails\" selected>"), "what is known by its name is chosen already");
    let call = hidden(&page, "call");
    let told = |columns: &[&'static str], ticked: &[&'static str]| {
        let columns = columns.iter().map(|column| ("column", *column));
        columns.chain(ticked.iter().map(|place| ("identify", *place))).collect::<Vec<_>>()
    };
    let none = told(&["", "name", "name", "emails", ""], &[]);
    let refused = desk.post_as_admin(&sheet, &[&[("call", &*call)], &none[..]].concat()).await.is(422);
    assert!(words(&refused).contains("It is not said which contact a row is about."));
    assert!(refused.text.contains("href=\"#column-0\"") && refused.text.contains("value=\"name\" selected"));
    let right = [&[("call", &*call)], &told(&["ref", "name", "name", "emails", ""], &[])[..]].concat();
    let check = place(&desk.post_as_admin(&sheet, &right).await.is(303));
    assert_eq!(place(&desk.post_as_admin(&sheet, &right).await.is(303)), check);
    desk.kit.work().await;
    desk.send_on(&check, &[("do", "import")]).await;
    assert_eq!(desk.seen("7").await["name"], "Ada Byron");
    // Without a reference, what identifies the rows does.
    let by_address = [&[("call", &*call)], &told(&["", "name", "name", "emails", ""], &["3"])[..]].concat();
    let check = place(&desk.post_as_admin(&sheet, &by_address).await.is(303));
    desk.kit.work().await;
    desk.send_on(&check, &[("do", "import")]).await;
    assert_eq!(desk.seen("ada@smith.example").await["name"], "Ada Byron");
    // What is not told apart yet is no job that anybody sees, and no sheet of another name is there.
    assert!(!words(&desk.admin("/jobs").await).contains(" 0 rows"));
    desk.admin(&check.replace("/jobs/", "/import/")).await.is(404);
    desk.admin(&sheet.replace("/import/", "/jobs/")).await.is(404);
    desk.admin("/import/nonsense").await.is(404);
}

#[tokio::test]
async fn i1_what_was_said_of_columns_is_offered_when_the_same_names_come_again() {
    let desk = Desk::new().await;
    let heads = "Nummer;Person;Post;Tel";
    let brought = async |file: &str| desk.admin(&place(&desk.upload(&[], file).await.is(303))).await.is(200);
    let selected = |page: &Answer| {
        let columns = page.text.split("<select ").skip(1).map(|column| {
            let options = column.split_once("</select>").expect("an end").0;
            options.split("<option value=\"").skip(1).find(|option| option.contains("\" selected>"))
        });
        let chosen = columns.map(|option| option.map_or("", |it| it.split_once('"').expect("an end").0).to_owned());
        chosen.collect::<Vec<_>>()
    };
    let first = place(&desk.upload(&[], &format!("{heads}\n7;Ada;ada@smith.example;1\n")).await.is(303));
    let page = desk.admin(&first).await.is(200);
    assert!(!words(&page).contains("as you said it") && selected(&page) == ["", "", "", ""]);
    let said = ["", "name", "emails", ""].map(|column| ("column", column));
    let wrong = desk.post_as_admin(&first, &[&said[..], &[("call", "one")]].concat()).await.is(422);
    assert!(!words(&wrong).contains("as you said it"));
    assert!(!words(&desk.admin(&first).await.is(200)).contains("as you said it"), "what can't be is not kept");
    let right = [&said[..], &[("identify", "2"), ("identify", "3"), ("call", "two")]].concat();
    desk.post_as_admin(&first, &right).await.is(303);
    let again = brought(&format!("{heads}\n8;Bob;bob@mail.example;2\n")).await;
    assert!(words(&again).contains("as you said it when a file with these columns came before"), "{}", words(&again));
    assert_eq!(selected(&again), ["", "name", "emails", ""]);
    let ticked = |place: &str| format!("name=\"identify\" value=\"{place}\" aria-describedby=\"head-{place}\" checked");
    assert!(
        again.text.contains(&ticked("2")) && again.text.contains(&ticked("3")) && !again.text.contains(&ticked("1"))
    );
    let other = brought("Nummer;Person;Post;Telefon\n8;Bob;bob@mail.example;2\n").await;
    assert!(!words(&other).contains("as you said it") && selected(&other) == ["", "", "", ""]);
    let stored = desk.kit.stored();
    let kept = stored.split("ToldColumns {").nth(1).expect("it is kept").split('}').next().expect("an end");
    assert!(kept.contains(",name,emails+,+") && !kept.contains("Person"), "the names are not kept: {kept}");
}

#[tokio::test]
async fn j3_a_first_row_that_is_somebodys_is_not_kept() {
    let desk = Desk::new().await;
    let file = "7;Ada Byron;ada@smith.example\n8;Bob;bob@mail.example\n";
    let sheet = place(&desk.upload(&[], file).await.is(303));
    let said = [("column", "ref"), ("column", "name"), ("column", "emails"), ("call", "one")];
    desk.post_as_admin(&sheet, &said).await.is(303);
    let again = desk.admin(&place(&desk.upload(&[], file).await.is(303))).await.is(200);
    assert!(!words(&again).contains("as you said it"));
    assert!(!desk.kit.stored().contains("ref,name,emails"));
}

#[tokio::test]
async fn i1_json_lines_are_told_apart_checked_and_imported_as_any_file() {
    let desk = Desk::new().await;
    let page = desk.admin("/import").await.is(200);
    assert!(page.text.contains("accept=\".csv,.txt,.xlsx,.jsonl,.ndjson,") && words(&page).contains("JSON lines"));
    let file = "{\"ref\":\"7\",\"name\":\"=Ada\",\"emails\":[\"ada@smith.example\",\"a2@mail.example\"],\"clients\":\"acme\",\"activate\":true}\n\
                {\"ref\":\"8\",\"name\":\"Bob\",\"emails\":[\"no address\"]}\n";
    let check = desk.check(&[("activate", "yes")], file).await;
    let text = words(&desk.admin(&check).await.is(200));
    assert!(text.contains("1 row would add a contact") && text.contains("1 row would be refused"), "{text}");
    assert!(text.contains("read as JSON lines") && text.contains("1 would get access, and an invitation"), "{text}");
    desk.send_on(&check, &[("do", "import")]).await;
    let ada = desk.seen("7").await;
    assert_eq!((&ada["name"], &ada["portal"]["status"]), (&json!("=Ada"), &json!("invited")));
    assert_eq!(ada["emails"][1]["address"], "a2@mail.example");
    let sheet = place(&desk.upload(&[], "{\"Nr\": 9, \"Who\": \"Cy\", \"Tel\": null}\n").await.is(303));
    let page = desk.admin(&sheet).await.is(200);
    assert!(words(&page).contains("Nr 9") && words(&page).contains("Tel empty in the first rows"), "{}", words(&page));
    let said = [("column", "ref"), ("column", "name"), ("column", ""), ("call", "one")];
    let check = place(&desk.post_as_admin(&sheet, &said).await.is(303));
    desk.kit.work().await;
    desk.send_on(&check, &[("do", "import")]).await;
    assert_eq!(desk.seen("9").await["name"], "Cy");
}

#[tokio::test]
async fn j3_who_was_erased_meanwhile_does_not_come_back_with_a_check() {
    let desk = Desk::new().await;
    let check = desk.send_on(&desk.check(&[], FILE).await, &[("do", "mend_all")]).await;
    desk.send_on(&check, &[("do", "import")]).await;
    desk.kit.host(Method::POST, "/contacts/c-1/erase", Value::Null).await.is(200);
    let page = desk.admin(&check).await.is(200);
    assert!(!page.text.contains("Ada"));
    let import = desk.send_on(&check, &[("do", "import")]).await;
    assert!(words(&desk.admin(&import).await.is(200)).contains("2 of 2 rows are done."));
    desk.kit.get("/contacts/c-1").await.problem(404, "not_found");
}

#[tokio::test]
async fn what_can_not_be_read_is_told_in_words() {
    let desk = Desk::new().await;
    let empty = desk.upload(&[("activate", "yes")], "").await.is(422);
    assert!(words(&empty).contains("There is no file, or an empty one. Choose one."));
    assert!(empty.text.contains("value=\"yes\" checked") && empty.text.contains("href=\"#file\""));
    let broken = desk.upload(&[], "ref,name\n1,\"Ada\",x\n").await.is(422);
    assert!(words(&broken).contains("The file has 3 cells in the row of line 2"), "{}", words(&broken));
    let long = desk.upload(&[], &format!("ref,{}\n1,2\n", "x".repeat(65_536))).await.is(422);
    let told = words(&long);
    assert!(told.contains("The file has names of columns of more than 65536 bytes together"), "{told}");
    assert!(long.text.contains("href=\"#file\"") && !long.text.contains("xxxxxxxxxx"));
    let list = words(&desk.upload(&[], "[{\"ref\":\"1\"}]").await.is(422));
    assert!(list.contains("The file can&#39;t be read in line 1: each line must be one whole object"), "{list}");
    let wide = (0..300).map(|column| format!("c{column}")).collect::<Vec<_>>().join(",");
    assert!(words(&desk.upload(&[], &wide).await.is(422)).contains("more than 256 columns"));
    let large = upload(&[], b"").cookie(&desk.admin).with("content-length", &(65 * 1024 * 1024).to_string());
    assert!(words(&desk.kit.send(large).await.is(413)).contains("A file may have at most 64 MB"));
    let odd = Ask::form("/workspace/smith/import", &[("file", "x")]).cookie(&desk.admin);
    assert!(words(&desk.kit.send(odd).await.is(400)).contains("The boss"));
}

#[tokio::test]
async fn w3_files_are_an_admins_and_stay_in_their_practice() {
    let desk = Desk::new().await;
    desk.kit.send(upload(&[], FILE.as_bytes()).cookie(&desk.staff)).await.is(403);
    assert!(!desk.get("/contacts").await.text.contains("/import"));
    let check = desk.check(&[], FILE).await;
    desk.get(&check).await.is(403);
    let theirs = format!("/workspace/jones{check}");
    let away = desk.kit.send(Ask::get(&theirs).cookie(&desk.admin)).await.is(303);
    assert_eq!(away.header("location"), Some("/workspace/jones/sign-in"));
    let before = desk.kit.stored();
    let foreign =
        upload(&[], FILE.as_bytes()).cookie(&desk.admin).without("origin").with("origin", "https://e.example");
    desk.kit.send(foreign).await.is(403);
    assert_eq!(desk.kit.stored(), before);
}

#[tokio::test]
async fn s11_refused_rows_and_contacts_go_out_as_files_that_speak_to_no_spreadsheet() {
    let desk = Desk::new().await;
    let check = desk.check(&[], "ref,name,emails\n1,=1+1,nonsense\n2,\"@Bo\",bo@mail.example\n").await;
    let file = desk.admin(&format!("{check}/refused.csv")).await.is(200);
    assert_eq!(file.header("content-type"), Some("text/csv; charset=utf-8"));
    assert!(file.text.contains("\"1\",\"'=1+1\",\"nonsense\""), "{}", file.text);
    desk.send_on(&check, &[("do", "import")]).await;
    let contacts = desk.admin("/contacts.csv").await.is(200);
    assert!(contacts.text.contains("\"2\",\"'@Bo\",\"bo@mail.example\""), "{}", contacts.text);
    desk.get("/contacts.csv").await.is(403);
    desk.admin("/jobs/00000000-0000-7000-8000-000000000000/refused.csv").await.is(404);
}

#[tokio::test]
async fn the_file_of_contacts_holds_what_the_list_shows() {
    let desk = Desk::new().await;
    for number in 0..120 {
        let emails = [format!("p{number}@mail.example")];
        let emails = if number % 2 == 0 { &emails[..] } else { &[] };
        let emails: Vec<_> = emails.iter().map(String::as_str).collect();
        desk.contact(&format!("c{number:03}"), &format!("Person{number:03}"), &emails).await;
    }
    desk.kit.host(Method::POST, "/contacts/c000/portal/activate", Value::Null).await.is(200);
    for query in ["", "?q=person01", "?status=invited", "?status=not_activated&q=mail.example", "?client=acme"] {
        let mut listed = Vec::new();
        let mut path = format!("/contacts{query}");
        loop {
            let page = desk.admin(&path).await.is(200);
            let names = page.text.split("<bdi>Person").skip(1).map(|rest| rest[..3].to_owned());
            listed.extend(names);
            let Some((_, rest)) = page.text.split_once("class=\"button quiet\" href=\"/workspace/smith/contacts?")
            else {
                break;
            };
            path = format!("/contacts?{}", rest.split_once('"').expect("an end").0.replace("&#38;", "&"));
        }
        let file = desk.admin(&format!("/contacts.csv{query}")).await.is(200);
        let lines: Vec<_> = file.text.lines().skip(1).collect();
        let in_file: Vec<_> = lines.iter().map(|line| line["\"c000\",\"Person".len()..][..3].to_owned()).collect();
        assert!(!listed.is_empty() && in_file == listed, "{query}: {in_file:?} {listed:?}");
        if query == "?status=invited" {
            assert!(lines[0].contains("\"Invited\",\"invited\",\"No password was set yet."), "{}", lines[0]);
        }
    }
    assert!(
        desk.admin("/contacts?q=person01").await.text.contains("href=\"/workspace/smith/contacts.csv?q=person01\"")
    );
    desk.admin("/contacts.csv?client=nobody").await.is(404);
}

#[tokio::test]
async fn jobs_are_listed_and_ended_from_their_pages() {
    let desk = Desk::new().await;
    assert!(words(&desk.admin("/jobs").await.is(200)).contains("There is nothing yet."));
    let check = place(&desk.upload(&[], FILE).await.is(303));
    for _ in 0..2 {
        desk.post_as_admin(&format!("{check}/cancel"), &[]).await.is(303);
    }
    let text = words(&desk.admin(&check).await.is(200));
    assert!(text.contains("Ended early") && !text.contains("Import 1 row"), "{text}");
    desk.post_as_admin(&format!("{check}/again"), &[("call", "x"), ("do", "import")]).await.is(404);
    for number in 0..51 {
        // Those of one moment have no order.
        desk.kit.clock.advance(std::time::Duration::from_millis(1));
        let file = FILE.replace("c-1", &format!("d-{number}"));
        desk.upload(&[], &file).await.is(303);
    }
    let first = desk.admin("/jobs").await.is(200);
    assert_eq!(words(&first).matches("Check of a file").count(), 50);
    let next = first.text.split_once("href=\"/workspace/smith/jobs?").expect("older ones").1;
    let older = desk.admin(&format!("/jobs?{}", next.split_once('"').expect("an end").0)).await.is(200);
    assert_eq!(words(&older).matches("Check of a file").count(), 2);
    assert!(words(&older).contains("Ended early") && !older.text.contains("Older ones"));
}

#[tokio::test]
async fn whatever_stands_in_a_file_stays_text() {
    let desk = Desk::new().await;
    let shape = |page: &Answer| {
        let tags = page.text.split('<').skip(1).map(|tag| tag.split(['>', ' ']).next().unwrap_or_default().to_owned());
        tags.collect::<Vec<_>>()
    };
    let mut plain = Vec::new();
    for name in ["X", "<script>alert(1)</script>", "{{7*7}}", "\u{202e}abc", "' onload=x", "&lt;b&gt;"] {
        let cell = format!("\"{}\"", name.replace('"', "\"\""));
        let check = desk.check(&[], &format!("ref,name,emails,activate\n{cell},{cell},{cell},{cell}\n")).await;
        let sheet = place(&desk.upload(&[], &format!("{cell},Tel\n{cell},1\n")).await.is(303));
        let shapes = [shape(&desk.admin(&check).await.is(200)), shape(&desk.admin(&sheet).await.is(200))];
        if plain.is_empty() {
            plain = shapes.to_vec();
        }
        assert_eq!(shapes[1], plain[1], "{name}");
        assert!(!shapes[0].contains(&"script".to_owned()) && shapes[0].contains(&"bdi".to_owned()), "{name}");
    }
}

#[tokio::test]
async fn what_was_checked_long_ago_is_checked_again() {
    let desk = Desk::new().await;
    let check = desk.check(&[], FILE).await;
    assert!(desk.admin(&check).await.text.contains("value=\"import\""));
    desk.kit.clock.advance(std::time::Duration::from_secs(3601));
    let desk = Desk::again(desk.kit).await;
    let page = desk.admin(&check).await.is(200);
    assert!(words(&page).contains("more than an hour old") && !page.text.contains("value=\"import\""));
    let old = desk.post_as_admin(&format!("{check}/again"), &[("call", "late"), ("do", "import")]).await.is(303);
    assert_eq!(old.header("location"), Some(&*format!("/workspace/smith{check}")));
    desk.kit.work().await;
    desk.kit.get("/contacts/c-1").await.problem(404, "not_found");
}

#[tokio::test]
async fn j3_who_was_erased_does_not_come_back_with_a_file_that_nobody_told_apart() {
    let desk = Desk::new().await;
    desk.kit.host(Method::PUT, "/contacts/7", json!({"name": "Ada Byron"})).await.is(201);
    let sheet = place(&desk.upload(&[], "Number,Forename,Surname,Mail\n7,Ada,Byron,ada@smith.example\n").await.is(303));
    desk.admin(&sheet).await.is(200);
    desk.kit.host(Method::POST, "/contacts/7/erase", Value::Null).await.is(200);
    desk.admin(&sheet).await.is(404);
    assert!(!desk.kit.stored().contains("Byron"));
}
