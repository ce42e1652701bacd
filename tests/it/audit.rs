//! The record for the log: what it says of each outcome, and what it leaves out.

use oidc_logout::op::{
    Answer, Client, Decision, HostError, LogoutEndpoint, LogoutRequest, OnBadHint, Policy, Session, SessionBySid,
};
use oidc_logout::{Algorithm, KeySet};
use serde_json::{Value, json};

use crate::support::browser;
use crate::support::provider::{self, ISSUER, at};
use crate::support::token::{hs256, token};

const NOW: i64 = 1_700_000_000;
const SECRET: &str = "a secret of no less than thirty-two bytes";

fn endpoint(policy: Policy) -> LogoutEndpoint {
    provider::endpoint(KeySet::default()).with_policy(policy)
}

fn client() -> Client {
    Client::builder("rp-1")
        .post_logout_redirect_uri("https://rp.example/bye")
        .id_token_signed_response_alg(Algorithm::Hs256)
        .client_secret(SECRET)
        .build()
        .unwrap()
}

fn decide(endpoint: &LogoutEndpoint, request: LogoutRequest, session: Option<&Session>) -> Decision {
    let client = client();
    match endpoint.receive(request, at(NOW)) {
        Ok(pending) => {
            let client = pending.client_id().is_some_and(|id| id.as_str() == "rp-1").then_some(&client);
            pending.decide(client, session)
        }
        Err(refusal) => refusal.into(),
    }
}

fn hint(subject: &str, expires: i64) -> String {
    let claims = json!({"iss": ISSUER, "aud": "rp-1", "sub": subject, "iat": NOW - 90, "exp": expires});
    token(r#"{"alg":"HS256"}"#, claims.to_string(), |signed| hs256(SECRET.as_bytes(), signed))
}

fn record(decision: &Decision) -> Value {
    serde_json::to_value(decision.audit()).unwrap()
}

#[test]
fn a_session_that_is_ended_names_client_and_hint_and_the_subject_only_on_demand() {
    let session = Session::new([1; 32], "user-1").takes_part(true);
    let query = format!("id_token_hint={}&post_logout_redirect_uri=https://rp.example/bye", hint("user-1", NOW + 1));
    let decision = decide(&endpoint(Policy::openid()), LogoutRequest::from_query(query).unwrap(), Some(&session));
    let expected = json!({
        "decision": "end_session",
        "method": "GET",
        "parameters": ["id_token_hint", "post_logout_redirect_uri"],
        "client_id": "rp-1",
        "redirect": true,
        "hint": {"standing": "valid", "algorithm": "HS256", "age_seconds": 90},
        "session": "cookie",
    });
    assert_eq!(record(&decision), expected);
    assert_eq!(decision.audit_with_subject().subject.as_deref(), Some("user-1"));
}

#[test]
fn a_refusal_after_the_look_up_says_how_the_session_was_found() {
    let session = Session::new([1; 32], "user-1");
    for (query, reason) in [
        ("client_id=rp-1&post_logout_redirect_uri=https://rp.example/other", "redirect_uri_not_registered"),
        ("client_id=nobody&post_logout_redirect_uri=https://rp.example/bye", "client_unknown"),
    ] {
        let decide = |session| {
            let request = LogoutRequest::from_query(query).unwrap();
            record(&decide(&endpoint(Policy::openid()), request, session))
        };
        let (refused, nobody) = (decide(Some(&session)), decide(None));
        assert_eq!((&refused["reasons"], &refused["session"]), (&json!([reason]), &json!("cookie")));
        assert_eq!((&nobody["reasons"], nobody.get("session")), (&json!([reason]), None));
    }
}

#[test]
fn a_question_says_why_and_whether_the_hint_is_expired() {
    let session = Session::new([1; 32], "user-2").takes_part(true);
    let query = format!("id_token_hint={}", hint("user-1", NOW));
    let decision = decide(&endpoint(Policy::openid()), LogoutRequest::from_query(query).unwrap(), Some(&session));
    let record = record(&decision);
    assert_eq!(record["decision"], "confirm");
    assert_eq!(record["reasons"], json!(["other_subject"]));
    assert_eq!(record["hint"]["standing"], "expired");
    assert_eq!(record["redirect"], false);
}

#[test]
fn an_invalid_hint_says_what_is_wrong_whether_refused_or_let_through() {
    let request = || LogoutRequest::from_query("id_token_hint=a.b&client_id=nobody").unwrap();
    let refused = decide(&endpoint(Policy::openid()), request(), None);
    let expected = json!({
        "decision": "refuse",
        "method": "GET",
        "parameters": ["id_token_hint", "client_id"],
        "redirect": false,
        "reasons": ["id_token_hint_invalid"],
        "detail": "malformed",
        "hint": {"standing": "invalid", "error": "malformed"}
    });
    assert_eq!(record(&refused), expected);

    let lenient = Policy::openid().to_builder().on_bad_hint(OnBadHint::Confirm).build().unwrap();
    let asked = decide(&endpoint(lenient), request(), Some(&Session::of_unknown_subject([1; 32])));
    let record = record(&asked);
    assert_eq!(record["reasons"], json!(["invalid_hint", "unknown_client"]));
    assert_eq!(record["hint"], json!({"standing": "invalid", "error": "malformed"}));
    assert_eq!(record.get("client_id"), None);

    // The error is kept, whatever comes of the request.
    let lenient = Policy::openid().to_builder().on_bad_hint(OnBadHint::Confirm).build().unwrap();
    let nobody = self::record(&decide(&endpoint(lenient), request(), None));
    assert_eq!((&nobody["decision"], &nobody["hint"]), (&json!("no_session"), &record["hint"]));
}

#[test]
fn every_outcome_has_its_name() {
    let endpoint = endpoint(Policy::openid());
    let session = Session::of_unknown_subject([1; 32]);
    let read = |form: &str| LogoutRequest::from_form(form).unwrap();
    assert_eq!(record(&decide(&endpoint, read("client_id=rp-1"), None))["decision"], "resubmit");
    assert_eq!(record(&decide(&endpoint, read("client_id=rp-1&resubmitted=1"), None))["decision"], "no_session");
    let Decision::Answer(Answer::Confirm(ask)) = decide(&endpoint, read("client_id=rp-1"), Some(&session)) else {
        unreachable!()
    };
    let no = decide(&endpoint, read(&browser::post(ask.fields(), Some(("confirm", "no")))), Some(&session));
    assert_eq!(record(&no)["decision"], "declined");
    assert_eq!(record(&no)["method"], "POST");
    assert_eq!(record(&no).get("confirmed"), None);
    let yes = decide(&endpoint, read(&browser::post(ask.fields(), Some(("confirm", "yes")))), Some(&session));
    assert_eq!((&record(&yes)["decision"], &record(&yes)["confirmed"]), (&json!("end_session"), &json!(true)));
    // A request that could not be read has no more than its reason.
    let unread = Decision::from(LogoutRequest::from_query("state=%zz").unwrap_err());
    let expected =
        json!({"decision": "refuse", "redirect": false, "reasons": ["malformed_request"], "detail": "state"});
    assert_eq!(record(&unread), expected);
}

#[test]
fn the_record_says_how_the_session_was_found_and_what_else_the_host_ended() {
    let policy = Policy::openid().to_builder().session_by_sid(SessionBySid::AcceptForSeconds(90)).build().unwrap();
    let endpoint = endpoint(policy);
    let session = Session::new([1; 32], "user-1").takes_part(true);
    let claims = json!({"iss": ISSUER, "aud": "rp-1", "sub": "user-1", "sid": "s-1", "iat": NOW - 90, "exp": NOW});
    let hint = token(r#"{"alg":"HS256"}"#, claims.to_string(), |signed| hs256(SECRET.as_bytes(), signed));
    let request = || LogoutRequest::from_query(format!("id_token_hint={hint}")).unwrap();
    assert_eq!(record(&decide(&endpoint, request(), None)).get("session"), None);
    assert_eq!(record(&decide(&endpoint, request(), Some(&session)))["session"], "cookie");
    // A question is about a session, too.
    let asked = decide(&endpoint, LogoutRequest::from_query("").unwrap(), Some(&session));
    assert_eq!(record(&asked)["session"], "cookie");

    let client = client();
    let pending = endpoint.receive(request(), at(NOW)).unwrap().with_client(Some(&client));
    let found = pending.sid_to_find().unwrap().found(session);
    let decision = pending.decide(Some(&found));
    let mut audit = decision.audit();
    assert_eq!((audit.decision, audit.session, audit.also_ended.len()), ("end_session", Some("sid"), 0));
    assert_eq!(json!(audit).get("also_ended"), None);
    audit.also_ended.push("refresh_tokens".to_owned());
    assert_eq!(json!(audit)["also_ended"], json!(["refresh_tokens"]));
}

#[test]
fn the_hosts_mistake_is_told_in_the_record_and_on_no_page() {
    let other = Client::builder("rp-2").build().unwrap();
    let endpoint = endpoint(Policy::openid());
    for session in [None, Some(Session::new([1; 32], "user-1"))] {
        let pending = endpoint.receive(LogoutRequest::from_query("client_id=rp-1").unwrap(), at(NOW)).unwrap();
        let decision = pending.decide(Some(&other), session.as_ref());
        let Decision::Answer(Answer::Refuse(refusal)) = &decision else { panic!("{decision:?}") };
        let reason = refusal.reason();
        assert_eq!((reason.code(), reason.detail(), refusal.status()), ("host_error", Some("other_client"), 500));
        assert!(!refusal.to_string().contains("client"), "{refusal}");
        assert_eq!(record(&decision)["reasons"], json!(["host_error"]));
    }
    // A client that nobody asked for is one, too.
    let pending = endpoint.receive(LogoutRequest::from_query("").unwrap(), at(NOW)).unwrap();
    let decision = pending.decide(Some(&other), None);
    assert_eq!(record(&decision)["reasons"], json!(["host_error"]));
    assert_eq!(HostError::OtherClient.to_string(), "another client was passed than the one that client_id() asked for");
    assert_eq!((HostError::Mac.code(), HostError::OtherClient.code()), ("mac", "other_client"));
}
