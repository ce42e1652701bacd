//! `state` of a logout request: RP-Initiated Logout 1.0, sections 2 and 3.

use scraper::Html;
use serde_json::json;
use url::form_urlencoded;

use super::relying_party::{RelyingParty, SIGNED_OUT};
use crate::support::browser::{Browser, selector};
use crate::support::provider::Provider;

const WITH_QUERY: &str = "https://rp.example/out?from=op&x=a+b%20c";

/// 90 characters: letters, digits, all punctuation of ASCII, and the space twice.
fn state() -> String {
    let punctuation: String = (' '..='~').filter(|it| !it.is_ascii_alphanumeric()).collect();
    let state = format!("aZ09{punctuation}aZ09Aa{punctuation}z09ABCDEFGHIJK");
    assert_eq!(state.chars().count(), 90);
    state
}

/// Asserts that the location adds nothing but `state` to the registered query, with the value that
/// was sent.
fn assert_state_alone(location: &str, registered: &str, state: &str) {
    let added = location.strip_prefix(registered).unwrap();
    let added = added.strip_prefix(if registered.contains('?') { '&' } else { '?' }).unwrap();
    let members: Vec<_> = form_urlencoded::parse(added.as_bytes()).collect();
    assert_eq!(members, [("state".into(), state.into())], "{location}");
    // A plus sign must not occur: some readers take it for a space, others for itself.
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%".contains(&byte);
    assert!(added.strip_prefix("state=").unwrap().bytes().all(unreserved), "{location}");
}

async fn provider_and_client() -> (Provider, RelyingParty) {
    let provider = Provider::start().await;
    let metadata = json!({ "client_name": "Bookshop", "post_logout_redirect_uris": [SIGNED_OUT, WITH_QUERY] });
    let rp = RelyingParty::register_with(&provider, metadata).await;
    (provider, rp)
}

#[tokio::test]
async fn a_state_of_90_characters_with_punctuation_comes_back_unchanged_and_alone() {
    let (_provider, rp) = provider_and_client().await;
    let mut states = vec![state(), "ü€😀".to_owned(), "%41%zz%".to_owned(), "x".repeat(2048), "a\r\nb: c".to_owned()];
    states.extend((' '..='~').map(String::from));
    let browser = Browser::new();
    let hint = rp.id_token(&browser).await;
    for uri in [SIGNED_OUT, WITH_QUERY] {
        for state in &states {
            let parameters = [("id_token_hint", &*hint), ("post_logout_redirect_uri", uri), ("state", state)];
            assert_state_alone(browser.get(&rp.end_session(&parameters)).await.location(), uri, state);
        }
    }
    // By POST, and after a question.
    for (index, state) in states[..5].iter().enumerate() {
        let browser = Browser::new();
        let hint = rp.id_token(&browser).await;
        let proof = if index % 2 == 0 { ("id_token_hint", &*hint) } else { ("client_id", &*rp.id) };
        let parameters = [proof, ("post_logout_redirect_uri", WITH_QUERY), ("state", state)];
        let mut answer = browser.post(&rp.end_session(&[]), &parameters).await;
        if answer.status == 200 {
            if !state.contains('\n') {
                assert_eq!(answer.field("state").as_deref(), Some(&**state));
            }
            answer = browser.submit(&answer, &[("confirm", "yes")]).await;
        }
        assert_state_alone(answer.location(), WITH_QUERY, state);
        assert!(!rp.is_signed_in(&browser).await);
    }
}

#[tokio::test]
async fn without_a_state_the_redirect_is_the_registered_uri_as_it_is() {
    let (_provider, rp) = provider_and_client().await;
    for uri in [SIGNED_OUT, WITH_QUERY] {
        let browser = Browser::new();
        let hint = rp.id_token(&browser).await;
        for state in [None, Some(("state", ""))] {
            let request = [("id_token_hint", &*hint), ("post_logout_redirect_uri", uri), ("logout_hint", "alice")];
            let parameters: Vec<_> = request.into_iter().chain(state).collect();
            let mut answer = browser.post(&rp.end_session(&[]), &parameters).await;
            if answer.status == 200 {
                // The first POST comes without the cookie.
                answer = browser.submit(&answer, &[]).await;
            }
            assert_eq!(answer.location(), uri);
        }
    }
    let (browser, asked) = (Browser::new(), [("client_id", &*rp.id), ("post_logout_redirect_uri", WITH_QUERY)]);
    rp.code(&browser, &[]).await;
    let page = browser.get(&rp.end_session(&asked)).await;
    assert_eq!(browser.submit(&page, &[("confirm", "yes")]).await.location(), WITH_QUERY);
}

/// All elements and their attributes, without values that differ between requests.
fn structure(html: &Html) -> Vec<String> {
    let all = selector("*");
    let elements = html.select(&all).map(|element| {
        let attributes = element.value().attrs().filter(|attribute| attribute.0 != "value");
        format!("{} {:?}", element.value().name(), attributes.collect::<Vec<_>>())
    });
    elements.collect()
}

#[tokio::test]
async fn every_page_that_a_state_comes_to_has_it_escaped() {
    let (_provider, rp) = provider_and_client().await;
    let browser = Browser::new();
    let hint = rp.id_token(&browser).await;
    let elsewhere = Browser::of_another_site();
    let hostile = [
        state(),
        "\"><script>alert(1)</script>".to_owned(),
        "' onfocus=alert(1) autofocus '".to_owned(),
        "</title></textarea></script><img src=x onerror=alert(1)>".to_owned(),
        "<!--".to_owned(),
        "&quot;&#34;&lt;".to_owned(),
        "{{ 7 * 7 }}".to_owned(),
    ];
    let uri = ("post_logout_redirect_uri", SIGNED_OUT);
    let client = ("client_id", &*rp.id);
    let requests = [
        ("asks", vec![client, uri]),
        ("asks about no redirect", vec![]),
        ("refuses a hint", vec![("id_token_hint", "x"), client]),
        ("refuses", vec![uri]),
        ("refuses another uri", vec![client, ("post_logout_redirect_uri", "https://rp.example/")]),
        ("sends again", vec![("id_token_hint", &hint), uri]),
    ];
    for (what, request) in requests {
        let page = async |state: &str| {
            let parameters: Vec<_> = request.iter().copied().chain([("state", state)]).collect();
            match what {
                "sends again" => elsewhere.post(&rp.end_session(&[]), &parameters).await,
                _ => browser.get(&rp.end_session(&parameters)).await,
            }
        };
        let harmless = page("harmless").await;
        for state in &hostile {
            let answer = page(state).await;
            assert_eq!(answer.status, harmless.status, "{what}");
            assert_eq!(structure(&answer.stays()), structure(&harmless.stays()), "{what}: {}", answer.body);
            let fields = |field: &(String, String)| field.0 == "state" && field.1 == *state;
            let shown = harmless.body.contains("harmless");
            assert_eq!(answer.form().fields.iter().filter(|it| fields(it)).count(), usize::from(shown), "{what}");
            assert!(!answer.header("content-security-policy").contains("unsafe"), "{what}");
        }
    }
    assert!(rp.is_signed_in(&browser).await);
}
