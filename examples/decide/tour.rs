//! A logout request from the documentation of Login.gov, and each step from it to the response.

use std::io::{self, Write};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oidc_logout::op::{Client, Decision, LogoutEndpoint, LogoutRequest, Policy, Session, Told};
use oidc_logout::{KeySet, NumericDate, Secret};
use time::OffsetDateTime;

use crate::vector::{Case, Error, File};

/// The published example. Its token was issued in March 2017.
const SEED: &str = include_str!("../../tests/vectors/seed.json");

pub(crate) fn show() -> Result<(), Error> {
    let file: File = serde_json::from_str(SEED)?;
    let Some(Case::Decide(seed)) = file.vectors.into_iter().next().map(|vector| vector.case) else {
        return Err("the seed's first vector is a request".into());
    };
    let registered = seed.clients.first().ok_or("the seed has a client")?;
    let subject = seed.session.and_then(|session| session.sub).ok_or("the seed has a session")?;
    let now = OffsetDateTime::from_unix_timestamp(seed.now)?;
    let mut out = io::stdout().lock();

    writeln!(out, "The client sends the End-User's browser to the provider's logout endpoint:\n")?;
    writeln!(out, "  GET /openid_connect/logout?{}\n", shorten(&seed.request.query, 60))?;

    writeln!(out, "1. The request: read strictly, typed, still untrusted")?;
    let request = LogoutRequest::from_query(&seed.request.query)?;
    let token = request.id_token_hint().ok_or("the seed has a hint")?.as_str().to_owned();
    let state = request.state().ok_or("the seed has a state")?.as_str().to_owned();
    let requested = request.post_logout_redirect_uri().ok_or("the seed has a URI")?.as_str().to_owned();
    writeln!(out, "   id_token_hint             {} ({} bytes)", shorten(&token, 24), token.len())?;
    writeln!(out, "   post_logout_redirect_uri  {requested}")?;
    writeln!(out, "   state                     {state}")?;
    writeln!(out, "   policy login_gov wants all three       yes")?;
    writeln!(out, "   and at least 22 characters of state    yes: {}\n", state.chars().count())?;

    writeln!(out, "2. The hint: an ID Token that the provider issued, verified")?;
    let mut segments = token.split('.');
    writeln!(out, "   header     {}", decode(segments.next())?)?;
    writeln!(out, "   claims     {}", shorten(&decode(segments.next())?, 76))?;
    let keys = KeySet::from_jwks(seed.op.jwks.to_string())?;
    let endpoint = LogoutEndpoint::new(&seed.op.issuer, keys, Secret::new([7; 32])?).with_policy(Policy::login_gov());
    let pending = endpoint.receive(request, now)?;
    let hint = pending.hint().ok_or("the hint is verified")?;
    writeln!(out, "   algorithm  {}, which the policy allows", hint.algorithm())?;
    writeln!(out, "   signature  verifies with one of the provider's keys")?;
    writeln!(out, "   issuer     {}, this provider", hint.issuer())?;
    let (issued, expires) = (date(hint.issued_at()), date(hint.expires_at()));
    writeln!(out, "   times      issued {issued}, not in the future")?;
    let standing = if hint.is_expired() { "expired, which is allowed for a hint" } else { "not expired" };
    writeln!(out, "              expires {expires}: {standing}")?;
    writeln!(out, "   audience   {}, the only one\n", hint.client_id().as_str())?;

    writeln!(out, "3. The client and the session: looked up by the host")?;
    let asked_for = pending.client_id().ok_or("the hint names a client")?.as_str().to_owned();
    writeln!(out, "   client     {asked_for}")?;
    let mut client = Client::builder(&registered.client_id);
    for uri in &registered.post_logout_redirect_uris {
        writeln!(out, "              has registered {uri}")?;
        client = client.post_logout_redirect_uri(uri);
    }
    let client = client.build()?;
    writeln!(out, "   session    of {subject}\n")?;

    let is_registered = client.post_logout_redirect_uris().iter().any(|uri| uri.as_str() == requested);
    let is_users = hint.subject() == subject;
    writeln!(out, "4. The redirect")?;
    writeln!(out, "   requested URI = a registered one       {}\n", yes_or_no(is_registered))?;
    writeln!(out, "5. The decision")?;
    writeln!(out, "   the hint's subject = the session's     {}", yes_or_no(is_users))?;
    let session = Session::new([1; 32], subject);
    let landing = match pending.decide(Some(&client), Some(&session)) {
        Decision::EndSession(end) => {
            writeln!(out, "   so end the session, without asking")?;
            end.session_ended(Told::nobody())
        }
        other @ Decision::Answer(_) => return Err(format!("expected to end the session, and got {other:?}").into()),
    };
    writeln!(out, "\nThe response, once the host has ended the session:\n\n  HTTP/1.1 {} See Other", landing.status())?;
    for (name, value) in &landing.headers() {
        writeln!(out, "  {name}: {value}")?;
    }
    Ok(())
}

fn yes_or_no(answer: bool) -> &'static str {
    if answer { "yes" } else { "no" }
}

fn shorten(text: &str, chars: usize) -> String {
    let mut short: String = text.chars().take(chars).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

fn decode(segment: Option<&str>) -> Result<String, Error> {
    Ok(String::from_utf8(URL_SAFE_NO_PAD.decode(segment.unwrap_or_default())?)?)
}

fn date(date: NumericDate) -> String {
    let date = date.to_offset_date_time();
    date.map_or_else(|| "beyond the calendar".to_owned(), |date| date.to_string())
}
