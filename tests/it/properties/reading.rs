//! Reading and writing requests.

use oidc_logout::op::{LogoutRequest, Method, State};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::input::{check, soup};

#[test]
fn a_request_that_is_read_and_written_is_read_the_same_again() {
    check(3000, (soup(), any::<bool>()), |(wire, post)| {
        let read = |form: &[u8]| {
            if post { LogoutRequest::from_form(form) } else { LogoutRequest::from_query(form) }
        };
        if let Ok(request) = read(&wire) {
            let written = serde_urlencoded::to_string(&request).unwrap();
            prop_assert_eq!(read(written.as_bytes()).unwrap(), request);
        }
        Ok(())
    });
}

#[test]
fn what_grows_beyond_the_limit_when_it_is_written_is_refused_only_for_its_size() {
    check(
        50,
        (1..3_usize, 0..70_000_usize, select(vec!["\u{e9}", "x", " ", "\u{1f600}"])),
        |(divisor, length, text)| {
            let wire = format!("state={}", text.repeat(length / divisor / text.len()));
            let Ok(request) = LogoutRequest::from_query(&wire) else {
                prop_assert!(wire.len() > 64 * 1024);
                return Ok(());
            };
            let written = serde_urlencoded::to_string(&request).unwrap();
            match LogoutRequest::from_query(&written) {
                Ok(again) => prop_assert_eq!(again, request),
                Err(refusal) => {
                    prop_assert_eq!(refusal.reason().code(), "request_too_large");
                    prop_assert!(written.len() > 64 * 1024);
                }
            }
            Ok(())
        },
    );
}

#[test]
fn a_request_that_is_built_and_written_is_read_the_same_again() {
    let value = || option::of(prop_oneof![any::<String>(), Just(String::new())]);
    let values = (value(), value(), value(), value(), value(), value());
    check(1000, (any::<bool>(), values), |(post, (hint, logout_hint, client_id, uri, state, ui_locales))| {
        let method = if post { Method::Post } else { Method::Get };
        let mut builder = LogoutRequest::builder(method);
        if let Some(value) = &hint {
            builder = builder.id_token_hint(value);
        }
        if let Some(value) = &logout_hint {
            builder = builder.logout_hint(value);
        }
        if let Some(value) = &client_id {
            builder = builder.client_id(value);
        }
        if let Some(value) = &uri {
            builder = builder.post_logout_redirect_uri(value);
        }
        if let Some(value) = &state {
            builder = builder.state(value);
        }
        if let Some(value) = &ui_locales {
            builder = builder.ui_locales(value);
        }
        let request = builder.build().unwrap();
        let given = state.as_deref().filter(|state| !state.is_empty());
        prop_assert_eq!(request.state().map(State::as_str), given);

        let written = serde_urlencoded::to_string(&request).unwrap();
        let read = if post { LogoutRequest::from_form(&written) } else { LogoutRequest::from_query(&written) };
        prop_assert_eq!(read.unwrap(), request);
        Ok(())
    });
}
