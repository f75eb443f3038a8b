//! Pulls a workspace into the store and projects customers from it.
