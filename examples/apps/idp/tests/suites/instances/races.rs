//! Requests to both instances at the same moment.

use std::collections::HashSet;

use serde_json::json;
use tokio::task::JoinSet;

use super::both::{at, knows, session};
use super::slow_way::{FarAndNear, Steps, after};
use crate::provider::Provider;
use crate::support::browser::{Answer, Browser};
use crate::support::instance::succeed;
use crate::support::rp::{Rp, SIGNED_OUT, text};

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_both_are_sent_is_redeemed_once() {
    const ROUNDS: usize = 40;
    let provider = Provider::start(&[]).await;
    let instances = [provider.instance(0), provider.instance(1)];
    let rp = Rp::register(&provider, json!({})).await;
    let browser = Browser::new();
    rp.tokens(&browser).await;
    for _ in 0..ROUNDS {
        let code = browser.get(&rp.authorize(&[])).await.redirected("code").unwrap();
        let mut redeeming = JoinSet::new();
        for number in 0..4 {
            let (rp, code) = (at(&instances[number % 2], &rp), code.clone());
            redeeming.spawn(async move { rp.redeem_with(&code, &[]).await });
        }
        let answers = redeeming.join_all().await;
        let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
        assert_eq!((won.len(), lost.len()), (1, 3));
        for answer in lost {
            assert_eq!((answer.status.as_u16(), text(&answer.json(), "error")), (400, "invalid_grant"));
        }
        // The other requests may be for another user.
        for instance in &instances {
            assert_eq!(at(instance, &rp).userinfo(text(&won[0].json(), "access_token")).await.status, 401);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_at_both_at_once_are_counted_one_by_one() {
    let provider = Provider::start(&["--sign-in-attempts", "5"]).await;
    let mut guessing = JoinSet::new();
    for number in 0..12 {
        let url = provider.instance(number % 2).url("/sign-in");
        guessing.spawn(async move {
            let browser = Browser::new();
            let page = browser.get(&url).await;
            browser.submit(&page, &[("username", "alice"), ("password", "wrong")]).await.status.as_u16()
        });
    }
    let mut statuses = guessing.join_all().await;
    statuses.sort_unstable();
    assert_eq!(statuses, [[403; 5].as_slice(), &[429; 7]].concat());
}

/// The result of a request for a code: the code, or the error.
async fn authorized(origin: &str, browser: &Browser, mut answer: Answer) -> Result<String, String> {
    // If something ended while the code was made, the provider redirects to the same request.
    if answer.status == 303 && answer.location().starts_with("/authorize?") {
        answer = browser.get(&format!("{origin}{}", answer.location())).await;
    }
    match answer.status.as_u16() {
        303 => answer.redirected("code").ok_or_else(|| answer.redirected("error").unwrap()),
        400 => Err("client_unknown".to_owned()),
        // The client no longer takes part in the session, so the user is asked.
        200 => Err("sign_in".to_owned()),
        _ => panic!("{} {}", answer.status, answer.body),
    }
}

/// The result of redeeming a code: the access token, or the error.
fn redeemed(answer: &Answer) -> Result<String, String> {
    match answer.status.as_u16() {
        200 => Ok(text(&answer.json(), "access_token").to_owned()),
        400 | 401 => Err(text(&answer.json(), "error").to_owned()),
        _ => panic!("{} {}", answer.status, answer.body),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_outlives_a_sign_out_that_it_meets() {
    let instances = FarAndNear::start().await;
    let (far, near) = instances.rp().await;
    let (mut authorizing, mut redeeming) = (HashSet::new(), HashSet::new());
    let mut steps = Steps::new();
    while let Some((wait, delay)) = steps.next() {
        let browser = Browser::new();
        let answer = browser.sign_in(&browser.get(&near.authorize(&[])).await).await;
        let tokens = near.redeem(&answer.redirected("code").unwrap()).await;
        let code = browser.get(&near.authorize(&[])).await.redirected("code").unwrap();
        let hint = ("id_token_hint", text(&tokens, "id_token"));
        let sign_out = near.end_session(&[hint, ("post_logout_redirect_uri", SIGNED_OUT)]);
        let authorize = far.authorize(&[("prompt", "none")]);
        let (signed_out, redeemed_for, asked_for) = tokio::join!(
            after(delay, browser.get(&sign_out)),
            after(wait, far.redeem_with(&code, &[])),
            after(wait, browser.get(&authorize)),
        );
        assert_eq!(signed_out.location(), SIGNED_OUT);
        for (origin, rp) in [(&instances.near, &near), (&instances.far, &far)] {
            assert!(!knows(origin, &session(&answer)).await);
            if let Ok(access_token) = redeemed(&redeemed_for) {
                assert_eq!(rp.userinfo(&access_token).await.status, 401);
            }
        }
        let new_code = authorized(&instances.far, &browser, asked_for).await;
        if let Ok(code) = &new_code {
            assert_eq!(redeemed(&near.redeem_with(code, &[]).await).unwrap_err(), "invalid_grant");
        }
        steps.taken(&[redeemed(&redeemed_for).is_ok(), new_code.is_ok()]);
        redeeming.insert(redeemed(&redeemed_for).map(drop));
        authorizing.insert(new_code.map(drop));
    }
    assert_eq!(redeeming, HashSet::from([Ok(()), Err("invalid_grant".to_owned())]));
    // A session is read together with the client's part in it.
    assert_eq!(authorizing, HashSet::from([Ok(()), Err("login_required".to_owned())]));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_outlives_a_client_that_deletes_itself_meanwhile() {
    let instances = FarAndNear::start().await;
    let browser = Browser::new();
    let (mut authorizing, mut redeeming) = (HashSet::new(), HashSet::new());
    let mut steps = Steps::new();
    while let Some((wait, delay)) = steps.next() {
        let (far, near) = instances.rp().await;
        near.tokens(&browser).await;
        let code = browser.get(&near.authorize(&[])).await.redirected("code").unwrap();
        let uri = format!("{}/register/{}", instances.near, near.id);
        let token = text(&near.registration, "registration_access_token");
        let authorize = far.authorize(&[]);
        let (deleted, redeemed_for, asked_for) = tokio::join!(
            after(delay, browser.send(|http| http.delete(&uri).bearer_auth(token))),
            after(wait, far.redeem_with(&code, &[])),
            after(wait, browser.get(&authorize)),
        );
        assert_eq!(deleted.status, 204, "{}", deleted.body);
        assert_eq!(near.redeem_with(&code, &[]).await.status, 401);
        if let Ok(access_token) = redeemed(&redeemed_for) {
            assert_eq!(near.userinfo(&access_token).await.status, 401);
        }
        let new_code = authorized(&instances.far, &browser, asked_for).await;
        steps.taken(&[redeemed(&redeemed_for).is_ok(), new_code.is_ok()]);
        redeeming.insert(redeemed(&redeemed_for).map(drop));
        authorizing.insert(new_code.map(drop));
    }
    let errors = ["invalid_client", "invalid_grant"].map(str::to_owned);
    assert!(redeeming.is_subset(&errors.map(Err).into_iter().chain([Ok(())]).collect()), "{redeeming:?}");
    let errors = ["client_unknown", "sign_in"].map(str::to_owned);
    assert!(authorizing.is_subset(&errors.map(Err).into_iter().chain([Ok(())]).collect()), "{authorizing:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_session_outlives_a_change_of_the_password_that_it_began_with() {
    let instances = FarAndNear::start().await;
    let set_password = async |password: &str| {
        let (database, password) = (instances.database.clone(), password.to_owned());
        let set = move || succeed(&database, &["set-user", "alice"], &password);
        tokio::task::spawn_blocking(set).await.unwrap();
    };
    let mut steps = Steps::new();
    while let Some((wait, delay)) = steps.next() {
        set_password("old password").await;
        let browser = Browser::new();
        let page = browser.get(&format!("{}/sign-in", instances.far)).await;
        let (answer, ()) = tokio::join!(
            after(wait, browser.submit(&page, &[("username", "alice"), ("password", "old password")])),
            after(delay, set_password("new password")),
        );
        match answer.status.as_u16() {
            303 => assert!(!knows(&instances.near, &session(&answer)).await, "{delay:?}"),
            403 => {}
            _ => panic!("{} {}", answer.status, answer.body),
        }
        steps.taken(&[answer.status == 303]);
    }
}
