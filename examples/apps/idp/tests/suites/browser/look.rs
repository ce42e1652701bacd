//! How the pages look. Each must fit a narrow screen; people can look at the screenshots.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::chromium::Settings;
use super::clients::{Answers, Clients};
use super::driver::Browser;
use super::front_channel::{app, sign_out_of_app};
use super::provider::Provider;
use super::sign_out::QUESTION;

const LOOKS: [(&str, u32, u32, &str); 4] = [
    ("wide-light", 1280, 800, "light"),
    ("wide-dark", 1280, 800, "dark"),
    ("narrow-light", 320, 640, "light"),
    ("narrow-dark", 320, 640, "dark"),
];

/// Takes a screenshot of the page in each look. The window is made high enough for the whole page.
async fn look_at(browser: &Browser, name: &str) {
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("screenshots");
    std::fs::create_dir_all(&directory).unwrap();
    let mut backgrounds = Vec::new();
    for (look, width, height, scheme) in LOOKS {
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }, { "name": "prefers-reduced-motion", "value": "reduce" }]);
        cdp(browser, "Emulation.setEmulatedMedia", json!({ "features": features })).await;
        resize(browser, width, height).await;
        let [inner_width, client_width, scroll_width, scroll_height] = sizes(browser).await;
        assert_eq!(inner_width, width);
        assert!(scroll_width <= client_width, "{name} is {scroll_width} pixels wide at {client_width}");
        backgrounds.push(browser.execute("return getComputedStyle(document.body).backgroundColor").await);
        resize(browser, width, height.max(scroll_height)).await;
        let picture = cdp(browser, "Page.captureScreenshot", json!({})).await;
        let picture = STANDARD.decode(picture["data"].as_str().unwrap()).unwrap();
        std::fs::write(directory.join(format!("{name}-{look}.png")), picture).unwrap();
    }
    assert_eq!(backgrounds[0], backgrounds[2]);
    assert_eq!(backgrounds[1], backgrounds[3]);
    assert_ne!(backgrounds[0], backgrounds[1]);
    cdp(browser, "Emulation.clearDeviceMetricsOverride", json!({})).await;
}

async fn cdp(browser: &Browser, method: &str, parameters: Value) -> Value {
    browser.driver.cdp().send_raw(method, parameters).await.unwrap()
}

async fn resize(browser: &Browser, width: u32, height: u32) {
    browser.driver.cdp().emulation().set_device_metrics_override(width, height, 1.0, false).await.unwrap();
}

async fn sizes(browser: &Browser) -> [u32; 4] {
    let script = "const root = document.documentElement; \
        return [innerWidth, root.clientWidth, root.scrollWidth, root.scrollHeight]";
    serde_json::from_value(browser.execute(script).await).unwrap()
}

#[tokio::test]
async fn every_page_fits_a_narrow_screen() {
    let provider = Provider::start().await;
    let browser = Browser::open(&provider).await;
    browser.goto_client().await;
    look_at(&browser, "client").await;
    browser.click("Sign in with Demo provider").await;
    browser.sees("Sign in").await;
    look_at(&browser, "sign-in").await;
    browser.find("#username").await.send_keys("alice").await.unwrap();
    browser.find("#password").await.send_keys("looking-glass").await.unwrap();
    browser.click("Sign in").await;
    browser.find("#error").await;
    look_at(&browser, "sign-in-error").await;
    browser.sign_in("alice").await;
    look_at(&browser, "client-account").await;
    let (uri, hint) = (provider.signed_out_uri(), browser.id_token().await);
    browser.goto(&provider.url("/")).await;
    browser.sees("Your account").await;
    look_at(&browser, "account").await;
    browser.goto_client().await;
    browser.click("Sign out without a hint").await;
    browser.sees(QUESTION).await;
    look_at(&browser, "question").await;
    browser.set_hidden_field("confirmation", "").await;
    browser.click("Yes, sign out").await;
    browser.sees(QUESTION).await;
    look_at(&browser, "question-repeated").await;
    browser.click("No, stay signed in").await;
    browser.sees("You are still signed in").await;
    look_at(&browser, "declined").await;
    browser.goto(&provider.end_session(&[("client_id", "demo-rp"), ("ui_locales", "es")])).await;
    browser.sees("¿Quieres cerrar la sesión en Proveedor Demo?").await;
    look_at(&browser, "question-spanish").await;
    browser.goto_client().await;
    browser.click("Go to an unknown address").await;
    browser.sees("Signing out did not work").await;
    look_at(&browser, "refusal").await;
    let other = Browser::open(&provider).await;
    other.sign_in("alice").await;
    browser.goto(&provider.url("/end_session")).await;
    browser.sees(QUESTION).await;
    browser.click("Yes, sign out").await;
    browser.sees("You are signed out").await;
    browser.reads("These applications have ended your session too:").await;
    look_at(&browser, "signed-out").await;
    browser.goto(&provider.end_session(&[("id_token_hint", "x")])).await;
    browser.sees("Signing out did not work").await;
    look_at(&browser, "refusal-signed-out").await;
    let long = "long-".repeat(25);
    let request = [("id_token_hint", &*hint), ("post_logout_redirect_uri", &*uri), ("state", &*long)];
    browser.goto(&provider.end_session(&request)).await;
    browser.sees("You are back").await;
    look_at(&browser, "client-returned").await;
    browser.goto(&provider.url("/authorize")).await;
    browser.sees("Signing in did not work").await;
    look_at(&browser, "authorization-error").await;
    browser.goto(&provider.url("/nowhere")).await;
    browser.sees("This did not work").await;
    look_at(&browser, "not-found").await;
}

#[tokio::test]
async fn the_page_that_posts_again_fits_a_narrow_screen() {
    let provider = Provider::start().await;
    let browser = Browser::without_scripts(&provider).await;
    browser.sign_in("alice").await;
    browser.click("Sign out by POST").await;
    browser.sees("One moment").await;
    look_at(&browser, "resubmit").await;
    browser.click("Continue").await;
    browser.sees("You are back, and signed out").await;
    look_at(&browser, "client-signed-out").await;
}

#[tokio::test]
async fn the_pages_with_frames_fit_a_narrow_screen() {
    let clients = Clients::start().await;
    // What is in a frame is not seen.
    let loud = "<body style='background: white'><h1>Signed out</h1><img src=x>".to_owned();
    let known = [
        named("Demo calendar", clients.answering("calendar", Answers::Page(loud))),
        named("Demo mail", clients.with_back_channel(clients.same_site("mail"), 500)),
        named("A Very Long Application Name Without An End In Sight", clients.other_site("long")),
        named(
            &"Donaudampfschifffahrtsgesellschaft".repeat(2),
            clients.with_back_channel(clients.same_site("word"), 200),
        ),
        named("Demo app", app(&clients, "app")),
    ];
    let provider = Provider::start_with(&known).await;
    for (languages, heading, ids, name) in [
        ("en", "You are signed out", &["calendar", "mail", "app"][..], "front-channel"),
        ("es", "Has cerrado la sesión", &["calendar", "mail", "long", "app"], "front-channel-spanish"),
    ] {
        let browser = Browser::open_with(&provider, Settings { languages, ..Settings::default() }).await;
        sign_out_of_app(&provider, &clients, &browser, ids, heading).await;
        look_at(&browser, name).await;
    }
    let browser = Browser::open(&provider).await;
    let mut hint = String::new();
    for id in ["calendar", "mail", "word", "app"] {
        hint = clients.sign_in(&provider, &browser, id).await.id_token;
    }
    browser.goto(&provider.end_session(&[("id_token_hint", &hint)])).await;
    browser.sees("You are signed out").await;
    assert_eq!(browser.count("iframe").await, 3);
    look_at(&browser, "signed-out-frames").await;
}

/// A client's metadata with a name.
fn named(name: &str, mut client: Value) -> Value {
    client["client_name"] = name.into();
    client
}
