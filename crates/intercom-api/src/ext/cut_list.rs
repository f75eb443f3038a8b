//! Lists that the API cuts at ten entries.

use crate::id::ContactId;
use crate::paging::Paged;

/// What a contact's list says about its members, and how to learn the rest.
///
/// A contact carries at most ten entries of its tags, companies and notes. The list says whether
/// there are more; only then a call is worth making.
///
/// A contact's segments are never part of it (`ListContactSegments` has them), and the
/// subscriptions a contact opted into and out of come from one operation
/// (`ListContactSubscriptions`), so neither is such a list.
pub trait CutList {
    /// The id of a member.
    type Id;
    /// The operation that lists every member.
    type Whole: Paged;

    /// The members, or the operation that lists them when the contact carries only some.
    fn members(&self, contact_id: &ContactId) -> Members<Self::Id, Self::Whole>;

    /// The id of a member as the operation lists it.
    fn id_of(entry: <Self::Whole as Paged>::Item) -> Option<Self::Id>;
}

/// The members of a list inside a contact.
#[derive(Debug, Clone, PartialEq)]
pub enum Members<I, O> {
    /// The contact carries them all.
    Known(Vec<I>),
    /// The contact carries some; this lists them all, from the first on.
    Listed(O),
}
