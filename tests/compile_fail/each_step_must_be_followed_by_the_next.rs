//! A result whose next step is forgotten is reported.
#![deny(unused_must_use)]
use oidc_logout::op::{EndSession, LogoutEndpoint, LogoutRequest, Pending, Session};
use time::OffsetDateTime;

fn receive(endpoint: &LogoutEndpoint, request: LogoutRequest, now: OffsetDateTime) {
    endpoint.receive(request, now); //~ unused_must_use
}

fn decide(pending: Pending) {
    pending.decide(None, None); //~ unused_must_use
}

fn end(end: EndSession) {
    end.session_ended(); //~ unused_must_use
}

fn offer(endpoint: &LogoutEndpoint, session: &Session, now: OffsetDateTime) {
    endpoint.offer(session, now); //~ unused_must_use
}

fn main() {}
