//! The time of a decision for each kind of key, with several keys, with many redirect URIs, and on
//! two threads.
//!
//! ```text
//! cargo bench --bench algorithms
//! cargo bench --bench algorithms --features aws-lc-rs
//! ```
//!
//! Each request has a hint with 700 bytes of claims. It is timed from its bytes to the location of
//! the redirect. The base line is OpenSSL's time for the same token with a key that is already
//! parsed, whatever backend the crate is built with: one `EVP_DigestVerify`, or for HMAC one
//! `EVP_DigestSign` and a comparison in constant time. As in `speed`, ratios are taken within one
//! round, and the table shows their medians. Without `--bench`, the outcomes are checked and
//! nothing is timed.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::print_stdout,
    reason = "not part of the library; what is wrong here should stop it"
)]

use std::env;
use std::hint::black_box;
use std::time::Duration;

use oidc_logout::op::{
    Answer, Client, Decision, Landing, LogoutEndpoint, LogoutRequest, RegistrationRules, Session, Told,
};
use oidc_logout::{Algorithm, KeySet, Secret};
use serde_json::json;
use time::OffsetDateTime;

#[path = "support/signing.rs"]
mod signing;
#[path = "support/timed.rs"]
mod timed;

use signing::SigningKey;
use timed::{Timed, median, ratio, row, verdict};

const DURATION: Duration = Duration::from_secs(30);

const ISSUER: &str = "https://op.example";
const CLIENT_ID: &str = "https://rp.example/metadata";
const SUBJECT: &str = "b5b9f2f1-8f4e-4a0c-9a4e-0f0c2f1d8f4e";
const STATE: &str = "RUhqHmVGxP4k6y2eWsDGUQ0dIDgBDZ";
const NOW: i64 = 1_750_000_000;
const CLAIMS_BYTES: usize = 700;

fn main() {
    timed::without_backtraces();
    // The key with the smallest modulus signs. OpenSSL rejects a signature that is larger than the
    // modulus without computing anything, so the other keys would cost less than they should.
    let mut keys: Vec<_> = (0..16).map(|_| SigningKey::new(Algorithm::Rs256)).collect();
    keys.sort_by_key(SigningKey::modulus);
    let (rs256, others) = keys.split_first().expect("16 keys");
    let bench = Bench {
        others: [Algorithm::Ps256, Algorithm::Es256, Algorithm::EdDsa, Algorithm::Hs256]
            .map(|algorithm| Request::new(&SigningKey::new(algorithm)))
            .into(),
        // Without a kid, keys are tried in the order of the set. Here the right key is the last
        // one.
        without_kid: [1, 2, 16].map(|keys| (keys, Request::without_kid(rs256, &others[..keys - 1]))).into(),
        many_uris: Request { client: client(rs256, 100), ..Request::new(rs256) },
        rs256: Request::new(rs256),
    };
    for request in bench.requests() {
        request.check();
    }
    if env::args().any(|argument| argument == "--bench") {
        bench.run();
    }
}

/// A request, and everything that is needed to decide it.
struct Request {
    query: String,
    endpoint: LogoutEndpoint,
    client: Client,
    session: Session,
    /// The signed part of its hint; next, the signature and the key that verifies it.
    signed: Vec<u8>,
    signature: Vec<u8>,
    key: SigningKey,
}

impl Request {
    fn new(key: &SigningKey) -> Self {
        Self::of(key, &json!({ "alg": key.name(), "kid": "2025-06", "typ": "JWT" }), vec![key.jwk("2025-06")])
    }

    fn without_kid(key: &SigningKey, others: &[SigningKey]) -> Self {
        let mut jwks: Vec<_> = others.iter().enumerate().map(|(n, key)| key.jwk(&format!("other-{n}"))).collect();
        jwks.push(key.jwk("2025-06"));
        Self::of(key, &json!({ "alg": key.name(), "typ": "JWT" }), jwks)
    }

    fn of(key: &SigningKey, header: &serde_json::Value, jwks: Vec<Option<serde_json::Value>>) -> Self {
        let jwks: Vec<_> = jwks.into_iter().flatten().collect();
        let signed = signing::signing_input(header, &claims());
        let signature = key.sign(signed.as_bytes());
        let hint = format!("{signed}.{}", signing::base64url(&signature));
        let query = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", &uri(0)), ("state", STATE)];
        let keys = KeySet::from_jwks(json!({ "keys": jwks }).to_string()).expect("the keys");
        let secret = Secret::new([1; 32]).expect("a key");
        Self {
            query: serde_urlencoded::to_string(query).expect("a query"),
            endpoint: LogoutEndpoint::new(ISSUER, keys, secret),
            client: client(key, 1),
            session: Session::new([1; 32], SUBJECT).sid("s-1").takes_part(true),
            signed: signed.into_bytes(),
            signature,
            key: key.clone(),
        }
    }

    fn decide(&self) -> Decision {
        let now = OffsetDateTime::from_unix_timestamp(NOW).expect("a date");
        let request = LogoutRequest::from_query(black_box(&self.query));
        match request.and_then(|request| self.endpoint.receive(request, now)) {
            Ok(pending) => pending.decide(Some(&self.client), Some(&self.session)),
            Err(refusal) => Decision::Answer(Answer::Refuse(refusal)),
        }
    }

    fn location(&self) -> Landing {
        match self.decide() {
            Decision::EndSession(end) => end.session_ended(Told::nobody()),
            other @ Decision::Answer(_) => panic!("not accepted: {other:?}"),
        }
    }

    fn check(&self) {
        let landing = self.location();
        let Landing::Redirect(to) = &landing else { panic!("not redirected: {landing:?}") };
        assert_eq!(to.location(), format!("{}?state={STATE}", uri(0)));
        let mut other = self.signature.clone();
        other[20] ^= 1;
        assert!(!self.key.verify(&self.signed, &self.key.for_openssl(&other)), "the base line should check");
    }

    fn accepted(&self) -> impl Fn() + Sync {
        || {
            if let Landing::Redirect(to) = black_box(self.location()) {
                black_box(to.location());
            }
        }
    }

    fn base_line(&self) -> impl Fn() + Sync {
        let signature = self.key.for_openssl(&self.signature);
        move || assert!(self.key.verify(black_box(&self.signed), black_box(&signature)))
    }
}

fn claims() -> String {
    let claims = |padding: usize| {
        json!({
            "iss": ISSUER, "sub": SUBJECT, "aud": CLIENT_ID, "iat": NOW - 600, "exp": NOW + 300, "auth_time": NOW - 600,
            "nonce": "n-0S6_WzA2Mj_9Fk3", "sid": "s-1", "acr": "urn:mace:incommon:iap:silver", "amr": ["pwd", "otp"],
            "email": "jane.doe@example.com", "email_verified": true, "name": "Jane Doe", "picture": "x".repeat(padding),
        })
        .to_string()
    };
    claims(CLAIMS_BYTES - claims(0).len())
}

fn uri(n: usize) -> String {
    format!("https://rp.example/tenants/{n:03}/signed-out")
}

/// The requested URI is registered last, because URIs are compared in order.
fn client(key: &SigningKey, uris: usize) -> Client {
    let rules = RegistrationRules::default().max_post_logout_redirect_uris(uris);
    let mut client = Client::builder(CLIENT_ID).registration_rules(rules).id_token_signed_response_alg(key.algorithm());
    if let Some(secret) = key.secret() {
        client = client.client_secret(secret);
    }
    for n in (0..uris).rev() {
        client = client.post_logout_redirect_uri(uri(n));
    }
    client.build().expect("the client")
}

/// Redirect URIs as they may stand in a registry.
const STORED: [&str; 5] = [
    "https://rp.example/signed-out",
    "https://www.rp.example/account/signed-out?lang=en",
    "https://staging.rp.example:8443/signed-out",
    "https://admin.rp.example/signed-out",
    "http://localhost:3000/signed-out",
];

fn client_of_stored_uris() -> Client {
    let builder = Client::builder(black_box(CLIENT_ID));
    let builder = STORED.into_iter().fold(builder, |builder, uri| builder.post_logout_redirect_uri(black_box(uri)));
    builder.build().expect("the client")
}

struct Bench {
    rs256: Request,
    others: Vec<Request>,
    without_kid: Vec<(usize, Request)>,
    many_uris: Request,
}

impl Bench {
    fn requests(&self) -> impl Iterator<Item = &Request> {
        let others = self.others.iter().chain(self.without_kid.iter().map(|(_, request)| request));
        [&self.rs256, &self.many_uris].into_iter().chain(others)
    }

    fn run(&self) {
        let algorithms: Vec<_> = [&self.rs256].into_iter().chain(&self.others).collect();
        let mut lines = Lines::default();
        let of_algorithms: Vec<_> = algorithms
            .iter()
            .map(|request| {
                let base = lines.add(Timed::new(request.base_line()));
                let josekit = request.key.josekit().filter(|_| !cfg!(feature = "aws-lc-rs"));
                let josekit = josekit.map(|josekit| {
                    lines.add(Timed::new(move || {
                        assert!(josekit.verify(black_box(&request.signed), black_box(&request.signature)).is_ok());
                    }))
                });
                (base, josekit, lines.add(Timed::new(request.accepted())))
            })
            .collect();
        let without_kid: Vec<_> =
            self.without_kid.iter().map(|(keys, request)| (keys, lines.add(Timed::new(request.accepted())))).collect();
        let many_uris = lines.add(Timed::new(self.many_uris.accepted()));
        let stored = lines.add(Timed::new(|| drop(black_box(client_of_stored_uris()))));
        let two_base = lines.add(Timed::on_two_threads(self.rs256.base_line()));
        let two_accept = lines.add(Timed::on_two_threads(self.rs256.accepted()));
        timed::measure(&mut lines.0, DURATION);

        let (base, _, accept) = of_algorithms[0];
        println!("{} rounds, medians; {}\n", lines.0[base].rounds.len(), backend());
        println!("{:<58}{:>8}{:>9}  aim", "", "ratio", "µs");
        for (request, (base, josekit, accept)) in algorithms.iter().zip(of_algorithms) {
            let (name, check) = (request.key.name(), request.key.base_line());
            lines.row(&format!("{name}: {check}"), base, base, None);
            if let Some(josekit) = josekit {
                lines.row(&format!("{name}: the signature alone, by josekit"), josekit, base, None);
            }
            lines.row(&format!("{name}: bytes to location"), accept, base, aim(request.key.algorithm()));
        }
        for (keys, line) in without_kid {
            let what = if *keys == 1 { "the only key" } else { "the last key fits" };
            lines.row(&format!("RS256 without kid, {keys} in the set, {what}"), line, base, None);
        }
        println!("\nin units of the RS256 request:");
        lines.row("100 registered URIs, the last one asked for", many_uris, accept, Some(1.05));
        println!("\non two threads, in units of the same on one:");
        lines.row("RS256: EVP_DigestVerify", two_base, base, None);
        lines.row("RS256: bytes to location", two_accept, accept, Some(1.05 * lines.ratio(two_base, base)));
        let microseconds = lines.microseconds(stored);
        println!("\na Client of five stored URIs: {microseconds:.2} µs  {}", verdict(microseconds, 2.0));
    }
}

/// Everything that is timed. Lines are identified by their index.
#[derive(Default)]
struct Lines<'a>(Vec<Timed<'a>>);

impl<'a> Lines<'a> {
    fn add(&mut self, line: Timed<'a>) -> usize {
        self.0.push(line);
        self.0.len() - 1
    }

    fn ratio(&self, line: usize, base: usize) -> f64 {
        ratio(&self.0[line].rounds, &self.0[base].rounds)
    }

    fn microseconds(&self, line: usize) -> f64 {
        median(self.0[line].rounds.iter().copied())
    }

    fn row(&self, name: &str, line: usize, base: usize, aim: Option<f64>) {
        row(name, self.ratio(line, base), self.microseconds(line), aim);
    }
}

fn backend() -> &'static str {
    if cfg!(feature = "aws-lc-rs") { "aws-lc-rs" } else { "josekit on OpenSSL" }
}

/// The highest cost that a request should have, in units of OpenSSL's base line.
fn aim(algorithm: Algorithm) -> Option<f64> {
    match (algorithm, cfg!(feature = "aws-lc-rs")) {
        (Algorithm::Rs256 | Algorithm::Ps256, false) => Some(1.12),
        (Algorithm::Es256 | Algorithm::EdDsa, false) => Some(1.05),
        (Algorithm::Rs256, true) => Some(0.95),
        (Algorithm::EdDsa, true) => Some(0.45),
        _ => None,
    }
}
