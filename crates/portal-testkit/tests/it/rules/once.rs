//! Calls under one name: whatever runs at the same time, on however many instances, all are told the same.

use portal_domain::{
    port::RequestKey,
    usecase::{CallContext, Request},
};
use portal_testkit::conformance::run;

use super::desk::{Desk, reference, ruled};

fn named(desk: &Desk, key: &str) -> CallContext {
    let key = RequestKey { scope: "test".to_owned(), key: key.to_owned() };
    CallContext { request: Some(Request { key, digest: [7; 32] }), ..desk.call.clone() }
}

#[test]
fn a1_calls_of_one_name_are_told_the_same() {
    run(async {
        let desk = Desk::with(&[("ada", "ada@smith.example")]).await;
        let (portal, ada) = (&desk.fixture.portal, reference("ada"));
        desk.onboard("ada", super::desk::SECRET).await;
        let written = desk.written().await;

        let resent = named(&desk, "resend");
        let call = || async { ruled(portal.resend(&resent, &ada).await).expect("resent") };
        let (a, b, c, d) = tokio::join!(call(), call(), call(), call());
        assert!(a == b && b == c && c == d);
        assert_eq!(desk.written().await, (written.0 + 1, written.1 + 1), "one event and one mail");

        // The effect of the first would refuse the others, if they were decided anew, and comes between any two of their steps.
        let gone = named(&desk, "delete");
        let call = |steps: u32| {
            let gone = &gone;
            let ada = &ada;
            async move {
                for _ in 0..steps {
                    tokio::task::yield_now().await;
                }
                ruled(portal.delete_contact(gone, ada).await).expect("deleted")
            }
        };
        let (a, b, c, d) = tokio::join!(call(0), call(1), call(2), call(3));
        assert!(a == b && b == c && c == d && a.changed && a.contact.is_none());
        assert_eq!(ruled(portal.delete_contact(&gone, &ada).await), Ok(a));
        assert!(ruled(portal.delete_contact(&desk.call, &ada).await).is_err());
    });
}
