//! OpenID Connect logout at the provider: a request in, a decision out.
//!
//! A client sends the End-User's browser to the provider's logout endpoint with an ID Token as a hint, the URI to come
//! back to, and a `state` ([OpenID Connect RP-Initiated Logout 1.0][RPI]). The provider has to find out whether the
//! request is legitimate, ask the End-User where it is not proven, end the session, and redirect to nowhere but a URI that
//! the client registered. This crate does all of that except what only the host can do: look up the client, look up the
//! session, end it, and write the pages.
//!
//! ```text
//!  query / form ─▶ LogoutRequest ─▶ LogoutEndpoint::receive(request, now) ─▶ Pending
//!                       1                          2 the hint                   │ client_id() ──▶ the host looks the client up
//!                                                                               │             3   (and the session, as that client
//!                                                                               │                  knows it)
//!  Landing::Redirect(LogoutRedirect) ◀─ session_ended() ◀─ Decision ◀─ Pending::decide(client, session)
//!  Landing::SignedOutPage                                     5                    4 the redirect
//! ```
//!
//! 1. **The request.** [`LogoutRequest`] reads a query or a form strictly: no parameter twice, nothing replaced that does
//!    not decode. Its values are typed and untrusted.
//! 2. **The hint.** [`LogoutEndpoint::receive`] checks the request against the [`Policy`] and verifies the ID Token with the
//!    [`KeySet`]: shape, algorithm, key, signature, issuer, times, client. What was proven is a [`VerifiedHint`].
//! 3. **The client and the session.** [`Pending::client_id`] names the client; the host looks it up, with the [`Session`]
//!    as that client knows it, by its own means: sync or async, with its own errors. There is no store trait.
//! 4. **The redirect.** The requested URI selects one that the client registered, byte for byte. A [`LogoutRedirect`] is
//!    built from the [registered](RegisteredRedirect) bytes and nothing else, and its `state` is the request's.
//! 5. **The decision.** [`Pending::decide`] gives a [`Decision`], of which each variant owns the only next step: the
//!    redirect after a sign-out is reached through [`EndSession::session_ended`] alone.
//!
//! # As a host writes it
//!
//! ```
//! use oidc_logout::{Client, Decision, LogoutEndpoint, Session};
//! use time::OffsetDateTime;
//! # struct Answer;
//! # struct Db;
//! # type DbError = std::convert::Infallible;
//! # impl Db {
//! #     async fn client(&self, _: &str) -> Result<Option<Client>, DbError> { Ok(None) }
//! #     async fn session(&self, _: Option<&str>, _: Option<&Client>) -> Result<Option<Session>, DbError> { Ok(None) }
//! #     async fn end_session(&self, _: Option<&str>) -> Result<(), DbError> { Ok(()) }
//! # }
//! # fn error_page(_: oidc_logout::Refusal, _: Option<oidc_logout::Confirm>) -> Answer { Answer }
//! # fn confirmation_page(_: oidc_logout::Confirm) -> Answer { Answer }
//! # fn account_page(_: oidc_logout::Declined) -> Answer { Answer }
//! # fn self_posting_page(_: oidc_logout::Resubmit) -> Answer { Answer }
//! # fn redirect_or_signed_out_page(_: oidc_logout::Landing) -> Answer { Answer }
//! # struct Request<'r> { method: &'r str, content_type: Option<&'r str>, query: &'r [u8], body: &'r [u8], cookie: Option<&'r str> }
//!
//! async fn logout(op: &LogoutEndpoint, db: &Db, http: Request<'_>) -> Result<Answer, DbError> {
//!     let now = OffsetDateTime::now_utc();
//!     let request = op.read(http.method, http.content_type, http.query, http.body);   // 1
//!     let decision = match request.and_then(|request| op.receive(request, now)) {     // 2
//!         Ok(pending) => {
//!             let client = match pending.client_id() {                                // 3
//!                 Some(id) => db.client(id.as_str()).await?,
//!                 None => None,
//!             };
//!             let session = db.session(http.cookie, client.as_ref()).await?;
//!             pending.decide(client.as_ref(), session.as_ref())                       // 4 and 5
//!         }
//!         Err(refusal) => Decision::Refuse(refusal),
//!     };
//!     Ok(match decision {
//!         Decision::EndSession(end) => {
//!             db.end_session(http.cookie).await?;
//!             redirect_or_signed_out_page(end.session_ended()) // the landing exists only now
//!         }
//!         Decision::NoSession(landing) => redirect_or_signed_out_page(landing),
//!         Decision::Confirm(ask) => confirmation_page(ask),
//!         Decision::Declined(stays) => account_page(stays),
//!         Decision::Resubmit(again) => self_posting_page(again),
//!         Decision::Refuse(refusal) => {
//!             // Whoever is signed in gets a way out, whatever is wrong with the request.
//!             let session = db.session(http.cookie, None).await?;
//!             error_page(refusal, session.map(|session| op.offer(&session, now)))
//!         }
//!     })
//! }
//! ```
//!
//! Every outcome has a `status()` and `headers()`, and keeps the request where it could be read (for `ui_locales` and
//! `logout_hint`), the hint where it verified and the client where it was found. [`Decision::audit`] makes a record for the log.
//! `examples/axum.rs` is this with pages and sessions.
//!
//! # Discovery and registration
//!
//! [`ProviderMetadata`] is what logout adds to the provider's discovery document, [`ClientMetadata`] what it adds to dynamic
//! client registration: from the request's JSON to the [`Client`], or to the error response. Both flatten into the host's own
//! documents.
//!
//! # What it never does
//!
//! - It opens no socket, reads no clock, keeps no state, starts no thread, draws no random bytes: what it needs it is
//!   given. The same arguments give the same decision.
//! - It never redirects to anything but a registered URI of a client that the host found, and adds nothing to it but
//!   one `state` (and the port that a native client asks for on a loopback address). There are no wildcards.
//! - It never panics on input, and never shows a value of the input, a secret or a key in an error or in `Debug`.
//! - It does not decrypt: a host that can hands over the [inner token](LogoutRequest::with_decrypted_hint).
//!
//! # What remains with the host
//!
//! - **Look up as the client knows it.** Subjects may be pairwise and `sid`s per client: give the [`Session`] those of the
//!   client that [`Pending::client_id`] names, or none.
//! - **End the session on the server** before [`EndSession::session_ended`], and clear the cookie. A cleared cookie alone
//!   ends nothing.
//! - **A new [binding](Session::new) for every sign-in**, random, never sent to a client.
//! - **Escape** what the pages show, and send the answer's status and headers with them.
//! - **A cookie that comes along** when a client sends the End-User: `SameSite=Lax`. With `Strict` the request would look as
//!   if nobody were signed in.
//! - **Limit the body** that is read from the network; what exceeds 64 KiB is refused in any case.
//! - **Keep the keys** that sign ID Tokens in the key set for as long as their hints should count, longer than the
//!   tokens are valid: an expired hint is still a hint.
//!
//! # Words
//!
//! They are those of the specifications. The provider (OP) is the one that users sign in at, the client (RP) the
//! application that they sign in to, the End-User the person. `Pending` and `Landing` fill two gaps: a request that waits
//! for the host's look-ups, and where the End-User ends up.
//!
//! # Features
//!
//! - `josekit` (default): signatures and MACs by josekit, on the system's OpenSSL.
//! - `aws-lc-rs`: by aws-lc-rs in place of josekit, whether that is enabled too or not. With `default-features = false` the
//!   crate then builds without OpenSSL. Decisions are the same.
//! - `vendored`: builds OpenSSL from source instead; needs a C compiler, make and perl.
//!
//! [RPI]: https://openid.net/specs/openid-connect-rpinitiated-1_0.html

#[cfg(not(any(feature = "josekit", feature = "aws-lc-rs")))]
compile_error!("oidc-logout needs a signature backend: enable the feature `josekit` or `aws-lc-rs`");

mod answer;
mod audit;
mod client;
mod confirm;
mod decision;
mod endpoint;
mod hint;
mod metadata;
mod policy;
mod redirect;
mod refusal;
mod request;
mod session;

pub use answer::Headers;
pub use audit::{AuditRecord, AuditedHint};
pub use client::{Client, ClientBuilder, ClientError};
pub use confirm::{ConfirmReason, ConfirmationKey, ConfirmationKeyTooShort};
pub use decision::{Confirm, Decision, Declined, EndSession, Landing, Pending, Resubmit, SignedOutPage};
pub use endpoint::{Limits, LogoutEndpoint};
pub use hint::{
    Algorithm, HintError, KeyError, KeySet, KeySetError, MalformedHint, NumericDate, PemError, Segment, UnusableKey,
    VerifiedHint,
};
pub use metadata::{
    ClientMetadata, ClientRegistrationError, EndSessionEndpoint, EndSessionEndpointError, ProviderMetadata,
};
pub use policy::{
    ConfirmRule, CrossSitePost, ExpiredHint, HintRule, HintWithoutSid, OnBadHint, Policy, PolicyBuilder, PolicyError,
    Presence, RedirectWithoutHint, StateRule, UriMatching,
};
pub use redirect::{
    ApplicationType, ClientType, LogoutRedirect, RegisteredRedirect, RegistrationError, RegistrationRules,
};
pub use refusal::{FormFault, Parameter, Refusal, RefusalReason};
pub use request::{
    ClientId, IdTokenHint, LogoutHint, LogoutRequest, LogoutRequestBuilder, Method, PostLogoutRedirectUri, State,
    UiLocales,
};
pub use session::Session;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
