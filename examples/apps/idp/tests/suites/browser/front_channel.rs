//! Clients that are told of a sign-out in frames.

use std::time::Duration;

use serde_json::{Value, json};
use thirtyfour::By;

use super::chromium::Settings;
use super::clients::{Answers, Clients};
use super::driver::Browser;
use super::provider::{Provider, not_told};
use super::site::Site;

const SIGNED_OUT: &str = "You are signed out";

/// Nothing that waits for a time in a page goes on.
const NO_CLOCK: &str = "window.setTimeout = () => 0";

/// A browser whose driver does not wait for frames.
async fn impatient(provider: &Provider, scripts: bool) -> Browser {
    Browser::open_with(provider, Settings { scripts, waits: false, ..Settings::default() }).await
}

/// The client came after each of these frames was answered.
async fn is_told_before_the_window_goes_on(clients: &Clients, asks: &str, ids: &[&str]) {
    let landing = clients.request(asks, "signed-out").await;
    for id in ids {
        let frame = clients.request(id, "frame").await;
        assert!(frame.answered.unwrap() <= landing.arrived, "{id}");
    }
}

#[tokio::test]
async fn clients_on_any_site_are_told_whose_session_it_was() {
    let clients = Clients::start().await;
    let known = [clients.same_site("near"), clients.other_site("far"), clients.same_site("asks")];
    let provider = Provider::start_with(&known).await;
    let browser = Browser::open(&provider).await;
    let mut sids = Vec::new();
    for id in ["near", "far"] {
        sids.push((id, clients.sign_in(&provider, &browser, id).await.sid));
    }
    let signed_in = clients.sign_in(&provider, &browser, "asks").await;
    sids.push(("asks", signed_in.sid));
    browser.console().await;
    browser.goto(&clients.sign_out(&provider, "asks", &signed_in.id_token)).await;
    browser.sees("Back at asks").await;
    assert_eq!(browser.url().await.as_str(), clients.url("asks", "signed-out?state=asks"));
    is_told_before_the_window_goes_on(&clients, "asks", &["near", "far", "asks"]).await;
    for (id, sid) in &sids {
        let request = clients.request(id, "frame").await;
        let query = ["kept", "iss", "sid"].map(|name| request.query[name].as_str());
        assert_eq!((query, request.query.len()), (["a b", provider.server.url(), sid], 3), "{id}");
        assert_eq!((request.header("sec-fetch-dest"), request.header("referer")), ("iframe", ""), "{id}");
        // The cookie comes along only if the client is on the same site.
        assert_eq!(request.cookie(), Some(*id).filter(|id| *id != "far"), "{id}");
    }
    assert_eq!(browser.session().await, None);
    assert_eq!(browser.console().await, [] as [String; 0]);
    // The page is not in the history: whoever goes back does not come to it.
    browser.driver.back().await.unwrap();
    browser.sees("Signed in at asks").await;
}

#[tokio::test]
async fn the_window_goes_on_as_soon_as_all_frames_have_loaded() {
    let clients = Clients::start().await;
    let slowly = Answers::Slowly(Duration::from_millis(500));
    let known = [clients.other_site("quick"), clients.answering("slow", slowly), clients.same_site("asks")];
    let provider = Provider::start_with(&known).await;
    let browser = Browser::open(&provider).await;
    // It can be only the frames that lead on.
    browser.in_every_document(NO_CLOCK).await;
    let url = clients.sign_out_of(&provider, &browser, &["quick", "slow", "asks"]).await;
    browser.goto(&url).await;
    browser.sees("Back at asks").await;
    is_told_before_the_window_goes_on(&clients, "asks", &["quick", "slow", "asks"]).await;
}

#[tokio::test]
async fn a_client_that_never_answers_is_waited_for_a_little() {
    let clients = Clients::start().await;
    let slowly = Answers::Slowly(Duration::from_millis(500));
    let known = [
        clients.answering("never", Answers::Never),
        clients.answering("slow", slowly),
        clients.same_site("near"),
        clients.same_site("asks"),
    ];
    let provider = Provider::start_with(&known).await;
    let browser = impatient(&provider, true).await;
    let url = clients.sign_out_of(&provider, &browser, &["never", "slow", "near", "asks"]).await;
    browser.goto(&url).await;
    browser.sees("Back at asks").await;
    is_told_before_the_window_goes_on(&clients, "asks", &["slow", "near", "asks"]).await;
    let (never, landing) = (clients.request("never", "frame").await, clients.request("asks", "signed-out").await);
    assert_eq!(never.answered, None);
    let waited = landing.arrived - never.arrived;
    // The page waits for 3 seconds. A machine under load may add to that.
    assert!(waited < Duration::from_secs(10), "{waited:?}");
}

#[tokio::test]
async fn an_error_or_a_refusal_to_be_framed_counts_as_loaded() {
    let clients = Clients::start().await;
    let known = [
        clients.answering("error", Answers::Status(500)),
        clients.answering("missing", Answers::Status(404)),
        clients.answering("deny", Answers::Header("x-frame-options", "DENY")),
        clients.answering("ancestors", Answers::Header("content-security-policy", "frame-ancestors 'none'")),
        clients.answering("download", Answers::Header("content-disposition", "attachment")),
        clients.answering("nothing", Answers::Status(204)),
        clients.answering("redirects", Answers::Redirect(clients.elsewhere())),
        clients.same_site("asks"),
    ];
    let provider = Provider::start_with(&known).await;
    let browser = Browser::open(&provider).await;
    browser.in_every_document(NO_CLOCK).await;
    let ids = ["error", "missing", "deny", "ancestors", "download", "nothing", "redirects", "asks"];
    let url = clients.sign_out_of(&provider, &browser, &ids).await;
    browser.console().await;
    browser.goto(&url).await;
    browser.sees("Back at asks").await;
    is_told_before_the_window_goes_on(&clients, "asks", &ids).await;
    // The policy allows only the origins that are registered.
    assert_eq!(clients.requests("elsewhere", "page").len(), 0);
    let console = browser.console().await;
    let expected = [
        "a status of",
        "'X-Frame-Options'",
        "frame-ancestors 'none'",
        "directive: \"frame-src ",
        "Download is disallowed",
    ];
    for line in &console {
        assert!(expected.iter().any(|words| line.contains(words)), "{line}");
    }
    assert!(console.iter().any(|line| line.contains("frame-src")), "{console:?}");
}

#[tokio::test]
async fn a_client_cannot_take_the_window_away() {
    let clients = Clients::start().await;
    let to = json!(clients.elsewhere());
    let attempts = [
        ("location", format!("top.location = {to}")),
        ("replace", format!("parent.location.replace({to})")),
        ("javascript", "top.location = 'javascript:document.body.textContent=1'".to_owned()),
        ("open", format!("window.open({to}); window.open({to}, '_top')")),
        ("document", "top.document.body.textContent = 1".to_owned()),
        ("link", format!("const a = document.createElement('a'); a.href = {to}; a.target = '_top'; a.click()")),
        (
            "form",
            format!(
                "const form = document.createElement('form'); form.action = {to}; form.target = '_top'; \
            document.body.append(form); form.submit()"
            ),
        ),
        ("close", "top.close()".to_owned()),
        ("dialog", "alert(1); confirm(1); prompt(1); print()".to_owned()),
        ("history", "history.back(); history.go(-2)".to_owned()),
    ];
    let page = |id: &str, script: &str| {
        format!("<body><script>try {{ {script} }} finally {{ navigator.sendBeacon('/{id}/ran') }}</script>")
    };
    let mut known = vec![clients.same_site("asks")];
    for (id, script) in &attempts {
        clients.answers(id, Answers::Page(page(id, script)));
        // A client on the same site might be trusted more.
        known.push(if *id == "document" { clients.same_site(id) } else { clients.other_site(id) });
    }
    let provider = Provider::start_with(&known).await;
    let browser = Browser::open(&provider).await;
    let ids = attempts.iter().map(|(id, _)| *id).chain(["asks"]).collect::<Vec<_>>();
    let url = clients.sign_out_of(&provider, &browser, &ids).await;
    browser.goto(&url).await;
    browser.sees("Back at asks").await;
    is_told_before_the_window_goes_on(&clients, "asks", &ids).await;
    for (id, _) in &attempts {
        clients.request(id, "ran").await;
    }
    assert_eq!(clients.requests("elsewhere", "page").len(), 0);
    assert_eq!(browser.driver.windows().await.unwrap().len(), 1);
}

/// Also on the provider's site, whose pages would share a process.
#[tokio::test]
async fn a_client_that_is_busy_for_ever_does_not_keep_the_window() {
    for same_site in [false, true] {
        let clients = Clients::start().await;
        clients.answers("busy", Answers::Page("<script>for (;;) {}</script>".to_owned()));
        let busy = if same_site { clients.same_site("busy") } else { clients.other_site("busy") };
        let provider = Provider::start_with(&[busy, clients.same_site("asks")]).await;
        let browser = impatient(&provider, true).await;
        let url = clients.sign_out_of(&provider, &browser, &["busy", "asks"]).await;
        browser.goto(&url).await;
        clients.request("asks", "signed-out").await;
        clients.request("busy", "frame").await;
    }
}

#[tokio::test]
async fn without_scripts_a_refresh_leads_on() {
    let clients = Clients::start().await;
    let known = [clients.other_site("far"), clients.same_site("asks")];
    let provider = Provider::start_with(&known).await;
    let browser = impatient(&provider, false).await;
    let url = clients.sign_out_of(&provider, &browser, &["far", "asks"]).await;
    browser.goto(&url).await;
    browser.sees("Back at asks").await;
    let landing = clients.request("asks", "signed-out").await;
    for id in ["far", "asks"] {
        let frame = clients.request(id, "frame").await;
        let waited = landing.arrived - frame.answered.unwrap();
        // 3 seconds after all has loaded. So it was not a script.
        assert!(waited > Duration::from_secs(2), "{waited:?}");
    }
    assert_eq!(landing.query["state"], "asks");
}

/// Chromium refreshes only a page that has loaded. So the user has to press the link.
#[tokio::test]
async fn without_scripts_the_link_leads_on_from_a_client_that_never_answers() {
    let clients = Clients::start().await;
    let known = [clients.answering("never", Answers::Never), clients.same_site("asks")];
    let provider = Provider::start_with(&known).await;
    let browser = impatient(&provider, false).await;
    let url = clients.sign_out_of(&provider, &browser, &["never", "asks"]).await;
    browser.goto(&url).await;
    browser.sees(SIGNED_OUT).await;
    browser.reads("Signing you out of these applications too:").await;
    browser.reads("Demo never").await;
    clients.request("never", "frame").await;
    let link = browser.find("#continue").await;
    assert!(link.is_displayed().await.unwrap());
    link.click().await.unwrap();
    browser.sees("Back at asks").await;
}

#[tokio::test]
async fn without_a_redirect_the_signed_out_page_holds_the_frames() {
    let clients = Clients::start().await;
    let known = [
        clients.same_site("near"),
        clients.other_site("far"),
        clients.with_back_channel(clients.other_site("delivered"), 200),
        clients.with_back_channel(clients.other_site("failed"), 500),
    ];
    let provider = Provider::start_with(&known).await;
    let browser = Browser::open(&provider).await;
    let mut hint = String::new();
    for id in ["near", "far", "delivered", "failed"] {
        hint = clients.sign_in(&provider, &browser, id).await.id_token;
    }
    browser.console().await;
    let url = provider.end_session(&[("id_token_hint", &hint)]);
    browser.goto(&url).await;
    browser.sees(SIGNED_OUT).await;
    for id in ["near", "far", "failed"] {
        clients.request(id, "frame").await;
    }
    for (words, names) in [
        ("These applications have ended your session too:", &["Demo delivered"][..]),
        ("This page is telling these applications:", &["Demo failed", "Demo far", "Demo near"]),
        ("We have not reached these applications yet, and go on trying:", &["Demo failed"]),
    ] {
        assert_eq!(names_below(&browser, words).await, names, "{words}");
    }
    assert_eq!(browser.count("iframe").await, 3);
    assert_eq!(clients.requests("delivered", "frame").len(), 0);
    // Nobody goes on from here.
    assert_eq!(browser.url().await.as_str(), url);
    assert_eq!(browser.console().await, [] as [String; 0]);
}

/// The names in the list that follows a sentence.
async fn names_below(browser: &Browser, words: &str) -> Vec<String> {
    let path = format!("//p[normalize-space() = {}]/following-sibling::*[1]/li", json!(words));
    let mut names = Vec::new();
    for item in browser.driver.find_all(By::XPath(path)).await.unwrap() {
        names.push(item.text().await.unwrap());
    }
    names
}

#[tokio::test]
async fn a_page_without_frames_allows_none() {
    let provider = Provider::start().await;
    let answer = provider.http.get(provider.url("/end_session")).send().await.unwrap();
    let policies: Vec<_> = answer.headers().get_all("content-security-policy").iter().collect();
    assert!(!policies.is_empty() && policies.iter().all(|policy| !policy.to_str().unwrap().contains("frame-src")));
}

#[tokio::test]
async fn a_client_that_was_told_by_the_back_channel_gets_no_frame() {
    let clients = Clients::start().await;
    let known = [
        clients.with_back_channel(clients.same_site("delivered"), 200),
        clients.with_back_channel(clients.same_site("failed"), 500),
    ];
    let provider = Provider::start_with(&known).await;
    let browser = Browser::open(&provider).await;
    let url = clients.sign_out_of(&provider, &browser, &["delivered"]).await;
    browser.goto(&url).await;
    browser.sees("Back at delivered").await;
    assert_eq!(clients.requests("delivered", "notice").len(), 1);
    assert_eq!(clients.requests("delivered", "frame").len(), 0);

    let signed_in = clients.sign_in(&provider, &browser, "failed").await;
    browser.goto(&clients.sign_out(&provider, "failed", &signed_in.id_token)).await;
    browser.sees("Back at failed").await;
    assert_eq!(clients.request("failed", "frame").await.query["sid"], signed_in.sid);
    is_told_before_the_window_goes_on(&clients, "failed", &["failed"]).await;
}

#[tokio::test]
async fn a_sign_out_in_a_frame_tells_nobody_in_frames_and_says_so() {
    let clients = Clients::start().await;
    let known = [clients.same_site("unseen"), clients.with_back_channel(clients.same_site("both"), 200)];
    let provider = Provider::start_with(&known).await;
    let browser = Browser::open(&provider).await;
    let mut hint = String::new();
    for id in ["unseen", "both"] {
        hint = clients.sign_in(&provider, &browser, id).await.id_token;
    }
    let session = browser.session().await.unwrap();
    let url = clients.sign_out(&provider, "both", &hint).replace('&', "&amp;");
    let site = Site::start([("/", format!("<h1>Site</h1><iframe src='{url}'></iframe>"))]).await;
    // The same site: the frame gets the provider's cookie.
    browser.goto(&site.same_site_url("/")).await;
    browser.sees("Site").await;
    clients.request("both", "signed-out").await;
    assert_eq!(provider.user_of(&session).await, None);
    assert_eq!(clients.requests("both", "notice").len(), 1);
    assert_eq!(clients.requests("unseen", "frame").len(), 0);
    assert_eq!(not_told("unseen"), ["no_frame"]);
    assert_eq!(not_told("both"), [] as [&str; 0]);
}

#[tokio::test]
async fn another_user_who_signs_in_sees_no_frames_and_the_log_says_so() {
    let clients = Clients::start().await;
    let provider = Provider::start_with(&[clients.same_site("of-alice")]).await;
    let browser = Browser::open(&provider).await;
    clients.sign_in(&provider, &browser, "of-alice").await;
    let session = browser.session().await.unwrap();
    browser.goto(&provider.url("/sign-in")).await;
    browser.fill_in_sign_in("bob").await;
    browser.sees("Your account").await;
    assert_eq!(browser.count("iframe").await, 0);
    assert_eq!(provider.user_of(&session).await, None);
    assert_eq!(clients.requests("of-alice", "frame").len(), 0);
    assert_eq!(not_told("of-alice"), ["no_frame"]);
}

/// The metadata of an app that the browser opens by its own scheme.
pub(super) fn app(clients: &Clients, id: &str) -> Value {
    let mut app = clients.same_site(id);
    app["application_type"] = "native".into();
    app["post_logout_redirect_uris"] = json!(["com.example.app:/signed-out"]);
    app
}

/// Signs in to these clients and out of the app, the last of them. The browser has no such app, so
/// the page stays.
pub(super) async fn sign_out_of_app(
    provider: &Provider,
    clients: &Clients,
    browser: &Browser,
    ids: &[&str],
    heading: &str,
) {
    let mut hint = String::new();
    for id in ids {
        hint = clients.sign_in(provider, browser, id).await.id_token;
    }
    browser.console().await;
    let uri = "com.example.app:/signed-out";
    let request = [("id_token_hint", &*hint), ("post_logout_redirect_uri", uri), ("state", "of the app")];
    browser.goto(&provider.end_session(&request)).await;
    browser.sees(heading).await;
}

#[tokio::test]
async fn a_link_leads_to_an_app() {
    let clients = Clients::start().await;
    let provider = Provider::start_with(&[clients.other_site("far"), app(&clients, "app")]).await;
    let browser = Browser::open(&provider).await;
    let shifts = "window.shifts = 0; new PerformanceObserver(list => \
        list.getEntries().forEach(entry => shifts += entry.value)).observe({ type: 'layout-shift', buffered: true })";
    browser.in_every_document(shifts).await;
    sign_out_of_app(&provider, &clients, &browser, &["far", "app"], SIGNED_OUT).await;
    let link = browser.find("#continue").await;
    assert!(link.is_displayed().await.unwrap());
    assert_eq!(link.prop("href").await.unwrap().unwrap(), "com.example.app:/signed-out?state=of%20the%20app");
    clients.request("far", "frame").await;
    assert_eq!(
        names_below(&browser, "Your session here has ended. Signing you out of these applications too:").await,
        ["Demo app", "Demo far"]
    );
    // The frames are there, but take no place.
    let frames = "return [...document.querySelectorAll('iframe')].map(frame => \
        [getComputedStyle(frame).display, frame.getBoundingClientRect().width, frame.title])";
    assert_eq!(
        browser.execute(frames).await,
        json!([
            ["block", 1, "Signing out of \u{2068}Demo app\u{2069}"],
            ["block", 1, "Signing out of \u{2068}Demo far\u{2069}"]
        ])
    );
    assert_eq!(browser.execute("return shifts").await, 0);
}

#[tokio::test]
async fn the_policy_allows_the_frames_and_the_script_and_nothing_else() {
    let clients = Clients::start().await;
    let provider = Provider::start_with(&[app(&clients, "app")]).await;
    let browser = Browser::open(&provider).await;
    sign_out_of_app(&provider, &clients, &browser, &["app"], SIGNED_OUT).await;
    let attempt = format!(
        "const to = {}; window.blocked = new Set(); \
        document.addEventListener('securitypolicyviolation', event => blocked.add(event.effectiveDirective)); \
        const add = (name, properties) => document.body.append(Object.assign(document.createElement(name), properties)); \
        add('script', {{ textContent: 'owned = 1' }}); add('script', {{ src: to }}); add('img', {{ src: to }}); \
        add('iframe', {{ src: to }}); add('iframe', {{ src: '/sign-in' }}); add('object', {{ data: to }}); \
        add('style', {{ textContent: 'p {{}}' }}); add('base', {{ href: to }}); \
        add('form', {{ action: to }}); document.forms[0].submit(); fetch(to).catch(() => 0)",
        json!(clients.elsewhere())
    );
    browser.execute(&attempt).await;
    let expected = [
        "base-uri",
        "connect-src",
        "form-action",
        "frame-src",
        "img-src",
        "object-src",
        "script-src-elem",
        "style-src-elem",
    ];
    let blocked = format!("return blocked.size >= {} ? [...blocked].sort() : null", expected.len());
    assert_eq!(browser.waits_for(&blocked).await, json!(expected));
    assert_eq!(browser.execute("return typeof owned").await, "undefined");
    assert_eq!(clients.requests("elsewhere", "page").len(), 0);
}
