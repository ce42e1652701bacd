//! Vectors about notices: what is registered and announced, what is planned, sent and shown, what a
//! reply means, and which addresses are reached.

use std::net::IpAddr;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oidc_logout::op::{
    AddressRules, BackChannelNotice, BackChannelUri, Claim, Client, Decision, DeliveryFault, EndSession, EndedSession,
    FrontChannelUri, Landing, LogoutEndpoint, LogoutToken, Network, Next, NotToldCause, Notices, Participant, Reply,
    Schedule, Session, Told, UnsignedLogoutToken,
};
use oidc_logout::{Algorithm, ClientId, KeySet, ProviderMetadata, Secret};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;

use super::provider::{JsonClient, Rules};
use super::{Error, fields, object};

/// A URI by which a client wants to hear of logouts.
#[derive(Deserialize)]
pub(crate) struct RegisterChannel {
    channel: Which,
    /// The provider's.
    issuer: String,
    register: ChannelRegistration,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Which {
    Back,
    Front,
}

#[derive(Deserialize)]
struct ChannelRegistration {
    uri: String,
    #[serde(flatten)]
    rules: Rules,
}

impl RegisterChannel {
    pub(crate) fn run(&self) -> Map<String, Value> {
        let Self { channel, issuer, register: ChannelRegistration { uri, rules } } = self;
        let rules = rules.read().issuer(issuer);
        let registered = match channel {
            Which::Back => BackChannelUri::register(uri, &rules).map(|uri| uri.as_str().to_owned()),
            Which::Front => FrontChannelUri::register(uri, &rules).map(|uri| uri.as_str().to_owned()),
        };
        match registered {
            Ok(registered) if registered == *uri => object(json!({"registered": true})),
            Ok(_) => object(json!({"registered": "other bytes"})),
            Err(error) => object(json!({"registered": false, "reason": error.code()})),
        }
    }
}

/// The provider's discovery document, as text, because not every document is JSON.
#[derive(Deserialize)]
pub(crate) struct Discovery {
    provider_metadata: String,
}

impl Discovery {
    pub(crate) fn run(&self) -> Result<Map<String, Value>, Error> {
        Ok(match serde_json::from_str::<ProviderMetadata>(&self.provider_metadata) {
            Ok(metadata) => object(json!({"read": true, "metadata": serde_json::to_value(metadata)?})),
            Err(_) => object(json!({"read": false})),
        })
    }
}

/// An address that a request may or may not be sent to, or the host of a URI.
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum Reached {
    Address {
        address: IpAddr,
        #[serde(default)]
        allow: Vec<String>,
    },
    Host {
        host: String,
        #[serde(default)]
        allow: Vec<String>,
    },
    Network {
        network: String,
    },
}

impl Reached {
    pub(crate) fn run(&self) -> Result<Map<String, Value>, Error> {
        let rules = |allow: &[String]| {
            allow.iter().try_fold(AddressRules::default(), |rules, network| -> Result<_, Error> {
                Ok(rules.allow_network(network.parse()?))
            })
        };
        Ok(object(match self {
            Self::Address { address, allow } => json!({"allowed": rules(allow)?.check(*address).is_ok()}),
            Self::Host { host, allow } => json!({"allowed": rules(allow)?.check_host(host).is_ok()}),
            Self::Network { network } => json!({"valid": network.parse::<Network>().is_ok()}),
        }))
    }
}

/// The address of a client's frame.
#[derive(Deserialize)]
pub(crate) struct Frame {
    issuer: String,
    frontchannel_logout_uri: String,
    sid: Option<String>,
}

impl Frame {
    pub(crate) fn run(&self) -> Result<Map<String, Value>, Error> {
        let uri = &self.frontchannel_logout_uri;
        let client: JsonClient = serde_json::from_value(json!({
            "client_id": "rp-1", "frontchannel_logout_uri": uri, "redirect_uris": [uri],
        }))?;
        let client = client.read();
        let names = Names { sid: self.sid.clone(), sub: Some("user-1".to_owned()) };
        let ended = EndedSession::new("session-1", OffsetDateTime::UNIX_EPOCH);
        let notices = end_session(&self.issuer)?.notices(&ended, [names.participant(&client)]);
        let told = notices.told([""; 0]);
        match told.frames() {
            [frame] => Ok(object(json!({"src": frame.src()}))),
            _ => Err(format!("no frame: {:?}", told.not_told()).into()),
        }
    }
}

/// An end of a session that needs no client and no hint: the user says yes to the provider's own
/// offer.
fn end_session(issuer: &str) -> Result<EndSession, Error> {
    let endpoint = LogoutEndpoint::new(issuer, KeySet::default(), Secret::new([1; 32])?);
    let (session, now) = (Session::new([0; 32], "user-1"), OffsetDateTime::UNIX_EPOCH);
    let mut form = fields(&endpoint.offer(&session, now)?);
    form.push(("confirm".to_owned(), "yes".to_owned()));
    let headers = [("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", "same-origin")];
    let request = endpoint.read("POST", "", headers, serde_urlencoded::to_string(form)?)?;
    match endpoint.receive(request, now)?.decide(None, Some(&session)) {
        Decision::EndSession(end) => Ok(end),
        other @ Decision::Answer(_) => Err(format!("a yes should end the session, and gives {other:?}").into()),
    }
}

/// The names by which a client knows the session and the user.
#[derive(Deserialize)]
struct Names {
    sid: Option<String>,
    sub: Option<String>,
}

impl Names {
    fn participant<'c>(&self, client: &'c Client) -> Participant<'c> {
        match (&self.sid, &self.sub) {
            (Some(sid), Some(subject)) => Participant::new(client, sid).subject(subject),
            (Some(sid), None) => Participant::new(client, sid),
            (None, subject) => Participant::without_sid(client, subject.as_deref().unwrap_or_default()),
        }
    }
}

/// A client that is told by the back channel, and the token that it is sent.
#[derive(Deserialize)]
pub(crate) struct Sent {
    issuer: String,
    client: JsonClient,
    participant: Names,
    ended_at: i64,
    now: i64,
    /// 16 bytes in hexadecimal.
    jti: String,
    kid: Option<String>,
    /// The client as it is registered when the attempt is made, if that has changed.
    client_at_attempt: Option<JsonClient>,
}

impl Sent {
    pub(crate) fn run(&self) -> Result<Map<String, Value>, Error> {
        let client = self.client.read();
        let notice = match planned(&self.issuer, &self.participant, &client, self.ended_at)? {
            Ok(notice) => notice,
            Err(cause) => return Ok(undeliverable(cause.code())),
        };
        let client = self.client_at_attempt.as_ref().map_or(client, JsonClient::read);
        let now = OffsetDateTime::from_unix_timestamp(self.now)?;
        let jti = u128::from_str_radix(&self.jti, 16)?.to_be_bytes();
        let token = match notice.logout_token(&client, now, jti).and_then(|token| self.sign(token)) {
            Ok(token) => token,
            Err(fault) => return Ok(undeliverable(fault.code())),
        };
        let request = token.request();
        if request.body() != format!("logout_token={}", token.as_str()) {
            return Err("the body is not the token".into());
        }
        let mut segments = token.as_str().split('.');
        let mut read = || -> Result<Value, Error> {
            let segment = segments.next().unwrap_or_default();
            Ok(serde_json::from_slice(&URL_SAFE_NO_PAD.decode(segment)?)?)
        };
        Ok(object(json!({
            "header": read()?, "claims": read()?,
            "method": request.method(), "uri": request.uri(), "content_type": request.content_type(),
        })))
    }

    /// With the client's secret, or with bytes in place of a signature: only its length is checked.
    fn sign<'c>(&self, token: UnsignedLogoutToken<'c>) -> Result<LogoutToken<'c>, DeliveryFault> {
        if token.is_signed_with_client_secret() {
            return token.sign_with_client_secret();
        }
        let bytes = match token.algorithm() {
            Algorithm::Es256 | Algorithm::EdDsa => 64,
            Algorithm::Es384 => 96,
            Algorithm::Es512 => 132,
            _ => 256,
        };
        let input = token.signing_input(self.kid.as_deref());
        input.signed(&vec![1; bytes]).map_err(|_| DeliveryFault::KeyGone)
    }
}

fn undeliverable(code: &str) -> Map<String, Value> {
    object(json!({"undeliverable": code}))
}

/// The notice for one client of a session that ends without a request, or why there is none.
fn planned(
    issuer: &str,
    names: &Names,
    client: &Client,
    ended_at: i64,
) -> Result<Result<BackChannelNotice, NotToldCause>, Error> {
    let endpoint = LogoutEndpoint::new(issuer, KeySet::default(), Secret::new([1; 32])?);
    let ended = EndedSession::new("session-1", OffsetDateTime::from_unix_timestamp(ended_at)?);
    let notices = endpoint.notices(&ended, [names.participant(client)]);
    match (notices.back_channel(), notices.not_told()) {
        ([notice], []) => Ok(Ok(notice.clone())),
        ([], [not_told]) => Ok(Err(not_told.cause)),
        _ => Err(format!("neither told nor not told: {notices:?}").into()),
    }
}

/// What came of an attempt.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JsonReply {
    status: Option<u16>,
    retry_after: Option<String>,
    /// The code of a fault.
    fault: Option<DeliveryFault>,
}

impl JsonReply {
    fn read(&self) -> Result<Reply<'_>, Error> {
        match (self.status, self.fault) {
            (Some(status), None) => Ok(Reply::Answer { status, retry_after: self.retry_after.as_deref() }),
            (None, Some(fault)) => Ok(Reply::Fault(fault)),
            _ => Err("a reply is a status or a fault".into()),
        }
    }
}

/// What a reply to an attempt means, all attempts before it having timed out.
#[derive(Deserialize)]
pub(crate) struct Replied {
    reply: JsonReply,
    attempt: u32,
}

impl Replied {
    pub(crate) fn run(&self) -> Result<Map<String, Value>, Error> {
        let schedule = Schedule::default();
        let mut notice = a_notice(ENDED_AT, true)?;
        loop {
            let now = notice.due_at().ok_or("over before the attempt")?;
            let Claim::Attempt(attempt) = notice.claim(now, &schedule) else {
                return Err("an attempt that is due should be claimed".into());
            };
            let is_last = attempt == self.attempt;
            let reply = if is_last { self.reply.read()? } else { Reply::Fault(DeliveryFault::Timeout) };
            let next = notice.record(attempt, reply, now, u32::MAX / 2, &schedule);
            if is_last {
                let next = match next {
                    Next::Delivered => "delivered",
                    Next::RetryAt(_) => "again",
                    Next::Failed(_) => "failed",
                    Next::ClaimLost => "claim_lost",
                };
                return Ok(object(json!({"next": next})));
            }
        }
    }
}

/// The end of the session in cases that do not say when it was.
const ENDED_AT: i64 = 1_760_000_000;

fn a_notice(ended_at: i64, has_sid: bool) -> Result<BackChannelNotice, Error> {
    let client = Client::builder("rp-1").backchannel_logout_uri("https://rp.example/bc").build()?;
    let sid = has_sid.then(|| "sid-1".to_owned());
    let names = Names { sid, sub: Some("user-1".to_owned()) };
    planned("https://op.example", &names, &client, ended_at)?.map_err(|cause| cause.code().into())
}

/// The delivery of one notice, step by step. Times are seconds since the end of the session.
#[derive(Deserialize)]
pub(crate) struct Delivery {
    delivery: Progress,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Progress {
    #[serde(default = "ended_at")]
    ended_at: i64,
    /// Whether the client has a `sid`, and is not told by the subject alone.
    #[serde(default = "yes")]
    sid: bool,
    #[serde(default)]
    prepared: bool,
    #[serde(default)]
    schedule: JsonSchedule,
    steps: Vec<Step>,
}

fn ended_at() -> i64 {
    ENDED_AT
}

fn yes() -> bool {
    true
}

/// In seconds. Members that are left out are the library's.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct JsonSchedule {
    waits: Option<Vec<u64>>,
    give_up_after: Option<u64>,
    max_retry_after: Option<u64>,
    attempt_timeout: Option<u64>,
    claim: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case", tag = "do")]
enum Step {
    Claim {
        at: i64,
    },
    Release {
        at: i64,
    },
    Record {
        at: i64,
        attempt: u32,
        reply: JsonReply,
        /// The random number, of 32 bits. In the middle by default, where a wait is what it is.
        #[serde(default = "middle")]
        jitter: u32,
    },
}

fn middle() -> u32 {
    u32::MAX / 2
}

impl JsonSchedule {
    fn read(&self) -> Schedule {
        let mut schedule = Schedule::default();
        if let Some(waits) = &self.waits {
            schedule = schedule.waits(waits.iter().copied().map(Duration::from_secs));
        }
        if let Some(seconds) = self.give_up_after {
            schedule = schedule.give_up_after(Duration::from_secs(seconds));
        }
        if let Some(seconds) = self.max_retry_after {
            schedule = schedule.max_retry_after(Duration::from_secs(seconds));
        }
        if let (Some(timeout), Some(claim)) = (self.attempt_timeout, self.claim) {
            schedule = schedule.attempts(Duration::from_secs(timeout), Duration::from_secs(claim));
        }
        schedule
    }
}

impl Delivery {
    pub(crate) fn run(&self) -> Result<Map<String, Value>, Error> {
        let Progress { ended_at, sid, prepared, schedule, steps } = &self.delivery;
        let schedule = schedule.read();
        let time = |at: i64| -> Result<_, Error> {
            Ok(OffsetDateTime::from_unix_timestamp(ended_at.checked_add(at).ok_or("too late")?)?)
        };
        let since = |time: OffsetDateTime| time.unix_timestamp().saturating_sub(*ended_at);
        let mut notice = a_notice(*ended_at, *sid)?;
        if *prepared {
            notice = notice.prepare();
        }
        let mut results = Vec::new();
        for step in steps {
            // As a host has it: read from its store, changed, and stored again.
            notice = serde_json::from_str(&serde_json::to_string(&notice)?)?;
            results.push(match step {
                Step::Release { at } => {
                    notice.release(time(*at)?);
                    json!("released")
                }
                Step::Claim { at } => match notice.claim(time(*at)?, &schedule) {
                    Claim::Attempt(attempt) => json!({"attempt": attempt}),
                    Claim::No => json!("no"),
                    Claim::TooLate => json!("too_late"),
                },
                Step::Record { at, attempt, reply, jitter } => {
                    match notice.record(*attempt, reply.read()?, time(*at)?, *jitter, &schedule) {
                        Next::Delivered => json!("delivered"),
                        Next::RetryAt(time) => json!({"again_at": since(time)}),
                        Next::Failed(fault) => json!({"failed": fault}),
                        Next::ClaimLost => json!("claim_lost"),
                    }
                }
            });
        }
        let mut got = object(json!({"steps": results, "attempts": notice.attempts()}));
        let times =
            [("due_at", notice.due_at()), ("delivered_at", notice.delivered_at()), ("failed_at", notice.failed_at())];
        for (name, time) in times {
            got.extend(time.map(|time| (name.to_owned(), since(time).into())));
        }
        if let Some(fault) = notice.fault() {
            got.insert("fault".to_owned(), serde_json::to_value(fault)?);
        }
        Ok(got)
    }
}

/// The clients that take part in the session of a request, and what came of the first attempts.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct JsonNotices {
    participants: Vec<JsonParticipant>,
    #[serde(default)]
    delivered: Vec<String>,
    #[serde(default)]
    frame_delivered_too: bool,
}

#[derive(Deserialize)]
struct JsonParticipant {
    client_id: String,
    #[serde(flatten)]
    names: Names,
}

impl JsonNotices {
    /// Tells the clients, and ends the session.
    pub(crate) fn tell(&self, end: EndSession, clients: &[JsonClient], now: OffsetDateTime) -> Result<Landing, Error> {
        let find = |id: &str| clients.iter().find(|client| client.client_id == id).map(JsonClient::read);
        let clients: Option<Vec<_>> = self.participants.iter().map(|it| find(&it.client_id)).collect();
        let clients = clients.ok_or("a participant is no client")?;
        let participants = self.participants.iter().zip(&clients).map(|(it, client)| it.names.participant(client));
        let mut notices: Notices = end.notices(&EndedSession::new("session-1", now), participants);
        if self.frame_delivered_too {
            notices = notices.frame_delivered_too();
        }
        Ok(end.session_ended(notices.told(&self.delivered)))
    }
}

/// What a landing says of the clients, and what kind it is.
pub(crate) fn told(landing: &Landing) -> Result<Map<String, Value>, Error> {
    let (name, told) = match landing {
        Landing::Redirect(_) => ("redirect", None),
        Landing::FrontChannel(page) => ("front_channel", Some(page.told())),
        Landing::SignedOutPage(page) => ("signed_out_page", Some(page.told())),
    };
    let mut got = object(json!({"landing": name}));
    if let Some(told) = told {
        got.insert("told".to_owned(), told_as_json(told)?);
    }
    Ok(got)
}

fn told_as_json(told: &Told) -> Result<Value, Error> {
    let ids = |ids: &[ClientId]| ids.iter().map(|id| id.as_str().to_owned()).collect::<Vec<_>>();
    Ok(json!({
        "delivered": ids(told.delivered()), "pending": ids(told.pending()),
        "frames": serde_json::to_value(told.frames())?, "not_told": serde_json::to_value(told.not_told())?,
    }))
}
