//! Which addresses this server may connect to.
//!
//! Owns the list of special-use addresses (RFC 6890, the registries of IANA) and the operator's exceptions.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// How far requests may go.
#[derive(Clone, Debug, Default)]
pub struct Reach {
    /// Special-use addresses that the operator lists, and ports other than 443 on them.
    pub allowed: Vec<IpNet>,
    /// Whether this machine itself may be reached, also without TLS: only where the server is such a machine's own.
    pub loopback: bool,
}

/// Which addresses one request may reach; its scheme and port decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Zone {
    /// The usual request: everything public, and what is listed.
    Public,
    /// Another port than 443: what is listed.
    Listed,
    /// Without TLS: this machine.
    Loopback,
}

impl Reach {
    pub(super) fn admits(&self, zone: Zone, address: IpAddr) -> bool {
        let address = address.to_canonical();
        let is_own = self.loopback && address.is_loopback();
        let is_listed = is_own || self.allowed.iter().any(|net| net.contains(&address));
        match zone {
            Zone::Public => is_listed || is_public(address),
            Zone::Listed => is_listed,
            Zone::Loopback => is_own,
        }
    }
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !SPECIAL_V4.iter().any(|net| net.contains(&address)),
        // Everything that is assigned to hosts of the internet begins alike; the mapped, translated and local forms
        // lie elsewhere.
        IpAddr::V6(address) => {
            GLOBAL_V6.contains(&address) && !SPECIAL_V6.iter().any(|net| net.contains(&address))
        }
    }
}

const fn v4(a: u8, b: u8, c: u8, d: u8, length: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), length)
}

const fn v6(first: u16, second: u16, length: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(first, second, 0, 0, 0, 0, 0, 0), length)
}

static SPECIAL_V4: [Ipv4Net; 18] = [
    v4(0, 0, 0, 0, 8),
    v4(10, 0, 0, 0, 8),
    v4(100, 64, 0, 0, 10),
    v4(127, 0, 0, 0, 8),
    // The metadata of clouds, among others.
    v4(169, 254, 0, 0, 16),
    v4(172, 16, 0, 0, 12),
    v4(192, 0, 0, 0, 24),
    v4(192, 0, 2, 0, 24),
    v4(192, 31, 196, 0, 24),
    v4(192, 52, 193, 0, 24),
    v4(192, 88, 99, 0, 24),
    v4(192, 168, 0, 0, 16),
    v4(192, 175, 48, 0, 24),
    v4(198, 18, 0, 0, 15),
    v4(198, 51, 100, 0, 24),
    v4(203, 0, 113, 0, 24),
    // Multicast, reserved and broadcast.
    v4(224, 0, 0, 0, 3),
    // Looks public, and is the inside of one cloud.
    v4(168, 63, 129, 16, 32),
];

static GLOBAL_V6: Ipv6Net = v6(0x2000, 0, 3);

static SPECIAL_V6: [Ipv6Net; 5] = [
    // Protocol assignments, Teredo among them.
    v6(0x2001, 0, 23),
    v6(0x2001, 0xdb8, 32),
    // 6to4 leads to IPv4 addresses.
    v6(0x2002, 0, 16),
    v6(0x2620, 0x4f, 32),
    v6(0x3fff, 0, 20),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn is_admitted(reach: &Reach, zone: Zone, address: &str) -> bool {
        reach.admits(zone, address.parse().unwrap())
    }

    #[test]
    fn special_addresses_are_nobodys_keys() {
        let reach = Reach::default();
        for address in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.100.100.200",
            "127.0.0.1",
            "127.255.255.254",
            "168.63.129.16",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.192",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "239.255.255.250",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:0:127.0.0.1",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:2::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            for zone in [Zone::Public, Zone::Listed, Zone::Loopback] {
                assert!(!is_admitted(&reach, zone, address), "{address} {zone:?}");
            }
        }
        for address in [
            "1.1.1.1",
            "8.8.8.8",
            "172.32.0.1",
            "2606:4700::1111",
            "2a00:1450::1",
            "::ffff:8.8.8.8",
        ] {
            assert!(is_admitted(&reach, Zone::Public, address), "{address}");
            assert!(!is_admitted(&reach, Zone::Listed, address), "{address}");
            assert!(!is_admitted(&reach, Zone::Loopback, address), "{address}");
        }
    }

    #[test]
    fn what_is_listed_is_reached() {
        let reach = Reach {
            allowed: vec!["10.1.2.0/24".parse().unwrap(), "fd00::/64".parse().unwrap()],
            loopback: false,
        };
        for address in ["10.1.2.3", "::ffff:10.1.2.3", "fd00::7"] {
            assert!(is_admitted(&reach, Zone::Public, address), "{address}");
            assert!(is_admitted(&reach, Zone::Listed, address), "{address}");
            assert!(!is_admitted(&reach, Zone::Loopback, address), "{address}");
        }
        for address in ["10.1.3.1", "fd00:0:0:1::1", "127.0.0.1"] {
            assert!(!is_admitted(&reach, Zone::Public, address), "{address}");
        }
    }

    #[test]
    fn a_listed_loopback_address_still_needs_tls() {
        let listed = Reach {
            allowed: vec!["127.0.0.0/8".parse().unwrap()],
            loopback: false,
        };
        assert!(is_admitted(&listed, Zone::Listed, "127.0.0.1"));
        assert!(!is_admitted(&listed, Zone::Loopback, "127.0.0.1"));
        let own = Reach {
            allowed: Vec::new(),
            loopback: true,
        };
        for zone in [Zone::Public, Zone::Listed, Zone::Loopback] {
            assert!(is_admitted(&own, zone, "127.0.0.1"), "{zone:?}");
            assert!(is_admitted(&own, zone, "::1"), "{zone:?}");
            assert!(!is_admitted(&own, zone, "10.0.0.1"), "{zone:?}");
        }
    }
}
