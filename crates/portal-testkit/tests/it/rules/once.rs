//! Calls under one name: whatever runs at the same time, on however many instances, all are told the same.

use portal_domain::{
    Refusal,
    decide::{Expected, PutClient},
    port::RequestKey,
    usecase::{CallContext, PutContactInput, Request},
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

/// Both see that nobody is there; the one that comes second is refused, and changes nothing of what the first has made.
#[test]
fn of_two_that_add_under_one_reference_one_is_refused() {
    run(async {
        let desk = Desk::new().await;
        let (portal, ada) = (&desk.fixture.portal, reference("ada"));
        let absent = CallContext { expected: Some(Expected::Absent), ..desk.call.clone() };
        let add = async |name: &str| {
            let input = PutContactInput { name: Some(name.to_owned()), ..PutContactInput::default() };
            ruled(portal.put_contact(&absent, &ada, &input).await)
        };
        let (one, other) = tokio::join!(add("One"), add("Other"));
        let made = first_of(one, other).contact.expect("a contact");
        assert_eq!(portal.contact_view(&desk.call, &ada).await, Ok(made));
        assert_eq!(ruled(portal.activate(&absent, &ada).await), Err(Refusal::PreconditionFailed));

        let add = async |name: &str| {
            let command = PutClient { reference: ada.clone(), name: name.to_owned() };
            ruled(portal.add_client(&desk.call, &command).await)
        };
        let (one, other) = tokio::join!(add("One"), add("Other"));
        assert_eq!(portal.client(&desk.call, &ada).await, Ok(first_of(one, other)));
    });
}

/// What the one of two that came first got, where the other was refused.
fn first_of<T: std::fmt::Debug>(one: Result<T, Refusal>, other: Result<T, Refusal>) -> T {
    match (one, other) {
        (Ok(first), Err(Refusal::PreconditionFailed)) | (Err(Refusal::PreconditionFailed), Ok(first)) => first,
        both => panic!("not one of them was refused: {both:?}"),
    }
}
