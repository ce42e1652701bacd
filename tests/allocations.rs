//! The memory that a request takes: few allocations for the seed's request, and at most a multiple
//! of its own size for a hostile one.
//!
//! The count covers what Rust allocates from the bytes to the answer, including the answer. It does
//! not see OpenSSL's own memory, which depends on the key and not on the request.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test"
)]

use allocation_counter::{AllocationInfo, measure};
use oidc_logout::op::{Landing, LogoutRequest, Method, RefusalReason, RegisteredRedirect, RegistrationRules};
use oidc_logout::{ClientMetadata, ClientMetadataError, UriError};

mod support;

use support::seed::{Seed, code, filled};

/// The most allocations that the seed's request may take, from its bytes to the location.
const MOST_ALLOCATIONS: u64 = 12;

/// The most bytes that may be held at once for each byte of a request.
///
/// An `aud` that is a list of empty strings is the worst case. In it, 4 bytes of the request become
/// an element of 24 bytes. A list that has just doubled holds room for twice as many elements, and
/// the old list still exists beside it: 3 × 24 / 4 = 18. The request and the decoded token add 2.
const HELD_FOR_A_BYTE: usize = 20;

/// The bytes that may be held for a request of any size. They leave room for the backtrace that is
/// captured if a signature does not verify and `RUST_BACKTRACE` is set.
const HELD_AT_LEAST: usize = 8 * 1024;

const KIB: usize = 1024;

#[test]
fn the_seeds_request_takes_few_allocations() {
    let seed = Seed::read();
    // The key's verifier is built when it is first used.
    assert!(seed.decide(&seed.query).is_ok());
    let mut location = String::with_capacity(seed.redirect.len());
    let used = measure(|| match seed.decide(&seed.query) {
        Ok(Landing::Redirect(to)) => location.push_str(to.location()),
        other => panic!("not redirected: {other:?}"),
    });
    assert_eq!(location, seed.redirect);
    assert!(
        used.count_total <= MOST_ALLOCATIONS,
        "{} allocations; at most {MOST_ALLOCATIONS} should do",
        used.count_total
    );
    assert_eq!(used.bytes_current, 0, "something is kept");
}

#[test]
fn a_request_that_is_too_large_takes_no_allocation() {
    let dots = ".".repeat(KIB * KIB);
    let used = measure(|| {
        let refusal = LogoutRequest::from_query(&dots).unwrap_err();
        assert_eq!(refusal.reason(), RefusalReason::RequestTooLarge);
    });
    assert_eq!(used.count_total, 0);
}

#[test]
fn a_hint_takes_a_multiple_of_its_size() {
    let seed = Seed::read();
    let [header, claims, signature] = &seed.segments;
    let cases = [
        (".".repeat(40 * KIB), "malformed"),
        (".".repeat(60 * KIB), "too_large"),
        ("[".repeat(60 * KIB), "too_large"),
        (format!("{}.{claims}.{signature}", "A".repeat(8 * KIB)), "malformed"),
        (format!("{header}.{claims}.{}", "A".repeat(40 * KIB)), "signature"),
        (format!("{header}.{claims}.{}", "A".repeat(342)), "signature"),
    ];
    for (hint, outcome) in cases {
        seed.assert_bounded(&seed.with_hint(&hint), outcome);
    }
}

#[test]
fn claims_take_a_multiple_of_their_size() {
    let seed = Seed::read();
    // The start of the claims, the part that is repeated, and the end.
    let malformed = [
        ("", "[", ""),
        ("[", "0,", "0]"),
        (r#"{"x":"#, "[", ""),
        ("{", r#""x":{"#, ""),
        (r#"{"x":["#, "0,", "0]}"),
        ("{", r#""":0,"#, r#""":0}"#),
        (r#"{"iss":"#, "[", ""),
        (r#"{"iss":"#, r#"{"":"#, ""),
        ("{", r#""iss":"","#, r#""iss":""}"#),
        (r#"{"aud":"#, "[", ""),
        (r#"{"aud":["","#, "[", ""),
        (r#"{"aud":["#, "0,", "0]}"),
        (r#"{"aud":["#, r#""","#, r#"""]}"#),
        (r#"{"aud":["#, r#""\n","#, r#"""]}"#),
        (r#"{"aud":""#, r"\n", r#""}"#),
    ];
    for (before, repeated, after) in malformed {
        seed.assert_bounded(&seed.with_claims(before, repeated, after), "malformed");
    }

    // These begin with the seed's claims, so that only the signature is wrong.
    let claims = seed.claims();
    let claims = claims.strip_suffix('}').unwrap();
    let unsigned = [
        (r#""x":""#, "x", r#""}"#),
        (r#""x":""#, r"\n", r#""}"#),
        (r#""x":["#, "0,", "0]}"),
        ("", r#""":0,"#, r#""":0}"#),
        (r#""sid":""#, r"\n", r#""}"#),
    ];
    for (before, repeated, after) in unsigned {
        let before = format!("{claims},{before}");
        seed.assert_bounded(&seed.with_claims(&before, repeated, after), "signature");
    }
}

#[test]
fn audiences_take_a_multiple_of_their_size() {
    let seed = Seed::read();
    let before = seed.with_audiences();
    for (repeated, after) in [(r#""","#, r#"""]}"#), (r#""\n","#, r#"""]}"#)] {
        seed.assert_bounded(&seed.with_claims(&before, repeated, after), "signature");
    }
    // A list that doubles has just grown when it holds one element more than a power of two.
    let audiences = [&before, &r#""","#.repeat(8 * KIB), r#"""]}"#].concat();
    seed.assert_bounded(&seed.with_json(&audiences), "signature");
}

#[test]
fn parameters_take_a_multiple_of_their_size() {
    let seed = Seed::read();
    let cases = [
        ("", "&", "state_missing"),
        ("", "=", "state_missing"),
        ("", "a=b&", "state_missing"),
        ("", "%61=b&", "state_missing"),
        ("", "%41", "state_missing"),
        ("", "%", "state_missing"),
        ("state=", "%41", "state_too_long"),
        ("state=", "[", "state_too_long"),
        ("state=", "%", "malformed_request"),
        ("", "state=a&", "duplicate_parameter"),
        ("", "st%61te=&", "duplicate_parameter"),
    ];
    for (before, repeated, outcome) in cases {
        seed.assert_bounded(&filled(before, repeated, "", LogoutRequest::MAX_BYTES), outcome);
    }
}

/// A URI of many labels that look like punycode, which a parser of host names decodes one by one.
#[test]
fn a_host_that_is_too_long_is_refused_without_being_parsed() {
    let host = "xn--0.".repeat(335);
    let uri = format!("https://{host}example/");
    assert!((2000..2048).contains(&uri.len()));
    let rules = RegistrationRules::default();
    let used = measure(|| assert_eq!(RegisteredRedirect::register(&uri, &rules), Err(UriError::Host)));
    assert_eq!(used.count_total, 0);
}

/// Larger values than a query can hold come from a host that builds the request itself or decrypts
/// the hint.
#[test]
fn a_mebibyte_takes_a_multiple_of_its_size() {
    let seed = Seed::read();
    let dots = ".".repeat(KIB * KIB);

    let by_hand = measure(|| {
        let request = LogoutRequest::builder(Method::Get).id_token_hint(dots.as_str()).build();
        assert_eq!(code(&request.unwrap_err()), "request_too_large");
    });
    assert_within(by_hand, dots.len());

    let request = LogoutRequest::from_query(&seed.query).unwrap();
    let request = request.with_decrypted_hint(dots.as_str());
    let decrypted = measure(|| {
        let refusal = seed.endpoint.receive(request, seed.now).unwrap_err();
        assert_eq!(code(&refusal), "too_large");
    });
    assert_within(decrypted, 0);
}

/// A host may pass a registration body of any size. The part of it that is kept must be bounded, or
/// at most as large as the body.
#[test]
fn client_metadata_takes_a_multiple_of_its_size() {
    use ClientMetadataError::{NotAnObject, TooManyUris, UnknownApplicationType};
    let uris = r#"{"post_logout_redirect_uris":["#;
    for (before, repeated, after, outcome, kept) in [
        (uris, r#""","#, r#"""]}"#, Err(TooManyUris), false),
        (uris, r#""https://rp.example","#, r#"""]}"#, Err(TooManyUris), false),
        (uris, "[", "", Err(NotAnObject), true),
        (r#"{"a":["#, "0,", "0]}", Ok(()), false),
        ("{", r#""a":0,"#, r#""a":0}"#, Ok(()), false),
        ("{", r#""application_type":null,"#, "", Err(NotAnObject), false),
        (r#"{"post_logout_redirect_uris":[""#, r"\n", r#""]}"#, Ok(()), true),
        (r#"{"application_type":""#, "x", r#""}"#, Err(UnknownApplicationType), true),
    ] {
        let body = filled(before, repeated, after, KIB * KIB);
        let mut read = None;
        let used = measure(|| read = Some(ClientMetadata::from_json(&body).map(drop)));
        assert_eq!(read, Some(outcome), "{before}{repeated}");
        assert_within(used, if kept { body.len() } else { 0 });
    }
}

impl Seed {
    /// Checks that the query is refused with this code, within the bound.
    fn assert_bounded(&self, query: &str, outcome: &str) {
        let used = measure(|| {
            let refusal = self.decide(query).unwrap_err();
            assert_eq!(code(&refusal), outcome);
        });
        assert_within(used, query.len());
    }

    /// The seed's claims with a list as their audience, cut off after the bracket that opens it.
    fn with_audiences(&self) -> String {
        let claims = self.claims().replace(r#""aud":"#, r#""x":"#);
        format!(r#"{},"aud":["#, claims.strip_suffix('}').unwrap())
    }

    /// The seed's query with claims that fill a hint of 48 KiB.
    fn with_claims(&self, before: &str, repeated: &str, after: &str) -> String {
        let [header, _, signature] = &self.segments;
        let room = (48 * KIB - header.len() - signature.len() - 2) / 4 * 3;
        self.with_json(&filled(before, repeated, after, room))
    }
}

fn assert_within(used: AllocationInfo, request_bytes: usize) {
    let bound = u64::try_from(HELD_FOR_A_BYTE * request_bytes + HELD_AT_LEAST).unwrap();
    assert!(
        used.bytes_max <= bound,
        "{} bytes held for a request of {request_bytes}; at most {bound} should do",
        used.bytes_max
    );
}
