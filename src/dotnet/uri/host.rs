//! Hosts: names, numbers, and what may be neither. Source: dotnet/runtime, DomainNameHelper.cs, UncNameHelper.cs.

use std::net::Ipv6Addr;

use crate::dotnet::net;

/// What a host is; the numbers are those of `UriHostNameType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostKind {
    /// None.
    Unknown = 0,
    /// A name that DNS would not have, or an empty one.
    Basic = 1,
    /// A name.
    Dns = 2,
    /// Four numbers.
    V4 = 3,
    /// In brackets.
    V6 = 4,
}

/// What a host is, how it is written, and its scope.
pub fn host_of(name: &str, is_unknown_scheme: bool) -> Option<(HostKind, String, String)> {
    if let Some(inner) = name.strip_prefix('[') {
        let inner = inner.strip_suffix(']')?;
        let (address, scope) = inner.split_at(inner.find('%').unwrap_or(inner.len()));
        let address: Ipv6Addr = address.split('/').next()?.parse().ok()?;
        return Some((HostKind::V6, format!("[{}]", net::v6_text(address)), scope.to_owned()));
    }
    if name.starts_with(|c: char| c.is_ascii_digit())
        && let Some(address) = net::v4(name)
        && (!is_unknown_scheme || address.to_string() == name)
    {
        return Some((HostKind::V4, address.to_string(), String::new()));
    }
    let name = name.replace(['\u{3002}', '\u{FF0E}', '\u{FF61}'], ".");
    if is_dns(&name) {
        return Some((HostKind::Dns, name.to_lowercase(), String::new()));
    }
    is_short_name(&name).then(|| (HostKind::Basic, name.to_lowercase(), String::new()))
}

/// Labels of letters, digits, `-` and `_`, beginning with a letter or digit; the last dot may be one too many.
fn is_dns(name: &str) -> bool {
    let is_start = |c: char| c.is_ascii_alphanumeric() || (!c.is_ascii() && c.is_alphanumeric());
    let is_label = |label: &str| {
        (1..=63).contains(&label.len()) && label.starts_with(is_start) && label.chars().all(|c| is_start(c) || c == '-' || c == '_')
    };
    let labels = name.strip_suffix('.').unwrap_or(name);
    (1..=255).contains(&name.len()) && labels.split('.').all(is_label)
}

/// What the names of shares may be, and for compatibility every host: `_a`, `-`.
fn is_short_name(name: &str) -> bool {
    let mut labels = name.strip_suffix('.').unwrap_or(name).split('.');
    let is_mark = |c: char| c == '-' || c == '_';
    let is_first = labels.next().is_some_and(|label| {
        label.chars().all(|c| c.is_alphabetic() || is_mark(c) || c.is_ascii_digit()) && !label.chars().all(|c| c.is_ascii_digit())
    });
    let is_other = |label: &str| {
        label.starts_with(|c: char| c.is_alphabetic() || c.is_ascii_digit())
            && label.chars().all(|c| c.is_alphabetic() || is_mark(c) || c.is_ascii_digit())
    };
    is_first && labels.all(is_other) && name.len() <= 256
}
