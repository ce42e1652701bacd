//! The answers to `prompt=none` after a sign-out: Core 1.0, sections 3.1.2.1 and 3.1.2.6.

use super::relying_party::{CALLBACK, RelyingParty, SIGNED_OUT, text};
use crate::support::browser::{Answer, Browser};
use crate::support::provider::Provider;

/// 128 characters. The last ones are the unreserved punctuation.
fn state() -> String {
    let state = format!("{}-._~", "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".repeat(2));
    assert_eq!(state.len(), 128);
    state
}

async fn ask(rp: &RelyingParty, browser: &Browser) -> Answer {
    let answer =
        browser.get(&rp.authorize(&[("prompt", "none"), ("state", &state()), ("nonce", "n-0S6_WzA2Mj")])).await;
    assert_eq!(answer.redirect().0, CALLBACK);
    assert_eq!(answer.redirected("state"), Some(state()));
    answer
}

fn assert_login_required(answer: &Answer) {
    assert_eq!(answer.redirected("error").as_deref(), Some("login_required"));
    for nothing in ["code", "id_token", "access_token", "session_state"] {
        assert_eq!(answer.redirected(nothing), None);
    }
}

#[tokio::test]
async fn after_a_sign_out_prompt_none_is_answered_with_login_required_and_the_same_state() {
    let provider = Provider::start().await;
    let (rp, other) = (RelyingParty::register(&provider).await, RelyingParty::register(&provider).await);
    for way in ["a hint", "a yes", "no redirect"] {
        let (browser, elsewhere) = (Browser::new(), Browser::new());
        assert_login_required(&ask(&rp, &browser).await);
        let tokens = rp.tokens(&browser).await;
        rp.code(&elsewhere, &[]).await;
        let answer = ask(&rp, &browser).await;
        let code = answer.redirected("code").unwrap();
        assert_eq!(answer.redirected("error"), None);
        other.code(&browser, &[]).await;
        assert!(ask(&other, &browser).await.redirected("code").is_some());

        let (hint, uri) = (("id_token_hint", text(&tokens, "id_token")), ("post_logout_redirect_uri", SIGNED_OUT));
        match way {
            "a hint" => assert_eq!(browser.get(&rp.end_session(&[hint, uri])).await.location(), SIGNED_OUT),
            "a yes" => {
                let page = browser.get(&rp.end_session(&[("client_id", &rp.id), uri])).await;
                assert_eq!(browser.submit(&page, &[("confirm", "yes")]).await.location(), SIGNED_OUT);
            }
            _ => assert_eq!(browser.get(&rp.end_session(&[hint])).await.status, 200),
        }

        // At every client, as long as nobody signs in.
        for client in [&rp, &other, &rp] {
            assert_login_required(&ask(client, &browser).await);
        }
        // The session's codes and tokens are void.
        assert_eq!(rp.redeem(&code, &[]).await.status, 400);
        assert_eq!(rp.userinfo(text(&tokens, "access_token")).await.status, 401);
        // Another browser's session goes on.
        assert!(ask(&rp, &elsewhere).await.redirected("code").is_some());
        rp.code(&browser, &[]).await;
        assert!(ask(&rp, &browser).await.redirected("code").is_some());
    }
}

#[tokio::test]
async fn the_cookie_of_a_session_that_has_ended_signs_nobody_in() {
    let provider = Provider::start().await;
    let rp = RelyingParty::register(&provider).await;
    let browser = Browser::new();
    let answer = browser.sign_in(&browser.get(&rp.authorize(&[])).await).await;
    let cookie = format!("session={}", answer.cookie("session").unwrap());
    let with_cookie = async || {
        let url = rp.authorize(&[("prompt", "none")]);
        Browser::without_cookies().send(|http| http.get(url).header("cookie", &cookie)).await
    };
    assert!(with_cookie().await.redirected("code").is_some());
    let hint = rp.id_token(&browser).await;
    let signed_out = browser.get(&rp.end_session(&[("id_token_hint", &hint)])).await;
    let cleared = signed_out.cookie_line("session").unwrap();
    assert!(cleared.starts_with("session=;") && cleared.contains("Max-Age=0"), "{cleared}");
    assert_login_required(&with_cookie().await);
}

/// Neither an error page nor a question is shown, because the specification allows no interaction
/// here.
#[tokio::test]
async fn prompt_none_shows_no_page_whatever_else_is_asked_for() {
    let provider = Provider::start().await;
    let rp = RelyingParty::register(&provider).await;
    let browser = Browser::new();
    let hint = rp.id_token(&browser).await;
    for parameters in [
        vec![("max_age", "0")],
        vec![("id_token_hint", &hint[1..])],
        vec![("id_token_hint", "x")],
        vec![("login_hint", "somebody"), ("max_age", "0")],
    ] {
        let parameters: Vec<_> = parameters.into_iter().chain([("prompt", "none")]).collect();
        let answer = browser.get(&rp.authorize(&parameters)).await;
        let error = answer.redirected("error").unwrap();
        assert!(["login_required", "invalid_request"].contains(&&*error), "{parameters:?}: {error}");
        assert_eq!(answer.redirected("code"), None, "{parameters:?}");
    }
}
