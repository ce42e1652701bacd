//! What holds for any client metadata, and for any body.

use oidc_logout::op::{BackChannelUri, Client, ClientError, FrontChannelUri, RegistrationRules};
use oidc_logout::{Algorithm, ClientMetadata, ClientType};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value, json};

use super::{ALGORITHMS, E, SECRET, read, register, uris};

fn any_uri() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "https://[a-z]{1,8}\\.example(:[1-9][0-9]{0,3})?(/[a-zA-Z0-9%/.~]{0,10})?(\\?[a-z&=+]{0,8})?",
        2 => "(http|HTTPS)://(localhost|127\\.0\\.0\\.1|\\[::1\\])(:8080)?/[a-z]{0,4}",
        1 => "[a-z]{1,5}\\.[a-z]{1,5}:/{0,2}[a-z]{0,4}",
        1 => "\\PC{0,12}",
    ]
}

/// The members that logout reads.
const NAMES: [&str; 7] = [
    "post_logout_redirect_uris",
    "id_token_signed_response_alg",
    "application_type",
    "backchannel_logout_uri",
    "backchannel_logout_session_required",
    "frontchannel_logout_uri",
    "frontchannel_logout_session_required",
];

/// A member that logout reads or one like it, with a value that fits or does not.
fn any_member() -> impl Strategy<Value = (String, Value)> {
    let others = ["redirect_uris_", "a"];
    let name = select(NAMES.into_iter().chain(others).collect::<Vec<_>>());
    let uris = prop::collection::vec(any_uri(), 0..4).prop_map(Value::from);
    let value = prop_oneof![
        6 => uris,
        6 => select(&ALGORITHMS[..]).prop_map(Value::from),
        6 => select(&["web", "native", "none", "Ed25519", ""][..]).prop_map(Value::from),
        4 => any_uri().prop_map(Value::from),
        4 => any::<bool>().prop_map(Value::from),
        2 => select(vec![json!(null), json!(1), json!(true), json!({}), json!([1]), json!([null, "a"]), json!([[]])]),
    ];
    (name.prop_map(str::to_owned), value)
}

/// JSON with some members, now and then one twice.
fn any_body() -> impl Strategy<Value = String> {
    prop::collection::vec(any_member(), 0..5).prop_map(|members| {
        let members: Vec<_> = members.into_iter().map(|(name, value)| format!("{}:{value}", json!(name))).collect();
        format!("{{{}}}", members.join(","))
    })
}

fn any_metadata() -> impl Strategy<Value = ClientMetadata> {
    let uris = prop::collection::vec(any_uri(), 0..4);
    let channel = || (prop::option::weighted(0.3, any_uri()), any::<bool>());
    let inputs = (uris, select(&ALGORITHMS[..]), select(&["web", "native"][..]), channel(), channel());
    inputs.prop_map(|(uris, algorithm, application_type, back, front)| {
        let mut metadata = ClientMetadata::default();
        (metadata.backchannel_logout_uri, metadata.backchannel_logout_session_required) = back;
        (metadata.frontchannel_logout_uri, metadata.frontchannel_logout_session_required) = front;
        metadata.post_logout_redirect_uris = uris;
        metadata.id_token_signed_response_alg = Algorithm::from_name(algorithm).unwrap();
        metadata.application_type = serde_json::from_value(application_type.into()).unwrap();
        metadata
    })
}

fn any_rules() -> impl Strategy<Value = RegistrationRules> {
    let redirects = prop::collection::vec(any_uri(), 0..3);
    (any::<bool>(), any::<bool>(), redirects, any_uri()).prop_map(|(public, allow_http, redirects, issuer)| {
        let client_type = if public { ClientType::Public } else { ClientType::Confidential };
        let rules = RegistrationRules::default().client_type(client_type).allow_http(allow_http).issuer(issuer);
        rules.redirect_uris(redirects)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    /// The response, and what is stored, are the same metadata, and build the same client, nothing
    /// of it unusable.
    #[test]
    fn what_is_registered_written_and_read_is_the_same_client(
        metadata in any_metadata(),
        rules in any_rules(),
        supported in subsequence(ALGORITHMS.to_vec(), 0..=ALGORITHMS.len()),
    ) {
        let supported: Vec<_> = supported.into_iter().filter_map(Algorithm::from_name).collect();
        let text = serde_json::to_string(&metadata).unwrap();
        let stored = read(&text);
        prop_assert_eq!(stored.as_ref(), Ok(&metadata));
        prop_assert_eq!(serde_json::to_string(&stored.unwrap()).unwrap(), text);

        let registered = metadata.register("rp-1", Some(SECRET), &rules, &supported);
        let builder = Client::builder("rp-1").registration_rules(rules).metadata(&metadata).client_secret(SECRET);
        match registered {
            Ok(client) => {
                let from_storage = builder.build().unwrap();
                prop_assert_eq!(uris(&client), &metadata.post_logout_redirect_uris[..]);
                prop_assert_eq!(client.unusable(), []);
                prop_assert_eq!(client.id(), from_storage.id());
                prop_assert_eq!(client.post_logout_redirect_uris(), from_storage.post_logout_redirect_uris());
                let algorithm = Some(metadata.id_token_signed_response_alg);
                prop_assert_eq!(client.id_token_signed_response_alg(), algorithm);
                prop_assert_eq!(from_storage.id_token_signed_response_alg(), algorithm);
                for client in [&client, &from_storage] {
                    let back = client.backchannel_logout_uri().map(BackChannelUri::as_str);
                    prop_assert_eq!(back, metadata.backchannel_logout_uri.as_deref());
                    let front = client.frontchannel_logout_uri().map(FrontChannelUri::as_str);
                    prop_assert_eq!(front, metadata.frontchannel_logout_uri.as_deref());
                }
            }
            // What registration refuses is what the builder refuses, and what only registration
            // asks.
            Err(E::PostLogoutRedirectUri { index, error }) => {
                let refused = ClientError::PostLogoutRedirectUri { index, error };
                prop_assert_eq!(builder.build().unwrap_err(), refused);
            }
            Err(E::BackChannelUri(error)) => {
                prop_assert_eq!(builder.build().unwrap_err(), ClientError::BackChannelUri(error));
            }
            Err(E::FrontChannelUri(error)) => {
                prop_assert_eq!(builder.build().unwrap_err(), ClientError::FrontChannelUri(error));
            }
            Err(error) => prop_assert!(matches!(error, E::UnsupportedAlgorithm | E::HmacWithoutSecret), "{:?}", error),
        }
    }

    /// Alone and flattened the same, a member twice refused, and nothing panics.
    #[test]
    fn any_body_is_read_alike_everywhere(body in any_body()) {
        let metadata = read(&body);
        let twice = NAMES.iter().any(|name| body.matches(&format!("\"{name}\":")).count() > 1);
        prop_assert!(!(twice && metadata.is_ok()), "{}", body);
        if let Ok(metadata) = metadata {
            let _ = register(&metadata);
        }
    }

    #[test]
    fn no_bytes_make_reading_panic(bytes in prop::collection::vec(any::<u8>(), 0..64), at in 0..70_usize) {
        let _ = ClientMetadata::from_json(&bytes);
        let mut body = br#"{"post_logout_redirect_uris":["https://rp.example"],"application_type":"web"}"#.to_vec();
        let at = at.min(body.len());
        body.splice(at..(at + 1).min(body.len()), bytes);
        let _ = ClientMetadata::from_json(&body);
    }
}
