//! Refusals (rule 10), in words that help the developer of the client that sent the request.
//!
//! No message holds a value of the input: only names that the specifications give, and what to do.

use std::fmt;

use serde::ser::{Serialize, Serializer};
use thiserror::Error;

use super::exchange::{Exchange, exchange_accessors};
use super::hint::{HintError, VerifyHintError};
use super::reasons::ConfirmReason;
use crate::answer::{Headers, serialize_error};
use crate::form::{self, FormFault};

/// The reason of a [`Refusal`]. [`code`](Self::code) is stable and meant for logs and metrics, the
/// `Display` text for the developer of the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum RefusalReason {
    /// The query or the body is larger than 64 KiB, or than the endpoint's [limit](crate::Limits),
    /// or would be once the provider's own page posts it. `request_too_large`, status 413.
    #[error(
        "the request is larger than this provider reads, 64 KiB at most; send only the parameters of RP-Initiated Logout"
    )]
    RequestTooLarge,
    /// The value of a known parameter does not decode. `malformed_request`.
    #[error("the value of {parameter} has {fault}; encode it as application/x-www-form-urlencoded in UTF-8")]
    MalformedRequest {
        /// The name of the parameter.
        parameter: &'static str,
        /// The fault of its encoding.
        fault: FormFault,
    },
    /// A known parameter occurs more than once (RFC 6749, section 3.1). `duplicate_parameter`.
    #[error("{parameter} occurs more than once; send each parameter at most once")]
    DuplicateParameter {
        /// The name of the parameter.
        parameter: &'static str,
    },
    /// A HEAD request, which must not end a session and has no effect. `head_request`, status 200.
    #[error("a HEAD request has no effect here; send the user with GET or POST")]
    HeadRequest,
    /// A method other than GET and POST. `method_not_allowed`, status 405 with `Allow: GET, POST`.
    #[error("this endpoint takes GET and POST")]
    MethodNotAllowed,
    /// A POST whose body is not a form. `unsupported_media_type`, status 415.
    #[error("a POST to this endpoint carries its parameters as application/x-www-form-urlencoded")]
    UnsupportedMediaType,
    /// The `state` is longer than the policy's bound in characters, or than 6 KiB once
    /// percent-encoded. `state_too_long`.
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
    #[error("this provider requires a state; send one that cannot be guessed{}", AtLeast(*min_chars))]
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
    /// The policy wants a `client_id`. `client_missing`.
    #[error("this provider requires a client_id; send the client's own")]
    ClientIdMissing,
    /// No client is named to check the redirect URI against. `client_missing`.
    #[error("the request names no client; send the client_id or an id_token_hint")]
    ClientMissing,
    /// The hint is not an ID Token that this provider issued and still accepts.
    /// `id_token_hint_invalid`.
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
    /// The browser fetches the page in advance: nobody asked for a logout yet. It has no effect.
    /// `prefetch`, status 400, because a 5xx that anybody can cause takes servers out of balancers.
    #[error("the browser fetched this page in advance, and that ends no session; open it to sign out")]
    Prefetch,
    /// The request is for a frame, an image or a script's fetch. There browsers withhold cookies,
    /// so that the crate cannot tell whether somebody is signed in, and no question can be shown.
    /// `embedded_request`.
    #[error(
        "the request came from a frame, an image or a script, where browsers withhold cookies and no page can be \
         shown; send the user here with a link, a redirect or a form in a whole window"
    )]
    EmbeddedRequest,
    /// The browser may have withheld the session's cookie, even from the form that was posted
    /// again. `session_cookie_missing`.
    #[error(
        "the request came without the cookie of the session, so this provider cannot end it; send the user here with a \
         link or a redirect"
    )]
    SessionCookieMissing,
    /// The request came without a cookie, and the session was found by the `sid` of a hint that is
    /// older than the policy's `session_by_sid` allows. `session_cookie_missing`, with the detail
    /// `hint_too_old`.
    #[error(
        "the request came without the cookie of the session, and the id_token_hint is too old to end it alone; send the \
         newest ID Token of the session, or send the user here with a link or a redirect"
    )]
    HintTooOld,
    /// The request came without a cookie, the session was found by the hint's `sid`, and the
    /// End-User would have to be asked for this reason. `session_cookie_missing`, with the reason's
    /// [code](ConfirmReason::code) as the detail.
    #[error(
        "the request came without the cookie of the session, and this provider must ask the user first ({code}); send \
         the user here with a link or a redirect",
        code = .0.code()
    )]
    CannotConfirm(ConfirmReason),
    /// The *host* made a mistake, which is told here. `host_error`, status 500.
    #[error("the provider has an internal error; the request is not the cause")]
    HostError(HostError),
}

/// A bound on the length of a `state`, if there is one worth naming.
struct AtLeast(usize);

impl fmt::Display for AtLeast {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 > 1 { write!(f, ", of at least {} characters", self.0) } else { Ok(()) }
    }
}

/// The host's mistake in a [`RefusalReason::HostError`]. For its log, not for its pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum HostError {
    /// It passed another client than [`Pending::client_id`](super::Pending::client_id) asked for.
    #[error("another client was passed than the one that client_id() asked for")]
    OtherClient,
    /// The cryptographic library cannot compute a MAC with the endpoint's secret.
    #[error("the cryptographic library could not compute a MAC")]
    Mac,
}

impl HostError {
    /// A stable name for logs and tests, such as `other_client`.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::OtherClient => "other_client",
            Self::Mac => "mac",
        }
    }
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
            Self::ClientIdMissing | Self::ClientMissing => "client_missing",
            Self::IdTokenHintInvalid(_) => "id_token_hint_invalid",
            Self::ClientMismatch => "client_mismatch",
            Self::ClientUnknown => "client_unknown",
            Self::RedirectUriNotRegistered => "redirect_uri_not_registered",
            Self::Prefetch => "prefetch",
            Self::EmbeddedRequest => "embedded_request",
            Self::SessionCookieMissing | Self::HintTooOld | Self::CannotConfirm(_) => "session_cookie_missing",
            Self::HostError(_) => "host_error",
        }
    }
}

impl RefusalReason {
    /// What the code leaves open, for logs: the hint's [error](HintError::code), the name of the
    /// parameter, the reason why a session [found by its `sid`](super::PendingSession::sid_to_find)
    /// is not ended, or the host's [mistake](HostError::code).
    ///
    /// ```
    /// # use oidc_logout::op::LogoutRequest;
    /// let reason = LogoutRequest::from_query("state=%zz").unwrap_err().reason();
    /// assert_eq!((reason.code(), reason.detail()), ("malformed_request", Some("state")));
    /// ```
    #[must_use]
    pub fn detail(self) -> Option<&'static str> {
        match self {
            Self::IdTokenHintInvalid(error) => Some(error.code()),
            Self::HostError(error) => Some(error.code()),
            Self::HintTooOld => Some("hint_too_old"),
            Self::CannotConfirm(reason) => Some(reason.code()),
            Self::MalformedRequest { parameter, .. } | Self::DuplicateParameter { parameter } => Some(parameter),
            _ => None,
        }
    }
}

/// A request that is not carried out: nobody is signed out and nothing is redirected.
///
/// The host shows an error page with the `Display` text (it names what to mend and holds no value
/// of the request) and with [`status`](Self::status) and [`headers`](Self::headers). So that the
/// End-User is not left signed in without a way out, the page may carry an
/// [`offer`](super::LogoutEndpoint::offer) to sign out.
///
/// ```
/// # use oidc_logout::op::LogoutRequest;
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

    /// The reason.
    #[must_use]
    pub fn reason(&self) -> RefusalReason {
        self.reason
    }

    /// `400`, or `413`, `405`, `415` and `500` for the reasons that say so; `200` for a HEAD
    /// request.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self.reason {
            RefusalReason::RequestTooLarge => 413,
            RefusalReason::MethodNotAllowed => 405,
            RefusalReason::UnsupportedMediaType => 415,
            RefusalReason::HostError(_) => 500,
            RefusalReason::HeadRequest => 200,
            _ => 400,
        }
    }

    /// The headers of an error page, with or without the form of an
    /// [`offer`](super::LogoutEndpoint::offer) on it, and `allow` if the method is refused.
    #[must_use]
    pub fn headers(&self) -> Headers<'_> {
        let page = Headers::page(&[]);
        match self.reason {
            RefusalReason::MethodNotAllowed => page.and("allow", "GET, POST"),
            _ => page,
        }
    }

    exchange_accessors!(optional through exchange);
}

impl From<VerifyHintError> for RefusalReason {
    fn from(error: VerifyHintError) -> Self {
        match error {
            VerifyHintError::Invalid(error) => Self::IdTokenHintInvalid(error),
            VerifyHintError::ClientMismatch => Self::ClientMismatch,
        }
    }
}

impl From<form::Fault> for RefusalReason {
    fn from(fault: form::Fault) -> Self {
        match fault {
            form::Fault::Malformed(parameter, fault) => Self::MalformedRequest { parameter, fault },
            form::Fault::Duplicate(parameter) => Self::DuplicateParameter { parameter },
        }
    }
}

impl From<form::Fault> for Refusal {
    fn from(fault: form::Fault) -> Self {
        RefusalReason::from(fault).into()
    }
}

/// For pages that a script writes: `error` is the code, `error_description` the text for the
/// client's developer (RFC 6749, section 5.2, has the same two).
///
/// ```
/// # use oidc_logout::op::LogoutRequest;
/// let refusal = LogoutRequest::from_query("state=a&state=b").unwrap_err();
/// assert_eq!(
///     serde_json::to_string(&refusal)?,
///     r#"{"error":"duplicate_parameter","error_description":"#.to_owned()
///         + r#""state occurs more than once; send each parameter at most once"}"#
/// );
/// # Ok::<(), serde_json::Error>(())
/// ```
impl Serialize for Refusal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_error(serializer, self.reason.code(), self)
    }
}

impl From<RefusalReason> for Refusal {
    fn from(reason: RefusalReason) -> Self {
        Self { reason, exchange: None }
    }
}
