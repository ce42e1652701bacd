//! Notices beside the vectors: signatures, what is stored, pages, and what a host sees of all that.

use std::collections::BTreeSet;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use josekit::jws::{self, ES256, ES384, ES512, EdDSA, HS256, JwsVerifier, PS256, RS256};
use oidc_logout::op::{
    BackChannelNotice, Claim, Client, ClientBuilder, DeliveryFault, EndSession, EndedSession, FrontChannelFrame,
    FrontChannelPage, Landing, LogoutEndpoint, Next, NotToldCause, Notices, Participant, RegistrationRules, Reply,
    Schedule, SignatureError, Told, UnsignedLogoutToken,
};
use oidc_logout::{Algorithm, KeySet};
use openssl::ec::{EcGroup, EcKey};
use openssl::ecdsa::EcdsaSig;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::rsa::{Padding, Rsa};
use openssl::sha::sha256;
use openssl::sign::{RsaPssSaltlen, Signer};
use serde_json::{Value, json};

use crate::support::end;
use crate::support::provider::{ISSUER, at, endpoint};
use crate::support::token::hs256;

const ENDED: i64 = 1_760_000_000;
const BACK: &str = "https://rp.example/bc?tenant=1";
const SECRET: &str = "the-secret-of-a-client-that-is-long-enough-for-every-algorithm-64";

fn op() -> LogoutEndpoint {
    endpoint(KeySet::default())
}

fn back(id: &str) -> ClientBuilder {
    Client::builder(id).backchannel_logout_uri(BACK)
}

/// A client with a frame of its own origin.
fn front(id: &str) -> ClientBuilder {
    let rules = RegistrationRules::default().issuer(ISSUER).redirect_uris([format!("https://{id}.example/cb")]);
    Client::builder(id).registration_rules(rules).frontchannel_logout_uri(format!("https://{id}.example/fc"))
}

fn ended() -> EndedSession {
    EndedSession::new("session-1", at(ENDED))
}

/// The notice for a client that knows a `sid`.
fn notice(client: &Client) -> BackChannelNotice {
    let notices = op().notices(&ended(), [Participant::new(client, "sid-1").subject("user-1")]);
    notices.back_channel().first().expect("a notice").clone()
}

fn unsigned(client: &Client) -> UnsignedLogoutToken<'_> {
    notice(client).logout_token(client, at(ENDED), [7; 16]).unwrap()
}

/// A session that ends, after which the user goes back to the client if that asks for it.
fn end_session(op: &LogoutEndpoint, returns: bool) -> EndSession {
    let uri = "https://rp.example/bye?a=1&b='";
    let client = Client::builder("asking").post_logout_redirect_uri(uri).build().unwrap();
    let parameters = [("state", "s&<\">"), ("post_logout_redirect_uri", uri)];
    end::by_a_yes(op, &client, if returns { &parameters } else { &[] }, at(ENDED))
}

fn plan(op: &LogoutEndpoint, returns: bool, clients: &[Client]) -> (EndSession, Notices) {
    let end = end_session(op, returns);
    let notices = end.notices(&ended(), clients.iter().map(|client| Participant::new(client, "sid-1")));
    (end, notices)
}

// Signatures.

#[test]
fn a_signature_has_the_length_of_its_algorithm() {
    let lengths = [
        (Algorithm::Rs256, 256..=1024),
        (Algorithm::Rs384, 256..=1024),
        (Algorithm::Rs512, 256..=1024),
        (Algorithm::Ps256, 256..=1024),
        (Algorithm::Ps384, 256..=1024),
        (Algorithm::Ps512, 256..=1024),
        (Algorithm::Es256, 64..=64),
        (Algorithm::Es384, 96..=96),
        (Algorithm::Es512, 132..=132),
        (Algorithm::EdDsa, 64..=64),
        (Algorithm::Hs256, 32..=32),
        (Algorithm::Hs384, 48..=48),
        (Algorithm::Hs512, 64..=64),
    ];
    for (algorithm, lengths) in lengths {
        let client = back("rp-1").id_token_signed_response_alg(algorithm).client_secret(SECRET).build().unwrap();
        let signed = |bytes: usize| {
            let input = unsigned(&client).signing_input(None);
            assert_eq!(input.algorithm(), algorithm);
            input.signed(&vec![1; bytes]).map(drop)
        };
        for bytes in [*lengths.start(), *lengths.end()] {
            assert_eq!(signed(bytes), Ok(()), "{algorithm:?} {bytes}");
        }
        for bytes in [0, *lengths.start() - 1, *lengths.end() + 1] {
            assert_eq!(signed(bytes), Err(SignatureError), "{algorithm:?} {bytes}");
        }
    }
}

struct Key {
    algorithm: Algorithm,
    private: PKey<Private>,
}

impl Key {
    fn all() -> [Self; 6] {
        let rsa = || PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap();
        let ec =
            |curve| PKey::from_ec_key(EcKey::generate(&EcGroup::from_curve_name(curve).unwrap()).unwrap()).unwrap();
        [
            Self { algorithm: Algorithm::Rs256, private: rsa() },
            Self { algorithm: Algorithm::Ps256, private: rsa() },
            Self { algorithm: Algorithm::Es256, private: ec(Nid::X9_62_PRIME256V1) },
            Self { algorithm: Algorithm::Es384, private: ec(Nid::SECP384R1) },
            Self { algorithm: Algorithm::Es512, private: ec(Nid::SECP521R1) },
            Self { algorithm: Algorithm::EdDsa, private: PKey::generate_ed25519().unwrap() },
        ]
    }

    /// As OpenSSL and key services sign: ECDSA in DER.
    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let mut signer = match self.algorithm {
            Algorithm::EdDsa => Signer::new_without_digest(&self.private),
            Algorithm::Es384 => Signer::new(MessageDigest::sha384(), &self.private),
            Algorithm::Es512 => Signer::new(MessageDigest::sha512(), &self.private),
            _ => Signer::new(MessageDigest::sha256(), &self.private),
        }
        .unwrap();
        if self.algorithm == Algorithm::Ps256 {
            signer.set_rsa_padding(Padding::PKCS1_PSS).unwrap();
            signer.set_rsa_pss_saltlen(RsaPssSaltlen::DIGEST_LENGTH).unwrap();
        }
        signer.sign_oneshot_to_vec(message).unwrap()
    }

    /// The bytes of each of the two numbers of an ECDSA signature.
    fn number_bytes(&self) -> Option<i32> {
        match self.algorithm {
            Algorithm::Es256 => Some(32),
            Algorithm::Es384 => Some(48),
            Algorithm::Es512 => Some(66),
            _ => None,
        }
    }

    /// In the form of RFC 7518.
    fn sign_jws(&self, message: &[u8]) -> Vec<u8> {
        let signature = self.sign(message);
        let Some(bytes) = self.number_bytes() else { return signature };
        let signature = EcdsaSig::from_der(&signature).unwrap();
        [signature.r(), signature.s()].map(|number| number.to_vec_padded(bytes).unwrap()).concat()
    }

    fn verifier(&self) -> Box<dyn JwsVerifier> {
        let pem = self.private.public_key_to_pem().unwrap();
        match self.algorithm {
            Algorithm::Rs256 => Box::new(RS256.verifier_from_pem(pem).unwrap()),
            Algorithm::Es256 => Box::new(ES256.verifier_from_pem(pem).unwrap()),
            Algorithm::Es384 => Box::new(ES384.verifier_from_pem(pem).unwrap()),
            Algorithm::Es512 => Box::new(ES512.verifier_from_pem(pem).unwrap()),
            Algorithm::EdDsa => Box::new(EdDSA.verifier_from_pem(pem).unwrap()),
            // Of PEM, josekit takes only keys that say that they are for PSS.
            _ => Box::new(PS256.verifier_from_jwk(&self.rsa_jwk()).unwrap()),
        }
    }

    fn rsa_jwk(&self) -> josekit::jwk::Jwk {
        let key = self.private.rsa().unwrap();
        let mut jwk = josekit::jwk::Jwk::new("RSA");
        for (name, number) in [("n", key.n()), ("e", key.e())] {
            let number = crate::support::token::base64(number.to_vec());
            jwk.set_parameter(name, Some(number.into())).unwrap();
        }
        jwk
    }
}

/// The claims of a token, by another library.
fn verified(token: &str, verifier: &dyn JwsVerifier) -> Value {
    let (payload, header) = jws::deserialize_compact(token, verifier).unwrap();
    assert_eq!(header.token_type(), Some("logout+jwt"));
    assert_eq!(header.algorithm(), Some(verifier.algorithm().name()));
    serde_json::from_slice(&payload).unwrap()
}

#[test]
fn what_the_host_signed_verifies_with_another_library() {
    for key in Key::all() {
        let client = back("rp-1").id_token_signed_response_alg(key.algorithm).build().unwrap();
        let token = unsigned(&client);
        assert!(!token.is_signed_with_client_secret());
        let input = token.signing_input(Some("key-1"));
        let signature = key.sign_jws(input.as_bytes());
        let token = input.signed(&signature).unwrap();
        let claims = verified(token.as_str(), &*key.verifier());
        assert_eq!(
            (&claims["aud"], &claims["sid"], &claims["sub"]),
            (&"rp-1".into(), &"sid-1".into(), &"user-1".into())
        );
        assert_eq!(token.request().body(), format!("logout_token={}", token.as_str()));
    }
}

#[test]
fn an_ecdsa_signature_in_der_is_refused() {
    for key in Key::all().into_iter().filter(|key| key.number_bytes().is_some()) {
        let client = back("rp-1").id_token_signed_response_alg(key.algorithm).build().unwrap();
        let input = unsigned(&client).signing_input(None);
        let der = key.sign(input.as_bytes());
        let refused = input.signed(&der).unwrap_err();
        assert!(refused.to_string().contains("not DER"), "{refused}");
    }
}

#[test]
fn the_clients_current_secret_signs() {
    let client = back("rp-1").id_token_signed_response_alg(Algorithm::Hs256);
    let client = client.client_secret(SECRET).previous_client_secret("p".repeat(32)).build().unwrap();
    let token = unsigned(&client);
    assert!(token.is_signed_with_client_secret());
    let token = token.sign_with_client_secret().unwrap();
    let claims = verified(token.as_str(), &HS256.verifier_from_bytes(SECRET).unwrap());
    assert_eq!(claims["aud"], "rp-1");
    let (signed, signature) = token.as_str().rsplit_once('.').unwrap();
    assert_eq!(signature, crate::support::token::base64(hs256(SECRET.as_bytes(), signed.as_bytes())));
}

#[test]
fn a_client_of_another_algorithm_is_not_signed_for_with_its_secret() {
    let client = back("rp-1").client_secret(SECRET).build().unwrap();
    let refused = unsigned(&client).sign_with_client_secret().unwrap_err();
    assert_eq!(refused, DeliveryFault::KeyGone);
}

#[test]
fn an_encrypted_token_has_five_segments_and_goes_to_the_same_place() {
    let client = back("rp-1").id_token_signed_response_alg(Algorithm::Hs256).client_secret(SECRET).build().unwrap();
    let mut token = unsigned(&client).sign_with_client_secret().unwrap();
    let plain = token.as_str().to_owned();
    for no_jwe in ["", "a.b.c", "a.b.c.d", "a.b.c.d.e.f", "a.b.c.d.e=", "a.b.c.d.e+", "a.b.c.d. e", "a.b.c.d.é", &plain]
    {
        token = token.encrypted(no_jwe.to_owned()).unwrap_err();
        assert_eq!(token.as_str(), plain, "{no_jwe}");
    }
    for jwe in ["e.b.c.d.e", "eyJ-_9..c.d.e"] {
        token = token.encrypted(jwe.to_owned()).unwrap();
        assert_eq!(token.as_str(), jwe);
        let request = token.request();
        assert_eq!((request.uri(), request.body()), (BACK, format!("logout_token={jwe}").as_str()));
    }
}

#[test]
fn the_request_names_the_host_for_the_address_rules() {
    for (uri, host) in [
        ("https://rp.example/bc", "rp.example"),
        ("https://RP.example:8443", "RP.example"),
        ("https://1.1.1.1:8443/bc", "1.1.1.1"),
        ("https://[2606:4700:4700::1111]:8443/bc?a", "[2606:4700:4700::1111]"),
        ("https://[2606:4700:4700::1111]", "[2606:4700:4700::1111]"),
    ] {
        let client = Client::builder("rp-1").backchannel_logout_uri(uri).build().unwrap();
        assert_eq!(client.backchannel_logout_uri().unwrap().host(), host);
        let token = unsigned(&client).signing_input(None).signed(&[1; 256]).unwrap();
        let request = token.request();
        assert_eq!((request.uri(), request.host(), request.method()), (uri, host, "POST"));
    }
}

// What is planned and stored.

#[test]
fn a_notice_tells_whom_it_is_for() {
    let client = back("rp-1").build().unwrap();
    let notice = notice(&client);
    assert_eq!((notice.issuer(), notice.client_id().as_str(), notice.session()), (ISSUER, "rp-1", "session-1"));
    assert_eq!((notice.ended_at(), notice.due_at()), (at(ENDED), Some(at(ENDED))));
    assert_eq!((notice.attempts(), notice.fault(), notice.is_over()), (0, None, false));
    assert_eq!((notice.delivered_at(), notice.failed_at(), notice.is_prepared()), (None, None, false));
}

#[test]
fn a_session_ends_in_the_second_in_which_it_ends() {
    let client = back("rp-1").build().unwrap();
    let almost = at(ENDED) + time::Duration::milliseconds(999);
    let notices = op().notices(&EndedSession::new("session-1", almost), [Participant::new(&client, "sid-1")]);
    assert_eq!(notices.back_channel().first().unwrap().ended_at(), at(ENDED));
}

#[test]
fn a_key_names_issuer_client_and_session_and_nothing_else() {
    let key = |issuer: &str, client: &str, session: &str, sid: &str, seconds: i64| {
        let client = back(client).build().unwrap();
        let op = op().for_issuer(issuer, KeySet::default());
        let ended = EndedSession::new(session, at(seconds));
        let notices = op.notices(&ended, [Participant::new(&client, sid)]);
        notices.back_channel().first().unwrap().key()
    };
    let first = key("i", "c", "s", "sid-1", 1);
    assert_eq!(first, r#"["i","c","s"]"#);
    assert_eq!(first, key("i", "c", "s", "sid-2", 2));
    let texts = ["", "a", "\"", "\\", ",", "\",\"", "a\",\"a", "é", "\n"];
    let mut keys = BTreeSet::new();
    for issuer in texts {
        for client in texts {
            for session in texts {
                assert!(keys.insert(key(issuer, client, session, "sid", 1)), "{issuer} {client} {session}");
            }
        }
    }
}

#[test]
fn progress_does_not_change_the_key() {
    let client = back("rp-1").build().unwrap();
    let mut notice = notice(&client);
    let key = notice.key();
    let schedule = Schedule::default();
    let Claim::Attempt(attempt) = notice.claim(at(ENDED), &schedule) else { panic!("it is due") };
    assert_eq!(notice.key(), key);
    let next = notice.record(attempt, Reply::Fault(DeliveryFault::Timeout), at(ENDED), 0, &schedule);
    assert_eq!((next, notice.key()), (Next::RetryAt(at(ENDED + 4)), key.clone()));
    assert_eq!(notice.prepare().key(), key);
}

#[test]
fn fifty_first_attempts_are_made_at_once_and_the_rest_is_the_workers() {
    let clients: Vec<_> = (0..52).map(|number| back(&format!("rp-{number}")).build().unwrap()).collect();
    let participants = clients.iter().map(|client| Participant::new(client, "sid-1"));
    let mut notices = op().notices(&ended(), participants);
    assert_eq!(notices.first_attempts().count(), 0);
    notices.claim_first_attempts(at(ENDED), &Schedule::default());
    let claimed: Vec<_> = notices.first_attempts().map(|notice| notice.client_id().as_str().to_owned()).collect();
    let expected: Vec<_> = (0..50).map(|number| format!("rp-{number}")).collect();
    assert_eq!(claimed, expected);
    for (number, notice) in notices.back_channel().iter().enumerate() {
        let due_at = if number < 50 { ENDED + 30 } else { ENDED };
        assert_eq!((notice.attempts(), notice.due_at()), (u32::from(number < 50), Some(at(due_at))), "{number}");
    }
}

#[test]
fn first_attempts_of_a_session_that_ended_long_ago_are_not_made() {
    let client = back("rp-1").build().unwrap();
    let mut notices = op().notices(&ended(), [Participant::new(&client, "sid-1")]);
    notices.claim_first_attempts(at(ENDED + 86_401), &Schedule::default());
    assert_eq!(notices.first_attempts().count(), 0);
    assert_eq!(notices.back_channel().first().unwrap().fault(), Some(DeliveryFault::TooLate));
}

#[test]
fn of_two_that_claim_at_once_one_can_store_its_claim() {
    let client = back("rp-1").build().unwrap();
    let stored = serde_json::to_string(&notice(&client)).unwrap();
    let mut row = (0, stored.clone());
    let mut winners = 0;
    for _ in 0..2 {
        // Both have read the same text.
        let mut notice: BackChannelNotice = serde_json::from_str(&stored).unwrap();
        let before = notice.attempts();
        assert_eq!(notice.claim(at(ENDED), &Schedule::default()), Claim::Attempt(1));
        if row.0 == before {
            row = (notice.attempts(), serde_json::to_string(&notice).unwrap());
            winners += 1;
        }
    }
    assert_eq!(winners, 1);
}

#[test]
fn a_prepared_notice_waits_for_its_release() {
    let client = back("rp-1").build().unwrap();
    let mut notices = op().notices(&ended(), [Participant::new(&client, "sid-1")]).prepare();
    notices.claim_first_attempts(at(ENDED), &Schedule::default());
    assert_eq!(notices.first_attempts().count(), 0);
    let mut notice = notices.back_channel().first().unwrap().clone();
    assert!(notice.is_prepared() && !notice.is_over());
    assert_eq!(notice.due_at(), Some(at(ENDED + 60)));

    let stored = serde_json::to_string(&notice).unwrap();
    notice = serde_json::from_str(&stored).unwrap();
    assert!(notice.is_prepared());
    notice.release(at(ENDED + 3));
    assert!(!notice.is_prepared());
    assert_eq!(notice.due_at(), Some(at(ENDED + 3)));
    assert_eq!(notice.claim(at(ENDED + 3), &Schedule::default()), Claim::Attempt(1));
}

#[test]
fn first_attempts_that_are_held_back_after_their_claim_are_not_made() {
    let client = back("rp-1").build().unwrap();
    let mut notices = op().notices(&ended(), [Participant::new(&client, "sid-1")]);
    notices.claim_first_attempts(at(ENDED), &Schedule::default());
    assert_eq!(notices.prepare().first_attempts().count(), 0);
}

#[test]
fn a_notice_that_is_over_is_not_held_back() {
    let client = back("rp-1").build().unwrap();
    for (status, is_delivered) in [(200, true), (404, false)] {
        let mut notice = notice(&client);
        let Claim::Attempt(attempt) = notice.claim(at(ENDED), &Schedule::default()) else { panic!("it is due") };
        let reply = Reply::Answer { status, retry_after: None };
        let _: Next = notice.record(attempt, reply, at(ENDED + 1), 0, &Schedule::default());
        let held_back = notice.clone().prepare();
        assert!(held_back == notice && held_back.is_over());
        assert_eq!(held_back.delivered_at().is_some(), is_delivered);
    }
}

#[test]
fn every_fault_is_stored_by_its_code() {
    let plain = [
        DeliveryFault::Timeout,
        DeliveryFault::Transport,
        DeliveryFault::AddressBlocked,
        DeliveryFault::ClientGone,
        DeliveryFault::NoChannel,
        DeliveryFault::KeyGone,
        DeliveryFault::SessionRequired,
        DeliveryFault::TooLate,
    ];
    let mut codes = BTreeSet::new();
    for fault in plain {
        assert_eq!(serde_json::to_value(fault).unwrap(), fault.code());
        assert_eq!(serde_json::from_value::<DeliveryFault>(fault.code().into()).unwrap(), fault);
        assert!(codes.insert(fault.code()), "{fault:?}");
    }
    for status in [0, 100, 200, 404, 599, u16::MAX] {
        let fault = DeliveryFault::Status(status);
        assert_eq!((serde_json::to_value(fault).unwrap(), fault.code()), (status.into(), "status"));
        assert_eq!(serde_json::from_value::<DeliveryFault>(status.into()).unwrap(), fault);
    }
    for other in
        [json!("status"), json!("Timeout"), json!(""), json!(65536), json!(-1), json!(1.5), json!(null), json!([])]
    {
        let error = serde_json::from_value::<DeliveryFault>(other).unwrap_err();
        assert_eq!(error.to_string(), "the fault is neither a status nor a known code");
    }
}

#[test]
fn a_stored_notice_holds_its_version_and_members_and_no_other() {
    let client = back("rp-1").build().unwrap();
    let stored = serde_json::to_value(notice(&client)).unwrap();
    let expected = json!({
        "v": 1, "issuer": ISSUER, "client_id": "rp-1", "session": "session-1", "sid": "sid-1", "sub": "user-1",
        "ended_at": ENDED, "attempts": 0, "standing": {"due": ENDED},
    });
    assert_eq!(stored, expected);
    // What a later version adds beside them does not matter to this one.
    let mut more = stored.clone();
    more["note"] = "x".into();
    assert!(serde_json::from_value::<BackChannelNotice>(more).unwrap() == notice(&client));
}

#[test]
fn a_damaged_notice_is_not_read() {
    let client = back("rp-1").build().unwrap();
    let stored = serde_json::to_value(notice(&client)).unwrap();
    let damaged = |change: &dyn Fn(&mut Value)| {
        let mut damaged = stored.clone();
        change(&mut damaged);
        serde_json::from_value::<BackChannelNotice>(damaged).unwrap_err().to_string()
    };
    for version in [json!(0), json!(2), json!(255)] {
        let error = damaged(&|notice| notice["v"] = version.clone());
        assert_eq!(error, "the notice was stored by another version of this library");
    }
    for member in ["v", "issuer", "client_id", "session", "ended_at", "attempts", "standing"] {
        let error = damaged(&|notice| drop(notice.as_object_mut().unwrap().remove(member)));
        assert_eq!(error, "this is not a stored notice", "{member}");
    }
    for (sid, sub) in
        [(json!(null), json!(null)), (json!(""), json!(null)), (json!(null), json!("")), (json!(""), json!(""))]
    {
        let error = damaged(&|notice| {
            notice["sid"] = sid.clone();
            notice["sub"] = sub.clone();
        });
        assert_eq!(error, "the stored notice has neither sid nor sub", "{sid} {sub}");
    }
    for standing in [json!("due"), json!({}), json!({"due": 1, "failed": 1}), json!({"lost": 1}), json!({"due": "1"})] {
        let error = damaged(&|notice| notice["standing"] = standing.clone());
        assert_eq!(error, "this is not a stored notice", "{standing}");
    }
    let twice = stored.to_string().replacen('{', r#"{"session":"session-2","#, 1);
    assert!(serde_json::from_str::<BackChannelNotice>(&twice).is_err());
}

#[test]
fn a_stored_notice_with_an_empty_sid_is_told_by_the_subject_alone() {
    let client = back("rp-1").build().unwrap();
    let mut stored = serde_json::to_value(notice(&client)).unwrap();
    stored["sid"] = "".into();
    let notice: BackChannelNotice = serde_json::from_value(stored).unwrap();
    let token = notice.logout_token(&client, at(ENDED + 60), [7; 16]).unwrap().signing_input(None);
    let token = token.signed(&[1; 256]).unwrap();
    let claims = token.as_str().split('.').nth(1).unwrap();
    let claims = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(claims).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!((claims.get("sid"), &claims["iat"]), (None, &ENDED.into()));
}

#[test]
fn the_dates_of_a_damaged_notice_stay_within_the_calendar() {
    let client = back("rp-1").build().unwrap();
    let schedule = Schedule::default();
    for seconds in [i64::MIN, i64::MAX] {
        let mut stored = serde_json::to_value(notice(&client)).unwrap();
        stored["ended_at"] = seconds.into();
        stored["attempts"] = u32::MAX.into();
        stored["standing"] = json!({"due": seconds});
        let mut notice: BackChannelNotice = serde_json::from_value(stored).unwrap();
        let year = notice.ended_at().year();
        assert!(year == -9999 || year == 9999, "{year}");
        assert_eq!(notice.due_at(), Some(notice.ended_at()));
        assert!(notice.logout_token(&client, at(ENDED), [7; 16]).is_ok());
        let expected = if seconds < 0 { Claim::TooLate } else { Claim::No };
        assert_eq!(notice.claim(at(ENDED), &schedule), expected);
    }
}

// Waits that a vector cannot say.

#[test]
fn waits_are_whole_seconds_and_at_least_one() {
    let client = back("rp-1").build().unwrap();
    for (wait, seconds) in [
        (Duration::ZERO, 1),
        (Duration::from_nanos(1), 1),
        (Duration::from_millis(999), 1),
        (Duration::from_secs(1), 1),
        (Duration::from_millis(1500), 2),
        (Duration::from_secs(2), 2),
        (Duration::from_secs(86_400), 86_400),
    ] {
        let schedule = Schedule::default().waits([wait]);
        let mut notice = notice(&client);
        let Claim::Attempt(attempt) = notice.claim(at(ENDED), &schedule) else { panic!("it is due") };
        // The middle of the numbers changes nothing.
        let next = notice.record(attempt, Reply::Fault(DeliveryFault::Timeout), at(ENDED), u32::MAX / 2, &schedule);
        assert_eq!(next, Next::RetryAt(at(ENDED + seconds)), "{wait:?}");
    }
}

#[test]
fn a_schedule_of_endless_times_neither_panics_nor_goes_on() {
    let client = back("rp-1").build().unwrap();
    let endless = Duration::MAX;
    let schedule = Schedule::default().waits([endless]).give_up_after(endless).max_retry_after(endless);
    let mut notice = notice(&client);
    let Claim::Attempt(attempt) = notice.claim(at(ENDED), &schedule) else { panic!("it is due") };
    let reply = Reply::Answer { status: 503, retry_after: Some("99999999999999999999999999") };
    // The next attempt would come after the end of all calendars.
    let Next::RetryAt(next) = notice.record(attempt, reply, at(ENDED), u32::MAX, &schedule) else {
        panic!("there is no end")
    };
    assert_eq!(next.year(), 9999);
    let schedule = schedule.attempts(endless, Duration::ZERO);
    assert_eq!(schedule.attempt_timeout(), endless);
    assert_eq!(notice.claim(at(ENDED + 1_000_000), &schedule), Claim::No);
}

#[test]
fn an_attempt_takes_ten_seconds_by_default() {
    assert_eq!(Schedule::default().attempt_timeout(), Duration::from_secs(10));
    let schedule = Schedule::default().attempts(Duration::from_secs(3), Duration::from_secs(20));
    assert_eq!(schedule.attempt_timeout(), Duration::from_secs(3));
}

// Pages.

#[test]
fn the_hash_is_that_of_the_script() {
    let hash = STANDARD.encode(sha256(FrontChannelPage::SCRIPT.as_bytes()));
    assert_eq!(FrontChannelPage::SCRIPT_HASH, format!("sha256-{hash}"));
}

#[test]
fn the_script_is_plain_and_waits_as_long_as_the_page_says() {
    let script = FrontChannelPage::SCRIPT;
    assert!(script.is_ascii() && !script.contains(['<', '\n', '\r', '&']), "it stands in an element as it is");
    assert!(script.contains(&format!("setTimeout(go,{}000)", FrontChannelPage::WAIT_SECONDS)));
    assert!(script.contains("getElementById('continue')"));
    for later in ["=>", "let ", "const ", "`", "async", "class "] {
        assert!(!script.contains(later), "{later} is later than ECMAScript 5");
    }
}

#[test]
fn frames_cannot_take_the_window_away() {
    let allowed: BTreeSet<_> = FrontChannelFrame::SANDBOX.split(' ').collect();
    assert_eq!(allowed, BTreeSet::from(["allow-scripts", "allow-same-origin", "allow-forms"]));
}

fn policy(landing: &Landing) -> String {
    let headers = landing.headers();
    let policies: Vec<_> = headers.iter().filter(|(name, _)| *name == "content-security-policy").collect();
    assert_eq!(policies.len(), 1);
    policies[0].1.to_owned()
}

#[test]
fn a_page_with_frames_says_where_it_leads() {
    let clients = [front("a").build().unwrap(), front("b").build().unwrap()];
    let (end, notices) = plan(&op(), true, &clients);
    let landing = end.session_ended(notices.told([""; 0]));
    let onwards = "https://rp.example/bye?a=1&b='&state=s%26%3C%22%3E";
    assert_eq!(landing.status(), 200);
    assert!(landing.headers().iter().all(|(name, _)| name != "location"));
    let policy = policy(&landing);
    let hash = FrontChannelPage::SCRIPT_HASH;
    let frames = "frame-src https://a.example https://b.example";
    assert_eq!(policy, format!("frame-ancestors 'none'; form-action 'self'; {frames}; script-src '{hash}'"));

    let Landing::FrontChannel(page) = landing else { panic!("there are frames") };
    assert_eq!((page.status(), page.continue_to()), (200, onwards));
    assert_eq!(page.refresh(), format!("3;url={onwards}"));
    assert_eq!(page.frames(), page.told().frames());
    assert_eq!(page.client_id().unwrap().as_str(), "asking");
    let src = |id: &str| format!("https://{id}.example/fc?iss=https%3A%2F%2Fop.example&sid=sid-1");
    let expected = json!({
        "frames": [{"client_id": "a", "src": src("a")}, {"client_id": "b", "src": src("b")}],
        "continue_to": onwards, "wait_seconds": 3,
    });
    assert_eq!(serde_json::to_value(&page).unwrap(), expected);
    let origins: Vec<_> = page.frames().iter().map(FrontChannelFrame::origin).collect();
    assert_eq!(origins, ["https://a.example", "https://b.example"]);
}

#[test]
fn the_signed_out_page_holds_frames_and_needs_no_script() {
    let clients = [front("a").build().unwrap(), back("b").build().unwrap(), Client::builder("c").build().unwrap()];
    let (end, notices) = plan(&op(), false, &clients);
    let landing = end.session_ended(notices.told(["b"]));
    assert_eq!(policy(&landing), "frame-ancestors 'none'; form-action 'self'; frame-src https://a.example");
    let Landing::SignedOutPage(page) = landing else { panic!("nobody asked for a redirect") };
    assert_eq!((page.status(), page.frames().len()), (200, 1));
    assert_eq!(page.told().delivered().first().unwrap().as_str(), "b");
    assert_eq!(
        serde_json::to_value(page.told().not_told()).unwrap(),
        json!([{"client_id": "c", "cause": "no_channel"}])
    );
}

#[test]
fn a_page_with_frames_tells_the_browser_that_it_is_signed_out() {
    let clients = [front("a").build().unwrap()];
    for returns in [true, false] {
        for (op, expected) in [(op(), None), (op().with_login_status(), Some("logged-out"))] {
            let (end, notices) = plan(&op, returns, &clients);
            let landing = end.session_ended(notices.told([""; 0]));
            let headers = landing.headers();
            let value = headers.iter().find(|(name, _)| *name == "set-login").map(|(_, value)| value.to_owned());
            assert_eq!(value.as_deref(), expected);
            assert!(policy(&landing).contains("frame-src https://a.example"));
        }
    }
}

#[test]
fn nobody_is_told_by_a_provider_that_tells_nobody() {
    let told = Told::nobody();
    assert!(told.delivered().is_empty() && told.pending().is_empty());
    assert!(told.frames().is_empty() && told.not_told().is_empty());
    assert!(matches!(end_session(&op(), true).session_ended(told), Landing::Redirect(_)));
}

#[test]
fn the_causes_are_written_as_their_codes() {
    for cause in [
        NotToldCause::NoChannel,
        NotToldCause::SessionRequired,
        NotToldCause::Unidentified,
        NotToldCause::NoFrame,
        NotToldCause::TooManyFrames,
    ] {
        assert_eq!(serde_json::to_value(cause).unwrap(), cause.code());
    }
}
