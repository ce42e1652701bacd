//! The signing keys: RSA, P-256 and Ed25519, in generations. The newest generation signs, all of them verify.
//!
//! They are in the database, and every use of them asks it first for the newest generation: a rotation counts for all
//! instances from the moment at which it is committed, and no token is signed with a key that another instance has not.

use std::sync::{Arc, PoisonError, RwLock};

use anyhow::Context as _;
use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RsaKeyPair};
use jsonwebtoken::jwk::{Jwk, JwkSet, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use oidc_logout::{KeySet, LogoutEndpoint};
use pem::Pem;
use serde::Serialize;
use sqlx::{AnyPool, Row as _};

/// How many generations the JWK Set shows: the one that signs, and the one before it.
const PUBLISHED_GENERATIONS: usize = 2;

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

    fn read(self, pem: &[u8]) -> anyhow::Result<SigningKey> {
        let (key, algorithm) = match self {
            Self::Rsa => (EncodingKey::from_rsa_pem(pem)?, Algorithm::RS256),
            Self::P256 => (EncodingKey::from_ec_pem(pem)?, Algorithm::ES256),
            Self::Ed25519 => (EncodingKey::from_ed_pem(pem)?, Algorithm::EdDSA),
        };
        let mut jwk = Jwk::from_encoding_key(&key, algorithm)?;
        // No `alg`: an RSA key serves two.
        jwk.common.key_algorithm = None;
        jwk.common.public_key_use = Some(PublicKeyUse::Signature);
        let kid = jwk.thumbprint(ThumbprintHash::SHA256)?;
        jwk.common.key_id = Some(kid.clone());
        Ok(SigningKey { family: self, key, kid, jwk })
    }
}

struct SigningKey {
    family: Family,
    key: EncodingKey,
    kid: String,
    jwk: Jwk,
}

/// The keys of all generations as they are in the database at one time.
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

    /// Signs a token with the newest key that fits the algorithm; with the client's secret, where that is an HMAC.
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
        header.kid = Some(key.kid.clone());
        Ok(jsonwebtoken::encode(&header, claims, &key.key)?)
    }
}

/// The keys in memory, as fresh as the database.
pub(crate) struct KeyCache {
    keys: RwLock<Arc<Keys>>,
}

impl KeyCache {
    /// Reads the keys. `logout` is the endpoint without them.
    pub(crate) async fn load(pool: &AnyPool, logout: LogoutEndpoint) -> anyhow::Result<Self> {
        Ok(Self { keys: RwLock::new(Arc::new(load(pool, &logout).await?)) })
    }

    pub(crate) async fn current(&self, pool: &AnyPool) -> anyhow::Result<Arc<Keys>> {
        let cached = Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner));
        if version(pool).await? == cached.version {
            return Ok(cached);
        }
        let fresh = Arc::new(load(pool, &cached.logout).await?);
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&fresh);
        Ok(fresh)
    }
}

/// The oldest and the newest generation: one changes when keys are revoked, the other when they are rotated.
type Version = (i64, i64);

async fn version(pool: &AnyPool) -> sqlx::Result<Version> {
    sqlx::query_as("SELECT MIN(generation), MAX(generation) FROM signing_keys").fetch_one(pool).await
}

async fn load(pool: &AnyPool, logout: &LogoutEndpoint) -> anyhow::Result<Keys> {
    let rows = sqlx::query("SELECT generation, family, private_key FROM signing_keys ORDER BY generation DESC");
    let mut generations: Vec<(i64, Vec<SigningKey>)> = Vec::new();
    for row in rows.fetch_all(pool).await? {
        let (generation, family): (i64, String) = (row.try_get(0)?, row.try_get(1)?);
        let family = Family::ALL.into_iter().find(|it| it.name() == family).context("a signing key of unknown type")?;
        let key = family.read(row.try_get::<String, _>(2)?.as_bytes())?;
        match generations.last_mut() {
            Some((last, keys)) if *last == generation => keys.push(key),
            _ => generations.push((generation, vec![key])),
        }
    }
    let (Some(newest), Some(oldest)) = (generations.first(), generations.last()) else {
        anyhow::bail!("the database has no signing keys");
    };
    let version = (oldest.0, newest.0);
    let jwks = |generations: &[(i64, Vec<SigningKey>)]| JwkSet {
        keys: generations.iter().flat_map(|(_, keys)| keys).map(|key| key.jwk.clone()).collect(),
    };
    let verifying = KeySet::from_jwks(serde_json::to_vec(&jwks(&generations))?)?;
    let published = jwks(generations.get(..PUBLISHED_GENERATIONS).unwrap_or(&generations));
    let current = generations.into_iter().next().map(|(_, keys)| keys).unwrap_or_default();
    Ok(Keys { version, current, published, logout: logout.with_keys(verifying) })
}

/// Makes the first generation, where there is none. Several instances may do so at once: the first to commit wins.
pub(crate) async fn make_first(pool: &AnyPool) -> anyhow::Result<()> {
    let exist = sqlx::query("SELECT generation FROM signing_keys LIMIT 1").fetch_optional(pool).await?.is_some();
    if !exist {
        let mut transaction = pool.begin().await?;
        for family in Family::ALL {
            let insert =
                "INSERT INTO signing_keys (generation, family, private_key) VALUES (1, $1, $2) ON CONFLICT DO NOTHING";
            sqlx::query(insert).bind(family.name()).bind(family.generate()?).execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
    }
    Ok(())
}

/// Makes a new generation, which signs from now on, and deletes the former ones where they are to be revoked. Of two
/// rotations at once one fails.
pub(crate) async fn rotate(pool: &AnyPool, revoke: bool) -> anyhow::Result<()> {
    let generation = version(pool).await.context("there are no keys yet")?.1.saturating_add(1);
    let mut transaction = pool.begin().await?;
    for family in Family::ALL {
        let insert = "INSERT INTO signing_keys (generation, family, private_key) VALUES ($1, $2, $3)";
        let private_key = family.generate()?;
        let insert = sqlx::query(insert).bind(generation).bind(family.name()).bind(private_key);
        insert.execute(&mut *transaction).await?;
    }
    if revoke {
        let delete = "DELETE FROM signing_keys WHERE generation < $1";
        sqlx::query(delete).bind(generation).execute(&mut *transaction).await?;
    }
    Ok(transaction.commit().await?)
}
