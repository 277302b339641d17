//! `Oid`, `AsnEncodedData` and `X500DistinguishedName`: object identifiers, and the names made of them.
//!
//! Source: dotnet/runtime, Internal/Cryptography/OidLookup.cs, Pal.Unix/X500NameEncoder.cs and X500NameEncoder.ManagedDecode.cs.

use super::{
    ASN_ENCODED_DATA, DISTINGUISHED_NAME, OID, array,
    asn1::{self, Element},
    hex, instance, own, own_mut, owned, text,
};
use crate::dotnet::{
    exception::{Raise, argument_null, raise},
    member::{Call, Member, member},
    runtime::Runtime,
    types::Class,
    value::Value,
};

/// The friendly names that .NET knows on every platform, among those that certificates and keys use.
const FRIENDLY: &[(&str, &str)] = &[
    ("0.9.2342.19200300.100.1.25", "DC"),
    ("1.2.840.10040.4.1", "DSA"),
    ("1.2.840.10040.4.3", "sha1DSA"),
    ("1.2.840.10045.2.1", "ECC"),
    ("1.2.840.10045.3.1.7", "nistP256"),
    ("1.2.840.10045.4.1", "sha1ECDSA"),
    ("1.2.840.10045.4.3", "specifiedECDSA"),
    ("1.2.840.10045.4.3.2", "sha256ECDSA"),
    ("1.2.840.10045.4.3.3", "sha384ECDSA"),
    ("1.2.840.10045.4.3.4", "sha512ECDSA"),
    ("1.2.840.113549.1.1.1", "RSA"),
    ("1.2.840.113549.1.1.4", "md5RSA"),
    ("1.2.840.113549.1.1.5", "sha1RSA"),
    ("1.2.840.113549.1.1.7", "RSAES_OAEP"),
    ("1.2.840.113549.1.1.10", "RSASSA-PSS"),
    ("1.2.840.113549.1.1.11", "sha256RSA"),
    ("1.2.840.113549.1.1.12", "sha384RSA"),
    ("1.2.840.113549.1.1.13", "sha512RSA"),
    ("1.2.840.113549.1.9.1", "E"),
    ("1.2.840.113549.2.5", "md5"),
    ("1.2.840.113549.3.2", "rc2"),
    ("1.2.840.113549.3.4", "rc4"),
    ("1.2.840.113549.3.7", "3des"),
    ("1.3.14.3.2.7", "des"),
    ("1.3.14.3.2.26", "sha1"),
    ("1.3.132.0.34", "nistP384"),
    ("1.3.132.0.35", "nistP521"),
    ("2.5.4.3", "CN"),
    ("2.5.4.4", "SN"),
    ("2.5.4.5", "SERIALNUMBER"),
    ("2.5.4.6", "C"),
    ("2.5.4.7", "L"),
    ("2.5.4.8", "S"),
    ("2.5.4.9", "STREET"),
    ("2.5.4.10", "O"),
    ("2.5.4.11", "OU"),
    ("2.5.4.12", "T"),
    ("2.5.4.13", "Description"),
    ("2.5.4.17", "PostalCode"),
    ("2.5.4.18", "POBox"),
    ("2.5.4.20", "Phone"),
    ("2.5.4.42", "G"),
    ("2.5.4.43", "I"),
    ("2.16.840.1.101.3.4.1.2", "aes128"),
    ("2.16.840.1.101.3.4.1.22", "aes192"),
    ("2.16.840.1.101.3.4.1.42", "aes256"),
    ("2.16.840.1.101.3.4.2.1", "sha256"),
    ("2.16.840.1.101.3.4.2.2", "sha384"),
    ("2.16.840.1.101.3.4.2.3", "sha512"),
];

/// The friendly name of an object identifier.
pub fn friendly(oid: &str) -> Option<&'static str> {
    FRIENDLY.iter().find(|(known, _)| *known == oid).map(|(_, name)| *name)
}

/// The object identifier of a friendly name.
fn by_friendly_name(name: &str) -> Option<&'static str> {
    FRIENDLY.iter().find(|(_, known)| known.eq_ignore_ascii_case(name)).map(|(oid, _)| *oid)
}

/// An `Oid`.
#[derive(Clone, Debug)]
struct Oid {
    value: Option<String>,
    name: Option<String>,
}

instance!(Oid, this => &OID);

/// The `Oid` of a dotted identifier.
pub fn oid(runtime: &mut Runtime<'_>, value: &str) -> Result<Value, Raise> {
    runtime.instance(Oid { value: Some(value.to_owned()), name: friendly(value).map(str::to_owned) })
}

fn string(text: Option<&str>) -> Value {
    text.map_or(Value::Null, |text| Value::string(text.to_owned()))
}

/// Sets a part of an `Oid`, which may be done once.
fn settle(call: &mut Call<'_, '_>, part: fn(&mut Oid) -> &mut Option<String>, what: &str) -> Result<Value, Raise> {
    let given = text(call, 1).map(std::borrow::Cow::into_owned);
    let part = part(own_mut::<Oid>(call, 0)?);
    if part.is_some() && *part != given {
        return raise(&super::PLATFORM_NOT_SUPPORTED_EXCEPTION, format!("{what} can only be set once."));
    }
    *part = given;
    Ok(Value::Null)
}

/// `Oid`
pub const OID_MEMBERS: &[Member] = &[
    member("Oid()", |call| call.runtime.instance(Oid { value: None, name: None })),
    member("Oid(string oid)", |call| {
        // A friendly name is as good as a value.
        let given = text(call, 0).ok_or_else(|| argument_null("oid"))?.into_owned();
        let value = by_friendly_name(&given).map_or(given, str::to_owned);
        oid(call.runtime, &value)
    }),
    member("Oid(string value, string friendlyName)", |call| {
        let [value, name] = [0, 1].map(|index| text(call, index).map(std::borrow::Cow::into_owned));
        call.runtime.instance(Oid { value, name })
    }),
    member("Oid(Oid oid)", |call| {
        let copy = call.runtime.own::<Oid>(call.argument(0)).cloned().ok_or_else(|| argument_null("oid"))?;
        call.runtime.instance(copy)
    }),
    member("string Value { get; set; }", |call| match call.arguments.len() {
        0 | 1 => Ok(string(own::<Oid>(call, 0)?.value.as_deref())),
        _ => settle(call, |oid| &mut oid.value, "Oid.Value"),
    }),
    member("string FriendlyName { get; set; }", |call| match call.arguments.len() {
        0 | 1 => {
            let oid = own::<Oid>(call, 0)?;
            Ok(string(oid.name.as_deref().or_else(|| oid.value.as_deref().and_then(friendly))))
        }
        _ => settle(call, |oid| &mut oid.name, "Oid.FriendlyName"),
    }),
];

/// An `AsnEncodedData`: what it is and its bytes.
#[derive(Clone, Debug)]
struct Encoded {
    class: &'static Class,
    oid: Option<String>,
    bytes: Vec<u8>,
}

instance!(Encoded, this => this.class);

/// An `AsnEncodedData`.
pub fn encoded(runtime: &mut Runtime<'_>, oid: &str, bytes: Vec<u8>) -> Result<Value, Raise> {
    runtime.allocate(bytes.len())?;
    runtime.instance(Encoded { class: &ASN_ENCODED_DATA, oid: Some(oid.to_owned()), bytes })
}

/// `AsnEncodedData`
pub const ASN_MEMBERS: &[Member] = &[
    member("Oid Oid { get; }", |call| match own::<Encoded>(call, 0)?.oid.clone() {
        Some(value) => oid(call.runtime, &value),
        None => Ok(Value::Null),
    }),
    member("byte[] RawData { get; }", |call| {
        let bytes = own::<Encoded>(call, 0)?.bytes.clone();
        array(call.runtime, bytes)
    }),
    member("string Format(bool multiLine)", |call| {
        let digits = hex(&own::<Encoded>(call, 0)?.bytes);
        call.runtime.allocate(digits.len())?;
        Ok(Value::string(digits))
    }),
];

/// An `X500DistinguishedName` of its encoding.
pub fn distinguished(runtime: &mut Runtime<'_>, bytes: Vec<u8>) -> Result<Value, Raise> {
    runtime.allocate(bytes.len())?;
    runtime.instance(Encoded { class: &DISTINGUISHED_NAME, oid: None, bytes })
}

/// `X500DistinguishedName`
pub const DISTINGUISHED_NAME_MEMBERS: &[Member] = &[
    member("X500DistinguishedName(byte[] encodedDistinguishedName)", |call| {
        let bytes = owned(call, 0, "encodedDistinguishedName")?;
        distinguished(call.runtime, bytes)
    }),
    member("string Name { get; }", |call| {
        let name = text_of(&own::<Encoded>(call, 0)?.bytes);
        call.runtime.allocate(name.len())?;
        Ok(Value::string(name))
    }),
];

/// The attributes of a name: sets of them in the order of their encoding, each an identifier and a text.
pub fn attributes(name: &[u8]) -> Option<Vec<Vec<(String, String)>>> {
    let attribute = |element: &Element<'_>| match element.open(asn1::SEQUENCE)?.as_slice() {
        [kind, value] => Some((kind.oid()?, asn1::string(value.tag, value.content)?)),
        _ => None,
    };
    let (sequence, rest) = asn1::first(name)?;
    let sets = sequence.open(asn1::SEQUENCE).filter(|_| rest.is_empty())?;
    sets.iter().map(|set| set.open(asn1::SET)?.iter().map(attribute).collect()).collect()
}

/// A name as .NET writes it: the last set first. What cannot be read is empty, as Windows has it.
pub fn text_of(name: &[u8]) -> String {
    let write = |(oid, value): &(String, String)| {
        let label = friendly(oid).map_or_else(|| format!("OID.{oid}"), str::to_owned);
        if needs_quotes(value) { format!("{label}=\"{}\"", value.replace('"', "\"\"")) } else { format!("{label}={value}") }
    };
    let sets = attributes(name).unwrap_or_default();
    sets.iter().rev().map(|set| set.iter().map(write).collect::<Vec<_>>().join(" + ")).collect::<Vec<_>>().join(", ")
}

fn needs_quotes(value: &str) -> bool {
    let is_space = |c: char| matches!(c, ' ' | '\t'..='\r');
    value.is_empty()
        || value.starts_with(is_space)
        || value.ends_with(is_space)
        || value.contains([',', '+', '=', '"', '\n', '<', '>', '#', ';'])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An element of short content.
    fn element(tag: u8, content: &[u8]) -> Vec<u8> {
        [&[tag, content.len() as u8], content].concat()
    }

    fn attribute(oid: &[u8], value: &str) -> Vec<u8> {
        element(asn1::SEQUENCE, &[element(asn1::OID, oid), element(0x0c, value.as_bytes())].concat())
    }

    #[test]
    fn names_are_written_backwards_and_quoted_where_needed() {
        for (sets, expected) in [
            (vec![vec![(&[0x55, 4, 6][..], "US")], vec![(&[0x55, 4, 3][..], "a b")]], "CN=a b, C=US"),
            (vec![vec![(&[0x55, 4, 10][..], "GitHub, Inc.")]], "O=\"GitHub, Inc.\""),
            (vec![vec![(&[0x55, 4, 3][..], "say \"hi\"")]], "CN=\"say \"\"hi\"\"\""),
            (vec![vec![(&[0x55, 4, 3][..], "")]], "CN=\"\""),
            (vec![vec![(&[0x55, 4, 3][..], " x")]], "CN=\" x\""),
            (vec![vec![(&[0x55, 4, 11][..], "u"), (&[0x55, 4, 3][..], "n")]], "OU=u + CN=n"),
            (vec![vec![(&[0x55, 4, 15][..], "Private")]], "OID.2.5.4.15=Private"),
            (vec![vec![(&[0x55, 4, 8][..], "WA")]], "S=WA"),
            (vec![], ""),
        ] {
            let sets: Vec<u8> = sets
                .iter()
                .flat_map(|set| element(asn1::SET, &set.iter().flat_map(|(oid, value)| attribute(oid, value)).collect::<Vec<_>>()))
                .collect();
            assert_eq!(text_of(&element(asn1::SEQUENCE, &sets)), expected);
        }
        assert_eq!(text_of(&[1, 2, 3]), "");
    }

    #[test]
    fn friendly_names_go_both_ways() {
        assert_eq!(friendly("1.2.840.113549.1.1.11"), Some("sha256RSA"));
        assert_eq!(by_friendly_name("SHA256"), Some("2.16.840.1.101.3.4.2.1"));
        assert_eq!(friendly("1.2.3"), None);
    }
}
