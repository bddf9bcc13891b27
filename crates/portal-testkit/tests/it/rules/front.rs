use std::time::Duration;

use portal_testkit::conformance::run;

use super::desk::{DAY, Desk};

const HOME: &str = "ada@smith.example";

/// How many mails say where each of these portals is.
async fn told(desks: &[Desk]) -> Vec<usize> {
    let mut told = Vec::new();
    for desk in desks {
        let messages = desk.messages().await;
        told.push(messages.iter().filter(|message| message.kind().code() == "portal_address").count());
    }
    told
}

#[test]
fn g3_a_wish_tells_of_ten_practices_and_of_each_once_a_day() {
    run(async {
        let front = Desk::new().await;
        let mut desks = Vec::new();
        for number in 0..11 {
            let desk = front.beside(&format!("elm-{number}")).await;
            desk.put("ada", &[HOME]).await;
            desk.activate("ada").await.expect("activated");
            desks.push(desk);
        }
        for (pause, each) in [(Duration::ZERO, 1), (DAY / 2, 1), (DAY / 2, 2)] {
            front.wait(pause);
            front.ask_the_way(HOME).await;
            let told = told(&desks).await;
            assert_eq!(told.iter().filter(|mails| **mails == each).count(), 10, "{told:?}");
            assert_eq!(told.iter().sum::<usize>(), 10 * each);
        }
    });
}
