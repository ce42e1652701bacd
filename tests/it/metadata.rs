//! The discovery document's and the registration's part: each rule just inside and just outside.

mod properties;
mod provider;

use oidc_logout::op::{
    AddressRules, ChannelUriError, Client, ClientError, Decision, EndedSession, Landing, LogoutRequest, Method,
    NotToldCause, Participant, RegisteredRedirect, RegistrationError as E, RegistrationRules, Session, Told,
};
use oidc_logout::{Algorithm, ApplicationType, ClientMetadata, ClientMetadataError as M, ClientType, KeySet, UriError};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::support::provider::{ISSUER, at, endpoint};
use crate::support::token::{hs256, token};

const ALGORITHMS: [&str; 13] = [
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "HS256", "HS384", "HS512",
];
const MAX_URIS: usize = 100;

/// Long enough for every HMAC algorithm.
const SECRET: &[u8] = &[7; 64];

fn uri_of_bytes(len: usize) -> String {
    let start = "https://op.example/";
    start.to_owned() + &"a".repeat(len - start.len())
}

// The body of a registration request.

/// As a host has it that takes everything in one struct.
#[derive(Debug, Serialize, Deserialize)]
struct Registration {
    #[serde(default)]
    redirect_uris: Vec<String>,
    #[serde(flatten)]
    logout: ClientMetadata,
}

/// Read alone, and flattened, where the text of the error is the same.
fn read(json: &str) -> Result<ClientMetadata, M> {
    let metadata = ClientMetadata::from_json(json);
    for other in [
        serde_json::from_str::<ClientMetadata>(json),
        serde_json::from_str::<Registration>(json).map(|registration| registration.logout),
    ] {
        match (&metadata, other) {
            (Ok(metadata), Ok(other)) => assert_eq!(*metadata, other, "{json}"),
            (Err(M::NotAnObject), Err(_)) => {}
            (Err(error), Err(other)) => assert!(other.to_string().starts_with(&error.to_string()), "{other}"),
            (metadata, other) => panic!("{json}: {metadata:?}, but {other:?}"),
        }
    }
    metadata
}

fn metadata(json: &Value) -> ClientMetadata {
    read(&json.to_string()).unwrap()
}

#[test]
fn what_is_absent_or_null_has_its_default() {
    for json in [
        json!({}),
        json!({"redirect_uris": ["https://rp.example/callback"], "client_name": "A"}),
        json!({"post_logout_redirect_uris": null, "id_token_signed_response_alg": null, "application_type": null}),
        json!({"post_logout_redirect_uris": []}),
    ] {
        let metadata = metadata(&json);
        assert!(metadata.post_logout_redirect_uris.is_empty());
        assert_eq!(metadata.id_token_signed_response_alg, Algorithm::Rs256);
        assert_eq!(metadata.application_type, ApplicationType::Web);
        assert_eq!(metadata, ClientMetadata::default());
    }
}

#[test]
fn each_member_is_read() {
    let uris = ["https://rp.example/a", "no URI at all", ""];
    let metadata = metadata(&json!({
        "application_type": "native", "post_logout_redirect_uris": uris, "id_token_signed_response_alg": "ES384",
    }));
    assert_eq!(metadata.post_logout_redirect_uris, uris);
    assert_eq!(metadata.id_token_signed_response_alg, Algorithm::Es384);
    assert_eq!(metadata.application_type, ApplicationType::Native);
}

#[test]
fn each_member_about_channels_is_read_and_given_to_the_client() {
    let members = [
        ("backchannel_logout_uri", json!("https://rp.example/bc?a=%2F")),
        ("backchannel_logout_session_required", json!(true)),
        ("frontchannel_logout_uri", json!("https://RP.example/fc")),
        ("frontchannel_logout_session_required", json!(true)),
    ];
    for (name, value) in &members {
        let metadata = metadata(&json!({*name: value}));
        let mut expected = json!({"id_token_signed_response_alg": "RS256", "application_type": "web"});
        expected[name] = value.clone();
        assert_eq!(serde_json::to_value(metadata).unwrap(), expected);
    }
    let all = metadata(&members.into_iter().collect());
    let rules = RegistrationRules::default().redirect_uris(["https://rp.example/callback"]);
    let registered = all.register("rp-1", None, &rules, &[Algorithm::Rs256]).unwrap();
    let from_storage = Client::builder("rp-1").registration_rules(rules).metadata(&all).build().unwrap();
    let endpoint = endpoint(KeySet::default());
    let ended = EndedSession::new("session-1", at(0));
    for client in [registered, from_storage] {
        assert_eq!(client.backchannel_logout_uri().unwrap().as_str(), "https://rp.example/bc?a=%2F");
        let front = client.frontchannel_logout_uri().unwrap();
        assert_eq!((front.as_str(), front.origin()), ("https://RP.example/fc", "https://rp.example"));
        let notices = endpoint.notices(&ended, [Participant::without_sid(&client, "user-1")]);
        assert_eq!(notices.not_told().first().unwrap().cause, NotToldCause::SessionRequired);
    }
}

#[test]
fn unknown_members_are_ignored_whatever_they_hold() {
    let deep = "[".repeat(5000) + &"]".repeat(5000);
    for member in [
        r#""redirect_uris_2": "", "redirect_uris_2": {}"#,
        r#""POST_LOGOUT_REDIRECT_URIS": 1, "post_logout_redirect_uri": "javascript:alert(1)", "Application_type": 0"#,
        r#""a": {"application_type": "x", "application_type": "y"}, "b": "\ud800""#,
        r#""": 1e9, "\u0000": -0.0"#,
    ] {
        assert_eq!(ClientMetadata::from_json(format!("{{{member}}}")), Ok(ClientMetadata::default()), "{member}");
    }
    let nested = format!(r#"{{"a": {deep}, "b": {}1{}}}"#, r#"{"c":"#.repeat(5000), "}".repeat(5000));
    assert_eq!(ClientMetadata::from_json(nested), Ok(ClientMetadata::default()));
}

#[test]
fn what_is_no_json_object_is_refused() {
    let deep = "[".repeat(100_000);
    for json in [
        "",
        "null",
        "true",
        "1",
        r#""{}""#,
        "[]",
        r#"[["https://rp.example"], "RS256", "web"]"#,
        "[{}]",
        "{",
        "{}{}",
        "{} x",
        "{,}",
        r#"{"a": 1,}"#,
        r#"{"a" 1}"#,
        "{a: 1}",
        "{'a': 1}",
        "\u{feff}{}",
        r#"{"application_type": "web"#,
        r#"{"application_type": }"#,
        r#"{"post_logout_redirect_uris": ["https://rp.example"}"#,
        // What follows a fault must be JSON too.
        r#"{"application_type": 1, "a": ]}"#,
        r#"{"application_type": "desktop""#,
        r#"{"post_logout_redirect_uris": [1, }"#,
        "{\"application_type\": \"w\neb\"}",
        &deep,
    ] {
        assert_eq!(read(json), Err(M::NotAnObject), "{json}");
    }
    for bytes in [&b"{\"a\": \"\xff\"}"[..], b"{\"application_type\": \"\xff\"}", b"\xff", b"\xef\xbb\xbf{}"] {
        assert_eq!(ClientMetadata::from_json(bytes), Err(M::NotAnObject), "{bytes:?}");
    }
    assert_eq!(read(" \t\r\n{ }\n"), Ok(ClientMetadata::default()));
}

#[test]
fn a_member_that_occurs_twice_is_refused_whatever_it_holds() {
    for (member, escaped) in [
        ("post_logout_redirect_uris", r"post_logout_redirect_uri\u0073"),
        ("id_token_signed_response_alg", r"id_token_signed\u005fresponse_alg"),
        ("application_type", r"\u0061pplication_type"),
        ("backchannel_logout_uri", r"backchannel\u005flogout_uri"),
        ("backchannel_logout_session_required", r"backchannel_logout_session_require\u0064"),
        ("frontchannel_logout_uri", r"\u0066rontchannel_logout_uri"),
        ("frontchannel_logout_session_required", r"frontchannel_logout_sess\u0069on_required"),
    ] {
        for second in [member, escaped] {
            for values in [["null", "null"], ["null", "1"]] {
                let [one, two] = values;
                let json = format!(r#"{{"{member}": {one}, "a": 1, "{second}": {two}}}"#);
                assert_eq!(read(&json), Err(M::DuplicateMember { member }), "{json}");
            }
        }
    }
}

#[test]
fn a_member_of_another_type_is_refused_by_its_name() {
    let values =
        [json!(0), json!(-1), json!(1.5), json!(u64::MAX), json!({}), json!({"a": ["b"]}), json!({"RS256": null})];
    for (member, expected, other) in [
        ("post_logout_redirect_uris", "an array of strings", json!("https://rp.example/out")),
        ("id_token_signed_response_alg", "a string", json!(["RS256"])),
        ("post_logout_redirect_uris", "an array of strings", json!(true)),
        ("id_token_signed_response_alg", "a string", json!(true)),
        ("application_type", "a string", json!(true)),
        ("backchannel_logout_uri", "a string", json!(true)),
        ("backchannel_logout_uri", "a string", json!(["https://rp.example/bc"])),
        ("backchannel_logout_session_required", "a boolean", json!("true")),
        ("backchannel_logout_session_required", "a boolean", json!([true])),
        ("frontchannel_logout_uri", "a string", json!(true)),
        ("frontchannel_logout_uri", "a string", json!(["https://rp.example/fc"])),
        ("frontchannel_logout_session_required", "a boolean", json!("true")),
        ("frontchannel_logout_session_required", "a boolean", json!([true])),
        ("application_type", "a string", json!(["web"])),
        ("application_type", "a string", json!([1])),
        ("application_type", "a string", json!([])),
    ] {
        for value in values.iter().chain([&other]) {
            let json = json!({member: value}).to_string();
            let error = read(&json).unwrap_err();
            assert_eq!(error, M::WrongType { member, expected }, "{json}");
            assert_eq!(E::from(error).code(), "invalid_client_metadata");
            assert_eq!(error.to_string(), format!("{member} is not {expected}"));
        }
    }
}

#[test]
fn an_element_of_another_type_is_refused_by_its_place() {
    for value in
        [json!(null), json!(false), json!(7), json!({}), json!([]), json!(["https://rp.example"]), json!([[[]]])]
    {
        for index in 0..3 {
            let mut uris = vec![json!("https://rp.example"); 3];
            uris[index] = value.clone();
            let error = read(&json!({"post_logout_redirect_uris": uris}).to_string()).unwrap_err();
            assert_eq!(error, M::UriNotAString { index });
            assert_eq!(E::from(error).code(), "invalid_client_metadata");
        }
    }
}

#[test]
fn the_first_fault_is_named() {
    let json = r#"{"a": 0, "application_type": "x", "id_token_signed_response_alg": 1, "application_type": null}"#;
    assert_eq!(read(json), Err(M::UnknownApplicationType));
    let json = r#"{"id_token_signed_response_alg": 1, "application_type": "x"}"#;
    assert_eq!(read(json).unwrap_err().to_string(), "id_token_signed_response_alg is not a string");
}

#[test]
fn a_hundred_uris_are_read_and_registered_and_no_more() {
    assert_eq!(ClientMetadata::MAX_POST_LOGOUT_REDIRECT_URIS, MAX_URIS);
    let uris = |count| json!({"post_logout_redirect_uris": vec!["https://rp.example"; count]}).to_string();
    let mut metadata = read(&uris(MAX_URIS)).unwrap();
    let rules = RegistrationRules::default().max_post_logout_redirect_uris(MAX_URIS);
    let register = |metadata: &ClientMetadata| metadata.register("rp-1", None, &rules, &[Algorithm::Rs256]);
    let client = register(&metadata).unwrap();
    assert_eq!(client.post_logout_redirect_uris().len(), MAX_URIS);

    assert_eq!(read(&uris(MAX_URIS + 1)), Err(M::TooManyUris));
    assert_eq!(E::from(M::TooManyUris).code(), "invalid_client_metadata");
    metadata.post_logout_redirect_uris.push("https://rp.example".to_owned());
    assert_eq!(register(&metadata).unwrap_err(), E::TooManyUris { max: MAX_URIS });
}

#[test]
fn a_client_registers_fifty_uris_or_as_many_as_the_provider_allows() {
    for (rules, max) in [
        (RegistrationRules::default(), 50),
        (RegistrationRules::default().max_post_logout_redirect_uris(3), 3),
        (RegistrationRules::default().max_post_logout_redirect_uris(0), 0),
    ] {
        let addresses: Vec<_> = (0..=max).map(|number| format!("https://rp.example/{number}")).collect();
        let register = |uris: &[String]| {
            let metadata = metadata(&json!({"post_logout_redirect_uris": uris}));
            metadata.register("rp-1", None, &rules, &[Algorithm::Rs256])
        };
        assert_eq!(register(&addresses[..max]).unwrap().post_logout_redirect_uris().len(), max);
        let error = register(&addresses).unwrap_err();
        assert_eq!((error, error.code()), (E::TooManyUris { max }, "invalid_client_metadata"));
        assert_eq!(error.to_string(), format!("post_logout_redirect_uris has more than {max} elements"));

        let mut builder = Client::builder("rp-1").registration_rules(rules.clone());
        for uri in &addresses {
            builder = builder.post_logout_redirect_uri(uri);
        }
        assert_eq!(builder.clone().build().unwrap_err(), ClientError::TooManyUris { max });
        let client = builder.build_usable();
        assert_eq!(client.unusable(), [ClientError::TooManyUris { max }]);
        assert_eq!(uris(&client), addresses[..max]);
    }
}

#[test]
fn application_types_and_algorithms_are_those_of_the_specifications() {
    for (name, application_type) in [("web", ApplicationType::Web), ("native", ApplicationType::Native)] {
        assert_eq!(metadata(&json!({"application_type": name})).application_type, application_type);
    }
    for name in ["", "Web", "WEB", "web ", " web", "browser", "nativ", "native\0"] {
        let error = read(&json!({"application_type": name}).to_string()).unwrap_err();
        assert_eq!(error, M::UnknownApplicationType, "{name:?}");
    }
    for name in ALGORITHMS {
        let metadata = metadata(&json!({"id_token_signed_response_alg": name}));
        assert_eq!(metadata.id_token_signed_response_alg.name(), name);
        assert_eq!(serde_json::to_value(&metadata).unwrap()["id_token_signed_response_alg"], name);
    }
    let ed25519 = metadata(&json!({"id_token_signed_response_alg": "Ed25519"}));
    assert_eq!(serde_json::to_value(ed25519).unwrap()["id_token_signed_response_alg"], "EdDSA");
    for name in ["", "none", "NONE", "rs256", "RS256 ", "RS1", "ES256K", "Ed448", "eddsa", "ed25519", "HS1", "A128KW"] {
        let error = read(&json!({"id_token_signed_response_alg": name}).to_string()).unwrap_err();
        assert_eq!(error, M::UnknownAlgorithm, "{name:?}");
        assert_eq!(E::from(error).code(), "invalid_client_metadata");
    }
}

// Registering.

/// By a provider that signs with RS256 and makes secrets.
fn register(metadata: &ClientMetadata) -> Result<Client, E> {
    metadata.register("rp-1", Some(SECRET), &RegistrationRules::default(), &[Algorithm::Rs256])
}

fn uris(client: &Client) -> Vec<&str> {
    client.post_logout_redirect_uris().iter().map(RegisteredRedirect::as_str).collect()
}

#[test]
fn each_fault_of_a_uri_is_an_invalid_redirect_uri_by_its_place() {
    let long = uri_of_bytes(2049);
    for (uri, error) in [
        (long.as_str(), UriError::TooLong),
        ("https://rp.example/ ", UriError::Character),
        ("/signed-out", UriError::Relative),
        ("https://rp.example/#", UriError::Fragment),
        ("javascript:alert(1)", UriError::Scheme),
        ("com.example.app:/signed-out", UriError::Scheme),
        ("https://rp.example@other.example", UriError::Userinfo),
        ("https://*.example", UriError::Wildcard),
        ("https://rp.example/*", UriError::Wildcard),
        ("https://rp..example", UriError::Host),
        ("https://rp.example:0", UriError::Port),
        ("http://rp.example", UriError::HttpNotAllowed),
    ] {
        for index in 0..3 {
            let mut uris = ["https://rp.example/signed-out"; 3];
            uris[index] = uri;
            let refused = register(&metadata(&json!({"post_logout_redirect_uris": uris}))).unwrap_err();
            assert_eq!(refused, E::PostLogoutRedirectUri { index, error }, "{uri}");
            assert_eq!(refused.code(), "invalid_redirect_uri");
            assert_eq!(refused.to_string(), format!("post_logout_redirect_uris[{index}]: {error}"));
        }
    }
    let uri = uri_of_bytes(2048);
    assert_eq!(uris(&register(&metadata(&json!({"post_logout_redirect_uris": [uri]}))).unwrap()), [uri]);
}

/// A URI by which a client hears of logouts is no redirect URI (RFC 7591, section 3.2.2).
#[test]
fn each_fault_of_a_channel_names_the_member() {
    use ChannelUriError::{Address, Ipv6, Origin, Query, Uri};
    let rules = RegistrationRules::default().issuer(ISSUER).redirect_uris(["https://rp.example/callback"]);
    let register = |name: &str, uri: &str| {
        let metadata = metadata(&json!({name: uri}));
        let refused = metadata.register("rp-1", None, &rules, &[Algorithm::Rs256]).unwrap_err();
        assert_eq!(refused.code(), "invalid_client_metadata");
        let builder = Client::builder("rp-1").registration_rules(rules.clone()).metadata(&metadata);
        (refused, builder.build().unwrap_err())
    };
    let of_both = [
        (uri_of_bytes(2049), UriError::TooLong),
        ("https://rp.example/ ".to_owned(), UriError::Character),
        ("https://b\u{fc}cher.example/".to_owned(), UriError::InternationalizedHost),
        ("/logout".to_owned(), UriError::Relative),
        ("my_app:/logout".to_owned(), UriError::SchemeUnderscore),
        ("https://rp.example/#".to_owned(), UriError::Fragment),
        ("com.example.app:/logout".to_owned(), UriError::Scheme),
        ("https://*.example/".to_owned(), UriError::Wildcard),
        ("https://a@rp.example/".to_owned(), UriError::Userinfo),
        ("https://rp..example/".to_owned(), UriError::Host),
        ("https://rp.example:0/".to_owned(), UriError::Port),
        ("http://localhost/".to_owned(), UriError::HttpNotAllowed),
    ];
    let of_both = of_both.into_iter().map(|(uri, error)| (uri, Uri(error)));
    let of_back = [("https://10.0.0.1/".to_owned(), Address), ("https://[::1]/".to_owned(), Address)];
    for (uri, error) in of_both.clone().chain(of_back) {
        let (refused, unusable) = register("backchannel_logout_uri", &uri);
        assert_eq!((refused, unusable), (E::BackChannelUri(error), ClientError::BackChannelUri(error)), "{uri}");
        assert_eq!(refused.to_string(), format!("backchannel_logout_uri: {error}"));
        assert_eq!(unusable.to_string(), refused.to_string());
    }
    let of_front = [
        ("https://[2606:4700::1]/".to_owned(), Ipv6),
        ("https://other.example/".to_owned(), Origin),
        (format!("{ISSUER}/"), Origin),
        ("https://rp.example/?iss=1".to_owned(), Query),
    ];
    for (uri, error) in of_both.chain(of_front) {
        let (refused, unusable) = register("frontchannel_logout_uri", &uri);
        assert_eq!((refused, unusable), (E::FrontChannelUri(error), ClientError::FrontChannelUri(error)), "{uri}");
        assert_eq!(refused.to_string(), format!("frontchannel_logout_uri: {error}"));
        assert_eq!(unusable.to_string(), refused.to_string());
    }
}

/// The messages of a redirect URI would name what these URIs cannot use.
#[test]
fn the_faults_of_a_channel_promise_nothing_that_only_a_redirect_uri_may_do() {
    for error in [UriError::Scheme, UriError::HttpNotAllowed] {
        let text = ChannelUriError::Uri(error).to_string();
        assert_ne!(text, error.to_string());
        assert!(!text.contains("private-use") && !text.contains("loopback"), "{text}");
    }
    assert_eq!(ChannelUriError::Uri(UriError::Port).to_string(), UriError::Port.to_string());
}

#[test]
fn the_rules_count_but_for_their_application_type() {
    let register = |json: &Value, rules: RegistrationRules| {
        metadata(json).register("rp-1", None, &rules, &[Algorithm::Rs256]).map(|_| ())
    };
    let refused = |error| Err(E::PostLogoutRedirectUri { index: 0, error });
    let rules = RegistrationRules::default;

    let http = json!({"post_logout_redirect_uris": ["http://rp.example"]});
    assert_eq!(register(&http, rules().allow_http(true)), Ok(()));
    let public = rules().allow_http(true).client_type(ClientType::Public);
    assert_eq!(register(&http, public), refused(UriError::HttpNotAllowed));

    let app =
        |application_type| json!({"post_logout_redirect_uris": ["myapp:/out"], "application_type": application_type});
    assert_eq!(register(&app("native"), rules().allow_scheme("myapp")), Ok(()));
    assert_eq!(register(&app("native"), rules().allow_scheme("myap")), refused(UriError::Scheme));
    for application_type in [json!("web"), json!(null)] {
        let native = rules().allow_scheme("myapp").application_type(ApplicationType::Native);
        let app = json!({"post_logout_redirect_uris": ["myapp:/out"], "application_type": application_type});
        assert_eq!(register(&app, native), refused(UriError::Scheme));
    }
    let web = rules().allow_scheme("myapp").application_type(ApplicationType::Web);
    assert_eq!(register(&app("native"), web), Ok(()));
}

#[test]
fn the_provider_has_to_sign_with_the_algorithm() {
    let all: Vec<_> = ALGORITHMS.iter().map(|name| Algorithm::from_name(name).unwrap()).collect();
    for &algorithm in &all {
        let metadata = metadata(&json!({"id_token_signed_response_alg": algorithm}));
        let register =
            |supported: &[Algorithm]| metadata.register("rp-1", Some(SECRET), &RegistrationRules::default(), supported);
        for supported in [&all[..], &[algorithm]] {
            assert_eq!(register(supported).unwrap().id_token_signed_response_alg(), Some(algorithm));
        }
        let others: Vec<_> = all.iter().copied().filter(|other| *other != algorithm).collect();
        for supported in [&others[..], &[]] {
            assert_eq!(register(supported).unwrap_err(), E::UnsupportedAlgorithm);
        }
    }
    // Whoever names none asks for RS256.
    let error = ClientMetadata::default().register("rp-1", None, &RegistrationRules::default(), &[Algorithm::Es256]);
    assert_eq!(error.unwrap_err(), E::UnsupportedAlgorithm);
}

#[test]
fn hmac_needs_a_secret_as_long_as_its_hash_and_a_client_that_keeps_it() {
    for (name, min_bytes) in [("HS256", 32), ("HS384", 48), ("HS512", 64)] {
        let algorithm = Algorithm::from_name(name).unwrap();
        let metadata = metadata(&json!({"id_token_signed_response_alg": name}));
        let register = |secret: Option<&[u8]>, client_type| {
            let rules = RegistrationRules::default().client_type(client_type);
            metadata.register("rp-1", secret, &rules, &[algorithm]).map(|_| ())
        };
        let confidential = ClientType::Confidential;
        assert_eq!(register(Some(&SECRET[..min_bytes]), confidential), Ok(()));
        assert_eq!(register(Some(&SECRET[1..min_bytes]), confidential), Err(E::SecretTooShort { min_bytes }));
        assert_eq!(register(Some(b""), confidential), Err(E::SecretTooShort { min_bytes }));
        assert_eq!(register(None, confidential), Err(E::HmacWithoutSecret));
        assert_eq!(register(Some(SECRET), ClientType::Public), Err(E::HmacWithoutSecret));
        assert_eq!(register(None, ClientType::Public), Err(E::HmacWithoutSecret));
    }
    // Others need none, and a short one does no harm.
    for secret in [None, Some(&b"short"[..])] {
        let client =
            ClientMetadata::default().register("rp-1", secret, &RegistrationRules::default(), &[Algorithm::Rs256]);
        assert_eq!(client.unwrap().unusable(), []);
    }
}

#[test]
fn what_is_wrong_is_reported_in_the_order_of_the_variants() {
    let mut metadata = metadata(&json!({"id_token_signed_response_alg": "HS256"}));
    metadata.post_logout_redirect_uris = vec!["/".to_owned(); MAX_URIS + 1];
    let register = |metadata: &ClientMetadata, secret: Option<&[u8]>, supported: &[Algorithm]| {
        metadata.register("rp-1", secret, &RegistrationRules::default(), supported).map(|_| ())
    };
    assert_eq!(register(&metadata, None, &[]), Err(E::TooManyUris { max: 50 }));
    metadata.post_logout_redirect_uris.truncate(2);
    assert_eq!(register(&metadata, None, &[]), Err(E::UnsupportedAlgorithm));
    let supported = [Algorithm::Hs256];
    assert_eq!(register(&metadata, None, &supported), Err(E::HmacWithoutSecret));
    assert_eq!(register(&metadata, Some(b""), &supported), Err(E::SecretTooShort { min_bytes: 32 }));
    let error = UriError::Relative;
    metadata.frontchannel_logout_uri = Some("/".to_owned());
    metadata.backchannel_logout_uri = Some("/".to_owned());
    assert_eq!(register(&metadata, Some(SECRET), &supported), Err(E::PostLogoutRedirectUri { index: 0, error }));
    metadata.post_logout_redirect_uris.clear();
    assert_eq!(register(&metadata, Some(SECRET), &supported), Err(E::BackChannelUri(error.into())));
    metadata.backchannel_logout_uri = None;
    assert_eq!(register(&metadata, Some(SECRET), &supported), Err(E::FrontChannelUri(error.into())));
}

/// From the request's JSON to a redirect, with a hint that only this client's secret verifies.
#[test]
fn a_registered_client_signs_out() {
    let metadata = metadata(&json!({
        "post_logout_redirect_uris": ["https://rp.example/signed-out"], "id_token_signed_response_alg": "HS256",
    }));
    let rules = RegistrationRules::default();
    let registered = metadata.register("rp-1", Some(SECRET), &rules, &[Algorithm::Hs256]).unwrap();
    let stored = ClientMetadata::from_json(serde_json::to_string(&metadata).unwrap()).unwrap();
    let from_storage =
        Client::builder("rp-1").registration_rules(rules).metadata(&stored).client_secret(SECRET).build_usable();

    let claims = json!({"iss": ISSUER, "sub": "user-1", "aud": "rp-1", "iat": 1, "exp": 2});
    let hint = token(r#"{"alg":"HS256"}"#, claims.to_string(), |signed| hs256(SECRET, signed));

    let endpoint = endpoint(KeySet::default());
    for client in [registered, from_storage] {
        let request = LogoutRequest::builder(Method::Get)
            .id_token_hint(&hint)
            .post_logout_redirect_uri("https://rp.example/signed-out")
            .build()
            .unwrap();
        let pending = endpoint.receive(request, at(0)).unwrap();
        let session = Session::new([1; 32], "user-1").takes_part(true);
        let Decision::EndSession(end) = pending.decide(Some(&client), Some(&session)) else {
            panic!("the hint is this client's and this session's")
        };
        let Landing::Redirect(to) = end.session_ended(Told::nobody()) else { panic!("a redirect was asked for") };
        assert_eq!(to.location(), "https://rp.example/signed-out");
    }
}

// The answers.

#[test]
fn an_error_is_answered_as_rfc_7591_has_it() {
    let uri = |error| E::PostLogoutRedirectUri { index: 99, error };
    let mut errors = vec![
        M::NotAnObject.into(),
        M::DuplicateMember { member: "application_type" }.into(),
        M::WrongType { member: "application_type", expected: "a string" }.into(),
        M::UriNotAString { index: 0 }.into(),
        M::TooManyUris.into(),
        M::UnknownApplicationType.into(),
        M::UnknownAlgorithm.into(),
        E::TooManyUris { max: 50 },
        E::UnsupportedAlgorithm,
        E::HmacWithoutSecret,
        E::SecretTooShort { min_bytes: 64 },
        M::WrongType { member: "backchannel_logout_session_required", expected: "a boolean" }.into(),
    ];
    let of_channels = [
        ChannelUriError::Address,
        ChannelUriError::Ipv6,
        ChannelUriError::Origin,
        ChannelUriError::Query,
        ChannelUriError::Uri(UriError::Scheme),
        ChannelUriError::Uri(UriError::HttpNotAllowed),
    ];
    errors.extend(of_channels.map(E::BackChannelUri));
    errors.extend(of_channels.map(E::FrontChannelUri));
    let not_uris = errors.len();
    errors.extend(
        [
            UriError::TooLong,
            UriError::Character,
            UriError::InternationalizedHost,
            UriError::Relative,
            UriError::SchemeUnderscore,
            UriError::Fragment,
            UriError::Scheme,
            UriError::Wildcard,
            UriError::Userinfo,
            UriError::Host,
            UriError::Port,
            UriError::HttpNotAllowed,
        ]
        .map(uri),
    );
    for (place, error) in errors.into_iter().enumerate() {
        let code = if place < not_uris { "invalid_client_metadata" } else { "invalid_redirect_uri" };
        assert_eq!(error.code(), code);
        assert_eq!(error.status(), 400);
        let headers = error.headers();
        let headers: Vec<_> = headers.iter().collect();
        assert!(headers.contains(&("content-type", "application/json")));
        assert!(headers.contains(&("cache-control", "no-store")));

        let body = serde_json::to_value(error).unwrap();
        assert_eq!(body, json!({"error": code, "error_description": error.to_string()}));
        // RFC 6749, section 5.2.
        let description = body["error_description"].as_str().unwrap();
        assert!(!description.is_empty());
        assert!(
            description.bytes().all(|byte| matches!(byte, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e)),
            "{description}"
        );
    }
}

#[test]
fn the_response_has_what_is_registered_with_its_defaults() {
    let text = serde_json::to_string(&ClientMetadata::default()).unwrap();
    assert_eq!(text, r#"{"id_token_signed_response_alg":"RS256","application_type":"web"}"#);

    let uris = ["HTTPS://RP.example:443/%7Ea?b&&c=%c3%a4&d='(*)'", "https://rp.example", "https://rp.example"];
    let sent = json!({"post_logout_redirect_uris": uris, "application_type": "native"});
    let metadata = metadata(&sent);
    assert!(register(&metadata).is_ok());
    let response = serde_json::to_value(Registration { redirect_uris: Vec::new(), logout: metadata }).unwrap();
    let expected = json!({
        "redirect_uris": [], "post_logout_redirect_uris": uris,
        "id_token_signed_response_alg": "RS256", "application_type": "native",
    });
    assert_eq!(response, expected);
}

#[test]
fn a_stored_client_is_built_from_what_is_usable_and_the_rest_is_reported() {
    let stored = metadata(&json!({
        "post_logout_redirect_uris": ["https://rp.example/#", "https://rp.example/out", "http://rp.example/out"],
        "id_token_signed_response_alg": "HS384", "application_type": "native",
    }));
    let builder = Client::builder("rp-1").client_secret([7; 47]).metadata(&stored);
    let bad_uri = |index, error| ClientError::PostLogoutRedirectUri { index, error };
    assert_eq!(builder.clone().build().unwrap_err(), bad_uri(0, UriError::Fragment));
    let client = builder.build_usable();
    assert_eq!(uris(&client), ["https://rp.example/out"]);
    assert_eq!(client.id_token_signed_response_alg(), Some(Algorithm::Hs384));
    let expected = [
        bad_uri(0, UriError::Fragment),
        bad_uri(2, UriError::HttpNotAllowed),
        ClientError::SecretTooShort { min_bytes: 48 },
    ];
    assert_eq!(client.unusable(), expected);
}

/// What was allowed when the client was registered may not be allowed any more.
#[test]
fn a_stored_client_with_a_channel_that_is_unusable_is_told_by_the_other() {
    let stored = metadata(&json!({
        "backchannel_logout_uri": "https://10.1.2.3/bc", "frontchannel_logout_uri": "https://rp.example/fc",
    }));
    let network = || AddressRules::default().allow_network("10.1.0.0/16".parse().unwrap());
    let rules = || RegistrationRules::default().redirect_uris(["https://rp.example/callback"]);
    let build = |rules| Client::builder("rp-1").registration_rules(rules).metadata(&stored).build_usable();
    let address = ClientError::BackChannelUri(ChannelUriError::Address);
    let origin = ClientError::FrontChannelUri(ChannelUriError::Origin);
    for (rules, back, front, unusable) in [
        (rules().addresses(network()), true, true, &[][..]),
        (rules(), false, true, &[address]),
        (RegistrationRules::default().addresses(network()), true, false, &[origin]),
        (RegistrationRules::default(), false, false, &[address, origin]),
    ] {
        let client = build(rules);
        assert_eq!(client.backchannel_logout_uri().is_some(), back);
        assert_eq!(client.frontchannel_logout_uri().is_some(), front);
        assert_eq!(client.unusable(), unusable);
    }
}
