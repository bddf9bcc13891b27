//! Laws of `Jobs`, and of the changes that write them.

use std::{collections::BTreeSet, sync::Arc};

use portal_domain::{
    Named,
    change::Change,
    event::Caller,
    job::{
        ActivationSpec, BulkAction, FaultReport, HeadsDigest, ImportInput, ImportSpec, Job, JobRow, JobSpec, JobState,
        MendReport, Progress, RowContent, RowEffect, RowReport, SettledRow, ToldColumns,
    },
    port::{Commit, Jobs, Page, RowFilter},
    status::PortalStatus,
};

use super::{FullStore, Harness, overlap::Overlaps, scene::Scene};
use crate::build::{self, Plan, later};

pub(super) fn import(scene: &Scene, name: &str) -> Job {
    let read_as = "CSV in windows-1252 with `;`".to_owned();
    let heads = Some(vec!["Nr.".to_owned(), "Ünïcode \"<b>\"".to_owned()]);
    let spec = ImportSpec { dry_run: false, activate: true, move_logins: false, mend: true, read_as, heads };
    Job {
        id: build::id(name),
        practice: scene.id,
        spec: JobSpec::Import(spec),
        state: JobState::Running,
        caller: Caller::Host(build::id("host")),
        origin: Some("2001:db8::1".to_owned()),
        total: 3,
        progress: Progress::of_staged(1),
        due_at: Some(later(5)),
        forget_at: None,
        created_at: later(0),
        ended_at: None,
        version: 1,
    }
}

fn put(job: &Job) -> Plan {
    Plan::new().then(Change::PutJob(Box::new(job.clone())))
}

pub(super) fn row(place: i64) -> JobRow {
    let input = ImportInput {
        reference: format!("c-{place}"),
        name: "Ünïcode \"<b>\" 😀\u{feff}\n".to_owned(),
        emails: vec![" a@x.example\u{a0}".to_owned(), String::new()],
        clients: vec!["acme".to_owned()],
        activate: "yes".to_owned(),
    };
    JobRow {
        place,
        reference: input.reference.clone(),
        content: RowContent::Row { line: place.unsigned_abs() + 2, input, mend: place == 1 },
        settled: None,
    }
}

fn settled(place: i64, outcome: &str) -> SettledRow {
    SettledRow { place, outcome: outcome.to_owned(), report: RowReport::default() }
}

fn refused(place: i64) -> SettledRow {
    let fault = FaultReport {
        field: "emails[1]".to_owned(),
        code: "invalid_email".to_owned(),
        fault: Some("list".to_owned()),
        mend: Some("a@x.example;b@x.example".to_owned()),
        detail: "what’s wrong".to_owned(),
    };
    let mended = MendReport { field: "emails[0]".to_owned(), fault: "display_name".to_owned(), mend: String::new() };
    let report = RowReport { faults: vec![fault], mended: vec![mended], ..RowReport::default() };
    SettledRow { report, ..settled(place, "refused") }
}

fn stage(job: &Job, rows: &[JobRow]) -> Plan {
    Plan::new().then(Change::StageRows { job: job.id, rows: rows.to_vec() })
}

fn settle(job: &Job, rows: &[SettledRow]) -> Plan {
    Plan::new().then(Change::SettleRows { job: job.id, rows: rows.to_vec() })
}

const ALL: Page<i64> = Page { after: None, limit: 100 };

impl Scene {
    async fn job(&self, job: &Job) -> Option<Job> {
        self.store.job(self.id, job.id).await.expect("the store answers")
    }

    async fn rows(&self, job: &Job, filter: &RowFilter, page: &Page<i64>) -> Vec<JobRow> {
        self.store.rows(self.id, job.id, filter, page).await.expect("the store answers")
    }

    async fn unsettled(&self, job: &Job, page: &Page<i64>) -> Vec<i64> {
        let rows = self.store.unsettled(self.id, job.id, page).await.expect("the store answers");
        rows.iter().map(|row| row.place).collect()
    }
}

async fn lease(store: &Arc<dyn FullStore>, now: u64, until: u64) -> Option<Job> {
    Jobs::lease(&**store, later(now), later(until), true).await.expect("the store answers")
}

/// A job comes back as it was put, of either kind.
pub async fn a_job_comes_back_whole(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let import = import(&scene, "i");
    let spec = ActivationSpec {
        action: BulkAction::Resend,
        statuses: Some([PortalStatus::Invited, PortalStatus::InvitationExpired].into()),
        start_at: Some(later(7)),
        per_hour: Some(60),
    };
    let mut progress = Progress { not_before: Some(later(9)), ..Progress::default() };
    progress.count(&settled(0, "changed"));
    let activation = Job {
        id: build::id("a"),
        spec: JobSpec::Activation(spec),
        state: JobState::Cancelled,
        caller: Caller::Program,
        origin: None,
        progress,
        due_at: None,
        forget_at: Some(later(99)),
        ended_at: Some(later(8)),
        ..import.clone()
    };
    assert_eq!(scene.job(&import).await, None);
    for job in [&import, &activation] {
        scene.write(put(job)).await;
        assert_eq!(scene.job(job).await.as_ref(), Some(job));
    }
}

/// A job is replaced by its next version, and by no other; a second of one id is a conflict.
pub async fn a_job_is_replaced_only_by_its_next_version(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let job = import(&scene, "j");
    scene.refuse(put(&Job { version: 2, ..job.clone() })).await;
    scene.write(put(&job)).await;
    scene.refuse(put(&job)).await;
    scene.refuse(put(&Job { version: 3, ..job.clone() })).await;
    let paused = Job { version: 2, state: JobState::Paused, due_at: None, total: 9, ..job.clone() };
    scene.write(put(&paused)).await;
    scene.refuse(put(&Job { version: 2, ..job.clone() })).await;
    assert_eq!(scene.job(&job).await, Some(paused));
}

/// Rows come back as they were staged, in the order of their places, those that are not settled apart.
pub async fn rows_come_back_in_their_order(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let job = import(&scene, "j");
    let chosen = RowContent::Contact { was: Some(PortalStatus::NotActivated) };
    let rows = [
        row(0),
        JobRow { settled: Some(refused(1)), ..row(1) },
        JobRow { content: chosen, reference: String::new(), ..row(2) },
        row(11),
    ];
    scene.write(put(&job)).await;
    scene.write(stage(&job, &[rows[3].clone(), rows[1].clone()])).await;
    scene.write(stage(&job, &[rows[2].clone(), rows[0].clone()])).await;
    let any = RowFilter::default();
    assert_eq!(scene.rows(&job, &any, &ALL).await, rows);
    assert_eq!(scene.rows(&job, &any, &Page { after: Some(0), limit: 2 }).await, rows[1..3]);
    assert_eq!(scene.unsettled(&job, &ALL).await, [0, 2, 11]);
    assert_eq!(scene.unsettled(&job, &Page { after: Some(0), limit: 1 }).await, [2]);
}

/// A second row of one place, and a row of no job, are conflicts.
pub async fn a_row_is_staged_once_and_only_for_a_job(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let job = import(&scene, "j");
    scene.refuse(stage(&job, &[row(0)])).await;
    scene.write(put(&job)).await;
    scene.write(stage(&job, &[row(0)])).await;
    scene.refuse(stage(&job, &[row(1), row(0)])).await;
    assert_eq!(scene.unsettled(&job, &ALL).await, [0]);
}

/// What became of a row comes back whole; settled again, or not there, it is a conflict.
pub async fn a_row_is_settled_once(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let job = import(&scene, "j");
    scene.write(put(&job)).await;
    scene.write(stage(&job, &[row(0), row(1)])).await;
    scene.write(settle(&job, &[refused(0)])).await;
    scene.refuse(settle(&job, &[settled(0, "created")])).await;
    scene.refuse(settle(&job, &[settled(1, "created"), settled(2, "created")])).await;
    scene.refuse(settle(&job, &[settled(1, "created"), settled(0, "created")])).await;
    let rows = scene.rows(&job, &RowFilter::default(), &ALL).await;
    assert_eq!(rows, [JobRow { settled: Some(refused(0)), ..row(0) }, row(1)]);
}

/// Rows are found by what became of them, and by what is told of them in all.
pub async fn rows_are_found_by_outcome_and_effect(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let job = import(&scene, "j");
    scene.write(put(&job)).await;
    scene.write(stage(&job, &[row(0), row(1), row(2), row(3)])).await;
    let who = Named { reference: build::reference("bob"), name: "Bob".to_owned() };
    let joins = RowReport { joined: true, shared_with: vec![who], ..RowReport::default() };
    let moves = RowReport {
        login_before: Some("a@x.example".to_owned()),
        login_after: Some("b@x.example".to_owned()),
        ..RowReport::default()
    };
    let rows = [
        SettledRow { report: joins, ..settled(0, "created") },
        SettledRow { report: moves, ..settled(1, "updated") },
        settled(2, "created"),
    ];
    scene.write(settle(&job, &rows)).await;
    let found = async |outcome: Option<&str>, effect: Option<RowEffect>| -> Vec<i64> {
        let filter = RowFilter { outcome: outcome.map(str::to_owned), effect };
        scene.rows(&job, &filter, &ALL).await.iter().map(|row| row.place).collect()
    };
    assert_eq!(found(Some("created"), None).await, [0, 2]);
    assert!(found(Some("refused"), None).await.is_empty());
    assert_eq!(found(None, Some(RowEffect::Join)).await, [0]);
    assert_eq!(found(None, Some(RowEffect::Move)).await, [1]);
    assert!(found(Some("created"), Some(RowEffect::Move)).await.is_empty());
    let joined = scene.rows(&job, &RowFilter::default(), &ALL).await.remove(0);
    assert_eq!(joined.settled.as_ref(), Some(&rows[0]));
}

/// A job that begins anew has all its rows to do again, but for those that were settled when they were staged.
pub async fn a_job_begins_anew_but_for_what_was_staged_settled(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let (job, other) = (import(&scene, "j"), import(&scene, "other"));
    for job in [&job, &other] {
        scene.write(put(job)).await;
        scene.write(stage(job, &[row(0), JobRow { settled: Some(refused(1)), ..row(1) }, row(2)])).await;
        scene.write(settle(job, &[settled(0, "created"), settled(2, "created")])).await;
    }
    let restart = |most| Plan::new().then(Change::RestartRows { job: job.id, most });
    scene.write(restart(1)).await;
    assert_eq!(scene.unsettled(&job, &ALL).await.len(), 1, "a few at a time");
    scene.write(restart(5)).await;
    assert_eq!(scene.unsettled(&job, &ALL).await, [0, 2]);
    assert!(scene.unsettled(&other, &ALL).await.is_empty());
    assert_eq!(scene.rows(&job, &RowFilter::default(), &ALL).await[0], row(0));
}

/// What a row does, what became of it, and how far the job is are written together or not at all.
pub async fn a_row_and_what_it_does_are_one_commit(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let job = import(&scene, "j");
    scene.write(put(&job)).await;
    scene.write(stage(&job, &[row(0)])).await;
    let contact = || Plan::new().put_contact(&build::contact("c-0", &["a@x.example"])).done();
    let done = |version| {
        let job = Job { version, state: JobState::Done, due_at: None, ..job.clone() };
        let settle = Change::SettleRows { job: job.id, rows: vec![settled(0, "created")] };
        put(&job).then(settle).done()
    };
    assert_eq!(scene.commit(&[contact(), done(3)], None).await, Commit::Conflict);
    assert!(!scene.knows("c-0").await && scene.unsettled(&job, &ALL).await == [0]);
    assert_eq!(scene.commit(&[contact(), done(2)], None).await, Commit::Committed);
    assert!(scene.knows("c-0").await && scene.unsettled(&job, &ALL).await.is_empty());
    assert_eq!(scene.job(&job).await.expect("the job").state, JobState::Done);
}

/// Of practices that wait equally long the job that has been due longest; none that is not due.
pub async fn the_job_that_is_due_longest_is_leased(harness: &Harness) {
    let (smith, jones) = (Scene::set(harness, "smith").await, Scene::set(harness, "jones").await);
    let second = import(&smith, "second");
    let first = Job { due_at: Some(later(3)), ..import(&jones, "first") };
    let not_yet = Job { due_at: Some(later(20)), ..import(&smith, "not yet") };
    let paused = Job { due_at: None, state: JobState::Paused, ..import(&smith, "paused") };
    smith.write(put(&second)).await;
    jones.write(put(&first)).await;
    for job in [&not_yet, &paused] {
        smith.write(put(job)).await;
    }
    assert_eq!(lease(&smith.store, 2, 12).await, None);
    for job in [first, second] {
        let leased = Job { due_at: Some(later(60)), version: 2, ..job };
        assert_eq!(lease(&smith.store, 10, 60).await, Some(leased));
    }
    assert_eq!(lease(&smith.store, 10, 60).await, None);
}

/// Practices have their turns: a thousand jobs that were due before keep another practice's one waiting for no more than one.
pub async fn a_practice_with_many_jobs_keeps_no_other_waiting(harness: &Harness) {
    let (smith, jones) = (Scene::set(harness, "smith").await, Scene::set(harness, "jones").await);
    let many = (0..1000).map(|number| Job { due_at: Some(later(1)), ..import(&smith, &format!("j{number}")) });
    smith.write(many.fold(Plan::new(), |plan, job| plan.then(Change::PutJob(Box::new(job))))).await;
    let taken = async |until| lease(&smith.store, 10, until).await.expect("one is due").practice;
    assert_eq!([taken(60).await, taken(60).await], [smith.id, smith.id]);
    let own = ["a", "b"].map(|name| Job { due_at: Some(later(9)), ..import(&jones, name) });
    jones.write(put(&own[0]).then(Change::PutJob(Box::new(own[1].clone())))).await;
    // Due again at once, as after a turn.
    let turns = [taken(10).await, taken(10).await, taken(10).await, taken(10).await];
    assert_eq!(turns, [jones.id, smith.id, jones.id, smith.id]);
}

/// A job is leased to one runner; when its lease ran out, to another, and whoever had it before writes nothing any more.
pub async fn a_job_is_leased_once_until_its_lease_ran_out(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let job = import(&scene, "j");
    scene.write(put(&job)).await;
    scene.write(stage(&job, &[row(0)])).await;
    let mine = lease(&scene.store, 10, 20).await.expect("it is due");
    assert_eq!(lease(&scene.store, 19, 29).await, None);
    let theirs = lease(&scene.store, 20, 30).await.expect("the lease ran out");
    assert_eq!((mine.version, theirs.version), (2, 3));
    let step = |job: &Job| {
        let next = Job { version: job.version + 1, due_at: Some(later(40)), ..job.clone() };
        put(&next).then(Change::SettleRows { job: job.id, rows: vec![settled(0, "created")] })
    };
    scene.refuse(step(&mine)).await;
    scene.write(step(&theirs)).await;
    assert_eq!(lease(&scene.store, 39, 50).await, None);
    assert_eq!(lease(&scene.store, 40, 50).await.expect("it is due again").version, 5);
}

/// A dry run waits for whoever takes dry runs, however long it has been due; what only names one is none.
pub async fn a_dry_run_is_leased_only_to_whoever_takes_them(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    let spec = |dry_run| {
        let read_as = "XLSX, sheet `\"dry_run\":true`".to_owned();
        JobSpec::Import(ImportSpec { dry_run, activate: true, mend: true, read_as, ..ImportSpec::default() })
    };
    let dry = Job { spec: spec(true), due_at: Some(later(1)), ..import(&scene, "dry") };
    let real = Job { spec: spec(false), ..import(&scene, "real") };
    for job in [&dry, &real] {
        scene.write(put(job)).await;
    }
    let lasting = async || {
        let leased = Jobs::lease(&*scene.store, later(10), later(60), false).await.expect("the store answers");
        leased.map(|job| job.id)
    };
    assert_eq!(lasting().await, Some(real.id));
    assert_eq!(lasting().await, None);
    assert_eq!(lease(&scene.store, 10, 60).await.map(|job| job.id), Some(dry.id));
}

/// Many runners on many instances never have the same job, and leave none.
pub async fn many_runners_never_share_a_job(harness: &Harness) {
    let scene = Scene::set(harness, "smith").await;
    for number in 0..24 {
        scene.write(put(&import(&scene, &format!("j{number}")))).await;
    }
    let overlaps = Overlaps::new();
    let (mut all, mut rounds) = (Vec::new(), 0);
    while all.len() < 24 {
        rounds += 1;
        assert!(rounds < 100, "what is due is leased");
        let runners = (0..6).map(|number| {
            let store = harness.turn(number);
            async move { lease(&store, 10, 70).await }
        });
        all.extend(overlaps.at_once(runners.collect()).await.into_iter().flatten().map(|job| job.id));
    }
    let different: BTreeSet<_> = all.iter().collect();
    assert_eq!((all.len(), different.len()), (24, 24));
    overlaps.must_be_real();
}

/// A job is forgotten with its rows from its time on, a few at once; others stay, and those that go on always do.
pub async fn jobs_are_forgotten_in_their_time(harness: &Harness) {
    let (smith, jones) = (Scene::set(harness, "smith").await, Scene::set(harness, "jones").await);
    let over = |job: Job, at| Job { state: JobState::Done, due_at: None, forget_at: Some(later(at)), ..job };
    let (early, late) = (over(import(&smith, "early"), 10), over(import(&jones, "late"), 20));
    let busy = import(&smith, "busy");
    for (scene, job) in [(&smith, &early), (&jones, &late), (&smith, &busy)] {
        scene.write(put(job)).await;
        scene.write(stage(job, &[row(0), row(1), row(2)])).await;
    }
    let forget = async |now| smith.store.forget_jobs(later(now), 2).await.expect("the store answers");
    assert_eq!(forget(9).await, 0);
    let (mut forgotten, mut rounds) = (0, 0);
    loop {
        let some = forget(10).await;
        forgotten += some;
        rounds += 1;
        if some == 0 {
            break;
        }
    }
    assert!(rounds > 2, "two rows at a time");
    assert_eq!(forgotten, 4);
    assert_eq!(smith.job(&early).await, None);
    assert!(smith.rows(&early, &RowFilter::default(), &ALL).await.is_empty());
    assert_eq!(jones.job(&late).await.as_ref(), Some(&late));
    while forget(1_000_000).await > 0 {}
    assert_eq!(jones.job(&late).await, None);
    assert_eq!(smith.unsettled(&busy, &ALL).await, [0, 1, 2]);
}

/// Jobs and rows of one practice are not those of another, whatever their ids.
pub async fn jobs_of_practices_are_apart(harness: &Harness) {
    let (smith, jones) = (Scene::set(harness, "smith").await, Scene::set(harness, "jones").await);
    let (ours, theirs) = (import(&smith, "j"), Job { total: 7, ..import(&jones, "j") });
    smith.write(put(&ours)).await;
    smith.write(stage(&ours, &[row(0)])).await;
    assert_eq!(jones.job(&theirs).await, None);
    assert!(jones.rows(&theirs, &RowFilter::default(), &ALL).await.is_empty());
    jones.refuse(settle(&theirs, &[settled(0, "created")])).await;
    jones.write(put(&theirs)).await;
    jones.write(stage(&theirs, &[row(0), row(1)])).await;
    jones.write(settle(&theirs, &[settled(0, "created")])).await;
    assert_eq!((smith.job(&ours).await, jones.job(&theirs).await), (Some(ours.clone()), Some(theirs.clone())));
    assert_eq!((smith.unsettled(&ours, &ALL).await, jones.unsettled(&theirs, &ALL).await), (vec![0], vec![1]));
    jones.write(Plan::new().then(Change::RestartRows { job: theirs.id, most: 9 })).await;
    smith.write(settle(&ours, &[settled(0, "created")])).await;
    assert_eq!(jones.unsettled(&theirs, &ALL).await, [0, 1]);
}

/// The jobs of a practice are listed from the newest on, in pages without gap or overlap, and none whose rows are being stored.
pub async fn jobs_are_listed_the_newest_first(harness: &Harness) {
    let (scene, jones) = (Scene::set(harness, "smith").await, Scene::set(harness, "jones").await);
    let mut jobs: Vec<_> = ["a", "b", "c", "d", "e"].iter().map(|name| import(&scene, name)).collect();
    jobs[1].state = JobState::Done;
    jobs[3].state = JobState::Staging;
    scene.write(jobs.iter().fold(Plan::new(), |plan, job| plan.then(Change::PutJob(Box::new(job.clone()))))).await;
    jones.write(put(&import(&jones, "f"))).await;
    jobs.remove(3);
    jobs.sort_by_key(|job| std::cmp::Reverse(job.id));
    for limit in [1, 3, 4, 9] {
        let mut listed: Vec<Job> = Vec::new();
        loop {
            let page = Page { after: listed.last().map(|job| job.id), limit };
            let next = scene.store.list(scene.id, &page).await.expect("the store answers");
            if next.is_empty() {
                break;
            }
            assert!(next.len() <= limit as usize, "a page has at most its limit");
            listed.extend(next);
        }
        assert_eq!(listed, jobs);
    }
}

/// What was said of columns is kept by practice and row of names, the last word of each, and of so many rows those told last.
pub async fn what_was_said_of_columns_is_kept_the_last_ones(harness: &Harness) {
    let (smith, jones) = (Scene::set(harness, "smith").await, Scene::set(harness, "jones").await);
    let keep = async |scene: &Scene, heads: &str, said: &str, at| {
        let told = ToldColumns { heads: HeadsDigest(build::digest(heads)), said: said.to_owned(), told_at: later(at) };
        scene.store.keep_columns(scene.id, &told, 2).await.expect("the store keeps it");
    };
    let kept = async |scene: &Scene, heads: &str| {
        let heads = HeadsDigest(build::digest(heads));
        scene.store.kept_columns(scene.id, heads).await.expect("the store answers")
    };
    keep(&smith, "a", "ref,name", 1).await;
    assert_eq!(kept(&smith, "a").await.as_deref(), Some("ref,name"));
    assert_eq!((kept(&smith, "b").await, kept(&jones, "a").await), (None, None));
    keep(&jones, "a", "ref,,emails", 2).await;
    keep(&smith, "b", "name+", 3).await;
    keep(&smith, "a", "ref,emails", 4).await;
    assert_eq!(kept(&smith, "a").await.as_deref(), Some("ref,emails"), "the last word holds");
    keep(&smith, "c", "", 5).await;
    let all = [kept(&smith, "a").await, kept(&smith, "b").await, kept(&smith, "c").await];
    assert_eq!(all, [Some("ref,emails".to_owned()), None, Some(String::new())], "what was told longest ago goes");
    assert_eq!(kept(&jones, "a").await.as_deref(), Some("ref,,emails"));
}
