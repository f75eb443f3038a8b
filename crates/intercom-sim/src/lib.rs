//! A simulated Intercom workspace: answers like the API, in memory or on a loopback server.
