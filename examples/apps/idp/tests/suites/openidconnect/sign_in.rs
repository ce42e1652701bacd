//! Signing in: discovery, the code flow with PKCE, the ID Token, userinfo.

use openidconnect::core::{
    CoreAuthPrompt, CoreErrorResponseType, CoreJwsSigningAlgorithm, CoreResponseType, CoreSubjectIdentifierType,
};
use openidconnect::{AuthType, RequestTokenError, ResponseTypes};
use serde_json::json;

use super::relying_party::{CALLBACK, RelyingParty, SIGNED_OUT, SignIn, discover};
use crate::support::browser::Browser;
use crate::support::provider::Provider;

pub(crate) const ALGORITHMS: [CoreJwsSigningAlgorithm; 5] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EdDsa,
    CoreJwsSigningAlgorithm::HmacSha256,
];
const RS256: CoreJwsSigningAlgorithm = CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256;

#[tokio::test]
async fn discovery_tells_what_the_client_needs() {
    let provider = Provider::start().await;
    let metadata = discover(&provider).await;
    assert_eq!(metadata.issuer().as_str(), provider.issuer());
    assert_eq!(metadata.response_types_supported(), &[ResponseTypes::new(vec![CoreResponseType::Code])]);
    assert_eq!(metadata.subject_types_supported(), &[CoreSubjectIdentifierType::Public]);
    assert_eq!(metadata.id_token_signing_alg_values_supported(), &ALGORITHMS);
    assert_eq!(metadata.jwks().keys().len(), 3);
    assert!(metadata.token_endpoint().is_some() && metadata.userinfo_endpoint().is_some());
    assert!(metadata.registration_endpoint().is_some());
    let end_session = metadata.additional_metadata().end_session_endpoint.as_ref().unwrap();
    assert_eq!(end_session.as_str(), provider.url("/end_session"));
}

fn assert_alice(sign_in: &SignIn) {
    assert_eq!(sign_in.userinfo.subject().as_str(), sign_in.subject);
    assert_eq!(sign_in.userinfo.preferred_username().unwrap().as_str(), "alice");
    assert_eq!(sign_in.userinfo.name().unwrap().get(None).unwrap().as_str(), "Alice Liddell");
    assert_eq!(sign_in.userinfo.email().unwrap().as_str(), "alice@example.com");
}

#[tokio::test]
async fn a_user_signs_in_by_each_algorithm() {
    let provider = Provider::start().await;
    let browser = Browser::new();
    for algorithm in ALGORITHMS {
        let rp = RelyingParty::register(&provider, algorithm.clone()).await;
        let sign_in = rp.sign_in(&browser).await;
        assert_alice(&sign_in);
        // A key of the JWK Set signed it, except for HMAC.
        assert_eq!(sign_in.kid.is_none(), algorithm == CoreJwsSigningAlgorithm::HmacSha256);
        // A signed-in user is not asked again, unless the client wants that.
        assert!(rp.is_signed_in(&browser).await);
        let page = rp.authorize(&browser, Some(CoreAuthPrompt::Login)).await;
        assert_eq!(page.answer.status, 200);
        let again = rp.redeem(page.answered(&browser).await).await.unwrap();
        assert_eq!(again.subject, sign_in.subject);
        assert_eq!(again.sid, sign_in.sid);
    }
}

#[tokio::test]
async fn a_client_authenticates_in_either_way_with_special_characters_in_id_and_secret() {
    let printable: String = (' '..='~').collect();
    let names = [
        ("a:b c+d", "e:f g+h, and so on"),
        ("%41%2B", "%20%zz, and so on"),
        ("\"&=?#<>'", "\\^`{|}~, and so on"),
        (&*printable, &*printable),
    ];
    let clients = names.map(|(id, secret)| {
        json!({
            "client_id": id,
            "client_secret": secret,
            "redirect_uris": [CALLBACK],
            "post_logout_redirect_uris": [SIGNED_OUT],
        })
    });
    let provider = Provider::start_with_clients(&json!(clients)).await;
    for (id, secret) in names {
        for auth_type in [AuthType::BasicAuth, AuthType::RequestBody] {
            let browser = Browser::new();
            let rp = RelyingParty::known(&provider, id, Some(secret), RS256).await.with_auth_type(auth_type.clone());
            let sign_in = rp.sign_in(&browser).await;
            assert_alice(&sign_in);
            let state = openidconnect::CsrfToken::new_random();
            let answer = browser.get(rp.logout_url(&sign_in.id_token, &state).as_str()).await;
            assert_eq!(answer.location(), format!("{SIGNED_OUT}&state={}", state.secret()), "{id}");

            let wrong = format!("{secret} ");
            let wrong = RelyingParty::known(&provider, id, Some(&wrong), RS256).await.with_auth_type(auth_type);
            let code = wrong.authorize(&browser, None).await.answered(&browser).await;
            assert_error(wrong.redeem(code).await, &CoreErrorResponseType::InvalidClient);
        }
    }
}

fn assert_error(result: Result<SignIn, super::relying_party::TokenError>, expected: &CoreErrorResponseType) {
    match result.map(|sign_in| sign_in.subject) {
        Err(RequestTokenError::ServerResponse(response)) => {
            assert_eq!(response.error(), expected);
            assert!(response.error_description().is_some());
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_code_wants_the_verifier_of_its_challenge() {
    let provider = Provider::start().await;
    let rp = RelyingParty::register(&provider, RS256).await;
    let browser = Browser::new();
    let code = rp.authorize(&browser, None).await.answered(&browser).await.with_other_verifier();
    assert_error(rp.redeem(code).await, &CoreErrorResponseType::InvalidGrant);
    assert_alice(&rp.sign_in(&browser).await);
}

#[tokio::test]
async fn a_code_is_of_no_use_to_another_client() {
    let provider = Provider::start().await;
    let (rp, other) = (RelyingParty::register(&provider, RS256).await, RelyingParty::register(&provider, RS256).await);
    let browser = Browser::new();
    let code = rp.authorize(&browser, None).await.answered(&browser).await;
    assert_error(other.redeem(code).await, &CoreErrorResponseType::InvalidGrant);
}
