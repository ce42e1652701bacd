//! The users and their passwords.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::available_parallelism;

use anyhow::Context as _;
use argon2::password_hash::PasswordHasher as _;
use argon2::password_hash::phc::{Output, PasswordHash};
use argon2::{Argon2, Block, Params};
use sqlx::{Any, Row as _, Transaction};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use crate::store::Database;
use crate::terms::Terms;
use crate::{secrets, sessions};

/// Someone who signs in.
#[derive(Clone, Debug)]
pub(crate) struct User {
    /// The `sub` at every client, because subjects are public here.
    pub(crate) id: String,
    pub(crate) username: String,
    pub(crate) name: String,
}

/// Checks passwords, as many at once as there are processors, because each check is meant to be
/// expensive: 19 MiB and some milliseconds.
pub(crate) struct Passwords {
    slots: Arc<Semaphore>,
    /// Memory for the checks, at most one per slot. It is reused, because memory that changing
    /// threads free and allocate would pile up.
    memory: Arc<Mutex<Vec<Vec<Block>>>>,
    /// Checked for a nonexistent user, so that the time does not reveal whether a user exists.
    nobodys_hash: Arc<str>,
}

impl Passwords {
    pub(crate) fn new() -> anyhow::Result<Self> {
        let slots = Arc::new(Semaphore::new(available_parallelism()?.get()));
        Ok(Self { slots, memory: Arc::default(), nobodys_hash: hash(&secrets::random()?)?.into() })
    }

    /// Returns the user and the password's hash if the password is right; otherwise the user's id,
    /// if the user exists.
    pub(crate) async fn check(
        &self,
        db: &Database,
        username: &str,
        password: &str,
    ) -> anyhow::Result<Result<(User, Arc<str>), Option<String>>> {
        let select = "SELECT id, name, password_hash FROM users WHERE username = $1";
        let row = sqlx::query(select).bind(username).fetch_optional(db.reader()).await?;
        let hash: Arc<str> = match &row {
            Some(row) => row.try_get::<String, _>(2)?.into(),
            None => Arc::clone(&self.nobodys_hash),
        };
        let password = password.to_owned();
        let slot = Arc::clone(&self.slots).acquire_owned().await?;
        // The check holds the slot, because it goes on even if the request is cancelled.
        let (memory, checked) = (Arc::clone(&self.memory), Arc::clone(&hash));
        let check = move || {
            let _slot = slot;
            let free = || memory.lock().unwrap_or_else(PoisonError::into_inner);
            let mut blocks = free().pop().unwrap_or_default();
            let right = verify(&password, &checked, &mut blocks);
            free().push(blocks);
            right
        };
        let right = spawn_blocking(check).await??;
        let Some(row) = row else {
            return Ok(Err(None));
        };
        let id = row.try_get(0)?;
        if !right {
            return Ok(Err(Some(id)));
        }
        Ok(Ok((User { id, username: username.to_owned(), name: row.try_get(1)? }, hash)))
    }
}

/// Locks a user whose password still has this hash. A transaction that signs the user in does this
/// first: a change of the password then either waits and ends the new session too, or comes before
/// it.
pub(crate) async fn hold(
    transaction: &mut Transaction<'_, Any>,
    user: &User,
    password_hash: &str,
) -> sqlx::Result<bool> {
    // A row lock in SQL that SQLite understands too.
    let update = "UPDATE users SET password_hash = password_hash WHERE id = $1 AND password_hash = $2";
    let update = sqlx::query(update).bind(&user.id).bind(password_hash);
    Ok(update.execute(&mut **transaction).await?.rows_affected() > 0)
}

/// Makes the demo user, unless a user of that name exists.
pub(crate) async fn add_demo(
    db: &Database,
    username: &str,
    password: &str,
    name: &str,
    email: &str,
) -> anyhow::Result<()> {
    let select = sqlx::query("SELECT id FROM users WHERE username = $1").bind(username);
    if select.fetch_optional(db.reader()).await?.is_none() {
        let insert = "INSERT INTO users (id, username, password_hash, name, email, demo) VALUES ($1, $2, $3, $4, $5, 1) \
            ON CONFLICT DO NOTHING";
        let insert = sqlx::query(insert).bind(secrets::random()?).bind(username).bind(hash(password)?);
        insert.bind(name).bind(email).execute(db.writer()).await?;
    }
    Ok(())
}

/// Whether there is a demo user whose password nobody has changed.
pub(crate) async fn has_demo(db: &Database) -> sqlx::Result<bool> {
    let count = sqlx::query_scalar::<_, i64>("SELECT COUNT(*) FROM users WHERE demo = 1");
    Ok(count.fetch_one(db.reader()).await? > 0)
}

/// Removes the demo user, unless the operator has set a password for that name.
pub(crate) async fn remove_demo(db: &Database, terms: &Terms) -> anyhow::Result<()> {
    let mut transaction = db.writer().begin().await?;
    let hold = "UPDATE users SET demo = demo WHERE demo = 1 RETURNING id";
    for id in sqlx::query_scalar::<_, String>(hold).fetch_all(&mut *transaction).await? {
        delete_held(&mut transaction, terms, &id).await?;
    }
    Ok(transaction.commit().await?)
}

/// Makes a user, or changes one of that name. The new password ends the user's sessions. A name and
/// an email address change only if they are given.
pub(crate) async fn set(
    db: &Database,
    terms: &Terms,
    username: &str,
    password: &str,
    name: Option<&str>,
    email: Option<&str>,
) -> anyhow::Result<()> {
    let upsert = "INSERT INTO users (id, username, password_hash, name, email, demo) \
        VALUES ($1, $2, $3, COALESCE($4, $2), COALESCE($5, ''), 0) ON CONFLICT (username) DO UPDATE SET \
        password_hash = excluded.password_hash, name = COALESCE($4, users.name), email = COALESCE($5, users.email), demo = 0 \
        RETURNING id";
    let upsert = sqlx::query_scalar(upsert).bind(secrets::random()?).bind(username).bind(hash(password)?);
    let mut transaction = db.writer().begin().await?;
    let ids: Vec<String> = upsert.bind(name).bind(email).fetch_all(&mut *transaction).await?;
    for id in &ids {
        sessions::end_of_user(&mut transaction, terms, id).await?;
    }
    Ok(transaction.commit().await?)
}

/// Deletes a user. Returns whether there was one.
pub(crate) async fn delete(db: &Database, terms: &Terms, username: &str) -> anyhow::Result<bool> {
    let mut transaction = db.writer().begin().await?;
    // A row lock in SQL that SQLite understands too: nobody signs in meanwhile.
    let hold = "UPDATE users SET username = username WHERE username = $1 RETURNING id";
    let ids: Vec<String> = sqlx::query_scalar(hold).bind(username).fetch_all(&mut *transaction).await?;
    for id in &ids {
        delete_held(&mut transaction, terms, id).await?;
    }
    transaction.commit().await?;
    Ok(!ids.is_empty())
}

async fn delete_held(transaction: &mut Transaction<'_, Any>, terms: &Terms, id: &str) -> anyhow::Result<()> {
    sessions::end_of_user(transaction, terms, id).await?;
    sqlx::query("DELETE FROM users WHERE id = $1").bind(id).execute(&mut **transaction).await?;
    Ok(())
}

/// The id of the user with this name.
pub(crate) async fn id_of(db: &Database, username: &str) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar("SELECT id FROM users WHERE username = $1").bind(username).fetch_optional(db.reader()).await
}

fn hash(password: &str) -> anyhow::Result<String> {
    Ok(Argon2::default().hash_password(password.as_bytes())?.to_string())
}

fn verify(password: &str, hash: &str, blocks: &mut Vec<Block>) -> anyhow::Result<bool> {
    let hash = PasswordHash::new(hash)?;
    let (salt, expected) = hash.salt.zip(hash.hash).context("the hash of a password is incomplete")?;
    let params = Params::try_from(&hash)?;
    blocks.resize(params.block_count(), Block::new());
    let mut output = vec![0; expected.len()];
    Argon2::from(params).hash_password_into_with_memory(password.as_bytes(), &salt, &mut output, blocks)?;
    // Compares in constant time.
    Ok(Output::new(&output)? == expected)
}
