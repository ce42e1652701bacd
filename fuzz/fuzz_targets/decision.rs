//! The whole way from the bytes of a request to the landing, under any policy, and the way back
//! from the crate's own pages.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use oidc_logout::op::{
    Answer, Confirm, ConfirmReason, ConfirmRule, Decision, ExpiredHint, HintWithoutSid, Landing, LogoutEndpoint,
    LogoutRedirect, LogoutRequest, OnBadHint, Policy, RedirectWithoutHint, RefusalReason, Session, SessionBySid,
    SessionCookie, Told, UriMatching,
};
use oidc_logout::{Algorithm, Headers, KeySet, Secret};
use oidc_logout_fuzz::{Clients, ISSUER, NOW, REGISTERED, SignWith, endpoint, leads_to_registered, now, sign};
use time::{Duration, OffsetDateTime};

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    policy: PolicyChoice,
    client_rule: Option<bool>,
    client_is_unknown: bool,
    session: Option<SessionChoice>,
    hint: Option<HintChoice>,
    post: bool,
    /// The change to the form of the confirmation page before it comes back.
    tamper: Tamper,
    /// A query or a form, to which the hint is added. After a line feed follows a forged value, and
    /// after another one the browser's headers.
    text: &'a [u8],
}

#[derive(Arbitrary, Debug)]
enum Base {
    Openid,
    LoginGov,
    LoginGovClientId,
}

#[derive(Arbitrary, Debug)]
struct PolicyChoice {
    base: Base,
    always_confirm: bool,
    refuse_without_hint: bool,
    limit_age: bool,
    ask_without_sid: bool,
    let_bad_hints_through: bool,
    normalize: bool,
    every_cookie_comes: bool,
    any_algorithm: bool,
}

#[derive(Arbitrary, Debug)]
struct SessionChoice {
    subject: Known,
    sid: Known,
    takes_part: Option<bool>,
}

#[derive(Arbitrary, Debug, PartialEq, Eq)]
enum Known {
    Same,
    Other,
    Not,
}

#[derive(Arbitrary, Debug)]
struct HintChoice {
    with_secret: bool,
    client: u8,
    fault: Fault,
}

#[derive(Arbitrary, Debug)]
enum Fault {
    None,
    Signature,
    Issuer,
    Expired,
    Future,
    WithoutSid,
    SeveralAudiences,
    AuthorizedParty,
    LogoutToken,
}

#[derive(Arbitrary, Debug)]
enum Tamper {
    Nothing,
    Decline,
    NoProof,
    ForgedProof,
    ForgedMac,
    OtherField,
    OtherSession,
    OtherKey,
    TooLate,
    FromTheFuture,
}

fuzz_target!(|input: Input<'_>| {
    if let Some(case) = Case::new(&input) {
        case.check(&input);
    }
});

/// The provider's side of a request, as the input chooses it.
struct Case {
    policy: Policy,
    always_confirm: bool,
    endpoint: LogoutEndpoint,
    clients: Clients,
    client_is_unknown: bool,
    session: Option<Session>,
    /// The bytes of the request; next, whether they are a form or a query.
    form: Vec<u8>,
    post: bool,
    forged: String,
    browser: Browser,
}

/// What the browser says of its request, what it does with the cookie, and what the host does
/// without it.
#[derive(Clone, Debug)]
struct Browser {
    site: Option<&'static str>,
    dest: Option<&'static str>,
    origin: bool,
    strict_cookie: bool,
    /// The session is found by the hint's `sid`, if at all.
    without_cookie: bool,
    by_sid_for: Option<u64>,
}

impl Browser {
    /// A choice a byte. Without any: no headers, and a cookie.
    fn new(choices: &[u8]) -> Self {
        let choice = |place: usize| usize::from(choices.get(place).copied().unwrap_or_default() % 12);
        let sites = [None, Some("same-origin"), Some("same-site"), Some("none"), Some("cross-site"), Some("other")];
        Self {
            site: sites[choice(0) % sites.len()],
            dest: [None, Some("document"), Some("iframe")][choice(1) % 3],
            origin: choice(2) % 2 == 1,
            strict_cookie: choice(3) % 2 == 1,
            without_cookie: choice(4) % 2 == 1,
            by_sid_for: [None, Some(AGE - 1), Some(AGE)][choice(5) % 3],
        }
    }

    fn headers(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let origin = self.origin.then_some("https://rp.example");
        let headers = [("sec-fetch-site", self.site), ("Sec-Fetch-Dest", self.dest), ("Origin", origin)];
        let form = [("content-type", "application/x-www-form-urlencoded")];
        headers.into_iter().filter_map(|(name, value)| Some((name, value?))).chain(form)
    }

    fn is_embedded(&self) -> bool {
        self.dest == Some("iframe")
    }

    /// Whether the browser may have withheld the cookie.
    fn may_withhold(&self, policy: &PolicyChoice, post: bool) -> bool {
        let same_site = [Some("same-origin"), Some("same-site")].contains(&self.site);
        match (policy.every_cookie_comes, self.strict_cookie) {
            (true, _) => false,
            (false, true) => !same_site,
            (false, false) => post && !same_site && self.site != Some("none"),
        }
    }
}

/// How old a hint is, in seconds.
const AGE: u64 = 10;

impl Case {
    fn new(input: &Input<'_>) -> Option<Self> {
        let mut lines = input.text.splitn(3, |&byte| byte == b'\n');
        let mut form = lines.next().unwrap_or_default().to_vec();
        let forged = String::from_utf8_lossy(lines.next().unwrap_or_default()).into_owned();
        let browser = Browser::new(lines.next().unwrap_or_default());
        let policy = input.policy.build(&browser)?;
        if let Some(hint) = &input.hint {
            form.extend_from_slice(b"&id_token_hint=");
            form.extend_from_slice(hint.token().as_bytes());
        }
        let rule = |always| if always { ConfirmRule::Always } else { ConfirmRule::WhenUnproven };
        Some(Self {
            always_confirm: input.client_rule.unwrap_or(input.policy.always_confirms()),
            endpoint: endpoint(policy.clone()),
            policy,
            clients: Clients::new(input.client_rule.map(rule)),
            client_is_unknown: input.client_is_unknown,
            session: input.session.as_ref().map(|session| session.build(1)),
            form,
            post: input.post,
            forged,
            browser,
        })
    }

    fn check(&self, input: &Input<'_>) {
        let session = self.session.as_ref();
        let decision = self.decide(session);
        assert_eq!(summary(&decision), summary(&self.decide(session)), "not deterministic");
        let browser = &self.browser;
        let nobody = matches!(decision, Decision::Answer(Answer::Landing(_)) | Decision::Answer(Answer::Resubmit(_)));
        if let Decision::Answer(Answer::Refuse(refusal)) = &decision {
            assert!([400, 413].contains(&refusal.status()));
            match refusal.reason() {
                RefusalReason::EmbeddedRequest => assert!(browser.is_embedded()),
                RefusalReason::SessionCookieMissing => {
                    assert!(session.is_none() || browser.without_cookie);
                    assert!(browser.by_sid_for.is_some() || self.is_posted_again());
                }
                _ => {}
            }
            check_headers(&refusal.headers());
        } else if !browser.without_cookie {
            assert_eq!(session.is_none(), nobody);
        } else {
            // Nobody is asked whose browser sent no cookie.
            assert!(nobody || matches!(decision, Decision::EndSession(_)), "{decision:?}");
        }
        if nobody {
            assert!(!browser.is_embedded() || browser.site == Some("same-origin"));
            let again = matches!(decision, Decision::Answer(Answer::Resubmit(_)));
            let may_withhold = browser.may_withhold(&input.policy, self.post);
            assert_eq!(again, may_withhold && !self.is_posted_again());
            // Nobody is sent in circles, nor told that nobody is signed in.
            assert!(again || !may_withhold || !["cross-site", "other"].map(Some).contains(&browser.site));
        }
        match decision {
            Decision::EndSession(end) => {
                // No bytes of the input can be a valid proof, so only a hint can have proven this.
                assert!(!self.is_answer(), "forged");
                let choice = input.session.as_ref().unwrap();
                let hint = end.hint().unwrap();
                assert!(choice.subject == Known::Same && choice.takes_part != Some(false) && !self.always_confirm);
                // Whoever knows the secret can write the hint.
                assert!(hint.algorithm().min_secret_bytes().is_none() || choice.takes_part == Some(true));
                assert_eq!(end.is_found_by_sid(), browser.without_cookie);
                assert!(!browser.without_cookie || browser.by_sid_for == Some(AGE));
                assert_eq!(hint.subject(), "somebody");
                assert!(
                    choice.sid == Known::Not || hint.sid().is_none_or(|sid| choice.sid == Known::Same && sid == "s-1")
                );
                self.check_landing(&end.session_ended(Told::nobody()));
            }
            Decision::Answer(Answer::Landing(landing)) => self.check_landing(&landing),
            Decision::Answer(Answer::Confirm(ask)) => self.answer(&ask, input),
            Decision::Answer(Answer::Declined(_)) => panic!("forged"),
            Decision::Answer(Answer::Resubmit(page)) => {
                check_headers(&page.headers());
                // A request is posted again only once. Now it must be decided.
                let fields = page.fields().collect();
                match self.receive_form(fields, &self.endpoint, now(), None) {
                    Decision::Answer(Answer::Landing(landing)) => self.check_landing(&landing),
                    Decision::Answer(Answer::Refuse(refusal)) => {
                        assert_eq!(refusal.reason(), RefusalReason::RequestTooLarge)
                    }
                    other => panic!("{other:?}"),
                }
            }
            Decision::Answer(Answer::Refuse(_)) => {}
        }
    }

    fn decide(&self, session: Option<&Session>) -> Decision {
        let headers = self.browser.headers();
        let request = if self.post {
            self.endpoint.read("POST", "", headers, &self.form)
        } else {
            self.endpoint.read("GET", &self.form, headers, "")
        };
        match request {
            Ok(request) => self.decide_request(request, &self.endpoint, now(), session),
            Err(refusal) => Decision::Answer(Answer::Refuse(refusal)),
        }
    }

    fn receive_form(
        &self,
        fields: Vec<(&str, &str)>,
        endpoint: &LogoutEndpoint,
        now: OffsetDateTime,
        session: Option<&Session>,
    ) -> Decision {
        match LogoutRequest::from_form(serde_urlencoded::to_string(fields).unwrap()) {
            Ok(request) => self.decide_request(request, endpoint, now, session),
            Err(refusal) => Decision::Answer(Answer::Refuse(refusal)),
        }
    }

    fn decide_request(
        &self,
        request: LogoutRequest,
        endpoint: &LogoutEndpoint,
        now: OffsetDateTime,
        session: Option<&Session>,
    ) -> Decision {
        match endpoint.receive(request, now) {
            Ok(pending) => {
                let client = self.clients.find(pending.client_id()).filter(|_| !self.client_is_unknown);
                let pending = pending.with_client(client);
                if !self.browser.without_cookie {
                    return pending.decide(session);
                }
                let session = session.zip(pending.sid_to_find()).map(|(session, look_up)| {
                    assert_eq!(look_up.sid(), "s-1");
                    look_up.found(session.clone())
                });
                pending.decide(session.as_ref())
            }
            Err(refusal) => Decision::Answer(Answer::Refuse(refusal)),
        }
    }

    /// Whether the request claims to come from the confirmation page.
    fn is_answer(&self) -> bool {
        self.post
            && url::form_urlencoded::parse(&self.form).any(|(name, value)| match name.as_ref() {
                "confirmation" => !value.is_empty(),
                "confirm" => ["yes", "no"].contains(&value.as_ref()),
                _ => false,
            })
    }

    fn is_posted_again(&self) -> bool {
        self.post && url::form_urlencoded::parse(&self.form).any(|(name, value)| name == "resubmitted" && value == "1")
    }

    fn check_landing(&self, landing: &Landing) {
        match landing {
            Landing::Redirect(to) => self.check_redirect(to),
            Landing::FrontChannel(page) => panic!("a page with frames, though nobody takes part: {page:?}"),
            Landing::SignedOutPage(page) => check_headers(&page.headers()),
        }
    }

    /// A redirect must lead to a registered URI of the client that was found, with only one `state`
    /// added.
    fn check_redirect(&self, to: &LogoutRedirect) {
        assert!(!self.client_is_unknown);
        let id = to.client_id().unwrap().as_str();
        let (_, registered) = REGISTERED.into_iter().find(|client| client.0 == id).unwrap();
        let state = to.request().state().map(|state| state.as_str());
        let location = to.location();
        assert!(leads_to_registered(location, registered, id == "rp-native", state), "{location}");
        assert!(to.request().client_id().is_none_or(|client_id| client_id.as_str() == id));
        assert!(to.hint().is_none_or(|hint| hint.client_id().as_str() == id));
        let policy = serde_json::to_value(&self.policy).unwrap();
        assert!(to.hint().is_some() || policy["redirect_without_hint"] == "confirm" && policy["hint"] != "required");
        if policy["uri_matching"] == "exact" && id != "rp-native" {
            let requested = to.request().post_logout_redirect_uri().unwrap().as_str();
            assert!(registered.contains(&requested));
        }
        check_headers(&to.headers());
    }

    /// Posts the page's form. Unchanged, it must end the session and lead where the request would
    /// have led. Tampered with, it must not end the session.
    fn answer(&self, ask: &Confirm, input: &Input<'_>) {
        check_headers(&ask.headers());
        assert!(!ask.reasons().is_empty());
        let bad_hint = ask.reasons().iter().any(|reason| matches!(reason, ConfirmReason::InvalidHint(_)));
        assert!(!bad_hint || !ask.returns_to_client() && ask.hint().is_none());

        let fields: Vec<_> = ask.fields().collect();
        let (last, proof) = fields.last().copied().unwrap();
        assert_eq!(last, "confirmation");
        let time = proof.split('.').next().unwrap();
        let without_proof = || fields.iter().copied().filter(|field| field.0 != "confirmation");
        let with_proof = |proof| without_proof().chain([("confirmation", proof), ("confirm", "yes")]).collect();
        let untouched = || with_proof(proof);
        let receive = |fields| self.receive_form(fields, &self.endpoint, now(), self.session.as_ref());
        let later = |seconds| {
            let now = now() + Duration::seconds(seconds);
            self.receive_form(untouched(), &self.endpoint, now, self.session.as_ref())
        };
        let forged_mac = format!("{time}.{}", self.forged);
        let (decision, expected) = match input.tamper {
            Tamper::Nothing => match receive(untouched()) {
                Decision::EndSession(end) => {
                    let landing = end.session_ended(Told::nobody());
                    self.check_landing(&landing);
                    assert_eq!(matches!(landing, Landing::Redirect(_)), ask.returns_to_client());
                    let location = location(&landing);
                    assert_eq!(location, self.location_without_session(&fields));
                    return;
                }
                decision => (decision, "request_too_large"),
            },
            Tamper::Decline => {
                let no = fields.iter().copied().chain([("confirm", "no")]).collect();
                match receive(no) {
                    Decision::Answer(Answer::Declined(_)) => return,
                    decision => (decision, "request_too_large"),
                }
            }
            Tamper::NoProof => (receive(without_proof().chain([("confirm", "yes")]).collect()), "confirmation_invalid"),
            Tamper::ForgedProof => (receive(with_proof(&self.forged)), "confirmation_invalid"),
            Tamper::ForgedMac => (receive(with_proof(&forged_mac)), "confirmation_invalid"),
            Tamper::OtherField => {
                let mut other = untouched();
                let at = self.forged.len() % other.len();
                // The proof covers all fields except the answer itself.
                if other[at].0 == "confirm" || other[at].1 == self.forged {
                    return;
                }
                other[at].1 = &self.forged;
                (receive(other), "")
            }
            Tamper::OtherSession => {
                let other = input.session.as_ref().unwrap().build(2);
                let decision = self.receive_form(untouched(), &self.endpoint, now(), Some(&other));
                (decision, "confirmation_invalid")
            }
            Tamper::OtherKey => {
                let key = Secret::new([10; 32]).unwrap();
                let other = LogoutEndpoint::new(ISSUER, KeySet::default(), key).with_policy(self.policy.clone());
                (self.receive_form(untouched(), &other, now(), self.session.as_ref()), "")
            }
            Tamper::TooLate => (later(601), "confirmation_expired"),
            Tamper::FromTheFuture => (later(-61), "confirmation_invalid"),
        };
        // In two cases the form is a different request, and another outcome is right. A form with
        // only a proof answers an offer; without a valid proof the demands of the policy apply. And
        // a hint can be valid at one time and invalid at another.
        let at_another_time = matches!(input.tamper, Tamper::TooLate | Tamper::FromTheFuture);
        let is_another_request = fields.len() == 1 || at_another_time && input.hint.is_some();
        let expected = if is_another_request { "" } else { expected };
        match decision {
            Decision::Answer(Answer::Confirm(again)) => {
                let mut codes = again.reasons().iter().map(|reason| reason.code());
                assert!(expected.is_empty() || codes.any(|code| code == expected), "{again:?}");
            }
            // A changed form may be a different request, and encoding may make it too large.
            Decision::Answer(Answer::Refuse(refusal)) => {
                let code = refusal.reason().code();
                assert!(expected.is_empty() || code == "request_too_large", "{code}");
            }
            other => panic!("{:?} gave {other:?}", input.tamper),
        }
    }

    /// The location to which the same request leads if nobody is signed in.
    fn location_without_session(&self, fields: &[(&str, &str)]) -> Option<String> {
        let [parameters @ .., _] = fields else { panic!("there is always a proof") };
        // A form without parameters answers an offer of the provider, to which the demands of the
        // policy do not apply.
        if parameters.is_empty() {
            return None;
        }
        let again = parameters.iter().copied().chain([("resubmitted", "1")]).collect();
        match self.receive_form(again, &self.endpoint, now(), None) {
            Decision::Answer(Answer::Landing(landing)) => location(&landing),
            other => panic!("{other:?}"),
        }
    }
}

impl PolicyChoice {
    fn build(&self, browser: &Browser) -> Option<Policy> {
        let base = match self.base {
            Base::Openid => Policy::openid(),
            Base::LoginGov => Policy::login_gov(),
            Base::LoginGovClientId => Policy::login_gov_client_id(),
        };
        let mut policy = base.to_builder();
        if self.always_confirm {
            policy = policy.confirm(ConfirmRule::Always);
        }
        if self.refuse_without_hint {
            policy = policy.redirect_without_hint(RedirectWithoutHint::Refuse);
        }
        if self.limit_age {
            policy = policy.expired_hint(ExpiredHint::AcceptForSeconds(1000));
        }
        if self.ask_without_sid {
            policy = policy.hint_without_sid(HintWithoutSid::Ask);
        }
        if self.let_bad_hints_through {
            policy = policy.on_bad_hint(OnBadHint::Confirm);
        }
        if self.normalize {
            policy = policy.uri_matching(UriMatching::Normalized);
        }
        if self.every_cookie_comes {
            policy = policy.session_cookie(SessionCookie::None);
        } else if browser.strict_cookie {
            policy = policy.session_cookie(SessionCookie::Strict);
        }
        if let Some(seconds) = browser.by_sid_for {
            policy = policy.session_by_sid(SessionBySid::AcceptForSeconds(seconds));
        }
        if self.any_algorithm {
            policy = policy.algorithms(vec![Algorithm::EdDsa, Algorithm::Hs256]);
        }
        policy.build().ok()
    }

    fn always_confirms(&self) -> bool {
        self.always_confirm || matches!(self.base, Base::LoginGovClientId)
    }
}

impl SessionChoice {
    fn build(&self, binding: u8) -> Session {
        let binding = [binding; 32];
        let mut session = match self.subject {
            Known::Same => Session::new(binding, "somebody"),
            Known::Other => Session::new(binding, "somebody-else"),
            Known::Not => Session::of_unknown_subject(binding),
        };
        match self.sid {
            Known::Same => session = session.sid("s-1"),
            Known::Other => session = session.sid("s-2"),
            Known::Not => {}
        }
        match self.takes_part {
            Some(takes_part) => session.takes_part(takes_part),
            None => session,
        }
    }
}

impl HintChoice {
    fn token(&self) -> String {
        let client = REGISTERED[usize::from(self.client) % REGISTERED.len()].0;
        let with = if self.with_secret { SignWith::Hs256 } else { SignWith::Ed25519 };
        let alg = if self.with_secret { "HS256" } else { "EdDSA" };
        let header = serde_json::json!({ "alg": alg });
        let mut claims = serde_json::json!({
            "iss": ISSUER, "sub": "somebody", "aud": client, "sid": "s-1", "iat": NOW - 10, "exp": NOW + 10,
        });
        match self.fault {
            Fault::None | Fault::Signature => {}
            Fault::Issuer => claims["iss"] = "https://other.example".into(),
            Fault::Expired => claims["exp"] = (NOW - 1001).into(),
            Fault::Future => claims["iat"] = (NOW + 301).into(),
            Fault::WithoutSid => claims["sid"] = serde_json::Value::Null,
            Fault::SeveralAudiences => claims["aud"] = vec!["rp-1", "rp-native"].into(),
            Fault::AuthorizedParty => {
                claims["aud"] = vec!["rp-1", client].into();
                claims["azp"] = client.into();
            }
            Fault::LogoutToken => claims["events"] = serde_json::json!({}),
        }
        let token = sign(with, header.to_string().as_bytes(), claims.to_string().as_bytes());
        match self.fault {
            Fault::Signature => token.split_at(token.rfind('.').unwrap()).0.to_owned() + ".AAAA",
            _ => token,
        }
    }
}

fn location(landing: &Landing) -> Option<String> {
    match landing {
        Landing::Redirect(to) => Some(to.location().to_owned()),
        Landing::FrontChannel(page) => Some(page.continue_to().to_owned()),
        Landing::SignedOutPage(_) => None,
    }
}

fn check_headers(headers: &Headers<'_>) {
    assert!(headers.iter().any(|(name, value)| name == "cache-control" && value == "no-store"));
    for (name, value) in headers {
        assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'));
        assert!(value.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()), "{name}: {value}");
    }
}

/// Everything that a host can see of a decision.
fn summary(decision: &Decision) -> String {
    let fields = |fields: &mut dyn Iterator<Item = (&'static str, &str)>| format!("{:?}", fields.collect::<Vec<_>>());
    let seen = match decision {
        Decision::Answer(Answer::Landing(landing)) => format!("{:?}", location(landing)),
        Decision::Answer(Answer::Confirm(ask)) => fields(&mut ask.fields()),
        Decision::Answer(Answer::Resubmit(again)) => fields(&mut again.fields()),
        _ => String::new(),
    };
    format!("{decision:?} {seen}")
}
