//! Properties that hold for whatever comes in: where a redirect leads, that nothing is decided twice in different ways,
//! that nothing panics, and that a question is answered only by the one who was asked.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    clippy::wildcard_imports,
    reason = "tests"
)]

mod confirmation;
mod decision;
mod input;
mod no_panic;
mod reading;
mod redirect;
mod registration;
#[path = "../decision_table/token.rs"]
mod token;

use std::cell::Cell;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oidc_logout::{
    Algorithm, ApplicationType, Client, ClientType, ConfirmRule, ConfirmationKey, CrossSitePost, Decision, ExpiredHint,
    HintRule, HintWithoutSid, KeySet, Landing, LogoutEndpoint, LogoutRequest, Method, OnBadHint, Policy, Presence,
    RedirectWithoutHint, Refusal, RegisteredRedirect, RegistrationRules, Session, State, StateRule, UriMatching,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use time::OffsetDateTime;
use url::{Url, form_urlencoded};

use token::{ProviderKey, hmac_signer, sign};

const NOW: i64 = 1_800_000_000;
const ISSUER: &str = "https://op.example";
const SECRET: [u8; 32] = [7; 32];

static KEY: LazyLock<ProviderKey> = LazyLock::new(|| ProviderKey::generate("current"));

// The provider, its clients and its users.

struct Registration {
    id: &'static str,
    native: bool,
    uris: &'static [&'static str],
}

static REGISTRATIONS: [Registration; 3] = [
    Registration {
        id: "web",
        native: false,
        uris: &[
            "https://rp.example/out",
            "https://rp.example/out?a=1&state=old&st%61te=older&b=%20c",
            "https://rp.example/?state=only",
            "HTTPS://RP.example:443",
            "https://rp.example:8443/out?",
            "http://localhost:8080/out?a&&b",
        ],
    },
    Registration {
        id: "app",
        native: true,
        uris: &[
            "http://127.0.0.1:3000/out",
            "http://[::1]/out?a=1",
            "http://127.0.0.1",
            "com.example.app:/out",
            "com.example.app://out/?a=1",
        ],
    },
    Registration { id: "hmac", native: false, uris: &["https://hmac.example/out"] },
];

static CLIENTS: LazyLock<Vec<Client>> = LazyLock::new(|| {
    let build = |registration: &Registration| {
        let mut client = Client::builder(registration.id);
        for &uri in registration.uris {
            client = client.post_logout_redirect_uri(uri);
        }
        if registration.native {
            client = client.application_type(ApplicationType::Native);
        }
        if registration.id == "hmac" {
            client = client.id_token_signed_response_alg(Algorithm::Hs256).client_secret(SECRET);
        }
        client.build().unwrap()
    };
    REGISTRATIONS.iter().map(build).collect()
});

/// ID Tokens, a good one of each client first.
static TOKENS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let token = |audience: &Value, change: &Value| {
        let mut claims = json!({
            "iss": ISSUER, "sub": "user-1", "aud": audience, "iat": NOW - 10, "exp": NOW + 290, "sid": "sid-1",
        });
        for (name, value) in change.as_object().unwrap() {
            claims[name] = value.clone();
        }
        if audience == "hmac" {
            sign(&json!({"alg": "HS256"}), &claims, hmac_signer(&SECRET).as_ref())
        } else {
            sign(&json!({"alg": "RS256", "kid": "current"}), &claims, KEY.signer())
        }
    };
    let mut tokens = Vec::new();
    for audience in [json!("web"), json!("app"), json!("hmac"), json!(["web", "app"]), json!("nobody")] {
        tokens.push(token(&audience, &json!({})));
        tokens.push(token(&audience, &json!({"sid": null})));
        tokens.push(token(&audience, &json!({"sub": "user-2"})));
        tokens.push(token(&audience, &json!({"sid": "sid-2", "exp": NOW - 7200})));
        tokens.push(token(&audience, &json!({"iss": "https://another.example"})));
    }
    tokens
});

fn endpoint(policy: Policy) -> LogoutEndpoint {
    let keys = KeySet::from_jwks(KEY.jwks()).unwrap();
    LogoutEndpoint::new(ISSUER, keys, ConfirmationKey::new([1; 32]).unwrap()).with_policy(policy)
}

fn session(binding: u8) -> Session {
    Session::new([binding; 32]).subject("user-1").sid("sid-1")
}

fn at(seconds: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(seconds).unwrap()
}

/// What a host does.
fn decide(
    endpoint: &LogoutEndpoint,
    request: LogoutRequest,
    session: Option<&Session>,
    now: OffsetDateTime,
) -> Result<Decision, Refusal> {
    let pending = endpoint.receive(request, now)?;
    let client = pending.client_id().and_then(|id| CLIENTS.iter().find(|client| client.id() == id));
    Ok(pending.decide(client, session))
}

fn form_of<'f>(fields: impl Iterator<Item = (&'static str, &'f str)>) -> String {
    serde_urlencoded::to_string(fields.collect::<Vec<_>>()).unwrap()
}

/// All that can be seen of a decision, and where it leads in the end.
#[derive(Debug, PartialEq)]
struct Seen {
    decision: &'static str,
    codes: Vec<&'static str>,
    fields: String,
    location: Option<String>,
    /// Of the client that is redirected to.
    client_id: Option<String>,
}

impl Seen {
    fn new(decision: &'static str, codes: Vec<&'static str>, fields: String) -> Self {
        Self { decision, codes, fields, location: None, client_id: None }
    }

    fn landing(mut self, landing: &Landing) -> Self {
        if let Landing::Redirect(to) = landing {
            self.location = Some(to.location().to_owned());
            self.client_id = to.client_id().map(|id| id.as_str().to_owned());
        }
        self
    }
}

/// Decides, and answers the page with a yes, if there is one.
fn see(endpoint: &LogoutEndpoint, request: LogoutRequest, session: Option<&Session>) -> Seen {
    let decide = |request| match decide(endpoint, request, session, at(NOW)) {
        Ok(decision) => decision,
        Err(refusal) => Decision::Refuse(refusal),
    };
    let decide_form = |form: &str| decide(LogoutRequest::from_form(form).unwrap());
    match decide(request) {
        Decision::Confirm(page) => {
            let codes = page.reasons().iter().map(|reason| reason.code()).collect();
            let fields = form_of(page.fields());
            match decide_form(&form_of(page.fields().chain([("confirm", "yes")]))) {
                Decision::EndSession(end) => Seen::new("confirm", codes, fields).landing(&end.session_ended()),
                other => panic!("a yes gives {other:?}"),
            }
        }
        Decision::Resubmit(page) => {
            let fields = form_of(page.fields());
            match decide_form(&fields) {
                Decision::NoSession(landing) => Seen::new("resubmit", Vec::new(), fields).landing(&landing),
                other => panic!("posted again, it gives {other:?}"),
            }
        }
        Decision::EndSession(end) => Seen::new("end_session", Vec::new(), String::new()).landing(&end.session_ended()),
        Decision::NoSession(landing) => Seen::new("no_session", Vec::new(), String::new()).landing(&landing),
        Decision::Declined(_) => Seen::new("declined", Vec::new(), String::new()),
        Decision::Refuse(refusal) => Seen::new("refuse", vec![refusal.reason().code()], String::new()),
    }
}
