//! The logout token and the request that carries it.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use thiserror::Error;

use super::attempt::DeliveryFault;
use crate::crypto::Algorithm;
use crate::jws::LOGOUT_EVENT;
use crate::op::client::Client;
use crate::op::registration::BackChannelUri;
use crate::parameter::has_five_segments;

/// How long a logout token is valid, in seconds. The specification prefers at most two minutes
/// (Back-Channel Logout 1.0, section 2.4).
const SECONDS_TO_EXPIRY: i64 = 120;

/// A logout token that waits for its signature: see
/// [`logout_token`](super::BackChannelNotice::logout_token).
#[must_use = "the token must be signed and sent"]
pub struct UnsignedLogoutToken<'c> {
    client: &'c Client,
    uri: &'c BackChannelUri,
    algorithm: Algorithm,
    claims: String,
}

#[derive(Serialize)]
struct Header<'h> {
    alg: &'static str,
    typ: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<&'h str>,
}

#[derive(Serialize)]
struct Claims<'n> {
    iss: &'n str,
    aud: &'n str,
    iat: i64,
    exp: i64,
    jti: String,
    /// The time of the event (RFC 8417, section 2.2): a late attempt says when the session ended.
    toe: i64,
    events: Events,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub: Option<&'n str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<&'n str>,
}

/// The one member that makes it a logout token, with an empty object.
struct Events;

impl Serialize for Events {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Empty {}
        let mut events = serializer.serialize_map(Some(1))?;
        events.serialize_entry(LOGOUT_EVENT, &Empty {})?;
        events.end()
    }
}

impl<'c> UnsignedLogoutToken<'c> {
    pub(crate) fn new(
        client: &'c Client,
        uri: &'c BackChannelUri,
        issuer: &str,
        sid: Option<&str>,
        subject: Option<&str>,
        (iat, ended_at): (i64, i64),
        jti: [u8; 16],
    ) -> Self {
        let claims = Claims {
            iss: issuer,
            aud: client.id().as_str(),
            iat,
            exp: iat.saturating_add(SECONDS_TO_EXPIRY),
            jti: URL_SAFE_NO_PAD.encode(jti),
            toe: ended_at,
            events: Events,
            sub: subject,
            sid,
        };
        Self { client, uri, algorithm: client.logout_token_algorithm(), claims: json(&claims) }
    }

    /// The algorithm to sign with: that of the client's ID Tokens.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Whether the algorithm is an HMAC, for which
    /// [`sign_with_client_secret`](Self::sign_with_client_secret) takes the client's secret.
    #[must_use]
    pub fn is_signed_with_client_secret(&self) -> bool {
        self.algorithm.is_hmac()
    }

    /// Signs with the client's current secret.
    ///
    /// # Errors
    /// [`DeliveryFault::KeyGone`] if the algorithm is no HMAC, or the client's current secret is
    /// missing or too short.
    pub fn sign_with_client_secret(self) -> Result<LogoutToken<'c>, DeliveryFault> {
        let input = self.signing_input(None);
        let secret = input.client.signing_secret().ok_or(DeliveryFault::KeyGone)?;
        let mac = secret.mac(input.algorithm, input.as_bytes()).ok_or(DeliveryFault::KeyGone)?;
        Ok(input.complete(&mac))
    }

    /// What the host signs: header and claims, with the `kid` of its key.
    pub fn signing_input(self, key_id: Option<&str>) -> SigningInput<'c> {
        let Self { client, uri, algorithm, claims } = self;
        let header = json(&Header { alg: algorithm.name(), typ: "logout+jwt", kid: key_id });
        // Signatures of RSA keys of 4096 bits fit too.
        let mut text =
            String::with_capacity(header.len().saturating_add(claims.len()).saturating_mul(2).saturating_add(700));
        URL_SAFE_NO_PAD.encode_string(header, &mut text);
        text.push('.');
        URL_SAFE_NO_PAD.encode_string(claims, &mut text);
        SigningInput { client, uri, algorithm, text }
    }
}

/// The bytes to sign: see [`signing_input`](UnsignedLogoutToken::signing_input).
#[must_use = "the token must be signed and sent"]
pub struct SigningInput<'c> {
    client: &'c Client,
    uri: &'c BackChannelUri,
    algorithm: Algorithm,
    text: String,
}

impl<'c> SigningInput<'c> {
    /// Header and claims as RFC 7515, section 5.1 has them signed: ASCII.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }

    /// The algorithm to sign with.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The token with its signature, in the form of RFC 7518: for ECDSA the two numbers one after
    /// the other. Key services often give ECDSA signatures in DER, which no client could verify.
    ///
    /// # Errors
    /// [`SignatureError`] if the length is none of the algorithm's.
    pub fn signed(self, signature: &[u8]) -> Result<LogoutToken<'c>, SignatureError> {
        let fits = match self.algorithm {
            Algorithm::Es256 | Algorithm::EdDsa | Algorithm::Hs512 => signature.len() == 64,
            Algorithm::Es384 => signature.len() == 96,
            Algorithm::Es512 => signature.len() == 132,
            Algorithm::Hs256 => signature.len() == 32,
            Algorithm::Hs384 => signature.len() == 48,
            // As long as the modulus, of 2048 to 8192 bits.
            Algorithm::Rs256
            | Algorithm::Rs384
            | Algorithm::Rs512
            | Algorithm::Ps256
            | Algorithm::Ps384
            | Algorithm::Ps512 => (256..=1024).contains(&signature.len()),
        };
        if fits { Ok(self.complete(signature)) } else { Err(SignatureError) }
    }

    fn complete(self, signature: &[u8]) -> LogoutToken<'c> {
        let Self { uri, mut text, .. } = self;
        text.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut text);
        LogoutToken { uri, text }
    }
}

/// A signature has a length that its algorithm does not give.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[error("the signature's length does not fit the algorithm; an ECDSA signature must be r and s, not DER (RFC 7518)")]
pub struct SignatureError;

/// A signed logout token.
#[must_use = "the token must be sent"]
pub struct LogoutToken<'c> {
    uri: &'c BackChannelUri,
    text: String,
}

impl<'c> LogoutToken<'c> {
    /// The compact serialization, for a host that encrypts it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The same token, encrypted by the host for a client that registered encryption of its ID
    /// Tokens: a JWE in compact serialization (Back-Channel Logout 1.0, section 2.4).
    ///
    /// # Errors
    /// Gives the token back if that is no text of five segments of base64url.
    pub fn encrypted(self, jwe: String) -> Result<Self, Self> {
        let is_base64url = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        if has_five_segments(&jwe) && jwe.bytes().all(is_base64url) {
            Ok(Self { uri: self.uri, text: jwe })
        } else {
            Err(self)
        }
    }

    /// The request that delivers it.
    pub fn request(&self) -> BackChannelRequest<'c> {
        BackChannelRequest { uri: self.uri, body: format!("logout_token={}", self.text) }
    }
}

/// The HTTP request of one attempt (Back-Channel Logout 1.0, section 2.5): a POST of a form.
///
/// Send it without cookies, follow no redirect, use no proxy, ask the [address
/// rules](crate::op::AddressRules) about the host and each of its addresses, limit the time to the
/// schedule's [`attempt_timeout`](super::Schedule::attempt_timeout) and what you read of the answer
/// to [a few KiB](Self::MAX_ANSWER_BYTES).
#[must_use = "the request must be sent"]
pub struct BackChannelRequest<'c> {
    uri: &'c BackChannelUri,
    body: String,
}

impl<'c> BackChannelRequest<'c> {
    /// As much of the answer's body as is worth reading, in bytes. What it says does not count.
    pub const MAX_ANSWER_BYTES: usize = 4096;

    /// Always `POST`.
    #[must_use]
    pub fn method(&self) -> &'static str {
        "POST"
    }

    /// The client's `backchannel_logout_uri`, byte for byte.
    #[must_use]
    pub fn uri(&self) -> &'c str {
        self.uri.as_str()
    }

    /// The host of the URI, for the address rules, and for limits of how many attempts are made at
    /// once.
    #[must_use]
    pub fn host(&self) -> &'c str {
        self.uri.host()
    }

    /// Always `application/x-www-form-urlencoded`.
    #[must_use]
    pub fn content_type(&self) -> &'static str {
        "application/x-www-form-urlencoded"
    }

    /// The form. It holds the token, so keep it out of logs.
    #[must_use]
    pub fn body(&self) -> &str {
        &self.body
    }
}

/// None of these values can fail to serialize: they are texts and numbers.
fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

macro_rules! debug_without_the_token {
    ($($name:ident),*) => {$(
        impl fmt::Debug for $name<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    )*};
}
debug_without_the_token!(UnsignedLogoutToken, SigningInput, LogoutToken, BackChannelRequest);
