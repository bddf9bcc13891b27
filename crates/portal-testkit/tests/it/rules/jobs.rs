//! Imports by a worker: what keeps a row, a batch and a job within bounds.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use portal_domain::{
    change::Change,
    decide::restart_job,
    id::{JobId, PracticeId, Ref},
    job::{BulkAction, HeadsDigest, ImportSpec, Job, JobKind, JobRow, JobState, ToldColumns},
    port::{Jobs, Page, RowFilter, StoreError},
    practice::SharedLogin,
    time::Timestamp,
    usecase::{ActivationOrder, CallContext, EmailsInput, ImportInput, Portal, PutContactInput},
};
use portal_testkit::{conformance::run, fixture::Fixture, memory::MemoryStore};

use super::desk::{Desk, SECRET};

const fn import(dry_run: bool) -> ImportSpec {
    ImportSpec { dry_run, activate: true, move_logins: false, mend: false, read_as: String::new(), heads: None }
}

const REAL: ImportSpec = import(false);
const DRY: ImportSpec = import(true);

fn row(who: &str, address: &str) -> ImportInput {
    ImportInput {
        reference: who.to_owned(),
        name: format!("The {who}"),
        emails: vec![address.to_owned()],
        activate: "yes".to_owned(),
        ..ImportInput::default()
    }
}

/// Rows of so many contacts, with addresses of their own.
fn rows(many: usize) -> Vec<ImportInput> {
    (0..many).map(|number| row(&format!("c-{number}"), &format!("c{number}@x.example"))).collect()
}

async fn started(portal: &Portal, call: &CallContext, spec: ImportSpec, rows: Vec<ImportInput>) -> JobId {
    let mut staging = portal.begin_import(call, spec).await.unwrap();
    for row in rows {
        staging.add(2, row).await.unwrap();
    }
    staging.start().await.unwrap().job.unwrap()
}

async fn job(portal: &Portal, call: &CallContext, id: JobId) -> Job {
    portal.job(call, JobKind::Import, id).await.unwrap()
}

async fn told(portal: &Portal, call: &CallContext, id: JobId) -> Vec<JobRow> {
    let page = Page { after: None, limit: 100_000 };
    portal.job_rows(call, id, &RowFilter::default(), &page).await.unwrap()
}

/// Runs what is due, at most so often.
async fn work(portal: &Portal, most: usize) {
    for _ in 0..most {
        if !portal.run_next_job(&|| false).await.unwrap() {
            return;
        }
    }
}

#[test]
fn s16_a_row_of_very_many_entries_is_refused_in_few_words() {
    run(async {
        let desk = Desk::new().await;
        let many = |entry: &str| (0..20_000).map(|number| format!("{entry}{number}")).collect::<Vec<_>>();
        let addresses = ImportInput { emails: many("no address "), ..row("a", "") };
        let clients = ImportInput { clients: many("client-"), ..row("b", "b@x.example") };
        let refs = ImportInput { clients: many("a client "), ..row("c", "c@x.example") };
        let few = ImportInput { clients: many("a client ").split_off(19_100), ..row("d", "d@x.example") };
        let blank = ImportInput { emails: vec![String::new(); 20_000], ..row("e", "") };
        let portal = &desk.fixture.portal;
        let id =
            started(portal, &desk.call, ImportSpec { mend: true, ..REAL }, vec![addresses, clients, refs, few, blank])
                .await;
        let done = job(portal, &desk.call, id).await;
        assert_eq!((done.state, done.progress.of("refused")), (JobState::Done, 5));
        let rows = told(portal, &desk.call, id).await;
        let faults = |row: &JobRow| row.settled.as_ref().unwrap().report.faults.clone();
        for (place, field, code) in
            [(0, "emails", "too_many_emails"), (1, "clients", "invalid_request"), (4, "emails", "too_many_emails")]
        {
            let faults = faults(&rows[place]);
            assert_eq!(faults.len(), 1, "{faults:?}");
            assert_eq!((faults[0].field.as_str(), faults[0].code.as_str()), (field, code));
        }
        assert_eq!(faults(&rows[2]).len(), 1);
        let listed = faults(&rows[3]);
        assert_eq!((listed.len(), listed[50].detail.as_str()), (51, "and 850 more faults of this row"));
    });
}

#[test]
fn i4_who_shares_a_login_is_told_by_ten_names_and_a_count() {
    run(async {
        for spec in [DRY, REAL] {
            let desk = Desk::new().await;
            let portal = &desk.fixture.portal;
            let shared = (0..30).map(|number| row(&format!("c-{number}"), "all@x.example")).collect();
            let id = started(portal, &desk.call, spec, shared).await;
            work(portal, 10).await;
            let rows = told(portal, &desk.call, id).await;
            let report = &rows[29].settled.as_ref().expect("it is settled").report;
            assert_eq!((report.shared_with.len(), report.shared_count), (10, 29));
            assert_eq!(job(portal, &desk.call, id).await.progress.joins, 29);
        }
    });
}

/// Each batch puts one of them off, and a turn ends after fewer batches.
#[test]
fn i3_rows_that_wait_for_others_keep_no_job_from_its_end() {
    run(async {
        let desk = Desk::with(&[("old", "eve@jones.example")]).await;
        desk.onboard("old", SECRET).await;
        desk.settings(|settings| settings.shared_login = SharedLogin::Refuse).await;
        let portal = &desk.fixture.portal;
        let waiting = (0..45).map(|number| row(&format!("c-{number}"), "eve@jones.example")).collect();
        let id = started(portal, &desk.call, ImportSpec { move_logins: true, ..REAL }, waiting).await;
        work(portal, 6).await;
        let done = job(portal, &desk.call, id).await;
        assert_eq!((done.state, done.progress.done), (JobState::Done, 45));
        assert_eq!(done.progress.activations["login_email_taken"], 45);
    });
}

#[test]
fn dry_runs_keep_nothing_waiting_that_is_meant() {
    run(async {
        let desk = Desk::new().await;
        let portal = &desk.fixture.portal;
        let mut dry = Vec::new();
        for _ in 0..2 {
            dry.push(started(portal, &desk.call, DRY, rows(3)).await);
        }
        let real = started(portal, &desk.call, REAL, rows(3)).await;
        assert!(portal.run_next_lasting_job(&|| false).await.unwrap());
        assert_eq!(job(portal, &desk.call, real).await.state, JobState::Done);
        assert!(!portal.run_next_lasting_job(&|| false).await.unwrap());
        for id in dry {
            assert_eq!(job(portal, &desk.call, id).await.progress.done, 0);
            assert!(portal.run_next_job(&|| false).await.unwrap());
            assert_eq!(job(portal, &desk.call, id).await.state, JobState::Done);
        }
    });
}

#[test]
fn what_is_too_much_for_the_store_is_tried_with_less() {
    run(async {
        for spec in [DRY, REAL] {
            let store = Arc::new(MemoryStore::new());
            let fixture = Fixture::on(store.clone(), "elm").await;
            let id = started(&fixture.portal, &fixture.call(), spec, rows(700)).await;
            store.wear_out(100);
            work(&fixture.portal, 3).await;
            let done = job(&fixture.portal, &fixture.call(), id).await;
            assert_eq!((done.state, done.progress.of("created")), (JobState::Done, 700));
        }
    });
}

#[test]
fn a_store_that_is_gone_is_not_asked_for_ever() {
    run(async {
        let store = Arc::new(MemoryStore::new());
        let fixture = Fixture::on(store.clone(), "elm").await;
        started(&fixture.portal, &fixture.call(), REAL, rows(3)).await;
        store.wear_out(0);
        assert!(fixture.portal.run_next_job(&|| false).await.is_err());
    });
}

/// Of many contacts a few are looked at together, and fewer where that takes the store too long: chosen, counted and done.
#[test]
fn many_are_chosen_and_counted_by_a_store_that_takes_long() {
    for most in [16, 3] {
        run(async {
            let store = Arc::new(MemoryStore::new());
            let fixture = Fixture::on(store.clone(), "elm").await;
            let (portal, call) = (&fixture.portal, fixture.call());
            for number in 0..40 {
                let contact = Ref::parse(&format!("c-{number}")).unwrap();
                let emails = vec![format!("c{number}@x.example")];
                let emails = Some(EmailsInput { emails, join: false, wrong_address: false });
                let input = PutContactInput { name: Some("C".to_owned()), emails, ..PutContactInput::default() };
                portal.put_contact(&call, &contact, &input).await.unwrap();
            }
            store.wear_out(most);
            let order = ActivationOrder {
                action: BulkAction::Activate,
                statuses: None,
                clients: None,
                contacts: None,
                start_at: None,
                per_hour: None,
            };
            let started = portal.start_activation(&call, &*store, &order).await.unwrap();
            assert_eq!(started.preview, BTreeMap::from([("changed".to_owned(), 40)]));
            work(portal, 5).await;
            let done = portal.job(&call, JobKind::Activation, started.job.unwrap()).await.unwrap();
            assert_eq!((done.state, done.progress.of("changed")), (JobState::Done, 40));
            store.wear_out(0);
            assert!(portal.start_activation(&call, &*store, &order).await.is_err(), "it is not asked for ever");
        });
    }
}

/// No statement is about all rows of a file at once.
#[test]
fn a_job_begins_anew_some_rows_at_a_time() {
    run(async {
        let desk = Desk::new().await;
        let portal = &desk.fixture.portal;
        let id = started(portal, &desk.call, DRY, rows(1)).await;
        let mut job = job(portal, &desk.call, id).await;
        (job.progress.done, job.progress.staged) = (12_003, 3);
        let mut left = Vec::new();
        while job.progress.done > 3 {
            let decided = restart_job(&job, portal.now());
            let most = decided.decision.changes.iter().find_map(|change| match change {
                Change::RestartRows { most, .. } => Some(u64::from(*most)),
                _ => None,
            });
            assert!(job.progress.done - decided.outcome.progress.done <= most.expect("rows begin anew"));
            left.push(decided.outcome.progress.done);
            job = decided.outcome;
        }
        assert_eq!(left, [7_003, 2_003, 3]);
    });
}

/// Jobs of which a row is not there any more, as after an erasure.
struct Erased(Arc<MemoryStore>);

#[async_trait]
impl Jobs for Erased {
    async fn job(&self, practice: PracticeId, job: JobId) -> Result<Option<Job>, StoreError> {
        self.0.job(practice, job).await
    }

    async fn list(&self, practice: PracticeId, page: &Page<JobId>) -> Result<Vec<Job>, StoreError> {
        self.0.list(practice, page).await
    }

    async fn lease(&self, now: Timestamp, until: Timestamp, dry_too: bool) -> Result<Option<Job>, StoreError> {
        Jobs::lease(&*self.0, now, until, dry_too).await
    }

    async fn unsettled(&self, practice: PracticeId, job: JobId, page: &Page<i64>) -> Result<Vec<JobRow>, StoreError> {
        let rows = self.0.unsettled(practice, job, page).await?;
        Ok(rows.into_iter().filter(|row| row.place != 1).collect())
    }

    async fn rows(
        &self,
        practice: PracticeId,
        job: JobId,
        filter: &RowFilter,
        page: &Page<i64>,
    ) -> Result<Vec<JobRow>, StoreError> {
        self.0.rows(practice, job, filter, page).await
    }

    async fn forget_jobs(&self, now: Timestamp, most: u32) -> Result<u64, StoreError> {
        self.0.forget_jobs(now, most).await
    }

    async fn keep_columns(&self, practice: PracticeId, told: &ToldColumns, most: u32) -> Result<(), StoreError> {
        self.0.keep_columns(practice, told, most).await
    }

    async fn kept_columns(&self, practice: PracticeId, heads: HeadsDigest) -> Result<Option<String>, StoreError> {
        self.0.kept_columns(practice, heads).await
    }
}

#[test]
fn a_job_is_done_when_nothing_is_left_whatever_was_erased() {
    run(async {
        let store = Arc::new(MemoryStore::new());
        let fixture = Fixture::on(store.clone(), "elm").await;
        let portal = Portal { jobs: Arc::new(Erased(store)), ..fixture.portal.clone() };
        let id = started(&portal, &fixture.call(), REAL, rows(3)).await;
        work(&portal, 3).await;
        let done = job(&portal, &fixture.call(), id).await;
        assert_eq!((done.state, done.progress.done, done.total), (JobState::Done, 2, 3));
    });
}
