//! The addresses that the provider may connect to on behalf of a client (rule 16).
//!
//! Whoever registers a `backchannel_logout_uri` makes the provider send requests. Without a rule,
//! these could reach what only the provider can reach: its own host, its private network, the
//! metadata service of its cloud.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use thiserror::Error;

/// The special-purpose ranges of IPv4 ([RFC 6890](https://www.rfc-editor.org/rfc/rfc6890) and
/// IANA's registry), multicast and the reserved rest: the first address and the prefix length.
const BLOCKED_V4: [(Ipv4Addr, u8); 18] = [
    (Ipv4Addr::UNSPECIFIED, 8),           // this network
    (Ipv4Addr::new(10, 0, 0, 0), 8),      // private use
    (Ipv4Addr::new(100, 64, 0, 0), 10),   // shared address space
    (Ipv4Addr::new(127, 0, 0, 0), 8),     // loopback
    (Ipv4Addr::new(169, 254, 0, 0), 16),  // link local
    (Ipv4Addr::new(172, 16, 0, 0), 12),   // private use
    (Ipv4Addr::new(192, 0, 0, 0), 24),    // protocol assignments
    (Ipv4Addr::new(192, 0, 2, 0), 24),    // documentation
    (Ipv4Addr::new(192, 31, 196, 0), 24), // AS112
    (Ipv4Addr::new(192, 52, 193, 0), 24), // AMT
    (Ipv4Addr::new(192, 88, 99, 0), 24),  // 6to4 relays
    (Ipv4Addr::new(192, 168, 0, 0), 16),  // private use
    (Ipv4Addr::new(192, 175, 48, 0), 24), // AS112
    (Ipv4Addr::new(198, 18, 0, 0), 15),   // benchmarks
    (Ipv4Addr::new(198, 51, 100, 0), 24), // documentation
    (Ipv4Addr::new(203, 0, 113, 0), 24),  // documentation
    (Ipv4Addr::new(224, 0, 0, 0), 4),     // multicast
    (Ipv4Addr::new(240, 0, 0, 0), 4),     // reserved, and broadcast
];

/// The only range of IPv6 that is assigned for global unicast (RFC 4291, section 2.4). Everything
/// outside is blocked, so loopback, link-local, unique-local and multicast need no entry below.
const GLOBAL_UNICAST: (Ipv6Addr, u8) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// The special-purpose ranges within global unicast.
const BLOCKED_V6: [(Ipv6Addr, u8); 5] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23), // protocol assignments, Teredo
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32), // documentation
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16), // 6to4
    (Ipv6Addr::new(0x2620, 0x4f, 0x8000, 0, 0, 0, 0, 0), 48), // AS112
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20), // documentation
];

/// The well-known prefix of NAT64 (RFC 6052): behind it is the IPv4 address of the last 32 bits.
const NAT64: (Ipv6Addr, u8) = (Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96);

/// The addresses that a back-channel logout request may be sent to. By default every address of the
/// public internet, and none of a special-purpose range of IPv4 or IPv6. Addresses of IPv4 that are
/// written as IPv6 (mapped, or translated by NAT64) are judged as what they reach.
///
/// Ask [`check`](Self::check) about **every** address that a host name resolves to, in the resolver
/// of your HTTP client, at each attempt: a name can resolve to another address the next time. Ask
/// [`check_host`](Self::check_host) about the host of the URI, because HTTP clients do not resolve
/// a literal address. Follow no redirect and use no proxy: either connects to what nobody checked.
///
/// [Networks](Self::allow_network) that are allowed must hold for clients that an operator
/// configured, and never for clients that registered themselves.
///
/// ```
/// use oidc_logout::op::{AddressRules, Network};
///
/// let public = AddressRules::default();
/// assert!(public.check("93.184.215.14".parse()?).is_ok());
/// assert!(public.check("169.254.169.254".parse()?).is_err());
///
/// let office: Network = "10.1.0.0/16".parse()?;
/// let rules = AddressRules::default().allow_network(office);
/// assert!(rules.check("10.1.2.3".parse()?).is_ok());
/// assert!(rules.check("10.2.0.1".parse()?).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[doc(alias = "SSRF")]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct AddressRules {
    allowed: Vec<Network>,
}

impl AddressRules {
    /// Allows one network, whatever range it belongs to.
    pub fn allow_network(mut self, network: Network) -> Self {
        self.allowed.push(network);
        self
    }

    /// Whether a request may be sent to this address.
    ///
    /// # Errors
    /// [`AddressBlocked`] if it belongs to a special-purpose range and to no allowed network.
    pub fn check(&self, address: IpAddr) -> Result<(), AddressBlocked> {
        let address = address.to_canonical();
        let reached = reached(address);
        let is_allowed = |network: &Network| network.contains(address) || network.contains(reached);
        if self.allowed.iter().any(is_allowed) || !is_blocked(reached) { Ok(()) } else { Err(AddressBlocked) }
    }

    /// The same for the host of a URI: a literal address, with or without the brackets of IPv6, is
    /// checked. A name passes, because only its addresses can be judged.
    ///
    /// ```
    /// use oidc_logout::op::AddressRules;
    ///
    /// let rules = AddressRules::default();
    /// assert!(rules.check_host("rp.example").is_ok());
    /// assert!(rules.check_host("[::1]").is_err());
    /// ```
    ///
    /// # Errors
    /// [`AddressBlocked`], as for [`check`](Self::check).
    pub fn check_host(&self, host: &str) -> Result<(), AddressBlocked> {
        let literal = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        literal.parse().map_or(Ok(()), |address| self.check(address))
    }
}

/// A request may not be sent to this address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[error("the address belongs to a special-purpose range, such as a private network, that this provider does not allow")]
pub struct AddressBlocked;

/// A range of addresses that an operator allows, such as `10.1.0.0/16` or `fd12:3456::/32`.
///
/// It is read from that form (CIDR: RFC 4632, section 3.1; RFC 4291, section 2.3), in which the
/// bits after the prefix are zero. A network of IPv4 also holds the addresses of IPv6 that reach
/// it; a network of IPv6 holds none of IPv4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

impl Network {
    /// Whether the address is in the network. Mapped addresses count as the IPv4 that they reach.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => holds_v4((network, self.prefix), address),
            (IpAddr::V6(network), IpAddr::V6(address)) => holds_v6((network, self.prefix), address),
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let (address, prefix) = text.split_once('/').ok_or(NetworkError::Form)?;
        let address: IpAddr = address.parse().map_err(|_| NetworkError::Form)?;
        let digits = prefix;
        let prefix: u8 = digits.parse().map_err(|_| NetworkError::Form)?;
        // `+8` and `08` parse too.
        if prefix.to_string() != digits {
            return Err(NetworkError::Form);
        }
        let host_bits_are_zero = match address {
            IpAddr::V4(address) if prefix <= 32 => u32::from(address) & !mask_v4(prefix) == 0,
            IpAddr::V6(address) if prefix <= 128 => u128::from(address) & !mask_v6(prefix) == 0,
            _ => return Err(NetworkError::Form),
        };
        if !host_bits_are_zero {
            return Err(NetworkError::HostBits);
        }
        if address.to_canonical() != address {
            return Err(NetworkError::Mapped);
        }
        Ok(Self { address, prefix })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

/// The reason why a text is not a [`Network`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum NetworkError {
    /// Not an address, a slash and a prefix length.
    #[error("write a network as an address and a prefix length, such as 10.1.0.0/16 or fd12:3456::/32")]
    Form,
    /// A bit after the prefix is set.
    #[error("the address has bits after the prefix; write the first address of the network")]
    HostBits,
    /// An IPv4 address that is written as IPv6.
    #[error("write a network of IPv4 in the form of IPv4")]
    Mapped,
}

/// What a connection to this address reaches.
fn reached(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(address) if holds_v6(NAT64, address) => {
            let [.., a, b, c, d] = address.octets();
            IpAddr::V4(Ipv4Addr::new(a, b, c, d))
        }
        address => address,
    }
}

fn is_blocked(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => BLOCKED_V4.into_iter().any(|range| holds_v4(range, address)),
        IpAddr::V6(address) => {
            !holds_v6(GLOBAL_UNICAST, address) || BLOCKED_V6.into_iter().any(|range| holds_v6(range, address))
        }
    }
}

fn holds_v4((network, prefix): (Ipv4Addr, u8), address: Ipv4Addr) -> bool {
    u32::from(address) & mask_v4(prefix) == u32::from(network)
}

fn holds_v6((network, prefix): (Ipv6Addr, u8), address: Ipv6Addr) -> bool {
    u128::from(address) & mask_v6(prefix) == u128::from(network)
}

fn mask_v4(prefix: u8) -> u32 {
    u32::MAX.checked_shl(32_u32.saturating_sub(prefix.into())).unwrap_or(0)
}

fn mask_v6(prefix: u8) -> u128 {
    u128::MAX.checked_shl(128_u32.saturating_sub(prefix.into())).unwrap_or(0)
}
