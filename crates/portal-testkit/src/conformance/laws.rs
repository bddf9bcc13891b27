// Each list of laws stands here once: the macros make tests of it, and `laws()` a table.

/// Turns a list of laws into tests, or into a table.
#[doc(hidden)]
#[macro_export]
macro_rules! __laws {
    (tests $module:ident $factory:expr; $($law:ident)*) => {
        $(
            #[test]
            fn $law() {
                $crate::conformance::run(async {
                    let harness: $crate::conformance::Harness = ($factory)().await;
                    $crate::conformance::$module::$law(&harness).await;
                });
            }
        )*
    };
    (hash_tests $module:ident $factory:expr; $($law:ident)*) => {
        $(
            #[test]
            fn $law() {
                $crate::conformance::run(async {
                    let hasher = ($factory)().await;
                    $crate::conformance::$module::$law(&hasher).await;
                });
            }
        )*
    };
    (list $module:ident; $($law:ident)*) => {
        vec![$($crate::conformance::Law {
            port: stringify!($module),
            name: stringify!($law),
            run: |harness| Box::pin($crate::conformance::$module::$law(harness)),
        }),*]
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __store_laws {
    ($($how:tt)*) => {
        $crate::__laws! {
            $($how)*;
            a_practice_is_found_by_slug_and_id
            a_practice_that_has_to_be_the_first_is_so_or_not_at_all
            of_many_first_practices_one_is_founded
            j3_erasing_leaves_nothing_of_a_contact
            j3_a_contact_is_erased_once
            j3_erasing_one_of_two_leaves_the_other
            j3_rows_and_answers_do_without_an_erased_contact
            j3_whoever_works_on_rows_begins_anew
            j3_what_deletion_left_is_found_and_over_in_its_time
            j3_only_what_outlived_its_life_is_purged
            j3_no_answer_names_who_is_erased_at_the_same_time
            j3_erasing_one_of_two_tells_the_other_nothing
            a_dossier_has_tries_at_the_key_of_the_login
            j3_what_others_asked_for_outlives_an_erasure
            j3_rows_of_a_former_contact_are_not_the_next_ones
            a_dossier_has_the_contacts_sessions_at_a_login_it_left
            j3_mail_settled_at_the_same_time_leaves_no_address
            a_hand_over_comes_back_whole
            a_hand_over_is_used_once_and_in_time
            ending_links_ends_hand_overs
            all_hand_overs_of_a_practice_end_together
            of_sixteen_uses_of_a_hand_over_one_succeeds
            a_sign_in_code_comes_back_with_its_session
            a_sign_in_code_is_used_once_and_in_time
            hand_overs_and_codes_stay_inside_their_practice
            hand_overs_and_codes_go_with_their_login
            a_told_session_is_listed_until_it_is_ended
            over_sessions_are_those_a_host_waits_for
            hand_overs_and_codes_are_forgotten_in_their_time
            settings_come_back_whole
            facts_come_in_the_order_of_the_queries
            keys_and_clients_are_answered_without_a_contact
            facts_hold_own_and_named_clients
            former_keys_are_remembered
            holders_are_named_for_asked_keys_and_the_first_address
            a_contact_is_found_by_id_as_by_reference
            references_are_compared_byte_by_byte
            user_facts_name_holder_and_another_admin
            a_user_is_replaced
            clients_come_as_far_as_they_exist
            an_api_key_calls_until_it_is_revoked
            members_are_listed_by_id
            only_granted_contacts_are_members
            a_dormant_login_is_never_found_by_its_key
            a_login_is_replaced
            usable_links_are_listed_oldest_first
            open_sessions_are_listed_oldest_first
            the_last_sign_in_is_told
            the_invitation_is_the_newest_set_password_message
            a_link_is_told_with_its_login_and_message
            a_moved_login_is_found_by_its_new_key_only
            practices_never_see_one_another
            a_change_stays_inside_its_practice
            ids_of_another_practice_are_unknown
            a_present_version_is_no_conflict
            a_looked_at_version_that_moved_is_a_conflict
            a_changed_version_that_moved_is_a_conflict
            an_aggregate_that_is_gone_is_a_conflict
            commit_is_all_or_nothing
            a_commit_to_no_practice_is_a_conflict
            a_second_thing_of_one_reference_is_a_conflict
            two_things_of_one_reference_in_a_batch_are_a_conflict
            a_second_practice_of_one_slug_is_a_conflict
            a_receipt_is_kept
            a_second_receipt_is_a_conflict
            receipts_are_forgotten_in_their_time
            a_deleted_reference_is_free
            a_second_message_or_link_of_one_id_is_a_conflict
            a_held_key_is_not_claimed
            a_key_claimed_twice_in_a_batch_is_a_conflict
            a_key_is_released_before_it_is_claimed
            two_logins_swap_keys_in_one_commit
            a_released_key_is_free
            keys_are_compared_byte_by_byte
            a_link_comes_back_whole
            a_link_is_used_once
            an_expired_link_is_not_used
            an_ended_link_is_not_used
            ending_links_spares_those_of_the_same_commit
            ending_links_leaves_closed_and_others_alone
            one_link_is_ended
            a_session_is_found_valid_or_not
            sessions_end_all_one_or_all_but_one
            ending_sessions_spares_those_of_the_same_commit
            a_session_is_touched_only_forward
            a_session_that_is_over_is_not_touched
            a_profile_is_chosen
            a_workspace_session_is_found_valid_or_not
            workspace_sessions_end_all_one_or_all_but_one
            ending_workspace_sessions_spares_those_of_the_same_commit
            a_workspace_session_is_touched_only_forward
            a_workspace_session_is_never_revived
            a_workspace_session_goes_with_its_user
            workspace_sessions_stay_inside_their_practice
            sessions_of_portal_and_workspace_never_meet
            staff_facts_hold_all_that_hangs_on_a_user
            a_staff_password_is_put_replaced_and_dropped
            a_staff_link_is_used_once_and_in_time
            staff_links_end_one_or_all
            links_of_portal_and_workspace_never_meet
            staff_facts_stay_inside_their_practice
            j3_mail_and_links_of_staff_are_purged_in_their_time
            erasing_a_login_keeps_its_links
            deleting_a_contact_keeps_messages_and_events
            deleting_a_client_takes_it_everywhere
            a_contact_is_replaced
            a_contact_changes_its_login
            five_hundred_decisions_are_one_commit
            one_misfit_among_many_stops_all
            an_abandoned_commit_is_whole_or_absent
            text_comes_back_byte_for_byte
            addresses_come_back_as_typed
            microseconds_come_back
            every_message_comes_back_whole
            of_two_commits_on_one_version_one_is_written
            of_sixteen_redemptions_one_succeeds
            a_key_goes_to_staff_or_client_never_both
            a_key_goes_to_one_of_eight_logins
            no_session_outlives_a_deactivation
            no_workspace_session_outlives_a_demotion
            of_eight_requests_with_one_key_one_is_written
            commits_on_different_things_are_all_written
            a_sign_in_finds_a_login_by_its_live_key_alone
            asked_mail_is_counted_by_key
            m8_a_key_leads_to_those_with_access_whose_it_is_or_was
            m8_hints_are_found_by_the_contact_they_are_about
            d8_practices_with_open_invitations_are_found
            d8_invitations_come_up_in_their_time
            d8_an_invitation_is_noted_once_for_each_number_of_days
            d8_of_sixteen_who_remind_one_does
            d8_two_instances_remind_once_and_tell_of_the_end_once
            practices_are_found_by_the_keys_of_their_live_logins
            tries_are_counted_and_refused
            buckets_are_asked_in_order
            a_right_password_is_given_back
            a_try_is_noted_whatever_becomes_of_it
            of_the_notes_at_a_mark_the_newest_are_kept
            a_change_forgets_a_counter
            tries_are_forgotten_in_their_time
            facts_tell_of_a_pause
            tries_stay_inside_their_practice
            of_many_tries_at_once_no_more_than_the_limit_go_on
            of_many_sign_ins_at_two_instances_no_more_wrong_ones_are_looked_at
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __views_laws {
    ($($how:tt)*) => {
        $crate::__laws! {
            $($how)*;
            lists_come_by_reference_in_pages
            contacts_are_found_by_any_of_their_addresses
            logins_that_are_signed_in_come_with_their_first_contact
            the_directory_lists_names_and_addresses
            practices_come_by_slug
            lists_stay_inside_their_practice
            messages_come_in_the_order_they_were_queued
            events_come_in_order_as_they_were_told
            an_event_holds_the_digest_of_what_is_personal
            events_about_a_contact_are_found
            references_are_found_by_id
            api_keys_come_oldest_first
            what_waits_is_counted_by_kind
            the_oldest_due_message_is_known
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __outbox_laws {
    ($($how:tt)*) => {
        $crate::__laws! {
            $($how)*;
            a_message_is_leased_once
            a_lease_that_ran_out_is_given_again
            a_settlement_needs_its_lease
            awaited_messages_go_first
            messages_of_all_practices_are_leased
            a_deferred_message_waits_for_its_time
            a_settled_message_is_never_leased_again
            a_lease_carries_all_that_is_needed
            a_settlement_writes_attempt_and_event
            many_workers_never_share_a_message
            a_lease_tells_where_the_contact_signs_in
            what_was_asked_for_goes_first_whatever_its_kind
            awaited_messages_can_be_asked_for_alone
            messages_may_share_a_link
            mail_to_staff_carries_a_link_of_the_workspace
            what_was_written_in_the_future_is_recalled
            practices_take_turns
            no_more_mail_leaves_than_the_hour_has_room_for
            mail_of_a_suspended_practice_waits
            a_lease_tells_the_contacts_language_of_now
            a_lease_tells_whether_an_invitation_was_overtaken
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __enquiries_laws {
    ($($how:tt)*) => {
        $crate::__laws! {
            $($how)*;
            enquiries_come_oldest_first_as_they_were_put
            tries_to_sign_in_are_decided_after_all_others
            tries_that_waited_too_long_are_forgotten
            j3_a_try_lives_for_its_minute_however_often_it_is_leased
            an_enquiry_is_leased_once_until_its_lease_ran_out
            a_decided_enquiry_is_forgotten
            many_workers_never_share_an_enquiry
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __operators_laws {
    ($($how:tt)*) => {
        $crate::__laws! {
            $($how)*;
            an_operators_key_opens_until_it_is_revoked
            a_practice_is_deleted_when_its_time_is_over
            a_deletion_leaves_nothing_but_its_receipt
            many_that_delete_at_once_end_well
            a_practice_that_is_being_deleted_keeps_none_from_being_the_first
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __jobs_laws {
    ($($how:tt)*) => {
        $crate::__laws! {
            $($how)*;
            a_job_comes_back_whole
            a_job_is_replaced_only_by_its_next_version
            rows_come_back_in_their_order
            a_row_is_staged_once_and_only_for_a_job
            a_row_is_settled_once
            rows_are_found_by_outcome_and_effect
            a_job_begins_anew_but_for_what_was_staged_settled
            a_row_and_what_it_does_are_one_commit
            the_job_that_is_due_longest_is_leased
            a_practice_with_many_jobs_keeps_no_other_waiting
            a_job_is_leased_once_until_its_lease_ran_out
            a_dry_run_is_leased_only_to_whoever_takes_them
            many_runners_never_share_a_job
            jobs_are_forgotten_in_their_time
            jobs_of_practices_are_apart
            jobs_are_listed_the_newest_first
            what_was_said_of_columns_is_kept_the_last_ones
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __journal_laws {
    ($($how:tt)*) => {
        $crate::__laws! {
            $($how)*;
            only_sealed_events_are_seen
            numbers_begin_at_one_and_have_no_gaps
            events_are_sealed_in_the_order_they_were_written
            a_seal_needs_the_head_it_was_made_after
            an_event_is_sealed_once
            the_head_is_that_of_the_last_event
            sealed_events_come_back_whole
            journals_of_practices_are_apart
            two_sealers_give_every_event_one_number
            events_of_one_contact_keep_their_order_while_sealed
            days_are_counted_of_sealed_events
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __webhooks_laws {
    ($($how:tt)*) => {
        $crate::__laws! {
            $($how)*;
            endpoints_come_back_as_they_were_put_by_reference
            an_endpoint_is_replaced_at_its_version_alone
            a_second_endpoint_of_one_reference_is_a_conflict
            a_deleted_endpoint_is_gone_with_its_log
            an_endpoint_is_due_when_the_journal_goes_on
            an_endpoint_is_due_when_what_waits_is
            an_endpoint_that_a_worker_has_is_given_to_no_other
            a_time_that_no_lease_reaches_counts_as_over
            who_was_served_longest_ago_is_next
            deliveries_come_back_last_one_first
            a_log_is_bounded_in_places_and_in_time
            endpoints_stay_inside_their_practice
            an_endpoint_of_a_suspended_practice_waits
            many_workers_never_share_an_endpoint
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __returns_laws {
    ($($how:tt)*) => {
        $crate::__laws! {
            $($how)*;
            a_report_is_noted_once_of_each_kind
            a_report_leaves_whoever_sends_in_peace
            what_came_back_for_good_is_suppressed_until_it_is_lifted
            a_late_report_suppresses_nothing_that_was_lifted_since
            mail_to_staff_is_never_held_back
            suppressions_are_erased_and_outlived
            a_reminder_is_the_newest_invitation
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __evidence_laws {
    ($($how:tt)*) => {
        $crate::__laws! {
            $($how)*;
            the_newest_messages_come_first
            openings_of_a_link_are_noted
            openings_stay_inside_their_practice
            tries_at_several_marks_come_newest_first
            an_address_leads_to_who_has_it_or_had_it
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __viewings_laws {
    ($($how:tt)*) => {
        $crate::__laws! {
            $($how)*;
            a_view_comes_back_with_who_looks
            a_view_is_ended_once
            looking_is_granted_and_taken_back
            a_view_goes_with_its_user_contact_or_client
            views_stay_inside_their_practice
            views_are_forgotten_in_their_time
            a_trial_contact_comes_back_as_one
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __backlogs_laws {
    ($($how:tt)*) => {
        $crate::__laws! {
            $($how)*;
            nothing_waits_in_an_empty_store
            waiting_mail_is_counted_by_urgency_and_state
            what_waits_to_be_decided_sealed_or_run_is_counted
            endpoints_are_counted_with_what_lies_ahead_of_them
            a_suspended_practice_does_not_count
            counting_ends_where_it_is_told_to
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __exports_laws {
    ($($how:tt)*) => {
        $crate::__laws! {
            $($how)*;
            an_export_has_all_of_its_practice_and_nothing_else
            an_export_holds_no_digest_of_a_secret
            an_export_stays_as_it_was_opened
            a_dossier_has_what_is_its_contacts_alone
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __hasher_laws {
    ($($how:tt)*) => {
        $crate::__laws! {
            $($how)*;
            only_the_right_password_matches
            without_a_hash_nothing_matches
            every_hash_has_its_own_salt
            letters_may_be_composed_either_way
        }
    };
}

/// One test for every law of `PortalStore`, on fresh stores that the factory gives: anything that can be called without arguments and
/// gives a future of a [`Harness`](crate::conformance::Harness).
#[macro_export]
macro_rules! portal_store_conformance {
    ($factory:expr) => {
        $crate::__store_laws! { tests store $factory }
    };
}

/// One test for every law of `PortalViews`, on fresh stores that the factory gives: anything that can be called without arguments and
/// gives a future of a [`Harness`](crate::conformance::Harness).
#[macro_export]
macro_rules! portal_views_conformance {
    ($factory:expr) => {
        $crate::__views_laws! { tests views $factory }
    };
}

/// One test for every law of `Outbox`, on fresh stores that the factory gives: anything that can be called without arguments and
/// gives a future of a [`Harness`](crate::conformance::Harness).
#[macro_export]
macro_rules! outbox_conformance {
    ($factory:expr) => {
        $crate::__outbox_laws! { tests outbox $factory }
    };
}

/// One test for every law of `Enquiries`, on fresh stores that the factory gives: anything that can be called without arguments and
/// gives a future of a [`Harness`](crate::conformance::Harness).
#[macro_export]
macro_rules! enquiries_conformance {
    ($factory:expr) => {
        $crate::__enquiries_laws! { tests enquiries $factory }
    };
}

/// One test for every law of `Operators`, on fresh stores that the factory gives: anything that can be called without arguments and
/// gives a future of a [`Harness`](crate::conformance::Harness).
#[macro_export]
macro_rules! operators_conformance {
    ($factory:expr) => {
        $crate::__operators_laws! { tests operators $factory }
    };
}

/// One test for every law of `Jobs`, on fresh stores that the factory gives: anything that can be called without arguments and
/// gives a future of a [`Harness`](crate::conformance::Harness).
#[macro_export]
macro_rules! jobs_conformance {
    ($factory:expr) => {
        $crate::__jobs_laws! { tests jobs $factory }
    };
}

/// One test for every law of `Journal`, on fresh stores that the factory gives: anything that can be called without arguments and
/// gives a future of a [`Harness`](crate::conformance::Harness).
#[macro_export]
macro_rules! journal_conformance {
    ($factory:expr) => {
        $crate::__journal_laws! { tests journal $factory }
    };
}

/// One test for every law of `Webhooks`, on fresh stores that the factory gives: anything that can be called without arguments and
/// gives a future of a [`Harness`](crate::conformance::Harness).
#[macro_export]
macro_rules! webhooks_conformance {
    ($factory:expr) => {
        $crate::__webhooks_laws! { tests webhooks $factory }
    };
}

/// One test for every law of `Viewings`, on fresh stores that the factory gives: anything that can be called without arguments and
/// gives a future of a [`Harness`](crate::conformance::Harness).
#[macro_export]
macro_rules! viewings_conformance {
    ($factory:expr) => {
        $crate::__viewings_laws! { tests viewings $factory }
    };
}

/// One test for every law of `Evidence`, on fresh stores that the factory gives: anything that can be called without arguments and
/// gives a future of a [`Harness`](crate::conformance::Harness).
#[macro_export]
macro_rules! evidence_conformance {
    ($factory:expr) => {
        $crate::__evidence_laws! { tests evidence $factory }
    };
}

/// One test for every law of `Returns`, on fresh stores that the factory gives: anything that can be called without arguments and
/// gives a future of a [`Harness`](crate::conformance::Harness).
#[macro_export]
macro_rules! returns_conformance {
    ($factory:expr) => {
        $crate::__returns_laws! { tests returns $factory }
    };
}

/// One test for every law of `Backlogs`, on fresh stores that the factory gives: anything that can be called without arguments and
/// gives a future of a [`Harness`](crate::conformance::Harness).
#[macro_export]
macro_rules! backlogs_conformance {
    ($factory:expr) => {
        $crate::__backlogs_laws! { tests backlogs $factory }
    };
}

/// One test for every law of `Exports`, on fresh stores that the factory gives: anything that can be called without arguments and
/// gives a future of a [`Harness`](crate::conformance::Harness).
#[macro_export]
macro_rules! exports_conformance {
    ($factory:expr) => {
        $crate::__exports_laws! { tests exports $factory }
    };
}

/// One test for every law of `PasswordHasher`, on hashers that the factory gives: anything that can be called without arguments
/// and gives a future of a hasher.
#[macro_export]
macro_rules! password_hasher_conformance {
    ($factory:expr) => {
        $crate::__hasher_laws! { hash_tests hasher $factory }
    };
}
