//! What clients rely on: keys, `sid`, PKCE, and authentication with any characters. Core 1.0,
//! sections 2, 9 and 10.1.1; Front-Channel Logout 1.0, section 3; RFC 6749, section 2.3.1 and
//! appendix A; RFC 7517; RFC 7636.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::relying_party::{CALLBACK, RelyingParty, SIGNED_OUT, printable, text};
use crate::support::browser::Browser;
use crate::support::provider::Provider;

/// RFC 7636, appendix B.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: [(&str, &str); 2] =
    [("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"), ("code_challenge_method", "S256")];

#[tokio::test]
async fn all_published_keys_have_kids_of_their_own_and_nothing_private() {
    let provider = Provider::start().await;
    let rp = RelyingParty::register(&provider).await;
    let mut seen = HashSet::new();
    for rotations in 0..3 {
        let jwks = rp.jwks().await;
        let keys = jwks["keys"].as_array().unwrap();
        let kids: HashSet<_> = keys.iter().map(|key| text(key, "kid").to_owned()).collect();
        assert_eq!(kids.len(), keys.len());
        for key in keys {
            assert_eq!(text(key, "use"), "sig");
            assert!(["RSA", "EC", "OKP"].contains(&text(key, "kty")));
            for private in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
                assert!(key.get(private).is_none(), "{private}");
            }
        }
        // One key of each type signs. Those of the last rotation verify.
        assert_eq!(keys.len(), if rotations == 0 { 3 } else { 6 });
        assert_eq!(kids.difference(&seen).count(), 3);
        let kid = jsonwebtoken::decode_header(rp.id_token(&Browser::new()).await).unwrap().kid.unwrap();
        assert!(kids.contains(&kid) && !seen.contains(&kid));
        seen.extend(kids);
        provider.run(&["rotate-keys"], "");
    }
}

#[tokio::test]
async fn id_tokens_of_one_session_have_one_sid_and_those_of_another_have_another() {
    let provider = Provider::start().await;
    let (rp, other) = (RelyingParty::register(&provider).await, RelyingParty::register(&provider).await);
    let (browser, elsewhere) = (Browser::new(), Browser::new());
    let mut sids = Vec::new();
    for (client, browser) in [(&rp, &browser), (&rp, &browser), (&other, &browser), (&rp, &elsewhere)] {
        let claims = client.claims(&client.id_token(browser).await).await;
        assert_eq!(text(&claims, "aud"), client.id);
        let sid = text(&claims, "sid");
        assert!(!sid.is_empty() && sid.bytes().all(|byte| (0x20..=0x7e).contains(&byte)), "{sid}");
        sids.push(sid.to_owned());
    }
    assert!(sids[0] == sids[1] && sids[1] == sids[2] && sids[2] != sids[3]);
    let hint = rp.id_token(&browser).await;
    assert_eq!(browser.get(&rp.end_session(&[("id_token_hint", &hint)])).await.status, 200);
    let claims = rp.claims(&rp.id_token(&browser).await).await;
    assert!(!sids.contains(&text(&claims, "sid").to_owned()));
}

#[tokio::test]
async fn pkce_is_required_of_public_clients_alone() {
    let provider = Provider::start().await;
    let confidential = RelyingParty::register(&provider).await;
    let public = RelyingParty::register_with(&provider, json!({ "token_endpoint_auth_method": "none" })).await;
    assert!(public.secret.is_empty() && public.registration.get("client_secret").is_none());
    let browser = Browser::new();
    confidential.claims(&confidential.id_token(&browser).await).await;
    let refused = browser.get(&public.authorize(&[])).await;
    assert_eq!(refused.redirected("error").as_deref(), Some("invalid_request"));
    assert_eq!(refused.redirected("code"), None);
    for client in [&confidential, &public] {
        let code = client.code(&browser, &CHALLENGE).await;
        let answer = client.redeem(&code, &[("code_verifier", VERIFIER)]).await;
        assert_eq!(answer.status, 200);
        // Its ID Token works as a hint too.
        let hint = text(&answer.json(), "id_token").to_owned();
        let url = client.end_session(&[("id_token_hint", &hint), ("post_logout_redirect_uri", SIGNED_OUT)]);
        assert_eq!(browser.get(&url).await.location(), SIGNED_OUT);
    }
}

fn clients() -> Value {
    let client = |id: &str, secret: &str| {
        json!({
            "client_id": id,
            "client_secret": secret,
            "redirect_uris": [CALLBACK],
            "post_logout_redirect_uris": [SIGNED_OUT],
            "client_name": "Bookshop",
        })
    };
    let printable = printable();
    json!([
        client(&printable, &printable),
        client("a:b", "c:d:e:f:g:h:i:j:"),
        client("a+b", "c+d+e+f+g+h+i+j+"),
        client("a b", "c d e f g h i j "),
        client("%61%2Bb", "%63%25d%63%25d%63"),
        client("\"><script>", "'\"><script>'\"><script>"),
    ])
}

#[tokio::test]
async fn a_client_authenticates_with_any_printable_characters_in_id_and_secret() {
    let provider = Provider::start_with_clients(&clients()).await;
    for client in clients().as_array().unwrap() {
        let (id, secret) = (text(client, "client_id"), text(client, "client_secret"));
        let rp = RelyingParty::known(&provider, id, secret);
        let browser = Browser::new();
        // client_secret_basic, each half form-urlencoded.
        let tokens = rp.tokens(&browser).await;
        assert_eq!(text(&rp.claims(text(&tokens, "id_token")).await, "aud"), id);
        assert_eq!(rp.userinfo(text(&tokens, "access_token")).await.status, 200);
        // client_secret_post.
        let (code, grant) = (rp.code(&browser, &[]).await, ("grant_type", "authorization_code"));
        let form =
            [("client_id", id), ("client_secret", secret), grant, ("redirect_uri", CALLBACK), ("code", code.as_str())];
        let answer = Browser::new().post(&provider.url("/token"), &form).await;
        assert_eq!(answer.status, 200, "{id}: {}", answer.body);
        // Nearly right is wrong for both.
        for (id, secret) in [(id, &*format!("{secret} ")), (id, &secret[1..]), (&*format!("{id}%"), secret)] {
            let code = rp.code(&browser, &[]).await;
            let answer = RelyingParty::known(&provider, id, secret).redeem(&code, &[("client_id", id)]).await;
            assert_eq!((answer.status.as_u16(), text(&answer.json(), "error")), (401, "invalid_client"), "{id}");
            let form = [("client_id", id), ("client_secret", secret), grant, ("code", &code)];
            let answer = Browser::new().post(&provider.url("/token"), &form).await;
            assert_eq!((answer.status.as_u16(), text(&answer.json(), "error")), (401, "invalid_client"), "{id}");
        }
    }
}

#[tokio::test]
async fn a_client_with_any_printable_characters_in_its_id_signs_out() {
    let provider = Provider::start_with_clients(&clients()).await;
    for client in clients().as_array().unwrap() {
        let (id, secret) = (text(client, "client_id"), text(client, "client_secret"));
        let rp = RelyingParty::known(&provider, id, secret);
        let (browser, uri) = (Browser::new(), ("post_logout_redirect_uri", SIGNED_OUT));
        let hint = rp.id_token(&browser).await;
        let answer = browser.get(&rp.end_session(&[("id_token_hint", &hint), ("client_id", id), uri])).await;
        assert_eq!(answer.location(), SIGNED_OUT);
        assert!(!rp.is_signed_in(&browser).await);

        rp.code(&browser, &[]).await;
        let page = browser.get(&rp.end_session(&[("client_id", id), uri])).await;
        page.stays();
        assert_eq!(page.field("client_id").as_deref(), Some(id));
        assert_eq!(browser.submit(&page, &[("confirm", "yes")]).await.location(), SIGNED_OUT);
        assert!(!rp.is_signed_in(&browser).await);
    }
}
