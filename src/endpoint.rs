//! The endpoint: what is fixed between requests, and the first of the two calls.

use std::fmt;
use std::sync::Arc;

use time::OffsetDateTime;

use crate::confirm::{self, ConfirmReason, ConfirmationKey};
use crate::decision::{Confirm, Exchange, HintState, HmacHint, Pending};
use crate::hint::Claims;
use crate::hint::{Algorithm, CLOCK_SKEW_SECONDS, HintError, KeySet, NumericDate, Token, VerifiedHint};
use crate::policy::{ExpiredHint, HintRule, MAX_ENCODED_STATE_BYTES, OnBadHint, Policy, Presence};
use crate::redirect::encoded_length;
use crate::refusal::{Refusal, RefusalReason};
use crate::request::{ClientId, IdTokenHint, LogoutRequest, Method};
use crate::session::Session;

/// Bounds on what is read, checked before any work is done for it. They can be lowered, not raised.
///
/// ```
/// use oidc_logout::Limits;
///
/// let limits = Limits::default().request_bytes(16 * 1024).hint_bytes(8 * 1024);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Limits {
    pub(crate) request_bytes: usize,
    hint_bytes: usize,
    hint_header_bytes: usize,
    keys_tried: usize,
}

impl Limits {
    /// The largest query or form body that [`LogoutEndpoint::read`] takes, in bytes: 64 KiB unless set lower.
    pub fn request_bytes(mut self, bytes: usize) -> Self {
        self.request_bytes = bytes.min(self.request_bytes);
        self
    }

    /// The largest hint, in bytes as sent: 48 KiB unless set lower.
    pub fn hint_bytes(mut self, bytes: usize) -> Self {
        self.hint_bytes = bytes.min(self.hint_bytes);
        self
    }

    /// The largest first segment of a hint, in bytes as sent: 8 KiB unless set lower.
    pub fn hint_header_bytes(mut self, bytes: usize) -> Self {
        self.hint_header_bytes = bytes.min(self.hint_header_bytes);
        self
    }

    /// How many keys that fit are tried: 16 unless set lower, and at least one.
    pub fn keys_tried(mut self, keys: usize) -> Self {
        self.keys_tried = keys.clamp(1, self.keys_tried);
        self
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            request_bytes: LogoutRequest::MAX_BYTES,
            hint_bytes: 48 * 1024,
            hint_header_bytes: 8 * 1024,
            keys_tried: 16,
        }
    }
}

/// A provider's logout endpoint: its issuer, keys and policy. Immutable and cheap to clone; one endpoint an issuer.
///
/// To rotate keys, the host swaps the endpoint for one [with other keys](Self::with_keys):
///
/// ```
/// use std::sync::RwLock;
/// use oidc_logout::{KeySet, LogoutEndpoint};
///
/// struct Host {
///     logout: RwLock<LogoutEndpoint>,
/// }
///
/// impl Host {
///     /// For each request: cloned and released, so that no lock is held while it is decided.
///     fn endpoint(&self) -> LogoutEndpoint {
///         self.logout.read().unwrap().clone()
///     }
///
///     /// The former keys still verify what they signed.
///     fn rotate(&self, current: KeySet) {
///         let mut logout = self.logout.write().unwrap();
///         *logout = logout.with_keys(current.with(logout.keys().clone()));
///     }
/// }
/// ```
#[derive(Clone)]
#[must_use]
pub struct LogoutEndpoint {
    pub(crate) settings: Arc<Settings>,
    keys: KeySet,
}

#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) issuer: Arc<str>,
    former_issuers: Vec<Arc<str>>,
    pub(crate) policy: Policy,
    pub(crate) limits: Limits,
    pub(crate) confirmation_key: ConfirmationKey,
    pub(crate) previous_confirmation_key: Option<ConfirmationKey>,
}

impl LogoutEndpoint {
    /// An endpoint under the [`openid`](Policy::openid) policy.
    ///
    /// `issuer` is the provider's issuer identifier, which a hint's `iss` has to equal as a string (`OpenID` Connect Core
    /// 1.0, section 2). The confirmation key authenticates the provider's own confirmation page: the same on all
    /// instances, and nowhere else.
    ///
    /// ```
    /// use oidc_logout::{ConfirmationKey, KeySet, LogoutEndpoint, Policy};
    ///
    /// # fn jwks() -> &'static str { r#"{"keys": []}"# }
    /// # fn secret() -> [u8; 32] { [7; 32] }
    /// let endpoint = LogoutEndpoint::new("https://op.example", KeySet::from_jwks(jwks())?, ConfirmationKey::new(secret())?)
    ///     .with_policy(Policy::login_gov())
    ///     .with_former_issuer("https://login.example");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(issuer: impl Into<String>, keys: KeySet, confirmation_key: ConfirmationKey) -> Self {
        Self {
            settings: Arc::new(Settings {
                issuer: issuer.into().into(),
                former_issuers: Vec::new(),
                policy: Policy::default(),
                limits: Limits::default(),
                confirmation_key,
                previous_confirmation_key: None,
            }),
            keys,
        }
    }

    /// The same endpoint under another policy.
    pub fn with_policy(self, policy: Policy) -> Self {
        self.change(|settings| settings.policy = policy)
    }

    /// Accepts hints that the provider issued under a former issuer identifier, after a move to another domain. Their
    /// keys have to be in the key set too.
    pub fn with_former_issuer(self, issuer: impl Into<String>) -> Self {
        self.change(|settings| settings.former_issuers.push(issuer.into().into()))
    }

    /// Accepts answers to confirmation pages that were made under a former key.
    pub fn with_previous_confirmation_key(self, key: ConfirmationKey) -> Self {
        self.change(|settings| settings.previous_confirmation_key = Some(key))
    }

    /// The same endpoint with other limits.
    pub fn with_limits(self, limits: Limits) -> Self {
        self.change(|settings| settings.limits = limits)
    }

    /// An endpoint that differs only in its keys.
    pub fn with_keys(&self, keys: KeySet) -> Self {
        Self { settings: Arc::clone(&self.settings), keys }
    }

    /// The issuer identifier.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.settings.issuer
    }

    /// The policy.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.settings.policy
    }

    /// The keys that verify hints.
    #[must_use]
    pub fn keys(&self) -> &KeySet {
        &self.keys
    }

    /// Reads an HTTP request: the query of a GET, the form of a POST, and refusals for everything else. What it does beyond
    /// [`LogoutRequest::from_query`] and [`from_form`](LogoutRequest::from_form) is to look at method and media type, and
    /// to apply the endpoint's own [`Limits`].
    ///
    /// # Errors
    /// As those two, and [`MethodNotAllowed`](RefusalReason::MethodNotAllowed),
    /// [`UnsupportedMediaType`](RefusalReason::UnsupportedMediaType), and [`HeadRequest`](RefusalReason::HeadRequest): a
    /// framework may route HEAD like GET, and it must not sign anybody out.
    ///
    /// The host limits what it reads from the network a little above [`LogoutRequest::MAX_BYTES`], so that this can still
    /// answer what is larger. Where the framework has cut a body off, `Refusal::from(RefusalReason::RequestTooLarge)` is the
    /// same answer.
    ///
    /// ```
    /// # use oidc_logout::{ConfirmationKey, KeySet, LogoutEndpoint};
    /// # let endpoint = LogoutEndpoint::new("https://op.example", KeySet::default(), ConfirmationKey::new([7; 32])?);
    /// let request = endpoint.read("GET", None, "client_id=rp-1", "")?;
    /// let refusal = endpoint.read("POST", Some("application/json"), "", "{}").unwrap_err();
    /// assert_eq!(refusal.status(), 415);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn read(
        &self,
        method: &str,
        content_type: Option<&str>,
        query: impl AsRef<[u8]>,
        body: impl AsRef<[u8]>,
    ) -> Result<LogoutRequest, Refusal> {
        let max_bytes = self.settings.limits.request_bytes;
        LogoutRequest::from_http(method, content_type, query.as_ref(), body.as_ref(), max_bytes)
    }

    /// Checks a request against the policy and verifies its hint. What remains is the host's: to look up the client that
    /// [`Pending::client_id`] names, and the session.
    ///
    /// `now` is the time of the request.
    ///
    /// # Errors
    /// The first fault in this order: the `state`, parameters that the policy requires or refuses, the hint, the client
    /// that it was issued to. See [`RefusalReason`] and [`HintError`].
    pub fn receive(&self, request: LogoutRequest, now: OffsetDateTime) -> Result<Pending<'_>, Refusal> {
        match self.check(&request, now) {
            Ok(hint) => Ok(Pending { endpoint: self, request, hint, now }),
            Err(reason) => Err(Refusal::new(reason, Exchange::new(request))),
        }
    }

    /// A way to sign out that the provider offers on its own: a confirmation that ends on the signed-out page. For error
    /// pages, so that a refusal does not leave the End-User signed in (RP-Initiated Logout 1.0, section 4), and for the
    /// provider's own sign-out button.
    ///
    /// Its form goes to the logout endpoint, like that of any [`Confirm`].
    ///
    /// ```
    /// # use oidc_logout::{ConfirmationKey, KeySet, LogoutEndpoint, Session};
    /// # let endpoint = LogoutEndpoint::new("https://op.example", KeySet::default(), ConfirmationKey::new([7; 32])?);
    /// # let session = Session::new([1; 32]);
    /// let offer = endpoint.offer(&session, time::OffsetDateTime::now_utc());
    /// let names: Vec<_> = offer.fields().map(|(name, _)| name).collect();
    /// assert_eq!(names, ["confirmation"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn offer(&self, session: &Session, now: OffsetDateTime) -> Confirm {
        let request = LogoutRequest::empty(Method::Get);
        let proof = confirm::prove(&self.settings, session, &request, None, now);
        Confirm::new(Exchange::new(request), vec![ConfirmReason::NoHint], None, proof, Vec::new())
    }

    fn change(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(Arc::make_mut(&mut self.settings));
        self
    }

    fn check(&self, request: &LogoutRequest, now: OffsetDateTime) -> Result<HintState, RefusalReason> {
        if !request.answers_offer() {
            self.check_state(request)?;
            self.check_presence(request)?;
        }
        let Some(token) = request.token() else {
            return Ok(HintState::Absent);
        };
        match self.verify(token, request.client_id(), NumericDate::from_offset_date_time(now)) {
            Err(RefusalReason::IdTokenHintInvalid(error)) if self.settings.policy.on_bad_hint == OnBadHint::Confirm => {
                Ok(HintState::Invalid(error))
            }
            result => result,
        }
    }

    fn check_state(&self, request: &LogoutRequest) -> Result<(), RefusalReason> {
        let rule = self.settings.policy.state;
        let min_chars = rule.min_chars;
        let Some(state) = request.state() else {
            return if rule.required { Err(RefusalReason::StateMissing { min_chars }) } else { Ok(()) };
        };
        let state = state.as_str();
        let chars = state.chars().count();
        if chars > rule.max_chars || encoded_length(state) > MAX_ENCODED_STATE_BYTES {
            Err(RefusalReason::StateTooLong { max_chars: rule.max_chars })
        } else if chars < min_chars {
            Err(RefusalReason::StateTooShort { min_chars })
        } else {
            Ok(())
        }
    }

    fn check_presence(&self, request: &LogoutRequest) -> Result<(), RefusalReason> {
        let policy = &self.settings.policy;
        let hint = request.id_token_hint().is_some();
        if policy.redirect_uri == Presence::Required && request.post_logout_redirect_uri().is_none() {
            Err(RefusalReason::RedirectUriMissing)
        } else if policy.hint == HintRule::Refused && hint {
            Err(RefusalReason::IdTokenHintRefused)
        } else if policy.hint == HintRule::Required && !hint {
            Err(RefusalReason::IdTokenHintMissing)
        } else if policy.client_id == Presence::Required && request.client_id().is_none() {
            Err(RefusalReason::ClientMissing)
        } else {
            Ok(())
        }
    }

    /// Shape, algorithm, key, signature, issuer, times, client. For HMAC the client comes before the key, which is its
    /// secret; the signature is then left to [`Pending::decide`].
    fn verify(
        &self,
        hint: &IdTokenHint,
        client_id: Option<&ClientId>,
        now: NumericDate,
    ) -> Result<HintState, RefusalReason> {
        let limits = &self.settings.limits;
        let invalid = RefusalReason::IdTokenHintInvalid;
        let token = Token::decode(hint.as_str(), limits.hint_bytes, limits.hint_header_bytes).map_err(invalid)?;
        let (header, claims) = token.read().map_err(invalid)?;
        let algorithm = self.allowed_algorithm(&header.alg).ok_or(invalid(HintError::Algorithm))?;
        if algorithm.is_hmac() {
            let client_id = issued_to(&claims, client_id)?;
            return Ok(HintState::Hmac(HmacHint {
                algorithm,
                signed_bytes: token.signing_input.len(),
                signature: token.signature().to_vec(),
                client_id: client_id.clone(),
                verified: self
                    .check_claims(&claims, now)
                    .map(|issuer| claims.into_verified(issuer, client_id, algorithm, None, now)),
            }));
        }
        let key_id = self
            .keys
            .verify(
                algorithm,
                header.kid.as_deref(),
                token.signing_input.as_bytes(),
                token.signature(),
                limits.keys_tried,
            )
            .map_err(invalid)?;
        let issuer = self.check_claims(&claims, now).map_err(invalid)?;
        let client_id = issued_to(&claims, client_id)?;
        Ok(HintState::Verified(claims.into_verified(issuer, client_id, algorithm, key_id, now)))
    }

    fn allowed_algorithm(&self, name: &str) -> Option<Algorithm> {
        let allowed = &self.settings.policy.algorithms;
        Algorithm::from_name(name).filter(|algorithm| allowed.as_ref().is_none_or(|list| list.contains(algorithm)))
    }

    /// What a verified token says: who issued it, and when.
    fn check_claims(&self, claims: &Claims<'_>, now: NumericDate) -> Result<Arc<str>, HintError> {
        let Settings { issuer, former_issuers, policy, .. } = &*self.settings;
        let issuer = std::iter::once(issuer)
            .chain(former_issuers)
            .find(|issuer| ***issuer == *claims.iss)
            .ok_or(HintError::Issuer)?;
        let latest = now.0 + CLOCK_SKEW_SECONDS;
        if claims.iat.0 > latest || claims.nbf.is_some_and(|nbf| nbf.0 > latest) {
            return Err(HintError::NotYetValid);
        }
        #[allow(clippy::cast_precision_loss, reason = "a second more or less in 285 million years")]
        match policy.expired_hint {
            ExpiredHint::AcceptForSeconds(seconds) if now.0 - claims.exp.0 > seconds as f64 => Err(HintError::Expired),
            ExpiredHint::Accept | ExpiredHint::AcceptForSeconds(_) => Ok(Arc::clone(issuer)),
        }
    }
}

/// The client that a token was issued to (`OpenID` Connect Core 1.0, section 2, `aud` and `azp`), which a `client_id`
/// beside it has to be.
fn issued_to(claims: &Claims<'_>, client_id: Option<&ClientId>) -> Result<ClientId, RefusalReason> {
    let client_id = client_id.map(ClientId::as_str);
    let no_client = RefusalReason::IdTokenHintInvalid(HintError::Audience);
    let issued_to = match (&claims.azp, claims.aud.as_slice()) {
        (Some(azp), aud) if aud.contains(azp) => azp.as_ref(),
        (Some(_), _) => return Err(no_client),
        (None, [only]) => only.as_ref(),
        (None, several) => {
            let client_id = client_id.ok_or(no_client)?;
            if !several.iter().any(|audience| audience == client_id) {
                return Err(RefusalReason::ClientMismatch);
            }
            client_id
        }
    };
    if client_id.is_none_or(|client_id| client_id == issued_to) {
        Ok(ClientId::new(issued_to))
    } else {
        Err(RefusalReason::ClientMismatch)
    }
}

impl Claims<'_> {
    fn into_verified(
        self,
        issuer: Arc<str>,
        client_id: ClientId,
        algorithm: Algorithm,
        key_id: Option<Arc<str>>,
        now: NumericDate,
    ) -> VerifiedHint {
        VerifiedHint {
            issuer,
            client_id,
            subject: self.sub.into_owned(),
            sid: self.sid.map(Into::into),
            issued_at: self.iat,
            expires_at: self.exp,
            not_before: self.nbf,
            algorithm,
            key_id,
            received_at: now,
        }
    }
}

impl fmt::Debug for LogoutEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogoutEndpoint")
            .field("issuer", &self.settings.issuer)
            .field("former_issuers", &self.settings.former_issuers)
            .field("policy", &self.settings.policy)
            .field("limits", &self.settings.limits)
            .field("keys", &self.keys)
            .finish_non_exhaustive()
    }
}
