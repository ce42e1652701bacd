//! From facts to what the crate takes: what a host would have of its own.

use std::sync::LazyLock;

use oidc_logout::op::{Client, ConfirmRule, LogoutEndpoint, LogoutRequest, PendingSession, Policy, Session};
use oidc_logout::{Algorithm, KeySet};
use serde_json::json;

use super::facts::PolicyRow;
use super::model::{self, Case, Dest, Fetch, Issuer, Redirect, Sent, Shape, StartedAt};
use crate::support::provider::{self, ISSUER, key_set};
use crate::support::token::{ProviderKey, hs256, token};

pub(super) const NOW: i64 = 1_800_000_000;
const FORMER_ISSUER: &str = "https://login.example";
const SECRET: [u8; 64] = [7; 64];

static KEY: LazyLock<ProviderKey> = LazyLock::new(ProviderKey::rsa);
static OTHER_KEY: LazyLock<ProviderKey> = LazyLock::new(ProviderKey::rsa);

pub(super) fn endpoint(policy: &PolicyRow) -> LogoutEndpoint {
    let policy: Policy = serde_json::from_value(policy.json.clone()).unwrap();
    provider::endpoint(key_set(&[KEY.jwk(Some("current"))])).with_former_issuer(FORMER_ISSUER).with_policy(policy)
}

pub(super) fn request(case: &Case<'_>) -> LogoutRequest {
    let redirect = case.redirect.map(|redirect| match redirect {
        Redirect::Registered => model::REGISTERED_URI,
        Redirect::SpeltOtherwise => "HTTPS://RP.example:443/out?lang=en",
        Redirect::Unregistered => "https://rp.example/out",
    });
    let members = [
        ("id_token_hint", case.hint.as_ref().map(id_token)),
        ("client_id", case.client_id.map(str::to_owned)),
        ("post_logout_redirect_uri", redirect.map(str::to_owned)),
        ("state", case.state.map(str::to_owned)),
        ("resubmitted", (case.sent == Sent::PostAgain).then(|| "1".to_owned())),
    ];
    let form = serde_urlencoded::to_string(members).unwrap();
    let headers = headers(case.fetch).chain([("Content-Type", "application/x-www-form-urlencoded")]);
    let any_endpoint = provider::endpoint(KeySet::default());
    match case.sent {
        Sent::Get => any_endpoint.read("GET", form, headers, "").unwrap(),
        Sent::Post | Sent::PostAgain => any_endpoint.read("POST", "", headers, form).unwrap(),
    }
}

fn headers(fetch: Fetch) -> impl Iterator<Item = (&'static str, &'static str)> {
    let site = fetch.site.map(|site| match site {
        StartedAt::SameOrigin => "same-origin",
        StartedAt::SameSite => "same-site",
        StartedAt::Nowhere => "none",
        StartedAt::CrossSite => "cross-site",
    });
    let dest = fetch.dest.map(|dest| match dest {
        Dest::Document => "document",
        Dest::Other => "iframe",
    });
    let origin = fetch.origin.then_some("https://rp.example");
    let headers = [("Sec-Fetch-Site", site), ("Sec-Fetch-Dest", dest), ("Origin", origin)];
    headers.into_iter().filter_map(|(name, value)| Some((name, value?)))
}

fn id_token(hint: &model::Hint) -> String {
    match hint.shape {
        Shape::Encrypted => return "e30.e30.e30.e30.e30".to_owned(),
        Shape::Malformed => return "e30.e30".to_owned(),
        _ => {}
    }
    let mut header = json!({
        "alg": match hint.algorithm {
            model::Algorithm::None => "none",
            model::Algorithm::Rs256 => "RS256",
            model::Algorithm::Hs256 => "HS256",
            other => panic!("no token is signed with {other:?}"),
        },
        "kid": if hint.kid_known { "current" } else { "unknown" },
    });
    let mut claims = json!({
        "iss": match hint.issuer {
            Issuer::Ours => ISSUER,
            Issuer::Former => FORMER_ISSUER,
            Issuer::Another => "https://another.example",
        },
        "sub": hint.subject,
        "aud": match hint.audience {
            [only] => json!(only),
            list => json!(list),
        },
        "azp": hint.azp,
        "iat": if hint.not_yet_valid { NOW + 301 } else { NOW - hint.age },
        "exp": NOW - hint.expired_for,
        "sid": hint.sid,
    });
    match hint.shape {
        Shape::OtherType => header["typ"] = "at+jwt".into(),
        Shape::TooLarge => claims["padding"] = "x".repeat(36 * 1024).into(),
        _ => {}
    }
    token(header.to_string(), claims.to_string(), |signed| match (hint.algorithm, hint.signature_good) {
        (model::Algorithm::Rs256, true) => KEY.sign(signed),
        (model::Algorithm::None, _) | (model::Algorithm::Rs256, false) => OTHER_KEY.sign(signed),
        (_, true) => hs256(&SECRET, signed),
        (_, false) => hs256(&[8; 64], signed),
    })
}

/// A registry in which every client is registered alike.
pub(super) struct Registry([Client; 2]);

impl Registry {
    pub(super) fn with(facts: model::Client) -> Self {
        Self(["rp-1", "rp-2"].map(|id| client(id, facts)))
    }

    pub(super) fn find(&self, id: &str) -> &Client {
        self.0.iter().find(|client| client.id().as_str() == id).unwrap()
    }
}

pub(super) fn client(id: &str, facts: model::Client) -> Client {
    let mut client = Client::builder(id).post_logout_redirect_uri(model::REGISTERED_URI);
    if let Some(algorithm) = facts.algorithm {
        client = client.id_token_signed_response_alg(match algorithm {
            model::Algorithm::Rs256 => Algorithm::Rs256,
            model::Algorithm::Es256 => Algorithm::Es256,
            model::Algorithm::Hs256 => Algorithm::Hs256,
            model::Algorithm::Hs512 => Algorithm::Hs512,
            model::Algorithm::None => panic!("no client is registered for it"),
        });
    }
    if facts.secret {
        client = client.client_secret(SECRET);
    }
    if let Some(always) = facts.ask_always {
        client = client.confirm(if always { ConfirmRule::Always } else { ConfirmRule::WhenUnproven });
    }
    client.build().unwrap()
}

/// The session that the browser is signed in to, and whether its cookie came along.
pub(super) struct SignIn {
    session: Session,
    facts: model::Session,
}

impl SignIn {
    pub(super) fn new(facts: model::Session) -> Self {
        Self { session: session(facts), facts }
    }

    /// What the host finds, by the cookie or by the `sid`.
    pub(super) fn find(&self, pending: &PendingSession<'_>) -> Option<Session> {
        if !self.facts.without_cookie {
            return Some(self.session.clone());
        }
        let look_up = pending.sid_to_find()?;
        assert_eq!(Some(look_up.client_id()), pending.client_id());
        (self.facts.sid == Some(look_up.sid())).then(|| look_up.found(self.session.clone()))
    }
}

pub(super) fn session(facts: model::Session) -> Session {
    let mut session = match facts.subject {
        Some(subject) => Session::new([3; 32], subject),
        None => Session::of_unknown_subject([3; 32]),
    };
    if let Some(sid) = facts.sid {
        session = session.sid(sid);
    }
    if let Some(takes_part) = facts.takes_part {
        session = session.takes_part(takes_part);
    }
    session
}
