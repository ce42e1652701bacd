//! What a host configures: clients, metadata, keys, policies, sessions.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use oidc_logout::op::{
    Client, ConfirmRule, ExpiredHint, HintRule, HintWithoutSid, OnBadHint, Policy, Presence, RedirectWithoutHint,
    RegisteredRedirect, RegistrationError, RegistrationRules, SessionBySid, SessionCookie, StateRule, UriMatching,
};
use oidc_logout::{
    Algorithm, ClientMetadata, ClientType, EndSessionEndpoint, KeySet, ProviderMetadata, Secret, form_action_source,
};
use serde_json::{Value, json};

use super::audit::Audit;
use super::input::{client, hostile_uris, jwks, session};
use super::{CLIENT, CLIENT_SECRET, NUMBERS, REGISTERED, SECRET};

pub(crate) fn registrations(audit: &mut Audit) {
    let rules = RegistrationRules::default().allow_scheme("c0nf1g-scheme");
    audit.debug(&rules);
    audit.debug(&RegisteredRedirect::register(REGISTERED, &rules).unwrap());
    for hostile in hostile_uris() {
        audit.error(&RegisteredRedirect::register(&hostile, &rules).unwrap_err());
        audit.error(&client().post_logout_redirect_uri(&hostile).build().unwrap_err());
        audit.error(&client().form_action_scheme(hostile.as_str()).build().unwrap_err());
        if let Err(error) = form_action_source(&hostile) {
            audit.error(&error);
        }
    }
    let few = rules.max_post_logout_redirect_uris(0);
    audit.error(&client().registration_rules(few.clone()).build().unwrap_err());
    let metadata = ClientMetadata::from_json(json!({"post_logout_redirect_uris": [REGISTERED]}).to_string()).unwrap();
    registration_error(audit, metadata.register(CLIENT, None, &few, &[Algorithm::Rs256]).unwrap_err());
    let public = client().client_type(ClientType::Public).id_token_signed_response_alg(Algorithm::Hs256);
    audit.error(&public.build().unwrap_err());
}

pub(crate) fn provider_metadata(audit: &mut Audit) {
    let endpoint = EndSessionEndpoint::new("https://op.example/c0nf1g-logout").unwrap();
    audit.debug(&endpoint);
    audit.debug(&ProviderMetadata::new(endpoint));
    let number: u64 = NUMBERS[0].parse().unwrap();
    let mut documents = vec![json!("s3cr3t-text"), json!(number), json!({"end_session_endpoint": number})];
    for hostile in hostile_uris().into_iter().chain(["https://op.example/?state=s3cr3t-state".to_owned()]) {
        audit.error(&EndSessionEndpoint::new(&hostile).unwrap_err());
        documents.push(json!({"end_session_endpoint": hostile}));
    }
    for document in documents {
        let error = serde_json::from_value::<ProviderMetadata>(document).unwrap_err();
        audit.search("ProviderMetadata", "reading", &error.to_string());
    }
}

pub(crate) fn client_metadata(audit: &mut Audit) {
    let bodies = [
        "s3cr3t-no-json".to_owned(),
        json!("s3cr3t-text").to_string(),
        NUMBERS[0].to_owned(),
        json!({"application_type": NUMBERS[0].parse::<u64>().unwrap()}).to_string(),
        r#"{"application_type": "web", "application_type": "s3cr3t-type"}"#.to_owned(),
        json!({"application_type": ["s3cr3t-type"]}).to_string(),
        json!({"application_type": "s3cr3t-type"}).to_string(),
        json!({"id_token_signed_response_alg": "s3cr3t-algorithm"}).to_string(),
        json!({"post_logout_redirect_uris": [{"s3cr3t-name": "s3cr3t-value"}]}).to_string(),
        json!({"post_logout_redirect_uris": vec![SECRET; 101]}).to_string(),
    ];
    for body in bodies {
        let error = ClientMetadata::from_json(&body).unwrap_err();
        audit.error(&error);
        registration_error(audit, error.into());
        let error = serde_json::from_str::<ClientMetadata>(&body).unwrap_err();
        audit.search("ClientMetadata", "reading", &error.to_string());
    }

    let rules = RegistrationRules::default();
    let algorithms = [Algorithm::Rs256, Algorithm::Hs512];
    let secret = Some(CLIENT_SECRET.as_bytes());
    let of = |name: &str, value: Value| ClientMetadata::from_json(json!({name: value}).to_string()).unwrap();
    for hostile in hostile_uris() {
        let metadata = of("post_logout_redirect_uris", json!([hostile]));
        audit.debug(&metadata);
        registration_error(audit, metadata.register(CLIENT, secret, &rules, &algorithms).unwrap_err());
    }
    for (algorithm, secret) in [("ES256", secret), ("HS512", secret), ("HS512", None)] {
        let metadata = of("id_token_signed_response_alg", algorithm.into());
        audit.debug(&metadata);
        registration_error(audit, metadata.register(CLIENT, secret, &rules, &algorithms).unwrap_err());
    }
    let metadata = of("post_logout_redirect_uris", json!([REGISTERED]));
    audit.debug(&metadata);
    audit.debug(&metadata.register(CLIENT, secret, &rules, &algorithms).unwrap());
}

pub(crate) fn registration_error(audit: &mut Audit, error: RegistrationError) {
    audit.error(&error);
    audit.debug(&error.headers());
    audit.search("RegistrationError", "JSON", &serde_json::to_string(&error).unwrap());
}

pub(crate) fn clients(audit: &mut Audit) {
    let builder = client()
        .id_token_signed_response_alg(Algorithm::Hs256)
        .previous_client_secret(CLIENT_SECRET)
        .form_action_scheme("com.c0nf1g-onwards.example")
        .confirm(ConfirmRule::Always);
    audit.debug(&builder);
    let client = builder.build().unwrap();
    audit.debug(&client);
    audit.debug(client.id());
    for redirect in client.post_logout_redirect_uris() {
        audit.debug(redirect);
    }
    let short = Client::builder(CLIENT).client_secret("s3cr3t-short").id_token_signed_response_alg(Algorithm::Hs512);
    audit.debug(&short);
    audit.error(&short.build().unwrap_err());
}

pub(crate) fn keys(audit: &mut Audit) {
    let keys = KeySet::from_jwks(jwks().to_string()).unwrap();
    audit.debug(&keys);
    audit.debug(&keys.clone().with(keys.clone()));
    for unusable in keys.unusable() {
        audit.debug(unusable);
        audit.error(&unusable.error());
    }
    for hostile in [
        "s3cr3t-no-json".to_owned(),
        json!({"keys": "s3cr3t-no-list"}).to_string(),
        json!({"s3cr3t-name": ["s3cr3t-value"]}).to_string(),
        json!(["c0nf1g-list"]).to_string(),
    ] {
        audit.error(&KeySet::from_jwks(hostile).unwrap_err());
    }
    let block = |label: &str, base64: &str| format!("-----BEGIN {label}-----\n{base64}\n-----END {label}-----");
    for hostile in [
        "s3cr3t-no-pem".to_owned(),
        block("CERTIFICATE", "s3cr3t-"),
        block("s3cr3t- PRIVATE KEY", "s3cr3t-"),
        block("s3cr3t-label", "s3cr3t-"),
        block("PUBLIC KEY", "s3cr3t="),
        // Ed448.
        block("PUBLIC KEY", &STANDARD.encode([0x30, 10, 0x30, 5, 6, 3, 0x2b, 0x65, 0x71, 3, 1, 0])),
        block("PUBLIC KEY", "MAA="),
    ] {
        audit.error(&KeySet::from_pem(hostile, Some("s3cr3t-kid")).unwrap_err());
    }
    audit.debug(&Secret::new("s3cr3t-key-of-no-less-than-32-bytes").unwrap());
    audit.error(&Secret::new("s3cr3t-short").unwrap_err());
}

pub(crate) fn policies(audit: &mut Audit) {
    let policy = Policy::openid();
    let rule = StateRule { required: true, min_chars: 2, max_chars: 1 };
    audit.debug(&rule);
    audit.debug(&policy);
    let builder = policy.to_builder();
    audit.debug(&builder);
    audit.error(&builder.state(rule).build().unwrap_err());
    let let_through = policy.to_builder().hint(HintRule::Required).on_bad_hint(OnBadHint::Confirm);
    audit.error(&let_through.build().unwrap_err());
    let nothing = Policy::login_gov().to_builder().algorithms(Vec::new());
    audit.error(&nothing.build().unwrap_err());
    let never = Policy::login_gov_client_id().to_builder().redirect_without_hint(RedirectWithoutHint::Refuse);
    audit.error(&never.build().unwrap_err());

    for rule in [HintRule::Optional, HintRule::Required, HintRule::Refused] {
        audit.debug(&rule);
    }
    for presence in [Presence::Optional, Presence::Required] {
        audit.debug(&presence);
    }
    for rule in [ConfirmRule::WhenUnproven, ConfirmRule::Always] {
        audit.debug(&rule);
    }
    for rule in [RedirectWithoutHint::Refuse, RedirectWithoutHint::Confirm] {
        audit.debug(&rule);
    }
    for rule in [ExpiredHint::Accept, ExpiredHint::AcceptForSeconds(1)] {
        audit.debug(&rule);
    }
    for rule in [HintWithoutSid::Accept, HintWithoutSid::Ask] {
        audit.debug(&rule);
    }
    for rule in [OnBadHint::Refuse, OnBadHint::Confirm] {
        audit.debug(&rule);
    }
    for matching in [UriMatching::Exact, UriMatching::Normalized] {
        audit.debug(&matching);
    }
    for rule in [SessionCookie::Lax, SessionCookie::Strict, SessionCookie::None] {
        audit.debug(&rule);
    }
    for rule in [SessionBySid::Refuse, SessionBySid::AcceptForSeconds(1)] {
        audit.debug(&rule);
    }
}

pub(crate) fn sessions(audit: &mut Audit) {
    audit.debug(&session());
    audit.debug(&session().takes_part(true));
}
