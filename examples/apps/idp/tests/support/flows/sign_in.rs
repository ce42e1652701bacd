//! The authorization endpoint and the sign-in form.

use std::time::Duration;

use serde_json::json;

use super::set_user;
use crate::provider::Provider;
use crate::support::browser::{Answer, Browser};
use crate::support::rp::{CALLBACK, Rp, SIGNED_OUT, text};

#[tokio::test]
async fn a_user_signs_in_and_the_client_learns_who_it_is_by_each_algorithm() {
    let provider = Provider::start(&[]).await;
    for algorithm in ["RS256", "PS256", "ES256", "EdDSA", "HS256"] {
        let rp = Rp::register(&provider, json!({ "id_token_signed_response_alg": algorithm })).await;
        let browser = Browser::new();
        let page = browser.get(&rp.authorize(&[("nonce", "n-0S6")])).await;
        let answer = browser.sign_in(&page).await;
        let (uri, parameters) = answer.redirect();
        assert_eq!(uri, CALLBACK);
        assert_eq!(parameters["state"], "af0ifjsldkj");
        assert_eq!(parameters["iss"], provider.server.url());
        assert_eq!(parameters.len(), 3);

        let answer = rp.redeem_with(&parameters["code"], &[]).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert_eq!(answer.header("cache-control"), "no-store");
        let tokens = answer.json();
        assert_eq!((text(&tokens, "token_type"), &tokens["expires_in"]), ("Bearer", &json!(3600)));
        let claims = rp.claims(text(&tokens, "id_token")).await;
        assert_eq!(jsonwebtoken::decode_header(text(&tokens, "id_token")).unwrap().alg, algorithm.parse().unwrap());
        assert_eq!((text(&claims, "nonce"), text(&claims, "aud")), ("n-0S6", rp.id.as_str()));
        assert!(claims["auth_time"].is_i64() && claims["sid"].is_string() && claims["at_hash"].is_string(), "{claims}");

        let userinfo = rp.userinfo(text(&tokens, "access_token")).await;
        assert_eq!(userinfo.status, 200);
        let (sub, name) = (text(&claims, "sub"), "Alice Liddell");
        let expected = json!({ "sub": sub, "name": name, "preferred_username": "alice", "email": "alice@example.com" });
        assert_eq!(userinfo.json(), expected);
    }
}

#[tokio::test]
async fn the_scope_decides_what_userinfo_tells() {
    let provider = Provider::start(&[]).await;
    let rp = Rp::register(&provider, json!({})).await;
    let browser = Browser::new();
    let page = browser.get(&rp.authorize(&[("scope", "openid unknown")])).await;
    let code = browser.sign_in(&page).await.redirected("code").unwrap();
    let tokens = rp.redeem(&code).await;
    assert_eq!(text(&tokens, "scope"), "openid");
    let userinfo = rp.userinfo(text(&tokens, "access_token")).await.json();
    assert_eq!(userinfo.as_object().unwrap().keys().collect::<Vec<_>>(), ["sub"]);
}

#[tokio::test]
async fn the_state_comes_back_unchanged() {
    let provider = Provider::start(&[]).await;
    let rp = Rp::register(&provider, json!({})).await;
    let browser = Browser::new();
    let long = format!("{}-._~", "x".repeat(124));
    for state in [&*long, r#""<>\^{|}#%&='?+ ;:/@"#, "ü€"] {
        let refused = browser.get(&rp.authorize(&[("state", state), ("prompt", "none")])).await;
        assert_eq!(refused.redirected("state").as_deref(), Some(state));
        let other = Browser::new();
        let answer = other.sign_in(&other.get(&rp.authorize(&[("state", state)])).await).await;
        assert_eq!(answer.redirected("state").as_deref(), Some(state));
    }
    let answer = browser.sign_in(&browser.get(&rp.authorize(&[("state", "")])).await).await;
    assert_eq!(answer.redirected("state"), None);
}

#[tokio::test]
async fn prompt_none_and_login_and_max_age_decide_whether_the_session_will_do() {
    let provider = Provider::start(&[]).await;
    let rp = Rp::register(&provider, json!({})).await;
    let browser = Browser::new();
    let ask = async |parameters: &[(&str, &str)]| browser.get(&rp.authorize(parameters)).await;

    let refused = ask(&[("prompt", "none")]).await;
    let (uri, parameters) = refused.redirect();
    assert_eq!((uri, &*parameters["error"], &*parameters["state"]), (CALLBACK, "login_required", "af0ifjsldkj"));
    assert!(!parameters.contains_key("code"));

    let tokens = rp.tokens(&browser).await;
    assert!(ask(&[]).await.redirected("code").is_some());
    assert!(ask(&[("prompt", "none")]).await.redirected("code").is_some());
    assert!(ask(&[("max_age", "100")]).await.redirected("code").is_some());
    for prompt in ["login", "consent", "select_account"] {
        assert_eq!(ask(&[("prompt", prompt)]).await.form().action, "/sign-in");
    }
    assert_eq!(ask(&[("max_age", "0")]).await.form().action, "/sign-in");
    let refused = ask(&[("max_age", "0"), ("prompt", "none")]).await;
    assert_eq!(refused.redirected("error").as_deref(), Some("login_required"));
    tokio::time::sleep(Duration::from_millis(2100)).await;
    assert_eq!(ask(&[("max_age", "1")]).await.form().action, "/sign-in");

    let hint = text(&tokens, "id_token");
    assert!(ask(&[("prompt", "none"), ("id_token_hint", hint)]).await.redirected("code").is_some());
    let refused = ask(&[("prompt", "none"), ("id_token_hint", &hint[..hint.len() - 4])]).await;
    assert_eq!(refused.redirected("error").as_deref(), Some("login_required"));
}

#[tokio::test]
async fn the_same_user_who_signs_in_again_goes_on_with_the_session() {
    let provider = Provider::start(&[]).await;
    let (rp, other) = (Rp::register(&provider, json!({})).await, Rp::register(&provider, json!({})).await);
    let browser = Browser::new();
    let of_other = other.tokens(&browser).await;
    let first = rp.tokens(&browser).await;
    let code = browser.get(&rp.authorize(&[])).await.redirected("code").unwrap();
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let second = rp.tokens(&browser).await;
    let (one, again) = (rp.claims(text(&first, "id_token")).await, rp.claims(text(&second, "id_token")).await);
    assert!(one["auth_time"].as_i64() < again["auth_time"].as_i64());
    assert_eq!((&one["sid"], &one["sub"]), (&again["sid"], &again["sub"]));
    // The session's tokens and codes stay valid for all clients.
    for tokens in [&first, &second, &of_other, &rp.redeem(&code).await] {
        assert_eq!(rp.userinfo(text(tokens, "access_token")).await.status, 200);
    }
    assert!(browser.get(&other.authorize(&[("prompt", "none")])).await.redirected("code").is_some());
    let signed_out = browser.get(&other.end_session(&[("id_token_hint", text(&of_other, "id_token"))])).await;
    assert!(signed_out.cookie_line("session").unwrap().contains("Max-Age=0"));
    assert_eq!(rp.userinfo(text(&second, "access_token")).await.status, 401);
}

#[tokio::test]
async fn another_user_who_signs_in_ends_the_session_of_before() {
    let provider = Provider::start(&[]).await;
    set_user(&provider, &["bob"], "builder");
    let rp = Rp::register(&provider, json!({})).await;
    let browser = Browser::new();
    let former = rp.tokens(&browser).await;
    let page = browser.get(&rp.authorize(&[("prompt", "login")])).await;
    let answer = browser.submit(&page, &[("username", "bob"), ("password", "builder")]).await;
    let tokens = rp.redeem(&answer.redirected("code").unwrap()).await;
    assert_eq!(rp.userinfo(text(&former, "access_token")).await.status, 401);
    assert_eq!(text(&rp.userinfo(text(&tokens, "access_token")).await.json(), "preferred_username"), "bob");
    let (one, other) = (rp.claims(text(&former, "id_token")).await, rp.claims(text(&tokens, "id_token")).await);
    assert_ne!(one["sid"], other["sid"]);
}

#[tokio::test]
async fn each_of_several_forms_in_a_browser_signs_in() {
    let provider = Provider::start(&[]).await;
    let rp = Rp::register(&provider, json!({})).await;
    let browser = Browser::new();
    let (one, other) = (browser.get(&rp.authorize(&[])).await, browser.get(&rp.authorize(&[])).await);
    for page in [one, other] {
        assert!(browser.sign_in(&page).await.redirected("code").is_some());
    }
}

#[tokio::test]
async fn a_client_that_registered_itself_gets_no_code_before_the_user_has_seen_its_name_and_where_it_leads() {
    let provider = Provider::start(&[]).await;
    let rp = Rp::register(&provider, json!({})).await;
    let other = Rp::register(&provider, json!({ "client_name": "Bookshop" })).await;
    let browser = Browser::new();
    rp.tokens(&browser).await;
    let refused = browser.get(&other.authorize(&[("prompt", "none")])).await;
    assert_eq!(refused.redirected("error").as_deref(), Some("interaction_required"));
    let page = browser.get(&other.authorize(&[])).await;
    assert!(page.body.contains("Bookshop") && page.body.contains("https://rp.example"), "{}", page.body);
    assert!(browser.sign_in(&page).await.redirected("code").is_some());
    for prompt in ["", "none"] {
        assert!(browser.get(&other.authorize(&[("prompt", prompt)])).await.redirected("code").is_some());
    }
    // The operator's clients need no such page.
    let uri = ("redirect_uri", "http://127.0.0.1:8765/callback");
    let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    let challenge = [("code_challenge", challenge), ("code_challenge_method", "S256")];
    let parameters: Vec<_> = challenge.into_iter().chain([("client_id", "demo-native"), uri]).collect();
    assert!(browser.get(&rp.authorize(&parameters)).await.redirected("code").is_some());
}

#[tokio::test]
async fn what_is_wrong_with_client_or_redirect_uri_is_shown_and_never_redirected() {
    let provider = Provider::start(&[]).await;
    let rp = Rp::register(&provider, json!({})).await;
    let browser = Browser::new();
    for (parameters, code) in [
        (vec![("client_id", "")], "client_missing"),
        (vec![("client_id", "nobody")], "client_unknown"),
        (vec![("redirect_uri", "")], "redirect_uri_missing"),
        (vec![("redirect_uri", "https://rp.example/callback/")], "redirect_uri_not_registered"),
        (vec![("redirect_uri", "https://rp.example/callback?a=b")], "redirect_uri_not_registered"),
        (vec![("redirect_uri", "https://RP.example/callback")], "redirect_uri_not_registered"),
        (vec![("redirect_uri", SIGNED_OUT)], "redirect_uri_not_registered"),
        (vec![("redirect_uri", CALLBACK), ("redirect_uri", CALLBACK)], "duplicate_parameter"),
        (vec![("client_id", &rp.id), ("client_id", &rp.id)], "duplicate_parameter"),
        (vec![("nonce", "\0")], "malformed_request"),
        (vec![("client_id", "\0")], "malformed_request"),
    ] {
        for prompt in ["none", "login"] {
            let parameters: Vec<_> = parameters.iter().copied().chain([("prompt", prompt)]).collect();
            let answer = browser.get(&rp.authorize(&parameters)).await;
            assert_eq!(answer.status, 400, "{parameters:?}");
            assert!(answer.body.contains(code), "{parameters:?}: {}", answer.body);
        }
    }
}

#[tokio::test]
async fn what_else_is_wrong_is_told_to_the_client() {
    let provider = Provider::start(&[]).await;
    let rp = Rp::register(&provider, json!({})).await;
    let public = Rp::register(&provider, json!({ "token_endpoint_auth_method": "none" })).await;
    let browser = Browser::new();
    let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    for (rp, parameters, error) in [
        (&rp, vec![("response_type", "")], "invalid_request"),
        (&rp, vec![("response_type", "token")], "unsupported_response_type"),
        (&rp, vec![("response_type", "code id_token")], "unsupported_response_type"),
        (&rp, vec![("response_mode", "fragment")], "invalid_request"),
        (&rp, vec![("scope", "")], "invalid_scope"),
        (&rp, vec![("scope", "profile openidx")], "invalid_scope"),
        (&rp, vec![("prompt", "none login")], "invalid_request"),
        (&rp, vec![("max_age", "-1")], "invalid_request"),
        (&rp, vec![("max_age", "soon")], "invalid_request"),
        (&rp, vec![("nonce", "a"), ("nonce", "a")], "invalid_request"),
        (&rp, vec![("request", "e30.e30.")], "request_not_supported"),
        (&rp, vec![("request_uri", "https://rp.example/request")], "request_uri_not_supported"),
        (&rp, vec![("code_challenge", challenge)], "invalid_request"),
        (&rp, vec![("code_challenge", challenge), ("code_challenge_method", "plain")], "invalid_request"),
        (&rp, vec![("code_challenge", &challenge[1..]), ("code_challenge_method", "S256")], "invalid_request"),
        (&rp, vec![("code_challenge_method", "S256")], "invalid_request"),
        (&public, vec![], "invalid_request"),
    ] {
        let answer = browser.get(&rp.authorize(&parameters)).await;
        let (uri, answered) = answer.redirect();
        assert_eq!((uri, &*answered["error"], &*answered["state"]), (CALLBACK, error, "af0ifjsldkj"), "{parameters:?}");
        assert_eq!(answered["iss"], provider.server.url());
    }
    // With two states, none is sent back.
    let answer = browser.get(&rp.authorize(&[("state", "a"), ("state", "a")])).await;
    assert_eq!(answer.redirected("error").as_deref(), Some("invalid_request"));
    assert_eq!(answer.redirected("state"), None);
    let url = public.authorize(&[("code_challenge", challenge), ("code_challenge_method", "S256")]);
    assert_eq!(browser.get(&url).await.form().action, "/sign-in");
}

#[tokio::test]
async fn a_posted_request_goes_on_as_a_get_which_the_cookie_comes_along_with() {
    let provider = Provider::start(&[]).await;
    let rp = Rp::register(&provider, json!({})).await;
    let browser = Browser::new();
    rp.tokens(&browser).await;
    let url = rp.authorize(&[("state", "a b&c")]);
    let (endpoint, query) = url.split_once('?').unwrap();
    let fields: Vec<(String, String)> = serde_urlencoded::from_str(query).unwrap();
    let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let answer = Browser::without_cookies().post(endpoint, &fields).await;
    let answer = browser.get(&provider.url(answer.location())).await;
    assert_eq!(answer.redirected("state").as_deref(), Some("a b&c"));
    assert!(answer.redirected("code").is_some());
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_name_are_one_answer() {
    let provider = Provider::start(&[]).await;
    let rp = Rp::register(&provider, json!({})).await;
    let browser = Browser::new();
    let page = browser.get(&rp.authorize(&[])).await;
    let try_with = async |username: &str, password: &str| {
        browser.submit(&page, &[("username", username), ("password", password)]).await
    };
    let wrong = try_with("alice", "Wonderland").await;
    let unknown = try_with("mallory", "wonderland").await;
    assert_eq!((wrong.status.as_u16(), unknown.status.as_u16()), (403, 403));
    assert_eq!(wrong.body.replace("alice", "mallory"), unknown.body);
    assert_eq!(try_with("alice", "").await.status, 422);
    assert_eq!(try_with("", "wonderland").await.status, 422);
    for answer in [&wrong, &unknown] {
        assert!(answer.cookie("session").is_none());
    }
    // The error page still carries the request.
    assert!(
        browser.submit(&wrong, &[("username", "alice"), ("password", "wonderland")]).await.redirected("code").is_some()
    );
}

#[tokio::test]
async fn a_form_of_another_site_or_another_browser_signs_nobody_in() {
    let provider = Provider::start(&[]).await;
    let rp = Rp::register(&provider, json!({})).await;
    let page = Browser::new().get(&rp.authorize(&[])).await;
    let credentials = [("username", "alice"), ("password", "wonderland")];
    let other_site = Browser::without_cookies().submit(&page, &credentials).await;
    let other_browser = Browser::new();
    other_browser.get(&rp.authorize(&[])).await;
    let other_browser = other_browser.submit(&page, &credentials).await;
    let no_token = Browser::new().post(&provider.url("/sign-in"), &credentials).await;
    for answer in [other_site, other_browser, no_token] {
        assert_eq!(answer.status, 403);
        assert!(answer.cookie("session").is_none());
    }
}

/// Any page of the provider's host can set a cookie like these, and browsers send it along.
#[tokio::test]
async fn a_session_is_found_beside_a_cookie_of_other_bytes() {
    let provider = Provider::start(&[]).await;
    let browser = Browser::new();
    let answer = browser.sign_in(&browser.get(&provider.url("/sign-in")).await).await;
    let session = answer.cookie("session").unwrap().as_bytes();
    for other in [b"lang=espa\xf1ol".as_slice(), "lang=español".as_bytes(), b"\xff"] {
        for cookies in [[other, b"; session=", session].concat(), [b"session=", session, b"; ", other].concat()] {
            let cookies = reqwest::header::HeaderValue::from_bytes(&cookies).unwrap();
            let request = |http: &reqwest::Client| http.get(provider.url("/end_session")).header("cookie", cookies);
            let asked = Browser::without_cookies().send(request).await;
            assert_eq!(asked.status, 200);
            assert!(asked.body.contains("Do you want to sign out"), "{}", asked.body);
        }
    }
}

#[tokio::test]
async fn each_sign_in_has_a_new_session_id_and_the_former_is_dead() {
    let provider = Provider::start(&[]).await;
    let browser = Browser::new();
    let sign_in = async || {
        let answer = browser.sign_in(&browser.get(&provider.url("/sign-in")).await).await;
        answer.cookie("session").unwrap().to_owned()
    };
    let is_signed_in = async |id: &str| {
        let answer = Browser::without_cookies();
        let answer = answer.send(|http| http.get(provider.url("/")).header("cookie", format!("session={id}"))).await;
        answer.status == 200
    };
    let first = sign_in().await;
    assert!(is_signed_in(&first).await);
    let second = sign_in().await;
    assert_ne!(first, second);
    assert!(!is_signed_in(&first).await);
    assert!(is_signed_in(&second).await);
    // The provider does not adopt an id that somebody else has chosen.
    let page = Browser::without_cookies().get(&provider.url("/sign-in")).await;
    let token = page.cookie("sign-in").unwrap().to_owned();
    let cookies = format!("session=chosen; sign-in={token}");
    let fields = page.form().filled_in(&[("username", "alice"), ("password", "wonderland")]);
    let request = |http: &reqwest::Client| http.post(provider.url("/sign-in")).header("cookie", cookies).form(&fields);
    let answer = Browser::without_cookies().send(request).await;
    assert_eq!(answer.location(), "/");
    assert!(!is_signed_in("chosen").await);
}

#[tokio::test]
async fn a_session_ends_at_its_age() {
    let provider = Provider::start(&["--session-seconds", "2"]).await;
    let rp = Rp::register(&provider, json!({})).await;
    let browser = Browser::new();
    let tokens = rp.tokens(&browser).await;
    assert_eq!(rp.userinfo(text(&tokens, "access_token")).await.status, 200);
    let code = browser.get(&rp.authorize(&[])).await.redirected("code").unwrap();
    tokio::time::sleep(Duration::from_millis(3100)).await;
    assert_eq!(browser.get(&rp.authorize(&[])).await.form().action, "/sign-in");
    assert_eq!(rp.userinfo(text(&tokens, "access_token")).await.status, 401);
    assert_eq!(text(&rp.redeem_with(&code, &[]).await.json(), "error"), "invalid_grant");
}

async fn try_to_sign_in(provider: &Provider, username: &str, password: &str, address: &str) -> Answer {
    let browser = Browser::new();
    let page = browser.get(&provider.url("/sign-in")).await;
    let fields = page.form().filled_in(&[("username", username), ("password", password)]);
    let url = provider.url("/sign-in");
    browser.send(|http| http.post(url).header("x-forwarded-for", address).form(&fields)).await
}

#[tokio::test]
async fn sign_ins_are_limited_by_account_and_address_for_a_window() {
    let options = ["--sign-in-attempts", "2", "--sign-in-window-seconds", "3"];
    let provider = Provider::start(&options).await;
    let attempt = async |password| try_to_sign_in(&provider, "alice", password, "192.0.2.1").await;
    // A success resets the count.
    for _ in 0..2 {
        assert_eq!(attempt("wrong").await.status, 403);
        assert_eq!(attempt("wonderland").await.status, 303);
    }
    assert_eq!(attempt("wrong").await.status, 403);
    assert_eq!(attempt("wrong").await.status, 403);
    let refused = attempt("wonderland").await;
    assert_eq!(refused.status, 429);
    let wait: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=3).contains(&wait), "{wait}");
    assert_eq!(try_to_sign_in(&provider, "bob", "wrong", "192.0.2.1").await.status, 403);
    // Further attempts do not extend the window.
    for _ in 0..3 {
        attempt("wrong").await;
    }
    tokio::time::sleep(Duration::from_secs(wait + 1)).await;
    assert_eq!(attempt("wonderland").await.status, 303);
}

#[tokio::test]
async fn nobody_locks_an_account_from_elsewhere_with_few_attempts() {
    let options = ["--sign-in-attempts", "1", "--sign-in-attempts-per-account", "3"];
    let provider = Provider::start(&[&options[..], &["--client-address-header", "X-Forwarded-For"]].concat()).await;
    let attempt = async |password, address| try_to_sign_in(&provider, "alice", password, address).await.status;
    assert_eq!(attempt("wrong", "192.0.2.1").await, 403);
    assert_eq!(attempt("wrong", "192.0.2.1").await, 429);
    assert_eq!(attempt("wonderland", "198.51.100.7").await, 303);
    assert_eq!(attempt("wrong", "198.51.100.7").await, 403);
    assert_eq!(attempt("wrong", "203.0.113.1").await, 403);
    assert_eq!(attempt("wonderland", "100.64.0.1").await, 429);
}

#[tokio::test]
async fn ten_addresses_of_one_network_do_not_lock_an_account() {
    let provider = Provider::start(&["--client-address-header", "X-Forwarded-For"]).await;
    let attempt =
        async |password, address: &str| try_to_sign_in(&provider, "alice", password, address).await.status.as_u16();
    for networks in [["192.0.2.", "198.51.100.7"], ["2001:db8:1:2::", "2001:db8:1:3::1"]] {
        let [network, elsewhere] = networks;
        let mut failed = 0;
        for host in 1..=10 {
            for _ in 0..10 {
                failed += u32::from(attempt("wrong", &format!("{network}{host}")).await == 403);
            }
        }
        // They count as one source, so they have as many attempts together as one of them has
        // alone.
        assert_eq!(failed, 10, "{network}");
        assert_eq!(attempt("wonderland", &format!("{network}99")).await, 429);
        assert_eq!(attempt("wonderland", elsewhere).await, 303);
    }
}

#[tokio::test]
async fn behind_a_proxy_that_tells_no_addresses_they_are_not_counted() {
    let options = ["--base-url", "https://op.example", "--demo", "--registrations-per-address", "1"];
    let limits =
        ["--sign-in-attempts", "1", "--sign-in-attempts-per-address", "1", "--sign-in-attempts-per-account", "2"];
    let provider = Provider::start(&[&options[..], &limits[..4]].concat()).await;
    let limited = Provider::start(&[&options[..], &limits].concat()).await;
    let attempt = async |provider: &Provider, username: &str| {
        let page = Browser::without_cookies().get(&provider.url("/sign-in")).await;
        let cookie = page.cookie("__Host-sign-in").unwrap().to_owned();
        let fields = page.form().filled_in(&[("username", username), ("password", "wrong")]);
        let url = provider.url("/sign-in");
        let request =
            |http: &reqwest::Client| http.post(url).header("cookie", format!("__Host-sign-in={cookie}")).form(&fields);
        Browser::without_cookies().send(request).await.status.as_u16()
    };
    for username in ["alice", "bob", "carol", "alice", "alice"] {
        assert_eq!(attempt(&provider, username).await, 403, "{username}");
    }
    for (username, status) in [("alice", 403), ("alice", 403), ("alice", 429), ("bob", 403)] {
        assert_eq!(attempt(&limited, username).await, status, "{username}");
    }
    for _ in 0..2 {
        Rp::register(&provider, json!({})).await;
    }
}

#[tokio::test]
async fn sign_ins_are_limited_by_client_address_that_the_proxy_tells() {
    let options = ["--sign-in-attempts-per-address", "2", "--client-address-header", "X-Forwarded-For"];
    let provider = Provider::start(&options).await;
    let attempt = async |username, address| try_to_sign_in(&provider, username, "wonderland", address).await.status;
    assert_eq!(attempt("bob", "192.0.2.1").await, 403);
    // A success neither counts nor resets the count.
    assert_eq!(attempt("alice", "192.0.2.1").await, 303);
    assert_eq!(attempt("carol", "192.0.2.1").await, 403);
    assert_eq!(attempt("alice", "192.0.2.1").await, 429);
    assert_eq!(attempt("alice", "198.51.100.7, 192.0.2.1").await, 429);
    assert_eq!(attempt("alice", "192.0.2.1, 198.51.100.7").await, 303);
}
