//! `System.Net.IPAddress`: what expressions may use of it, as .NET reads and writes addresses.
//!
//! Source: dotnet/runtime, IPAddressParser.cs, IPv4AddressHelper.Common.cs, IPv6AddressHelper.Common.cs.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::{
    enums::EnumValue,
    exception::{Raise, argument_null, null_reference, raise},
    heap::{Instance, Object, downcast},
    member::{Call, Member, member},
    registry,
    runtime::Runtime,
    string::Str,
    types::Type,
    value::Value,
};

crate::classes! {
    IP_ADDRESS = class("System.Net", "IPAddress").members(MEMBERS);
    ADDRESS_FAMILY = enumeration(
        "System.Net.Sockets",
        "AddressFamily",
        &[("Unknown", -1), ("Unspecified", 0), ("Unix", 1), ("InterNetwork", 2), ("InterNetworkV6", 23)],
    );
}

/// An address; one of IPv6 with its scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IpAddress {
    /// `InterNetwork`
    V4(Ipv4Addr),
    /// `InterNetworkV6`
    V6(Ipv6Addr, u32),
}

impl IpAddress {
    /// What `IPAddress.TryParse` reads.
    pub fn parse(text: &str) -> Option<Self> {
        if text.contains(':') { v6(text).map(|(address, scope)| Self::V6(address, scope)) } else { v4(text).map(Self::V4) }
    }

    fn bytes(self) -> Vec<u8> {
        match self {
            Self::V4(address) => address.octets().to_vec(),
            Self::V6(address, _) => address.octets().to_vec(),
        }
    }

    fn is_loopback(self) -> bool {
        match self {
            Self::V4(address) => address.is_loopback(),
            // Source: IPAddress.cs as of .NET 5: `::ffff:127.0.0.1` is loopback too.
            Self::V6(address, _) => address.is_loopback() || address.to_ipv4_mapped() == Some(Ipv4Addr::LOCALHOST),
        }
    }
}

/// One to four numbers, decimal, octal after `0`, hexadecimal after `0x`; the last one fills what is left.
pub fn v4(text: &str) -> Option<Ipv4Addr> {
    let mut numbers = Vec::new();
    for part in text.split('.') {
        let (digits, radix) = match part.strip_prefix("0x").or_else(|| part.strip_prefix("0X")) {
            Some(hex) => (hex, 16),
            None if part.len() > 1 && part.starts_with('0') => (part, 8),
            None => (part, 10),
        };
        if !digits.chars().all(|c| c.is_digit(radix)) {
            return None;
        }
        numbers.push(u32::from_str_radix(digits, radix).ok()?);
    }
    let (last, leading) = numbers.split_last()?;
    let room = 32_u32.checked_sub(8 * leading.len() as u32).filter(|room| *room > 0)?;
    if leading.iter().any(|number| *number > 255) || (room < 32 && *last >> room != 0) {
        return None;
    }
    let leading = leading.iter().enumerate().fold(0, |sum, (index, number)| sum | number << (24 - 8 * index));
    Some(Ipv4Addr::from(leading | last))
}

/// An address of IPv6, in brackets or without, with a scope or a prefix length or without.
fn v6(text: &str) -> Option<(Ipv6Addr, u32)> {
    // With brackets a port may follow; it is not kept.
    let text = match text.strip_prefix('[') {
        Some(inner) => {
            let (inner, port) = inner.split_once(']')?;
            let port = if port.is_empty() { "0" } else { port.strip_prefix(':')? };
            let is_number = match port.strip_prefix("0x") {
                Some(hex) => !hex.is_empty() && hex.chars().all(|c| c.is_ascii_hexdigit()),
                None => !port.is_empty() && port.chars().all(|c| c.is_ascii_digit()),
            };
            is_number.then_some(inner)?
        }
        None => text,
    };
    let (address, scope) = match text.split_once('%') {
        Some((address, scope)) if !scope.is_empty() => (address, scope.parse().unwrap_or(0)),
        Some(_) => return None,
        None => (text, 0),
    };
    let (address, _prefix) = match address.split_once('/') {
        Some((address, prefix)) => (address, prefix.parse::<u8>().ok().filter(|prefix| *prefix <= 128)?),
        None => (address, 0),
    };
    Some((address.parse().ok()?, scope))
}

/// As .NET writes IPv6: the longest run of zero groups short, and a tail of IPv4 where the prefix says that there is one.
pub fn v6_text(address: Ipv6Addr) -> String {
    let groups = address.segments();
    let has_v4 = match groups {
        [0, 0, 0, 0, 0, 0, high, _] if high != 0 => true,
        [0, 0, 0, 0, 0xFFFF, 0, ..] | [0, 0, 0, 0, 0, 0xFFFF, ..] => true,
        [.., 0, 0x5EFE, _, _] => true,
        _ => false,
    };
    let of = if has_v4 { 6 } else { 8 };
    let (mut best, mut length) = (0, 0);
    let mut start = 0;
    for index in 0..=of {
        if index < of && groups.get(index) == Some(&0) {
            continue;
        }
        if index - start > length {
            (best, length) = (start, index - start);
        }
        start = index + 1;
    }
    let mut out = String::new();
    let mut index = 0;
    while index < of {
        if length > 1 && index == best {
            out.push_str("::");
            index += length;
            continue;
        }
        if !out.is_empty() && !out.ends_with("::") {
            out.push(':');
        }
        out.push_str(&format!("{:x}", groups.get(index).copied().unwrap_or(0)));
        index += 1;
    }
    if has_v4 {
        let [.., a, b, c, d] = address.octets();
        if !out.ends_with(':') {
            out.push(':');
        }
        out.push_str(&Ipv4Addr::new(a, b, c, d).to_string());
    }
    out
}

impl Instance for IpAddress {
    fn ty(&self) -> Type {
        Type::named(&IP_ADDRESS)
    }

    fn copy(&self) -> Box<dyn Instance> {
        Box::new(*self)
    }

    fn independent(&self) -> Option<Box<dyn Instance>> {
        Some(self.copy())
    }

    fn text(&self, _runtime: &Runtime<'_>) -> Option<Str> {
        Some(match self {
            Self::V4(address) => address.to_string().into(),
            Self::V6(address, 0) => v6_text(*address).into(),
            Self::V6(address, scope) => format!("{}%{scope}", v6_text(*address)).into(),
        })
    }

    fn equals(&self, _runtime: &Runtime<'_>, other: &dyn Instance) -> Option<bool> {
        Some(downcast::<Self>(other) == Some(self))
    }

    fn hash(&self, _runtime: &Runtime<'_>) -> Option<u64> {
        Some(self.bytes().iter().fold(5381, |hash, byte| hash * 33 % 0xFFFF_FFFB + u64::from(*byte)))
    }
}

fn address(call: &Call<'_, '_>, index: usize) -> Result<IpAddress, Raise> {
    call.runtime.own::<IpAddress>(call.argument(index)).copied().ok_or_else(null_reference)
}

/// The members of `IPAddress`.
pub const MEMBERS: &[Member] = &[
    member("AddressFamily AddressFamily { get; }", |call| {
        let family = if matches!(address(call, 0)?, IpAddress::V4(_)) { 2 } else { 23 };
        Ok(Value::Enum(EnumValue::new(&ADDRESS_FAMILY, family)))
    }),
    member("byte[] GetAddressBytes()", |call| {
        let bytes = address(call, 0)?.bytes();
        call.runtime.object(Object::Bytes(bytes))
    }),
    member("bool Equals(object comparand)", |call| Ok(Value::Bool(address(call, 0)?.eq_value(call, 1)))),
    member("static bool IsLoopback(IPAddress address)", |call| match call.argument(0) {
        Value::Null => Err(argument_null("address")),
        _ => Ok(Value::Bool(address(call, 0)?.is_loopback())),
    }),
    member("static IPAddress Parse(string ipString)", |call| {
        let Value::String(text) = call.argument(0) else { return Err(argument_null("ipString")) };
        match IpAddress::parse(&text.as_str()) {
            Some(address) => call.runtime.instance(address),
            None => raise(&registry::FORMAT_EXCEPTION, "An invalid IP address was specified."),
        }
    }),
    member("static bool TryParse(string ipString, out IPAddress address)", |call| {
        let parsed = if let Value::String(text) = call.argument(0) { IpAddress::parse(&text.as_str()) } else { None };
        let value = parsed.map(|address| call.runtime.instance(address)).transpose()?;
        let is_parsed = value.is_some();
        call.out(1, value.unwrap_or(Value::Null));
        Ok(Value::Bool(is_parsed))
    }),
    member("string ToString()", |call| Ok(address(call, 0)?.text(call.runtime).map_or(Value::Null, Value::String))),
];

impl IpAddress {
    fn eq_value(self, call: &Call<'_, '_>, index: usize) -> bool {
        call.runtime.own::<IpAddress>(call.argument(index)).is_some_and(|other| *other == self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Source: dotnet/runtime, src/libraries/System.Net.Primitives/tests/FunctionalTests/IPAddressParsing.cs.
    #[test]
    fn addresses_are_read_and_written() {
        for (text, expected) in [
            ("192.168.0.1", "192.168.0.1"),
            ("1", "0.0.0.1"),
            ("127.1", "127.0.0.1"),
            ("0x7f.0.0.01", "127.0.0.1"),
            ("157.3873051", "157.59.25.27"),
            ("4294967295", "255.255.255.255"),
            ("::1", "::1"),
            ("Fe08::1", "fe08::1"),
            ("0:0:0:0:0:0:0:0", "::"),
            ("1:0:0:2:0:0:0:3", "1:0:0:2::3"),
            ("2001:db8::ff00:42:8329", "2001:db8::ff00:42:8329"),
            ("::ffff:10.0.0.1", "::ffff:10.0.0.1"),
            ("::192.168.0.1", "::192.168.0.1"),
            ("[::1]:80", "::1"),
            ("fe80::1%5", "fe80::1%5"),
            ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"),
            ("1:0:3:4:5:6:7:8", "1:0:3:4:5:6:7:8"),
        ] {
            let text_of = |address: IpAddress| match address {
                IpAddress::V4(v4) => v4.to_string(),
                IpAddress::V6(v6, 0) => v6_text(v6),
                IpAddress::V6(v6, scope) => format!("{}%{scope}", v6_text(v6)),
            };
            assert_eq!(IpAddress::parse(text).map(text_of).as_deref(), Some(expected), "{text}");
        }
        for text in ["", " 1.2.3.4", "1.2.3.4.5", "256.1.1.1", "1.2.3.256", "4294967296", "1..2", "a", "::g", "1.2.3.4 ", "08.1.1.1"] {
            assert_eq!(IpAddress::parse(text), None, "{text}");
        }
    }
}
