//! The stored mirror of a workspace: SQLite or PostgreSQL, tables, history, bookmarks.
