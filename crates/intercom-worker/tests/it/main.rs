//! Notices on their way from the outbox to a channel: each case runs on SQLite and, where there is a
//! server, on PostgreSQL.
//!
//! `TEST_POSTGRES_URL` names a server on which databases may be created; with `REQUIRE_SERVICES=1`
//! its absence is a failure.

mod database;
mod dispatch;
mod words;

use database::Database;

macro_rules! on_both_databases {
    ($($case:ident)+) => {
        mod sqlite {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    crate::dispatch::$case(&crate::Database::sqlite().await).await;
                }
            )+
        }

        mod postgres {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    let Some(server) = intercom_throwaway::postgres_server() else { return };
                    let database = crate::Database::postgres(&server, stringify!($case)).await;
                    crate::dispatch::$case(&database).await;
                    database.remove().await;
                }
            )+
        }
    };
}

on_both_databases! {
    notices_are_told_in_order_and_once
    a_program_that_dies_after_sending_tells_again
    a_program_that_dies_before_sending_loses_nothing
    trouble_puts_off_and_the_limit_makes_dead
    a_refused_message_is_dead_at_once_and_the_next_is_told
    a_gone_channel_stops_the_pass_and_kills_nothing
    a_wait_is_obeyed_and_kills_nothing
    the_whole_queue_rests_when_the_channel_asks_for_it
    very_many_are_told_in_one_message
    everybody_is_named_in_as_many_messages_as_it_takes
    above_a_number_the_rest_is_counted_with_where_to_see_it
    names_of_any_length_leave_nobody_out
    what_stands_in_a_later_message_waits_when_an_earlier_one_does
    what_cannot_be_read_is_dead
    until_empty_waits_as_long_as_patience_lasts
}
