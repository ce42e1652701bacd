//! The request and what was learned about it: every outcome keeps it for the host's page and log.

use super::hint::{HintError, VerifiedHint};
use super::request::LogoutRequest;
use super::session::Session;
use crate::parameter::ClientId;

/// The request, and what was learned about it so far.
#[derive(Clone, Debug)]
pub(crate) struct Exchange {
    pub(crate) request: LogoutRequest,
    pub(crate) hint: Option<VerifiedHint>,
    pub(crate) invalid_hint: Option<HintError>,
    pub(crate) client_id: Option<ClientId>,
    pub(crate) session: Option<SessionFound>,
    /// Whether the End-User agreed on the confirmation page.
    pub(crate) is_confirmed: bool,
    /// Whether the browser is to be told that it is signed out (Login Status API).
    pub(crate) is_logged_out: bool,
}

/// The way in which the host found the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SessionFound {
    InCookie,
    /// By the hint's `sid`.
    BySid,
}

impl SessionFound {
    pub(crate) fn of(session: &Session) -> Self {
        if session.found_by_sid { Self::BySid } else { Self::InCookie }
    }
}

impl Exchange {
    /// Before anything is known but the request.
    pub(crate) fn new(request: LogoutRequest) -> Self {
        Self {
            request,
            hint: None,
            invalid_hint: None,
            client_id: None,
            session: None,
            is_confirmed: false,
            is_logged_out: false,
        }
    }

    pub(crate) fn request(&self) -> &LogoutRequest {
        &self.request
    }

    pub(crate) fn hint(&self) -> Option<&VerifiedHint> {
        self.hint.as_ref()
    }

    pub(crate) fn client_id(&self) -> Option<&ClientId> {
        self.client_id.as_ref()
    }
}

/// The accessors that every outcome has. Without arguments, for a struct with a field `exchange`;
/// with `through`, for an enum with a method that gives the exchange of its variant; with
/// `optional`, if that may be none.
macro_rules! exchange_accessors {
    () => {
        pub(crate) fn exchange(&self) -> &crate::op::exchange::Exchange {
            &self.exchange
        }

        $crate::op::exchange::exchange_accessors!(through exchange);
    };
    (through $exchange:ident) => {
        /// The request. Its `ui_locales` tell the page's language, its `logout_hint` is for the
        /// host.
        #[must_use]
        pub fn request(&self) -> &crate::op::request::LogoutRequest {
            self.$exchange().request()
        }

        /// What the hint proved, if there was a valid one.
        #[must_use]
        pub fn hint(&self) -> Option<&crate::op::hint::VerifiedHint> {
            self.$exchange().hint()
        }

        /// The client the request is made for, if the host found it.
        #[must_use]
        pub fn client_id(&self) -> Option<&crate::parameter::ClientId> {
            self.$exchange().client_id()
        }
    };
    (optional through $exchange:ident) => {
        /// The request, if it could be read. Its `ui_locales` tell the page's language. Its
        /// `client_id`, unverified, tells whose developer to inform of a refusal.
        #[must_use]
        pub fn request(&self) -> Option<&crate::op::request::LogoutRequest> {
            self.$exchange().map(crate::op::exchange::Exchange::request)
        }

        /// What the hint proved, if there was a valid one.
        #[must_use]
        pub fn hint(&self) -> Option<&crate::op::hint::VerifiedHint> {
            self.$exchange().and_then(crate::op::exchange::Exchange::hint)
        }

        /// The client the request is made for, if the host had found it by then.
        #[must_use]
        pub fn client_id(&self) -> Option<&crate::parameter::ClientId> {
            self.$exchange().and_then(crate::op::exchange::Exchange::client_id)
        }
    };
}
pub(crate) use exchange_accessors;
