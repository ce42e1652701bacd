//! Registers the URIs by which a client hears of logouts. Another parser must read the same host
//! and origin from them, and from the address of a frame what was registered, `iss` and `sid`.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use oidc_logout::ClientType;
use oidc_logout::op::{
    AddressRules, BackChannelUri, Client, Decision, EndedSession, FrontChannelUri, Landing, LogoutRequest, Participant,
    Policy, RegistrationRules, Session,
};
use oidc_logout_fuzz::{ISSUER, endpoint, now};
use url::{Host, Url};

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    public: bool,
    allow_http: bool,
    /// Lines: the URI, a `sid`, and the redirect URIs of the client.
    text: &'a str,
}

fuzz_target!(|input: Input<'_>| {
    let mut lines = input.text.split('\n');
    let uri = lines.next().unwrap_or_default();
    let sid = lines.next().unwrap_or_default();
    let mut redirects: Vec<_> = lines.collect();
    let mut rules = RegistrationRules::default().allow_http(input.allow_http).issuer(ISSUER);
    if input.public {
        rules = rules.client_type(ClientType::Public);
    }

    let back = BackChannelUri::register(uri, &rules);
    if let Ok(back) = &back {
        assert_eq!(back.as_str(), uri);
        let url = check_uri(&input, uri);
        assert!(url.host_str().unwrap().eq_ignore_ascii_case(back.host()));
        match url.host().unwrap() {
            Host::Domain(_) => assert!(AddressRules::default().check_host(back.host()).is_ok()),
            Host::Ipv4(address) => assert!(AddressRules::default().check(address.into()).is_ok()),
            Host::Ipv6(address) => assert!(AddressRules::default().check(address.into()).is_ok()),
        }
    }

    // None of its own redirect URIs, and then itself: an origin is needed, and it has its own.
    let without = FrontChannelUri::register(uri, &rules.clone().redirect_uris(redirects.iter().copied()));
    redirects.push(uri);
    let rules = rules.redirect_uris(redirects.iter().copied());
    let Ok(front) = FrontChannelUri::register(uri, &rules) else {
        assert!(without.is_err());
        return;
    };
    let url = check_uri(&input, uri);
    let origin = url.origin();
    assert_eq!(front.origin(), origin.ascii_serialization());
    assert_ne!(origin, Url::parse(ISSUER).unwrap().origin());
    assert!(!matches!(url.host(), Some(Host::Ipv6(_))));
    assert!(!url.query_pairs().any(|(name, _)| name == "iss" || name == "sid"));
    if without.is_ok() {
        let has_origin = |other: &&str| Url::parse(other).is_ok_and(|other| other.origin() == origin);
        assert!(redirects[..redirects.len() - 1].iter().any(has_origin), "{redirects:?}");
    }
    check_frame(&url, uri, sid, rules);
});

/// Checks the promises of registration with another parser.
fn check_uri(input: &Input<'_>, uri: &str) -> Url {
    assert!(uri.len() <= 2048 && uri.bytes().all(|byte| byte.is_ascii_graphic()));
    let url = Url::parse(uri).unwrap();
    assert_eq!((url.username(), url.password(), url.fragment()), ("", None, None));
    assert!(url.scheme() == "https" || (url.scheme() == "http" && input.allow_http && !input.public));
    url
}

fn check_frame(url: &Url, uri: &str, sid: &str, rules: RegistrationRules) {
    let client = Client::builder("rp-1").registration_rules(rules).frontchannel_logout_uri(uri).build().unwrap();
    let session = Session::new([1; 32], "user-1");
    let endpoint = endpoint(Policy::openid());
    let ask = endpoint.offer(&session, now()).unwrap();
    let fields = ask.fields().chain([("confirm", "yes")]);
    let form = serde_urlencoded::to_string(fields.collect::<Vec<_>>()).unwrap();
    let request = LogoutRequest::from_form(form).unwrap();
    let Decision::EndSession(end) = endpoint.receive(request, now()).unwrap().decide(None, Some(&session)) else {
        panic!("it was a yes")
    };
    let participant = Participant::new(&client, sid).subject("user-1");
    let told = end.notices(&EndedSession::new("session-1", now()), [participant]).told([""; 0]);
    let [frame] = told.frames() else { panic!("one frame") };
    let after = Url::parse(frame.src()).unwrap();
    assert_eq!((after.origin(), after.path()), (url.origin(), url.path()));
    assert!(frame.src().starts_with(uri) && frame.src().bytes().all(|byte| byte.is_ascii_graphic()));
    let mut expected: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    if sid.is_empty() {
        assert_eq!(frame.src(), uri);
    } else {
        expected.extend([("iss".to_owned(), ISSUER.to_owned()), ("sid".to_owned(), sid.to_owned())]);
    }
    assert_eq!(after.query_pairs().into_owned().collect::<Vec<_>>(), expected);

    let origin = frame.origin().to_owned();
    let landing = end.session_ended(told);
    let headers = landing.headers();
    let policy = headers.iter().find(|(name, _)| *name == "content-security-policy").unwrap().1;
    assert_eq!(policy, format!("frame-ancestors 'none'; form-action 'self'; frame-src {origin}"));
    assert!(matches!(landing, Landing::SignedOutPage(_)));
}
