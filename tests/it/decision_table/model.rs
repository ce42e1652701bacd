//! The rules, written down a second time: over plain facts, in the order in which they are checked,
//! for reading and not for speed. No bytes, no cryptography, no types of the crate.

/// A request with everything that the decision depends on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Case<'a> {
    pub(super) policy: &'a Rules,
    pub(super) sent: Sent,
    pub(super) fetch: Fetch,
    pub(super) hint: Option<Hint>,
    /// The `client_id` parameter.
    pub(super) client_id: Option<&'static str>,
    /// What the registry says of whichever client it is asked for.
    pub(super) client: Option<Client>,
    pub(super) redirect: Option<Redirect>,
    pub(super) state: Option<&'static str>,
    pub(super) session: Option<Session>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Sent {
    Get,
    Post,
    PostAgain,
}

/// What the browser says of the request in its headers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Fetch {
    pub(super) site: Option<StartedAt>,
    pub(super) dest: Option<Dest>,
    /// Whether there is an `Origin`.
    pub(super) origin: bool,
}

pub(super) const NO_HEADERS: Fetch = Fetch { site: None, dest: None, origin: false };

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum StartedAt {
    SameOrigin,
    SameSite,
    /// `none`: the user typed the address.
    Nowhere,
    CrossSite,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Dest {
    Document,
    /// A frame, an image, a script's fetch.
    Other,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Hint {
    pub(super) shape: Shape,
    pub(super) algorithm: Algorithm,
    /// Whether its `kid` is that of a key; nothing to a hint under the client's secret.
    pub(super) kid_known: bool,
    pub(super) signature_good: bool,
    pub(super) issuer: Issuer,
    pub(super) not_yet_valid: bool,
    /// Seconds since `iat`.
    pub(super) age: i64,
    /// Seconds since `exp`.
    pub(super) expired_for: i64,
    pub(super) audience: &'static [&'static str],
    pub(super) azp: Option<&'static str>,
    pub(super) subject: &'static str,
    pub(super) sid: Option<&'static str>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Shape {
    IdToken,
    TooLarge,
    Encrypted,
    Malformed,
    OtherType,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Algorithm {
    None,
    Rs256,
    Es256,
    Hs256,
    Hs512,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Issuer {
    Ours,
    Former,
    Another,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Client {
    pub(super) algorithm: Option<Algorithm>,
    pub(super) secret: bool,
    /// The client's own rule: whether to ask always.
    pub(super) ask_always: Option<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Redirect {
    Registered,
    /// Other bytes than the registered ones, but equal once scheme, host and default port are
    /// normalized.
    SpeltOtherwise,
    Unregistered,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Session {
    pub(super) subject: Option<&'static str>,
    pub(super) sid: Option<&'static str>,
    pub(super) takes_part: Option<bool>,
    /// The request came without its cookie: the host finds it by its `sid`, if at all.
    pub(super) without_cookie: bool,
}

/// A policy, field by field.
#[allow(clippy::struct_excessive_bools, reason = "a table's columns")]
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    pub(super) hint: HintRule,
    pub(super) client_id_required: bool,
    pub(super) redirect_uri_required: bool,
    pub(super) state_required: bool,
    pub(super) state_min_chars: usize,
    pub(super) state_max_chars: usize,
    pub(super) ask_always: bool,
    pub(super) redirect_without_hint: bool,
    /// For how many seconds an expired hint is taken; `None` for ever.
    pub(super) accept_expired_for: Option<i64>,
    pub(super) ask_without_sid: bool,
    pub(super) let_bad_hint_through: bool,
    pub(super) normalized: bool,
    pub(super) algorithms: Option<&'static [Algorithm]>,
    pub(super) session_cookie: SessionCookie,
    /// How old a hint may be, in seconds, whose `sid` finds a session; `None` for no such look-up.
    pub(super) by_sid_for: Option<i64>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum SessionCookie {
    Lax,
    Strict,
    None,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum HintRule {
    Optional,
    Required,
    Refused,
}

pub(super) const OPENID: Rules = Rules {
    hint: HintRule::Optional,
    client_id_required: false,
    redirect_uri_required: false,
    state_required: false,
    state_min_chars: 0,
    state_max_chars: 2048,
    ask_always: false,
    redirect_without_hint: true,
    accept_expired_for: None,
    ask_without_sid: false,
    let_bad_hint_through: false,
    normalized: false,
    algorithms: None,
    session_cookie: SessionCookie::Lax,
    by_sid_for: None,
};

pub(super) const LOGIN_GOV: Rules = Rules {
    hint: HintRule::Required,
    client_id_required: false,
    redirect_uri_required: true,
    state_required: true,
    state_min_chars: 22,
    state_max_chars: 2048,
    ask_always: false,
    redirect_without_hint: false,
    accept_expired_for: None,
    ask_without_sid: false,
    let_bad_hint_through: false,
    normalized: true,
    algorithms: Some(&[Algorithm::Rs256]),
    session_cookie: SessionCookie::Lax,
    by_sid_for: None,
};

pub(super) const LOGIN_GOV_CLIENT_ID: Rules = Rules {
    hint: HintRule::Refused,
    client_id_required: true,
    redirect_uri_required: true,
    state_required: false,
    state_min_chars: 22,
    state_max_chars: 2048,
    ask_always: true,
    redirect_without_hint: true,
    accept_expired_for: None,
    ask_without_sid: false,
    let_bad_hint_through: false,
    normalized: true,
    algorithms: Some(&[Algorithm::Rs256]),
    session_cookie: SessionCookie::Lax,
    by_sid_for: None,
};

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Outcome {
    EndSession {
        redirect: Option<String>,
    },
    NoSession {
        redirect: Option<String>,
    },
    Confirm {
        reasons: Vec<&'static str>,
        /// What is wrong with a hint that the policy let through.
        detail: Option<&'static str>,
        /// After a yes.
        redirect: Option<String>,
    },
    Resubmit {
        /// When nobody is signed in all the same.
        redirect: Option<String>,
    },
    Refuse(Refusal),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Refusal {
    pub(super) reason: &'static str,
    pub(super) detail: Option<&'static str>,
}

/// Between the two calls.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Received {
    /// The client that the host is to look up.
    pub(super) asked_for: Option<&'static str>,
    proof: Proof,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Proof {
    None,
    Invalid(&'static str),
    Hint(Hint),
}

pub(super) const REGISTERED_URI: &str = "https://rp.example/out?lang=en";

/// Both calls: the client that is asked for between them, and the decision.
pub(super) fn run(case: &Case) -> Result<(Option<&'static str>, Outcome), Refusal> {
    let received = receive(case)?;
    Ok((received.asked_for, decide(&received, case)))
}

/// The first call.
pub(super) fn receive(case: &Case) -> Result<Received, Refusal> {
    let policy = case.policy;

    // 9. What the provider offers on its own holds no parameters, and once its answer is posted
    //    again
    // only the mark is left.
    let parameters = (case.hint, case.client_id, case.redirect, case.state);
    if case.sent == Sent::PostAgain && parameters == (None, None, None, None) {
        return Ok(Received { asked_for: None, proof: Proof::None });
    }

    // 2. The state.
    match case.state.map(|state| (state.chars().count(), percent_encoded(state).len())) {
        Some((chars, encoded)) if chars > policy.state_max_chars || encoded > 6 * 1024 => {
            return Err(refusal("state_too_long"));
        }
        Some((chars, _)) if chars < policy.state_min_chars => return Err(refusal("state_too_short")),
        None if policy.state_required => return Err(refusal("state_missing")),
        _ => {}
    }

    // 3. What the policy requires.
    if policy.redirect_uri_required && case.redirect.is_none() {
        return Err(refusal("redirect_uri_missing"));
    }
    if policy.hint == HintRule::Refused && case.hint.is_some() {
        return Err(refusal("id_token_hint_refused"));
    }
    if policy.hint == HintRule::Required && case.hint.is_none() {
        return Err(refusal("id_token_hint_missing"));
    }
    if policy.client_id_required && case.client_id.is_none() {
        return Err(refusal("client_missing"));
    }

    // 4 and 5. The hint, as far as it can be judged without the client.
    let without_hint = |proof| Received { asked_for: case.client_id, proof };
    let Some(hint) = case.hint else {
        return Ok(without_hint(Proof::None));
    };
    match judge_before_lookup(&hint, case) {
        Ok(client) => Ok(Received { asked_for: Some(client), proof: Proof::Hint(hint) }),
        Err(HintFault::ClientMismatch) => Err(refusal("client_mismatch")),
        Err(HintFault::Invalid(detail)) if policy.let_bad_hint_through => Ok(without_hint(Proof::Invalid(detail))),
        Err(HintFault::Invalid(detail)) => Err(invalid_hint(detail)),
    }
}

/// The second call, with the client that the registry has under the name that was asked for.
pub(super) fn decide(received: &Received, case: &Case) -> Outcome {
    let policy = case.policy;
    let Received { asked_for: mut named, mut proof } = *received;

    // 4. The rest of the hint. One that is let through names no client.
    if let Proof::Hint(hint) = proof
        && let Err(detail) = judge_after_lookup(&hint, case)
    {
        if !policy.let_bad_hint_through {
            return Outcome::Refuse(invalid_hint(detail));
        }
        proof = Proof::Invalid(detail);
        named = case.client_id;
    }
    let client = named.and(case.client);

    // 6. The redirect.
    let redirect = match (case.redirect, proof) {
        (None, _) | (_, Proof::Invalid(_)) => None,
        (Some(uri), _) => {
            let registered = uri == Redirect::Registered || (uri == Redirect::SpeltOtherwise && policy.normalized);
            if named.is_none() {
                return Outcome::Refuse(refusal("client_missing"));
            } else if client.is_none() {
                return Outcome::Refuse(refusal("client_unknown"));
            } else if !registered {
                return Outcome::Refuse(refusal("redirect_uri_not_registered"));
            } else if proof == Proof::None && !policy.redirect_without_hint {
                return Outcome::Refuse(refusal("id_token_hint_missing"));
            }
            Some(match case.state {
                Some(state) => format!("{REGISTERED_URI}&state={}", percent_encoded(state)),
                None => REGISTERED_URI.to_owned(),
            })
        }
    };

    // 7. The session.
    let outcome_without_session = without_session(case, redirect.clone());
    let session = match case.session {
        // The host may look it up by the hint's `sid`, where that is offered, or not at all.
        Some(session) if session.without_cookie => {
            let Proof::Hint(hint) = proof else {
                return outcome_without_session;
            };
            if hint.sid.is_none() || hint.sid != session.sid || !offers_look_up(case, &outcome_without_session) {
                return outcome_without_session;
            }
            session
        }
        Some(session) => session,
        None => return outcome_without_session,
    };
    let mut reasons = Vec::new();
    let mut detail = None;
    match proof {
        Proof::None => reasons.push("no_hint"),
        Proof::Invalid(fault) => {
            reasons.push("invalid_hint");
            detail = Some(fault);
        }
        Proof::Hint(hint) => {
            match session.subject {
                None => reasons.push("subject_unknown"),
                Some(subject) if subject != hint.subject => reasons.push("other_subject"),
                Some(_) => {}
            }
            if hint.sid.is_some() && session.sid.is_some() && hint.sid != session.sid {
                reasons.push("other_session");
            }
            if session.takes_part == Some(false) || is_hmac(hint.algorithm) && session.takes_part.is_none() {
                reasons.push("no_client_session");
            }
            if hint.sid.is_none() && policy.ask_without_sid {
                reasons.push("hint_without_sid");
            }
        }
    }
    if named.is_some() && client.is_none() {
        reasons.push("unknown_client");
    }
    let ask_always = client.and_then(|client| client.ask_always).unwrap_or(policy.ask_always);
    if reasons.is_empty() && ask_always {
        reasons.push("policy");
    }
    if session.without_cookie {
        let too_old = matches!(proof, Proof::Hint(hint) if policy.by_sid_for.is_none_or(|most| hint.age > most));
        let detail = reasons.first().copied().or(too_old.then_some("hint_too_old"));
        if detail.is_some() {
            return Outcome::Refuse(Refusal { reason: "session_cookie_missing", detail });
        }
    }
    if reasons.is_empty() {
        return Outcome::EndSession { redirect };
    }
    if case.fetch.dest == Some(Dest::Other) {
        return Outcome::Refuse(refusal("embedded_request"));
    }
    reasons.sort_unstable();
    Outcome::Confirm { reasons, detail, redirect }
}

/// What becomes of a request that came without the cookie of a session.
fn without_session(case: &Case, redirect: Option<String>) -> Outcome {
    let site = case.fetch.site;
    if case.fetch.dest == Some(Dest::Other) && site != Some(StartedAt::SameOrigin) {
        return Outcome::Refuse(refusal("embedded_request"));
    }
    let may_be_withheld = match case.policy.session_cookie {
        SessionCookie::Lax => {
            case.sent != Sent::Get
                && !matches!(site, Some(StartedAt::SameOrigin | StartedAt::SameSite | StartedAt::Nowhere))
        }
        SessionCookie::Strict => !matches!(site, Some(StartedAt::SameOrigin | StartedAt::SameSite)),
        SessionCookie::None => false,
    };
    if !may_be_withheld {
        Outcome::NoSession { redirect }
    } else if case.sent != Sent::PostAgain {
        Outcome::Resubmit { redirect }
    } else if site == Some(StartedAt::CrossSite) {
        Outcome::Refuse(refusal("session_cookie_missing"))
    } else {
        Outcome::NoSession { redirect }
    }
}

/// Whether the host may look a session up by the `sid` of a verified hint.
fn offers_look_up(case: &Case, without_session: &Outcome) -> bool {
    // Only browsers send `Sec-Fetch-Dest`.
    let no_browser = case.sent != Sent::Get && case.fetch == NO_HEADERS;
    case.policy.by_sid_for.is_some() && (matches!(without_session, Outcome::NoSession { .. }) || no_browser)
}

enum HintFault {
    Invalid(&'static str),
    ClientMismatch,
}

/// Gives the client that the hint was issued to.
fn judge_before_lookup(hint: &Hint, case: &Case) -> Result<&'static str, HintFault> {
    match hint.shape {
        Shape::TooLarge => return Err(HintFault::Invalid("too_large")),
        Shape::Encrypted => return Err(HintFault::Invalid("encrypted")),
        Shape::Malformed => return Err(HintFault::Invalid("malformed")),
        Shape::OtherType => return Err(HintFault::Invalid("type")),
        Shape::IdToken => {}
    }
    let listed = case.policy.algorithms.is_none_or(|list| list.contains(&hint.algorithm));
    if hint.algorithm == Algorithm::None || !listed {
        return Err(HintFault::Invalid("algorithm"));
    }
    // The secret is the client's, so for HMAC everything about keys waits for it.
    if !is_hmac(hint.algorithm) {
        if !hint.kid_known {
            return Err(HintFault::Invalid("key"));
        }
        judge_signed(hint, case).map_err(HintFault::Invalid)?;
    }

    let client = match (hint.azp, hint.audience) {
        (Some(azp), audience) if audience.contains(&azp) || case.client_id == Some(azp) => azp,
        (Some(_), _) => return Err(HintFault::Invalid("audience")),
        (None, [only]) => only,
        (None, audience) => match case.client_id {
            Some(id) if audience.contains(&id) => id,
            Some(_) => return Err(HintFault::ClientMismatch),
            None => return Err(HintFault::Invalid("audience")),
        },
    };
    match case.client_id {
        Some(id) if id != client => Err(HintFault::ClientMismatch),
        _ => Ok(client),
    }
}

fn judge_after_lookup(hint: &Hint, case: &Case) -> Result<(), &'static str> {
    if !is_hmac(hint.algorithm) {
        let pinned = case.client.and_then(|client| client.algorithm);
        return if pinned.is_none_or(|pinned| pinned == hint.algorithm) { Ok(()) } else { Err("algorithm") };
    }
    match case.client {
        None => Err("key"),
        Some(client) if client.algorithm != Some(hint.algorithm) => Err("algorithm"),
        Some(client) if !client.secret => Err("key"),
        Some(_) => judge_signed(hint, case),
    }
}

/// The signature, and what it vouches for.
fn judge_signed(hint: &Hint, case: &Case) -> Result<(), &'static str> {
    if !hint.signature_good {
        Err("signature")
    } else if hint.issuer == Issuer::Another {
        Err("issuer")
    } else if hint.not_yet_valid {
        Err("not_yet_valid")
    } else if case.policy.accept_expired_for.is_some_and(|seconds| hint.expired_for > seconds) {
        Err("expired")
    } else {
        Ok(())
    }
}

fn is_hmac(algorithm: Algorithm) -> bool {
    matches!(algorithm, Algorithm::Hs256 | Algorithm::Hs512)
}

fn refusal(reason: &'static str) -> Refusal {
    Refusal { reason, detail: None }
}

fn invalid_hint(detail: &'static str) -> Refusal {
    Refusal { reason: "id_token_hint_invalid", detail: Some(detail) }
}

/// All but the unreserved characters of RFC 3986.
fn percent_encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect()
}
