//! Notices, from registration to what came of them.

use std::time::Duration;

use oidc_logout::op::{
    AddressRules, BackChannelNotice, BackChannelUri, Claim, Client, Decision, DeliveryFault, EndSession, EndedSession,
    FrontChannelUri, Landing, LogoutToken, Network, Next, NotToldCause, Notices, Participant, Policy,
    RegistrationRules, Reply, Schedule, Told, UnsignedLogoutToken,
};
use oidc_logout::{Algorithm, ClientMetadata};
use serde_json::{Value, json};

use super::audit::Audit;
use super::configuration::registration_error;
use super::input::{changed, client, endpoint, every_field, every_parameter, forged, hostile_uris, now, session};
use super::outcome::landing;
use super::{CLIENT, CLIENT_SECRET, ISSUER, NUMBERS, SECRET, SID, SUBJECT};
use crate::support::provider::at;

const BACK: &str = "https://rp.example/c0nf1g-path?s3cr3t-query";
const FRONT: &str = "https://rp.example/c0nf1g-frame?s3cr3t-query";

fn rules() -> RegistrationRules {
    RegistrationRules::default().issuer(ISSUER).redirect_uris(["https://rp.example/s3cr3t-callback"])
}

/// A client of both channels.
fn told_client() -> Client {
    let client = client().registration_rules(rules()).backchannel_logout_uri(BACK).frontchannel_logout_uri(FRONT);
    client.build().unwrap()
}

pub(crate) fn channels(audit: &mut Audit) {
    audit.debug(&rules());
    audit.debug(&BackChannelUri::register(BACK, &rules()).unwrap());
    audit.debug(&FrontChannelUri::register(FRONT, &rules()).unwrap());
    audit.debug(&told_client());
    audit.debug(&client().backchannel_logout_uri(BACK).frontchannel_logout_uri(FRONT));

    let more = [
        "https://10.1.2.3/s3cr3t-path".to_owned(),
        "https://[2606:4700::1]/s3cr3t-path".to_owned(),
        "https://s3cr3t-other.example/".to_owned(),
        "https://rp.example/?sid=s3cr3t-sid".to_owned(),
    ];
    for uri in hostile_uris().into_iter().chain(more) {
        let metadata = |name: &str| ClientMetadata::from_json(json!({name: uri}).to_string()).unwrap();
        for (registered, builder, metadata) in [
            (
                BackChannelUri::register(&uri, &rules()).map(drop),
                client().backchannel_logout_uri(&uri),
                metadata("backchannel_logout_uri"),
            ),
            (
                FrontChannelUri::register(&uri, &rules()).map(drop),
                client().frontchannel_logout_uri(&uri),
                metadata("frontchannel_logout_uri"),
            ),
        ] {
            audit.debug(&metadata);
            let Err(error) = registered else { continue };
            audit.error(&error);
            audit.error(&builder.registration_rules(rules()).build().unwrap_err());
            let refused = metadata.register(CLIENT, None, &rules(), &[Algorithm::Rs256]);
            registration_error(audit, refused.unwrap_err());
        }
    }
}

pub(crate) fn addresses(audit: &mut Audit) {
    let network: Network = "10.49.0.0/16".parse().unwrap();
    audit.text(&network);
    let rules = AddressRules::default().allow_network(network);
    audit.debug(&rules);
    audit.error(&rules.check_host("127.0.0.1").unwrap_err());
    for hostile in ["s3cr3t-network", "s3cr3t-/8", "10.0.0.0/s3cr3t-", "10.49.173.0/8", "::ffff:10.0.0.0/104"] {
        audit.error(&hostile.parse::<Network>().unwrap_err());
    }
}

/// The session of this browser, which ends.
fn end_session(audit: &mut Audit, uri: &str) -> EndSession {
    let request = changed(&every_field(audit, "ed25519"), "post_logout_redirect_uri", uri);
    let pending = endpoint(Policy::openid()).receive(request, now()).unwrap();
    let Decision::EndSession(end) = pending.decide(Some(&told_client()), Some(&session())) else {
        panic!("the hint is this session's")
    };
    end
}

pub(crate) fn plans(audit: &mut Audit) {
    let client = told_client();
    let nothing = Client::builder("s3cr3t-nothing").build().unwrap();
    let requires = self::client().registration_rules(rules()).frontchannel_logout_uri(FRONT);
    let requires = requires.frontchannel_logout_session_required(true).build().unwrap();
    let frame = self::client().registration_rules(rules()).frontchannel_logout_uri(FRONT).build().unwrap();
    let ended = EndedSession::new("s3cr3t-session", now());
    audit.debug(&ended);

    let request = every_parameter(audit, "ed25519");
    let registered = request.post_logout_redirect_uri().unwrap().as_str().to_owned();
    for uri in [registered.as_str(), ""] {
        let mut participants = vec![
            Participant::new(&client, SID).subject(SUBJECT),
            Participant::new(&nothing, SID),
            Participant::new(&client, ""),
            Participant::without_sid(&requires, SUBJECT),
        ];
        participants.extend((0..50).map(|_| Participant::new(&frame, SID)));
        for participant in &participants {
            audit.debug(participant);
        }
        let end = end_session(audit, uri);
        let notices = end.notices(&ended, participants.clone());
        plan(audit, &notices);
        plan(audit, &endpoint(Policy::openid()).notices(&ended, participants));
        let told = notices.told([""; 0]);
        tell(audit, &told);
        let landed = end.session_ended(told);
        landing(audit, &landed);
        match landed {
            Landing::FrontChannel(page) => {
                audit.debug(&page);
                assert!(page.refresh().contains("rp.example"));
                tell(audit, page.told());
            }
            Landing::SignedOutPage(page) => tell(audit, page.told()),
            Landing::Redirect(_) => panic!("there are frames"),
        }
        let notices = end_session(audit, uri).notices(&ended, [Participant::new(&client, SID)]);
        tell(audit, &notices.told([CLIENT]));
    }
    for cause in [
        NotToldCause::NoChannel,
        NotToldCause::SessionRequired,
        NotToldCause::Unidentified,
        NotToldCause::NoFrame,
        NotToldCause::TooManyFrames,
    ] {
        audit.debug(&cause);
    }
}

fn plan(audit: &mut Audit, notices: &Notices) {
    audit.debug(notices);
    for notice in notices.back_channel() {
        audit.debug(notice);
    }
    for not_told in notices.not_told() {
        audit.debug(not_told);
    }
}

fn tell(audit: &mut Audit, told: &Told) {
    audit.debug(told);
    for frame in told.frames() {
        assert!(frame.src().contains("s3cr3t-"));
        audit.debug(frame);
    }
    for not_told in told.not_told() {
        audit.debug(not_told);
    }
    for client_id in told.delivered().iter().chain(told.pending()) {
        audit.debug(client_id);
    }
}

pub(crate) fn deliveries(audit: &mut Audit) {
    let schedule = Schedule::default().waits([Duration::from_secs(7)]);
    audit.debug(&schedule);
    let client = told_client();
    let ended = EndedSession::new("s3cr3t-session", now());
    let notices = endpoint(Policy::openid()).notices(&ended, [Participant::new(&client, SID).subject(SUBJECT)]);
    let planned = notices.back_channel().first().unwrap();

    let mut notice = planned.clone().prepare();
    audit.debug(&notice);
    notice.release(now());
    audit.debug(&notice);
    for claim in [notice.claim(now(), &schedule), notice.claim(now(), &schedule), Claim::TooLate] {
        audit.debug(&claim);
    }
    audit.debug(&notice);
    for reply in [
        Reply::Answer { status: 503, retry_after: Some("s3cr3t-wait") },
        Reply::Answer { status: 204, retry_after: Some("s3cr3t-wait") },
    ] {
        audit.debug(&reply);
        audit.debug(&notice.record(1, reply, now(), 0, &schedule));
        audit.debug(&notice);
    }
    audit.debug(&Next::Failed(DeliveryFault::Timeout));
    audit.debug(&Next::ClaimLost);
    for fault in [
        DeliveryFault::Status(503),
        DeliveryFault::Timeout,
        DeliveryFault::Transport,
        DeliveryFault::AddressBlocked,
        DeliveryFault::ClientGone,
        DeliveryFault::NoChannel,
        DeliveryFault::KeyGone,
        DeliveryFault::SessionRequired,
        DeliveryFault::TooLate,
    ] {
        audit.error(&fault);
        audit.debug(&Reply::Fault(fault));
        let mut failed = planned.clone();
        audit.debug(&failed.claim(at(now().unix_timestamp()), &schedule));
        audit.debug(&failed.record(1, Reply::Fault(fault), now(), 0, &schedule));
        audit.debug(&failed);
    }
    damaged(audit, planned);
    tokens(audit, planned);
}

/// What is read from the store may be damaged.
fn damaged(audit: &mut Audit, notice: &BackChannelNotice) {
    let stored = serde_json::to_value(notice).unwrap();
    let number: u64 = NUMBERS[0].parse().unwrap();
    let mut texts = vec!["s3cr3t-no-json".to_owned(), json!("s3cr3t-text").to_string(), stored.to_string() + "s3cr3t-"];
    for name in stored.as_object().unwrap().keys() {
        for value in
            [json!("s3cr3t-text"), json!(["s3cr3t-text"]), json!({"s3cr3t-name": 1}), json!(number), Value::Null]
        {
            let mut damaged = stored.clone();
            damaged[name] = value;
            texts.push(damaged.to_string());
        }
    }
    let mut read = 0;
    for text in texts {
        match serde_json::from_str::<BackChannelNotice>(&text) {
            Ok(_) => read += 1,
            Err(error) => {
                audit.search("op::BackChannelNotice", "reading", &error.to_string());
                audit.search("op::BackChannelNotice", "reading", &format!("{error:?}"));
            }
        }
    }
    // Another text is another name, and another number another time.
    assert!(read < 10, "{read} damaged notices were read");
}

fn tokens(audit: &mut Audit, notice: &BackChannelNotice) {
    let unsigned = |audit: &mut Audit, token: &UnsignedLogoutToken<'_>| audit.debug(token);
    let client = told_client();
    let token = notice.logout_token(&client, now(), *b"s3cr3t-jti-of-16").unwrap();
    unsigned(audit, &token);
    let input = token.signing_input(Some("s3cr3t-kid"));
    let segments = String::from_utf8(input.as_bytes().to_vec()).unwrap();
    audit.unmarked.extend(segments.split('.').map(str::to_owned));
    audit.debug(&input);
    audit.error(&input.signed(&forged(b"")).unwrap_err());

    let other = Client::builder(SECRET).build().unwrap();
    audit.error(&notice.logout_token(&other, now(), [7; 16]).unwrap_err());
    let hmac = self::client().backchannel_logout_uri(BACK).id_token_signed_response_alg(Algorithm::Hs256);
    let hmac = hmac.client_secret(CLIENT_SECRET).build().unwrap();
    let token = notice.logout_token(&hmac, now(), [7; 16]).unwrap();
    unsigned(audit, &token);
    let token = token.sign_with_client_secret().unwrap();
    sent(audit, &token);
    let encrypted = token.encrypted("es3cr3t-1.es3cr3t-2.es3cr3t-3.es3cr3t-4.es3cr3t-5".to_owned()).unwrap();
    sent(audit, &encrypted);
    audit.debug(&encrypted.encrypted("s3cr3t-no-jwe".to_owned()).unwrap_err());
}

fn sent(audit: &mut Audit, token: &LogoutToken<'_>) {
    audit.unmarked.extend(token.as_str().split('.').map(str::to_owned));
    audit.debug(token);
    audit.debug(&token.request());
}
