//! The page with frames in the engine of Safari. The browser has a display of its own, which nobody
//! sees.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};
use tempfile::TempDir;
use thirtyfour::{Capabilities, CapabilitiesHelper as _, PageLoadStrategy, WebDriver};

use super::chromium::{PATIENCE, connect, program};
use super::clients::{Answers, Clients};
use super::driver::Browser;
use super::provider::Provider;

/// A running browser. It ends when this is dropped, even if a test fails.
struct WebKit {
    driver: WebDriver,
    _processes: [Group; 2],
    /// Deleted after the processes are killed.
    _directory: TempDir,
}

impl WebKit {
    async fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut command = Command::new(program("Xvfb"));
        command.args(["-displayfd", "1", "-nolisten", "tcp", "-screen", "0", "1280x800x24"]).stdout(Stdio::piped());
        let mut display = Group::start(&mut command);
        let mut number = String::new();
        BufReader::new(display.0.stdout.take().unwrap()).read_line(&mut number).unwrap();

        // The driver does not tell its port, so it gets one that was free just now.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = Command::new(program("WebKitWebDriver"));
        command.arg(format!("--port={port}")).env("DISPLAY", format!(":{}", number.trim()));
        command.env("HOME", directory.path()).env("TMPDIR", directory.path()).stdout(Stdio::null());
        let webdriver = Group::start(&mut command);
        let mut capabilities = Capabilities::new();
        capabilities.set_page_load_strategy(PageLoadStrategy::None).unwrap();
        let (url, begin) = (format!("http://127.0.0.1:{port}"), Instant::now());
        let driver = loop {
            match connect(&url, capabilities.clone()).await {
                Ok(driver) => break driver,
                Err(error) => assert!(begin.elapsed() < PATIENCE, "WebKitWebDriver cannot start WebKit: {error}"),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        Self { driver, _processes: [webdriver, display], _directory: directory }
    }
}

impl Drop for WebKit {
    fn drop(&mut self) {
        self.driver.clone().leak().ok();
    }
}

/// A process with those that it starts. They are killed when this is dropped.
struct Group(Child);

impl Group {
    fn start(command: &mut Command) -> Self {
        Self(command.process_group(0).stdin(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        kill_process_group(Pid::from_child(&self.0), Signal::KILL).ok();
        self.0.wait().ok();
    }
}

#[tokio::test]
async fn webkit_tells_clients_in_frames_and_goes_on_though_one_never_answers() {
    let clients = Clients::start().await;
    let known = [
        clients.same_site("near"),
        clients.other_site("far"),
        clients.answering("never", Answers::Never),
        clients.same_site("asks"),
    ];
    let provider = Provider::start_with(&known).await;
    let webkit = WebKit::start().await;
    let browser = Browser::of(&provider, webkit.driver.clone(), Box::new(webkit));
    // With a client that never answers the clock leads on, and without one the frames do.
    for ids in [&["near", "far", "never", "asks"][..], &["near", "far", "asks"]] {
        clients.forget();
        let url = clients.sign_out_of(&provider, &browser, ids).await;
        browser.goto(&url).await;
        browser.sees("Back at asks").await;
        let landing = clients.request("asks", "signed-out").await;
        for id in ids {
            let request = clients.request(id, "frame").await;
            assert_eq!((&*request.query["iss"], request.query.len()), (provider.server.url(), 3), "{id}");
            assert_eq!(request.cookie(), Some(*id).filter(|id| ["near", "asks"].contains(id)));
            assert_eq!(request.answered.is_none(), *id == "never");
            assert!(request.answered.is_none_or(|answered| answered <= landing.arrived), "{id}");
        }
    }
}
