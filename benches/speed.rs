//! The time of a decision, in units of the one part that cannot be saved: an RSA signature check by
//! OpenSSL.
//!
//! ```text
//! cargo bench --bench speed
//! ```
//!
//! The base line is one call of `EVP_DigestVerify` for the token of the first vector,
//! `seed/signed-in`, with a key that is already parsed. Machines are noisy, so times of different
//! runs are never compared. Every round times the base line and each case in turn, the ratio is
//! taken within the round, and the table shows the median of all rounds.
//!
//! If `RUST_BACKTRACE` is set, a signature that does not verify also costs a captured backtrace,
//! which costs more the deeper the stack is. So the program starts itself again without that
//! variable. It also checks that no outcome depends on it. Without `--bench` (`cargo test
//! --benches`), the outcomes are checked and nothing is timed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::print_stdout,
    reason = "not part of the library; what is wrong here should stop it"
)]

use std::env;
use std::hint::black_box;
use std::process::Command;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use josekit::jwk::Jwk;
use josekit::jws::{JwsVerifier, RS256};
use oidc_logout::KeySet;
use oidc_logout::op::{BackChannelNotice, Landing, LogoutRequest};
use openssl::bn::BigNum;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Public};
use openssl::rsa::Rsa;
use openssl::sign::Verifier;
use serde_json::{Value, json};

#[path = "../tests/support/large_session.rs"]
mod large_session;
#[path = "../tests/support/seed.rs"]
#[allow(dead_code, reason = "a test uses the rest")]
mod seed;
#[path = "support/timed.rs"]
mod timed;

use large_session::LargeSession;
use seed::{Seed, code, filled};
use timed::{Timed, median, ratio};

/// The duration of the measurement.
const DURATION: Duration = Duration::from_secs(25);

/// The number of RSA keys that a large provider may have, and the most microseconds that reading
/// one of them may take.
const KEYS: usize = 48;
const MOST_A_KEY: f64 = 20.0;

/// The number of clients that a large session may have, and the most microseconds that it may take
/// to plan the notice and the frame of each, and to make a logout token without its signature.
const CLIENTS: usize = 1000;
const MOST_A_NOTICE: f64 = 1.0;
const MOST_A_TOKEN: f64 = 3.0;

/// The argument that makes the process print the outcomes and nothing else.
const OUTCOMES: &str = "--outcomes";

fn main() {
    let seed = Seed::read();
    let cases = cases(&seed);
    if env::args().any(|argument| argument == OUTCOMES) {
        print!("{}", outcomes(&seed, &cases));
    } else {
        timed::without_backtraces();
        check_outcomes(&seed, &cases);
        check_notices(&seed);
        if env::args().any(|argument| argument == "--bench") {
            measure(&seed, &cases);
        }
    }
}

fn this_program() -> Command {
    Command::new(env::current_exe().expect("the path of this program"))
}

fn check_outcomes(seed: &Seed, cases: &[Case]) {
    for case in cases {
        assert_eq!(seed.outcome(&case.query), case.outcome, "{}", case.name);
    }
    let with_backtraces = this_program().arg(OUTCOMES).env("RUST_BACKTRACE", "1").output();
    let with_backtraces = with_backtraces.expect("the same program").stdout;
    assert_eq!(
        String::from_utf8_lossy(&with_backtraces),
        outcomes(seed, cases),
        "the outcomes should not depend on RUST_BACKTRACE"
    );
}

fn check_notices(seed: &Seed) {
    let session = LargeSession::new(CLIENTS);
    let notices = seed.end_session().notices(&session.ended, session.participants());
    assert_eq!((notices.back_channel().len(), notices.not_told().len()), (CLIENTS, 0));
    let told = notices.told([""; 0]);
    assert_eq!((told.pending().len(), told.frames().len()), (CLIENTS, 50));
}

fn outcomes(seed: &Seed, cases: &[Case]) -> String {
    let line = |case: &Case| format!("{}: {}\n", case.name, seed.outcome(&case.query));
    cases.iter().map(line).collect()
}

impl Seed {
    fn outcome(&self, query: &str) -> String {
        match self.decide(query) {
            Ok(Landing::Redirect(to)) => to.location().to_owned(),
            Ok(Landing::FrontChannel(page)) => page.continue_to().to_owned(),
            Ok(Landing::SignedOutPage(_)) => "the signed-out page".to_owned(),
            Err(refusal) => code(&refusal).to_owned(),
        }
    }

    fn hint(&self) -> String {
        self.segments.join(".")
    }

    fn signed(&self) -> String {
        self.segments[..2].join(".")
    }

    fn signature(&self) -> Vec<u8> {
        URL_SAFE_NO_PAD.decode(&self.segments[2]).expect("base64url")
    }

    /// The key in OpenSSL's form.
    fn openssl_key(&self) -> PKey<Public> {
        let number = |name: &str| {
            let octets = URL_SAFE_NO_PAD.decode(self.jwk[name].as_str().expect("a number"));
            BigNum::from_slice(&octets.expect("base64url")).expect("a number")
        };
        let key = Rsa::from_public_components(number("n"), number("e")).expect("an RSA key");
        PKey::from_rsa(key).expect("a key")
    }

    /// The key in josekit's form.
    fn josekit_verifier(&self) -> impl JwsVerifier {
        let Value::Object(members) = self.jwk.clone() else {
            panic!("the key is not an object");
        };
        let jwk = Jwk::from_map(members).expect("a JWK");
        RS256.verifier_from_jwk(&jwk).expect("a verifier")
    }
}

/// A JWK Set with as many keys like the seed's. Each has a modulus and a `kid` of its own.
fn jwks_of(seed: &Seed, count: usize) -> String {
    let modulus = URL_SAFE_NO_PAD.decode(seed.jwk["n"].as_str().expect("a number")).expect("base64url");
    let keys = (0..count).map(|index| {
        let (mut modulus, mut jwk) = (modulus.clone(), seed.jwk.clone());
        modulus[100] ^= u8::try_from(index).expect("a few keys");
        jwk["n"] = URL_SAFE_NO_PAD.encode(modulus).into();
        jwk["kid"] = index.to_string().into();
        jwk
    });
    json!({"keys": keys.collect::<Vec<_>>()}).to_string()
}

/// A request that is timed.
struct Case {
    name: &'static str,
    query: String,
    /// The location of the redirect, or the code of the refusal.
    outcome: String,
    aim: Aim,
}

impl Case {
    fn new(name: &'static str, query: String, outcome: &str, aim: Aim) -> Self {
        let outcome = outcome.to_owned();
        Self { name, query, outcome, aim }
    }
}

/// The highest cost that a case should have.
enum Aim {
    OfBaseLine(f64),
    OfAccepting,
    /// Measured for information.
    None,
}

/// The cases. The first is the seed's request itself.
fn cases(seed: &Seed) -> Vec<Case> {
    let mut cases = vec![Case::new(
        "the seed's request, from bytes to location",
        seed.query.clone(),
        &seed.redirect,
        Aim::OfBaseLine(1.10),
    )];
    cases.extend(refused_early(seed));
    cases.extend(refused_json(seed));
    cases.extend(worst(seed));
    cases
}

/// Requests that are refused for their length, percent-encoding, dots or base64.
fn refused_early(seed: &Seed) -> Vec<Case> {
    let [header, claims, signature] = &seed.segments;
    let with_last = |last: &str| {
        let mut signature = signature.clone();
        signature.pop();
        seed.with_hint(&format!("{header}.{claims}.{signature}{last}"))
    };
    let case = |name, query, outcome| Case::new(name, query, outcome, Aim::OfBaseLine(0.06));
    vec![
        case(
            "length: a query of 64 KiB and a byte",
            filled(&format!("{}&x=", seed.query), "x", "", LogoutRequest::MAX_BYTES + 1),
            "request_too_large",
        ),
        case("length: a hint of 48 KiB and a byte", seed.with_hint(&"A".repeat(48 * 1024 + 1)), "too_large"),
        case(
            "length: a first segment of 8 KiB and a byte",
            seed.with_hint(&format!("{}.{claims}.{signature}", "A".repeat(8 * 1024 + 1))),
            "too_large",
        ),
        case("percent: a lone % at the end of the query", format!("{}%", seed.query), "malformed_request"),
        case("percent: %zz at the end of the query", format!("{}%zz", seed.query), "malformed_request"),
        case("dots: one", seed.with_hint(&format!("{header}.{claims}{signature}")), "malformed"),
        case("dots: a hundred", seed.with_hint(&format!("{}{}", seed.hint(), ".".repeat(98))), "malformed"),
        case("dots: 40 KiB", seed.with_hint(&".".repeat(40 * 1024)), "malformed"),
        case("base64: a stray character at the end", with_last("!"), "malformed"),
        case("base64: stray bits at the end", with_last("h"), "malformed"),
        case("base64: padding", seed.with_hint(&format!("{}=", seed.hint())), "malformed"),
    ]
}

/// Requests that are refused for the JSON of the claims.
fn refused_json(seed: &Seed) -> Vec<Case> {
    let claims = seed.claims();
    let broken = claims.strip_suffix('}').expect("an object");
    let long = |before, repeated, after| seed.with_json(&filled(before, repeated, after, 30 * 1024));
    let case = |name, query| Case::new(name, query, "malformed", Aim::OfAccepting);
    vec![
        case("JSON: the seed's claims without their last brace", seed.with_json(broken)),
        case("JSON: 30 KiB of [[[[", long("", "[", "")),
        case("JSON: 30 KiB of [0,0,0]", long("[", "0,", "0]")),
        case(r#"JSON: 30 KiB of {"x":[[[["#, long(r#"{"x":"#, "[", "")),
        case(r#"JSON: 30 KiB of {"aud":[[[["#, long(r#"{"aud":"#, "[", "")),
        case(r#"JSON: 30 KiB of {"x":{"x":{"#, long("{", r#""x":{"#, "")),
        case(r#"JSON: 30 KiB of {"x":[0,0,0]}"#, long(r#"{"x":["#, "0,", "0]}")),
        case(r#"JSON: 30 KiB of {"aud":[0,0,0]}"#, long(r#"{"aud":["#, "0,", "0]}")),
        case(r#"JSON: 30 KiB of {"aud":["",""]}"#, long(r#"{"aud":["#, r#""","#, r#"""]}"#)),
        case(r#"JSON: 30 KiB of {"":0,"":0}"#, long("{", r#""":0,"#, r#""":0}"#)),
    ]
}

/// The most expensive requests, accepted or not. They have no aim.
fn worst(seed: &Seed) -> Vec<Case> {
    let [header, claims, signature] = &seed.segments;
    let mut other = seed.signature();
    other[128] ^= 1;
    let other = URL_SAFE_NO_PAD.encode(other);

    // These tokens are as large as a hint may be, and right except for their signature.
    let json = seed.claims();
    let json = json.strip_suffix('}').expect("an object");
    let room = (48 * 1024 - header.len() - signature.len() - 2) / 4 * 3;
    let large = |before: &str, repeated, after| {
        let claims = filled(&format!("{json},{before}"), repeated, after, room);
        seed.with_json(&claims)
    };
    let form = |before, repeated| filled(before, repeated, "", LogoutRequest::MAX_BYTES);
    let case = |name, query, outcome| Case::new(name, query, outcome, Aim::None);
    vec![
        case(
            "signature: one bit of the seed's is flipped",
            seed.with_hint(&format!("{header}.{claims}.{other}")),
            "signature",
        ),
        case("signature: a hint of 48 KiB, one long claim", large(r#""x":""#, "x", r#""}"#), "signature"),
        case("signature: a hint of 48 KiB, a list of 0", large(r#""x":["#, "0,", "0]}"), "signature"),
        case("signature: a hint of 48 KiB, many claims", large("", r#""":0,"#, r#""":0}"#), "signature"),
        case("query: 64 KiB of &", form("", "&"), "state_missing"),
        case("query: 64 KiB of a=b&", form("", "a=b&"), "state_missing"),
        case("query: 64 KiB of %61&", form("", "%61&"), "state_missing"),
        case("query: 64 KiB of %41, as a name", form("", "%41"), "state_missing"),
        case("query: 64 KiB of %41, as a state", form("state=", "%41"), "state_too_long"),
        case("query: 64 KiB of an unknown parameter", form("x=", "x"), "state_missing"),
    ]
}

fn measure(seed: &Seed, cases: &[Case]) {
    let jwks = jwks_of(seed, KEYS);
    let (signed, signature) = (seed.signed().into_bytes(), seed.signature());
    let key = seed.openssl_key();
    let josekit = seed.josekit_verifier();
    let session = LargeSession::new(CLIENTS);
    let (notice, client) = (session.notice(), session.clients.first().expect("a client"));
    let end = seed.end_session();
    let mut lines = vec![
        Timed::new(|| {
            let mut verifier = Verifier::new(MessageDigest::sha256(), &key).expect("a verifier");
            let valid = verifier.verify_oneshot(black_box(&signature), black_box(&signed));
            assert!(valid.expect("an answer"));
        }),
        Timed::new(|| {
            let valid = josekit.verify(black_box(&signed), black_box(&signature));
            assert!(valid.is_ok());
        }),
    ];
    lines.push(Timed::new(|| {
        let keys = KeySet::from_jwks(black_box(&jwks)).expect("a JWK Set");
        assert_eq!(black_box(keys).len(), KEYS);
    }));
    lines.extend(cases.iter().map(|case| {
        Timed::new(|| {
            if let Ok(Landing::Redirect(to)) = black_box(seed.decide(black_box(&case.query))) {
                black_box(to.location());
            }
        })
    }));

    let names = [
        ("the notices and frames of a session, planned, for each client", CLIENTS, Some(MOST_A_NOTICE)),
        ("the same, and who is told, for each client", CLIENTS, None),
        ("a notice, stored as JSON and read again", 1, None),
        ("a logout token, without its signature", 1, Some(MOST_A_TOKEN)),
    ];
    let notices = lines.len();
    lines.extend([
        Timed::new(|| drop(black_box(end.notices(&session.ended, session.participants())))),
        Timed::new(|| drop(black_box(end.notices(&session.ended, session.participants()).told([""; 0])))),
        Timed::new(|| {
            let stored = serde_json::to_string(black_box(&notice)).expect("JSON");
            let read: BackChannelNotice = serde_json::from_str(&stored).expect("a notice");
            drop(black_box(read));
        }),
        Timed::new(|| {
            let token = black_box(&notice).logout_token(black_box(client), session.now, [7; 16]);
            drop(black_box(token.expect("a token").signing_input(Some("2026-11"))));
        }),
    ]);

    timed::measure(&mut lines, DURATION);
    report(cases, &lines[..notices]);
    for ((name, times, most), line) in names.into_iter().zip(&lines[notices..]) {
        in_microseconds(name, line, times, most);
    }
}

/// A figure that is not compared with the base line: the time of one of so many.
fn in_microseconds(name: &str, line: &Timed, times: usize, most: Option<f64>) {
    #[allow(clippy::cast_precision_loss, reason = "a few keys or clients")]
    let microseconds = median(line.rounds.iter().copied()) / times as f64;
    let verdict = most.map_or_else(String::new, |most| timed::verdict(microseconds, most));
    let name = format!("{name}, in µs");
    println!("{name:<75}  {microseconds:.2}  {verdict}");
}

fn report(cases: &[Case], lines: &[Timed]) {
    let [base, verify, keys, accept, ..] = lines else {
        panic!("the base line, the signature, the keys and the seed's request");
    };
    let row = |name: &str, rounds: &[f64], aim: Option<f64>| {
        timed::row(name, ratio(rounds, &base.rounds), median(rounds.iter().copied()), aim);
    };

    println!("{} rounds, medians\n", base.rounds.len());
    println!("{:<58}{:>8}{:>9}  aim", "", "ratio", "µs");
    row("base line: EVP_DigestVerify", &base.rounds, None);
    row("the signature alone, by josekit", &verify.rounds, None);
    // No request does all the work without the signature check, so that part is a difference: the
    // time of the seed's request minus that of its signature check, both from the same round. The
    // rest also slows the check down, because it fills the caches; the difference includes that.
    let rest = accept.rounds.iter().zip(&verify.rounds);
    let rest: Vec<_> = rest.map(|(accept, verify)| accept - verify).collect();
    row("the seed's request, all but the signature", &rest, Some(0.11));
    for (case, line) in cases.iter().zip(&lines[3..]) {
        let aim = match case.aim {
            Aim::OfBaseLine(aim) => Some(aim),
            Aim::OfAccepting => Some(ratio(&accept.rounds, &base.rounds)),
            Aim::None => None,
        };
        row(case.name, &line.rounds, aim);
    }
    let name = format!("a key of a JWK Set of {KEYS} RSA keys, read from its text");
    in_microseconds(&name, keys, KEYS, Some(MOST_A_KEY));
}
