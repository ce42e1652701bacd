//! The notices that clients are told of the end of a session, as they are stored: a table that any
//! number of instances work off together.
//!
//! A notice is claimed before an attempt is made, and what came of the attempt is recorded. The
//! library says what both mean; this module keeps it.

use std::collections::BTreeMap;
use std::io::Write;

use aws_lc_rs::rand;
use oidc_logout::ClientId;
use oidc_logout::op::{BackChannelNotice, Claim, DeliveryFault, Next, Reply, Schedule};
use sqlx::{Any, Transaction};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::store::Database;

const DAY: i64 = 24 * 60 * 60;

/// When a notice is looked at again that this version cannot read.
const UNREADABLE_SECONDS: i64 = 60 * 60;

/// How many notices one statement stores.
const STORED_AT_ONCE: usize = 100;

/// Stores notices in the transaction that ends their session. `host` is that of a client's URI.
pub(crate) async fn insert(
    transaction: &mut Transaction<'_, Any>,
    notices: &[BackChannelNotice],
    host: impl Fn(&ClientId) -> String,
) -> anyhow::Result<()> {
    for notices in notices.chunks(STORED_AT_ONCE) {
        // One statement, because each is a round trip that the browser waits for.
        let mut numbers = (1_usize..).map(|number| format!("${number}"));
        let mut row = |_| format!("({}, NULL)", numbers.by_ref().take(6).collect::<Vec<_>>().join(", "));
        let rows = notices.iter().map(&mut row).collect::<Vec<_>>().join(", ");
        let insert = format!(
            "INSERT INTO notices (notice_key, client_id, host, notice, due_at, attempts, over_at) VALUES {rows} \
            ON CONFLICT (notice_key) DO NOTHING"
        );
        let mut insert = sqlx::query(&insert);
        for notice in notices {
            insert = insert.bind(notice.key()).bind(notice.client_id().as_str()).bind(host(notice.client_id()));
            insert =
                insert.bind(serde_json::to_string(notice)?).bind(due_at(notice)).bind(i64::from(notice.attempts()));
        }
        insert.execute(&mut **transaction).await?;
    }
    Ok(())
}

fn due_at(notice: &BackChannelNotice) -> Option<i64> {
    notice.due_at().map(OffsetDateTime::unix_timestamp)
}

/// A client that has to be told something now.
#[derive(sqlx::FromRow)]
pub(crate) struct Waiting {
    pub(crate) client_id: String,
    pub(crate) host: String,
}

/// Some clients with a notice that is due, from the one after another on.
pub(crate) async fn waiting_clients(db: &Database, now: i64, after: &str, most: i64) -> sqlx::Result<Vec<Waiting>> {
    let select = "SELECT client_id, MIN(host) AS host FROM notices WHERE due_at <= $1 AND client_id > $2 \
        GROUP BY client_id ORDER BY client_id LIMIT $3";
    sqlx::query_as(select).bind(now).bind(after).bind(most).fetch_all(db.reader()).await
}

/// A notice that is due, unless somebody else claims it.
#[derive(sqlx::FromRow)]
pub(crate) struct Due {
    notice_key: String,
    pub(crate) client_id: String,
    pub(crate) host: String,
    notice: String,
    #[sqlx(rename = "due_at")]
    at: i64,
    attempts: i64,
}

/// A client's notices that have been due for the longest time.
pub(crate) async fn due(db: &Database, client_id: &str, now: i64, most: i64) -> sqlx::Result<Vec<Due>> {
    let select = "SELECT notice_key, client_id, host, notice, due_at, attempts FROM notices \
        WHERE client_id = $1 AND due_at <= $2 ORDER BY due_at LIMIT $3";
    sqlx::query_as(select).bind(client_id).bind(now).bind(most).fetch_all(db.reader()).await
}

/// An attempt that this process makes.
#[derive(Debug)]
pub(crate) struct Claimed {
    pub(crate) notice: BackChannelNotice,
    pub(crate) attempt: u32,
}

/// Claims notices, all in one transaction. Those that another instance has claimed are left out,
/// and so are those that it is too late for.
/// What is given with a notice comes back with its claim.
pub(crate) async fn claim<T>(
    db: &Database,
    schedule: &Schedule,
    mut due: Vec<(Due, T)>,
) -> anyhow::Result<Vec<(Claimed, T)>> {
    // Two instances that lock the same rows in different orders would wait for each other.
    due.sort_by(|(one, _), (other, _)| one.notice_key.cmp(&other.notice_key));
    let mut claimed = Vec::with_capacity(due.len());
    let mut too_late = Vec::new();
    let mut transaction = db.writer().begin().await?;
    for (row, with) in due {
        let now = OffsetDateTime::now_utc();
        let Ok(mut notice) = serde_json::from_str::<BackChannelNotice>(&row.notice) else {
            tracing::error!(client_id = row.client_id, "a notice cannot be read: another version has stored it");
            let update = "UPDATE notices SET due_at = $2 WHERE notice_key = $1";
            let later = now.unix_timestamp().saturating_add(UNREADABLE_SECONDS);
            sqlx::query(update).bind(&row.notice_key).bind(later).execute(&mut *transaction).await?;
            continue;
        };
        let attempt = match notice.claim(now, schedule) {
            Claim::Attempt(attempt) => Some(attempt),
            Claim::TooLate => None,
            Claim::No => continue,
        };
        let update = "UPDATE notices SET notice = $2, due_at = $3, attempts = $4, over_at = $5 \
            WHERE notice_key = $1 AND attempts = $6 AND due_at = $7";
        let update = sqlx::query(update).bind(&row.notice_key).bind(serde_json::to_string(&notice)?);
        let update = update.bind(due_at(&notice)).bind(i64::from(notice.attempts()));
        let update = update.bind(notice.is_over().then(|| now.unix_timestamp())).bind(row.attempts).bind(row.at);
        let is_ours = update.execute(&mut *transaction).await?.rows_affected() > 0;
        match attempt {
            Some(attempt) if is_ours => claimed.push((Claimed { notice, attempt }, with)),
            None if is_ours => too_late.push(notice),
            _ => {}
        }
    }
    transaction.commit().await?;
    for notice in too_late {
        let fault = notice.fault().unwrap_or(DeliveryFault::TooLate);
        log(notice.client_id(), notice.attempts(), Next::Failed(fault), None);
    }
    Ok(claimed)
}

/// What came of an attempt.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) claimed: Claimed,
    pub(crate) result: Result<Answered, DeliveryFault>,
}

/// What a client answered.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) status: u16,
    pub(crate) retry_after: Option<String>,
}

impl Outcome {
    fn reply(&self) -> Reply<'_> {
        match &self.result {
            Ok(answer) => Reply::Answer { status: answer.status, retry_after: answer.retry_after.as_deref() },
            Err(fault) => Reply::Fault(*fault),
        }
    }
}

/// Records outcomes, all in one transaction, and logs them.
pub(crate) async fn record(db: &Database, schedule: &Schedule, outcomes: Vec<Outcome>) -> anyhow::Result<()> {
    // In the order of the rows, as in `claim`.
    let mut outcomes: BTreeMap<_, _> = outcomes
        .into_iter()
        .map(|outcome| ((outcome.claimed.notice.key(), outcome.claimed.attempt), outcome))
        .collect();
    let mut recorded = Vec::with_capacity(outcomes.len());
    let mut transaction = db.writer().begin().await?;
    for ((key, attempt), outcome) in &mut outcomes {
        // A row lock in SQL that SQLite understands too.
        let hold = "UPDATE notices SET attempts = attempts WHERE notice_key = $1 RETURNING notice";
        let hold = sqlx::query_scalar::<_, String>(hold).bind(key);
        let Some(stored) = hold.fetch_all(&mut *transaction).await?.pop() else { continue };
        let Ok(mut notice) = serde_json::from_str::<BackChannelNotice>(&stored) else {
            // Another version took it over. What came of the others is recorded all the same.
            tracing::error!(
                client_id = outcome.claimed.notice.client_id().as_str(),
                "a notice cannot be read any more"
            );
            continue;
        };
        let now = OffsetDateTime::now_utc();
        let before = notice.clone();
        let next = notice.record(*attempt, outcome.reply(), now, random()?, schedule);
        if notice != before {
            let update = "UPDATE notices SET notice = $2, due_at = $3, over_at = $4 WHERE notice_key = $1";
            let update = sqlx::query(update).bind(key).bind(serde_json::to_string(&notice)?).bind(due_at(&notice));
            let over_at = notice.is_over().then(|| now.unix_timestamp());
            update.bind(over_at).execute(&mut *transaction).await?;
        }
        recorded.push((notice.client_id().clone(), *attempt, next, notice.fault()));
    }
    transaction.commit().await?;
    for (client_id, attempt, next, fault) in recorded {
        log(&client_id, attempt, next, fault);
    }
    Ok(())
}

/// Without the token, the subject and the `sid`.
fn log(client_id: &ClientId, attempt: u32, next: Next, fault: Option<DeliveryFault>) {
    let (client_id, cause) = (client_id.as_str(), fault.map(|fault| fault.to_string()));
    match next {
        Next::Delivered => tracing::info!(client_id, attempt, "a client was told of a logout"),
        Next::RetryAt(at) => {
            let seconds = at.unix_timestamp().saturating_sub(OffsetDateTime::now_utc().unix_timestamp());
            tracing::warn!(
                client_id,
                attempt,
                cause,
                retry_in_seconds = seconds,
                "a client was not told of a logout yet"
            );
        }
        Next::Failed(fault) => {
            let cause = fault.to_string();
            tracing::warn!(client_id, attempt, cause, "a client was not told of a logout, and will not be");
        }
        Next::ClaimLost => tracing::debug!(client_id, attempt, "an attempt came to nothing after its claim"),
    }
}

fn random() -> anyhow::Result<u32> {
    let mut bytes = [0; 4];
    rand::fill(&mut bytes)?;
    Ok(u32::from_ne_bytes(bytes))
}

/// Deletes the notices that have been over for some days.
pub(crate) async fn delete_old(db: &Database, days: u32, now: i64) -> sqlx::Result<()> {
    let before = now.saturating_sub(DAY.saturating_mul(days.into()));
    sqlx::query("DELETE FROM notices WHERE over_at <= $1").bind(before).execute(db.writer()).await.map(drop)
}

/// How many notices are read at once for the list.
const LISTED_AT_ONCE: i64 = 500;

/// Writes the list of notices for the operator, one a line with tabs between: those that are not
/// delivered, or with `all` every one. Nothing in it names a user.
pub(crate) async fn list(db: &Database, all: bool, out: &mut impl Write) -> anyhow::Result<()> {
    let mut lines = Lines { out, all };
    lines.write(&["client", "session ended", "attempts", "state", "cause"].map(str::to_owned))?;
    let select = "SELECT notice_key, client_id, notice FROM notices WHERE notice_key > $1 ORDER BY notice_key LIMIT $2";
    let mut last = String::new();
    loop {
        let page = sqlx::query_as::<_, (String, String, String)>(select).bind(&last).bind(LISTED_AT_ONCE);
        let page = page.fetch_all(db.reader()).await?;
        let Some((end, ..)) = page.last() else { return Ok(()) };
        last.clone_from(end);
        for (_, client_id, notice) in &page {
            match serde_json::from_str(notice) {
                Ok(notice) => lines.notice(&notice)?,
                Err(_) => lines.write(&[client_id, "", "", "of another version", ""].map(str::to_owned))?,
            }
        }
    }
}

struct Lines<'o, W> {
    out: &'o mut W,
    all: bool,
}

impl<W: Write> Lines<'_, W> {
    fn notice(&mut self, notice: &BackChannelNotice) -> anyhow::Result<()> {
        let state = match (notice.delivered_at(), notice.failed_at(), notice.due_at()) {
            (Some(at), ..) if self.all => format!("delivered {}", at.format(&Rfc3339)?),
            (Some(_), ..) => return Ok(()),
            (None, Some(at), _) => format!("failed {}", at.format(&Rfc3339)?),
            (None, None, Some(at)) => format!("due {}", at.format(&Rfc3339)?),
            (None, None, None) => String::new(),
        };
        self.write(&[
            notice.client_id().as_str().to_owned(),
            notice.ended_at().format(&Rfc3339)?,
            notice.attempts().to_string(),
            state,
            notice.fault().map(|fault| fault.to_string()).unwrap_or_default(),
        ])
    }

    fn write(&mut self, columns: &[String; 5]) -> anyhow::Result<()> {
        Ok(writeln!(self.out, "{}", columns.join("\t"))?)
    }
}
