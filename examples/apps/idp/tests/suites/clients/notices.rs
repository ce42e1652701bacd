//! Sign-outs elsewhere, and what the clients' pages say afterwards.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::client::{Client, PATIENCE, Plan};
use super::software::{EXPRESS_OPENID_CONNECT, MOD_AUTH_OPENIDC, Software};
use crate::support::browser::Browser;
use crate::support::provider::Provider;

/// Without the demo, notices reach clients on loopback addresses only if the operator says so.
const OPTIONS: [&str; 5] = ["--no-demo", "--allow-network", "127.0.0.0/8", "--allow-network", "::1/128"];

const ALICE: User = User { username: "alice", password: "wonderland", name: "Alice Liddell" };
const BOB: User = User { username: "bob", password: "looking-glass", name: "Bob" };

pub(crate) struct User {
    pub(crate) username: &'static str,
    pub(crate) password: &'static str,
    pub(crate) name: &'static str,
}

/// A provider with two clients of one kind: one for each algorithm, by name and by address.
struct Site {
    provider: Provider,
    clients: [Client; 2],
}

#[tokio::test]
async fn notices_end_the_sessions_of_express_openid_connect() {
    notices_end_sessions(&EXPRESS_OPENID_CONNECT).await;
}

#[tokio::test]
async fn notices_end_the_sessions_of_mod_auth_openidc() {
    notices_end_sessions(&MOD_AUTH_OPENIDC).await;
}

async fn notices_end_sessions(software: &'static Software) {
    let site = Site::start(software).await;
    let (alice, phone, bob) = (Browser::new(), Browser::new(), Browser::new());
    site.sign_in(&bob, &BOB).await;

    site.sign_in(&alice, &ALICE).await;
    site.sign_out_at_the_provider(&alice).await;
    site.ends_the_sessions(&alice, "a sign-out at the provider").await;

    // Each client in turn asks for the sign-out, and the other one is told.
    for (asks, is_told) in [(0, 1), (1, 0)] {
        let (asks, is_told) = (&site.clients[asks], &site.clients[is_told]);
        site.sign_in(&alice, &ALICE).await;
        asks.sign_out(&alice).await;
        is_told.ends_the_session(&alice, "a sign-out at the other client").await;
        assert_eq!(asks.user(&alice).await, None, "{}", asks.id());
    }

    // The worker delivers what follows.
    site.sign_in(&alice, &ALICE).await;
    site.sign_out_everywhere(&phone, &ALICE).await;
    site.ends_the_sessions(&alice, "a sign-out everywhere in another browser").await;

    for client in &site.clients {
        assert_eq!(client.user(&bob).await.as_deref(), Some(BOB.name), "{}", client.id());
    }
    site.provider.run(&["end-sessions", "--user", BOB.username], "");
    site.ends_the_sessions(&bob, "the operator's command").await;

    // For five sessions with two clients. The client that asks for a sign-out is told too.
    site.all_are_delivered(10).await;
}

/// The notice has the `sid`. `express-openid-connect` ends all sessions of the `sub` beside it, as
/// its documentation says, so this is for the other one.
#[tokio::test]
async fn a_notice_leaves_the_users_other_session_at_mod_auth_openidc() {
    let site = Site::start(&MOD_AUTH_OPENIDC).await;
    let (here, elsewhere) = (Browser::new(), Browser::new());
    site.sign_in(&here, &ALICE).await;
    site.sign_in(&elsewhere, &ALICE).await;
    site.sign_out_at_the_provider(&here).await;
    site.ends_the_sessions(&here, "a sign-out at the provider").await;
    for client in &site.clients {
        assert_eq!(client.user(&elsewhere).await.as_deref(), Some(ALICE.name), "{}", client.id());
    }
}

impl Site {
    async fn start(software: &'static Software) -> Self {
        let plans = [Plan::new(software, "RS256", "localhost"), Plan::new(software, "ES256", "127.0.0.1")];
        let registrations: Vec<Value> = plans.iter().map(Plan::registration).collect();
        let provider = Provider::start_with_clients_and(&registrations.into(), &OPTIONS).await;
        for user in [ALICE, BOB] {
            provider.run(&["set-user", user.username, "--name", user.name], user.password);
        }
        let clients = plans.map(|plan| plan.start(&provider));
        Self { provider, clients }
    }

    async fn sign_in(&self, browser: &Browser, user: &User) {
        for client in &self.clients {
            client.sign_in(browser, user).await;
        }
    }

    /// On the user's own page there. No request goes to a client.
    async fn sign_out_at_the_provider(&self, browser: &Browser) {
        let page = browser.get(self.provider.issuer()).await;
        let answer = browser.submit(&page, &[("confirm", "yes")]).await;
        assert_eq!((answer.status.as_u16(), answer.cookie("session")), (200, Some("")), "{}", answer.body);
    }

    /// In a browser in which the user has not visited the clients.
    async fn sign_out_everywhere(&self, browser: &Browser, user: &User) {
        let page = browser.get(&self.provider.url("/sign-in")).await;
        browser.sign_in_as(&page, user.username, user.password).await;
        let page = browser.get(self.provider.issuer()).await;
        let form = page.form_to("/sign-out-everywhere").filled_in(&[]);
        let url = self.provider.url("/sign-out-everywhere");
        let answer = browser.send(|http| http.post(url).form(&form)).await;
        assert_eq!((answer.status.as_u16(), answer.cookie("session")), (200, Some("")), "{}", answer.body);
    }

    /// Waits until the clients have accepted all notices.
    async fn all_are_delivered(&self, notices: usize) {
        // The first line has the names of the columns.
        let lines = |command: &[&str]| self.provider.output(command).lines().skip(1).count();
        let begin = Instant::now();
        while lines(&["notices"]) > 0 {
            assert!(begin.elapsed() < PATIENCE, "{}", self.provider.output(&["notices"]));
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(lines(&["notices", "--all"]), notices);
    }

    async fn ends_the_sessions(&self, browser: &Browser, after: &str) {
        for client in &self.clients {
            client.ends_the_session(browser, after).await;
        }
    }
}
