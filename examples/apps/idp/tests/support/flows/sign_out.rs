//! The logout endpoint, as clients and users reach it.

use serde_json::json;

use crate::provider::Provider;
use crate::support::browser::Browser;
use crate::support::rp::{CALLBACK, Rp, SIGNED_OUT, text};

/// Whether the browser's user is signed in at the provider.
async fn is_signed_in(browser: &Browser, rp: &Rp) -> bool {
    let answer = browser.get(&rp.authorize(&[("prompt", "none"), ("state", "s")])).await;
    assert_eq!(answer.redirected("state").as_deref(), Some("s"));
    match answer.redirected("error").as_deref() {
        None => true,
        Some("login_required") => false,
        Some(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn a_hint_of_this_session_signs_out_and_leads_back_by_each_algorithm() {
    let provider = Provider::start(&[]).await;
    for algorithm in ["RS256", "PS256", "ES256", "EdDSA", "HS256"] {
        let rp = Rp::register(&provider, json!({ "id_token_signed_response_alg": algorithm })).await;
        let browser = Browser::new();
        let tokens = rp.tokens(&browser).await;
        let code = browser.get(&rp.authorize(&[])).await.redirected("code").unwrap();
        // Letters, digits and all punctuation.
        let state = format!("{}az09", ('!'..='~').filter(|it| !it.is_ascii_alphanumeric()).collect::<String>());
        let hint = text(&tokens, "id_token");
        let url =
            rp.end_session(&[("id_token_hint", hint), ("post_logout_redirect_uri", SIGNED_OUT), ("state", &state)]);
        assert!(is_signed_in(&browser, &rp).await);
        let answer = browser.get(&url).await;
        let (uri, parameters) = answer.redirect();
        assert_eq!((uri, parameters.len(), &*parameters["state"]), (SIGNED_OUT, 1, &*state));
        assert!(answer.cookie_line("session").unwrap().contains("Max-Age=0"));
        assert!(!is_signed_in(&browser, &rp).await);
        // Its tokens and codes have ended with the session.
        assert_eq!(rp.userinfo(text(&tokens, "access_token")).await.status, 401);
        assert_eq!(rp.redeem_with(&code, &[]).await.status, 400);
        // A second request is no error.
        assert_eq!(browser.get(&url).await.redirect().0, SIGNED_OUT);
    }
}

#[tokio::test]
async fn the_cookie_of_a_session_that_has_ended_is_dead() {
    let provider = Provider::start(&[]).await;
    let rp = Rp::register(&provider, json!({})).await;
    let browser = Browser::new();
    let page = browser.get(&rp.authorize(&[])).await;
    let answer = browser.sign_in(&page).await;
    let cookie = format!("session={}", answer.cookie("session").unwrap());
    let tokens = rp.redeem(&answer.redirected("code").unwrap()).await;
    let with_cookie =
        async |url: String| Browser::without_cookies().send(|http| http.get(url).header("cookie", &cookie)).await;
    assert_eq!(with_cookie(provider.url("/")).await.status, 200);
    browser.get(&rp.end_session(&[("id_token_hint", text(&tokens, "id_token"))])).await;
    assert_eq!(with_cookie(provider.url("/")).await.location(), "/sign-in");
    let refused = with_cookie(rp.authorize(&[("prompt", "none")])).await;
    assert_eq!(refused.redirected("error").as_deref(), Some("login_required"));
}

#[tokio::test]
async fn without_a_hint_the_user_is_asked() {
    let provider = Provider::start(&[]).await;
    let rp = Rp::register(&provider, json!({})).await;
    let browser = Browser::new();
    rp.tokens(&browser).await;
    let url = rp.end_session(&[("client_id", &rp.id), ("post_logout_redirect_uri", SIGNED_OUT), ("state", "a\"b")]);
    let page = browser.get(&url).await;
    assert_eq!(page.status, 200);
    assert!(page.header_lines("content-security-policy").contains("form-action 'self' https:"));
    assert!(is_signed_in(&browser, &rp).await);
    let declined = browser.submit(&page, &[("confirm", "no")]).await;
    assert_eq!(declined.status, 200);
    assert!(is_signed_in(&browser, &rp).await);
    let answer = browser.submit(&page, &[("confirm", "yes")]).await;
    assert_eq!((answer.redirect().0, answer.redirected("state").as_deref()), (SIGNED_OUT, Some("a\"b")));
    assert!(!is_signed_in(&browser, &rp).await);
}

#[tokio::test]
async fn a_yes_to_another_sign_ins_question_does_not_count() {
    let provider = Provider::start(&[]).await;
    let rp = Rp::register(&provider, json!({})).await;
    let (browser, other) = (Browser::new(), Browser::new());
    rp.tokens(&browser).await;
    rp.tokens(&other).await;
    let page = browser.get(&rp.end_session(&[("client_id", &rp.id)])).await;
    let asked_again = other.submit(&page, &[("confirm", "yes")]).await;
    assert_eq!(asked_again.status, 200);
    assert!(is_signed_in(&other, &rp).await);
    let forged = browser.post(&provider.url("/end_session"), &[("client_id", &rp.id), ("confirm", "yes")]).await;
    assert_eq!(forged.status, 200);
    assert!(is_signed_in(&browser, &rp).await);
}

#[tokio::test]
async fn a_hint_of_another_session_or_of_a_client_that_takes_no_part_is_no_proof() {
    let provider = Provider::start(&[]).await;
    let (rp, idle) = (Rp::register(&provider, json!({})).await, Rp::register(&provider, json!({})).await);
    let (browser, other) = (Browser::new(), Browser::new());
    let of_other = rp.tokens(&other).await;
    let of_idle = idle.tokens(&browser).await;
    browser.get(&idle.end_session(&[("id_token_hint", text(&of_idle, "id_token"))])).await;
    // Only one of the two clients takes part in the new session.
    rp.tokens(&browser).await;
    for hint in [text(&of_other, "id_token"), text(&of_idle, "id_token")] {
        let page = browser.get(&rp.end_session(&[("id_token_hint", hint)])).await;
        assert_eq!(page.form().action, "/end_session");
        assert!(is_signed_in(&browser, &rp).await);
    }
}

#[tokio::test]
async fn a_post_from_another_site_is_posted_again_from_ours() {
    let provider = Provider::start(&[]).await;
    let rp = Rp::register(&provider, json!({})).await;
    let browser = Browser::new();
    let tokens = rp.tokens(&browser).await;
    let fields =
        [("id_token_hint", text(&tokens, "id_token")), ("post_logout_redirect_uri", SIGNED_OUT), ("state", "s")];
    let page = Browser::of_another_site().post(&provider.url("/end_session"), &fields).await;
    assert_eq!(page.status, 200);
    assert!(is_signed_in(&browser, &rp).await);
    let answer = browser.submit(&page, &[]).await;
    assert_eq!((answer.redirect().0, answer.redirected("state").as_deref()), (SIGNED_OUT, Some("s")));
    assert!(!is_signed_in(&browser, &rp).await);
}

#[tokio::test]
async fn a_refusal_redirects_nowhere_and_offers_a_way_out() {
    let provider = Provider::start(&[]).await;
    let rp = Rp::register(&provider, json!({})).await;
    let browser = Browser::new();
    let tokens = rp.tokens(&browser).await;
    let hint = text(&tokens, "id_token");
    let unsigned = format!("eyJhbGciOiAibm9uZSJ9.{}.", hint.split('.').nth(1).unwrap());
    let to = ("post_logout_redirect_uri", SIGNED_OUT);
    for (parameters, reason) in [
        (vec![("id_token_hint", &*unsigned), to], "id_token_hint_invalid"),
        (vec![("id_token_hint", &hint[..hint.len() - 4]), to], "id_token_hint_invalid"),
        (vec![to, ("state", "s")], "client_missing"),
        (vec![("client_id", "nobody"), to], "client_unknown"),
        (vec![("client_id", "demo-rp"), ("id_token_hint", hint), to], "client_mismatch"),
        (vec![("id_token_hint", hint), ("post_logout_redirect_uri", CALLBACK)], "redirect_uri_not_registered"),
        (
            vec![("id_token_hint", hint), ("post_logout_redirect_uri", "https://rp.example/signed-out?foo=bar")],
            "redirect_uri_not_registered",
        ),
        (vec![("id_token_hint", hint), ("id_token_hint", hint)], "duplicate_parameter"),
    ] {
        let page = browser.get(&rp.end_session(&parameters)).await;
        assert_eq!(page.status, 400, "{parameters:?}");
        assert!(page.body.contains(reason), "{reason}: {}", page.body);
        assert!(is_signed_in(&browser, &rp).await);
    }
    let page = browser.get(&rp.end_session(&[to])).await;
    let signed_out = browser.submit(&page, &[("confirm", "yes")]).await;
    assert_eq!(signed_out.status, 200);
    assert!(!is_signed_in(&browser, &rp).await);
}

#[tokio::test]
async fn without_a_redirect_uri_the_user_stays_here_and_learns_where_sessions_go_on() {
    let provider = Provider::start(&[]).await;
    let rp = Rp::register(&provider, json!({ "client_name": "Bookshop" })).await;
    let other = Rp::register(&provider, json!({ "client_name": "Chess & Co" })).await;
    let browser = Browser::new();
    let tokens = rp.tokens(&browser).await;
    other.tokens(&browser).await;
    let page = browser.get(&rp.end_session(&[("id_token_hint", text(&tokens, "id_token"))])).await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("Chess &amp; Co") || page.body.contains("Chess &#38; Co"), "{}", page.body);
    assert!(!page.body.contains("Bookshop"));
    assert!(!is_signed_in(&browser, &rp).await);
}

#[tokio::test]
async fn head_and_other_methods_sign_nobody_out() {
    let provider = Provider::start(&[]).await;
    let rp = Rp::register(&provider, json!({})).await;
    let browser = Browser::new();
    let tokens = rp.tokens(&browser).await;
    let url = rp.end_session(&[("id_token_hint", text(&tokens, "id_token"))]);
    assert_eq!(browser.send(|http| http.head(&url)).await.status, 200);
    for method in ["PUT", "DELETE", "OPTIONS"] {
        let answer = browser.send(|http| http.request(method.parse().unwrap(), &url)).await;
        assert_eq!((answer.status.as_u16(), answer.header("allow")), (405, "GET, POST"), "{method}");
    }
    assert!(is_signed_in(&browser, &rp).await);
    assert_eq!(browser.get(&url).await.status, 200);
    assert!(!is_signed_in(&browser, &rp).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_asked_who_clicks_twice() {
    const ROUNDS: usize = 60;
    let provider = Provider::start(&["--sign-in-attempts-per-address", "1000"]).await;
    let rp = Rp::register(&provider, json!({})).await;
    let browser = Browser::new();
    for round in 0..ROUNDS {
        let tokens = rp.tokens(&browser).await;
        let hint = ("id_token_hint", text(&tokens, "id_token"));
        let url = rp.end_session(&[hint, ("post_logout_redirect_uri", SIGNED_OUT)]);
        let (one, two, three) = tokio::join!(browser.get(&url), browser.get(&url), browser.get(&url));
        for answer in [one, two, three] {
            assert_eq!(answer.status, 303, "round {round}: {}", answer.body);
            assert_eq!(answer.location(), SIGNED_OUT);
        }
    }
    assert!(!is_signed_in(&browser, &rp).await);
}

/// The status, and whether the session ended, of a request by a client's server, which has no
/// cookie.
async fn by_the_clients_server(rp: &Rp, browser: &Browser, hint: &str) -> (u16, bool) {
    let url = format!("{}/end_session", rp.origin);
    let answer = Browser::without_cookies().post(&url, &[("id_token_hint", hint)]).await;
    for other in ["alice", "Alice", "Chess"] {
        assert!(!answer.body.contains(other), "it names something of another browser: {}", answer.body);
    }
    assert!(answer.headers.get("set-cookie").is_none() && answer.headers.get("set-login").is_none());
    (answer.status.as_u16(), !is_signed_in(browser, rp).await)
}

#[tokio::test]
async fn an_id_token_alone_ends_the_session_that_its_sid_names() {
    let provider = Provider::start(&[]).await;
    let rp = Rp::register(&provider, json!({})).await;
    let other = Rp::register(&provider, json!({ "client_name": "Chess" })).await;
    let (browser, elsewhere) = (Browser::new(), Browser::new());
    rp.tokens(&elsewhere).await;
    for algorithm in ["RS256", "HS256"] {
        let sender = Rp::register(&provider, json!({ "id_token_signed_response_alg": algorithm })).await;
        let tokens = sender.tokens(&browser).await;
        other.tokens(&browser).await;
        let hint = text(&tokens, "id_token");
        assert_eq!(by_the_clients_server(&sender, &browser, hint).await, (200, true), "{algorithm}");
        assert_eq!(sender.userinfo(text(&tokens, "access_token")).await.status, 401);
        // Again it ends nothing: neither the user's next session nor the one in another browser.
        other.tokens(&browser).await;
        assert_eq!(by_the_clients_server(&other, &browser, hint).await, (200, false), "{algorithm}");
        assert!(is_signed_in(&elsewhere, &rp).await);
    }
    // A browser that sent no cookie because it has none is told the truth, and keeps what it has.
    let tokens = rp.tokens(&browser).await;
    let url = rp.end_session(&[("id_token_hint", text(&tokens, "id_token"))]);
    let answer = Browser::without_cookies().get(&url).await;
    assert!(answer.body.contains("The session that the application named has ended."), "{}", answer.body);
    assert!(answer.headers.get("set-cookie").is_none());
    assert!(!is_signed_in(&browser, &rp).await);
    // A form of another site's page ends nothing: the cookie may only have been withheld.
    let tokens = rp.tokens(&browser).await;
    let form = [("id_token_hint", text(&tokens, "id_token"))];
    let answer = Browser::of_another_site().post(&provider.url("/end_session"), &form).await;
    assert_eq!((answer.status.as_u16(), answer.field("resubmitted").as_deref()), (200, Some("1")));
    assert!(is_signed_in(&browser, &rp).await);
}

#[tokio::test]
async fn a_session_is_found_by_sid_only_as_long_as_the_operator_says() {
    for (seconds, status) in [("0", 200), ("1", 400)] {
        let provider = Provider::start(&["--session-by-sid", seconds]).await;
        let rp = Rp::register(&provider, json!({})).await;
        let browser = Browser::new();
        let tokens = rp.tokens(&browser).await;
        tokio::time::sleep(std::time::Duration::from_secs(3)).await;
        let hint = text(&tokens, "id_token");
        assert_eq!(by_the_clients_server(&rp, &browser, hint).await, (status, false), "{seconds}");
    }
}

#[tokio::test]
async fn the_browser_learns_whether_somebody_is_signed_in() {
    let provider = Provider::start(&[]).await;
    let rp = Rp::register(&provider, json!({})).await;
    let browser = Browser::new();
    let page = browser.get(&rp.authorize(&[])).await;
    assert_eq!(page.header("set-login"), "");
    assert_eq!(browser.sign_in_as(&page, "alice", "wrong").await.header("set-login"), "");
    let answer = browser.sign_in(&page).await;
    assert_eq!(answer.header("set-login"), "logged-in");
    let tokens = rp.redeem(&answer.redirected("code").unwrap()).await;
    let url = rp.end_session(&[("id_token_hint", text(&tokens, "id_token"))]);
    assert_eq!(browser.get(&rp.end_session(&[])).await.header("set-login"), "");
    assert_eq!(browser.get(&url).await.header("set-login"), "logged-out");
    assert_eq!(browser.get(&url).await.header("set-login"), "");
}

#[tokio::test]
async fn the_account_page_has_a_button_to_sign_out() {
    let provider = Provider::start(&[]).await;
    let rp = Rp::register(&provider, json!({})).await;
    let browser = Browser::new();
    assert_eq!(browser.get(&provider.url("/")).await.location(), "/sign-in");
    let page = browser.get(&provider.url("/sign-in")).await;
    assert_eq!(browser.sign_in(&page).await.location(), "/");
    let page = browser.get(&provider.url("/")).await;
    assert!(page.body.contains("Alice Liddell"));
    let answer = browser.submit(&page, &[("confirm", "yes")]).await;
    assert_eq!(answer.status, 200);
    assert!(!is_signed_in(&browser, &rp).await);
}
