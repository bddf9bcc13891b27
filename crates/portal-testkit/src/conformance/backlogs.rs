//! Laws of `Backlogs`.

use portal_domain::{
    change::{Aggregate, Change},
    contact::Contact,
    job::{Job, JobKind, JobState},
    login::Login,
    message::{DeliveryState, Message, MessageBody},
    port::{Backlog, Enquiry, EnquiryKind, JobBacklog, LeaseTerms, MailBacklog, Outbox, Pile},
    practice::Practice,
    webhook::{Held, Progress, Webhook},
};

use super::{Harness, jobs, scene::Scene, webhooks};
use crate::build::{self, NOON, Plan, later};

impl Scene {
    async fn backlog(&self, seconds: u64, most: u32) -> Backlog {
        let mut backlog = self.store.backlog(later(seconds), most).await.expect("the store answers");
        backlog.mail.sort_by_key(|it| (it.awaited, it.state.code()));
        backlog.jobs.sort_by_key(|it| (it.kind, it.state));
        backlog
    }

    /// Queues a message that is due from then on.
    async fn queue(&self, name: &str, body: MessageBody, behind: &(Contact, Login), seconds: u64) {
        let (contact, login) = behind;
        let message = Message { body, created_at: later(seconds), ..build::message(name, contact, login, None) };
        self.write(Plan::new().mail(message)).await;
    }

    async fn suspend(&self) {
        let practice = self.practice().await;
        let after = Practice { suspended_at: Some(NOON), version: practice.version + 1, ..practice.clone() };
        self.write(Plan::new().changed(Aggregate::Practice(practice.id), practice.version).put_practice(&after)).await;
    }
}

fn endpoint(webhook: &Webhook) -> Plan {
    Plan::new().then(Change::PutWebhook(webhook.clone()))
}

/// Where there is nothing, nothing waits.
pub async fn nothing_waits_in_an_empty_store(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    assert_eq!(scene.backlog(500, 100).await, Backlog::default());
}

/// Mail that is not settled for good is counted by urgency and state, of all practices, with the time since when it is due.
pub async fn waiting_mail_is_counted_by_urgency_and_state(harness: &Harness) {
    let (smith, jones) = (Scene::set(harness, "smith").await, Scene::set(harness, "jones").await);
    let ada = smith.live("ada", "ada@smith.example").await;
    let bob = jones.live("bob", "bob@jones.example").await;
    smith.queue("a", MessageBody::Activation, &ada, 20).await;
    smith.queue("b", MessageBody::Activation, &ada, 30).await;
    jones.queue("c", MessageBody::Activation, &bob, 10).await;
    jones.queue("d", MessageBody::Reset, &bob, 40).await;
    let mail =
        |awaited, state, count, since: Option<u64>| MailBacklog { awaited, state, count, due_since: since.map(later) };
    let queued = DeliveryState::Queued;
    assert_eq!(smith.backlog(25, 100).await.mail, [mail(false, queued, 3, Some(10)), mail(true, queued, 1, None)]);
    let terms = LeaseTerms { awaited_only: true, ..LeaseTerms::new(later(50), later(110), 1) };
    let leased = Outbox::lease(&*smith.store, &terms).await.expect("the store answers");
    let sending = mail(true, DeliveryState::Sending, 1, None);
    assert_eq!(smith.backlog(60, 100).await.mail, [mail(false, queued, 3, Some(10)), sending]);
    let mut settlement = build::settlement("s", DeliveryState::Deferred, later(60));
    settlement.next_attempt_at = Some(later(200));
    assert_eq!(Outbox::settle(&*smith.store, &leased[0].lease, &settlement).await, Ok(true));
    let deferred = |since| mail(true, DeliveryState::Deferred, 1, since);
    assert_eq!(smith.backlog(60, 100).await.mail[1], deferred(None));
    assert_eq!(smith.backlog(200, 100).await.mail[1], deferred(Some(200)));
    let leased = Outbox::lease(&*smith.store, &LeaseTerms::new(later(200), later(260), 1)).await.expect("it answers");
    let settlement = build::settlement("t", DeliveryState::Accepted, later(210));
    assert_eq!(Outbox::settle(&*smith.store, &leased[0].lease, &settlement).await, Ok(true));
    assert_eq!(smith.backlog(220, 100).await.mail, [mail(false, queued, 3, Some(10))], "what is settled is gone");
}

/// Enquiries, unsealed events and jobs are counted, each with its oldest.
pub async fn what_waits_to_be_decided_sealed_or_run_is_counted(harness: &Harness) {
    let (smith, jones) = (Scene::set(harness, "smith").await, Scene::set(harness, "jones").await);
    for (scene, seconds) in [(&smith, 7), (&jones, 3)] {
        let kind = EnquiryKind::Reset { address: String::new() };
        let enquiry = Enquiry { id: build::id("e"), practice: scene.id, kind, origin: None, at: later(seconds) };
        scene.store.put(&enquiry).await.expect("the store keeps it");
    }
    for (scene, name) in [(&smith, "a"), (&smith, "b"), (&jones, "c")] {
        scene.write(Plan::new().tell(build::event(name))).await;
    }
    let (running, other) = (jobs::import(&smith, "i"), jobs::import(&jones, "j"));
    let paused = Job { state: JobState::Paused, due_at: None, ..jobs::import(&smith, "p") };
    for (scene, job) in [(&smith, running), (&jones, other), (&smith, paused)] {
        scene.write(Plan::new().then(Change::PutJob(Box::new(job)))).await;
    }
    let backlog = smith.backlog(500, 100).await;
    assert_eq!(backlog.enquiries, Pile { count: 2, oldest: Some(later(3)) });
    assert_eq!(backlog.unsealed, Pile { count: 3, oldest: Some(build::event("a").at) });
    let jobs = |state, count| JobBacklog { kind: JobKind::Import, state, count };
    assert_eq!(backlog.jobs, [jobs(JobState::Running, 2), jobs(JobState::Paused, 1)]);
    assert_eq!((backlog.oldest_due_job, smith.backlog(4, 100).await.oldest_due_job), (Some(later(5)), None));
    smith.seal().await;
    assert_eq!(smith.backlog(500, 100).await.unsealed.count, 1, "what is sealed waits no more");
}

/// Endpoints are counted by what may be pushed to them, with the sealed events that lie ahead.
pub async fn endpoints_are_counted_with_what_lies_ahead_of_them(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let going = webhooks::endpoint("going");
    let failing = |since| Held { contact: None, from: 1, tries: 2, since: Some(later(since)), due_at: later(9_000) };
    let down = Progress { cursor: 1, strikes: 5, held: vec![failing(7), failing(4)], ..Progress::default() };
    let long_ago = Progress { held: vec![failing(2)], ..Progress::default() };
    let stuck = Webhook { progress: down, ..webhooks::endpoint("stuck") };
    let disabled = Webhook { enabled: false, progress: long_ago, ..webhooks::endpoint("disabled") };
    for webhook in [&going, &stuck, &disabled] {
        scene.write(endpoint(webhook)).await;
    }
    for name in ["a", "b", "c"] {
        scene.write(Plan::new().tell(build::event(name))).await;
    }
    assert_eq!(scene.backlog(500, 100).await.webhooks.events, 0, "what is not sealed is not pushed");
    scene.seal().await;
    let counted = scene.backlog(500, 100).await.webhooks;
    assert_eq!((counted.enabled, counted.stuck, counted.disabled), (1, 1, 1));
    assert_eq!(counted.events, 3 + 2);
    assert_eq!(counted.failing_since, Some(later(4)), "of the disabled one nobody waits");
    let right = Progress { cursor: 1, ..Progress::default() };
    scene.write(endpoint(&Webhook { progress: right, version: 2, ..stuck })).await;
    assert_eq!(scene.backlog(500, 100).await.webhooks.failing_since, None);
}

/// Mail and endpoints of a suspended practice are nobody's to do.
pub async fn a_suspended_practice_does_not_count(harness: &Harness) {
    let (smith, jones) = (Scene::set(harness, "smith").await, Scene::set(harness, "jones").await);
    for (scene, name) in [(&smith, "ada"), (&jones, "bob")] {
        let behind = scene.live(name, &format!("{name}@smith.example")).await;
        scene.queue(name, MessageBody::Activation, &behind, 10).await;
        scene.write(endpoint(&webhooks::endpoint(name))).await;
    }
    smith.suspend().await;
    let backlog = smith.backlog(500, 100).await;
    assert_eq!((backlog.mail[0].count, backlog.webhooks.enabled), (1, 1));
    jones.suspend().await;
    let backlog = smith.backlog(500, 100).await;
    assert_eq!((backlog.mail, backlog.webhooks.enabled), (vec![], 0));
}

/// However much waits, it is counted no further than asked; what has been due longest counts first.
pub async fn counting_ends_where_it_is_told_to(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let behind = scene.live("ada", "ada@smith.example").await;
    for number in 0..5 {
        scene.queue(&format!("m{number}"), MessageBody::Activation, &behind, 50 - number).await;
        scene.write(Plan::new().tell(build::event(&format!("e{number}")))).await;
    }
    let backlog = scene.backlog(500, 3).await;
    assert_eq!((backlog.mail[0].count, backlog.mail[0].due_since), (3, Some(later(46))));
    assert_eq!(backlog.unsealed.count, 3);
    assert_eq!(scene.backlog(500, 100).await.mail[0].count, 5);
}
