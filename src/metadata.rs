//! The metadata that each role publishes about itself: the provider in its discovery document, the
//! client in its registration.
//!
//! These types hold logout's members alone. A host flattens them into its own documents.

mod application;
mod client;
mod provider;

pub use application::{ApplicationType, ClientType};
pub use client::{ClientMetadata, ClientMetadataError};
pub use provider::{EndSessionEndpoint, EndSessionEndpointError, ProviderMetadata};
