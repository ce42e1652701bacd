//! Chromium in a process of its own, with an empty profile.

use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::json;
use tempfile::TempDir;
use thirtyfour::error::WebDriverResult;
use thirtyfour::{
    Capabilities, CapabilitiesHelper as _, ChromeCapabilities, ChromiumLikeCapabilities as _, LoggingPrefsLogLevel,
    PageLoadStrategy, WebDriver,
};

/// How long to wait for anything that must come. A machine under load is slow.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

const ARGUMENTS: [&str; 13] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--no-default-browser-check",
    "--no-proxy-server",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-breakpad",
    "--window-size=1280,800",
];

/// How a browser is set up.
#[derive(Clone, Copy)]
pub(crate) struct Settings {
    pub(crate) scripts: bool,
    pub(crate) languages: &'static str,
    /// Whether the driver waits until a page has loaded, with all its frames.
    pub(crate) waits: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { scripts: true, languages: "en", waits: true }
    }
}

/// A running browser. It ends when this is dropped, even if a test fails.
pub(crate) struct Chromium {
    pub(crate) driver: WebDriver,
    _chromedriver: Chromedriver,
    /// Deleted after the processes are killed.
    _directory: TempDir,
}

impl Chromium {
    pub(crate) async fn start(settings: Settings) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let chromedriver = Chromedriver::start(directory.path());
        let driver = new_session(&chromedriver.url, directory.path(), settings).await;
        let driver = driver.unwrap_or_else(|error| panic!("chromedriver cannot start chromium: {error}"));
        Self { driver, _chromedriver: chromedriver, _directory: directory }
    }
}

impl Drop for Chromium {
    /// Nothing of the browser is kept, so it is not asked to end: its driver's process group is
    /// killed.
    fn drop(&mut self) {
        self.driver.clone().leak().ok();
    }
}

struct Chromedriver {
    process: Child,
    url: String,
}

impl Chromedriver {
    /// The driver and the browser keep their files in the directory.
    fn start(directory: &Path) -> Self {
        let mut command = Command::new(program("chromedriver"));
        command.arg("--port=0").env("TMPDIR", directory).process_group(0);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut chromedriver = Self { process, url: String::new() };
        let (sender, receiver) = mpsc::channel();
        // Read to the end, because the process would block once the pipe is full.
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                if let Some(port) = line.strip_prefix("ChromeDriver was started successfully on port ") {
                    sender.send(port.trim_end_matches('.').to_owned()).ok();
                }
            }
        });
        let port = receiver.recv_timeout(PATIENCE).expect("chromedriver tells its port");
        chromedriver.url = format!("http://127.0.0.1:{port}");
        chromedriver
    }
}

impl Drop for Chromedriver {
    /// The browser's processes are in the same group.
    fn drop(&mut self) {
        kill_process_group(Pid::from_child(&self.process), Signal::KILL).ok();
        self.process.wait().ok();
    }
}

/// The path of a program in `PATH`.
pub(crate) fn program(name: &str) -> PathBuf {
    let directories = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&directories).map(|directory| directory.join(name)).find(|path| path.is_file());
    found.unwrap_or_else(|| panic!("there is no {name} in PATH: install it, on Debian as the README says"))
}

async fn new_session(url: &str, directory: &Path, settings: Settings) -> WebDriverResult<WebDriver> {
    let mut capabilities = ChromeCapabilities::new();
    capabilities.set_binary(program("chromium").to_str().unwrap())?;
    for argument in ARGUMENTS {
        capabilities.add_arg(argument)?;
    }
    capabilities.add_arg(&format!("--user-data-dir={}", directory.join("profile").display()))?;
    capabilities.set_logging_prefs("browser", LoggingPrefsLogLevel::All)?;
    if !settings.waits {
        capabilities.set_page_load_strategy(PageLoadStrategy::None)?;
    }
    if !settings.scripts {
        capabilities.add_arg("--blink-settings=scriptEnabled=false")?;
    }
    capabilities.add_experimental_option("prefs", json!({ "intl.accept_languages": settings.languages }))?;
    connect(url, capabilities).await
}

/// Starts a browser by its driver.
pub(crate) async fn connect(url: &str, capabilities: impl Into<Capabilities>) -> WebDriverResult<WebDriver> {
    // The environment's proxy is not for this connection.
    let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(120)).build().unwrap();
    WebDriver::builder(url, capabilities).client(client).connect().await
}
