//! The endpoint's settings, which are fixed between requests.

use std::sync::Arc;

use super::policy::Policy;
use crate::crypto::Secret;
use crate::jws::Limits;

#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) issuer: Arc<str>,
    pub(crate) former_issuers: Vec<Arc<str>>,
    pub(crate) policy: Policy,
    pub(crate) limits: Limits,
    /// Whether answers carry `Set-Login`.
    pub(crate) login_status: bool,
    /// Authenticates the provider's confirmation pages.
    pub(crate) secret: Secret,
}
