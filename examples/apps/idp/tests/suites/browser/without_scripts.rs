//! Signing in and out without scripts.

use super::driver::Browser;
use super::provider::Provider;
use super::sign_out::{QUESTION, is_back_at_the_client};
use super::site::{Site, form, self_posting_form};

/// A page that shows whether scripts run.
const PAGE: &str = "<h1>Off</h1><script>document.querySelector('h1').textContent = 'On'</script>";

/// A browser in which a script in a page does nothing.
async fn browser(provider: &Provider) -> Browser {
    let site = Site::start([("/", PAGE.to_owned())]).await;
    let browser = Browser::without_scripts(provider).await;
    browser.goto(&site.url("/")).await;
    browser.sees("Off").await;
    browser
}

#[tokio::test]
async fn a_script_runs_elsewhere() {
    let provider = Provider::start().await;
    let site = Site::start([("/", PAGE.to_owned())]).await;
    let browser = Browser::open(&provider).await;
    browser.goto(&site.url("/")).await;
    browser.sees("On").await;
}

#[tokio::test]
async fn a_hint_signs_out_and_leads_back() {
    let provider = Provider::start().await;
    let browser = browser(&provider).await;
    browser.sign_in("alice").await;
    let session = browser.session().await.unwrap();
    browser.click("Sign out").await;
    is_back_at_the_client(&browser).await;
    assert_eq!(provider.user_of(&session).await, None);
    assert_eq!(browser.session().await, None);
}

#[tokio::test]
async fn without_a_hint_the_user_is_asked() {
    let provider = Provider::start().await;
    let browser = browser(&provider).await;
    browser.sign_in("alice").await;
    let session = browser.session().await.unwrap();
    browser.click("Sign out without a hint").await;
    browser.sees(QUESTION).await;
    browser.click("No, stay signed in").await;
    browser.sees("You are still signed in").await;
    assert_eq!(provider.user_of(&session).await, Some("alice"));
    browser.goto_client().await;
    browser.click("Sign out without a hint").await;
    browser.sees(QUESTION).await;
    browser.click("Yes, sign out").await;
    is_back_at_the_client(&browser).await;
    assert_eq!(provider.user_of(&session).await, None);
}

#[tokio::test]
async fn a_post_of_the_client_goes_on_by_a_button() {
    let provider = Provider::start().await;
    let browser = browser(&provider).await;
    browser.sign_in("alice").await;
    let session = browser.session().await.unwrap();
    browser.click("Sign out by POST").await;
    browser.sees("One moment").await;
    // The browser did not send the cookie.
    assert_eq!(provider.user_of(&session).await, Some("alice"));
    browser.click("Continue").await;
    is_back_at_the_client(&browser).await;
    assert_eq!(provider.user_of(&session).await, None);
    assert_eq!(browser.session().await, None);
}

#[tokio::test]
async fn a_post_of_another_site_goes_on_by_a_button() {
    let provider = Provider::start().await;
    let browser = browser(&provider).await;
    browser.sign_in("alice").await;
    let session = browser.session().await.unwrap();
    let (hint, uri) = (browser.id_token().await, provider.signed_out_uri());
    let fields = [("id_token_hint", &*hint), ("post_logout_redirect_uri", &*uri), ("state", "of the form")];
    let action = provider.url("/end_session");
    let site = Site::start([("/", form(&action, fields)), ("/again", self_posting_form(&action, fields))]).await;
    browser.goto(&site.url("/again")).await;
    assert_eq!(browser.url().await.host_str(), Some("rp.localhost"));
    browser.goto(&site.url("/")).await;
    browser.click("Continue").await;
    browser.sees("One moment").await;
    assert_eq!(provider.user_of(&session).await, Some("alice"));
    browser.click("Continue").await;
    browser.sees("You are back").await;
    assert_eq!(browser.find("code").await.text().await.unwrap(), "of the form");
    assert_eq!(provider.user_of(&session).await, None);
    assert_eq!(browser.session().await, None);
}
