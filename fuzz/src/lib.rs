//! Shared by the fuzz targets: a provider, keys that sign for it, its clients, and a second reading
//! of redirects by other parsers.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oidc_logout::op::{Client, ConfirmRule, LogoutEndpoint, Policy};
use oidc_logout::{Algorithm, ApplicationType, ClientId, KeySet, Secret};
use openssl::hash::MessageDigest;
use openssl::memcmp;
use openssl::pkey::{Id, PKey, Private};
use openssl::sign::{Signer, Verifier};
use time::OffsetDateTime;

pub const ISSUER: &str = "https://op.example";
pub const NOW: i64 = 1_700_000_000;
pub const CLIENT_SECRET: &[u8] = b"a secret of a client that is long enough for HS512, of 64 bytes.";

/// The provider's public keys by algorithm and `kid`. Only the first has its private key here.
pub const KEYS: [(&str, &str); 3] = [("EdDSA", "ed"), ("RS256", "rsa"), ("ES256", "p256")];

static ED25519: LazyLock<PKey<Private>> =
    LazyLock::new(|| PKey::private_key_from_raw_bytes(&[7; 32], Id::ED25519).unwrap());

static KEY_SET: LazyLock<KeySet> = LazyLock::new(|| {
    let x = base64(ED25519.raw_public_key().unwrap());
    let own = format!(r#"{{"keys": [{{"kty": "OKP", "crv": "Ed25519", "kid": "ed", "x": "{x}"}}]}}"#);
    let keys = KeySet::from_jwks(own).unwrap();
    let keys = keys.with(KeySet::from_jwks(include_str!("jwks.json")).unwrap());
    assert_eq!(keys.len(), KEYS.len());
    keys
});

pub fn now() -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(NOW).unwrap()
}

pub fn endpoint(policy: Policy) -> LogoutEndpoint {
    let key = Secret::new([9; 32]).unwrap();
    LogoutEndpoint::new(ISSUER, KEY_SET.clone(), key).with_policy(policy)
}

pub fn base64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The two ways in which the targets sign tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignWith {
    Ed25519,
    Hs256,
}

pub fn sign(with: SignWith, header: &[u8], claims: &[u8]) -> String {
    let signed = format!("{}.{}", base64(header), base64(claims));
    let signature = match with {
        SignWith::Ed25519 => {
            Signer::new_without_digest(&ED25519).unwrap().sign_oneshot_to_vec(signed.as_bytes()).unwrap()
        }
        SignWith::Hs256 => hmac(signed.as_bytes()),
    };
    format!("{signed}.{}", base64(signature))
}

/// Whether a token is signed with one of the two keys that [`sign`] uses.
pub fn is_genuine(token: &str) -> bool {
    let Some((signed, signature)) = token.rsplit_once('.') else {
        return false;
    };
    let Ok(signature) = URL_SAFE_NO_PAD.decode(signature) else {
        return false;
    };
    let mut verifier = Verifier::new_without_digest(&ED25519).unwrap();
    let mac = hmac(signed.as_bytes());
    verifier.verify_oneshot(&signature, signed.as_bytes()).unwrap_or(false)
        || mac.len() == signature.len() && memcmp::eq(&mac, &signature)
}

fn hmac(message: &[u8]) -> Vec<u8> {
    let key = PKey::hmac(CLIENT_SECRET).unwrap();
    let mut signer = Signer::new(MessageDigest::sha256(), &key).unwrap();
    signer.sign_oneshot_to_vec(message).unwrap()
}

/// The registered clients.
pub struct Clients(BTreeMap<&'static str, Client>);

/// The redirect URIs of each client.
pub const REGISTERED: [(&str, &[&str]); 4] = [
    (
        "rp-1",
        &[
            "https://rp.example/signed-out",
            "https://rp.example/bye?keep=%2F&state=old&flag",
            "https://rp.example",
            "HTTPS://Rp.Example:443/?",
        ],
    ),
    ("rp-native", &["com.example.app:/signed-out", "http://127.0.0.1/signed-out", "http://[::1]:8080/signed-out?a=b"]),
    ("rp-hs", &["https://hs.example/"]),
    ("rp-ed", &[]),
];

impl Clients {
    /// Builds the clients. `confirm` is their own rule when to ask, if they have one.
    pub fn new(confirm: Option<ConfirmRule>) -> Self {
        Self(
            REGISTERED
                .into_iter()
                .map(|(id, uris)| {
                    let mut client = Client::builder(id);
                    for uri in uris {
                        client = client.post_logout_redirect_uri(*uri);
                    }
                    if let Some(rule) = confirm {
                        client = client.confirm(rule);
                    }
                    client = match id {
                        "rp-native" => client.application_type(ApplicationType::Native),
                        "rp-hs" => client.client_secret(CLIENT_SECRET).id_token_signed_response_alg(Algorithm::Hs256),
                        "rp-ed" => client.id_token_signed_response_alg(Algorithm::EdDsa),
                        _ => client,
                    };
                    (id, client.build().unwrap())
                })
                .collect(),
        )
    }

    pub fn find(&self, id: Option<&ClientId>) -> Option<&Client> {
        self.0.get(id?.as_str())
    }
}

/// Whether a location is one of the registered URIs with this `state` and nothing else. This does
/// not use the crate.
pub fn leads_to_registered(location: &str, registered: &[&str], any_port: bool, state: Option<&str>) -> bool {
    registered.iter().any(|uri| {
        let with_port = any_port.then(|| with_port_of(uri, location)).flatten();
        [Some((*uri).to_owned()), with_port].into_iter().flatten().any(|uri| match state {
            None => location == uri,
            Some(state) => location == append_state(&uri, state),
        })
    })
}

/// A native client's loopback URI, with the port of the location.
fn with_port_of(uri: &str, location: &str) -> Option<String> {
    let host = ["http://127.0.0.1", "http://[::1]"].into_iter().find(|host| uri.starts_with(host))?;
    let port = location.strip_prefix(host)?.split(['/', '?']).next()?;
    let number = port.strip_prefix(':').unwrap_or("1");
    let canonical = number.parse::<u16>().is_ok_and(|port| port > 0 && port.to_string() == number);
    let rest = uri.strip_prefix(host)?.find(['/', '?']).map_or("", |at| &uri[host.len() + at..]);
    canonical.then(|| format!("{host}{port}{rest}"))
}

fn append_state(uri: &str, state: &str) -> String {
    let (before, query) = uri.split_once('?').unwrap_or((uri, ""));
    let named_state = |member: &&str| url::form_urlencoded::parse(member.as_bytes()).any(|(name, _)| name == "state");
    let kept: Vec<_> = query.split('&').filter(|member| !named_state(member)).collect();
    let mut location = format!("{before}?{}", kept.join("&"));
    if !location.ends_with('?') || !kept.concat().is_empty() {
        location.push('&');
    }
    location.push_str("state=");
    for byte in state.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => location.push(byte.into()),
            _ => location.push_str(&format!("%{byte:02X}")),
        }
    }
    location
}
