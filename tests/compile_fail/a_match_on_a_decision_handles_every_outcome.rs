//! Each of them: a new outcome would stop a host's build in the same way.
use oidc_logout::Decision::{self, Confirm, Declined, EndSession, NoSession, Refuse, Resubmit};

fn all_but_end_session(decision: Decision) {
    match decision { //~ E0004
        NoSession(_) | Confirm(_) | Declined(_) | Resubmit(_) | Refuse(_) => {}
    }
}

fn all_but_no_session(decision: Decision) {
    match decision { //~ E0004
        EndSession(_) | Confirm(_) | Declined(_) | Resubmit(_) | Refuse(_) => {}
    }
}

fn all_but_confirm(decision: Decision) {
    match decision { //~ E0004
        EndSession(_) | NoSession(_) | Declined(_) | Resubmit(_) | Refuse(_) => {}
    }
}

fn all_but_declined(decision: Decision) {
    match decision { //~ E0004
        EndSession(_) | NoSession(_) | Confirm(_) | Resubmit(_) | Refuse(_) => {}
    }
}

fn all_but_resubmit(decision: Decision) {
    match decision { //~ E0004
        EndSession(_) | NoSession(_) | Confirm(_) | Declined(_) | Refuse(_) => {}
    }
}

fn all_but_refuse(decision: Decision) {
    match decision { //~ E0004
        EndSession(_) | NoSession(_) | Confirm(_) | Declined(_) | Resubmit(_) => {}
    }
}

fn main() {}
