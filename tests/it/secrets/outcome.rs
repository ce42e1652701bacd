//! Refusals, decisions and what comes of them.

use std::collections::BTreeMap;

use oidc_logout::op::{
    Answer, Client, ConfirmReason, ConfirmRule, Decision, HintError, HintWithoutSid, HostError, Landing,
    LogoutEndpoint, LogoutRequest, OnBadHint, PendingSession, Policy, RedirectWithoutHint, Refusal, RefusalReason,
    Session, SessionBySid, SessionCookie, Told, VerifiedHint,
};
use oidc_logout::{Algorithm, ApplicationType, KeySet};
use serde_json::Value;

use super::audit::Audit;
use super::input::{
    changed, claims_with, client, ed25519, endpoint, every_field, every_parameter, header, now, session,
};
use super::request::request_and_its_values;
use super::{CLIENT, REGISTERED};
use crate::support::browser;

pub(crate) fn refusal(audit: &mut Audit, refusal: &Refusal) {
    audit.error(refusal);
    audit.error(&refusal.reason());
    audit.debug(&refusal.headers());
    match refusal.reason() {
        RefusalReason::MalformedRequest { parameter, fault } => {
            audit.search("parameter", "name", parameter);
            audit.error(&fault);
        }
        RefusalReason::DuplicateParameter { parameter } => audit.search("parameter", "name", parameter),
        RefusalReason::IdTokenHintInvalid(error) => hint_error(audit, &error),
        RefusalReason::HostError(error) => audit.error(&error),
        _ => {}
    }
    audit.search("Refusal", "JSON", &serde_json::to_string(refusal).unwrap());
    refusal.request().inspect(|request| request_and_its_values(audit, request));
    refusal.hint().inspect(|hint| verified_hint(audit, hint));
    refusal.client_id().inspect(|id| audit.debug(*id));
}

pub(crate) fn hint_error(audit: &mut Audit, error: &HintError) {
    audit.error(error);
    if let HintError::Malformed(error) = error {
        audit.error(error);
    }
}

pub(crate) fn verified_hint(audit: &mut Audit, hint: &VerifiedHint) {
    audit.debug(hint);
    audit.debug(hint.client_id());
    audit.debug(&hint.issued_at());
    audit.debug(&hint.algorithm());
    // No claim fits, and the error must not say what the claims are.
    audit.error(&hint.claims::<u8>().unwrap_err());
    audit.error(&hint.claims::<BTreeMap<String, u8>>().unwrap_err());
}

pub(crate) fn decisions(audit: &mut Audit) {
    let openid = endpoint(Policy::openid());
    audit.debug(&openid);
    let hmac_client = client().id_token_signed_response_alg(Algorithm::Hs256).build().unwrap();
    let other_client = Client::builder("s3cr3t-other-client").build().unwrap();
    let native = Client::builder(CLIENT)
        .application_type(ApplicationType::Native)
        .post_logout_redirect_uri("http://127.0.0.1/c0nf1g-path")
        .post_logout_redirect_uri("com.example.app:/c0nf1g-path")
        .build()
        .unwrap();
    let client = client().build().unwrap();
    let without_sid = audit.token(&header("EdDSA"), &claims_with("sid", Value::Null), ed25519);
    let policies = [
        Policy::openid().to_builder(),
        Policy::openid().to_builder().confirm(ConfirmRule::Always),
        Policy::openid().to_builder().hint_without_sid(HintWithoutSid::Ask),
        Policy::openid().to_builder().redirect_without_hint(RedirectWithoutHint::Refuse),
        Policy::openid().to_builder().on_bad_hint(OnBadHint::Confirm),
        Policy::openid().to_builder().session_cookie(SessionCookie::None),
    ];
    let other_sid = session().sid("s3cr3t-other-sid");
    let not_in_it = Session::new([9; 32], "s3cr3t-other-subject").takes_part(false);
    let nobodys = Session::of_unknown_subject(*b"s3cr3t-binding-of-a-sign-in-here").sid("s3cr3t-sid");
    let endpoints: Vec<_> = policies.into_iter().map(|policy| endpoint(policy.build().unwrap())).collect();
    for hint in ["absent", "ed25519", "hs256", "forged", &without_sid] {
        let fields = every_field(audit, hint);
        for (endpoint, client) in
            endpoints.iter().flat_map(|it| [(it, &client), (it, &hmac_client), (it, &other_client)])
        {
            let request = LogoutRequest::from_form(fields.as_str()).unwrap();
            let hint = request.id_token_hint().map_or("", |hint| hint.as_str());
            match endpoint.verify_hint(hint, Some(client), now()) {
                Ok(hint) => verified_hint(audit, &hint),
                Err(error) => audit.error(&error),
            }
        }
        for uri in [REGISTERED, "", "https://s3cr3t-elsewhere.example", "http://127.0.0.1:49173/c0nf1g-path"] {
            let request = changed(&fields, "post_logout_redirect_uri", uri);
            for endpoint in &endpoints {
                for client in [Some(&client), Some(&hmac_client), Some(&other_client), Some(&native), None] {
                    for session in [Some(&session()), Some(&other_sid), Some(&not_in_it), Some(&nobodys), None] {
                        match endpoint.receive(request.clone(), now()) {
                            Err(refused) => refusal(audit, &refused),
                            Ok(pending) => {
                                audit.debug(&pending);
                                pending.hint().inspect(|hint| verified_hint(audit, hint));
                                pending.client_id().inspect(|id| audit.debug(*id));
                                let pending = pending.with_client(client);
                                pending_session(audit, &pending);
                                decision(audit, pending.decide(session));
                            }
                        }
                    }
                }
            }
        }
    }
    // Without any client: one is asked for only by name.
    let nobody = changed(&every_field(audit, "absent"), "client_id", "");
    decision(audit, openid.receive(nobody, now()).unwrap().decide(None, None));
    // What a browser's form would change travels otherwise.
    let lines = "s3cr3t-state\r\ns3cr3t-of-two-lines\0";
    for request in [
        every_parameter(audit, "absent"),
        changed(&every_field(audit, "ed25519"), "state", lines),
        changed(&every_field(audit, "absent"), "state", lines),
    ] {
        answers(audit, &openid, &client, &request);
    }
    decision(audit, Decision::Answer(Answer::Confirm(openid.offer(&session(), now()).unwrap())));
}

fn pending_session(audit: &mut Audit, pending: &PendingSession<'_>) {
    audit.debug(pending);
    pending.hint().inspect(|hint| verified_hint(audit, hint));
    pending.client_id().inspect(|id| audit.debug(*id));
    if let Some(look_up) = pending.sid_to_find() {
        audit.debug(&look_up);
        audit.debug(look_up.client_id());
        audit.debug(&look_up.found(session()));
    }
}

/// A session that is found by the hint's `sid`, too old or not, and hints that the host rejects.
pub(crate) fn between_client_and_session(audit: &mut Audit) {
    let client = client().build().unwrap();
    for seconds in [1, 10_000] {
        let policy = Policy::openid().to_builder().session_by_sid(SessionBySid::AcceptForSeconds(seconds));
        for on_bad_hint in [OnBadHint::Refuse, OnBadHint::Confirm] {
            let endpoint = endpoint(policy.clone().on_bad_hint(on_bad_hint).build().unwrap());
            let request = every_parameter(audit, "ed25519");
            let receive = || endpoint.receive(request.clone(), now()).unwrap().with_client(Some(&client));
            let pending = receive();
            pending_session(audit, &pending);
            let found = pending.sid_to_find().map(|look_up| look_up.found(session())).unwrap();
            decision(audit, pending.decide(Some(&found)));
            let rejected = receive().reject_hint();
            pending_session(audit, &rejected);
            decision(audit, rejected.decide(Some(&session())));
        }
    }
    let openid = endpoint(Policy::openid());
    let other = Client::builder("s3cr3t-other-client").build().unwrap();
    let request = every_parameter(audit, "ed25519");
    decision(audit, openid.receive(request, now()).unwrap().decide(Some(&other), None));

    // Without a usable key, without a secret, after another one, and in a frame.
    let empty = openid.with_keys(KeySet::default());
    let of_hmac = |secret: &str| {
        let client = Client::builder(CLIENT).id_token_signed_response_alg(Algorithm::Hs256);
        if secret.is_empty() { client.build_usable() } else { client.client_secret(secret).build().unwrap() }
    };
    let hmac = every_parameter(audit, "hs256");
    let unverifiable = every_parameter(audit, "ed25519");
    refusal(audit, &empty.receive(unverifiable, now()).unwrap_err());
    for client in [of_hmac(""), of_hmac("s3cr3t-of-another-32-bytes-or-more")] {
        decision(audit, openid.receive(hmac.clone(), now()).unwrap().decide(Some(&client), None));
    }
    let query = every_field(audit, "absent");
    let headers =
        [("Sec-Fetch-Dest", "iframe"), ("Sec-Fetch-Site", "s3cr3t-site"), ("Origin", "https://s3cr3t-rp.example")];
    let framed = openid.read("GET", query, headers, "").unwrap();
    request_and_its_values(audit, &framed);
    decision(audit, openid.receive(framed, now()).unwrap().decide(Some(&client), None));
    refusal(audit, &openid.read("GET", "", [("Sec-Purpose", "prefetch; s3cr3t-")], "").unwrap_err());
    for reason in [
        RefusalReason::SessionCookieMissing,
        RefusalReason::ClientIdMissing,
        RefusalReason::CannotConfirm(ConfirmReason::OtherSubject),
    ] {
        refusal(audit, &reason.into());
    }
    // These are the host's, and no request causes the second one.
    for error in [HostError::OtherClient, HostError::Mac] {
        refusal(audit, &RefusalReason::HostError(error).into());
    }
}

/// What comes back from the crate's own pages.
pub(crate) fn answers(audit: &mut Audit, endpoint: &LogoutEndpoint, client: &Client, request: &LogoutRequest) {
    let session = session().sid("s3cr3t-other-sid");
    let Decision::Answer(Answer::Resubmit(page)) =
        endpoint.receive(request.clone(), now()).unwrap().decide(Some(client), None)
    else {
        panic!("a form without a session")
    };
    let again = LogoutRequest::from_form(browser::post(page.fields(), None)).unwrap();
    let pending = endpoint.receive(again, now()).unwrap();
    audit.debug(&pending);
    decision(audit, pending.decide(Some(client), None));

    let pending = endpoint.receive(request.clone(), now()).unwrap();
    let Decision::Answer(Answer::Confirm(page)) = pending.decide(Some(client), Some(&session)) else {
        panic!("a request that proves nothing")
    };
    let proof = page.fields().last().unwrap().1.to_owned();
    for (confirm, proof, later) in [
        ("yes", proof.as_str(), 0),
        ("no", &proof, 0),
        ("s3cr3t-answer", &proof, 0),
        ("yes", &proof, 601),
        ("yes", "s3cr3t-proof", 0),
        ("yes", "1700000000.s3cr3t-", 0),
    ] {
        audit.unmarked.insert(proof.to_owned());
        let mut fields: Vec<_> = page.fields().filter(|(name, _)| *name != "confirmation").collect();
        fields.extend([("confirmation", proof), ("confirm", confirm)]);
        let answer = LogoutRequest::from_form(serde_urlencoded::to_string(fields).unwrap()).unwrap();
        let pending = endpoint.receive(answer, now() + time::Duration::seconds(later)).unwrap();
        audit.debug(&pending);
        decision(audit, pending.decide(Some(client), Some(&session)));
    }
}

/// Of what the browser sent and the token says, the record shows the client, the key, and no more.
pub(crate) fn record(audit: &mut Audit, decision: &Decision) {
    let mut record = decision.audit();
    assert_eq!(record.subject, None);
    let client = record.client_id.take();
    assert!(client.is_none_or(|id| [CLIENT, "s3cr3t-other-client"].contains(&id.as_str())));
    if let Some(hint) = &mut record.hint {
        hint.key_id = None;
        audit.debug(hint);
    }
    audit.debug(&record);
    let json = serde_json::to_string(&record).unwrap();
    audit.search("AuditRecord", "JSON", &json);
}

/// Takes an outcome apart. No arm is `_`, so that a new outcome must be added.
pub(crate) fn decision(audit: &mut Audit, decision: Decision) {
    if let Decision::Answer(Answer::Confirm(ask)) = &decision {
        let proof = ask.fields().last().unwrap().1.to_owned();
        audit.unmarked.extend(proof.split('.').skip(1).map(str::to_owned));
    }
    audit.debug(&decision);
    record(audit, &decision);
    match decision {
        Decision::EndSession(end) => {
            audit.debug(&end);
            end.hint().inspect(|hint| verified_hint(audit, hint));
            answer(audit, end.session_ended(Told::nobody()).into());
        }
        Decision::Answer(it) => answer(audit, it),
    }
}

fn answer(audit: &mut Audit, answer: Answer) {
    audit.debug(&answer);
    audit.debug(&answer.headers());
    match answer {
        Answer::Landing(to) => landing(audit, &to),
        Answer::Confirm(ask) => {
            audit.debug(&ask);
            audit.debug(&ask.headers());
            // Serialized, a page is the form, which holds what was sent. What is shown is not.
            audit.debug(&ask.page());
            assert!(serde_json::to_value(ask.page()).unwrap()["fields"].is_object());
            audit.search("Confirm", "form_action_sources", &ask.form_action_sources().collect::<String>());
            for reason in ask.reasons() {
                audit.debug(reason);
            }
        }
        Answer::Declined(stays) => {
            audit.debug(&stays);
            audit.debug(&stays.headers());
        }
        Answer::Resubmit(again) => {
            audit.debug(&again);
            audit.debug(&again.headers());
            audit.debug(&again.page());
            assert!(serde_json::to_value(again.page()).unwrap()["fields"].is_object());
        }
        Answer::Refuse(refused) => refusal(audit, &refused),
    }
}

pub(crate) fn landing(audit: &mut Audit, landing: &Landing) {
    audit.debug(landing);
    audit.debug(&landing.headers());
    match landing {
        Landing::Redirect(to) => {
            audit.debug(to);
            audit.debug(&to.headers());
        }
        Landing::FrontChannel(page) => {
            audit.debug(page);
            audit.debug(&page.headers());
        }
        Landing::SignedOutPage(page) => {
            audit.debug(page);
            audit.debug(&page.headers());
        }
    }
}
