//! The parameters of a logout request: their names, and a type for each of their values.

use std::borrow::Borrow;
use std::fmt;

use serde::{Serialize, Serializer};

/// The names of the six parameters (RP-Initiated Logout 1.0, section 2).
pub(crate) const NAMES: [&str; 6] =
    ["id_token_hint", "logout_hint", "client_id", "post_logout_redirect_uri", "state", "ui_locales"];

/// Makes a newtype for the value of one request parameter. `Debug` shows only its length, so that
/// no log holds a token or another value by accident.
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

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
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
    /// The `id_token_hint` parameter: an ID Token that the provider issued to the client. It is a
    /// compact JWS, or a JWE that the host decrypts. Do not trust it before it has become a
    /// [`VerifiedHint`](crate::op::VerifiedHint).
    ///
    /// RP-Initiated Logout 1.0, section 2; `OpenID` Connect Core 1.0, section 2.
    IdTokenHint
}
parameter! {
    /// The `logout_hint` parameter. The crate does not interpret it and hands it to the host as it
    /// came. A provider may agree with its clients on its meaning: a user name, an email address, a
    /// session id. RP-Initiated Logout 1.0, section 2.
    LogoutHint
}
parameter! {
    /// A client's identifier, from the `client_id` parameter, from the audience of a hint, or from
    /// the host's registry. It is compared byte for byte. RFC 6749, section 2.2; RP-Initiated
    /// Logout 1.0, section 2.
    ClientId
}
parameter! {
    /// The `post_logout_redirect_uri` parameter *as requested*. No redirect is ever built from it.
    /// It only selects a [`RegisteredRedirect`](crate::op::RegisteredRedirect). RP-Initiated Logout
    /// 1.0, section 3.
    PostLogoutRedirectUri
}
parameter! {
    /// The `state` parameter. The crate does not interpret it and returns it unchanged on the
    /// redirect. RP-Initiated Logout 1.0, sections 2 and 3.
    State
}
parameter! {
    /// The `ui_locales` parameter: the End-User's preferred languages for the provider's pages.
    /// RP-Initiated Logout 1.0, section 2.
    UiLocales
}

impl IdTokenHint {
    /// Whether this looks like a JWE in compact serialization, which has five segments (RFC 7516,
    /// section 7.1). The crate does not decrypt. A host that can decrypts it and passes the JWS
    /// inside to [`with_decrypted_hint`](crate::op::LogoutRequest::with_decrypted_hint).
    ///
    /// ```
    /// # use oidc_logout::op::LogoutRequest;
    /// let request = LogoutRequest::from_query("id_token_hint=eyJlbmMi.a.b.c.d")?;
    /// assert!(request.id_token_hint().is_some_and(|hint| hint.is_encrypted()));
    /// # Ok::<(), oidc_logout::op::Refusal>(())
    /// ```
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        has_five_segments(&self.0)
    }
}

/// RFC 3986, section 2.3.
pub(crate) fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// Whether a text has five segments, as a JWE in compact serialization has. A text may consist of
/// many dots, so the count stops after the sixth segment.
pub(crate) fn has_five_segments(text: &str) -> bool {
    text.split('.').take(6).count() == 5
}

impl ClientId {
    /// An identifier from the host's registry.
    ///
    /// ```
    /// let id = oidc_logout::ClientId::new("s6BhdRkqt3");
    /// assert_eq!(id.as_str(), "s6BhdRkqt3");
    /// ```
    #[must_use]
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

/// The identifier as it is. It may hold any character, even a line break: escape it in pages and in
/// logs.
impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Lets a map with `ClientId` keys be asked with a string.
impl Borrow<str> for ClientId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl UiLocales {
    /// The language tags in order of preference, as they came (BCP 47). Unknown or malformed tags
    /// are no error. Use the first tag whose language you can serve.
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
