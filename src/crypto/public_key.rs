//! The numbers of a public key, checked for their strength. A backend gets nothing else, whether
//! they came from a JWK or from PEM.

use thiserror::Error;

use super::Algorithm;

/// The reason why a public key cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The value is not a JWK, or one of the members that are read is missing, has the wrong JSON
    /// type, or is not base64url.
    #[error("this is not a JWK, or one of its members is missing or malformed")]
    Malformed,
    /// The key has another type than RSA, EC with P-256, P-384 or P-521, or OKP with Ed25519
    /// (`kty` and `crv`). A symmetric key (`oct`) has this error too, because the secrets for HMAC
    /// belong to the clients.
    #[error("unsupported key type (kty or crv)")]
    Type,
    /// `use` or `key_ops` excludes signatures (RFC 7517, sections 4.2 and 4.3).
    #[error("the use or key_ops of the key excludes signatures")]
    Use,
    /// The key's `alg` is unknown or does not fit its type.
    #[error("the alg of the key is unknown or does not fit its type")]
    Algorithm,
    /// The modulus of an RSA key is even, below 2048 bits or above 8192 bits, or its exponent is
    /// even, below 3 or above 2^32.
    #[error("the RSA modulus must be odd and have 2048 to 8192 bits, and the exponent must be odd and from 3 to 2^32")]
    Rsa,
    /// A coordinate has another length than its curve demands, an EC point is not on its curve, or
    /// an Ed25519 point has a small order or is not in canonical form.
    #[error("the point of the key is not valid on its curve, or a coordinate has the wrong length")]
    Point,
}

/// The `y` of the Ed25519 points of order 1, 2, 4 and 8, without the sign of `x`. Such a key is
/// refused, because one signature under it fits many messages.
const SMALL_ORDER: [[u8; 32]; 5] = [
    [0; 32],
    [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    [
        0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20,
        0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    ],
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf,
        0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ],
];

#[derive(PartialEq, Eq)]
pub(crate) enum PublicKey {
    /// Modulus and exponent, big-endian without leading zeros.
    Rsa { n: Vec<u8>, e: Vec<u8> },
    /// Each coordinate has the length that its curve demands.
    Ec { curve: Curve, x: Vec<u8>, y: Vec<u8> },
    /// The 32 bytes of an Ed25519 key.
    Ed25519 { x: Vec<u8> },
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Curve {
    P256,
    P384,
    P521,
}

impl Curve {
    /// The length of a coordinate, in bytes (RFC 7518, section 6.2.1.2).
    fn coordinate_bytes(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }
}

impl PublicKey {
    /// With `e` = 1 everybody can forge signatures; with a short modulus, everybody who can factor
    /// it. Leading zeros are ignored, because some encoders add them.
    pub(crate) fn rsa(n: &[u8], e: &[u8]) -> Result<Self, KeyError> {
        let without_zeros = |number: &[u8]| number.iter().copied().skip_while(|&octet| octet == 0).collect::<Vec<_>>();
        let is_odd = |number: &[u8]| number.last().is_some_and(|octet| octet & 1 == 1);
        let (n, e) = (without_zeros(n), without_zeros(e));
        // 2^32 is even, so an odd exponent up to it fits into four octets.
        let exponent_fits = is_odd(&e) && e.len() <= 4 && e != [1];
        if (2048..=8192).contains(&bits(&n)) && is_odd(&n) && exponent_fits {
            Ok(Self::Rsa { n, e })
        } else {
            Err(KeyError::Rsa)
        }
    }

    pub(crate) fn ec(curve: Curve, x: Vec<u8>, y: Vec<u8>) -> Result<Self, KeyError> {
        let bytes = curve.coordinate_bytes();
        if x.len() == bytes && y.len() == bytes { Ok(Self::Ec { curve, x, y }) } else { Err(KeyError::Point) }
    }

    pub(crate) fn ed25519(x: Vec<u8>) -> Result<Self, KeyError> {
        let mut y: [u8; 32] = x.as_slice().try_into().map_err(|_| KeyError::Point)?;
        y[31] &= 0x7f;
        // `y` must be below 2^255 - 19 (RFC 8032, section 5.1.3). In little-endian bytes that is
        // ed ff ... ff 7f.
        let [low, middle @ .., high] = &y;
        let is_canonical = *low < 0xed || *high < 0x7f || middle.iter().any(|&byte| byte < 0xff);
        if is_canonical && !SMALL_ORDER.contains(&y) { Ok(Self::Ed25519 { x }) } else { Err(KeyError::Point) }
    }

    /// The algorithms that a key of this type can verify.
    pub(crate) fn algorithms(&self) -> &'static [Algorithm] {
        match self {
            Self::Rsa { .. } => &[
                Algorithm::Rs256,
                Algorithm::Rs384,
                Algorithm::Rs512,
                Algorithm::Ps256,
                Algorithm::Ps384,
                Algorithm::Ps512,
            ],
            Self::Ec { curve: Curve::P256, .. } => &[Algorithm::Es256],
            Self::Ec { curve: Curve::P384, .. } => &[Algorithm::Es384],
            Self::Ec { curve: Curve::P521, .. } => &[Algorithm::Es512],
            Self::Ed25519 { .. } => &[Algorithm::EdDsa],
        }
    }
}

/// The length in bits of a number that has no leading zero bytes.
fn bits(number: &[u8]) -> usize {
    let zeros = number.first().map_or(0, |octet| octet.leading_zeros());
    number.len().saturating_mul(8).saturating_sub(usize::try_from(zeros).unwrap_or(0))
}
