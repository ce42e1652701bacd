//! Step 1: the request, from bytes to typed but still untrusted values.
//!
//! Reading is strict and our own: a form parser that replaces broken UTF-8 or lets `%zz` pass would hand the rest
//! of the crate something that the client never sent. Writing is `serde_urlencoded`'s job.

mod form;
mod parameter;

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Serialize, Serializer};

use form::Values;
pub(crate) use form::decode;
pub use parameter::{ClientId, IdTokenHint, LogoutHint, PostLogoutRedirectUri, State, UiLocales};

use crate::refusal::{Parameter, Refusal, RefusalReason};

/// The media type of a form body, without parameters.
const FORM_MEDIA_TYPE: &str = "application/x-www-form-urlencoded";

/// The HTTP method by which a logout request came. A provider has to support both ([RP-Initiated Logout 1.0, section 2]).
///
/// [RP-Initiated Logout 1.0, section 2]: https://openid.net/specs/openid-connect-rpinitiated-1_0.html#RPLogout
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// The parameters came in the query of the URL.
    Get,
    /// The parameters came in the body, as a form.
    Post,
}

/// The End-User's answer on the confirmation page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Answer {
    Yes,
    No,
}

/// A logout request: the six parameters of [RP-Initiated Logout 1.0, section 2], decoded and named, nothing more.
///
/// It is made from a query, from a form, or by hand; all three ways run the same checks. It serializes back to a
/// form, and reading that form gives the same request again (as long as it stays within the size limit; what was
/// sent without encoding may grow). `Debug` shows which parameters are there and how long they are, never a value.
///
/// ```
/// use oidc_logout::LogoutRequest;
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
    method: Method,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token_hint: Option<IdTokenHint>,
    // Never written back: forms carry what the client sent.
    #[serde(skip)]
    decrypted_hint: Option<IdTokenHint>,
    #[serde(skip_serializing_if = "Option::is_none")]
    logout_hint: Option<LogoutHint>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<ClientId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    post_logout_redirect_uri: Option<PostLogoutRedirectUri>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<State>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ui_locales: Option<UiLocales>,
    #[serde(skip_serializing_if = "std::ops::Not::not", serialize_with = "write_one")]
    resubmitted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    confirmation: Option<Confirmation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    confirm: Option<Answer>,
}

impl LogoutRequest {
    /// The largest query or form that is read, in bytes, unless [`Limits`](crate::Limits) say otherwise: 64 KiB.
    pub const MAX_BYTES: usize = 64 * 1024;

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
    /// use oidc_logout::{LogoutRequest, RefusalReason};
    ///
    /// let request = LogoutRequest::from_query("state=a+b%20c&theme=dark")?;
    /// assert_eq!(request.state().unwrap().as_str(), "a b c");
    ///
    /// let refusal = LogoutRequest::from_query("state=a&st%61te=b").unwrap_err();
    /// assert_eq!(refusal.reason().code(), "duplicate_parameter");
    /// # Ok::<(), oidc_logout::Refusal>(())
    /// ```
    pub fn from_query(query: impl AsRef<[u8]>) -> Result<Self, Refusal> {
        Self::read(Method::Get, query.as_ref(), Self::MAX_BYTES)
    }

    /// Reads the body of a POST request, `application/x-www-form-urlencoded`. The query of a POST is to be ignored.
    ///
    /// Besides the six parameters this reads those of the crate's own pages: the answer to a
    /// [`Confirm`](crate::Confirm) and the mark of a [`Resubmit`](crate::Resubmit).
    ///
    /// # Errors
    /// As [`from_query`](Self::from_query).
    ///
    /// ```
    /// # use oidc_logout::{LogoutRequest, Method};
    /// let request = LogoutRequest::from_form(b"client_id=rp-1".as_slice())?;
    /// assert_eq!(request.method(), Method::Post);
    /// # Ok::<(), oidc_logout::Refusal>(())
    /// ```
    pub fn from_form(body: impl AsRef<[u8]>) -> Result<Self, Refusal> {
        Self::read(Method::Post, body.as_ref(), Self::MAX_BYTES)
    }

    /// Reads a whole HTTP request: chooses query or body by the method, and refuses what is neither.
    pub(crate) fn from_http(
        method: &str,
        content_type: Option<&str>,
        query: &[u8],
        body: &[u8],
        max_bytes: usize,
    ) -> Result<Self, Refusal> {
        match method {
            "GET" => Self::read(Method::Get, query, max_bytes),
            "POST" if body.len() > max_bytes || is_form(content_type) => Self::read(Method::Post, body, max_bytes),
            "POST" => Err(RefusalReason::UnsupportedMediaType.into()),
            "HEAD" => Err(RefusalReason::HeadRequest.into()),
            _ => Err(RefusalReason::MethodNotAllowed.into()),
        }
    }

    /// Builds a request by hand, for a host whose framework has already decoded the parameters, and for tests.
    ///
    /// ```
    /// use oidc_logout::{LogoutRequest, Method};
    ///
    /// let request = LogoutRequest::builder(Method::Get)
    ///     .client_id("rp-1")
    ///     .post_logout_redirect_uri("https://rp.example/signed-out")
    ///     .build()?;
    /// assert_eq!(request, LogoutRequest::from_query("client_id=rp-1&post_logout_redirect_uri=https://rp.example/signed-out")?);
    /// # Ok::<(), oidc_logout::Refusal>(())
    /// ```
    pub fn builder(method: Method) -> LogoutRequestBuilder {
        LogoutRequestBuilder { method, values: Values::default(), duplicate: None }
    }

    /// How the request came. A [`Resubmit`](crate::Resubmit) follows only a POST.
    #[must_use]
    pub fn method(&self) -> Method {
        self.method
    }

    /// The `id_token_hint` as it was sent.
    #[must_use]
    pub fn id_token_hint(&self) -> Option<&IdTokenHint> {
        self.id_token_hint.as_ref()
    }

    /// The `logout_hint`, for the host to interpret.
    #[must_use]
    pub fn logout_hint(&self) -> Option<&LogoutHint> {
        self.logout_hint.as_ref()
    }

    /// The `client_id` parameter. Not necessarily the client that the request counts for: see
    /// [`Pending::client_id`](crate::Pending::client_id).
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

    /// Hands over what was inside an [encrypted](IdTokenHint::is_encrypted) hint: a compact JWS, which is then
    /// verified like any other. The pages' forms still carry the hint as the client sent it, so a host that decrypts
    /// does so for every request. `OpenID` Connect RP-Initiated Logout 1.0, section 2.
    ///
    /// ```
    /// # use oidc_logout::LogoutRequest;
    /// # fn decrypt(_: &str) -> Option<String> { Some("e30.e30.".into()) }
    /// let mut request = LogoutRequest::from_query("id_token_hint=a.b.c.d.e")?;
    /// if let Some(hint) = request.id_token_hint().filter(|hint| hint.is_encrypted()) {
    ///     if let Some(jws) = decrypt(hint.as_str()) {
    ///         request = request.with_decrypted_hint(jws);
    ///     }
    /// }
    /// # Ok::<(), oidc_logout::Refusal>(())
    /// ```
    #[must_use]
    pub fn with_decrypted_hint(mut self, jws: impl Into<String>) -> Self {
        self.decrypted_hint = Some(IdTokenHint(jws.into()));
        self
    }

    /// The token to verify: what was inside the hint where the host decrypted it, else the hint itself.
    pub(crate) fn token(&self) -> Option<&IdTokenHint> {
        self.id_token_hint.as_ref().map(|hint| self.decrypted_hint.as_ref().unwrap_or(hint))
    }

    pub(crate) fn is_resubmitted(&self) -> bool {
        self.resubmitted
    }

    pub(crate) fn confirmation(&self) -> Option<&Confirmation> {
        self.confirmation.as_ref()
    }

    pub(crate) fn confirm(&self) -> Option<Answer> {
        self.confirm
    }

    /// Whether this claims to be an answer to the confirmation page, be it without the page's proof.
    pub(crate) fn is_answer(&self) -> bool {
        self.confirmation.is_some() || self.confirm.is_some()
    }

    /// Whether the answer is to a [`Confirm`](crate::Confirm) that the provider offered on its own, without a request.
    pub(crate) fn answers_offer(&self) -> bool {
        self.confirmation.is_some() && self.parameters().all(|(_, value)| value.is_none())
    }

    /// The six parameters of the specification in a fixed order, as they were sent.
    pub(crate) fn parameters(&self) -> impl Iterator<Item = (Parameter, Option<&str>)> {
        [
            (Parameter::IdTokenHint, self.id_token_hint.as_ref().map(IdTokenHint::as_str)),
            (Parameter::LogoutHint, self.logout_hint.as_ref().map(LogoutHint::as_str)),
            (Parameter::ClientId, self.client_id.as_ref().map(ClientId::as_str)),
            (
                Parameter::PostLogoutRedirectUri,
                self.post_logout_redirect_uri.as_ref().map(PostLogoutRedirectUri::as_str),
            ),
            (Parameter::State, self.state.as_ref().map(State::as_str)),
            (Parameter::UiLocales, self.ui_locales.as_ref().map(UiLocales::as_str)),
        ]
        .into_iter()
    }

    /// What a page of the provider posts again: name and value of each parameter that a browser's form does not change.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.parameters()
            .filter_map(|(parameter, value)| Some((parameter.name(), value?)))
            .filter(|(_, value)| survives_a_form(value))
    }

    /// The parameters that a browser's form would change, as the value of `encoded_parameters`.
    pub(crate) fn encoded_fields(&self) -> Option<String> {
        let fields: Vec<_> = self
            .parameters()
            .filter_map(|(parameter, value)| Some((parameter.name(), value?)))
            .filter(|(_, value)| !survives_a_form(value))
            .collect();
        let form = serde_urlencoded::to_string(&fields).ok()?;
        (!fields.is_empty()).then(|| URL_SAFE_NO_PAD.encode(form))
    }

    /// A request without any parameter, for what the provider offers on its own.
    pub(crate) fn empty(method: Method) -> Self {
        Self::assemble(method, Values::default())
    }

    fn read(method: Method, form: &[u8], max_bytes: usize) -> Result<Self, Refusal> {
        if form.len() > max_bytes {
            return Err(RefusalReason::RequestTooLarge.into());
        }
        let mut values = Values::default();
        values.read(form, method)?;
        Ok(Self::assemble(method, values))
    }

    /// How large the form is that a page of the provider posts: the parameters, the proof and the answer. Encoded, a value
    /// can be three times as long as it was sent.
    pub(crate) fn page_form_bytes(&self) -> usize {
        const PROOF_AND_ANSWER: usize = 128;
        let fields: Vec<_> = self.fields().collect();
        let fields = serde_urlencoded::to_string(&fields).map_or(usize::MAX, |form| form.len());
        let encoded = self.encoded_fields().map_or(0, |encoded| encoded.len());
        fields.saturating_add(encoded).saturating_add(PROOF_AND_ANSWER)
    }

    fn assemble(method: Method, mut values: Values) -> Self {
        let mut take = |parameter| values.take(parameter);
        Self {
            method,
            id_token_hint: take(Parameter::IdTokenHint).map(IdTokenHint),
            decrypted_hint: None,
            logout_hint: take(Parameter::LogoutHint).map(LogoutHint),
            client_id: take(Parameter::ClientId).map(ClientId),
            post_logout_redirect_uri: take(Parameter::PostLogoutRedirectUri).map(PostLogoutRedirectUri),
            state: take(Parameter::State).map(State),
            ui_locales: take(Parameter::UiLocales).map(UiLocales),
            resubmitted: take(Parameter::Resubmitted).is_some_and(|value| value == "1"),
            confirmation: take(Parameter::Confirmation).map(Confirmation),
            confirm: take(Parameter::Confirm).and_then(|value| match value.as_str() {
                "yes" => Some(Answer::Yes),
                "no" => Some(Answer::No),
                _ => None,
            }),
        }
    }
}

/// Builds a [`LogoutRequest`] by hand; see [`LogoutRequest::builder`]. Values are given decoded; an empty one counts
/// as omitted, and setting a parameter twice is a [`DuplicateParameter`](RefusalReason::DuplicateParameter).
#[derive(Clone, Debug)]
#[must_use]
pub struct LogoutRequestBuilder {
    method: Method,
    values: Values,
    duplicate: Option<Parameter>,
}

impl LogoutRequestBuilder {
    /// Sets `id_token_hint`.
    pub fn id_token_hint(self, value: impl Into<String>) -> Self {
        self.set(Parameter::IdTokenHint, value.into())
    }

    /// Sets `logout_hint`.
    pub fn logout_hint(self, value: impl Into<String>) -> Self {
        self.set(Parameter::LogoutHint, value.into())
    }

    /// Sets `client_id`.
    pub fn client_id(self, value: impl Into<String>) -> Self {
        self.set(Parameter::ClientId, value.into())
    }

    /// Sets `post_logout_redirect_uri`.
    pub fn post_logout_redirect_uri(self, value: impl Into<String>) -> Self {
        self.set(Parameter::PostLogoutRedirectUri, value.into())
    }

    /// Sets `state`.
    pub fn state(self, value: impl Into<String>) -> Self {
        self.set(Parameter::State, value.into())
    }

    /// Sets `ui_locales`: language tags separated by spaces.
    pub fn ui_locales(self, value: impl Into<String>) -> Self {
        self.set(Parameter::UiLocales, value.into())
    }

    /// Checks and builds.
    ///
    /// # Errors
    /// As [`LogoutRequest::from_query`]; the size is that of the request once encoded.
    pub fn build(self) -> Result<LogoutRequest, Refusal> {
        if let Some(parameter) = self.duplicate {
            return Err(RefusalReason::DuplicateParameter { parameter }.into());
        }
        let request = LogoutRequest::assemble(self.method, self.values);
        let encoded = serde_urlencoded::to_string(&request).map(|form| form.len());
        if encoded.is_ok_and(|length| length <= LogoutRequest::MAX_BYTES) {
            Ok(request)
        } else {
            Err(RefusalReason::RequestTooLarge.into())
        }
    }

    fn set(mut self, parameter: Parameter, value: String) -> Self {
        if !self.values.put(parameter, value) {
            self.duplicate.get_or_insert(parameter);
        }
        self
    }
}

/// The proof that a confirmation page carries, as it came.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct Confirmation(String);

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

/// Whether a hidden field keeps the value: browsers post a line break as CR LF, and their parser replaces NUL.
fn survives_a_form(value: &str) -> bool {
    !value.contains(['\r', '\n', '\0'])
}

/// Whether the media type is that of a form, whatever parameters follow it (RFC 9110, section 8.3.1).
fn is_form(content_type: Option<&str>) -> bool {
    content_type
        .and_then(|value| value.split(';').next())
        .is_some_and(|media_type| media_type.trim_ascii().eq_ignore_ascii_case(FORM_MEDIA_TYPE))
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn write_one<S: Serializer>(_: &bool, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str("1")
}
