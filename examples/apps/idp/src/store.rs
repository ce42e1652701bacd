//! The database: SQLite in a file, or PostgreSQL. The same statements serve both.
//!
//! Memory holds nothing that another instance would need. Every transaction begins with a write,
//! because SQLite refuses, under load, to turn a reader into a writer.

use std::fs::OpenOptions;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use percent_encoding::percent_decode_str;
use sqlx::any::{AnyPoolOptions, AnyQueryResult};
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::{AnyConnection, AnyPool, Executor as _};
use time::OffsetDateTime;

static MIGRATIONS: Migrator = sqlx::migrate!();

/// Opens the database, and brings its tables up to date.
pub(crate) async fn open(url: &str) -> anyhow::Result<AnyPool> {
    sqlx::any::install_default_drivers();
    let options = AnyPoolOptions::new().max_connections(8).acquire_timeout(Duration::from_secs(10));
    let pool = match url.strip_prefix("sqlite:") {
        Some(path) => {
            // Read the path as sqlx does.
            let path = path.trim_start_matches("//").split('?').next().unwrap_or_default();
            let path = percent_decode_str(path).decode_utf8()?;
            ensure!(path != ":memory:" && !path.is_empty(), "--database: SQLite needs a file");
            create_private(&path).with_context(|| format!("--database: {path}"))?;
            options.after_connect(|connection, _| Box::pin(prepare_sqlite(connection))).connect(url).await
        }
        None => leave_cancelled_transactions(options).connect(url).await,
    };
    // The error does not name the URL, because it may hold a password.
    let pool = pool.context("--database: cannot open it")?;
    migrate(&pool).await.context("--database: cannot bring its tables up to date")?;
    Ok(pool)
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
fn create_private(path: &str) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

/// If a request is cancelled during BEGIN, the pooled connection stays inside that transaction, and
/// later work on it is never committed. `BEGIN; ROLLBACK` always leaves it, without the warning
/// that a lone ROLLBACK can cause. It takes one round trip, as the ping that it replaces.
fn leave_cancelled_transactions(options: AnyPoolOptions) -> AnyPoolOptions {
    options
        .test_before_acquire(false)
        .before_acquire(|connection, _| Box::pin(async { connection.execute("BEGIN; ROLLBACK").await.map(|_| true) }))
}

/// With these settings, committed data survives a crash of the process or the machine.
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
pub(crate) async fn sweep(pool: AnyPool) {
    let mut minutes = tokio::time::interval(Duration::from_secs(60));
    loop {
        minutes.tick().await;
        if let Err(error) = sweep_once(&pool, now()).await {
            tracing::warn!(%error, "expired rows were not deleted");
        }
    }
}

async fn sweep_once(pool: &AnyPool, now: i64) -> sqlx::Result<()> {
    const DAY: i64 = 24 * 60 * 60;
    for statement in [
        "DELETE FROM sessions WHERE expires_at <= $1",
        "DELETE FROM codes WHERE expires_at <= $1",
        "DELETE FROM access_tokens WHERE expires_at <= $1",
    ] {
        sqlx::query(statement).bind(now).execute(pool).await?;
    }
    // No window is longer than a day: the option does not allow it.
    sqlx::query("DELETE FROM attempts WHERE since <= $1").bind(now.saturating_sub(DAY)).execute(pool).await?;
    Ok(())
}
