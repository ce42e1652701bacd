//! The comparison: every combination is decided twice.

use std::collections::BTreeSet;

use oidc_logout::op::{
    Answer, Confirm, ConfirmReason, Decision, Landing, LogoutEndpoint, LogoutRequest, Refusal, Told,
};

use super::facts::{CLIENTS, PolicyRow, SENT, SESSIONS, requests};
use super::host::{NOW, Registry, SignIn, endpoint, request};
use super::model::{self, Case, Outcome};
use crate::support::browser;
use crate::support::provider::at;

/// Every combination, but of the sessions only two where the request came by POST.
pub(super) fn compare_most(policies: &[PolicyRow]) -> Seen {
    let mut seen = compare(policies, &requests(&SENT[..1]), &CLIENTS, &SESSIONS);
    let posted = compare(policies, &requests(&SENT[1..]), &CLIENTS, &SESSIONS[..2]);
    seen.combinations += posted.combinations;
    seen.names.extend(posted.names);
    seen
}

/// How many combinations were decided, and the decisions, reasons, codes and details that occurred.
pub(super) struct Seen {
    pub(super) combinations: usize,
    pub(super) names: BTreeSet<&'static str>,
}

#[derive(Default)]
struct Compared {
    count: usize,
    seen: BTreeSet<&'static str>,
    differences: Vec<String>,
}

/// Decides every combination twice.
pub(super) fn compare(
    policies: &[PolicyRow],
    requests: &[Case<'_>],
    clients: &[Option<model::Client>],
    sessions: &[Option<model::Session>],
) -> Seen {
    let combinations = policies.len() * requests.len() * clients.len() * sessions.len();
    let requests: Vec<_> = requests.iter().map(|case| (request(case), case)).collect();
    let clients: Vec<_> = clients.iter().map(|&client| (client, client.map(Registry::with))).collect();
    let sessions: Vec<_> = sessions.iter().map(|&facts| (facts, facts.map(SignIn::new))).collect();

    let mut compared = Compared::default();
    for policy in policies {
        let endpoint = endpoint(policy);
        for (request, case) in &requests {
            for (client, registry) in &clients {
                for (facts, session) in &sessions {
                    let case = Case { policy: &policy.rules, client: *client, session: *facts, ..**case };
                    compared.add(&case, &run(&endpoint, request.clone(), registry.as_ref(), session.as_ref()));
                }
            }
        }
    }
    assert!(
        compared.differences.is_empty(),
        "{} of {} differ, such as\n{}",
        compared.differences.len(),
        compared.count,
        compared.differences[..compared.differences.len().min(5)].join("\n"),
    );
    assert_eq!(compared.count, combinations, "some were left out");
    Seen { combinations, names: compared.seen }
}

impl Compared {
    fn add(&mut self, case: &Case<'_>, got: &Decided) {
        let expected = model::run(case).map(|(asked_for, outcome)| (asked_for.map(str::to_owned), outcome));
        if *got != expected {
            self.differences.push(format!("{case:?}\n  expected {expected:?}\n       got {got:?}"));
        }
        self.count += 1;
        match &expected {
            Ok((_, Outcome::EndSession { .. })) => self.see(["end_session"]),
            Ok((_, Outcome::NoSession { .. })) => self.see(["no_session"]),
            Ok((_, Outcome::Resubmit { .. })) => self.see(["resubmit"]),
            Ok((_, Outcome::Confirm { reasons, detail, .. })) => self.see(reasons.iter().copied().chain(*detail)),
            Ok((_, Outcome::Refuse(refusal))) | Err(refusal) => {
                self.see([refusal.reason].into_iter().chain(refusal.detail));
            }
        }
    }

    fn see(&mut self, codes: impl IntoIterator<Item = &'static str>) {
        self.seen.extend(codes);
    }
}

type Decided = Result<(Option<String>, Outcome), model::Refusal>;

/// What a host does, and where its pages lead.
fn run(
    endpoint: &LogoutEndpoint,
    request: LogoutRequest,
    registry: Option<&Registry>,
    session: Option<&SignIn>,
) -> Decided {
    let (asked_for, decision) =
        decide(endpoint, request, registry, session).map_err(|refusal| read_refusal(&refusal))?;
    let outcome = match decision {
        Decision::EndSession(end) => Outcome::EndSession { redirect: location(&end.session_ended(Told::nobody())) },
        Decision::Answer(Answer::Landing(landing)) => Outcome::NoSession { redirect: location(&landing) },
        Decision::Answer(Answer::Confirm(page)) => {
            let mut reasons: Vec<_> = page.reasons().iter().map(|reason| reason.code()).collect();
            reasons.sort_unstable();
            let detail = page.reasons().iter().find_map(|reason| match reason {
                ConfirmReason::InvalidHint(error) => Some(error.code()),
                _ => None,
            });
            // Only where there is something to find out, since it takes another decision.
            let redirect = page.returns_to_client().then(|| {
                let answered = answer(endpoint, &page, "yes", registry, session);
                let Decision::EndSession(end) = answered else {
                    panic!("a yes gives {answered:?}");
                };
                location(&end.session_ended(Told::nobody())).expect("a redirect, as was promised")
            });
            Outcome::Confirm { reasons, detail, redirect }
        }
        Decision::Answer(Answer::Resubmit(page)) => {
            let decided = post(endpoint, &browser::post(page.fields(), None), registry, None);
            let Decision::Answer(Answer::Landing(landing)) = decided else {
                panic!("posted again, it gives {decided:?}");
            };
            Outcome::Resubmit { redirect: location(&landing) }
        }
        Decision::Answer(Answer::Refuse(refusal)) => Outcome::Refuse(read_refusal(&refusal)),
        Decision::Answer(Answer::Declined(_)) => panic!("nobody was asked"),
    };
    Ok((asked_for, outcome))
}

pub(super) fn answer(
    endpoint: &LogoutEndpoint,
    page: &Confirm,
    confirm: &'static str,
    registry: Option<&Registry>,
    session: Option<&SignIn>,
) -> Decision {
    post(endpoint, &browser::post(page.fields(), Some(("confirm", confirm))), registry, session)
}

fn post(endpoint: &LogoutEndpoint, form: &str, registry: Option<&Registry>, session: Option<&SignIn>) -> Decision {
    let request = LogoutRequest::from_form(form).unwrap();
    decide(endpoint, request, registry, session).unwrap().1
}

pub(super) fn decide(
    endpoint: &LogoutEndpoint,
    request: LogoutRequest,
    registry: Option<&Registry>,
    session: Option<&SignIn>,
) -> Result<(Option<String>, Decision), Refusal> {
    let pending = endpoint.receive(request, at(NOW))?;
    let asked_for = pending.client_id().map(|id| id.as_str().to_owned());
    let client = registry.zip(asked_for.as_deref()).map(|(registry, id)| registry.find(id));
    let pending = pending.with_client(client);
    let session = session.and_then(|sign_in| sign_in.find(&pending));
    Ok((asked_for, pending.decide(session.as_ref())))
}

fn read_refusal(refusal: &Refusal) -> model::Refusal {
    model::Refusal { reason: refusal.reason().code(), detail: refusal.reason().detail() }
}

pub(super) fn location(landing: &Landing) -> Option<String> {
    match landing {
        Landing::Redirect(to) => Some(to.location().to_owned()),
        Landing::FrontChannel(page) => Some(page.continue_to().to_owned()),
        Landing::SignedOutPage(_) => None,
    }
}
