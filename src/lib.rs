//! OpenID Connect logout.

#[cfg(not(feature = "josekit"))]
compile_error!("oidc-logout needs a signature backend: enable the feature `josekit`");

mod answer;
mod client;
mod confirm;
mod decision;
mod endpoint;
mod hint;
mod policy;
mod redirect;
mod refusal;
mod request;
mod session;

pub use answer::Headers;
pub use client::{Client, ClientBuilder, ClientError};
pub use confirm::{ConfirmReason, ConfirmationKey, ConfirmationKeyTooShort};
pub use decision::{Confirm, Decision, Declined, EndSession, Landing, Pending, Resubmit, SignedOutPage};
pub use endpoint::{Limits, LogoutEndpoint};
pub use hint::{
    Algorithm, HintError, KeyError, KeySet, KeySetError, MalformedHint, NumericDate, Segment, UnusableKey, VerifiedHint,
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
pub use session::{BindingTooShort, Session};
