//! From the participants of a session to the notices, and from what came of them to the landing.

use std::collections::BTreeSet;
use std::fmt::{self, Write as _};
use std::sync::Arc;

use serde::Serialize;
use time::OffsetDateTime;

use super::attempt::Claim;
use super::notice::BackChannelNotice;
use super::participant::{EndedSession, Participant};
use super::schedule::Schedule;
use crate::op::registration::FrontChannelUri;
use crate::parameter::{ClientId, is_unreserved};

/// How many first attempts are made at once.
const MAX_FIRST_ATTEMPTS: usize = 50;
/// How many frames a page holds.
const MAX_FRAMES: usize = 50;
/// How long the list of origins in `frame-src` may be, in bytes: servers limit their headers.
const MAX_FRAME_SRC_BYTES: usize = 4096;

/// The notices about the end of one session: what to store and to deliver by the back channel, what
/// to load in frames, and who cannot be told.
///
/// In one transaction: lock the session's row, read the participants, plan, store
/// [`back_channel`](Self::back_channel), end the session. A sign-in at a client that locks the same
/// row is then either told or refused. Once that is committed, make the first attempts, and say by
/// [`told`](Self::told) which were delivered.
///
/// ```
/// use oidc_logout::op::{Answer, Client, EndSession, EndedSession, Participant, Schedule};
/// use time::OffsetDateTime;
///
/// # struct Db;
/// # struct Transaction;
/// # struct SessionRow { id: String, sid: String, sub: String }
/// # impl Db { fn begin(&self) -> std::io::Result<Transaction> { Ok(Transaction) } }
/// # impl Transaction {
/// #     fn lock_session(&mut self, _: &str) -> std::io::Result<SessionRow> { Err(std::io::ErrorKind::NotFound.into()) }
/// #     fn participants(&mut self, _: &SessionRow) -> std::io::Result<Vec<Client>> { Ok(vec![]) }
/// #     fn insert(&mut self, _: String, _: String, _: Option<OffsetDateTime>, _: u32) -> std::io::Result<()> { Ok(()) }
/// #     fn delete_session(&mut self, _: &SessionRow) -> std::io::Result<()> { Ok(()) }
/// #     fn commit(self) -> std::io::Result<()> { Ok(()) }
/// # }
/// # fn deliver(_: &oidc_logout::op::Notices) -> Vec<oidc_logout::ClientId> { vec![] }
/// fn end(db: &Db, cookie: &str, end: EndSession) -> std::io::Result<Answer> {
///     let now = OffsetDateTime::now_utc();
///     let schedule = Schedule::default();
///
///     let mut transaction = db.begin()?;
///     let session = transaction.lock_session(cookie)?;
///     let clients = transaction.participants(&session)?;
///     let participants = clients
///         .iter()
///         .map(|client| Participant::new(client, &session.sid).subject(&session.sub));
///     let mut notices = end.notices(&EndedSession::new(&session.id, now), participants);
///     notices.claim_first_attempts(now, &schedule);
///     for notice in notices.back_channel() {
///         let text = serde_json::to_string(notice)?;
///         transaction.insert(notice.key(), text, notice.due_at(), notice.attempts())?;
///     }
///     transaction.delete_session(&session)?;
///     transaction.commit()?; // fails: the session lives, and nobody is told otherwise
///
///     // All at once, for 2 to 3 seconds. The attempts themselves run on to their own timeout.
///     let delivered = deliver(&notices);
///     Ok(end.session_ended(notices.told(&delivered)).into())
/// }
/// ```
///
/// If it is not known whether the commit succeeded, send nothing: the worker sees what was
/// committed.
#[must_use = "the notices must be stored and delivered"]
pub struct Notices {
    back_channel: Vec<BackChannelNotice>,
    frames: Vec<FrontChannelFrame>,
    unreached: Vec<NotTold>,
    frame_delivered_too: bool,
}

impl Notices {
    /// `may_show_frames` says whether a page will be shown to the browser whose session ends.
    pub(crate) fn plan<'c>(
        issuer: &Arc<str>,
        ended: &EndedSession,
        participants: impl IntoIterator<Item = Participant<'c>>,
        may_show_frames: bool,
    ) -> Self {
        let mut notices =
            Self { back_channel: Vec::new(), frames: Vec::new(), unreached: Vec::new(), frame_delivered_too: false };
        for participant in participants {
            if let Some(cause) = notices.add(issuer, ended, participant, may_show_frames) {
                notices.unreached.push(cause);
            }
        }
        notices
    }

    /// Adds a participant to the channels that reach it. Returns why none does.
    fn add(
        &mut self,
        issuer: &Arc<str>,
        ended: &EndedSession,
        participant: Participant<'_>,
        may_show_frames: bool,
    ) -> Option<NotTold> {
        let Participant { client, sid, subject } = participant;
        let (back, front) = (client.backchannel_logout_uri().is_some(), client.frontchannel_logout_uri());
        let not_told = |cause| Some(NotTold { client_id: client.id().clone(), cause });
        if sid.is_none() && subject.is_none() {
            return not_told(NotToldCause::Unidentified);
        }
        let needs = |required: bool| required && sid.is_none();
        let mut cause = Some(NotToldCause::NoChannel);
        if let Some(uri) = front {
            cause = if needs(client.front_channel_needs_sid()) {
                Some(NotToldCause::SessionRequired)
            } else if may_show_frames {
                self.frames.push(FrontChannelFrame::new(client.id(), uri, issuer, sid.as_deref()));
                None
            } else {
                Some(NotToldCause::NoFrame)
            };
        }
        if back && needs(client.back_channel_needs_sid()) {
            // Without a frame either, that is the reason.
            cause = cause.map(|_| NotToldCause::SessionRequired);
        } else if back {
            cause = None;
            let (issuer, session) = (Arc::clone(issuer), Arc::clone(&ended.id));
            self.back_channel.push(BackChannelNotice::new(
                issuer,
                client.id().clone(),
                session,
                ended.at,
                sid,
                subject,
            ));
        }
        cause.and_then(not_told)
    }

    /// The notices to store, in the order of the participants.
    pub fn back_channel(&self) -> &[BackChannelNotice] {
        &self.back_channel
    }

    /// The participants that cannot be told by any channel.
    #[must_use]
    pub fn not_told(&self) -> &[NotTold] {
        &self.unreached
    }

    /// Claims the first attempts for this request: at most 50, so that a session of hundreds of
    /// clients does not open hundreds of connections. Call it before you store the notices. The
    /// others are due at once, for the worker.
    pub fn claim_first_attempts(&mut self, now: OffsetDateTime, schedule: &Schedule) {
        for notice in self.back_channel.iter_mut().take(MAX_FIRST_ATTEMPTS) {
            // A new notice is due, unless it was planned for a session that ended long ago.
            let _: Claim = notice.claim(now, schedule);
        }
    }

    /// The notices whose first attempt this request makes. None that is held back.
    pub fn first_attempts(&self) -> impl Iterator<Item = &BackChannelNotice> {
        self.back_channel.iter().filter(|notice| notice.attempts() == 1 && !notice.is_prepared())
    }

    /// Holds every notice back until it is released: see
    /// [`prepare`](BackChannelNotice::prepare).
    pub fn prepare(mut self) -> Self {
        self.back_channel = self.back_channel.into_iter().map(BackChannelNotice::prepare).collect();
        self
    }

    /// Also loads the frames of clients whose notice was delivered, for clients that keep something
    /// in the browser.
    pub fn frame_delivered_too(mut self) -> Self {
        self.frame_delivered_too = true;
        self
    }

    /// Says to which clients a notice was delivered before the deadline, so that the session's
    /// landing can follow. They need no frame. The notices of all others remain with the worker.
    ///
    /// At most 50 frames are shown, whose origins take at most 4 KiB of the page's policy. Clients
    /// beyond are [not told](Told::not_told) by the front channel.
    pub fn told(self, delivered: impl IntoIterator<Item = impl AsRef<str>>) -> Told {
        let named: BTreeSet<String> = delivered.into_iter().map(|id| id.as_ref().to_owned()).collect();
        let mut told = Told { unreached: self.unreached, ..Told::nobody() };
        // A client without a notice was not told by one, whoever is named.
        let (mut delivered, mut pending) = (BTreeSet::new(), BTreeSet::new());
        for notice in self.back_channel {
            let client_id = notice.client_id().clone();
            if named.contains(client_id.as_str()) {
                delivered.insert(client_id.as_str().to_owned());
                told.delivered.push(client_id);
            } else {
                pending.insert(client_id.as_str().to_owned());
                told.pending.push(client_id);
            }
        }
        let mut origins = BTreeSet::new();
        let mut bytes: usize = 0;
        for frame in self.frames {
            if delivered.contains(frame.client_id.as_str()) && !self.frame_delivered_too {
                continue;
            }
            let is_new = !origins.contains(&frame.origin);
            let more = if is_new { frame.origin.len().saturating_add(1) } else { 0 };
            if told.frames.len() < MAX_FRAMES && bytes.saturating_add(more) <= MAX_FRAME_SRC_BYTES {
                bytes = bytes.saturating_add(more);
                origins.insert(frame.origin.clone());
                told.frames.push(frame);
            } else if !pending.contains(frame.client_id.as_str()) && !delivered.contains(frame.client_id.as_str()) {
                told.unreached.push(NotTold { client_id: frame.client_id, cause: NotToldCause::TooManyFrames });
            }
        }
        told
    }
}

/// Counts only: the notices hold subjects.
impl fmt::Debug for Notices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notices")
            .field("back_channel", &self.back_channel.len())
            .field("frames", &self.frames.len())
            .field("not_told", &self.unreached)
            .finish_non_exhaustive()
    }
}

/// Which clients were told that the session has ended. It leads to the landing:
/// [`EndSession::session_ended`](crate::op::EndSession::session_ended).
///
/// It comes out of [`Notices::told`]. A provider that tells nobody says so:
/// [`nobody`](Self::nobody).
#[derive(Debug)]
#[must_use = "the landing comes out of it"]
pub struct Told {
    delivered: Vec<ClientId>,
    pending: Vec<ClientId>,
    pub(crate) frames: Vec<FrontChannelFrame>,
    unreached: Vec<NotTold>,
}

impl Told {
    /// Nobody was told, because no client takes part in sessions, or because this provider sends no
    /// notices. Such a provider does not conform to RP-Initiated Logout 1.0, section 2, if it has
    /// clients that want to be notified.
    pub fn nobody() -> Self {
        Self { delivered: Vec::new(), pending: Vec::new(), frames: Vec::new(), unreached: Vec::new() }
    }

    /// The clients that answered that the session has ended there.
    #[must_use]
    pub fn delivered(&self) -> &[ClientId] {
        &self.delivered
    }

    /// The clients whose notice was not delivered yet. The worker goes on.
    #[must_use]
    pub fn pending(&self) -> &[ClientId] {
        &self.pending
    }

    /// The frames that the landing's page loads.
    #[must_use]
    pub fn frames(&self) -> &[FrontChannelFrame] {
        &self.frames
    }

    /// The clients that are not told at all.
    #[must_use]
    pub fn not_told(&self) -> &[NotTold] {
        &self.unreached
    }
}

/// A frame that tells one client through the browser ([Front-Channel Logout 1.0, section
/// 2](https://openid.net/specs/openid-connect-frontchannel-1_0.html#RPLogout)).
///
/// It serializes to an object with `client_id` and `src`.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct FrontChannelFrame {
    client_id: ClientId,
    src: String,
    #[serde(skip)]
    origin: String,
}

impl FrontChannelFrame {
    /// The value of the attribute `sandbox`: the client's page may run scripts and use its cookies
    /// and forms, but cannot take the whole window away.
    pub const SANDBOX: &'static str = "allow-scripts allow-same-origin allow-forms";

    fn new(client_id: &ClientId, uri: &FrontChannelUri, issuer: &str, sid: Option<&str>) -> Self {
        let mut src = uri.as_str().to_owned();
        if let Some(sid) = sid {
            match src.split_once('?') {
                None => src.push('?'),
                Some((_, "")) => {}
                Some(_) => src.push('&'),
            }
            for (name, value) in [("iss=", issuer), ("&sid=", sid)] {
                src.push_str(name);
                encode(value, &mut src);
            }
        }
        Self { client_id: client_id.clone(), src, origin: uri.origin().to_owned() }
    }

    /// The client.
    #[must_use]
    pub fn client_id(&self) -> &ClientId {
        &self.client_id
    }

    /// The address of the frame, with `iss` and `sid`, or without a `sid` neither. ASCII; escape it
    /// in HTML.
    #[must_use]
    pub fn src(&self) -> &str {
        &self.src
    }

    /// Its origin, which the page's `frame-src` allows.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }
}

/// Without the address, which holds the `sid`.
impl fmt::Debug for FrontChannelFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FrontChannelFrame").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

fn encode(value: &str, text: &mut String) {
    for byte in value.bytes() {
        if is_unreserved(byte) {
            text.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(text, "%{byte:02X}");
        }
    }
}

/// A client that cannot be told, and why. It serializes to an object with `client_id` and `cause`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct NotTold {
    /// The client.
    pub client_id: ClientId,
    /// The cause.
    pub cause: NotToldCause,
}

/// The reason why a client is not told that the session has ended. It serializes to its code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum NotToldCause {
    /// It has registered no URI for it. `no_channel`
    NoChannel,
    /// It requires a `sid`, and has none in this session. `session_required`
    SessionRequired,
    /// The host knows neither a `sid` nor a subject. `unidentified`
    Unidentified,
    /// It can only be told in a frame, and there is no page to hold one: the request is itself in a
    /// frame or came without the session's cookie, or the session ended without a request.
    /// `no_frame`
    NoFrame,
    /// It can only be told in a frame, and the page holds as many as it may. `too_many_frames`
    TooManyFrames,
}

impl NotToldCause {
    /// A stable name for logs and tests, such as `no_channel`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoChannel => "no_channel",
            Self::SessionRequired => "session_required",
            Self::Unidentified => "unidentified",
            Self::NoFrame => "no_frame",
            Self::TooManyFrames => "too_many_frames",
        }
    }
}
