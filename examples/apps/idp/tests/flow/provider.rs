//! A provider in this process.

use idp::Server;
use idp::config::Config;
use serde_json::Value;
use sqlx::migrate::MigrateDatabase as _;
use tempfile::TempDir;

/// A provider with a database of its own.
pub(crate) struct Provider {
    pub(crate) server: Server,
    pub(crate) database: String,
    directory: TempDir,
}

impl Provider {
    pub(crate) async fn start(options: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let database = new_database(&directory).await;
        let server = start(&database, options).await;
        Self { server, database, directory }
    }

    pub(crate) fn file(&self, name: &str, content: &Value) -> String {
        let path = self.directory.path().join(name);
        std::fs::write(&path, content.to_string()).unwrap();
        path.to_str().unwrap().to_owned()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.server.address())
    }
}

/// A file in the directory; a database in the PostgreSQL server that the tests are to use, where it stays.
pub(crate) async fn new_database(directory: &TempDir) -> String {
    let Ok(server) = std::env::var("IDP_TEST_POSTGRES") else {
        return format!("sqlite:{}", directory.path().join("idp.sqlite").display());
    };
    sqlx::any::install_default_drivers();
    let name: String = directory.path().to_str().unwrap().chars().filter(char::is_ascii_alphanumeric).collect();
    let url = format!("{server}/idp_{}", name.to_lowercase());
    sqlx::Any::create_database(&url).await.unwrap();
    url
}

/// Another instance on the same database.
pub(crate) async fn start(database: &str, options: &[&str]) -> Server {
    let args = ["--port", "0", "--database", database].into_iter().chain(options.iter().copied());
    Server::start(Config::from_args(args).unwrap()).await.unwrap()
}
