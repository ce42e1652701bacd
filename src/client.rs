//! Step 3, first half: the client, as the host's registry knows it.

use std::fmt;

use thiserror::Error;

use crate::hint::Algorithm;
use crate::policy::ConfirmRule;
use crate::redirect::{
    ApplicationType, ClientType, RegisteredRedirect, RegistrationError, RegistrationRules, form_action_source,
};
use crate::request::ClientId;

/// A registered client: what logout needs to know of it.
///
/// The host builds one from its registry when [`Pending::client_id`](crate::Pending::client_id) asks for it. Every
/// redirect URI passes the checks of registration again, so that a registry with an unsafe entry cannot cause an
/// unsafe redirect.
///
/// ```
/// use oidc_logout::{Algorithm, ApplicationType, Client};
///
/// let client = Client::builder("rp-1")
///     .application_type(ApplicationType::Native)
///     .post_logout_redirect_uri("com.example.app:/signed-out")
///     .post_logout_redirect_uri("http://127.0.0.1/signed-out")
///     .id_token_signed_response_alg(Algorithm::Es256)
///     .build()?;
/// assert_eq!(client.id().as_str(), "rp-1");
/// # Ok::<(), oidc_logout::ClientError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Client {
    id: ClientId,
    redirects: Vec<RegisteredRedirect>,
    algorithm: Option<Algorithm>,
    secret: Option<ClientSecret>,
    confirm: Option<ConfirmRule>,
    form_action: Vec<String>,
}

impl Client {
    /// Starts with a client that has no redirect URI: its users end on the provider's signed-out page.
    pub fn builder(id: impl Into<String>) -> ClientBuilder {
        ClientBuilder {
            id: ClientId::new(id),
            uris: Vec::new(),
            rules: RegistrationRules::default(),
            algorithm: None,
            secret: None,
            confirm: None,
            form_action: Vec::new(),
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

    /// The only algorithm that its ID Tokens are signed with, where one is registered.
    #[must_use]
    pub fn id_token_signed_response_alg(&self) -> Option<Algorithm> {
        self.algorithm
    }

    pub(crate) fn secret(&self) -> Option<&[u8]> {
        self.secret.as_ref().map(|secret| secret.0.as_slice())
    }

    pub(crate) fn confirm(&self) -> Option<ConfirmRule> {
        self.confirm
    }

    pub(crate) fn form_action(&self) -> &[String] {
        &self.form_action
    }
}

/// Why a [`Client`] cannot be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ClientError {
    /// One of its redirect URIs would not pass registration.
    #[error("post_logout_redirect_uri {index}: {error}")]
    PostLogoutRedirectUri {
        /// Which one, counted from 0 in the order in which they were added.
        index: usize,
        /// What is wrong with it.
        error: RegistrationError,
    },
    /// The secret is shorter than the hash of its HMAC algorithm (RFC 7518, section 3.2).
    #[error("the client_secret is too short for the registered algorithm; it needs at least {min_bytes} bytes")]
    SecretTooShort {
        /// How many bytes it needs.
        min_bytes: usize,
    },
    /// A source for `form-action` that is not an origin or a scheme.
    #[error("form-action source {index} is not an origin such as https://www.example")]
    FormActionSource {
        /// Which one, counted from 0 in the order in which they were added.
        index: usize,
    },
}

/// Builds a [`Client`]; see [`Client::builder`].
#[derive(Clone, Debug)]
#[must_use]
pub struct ClientBuilder {
    id: ClientId,
    uris: Vec<String>,
    rules: RegistrationRules,
    algorithm: Option<Algorithm>,
    secret: Option<ClientSecret>,
    confirm: Option<ConfirmRule>,
    form_action: Vec<String>,
}

impl ClientBuilder {
    /// Adds one of the client's `post_logout_redirect_uris` (RP-Initiated Logout 1.0, section 3.1).
    pub fn post_logout_redirect_uri(mut self, uri: impl Into<String>) -> Self {
        self.uris.push(uri.into());
        self
    }

    /// What the client may register; see [`RegistrationRules`].
    pub fn registration_rules(mut self, rules: RegistrationRules) -> Self {
        self.rules = rules;
        self
    }

    /// The client's `application_type`: `web` unless set.
    pub fn application_type(mut self, application_type: ApplicationType) -> Self {
        self.rules = self.rules.application_type(application_type);
        self
    }

    /// Whether the client keeps a secret: confidential unless set.
    pub fn client_type(mut self, client_type: ClientType) -> Self {
        self.rules = self.rules.client_type(client_type);
        self
    }

    /// Pins the algorithm of the client's ID Tokens, its `id_token_signed_response_alg`. A hint with another one is
    /// refused. HMAC algorithms are accepted only from clients that are registered for them.
    /// Dynamic Client Registration 1.0, section 2.
    pub fn id_token_signed_response_alg(mut self, algorithm: Algorithm) -> Self {
        self.algorithm = Some(algorithm);
        self
    }

    /// The `client_secret`, which verifies hints signed with HMAC. Needed for nothing else.
    pub fn client_secret(mut self, secret: impl Into<Vec<u8>>) -> Self {
        self.secret = Some(ClientSecret(secret.into()));
        self
    }

    /// When this client's users are asked, in place of the policy's rule. What has to be asked is asked all the same.
    pub fn confirm(mut self, rule: ConfirmRule) -> Self {
        self.confirm = Some(rule);
        self
    }

    /// An origin that the client's redirect URI redirects onwards to, such as `https://www.example`: browsers apply the
    /// `form-action` of the confirmation page to the whole chain of redirects.
    pub fn form_action_source(mut self, origin: impl Into<String>) -> Self {
        self.form_action.push(origin.into());
        self
    }

    /// Checks and builds.
    ///
    /// # Errors
    /// [`ClientError`]: the first redirect URI that would not pass [`RegisteredRedirect::register`], a secret too short
    /// for the registered HMAC algorithm, or a `form-action` source that is not an origin. A client that is registered
    /// for an HMAC algorithm and whose secret is not given is built: its hints do not verify.
    pub fn build(self) -> Result<Client, ClientError> {
        let redirects = self.uris.iter().enumerate().map(|(index, uri)| {
            RegisteredRedirect::register(uri, &self.rules)
                .map_err(|error| ClientError::PostLogoutRedirectUri { index, error })
        });
        let redirects = redirects.collect::<Result<Vec<_>, _>>()?;

        let min_bytes = self.algorithm.and_then(Algorithm::min_secret_bytes).unwrap_or(0);
        if self.secret.as_ref().is_some_and(|secret| secret.0.len() < min_bytes) {
            return Err(ClientError::SecretTooShort { min_bytes });
        }

        let rules = RegistrationRules::default().application_type(ApplicationType::Native).allow_http(true);
        let form_action = self.form_action.iter().enumerate().map(|(index, origin)| {
            RegisteredRedirect::register(origin, &rules)
                .ok()
                .filter(RegisteredRedirect::is_origin)
                .map(|origin| form_action_source(origin.as_str()))
                .ok_or(ClientError::FormActionSource { index })
        });
        let form_action = form_action.collect::<Result<Vec<_>, _>>()?;

        Ok(Client {
            id: self.id,
            redirects,
            algorithm: self.algorithm,
            secret: self.secret,
            confirm: self.confirm,
            form_action,
        })
    }
}

#[derive(Clone)]
struct ClientSecret(Vec<u8>);

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClientSecret({} bytes)", self.0.len())
    }
}
