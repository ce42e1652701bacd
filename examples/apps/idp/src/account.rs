//! The provider's own page: who is signed in, at which clients, and a way out.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use time::OffsetDateTime;

use crate::app::App;
use crate::clients::{self, Client};
use crate::demo_rp;
use crate::http::{self, Internal};
use crate::pages::{AccountPage, ClientLink};

pub(crate) async fn get(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Response, Internal> {
    let Some(session) = app.session(&headers, None).await? else {
        return http::see_other("/sign-in");
    };
    let taking_part = clients::of_session(&app.db, &session).await?;
    let link = |client| ClientLink { name: Client::name(client), href: client.uri(), takes_part: true };
    let mut links: Vec<_> = taking_part.iter().map(link).collect();
    if let Some(demo) = app.demo_rp.as_ref().filter(|demo| !links.iter().any(|link| link.href == Some(demo.uri()))) {
        links.push(ClientLink { name: demo_rp::NAME, href: Some(demo.uri()), takes_part: false });
    }
    let offer = app.keys().await?.logout.offer(&session.for_logout()?, OffsetDateTime::now_utc())?;
    let language = http::language(&headers, None);
    let content = AccountPage {
        language,
        offer: &offer,
        name: &session.user.name,
        username: &session.user.username,
        signed_in_at: OffsetDateTime::from_unix_timestamp(session.auth_time)?,
        clients: &links,
    };
    http::page(offer.status(), &offer.headers(), language, &content)
}
