//! What can be registered.

use std::cell::Cell;

use oidc_logout::op::{
    Answer, Client, Decision, Landing, LogoutRequest, Policy, RegisteredRedirect, RegistrationRules,
};
use oidc_logout::{ApplicationType, ClientType};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use url::Url;

use super::input::{changed, check, registered_uri, sent, state};
use super::redirect::with_state;
use super::{NOW, endpoint};
use crate::support::provider::at;

#[test]
fn what_is_registered_is_read_by_a_url_parser_as_it_is_written() {
    let registered = Cell::new(0);
    check(5000, (uri(), registration_rules()), |(uri, rules)| {
        let Ok(redirect) = RegisteredRedirect::register(&uri, &rules) else {
            return Ok(());
        };
        registered.set(registered.get() + 1);
        prop_assert_eq!(redirect.as_str(), &uri);
        let url = Url::parse(&uri);
        prop_assert!(url.is_ok(), "{:?}", url);
        let url = url.unwrap();
        prop_assert!(url.username().is_empty() && url.password().is_none() && url.fragment().is_none());
        prop_assert!(!uri.contains(['#', '\\', '\t', '\n', '\r', ' ']));

        let (scheme, rest) = uri.split_once(':').unwrap();
        prop_assert!(url.scheme().eq_ignore_ascii_case(scheme));
        let authority = rest.strip_prefix("//").map(|rest| &rest[..rest.find(['/', '?']).unwrap_or(rest.len())]);
        let host = authority.map(|authority| match authority.find(']') {
            Some(end) => &authority[..=end],
            None => authority.split(':').next().unwrap(),
        });
        prop_assert_eq!(
            url.host_str().unwrap_or_default().to_ascii_lowercase(),
            host.unwrap_or_default().to_ascii_lowercase()
        );
        let port = authority.unwrap_or_default()[host.unwrap_or_default().len()..].strip_prefix(':');
        if let Some(port) = port {
            prop_assert_eq!(url.port_or_known_default().unwrap().to_string(), port);
        }
        Ok(())
    });
    assert!(registered.get() > 300, "only {} of the URIs were registered", registered.get());
}

#[test]
fn a_port_without_a_host_is_not_registered() {
    let rules = RegistrationRules::default().application_type(ApplicationType::Native);
    let registered = RegisteredRedirect::register("com.example.app://:1", &rules);
    assert!(registered.is_err(), "{registered:?}");
}

#[test]
fn whatever_is_registered_comes_back_byte_for_byte_but_for_its_state() {
    let endpoint = endpoint(Policy::openid());
    let redirected = Cell::new(0);
    check(3000, (uri(), registration_rules(), option::of(state())), |(uri, rules, state)| {
        let client = Client::builder("any").registration_rules(rules).post_logout_redirect_uri(&uri).build();
        let Ok(client) = client else {
            return Ok(());
        };
        let state = state.filter(|state| !state.is_empty());
        let parameters = sent([
            ("client_id", Some("any".to_owned())),
            ("post_logout_redirect_uri", Some(uri.clone())),
            ("state", state.clone()),
        ]);
        let request = LogoutRequest::from_query(serde_urlencoded::to_string(parameters).unwrap()).unwrap();
        let decision = endpoint.receive(request, at(NOW)).map(|pending| pending.decide(Some(&client), None));
        match decision {
            Ok(Decision::Answer(Answer::Landing(Landing::Redirect(to)))) => {
                let expected = state.as_deref().map_or(uri.clone(), |state| with_state(&uri, state));
                prop_assert_eq!(to.location(), expected);
                redirected.set(redirected.get() + 1);
            }
            Ok(Decision::Answer(Answer::Refuse(refusal))) | Err(refusal) => {
                prop_assert_eq!(refusal.reason().code(), "state_too_long");
            }
            other => panic!("it gives {other:?}"),
        }
        Ok(())
    });
    assert!(redirected.get() > 200, "only {} of the URIs were registered", redirected.get());
}

fn uri() -> impl Strategy<Value = String> {
    let host = prop_oneof![
        3 => select(vec![
            "rp.example", "RP.Example", "localhost", "LOCALHOST", "127.0.0.1", "127.1", "0x7f.1", "2130706433", "127.0.0.1.", "[::1]",
            "[0:0:0:0:0:0:0:1]", "[::FFFF:1.2.3.4]", "[::ffff:7f00:1]", "[fe80::1%25eth0]", "[v1.a]", "xn--bcher-kva.example",
            "xn--a", "a_b.example", "*", "*.example", "a;b", "a..b", ".", "-a.example", "1.2.3", "rp.example.", "999.1.1.1", "1.2.3.08", "",
        ]).prop_map(str::to_owned),
        1 => "[a-zA-Z0-9.-]{0,12}",
        1 => "\\[[0-9a-fA-F:.]{0,20}\\]",
        1 => "[ -~]{0,6}",
    ];
    let scheme = select(vec![
        "https",
        "http",
        "HTTP",
        "com.example.app",
        "Com.Example.App",
        "myapp",
        "javascript",
        "data",
        "file",
        "ws",
        "ftp",
        "a.",
        "1.a",
        "",
    ]);
    let port = prop_oneof![
        3 => Just(String::new()),
        1 => any::<u16>().prop_map(|port| format!(":{port}")),
        1 => select(vec![":", ":0", ":080", ":65536", ":+80", ":80:80", ":443", ":80"]).prop_map(str::to_owned),
    ];
    let rest = prop_oneof![
        2 => select(vec!["", "/", "?", "/a?b#", "/../a", "/%2e", "/%", "//evil.example", "/\\evil.example", "/a[b]", "?a=[", "@evil.example/"])
            .prop_map(str::to_owned),
        1 => "[/?][ -~]{0,12}",
        1 => any::<String>(),
    ];
    let slashes = select(vec!["://", "://", "://", ":", ":/", ":///", "", ":\\\\"]);
    let composed = (scheme, slashes, host, port, rest)
        .prop_map(|(scheme, slashes, host, port, rest)| format!("{scheme}{slashes}{host}{port}{rest}"));
    prop_oneof![
        4 => changed(composed, 1),
        4 => changed(registered_uri(), 4),
        1 => any::<String>(),
        1 => "[a-z.]{1,8}:[ -~]{0,30}",
    ]
}

fn registration_rules() -> impl Strategy<Value = RegistrationRules> {
    any::<[bool; 4]>().prop_map(|[native, public, http, scheme]| {
        let mut rules = RegistrationRules::default().allow_http(http);
        if native {
            rules = rules.application_type(ApplicationType::Native);
        }
        if public {
            rules = rules.client_type(ClientType::Public);
        }
        if scheme {
            rules = rules.allow_scheme("myapp").allow_scheme("javascript").allow_scheme("file");
        }
        rules
    })
}
