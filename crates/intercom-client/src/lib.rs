//! An asynchronous Intercom client: transport, retries, rate budget, paging.
