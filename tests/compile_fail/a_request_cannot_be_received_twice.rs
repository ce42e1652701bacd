//! `receive` uses the request up.
use oidc_logout::op::{LogoutEndpoint, LogoutRequest};
use time::OffsetDateTime;

fn twice(endpoint: &LogoutEndpoint, request: LogoutRequest, now: OffsetDateTime) {
    let _ = endpoint.receive(request, now);
    let _ = endpoint.receive(request, now); //~ E0382
}

fn main() {}
