//! Every page in every state, with the same text for every value.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::time::Duration;

use askama::Template as _;
use idp::pages::{
    AccountPage, ClientAccountPage, ClientErrorPage, ClientFrame, ClientHomePage, ClientLink, ClientName, ConfirmPage,
    DeclinedPage, Ended, ErrorPage, Fields, Form, FrontChannelPage, Language, PageError, RefusalPage, ResubmitPage,
    Returned, SignInError, SignInPage, SignOut, SignOutRequest, SignOutVariant, SignedOutPage, ToldClients,
    TooManyAttemptsPage,
};
use oidc_logout::op::{
    self, Answer, Client, Confirm, ConfirmReason, Decision, EndedSession, HintError, HostError, Landing,
    LogoutEndpoint, LogoutRequest, Participant, Refusal, RefusalReason, RegistrationRules, Resubmit, Session,
};
use oidc_logout::{FormFault, KeySet, MalformedToken, Secret};
use time::OffsetDateTime;
use time::macros::datetime;

/// A rendered page.
pub(crate) struct Sample {
    /// The name of the page and its state.
    pub(crate) name: String,
    /// The page itself.
    pub(crate) html: String,
}

/// The time of all events.
const NOW: OffsetDateTime = datetime!(2026-03-29 23:59:59.999 +02:00);

/// All pages in a language.
pub(crate) fn samples(language: Language, text: &str) -> Vec<Sample> {
    let mut samples = Vec::new();
    let mut add = |name: &str, html: askama::Result<String>| {
        samples.push(Sample { name: name.to_owned(), html: html.unwrap() });
    };
    let fields: Fields<'_> = &[("csrf_token", text), ("request", text)];
    let (action, href) = ("/logout", "/?a=1&b=2");

    let sign_in = SignInPage { language, fields, client: Some(text), leads_to: text, username: "", error: None };
    add("sign-in", sign_in.render());
    add("sign-in-alone", SignInPage { client: None, username: text, ..sign_in }.render());
    for (name, error) in [
        ("credentials", SignInError::Credentials),
        ("username-missing", SignInError::Missing { username: true, password: false }),
        ("password-missing", SignInError::Missing { username: false, password: true }),
        ("both-missing", SignInError::Missing { username: true, password: true }),
        ("expired", SignInError::Expired),
    ] {
        let page = SignInPage { username: text, error: Some(error), ..sign_in };
        add(&format!("sign-in-{name}"), page.render());
    }

    let ask = question(text, false);
    let confirm = ConfirmPage { language, ask: &ask, user: text, client: Some(text) };
    add("confirm", confirm.render());
    add("confirm-client-unknown", ConfirmPage { client: None, ..confirm }.render());
    add("confirm-again", ConfirmPage { ask: &question(text, true), ..confirm }.render());
    add("resubmit", ResubmitPage { language, again: &resubmit(text) }.render());

    for (name, html) in signed_out(language, text) {
        add(&name, html);
    }
    let declined = DeclinedPage { language, user: text, client: Some(text) };
    add("declined", declined.render());
    add("declined-alone", DeclinedPage { client: None, ..declined }.render());

    for (name, reason) in refusals() {
        let refusal = Refusal::from(reason);
        let page = RefusalPage { language, refusal: &refusal, offer: None, user: None, client: None };
        add(&format!("refusal-{name}"), page.render());
        let offer = offer();
        let page = RefusalPage { offer: Some(&offer), user: Some(text), client: Some(text), ..page };
        add(&format!("refusal-{name}-offer"), page.render());
        add(&format!("refusal-{name}-offer-unnamed"), RefusalPage { user: None, ..page }.render());
    }
    for error in PageError::ALL {
        add(&format!("error-{}", error.code()), ErrorPage { language, error }.render());
    }
    for seconds in [0, 1, 60, 61, 3600] {
        let page = TooManyAttemptsPage { language, retry_after: Duration::from_secs(seconds) };
        add(&format!("too-many-attempts-{seconds}"), page.render());
    }
    let links = [(Some(href), true), (Some(href), false), (None, true)];
    let links = links.map(|(href, takes_part)| ClientLink { name: text, href, takes_part });
    let account = AccountPage {
        language,
        offer: &offer(),
        name: text,
        username: text,
        signed_in_at: NOW,
        clients: &links,
        everywhere: fields,
    };
    add("account", account.render());
    add("account-alone", AccountPage { clients: &[], ..account }.render());

    let home = ClientHomePage { language, client: text, signed_out: None };
    add("client-home", home.render());
    for (name, state, matches) in
        [("matches", Some(text), true), ("differs", Some(text), false), ("missing", None, false)]
    {
        let signed_out = Some(Returned { state, matches });
        add(&format!("client-home-state-{name}"), ClientHomePage { signed_out, ..home }.render());
    }
    let claims = [("iss", "https://op.example"), ("sub", text), ("sid", "08a5019c-17e1-4977-8f42-65a12843ea02")];
    let form = Form { action, fields };
    let sign_outs = SignOutVariant::ALL.map(|variant| SignOut {
        variant,
        request: match variant {
            SignOutVariant::HintPost => SignOutRequest::Form(form),
            _ => SignOutRequest::Link { href },
        },
    });
    let account = ClientAccountPage { language, client: text, claims: &claims, sign_outs: &sign_outs };
    add("client-account", account.render());
    let error = ClientErrorPage { language, client: text, error: text, description: None };
    add("client-error", error.render());
    add("client-error-described", ClientErrorPage { description: Some(text), ..error }.render());
    samples
}

/// The pages after a sign-out, and what came of them.
fn signed_out(language: Language, text: &str) -> Vec<(String, askama::Result<String>)> {
    let mut pages = Vec::new();
    let mut add = |name: &str, html| pages.push((name.to_owned(), html));
    let href = "/?a=1&b=2";
    let names = [ClientName { name: text, href: Some(href) }, ClientName { name: "Demo mail", href: None }];
    let frames = names.map(|client| ClientFrame { client, src: "https://rp.example/logout?iss=a&sid=b" });
    let clients = ToldClients::default();
    let signed_out = SignedOutPage { language, ended: Ended::InThisBrowser, clients, other_sessions: 0 };
    add("signed-out", signed_out.render());
    add("signed-out-nobody", SignedOutPage { ended: Ended::Nothing, ..signed_out }.render());
    add("signed-out-elsewhere", SignedOutPage { ended: Ended::Elsewhere, ..signed_out }.render());
    add("signed-out-everywhere", SignedOutPage { ended: Ended::Everywhere, ..signed_out }.render());
    for (name, clients) in [
        ("told", ToldClients { told: &names, ..clients }),
        ("frames", ToldClients { frames: &frames, ..clients }),
        ("pending", ToldClients { pending: &names, ..clients }),
        ("not-told", ToldClients { not_told: &names, ..clients }),
    ] {
        add(&format!("signed-out-{name}"), SignedOutPage { clients, ..signed_out }.render());
    }
    add("signed-out-session", SignedOutPage { other_sessions: 1, ..signed_out }.render());
    let clients = ToldClients { told: &names, frames: &frames, pending: &names, not_told: &names };
    let all = SignedOutPage { clients, other_sessions: 12_345, ..signed_out };
    add("signed-out-not-ended", all.render());
    let page = front_channel(text);
    let front_channel = FrontChannelPage { language, page: &page, frames: &frames, client: Some(text) };
    add("front-channel", front_channel.render());
    add("front-channel-alone", FrontChannelPage { client: None, ..front_channel }.render());
    pages
}

/// Every refusal under a name of its own. Several reasons can share a code and a detail.
pub(crate) fn refusals() -> Vec<(String, RefusalReason)> {
    let mut named: Vec<(String, RefusalReason)> = Vec::new();
    for reason in refusal_reasons() {
        let name = [reason.code(), reason.detail().unwrap_or_default()].join("-");
        let same = named.iter().filter(|(other, _)| other.split('+').next() == Some(&*name)).count();
        named.push((if same == 0 { name } else { format!("{name}+{same}") }, reason));
    }
    named
}

/// One of every reason.
pub(crate) fn refusal_reasons() -> Vec<RefusalReason> {
    let mut reasons = vec![
        RefusalReason::RequestTooLarge,
        RefusalReason::MalformedRequest { parameter: "state", fault: FormFault::Percent },
        RefusalReason::DuplicateParameter { parameter: "client_id" },
        RefusalReason::HeadRequest,
        RefusalReason::MethodNotAllowed,
        RefusalReason::UnsupportedMediaType,
        RefusalReason::StateTooLong { max_chars: 2048 },
        RefusalReason::StateTooShort { min_chars: 22 },
        RefusalReason::StateMissing { min_chars: 22 },
        RefusalReason::RedirectUriMissing,
        RefusalReason::IdTokenHintRefused,
        RefusalReason::IdTokenHintMissing,
        RefusalReason::ClientIdMissing,
        RefusalReason::ClientMissing,
        RefusalReason::ClientMismatch,
        RefusalReason::ClientUnknown,
        RefusalReason::RedirectUriNotRegistered,
        RefusalReason::Prefetch,
        RefusalReason::EmbeddedRequest,
        RefusalReason::SessionCookieMissing,
        RefusalReason::HintTooOld,
        RefusalReason::CannotConfirm(ConfirmReason::OtherSubject),
        RefusalReason::HostError(HostError::OtherClient),
        RefusalReason::HostError(HostError::Mac),
    ];
    reasons.extend(hint_errors().map(RefusalReason::IdTokenHintInvalid));
    reasons
}

/// One of every error, so several of a code.
pub(crate) fn hint_errors() -> [HintError; 17] {
    [
        HintError::TooLarge,
        HintError::Encrypted,
        HintError::Malformed(MalformedToken::Segments),
        HintError::Type,
        HintError::Algorithm,
        HintError::ClientAlgorithm,
        HintError::Key,
        HintError::NoKeys,
        HintError::ClientSecret,
        HintError::Signature,
        HintError::ClientSignature,
        HintError::Issuer,
        HintError::NotYetValid("iat"),
        HintError::NotYetValid("nbf"),
        HintError::Expired,
        HintError::Audience,
        HintError::Rejected,
    ]
}

/// The types of the library's `src/op` that have codes, each with its codes. A code stands on one
/// arm of a match.
pub(crate) fn codes_of_the_library() -> BTreeMap<String, BTreeSet<String>> {
    let mut found = BTreeMap::new();
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../src/op");
    for file in fs::read_dir(directory).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        let source = fs::read_to_string(path).unwrap();
        for block in source.split("\nimpl ").skip(1) {
            let Some((_, body)) = block.split_once("pub fn code(") else { continue };
            let body = body.split_once("\n    }\n").unwrap().0;
            let codes = body.lines().filter_map(|line| line.trim().split_once("=> \"")?.1.strip_suffix("\","));
            found.insert(block.split(' ').next().unwrap().to_owned(), codes.map(str::to_owned).collect());
        }
    }
    found
}

/// The codes of a type.
pub(crate) fn codes(of: &str) -> BTreeSet<String> {
    codes_of_the_library().remove(of).unwrap_or_else(|| panic!("{of} has no codes"))
}

fn endpoint() -> LogoutEndpoint {
    LogoutEndpoint::new("https://op.example", KeySet::default(), Secret::new([7; 32]).unwrap())
}

fn session() -> Session {
    Session::of_unknown_subject([1; 32])
}

fn request(state: &str) -> Vec<(&'static str, &str)> {
    vec![("client_id", "rp-1"), ("post_logout_redirect_uri", "https://rp.example/bye"), ("state", state)]
}

fn decide(request: LogoutRequest, session: Option<&Session>) -> Decision {
    let client = Client::builder("rp-1").post_logout_redirect_uri("https://rp.example/bye").build().unwrap();
    endpoint().receive(request, NOW).unwrap().decide(Some(&client), session)
}

/// The question about a request with this `state`; with `again`, after an answer whose proof is not
/// valid.
fn question(state: &str, again: bool) -> Confirm {
    let mut form = request(state);
    if again {
        form.extend([("confirmation", "stale"), ("confirm", "yes")]);
    }
    let request = LogoutRequest::from_form(serde_urlencoded::to_string(form).unwrap()).unwrap();
    match decide(request, Some(&session())) {
        Decision::Answer(Answer::Confirm(ask)) => ask,
        other => panic!("expected a question, not {other:?}"),
    }
}

fn resubmit(state: &str) -> Resubmit {
    let request = LogoutRequest::from_form(serde_urlencoded::to_string(request(state)).unwrap()).unwrap();
    match decide(request, None) {
        Decision::Answer(Answer::Resubmit(again)) => again,
        other => panic!("expected a form to post again, not {other:?}"),
    }
}

/// The page with frames that leads back with this `state`.
fn front_channel(state: &str) -> op::FrontChannelPage {
    let rules = RegistrationRules::default().redirect_uris(["https://rp.example/callback"]);
    let client = Client::builder("rp-1")
        .registration_rules(rules)
        .post_logout_redirect_uri("https://rp.example/bye")
        .frontchannel_logout_uri("https://rp.example/logout")
        .build()
        .unwrap();
    let session = Session::new([1; 32], "sub").sid("sid");
    let form = |more: &[(&'static str, &str)]| {
        let form = request(state).into_iter().chain(more.iter().copied()).collect::<Vec<_>>();
        LogoutRequest::from_form(serde_urlencoded::to_string(form).unwrap()).unwrap()
    };
    let decide = |request| endpoint().receive(request, NOW).unwrap().decide(Some(&client), Some(&session));
    let Decision::Answer(Answer::Confirm(ask)) = decide(form(&[])) else { panic!("expected a question") };
    let proof = ask.fields().find(|(name, _)| *name == "confirmation").unwrap().1.to_owned();
    let Decision::EndSession(end) = decide(form(&[("confirmation", &proof), ("confirm", "yes")])) else {
        panic!("expected the end of the session")
    };
    let notices = end.notices(&EndedSession::new("session", NOW), [Participant::new(&client, "sid")]);
    match end.session_ended(notices.told([] as [&str; 0])) {
        Landing::FrontChannel(page) => page,
        other => panic!("expected a page with frames, not {other:?}"),
    }
}

fn offer() -> Confirm {
    endpoint().offer(&session(), NOW).unwrap()
}
