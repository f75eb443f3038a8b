//! The Intercom REST API as data: types, operations, search builder, pages, errors.
