//! A provider and a client that it tells of logouts, both over https, as in the conformance plans
//! for the two channels: the client asks for the logout itself, and no other takes part in the
//! session.

use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use rustls::SupportedProtocolVersion;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::relying_party::{RelyingParty, SIGNED_OUT};
use crate::support::browser::{Answer, Browser};
use crate::support::provider::Provider;
use crate::support::stub::{SECRET, Stub};

/// A provider, and the server of the clients in its file. Each of them signs in alone.
pub(crate) struct Channels {
    pub(crate) provider: Provider,
    pub(crate) stub: Stub,
    pub(crate) browser: Browser,
    certificate: String,
    client_certificate: String,
    /// Holds the files of the options.
    _directory: TempDir,
}

/// A client that has asked for a logout.
pub(crate) struct SignedOut {
    pub(crate) rp: RelyingParty,
    /// Those of the ID Token.
    pub(crate) claims: Value,
    /// The `state` of the logout request.
    pub(crate) state: String,
    pub(crate) request: String,
    pub(crate) answer: Answer,
}

/// Whose certificate the provider trusts.
pub(crate) enum Trusts {
    TheClients,
    AnotherServer,
}

impl Channels {
    /// With clients of these names, each with more metadata.
    pub(crate) async fn start(clients: &[&str], more: impl Fn(&Stub, &str) -> Value) -> Self {
        Self::start_with(clients, more, rustls::ALL_VERSIONS, Trusts::TheClients).await
    }

    /// With clients that speak some versions of TLS.
    pub(crate) async fn start_with(
        clients: &[&str],
        more: impl Fn(&Stub, &str) -> Value,
        versions: &[&'static SupportedProtocolVersion],
        trusts: Trusts,
    ) -> Self {
        let (own, of_clients) = (certificate(), certificate());
        let trusted = match trusts {
            Trusts::TheClients => of_clients.cert.pem(),
            Trusts::AnotherServer => certificate().cert.pem(),
        };
        let stub = Stub::start_over_tls(&of_clients, versions);
        let directory = tempfile::tempdir().unwrap();
        let write = |name: &str, content: &str| {
            let path = directory.path().join(name);
            std::fs::write(&path, content).unwrap();
            path.to_str().unwrap().to_owned()
        };
        let key = write("key.pem", &own.signing_key.serialize_pem());
        let (certificate, trusted) = (write("cert.pem", &own.cert.pem()), write("trusted.pem", &trusted));
        let clients: Vec<Value> = clients.iter().map(|id| stub.client(id, &more(&stub, id))).collect();
        let options = ["--tls-cert", &certificate, "--tls-key", &key, "--delivery-ca", &trusted];
        // `localhost` may be either.
        let networks = ["--allow-network", "127.0.0.0/8", "--allow-network", "::1/128"];
        // A notice that failed is due again soon.
        let options = [&options[..], &networks, &["--delivery-waits", "1"]].concat();
        let provider = Provider::start_with_clients_and(&json!(clients), &options).await;
        provider.run(&["set-user", "alice"], "wonderland");
        let browser = Browser::trusting(&own.cert.pem());
        let (certificate, client_certificate) = (own.cert.pem(), of_clients.cert.pem());
        Self { provider, stub, browser, certificate, client_certificate, _directory: directory }
    }

    /// A browser that trusts the clients.
    pub(crate) fn browser_of_clients(&self) -> Browser {
        Browser::trusting(&self.client_certificate)
    }

    pub(crate) async fn metadata(&self) -> Value {
        self.browser.get(&self.provider.url("/.well-known/openid-configuration")).await.json()
    }

    /// Signs in to a client, which then asks for the logout.
    pub(crate) async fn sign_out(&self, client: &str) -> SignedOut {
        let rp = RelyingParty::known(&self.provider, client, SECRET).trusting(&self.certificate);
        let hint = rp.id_token(&self.browser).await;
        let (claims, state) = (rp.claims(&hint).await, state());
        let parameters = [("id_token_hint", &*hint), ("post_logout_redirect_uri", SIGNED_OUT), ("state", &state)];
        let request = rp.end_session(&parameters);
        let answer = self.browser.get(&request).await;
        SignedOut { rp, claims, state, request, answer }
    }
}

fn certificate() -> CertifiedKey<KeyPair> {
    generate_simple_self_signed(["localhost".to_owned()]).unwrap()
}

/// 90 characters: 50 letters, 10 digits, 30 of ASCII punctuation.
fn state() -> String {
    let letters = ('A'..='Z').chain('a'..='x');
    let punctuation = ('!'..='~').filter(|it| it.is_ascii_punctuation() && !"+;".contains(*it));
    let state: String = letters.chain('0'..='9').chain(punctuation).collect();
    assert_eq!(state.len(), 90);
    state
}
