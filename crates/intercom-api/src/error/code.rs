//! The codes of API errors.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Defines [`ErrorCode`] with its wire names.
macro_rules! error_codes {
    ($($variant:ident = $text:literal),+ $(,)?) => {
        /// The machine-readable code of an API error; an open set.
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[allow(missing_docs, reason = "the variants are the API's own codes")]
        pub enum ErrorCode {
            $($variant,)+
            /// A code this crate does not know, at most 100 characters of it.
            Other(Box<str>),
        }

        impl ErrorCode {
            /// Every code this crate knows, as the API spells it, in alphabetical order.
            pub const KNOWN: &'static [&'static str] = &[$($text),+];

            /// The code as the API spells it.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)+
                    Self::Other(text) => text,
                }
            }
        }

        impl From<&str> for ErrorCode {
            fn from(text: &str) -> Self {
                match text {
                    $($text => Self::$variant,)+
                    other => Self::other(other),
                }
            }
        }
    };
}

error_codes! {
    ActionForbidden = "action_forbidden",
    AdminNotFound = "admin_not_found",
    AlreadyLinkedToTracker = "already_linked_to_tracker",
    ApiPlanRestricted = "api_plan_restricted",
    ArticleNotFound = "article_not_found",
    AssigneeNotFound = "assignee_not_found",
    AwayStatusReasonMandatory = "away_status_reason_mandatory",
    BadRequest = "bad_request",
    ClientError = "client_error",
    CompanyNotFound = "company_not_found",
    Conflict = "conflict",
    ContactCompanyLimitExceeded = "contact_company_limit_exceeded",
    ContactMerged = "contact_merged",
    ContentHasProcedureDependencies = "content_has_procedure_dependencies",
    ContentSnippetNotFound = "content_snippet_not_found",
    ConversationAttributeNotFound = "conversation_attribute_not_found",
    ConversationIdLimitExceeded = "conversation_id_limit_exceeded",
    ConversationNotFound = "conversation_not_found",
    ConversationPartOrMessageNotFound = "conversation_part_or_message_not_found",
    CustomDataLimitReached = "custom_data_limit_reached",
    DataConnectorInUse = "data_connector_in_use",
    DataConnectorNotFound = "data_connector_not_found",
    DataInvalid = "data_invalid",
    ExecutionResultNotFound = "execution_result_not_found",
    FieldNotFound = "field_not_found",
    Forbidden = "forbidden",
    IdentityVerificationSecretNotFound = "identity_verification_secret_not_found",
    ImportJobIdRequired = "import_job_id_required",
    ImportSourceNotFound = "import_source_not_found",
    IntercomVersionInvalid = "intercom_version_invalid",
    InternalArticleNotFound = "internal_article_not_found",
    InternalError = "internal_error",
    InvalidCatalogFormat = "invalid_catalog_format",
    InvalidDocument = "invalid_document",
    InvalidField = "invalid_field",
    InvalidMerge = "invalid_merge",
    InvalidPartNumber = "invalid_part_number",
    InvalidPerPage = "invalid_per_page",
    InvalidSortOrder = "invalid_sort_order",
    InvalidTicketType = "invalid_ticket_type",
    JobNotFound = "job_not_found",
    LinkedConversationLimitExceeded = "linked_conversation_limit_exceeded",
    MergeFailed = "merge_failed",
    MissingParameter = "missing_parameter",
    NotFound = "not_found",
    NotRestorable = "not_restorable",
    ParameterInvalid = "parameter_invalid",
    ParameterMismatch = "parameter_mismatch",
    ParameterNotFound = "parameter_not_found",
    PayloadTooLarge = "payload_too_large",
    RateLimitExceeded = "rate_limit_exceeded",
    RequestTimeout = "request_timeout",
    ResourceConflict = "resource_conflict",
    ScrollExists = "scroll_exists",
    ServerError = "server_error",
    ServiceUnavailable = "service_unavailable",
    SyncInProgress = "sync_in_progress",
    TagHasDependentObjects = "tag_has_dependent_objects",
    TagNotFound = "tag_not_found",
    TeamNotFound = "team_not_found",
    TicketNotFound = "ticket_not_found",
    TicketStateIdInvalid = "ticket_state_id_invalid",
    TokenNotFound = "token_not_found",
    TokenRevoked = "token_revoked",
    TokenSuspended = "token_suspended",
    TokenUnauthorized = "token_unauthorized",
    TooManyRequests = "too_many_requests",
    TypeMismatch = "type_mismatch",
    Unauthorized = "unauthorized",
    UniqueUserConstraint = "unique_user_constraint",
    UnprocessableEntity = "unprocessable_entity",
    UploadSessionNotFinalizable = "upload_session_not_finalizable",
    UploadSessionNotFound = "upload_session_not_found",
    ValidationError = "validation_error",
    WhatsAppMessageNotFound = "whatsapp_message_not_found",
}

impl ErrorCode {
    /// The code of an error that names none.
    pub(crate) fn unnamed() -> Self {
        Self::Other("unknown".into())
    }

    /// What is not a word is no code; it might be anything, an e-mail address for one.
    fn other(text: &str) -> Self {
        let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ':');
        if text.is_empty() || !text.chars().take(100).all(is_word) {
            return Self::unnamed();
        }
        Self::Other(text.chars().take(100).collect::<String>().into())
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for ErrorCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for ErrorCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::from(&*crate::lenient::text(deserializer)?))
    }
}
