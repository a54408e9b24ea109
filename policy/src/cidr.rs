//! Ranges of addresses: `10.0.0.0/8`, `fd00::/8` (RFC 4632, RFC 4291).

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// A range of addresses. Its address may have bits beyond the prefix: Kubernetes takes such, and people rarely mean it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cidr {
    address: IpAddr,
    prefix: u8,
}

/// A text that is not a range of addresses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a range of addresses; write it like `10.0.0.0/8` or `fd00::/8`")]
pub struct NotACidr(String);

impl Cidr {
    /// The same range with no bits beyond the prefix.
    #[must_use]
    pub fn masked(self) -> Self {
        let address = match self.address {
            IpAddr::V4(address) => IpAddr::V4((address.to_bits() & mask(32, self.prefix) as u32).into()),
            IpAddr::V6(address) => IpAddr::V6((address.to_bits() & mask(128, self.prefix)).into()),
        };
        Self { address, prefix: self.prefix }
    }

    /// Whether every address of `other` is one of this.
    #[must_use]
    pub fn contains(self, other: Self) -> bool {
        self.address.is_ipv4() == other.address.is_ipv4()
            && self.prefix <= other.prefix
            && self.masked() == Self { address: other.address, prefix: self.prefix }.masked()
    }
}

/// The first `prefix` of `bits` bits.
fn mask(bits: u32, prefix: u8) -> u128 {
    let rest = bits.saturating_sub(u32::from(prefix));
    let all = u128::MAX.checked_shr(128 - bits).unwrap_or(0);
    all & u128::MAX.checked_shl(rest).unwrap_or(0)
}

impl FromStr for Cidr {
    type Err = NotACidr;

    fn from_str(text: &str) -> Result<Self, NotACidr> {
        let wrong = || NotACidr(text.chars().take(64).collect());
        let (address, prefix) = text.split_once('/').ok_or_else(wrong)?;
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let plain = prefix.bytes().all(|byte| byte.is_ascii_digit()) && (prefix == "0" || !prefix.starts_with('0'));
        let prefix: u8 = prefix.parse().ok().filter(|_| plain).ok_or_else(wrong)?;
        // An IPv4 address written as IPv6 is read differently from place to place; Kubernetes warns of it.
        let (most, mapped) = match address {
            IpAddr::V4(_) => (32, false),
            IpAddr::V6(address) => (128, address.to_ipv4_mapped().is_some()),
        };
        if prefix > most || mapped { Err(wrong()) } else { Ok(Self { address, prefix }) }
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cidr(text: &str) -> Cidr {
        text.parse().unwrap()
    }

    #[test]
    fn reads_what_it_prints() {
        for text in ["10.0.0.0/8", "0.0.0.0/0", "192.0.2.1/32", "fd00::/8", "::/0", "2001:db8::1/128"] {
            assert_eq!(cidr(text).to_string(), text);
        }
        for bad in [
            "",
            "10.0.0.0",
            "10.0.0.0/33",
            "10.0.0/8",
            "10.0.0.0/08",
            "10.0.0.0/+8",
            "fd00::/129",
            "/8",
            "::ffff:10.0.0.0/104",
            "010.0.0.0/8",
        ] {
            assert!(bad.parse::<Cidr>().is_err(), "{bad}");
        }
    }

    #[test]
    fn bits_beyond_the_prefix_are_masked() {
        for (text, masked) in [
            ("10.1.2.3/8", "10.0.0.0/8"),
            ("10.1.2.3/0", "0.0.0.0/0"),
            ("fd00:1::1/16", "fd00::/16"),
            ("::1/0", "::/0"),
        ] {
            assert_eq!(cidr(text).masked(), cidr(masked));
        }
        assert_eq!(cidr("10.1.2.3/32").masked(), cidr("10.1.2.3/32"));
    }

    #[test]
    fn contains_what_lies_within() {
        for (outer, inner) in [
            ("10.0.0.0/8", "10.1.0.0/16"),
            ("10.0.0.0/8", "10.0.0.0/8"),
            ("::/0", "fd00::/8"),
            ("0.0.0.0/0", "10.1.2.3/32"),
        ] {
            assert!(cidr(outer).contains(cidr(inner)), "{outer} {inner}");
        }
        for (outer, other) in [("10.0.0.0/8", "11.0.0.0/16"), ("10.0.0.0/16", "10.0.0.0/8"), ("0.0.0.0/0", "::/0")] {
            assert!(!cidr(outer).contains(cidr(other)), "{outer} {other}");
        }
    }
}
