//! The discovery document's part.

use oidc_logout::{EndSessionEndpoint, EndSessionEndpointError, ProviderMetadata, UriError};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::uri_of_bytes;

#[test]
fn an_endpoint_uses_https_and_has_a_host_port_path_and_query_as_written() {
    for uri in [
        "https://op.example",
        "https://op.example/",
        "https://op.example/logout",
        "https://op.example:8443/logout?tenant=a&b=%20",
        "https://op.example:65535/",
        "https://localhost/logout",
        "https://192.0.2.1/logout",
        "https://[2001:db8::1]/logout",
        "HTTPS://OP.example/Logout?",
        &uri_of_bytes(2048),
    ] {
        for checked in [EndSessionEndpoint::new(uri), EndSessionEndpoint::allowing_http_on_loopback(uri)] {
            assert_eq!(checked.unwrap().as_str(), uri);
        }
    }
}

#[test]
fn an_endpoint_that_is_no_such_url_is_refused_with_the_reason() {
    use UriError::{
        Character, Fragment, Host, HttpNotAllowed, InternationalizedHost, Port, Relative, Scheme, TooLong, Userinfo,
        Wildcard,
    };
    for (uri, error) in [
        (uri_of_bytes(2049).as_str(), TooLong),
        ("https://op.example/log out", Character),
        ("https://op.example/%zz", Character),
        ("https://op.example/log\nout", Character),
        ("https://\u{e4}.example/logout", InternationalizedHost),
        ("https://op.example/\u{e4}", Character),
        ("", Relative),
        ("/logout", Relative),
        ("//op.example/logout", Relative),
        ("https://op.example/logout#", Fragment),
        ("https://op.example/logout#a", Fragment),
        ("ftp://op.example/logout", Scheme),
        ("javascript:alert(1)", Scheme),
        ("com.example.app:/logout", Scheme),
        ("https://user@op.example/logout", Userinfo),
        ("https://user:password@op.example/logout", Userinfo),
        ("https:/logout", Host),
        ("https:///logout", Host),
        ("https://*.op.example/logout", Wildcard),
        ("https://op.example/*", Wildcard),
        ("https://127.1/logout", Host),
        ("https://op.example:/logout", Port),
        ("https://op.example:0/logout", Port),
        ("https://op.example:65536/logout", Port),
        ("http://op.example/logout", HttpNotAllowed),
        ("HTTP://op.example/logout", HttpNotAllowed),
    ] {
        assert_eq!(EndSessionEndpoint::new(uri), Err(error.into()), "{uri}");
        assert_eq!(EndSessionEndpoint::allowing_http_on_loopback(uri), Err(error.into()), "{uri}");
    }
}

#[test]
fn http_is_taken_on_loopback_hosts_only_and_only_where_it_is_allowed() {
    for host in [
        "localhost",
        "LocalHost",
        "localhost:8080",
        "a.localhost",
        "127.0.0.0",
        "127.0.0.1:80",
        "127.255.255.255",
        "[::1]",
        "[::1]:1",
    ] {
        for scheme in ["http", "HTTP"] {
            let uri = format!("{scheme}://{host}/logout?a");
            assert_eq!(EndSessionEndpoint::new(&uri), Err(UriError::HttpNotAllowed.into()), "{uri}");
            assert_eq!(EndSessionEndpoint::allowing_http_on_loopback(&uri).unwrap().as_str(), uri);
        }
    }
    for host in [
        "126.255.255.255",
        "128.0.0.0",
        "0.0.0.0",
        "[::2]",
        "[::]",
        "[::ffff:7f00:1]",
        "localhost.example",
        "notlocalhost",
        "localhost.a",
        "127.0.0.1.example",
    ] {
        let uri = format!("http://{host}/logout");
        assert_eq!(EndSessionEndpoint::allowing_http_on_loopback(&uri), Err(UriError::HttpNotAllowed.into()), "{uri}");
    }
}

#[test]
fn the_query_holds_no_parameter_of_the_requests_that_are_sent_there() {
    for name in ["id_token_hint", "logout_hint", "client_id", "post_logout_redirect_uri", "state", "ui_locales"] {
        let encoded = format!("%{:02x}{}", name.as_bytes()[0], &name[1..]);
        for query in [name.to_owned(), format!("{name}="), format!("a=b&{name}=c"), format!("{encoded}=c")] {
            let uri = format!("https://op.example/logout?{query}");
            assert_eq!(EndSessionEndpoint::new(&uri), Err(EndSessionEndpointError::Parameter), "{uri}");
        }
        for query in [format!("x{name}=a"), format!("{name}x=a"), format!("a={name}"), name.to_uppercase()] {
            let uri = format!("https://op.example/logout?{query}");
            assert_eq!(EndSessionEndpoint::new(&uri).unwrap().as_str(), uri);
        }
        assert!(EndSessionEndpoint::new(format!("https://op.example/{name}")).is_ok());
    }
    let http = "http://localhost/?state";
    assert_eq!(EndSessionEndpoint::new(http), Err(UriError::HttpNotAllowed.into()));
    assert_eq!(EndSessionEndpoint::allowing_http_on_loopback(http), Err(EndSessionEndpointError::Parameter));
}

#[test]
fn provider_metadata_is_read_and_written_within_a_document() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Discovery {
        issuer: String,
        #[serde(flatten)]
        logout: ProviderMetadata,
        jwks_uri: String,
    }

    let text = r#"{"issuer":"https://op.example","end_session_endpoint":"https://op.example/logout?a","jwks_uri":"https://op.example/jwks"}"#;
    let discovery: Discovery = serde_json::from_str(text).unwrap();
    assert_eq!(discovery.logout.end_session_endpoint.as_str(), "https://op.example/logout?a");
    assert_eq!(serde_json::to_string(&discovery).unwrap(), text);
    let alone: ProviderMetadata = serde_json::from_str(text).unwrap();
    assert_eq!(alone, discovery.logout);

    // An endpoint with http is written, and read again only in code.
    let http = EndSessionEndpoint::allowing_http_on_loopback("http://localhost/logout").unwrap();
    let text = serde_json::to_string(&ProviderMetadata::new(http)).unwrap();
    assert_eq!(text, r#"{"end_session_endpoint":"http://localhost/logout"}"#);
    let error = serde_json::from_str::<ProviderMetadata>(&text).unwrap_err();
    assert!(
        error.to_string().starts_with(&EndSessionEndpointError::from(UriError::HttpNotAllowed).to_string()),
        "{error}"
    );
}

#[test]
fn what_is_no_provider_metadata_is_not_read() {
    let uri = "https://op.example/logout";
    for json in [
        json!({}),
        json!({"end_session_endpoint": null}),
        json!({"end_session_endpoint": [uri]}),
        json!({"end_session_endpoint": ""}),
        json!({"End_session_endpoint": uri}),
        json!([uri]),
        json!(uri),
    ] {
        assert!(serde_json::from_value::<ProviderMetadata>(json.clone()).is_err(), "{json}");
    }
    let twice = format!(r#"{{"end_session_endpoint": "{uri}", "end_session_endpoint": "{uri}"}}"#);
    assert!(serde_json::from_str::<ProviderMetadata>(&twice).is_err());
}
