//! Ranges of IP addresses, and which country an address is taken to be in.

use std::{fmt, net::IpAddr};

/// An address or a CIDR range of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    is_v4: bool,
    network: u128,
    mask: u128,
}

impl Range {
    /// Reads `203.0.113.7`, `203.0.113.0/24` or `2001:db8::/32`; bits behind the mask are ignored.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, length) = text.split_once('/').map_or((text, None), |(address, length)| (address, Some(length)));
        let (is_v4, bits) = number(address.trim().parse().ok()?);
        let most: u32 = if is_v4 { 32 } else { 128 };
        let length = match length {
            Some(length) => length.parse::<u32>().ok().filter(|length| *length <= most)?,
            None => most,
        };
        let mask = if length == 0 { 0 } else { u128::MAX << (most - length) };
        Some(Self { is_v4, network: bits & mask, mask })
    }

    /// Whether the address lies in the range.
    pub fn contains(&self, address: IpAddr) -> bool {
        let (is_v4, bits) = number(address);
        is_v4 == self.is_v4 && bits & self.mask == self.network
    }
}

/// An address as a number; an IPv4 address that is written as IPv6 is the IPv4 address.
fn number(address: IpAddr) -> (bool, u128) {
    match address.to_canonical() {
        IpAddr::V4(address) => (true, u128::from(address.to_bits())),
        IpAddr::V6(address) => (false, address.to_bits()),
    }
}

/// A country by its ISO 3166-1 alpha-2 code.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Country([u8; 2]);

impl Country {
    /// What the firewall calls an address of which it knows no country.
    pub const UNKNOWN: Self = Self(*b"ZZ");

    /// The country of this code, in any case.
    pub fn new(code: &str) -> Option<Self> {
        let bytes: [u8; 2] = code.as_bytes().try_into().ok()?;
        bytes.iter().all(u8::is_ascii_alphabetic).then(|| Self(bytes.map(|byte| byte.to_ascii_uppercase())))
    }

    /// The code, in capitals.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("ZZ")
    }
}

impl Default for Country {
    fn default() -> Self {
        Self::UNKNOWN
    }
}

impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// A stand-in for the service's table of countries: the ranges that somebody has said, the first that holds an address first.
#[derive(Clone, Debug, Default)]
pub struct Countries(Vec<(Range, Country)>);

impl Countries {
    /// The table of these ranges.
    pub fn new(ranges: Vec<(Range, Country)>) -> Self {
        Self(ranges)
    }

    /// The country of an address.
    pub fn of(&self, address: IpAddr) -> Country {
        self.0.iter().find(|(range, _)| range.contains(address)).map_or(Country::UNKNOWN, |(_, country)| *country)
    }
}
