//! Registering a client from its metadata.

use super::client::{Client, ClientBuilder, ClientError};
use super::registration::{RegistrationError, RegistrationRules};
use crate::crypto::Algorithm;
use crate::metadata::ClientMetadata;

impl ClientMetadata {
    /// Registers a client with this metadata.
    ///
    /// The host makes the `client_id` and, if the client gets one, the `client_secret`. For an HMAC
    /// algorithm the secret must have at least [`Algorithm::min_secret_bytes`].
    ///
    /// `rules` say what this client may register. Derive their [`ClientType`](crate::ClientType)
    /// from the client's `token_endpoint_auth_method`. Their `application_type` is ignored; the
    /// metadata's is used.
    ///
    /// `id_token_signing_alg_values_supported` is the list of that name in the provider's discovery
    /// document: the algorithms with which it signs ID Tokens.
    ///
    /// ```
    /// use oidc_logout::op::{RegistrationError, RegistrationRules};
    /// use oidc_logout::{Algorithm, ClientMetadata};
    ///
    /// let metadata = ClientMetadata::from_json(r#"{"id_token_signed_response_alg": "ES256"}"#)?;
    /// let rules = RegistrationRules::default();
    /// let supported = [Algorithm::Rs256, Algorithm::Es256];
    /// let client = metadata.register("rp-1", None, &rules, &supported)?;
    /// assert_eq!(client.id().as_str(), "rp-1");
    ///
    /// let refused = metadata.register("rp-1", None, &rules, &[Algorithm::Rs256]);
    /// assert_eq!(refused.unwrap_err(), RegistrationError::UnsupportedAlgorithm);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The first [`RegistrationError`] in the order of its variants.
    pub fn register(
        &self,
        client_id: impl Into<String>,
        client_secret: Option<&[u8]>,
        rules: &RegistrationRules,
        id_token_signing_alg_values_supported: &[Algorithm],
    ) -> Result<Client, RegistrationError> {
        let max = rules.max_uris();
        if self.post_logout_redirect_uris.len() > max {
            return Err(RegistrationError::TooManyUris { max });
        }
        let algorithm = self.id_token_signed_response_alg;
        if !id_token_signing_alg_values_supported.contains(&algorithm) {
            return Err(RegistrationError::UnsupportedAlgorithm);
        }
        let mut builder = Client::builder(client_id).registration_rules(rules.clone()).metadata(self);
        if let Some(min_bytes) = algorithm.min_secret_bytes() {
            // The secret of a public client is in the hands of its users, who could then sign its
            // ID Tokens themselves.
            match client_secret.filter(|_| rules.is_confidential()) {
                None => return Err(RegistrationError::HmacWithoutSecret),
                Some(secret) if secret.len() < min_bytes => {
                    return Err(RegistrationError::SecretTooShort { min_bytes });
                }
                Some(secret) => builder = builder.client_secret(secret),
            }
        }
        // Only URIs can be unusable here: the secret has been checked above, and the metadata adds
        // no form-action source.
        let client = builder.build_usable();
        for error in client.unusable() {
            match *error {
                ClientError::PostLogoutRedirectUri { index, error } => {
                    return Err(RegistrationError::PostLogoutRedirectUri { index, error });
                }
                ClientError::BackChannelUri(error) => return Err(RegistrationError::BackChannelUri(error)),
                ClientError::FrontChannelUri(error) => return Err(RegistrationError::FrontChannelUri(error)),
                _ => {}
            }
        }
        Ok(client)
    }
}

impl ClientBuilder {
    /// Takes over the members of a registration. The redirect URIs are added; the other members
    /// replace those of the builder.
    ///
    /// ```
    /// use oidc_logout::ClientMetadata;
    /// use oidc_logout::op::Client;
    ///
    /// let stored = r#"{"post_logout_redirect_uris": ["https://rp.example/signed-out"]}"#;
    /// let client = Client::builder("rp-1").metadata(&ClientMetadata::from_json(stored)?).build()?;
    /// assert_eq!(client.post_logout_redirect_uris().len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn metadata(self, metadata: &ClientMetadata) -> Self {
        let uris = metadata.post_logout_redirect_uris.iter().cloned();
        let mut builder = uris
            .fold(self, Self::post_logout_redirect_uri)
            .application_type(metadata.application_type)
            .id_token_signed_response_alg(metadata.id_token_signed_response_alg)
            .backchannel_logout_session_required(metadata.backchannel_logout_session_required)
            .frontchannel_logout_session_required(metadata.frontchannel_logout_session_required);
        if let Some(uri) = &metadata.backchannel_logout_uri {
            builder = builder.backchannel_logout_uri(uri);
        }
        if let Some(uri) = &metadata.frontchannel_logout_uri {
            builder = builder.frontchannel_logout_uri(uri);
        }
        builder
    }
}
