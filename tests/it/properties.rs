//! Properties that hold for whatever comes in: where a redirect leads, that nothing is decided
//! twice in different ways, that nothing panics, that a question is answered only by the one who
//! was asked, and that everybody who takes part in a session is told of its end or reported.

mod addresses;
mod confirmation;
mod decision;
mod deliveries;
mod input;
mod no_panic;
mod notices;
mod reading;
mod redirect;
mod registration;

use std::sync::LazyLock;

use oidc_logout::op::{
    Answer, Client, Decision, Landing, LogoutEndpoint, LogoutRequest, Policy, Refusal, Session, Told,
};
use oidc_logout::{Algorithm, ApplicationType, KeySet};
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::support::browser;
use crate::support::provider::{self, ISSUER, at, key_set};
use crate::support::token::{ProviderKey, hs256, token};

const NOW: i64 = 1_800_000_000;
const SECRET: [u8; 32] = [7; 32];

static KEY: LazyLock<ProviderKey> = LazyLock::new(ProviderKey::rsa);

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
    let issue = |audience: &Value, change: &Value| {
        let mut claims = json!({
            "iss": ISSUER, "sub": "user-1", "aud": audience, "iat": NOW - 10, "exp": NOW + 290, "sid": "sid-1",
        });
        for (name, value) in change.as_object().unwrap() {
            claims[name] = value.clone();
        }
        if audience == "hmac" {
            token(r#"{"alg":"HS256"}"#, claims.to_string(), |signed| hs256(&SECRET, signed))
        } else {
            token(r#"{"alg":"RS256","kid":"current"}"#, claims.to_string(), |signed| KEY.sign(signed))
        }
    };
    let mut tokens = Vec::new();
    for audience in [json!("web"), json!("app"), json!("hmac"), json!(["web", "app"]), json!("nobody")] {
        tokens.push(issue(&audience, &json!({})));
        tokens.push(issue(&audience, &json!({"sid": null})));
        tokens.push(issue(&audience, &json!({"sub": "user-2"})));
        tokens.push(issue(&audience, &json!({"sid": "sid-2", "exp": NOW - 7200})));
        tokens.push(issue(&audience, &json!({"iss": "https://another.example"})));
    }
    tokens
});

fn endpoint(policy: Policy) -> LogoutEndpoint {
    provider::endpoint(keys()).with_policy(policy)
}

fn keys() -> KeySet {
    key_set(&[KEY.jwk(Some("current"))])
}

fn session(binding: u8) -> Session {
    Session::new([binding; 32], "user-1").sid("sid-1").takes_part(true)
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
        Err(refusal) => Decision::Answer(Answer::Refuse(refusal)),
    };
    let decide_form = |form: &str| decide(LogoutRequest::from_form(form).unwrap());
    match decide(request) {
        Decision::Answer(Answer::Confirm(page)) => {
            let codes = page.reasons().iter().map(|reason| reason.code()).collect();
            let fields = browser::post(page.fields(), None);
            match decide_form(&browser::post(page.fields(), Some(("confirm", "yes")))) {
                Decision::EndSession(end) => {
                    Seen::new("confirm", codes, fields).landing(&end.session_ended(Told::nobody()))
                }
                other @ Decision::Answer(_) => panic!("a yes gives {other:?}"),
            }
        }
        Decision::Answer(Answer::Resubmit(page)) => {
            let fields = browser::post(page.fields(), None);
            match decide_form(&fields) {
                Decision::Answer(Answer::Landing(landing)) => {
                    Seen::new("resubmit", Vec::new(), fields).landing(&landing)
                }
                other => panic!("posted again, it gives {other:?}"),
            }
        }
        Decision::EndSession(end) => {
            Seen::new("end_session", Vec::new(), String::new()).landing(&end.session_ended(Told::nobody()))
        }
        Decision::Answer(Answer::Landing(landing)) => {
            Seen::new("no_session", Vec::new(), String::new()).landing(&landing)
        }
        Decision::Answer(Answer::Declined(_)) => Seen::new("declined", Vec::new(), String::new()),
        Decision::Answer(Answer::Refuse(refusal)) => Seen::new("refuse", vec![refusal.reason().code()], String::new()),
    }
}
