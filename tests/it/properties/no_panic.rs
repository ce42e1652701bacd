//! Nothing panics, whatever comes in.

use std::cell::Cell;

use oidc_logout::KeySet;
use oidc_logout::op::{Decision, LogoutRequest, Method, Policy};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Value, json};

use super::input::{BASE64_URL, Change, any_policy, change, changed, check, signed_in, soup};
use super::{KEY, NOW, SECRET, TOKENS, decide, endpoint, see, session};
use crate::support::provider::{ISSUER, at};
use crate::support::token::{base64, hs256, token};

#[test]
fn no_bytes_make_reading_or_deciding_a_request_panic() {
    let texts = (select(vec!["GET", "POST", "HEAD", "get", ""]), option::of(any::<String>()));
    let seconds = prop_oneof![Just(NOW), -377_705_116_800..=253_402_300_799_i64];
    let inputs = (any_policy(), texts, soup(), soup(), seconds, signed_in());
    check(2000, inputs, |(policy, (method, content_type), query, body, seconds, session)| {
        let endpoint = endpoint(policy);
        let form = content_type.as_deref().unwrap_or("application/x-www-form-urlencoded; charset=utf-8");
        if let Ok(request) = endpoint.read(method, &query, [("content-type", form)], &body) {
            let _decided = decide(&endpoint, request, session.as_ref(), at(seconds));
        }
        Ok(())
    });
}

#[test]
fn no_token_makes_verification_panic() {
    let segments = vec(vec(any::<u8>(), 0..40), 0..6).prop_map(|segments| {
        let encoded: Vec<_> = segments.iter().map(base64).collect();
        encoded.join(".")
    });
    let tokens = prop_oneof![
        any::<String>(),
        "[A-Za-z0-9_=.-]{0,80}",
        segments,
        changed(select(TOKENS.clone()), 4),
        (header_text(), claims_text())
            .prop_map(|(header, claims)| { format!("{}.{}.AAAA", base64(header), base64(claims)) }),
    ];
    check(2000, (any_policy(), tokens, signed_in()), |(policy, token, session)| {
        // Deeply nested claims may be too large for a request.
        if let Ok(request) = LogoutRequest::builder(Method::Get).id_token_hint(token).client_id("web").build() {
            let _decided = decide(&endpoint(policy), request, session.as_ref(), at(NOW));
        }
        Ok(())
    });
}

/// JSON that is nearly a header, and now and then one.
fn header_text() -> impl Strategy<Value = String> {
    let value = prop_oneof![Just(r#""RS256""#.to_owned()), Just(r#""HS256""#.to_owned()), json_text()];
    let name = select(vec!["alg", "kid", "typ", "crit", "\\u0061lg", "x"]);
    object_text(name, value)
}

fn claims_text() -> impl Strategy<Value = String> {
    let value = prop_oneof![
        Just(r#""https://op.example""#.to_owned()),
        Just(r#""web""#.to_owned()),
        Just(r#"["web","app"]"#.to_owned()),
        json_text(),
    ];
    let name = select(vec!["iss", "sub", "aud", "azp", "exp", "iat", "nbf", "sid", "events", "\\ud800", "x"]);
    object_text(name, value)
}

fn object_text(
    name: impl Strategy<Value = &'static str>,
    value: impl Strategy<Value = String>,
) -> impl Strategy<Value = String> {
    vec((name, value), 0..9).prop_map(|members| {
        let members: Vec<_> = members.iter().map(|(name, value)| format!(r#""{name}":{value}"#)).collect();
        format!("{{{}}}", members.join(","))
    })
}

/// Values of all types, numbers beyond all types, and what is no JSON.
fn json_text() -> impl Strategy<Value = String> {
    let odd = [
        "null",
        "true",
        "{}",
        "[]",
        "[1]",
        "[\"\"]",
        "[[[]]]",
        "1e308",
        "1e309",
        "-1e999",
        "1e-999",
        "-0",
        "0.1",
        "NaN",
        "01",
        "9223372036854775807",
        "-9223372036854775809",
        "18446744073709551616",
        "1e99999999999999999999",
        "\"\\ud800\"",
        "\"\\u0000\"",
        "\"",
        "",
        "[",
        "{\"a\":{\"a\":{}}}",
    ];
    prop_oneof![
        2 => select(odd.to_vec()).prop_map(str::to_owned),
        1 => any::<f64>().prop_map(|number| format!("{number:e}")),
        1 => any::<i64>().prop_map(|number| number.to_string()),
        1 => any::<String>().prop_map(|text| Value::from(text).to_string()),
        1 => Just("[".repeat(5000) + &"]".repeat(5000)),
    ]
}

#[test]
fn no_claims_make_a_token_with_a_good_signature_panic() {
    let date = || prop_oneof![Just(NOW.to_string()), json_text()];
    let any_date = prop_oneof![Just(NOW), -377_705_116_800..=253_402_300_799_i64];
    let inputs = (date(), date(), option::of(date()), any_date, any::<bool>(), any_policy());
    let accepted = Cell::new(0);
    check(800, inputs, |(iat, exp, nbf, now, hmac, policy)| {
        let (algorithm, client) = if hmac { ("HS256", "hmac") } else { ("RS256", "web") };
        let nbf = nbf.map_or(String::new(), |nbf| format!(r#","nbf":{nbf}"#));
        let hint = token(
            format!(r#"{{"alg":"{algorithm}"}}"#),
            format!(r#"{{"iss":"{ISSUER}","sub":"user-1","aud":"{client}","iat":{iat},"exp":{exp}{nbf}}}"#),
            |signed| if hmac { hs256(&SECRET, signed) } else { KEY.sign(signed) },
        );
        let request = LogoutRequest::builder(Method::Get).id_token_hint(hint).build();
        if let Ok(Decision::EndSession(end)) = decide(&endpoint(policy), request.unwrap(), Some(&session(1)), at(now)) {
            let hint = end.hint().expect("a hint that was accepted");
            prop_assert!(hint.issued_at().as_seconds().is_finite() && hint.expires_at().as_seconds().is_finite());
            let _dates = (hint.issued_at().to_offset_date_time(), hint.expires_at().to_offset_date_time());
            accepted.set(accepted.get() + 1);
        }
        Ok(())
    });
    assert!(accepted.get() > 5, "only {} of the tokens were accepted", accepted.get());
}

#[test]
fn a_token_with_anything_changed_is_refused() {
    let endpoint = endpoint(Policy::openid());
    for token in [&TOKENS[0], &TOKENS[5], &TOKENS[10]] {
        let request = LogoutRequest::builder(Method::Get).id_token_hint(token).build();
        let decision = decide(&endpoint, request.unwrap(), Some(&session(1)), at(NOW));
        assert!(matches!(decision, Ok(Decision::EndSession(_))), "{decision:?}");
    }
    let tokens = select(vec![&TOKENS[0], &TOKENS[5], &TOKENS[10]]);
    let one = prop_oneof![
        change(),
        (any::<Index>(), select(BASE64_URL.chars().collect::<Vec<_>>()))
            .prop_map(|(place, with)| Change::Replace(place, with)),
    ];
    check(2000, (tokens, one), |(token, change)| {
        let mut changed = token.clone();
        change.apply(&mut changed);
        prop_assume!(changed != *token);
        let request = LogoutRequest::builder(Method::Get).id_token_hint(changed).build();
        let seen = see(&endpoint, request.unwrap(), Some(&session(1)));
        prop_assert_eq!(seen.codes, ["id_token_hint_invalid"]);
        Ok(())
    });
}

#[test]
fn no_bytes_make_reading_a_key_set_panic() {
    let number = prop_oneof![
        vec(any::<u8>(), 0..70),
        (select(vec![32_usize, 48, 66]), any::<u8>()).prop_map(|(length, byte)| [byte].repeat(length)),
        (select(vec![255_usize, 256, 257, 1024, 1025]), any::<u8>()).prop_map(|(length, byte)| [byte].repeat(length)),
        vec(any::<u8>(), 32..=32),
        Just(vec![1, 0, 1]),
    ];
    let value = prop_oneof![
        4 => number.prop_map(|bytes| format!("\"{}\"", base64(bytes))),
        2 => select(vec!["RSA", "EC", "OKP", "oct", "P-256", "P-384", "P-521", "Ed25519", "sig", "enc", "RS256", "ES256", "EdDSA"])
            .prop_map(|text| format!("\"{text}\"")),
        1 => json_text(),
    ];
    let names = select(vec!["n", "e", "x", "y", "d", "k", "use", "key_ops", "alg", "kid"]);
    let kinds = select(vec![
        r#""kty":"RSA""#,
        r#""kty":"EC","crv":"P-256""#,
        r#""kty":"EC","crv":"P-521""#,
        r#""kty":"OKP","crv":"Ed25519""#,
        r#""kty":"OKP","crv":"X25519""#,
        r#""kty":1"#,
    ]);
    let members = vec((names, value), 0..6)
        .prop_map(|members| members.iter().map(|(name, value)| format!(r#","{name}":{value}"#)).collect::<Vec<_>>());
    let keys = vec((kinds, members).prop_map(|(kind, members)| format!("{{{kind}{}}}", members.concat())), 0..3)
        .prop_map(|keys| format!(r#"{{"keys":[{}]}}"#, keys.join(",")));
    let sets = prop_oneof![
        6 => keys.prop_map(String::into_bytes),
        2 => changed(Just(json!({"keys": [KEY.jwk(Some("current"))]}).to_string()), 4).prop_map(String::into_bytes),
        1 => json_text().prop_map(|text| format!(r#"{{"keys":{text}}}"#).into_bytes()),
        1 => vec(any::<u8>(), 0..60),
    ];
    check(2000, sets, |set| {
        if let Ok(keys) = KeySet::from_jwks(set) {
            let _named: Vec<_> = keys.unusable().iter().map(|key| (key.index(), key.key_id(), key.error())).collect();
        }
        Ok(())
    });
}

#[test]
fn no_text_makes_reading_a_policy_panic_and_one_that_is_read_is_written_whole() {
    let names = [
        "base",
        "hint",
        "client_id",
        "redirect_uri",
        "state",
        "confirm",
        "redirect_without_hint",
        "expired_hint",
        "hint_without_sid",
        "on_bad_hint",
        "uri_matching",
        "algorithms",
        "session_cookie",
        "session_by_sid",
    ];
    let words = [
        "openid",
        "login_gov",
        "login_gov_client_id",
        "optional",
        "required",
        "refused",
        "when_unproven",
        "always",
        "refuse",
        "confirm",
        "accept",
        "ask",
        "exact",
        "normalized",
        "lax",
        "strict",
        "none",
    ];
    let value = prop_oneof![
        8 => select(words.to_vec()).prop_map(|word| format!("\"{word}\"")),
        1 => select(vec![
            r#"{"accept_for_seconds":60}"#,
            r#"{"required":true,"min_chars":22}"#,
            r#"{"max_chars":18446744073709551615}"#,
            r#"["RS256","Ed25519"]"#,
        ]).prop_map(str::to_owned),
        1 => json_text(),
    ];
    let small = vec((select(names.to_vec()), value), 0..3).prop_map(|members| {
        let members: Vec<_> = members.iter().map(|(name, value)| format!(r#""{name}":{value}"#)).collect();
        format!("{{{}}}", members.join(","))
    });
    let whole = any_policy().prop_map(|policy| serde_json::to_string(&policy).unwrap());
    let texts = prop_oneof![
        4 => small.prop_map(String::into_bytes),
        2 => changed(whole, 2).prop_map(String::into_bytes),
        1 => json_text().prop_map(String::into_bytes),
        1 => vec(any::<u8>(), 0..60),
    ];
    let read = Cell::new(0);
    check(3000, texts, |text| {
        if let Ok(policy) = serde_json::from_slice::<Policy>(&text) {
            let written = serde_json::to_string(&policy).unwrap();
            prop_assert_eq!(serde_json::from_str::<Policy>(&written).unwrap(), policy);
            read.set(read.get() + 1);
        }
        Ok(())
    });
    assert!(read.get() > 100, "only {} of the policies were read", read.get());
}
