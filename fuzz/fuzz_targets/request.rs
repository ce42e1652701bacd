//! Reads a request and writes it back.
//!
//! The strict form parser of the crate is compared with the lenient one of `url`. If the crate
//! accepts a request, both must agree. If it refuses one, the fault that it names must be there.
#![no_main]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use libfuzzer_sys::fuzz_target;
use oidc_logout::FormFault;
use oidc_logout::op::{LogoutRequest, Method, Policy, RefusalReason};
use oidc_logout_fuzz::endpoint;

const SPECIFIED: [&str; 6] =
    ["id_token_hint", "logout_hint", "client_id", "post_logout_redirect_uri", "state", "ui_locales"];
const OWN_PAGES: [&str; 4] = ["resubmitted", "confirmation", "confirm", ENCODED];
/// Its value is itself a query, in base64url.
const ENCODED: &str = "encoded_parameters";
const MAX_BYTES: usize = LogoutRequest::MAX_BYTES;

fuzz_target!(|bytes: &[u8]| {
    read(Method::Get, bytes);
    read(Method::Post, bytes);
    build(bytes);
});

fn read(method: Method, bytes: &[u8]) {
    let known: Vec<_> = match method {
        Method::Get => SPECIFIED.to_vec(),
        Method::Post => [SPECIFIED.as_slice(), &OWN_PAGES].concat(),
    };
    let read = |bytes: &[u8]| match method {
        Method::Get => LogoutRequest::from_query(bytes),
        Method::Post => LogoutRequest::from_form(bytes),
    };
    let sent = match method {
        // One leading `?` is dropped.
        Method::Get => bytes.strip_prefix(b"?").unwrap_or(bytes),
        Method::Post => bytes,
    };
    let mut lenient: Vec<_> = url::form_urlencoded::parse(sent).into_owned().collect();
    // In a query, `encoded_parameters` is an unknown parameter.
    if method == Method::Post {
        let inner = encoded(sent).into_iter().flatten();
        let inner = inner.flat_map(|query| url::form_urlencoded::parse(&query).into_owned().collect::<Vec<_>>());
        lenient.extend(inner.filter(|(name, _)| SPECIFIED.contains(&name.as_str())));
    }
    let count = |name: &str| lenient.iter().filter(|member| member.0 == name).count();

    let request = match read(bytes) {
        Ok(request) => request,
        Err(refusal) => {
            match refusal.reason() {
                RefusalReason::RequestTooLarge => assert!(bytes.len() > MAX_BYTES),
                RefusalReason::DuplicateParameter { parameter } => assert!(count(parameter) > 1),
                RefusalReason::MalformedRequest { parameter, fault } => {
                    assert!(known.contains(&parameter));
                    let inner = method == Method::Post
                        && encoded(sent).into_iter().flatten().any(|query| has_fault(&query, parameter, fault));
                    assert!(inner || has_fault(sent, parameter, fault));
                }
                other => panic!("{other:?}"),
            }
            return;
        }
    };
    assert!(bytes.len() <= MAX_BYTES);
    for (name, value) in SPECIFIED.into_iter().zip(values(&request)) {
        let expected = lenient.iter().find(|member| member.0 == name).map(|member| member.1.as_str());
        assert_eq!(value, expected.filter(|value| !value.is_empty()), "{name}");
    }
    assert!(known.iter().all(|name| count(name) <= 1));

    let written = serde_urlencoded::to_string(&request).unwrap();
    match read(written.as_bytes()) {
        Ok(again) => assert_eq!(again, request),
        Err(refusal) => {
            assert_eq!(refusal.reason(), RefusalReason::RequestTooLarge);
            assert!(written.len() > MAX_BYTES);
        }
    }

    let endpoint = endpoint(Policy::openid());
    let by_http = match method {
        Method::Get => endpoint.read("GET", bytes, [("accept", "*/*")], b"state=other"),
        Method::Post => {
            let media_type = ("Content-Type", "Application/X-WWW-Form-Urlencoded ; charset=UTF-8");
            endpoint.read("POST", b"state=other", [media_type], bytes)
        }
    };
    assert_eq!(by_http.unwrap(), request);
}

/// The content of each `encoded_parameters`. `None` if it does not decode.
fn encoded(form: &[u8]) -> Vec<Option<Vec<u8>>> {
    let members = url::form_urlencoded::parse(form).filter(|(name, _)| name == ENCODED);
    members.map(|(_, value)| URL_SAFE_NO_PAD.decode(value.as_bytes()).ok()).collect()
}

/// Whether at least one of the parameter's values has the fault. The parameter may occur several
/// times.
fn has_fault(bytes: &[u8], parameter: &str, fault: FormFault) -> bool {
    bytes.split(|&byte| byte == b'&').any(|member| {
        let mut parsed = url::form_urlencoded::parse(member);
        if parsed.next().is_none_or(|(name, _)| name != parameter) {
            return false;
        }
        let value: Vec<u8> = member.iter().copied().skip_while(|&byte| byte != b'=').skip(1).collect();
        let mut decoded = Vec::new();
        let mut broken = false;
        let mut rest = value.as_slice();
        while let [byte, after @ ..] = rest {
            rest = after;
            match (*byte, after) {
                (b'%', [high, low, after @ ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                    let digits = [*high, *low];
                    decoded.push(u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap());
                    rest = after;
                }
                (b'%', _) => broken = true,
                (b'+', _) => decoded.push(b' '),
                (byte, _) => decoded.push(byte),
            }
        }
        match fault {
            FormFault::Percent => broken,
            FormFault::Base64 => URL_SAFE_NO_PAD.decode(&decoded).is_err(),
            FormFault::Utf8 => !broken && std::str::from_utf8(&decoded).is_err(),
            other => panic!("{other:?}"),
        }
    })
}

/// Builds a request from values, one per line, and writes and reads it.
fn build(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let mut lines = text.split('\n');
    let mut builder = LogoutRequest::builder(Method::Get);
    if let Some(line) = lines.next() {
        builder = builder.id_token_hint(line);
    }
    if let Some(line) = lines.next() {
        builder = builder.logout_hint(line);
    }
    if let Some(line) = lines.next() {
        builder = builder.client_id(line);
    }
    if let Some(line) = lines.next() {
        builder = builder.post_logout_redirect_uri(line);
    }
    if let Some(line) = lines.next() {
        builder = builder.state(line);
    }
    if let Some(line) = lines.next() {
        builder = builder.ui_locales(line);
    }
    let Ok(request) = builder.build() else {
        assert!(bytes.len() > MAX_BYTES / 3 - 200);
        return;
    };
    let mut lines = text.split('\n');
    for value in values(&request) {
        assert_eq!(value, lines.next().filter(|line| !line.is_empty()));
    }
    let written = serde_urlencoded::to_string(&request).unwrap();
    assert_eq!(LogoutRequest::from_query(written).unwrap(), request);
}

/// The six values in the order of `SPECIFIED`.
fn values(request: &LogoutRequest) -> [Option<&str>; 6] {
    [
        request.id_token_hint().map(|value| value.as_str()),
        request.logout_hint().map(|value| value.as_str()),
        request.client_id().map(|value| value.as_str()),
        request.post_logout_redirect_uri().map(|value| value.as_str()),
        request.state().map(|value| value.as_str()),
        request.ui_locales().map(|value| value.as_str()),
    ]
}
