use std::collections::BTreeMap;

use portal_domain::{
    decide::ImportOptions,
    job::{ImportSpec, JobKind, JobState},
    port::{Page, PortalViews, RowFilter},
    status::portal_part,
    usecase::{CallContext, ImportInput, RowVerdict},
};
use portal_testkit::conformance::run;
use proptest::{
    collection::vec,
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};

use super::desk::{DAY, Desk, MINUTE, SECRET, code, reference};

const ALL: ImportOptions = ImportOptions { activate: true, move_logins: true, mend: false };
const CAREFUL: ImportOptions = ImportOptions { activate: true, move_logins: false, mend: false };

fn row(who: &str, emails: &[&str], clients: &[&str], activate: bool) -> ImportInput {
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    ImportInput {
        reference: who.to_owned(),
        name: format!("The {who}"),
        emails: owned(emails),
        clients: owned(clients),
        activate: if activate { "yes" } else { "" }.to_owned(),
    }
}

/// Runs an import to its end; verdicts in the order of the rows.
async fn import(desk: &Desk, rows: &[ImportInput], options: ImportOptions, dry: bool) -> Vec<RowVerdict> {
    let call = CallContext { preview: dry, ..desk.call.clone() };
    let mut import = desk.fixture.portal.import(&call, rows, options);
    let mut verdicts = Vec::new();
    while import.remaining() > 0 {
        verdicts.extend(import.step().await.unwrap());
    }
    verdicts.sort_by_key(|verdict| verdict.index);
    assert_eq!(verdicts.len(), rows.len(), "every row has a verdict");
    verdicts
}

fn codes(verdict: &RowVerdict) -> Vec<&'static str> {
    verdict.contact.as_ref().map_or_else(|faults| faults.iter().map(|fault| fault.code).collect(), |_| Vec::new())
}

/// What the portal shows of every contact, ids apart.
async fn picture(desk: &Desk) -> BTreeMap<String, String> {
    let portal = &desk.fixture.portal;
    let practice = portal.practice(&desk.call).await.unwrap();
    let page = Page { after: None, limit: 200 };
    let refs = PortalViews::contacts(&*desk.fixture.store, desk.call.practice, &page).await.unwrap();
    let mut picture = BTreeMap::new();
    for (who, facts) in refs.iter().zip(portal.contacts(&desk.call, &refs).await.unwrap()) {
        let part = portal_part(&practice, &facts, portal.now()).unwrap();
        let contact = facts.contact.unwrap();
        let emails: Vec<_> = contact.emails.iter().map(|email| email.as_str()).collect();
        let clients: Vec<_> = facts.clients.iter().map(|client| client.reference.as_str()).collect();
        let refusal = part.refusal.as_deref();
        let shared: Vec<_> = part.shared_with.iter().map(|named| named.reference.as_str()).collect();
        let text = format!("{} {emails:?} {clients:?} {} {refusal:?} {shared:?}", contact.name, part.status.code());
        picture.insert(who.to_string(), text);
    }
    picture
}

/// A practice whose people the rows collide with: staff, a login with a password, one that moved, one deactivated.
async fn busy() -> Desk {
    let desk =
        Desk::with(&[("r-1", "ada@smith.example"), ("old", "eve@jones.example"), ("off", "bob@other.example")]).await;
    desk.user("boss", "boss@smith.example").await.unwrap();
    desk.onboard("r-1", SECRET).await;
    desk.onboard("old", SECRET).await;
    desk.activate("off").await.unwrap();
    desk.deactivate("off").await.unwrap();
    desk.wait(MINUTE);
    desk
}

/// Rows of few refs and few addresses, so that they depend on one another. Rows of one ref agree, as I1 wants it.
fn rows() -> impl Strategy<Value = Vec<ImportInput>> {
    const ADDRESSES: [&str; 7] = [
        "ada@smith.example",
        "Ada@Smith.example",
        "eve@jones.example",
        "bob@other.example",
        "boss@smith.example",
        "new@x.example",
        "no address",
    ];
    let one = (0..5_usize, vec(prop::sample::select(&["acme", "zeta", "nova"][..]), 0..3), any::<bool>());
    (vec(0..7_usize, 5), vec(one, 1..9)).prop_map(|(first, rows)| {
        let refs = ["r-1", "r-2", "r-3", "old", "off"];
        rows.into_iter()
            .map(|(at, clients, activate)| row(refs[at], &[ADDRESSES[first[at]]], &clients, activate))
            .collect()
    })
}

fn samples(number: usize, seed: u8) -> Vec<Vec<ImportInput>> {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    (0..number).map(|_| rows().new_tree(&mut runner).unwrap().current()).collect()
}

#[test]
fn i1_rows_of_one_ref_add_up_their_clients_and_a_contradiction_refuses_the_later() {
    run(async {
        let desk = Desk::new().await;
        let verdicts = import(
            &desk,
            &[
                row("c-1", &["ada@smith.example"], &["acme"], false),
                row("c-1", &["ada@smith.example"], &["nova", "zeta"], false),
                row("c-1", &["other@smith.example"], &["late"], false),
                ImportInput { name: "Somebody else".to_owned(), ..row("c-1", &["ada@smith.example"], &[], false) },
            ],
            CAREFUL,
            false,
        )
        .await;
        assert_eq!(
            verdicts.iter().map(codes).collect::<Vec<_>>(),
            [vec![], vec![], vec!["row_contradicts"], vec!["row_contradicts"]]
        );
        assert_eq!(
            picture(&desk).await["c-1"],
            "The c-1 [\"ada@smith.example\"] [\"acme\", \"nova\", \"zeta\"] not_activated None []"
        );
        let clients = desk
            .fixture
            .portal
            .store
            .clients(desk.call.practice, &[reference("nova"), reference("late")])
            .await
            .unwrap();
        assert_eq!(clients.len(), 1, "clients of a refused row are not created");
    });
}

#[test]
fn i2_a_refused_row_lists_all_its_faults_and_leaves_nothing() {
    run(async {
        let desk = Desk::new().await;
        let before = desk.written().await;
        let broken = ImportInput {
            activate: "perhaps".to_owned(),
            ..row("c 1", &["no address", "ada@smith.example", "a@b@c.example"], &["a client"], true)
        };
        let verdicts = import(&desk, &[broken], ALL, false).await;
        let faults: Vec<_> =
            verdicts[0].contact.as_ref().unwrap_err().iter().map(|fault| fault.field.clone()).collect();
        assert_eq!(faults, ["ref", "emails[0]", "emails[2]", "clients[0]", "activate"]);
        assert_eq!(desk.written().await, before);
    });
}

#[test]
fn i2_a_refused_activation_does_not_undo_the_contact() {
    run(async {
        let desk = Desk::new().await;
        desk.user("boss", "boss@smith.example").await.unwrap();
        let rows = [row("c-1", &["Boss@smith.example"], &["acme"], true), row("c-2", &[], &[], true)];
        let verdicts = import(&desk, &rows, CAREFUL, false).await;
        let activations: Vec<_> = verdicts
            .iter()
            .map(|verdict| {
                let written = verdict.contact.as_ref().expect("the contact is written");
                assert!(written.created && written.effects.messages.is_empty());
                code(written.activation.as_ref().expect("the row asks for it"))
            })
            .collect();
        assert_eq!(activations, ["practice_user_email", "no_email"]);
        assert_eq!(desk.status("c-1").await, "conflict");
    });
}

#[test]
fn i3_imported_twice_the_second_time_changes_and_sends_nothing() {
    run(async {
        for rows in samples(60, 3) {
            let desk = busy().await;
            import(&desk, &rows, ALL, false).await;
            desk.wait(DAY);
            let (before, shown) = (desk.written().await, picture(&desk).await);
            for verdict in import(&desk, &rows, ALL, false).await {
                let Ok(written) = &verdict.contact else { continue };
                assert!(!written.created && !written.changed, "{rows:#?}: {verdict:?}");
                assert!(written.effects.messages.is_empty(), "{rows:#?}: {verdict:?}");
            }
            assert_eq!((desk.written().await, picture(&desk).await), (before, shown), "{rows:#?}");
        }
    });
}

#[test]
fn i3_an_import_moves_a_live_login_only_when_told_and_never_takes_anything_away() {
    run(async {
        for rows in samples(60, 4) {
            let desk = busy().await;
            let session = desk.sign_in("ada@smith.example", SECRET).await.unwrap();
            import(&desk, &rows, CAREFUL, false).await;
            assert!(desk.valid(&session).await, "no session ends: {rows:#?}");
            assert!(desk.lets_in("eve@jones.example", SECRET).await, "no login moves: {rows:#?}");
            let profiles = desk.profiles(&session).await;
            assert!(profiles.contains(&"r-1/acme".to_owned()), "no client is taken: {profiles:?}");
            assert!(picture(&desk).await.len() >= 3, "nobody is deleted");
        }
        let desk = busy().await;
        let moving = [row("r-1", &["new@x.example"], &[], false)];
        assert_eq!(codes(&import(&desk, &moving, CAREFUL, false).await[0]), ["would_move_login"]);
        assert_eq!(codes(&import(&desk, &moving, ALL, false).await[0]), Vec::<&str>::new());
        assert!(desk.lets_in("new@x.example", SECRET).await);
    });
}

#[test]
fn i4_a_dry_run_answers_what_the_run_does_and_writes_nothing() {
    run(async {
        for (options, rows) in
            samples(80, 5).into_iter().zip([ALL, CAREFUL].into_iter().cycle()).map(|(rows, options)| (options, rows))
        {
            let desk = busy().await;
            let (before, shown) = (desk.written().await, picture(&desk).await);
            let dry = import(&desk, &rows, options, true).await;
            assert_eq!((desk.written().await, picture(&desk).await), (before, shown), "{rows:#?}");
            let done = import(&desk, &rows, options, false).await;
            for (said, did) in dry.iter().zip(&done) {
                assert_eq!(said, did, "{rows:#?}");
            }
        }
    });
}

/// Without moves, which wait for one another, rows see what the rows before them did, in one file or one by one.
#[test]
fn i4_where_a_batch_ends_makes_no_difference() {
    run(async {
        for rows in samples(80, 6) {
            let (together, apart) = (busy().await, busy().await);
            let whole = import(&together, &rows, CAREFUL, false).await;
            for (index, row) in rows.iter().enumerate() {
                let alone = import(&apart, std::slice::from_ref(row), CAREFUL, false).await;
                assert_eq!(whole[index].contact, alone[0].contact, "row {index} of {rows:#?}");
            }
            assert_eq!(picture(&together).await, picture(&apart).await, "{rows:#?}");
            assert_eq!(together.written().await, apart.written().await, "{rows:#?}");
        }
    });
}

/// A row that meets a login which a later row moves away comes after that row: else it would change at the second import.
#[test]
fn i3_a_row_waits_for_the_row_that_makes_room() {
    run(async {
        let chain = [
            row("r-1", &["eve@jones.example"], &[], false),
            row("old", &["bob@other.example"], &[], false),
            row("off", &["new@x.example"], &[], true),
        ];
        let desk = busy().await;
        let verdicts = import(&desk, &chain, ALL, false).await;
        assert!(verdicts.iter().all(|verdict| codes(verdict).is_empty()), "{verdicts:#?}");
        assert!(desk.lets_in("eve@jones.example", SECRET).await && desk.lets_in("bob@other.example", SECRET).await);
        // Where nobody makes room, as in an exchange, the refusal stands and the import ends.
        let exchange = [row("r-1", &["bob@other.example"], &[], false), row("old", &["eve@jones.example"], &[], false)];
        let verdicts = import(&desk, &exchange, ALL, false).await;
        assert_eq!(verdicts.iter().map(codes).collect::<Vec<_>>(), [["login_email_taken"], ["login_email_taken"]]);
    });
}

#[test]
fn i3_a_row_that_changes_nothing_says_so_though_an_update_was_refused_before() {
    run(async {
        let desk = Desk::new().await;
        let full = row("c-1", &["ada@smith.example"], &["acme"], false);
        let first = import(&desk, std::slice::from_ref(&full), CAREFUL, false).await;
        assert!(first[0].contact.as_ref().is_ok_and(|written| written.created));
        let refused = || async {
            let portal = &desk.fixture.portal;
            portal.contact_view(&desk.call, &reference("c-1")).await.unwrap().refused_update
        };
        assert!(desk.emails("c-1", &["no address"]).await.is_err());
        assert_eq!(refused().await.unwrap().code, "invalid_email");
        let written = desk.written().await;
        let nameless = row("c-1", &[], &["acme"], false);
        for (row, stays) in [(&nameless, true), (&full, false)] {
            for dry in [true, false] {
                let again = import(&desk, std::slice::from_ref(row), CAREFUL, dry).await;
                assert!(again[0].contact.as_ref().is_ok_and(|it| !it.changed && !it.created), "{again:?}");
            }
            assert_eq!(refused().await.is_some(), stays, "what says nothing of addresses doesn't put them");
        }
        assert_eq!(desk.written().await, written);
    });
}

#[test]
fn i2_a_name_is_needed_for_a_new_contact_and_may_be_left_out_for_another() {
    run(async {
        let desk = Desk::new().await;
        let nameless = |emails: &[&str]| ImportInput { name: String::new(), ..row("c-1", emails, &[], false) };
        for dry in [true, false] {
            let verdicts = import(&desk, &[nameless(&["ada@smith.example"])], CAREFUL, dry).await;
            let faults = verdicts[0].contact.as_ref().unwrap_err();
            assert_eq!((faults[0].field.as_str(), faults[0].code), ("name", "invalid_request"));
        }
        let rows = [row("c-1", &["ada@smith.example"], &[], false), nameless(&["ada@smith.example"])];
        let verdicts = import(&desk, &rows, CAREFUL, false).await;
        assert!(verdicts.iter().all(|verdict| codes(verdict).is_empty()));
        let changed = import(&desk, &[nameless(&["eve@smith.example"])], CAREFUL, false).await;
        assert!(changed[0].contact.as_ref().is_ok_and(|written| written.changed));
        assert_eq!(picture(&desk).await["c-1"], "The c-1 [\"eve@smith.example\"] [] not_activated None []");
    });
}

#[test]
fn i2_what_is_mended_is_what_was_meant() {
    run(async {
        let desk = Desk::new().await;
        let mending = ImportOptions { mend: true, ..CAREFUL };
        let entries = ["Ada <ada@smith.example>", "", "a@b@c.example", "b@x.example / c@x.example", "B@X.example"];
        let rows = [row("c-1", &entries, &[], false)];
        let refused = import(&desk, &rows, CAREFUL, false).await;
        let faults = refused[0].contact.as_ref().unwrap_err();
        let told: Vec<_> = faults.iter().map(|it| (it.field.as_str(), it.fault, it.mend.as_deref())).collect();
        let expected = [
            ("emails[0]", Some("display_name"), Some("ada@smith.example")),
            ("emails[2]", Some("several_at"), Some("")),
            ("emails[3]", Some("list"), Some("b@x.example;c@x.example")),
        ];
        assert_eq!(told, expected);
        for dry in [true, false] {
            let mended = import(&desk, &rows, mending, dry).await;
            let told: Vec<_> = mended[0].mended.iter().map(|it| (it.field.as_str(), it.mend.as_str())).collect();
            let expected =
                [("emails[0]", "ada@smith.example"), ("emails[2]", ""), ("emails[3]", "b@x.example;c@x.example")];
            assert_eq!(told, expected);
            assert_eq!(mended[0].contact.as_ref().map(|written| written.emails), Ok(3));
        }
        // Nobody else's address becomes the login because the first can't be one (F2).
        let first = import(&desk, &[row("c-2", &["nonsense", "b@x.example"], &[], false)], mending, false).await;
        assert_eq!(codes(&first[0]), ["invalid_email"]);
        // Twenty are enough, mended or not (F5).
        let many: Vec<_> = (0..21).map(|number| format!("m{number}@x.example")).collect();
        let many = import(&desk, &[row("c-3", &[&many.join(",")], &[], false)], mending, false).await;
        assert_eq!(codes(&many[0]), ["too_many_emails"]);
    });
}

/// What a job does is what the import of a process does, wherever a batch ends and however often the runner is replaced.
#[test]
fn i4_a_job_does_what_the_same_import_does() {
    run(async {
        for (index, rows) in samples(40, 8).into_iter().enumerate() {
            let options = if index % 2 == 0 { ALL } else { CAREFUL };
            let (at_once, by_job) = (busy().await, busy().await);
            let verdicts = import(&at_once, &rows, options, false).await;
            let portal = &by_job.fixture.portal;
            for dry_run in [true, false] {
                let spec = ImportSpec {
                    dry_run,
                    activate: options.activate,
                    move_logins: options.move_logins,
                    mend: false,
                    read_as: String::new(),
                    heads: None,
                };
                let mut staging = portal.begin_import(&by_job.call, spec).await.unwrap();
                for (line, row) in rows.iter().enumerate() {
                    staging.add(line as u64 + 2, row.clone()).await.unwrap();
                }
                let job = staging.start().await.unwrap().job.unwrap();
                while portal.run_next_job(&|| false).await.unwrap() {}
                let page = Page { after: None, limit: 100 };
                let told = portal.job_rows(&by_job.call, job, &RowFilter::default(), &page).await.unwrap();
                for (row, verdict) in told.iter().zip(&verdicts) {
                    let settled = row.settled.as_ref().expect("every row is settled");
                    let faults: Vec<_> = settled.report.faults.iter().map(|fault| fault.code.as_str()).collect();
                    assert_eq!(faults, codes(verdict), "{rows:#?}");
                    let Ok(written) = &verdict.contact else { continue };
                    let activation =
                        written.activation.as_ref().map(|it| it.as_ref().map_or_else(|no| no.code(), |it| it.code()));
                    assert_eq!(settled.report.activation.as_deref(), activation, "{rows:#?}");
                    assert_eq!(settled.report.login_email, written.login_email);
                }
            }
            assert_eq!(picture(&by_job).await, picture(&at_once).await, "{rows:#?}");
        }
    });
}

#[test]
fn i4_a_dry_run_that_is_taken_up_again_begins_anew() {
    run(async {
        let desk = Desk::new().await;
        let portal = &desk.fixture.portal;
        let spec = ImportSpec { dry_run: true, activate: true, ..ImportSpec::default() };
        let mut staging = portal.begin_import(&desk.call, spec).await.unwrap();
        // Two share an address, more than a batch apart.
        staging.add(2, row("first", &["ada@smith.example"], &[], true)).await.unwrap();
        staging.add(3, row("no ref", &["x@y.example"], &[], true)).await.unwrap();
        for number in 0..600 {
            let (who, address) = (format!("c-{number}"), format!("c{number}@x.example"));
            staging.add(4, row(&who, &[&address], &[], true)).await.unwrap();
        }
        staging.add(5, row("last", &["ADA@smith.example"], &[], true)).await.unwrap();
        let job = staging.start().await.unwrap().job.unwrap();
        // Stopped after one batch each time, but for the last.
        for _ in 0..3 {
            assert!(portal.run_next_job(&|| true).await.unwrap());
        }
        assert!(portal.run_next_job(&|| false).await.unwrap());
        let done = portal.job(&desk.call, JobKind::Import, job).await.unwrap();
        assert_eq!((done.state, done.progress.done, done.total), (JobState::Done, 603, 603));
        assert_eq!((done.progress.of("created"), done.progress.of("refused")), (602, 1));
        assert_eq!((done.progress.joins, done.progress.activations["joined"]), (1, 1));
        assert!(picture(&desk).await.is_empty());
    });
}
