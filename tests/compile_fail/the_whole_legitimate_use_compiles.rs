//! A host's use of every step compiles. If the setup of the other cases were broken, so that they
//! failed for a reason other than their guarantee, this case would fail too.
//@check-pass
#![deny(warnings)]
use oidc_logout::op::{AddressRules, BackChannelNotice, BackChannelUri, ChannelUriError, Claim, DeliveryFault, EndedSession, FrontChannelUri, LogoutToken, Network, NetworkError, Next, Notices, Participant, Reply, Schedule, UnsignedLogoutToken};
use oidc_logout::op::{Answer, Client, ClientError, Confirm, ConfirmReason, Decision, EndSession, HintError, Landing, LogoutEndpoint, LogoutRequest, Pending, PendingSession, Refusal, RefusalReason, RegisteredRedirect, RegistrationError, RegistrationRules, Session, Told, VerifiedHint, VerifyHintError};
use oidc_logout::{Algorithm, ClientMetadata, EndSessionEndpoint, KeySet, ProviderMetadata, Secret, UriError};
use time::OffsetDateTime;

fn endpoint(jwks: &str, secret: Vec<u8>) -> Result<LogoutEndpoint, Box<dyn std::error::Error>> {
    let keys = KeySet::from_jwks(jwks)?;
    Ok(LogoutEndpoint::new("https://op.example", keys, Secret::new(secret)?))
}

fn client() -> Result<Client, ClientError> {
    Client::builder("rp-1").post_logout_redirect_uri("https://rp.example/signed-out").build()
}

fn registered() -> Result<RegisteredRedirect, UriError> {
    RegisteredRedirect::register("https://rp.example/signed-out", &RegistrationRules::default())
}

fn discovery() -> Result<String, Box<dyn std::error::Error>> {
    let metadata = ProviderMetadata::new(EndSessionEndpoint::new("https://op.example/logout")?);
    Ok(metadata.end_session_endpoint.as_str().to_owned() + &serde_json::to_string(&metadata)?)
}

fn register(body: &str) -> Result<Client, RegistrationError> {
    let metadata = ClientMetadata::from_json(body)?;
    metadata.register("rp-2", None, &RegistrationRules::default(), &[Algorithm::Rs256])
}

/// A `Pending` borrows nothing, so that it can cross an `await` and a thread.
fn receive(query: &str, now: OffsetDateTime) -> Result<Pending, Box<dyn std::error::Error>> {
    let op = endpoint("{}", vec![7; 32])?;
    Ok(op.receive(LogoutRequest::from_query(query)?, now)?)
}

/// No arm is `_`, so these are all outcomes.
fn decide(pending: Pending, client: Option<&Client>, session: Option<&Session>) -> String {
    let answer = match pending.decide(client, session) {
        Decision::EndSession(end) => ended(end).into(),
        Decision::Answer(answer) => answer,
    };
    let landing = match answer {
        Answer::Landing(landing) => landing,
        Answer::Confirm(ask) => return page(&ask),
        Answer::Declined(stays) => return format!("{} {:?}", stays.status(), stays.headers()),
        Answer::Resubmit(again) => return again.fields().map(|(name, value)| format!("{name}={value}")).collect(),
        Answer::Refuse(refusal) => return refused(&refusal),
    };
    match landing {
        Landing::Redirect(to) => to.location().to_owned(),
        Landing::FrontChannel(page) => page.continue_to().to_owned(),
        Landing::SignedOutPage(page) => page.request().ui_locales().map_or("", |locales| locales.as_str()).to_owned(),
    }
}

/// Between the client and the session: a claim of the host's own, and a session without a cookie.
fn without_cookie(pending: PendingSession<'_>, found: fn(&str, &str) -> Option<Session>) -> Decision {
    let is_ours = pending.hint().is_none_or(|hint| hint.claims::<serde_json::Value>().is_ok());
    let pending = if is_ours { pending } else { pending.reject_hint() };
    let session = pending.sid_to_find().and_then(|look_up| {
        let session = found(look_up.client_id().as_str(), look_up.sid())?;
        Some(look_up.found(session))
    });
    pending.decide(session.as_ref())
}

fn ended(end: EndSession) -> Landing {
    let _: Option<&VerifiedHint> = end.hint();
    end.session_ended(Told::nobody())
}

/// The clients of the session are told, and the landing follows.
fn told(end: EndSession, clients: &[Client], now: OffsetDateTime, store: fn(String, String)) -> serde_json::Result<Landing> {
    let participants = clients.iter().map(|client| Participant::new(client, "sid-1").subject("user-1"));
    let mut notices: Notices = end.notices(&EndedSession::new("session-1", now), participants);
    notices.claim_first_attempts(now, &Schedule::default());
    for notice in notices.back_channel() {
        store(notice.key(), serde_json::to_string(notice)?);
    }
    let delivered: Vec<_> = notices.first_attempts().map(|notice| notice.client_id().clone()).collect();
    Ok(end.session_ended(notices.told(&delivered)))
}

/// One attempt of a worker.
fn attempt(stored: &str, client: &Client, now: OffsetDateTime, sign: fn(&[u8]) -> Vec<u8>) -> serde_json::Result<bool> {
    let schedule = Schedule::default();
    let mut notice: BackChannelNotice = serde_json::from_str(stored)?;
    let Claim::Attempt(number) = notice.claim(now, &schedule) else { return Ok(false) };
    let status = match notice.logout_token(client, now, [7; 16]).and_then(|token| signed(token, sign)) {
        Ok(token) => Reply::Answer { status: sent(&token), retry_after: None },
        Err(fault) => Reply::Fault(fault),
    };
    Ok(match notice.record(number, status, now, 4, &schedule) {
        Next::Delivered => true,
        Next::RetryAt(_) | Next::Failed(_) | Next::ClaimLost => false,
    })
}

fn signed<'c>(token: UnsignedLogoutToken<'c>, sign: fn(&[u8]) -> Vec<u8>) -> Result<LogoutToken<'c>, DeliveryFault> {
    if token.is_signed_with_client_secret() {
        return token.sign_with_client_secret();
    }
    let input = token.signing_input(Some("key-1"));
    let signature = sign(input.as_bytes());
    input.signed(&signature).map_err(|_| DeliveryFault::KeyGone)
}

fn sent(token: &LogoutToken<'_>) -> u16 {
    let request = token.request();
    let allowed = AddressRules::default().check_host(request.host());
    if allowed.is_ok() && request.method() == "POST" && !request.body().is_empty() { 200 } else { 400 }
}

fn channels(rules: &RegistrationRules) -> Result<(BackChannelUri, FrontChannelUri), ChannelUriError> {
    Ok((BackChannelUri::register("https://rp.example/bc", rules)?, FrontChannelUri::register("https://rp.example/fc", rules)?))
}

fn network() -> Result<Network, NetworkError> {
    "10.1.0.0/16".parse()
}

fn page(ask: &Confirm) -> String {
    let reasons = ask.reasons().iter().map(|reason| match reason {
        ConfirmReason::OtherSubject => "another user",
        other => other.code(),
    });
    reasons.chain(ask.fields().map(|(name, _)| name)).collect()
}

fn hinted(op: &LogoutEndpoint, hint: &str, client: &Client, now: OffsetDateTime) -> Result<String, VerifyHintError> {
    Ok(op.verify_hint(hint, Some(client), now)?.subject().to_owned())
}

fn refused(refusal: &Refusal) -> String {
    match refusal.reason() {
        RefusalReason::IdTokenHintInvalid(HintError::Expired) => "expired".to_owned(),
        RefusalReason::IdTokenHintInvalid(error) => error.code().to_owned(),
        reason => format!("{} {reason} {refusal}", reason.code()),
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let op = endpoint("{}", vec![7; 32])?;
    let now = OffsetDateTime::UNIX_EPOCH;
    println!("{:?}", hinted(&op, "", &client()?, now));
    let session = Session::new([1; 32], "somebody").sid("s-1").takes_part(true);
    let pending = receive("client_id=rp-1", now)?;
    if let Decision::EndSession(end) = without_cookie(receive("", now)?.with_client(None), |_, _| None) {
        println!("{} {}", end.is_found_by_sid(), end.returns_to_client());
        println!("{}", told(end, &[client()?], now, |_, _| {})?.status());
    }
    println!("{:?} {:?}", attempt("{}", &client()?, now, |_| vec![1; 256]), channels(&RegistrationRules::default()));
    println!("{:?}", network());
    let client = if pending.client_id() == Some(client()?.id()) { Some(client()?) } else { None };
    println!("{} {}", decide(pending, client.as_ref(), Some(&session)), registered()?.as_str());
    println!("{}", page(&op.offer(&session, now)?));
    println!("{} {}", discovery()?, register("{}")?.id().as_str());
    Ok(())
}
