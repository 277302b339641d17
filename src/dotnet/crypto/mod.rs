//! `System.Security.Cryptography`: hashes, ciphers, RSA, random numbers and X.509 certificates.
//!
//! The mathematics is that of the RustCrypto crates; here is how .NET 6 presents it. Where platforms differ, it is as on Linux.
//! Chance is the driver's: the same seed gives the same keys.

mod asn1;
mod asymmetric;
mod block;
pub mod certificate;
mod config;
mod digest;
mod gateway;
mod hash;
mod hash_name;
pub mod jws;
mod names;
mod pkcs12;
mod random;
mod rc2;
mod rsa;
mod rsa_key;
mod rsa_padding;
mod symmetric;
#[cfg(test)]
mod tests;
mod transform;
mod x509;

pub use x509::{certificate, encoding};

use std::borrow::Cow;

use super::{
    enums::EnumValue,
    exception::{Raise, argument_null, null_reference, throw},
    heap::{Instance, Object},
    member::{Call, member},
    runtime::Runtime,
    types::Class,
    value::Value,
};

const SPACE: &str = "System.Security.Cryptography";
const X509: &str = "System.Security.Cryptography.X509Certificates";

// Implementations that C# cannot name carry their outer type's name with the CLR's `+`.
crate::classes! {
    IDISPOSABLE = interface("System", "IDisposable").members(&[member("void Dispose()", dispose)]);
    PLATFORM_NOT_SUPPORTED_EXCEPTION = error("PlatformNotSupportedException", &["NotSupportedException"]);
    CRYPTOGRAPHIC_EXCEPTION = Class::new(SPACE, "CryptographicException", Kind::Class).bases(&["SystemException"]);
    UNEXPECTED_OPERATION_EXCEPTION =
        Class::new(SPACE, "CryptographicUnexpectedOperationException", Kind::Class).bases(&["CryptographicException"]);

    ICRYPTO_TRANSFORM = interface(SPACE, "ICryptoTransform").bases(&["IDisposable"]).members(transform::MEMBERS);
    HASH_ALGORITHM = class(SPACE, "HashAlgorithm").bases(&["object", "ICryptoTransform"]).members(hash::HASH_ALGORITHM_MEMBERS);
    KEYED_HASH_ALGORITHM = class(SPACE, "KeyedHashAlgorithm").bases(&["HashAlgorithm"]).members(hash::KEYED_MEMBERS);
    MD5 = class(SPACE, "MD5").bases(&["HashAlgorithm"]).members(hash::MD5_MEMBERS);
    SHA1 = class(SPACE, "SHA1").bases(&["HashAlgorithm"]).members(hash::SHA1_MEMBERS);
    SHA256 = class(SPACE, "SHA256").bases(&["HashAlgorithm"]).members(hash::SHA256_MEMBERS);
    SHA384 = class(SPACE, "SHA384").bases(&["HashAlgorithm"]).members(hash::SHA384_MEMBERS);
    SHA512 = class(SPACE, "SHA512").bases(&["HashAlgorithm"]).members(hash::SHA512_MEMBERS);
    MD5_IMPLEMENTATION = class(SPACE, "MD5+Implementation").bases(&["MD5"]);
    SHA1_IMPLEMENTATION = class(SPACE, "SHA1+Implementation").bases(&["SHA1"]);
    SHA256_IMPLEMENTATION = class(SPACE, "SHA256+Implementation").bases(&["SHA256"]);
    SHA384_IMPLEMENTATION = class(SPACE, "SHA384+Implementation").bases(&["SHA384"]);
    SHA512_IMPLEMENTATION = class(SPACE, "SHA512+Implementation").bases(&["SHA512"]);
    MD5_PROVIDER = class(SPACE, "MD5CryptoServiceProvider").bases(&["MD5"]);
    SHA1_PROVIDER = class(SPACE, "SHA1CryptoServiceProvider").bases(&["SHA1"]);
    SHA1_MANAGED = class(SPACE, "SHA1Managed").bases(&["SHA1"]).members(hash::SHA1_MANAGED_MEMBERS);
    SHA256_MANAGED = class(SPACE, "SHA256Managed").bases(&["SHA256"]).members(hash::SHA256_MANAGED_MEMBERS);
    SHA384_MANAGED = class(SPACE, "SHA384Managed").bases(&["SHA384"]).members(hash::SHA384_MANAGED_MEMBERS);
    SHA512_MANAGED = class(SPACE, "SHA512Managed").bases(&["SHA512"]).members(hash::SHA512_MANAGED_MEMBERS);
    HMAC = class(SPACE, "HMAC").bases(&["KeyedHashAlgorithm"]).members(hash::HMAC_MEMBERS);
    HMACMD5 = class(SPACE, "HMACMD5").bases(&["HMAC"]).members(hash::HMACMD5_MEMBERS);
    HMACSHA1 = class(SPACE, "HMACSHA1").bases(&["HMAC"]).members(hash::HMACSHA1_MEMBERS);
    HMACSHA256 = class(SPACE, "HMACSHA256").bases(&["HMAC"]).members(hash::HMACSHA256_MEMBERS);
    HMACSHA384 = class(SPACE, "HMACSHA384").bases(&["HMAC"]).members(hash::HMACSHA384_MEMBERS);
    HMACSHA512 = class(SPACE, "HMACSHA512").bases(&["HMAC"]).members(hash::HMACSHA512_MEMBERS);
    HASH_ALGORITHM_NAME = structure(SPACE, "HashAlgorithmName").members(hash_name::MEMBERS);

    CIPHER_MODE = enumeration(SPACE, "CipherMode", &[("CBC", 1), ("ECB", 2), ("OFB", 3), ("CFB", 4), ("CTS", 5)]);
    PADDING_MODE = enumeration(SPACE, "PaddingMode", &[("None", 1), ("PKCS7", 2), ("Zeros", 3), ("ANSIX923", 4), ("ISO10126", 5)]);
    KEY_SIZES = class(SPACE, "KeySizes").members(asymmetric::KEY_SIZES_MEMBERS);
    SYMMETRIC_ALGORITHM = class(SPACE, "SymmetricAlgorithm").bases(&["object", "IDisposable"]).members(symmetric::MEMBERS);
    AES = class(SPACE, "Aes").bases(&["SymmetricAlgorithm"]);
    AES_PROVIDER = class(SPACE, "AesCryptoServiceProvider").bases(&["Aes"]);
    AES_MANAGED = class(SPACE, "AesManaged").bases(&["Aes"]);
    RIJNDAEL = class(SPACE, "Rijndael").bases(&["SymmetricAlgorithm"]);
    RIJNDAEL_MANAGED = class(SPACE, "RijndaelManaged").bases(&["Rijndael"]);
    DES = class(SPACE, "DES").bases(&["SymmetricAlgorithm"]);
    DES_PROVIDER = class(SPACE, "DESCryptoServiceProvider").bases(&["DES"]);
    TRIPLE_DES = class(SPACE, "TripleDES").bases(&["SymmetricAlgorithm"]);
    TRIPLE_DES_PROVIDER = class(SPACE, "TripleDESCryptoServiceProvider").bases(&["TripleDES"]);
    RC2 = class(SPACE, "RC2").bases(&["SymmetricAlgorithm"]);
    RC2_PROVIDER = class(SPACE, "RC2CryptoServiceProvider").bases(&["RC2"]);
    ENCRYPTOR = class("Internal.Cryptography", "UniversalCryptoEncryptor").bases(&["object", "ICryptoTransform"]);
    DECRYPTOR = class("Internal.Cryptography", "UniversalCryptoDecryptor").bases(&["object", "ICryptoTransform"]);

    ASYMMETRIC_ALGORITHM = class(SPACE, "AsymmetricAlgorithm").bases(&["object", "IDisposable"]).members(asymmetric::MEMBERS);
    RSA = class(SPACE, "RSA").bases(&["AsymmetricAlgorithm"]).members(rsa::MEMBERS);
    RSA_OPEN_SSL = class(SPACE, "RSAImplementation+RSAOpenSsl").bases(&["RSA"]);
    RSA_PROVIDER = class(SPACE, "RSACryptoServiceProvider").bases(&["RSA"]);
    RSA_PARAMETERS = structure(SPACE, "RSAParameters").members(rsa_key::PARAMETERS_MEMBERS);
    RSA_ENCRYPTION_PADDING = class(SPACE, "RSAEncryptionPadding").members(rsa_padding::ENCRYPTION_MEMBERS);
    RSA_ENCRYPTION_PADDING_MODE = enumeration(SPACE, "RSAEncryptionPaddingMode", &[("Pkcs1", 0), ("Oaep", 1)]);
    RSA_SIGNATURE_PADDING = class(SPACE, "RSASignaturePadding").members(rsa_padding::SIGNATURE_MEMBERS);
    RSA_SIGNATURE_PADDING_MODE = enumeration(SPACE, "RSASignaturePaddingMode", &[("Pkcs1", 0), ("Pss", 1)]);

    RANDOM_NUMBER_GENERATOR = class(SPACE, "RandomNumberGenerator").bases(&["object", "IDisposable"]).members(random::MEMBERS);
    RANDOM_IMPLEMENTATION = class(SPACE, "RandomNumberGeneratorImplementation").bases(&["RandomNumberGenerator"]);
    RNG_PROVIDER = class(SPACE, "RNGCryptoServiceProvider").bases(&["RandomNumberGenerator"]).members(random::PROVIDER_MEMBERS);

    OID = class(SPACE, "Oid").members(names::OID_MEMBERS);
    ASN_ENCODED_DATA = class(SPACE, "AsnEncodedData").members(names::ASN_MEMBERS);
    DISTINGUISHED_NAME = class(X509, "X500DistinguishedName").bases(&["AsnEncodedData"]).members(names::DISTINGUISHED_NAME_MEMBERS);
    X509_CERTIFICATE = class(X509, "X509Certificate").bases(&["object", "IDisposable"]).members(x509::MEMBERS);
    X509_CERTIFICATE2 = class(X509, "X509Certificate2").bases(&["X509Certificate"]).members(x509::MEMBERS2);
    PUBLIC_KEY = class(X509, "PublicKey").members(x509::PUBLIC_KEY_MEMBERS);
    RSA_CERTIFICATE_EXTENSIONS = statics(X509, "RSACertificateExtensions").members(x509::EXTENSIONS_MEMBERS);
    X509_CONTENT_TYPE = enumeration(X509, "X509ContentType", &[
        ("Unknown", 0), ("Cert", 1), ("SerializedCert", 2), ("Pfx", 3), ("Pkcs12", 3), ("SerializedStore", 4), ("Pkcs7", 5),
        ("Authenticode", 6),
    ]);
    X509_NAME_TYPE = enumeration(X509, "X509NameType", &[
        ("SimpleName", 0), ("EmailName", 1), ("UpnName", 2), ("DnsName", 3), ("DnsFromAlternativeName", 4), ("UrlName", 5),
    ]);
    GATEWAY_EXTENSIONS = statics("Microsoft.Azure.ApiManagement", "CryptographyExtensions").members(gateway::MEMBERS);
}

/// `CryptographicException`
fn cryptographic(message: impl Into<String>) -> Raise {
    throw(&CRYPTOGRAPHIC_EXCEPTION, message)
}

/// `ArgumentException` for the parameter of that name.
fn bad_argument(message: &str, parameter: &str) -> Raise {
    throw(&super::registry::ARGUMENT_EXCEPTION, format!("{message} (Parameter '{parameter}')"))
}

/// `ArgumentOutOfRangeException` without words of its own.
fn outside(parameter: &str) -> Raise {
    super::exception::out_of_range("Specified argument was out of the range of valid values.", parameter)
}

/// What a disposed object raises.
fn disposed() -> Raise {
    throw(&super::registry::OBJECT_DISPOSED_EXCEPTION, "Cannot access a disposed object.")
}

const ASN1_CORRUPTED: &str = "ASN1 corrupted data.";
const BAD_KEY_SIZE: &str = "Specified key is not a valid size for this algorithm.";
const BAD_IV_SIZE: &str = "Specified initialization vector (IV) does not match the block size for this algorithm.";
const NO_PRIVATE_KEY: &str = "Object contains only the public half of a key pair. A private key must also be provided.";
const NEED_NON_NEGATIVE: &str = "Non-negative number required.";
const BAD_OFFSET_OR_LENGTH: &str = "Offset and length were out of bounds for the array or count is greater than the number of elements \
                                    from index to the end of the source collection.";

/// `Dispose()`, for every class of the family.
fn dispose(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let of = call.argument(0);
    let runtime = &mut *call.runtime;
    if let Some(hash) = runtime.own_mut::<hash::Hash>(of) {
        hash.dispose();
    } else if let Some(algorithm) = runtime.own_mut::<symmetric::Symmetric>(of) {
        algorithm.dispose();
    } else if let Some(transform) = runtime.own_mut::<transform::Transform>(of) {
        transform.dispose();
    } else if let Some(rsa) = runtime.own_mut::<rsa::Rsa>(of) {
        rsa.dispose();
    } else if let Some(certificate) = runtime.own_mut::<x509::X509>(of) {
        certificate.reset();
    }
    Ok(Value::Null)
}

/// The bytes of an argument.
fn bytes<'a>(call: &'a Call<'_, '_>, index: usize, parameter: &str) -> Result<&'a [u8], Raise> {
    call.runtime.bytes(call.argument(index)).ok_or_else(|| argument_null(parameter))
}

/// A copy of an argument's bytes, paid for; none for null.
fn copied(call: &mut Call<'_, '_>, index: usize) -> Result<Option<Vec<u8>>, Raise> {
    let Some(length) = call.runtime.bytes(call.argument(index)).map(<[u8]>::len) else { return Ok(None) };
    call.runtime.allocate(length)?;
    Ok(call.runtime.bytes(call.argument(index)).map(<[u8]>::to_vec))
}

/// A copy of an argument's bytes, paid for.
fn owned(call: &mut Call<'_, '_>, index: usize, parameter: &str) -> Result<Vec<u8>, Raise> {
    copied(call, index)?.ok_or_else(|| argument_null(parameter))
}

/// An argument's number.
fn integer(call: &Call<'_, '_>, index: usize) -> i64 {
    call.argument(index).as_integer().and_then(|value| i64::try_from(value).ok()).unwrap_or(0)
}

/// An argument's text; none for null.
fn text<'a>(call: &'a Call<'_, '_>, index: usize) -> Option<Cow<'a, str>> {
    match call.argument(index) {
        Value::String(text) => Some(text.as_str()),
        _ => None,
    }
}

/// The family's own object in an argument.
fn own<'a, T: Instance>(call: &'a Call<'_, '_>, index: usize) -> Result<&'a T, Raise> {
    call.runtime.own(call.argument(index)).ok_or_else(null_reference)
}

/// The family's own object in an argument, to change it.
fn own_mut<'a, T: Instance>(call: &'a mut Call<'_, '_>, index: usize) -> Result<&'a mut T, Raise> {
    call.runtime.own_mut(call.arguments.get(index).unwrap_or(&Value::Null)).ok_or_else(null_reference)
}

/// A new `byte[]`.
fn array(runtime: &mut Runtime<'_>, bytes: Vec<u8>) -> Result<Value, Raise> {
    runtime.object(Object::Bytes(bytes))
}

/// A new `byte[]`, or null.
fn array_or_null(runtime: &mut Runtime<'_>, bytes: Option<Vec<u8>>) -> Result<Value, Raise> {
    bytes.map_or(Ok(Value::Null), |bytes| array(runtime, bytes))
}

/// A member of an enumeration.
fn constant(class: &'static Class, value: i32) -> Value {
    Value::Enum(EnumValue::new(class, value))
}

/// Upper-case hexadecimal digits.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

/// Spends steps for a calculation that is long for its input.
fn labour(runtime: &mut Runtime<'_>, steps: u128) -> Result<(), Raise> {
    runtime.work(usize::try_from(steps.saturating_mul(64)).unwrap_or(usize::MAX))
}

/// `Instance` for objects that are told apart by their class alone.
macro_rules! instance {
    ($type:ty, $this:ident => $class:expr ) => {
        impl $crate::dotnet::heap::Instance for $type {
            fn ty(&self) -> $crate::dotnet::types::Type {
                let $this = self;
                let _ = $this;
                $crate::dotnet::types::Type::named($class)
            }

            fn copy(&self) -> Box<dyn $crate::dotnet::heap::Instance> {
                Box::new(self.clone())
            }
        }
    };
}
use digest::Algorithm;
use instance;
