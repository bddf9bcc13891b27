//! The settings as forms: what may not be is refused with all that was typed, and what it does to others is said before.

use axum::http::Method;
use serde_json::{Value, json};

use crate::{
    desk::{Desk, hidden, words},
    kit::{Answer, Ask},
};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\r\n--x\0\xff";

impl Desk {
    async fn settings(&self) -> Value {
        self.kit.get("/settings").await.is(200).json()
    }

    /// Sends a group of settings as its form does, with these values.
    async fn set(&self, group: &str, typed: &[(&str, &str)]) -> Answer {
        let path = format!("/settings/{group}");
        let was = hidden(&self.get_as_admin(&path).await.is(200), "was");
        self.post_as_admin(&path, &[typed, &[("was", &was)]].concat()).await
    }

    /// The same, with the answer to what is asked before.
    async fn set_and_confirm(&self, group: &str, typed: &[(&str, &str)]) -> Answer {
        let asked = self.set(group, typed).await.is(200);
        let (was, shown) = (hidden(&asked, "was"), hidden(&asked, "shown"));
        self.post_as_admin(&format!("/settings/{group}"), &[typed, &[("was", &was), ("shown", &shown)]].concat()).await
    }

    async fn send_logo(&self, bytes: &[u8]) -> Answer {
        let head =
            "--b\r\nContent-Disposition: form-data; name=\"logo\"; filename=\"l\"\r\nContent-Type: image/png\r\n\r\n";
        let body = [head.as_bytes(), bytes, b"\r\n--b--\r\n"].concat();
        let ask = Ask::new(Method::POST, "/workspace/smith/logo")
            .with("content-type", "multipart/form-data; boundary=b")
            .with("origin", "null")
            .with("sec-fetch-site", "same-origin");
        self.kit.send(ask.body(&body).cookie(&self.admin)).await
    }
}

const LOOK: [(&str, &str); 4] =
    [("name", "Smith & Sons"), ("contact_line", "0123 456"), ("accent", "#1a5276"), ("locale", "de")];
const LIFETIMES: [(&str, &str); 4] = [
    ("activation_link_hours", "48"),
    ("reset_link_minutes", "60"),
    ("session_idle_minutes", "15"),
    ("session_absolute_hours", "12"),
];
const NO_MAILS: [(&str, &str); 5] = [
    ("mail_reply_to", ""),
    ("invitation_note", ""),
    ("reminder_days", ""),
    ("hint_mail", "yes"),
    ("mails_per_hour", ""),
];

fn mails(values: [&'static str; 5]) -> Vec<(&'static str, &'static str)> {
    NO_MAILS.into_iter().zip(values).map(|((name, _), value)| (name, value)).collect()
}

#[tokio::test]
async fn every_group_shows_what_is_set_and_saves_what_is_typed() {
    let desk = Desk::new().await;
    let before = desk.kit.stored();
    let page = words(&desk.get_as_admin("/settings").await.is(200));
    assert!(page.contains("smith &#38; Partners") && page.contains("168 hours") && page.contains("English"), "{page}");
    assert_eq!(desk.kit.stored(), before);
    let done = desk.set("look", &LOOK).await.is(303);
    assert_eq!(done.header("location"), Some("/workspace/smith/settings"));
    let now = desk.settings().await;
    assert_eq!(
        (&now["accent"], &now["locale"], &now["contact_line"]),
        (&json!("#1a5276"), &json!("de"), &json!("0123 456"))
    );
    let page = words(&desk.get_as_admin("/settings").await.is(200));
    assert!(
        page.contains("Workspace Smith &#38; Sons") && page.contains("#1a5276") && page.contains("German"),
        "{page}"
    );
    let mails = mails([" office@smith.example ", "Hello,\r\nyou!", " 7,2 ", "no", "500"]);
    desk.set_and_confirm("mails", &mails).await.is(303);
    let now = desk.settings().await;
    let of = |name: &str| now[name].clone();
    assert_eq!((of("mail_reply_to"), of("invitation_note")), (json!("office@smith.example"), json!("Hello,\nyou!")));
    assert_eq!((of("mails_per_hour"), of("reminder_days"), of("hint_mail")), (json!(500), json!([7, 2]), json!(false)));
    let page = words(&desk.get_as_admin("/settings").await.is(200));
    assert!(page.contains("before its link expires7, 2") && page.contains("They get none"), "{page}");
    desk.set_and_confirm("mails", &NO_MAILS).await.is(303);
    let now = desk.settings().await;
    assert_eq!((&now["mail_reply_to"], &now["mails_per_hour"]), (&Value::Null, &Value::Null));
    assert_eq!((&now["reminder_days"], &now["hint_mail"]), (&json!([]), &json!(true)));
    // What no form shows stays.
    assert_eq!(now["second_factor"], "optional");
    desk.get_as_admin("/settings/nonsense").await.is(404);
}

#[tokio::test]
async fn what_it_does_to_others_is_said_before_and_saved_after() {
    let desk = Desk::new().await;
    let before = desk.kit.stored();
    let asked = words(&desk.set("lifetimes", &LIFETIMES).await.is(200));
    assert!(asked.contains("The links in new invitations work for 2 days."), "{asked}");
    assert!(asked.contains("signed out when they click on nothing for 15 minutes, you as well."), "{asked}");
    let sharing = [("shared_login", "refuse"), ("sessions_on_move", "keep"), ("password_min_length", "16")];
    let asked = words(&desk.set("sign-in", &sharing).await.is(200));
    assert!(asked.contains("Contacts who share a sign-in today go on sharing it."), "{asked}");
    assert!(asked.contains("at least 16 characters. The present ones go on working."), "{asked}");
    assert_eq!(desk.kit.stored(), before);
    desk.set_and_confirm("lifetimes", &LIFETIMES).await.is(303);
    desk.set_and_confirm("sign-in", &sharing).await.is(303);
    let now = desk.settings().await;
    assert_eq!((&now["activation_link_hours"], &now["session_idle_minutes"]), (&json!(48), &json!(15)));
    assert_eq!((&now["shared_login"], &now["sessions_on_move"]), (&json!("refuse"), &json!("keep")));
    // Pressed twice, it is so already.
    desk.set("lifetimes", &LIFETIMES).await.is(303);
}

#[tokio::test]
async fn what_is_out_of_bounds_is_refused_at_its_field_and_all_that_was_typed_stays() {
    let desk = Desk::new().await;
    let before = desk.kit.stored();
    let with = |group: &[(&'static str, &'static str)], name: &str, value: &'static str| {
        group.iter().map(|(own, old)| (*own, if *own == name { value } else { *old })).collect::<Vec<_>>()
    };
    let sign_in = [("shared_login", "join"), ("sessions_on_move", "end"), ("password_min_length", "12")];
    for (group, usual, name, value, said) in [
        ("look", &LOOK[..], "accent", "#ffff00", "“Your colour” must be dark enough for white text on it"),
        ("look", &LOOK[..], "accent", "red", "“Your colour” must be a colour such as #1a5276"),
        ("look", &LOOK[..], "name", " ", "“Name of the practice” must be 1 to 500 characters"),
        ("lifetimes", &LIFETIMES[..], "activation_link_hours", "721", "must be 1 to 720."),
        ("lifetimes", &LIFETIMES[..], "session_idle_minutes", "soon", "must be 5 to 1440."),
        ("sign-in", &sign_in[..], "password_min_length", "7", "must be 8 to 64."),
        ("mails", &NO_MAILS[..], "mail_reply_to", "nonsense", "nonsense is not usable"),
        ("mails", &NO_MAILS[..], "mails_per_hour", "0", "must be 1 to 1000000."),
        ("mails", &NO_MAILS[..], "reminder_days", "2, 31", "must be at most five numbers from 1 to 30."),
        ("mails", &NO_MAILS[..], "reminder_days", "a week", "must be at most five numbers from 1 to 30."),
        ("mails", &NO_MAILS[..], "reminder_days", "1 2 3 4 5 6", "must be at most five numbers from 1 to 30."),
    ] {
        let page = desk.set(group, &with(usual, name, value)).await.is(422);
        assert!(words(&page).contains(said), "{}", words(&page));
        assert!(page.text.contains(&format!("<a href=\"#{name}\">")) && page.text.contains(&format!("id=\"{name}\"")));
        assert!(page.text.contains("aria-invalid=\"true\""), "{said}");
        let kept = with(usual, name, value).into_iter().filter(|(_, value)| !value.trim().is_empty());
        for (_, value) in
            kept.filter(|(own, _)| !["locale", "shared_login", "sessions_on_move", "hint_mail"].contains(own))
        {
            assert!(page.text.contains(&format!("value=\"{}\"", value.replace('&', "&#38;"))), "{value}");
        }
    }
    assert_eq!(desk.kit.stored(), before);
}

#[tokio::test]
async fn places_are_rows_of_which_empty_ones_are_left_out() {
    let desk = Desk::new().await;
    let row =
        |name, address, sentence| [("place_name", name), ("place_address", address), ("place_sentence", sentence)];
    let typed = [row("", "", ""), row("Papers", "https://papers.example", "Look them up."), row("", " ", "")].concat();
    desk.set("places", &typed).await.is(303);
    let papers = json!({"name": "Papers", "address": "https://papers.example", "sentence": "Look them up."});
    assert_eq!(desk.settings().await["places"], json!([papers]));
    assert!(words(&desk.get_as_admin("/settings").await).contains("Papers"));
    let typed = [row("Papers", "https://papers.example", ""), row("Shop", "http://shop.example", "")].concat();
    let page = desk.set("places", &typed).await.is(422);
    assert!(page.text.contains("<a href=\"#place_address-1\">") && page.text.contains("id=\"place_address-1\""));
    assert!(
        page.text.contains("value=\"http://shop.example\"")
            && words(&page).contains("This address can’t be used as it is.")
    );
    desk.set("places", &row("", "", "")).await.is(303);
    assert_eq!(desk.settings().await["places"], json!([]));
}

#[tokio::test]
async fn ways_back_are_saved_once_it_is_said_what_becomes_of_clients() {
    let desk = Desk::new().await;
    let row = |name, address| [("return_name", name), ("return_address", address)];
    let (app, shop) = (row("app", "https://app.example/back"), row("shop", "https://shop.example/?a=b"));
    let typed = [row("", " "), app, row("", "")].concat();
    let asked = words(&desk.set("returns", &typed).await.is(200));
    let told = "under the name app are sent to https://app.example/back when they have signed in.";
    assert!(asked.contains(told), "{asked}");
    assert_eq!(desk.settings().await["return_addresses"], json!([]), "nothing before it is confirmed");
    desk.set_and_confirm("returns", &typed).await.is(303);
    let saved = json!([{"name": "app", "address": "https://app.example/back"}]);
    assert_eq!(desk.settings().await["return_addresses"], saved);
    assert!(words(&desk.get_as_admin("/settings").await.is(200)).contains("Way backapp"));
    let page = desk.get_as_admin("/settings/returns").await.is(200);
    assert!(page.text.contains("value=\"https://app.example/back\"") && words(&page).contains("Way back 3"));
    let asked = words(&desk.set("returns", &shop).await.is(200));
    assert!(
        asked.contains("under the name app can’t be sent back to it any more") && asked.contains("shop are sent to")
    );
    for (typed, at, said) in [
        (
            [app, row("App 2", "https://app.example")].concat(),
            "return_name-1",
            "“Name” must be 2 to 40 of a–z, 0–9 and -.",
        ),
        ([app, app].concat(), "return_name-1", "“Name” must be another name than those before."),
        (row("app", "http://app.example").to_vec(), "return_address-0", "This address can’t be used as it is."),
        (row("app", "https://app.example/#x").to_vec(), "return_address-0", "beginning with https://, and without #."),
    ] {
        let page = desk.set("returns", &typed).await.is(422);
        assert!(words(&page).contains(said), "{}", words(&page));
        assert!(page.text.contains(&format!("<a href=\"#{at}\">")) && page.text.contains(&format!("id=\"{at}\"")));
        for (_, value) in typed {
            assert!(page.text.contains(&format!("value=\"{value}\"")), "{value}");
        }
    }
    assert_eq!(desk.settings().await["return_addresses"], saved);
    let was = hidden(&desk.get_as_admin("/settings/returns").await, "was");
    desk.kit.host(Method::PUT, "/settings", json!({"return_addresses": []})).await.is(200);
    let late = desk.post_as_admin("/settings/returns", &[&shop[..], &[("was", &was)]].concat()).await.is(409);
    assert!(words(&late).contains("changed meanwhile") && late.text.contains("https://shop.example/?a=b"));
    assert_eq!(desk.settings().await["return_addresses"], json!([]));
    desk.post("/settings/returns", &shop).await.is(403);
}

#[tokio::test]
async fn a_form_that_was_overtaken_overwrites_nothing() {
    let desk = Desk::new().await;
    let was = hidden(&desk.get_as_admin("/settings/look").await, "was");
    desk.kit.host(Method::PUT, "/settings", json!({"contact_line": "Ask Jo"})).await.is(200);
    let form = |was: &str| {
        [&LOOK[..], &[("was", was)]].concat().into_iter().map(|(a, b)| (a, b.to_owned())).collect::<Vec<_>>()
    };
    let send = |form: Vec<(&'static str, String)>| {
        let desk = &desk;
        async move {
            let fields: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
            desk.post_as_admin("/settings/look", &fields).await
        }
    };
    let again = send(form(&was)).await.is(409);
    assert!(words(&again).contains("changed meanwhile") && words(&again).contains("Ask Jo"), "{}", words(&again));
    assert!(again.text.contains("value=\"0123 456\""));
    assert_eq!(desk.settings().await["contact_line"], "Ask Jo");
    send(form(&hidden(&again, "was"))).await.is(303);
    assert_eq!(desk.settings().await["contact_line"], "0123 456");
}

#[tokio::test]
async fn a_question_that_was_overtaken_is_asked_again() {
    let desk = Desk::new().await;
    let asked = desk.set("lifetimes", &LIFETIMES).await.is(200);
    let was = hidden(&asked, "was");
    let other = [&LIFETIMES[..], &[("was", &was), ("shown", "something else")]].concat();
    let again = desk.post_as_admin("/settings/lifetimes", &other).await.is(409);
    assert!(words(&again).contains("It has changed meanwhile"));
    assert_eq!(desk.settings().await["activation_link_hours"], 168);
}

#[tokio::test]
async fn a_logo_is_taken_shown_and_removed() {
    let desk = Desk::new().await;
    desk.send_logo(PNG).await.is(303);
    assert!(desk.settings().await["logo"].as_str().is_some_and(|logo| logo.starts_with("data:image/png;base64,")));
    let page = desk.get_as_admin("/settings").await.is(200);
    assert!(page.text.contains("<img class=\"logo\" src=\"/portal/smith/logo/"));
    for (bytes, said) in [
        (&b"GIF89a"[..], "The file is no picture of the kind PNG, JPEG or WebP."),
        (&[PNG, &[0; 40_000]].concat(), "The file is too large: a logo has at most 29 kilobytes."),
        (&[PNG, &vec![0; 300_000]].concat(), "The file is too large: a logo has at most 29 kilobytes."),
        (b"", "No file was chosen."),
    ] {
        let page = desk.send_logo(bytes).await.is(422);
        assert!(words(&page).contains(said), "{}", words(&page));
        assert!(page.text.contains("<a href=\"#logo\">"));
    }
    assert!(desk.settings().await["logo"].is_string());
    desk.post_as_admin("/logo/remove", &[]).await.is(303);
    assert_eq!(desk.settings().await["logo"], Value::Null);
    desk.post_as_admin("/logo", &[("logo", "x")]).await.is(400);
}

#[tokio::test]
async fn whatever_is_typed_into_settings_stays_text() {
    let desk = Desk::new().await;
    let shape = |page: &Answer| page.text.matches('<').count();
    let mut plain = Vec::new();
    for text in ["X", "\"><script>alert(1)</script>", "{{7*7}}", "\u{202e}abc", "&lt;b&gt;"] {
        let place = json!({"name": text, "address": "https://x.example", "sentence": text});
        let ways = json!([{"name": "app", "address": "https://x.example/?a='(%3Cb%3E)&b=%22"}]);
        let body = json!({"contact_line": text, "invitation_note": text, "places": [place], "return_addresses": ways});
        desk.kit.host(Method::PUT, "/settings", body).await.is(200);
        let mut shapes = Vec::new();
        for path in ["/settings", "/settings/look", "/settings/places", "/settings/mails", "/settings/returns"] {
            shapes.push(shape(&desk.get_as_admin(path).await.is(200)));
        }
        if plain.is_empty() {
            plain.clone_from(&shapes);
        }
        assert_eq!(shapes, plain, "{text}");
    }
}
