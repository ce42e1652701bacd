//! The form of the provider's own pages, by which a request comes back: a question's answer, or a
//! request that is posted again (rule 8).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::request::LogoutRequest;
use crate::answer::Headers;
use crate::form::FormFault;

/// The fields that the pages post beside the six parameters: the mark of a form that is posted
/// again, the proof that the End-User was asked, their answer, and the parameters that a browser's
/// form would change.
pub(crate) const NAMES: [&str; 4] = ["resubmitted", "confirmation", "confirm", ENCODED_PARAMETERS];

const ENCODED_PARAMETERS: &str = "encoded_parameters";

/// The largest proof and answer, in bytes, with their names.
const PROOF_AND_ANSWER: usize = 128;

/// The parameters of a request as hidden fields, and the sources that the page's `form-action`
/// needs for the redirects after the form. Parameters that a browser's form would change travel as
/// one field, a form in base64url.
pub(crate) struct PageForm {
    encoded: Option<String>,
    form_action: Vec<String>,
}

impl PageForm {
    pub(crate) fn new(request: &LogoutRequest, form_action: Vec<String>) -> Self {
        let fields: Vec<_> = sent(request).filter(|(_, value)| !survives_a_form(value)).collect();
        let form = serde_urlencoded::to_string(&fields).ok().filter(|_| !fields.is_empty());
        Self { encoded: form.map(|form| URL_SAFE_NO_PAD.encode(form)), form_action }
    }

    /// Name and value of each field.
    pub(crate) fn fields<'p>(&'p self, request: &'p LogoutRequest) -> impl Iterator<Item = (&'static str, &'p str)> {
        let encoded = self.encoded.as_deref().map(|encoded| (ENCODED_PARAMETERS, encoded));
        sent(request).filter(|(_, value)| survives_a_form(value)).chain(encoded)
    }

    /// The headers of the page.
    pub(crate) fn headers(&self) -> Headers<'_> {
        Headers::page(&self.form_action)
    }

    pub(crate) fn form_action_sources(&self) -> impl Iterator<Item = &str> {
        self.form_action.iter().map(String::as_str)
    }

    /// The size of the whole form once posted, in bytes: the fields, the proof and the answer. A
    /// value can be three times as long encoded as it was sent.
    pub(crate) fn bytes(&self, request: &LogoutRequest) -> usize {
        let fields: Vec<_> = self.fields(request).collect();
        let fields = serde_urlencoded::to_string(&fields).map_or(usize::MAX, |form| form.len());
        fields.saturating_add(PROOF_AND_ANSWER)
    }
}

/// The form inside the field `encoded_parameters`.
pub(crate) fn decode(encoded: &str) -> Result<Vec<u8>, FormFault> {
    URL_SAFE_NO_PAD.decode(encoded).map_err(|_| FormFault::Base64)
}

/// The parameters that were sent with a value.
pub(crate) fn sent(request: &LogoutRequest) -> impl Iterator<Item = (&'static str, &str)> {
    request.parameters().filter_map(|(name, value)| Some((name, value?)))
}

/// Whether a hidden field keeps the value: browsers post a line break as CR LF, and their parser
/// replaces NUL.
fn survives_a_form(value: &str) -> bool {
    !value.contains(['\r', '\n', '\0'])
}
