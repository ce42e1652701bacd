//! Spanish, and values that look like markup.

use super::chromium::Settings;
use super::driver::Browser;
use super::provider::Provider;
use super::site::{Site, form};

const SPANISH_QUESTION: &str = "¿Quieres cerrar la sesión en Proveedor Demo?";

/// A text of 128 characters that would run if a page took it for markup.
const MARKUP: &str = concat!(
    "\"'><img/src=x/onerror=owned=1></code><svg/onload=owned=1></title>",
    "<script>owned=1</script>&lt;&amp;%3Cb%3E+${1}{{1}\\u003cb--></p>"
);

async fn language_of(browser: &Browser) -> String {
    browser.find("html").await.attr("lang").await.unwrap().unwrap()
}

#[tokio::test]
async fn ui_locales_chooses_the_language() {
    let provider = Provider::start().await;
    for scripts in [true, false] {
        let browser = Browser::open_with(&provider, Settings { scripts, languages: "en", ..Settings::default() }).await;
        browser.sign_in("alice").await;
        let session = browser.session().await.unwrap();
        browser.goto(&provider.end_session(&[("client_id", "demo-rp"), ("ui_locales", "fr es-MX en")])).await;
        browser.sees(SPANISH_QUESTION).await;
        assert_eq!(language_of(&browser).await, "es");
        browser.click("No, mantenerla abierta").await;
        browser.sees("Tu sesión sigue abierta").await;
        assert_eq!(provider.user_of(&session).await, Some("alice"));
        browser.goto(&provider.end_session(&[("client_id", "demo-rp"), ("ui_locales", "es")])).await;
        browser.click("Sí, cerrar la sesión").await;
        browser.sees("Has cerrado la sesión").await;
        assert_eq!(provider.user_of(&session).await, None);
    }
}

#[tokio::test]
async fn the_browsers_language_is_spoken_unless_ui_locales_says_otherwise() {
    let provider = Provider::start().await;
    for scripts in [true, false] {
        let browser =
            Browser::open_with(&provider, Settings { scripts, languages: "es-AR,es", ..Settings::default() }).await;
        browser.goto_client().await;
        browser.sees("No has iniciado sesión").await;
        browser.click("Iniciar sesión con Proveedor Demo").await;
        browser.sees("Iniciar sesión").await;
        assert_eq!(language_of(&browser).await, "es");
        browser.fill_in_sign_in("alice").await;
        browser.sees("Has iniciado sesión").await;
        let session = browser.session().await.unwrap();
        browser.click("Cerrar la sesión sin indicio").await;
        browser.sees(SPANISH_QUESTION).await;
        browser.goto(&provider.end_session(&[("client_id", "demo-rp"), ("ui_locales", "en")])).await;
        browser.sees(super::sign_out::QUESTION).await;
        assert_eq!(provider.user_of(&session).await, Some("alice"));
        browser.goto_client().await;
        browser.click("Cerrar la sesión por POST").await;
        if !scripts {
            browser.sees("Un momento").await;
            browser.click("Continuar").await;
        }
        browser.sees("Has vuelto, con la sesión cerrada").await;
        assert_eq!(provider.user_of(&session).await, None);
    }
}

/// Asserts that the page holds only what the provider put there, and that nothing has run.
async fn assert_unharmed(browser: &Browser) {
    assert_eq!(browser.count("img, svg, body script").await, 0);
    assert_eq!(browser.execute("return typeof owned").await, "undefined");
}

#[tokio::test]
async fn a_state_that_looks_like_markup_is_text() {
    assert_eq!(MARKUP.chars().count(), 128);
    let provider = Provider::start().await;
    let browser = Browser::open(&provider).await;
    let uri = provider.signed_out_uri();
    let fields = [("client_id", "demo-rp"), ("post_logout_redirect_uri", &*uri), ("state", MARKUP)];
    let site = Site::start([
        ("/as-markup", format!("<code title=\"{MARKUP}</code>")),
        ("/form", form(&provider.url("/end_session"), fields)),
    ]);
    let site = site.await;
    // The text would do harm on a page that does not escape it.
    browser.goto(&site.url("/as-markup")).await;
    assert_eq!(browser.execute("return owned").await, 1);
    browser.sign_in("alice").await;
    browser.goto(&provider.end_session(&fields)).await;
    browser.sees(super::sign_out::QUESTION).await;
    assert_unharmed(&browser).await;
    let state = async |selector: &str, property: &str| {
        browser.find(selector).await.prop(property.to_owned()).await.unwrap().unwrap()
    };
    assert_eq!(state("input[name=state]", "value").await, MARKUP);
    browser.click("Yes, sign out").await;
    browser.sees("You are back").await;
    assert_eq!(state("code", "textContent").await, MARKUP);
    assert_eq!(browser.find("code").await.text().await.unwrap(), MARKUP);
    let url = browser.url().await;
    assert_eq!(url.query_pairs().collect::<Vec<_>>(), [("state".into(), MARKUP.into())]);
    assert_unharmed(&browser).await;
}

#[tokio::test]
async fn a_state_that_looks_like_markup_is_text_on_the_page_that_posts_again() {
    let provider = Provider::start().await;
    let browser = Browser::without_scripts(&provider).await;
    let uri = provider.signed_out_uri();
    let fields = [("client_id", "demo-rp"), ("post_logout_redirect_uri", &*uri), ("state", MARKUP)];
    let site = Site::start([("/form", form(&provider.url("/end_session"), fields))]).await;
    browser.sign_in("alice").await;
    browser.goto(&site.url("/form")).await;
    browser.click("Continue").await;
    browser.sees("One moment").await;
    assert_unharmed(&browser).await;
    assert_eq!(browser.find("input[name=state]").await.prop("value").await.unwrap().unwrap(), MARKUP);
    browser.click("Continue").await;
    browser.sees(super::sign_out::QUESTION).await;
    assert_eq!(browser.find("input[name=state]").await.prop("value").await.unwrap().unwrap(), MARKUP);
}

#[tokio::test]
async fn a_user_name_that_looks_like_markup_is_text() {
    let provider = Provider::start().await;
    let browser = Browser::open(&provider).await;
    browser.goto(&provider.url("/sign-in")).await;
    browser.find("#username").await.send_keys(MARKUP).await.unwrap();
    browser.find("#password").await.send_keys("wrong").await.unwrap();
    browser.click("Sign in").await;
    browser.find("#error").await;
    browser.reads("The user name or the password is wrong.").await;
    assert_eq!(browser.find("#username").await.prop("value").await.unwrap().unwrap(), MARKUP);
    assert_unharmed(&browser).await;
    assert_eq!(browser.session().await, None);
}
