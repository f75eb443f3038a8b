//! One suite for every store: each case runs on SQLite and, where there is a server, PostgreSQL.
//!
//! `TEST_POSTGRES_URL` names a server on which databases may be created; with `REQUIRE_SERVICES=1`
//! its absence is a failure.

#![expect(clippy::unwrap_used, reason = "a case that cannot go on has failed")]

mod alerts;
mod customers;
mod database;
mod debug;
mod earlier;
mod figures;
mod forget;
mod gone;
mod history;
mod inspect;
mod leases;
mod mirror;
mod notifications;
mod opening;
mod outbox;
mod parts;
mod projection;
mod windows;

use database::Database;

macro_rules! conformance {
    ($($module:ident: $($case:ident)+;)+) => {
        mod sqlite {
            $($(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    crate::$module::$case(&crate::Database::sqlite().await).await;
                }
            )+)+
        }

        mod postgres {
            $($(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    let Some(server) = intercom_throwaway::postgres_server() else { return };
                    let database = crate::Database::postgres(&server, stringify!($case)).await;
                    crate::$module::$case(&database).await;
                    database.remove().await;
                }
            )+)+
        }
    };
}

conformance! {
    mirror:
        a_page_and_its_bookmark_are_read_back
        an_unchanged_record_is_not_written
        a_changed_record_is_written
        an_older_record_does_not_overwrite
        the_later_of_two_records_with_one_id_counts
        a_write_that_nobody_waits_for_is_whole_or_undone
        a_failing_write_leaves_nothing
        bodies_are_kept_byte_for_byte
        a_body_of_five_megabytes
        pages_of_a_thousand
        nul_in_a_text_is_replaced
        unreadable_entries_are_quarantined_once
        workspaces_are_isolated
        a_workspace_keeps_what_is_known_of_it
        readers_see_whole_pages_during_writes
        writers_take_turns;
    windows:
        windows_are_written_with_their_pages_and_forgotten
        a_failing_page_leaves_the_windows;
    projection:
        a_projected_body_is_no_longer_pending
        a_later_version_is_pending_again
        pending_bodies_are_read_place_by_place_new_ones_first
        large_pending_bodies_are_few_at_a_time
        what_a_later_version_can_read_leaves_the_quarantine
        results_of_an_outdated_body_are_dropped
        results_replace_earlier_results
        a_failing_projection_leaves_nothing
        names_come_with_the_directory;
    figures:
        conversations_are_counted_by_customer
        a_conversation_with_two_contacts_of_a_customer_counts_once
        what_conversations_say_is_read_back
        the_last_words_of_leaving_are_a_customers_own
        contacts_without_an_address_are_counted_and_named
        other_rules_make_everything_pending_again
        time_passes_once_a_day
        time_that_passes_marks_whom_it_moves
        days_of_other_writers_are_kept
        revenue_is_read_in_order
        released_entries_leave_the_quarantine;
    customers:
        every_column_is_read_back
        a_crash_after_projecting_loses_no_customer
        a_mark_made_meanwhile_survives
        a_new_email_marks_both_customers_and_empties_the_old_one
        a_conversation_marks_the_customers_of_its_contacts
        all_customers_can_be_marked
        columns_of_other_writers_are_kept
        values_of_other_writers_are_not_emptied
        rows_of_other_writers_are_adopted_and_left
        rows_of_others_with_capitals_are_matched
        days_pass_in_rows_with_capitals
        a_failing_write_of_customers_leaves_the_marks
        a_shared_account_counts_as_it_was_last_billed
        totals_and_ranks;
    history:
        a_customer_is_appended_once_per_change
        attributes_are_appended_once_per_change
        the_last_states_of_contacts_have_an_index
        the_last_buckets_of_a_day_count
        runs_are_numbered_and_ended
        a_run_counts_what_it_commits
        a_row_that_cannot_be_read_is_named
        an_error_shows_no_values;
    gone:
        a_buried_contact_leaves_a_tombstone_and_nothing_else
        a_buried_conversation_counts_no_more
        an_alias_leads_to_the_contact_that_remains
        what_is_received_again_is_unburied
        ids_come_in_order
        a_failing_burial_leaves_everything;
    parts:
        parts_are_read_back_in_order
        an_unchanged_part_is_not_written
        changed_parts_are_projected_again
        what_is_taken_away_is_kept_and_marked
        the_oldest_of_many_parts_are_not_taken_for_gone
        a_failure_is_noted_and_stays_due
        a_mark_made_while_parts_are_fetched_survives
        a_buried_conversation_takes_its_parts_along
        a_part_that_moves_is_stored_once;
    alerts:
        what_lasts_is_found_by_subject_and_by_contact
        what_ended_is_forgotten_and_can_begin_elsewhere
        what_lasts_is_written_with_the_customer_or_not_at_all
        those_it_lasts_for_are_counted_and_ranked
        a_forgotten_person_leaves_no_alert
        a_digest_loses_only_the_lines_about_a_forgotten_person
        what_waits_is_counted;
    forget:
        a_person_is_found_in_bodies_that_nobody_has_projected
        a_person_is_found_under_every_address_of_before
        a_forgotten_person_leaves_no_row_with_capitals;
    inspect:
        who_has_a_lease_is_told_until_it_expires
        parts_wait_since_the_first_change_that_is_due
        a_record_that_is_mistrusted_is_written_again
        what_others_have_deleted_is_found_and_made_again
        a_damaged_digest_is_one_that_no_body_has
        a_database_that_can_be_written_says_so_and_is_not;
    notifications:
        an_archived_contact_keeps_its_row
        an_archived_contact_that_is_received_again_is_back
        an_echo_of_what_is_gone_is_no_return
        a_repeated_notification_counts_once
        the_order_of_notifications_is_indifferent
        a_merge_outlives_the_deletion_that_it_is_told_as
        notifications_are_forgotten_after_a_week
        told_of_a_part_a_conversation_is_due
        a_contact_back_before_it_was_received_is_no_echo
        who_is_forgotten_leaves_no_notification;
    leases:
        the_second_hears_who_has_it_and_until_when
        one_of_many_gets_it
        a_lease_that_is_given_back_is_free
        a_lease_is_renewed_until_another_has_it
        the_lease_of_a_dead_process_is_taken_over
        who_lost_the_lease_writes_nothing
        workspaces_have_leases_of_their_own
        a_ledger_is_changed_by_one_at_a_time
        ledgers_are_read_without_a_change
        the_clock_of_a_ledger_runs
        a_failing_change_leaves_the_ledger;
    outbox:
        an_effect_is_written_once_per_key
        a_claimed_effect_is_nobody_elses
        many_workers_claim_every_effect_once
        an_effect_that_rests_is_not_due
        a_retry_is_due_after_its_rest
        nothing_of_a_queue_that_rests_is_due
        what_a_dead_worker_claimed_is_due_again
        who_was_given_up_does_not_report
        the_last_attempt_of_a_dead_worker_makes_a_dead_effect
        a_dead_effect_can_be_revived
        what_happened_is_remembered_for_a_while
        effects_are_written_with_the_customer_or_not_at_all;
    earlier:
        every_earlier_schema_is_brought_forward;
    opening:
        data_survives_reopening
        a_closed_store_is_unavailable
        a_newer_schema_is_refused
        a_migration_that_differs_is_refused
        two_programs_open_at_once
        a_disk_without_room_for_the_schema_is_named
        the_migrations_of_another_program_are_left_alone;
}
