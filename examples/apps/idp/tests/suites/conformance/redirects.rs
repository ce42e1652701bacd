//! Where a logout request leads: RP-Initiated Logout 1.0, sections 2 and 3; registration, section
//! 3.1.

use serde_json::json;

use super::relying_party::{CALLBACK, RelyingParty, SIGNED_OUT};
use crate::support::browser::{Answer, Browser};
use crate::support::provider::Provider;

const REGISTERED: [&str; 3] = [SIGNED_OUT, "https://rp.example/out?from=op&x=%C3%BC", "https://rp.example/Out/a%2Fb/"];

async fn provider_and_client() -> (Provider, RelyingParty) {
    let provider = Provider::start().await;
    let metadata = json!({ "client_name": "Bookshop", "post_logout_redirect_uris": REGISTERED });
    let rp = RelyingParty::register_with(&provider, metadata).await;
    (provider, rp)
}

/// A logout request by GET, or by POST from the provider's own site (section 2 requires both).
async fn request(rp: &RelyingParty, browser: &Browser, by_post: bool, parameters: &[(&str, &str)]) -> Answer {
    if by_post {
        browser.post(&rp.end_session(&[]), parameters).await
    } else {
        browser.get(&rp.end_session(parameters)).await
    }
}

async fn by_both_methods(rp: &RelyingParty, browser: &Browser, parameters: &[(&str, &str)]) -> [Answer; 2] {
    [request(rp, browser, false, parameters).await, request(rp, browser, true, parameters).await]
}

#[tokio::test]
async fn a_hint_and_a_registered_uri_sign_out_and_lead_there() {
    let (_provider, rp) = provider_and_client().await;
    for uri in REGISTERED {
        for by_post in [false, true] {
            let browser = Browser::new();
            let hint = rp.id_token(&browser).await;
            let parameters = [("id_token_hint", &*hint), ("client_id", &rp.id), ("post_logout_redirect_uri", uri)];
            assert_eq!(request(&rp, &browser, by_post, &parameters).await.location(), uri);
            assert!(!rp.is_signed_in(&browser).await);
            // A user who is already signed out is sent back too.
            assert_eq!(browser.get(&rp.end_session(&parameters)).await.location(), uri);
        }
    }
}

/// A form from another site comes without the cookie, so the provider's own page sends it again.
#[tokio::test]
async fn a_post_from_another_site_signs_out_and_leads_to_the_registered_uri() {
    let (_provider, rp) = provider_and_client().await;
    let browser = Browser::new();
    let hint = rp.id_token(&browser).await;
    let fields = [("id_token_hint", &*hint), ("post_logout_redirect_uri", SIGNED_OUT), ("state", "af0ifjsldkj")];
    let page = Browser::of_another_site().post(&rp.end_session(&[]), &fields).await;
    assert_eq!(page.status, 200);
    page.stays();
    assert!(rp.is_signed_in(&browser).await);
    assert_eq!(browser.submit(&page, &[]).await.location(), format!("{SIGNED_OUT}?state=af0ifjsldkj"));
    assert!(!rp.is_signed_in(&browser).await);
}

#[tokio::test]
async fn a_registered_uri_with_state_but_neither_hint_nor_client_id_is_not_redirected_to() {
    let (_provider, rp) = provider_and_client().await;
    let (signed_in, nobody) = (Browser::new(), Browser::new());
    rp.code(&signed_in, &[]).await;
    for state in ["", "af0ifjsldkj"] {
        for browser in [&signed_in, &nobody] {
            let parameters = [("post_logout_redirect_uri", SIGNED_OUT), ("state", state)];
            for answer in by_both_methods(&rp, browser, &parameters).await {
                assert_eq!(answer.status, 400);
                answer.stays();
                assert!(answer.body.contains("client_missing"), "{}", answer.body);
            }
        }
    }
    assert!(rp.is_signed_in(&signed_in).await);
    // The page offers to sign out, which leads nowhere else.
    let page = signed_in.get(&rp.end_session(&[("post_logout_redirect_uri", SIGNED_OUT), ("state", "s")])).await;
    let answer = signed_in.submit(&page, &[("confirm", "yes")]).await;
    assert_eq!(answer.status, 200);
    answer.stays();
    assert!(!rp.is_signed_in(&signed_in).await);
}

/// Section 3: the value must have been registered, and is compared byte for byte.
#[tokio::test]
async fn a_uri_that_is_not_registered_is_not_redirected_to() {
    let (provider, rp) = provider_and_client().await;
    let of_other = "https://other.example/signed-out";
    RelyingParty::register_with(&provider, json!({ "post_logout_redirect_uris": [of_other] })).await;
    let (browser, nobody) = (Browser::new(), Browser::new());
    let hint = rp.id_token(&browser).await;
    for uri in [
        &*format!("{SIGNED_OUT}?foo=bar"),
        &format!("{SIGNED_OUT}?"),
        &format!("{SIGNED_OUT}/"),
        &format!("{SIGNED_OUT}#"),
        &format!("{SIGNED_OUT}#fragment"),
        &format!("{SIGNED_OUT}/../signed-out"),
        &format!("{SIGNED_OUT}%20"),
        &format!("{SIGNED_OUT} "),
        &format!(" {SIGNED_OUT}"),
        &format!("{SIGNED_OUT}\r\nrefresh: 0"),
        &format!("\t{SIGNED_OUT}"),
        &format!("{SIGNED_OUT}\u{0}"),
        "https://rp.example/signed-in",
        "https://rp.example/signed-out2",
        "https://rp.example/signed-ou",
        "https://rp.example/Signed-Out",
        "https://rp.example/%73igned-out",
        "https://rp.example//signed-out",
        "https://rp.example/./signed-out",
        "https://rp.example",
        "https://rp.example/",
        "https://RP.example/signed-out",
        "HTTPS://rp.example/signed-out",
        "https://rp.example:443/signed-out",
        "https://rp.example:8443/signed-out",
        "https://rp.example./signed-out",
        "https://www.rp.example/signed-out",
        "https://rp.example.evil.example/signed-out",
        "https://rp.example@evil.example/signed-out",
        "https://evil.example/https://rp.example/signed-out",
        "https://evil.example\\@rp.example/signed-out",
        "https:\\\\rp.example\\signed-out",
        "https:rp.example/signed-out",
        "https:///rp.example/signed-out",
        "//rp.example/signed-out",
        "/signed-out",
        "http://rp.example/signed-out",
        "javascript:alert(1)",
        "data:text/html,x",
        "https://rp.example/out",
        "https://rp.example/out?from=op",
        "https://rp.example/out?x=%C3%BC&from=op",
        "https://rp.example/out?from=op&x=%c3%bc",
        "https://rp.example/out?from=op&x=ü",
        "https://rp.example/out?from=op&x=%C3%BC&state=1",
        "https://rp.example/Out/a/b/",
        "https://rp.example/Out/a%2fb/",
        CALLBACK,
        of_other,
    ] {
        for browser in [&browser, &nobody] {
            for proof in [("id_token_hint", &*hint), ("client_id", &rp.id)] {
                let parameters = [proof, ("post_logout_redirect_uri", uri), ("state", "af0ifjsldkj")];
                for answer in by_both_methods(&rp, browser, &parameters).await {
                    assert_eq!(answer.status, 400, "{uri}");
                    answer.stays();
                    assert!(answer.body.contains("redirect_uri_not_registered"), "{uri}: {}", answer.body);
                }
            }
        }
    }
    assert!(rp.is_signed_in(&browser).await);
}

#[tokio::test]
async fn without_a_redirect_uri_the_user_signs_out_on_a_page_of_the_provider() {
    let (_provider, rp) = provider_and_client().await;
    for (with_hint, parameters) in [
        (false, vec![]),
        (false, vec![("state", "af0ifjsldkj")]),
        (false, vec![("client_id", &*rp.id), ("state", "af0ifjsldkj")]),
        (false, vec![("post_logout_redirect_uri", ""), ("id_token_hint", ""), ("state", "")]),
        (false, vec![("logout_hint", "alice"), ("ui_locales", "x-none es"), ("unknown", "value")]),
        (true, vec![]),
        (true, vec![("state", "af0ifjsldkj")]),
        (true, vec![("post_logout_redirect_uri", ""), ("client_id", &rp.id)]),
    ] {
        for by_post in [false, true] {
            let browser = Browser::new();
            let hint = rp.id_token(&browser).await;
            let hint = with_hint.then_some(("id_token_hint", &*hint));
            let parameters: Vec<_> = hint.into_iter().chain(parameters.iter().copied()).collect();
            let mut answer = request(&rp, &browser, by_post, &parameters).await;
            assert_eq!(answer.status, 200);
            answer.stays();
            assert_eq!(rp.is_signed_in(&browser).await, !with_hint, "{parameters:?}");
            if !with_hint {
                answer = browser.submit(&answer, &[("confirm", "yes")]).await;
                assert_eq!(answer.status, 200, "{parameters:?}");
                answer.stays();
            }
            assert!(!rp.is_signed_in(&browser).await, "{parameters:?}");
            // A second request is no error, although nobody is signed in (section 2).
            let answer = request(&rp, &browser, by_post, &parameters).await;
            assert_eq!(answer.status, 200, "{parameters:?}");
            answer.stays();
        }
    }
}

/// Section 2: `client_id` shows which client asks, but not that the user wants to sign out.
#[tokio::test]
async fn a_client_id_without_a_hint_redirects_after_a_yes() {
    let (_provider, rp) = provider_and_client().await;
    let browser = Browser::new();
    rp.code(&browser, &[]).await;
    let url = rp.end_session(&[("client_id", &rp.id), ("post_logout_redirect_uri", SIGNED_OUT), ("state", "s")]);
    let page = browser.get(&url).await;
    assert_eq!(page.status, 200);
    page.stays();
    assert!(page.body.contains("Bookshop") && page.body.contains("Alice Liddell"), "{}", page.body);
    assert!(rp.is_signed_in(&browser).await);

    let declined = browser.submit(&page, &[("confirm", "no")]).await;
    assert_eq!(declined.status, 200);
    declined.stays();
    assert!(rp.is_signed_in(&browser).await);

    // The page's proof is for one request. A changed request leads to a new question.
    for (name, value) in [("state", "t"), ("post_logout_redirect_uri", REGISTERED[1]), ("confirmation", "")] {
        let again = browser.submit(&page, &[(name, value), ("confirm", "yes")]).await;
        assert_eq!(again.status, 200, "{name}");
        again.stays();
        assert!(rp.is_signed_in(&browser).await, "{name}");
    }
    assert_eq!(browser.submit(&page, &[("confirm", "yes")]).await.location(), format!("{SIGNED_OUT}?state=s"));
    assert!(!rp.is_signed_in(&browser).await);
}

/// Section 2: with a hint, `client_id` must be the client that it was issued to.
#[tokio::test]
async fn a_hint_beside_the_client_id_of_another_client_redirects_nowhere() {
    let (provider, rp) = provider_and_client().await;
    let other = RelyingParty::register(&provider).await;
    let browser = Browser::new();
    let hint = rp.id_token(&browser).await;
    for client_id in [&*other.id, "nobody", &rp.id[1..]] {
        for uri in [("post_logout_redirect_uri", SIGNED_OUT), ("post_logout_redirect_uri", "")] {
            let parameters = [("id_token_hint", &*hint), ("client_id", client_id), uri];
            for answer in by_both_methods(&rp, &browser, &parameters).await {
                assert_eq!(answer.status, 400);
                answer.stays();
                assert!(answer.body.contains("client_mismatch"), "{}", answer.body);
            }
        }
    }
    for answer in
        by_both_methods(&rp, &browser, &[("client_id", "nobody"), ("post_logout_redirect_uri", SIGNED_OUT)]).await
    {
        assert_eq!(answer.status, 400);
        answer.stays();
        assert!(answer.body.contains("client_unknown"), "{}", answer.body);
    }
    assert!(rp.is_signed_in(&browser).await);
}

/// RFC 6749, section 3.1.
#[tokio::test]
async fn a_parameter_that_is_there_twice_redirects_nowhere() {
    let (_provider, rp) = provider_and_client().await;
    let browser = Browser::new();
    let hint = rp.id_token(&browser).await;
    let parameters = [
        ("id_token_hint", &*hint),
        ("client_id", &rp.id),
        ("post_logout_redirect_uri", SIGNED_OUT),
        ("state", "af0ifjsldkj"),
        ("logout_hint", "alice"),
        ("ui_locales", "en"),
    ];
    for twice in parameters {
        let parameters: Vec<_> = parameters.into_iter().chain([twice]).collect();
        for answer in by_both_methods(&rp, &browser, &parameters).await {
            assert_eq!(answer.status, 400);
            answer.stays();
            assert!(answer.body.contains("duplicate_parameter"), "{}", answer.body);
        }
    }
    assert!(rp.is_signed_in(&browser).await);
    assert!(browser.get(&rp.end_session(&parameters)).await.location().starts_with(SIGNED_OUT));
}

#[tokio::test]
async fn only_get_and_a_posted_form_sign_out() {
    let (_provider, rp) = provider_and_client().await;
    let browser = Browser::new();
    let hint = rp.id_token(&browser).await;
    let url = rp.end_session(&[("id_token_hint", &hint), ("post_logout_redirect_uri", SIGNED_OUT)]);
    for method in ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"] {
        let answer = browser.send(|http| http.request(method.parse().unwrap(), &url)).await;
        assert_eq!((answer.status.as_u16(), answer.header("allow")), (405, "GET, POST"), "{method}");
        answer.stays();
    }
    let head = browser.send(|http| http.head(&url)).await;
    assert_eq!((head.status.as_u16(), head.headers.get("location")), (200, None));
    let body = json!({ "id_token_hint": hint, "post_logout_redirect_uri": SIGNED_OUT });
    let form = url.split_once('?').unwrap().1;
    for (content_type, body) in [
        ("application/json", body.to_string()),
        ("text/plain", form.to_owned()),
        ("multipart/form-data; boundary=a", form.to_owned()),
        ("", form.to_owned()),
    ] {
        let send =
            |http: &reqwest::Client| http.post(rp.end_session(&[])).header("content-type", content_type).body(body);
        let answer = browser.send(send).await;
        assert_eq!(answer.status, 415, "{content_type}");
        answer.stays();
    }
    // Upper case and parameters do not change the media type of a form.
    let send = |http: &reqwest::Client| {
        let request =
            http.post(rp.end_session(&[])).body("client_id=nobody&post_logout_redirect_uri=https://rp.example/");
        request.header("content-type", "Application/X-WWW-Form-Urlencoded; charset=UTF-8")
    };
    assert!(browser.send(send).await.body.contains("client_unknown"));
    // The query of a POST is ignored.
    let answer = browser.post(&url, &[]).await;
    assert_eq!(answer.status, 200);
    answer.stays();
    assert!(rp.is_signed_in(&browser).await);
    assert_eq!(browser.get(&url).await.location(), SIGNED_OUT);
}
