//! The provider's own page: who is signed in, at which clients, and a way out.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use time::OffsetDateTime;

use crate::app::App;
use crate::clients::{self, Client};
use crate::http::{self, Internal};
use crate::pages::{AccountPage, ClientLink};
use crate::{demo_rp, logout, sessions};

pub(crate) async fn get(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Response, Internal> {
    let Some(session) = app.session(&headers).await? else {
        return http::see_other("/sign-in");
    };
    let mut taking_part = Vec::new();
    for id in sessions::clients(&app.pool, &session).await? {
        taking_part.extend(clients::find(&app.pool, &id).await?);
    }
    let link = |client| {
        let href = Client::uri(client)?;
        Some(ClientLink { name: client.name(), href, takes_part: true })
    };
    let mut links: Vec<_> = taking_part.iter().filter_map(link).collect();
    if let Some(demo) = app.demo_rp.as_ref().filter(|demo| !links.iter().any(|link| link.href == demo.uri())) {
        links.push(ClientLink { name: demo_rp::NAME, href: demo.uri(), takes_part: false });
    }
    let offer = app.keys().await?.logout.offer(&session.for_logout(None)?, OffsetDateTime::now_utc());
    let language = http::language(&headers, None);
    let content = AccountPage {
        language,
        action: logout::PATH,
        offer: &offer,
        name: &session.user.name,
        username: &session.user.username,
        signed_in_at: OffsetDateTime::from_unix_timestamp(session.auth_time)?,
        clients: &links,
    };
    http::page(offer.status(), &offer.headers(), language, &content)
}
