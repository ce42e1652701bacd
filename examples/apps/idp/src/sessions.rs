//! Sessions: one row per signed-in browser, found by a cookie that only this browser has.

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sqlx::any::AnyRow;
use sqlx::{Any, Row as _, Transaction};

use crate::secrets;
use crate::store::Database;
use crate::users::{self, User};

/// The session of a browser.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    /// The SHA-256 of the cookie, which changes with each sign-in.
    pub(crate) hash: String,
    pub(crate) sid: String,
    pub(crate) auth_time: i64,
    pub(crate) user: User,
    /// Whether the client that the session was looked up for has received a code in it.
    pub(crate) takes_part: Option<bool>,
}

impl Session {
    fn read(row: &AnyRow) -> sqlx::Result<Self> {
        Ok(Self {
            sid: row.try_get(0)?,
            auth_time: row.try_get(1)?,
            user: User { id: row.try_get(2)?, username: row.try_get(3)?, name: row.try_get(4)? },
            hash: row.try_get(5)?,
            takes_part: Some(row.try_get::<i64, _>(6)? > 0),
        })
    }

    /// The session in the library's terms. Subjects are public and the `sid` is the same for all
    /// clients, so both are as any client knows them.
    pub(crate) fn for_logout(&self) -> anyhow::Result<oidc_logout::op::Session> {
        let binding: [u8; 32] = URL_SAFE_NO_PAD.decode(&self.hash)?.try_into().ok().context("a session's hash")?;
        let session = oidc_logout::op::Session::new(binding, &*self.user.id).sid(&*self.sid);
        Ok(match self.takes_part {
            Some(takes_part) => session.takes_part(takes_part),
            None => session,
        })
    }
}

/// The session of a cookie, unless it has ended or expired, and whether the client takes part in
/// it.
///
/// One statement reads both. Read after the session, the client's part would be gone whenever
/// another request of the browser ends the session in between, and the user would be asked about a
/// sign-out that has already happened.
pub(crate) async fn find(db: &Database, id: &str, client_id: Option<&str>, now: i64) -> sqlx::Result<Option<Session>> {
    let select = "SELECT sid, auth_time, user_id, username, name, id_hash, (SELECT COUNT(*) FROM session_clients \
        WHERE session_clients.sid = sessions.sid AND session_clients.client_id = $3) \
        FROM sessions JOIN users ON users.id = user_id WHERE id_hash = $1 AND expires_at > $2";
    let select = sqlx::query(select).bind(secrets::sha256(id)).bind(now).bind(client_id.unwrap_or_default());
    let row = select.fetch_optional(db.reader()).await?;
    let session = row.as_ref().map(Session::read).transpose()?;
    // Without a client nothing is known of it.
    Ok(session.map(|session| Session { takes_part: session.takes_part.filter(|_| client_id.is_some()), ..session }))
}

/// The session that a client knows by this `sid`: one that it takes part in, unless it has ended or
/// expired.
pub(crate) async fn find_by_sid(db: &Database, client_id: &str, sid: &str, now: i64) -> sqlx::Result<Option<Session>> {
    // A client can write into its HMAC hints what it likes, and a NUL would make PostgreSQL fail.
    if sid.contains('\0') {
        return Ok(None);
    }
    let select = "SELECT sessions.sid, auth_time, user_id, username, name, id_hash, 1 FROM sessions \
        JOIN users ON users.id = user_id JOIN session_clients ON session_clients.sid = sessions.sid \
        WHERE sessions.sid = $1 AND client_id = $2 AND expires_at > $3";
    let select = sqlx::query(select).bind(sid).bind(client_id).bind(now);
    select.fetch_optional(db.reader()).await?.as_ref().map(Session::read).transpose()
}

/// Signs a user in and replaces this browser's previous session. If it was the same user's, the
/// session goes on under its `sid`, by which clients know it, but with a new id. Returns the
/// session and its id for the cookie, or `None` if the password has changed since it was checked.
pub(crate) async fn start(
    db: &Database,
    user: User,
    password_hash: &str,
    former: Option<&str>,
    now: i64,
    seconds: u32,
) -> anyhow::Result<Option<(String, Session)>> {
    let (id, sid) = (secrets::random()?, secrets::random()?);
    let mut session = Session { hash: secrets::sha256(&id), sid, auth_time: now, user, takes_part: None };
    let (former, expires_at) = (secrets::sha256(former.unwrap_or_default()), now.saturating_add(seconds.into()));
    let mut transaction = db.writer().begin().await?;
    if !users::hold(&mut transaction, &session.user, password_hash).await? {
        return Ok(None);
    }
    let update = "UPDATE sessions SET id_hash = $1, auth_time = $2, expires_at = $3 \
        WHERE id_hash = $4 AND user_id = $5 AND expires_at > $2 RETURNING sid";
    let update = sqlx::query_scalar(update).bind(&session.hash).bind(now).bind(expires_at);
    let updated = update.bind(&former).bind(&session.user.id).fetch_all(&mut *transaction).await?.pop();
    if let Some(sid) = updated {
        session.sid = sid;
    } else {
        sqlx::query("DELETE FROM sessions WHERE id_hash = $1").bind(&former).execute(&mut *transaction).await?;
        let insert = "INSERT INTO sessions (sid, id_hash, user_id, auth_time, expires_at) VALUES ($1, $2, $3, $4, $5)";
        let insert = sqlx::query(insert).bind(&session.sid).bind(&session.hash).bind(&session.user.id);
        insert.bind(now).bind(expires_at).execute(&mut *transaction).await?;
    }
    transaction.commit().await?;
    Ok(Some((id, session)))
}

/// A session that cannot end before the transaction does.
#[derive(sqlx::FromRow)]
pub(crate) struct HeldSession {
    pub(crate) user_id: String,
    pub(crate) auth_time: i64,
}

/// Locks a session, unless it has ended or expired. A transaction that adds to a session does this
/// first, so that a sign-out either waits for it or comes before it.
pub(crate) async fn hold(
    transaction: &mut Transaction<'_, Any>,
    sid: &str,
    now: i64,
) -> sqlx::Result<Option<HeldSession>> {
    // A row lock in SQL that SQLite understands too.
    let update =
        "UPDATE sessions SET auth_time = auth_time WHERE sid = $1 AND expires_at > $2 RETURNING user_id, auth_time";
    Ok(sqlx::query_as(update).bind(sid).bind(now).fetch_all(&mut **transaction).await?.pop())
}

/// Ends a session with its codes and access tokens. From then on the cookie is worthless. Returns
/// what there was to end beside the session, for the log.
pub(crate) async fn end(db: &Database, session: &Session, now: i64) -> sqlx::Result<Vec<String>> {
    let select = "SELECT (SELECT COUNT(*) FROM codes WHERE sid = $1 AND used = 0 AND expires_at > $2), \
        (SELECT COUNT(*) FROM access_tokens WHERE sid = $1 AND expires_at > $2)";
    let select = sqlx::query_as(select).bind(&session.sid).bind(now);
    let (codes, access_tokens): (i64, i64) = select.fetch_one(db.reader()).await?;
    sqlx::query("DELETE FROM sessions WHERE sid = $1").bind(&session.sid).execute(db.writer()).await?;
    let also_ended = [("codes", codes), ("access_tokens", access_tokens)].into_iter().filter(|(_, count)| *count > 0);
    Ok(also_ended.map(|(name, _)| name.to_owned()).collect())
}

/// How many sessions the user has in other browsers.
pub(crate) async fn others(db: &Database, session: &Session, now: i64) -> anyhow::Result<u64> {
    let select = "SELECT COUNT(*) FROM sessions WHERE user_id = $1 AND sid <> $2 AND expires_at > $3";
    let select = sqlx::query_scalar::<_, i64>(select).bind(&session.user.id).bind(&session.sid).bind(now);
    Ok(select.fetch_one(db.reader()).await?.try_into()?)
}
