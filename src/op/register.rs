//! Registering a client by its metadata.

use super::client::{Client, ClientBuilder, ClientError};
use super::registration::{RegistrationError, RegistrationRules};
use crate::crypto::Algorithm;
use crate::metadata::ClientMetadata;

impl ClientMetadata {
    /// Registers a client with this metadata under the identifier, and the secret if any, that the host made for it.
    ///
    /// `rules` are what this client may register. Their [`ClientType`](crate::ClientType) follows from the client's
    /// `token_endpoint_auth_method`; in place of their `application_type` the metadata's counts.
    ///
    /// The provider signs ID Tokens with the algorithms of `id_token_signing_alg_values_supported`, as its discovery document
    /// says. A secret for an HMAC algorithm is as long as [`Algorithm::min_secret_bytes`] says, or longer.
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
            // Whoever else knew the secret of a public client could sign its ID Tokens.
            match client_secret.filter(|_| rules.is_confidential()) {
                None => return Err(RegistrationError::HmacWithoutSecret),
                Some(secret) if secret.len() < min_bytes => {
                    return Err(RegistrationError::SecretTooShort { min_bytes });
                }
                Some(secret) => builder = builder.client_secret(secret),
            }
        }
        let client = builder.build_usable();
        for error in client.unusable() {
            if let ClientError::PostLogoutRedirectUri { index, error } = *error {
                return Err(RegistrationError::PostLogoutRedirectUri { index, error });
            }
        }
        Ok(client)
    }
}

impl ClientBuilder {
    /// Adds what the client registered: its redirect URIs, its `application_type` and its
    /// `id_token_signed_response_alg`.
    pub fn metadata(self, metadata: &ClientMetadata) -> Self {
        let uris = metadata.post_logout_redirect_uris.iter().cloned();
        uris.fold(self, Self::post_logout_redirect_uri)
            .application_type(metadata.application_type)
            .id_token_signed_response_alg(metadata.id_token_signed_response_alg)
    }
}
