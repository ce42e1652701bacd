//! How often something may be tried within a window of time, such as signing in to an account.
//!
//! The window begins with the first attempt, and later attempts do not extend it. A caller who
//! keeps trying stays locked out, window after window, and so does everyone who shares the counter.

use std::time::Duration;

use crate::secrets;
use crate::store::Database;

/// A count of attempts.
pub(crate) struct Limit {
    /// What is counted, such as `account`.
    pub(crate) kind: &'static str,
    /// Whose attempts are counted. This may be text that a user typed, so only its hash is stored.
    pub(crate) subject: String,
    pub(crate) most: u32,
    /// Whether a success resets the count.
    pub(crate) forgives: bool,
    pub(crate) window_seconds: u32,
}

impl Limit {
    /// Counts an attempt before the password is checked, so that simultaneous attempts cannot slip
    /// past the limit. Returns how long to wait if this attempt exceeds it.
    pub(crate) async fn count(&self, db: &Database, now: i64) -> sqlx::Result<Option<Duration>> {
        let upsert = "INSERT INTO attempts (subject_hash, since, attempts) VALUES ($1, $2, 1) \
            ON CONFLICT (subject_hash) DO UPDATE SET \
            attempts = CASE WHEN attempts.since <= $3 THEN 1 ELSE attempts.attempts + 1 END, \
            since = CASE WHEN attempts.since <= $3 THEN $2 ELSE attempts.since END \
            RETURNING attempts, since";
        let window = i64::from(self.window_seconds);
        let upsert = sqlx::query_as(upsert).bind(self.hash()).bind(now).bind(now.saturating_sub(window));
        // Fetch all rows, although there is only one: SQLite commits once the statement has run to
        // its end.
        let rows: Vec<(i64, i64)> = upsert.fetch_all(db.writer()).await?;
        let exceeded = rows.into_iter().find(|(attempts, _)| *attempts > i64::from(self.most));
        Ok(exceeded.map(|(_, since)| {
            let seconds = since.saturating_add(window).saturating_sub(now).clamp(1, window.max(1));
            Duration::from_secs(seconds.unsigned_abs())
        }))
    }

    /// Takes this attempt back, because it did not fail.
    pub(crate) async fn succeeded(&self, db: &Database) -> sqlx::Result<()> {
        let less = if self.forgives { "0" } else { "attempts - 1" };
        let update = format!("UPDATE attempts SET attempts = {less} WHERE subject_hash = $1 AND attempts > 0");
        sqlx::query(&update).bind(self.hash()).execute(db.writer()).await.map(drop)
    }

    fn hash(&self) -> String {
        secrets::sha256(&format!("{}\0{}", self.kind, self.subject))
    }
}
