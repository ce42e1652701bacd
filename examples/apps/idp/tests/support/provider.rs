//! The provider as its own process, with a database of its own, killed when the test ends.

#![allow(dead_code, reason = "each test crate uses a part of it")]

use serde_json::Value;
use tempfile::TempDir;

use super::database::new_database;
use super::instance::{self, Instance, succeed};

pub(crate) struct Provider {
    instance: Instance,
    database: String,
    /// Holds the database and the files of the options until the process is gone.
    _directory: TempDir,
}

impl Provider {
    /// With the demo and open registration.
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// With the operator's clients, in the form of the option `--clients`.
    pub(crate) async fn start_with_clients(clients: &Value) -> Self {
        Self::start_with_clients_and(clients, &[]).await
    }

    pub(crate) async fn start_with_clients_and(clients: &Value, options: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let file = write(&directory, "clients.json", &clients.to_string());
        Self::start_in(directory, &[&["--clients", &file], options].concat()).await
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
        let instance = Instance::start(&database, options).await;
        Self { instance, database, _directory: directory }
    }

    pub(crate) fn issuer(&self) -> &str {
        self.instance.printed("Issuer").unwrap()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.issuer())
    }

    /// Runs one of the program's commands on the database, while the server goes on.
    pub(crate) fn run(&self, command: &[&str], input: &str) {
        succeed(&self.database, command, input);
    }

    /// What one of the program's commands prints.
    pub(crate) fn output(&self, command: &[&str]) -> String {
        let output = instance::run(&self.database, command, "");
        assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }
}

fn write(directory: &TempDir, name: &str, content: &str) -> String {
    let path = directory.path().join(name);
    std::fs::write(&path, content).unwrap();
    path.to_str().unwrap().to_owned()
}
