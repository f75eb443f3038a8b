//! `Debug` that shows what kind of thing it is and Intercom's ids, never the data of a person.

/// Implements `Debug` with the named fields only.
macro_rules! opaque_debug {
    ($name:ident $({ $($field:ident),+ $(,)? })?) => {
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($name))
                    $($(.field(stringify!($field), &self.$field))+)?
                    .finish_non_exhaustive()
            }
        }
    };
}

pub(crate) use opaque_debug;
