//! What logout adds to the provider's discovery document and to the registration of clients.
//!
//! These types hold logout's members alone. A host flattens them into its own documents, whose other members are its own
//! affair.

mod client;
mod error;
mod provider;
mod read;

pub use client::ClientMetadata;
pub use error::ClientRegistrationError;
pub use provider::{EndSessionEndpoint, EndSessionEndpointError, ProviderMetadata};
