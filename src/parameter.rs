//! The parameters of a logout request: their names, and a type for each of their values.

use std::borrow::Borrow;
use std::fmt;

use serde::{Serialize, Serializer};

/// The names of the six parameters (RP-Initiated Logout 1.0, section 2).
pub(crate) const NAMES: [&str; 6] =
    ["id_token_hint", "logout_hint", "client_id", "post_logout_redirect_uri", "state", "ui_locales"];

/// Makes a newtype for the value of one request parameter. `Debug` tells only its length.
macro_rules! parameter {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub(crate) String);

        impl $name {
            /// The decoded value.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({} bytes)"), self.0.len())
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }
    };
}

parameter! {
    /// The `id_token_hint` parameter: an ID Token that the provider issued to the client, a compact JWS (or, for the
    /// host to decrypt, a JWE). Untrusted until it is a [`VerifiedHint`](crate::op::VerifiedHint).
    ///
    /// RP-Initiated Logout 1.0, section 2; `OpenID` Connect Core 1.0, section 2.
    IdTokenHint
}
parameter! {
    /// The `logout_hint` parameter: opaque to this crate, handed to the host as it came. A provider may agree with its
    /// clients on what it holds (a user name, an email address, a session id). RP-Initiated Logout 1.0, section 2.
    LogoutHint
}
parameter! {
    /// A client's identifier, from the `client_id` parameter, from a hint's audience, or from the host's registry.
    /// Compared byte for byte. RFC 6749, section 2.2; RP-Initiated Logout 1.0, section 2.
    ClientId
}
parameter! {
    /// The `post_logout_redirect_uri` parameter *as requested*. No redirect is ever built from it: it only selects a
    /// [`RegisteredRedirect`](crate::op::RegisteredRedirect). RP-Initiated Logout 1.0, section 3.
    PostLogoutRedirectUri
}
parameter! {
    /// The `state` parameter: opaque, given back unchanged on the redirect. RP-Initiated Logout 1.0, sections 2 and 3.
    State
}
parameter! {
    /// The `ui_locales` parameter: the End-User's preferred languages for the pages. RP-Initiated Logout 1.0, section 2.
    UiLocales
}

impl IdTokenHint {
    /// Whether this is the compact serialization of a JWE (five segments), which this crate does not open.
    /// A host that can decrypt it hands over the inner JWS with [`LogoutRequest::with_decrypted_hint`](crate::op::LogoutRequest::with_decrypted_hint).
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.0.split('.').take(6).count() == 5
    }
}

impl ClientId {
    /// A client identifier known to the host.
    ///
    /// ```
    /// let id = oidc_logout::ClientId::new("s6BhdRkqt3");
    /// assert_eq!(id.as_str(), "s6BhdRkqt3");
    /// ```
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }
}

impl From<&str> for ClientId {
    fn from(id: &str) -> Self {
        Self::new(id)
    }
}

impl From<String> for ClientId {
    fn from(id: String) -> Self {
        Self(id)
    }
}

impl AsRef<str> for ClientId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// The identifier as it is, which may hold any printable character: escape it in pages.
impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// So that a map with `ClientId` as its key can be asked with a string.
impl Borrow<str> for ClientId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl UiLocales {
    /// The BCP 47 language tags in order of preference, as they came. Unknown or malformed ones are never an error:
    /// take the first that you can serve.
    ///
    /// ```
    /// # use oidc_logout::op::LogoutRequest;
    /// let request = LogoutRequest::from_query("ui_locales=fr-CA+fr+en")?;
    /// let tags: Vec<_> = request.ui_locales().unwrap().tags().collect();
    /// assert_eq!(tags, ["fr-CA", "fr", "en"]);
    /// # Ok::<(), oidc_logout::op::Refusal>(())
    /// ```
    pub fn tags(&self) -> impl Iterator<Item = &str> {
        self.0.split(' ').filter(|tag| !tag.is_empty())
    }
}
