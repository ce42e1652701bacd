//! Step 1: from the bytes of an HTTP request to a [`LogoutRequest`] (rule 1).
//!
//! Reading is strict (see [`form`]). Writing is `serde_urlencoded`'s job.

use std::fmt;

use super::page_form;
use super::refusal::{Refusal, RefusalReason};
use super::request::{Confirmation, LogoutRequest, Method, YesOrNo};
use crate::form;
use crate::parameter::{self, ClientId, IdTokenHint, LogoutHint, PostLogoutRedirectUri, State, UiLocales};
use crate::request_headers::RequestHeaders;

/// The members that are read: the six parameters, and the fields of the provider's pages.
const MEMBERS: usize = 10;

/// Their names.
const NAMES: [&str; MEMBERS] = {
    let [hint, logout_hint, client_id, uri, state, locales] = parameter::NAMES;
    let [resubmitted, confirmation, confirm, encoded] = page_form::NAMES;
    [hint, logout_hint, client_id, uri, state, locales, resubmitted, confirmation, confirm, encoded]
};

/// Their values, in the order of the names. An empty one was sent empty.
type Values = [Option<String>; MEMBERS];

impl LogoutRequest {
    /// The largest query or form that is read, in bytes, unless [`Limits`](crate::Limits) say
    /// otherwise: 64 KiB.
    pub const MAX_BYTES: usize = form::MAX_BYTES;

    /// Reads the query of a GET request: what follows the `?`, still encoded. One leading `?` is
    /// dropped.
    ///
    /// Parameters are read from left to right, and the first fault is reported. A parameter sent
    /// without a value is taken as omitted (RFC 6749, section 3.1). Unknown parameters are ignored,
    /// even those that do not decode.
    ///
    /// This way in knows no headers: a prefetch is not refused (rule 1), and Fetch Metadata cannot
    /// tell whether the browser withheld the session's cookie (rule 7). Prefer
    /// [`LogoutEndpoint::read`](super::LogoutEndpoint::read), or give the headers to the
    /// [builder](Self::builder).
    ///
    /// # Errors
    /// [`RequestTooLarge`](RefusalReason::RequestTooLarge) above 64 KiB;
    /// [`MalformedRequest`](RefusalReason::MalformedRequest) when a known parameter's value has a
    /// broken percent-encoding or is not UTF-8;
    /// [`DuplicateParameter`](RefusalReason::DuplicateParameter) when a known one occurs twice,
    /// even empty.
    ///
    /// ```
    /// use oidc_logout::op::LogoutRequest;
    ///
    /// let request = LogoutRequest::from_query("state=a+b%20c&theme=dark")?;
    /// assert_eq!(request.state().unwrap().as_str(), "a b c");
    ///
    /// let refusal = LogoutRequest::from_query("state=a&st%61te=b").unwrap_err();
    /// assert_eq!(refusal.reason().code(), "duplicate_parameter");
    /// # Ok::<(), oidc_logout::op::Refusal>(())
    /// ```
    pub fn from_query(query: impl AsRef<[u8]>) -> Result<Self, Refusal> {
        Self::read(Method::Get, query.as_ref(), RequestHeaders::default(), Self::MAX_BYTES)
    }

    /// Reads the body of a POST request, `application/x-www-form-urlencoded`. Ignore the query of a
    /// POST.
    ///
    /// Besides the six parameters this reads the fields of the crate's own pages: the answer to a
    /// [`Confirm`](super::Confirm), the mark of a [`Resubmit`](super::Resubmit), and
    /// `encoded_parameters`, another way to write parameters, which those pages use for values that
    /// a browser's form would change.
    ///
    /// This way in knows no headers, as [`from_query`](Self::from_query).
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
        Self::read(Method::Post, body.as_ref(), RequestHeaders::default(), Self::MAX_BYTES)
    }

    /// Reads a whole HTTP request: chooses query or body by the method, and refuses the rest.
    pub(crate) fn from_http(
        method: &str,
        query: &[u8],
        headers: RequestHeaders,
        body: &[u8],
        max_bytes: usize,
    ) -> Result<Self, Refusal> {
        // Before anything else: nobody asked for it yet, so nothing about it matters.
        if headers.is_prefetch {
            return Err(RefusalReason::Prefetch.into());
        }
        match method {
            "GET" => Self::read(Method::Get, query, headers, max_bytes),
            "POST" if body.len() > max_bytes || headers.is_form => Self::read(Method::Post, body, headers, max_bytes),
            "POST" => Err(RefusalReason::UnsupportedMediaType.into()),
            "HEAD" => Err(RefusalReason::HeadRequest.into()),
            _ => Err(RefusalReason::MethodNotAllowed.into()),
        }
    }

    /// Builds a request by hand, for a host whose framework has already decoded the parameters, and
    /// for tests.
    ///
    /// ```
    /// use oidc_logout::op::{LogoutRequest, Method};
    ///
    /// let by_hand = LogoutRequest::builder(Method::Get)
    ///     .client_id("rp-1")
    ///     .post_logout_redirect_uri("https://rp.example/signed-out")
    ///     .build()?;
    /// let uri = ("post_logout_redirect_uri", "https://rp.example/signed-out");
    /// let pairs = [("client_id", "rp-1"), uri];
    /// assert_eq!(by_hand, LogoutRequest::builder(Method::Get).parameters(pairs).build()?);
    /// # Ok::<(), oidc_logout::op::Refusal>(())
    /// ```
    pub fn builder(method: Method) -> LogoutRequestBuilder {
        LogoutRequestBuilder { method, values: Values::default(), duplicate: None, headers: RequestHeaders::default() }
    }

    /// A request without any parameter, for what the provider offers on its own.
    pub(crate) fn empty() -> Self {
        Self::assemble(Method::Get, Values::default(), RequestHeaders::default())
    }

    fn read(method: Method, form: &[u8], headers: RequestHeaders, max_bytes: usize) -> Result<Self, Refusal> {
        if form.len() > max_bytes {
            return Err(RefusalReason::RequestTooLarge.into());
        }
        let values = match method {
            // Frameworks differ in whether their query begins with it. The provider's own pages
            // only post, so their fields are not known here.
            Method::Get => {
                let query = form.strip_prefix(b"?").unwrap_or(form);
                let [hint, logout_hint, client_id, uri, state, locales] = form::read(query, parameter::NAMES)?;
                [hint, logout_hint, client_id, uri, state, locales, None, None, None, None]
            }
            Method::Post => decode_parameters(form::read(form, NAMES)?)?,
        };
        Ok(Self::assemble(method, values, headers))
    }

    /// A parameter sent without a value counts as omitted (RFC 6749, section 3.1).
    fn assemble(method: Method, values: Values, headers: RequestHeaders) -> Self {
        let given = |value: Option<String>| value.filter(|value| !value.is_empty());
        let [hint, logout_hint, client_id, uri, state, locales, resubmitted, confirmation, confirm, _] = values;
        Self {
            method,
            id_token_hint: given(hint).map(IdTokenHint),
            decrypted_hint: None,
            logout_hint: given(logout_hint).map(LogoutHint),
            client_id: given(client_id).map(ClientId::new),
            post_logout_redirect_uri: given(uri).map(PostLogoutRedirectUri),
            state: given(state).map(State),
            ui_locales: given(locales).map(UiLocales),
            resubmitted: resubmitted.is_some_and(|value| value == "1"),
            confirmation: given(confirmation).map(Confirmation),
            confirm: confirm.and_then(|value| match value.as_str() {
                "yes" => Some(YesOrNo::Yes),
                "no" => Some(YesOrNo::No),
                _ => None,
            }),
            headers: RequestHeaders { is_form: false, ..headers },
        }
    }
}

/// Takes the parameters out of `encoded_parameters` and puts each in its place. A parameter that
/// stands there and beside it occurs twice.
fn decode_parameters(mut values: Values) -> Result<Values, RefusalReason> {
    let [.., encoded] = &mut values;
    let Some(encoded) = encoded.take().filter(|encoded| !encoded.is_empty()) else {
        return Ok(values);
    };
    let [.., name] = NAMES;
    let form = page_form::decode(&encoded);
    let form = form.map_err(|fault| RefusalReason::MalformedRequest { parameter: name, fault })?;
    let decoded = form::read(&form, parameter::NAMES)?;
    for ((parameter, decoded), value) in parameter::NAMES.into_iter().zip(decoded).zip(&mut values) {
        if decoded.is_some() && value.is_some() {
            return Err(RefusalReason::DuplicateParameter { parameter });
        }
        *value = value.take().or(decoded);
    }
    Ok(values)
}

/// Builds a [`LogoutRequest`] by hand; see [`LogoutRequest::builder`].
///
/// Values are given decoded. An empty one is taken as omitted, and setting a parameter twice is a
/// [`DuplicateParameter`](RefusalReason::DuplicateParameter). Without [`headers`](Self::headers) a
/// prefetch is not refused, and Fetch Metadata cannot tell whether the browser withheld the
/// session's cookie.
#[derive(Clone)]
#[must_use]
pub struct LogoutRequestBuilder {
    method: Method,
    values: Values,
    duplicate: Option<&'static str>,
    headers: RequestHeaders,
}

impl LogoutRequestBuilder {
    /// Gives all headers of the request, as pairs of name and bytes in any order. Names are
    /// compared without case.
    pub fn headers(mut self, headers: impl IntoIterator<Item = (impl AsRef<str>, impl AsRef<[u8]>)>) -> Self {
        self.headers = RequestHeaders::read(headers);
        self
    }

    /// Sets decoded parameters by their names, for a POST also the fields of the crate's own pages.
    /// Unknown names are ignored.
    pub fn parameters(self, pairs: impl IntoIterator<Item = (impl AsRef<str>, impl Into<String>)>) -> Self {
        let known = match self.method {
            Method::Get => parameter::NAMES.len(),
            Method::Post => MEMBERS,
        };
        pairs.into_iter().fold(self, |builder, (name, value)| {
            match NAMES.iter().take(known).position(|known| *known == name.as_ref()) {
                Some(index) => builder.set(index, value.into()),
                None => builder,
            }
        })
    }

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
    /// As [`LogoutRequest::from_query`], for the size of the request once encoded, and
    /// [`Prefetch`](RefusalReason::Prefetch) if the headers say so.
    pub fn build(self) -> Result<LogoutRequest, Refusal> {
        if self.headers.is_prefetch {
            return Err(RefusalReason::Prefetch.into());
        }
        if let Some(parameter) = self.duplicate {
            return Err(RefusalReason::DuplicateParameter { parameter }.into());
        }
        let request = LogoutRequest::assemble(self.method, decode_parameters(self.values)?, self.headers);
        let encoded = serde_urlencoded::to_string(&request).map(|form| form.len());
        if encoded.is_ok_and(|length| length <= LogoutRequest::MAX_BYTES) {
            Ok(request)
        } else {
            Err(RefusalReason::RequestTooLarge.into())
        }
    }

    /// `index` is the place in [`NAMES`].
    fn set(mut self, index: usize, value: String) -> Self {
        if let Some(slot) = self.values.get_mut(index)
            && slot.replace(value).is_some()
        {
            self.duplicate = self.duplicate.or(NAMES.get(index).copied());
        }
        self
    }
}

/// Names only.
impl fmt::Debug for LogoutRequestBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let set = NAMES.iter().zip(&self.values).filter(|(_, value)| value.is_some());
        f.debug_set().entries(set.map(|(name, _)| name)).finish()
    }
}
