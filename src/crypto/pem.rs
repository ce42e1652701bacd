//! A public key in PEM, as tools export it (RFC 7468, section 13).
//!
//! The reader below knows `SubjectPublicKeyInfo` and no other structure. The key that it finds gets
//! the same checks as a JWK.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use thiserror::Error;

use super::public_key::{Curve, KeyError, PublicKey};

/// The longest PEM that is read, in bytes. An RSA key of 8192 bits needs about 1.5 KiB; explanatory
/// text may stand before it.
const MAX_PEM_BYTES: usize = 16 * 1024;

/// The reason why [`KeySet::from_pem`](crate::KeySet::from_pem) refuses its input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum PemError {
    /// The input is not one block between `-----BEGIN …-----` and `-----END …-----`, its content is
    /// not base64, or it is longer than 16 KiB.
    #[error(
        "this is not a single PEM block of at most 16 KiB; it must consist of -----BEGIN PUBLIC KEY-----, base64, and \
         -----END PUBLIC KEY-----"
    )]
    Malformed,
    /// The block is a certificate. Accepting it would suggest that its chain, dates and revocation
    /// are checked; they are not.
    #[error("this is a certificate; extract its public key with: openssl x509 -pubkey -noout")]
    Certificate,
    /// The block is a private key. Keep private keys away from code that only verifies.
    #[error("this is a private key; extract its public key with: openssl pkey -pubout")]
    PrivateKey,
    /// The block has another label than `PUBLIC KEY`, such as `RSA PUBLIC KEY` (PKCS #1).
    #[error(
        "the PEM block is not labelled PUBLIC KEY; convert an RSA PUBLIC KEY with: openssl rsa -RSAPublicKey_in -pubout"
    )]
    Label,
    /// The block is not a `SubjectPublicKeyInfo` in DER (RFC 5280, section 4.1.2.7).
    #[error("the content of the PEM block is not a SubjectPublicKeyInfo in DER")]
    Der,
    /// The key itself cannot be used.
    #[error("{0}")]
    Key(KeyError),
}

/// Reads one `PUBLIC KEY` block.
pub(crate) fn read(pem: &[u8]) -> Result<PublicKey, PemError> {
    read_public_key(&block_content(pem)?)
}

/// The content of the one block.
fn block_content(pem: &[u8]) -> Result<Vec<u8>, PemError> {
    let pem = std::str::from_utf8(pem).ok().filter(|pem| pem.len() <= MAX_PEM_BYTES).ok_or(PemError::Malformed)?;
    // Text before the block is an explanation, which parsers ignore (RFC 7468, section 2).
    let (_, block) = pem.split_once("-----BEGIN ").ok_or(PemError::Malformed)?;
    let (label, block) = block.split_once("-----").ok_or(PemError::Malformed)?;
    match label {
        "PUBLIC KEY" => {}
        "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE" => return Err(PemError::Certificate),
        label if label.ends_with("PRIVATE KEY") => return Err(PemError::PrivateKey),
        _ => return Err(PemError::Label),
    }
    let (block, rest) = block.split_once("-----END PUBLIC KEY-----").ok_or(PemError::Malformed)?;
    if rest.contains("-----BEGIN ") {
        return Err(PemError::Malformed);
    }
    let base64: String = block.chars().filter(|char| !char.is_ascii_whitespace()).collect();
    STANDARD.decode(base64).map_err(|_| PemError::Malformed)
}

// The content octets of object identifiers in DER (RFC 3279, section 2.3.1; RFC 5480, section
// 2.1.1; RFC 8410, section 3).
const RSA_ENCRYPTION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
const EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
const PRIME256V1: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
const SECP384R1: &[u8] = &[0x2b, 0x81, 0x04, 0, 0x22];
const SECP521R1: &[u8] = &[0x2b, 0x81, 0x04, 0, 0x23];
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const NULL: u8 = 0x05;
const OBJECT_IDENTIFIER: u8 = 0x06;
const SEQUENCE: u8 = 0x30;

fn read_public_key(der: &[u8]) -> Result<PublicKey, PemError> {
    let malformed = PemError::Der;
    let mut der = Der(der);
    let mut info = Der(der.only(SEQUENCE).ok_or(malformed)?);
    let mut algorithm = Der(info.next(SEQUENCE).ok_or(malformed)?);
    // The first octet of a bit string counts its unused bits. A key consists of whole octets.
    let key = info.only(BIT_STRING).and_then(|bits| bits.strip_prefix(&[0])).ok_or(malformed)?;
    let oid = algorithm.next(OBJECT_IDENTIFIER).ok_or(malformed)?;
    let key = if oid == RSA_ENCRYPTION {
        algorithm.only(NULL).filter(|null| null.is_empty()).ok_or(malformed)?;
        let mut numbers = Der(Der(key).only(SEQUENCE).ok_or(malformed)?);
        let n = numbers.next(INTEGER).and_then(unsigned).ok_or(malformed)?;
        let e = numbers.only(INTEGER).and_then(unsigned).ok_or(malformed)?;
        PublicKey::rsa(n, e)
    } else if oid == EC_PUBLIC_KEY {
        let curve = match algorithm.only(OBJECT_IDENTIFIER).ok_or(malformed)? {
            PRIME256V1 => Curve::P256,
            SECP384R1 => Curve::P384,
            SECP521R1 => Curve::P521,
            _ => return Err(PemError::Key(KeyError::Type)),
        };
        // 4 marks an uncompressed point (SEC 1, section 2.3.3). Tools can export compressed points
        // too, but a JWK cannot hold them, so PEM must not either.
        let point = key.strip_prefix(&[4]).ok_or(PemError::Key(KeyError::Point))?;
        // `PublicKey::ec` refuses halves of a wrong length.
        let (x, y) = point.split_at_checked(point.len() / 2).unwrap_or_default();
        PublicKey::ec(curve, x.to_vec(), y.to_vec())
    } else if oid == ED25519 && algorithm.0.is_empty() {
        PublicKey::ed25519(key.to_vec())
    } else {
        Err(KeyError::Type)
    };
    key.map_err(PemError::Key)
}

/// The magnitude of a positive integer. DER demands its shortest form, so that each number has one
/// encoding.
fn unsigned(integer: &[u8]) -> Option<&[u8]> {
    match integer {
        [0, high, ..] if *high >= 0x80 => integer.get(1..),
        [first, ..] if (1..0x80).contains(first) => Some(integer),
        _ => None,
    }
}

/// The part of the DER (X.690) that is still to be read. A length is only compared with the bytes
/// that follow, so a false one allocates nothing.
struct Der<'d>(&'d [u8]);

impl<'d> Der<'d> {
    /// The content of the next element. `None` if it has another tag.
    fn next(&mut self, tag: u8) -> Option<&'d [u8]> {
        let rest = self.0.strip_prefix(&[tag])?;
        let (length, rest) = match rest {
            [short @ 0..=0x7f, rest @ ..] => (usize::from(*short), rest),
            // DER demands as few octets for the length as possible.
            [0x81, length @ 0x80..=0xff, rest @ ..] => (usize::from(*length), rest),
            [0x82, high @ 1..=0xff, low, rest @ ..] => (usize::from(u16::from_be_bytes([*high, *low])), rest),
            _ => return None,
        };
        let (contents, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some(contents)
    }

    /// The content of the last element. `None` if something follows it.
    fn only(&mut self, tag: u8) -> Option<&'d [u8]> {
        let contents = self.next(tag)?;
        self.0.is_empty().then_some(contents)
    }
}
