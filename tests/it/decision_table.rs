//! The decision rules as a table: every combination of plain facts is decided by the crate and by
//! the model, a second writing of the same rules, and the two have to agree.
//!
//! What is compared: which of the two calls refuses, the client that is asked for, the decision,
//! its reasons, the refusal's code and detail, and where a redirect leads, also after a yes and
//! after the form was posted again.

mod comparison;
mod facts;
mod host;
mod model;

use std::collections::BTreeSet;

use oidc_logout::op::{Answer, Decision, HostError, Policy, RefusalReason, Told};
use serde_json::json;

use crate::support::provider::at;
use comparison::{answer, compare, compare_most, decide, location};
use facts::{
    CLIENT, CLIENTS, KEYED_CLIENTS, SENT, SESSION, SESSIONS, SESSIONS_OF_BROWSERS, changes, cookie_policies,
    hinted_requests, judging_policies, pairs_of_changes, presets, requests, requests_of_browsers, requests_with_state,
    row, state_policies,
};
use host::{NOW, Registry, SignIn, client, endpoint, request, session};
use model::{Case, Outcome, Rules};

#[test]
fn under_the_presets_every_request_is_decided_by_the_rules() {
    let seen = compare(&presets(), &requests(&SENT), &CLIENTS, &SESSIONS);
    assert_eq!(seen.combinations, 3 * 648 * 5 * 5);
}

#[test]
fn with_any_one_field_changed_every_request_is_decided_by_the_rules() {
    let seen = compare_most(&changes());
    let codes = "\
        algorithm client_mismatch client_missing client_unknown end_session expired hint_without_sid \
        id_token_hint_invalid id_token_hint_missing id_token_hint_refused invalid_hint key no_client_session \
        no_hint no_session other_session other_subject policy redirect_uri_missing redirect_uri_not_registered \
        resubmit signature subject_unknown unknown_client";
    assert!(seen.names.into_iter().eq(codes.split_whitespace()));
    assert_eq!(seen.combinations, 16 * 216 * 5 * (5 + 2 * 2));
}

#[test]
fn every_field_of_a_policy_is_changed_by_a_row() {
    let rows = [changes(), state_policies()].concat();
    let changed: BTreeSet<_> = rows.iter().flat_map(|row| row.json.as_object().unwrap().keys()).collect();
    let policy = json!(Policy::openid());
    assert_eq!(changed, policy.as_object().unwrap().keys().collect());
}

#[test]
fn with_fields_changed_together_every_request_is_decided_by_the_rules() {
    let seen = compare_most(&pairs_of_changes());
    assert_eq!(seen.combinations, 8 * 216 * 5 * (5 + 2 * 2));
}

/// Rule 7, by what the browser says of its request: with the cookie, without it, and by the `sid`.
#[test]
fn with_any_headers_every_request_is_decided_by_the_rules() {
    let clients = [CLIENTS[1], CLIENTS[4]];
    let seen = compare(&cookie_policies(), &requests_of_browsers(), &clients, &SESSIONS_OF_BROWSERS);
    let codes = "\
        algorithm embedded_request end_session hint_too_old id_token_hint_invalid invalid_hint no_client_session \
        no_hint no_session other_subject policy redirect_uri_not_registered resubmit session_cookie_missing signature";
    assert_eq!(seen.names.into_iter().collect::<Vec<_>>().join(" "), codes);
    assert_eq!(seen.combinations, 7 * 702 * 2 * 7);
}

#[test]
fn of_all_faults_of_a_hint_the_first_by_the_rules_is_reported() {
    let seen = compare(&judging_policies(), &hinted_requests(), &KEYED_CLIENTS, &[SESSIONS_OF_BROWSERS[2]]);
    let codes = "\
        algorithm audience client_mismatch client_unknown encrypted end_session expired id_token_hint_invalid \
        invalid_hint issuer key malformed not_yet_valid signature too_large type unknown_client";
    assert!(seen.names.into_iter().eq(codes.split_whitespace()));
    assert_eq!(seen.combinations, 4 * (1152 + 3) * 3 * 7);
}

#[test]
fn of_a_state_and_missing_parts_the_first_fault_by_the_rules_is_reported() {
    let mut policies = presets();
    policies.extend(state_policies());
    let seen = compare(&policies, &requests_with_state(), &CLIENTS[..2], &SESSIONS[..2]);
    let codes = "\
        client_mismatch client_missing client_unknown end_session id_token_hint_missing id_token_hint_refused \
        no_hint no_session redirect_uri_missing redirect_uri_not_registered state_missing state_too_long \
        state_too_short unknown_client";
    assert!(seen.names.into_iter().eq(codes.split_whitespace()));
    assert_eq!(seen.combinations, 7 * 240 * 2 * 2);
}

#[test]
fn a_yes_ends_the_session_and_a_no_does_not_whatever_the_question_was() {
    let policy = row(json!({"on_bad_hint": "confirm", "confirm": "always"}), |rules| {
        rules.let_bad_hint_through = true;
        rules.ask_always = true;
    });
    let endpoint = endpoint(&policy);
    let mut asked = 0;
    for case in requests(&SENT) {
        let request = request(&case);
        for client in CLIENTS {
            let registry = client.map(Registry::with);
            for facts in SESSIONS {
                let session = facts.map(SignIn::new);
                let decided = decide(&endpoint, request.clone(), registry.as_ref(), session.as_ref());
                let Ok((_, Decision::Answer(Answer::Confirm(page)))) = decided else {
                    continue;
                };
                asked += 1;
                let yes = answer(&endpoint, &page, "yes", registry.as_ref(), session.as_ref());
                let Decision::EndSession(end) = yes else {
                    panic!("{case:?}, {client:?}, {facts:?}: a yes gives {yes:?}");
                };
                assert_eq!(location(&end.session_ended(Told::nobody())).is_some(), page.returns_to_client());
                let no = answer(&endpoint, &page, "no", registry.as_ref(), session.as_ref());
                assert!(
                    matches!(no, Decision::Answer(Answer::Declined(_))),
                    "{case:?}, {client:?}, {facts:?}: a no gives {no:?}"
                );
            }
        }
    }
    assert_eq!(asked, asked_by_the_rules(&policy.rules));
}

/// How many are asked: of every request, by every client, in every session.
fn asked_by_the_rules(policy: &Rules) -> usize {
    let requests = requests(&SENT);
    let asked = |client, session| {
        let cases = requests.iter().map(|case| Case { policy, client, session, ..*case });
        cases.filter(|case| matches!(model::run(case), Ok((_, Outcome::Confirm { .. })))).count()
    };
    CLIENTS.iter().flat_map(|&client| SESSIONS.map(|session| asked(client, session))).sum()
}

#[test]
fn a_client_that_was_not_asked_for_is_the_hosts_error() {
    let endpoint = endpoint(&row(json!({}), |_| {}));
    let stranger = client("rp-9", CLIENT);
    let mut passed = 0;
    for case in requests(&SENT) {
        let Ok(pending) = endpoint.receive(request(&case), at(NOW)) else {
            continue;
        };
        let decision = pending.decide(Some(&stranger), Some(&session(SESSION)));
        let Decision::Answer(Answer::Refuse(refusal)) = decision else {
            panic!("{case:?}: {decision:?}");
        };
        assert_eq!(refusal.reason(), RefusalReason::HostError(HostError::OtherClient), "{case:?}");
        passed += 1;
    }
    assert_eq!(passed, requests(&SENT).iter().filter(|case| model::receive(case).is_ok()).count());
}
