//! The error pages. They tell the End-User what happened, and the client's developer what to fix.

use std::borrow::Cow;
use std::time::Duration;

use askama::Template;
use oidc_logout::op::{Confirm, Refusal, RefusalReason};

use super::Language;

/// The logout endpoint refuses a request. A signed-in End-User can still sign out here.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "refusal.html")]
pub struct RefusalPage<'a> {
    /// The page's language.
    pub language: Language,
    /// The refusal.
    pub refusal: &'a Refusal,
    /// The offer to sign out, if somebody is signed in.
    pub offer: Option<&'a Confirm>,
    /// The name of the signed-in End-User.
    pub user: Option<&'a str>,
    /// The name of the client, if it is known.
    pub client: Option<&'a str>,
}

impl RefusalPage<'_> {
    fn title(&self) -> Cow<'static, str> {
        self.language.text("refusal-title")
    }

    /// The reason in the End-User's language. For an invalid hint it says what is wrong with the
    /// hint.
    fn reason(&self) -> Cow<'static, str> {
        let text = match self.refusal.reason() {
            RefusalReason::IdTokenHintInvalid(error) => self.language.text_of_code("hint", error.code()),
            reason => self.language.text_of_code("refusal", reason.code()),
        };
        text.unwrap_or_else(|| self.language.text("refusal-other"))
    }

    /// The library's code for the reason, such as `id_token_hint_invalid (expired)`. What is wrong
    /// with this server is for its log.
    fn code(&self) -> Cow<'static, str> {
        let reason = self.refusal.reason();
        match reason.detail() {
            Some(detail) if !matches!(reason, RefusalReason::HostError(_)) => {
                format!("{} ({detail})", reason.code()).into()
            }
            _ => reason.code().into(),
        }
    }

    /// The library's words as a sentence. The name of a parameter stays as it is.
    fn note(&self) -> String {
        let words = self.refusal.to_string();
        match self.refusal.reason() {
            RefusalReason::DuplicateParameter { .. } => format!("The parameter {words}."),
            _ => sentence(&words),
        }
    }

    fn for_developer(&self) -> Cow<'static, str> {
        match self.client {
            Some(client) => self.language.text_with("for-developer-of", "client", client),
            None => self.language.text("for-developer"),
        }
    }
}

/// Words with a capital letter at the beginning and a full stop at the end.
fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}

/// Any other error.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "error.html")]
pub struct ErrorPage {
    /// The page's language.
    pub language: Language,
    /// The error.
    pub error: PageError,
}

impl ErrorPage {
    fn title(self) -> Cow<'static, str> {
        let id = if self.error.is_of_authorization() { "error-authorization-title" } else { "error-title" };
        self.language.text(id)
    }

    fn reason(self) -> Cow<'static, str> {
        self.language.text_of_code("error", self.error.code()).unwrap_or_else(|| self.title())
    }
}

/// The error that an [`ErrorPage`] shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageError {
    /// The authorization request names no client.
    ClientMissing,
    /// It names one that is not registered.
    ClientUnknown,
    /// It has no `redirect_uri`.
    RedirectUriMissing,
    /// Its `redirect_uri` is not one of the client's.
    RedirectUriNotRegistered,
    /// A value of it contains NUL.
    MalformedRequest {
        /// Whose value, if it is a parameter of the specification.
        parameter: Option<&'static str>,
    },
    /// A parameter occurs more than once.
    DuplicateParameter {
        /// Which one.
        parameter: &'static str,
    },
    /// Another request cannot be understood.
    BadRequest,
    /// A request has a body that is too large.
    RequestTooLarge,
    /// The page does not exist.
    NotFound,
    /// The page does not accept this method.
    MethodNotAllowed,
    /// The server made an error.
    Internal,
}

impl PageError {
    /// One of each.
    pub const ALL: [Self; 11] = [
        Self::ClientMissing,
        Self::ClientUnknown,
        Self::RedirectUriMissing,
        Self::RedirectUriNotRegistered,
        Self::MalformedRequest { parameter: Some("state") },
        Self::DuplicateParameter { parameter: "client_id" },
        Self::BadRequest,
        Self::RequestTooLarge,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::Internal,
    ];

    /// A stable name for logs and tests, such as `redirect_uri_not_registered`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::ClientMissing => "client_missing",
            Self::ClientUnknown => "client_unknown",
            Self::RedirectUriMissing => "redirect_uri_missing",
            Self::RedirectUriNotRegistered => "redirect_uri_not_registered",
            Self::MalformedRequest { .. } => "malformed_request",
            Self::DuplicateParameter { .. } => "duplicate_parameter",
            Self::BadRequest => "bad_request",
            Self::RequestTooLarge => "request_too_large",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::Internal => "internal",
        }
    }

    /// The status to send the page with.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::ClientMissing
            | Self::ClientUnknown
            | Self::RedirectUriMissing
            | Self::RedirectUriNotRegistered
            | Self::MalformedRequest { .. }
            | Self::DuplicateParameter { .. }
            | Self::BadRequest => 400,
            Self::RequestTooLarge => 413,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::Internal => 500,
        }
    }

    /// Whether an authorization request is wrong. It gets a page, because a redirect is not safe
    /// while its client or its `redirect_uri` is in doubt (RFC 6749, section 4.1.2.1).
    const fn is_of_authorization(self) -> bool {
        matches!(
            self,
            Self::ClientMissing
                | Self::ClientUnknown
                | Self::RedirectUriMissing
                | Self::RedirectUriNotRegistered
                | Self::MalformedRequest { .. }
                | Self::DuplicateParameter { .. }
        )
    }

    /// For the developer of the client, who reads English: what is wrong and where.
    #[must_use]
    pub fn note(self) -> Cow<'static, str> {
        let note = match self {
            Self::ClientMissing => "The client_id is missing. Send the one that the client is registered with.",
            Self::ClientUnknown => "The client_id names no client that is registered with this provider.",
            Self::RedirectUriMissing => "The redirect_uri is missing. Send one that is registered for the client.",
            Self::RedirectUriNotRegistered => {
                "The redirect_uri is not registered for the client. It must equal a registered one byte for byte."
            }
            Self::MalformedRequest { parameter: Some(parameter) } => {
                return format!("The value of {parameter} contains NUL (%00), which no parameter may.").into();
            }
            Self::MalformedRequest { parameter: None } => {
                "The value of a parameter contains NUL (%00), which no parameter may."
            }
            Self::DuplicateParameter { parameter } => {
                return format!("The parameter {parameter} occurs more than once. Send it once.").into();
            }
            Self::BadRequest => "The body is not a form, or a value in it contains NUL (%00).",
            Self::RequestTooLarge => "The body is larger than this provider reads, 128 KiB at most.",
            Self::NotFound => "Nothing is served at this path.",
            Self::MethodNotAllowed => "This path does not take this method.",
            Self::Internal => "The provider made an internal error. It is not the request's fault.",
        };
        note.into()
    }
}

/// Signing in is not possible for a while.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "too_many_attempts.html")]
pub struct TooManyAttemptsPage {
    /// The page's language.
    pub language: Language,
    /// How long to wait. Send it as `retry-after` too.
    pub retry_after: Duration,
}

impl TooManyAttemptsPage {
    fn title(&self) -> Cow<'static, str> {
        self.language.text("attempts-title")
    }

    /// Whole minutes, rounded up, so that nobody comes back too early.
    fn minutes(&self) -> u64 {
        self.retry_after.as_secs().saturating_add(u64::from(self.retry_after.subsec_nanos() > 0)).div_ceil(60).max(1)
    }
}
