//! Signing out at the demo client: with a hint, without one, with another user's, and with a
//! request that is refused.

use super::driver::Browser;
use super::provider::Provider;
use super::site::Site;

pub(crate) const QUESTION: &str = "Do you want to sign out of Demo provider?";

/// The demo client has compared the returned state with the one that it sent.
pub(crate) async fn is_back_at_the_client(browser: &Browser) {
    browser.sees("You are back, and signed out").await;
    browser.reads("It is the one that this application sent.").await;
    assert_eq!(browser.url().await.path(), "/rp/signed-out");
}

#[tokio::test]
async fn a_hint_signs_out_and_leads_back() {
    let provider = Provider::start().await;
    let browser = Browser::open(&provider).await;
    browser.sign_in("alice").await;
    let session = browser.session().await.unwrap();
    assert_eq!(provider.user_of(&session).await, Some("alice"));
    browser.click("Sign out").await;
    is_back_at_the_client(&browser).await;
    assert_eq!(provider.user_of(&session).await, None);
    assert_eq!(browser.session().await, None);
    browser.click("Sign in with Demo provider").await;
    browser.sees("Sign in").await;
}

#[tokio::test]
async fn without_a_hint_the_user_is_asked_and_yes_leads_back() {
    let provider = Provider::start().await;
    let browser = Browser::open(&provider).await;
    browser.sign_in("alice").await;
    let session = browser.session().await.unwrap();
    browser.click("Sign out without a hint").await;
    browser.sees(QUESTION).await;
    browser.reads("You are signed in as Alice Liddell.").await;
    browser.reads("After signing out, you go back to Demo client.").await;
    assert_eq!(provider.user_of(&session).await, Some("alice"));
    browser.click("Yes, sign out").await;
    is_back_at_the_client(&browser).await;
    assert_eq!(provider.user_of(&session).await, None);
    assert_eq!(browser.session().await, None);
}

#[tokio::test]
async fn no_keeps_the_session() {
    let provider = Provider::start().await;
    let browser = Browser::open(&provider).await;
    browser.sign_in("alice").await;
    let session = browser.session().await.unwrap();
    browser.click("Sign out without a hint").await;
    browser.sees(QUESTION).await;
    browser.click("No, stay signed in").await;
    browser.sees("You are still signed in").await;
    assert!(browser.url().await.as_str().starts_with(provider.server.url()));
    assert_eq!(provider.user_of(&session).await, Some("alice"));
    assert_eq!(browser.session().await, Some(session));
    browser.click("Your account").await;
    browser.sees("Your account").await;
    browser.reads("Alice Liddell").await;
}

#[tokio::test]
async fn without_a_redirect_uri_the_user_stays_at_the_provider() {
    let provider = Provider::start().await;
    let browser = Browser::open(&provider).await;
    browser.sign_in("alice").await;
    let session = browser.session().await.unwrap();
    browser.click("Sign out and stay there").await;
    browser.sees("You are signed out").await;
    browser.reads("Your session in this browser has ended.").await;
    assert_eq!(provider.user_of(&session).await, None);
    browser.goto_client().await;
    // The client was told.
    browser.sees("You are not signed in").await;
}

#[tokio::test]
async fn another_users_hint_asks() {
    let provider = Provider::start().await;
    let (alice, bob) = (Browser::open(&provider).await, Browser::open(&provider).await);
    alice.sign_in("alice").await;
    bob.sign_in("bob").await;
    let (alices, bobs) = (alice.session().await.unwrap(), bob.session().await.unwrap());
    let hint = bob.id_token().await;
    let uri = provider.signed_out_uri();
    let request = [("id_token_hint", &*hint), ("post_logout_redirect_uri", &*uri), ("state", "of bob")];
    alice.goto(&provider.end_session(&request)).await;
    alice.sees(QUESTION).await;
    alice.reads("You are signed in as Alice Liddell.").await;
    alice.reads("The request is for another account, not for yours.").await;
    assert_eq!(provider.user_of(&alices).await, Some("alice"));
    alice.click("Yes, sign out").await;
    alice.sees("You are back").await;
    assert_eq!(alice.find("code").await.text().await.unwrap(), "of bob");
    assert_eq!(provider.user_of(&alices).await, None);
    assert_eq!(provider.user_of(&bobs).await, Some("bob"));
}

#[tokio::test]
async fn an_unregistered_address_is_not_gone_to_and_signing_out_is_offered() {
    let provider = Provider::start().await;
    let elsewhere = Site::start([("/", "<h1>Elsewhere</h1>".to_owned())]).await;
    let browser = Browser::open(&provider).await;
    browser.sign_in("alice").await;
    let session = browser.session().await.unwrap();
    let hint = browser.id_token().await;
    let own = browser.href("Go to an unknown address").await.to_string();
    let foreign = provider.end_session(&[("id_token_hint", &hint), ("post_logout_redirect_uri", &elsewhere.url("/"))]);
    for request in [&own, &foreign] {
        browser.goto(request).await;
        browser.sees("Signing out did not work").await;
        assert_eq!(browser.url().await.as_str(), request);
        browser.reads("The application wants to send you to an address that is not registered for it.").await;
        browser.reads("You are signed in as Alice Liddell. You can sign out here.").await;
        assert_eq!(provider.user_of(&session).await, Some("alice"));
    }
    browser.click("Sign out").await;
    browser.sees("You are signed out").await;
    assert!(browser.url().await.as_str().starts_with(provider.server.url()));
    assert_eq!(provider.user_of(&session).await, None);
    assert_eq!(browser.session().await, None);
    browser.goto(&foreign).await;
    browser.sees("Signing out did not work").await;
    assert_eq!(browser.count("form").await, 0);
    browser.click("See whether you are signed in").await;
    browser.sees("Sign in").await;
}

#[tokio::test]
async fn the_account_page_signs_out() {
    let provider = Provider::start().await;
    let browser = Browser::open(&provider).await;
    browser.goto(&provider.url("/")).await;
    browser.sees("Sign in").await;
    browser.fill_in_sign_in("bob").await;
    browser.sees("Your account").await;
    let session = browser.session().await.unwrap();
    assert_eq!(provider.user_of(&session).await, Some("bob"));
    browser.click("Sign out").await;
    browser.sees("You are signed out").await;
    assert_eq!(provider.user_of(&session).await, None);
}
