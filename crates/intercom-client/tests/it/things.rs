//! Operations on "things", one for each safety and each kind of paging.

use intercom_api::{
    ApiVersion, BuildError, Cursor, DecodeError, Endpoint, Id, Method, Operation, Paged, Paging,
    Request, Response, Safety, VersionRange, check_version, decode_json,
};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

pub const EMAIL: &str = "ada@example.com";

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Thing {
    pub id: Id,
    pub size: u32,
}

/// A look-up by e-mail address: the path holds personal data.
pub struct FindThing;

impl Operation for FindThing {
    const NAME: &'static str = "FindThing";
    const SAFETY: Safety = Safety::Read;
    const VERSIONS: VersionRange = VersionRange::since(ApiVersion::V2_8);
    type Output = Thing;

    fn request(&self, version: ApiVersion) -> Result<Request, BuildError> {
        check_version::<Self>(version)?;
        let endpoint = endpoint::<Self>(Method::Get, "/things/{email}");
        let mut request = Request::new(&endpoint, version, &[&EMAIL.to_owned()])?;
        request.set_query("email", EMAIL);
        Ok(request)
    }

    fn decode(response: &Response) -> Result<Thing, DecodeError> {
        decode_json(Self::NAME, response)
    }
}

/// A creation: the body holds personal data.
pub struct CreateThing;

impl Operation for CreateThing {
    const NAME: &'static str = "CreateThing";
    const SAFETY: Safety = Safety::Once;
    const VERSIONS: VersionRange = VersionRange::ALL;
    type Output = Thing;

    fn request(&self, version: ApiVersion) -> Result<Request, BuildError> {
        let endpoint = endpoint::<Self>(Method::Post, "/things");
        let mut request = Request::new(&endpoint, version, &[])?;
        request.set_json(&json!({ "email": EMAIL }))?;
        Ok(request)
    }

    fn decode(response: &Response) -> Result<Thing, DecodeError> {
        decode_json(Self::NAME, response)
    }
}

macro_rules! lists {
    ($($name:ident: $method:ident $paging:ident),+ $(,)?) => {$(
        pub struct $name;

        impl Operation for $name {
            const NAME: &'static str = stringify!($name);
            const SAFETY: Safety = Safety::Read;
            const VERSIONS: VersionRange = VersionRange::ALL;
            type Output = IgnoredAny;

            fn request(&self, version: ApiVersion) -> Result<Request, BuildError> {
                Request::new(&endpoint::<Self>(Method::$method, "/things"), version, &[])
            }

            fn decode(response: &Response) -> Result<IgnoredAny, DecodeError> {
                decode_json(Self::NAME, response)
            }
        }

        impl Paged for $name {
            type Item = Thing;
            const PAGING: Paging = Paging::$paging;
            const ITEMS: &'static str = "data";
        }
    )+};
}

lists! {
    ListThings: Get QueryCursor,
    NumberThings: Get PageNumber,
    LinkThings: Get NextUrl,
    NextThings: Get NextCursor,
    ScrollThings: Get Scroll,
    AllThings: Get Single,
}

/// A search: the cursor goes into the body.
pub struct SearchThings;

impl SearchThings {
    fn body(version: ApiVersion, pagination: &Value) -> Result<Request, BuildError> {
        let endpoint = endpoint::<Self>(Method::Post, "/things/search");
        let mut request = Request::new(&endpoint, version, &[])?;
        request.set_json(&json!({ "query": {}, "pagination": pagination }))?;
        Ok(request)
    }
}

impl Operation for SearchThings {
    const NAME: &'static str = "SearchThings";
    const SAFETY: Safety = Safety::Read;
    const VERSIONS: VersionRange = VersionRange::ALL;
    type Output = IgnoredAny;

    fn request(&self, version: ApiVersion) -> Result<Request, BuildError> {
        Self::body(version, &json!({}))
    }

    fn decode(response: &Response) -> Result<IgnoredAny, DecodeError> {
        decode_json(Self::NAME, response)
    }
}

impl Paged for SearchThings {
    type Item = Thing;
    const PAGING: Paging = Paging::BodyCursor;
    const ITEMS: &'static str = "data";

    fn request_at(&self, version: ApiVersion, cursor: &Cursor) -> Result<Request, BuildError> {
        match cursor {
            Cursor::After(after) => Self::body(version, &json!({ "starting_after": after })),
            _ => Err(BuildError::Cursor { operation: Self::NAME }),
        }
    }
}

pub fn endpoint<O: Operation>(method: Method, route: &'static str) -> Endpoint {
    Endpoint { operation: O::NAME, safety: O::SAFETY, method, route }
}

/// A request of any safety, for sending it as it is.
pub fn raw(safety: Safety) -> Request {
    let endpoint = Endpoint { operation: "Raw", safety, method: Method::Post, route: "/raw" };
    Request::new(&endpoint, ApiVersion::default(), &[]).unwrap()
}

pub fn thing(size: u32) -> Value {
    json!({ "id": format!("t{size}"), "size": size })
}
