//! The database: SQLite in a file, or PostgreSQL. The same statements serve both.
//!
//! Memory holds nothing that another instance would need. Every transaction begins with a write,
//! because SQLite refuses, under load, to turn a reader into a writer.
//!
//! SQLite lets one writer work at a time, and those that wait sleep for longer and longer: of eight
//! that come at once, the last one waits for a tenth of a second. So all writes of this process go
//! through one connection, in the order in which they come.

use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use percent_encoding::percent_decode_str;
use sqlx::any::{AnyPoolOptions, AnyQueryResult};
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::{AnyConnection, AnyPool, Executor as _};
use time::OffsetDateTime;

use crate::app::App;
use crate::config::Config;
use crate::sessions::{self, Several};
use crate::terms::Terms;
use crate::{clients, notices};

static MIGRATIONS: Migrator = sqlx::migrate!();

/// How many connections an instance has for what may happen at the same time.
const CONNECTIONS: u32 = 8;

/// How long a process gives way at least: as long as those that wait sleep at first.
const GIVE_WAY: Duration = Duration::from_millis(20);

/// The open database.
#[derive(Clone, Debug)]
pub(crate) struct Database {
    reader: AnyPool,
    writer: AnyPool,
    is_sqlite: bool,
}

impl Database {
    /// Opens the database, and brings its tables up to date.
    pub(crate) async fn open(url: &str) -> anyhow::Result<Self> {
        sqlx::any::install_default_drivers();
        let is_sqlite = url.starts_with("sqlite:");
        if let Some(path) = url.strip_prefix("sqlite:") {
            // Read the path as sqlx does.
            let path = path.trim_start_matches("//").split('?').next().unwrap_or_default();
            let path = percent_decode_str(path).decode_utf8()?;
            ensure!(path != ":memory:" && !path.is_empty(), "--database: SQLite needs a file");
            create_private(&path).with_context(|| format!("--database: {path}"))?;
        }
        let reader = connect(url, CONNECTIONS).await?;
        let writer = if is_sqlite { connect(url, 1).await? } else { reader.clone() };
        migrate(&writer).await.context("--database: cannot bring its tables up to date")?;
        Ok(Self { reader, writer, is_sqlite })
    }

    /// For statements that change nothing.
    pub(crate) fn reader(&self) -> &AnyPool {
        &self.reader
    }

    /// For all others, and for transactions.
    pub(crate) fn writer(&self) -> &AnyPool {
        &self.writer
    }

    /// Leaves others a moment to write, after one transaction of many that took so long.
    ///
    /// Processes that wait for SQLite's one writer sleep and look again. Without such moments they
    /// would hardly ever find it free.
    pub(crate) async fn give_way(&self, after: Duration) {
        if self.is_sqlite {
            tokio::time::sleep(after.max(GIVE_WAY)).await;
        }
    }

    pub(crate) async fn close(&self) {
        self.reader.close().await;
        self.writer.close().await;
    }
}

async fn connect(url: &str, connections: u32) -> anyhow::Result<AnyPool> {
    let options = AnyPoolOptions::new().max_connections(connections).acquire_timeout(Duration::from_secs(10));
    let options = if url.starts_with("sqlite:") {
        options.after_connect(|connection, _| Box::pin(prepare_sqlite(connection)))
    } else {
        leave_cancelled_transactions(options)
    };
    // The error does not name the URL, because it may hold a password.
    options.connect(url).await.context("--database: cannot open it")
}

/// With PostgreSQL one instance migrates while the others wait. With SQLite, a process that comes
/// second to a step fails, and finds the step done when it tries again.
async fn migrate(pool: &AnyPool) -> Result<(), MigrateError> {
    for _ in MIGRATIONS.iter() {
        if MIGRATIONS.run(pool).await.is_ok() {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    MIGRATIONS.run(pool).await
}

/// Creates the file so that nobody else can read it, because it holds private keys. SQLite gives
/// its other files the same mode.
///
/// A file that is there is not opened. To close it again would give up the locks of all connections
/// of this process, those of another server in it too.
fn create_private(path: &str) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        opened => opened.map(drop),
    }
}

/// If a request is cancelled during BEGIN, the pooled connection stays inside that transaction, and
/// later work on it is never committed. `BEGIN; ROLLBACK` always leaves it, without the warning
/// that a lone ROLLBACK can cause. It takes one round trip, as the ping that it replaces.
fn leave_cancelled_transactions(options: AnyPoolOptions) -> AnyPoolOptions {
    options
        .test_before_acquire(false)
        .before_acquire(|connection, _| Box::pin(async { connection.execute("BEGIN; ROLLBACK").await.map(|_| true) }))
}

/// With these settings, committed data survives a crash of the process or the machine. The timeout
/// is for other processes, such as one that sets a password.
async fn prepare_sqlite(connection: &mut AnyConnection) -> sqlx::Result<()> {
    let settings =
        "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON";
    connection.execute(settings).await.map(drop)
}

/// Whether the rows that a new row refers to exist. They may have been deleted since they were
/// looked up.
pub(crate) fn finds_its_parent(inserted: sqlx::Result<AnyQueryResult>) -> sqlx::Result<bool> {
    match inserted {
        Ok(_) => Ok(true),
        Err(sqlx::Error::Database(error)) if error.is_foreign_key_violation() => Ok(false),
        Err(error) => Err(error),
    }
}

/// The current time as the database stores it: seconds since 1970.
pub(crate) fn now() -> i64 {
    OffsetDateTime::now_utc().unix_timestamp()
}

/// Deletes expired rows every minute. Each instance does so, but nothing depends on it.
pub(crate) async fn sweep(app: Arc<App>) {
    let mut minutes = tokio::time::interval(Duration::from_secs(60));
    loop {
        minutes.tick().await;
        if let Err(error) = sweep_once(&app.db, &app.terms, &app.config, now()).await {
            tracing::warn!(error = format!("{error:#}"), "expired rows were not deleted");
        }
    }
}

async fn sweep_once(db: &Database, terms: &Terms, config: &Config, now: i64) -> anyhow::Result<()> {
    const DAY: i64 = 24 * 60 * 60;
    sessions::end_several(db, terms, Several::Expired).await?;
    for statement in ["DELETE FROM codes WHERE expires_at <= $1", "DELETE FROM access_tokens WHERE expires_at <= $1"] {
        sqlx::query(statement).bind(now).execute(db.writer()).await?;
    }
    // No window is longer than a day: the option does not allow it.
    let attempts = sqlx::query("DELETE FROM attempts WHERE since <= $1").bind(now.saturating_sub(DAY));
    attempts.execute(db.writer()).await?;
    notices::delete_old(db, config.notice_days, now).await?;
    Ok(clients::delete_unused(db, config.unused_client_days, now).await?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clients::{Client, Metadata, Source};

    const DAY: i64 = 24 * 60 * 60;

    async fn register(db: &Database, terms: &Terms, id: &str, source: Source) -> Client {
        let metadata = Metadata::read(br#"{"redirect_uris": ["https://rp.example/callback"]}"#).unwrap();
        let client =
            Client::register(terms, source, id.to_owned(), Some("sixteen letters.".to_owned()), metadata, None)
                .unwrap();
        clients::save(db, &client).await.unwrap();
        client
    }

    #[tokio::test]
    async fn a_client_that_registered_itself_goes_when_nobody_uses_it_for_the_days() {
        let directory = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", directory.path().join("idp.sqlite").display());
        let db = Database::open(&url).await.unwrap();
        let terms = Terms::new("https://op.example", Vec::new()).unwrap();
        let used = register(&db, &terms, "used", Source::Registration).await;
        let begin = used.created_at;
        register(&db, &terms, "unused", Source::Registration).await;
        register(&db, &terms, "of the file", Source::File).await;
        let old = "UPDATE clients SET last_used_at = NULL WHERE client_id = 'of an older database'";
        register(&db, &terms, "of an older database", Source::Registration).await;
        sqlx::query(old).execute(db.writer()).await.unwrap();
        let left = async |days, now| {
            let config = Config::from_args(["--unused-client-days", days]).unwrap();
            sweep_once(&db, &terms, &config, now).await.unwrap();
            let select = "SELECT client_id FROM clients ORDER BY client_id";
            sqlx::query_scalar::<_, String>(select).fetch_all(db.reader()).await.unwrap()
        };

        assert_eq!(left("10", begin + DAY).await.len(), 4);
        clients::used(&db, &used, begin + 9 * DAY).await.unwrap();
        assert_eq!(left("10", begin + 11 * DAY - 1).await.len(), 4);
        // 0 days means never.
        assert_eq!(left("0", begin + 1000 * DAY).await.len(), 4);
        assert_eq!(left("10", begin + 11 * DAY).await, ["of an older database", "of the file", "used"]);
        // Its days began with the first sweep.
        assert_eq!(left("10", begin + 12 * DAY).await, ["of the file", "used"]);
        assert_eq!(left("10", begin + 20 * DAY - 1).await, ["of the file", "used"]);
        assert_eq!(left("10", begin + 20 * DAY).await, ["of the file"]);
        db.close().await;
    }
}
