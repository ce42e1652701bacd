//! The command rotates keys while both instances serve.

use serde_json::{Value, json};

use super::both::at;
use crate::provider::Provider;
use crate::support::browser::Browser;
use crate::support::instance::spawn;
use crate::support::rp::{Rp, SIGNED_OUT, text};

async fn rotate(provider: &Provider, options: &[&str]) -> bool {
    spawn(&provider.database, &[&["rotate-keys"], options].concat()).ended().await.success()
}

fn kid(tokens: &Value) -> String {
    jsonwebtoken::decode_header(text(tokens, "id_token")).unwrap().kid.unwrap()
}

fn kids(jwks: &Value) -> Vec<String> {
    jwks["keys"].as_array().unwrap().iter().map(|key| text(key, "kid").to_owned()).collect()
}

/// Whether the instance accepts the ID Token as a hint, when nobody is signed in.
async fn accepts(instance: &Provider, rp: &Rp, id_token: &str) -> bool {
    let url = at(instance, rp).end_session(&[("id_token_hint", id_token), ("post_logout_redirect_uri", SIGNED_OUT)]);
    let answer = Browser::new().get(&url).await;
    match answer.status.as_u16() {
        303 => answer.location() == SIGNED_OUT,
        400 => false,
        _ => panic!("{} {}", answer.status, answer.body),
    }
}

#[tokio::test]
async fn both_have_the_new_keys_from_the_next_request_on_and_accept_old_hints() {
    let provider = Provider::start(&[]).await;
    let [one, other] = [provider.instance(0), provider.instance(1)];
    let mut rps = Vec::new();
    for algorithm in ["RS256", "ES256", "EdDSA"] {
        rps.push(Rp::register(&one, json!({ "id_token_signed_response_alg": algorithm })).await);
    }
    let browser = Browser::new();
    let mut old = Vec::new();
    for _ in 0..3 {
        for rp in &rps {
            old.push((rp, rp.tokens(&browser).await));
        }
        let former = kids(&rps[0].jwks().await);
        assert!(rotate(&provider, &[]).await);
        let jwks = at(&other, &rps[0]).jwks().await;
        assert_eq!(jwks, rps[0].jwks().await);
        let new: Vec<_> = kids(&jwks).into_iter().filter(|kid| !former.contains(kid)).collect();
        assert_eq!(new.len(), 3);
        for rp in &rps {
            for instance in [&one, &other] {
                assert!(new.contains(&kid(&at(instance, rp).tokens(&browser).await)));
            }
        }
        for (rp, tokens) in &old {
            for instance in [&one, &other] {
                assert!(accepts(instance, rp, text(tokens, "id_token")).await);
            }
        }
    }
    assert!(rotate(&provider, &["--revoke"]).await);
    for (rp, tokens) in &old {
        for instance in [&one, &other] {
            assert!(!accepts(instance, rp, text(tokens, "id_token")).await);
            assert_eq!(kids(&at(instance, rp).jwks().await).len(), 3);
        }
    }
}

#[tokio::test]
async fn while_keys_are_rotated_each_token_verifies_by_the_keys_of_the_other() {
    let provider = Provider::start(&[]).await;
    let [one, other] = [provider.instance(0), provider.instance(1)];
    let rp = Rp::register(&provider, json!({})).await;
    let browser = Browser::new();
    rp.tokens(&browser).await;
    for _ in 0..3 {
        let rotated = std::cell::Cell::new(false);
        let rotating = async {
            assert!(rotate(&provider, &[]).await);
            rotated.set(true);
        };
        let issuing = async {
            let mut used = Vec::new();
            let mut after = 0;
            while after < 2 {
                after += usize::from(rotated.get());
                for [from, to] in [[&one, &other], [&other, &one]] {
                    let code = browser.get(&at(from, &rp).authorize(&[])).await.redirected("code").unwrap();
                    let tokens = at(from, &rp).redeem(&code).await;
                    at(to, &rp).claims(text(&tokens, "id_token")).await;
                    used.push(kid(&tokens));
                }
            }
            used.dedup();
            used.len()
        };
        // One key, then the other, and never the first one again.
        assert_eq!(tokio::join!(rotating, issuing).1, 2);
    }
}

#[tokio::test]
async fn of_rotations_at_once_each_is_done_in_full_or_fails() {
    let provider = Provider::start(&[]).await;
    let rp = Rp::register(&provider, json!({})).await;
    let rotate = || rotate(&provider, &[]);
    let (one, two, three) = tokio::join!(rotate(), rotate(), rotate());
    let done = [one, two, three].into_iter().filter(|done| *done).count();
    assert!(done >= 1);
    let pool = sqlx::AnyPool::connect(&provider.database).await.unwrap();
    let select = "SELECT generation, COUNT(*) FROM signing_keys GROUP BY generation ORDER BY generation";
    let generations: Vec<(i64, i64)> = sqlx::query_as(select).fetch_all(&pool).await.unwrap();
    let expected: Vec<_> = (1..=i64::try_from(done).unwrap() + 1).map(|generation| (generation, 3)).collect();
    assert_eq!(generations, expected);
    pool.close().await;
    rp.tokens(&Browser::new()).await;
}
