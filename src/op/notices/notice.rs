//! A notice as it is stored: who must be told what, and how far that is.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use time::OffsetDateTime;

use super::attempt::{Claim, DeliveryFault, Next, Reply, retry_after};
use super::schedule::Schedule;
use super::stored::{Standing, Stored, VERSION};
use super::token::UnsignedLogoutToken;
use crate::op::client::Client;
use crate::parameter::ClientId;

/// A notice without a `sid` ends all sessions of its user at the client, so a late one would end
/// sessions that began after the one that ended. In seconds.
const SUBJECT_ALONE_SECONDS: i64 = 120;

/// The intent to tell one client by the back channel that a session has ended ([Back-Channel Logout
/// 1.0](https://openid.net/specs/openid-connect-backchannel-1_0.html)), with the progress of its
/// delivery.
///
/// Store it in the transaction that ends the session. It serializes to an object with a version,
/// and holds no token and no secret, but the subject and the `sid`: personal data. The client's
/// URI, algorithm and keys are looked up at each attempt, because they may have changed.
///
/// # Storing
///
/// One row a notice: [`key`](Self::key) is the primary key (insert, and do nothing on a conflict),
/// [`due_at`](Self::due_at) and [`attempts`](Self::attempts) are columns to select and to compare,
/// the notice itself is a text. Whoever makes an attempt claims it first:
///
/// ```
/// use oidc_logout::op::{BackChannelNotice, Claim, Schedule};
/// use time::OffsetDateTime;
///
/// # struct Db;
/// # impl Db { fn update(&self, _: &str, _: u32, _: String, _: Option<i64>, _: u32) -> usize { 1 } }
/// /// Whether this process may make the attempt, and its number.
/// fn claim(db: &Db, stored: &str, schedule: &Schedule) -> serde_json::Result<Option<u32>> {
///     let mut notice: BackChannelNotice = serde_json::from_str(stored)?;
///     let before = notice.attempts();
///     let claim = notice.claim(OffsetDateTime::now_utc(), schedule);
///     let Claim::Attempt(attempt) = claim else { return Ok(None) };
///     // UPDATE notices SET notice = $3, due_at = $4, attempts = $5
///     //   WHERE key = $1 AND attempts = $2
///     let due_at = notice.due_at().map(OffsetDateTime::unix_timestamp);
///     let text = serde_json::to_string(&notice)?;
///     let changed = db.update(&notice.key(), before, text, due_at, notice.attempts());
///     Ok((changed == 1).then_some(attempt))
/// }
/// ```
///
/// After the attempt, read the notice again in a transaction that locks its row, and
/// [`record`](Self::record) what came of it. Delete rows once they have been
/// [over](Self::is_over) for as long as you want to see them.
#[derive(Clone, PartialEq, Eq)]
#[must_use = "a notice must be stored and delivered"]
pub struct BackChannelNotice {
    issuer: Arc<str>,
    client_id: ClientId,
    session: Arc<str>,
    sid: Option<String>,
    subject: Option<String>,
    ended_at: i64,
    attempts: u32,
    standing: Standing,
    fault: Option<DeliveryFault>,
}

impl BackChannelNotice {
    /// For a client that is named the session by a `sid`, a subject, or both.
    pub(crate) fn new(
        issuer: Arc<str>,
        client_id: ClientId,
        session: Arc<str>,
        ended_at: OffsetDateTime,
        sid: Option<String>,
        subject: Option<String>,
    ) -> Self {
        let ended_at = ended_at.unix_timestamp();
        let standing = Standing::Due(ended_at);
        Self { issuer, client_id, session, sid, subject, ended_at, attempts: 0, standing, fault: None }
    }

    /// The key by which it is stored at most once: issuer, client and session, as a JSON array.
    #[must_use]
    pub fn key(&self) -> String {
        serde_json::json!([&*self.issuer, self.client_id.as_str(), &*self.session]).to_string()
    }

    /// The issuer whose session it is.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The client to tell.
    #[must_use]
    pub fn client_id(&self) -> &ClientId {
        &self.client_id
    }

    /// The host's own name for the session that ended.
    #[must_use]
    pub fn session(&self) -> &str {
        &self.session
    }

    /// The time at which the session ended, to the second.
    #[must_use]
    pub fn ended_at(&self) -> OffsetDateTime {
        date(self.ended_at)
    }

    /// How many attempts were made or begun.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// The time from which it must be looked at again: when an attempt is due, when a claim without
    /// an outcome counts as lost, or when a [prepared](Self::is_prepared) one should have been
    /// released. `None` if it is [over](Self::is_over).
    #[must_use]
    pub fn due_at(&self) -> Option<OffsetDateTime> {
        match self.standing {
            Standing::Prepared(at) | Standing::Due(at) | Standing::Claimed(at) => Some(date(at)),
            Standing::Delivered(_) | Standing::Failed(_) => None,
        }
    }

    /// The time at which the client answered that the session has ended there.
    #[must_use]
    pub fn delivered_at(&self) -> Option<OffsetDateTime> {
        match self.standing {
            Standing::Delivered(at) => Some(date(at)),
            _ => None,
        }
    }

    /// The time at which it was given up.
    #[must_use]
    pub fn failed_at(&self) -> Option<OffsetDateTime> {
        match self.standing {
            Standing::Failed(at) => Some(date(at)),
            _ => None,
        }
    }

    /// Whether it was delivered or given up.
    #[must_use]
    pub fn is_over(&self) -> bool {
        matches!(self.standing, Standing::Delivered(_) | Standing::Failed(_))
    }

    /// The reason why the last attempt did not deliver it.
    #[must_use]
    pub fn fault(&self) -> Option<DeliveryFault> {
        self.fault
    }

    /// Holds the notice back until it is [released](Self::release), for a host whose sessions and
    /// notices have no transaction in common: store the notices as prepared, end the session,
    /// release them. If the host dies in between, `due_at` comes after a minute; the worker then
    /// looks whether the session is gone, and releases the notice or deletes it. Changes none that
    /// is [over](Self::is_over).
    pub fn prepare(mut self) -> Self {
        if !self.is_over() {
            self.standing = Standing::Prepared(self.ended_at.saturating_add(60));
        }
        self
    }

    /// Whether it is held back until its session has ended.
    #[must_use]
    pub fn is_prepared(&self) -> bool {
        matches!(self.standing, Standing::Prepared(_))
    }

    /// Makes a [prepared](Self::prepare) notice due, because its session is gone. Changes no other.
    pub fn release(&mut self, now: OffsetDateTime) {
        if self.is_prepared() {
            self.standing = Standing::Due(now.unix_timestamp());
        }
    }

    /// Claims the next attempt. Store the notice, comparing [`attempts`](Self::attempts), before
    /// you make the attempt: see the example [above](Self#storing).
    ///
    /// A claim of which nothing was heard for as long as the schedule says is lost, and the next
    /// caller gets the attempt.
    pub fn claim(&mut self, now: OffsetDateTime, schedule: &Schedule) -> Claim {
        let (now, begin) = (now.unix_timestamp(), next_second(now));
        match self.standing {
            Standing::Due(at) | Standing::Claimed(at) if at <= now => {}
            _ => return Claim::No,
        }
        if now > self.last_attempt_at(schedule) {
            self.fault = self.fault.or(Some(DeliveryFault::TooLate));
            self.standing = Standing::Failed(now);
            return Claim::TooLate;
        }
        self.attempts = self.attempts.saturating_add(1);
        self.standing = Standing::Claimed(begin.saturating_add(seconds(schedule.claim())));
        Claim::Attempt(self.attempts)
    }

    /// Records what came of an attempt, and returns what follows. `attempt` is the number that
    /// [`claim`](Self::claim) gave, `jitter` is any random number.
    ///
    /// 200 and 204 are a success, from whichever attempt they come. Of an attempt whose claim was
    /// lost nothing else counts.
    ///
    /// ```
    /// # use oidc_logout::op::{BackChannelNotice, Next, Reply, Schedule};
    /// # fn random() -> u32 { 4 }
    /// fn answered(notice: &mut BackChannelNotice, attempt: u32, status: u16) {
    ///     let now = time::OffsetDateTime::now_utc();
    ///     let reply = Reply::Answer { status, retry_after: None };
    ///     match notice.record(attempt, reply, now, random(), &Schedule::default()) {
    ///         Next::Failed(fault) => eprintln!("{}: {fault}", notice.client_id()),
    ///         Next::Delivered | Next::RetryAt(_) | Next::ClaimLost => {}
    ///     }
    ///     // Store it.
    /// }
    /// ```
    pub fn record(
        &mut self,
        attempt: u32,
        reply: Reply<'_>,
        now: OffsetDateTime,
        jitter: u32,
        schedule: &Schedule,
    ) -> Next {
        let (fault, wanted) = match reply {
            Reply::Answer { status: 200 | 204, .. } | Reply::Fault(DeliveryFault::Status(200 | 204)) => {
                // The first success is the time that counts.
                if self.delivered_at().is_none() {
                    self.standing = Standing::Delivered(now.unix_timestamp());
                    self.fault = None;
                }
                return Next::Delivered;
            }
            Reply::Answer { status, retry_after: value } => {
                let may_wait = matches!(status, 408 | 425 | 429 | 500..=599);
                let wanted = value.filter(|_| may_wait).and_then(|value| retry_after(value, now));
                (DeliveryFault::Status(status), wanted)
            }
            Reply::Fault(fault) => (fault, None),
        };
        if attempt != self.attempts || !matches!(self.standing, Standing::Claimed(_)) {
            return Next::ClaimLost;
        }
        self.fault = Some(fault);
        let wait = seconds(schedule.wait(self.attempts, jitter, wanted));
        let again = next_second(now).saturating_add(wait);
        if !fault.may_pass(self.attempts) || again > self.last_attempt_at(schedule) {
            self.standing = Standing::Failed(now.unix_timestamp());
            return Next::Failed(fault);
        }
        self.standing = Standing::Due(again);
        Next::RetryAt(date(again))
    }

    /// The logout token of an attempt, to be signed as the client's ID Tokens are (Back-Channel
    /// Logout 1.0, section 2.4). `jti` is 128 random bits, new for each attempt: a client that has
    /// seen an attempt whose answer was lost would refuse the same one as a replay.
    ///
    /// `client` is the notice's client as it is registered now. If it is not registered any more,
    /// record [`ClientGone`](DeliveryFault::ClientGone). Another client is not told: it would learn
    /// of this one's session.
    ///
    /// ```
    /// # use oidc_logout::Algorithm;
    /// use oidc_logout::op::{BackChannelNotice, Client, DeliveryFault, LogoutToken};
    ///
    /// # struct Keys;
    /// # struct Key;
    /// # impl Keys { fn current(&self, _: Algorithm) -> Option<Key> { None } }
    /// # impl Key { fn id(&self) -> &str { "1" } fn sign(&self, _: &[u8]) -> Vec<u8> { vec![] } }
    /// # fn random() -> [u8; 16] { [7; 16] }
    /// fn sign<'c>(
    ///     notice: &BackChannelNotice,
    ///     client: &'c Client,
    ///     keys: &Keys,
    /// ) -> Result<LogoutToken<'c>, DeliveryFault> {
    ///     let now = time::OffsetDateTime::now_utc();
    ///     let token = notice.logout_token(client, now, random())?;
    ///     if token.is_signed_with_client_secret() {
    ///         return token.sign_with_client_secret();
    ///     }
    ///     let key = keys.current(token.algorithm()).ok_or(DeliveryFault::KeyGone)?;
    ///     let input = token.signing_input(Some(key.id()));
    ///     let signature = key.sign(input.as_bytes());
    ///     input.signed(&signature).map_err(|_| DeliveryFault::KeyGone)
    /// }
    /// ```
    ///
    /// # Errors
    /// [`ClientGone`](DeliveryFault::ClientGone) for another client,
    /// [`NoChannel`](DeliveryFault::NoChannel) or
    /// [`SessionRequired`](DeliveryFault::SessionRequired), to be recorded.
    pub fn logout_token<'c>(
        &self,
        client: &'c Client,
        now: OffsetDateTime,
        jti: [u8; 16],
    ) -> Result<UnsignedLogoutToken<'c>, DeliveryFault> {
        if *client.id() != self.client_id {
            return Err(DeliveryFault::ClientGone);
        }
        let uri = client.backchannel_logout_uri().ok_or(DeliveryFault::NoChannel)?;
        if client.back_channel_needs_sid() && self.sid.is_none() {
            return Err(DeliveryFault::SessionRequired);
        }
        // Without a `sid` it ends every session that began before it was issued.
        let iat = if self.sid.is_some() { now.unix_timestamp() } else { self.ended_at };
        Ok(UnsignedLogoutToken::new(
            client,
            uri,
            &self.issuer,
            self.sid.as_deref(),
            self.subject.as_deref(),
            (iat, self.ended_at),
            jti,
        ))
    }

    /// The last second in which an attempt may be made.
    fn last_attempt_at(&self, schedule: &Schedule) -> i64 {
        let schedule = seconds(schedule.gives_up_after());
        let most = if self.sid.is_some() { schedule } else { schedule.min(SUBJECT_ALONE_SECONDS) };
        self.ended_at.saturating_add(most)
    }
}

/// Rounded up, so that what is added to it is not shorter than it was meant.
fn next_second(now: OffsetDateTime) -> i64 {
    now.unix_timestamp().saturating_add(i64::from(now.nanosecond() > 0))
}

/// Rounded up, so that no wait is shorter than it was meant.
fn seconds(duration: Duration) -> i64 {
    let part = u64::from(duration.subsec_nanos() > 0);
    i64::try_from(duration.as_secs().saturating_add(part)).unwrap_or(i64::MAX)
}

/// The time of so many seconds since 1970, or the latest there is.
fn date(seconds: i64) -> OffsetDateTime {
    let range = time::Date::MIN.midnight().assume_utc().unix_timestamp()
        ..=time::Date::MAX.midnight().assume_utc().unix_timestamp();
    let seconds = seconds.clamp(*range.start(), *range.end());
    OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

impl Serialize for BackChannelNotice {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let stored = Stored {
            v: VERSION,
            issuer: (&*self.issuer).into(),
            client_id: self.client_id.as_str().into(),
            session: (&*self.session).into(),
            sid: self.sid.as_deref().map(Into::into),
            sub: self.subject.as_deref().map(Into::into),
            ended_at: self.ended_at,
            attempts: self.attempts,
            standing: self.standing,
            fault: self.fault,
        };
        stored.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for BackChannelNotice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // serde's messages would repeat values.
        let stored = Stored::deserialize(deserializer).map_err(|_| D::Error::custom("this is not a stored notice"))?;
        if stored.v != VERSION {
            return Err(D::Error::custom("the notice was stored by another version of this library"));
        }
        // As a participant's: an empty text names nobody.
        let present = |text: Option<Cow<'_, str>>| text.filter(|text| !text.is_empty()).map(Into::into);
        let (sid, subject) = (present(stored.sid), present(stored.sub));
        if sid.is_none() && subject.is_none() {
            return Err(D::Error::custom("the stored notice has neither sid nor sub"));
        }
        Ok(Self {
            issuer: stored.issuer.into(),
            client_id: ClientId::new(stored.client_id),
            session: stored.session.into(),
            sid,
            subject,
            ended_at: stored.ended_at,
            attempts: stored.attempts,
            standing: stored.standing,
            fault: stored.fault,
        })
    }
}

/// Without the subject, the `sid` and the session.
impl fmt::Debug for BackChannelNotice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BackChannelNotice")
            .field("issuer", &self.issuer)
            .field("client_id", &self.client_id)
            .field("sid", &self.sid.is_some())
            .field("subject", &self.subject.is_some())
            .field("ended_at", &self.ended_at)
            .field("attempts", &self.attempts)
            .field("standing", &self.standing)
            .field("fault", &self.fault)
            .finish_non_exhaustive()
    }
}
