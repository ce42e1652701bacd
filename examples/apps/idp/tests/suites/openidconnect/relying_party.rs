//! The client: types of `openidconnect`, extended for logout, and reqwest to send its requests.

use openidconnect::core::{
    CoreApplicationType, CoreAuthDisplay, CoreAuthPrompt, CoreAuthenticationFlow, CoreClientAuthMethod,
    CoreErrorResponseType, CoreGenderClaim, CoreGrantType, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm, CoreJwsSigningAlgorithm, CoreRegisterErrorResponseType, CoreResponseType,
    CoreRevocableToken, CoreRevocationErrorResponse, CoreSubjectIdentifierType, CoreTokenIntrospectionResponse,
    CoreTokenType, CoreUserInfoClaims,
};
use openidconnect::registration::{
    AdditionalClientMetadata, ClientRegistrationRequest, ClientRegistrationResponse,
    EmptyAdditionalClientRegistrationResponse,
};
use openidconnect::{
    AccessTokenHash, AdditionalClaims, AuthType, AuthorizationCode, AuthorizationRequest, Client, ClientId,
    ClientSecret, CsrfToken, EmptyExtraTokenFields, EndpointMaybeSet, EndpointNotSet, EndpointSet, HttpRequest,
    HttpResponse, IdTokenFields, IdTokenVerifier, IssuerUrl, JsonWebKey as _, LogoutRequest, Nonce,
    OAuth2TokenResponse as _, PkceCodeChallenge, PkceCodeVerifier, PostLogoutRedirectUrl, ProviderMetadataWithLogout,
    RedirectUrl, RequestTokenError, Scope, StandardErrorResponse, StandardTokenResponse, TokenResponse as _,
};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::support::browser::{Answer, Browser};
use crate::support::instance::PATIENCE;
use crate::support::provider::Provider;

pub(crate) const CALLBACK: &str = "https://rp.example/callback";
pub(crate) const SIGNED_OUT: &str = "https://rp.example/signed-out?from=op";

/// The claim of Front-Channel Logout 1.0, section 3.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct SessionClaims {
    pub(crate) sid: String,
}

impl AdditionalClaims for SessionClaims {}

type Fields = IdTokenFields<
    SessionClaims,
    EmptyExtraTokenFields,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;
type Tokens = StandardTokenResponse<Fields, CoreTokenType>;
type TokenErrorResponse = StandardErrorResponse<CoreErrorResponseType>;
pub(crate) type TokenError = RequestTokenError<reqwest::Error, TokenErrorResponse>;
pub(crate) type IdToken =
    openidconnect::IdToken<SessionClaims, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm>;
type DiscoveredClient = Client<
    SessionClaims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    TokenErrorResponse,
    Tokens,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// The client metadata that RP-Initiated Logout 1.0, section 3.1 adds.
#[derive(Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct LogoutMetadata {
    pub(crate) post_logout_redirect_uris: Vec<PostLogoutRedirectUrl>,
}

impl AdditionalClientMetadata for LogoutMetadata {}

pub(crate) type RegistrationRequest = ClientRegistrationRequest<
    LogoutMetadata,
    EmptyAdditionalClientRegistrationResponse,
    CoreApplicationType,
    CoreClientAuthMethod,
    CoreRegisterErrorResponseType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;
pub(crate) type RegistrationResponse = ClientRegistrationResponse<
    LogoutMetadata,
    EmptyAdditionalClientRegistrationResponse,
    CoreApplicationType,
    CoreClientAuthMethod,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

/// Sends a request of the crate.
pub(crate) async fn http(request: HttpRequest) -> Result<HttpResponse, reqwest::Error> {
    let builder = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
    let answer = builder.timeout(PATIENCE).build()?.execute(request.try_into()?).await?;
    let mut response = HttpResponse::default();
    *response.status_mut() = answer.status();
    *response.headers_mut() = answer.headers().clone();
    *response.body_mut() = answer.bytes().await?.to_vec();
    Ok(response)
}

pub(crate) async fn discover(provider: &Provider) -> ProviderMetadataWithLogout {
    let issuer = IssuerUrl::new(provider.issuer().to_owned()).unwrap();
    ProviderMetadataWithLogout::discover_async(issuer, &http).await.unwrap()
}

/// A registration with both URIs and nothing else.
pub(crate) fn registration_request() -> RegistrationRequest {
    let signed_out = PostLogoutRedirectUrl::new(SIGNED_OUT.to_owned()).unwrap();
    let metadata = LogoutMetadata { post_logout_redirect_uris: vec![signed_out] };
    RegistrationRequest::new(vec![RedirectUrl::new(CALLBACK.to_owned()).unwrap()], metadata)
}

pub(crate) async fn register(provider: &Provider, request: &RegistrationRequest) -> RegistrationResponse {
    let metadata = discover(provider).await;
    request.register_async(metadata.registration_endpoint().unwrap(), &http).await.unwrap()
}

pub(crate) struct RelyingParty {
    metadata: ProviderMetadataWithLogout,
    client: DiscoveredClient,
    secret: Option<ClientSecret>,
    algorithm: CoreJwsSigningAlgorithm,
}

/// A sign-in, after all the checks that the crate offers.
pub(crate) struct SignIn {
    pub(crate) id_token: IdToken,
    pub(crate) subject: String,
    pub(crate) sid: String,
    pub(crate) kid: Option<String>,
    pub(crate) userinfo: CoreUserInfoClaims,
}

impl RelyingParty {
    /// Registers itself for ID Tokens that are signed with the algorithm.
    pub(crate) async fn register(provider: &Provider, algorithm: CoreJwsSigningAlgorithm) -> Self {
        let request = registration_request().set_id_token_signed_response_alg(Some(algorithm.clone()));
        let response = register(provider, &request).await;
        let secret = response.client_secret().map(|secret| secret.secret().as_str());
        Self::known(provider, response.client_id(), secret, algorithm).await
    }

    /// With an existing id and secret, and the provider's current keys.
    pub(crate) async fn known(
        provider: &Provider,
        id: &str,
        secret: Option<&str>,
        algorithm: CoreJwsSigningAlgorithm,
    ) -> Self {
        let metadata = discover(provider).await;
        let secret = secret.map(|secret| ClientSecret::new(secret.to_owned()));
        let client = Client::from_provider_metadata(metadata.clone(), ClientId::new(id.to_owned()), secret.clone())
            .set_redirect_uri(RedirectUrl::new(CALLBACK.to_owned()).unwrap());
        Self { metadata, client, secret, algorithm }
    }

    pub(crate) fn with_auth_type(mut self, auth_type: AuthType) -> Self {
        self.client = self.client.set_auth_type(auth_type);
        self
    }

    /// The same client after it has fetched the provider's keys again.
    pub(crate) async fn with_fresh_keys(self, provider: &Provider) -> Self {
        let secret = self.secret.as_ref().map(|secret| secret.secret().as_str());
        Self::known(provider, self.id(), secret, self.algorithm.clone()).await
    }

    pub(crate) fn id(&self) -> &ClientId {
        self.client.client_id()
    }

    fn verifier(&self) -> IdTokenVerifier<'_, CoreJsonWebKey> {
        self.client.id_token_verifier().set_allowed_algs([self.algorithm.clone()])
    }

    /// Sends the browser to sign in. Returns the answer, which is a page or the redirect back.
    pub(crate) async fn authorize(&self, browser: &Browser, prompt: Option<CoreAuthPrompt>) -> Authorization {
        let flow = CoreAuthenticationFlow::AuthorizationCode;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let request = self.client.authorize_url(flow, CsrfToken::new_random, Nonce::new_random);
        let request = ["profile", "email"]
            .into_iter()
            .fold(request, |request, scope| request.add_scope(Scope::new(scope.to_owned())));
        let request = prompt.into_iter().fold(request, AuthorizationRequest::add_prompt);
        let (url, state, nonce) = request.set_pkce_challenge(challenge).url();
        Authorization { answer: browser.get(url.as_str()).await, state, nonce, verifier }
    }

    /// Redeems the code of an authorization response.
    pub(crate) async fn redeem(&self, authorization: Authorization) -> Result<SignIn, TokenError> {
        let Authorization { state, nonce, verifier, .. } = &authorization;
        let redirected = |name: &str| authorization.answer.redirected(name);
        assert_eq!(authorization.answer.redirect().0, CALLBACK);
        assert_eq!(redirected("state").as_ref(), Some(state.secret()));
        assert_eq!(redirected("iss").as_deref(), Some(self.metadata.issuer().as_str()));
        let code = redirected("code").unwrap_or_else(|| panic!("no code: {}", authorization.answer.location()));
        let code = AuthorizationCode::new(code);
        let verifier = PkceCodeVerifier::new(verifier.secret().clone());
        let request = self.client.exchange_code(code).unwrap().set_pkce_verifier(verifier);
        let tokens = request.request_async(&http).await?;

        let id_token = tokens.id_token().unwrap();
        let verifier = self.verifier();
        let claims = id_token.claims(&verifier, nonce).unwrap();
        let key = match (&self.algorithm, &self.secret) {
            (CoreJwsSigningAlgorithm::HmacSha256, Some(secret)) => {
                CoreJsonWebKey::new_symmetric(secret.secret().clone().into())
            }
            _ => id_token.signing_key(&verifier).unwrap().clone(),
        };
        let hash = AccessTokenHash::from_token(tokens.access_token(), id_token.signing_alg().unwrap(), &key).unwrap();
        assert_eq!(claims.access_token_hash(), Some(&hash));
        assert!(claims.auth_time().is_some());
        // The crate checks that the subject is the same.
        let request = self.client.user_info(tokens.access_token().clone(), Some(claims.subject().clone())).unwrap();
        let userinfo: CoreUserInfoClaims = request.request_async(&http).await.unwrap();
        Ok(SignIn {
            id_token: id_token.clone(),
            subject: claims.subject().to_string(),
            sid: claims.additional_claims().sid.clone(),
            kid: jsonwebtoken::decode_header(id_token.to_string()).unwrap().kid,
            userinfo,
        })
    }

    /// Signs the user in, through the form if the provider shows it.
    pub(crate) async fn sign_in(&self, browser: &Browser) -> SignIn {
        self.redeem(self.authorize(browser, None).await.answered(browser).await).await.unwrap()
    }

    /// Whether the browser's user is signed in, asked without a page.
    pub(crate) async fn is_signed_in(&self, browser: &Browser) -> bool {
        let answer = self.authorize(browser, Some(CoreAuthPrompt::None)).await.answer;
        match answer.redirected("error") {
            None => answer.redirected("code").is_some(),
            Some(error) => {
                assert_eq!(error, "login_required");
                false
            }
        }
    }

    pub(crate) fn logout_request(&self) -> LogoutRequest {
        let endpoint = self.metadata.additional_metadata().end_session_endpoint.clone();
        LogoutRequest::from(endpoint.unwrap())
    }

    /// A logout request with all parameters.
    pub(crate) fn logout_url(&self, id_token: &IdToken, state: &CsrfToken) -> Url {
        let signed_out = PostLogoutRedirectUrl::new(SIGNED_OUT.to_owned()).unwrap();
        let request = self.logout_request().set_id_token_hint(id_token).set_client_id(self.id().clone());
        request.set_post_logout_redirect_uri(signed_out).set_state(state.clone()).http_get_url()
    }
}

/// A pending authorization request, with the values that only the client knows.
pub(crate) struct Authorization {
    pub(crate) answer: Answer,
    state: CsrfToken,
    nonce: Nonce,
    verifier: PkceCodeVerifier,
}

impl Authorization {
    /// The user signs in if asked to.
    pub(crate) async fn answered(mut self, browser: &Browser) -> Self {
        if self.answer.status == 200 {
            self.answer = browser.sign_in(&self.answer).await;
        }
        self
    }

    /// The same with a verifier that does not match the challenge.
    pub(crate) fn with_other_verifier(self) -> Self {
        Self { verifier: PkceCodeChallenge::new_random_sha256().1, ..self }
    }
}
