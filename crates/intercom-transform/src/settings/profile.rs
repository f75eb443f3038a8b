//! The two sets of settings that the crate knows.

use intercom_api::ApiVersion;

use super::{
    AbsentNumbers, Archived, AttributeDates, AttributeSettings, Conflicts, Deletion, Destination,
    EmptyTexts, Epoch, EventNames, Fallback, Forbidden, GroupEmail, GroupOrder, GroupOutcome,
    IdentifyCompany, KeyOrder, ListRule, LongTextRule, LookupExternalId, Lookups, Matching,
    MetadataSettings, MisnamedDates, MissingCompanies, NewSession, NullRule, Region, RegionRule,
    SameSecond, Settings, TraitSources, Typing, UndatedEvents, UnknownUsers, Validation, Zeros,
};

impl Default for Settings {
    fn default() -> Self {
        Self {
            destination: Destination::default(),
            version: ApiVersion::default(),
            region: Region::default(),
            region_rule: RegionRule::default(),
            user_agent: None,
            has_token: true,
            lookup_field: "email".to_owned(),
            send_anonymous_id: false,
            update_last_request_at: true,
            new_session: NewSession::default(),
            matching: Matching::default(),
            conflicts: Conflicts::default(),
            archived: Archived::default(),
            group_email: GroupEmail::default(),
            group_order: GroupOrder::default(),
            traits: TraitSources::default(),
            zeros: Zeros::default(),
            epoch: Epoch::default(),
            absent_numbers: AbsentNumbers::default(),
            unknown_users: UnknownUsers::default(),
            identify_company: IdentifyCompany::default(),
            missing_companies: MissingCompanies::default(),
            lookups: Lookups::default(),
            same_second: SameSecond::default(),
            undated_events: UndatedEvents::default(),
            now: None,
            key_order: KeyOrder::default(),
            lookup_external_id: LookupExternalId::default(),
            external_id_as_email: Fallback::default(),
            empty_texts: EmptyTexts::default(),
            typing: Typing::default(),
            validation: Validation::default(),
            group_outcome: GroupOutcome::default(),
            deletion: Deletion::default(),
            event_names: EventNames::default(),
            one_time_attributes: Vec::new(),
            attributes: AttributeSettings::default(),
            metadata: MetadataSettings::default(),
        }
    }
}

impl Settings {
    /// What RudderStack's destination `intercom` does, without its defects: for moving over without
    /// a change in what arrives. Set `destination` and `version` as they are there.
    pub fn rudderstack() -> Self {
        Self {
            version: ApiVersion::V2_10,
            region_rule: RegionRule::Version2,
            user_agent: Some("RudderStack".to_owned()),
            new_session: NewSession::Never,
            matching: Matching::First,
            conflicts: Conflicts::Retry,
            archived: Archived::Abort,
            group_email: GroupEmail::CompanyFirst,
            group_order: GroupOrder::ContactFirst,
            traits: TraitSources::Single,
            epoch: Epoch::Drop,
            unknown_users: UnknownUsers::Abort,
            identify_company: IdentifyCompany::Ignore,
            missing_companies: MissingCompanies::Abort,
            lookups: Lookups::Single,
            same_second: SameSecond::Keep,
            undated_events: UndatedEvents::AsSent,
            key_order: KeyOrder::NumbersFirst,
            lookup_external_id: LookupExternalId::UnlessNamed,
            external_id_as_email: Fallback::On,
            empty_texts: EmptyTexts::Stop,
            typing: Typing::AsSent,
            validation: Validation::AfterLookup,
            group_outcome: GroupOutcome::Suppressed,
            deletion: Deletion::Request,
            event_names: EventNames::EventOnly,
            attributes: AttributeSettings {
                lists: ListRule::Flatten,
                empty: Forbidden::Keep,
                nulls: NullRule::Keep,
                long_texts: LongTextRule::Keep,
                names: Forbidden::Keep,
                dates: AttributeDates::AsSent,
                misnamed_dates: MisnamedDates::Ignore,
            },
            metadata: MetadataSettings {
                max_keys: 0,
                priority: Vec::new(),
                lists: ListRule::Flatten,
                empty: Forbidden::Keep,
                nulls: NullRule::Keep,
                dates: AttributeDates::AsSent,
                misnamed_dates: MisnamedDates::Ignore,
            },
            ..Self::default()
        }
    }
}
