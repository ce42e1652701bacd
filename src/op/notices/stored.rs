//! How a notice is stored.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::attempt::DeliveryFault;

/// The version that is written. Another one is refused, because its meaning is not known.
pub(crate) const VERSION: u8 = 1;

/// The members of a stored notice. Times are seconds since 1970.
#[derive(Serialize, Deserialize)]
pub(crate) struct Stored<'n> {
    pub(crate) v: u8,
    pub(crate) issuer: Cow<'n, str>,
    pub(crate) client_id: Cow<'n, str>,
    pub(crate) session: Cow<'n, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) sid: Option<Cow<'n, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) sub: Option<Cow<'n, str>>,
    pub(crate) ended_at: i64,
    pub(crate) attempts: u32,
    pub(crate) standing: Standing,
    /// Of the last attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) fault: Option<DeliveryFault>,
}

/// How far the delivery of a notice is, and since or until when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Standing {
    /// Its session may still live. It is looked at again at this time.
    Prepared(i64),
    /// An attempt may be made from this time on.
    Due(i64),
    /// Somebody makes an attempt. If nothing is heard of it, another may follow at this time.
    Claimed(i64),
    Delivered(i64),
    Failed(i64),
}
