//! Pages as data, for hosts whose pages are written by a script.

use serde::ser::{Serialize, SerializeStruct, Serializer};

use super::confirm::Confirm;
use super::reasons::ConfirmReason;
use super::resubmit::Resubmit;

/// The content of the page of a [`Confirm`], for a script that writes it: see [`Confirm::page`].
///
/// It serializes to an object with `fields` (an object of names and values, which the script puts
/// into a real form as hidden fields), `reasons` (codes) and `returns_to_client`. It holds the
/// hint, the `state` and the proof: hand it to the page, and keep it out of logs.
#[derive(Clone, Copy)]
pub struct ConfirmPage<'c>(pub(crate) &'c Confirm);

/// The content of the page of a [`Resubmit`], for a script that writes it: see [`Resubmit::page`].
///
/// It serializes to an object with `fields`, an object of names and values. Keep it out of logs.
#[derive(Clone, Copy)]
pub struct ResubmitPage<'r>(pub(crate) &'r Resubmit);

/// Names and values as one object. The names are distinct.
struct Fields<'f>(Vec<(&'static str, &'f str)>);

impl Serialize for Fields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().copied())
    }
}

impl Serialize for ConfirmPage<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let reasons: Vec<_> = self.0.reasons().iter().copied().map(ConfirmReason::code).collect();
        let mut page = serializer.serialize_struct("ConfirmPage", 3)?;
        page.serialize_field("fields", &Fields(self.0.fields().collect()))?;
        page.serialize_field("reasons", &reasons)?;
        page.serialize_field("returns_to_client", &self.0.returns_to_client())?;
        page.end()
    }
}

impl Serialize for ResubmitPage<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut page = serializer.serialize_struct("ResubmitPage", 1)?;
        page.serialize_field("fields", &Fields(self.0.fields().collect()))?;
        page.end()
    }
}

impl std::fmt::Debug for ConfirmPage<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ConfirmPage").finish_non_exhaustive()
    }
}

impl std::fmt::Debug for ResubmitPage<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ResubmitPage").finish_non_exhaustive()
    }
}

impl Confirm {
    /// The page as data, to be serialized for a script that writes it.
    ///
    /// ```
    /// # use oidc_logout::op::{LogoutEndpoint, Session};
    /// # use oidc_logout::{KeySet, Secret};
    /// # let endpoint = LogoutEndpoint::new("https://op.example", KeySet::default(), Secret::new([7; 32])?);
    /// # let ask = endpoint.offer(&Session::new([1; 32], "user-1"), time::OffsetDateTime::UNIX_EPOCH)?;
    /// let json = serde_json::to_value(ask.page())?;
    /// assert_eq!(json["reasons"], serde_json::json!(["no_hint"]));
    /// assert!(json["fields"]["confirmation"].is_string());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn page(&self) -> ConfirmPage<'_> {
        ConfirmPage(self)
    }
}

impl Resubmit {
    /// The page as data, to be serialized for a script that writes it.
    #[must_use]
    pub fn page(&self) -> ResubmitPage<'_> {
        ResubmitPage(self)
    }
}
