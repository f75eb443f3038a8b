//! Whole runs against a simulated workspace: each case runs on SQLite and, where there is a server,
//! on PostgreSQL.
//!
//! `TEST_POSTGRES_URL` names a server on which databases may be created; with `REQUIRE_SERVICES=1`
//! its absence is a failure.

mod accounts;
mod alerts;
mod bad_answers;
mod bad_input;
mod bad_records;
mod changes;
mod check;
mod clean;
mod customers;
mod database;
mod ended;
mod explain;
mod first_run;
mod history;
mod interruptions;
mod leases;
mod lost_connections;
mod meddler;
mod missing;
mod movements;
mod notifications;
mod odd_values;
mod parts;
mod random;
mod refusals;
mod report;
mod rules;
mod spans;
mod standing;
mod streams;
mod verify;
mod watch;
mod windows;
mod world;

use database::Database;

macro_rules! on_both_databases {
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

on_both_databases! {
    accounts:
        billing_that_moves_to_another_contact_is_no_loss
        what_is_lost_on_the_way_to_another_contact_is_told
        an_account_that_ends_is_told_once
        apart_each_customer_of_an_account_is_told_of;
    alerts:
        a_first_load_is_told_in_one_digest
        a_first_load_that_breaks_off_is_told_when_it_is_whole
        a_digest_has_the_words_of_mentions
        a_first_load_without_a_condition_tells_nothing
        what_lasts_is_told_once_and_again_after_it_ended
        a_customer_of_high_value_is_told_with_what_it_pays
        another_e_mail_is_no_other_customer
        a_mention_follows_its_contact_to_another_customer
        a_mention_moves_with_its_author
        a_payer_that_is_gone_is_told_once
        another_currency_is_told_once
        who_exchange_their_addresses_pay_what_they_paid
        who_takes_over_an_address_is_somebody_new
        an_old_customer_that_begins_to_pay_is_not_new
        who_pays_again_does_not_pay_for_the_first_time
        a_failing_run_is_told_once_a_day
        a_partial_run_is_told_with_what_it_left_out;
    changes:
        sync_change_three_contacts_sync_again_exactly_three_change
        by_second_in_the_far_west
        by_day_in_the_far_west
        by_second_in_the_far_east
        by_day_in_the_far_east
        what_changes_during_a_walk_is_found
        what_is_indexed_late_is_found
        a_clock_that_is_ahead_hides_no_change
        an_answer_without_a_date_hides_no_change;
    check:
        what_can_be_read_is_compared_with_what_is_stored
        a_fault_of_one_stream_is_told_as_what_a_run_makes_of_it;
    first_run:
        every_record_is_mirrored_byte_for_byte
        the_metrics_and_the_run_are_noted
        a_second_run_without_a_change_writes_nothing
        an_empty_workspace_is_no_error
        the_first_run_raises_no_alerts;
    interruptions:
        a_run_cut_off_at_any_request_is_completed_by_the_next
        a_cut_off_run_is_noted_with_what_it_did
        a_refused_cursor_lets_the_walk_go_on_at_the_last_change
        a_cursor_that_is_refused_in_a_walk_does_not_end_it
        a_refused_cursor_of_an_unsorted_walk_starts_it_anew
        a_walk_whose_cursors_are_all_refused_gets_to_its_end
        a_stored_cursor_that_leads_in_a_circle_starts_the_walk_anew
        a_server_that_does_not_sort_hides_no_change;
    bad_answers:
        parts_too_long_to_be_read_are_named_with_the_limit
        a_truncated_page_is_one_clear_error
        a_page_truncated_once_is_fetched_again
        a_page_of_another_shape_is_one_clear_error
        a_repeated_cursor_is_one_clear_error
        what_a_repeated_cursor_skipped_is_found_by_the_next_run
        a_token_without_a_workspace_is_one_clear_error;
    bad_records:
        an_entry_without_a_readable_id_costs_only_itself
        a_date_that_is_text_is_put_aside_and_named
        an_entry_that_is_fixed_leaves_the_quarantine
        what_stays_put_aside_is_named_by_every_run
        what_a_whole_walk_does_not_meet_is_put_aside_no_more
        a_nested_field_of_another_type_is_mirrored_and_put_aside
        a_record_put_aside_is_not_forgotten_when_it_is_seen_again
        a_customer_outlives_a_body_that_nobody_can_read
        an_unknown_state_is_kept;
    bad_input:
        another_workspace_is_refused_before_anything_is_written
        another_workspace_is_neither_compared_nor_previewed
        of_two_runs_begun_at_once_one_works_and_one_says_so
        a_record_of_five_megabytes_is_a_record
        what_no_answer_can_hold_is_named_and_the_rest_is_read
        an_attribute_may_change_its_type
        an_id_that_comes_twice_on_a_page_is_one_record
        a_full_disk_is_named_and_what_was_stored_stays
        a_store_that_fails_in_one_stream_keeps_the_others;
    refusals:
        a_revoked_token_is_one_clear_error
        a_run_that_could_not_begin_is_noted
        a_workspace_that_cannot_be_identified_is_told_with_advice
        a_stream_the_token_may_not_read_is_left_out_and_named
        an_api_error_in_a_stream_costs_only_that_stream
        no_error_shows_whose_data_it_is;
    ended:
        a_cancellation_beside_what_cannot_be_meant_is_told
        a_plan_that_is_over_ends_whatever_its_price
        a_plan_that_is_kept_is_told_as_that
        amounts_on_the_contact_are_converted;
    odd_values:
        billing_that_cannot_be_read_keeps_the_figures
        an_entry_that_cannot_be_read_is_no_churn
        billing_that_never_could_be_read_has_no_figures
        what_may_be_paid_all_the_same_is_no_churn
        a_currency_that_is_none_is_not_the_base_currency
        a_plan_nobody_can_read_is_no_churn
        prices_with_fractions_are_named
        a_currency_without_a_rate_is_no_churn
        figures_follow_their_contact_to_another_address
        figures_that_left_with_their_contact_stay_with_nobody_else
        the_first_ten_records_with_odd_values_are_named;
    customers:
        new_contact_with_stripe_data
        existing_contact_update
        multiple_subscriptions
        annual_subscription
        no_stripe_data
        cancel_mention
        delinquent_payment
        a_mention_in_a_reply_counts_unless_an_admin_wrote_it
        an_e_mail_change_moves_the_customer
        users_speak_before_leads_then_the_most_recent
        a_shared_billing_account_counts_once_in_totals
        days_pass_for_customers_nothing_happened_to
        figures_that_end_with_a_period_end_when_it_does
        a_group_conversation_of_one_customer_counts_once
        a_large_change_is_reported_once
        an_alert_outlives_the_run_that_fails_after_it;
    leases:
        the_second_of_two_runs_says_who_has_the_workspace
        a_failed_run_gives_the_workspace_back
        the_workspace_of_a_killed_run_is_taken_over_after_its_lease
        a_run_that_lost_the_workspace_writes_nothing_more
        processes_use_a_window_up_and_no_call_is_refused;
    history:
        one_row_for_each_changed_attribute
        members_in_another_order_are_no_change
        one_row_for_each_change_of_a_customer
        the_buckets_of_the_day;
    explain:
        every_value_has_a_source
        what_is_written_is_told_from_what_would_be
        a_merged_address_is_no_churn
        an_account_that_pays_on_is_no_churn
        who_is_no_customer_is_told
        a_row_in_another_currency_is_told_to_add_nothing
        a_move_is_told_as_a_move
        what_steers_a_terminal_is_written_out
        the_price_of_a_plan_is_shown_in_its_unit
        a_customer_nobody_knows_is_not_explained;
    movements:
        a_month_of_movements
        who_changes_the_address_is_neither_gone_nor_new
        who_exchange_their_addresses_are_neither_gone_nor_new
        a_shared_billing_account_moves_once
        movements_lead_to_the_sum_of_the_table
        who_is_merged_into_another_is_neither_gone_nor_new
        nothing_paid_in_another_currency_is_not_named
        what_is_paid_in_another_currency_is_named
        rates_alone_are_a_line_of_their_own
        retention_says_whom_it_leaves_out
        an_absurd_amount_hides_nobody_else;
    rules:
        another_preset_computes_customers_again_without_a_call
        changed_rules_are_no_change_of_a_customer
        customers_are_restated_however_many_runs_it_takes
        other_names_project_stored_bodies_again
        what_can_be_read_by_other_rules_leaves_the_quarantine;
    missing:
        a_run_over_everything_finds_what_is_gone
        a_run_over_changes_takes_nothing_for_gone
        too_much_that_is_missing_is_kept_and_named
        a_walk_that_breaks_off_takes_nothing_for_gone
        what_a_list_leaves_out_and_is_still_there_is_kept
        what_comes_back_is_unburied
        a_run_over_everything_finds_silent_changes;
    notifications:
        what_vanishes_is_known_from_notifications
        a_notification_brings_back_nobody_who_was_forgotten;
    parts:
        every_part_is_mirrored_byte_for_byte
        only_conversations_that_changed_are_fetched_again
        conversations_alone_fetch_no_parts
        a_change_in_the_second_of_the_answer_is_found
        a_run_that_is_cut_off_fetches_nothing_twice
        what_the_api_forgets_is_kept_and_marked
        a_conversation_that_is_gone_leaves_a_tombstone
        an_api_that_knows_no_conversation_buries_none
        an_answer_nobody_can_read_is_put_aside_and_named
        a_part_nobody_can_read_costs_only_itself
        more_than_the_api_shows_is_flagged
        an_api_that_is_out_of_order_ends_the_stream;
    spans:
        a_run_a_stream_and_a_page_have_spans_without_personal_data;
    standing:
        a_run_is_running_while_its_process_lives
        what_is_committed_is_counted_however_a_run_ends
        parts_are_as_far_behind_as_conversations;
    watch:
        a_run_over_everything_that_falls_short_is_tried_again
        a_run_over_everything_of_somebody_else_is_made_up_for;
    streams:
        every_stream_is_mirrored
        a_second_run_over_every_stream_writes_nothing
        a_scroll_that_breaks_begins_again
        a_scroll_that_somebody_has_open_makes_way_for_the_list
        a_token_that_may_not_ask_who_it_is_still_syncs;
    verify:
        parts_are_verified_and_repaired
        parts_that_change_later_are_pending
        conversations_whose_answer_is_bad_are_unreadable
        what_was_never_read_is_missing
        what_the_api_does_not_answer_is_not_compared_and_named
        damaged_bodies_are_named_and_mended
        what_claims_to_be_older_is_mended
        damaged_parts_are_mended;
    windows:
        windows_are_everything_by_day
        windows_are_everything_by_second
        windows_are_everything_in_the_far_east
        an_interrupted_load_goes_on_in_each_window
        what_changes_while_windows_are_read_is_found
        windows_that_do_not_add_up_are_not_read
        a_server_that_refuses_windows_is_walked
        a_refused_cursor_lets_a_window_go_on_at_the_last_creation
        a_group_has_ten_pages_at_most
        a_page_does_not_wait_for_the_next
        a_changed_row_costs_one_write_and_an_unchanged_one_none;
    random:
        a_quiet_last_run_leaves_the_workspace;
}
