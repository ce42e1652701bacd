//! Requests and their values, accepted and refused.

use oidc_logout::op::{ExpiredHint, LogoutRequest, Method, OnBadHint, Policy};
use oidc_logout::{Algorithm, ApplicationType, ClientType, Limits, TokenSegment};
use serde_json::{Value, json};

use super::audit::Audit;
use super::input::{
    PARAMETERS, changed, claims, claims_with, ed25519, endpoint, every_field, every_parameter, forged, header, now,
    session,
};
use super::outcome::{decision, refusal};
use super::{CLIENT, NOW, SECRET, STATE};
use crate::support::token::base64;

pub(crate) fn plain_values(audit: &mut Audit) {
    for method in [Method::Get, Method::Post] {
        audit.debug(&method);
    }
    for segment in [TokenSegment::Header, TokenSegment::Claims, TokenSegment::Signature] {
        audit.text(&segment);
    }
    for name in [
        "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "HS256", "HS384",
        "HS512",
    ] {
        audit.text(&Algorithm::from_name(name).unwrap());
    }
    audit.debug(&ApplicationType::Web);
    audit.debug(&ApplicationType::Native);
    audit.debug(&ClientType::Public);
    audit.debug(&ClientType::Confidential);
    audit.debug(&Limits::default());
}

pub(crate) fn requests(audit: &mut Audit) {
    let hint = "ed25519";
    let request = every_parameter(audit, hint);
    request_and_its_values(audit, &request);
    let own_pages = format!(
        "{}&resubmitted=1&confirmation=s3cr3t-confirmation&confirm=yes&s3cr3t-name=s3cr3t-value",
        every_field(audit, hint)
    );
    request_and_its_values(audit, &LogoutRequest::from_form(own_pages).unwrap());
    let query = every_field(audit, hint);
    request_and_its_values(audit, &LogoutRequest::from_query(query).unwrap());
    request_and_its_values(audit, &request.clone().with_decrypted_hint("s3cr3t-decrypted"));

    let builder = LogoutRequest::builder(Method::Post)
        .id_token_hint("s3cr3t-token")
        .logout_hint("s3cr3t-logout-hint")
        .client_id(CLIENT)
        .post_logout_redirect_uri("s3cr3t-uri")
        .state(STATE)
        .ui_locales("s3cr3t-locales");
    audit.debug(&builder);
    let twice = builder.clone().state("s3cr3t-again");
    audit.debug(&twice);
    refusal(audit, &twice.build().unwrap_err());
    request_and_its_values(audit, &builder.build().unwrap());
    let large = LogoutRequest::builder(Method::Get).state(SECRET.repeat(10_000));
    refusal(audit, &large.build().unwrap_err());
}

pub(crate) fn request_and_its_values(audit: &mut Audit, request: &LogoutRequest) {
    audit.debug(request);
    audit.debug(&request.method());
    request.id_token_hint().inspect(|value| audit.debug(*value));
    request.logout_hint().inspect(|value| audit.debug(*value));
    request.client_id().inspect(|value| audit.debug(*value));
    request.post_logout_redirect_uri().inspect(|value| audit.debug(*value));
    request.state().inspect(|value| audit.debug(*value));
    request.ui_locales().inspect(|value| audit.debug(*value));
}

pub(crate) fn refused_requests(audit: &mut Audit) {
    for parameter in PARAMETERS {
        for fault in [
            format!("{parameter}=s3cr3t-%zz"),
            format!("{parameter}=s3cr3t-%ff"),
            format!("{parameter}=s3cr3t-1&{parameter}=s3cr3t-2"),
        ] {
            refusal(audit, &LogoutRequest::from_form(fault).unwrap_err());
        }
    }
    refusal(audit, &LogoutRequest::from_form("encoded_parameters=s3cr3t-!").unwrap_err());

    let openid = endpoint(Policy::openid());
    let fields = every_field(audit, "ed25519");
    let large = format!("{fields}&s3cr3t-name={}", SECRET.repeat(10_000));
    for (method, content_type, query) in [
        ("GET", None, large.as_str()),
        ("HEAD", None, &fields),
        ("s3cr3t-method", None, &fields),
        ("POST", Some("s3cr3t-type"), &fields),
    ] {
        let headers = content_type.map(|value| ("content-type", value));
        refusal(audit, &openid.read(method, query, headers, &fields).unwrap_err());
    }

    let login_gov = endpoint(Policy::login_gov());
    let client_id = endpoint(Policy::login_gov_client_id());
    for (endpoint, without, with) in [
        (&openid, "state", "s3cr3t-".repeat(300)),
        (&login_gov, "state", "s3cr3t-short".to_owned()),
        (&login_gov, "state", String::new()),
        (&login_gov, "post_logout_redirect_uri", String::new()),
        (&login_gov, "id_token_hint", String::new()),
        (&client_id, "", String::new()),
        (&openid, "client_id", "s3cr3t-other-client".to_owned()),
    ] {
        refusal(audit, &endpoint.receive(changed(&fields, without, &with), now()).unwrap_err());
    }
    let no_hint = every_field(audit, "absent");
    let nobody = changed(&no_hint, "client_id", "");
    refusal(audit, &client_id.receive(nobody, now()).unwrap_err());
}

/// Every way in which a hint is refused, under a policy that refuses and under one that asks.
pub(crate) fn refused_hints(audit: &mut Audit) {
    let accept_for = Policy::openid().to_builder().expired_hint(ExpiredHint::AcceptForSeconds(1));
    let refuse = accept_for.build().unwrap();
    let ask = refuse.to_builder().on_bad_hint(OnBadHint::Confirm).build().unwrap();
    let mut twice = claims().to_string();
    twice.insert_str(1, r#""sub": "s3cr3t-first","#);
    let twice = format!("{}.{}.{}", base64(header("EdDSA").to_string()), base64(twice), base64("s3cr3t-"));
    let critical = json!({"alg": "EdDSA", "crit": ["s3cr3t-extension"]});
    let other_key = json!({"alg": "EdDSA", "kid": "s3cr3t-kid"});
    let several = claims_with("aud", json!([CLIENT, "s3cr3t-other"]));
    let expired = claims_with("exp", 1_699_999_123);
    let tokens = [
        SECRET.repeat(7_000),
        "s3cr3t-1.s3cr3t-2.s3cr3t-3.s3cr3t-4.s3cr3t-5".to_owned(),
        "s3cr3t-no-token".to_owned(),
        "es3cr3t-1!.es3cr3t-2.s3cr3t-3".to_owned(),
        format!("{0}.{0}.{0}", base64("s3cr3t-no-json")),
        twice,
        audit.token(&critical, &claims(), ed25519),
        audit.token(&header("s3cr3t-alg"), &claims(), ed25519),
        audit.token(&header("EdDSA"), &claims_with("sub", Value::Null), ed25519),
        audit.token(&header("EdDSA"), &claims_with("sid", json!(["s3cr3t-sid"])), ed25519),
        audit.token(&header("EdDSA"), &claims_with("events", json!({"s3cr3t-event": {}})), ed25519),
        audit.token(&other_key, &claims(), ed25519),
        audit.token(&header("EdDSA"), &claims(), forged),
        audit.token(&header("EdDSA"), &claims_with("iss", "https://s3cr3t-issuer.example"), ed25519),
        audit.token(&header("EdDSA"), &claims_with("iat", NOW + 49173), ed25519),
        audit.token(&header("EdDSA"), &expired, ed25519),
        audit.token(&header("EdDSA"), &several, ed25519),
        audit.token(&header("EdDSA"), &claims_with("azp", "s3cr3t-other"), ed25519),
    ];
    let endpoints = [endpoint(refuse), endpoint(ask)];
    for token in tokens {
        let fields = every_field(audit, &token);
        for endpoint in &endpoints {
            match endpoint.receive(changed(&fields, "client_id", ""), now()) {
                Err(refused) => refusal(audit, &refused),
                Ok(pending) => {
                    audit.debug(&pending);
                    decision(audit, pending.decide(None, Some(&session())));
                }
            }
        }
    }
}
