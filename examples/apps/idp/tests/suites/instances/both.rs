//! A change at one instance takes effect at the other.

use serde_json::json;

use crate::provider::Provider;
use crate::support::browser::{Answer, Browser};
use crate::support::instance::{Instance, PATIENCE};
use crate::support::postgresql;
use crate::support::rp::{Rp, SIGNED_OUT, text};

/// The id of the session that an answer begins.
pub(crate) fn session(answer: &Answer) -> String {
    answer.cookie("session").unwrap().to_owned()
}

/// Whether the instance knows a session by its cookie.
pub(crate) async fn knows(origin: &str, session: &str) -> bool {
    let (browser, cookie) = (Browser::without_cookies(), format!("session={session}"));
    let answer = browser.send(|http| http.get(format!("{origin}/")).header("cookie", cookie)).await;
    match answer.status.as_u16() {
        200 => true,
        303 => false,
        _ => panic!("{} {}", answer.status, answer.body),
    }
}

/// The same client, speaking to another instance.
pub(crate) fn at(instance: &Provider, rp: &Rp) -> Rp {
    Rp { origin: instance.url(""), ..rp.clone() }
}

/// Both instances, in both orders.
fn both_ways(provider: &Provider) -> [[Provider; 2]; 2] {
    [[provider.instance(0), provider.instance(1)], [provider.instance(1), provider.instance(0)]]
}

/// Answers the form of one instance's page at another.
async fn submit_at(instance: &Provider, browser: &Browser, page: &Answer, more: &[(&str, &str)]) -> Answer {
    let form = page.form();
    let url = instance.url(&form.action);
    browser.send(|http| http.post(url).form(&form.filled_in(more))).await
}

const CREDENTIALS: [(&str, &str); 2] = [("username", "alice"), ("password", "wonderland")];

#[tokio::test]
async fn a_session_begins_at_one_and_ends_at_the_other() {
    let provider = Provider::start(&[]).await;
    for [one, other] in both_ways(&provider) {
        let rp = Rp::register(&one, json!({})).await;
        let browser = Browser::new();
        // One instance sends the form, the other receives it, and the code goes back to the first.
        let page = browser.get(&rp.authorize(&[])).await;
        let answer = submit_at(&other, &browser, &page, &CREDENTIALS).await;
        let session = session(&answer);
        let code = answer.redirected("code").unwrap();
        let tokens = rp.redeem(&code).await;
        let access_token = text(&tokens, "access_token");
        let unused = browser.get(&rp.authorize(&[])).await.redirected("code").unwrap();
        for instance in [&one, &other] {
            assert!(knows(&instance.url(""), &session).await);
            assert_eq!(at(instance, &rp).userinfo(access_token).await.status, 200);
        }

        let hint = ("id_token_hint", text(&tokens, "id_token"));
        let url = at(&other, &rp).end_session(&[hint, ("post_logout_redirect_uri", SIGNED_OUT)]);
        assert_eq!(browser.get(&url).await.location(), SIGNED_OUT);
        for instance in [&one, &other] {
            assert!(!knows(&instance.url(""), &session).await);
            assert_eq!(at(instance, &rp).userinfo(access_token).await.status, 401);
            let answer = at(instance, &rp).redeem_with(&unused, &[]).await;
            assert_eq!((answer.status.as_u16(), text(&answer.json(), "error")), (400, "invalid_grant"));
        }
    }
}

#[tokio::test]
async fn a_code_is_redeemed_at_one_of_them() {
    let provider = Provider::start(&[]).await;
    for [one, other] in both_ways(&provider) {
        let rp = Rp::register(&one, json!({})).await;
        let browser = Browser::new();
        let page = browser.get(&rp.authorize(&[])).await;
        let code = browser.sign_in(&page).await.redirected("code").unwrap();
        let tokens = at(&other, &rp).redeem(&code).await;
        assert_eq!(rp.userinfo(text(&tokens, "access_token")).await.status, 200);
        assert_eq!(rp.redeem_with(&code, &[]).await.status, 400);
        // The code has leaked, so the tokens it was redeemed for are revoked at both.
        for instance in [&one, &other] {
            assert_eq!(at(instance, &rp).userinfo(text(&tokens, "access_token")).await.status, 401);
        }
    }
}

#[tokio::test]
async fn a_question_of_one_is_answered_at_the_other() {
    let provider = Provider::start(&[]).await;
    for [one, other] in both_ways(&provider) {
        let rp = Rp::register(&one, json!({})).await;
        let browser = Browser::new();
        rp.tokens(&browser).await;
        let question = rp.end_session(&[("client_id", &rp.id), ("post_logout_redirect_uri", SIGNED_OUT)]);
        let page = browser.get(&question).await;
        let no = submit_at(&other, &browser, &page, &[("confirm", "no")]).await;
        assert_eq!(no.status, 200);
        assert_eq!(browser.get(&one.url("/")).await.status, 200);
        let yes = submit_at(&other, &browser, &page, &[("confirm", "yes")]).await;
        assert_eq!(yes.location(), SIGNED_OUT);
        assert_eq!(browser.get(&one.url("/")).await.location(), "/sign-in");
        // The answer belongs to the session that has ended, not to a later one.
        rp.tokens(&browser).await;
        let again = submit_at(&other, &browser, &page, &[("confirm", "yes")]).await;
        assert_eq!(again.form().action, "/end_session");
        assert_eq!(browser.get(&one.url("/")).await.status, 200);
    }
}

#[tokio::test]
async fn a_client_that_registers_at_one_deletes_itself_at_the_other() {
    let provider = Provider::start(&[]).await;
    for [one, other] in both_ways(&provider) {
        let rp = Rp::register(&one, json!({})).await;
        let browser = Browser::new();
        let tokens = at(&other, &rp).tokens(&browser).await;
        let unused = browser.get(&rp.authorize(&[])).await.redirected("code").unwrap();
        let token = text(&rp.registration, "registration_access_token");
        let path = format!("/register/{}", rp.id);
        let deleted = browser.send(|http| http.delete(other.url(&path)).bearer_auth(token)).await;
        assert_eq!(deleted.status, 204);
        for instance in [&one, &other] {
            let rp = at(instance, &rp);
            assert_eq!(browser.send(|http| http.get(instance.url(&path)).bearer_auth(token)).await.status, 401);
            assert_eq!(browser.get(&rp.authorize(&[])).await.status, 400);
            assert_eq!(rp.userinfo(text(&tokens, "access_token")).await.status, 401);
            assert_eq!(rp.redeem_with(&unused, &[]).await.status, 401);
        }
        // The user's session does not end with the client.
        assert_eq!(browser.get(&one.url("/")).await.status, 200);
    }
}

async fn try_to_sign_in(instance: &Provider, password: &str) -> u16 {
    let browser = Browser::new();
    let page = browser.get(&instance.url("/sign-in")).await;
    let answer = browser.submit(&page, &[("username", "alice"), ("password", password)]).await;
    answer.status.as_u16()
}

#[tokio::test]
async fn failed_sign_ins_are_counted_together() {
    let provider = Provider::start(&["--sign-in-attempts", "3"]).await;
    let [one, other] = [provider.instance(0), provider.instance(1)];
    assert_eq!(try_to_sign_in(&one, "wrong").await, 403);
    assert_eq!(try_to_sign_in(&other, "wrong").await, 403);
    // The success has reset the count at both.
    assert_eq!(try_to_sign_in(&one, "wonderland").await, 303);
    for instance in [&other, &one, &other] {
        assert_eq!(try_to_sign_in(instance, "wrong").await, 403);
    }
    for instance in [&one, &other] {
        assert_eq!(try_to_sign_in(instance, "wonderland").await, 429);
    }
}

#[tokio::test]
async fn requests_that_take_turns_make_a_flow_whichever_is_first() {
    let provider = Provider::start(&[]).await;
    let rp = Rp::register(&provider, json!({})).await;
    for _ in 0..2 {
        let before = provider.server.balancer().requests();
        let browser = Browser::new();
        let tokens = rp.tokens(&browser).await;
        rp.claims(text(&tokens, "id_token")).await;
        assert_eq!(rp.userinfo(text(&tokens, "access_token")).await.status, 200);
        let url = rp.end_session(&[("client_id", &rp.id), ("post_logout_redirect_uri", SIGNED_OUT)]);
        let answer = browser.submit(&browser.get(&url).await, &[("confirm", "yes")]).await;
        assert_eq!(answer.location(), SIGNED_OUT);
        assert_eq!(rp.userinfo(text(&tokens, "access_token")).await.status, 401);
        assert_eq!(provider.server.balancer().requests() - before, 8);
        provider.server.balancer().skip();
    }
}

#[tokio::test]
async fn when_an_instance_stops_or_is_killed_the_other_goes_on() {
    let database = postgresql::new_database().await;
    let provider = crate::provider::start(&database, &[]).await;
    let issuer = provider.url().to_owned();
    let start = async || Instance::start(&database, &["--base-url", &issuer]).await;
    let origin = |instance: &Instance| format!("http://{}", instance.address);
    let browser = Browser::new();
    let mut former = start().await;
    let page = browser.get(&format!("{}/sign-in", origin(&former))).await;
    browser.sign_in(&page).await;
    for round in 0..4 {
        let instance = start().await;
        if round % 2 == 0 {
            former.kill();
        } else {
            assert!(former.stop().await.success());
        }
        assert_eq!(browser.get(&format!("{}/", origin(&instance))).await.status, 200);
        former = instance;
    }
}

#[tokio::test]
async fn connections_that_the_database_cuts_are_made_anew() {
    let provider = Provider::start(&[]).await;
    let rp = Rp::register(&provider, json!({})).await;
    let browser = Browser::new();
    rp.tokens(&browser).await;
    let connection = sqlx::AnyPool::connect(&provider.database).await.unwrap();
    for _ in 0..3 {
        let cut = "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity \
            WHERE datname = current_database() AND pid <> pg_backend_pid()";
        let cut: i64 = sqlx::query_scalar(cut).fetch_one(&connection).await.unwrap();
        assert!(cut > 0);
        // No request fails because of it.
        for _ in 0..4 {
            assert_eq!(browser.get(&provider.url("/")).await.status, 200);
        }
    }
    connection.close().await;
}

#[tokio::test]
async fn first_starts_at_the_same_moment_make_everything_once() {
    for _ in 0..5 {
        let database = postgresql::new_database().await;
        let start = || Instance::start(&database, &["--base-url", "http://127.0.0.1:9"]);
        let (one, two, three) = tokio::join!(start(), start(), start());
        let mut all = Vec::new();
        for instance in [one, two, three] {
            all.push(Browser::new().get(&format!("http://{}/jwks", instance.address)).await.json());
            assert!(instance.stop().await.success());
        }
        assert_eq!(all[0]["keys"].as_array().unwrap().len(), 3);
        assert!(all.iter().all(|jwks| *jwks == all[0]));
        let pool = sqlx::AnyPool::connect(&database).await.unwrap();
        for (count, rows) in [
            ("SELECT COUNT(*) FROM signing_keys", 3),
            ("SELECT COUNT(*) FROM users", 1),
            ("SELECT COUNT(*) FROM clients", 2),
            ("SELECT COUNT(*) FROM secrets", 2),
        ] {
            let counting = sqlx::query_scalar::<_, i64>(count).fetch_one(&pool);
            assert_eq!(tokio::time::timeout(PATIENCE, counting).await.unwrap().unwrap(), rows, "{count}");
        }
        pool.close().await;
    }
}
