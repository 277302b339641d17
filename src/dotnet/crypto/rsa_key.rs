//! RSA keys as others write them: `RSAParameters`, XML, PEM, PKCS #1, PKCS #8, `SubjectPublicKeyInfo`.
//!
//! Source: dotnet/runtime, RSA.cs, RSA.Xml.cs and Common/RSAKeyFormatHelper.cs.

use std::sync::Arc;

use ::rsa::{
    BigUint, RsaPrivateKey, RsaPublicKey,
    pkcs1::{DecodeRsaPrivateKey, DecodeRsaPublicKey, EncodeRsaPrivateKey, EncodeRsaPublicKey},
    pkcs8::{DecodePrivateKey, DecodePublicKey, EncodePrivateKey, EncodePublicKey},
    traits::{PrivateKeyParts, PublicKeyParts},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use quick_xml::{Reader, events::Event};

use super::{
    ASN1_CORRUPTED, NO_PRIVATE_KEY, RSA_PARAMETERS, array, array_or_null, asn1, bad_argument, copied, cryptographic, instance, own,
    own_mut, pkcs12,
    rsa::{self, Key, MOST},
    text,
};
use crate::dotnet::{
    exception::{Raise, argument_null},
    member::{Call, Member, member},
    value::Value,
};

/// The longest encoding of a key that is looked at: one of 16384 bits takes less.
const LONGEST: usize = 16 << 10;

/// A binary form of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `RSAPrivateKey`
    Pkcs1Private,
    /// `RSAPublicKey`
    Pkcs1Public,
    /// `PrivateKeyInfo`
    Pkcs8,
    /// `SubjectPublicKeyInfo`
    Spki,
}

/// Reads a key; what comes behind it does not matter.
pub fn decode(format: Format, source: &[u8]) -> Result<(Key, usize), Raise> {
    let corrupted = || cryptographic(ASN1_CORRUPTED);
    let whole = asn1::first(source).ok_or_else(corrupted)?.0.whole;
    if whole.len() > LONGEST {
        return Err(corrupted());
    }
    let private = |key: RsaPrivateKey| Key::Private(Arc::new(key));
    let public = |key: RsaPublicKey| Key::Public(Arc::new(key));
    let key = match format {
        Format::Pkcs1Private => RsaPrivateKey::from_pkcs1_der(whole).ok().map(private),
        Format::Pkcs8 => RsaPrivateKey::from_pkcs8_der(whole).ok().map(private),
        Format::Pkcs1Public => RsaPublicKey::from_pkcs1_der(whole).ok().map(public),
        Format::Spki => RsaPublicKey::from_public_key_der(whole).ok().map(public),
    };
    Ok((key.ok_or_else(corrupted)?, whole.len()))
}

/// Writes a key; none where it lacks the private half.
fn encode(format: Format, key: &Key) -> Option<Vec<u8>> {
    match (format, key) {
        (Format::Pkcs1Private, Key::Private(key)) => key.to_pkcs1_der().ok().map(|der| der.as_bytes().to_vec()),
        (Format::Pkcs8, Key::Private(key)) => key.to_pkcs8_der().ok().map(|der| der.as_bytes().to_vec()),
        (Format::Pkcs1Public, key) => key.public().to_pkcs1_der().ok().map(|der| der.as_bytes().to_vec()),
        (Format::Spki, key) => key.public().to_public_key_der().ok().map(|der| der.as_bytes().to_vec()),
        _ => None,
    }
}

/// `ImportPkcs8PrivateKey` and its kind.
pub fn import(call: &mut Call<'_, '_>, format: Format) -> Result<Value, Raise> {
    // A null array becomes an empty span.
    let source = call.runtime.bytes(call.argument(1)).unwrap_or(&[]);
    let (key, read) = decode(format, source)?;
    rsa::set_key(call, key)?;
    call.out(2, Value::Int32(read as i32));
    Ok(Value::Null)
}

/// `ImportEncryptedPkcs8PrivateKey`
pub fn import_encrypted(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let password = text(call, 1).unwrap_or_default().into_owned();
    let source = copied(call, 2)?.unwrap_or_default();
    let whole = asn1::first(&source).ok_or_else(|| cryptographic(ASN1_CORRUPTED))?.0.whole;
    let plain = pkcs12::decrypt_key(call.runtime, whole, &password)?;
    let (key, _) = decode(Format::Pkcs8, &plain)?;
    rsa::set_key(call, key)?;
    call.out(3, Value::Int32(whole.len() as i32));
    Ok(Value::Null)
}

/// `ExportPkcs8PrivateKey` and its kind.
pub fn export(call: &mut Call<'_, '_>, format: Format) -> Result<Value, Raise> {
    let key = rsa::key(call, 0)?;
    let made = encode(format, &key).ok_or_else(|| cryptographic(NO_PRIVATE_KEY))?;
    array(call.runtime, made)
}

const NO_PEM: &str = "No supported key formats were found. Check that the input represents the contents of a PEM-encoded key file, not \
                      the path to such a file.";
const AMBIGUOUS_PEM: &str = "The input contains multiple keys, but only one key can be imported.";
const ENCRYPTED_PEM: &str = "An encrypted key was found, but no password was provided. Use ImportFromEncryptedPem to import this key.";

/// `ImportFromPem`
pub fn import_pem(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let input = text(call, 1).unwrap_or_default().into_owned();
    call.runtime.work(input.len().saturating_mul(8))?;
    let mut found = None;
    for (label, content) in asn1::pem(&input) {
        let format = match label.as_str() {
            "RSA PRIVATE KEY" => Some(Format::Pkcs1Private),
            "PRIVATE KEY" => Some(Format::Pkcs8),
            "RSA PUBLIC KEY" => Some(Format::Pkcs1Public),
            "PUBLIC KEY" => Some(Format::Spki),
            "ENCRYPTED PRIVATE KEY" => None,
            _ => continue,
        };
        if found.replace((format, content)).is_some() {
            return Err(bad_argument(AMBIGUOUS_PEM, "input"));
        }
    }
    let key = match found {
        Some((Some(format), content)) => decode(format, &content)?.0,
        Some((None, _)) => return Err(bad_argument(ENCRYPTED_PEM, "input")),
        None => return Err(bad_argument(NO_PEM, "input")),
    };
    rsa::set_key(call, key)?;
    Ok(Value::Null)
}

/// `ImportFromEncryptedPem`
pub fn import_encrypted_pem(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let input = text(call, 1).unwrap_or_default().into_owned();
    let password = text(call, 2).unwrap_or_default().into_owned();
    call.runtime.work(input.len().saturating_mul(8))?;
    let mut keys = asn1::pem(&input).into_iter().filter(|(label, _)| label == "ENCRYPTED PRIVATE KEY");
    let (Some((_, content)), None) = (keys.next(), keys.next()) else { return Err(bad_argument(NO_PEM, "input")) };
    let plain = pkcs12::decrypt_key(call.runtime, &content, &password)?;
    let (key, _) = decode(Format::Pkcs8, &plain)?;
    rsa::set_key(call, key)?;
    Ok(Value::Null)
}

/// A part of a key, in the order of XML.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Modulus,
    Exponent,
    P,
    Q,
    DP,
    DQ,
    InverseQ,
    D,
}

const FIELDS: [Field; 8] = [Field::Modulus, Field::Exponent, Field::P, Field::Q, Field::DP, Field::DQ, Field::InverseQ, Field::D];

/// `RSAParameters`. A structure in .NET, an object here: one that was copied sees a later change to the other, which no policy relies on.
#[derive(Clone, Debug, Default)]
pub struct Parameters([Option<Vec<u8>>; 8]);

instance!(Parameters, this => &RSA_PARAMETERS);

impl Parameters {
    fn get(&self, field: Field) -> Option<&[u8]> {
        self.0.get(field as usize)?.as_deref()
    }

    fn set(&mut self, field: Field, value: Option<Vec<u8>>) {
        if let Some(place) = self.0.get_mut(field as usize) {
            *place = value;
        }
    }

    /// The parts of a key, padded to their lengths.
    fn of(key: &Key, with_private: bool) -> Result<Self, Raise> {
        let size = key.size();
        let public = key.public();
        let mut parts = Self::default();
        parts.set(Field::Modulus, Some(padded(public.n(), size)));
        parts.set(Field::Exponent, Some(public.e().to_bytes_be()));
        if !with_private {
            return Ok(parts);
        }
        let private = key.private()?;
        let half = size.div_ceil(2);
        if let [p, q] = private.primes() {
            parts.set(Field::P, Some(padded(p, half)));
            parts.set(Field::Q, Some(padded(q, half)));
        }
        parts.set(Field::DP, private.dp().map(|dp| padded(dp, half)));
        parts.set(Field::DQ, private.dq().map(|dq| padded(dq, half)));
        parts.set(Field::InverseQ, private.crt_coefficient().map(|inverse| padded(&inverse, half)));
        parts.set(Field::D, Some(padded(private.d(), size)));
        Ok(parts)
    }

    /// The key of which these are the parts.
    pub fn key(&self) -> Result<Key, Raise> {
        let number = |field: Field| self.get(field).map(BigUint::from_bytes_be);
        let invalid = || cryptographic("Value was invalid.");
        let (Some(n), Some(e)) = (number(Field::Modulus), number(Field::Exponent)) else { return Err(invalid()) };
        let private = [Field::D, Field::P, Field::Q, Field::DP, Field::DQ, Field::InverseQ];
        let count = private.iter().filter(|field| self.get(**field).is_some()).count();
        if FIELDS.iter().any(|field| self.get(*field).is_some_and(|part| part.len() > LONGEST)) || (count != 0 && count != private.len()) {
            return Err(invalid());
        }
        match (number(Field::D), number(Field::P), number(Field::Q)) {
            (Some(d), Some(p), Some(q)) => {
                RsaPrivateKey::from_components(n, e, d, vec![p, q]).map(|key| Key::Private(Arc::new(key))).map_err(|_| invalid())
            }
            _ => RsaPublicKey::new_with_max_size(n, e, MOST).map(|key| Key::Public(Arc::new(key))).map_err(|_| invalid()),
        }
    }
}

fn padded(number: &BigUint, size: usize) -> Vec<u8> {
    let bytes = number.to_bytes_be();
    let mut padded = vec![0; size.saturating_sub(bytes.len())];
    padded.extend(bytes);
    padded
}

/// `ExportParameters`
pub fn export_parameters(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let key = rsa::key(call, 0)?;
    let parts = Parameters::of(&key, matches!(call.argument(1), Value::Bool(true)))?;
    call.runtime.allocate(key.size().saturating_mul(5))?;
    call.runtime.instance(parts)
}

/// A field of `RSAParameters`.
fn field(call: &mut Call<'_, '_>, field: Field) -> Result<Value, Raise> {
    if call.arguments.len() < 2 {
        let part = own::<Parameters>(call, 0)?.get(field).map(<[u8]>::to_vec);
        return array_or_null(call.runtime, part);
    }
    let part = copied(call, 1)?;
    own_mut::<Parameters>(call, 0)?.set(field, part);
    Ok(Value::Null)
}

/// `RSAParameters`
pub const PARAMETERS_MEMBERS: &[Member] = &[
    member("RSAParameters()", |call| call.runtime.instance(Parameters::default())),
    member("byte[] Modulus { get; set; }", |call| field(call, Field::Modulus)),
    member("byte[] Exponent { get; set; }", |call| field(call, Field::Exponent)),
    member("byte[] P { get; set; }", |call| field(call, Field::P)),
    member("byte[] Q { get; set; }", |call| field(call, Field::Q)),
    member("byte[] DP { get; set; }", |call| field(call, Field::DP)),
    member("byte[] DQ { get; set; }", |call| field(call, Field::DQ)),
    member("byte[] InverseQ { get; set; }", |call| field(call, Field::InverseQ)),
    member("byte[] D { get; set; }", |call| field(call, Field::D)),
];

/// `ToXmlString`
pub fn to_xml(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let key = rsa::key(call, 0)?;
    let parts = Parameters::of(&key, matches!(call.argument(1), Value::Bool(true)))?;
    let mut xml = "<RSAKeyValue>".to_owned();
    for field in FIELDS {
        if let Some(part) = parts.get(field) {
            xml.push_str(&format!("<{field:?}>{}</{field:?}>", STANDARD.encode(part)));
        }
    }
    xml.push_str("</RSAKeyValue>");
    call.runtime.allocate(xml.len())?;
    Ok(Value::string(xml))
}

/// `FromXmlString`
pub fn from_xml(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let xml = text(call, 1).ok_or_else(|| argument_null("xmlString"))?.into_owned();
    call.runtime.work(xml.len().saturating_mul(8))?;
    let parts = read_xml(&xml)?;
    if let Some(missing) = [Field::Modulus, Field::Exponent].into_iter().find(|field| parts.get(*field).is_none()) {
        return Err(cryptographic(format!("Input string does not contain a valid encoding of the 'RSA' '{missing:?}' parameter.")));
    }
    let key = parts.key()?;
    rsa::set_key(call, key)?;
    Ok(Value::Null)
}

/// The parts by the names of the elements directly below the root, whatever their order.
fn read_xml(xml: &str) -> Result<Parameters, Raise> {
    let unreadable = || cryptographic("The provided XML could not be read.");
    let mut reader = Reader::from_str(xml);
    let mut parts = Parameters::default();
    let (mut depth, mut field, mut content, mut seen) = (0_usize, None, String::new(), false);
    loop {
        match reader.read_event().map_err(|_| unreadable())? {
            Event::Start(element) => {
                depth += 1;
                seen = true;
                content.clear();
                let name = element.local_name();
                field = FIELDS.into_iter().find(|field| depth == 2 && format!("{field:?}").as_bytes() == name.as_ref().as_bytes());
            }
            Event::Empty(_) => seen = true,
            Event::Text(text) => content.push_str(&text.into_inner()),
            Event::End(_) => {
                depth = depth.saturating_sub(1);
                if let Some(field) = field.take() {
                    let digits: String = content.chars().filter(|c| !c.is_ascii_whitespace()).collect();
                    let part = STANDARD.decode(digits).map_err(|_| {
                        cryptographic(format!("Input string does not contain a valid encoding of the 'RSA' '{field:?}' parameter."))
                    })?;
                    parts.set(field, Some(part));
                }
            }
            Event::Eof if depth == 0 && seen => return Ok(parts),
            Event::Eof => return Err(unreadable()),
            _ => {}
        }
    }
}
