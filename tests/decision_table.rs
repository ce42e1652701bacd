//! The decision rules as a table: every combination of plain facts is decided by the crate and by
//! `decision_table/rules.rs`, a second writing of the same rules, and the two have to agree.
//!
//! What is compared: which of the two calls refuses, the client that is asked for, the decision, its reasons, the refusal's
//! code and detail, and where a redirect leads, be it after a yes or after the form was posted again.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests"
)]

#[path = "decision_table/rules.rs"]
mod rules;
#[path = "decision_table/token.rs"]
mod token;

use std::collections::BTreeSet;
use std::sync::LazyLock;

use oidc_logout::{
    Algorithm, Client, Confirm, ConfirmReason, ConfirmRule, ConfirmationKey, Decision, KeySet, Landing, LogoutEndpoint,
    LogoutRequest, Policy, Refusal, RefusalReason, Session,
};
use serde_json::{Value, json};
use time::OffsetDateTime;

use rules::{Case, HintRule, Issuer, LOGIN_GOV, LOGIN_GOV_CLIENT_ID, OPENID, Outcome, Redirect, Rules, Sent, Shape};
use token::{ProviderKey, hmac_signer, sign};

const NOW: i64 = 1_800_000_000;
const ISSUER: &str = "https://op.example";
const FORMER_ISSUER: &str = "https://login.example";
const SECRET: [u8; 64] = [7; 64];

static KEY: LazyLock<ProviderKey> = LazyLock::new(|| ProviderKey::generate("current"));
static OTHER_KEY: LazyLock<ProviderKey> = LazyLock::new(|| ProviderKey::generate("current"));

// The facts and their values.

/// Where a fact is not varied.
const CASE: Case<'static> = Case {
    policy: &OPENID,
    sent: Sent::Get,
    hint: None,
    client_id: None,
    client: None,
    redirect: None,
    state: None,
    session: None,
};

const SENT: [Sent; 3] = [Sent::Get, Sent::Post, Sent::PostAgain];

const CLIENT_IDS: [Option<&str>; 3] = [None, Some("rp-1"), Some("rp-2")];

const CLIENT: rules::Client = rules::Client { algorithm: None, secret: false, ask_always: None };

const CLIENTS: [Option<rules::Client>; 5] = [
    None,
    Some(CLIENT),
    Some(rules::Client { ask_always: Some(true), ..CLIENT }),
    Some(rules::Client { algorithm: Some(rules::Algorithm::Es256), ..CLIENT }),
    Some(rules::Client { algorithm: Some(rules::Algorithm::Hs256), secret: true, ask_always: Some(false) }),
];

/// What a client is registered with, as far as it concerns the hint.
const KEYED_CLIENTS: [Option<rules::Client>; 7] = [
    None,
    Some(CLIENT),
    Some(rules::Client { algorithm: Some(rules::Algorithm::Rs256), secret: true, ..CLIENT }),
    Some(rules::Client { algorithm: Some(rules::Algorithm::Es256), ..CLIENT }),
    Some(rules::Client { algorithm: Some(rules::Algorithm::Hs256), secret: true, ..CLIENT }),
    Some(rules::Client { algorithm: Some(rules::Algorithm::Hs256), ..CLIENT }),
    Some(rules::Client { algorithm: Some(rules::Algorithm::Hs512), secret: true, ..CLIENT }),
];

const REDIRECTS: [Option<Redirect>; 4] =
    [None, Some(Redirect::Registered), Some(Redirect::SpeltOtherwise), Some(Redirect::Unregistered)];

const STATES: [Option<&str>; 2] = [None, Some(STATE)];

const STATE: &str = "af0ifjsldkj & af0ifjsldkj/\u{e9}";

const SESSION: rules::Session = rules::Session { subject: Some("user-1"), sid: Some("sid-1"), takes_part: None };

const SESSIONS: [Option<rules::Session>; 5] = [
    None,
    Some(SESSION),
    Some(rules::Session { takes_part: Some(true), sid: None, ..SESSION }),
    Some(rules::Session { subject: None, ..SESSION }),
    Some(rules::Session { takes_part: Some(false), ..SESSION }),
];

const HINT: rules::Hint = rules::Hint {
    shape: Shape::IdToken,
    algorithm: rules::Algorithm::Rs256,
    kid_known: true,
    signature_good: true,
    issuer: Issuer::Ours,
    not_yet_valid: false,
    expired_for: -300,
    audience: &["rp-1"],
    azp: None,
    subject: "user-1",
    sid: Some("sid-1"),
};

const HINTS: [Option<rules::Hint>; 9] = [
    None,
    Some(HINT),
    Some(rules::Hint { sid: None, ..HINT }),
    Some(rules::Hint { subject: "user-2", ..HINT }),
    Some(rules::Hint { signature_good: false, ..HINT }),
    Some(rules::Hint { issuer: Issuer::Former, expired_for: 86_400, sid: Some("sid-2"), ..HINT }),
    Some(rules::Hint { audience: &["rp-1", "rp-2"], azp: Some("rp-2"), subject: "user-2", sid: Some("sid-2"), ..HINT }),
    Some(rules::Hint { algorithm: rules::Algorithm::Hs256, ..HINT }),
    Some(rules::Hint { algorithm: rules::Algorithm::Hs256, signature_good: false, ..HINT }),
];

/// `aud` and `azp`: ways to name the client, and ways to fail at it.
const AUDIENCES: [(&[&str], Option<&str>); 6] = [
    (&["rp-1"], None),
    (&["rp-1"], Some("rp-1")),
    (&["rp-1"], Some("rp-2")),
    (&["rp-1", "rp-2"], None),
    (&["rp-1", "rp-2"], Some("rp-1")),
    (&["rp-1", "rp-3"], None),
];

/// A policy as configuration has it, beside the fields that it is expected to have.
struct PolicyRow {
    json: Value,
    rules: Rules,
}

fn presets() -> Vec<PolicyRow> {
    let preset = |name: &str, rules| PolicyRow { json: name.into(), rules };
    vec![preset("openid", OPENID), preset("login_gov", LOGIN_GOV), preset("login_gov_client_id", LOGIN_GOV_CLIENT_ID)]
}

/// `openid` with one field changed.
fn changes() -> Vec<PolicyRow> {
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
            r.algorithms = Some(&[rules::Algorithm::Rs256]);
        }),
        row(json!({"algorithms": ["HS256"]}), |r| {
            r.algorithms = Some(&[rules::Algorithm::Hs256]);
        }),
        row(json!({"algorithms": []}), |r| r.algorithms = Some(&[])),
        row(json!({"cross_site_post": "trust"}), |r| r.trust_cross_site_post = true),
    ]
}

/// What a `state` has to be.
fn state_policies() -> Vec<PolicyRow> {
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
static BOUNDARY_STATES: LazyLock<Vec<Option<&str>>> = LazyLock::new(|| {
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
fn pairs_of_changes() -> Vec<PolicyRow> {
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
        row(json!({"on_bad_hint": "confirm", "cross_site_post": "trust"}), |r| {
            r.let_bad_hint_through = true;
            r.trust_cross_site_post = true;
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

fn row(json: Value, change: fn(&mut Rules)) -> PolicyRow {
    let mut rules = OPENID;
    change(&mut rules);
    PolicyRow { json, rules }
}

/// Policies that judge hints differently.
fn judging_policies() -> Vec<PolicyRow> {
    vec![
        row(json!({"expired_hint": {"accept_for_seconds": 3600}}), |r| {
            r.accept_expired_for = Some(3600);
        }),
        row(json!({"algorithms": ["RS256", "ES256"]}), |r| {
            r.algorithms = Some(&[rules::Algorithm::Rs256, rules::Algorithm::Es256]);
        }),
        row(json!({"algorithms": ["HS256", "HS512"]}), |r| {
            r.algorithms = Some(&[rules::Algorithm::Hs256, rules::Algorithm::Hs512]);
        }),
        row(json!({"on_bad_hint": "confirm", "expired_hint": {"accept_for_seconds": 60}}), |r| {
            r.let_bad_hint_through = true;
            r.accept_expired_for = Some(60);
        }),
    ]
}

// The tests.

#[test]
fn under_the_presets_every_request_is_decided_by_the_rules() {
    let compared = compare(&presets(), &requests(&SENT), &CLIENTS, &SESSIONS);
    assert_eq!(compared.count, 3 * 648 * 5 * 5);
}

#[test]
fn with_any_one_field_changed_every_request_is_decided_by_the_rules() {
    let compared = compare_most(&changes());
    assert_eq!(compared.count, 14 * 216 * 5 * (5 + 2 * 2));
    let seen = "\
        algorithm client_mismatch client_missing client_unknown end_session expired hint_without_sid \
        id_token_hint_invalid id_token_hint_missing id_token_hint_refused invalid_hint key no_client_session \
        no_hint no_session other_session other_subject policy redirect_uri_missing redirect_uri_not_registered \
        resubmit signature unknown_client";
    assert!(compared.seen.into_iter().eq(seen.split_whitespace()));
}

#[test]
fn with_fields_changed_together_every_request_is_decided_by_the_rules() {
    let compared = compare_most(&pairs_of_changes());
    assert_eq!(compared.count, 8 * 216 * 5 * (5 + 2 * 2));
}

#[test]
fn of_all_faults_of_a_hint_the_first_by_the_rules_is_reported() {
    let compared = compare(&judging_policies(), &hinted_requests(), &KEYED_CLIENTS, &[Some(SESSION)]);
    assert_eq!(compared.count, 4 * (1152 + 3) * 3 * 7);
    let seen = "\
        algorithm audience client_mismatch client_unknown encrypted end_session expired id_token_hint_invalid \
        invalid_hint issuer key malformed not_yet_valid signature too_large type unknown_client";
    assert!(compared.seen.into_iter().eq(seen.split_whitespace()));
}

#[test]
fn of_a_state_and_missing_parts_the_first_fault_by_the_rules_is_reported() {
    let mut policies = presets();
    policies.extend(state_policies());
    let compared = compare(&policies, &requests_with_state(), &CLIENTS[..2], &SESSIONS[..2]);
    assert_eq!(compared.count, 7 * 240 * 2 * 2);
    let seen = "\
        client_mismatch client_missing client_unknown end_session id_token_hint_missing id_token_hint_refused \
        no_hint no_session redirect_uri_missing redirect_uri_not_registered state_missing state_too_long \
        state_too_short unknown_client";
    assert!(compared.seen.into_iter().eq(seen.split_whitespace()));
}

#[test]
fn a_yes_ends_the_session_and_a_no_does_not_whatever_the_question_was() {
    let policy = row(json!({"on_bad_hint": "confirm", "confirm": "always"}), |_| {});
    let endpoint = endpoint(&policy);
    let mut asked = 0;
    for case in requests(&SENT) {
        let request = request(&case);
        for client in CLIENTS {
            let registry = client.map(Registry::with);
            for session in SESSIONS.map(|facts| facts.map(session)) {
                let decided = decide(&endpoint, request.clone(), registry.as_ref(), session.as_ref());
                let Ok((_, Decision::Confirm(page))) = decided else {
                    continue;
                };
                asked += 1;
                let yes = answer(&endpoint, &page, "yes", registry.as_ref(), session.as_ref());
                let Decision::EndSession(end) = yes else {
                    panic!("{case:?}, {client:?}, {session:?}: a yes gives {yes:?}");
                };
                assert_eq!(location(&end.session_ended()).is_some(), page.returns_to_client());
                let no = answer(&endpoint, &page, "no", registry.as_ref(), session.as_ref());
                assert!(matches!(no, Decision::Declined(_)), "{case:?}, {client:?}, {session:?}: a no gives {no:?}");
            }
        }
    }
    assert_eq!(asked, 6888);
}

#[test]
fn a_client_that_was_not_asked_for_is_the_hosts_error() {
    let endpoint = endpoint(&row(json!({}), |_| {}));
    let stranger = client("rp-9", CLIENT);
    let mut passed = 0;
    for case in requests(&SENT) {
        let Ok(pending) = endpoint.receive(request(&case), at(NOW)) else {
            continue;
        };
        let decision = pending.decide(Some(&stranger), Some(&session(SESSION)));
        let Decision::Refuse(refusal) = decision else {
            panic!("{case:?}: {decision:?}");
        };
        assert_eq!(refusal.reason(), RefusalReason::HostError, "{case:?}");
        passed += 1;
    }
    assert_eq!(passed, 408);
}

/// Every combination of what a request can bring.
fn requests(sent: &[Sent]) -> Vec<Case<'static>> {
    all_combinations(|pick| Case {
        sent: pick.one_of(sent),
        hint: pick.one_of(&HINTS),
        client_id: pick.one_of(&CLIENT_IDS),
        redirect: pick.one_of(&REDIRECTS),
        state: pick.one_of(&STATES),
        ..CASE
    })
}

/// Requests with every combination of faults in their hint.
fn hinted_requests() -> Vec<Case<'static>> {
    let mut hints = all_combinations(|pick| {
        let (audience, azp) = pick.one_of(&AUDIENCES);
        rules::Hint {
            shape: pick.one_of(&[Shape::IdToken, Shape::OtherType]),
            algorithm: pick.one_of(&[rules::Algorithm::None, rules::Algorithm::Rs256, rules::Algorithm::Hs256]),
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
    hints.extend([Shape::TooLarge, Shape::Encrypted, Shape::Malformed].map(|shape| rules::Hint { shape, ..HINT }));
    all_combinations(|pick| Case {
        hint: Some(pick.one_of(&hints)),
        client_id: pick.one_of(&CLIENT_IDS),
        redirect: Some(Redirect::Registered),
        ..CASE
    })
}

/// Requests with every `state` and with every set of parts.
fn requests_with_state() -> Vec<Case<'static>> {
    all_combinations(|pick| Case {
        hint: pick.one_of(&HINTS[..2]),
        client_id: pick.one_of(&CLIENT_IDS),
        redirect: pick.one_of(&REDIRECTS),
        state: pick.one_of(&BOUNDARY_STATES),
        ..CASE
    })
}

/// Everything that the closure can pick.
fn all_combinations<T>(mut combine: impl FnMut(&mut Pick) -> T) -> Vec<T> {
    let mut all = Vec::new();
    for number in 0.. {
        let mut pick = Pick(number);
        let combination = combine(&mut pick);
        if pick.0 > 0 {
            break;
        }
        all.push(combination);
    }
    all
}

/// What is left of a number whose digits choose.
struct Pick(usize);

impl Pick {
    fn one_of<T: Copy>(&mut self, values: &[T]) -> T {
        let value = values[self.0 % values.len()];
        self.0 /= values.len();
        value
    }
}

// The comparison.

/// Every combination, but of the sessions only two where the request came by POST.
fn compare_most(policies: &[PolicyRow]) -> Compared {
    let mut compared = compare(policies, &requests(&SENT[..1]), &CLIENTS, &SESSIONS);
    let posted = compare(policies, &requests(&SENT[1..]), &CLIENTS, &SESSIONS[..2]);
    compared.count += posted.count;
    compared.seen.extend(posted.seen);
    compared
}

#[derive(Default)]
struct Compared {
    count: usize,
    /// Decisions, reasons, codes and details that occurred.
    seen: BTreeSet<&'static str>,
    differences: Vec<String>,
}

/// Decides every combination twice.
fn compare(
    policies: &[PolicyRow],
    requests: &[Case<'_>],
    clients: &[Option<rules::Client>],
    sessions: &[Option<rules::Session>],
) -> Compared {
    let requests: Vec<_> = requests.iter().map(|case| (request(case), case)).collect();
    let clients: Vec<_> = clients.iter().map(|&client| (client, client.map(Registry::with))).collect();
    let sessions: Vec<_> = sessions.iter().map(|&facts| (facts, facts.map(session))).collect();

    let mut compared = Compared::default();
    for policy in policies {
        let endpoint = endpoint(policy);
        for (request, case) in &requests {
            for (client, registry) in &clients {
                for (facts, session) in &sessions {
                    let case = Case { policy: &policy.rules, client: *client, session: *facts, ..**case };
                    compared.add(&case, &run(&endpoint, request.clone(), registry.as_ref(), session.as_ref()));
                }
            }
        }
    }
    assert!(
        compared.differences.is_empty(),
        "{} of {} differ, such as\n{}",
        compared.differences.len(),
        compared.count,
        compared.differences[..compared.differences.len().min(5)].join("\n"),
    );
    compared
}

impl Compared {
    fn add(&mut self, case: &Case<'_>, got: &Decided) {
        let expected = rules::receive(case)
            .map(|received| (received.asked_for.map(str::to_owned), rules::decide(&received, case)));
        if *got != expected {
            self.differences.push(format!("{case:?}\n  expected {expected:?}\n       got {got:?}"));
        }
        self.count += 1;
        match &expected {
            Ok((_, Outcome::EndSession { .. })) => self.see(["end_session"]),
            Ok((_, Outcome::NoSession { .. })) => self.see(["no_session"]),
            Ok((_, Outcome::Resubmit { .. })) => self.see(["resubmit"]),
            Ok((_, Outcome::Confirm { reasons, detail, .. })) => self.see(reasons.iter().copied().chain(*detail)),
            Ok((_, Outcome::Refuse(refusal))) | Err(refusal) => {
                self.see([refusal.reason].into_iter().chain(refusal.detail));
            }
        }
    }

    fn see(&mut self, codes: impl IntoIterator<Item = &'static str>) {
        self.seen.extend(codes);
    }
}

type Decided = Result<(Option<String>, Outcome), rules::Refusal>;

/// What a host does, and where its pages lead.
fn run(
    endpoint: &LogoutEndpoint,
    request: LogoutRequest,
    registry: Option<&Registry>,
    session: Option<&Session>,
) -> Decided {
    let (asked_for, decision) =
        decide(endpoint, request, registry, session).map_err(|refusal| read_refusal(&refusal))?;
    let outcome = match decision {
        Decision::EndSession(end) => Outcome::EndSession { redirect: location(&end.session_ended()) },
        Decision::NoSession(landing) => Outcome::NoSession { redirect: location(&landing) },
        Decision::Confirm(page) => {
            let mut reasons: Vec<_> = page.reasons().iter().map(|reason| reason.code()).collect();
            reasons.sort_unstable();
            let detail = page.reasons().iter().find_map(|reason| match reason {
                ConfirmReason::InvalidHint(error) => Some(error.code()),
                _ => None,
            });
            // Only where there is something to find out, since it takes another decision.
            let redirect = page.returns_to_client().then(|| {
                let answered = answer(endpoint, &page, "yes", registry, session);
                let Decision::EndSession(end) = answered else {
                    panic!("a yes gives {answered:?}");
                };
                location(&end.session_ended()).expect("a redirect, as was promised")
            });
            Outcome::Confirm { reasons, detail, redirect }
        }
        Decision::Resubmit(page) => {
            let decided = post(endpoint, page.fields(), registry, session);
            let Decision::NoSession(landing) = decided else {
                panic!("posted again, it gives {decided:?}");
            };
            Outcome::Resubmit { redirect: location(&landing) }
        }
        Decision::Refuse(refusal) => Outcome::Refuse(read_refusal(&refusal)),
        Decision::Declined(_) => panic!("nobody was asked"),
    };
    Ok((asked_for, outcome))
}

fn answer(
    endpoint: &LogoutEndpoint,
    page: &Confirm,
    confirm: &'static str,
    registry: Option<&Registry>,
    session: Option<&Session>,
) -> Decision {
    post(endpoint, page.fields().chain([("confirm", confirm)]), registry, session)
}

fn post<'f>(
    endpoint: &LogoutEndpoint,
    fields: impl Iterator<Item = (&'static str, &'f str)>,
    registry: Option<&Registry>,
    session: Option<&Session>,
) -> Decision {
    let form = serde_urlencoded::to_string(fields.collect::<Vec<_>>()).unwrap();
    let request = LogoutRequest::from_form(form).unwrap();
    decide(endpoint, request, registry, session).unwrap().1
}

fn decide(
    endpoint: &LogoutEndpoint,
    request: LogoutRequest,
    registry: Option<&Registry>,
    session: Option<&Session>,
) -> Result<(Option<String>, Decision), Refusal> {
    let pending = endpoint.receive(request, at(NOW))?;
    let asked_for = pending.client_id().map(|id| id.as_str().to_owned());
    let client = registry.zip(asked_for.as_deref()).map(|(registry, id)| registry.find(id));
    Ok((asked_for, pending.decide(client, session)))
}

fn read_refusal(refusal: &Refusal) -> rules::Refusal {
    rules::Refusal {
        reason: refusal.reason().code(),
        detail: match refusal.reason() {
            RefusalReason::IdTokenHintInvalid(error) => Some(error.code()),
            _ => None,
        },
    }
}

fn location(landing: &Landing) -> Option<String> {
    match landing {
        Landing::Redirect(to) => Some(to.location().to_owned()),
        Landing::SignedOutPage(_) => None,
    }
}

// From facts to what the crate takes.

fn endpoint(policy: &PolicyRow) -> LogoutEndpoint {
    let policy: Policy = serde_json::from_value(policy.json.clone()).unwrap();
    let keys = KeySet::from_jwks(KEY.jwks()).unwrap();
    LogoutEndpoint::new(ISSUER, keys, ConfirmationKey::new([1; 32]).unwrap())
        .with_former_issuer(FORMER_ISSUER)
        .with_policy(policy)
}

fn request(case: &Case<'_>) -> LogoutRequest {
    let redirect = case.redirect.map(|redirect| match redirect {
        Redirect::Registered => rules::REGISTERED_URI,
        Redirect::SpeltOtherwise => "HTTPS://RP.example:443/out?lang=en",
        Redirect::Unregistered => "https://rp.example/out",
    });
    let members = [
        ("id_token_hint", case.hint.as_ref().map(token)),
        ("client_id", case.client_id.map(str::to_owned)),
        ("post_logout_redirect_uri", redirect.map(str::to_owned)),
        ("state", case.state.map(str::to_owned)),
        ("resubmitted", (case.sent == Sent::PostAgain).then(|| "1".to_owned())),
    ];
    let form = serde_urlencoded::to_string(members).unwrap();
    match case.sent {
        Sent::Get => LogoutRequest::from_query(form).unwrap(),
        Sent::Post | Sent::PostAgain => LogoutRequest::from_form(form).unwrap(),
    }
}

fn token(hint: &rules::Hint) -> String {
    match hint.shape {
        Shape::Encrypted => return "e30.e30.e30.e30.e30".to_owned(),
        Shape::Malformed => return "e30.e30".to_owned(),
        _ => {}
    }
    let mut header = json!({
        "alg": match hint.algorithm {
            rules::Algorithm::None => "none",
            rules::Algorithm::Rs256 => "RS256",
            rules::Algorithm::Hs256 => "HS256",
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
        "iat": if hint.not_yet_valid { NOW + 301 } else { NOW + 300 },
        "exp": NOW - hint.expired_for,
        "sid": hint.sid,
    });
    match hint.shape {
        Shape::OtherType => header["typ"] = "at+jwt".into(),
        Shape::TooLarge => claims["padding"] = "x".repeat(36 * 1024).into(),
        _ => {}
    }
    match (hint.algorithm, hint.signature_good) {
        (rules::Algorithm::Rs256, true) => sign(&header, &claims, KEY.signer()),
        (rules::Algorithm::None, _) | (rules::Algorithm::Rs256, false) => sign(&header, &claims, OTHER_KEY.signer()),
        (_, true) => sign(&header, &claims, hmac_signer(&SECRET).as_ref()),
        (_, false) => sign(&header, &claims, hmac_signer(&[8; 64]).as_ref()),
    }
}

/// A registry in which every client is registered alike.
struct Registry([Client; 2]);

impl Registry {
    fn with(facts: rules::Client) -> Self {
        Self(["rp-1", "rp-2"].map(|id| client(id, facts)))
    }

    fn find(&self, id: &str) -> &Client {
        self.0.iter().find(|client| client.id().as_str() == id).unwrap()
    }
}

fn client(id: &str, facts: rules::Client) -> Client {
    let mut client = Client::builder(id).post_logout_redirect_uri(rules::REGISTERED_URI);
    if let Some(algorithm) = facts.algorithm {
        client = client.id_token_signed_response_alg(match algorithm {
            rules::Algorithm::Rs256 => Algorithm::Rs256,
            rules::Algorithm::Es256 => Algorithm::Es256,
            rules::Algorithm::Hs256 => Algorithm::Hs256,
            rules::Algorithm::Hs512 => Algorithm::Hs512,
            rules::Algorithm::None => panic!("no client is registered for it"),
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

fn session(facts: rules::Session) -> Session {
    let mut session = Session::new([3; 32]);
    if let Some(subject) = facts.subject {
        session = session.subject(subject);
    }
    if let Some(sid) = facts.sid {
        session = session.sid(sid);
    }
    if let Some(takes_part) = facts.takes_part {
        session = session.takes_part(takes_part);
    }
    session
}

fn at(seconds: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(seconds).unwrap()
}
