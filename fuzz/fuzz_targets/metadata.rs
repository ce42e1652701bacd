//! Client metadata from any bytes. It must be read as another reader reads it, be the same after
//! writing and reading, and register the URIs that it holds.
#![no_main]

use libfuzzer_sys::fuzz_target;
use oidc_logout::op::{Client, RegistrationError, RegistrationRules};
use oidc_logout::{Algorithm, ClientMetadata, ProviderMetadata};
use serde_json::Value;

fuzz_target!(|body: &[u8]| {
    if let Ok(provider) = serde_json::from_slice::<ProviderMetadata>(body) {
        assert!(
            provider.end_session_endpoint.as_str().get(..8).is_some_and(|start| start.eq_ignore_ascii_case("https://"))
        );
        let written = serde_json::to_string(&provider).unwrap();
        assert_eq!(serde_json::from_str::<ProviderMetadata>(&written).unwrap(), provider);
    }
    let metadata = match ClientMetadata::from_json(body) {
        Ok(metadata) => metadata,
        Err(error) => {
            // RFC 6749, section 5.2, allows only these characters in an error_description.
            assert!(error.to_string().bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\'));
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    check_reading(&metadata, body);

    let written = serde_json::to_string(&metadata).unwrap();
    assert_eq!(ClientMetadata::from_json(&written).as_ref(), Ok(&metadata));
    assert_eq!(serde_json::from_str::<ClientMetadata>(&written).unwrap(), metadata);

    let rules = RegistrationRules::default().issuer("https://op.example").redirect_uris(["https://rp.example/cb"]);
    let secret = [7; 64];
    let stored = Client::builder("rp-1").registration_rules(rules.clone()).metadata(&metadata).client_secret(secret);
    let stored = stored.build_usable();
    match metadata.register("rp-1", Some(&secret), &rules, &[metadata.id_token_signed_response_alg]) {
        Ok(client) => {
            assert_eq!(stored.unusable(), []);
            assert_eq!(client.post_logout_redirect_uris(), stored.post_logout_redirect_uris());
            let registered = client.post_logout_redirect_uris().iter().map(|uri| uri.as_str());
            assert!(registered.eq(metadata.post_logout_redirect_uris.iter().map(String::as_str)));
            for client in [&client, &stored] {
                let back = client.backchannel_logout_uri().map(|uri| uri.as_str());
                assert_eq!(back, metadata.backchannel_logout_uri.as_deref());
                let front = client.frontchannel_logout_uri().map(|uri| uri.as_str());
                assert_eq!(front, metadata.frontchannel_logout_uri.as_deref());
            }
        }
        Err(error) => {
            let too_many = metadata.post_logout_redirect_uris.len() > 50;
            let is_redirect = matches!(error, RegistrationError::PostLogoutRedirectUri { .. });
            assert_eq!(error.code(), if is_redirect { "invalid_redirect_uri" } else { "invalid_client_metadata" });
            assert_eq!(too_many, matches!(error, RegistrationError::TooManyUris { .. }));
            match error {
                RegistrationError::BackChannelUri(_) => assert!(metadata.backchannel_logout_uri.is_some()),
                RegistrationError::FrontChannelUri(_) => assert!(metadata.frontchannel_logout_uri.is_some()),
                _ => assert!(is_redirect || too_many),
            }
            assert!(!stored.unusable().is_empty());
        }
    }
});

/// Compares with another reader. That one takes the last of duplicate members, but such metadata
/// was refused before.
fn check_reading(metadata: &ClientMetadata, body: &[u8]) {
    // The other reader rejects numbers beyond its types. The crate ignores them in unknown members.
    let Ok(Value::Object(members)) = serde_json::from_slice(body) else {
        return;
    };
    let member = |name: &str| members.get(name).filter(|value| !value.is_null());
    let uris: Option<Vec<_>> = member("post_logout_redirect_uris")
        .map(|uris| uris.as_array().unwrap().iter().map(|uri| uri.as_str().unwrap().to_owned()).collect());
    assert_eq!(metadata.post_logout_redirect_uris, uris.unwrap_or_default());
    let algorithm = member("id_token_signed_response_alg").map(|name| serde_json::from_value(name.clone()).unwrap());
    assert_eq!(metadata.id_token_signed_response_alg, algorithm.unwrap_or(Algorithm::Rs256));
    for (name, uri) in [
        ("backchannel_logout_uri", &metadata.backchannel_logout_uri),
        ("frontchannel_logout_uri", &metadata.frontchannel_logout_uri),
    ] {
        assert_eq!(uri.as_deref(), member(name).map(|uri| uri.as_str().unwrap()));
    }
    for (name, required) in [
        ("backchannel_logout_session_required", metadata.backchannel_logout_session_required),
        ("frontchannel_logout_session_required", metadata.frontchannel_logout_session_required),
    ] {
        assert_eq!(required, member(name).is_some_and(|required| required.as_bool().unwrap()));
    }
    let application_type = member("application_type").and_then(Value::as_str).unwrap_or("web");
    assert_eq!(serde_json::to_value(metadata.application_type).unwrap(), application_type);
}
