//! Only the one who was asked can answer.

use std::fmt::Debug;

use oidc_logout::Secret;
use oidc_logout::op::{Answer, ConfirmRule, Decision, LogoutEndpoint, LogoutRequest, Policy, Refusal, Session};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::input::{BASE64_URL, Change, change, check, requested_uri, sent};
use super::{NOW, REGISTRATIONS, TOKENS, decide, keys, session};
use crate::support::provider::{ISSUER, at};

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
    LogoutEndpoint::new(issuer, keys(), Secret::new([key; 32]).unwrap()).with_policy(policy.unwrap())
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
            None => endpoint.offer(&session(1), at(NOW)).unwrap(),
            Some(members) => {
                let query = serde_urlencoded::to_string(members).unwrap();
                match decide(&endpoint, LogoutRequest::from_query(query).unwrap(), Some(&session(1)), at(NOW)) {
                    Ok(Decision::Answer(Answer::Confirm(page))) => page,
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
