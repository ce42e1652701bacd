//! Sessions and the cookie that names them.

use super::driver::Browser;
use super::provider::Provider;
use super::sign_out::is_back_at_the_client;

#[tokio::test]
async fn two_browsers_of_a_user_have_sessions_of_their_own() {
    let provider = Provider::start().await;
    let (one, other) = (Browser::open(&provider).await, Browser::open(&provider).await);
    one.sign_in("alice").await;
    other.sign_in("alice").await;
    let (ones, others) = (one.session().await.unwrap(), other.session().await.unwrap());
    assert_ne!(ones, others);
    one.click("Sign out and stay there").await;
    one.sees("You are signed out").await;
    one.reads("You have one more session, in another browser.").await;
    assert_eq!(provider.user_of(&ones).await, None);
    assert_eq!(provider.user_of(&others).await, Some("alice"));
    other.goto(&provider.url("/")).await;
    other.sees("Your account").await;
    // A hint of the other session is no proof for this one.
    one.sign_in("alice").await;
    let ones = one.session().await.unwrap();
    let hint = other.id_token().await;
    one.goto(&provider.end_session(&[("id_token_hint", &hint)])).await;
    one.sees(super::sign_out::QUESTION).await;
    one.reads("The request is for another session, not for the one in this browser.").await;
    assert_eq!(provider.user_of(&ones).await, Some("alice"));
    assert_eq!(provider.user_of(&others).await, Some("alice"));
}

#[tokio::test]
async fn an_old_cookie_that_is_put_back_is_worth_nothing() {
    let provider = Provider::start().await;
    let browser = Browser::open(&provider).await;
    browser.sign_in("alice").await;
    let old = browser.session().await.unwrap();
    browser.click("Sign out").await;
    is_back_at_the_client(&browser).await;
    browser.set_session(&old).await;
    assert_eq!(browser.session().await.as_ref(), Some(&old));
    browser.goto(&provider.url("/")).await;
    browser.sees("Sign in").await;
    browser.goto_client().await;
    browser.click("Sign in with Demo provider").await;
    browser.sees("Sign in").await;
    browser.fill_in_sign_in("alice").await;
    browser.sees("You are signed in").await;
    assert_ne!(browser.session().await.unwrap(), old);
    assert_eq!(provider.user_of(&old).await, None);
}

#[tokio::test]
async fn each_sign_in_makes_a_new_session_and_ends_the_former() {
    let provider = Provider::start().await;
    let browser = Browser::open(&provider).await;
    let mut former = Vec::new();
    for username in ["alice", "alice", "bob", "alice"] {
        browser.goto(&provider.url("/sign-in")).await;
        browser.fill_in_sign_in(username).await;
        browser.sees("Your account").await;
        let session = browser.session().await.unwrap();
        assert_eq!(provider.user_of(&session).await, Some(username));
        assert!(!former.contains(&session));
        for former in &former {
            assert_eq!(provider.user_of(former).await, None);
        }
        former.push(session);
    }
}

#[tokio::test]
async fn a_planted_cookie_is_not_adopted() {
    let provider = Provider::start().await;
    let (browser, attacker) = (Browser::open(&provider).await, Browser::open(&provider).await);
    attacker.sign_in("bob").await;
    // An id that was never valid, and the attacker's own.
    for planted in ["A".repeat(43), attacker.session().await.unwrap()] {
        browser.goto(&provider.url("/sign-in")).await;
        browser.set_session(&planted).await;
        browser.fill_in_sign_in("alice").await;
        browser.sees("Your account").await;
        let session = browser.session().await.unwrap();
        assert_ne!(session, planted);
        assert_eq!(provider.user_of(&session).await, Some("alice"));
        assert_ne!(provider.user_of(&planted).await, Some("alice"));
    }
}
