//! The part of a client's registration that matters to logout.

use std::borrow::Cow;
use std::fmt;

use serde::Serialize;
use serde::de::value::StrDeserializer;
use serde::de::{Deserialize, Deserializer, Error as _};
use thiserror::Error;

use super::ApplicationType;
use crate::crypto::Algorithm;
use crate::json::{self, List, ListEnd, Value};

/// The members that are read. All others are ignored.
const NAMES: [&str; 7] = [
    "post_logout_redirect_uris",
    "id_token_signed_response_alg",
    "application_type",
    "backchannel_logout_uri",
    "backchannel_logout_session_required",
    "frontchannel_logout_uri",
    "frontchannel_logout_session_required",
];

/// The members of a client's registration that logout reads ([RFC 7591, section
/// 2](https://www.rfc-editor.org/rfc/rfc7591#section-2); [OpenID Connect Dynamic Client
/// Registration 1.0, section
/// 2](https://openid.net/specs/openid-connect-registration-1_0.html#ClientMetadata); RP-Initiated
/// Logout 1.0, section 3.1).
///
/// It is what the client asks for; [`register`](Self::register) decides whether it gets it. It
/// serializes with the defaults filled in, for the response and for your storage, as JSON or in
/// another format that names members.
///
/// If you flatten it into a struct, do not declare members with these names in that struct: serde
/// would give them to yours. Use `logout.application_type` instead. Do not flatten an `Option` of
/// it either: serde turns any error inside it into `None`.
///
/// # Registering
///
/// ```
/// use oidc_logout::op::RegistrationRules;
/// use oidc_logout::{Algorithm, ClientMetadata, ClientType};
/// use serde::{Deserialize, Serialize};
///
/// /// The members that your provider reads itself.
/// #[derive(Deserialize, Serialize)]
/// struct Registration {
///     redirect_uris: Vec<String>,
///     token_endpoint_auth_method: Option<String>, // `None` means client_secret_basic
///     #[serde(flatten)]
///     logout: ClientMetadata,
/// }
///
/// let body = br#"{
///     "redirect_uris": ["https://rp.example/callback"],
///     "post_logout_redirect_uris": ["https://rp.example/signed-out"]
/// }"#;
/// // First, because its errors name the member that is wrong.
/// let logout = ClientMetadata::from_json(body)?;
/// // Answer an error of this line with `invalid_client_metadata`.
/// let registration: Registration = serde_json::from_slice(body)?;
/// # assert_eq!(logout, registration.logout);
///
/// let client_type = match registration.token_endpoint_auth_method.as_deref() {
///     Some("none") => ClientType::Public,
///     _ => ClientType::Confidential,
/// };
/// let rules = RegistrationRules::default().client_type(client_type);
/// // The provider's id_token_signing_alg_values_supported.
/// let algorithms = [Algorithm::Rs256, Algorithm::Es256];
/// let secret = b"32 random bytes in hexadecimal";
/// let client = logout.register("rp-1", Some(secret), &rules, &algorithms)?;
/// assert_eq!(client.post_logout_redirect_uris()[0].as_str(), "https://rp.example/signed-out");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Responding, storing, and building the client from storage
///
/// ```
/// # use oidc_logout::op::{Client, RegistrationRules};
/// # use oidc_logout::ClientMetadata;
/// # use serde::Serialize;
/// # let logout = ClientMetadata::from_json(
/// #     r#"{"post_logout_redirect_uris": ["https://rp.example/signed-out"]}"#,
/// # )?;
/// # let rules = RegistrationRules::default();
/// /// The client information response (RFC 7591, section 3.2.1), which you also store.
/// #[derive(Serialize)]
/// struct ClientInformation<'a> {
///     client_id: &'a str,
///     #[serde(flatten)]
///     logout: &'a ClientMetadata,
/// }
///
/// let information = ClientInformation { client_id: "rp-1", logout: &logout };
/// let response = serde_json::to_string(&information)?;
/// assert_eq!(
///     response,
///     r#"{"client_id":"rp-1","#.to_owned()
///         + r#""post_logout_redirect_uris":["https://rp.example/signed-out"],"#
///         + r#""id_token_signed_response_alg":"RS256","application_type":"web"}"#
/// );
///
/// let stored = ClientMetadata::from_json(response)?;
/// let client = Client::builder("rp-1").registration_rules(rules).metadata(&stored);
/// let client = client.build_usable();
/// assert_eq!(client.unusable(), []);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ClientMetadata {
    /// The URIs to which the client may ask to send the End-User after logout, byte for byte as it
    /// sent them (RP-Initiated Logout 1.0, section 3.1). An empty list is not serialized.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub post_logout_redirect_uris: Vec<String>,
    /// The algorithm that the client's ID Tokens are signed with: RS256 unless the client names
    /// another. `Ed25519` is serialized as `EdDSA`.
    pub id_token_signed_response_alg: Algorithm,
    /// The kind of application: `web` unless the client names the other.
    pub application_type: ApplicationType,
    /// The URI to which the provider sends logout tokens (Back-Channel Logout 1.0, section 2.2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backchannel_logout_uri: Option<String>,
    /// Whether logout tokens must hold a `sid`. `false`, the default, is not serialized.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub backchannel_logout_session_required: bool,
    /// The URI that the provider's page loads in a frame (Front-Channel Logout 1.0, section 2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frontchannel_logout_uri: Option<String>,
    /// Whether that URI must get `iss` and `sid`. `false`, the default, is not serialized.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub frontchannel_logout_session_required: bool,
}

impl ClientMetadata {
    /// At most 100 `post_logout_redirect_uris` are read. The specifications set no limit. A
    /// provider's own [rule](crate::op::RegistrationRules::max_post_logout_redirect_uris) may be
    /// lower, and is 50 by default.
    pub const MAX_POST_LOGOUT_REDIRECT_URIS: usize = 100;

    /// Reads the body of a client registration request.
    ///
    /// Unknown members are ignored, even malformed ones, as long as the body is valid JSON and its
    /// names are Unicode text (RFC 7591, section 2). If this type is flattened into one of yours,
    /// your deserializer may be stricter. `null` is read as absent. A duplicate member is refused,
    /// because two readers could pick different values.
    ///
    /// Limit the size of the body yourself, before you call this. If the list has too many URIs, at
    /// most [100](Self::MAX_POST_LOGOUT_REDIRECT_URIS) of them are kept in memory while the rest is
    /// read.
    ///
    /// ```
    /// use oidc_logout::{ClientMetadata, ClientMetadataError};
    ///
    /// let read = ClientMetadata::from_json(r#"{"post_logout_redirect_uris": [42]}"#);
    /// assert_eq!(read, Err(ClientMetadataError::UriNotAString { index: 0 }));
    /// ```
    ///
    /// # Errors
    /// [`ClientMetadataError`]: this is not a JSON object, or a member has the wrong form. If
    /// several members are wrong, the error is that of the first.
    pub fn from_json(json: impl AsRef<[u8]>) -> Result<Self, ClientMetadataError> {
        // Checked for the whole body, because the JSON parser does not check the UTF-8 of strings
        // that it skips.
        let json = std::str::from_utf8(json.as_ref()).map_err(|_| ClientMetadataError::NotAnObject)?;
        let mut deserializer = serde_json::Deserializer::from_str(json);
        let read = Self::read(&mut deserializer);
        read.and_then(|read| deserializer.end().map(|()| read)).map_err(|_| ClientMetadataError::NotAnObject)?
    }

    /// The outer error comes from the format: it found no object. The inner one is about a member.
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Result<Self, ClientMetadataError>, D::Error> {
        let mut metadata = Self::default();
        let mut seen = [false; NAMES.len()];
        let mut fault = None;
        let set = |index: usize, value: Value<'de>| {
            let member = NAMES.get(index).copied().unwrap_or_default();
            let is_duplicate = seen.get_mut(index).is_some_and(|seen| std::mem::replace(seen, true));
            let set = if is_duplicate {
                Err(ClientMetadataError::DuplicateMember { member })
            } else {
                metadata.set(member, value)
            };
            // After the first fault only the grammar of the rest is checked, so the error is that
            // of the first fault.
            fault = set.err();
            fault.is_none()
        };
        let max_uris = Self::MAX_POST_LOGOUT_REDIRECT_URIS;
        json::visit(deserializer, "ClientMetadata", &NAMES, max_uris, ClientMetadataError::NotAnObject, set)?;
        Ok(fault.map_or(Ok(metadata), Err))
    }

    /// Sets a member. `null` leaves the default.
    fn set(&mut self, member: &'static str, value: Value<'_>) -> Result<(), ClientMetadataError> {
        let wrong_type = |expected| Err(ClientMetadataError::WrongType { member, expected });
        match (member, value) {
            (_, Value::Null) => {}
            ("post_logout_redirect_uris", Value::List(List { texts, end })) => match end {
                ListEnd::Complete => {
                    self.post_logout_redirect_uris = texts.into_iter().map(Cow::into_owned).collect();
                }
                ListEnd::NotAString => return Err(ClientMetadataError::UriNotAString { index: texts.len() }),
                ListEnd::TooMany => return Err(ClientMetadataError::TooManyUris),
            },
            ("post_logout_redirect_uris", _) => return wrong_type("an array of strings"),
            ("id_token_signed_response_alg", Value::Text(name)) => {
                let algorithm = Algorithm::from_name(&name);
                self.id_token_signed_response_alg = algorithm.ok_or(ClientMetadataError::UnknownAlgorithm)?;
            }
            ("application_type", Value::Text(name)) => {
                let name = StrDeserializer::<serde::de::value::Error>::new(&name);
                let application_type = ApplicationType::deserialize(name);
                self.application_type = application_type.map_err(|_| ClientMetadataError::UnknownApplicationType)?;
            }
            ("backchannel_logout_uri", Value::Text(uri)) => self.backchannel_logout_uri = Some(uri.into_owned()),
            ("frontchannel_logout_uri", Value::Text(uri)) => self.frontchannel_logout_uri = Some(uri.into_owned()),
            ("backchannel_logout_session_required", Value::Boolean(required)) => {
                self.backchannel_logout_session_required = required;
            }
            ("frontchannel_logout_session_required", Value::Boolean(required)) => {
                self.frontchannel_logout_session_required = required;
            }
            ("backchannel_logout_session_required" | "frontchannel_logout_session_required", _) => {
                return wrong_type("a boolean");
            }
            _ => return wrong_type("a string"),
        }
        Ok(())
    }
}

/// Shows how many URIs there are, and not the URIs, because anybody may have sent them.
impl fmt::Debug for ClientMetadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientMetadata")
            .field("post_logout_redirect_uris", &self.post_logout_redirect_uris.len())
            .field("id_token_signed_response_alg", &self.id_token_signed_response_alg)
            .field("application_type", &self.application_type)
            .field("backchannel_logout_uri", &self.backchannel_logout_uri.is_some())
            .field("backchannel_logout_session_required", &self.backchannel_logout_session_required)
            .field("frontchannel_logout_uri", &self.frontchannel_logout_uri.is_some())
            .field("frontchannel_logout_session_required", &self.frontchannel_logout_session_required)
            .finish()
    }
}

impl<'de> Deserialize<'de> for ClientMetadata {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::read(deserializer)?.map_err(D::Error::custom)
    }
}

/// The reason why client metadata cannot be read.
///
/// The `Display` text is for the developer who wrote the metadata. It names the member and holds no
/// value from the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum ClientMetadataError {
    /// The body is not a JSON object in UTF-8, or one of the members read here holds a number or
    /// string that cannot be represented.
    #[error("the client metadata is not a valid JSON object in UTF-8")]
    NotAnObject,
    /// A member occurs twice.
    #[error("{member} occurs twice; send each member at most once")]
    DuplicateMember {
        /// The name of the member.
        member: &'static str,
    },
    /// A member has the wrong type.
    #[error("{member} is not {expected}")]
    WrongType {
        /// The name of the member.
        member: &'static str,
        /// The type that it must have, such as `a string`.
        expected: &'static str,
    },
    /// An element of `post_logout_redirect_uris` is not a string.
    #[error("post_logout_redirect_uris[{index}] is not a string")]
    UriNotAString {
        /// The element's place in the list, counted from 0.
        index: usize,
    },
    /// `post_logout_redirect_uris` has more elements than
    /// [can be registered](ClientMetadata::MAX_POST_LOGOUT_REDIRECT_URIS).
    #[error("post_logout_redirect_uris has more than {} elements", ClientMetadata::MAX_POST_LOGOUT_REDIRECT_URIS)]
    TooManyUris,
    /// `application_type` is neither `web` nor `native`.
    #[error("application_type is neither web nor native")]
    UnknownApplicationType,
    /// `id_token_signed_response_alg` is `none`, or an algorithm that this crate does not know.
    #[error("id_token_signed_response_alg is none or an unknown algorithm; choose a signature algorithm such as RS256")]
    UnknownAlgorithm,
}
