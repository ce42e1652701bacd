//! A result whose next step is forgotten is reported.
#![deny(unused_must_use)]
use oidc_logout::op::{EndSession, LogoutEndpoint, LogoutRequest, Pending, PendingSession, Session, SidToFind, Told};
use time::OffsetDateTime;

fn receive(endpoint: &LogoutEndpoint, request: LogoutRequest, now: OffsetDateTime) {
    endpoint.receive(request, now); //~ unused_must_use
}

fn decide(pending: Pending) {
    pending.decide(None, None); //~ unused_must_use
}

fn with_client(pending: Pending) {
    pending.with_client(None); //~ unused_must_use
}

fn decide_session(pending: PendingSession<'_>) {
    pending.decide(None); //~ unused_must_use
}

fn reject(pending: PendingSession<'_>) {
    pending.reject_hint(); //~ unused_must_use
}

fn look_up(pending: &PendingSession<'_>) {
    pending.sid_to_find(); //~ unused_must_use
}

fn found(look_up: SidToFind<'_>, session: Session) {
    look_up.found(session); //~ unused_must_use
}

fn end(end: EndSession) {
    end.session_ended(Told::nobody()); //~ unused_must_use
}

fn offer(endpoint: &LogoutEndpoint, session: &Session, now: OffsetDateTime) {
    endpoint.offer(session, now); //~ unused_must_use
}

fn main() {}
