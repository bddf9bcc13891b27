//! Practice users as admins look after them: each change is shown, and then just that is done (W1, W2, M7).

use axum::http::Method;
use serde_json::{Value, json};

use crate::{
    desk::{Desk, hidden, words},
    kit::Answer,
};

impl Desk {
    async fn user(&self, user: &str) -> Value {
        self.kit.get(&format!("/practice-users/{user}")).await.is(200).json()
    }

    /// Looks at a change of `sam`, and saves it.
    async fn save(&self, user: &str, wish: &[(&str, &str)]) -> Answer {
        let path = format!("/users/{user}");
        let shown = hidden(&self.post_as_admin(&path, wish).await.is(200), "shown");
        self.post_as_admin(&path, &[wish, &[("shown", &shown)]].concat()).await
    }
}

fn wish<'a>(name: &'a str, email: &'a str, role: &'a str) -> [(&'a str, &'a str); 3] {
    [("name", name), ("email", email), ("role", role)]
}

#[tokio::test]
async fn w1_a_practice_user_is_added_and_invited_once_however_often_the_button_is_pressed() {
    let desk = Desk::new().await;
    let page = desk.get_as_admin("/users").await.is(200);
    assert!(words(&page).contains("The boss you boss@staff.exampleAdministrator"), "{}", words(&page));
    assert!(words(&page).contains("Signed in by your program"));
    let made = hidden(&page, "made");
    let form =
        [("made", &*made), ("name", " Tina "), ("email", "tina@staff.example"), ("role", "staff"), ("invite", "yes")];
    for _ in 0..2 {
        let done = desk.post_as_admin("/users", &form).await.is(303);
        assert_eq!(done.header("location"), Some(&*format!("/workspace/smith/users/{made}")));
    }
    assert_eq!(desk.kit.tokens().await.len(), 1);
    let one = words(&desk.get_as_admin(&format!("/users/{made}")).await.is(200));
    assert!(
        one.contains("Tina") && one.contains("Invited") && one.contains("the link in the mail works until"),
        "{one}"
    );
    // The same form, sent again with another name in it.
    let again = [("made", &*made), ("name", "Tom"), ("email", "tom@staff.example"), ("role", "staff")];
    let again = desk.post_as_admin("/users", &again).await.is(422);
    assert!(words(&again).contains("This form was sent before, and added Tina."), "{}", words(&again));
    assert_ne!(hidden(&again, "made"), made);
    assert_eq!(desk.user(&made).await["name"], "Tina");
}

#[tokio::test]
async fn w1_without_the_tick_nobody_is_written_to_and_an_invitation_goes_out_by_its_button() {
    let desk = Desk::new().await;
    let made = hidden(&desk.get_as_admin("/users").await, "made");
    let form = [("made", &*made), ("name", "Tina"), ("email", "tina@staff.example"), ("role", "admin")];
    desk.post_as_admin("/users", &form).await.is(303);
    assert!(desk.kit.tokens().await.is_empty());
    let page = desk.get_as_admin(&format!("/users/{made}")).await.is(200);
    assert!(words(&page).contains("Not invited") && words(&page).contains("Administrator"));
    let call = hidden(&page, "call");
    for _ in 0..2 {
        desk.post_as_admin(&format!("/users/{made}/invite"), &[("call", &call)]).await.is(303);
    }
    assert_eq!(desk.kit.tokens().await.len(), 1);
    let fresh = hidden(&desk.get_as_admin(&format!("/users/{made}")).await, "call");
    desk.post_as_admin(&format!("/users/{made}/invite"), &[("call", &fresh)]).await.is(303);
    assert_eq!(desk.kit.tokens().await.len(), 1);
    desk.post_as_admin("/users/nobody/invite", &[("call", "x")]).await.is(404);
}

#[tokio::test]
async fn what_can_not_be_is_refused_with_its_field_and_what_was_typed_stays() {
    let desk = Desk::new().await;
    desk.kit.settle("eve", "eve@mail.example").await;
    let before = desk.kit.stored();
    for (name, email, role, said, field) in [
        ("Tina", "eve@mail.example", "staff", "eve@mail.example is the sign-in address of Person eve", "#email"),
        ("Tina", "SAM@staff.example", "staff", "SAM@staff.example is already the address of The sam.", "#email"),
        ("Tina", "nonsense", "staff", "nonsense is not usable", "#email"),
        (" ", "tina@staff.example", "admin", "The name is missing", "#name"),
    ] {
        let typed = wish(name, email, role);
        let added = desk.post_as_admin("/users", &[&typed[..], &[("made", "fresh")]].concat()).await.is(422);
        let changed = desk.post_as_admin("/users/boss", &typed).await.is(422);
        for page in [added, changed] {
            assert!(words(&page).contains(said), "{}", words(&page));
            assert!(page.text.contains(&format!("href=\"{field}\"")), "{said}");
            assert!(page.text.contains(&format!("value=\"{email}\"")), "{said}");
        }
    }
    assert_eq!(desk.kit.stored(), before);
}

#[tokio::test]
async fn w2_a_change_says_what_it_ends_and_does_just_that() {
    let desk = Desk::new().await;
    desk.kit.host(Method::POST, "/practice-users/sam/invite", Value::Null).await.is(200);
    desk.kit.tokens().await;
    let before = desk.kit.stored();
    let moved = wish("Samuel", "samuel@staff.example", "staff");
    let page = words(&desk.post_as_admin("/users/sam", &moved).await.is(200));
    for said in [
        "The sam is called Samuel from now on.",
        "The address is samuel@staff.example from now on, and no longer sam@staff.example.",
        "1 browser is signed out at once.",
        "1 link in a mail that was sent before no longer works.",
        "No mail goes out.",
    ] {
        assert!(page.contains(said), "{page}");
    }
    assert_eq!(desk.kit.stored(), before);
    desk.save("sam", &moved).await.is(303);
    let now = desk.user("sam").await;
    assert_eq!((&now["name"], &now["email"]), (&json!("Samuel"), &json!("samuel@staff.example")));
    desk.get("/").await.is(303);
    // Once more is no change.
    desk.post_as_admin("/users/sam", &moved).await.is(303);
}

#[tokio::test]
async fn w2_the_last_admin_stays_and_another_may_go() {
    let desk = Desk::new().await;
    let demoted = wish("The boss", "boss@staff.example", "staff");
    let page = desk.post_as_admin("/users/boss", &demoted).await.is(422);
    assert!(words(&page).contains("This is the last administrator of the practice."), "{}", words(&page));
    let page = desk.get_as_admin("/users/boss/remove").await.is(409);
    assert!(words(&page).contains("This is the last administrator of the practice."));
    desk.post_as_admin("/users/boss/remove", &[]).await.is(409);
    desk.save("sam", &wish("The sam", "sam@staff.example", "admin")).await.is(303);
    let page = words(&desk.post_as_admin("/users/boss", &demoted).await.is(200));
    assert!(
        page.contains("loses practice users, settings") && page.contains("This is you: you are signed out too."),
        "{page}"
    );
    desk.save("boss", &demoted).await.is(303);
    desk.get_as_admin("/users").await.is(303);
}

#[tokio::test]
async fn a7_a_removal_is_shown_done_once_and_frees_the_address() {
    let desk = Desk::new().await;
    let page = desk.get_as_admin("/users/sam/remove").await.is(200);
    let text = words(&page);
    assert!(text.contains("Remove The sam?") && text.contains("1 browser is signed out at once."), "{text}");
    assert!(text.contains("The address sam@staff.example is free again"), "{text}");
    let shown = hidden(&page, "shown");
    desk.kit
        .host(Method::PUT, "/practice-users/sam", json!({"name": "Sam", "email": "sam@staff.example", "role": "staff"}))
        .await;
    let again = desk.post_as_admin("/users/sam/remove", &[("shown", &shown)]).await.is(409);
    assert!(words(&again).contains("It has changed meanwhile"));
    let shown = hidden(&again, "shown");
    for _ in 0..2 {
        let done = desk.post_as_admin("/users/sam/remove", &[("shown", &shown)]).await.is(303);
        assert_eq!(done.header("location"), Some("/workspace/smith/users"));
    }
    desk.kit.get("/practice-users/sam").await.problem(404, "not_found");
    desk.kit.settle("eve", "sam@staff.example").await;
    desk.get_as_admin("/users/sam").await.is(404);
}

#[tokio::test]
async fn a_change_that_would_do_something_else_by_now_is_shown_again() {
    let desk = Desk::new().await;
    let typed = wish("Samuel", "sam@staff.example", "admin");
    let shown = hidden(&desk.post_as_admin("/users/sam", &typed).await.is(200), "shown");
    desk.kit
        .host(Method::PUT, "/practice-users/sam", json!({"name": "Sam", "email": "sam@staff.example", "role": "staff"}))
        .await;
    let again = desk.post_as_admin("/users/sam", &[&typed[..], &[("shown", &shown)]].concat()).await.is(409);
    assert!(words(&again).contains("It has changed meanwhile") && words(&again).contains("Sam is called Samuel"));
    assert_eq!(desk.user("sam").await["role"], "staff");
}

#[tokio::test]
async fn a_long_list_of_practice_users_has_pages() {
    let desk = Desk::new().await;
    for number in 0..55 {
        let body =
            json!({"name": format!("User{number:02}"), "email": format!("u{number}@staff.example"), "role": "staff"});
        desk.kit.host(Method::PUT, &format!("/practice-users/u{number:02}"), body).await.is(201);
    }
    let first = desk.get_as_admin("/users").await.is(200);
    let next = first.text.split_once("class=\"button quiet\" href=\"/workspace/smith").expect("a next page").1;
    let second = desk.get_as_admin(next.split_once('"').expect("an end").0).await.is(200);
    assert!(first.text.contains("User47") && !first.text.contains("User48"));
    assert!(second.text.contains("User48") && second.text.contains("User54") && !second.text.contains("Next page"));
}

#[tokio::test]
async fn whatever_is_typed_of_practice_users_stays_text() {
    let desk = Desk::new().await;
    let shape = |page: &Answer| page.text.matches('<').count();
    let mut plain = Vec::new();
    for name in ["X", "\"><script>alert(1)</script>", "{{7*7}}", "\u{202e}abc", "&lt;b&gt;"] {
        let body = json!({"name": name, "email": "sam@staff.example", "role": "staff"});
        desk.kit.host(Method::PUT, "/practice-users/sam", body).await.is(200);
        let mut shapes = Vec::new();
        for path in ["/users", "/users/sam", "/users/sam/remove"] {
            shapes.push(shape(&desk.get_as_admin(path).await.is(200)));
        }
        let typed = wish(name, "other@staff.example", "staff");
        shapes.push(shape(&desk.post_as_admin("/users/sam", &typed).await.is(200)));
        if plain.is_empty() {
            plain.clone_from(&shapes);
        }
        assert_eq!(shapes, plain, "{name}");
    }
}

#[tokio::test]
async fn w3_staff_are_not_shown_what_is_an_admins() {
    let desk = Desk::new().await;
    let (staff, admin) = (desk.get("/").await.is(200), desk.get_as_admin("/").await.is(200));
    for page in ["users", "settings", "mails", "keys", "webhooks"] {
        let link = format!("href=\"/workspace/smith/{page}\"");
        assert!(!staff.text.contains(&link) && admin.text.contains(&link), "{page}");
    }
    // Sorted by name, whatever the references are.
    let body = json!({"name": "Aaron", "email": "aaron@staff.example", "role": "staff"});
    desk.kit.host(Method::PUT, "/practice-users/zz", body).await.is(201);
    let text = words(&desk.get_as_admin("/users").await.is(200));
    assert!(text.find("Aaron") < text.find("The sam"), "{text}");
}
