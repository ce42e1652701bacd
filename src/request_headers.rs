//! What the crate reads of a request's headers, from pairs of name and bytes.

/// The media type of a form body, without parameters.
const FORM_MEDIA_TYPE: &[u8] = b"application/x-www-form-urlencoded";

/// The headers of a request, as far as logout reads them.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RequestHeaders {
    /// Whether the body is a form, whatever parameters follow the media type (RFC 9110, section
    /// 8.3.1). Not if `Content-Type` comes twice and one of the two is something else.
    pub(crate) is_form: bool,
}

impl RequestHeaders {
    /// Reads pairs of name and value, in any order. Names are compared without case.
    pub(crate) fn read(headers: impl IntoIterator<Item = (impl AsRef<str>, impl AsRef<[u8]>)>) -> Self {
        let mut media_type = None;
        for (name, value) in headers {
            if name.as_ref().eq_ignore_ascii_case("content-type") {
                media_type = Some(media_type.unwrap_or(true) && is_form(value.as_ref()));
            }
        }
        Self { is_form: media_type.unwrap_or(false) }
    }
}

fn is_form(content_type: &[u8]) -> bool {
    let media_type = content_type.split(|&byte| byte == b';').next().unwrap_or_default();
    media_type.trim_ascii().eq_ignore_ascii_case(FORM_MEDIA_TYPE)
}
