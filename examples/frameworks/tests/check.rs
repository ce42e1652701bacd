//! The session's cookie beside others.

use std::collections::HashMap;
use std::io::{self, Error};
use std::net::SocketAddr;

use oidc_logout::op::{LogoutEndpoint, Session};
use oidc_logout::{KeySet, Secret};
use time::OffsetDateTime;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use host::{Host, State};

const COOKIE: &str = "0123456789abcdef";

/// A provider with one session.
pub(crate) fn host() -> Host {
    let secret = Secret::new([7; 32]).expect("a secret");
    Host::new(State {
        endpoint: LogoutEndpoint::new("https://op.example", KeySet::default(), secret),
        clients: HashMap::new(),
        sessions: HashMap::from([(COOKIE.to_owned(), Session::new([1; 32], "alice"))]),
        sids: HashMap::new(),
        now: OffsetDateTime::UNIX_EPOCH,
    })
}

/// Cookies of others, as browsers send them after `document.cookie = 'lang=español'`, and as other
/// clients do.
pub(crate) const IN_UTF_8: &[u8] = "lang=español".as_bytes();
/// The same in another encoding.
pub(crate) const IN_LATIN_1: &[u8] = b"lang=espa\xf1ol";

/// Sends the session's cookie beside another one. The page must ask whoever is signed in.
pub(crate) async fn finds_the_session_beside(other: &[u8], address: SocketAddr) -> io::Result<()> {
    let mut connection = TcpStream::connect(address).await?;
    connection.write_all(b"GET /logout HTTP/1.1\r\nHost: op.example\r\nConnection: close\r\nCookie: ").await?;
    connection.write_all(other).await?;
    connection.write_all(format!("; session={COOKIE}\r\n\r\n").as_bytes()).await?;
    let mut page = String::new();
    connection.read_to_string(&mut page).await?;
    if page.contains("<h1>Do you want to sign out?</h1>") { Ok(()) } else { Err(Error::other(page)) }
}
