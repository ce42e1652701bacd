//! Every public type goes between threads, and one endpoint serves all of them without a lock.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests"
)]

use std::collections::BTreeSet;
use std::sync::Barrier;
use std::thread;

use oidc_logout::{Client, ConfirmationKey, Decision, KeySet, Landing, LogoutEndpoint, LogoutRequest, Method, Session};
use openssl::pkey::{Id, PKey};
use openssl::sign::Signer;
use time::OffsetDateTime;

#[path = "support/exports.rs"]
mod exports;

/// Does not compile unless each is `Send` and `Sync`, and owned but for a lifetime that is named.
macro_rules! send_and_sync {
    ($($name:ident $(<$lifetime:lifetime>)?),* $(,)?) => {
        const _: () = {
            const fn crosses_threads<T: Send + Sync>() {}
            $(crosses_threads::<oidc_logout::$name $(<$lifetime>)?>();)*
        };
        const CHECKED: &[&str] = &[$(stringify!($name)),*];
    };
}

send_and_sync! {
    Algorithm, ApplicationType, AuditRecord, AuditedHint, Client, ClientBuilder, ClientError, ClientId, ClientMetadata,
    ClientRegistrationError, ClientType, Confirm, ConfirmReason, ConfirmRule, ConfirmationKey, ConfirmationKeyTooShort,
    CrossSitePost, Decision, Declined, EndSession, EndSessionEndpoint, EndSessionEndpointError, ExpiredHint, FormFault,
    Headers<'static>, HintError, HintRule, HintWithoutSid, IdTokenHint, KeyError, KeySet, KeySetError, Landing, Limits,
    LogoutEndpoint, LogoutHint, LogoutRedirect, LogoutRequest, LogoutRequestBuilder, MalformedHint, Method, NumericDate,
    OnBadHint, Parameter, PemError, Pending<'static>, Policy, PolicyBuilder, PolicyError, PostLogoutRedirectUri, Presence,
    ProviderMetadata, RedirectWithoutHint, Refusal, RefusalReason, RegisteredRedirect, RegistrationError, RegistrationRules,
    Resubmit, Segment, Session, SignedOutPage, State, StateRule, UiLocales, UnusableKey, UriMatching, VerifiedHint,
}

#[test]
fn every_public_type_is_send_and_sync() {
    let checked: BTreeSet<_> = CHECKED.iter().map(|&name| name.to_owned()).collect();
    assert_eq!(checked, exports::public_types(), "list the new type above");
}

#[test]
fn threads_share_an_endpoint_by_reference_and_decide_at_once() {
    const THREADS: usize = 4;
    let now = OffsetDateTime::from_unix_timestamp(1_700_000_000).unwrap();
    let key = PKey::private_key_from_raw_bytes(&[7; 32], Id::ED25519).unwrap();
    let x = base64(&key.raw_public_key().unwrap());
    let keys = KeySet::from_jwks(format!(r#"{{"keys": [{{"kty": "OKP", "crv": "Ed25519", "x": "{x}"}}]}}"#)).unwrap();
    let endpoint = &LogoutEndpoint::new("https://op.example", keys, ConfirmationKey::new([7; 32]).unwrap());
    let client = &Client::builder("rp-1").post_logout_redirect_uri("https://rp.example/signed-out").build().unwrap();
    let barrier = &Barrier::new(THREADS);

    thread::scope(|scope| {
        for thread in 0..THREADS {
            let key = &key;
            scope.spawn(move || {
                let subject = format!("user-{thread}");
                let session = Session::new([1; 32]).subject(&subject);
                let claims = format!(
                    r#"{{"iss": "https://op.example", "sub": "{subject}", "aud": "rp-1", "iat": 1700000000, "exp": 1700000600}}"#
                );
                let signed = format!("{}.{}", base64(br#"{"alg": "EdDSA"}"#), base64(claims.as_bytes()));
                let signature = Signer::new_without_digest(key).unwrap().sign_oneshot_to_vec(signed.as_bytes());
                let token = format!("{signed}.{}", base64(&signature.unwrap()));
                barrier.wait();
                for turn in 0..100 {
                    let request = LogoutRequest::builder(Method::Get)
                        .id_token_hint(&token)
                        .post_logout_redirect_uri("https://rp.example/signed-out")
                        .state(format!("{thread}-{turn}"))
                        .build()
                        .unwrap();
                    let pending = endpoint.receive(request, now).unwrap();
                    let Decision::EndSession(end) = pending.decide(Some(client), Some(&session)) else {
                        panic!("the hint is this session's")
                    };
                    let Landing::Redirect(to) = end.session_ended() else {
                        panic!("a redirect was asked for")
                    };
                    let expected = format!("https://rp.example/signed-out?state={thread}-{turn}");
                    assert_eq!(to.location(), expected);
                }
            });
        }
    });
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}
