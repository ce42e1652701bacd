//! What kind of application a client is, and whether it can keep a secret.

use serde::{Deserialize, Serialize};

/// What kind of application a client is: the `application_type` of [OpenID Connect Dynamic Client Registration 1.0,
/// section 2](https://openid.net/specs/openid-connect-registration-1_0.html#ClientMetadata).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ApplicationType {
    /// Runs on a web server. The default.
    #[default]
    Web,
    /// Runs on the user's device: may use private-use schemes, and loopback addresses with any port (RFC 8252, section 7).
    Native,
}

/// Whether a client can keep a secret (RFC 6749, section 2.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ClientType {
    /// It can. The default.
    #[default]
    Confidential,
    /// It cannot.
    Public,
}
