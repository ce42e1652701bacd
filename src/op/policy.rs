//! What a provider demands and allows beyond what is fixed by the specification and by safety.

mod config;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::crypto::Algorithm;

/// The longest `state` once percent-encoded, in bytes, under any policy.
pub(crate) const MAX_ENCODED_STATE_BYTES: usize = 6 * 1024;

/// The longest `state` by default, in characters.
const MAX_STATE_CHARS: usize = 2048;

/// Whether a hint is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum HintRule {
    /// Taken when it is there.
    Optional,
    /// A request without one is refused.
    Required,
    /// A request with one is refused.
    Refused,
}

/// Whether a parameter has to be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Presence {
    /// Taken when it is there.
    Optional,
    /// A request without it is refused.
    Required,
}

/// What is demanded of the `state`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StateRule {
    /// Whether it has to be there.
    pub required: bool,
    /// The fewest characters (Unicode scalar values), where there is one.
    pub min_chars: usize,
    /// The most characters. Above 6 KiB once percent-encoded it is too long all the same.
    pub max_chars: usize,
}

/// When the End-User is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ConfirmRule {
    /// When the request does not prove that it belongs to the session.
    WhenUnproven,
    /// Whenever somebody is signed in.
    Always,
}

/// What becomes of a redirect for which there is no hint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RedirectWithoutHint {
    /// The request is refused.
    Refuse,
    /// The End-User's yes makes it legitimate; nobody signed in, it is made at once. The URI is registered either way.
    Confirm,
}

/// Whether a hint is taken after its `exp`. RP-Initiated Logout 1.0, section 4, asks providers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ExpiredHint {
    /// Always.
    Accept,
    /// For so many seconds after `exp`.
    AcceptForSeconds(u64),
}

/// What a hint without `sid` proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum HintWithoutSid {
    /// As much as one with it: the subject is compared.
    Accept,
    /// Too little: the End-User is asked.
    Ask,
}

/// What becomes of a request whose hint is invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum OnBadHint {
    /// It is refused.
    Refuse,
    /// The End-User is asked, as if there were no hint, and never redirected.
    Confirm,
}

/// How a requested redirect URI is compared with the registered ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum UriMatching {
    /// Byte for byte (RP-Initiated Logout 1.0, section 3).
    Exact,
    /// As Login.gov does: for `http` and `https`, scheme and host without case, the default port, an empty path as `/`.
    Normalized,
}

/// The `SameSite` attribute of the session's cookie, which tells what a browser sends without it
/// (RFC 6265bis, section 5.2; rule 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SessionCookie {
    /// `SameSite=Lax`, or no such attribute: a browser withholds it from a POST of another site. Such
    /// a request is [posted again](super::Resubmit) from the provider's own page, once.
    Lax,
    /// `SameSite=Strict`: a browser withholds it from every request of another site, even when a
    /// client sends the End-User by a link or a redirect. All of these are posted again, once.
    Strict,
    /// `SameSite=None; Secure`: a browser sends it with every request into a document.
    None,
}

/// Whether a session may be found by the hint's `sid`, for requests that come without a cookie: see
/// [`PendingSession::sid_to_find`](super::PendingSession::sid_to_find).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SessionBySid {
    /// Never.
    Refuse,
    /// With a hint whose `iat` is at most so many seconds ago. A leaked ID Token must not end
    /// sessions from anywhere, for ever.
    AcceptForSeconds(u64),
}

/// What a provider demands of a logout request, and when it asks the End-User.
///
/// Three presets, of which each field can be changed. In configuration a policy is the name of a preset, or an object with
/// the fields that differ from the preset `base` (`openid` where it is not given); serialized it is an object with every
/// field:
///
/// ```
/// # let json = r#"
/// {
///   "base": "login_gov",
///   "hint": "optional", "client_id": "optional", "redirect_uri": "required",
///   "state": {"required": true, "min_chars": 22, "max_chars": 2048},
///   "confirm": "when_unproven",
///   "redirect_without_hint": "confirm",
///   "expired_hint": {"accept_for_seconds": 86400},
///   "hint_without_sid": "ask", "on_bad_hint": "refuse",
///   "uri_matching": "normalized",
///   "algorithms": ["RS256", "ES256"],
///   "session_cookie": "lax", "session_by_sid": "refuse"
/// }
/// # "#;
/// # serde_json::from_str::<oidc_logout::op::Policy>(json)?;
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// `expired_hint` may be `"accept"`, `session_by_sid` may be `{"accept_for_seconds": 86400}`,
/// `algorithms` may be `null` for any, and of `state` single members can be given.
///
/// | field | [`openid`](Self::openid) | [`login_gov`](Self::login_gov) | [`login_gov_client_id`](Self::login_gov_client_id) |
/// |---|---|---|---|
/// | `hint` | optional | required | refused |
/// | `client_id` | optional | optional | required |
/// | `redirect_uri` | optional | required | required |
/// | `state` | 0 to 2048 characters | required, 22 to 2048 | 22 to 2048 |
/// | `confirm` | when_unproven | when_unproven | always |
/// | `redirect_without_hint` | confirm | refuse | confirm |
/// | `expired_hint` | accept | accept | accept |
/// | `hint_without_sid` | accept | accept | accept |
/// | `on_bad_hint` | refuse | refuse | refuse |
/// | `uri_matching` | exact | normalized | normalized |
/// | `algorithms` | any | RS256 | RS256 |
/// | `session_cookie` | lax | lax | lax |
/// | `session_by_sid` | refuse | refuse | refuse |
///
/// ```
/// use oidc_logout::op::{ConfirmRule, Policy};
///
/// let policy = Policy::openid().to_builder().confirm(ConfirmRule::Always).build()?;
/// let same: Policy = serde_json::from_str(r#"{"base": "openid", "confirm": "always"}"#)?;
/// assert_eq!(policy, same);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Policy {
    pub(crate) hint: HintRule,
    pub(crate) client_id: Presence,
    pub(crate) redirect_uri: Presence,
    pub(crate) state: StateRule,
    pub(crate) confirm: ConfirmRule,
    pub(crate) redirect_without_hint: RedirectWithoutHint,
    pub(crate) expired_hint: ExpiredHint,
    pub(crate) hint_without_sid: HintWithoutSid,
    pub(crate) on_bad_hint: OnBadHint,
    pub(crate) uri_matching: UriMatching,
    pub(crate) algorithms: Option<Vec<Algorithm>>,
    pub(crate) session_cookie: SessionCookie,
    pub(crate) session_by_sid: SessionBySid,
}

impl Policy {
    /// What the specification asks for, and nothing more. The default.
    #[must_use]
    pub fn openid() -> Self {
        Self {
            hint: HintRule::Optional,
            client_id: Presence::Optional,
            redirect_uri: Presence::Optional,
            state: StateRule { required: false, min_chars: 0, max_chars: MAX_STATE_CHARS },
            confirm: ConfirmRule::WhenUnproven,
            redirect_without_hint: RedirectWithoutHint::Confirm,
            expired_hint: ExpiredHint::Accept,
            hint_without_sid: HintWithoutSid::Accept,
            on_bad_hint: OnBadHint::Refuse,
            uri_matching: UriMatching::Exact,
            algorithms: None,
            session_cookie: SessionCookie::Lax,
            session_by_sid: SessionBySid::Refuse,
        }
    }

    /// Login.gov's `/openid_connect/logout` as first published: hint, redirect URI and a `state` of at least 22
    /// characters are required, tokens are RS256, URIs are compared as parsed.
    #[must_use]
    pub fn login_gov() -> Self {
        Self {
            hint: HintRule::Required,
            redirect_uri: Presence::Required,
            state: StateRule { required: true, min_chars: 22, max_chars: MAX_STATE_CHARS },
            redirect_without_hint: RedirectWithoutHint::Refuse,
            uri_matching: UriMatching::Normalized,
            algorithms: Some(vec![Algorithm::Rs256]),
            ..Self::openid()
        }
    }

    /// Login.gov's later mode: a `client_id` in place of the hint, and the End-User is always asked.
    #[must_use]
    pub fn login_gov_client_id() -> Self {
        Self {
            hint: HintRule::Refused,
            client_id: Presence::Required,
            state: StateRule { required: false, min_chars: 22, max_chars: MAX_STATE_CHARS },
            confirm: ConfirmRule::Always,
            redirect_without_hint: RedirectWithoutHint::Confirm,
            ..Self::login_gov()
        }
    }

    /// Starts a policy that differs from this one.
    pub fn to_builder(&self) -> PolicyBuilder {
        PolicyBuilder(self.clone())
    }

    /// Whether any request under this policy can end in a redirect.
    fn can_redirect(&self) -> bool {
        let with_hint = self.hint != HintRule::Refused && self.algorithms.as_ref().is_none_or(|list| !list.is_empty());
        let without_hint =
            self.hint != HintRule::Required && self.redirect_without_hint == RedirectWithoutHint::Confirm;
        with_hint || without_hint
    }

    fn check(self) -> Result<Self, PolicyError> {
        let StateRule { required, min_chars, max_chars } = self.state;
        let least = min_chars.max(usize::from(required));
        if least > max_chars || least > MAX_ENCODED_STATE_BYTES {
            Err(PolicyError::StateBounds)
        } else if self.hint == HintRule::Required && self.on_bad_hint == OnBadHint::Confirm {
            Err(PolicyError::BadHintLetThrough)
        } else if self.hint == HintRule::Required && self.algorithms.as_ref().is_some_and(Vec::is_empty) {
            Err(PolicyError::NothingAccepted)
        } else if self.redirect_uri == Presence::Required && !self.can_redirect() {
            Err(PolicyError::NeverRedirects)
        } else {
            Ok(self)
        }
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self::openid()
    }
}

/// What makes a policy contradict itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// No `state` can be long enough and short enough.
    #[error("no state can satisfy the bounds: min_chars has to be at most max_chars and 6144")]
    StateBounds,
    /// `hint` is required and `on_bad_hint` lets an invalid one through.
    #[error("a hint is required, yet an invalid one is let through")]
    BadHintLetThrough,
    /// A hint is required and no algorithm is allowed.
    #[error("a hint is required, yet no algorithm is allowed")]
    NothingAccepted,
    /// `redirect_uri` is required and no request can end in a redirect.
    #[error("a redirect URI is required, yet no request can end in a redirect")]
    NeverRedirects,
}

/// Changes a [`Policy`] field by field; see [`Policy::to_builder`].
#[derive(Clone, Debug)]
#[must_use]
pub struct PolicyBuilder(Policy);

impl PolicyBuilder {
    /// Whether a hint is taken.
    pub fn hint(mut self, rule: HintRule) -> Self {
        self.0.hint = rule;
        self
    }

    /// Whether `client_id` has to be there, with or without a hint.
    pub fn client_id(mut self, presence: Presence) -> Self {
        self.0.client_id = presence;
        self
    }

    /// Whether `post_logout_redirect_uri` has to be there.
    pub fn redirect_uri(mut self, presence: Presence) -> Self {
        self.0.redirect_uri = presence;
        self
    }

    /// What is demanded of `state`.
    pub fn state(mut self, rule: StateRule) -> Self {
        self.0.state = rule;
        self
    }

    /// When the End-User is asked.
    pub fn confirm(mut self, rule: ConfirmRule) -> Self {
        self.0.confirm = rule;
        self
    }

    /// What becomes of a redirect for which there is no hint.
    pub fn redirect_without_hint(mut self, rule: RedirectWithoutHint) -> Self {
        self.0.redirect_without_hint = rule;
        self
    }

    /// Whether a hint is taken after its `exp`.
    pub fn expired_hint(mut self, rule: ExpiredHint) -> Self {
        self.0.expired_hint = rule;
        self
    }

    /// What a hint without `sid` proves.
    pub fn hint_without_sid(mut self, rule: HintWithoutSid) -> Self {
        self.0.hint_without_sid = rule;
        self
    }

    /// What becomes of a request whose hint is invalid.
    pub fn on_bad_hint(mut self, rule: OnBadHint) -> Self {
        self.0.on_bad_hint = rule;
        self
    }

    /// How redirect URIs are compared.
    pub fn uri_matching(mut self, matching: UriMatching) -> Self {
        self.0.uri_matching = matching;
        self
    }

    /// The algorithms that hints may be signed with; `None` for any that the crate knows. HMAC is taken only from
    /// clients registered for it, in any case.
    pub fn algorithms(mut self, algorithms: impl Into<Option<Vec<Algorithm>>>) -> Self {
        self.0.algorithms = algorithms.into();
        self
    }

    /// The `SameSite` attribute of the session's cookie.
    pub fn session_cookie(mut self, cookie: SessionCookie) -> Self {
        self.0.session_cookie = cookie;
        self
    }

    /// Whether a session may be found by the hint's `sid`.
    pub fn session_by_sid(mut self, rule: SessionBySid) -> Self {
        self.0.session_by_sid = rule;
        self
    }

    /// Checks and builds.
    ///
    /// # Errors
    /// [`PolicyError`] when the fields contradict each other.
    pub fn build(self) -> Result<Policy, PolicyError> {
        self.0.check()
    }
}
