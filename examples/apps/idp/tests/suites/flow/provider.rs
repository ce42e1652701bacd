//! A provider in this process.

use idp::Server;
use idp::config::Config;
use serde_json::Value;
use tempfile::TempDir;

pub(crate) use crate::support::database::new_database;

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

/// Another instance on the same database.
pub(crate) async fn start(database: &str, options: &[&str]) -> Server {
    let args = ["--port", "0", "--database", database].into_iter().chain(options.iter().copied());
    Server::start(Config::from_args(args).unwrap()).await.unwrap()
}
