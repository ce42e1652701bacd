//! Where a redirect leads.

use std::cell::Cell;

use oidc_logout::op::LogoutRequest;
use proptest::prelude::*;
use url::{Url, form_urlencoded};

use super::input::{any_policy, check, signed_in, wire};
use super::{REGISTRATIONS, endpoint, see};

#[test]
fn a_redirect_leads_to_a_registered_uri_of_the_client_with_the_state_and_nothing_else() {
    let redirects = Cell::new(0);
    check(3000, (any_policy(), wire(), any::<bool>(), signed_in()), |(policy, wire, post, session)| {
        let request = if post { LogoutRequest::from_form(&wire) } else { LogoutRequest::from_query(&wire) };
        let Ok(request) = request else {
            return Ok(());
        };
        let seen = see(&endpoint(policy), request, session.as_ref());
        let Some(location) = seen.location else {
            return Ok(());
        };
        // One question mark before a query does not belong to its first name (rule 1).
        let members = wire.strip_prefix(b"?").filter(|_| !post).unwrap_or(&wire);
        let (_, state) =
            form_urlencoded::parse(members).find(|(name, value)| name == "state" && !value.is_empty()).unzip();
        let client = seen.client_id.expect("a client that is redirected to");
        let registration = REGISTRATIONS.iter().find(|registration| registration.id == client).unwrap();
        prop_assert!(
            registration.uris.iter().any(|uri| is_redirect_to(uri, registration.native, state.as_deref(), &location)),
            "{client} is sent to {location}"
        );
        redirects.set(redirects.get() + 1);
        Ok(())
    });
    assert!(redirects.get() > 300, "only {} of the requests were redirected", redirects.get());
}

/// Whether a location is the registered URI with the state. Reads by its own means.
fn is_redirect_to(registered: &str, native: bool, state: Option<&str>, location: &str) -> bool {
    let same_port = |uri: &str| Url::parse(uri).unwrap().port();
    let loopback = native.then(|| LOOPBACK.iter().find(|prefix| registered.starts_with(*prefix))).flatten();
    let (registered_port, location_port) = (text_port(registered), text_port(location));
    let expected = match loopback {
        Some(prefix) => {
            let rest = registered[prefix.len()..].strip_prefix(registered_port).unwrap();
            format!("{prefix}{location_port}{rest}")
        }
        None => registered.to_owned(),
    };
    let expected = match state {
        Some(state) => with_state(&expected, state),
        None => expected,
    };
    let host = |uri: &str| Url::parse(uri).unwrap().host().map(|host| host.to_owned());
    let scheme = |uri: &str| Url::parse(uri).unwrap().scheme().to_owned();
    location == expected
        && location.bytes().all(|byte| byte.is_ascii_graphic())
        && host(location) == host(registered)
        && scheme(location) == scheme(registered)
        && (loopback.is_some() || same_port(location) == same_port(registered))
        && (location_port.is_empty() || is_port(location_port))
}

fn is_port(text: &str) -> bool {
    let number = text.strip_prefix(':').and_then(|port| port.parse::<u16>().ok());
    number.is_some_and(|number| number > 0 && text == format!(":{number}"))
}

const LOOPBACK: [&str; 2] = ["http://127.0.0.1", "http://[::1]"];

/// The port of a loopback URI as it is written, with its colon.
fn text_port(uri: &str) -> &str {
    let Some(rest) = LOOPBACK.iter().find_map(|prefix| uri.strip_prefix(prefix)) else {
        return "";
    };
    &rest[..rest.find(['/', '?']).unwrap_or(rest.len())]
}

pub(crate) fn with_state(uri: &str, state: &str) -> String {
    let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
    let names_state = |member: &str| form_urlencoded::parse(member.as_bytes()).any(|(name, _)| name == "state");
    let others: Vec<_> = query.split('&').filter(|member| !names_state(member)).collect();
    let others = others.join("&");
    let encode = |byte: u8| match byte {
        b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    let encoded: String = state.bytes().map(encode).collect();
    let separator = if others.is_empty() { "" } else { "&" };
    format!("{path}?{others}{separator}state={encoded}")
}
