//! The page that tells clients in frames, over https: Front-Channel Logout 1.0.

use serde_json::{Value, json};
use url::Url;

use super::channels::{Channels, SignedOut};
use super::relying_party::{CALLBACK, SIGNED_OUT, text};
use crate::support::browser::selector;

const LOGOUT: &str = "/front-channel";

/// A client whose URI for the front channel is at its server.
async fn start() -> Channels {
    Channels::start(&["rp"], |stub, _| {
        json!({
            // One of them must be where the client is told.
            "redirect_uris": [CALLBACK, format!("{}/callback", stub.origin())],
            "backchannel_logout_uri": null,
            "frontchannel_logout_uri": format!("{}{LOGOUT}", stub.origin()),
            "frontchannel_logout_session_required": true,
        })
    })
    .await
}

/// The URI of the page's only frame.
fn frame(signed_out: &SignedOut) -> Url {
    assert_eq!(signed_out.answer.status, 200, "{}", signed_out.answer.body);
    let html = signed_out.answer.html();
    let frames: Vec<_> = html.select(&selector("iframe")).map(|frame| frame.attr("src").unwrap()).collect();
    assert_eq!(frames.len(), 1, "{frames:?}");
    Url::parse(frames[0]).unwrap()
}

#[tokio::test]
async fn the_metadata_announces_the_channel_and_its_sessions() {
    let metadata = start().await.metadata().await;
    for name in ["frontchannel_logout_supported", "frontchannel_logout_session_supported"] {
        assert_eq!(metadata[name], Value::Bool(true), "{name}");
    }
}

#[tokio::test]
async fn the_frame_asks_the_client_with_exactly_the_issuer_and_the_session_of_the_id_token() {
    let channels = start().await;
    let signed_out = channels.sign_out("rp").await;
    let frame = frame(&signed_out);
    let query: Vec<_> = frame.query_pairs().into_owned().collect();
    let expected = [("iss", channels.provider.issuer()), ("sid", text(&signed_out.claims, "sid"))];
    assert_eq!(query, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    // As a browser does that shows the page.
    channels.browser_of_clients().get(frame.as_str()).await;
    let received = channels.stub.all_received();
    assert_eq!((received.len(), received[0].method.as_str(), received[0].uri.path()), (1, "GET", LOGOUT));
}

#[tokio::test]
async fn the_page_lets_a_browser_load_the_frame() {
    let channels = start().await;
    let signed_out = channels.sign_out("rp").await;
    frame(&signed_out);
    let policies = signed_out.answer.headers.get_all("content-security-policy");
    let policies: Vec<_> = policies.iter().map(|policy| policy.to_str().unwrap()).collect();
    assert!(!policies.is_empty());
    for policy in policies {
        let sources = policy.split(';').find_map(|directive| directive.trim().strip_prefix("frame-src "));
        let mut sources = sources.unwrap_or_else(|| panic!("no frames: {policy}")).split(' ');
        assert!(sources.any(|source| [channels.stub.origin(), "https:"].contains(&source)), "{policy}");
    }
}

#[tokio::test]
async fn the_user_goes_on_with_the_state_and_nothing_else_and_is_signed_out() {
    let channels = start().await;
    let signed_out = channels.sign_out("rp").await;
    frame(&signed_out);
    let html = signed_out.answer.html();
    let link = html.select(&selector("a#continue")).next().unwrap().attr("href").unwrap();
    // Without scripts, browsers read what is in here.
    let without_scripts: String = html.select(&selector("noscript")).next().unwrap().text().collect();
    let without_scripts = scraper::Html::parse_fragment(&without_scripts);
    let refresh = without_scripts.select(&selector("meta[http-equiv=refresh]")).next().unwrap();
    let refresh = refresh.attr("content").unwrap().split_once(";url=").unwrap().1;
    for location in [link, refresh] {
        let location = Url::parse(location).unwrap();
        let state = [("state".to_owned(), signed_out.state.clone())];
        assert_eq!(location.query_pairs().into_owned().collect::<Vec<_>>(), state);
        assert_eq!(location.as_str().split_once('?').unwrap().0, SIGNED_OUT);
    }
    assert!(!signed_out.rp.is_signed_in(&channels.browser).await);
}
