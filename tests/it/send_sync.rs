//! Every public type goes between threads, and one endpoint serves all of them without a lock.

use std::collections::BTreeSet;
use std::sync::Barrier;
use std::thread;

use oidc_logout::op::{Client, Decision, Landing, LogoutRequest, Method, Session, Told};
use serde_json::json;

use crate::support::exports;
use crate::support::provider::{ISSUER, at, endpoint, key_set};
use crate::support::token::{ProviderKey, token};

/// Does not compile unless each is `Send` and `Sync`, and owned but for a lifetime that is named.
macro_rules! send_and_sync {
    ($($first:ident $(:: $rest:ident)* $(<$lifetime:lifetime>)?),* $(,)?) => {
        const _: () = {
            const fn crosses_threads<T: Send + Sync>() {}
            $(crosses_threads::<oidc_logout::$first $(:: $rest)* $(<$lifetime>)?>();)*
        };
        const CHECKED: &[&str] = &[$(concat!(stringify!($first) $(, "::", stringify!($rest))*)),*];
    };
}

send_and_sync! {
    Algorithm, ApplicationType, ClientId, ClientMetadata, ClientMetadataError, ClientType, EndSessionEndpoint,
    EndSessionEndpointError, FormFault, Headers<'static>, KeyError, KeySet, KeySetError, Limits, MalformedToken,
    NumericDate, PemError, ProviderMetadata, Secret, SecretTooShort, TokenSegment, UnusableKey, UriError,
    op::AddressBlocked, op::AddressRules, op::Answer, op::AuditRecord, op::AuditedHint, op::BackChannelNotice,
    op::BackChannelRequest<'static>, op::BackChannelUri, op::ChannelUriError, op::Claim, op::ClaimsError,
    op::Client, op::ClientBuilder, op::ClientError, op::Confirm, op::ConfirmPage<'static>, op::ConfirmReason,
    op::ConfirmRule, op::Decision, op::Declined, op::DeliveryFault, op::EndSession, op::EndedSession,
    op::ExpiredHint, op::FrontChannelFrame, op::FrontChannelPage, op::FrontChannelUri, op::HintError, op::HintRule,
    op::HintWithoutSid, op::HostError, op::IdTokenHint, op::Landing, op::LogoutEndpoint, op::LogoutHint,
    op::LogoutRedirect, op::LogoutRequest, op::LogoutRequestBuilder, op::LogoutToken<'static>, op::Method,
    op::Network, op::NetworkError, op::Next, op::NotTold, op::NotToldCause, op::Notices, op::OnBadHint,
    op::Participant<'static>, op::Pending, op::PendingSession<'static>, op::Policy, op::PolicyBuilder,
    op::PolicyError, op::PostLogoutRedirectUri, op::Presence, op::RedirectWithoutHint, op::Refusal,
    op::RefusalReason, op::RegisteredRedirect, op::RegistrationError, op::RegistrationRules, op::Reply<'static>,
    op::Resubmit, op::ResubmitPage<'static>, op::Schedule, op::Session, op::SessionBySid, op::SessionCookie,
    op::SidToFind<'static>, op::SignatureError, op::SignedOutPage, op::SigningInput<'static>, op::State,
    op::StateRule, op::Told, op::UiLocales, op::UnsignedLogoutToken<'static>, op::UriMatching, op::VerifiedHint,
    op::VerifyHintError,
}

#[test]
fn every_public_type_is_send_and_sync() {
    let checked: BTreeSet<_> = CHECKED.iter().map(|&name| name.to_owned()).collect();
    let exported: BTreeSet<_> = exports::public_types().into_iter().map(|export| export.public).collect();
    assert_eq!(checked, exported, "list the new type above");
}

#[test]
fn threads_share_an_endpoint_by_reference_and_decide_at_once() {
    const THREADS: usize = 4;
    let now = at(1_700_000_000);
    let key = ProviderKey::ed25519();
    let endpoint = &endpoint(key_set(&[key.jwk(None)]));
    let client = &Client::builder("rp-1").post_logout_redirect_uri("https://rp.example/signed-out").build().unwrap();
    let barrier = &Barrier::new(THREADS);

    thread::scope(|scope| {
        for thread in 0..THREADS {
            let key = &key;
            scope.spawn(move || {
                let subject = format!("user-{thread}");
                let session = Session::new([1; 32], &subject);
                let (iat, exp) = (1_700_000_000, 1_700_000_600);
                let claims = json!({"iss": ISSUER, "sub": subject, "aud": "rp-1", "iat": iat, "exp": exp});
                let hint = token(r#"{"alg":"EdDSA"}"#, claims.to_string(), |signed| key.sign(signed));
                barrier.wait();
                for turn in 0..100 {
                    let request = LogoutRequest::builder(Method::Get)
                        .id_token_hint(&hint)
                        .post_logout_redirect_uri("https://rp.example/signed-out")
                        .state(format!("{thread}-{turn}"))
                        .build()
                        .unwrap();
                    let pending = endpoint.receive(request, now).unwrap();
                    let Decision::EndSession(end) = pending.decide(Some(client), Some(&session)) else {
                        panic!("the hint is this session's")
                    };
                    let Landing::Redirect(to) = end.session_ended(Told::nobody()) else {
                        panic!("a redirect was asked for")
                    };
                    let expected = format!("https://rp.example/signed-out?state={thread}-{turn}");
                    assert_eq!(to.location(), expected);
                }
            });
        }
    });
}
