//! Why a request is refused, in words that help the developer of the client that sent it.
//!
//! No message holds a value of the input: only names that the specifications give, and what to do.

use std::fmt;

use thiserror::Error;

use crate::decision::Exchange;
use crate::hint::{HintError, VerifiedHint};
use crate::request::{ClientId, LogoutRequest};

/// A parameter that the endpoint reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Parameter {
    /// `id_token_hint`
    IdTokenHint,
    /// `logout_hint`
    LogoutHint,
    /// `client_id`
    ClientId,
    /// `post_logout_redirect_uri`
    PostLogoutRedirectUri,
    /// `state`
    State,
    /// `ui_locales`
    UiLocales,
    /// `resubmitted`, which the page of a [`Resubmit`](crate::Resubmit) posts.
    Resubmitted,
    /// `confirmation`, which the page of a [`Confirm`](crate::Confirm) posts.
    Confirmation,
    /// `confirm`, which the page of a [`Confirm`](crate::Confirm) posts.
    Confirm,
    /// `encoded_parameters`, which those pages post for values that a browser's form would change.
    EncodedParameters,
}

impl Parameter {
    /// Those of RP-Initiated Logout 1.0, section 2.
    pub(crate) const SPECIFIED: [Self; 6] = [
        Self::IdTokenHint,
        Self::LogoutHint,
        Self::ClientId,
        Self::PostLogoutRedirectUri,
        Self::State,
        Self::UiLocales,
    ];

    /// Those and the ones of the crate's own pages, in the order of the variants.
    pub(crate) const ALL: [Self; 10] = [
        Self::IdTokenHint,
        Self::LogoutHint,
        Self::ClientId,
        Self::PostLogoutRedirectUri,
        Self::State,
        Self::UiLocales,
        Self::Resubmitted,
        Self::Confirmation,
        Self::Confirm,
        Self::EncodedParameters,
    ];

    /// The name as it is sent.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::IdTokenHint => "id_token_hint",
            Self::LogoutHint => "logout_hint",
            Self::ClientId => "client_id",
            Self::PostLogoutRedirectUri => "post_logout_redirect_uri",
            Self::State => "state",
            Self::UiLocales => "ui_locales",
            Self::Resubmitted => "resubmitted",
            Self::Confirmation => "confirmation",
            Self::Confirm => "confirm",
            Self::EncodedParameters => "encoded_parameters",
        }
    }
}

impl fmt::Display for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What is wrong with the encoding of a parameter's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum FormFault {
    /// A `%` is not followed by two hexadecimal digits.
    #[error("a % that is not followed by two hexadecimal digits")]
    Percent,
    /// The decoded bytes are not UTF-8.
    #[error("bytes that are not UTF-8")]
    Utf8,
    /// Not base64url, in `encoded_parameters`.
    #[error("something that is not base64url without padding")]
    Base64,
}

/// The reason of a [`Refusal`]. [`code`](Self::code) is stable and meant for logs and metrics, the `Display` text for
/// the developer of the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum RefusalReason {
    /// The query or the body is larger than 64 KiB (or the endpoint's [limit](crate::Limits)), or would be once the
    /// provider's own page posts it. `request_too_large`, status 413.
    #[error(
        "the request is larger than this provider reads, 64 KiB at most; send only the parameters of RP-Initiated Logout"
    )]
    RequestTooLarge,
    /// The value of a known parameter does not decode. `malformed_request`.
    #[error("the value of {parameter} has {fault}; encode it as application/x-www-form-urlencoded in UTF-8")]
    MalformedRequest {
        /// Whose value.
        parameter: Parameter,
        /// What is wrong with it.
        fault: FormFault,
    },
    /// A known parameter occurs more than once (RFC 6749, section 3.1). `duplicate_parameter`.
    #[error("{parameter} occurs more than once; send each parameter at most once")]
    DuplicateParameter {
        /// Which one.
        parameter: Parameter,
    },
    /// A HEAD request: it must not end a session, so it is answered without one. `head_request`, status 200.
    #[error("a HEAD request has no effect here; send the user with GET or POST")]
    HeadRequest,
    /// A method other than GET and POST. `method_not_allowed`, status 405 with `Allow: GET, POST`.
    #[error("this endpoint takes GET and POST")]
    MethodNotAllowed,
    /// A POST whose body is not a form. `unsupported_media_type`, status 415.
    #[error("a POST to this endpoint carries its parameters as application/x-www-form-urlencoded")]
    UnsupportedMediaType,
    /// The `state` is longer than the policy's bound in characters, or than 6 KiB once percent-encoded. `state_too_long`.
    #[error("the state is too long; send at most {max_chars} characters, and 6144 bytes once percent-encoded")]
    StateTooLong {
        /// The policy's bound, in characters.
        max_chars: usize,
    },
    /// The `state` is shorter than the policy's bound in characters. `state_too_short`.
    #[error("the state is too short; send at least {min_chars} characters that cannot be guessed")]
    StateTooShort {
        /// The policy's bound, in characters.
        min_chars: usize,
    },
    /// The policy wants a `state`. `state_missing`.
    #[error("this provider requires a state; send one that cannot be guessed, of at least {} characters", (*min_chars).max(1))]
    StateMissing {
        /// The policy's bound, in characters.
        min_chars: usize,
    },
    /// The policy wants a `post_logout_redirect_uri`. `redirect_uri_missing`.
    #[error("this provider requires a post_logout_redirect_uri; send one that is registered for the client")]
    RedirectUriMissing,
    /// The policy takes no `id_token_hint`. `id_token_hint_refused`.
    #[error("this provider takes no id_token_hint; send the client_id instead")]
    IdTokenHintRefused,
    /// The policy wants an `id_token_hint`, always or for a redirect. `id_token_hint_missing`.
    #[error("this provider requires an id_token_hint; send the ID Token that it issued to the client for this user")]
    IdTokenHintMissing,
    /// A `client_id` is required, or no client is named to check the redirect URI against. `client_missing`.
    #[error("the request names no client; send the client_id or an id_token_hint")]
    ClientMissing,
    /// The hint is not an ID Token that this provider issued and still accepts. `id_token_hint_invalid`.
    #[error("the id_token_hint is invalid: {0}")]
    IdTokenHintInvalid(HintError),
    /// `client_id` is not the client that the hint was issued to. `client_mismatch`.
    #[error("the client_id is not the client that the id_token_hint was issued to")]
    ClientMismatch,
    /// A redirect is asked for and the client is not registered. `client_unknown`.
    #[error("the client is not registered with this provider, so nothing can be redirected to it")]
    ClientUnknown,
    /// The URI is not one of the client's. `redirect_uri_not_registered`.
    #[error(
        "the post_logout_redirect_uri is not registered for the client; it must equal a registered one \
         (compare the scheme, the port, the case, a slash at the end and the query)"
    )]
    RedirectUriNotRegistered,
    /// The *host* called this crate wrongly: it passed another client than
    /// [`Pending::client_id`](crate::Pending::client_id) asked for. `host_error`, status 500.
    #[error("the provider made an internal error; it is not the request's fault")]
    HostError,
}

impl RefusalReason {
    /// A stable name for logs, metrics and tests, such as `redirect_uri_not_registered`.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::RequestTooLarge => "request_too_large",
            Self::MalformedRequest { .. } => "malformed_request",
            Self::DuplicateParameter { .. } => "duplicate_parameter",
            Self::HeadRequest => "head_request",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::StateTooLong { .. } => "state_too_long",
            Self::StateTooShort { .. } => "state_too_short",
            Self::StateMissing { .. } => "state_missing",
            Self::RedirectUriMissing => "redirect_uri_missing",
            Self::IdTokenHintRefused => "id_token_hint_refused",
            Self::IdTokenHintMissing => "id_token_hint_missing",
            Self::ClientMissing => "client_missing",
            Self::IdTokenHintInvalid(_) => "id_token_hint_invalid",
            Self::ClientMismatch => "client_mismatch",
            Self::ClientUnknown => "client_unknown",
            Self::RedirectUriNotRegistered => "redirect_uri_not_registered",
            Self::HostError => "host_error",
        }
    }
}

impl RefusalReason {
    /// What the code leaves open, for logs: the hint's [error](HintError::code), or the name of the parameter.
    ///
    /// ```
    /// # use oidc_logout::LogoutRequest;
    /// let reason = LogoutRequest::from_query("state=%zz").unwrap_err().reason();
    /// assert_eq!((reason.code(), reason.detail()), ("malformed_request", Some("state")));
    /// ```
    #[must_use]
    pub fn detail(self) -> Option<&'static str> {
        match self {
            Self::IdTokenHintInvalid(error) => Some(error.code()),
            Self::MalformedRequest { parameter, .. } | Self::DuplicateParameter { parameter } => Some(parameter.name()),
            _ => None,
        }
    }
}

/// A request that is not carried out: nobody is signed out and nothing is redirected.
///
/// The host shows an error page with the `Display` text (it names what to mend and holds no value of the request) and
/// with [`status`](Self::status) and [`headers`](Self::headers). So that the End-User is not left signed in without a
/// way out, the page may carry an [`offer`](crate::LogoutEndpoint::offer) to sign out.
///
/// ```
/// # use oidc_logout::LogoutRequest;
/// let refusal = LogoutRequest::from_query("state=%zz").unwrap_err();
/// assert_eq!(refusal.reason().code(), "malformed_request");
/// assert_eq!(refusal.status(), 400);
/// assert!(refusal.to_string().starts_with("the value of state has a % that"));
/// ```
#[derive(Clone, Debug, Error)]
#[error("{reason}")]
pub struct Refusal {
    reason: RefusalReason,
    exchange: Option<Box<Exchange>>,
}

impl Refusal {
    pub(crate) fn new(reason: RefusalReason, exchange: Exchange) -> Self {
        Self { reason, exchange: Some(Box::new(exchange)) }
    }

    pub(crate) fn exchange(&self) -> Option<&Exchange> {
        self.exchange.as_deref()
    }

    /// Why.
    #[must_use]
    pub fn reason(&self) -> RefusalReason {
        self.reason
    }

    /// The request, where it could be read at all: its `ui_locales` tell the error page's language, and its `client_id`,
    /// unverified, whose developer to tell.
    #[must_use]
    pub fn request(&self) -> Option<&LogoutRequest> {
        self.exchange.as_deref().map(Exchange::request)
    }

    /// The client that the request counts for, where the host had found it by then.
    #[must_use]
    pub fn client_id(&self) -> Option<&ClientId> {
        self.exchange.as_deref().and_then(Exchange::client_id)
    }

    /// The hint, where it verified and something else was wrong.
    #[must_use]
    pub fn hint(&self) -> Option<&VerifiedHint> {
        self.exchange.as_deref().and_then(Exchange::hint)
    }
}

impl From<RefusalReason> for Refusal {
    fn from(reason: RefusalReason) -> Self {
        Self { reason, exchange: None }
    }
}
