//! Registers a URI and redirects to it. Another parser must read the same place from it, and no
//! request may lead anywhere else.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use oidc_logout::op::{
    Answer, Client, Decision, Landing, LogoutEndpoint, LogoutRequest, Method, Policy, PolicyBuilder,
    RegisteredRedirect, RegistrationRules, Session, UriMatching,
};
use oidc_logout::{ApplicationType, ClientType};
use oidc_logout_fuzz::{endpoint, leads_to_registered, now};
use url::{Host, Url};

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    native: bool,
    public: bool,
    allow_http: bool,
    allow_scheme: bool,
    /// Three lines: the URI, a `state`, and a URI that is requested instead.
    text: &'a str,
}

/// A scheme without a dot, which needs permission.
const ALLOWED_SCHEME: &str = "myapp";

fuzz_target!(|input: Input<'_>| {
    let mut rules = RegistrationRules::default().allow_http(input.allow_http);
    if input.native {
        rules = rules.application_type(ApplicationType::Native);
    }
    if input.public {
        rules = rules.client_type(ClientType::Public);
    }
    if input.allow_scheme {
        rules = rules.allow_scheme(ALLOWED_SCHEME);
    }
    let mut lines = input.text.splitn(3, '\n');
    let uri = lines.next().unwrap_or_default();
    let state = lines.next().filter(|state| (1..2000).contains(&state.len()));
    let requested = lines.next().filter(|requested| !requested.is_empty());

    let Ok(registered) = RegisteredRedirect::register(uri, &rules) else {
        return;
    };
    assert_eq!(registered.as_str(), uri);
    check_uri(&input, uri);

    let client = Client::builder("rp-1").registration_rules(rules).post_logout_redirect_uri(uri).build().unwrap();
    for matching in [UriMatching::Exact, UriMatching::Normalized] {
        let endpoint = endpoint(openid().uri_matching(matching).build().unwrap());
        assert_eq!(redirect(&endpoint, &client, uri, None).as_deref(), Some(uri));
        let location = redirect(&endpoint, &client, uri, state).unwrap();
        check_location(uri, &location, state);

        let Some((requested, location)) =
            requested.and_then(|requested| Some((requested, redirect(&endpoint, &client, requested, state)?)))
        else {
            continue;
        };
        assert!(leads_to_registered(&location, &[uri], input.native, state), "{location}");
        if matching == UriMatching::Exact && requested != uri {
            let port = |uri: &str| Url::parse(uri).unwrap().port_or_known_default();
            assert!(input.native && port(requested) == port(&location));
        } else if requested != uri {
            // URIs that match here must be the same to another parser, too.
            let requested = Url::parse(requested).unwrap();
            assert!(requested == Url::parse(uri).unwrap() || input.native && is_loopback(&requested));
        }
    }
});

fn openid() -> PolicyBuilder {
    Policy::openid().to_builder()
}

/// Checks the promises of registration with another parser.
fn check_uri(input: &Input<'_>, uri: &str) {
    assert!(uri.len() <= 2048 && uri.bytes().all(|byte| byte.is_ascii_graphic()));
    assert!(!uri.contains(['#', '\\', '"', '<', '>', '^', '`', '{', '|', '}']));
    let url = Url::parse(uri).unwrap();
    assert_eq!((url.username(), url.password(), url.fragment()), ("", None, None));
    let scheme = uri.split(':').next().unwrap();
    assert_eq!(url.scheme(), scheme.to_ascii_lowercase());

    let web = ["https", "http"].contains(&url.scheme());
    let authority = uri[scheme.len() + 1..].strip_prefix("//").map(|after| after.split(['/', '?']).next().unwrap());
    if let Some(authority) = authority {
        let host = match authority.rfind(':') {
            Some(colon) if !authority[colon..].contains(']') => &authority[..colon],
            _ => authority,
        };
        let same = url.host_str().unwrap_or_default().eq_ignore_ascii_case(host);
        assert!(same, "{host} is {:?}", url.host_str());
        let port = authority[host.len()..].strip_prefix(':').map(|port| port.parse::<u16>().unwrap());
        let known = [("http", 80), ("https", 443)].into_iter().find(|(scheme, _)| *scheme == url.scheme());
        assert_eq!(url.port_or_known_default(), port.or(known.map(|(_, port)| port)));
    }
    assert!(!uri.ends_with('*') && !authority.is_some_and(|authority| authority.contains('*')));
    if web {
        assert!(authority.is_some());
        if let Some(Host::Domain(domain)) = url.host() {
            assert!(domain.len() <= 253 && domain.split('.').all(|label| (1..=63).contains(&label.len())));
        }
        let http_allowed = input.allow_http && !input.public;
        assert!(url.scheme() == "https" || http_allowed || is_loopback(&url));
    } else {
        assert!(input.native);
        assert!(scheme.contains('.') || input.allow_scheme && scheme.eq_ignore_ascii_case(ALLOWED_SCHEME));
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(domain)) => domain == "localhost" || domain.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Checks that another parser reads the location as the registered URI with this `state`.
fn check_location(uri: &str, location: &str, state: Option<&str>) {
    assert!(location.bytes().all(|byte| byte.is_ascii_graphic()));
    let (before, after) = (Url::parse(uri).unwrap(), Url::parse(location).unwrap());
    let place = |url: &Url| {
        let parts = (url.scheme().to_owned(), url.host_str().map(str::to_owned), url.port());
        (parts, url.path().to_owned(), url.fragment().is_some())
    };
    assert_eq!(place(&before), place(&after));
    let pairs = |url: &Url| -> Vec<(String, String)> { url.query_pairs().into_owned().collect() };
    let mut expected = pairs(&before);
    if let Some(state) = state {
        expected.retain(|(name, _)| name != "state");
        expected.push(("state".to_owned(), state.to_owned()));
    }
    assert_eq!(pairs(&after), expected);
    assert!(leads_to_registered(location, &[uri], false, state), "{location}");
}

/// The location to which a request for this URI leads if nobody is signed in. Also checks the page
/// that asks somebody who is.
fn redirect(endpoint: &LogoutEndpoint, client: &Client, uri: &str, state: Option<&str>) -> Option<String> {
    let mut request = LogoutRequest::builder(Method::Get).client_id("rp-1").post_logout_redirect_uri(uri);
    if let Some(state) = state {
        request = request.state(state);
    }
    let request = request.build().unwrap();

    let session = Session::of_unknown_subject([1; 32]);
    let pending = endpoint.receive(request.clone(), now()).unwrap();
    match pending.decide(Some(client), Some(&session)) {
        Decision::Answer(Answer::Confirm(ask)) => {
            assert!(ask.returns_to_client());
            let headers = ask.headers();
            let policy = headers.iter().find(|(name, _)| *name == "content-security-policy").unwrap().1;
            let source = policy.strip_prefix("frame-ancestors 'none'; form-action 'self' ").unwrap();
            let registered = client.post_logout_redirect_uris().first().unwrap().as_str();
            assert_eq!(source, format!("{}:", Url::parse(registered).unwrap().scheme()));
            assert!(ask.form_action_sources().eq([source]));
        }
        Decision::Answer(Answer::Refuse(_)) => {}
        other => panic!("{other:?}"),
    }

    match endpoint.receive(request, now()).unwrap().decide(Some(client), None) {
        Decision::Answer(Answer::Landing(Landing::Redirect(to))) => Some(to.location().to_owned()),
        Decision::Answer(Answer::Refuse(refusal)) => {
            assert_eq!(refusal.reason().code(), "redirect_uri_not_registered");
            None
        }
        other => panic!("{other:?}"),
    }
}
