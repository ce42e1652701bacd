//! Clients that hang up before their answer comes, at any step of the provider's work.

use super::both::{knows, session};
use super::slow_way::{FarAndNear, LATENCY, Steps};
use crate::support::browser::Browser;
use crate::support::rp::text;

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_out_counts_whoever_has_hung_up_before() {
    let instances = FarAndNear::start().await;
    let (far, near) = instances.rp().await;
    let pool = sqlx::AnyPool::connect(&instances.database).await.unwrap();
    let browser = Browser::new();
    near.tokens(&browser).await;
    let mut steps = Steps::new();
    while let Some((_, patience)) = steps.next() {
        let other = Browser::new();
        let answer = other.sign_in(&other.get(&near.authorize(&[])).await).await;
        let tokens = near.redeem(&answer.redirected("code").unwrap()).await;

        let answered = tokio::time::timeout(patience, browser.get(&far.authorize(&[]))).await.is_ok();
        let no_transaction_is_open = async {
            let open = "SELECT COUNT(*) FROM pg_stat_activity \
                WHERE datname = current_database() AND state LIKE 'idle in transaction%'";
            while sqlx::query_scalar::<_, i64>(open).fetch_one(&pool).await.unwrap() > 0 {
                tokio::time::sleep(LATENCY).await;
            }
        };
        drop(tokio::time::timeout(LATENCY * 100, no_transaction_is_open).await);

        let sign_out = far.end_session(&[("id_token_hint", text(&tokens, "id_token"))]);
        assert_eq!(other.get(&sign_out).await.status, 200);
        assert!(!knows(&instances.near, &session(&answer)).await, "who hung up after {patience:?}");
        steps.taken(&[answered]);
    }
    pool.close().await;
}
