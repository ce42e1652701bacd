//! Signing out by the crate's logout request (RP-Initiated Logout 1.0).

use openidconnect::core::CoreJwsSigningAlgorithm;
use openidconnect::{CsrfToken, LanguageTag, LogoutHint, PostLogoutRedirectUrl};

use super::relying_party::{RelyingParty, SIGNED_OUT};
use super::sign_in::ALGORITHMS;
use crate::support::browser::{Browser, selector};
use crate::support::provider::Provider;

#[tokio::test]
async fn a_logout_request_with_the_id_token_ends_at_the_client_with_its_state_by_each_algorithm() {
    let provider = Provider::start().await;
    for algorithm in ALGORITHMS {
        let rp = RelyingParty::register(&provider, algorithm).await;
        let (browser, elsewhere) = (Browser::new(), Browser::new());
        let first = rp.sign_in(&browser).await;
        rp.sign_in(&elsewhere).await;
        let state = CsrfToken::new_random();
        let url = rp.logout_url(&first.id_token, &state);
        let answer = browser.get(url.as_str()).await;
        assert_eq!(answer.location(), format!("{SIGNED_OUT}&state={}", state.secret()));
        assert!(!rp.is_signed_in(&browser).await);
        assert!(rp.is_signed_in(&elsewhere).await);

        // A new sign-in is a new session.
        let second = rp.sign_in(&browser).await;
        assert_eq!(second.subject, first.subject);
        assert_ne!(second.sid, first.sid);
        // The hint of the previous session does not end it without a question.
        let page = browser.get(url.as_str()).await;
        assert_eq!(page.status, 200);
        page.stays();
        assert!(rp.is_signed_in(&browser).await);
        let answer = browser.get(rp.logout_url(&second.id_token, &state).as_str()).await;
        assert_eq!(answer.redirected("state").as_ref(), Some(state.secret()));
        assert!(!rp.is_signed_in(&browser).await);
    }
}

#[tokio::test]
async fn a_logout_request_with_the_client_id_asks_in_the_language_that_the_client_wishes() {
    let provider = Provider::start().await;
    let rp = RelyingParty::register(&provider, CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256).await;
    let browser = Browser::new();
    rp.sign_in(&browser).await;
    let state = CsrfToken::new_random();
    let url = rp
        .logout_request()
        .set_client_id(rp.id().clone())
        .set_logout_hint(LogoutHint::new("alice".to_owned()))
        .set_post_logout_redirect_uri(PostLogoutRedirectUrl::new(SIGNED_OUT.to_owned()).unwrap())
        .set_state(state.clone())
        .add_ui_locale(LanguageTag::new("xx".to_owned()))
        .add_ui_locale(LanguageTag::new("es-MX".to_owned()))
        .http_get_url();
    let page = browser.get(url.as_str()).await;
    assert_eq!(page.status, 200);
    let html = page.stays();
    assert_eq!(html.select(&selector("html")).next().unwrap().attr("lang"), Some("es"));
    assert!(rp.is_signed_in(&browser).await);
    let answer = browser.submit(&page, &[("confirm", "yes")]).await;
    assert_eq!(answer.location(), format!("{SIGNED_OUT}&state={}", state.secret()));
    assert!(!rp.is_signed_in(&browser).await);
}

#[tokio::test]
async fn a_logout_request_with_nothing_asks_and_stays_at_the_provider() {
    let provider = Provider::start().await;
    let rp = RelyingParty::register(&provider, CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256).await;
    let browser = Browser::new();
    rp.sign_in(&browser).await;
    let page = browser.get(rp.logout_request().http_get_url().as_str()).await;
    assert_eq!(page.status, 200);
    page.stays();
    assert!(rp.is_signed_in(&browser).await);
    let answer = browser.submit(&page, &[("confirm", "yes")]).await;
    assert_eq!(answer.status, 200);
    answer.stays();
    assert!(!rp.is_signed_in(&browser).await);
}
