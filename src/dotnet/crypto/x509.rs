//! `X509Certificate`, `X509Certificate2`, `PublicKey` and the extension methods for RSA.
//!
//! Source: dotnet/runtime, System.Security.Cryptography.X509Certificates: X509Certificate.cs, X509Certificate2.cs, PublicKey.cs.

use std::sync::Arc;

use super::{
    ASN1_CORRUPTED, Algorithm, PLATFORM_NOT_SUPPORTED_EXCEPTION, PUBLIC_KEY, X509_CERTIFICATE, X509_CERTIFICATE2, X509_CONTENT_TYPE, array,
    array_or_null, asn1, bad_argument,
    certificate::{Certificate, Party},
    constant, copied, cryptographic, dispose, hash_name, hex, instance, integer, names, own, own_mut, pkcs12,
    rsa::{self, Key},
    rsa_key::{self, Format},
    text,
};
use crate::dotnet::{
    datetime::DateTime,
    exception::{Raise, argument_null, raise},
    heap::{Instance, downcast},
    member::{Call, Member, member},
    registry,
    runtime::Runtime,
    string::Str,
    types::{Class, Type},
    value::Value,
};

/// An `X509Certificate` or `X509Certificate2`.
#[derive(Clone, Debug)]
pub struct X509 {
    class: &'static Class,
    /// None for one that was made of nothing, or disposed.
    certificate: Option<Arc<Certificate>>,
    key: Option<Key>,
    friendly_name: String,
    archived: bool,
}

impl Instance for X509 {
    fn ty(&self) -> Type {
        Type::named(self.class)
    }

    fn copy(&self) -> Box<dyn Instance> {
        Box::new(self.clone())
    }

    fn text(&self, _runtime: &Runtime<'_>) -> Option<Str> {
        let certificate = self.certificate.as_ref().filter(|_| std::ptr::eq(self.class, &X509_CERTIFICATE2))?;
        Some(description(certificate).into())
    }

    /// The same issuer and the same serial number.
    fn equals(&self, _runtime: &Runtime<'_>, other: &dyn Instance) -> Option<bool> {
        Some(downcast::<Self>(other).is_some_and(|other| self.is(other)))
    }

    fn hash(&self, _runtime: &Runtime<'_>) -> Option<u64> {
        let der = self.certificate.as_ref().map(|certificate| Algorithm::Sha1.digest(&[&certificate.der])).unwrap_or_default();
        Some(der.iter().take(4).fold(0, |hash, byte| (hash << 8) | u64::from(*byte)))
    }
}

impl X509 {
    fn is(&self, other: &Self) -> bool {
        match (&self.certificate, &other.certificate) {
            (Some(own), Some(other)) => {
                own.serial() == other.serial() && names::text_of(&own.name(Party::Issuer)) == names::text_of(&other.name(Party::Issuer))
            }
            (own, other) => own.is_none() && other.is_none(),
        }
    }

    /// `Reset()`
    pub fn reset(&mut self) {
        self.certificate = None;
        self.key = None;
    }
}

/// What `ToString(true)` of the base class gives; the newline is Linux's.
fn description(certificate: &Certificate) -> String {
    let of = |party| names::text_of(&certificate.name(party));
    [
        ("Subject", of(Party::Subject)),
        ("Issuer", of(Party::Issuer)),
        ("Serial Number", hex(certificate.serial())),
        ("Not Before", certificate.not_before().to_string()),
        ("Not After", certificate.not_after().to_string()),
        ("Thumbprint", hex(&Algorithm::Sha1.digest(&[&certificate.der]))),
    ]
    .map(|(title, text)| format!("[{title}]\n  {text}\n"))
    .join("\n")
}

/// An `X509Certificate2` of its encoding, DER or PEM: what `context.Request.Certificate` and `context.Deployment.Certificates` hold.
///
/// # Errors
/// `CryptographicException` for what is no certificate; a spent budget.
pub fn certificate(runtime: &mut Runtime<'_>, der_or_pem: &[u8]) -> Result<Value, Raise> {
    load(runtime, &X509_CERTIFICATE2, der_or_pem, None)
}

/// The DER of the certificate in a file: DER, PEM or PKCS #12.
///
/// # Errors
/// `CryptographicException` for what is no certificate, and for a wrong password; a spent budget.
pub fn encoding(runtime: &mut Runtime<'_>, bytes: &[u8], password: Option<&str>) -> Result<Vec<u8>, Raise> {
    let value = load(runtime, &X509_CERTIFICATE2, bytes, password)?;
    let held = runtime.own::<X509>(&value).and_then(|own| own.certificate.clone());
    held.map(|certificate| certificate.der.clone()).ok_or_else(|| cryptographic(ASN1_CORRUPTED))
}

/// A certificate of its encoding: DER, PEM or PKCS #12.
fn load(runtime: &mut Runtime<'_>, class: &'static Class, bytes: &[u8], password: Option<&str>) -> Result<Value, Raise> {
    runtime.allocate(bytes.len().saturating_mul(4))?;
    runtime.work(bytes.len().saturating_mul(16))?;
    if pkcs12::is_file(bytes) {
        return open(runtime, class, bytes, password.unwrap_or(""));
    }
    let certificate = Certificate::read(bytes).ok_or_else(|| cryptographic(ASN1_CORRUPTED))?;
    place(runtime, class, certificate, None, String::new())
}

fn place(runtime: &mut Runtime<'_>, class: &'static Class, of: Certificate, key: Option<Key>, name: String) -> Result<Value, Raise> {
    runtime.instance(X509 { class, certificate: Some(Arc::new(of)), key, friendly_name: name, archived: false })
}

/// The certificate of a PKCS #12 file: the first that has a key there, else the first.
fn open(runtime: &mut Runtime<'_>, class: &'static Class, bytes: &[u8], password: &str) -> Result<Value, Raise> {
    let contents = pkcs12::open(runtime, bytes, password)?;
    let key_of = |bag: &pkcs12::Bag| {
        let key = contents.keys.iter().find(|key| key.local_key.is_some() && key.local_key == bag.local_key)?;
        rsa_key::decode(Format::Pkcs8, &key.der).ok().map(|(key, _)| key)
    };
    let with_key = contents.certificates.iter().find_map(|bag| Some((bag, Some(key_of(bag)?))));
    let Some((bag, key)) = with_key.or_else(|| contents.certificates.first().map(|bag| (bag, None))) else {
        return Err(cryptographic("The provided PFX data contains no certificates."));
    };
    let certificate = Certificate::read(&bag.der).ok_or_else(|| cryptographic(ASN1_CORRUPTED))?;
    place(runtime, class, certificate, key, bag.friendly_name.clone().unwrap_or_default())
}

/// A constructor that takes bytes, and a password behind them.
fn construct(call: &mut Call<'_, '_>, class: &'static Class) -> Result<Value, Raise> {
    let bytes = copied(call, 0)?.unwrap_or_default();
    if bytes.is_empty() && call.arguments.len() == 1 {
        return call.runtime.instance(X509 { class, certificate: None, key: None, friendly_name: String::new(), archived: false });
    }
    if bytes.is_empty() {
        return Err(bad_argument("Array may not be empty or null.", "rawData"));
    }
    let password = text(call, 1).map(std::borrow::Cow::into_owned);
    load(call.runtime, class, &bytes, password.as_deref())
}

fn construct_copy(call: &mut Call<'_, '_>, class: &'static Class, parameter: &str) -> Result<Value, Raise> {
    let copy = call.runtime.own::<X509>(call.argument(0)).cloned().ok_or_else(|| argument_null(parameter))?;
    call.runtime.instance(X509 { class, ..copy })
}

fn construct_from_file(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    match text(call, 0) {
        None => Err(argument_null("fileName")),
        Some(_) => Err(cryptographic("The system cannot find the file specified.")),
    }
}

/// The certificate of the receiver.
fn valid(call: &Call<'_, '_>, index: usize) -> Result<Arc<Certificate>, Raise> {
    let certificate = &own::<X509>(call, index)?.certificate;
    certificate.clone().ok_or_else(|| cryptographic("m_safeCertContext is an invalid handle."))
}

fn say(call: &mut Call<'_, '_>, text: String) -> Result<Value, Raise> {
    call.runtime.allocate(text.len())?;
    Ok(Value::string(text))
}

fn name(call: &mut Call<'_, '_>, of: Party) -> Result<Value, Raise> {
    let text = names::text_of(&valid(call, 0)?.name(of));
    say(call, text)
}

fn distinguished(call: &mut Call<'_, '_>, of: Party) -> Result<Value, Raise> {
    let name = valid(call, 0)?.name(of);
    names::distinguished(call.runtime, name)
}

/// The certificate's hash; by the algorithm in argument 1, where there is one.
fn cert_hash(call: &mut Call<'_, '_>) -> Result<Vec<u8>, Raise> {
    let certificate = valid(call, 0)?;
    let algorithm = if call.arguments.len() > 1 { hash_name::algorithm(call, 1)? } else { Algorithm::Sha1 };
    call.runtime.work(certificate.der.len())?;
    Ok(algorithm.digest(&[&certificate.der]))
}

fn hash_bytes(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let hash = cert_hash(call)?;
    array(call.runtime, hash)
}

fn hash_text(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let hash = cert_hash(call)?;
    say(call, hex(&hash))
}

fn raw_data(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let der = valid(call, 0)?.der.clone();
    array(call.runtime, der)
}

fn serial_text(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let text = hex(valid(call, 0)?.serial());
    say(call, text)
}

fn date(call: &mut Call<'_, '_>, of: fn(&Certificate) -> DateTime) -> Result<DateTime, Raise> {
    Ok(of(valid(call, 0)?.as_ref()))
}

/// `Export`: the certificate alone; a file with its key would have to be encrypted, which no policy asks for.
fn export(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    match integer(call, 1) {
        1 => match &own::<X509>(call, 0)?.certificate {
            Some(certificate) => {
                let der = certificate.der.clone();
                array(call.runtime, der)
            }
            None => Err(cryptographic("Invalid pointer")),
        },
        2 => raise(&PLATFORM_NOT_SUPPORTED_EXCEPTION, "X509ContentType.SerializedCert is not supported on this platform."),
        3 => raise(&PLATFORM_NOT_SUPPORTED_EXCEPTION, "X509ContentType.Pkcs12 is not supported here."),
        _ => Err(cryptographic("Invalid content type.")),
    }
}

fn immutable(_call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    raise(&PLATFORM_NOT_SUPPORTED_EXCEPTION, "X509Certificate is immutable on this platform. Use the equivalent constructor instead.")
}

/// `X509Certificate`
pub const MEMBERS: &[Member] = &[
    member("X509Certificate()", |call| construct_nothing(call, &X509_CERTIFICATE)),
    member("X509Certificate(byte[] data)", |call| construct(call, &X509_CERTIFICATE)),
    member("X509Certificate(byte[] rawData, string password)", |call| construct(call, &X509_CERTIFICATE)),
    member("X509Certificate(X509Certificate cert)", |call| construct_copy(call, &X509_CERTIFICATE, "cert")),
    member("X509Certificate(string fileName)", construct_from_file),
    member("X509Certificate(string fileName, string password)", construct_from_file),
    member("string Subject { get; }", |call| name(call, Party::Subject)),
    member("string Issuer { get; }", |call| name(call, Party::Issuer)),
    member("byte[] GetCertHash()", hash_bytes),
    member("byte[] GetCertHash(HashAlgorithmName hashAlgorithm)", hash_bytes),
    member("string GetCertHashString()", hash_text),
    member("string GetCertHashString(HashAlgorithmName hashAlgorithm)", hash_text),
    member("string GetEffectiveDateString()", |call| Ok(Value::string(date(call, Certificate::not_before)?.to_string()))),
    member("string GetExpirationDateString()", |call| Ok(Value::string(date(call, Certificate::not_after)?.to_string()))),
    member("string GetFormat()", |_| Ok(Value::string("X509"))),
    member("string GetName()", |call| name(call, Party::Subject)),
    member("string GetIssuerName()", |call| name(call, Party::Issuer)),
    member("string GetKeyAlgorithm()", |call| Ok(Value::string(valid(call, 0)?.key_algorithm()))),
    member("byte[] GetKeyAlgorithmParameters()", |call| {
        let parameters = valid(call, 0)?.key_parameters();
        array(call.runtime, parameters)
    }),
    member("string GetKeyAlgorithmParametersString()", |call| {
        let parameters = hex(&valid(call, 0)?.key_parameters());
        say(call, parameters)
    }),
    member("byte[] GetPublicKey()", |call| {
        let key = valid(call, 0)?.public_key().to_vec();
        array(call.runtime, key)
    }),
    member("string GetPublicKeyString()", |call| {
        let key = hex(valid(call, 0)?.public_key());
        say(call, key)
    }),
    member("byte[] GetRawCertData()", raw_data),
    member("string GetRawCertDataString()", |call| {
        let der = hex(&valid(call, 0)?.der);
        say(call, der)
    }),
    member("byte[] GetSerialNumber()", |call| {
        let serial = valid(call, 0)?.serial().iter().rev().copied().collect();
        array(call.runtime, serial)
    }),
    member("string GetSerialNumberString()", serial_text),
    member("byte[] Export(X509ContentType contentType)", export),
    member("byte[] Export(X509ContentType contentType, string password)", export),
    member("void Import(byte[] rawData)", immutable),
    member("void Import(string fileName)", immutable),
    member("bool Equals(X509Certificate other)", |call| {
        let other = call.runtime.own::<X509>(call.argument(1));
        Ok(Value::Bool(other.is_some_and(|other| own::<X509>(call, 0).is_ok_and(|own| own.is(other)))))
    }),
    member("string ToString(bool fVerbose)", |call| {
        let certificate = own::<X509>(call, 0)?;
        let class = certificate.class.full_name();
        let verbose = matches!(call.argument(1), Value::Bool(true));
        let text = certificate.certificate.as_ref().filter(|_| verbose).map_or(class, |certificate| description(certificate));
        say(call, text)
    }),
    member("void Reset()", dispose),
    member("void Dispose()", dispose),
];

fn construct_nothing(call: &mut Call<'_, '_>, class: &'static Class) -> Result<Value, Raise> {
    call.runtime.instance(X509 { class, certificate: None, key: None, friendly_name: String::new(), archived: false })
}

/// Whether a chain of trust begins here. No roots are at hand, so whoever signed a certificate is trusted, except the holder himself;
/// that it is valid at the present is checked.
pub fn verify(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let certificate = valid(call, 0)?;
    let now = DateTime::from_moment(call.runtime.environment.now()).ticks;
    let is_current = (certificate.not_before().ticks..=certificate.not_after().ticks).contains(&now);
    Ok(Value::Bool(is_current && certificate.name(Party::Subject) != certificate.name(Party::Issuer)))
}

/// The key of the receiver as an RSA object; null where there is none.
fn rsa_object(call: &mut Call<'_, '_>, key: Option<Key>) -> Result<Value, Raise> {
    key.map_or(Ok(Value::Null), |key| rsa::with_key(call.runtime, key))
}

/// The first certificate of a PEM text, with the key of another, or of the same.
fn from_pem(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let pem = text(call, 0).unwrap_or_default().into_owned();
    call.runtime.work(pem.len().saturating_mul(16))?;
    let found = asn1::pem(&pem).into_iter().find(|(label, _)| label == "CERTIFICATE").and_then(|(_, der)| Certificate::read(&der));
    let certificate = found.ok_or_else(|| {
        cryptographic("The certificate contents do not contain a PEM with a CERTIFICATE label, or the content is malformed.")
    })?;
    if call.arguments.len() < 2 {
        return place(call.runtime, &X509_CERTIFICATE2, certificate, None, String::new());
    }
    let pem = text(call, 1).unwrap_or_default().into_owned();
    call.runtime.work(pem.len().saturating_mul(16))?;
    let key = asn1::pem(&pem).into_iter().find_map(|(label, der)| match label.as_str() {
        "RSA PRIVATE KEY" => Some((Format::Pkcs1Private, der)),
        "PRIVATE KEY" => Some((Format::Pkcs8, der)),
        _ => None,
    });
    let (format, der) = key.ok_or_else(|| {
        cryptographic("The key contents do not contain a PEM, the content is malformed, or the key does not match the certificate.")
    })?;
    let key = rsa_key::decode(format, &der)?.0;
    fits(&certificate, &key)?;
    place(call.runtime, &X509_CERTIFICATE2, certificate, Some(key), String::new())
}

/// Refuses a key that is not the certificate's.
fn fits(certificate: &Certificate, key: &Key) -> Result<(), Raise> {
    match certificate.rsa() {
        None => raise(&registry::ARGUMENT_EXCEPTION, "The provided key does not match the public key algorithm for this certificate."),
        Some(public) if public.public() == key.public() => Ok(()),
        Some(_) => Err(bad_argument("The provided key does not match the public key for this certificate.", "privateKey")),
    }
}

/// `X509Certificate2`
pub const MEMBERS2: &[Member] = &[
    member("X509Certificate2()", |call| construct_nothing(call, &X509_CERTIFICATE2)),
    member("X509Certificate2(byte[] rawData)", |call| construct(call, &X509_CERTIFICATE2)),
    member("X509Certificate2(byte[] rawData, string password)", |call| construct(call, &X509_CERTIFICATE2)),
    member("X509Certificate2(X509Certificate certificate)", |call| construct_copy(call, &X509_CERTIFICATE2, "cert")),
    member("X509Certificate2(string fileName)", construct_from_file),
    member("X509Certificate2(string fileName, string password)", construct_from_file),
    member("static X509Certificate2 CreateFromPem(string certPem)", from_pem),
    member("static X509Certificate2 CreateFromPem(string certPem, string keyPem)", from_pem),
    member("static X509ContentType GetCertContentType(byte[] rawData)", |call| {
        let bytes = copied(call, 0)?.unwrap_or_default();
        match bytes.is_empty() {
            true => Err(bad_argument("Array may not be empty or null.", "rawData")),
            false if pkcs12::is_file(&bytes) => Ok(constant(&X509_CONTENT_TYPE, 3)),
            false if Certificate::read(&bytes).is_some() => Ok(constant(&X509_CONTENT_TYPE, 1)),
            false => Err(cryptographic(ASN1_CORRUPTED)),
        }
    }),
    member("bool Archived { get; set; }", |call| {
        valid(call, 0)?;
        match call.arguments.get(1) {
            None => Ok(Value::Bool(own::<X509>(call, 0)?.archived)),
            Some(archived) => {
                own_mut::<X509>(call, 0)?.archived = matches!(archived, Value::Bool(true));
                Ok(Value::Null)
            }
        }
    }),
    member("string FriendlyName { get; set; }", |call| {
        valid(call, 0)?;
        if call.arguments.len() < 2 {
            let name = own::<X509>(call, 0)?.friendly_name.clone();
            return say(call, name);
        }
        let name = text(call, 1).unwrap_or_default().into_owned();
        own_mut::<X509>(call, 0)?.friendly_name = name;
        Ok(Value::Null)
    }),
    member("AsymmetricAlgorithm PrivateKey { get; set; }", |call| {
        valid(call, 0)?;
        if call.arguments.len() > 1 {
            // Source: dotnet/runtime, X509Certificate2.cs: `CopyWithPrivateKey` has taken its place.
            return raise(&PLATFORM_NOT_SUPPORTED_EXCEPTION, "Operation is not supported on this platform.");
        }
        let key = own::<X509>(call, 0)?.key.clone();
        rsa_object(call, key)
    }),
    member("bool HasPrivateKey { get; }", |call| {
        valid(call, 0)?;
        Ok(Value::Bool(own::<X509>(call, 0)?.key.is_some()))
    }),
    member("AsymmetricAlgorithm PrivateKey { get; }", |call| {
        valid(call, 0)?;
        let key = own::<X509>(call, 0)?.key.clone();
        rsa_object(call, key)
    }),
    member("X500DistinguishedName SubjectName { get; }", |call| distinguished(call, Party::Subject)),
    member("X500DistinguishedName IssuerName { get; }", |call| distinguished(call, Party::Issuer)),
    member("DateTime NotBefore { get; }", |call| Ok(Value::DateTime(date(call, Certificate::not_before)?))),
    member("DateTime NotAfter { get; }", |call| Ok(Value::DateTime(date(call, Certificate::not_after)?))),
    member("PublicKey PublicKey { get; }", |call| {
        let of = valid(call, 0)?;
        call.runtime.instance(Public(of))
    }),
    member("byte[] RawData { get; }", raw_data),
    member("string SerialNumber { get; }", serial_text),
    member("Oid SignatureAlgorithm { get; }", |call| {
        let algorithm = valid(call, 0)?.signature_algorithm();
        names::oid(call.runtime, &algorithm)
    }),
    member("string Thumbprint { get; }", hash_text),
    member("int Version { get; }", |call| Ok(Value::Int32(valid(call, 0)?.version()))),
    member("string GetNameInfo(X509NameType nameType, bool forIssuer)", |call| {
        let of = if matches!(call.argument(2), Value::Bool(true)) { Party::Issuer } else { Party::Subject };
        let text = valid(call, 0)?.name_info(integer(call, 1), of);
        say(call, text)
    }),
    member("bool Verify()", verify),
];

/// A `PublicKey`: the certificate that it is of.
#[derive(Clone, Debug)]
struct Public(Arc<Certificate>);

instance!(Public, this => &PUBLIC_KEY);

/// `PublicKey`
pub const PUBLIC_KEY_MEMBERS: &[Member] = &[
    member("Oid Oid { get; }", |call| {
        let algorithm = own::<Public>(call, 0)?.0.key_algorithm();
        names::oid(call.runtime, &algorithm)
    }),
    member("AsymmetricAlgorithm Key { get; }", |call| match own::<Public>(call, 0)?.0.rsa() {
        Some(key) => rsa::with_key(call.runtime, key),
        None => raise(&registry::NOT_SUPPORTED_EXCEPTION, "The certificate key algorithm is not supported."),
    }),
    member("AsnEncodedData EncodedKeyValue { get; }", |call| {
        let certificate = own::<Public>(call, 0)?.0.clone();
        names::encoded(call.runtime, &certificate.key_algorithm(), certificate.public_key().to_vec())
    }),
    member("AsnEncodedData EncodedParameters { get; }", |call| {
        let certificate = own::<Public>(call, 0)?.0.clone();
        names::encoded(call.runtime, &certificate.key_algorithm(), certificate.key_parameters())
    }),
    member("byte[] ExportSubjectPublicKeyInfo()", |call| {
        let info = own::<Public>(call, 0)?.0.public_key_info();
        array_or_null(call.runtime, Some(info))
    }),
    member("RSA GetRSAPublicKey()", |call| {
        let key = own::<Public>(call, 0)?.0.rsa();
        rsa_object(call, key)
    }),
];

/// `RSACertificateExtensions`
pub const EXTENSIONS_MEMBERS: &[Member] = &[
    member("static RSA GetRSAPublicKey(this X509Certificate2 certificate)", |call| {
        given(call)?;
        let key = valid(call, 0)?.rsa();
        rsa_object(call, key)
    }),
    member("static RSA GetRSAPrivateKey(this X509Certificate2 certificate)", |call| {
        given(call)?;
        valid(call, 0)?;
        let key = own::<X509>(call, 0)?.key.clone();
        rsa_object(call, key)
    }),
    member("static X509Certificate2 CopyWithPrivateKey(this X509Certificate2 certificate, RSA privateKey)", |call| {
        given(call)?;
        if call.argument(1).is_null() {
            return Err(argument_null("privateKey"));
        }
        if own::<X509>(call, 0)?.key.is_some() {
            return raise(&registry::INVALID_OPERATION_EXCEPTION, "The certificate already has an associated private key.");
        }
        let key = rsa::key(call, 1)?;
        fits(valid(call, 0)?.as_ref(), &key)?;
        key.private()?;
        let copy = own::<X509>(call, 0)?.clone();
        call.runtime.instance(X509 { key: Some(key), ..copy })
    }),
];

/// Refuses a null receiver of an extension method.
fn given(call: &Call<'_, '_>) -> Result<(), Raise> {
    if call.argument(0).is_null() { Err(argument_null("certificate")) } else { Ok(()) }
}
