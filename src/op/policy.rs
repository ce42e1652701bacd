//! The provider's choices: its demands and permissions beyond the specification and beyond the
//! rules that no policy can switch off.

mod config;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::crypto::Algorithm;

/// The longest `state` under any policy, in bytes after percent-encoding. It keeps the `location`
/// header within the limits of servers and browsers.
pub(crate) const MAX_ENCODED_STATE_BYTES: usize = 6 * 1024;

/// The longest `state` by default, in characters (Unicode scalar values).
const MAX_STATE_CHARS: usize = 2048;

/// Whether a request may or must have a hint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum HintRule {
    /// A request may have a hint.
    Optional,
    /// A request without a hint is refused.
    Required,
    /// A request with a hint is refused.
    Refused,
}

/// Whether a request must have a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Presence {
    /// A request may have the parameter.
    Optional,
    /// A request without the parameter is refused.
    Required,
}

/// The demands on `state`.
///
/// ```
/// use oidc_logout::op::{Policy, StateRule};
///
/// let rule = StateRule { required: true, min_chars: 22, max_chars: 512 };
/// assert!(Policy::openid().to_builder().state(rule).build().is_ok());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StateRule {
    /// Whether a request without `state` is refused.
    pub required: bool,
    /// The shortest length of a `state`, in characters (Unicode scalar values). It applies only if
    /// the request has a `state`.
    pub min_chars: usize,
    /// The greatest length of a `state`, in characters. Whatever this says, a `state` of more than
    /// 6 KiB after percent-encoding is refused.
    pub max_chars: usize,
}

/// When the End-User is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ConfirmRule {
    /// If the request does not prove that it belongs to the session.
    WhenUnproven,
    /// If anybody is signed in.
    Always,
}

/// The handling of a request for a redirect without a hint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RedirectWithoutHint {
    /// The request is refused.
    Refuse,
    /// The redirect is allowed after the End-User confirms, or at once if nobody is signed in. Its
    /// URI must be registered in either case.
    Confirm,
}

/// Whether a hint is accepted after its `exp`. RP-Initiated Logout 1.0, section 4, asks providers
/// to accept it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ExpiredHint {
    /// Always.
    Accept,
    /// For this many seconds after `exp`.
    AcceptForSeconds(u64),
}

/// The weight of a hint without `sid`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum HintWithoutSid {
    /// It proves as much as one with `sid`, because its subject is compared with the session's.
    Accept,
    /// It proves too little, so the End-User is asked.
    Ask,
}

/// The handling of a request with an invalid hint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum OnBadHint {
    /// The request is refused.
    Refuse,
    /// The End-User is asked as if the request had no hint, and is never redirected.
    Confirm,
}

/// The way in which a requested redirect URI is compared with the registered ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum UriMatching {
    /// Byte for byte (RP-Initiated Logout 1.0, section 3).
    Exact,
    /// As Login.gov does: for `http` and `https`, the case of scheme and host is ignored, the
    /// default port equals none, and an empty path equals `/`.
    Normalized,
}

/// The `SameSite` attribute of the session's cookie. From it follows which requests a browser sends
/// without the cookie (RFC 6265bis, section 5.2; rule 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SessionCookie {
    /// `SameSite=Lax`, or no such attribute: a browser withholds it from a POST of another site.
    /// Such a request is [posted again](super::Resubmit) from the provider's own page, once.
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
    /// With a hint whose `iat` is at most this many seconds ago. A leaked ID Token must not end
    /// sessions from anywhere, for ever.
    AcceptForSeconds(u64),
}

/// The provider's demands on a logout request, and its rule when to ask the End-User.
///
/// There are three presets, and each of their fields can be changed. In configuration, a policy is
/// the name of a preset, or an object with the fields that differ from the preset `base`, which is
/// `openid` by default. A policy serializes to an object with every field:
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
/// `expired_hint` may also be `"accept"`, and `session_by_sid` may be
/// `{"accept_for_seconds": 86400}`. `algorithms` may be `null`, which allows any. `state` may hold
/// only some of its members; the others stay as in the preset.
///
/// | field | [`openid`] | [`login_gov`] | [`login_gov_client_id`] |
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
/// [`openid`]: Self::openid
/// [`login_gov`]: Self::login_gov
/// [`login_gov_client_id`]: Self::login_gov_client_id
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
    /// The demands of the specification, and no more. The default.
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

    /// Login.gov's `/openid_connect/logout` as first published. A hint, a redirect URI and a
    /// `state` of at least 22 characters are required, hints must be signed with RS256, and URIs
    /// are compared after parsing.
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

    /// Login.gov's later mode: a `client_id` replaces the hint, and the End-User is always asked.
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

    /// A builder that starts from this policy.
    ///
    /// ```
    /// use oidc_logout::op::{HintRule, Policy};
    ///
    /// let policy = Policy::openid().to_builder().hint(HintRule::Required).build()?;
    /// # Ok::<(), oidc_logout::op::PolicyError>(())
    /// ```
    pub fn to_builder(&self) -> PolicyBuilder {
        PolicyBuilder(self.clone())
    }

    /// The `SameSite` attribute of the session's cookie, as the policy states it. A host can set
    /// its cookie from this value, so that the two never differ.
    #[must_use]
    pub fn session_cookie(&self) -> SessionCookie {
        self.session_cookie
    }

    /// Whether a session may be found by the hint's `sid`.
    #[must_use]
    pub fn session_by_sid(&self) -> SessionBySid {
        self.session_by_sid
    }

    /// The algorithms that hints may be signed with. `None` allows any that the crate knows.
    #[must_use]
    pub fn algorithms(&self) -> Option<&[Algorithm]> {
        self.algorithms.as_deref()
    }

    /// Whether any request under this policy can end in a redirect.
    fn can_redirect(&self) -> bool {
        // With an empty list of algorithms no hint is ever valid.
        let with_hint = self.hint != HintRule::Refused && self.algorithms.as_ref().is_none_or(|list| !list.is_empty());
        let without_hint =
            self.hint != HintRule::Required && self.redirect_without_hint == RedirectWithoutHint::Confirm;
        with_hint || without_hint
    }

    /// Refuses combinations that contradict themselves, because the configuration must be wrong.
    fn check(self) -> Result<Self, PolicyError> {
        let StateRule { required, min_chars, max_chars } = self.state;
        // A required `state` has at least one character, because an empty one is read as absent.
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

/// The contradiction in a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// No `state` can satisfy `min_chars` and `max_chars`, or `min_chars` is above 6144.
    #[error(
        "no state can satisfy the bounds; min_chars must be at most 6144 and at most max_chars, and max_chars must be \
         at least 1 if state is required"
    )]
    StateBounds,
    /// `hint` is `required`, and `on_bad_hint` is `confirm`, which accepts requests with an invalid
    /// hint.
    #[error("hint is required, but on_bad_hint accepts requests with an invalid one; set on_bad_hint to refuse")]
    BadHintLetThrough,
    /// `hint` is `required`, and the list `algorithms` is empty.
    #[error("hint is required, but algorithms is empty, so that no hint can be valid")]
    NothingAccepted,
    /// `redirect_uri` is `required`, and no request can end in a redirect.
    #[error("redirect_uri is required, but the other fields rule out every redirect")]
    NeverRedirects,
}

/// Changes a [`Policy`] field by field; see [`Policy::to_builder`].
#[derive(Clone, Debug)]
#[must_use]
pub struct PolicyBuilder(Policy);

impl PolicyBuilder {
    /// Whether a request may or must have a hint.
    pub fn hint(mut self, rule: HintRule) -> Self {
        self.0.hint = rule;
        self
    }

    /// Whether a request must have `client_id`, with or without a hint.
    pub fn client_id(mut self, presence: Presence) -> Self {
        self.0.client_id = presence;
        self
    }

    /// Whether a request must have `post_logout_redirect_uri`.
    pub fn redirect_uri(mut self, presence: Presence) -> Self {
        self.0.redirect_uri = presence;
        self
    }

    /// The demands on `state`.
    pub fn state(mut self, rule: StateRule) -> Self {
        self.0.state = rule;
        self
    }

    /// When the End-User is asked.
    pub fn confirm(mut self, rule: ConfirmRule) -> Self {
        self.0.confirm = rule;
        self
    }

    /// The handling of a request for a redirect without a hint.
    pub fn redirect_without_hint(mut self, rule: RedirectWithoutHint) -> Self {
        self.0.redirect_without_hint = rule;
        self
    }

    /// Whether a hint is accepted after its `exp`.
    pub fn expired_hint(mut self, rule: ExpiredHint) -> Self {
        self.0.expired_hint = rule;
        self
    }

    /// The weight of a hint without `sid`.
    pub fn hint_without_sid(mut self, rule: HintWithoutSid) -> Self {
        self.0.hint_without_sid = rule;
        self
    }

    /// The handling of a request with an invalid hint.
    pub fn on_bad_hint(mut self, rule: OnBadHint) -> Self {
        self.0.on_bad_hint = rule;
        self
    }

    /// The way in which redirect URIs are compared.
    pub fn uri_matching(mut self, matching: UriMatching) -> Self {
        self.0.uri_matching = matching;
        self
    }

    /// The algorithms that hints may be signed with. `None` allows any that the crate knows. HMAC
    /// is accepted only for clients that are registered for it, whatever this list says.
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

    /// Builds the policy.
    ///
    /// # Errors
    /// [`PolicyError`] if its fields contradict each other.
    pub fn build(self) -> Result<Policy, PolicyError> {
        self.0.check()
    }
}
