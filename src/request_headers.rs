//! The request headers that the crate reads, from pairs of name and bytes.

/// The media type of a form body, without parameters.
const FORM_MEDIA_TYPE: &[u8] = b"application/x-www-form-urlencoded";

/// The request headers that logout reads. The default is a request whose headers are not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "headers are there or not, each by itself")]
pub(crate) struct RequestHeaders {
    /// Whether the body is a form, whatever parameters follow the media type (RFC 9110, section
    /// 8.3.1). Not if `Content-Type` comes twice and one of the two is something else.
    pub(crate) is_form: bool,
    /// Whether the browser fetches it in advance, and nobody asked for it yet.
    pub(crate) is_prefetch: bool,
    /// Whether `Origin` is there. Browsers send it with every POST.
    pub(crate) has_origin: bool,
    /// `Sec-Fetch-Site`, if it is there.
    pub(crate) site: Option<FetchSite>,
    /// Whether `Sec-Fetch-Dest` is there and names something else than a document.
    pub(crate) is_embedded: bool,
}

/// The site that started a request, by its `Sec-Fetch-Site` (Fetch Metadata Request Headers,
/// section 2.4). Scripts cannot set it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FetchSite {
    SameOrigin,
    SameSite,
    /// By the user: an address typed in, a bookmark, a link in another program.
    None,
    /// `cross-site`, or a value that is not known.
    CrossSite,
}

impl RequestHeaders {
    /// Reads pairs of name and value, in any order. Names are compared without case.
    pub(crate) fn read(headers: impl IntoIterator<Item = (impl AsRef<str>, impl AsRef<[u8]>)>) -> Self {
        let mut read = Self::default();
        let mut media_type = None;
        for (name, value) in headers {
            read.header(name.as_ref().as_bytes(), value.as_ref(), &mut media_type);
        }
        read.is_form = media_type.unwrap_or(false);
        read
    }

    fn header(&mut self, name: &[u8], value: &[u8], media_type: &mut Option<bool>) {
        let is = |other: &[u8]| name.eq_ignore_ascii_case(other);
        // Most headers are told apart by their length. Sec-Fetch-Site, -Dest, -Mode and -User have
        // the same, so one letter chooses among them.
        match (name.len(), name.get(10).map(u8::to_ascii_lowercase)) {
            (5, _) if is(b"x-moz") => self.is_prefetch |= is_prefetch(value),
            (6, _) if is(b"origin") => self.has_origin = true,
            (7, _) if is(b"purpose") => self.is_prefetch |= is_prefetch(value),
            (11, _) if is(b"sec-purpose") => self.is_prefetch |= names_prefetch(value),
            (12, _) if is(b"content-type") => {
                *media_type = Some(media_type.unwrap_or(true) && is_form(value));
            }
            (14, Some(b's')) if is(b"sec-fetch-site") => {
                let site = FetchSite::read(value.trim_ascii());
                // A browser sends it once. Two that differ prove nothing.
                self.site = Some(if self.site.is_none_or(|other| other == site) { site } else { FetchSite::CrossSite });
            }
            (14, Some(b'd')) if is(b"sec-fetch-dest") => self.is_embedded |= value.trim_ascii() != b"document",
            _ => {}
        }
    }
}

impl FetchSite {
    fn read(value: &[u8]) -> Self {
        match value {
            b"same-origin" => Self::SameOrigin,
            b"same-site" => Self::SameSite,
            b"none" => Self::None,
            _ => Self::CrossSite,
        }
    }
}

fn is_form(content_type: &[u8]) -> bool {
    let media_type = content_type.split(|&byte| byte == b';').next().unwrap_or_default();
    media_type.trim_ascii().eq_ignore_ascii_case(FORM_MEDIA_TYPE)
}

/// Whether the value of one of the two older headers is `prefetch`. They hold one word.
fn is_prefetch(purpose: &[u8]) -> bool {
    purpose.trim_ascii().eq_ignore_ascii_case(b"prefetch")
}

/// Whether a list such as `prefetch;prerender` holds `prefetch`.
fn names_prefetch(purpose: &[u8]) -> bool {
    purpose.split(|byte| b";, ".contains(byte)).any(|token| token.eq_ignore_ascii_case(b"prefetch"))
}
