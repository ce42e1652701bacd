//! A provider of two instances behind a balancer, with a PostgreSQL database of its own.

use std::net::SocketAddr;
use std::sync::Arc;

use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpListener;

use super::balancer::Balancer;
use crate::support::instance::Instance;
use crate::support::postgresql;

pub(crate) struct Provider {
    pub(crate) server: Server,
    pub(crate) database: String,
    directory: Arc<TempDir>,
}

impl Provider {
    pub(crate) async fn start(options: &[&str]) -> Self {
        let directory = Arc::new(tempfile::tempdir().unwrap());
        let database = new_database(&directory).await;
        let server = start(&database, options).await;
        Self { server, database, directory }
    }

    /// The same provider, reached through one of the instances alone.
    pub(crate) fn instance(&self, index: usize) -> Self {
        let running = Arc::clone(&self.server.running);
        let server = Server { address: running.instances[index].address, running };
        Self { server, database: self.database.clone(), directory: Arc::clone(&self.directory) }
    }

    pub(crate) fn file(&self, name: &str, content: &Value) -> String {
        let path = self.directory.path().join(name);
        std::fs::write(&path, content.to_string()).unwrap();
        path.to_str().unwrap().to_owned()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.server.address)
    }
}

pub(crate) async fn new_database(_: &TempDir) -> String {
    postgresql::new_database().await
}

/// Two instances that start at the same moment, behind a balancer.
pub(crate) async fn start(database: &str, options: &[&str]) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let base_url = format!("http://{address}");
    let mut all = options.to_vec();
    if !options.contains(&"--base-url") {
        all.extend(["--base-url", &base_url]);
    }
    let (one, other) = tokio::join!(Instance::start(database, &all), Instance::start(database, &all));
    let balancer = Balancer::start(listener, vec![one.address, other.address]);
    Server { address, running: Arc::new(Running { instances: [one, other], balancer }) }
}

struct Running {
    instances: [Instance; 2],
    balancer: Balancer,
}

pub(crate) struct Server {
    address: SocketAddr,
    running: Arc<Running>,
}

impl Server {
    pub(crate) fn url(&self) -> &str {
        self.running.instances[0].printed("Issuer").unwrap()
    }

    pub(crate) fn demo_url(&self) -> Option<&str> {
        self.running.instances[0].printed("Demo client")
    }

    /// The balancer's address.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn balancer(&self) -> &Balancer {
        &self.running.balancer
    }

    /// Tells both instances to stop, and waits until they have.
    pub(crate) async fn shutdown(self) -> Result<(), String> {
        let Running { instances, balancer } = Arc::into_inner(self.running).ok_or("somebody still speaks to it")?;
        for instance in instances {
            let status = instance.stop().await;
            if !status.success() {
                return Err(status.to_string());
            }
        }
        drop(balancer);
        Ok(())
    }
}
