//! A result whose next step is forgotten is reported.
#![deny(unused_must_use)]
use oidc_logout::op::{BackChannelNotice, DeliveryFault, EndSession, EndedSession, LogoutEndpoint, LogoutRequest, LogoutToken, Notices, Pending, PendingSession, Reply, Schedule, Session, SidToFind, Told};
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

fn plan(end: &EndSession, endpoint: &LogoutEndpoint, ended: &EndedSession) {
    end.notices(ended, []); //~ unused_must_use
    endpoint.notices(ended, []); //~ unused_must_use
}

fn tell(notices: Notices) {
    notices.told([""; 0]); //~ unused_must_use
}

fn deliver(notice: &mut BackChannelNotice, now: OffsetDateTime, schedule: &Schedule) {
    notice.claim(now, schedule); //~ unused_must_use
    notice.record(1, Reply::Fault(DeliveryFault::Timeout), now, 0, schedule); //~ unused_must_use
}

fn send(token: &LogoutToken<'_>) {
    token.request(); //~ unused_must_use
}

fn offer(endpoint: &LogoutEndpoint, session: &Session, now: OffsetDateTime) {
    endpoint.offer(session, now); //~ unused_must_use
}

fn main() {}
