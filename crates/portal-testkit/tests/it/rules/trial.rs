//! V1: a trial client is one click, counts nowhere, and its address is nobody's of staff.

use portal_domain::{
    job::BulkAction,
    port::PortalViews,
    practice::SharedLogin,
    usecase::{ActivationOrder, CallContext, ContactAnswer, PutContactInput, TrialInput},
};
use portal_testkit::conformance::run;

use super::desk::{Desk, Ruled, code, mails_of, reference, ruled};

async fn begin(desk: &Desk, contact: &str, email: &str) -> Ruled<ContactAnswer> {
    let (contact, client) = (reference(contact), reference("trial"));
    let input = TrialInput { contact: &contact, name: "Trial of Uma", client: (&client, "Trial client"), email };
    ruled(desk.fixture.portal.begin_trial(&desk.call, &input).await)
}

#[test]
fn v1_a_trial_client_is_invited_in_one_step_and_marked() {
    run(async {
        let desk = Desk::new().await;
        let begun = begin(&desk, "tim", "uma+trial@elm.example").await.expect("a trial");
        assert_eq!(mails_of(&begun), ["activation uma+trial@elm.example"]);
        let view = begun.contact.expect("it is there");
        assert!(view.trial && view.clients == [reference("trial")]);
        let told = desk.events().await;
        let created = told.iter().find(|event| event.kind == "contact.created").expect("told");
        assert_eq!(created.facts.get("trial").map(String::as_str), Some("true"));
        assert_eq!(code(&begin(&desk, "tim", "uma+trial@elm.example").await), "precondition_failed");
        // Another one shares the client, and whatever is done to a trial leaves it one.
        begin(&desk, "tom", "tom+trial@elm.example").await.expect("a trial");
        let moved = desk.emails("tim", &["uma+other@elm.example"]).await.expect("moved");
        assert!(moved.contact.expect("there").trial);
        desk.delete("tim").await.expect("gone");
    });
}

#[test]
fn v1_c1_a_trial_client_takes_no_address_of_staff_and_joins_nobody() {
    run(async {
        let desk = Desk::with(&[("ada", "ada@client.example")]).await;
        desk.user("uma", "uma@elm.example").await.expect("a user");
        desk.activate("ada").await.expect("access");
        for setting in [SharedLogin::Join, SharedLogin::Refuse] {
            desk.settings(|settings| settings.shared_login = setting).await;
            assert_eq!(code(&begin(&desk, "tim", "UMA@elm.example").await), "practice_user_email");
            assert_eq!(code(&begin(&desk, "tim", "ada@client.example").await), "login_email_taken");
            assert_eq!(code(&begin(&desk, "tim", "nobody").await), "invalid_email");
        }
        let unknown = desk.fixture.portal.contact(&desk.call, &reference("tim")).await;
        assert_eq!(code(&ruled(unknown)), "not_found", "what is refused leaves nothing");
    });
}

#[test]
fn v1_mail_to_many_leaves_trial_clients_out_unless_they_are_named() {
    run(async {
        let desk = Desk::with(&[("ada", "ada@client.example")]).await;
        begin(&desk, "tim", "tim+trial@elm.example").await.expect("a trial");
        desk.activate("ada").await.expect("access");
        let views: &dyn PortalViews = &*desk.fixture.store;
        let asking = CallContext { preview: true, ..desk.call.clone() };
        let order = |clients: Option<&str>, contacts: Option<&str>| ActivationOrder {
            action: BulkAction::Resend,
            statuses: contacts.is_none().then(|| portal_domain::status::PortalStatus::ALL.into()),
            clients: clients.map(|client| vec![reference(client)]),
            contacts: contacts.map(|contact| vec![reference(contact)]),
            start_at: None,
            per_hour: None,
        };
        for (order, mails) in [(order(None, None), 1), (order(Some("trial"), None), 0), (order(None, Some("tim")), 1)] {
            let foreseen = desk.fixture.portal.start_activation(&asking, views, &order).await;
            let counts = ruled(foreseen).expect("foreseen").preview;
            assert_eq!(counts.values().sum::<u64>(), mails, "{order:?}: {counts:?}");
        }
    });
}

#[test]
fn v1_a_trial_client_never_comes_to_see_what_a_client_sees() {
    run(async {
        let desk = Desk::with(&[("ada", "ada@client.example")]).await;
        desk.activate("ada").await.expect("access");
        begin(&desk, "tim", "tim+trial@elm.example").await.expect("a trial");
        let joined = desk.join("tim", &["ada@client.example"]).await;
        assert_eq!(code(&joined), "login_email_taken");
        desk.deactivate("tim").await.expect("taken");
        desk.emails("tim", &["ada@client.example"]).await.expect("a list may say so");
        assert_eq!(code(&desk.reactivate("tim").await), "login_email_taken");
        let clients = Some(vec![reference("acme")]);
        let fields = PutContactInput { clients, ..PutContactInput::default() };
        let given = desk.fixture.portal.put_contact(&desk.call, &reference("tim"), &fields).await;
        assert_eq!(code(&ruled(given)), "invalid_request");
    });
}
