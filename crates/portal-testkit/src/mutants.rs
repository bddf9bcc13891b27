//! Deliberately wrong stores, each with the law that must catch it.
//!
//! A suite that no mistake can fail proves nothing. So every mistake that a store could plausibly make is made once, and the suite
//! is asked.

use std::{
    panic::{self, AssertUnwindSafe},
    sync::Once,
    thread,
};

use crate::{
    conformance::{self, Harness, Law},
    memory::{Fault, MemoryStore},
};

/// A store with one mistake, and the law that it breaks.
#[derive(Clone, Copy, Debug)]
pub struct StoreMutant {
    /// The mistake.
    pub fault: Fault,
    /// The name of the law.
    pub law: &'static str,
}

/// Every wrong store.
pub fn store_mutants() -> Vec<StoreMutant> {
    Fault::ALL.into_iter().map(|fault| StoreMutant { fault, law: law_against(fault) }).collect()
}

/// The law that notices the mistake.
fn law_against(fault: Fault) -> &'static str {
    law_of_persons(fault).or_else(|| law_of_things(fault)).unwrap_or_else(|| law_of_staff_against(fault))
}

/// The law that notices a mistake about who is erased, and what is told of whom.
const fn law_of_persons(fault: Fault) -> Option<&'static str> {
    Some(match fault {
        Fault::ErasedTwice => "j3_a_contact_is_erased_once",
        Fault::JournalKept | Fault::MailKept | Fault::AnswersKept | Fault::TriesOfErasedKept => {
            "j3_erasing_leaves_nothing_of_a_contact"
        }
        Fault::HeirForgotten => "j3_erasing_one_of_two_leaves_the_other",
        Fault::SharingForgotten | Fault::OriginsKept => "j3_erasing_one_of_two_tells_the_other_nothing",
        Fault::WishesOfOthersTaken | Fault::TriesOfOthersTaken => "j3_what_others_asked_for_outlives_an_erasure",
        Fault::FormerRowsShown => "j3_rows_of_a_former_contact_are_not_the_next_ones",
        Fault::LeftSessionsForgotten => "a_dossier_has_the_contacts_sessions_at_a_login_it_left",
        Fault::RowsKept => "j3_rows_and_answers_do_without_an_erased_contact",
        Fault::JobsUndisturbed | Fault::FilesKept => "j3_whoever_works_on_rows_begins_anew",
        Fault::DossierNamesOthers => "a_dossier_has_what_is_its_contacts_alone",
        _ => return None,
    })
}

/// The law that notices any other mistake.
const fn law_of_things(fault: Fault) -> Option<&'static str> {
    Some(match fault {
        Fault::VersionsIgnored => "a_changed_version_that_moved_is_a_conflict",
        Fault::LookedAtIgnored => "a_looked_at_version_that_moved_is_a_conflict",
        Fault::VersionsRacy => "of_two_commits_on_one_version_one_is_written",
        Fault::LookedAtRacy => "no_session_outlives_a_deactivation",
        Fault::GoneIgnored => "an_aggregate_that_is_gone_is_a_conflict",
        Fault::HalfCommitted => "commit_is_all_or_nothing",
        Fault::KeyNotReleased => "a_released_key_is_free",
        Fault::ClaimBeforeRelease => "two_logins_swap_keys_in_one_commit",
        Fault::ClaimOverwrites => "a_held_key_is_not_claimed",
        Fault::ClaimRacy => "a_key_goes_to_staff_or_client_never_both",
        Fault::RefsNotUnique => "a_second_thing_of_one_reference_is_a_conflict",
        Fault::SlugsNotUnique => "a_second_practice_of_one_slug_is_a_conflict",
        Fault::ReceiptsReplaced => "a_second_receipt_is_a_conflict",
        Fault::LinksNotEnded => "an_ended_link_is_not_used",
        Fault::OwnLinksEnded => "ending_links_spares_those_of_the_same_commit",
        Fault::OtherLinksEnded => "ending_links_leaves_closed_and_others_alone",
        Fault::LinkUseUnguarded => "a_link_is_used_once",
        Fault::LinkUseRacy => "of_sixteen_redemptions_one_succeeds",
        Fault::LinkUsedExpired => "an_expired_link_is_not_used",
        Fault::LinksErased => "erasing_a_login_keeps_its_links",
        Fault::SessionsNotEnded | Fault::SpareIgnored => "sessions_end_all_one_or_all_but_one",
        Fault::OwnSessionsEnded => "ending_sessions_spares_those_of_the_same_commit",
        Fault::TouchBackwards => "a_session_is_touched_only_forward",
        Fault::TouchRevives => "a_session_that_is_over_is_not_touched",
        Fault::EventsDropped => "events_come_in_order_as_they_were_told",
        Fault::MessagesDropped => "messages_come_in_the_order_they_were_queued",
        Fault::LinkWallMissing | Fault::SessionWallMissing => "ids_of_another_practice_are_unknown",
        Fault::DormantFound => "a_dormant_login_is_never_found_by_its_key",
        Fault::MembersWithoutAccess => "only_granted_contacts_are_members",
        Fault::EpochIgnored => "open_sessions_are_listed_oldest_first",
        Fault::ExpiredLinksListed => "usable_links_are_listed_oldest_first",
        Fault::FormerKeysForgotten => "former_keys_are_remembered",
        Fault::RevokedKeyCalls => "an_api_key_calls_until_it_is_revoked",
        Fault::ProfileKept => "deleting_a_client_takes_it_everywhere",
        Fault::MillisecondTimes => "microseconds_come_back",
        Fault::PagesOverlap => "lists_come_by_reference_in_pages",
        Fault::LeasedTwice => "a_message_is_leased_once",
        Fault::LeaseForEver => "a_lease_that_ran_out_is_given_again",
        Fault::SettledUnleased => "a_settlement_needs_its_lease",
        Fault::LanesIgnored => "awaited_messages_go_first",
        Fault::DeferredAtOnce => "a_deferred_message_waits_for_its_time",
        Fault::EnquiryLeasedTwice => "an_enquiry_is_leased_once_until_its_lease_ran_out",
        Fault::NeverRecalled => "what_was_written_in_the_future_is_recalled",
        Fault::TurnsIgnored => "practices_take_turns",
        Fault::HourIgnored => "no_more_mail_leaves_than_the_hour_has_room_for",
        Fault::SuspendedMailLeaves => "mail_of_a_suspended_practice_waits",
        Fault::LanguageOfGrantedOnly => "a_lease_tells_the_contacts_language_of_now",
        Fault::DeletedEarly => "a_practice_is_deleted_when_its_time_is_over",
        Fault::AdmitRacy => "of_many_tries_at_once_no_more_than_the_limit_go_on",
        Fault::RefundIgnored => "a_right_password_is_given_back",
        Fault::TriesNotNoted => "a_try_is_noted_whatever_becomes_of_it",
        Fault::NotesUnbounded => "of_the_notes_at_a_mark_the_newest_are_kept",
        Fault::TriesKept => "a_change_forgets_a_counter",
        Fault::ReceiptsForgottenEarly => "receipts_are_forgotten_in_their_time",
        Fault::TriesForgottenEarly => "tries_are_forgotten_in_their_time",
        Fault::LockedHidden => "facts_tell_of_a_pause",
        Fault::AskedMailForgotten => "asked_mail_is_counted_by_key",
        Fault::WrongAddressesHint => "m8_a_key_leads_to_those_with_access_whose_it_is_or_was",
        Fault::RemindedTwice => "d8_an_invitation_is_noted_once_for_each_number_of_days",
        Fault::SuspendedRemind => "d8_practices_with_open_invitations_are_found",
        Fault::OvertakenHidden => "a_lease_tells_whether_an_invitation_was_overtaken",
        Fault::TriesGoFirst => "tries_to_sign_in_are_decided_after_all_others",
        Fault::StaleTriesKept => "tries_that_waited_too_long_are_forgotten",
        Fault::LeasedTriesKept => "j3_a_try_lives_for_its_minute_however_often_it_is_leased",
        Fault::StaffSoughtEverywhere => "practices_are_found_by_the_keys_of_their_live_logins",
        Fault::ClientUnasked => "the_directory_lists_names_and_addresses",
        Fault::FirstAddressSought => "contacts_are_found_by_any_of_their_addresses",
        Fault::UnsealedShown => "only_sealed_events_are_seen",
        Fault::SealUnguarded => "a_seal_needs_the_head_it_was_made_after",
        Fault::SealedAgain => "an_event_is_sealed_once",
        Fault::HeadKept => "the_head_is_that_of_the_last_event",
        Fault::NumberSkipped => "numbers_begin_at_one_and_have_no_gaps",
        Fault::SealedBackwards => "events_are_sealed_in_the_order_they_were_written",
        Fault::SaltForgotten => "sealed_events_come_back_whole",
        Fault::PassageWallMissing => "hand_overs_and_codes_stay_inside_their_practice",
        Fault::HandoffUseUnguarded => "a_hand_over_is_used_once_and_in_time",
        Fault::CodeUseUnguarded => "a_sign_in_code_is_used_once_and_in_time",
        Fault::HandoffUseRacy => "of_sixteen_uses_of_a_hand_over_one_succeeds",
        Fault::HandoffsNotEnded => "ending_links_ends_hand_overs",
        Fault::JobTurnsIgnored => "a_practice_with_many_jobs_keeps_no_other_waiting",
        Fault::ToldForgotten => "a_told_session_is_listed_until_it_is_ended",
        Fault::OverTooEarly => "over_sessions_are_those_a_host_waits_for",
        Fault::PassagesForgottenEarly => "hand_overs_and_codes_are_forgotten_in_their_time",
        Fault::WebhookUnguarded => "an_endpoint_is_replaced_at_its_version_alone",
        Fault::WebhookLeasedTwice => "an_endpoint_that_a_worker_has_is_given_to_no_other",
        Fault::JobVersionsIgnored => "a_job_is_replaced_only_by_its_next_version",
        Fault::RowsSettledTwice => "a_row_is_settled_once",
        Fault::StagedRowsRestarted => "a_job_begins_anew_but_for_what_was_staged_settled",
        Fault::JobLeasedTwice => "a_job_is_leased_once_until_its_lease_ran_out",
        Fault::DryRunsLeasedUnasked => "a_dry_run_is_leased_only_to_whoever_takes_them",
        Fault::JobsAtWorkForgotten => "jobs_are_forgotten_in_their_time",
        Fault::StagedJobsListed => "jobs_are_listed_the_newest_first",
        Fault::ColumnsPiledUp | Fault::ColumnsOfOthersTold => "what_was_said_of_columns_is_kept_the_last_ones",
        Fault::DaysUnbounded => "days_are_counted_of_sealed_events",
        Fault::GoneTooEarly => "j3_what_deletion_left_is_found_and_over_in_its_time",
        Fault::PurgedEarly => "j3_only_what_outlived_its_life_is_purged",
        Fault::ExportForgets => "an_export_has_all_of_its_practice_and_nothing_else",
        _ => return None,
    })
}

/// The same for mistakes about staff. The last arm is where a mistake lands that no list names; it is then caught by no law.
const fn law_of_staff_against(fault: Fault) -> &'static str {
    match fault {
        Fault::WorkspaceSessionsNotEnded | Fault::WorkspaceSpareIgnored => {
            "workspace_sessions_end_all_one_or_all_but_one"
        }
        Fault::OwnWorkspaceSessionsEnded => "ending_workspace_sessions_spares_those_of_the_same_commit",
        Fault::WorkspaceTouchBackwards => "a_workspace_session_is_touched_only_forward",
        Fault::WorkspaceTouchEnded | Fault::WorkspaceTouchRevives => "a_workspace_session_is_never_revived",
        Fault::WorkspaceWallMissing => "workspace_sessions_stay_inside_their_practice",
        Fault::AreasMixed => "sessions_of_portal_and_workspace_never_meet",
        Fault::StaffLinksNotEnded => "staff_links_end_one_or_all",
        Fault::StaffLinkUseUnguarded => "a_staff_link_is_used_once_and_in_time",
        Fault::StaffPasswordKept => "a_staff_password_is_put_replaced_and_dropped",
        Fault::ViewingEndedTwice => "a_view_is_ended_once",
        Fault::OldestMailFirst => "the_newest_messages_come_first",
        Fault::ReportsTwice | Fault::ComplaintsFirst | Fault::ReportsUntold => "a_report_is_noted_once_of_each_kind",
        Fault::ReportsRelease => "a_report_leaves_whoever_sends_in_peace",
        Fault::NeverSuppressed | Fault::NeverLifted | Fault::SuppressionHidden | Fault::SuppressionUntold => {
            "what_came_back_for_good_is_suppressed_until_it_is_lifted"
        }
        Fault::LateReportSuppresses => "a_late_report_suppresses_nothing_that_was_lifted_since",
        Fault::StaffMailHeldBack => "mail_to_staff_is_never_held_back",
        Fault::SuppressionOfErasedKept => "suppressions_are_erased_and_outlived",
        Fault::FirstOpeningLost => "openings_of_a_link_are_noted",
        Fault::FormerAddressUnknown => "an_address_leads_to_who_has_it_or_had_it",
        Fault::ViewerKept => "looking_is_granted_and_taken_back",
        Fault::ViewingWallMissing => "views_stay_inside_their_practice",
        Fault::ViewingsForgottenEarly => "views_are_forgotten_in_their_time",
        Fault::FirstIgnored => "a_practice_that_has_to_be_the_first_is_so_or_not_at_all",
        Fault::StaffWallMissing => "staff_facts_stay_inside_their_practice",
        _ => "staff_facts_hold_all_that_hangs_on_a_user",
    }
}

impl StoreMutant {
    /// Whether the law notices.
    ///
    /// # Panics
    ///
    /// Where there is no law of that name, or where it fails without the mistake too.
    pub fn is_caught(&self) -> bool {
        let law =
            conformance::laws().into_iter().find(|law| law.name == self.law).expect("there is a law of that name");
        assert!(!breaks(law, MemoryStore::new), "a law that every store breaks catches nothing: {law:?}");
        let fault = self.fault;
        breaks(law, move || MemoryStore::with_fault(fault))
    }
}

/// Whether the law panics on such a store. What it would print stays unprinted.
fn breaks(law: Law, store: impl Fn() -> MemoryStore + Send + 'static) -> bool {
    static QUIET: Once = Once::new();
    QUIET.call_once(|| {
        let loud = panic::take_hook();
        panic::set_hook(Box::new(move |what| {
            if thread::current().name() != Some(conformance::MUTANT) {
                loud(what);
            }
        }));
    });
    let run = move || {
        let check = async { (law.run)(&Harness::new(store())).await };
        panic::catch_unwind(AssertUnwindSafe(|| conformance::run_on(conformance::MUTANT, check))).is_err()
    };
    let thread = thread::Builder::new().name(conformance::MUTANT.to_owned()).spawn(run);
    thread.expect("a thread can be started").join().expect("a panic was caught")
}
