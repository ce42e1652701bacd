//! Properties that hold for whatever comes in: where a redirect leads, that nothing is decided twice in different ways,
//! that nothing panics, and that a question is answered only by the one who was asked.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    reason = "tests"
)]

#[path = "decision_table/token.rs"]
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

// Input that is nearly right.

/// A change to a text, at a place relative to its length.
#[derive(Clone, Debug)]
enum Change {
    Insert(Index, String),
    Remove(Index),
    Replace(Index, char),
    SwapCase(Index),
    Append(String),
}

impl Change {
    fn apply(&self, text: &mut String) {
        let places: Vec<_> = text.char_indices().map(|(place, _)| place).collect();
        let place = |index: &Index| index.get(&places);
        match self {
            Self::Append(end) => text.push_str(end),
            Self::Insert(index, what) => {
                text.insert_str(*index.get(&[places.as_slice(), &[text.len()]].concat()), what);
            }
            _ if places.is_empty() => {}
            Self::Remove(index) => {
                text.remove(*place(index));
            }
            Self::Replace(index, with) => {
                text.remove(*place(index));
                text.insert(*place(index), *with);
            }
            Self::SwapCase(index) => {
                let old = text.remove(*place(index));
                let new = if old.is_ascii_lowercase() { old.to_ascii_uppercase() } else { old.to_ascii_lowercase() };
                text.insert(*place(index), new);
            }
        }
    }
}

/// What has made a difference between two readers of a URI before.
const SNIPPETS: [&str; 42] = [
    "/",
    "//",
    "\\",
    "@",
    "user@",
    "#",
    "#x",
    "?",
    "?x",
    "&",
    "%",
    "%2f",
    "%00",
    "%2e",
    ".",
    "..",
    "/..",
    "/.",
    ":",
    ":80",
    ":443",
    ":0",
    ":00443",
    ":65535",
    ":65536",
    ":99999",
    "evil.example",
    ".evil.example",
    "\t",
    "\r\n",
    " ",
    "\0",
    "&state=evil",
    "?state=evil",
    "state=",
    "\u{ff0f}",
    "\u{212a}",
    "\u{e9}",
    "[::1]",
    "127.0.0.1",
    "localhost",
    "javascript:",
];

fn change() -> BoxedStrategy<Change> {
    prop_oneof![
        3 => (any::<Index>(), select(SNIPPETS.to_vec())).prop_map(|(place, what)| Change::Insert(place, what.to_owned())),
        2 => select(SNIPPETS.to_vec()).prop_map(|what| Change::Append(what.to_owned())),
        2 => any::<Index>().prop_map(Change::Remove),
        2 => any::<Index>().prop_map(Change::SwapCase),
        1 => (any::<Index>(), any::<char>()).prop_map(|(place, with)| Change::Replace(place, with)),
        1 => (any::<Index>(), 1..=u16::MAX).prop_map(|(place, port)| Change::Insert(place, format!(":{port}"))),
    ].boxed()
}

fn changed(text: impl Strategy<Value = String> + 'static, most: usize) -> BoxedStrategy<String> {
    let changes = prop_oneof![2 => Just(Vec::new()), 1 => vec(change(), 1..=most)];
    (text, changes)
        .prop_map(|(mut text, changes)| {
            for change in changes {
                change.apply(&mut text);
            }
            text
        })
        .boxed()
}

fn registered_uri() -> impl Strategy<Value = String> {
    let uris: Vec<_> = REGISTRATIONS.iter().flat_map(|registration| registration.uris).collect();
    select(uris).prop_map(|&uri| uri.to_owned())
}

/// A URI of the client or of another, as it is, changed, or with another port.
fn requested_uri(registration: &'static Registration) -> BoxedStrategy<String> {
    let own = select(registration.uris).prop_map(str::to_owned);
    let hosts = select(vec!["127.0.0.1", "[::1]"]);
    let ports = option::of(any::<u16>()).prop_map(|port| port.map_or(String::new(), |port| format!(":{port}")));
    let rests = select(vec!["", "/", "/out", "/out?a=1"]);
    let loopback = (hosts, ports, rests).prop_map(|(host, port, rest)| format!("http://{host}{port}{rest}"));
    prop_oneof![6 => changed(own, 3), 1 => changed(registered_uri(), 3), 1 => loopback].boxed()
}

fn requested_client(registration: &'static Registration) -> impl Strategy<Value = String> {
    prop_oneof![
        12 => Just(registration.id.to_owned()),
        1 => select(vec!["web", "app", "hmac"]).prop_map(str::to_owned),
        1 => "[a-z]{0,4}",
    ]
}

fn state() -> impl Strategy<Value = String> {
    prop_oneof!["[ -~]{0,30}", any::<String>(), Just("/".repeat(2048))]
}

fn hint(place: usize) -> BoxedStrategy<String> {
    prop_oneof![
        12 => changed(select(&TOKENS[place * 5..place * 5 + 5]), 1),
        2 => changed(select(TOKENS.as_slice()), 1),
        1 => any::<String>(),
    ]
    .boxed()
}

/// The members of a request.
fn parameters() -> impl Strategy<Value = Vec<(&'static str, String)>> {
    (0..REGISTRATIONS.len()).prop_flat_map(parameters_of)
}

fn parameters_of(place: usize) -> BoxedStrategy<Vec<(&'static str, String)>> {
    let registration = &REGISTRATIONS[place];
    let members = (
        option::of(hint(place)),
        option::weighted(0.7, requested_client(registration)),
        option::weighted(0.9, requested_uri(registration)),
        option::of(state()),
        option::weighted(0.1, any::<String>()),
        option::weighted(0.1, "[a-zA-Z -]{0,20}"),
        option::weighted(0.2, Just("1".to_owned())),
    );
    members
        .prop_map(|(hint, client_id, uri, state, logout_hint, ui_locales, resubmitted)| {
            let members = [
                ("id_token_hint", hint),
                ("client_id", client_id),
                ("post_logout_redirect_uri", uri),
                ("state", state),
                ("logout_hint", logout_hint),
                ("ui_locales", ui_locales),
                ("resubmitted", resubmitted),
            ];
            sent(members)
        })
        .boxed()
}

/// The members that there are.
fn sent<const N: usize>(members: [(&'static str, Option<String>); N]) -> Vec<(&'static str, String)> {
    let sent = members.into_iter().filter_map(|(name, value)| Some((name, value?)));
    sent.collect()
}

/// A query or form that is right, nearly right, or anything.
fn wire() -> BoxedStrategy<Vec<u8>> {
    let written = || parameters().prop_map(|members| serde_urlencoded::to_string(members).unwrap());
    prop_oneof![
        8 => written().prop_map(String::into_bytes),
        2 => changed(written(), 3).prop_map(String::into_bytes),
        1 => vec(any::<u8>(), 0..200),
    ]
    .boxed()
}

fn request() -> impl Strategy<Value = LogoutRequest> {
    (wire(), any::<bool>()).prop_filter_map("a request that is read", |(wire, post)| {
        if post { LogoutRequest::from_form(wire).ok() } else { LogoutRequest::from_query(wire).ok() }
    })
}

fn signed_in() -> impl Strategy<Value = Option<Session>> {
    let mut sessions = vec![None, Some(session(1)), Some(Session::new([1; 32]))];
    sessions.push(Some(session(1).takes_part(false)));
    select(sessions)
}

/// How strict each field of a policy is, from 0 on; for `hint` 1 and 2 are both stricter than 0 and not comparable.
type Strictness = [usize; 14];

const STRICTEST: Strictness = [2, 1, 1, 1, 2, 2, 1, 1, 2, 1, 1, 1, 4, 1];

/// `None` where the fields contradict each other.
fn policy(strictness: &Strictness) -> Option<Policy> {
    let algorithms = [
        None,
        Some(vec![Algorithm::EdDsa, Algorithm::Hs256, Algorithm::Rs256]),
        Some(vec![Algorithm::Hs256, Algorithm::Rs256]),
        Some(vec![Algorithm::Rs256]),
        Some(vec![]),
    ];
    let presence = [Presence::Optional, Presence::Required];
    Policy::openid()
        .to_builder()
        .hint([HintRule::Optional, HintRule::Required, HintRule::Refused][strictness[0]])
        .client_id(presence[strictness[1]])
        .redirect_uri(presence[strictness[2]])
        .state(StateRule {
            required: strictness[3] == 1,
            min_chars: [0, 8, 22][strictness[4]],
            max_chars: [2048, 26, 22][strictness[5]],
        })
        .confirm([ConfirmRule::WhenUnproven, ConfirmRule::Always][strictness[6]])
        .redirect_without_hint([RedirectWithoutHint::Confirm, RedirectWithoutHint::Refuse][strictness[7]])
        .expired_hint(
            [ExpiredHint::Accept, ExpiredHint::AcceptForSeconds(7200), ExpiredHint::AcceptForSeconds(7199)]
                [strictness[8]],
        )
        .hint_without_sid([HintWithoutSid::Accept, HintWithoutSid::Ask][strictness[9]])
        .on_bad_hint([OnBadHint::Confirm, OnBadHint::Refuse][strictness[10]])
        .uri_matching([UriMatching::Normalized, UriMatching::Exact][strictness[11]])
        .algorithms(algorithms[strictness[12]].clone())
        .cross_site_post([CrossSitePost::Trust, CrossSitePost::Resubmit][strictness[13]])
        .build()
        .ok()
}

fn strictness() -> BoxedStrategy<Strictness> {
    let levels = STRICTEST.map(|strictest| prop_oneof![9 => Just(0), 1 => 0..=strictest]);
    levels.prop_filter("fields that do not contradict each other", |levels| policy(levels).is_some()).boxed()
}

fn any_policy() -> impl Strategy<Value = Policy> {
    prop_oneof![
        3 => strictness().prop_map(|levels| policy(&levels).unwrap()),
        1 => select(vec![Policy::openid(), Policy::login_gov(), Policy::login_gov_client_id()]),
    ]
}

/// Those of a policy and of one that is at least as strict in every field.
fn strictness_and_stricter() -> impl Strategy<Value = (Strictness, Strictness)> {
    let further = STRICTEST.map(|strictest| prop_oneof![9 => Just(0), 1 => 0..=strictest]);
    (strictness(), further).prop_filter_map("fields that do not contradict each other", |(lax, further)| {
        let mut strict = lax;
        for (level, other) in strict.iter_mut().zip(further) {
            *level = other.max(*level);
        }
        if lax[0] != 0 {
            strict[0] = lax[0];
        }
        policy(&strict).map(|_| (lax, strict))
    })
}

/// Checks a property of that many inputs.
fn check<S: Strategy>(cases: u32, inputs: S, property: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    if let Err(error) = TestRunner::new(config).run(&inputs, property) {
        panic!("{error}");
    }
}

// Redirects.

#[test]
fn a_redirect_leads_to_a_registered_uri_of_the_client_with_the_state_and_nothing_else() {
    let redirects = Cell::new(0);
    check(3000, (any_policy(), wire(), any::<bool>(), signed_in()), |(policy, wire, post, session)| {
        let request = if post { LogoutRequest::from_form(&wire) } else { LogoutRequest::from_query(&wire) };
        let Ok(request) = request else {
            return Ok(());
        };
        let seen = see(&endpoint(policy), request, session.as_ref());
        let Some(location) = seen.location else {
            return Ok(());
        };
        let (_, state) =
            form_urlencoded::parse(&wire).find(|(name, value)| name == "state" && !value.is_empty()).unzip();
        let client = seen.client_id.expect("a client that is redirected to");
        let registration = REGISTRATIONS.iter().find(|registration| registration.id == client).unwrap();
        prop_assert!(
            registration.uris.iter().any(|uri| is_redirect_to(uri, registration.native, state.as_deref(), &location)),
            "{client} is sent to {location}"
        );
        redirects.set(redirects.get() + 1);
        Ok(())
    });
    assert!(redirects.get() > 300, "only {} of the requests were redirected", redirects.get());
}

/// Whether a location is the registered URI with the state. Reads by its own means.
fn is_redirect_to(registered: &str, native: bool, state: Option<&str>, location: &str) -> bool {
    let same_port = |uri: &str| Url::parse(uri).unwrap().port();
    let loopback = native.then(|| LOOPBACK.iter().find(|prefix| registered.starts_with(*prefix))).flatten();
    let (registered_port, location_port) = (text_port(registered), text_port(location));
    let expected = match loopback {
        Some(prefix) => {
            let rest = registered[prefix.len()..].strip_prefix(registered_port).unwrap();
            format!("{prefix}{location_port}{rest}")
        }
        None => registered.to_owned(),
    };
    let expected = match state {
        Some(state) => with_state(&expected, state),
        None => expected,
    };
    let host = |uri: &str| Url::parse(uri).unwrap().host().map(|host| host.to_owned());
    let scheme = |uri: &str| Url::parse(uri).unwrap().scheme().to_owned();
    location == expected
        && location.bytes().all(|byte| byte.is_ascii_graphic())
        && host(location) == host(registered)
        && scheme(location) == scheme(registered)
        && (loopback.is_some() || same_port(location) == same_port(registered))
        && (location_port.is_empty() || is_port(location_port))
}

fn is_port(text: &str) -> bool {
    let number = text.strip_prefix(':').and_then(|port| port.parse::<u16>().ok());
    number.is_some_and(|number| number > 0 && text == format!(":{number}"))
}

const LOOPBACK: [&str; 2] = ["http://127.0.0.1", "http://[::1]"];

/// The port of a loopback URI as it is written, with its colon.
fn text_port(uri: &str) -> &str {
    let Some(rest) = LOOPBACK.iter().find_map(|prefix| uri.strip_prefix(prefix)) else {
        return "";
    };
    &rest[..rest.find(['/', '?']).unwrap_or(rest.len())]
}

fn with_state(uri: &str, state: &str) -> String {
    let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
    let names_state = |member: &str| form_urlencoded::parse(member.as_bytes()).any(|(name, _)| name == "state");
    let others: Vec<_> = query.split('&').filter(|member| !names_state(member)).collect();
    let others = others.join("&");
    let encode = |byte: u8| match byte {
        b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    let encoded: String = state.bytes().map(encode).collect();
    let separator = if others.is_empty() { "" } else { "&" };
    format!("{path}?{others}{separator}state={encoded}")
}

// Decisions.

#[test]
fn the_same_request_is_always_decided_alike() {
    check(500, (any_policy(), request(), signed_in()), |(policy, request, session)| {
        let endpoint = endpoint(policy.clone());
        let first = see(&endpoint, request.clone(), session.as_ref());
        prop_assert_eq!(&first, &see(&endpoint, request.clone(), session.as_ref()));
        prop_assert_eq!(&first, &see(&self::endpoint(policy), request, session.as_ref()));
        Ok(())
    });
}

#[test]
fn a_stricter_policy_refuses_what_a_laxer_one_refuses_and_redirects_and_ends_no_more() {
    let (refused, redirected) = (Cell::new(0), Cell::new(0));
    check(2000, (strictness_and_stricter(), request(), signed_in()), |((lax, strict), request, session)| {
        let lets_through = strict[10] == 0;
        let see = |levels| see(&endpoint(policy(&levels).unwrap()), request.clone(), session.as_ref());
        let (lax, strict) = (see(lax), see(strict));
        if lax.decision == "refuse" {
            // A hint that is bad to the stricter policy alone may be let through, without a redirect.
            prop_assert!(strict.decision == "refuse" || (lets_through && strict.location.is_none()));
            refused.set(refused.get() + 1);
        }
        if strict.location.is_some() {
            prop_assert!(lax.location.is_some());
            redirected.set(redirected.get() + 1);
        }
        if strict.decision == "end_session" {
            prop_assert_eq!(lax.decision, "end_session");
        }
        Ok(())
    });
    assert!(refused.get() > 200, "only {} of the requests were refused", refused.get());
    assert!(redirected.get() > 100, "only {} of the requests were redirected", redirected.get());
}

// Reading and writing.

#[test]
fn a_request_that_is_read_and_written_is_read_the_same_again() {
    check(3000, (soup(), any::<bool>()), |(wire, post)| {
        let read = |form: &[u8]| {
            if post { LogoutRequest::from_form(form) } else { LogoutRequest::from_query(form) }
        };
        if let Ok(request) = read(&wire) {
            let written = serde_urlencoded::to_string(&request).unwrap();
            prop_assert_eq!(read(written.as_bytes()).unwrap(), request);
        }
        Ok(())
    });
}

/// Members whose names are ours, more or less, with values of any bytes.
fn soup() -> impl Strategy<Value = Vec<u8>> {
    let names = [
        "id_token_hint",
        "logout_hint",
        "client_id",
        "post_logout_redirect_uri",
        "state",
        "ui_locales",
        "resubmitted",
        "confirmation",
        "confirm",
        "st%61te",
        "client%5Fid",
        "STATE",
        "state ",
        "+state",
        "",
    ];
    let values = prop_oneof![
        Just(b"yes".to_vec()),
        Just(b"no".to_vec()),
        Just(b"1".to_vec()),
        any::<String>().prop_map(String::into_bytes),
        any::<String>()
            .prop_map(|text| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().into_bytes()),
        vec(any::<u8>(), 0..12),
        vec(select(b"%+=&2fF\xc3\xa9\0".to_vec()), 0..12),
    ];
    let members = vec((select(names.to_vec()), any::<bool>(), values), 0..8).prop_map(|members| {
        let members: Vec<_> = members
            .into_iter()
            .map(|(name, sign, value)| [name.as_bytes(), if sign { b"=" } else { b"" }, &value].concat())
            .collect();
        members.join(&b'&')
    });
    prop_oneof![4 => members, 1 => wire()]
}

#[test]
fn what_grows_beyond_the_limit_when_it_is_written_is_refused_only_for_its_size() {
    check(
        50,
        (1..3_usize, 0..70_000_usize, select(vec!["\u{e9}", "x", " ", "\u{1f600}"])),
        |(divisor, length, text)| {
            let wire = format!("state={}", text.repeat(length / divisor / text.len()));
            let Ok(request) = LogoutRequest::from_query(&wire) else {
                prop_assert!(wire.len() > 64 * 1024);
                return Ok(());
            };
            let written = serde_urlencoded::to_string(&request).unwrap();
            match LogoutRequest::from_query(&written) {
                Ok(again) => prop_assert_eq!(again, request),
                Err(refusal) => {
                    prop_assert_eq!(refusal.reason().code(), "request_too_large");
                    prop_assert!(written.len() > 64 * 1024);
                }
            }
            Ok(())
        },
    );
}

#[test]
fn a_request_that_is_built_and_written_is_read_the_same_again() {
    let value = || option::of(prop_oneof![any::<String>(), Just(String::new())]);
    let values = (value(), value(), value(), value(), value(), value());
    check(1000, (any::<bool>(), values), |(post, (hint, logout_hint, client_id, uri, state, ui_locales))| {
        let method = if post { Method::Post } else { Method::Get };
        let mut builder = LogoutRequest::builder(method);
        if let Some(value) = &hint {
            builder = builder.id_token_hint(value);
        }
        if let Some(value) = &logout_hint {
            builder = builder.logout_hint(value);
        }
        if let Some(value) = &client_id {
            builder = builder.client_id(value);
        }
        if let Some(value) = &uri {
            builder = builder.post_logout_redirect_uri(value);
        }
        if let Some(value) = &state {
            builder = builder.state(value);
        }
        if let Some(value) = &ui_locales {
            builder = builder.ui_locales(value);
        }
        let request = builder.build().unwrap();
        let given = state.as_deref().filter(|state| !state.is_empty());
        prop_assert_eq!(request.state().map(State::as_str), given);

        let written = serde_urlencoded::to_string(&request).unwrap();
        let read = if post { LogoutRequest::from_form(&written) } else { LogoutRequest::from_query(&written) };
        prop_assert_eq!(read.unwrap(), request);
        Ok(())
    });
}

// Nothing panics.

#[test]
fn no_bytes_make_reading_or_deciding_a_request_panic() {
    let texts = (select(vec!["GET", "POST", "HEAD", "get", ""]), option::of(any::<String>()));
    let seconds = prop_oneof![Just(NOW), -377_705_116_800..=253_402_300_799_i64];
    let inputs = (any_policy(), texts, soup(), soup(), seconds, signed_in());
    check(2000, inputs, |(policy, (method, content_type), query, body, seconds, session)| {
        let endpoint = endpoint(policy);
        let form = content_type.as_deref().or(Some("application/x-www-form-urlencoded; charset=utf-8"));
        if let Ok(request) = endpoint.read(method, form, &query, &body) {
            let _decided = decide(&endpoint, request, session.as_ref(), at(seconds));
        }
        Ok(())
    });
}

#[test]
fn no_token_makes_verification_panic() {
    let segments = vec(vec(any::<u8>(), 0..40), 0..6).prop_map(|segments| {
        let encoded: Vec<_> = segments.iter().map(|segment| URL_SAFE_NO_PAD.encode(segment)).collect();
        encoded.join(".")
    });
    let tokens = prop_oneof![
        any::<String>(),
        "[A-Za-z0-9_=.-]{0,80}",
        segments,
        changed(select(TOKENS.clone()), 4),
        (header_text(), claims_text()).prop_map(|(header, claims)| {
            format!("{}.{}.AAAA", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims))
        }),
    ];
    check(2000, (any_policy(), tokens, signed_in()), |(policy, token, session)| {
        // Deeply nested claims may be too large for a request.
        if let Ok(request) = LogoutRequest::builder(Method::Get).id_token_hint(token).client_id("web").build() {
            let _decided = decide(&endpoint(policy), request, session.as_ref(), at(NOW));
        }
        Ok(())
    });
}

/// JSON that is nearly a header, and now and then one.
fn header_text() -> impl Strategy<Value = String> {
    let value = prop_oneof![Just(r#""RS256""#.to_owned()), Just(r#""HS256""#.to_owned()), json_text()];
    let name = select(vec!["alg", "kid", "typ", "crit", "\\u0061lg", "x"]);
    object_text(name, value)
}

fn claims_text() -> impl Strategy<Value = String> {
    let value = prop_oneof![
        Just(r#""https://op.example""#.to_owned()),
        Just(r#""web""#.to_owned()),
        Just(r#"["web","app"]"#.to_owned()),
        json_text(),
    ];
    let name = select(vec!["iss", "sub", "aud", "azp", "exp", "iat", "nbf", "sid", "events", "\\ud800", "x"]);
    object_text(name, value)
}

fn object_text(
    name: impl Strategy<Value = &'static str>,
    value: impl Strategy<Value = String>,
) -> impl Strategy<Value = String> {
    vec((name, value), 0..9).prop_map(|members| {
        let members: Vec<_> = members.iter().map(|(name, value)| format!(r#""{name}":{value}"#)).collect();
        format!("{{{}}}", members.join(","))
    })
}

/// Values of all types, numbers beyond all types, and what is no JSON.
fn json_text() -> impl Strategy<Value = String> {
    let odd = [
        "null",
        "true",
        "{}",
        "[]",
        "[1]",
        "[\"\"]",
        "[[[]]]",
        "1e308",
        "1e309",
        "-1e999",
        "1e-999",
        "-0",
        "0.1",
        "NaN",
        "01",
        "9223372036854775807",
        "-9223372036854775809",
        "18446744073709551616",
        "1e99999999999999999999",
        "\"\\ud800\"",
        "\"\\u0000\"",
        "\"",
        "",
        "[",
        "{\"a\":{\"a\":{}}}",
    ];
    prop_oneof![
        2 => select(odd.to_vec()).prop_map(str::to_owned),
        1 => any::<f64>().prop_map(|number| format!("{number:e}")),
        1 => any::<i64>().prop_map(|number| number.to_string()),
        1 => any::<String>().prop_map(|text| Value::from(text).to_string()),
        1 => Just("[".repeat(5000) + &"]".repeat(5000)),
    ]
}

#[test]
fn no_claims_make_a_token_with_a_good_signature_panic() {
    let date = || prop_oneof![Just(NOW.to_string()), json_text()];
    let any_date = prop_oneof![Just(NOW), -377_705_116_800..=253_402_300_799_i64];
    let inputs = (date(), date(), option::of(date()), any_date, any::<bool>(), any_policy());
    let accepted = Cell::new(0);
    check(800, inputs, |(iat, exp, nbf, now, hmac, policy)| {
        let (algorithm, client, secret) =
            if hmac { ("HS256", "hmac", Some(hmac_signer(&SECRET))) } else { ("RS256", "web", None) };
        let signer = secret.as_deref().unwrap_or(KEY.signer());
        let nbf = nbf.map_or(String::new(), |nbf| format!(r#","nbf":{nbf}"#));
        let message = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(format!(r#"{{"alg":"{algorithm}"}}"#)),
            URL_SAFE_NO_PAD.encode(format!(
                r#"{{"iss":"{ISSUER}","sub":"user-1","aud":"{client}","iat":{iat},"exp":{exp}{nbf}}}"#
            )),
        );
        let signature = URL_SAFE_NO_PAD.encode(signer.sign(message.as_bytes()).unwrap());
        let request = LogoutRequest::builder(Method::Get).id_token_hint(format!("{message}.{signature}")).build();
        if let Ok(Decision::EndSession(end)) = decide(&endpoint(policy), request.unwrap(), Some(&session(1)), at(now)) {
            let hint = end.hint().expect("a hint that was accepted");
            prop_assert!(hint.issued_at().as_seconds().is_finite() && hint.expires_at().as_seconds().is_finite());
            let _dates = (hint.issued_at().to_offset_date_time(), hint.expires_at().to_offset_date_time());
            accepted.set(accepted.get() + 1);
        }
        Ok(())
    });
    assert!(accepted.get() > 5, "only {} of the tokens were accepted", accepted.get());
}

#[test]
fn a_token_with_anything_changed_is_refused() {
    let endpoint = endpoint(Policy::openid());
    for token in [&TOKENS[0], &TOKENS[5], &TOKENS[10]] {
        let request = LogoutRequest::builder(Method::Get).id_token_hint(token).build();
        let decision = decide(&endpoint, request.unwrap(), Some(&session(1)), at(NOW));
        assert!(matches!(decision, Ok(Decision::EndSession(_))), "{decision:?}");
    }
    let tokens = select(vec![&TOKENS[0], &TOKENS[5], &TOKENS[10]]);
    let one = prop_oneof![
        change(),
        (any::<Index>(), select(BASE64_URL.chars().collect::<Vec<_>>()))
            .prop_map(|(place, with)| Change::Replace(place, with)),
    ];
    check(2000, (tokens, one), |(token, change)| {
        let mut changed = token.clone();
        change.apply(&mut changed);
        prop_assume!(changed != *token);
        let request = LogoutRequest::builder(Method::Get).id_token_hint(changed).build();
        let seen = see(&endpoint, request.unwrap(), Some(&session(1)));
        prop_assert_eq!(seen.codes, ["id_token_hint_invalid"]);
        Ok(())
    });
}

const BASE64_URL: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

#[test]
fn no_bytes_make_reading_a_key_set_panic() {
    let number = prop_oneof![
        vec(any::<u8>(), 0..70),
        (select(vec![32_usize, 48, 66]), any::<u8>()).prop_map(|(length, byte)| [byte].repeat(length)),
        (select(vec![255_usize, 256, 257, 1024, 1025]), any::<u8>()).prop_map(|(length, byte)| [byte].repeat(length)),
        vec(any::<u8>(), 32..=32),
        Just(vec![1, 0, 1]),
    ];
    let value = prop_oneof![
        4 => number.prop_map(|bytes| format!("\"{}\"", URL_SAFE_NO_PAD.encode(bytes))),
        2 => select(vec!["RSA", "EC", "OKP", "oct", "P-256", "P-384", "P-521", "Ed25519", "sig", "enc", "RS256", "ES256", "EdDSA"])
            .prop_map(|text| format!("\"{text}\"")),
        1 => json_text(),
    ];
    let names = select(vec!["n", "e", "x", "y", "d", "k", "use", "key_ops", "alg", "kid"]);
    let kinds = select(vec![
        r#""kty":"RSA""#,
        r#""kty":"EC","crv":"P-256""#,
        r#""kty":"EC","crv":"P-521""#,
        r#""kty":"OKP","crv":"Ed25519""#,
        r#""kty":"OKP","crv":"X25519""#,
        r#""kty":1"#,
    ]);
    let members = vec((names, value), 0..6)
        .prop_map(|members| members.iter().map(|(name, value)| format!(r#","{name}":{value}"#)).collect::<Vec<_>>());
    let keys = vec((kinds, members).prop_map(|(kind, members)| format!("{{{kind}{}}}", members.concat())), 0..3)
        .prop_map(|keys| format!(r#"{{"keys":[{}]}}"#, keys.join(",")));
    let sets = prop_oneof![
        6 => keys.prop_map(String::into_bytes),
        2 => changed(Just(KEY.jwks().to_owned()), 4).prop_map(String::into_bytes),
        1 => json_text().prop_map(|text| format!(r#"{{"keys":{text}}}"#).into_bytes()),
        1 => vec(any::<u8>(), 0..60),
    ];
    check(2000, sets, |set| {
        if let Ok(keys) = KeySet::from_jwks(set) {
            let _named: Vec<_> = keys.unusable().iter().map(|key| (key.index(), key.key_id(), key.error())).collect();
        }
        Ok(())
    });
}

#[test]
fn no_text_makes_reading_a_policy_panic_and_one_that_is_read_is_written_whole() {
    let names = [
        "base",
        "hint",
        "client_id",
        "redirect_uri",
        "state",
        "confirm",
        "redirect_without_hint",
        "expired_hint",
        "hint_without_sid",
        "on_bad_hint",
        "uri_matching",
        "algorithms",
        "cross_site_post",
    ];
    let words = [
        "openid",
        "login_gov",
        "login_gov_client_id",
        "optional",
        "required",
        "refused",
        "when_unproven",
        "always",
        "refuse",
        "confirm",
        "accept",
        "ask",
        "exact",
        "normalized",
        "resubmit",
        "trust",
    ];
    let value = prop_oneof![
        8 => select(words.to_vec()).prop_map(|word| format!("\"{word}\"")),
        1 => select(vec![
            r#"{"accept_for_seconds":60}"#,
            r#"{"required":true,"min_chars":22}"#,
            r#"{"max_chars":18446744073709551615}"#,
            r#"["RS256","Ed25519"]"#,
        ]).prop_map(str::to_owned),
        1 => json_text(),
    ];
    let small = vec((select(names.to_vec()), value), 0..3).prop_map(|members| {
        let members: Vec<_> = members.iter().map(|(name, value)| format!(r#""{name}":{value}"#)).collect();
        format!("{{{}}}", members.join(","))
    });
    let whole = any_policy().prop_map(|policy| serde_json::to_string(&policy).unwrap());
    let texts = prop_oneof![
        4 => small.prop_map(String::into_bytes),
        2 => changed(whole, 2).prop_map(String::into_bytes),
        1 => json_text().prop_map(String::into_bytes),
        1 => vec(any::<u8>(), 0..60),
    ];
    let read = Cell::new(0);
    check(3000, texts, |text| {
        if let Ok(policy) = serde_json::from_slice::<Policy>(&text) {
            let written = serde_json::to_string(&policy).unwrap();
            prop_assert_eq!(serde_json::from_str::<Policy>(&written).unwrap(), policy);
            read.set(read.get() + 1);
        }
        Ok(())
    });
    assert!(read.get() > 100, "only {} of the policies were read", read.get());
}

// Registration.

#[test]
fn what_is_registered_is_read_by_a_url_parser_as_it_is_written() {
    let registered = Cell::new(0);
    check(5000, (uri(), registration_rules()), |(uri, rules)| {
        let Ok(redirect) = RegisteredRedirect::register(&uri, &rules) else {
            return Ok(());
        };
        registered.set(registered.get() + 1);
        prop_assert_eq!(redirect.as_str(), &uri);
        let url = Url::parse(&uri);
        prop_assert!(url.is_ok(), "{:?}", url);
        let url = url.unwrap();
        prop_assert!(url.username().is_empty() && url.password().is_none() && url.fragment().is_none());
        prop_assert!(!uri.contains(['#', '\\', '\t', '\n', '\r', ' ']));

        let (scheme, rest) = uri.split_once(':').unwrap();
        prop_assert!(url.scheme().eq_ignore_ascii_case(scheme));
        let authority = rest.strip_prefix("//").map(|rest| &rest[..rest.find(['/', '?']).unwrap_or(rest.len())]);
        let host = authority.map(|authority| match authority.find(']') {
            Some(end) => &authority[..=end],
            None => authority.split(':').next().unwrap(),
        });
        prop_assert_eq!(
            url.host_str().unwrap_or_default().to_ascii_lowercase(),
            host.unwrap_or_default().to_ascii_lowercase()
        );
        let port = authority.unwrap_or_default()[host.unwrap_or_default().len()..].strip_prefix(':');
        if let Some(port) = port {
            prop_assert_eq!(url.port_or_known_default().unwrap().to_string(), port);
        }
        Ok(())
    });
    assert!(registered.get() > 300, "only {} of the URIs were registered", registered.get());
}

#[test]
fn a_port_without_a_host_is_not_registered() {
    let rules = RegistrationRules::default().application_type(ApplicationType::Native);
    let registered = RegisteredRedirect::register("com.example.app://:1", &rules);
    assert!(registered.is_err(), "{registered:?}");
}

#[test]
fn whatever_is_registered_comes_back_byte_for_byte_but_for_its_state() {
    let endpoint = endpoint(Policy::openid());
    let redirected = Cell::new(0);
    check(3000, (uri(), registration_rules(), option::of(state())), |(uri, rules, state)| {
        let client = Client::builder("any").registration_rules(rules).post_logout_redirect_uri(&uri).build();
        let Ok(client) = client else {
            return Ok(());
        };
        let state = state.filter(|state| !state.is_empty());
        let parameters = sent([
            ("client_id", Some("any".to_owned())),
            ("post_logout_redirect_uri", Some(uri.clone())),
            ("state", state.clone()),
        ]);
        let request = LogoutRequest::from_query(serde_urlencoded::to_string(parameters).unwrap()).unwrap();
        let decision = endpoint.receive(request, at(NOW)).map(|pending| pending.decide(Some(&client), None));
        match decision {
            Ok(Decision::NoSession(Landing::Redirect(to))) => {
                let expected = state.as_deref().map_or(uri.clone(), |state| with_state(&uri, state));
                prop_assert_eq!(to.location(), expected);
                redirected.set(redirected.get() + 1);
            }
            Ok(Decision::Refuse(refusal)) | Err(refusal) => prop_assert_eq!(refusal.reason().code(), "state_too_long"),
            other => panic!("it gives {other:?}"),
        }
        Ok(())
    });
    assert!(redirected.get() > 200, "only {} of the URIs were registered", redirected.get());
}

fn uri() -> impl Strategy<Value = String> {
    let host = prop_oneof![
        3 => select(vec![
            "rp.example", "RP.Example", "localhost", "LOCALHOST", "127.0.0.1", "127.1", "0x7f.1", "2130706433", "127.0.0.1.", "[::1]",
            "[0:0:0:0:0:0:0:1]", "[::FFFF:1.2.3.4]", "[::ffff:7f00:1]", "[fe80::1%25eth0]", "[v1.a]", "xn--bcher-kva.example",
            "xn--a", "a_b.example", "*", "*.example", "a;b", "a..b", ".", "-a.example", "1.2.3", "rp.example.", "999.1.1.1", "1.2.3.08", "",
        ]).prop_map(str::to_owned),
        1 => "[a-zA-Z0-9.-]{0,12}",
        1 => "\\[[0-9a-fA-F:.]{0,20}\\]",
        1 => "[ -~]{0,6}",
    ];
    let scheme = select(vec![
        "https",
        "http",
        "HTTP",
        "com.example.app",
        "Com.Example.App",
        "myapp",
        "javascript",
        "data",
        "file",
        "ws",
        "ftp",
        "a.",
        "1.a",
        "",
    ]);
    let port = prop_oneof![
        3 => Just(String::new()),
        1 => any::<u16>().prop_map(|port| format!(":{port}")),
        1 => select(vec![":", ":0", ":080", ":65536", ":+80", ":80:80", ":443", ":80"]).prop_map(str::to_owned),
    ];
    let rest = prop_oneof![
        2 => select(vec!["", "/", "?", "/a?b#", "/../a", "/%2e", "/%", "//evil.example", "/\\evil.example", "/a[b]", "?a=[", "@evil.example/"])
            .prop_map(str::to_owned),
        1 => "[/?][ -~]{0,12}",
        1 => any::<String>(),
    ];
    let slashes = select(vec!["://", "://", "://", ":", ":/", ":///", "", ":\\\\"]);
    let composed = (scheme, slashes, host, port, rest)
        .prop_map(|(scheme, slashes, host, port, rest)| format!("{scheme}{slashes}{host}{port}{rest}"));
    prop_oneof![
        4 => changed(composed, 1),
        4 => changed(registered_uri(), 4),
        1 => any::<String>(),
        1 => "[a-z.]{1,8}:[ -~]{0,30}",
    ]
}

fn registration_rules() -> impl Strategy<Value = RegistrationRules> {
    any::<[bool; 4]>().prop_map(|[native, public, http, scheme]| {
        let mut rules = RegistrationRules::default().allow_http(http);
        if native {
            rules = rules.application_type(ApplicationType::Native);
        }
        if public {
            rules = rules.client_type(ClientType::Public);
        }
        if scheme {
            rules = rules.allow_scheme("myapp").allow_scheme("javascript").allow_scheme("file");
        }
        rules
    })
}

// The confirmation.

/// What a forger may change about the answer to somebody's question.
#[derive(Clone, Debug)]
enum Forgery {
    Field(&'static str, Option<String>),
    Proof(Change),
    NoProof,
    Session(Option<Session>),
    Answer(Option<&'static str>),
    ByGet,
    Later(i64),
    OtherKey,
    OtherIssuer,
}

fn forgery() -> impl Strategy<Value = Forgery> {
    let names = ["id_token_hint", "logout_hint", "client_id", "post_logout_redirect_uri", "state", "ui_locales"];
    let values =
        prop_oneof![any::<String>(), select(TOKENS.clone()), requested_uri(&REGISTRATIONS[0]), Just(String::new())];
    let in_base64 = select(BASE64_URL.chars().collect::<Vec<_>>());
    prop_oneof![
        6 => (select(names.to_vec()), option::of(values)).prop_map(|(name, value)| Forgery::Field(name, value)),
        3 => change().prop_map(Forgery::Proof),
        3 => (any::<Index>(), in_base64).prop_map(|(place, with)| Forgery::Proof(Change::Replace(place, with))),
        1 => Just(Forgery::NoProof),
        1 => Just(Forgery::Session(None)),
        2 => (2..=u8::MAX).prop_map(|binding| Forgery::Session(Some(session(binding)))),
        1 => select(vec![None, Some("no"), Some("Yes"), Some("true"), Some("1")]).prop_map(Forgery::Answer),
        1 => Just(Forgery::ByGet),
        1 => (601..1_000_000_i64).prop_map(Forgery::Later),
        1 => Just(Forgery::OtherKey),
        1 => Just(Forgery::OtherIssuer),
    ]
}

impl Forgery {
    /// Gives the answer and what it comes with.
    fn commit(&self, fields: &[(&'static str, String)]) -> Result<Result<Decision, Refusal>, TestCaseError> {
        let mut fields = fields.to_vec();
        let mut endpoint = asking_endpoint(ISSUER, 1);
        let mut signed_in = Some(session(1));
        let mut now = NOW;
        let mut by_get = false;
        let set = |fields: &mut Vec<_>, name, value: Option<String>| {
            fields.retain(|(field, _)| *field != name);
            fields.extend(value.map(|value| (name, value)));
        };
        let proof = fields.iter().find(|(name, _)| *name == "confirmation").unwrap().1.clone();
        match self {
            Self::Field(name, value) => {
                let value = value.clone().filter(|value| !value.is_empty());
                let old = fields.iter().find(|(field, _)| field == name).map(|(_, value)| value);
                prop_assume!(value.as_ref() != old);
                set(&mut fields, name, value);
            }
            Self::Proof(change) => {
                let mut changed = proof.clone();
                change.apply(&mut changed);
                // The time is a number, and another spelling of it is the same.
                prop_assume!(read_proof(&changed) != read_proof(&proof));
                set(&mut fields, "confirmation", Some(changed));
            }
            Self::NoProof => set(&mut fields, "confirmation", None),
            Self::Session(session) => signed_in.clone_from(session),
            Self::Answer(confirm) => set(&mut fields, "confirm", confirm.map(str::to_owned)),
            Self::ByGet => by_get = true,
            Self::Later(seconds) => now += seconds,
            Self::OtherKey => endpoint = asking_endpoint(ISSUER, 2),
            Self::OtherIssuer => endpoint = asking_endpoint("https://another.example", 1),
        }
        let form = serde_urlencoded::to_string(fields).unwrap();
        let request = if by_get { LogoutRequest::from_query(form) } else { LogoutRequest::from_form(form) };
        Ok(request.and_then(|request| decide(&endpoint, request, signed_in.as_ref(), at(now))))
    }
}

/// Under a policy that always asks, so that whatever ends a session does so by a proof.
fn asking_endpoint(issuer: &str, key: u8) -> LogoutEndpoint {
    let policy = Policy::openid().to_builder().confirm(ConfirmRule::Always).build();
    let keys = KeySet::from_jwks(KEY.jwks()).unwrap();
    LogoutEndpoint::new(issuer, keys, ConfirmationKey::new([key; 32]).unwrap()).with_policy(policy.unwrap())
}

fn read_proof(proof: &str) -> Option<(i64, &str)> {
    let (time, mac) = proof.split_once('.')?;
    Some((time.parse().ok()?, mac))
}

/// A request that is asked about, or none for what the provider offers on its own.
fn question() -> impl Strategy<Value = Option<Vec<(&'static str, String)>>> {
    let uris = ["https://rp.example/out", "https://rp.example/?state=only"];
    let members = (
        option::of(select(TOKENS[..3].to_vec())),
        option::of(select(uris.to_vec())),
        [option::of("[ -~]{1,20}"), option::of("[ -~]{1,20}"), option::of("[a-z ]{1,9}")],
    );
    let members = members.prop_map(|(hint, uri, [state, logout_hint, ui_locales])| {
        let members = [
            ("id_token_hint", hint),
            ("logout_hint", logout_hint),
            ("client_id", Some("web".to_owned())),
            ("post_logout_redirect_uri", uri.map(str::to_owned)),
            ("state", state),
            ("ui_locales", ui_locales),
        ];
        sent(members)
    });
    option::weighted(0.9, members)
}

#[test]
fn a_yes_to_anything_else_than_was_asked_ends_no_session() {
    check(2000, (question(), forgery()), |(question, forgery)| {
        let endpoint = asking_endpoint(ISSUER, 1);
        let page = match question {
            None => endpoint.offer(&session(1), at(NOW)),
            Some(members) => {
                let query = serde_urlencoded::to_string(members).unwrap();
                match decide(&endpoint, LogoutRequest::from_query(query).unwrap(), Some(&session(1)), at(NOW)) {
                    Ok(Decision::Confirm(page)) => page,
                    other => panic!("nobody is asked: {other:?}"),
                }
            }
        };
        let fields: Vec<_> =
            page.fields().chain([("confirm", "yes")]).map(|(name, value)| (name, value.to_owned())).collect();

        let form = serde_urlencoded::to_string(&fields).unwrap();
        let genuine = decide(&endpoint, LogoutRequest::from_form(form).unwrap(), Some(&session(1)), at(NOW + 600));
        prop_assert!(matches!(genuine, Ok(Decision::EndSession(_))), "a yes gives {:?}", genuine);
        let forged = forgery.commit(&fields)?;
        prop_assert!(!matches!(forged, Ok(Decision::EndSession(_))), "it gives {:?}", forged);
        Ok(())
    });
}
