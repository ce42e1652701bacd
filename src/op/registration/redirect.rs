//! A redirect URI that passed registration (rule 6).

use super::RegistrationRules;
use crate::metadata::ApplicationType;
use crate::uri::{CheckedUri, Scheme, UriError};

/// A URI that a client registered to be sent to after logout, one of its
/// `post_logout_redirect_uris`.
///
/// Its bytes are kept as they are and come back as they are. Two are equal when their bytes
/// are, and if any port matches both of them or neither.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisteredRedirect {
    uri: String,
    /// The ends of the host and of the port. Between them is the port with its colon.
    host_end: usize,
    path_start: usize,
    /// A native client's `http` URI on a loopback address: any port matches (RFC 8252, section
    /// 7.3).
    any_port: bool,
}

impl RegisteredRedirect {
    /// Checks a URI that a client wants to register.
    ///
    /// Only the characters of RFC 3986 are taken, no fragment, no userinfo, and a host that a URL
    /// parser leaves unchanged except for case, so that no two readers can disagree on its target.
    ///
    /// # Errors
    /// The first [`UriError`] in the order of its variants, except that a missing `//` comes before
    /// `userinfo`.
    ///
    /// ```
    /// use oidc_logout::UriError;
    /// use oidc_logout::op::{RegisteredRedirect, RegistrationRules};
    ///
    /// let rules = RegistrationRules::default();
    /// let redirect = RegisteredRedirect::register("https://rp.example/signed-out", &rules)?;
    /// assert_eq!(redirect.as_str(), "https://rp.example/signed-out");
    ///
    /// let error = RegisteredRedirect::register("javascript:alert(1)", &rules).unwrap_err();
    /// assert_eq!(error, UriError::Scheme);
    /// # Ok::<(), UriError>(())
    /// ```
    pub fn register(uri: &str, rules: &RegistrationRules) -> Result<Self, UriError> {
        let checked = CheckedUri::check(uri, |scheme| rules.allows_private_use(scheme))?;
        checked.http_is_allowed(rules.allows_http())?;
        let any_port =
            checked.scheme() == Scheme::Http && rules.is_for(ApplicationType::Native) && checked.is_loopback_literal();
        let CheckedUri { host_end, path_start, .. } = checked;
        Ok(Self { uri: uri.to_owned(), host_end, path_start, any_port })
    }

    /// The registered bytes.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.uri
    }

    pub(crate) fn takes_any_port(&self) -> bool {
        self.any_port
    }

    /// Scheme, host and everything between.
    pub(crate) fn until_host(&self) -> &str {
        self.uri.get(..self.host_end).unwrap_or_default()
    }

    /// Path and query.
    pub(crate) fn rest(&self) -> &str {
        self.uri.get(self.path_start..).unwrap_or_default()
    }
}

impl AsRef<str> for RegisteredRedirect {
    fn as_ref(&self) -> &str {
        &self.uri
    }
}
