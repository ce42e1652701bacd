//! Sessions: one row per signed-in browser, found by a cookie that only this browser has.

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sqlx::{Any, AnyPool, Row as _, Transaction};

use crate::secrets;
use crate::users::{self, User};

/// The session of a browser.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    /// The SHA-256 of the cookie, which changes with each sign-in.
    pub(crate) hash: String,
    pub(crate) sid: String,
    pub(crate) auth_time: i64,
    pub(crate) user: User,
}

impl Session {
    /// The session in the library's terms. `takes_part` says whether the client that the request
    /// names has taken part in it. Subjects are public and the `sid` is the same for all clients,
    /// so both are as any client knows them.
    pub(crate) fn for_logout(&self, takes_part: Option<bool>) -> anyhow::Result<oidc_logout::op::Session> {
        let binding: [u8; 32] = URL_SAFE_NO_PAD.decode(&self.hash)?.try_into().ok().context("a session's hash")?;
        let session = oidc_logout::op::Session::new(binding, &*self.user.id).sid(&*self.sid);
        Ok(match takes_part {
            Some(takes_part) => session.takes_part(takes_part),
            None => session,
        })
    }
}

/// The session of a cookie, unless it has ended or expired.
pub(crate) async fn find(pool: &AnyPool, id: &str, now: i64) -> sqlx::Result<Option<Session>> {
    let select = "SELECT sid, auth_time, user_id, username, name FROM sessions JOIN users ON users.id = user_id \
        WHERE id_hash = $1 AND expires_at > $2";
    let hash = secrets::sha256(id);
    let Some(row) = sqlx::query(select).bind(&hash).bind(now).fetch_optional(pool).await? else {
        return Ok(None);
    };
    let user = User { id: row.try_get(2)?, username: row.try_get(3)?, name: row.try_get(4)? };
    Ok(Some(Session { hash, sid: row.try_get(0)?, auth_time: row.try_get(1)?, user }))
}

/// Signs a user in and replaces this browser's previous session. If it was the same user's, the
/// session goes on under its `sid`, by which clients know it, but with a new id. Returns the
/// session and its id for the cookie, or `None` if the password has changed since it was checked.
pub(crate) async fn start(
    pool: &AnyPool,
    user: User,
    password_hash: &str,
    former: Option<&str>,
    now: i64,
    seconds: u32,
) -> anyhow::Result<Option<(String, Session)>> {
    let (id, sid) = (secrets::random()?, secrets::random()?);
    let mut session = Session { hash: secrets::sha256(&id), sid, auth_time: now, user };
    let (former, expires_at) = (secrets::sha256(former.unwrap_or_default()), now.saturating_add(seconds.into()));
    let mut transaction = pool.begin().await?;
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

/// Ends a session with its codes and access tokens. From then on the cookie is worthless.
pub(crate) async fn end(pool: &AnyPool, session: &Session) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM sessions WHERE sid = $1").bind(&session.sid).execute(pool).await.map(drop)
}

/// Whether the client has received a code in this session.
pub(crate) async fn takes_part(pool: &AnyPool, session: &Session, client_id: &str) -> sqlx::Result<bool> {
    let select = "SELECT client_id FROM session_clients WHERE sid = $1 AND client_id = $2";
    Ok(sqlx::query(select).bind(&session.sid).bind(client_id).fetch_optional(pool).await?.is_some())
}

/// How many sessions the user has in other browsers.
pub(crate) async fn others(pool: &AnyPool, session: &Session, now: i64) -> anyhow::Result<u64> {
    let select = "SELECT COUNT(*) FROM sessions WHERE user_id = $1 AND sid <> $2 AND expires_at > $3";
    let select = sqlx::query_scalar::<_, i64>(select).bind(&session.user.id).bind(&session.sid).bind(now);
    Ok(select.fetch_one(pool).await?.try_into()?)
}
