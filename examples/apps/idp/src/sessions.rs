//! Sessions: one row per signed-in browser, found by a cookie that only this browser has.

use std::time::Instant;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oidc_logout::ClientId;
use oidc_logout::op::{BackChannelUri, EndedSession, NotTold, Notices, Participant};
use sqlx::any::AnyRow;
use sqlx::{Any, Row as _, Transaction};
use time::OffsetDateTime;

use crate::app::App;
use crate::clients::{self, Client};
use crate::store::Database;
use crate::terms::Terms;
use crate::users::{self, User};
use crate::{notices, secrets, store};

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
/// session goes on under its `sid`, by which clients know it, but with a new id. Another user's
/// session ends, and its clients are told. Returns the session and its id for the cookie, or `None`
/// if the password has changed since it was checked.
pub(crate) async fn start(
    app: &App,
    user: User,
    password_hash: &str,
    former: Option<&str>,
    now: i64,
) -> anyhow::Result<Option<(String, Session)>> {
    let (id, sid) = (secrets::random()?, secrets::random()?);
    let mut session = Session { hash: secrets::sha256(&id), sid, auth_time: now, user, takes_part: None };
    let former = secrets::sha256(former.unwrap_or_default());
    let expires_at = now.saturating_add(app.config.session_seconds.into());
    let mut transaction = app.db.writer().begin().await?;
    if !users::hold(&mut transaction, &session.user, password_hash).await? {
        return Ok(None);
    }
    let update = "UPDATE sessions SET id_hash = $1, auth_time = $2, expires_at = $3 \
        WHERE id_hash = $4 AND user_id = $5 AND expires_at > $2 RETURNING sid";
    let update = sqlx::query_scalar(update).bind(&session.hash).bind(now).bind(expires_at);
    let updated = update.bind(&former).bind(&session.user.id).fetch_all(&mut *transaction).await?.pop();
    let mut ending = None;
    if let Some(sid) = updated {
        session.sid = sid;
    } else {
        let select = sqlx::query_scalar::<_, String>("SELECT sid FROM sessions WHERE id_hash = $1").bind(&former);
        if let Some(sid) = select.fetch_optional(&mut *transaction).await? {
            ending = end_within(&mut transaction, &app.terms, &sid, unasked(&app.terms)).await?;
        }
        let insert = "INSERT INTO sessions (sid, id_hash, user_id, auth_time, expires_at) VALUES ($1, $2, $3, $4, $5)";
        let insert = sqlx::query(insert).bind(&session.sid).bind(&session.hash).bind(&session.user.id);
        insert.bind(now).bind(expires_at).execute(&mut *transaction).await?;
    }
    transaction.commit().await?;
    if let Some(ending) = ending {
        ending.log_not_told();
        // The user does not wait for clients of somebody else.
        app.delivery.wake();
    }
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

/// A session that a transaction has ended, and what follows from it.
pub(crate) struct Ending {
    /// The clients that took part in it.
    pub(crate) clients: Vec<Client>,
    /// The same in the library's terms.
    known: Vec<oidc_logout::op::Client>,
    /// Stored, except for what they say about frames.
    pub(crate) notices: Notices,
    /// What there was to end beside the session, for the log.
    pub(crate) also_ended: Vec<String>,
}

impl Ending {
    /// The host to which a client's notices are sent.
    pub(crate) fn host(&self, client_id: &ClientId) -> String {
        host(&self.known, client_id)
    }

    /// Logs which clients cannot be told. Do it once the transaction is committed.
    pub(crate) fn log_not_told(&self) {
        for NotTold { client_id, cause, .. } in self.notices.not_told() {
            tracing::info!(client_id = client_id.as_str(), cause = cause.code(), "a client cannot be told of a logout");
        }
    }
}

/// Ends a session with its codes and access tokens, and stores the notices to the clients that take
/// part in it. From then on the cookie is worthless. Returns `None` if somebody else has ended it.
///
/// This is the only place where a session ends. It holds the session's row, as [`hold`] does, so a
/// client to which the user signs in meanwhile is told too, or its sign-in is refused.
pub(crate) async fn end_within(
    transaction: &mut Transaction<'_, Any>,
    terms: &Terms,
    sid: &str,
    plan: impl FnOnce(&EndedSession, Vec<Participant<'_>>) -> Notices,
) -> anyhow::Result<Option<Ending>> {
    let hold = "UPDATE sessions SET auth_time = auth_time WHERE sid = $1 RETURNING user_id, \
        (SELECT COUNT(*) FROM codes WHERE codes.sid = $1 AND used = 0 AND codes.expires_at > $2), \
        (SELECT COUNT(*) FROM access_tokens WHERE access_tokens.sid = $1 AND access_tokens.expires_at > $2)";
    let hold = sqlx::query_as::<_, (String, i64, i64)>(hold).bind(sid).bind(store::now());
    let Some((user_id, codes, access_tokens)) = hold.fetch_all(&mut **transaction).await?.pop() else {
        return Ok(None);
    };
    let also_ended = [("codes", codes), ("access_tokens", access_tokens)].into_iter().filter(|(_, count)| *count > 0);
    let also_ended = also_ended.map(|(name, _)| name.to_owned()).collect();

    let clients = clients::of_held_session(transaction, sid).await?;
    let known: Vec<_> = clients.iter().map(|client| client.for_logout(terms)).collect();
    let participants = known.iter().map(|client| Participant::new(client, sid).subject(&*user_id)).collect();
    let notices = plan(&EndedSession::new(sid, OffsetDateTime::now_utc()), participants);
    notices::insert(transaction, notices.back_channel(), |client_id| host(&known, client_id)).await?;
    sqlx::query("DELETE FROM sessions WHERE sid = $1").bind(sid).execute(&mut **transaction).await?;
    Ok(Some(Ending { clients, known, notices, also_ended }))
}

fn host(known: &[oidc_logout::op::Client], client_id: &ClientId) -> String {
    let client = known.iter().find(|client| client.id() == client_id);
    let uri = client.and_then(|client| client.backchannel_logout_uri());
    uri.map(BackChannelUri::host).unwrap_or_default().to_ascii_lowercase()
}

/// Ends a session in a transaction of its own.
///
/// An error may mean that the session has ended all the same, because the answer to the commit was
/// lost. So nothing is sent then: the worker sends what was committed.
pub(crate) async fn end(
    db: &Database,
    terms: &Terms,
    sid: &str,
    plan: impl FnOnce(&EndedSession, Vec<Participant<'_>>) -> Notices,
) -> anyhow::Result<Option<Ending>> {
    let mut transaction = db.writer().begin().await?;
    let ending = end_within(&mut transaction, terms, sid, plan).await?;
    transaction.commit().await?;
    if let Some(ending) = &ending {
        ending.log_not_told();
    }
    Ok(ending)
}

/// Plans the notices of a session that ends without a logout request.
fn unasked(terms: &Terms) -> impl Fn(&EndedSession, Vec<Participant<'_>>) -> Notices {
    |ended, participants| terms.planner.notices(ended, participants)
}

/// Ends all sessions of a user whom the transaction holds.
pub(crate) async fn end_of_user(
    transaction: &mut Transaction<'_, Any>,
    terms: &Terms,
    user_id: &str,
) -> anyhow::Result<Vec<Ending>> {
    let select = "SELECT sid FROM sessions WHERE user_id = $1 ORDER BY sid";
    let sids: Vec<String> = sqlx::query_scalar(select).bind(user_id).fetch_all(&mut **transaction).await?;
    let mut endings = Vec::new();
    for sid in sids {
        endings.extend(end_within(transaction, terms, &sid, unasked(terms)).await?);
    }
    Ok(endings)
}

/// Sessions that end together.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Several<'a> {
    /// Those that have expired by now.
    Expired,
    /// Those of a user, by id.
    OfUser(&'a str),
    /// Those in which a client takes part.
    WithClient(&'a str),
    All,
}

/// How many sessions end in one transaction: so few that nobody waits for long, and that memory
/// does not depend on how many there are.
const SESSIONS_AT_ONCE: i64 = 50;

/// Ends several sessions. Those that begin meanwhile may stay. Returns how many have ended.
pub(crate) async fn end_several(db: &Database, terms: &Terms, which: Several<'_>) -> anyhow::Result<u64> {
    let condition = match which {
        Several::Expired => " AND expires_at <= $3",
        Several::OfUser(_) => " AND user_id = $3",
        Several::WithClient(_) => " AND sid IN (SELECT sid FROM session_clients WHERE client_id = $3)",
        Several::All => "",
    };
    let select = format!("SELECT sid FROM sessions WHERE sid > $1{condition} ORDER BY sid LIMIT $2");
    let (mut ended, mut last) = (0_u64, String::new());
    loop {
        let page = sqlx::query_scalar(&select).bind(&last).bind(SESSIONS_AT_ONCE);
        let page = match which {
            Several::Expired => page.bind(store::now()),
            Several::OfUser(id) | Several::WithClient(id) => page.bind(id),
            Several::All => page,
        };
        let sids: Vec<String> = page.fetch_all(db.reader()).await?;
        let Some(end) = sids.last() else { return Ok(ended) };
        last.clone_from(end);
        let begin = Instant::now();
        let mut transaction = db.writer().begin().await?;
        let mut endings = Vec::new();
        for sid in &sids {
            endings.extend(end_within(&mut transaction, terms, sid, unasked(terms)).await?);
        }
        transaction.commit().await?;
        for ending in endings {
            ending.log_not_told();
            ended = ended.saturating_add(1);
        }
        db.give_way(begin.elapsed()).await;
    }
}

/// Ends the session of a cookie if it has expired. Returns whether it did.
pub(crate) async fn end_expired(db: &Database, terms: &Terms, id: &str, now: i64) -> anyhow::Result<bool> {
    let select = "SELECT sid FROM sessions WHERE id_hash = $1 AND expires_at <= $2";
    let select = sqlx::query_scalar(select).bind(secrets::sha256(id)).bind(now);
    let sid: Option<String> = select.fetch_optional(db.reader()).await?;
    match sid {
        Some(sid) => Ok(end(db, terms, &sid, unasked(terms)).await?.is_some()),
        None => Ok(false),
    }
}

/// Ends all sessions of a user, in one transaction.
pub(crate) async fn end_everywhere(db: &Database, terms: &Terms, user: &User) -> anyhow::Result<Vec<Ending>> {
    let mut transaction = db.writer().begin().await?;
    // The first statement must write: see the module `store`.
    sqlx::query("UPDATE users SET username = username WHERE id = $1").bind(&user.id).execute(&mut *transaction).await?;
    let endings = end_of_user(&mut transaction, terms, &user.id).await?;
    transaction.commit().await?;
    endings.iter().for_each(Ending::log_not_told);
    Ok(endings)
}

/// How many sessions the user has in other browsers.
pub(crate) async fn others(db: &Database, session: &Session, now: i64) -> anyhow::Result<u64> {
    let select = "SELECT COUNT(*) FROM sessions WHERE user_id = $1 AND sid <> $2 AND expires_at > $3";
    let select = sqlx::query_scalar::<_, i64>(select).bind(&session.user.id).bind(&session.sid).bind(now);
    Ok(select.fetch_one(db.reader()).await?.try_into()?)
}
