//! Everybody who takes part in a session is told of its end, or reported.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oidc_logout::op::{
    Client, DeliveryFault, EndedSession, FrontChannelFrame, FrontChannelUri, Landing, NotToldCause, Participant,
    RegistrationRules,
};
use oidc_logout::{Algorithm, KeySet};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};
use url::Url;

use super::NOW;
use super::input::check;
use crate::support::end;
use crate::support::provider::{ISSUER, at, endpoint};

/// Whether a client has a channel, and whether that needs a `sid`.
#[derive(Clone, Copy, Debug)]
struct Channel {
    uri: Uri,
    needs_sid: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Uri {
    None,
    Usable,
    /// It would not pass registration.
    Unusable,
}

#[derive(Clone, Debug)]
struct Party {
    back: Channel,
    front: Channel,
    algorithm: Algorithm,
    sid: Option<String>,
    subject: Option<String>,
    /// Clients of one host share an origin.
    host: String,
    is_delivered: bool,
}

fn channel() -> impl Strategy<Value = Channel> {
    let uri = prop_oneof![2 => Just(Uri::None), 4 => Just(Uri::Usable), 1 => Just(Uri::Unusable)];
    (uri, prop::bool::weighted(0.3)).prop_map(|(uri, needs_sid)| Channel { uri, needs_sid })
}

fn party() -> impl Strategy<Value = Party> {
    let algorithms = select(vec![Algorithm::Rs256, Algorithm::Ps384, Algorithm::Es512, Algorithm::EdDsa]);
    let name = || option::weighted(0.8, prop_oneof![4 => ".{1,6}", 1 => Just(String::new()), 1 => any::<String>()]);
    let host = prop_oneof![3 => "[a-c]", 3 => "[a-z]{6}", 2 => "[a-z]{60}\\.[a-z]{60}\\.[a-z]{60}\\.[a-z]{50}"];
    (channel(), channel(), algorithms, name(), name(), host, any::<bool>()).prop_map(
        |(back, front, algorithm, sid, subject, host, is_delivered)| Party {
            back,
            front,
            algorithm,
            sid,
            subject,
            host,
            is_delivered,
        },
    )
}

/// One that needs a frame, so that many are more than a page holds.
fn framed_party() -> impl Strategy<Value = Party> {
    let framed = |party| {
        let none = Channel { uri: Uri::None, needs_sid: false };
        Party { back: none, front: Channel { uri: Uri::Usable, ..none }, ..party }
    };
    prop_oneof![1 => party(), 8 => party().prop_map(framed)]
}

impl Party {
    fn client(&self, id: &str) -> Client {
        let origin = format!("https://{}.example", self.host);
        let rules = RegistrationRules::default().issuer(ISSUER).redirect_uris([format!("{origin}/cb")]);
        let mut client = Client::builder(id).registration_rules(rules).id_token_signed_response_alg(self.algorithm);
        client = match self.back.uri {
            Uri::None => client,
            Uri::Usable => client.backchannel_logout_uri(format!("{origin}/bc")),
            Uri::Unusable => client.backchannel_logout_uri("https://192.168.0.1/bc"),
        };
        client = match self.front.uri {
            Uri::None => client,
            Uri::Usable => client.frontchannel_logout_uri(format!("{origin}/fc")),
            Uri::Unusable => client.frontchannel_logout_uri("https://other.example/fc"),
        };
        client
            .backchannel_logout_session_required(self.back.needs_sid)
            .frontchannel_logout_session_required(self.front.needs_sid)
            .build_usable()
    }

    fn participant<'c>(&self, client: &'c Client) -> Participant<'c> {
        match (&self.sid, &self.subject) {
            (None, subject) => Participant::without_sid(client, subject.clone().unwrap_or_default()),
            (Some(sid), None) => Participant::new(client, sid),
            (Some(sid), Some(subject)) => Participant::new(client, sid).subject(subject),
        }
    }

    fn has_sid(&self) -> bool {
        self.sid.as_deref().is_some_and(|sid| !sid.is_empty())
    }

    fn is_named(&self) -> bool {
        self.has_sid() || self.subject.as_deref().is_some_and(|subject| !subject.is_empty())
    }

    fn is_reached_by(&self, channel: Channel) -> bool {
        self.is_named() && channel.uri == Uri::Usable && (self.has_sid() || !channel.needs_sid)
    }

    /// Why it is not told, if neither channel reaches it.
    fn cause(&self, has_page: bool) -> NotToldCause {
        let lacks_sid = |channel: Channel| channel.uri == Uri::Usable && channel.needs_sid && !self.has_sid();
        if !self.is_named() {
            NotToldCause::Unidentified
        } else if has_page && self.is_reached_by(self.front) {
            NotToldCause::TooManyFrames
        } else if lacks_sid(self.back) || lacks_sid(self.front) {
            NotToldCause::SessionRequired
        } else if self.front.uri == Uri::Usable {
            NotToldCause::NoFrame
        } else {
            NotToldCause::NoChannel
        }
    }
}

fn id(number: usize) -> String {
    format!("rp-{number}")
}

fn named(parties: &[Party], is_it: impl Fn(&Party) -> bool) -> BTreeSet<String> {
    parties.iter().enumerate().filter(|(_, party)| is_it(party)).map(|(number, _)| id(number)).collect()
}

fn claims(signing_input: &[u8]) -> Value {
    let text = std::str::from_utf8(signing_input).unwrap();
    let (_, claims) = text.split_once('.').unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap()
}

#[test]
fn a_token_is_made_for_everybody_with_a_usable_back_channel_and_for_nobody_else() {
    let inputs = (vec(party(), 0..8), any::<[u8; 16]>(), 0..100_000_i64);
    check(1000, inputs, |(parties, jti, later)| {
        let clients: Vec<_> = parties.iter().enumerate().map(|(number, party)| party.client(&id(number))).collect();
        let participants = parties.iter().zip(&clients).map(|(party, client)| party.participant(client));
        let op = endpoint(KeySet::default());
        let notices = op.notices(&EndedSession::new("session-1", at(NOW)), participants);
        let mut told = BTreeSet::new();
        for notice in notices.back_channel() {
            let number = clients.iter().position(|client| client.id() == notice.client_id()).unwrap();
            let (party, client) = (&parties[number], &clients[number]);
            prop_assert!(told.insert(id(number)), "twice: {:?}", notice);
            let token = notice.logout_token(client, at(NOW + later), jti).unwrap();
            prop_assert_eq!(token.algorithm(), party.algorithm);
            let input = token.signing_input(Some("key-1"));
            let iat = if party.has_sid() { NOW + later } else { NOW };
            let mut expected = json!({
                "iss": ISSUER, "aud": id(number), "iat": iat, "exp": iat + 120, "jti": URL_SAFE_NO_PAD.encode(jti),
                "toe": NOW, "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
            });
            for (name, value) in [("sid", &party.sid), ("sub", &party.subject)] {
                if let Some(value) = value.as_ref().filter(|value| !value.is_empty()) {
                    expected[name] = value.as_str().into();
                }
            }
            prop_assert_eq!(claims(input.as_bytes()), expected);
            for other in clients.iter().filter(|other| other.id() != client.id()) {
                let refused = notice.logout_token(other, at(NOW), jti).map(drop);
                prop_assert_eq!(refused.unwrap_err(), DeliveryFault::ClientGone);
            }
        }
        prop_assert_eq!(told, named(&parties, |party| party.is_reached_by(party.back)));
        let not_told: BTreeSet<_> = notices.not_told().iter().map(|it| it.client_id.as_str().to_owned()).collect();
        // Without a request there is no page.
        prop_assert_eq!(not_told, named(&parties, |party| !party.is_reached_by(party.back)));
        Ok(())
    });
}

#[test]
fn everybody_is_told_pending_in_a_frame_or_reported_and_only_once() {
    let seen: [Cell<usize>; 5] = Default::default();
    let count = |index: usize, by: usize| seen[index].set(seen[index].get() + by);
    let parties = prop_oneof![3 => vec(party(), 0..12), 1 => vec(framed_party(), 55..80)];
    let strangers = vec("[a-z-]{0,4}", 0..3);
    let inputs = (parties, strangers, any::<bool>(), prop::bool::weighted(0.8), any::<bool>());
    check(300, inputs, |(parties, strangers, delivered_too, has_page, returns)| {
        let clients: Vec<_> = parties.iter().enumerate().map(|(number, party)| party.client(&id(number))).collect();
        let participants = parties.iter().zip(&clients).map(|(party, client)| party.participant(client));
        let op = endpoint(KeySet::default());
        let uri = "https://rp.example/bye";
        let asking = Client::builder("asking").post_logout_redirect_uri(uri).build().unwrap();
        let parameters = [("post_logout_redirect_uri", uri)];
        let end = end::by_a_yes(&op, &asking, if returns { &parameters } else { &[] }, at(NOW));
        let ended = EndedSession::new("session-1", at(NOW));
        let mut notices = if has_page { end.notices(&ended, participants) } else { op.notices(&ended, participants) };
        if delivered_too {
            notices = notices.frame_delivered_too();
        }
        // A host may name clients that have no notice, and clients that there are not.
        let said = named(&parties, |party| party.is_delivered).into_iter().chain(strangers);
        let told = notices.told(said);

        let ids = |ids: &[oidc_logout::ClientId]| -> Vec<_> { ids.iter().map(|id| id.as_str().to_owned()).collect() };
        let (delivered, pending) = (ids(told.delivered()), ids(told.pending()));
        let framed: Vec<_> = told.frames().iter().map(|frame| frame.client_id().as_str().to_owned()).collect();
        let not_told: Vec<_> = told.not_told().iter().map(|it| it.client_id.as_str().to_owned()).collect();
        let by_frame_alone = framed.iter().filter(|id| !delivered.contains(id) && !pending.contains(id));
        let mut times: BTreeMap<String, usize> = BTreeMap::new();
        for id in delivered.iter().chain(&pending).chain(by_frame_alone).chain(&not_told) {
            *times.entry(id.clone()).or_default() += 1;
        }
        prop_assert_eq!(times.len(), parties.len());
        prop_assert!(times.values().all(|times| *times == 1), "{:?}", times);

        // The back channel.
        let has_notice = |party: &Party| party.is_reached_by(party.back);
        let of = |ids: &[String]| ids.iter().cloned().collect::<BTreeSet<_>>();
        prop_assert_eq!(of(&delivered), named(&parties, |party| has_notice(party) && party.is_delivered));
        prop_assert_eq!(of(&pending), named(&parties, |party| has_notice(party) && !party.is_delivered));

        // The frames, in the order of the participants, as long as there is room.
        let mut expected = Vec::new();
        let mut origins = BTreeSet::new();
        for (number, party) in parties.iter().enumerate() {
            let is_done = has_notice(party) && party.is_delivered && !delivered_too;
            if !has_page || !party.is_reached_by(party.front) || is_done {
                continue;
            }
            let mut with = origins.clone();
            with.insert(format!(" https://{}.example", party.host));
            if expected.len() < 50 && with.iter().map(String::len).sum::<usize>() <= 4096 {
                origins = with;
                expected.push(id(number));
            }
        }
        prop_assert_eq!(&framed, &expected);
        for it in told.not_told() {
            let number: usize = it.client_id.as_str()[3..].parse().unwrap();
            prop_assert_eq!(it.cause, parties[number].cause(has_page), "{:?}", &parties[number]);
            count(4, usize::from(it.cause == NotToldCause::TooManyFrames));
        }
        for (index, ids) in [&delivered, &pending, &framed, &not_told].into_iter().enumerate() {
            count(index, ids.len());
        }

        // The page allows these origins, and is there only if somebody needs it.
        let on_the_page = told.frames().to_vec();
        let landing = end.session_ended(told);
        let headers = landing.headers();
        let policy = headers.iter().find(|(name, _)| *name == "content-security-policy").map(|(_, policy)| policy);
        let allowed = policy.and_then(|policy| policy.split("; ").find_map(|it| it.strip_prefix("frame-src ")));
        let listed: Option<BTreeSet<_>> = allowed.map(|allowed| allowed.split(' ').collect());
        let needed: BTreeSet<_> = on_the_page.iter().map(FrontChannelFrame::origin).collect();
        prop_assert_eq!(listed.unwrap_or_default(), needed);
        match &landing {
            Landing::Redirect(_) => prop_assert!(returns && on_the_page.is_empty()),
            Landing::FrontChannel(page) => {
                prop_assert!(returns && page.frames() == on_the_page && !on_the_page.is_empty());
            }
            Landing::SignedOutPage(page) => prop_assert!(!returns && page.frames() == on_the_page),
        }
        Ok(())
    });
    assert!(seen.iter().all(|seen| seen.get() > 100), "{seen:?}");
}

#[test]
fn a_frame_is_read_back_as_what_was_registered_with_iss_and_sid() {
    let rest = "(/[a-zA-Z0-9._~!$'()+,;=:@%-]{0,8})?(\\?[a-z0-9%&=+;/?:@!$'()*,._~-]{0,16})?";
    let uri = ("(https|HTTPS|http)", "(rp\\.example|RP\\.Example|127\\.0\\.0\\.1)", "(:443|:80|:8443)?", rest)
        .prop_map(|(scheme, host, port, rest)| format!("{scheme}://{host}{port}{rest}"));
    let issuer = prop_oneof![Just(ISSUER.to_owned()), "https://op\\.example(:[1-9]{4})?/[a-z/é&=+%]{0,6}"];
    let framed = Cell::new(0);
    check(2500, (uri, option::weighted(0.8, any::<String>()), issuer), |(uri, sid, issuer)| {
        let rules = RegistrationRules::default().allow_http(true).issuer(&issuer).redirect_uris([&uri]);
        let Ok(registered) = FrontChannelUri::register(&uri, &rules) else { return Ok(()) };
        framed.set(framed.get() + 1);
        let client = Client::builder("rp-1").registration_rules(rules).frontchannel_logout_uri(&uri).build().unwrap();
        let op = endpoint(KeySet::default()).for_issuer(&issuer, KeySet::default());
        let end = end::by_a_yes(&op, &client, &[], at(NOW));
        let participant = Participant::new(&client, sid.clone().unwrap_or_default()).subject("user-1");
        let told = end.notices(&EndedSession::new("session-1", at(NOW)), [participant]).told([""; 0]);
        let [frame] = told.frames() else { panic!("one frame") };
        prop_assert!(frame.src().is_ascii() && frame.src().starts_with(&uri));
        prop_assert!(frame.src().bytes().all(|byte| byte.is_ascii_graphic()));

        let (before, after) = (Url::parse(&uri).unwrap(), Url::parse(frame.src()).unwrap());
        prop_assert_eq!(after.origin().ascii_serialization(), frame.origin());
        prop_assert_eq!(frame.origin(), registered.origin());
        prop_assert_eq!((before.path(), before.origin()), (after.path(), after.origin()));
        prop_assert_eq!(after.fragment(), None);
        let pairs = |url: &Url| url.query_pairs().into_owned().collect::<Vec<_>>();
        let mut expected = pairs(&before);
        prop_assert!(!expected.iter().any(|(name, _)| name == "iss" || name == "sid"));
        if let Some(sid) = sid.filter(|sid| !sid.is_empty()) {
            expected.extend([("iss".to_owned(), issuer), ("sid".to_owned(), sid)]);
        } else {
            prop_assert_eq!(frame.src(), &uri);
        }
        prop_assert_eq!(pairs(&after), expected);
        Ok(())
    });
    assert!(framed.get() > 1000, "only {} of the URIs were registered", framed.get());
}
