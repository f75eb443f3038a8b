//! What every call of 1.4 has in common.

use std::fmt;

use crate::error::BuildError;
use crate::handle::ContactHandle;
use crate::request::{Endpoint, Request};
use crate::version::{ApiVersion, VersionRange};

/// The only version that knows the calls of this module.
pub(super) const VERSIONS: VersionRange = VersionRange::new(ApiVersion::V1_4, ApiVersion::V1_4);

/// Implements `Operation` for a call of 1.4.
///
/// `operation! { Name(Safety, Method, "/route") -> Answer }` sends no body. A parameter of the
/// route is a field, named after a colon: `"/tags/{tag_id}": tag_id`. With `; body` the call itself
/// is the body, with `; |call, request| { .. }` the block fills the request. A call about one
/// person has two routes: `"/users" or "/users/{user_id}" by user`. An answer `()` is not read.
macro_rules! operation {
    (@read (), $response:ident) => {{
        let _ = $response;
        Ok(())
    }};
    (@read $answer:tt, $response:ident) => {
        $crate::operation::decode_json(
            <Self as $crate::operation::Operation>::NAME,
            $response,
        )
    };
    (
        @implement $name:ident $safety:ident $answer:tt
        |$call:ident, $version:ident| $request:block
    ) => {
        impl $crate::operation::Operation for $name {
            const NAME: &'static str = concat!("v1::", stringify!($name));
            const SAFETY: $crate::operation::Safety = $crate::operation::Safety::$safety;
            const VERSIONS: $crate::version::VersionRange = $crate::v1::call::VERSIONS;
            type Output = $answer;

            fn request(
                &self,
                version: $crate::version::ApiVersion,
            ) -> Result<$crate::request::Request, $crate::error::BuildError> {
                $crate::operation::check_version::<Self>(version)?;
                let ($call, $version) = (self, version);
                $request
            }

            fn decode(
                response: &$crate::response::Response,
            ) -> Result<$answer, $crate::error::DecodeError> {
                operation!(@read $answer, response)
            }
        }
    };
    (@endpoint $method:ident $route:literal) => {
        $crate::request::Endpoint {
            operation: <Self as $crate::operation::Operation>::NAME,
            safety: <Self as $crate::operation::Operation>::SAFETY,
            method: $crate::request::Method::$method,
            route: $route,
        }
    };
    (
        $name:ident($safety:ident, $method:ident, $route:literal $(: $segment:ident)?)
            -> $answer:tt
    ) => {
        operation! {
            $name($safety, $method, $route $(: $segment)?) -> $answer; |_call, _request| {}
        }
    };
    (
        $name:ident($safety:ident, $method:ident, $route:literal $(: $segment:ident)?)
            -> $answer:tt; body
    ) => {
        operation! {
            $name($safety, $method, $route $(: $segment)?) -> $answer;
            |call, request| { request.set_json(call)?; }
        }
    };
    (
        $name:ident($safety:ident, $method:ident, $route:literal $(: $segment:ident)?)
            -> $answer:tt;
        |$call:ident, $request:ident| $fill:block
    ) => {
        operation! { @implement $name $safety $answer |this, version| {
            let endpoint = operation!(@endpoint $method $route);
            let mut request =
                $crate::request::Request::new(&endpoint, version, &[$(&this.$segment)?])?;
            let ($call, $request) = (this, &mut request);
            $fill
            Ok(request)
        }}
    };
    (
        $name:ident($safety:ident, $method:ident, $all:literal or $one:literal by $handle:ident)
            -> $answer:tt
    ) => {
        operation! { @implement $name $safety $answer |this, version| {
            let (all, one) =
                (operation!(@endpoint $method $all), operation!(@endpoint $method $one));
            let handle = $crate::handle::ContactHandle::from(this.$handle.clone());
            $crate::v1::call::request_about(&all, &one, version, &handle)
        }}
    };
}

/// Implements `Paged`: how the list goes on, the key of its entries, their type.
macro_rules! paged {
    ($name:ident: $paging:ident, $items:literal of $item:ty) => {
        impl $crate::paging::Paged for $name {
            type Item = $item;
            const PAGING: $crate::paging::Paging = $crate::paging::Paging::$paging;
            const ITEMS: &'static str = $items;
        }
    };
}

/// Defines an object of the API: every field may be absent, what is unknown is kept in `extra`, and
/// `Debug` shows the fields in brackets only.
macro_rules! object {
    (
        $(#[$meta:meta])*
        pub struct $name:ident $([$($shown:ident),+])? {
            $($(#[$field_meta:meta])* $field:ident: $type:ty,)*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
        pub struct $name {
            $(
                $(#[$field_meta])*
                #[serde(default, skip_serializing_if = "Option::is_none")]
                pub $field: Option<$type>,
            )*
            /// Fields this crate does not know.
            #[serde(flatten)]
            pub extra: $crate::attributes::Extra,
        }

        $crate::redact::opaque_debug!($name $({ $($shown),+ })?);
    };
}

pub(super) use {object, operation, paged};

/// A request about one person: Intercom's id goes into the path, what else identifies the person
/// into the query.
pub(super) fn request_about(
    all: &Endpoint,
    one: &Endpoint,
    version: ApiVersion,
    handle: &ContactHandle,
) -> Result<Request, BuildError> {
    if let ContactHandle::Id(id) = handle {
        return Request::new(one, version, &[id]);
    }
    let mut request = Request::new(all, version, &[])?;
    handle.set_query(&mut request);
    Ok(request)
}

/// Writes an optional parameter into the query.
pub(super) fn set_query<T: fmt::Display>(
    request: &mut Request,
    name: &'static str,
    value: Option<&T>,
) {
    if let Some(value) = value {
        request.set_query(name, value.to_string());
    }
}
