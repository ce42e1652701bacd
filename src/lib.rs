//! OpenID Connect logout, pure: no sockets, no clock, no framework, no async.
//!
//! | you write | start at |
//! |---|---|
//! | a provider, which users sign in at | [`op`]: the logout endpoint, whole |
//! | a client, which users sign in to | not here yet |
//!
//! The crate reads what came from the network, decides, and returns data. The host does everything
//! else by its own means: it looks things up, ends sessions, sends requests, writes pages. So the
//! crate fits any framework, and the same arguments always give the same decision.
//!
//! Names that both roles use are at the root of the crate: [keys](KeySet) and
//! [algorithms](Algorithm), [secrets](Secret), [limits](Limits), [answers' headers](Headers),
//! [metadata](ProviderMetadata). [`design`] explains every rule and why it is so.
//!
//! # What it never does
//!
//! - It opens no socket, reads no clock, keeps no state, starts no thread, and draws no random
//!   bytes. It is given what it needs.
//! - It never redirects to anything but a registered URI of a client that the host found, and adds
//!   nothing to it but one `state` (and the port that a native client asks for on a loopback
//!   address). There are no wildcards.
//! - It never panics on input, and never shows a value of the input, a secret or a key in an error
//!   or in `Debug`.
//! - It does not decrypt. A host that can decrypt hands over the [inner
//!   token](op::LogoutRequest::with_decrypted_hint).
//!
//! # Words
//!
//! They are those of the specifications. The provider (OP) is where users sign in, the client (RP)
//! is the application that they sign in to, the End-User is the person. `Pending` and `Landing`
//! fill two gaps: a request that waits for the host's look-ups, and where the End-User ends up.
//!
//! # Features
//!
//! - `josekit` (default): signatures and MACs by josekit, on the system's OpenSSL.
//! - `aws-lc-rs`: by aws-lc-rs instead, even if `josekit` is enabled too. With `default-features =
//!   false` the crate then builds without OpenSSL. Decisions are the same.
//! - `vendored`: builds OpenSSL from source. This needs a C compiler, make and perl.

#[cfg(not(any(feature = "josekit", feature = "aws-lc-rs")))]
compile_error!("oidc-logout needs a signature backend: enable the feature `josekit` or `aws-lc-rs`");

mod answer;
mod bytes;
mod crypto;
pub mod design;
mod form;
mod json;
mod jws;
mod metadata;
pub mod op;
mod parameter;
mod request_headers;
mod seal;
mod uri;

pub use answer::Headers;
pub use crypto::{Algorithm, KeyError, PemError, Secret, SecretTooShort};
pub use form::FormFault;
pub use jws::{KeySet, KeySetError, Limits, MalformedToken, NumericDate, TokenSegment, UnusableKey};
pub use metadata::{
    ApplicationType, ClientMetadata, ClientMetadataError, ClientType, EndSessionEndpoint, EndSessionEndpointError,
    ProviderMetadata,
};
pub use parameter::ClientId;
pub use uri::{UriError, form_action_source};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
