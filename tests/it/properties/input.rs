//! Input that is nearly right.

use std::fmt::Debug;

use oidc_logout::Algorithm;
use oidc_logout::op::{
    ConfirmRule, ExpiredHint, HintRule, HintWithoutSid, LogoutRequest, OnBadHint, Policy, Presence,
    RedirectWithoutHint, Session, SessionBySid, SessionCookie, StateRule, UriMatching,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::TestRunner;
use url::form_urlencoded;

use super::{REGISTRATIONS, Registration, TOKENS, session};

/// A change to a text, at a place relative to its length.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    Insert(Index, String),
    Remove(Index),
    Replace(Index, char),
    SwapCase(Index),
    Append(String),
}

impl Change {
    pub(crate) fn apply(&self, text: &mut String) {
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
pub(crate) const SNIPPETS: [&str; 42] = [
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

pub(crate) fn change() -> BoxedStrategy<Change> {
    prop_oneof![
        3 => (any::<Index>(), select(SNIPPETS.to_vec())).prop_map(|(place, what)| Change::Insert(place, what.to_owned())),
        2 => select(SNIPPETS.to_vec()).prop_map(|what| Change::Append(what.to_owned())),
        2 => any::<Index>().prop_map(Change::Remove),
        2 => any::<Index>().prop_map(Change::SwapCase),
        1 => (any::<Index>(), any::<char>()).prop_map(|(place, with)| Change::Replace(place, with)),
        1 => (any::<Index>(), 1..=u16::MAX).prop_map(|(place, port)| Change::Insert(place, format!(":{port}"))),
    ].boxed()
}

pub(crate) fn changed(text: impl Strategy<Value = String> + 'static, most: usize) -> BoxedStrategy<String> {
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

pub(crate) fn registered_uri() -> impl Strategy<Value = String> {
    let uris: Vec<_> = REGISTRATIONS.iter().flat_map(|registration| registration.uris).collect();
    select(uris).prop_map(|&uri| uri.to_owned())
}

/// A URI of the client or of another, as it is, changed, or with another port.
pub(crate) fn requested_uri(registration: &'static Registration) -> BoxedStrategy<String> {
    let own = select(registration.uris).prop_map(str::to_owned);
    let hosts = select(vec!["127.0.0.1", "[::1]"]);
    let ports = option::of(any::<u16>()).prop_map(|port| port.map_or(String::new(), |port| format!(":{port}")));
    let rests = select(vec!["", "/", "/out", "/out?a=1"]);
    let loopback = (hosts, ports, rests).prop_map(|(host, port, rest)| format!("http://{host}{port}{rest}"));
    prop_oneof![6 => changed(own, 3), 1 => changed(registered_uri(), 3), 1 => loopback].boxed()
}

pub(crate) fn requested_client(registration: &'static Registration) -> impl Strategy<Value = String> {
    prop_oneof![
        12 => Just(registration.id.to_owned()),
        1 => select(vec!["web", "app", "hmac"]).prop_map(str::to_owned),
        1 => "[a-z]{0,4}",
    ]
}

pub(crate) fn state() -> impl Strategy<Value = String> {
    prop_oneof!["[ -~]{0,30}", any::<String>(), Just("/".repeat(2048))]
}

pub(crate) fn hint(place: usize) -> BoxedStrategy<String> {
    prop_oneof![
        12 => changed(select(&TOKENS[place * 5..place * 5 + 5]), 1),
        2 => changed(select(TOKENS.as_slice()), 1),
        1 => any::<String>(),
    ]
    .boxed()
}

/// The members of a request.
pub(crate) fn parameters() -> impl Strategy<Value = Vec<(&'static str, String)>> {
    (0..REGISTRATIONS.len()).prop_flat_map(parameters_of)
}

pub(crate) fn parameters_of(place: usize) -> BoxedStrategy<Vec<(&'static str, String)>> {
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
pub(crate) fn sent<const N: usize>(members: [(&'static str, Option<String>); N]) -> Vec<(&'static str, String)> {
    let sent = members.into_iter().filter_map(|(name, value)| Some((name, value?)));
    sent.collect()
}

/// A query or form that is right, nearly right, or anything.
pub(crate) fn wire() -> BoxedStrategy<Vec<u8>> {
    let written = || parameters().prop_map(|members| serde_urlencoded::to_string(members).unwrap());
    prop_oneof![
        8 => written().prop_map(String::into_bytes),
        2 => changed(written(), 3).prop_map(String::into_bytes),
        1 => vec(any::<u8>(), 0..200),
    ]
    .boxed()
}

pub(crate) fn request() -> impl Strategy<Value = LogoutRequest> {
    (wire(), any::<bool>()).prop_filter_map("a request that is read", |(wire, post)| {
        if post { LogoutRequest::from_form(wire).ok() } else { LogoutRequest::from_query(wire).ok() }
    })
}

pub(crate) fn signed_in() -> impl Strategy<Value = Option<Session>> {
    let mut sessions = vec![None, Some(session(1)), Some(Session::of_unknown_subject([1; 32]))];
    sessions.push(Some(session(1).takes_part(false)));
    sessions.push(Some(Session::new([1; 32], "user-1")));
    select(sessions)
}

/// How strict each field of a policy is, from 0 on; for `hint` 1 and 2 are both stricter than 0 and
/// not comparable.
pub(crate) type Strictness = [usize; 15];

pub(crate) const STRICTEST: Strictness = [2, 1, 1, 1, 2, 2, 1, 1, 2, 1, 1, 1, 4, 2, 1];

/// `None` where the fields contradict each other.
pub(crate) fn policy(strictness: &Strictness) -> Option<Policy> {
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
        .session_cookie([SessionCookie::None, SessionCookie::Lax, SessionCookie::Strict][strictness[13]])
        .session_by_sid([SessionBySid::AcceptForSeconds(60), SessionBySid::Refuse][strictness[14]])
        .build()
        .ok()
}

pub(crate) fn strictness() -> BoxedStrategy<Strictness> {
    let levels = STRICTEST.map(|strictest| prop_oneof![9 => Just(0), 1 => 0..=strictest]);
    levels.prop_filter("fields that do not contradict each other", |levels| policy(levels).is_some()).boxed()
}

pub(crate) fn any_policy() -> impl Strategy<Value = Policy> {
    prop_oneof![
        3 => strictness().prop_map(|levels| policy(&levels).unwrap()),
        1 => select(vec![Policy::openid(), Policy::login_gov(), Policy::login_gov_client_id()]),
    ]
}

/// Those of a policy and of one that is at least as strict in every field.
pub(crate) fn strictness_and_stricter() -> impl Strategy<Value = (Strictness, Strictness)> {
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
pub(crate) fn check<S: Strategy>(cases: u32, inputs: S, property: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    if let Err(error) = TestRunner::new(config).run(&inputs, property) {
        panic!("{error}");
    }
}

pub(crate) const BASE64_URL: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Members whose names are ours, more or less, with values of any bytes.
pub(crate) fn soup() -> impl Strategy<Value = Vec<u8>> {
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
