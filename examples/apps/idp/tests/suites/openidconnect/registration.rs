//! Registration by the crate's types (Dynamic Client Registration 1.0; RP-Initiated Logout 1.0,
//! section 3.1).

use openidconnect::core::{
    CoreApplicationType, CoreClientAuthMethod, CoreGrantType, CoreJwsSigningAlgorithm, CoreRegisterErrorResponseType,
};
use openidconnect::registration::ClientRegistrationError;
use openidconnect::{AuthType, ClientName, LocalizedClaim, PostLogoutRedirectUrl, RedirectUrl};

use super::relying_party::{
    CALLBACK, LogoutMetadata, RegistrationRequest, RelyingParty, SIGNED_OUT, discover, http, register,
    registration_request,
};
use crate::support::browser::Browser;
use crate::support::provider::Provider;

#[tokio::test]
async fn the_response_tells_the_client_who_it_is_and_what_it_has_registered() {
    let provider = Provider::start().await;
    let name = LocalizedClaim::from(ClientName::new("Bookshop".to_owned()));
    let request = registration_request()
        .set_client_name(Some(name))
        .set_application_type(Some(CoreApplicationType::Web))
        .set_token_endpoint_auth_method(Some(CoreClientAuthMethod::ClientSecretPost))
        .set_id_token_signed_response_alg(Some(CoreJwsSigningAlgorithm::EcdsaP256Sha256));
    let (response, other) = (register(&provider, &request).await, register(&provider, &request).await);
    assert_ne!(response.client_id(), other.client_id());
    assert!(response.client_secret().unwrap().secret().len() >= 32);
    assert_ne!(response.client_secret().unwrap().secret(), other.client_secret().unwrap().secret());
    assert!(response.registration_access_token().is_some());
    let uri = response.registration_client_uri().unwrap();
    assert!(uri.as_str().starts_with(&provider.url("/register/")));
    assert_eq!(response.redirect_uris(), &[RedirectUrl::new(CALLBACK.to_owned()).unwrap()]);
    let signed_out = PostLogoutRedirectUrl::new(SIGNED_OUT.to_owned()).unwrap();
    assert_eq!(*response.additional_metadata(), LogoutMetadata { post_logout_redirect_uris: vec![signed_out] });
    assert_eq!(response.client_name().unwrap().get(None).unwrap().as_str(), "Bookshop");
    assert_eq!(response.token_endpoint_auth_method(), Some(&CoreClientAuthMethod::ClientSecretPost));
    assert_eq!(response.id_token_signed_response_alg(), Some(&CoreJwsSigningAlgorithm::EcdsaP256Sha256));
    assert_eq!(response.grant_types(), Some(&vec![CoreGrantType::AuthorizationCode]));
}

#[tokio::test]
async fn a_registered_client_signs_in_in_the_way_that_it_has_registered() {
    let provider = Provider::start().await;
    let algorithm = CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256;
    for (method, auth_type) in [
        (CoreClientAuthMethod::ClientSecretBasic, AuthType::BasicAuth),
        (CoreClientAuthMethod::ClientSecretPost, AuthType::RequestBody),
        (CoreClientAuthMethod::None, AuthType::RequestBody),
    ] {
        let request = registration_request().set_token_endpoint_auth_method(Some(method.clone()));
        let response = register(&provider, &request).await;
        let secret = response.client_secret().map(|secret| secret.secret().as_str());
        assert_eq!(secret.is_none(), method == CoreClientAuthMethod::None);
        let rp = RelyingParty::known(&provider, response.client_id(), secret, algorithm.clone()).await;
        let sign_in = rp.with_auth_type(auth_type).sign_in(&Browser::new()).await;
        assert_eq!(sign_in.userinfo.preferred_username().unwrap().as_str(), "alice");
    }
}

#[tokio::test]
async fn a_uri_that_will_not_do_is_an_error_that_the_client_understands() {
    let provider = Provider::start().await;
    let metadata = discover(&provider).await;
    let endpoint = metadata.registration_endpoint().unwrap();
    let redirect_uri = |uri: &str| RedirectUrl::new(uri.to_owned()).unwrap();
    let signed_out = |uri: &str| LogoutMetadata {
        post_logout_redirect_uris: vec![PostLogoutRedirectUrl::new(uri.to_owned()).unwrap()],
    };
    for (redirect_uris, logout) in [
        (vec![redirect_uri("http://rp.example/callback")], signed_out(SIGNED_OUT)),
        (vec![redirect_uri(CALLBACK)], signed_out("http://rp.example/signed-out")),
        (vec![redirect_uri(CALLBACK)], signed_out("javascript:alert(1)")),
        (vec![], signed_out(SIGNED_OUT)),
    ] {
        let refused = RegistrationRequest::new(redirect_uris, logout).register_async(endpoint, &http).await;
        match refused.map(|response| response.client_id().clone()) {
            Err(ClientRegistrationError::ServerResponse(response)) => {
                assert_eq!(*response.error(), CoreRegisterErrorResponseType::InvalidRedirectUri);
                assert!(response.error_description().is_some());
            }
            other => panic!("{other:?}"),
        }
    }
}
