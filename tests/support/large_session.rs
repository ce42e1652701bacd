//! A session that many clients take part in, for what measures the notices about its end.

use oidc_logout::op::{
    BackChannelNotice, Client, EndedSession, LogoutEndpoint, Notices, Participant, RegistrationRules,
};
use oidc_logout::{KeySet, Secret};
use time::OffsetDateTime;

const ISSUER: &str = "https://op.example";
const SID: &str = "08a5019c-17e1-4977-8f42-65a12843ea02";
const SUBJECT: &str = "b5b9f2f1-8f4e-4a0c-9a4e-0f0c2f1d8f4e";

pub(crate) struct LargeSession {
    pub(crate) endpoint: LogoutEndpoint,
    /// With both channels, each of an origin of its own.
    pub(crate) clients: Vec<Client>,
    pub(crate) ended: EndedSession,
    pub(crate) now: OffsetDateTime,
}

impl LargeSession {
    pub(crate) fn new(clients: usize) -> Self {
        let now = OffsetDateTime::from_unix_timestamp(1_760_000_000).expect("a date");
        let secret = Secret::new([1; 32]).expect("a key");
        Self {
            endpoint: LogoutEndpoint::new(ISSUER, KeySet::default(), secret),
            clients: (0..clients).map(client).collect(),
            ended: EndedSession::new("3f1c9a52-0d0f-4a1e-8a53-6f1f3f1f7b10", now),
            now,
        }
    }

    pub(crate) fn participants(&self) -> impl Iterator<Item = Participant<'_>> {
        self.clients.iter().map(|client| Participant::new(client, SID).subject(SUBJECT))
    }

    pub(crate) fn plan(&self) -> Notices {
        self.endpoint.notices(&self.ended, self.participants())
    }

    /// The notice of the first client.
    pub(crate) fn notice(&self) -> BackChannelNotice {
        self.plan().back_channel().first().expect("a notice").clone()
    }
}

fn client(number: usize) -> Client {
    let origin = format!("https://client-{number:04}.example");
    let rules = RegistrationRules::default().issuer(ISSUER).redirect_uris([format!("{origin}/callback")]);
    Client::builder(format!("{origin}/metadata"))
        .registration_rules(rules)
        .backchannel_logout_uri(format!("{origin}/logout/back-channel"))
        .frontchannel_logout_uri(format!("{origin}/logout/front-channel"))
        .build()
        .expect("the client")
}
