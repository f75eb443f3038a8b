//! Coaching sessions, statuses and reports.
