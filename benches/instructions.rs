//! The number of instructions that the crate's own code executes on each of its main paths, counted
//! by Valgrind's callgrind.
//!
//! ```text
//! cargo bench --bench instructions               # count, and compare with instructions.txt
//! cargo bench --bench instructions -- --write    # count, and write instructions.txt
//! ```
//!
//! Unlike a time, a count hardly depends on the load of the machine, so it shows a slow-down that a
//! benchmark could not tell from noise. The count covers this program's own code: the crate and the
//! Rust crates compiled into it. It leaves out OpenSSL, the C library and the crate memchr, because
//! they choose their code by the processor. Another compiler generates other code, so counts of
//! another compiler version are compared with a larger tolerance, and those of another architecture
//! are only printed. Without `--bench`, the outcomes are checked and nothing is counted.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_precision_loss,
    clippy::print_stdout,
    reason = "not part of the library; what is wrong here should stop it"
)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::hint::black_box;
use std::path::Path;
use std::process::{self, Command};
use std::{env, fs};

use oidc_logout::op::{Answer, Client, ClientBuilder, Decision, LogoutEndpoint, LogoutRequest, Told};
use oidc_logout::{KeySet, Secret};
use serde_json::json;

#[path = "../tests/support/seed.rs"]
#[allow(dead_code, reason = "others use the rest")]
mod seed;

use seed::Seed;

const COUNTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/instructions.txt");

/// How far a count may differ from the recorded one, in percent, if the same compiler made both, or
/// another one.
const TOLERANCE: f64 = 2.0;
const TOLERANCE_OTHER_COMPILER: f64 = 15.0;

/// The argument that tells the process under callgrind which path to take.
const PATH: &str = "--path";
/// The number of repetitions. With many, work that happens only the first time weighs little.
const TIMES: u64 = 100;

fn main() {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let paths = Paths::new();
    if let [flag, name, ..] = arguments.as_slice()
        && flag == PATH
    {
        paths.take(name, TIMES);
    } else if arguments.iter().any(|argument| argument == "--bench") {
        let other_code = cfg!(any(feature = "aws-lc-rs", feature = "vendored"));
        assert!(
            !other_code,
            "counted without the features aws-lc-rs and vendored, which compile C code into the program"
        );
        let counted = Counts::count();
        if arguments.iter().any(|argument| argument == "--write") {
            fs::write(COUNTS, counted.to_string()).expect("the file of counts");
            print!("{counted}");
        } else {
            let kept = fs::read_to_string(COUNTS).expect("the file of counts");
            process::exit(i32::from(!counted.compare(&Counts::read(&kept))));
        }
    } else {
        for name in NAMES {
            paths.take(name, 1);
        }
    }
}

/// The main paths, each from bytes to an outcome.
const NAMES: [&str; 9] = [
    "hint-to-redirect",
    "client-id-to-question",
    "yes-to-redirect",
    "no-session-to-page",
    "refused-percent",
    "refused-base64",
    "refused-json",
    "client-of-five-uris",
    "key-set",
];

struct Paths {
    seed: Seed,
    /// The seed's provider under the policy `openid`, which asks if nothing is proven.
    openid: LogoutEndpoint,
    by_client_id: String,
    /// The form that answers the question with a yes.
    yes: String,
    refused_percent: String,
    refused_base64: String,
    refused_json: String,
    jwks: String,
}

impl Paths {
    fn new() -> Self {
        let seed = Seed::read();
        let jwks = json!({ "keys": [seed.jwk] }).to_string();
        let secret = Secret::new([1; 32]).expect("a key");
        let openid = LogoutEndpoint::new(seed.endpoint.issuer(), KeySet::from_jwks(&jwks).expect("the keys"), secret);
        let uri = seed.client.post_logout_redirect_uris()[0].as_str();
        let by_client_id = [
            ("client_id", seed.client.id().as_str()),
            ("post_logout_redirect_uri", uri),
            ("state", "RUhqHmVGxP4k6y2eWsDGUQ"),
        ];
        let by_client_id = serde_urlencoded::to_string(by_client_id).expect("a query");
        let claims = seed.claims();
        let [header, _, signature] = &seed.segments;
        let mut paths = Self {
            refused_percent: format!("{}%", seed.query),
            refused_base64: seed.with_hint(&format!("{header}..{signature}=")),
            refused_json: seed.with_json(claims.strip_suffix('}').expect("an object")),
            yes: String::new(),
            seed,
            openid,
            by_client_id,
            jwks,
        };
        let Decision::Answer(Answer::Confirm(ask)) = paths.ask() else { panic!("not asked") };
        let mut form: Vec<_> = ask.fields().collect();
        form.push(("confirm", "yes"));
        paths.yes = serde_urlencoded::to_string(form).expect("a form");
        paths
    }

    fn ask(&self) -> Decision {
        self.decide(LogoutRequest::from_query(&self.by_client_id), true)
    }

    fn is_refused(&self, query: &str, code: &str) -> bool {
        self.seed.decide(query).is_err_and(|refusal| seed::code(&refusal) == code)
    }

    fn decide(&self, request: Result<LogoutRequest, oidc_logout::op::Refusal>, signed_in: bool) -> Decision {
        let session = signed_in.then_some(&self.seed.session);
        match request.and_then(|request| self.openid.receive(request, self.seed.now)) {
            Ok(pending) => {
                let client = pending.client_id().map(|_| &self.seed.client);
                pending.decide(client, session)
            }
            Err(refusal) => Decision::Answer(Answer::Refuse(refusal)),
        }
    }

    fn take(&self, name: &str, times: u64) {
        for _ in 0..times {
            let as_expected = match name {
                "hint-to-redirect" => {
                    measured(|| matches!(self.seed.decide(&self.seed.query), Ok(to) if to.status() == 303))
                }
                "client-id-to-question" => measured(|| matches!(self.ask(), Decision::Answer(Answer::Confirm(_)))),
                "yes-to-redirect" => measured(|| match self.decide(LogoutRequest::from_form(&self.yes), true) {
                    Decision::EndSession(end) => end.session_ended(Told::nobody()).status() == 303,
                    Decision::Answer(_) => false,
                }),
                "no-session-to-page" => measured(|| {
                    matches!(self.decide(LogoutRequest::from_query(""), false), Decision::Answer(Answer::Landing(_)))
                }),
                "refused-percent" => measured(|| self.is_refused(&self.refused_percent, "malformed_request")),
                "refused-base64" => measured(|| self.is_refused(&self.refused_base64, "malformed")),
                "refused-json" => measured(|| self.is_refused(&self.refused_json, "malformed")),
                "client-of-five-uris" => measured(|| {
                    let uris = (0..5).map(|_| "https://rp.example/account/signed-out?lang=en");
                    let client = uris.fold(Client::builder("rp-1"), ClientBuilder::post_logout_redirect_uri);
                    client.build().is_ok()
                }),
                "key-set" => measured(|| KeySet::from_jwks(&self.jwks).is_ok()),
                other => panic!("no path {other}"),
            };
            assert!(as_expected, "{name}");
        }
    }
}

/// Callgrind counts while this function runs. It finds the function by its name, so it must not be
/// inlined.
#[inline(never)]
fn measured(path: impl Fn() -> bool) -> bool {
    black_box(path())
}

struct Counts {
    /// The compiler's version and its host.
    compiler: String,
    paths: BTreeMap<String, u64>,
}

impl Counts {
    fn count() -> Self {
        let paths = NAMES.map(|name| (name.to_owned(), count(name) / TIMES));
        Self { compiler: compiler(), paths: paths.into() }
    }

    fn read(text: &str) -> Self {
        let (compiler, lines) = text.split_once('\n').expect("the compiler");
        let paths = lines.lines().map(|line| {
            let (name, count) = line.split_once(' ').expect("a name and a count");
            (name.to_owned(), count.trim().parse().expect("a count"))
        });
        Self { compiler: compiler.to_owned(), paths: paths.collect() }
    }

    /// Prints the differences, and returns whether all are within the tolerance.
    fn compare(&self, kept: &Self) -> bool {
        let host = |counts: &Self| counts.compiler.rsplit(' ').next().map(str::to_owned);
        if host(self) != host(kept) {
            println!("counted with {}, kept from {}: not comparable\n\n{self}", self.compiler, kept.compiler);
            return true;
        }
        let same_compiler = self.compiler == kept.compiler;
        let tolerance = if same_compiler { TOLERANCE } else { TOLERANCE_OTHER_COMPILER };
        println!("counted with {}, kept from {}; tolerance {tolerance} %\n", self.compiler, kept.compiler);
        println!("{:<24}{:>10}{:>10}{:>9}", "instructions", "kept", "counted", "%");
        let mut within = self.paths.keys().eq(kept.paths.keys());
        for (name, count) in &self.paths {
            let kept = kept.paths.get(name).copied().unwrap_or_default();
            let percent = (*count as f64 / kept as f64 - 1.0) * 100.0;
            let differs = percent.abs() > tolerance;
            within &= !differs;
            println!("{name:<24}{kept:>10}{count:>10}{percent:>+9.2}{}", if differs { "  differs" } else { "" });
        }
        if !within {
            println!("\nIf the change is intended: cargo bench --bench instructions -- --write");
        }
        within
    }
}

impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{}", self.compiler)?;
        self.paths.iter().try_for_each(|(name, count)| writeln!(f, "{name:<24}{count:>8}"))
    }
}

/// Such as `rustc 1.95.0 (59807616e 2026-04-14) x86_64-unknown-linux-gnu`.
fn compiler() -> String {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("-vV").output().expect("rustc").stdout;
    let output = String::from_utf8(output).expect("UTF-8");
    let version = output.lines().next().expect("a version");
    let host = output.lines().find_map(|line| line.strip_prefix("host: ")).expect("a host");
    format!("{version} {host}")
}

fn count(path: &str) -> u64 {
    let program = env::current_exe().expect("the path of this program");
    let file = program.with_file_name(format!("{path}.callgrind"));
    let mut option = String::from("--callgrind-out-file=");
    write!(option, "{}", file.display()).expect("a string");
    let run = Command::new("valgrind")
        .args(["--tool=callgrind", "--toggle-collect=*measured*", &option])
        .arg(&program)
        .args([PATH, path])
        .env_remove("RUST_BACKTRACE")
        .output()
        .expect("valgrind should be installed");
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let profile = fs::read_to_string(&file).expect("callgrind's output");
    own_instructions(&profile, &program)
}

/// Adds up the instructions that callgrind attributes to the program itself, without the libraries
/// that it loads (Valgrind manual, "Callgrind Format Specification").
fn own_instructions(profile: &str, program: &Path) -> u64 {
    let (mut objects, mut functions) = (Names::default(), Names::default());
    let (mut own_object, mut own_function, mut calls, mut sum) = (false, false, false, 0);
    for line in profile.lines() {
        if let Some(object) = line.strip_prefix("ob=") {
            own_object = Path::new(objects.read(object)) == program;
        } else if let Some(object) = line.strip_prefix("cob=") {
            objects.read(object);
        } else if let Some(function) = line.strip_prefix("fn=") {
            own_function = !functions.read(function).contains("memchr::arch::");
        } else if let Some(function) = line.strip_prefix("cfn=") {
            functions.read(function);
        } else if line.starts_with("calls=") {
            calls = true;
        } else if line.starts_with(|first: char| first.is_ascii_digit() || "+-*".contains(first)) {
            // The line after `calls=` holds the cost of the callee, which has lines of its own.
            if own_object && own_function && !calls {
                sum += line.split_once(' ').map_or(0, |(_, cost)| cost.parse().unwrap_or_default());
            }
            calls = false;
        }
    }
    assert!(sum > 0, "callgrind should have counted something");
    sum
}

/// Callgrind writes a name out once, and then only its number.
#[derive(Default)]
struct Names<'p>(BTreeMap<&'p str, &'p str>);

impl<'p> Names<'p> {
    fn read(&mut self, text: &'p str) -> &'p str {
        match text.split_once(' ') {
            Some((number, name)) => {
                self.0.insert(number, name);
                name
            }
            None => self.0[text],
        }
    }
}
