//! The provider's side of logout: a request in, a decision out.
//!
//! A client sends the End-User's browser to the provider's logout endpoint with an ID Token as a
//! hint, the URI to come back to, and a `state` ([RP-Initiated Logout 1.0][RPI]). The provider must
//! find out whether the request is legitimate, ask the End-User if that is not proven, end the
//! session, tell the other clients, and redirect only to a URI that the client registered. This
//! module does all of that except what only the host can do: look up the client, look up the
//! session, end it, send requests, and write the pages.
//!
//! ```text
//!  query / form ─▶ LogoutRequest ─▶ LogoutEndpoint::receive(request, now) ─▶ Pending
//!                       1                       2 the hint                      │
//!                                     client_id() ─▶ the host looks up          │ 3
//!                                     the client, and the session as            │
//!                                     that client knows it                      │
//!                                                                               ▼
//!  Landing ◀─ session_ended(told) ◀─ Decision ◀─────── Pending::decide(client, session)
//!                                       5                        4 the redirect
//! ```
//!
//! 1. **The request.** [`LogoutEndpoint::read`] takes an HTTP request apart, strictly: no parameter
//!    twice, and nothing is replaced that does not decode. A [`LogoutRequest`] holds typed values
//!    that are not trusted.
//! 2. **The hint.** [`LogoutEndpoint::receive`] checks the request against the [`Policy`] and
//!    verifies the ID Token with the [`KeySet`](crate::KeySet): shape, kind, algorithm, key,
//!    signature, issuer, times, client. The proven part is a [`VerifiedHint`].
//!    [`verify_hint`](LogoutEndpoint::verify_hint) does the same outside of logout.
//! 3. **The client and the session.** [`Pending::client_id`] names the client. The host looks it
//!    up, and the [`Session`] as that client knows it, by its own means: sync or async, with its
//!    own errors. There is no store trait. A [`PendingSession`] stands between the two look-ups,
//!    for hosts that read the hint's claims or find the session by its `sid`.
//! 4. **The redirect.** The requested URI selects one that the client registered, byte for byte. A
//!    [`LogoutRedirect`] is built from the [registered](RegisteredRedirect) bytes and nothing else,
//!    plus the request's `state`.
//! 5. **The decision.** [`Pending::decide`] gives a [`Decision`]: end a session first, or answer at
//!    once. The only way to the redirect after a sign-out is [`EndSession::session_ended`], which
//!    takes what came of the [notices](#telling-the-other-clients) to the other clients.
//!
//! Each step is one file of the source, and [`design`](crate::design) has the rules in their order.
//!
//! # As a host writes it
//!
//! ```
//! use oidc_logout::op::{Answer, Client, Decision, EndSession, LogoutEndpoint, Session, Told};
//! use time::OffsetDateTime;
//! # struct Response;
//! # struct Db;
//! # type DbError = std::convert::Infallible;
//! # impl Db {
//! #     async fn client(&self, _: &str) -> Result<Option<Client>, DbError> { Ok(None) }
//! #     async fn session(&self, _: Option<&str>, _: Option<&Client>) -> Result<Option<Session>, DbError> { Ok(None) }
//! #     async fn end_session(&self, _: Option<&str>, _: &EndSession) -> Result<Told, DbError> { Ok(Told::nobody()) }
//! # }
//! # fn respond(_: u16, _: &oidc_logout::Headers<'_>, _: &Answer, _: Option<&oidc_logout::op::Confirm>) -> Response { Response }
//! # struct Request<'r> { method: &'r str, query: &'r str, headers: Vec<(&'r str, &'r [u8])>, body: &'r [u8], cookie: Option<&'r str> }
//!
//! async fn logout(
//!     op: &LogoutEndpoint,
//!     db: &Db,
//!     http: Request<'_>,
//! ) -> Result<Response, DbError> {
//!     let now = OffsetDateTime::now_utc();
//!     let request = op.read(http.method, http.query, http.headers, http.body);       // 1
//!     let decision = match request.and_then(|request| op.receive(request, now)) {    // 2
//!         Ok(pending) => {
//!             let client = match pending.client_id() {                               // 3
//!                 Some(id) => db.client(id.as_str()).await?,
//!                 None => None,
//!             };
//!             let session = db.session(http.cookie, client.as_ref()).await?;
//!             pending.decide(client.as_ref(), session.as_ref())                      // 4 and 5
//!         }
//!         Err(refusal) => refusal.into(),
//!     };
//!     let answer = match decision {
//!         Decision::EndSession(end) => {
//!             let told = db.end_session(http.cookie, &end).await?; // and tells the clients
//!             end.session_ended(told).into() // the landing exists only now
//!         }
//!         Decision::Answer(answer) => answer,
//!     };
//!     // An error page offers a way to sign out, if somebody is signed in.
//!     let offer = match &answer {
//!         Answer::Refuse(_) => {
//!             let session = db.session(http.cookie, None).await?;
//!             session.and_then(|session| op.offer(&session, now).ok())
//!         }
//!         _ => None,
//!     };
//!     // The variant chooses the template. Status and headers come from the answer.
//!     Ok(respond(answer.status(), &answer.headers(), &answer, offer.as_ref()))
//! }
//! ```
//!
//! Every outcome keeps the request if it could be read (for `ui_locales` and `logout_hint`), the
//! hint if it was verified and the client if it was found. [`Decision::audit`] makes a record for
//! the log. `examples/axum.rs` is this with pages and sessions.
//!
//! # The session's cookie
//!
//! Browsers withhold cookies from requests of other sites, and a client *is* another site. Tell the
//! policy the `SameSite` attribute of your session's cookie, [`session_cookie`](SessionCookie):
//!
//! - `Lax` (the default): a POST of another site comes without it. [`Resubmit`] posts the request
//!   again from a page of yours, once.
//! - `Strict`: every request of another site comes without it, even a link or a redirect of a
//!   client, so every such logout takes one page more. This is what the crate `tower-sessions` sets
//!   unless you choose otherwise (`SessionManagerLayer::with_same_site`); prefer `Lax` for a
//!   provider.
//! - `None`: browsers send it into documents. Those that block third-party cookies do not send it
//!   into frames.
//!
//! Give [`read`](LogoutEndpoint::read) **all** headers of the request, because Fetch Metadata
//! (`Sec-Fetch-Site`, `Sec-Fetch-Dest`) tells what the browser may have withheld, and whether it is
//! only prefetching. Read the session's cookie from the bytes of `Cookie`: another cookie with a
//! byte beyond ASCII, which any page on your host can set, must not hide it. A cookie whose session
//! has ended is no cookie.
//!
//! # Sessions found by the hint's `sid`
//!
//! Some clients do not send the browser. Their server, or a script in it, sends an ID Token and
//! expects that its session ends. Without a cookie this ends nothing, unless the policy
//! [`session_by_sid`](SessionBySid) allows the look-up. Stop between the two halves of the
//! decision: [`Pending::with_client`], then [`PendingSession::sid_to_find`], which offers the
//! look-up only where it is safe.
//!
//! - Allow it if clients of yours need it, for as many seconds after `iat` as sessions last at
//!   most. A token that leaks ends its session until then.
//! - Look up by client **and** `sid`. Never fall back from a `sid` without a session to the user:
//!   an old token would end newer sessions.
//! - Do not clear the browser's cookie ([`EndSession::is_found_by_sid`]): it belongs to another
//!   session.
//!
//! # Pages by a script, errors as JSON
//!
//! A provider whose pages are written by a script in the browser serializes the answer:
//! [`Confirm::page`] and [`Resubmit::page`] hold what the page needs, and a [`Refusal`] is its own
//! error body.
//!
//! - The script must put the fields into a real form and submit it, not call `fetch`: a `fetch`
//!   cannot follow the redirect to the client, and the answer may be a question, which needs a
//!   page.
//! - Escape the JSON for the place that it stands in. In `<script>` write `<` as `\u003c`; in
//!   `<template>` and in attributes escape it as HTML.
//! - Leave the endpoint out of CSRF protection that wants a header or a token of your framework:
//!   the proof in the form is that protection, and clients cannot send yours.
//! - If the page is on another origin than the endpoint, its own content security policy must allow
//!   the form: the endpoint's origin and [`Confirm::form_action_sources`]. The request that comes
//!   back is then `same-site` or `cross-site`, so put both on one site.
//!
//! # Telling the other clients
//!
//! Every client that takes part in a session must learn of its end: the one that asks for the
//! logout too, and also if the session expires, the password changes or an operator ends it. There
//! are two channels. By the *back channel*, the provider's server posts a logout token to the
//! client's server ([Back-Channel Logout 1.0][BC]). By the *front channel*, a page of the provider
//! loads a URI of the client in a frame ([Front-Channel Logout 1.0][FC]), which reaches the cookies
//! of clients on the same site, and all clients that find the session by `iss` and `sid`.
//!
//! 1. **Plan and store**, in the transaction that ends the session: [`EndSession::notices`], or
//!    [`LogoutEndpoint::notices`] where there is no request. The example of [`Notices`] shows the
//!    whole of it.
//! 2. **Attempt at once.** The request that ends the session makes the first attempts, in parallel,
//!    and waits 2 to 3 seconds for them. Then a client that the user comes back to does not have
//!    them still signed in elsewhere.
//! 3. **Attempt again.** A worker of yours delivers the rest by a [`Schedule`], so that a client
//!    that is down holds nobody up and is not forgotten.
//! 4. **Land.** [`Notices::told`] says which attempts were successful.
//!    [`session_ended`](EndSession::session_ended) gives the redirect, or a [`FrontChannelPage`]
//!    before it, or the signed-out page with the frames.
//!
//! The worker, for one notice that is due:
//!
//! ```
//! use oidc_logout::op::{
//!     AddressRules, BackChannelNotice, Claim, Client, DeliveryFault, LogoutToken, Next, Reply,
//!     Schedule,
//! };
//! use time::OffsetDateTime;
//! # type DbError = std::io::Error;
//! # struct Db;
//! # impl Db {
//! #     fn client(&self, _: &str) -> Result<Option<Client>, DbError> { Ok(None) }
//! #     fn store(&self, _: &BackChannelNotice, _: u32) -> Result<bool, DbError> { Ok(true) }
//! #     fn locked(&self, _: &str, _: impl FnOnce(&mut BackChannelNotice) -> Next) -> Result<Next, DbError> { Ok(Next::Delivered) }
//! # }
//! # struct Keys;
//! # impl Keys {
//! #     fn sign<'c>(&self, _: &BackChannelNotice, _: &'c Client, _: [u8; 16]) -> Result<LogoutToken<'c>, DeliveryFault> { Err(DeliveryFault::KeyGone) }
//! # }
//! # struct Http;
//! # struct Answer { status: u16, retry_after: Option<String> }
//! # impl Http { fn post(&self, _: &str, _: &str, _: &str, _: std::time::Duration) -> Result<Answer, DeliveryFault> { Err(DeliveryFault::Timeout) } }
//! # fn random<const N: usize>() -> [u8; N] { [7; N] }
//!
//! fn attempt(
//!     db: &Db,
//!     http: &Http, // follows no redirect, uses no proxy, asks the rules about each address
//!     keys: &Keys,
//!     addresses: &AddressRules,
//!     schedule: &Schedule,
//!     mut notice: BackChannelNotice,
//! ) -> Result<Option<Next>, DbError> {
//!     // Claimed first, so that no other instance makes the same attempt.
//!     let before = notice.attempts();
//!     let claim = notice.claim(OffsetDateTime::now_utc(), schedule);
//!     if !db.store(&notice, before)? {
//!         return Ok(None); // another instance was faster
//!     }
//!     let Claim::Attempt(attempt) = claim else { return Ok(None) };
//!
//!     let client = db.client(notice.client_id().as_str())?;
//!     let send = |client: &Client| {
//!         let token = keys.sign(&notice, client, random())?; // see `logout_token`
//!         let request = token.request();
//!         addresses.check_host(request.host()).map_err(|_| DeliveryFault::AddressBlocked)?;
//!         let timeout = schedule.attempt_timeout();
//!         http.post(request.uri(), request.content_type(), request.body(), timeout)
//!     };
//!     let answer = client.as_ref().ok_or(DeliveryFault::ClientGone).and_then(send);
//!     let reply = match &answer {
//!         Ok(answer) => Reply::Answer {
//!             status: answer.status,
//!             retry_after: answer.retry_after.as_deref(),
//!         },
//!         Err(fault) => Reply::Fault(*fault),
//!     };
//!     // Read anew, because the claim may have been lost by now.
//!     let jitter = u32::from_be_bytes(random());
//!     let next = db.locked(&notice.key(), |notice| {
//!         notice.record(attempt, reply, OffsetDateTime::now_utc(), jitter, schedule)
//!     })?;
//!     Ok(Some(next)) // log a `Failed`: somebody must look at that client
//! }
//! ```
//!
//! # Discovery and registration
//!
//! [`ProviderMetadata`](crate::ProviderMetadata) is what logout adds to the provider's discovery
//! document. [`ClientMetadata`](crate::ClientMetadata) is what it adds to dynamic client
//! registration: from the request's JSON to the [`Client`], or to the error response. Both flatten
//! into the host's own documents.
//!
//! # What remains with the host
//!
//! - **Look up as the client knows it.** Subjects may be pairwise and a `sid` may differ for each
//!   client. Give the [`Session`] those of the client that [`Pending::client_id`] names, or none.
//! - **End the session on the server** before [`EndSession::session_ended`], and clear the cookie.
//!   A cleared cookie alone ends nothing.
//! - **Tell the clients** that take part, wherever a session ends, and keep the worker running.
//! - **Guard your network**: ask the [`AddressRules`] about each address that a notice is sent to.
//! - **Make a new [binding](Session::new) for every sign-in**, random, and never send it to a
//!   client.
//! - **Escape** what the pages show, and send the answer's status and headers with them.
//! - **Say what the cookie is**: the policy's `session_cookie` must be its `SameSite` attribute.
//! - **Limit the body** that is read from the network. A body above 64 KiB is refused in any case.
//! - **Keep the keys** that sign ID Tokens in the key set for as long as their hints should be
//!   accepted, longer than the tokens are valid: an expired hint is still a hint.
//!
//! [RPI]: https://openid.net/specs/openid-connect-rpinitiated-1_0.html
//! [BC]: https://openid.net/specs/openid-connect-backchannel-1_0.html
//! [FC]: https://openid.net/specs/openid-connect-frontchannel-1_0.html

mod address;
mod answer;
mod audit;
mod client;
mod confirm;
mod confirmation;
mod decide;
mod decision;
mod declined;
mod end_session;
mod endpoint;
mod exchange;
mod front_channel;
mod hint;
mod landing;
mod notices;
mod page;
mod page_form;
mod pending;
mod pending_session;
mod policy;
mod read;
mod reasons;
mod receive;
mod redirect;
mod refusal;
mod register;
mod registration;
mod request;
mod resubmit;
mod session;
mod settings;
mod verify;
mod without_cookie;

pub use address::{AddressBlocked, AddressRules, Network, NetworkError};
pub use answer::Answer;
pub use audit::{AuditRecord, AuditedHint};
pub use client::{Client, ClientBuilder, ClientError};
pub use confirm::Confirm;
pub use decision::Decision;
pub use declined::Declined;
pub use end_session::EndSession;
pub use endpoint::LogoutEndpoint;
pub use front_channel::FrontChannelPage;
pub use hint::{ClaimsError, HintError, VerifiedHint, VerifyHintError};
pub use landing::{Landing, SignedOutPage};
pub use notices::{
    BackChannelNotice, BackChannelRequest, Claim, DeliveryFault, EndedSession, FrontChannelFrame, LogoutToken, Next,
    NotTold, NotToldCause, Notices, Participant, Reply, Schedule, SignatureError, SigningInput, Told,
    UnsignedLogoutToken,
};
pub use page::{ConfirmPage, ResubmitPage};
pub use pending::Pending;
pub use pending_session::{PendingSession, SidToFind};
pub use policy::{
    ConfirmRule, ExpiredHint, HintRule, HintWithoutSid, OnBadHint, Policy, PolicyBuilder, PolicyError, Presence,
    RedirectWithoutHint, SessionBySid, SessionCookie, StateRule, UriMatching,
};
pub use read::LogoutRequestBuilder;
pub use reasons::ConfirmReason;
pub use redirect::LogoutRedirect;
pub use refusal::{HostError, Refusal, RefusalReason};
pub use registration::{
    BackChannelUri, ChannelUriError, FrontChannelUri, RegisteredRedirect, RegistrationError, RegistrationRules,
};
pub use request::{LogoutRequest, Method};
pub use resubmit::Resubmit;
pub use session::Session;

pub use crate::parameter::{IdTokenHint, LogoutHint, PostLogoutRedirectUri, State, UiLocales};
