//! `Debug` that shows ids, kinds and counts, never the data of a person.

/// Implements `Debug` with the given fields only; each is named and computed from the value.
macro_rules! opaque_debug {
    ($name:ident $(<$lifetime:lifetime>)?
        $(, |$it:ident| { $($field:ident: $value:expr),+ $(,)? })?) => {
        impl std::fmt::Debug for $name $(<$lifetime>)? {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                $(let $it = self;)?
                f.debug_struct(stringify!($name))
                    $($(.field(stringify!($field), &$value))+)?
                    .finish_non_exhaustive()
            }
        }
    };
}

pub(crate) use opaque_debug;
