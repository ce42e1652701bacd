//! The provider as its own process, with a database of its own, killed when the test ends.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use serde_json::Value;
use sqlx::migrate::MigrateDatabase as _;
use tempfile::TempDir;

/// How long anything may take on a slow machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) struct Provider {
    issuer: String,
    process: Child,
    database: String,
    /// Holds the database and the files of the options until the process is gone.
    directory: TempDir,
}

impl Provider {
    /// With the demo's user, and open to registration.
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// With clients of the operator's, as the option `--clients` takes them.
    pub(crate) async fn start_with_clients(clients: &Value) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let file = write(&directory, "clients.json", &clients.to_string());
        Self::start_in(directory, &["--clients", &file]).await
    }

    pub(crate) async fn start_with(options: &[&str]) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), options).await
    }

    /// Over https on `localhost`, with a certificate and its key in PEM.
    pub(crate) async fn start_with_certificate(certificate: &str, key: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let (certificate, key) = (write(&directory, "certificate.pem", certificate), write(&directory, "key.pem", key));
        Self::start_in(directory, &["--tls-cert", &certificate, "--tls-key", &key, "--demo"]).await
    }

    async fn start_in(directory: TempDir, options: &[&str]) -> Self {
        let database = new_database(&directory).await;
        let log = directory.path().join("log");
        let mut process = Command::new(env!("CARGO_BIN_EXE_idp"))
            .args(["--port", "0", "--database", &database])
            .args(options)
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        let mut provider = Self { issuer: String::new(), process, database, directory };
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        loop {
            let line = lines.recv_timeout(PATIENCE);
            let line = line.unwrap_or_else(|_| panic!("no start: {}", std::fs::read_to_string(&log).unwrap()));
            match line.split_once(':') {
                Some(("Issuer", issuer)) => issuer.trim().clone_into(&mut provider.issuer),
                _ if line.starts_with("Listening on ") => return provider,
                _ => {}
            }
        }
    }

    pub(crate) fn issuer(&self) -> &str {
        &self.issuer
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.issuer)
    }

    /// Runs one of the program's commands on the database, while the server goes on.
    pub(crate) fn run(&self, command: &[&str], input: &str) {
        let file = write(&self.directory, "input", input);
        let output = Command::new(env!("CARGO_BIN_EXE_idp"))
            .args(["--database", &self.database])
            .args(command)
            .stdin(std::fs::File::open(file).unwrap())
            .output()
            .unwrap();
        assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A file; or a database in the PostgreSQL server that the tests are to use, where it stays.
async fn new_database(directory: &TempDir) -> String {
    let Ok(server) = std::env::var("IDP_TEST_POSTGRES") else {
        return format!("sqlite:{}", directory.path().join("idp.sqlite").display());
    };
    sqlx::any::install_default_drivers();
    let name: String = directory.path().to_str().unwrap().chars().filter(char::is_ascii_alphanumeric).collect();
    let url = format!("{server}/idp_{}", name.to_lowercase());
    sqlx::Any::create_database(&url).await.unwrap();
    url
}

fn write(directory: &TempDir, name: &str, content: &str) -> String {
    let path = directory.path().join(name);
    std::fs::write(&path, content).unwrap();
    path.to_str().unwrap().to_owned()
}
