//! Networks and addresses from any text. What is allowed must be allowed by a second reading, which
//! compares digits.
#![no_main]

use std::net::{IpAddr, Ipv4Addr};

use libfuzzer_sys::fuzz_target;
use oidc_logout::op::{AddressRules, Network};

// The last line is a host, every other one a network.
fuzz_target!(|text: &str| {
    let (networks, host) = text.rsplit_once('\n').unwrap_or(("", text));
    let mut rules = AddressRules::default();
    let mut allowed = Vec::new();
    for line in networks.split('\n') {
        let Ok(network) = line.parse::<Network>() else { continue };
        assert_eq!(network.to_string().parse(), Ok(network));
        let (first, prefix) = line.split_once('/').unwrap();
        let (first, prefix): (IpAddr, usize) = (first.parse().unwrap(), prefix.parse().unwrap());
        // The first address is in it, and all bits after the prefix are zero.
        assert!(network.contains(first) && !bits(first)[prefix..].contains('1'));
        allowed.push((first, prefix));
        rules = rules.allow_network(network);
    }

    let literal = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let Ok(address) = literal.parse::<IpAddr>() else {
        // A name: only its addresses can be judged.
        assert!(rules.check_host(host).is_ok());
        return;
    };
    assert_eq!(rules.check_host(host), rules.check(address));
    let address = address.to_canonical();
    let reached = reached(address);
    let holds = |address: IpAddr| {
        allowed.iter().any(|(first, prefix)| {
            first.is_ipv4() == address.is_ipv4() && bits(*first)[..*prefix] == bits(address)[..*prefix]
        })
    };
    let expected = holds(address) || holds(reached) || !is_special(reached);
    assert_eq!(rules.check(address).is_ok(), expected, "{address}");
});

/// The address behind a translation.
fn reached(address: IpAddr) -> IpAddr {
    let digits = format!("{:032x}", u128::from_str_radix(&bits(address), 2).unwrap());
    match digits.strip_prefix("0064ff9b0000000000000000").filter(|_| address.is_ipv6()) {
        Some(last) => IpAddr::V4(Ipv4Addr::from(u32::from_str_radix(last, 16).unwrap())),
        None => address,
    }
}

/// As digits of 0 and 1.
fn bits(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => format!("{:032b}", u32::from(address)),
        IpAddr::V6(address) => format!("{:0128b}", u128::from(address)),
    }
}

/// By the standard library for the ranges that it knows, by the digits for the others.
fn is_special(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let [first, second, ..] = address.octets();
            let starts =
                ["0.", "192.0.0.", "192.31.196.", "192.52.193.", "192.88.99.", "192.175.48.", "198.18.", "198.19."];
            address.is_private()
                || address.is_loopback()
                || address.is_link_local()
                || address.is_documentation()
                || address.is_multicast()
                || (first == 100 && (64..=127).contains(&second))
                || first >= 240
                || starts.iter().any(|start| address.to_string().starts_with(start))
        }
        IpAddr::V6(address) => {
            let digits = format!("{:032x}", u128::from(address));
            let starts = ["200100", "200101", "20010db8", "2002", "2620004f8000", "3fff0"];
            address.is_loopback()
                || address.is_unspecified()
                || address.is_multicast()
                || address.is_unique_local()
                || address.is_unicast_link_local()
                || !digits.starts_with(['2', '3'])
                || starts.iter().any(|start| digits.starts_with(start))
        }
    }
}
