//! The endpoint: the settings that stay the same between requests.

use std::fmt;
use std::sync::Arc;

use time::OffsetDateTime;

use super::client::Client;
use super::confirm::Confirm;
use super::confirmation;
use super::exchange::Exchange;
use super::hint::{VerifiedHint, VerifyHintError};
use super::notices::{EndedSession, Notices, Participant};
use super::page_form::PageForm;
use super::policy::Policy;
use super::reasons::ConfirmReason;
use super::refusal::Refusal;
use super::request::LogoutRequest;
use super::session::Session;
use super::settings::Settings;
use super::verify;
use crate::crypto::Secret;
use crate::jws::{KeySet, Limits, NumericDate};
use crate::request_headers::RequestHeaders;

/// A provider's logout endpoint: its issuer, keys and policy. Immutable and cheap to clone. Each
/// issuer has its own.
///
/// To rotate keys, the host swaps the endpoint for one [with other keys](Self::with_keys):
///
/// ```
/// use std::sync::RwLock;
/// use oidc_logout::KeySet;
/// use oidc_logout::op::LogoutEndpoint;
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
#[doc(alias = "end_session_endpoint")]
#[doc(alias = "logout")]
#[doc(alias = "single logout")]
#[derive(Clone)]
#[must_use]
pub struct LogoutEndpoint {
    pub(crate) settings: Arc<Settings>,
    keys: KeySet,
}

impl LogoutEndpoint {
    /// An endpoint under the [`openid`](Policy::openid) policy.
    ///
    /// `issuer` is the provider's issuer identifier, which a hint's `iss` must equal as a string
    /// (OpenID Connect Core 1.0, section 2). `secret` authenticates the provider's own confirmation
    /// pages. It must be the same on all instances, and known nowhere else.
    ///
    /// ```
    /// use oidc_logout::op::{LogoutEndpoint, Policy};
    /// use oidc_logout::{KeySet, Secret};
    ///
    /// # fn jwks() -> &'static str { r#"{"keys": []}"# }
    /// # fn random() -> [u8; 32] { [7; 32] }
    /// let keys = KeySet::from_jwks(jwks())?;
    /// let endpoint = LogoutEndpoint::new("https://op.example", keys, Secret::new(random())?)
    ///     .with_policy(Policy::login_gov())
    ///     .with_former_issuer("https://login.example");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(issuer: impl Into<String>, keys: KeySet, secret: Secret) -> Self {
        Self {
            settings: Arc::new(Settings {
                issuer: issuer.into().into(),
                former_issuers: Vec::new(),
                policy: Policy::default(),
                limits: Limits::default(),
                login_status: false,
                secret,
            }),
            keys,
        }
    }

    /// The same endpoint under another policy.
    pub fn with_policy(self, policy: Policy) -> Self {
        self.change(|settings| settings.policy = policy)
    }

    /// Accepts hints that the provider issued under a former issuer identifier, after a move to
    /// another domain. The keys that signed them must be in the key set too.
    pub fn with_former_issuer(self, issuer: impl Into<String>) -> Self {
        self.change(|settings| settings.former_issuers.push(issuer.into().into()))
    }

    /// The same endpoint with other limits.
    ///
    /// ```
    /// use oidc_logout::Limits;
    /// # use oidc_logout::op::LogoutEndpoint;
    /// # use oidc_logout::{KeySet, Secret};
    /// # let endpoint = LogoutEndpoint::new("https://op.example", KeySet::default(), Secret::new([7; 32])?);
    ///
    /// let endpoint = endpoint.with_limits(Limits::default().request_bytes(16 * 1024));
    /// let refusal = endpoint.read("GET", "x".repeat(16 * 1024 + 1), [("", "")], "").unwrap_err();
    /// assert_eq!(refusal.reason().code(), "request_too_large");
    /// # Ok::<(), oidc_logout::SecretTooShort>(())
    /// ```
    pub fn with_limits(self, limits: Limits) -> Self {
        self.change(|settings| settings.limits = limits)
    }

    /// Sends `Set-Login: logged-out` with the answer after the session in a cookie has ended, for
    /// providers that use FedCM (Login Status API). Your sign-in sends `Set-Login: logged-in`.
    ///
    /// ```
    /// # use oidc_logout::op::LogoutEndpoint;
    /// # use oidc_logout::{KeySet, Secret};
    /// # let secret = Secret::new([7; 32])?;
    /// let endpoint = LogoutEndpoint::new("https://op.example", KeySet::default(), secret)
    ///     .with_login_status();
    /// # Ok::<(), oidc_logout::SecretTooShort>(())
    /// ```
    pub fn with_login_status(self) -> Self {
        self.change(|settings| settings.login_status = true)
    }

    /// The endpoint of another issuer with its own keys, for providers with an issuer for each
    /// tenant. Policy, limits and secret stay, former issuers go, because they are another
    /// tenant's.
    ///
    /// ```
    /// # use oidc_logout::op::LogoutEndpoint;
    /// # use oidc_logout::{KeySet, Secret};
    /// # let (keys_of_a, keys_of_b, secret) = (KeySet::default(), KeySet::default(), Secret::new([7; 32])?);
    /// let tenant_a = LogoutEndpoint::new("https://op.example/a", keys_of_a, secret);
    /// let tenant_b = tenant_a.for_issuer("https://op.example/b", keys_of_b);
    /// # Ok::<(), oidc_logout::SecretTooShort>(())
    /// ```
    pub fn for_issuer(&self, issuer: impl Into<String>, keys: KeySet) -> Self {
        let issuer = issuer.into().into();
        let settings = Settings { issuer, former_issuers: Vec::new(), ..Settings::clone(&self.settings) };
        Self { settings: Arc::new(settings), keys }
    }

    /// An endpoint that differs only in its keys.
    #[doc(alias = "rotate")]
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

    /// Reads an HTTP request: the query of a GET, the form of a POST, and refusals for everything
    /// else. The endpoint's own [`Limits`] apply.
    ///
    /// `query` is what follows the `?`, still encoded, or empty. `headers` are all headers of the
    /// request, as pairs of name and bytes in any order; names are compared without case. A
    /// reference to the `HeaderMap` of the crate `http` is such a list of pairs.
    ///
    /// Limit what you read from the network a little above [`LogoutRequest::MAX_BYTES`], so that
    /// this can still answer what is larger. If your framework has cut a body off,
    /// `Refusal::from(RefusalReason::RequestTooLarge)` is the same answer.
    ///
    /// # Errors
    /// First [`Prefetch`](super::RefusalReason::Prefetch), because nobody has asked for that
    /// request yet. Then [`MethodNotAllowed`](super::RefusalReason::MethodNotAllowed), and
    /// [`HeadRequest`](super::RefusalReason::HeadRequest): a framework may route HEAD like GET, and
    /// it must not sign anybody out. Then
    /// [`RequestTooLarge`](super::RefusalReason::RequestTooLarge), for a POST
    /// [`UnsupportedMediaType`](super::RefusalReason::UnsupportedMediaType), and the others of
    /// [`LogoutRequest::from_query`] and [`from_form`](LogoutRequest::from_form).
    ///
    /// ```
    /// # use oidc_logout::op::LogoutEndpoint;
    /// # use oidc_logout::{KeySet, Secret};
    /// # let endpoint = LogoutEndpoint::new("https://op.example", KeySet::default(), Secret::new([7; 32])?);
    /// let headers = [("Accept", "text/html"), ("Sec-Fetch-Mode", "navigate")];
    /// let request = endpoint.read("GET", "client_id=rp-1", headers, "")?;
    ///
    /// let headers = [("Content-Type", "application/json")];
    /// let refusal = endpoint.read("POST", "", headers, "{}").unwrap_err();
    /// assert_eq!(refusal.status(), 415);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn read(
        &self,
        method: &str,
        query: impl AsRef<[u8]>,
        headers: impl IntoIterator<Item = (impl AsRef<str>, impl AsRef<[u8]>)>,
        body: impl AsRef<[u8]>,
    ) -> Result<LogoutRequest, Refusal> {
        let max_bytes = self.settings.limits.request_bytes;
        LogoutRequest::from_http(method, query.as_ref(), RequestHeaders::read(headers), body.as_ref(), max_bytes)
    }

    /// Verifies an ID Token by itself, as the `id_token_hint` of an authorization request (OpenID
    /// Connect Core 1.0, section 3.1.2.1). The checks are those of a logout request's hint, in the
    /// same order, with the endpoint's policy for algorithms and age.
    ///
    /// `client` is the client that sends it, if that is known. The token must then have been issued
    /// to this client, with the algorithm that it is registered for. Without a client no HMAC can
    /// be verified: the error is `key`.
    ///
    /// # Errors
    /// [`VerifyHintError`]: the first check that fails, or another client than the token's.
    ///
    /// ```
    /// # use oidc_logout::op::{Client, LogoutEndpoint};
    /// # use oidc_logout::{KeySet, Secret};
    /// # let endpoint = LogoutEndpoint::new("https://op.example", KeySet::default(), Secret::new([7; 32])?);
    /// # let client = Client::builder("rp-1").build()?;
    /// # let id_token_hint = "e30.e30.";
    /// # let now = time::OffsetDateTime::now_utc();
    /// let expected_subject = match endpoint.verify_hint(id_token_hint, Some(&client), now) {
    ///     Ok(hint) => Some(hint.subject().to_owned()),
    ///     Err(_) => None, // nothing is known about who is expected
    /// };
    /// # assert_eq!(expected_subject, None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn verify_hint(
        &self,
        id_token_hint: &str,
        client: Option<&Client>,
        now: OffsetDateTime,
    ) -> Result<VerifiedHint, VerifyHintError> {
        let now = NumericDate::from_offset_date_time(now);
        let client_id = client.map(Client::id);
        let hint = verify::verify(&self.settings, &self.keys, id_token_hint, client_id, now)?;
        Ok(verify::with_client(hint, client)?)
    }

    /// A way to sign out that the provider offers on its own: a confirmation that ends on the
    /// signed-out page. It is for error pages, so that a refusal does not leave the End-User signed
    /// in (RP-Initiated Logout 1.0, section 4), and for the provider's own sign-out button.
    ///
    /// Its form goes to the logout endpoint, like that of any [`Confirm`].
    ///
    /// # Errors
    /// `host_error`, only if the library cannot compute a MAC.
    ///
    /// ```
    /// # use oidc_logout::op::{LogoutEndpoint, Session};
    /// # use oidc_logout::{KeySet, Secret};
    /// # let endpoint = LogoutEndpoint::new("https://op.example", KeySet::default(), Secret::new([7; 32])?);
    /// # let session = Session::new([1; 32], "248289761001");
    /// let offer = endpoint.offer(&session, time::OffsetDateTime::now_utc())?;
    /// let names: Vec<_> = offer.fields().map(|(name, _)| name).collect();
    /// assert_eq!(names, ["confirmation"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn offer(&self, session: &Session, now: OffsetDateTime) -> Result<Confirm, Refusal> {
        let request = LogoutRequest::empty();
        let proof = confirmation::prove(&self.settings, session, &request, None, now)?;
        let form = PageForm::new(&request, Vec::new());
        Ok(Confirm::new(Exchange::new(request), form, vec![ConfirmReason::NoHint], false, proof))
    }

    /// Plans the notices about a session that ends without a logout request: expiry, a changed
    /// password, a deleted user, another user who signs in, an operator, sign-out everywhere (one
    /// session after the other). There is no landing and no page for frames, so clients that can
    /// only be told in a frame are reported as not told.
    ///
    /// ```
    /// # use oidc_logout::op::{Client, EndedSession, LogoutEndpoint, Participant};
    /// # use oidc_logout::{KeySet, Secret};
    /// # let endpoint = LogoutEndpoint::new("https://op.example", KeySet::default(), Secret::new([7; 32])?);
    /// # let client = Client::builder("rp-1").backchannel_logout_uri("https://rp.example/logout").build()?;
    /// let ended = EndedSession::new("session-4711", time::OffsetDateTime::now_utc());
    /// let notices = endpoint.notices(&ended, [Participant::new(&client, "sid-of-rp-1")]);
    /// assert_eq!(notices.back_channel().len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn notices<'c>(
        &self,
        ended: &EndedSession,
        participants: impl IntoIterator<Item = Participant<'c>>,
    ) -> Notices {
        Notices::plan(&self.settings.issuer, ended, participants, false)
    }

    fn change(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(Arc::make_mut(&mut self.settings));
        self
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
