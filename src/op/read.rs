//! Step 1: from the bytes of an HTTP request to a [`LogoutRequest`].
//!
//! Reading is strict (see [`form`]). Writing is `serde_urlencoded`'s job.

use std::fmt;

use super::page_form::{self, ENCODED_PARAMETERS};
use super::refusal::{Refusal, RefusalReason};
use super::request::{Confirmation, LogoutRequest, Method, YesOrNo};
use crate::form;
use crate::parameter::{self, ClientId, IdTokenHint, LogoutHint, PostLogoutRedirectUri, State, UiLocales};
use crate::request_headers::RequestHeaders;

/// The values of the six parameters, in the order of their names. An empty one was sent empty.
type Parameters = [Option<String>; 6];

/// The fields that the provider's own pages post beside the six parameters.
const PAGE_NAMES: [&str; 3] = ["resubmitted", "confirmation", "confirm"];

impl LogoutRequest {
    /// The largest query or form that is read, in bytes, unless [`Limits`](crate::Limits) say otherwise: 64 KiB.
    pub const MAX_BYTES: usize = form::MAX_BYTES;

    /// Reads the query of a GET request: what follows the `?`, still encoded. (With the `?` the first parameter would be one
    /// that is not known.)
    ///
    /// Parameters are looked at from left to right and the first fault counts. A parameter sent without a value is
    /// taken as omitted (RFC 6749, section 3.1). Unknown parameters are ignored, even those that do not decode.
    ///
    /// # Errors
    /// [`RequestTooLarge`](RefusalReason::RequestTooLarge) above 64 KiB; [`MalformedRequest`](RefusalReason::MalformedRequest) when
    /// a known parameter's value has a broken percent-encoding or is not UTF-8;
    /// [`DuplicateParameter`](RefusalReason::DuplicateParameter) when a known one occurs twice, be it empty.
    ///
    /// ```
    /// use oidc_logout::op::{LogoutRequest, RefusalReason};
    ///
    /// let request = LogoutRequest::from_query("state=a+b%20c&theme=dark")?;
    /// assert_eq!(request.state().unwrap().as_str(), "a b c");
    ///
    /// let refusal = LogoutRequest::from_query("state=a&st%61te=b").unwrap_err();
    /// assert_eq!(refusal.reason().code(), "duplicate_parameter");
    /// # Ok::<(), oidc_logout::op::Refusal>(())
    /// ```
    pub fn from_query(query: impl AsRef<[u8]>) -> Result<Self, Refusal> {
        Self::read(Method::Get, query.as_ref(), Self::MAX_BYTES)
    }

    /// Reads the body of a POST request, `application/x-www-form-urlencoded`. The query of a POST is to be ignored.
    ///
    /// Besides the six parameters this reads those of the crate's own pages: the answer to a
    /// [`Confirm`](super::Confirm) and the mark of a [`Resubmit`](super::Resubmit).
    ///
    /// # Errors
    /// As [`from_query`](Self::from_query).
    ///
    /// ```
    /// # use oidc_logout::op::{LogoutRequest, Method};
    /// let request = LogoutRequest::from_form(b"client_id=rp-1".as_slice())?;
    /// assert_eq!(request.method(), Method::Post);
    /// # Ok::<(), oidc_logout::op::Refusal>(())
    /// ```
    pub fn from_form(body: impl AsRef<[u8]>) -> Result<Self, Refusal> {
        Self::read(Method::Post, body.as_ref(), Self::MAX_BYTES)
    }

    /// Reads a whole HTTP request: chooses query or body by the method, and refuses what is neither.
    pub(crate) fn from_http(
        method: &str,
        query: &[u8],
        headers: RequestHeaders,
        body: &[u8],
        max_bytes: usize,
    ) -> Result<Self, Refusal> {
        match method {
            "GET" => Self::read(Method::Get, query, max_bytes),
            "POST" if body.len() > max_bytes || headers.is_form => Self::read(Method::Post, body, max_bytes),
            "POST" => Err(RefusalReason::UnsupportedMediaType.into()),
            "HEAD" => Err(RefusalReason::HeadRequest.into()),
            _ => Err(RefusalReason::MethodNotAllowed.into()),
        }
    }

    /// Builds a request by hand, for a host whose framework has already decoded the parameters, and for tests.
    ///
    /// ```
    /// use oidc_logout::op::{LogoutRequest, Method};
    ///
    /// let request = LogoutRequest::builder(Method::Get)
    ///     .client_id("rp-1")
    ///     .post_logout_redirect_uri("https://rp.example/signed-out")
    ///     .build()?;
    /// assert_eq!(request, LogoutRequest::from_query("client_id=rp-1&post_logout_redirect_uri=https://rp.example/signed-out")?);
    /// # Ok::<(), oidc_logout::op::Refusal>(())
    /// ```
    pub fn builder(method: Method) -> LogoutRequestBuilder {
        LogoutRequestBuilder { method, values: Parameters::default(), duplicate: None }
    }

    /// A request without any parameter, for what the provider offers on its own.
    pub(crate) fn empty(method: Method) -> Self {
        Self::assemble(method, Parameters::default(), Default::default())
    }

    fn read(method: Method, form: &[u8], max_bytes: usize) -> Result<Self, Refusal> {
        if form.len() > max_bytes {
            return Err(RefusalReason::RequestTooLarge.into());
        }
        let (parameters, page) = match method {
            // The provider's own pages only post.
            Method::Get => (form::read(form, parameter::NAMES)?, Default::default()),
            Method::Post => read_post(form)?,
        };
        Ok(Self::assemble(method, parameters, page))
    }

    /// A parameter sent without a value counts as omitted (RFC 6749, section 3.1).
    fn assemble(method: Method, parameters: Parameters, page: [Option<String>; 3]) -> Self {
        let given = |value: Option<String>| value.filter(|value| !value.is_empty());
        let [id_token_hint, logout_hint, client_id, post_logout_redirect_uri, state, ui_locales] = parameters;
        let [resubmitted, confirmation, confirm] = page;
        Self {
            method,
            id_token_hint: given(id_token_hint).map(IdTokenHint),
            decrypted_hint: None,
            logout_hint: given(logout_hint).map(LogoutHint),
            client_id: given(client_id).map(ClientId::new),
            post_logout_redirect_uri: given(post_logout_redirect_uri).map(PostLogoutRedirectUri),
            state: given(state).map(State),
            ui_locales: given(ui_locales).map(UiLocales),
            resubmitted: resubmitted.is_some_and(|value| value == "1"),
            confirmation: given(confirmation).map(Confirmation),
            confirm: confirm.and_then(|value| match value.as_str() {
                "yes" => Some(YesOrNo::Yes),
                "no" => Some(YesOrNo::No),
                _ => None,
            }),
        }
    }
}

/// Reads a form: the six parameters, and the fields of the provider's own pages.
fn read_post(form: &[u8]) -> Result<(Parameters, [Option<String>; 3]), RefusalReason> {
    let [n1, n2, n3, n4, n5, n6] = parameter::NAMES;
    let [p1, p2, p3] = PAGE_NAMES;
    let [v1, v2, v3, v4, v5, v6, resubmitted, confirmation, confirm] =
        form::read(form, [n1, n2, n3, n4, n5, n6, p1, p2, p3])?;
    let mut parameters = [v1, v2, v3, v4, v5, v6];
    // Only the provider's own pages send this field. From anybody else its name is not known.
    if (resubmitted.is_some() || confirmation.is_some())
        && let [Some(encoded)] = form::read(form, [ENCODED_PARAMETERS])?
    {
        let malformed = |fault| RefusalReason::MalformedRequest { parameter: ENCODED_PARAMETERS, fault };
        let inner = page_form::decode(&encoded).map_err(malformed)?;
        let inner = form::read(&inner, parameter::NAMES)?;
        for ((name, value), slot) in parameter::NAMES.into_iter().zip(inner).zip(&mut parameters) {
            if value.is_some() && slot.is_some() {
                return Err(RefusalReason::DuplicateParameter { parameter: name });
            }
            *slot = slot.take().or(value);
        }
    }
    Ok((parameters, [resubmitted, confirmation, confirm]))
}

/// Builds a [`LogoutRequest`] by hand; see [`LogoutRequest::builder`]. Values are given decoded; an empty one counts
/// as omitted, and setting a parameter twice is a [`DuplicateParameter`](RefusalReason::DuplicateParameter).
#[derive(Clone)]
#[must_use]
pub struct LogoutRequestBuilder {
    method: Method,
    values: Parameters,
    duplicate: Option<&'static str>,
}

impl LogoutRequestBuilder {
    /// Sets `id_token_hint`.
    pub fn id_token_hint(self, value: impl Into<String>) -> Self {
        self.set(0, value.into())
    }

    /// Sets `logout_hint`.
    pub fn logout_hint(self, value: impl Into<String>) -> Self {
        self.set(1, value.into())
    }

    /// Sets `client_id`.
    pub fn client_id(self, value: impl Into<String>) -> Self {
        self.set(2, value.into())
    }

    /// Sets `post_logout_redirect_uri`.
    pub fn post_logout_redirect_uri(self, value: impl Into<String>) -> Self {
        self.set(3, value.into())
    }

    /// Sets `state`.
    pub fn state(self, value: impl Into<String>) -> Self {
        self.set(4, value.into())
    }

    /// Sets `ui_locales`: language tags separated by spaces.
    pub fn ui_locales(self, value: impl Into<String>) -> Self {
        self.set(5, value.into())
    }

    /// Checks and builds.
    ///
    /// # Errors
    /// As [`LogoutRequest::from_query`]; the size is that of the request once encoded.
    pub fn build(self) -> Result<LogoutRequest, Refusal> {
        if let Some(parameter) = self.duplicate {
            return Err(RefusalReason::DuplicateParameter { parameter }.into());
        }
        let request = LogoutRequest::assemble(self.method, self.values, Default::default());
        let encoded = serde_urlencoded::to_string(&request).map(|form| form.len());
        if encoded.is_ok_and(|length| length <= LogoutRequest::MAX_BYTES) {
            Ok(request)
        } else {
            Err(RefusalReason::RequestTooLarge.into())
        }
    }

    /// `index` is the place in [`parameter::NAMES`].
    fn set(mut self, index: usize, value: String) -> Self {
        if let Some(slot) = self.values.get_mut(index)
            && slot.replace(value).is_some()
        {
            self.duplicate = self.duplicate.or(parameter::NAMES.get(index).copied());
        }
        self
    }
}

/// Names only.
impl fmt::Debug for LogoutRequestBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let set = parameter::NAMES.iter().zip(&self.values).filter(|(_, value)| value.is_some());
        f.debug_set().entries(set.map(|(name, _)| name)).finish()
    }
}
