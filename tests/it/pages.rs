//! The forms of the provider's pages, posted as a browser posts them.

use oidc_logout::KeySet;
use oidc_logout::op::{Answer, Client, Decision, Landing, LogoutRequest, Method, Policy, Session, Told};
use serde_json::{Map, Value, json};

use crate::support::browser;
use crate::support::provider::{at, endpoint};

const STATES: [&str; 8] = ["plain", "a\nb", "a\rb", "a\r\nb", "\n", "\0", "tab\tand space ", "\u{2028}é\"<&>"];

fn post<'f>(fields: impl Iterator<Item = (&'static str, &'f str)>, button: Option<(&str, &str)>) -> LogoutRequest {
    LogoutRequest::from_form(browser::post(fields, button)).unwrap()
}

fn decide(request: LogoutRequest, session: Option<&Session>) -> Decision {
    let endpoint = endpoint(KeySet::default());
    let client = Client::builder("rp-1").post_logout_redirect_uri("https://rp.example/bye").build().unwrap();
    let pending = endpoint.receive(request, at(0)).unwrap();
    let client = pending.client_id().is_some().then_some(&client);
    pending.decide(client, session)
}

fn form(state: &str) -> String {
    let uri = "https://rp.example/bye";
    serde_urlencoded::to_string([("client_id", "rp-1"), ("post_logout_redirect_uri", uri), ("state", state)]).unwrap()
}

#[test]
fn a_question_is_answered_by_what_a_browser_makes_of_its_fields() {
    let session = Session::of_unknown_subject([1; 32]);
    for state in STATES {
        let Decision::Answer(Answer::Confirm(ask)) =
            decide(LogoutRequest::from_query(form(state)).unwrap(), Some(&session))
        else {
            panic!("{state:?} should be asked about");
        };
        let answer = post(ask.fields(), Some(("confirm", "yes")));
        assert_eq!(answer.state().unwrap().as_str(), state);
        let Decision::EndSession(end) = decide(answer, Some(&session)) else {
            panic!("the answer about {state:?} should count");
        };
        assert!(matches!(end.session_ended(Told::nobody()), Landing::Redirect(_)));
    }
}

#[test]
fn what_is_posted_again_is_what_came() {
    for state in STATES {
        let request = LogoutRequest::from_form(form(state)).unwrap();
        let Decision::Answer(Answer::Resubmit(again)) = decide(request, None) else {
            panic!("a POST without a session is posted again");
        };
        let again = post(again.fields(), None);
        assert_eq!(again.state().unwrap().as_str(), state);
        assert!(matches!(decide(again, None), Decision::Answer(Answer::Landing(Landing::Redirect(_)))));
    }
}

#[test]
fn a_parameter_counts_once_wherever_it_stands() {
    // state=x
    let encoded = "resubmitted=1&encoded_parameters=c3RhdGU9eA";
    assert_eq!(LogoutRequest::from_form(encoded).unwrap().state().unwrap().as_str(), "x");
    let refused = |form: &str| LogoutRequest::from_form(form).unwrap_err().reason().code();
    assert_eq!(refused(&format!("state=x&{encoded}")), "duplicate_parameter");
    assert_eq!(refused(&format!("{encoded}&encoded_parameters=")), "duplicate_parameter");
    assert_eq!(refused("confirmation=x&encoded_parameters=c3RhdGU9eA=="), "malformed_request");
    // state=%zz
    assert_eq!(refused("encoded_parameters=c3RhdGU9JXp6&confirmation=x"), "malformed_request");
    // It needs no other field of the pages beside it.
    let alone = LogoutRequest::from_form("encoded_parameters=c3RhdGU9eA").unwrap();
    assert_eq!(alone.state().unwrap().as_str(), "x");
    for malformed in ["encoded_parameters=%zz", "encoded_parameters=c3RhdGU9JXp6", "encoded_parameters=c3RhdGU9eA=="] {
        assert_eq!(refused(malformed), "malformed_request");
    }
    // A query has no such parameter.
    assert_eq!(LogoutRequest::from_query(encoded).unwrap().state(), None);
}

#[test]
fn nobody_is_asked_who_could_not_answer() {
    let endpoint = endpoint(KeySet::default());
    let now = at(0);
    let decide = |method: &str, posted_bytes: usize, session: Option<&Session>| {
        // `<` is sent as it is, and is three times as long once a browser posts it.
        let value = "<".repeat(posted_bytes / 3) + &"x".repeat(posted_bytes % 3);
        let form = format!("logout_hint={value}");
        let request = if method == "GET" { LogoutRequest::from_query(form) } else { LogoutRequest::from_form(form) };
        endpoint.receive(request.unwrap(), now).unwrap().decide(None, session)
    };
    let session = Session::of_unknown_subject([1; 32]);
    let most = LogoutRequest::MAX_BYTES - 128 - "logout_hint=".len();
    let Decision::Answer(Answer::Confirm(ask)) = decide("GET", most, Some(&session)) else { panic!("a question") };
    let answer = post(ask.fields(), Some(("confirm", "yes")));
    assert!(matches!(endpoint.receive(answer, now).unwrap().decide(None, Some(&session)), Decision::EndSession(_)));
    assert!(matches!(decide("POST", most, None), Decision::Answer(Answer::Resubmit(_))));
    for (method, session) in [("GET", Some(&session)), ("POST", None)] {
        let Decision::Answer(Answer::Refuse(refusal)) = decide(method, most + 1, session) else {
            panic!("too large for a page")
        };
        assert_eq!((refusal.reason().code(), refusal.status()), ("request_too_large", 413));
    }
    // Where nothing is posted again, the size as sent counts.
    assert!(matches!(decide("GET", most + 1, None), Decision::Answer(Answer::Landing(_))));
}

/// Rule 9, also where the policy demands parameters that an offer has not.
#[test]
fn the_answer_to_an_offer_lands_though_it_is_posted_again() {
    let endpoint = endpoint(KeySet::default());
    let session = Session::of_unknown_subject([1; 32]);
    for policy in [Policy::openid(), Policy::login_gov(), Policy::login_gov_client_id()] {
        let endpoint = endpoint.clone().with_policy(policy);
        let offer = endpoint.offer(&session, at(0)).unwrap();
        let decide = |request, session| endpoint.receive(request, at(0)).unwrap().decide(None, session);
        // The session is gone meanwhile, and the browser says nothing of itself.
        let yes = post(offer.fields(), Some(("confirm", "yes")));
        let Decision::Answer(Answer::Resubmit(again)) = decide(yes.clone(), None) else { panic!("posted again") };
        let again = post(again.fields(), None);
        let landing = decide(again.clone(), None);
        assert!(matches!(landing, Decision::Answer(Answer::Landing(Landing::SignedOutPage(_)))), "{landing:?}");
        // The cookie was withheld only the first time: whoever is signed in is asked, not refused.
        let asked = decide(again, Some(&session));
        assert!(matches!(asked, Decision::Answer(Answer::Confirm(_))), "{asked:?}");
        assert!(matches!(decide(yes, Some(&session)), Decision::EndSession(_)));
    }
}

/// As a script has it that writes the page: the fields go into a real form.
fn fields(page: &Value) -> Vec<(String, String)> {
    let fields = page["fields"].as_object().unwrap().iter();
    fields.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect()
}

#[test]
fn a_page_is_data_for_a_script_that_writes_it() {
    let session = Session::of_unknown_subject([1; 32]);
    for state in STATES {
        let Decision::Answer(Answer::Confirm(ask)) =
            decide(LogoutRequest::from_query(form(state)).unwrap(), Some(&session))
        else {
            panic!("{state:?} should be asked about");
        };
        let page = serde_json::to_value(ask.page()).unwrap();
        let expected: Map<_, _> = ask.fields().map(|(name, value)| (name.to_owned(), value.into())).collect();
        assert_eq!(page, json!({"fields": expected, "reasons": ["no_hint"], "returns_to_client": true}));
        let yes = LogoutRequest::from_form(browser::post(fields(&page), Some(("confirm", "yes")))).unwrap();
        assert!(matches!(decide(yes, Some(&session)), Decision::EndSession(_)), "{state:?}");

        let Decision::Answer(Answer::Resubmit(again)) = decide(LogoutRequest::from_form(form(state)).unwrap(), None)
        else {
            panic!("a POST without a session is posted again");
        };
        let page = serde_json::to_value(again.page()).unwrap();
        let expected: Map<_, _> = again.fields().map(|(name, value)| (name.to_owned(), value.into())).collect();
        assert_eq!(page, json!({"fields": expected}));
        let posted = LogoutRequest::from_form(browser::post(fields(&page), None)).unwrap();
        assert!(matches!(decide(posted, None), Decision::Answer(Answer::Landing(Landing::Redirect(_)))), "{state:?}");
    }
}

#[test]
fn a_refusal_is_data_with_its_code_and_its_text() {
    let refusal = LogoutRequest::from_query("state=s3cr3t&state=s3cr3t").unwrap_err();
    let description = "state occurs more than once; send each parameter at most once";
    let expected = json!({"error": "duplicate_parameter", "error_description": description});
    assert_eq!(serde_json::to_value(&refusal).unwrap(), expected);
    let session = Session::of_unknown_subject([1; 32]);
    let request = LogoutRequest::from_query("post_logout_redirect_uri=s3cr3t").unwrap();
    let Decision::Answer(Answer::Refuse(refusal)) = decide(request, Some(&session)) else { panic!("refused") };
    let json = serde_json::to_string(&refusal).unwrap();
    assert!(
        json.starts_with(r#"{"error":"client_missing","error_description":"the request names no client"#),
        "{json}"
    );
    assert!(!json.contains("s3cr3t"));
}

#[test]
fn decoded_pairs_carry_the_pages_own_fields_in_a_post_and_not_in_a_get() {
    let session = Session::of_unknown_subject([1; 32]);
    let build = |method, pairs: &[(String, String)]| {
        LogoutRequest::builder(method).parameters(pairs.iter().map(|(name, value)| (name, value.as_str()))).build()
    };
    for state in STATES {
        let request = LogoutRequest::from_query(form(state)).unwrap();
        let Decision::Answer(Answer::Confirm(ask)) = decide(request, Some(&session)) else { panic!("asked") };
        let posted = browser::post(ask.fields(), Some(("confirm", "yes")));
        let mut pairs: Vec<(String, String)> = serde_urlencoded::from_str(&posted).unwrap();
        pairs.push(("not_known".to_owned(), "x".to_owned()));
        let answer = build(Method::Post, &pairs).unwrap();
        assert_eq!(answer, LogoutRequest::from_form(&posted).unwrap());
        assert!(matches!(decide(answer, Some(&session)), Decision::EndSession(_)), "{state:?}");
        let query = build(Method::Get, &pairs).unwrap();
        assert_eq!(query, LogoutRequest::from_query(&posted).unwrap());
        assert!(matches!(decide(query, Some(&session)), Decision::Answer(Answer::Confirm(_))), "{state:?}");

        let request = LogoutRequest::from_form(form(state)).unwrap();
        let Decision::Answer(Answer::Resubmit(again)) = decide(request, None) else { panic!("a form") };
        let pairs: Vec<(String, String)> = serde_urlencoded::from_str(&browser::post(again.fields(), None)).unwrap();
        let again = build(Method::Post, &pairs).unwrap();
        assert!(matches!(decide(again, None), Decision::Answer(Answer::Landing(_))), "{state:?}");
    }
    let twice = [("state", "a"), ("confirm", "yes"), ("confirm", "no")];
    let refusal = LogoutRequest::builder(Method::Post).parameters(twice).build().unwrap_err();
    assert_eq!((refusal.reason().code(), refusal.reason().detail()), ("duplicate_parameter", Some("confirm")));
    assert!(LogoutRequest::builder(Method::Get).parameters(twice).build().is_ok());
}
