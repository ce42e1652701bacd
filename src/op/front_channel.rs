//! The page that tells clients in frames before the End-User goes on.

use serde::ser::{Serialize, SerializeStruct, Serializer};

use super::exchange::{Exchange, exchange_accessors};
use super::notices::{FrontChannelFrame, Told};
use super::redirect::LogoutRedirect;
use crate::answer::Headers;

/// A page with a frame for each client that is told through the browser, which then goes on to the
/// client that asked for the logout ([Front-Channel Logout 1.0, section
/// 3](https://openid.net/specs/openid-connect-frontchannel-1_0.html#OPLogout)).
///
/// The redirect is in its hands, so that nobody goes on past the frames. A page needs:
///
/// - for each of [`frames`](Self::frames): `<iframe src="…" sandbox="…"
///   referrerpolicy="no-referrer" title="…">` with [`FrontChannelFrame::SANDBOX`]. Do not hide them
///   by `display: none`, and do not set `loading=lazy`.
/// - a visible link to [`continue_to`](Self::continue_to) with the id `continue`, for browsers that
///   do not go on by themselves. A redirect to an app's own scheme relies on it.
/// - the script [`SCRIPT`](Self::SCRIPT), byte for byte in a `<script>` element. It follows the
///   link when all frames have loaded, or after [3 seconds](Self::WAIT_SECONDS). (A frame that was
///   refused or shows an error counts as loaded. No page can see what is in it.)
/// - in the head, for browsers without scripts, `<noscript><meta http-equiv="refresh"
///   content="…"></noscript>` with [`refresh`](Self::refresh). Chromium counts its seconds from
///   when the frames have loaded, so with a client that never answers only the link leads on.
///
/// A frame that is busy for ever stops the page where both share a process. Send
/// `origin-agent-cluster: ?1` with all your pages: it keeps your origin apart in Chromium, also
/// from clients on your own site.
///
/// The policy in the headers allows this script and no other, and frames of the clients' origins.
#[derive(Debug)]
#[must_use = "the page must be shown"]
pub struct FrontChannelPage {
    redirect: LogoutRedirect,
    told: Told,
}

impl FrontChannelPage {
    /// How long the page waits for its frames, in seconds.
    pub const WAIT_SECONDS: u32 = 3;

    /// The script of the page. `load` fires once every frame has loaded. It is ECMAScript 5.
    pub const SCRIPT: &'static str = "(function(){var gone=false;function go(){if(!gone){gone=true;\
        location.replace(document.getElementById('continue').href)}}\
        window.addEventListener('load',go);setTimeout(go,3000)})();";

    /// The SHA-256 of the script, as `script-src` names it (CSP 3, section 2.3.1).
    pub const SCRIPT_HASH: &'static str = "sha256-DTeUyQpl/6AAvQVouO+GFVS4nZRVzxnE5iy57rjn79M=";

    pub(crate) fn new(redirect: LogoutRedirect, told: Told) -> Self {
        Self { redirect, told }
    }

    /// The frames, at least one.
    #[must_use]
    pub fn frames(&self) -> &[FrontChannelFrame] {
        self.told.frames()
    }

    /// Who was told, and who was not.
    pub fn told(&self) -> &Told {
        &self.told
    }

    /// Where the End-User goes on to: the client's registered URI with the `state`. ASCII; escape
    /// it in HTML.
    #[must_use]
    pub fn continue_to(&self) -> &str {
        self.redirect.location()
    }

    /// The value of `content` for a refresh without scripts: the seconds and the URI. ASCII; escape
    /// it in HTML.
    #[must_use]
    pub fn refresh(&self) -> String {
        format!("{};url={}", Self::WAIT_SECONDS, self.continue_to())
    }

    /// Always `200`.
    #[must_use]
    pub fn status(&self) -> u16 {
        200
    }

    /// The headers of a page with frames and one script.
    #[must_use]
    pub fn headers(&self) -> Headers<'_> {
        let script = format!("; script-src '{}'", Self::SCRIPT_HASH);
        headers(self.frames(), &script).logged_out(self.exchange().is_logged_out)
    }

    pub(crate) fn exchange(&self) -> &Exchange {
        self.redirect.exchange()
    }

    exchange_accessors!(through exchange);
}

/// The headers of a page that holds frames.
pub(crate) fn headers(frames: &[FrontChannelFrame], more: &str) -> Headers<'static> {
    let mut origins: Vec<_> = frames.iter().map(FrontChannelFrame::origin).collect();
    origins.sort_unstable();
    origins.dedup();
    Headers::page_with(&format!("; frame-src {}{more}", origins.join(" ")))
}

/// An object with `frames`, `continue_to` and `wait_seconds`, for a page that a script writes.
impl Serialize for FrontChannelPage {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut page = serializer.serialize_struct("FrontChannelPage", 3)?;
        page.serialize_field("frames", self.frames())?;
        page.serialize_field("continue_to", self.continue_to())?;
        page.serialize_field("wait_seconds", &Self::WAIT_SECONDS)?;
        page.end()
    }
}
