//! The kind of application that a client is, and whether it can keep a secret.

use serde::{Deserialize, Serialize};

/// The kind of application that a client is: the `application_type` of [OpenID Connect Dynamic
/// Client Registration 1.0, section
/// 2](https://openid.net/specs/openid-connect-registration-1_0.html#ClientMetadata).
///
/// It serializes to `web` or `native`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ApplicationType {
    /// Runs on a web server. The default.
    #[default]
    Web,
    /// Runs on the user's device. Its redirect URIs may have private-use schemes, and loopback
    /// addresses with any port (RFC 8252, section 7).
    Native,
}

/// Whether a client can keep a secret (RFC 6749, section 2.1). It serializes to `confidential` or
/// `public`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ClientType {
    /// Can keep a secret, like an application on a server. The default.
    #[default]
    Confidential,
    /// Cannot keep a secret, like an application in a browser or on a phone.
    Public,
}
