//! The numbers of a public key, checked for their strength: all that a backend is given, wherever they came from.

use super::Algorithm;
use super::keys::KeyError;

pub(super) enum PublicKey {
    /// Modulus and exponent, big-endian without leading zeros.
    Rsa { n: Vec<u8>, e: Vec<u8> },
    /// The coordinates, of their curve's length.
    Ec { curve: Curve, x: Vec<u8>, y: Vec<u8> },
    /// The 32 bytes of an Ed25519 key.
    Ed25519 { x: Vec<u8> },
}

#[derive(Clone, Copy)]
pub(super) enum Curve {
    P256,
    P384,
    P521,
}

impl Curve {
    /// How long a coordinate is, in bytes (RFC 7518, section 6.2.1.2).
    fn coordinate_bytes(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }
}

impl PublicKey {
    /// With `e` = 1 anybody forges; with a short modulus, whoever can factor it. Leading zeros, which some encoders add, do
    /// not count.
    pub(super) fn rsa(n: &[u8], e: &[u8]) -> Result<Self, KeyError> {
        let without_zeros = |number: &[u8]| number.iter().copied().skip_while(|&octet| octet == 0).collect::<Vec<_>>();
        let is_odd = |number: &[u8]| number.last().is_some_and(|octet| octet & 1 == 1);
        let (n, e) = (without_zeros(n), without_zeros(e));
        // Odd and at most 2^32, that is below it: four octets.
        let exponent_fits = is_odd(&e) && e.len() <= 4 && e != [1];
        if (2048..=8192).contains(&bits(&n)) && is_odd(&n) && exponent_fits {
            Ok(Self::Rsa { n, e })
        } else {
            Err(KeyError::Rsa)
        }
    }

    pub(super) fn ec(curve: Curve, x: Vec<u8>, y: Vec<u8>) -> Result<Self, KeyError> {
        let bytes = curve.coordinate_bytes();
        if x.len() == bytes && y.len() == bytes { Ok(Self::Ec { curve, x, y }) } else { Err(KeyError::Point) }
    }

    pub(super) fn ed25519(x: Vec<u8>) -> Result<Self, KeyError> {
        if x.len() == 32 { Ok(Self::Ed25519 { x }) } else { Err(KeyError::Point) }
    }

    /// What a key of this type can verify.
    pub(super) fn algorithms(&self) -> &'static [Algorithm] {
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

/// The exact length of a number without leading zeros, in bits.
fn bits(number: &[u8]) -> usize {
    let zeros = number.first().map_or(0, |octet| octet.leading_zeros());
    number.len().saturating_mul(8).saturating_sub(usize::try_from(zeros).unwrap_or(0))
}
