//! Step 3, first half: the client, as the host's registry knows it.

use std::fmt;

use thiserror::Error;

use super::policy::ConfirmRule;
use super::registration::{BackChannelUri, ChannelUriError, FrontChannelUri, RegisteredRedirect, RegistrationRules};
use crate::crypto::{Algorithm, Secret};
use crate::metadata::{ApplicationType, ClientType};
use crate::parameter::ClientId;
use crate::uri::{UriError, is_form_action_scheme};

/// The parts of a registered client that logout needs.
///
/// The host builds one from its registry when [`Pending::client_id`](super::Pending::client_id)
/// names it. Every redirect URI passes the checks of registration again, so that an unsafe entry of
/// a registry cannot cause an unsafe redirect. Hosts that keep their clients in memory build them
/// once.
///
/// ```
/// use oidc_logout::op::Client;
/// use oidc_logout::{Algorithm, ApplicationType};
///
/// let client = Client::builder("rp-1")
///     .application_type(ApplicationType::Native)
///     .post_logout_redirect_uri("com.example.app:/signed-out")
///     .post_logout_redirect_uri("http://127.0.0.1/signed-out")
///     .id_token_signed_response_alg(Algorithm::Es256)
///     .build()?;
/// assert_eq!(client.id().as_str(), "rp-1");
/// # Ok::<(), oidc_logout::op::ClientError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Client {
    id: ClientId,
    redirects: Vec<RegisteredRedirect>,
    algorithm: Option<Algorithm>,
    secret: Option<Secret>,
    /// Whether the first of the secrets is the current one, and not a former one in its place.
    signs_with_secret: bool,
    confirm: Option<ConfirmRule>,
    form_action: Vec<String>,
    back_channel: Option<BackChannelUri>,
    back_channel_needs_sid: bool,
    front_channel: Option<FrontChannelUri>,
    front_channel_needs_sid: bool,
    unusable: Vec<ClientError>,
}

impl Client {
    /// Starts with a client that has no redirect URI. Its users end on the provider's signed-out
    /// page.
    pub fn builder(id: impl Into<String>) -> ClientBuilder {
        ClientBuilder {
            id: ClientId::new(id),
            uris: Vec::new(),
            rules: RegistrationRules::default(),
            application_type: None,
            client_type: None,
            algorithm: None,
            secret: None,
            previous_secrets: Vec::new(),
            confirm: None,
            form_action: Vec::new(),
            back_channel: None,
            back_channel_needs_sid: false,
            front_channel: None,
            front_channel_needs_sid: false,
        }
    }

    /// The client's identifier.
    #[must_use]
    pub fn id(&self) -> &ClientId {
        &self.id
    }

    /// The URIs that it may ask to be sent to.
    #[must_use]
    pub fn post_logout_redirect_uris(&self) -> &[RegisteredRedirect] {
        &self.redirects
    }

    /// The only algorithm that its ID Tokens are signed with, if one is registered.
    #[must_use]
    pub fn id_token_signed_response_alg(&self) -> Option<Algorithm> {
        self.algorithm
    }

    /// Where it wants to be sent logout tokens.
    #[must_use]
    pub fn backchannel_logout_uri(&self) -> Option<&BackChannelUri> {
        self.back_channel.as_ref()
    }

    /// What it wants to be loaded in a frame.
    #[must_use]
    pub fn frontchannel_logout_uri(&self) -> Option<&FrontChannelUri> {
        self.front_channel.as_ref()
    }

    /// The algorithm that its logout tokens are signed with: that of its ID Tokens, which is RS256
    /// where none is registered (Back-Channel Logout 1.0, section 2.4).
    #[must_use]
    pub fn logout_token_algorithm(&self) -> Algorithm {
        self.algorithm.unwrap_or_default()
    }

    pub(crate) fn back_channel_needs_sid(&self) -> bool {
        self.back_channel_needs_sid
    }

    pub(crate) fn front_channel_needs_sid(&self) -> bool {
        self.front_channel_needs_sid
    }

    /// The parts of the registry that [`build_usable`](ClientBuilder::build_usable) left out.
    #[must_use]
    pub fn unusable(&self) -> &[ClientError] {
        &self.unusable
    }

    pub(crate) fn secret(&self) -> Option<&Secret> {
        self.secret.as_ref()
    }

    /// The same, if the current secret is there and long enough. A former one signs nothing: the
    /// client does not expect it any more.
    pub(crate) fn signing_secret(&self) -> Option<&Secret> {
        self.secret.as_ref().filter(|_| self.signs_with_secret)
    }

    pub(crate) fn confirm(&self) -> Option<ConfirmRule> {
        self.confirm
    }

    pub(crate) fn form_action(&self) -> &[String] {
        &self.form_action
    }
}

/// The reason why a [`Client`] cannot be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum ClientError {
    /// One of its redirect URIs would not pass registration.
    #[error("post_logout_redirect_uri {index}: {error}")]
    PostLogoutRedirectUri {
        /// The URI's place, counted from 0 in the order in which they were added.
        index: usize,
        /// The fault of the URI.
        error: UriError,
    },
    /// The secret is shorter than the hash of its HMAC algorithm (RFC 7518, section 3.2).
    #[error("the client_secret is too short for the registered algorithm; it needs at least {min_bytes} bytes")]
    SecretTooShort {
        /// The length that the algorithm needs, in bytes.
        min_bytes: usize,
    },
    /// There are more redirect URIs than a client may have: see
    /// [`RegistrationRules::max_post_logout_redirect_uris`].
    #[error("the client has more than {max} post_logout_redirect_uris")]
    TooManyUris {
        /// The most that a client may have.
        max: usize,
    },
    /// A public client is registered for an HMAC algorithm, and everybody who has the app knows its
    /// secret.
    #[error("a public client cannot be registered for an HMAC algorithm, because it cannot keep a secret")]
    HmacForPublicClient,
    /// A scheme for `form-action` that is not one.
    #[error("form-action scheme {index} is not a scheme such as com.example.app")]
    FormActionScheme {
        /// The scheme's place, counted from 0 in the order in which they were added.
        index: usize,
    },
    /// Its `backchannel_logout_uri` would not pass registration.
    #[error("backchannel_logout_uri: {0}")]
    BackChannelUri(ChannelUriError),
    /// Its `frontchannel_logout_uri` would not pass registration.
    #[error("frontchannel_logout_uri: {0}")]
    FrontChannelUri(ChannelUriError),
}

/// Builds a [`Client`]; see [`Client::builder`].
#[derive(Clone)]
#[must_use]
pub struct ClientBuilder {
    id: ClientId,
    uris: Vec<String>,
    rules: RegistrationRules,
    application_type: Option<ApplicationType>,
    client_type: Option<ClientType>,
    algorithm: Option<Algorithm>,
    secret: Option<Vec<u8>>,
    previous_secrets: Vec<Vec<u8>>,
    confirm: Option<ConfirmRule>,
    form_action: Vec<String>,
    back_channel: Option<String>,
    back_channel_needs_sid: bool,
    front_channel: Option<String>,
    front_channel_needs_sid: bool,
}

impl ClientBuilder {
    /// Adds one of the client's `post_logout_redirect_uris` (RP-Initiated Logout 1.0, section 3.1).
    pub fn post_logout_redirect_uri(mut self, uri: impl Into<String>) -> Self {
        self.uris.push(uri.into());
        self
    }

    /// Sets the rules that the redirect URIs must keep. The types that are set with the two methods
    /// below replace those of the rules.
    pub fn registration_rules(mut self, rules: RegistrationRules) -> Self {
        self.rules = rules;
        self
    }

    /// Sets the client's `application_type`, which is `web` by default.
    pub fn application_type(mut self, application_type: ApplicationType) -> Self {
        self.application_type = Some(application_type);
        self
    }

    /// Sets the client's type: confidential (the default) if it can keep a secret, else public.
    pub fn client_type(mut self, client_type: ClientType) -> Self {
        self.client_type = Some(client_type);
        self
    }

    /// Pins the algorithm of the client's ID Tokens, its `id_token_signed_response_alg` (Dynamic
    /// Client Registration 1.0, section 2). A hint with another one is refused. HMAC algorithms are
    /// accepted only from confidential clients that are registered for them.
    pub fn id_token_signed_response_alg(mut self, algorithm: Algorithm) -> Self {
        self.algorithm = Some(algorithm);
        self
    }

    /// Sets the `client_secret`. It verifies hints signed with HMAC, signs logout tokens where the
    /// client is registered for HMAC, and is used for nothing else.
    pub fn client_secret(mut self, secret: impl Into<Vec<u8>>) -> Self {
        self.secret = Some(secret.into());
        self
    }

    /// Overrides the policy's `confirm` rule for this client. Requests that prove nothing are still
    /// confirmed.
    pub fn confirm(mut self, rule: ConfirmRule) -> Self {
        self.confirm = Some(rule);
        self
    }

    /// Adds a former `client_secret`. Hints that were signed with it still verify, as those signed
    /// with a former key of the provider do.
    ///
    /// ```
    /// use oidc_logout::Algorithm;
    /// use oidc_logout::op::Client;
    ///
    /// let client = Client::builder("rp-1")
    ///     .id_token_signed_response_alg(Algorithm::Hs256)
    ///     .client_secret("the-secret-of-2026-with-32-bytes")
    ///     .previous_client_secret("the-secret-of-2025-with-32-bytes")
    ///     .build()?;
    /// # Ok::<(), oidc_logout::op::ClientError>(())
    /// ```
    pub fn previous_client_secret(mut self, secret: impl Into<Vec<u8>>) -> Self {
        self.previous_secrets.push(secret.into());
        self
    }

    /// Adds a scheme that the client's redirect URI redirects onwards to, such as
    /// `com.example.app`, for a callback that goes on to an app. Browsers apply the `form-action`
    /// of the confirmation page to every redirect that follows. The scheme of the redirect URI
    /// itself is allowed anyway.
    ///
    /// ```
    /// use oidc_logout::op::Client;
    ///
    /// // This page of the client opens the app with com.example.app:/signed-out.
    /// let client = Client::builder("rp-1")
    ///     .post_logout_redirect_uri("https://rp.example/to-app")
    ///     .form_action_scheme("com.example.app")
    ///     .build()?;
    /// # Ok::<(), oidc_logout::op::ClientError>(())
    /// ```
    pub fn form_action_scheme(mut self, scheme: impl Into<String>) -> Self {
        self.form_action.push(scheme.into());
        self
    }

    /// Sets the URI to which logout tokens are sent (Back-Channel Logout 1.0, section 2.2). Only a
    /// client with one is told of logouts by the provider's server.
    pub fn backchannel_logout_uri(mut self, uri: impl Into<String>) -> Self {
        self.back_channel = Some(uri.into());
        self
    }

    /// Sets whether its logout tokens must hold a `sid`. Where the client has none in a session, it
    /// then cannot be told. `false` by default.
    pub fn backchannel_logout_session_required(mut self, required: bool) -> Self {
        self.back_channel_needs_sid = required;
        self
    }

    /// Sets the URI that is loaded in a frame (Front-Channel Logout 1.0, section 2). The
    /// [rules](Self::registration_rules) must hold the client's `redirect_uris`.
    pub fn frontchannel_logout_uri(mut self, uri: impl Into<String>) -> Self {
        self.front_channel = Some(uri.into());
        self
    }

    /// Sets whether the address of its frame must hold `iss` and `sid`. Where the client has no
    /// `sid` in a session, it then gets no frame. `false` by default; they are sent in any case
    /// where there is a `sid`.
    pub fn frontchannel_logout_session_required(mut self, required: bool) -> Self {
        self.front_channel_needs_sid = required;
        self
    }

    /// Checks and builds.
    ///
    /// A client that is registered for an HMAC algorithm may be built without its secret. Its hints
    /// then do not verify.
    ///
    /// # Errors
    /// The first [`ClientError`]: too many redirect URIs, one that would not pass
    /// [`RegisteredRedirect::register`], an HMAC algorithm for a public client, a secret too short
    /// for the registered HMAC algorithm, a `form-action` scheme that is none, or a URI for logouts
    /// that would not pass registration.
    pub fn build(self) -> Result<Client, ClientError> {
        let client = self.build_usable();
        match client.unusable.first() {
            Some(error) => Err(*error),
            None => Ok(client),
        }
    }

    /// Builds from a registry that may be older than these rules. Parts that cannot be used are
    /// left out and [reported](Client::unusable), redirect URIs beyond the maximum among them. The
    /// client's users can still sign out. They are not sent to a URI that was left out
    /// (`redirect_uri_not_registered`), and hints signed with a secret that was left out do not
    /// verify (`key`).
    ///
    /// ```
    /// use oidc_logout::UriError;
    /// use oidc_logout::op::{Client, ClientError};
    ///
    /// let client = Client::builder("rp-1")
    ///     .post_logout_redirect_uri("https://rp.example/#signed-out")
    ///     .post_logout_redirect_uri("https://rp.example/signed-out")
    ///     .build_usable();
    /// assert_eq!(client.post_logout_redirect_uris().len(), 1);
    /// assert_eq!(
    ///     client.unusable(),
    ///     [ClientError::PostLogoutRedirectUri { index: 0, error: UriError::Fragment }]
    /// );
    /// ```
    #[must_use]
    pub fn build_usable(self) -> Client {
        let rules = self.rules();
        let mut unusable = Vec::new();
        let redirects = usable_redirects(&self.uris, &rules, &mut unusable);
        let min_bytes = self.algorithm.and_then(Algorithm::min_secret_bytes).unwrap_or_default();
        let signs_with_secret = self.secret.as_ref().is_some_and(|secret| secret.len() >= min_bytes);
        let secrets = self.secret.into_iter().chain(self.previous_secrets).collect();
        let secret = usable_secret(secrets, self.algorithm, &rules, &mut unusable);
        let form_action = usable_sources(&self.form_action, &mut unusable);
        let back_channel = self.back_channel.as_deref().map(|uri| BackChannelUri::register(uri, &rules));
        let back_channel = usable(back_channel, ClientError::BackChannelUri, &mut unusable);
        let front_channel = self.front_channel.as_deref().map(|uri| FrontChannelUri::register(uri, &rules));
        let front_channel = usable(front_channel, ClientError::FrontChannelUri, &mut unusable);
        Client {
            id: self.id,
            redirects,
            algorithm: self.algorithm,
            secret,
            signs_with_secret,
            confirm: self.confirm,
            form_action,
            back_channel,
            back_channel_needs_sid: self.back_channel_needs_sid,
            front_channel,
            front_channel_needs_sid: self.front_channel_needs_sid,
            unusable,
        }
    }

    fn rules(&self) -> RegistrationRules {
        let mut rules = self.rules.clone();
        if let Some(application_type) = self.application_type {
            rules = rules.application_type(application_type);
        }
        if let Some(client_type) = self.client_type {
            rules = rules.client_type(client_type);
        }
        rules
    }
}

/// The redirect URIs that pass registration (rule 6). Those beyond the most that a client may have
/// are not even read, because each request is compared with all.
fn usable_redirects(
    uris: &[String],
    rules: &RegistrationRules,
    unusable: &mut Vec<ClientError>,
) -> Vec<RegisteredRedirect> {
    let max = rules.max_uris();
    if uris.len() > max {
        unusable.push(ClientError::TooManyUris { max });
    }
    let mut redirects = Vec::with_capacity(uris.len().min(max));
    for (index, uri) in uris.iter().enumerate().take(max) {
        match RegisteredRedirect::register(uri, rules) {
            Ok(redirect) => redirects.push(redirect),
            Err(error) => unusable.push(ClientError::PostLogoutRedirectUri { index, error }),
        }
    }
    redirects
}

/// The secrets that may verify a hint (rule 4). The current one is the first.
fn usable_secret(
    mut secrets: Vec<Vec<u8>>,
    algorithm: Option<Algorithm>,
    rules: &RegistrationRules,
    unusable: &mut Vec<ClientError>,
) -> Option<Secret> {
    if let Some(min_bytes) = algorithm.and_then(Algorithm::min_secret_bytes) {
        if !rules.is_confidential() {
            unusable.push(ClientError::HmacForPublicClient);
            return None;
        }
        let given = secrets.len();
        // A secret that can be searched for lets anybody sign hints in the client's name.
        secrets.retain(|secret| secret.len() >= min_bytes);
        if secrets.len() < given {
            unusable.push(ClientError::SecretTooShort { min_bytes });
        }
    }
    // One that is left verifies, even if it is a former one and the current one is missing.
    let mut secrets = secrets.into_iter();
    secrets.next().map(|first| Secret::of_client(first, secrets.collect()))
}

/// The sources for `form-action`. Whatever is not a scheme could end the directive and begin
/// another one, so it is left out.
fn usable_sources(schemes: &[String], unusable: &mut Vec<ClientError>) -> Vec<String> {
    let mut sources = Vec::with_capacity(schemes.len());
    for (index, scheme) in schemes.iter().enumerate() {
        if is_form_action_scheme(scheme) {
            sources.push(scheme.to_ascii_lowercase() + ":");
        } else {
            unusable.push(ClientError::FormActionScheme { index });
        }
    }
    sources
}

/// The URI of a channel. Without it the client is not told by that channel.
fn usable<T>(
    registered: Option<Result<T, ChannelUriError>>,
    fault: fn(ChannelUriError) -> ClientError,
    unusable: &mut Vec<ClientError>,
) -> Option<T> {
    registered?.map_err(|error| unusable.push(fault(error))).ok()
}

/// Without the secrets, and without the texts that a client may have written.
impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("id", &self.id)
            .field("uris", &self.uris.len())
            .field("rules", &self.rules)
            .field("application_type", &self.application_type)
            .field("client_type", &self.client_type)
            .field("algorithm", &self.algorithm)
            .field("secret", &self.secret.is_some())
            .field("previous_secrets", &self.previous_secrets.len())
            .field("confirm", &self.confirm)
            .field("form_action", &self.form_action.len())
            .field("back_channel", &self.back_channel.is_some())
            .field("back_channel_needs_sid", &self.back_channel_needs_sid)
            .field("front_channel", &self.front_channel.is_some())
            .field("front_channel_needs_sid", &self.front_channel_needs_sid)
            .finish()
    }
}
