//! The provider's database, which the tests write to and lock.

use std::time::{Duration, Instant};

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sqlx::{Any, AnyPool, Transaction};
use tempfile::TempDir;
use tokio::time::sleep;

use crate::support::instance::PATIENCE;
use crate::support::postgresql;

/// The kinds of databases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Sqlite,
    Postgresql,
}

/// A session, as its browser has it.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) sid: String,
    pub(crate) cookie: String,
}

pub(crate) struct Database {
    pub(crate) url: String,
    pub(crate) directory: TempDir,
    kind: Kind,
}

impl Database {
    pub(crate) async fn new(kind: Kind) -> Self {
        sqlx::any::install_default_drivers();
        let directory = tempfile::tempdir().unwrap();
        let url = match kind {
            Kind::Sqlite => format!("sqlite:{}", directory.path().join("idp.sqlite").display()),
            Kind::Postgresql => postgresql::new_database().await,
        };
        Self { url, directory, kind }
    }

    /// Connections of the test, under a name of their own.
    pub(crate) async fn connect(&self) -> Rows {
        let named = match self.kind {
            Kind::Sqlite => self.url.clone(),
            Kind::Postgresql => format!("{}?application_name=test", self.url),
        };
        Rows { pool: AnyPool::connect(&named).await.unwrap(), kind: self.kind }
    }
}

/// What the test reads and writes.
#[derive(Clone)]
pub(crate) struct Rows {
    pool: AnyPool,
    kind: Kind,
}

impl Rows {
    /// Signs a user in, without the time that checking a password takes.
    pub(crate) async fn sign_in(&self, sid: &str, user: &str, clients: &[&str]) -> Session {
        let session = Session { sid: sid.to_owned(), cookie: format!("cookie of {sid}").replace(' ', "-") };
        let hash = URL_SAFE_NO_PAD.encode(digest(&SHA256, session.cookie.as_bytes()));
        let mut transaction = self.pool.begin().await.unwrap();
        let insert = "INSERT INTO users (id, username, password_hash, name, email, demo) VALUES ($1, $1, '', '', '', 0) \
            ON CONFLICT DO NOTHING";
        sqlx::query(insert).bind(user).execute(&mut *transaction).await.unwrap();
        let insert = "INSERT INTO sessions (sid, id_hash, user_id, auth_time, expires_at) \
            SELECT $1, $2, id, 0, $3 FROM users WHERE username = $4";
        let insert = sqlx::query(insert).bind(sid).bind(hash).bind(i64::MAX).bind(user);
        insert.execute(&mut *transaction).await.unwrap();
        for client in clients {
            let insert = sqlx::query("INSERT INTO session_clients (sid, client_id) VALUES ($1, $2)");
            insert.bind(sid).bind(client).execute(&mut *transaction).await.unwrap();
        }
        transaction.commit().await.unwrap();
        session
    }

    /// Signs a user in so many times, in browsers that are never seen again. The `sid` of each
    /// begins with the prefix.
    pub(crate) async fn sign_in_often(&self, prefix: &str, number: i64, user: &str, clients: &[&str]) {
        self.sign_in(prefix, user, clients).await;
        let mut transaction = self.pool.begin().await.unwrap();
        for (table, columns, values) in [
            ("sessions", "sid, id_hash, user_id, auth_time, expires_at", "number, user_id, auth_time, expires_at"),
            ("session_clients", "sid, client_id", "client_id"),
        ] {
            let values = values.replace("number", "id_hash || number");
            let insert = format!(
                "INSERT INTO {table} ({columns}) WITH RECURSIVE numbers (number) AS \
                (SELECT 2 UNION ALL SELECT number + 1 FROM numbers WHERE number < $2) \
                SELECT sid || '-' || number, {values} FROM {table} CROSS JOIN numbers WHERE sid = $1"
            );
            sqlx::query(&insert).bind(prefix).bind(number).execute(&mut *transaction).await.unwrap();
        }
        transaction.commit().await.unwrap();
    }

    /// Stores so many notices as the one that there is about a session. The notices name further
    /// sessions.
    pub(crate) async fn multiply_notice(&self, sid: &str, number: i64) {
        let insert = "INSERT INTO notices (notice_key, client_id, host, notice, due_at, attempts, over_at) \
            WITH RECURSIVE numbers (number) AS (SELECT 2 UNION ALL SELECT number + 1 FROM numbers WHERE number < $2) \
            SELECT replace(notice_key, $1, $1 || '-' || number), client_id, host, \
            replace(notice, $1, $1 || '-' || number), due_at, attempts, over_at \
            FROM notices CROSS JOIN numbers WHERE notice_key LIKE '%' || $1 || '%'";
        sqlx::query(insert).bind(sid).bind(number).execute(&self.pool).await.unwrap();
    }

    pub(crate) async fn count(&self, select: &str) -> i64 {
        sqlx::query_scalar(&format!("SELECT COUNT(*) FROM {select}")).fetch_one(&self.pool).await.unwrap()
    }

    /// The sessions that have not ended.
    pub(crate) async fn sids(&self) -> Vec<String> {
        sqlx::query_scalar("SELECT sid FROM sessions").fetch_all(&self.pool).await.unwrap()
    }

    /// Waits until so many of what is counted are there.
    pub(crate) async fn are(&self, number: i64, counted: &str) {
        self.wait(counted, |count| count == number).await;
    }

    pub(crate) async fn wait(&self, counted: &str, enough: impl Fn(i64) -> bool) {
        let begin = Instant::now();
        loop {
            let count = self.count(counted).await;
            if enough(count) {
                return;
            }
            assert!(begin.elapsed() < PATIENCE, "{count} {counted}");
            sleep(Duration::from_millis(5)).await;
        }
    }

    /// Keeps everybody from writing notices until this is dropped.
    pub(crate) async fn lock(&self) -> Transaction<'static, Any> {
        let mut transaction = self.pool.begin().await.unwrap();
        let lock = match self.kind {
            // Any write keeps others from writing anything.
            Kind::Sqlite => "UPDATE settings SET value = value",
            Kind::Postgresql => "LOCK TABLE notices IN EXCLUSIVE MODE",
        };
        sqlx::query(lock).execute(&mut *transaction).await.unwrap();
        transaction
    }

    /// Waits until somebody waits for the lock.
    pub(crate) async fn is_waited_for(&self) {
        match self.kind {
            // It does not say who waits.
            Kind::Sqlite => sleep(Duration::from_millis(500)).await,
            Kind::Postgresql => {
                let waiting = "pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
                self.wait(waiting, |waiting| waiting > 0).await;
            }
        }
    }

    /// Waits until the database server has noticed that a process is gone. Until then, statements
    /// that reached it may still take effect.
    pub(crate) async fn is_left(&self) {
        if self.kind == Kind::Postgresql {
            let others = "pg_stat_activity WHERE datname = current_database() AND application_name <> 'test'";
            self.are(0, others).await;
        }
    }
}
