//! Addresses that may be reached, read a second time by other means.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use oidc_logout::op::{AddressRules, BackChannelUri, ChannelUriError, Network, RegistrationRules};
use proptest::prelude::*;
use proptest::sample::select;

use super::input::{changed, check};

/// By the standard library for the ranges that it knows, by the digits for the others.
fn is_special(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_special_v4(address),
        IpAddr::V6(address) => is_special_v6(address),
    }
}

fn is_special_v4(address: Ipv4Addr) -> bool {
    let [first, second, ..] = address.octets();
    let digits = address.to_string();
    let starts = ["0.", "192.0.0.", "192.31.196.", "192.52.193.", "192.88.99.", "192.175.48.", "198.18.", "198.19."];
    address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || address.is_multicast()
        || address.is_broadcast()
        || starts.iter().any(|start| digits.starts_with(start))
        || (first == 100 && (64..=127).contains(&second))
        || first >= 240
}

fn is_special_v6(address: Ipv6Addr) -> bool {
    let digits = format!("{:032x}", u128::from(address));
    // Mapped, and NAT64: the last 8 digits are an IPv4 address.
    if ["00000000000000000000ffff", "0064ff9b0000000000000000"].iter().any(|start| digits.starts_with(start)) {
        return is_special_v4(u32::from_str_radix(&digits[24..], 16).unwrap().into());
    }
    let starts = ["200100", "200101", "20010db8", "2002", "2620004f8000", "3fff0"];
    address.is_loopback()
        || address.is_unspecified()
        || address.is_multicast()
        || address.is_unique_local()
        || address.is_unicast_link_local()
        || starts.iter().any(|start| digits.starts_with(start))
        // All that is assigned for global unicast begins with 001.
        || !digits.starts_with(['2', '3'])
}

/// The first addresses of the ranges, and of what comes after them.
const EDGES_V4: [&str; 34] = [
    "0.0.0.0",
    "1.0.0.0",
    "10.0.0.0",
    "11.0.0.0",
    "100.64.0.0",
    "100.128.0.0",
    "127.0.0.0",
    "128.0.0.0",
    "169.254.0.0",
    "169.255.0.0",
    "172.16.0.0",
    "172.32.0.0",
    "192.0.0.0",
    "192.0.1.0",
    "192.0.2.0",
    "192.0.3.0",
    "192.31.196.0",
    "192.31.197.0",
    "192.52.193.0",
    "192.52.194.0",
    "192.88.99.0",
    "192.88.100.0",
    "192.168.0.0",
    "192.169.0.0",
    "192.175.48.0",
    "192.175.49.0",
    "198.18.0.0",
    "198.20.0.0",
    "198.51.100.0",
    "198.51.101.0",
    "203.0.113.0",
    "203.0.114.0",
    "224.0.0.0",
    "240.0.0.0",
];
const EDGES_V6: [&str; 26] = [
    "::",
    "::1:0:0",
    "::ffff:0:0",
    "::1:0:0:0",
    "64:ff9b::",
    "64:ff9b::1:0:0",
    "64:ff9b:1::",
    "64:ff9b:2::",
    "100::",
    "2000::",
    "2001::",
    "2001:200::",
    "2001:db8::",
    "2001:db9::",
    "2002::",
    "2003::",
    "2620:4f:8000::",
    "2620:4f:8001::",
    "3fff::",
    "3fff:1000::",
    "4000::",
    "5f00::",
    "fc00::",
    "fe00::",
    "fe80::",
    "ff00::",
];

fn address_v4() -> impl Strategy<Value = Ipv4Addr> {
    let edge = (select(EDGES_V4.to_vec()), -2..2_i32).prop_map(|(edge, by)| {
        let edge: Ipv4Addr = edge.parse().unwrap();
        u32::from(edge).wrapping_add_signed(by).into()
    });
    prop_oneof![3 => edge, 2 => any::<u32>().prop_map(Ipv4Addr::from)]
}

fn address_v6() -> impl Strategy<Value = Ipv6Addr> {
    let edge = (select(EDGES_V6.to_vec()), -2..2_i128).prop_map(|(edge, by)| {
        let edge: Ipv6Addr = edge.parse().unwrap();
        u128::from(edge).wrapping_add_signed(by).into()
    });
    let wrapped = (select(vec!["::ffff:0:0", "64:ff9b::", "2002::", "::"]), address_v4()).prop_map(|(start, v4)| {
        let start: Ipv6Addr = start.parse().unwrap();
        (u128::from(start) | u128::from(u32::from(v4))).into()
    });
    let global = any::<u128>().prop_map(|bits| (bits >> 3 | 1 << 125).into());
    prop_oneof![3 => edge, 2 => wrapped, 2 => global, 1 => any::<u128>().prop_map(Ipv6Addr::from)]
}

fn address() -> impl Strategy<Value = IpAddr> {
    prop_oneof![address_v4().prop_map(IpAddr::from), address_v6().prop_map(IpAddr::from)]
}

/// An address and how many of its bits are kept.
fn network() -> impl Strategy<Value = (IpAddr, usize)> {
    let v4 = (address_v4(), 0..=32_usize).prop_map(|(address, prefix)| (address.into(), prefix));
    // A network of mapped addresses is none.
    let v6 = (address_v6(), 0..=128_usize).prop_map(|(address, prefix)| (address.into(), prefix));
    prop_oneof![v4, v6]
}

/// As digits of 0 and 1.
fn bits(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => format!("{:032b}", u32::from(address)),
        IpAddr::V6(address) => format!("{:0128b}", u128::from(address)),
    }
}

/// The text of the network, with zeros after the prefix.
fn text_of((address, prefix): (IpAddr, usize)) -> String {
    let kept = bits(address)[..prefix].to_owned();
    let first = match address {
        IpAddr::V4(_) => Ipv4Addr::from(u32::from_str_radix(&format!("{kept:0<32}"), 2).unwrap()).into(),
        IpAddr::V6(_) => IpAddr::from(Ipv6Addr::from(u128::from_str_radix(&format!("{kept:0<128}"), 2).unwrap())),
    };
    format!("{first}/{prefix}")
}

#[test]
fn an_address_is_blocked_where_a_second_reading_finds_it_special() {
    check(20_000, address(), |address| {
        prop_assert_eq!(AddressRules::default().check(address).is_err(), is_special(address));
        let host = match address {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => format!("[{address}]"),
        };
        prop_assert_eq!(AddressRules::default().check_host(&host).is_err(), is_special(address));
        // What is registered is checked alike, where the text is the one form of the address.
        let registered = BackChannelUri::register(&format!("https://{host}/bc"), &RegistrationRules::default());
        match registered {
            Ok(uri) => prop_assert!(!is_special(address) && uri.host() == host),
            Err(ChannelUriError::Address) => prop_assert!(is_special(address)),
            Err(ChannelUriError::Uri(_)) => prop_assert!(host.contains('.') && host.contains(':'), "{}", host),
            Err(other) => prop_assert!(false, "{:?}", other),
        }
        Ok(())
    });
}

#[test]
fn a_network_holds_the_addresses_that_begin_like_it() {
    let inputs = (network(), address(), any::<bool>());
    check(20_000, inputs, |((first, prefix), other, inside)| {
        let text = text_of((first, prefix));
        let Ok(network) = text.parse::<Network>() else {
            // Only a network of mapped addresses is not written so.
            prop_assert!(text.starts_with("::ffff:"), "{}", text);
            return Ok(());
        };
        prop_assert_eq!(network.to_string().parse::<Network>(), Ok(network));
        let address = if inside { first } else { other };
        let is_mapped = address != address.to_canonical();
        let begins_alike =
            network.to_string().contains(':') == address.is_ipv6() && bits(address)[..prefix] == bits(first)[..prefix];
        if !is_mapped {
            prop_assert_eq!(network.contains(address), begins_alike, "{} {}", network, address);
        }
        let mapped = match address {
            IpAddr::V4(v4) => v4.to_ipv6_mapped().into(),
            IpAddr::V6(_) => address,
        };
        prop_assert_eq!(network.contains(mapped), network.contains(address.to_canonical()));

        let rules = AddressRules::default().allow_network(network);
        let reached = match address {
            IpAddr::V6(v6) if bits(address).starts_with(&bits("64:ff9b::".parse().unwrap())[..96]) => {
                let [.., a, b, c, d] = v6.octets();
                Ipv4Addr::new(a, b, c, d).into()
            }
            address => address,
        };
        let allowed = !is_special(address) || network.contains(address) || network.contains(reached);
        prop_assert_eq!(rules.check(address).is_ok(), allowed, "{} {}", network, address);
        Ok(())
    });
}

#[test]
fn a_text_that_is_read_as_a_network_is_written_as_the_same_network() {
    let texts = prop_oneof![
        3 => changed(network().prop_map(text_of), 3),
        1 => "[0-9a-f.:]{0,12}/[0-9+ -]{0,4}",
        1 => any::<String>(),
    ];
    check(10_000, texts, |text| {
        if let Ok(network) = text.parse::<Network>() {
            let written = network.to_string();
            prop_assert_eq!(written.parse::<Network>(), Ok(network));
            let prefix = text.split_once('/').unwrap().1;
            prop_assert_eq!(written.split_once('/').unwrap().1, prefix);
            prop_assert!(text.bytes().all(|byte| byte.is_ascii_hexdigit() || b".:/".contains(&byte)));
        }
        Ok(())
    });
}
