//! Pages that belong neither to the provider nor to its client.

use axum::Router;
use axum::response::Html;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A server at `rp.localhost`, and at another port of `127.0.0.1`, which cookies treat as the
/// provider's site.
pub(crate) struct Site {
    port: u16,
    serving: JoinHandle<()>,
}

impl Site {
    /// Starts a server with one page per path.
    pub(crate) async fn start(pages: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let router = pages.into_iter().fold(Router::new(), |router, (path, body)| {
            let page = Html(format!("<!DOCTYPE html><meta charset=utf-8><title>Site</title>{body}"));
            router.route(path, get(async move || page))
        });
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { port, serving }
    }

    /// A URL on another site than the provider's.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://rp.localhost:{}{path}", self.port)
    }

    /// A URL on the provider's site, but of another origin.
    pub(crate) fn same_site_url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// A form with a button, `Continue`.
pub(crate) fn form<'f>(action: &str, fields: impl IntoIterator<Item = (&'f str, &'f str)>) -> String {
    let field = |(name, value)| format!("<input type=hidden name='{}' value='{}'>", escape(name), escape(value));
    let fields = fields.into_iter().map(field).collect::<Vec<_>>().concat();
    format!("<form method=post action='{}'>{fields}<button>Continue</button></form>", escape(action))
}

/// A form that a script posts at once.
pub(crate) fn self_posting_form<'f>(action: &str, fields: impl IntoIterator<Item = (&'f str, &'f str)>) -> String {
    format!("{}<script>document.forms[0].submit()</script>", form(action, fields))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('\'', "&#39;").replace('<', "&lt;")
}
