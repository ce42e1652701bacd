//! The parts of HTTP that all endpoints share: parameters, cookies, pages, and the answer when the
//! server itself fails.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use askama::Template;
use axum::Json;
use axum::body::Body;
use axum::extract::Request;
use axum::extract::rejection::{BytesRejection, RawFormRejection};
use axum::http::header::{
    ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, COOKIE, LOCATION, VARY,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{AppendHeaders, IntoResponse, Response};
use http_body_util::{BodyExt as _, Limited};
use serde_json::json;
use url::form_urlencoded;

use crate::pages::{self, ErrorPage, Language, PageError};

/// The largest request body, in bytes. The logout endpoint itself answers 413 above 64 KiB.
const MAX_BODY_BYTES: usize = 128 * 1024;

/// How many bytes of a larger body are read before it is refused.
const MAX_DISCARDED_BYTES: usize = 16 * 1024 * 1024;

/// The parameters of a query or a form. One without a value is treated as omitted (RFC 6749,
/// sections 3.1 and 3.2).
#[derive(Debug, Default)]
pub(crate) struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// `None` if a value contains NUL: OAuth allows it in no parameter, and PostgreSQL cannot store
    /// it.
    pub(crate) fn parse(urlencoded: &[u8]) -> Option<Self> {
        let members = form_urlencoded::parse(urlencoded).into_owned().filter(|(_, value)| !value.is_empty());
        let parameters = Self(members.collect());
        (!parameters.0.iter().any(|(_, value)| value.contains('\0'))).then_some(parameters)
    }

    /// Which of these names has a value that contains NUL.
    pub(crate) fn with_nul(urlencoded: &[u8], names: &[&'static str]) -> Option<&'static str> {
        let (name, _) = form_urlencoded::parse(urlencoded).find(|(_, value)| value.contains('\0'))?;
        names.iter().copied().find(|known| *known == name)
    }

    /// The value, or the first value of a repeated parameter: check [`repeated`](Self::repeated)
    /// before.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|member| member.0 == name).map(|member| member.1.as_str())
    }

    /// The first of the names that occurs more than once.
    pub(crate) fn repeated(&self, names: &[&'static str]) -> Option<&'static str> {
        names.iter().copied().find(|name| self.0.iter().filter(|member| member.0 == *name).count() > 1)
    }

    pub(crate) fn encode(&self) -> String {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.0).finish()
    }
}

/// Whether the body is a form (RFC 6749, section 3.2).
pub(crate) fn is_form(headers: &HeaderMap) -> bool {
    let media_type = header(headers, &CONTENT_TYPE).and_then(|value| value.split(';').next());
    media_type.is_some_and(|it| it.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded"))
}

pub(crate) fn header<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

/// The value of a cookie. Cookies are split as bytes and only this one is decoded, because any page
/// of this host can set others that hold any bytes: `document.cookie = 'lang=español'`.
pub(crate) fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let lines = headers.get_all(COOKIE).iter().map(HeaderValue::as_bytes);
    let mut cookies = lines.flat_map(|line| line.split(|byte| *byte == b';')).map(<[u8]>::trim_ascii);
    cookies.find_map(|cookie| str::from_utf8(cookie.strip_prefix(name.as_bytes())?.strip_prefix(b"=")?).ok())
}

/// Our cookies. Over https their names begin with `__Host-`: browsers then accept them from this
/// host alone, so another site of the same domain cannot set them.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cookies {
    Secure,
    LoopbackHttp,
}

impl Cookies {
    /// The session's id.
    pub(crate) fn session(self) -> &'static str {
        match self {
            Self::Secure => "__Host-session",
            Self::LoopbackHttp => "session",
        }
    }

    /// A random value that ties the sign-in form to the browser.
    pub(crate) fn sign_in(self) -> &'static str {
        match self {
            Self::Secure => "__Host-sign-in",
            Self::LoopbackHttp => "sign-in",
        }
    }

    /// A cookie that lasts until the browser closes. It is `Lax` because the browser must send it
    /// when a client sends the user here.
    pub(crate) fn set(self, name: &str, value: &str) -> String {
        format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{}", self.secure())
    }

    pub(crate) fn clear(self, name: &str) -> String {
        format!("{}; Max-Age=0", self.set(name, ""))
    }

    fn secure(self) -> &'static str {
        match self {
            Self::Secure => "; Secure",
            Self::LoopbackHttp => "",
        }
    }
}

/// Where a request comes from, as the limits count it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClientAddress {
    /// The address. Of an IPv6 address only the network is kept, because one host can use billions
    /// of addresses.
    pub(crate) address: String,
    /// The network: the first 24 bits of an IPv4 address, and the first 64 of an IPv6 address.
    pub(crate) network: String,
}

impl ClientAddress {
    /// The last address in the proxy's header, or else the connection's.
    pub(crate) fn of(headers: &HeaderMap, proxy_header: Option<&HeaderName>, peer: SocketAddr) -> Self {
        let told = proxy_header.and_then(|name| headers.get_all(name).iter().next_back()?.to_str().ok());
        let told = told.and_then(|value| address(value.rsplit(',').next()?.trim()));
        match told.unwrap_or(peer.ip()).to_canonical() {
            IpAddr::V4(address) => {
                let network = Ipv4Addr::from_bits(address.to_bits() & (u32::MAX << 8));
                Self { address: address.to_string(), network: format!("{network}/24") }
            }
            IpAddr::V6(address) => {
                let network = Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64));
                Self { address: network.to_string(), network: format!("{network}/64") }
            }
        }
    }
}

/// Reads an address as proxies write it: with or without a port, and IPv6 with or without brackets.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|it| it.strip_suffix(']')).unwrap_or(text);
    bare.parse().ok().or_else(|| Some(text.parse::<SocketAddr>().ok()?.ip()))
}

pub(crate) fn language(headers: &HeaderMap, ui_locales: Option<&str>) -> Language {
    Language::negotiate(ui_locales, header(headers, &ACCEPT_LANGUAGE))
}

/// A page with the headers of its outcome, beside [`pages::CONTENT_SECURITY_POLICY`].
pub(crate) fn page<'h>(
    status: u16,
    headers: impl IntoIterator<Item = (&'static str, &'h str)>,
    language: Language,
    page: &impl Template,
) -> Result<Response, Internal> {
    page_under(pages::CONTENT_SECURITY_POLICY, status, headers, language, page)
}

/// A page that holds frames. The policy of its outcome says which.
pub(crate) fn page_with_frames<'h>(
    status: u16,
    headers: impl IntoIterator<Item = (&'static str, &'h str)>,
    language: Language,
    page: &impl Template,
) -> Result<Response, Internal> {
    page_under(&pages::policy_with_frames(), status, headers, language, page)
}

fn page_under<'h>(
    policy: &str,
    status: u16,
    headers: impl IntoIterator<Item = (&'static str, &'h str)>,
    language: Language,
    page: &impl Template,
) -> Result<Response, Internal> {
    let status = StatusCode::from_u16(status)?;
    let body = page.render()?;
    let own = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_LANGUAGE, language.tag()),
        (VARY, "accept-language"),
        (CONTENT_SECURITY_POLICY, policy),
    ];
    Ok((status, own, AppendHeaders(headers), body).into_response())
}

/// The `form-action` policy of a page. The sources are schemes that the form may redirect to,
/// because browsers apply `form-action` to all redirects that follow a form.
pub(crate) fn form_action(sources: &[String]) -> String {
    let mut policy = "form-action 'self'".to_owned();
    for source in sources {
        policy.push(' ');
        policy.push_str(source);
    }
    policy
}

pub(crate) fn error_page(headers: &HeaderMap, error: PageError) -> Result<Response, Internal> {
    error_page_with_status(headers, error, error.status())
}

/// The answer to a POST whose body is not a form or is too large.
pub(crate) fn not_a_form(headers: &HeaderMap, rejection: &RawFormRejection) -> Result<Response, Internal> {
    match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => error_page(headers, PageError::RequestTooLarge),
        status => error_page_with_status(headers, PageError::BadRequest, status.as_u16()),
    }
}

/// The same for an endpoint that programs call. It has the shape of RFC 6749, section 5.2.
pub(crate) fn body_refused(error: &str, rejection: &BytesRejection) -> Response {
    let status = rejection.status();
    let description = match status {
        StatusCode::PAYLOAD_TOO_LARGE => "the body is larger than this provider reads, 128 KiB at most",
        _ => "the body did not arrive completely",
    };
    let body = Json(json!({ "error": error, "error_description": description }));
    (status, [(CACHE_CONTROL, "no-store")], body).into_response()
}

/// Reads a body up to a limit before the endpoint does. The endpoint sees a larger one as a body
/// that breaks off, and answers 413 in its own way.
///
/// What is beyond the limit is read too, up to a second limit, and thrown away. A client that is
/// still sending when the connection is closed would lose the answer.
pub(crate) async fn limit_body(request: Request, next: Next) -> Response {
    let (parts, mut body) = request.into_parts();
    let (mut kept, mut total) = (Vec::new(), 0_usize);
    while total <= MAX_DISCARDED_BYTES
        && let Some(frame) = body.frame().await
    {
        let Ok(frame) = frame else { return StatusCode::BAD_REQUEST.into_response() };
        let Ok(data) = frame.into_data() else { continue };
        total = total.saturating_add(data.len());
        if total <= MAX_BODY_BYTES {
            kept.extend_from_slice(&data);
        }
    }
    // axum's extractors refuse what is beyond its limit with 413.
    let beyond = || Body::new(Limited::new(Body::from("x"), 0));
    let body = if total > MAX_BODY_BYTES { beyond() } else { Body::from(kept) };
    next.run(Request::from_parts(parts, body)).await
}

fn error_page_with_status(headers: &HeaderMap, error: PageError, status: u16) -> Result<Response, Internal> {
    let language = language(headers, None);
    let policy = [("content-security-policy", "form-action 'none'")];
    page(status, policy, language, &ErrorPage { language, error })
}

/// Status 303: the browser follows with GET, whatever the method was.
pub(crate) fn see_other(location: &str) -> Result<Response, Internal> {
    Ok((StatusCode::SEE_OTHER, [(LOCATION, HeaderValue::from_str(location)?)]).into_response())
}

/// A registered URI with parameters added to its query (RFC 6749, section 4.1.2).
pub(crate) fn with_query(uri: &str, parameters: &[(&str, Option<&str>)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(parameters.iter().filter_map(|(name, value)| value.map(|value| (name, value))));
    // Every reader of a query understands %20 as a space. A literal plus sign is %2B by now.
    let query = query.finish().replace('+', "%20");
    let separator = match uri.split_once('?') {
        None => "?",
        Some((_, "")) => "",
        Some(_) => "&",
    };
    [uri, separator, &query].concat()
}

/// The server's own failure. Only the log says what it was.
#[derive(Debug)]
pub(crate) struct Internal(anyhow::Error);

impl<E: Into<anyhow::Error>> From<E> for Internal {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Internal {
    fn into_response(self) -> Response {
        tracing::error!(error = format!("{:#}", self.0), "a request failed");
        let (language, error) = (Language::default(), PageError::Internal);
        let page = ErrorPage { language, error };
        let body: Cow<'_, str> = page.render().map_or("internal error".into(), Cow::Owned);
        let headers = [
            (CONTENT_TYPE, "text/html; charset=utf-8"),
            (CACHE_CONTROL, "no-store"),
            (CONTENT_SECURITY_POLICY, pages::CONTENT_SECURITY_POLICY),
        ];
        (StatusCode::INTERNAL_SERVER_ERROR, headers, body.into_owned()).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_without_a_value_is_omitted_and_a_repeated_one_is_noticed() {
        let parameters = Parameters::parse(b"a=1&b=&c=x%20y&c=z&d").unwrap();
        assert_eq!(parameters.get("a"), Some("1"));
        assert_eq!(parameters.get("b"), None);
        assert_eq!(parameters.get("c"), Some("x y"));
        assert_eq!(parameters.get("d"), None);
        assert_eq!(parameters.repeated(&["a", "b", "c"]), Some("c"));
        assert_eq!(parameters.repeated(&["a", "b", "d"]), None);
        assert!(Parameters::parse(b"a=1%00").is_none());
    }

    #[test]
    fn parameters_are_added_to_the_query_that_is_there() {
        let parameters = [("state", Some("a b+&=-._~")), ("iss", None)];
        let query = "state=a%20b%2B%26%3D-._%7E";
        assert_eq!(with_query("https://rp.example/cb", &parameters), format!("https://rp.example/cb?{query}"));
        assert_eq!(with_query("https://rp.example/cb?", &parameters), format!("https://rp.example/cb?{query}"));
        assert_eq!(with_query("https://rp.example/cb?a=b", &parameters), format!("https://rp.example/cb?a=b&{query}"));
    }

    #[test]
    fn a_cookie_is_found_by_its_whole_name() {
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, HeaderValue::from_static("my-session=1; session=2"));
        headers.append(COOKIE, HeaderValue::from_static("other=3"));
        assert_eq!(cookie(&headers, "session"), Some("2"));
        assert_eq!(cookie(&headers, "other"), Some("3"));
        assert_eq!(cookie(&headers, "__Host-session"), None);
    }

    #[test]
    fn a_cookie_is_found_beside_others_of_any_bytes() {
        for line in [
            b"lang=espa\xf1ol; session=2".as_slice(),
            b"session=2; lang=espa\xc3\xb1ol",
            b"session=\xf1; session=2",
            b"\xff;;=; session=2 ;",
        ] {
            let headers = HeaderMap::from_iter([(COOKIE, HeaderValue::from_bytes(line).unwrap())]);
            assert_eq!(cookie(&headers, "session"), Some("2"), "{}", line.escape_ascii());
        }
    }

    #[test]
    fn the_client_address_is_the_proxys_last_word_only_where_it_is_trusted() {
        let name = HeaderName::from_static("x-forwarded-for");
        let peer = SocketAddr::from(([192, 0, 2, 1], 1));
        let mut headers = HeaderMap::new();
        headers.append(&name, HeaderValue::from_static("203.0.113.9, 198.51.100.7"));
        let client_address = |headers: &HeaderMap, name| ClientAddress::of(headers, name, peer).address;
        assert_eq!(client_address(&headers, None), "192.0.2.1");
        assert_eq!(client_address(&headers, Some(&name)), "198.51.100.7");
        headers.append(&name, HeaderValue::from_static("2001:db8:1:2:3:4:5:6"));
        assert_eq!(client_address(&headers, Some(&name)), "2001:db8:1:2::");
        for (told, address) in [
            ("198.51.100.7:52001", "198.51.100.7"),
            ("[2001:db8:1:2:3:4:5:6]:52001", "2001:db8:1:2::"),
            ("[2001:db8:1:2:3:4:5:6]", "2001:db8:1:2::"),
            ("[::ffff:198.51.100.7]:1", "198.51.100.7"),
            ("198.51.100.7:", "192.0.2.1"),
            ("[198.51.100.7", "192.0.2.1"),
        ] {
            headers.insert(&name, HeaderValue::from_static(told));
            assert_eq!(client_address(&headers, Some(&name)), address, "{told}");
        }
        headers.append(&name, HeaderValue::from_static("unknown"));
        assert_eq!(client_address(&headers, Some(&name)), "192.0.2.1");
    }

    #[test]
    fn addresses_of_a_network_are_one_source() {
        let network = |address: &str| {
            let peer = SocketAddr::new(address.parse().unwrap(), 1);
            ClientAddress::of(&HeaderMap::new(), None, peer).network
        };
        assert_eq!(network("192.0.2.1"), "192.0.2.0/24");
        assert_eq!(network("192.0.2.255"), "192.0.2.0/24");
        assert_eq!(network("::ffff:192.0.2.9"), "192.0.2.0/24");
        assert_eq!(network("192.0.3.1"), "192.0.3.0/24");
        assert_eq!(network("2001:db8:1:2::1"), "2001:db8:1:2::/64");
        assert_eq!(network("2001:db8:1:2:ffff::1"), "2001:db8:1:2::/64");
        assert_eq!(network("2001:db8:1:3::1"), "2001:db8:1:3::/64");
    }
}
