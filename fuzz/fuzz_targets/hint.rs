//! A token through `receive` and `decide`, either as it is or signed here. Only signed tokens reach
//! the checks after the signature.
//!
//! `serde_json` reads a signed token a second time, and a model applies the rules to it. The crate
//! and the model must agree.
#![no_main]

use std::collections::BTreeSet;
use std::sync::LazyLock;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use oidc_logout::Algorithm;
use oidc_logout::op::{
    Answer, ConfirmReason, Decision, ExpiredHint, LogoutEndpoint, LogoutRequest, Method, OnBadHint, Policy,
    RefusalReason, Session, VerifiedHint,
};
use oidc_logout_fuzz::{Clients, ISSUER, KEYS, NOW, SignWith, endpoint, is_genuine, now, sign};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    policy: u8,
    sign_with: u8,
    client_id: u8,
    /// A token. If it is signed here: the header, a line feed, and the claims.
    text: &'a [u8],
}

const ACCEPT_FOR_SECONDS: u64 = 100;

static ENDPOINTS: LazyLock<[LogoutEndpoint; 4]> = LazyLock::new(|| {
    let openid = || Policy::openid().to_builder();
    let few = vec![Algorithm::EdDsa, Algorithm::Es256];
    [
        openid(),
        openid().expired_hint(ExpiredHint::AcceptForSeconds(ACCEPT_FOR_SECONDS)),
        openid().algorithms(few),
        openid().on_bad_hint(OnBadHint::Confirm),
    ]
    .map(|policy| endpoint(policy.build().unwrap()))
});

static CLIENTS: LazyLock<Clients> = LazyLock::new(|| Clients::new(None));

fuzz_target!(|input: Input<'_>| {
    let policy = usize::from(input.policy) % ENDPOINTS.len();
    let endpoint = &ENDPOINTS[policy];
    let client_id = [None, Some("rp-1"), Some("rp-hs"), Some("nobody")][usize::from(input.client_id) % 4];
    let sign_with = [None, Some(SignWith::Ed25519), Some(SignWith::Hs256)][usize::from(input.sign_with) % 3];

    let Some(sign_with) = sign_with else {
        let Ok(token) = std::str::from_utf8(input.text) else {
            return;
        };
        if let Ok(Some(_)) = outcome(endpoint, token, client_id) {
            assert!(is_genuine(token), "forged");
        }
        return;
    };
    let mut halves = input.text.splitn(2, |&byte| byte == b'\n');
    let header = halves.next().unwrap_or_default();
    let claims = halves.next().unwrap_or_default();
    let token = sign(sign_with, header, claims);
    let got = outcome(endpoint, &token, client_id);
    match (model(policy, sign_with, header, claims, client_id), got) {
        (None, _) => {}
        (Some(Err(expected)), got) => assert_eq!(got.err().as_deref(), Some(expected)),
        (Some(Ok(expected)), got) => {
            let hint = got.unwrap().unwrap();
            assert_eq!(hint.issuer(), ISSUER);
            assert_eq!(hint.subject(), expected.sub);
            assert_eq!(hint.sid(), expected.sid.as_deref());
            assert_eq!(hint.client_id().as_str(), expected.client_id);
            assert_eq!(hint.expires_at().as_seconds(), expected.exp);
            assert_eq!(hint.is_expired(), NOW as f64 >= expected.exp);
        }
    }
});

/// The outcome of a hint: verified, absent, or the code of its fault.
fn outcome(endpoint: &LogoutEndpoint, token: &str, client_id: Option<&str>) -> Result<Option<VerifiedHint>, String> {
    let mut request = LogoutRequest::builder(Method::Get).id_token_hint(token);
    if let Some(client_id) = client_id {
        request = request.client_id(client_id);
    }
    let request = request.build().map_err(|refusal| refusal.reason().code().to_owned())?;
    let code = |reason| match reason {
        RefusalReason::IdTokenHintInvalid(error) => error.code().to_owned(),
        reason => reason.code().to_owned(),
    };
    let pending = endpoint.receive(request, now()).map_err(|refusal| code(refusal.reason()))?;
    let client = CLIENTS.find(pending.client_id());
    // Without taking part, a client that knows the secret would be asked about.
    let session = Session::new([1; 32], "somebody").sid("s-1").takes_part(true);
    match pending.decide(client, Some(&session)) {
        Decision::EndSession(end) => {
            assert_eq!(end.hint().unwrap().subject(), "somebody");
            Ok(end.hint().cloned())
        }
        Decision::Answer(Answer::Confirm(ask)) => {
            let invalid = ask.reasons().iter().find_map(|reason| match reason {
                ConfirmReason::InvalidHint(error) => Some(error.code().to_owned()),
                _ => None,
            });
            invalid.map_or(Ok(ask.hint().cloned()), Err)
        }
        Decision::Answer(Answer::Refuse(refusal)) => Err(code(refusal.reason())),
        other => panic!("{other:?}"),
    }
}

struct Claims {
    sub: String,
    sid: Option<String>,
    exp: f64,
    client_id: String,
}

/// A second implementation of the rules. `None` if `serde_json` cannot read a text that JSON's
/// grammar allows.
fn model(
    policy: usize,
    sign_with: SignWith,
    header: &[u8],
    claims: &[u8],
    client_id: Option<&str>,
) -> Option<Result<Claims, &'static str>> {
    // The limits apply to base64, which turns three bytes into four.
    if header.len().div_ceil(3) * 4 > 8 * 1024 - 4 || claims.len() > 32 * 1024 {
        return None;
    }
    let read_header = Object::read(header, &["alg", "kid", "typ", "crit"]);
    let names = [
        "iss",
        "sub",
        "aud",
        "exp",
        "iat",
        "nbf",
        "azp",
        "sid",
        "events",
        "typ",
        "token_use",
        "scope",
        "scp",
        "client_id",
    ];
    let read_claims = Object::read(claims, &names);
    let (header, claims) = match (read_header, read_claims) {
        (Read::Unknown, _) | (_, Read::Unknown) => return None,
        (Read::Object(header), Read::Object(claims)) => (header, claims),
        _ => return Some(Err("malformed")),
    };
    Some(checks(policy, sign_with, &header, &claims, client_id))
}

fn checks(
    policy: usize,
    sign_with: SignWith,
    header: &Object,
    claims: &Object,
    client_id: Option<&str>,
) -> Result<Claims, &'static str> {
    let alg = header.text("alg")?.ok_or("malformed")?;
    let kid = header.text("kid")?;
    let typ = header.text("typ")?;
    if header.get("crit").is_some() {
        return Err("malformed");
    }
    let iss = claims.text("iss")?.ok_or("malformed")?;
    let sub = claims.text("sub")?.ok_or("malformed")?;
    let aud: Vec<&str> = match claims.get("aud") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(several)) if !several.is_empty() => {
            let texts = several.iter().map(Value::as_str).collect::<Option<_>>();
            texts.ok_or("malformed")?
        }
        _ => return Err("malformed"),
    };
    let exp = claims.date("exp")?.ok_or("malformed")?;
    let iat = claims.date("iat")?.ok_or("malformed")?;
    let nbf = claims.date("nbf")?;
    let azp = claims.text("azp")?;
    let sid = claims.text("sid")?;
    let is_jwt = typ.is_none_or(|typ| ["jwt", "application/jwt"].contains(&typ.to_ascii_lowercase().as_str()));
    let is_named_otherwise = claims.text("typ")?.is_some_and(|typ| !typ.eq_ignore_ascii_case("ID"))
        | claims.text("token_use")?.is_some_and(|token_use| token_use != "id");
    let has_scope = claims.get("scope").is_some() || claims.get("scp").is_some();
    let is_for_another = claims.get("client_id").is_some() || azp.is_some_and(|azp| !aud.contains(&azp));
    if !is_jwt || claims.get("events").is_some() || is_named_otherwise || has_scope && is_for_another {
        return Err("type");
    }

    let alg = if alg == "Ed25519" { "EdDSA" } else { alg };
    let known = [
        "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "HS256", "HS384",
        "HS512",
    ];
    if !known.contains(&alg) || policy == 2 && !["EdDSA", "ES256"].contains(&alg) {
        return Err("algorithm");
    }

    let issued_to = || {
        let issued_to = match (azp, aud.as_slice()) {
            (Some(azp), aud) if aud.contains(&azp) || client_id == Some(azp) => azp,
            (Some(_), _) => return Err("audience"),
            (None, [only]) => only,
            (None, aud) => {
                let client_id = client_id.ok_or("audience")?;
                aud.contains(&client_id).then_some(client_id).ok_or("client_mismatch")?
            }
        };
        if client_id.is_none_or(|client_id| client_id == issued_to) { Ok(issued_to) } else { Err("client_mismatch") }
    };
    let is_hmac = alg.starts_with("HS");
    if is_hmac {
        match issued_to()? {
            "rp-hs" if alg == "HS256" => {}
            "rp-hs" | "rp-1" | "rp-native" | "rp-ed" => return Err("algorithm"),
            _ => return Err("key"),
        }
    } else if !KEYS.iter().any(|key| key.0 == alg && kid.is_none_or(|kid| kid == key.1)) {
        return Err("key");
    }
    let signed_so = match sign_with {
        SignWith::Ed25519 => "EdDSA",
        SignWith::Hs256 => "HS256",
    };
    if alg != signed_so {
        return Err("signature");
    }

    let now = NOW as f64;
    if iss != ISSUER {
        return Err("issuer");
    }
    if iat > now + 300.0 || nbf.is_some_and(|nbf| nbf > now + 300.0) {
        return Err("not_yet_valid");
    }
    if policy == 1 && now - exp > ACCEPT_FOR_SECONDS as f64 {
        return Err("expired");
    }
    let issued_to = issued_to()?;
    if issued_to == "rp-hs" && !is_hmac {
        return Err("algorithm");
    }
    Ok(Claims { sub: sub.to_owned(), sid: sid.map(str::to_owned), exp, client_id: issued_to.to_owned() })
}

/// A JSON object without the members that are null.
struct Object(serde_json::Map<String, Value>);

enum Read {
    Object(Object),
    Malformed,
    Unknown,
}

impl Object {
    fn read(json: &[u8], names: &[&str]) -> Read {
        if !json.starts_with(b"{") || std::str::from_utf8(json).is_err() {
            return Read::Malformed;
        }
        let parsed = serde_json::from_slice(json).and_then(|map| Ok((map, serde_json::from_slice(json)?)));
        let Ok((map, Names(found))) = parsed else {
            // The grammar allows lone surrogates, numbers beyond a float and deep nesting, but
            // `serde_json` has no value for them.
            return match serde_json::from_slice::<IgnoredAny>(json) {
                Ok(_) => Read::Unknown,
                Err(_) => Read::Malformed,
            };
        };
        let mut seen = BTreeSet::new();
        if found.iter().any(|name| names.contains(&name.as_str()) && !seen.insert(name)) {
            return Read::Malformed;
        }
        Read::Object(Self(map))
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    fn text(&self, name: &str) -> Result<Option<&str>, &'static str> {
        self.get(name).map(|value| value.as_str().ok_or("malformed")).transpose()
    }

    fn date(&self, name: &str) -> Result<Option<f64>, &'static str> {
        self.get(name).map(|value| value.as_f64().ok_or("malformed")).transpose()
    }
}

/// The names of an object, duplicates included.
struct Names(Vec<String>);

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NamesVisitor;

        impl<'de> Visitor<'de> for NamesVisitor {
            type Value = Names;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Names, A::Error> {
                let mut names = Vec::new();
                while let Some((name, IgnoredAny)) = map.next_entry()? {
                    names.push(name);
                }
                Ok(Names(names))
            }
        }

        deserializer.deserialize_map(NamesVisitor)
    }
}
