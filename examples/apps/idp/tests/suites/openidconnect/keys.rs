//! Keys that are rotated while the server runs (Core 1.0, section 10.1.1).

use std::collections::HashSet;

use openidconnect::core::CoreJwsSigningAlgorithm;
use openidconnect::{CsrfToken, JsonWebKey as _, ProviderMetadataWithLogout};

use super::relying_party::{RelyingParty, SIGNED_OUT, SignIn, discover};
use crate::support::browser::Browser;
use crate::support::provider::Provider;

fn kids(metadata: &ProviderMetadataWithLogout) -> HashSet<String> {
    let keys = metadata.jwks().keys();
    let kids: HashSet<_> = keys.iter().map(|key| key.key_id().unwrap().to_string()).collect();
    assert_eq!(kids.len(), keys.len());
    kids
}

/// One browser per client, all of them signed in.
struct Users(Vec<(RelyingParty, Browser, SignIn)>);

impl Users {
    async fn sign_in(provider: &Provider) -> Self {
        let mut users = Vec::new();
        for algorithm in [
            CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
            CoreJwsSigningAlgorithm::RsaSsaPssSha256,
            CoreJwsSigningAlgorithm::EcdsaP256Sha256,
            CoreJwsSigningAlgorithm::EdDsa,
        ] {
            let (rp, browser) = (RelyingParty::register(provider, algorithm).await, Browser::new());
            let sign_in = rp.sign_in(&browser).await;
            users.push((rp, browser, sign_in));
        }
        Self(users)
    }
}

#[tokio::test]
async fn after_a_rotation_new_keys_sign_and_tokens_of_the_former_ones_still_sign_out() {
    let provider = Provider::start().await;
    let users = Users::sign_in(&provider).await;
    let former = kids(&discover(&provider).await);
    provider.run(&["rotate-keys"], "");
    let published = kids(&discover(&provider).await);
    assert_eq!((former.len(), published.len()), (3, 6));
    assert!(published.is_superset(&former));
    for (rp, browser, old) in users.0 {
        assert!(former.contains(old.kid.as_ref().unwrap()));
        let rp = rp.with_fresh_keys(&provider).await;
        let elsewhere = Browser::new();
        let new = rp.sign_in(&elsewhere).await;
        assert!(published.contains(new.kid.as_ref().unwrap()) && !former.contains(new.kid.as_ref().unwrap()));
        for (browser, sign_in) in [(&browser, &old), (&elsewhere, &new)] {
            let answer = browser.get(rp.logout_url(&sign_in.id_token, &CsrfToken::new("s".to_owned())).as_str()).await;
            assert_eq!(answer.location(), format!("{SIGNED_OUT}&state=s"));
            assert!(!rp.is_signed_in(browser).await);
        }
    }
}

/// A hint outlives the publication of its key: it may be as old as the session.
#[tokio::test]
async fn tokens_of_keys_that_are_no_longer_published_still_sign_out() {
    let provider = Provider::start().await;
    let users = Users::sign_in(&provider).await;
    let former = kids(&discover(&provider).await);
    provider.run(&["rotate-keys"], "");
    provider.run(&["rotate-keys"], "");
    assert!(kids(&discover(&provider).await).is_disjoint(&former));
    for (rp, browser, old) in users.0 {
        let answer = browser.get(rp.logout_url(&old.id_token, &CsrfToken::new("s".to_owned())).as_str()).await;
        assert_eq!(answer.location(), format!("{SIGNED_OUT}&state=s"));
        assert!(!rp.is_signed_in(&browser).await);
    }
}

#[tokio::test]
async fn tokens_of_revoked_keys_do_not_count_and_sessions_go_on() {
    let provider = Provider::start().await;
    let users = Users::sign_in(&provider).await;
    let former = kids(&discover(&provider).await);
    provider.run(&["rotate-keys", "--revoke"], "");
    let published = kids(&discover(&provider).await);
    assert_eq!(published.len(), 3);
    assert!(published.is_disjoint(&former));
    for (rp, browser, old) in users.0 {
        let rp = rp.with_fresh_keys(&provider).await;
        let refused = browser.get(rp.logout_url(&old.id_token, &CsrfToken::new("s".to_owned())).as_str()).await;
        assert_eq!(refused.status, 400);
        refused.stays();
        assert!(refused.body.contains("id_token_hint_invalid"), "{}", refused.body);
        // It is the same user, and the client gets a valid token.
        assert!(rp.is_signed_in(&browser).await);
        let new = rp.sign_in(&browser).await;
        assert_eq!((&new.subject, &new.sid), (&old.subject, &old.sid));
        assert!(published.contains(new.kid.as_ref().unwrap()));
        let answer = browser.get(rp.logout_url(&new.id_token, &CsrfToken::new("s".to_owned())).as_str()).await;
        assert_eq!(answer.location(), format!("{SIGNED_OUT}&state=s"));
        assert!(!rp.is_signed_in(&browser).await);
    }
}
