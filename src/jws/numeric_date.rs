//! Dates as JWTs have them.

use time::OffsetDateTime;

/// A point in time as a JWT has it: seconds since 1970-01-01T00:00:00Z, possibly fractional, of any
/// size and sign (RFC 7519, section 2).
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct NumericDate(pub(crate) f64);

impl NumericDate {
    /// The seconds since the epoch; always finite.
    #[must_use]
    pub fn as_seconds(self) -> f64 {
        self.0
    }

    /// The date, to the second, or `None` if it is out of `OffsetDateTime`'s range (years -9999 to
    /// 9999).
    ///
    /// ```
    /// # fn age(hint: &oidc_logout::op::VerifiedHint, now: time::OffsetDateTime) -> Option<time::Duration> {
    /// Some(now - hint.issued_at().to_offset_date_time()?)
    /// # }
    /// ```
    #[must_use]
    pub fn to_offset_date_time(self) -> Option<OffsetDateTime> {
        // Saturates at the ends of i64, which are out of range too.
        #[allow(clippy::cast_possible_truncation, reason = "a float-to-int cast saturates")]
        OffsetDateTime::from_unix_timestamp(self.0.floor() as i64).ok()
    }

    pub(crate) fn from_offset_date_time(date: OffsetDateTime) -> Self {
        #[allow(clippy::cast_precision_loss, reason = "years to 9999 fit into the 53 bits of a float's mantissa")]
        Self(date.unix_timestamp() as f64 + f64::from(date.nanosecond()) / 1e9)
    }
}
