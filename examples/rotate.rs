//! Rotates and retires keys under load, and then revokes one. Two threads verify hints all the
//! time, and no hint fails whose key is still in use.
//!
//! ```text
//! cargo run --release --example rotate
//! ```

#![allow(clippy::print_stdout, reason = "it is a command")]

use std::error::Error;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};
use std::thread;

use josekit::jwk::{Jwk, alg::ed::EdCurve};
use josekit::jws::{EdDSA, JwsHeader, serialize_compact};
use oidc_logout::op::{HintError, LogoutEndpoint, LogoutRequest, RefusalReason};
use oidc_logout::{KeySet, Secret};
use serde_json::json;
use time::OffsetDateTime;

const ISSUER: &str = "https://op.example";
const ROTATIONS: u32 = 200;

/// A key of the provider, and a hint signed with it.
struct Signed {
    key: KeySet,
    hint: String,
}

impl Signed {
    fn new(kid: &str) -> Result<Self, Box<dyn Error>> {
        let mut private = Jwk::generate_ed_key(EdCurve::Ed25519)?;
        private.set_key_id(kid);
        let mut public = private.to_public_key()?;
        public.set_key_id(kid);
        let mut header = JwsHeader::new();
        header.set_key_id(kid);
        let claims = json!({ "iss": ISSUER, "aud": "rp-1", "sub": "user-1", "iat": 1, "exp": 2 });
        let signer = EdDSA.signer_from_jwk(&private)?;
        Ok(Self {
            key: KeySet::from_jwks(json!({ "keys": [public.as_ref()] }).to_string())?,
            hint: serialize_compact(claims.to_string().as_bytes(), &header, &signer)?,
        })
    }
}

/// The state that a host shares between its requests.
struct Host {
    endpoint: RwLock<LogoutEndpoint>,
}

impl Host {
    /// A clone, so that a request holds no lock while it is decided, and keeps the keys that it
    /// began with.
    fn endpoint(&self) -> LogoutEndpoint {
        self.endpoint.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn swap(&self, keys: KeySet) {
        let mut endpoint = self.endpoint.write().unwrap_or_else(PoisonError::into_inner);
        *endpoint = endpoint.with_keys(keys);
    }
}

fn verify(endpoint: &LogoutEndpoint, hint: &str) -> Result<(), RefusalReason> {
    let request = LogoutRequest::from_query(format!("id_token_hint={hint}")).map_err(|refusal| refusal.reason())?;
    let pending = endpoint.receive(request, OffsetDateTime::UNIX_EPOCH);
    pending.map(|_| ()).map_err(|refusal| refusal.reason())
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut current = Signed::new("0")?;
    let endpoint = LogoutEndpoint::new(ISSUER, current.key.clone(), Secret::new([7; 32])?);
    let host = Host { endpoint: RwLock::new(endpoint) };
    // The hints that clients hold at the moment: one of the current key and one of the former.
    let held = RwLock::new([current.hint.clone(), current.hint.clone()]);
    let (done, verified, failed) = (AtomicBool::new(false), AtomicU64::new(0), AtomicU64::new(0));

    thread::scope(|scope| -> Result<(), Box<dyn Error>> {
        for _ in 0..2 {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    // The hints are locked before the keys are read, so that no rotation can retire
                    // the key of a hint in between.
                    let hints = held.read().unwrap_or_else(PoisonError::into_inner);
                    let endpoint = host.endpoint();
                    for hint in &*hints {
                        let count = if verify(&endpoint, hint).is_ok() { &verified } else { &failed };
                        count.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
        let rotated = (1..=ROTATIONS).try_for_each(|rotation| {
            let next = Signed::new(&rotation.to_string())?;
            // Rotate: the new set holds the next key and the current one. The key before them is
            // retired, because the set leaves it out. The set is in use before any client gets a
            // hint that is signed with the next key.
            let mut hints = held.write().unwrap_or_else(PoisonError::into_inner);
            host.swap(next.key.clone().with(current.key.clone()));
            *hints = [next.hint.clone(), current.hint.clone()];
            drop(hints);
            current = next;
            // Leaves the threads time to verify hints under these keys.
            thread::sleep(std::time::Duration::from_millis(2));
            Ok(())
        });
        // The threads must end also if a rotation failed.
        done.store(true, Ordering::Relaxed);
        rotated
    })?;

    let (verified, failed) = (verified.into_inner(), failed.into_inner());
    println!("{ROTATIONS} rotations, {verified} hints verified, {failed} failed");

    // Revoke: without the key, every hint that it ever signed is refused.
    host.swap(Signed::new("next")?.key);
    let refused = verify(&host.endpoint(), &current.hint);
    println!(
        "after the key is revoked: {}",
        refused.err().map_or("accepted", |reason| reason.detail().unwrap_or_default())
    );
    if failed > 0 || verified == 0 || refused != Err(RefusalReason::IdTokenHintInvalid(HintError::Key)) {
        return Err("a hint was treated wrongly".into());
    }
    Ok(())
}
