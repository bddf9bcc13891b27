//! A clock that jumps (N13).

use serde_json::json;

use super::{Scene, in_rounds, moody::Moody, people::Postbox};
use crate::support::{Client, Database, dice::Dice};

in_rounds!(n13_a_jump_lengthens_nothing);

const MINUTE: i64 = 60;
const DAY: i64 = 24 * 60 * MINUTE;
const ADDRESS: &str = "ada@first.example";
const PASSWORD: &str = "nine copper kettles";

async fn session(client: &Client, cookie: &str) -> u16 {
    client.with("cookie", cookie).get("/portal/smith/api/session").await.status.as_u16()
}

async fn token(mail: &Moody, before: Option<&str>) -> String {
    loop {
        match mail.newest_link(ADDRESS) {
            Some(token) if Some(token.as_str()) != before => return token,
            _ => tokio::time::sleep(std::time::Duration::from_millis(20)).await,
        }
    }
}

async fn n13_a_jump_lengthens_nothing(database: Database, dice: &mut Dice) -> String {
    let mail = Moody::start(dice.split()).await;
    let scene = Scene::new(database, &mail.url()).await;
    let served = scene.bed.serve().await;
    let (client, host) = (served.client(), served.client().host(&scene.keys[0]));
    host.put_contact("c-1", "Ada Brandt", &[ADDRESS]).await.expect(201);
    host.order("c-1", "activate").await.expect(200);
    let link = token(&mail, None).await;

    // Ahead, the link is over; back again, it is as good as it was, and not better.
    scene.advance(8 * DAY);
    assert_eq!(client.link_state("smith", &link).await, "expired");
    client.redeem("smith", &link, PASSWORD).await.expect_problem(410, "link_expired");
    scene.advance(-8 * DAY);
    assert_eq!(client.link_state("smith", &link).await, "usable");
    scene.advance(7 * DAY + MINUTE);
    assert_eq!(client.link_state("smith", &link).await, "expired");
    scene.advance(-7 * DAY - MINUTE);
    client.redeem("smith", &link, PASSWORD).await.expect(204);
    scene.advance(-30 * DAY);
    client.redeem("smith", &link, "ten silver thimbles").await.expect_problem(410, "link_used");
    scene.advance(30 * DAY);

    // A session's limits stay where they were: neither use before a jump nor a jump and back moves them.
    let cookie = client.sign_in("smith", ADDRESS, PASSWORD).await.cookie();
    assert_eq!(session(&client, &cookie).await, 200);
    scene.advance(31 * MINUTE);
    assert_eq!(session(&client, &cookie).await, 401, "idle for too long");
    let cookie = client.sign_in("smith", ADDRESS, PASSWORD).await.cookie();
    for _ in 0..36 {
        scene.advance(20 * MINUTE);
        if session(&client, &cookie).await != 200 {
            break;
        }
    }
    assert_eq!(session(&client, &cookie).await, 401, "the absolute limit");

    // One that was begun or used by a clock that ran ahead is not taken by the clock that was set right: its limits lie too far.
    let cookie = client.sign_in("smith", ADDRESS, PASSWORD).await.cookie();
    assert_eq!(session(&client, &cookie).await, 200);
    scene.advance(-3 * DAY);
    assert_eq!(session(&client, &cookie).await, 401, "begun in the future");

    // What was ended stays ended at any time of the clock.
    let cookie = client.sign_in("smith", ADDRESS, PASSWORD).await.cookie();
    let reset = json!({ "email": ADDRESS });
    client.front_end().post("/portal/smith/api/password-resets", reset).await.expect(202);
    let reset = token(&mail, Some(&link)).await;
    host.order("c-1", "deactivate").await.expect(200);
    host.order("c-1", "reactivate").await.expect(200);
    for jump in [-40 * DAY, 40 * DAY, 10 * MINUTE, -20 * MINUTE] {
        scene.advance(jump);
        assert_eq!(session(&client, &cookie).await, 401);
        assert_eq!(client.link_state("smith", &reset).await, "dead");
        client.redeem("smith", &reset, PASSWORD).await.expect_problem(410, "link_dead");
    }
    let (status, log) = served.stop().await;
    assert!(status.success(), "{log}");
    "jumps of up to 40 days".to_owned()
}
