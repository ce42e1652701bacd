//! The rules for what a client may register (rule 6).

use std::fmt;

use crate::metadata::{ApplicationType, ClientType};
use crate::op::address::AddressRules;

/// The rules for what a client may register: its `post_logout_redirect_uris` (RP-Initiated Logout
/// 1.0, section 3.1; RFC 8252, section 7) and the URIs by which it hears of logouts.
///
/// `https` is always allowed. So is `http` on a loopback host (`localhost`, names that end in
/// `.localhost`, `127.0.0.0/8`, `[::1]`), for public clients too, because such a redirect does not
/// leave the device and developers need it. (RP-Initiated Logout 1.0 allows `http` to confidential
/// clients, RFC 8252 to native ones on loopback addresses.)
///
/// ```
/// use oidc_logout::op::{RegisteredRedirect, RegistrationRules};
/// use oidc_logout::{ApplicationType, UriError};
///
/// let native = RegistrationRules::default().application_type(ApplicationType::Native);
/// let app = |scheme: &str| format!("{scheme}:/signed-out");
/// assert!(RegisteredRedirect::register(&app("com.example.app"), &native).is_ok());
/// // Any app can claim a scheme without a dot, so each must be allowed by name.
/// let error = RegisteredRedirect::register(&app("myapp"), &native).unwrap_err();
/// assert_eq!(error, UriError::Scheme);
/// assert!(RegisteredRedirect::register(&app("myapp"), &native.allow_scheme("myapp")).is_ok());
/// ```
#[derive(Clone, PartialEq, Eq)]
#[must_use]
pub struct RegistrationRules {
    application_type: ApplicationType,
    client_type: ClientType,
    allow_http: bool,
    allow_schemes: Vec<String>,
    allow_any_scheme: bool,
    max_uris: usize,
    addresses: AddressRules,
    issuer: Option<String>,
    redirect_uris: Vec<String>,
}

impl Default for RegistrationRules {
    fn default() -> Self {
        Self {
            application_type: ApplicationType::default(),
            client_type: ClientType::default(),
            allow_http: false,
            allow_schemes: Vec::new(),
            allow_any_scheme: false,
            max_uris: 50,
            addresses: AddressRules::default(),
            issuer: None,
            redirect_uris: Vec::new(),
        }
    }
}

impl RegistrationRules {
    /// Sets the kind of application. [`Native`](ApplicationType::Native) ones may register
    /// private-use schemes that hold a dot.
    pub fn application_type(mut self, application_type: ApplicationType) -> Self {
        self.application_type = application_type;
        self
    }

    /// Sets whether the client can keep a secret.
    pub fn client_type(mut self, client_type: ClientType) -> Self {
        self.client_type = client_type;
        self
    }

    /// Allows `http` on hosts that are not loopback, for a confidential client.
    pub fn allow_http(mut self, allow: bool) -> Self {
        self.allow_http = allow;
        self
    }

    /// Allows a native client one scheme without a dot, such as `myapp`. Script-like and special
    /// schemes (`javascript`, `data`, `file`, …) stay refused.
    pub fn allow_scheme(mut self, scheme: impl Into<String>) -> Self {
        self.allow_schemes.push(scheme.into());
        self
    }

    /// Allows a native client every private-use scheme, with or without a dot. Script-like and
    /// special schemes stay refused. Any app can claim a scheme, so that the redirect may reach
    /// another one (RFC 8252, section 8.4).
    pub fn allow_any_scheme(mut self, allow: bool) -> Self {
        self.allow_any_scheme = allow;
        self
    }

    /// Sets how many `post_logout_redirect_uris` a client may have, 50 by default. Each request is
    /// compared with all of them.
    ///
    /// Metadata with more than
    /// [100](crate::ClientMetadata::MAX_POST_LOGOUT_REDIRECT_URIS) cannot be read, whatever is set
    /// here.
    pub fn max_post_logout_redirect_uris(mut self, uris: usize) -> Self {
        self.max_uris = uris;
        self
    }

    /// Sets the addresses that a `backchannel_logout_uri` may name. By default those of the public
    /// internet.
    ///
    /// Allow a network only for clients that an operator configured: the provider connects to it.
    pub fn addresses(mut self, addresses: AddressRules) -> Self {
        self.addresses = addresses;
        self
    }

    /// Sets the provider's issuer identifier, so that no `frontchannel_logout_uri` has its origin.
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuer = Some(issuer.into());
        self
    }

    /// Sets the client's `redirect_uris` (those of sign-in). A `frontchannel_logout_uri` must have
    /// the origin of one of them (Front-Channel Logout 1.0, section 2), so without them none can be
    /// registered.
    pub fn redirect_uris(mut self, uris: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.redirect_uris = uris.into_iter().map(Into::into).collect();
        self
    }

    pub(crate) fn address_rules(&self) -> &AddressRules {
        &self.addresses
    }

    pub(crate) fn issuer_uri(&self) -> Option<&str> {
        self.issuer.as_deref()
    }

    pub(crate) fn redirect_uri_list(&self) -> &[String] {
        &self.redirect_uris
    }

    pub(crate) fn max_uris(&self) -> usize {
        self.max_uris
    }

    pub(crate) fn is_for(&self, application_type: ApplicationType) -> bool {
        self.application_type == application_type
    }

    pub(crate) fn is_confidential(&self) -> bool {
        self.client_type == ClientType::Confidential
    }

    pub(crate) fn allows_private_use(&self, scheme: &str) -> bool {
        self.is_for(ApplicationType::Native)
            && (self.allow_any_scheme
                || scheme.contains('.')
                || self.allow_schemes.iter().any(|allowed| scheme.eq_ignore_ascii_case(allowed)))
    }

    pub(crate) fn allows_http(&self) -> bool {
        self.allow_http && self.is_confidential()
    }
}

/// Shows how many redirect URIs there are, and not the URIs, because anybody may have sent them.
impl fmt::Debug for RegistrationRules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegistrationRules")
            .field("application_type", &self.application_type)
            .field("client_type", &self.client_type)
            .field("allow_http", &self.allow_http)
            .field("allow_schemes", &self.allow_schemes)
            .field("allow_any_scheme", &self.allow_any_scheme)
            .field("max_uris", &self.max_uris)
            .field("addresses", &self.addresses)
            .field("issuer", &self.issuer)
            .field("redirect_uris", &self.redirect_uris.len())
            .finish()
    }
}
