//! No value of a request, no secret and no key is in any `Debug`, `Display` or error: a search for
//! them.
//!
//! Every public type is made from inputs that all carry a mark, written in every way, and searched
//! for the mark in every encoding. What is left out is found by comparing with the source: types,
//! variants and errors.

mod audit;
mod configuration;
mod input;
mod notices;
mod outcome;
mod request;
mod source;

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use oidc_logout::op::{Client, LogoutRequest, Policy, RegisteredRedirect, RegistrationRules};

use audit::{Audit, MARKS};
use configuration::{client_metadata, clients, keys, policies, provider_metadata, registrations, sessions};
use input::{PARAMETERS, endpoint, every_parameter, now};
use notices::{addresses, channels, deliveries, plans};
use outcome::{between_client_and_session, decisions};
use request::{plain_values, refused_hints, refused_requests, requests};
use source::{public_types, source};

/// In every value that must not be shown anywhere.
const SECRET: &str = "s3cr3t-";
/// In what the host configures. Types of configuration show it, errors and outcomes do not.
const CONFIGURED: &str = "c0nf1g-";
const SHOWS_CONFIGURATION: [&str; 13] = [
    "BackChannelNotice",
    "Client",
    "ClientBuilder",
    "EndSessionEndpoint",
    "KeySet",
    "LogoutEndpoint",
    "Pending",
    "PendingSession",
    "ProviderMetadata",
    "RegisteredRedirect",
    "RegistrationRules",
    "UnusableKey",
    "Policy",
];

const ISSUER: &str = "https://c0nf1g-issuer.example";
const FORMER_ISSUER: &str = "https://c0nf1g-former.example";
const REGISTERED: &str = "https://rp.example/c0nf1g-path?c0nf1g-query";
const CLIENT: &str = "s3cr3t-client";
const CLIENT_SECRET: &str = "s3cr3t-secret-of-no-less-than-32-bytes";
const SUBJECT: &str = "s3cr3t-subject";
const SID: &str = "s3cr3t-sid";
const STATE: &str = "s3cr3t-state-with-enough-characters";
const NOW: i64 = 1_700_000_000;
/// Dates of tokens and the port of a loopback address: secrets that are numbers.
const NUMBERS: [&str; 4] = ["1699999123", "1699999124", "1700000321", "49173"];

static AUDIT: LazyLock<Audit> = LazyLock::new(|| {
    let mut audit = Audit::default();
    plain_values(&mut audit);
    requests(&mut audit);
    registrations(&mut audit);
    clients(&mut audit);
    provider_metadata(&mut audit);
    client_metadata(&mut audit);
    keys(&mut audit);
    policies(&mut audit);
    sessions(&mut audit);
    refused_requests(&mut audit);
    refused_hints(&mut audit);
    decisions(&mut audit);
    between_client_and_session(&mut audit);
    channels(&mut audit);
    addresses(&mut audit);
    plans(&mut audit);
    deliveries(&mut audit);
    audit
});

#[test]
fn nothing_that_is_written_holds_a_secret() {
    assert!(AUDIT.leaks.is_empty(), "{:#?}", AUDIT.leaks);
    let searched = AUDIT.searched.len();
    assert!(searched > 500, "only {searched} texts were searched");
}

#[test]
fn every_public_type_is_searched() {
    let searched = AUDIT.variants.keys().cloned().collect();
    assert_eq!(public_types().difference(&searched).collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn every_variant_of_every_public_enum_is_searched() {
    for (name, variants) in source().variants {
        let searched = AUDIT.variants.get(&name).cloned().unwrap_or_default();
        assert_eq!(variants.difference(&searched).collect::<Vec<_>>(), [""; 0], "of {name}");
    }
}

#[test]
fn every_error_and_every_text_is_searched() {
    let source = source();
    assert!(source.errors.len() > 8, "misread: {:?}", source.errors);
    assert_eq!(source.errors.difference(&AUDIT.errors).collect::<Vec<_>>(), [""; 0]);
    // A client's identifier is written as it is, on purpose: a host asks for it by name.
    assert_eq!(source.texts.difference(&AUDIT.texts).collect::<Vec<_>>(), ["ClientId"]);
}

#[test]
fn errors_read_as_errors_do() {
    assert!(AUDIT.misspelt.is_empty(), "{:#?}", AUDIT.misspelt);
}

#[test]
fn the_search_finds_every_form_of_a_secret() {
    let text = format!("a {SECRET}1");
    let each = |write: fn(u8) -> String| text.bytes().map(write).collect::<Vec<_>>().concat();
    let mut forms = vec![
        text.clone(),
        text.to_uppercase(),
        each(|byte| format!("%{byte:02X}")),
        each(|byte| format!("{byte:02x}")),
        format!("{:?}", text.as_bytes()),
        format!("{:#?}", text.as_bytes()),
        format!("{:x?}", text.as_bytes()),
    ];
    for start in ["", " ", "  "] {
        let shifted = format!("{start}{text}");
        forms.push(URL_SAFE_NO_PAD.encode(&shifted));
        forms.push(STANDARD.encode(&shifted));
    }
    for form in forms {
        assert!(MARKS[0].is_in(&form), "not found: {form}");
    }
    assert!(!MARKS[0].is_in("State(35 bytes)"));
}

#[test]
fn what_helps_is_shown() {
    let endpoint = endpoint(Policy::openid());
    let debug = format!("{endpoint:?}");
    for shown in [ISSUER, FORMER_ISSUER, "WhenUnproven", "c0nf1g-kid"] {
        assert!(debug.contains(shown), "{shown} in {debug}");
    }

    let request = every_parameter(&mut Audit::default(), "absent");
    let debug = format!("{request:?}");
    for (name, value) in [("state", STATE), ("client_id", CLIENT)] {
        assert!(debug.contains(name) && debug.contains(&format!("({} bytes)", value.len())), "{debug}");
    }
    let pending = endpoint.receive(request, now()).unwrap();
    assert!(format!("{pending:?}").contains(ISSUER));

    for parameter in PARAMETERS {
        let refusal = LogoutRequest::from_form(format!("{parameter}=%zz")).unwrap_err();
        let text = refusal.to_string();
        assert!(text.contains(&format!("{parameter} has")), "{text}");
        assert!(format!("{refusal:?}").contains("MalformedRequest"));
    }

    let error = Client::builder("rp-1")
        .post_logout_redirect_uri(REGISTERED)
        .post_logout_redirect_uri("http://rp.example")
        .build()
        .unwrap_err();
    assert!(error.to_string().starts_with("post_logout_redirect_uri 1: http is allowed only"));
    let registered = RegisteredRedirect::register(REGISTERED, &RegistrationRules::default()).unwrap();
    assert!(format!("{registered:?}").contains(REGISTERED));
}
