//! A match that leaves out an outcome fails, so a new outcome would stop a host's build as well.
use oidc_logout::op::Answer::{self, Confirm, Declined, Landing, Refuse, Resubmit};
use oidc_logout::op::Decision;

fn all_but_end_session(decision: Decision) {
    match decision { //~ E0004
        Decision::Answer(_) => {}
    }
}

fn all_but_answer(decision: Decision) {
    match decision { //~ E0004
        Decision::EndSession(_) => {}
    }
}

fn all_but_landing(answer: Answer) {
    match answer { //~ E0004
        Confirm(_) | Declined(_) | Resubmit(_) | Refuse(_) => {}
    }
}

fn all_but_confirm(answer: Answer) {
    match answer { //~ E0004
        Landing(_) | Declined(_) | Resubmit(_) | Refuse(_) => {}
    }
}

fn all_but_declined(answer: Answer) {
    match answer { //~ E0004
        Landing(_) | Confirm(_) | Resubmit(_) | Refuse(_) => {}
    }
}

fn all_but_resubmit(answer: Answer) {
    match answer { //~ E0004
        Landing(_) | Confirm(_) | Declined(_) | Refuse(_) => {}
    }
}

fn all_but_refuse(answer: Answer) {
    match answer { //~ E0004
        Landing(_) | Confirm(_) | Declined(_) | Resubmit(_) => {}
    }
}

fn main() {}
