//! The first half of rule 7: what a request without a session means, because a browser may have
//! withheld the session's cookie.

use super::policy::{Policy, SessionBySid, SessionCookie};
use super::request::{LogoutRequest, Method};
use crate::request_headers::FetchSite;

/// The meaning of a request that comes without the cookie of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WithoutCookie {
    /// Nobody is signed in, because the browser would have sent the cookie.
    NoSession,
    /// It may have been withheld. The provider's own page posts the request again, once.
    Resubmit,
    /// It may have been withheld even from the request that was posted again.
    Missing,
    /// The request is for a frame, an image or a script's fetch. There browsers block, partition
    /// and withhold cookies of every kind, and no page could be shown.
    Embedded,
}

impl WithoutCookie {
    pub(crate) fn of(policy: &Policy, request: &LogoutRequest) -> Self {
        let site = request.headers.site;
        if request.headers.is_embedded && site != Some(FetchSite::SameOrigin) {
            Self::Embedded
        } else if !may_be_withheld(policy.session_cookie, request.method(), site) {
            Self::NoSession
        } else if !request.is_resubmitted() {
            Self::Resubmit
        } else if site == Some(FetchSite::CrossSite) {
            // Only the provider's own page can post it again. Nobody is sent in circles.
            Self::Missing
        } else {
            Self::NoSession
        }
    }
}

/// Whether a browser may have withheld the cookie, by its `SameSite` attribute.
fn may_be_withheld(cookie: SessionCookie, method: Method, site: Option<FetchSite>) -> bool {
    let same_site = matches!(site, Some(FetchSite::SameOrigin | FetchSite::SameSite));
    match cookie {
        SessionCookie::None => false,
        SessionCookie::Lax => method == Method::Post && !same_site && site != Some(FetchSite::None),
        // `none` too: a redirect of another site may stand before what the user typed.
        SessionCookie::Strict => !same_site,
    }
}

/// Whether the session may be looked up by the hint's `sid`.
pub(crate) fn may_find_by_sid(policy: &Policy, request: &LogoutRequest) -> bool {
    if policy.session_by_sid == SessionBySid::Refuse {
        return false;
    }
    let headers = &request.headers;
    // Browsers send one of the two with every POST.
    let no_browser = request.method() == Method::Post && !headers.has_origin && headers.site.is_none();
    match WithoutCookie::of(policy, request) {
        WithoutCookie::NoSession => true,
        WithoutCookie::Resubmit => no_browser,
        WithoutCookie::Missing | WithoutCookie::Embedded => false,
    }
}
