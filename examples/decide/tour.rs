//! The seed's example, taken apart: a logout request of Login.gov and what becomes of it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oidc_logout::{
    Client, ConfirmationKey, Decision, KeySet, Landing, LogoutEndpoint, LogoutRequest, NumericDate, Policy, Session,
};
use time::OffsetDateTime;

use crate::vector::{Case, Error, File};

/// A published example; its token was issued in March 2017.
const SEED: &str = include_str!("../../tests/vectors/seed.json");

pub(crate) fn show() -> Result<(), Error> {
    let file: File = serde_json::from_str(SEED)?;
    let Some(Case::Decide(seed)) = file.vectors.into_iter().next().map(|vector| vector.case) else {
        return Err("the seed's first vector is a request".into());
    };
    let registered = seed.clients.first().ok_or("the seed has a client")?;
    let subject = seed.session.and_then(|session| session.sub).ok_or("the seed has a session")?;
    let now = OffsetDateTime::from_unix_timestamp(seed.now)?;

    println!("The client sends the End-User's browser to the provider's logout endpoint:\n");
    println!("  GET /openid_connect/logout?{}\n", shorten(&seed.request.query, 66));

    println!("1. The request: read strictly, typed, still untrusted");
    let request = LogoutRequest::from_query(&seed.request.query)?;
    let token = request.id_token_hint().ok_or("the seed has a hint")?.as_str().to_owned();
    let state = request.state().ok_or("the seed has a state")?.as_str().to_owned();
    let uri = request.post_logout_redirect_uri().ok_or("the seed has a URI")?.as_str().to_owned();
    println!("   id_token_hint             {} ({} bytes)", shorten(&token, 24), token.len());
    println!("   post_logout_redirect_uri  {uri}");
    println!("   state                     {state}\n");

    println!("2. The hint: an ID Token that the provider issued, verified");
    let mut segments = token.split('.');
    println!("   header    {}", decode(segments.next())?);
    println!("   claims    {}", shorten(&decode(segments.next())?, 96));
    let keys = KeySet::from_jwks(seed.op.jwks.to_string())?;
    let endpoint =
        LogoutEndpoint::new(&seed.op.issuer, keys, ConfirmationKey::new([7; 32])?).with_policy(Policy::login_gov());
    println!("   policy    login_gov: hint, redirect URI and a state of 22 characters or more are required");
    let pending = endpoint.receive(request, now)?;
    let hint = pending.hint().ok_or("the hint is verified")?;
    println!("   signature verifies with {}, one of the provider's keys", hint.algorithm());
    println!("   issuer    {}", hint.issuer());
    println!("   subject   {}", hint.subject());
    let expired = if hint.is_expired() { "expired, which is no reason to refuse it" } else { "not expired" };
    println!("   times     issued {}, expires {}: {expired}\n", date(hint.issued_at()), date(hint.expires_at()));

    println!("3. The client and the session: looked up by the host");
    let asked_for = pending.client_id().ok_or("the hint names a client")?;
    println!("   client    {}", asked_for.as_str());
    let mut client = Client::builder(&registered.client_id);
    for uri in &registered.post_logout_redirect_uris {
        println!("   may be sent to {uri}");
        client = client.post_logout_redirect_uri(uri);
    }
    println!("   session   of {subject}\n");

    let session = Session::new([1; 32]).subject(subject);
    println!("4. The redirect: compared with the registered URIs, and built from the registered bytes\n");
    println!("5. The decision: the hint's subject is the session's, so nothing has to be asked");
    let landing = match pending.decide(Some(&client.build()?), Some(&session)) {
        Decision::EndSession(end) => {
            println!("   end the session, without asking");
            end.session_ended()
        }
        other => return Err(format!("expected to end the session, and got {other:?}").into()),
    };
    let Landing::Redirect(to) = landing else {
        return Err("expected a redirect".into());
    };
    println!("\nThe response, once the host has ended the session:\n\n  HTTP/1.1 {} See Other", to.status());
    for (name, value) in &to.headers() {
        println!("  {name}: {value}");
    }
    Ok(())
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
    date.to_offset_date_time()
        .map_or_else(|| "beyond the calendar".to_owned(), |date| format!("{} {}", date.date(), date.time()))
}
