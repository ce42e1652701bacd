//! What every outcome tells the host: status, headers, request, hint and client.

use oidc_logout::op::{
    Answer, Client, ConfirmReason, Decision, HintError, HostError, Landing, LogoutEndpoint, LogoutHint, LogoutRequest,
    Refusal, RefusalReason, Session, Told, VerifiedHint,
};
use oidc_logout::{ClientId, FormFault, Headers, MalformedToken, TokenSegment};
use serde_json::json;

use crate::support::browser;
use crate::support::provider::{ISSUER, at, endpoint, key_set};
use crate::support::token::{ProviderKey, token};

const NOW: i64 = 1_700_000_000;
const URI: &str = "https://rp.example/out";

/// A provider, one of its clients, and what that client sends.
struct Site {
    endpoint: LogoutEndpoint,
    client: Client,
    hint: String,
}

impl Site {
    fn new() -> Self {
        let key = ProviderKey::ed25519();
        let claims = json!({"iss": ISSUER, "sub": "user-1", "aud": "rp-1", "iat": NOW, "exp": NOW});
        Self {
            endpoint: endpoint(key_set(&[key.jwk(None)])),
            client: Client::builder("rp-1")
                .post_logout_redirect_uri(URI)
                .form_action_scheme("com.example.app")
                .build()
                .unwrap(),
            hint: token(r#"{"alg":"EdDSA"}"#, claims.to_string(), |signed| key.sign(signed)),
        }
    }

    /// With a hint, a `logout_hint` and what is given beside them.
    fn parameters(&self, more: &[(&str, &str)]) -> String {
        let all = [("id_token_hint", self.hint.as_str()), ("logout_hint", "alice")];
        browser::post(all.into_iter().chain(more.iter().copied()), None)
    }

    fn get(&self, more: &[(&str, &str)]) -> LogoutRequest {
        LogoutRequest::from_query(self.parameters(more)).unwrap()
    }

    fn post(&self, more: &[(&str, &str)]) -> LogoutRequest {
        LogoutRequest::from_form(self.parameters(more)).unwrap()
    }

    fn decide(&self, request: LogoutRequest, session: Option<&Session>) -> Decision {
        match self.endpoint.receive(request, at(NOW)) {
            Ok(pending) => {
                let client = pending.client_id().is_some_and(|id| id == self.client.id()).then_some(&self.client);
                pending.decide(client, session)
            }
            Err(refusal) => refusal.into(),
        }
    }
}

fn session(subject: &str) -> Session {
    Session::new([1; 32], subject)
}

type Known<'d> = (Option<&'d LogoutRequest>, Option<&'d VerifiedHint>, Option<&'d ClientId>);

/// Of the request its `logout_hint`, of the hint its subject.
fn read((request, hint, client): Known<'_>) -> [Option<&str>; 3] {
    let logout_hint = request.and_then(LogoutRequest::logout_hint).map(LogoutHint::as_str);
    [logout_hint, hint.map(VerifiedHint::subject), client.map(ClientId::as_str)]
}

/// What a decision tells, which is what its outcome tells.
fn told(decision: &Decision) -> [Option<&str>; 3] {
    let told = read((decision.request(), decision.hint(), decision.client_id()));
    let of_outcome = match decision {
        Decision::EndSession(end) => (Some(end.request()), end.hint(), end.client_id()),
        Decision::Answer(Answer::Landing(landing)) => {
            assert_eq!(told, of_landing(landing));
            (Some(landing.request()), landing.hint(), landing.client_id())
        }
        Decision::Answer(Answer::Confirm(ask)) => (Some(ask.request()), ask.hint(), ask.client_id()),
        Decision::Answer(Answer::Declined(stays)) => (Some(stays.request()), stays.hint(), stays.client_id()),
        Decision::Answer(Answer::Resubmit(again)) => (Some(again.request()), again.hint(), again.client_id()),
        Decision::Answer(Answer::Refuse(refusal)) => (refusal.request(), refusal.hint(), refusal.client_id()),
    };
    assert_eq!(told, read(of_outcome));
    told
}

fn of_landing(landing: &Landing) -> [Option<&str>; 3] {
    let told = read((Some(landing.request()), landing.hint(), landing.client_id()));
    let of_variant = match landing {
        Landing::Redirect(to) => (Some(to.request()), to.hint(), to.client_id()),
        Landing::FrontChannel(page) => (Some(page.request()), page.hint(), page.client_id()),
        Landing::SignedOutPage(page) => (Some(page.request()), page.hint(), page.client_id()),
    };
    assert_eq!(told, read(of_variant));
    told
}

#[test]
fn every_outcome_keeps_the_request_the_hint_and_the_client() {
    let site = Site::new();
    let all = [Some("alice"), Some("user-1"), Some("rp-1")];
    let redirect = [("post_logout_redirect_uri", URI)];
    let (own, other) = (session("user-1"), session("user-2"));

    for more in [&redirect[..], &[]] {
        let end = site.decide(site.get(more), Some(&own));
        assert_eq!(told(&end), all);
        let Decision::EndSession(end) = end else { panic!("{end:?}") };
        assert_eq!(of_landing(&end.session_ended(Told::nobody())), all);

        let nobody = site.decide(site.get(more), None);
        assert!(matches!(nobody, Decision::Answer(Answer::Landing(_))));
        assert_eq!(told(&nobody), all);
    }

    let ask = site.decide(site.get(&redirect), Some(&other));
    assert_eq!(told(&ask), all);
    let Decision::Answer(Answer::Confirm(ask)) = ask else { panic!("{ask:?}") };
    assert!(!ask.is_repeated() && ask.returns_to_client());
    let no = LogoutRequest::from_form(browser::post(ask.fields(), Some(("confirm", "no")))).unwrap();
    let declined = site.decide(no, Some(&other));
    assert!(matches!(declined, Decision::Answer(Answer::Declined(_))));
    assert_eq!(told(&declined), all);

    let again = site.decide(site.post(&redirect), None);
    assert!(matches!(again, Decision::Answer(Answer::Resubmit(_))));
    assert_eq!(told(&again), all);

    let refused = site.decide(site.get(&[("post_logout_redirect_uri", "https://rp.example/")]), None);
    assert!(matches!(refused, Decision::Answer(Answer::Refuse(_))));
    assert_eq!(told(&refused), all);
}

#[test]
fn what_was_not_found_or_not_proven_is_not_told() {
    let site = Site::new();
    let query = |query: &str| LogoutRequest::from_query(query).unwrap();
    let without_hint = site.decide(query("logout_hint=alice&client_id=rp-1"), None);
    assert_eq!(told(&without_hint), [Some("alice"), None, Some("rp-1")]);
    let unknown = site.decide(query("logout_hint=alice&client_id=nobody"), None);
    assert_eq!(told(&unknown), [Some("alice"), None, None]);
    let mismatch = site.decide(site.get(&[("client_id", "nobody")]), None);
    assert_eq!(told(&mismatch), [Some("alice"), None, None]);
    let unread = Decision::from(LogoutRequest::from_query("logout_hint=alice&state=%zz").unwrap_err());
    assert_eq!(told(&unread), [None, None, None]);
}

#[test]
fn a_pending_request_tells_the_client_to_look_up_and_what_is_proven() {
    let site = Site::new();
    let pending = site.endpoint.receive(site.get(&[]), at(NOW)).unwrap();
    assert_eq!(
        read((Some(pending.request()), pending.hint(), pending.client_id())),
        [Some("alice"), Some("user-1"), Some("rp-1")]
    );
    let request = LogoutRequest::from_query("client_id=rp-2").unwrap();
    let pending = site.endpoint.receive(request, at(NOW)).unwrap();
    assert_eq!(read((Some(pending.request()), pending.hint(), pending.client_id())), [None, None, Some("rp-2")]);
}

const PLAIN: [(&str, &str); 2] = [("cache-control", "no-store"), ("referrer-policy", "no-referrer")];

fn form(policy: &'static str) -> [(&'static str, &'static str); 3] {
    [("cache-control", "no-store"), ("referrer-policy", "strict-origin"), ("content-security-policy", policy)]
}

const OWN_FORM: &str = "frame-ancestors 'none'; form-action 'self'";
const CLIENT_FORM: &str = "frame-ancestors 'none'; form-action 'self' https: com.example.app:";

#[track_caller]
fn assert_headers(headers: &Headers<'_>, expected: &[(&'static str, &str)]) {
    assert_eq!(headers.iter().collect::<Vec<_>>(), expected);
    assert_eq!(headers.into_iter().collect::<Vec<_>>(), expected);
}

#[test]
fn every_outcome_has_its_status_and_headers() {
    let site = Site::new();
    let redirect = [("post_logout_redirect_uri", URI), ("state", "s")];
    let located = [PLAIN[0], PLAIN[1], ("location", "https://rp.example/out?state=s")];
    let other = session("user-2");

    let Decision::Answer(Answer::Landing(landing)) = site.decide(site.get(&redirect), None) else {
        panic!("a landing")
    };
    assert_eq!(landing.status(), 303);
    assert_headers(&landing.headers(), &located);
    let Landing::Redirect(to) = landing else { panic!("a redirect") };
    assert_eq!((to.status(), to.location()), (303, "https://rp.example/out?state=s"));
    assert_headers(&to.headers(), &located);

    let Decision::Answer(Answer::Landing(landing)) = site.decide(site.get(&[]), None) else { panic!("a landing") };
    assert_eq!(landing.status(), 200);
    assert_headers(&landing.headers(), &form(OWN_FORM));
    let Landing::SignedOutPage(page) = landing else { panic!("a page") };
    assert_eq!(page.status(), 200);
    assert_headers(&page.headers(), &form(OWN_FORM));

    for (more, policy) in [(&redirect[..], CLIENT_FORM), (&[], OWN_FORM)] {
        let Decision::Answer(Answer::Confirm(ask)) = site.decide(site.get(more), Some(&other)) else {
            panic!("a question")
        };
        assert_eq!(ask.status(), 200);
        assert_headers(&ask.headers(), &form(policy));
        let Decision::Answer(Answer::Resubmit(again)) = site.decide(site.post(more), None) else { panic!("a form") };
        assert_eq!(again.status(), 200);
        assert_headers(&again.headers(), &form(policy));

        let no = LogoutRequest::from_form(browser::post(ask.fields(), Some(("confirm", "no")))).unwrap();
        let Decision::Answer(Answer::Declined(stays)) = site.decide(no, Some(&other)) else { panic!("a no") };
        assert_eq!(stays.status(), 200);
        assert_headers(&stays.headers(), &form(OWN_FORM));
    }
}

#[test]
fn every_refusal_has_its_code_detail_status_and_headers() {
    let parameter = "state";
    let malformed = RefusalReason::MalformedRequest { parameter, fault: FormFault::Utf8 };
    let duplicate = RefusalReason::DuplicateParameter { parameter };
    for (reason, status, code, detail) in [
        (RefusalReason::RequestTooLarge, 413, "request_too_large", None),
        (malformed, 400, "malformed_request", Some("state")),
        (duplicate, 400, "duplicate_parameter", Some("state")),
        (RefusalReason::HeadRequest, 200, "head_request", None),
        (RefusalReason::MethodNotAllowed, 405, "method_not_allowed", None),
        (RefusalReason::UnsupportedMediaType, 415, "unsupported_media_type", None),
        (RefusalReason::StateTooLong { max_chars: 1 }, 400, "state_too_long", None),
        (RefusalReason::StateTooShort { min_chars: 1 }, 400, "state_too_short", None),
        (RefusalReason::StateMissing { min_chars: 1 }, 400, "state_missing", None),
        (RefusalReason::RedirectUriMissing, 400, "redirect_uri_missing", None),
        (RefusalReason::IdTokenHintRefused, 400, "id_token_hint_refused", None),
        (RefusalReason::IdTokenHintMissing, 400, "id_token_hint_missing", None),
        (RefusalReason::ClientIdMissing, 400, "client_missing", None),
        (RefusalReason::ClientMissing, 400, "client_missing", None),
        (RefusalReason::IdTokenHintInvalid(HintError::Key), 400, "id_token_hint_invalid", Some("key")),
        (RefusalReason::ClientMismatch, 400, "client_mismatch", None),
        (RefusalReason::ClientUnknown, 400, "client_unknown", None),
        (RefusalReason::RedirectUriNotRegistered, 400, "redirect_uri_not_registered", None),
        (RefusalReason::Prefetch, 400, "prefetch", None),
        (RefusalReason::EmbeddedRequest, 400, "embedded_request", None),
        (RefusalReason::SessionCookieMissing, 400, "session_cookie_missing", None),
        (RefusalReason::HintTooOld, 400, "session_cookie_missing", Some("hint_too_old")),
        (RefusalReason::CannotConfirm(ConfirmReason::NoHint), 400, "session_cookie_missing", Some("no_hint")),
        (RefusalReason::HostError(HostError::OtherClient), 500, "host_error", Some("other_client")),
        (RefusalReason::HostError(HostError::Mac), 500, "host_error", Some("mac")),
    ] {
        assert_eq!((reason.code(), reason.detail()), (code, detail));
        let refusal = Refusal::from(reason);
        assert_eq!((refusal.reason(), refusal.status()), (reason, status), "{code}");
        assert_eq!(refusal.to_string(), reason.to_string());
        let allow = if status == 405 { &[("allow", "GET, POST")][..] } else { &[] };
        assert_headers(&refusal.headers(), &[&form(OWN_FORM)[..], allow].concat());
    }
}

#[test]
fn every_fault_of_a_hint_has_its_code() {
    for (error, code) in [
        (HintError::TooLarge, "too_large"),
        (HintError::Encrypted, "encrypted"),
        (HintError::Malformed(MalformedToken::Json(TokenSegment::Claims)), "malformed"),
        (HintError::Type, "type"),
        (HintError::Algorithm, "algorithm"),
        (HintError::ClientAlgorithm, "algorithm"),
        (HintError::Key, "key"),
        (HintError::NoKeys, "key"),
        (HintError::ClientSecret, "key"),
        (HintError::Signature, "signature"),
        (HintError::ClientSignature, "signature"),
        (HintError::Issuer, "issuer"),
        (HintError::NotYetValid("iat"), "not_yet_valid"),
        (HintError::NotYetValid("nbf"), "not_yet_valid"),
        (HintError::Expired, "expired"),
        (HintError::Audience, "audience"),
        (HintError::Rejected, "rejected"),
    ] {
        assert_eq!(error.code(), code);
        assert_eq!(RefusalReason::IdTokenHintInvalid(error).detail(), Some(code));
    }
}
