//! The operator's concerns: keys, several instances, limits, headers, the demo.

use idp::config::{Command, Config};
use idp::run_command;
use serde_json::json;

use super::set_user;
use crate::provider::{Provider, new_database, start};
use crate::support::browser::Browser;
use crate::support::rp::{Rp, SIGNED_OUT, text};

async fn rotate(provider: &Provider, revoke: bool) {
    let config = Config::from_args(["--database", &provider.database]).unwrap();
    run_command(Command::RotateKeys { revoke }, &config).await.unwrap();
}

fn kid(tokens: &serde_json::Value) -> String {
    jsonwebtoken::decode_header(text(tokens, "id_token")).unwrap().kid.unwrap()
}

#[tokio::test]
async fn a_running_server_signs_with_rotated_keys_and_accepts_hints_of_former_ones() {
    let provider = Provider::start(&[]).await;
    let rp = Rp::register(&provider, json!({})).await;
    let browser = Browser::new();
    let mut former = Vec::new();
    for published in [3, 6, 6] {
        let tokens = rp.tokens(&browser).await;
        assert!(!former.contains(&kid(&tokens)));
        rp.claims(text(&tokens, "id_token")).await;
        assert_eq!(rp.jwks().await["keys"].as_array().unwrap().len(), published);
        rotate(&provider, false).await;
        // The token's key is now the previous one, which is still published.
        rp.claims(text(&tokens, "id_token")).await;
        former.push(kid(&tokens));
    }
    let tokens = rp.tokens(&browser).await;
    rotate(&provider, false).await;
    rotate(&provider, false).await;
    // The private keys of former generations are gone.
    sqlx::any::install_default_drivers();
    let pool = sqlx::AnyPool::connect(&provider.database).await.unwrap();
    let select =
        "SELECT generation, COUNT(private_key), COUNT(jwk) FROM signing_keys GROUP BY generation ORDER BY generation";
    let counts: Vec<(i64, i64, i64)> = sqlx::query_as(select).fetch_all(&pool).await.unwrap();
    assert_eq!(counts, [(1, 0, 3), (2, 0, 3), (3, 0, 3), (4, 0, 3), (5, 0, 3), (6, 3, 3)]);
    pool.close().await;
    let hint = ("id_token_hint", text(&tokens, "id_token"));
    let answer = browser.get(&rp.end_session(&[hint, ("post_logout_redirect_uri", SIGNED_OUT)])).await;
    assert_eq!(answer.location(), SIGNED_OUT);
    rotate(&provider, true).await;
    assert_eq!(rp.jwks().await["keys"].as_array().unwrap().len(), 3);
    let answer = browser.get(&rp.end_session(&[hint, ("post_logout_redirect_uri", SIGNED_OUT)])).await;
    assert_eq!(answer.status, 400);
    rp.tokens(&browser).await;
}

#[tokio::test]
async fn two_instances_share_everything() {
    let provider = Provider::start(&["--base-url", "http://127.0.0.1:9", "--no-demo", "--registration", "open"]).await;
    // Only the second instance makes the demo user.
    let options = ["--base-url", "http://127.0.0.1:9", "--registration", "open", "--demo"];
    let second = start(&provider.database, &options).await;
    let rp = Rp::register(&provider, json!({})).await;
    let moved = |url: String| url.replace(&provider.url(""), &format!("http://{}", second.address()));
    let browser = Browser::new();
    let page = browser.get(&rp.authorize(&[])).await;
    // Cookies ignore ports, so the browser sends them to both instances.
    let fields = page.form().filled_in(&[("username", "alice"), ("password", "wonderland")]);
    let answer = browser.send(|http| http.post(moved(provider.url("/sign-in"))).form(&fields)).await;
    let tokens = rp.redeem(&answer.redirected("code").unwrap()).await;
    assert!(browser.get(&rp.authorize(&[])).await.redirected("code").is_some());
    let url = rp.end_session(&[("client_id", &rp.id), ("post_logout_redirect_uri", SIGNED_OUT)]);
    let page = browser.get(&url).await;
    let fields = page.form().filled_in(&[("confirm", "yes")]);
    let answer = browser.send(|http| http.post(moved(provider.url("/end_session"))).form(&fields)).await;
    assert_eq!(answer.location(), SIGNED_OUT);
    let refused = browser.get(&rp.authorize(&[("prompt", "none")])).await;
    assert_eq!(refused.redirected("error").as_deref(), Some("login_required"));
    assert_eq!(rp.userinfo(text(&tokens, "access_token")).await.status, 401);
    second.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn several_first_starts_at_once_agree() {
    let directory = tempfile::tempdir().unwrap();
    let database = new_database(&directory).await;
    let starts: Vec<_> = (0..4)
        .map(|_| {
            let database = database.clone();
            tokio::spawn(async move { start(&database, &["--base-url", "http://127.0.0.1:9"]).await })
        })
        .collect();
    let mut all = Vec::new();
    for start in starts {
        let server = start.await.unwrap();
        let jwks = Browser::new().get(&format!("http://{}/jwks", server.address())).await.json();
        assert_eq!(jwks["keys"].as_array().unwrap().len(), 3);
        all.push(jwks);
        server.shutdown().await.unwrap();
    }
    assert!(all.windows(2).all(|pair| pair[0] == pair[1]));
}

#[tokio::test]
async fn a_restart_changes_nothing() {
    let provider = Provider::start(&["--base-url", "http://127.0.0.1:9"]).await;
    let rp = Rp::register(&provider, json!({})).await;
    let browser = Browser::new();
    let tokens = rp.tokens(&browser).await;
    let jwks = rp.jwks().await;
    let Provider { server, database, .. } = &provider;
    let old = server.address();
    let second = start(database, &["--base-url", "http://127.0.0.1:9"]).await;
    let moved = |url: String| url.replace(&format!("http://{old}"), &format!("http://{}", second.address()));
    assert_eq!(browser.get(&moved(provider.url("/jwks"))).await.json(), jwks);
    let answer = browser.get(&moved(rp.end_session(&[("id_token_hint", text(&tokens, "id_token"))]))).await;
    assert_eq!(answer.status, 200);
    assert!(browser.get(&moved(provider.url("/"))).await.location().ends_with("/sign-in"));
    second.shutdown().await.unwrap();
}

#[tokio::test]
async fn the_demo_ends_where_a_start_has_none() {
    let provider = Provider::start(&["--base-url", "http://127.0.0.1:9"]).await;
    let options = ["--base-url", "http://127.0.0.1:9", "--no-demo", "--registration", "open"];
    let rp = Rp::register(&provider, json!({})).await;
    let browser = Browser::new();
    let tokens = rp.tokens(&browser).await;
    start(&provider.database, &options).await.shutdown().await.unwrap();
    assert_eq!(rp.userinfo(text(&tokens, "access_token")).await.status, 401);
    let page = browser.get(&rp.authorize(&[])).await;
    assert_eq!(browser.sign_in(&page).await.status, 403);
    for client in ["demo-rp", "demo-native"] {
        assert!(browser.get(&rp.authorize(&[("client_id", client)])).await.body.contains("client_unknown"), "{client}");
    }
    // A user of that name stays if the operator has made it,
    set_user(&provider, &["alice"], "wonderland");
    start(&provider.database, &options).await.shutdown().await.unwrap();
    assert_eq!(browser.sign_in(&browser.get(&rp.authorize(&[])).await).await.status, 303);
    // or has set its password.
    let provider = Provider::start(&["--base-url", "http://127.0.0.1:9"]).await;
    set_user(&provider, &["alice"], "wonderland");
    start(&provider.database, &options).await.shutdown().await.unwrap();
    let browser = Browser::new();
    assert_eq!(browser.sign_in(&browser.get(&provider.url("/sign-in")).await).await.status, 303);
}

#[tokio::test]
async fn setting_a_user_keeps_what_is_not_given_and_ends_the_sessions() {
    let provider = Provider::start(&[]).await;
    let rp = Rp::register(&provider, json!({})).await;
    let browser = Browser::new();
    let userinfo = async || {
        let tokens = rp.tokens(&browser).await;
        let userinfo = rp.userinfo(text(&tokens, "access_token")).await;
        (tokens, userinfo.json())
    };
    let (tokens, before) = userinfo().await;
    set_user(&provider, &["alice"], "wonderland");
    assert_eq!(rp.userinfo(text(&tokens, "access_token")).await.status, 401);
    assert_eq!(browser.get(&provider.url("/")).await.location(), "/sign-in");
    assert_eq!(userinfo().await.1, before);
    set_user(&provider, &["alice", "--name", "Alice", "--email", ""], "wonderland");
    let (_, after) = userinfo().await;
    assert_eq!((text(&after, "sub"), text(&after, "name")), (text(&before, "sub"), "Alice"));
    assert_eq!(after.get("email"), None);
    set_user(&provider, &["alice", "--email", "a@example.com"], "wonderland");
    let (_, after) = userinfo().await;
    assert_eq!((text(&after, "name"), text(&after, "email")), ("Alice", "a@example.com"));
    set_user(&provider, &["bob"], "wonderland");
    let page = browser.get(&rp.authorize(&[("prompt", "login")])).await;
    let answer = browser.submit(&page, &[("username", "bob"), ("password", "wonderland")]).await;
    let tokens = rp.redeem(&answer.redirected("code").unwrap()).await;
    let userinfo = rp.userinfo(text(&tokens, "access_token")).await.json();
    assert_eq!((text(&userinfo, "name"), userinfo.get("email")), ("bob", None));
}

#[tokio::test]
async fn every_answer_has_the_headers_that_keep_it_safe() {
    let provider = Provider::start(&[]).await;
    let rp = Rp::register(&provider, json!({})).await;
    let browser = Browser::new();
    let tokens = rp.tokens(&browser).await;
    let hint = text(&tokens, "id_token");
    let uri = ("redirect_uri", "com.example.demo:/callback");
    let challenge = [
        ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
        ("code_challenge_method", "S256"),
        ("prompt", "login"),
    ];
    let native: Vec<_> = [("client_id", "demo-native"), uri].into_iter().chain(challenge).collect();
    for (url, form_action) in [
        (rp.authorize(&[("prompt", "login")]), "form-action 'self' https:"),
        (rp.authorize(&native), "form-action 'self' com.example.demo:"),
        (rp.authorize(&[("client_id", "nobody")]), "form-action 'none'"),
        (provider.url("/sign-in"), "form-action 'self'"),
        (provider.url("/nowhere"), "form-action 'none'"),
        (provider.url("/"), "form-action 'self'"),
        (rp.end_session(&[("client_id", &rp.id)]), "form-action 'self'"),
        (rp.end_session(&[("state", "a"), ("state", "b")]), "form-action 'self'"),
        (rp.end_session(&[("id_token_hint", hint)]), ""),
        (provider.url("/jwks"), ""),
    ] {
        let answer = browser.get(&url).await;
        let policy = answer.header_lines("content-security-policy");
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{url}: {policy}");
        assert!(policy.contains("base-uri 'none'"), "{url}: {policy}");
        assert!(
            policy.split("; ").any(|directive| directive == form_action) || form_action.is_empty(),
            "{url}: {policy}"
        );
        let cache = if url.ends_with("/jwks") { "public, max-age=300" } else { "no-store" };
        assert_eq!(answer.header_lines("cache-control"), cache, "{url}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{url}");
        assert_eq!(answer.header("origin-agent-cluster"), "?1", "{url}");
        assert!(["no-referrer", "strict-origin"].contains(&&*answer.header_lines("referrer-policy")), "{url}");
    }
}

#[tokio::test]
async fn scripts_of_other_sites_can_call_what_a_public_client_needs() {
    let provider = Provider::start(&[]).await;
    let rp = Rp::register(&provider, json!({})).await;
    let tokens = rp.tokens(&Browser::new()).await;
    let browser = Browser::new();
    let origin = ("origin", "https://rp.example");
    let bearer = format!("Bearer {}", text(&tokens, "access_token"));
    for (path, methods) in [
        ("/.well-known/openid-configuration", &["GET"][..]),
        ("/jwks", &["GET"]),
        ("/token", &["POST"]),
        ("/userinfo", &["GET", "POST"]),
    ] {
        let url = provider.url(path);
        for method in methods {
            let preflight = browser
                .send(|http| {
                    http.request(reqwest::Method::OPTIONS, &url)
                        .header(origin.0, origin.1)
                        .header("access-control-request-method", *method)
                        .header("access-control-request-headers", "authorization,content-type")
                })
                .await;
            assert_eq!((preflight.status.as_u16(), &*preflight.body), (200, ""), "{path}");
            assert_eq!(preflight.header("access-control-allow-origin"), "*", "{path}");
            assert!(preflight.header("access-control-allow-methods").contains(method), "{path}");
            let headers = preflight.header("access-control-allow-headers").to_lowercase();
            assert!(headers.contains("authorization") && headers.contains("content-type"), "{path}: {headers}");
            let request = |http: &reqwest::Client| {
                let request = http.request(method.parse().unwrap(), &url).header(origin.0, origin.1);
                if path == "/userinfo" { request.header("authorization", &bearer) } else { request }
            };
            let answer = browser.send(request).await;
            assert_eq!(answer.status, if path == "/token" { 400 } else { 200 }, "{path}: {}", answer.body);
            assert_eq!(answer.header("access-control-allow-origin"), "*", "{path}");
            // No cookie counts there.
            assert!(answer.headers.get("access-control-allow-credentials").is_none(), "{path}");
        }
    }
    // An error can be read too, and a method that is not taken has its page.
    let refused = browser.send(|http| http.get(provider.url("/userinfo")).header(origin.0, origin.1)).await;
    assert_eq!((refused.status.as_u16(), refused.header("access-control-allow-origin")), (401, "*"));
    assert!(refused.header("access-control-expose-headers").contains("www-authenticate"));
    assert_eq!(browser.get(&provider.url("/token")).await.status, 405);
    // Pages with a session are not for other sites.
    for path in ["/", "/authorize", "/sign-in", "/end_session", "/register"] {
        let answer = browser.send(|http| http.get(provider.url(path)).header(origin.0, origin.1)).await;
        assert!(answer.headers.get("access-control-allow-origin").is_none(), "{path}");
    }
}

#[tokio::test]
async fn pages_speak_the_language_that_is_asked_for() {
    let provider = Provider::start(&[]).await;
    let rp = Rp::register(&provider, json!({})).await;
    let browser = Browser::new();
    assert_eq!(browser.get(&rp.authorize(&[])).await.header("content-language"), "en");
    assert_eq!(browser.get(&rp.authorize(&[("ui_locales", "fr es")])).await.header("content-language"), "es");
    for ui_locales in ["es", "es-US-u-mu-celsius"] {
        let page = browser.get(&rp.end_session(&[("ui_locales", ui_locales)])).await;
        assert_eq!(page.header("content-language"), "es", "{ui_locales}");
    }
    let nowhere = browser.send(|http| http.get(provider.url("/nowhere")).header("accept-language", "es-MX")).await;
    assert_eq!((nowhere.status.as_u16(), nowhere.header("content-language")), (404, "es"));
}

#[tokio::test]
async fn the_demo_client_signs_in_and_out() {
    let provider = Provider::start(&[]).await;
    let browser = Browser::new();
    let home = provider.server.demo_url().unwrap();
    let site = home.strip_suffix("/rp").unwrap();
    assert!(site.starts_with("http://localhost:"));
    assert!(browser.get(home).await.body.contains("/rp/sign-in"));
    let start = browser.get(&format!("{home}/sign-in")).await;
    let page = browser.get(start.location()).await;
    let answer = browser.sign_in(&page).await;
    let answer = browser.get(answer.location()).await;
    assert_eq!(answer.location(), "/rp");
    let page = browser.get(home).await;
    for claim in ["sub", "sid", "nonce", "auth_time", provider.server.url()] {
        assert!(page.body.contains(claim), "{claim}: {}", page.body);
    }
    // A refusal or a question does not end the session.
    for (parameter, status) in [("elsewhere", 400), ("client_id=demo-rp", 200)] {
        let document = scraper::Html::parse_document(&page.body);
        let links = scraper::Selector::parse("a[href*=end_session]").unwrap();
        let mut links = document.select(&links).map(|link| link.attr("href").unwrap().to_owned());
        let link = links.find(|link| link.contains(parameter)).unwrap();
        assert_eq!(browser.get(&link).await.status, status, "{link}");
    }
    // The form goes to the provider, which is another site.
    let again = Browser::of_another_site().submit(&page, &[]).await;
    assert_eq!(again.status, 200);
    let answer = browser.submit(&again, &[]).await;
    assert!(answer.location().starts_with(&format!("{home}/signed-out?state=")));
    let page = browser.get(answer.location()).await;
    assert_eq!(page.status, 200);
    assert!(browser.get(home).await.body.contains("/rp/sign-in"));
}
