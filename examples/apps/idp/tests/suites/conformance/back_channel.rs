//! Logout tokens and their delivery over https: Back-Channel Logout 1.0.

use std::time::{Duration, SystemTime};

use jsonwebtoken::decode_header;
use rustls::version::{TLS12, TLS13};
use serde_json::{Value, json};
use url::form_urlencoded;

use super::channels::{Channels, Trusts};
use super::relying_party::{SIGNED_OUT, text, unverified_claims};
use crate::support::stub::Received;

async fn start() -> Channels {
    Channels::start(&["rp"], |_, _| json!({ "backchannel_logout_session_required": true })).await
}

/// Signs out. Returns the claims of the ID Token, and the one notice.
async fn notice(channels: &Channels, client: &str) -> (Value, Received) {
    channels.stub.forget();
    let signed_out = channels.sign_out(client).await;
    let mut received = channels.stub.receives(client, 1).await;
    assert_eq!(received.len(), 1);
    (signed_out.claims, received.remove(0))
}

fn now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()
}

#[tokio::test]
async fn the_metadata_announces_the_channel_and_its_sessions() {
    let metadata = start().await.metadata().await;
    for name in ["backchannel_logout_supported", "backchannel_logout_session_supported"] {
        assert_eq!(metadata[name], Value::Bool(true), "{name}");
    }
}

#[tokio::test]
async fn the_notice_is_a_posted_form_with_nothing_but_the_token() {
    let channels = start().await;
    let (_, received) = notice(&channels, "rp").await;
    assert_eq!((received.method.as_str(), received.uri.to_string()), ("POST", "/rp".to_owned()));
    assert_eq!(received.headers["content-type"], "application/x-www-form-urlencoded");
    for name in ["cookie", "authorization"] {
        assert_eq!(received.headers.get(name), None);
    }
    let fields: Vec<_> = form_urlencoded::parse(received.body.as_bytes()).into_owned().collect();
    assert_eq!(fields, [("logout_token".to_owned(), received.logout_token().to_owned())]);
}

#[tokio::test]
async fn the_user_comes_back_with_the_state_and_nothing_else_and_is_signed_out() {
    let channels = start().await;
    let signed_out = channels.sign_out("rp").await;
    let (uri, parameters) = signed_out.answer.redirect();
    assert_eq!((uri, parameters.len(), &parameters["state"]), (SIGNED_OUT, 1, &signed_out.state));
    channels.stub.receives("rp", 1).await;
    assert!(!signed_out.rp.is_signed_in(&channels.browser).await);
}

#[tokio::test]
async fn a_published_key_that_fits_has_signed_the_token() {
    let kinds = [("RS256", "RSA"), ("PS256", "RSA"), ("ES256", "EC"), ("EdDSA", "OKP")];
    let signed = |_: &_, algorithm: &str| json!({ "id_token_signed_response_alg": algorithm });
    let channels = Channels::start(&kinds.map(|(algorithm, _)| algorithm), signed).await;
    for (algorithm, kind) in kinds {
        channels.stub.forget();
        let signed_out = channels.sign_out(algorithm).await;
        let received = channels.stub.receives(algorithm, 1).await;
        let token = received[0].logout_token();
        let header = decode_header(token).unwrap();
        assert_eq!(format!("{:?}", header.alg), algorithm);
        let keys = signed_out.rp.jwks().await;
        let ids: Vec<_> = keys["keys"].as_array().unwrap().iter().map(|key| &key["kid"]).collect();
        let id = json!(header.kid.unwrap());
        assert_eq!(ids.iter().filter(|other| ***other == id).count(), 1, "{id} {ids:?}");
        let key = keys["keys"].as_array().unwrap().iter().find(|key| key["kid"] == id).unwrap();
        assert_eq!([text(key, "kty"), text(key, "use")], [kind, "sig"]);
        // A key without it serves all algorithms of its kind.
        assert!(key.get("alg").is_none_or(|alg| alg == algorithm), "{key}");
        // Checks the signature.
        signed_out.rp.claims(token).await;
    }
}

#[tokio::test]
async fn the_token_is_for_this_client_at_this_time() {
    let channels = start().await;
    let mut ids = Vec::new();
    for _ in 0..2 {
        let before = now();
        let (_, received) = notice(&channels, "rp").await;
        let header = decode_header(received.logout_token()).unwrap();
        assert_eq!(header.typ.as_deref(), Some("logout+jwt"));
        let claims = received.claims();
        assert_eq!(claims["iss"], channels.provider.issuer());
        assert_eq!(claims["aud"], "rp");
        let [iat, exp] = ["iat", "exp"].map(|name| claims[name].as_u64().unwrap());
        assert!((before..=now()).contains(&iat), "{iat}");
        // Two minutes at most are recommended (section 2.4).
        assert!((1..=120).contains(&exp.checked_sub(iat).unwrap()), "{iat} {exp}");
        ids.push(text(&claims, "jti").to_owned());
    }
    assert!(ids[0] != ids[1] && ids.iter().all(|id| !id.is_empty()), "{ids:?}");
}

#[tokio::test]
async fn the_token_is_of_a_logout_and_cannot_be_taken_for_an_id_token() {
    let channels = start().await;
    let (_, received) = notice(&channels, "rp").await;
    let claims = received.claims();
    assert_eq!(claims["events"], json!({ "http://schemas.openid.net/event/backchannel-logout": {} }));
    assert_eq!(claims.get("nonce"), None);
}

#[tokio::test]
async fn the_token_names_the_user_and_the_session_as_the_id_token_does() {
    let channels = start().await;
    let (of_id_token, received) = notice(&channels, "rp").await;
    for name in ["sub", "sid"] {
        assert_eq!(text(&received.claims(), name), text(&of_id_token, name), "{name}");
    }
}

/// A client might take the second notice for an attack, because its `jti` is known.
#[tokio::test]
async fn a_client_that_has_answered_200_is_not_told_again() {
    let channels = start().await;
    let signed_out = channels.sign_out("rp").await;
    channels.stub.receives("rp", 1).await;
    // Neither when the client asks again nor when a repetition would be due.
    assert_eq!(channels.browser.get(&signed_out.request).await.redirect().0, SIGNED_OUT);
    tokio::time::sleep(Duration::from_secs(5)).await;
    let sids: Vec<_> =
        channels.stub.received("rp").iter().map(|it| unverified_claims(it.logout_token())["sid"].clone()).collect();
    assert_eq!(sids, [signed_out.claims["sid"].clone()]);
}

#[tokio::test]
async fn clients_that_speak_only_tls_1_2_or_only_1_3_are_told() {
    for versions in [&[&TLS12], &[&TLS13]] {
        let channels = Channels::start_with(&["rp"], |_, _| json!({}), versions, Trusts::TheClients).await;
        channels.sign_out("rp").await;
        channels.stub.receives("rp", 1).await;
    }
}

#[tokio::test]
async fn a_server_with_a_certificate_that_nobody_trusts_gets_no_token() {
    let channels = Channels::start_with(&["rp"], |_, _| json!({}), rustls::ALL_VERSIONS, Trusts::AnotherServer).await;
    let signed_out = channels.sign_out("rp").await;
    // The user is signed out all the same.
    assert_eq!(signed_out.answer.redirect().0, SIGNED_OUT);
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(channels.stub.all_received().is_empty());
}
