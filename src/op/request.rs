//! Step 1: the request as data, typed but still untrusted.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::parameter::{self, ClientId, IdTokenHint, LogoutHint, PostLogoutRedirectUri, State, UiLocales};
use crate::request_headers::RequestHeaders;

/// The HTTP method of a logout request. A provider must support both ([RP-Initiated Logout 1.0,
/// section 2](https://openid.net/specs/openid-connect-rpinitiated-1_0.html#RPLogout)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// The parameters came in the query of the URL.
    Get,
    /// The parameters came in the body, as a form.
    Post,
}

impl Method {
    /// `GET` or `POST`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

/// The End-User's answer on the confirmation page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum YesOrNo {
    Yes,
    No,
}

/// A logout request: the six parameters of [RP-Initiated Logout 1.0, section 2], decoded and named,
/// nothing more.
///
/// It is made from a query, from a form, or by hand, with the same checks. It serializes back to a
/// form, and reading that form gives the same parameters again, unless the encoding makes it larger
/// than the limit. `Debug` shows the parameters' names and lengths, never a value.
///
/// ```
/// use oidc_logout::op::LogoutRequest;
///
/// let request = LogoutRequest::from_query("client_id=rp-1&state=af0ifjsldkj")?;
/// assert_eq!(request.client_id().unwrap().as_str(), "rp-1");
/// assert_eq!(serde_urlencoded::to_string(&request)?, "client_id=rp-1&state=af0ifjsldkj");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// [RP-Initiated Logout 1.0, section 2]: https://openid.net/specs/openid-connect-rpinitiated-1_0.html#RPLogout
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LogoutRequest {
    #[serde(skip)]
    pub(crate) method: Method,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) id_token_hint: Option<IdTokenHint>,
    // Never written back: forms carry what the client sent.
    #[serde(skip)]
    pub(crate) decrypted_hint: Option<IdTokenHint>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) logout_hint: Option<LogoutHint>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) client_id: Option<ClientId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) post_logout_redirect_uri: Option<PostLogoutRedirectUri>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) state: Option<State>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ui_locales: Option<UiLocales>,
    #[serde(skip_serializing_if = "std::ops::Not::not", serialize_with = "write_one")]
    pub(crate) resubmitted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) confirmation: Option<Confirmation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) confirm: Option<YesOrNo>,
    #[serde(skip)]
    pub(crate) headers: RequestHeaders,
}

impl LogoutRequest {
    /// The method of the request.
    #[must_use]
    pub fn method(&self) -> Method {
        self.method
    }

    /// The `id_token_hint` as it was sent.
    #[must_use]
    pub fn id_token_hint(&self) -> Option<&IdTokenHint> {
        self.id_token_hint.as_ref()
    }

    /// The `logout_hint`, which the host interprets.
    #[must_use]
    pub fn logout_hint(&self) -> Option<&LogoutHint> {
        self.logout_hint.as_ref()
    }

    /// The `client_id` parameter. Not necessarily the client the request is made for: see
    /// [`Pending::client_id`](super::Pending::client_id).
    #[must_use]
    pub fn client_id(&self) -> Option<&ClientId> {
        self.client_id.as_ref()
    }

    /// The `post_logout_redirect_uri` as requested.
    #[must_use]
    pub fn post_logout_redirect_uri(&self) -> Option<&PostLogoutRedirectUri> {
        self.post_logout_redirect_uri.as_ref()
    }

    /// The `state`.
    #[must_use]
    pub fn state(&self) -> Option<&State> {
        self.state.as_ref()
    }

    /// The `ui_locales`.
    #[must_use]
    pub fn ui_locales(&self) -> Option<&UiLocales> {
        self.ui_locales.as_ref()
    }

    /// Hands over the content of an [encrypted](IdTokenHint::is_encrypted) hint, a compact JWS,
    /// which is then verified like any other (RP-Initiated Logout 1.0, section 2). The forms of the
    /// pages still carry the hint as the client sent it, so decrypt in every request.
    ///
    /// ```
    /// # use oidc_logout::op::LogoutRequest;
    /// # fn decrypt(_: &str) -> Option<String> { Some("e30.e30.".into()) }
    /// let mut request = LogoutRequest::from_query("id_token_hint=a.b.c.d.e")?;
    /// if let Some(hint) = request.id_token_hint().filter(|hint| hint.is_encrypted()) {
    ///     if let Some(jws) = decrypt(hint.as_str()) {
    ///         request = request.with_decrypted_hint(jws);
    ///     }
    /// }
    /// # Ok::<(), oidc_logout::op::Refusal>(())
    /// ```
    #[must_use]
    pub fn with_decrypted_hint(mut self, jws: impl Into<String>) -> Self {
        self.decrypted_hint = Some(IdTokenHint(jws.into()));
        self
    }

    /// The token to verify: the decrypted content of the hint, or else the hint itself.
    pub(crate) fn token(&self) -> Option<&IdTokenHint> {
        self.id_token_hint.as_ref().map(|hint| self.decrypted_hint.as_ref().unwrap_or(hint))
    }

    pub(crate) fn is_resubmitted(&self) -> bool {
        self.resubmitted
    }

    pub(crate) fn confirmation(&self) -> Option<&Confirmation> {
        self.confirmation.as_ref()
    }

    pub(crate) fn confirm(&self) -> Option<YesOrNo> {
        self.confirm
    }

    /// Whether this claims to be an answer to the confirmation page, with or without the page's
    /// proof.
    pub(crate) fn is_answer(&self) -> bool {
        self.confirmation.is_some() || self.confirm.is_some()
    }

    /// Whether it answers a [`Confirm`](super::Confirm) that the provider offered on its own (rule
    /// 9).
    pub(crate) fn answers_offer(&self) -> bool {
        // Also once it was posted again, which leaves only the mark.
        (self.confirmation.is_some() || self.resubmitted) && self.parameters().all(|(_, value)| value.is_none())
    }

    /// The names of the six parameters and their values as they were sent, in a fixed order.
    pub(crate) fn parameters(&self) -> impl Iterator<Item = (&'static str, Option<&str>)> {
        let values = [
            self.id_token_hint.as_ref().map(IdTokenHint::as_str),
            self.logout_hint.as_ref().map(LogoutHint::as_str),
            self.client_id.as_ref().map(ClientId::as_str),
            self.post_logout_redirect_uri.as_ref().map(PostLogoutRedirectUri::as_str),
            self.state.as_ref().map(State::as_str),
            self.ui_locales.as_ref().map(UiLocales::as_str),
        ];
        parameter::NAMES.into_iter().zip(values)
    }
}

/// The proof that a confirmation page carries, as it came.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct Confirmation(pub(crate) String);

impl Confirmation {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Confirmation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Confirmation({} bytes)", self.0.len())
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn write_one<S: Serializer>(_: &bool, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str("1")
}
