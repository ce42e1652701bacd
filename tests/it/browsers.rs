//! What browsers say of a request in its headers, and what is done where no cookie came.

use oidc_logout::op::{
    Answer, Client, ConfirmRule, Decision, Landing, LogoutEndpoint, LogoutRequest, LogoutRequestBuilder, Method,
    Policy, PolicyBuilder, Refusal, Session, SessionBySid, SessionCookie, Told,
};
use oidc_logout::{Algorithm, UriError, form_action_source};
use serde_json::{Value, json};

use crate::support::browser;
use crate::support::provider::{self, ISSUER, at, key_set};
use crate::support::token::{ProviderKey, hs256, token};

const NOW: i64 = 1_700_000_000;
const URI: &str = "https://rp.example/out";
const SECRET: [u8; 32] = [7; 32];
const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");

const SAME_ORIGIN: (&str, &str) = ("Sec-Fetch-Site", "same-origin");
const CROSS_SITE: (&str, &str) = ("Sec-Fetch-Site", "cross-site");
const ORIGIN: (&str, &str) = ("Origin", "https://rp.example");
const FRAME: (&str, &str) = ("Sec-Fetch-Dest", "iframe");

type Headers<'h> = &'h [(&'h str, &'h str)];

/// A provider and its clients: `rp-1`, and `rp-hs`, whose hints are signed with its secret.
struct Site {
    key: ProviderKey,
    endpoint: LogoutEndpoint,
    client: Client,
    hmac_client: Client,
}

impl Site {
    fn new(change: impl FnOnce(PolicyBuilder) -> PolicyBuilder) -> Self {
        let key = ProviderKey::ed25519();
        let policy = change(Policy::openid().to_builder()).build().unwrap();
        let client = |id| Client::builder(id).post_logout_redirect_uri(URI).form_action_scheme("com.example.app");
        let hmac = client("rp-hs").id_token_signed_response_alg(Algorithm::Hs256).client_secret(SECRET);
        Self {
            endpoint: provider::endpoint(key_set(&[key.jwk(None)])).with_policy(policy),
            key,
            client: client("rp-1").build().unwrap(),
            hmac_client: hmac.build().unwrap(),
        }
    }

    fn by_sid(seconds: u64) -> Self {
        Self::new(|policy| policy.session_by_sid(SessionBySid::AcceptForSeconds(seconds)))
    }

    fn hint(&self, changes: &Value) -> String {
        let mut claims = json!({
            "iss": ISSUER, "sub": "user-1", "aud": "rp-1", "sid": "sid-1", "iat": NOW, "exp": NOW,
        });
        claims.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        if claims["aud"] == "rp-hs" {
            return token(r#"{"alg":"HS256"}"#, claims.to_string(), |signed| hs256(&SECRET, signed));
        }
        token(r#"{"alg":"EdDSA"}"#, claims.to_string(), |signed| self.key.sign(signed))
    }

    fn read(&self, method: &str, form: &str, headers: Headers<'_>) -> Result<LogoutRequest, Refusal> {
        let headers = headers.iter().copied().chain([FORM]);
        match method {
            "POST" => self.endpoint.read(method, "", headers, form),
            _ => self.endpoint.read(method, form, headers, ""),
        }
    }

    /// Decides with the session in a cookie, or with the one that the look-up finds if it is
    /// offered.
    fn decide(&self, request: LogoutRequest, in_cookie: Option<&Session>, by_sid: Option<&Session>) -> Decision {
        let pending = match self.endpoint.receive(request, at(NOW)) {
            Ok(pending) => pending,
            Err(refusal) => return refusal.into(),
        };
        let clients = [&self.client, &self.hmac_client];
        let client = clients.into_iter().find(|client| Some(client.id()) == pending.client_id());
        let pending = pending.with_client(client);
        let found = pending.sid_to_find().zip(by_sid).map(|(look_up, session)| look_up.found(session.clone()));
        pending.decide(in_cookie.or(found.as_ref()))
    }

    fn send(&self, method: &str, form: &str, headers: Headers<'_>, session: Option<&Session>) -> Decision {
        match self.read(method, form, headers) {
            Ok(request) => self.decide(request, session, None),
            Err(refusal) => refusal.into(),
        }
    }

    /// What happens to a session of which no cookie came.
    fn find(&self, method: &str, form: &str, headers: Headers<'_>) -> &'static str {
        outcome(&self.decide(self.read(method, form, headers).unwrap(), None, Some(&session())))
    }
}

fn session() -> Session {
    Session::new([1; 32], "user-1").sid("sid-1").takes_part(true)
}

/// The decision, or the code of the refusal.
fn outcome(decision: &Decision) -> &'static str {
    match decision {
        Decision::Answer(Answer::Refuse(refusal)) => refusal.reason().code(),
        other => other.audit().decision,
    }
}

fn form(members: &[(&str, &str)]) -> String {
    serde_urlencoded::to_string(members).unwrap()
}

// Prefetching.

#[test]
fn a_prefetch_is_refused_before_anything_else() {
    let site = Site::new(|policy| policy);
    let too_large = "x".repeat(LogoutRequest::MAX_BYTES + 1);
    for header in [
        ("Sec-Purpose", "prefetch"),
        ("sec-purpose", "prefetch;prerender"),
        ("SEC-PURPOSE", "a, Prefetch"),
        ("Purpose", "prefetch"),
        ("X-Moz", " prefetch "),
    ] {
        for (method, query) in [
            ("GET", "client_id=rp-1"),
            ("GET", &too_large),
            ("GET", "state=%zz"),
            ("HEAD", ""),
            ("POST", ""),
            ("PUT", ""),
        ] {
            let refusal = site.endpoint.read(method, query, [header], "{}").unwrap_err();
            assert_eq!((refusal.reason().code(), refusal.status()), ("prefetch", 400), "{header:?}, {method}");
            assert!(refusal.headers().iter().any(|header| header == ("cache-control", "no-store")));
        }
        let builder = LogoutRequest::builder(Method::Get).headers([header]);
        assert_eq!(builder.clone().build().unwrap_err().reason().code(), "prefetch");
        let twice = builder.state("a").state("b").logout_hint(too_large.as_str());
        assert_eq!(twice.build().unwrap_err().reason().code(), "prefetch");
    }
    for header in [
        ("Sec-Purpose", "prerender"),
        ("Purpose", "preview"),
        ("X-Moz", ""),
        ("X-Purpose", "prefetch"),
        ("Purpose", "prefetch;a"),
        ("X-Moz", "a, prefetch"),
    ] {
        assert!(site.endpoint.read("GET", "client_id=rp-1", [header], "").is_ok(), "{header:?}");
    }
}

// Headers as they come.

#[test]
fn names_of_headers_are_compared_without_case() {
    let site = Site::new(|policy| policy);
    let hint = form(&[("id_token_hint", &site.hint(&json!({})))]);
    for name in ["sec-fetch-site", "Sec-Fetch-Site", "SEC-FETCH-SITE"] {
        let same_origin = site.send("POST", &hint, &[(name, "same-origin")], None);
        assert_eq!(outcome(&same_origin), "no_session", "{name}");
    }
    for name in ["sec-fetch-dest", "Sec-Fetch-Dest", "SEC-FETCH-DEST"] {
        assert_eq!(outcome(&site.send("GET", &hint, &[(name, "iframe")], None)), "embedded_request", "{name}");
    }
    for name in ["content-type", "CONTENT-TYPE"] {
        let request = site.endpoint.read("POST", "", [(name, FORM.1)], &hint);
        assert!(request.is_ok(), "{name}");
    }
}

#[test]
fn a_header_that_comes_twice_or_is_no_text_proves_nothing() {
    let site = Site::new(|policy| policy);
    let read = |headers: &[(&str, &[u8])]| {
        let request = site.endpoint.read("POST", "", headers.iter().copied(), "client_id=rp-1");
        outcome(&request.map_or_else(Decision::from, |request| site.decide(request, None, None)))
    };
    let media_type: (&str, &[u8]) = ("content-type", FORM.1.as_bytes());
    let site_is = |value: &'static [u8]| ("sec-fetch-site", value);
    assert_eq!(read(&[media_type, site_is(b"same-origin")]), "no_session");
    assert_eq!(read(&[media_type, site_is(b"same-origin"), site_is(b" same-origin ")]), "no_session");
    assert_eq!(read(&[media_type, site_is(b"same-origin"), site_is(b"cross-site")]), "resubmit");
    assert_eq!(read(&[media_type, site_is(b"same-origin"), site_is(b"none")]), "resubmit");
    for unknown in [&b"same-origin\xff"[..], b"Same-Origin", b"same-origin, same-origin", b"", b"\xff"] {
        assert_eq!(read(&[media_type, site_is(unknown)]), "resubmit", "{unknown:?}");
    }
    for dest in [&b"document\xff"[..], b"", b"\xff", b"Document"] {
        assert_eq!(read(&[media_type, ("sec-fetch-dest", dest)]), "embedded_request", "{dest:?}");
    }
    let framed: (&str, &[u8]) = ("sec-fetch-dest", b"iframe");
    assert_eq!(read(&[media_type, ("sec-fetch-dest", b"document"), framed]), "embedded_request");
    // What is not read may hold anything.
    let others: [(&str, &[u8]); 3] = [("cookie", b"lang=\xf1"), ("x-\u{e9}", b"\x00\xff"), ("", b"")];
    assert_eq!(read(&[&[media_type, site_is(b"same-origin")][..], &others].concat()), "no_session");

    assert_eq!(read(&[media_type, media_type]), "resubmit");
    assert_eq!(read(&[media_type, ("Content-Type", b"text/plain")]), "unsupported_media_type");
    assert_eq!(read(&[("Content-Type", b"text/plain"), media_type]), "unsupported_media_type");
    assert_eq!(read(&[("Content-Type", b"application/x-www-form-urlencoded;\xff")]), "resubmit");
}

#[test]
fn the_builder_takes_headers_too() {
    let site = Site::new(|policy| policy);
    let post = || LogoutRequest::builder(Method::Post).client_id("rp-1");
    let decide = |builder: LogoutRequestBuilder| outcome(&site.decide(builder.build().unwrap(), None, None));
    assert_eq!(decide(post()), "resubmit");
    assert_eq!(decide(post().headers([SAME_ORIGIN])), "no_session");
    assert_eq!(decide(post().headers([SAME_ORIGIN, FRAME])), "no_session");
    assert_eq!(decide(post().headers([CROSS_SITE, FRAME])), "embedded_request");
    let read = site.read("POST", "client_id=rp-1", &[CROSS_SITE, FRAME]).unwrap();
    assert_eq!(post().headers([FRAME, CROSS_SITE, FORM]).build().unwrap(), read);
}

#[test]
fn one_leading_question_mark_of_a_query_is_dropped() {
    let site = Site::new(|policy| policy);
    for query in ["state=x&client_id=rp-1", "?state=x&client_id=rp-1"] {
        for request in [LogoutRequest::from_query(query), site.read("GET", query, &[])] {
            let request = request.unwrap();
            assert_eq!(request.state().unwrap().as_str(), "x", "{query}");
            assert_eq!(request.client_id().unwrap().as_str(), "rp-1");
        }
    }
    // Another one belongs to the name, and so does one in a form.
    let unknown = LogoutRequest::from_query("??state=x&client_id=rp-1").unwrap();
    assert!(unknown.state().is_none() && unknown.client_id().is_some());
    let unknown = LogoutRequest::from_form("?state=x&client_id=rp-1").unwrap();
    assert!(unknown.state().is_none() && unknown.client_id().is_some());
    assert!(LogoutRequest::from_query("client_id=rp-1&?state=x").unwrap().state().is_none());
}

// Without the cookie.

#[test]
fn nobody_is_sent_in_circles() {
    for cookie in [SessionCookie::Lax, SessionCookie::Strict] {
        let site = Site::new(|policy| policy.session_cookie(cookie));
        let posted = form(&[("client_id", "rp-1"), ("post_logout_redirect_uri", URI)]);
        let Decision::Answer(Answer::Resubmit(page)) = site.send("POST", &posted, &[CROSS_SITE, ORIGIN], None) else {
            panic!("a form")
        };
        let again = browser::post(page.fields(), None);
        // From the provider's own page: the browser has no cookie.
        let own = site.send("POST", &again, &[SAME_ORIGIN], None);
        assert!(matches!(own, Decision::Answer(Answer::Landing(Landing::Redirect(_)))), "{own:?}");
        // Another site made it up, or opened the page where cookies are withheld all the same.
        let Decision::Answer(Answer::Refuse(refusal)) = site.send("POST", &again, &[CROSS_SITE], None) else {
            panic!("refused")
        };
        assert_eq!((refusal.reason().code(), refusal.status()), ("session_cookie_missing", 400));
    }
}

#[test]
fn a_made_up_answer_does_not_hide_that_the_cookie_may_be_missing() {
    let site = Site::new(|policy| policy);
    for answer in ["confirmation=x&confirm=yes", "confirm=no", "confirmation=1700000000.AAAA", "encoded_parameters=e30"]
    {
        assert_eq!(outcome(&site.send("POST", answer, &[CROSS_SITE], None)), "resubmit", "{answer}");
    }
}

#[test]
fn in_a_frame_the_proof_of_the_session_counts_and_no_question_is_asked() {
    let site = Site::new(|policy| policy);
    let proven = form(&[("id_token_hint", &site.hint(&json!({})))]);
    for headers in [&[FRAME, CROSS_SITE][..], &[FRAME, SAME_ORIGIN], &[FRAME]] {
        assert_eq!(outcome(&site.send("GET", &proven, headers, Some(&session()))), "end_session");
        assert_eq!(outcome(&site.send("GET", "client_id=rp-1", headers, Some(&session()))), "embedded_request");
    }
    assert_eq!(outcome(&site.send("GET", &proven, &[FRAME, SAME_ORIGIN], None)), "no_session");
    assert_eq!(outcome(&site.send("GET", &proven, &[FRAME, CROSS_SITE], None)), "embedded_request");
}

// Found by the hint's `sid`.

#[test]
fn the_look_up_by_sid_is_offered_where_nobody_would_be_signed_in_or_no_browser_is_at_work() {
    let site = Site::by_sid(60);
    let hint = form(&[("id_token_hint", &site.hint(&json!({}))), ("post_logout_redirect_uri", URI)]);
    for (method, headers, expected) in [
        ("GET", &[][..], "end_session"),
        ("GET", &[CROSS_SITE], "end_session"),
        ("GET", &[ORIGIN], "end_session"),
        ("POST", &[], "end_session"),
        ("POST", &[("User-Agent", "curl/8.0")], "end_session"),
        ("POST", &[SAME_ORIGIN, ORIGIN], "end_session"),
        ("POST", &[("Sec-Fetch-Site", "same-site"), ORIGIN], "end_session"),
        ("POST", &[ORIGIN], "resubmit"),
        ("POST", &[("Origin", "null")], "resubmit"),
        ("POST", &[CROSS_SITE], "resubmit"),
        ("POST", &[CROSS_SITE, ORIGIN], "resubmit"),
        ("GET", &[FRAME, CROSS_SITE], "embedded_request"),
        ("POST", &[FRAME, CROSS_SITE, ORIGIN], "embedded_request"),
        ("GET", &[FRAME, SAME_ORIGIN], "end_session"),
    ] {
        assert_eq!(site.find(method, &hint, headers), expected, "{method} {headers:?}");
    }
    let by_sid = |policy: PolicyBuilder| policy.session_by_sid(SessionBySid::AcceptForSeconds(60));
    let strict = Site::new(|policy| by_sid(policy).session_cookie(SessionCookie::Strict));
    let hint = form(&[("id_token_hint", &strict.hint(&json!({})))]);
    assert_eq!(strict.find("GET", &hint, &[]), "resubmit");
    assert_eq!(strict.find("GET", &hint, &[("Sec-Fetch-Site", "none")]), "resubmit");
    assert_eq!(strict.find("GET", &hint, &[SAME_ORIGIN]), "end_session");
    assert_eq!(strict.find("POST", &hint, &[]), "end_session");
    let none = Site::new(|policy| by_sid(policy).session_cookie(SessionCookie::None));
    let hint = form(&[("id_token_hint", &none.hint(&json!({})))]);
    assert_eq!(none.find("POST", &hint, &[CROSS_SITE, ORIGIN]), "end_session");
    // Without the policy nobody is looked for.
    let refusing = Site::new(|policy| policy);
    let hint = form(&[("id_token_hint", &refusing.hint(&json!({})))]);
    assert_eq!(refusing.find("GET", &hint, &[]), "no_session");
    assert_eq!(refusing.find("POST", &hint, &[]), "resubmit");
}

#[test]
fn the_look_up_by_sid_needs_a_verified_hint_with_a_sid_and_a_request_that_is_not_refused() {
    let site = Site::by_sid(60);
    let offers = |form: &str, client: Option<&Client>| {
        let pending = site.endpoint.receive(site.read("GET", form, &[]).unwrap(), at(NOW)).unwrap();
        let pending = pending.with_client(client);
        let look_up = pending.sid_to_find();
        look_up.map(|look_up| (look_up.client_id().as_str().to_owned(), look_up.sid().to_owned()))
    };
    let with_uri = |hint: &str, uri: &str| form(&[("id_token_hint", hint), ("post_logout_redirect_uri", uri)]);
    let found = Some(("rp-1".to_owned(), "sid-1".to_owned()));
    let good = site.hint(&json!({}));
    assert_eq!(offers(&with_uri(&good, URI), Some(&site.client)), found);
    assert_eq!(offers(&with_uri(&site.hint(&json!({"sid": null})), ""), Some(&site.client)), None);
    assert_eq!(offers("client_id=rp-1", Some(&site.client)), None);
    // Whoever is signed in, this is refused, so nobody learns whether somebody is.
    assert_eq!(offers(&with_uri(&good, "https://rp.example/"), Some(&site.client)), None);
    assert_eq!(offers(&with_uri(&good, URI), None), None);
    let pinned = Client::builder("rp-1").id_token_signed_response_alg(Algorithm::Es256).build().unwrap();
    assert_eq!(offers(&with_uri(&good, ""), Some(&pinned)), None);
    // Another client than was asked for is the host's mistake.
    assert_eq!(offers(&with_uri(&good, ""), Some(&site.hmac_client)), None);
    // A hint under a secret once it is verified.
    let hmac = site.hint(&json!({"aud": "rp-hs"}));
    let found = Some(("rp-hs".to_owned(), "sid-1".to_owned()));
    assert_eq!(offers(&with_uri(&hmac, URI), Some(&site.hmac_client)), found);
    let rejected = site.endpoint.receive(site.read("GET", &with_uri(&good, ""), &[]).unwrap(), at(NOW)).unwrap();
    let rejected = rejected.with_client(Some(&site.client)).reject_hint();
    assert!(rejected.sid_to_find().is_none());
}

#[test]
fn a_hint_finds_a_session_for_as_long_as_the_policy_says() {
    let site = Site::by_sid(60);
    for (iat, expected) in [
        (json!(NOW + 300), "end_session"),
        (json!(NOW - 60), "end_session"),
        (json!(1_699_999_939.5), "session_cookie_missing"),
        (json!(NOW - 61), "session_cookie_missing"),
    ] {
        let hint = form(&[("id_token_hint", &site.hint(&json!({"iat": iat})))]);
        for method in ["GET", "POST"] {
            let request = site.read(method, &hint, &[]).unwrap();
            let decision = site.decide(request, None, Some(&session()));
            assert_eq!(outcome(&decision), expected, "{iat}");
            if let Decision::Answer(Answer::Refuse(refusal)) = &decision {
                assert_eq!(refusal.status(), 400);
            }
            assert_eq!(json!(decision.audit())["session"], "sid");
        }
        // In a cookie, an old hint is as good.
        assert_eq!(outcome(&site.send("GET", &hint, &[], Some(&session()))), "end_session");
    }
}

#[test]
fn nobody_is_asked_about_a_session_that_was_found_by_sid() {
    let always =
        |policy: PolicyBuilder| policy.session_by_sid(SessionBySid::AcceptForSeconds(60)).confirm(ConfirmRule::Always);
    let (site, asking) = (Site::by_sid(60), Site::new(always));
    for (site, audience, session) in [
        (&site, "rp-1", Session::new([1; 32], "user-2").sid("sid-1")),
        (&site, "rp-1", Session::of_unknown_subject([1; 32]).sid("sid-1")),
        (&site, "rp-1", Session::new([1; 32], "user-1").sid("sid-2")),
        (&site, "rp-1", Session::new([1; 32], "user-1").takes_part(false)),
        (&site, "rp-hs", Session::new([1; 32], "user-1")),
        (&asking, "rp-1", session()),
    ] {
        let hint = form(&[("id_token_hint", &site.hint(&json!({"aud": audience})))]);
        let decision = site.decide(site.read("GET", &hint, &[]).unwrap(), None, Some(&session));
        assert_eq!(outcome(&decision), "session_cookie_missing", "{audience}, {session:?}");
    }
    let hint = form(&[("id_token_hint", &site.hint(&json!({"aud": "rp-hs"})))]);
    assert_eq!(site.find("GET", &hint, &[]), "end_session");
    // An answer belongs to a page, and so to a browser with a cookie.
    let answer = form(&[("id_token_hint", &site.hint(&json!({}))), ("confirmation", "x"), ("confirm", "yes")]);
    assert_eq!(site.find("POST", &answer, &[SAME_ORIGIN]), "session_cookie_missing");
}

#[test]
fn a_session_that_was_found_by_sid_is_another_browsers() {
    let mut site = Site::by_sid(60);
    site.endpoint = site.endpoint.with_login_status();
    let hint = form(&[("id_token_hint", &site.hint(&json!({}))), ("post_logout_redirect_uri", URI)]);
    for (in_cookie, by_sid) in [(Some(session()), None), (None, Some(session()))] {
        let request = site.read("GET", &hint, &[]).unwrap();
        let Decision::EndSession(end) = site.decide(request, in_cookie.as_ref(), by_sid.as_ref()) else {
            panic!("it ends")
        };
        assert_eq!(end.is_found_by_sid(), by_sid.is_some());
        assert!(end.returns_to_client());
        let landing = end.session_ended(Told::nobody());
        let set_login = landing.headers().iter().any(|(name, _)| name == "set-login");
        assert_eq!(set_login, by_sid.is_none());
    }
}

// The status of the login.

#[test]
fn set_login_follows_only_the_end_of_a_session_in_a_cookie_and_only_where_it_is_set() {
    let mut site = Site::new(|policy| policy);
    for is_set in [false, true] {
        if is_set {
            site.endpoint = site.endpoint.with_login_status();
        }
        let hint = site.hint(&json!({}));
        let redirected = form(&[("id_token_hint", &hint), ("post_logout_redirect_uri", URI)]);
        let set_login = |answer: &Answer| {
            let headers = answer.headers();
            let values: Vec<_> = headers.iter().filter(|(name, _)| *name == "set-login").map(|(_, it)| it).collect();
            assert!(values.is_empty() || values == ["logged-out"], "{values:?}");
            !values.is_empty()
        };
        for query in [redirected.as_str(), &form(&[("id_token_hint", &hint)])] {
            let Decision::EndSession(end) = site.send("GET", query, &[], Some(&session())) else { panic!("it ends") };
            assert_eq!(set_login(&end.session_ended(Told::nobody()).into()), is_set);
            let Decision::Answer(nobody) = site.send("GET", query, &[], None) else { panic!("an answer") };
            assert!(!set_login(&nobody));
        }
        let Decision::Answer(ask) = site.send("GET", "client_id=rp-1", &[], Some(&session())) else { panic!("asked") };
        let Answer::Confirm(page) = &ask else { panic!("{ask:?}") };
        assert!(!set_login(&ask));
        let answered = |confirm| {
            let form = browser::post(page.fields(), Some(("confirm", confirm)));
            site.send("POST", &form, &[SAME_ORIGIN], Some(&session()))
        };
        let Decision::Answer(declined) = answered("no") else { panic!("declined") };
        assert!(!set_login(&declined));
        let Decision::EndSession(end) = answered("yes") else { panic!("it ends") };
        assert_eq!(set_login(&end.session_ended(Told::nobody()).into()), is_set);
        for (form, headers) in [(redirected.as_str(), &[CROSS_SITE][..]), ("state=%zz", &[])] {
            let Decision::Answer(other) = site.send("POST", form, headers, None) else { panic!("an answer") };
            assert!(matches!(other, Answer::Resubmit(_) | Answer::Refuse(_)) && !set_login(&other));
        }
    }
}

// Where a page's form may lead.

#[test]
fn a_pages_form_may_lead_to_the_scheme_of_the_redirect_and_the_clients_further_schemes() {
    let site = Site::new(|policy| policy);
    let with_uri = form(&[("client_id", "rp-1"), ("post_logout_redirect_uri", URI)]);
    for (query, expected) in [(with_uri.as_str(), &["https:", "com.example.app:"][..]), ("client_id=rp-1", &[])] {
        let Decision::Answer(Answer::Confirm(ask)) = site.send("GET", query, &[], Some(&session())) else {
            panic!("asked")
        };
        let Decision::Answer(Answer::Resubmit(again)) = site.send("POST", query, &[], None) else { panic!("a form") };
        let policy = [&["frame-ancestors 'none'; form-action 'self'"][..], expected].concat().join(" ");
        let of = |headers: &oidc_logout::Headers<'_>| {
            headers.iter().find(|(name, _)| *name == "content-security-policy").unwrap().1.to_owned()
        };
        assert!(ask.form_action_sources().eq(expected.iter().copied()));
        assert!(again.form_action_sources().eq(expected.iter().copied()));
        assert_eq!([of(&ask.headers()), of(&again.headers())], [policy.clone(), policy]);
    }
}

#[test]
fn the_source_for_another_form_is_the_scheme_of_a_checked_uri() {
    for (uri, source) in [
        ("https://rp.example/callback?a=b", "https:"),
        ("HTTPS://rp.example", "https:"),
        ("http://localhost:8080/callback", "http:"),
        ("com.example.app:/callback", "com.example.app:"),
        ("MyApp://callback", "myapp:"),
    ] {
        assert_eq!(form_action_source(uri).as_deref(), Ok(source), "{uri}");
    }
    for (uri, error) in [
        ("/callback", UriError::Relative),
        ("", UriError::Relative),
        ("my_app:/callback", UriError::SchemeUnderscore),
        ("https://rp.example/#a", UriError::Fragment),
        ("javascript:alert(1)", UriError::Scheme),
        ("data:,a", UriError::Scheme),
        ("https:/rp.example", UriError::Host),
        ("https://rp.example/;'self' *", UriError::Character),
    ] {
        assert_eq!(form_action_source(uri), Err(error), "{uri}");
    }
    for (scheme, is_one) in [
        ("com.example.app", true),
        ("MyApp", true),
        ("", false),
        ("javascript", false),
        ("DATA", false),
        ("a b", false),
        ("a;", false),
        ("*", false),
        ("my_app", false),
        ("https:", false),
        ("1a", false),
    ] {
        assert_eq!(Client::builder("rp-1").form_action_scheme(scheme).build().is_ok(), is_one, "{scheme}");
    }
}

/// A host that gives another session than it looked up under another endpoint's policy.
#[test]
fn a_session_that_was_found_elsewhere_is_not_found_where_the_policy_looks_for_none() {
    let (site, refusing) = (Site::by_sid(60), Site::new(|policy| policy));
    let hint = form(&[("id_token_hint", &site.hint(&json!({})))]);
    let pending = site.endpoint.receive(site.read("GET", &hint, &[]).unwrap(), at(NOW)).unwrap();
    let found = pending.with_client(Some(&site.client));
    let found = found.sid_to_find().unwrap().found(session());
    let hint = form(&[("id_token_hint", &refusing.hint(&json!({})))]);
    let pending = refusing.endpoint.receive(refusing.read("GET", &hint, &[]).unwrap(), at(NOW)).unwrap();
    assert_eq!(outcome(&pending.decide(Some(&refusing.client), Some(&found))), "session_cookie_missing");
}
