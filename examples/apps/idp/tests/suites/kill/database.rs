//! The database that a killed process leaves.

use std::collections::HashSet;
use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::{AnyConnection, Connection as _};
use tempfile::TempDir;

use crate::support::instance::PATIENCE;
use crate::support::postgresql;

static MIGRATIONS: Migrator = sqlx::migrate!();

pub(crate) struct Database {
    pub(crate) url: String,
    directory: Option<TempDir>,
}

impl Database {
    pub(crate) fn sqlite() -> Self {
        sqlx::any::install_default_drivers();
        let directory = tempfile::tempdir().unwrap();
        Self { url: format!("sqlite:{}", directory.path().join("idp.sqlite").display()), directory: Some(directory) }
    }

    pub(crate) async fn postgresql() -> Self {
        Self { url: postgresql::new_database().await, directory: None }
    }

    fn is_sqlite(&self) -> bool {
        self.directory.is_some()
    }

    async fn connect(&self) -> AnyConnection {
        AnyConnection::connect(&self.url).await.unwrap()
    }

    /// Waits until the database server has noticed that the process is gone. Until then, statements
    /// that reached it may still take effect.
    pub(crate) async fn is_left_by_the_killed(&self) {
        if self.is_sqlite() {
            return;
        }
        let mut connection = self.connect().await;
        let others =
            "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
        let gone = async {
            while sqlx::query_scalar::<_, i64>(others).fetch_one(&mut connection).await.unwrap() > 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(PATIENCE, gone).await.expect("connections of a killed process end");
        connection.close().await.unwrap();
    }

    /// Waits until the notices of all sessions that have ended are delivered, but for those of the
    /// demo client, which nobody can reach at the address that the test gives to the provider.
    pub(crate) async fn has_told_everybody(&self) {
        let mut connection = self.connect().await;
        let due = "SELECT COUNT(*) FROM notices WHERE over_at IS NULL AND client_id LIKE 'told-%'";
        let told = async {
            while sqlx::query_scalar::<_, i64>(due).fetch_one(&mut connection).await.unwrap() > 0 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, told).await.expect("everybody is told");
        let failed = "SELECT COUNT(*) FROM notices WHERE notice NOT LIKE '%\"delivered\"%' AND client_id LIKE 'told-%'";
        assert_eq!(sqlx::query_scalar::<_, i64>(failed).fetch_one(&mut connection).await.unwrap(), 0);
        connection.close().await.unwrap();
    }

    /// The sessions that live.
    pub(crate) async fn sids(&self) -> HashSet<String> {
        let mut connection = self.connect().await;
        let sids = sqlx::query_scalar("SELECT sid FROM sessions").fetch_all(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        sids.into_iter().collect()
    }

    /// Asserts that nothing in it is broken, half done or without a parent.
    pub(crate) async fn is_sound(&self) {
        let mut connection = self.connect().await;
        if self.is_sqlite() {
            let integrity = sqlx::query_scalar::<_, String>("PRAGMA integrity_check");
            assert_eq!(integrity.fetch_all(&mut connection).await.unwrap(), ["ok"]);
            let orphans = sqlx::query("PRAGMA foreign_key_check").fetch_all(&mut connection).await.unwrap();
            assert_eq!(orphans.len(), 0);
        }
        let versions = "SELECT version FROM _sqlx_migrations WHERE success ORDER BY version";
        let versions: Vec<i64> = sqlx::query_scalar(versions).fetch_all(&mut connection).await.unwrap();
        assert_eq!(versions, MIGRATIONS.iter().map(|migration| migration.version).collect::<Vec<_>>());
        assert!(generations(&mut connection).await.unwrap() > 0);
        connection.close().await.unwrap();
    }
}

/// The number of key generations, each of which must be complete. An error as long as there are no
/// tables.
pub(crate) async fn generations(connection: &mut AnyConnection) -> sqlx::Result<usize> {
    let keys = "SELECT COUNT(*) FROM signing_keys GROUP BY generation";
    let keys: Vec<i64> = sqlx::query_scalar(keys).fetch_all(connection).await?;
    assert!(keys.iter().all(|families| *families == 3), "{keys:?}");
    Ok(keys.len())
}
