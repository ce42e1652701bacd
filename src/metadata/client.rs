//! The registration's part: what a client says of itself that matters to logout.

use std::fmt;

use serde::Serialize;
use serde::de::{Deserialize, Deserializer, Error as _};

use super::ClientRegistrationError;
use super::read::ReadMetadata;
use crate::client::{Client, ClientError};
use crate::hint::Algorithm;
use crate::redirect::{ApplicationType, RegistrationRules};

/// The client metadata that logout reads: the body of a client registration request, or a part of it
/// ([RFC 7591, section 2](https://www.rfc-editor.org/rfc/rfc7591#section-2); [OpenID Connect Dynamic Client Registration 1.0,
/// section 2](https://openid.net/specs/openid-connect-registration-1_0.html#ClientMetadata); RP-Initiated Logout 1.0, section
/// 3.1).
///
/// As read it is a client's wish, and [`register`](Self::register) judges it. Serialized it is that client's metadata with the
/// defaults filled in, for the response and for the host's storage, as JSON or in another format that names its members.
///
/// Where it is flattened into a struct of the host's, that struct must not have members of these names itself, or this one
/// would not get them: the client's `application_type` is `logout.application_type` for the host too. It must not be
/// optional there either: serde takes what is wrong with an `Option` that is flattened for `None`.
///
/// # Registering
///
/// ```
/// use oidc_logout::{Algorithm, Client, ClientMetadata, ClientRegistrationError, ClientType, RegistrationRules};
/// use serde::{Deserialize, Serialize};
///
/// /// The host's own part.
/// #[derive(Deserialize, Serialize)]
/// struct Registration {
///     redirect_uris: Vec<String>,
///     token_endpoint_auth_method: Option<String>, // client_secret_basic where there is none
///     #[serde(flatten)]
///     logout: ClientMetadata,
/// }
///
/// let body = br#"{
///     "redirect_uris": ["https://rp.example/callback"],
///     "post_logout_redirect_uris": ["https://rp.example/signed-out"]
/// }"#;
/// let logout = ClientMetadata::from_json(body)?; // first, for its errors say which member is wrong
/// let registration: Registration = serde_json::from_slice(body)?; // its error is yours to answer as invalid_client_metadata
/// # assert_eq!(logout, registration.logout);
///
/// let client_type = match registration.token_endpoint_auth_method.as_deref() {
///     Some("none") => ClientType::Public,
///     _ => ClientType::Confidential,
/// };
/// let rules = RegistrationRules::default().client_type(client_type);
/// let algorithms = [Algorithm::Rs256, Algorithm::Es256]; // id_token_signing_alg_values_supported
/// let client = logout.register("rp-1", Some(b"32 random bytes, hexadecimal or so"), &rules, &algorithms)?;
/// assert_eq!(client.post_logout_redirect_uris()[0].as_str(), "https://rp.example/signed-out");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Responding, storing, and building the client again
///
/// ```
/// # use oidc_logout::{Client, ClientMetadata, RegistrationRules};
/// # use serde::Serialize;
/// # let logout = ClientMetadata::from_json(r#"{"post_logout_redirect_uris": ["https://rp.example/signed-out"]}"#)?;
/// # let rules = RegistrationRules::default();
/// /// A client information response (RFC 7591, section 3.2.1), and what the host stores.
/// #[derive(Serialize)]
/// struct ClientInformation<'a> {
///     client_id: &'a str,
///     #[serde(flatten)]
///     logout: &'a ClientMetadata,
/// }
///
/// let response = serde_json::to_string(&ClientInformation { client_id: "rp-1", logout: &logout })?;
/// assert_eq!(
///     response,
///     r#"{"client_id":"rp-1","post_logout_redirect_uris":["https://rp.example/signed-out"],"#.to_owned()
///         + r#""id_token_signed_response_alg":"RS256","application_type":"web"}"#
/// );
///
/// let stored = ClientMetadata::from_json(response)?;
/// let client = Client::builder("rp-1").registration_rules(rules).metadata(&stored).build_usable();
/// assert_eq!(client.unusable(), []);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ClientMetadata {
    /// Where the client may ask for the End-User to be sent after logout (RP-Initiated Logout 1.0, section 3.1), byte for
    /// byte. Left out where there is none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub post_logout_redirect_uris: Vec<String>,
    /// What the client's ID Tokens are signed with: RS256 unless the client says otherwise. `Ed25519` comes back as `EdDSA`.
    pub id_token_signed_response_alg: Algorithm,
    /// The kind of application: `web` unless the client says otherwise.
    pub application_type: ApplicationType,
}

impl ClientMetadata {
    /// How many `post_logout_redirect_uris` a client can register: 100. The specifications set no bound; this one keeps the
    /// work that a request can cause small.
    pub const MAX_POST_LOGOUT_REDIRECT_URIS: usize = 100;

    /// Reads the body of a client registration request.
    ///
    /// Members that logout does not know are ignored, as RFC 7591, section 2 has it, and so is what is wrong with them as long
    /// as it is JSON (flattened, the host's deserializer may be stricter). A member that is `null` is as good as absent. One that occurs twice is refused, for two readers might
    /// take two values.
    ///
    /// The body is as large as the host lets it be: limit what is read from the network. Of a list with too many URIs no more
    /// than [a hundred](Self::MAX_POST_LOGOUT_REDIRECT_URIS) are kept while the rest is read.
    ///
    /// # Errors
    /// [`ClientRegistrationError`]: what was sent is not a JSON object, or what logout reads of it is not in its form. Where
    /// several members are wrong, it is the first one's.
    pub fn from_json(json: impl AsRef<[u8]>) -> Result<Self, ClientRegistrationError> {
        // Of the whole body, for what is ignored is not looked at so closely.
        let json = std::str::from_utf8(json.as_ref()).map_err(|_| ClientRegistrationError::NotAnObject)?;
        let ReadMetadata(metadata) = serde_json::from_str(json).map_err(|_| ClientRegistrationError::NotAnObject)?;
        metadata
    }

    /// Registers a client with this metadata under the identifier, and the secret if any, that the host made for it.
    ///
    /// `rules` are what this client may register. Their [`ClientType`](crate::ClientType) follows from the client's
    /// `token_endpoint_auth_method`; in place of their `application_type` the metadata's counts.
    ///
    /// The provider signs ID Tokens with the algorithms of `id_token_signing_alg_values_supported`, as its discovery document
    /// says. A secret for an HMAC algorithm is as long as [`Algorithm::min_secret_bytes`] says, or longer.
    ///
    /// # Errors
    /// The first [`ClientRegistrationError`] in the order of its variants.
    pub fn register(
        &self,
        client_id: impl Into<String>,
        client_secret: Option<&[u8]>,
        rules: &RegistrationRules,
        id_token_signing_alg_values_supported: &[Algorithm],
    ) -> Result<Client, ClientRegistrationError> {
        if self.post_logout_redirect_uris.len() > Self::MAX_POST_LOGOUT_REDIRECT_URIS {
            return Err(ClientRegistrationError::TooManyUris);
        }
        let algorithm = self.id_token_signed_response_alg;
        if !id_token_signing_alg_values_supported.contains(&algorithm) {
            return Err(ClientRegistrationError::UnsupportedAlgorithm);
        }
        let mut builder = Client::builder(client_id).registration_rules(rules.clone()).metadata(self);
        if let Some(min_bytes) = algorithm.min_secret_bytes() {
            // Whoever else knew the secret of a public client could sign its ID Tokens.
            match client_secret.filter(|_| rules.is_confidential()) {
                None => return Err(ClientRegistrationError::HmacWithoutSecret),
                Some(secret) if secret.len() < min_bytes => {
                    return Err(ClientRegistrationError::SecretTooShort { min_bytes });
                }
                Some(secret) => builder = builder.client_secret(secret),
            }
        }
        let client = builder.build_usable();
        for error in client.unusable() {
            if let ClientError::PostLogoutRedirectUri { index, error } = *error {
                return Err(ClientRegistrationError::PostLogoutRedirectUri { index, error });
            }
        }
        Ok(client)
    }
}

/// What anybody may have sent is not shown.
impl fmt::Debug for ClientMetadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientMetadata")
            .field("post_logout_redirect_uris", &self.post_logout_redirect_uris.len())
            .field("id_token_signed_response_alg", &self.id_token_signed_response_alg)
            .field("application_type", &self.application_type)
            .finish()
    }
}

impl<'de> Deserialize<'de> for ClientMetadata {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let ReadMetadata(metadata) = ReadMetadata::deserialize(deserializer)?;
        metadata.map_err(D::Error::custom)
    }
}
