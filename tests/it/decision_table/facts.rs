//! The facts and their values, and every combination of them.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde_json::{Value, json};

use super::model::{
    self, Case, Dest, Fetch, HintRule, Issuer, LOGIN_GOV, LOGIN_GOV_CLIENT_ID, NO_HEADERS, OPENID, Redirect, Rules,
    Sent, SessionCookie, Shape, StartedAt,
};

/// Where a fact is not varied.
pub(super) const CASE: Case<'static> = Case {
    policy: &OPENID,
    sent: Sent::Get,
    fetch: NO_HEADERS,
    hint: None,
    client_id: None,
    client: None,
    redirect: None,
    state: None,
    session: None,
};

/// What clients' servers, old browsers and new ones send.
pub(super) const FETCHES: [Fetch; 13] = [
    NO_HEADERS,
    Fetch { origin: true, ..NO_HEADERS },
    of_browser(StartedAt::SameOrigin, Dest::Document),
    of_browser(StartedAt::SameSite, Dest::Document),
    of_browser(StartedAt::Nowhere, Dest::Document),
    of_browser(StartedAt::CrossSite, Dest::Document),
    of_browser(StartedAt::SameOrigin, Dest::Other),
    of_browser(StartedAt::SameSite, Dest::Other),
    of_browser(StartedAt::CrossSite, Dest::Other),
    // Not what browsers send.
    Fetch { dest: Some(Dest::Other), ..NO_HEADERS },
    Fetch { dest: Some(Dest::Other), origin: true, ..NO_HEADERS },
    Fetch { site: Some(StartedAt::CrossSite), ..NO_HEADERS },
    Fetch { site: Some(StartedAt::SameOrigin), ..NO_HEADERS },
];

const fn of_browser(site: StartedAt, dest: Dest) -> Fetch {
    Fetch { site: Some(site), dest: Some(dest), origin: true }
}

pub(super) const SENT: [Sent; 3] = [Sent::Get, Sent::Post, Sent::PostAgain];

pub(super) const CLIENT_IDS: [Option<&str>; 3] = [None, Some("rp-1"), Some("rp-2")];

pub(super) const CLIENT: model::Client = model::Client { algorithm: None, secret: false, ask_always: None };

pub(super) const CLIENTS: [Option<model::Client>; 5] = [
    None,
    Some(CLIENT),
    Some(model::Client { ask_always: Some(true), ..CLIENT }),
    Some(model::Client { algorithm: Some(model::Algorithm::Es256), ..CLIENT }),
    Some(model::Client { algorithm: Some(model::Algorithm::Hs256), secret: true, ask_always: Some(false) }),
];

/// What a client is registered with, as far as it concerns the hint.
pub(super) const KEYED_CLIENTS: [Option<model::Client>; 7] = [
    None,
    Some(CLIENT),
    Some(model::Client { algorithm: Some(model::Algorithm::Rs256), secret: true, ..CLIENT }),
    Some(model::Client { algorithm: Some(model::Algorithm::Es256), ..CLIENT }),
    Some(model::Client { algorithm: Some(model::Algorithm::Hs256), secret: true, ..CLIENT }),
    Some(model::Client { algorithm: Some(model::Algorithm::Hs256), ..CLIENT }),
    Some(model::Client { algorithm: Some(model::Algorithm::Hs512), secret: true, ..CLIENT }),
];

pub(super) const REDIRECTS: [Option<Redirect>; 4] =
    [None, Some(Redirect::Registered), Some(Redirect::SpeltOtherwise), Some(Redirect::Unregistered)];

pub(super) const STATES: [Option<&str>; 2] = [None, Some(STATE)];

pub(super) const STATE: &str = "af0ifjsldkj & af0ifjsldkj/\u{e9}";

pub(super) const SESSION: model::Session =
    model::Session { subject: Some("user-1"), sid: Some("sid-1"), takes_part: None, without_cookie: false };

pub(super) const SESSIONS: [Option<model::Session>; 5] = [
    None,
    Some(SESSION),
    Some(model::Session { takes_part: Some(true), sid: None, ..SESSION }),
    Some(model::Session { subject: None, ..SESSION }),
    Some(model::Session { takes_part: Some(false), ..SESSION }),
];

const WITHOUT_COOKIE: model::Session = model::Session { without_cookie: true, takes_part: Some(true), ..SESSION };

/// With the cookie, without it, and none.
pub(super) const SESSIONS_OF_BROWSERS: [Option<model::Session>; 7] = [
    None,
    Some(SESSION),
    Some(model::Session { takes_part: Some(true), ..SESSION }),
    Some(WITHOUT_COOKIE),
    Some(model::Session { takes_part: None, ..WITHOUT_COOKIE }),
    Some(model::Session { subject: Some("user-2"), ..WITHOUT_COOKIE }),
    Some(model::Session { sid: Some("sid-2"), ..WITHOUT_COOKIE }),
];

pub(super) const HINT: model::Hint = model::Hint {
    shape: Shape::IdToken,
    algorithm: model::Algorithm::Rs256,
    kid_known: true,
    signature_good: true,
    issuer: Issuer::Ours,
    not_yet_valid: false,
    age: -300,
    expired_for: -300,
    audience: &["rp-1"],
    azp: None,
    subject: "user-1",
    sid: Some("sid-1"),
};

pub(super) const HINTS: [Option<model::Hint>; 9] = [
    None,
    Some(HINT),
    Some(model::Hint { sid: None, ..HINT }),
    Some(model::Hint { subject: "user-2", ..HINT }),
    Some(model::Hint { signature_good: false, ..HINT }),
    Some(model::Hint { issuer: Issuer::Former, expired_for: 86_400, sid: Some("sid-2"), ..HINT }),
    Some(model::Hint { audience: &["rp-1", "rp-2"], azp: Some("rp-2"), subject: "user-2", sid: Some("sid-2"), ..HINT }),
    Some(model::Hint { algorithm: model::Algorithm::Hs256, ..HINT }),
    Some(model::Hint { algorithm: model::Algorithm::Hs256, signature_good: false, ..HINT }),
];

/// `aud` and `azp`: ways to name the client, and ways to fail at it.
pub(super) const AUDIENCES: [(&[&str], Option<&str>); 6] = [
    (&["rp-1"], None),
    (&["rp-1"], Some("rp-1")),
    (&["rp-1"], Some("rp-2")),
    (&["rp-1", "rp-2"], None),
    (&["rp-1", "rp-2"], Some("rp-1")),
    (&["rp-1", "rp-3"], None),
];

/// A policy as configuration has it, beside the fields that it is expected to have.
#[derive(Clone)]
pub(super) struct PolicyRow {
    pub(super) json: Value,
    pub(super) rules: Rules,
}

pub(super) fn presets() -> Vec<PolicyRow> {
    let preset = |name: &str, rules| PolicyRow { json: name.into(), rules };
    vec![preset("openid", OPENID), preset("login_gov", LOGIN_GOV), preset("login_gov_client_id", LOGIN_GOV_CLIENT_ID)]
}

/// `openid` with one field changed.
pub(super) fn changes() -> Vec<PolicyRow> {
    vec![
        row(json!({"hint": "required"}), |r| r.hint = HintRule::Required),
        row(json!({"hint": "refused"}), |r| r.hint = HintRule::Refused),
        row(json!({"client_id": "required"}), |r| r.client_id_required = true),
        row(json!({"redirect_uri": "required"}), |r| r.redirect_uri_required = true),
        row(json!({"confirm": "always"}), |r| r.ask_always = true),
        row(json!({"redirect_without_hint": "refuse"}), |r| {
            r.redirect_without_hint = false;
        }),
        row(json!({"expired_hint": {"accept_for_seconds": 3600}}), |r| {
            r.accept_expired_for = Some(3600);
        }),
        row(json!({"hint_without_sid": "ask"}), |r| r.ask_without_sid = true),
        row(json!({"on_bad_hint": "confirm"}), |r| r.let_bad_hint_through = true),
        row(json!({"uri_matching": "normalized"}), |r| r.normalized = true),
        row(json!({"algorithms": ["RS256"]}), |r| {
            r.algorithms = Some(&[model::Algorithm::Rs256]);
        }),
        row(json!({"algorithms": ["HS256"]}), |r| {
            r.algorithms = Some(&[model::Algorithm::Hs256]);
        }),
        row(json!({"algorithms": []}), |r| r.algorithms = Some(&[])),
        row(json!({"session_cookie": "strict"}), |r| r.session_cookie = SessionCookie::Strict),
        row(json!({"session_cookie": "none"}), |r| r.session_cookie = SessionCookie::None),
        row(json!({"session_by_sid": {"accept_for_seconds": BY_SID_FOR}}), |r| r.by_sid_for = Some(BY_SID_FOR)),
    ]
}

/// What a `state` must be.
pub(super) fn state_policies() -> Vec<PolicyRow> {
    vec![
        row(json!({"state": {"required": true}}), |r| r.state_required = true),
        row(json!({"state": {"min_chars": 22}, "redirect_uri": "required"}), |r| {
            r.state_min_chars = 22;
            r.redirect_uri_required = true;
        }),
        row(json!({"state": {"max_chars": 21}, "hint": "refused"}), |r| {
            r.state_max_chars = 21;
            r.hint = HintRule::Refused;
        }),
        row(json!({"state": {"required": true, "min_chars": 22, "max_chars": 22}, "client_id": "required"}), |r| {
            r.state_required = true;
            r.state_min_chars = 22;
            r.state_max_chars = 22;
            r.client_id_required = true;
        }),
    ]
}

/// States at the bounds, in characters and once encoded.
pub(super) static BOUNDARY_STATES: LazyLock<Vec<Option<&str>>> = LazyLock::new(|| {
    let states = [
        "x".into(),
        "x".repeat(21),
        "\u{e9}".repeat(21),
        "x".repeat(22),
        "\u{1f600}".repeat(22),
        "x".repeat(2048),
        "x".repeat(2049),
        "/".repeat(2048),
        "/".repeat(2047) + "\u{e9}",
    ];
    let states = states.map(|state| Some(&*String::leak(state)));
    [None].into_iter().chain(states).collect()
});

/// `openid` with fields changed that have to do with each other.
pub(super) fn pairs_of_changes() -> Vec<PolicyRow> {
    vec![
        row(json!({"on_bad_hint": "confirm", "redirect_without_hint": "refuse"}), |r| {
            r.let_bad_hint_through = true;
            r.redirect_without_hint = false;
        }),
        row(json!({"on_bad_hint": "confirm", "redirect_uri": "required"}), |r| {
            r.let_bad_hint_through = true;
            r.redirect_uri_required = true;
        }),
        row(json!({"on_bad_hint": "confirm", "confirm": "always"}), |r| {
            r.let_bad_hint_through = true;
            r.ask_always = true;
        }),
        row(json!({"on_bad_hint": "confirm", "session_cookie": "none"}), |r| {
            r.let_bad_hint_through = true;
            r.session_cookie = SessionCookie::None;
        }),
        row(json!({"hint": "refused", "redirect_without_hint": "refuse"}), |r| {
            r.hint = HintRule::Refused;
            r.redirect_without_hint = false;
        }),
        row(json!({"hint": "required", "client_id": "required"}), |r| {
            r.hint = HintRule::Required;
            r.client_id_required = true;
        }),
        row(json!({"hint_without_sid": "ask", "confirm": "always"}), |r| {
            r.ask_without_sid = true;
            r.ask_always = true;
        }),
        row(json!({"base": "login_gov", "state": {"required": false}, "algorithms": null}), |r| {
            *r = LOGIN_GOV;
            r.state_required = false;
            r.algorithms = None;
        }),
    ]
}

pub(super) fn row(json: Value, change: fn(&mut Rules)) -> PolicyRow {
    let mut rules = OPENID;
    change(&mut rules);
    PolicyRow { json, rules }
}

/// Policies that judge hints differently.
pub(super) fn judging_policies() -> Vec<PolicyRow> {
    vec![
        row(json!({"expired_hint": {"accept_for_seconds": 3600}}), |r| {
            r.accept_expired_for = Some(3600);
        }),
        row(json!({"algorithms": ["RS256", "ES256"]}), |r| {
            r.algorithms = Some(&[model::Algorithm::Rs256, model::Algorithm::Es256]);
        }),
        row(json!({"algorithms": ["HS256", "HS512"]}), |r| {
            r.algorithms = Some(&[model::Algorithm::Hs256, model::Algorithm::Hs512]);
        }),
        row(json!({"on_bad_hint": "confirm", "expired_hint": {"accept_for_seconds": 60}}), |r| {
            r.let_bad_hint_through = true;
            r.accept_expired_for = Some(60);
        }),
    ]
}

/// Every combination of what a request can bring.
pub(super) fn requests(sent: &[Sent]) -> Vec<Case<'static>> {
    all_combinations(|pick| Case {
        sent: pick.one_of(sent),
        hint: pick.one_of(&HINTS),
        client_id: pick.one_of(&CLIENT_IDS),
        redirect: pick.one_of(&REDIRECTS),
        state: pick.one_of(&STATES),
        ..CASE
    })
}

/// How old a hint may be whose `sid` finds a session.
const BY_SID_FOR: i64 = 60;

/// Policies about the cookie and about what is done without it.
pub(super) fn cookie_policies() -> Vec<PolicyRow> {
    let by_sid = json!({"accept_for_seconds": BY_SID_FOR});
    let cookies = [("lax", SessionCookie::Lax), ("strict", SessionCookie::Strict), ("none", SessionCookie::None)];
    let mut policies = Vec::new();
    for (name, session_cookie) in cookies {
        let rules = Rules { session_cookie, ..OPENID };
        policies.push(PolicyRow { json: json!({"session_cookie": name}), rules });
        let found = Rules { by_sid_for: Some(BY_SID_FOR), ..rules };
        policies.push(PolicyRow { json: json!({"session_cookie": name, "session_by_sid": by_sid}), rules: found });
    }
    let asking = json!({"session_by_sid": by_sid, "confirm": "always", "on_bad_hint": "confirm"});
    let rules = Rules { by_sid_for: Some(BY_SID_FOR), ask_always: true, let_bad_hint_through: true, ..OPENID };
    policies.push(PolicyRow { json: asking, rules });
    policies
}

/// What browsers and clients' servers send, with what they say of themselves.
pub(super) fn requests_of_browsers() -> Vec<Case<'static>> {
    let hints = [
        None,
        Some(model::Hint { age: BY_SID_FOR, ..HINT }),
        Some(model::Hint { age: BY_SID_FOR + 1, ..HINT }),
        Some(model::Hint { sid: None, ..HINT }),
        Some(model::Hint { signature_good: false, ..HINT }),
        Some(model::Hint { algorithm: model::Algorithm::Hs256, ..HINT }),
    ];
    all_combinations(|pick| Case {
        sent: pick.one_of(&SENT),
        fetch: pick.one_of(&FETCHES),
        hint: pick.one_of(&hints),
        client_id: Some("rp-1"),
        redirect: pick.one_of(&[None, Some(Redirect::Registered), Some(Redirect::Unregistered)]),
        ..CASE
    })
}

/// Requests with every combination of faults in their hint.
pub(super) fn hinted_requests() -> Vec<Case<'static>> {
    let mut hints = all_combinations(|pick| {
        let (audience, azp) = pick.one_of(&AUDIENCES);
        model::Hint {
            shape: pick.one_of(&[Shape::IdToken, Shape::OtherType]),
            algorithm: pick.one_of(&[model::Algorithm::None, model::Algorithm::Rs256, model::Algorithm::Hs256]),
            kid_known: pick.one_of(&[true, false]),
            signature_good: pick.one_of(&[true, false]),
            issuer: pick.one_of(&[Issuer::Ours, Issuer::Another]),
            not_yet_valid: pick.one_of(&[false, true]),
            expired_for: pick.one_of(&[600, 7200]),
            audience,
            azp,
            ..HINT
        }
    });
    hints.extend([Shape::TooLarge, Shape::Encrypted, Shape::Malformed].map(|shape| model::Hint { shape, ..HINT }));
    all_combinations(|pick| Case {
        hint: Some(pick.one_of(&hints)),
        client_id: pick.one_of(&CLIENT_IDS),
        redirect: Some(Redirect::Registered),
        ..CASE
    })
}

/// Requests with every `state` and with every set of parts.
pub(super) fn requests_with_state() -> Vec<Case<'static>> {
    all_combinations(|pick| Case {
        hint: pick.one_of(&HINTS[..2]),
        client_id: pick.one_of(&CLIENT_IDS),
        redirect: pick.one_of(&REDIRECTS),
        state: pick.one_of(&BOUNDARY_STATES),
        ..CASE
    })
}

/// Everything that the closure can pick: as many as the values of each list times those of the
/// others.
fn all_combinations<T>(mut combine: impl FnMut(&mut Pick) -> T) -> Vec<T> {
    let mut all = Vec::new();
    loop {
        let mut pick = Pick { rest: all.len(), combinations: 1 };
        let combination = combine(&mut pick);
        if all.len() == pick.combinations {
            return all;
        }
        all.push(combination);
    }
}

/// What is left of a number whose digits choose.
struct Pick {
    rest: usize,
    combinations: usize,
}

impl Pick {
    fn one_of<T: Copy>(&mut self, values: &[T]) -> T {
        let value = values[self.rest % values.len()];
        self.rest /= values.len();
        self.combinations *= values.len();
        value
    }
}

#[test]
fn no_combination_of_facts_comes_twice() {
    for requests in [requests(&SENT), hinted_requests(), requests_with_state(), requests_of_browsers()] {
        let different: BTreeSet<_> = requests.iter().map(|case| format!("{case:?}")).collect();
        assert_eq!(different.len(), requests.len());
    }
}
