//! No value of a request, no secret and no key is in any `Debug`, `Display` or error: a search for them.
//!
//! Every public type is made from inputs that all carry a mark, written in every way, and searched for the mark in every
//! encoding. What is left out is found by comparing with the source: types, variants and errors.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests"
)]

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::error::Error;
use std::fmt::{Debug, Display};
use std::path::Path;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oidc_logout::{
    Algorithm, ApplicationType, Client, ClientBuilder, ClientMetadata, ClientRegistrationError, ClientType,
    ConfirmRule, ConfirmationKey, CrossSitePost, Decision, EndSessionEndpoint, ExpiredHint, HintRule, HintWithoutSid,
    KeySet, Landing, Limits, LogoutEndpoint, LogoutRequest, Method, OnBadHint, Policy, Presence, ProviderMetadata,
    RedirectWithoutHint, Refusal, RefusalReason, RegisteredRedirect, RegistrationRules, Segment, Session, StateRule,
    UriMatching, VerifiedHint,
};
use openssl::hash::MessageDigest;
use openssl::pkey::{Id, PKey};
use openssl::sign::Signer;
use serde_json::{Value, json};
use time::OffsetDateTime;

#[path = "support/exports.rs"]
mod exports;

/// In every value that must not be shown anywhere.
const SECRET: &str = "s3cr3t-";
/// In what the host configures. Types of configuration show it, errors and outcomes do not.
const CONFIGURED: &str = "c0nf1g-";
const SHOWS_CONFIGURATION: [&str; 11] = [
    "Client",
    "ClientBuilder",
    "EndSessionEndpoint",
    "KeySet",
    "LogoutEndpoint",
    "Pending",
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
    assert_eq!(exports::public_types().difference(&searched).collect::<Vec<_>>(), [""; 0]);
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
    assert_eq!(source.texts.difference(&AUDIT.texts).collect::<Vec<_>>(), [""; 0]);
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
        forms.push(base64::engine::general_purpose::STANDARD.encode(&shifted));
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
        let refusal = LogoutRequest::from_form(own_page(parameter, &format!("{parameter}=%zz"))).unwrap_err();
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

/// What was written so far, and what was found in it.
#[derive(Default)]
struct Audit {
    /// The types that were searched; of enums the variants.
    variants: BTreeMap<String, BTreeSet<String>>,
    errors: BTreeSet<String>,
    texts: BTreeSet<String>,
    searched: HashSet<String>,
    /// Who shows which secret, with an example.
    leaks: BTreeMap<String, String>,
    misspelt: BTreeSet<String>,
    /// Secrets that carry no mark: segments of tokens, proofs.
    unmarked: BTreeSet<String>,
}

impl Audit {
    /// Searches what `Debug` writes.
    fn debug<T: Debug>(&mut self, value: &T) {
        let name = type_name::<T>();
        for text in [format!("{value:?}"), format!("{value:#?}"), format!("{value:x?}")] {
            self.search(&name, "Debug", &text);
        }
        let text = format!("{value:?}");
        let variant = text.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
        self.variants.entry(name).or_default().insert(variant.to_owned());
    }

    /// Searches what `Debug` and `Display` write.
    fn text<T: Debug + Display>(&mut self, value: &T) {
        self.debug(value);
        self.texts.insert(type_name::<T>());
        self.search(&type_name::<T>(), "Display", &value.to_string());
    }

    /// Searches an error and all that it says caused it.
    fn error<T: Error + 'static>(&mut self, error: &T) {
        self.text(error);
        let name = type_name::<T>();
        self.errors.insert(name.clone());
        let mut next: Option<&dyn Error> = Some(error);
        while let Some(error) = next {
            let text = error.to_string();
            self.search(&name, "an error", &text);
            self.search(&name, "an error", &format!("{error:?}"));
            let starts_low = text.starts_with(|first: char| first.is_lowercase());
            if !starts_low || text.ends_with('.') || text.contains('\n') || MARKS[1].is_in(&text) {
                self.misspelt.insert(format!("{name}: {text}"));
            }
            next = error.source();
        }
    }

    fn search(&mut self, name: &str, writer: &str, text: &str) {
        // Most outcomes look the same.
        if !self.searched.insert(format!("{writer} of {name}: {text}")) {
            return;
        }
        let configured = SHOWS_CONFIGURATION.contains(&name);
        let marks = MARKS.iter().filter(|mark| !(configured && mark.plain == CONFIGURED));
        let marks = marks.filter(|mark| mark.is_in(text)).map(|mark| mark.plain);
        // A date that was asked for is shown.
        let numbers = NUMBERS.iter().copied().filter(|_| name != "NumericDate");
        let numbers = numbers.filter(|number| text.contains(number));
        let unmarked = self.unmarked.iter().any(|secret| text.contains(secret)).then_some("a token or a proof");
        for secret in marks.chain(numbers).chain(unmarked) {
            self.leaks.entry(format!("{writer} of {name} shows {secret}")).or_insert_with(|| text.to_owned());
        }
    }

    /// A token, whose segments are secrets too.
    fn token(&mut self, header: &Value, claims: &Value, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
        let signed = format!("{}.{}", base64(header.to_string()), base64(claims.to_string()));
        let token = format!("{signed}.{}", base64(sign(signed.as_bytes())));
        self.unmarked.extend(token.split('.').map(str::to_owned));
        token
    }
}

/// The last name of a type's path, without what follows it.
fn type_name<T>() -> String {
    let path = std::any::type_name::<T>().trim_start_matches('&');
    let path = path.split('<').next().unwrap_or_default();
    path.rsplit("::").next().unwrap_or_default().to_owned()
}

static MARKS: LazyLock<[Mark; 2]> = LazyLock::new(|| [Mark::new(SECRET), Mark::new(CONFIGURED)]);

/// A mark and how it looks encoded.
struct Mark {
    plain: &'static str,
    /// Sought in lower case and without white space.
    dense: Vec<String>,
    base64: Vec<String>,
}

impl Mark {
    fn new(mark: &'static str) -> Self {
        let each = |write: fn(u8) -> String, between: &str| mark.bytes().map(write).collect::<Vec<_>>().join(between);
        let hex = |byte| format!("{byte:02x}");
        Self {
            plain: mark,
            dense: vec![
                mark.to_owned(),
                each(hex, ""),
                each(hex, ","),
                each(|byte| format!("%{byte:02x}"), ""),
                each(|byte| byte.to_string(), ","),
            ],
            base64: (0..3).map(|shift| base64_core(mark, shift)).collect(),
        }
    }

    fn is_in(&self, text: &str) -> bool {
        let dense: String = text.split_whitespace().collect::<String>().to_lowercase();
        self.dense.iter().any(|form| dense.contains(form)) || self.base64.iter().any(|form| text.contains(form))
    }
}

/// What of the mark's base64 does not depend on the bytes around it, after `shift` bytes of a group.
fn base64_core(mark: &str, shift: usize) -> String {
    let bytes = [vec![0; shift], mark.as_bytes().to_vec()].concat();
    let from = (shift * 8).div_ceil(6);
    let until = bytes.len() * 8 / 6;
    base64(&bytes).chars().take(until).skip(from).collect()
}

/// What the source declares.
#[derive(Default)]
struct Source {
    variants: BTreeMap<String, BTreeSet<String>>,
    errors: BTreeSet<String>,
    texts: BTreeSet<String>,
}

/// Reads the public enums, the errors and the types with a text out of `src`, as rustfmt lays them out.
fn source() -> Source {
    let mut source = Source::default();
    read_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut source);
    let public = exports::public_types();
    source.variants.retain(|name, _| public.contains(name));
    source.errors.retain(|name| public.contains(name));
    source.texts.retain(|name| public.contains(name));
    assert!(source.variants["RefusalReason"].len() > 15, "misread: {:?}", source.variants);
    source
}

fn read_folder(folder: &Path, source: &mut Source) {
    for entry in folder.read_dir().unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_folder(&path, source);
        } else {
            read_file(&std::fs::read_to_string(path).unwrap(), source);
        }
    }
}

fn read_file(text: &str, source: &mut Source) {
    let mut is_error = false;
    let mut within = None;
    for line in text.lines() {
        let name_after = |start: &str| {
            let rest = line.strip_prefix(start)?;
            rest.split(|c: char| !c.is_alphanumeric()).next().map(str::to_owned)
        };
        if line.starts_with("#[derive(") {
            is_error = line.split(|c: char| !c.is_alphanumeric()).any(|name| name == "Error");
        }
        if let Some(name) = name_after("pub enum ").or_else(|| name_after("pub struct ")) {
            if line.starts_with("pub enum ") {
                within = Some(name.clone());
                source.variants.entry(name.clone()).or_default();
            }
            if is_error {
                source.errors.insert(name);
            }
            is_error = false;
        } else if let Some(name) = name_after("impl fmt::Display for ") {
            source.texts.insert(name);
        } else if let Some(name) = name_after("impl std::error::Error for ") {
            source.errors.insert(name);
        } else if line.starts_with('}') {
            within = None;
        } else if let (Some(name), Some(variant)) = (&within, name_after("    "))
            && variant.starts_with(char::is_uppercase)
        {
            source.variants.entry(name.clone()).or_default().insert(variant);
        }
    }
}

const PARAMETERS: [&str; 10] = [
    "id_token_hint",
    "logout_hint",
    "client_id",
    "post_logout_redirect_uri",
    "state",
    "ui_locales",
    "resubmitted",
    "encoded_parameters",
    "confirmation",
    "confirm",
];

fn base64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn now() -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(NOW).unwrap()
}

fn ed25519(message: &[u8]) -> Vec<u8> {
    let key = PKey::private_key_from_raw_bytes(&[7; 32], Id::ED25519).unwrap();
    Signer::new_without_digest(&key).unwrap().sign_oneshot_to_vec(message).unwrap()
}

fn hs256(message: &[u8]) -> Vec<u8> {
    let key = PKey::hmac(CLIENT_SECRET.as_bytes()).unwrap();
    let mut signer = Signer::new(MessageDigest::sha256(), &key).unwrap();
    signer.sign_oneshot_to_vec(message).unwrap()
}

fn forged(_: &[u8]) -> Vec<u8> {
    b"s3cr3t-signature".to_vec()
}

fn header(algorithm: &str) -> Value {
    json!({"alg": algorithm, "jku": "s3cr3t-jku"})
}

fn claims() -> Value {
    json!({
        "iss": ISSUER, "sub": SUBJECT, "aud": CLIENT, "sid": SID, "nonce": "s3cr3t-nonce",
        "iat": 1_699_999_123, "nbf": 1_699_999_124, "exp": 1_700_000_321,
    })
}

/// The claims with one changed; `null` is as good as none.
fn claims_with(name: &str, value: impl Into<Value>) -> Value {
    let mut claims = claims();
    claims[name] = value.into();
    claims
}

fn jwks() -> Value {
    let key = PKey::private_key_from_raw_bytes(&[7; 32], Id::ED25519).unwrap();
    let x = base64(key.raw_public_key().unwrap());
    let d = base64([7; 32]);
    let secret = base64("s3cr3t-number");
    json!({"keys": [
        {"kty": "OKP", "crv": "Ed25519", "x": x, "d": d, "kid": "s3cr3t-usable-kid", "s3cr3t-member": "s3cr3t-value"},
        {"kty": "oct", "kid": "c0nf1g-kid", "k": secret},
        {"kty": "s3cr3t-kty", "kid": "c0nf1g-kid"},
        {"kty": "RSA", "use": "s3cr3t-use", "n": secret, "e": "AQAB", "d": secret},
        {"kty": "RSA", "key_ops": ["s3cr3t-operation"], "n": secret, "e": "AQAB", "p": secret},
        {"kty": "RSA", "n": secret, "e": "AQAB", "d": secret, "q": secret, "kid": "c0nf1g-kid"},
        {"kty": "RSA", "n": "s3cr3t/no base64url", "e": "AQAB"},
        {"kty": "OKP", "crv": "Ed25519", "x": secret, "d": secret},
        {"kty": "OKP", "crv": "Ed25519", "x": x, "alg": "s3cr3t-alg"},
        {"kty": "OKP", "crv": "s3cr3t-curve", "x": x},
        {"kty": "EC", "crv": "P-256", "x": base64(b"s3cr3t-x-of-no-less-than-32-byte"), "y": base64(b"s3cr3t-y-of-no-less-than-32-byte")},
        {"kid": 49173, "kty": ["s3cr3t-kty"]},
        "s3cr3t-no-object",
    ]})
}

fn endpoint(policy: Policy) -> LogoutEndpoint {
    let keys = KeySet::from_jwks(jwks().to_string()).unwrap();
    let key = |name| ConfirmationKey::new(format!("s3cr3t-key-of-no-less-than-32-bytes-{name}")).unwrap();
    LogoutEndpoint::new(ISSUER, keys, key("1"))
        .with_former_issuer(FORMER_ISSUER)
        .with_previous_confirmation_key(key("2"))
        .with_policy(policy)
}

fn client() -> ClientBuilder {
    Client::builder(CLIENT).post_logout_redirect_uri(REGISTERED).client_secret(CLIENT_SECRET)
}

fn session() -> Session {
    Session::new(*b"s3cr3t-binding-of-a-sign-in-here").subject(SUBJECT).sid(SID)
}

/// A request with all six parameters and, being a form, those of the crate's own pages.
fn every_parameter(audit: &mut Audit, hint: &str) -> LogoutRequest {
    LogoutRequest::from_form(every_field(audit, hint)).unwrap()
}

fn every_field(audit: &mut Audit, hint: &str) -> String {
    let hint = match hint {
        "absent" => String::new(),
        "ed25519" => audit.token(&header("EdDSA"), &claims(), ed25519),
        "hs256" => audit.token(&header("HS256"), &claims(), hs256),
        "forged" => audit.token(&header("EdDSA"), &claims(), forged),
        token => token.to_owned(),
    };
    let fields = [
        ("id_token_hint", hint.as_str()),
        ("logout_hint", "s3cr3t-logout-hint"),
        ("client_id", CLIENT),
        ("post_logout_redirect_uri", REGISTERED),
        ("state", STATE),
        ("ui_locales", "s3cr3t-de s3cr3t-en"),
    ];
    serde_urlencoded::to_string(fields).unwrap()
}

fn plain_values(audit: &mut Audit) {
    for method in [Method::Get, Method::Post] {
        audit.debug(&method);
    }
    for segment in [Segment::Header, Segment::Claims, Segment::Signature] {
        audit.text(&segment);
    }
    for name in [
        "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "HS256", "HS384",
        "HS512",
    ] {
        audit.text(&Algorithm::from_name(name).unwrap());
    }
    audit.debug(&ApplicationType::Web);
    audit.debug(&ApplicationType::Native);
    audit.debug(&ClientType::Public);
    audit.debug(&ClientType::Confidential);
    audit.debug(&Limits::default());
}

fn requests(audit: &mut Audit) {
    let hint = "ed25519";
    let request = every_parameter(audit, hint);
    request_and_its_values(audit, &request);
    let own_pages = format!(
        "{}&resubmitted=1&confirmation=s3cr3t-confirmation&confirm=yes&s3cr3t-name=s3cr3t-value",
        every_field(audit, hint)
    );
    request_and_its_values(audit, &LogoutRequest::from_form(own_pages).unwrap());
    let query = every_field(audit, hint);
    request_and_its_values(audit, &LogoutRequest::from_query(query).unwrap());
    request_and_its_values(audit, &request.clone().with_decrypted_hint("s3cr3t-decrypted"));

    let builder = LogoutRequest::builder(Method::Post)
        .id_token_hint("s3cr3t-token")
        .logout_hint("s3cr3t-logout-hint")
        .client_id(CLIENT)
        .post_logout_redirect_uri("s3cr3t-uri")
        .state(STATE)
        .ui_locales("s3cr3t-locales");
    audit.debug(&builder);
    let twice = builder.clone().state("s3cr3t-again");
    audit.debug(&twice);
    refusal(audit, &twice.build().unwrap_err());
    request_and_its_values(audit, &builder.build().unwrap());
    let large = LogoutRequest::builder(Method::Get).state(SECRET.repeat(10_000));
    refusal(audit, &large.build().unwrap_err());
}

fn request_and_its_values(audit: &mut Audit, request: &LogoutRequest) {
    audit.debug(request);
    audit.debug(&request.method());
    request.id_token_hint().inspect(|value| audit.debug(*value));
    request.logout_hint().inspect(|value| audit.debug(*value));
    request.client_id().inspect(|value| audit.debug(*value));
    request.post_logout_redirect_uri().inspect(|value| audit.debug(*value));
    request.state().inspect(|value| audit.debug(*value));
    request.ui_locales().inspect(|value| audit.debug(*value));
}

/// In every way unfit to be registered.
fn hostile_uris() -> [String; 10] {
    [
        format!("https://s3cr3t-host.example/c0nf1g-{}", SECRET.repeat(300)),
        "https://rp.example/s3cr3t-path|c0nf1g-".into(),
        "https://rp.example/s3cr3t-path%zz".into(),
        "s3cr3t-path/c0nf1g-path".into(),
        "https://s3cr3t-host.example/c0nf1g-path#s3cr3t-fragment".into(),
        "s3cr3t-scheme:c0nf1g-".into(),
        "https://s3cr3t-user:s3cr3t-password@c0nf1g-host.example".into(),
        "https://s3cr3t-host_c0nf1g-/s3cr3t-path".into(),
        "https://c0nf1g-host.example:s3cr3t-port/s3cr3t-path".into(),
        "http://s3cr3t-host.example/c0nf1g-path".into(),
    ]
}

fn registrations(audit: &mut Audit) {
    let rules = RegistrationRules::default().allow_scheme("c0nf1g-scheme");
    audit.debug(&rules);
    audit.debug(&RegisteredRedirect::register(REGISTERED, &rules).unwrap());
    for hostile in hostile_uris() {
        audit.error(&RegisteredRedirect::register(&hostile, &rules).unwrap_err());
        audit.error(&client().post_logout_redirect_uri(&hostile).build().unwrap_err());
        audit.error(&client().form_action_source(hostile).build().unwrap_err());
    }
}

fn provider_metadata(audit: &mut Audit) {
    let endpoint = EndSessionEndpoint::new("https://op.example/c0nf1g-logout").unwrap();
    audit.debug(&endpoint);
    audit.debug(&ProviderMetadata::new(endpoint));
    for hostile in hostile_uris() {
        audit.error(&EndSessionEndpoint::new(&hostile).unwrap_err());
        let json = json!({"end_session_endpoint": hostile});
        let error = serde_json::from_value::<ProviderMetadata>(json).unwrap_err();
        audit.search("ProviderMetadata", "reading", &error.to_string());
    }
}

fn client_metadata(audit: &mut Audit) {
    let bodies = [
        "s3cr3t-no-json".to_owned(),
        r#"{"application_type": "web", "application_type": "s3cr3t-type"}"#.to_owned(),
        json!({"application_type": ["s3cr3t-type"]}).to_string(),
        json!({"application_type": "s3cr3t-type"}).to_string(),
        json!({"id_token_signed_response_alg": "s3cr3t-algorithm"}).to_string(),
        json!({"post_logout_redirect_uris": [{"s3cr3t-name": "s3cr3t-value"}]}).to_string(),
        json!({"post_logout_redirect_uris": vec![SECRET; 101]}).to_string(),
    ];
    for body in bodies {
        registration_error(audit, ClientMetadata::from_json(&body).unwrap_err());
        let error = serde_json::from_str::<ClientMetadata>(&body).unwrap_err();
        audit.search("ClientMetadata", "reading", &error.to_string());
    }

    let rules = RegistrationRules::default();
    let algorithms = [Algorithm::Rs256, Algorithm::Hs512];
    let secret = Some(CLIENT_SECRET.as_bytes());
    let of = |name: &str, value: Value| ClientMetadata::from_json(json!({name: value}).to_string()).unwrap();
    for hostile in hostile_uris() {
        let metadata = of("post_logout_redirect_uris", json!([hostile]));
        audit.debug(&metadata);
        registration_error(audit, metadata.register(CLIENT, secret, &rules, &algorithms).unwrap_err());
    }
    for (algorithm, secret) in [("ES256", secret), ("HS512", secret), ("HS512", None)] {
        let metadata = of("id_token_signed_response_alg", algorithm.into());
        audit.debug(&metadata);
        registration_error(audit, metadata.register(CLIENT, secret, &rules, &algorithms).unwrap_err());
    }
    let metadata = of("post_logout_redirect_uris", json!([REGISTERED]));
    audit.debug(&metadata);
    audit.debug(&metadata.register(CLIENT, secret, &rules, &algorithms).unwrap());
}

fn registration_error(audit: &mut Audit, error: ClientRegistrationError) {
    audit.error(&error);
    audit.debug(&error.headers());
    audit.search("ClientRegistrationError", "JSON", &serde_json::to_string(&error).unwrap());
}

fn clients(audit: &mut Audit) {
    let builder = client()
        .id_token_signed_response_alg(Algorithm::Hs256)
        .form_action_source("https://c0nf1g-onwards.example")
        .confirm(ConfirmRule::Always);
    audit.debug(&builder);
    let client = builder.build().unwrap();
    audit.debug(&client);
    audit.debug(client.id());
    for redirect in client.post_logout_redirect_uris() {
        audit.debug(redirect);
    }
    let short = Client::builder(CLIENT).client_secret("s3cr3t-short").id_token_signed_response_alg(Algorithm::Hs512);
    audit.debug(&short);
    audit.error(&short.build().unwrap_err());
}

fn keys(audit: &mut Audit) {
    let keys = KeySet::from_jwks(jwks().to_string()).unwrap();
    audit.debug(&keys);
    audit.debug(&keys.clone().with(keys.clone()));
    for unusable in keys.unusable() {
        audit.debug(unusable);
        audit.error(&unusable.error());
    }
    for hostile in [
        "s3cr3t-no-json".to_owned(),
        json!({"keys": "s3cr3t-no-list"}).to_string(),
        json!({"s3cr3t-name": ["s3cr3t-value"]}).to_string(),
        json!(["c0nf1g-list"]).to_string(),
    ] {
        audit.error(&KeySet::from_jwks(hostile).unwrap_err());
    }
    let block = |label: &str, base64: &str| format!("-----BEGIN {label}-----\n{base64}\n-----END {label}-----");
    for hostile in [
        "s3cr3t-no-pem".to_owned(),
        block("CERTIFICATE", "s3cr3t-"),
        block("s3cr3t- PRIVATE KEY", "s3cr3t-"),
        block("s3cr3t-label", "s3cr3t-"),
        block("PUBLIC KEY", "s3cr3t="),
        // Ed448.
        block(
            "PUBLIC KEY",
            &base64::engine::general_purpose::STANDARD.encode([0x30, 10, 0x30, 5, 6, 3, 0x2b, 0x65, 0x71, 3, 1, 0]),
        ),
        block("PUBLIC KEY", "MAA="),
    ] {
        audit.error(&KeySet::from_pem(hostile, Some("s3cr3t-kid")).unwrap_err());
    }
    audit.debug(&ConfirmationKey::new("s3cr3t-key-of-no-less-than-32-bytes").unwrap());
    audit.error(&ConfirmationKey::new("s3cr3t-short").unwrap_err());
}

fn policies(audit: &mut Audit) {
    let policy = Policy::openid();
    let rule = StateRule { required: true, min_chars: 2, max_chars: 1 };
    audit.debug(&rule);
    audit.debug(&policy);
    let builder = policy.to_builder();
    audit.debug(&builder);
    audit.error(&builder.state(rule).build().unwrap_err());
    let let_through = policy.to_builder().hint(HintRule::Required).on_bad_hint(OnBadHint::Confirm);
    audit.error(&let_through.build().unwrap_err());
    let nothing = Policy::login_gov().to_builder().algorithms(Vec::new());
    audit.error(&nothing.build().unwrap_err());
    let never = Policy::login_gov_client_id().to_builder().redirect_without_hint(RedirectWithoutHint::Refuse);
    audit.error(&never.build().unwrap_err());

    for rule in [HintRule::Optional, HintRule::Required, HintRule::Refused] {
        audit.debug(&rule);
    }
    for presence in [Presence::Optional, Presence::Required] {
        audit.debug(&presence);
    }
    for rule in [ConfirmRule::WhenUnproven, ConfirmRule::Always] {
        audit.debug(&rule);
    }
    for rule in [RedirectWithoutHint::Refuse, RedirectWithoutHint::Confirm] {
        audit.debug(&rule);
    }
    for rule in [ExpiredHint::Accept, ExpiredHint::AcceptForSeconds(1)] {
        audit.debug(&rule);
    }
    for rule in [HintWithoutSid::Accept, HintWithoutSid::Ask] {
        audit.debug(&rule);
    }
    for rule in [OnBadHint::Refuse, OnBadHint::Confirm] {
        audit.debug(&rule);
    }
    for matching in [UriMatching::Exact, UriMatching::Normalized] {
        audit.debug(&matching);
    }
    for rule in [CrossSitePost::Resubmit, CrossSitePost::Trust] {
        audit.debug(&rule);
    }
}

fn sessions(audit: &mut Audit) {
    audit.debug(&session());
    audit.debug(&session().takes_part(true));
}

fn refusal(audit: &mut Audit, refusal: &Refusal) {
    audit.error(refusal);
    audit.error(&refusal.reason());
    audit.debug(&refusal.headers());
    let offer = endpoint(Policy::openid()).offer(&session(), now());
    audit.debug(&refusal.headers_with_offer(Some(&offer)));
    match refusal.reason() {
        RefusalReason::MalformedRequest { parameter, fault } => {
            audit.text(&parameter);
            audit.error(&fault);
        }
        RefusalReason::DuplicateParameter { parameter } => audit.text(&parameter),
        RefusalReason::IdTokenHintInvalid(error) => hint_error(audit, &error),
        _ => {}
    }
    refusal.request().inspect(|request| request_and_its_values(audit, request));
    refusal.hint().inspect(|hint| verified_hint(audit, hint));
    refusal.client_id().inspect(|id| audit.debug(*id));
}

fn hint_error(audit: &mut Audit, error: &oidc_logout::HintError) {
    audit.error(error);
    if let oidc_logout::HintError::Malformed(error) = error {
        audit.error(error);
    }
}

fn verified_hint(audit: &mut Audit, hint: &VerifiedHint) {
    audit.debug(hint);
    audit.debug(hint.client_id());
    audit.debug(&hint.issued_at());
    audit.debug(&hint.algorithm());
}

/// The one parameter that only the crate's own pages send makes a form of theirs.
fn own_page(parameter: &str, form: &str) -> String {
    let mark = if parameter == "encoded_parameters" { "resubmitted=1&" } else { "" };
    format!("{mark}{form}")
}

fn refused_requests(audit: &mut Audit) {
    for parameter in PARAMETERS {
        for fault in [
            format!("{parameter}=s3cr3t-%zz"),
            format!("{parameter}=s3cr3t-%ff"),
            format!("{parameter}=s3cr3t-1&{parameter}=s3cr3t-2"),
        ] {
            refusal(audit, &LogoutRequest::from_form(own_page(parameter, &fault)).unwrap_err());
        }
    }
    refusal(audit, &LogoutRequest::from_form("resubmitted=1&encoded_parameters=s3cr3t-!").unwrap_err());
    assert_eq!(audit.variants["Parameter"].len(), PARAMETERS.len());

    let openid = endpoint(Policy::openid());
    let fields = every_field(audit, "ed25519");
    let large = format!("{fields}&s3cr3t-name={}", SECRET.repeat(10_000));
    for (method, content_type, query) in [
        ("GET", None, large.as_str()),
        ("HEAD", None, &fields),
        ("s3cr3t-method", None, &fields),
        ("POST", Some("s3cr3t-type"), &fields),
    ] {
        refusal(audit, &openid.read(method, content_type, query, &fields).unwrap_err());
    }

    let login_gov = endpoint(Policy::login_gov());
    let client_id = endpoint(Policy::login_gov_client_id());
    for (endpoint, without, with) in [
        (&openid, "state", "s3cr3t-".repeat(300)),
        (&login_gov, "state", "s3cr3t-short".to_owned()),
        (&login_gov, "state", String::new()),
        (&login_gov, "post_logout_redirect_uri", String::new()),
        (&login_gov, "id_token_hint", String::new()),
        (&client_id, "", String::new()),
        (&openid, "client_id", "s3cr3t-other-client".to_owned()),
    ] {
        refusal(audit, &endpoint.receive(changed(&fields, without, &with), now()).unwrap_err());
    }
    let no_hint = every_field(audit, "absent");
    let nobody = changed(&no_hint, "client_id", "");
    refusal(audit, &client_id.receive(nobody, now()).unwrap_err());
}

/// The request with one field changed.
fn changed(fields: &str, name: &str, value: &str) -> LogoutRequest {
    let mut fields: Vec<(String, String)> = serde_urlencoded::from_str(fields).unwrap();
    for field in fields.iter_mut().filter(|field| field.0 == name) {
        value.clone_into(&mut field.1);
    }
    LogoutRequest::from_form(serde_urlencoded::to_string(fields).unwrap()).unwrap()
}

/// Every way in which a hint is refused, under a policy that refuses and under one that asks.
fn refused_hints(audit: &mut Audit) {
    let accept_for = Policy::openid().to_builder().expired_hint(ExpiredHint::AcceptForSeconds(1));
    let refuse = accept_for.build().unwrap();
    let ask = refuse.to_builder().on_bad_hint(OnBadHint::Confirm).build().unwrap();
    let mut twice = claims().to_string();
    twice.insert_str(1, r#""sub": "s3cr3t-first","#);
    let twice = format!("{}.{}.{}", base64(header("EdDSA").to_string()), base64(twice), base64("s3cr3t-"));
    let critical = json!({"alg": "EdDSA", "crit": ["s3cr3t-extension"]});
    let other_key = json!({"alg": "EdDSA", "kid": "s3cr3t-kid"});
    let several = claims_with("aud", json!([CLIENT, "s3cr3t-other"]));
    let expired = claims_with("exp", 1_699_999_123);
    let tokens = [
        SECRET.repeat(7_000),
        "s3cr3t-1.s3cr3t-2.s3cr3t-3.s3cr3t-4.s3cr3t-5".to_owned(),
        "s3cr3t-no-token".to_owned(),
        "es3cr3t-1!.es3cr3t-2.s3cr3t-3".to_owned(),
        format!("{0}.{0}.{0}", base64("s3cr3t-no-json")),
        twice,
        audit.token(&critical, &claims(), ed25519),
        audit.token(&header("s3cr3t-alg"), &claims(), ed25519),
        audit.token(&header("EdDSA"), &claims_with("sub", Value::Null), ed25519),
        audit.token(&header("EdDSA"), &claims_with("sid", json!(["s3cr3t-sid"])), ed25519),
        audit.token(&header("EdDSA"), &claims_with("events", json!({"s3cr3t-event": {}})), ed25519),
        audit.token(&other_key, &claims(), ed25519),
        audit.token(&header("EdDSA"), &claims(), forged),
        audit.token(&header("EdDSA"), &claims_with("iss", "https://s3cr3t-issuer.example"), ed25519),
        audit.token(&header("EdDSA"), &claims_with("iat", NOW + 49173), ed25519),
        audit.token(&header("EdDSA"), &expired, ed25519),
        audit.token(&header("EdDSA"), &several, ed25519),
        audit.token(&header("EdDSA"), &claims_with("azp", "s3cr3t-other"), ed25519),
    ];
    let endpoints = [endpoint(refuse), endpoint(ask)];
    for token in tokens {
        let fields = every_field(audit, &token);
        for endpoint in &endpoints {
            match endpoint.receive(changed(&fields, "client_id", ""), now()) {
                Err(refused) => refusal(audit, &refused),
                Ok(pending) => {
                    audit.debug(&pending);
                    decision(audit, pending.decide(None, Some(&session())));
                }
            }
        }
    }
}

fn decisions(audit: &mut Audit) {
    let openid = endpoint(Policy::openid());
    audit.debug(&openid);
    let hmac_client = client().id_token_signed_response_alg(Algorithm::Hs256).build().unwrap();
    let other_client = Client::builder("s3cr3t-other-client").build().unwrap();
    let native = Client::builder(CLIENT)
        .application_type(ApplicationType::Native)
        .post_logout_redirect_uri("http://127.0.0.1/c0nf1g-path")
        .post_logout_redirect_uri("com.example.app:/c0nf1g-path")
        .build()
        .unwrap();
    let client = client().build().unwrap();
    let without_sid = audit.token(&header("EdDSA"), &claims_with("sid", Value::Null), ed25519);
    let policies = [
        Policy::openid().to_builder(),
        Policy::openid().to_builder().confirm(ConfirmRule::Always),
        Policy::openid().to_builder().hint_without_sid(HintWithoutSid::Ask),
        Policy::openid().to_builder().redirect_without_hint(RedirectWithoutHint::Refuse),
        Policy::openid().to_builder().on_bad_hint(OnBadHint::Confirm),
        Policy::openid().to_builder().cross_site_post(CrossSitePost::Trust),
    ];
    let other_sid = session().sid("s3cr3t-other-sid");
    let not_in_it = session().subject("s3cr3t-other-subject").takes_part(false);
    let endpoints: Vec<_> = policies.into_iter().map(|policy| endpoint(policy.build().unwrap())).collect();
    for hint in ["absent", "ed25519", "hs256", "forged", &without_sid] {
        let fields = every_field(audit, hint);
        for uri in [REGISTERED, "", "https://s3cr3t-elsewhere.example", "http://127.0.0.1:49173/c0nf1g-path"] {
            let request = changed(&fields, "post_logout_redirect_uri", uri);
            for endpoint in &endpoints {
                for client in [Some(&client), Some(&hmac_client), Some(&other_client), Some(&native), None] {
                    for session in [Some(&session()), Some(&other_sid), Some(&not_in_it), None] {
                        match endpoint.receive(request.clone(), now()) {
                            Err(refused) => refusal(audit, &refused),
                            Ok(pending) => {
                                audit.debug(&pending);
                                pending.hint().inspect(|hint| verified_hint(audit, hint));
                                pending.client_id().inspect(|id| audit.debug(*id));
                                decision(audit, pending.decide(client, session));
                            }
                        }
                    }
                }
            }
        }
    }
    // Without any client: one is asked for only by name.
    let nobody = changed(&every_field(audit, "absent"), "client_id", "");
    decision(audit, openid.receive(nobody, now()).unwrap().decide(None, None));
    // What a browser's form would change travels otherwise.
    let lines = "s3cr3t-state\r\ns3cr3t-of-two-lines\0";
    for request in [
        every_parameter(audit, "absent"),
        changed(&every_field(audit, "ed25519"), "state", lines),
        changed(&every_field(audit, "absent"), "state", lines),
    ] {
        answers(audit, &openid, &client, &request);
    }
    decision(audit, Decision::Confirm(openid.offer(&session(), now())));
}

/// What comes back from the crate's own pages.
fn answers(audit: &mut Audit, endpoint: &LogoutEndpoint, client: &Client, request: &LogoutRequest) {
    let session = session().sid("s3cr3t-other-sid");
    let Decision::Resubmit(page) = endpoint.receive(request.clone(), now()).unwrap().decide(Some(client), None) else {
        panic!("a form without a session")
    };
    let again = LogoutRequest::from_form(serde_urlencoded::to_string(page.fields().collect::<Vec<_>>()).unwrap());
    let pending = endpoint.receive(again.unwrap(), now()).unwrap();
    audit.debug(&pending);
    decision(audit, pending.decide(Some(client), None));

    let pending = endpoint.receive(request.clone(), now()).unwrap();
    let Decision::Confirm(page) = pending.decide(Some(client), Some(&session)) else {
        panic!("a request that proves nothing")
    };
    let proof = page.fields().last().unwrap().1.to_owned();
    for (confirm, proof, later) in [
        ("yes", proof.as_str(), 0),
        ("no", &proof, 0),
        ("s3cr3t-answer", &proof, 0),
        ("yes", &proof, 601),
        ("yes", "s3cr3t-proof", 0),
        ("yes", "1700000000.s3cr3t-", 0),
    ] {
        audit.unmarked.insert(proof.to_owned());
        let mut fields: Vec<_> = page.fields().filter(|(name, _)| *name != "confirmation").collect();
        fields.extend([("confirmation", proof), ("confirm", confirm)]);
        let answer = LogoutRequest::from_form(serde_urlencoded::to_string(fields).unwrap()).unwrap();
        let pending = endpoint.receive(answer, now() + time::Duration::seconds(later)).unwrap();
        audit.debug(&pending);
        decision(audit, pending.decide(Some(client), Some(&session)));
    }
}

/// Takes an outcome apart. No arm is `_`, so that a new outcome has to be added.
/// Of what the browser sent and the token says, the record shows the client, the key, and no more.
fn record(audit: &mut Audit, decision: &Decision) {
    let mut record = decision.audit();
    assert_eq!(record.subject, None);
    let client = record.client_id.take();
    assert!(client.is_none_or(|id| [CLIENT, "s3cr3t-other-client"].contains(&id.as_str())));
    if let Some(hint) = &mut record.hint {
        hint.key_id = None;
        audit.debug(hint);
    }
    audit.debug(&record);
    let json = serde_json::to_string(&record).unwrap();
    audit.search("AuditRecord", "JSON", &json);
}

fn decision(audit: &mut Audit, decision: Decision) {
    if let Decision::Confirm(ask) = &decision {
        let proof = ask.fields().last().unwrap().1.to_owned();
        audit.unmarked.extend(proof.split('.').skip(1).map(str::to_owned));
    }
    audit.debug(&decision);
    record(audit, &decision);
    match decision {
        Decision::EndSession(end) => {
            audit.debug(&end);
            end.hint().inspect(|hint| verified_hint(audit, hint));
            landing(audit, &end.session_ended());
        }
        Decision::NoSession(to) => landing(audit, &to),
        Decision::Confirm(ask) => {
            audit.debug(&ask);
            audit.debug(&ask.headers());
            for reason in ask.reasons() {
                audit.debug(reason);
            }
        }
        Decision::Declined(stays) => {
            audit.debug(&stays);
            audit.debug(&stays.headers());
        }
        Decision::Resubmit(again) => {
            audit.debug(&again);
            audit.debug(&again.headers());
        }
        Decision::Refuse(refused) => refusal(audit, &refused),
    }
}

fn landing(audit: &mut Audit, landing: &Landing) {
    audit.debug(landing);
    audit.debug(&landing.headers());
    match landing {
        Landing::Redirect(to) => {
            audit.debug(to);
            audit.debug(&to.headers());
        }
        Landing::SignedOutPage(page) => {
            audit.debug(page);
            audit.debug(&page.headers());
        }
    }
}
