//! Answers that the user did not give, or gave to another question.

use serde_json::json;

use super::driver::Browser;
use super::provider::Provider;
use super::sign_out::{QUESTION, is_back_at_the_client};
use super::site::{Site, self_posting_form};

/// The user is asked, and told that an answer could not be used.
async fn is_asked_again(browser: &Browser) {
    browser.sees(QUESTION).await;
    browser.reads("Your first answer could not be used. Please answer again.").await;
}

async fn asked(provider: &Provider, username: &str) -> Browser {
    let browser = Browser::open(provider).await;
    browser.sign_in(username).await;
    browser.click("Sign out without a hint").await;
    browser.sees(QUESTION).await;
    browser
}

async fn proof(browser: &Browser) -> String {
    browser.find("input[name=confirmation]").await.prop("value").await.unwrap().unwrap()
}

#[tokio::test]
async fn a_changed_form_is_asked_again_and_ends_nothing() {
    let provider = Provider::start().await;
    let browser = asked(&provider, "alice").await;
    let session = browser.session().await.unwrap();
    let proof = proof(&browser).await;
    let question = browser.url().await;
    let (time, mac) = proof.split_once('.').unwrap();
    let later = format!("{}.{mac}", time.parse::<i64>().unwrap() + 1);
    let other_mac = format!("{time}.{}{}", if mac.starts_with('A') { 'B' } else { 'A' }, mac.split_at(1).1);
    let field = |name: &str| format!("document.querySelector('input[name={name}]')");
    let set = |name: &str, value: &str| format!("{}.value = {}", field(name), json!(value));
    for change in [
        set("confirmation", &later),
        set("confirmation", &other_mac),
        set("confirmation", "yes"),
        set("confirmation", ""),
        format!("{}.remove()", field("confirmation")),
        set("state", "another"),
        format!("{}.remove()", field("post_logout_redirect_uri")),
    ] {
        browser.goto(question.as_str()).await;
        browser.execute(&change).await;
        browser.click("Yes, sign out").await;
        is_asked_again(&browser).await;
        assert_eq!(provider.user_of(&session).await, Some("alice"), "{change}");
    }
    browser.goto(question.as_str()).await;
    browser.set_hidden_field("confirmation", &proof).await;
    browser.click("Yes, sign out").await;
    is_back_at_the_client(&browser).await;
    assert_eq!(provider.user_of(&session).await, None);
}

#[tokio::test]
async fn a_proof_of_another_browser_does_not_count() {
    let provider = Provider::start().await;
    let victim = asked(&provider, "alice").await;
    let session = victim.session().await.unwrap();
    for username in ["bob", "alice"] {
        let other = asked(&provider, username).await;
        // Both forms are for the same request: only the state differs.
        let state = victim.find("input[name=state]").await.prop("value").await.unwrap().unwrap();
        let mut request = other.url().await;
        let parameters: Vec<_> = request.query_pairs().into_owned().filter(|it| it.0 != "state").collect();
        request.query_pairs_mut().clear().extend_pairs(parameters).append_pair("state", &state);
        other.goto(request.as_str()).await;
        other.sees(QUESTION).await;
        victim.set_hidden_field("confirmation", &proof(&other).await).await;
        victim.click("Yes, sign out").await;
        is_asked_again(&victim).await;
        assert_eq!(provider.user_of(&session).await, Some("alice"));
        // In its own session the answer is accepted.
        let others = other.session().await.unwrap();
        other.click("Yes, sign out").await;
        other.sees("You are back").await;
        assert_eq!(provider.user_of(&others).await, None);
        assert_eq!(provider.user_of(&session).await, Some("alice"));
    }
}

#[tokio::test]
async fn a_proof_from_before_a_new_sign_in_does_not_count() {
    let provider = Provider::start().await;
    let browser = asked(&provider, "alice").await;
    let tab = browser.driver.window().await.unwrap();
    let new_tab = browser.driver.new_tab().await.unwrap();
    browser.driver.switch_to_window(new_tab).await.unwrap();
    browser.goto(&provider.url("/sign-in")).await;
    browser.fill_in_sign_in("alice").await;
    browser.sees("Your account").await;
    let session = browser.session().await.unwrap();
    browser.driver.switch_to_window(tab).await.unwrap();
    browser.click("Yes, sign out").await;
    is_asked_again(&browser).await;
    browser.reads("Your answer came from an old page, or you have signed in again since then.").await;
    assert_eq!(provider.user_of(&session).await, Some("alice"));
    browser.click("Yes, sign out").await;
    browser.sees("You are back, and signed out").await;
    assert_eq!(provider.user_of(&session).await, None);
}

#[tokio::test]
async fn another_sites_yes_does_not_count() {
    let provider = Provider::start().await;
    let browser = asked(&provider, "alice").await;
    let session = browser.session().await.unwrap();
    let fields = [("client_id", "demo-rp"), ("confirm", "yes"), ("confirmation", "")];
    let action = provider.url("/end_session");
    let forged = self_posting_form(&action, fields);
    let bare = self_posting_form(&action, [("confirm", "yes")]);
    let marked = self_posting_form(&action, [("client_id", "demo-rp"), ("confirm", "yes"), ("confirmation", "x")]);
    let link = format!("<script>location = '{action}?client_id=demo-rp&confirm=yes'</script>");
    let site = Site::start([("/forged", forged), ("/bare", bare), ("/marked", marked), ("/link", link)]).await;
    for path in ["/forged", "/bare", "/link"] {
        for url in [site.url(path), site.same_site_url(path)] {
            browser.goto(&url).await;
            browser.sees(QUESTION).await;
            assert_eq!(provider.user_of(&session).await, Some("alice"), "{url}");
        }
    }
    browser.goto(&site.same_site_url("/marked")).await;
    is_asked_again(&browser).await;
    assert_eq!(provider.user_of(&session).await, Some("alice"));
    browser.goto(&site.url("/marked")).await;
    browser.leaves("rp.localhost").await;
    assert_eq!(browser.session().await.as_ref(), Some(&session));
    assert_eq!(provider.user_of(&session).await, Some("alice"));
}

#[tokio::test]
async fn a_stolen_form_does_nothing_in_the_browser_of_another_user() {
    let provider = Provider::start().await;
    let alice = asked(&provider, "alice").await;
    let mut fields = alice.hidden_fields().await;
    fields.push(("confirm".to_owned(), "yes".to_owned()));
    let fields = fields.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let site = Site::start([("/", self_posting_form(&provider.url("/end_session"), fields))]).await;
    let bob = Browser::open(&provider).await;
    bob.sign_in("bob").await;
    let (alices, bobs) = (alice.session().await.unwrap(), bob.session().await.unwrap());
    bob.goto(&site.same_site_url("/")).await;
    is_asked_again(&bob).await;
    bob.reads("You are signed in as Bob Dodgson.").await;
    assert_eq!(provider.user_of(&bobs).await, Some("bob"));
    assert_eq!(provider.user_of(&alices).await, Some("alice"));
    // From another site the browser does not send the cookie.
    bob.goto(&site.url("/")).await;
    bob.leaves("rp.localhost").await;
    assert_eq!(bob.session().await.as_ref(), Some(&bobs));
    assert_eq!(provider.user_of(&bobs).await, Some("bob"));
    assert_eq!(provider.user_of(&alices).await, Some("alice"));
    // The same form in its own browser.
    alice.click("Yes, sign out").await;
    is_back_at_the_client(&alice).await;
    assert_eq!(provider.user_of(&alices).await, None);
}
