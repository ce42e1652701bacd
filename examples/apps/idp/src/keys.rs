//! The signing keys: RSA, P-256 and Ed25519, in generations. The newest generation signs; all of
//! them verify.
//!
//! They live in the database, and every use checks there for a newer generation first. So a
//! rotation takes effect on all instances as soon as it is committed, and no token is signed with a
//! key that another instance lacks.

use std::sync::{Arc, PoisonError, RwLock};

use anyhow::Context as _;
use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{Jwk, JwkSet, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use oidc_logout::KeySet;
use oidc_logout::op::{DeliveryFault, LogoutEndpoint, LogoutToken, UnsignedLogoutToken};
use pem::Pem;
use serde::Serialize;
use sqlx::{Any, Transaction};

use crate::clients;
use crate::store::Database;

/// How many generations the JWK Set shows: the one that signs, and the one before it.
const PUBLISHED_GENERATIONS: i64 = 2;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    Rsa,
    P256,
    Ed25519,
}

impl Family {
    const ALL: [Self; 3] = [Self::Rsa, Self::P256, Self::Ed25519];

    fn name(self) -> &'static str {
        match self {
            Self::Rsa => "RSA",
            Self::P256 => "P-256",
            Self::Ed25519 => "Ed25519",
        }
    }

    fn of(algorithm: Algorithm) -> Option<Self> {
        match algorithm {
            Algorithm::RS256 | Algorithm::PS256 => Some(Self::Rsa),
            Algorithm::ES256 => Some(Self::P256),
            Algorithm::EdDSA => Some(Self::Ed25519),
            _ => None,
        }
    }

    /// A new private key, as PKCS #8 in PEM.
    fn generate(self) -> anyhow::Result<String> {
        let der = match self {
            Self::Rsa => RsaKeyPair::generate(KeySize::Rsa2048)?.as_der()?.as_ref().to_vec(),
            Self::P256 => EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?.to_pkcs8v1()?.as_ref().to_vec(),
            Self::Ed25519 => Ed25519KeyPair::generate()?.to_pkcs8v1()?.as_ref().to_vec(),
        };
        Ok(pem::encode(&Pem::new("PRIVATE KEY", der)))
    }

    fn read(self, pem: &str) -> anyhow::Result<(EncodingKey, Algorithm)> {
        let pem = pem.as_bytes();
        Ok(match self {
            Self::Rsa => (EncodingKey::from_rsa_pem(pem)?, Algorithm::RS256),
            Self::P256 => (EncodingKey::from_ec_pem(pem)?, Algorithm::ES256),
            Self::Ed25519 => (EncodingKey::from_ed_pem(pem)?, Algorithm::EdDSA),
        })
    }

    /// The public part of a private key, for the JWK Set.
    fn public(self, pem: &str) -> anyhow::Result<Jwk> {
        let (key, algorithm) = self.read(pem)?;
        let mut jwk = Jwk::from_encoding_key(&key, algorithm)?;
        // No `alg`, because an RSA key serves two algorithms.
        jwk.common.key_algorithm = None;
        jwk.common.public_key_use = Some(PublicKeyUse::Signature);
        jwk.common.key_id = Some(jwk.thumbprint(ThumbprintHash::SHA256)?);
        Ok(jwk)
    }
}

struct SigningKey {
    family: Family,
    key: EncodingKey,
    kid: Option<String>,
}

/// The keys of all generations, as the database held them at one time.
pub(crate) struct Keys {
    version: Version,
    current: Vec<SigningKey>,
    published: JwkSet,
    /// The endpoint that verifies with all of them.
    pub(crate) logout: LogoutEndpoint,
}

impl Keys {
    /// The JWK Set document.
    pub(crate) fn published(&self) -> &JwkSet {
        &self.published
    }

    /// Signs a token with the newest key for the algorithm, or with the client's secret for HMAC.
    pub(crate) fn sign(
        &self,
        algorithm: Algorithm,
        client_secret: Option<&str>,
        claims: &impl Serialize,
    ) -> anyhow::Result<String> {
        let mut header = Header::new(algorithm);
        let Some(family) = Family::of(algorithm) else {
            let secret = client_secret.context("the client has no secret to sign with")?;
            return Ok(jsonwebtoken::encode(&header, claims, &EncodingKey::from_secret(secret.as_bytes()))?);
        };
        let key = self.current.iter().find(|key| key.family == family).context("a signing key is missing")?;
        header.kid.clone_from(&key.kid);
        Ok(jsonwebtoken::encode(&header, claims, &key.key)?)
    }

    /// Signs a logout token as the client's ID Tokens are signed.
    pub(crate) fn sign_logout_token<'c>(
        &self,
        token: UnsignedLogoutToken<'c>,
    ) -> Result<LogoutToken<'c>, DeliveryFault> {
        if token.is_signed_with_client_secret() {
            return token.sign_with_client_secret();
        }
        let algorithm = clients::signing_algorithm(token.algorithm());
        let family = Family::of(algorithm).ok_or(DeliveryFault::KeyGone)?;
        let key = self.current.iter().find(|key| key.family == family).ok_or(DeliveryFault::KeyGone)?;
        let input = token.signing_input(key.kid.as_deref());
        let signature = jsonwebtoken::crypto::sign(input.as_bytes(), &key.key, algorithm);
        let signature = signature.map_err(|_| DeliveryFault::KeyGone)?;
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| DeliveryFault::KeyGone)?;
        input.signed(&signature).map_err(|_| DeliveryFault::KeyGone)
    }
}

/// The keys in memory, read again whenever the database has newer ones.
pub(crate) struct KeyCache {
    keys: RwLock<Arc<Keys>>,
}

impl KeyCache {
    /// Reads the keys. `logout` is the endpoint before it has them.
    pub(crate) async fn load(db: &Database, logout: LogoutEndpoint) -> anyhow::Result<Self> {
        Ok(Self { keys: RwLock::new(Arc::new(load(db, &logout).await?)) })
    }

    pub(crate) async fn current(&self, db: &Database) -> anyhow::Result<Arc<Keys>> {
        let cached = Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner));
        if version(db).await? == cached.version {
            return Ok(cached);
        }
        let fresh = Arc::new(load(db, &cached.logout).await?);
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&fresh);
        Ok(fresh)
    }
}

/// The oldest and the newest generation. Revoking keys changes the first, rotating them the second.
type Version = (i64, i64);

async fn version(db: &Database) -> sqlx::Result<Version> {
    sqlx::query_as("SELECT MIN(generation), MAX(generation) FROM signing_keys").fetch_one(db.reader()).await
}

async fn load(db: &Database, logout: &LogoutEndpoint) -> anyhow::Result<Keys> {
    let select = "SELECT generation, family, private_key, jwk FROM signing_keys ORDER BY generation DESC";
    let rows: Vec<(i64, String, Option<String>, String)> = sqlx::query_as(select).fetch_all(db.reader()).await?;
    let (newest, oldest) = rows.first().zip(rows.last()).context("the database has no signing keys")?;
    let version = (oldest.0, newest.0);
    let (mut current, mut published, mut verifying) = (Vec::new(), Vec::new(), Vec::new());
    for (generation, family, private_key, jwk) in rows {
        let jwk: Jwk = serde_json::from_str(&jwk)?;
        let age = version.1.saturating_sub(generation);
        if age == 0 {
            let family = Family::ALL.into_iter().find(|it| it.name() == family).context("a key of unknown type")?;
            let (key, _) = family.read(&private_key.context("a private key is missing")?)?;
            current.push(SigningKey { family, key, kid: jwk.common.key_id.clone() });
        }
        if age < PUBLISHED_GENERATIONS {
            published.push(jwk.clone());
        }
        verifying.push(jwk);
    }
    let verifying = KeySet::from_jwks(serde_json::to_vec(&JwkSet { keys: verifying })?)?;
    Ok(Keys { version, current, published: JwkSet { keys: published }, logout: logout.with_keys(verifying) })
}

/// Makes the first generation if there is none. Several instances may do so at once: the first to
/// commit wins.
pub(crate) async fn make_first(db: &Database) -> anyhow::Result<()> {
    let exist = sqlx::query("SELECT generation FROM signing_keys LIMIT 1").fetch_optional(db.reader()).await?.is_some();
    if !exist {
        let mut transaction = db.writer().begin().await?;
        make(&mut transaction, 1, "ON CONFLICT DO NOTHING").await?;
        transaction.commit().await?;
    }
    Ok(())
}

/// Makes a new generation, which signs from now on. The private keys of the previous ones are
/// deleted, and with `revoke` their public keys too. If two rotations run at once, one fails.
pub(crate) async fn rotate(db: &Database, revoke: bool) -> anyhow::Result<()> {
    let generation = version(db).await.context("there are no keys yet")?.1.saturating_add(1);
    let mut transaction = db.writer().begin().await?;
    make(&mut transaction, generation, "").await?;
    let retire = if revoke { "DELETE FROM signing_keys" } else { "UPDATE signing_keys SET private_key = NULL" };
    let retire = format!("{retire} WHERE generation < $1");
    sqlx::query(&retire).bind(generation).execute(&mut *transaction).await?;
    transaction.commit().await?;
    tracing::info!(generation, revoke, "the signing keys were rotated");
    Ok(())
}

async fn make(transaction: &mut Transaction<'_, Any>, generation: i64, on_conflict: &str) -> anyhow::Result<()> {
    let insert = format!(
        "INSERT INTO signing_keys (generation, family, private_key, jwk) VALUES ($1, $2, $3, $4) {on_conflict}"
    );
    for family in Family::ALL {
        let private_key = family.generate()?;
        let jwk = serde_json::to_string(&family.public(&private_key)?)?;
        let insert = sqlx::query(&insert).bind(generation).bind(family.name()).bind(private_key).bind(jwk);
        insert.execute(&mut **transaction).await?;
    }
    Ok(())
}
