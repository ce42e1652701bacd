//! The request of the vector `seed/signed-in`, for what measures it and what comes close to it.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oidc_logout::op::{
    Answer, Client, Decision, EndSession, Landing, LogoutEndpoint, Policy, Refusal, RefusalReason, Session, Told,
};
use oidc_logout::{KeySet, Secret};
use serde_json::Value;
use time::OffsetDateTime;

/// The headers of a browser that navigates to the endpoint.
pub(crate) const HEADERS: [(&str, &str); 12] = [
    ("host", "op.example"),
    ("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
    ("accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
    ("accept-language", "en-US,en;q=0.5"),
    ("accept-encoding", "gzip, deflate, br, zstd"),
    ("referer", "https://rp.example/"),
    ("cookie", "theme=dark; session=d3b07384d113edec49eaa6238ad5ff00d3b07384d113edec49eaa6238ad5ff00"),
    ("upgrade-insecure-requests", "1"),
    ("sec-fetch-dest", "document"),
    ("sec-fetch-mode", "navigate"),
    ("sec-fetch-site", "cross-site"),
    ("sec-fetch-user", "?1"),
];

/// The vector `seed/signed-in`, read.
pub(crate) struct Seed {
    pub(crate) query: String,
    pub(crate) redirect: String,
    /// The three segments of its hint.
    pub(crate) segments: [String; 3],
    pub(crate) endpoint: LogoutEndpoint,
    pub(crate) client: Client,
    pub(crate) session: Session,
    pub(crate) now: OffsetDateTime,
    pub(crate) jwk: Value,
}

impl Seed {
    pub(crate) fn read() -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/seed.json");
        let file: Value = serde_json::from_slice(&fs::read(path).expect("the vectors")).expect("JSON");
        let vectors = file["vectors"].as_array().expect("a list");
        let vector = vectors.iter().find(|vector| vector["name"] == "seed/signed-in");
        let vector = vector.expect("the seed's request");
        let text = |pointer: &str| vector.pointer(pointer).and_then(Value::as_str).expect(pointer).to_owned();

        let query = text("/request/query");
        let hint = query.split('&').find_map(|member| member.strip_prefix("id_token_hint="));
        let segments: Vec<_> = hint.expect("a hint").split('.').map(str::to_owned).collect();
        let keys = KeySet::from_jwks(vector["op"]["jwks"].to_string()).expect("the keys");
        let policy: Policy = serde_json::from_value(vector["op"]["policy"].clone()).expect("the policy");
        Self {
            query,
            redirect: text("/expect/redirect"),
            segments: segments.try_into().expect("three segments"),
            endpoint: LogoutEndpoint::new(text("/op/issuer"), keys, Secret::new([1; 32]).expect("a key"))
                .with_policy(policy),
            client: Client::builder(text("/clients/0/client_id"))
                .post_logout_redirect_uri(text("/clients/0/post_logout_redirect_uris/0"))
                .build()
                .expect("the client"),
            session: Session::new([1; 32], text("/session/sub")),
            now: OffsetDateTime::from_unix_timestamp(vector["now"].as_i64().expect("a time")).expect("a date"),
            jwk: vector["op"]["jwks"]["keys"][0].clone(),
        }
    }

    /// What a host does, from the bytes of the query to where the End-User goes. Looking up client
    /// and session is the host's own affair and not part of it.
    pub(crate) fn decide(&self, query: &str) -> Result<Landing, Refusal> {
        let request = self.endpoint.read("GET", query, HEADERS, "")?;
        let pending = self.endpoint.receive(request, self.now)?;
        match pending.decide(Some(&self.client), Some(&self.session)) {
            Decision::EndSession(end) => Ok(end.session_ended(Told::nobody())),
            Decision::Answer(Answer::Refuse(refusal)) => Err(refusal),
            other @ Decision::Answer(_) => panic!("neither accepted nor refused: {other:?}"),
        }
    }

    /// The session's end, before anybody is told.
    pub(crate) fn end_session(&self) -> EndSession {
        let request = self.endpoint.read("GET", &self.query, HEADERS, "").expect("a request");
        let pending = self.endpoint.receive(request, self.now).expect("a request that is received");
        match pending.decide(Some(&self.client), Some(&self.session)) {
            Decision::EndSession(end) => end,
            other @ Decision::Answer(_) => panic!("not accepted: {other:?}"),
        }
    }

    pub(crate) fn claims(&self) -> String {
        let json = URL_SAFE_NO_PAD.decode(&self.segments[1]).expect("base64url");
        String::from_utf8(json).expect("UTF-8")
    }

    /// The seed's request with another hint.
    pub(crate) fn with_hint(&self, hint: &str) -> String {
        self.query.replace(&self.segments.join("."), hint)
    }

    /// The seed's request with other claims in its hint; header and signature are the seed's.
    pub(crate) fn with_json(&self, json: &str) -> String {
        let [header, _, signature] = &self.segments;
        self.with_hint(&format!("{header}.{}.{signature}", URL_SAFE_NO_PAD.encode(json)))
    }
}

/// What was refused, as a vector has it.
pub(crate) fn code(refusal: &Refusal) -> &'static str {
    match refusal.reason() {
        RefusalReason::IdTokenHintInvalid(error) => error.code(),
        reason => reason.code(),
    }
}

/// So many bytes, or as many as whole repetitions allow.
pub(crate) fn filled(before: &str, repeated: &str, after: &str, bytes: usize) -> String {
    let times = (bytes - before.len() - after.len()) / repeated.len();
    [before, &repeated.repeat(times), after].concat()
}
