//! Wire objects to customers, members, sessions and facts; the only reader of custom attributes.
