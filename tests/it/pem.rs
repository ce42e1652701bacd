//! Public keys in PEM: what is taken verifies as a JWK does, and what is not is refused by name.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use josekit::jws::{ES256, ES384, ES512, EdDSA, JwsHeader, JwsSigner, PS256, RS256, serialize_compact};
use oidc_logout::op::{HintError, LogoutRequest, RefusalReason};
use oidc_logout::{KeyError, KeySet, PemError};
use openssl::ec::{EcGroup, EcKey};
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use serde_json::json;

use crate::support::provider::{ISSUER, at, endpoint};
use crate::support::token::base64;

fn rsa(bits: u32) -> PKey<Private> {
    PKey::from_rsa(Rsa::generate(bits).unwrap()).unwrap()
}

fn ec(curve: Nid) -> PKey<Private> {
    PKey::from_ec_key(EcKey::generate(&EcGroup::from_curve_name(curve).unwrap()).unwrap()).unwrap()
}

fn public(key: &PKey<Private>) -> String {
    String::from_utf8(key.public_key_to_pem().unwrap()).unwrap()
}

fn private(key: &PKey<Private>) -> Vec<u8> {
    key.private_key_to_pem_pkcs8().unwrap()
}

/// Whether a hint of that signer verifies with that key set.
fn verifies(keys: KeySet, signer: &dyn JwsSigner, kid: Option<&str>) -> Result<Option<String>, HintError> {
    let claims = json!({"iss": ISSUER, "sub": "user-1", "aud": "rp-1", "iat": 1, "exp": 2});
    let mut header = JwsHeader::new();
    if let Some(kid) = kid {
        header.set_key_id(kid);
    }
    let token = serialize_compact(claims.to_string().as_bytes(), &header, signer).unwrap();
    let request = LogoutRequest::from_query(format!("id_token_hint={token}")).unwrap();
    match endpoint(keys).receive(request, at(0)) {
        Ok(pending) => Ok(pending.hint().unwrap().key_id().map(str::to_owned)),
        Err(refusal) => match refusal.reason() {
            RefusalReason::IdTokenHintInvalid(error) => Err(error),
            other => panic!("{other}"),
        },
    }
}

#[test]
fn every_kind_of_key_verifies_what_its_private_key_signed() {
    let key = rsa(2048);
    let keys = KeySet::from_pem(public(&key), Some("k")).unwrap();
    assert_eq!(verifies(keys.clone(), &RS256.signer_from_pem(private(&key)).unwrap(), Some("k")), Ok(Some("k".into())));
    assert_eq!(
        verifies(
            keys.clone(),
            &PS256.signer_from_pem(private(&key)).unwrap_or_else(|_| PS256.signer_from_jwk(&rsa_jwk(&key)).unwrap()),
            None
        ),
        Ok(Some("k".into()))
    );
    assert_eq!(verifies(keys, &RS256.signer_from_pem(private(&key)).unwrap(), Some("other")), Err(HintError::Key));

    let key = ec(Nid::X9_62_PRIME256V1);
    let keys = KeySet::from_pem(public(&key), None).unwrap();
    assert_eq!(verifies(keys, &ES256.signer_from_pem(private(&key)).unwrap(), None), Ok(None));
    let key = ec(Nid::SECP384R1);
    let keys = KeySet::from_pem(public(&key), None).unwrap();
    assert_eq!(verifies(keys, &ES384.signer_from_pem(private(&key)).unwrap(), None), Ok(None));
    let key = ec(Nid::SECP521R1);
    let keys = KeySet::from_pem(public(&key), None).unwrap();
    assert_eq!(verifies(keys, &ES512.signer_from_pem(private(&key)).unwrap(), None), Ok(None));
    let key = PKey::generate_ed25519().unwrap();
    let keys = KeySet::from_pem(public(&key), None).unwrap();
    assert_eq!(verifies(keys, &EdDSA.signer_from_pem(private(&key)).unwrap(), None), Ok(None));
}

/// josekit signs PSS only with keys that say so in PEM; as a JWK any RSA key does.
fn rsa_jwk(key: &PKey<Private>) -> josekit::jwk::Jwk {
    let rsa = key.rsa().unwrap();
    let mut jwk = josekit::jwk::Jwk::new("RSA");
    for (name, number) in [
        ("n", rsa.n()),
        ("e", rsa.e()),
        ("d", rsa.d()),
        ("p", rsa.p().unwrap()),
        ("q", rsa.q().unwrap()),
        ("dp", rsa.dmp1().unwrap()),
        ("dq", rsa.dmq1().unwrap()),
        ("qi", rsa.iqmp().unwrap()),
    ] {
        jwk.set_parameter(name, Some(base64(number.to_vec()).into())).unwrap();
    }
    jwk
}

#[test]
fn another_key_does_not_verify() {
    let keys = KeySet::from_pem(public(&PKey::generate_ed25519().unwrap()), None).unwrap();
    let stranger = PKey::generate_ed25519().unwrap();
    assert_eq!(verifies(keys, &EdDSA.signer_from_pem(private(&stranger)).unwrap(), None), Err(HintError::Signature));
}

#[test]
fn certificates_private_keys_and_other_blocks_are_refused_by_name() {
    let refused = |pem: &[u8]| KeySet::from_pem(pem, None).unwrap_err();
    let block = |label: &str| format!("-----BEGIN {label}-----\nMAA=\n-----END {label}-----\n").into_bytes();
    let key = rsa(2048);
    assert_eq!(refused(&block("CERTIFICATE")), PemError::Certificate);
    assert_eq!(refused(&block("TRUSTED CERTIFICATE")), PemError::Certificate);
    assert_eq!(refused(&private(&key)), PemError::PrivateKey);
    assert_eq!(refused(&key.rsa().unwrap().private_key_to_pem().unwrap()), PemError::PrivateKey);
    assert_eq!(refused(&block("EC PRIVATE KEY")), PemError::PrivateKey);
    assert_eq!(refused(&block("ENCRYPTED PRIVATE KEY")), PemError::PrivateKey);
    assert_eq!(refused(&key.rsa().unwrap().public_key_to_pem_pkcs1().unwrap()), PemError::Label);
    assert_eq!(refused(&block("X509 CRL")), PemError::Label);
}

#[test]
fn weak_and_foreign_keys_are_refused() {
    let refused = |key: &PKey<Private>| KeySet::from_pem(public(key), None).unwrap_err();
    assert_eq!(refused(&rsa(1024)), PemError::Key(KeyError::Rsa));
    assert_eq!(refused(&ec(Nid::SECP256K1)), PemError::Key(KeyError::Type));
    assert_eq!(refused(&PKey::generate_x25519().unwrap()), PemError::Key(KeyError::Type));
    assert_eq!(refused(&PKey::generate_ed448().unwrap()), PemError::Key(KeyError::Type));
}

#[test]
fn what_is_no_single_block_is_malformed() {
    let good = public(&PKey::generate_ed25519().unwrap());
    assert!(KeySet::from_pem(good.replace('\n', "\r\n"), None).is_ok());
    assert!(KeySet::from_pem(format!("Subject: somebody\n{good}"), None).is_ok());
    for pem in [
        String::new(),
        "MAA=".to_owned(),
        format!("{good}{good}"),
        good.replace("-----END PUBLIC KEY-----", ""),
        good.replace("MCow", "M*ow"),
        format!("{good}{}", " ".repeat(16 * 1024)),
    ] {
        assert_eq!(KeySet::from_pem(&pem, None).unwrap_err(), PemError::Malformed, "{pem}");
    }
}

/// Every byte of a key changed to every value, and every length of it: never a panic, and a key
/// only where the change is in its numbers.
#[test]
fn no_change_of_the_encoding_is_overlooked() {
    let block = |der: &[u8]| format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----", STANDARD.encode(der));
    let key = PKey::generate_ed25519().unwrap().public_key_to_der().unwrap();
    let numbers = key.len() - 32;
    for at in 0..key.len() {
        assert!(KeySet::from_pem(block(&key[..at]), None).is_err());
        for byte in 0..=u8::MAX {
            let mut changed = key.clone();
            changed[at] = byte;
            let taken = KeySet::from_pem(block(&changed), None).is_ok();
            assert!(!taken || changed == key || at >= numbers, "byte {at} as {byte}");
        }
    }
    // RSA has longer lengths, in more octets.
    let key = rsa(2048).public_key_to_der().unwrap();
    let numbers = key.len() - 5 - 257;
    for at in 0..numbers {
        for byte in 0..=u8::MAX {
            let mut changed = key.clone();
            changed[at] = byte;
            assert!(KeySet::from_pem(block(&changed), None).is_err() || changed == key, "byte {at} as {byte}");
        }
    }
    let mut longer = key.clone();
    longer.push(0);
    assert_eq!(KeySet::from_pem(block(&longer), None).unwrap_err(), PemError::Der);
}
