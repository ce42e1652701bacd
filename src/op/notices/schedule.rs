//! When a notice is tried again.

use std::time::Duration;

/// The times of delivery: how long an attempt may take, when it is made again, when it is given up.
///
/// By default an attempt may take 10 seconds and is claimed for 30; the waits are 5 and 30 seconds,
/// 2 and 10 minutes, 1 hour, then 6 hours each; a notice is given up 24 hours after the session
/// ended. `Retry-After` can lengthen a wait to an hour. Every wait varies by a fifth, so that
/// clients that come back are not asked by everybody at once.
///
/// ```
/// use std::time::Duration;
/// use oidc_logout::op::Schedule;
///
/// let schedule = Schedule::default()
///     .waits([Duration::from_secs(10), Duration::from_secs(60)])
///     .give_up_after(Duration::from_secs(3600));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Schedule {
    waits: Vec<Duration>,
    give_up_after: Duration,
    max_retry_after: Duration,
    attempt_timeout: Duration,
    claim: Duration,
}

/// A shorter wait than this would hammer a client, and a schedule of waits of nothing would not
/// end.
const MIN_WAIT: Duration = Duration::from_secs(1);

impl Default for Schedule {
    fn default() -> Self {
        let waits = [5, 30, 2 * 60, 10 * 60, 60 * 60, 6 * 60 * 60].map(Duration::from_secs);
        Self {
            waits: waits.to_vec(),
            give_up_after: Duration::from_secs(24 * 60 * 60),
            max_retry_after: Duration::from_secs(60 * 60),
            attempt_timeout: Duration::from_secs(10),
            claim: Duration::from_secs(30),
        }
    }
}

impl Schedule {
    /// Sets the waits after the first, the second and each further attempt. The last one repeats. A
    /// wait shorter than a second counts as a second; without any wait, every one is a second.
    pub fn waits(mut self, waits: impl IntoIterator<Item = Duration>) -> Self {
        self.waits = waits.into_iter().collect();
        self
    }

    /// Sets how long after the end of the session the last attempt is made.
    pub fn give_up_after(mut self, age: Duration) -> Self {
        self.give_up_after = age;
        self
    }

    /// Sets the longest wait that a client's `Retry-After` can ask for.
    pub fn max_retry_after(mut self, wait: Duration) -> Self {
        self.max_retry_after = wait;
        self
    }

    /// Sets how long an attempt may take, and for how long it is claimed. During a claim nobody
    /// else makes an attempt, so it is at least a second longer than the attempt: a shorter one is
    /// made so long.
    pub fn attempts(mut self, timeout: Duration, claim: Duration) -> Self {
        self.attempt_timeout = timeout;
        self.claim = claim.max(timeout.saturating_add(Duration::from_secs(1)));
        self
    }

    /// How long an attempt may take, from the connection to the end of the answer.
    #[must_use]
    pub fn attempt_timeout(&self) -> Duration {
        self.attempt_timeout
    }

    pub(crate) fn claim(&self) -> Duration {
        self.claim
    }

    pub(crate) fn gives_up_after(&self) -> Duration {
        self.give_up_after
    }

    /// The wait after so many attempts. `jitter` is random; `retry_after` is what the client asks
    /// for.
    pub(crate) fn wait(&self, attempts: u32, jitter: u32, retry_after: Option<Duration>) -> Duration {
        let index = usize::try_from(attempts).unwrap_or(usize::MAX).saturating_sub(1);
        let wait = self.waits.get(index).or(self.waits.last()).copied().unwrap_or(MIN_WAIT);
        // From 0.8 to 1.2 of the wait. A client that names a time is not asked before it.
        let varied = wait.mul_f64_saturating(0.8 + 0.4 * f64::from(jitter) / f64::from(u32::MAX));
        let asked = retry_after.unwrap_or_default().min(self.max_retry_after);
        varied.max(asked).max(MIN_WAIT)
    }
}

/// `Duration::mul_f64` panics beyond the longest duration.
trait MulSaturating {
    fn mul_f64_saturating(self, factor: f64) -> Self;
}

impl MulSaturating for Duration {
    fn mul_f64_saturating(self, factor: f64) -> Self {
        Self::try_from_secs_f64(self.as_secs_f64() * factor).unwrap_or(Self::MAX)
    }
}
