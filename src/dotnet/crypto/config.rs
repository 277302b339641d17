//! `CryptoConfig`: which class a name means. Source: dotnet/runtime, System.Security.Cryptography.Algorithms/CryptoConfig.cs.

use super::{
    AES_MANAGED, AES_PROVIDER, Algorithm, DES_PROVIDER, HMACMD5, HMACSHA1, HMACSHA256, HMACSHA384, HMACSHA512, MD5_PROVIDER, RC2_PROVIDER,
    RIJNDAEL_MANAGED, RNG_PROVIDER, RSA_PROVIDER, SHA1_MANAGED, SHA1_PROVIDER, SHA256_MANAGED, SHA384_MANAGED, SHA512_MANAGED,
    TRIPLE_DES_PROVIDER, block::Family, hash, random, rsa, symmetric, text,
};
use crate::dotnet::{
    display,
    exception::{Raise, argument_null, invalid_cast},
    member::Call,
    runtime::Runtime,
    types::{Class, Type},
    value::Value,
};

/// How an object of a class is made.
#[derive(Clone, Copy)]
enum Made {
    Hash(Algorithm),
    Keyed(Algorithm),
    Symmetric(Family),
    Rsa,
    Random,
}

/// The names, which ignore case. One that begins with a dot is to be read behind `System.Security.Cryptography`.
static NAMES: &[(&[&str], &Class, Made)] = &[
    (&["SHA", "SHA1", ".SHA1", ".HashAlgorithm", "http://www.w3.org/2000/09/xmldsig#sha1"], &SHA1_PROVIDER, Made::Hash(Algorithm::Sha1)),
    (&["MD5", ".MD5", "http://www.w3.org/2001/04/xmldsig-more#md5"], &MD5_PROVIDER, Made::Hash(Algorithm::Md5)),
    (&[".SHA1Managed"], &SHA1_MANAGED, Made::Hash(Algorithm::Sha1)),
    (
        &["SHA256", "SHA-256", ".SHA256", ".SHA256Managed", "http://www.w3.org/2001/04/xmlenc#sha256"],
        &SHA256_MANAGED,
        Made::Hash(Algorithm::Sha256),
    ),
    (
        &["SHA384", "SHA-384", ".SHA384", ".SHA384Managed", "http://www.w3.org/2001/04/xmldsig-more#sha384"],
        &SHA384_MANAGED,
        Made::Hash(Algorithm::Sha384),
    ),
    (
        &["SHA512", "SHA-512", ".SHA512", ".SHA512Managed", "http://www.w3.org/2001/04/xmlenc#sha512"],
        &SHA512_MANAGED,
        Made::Hash(Algorithm::Sha512),
    ),
    (&["HMACMD5", ".HMACMD5", "http://www.w3.org/2001/04/xmldsig-more#hmac-md5"], &HMACMD5, Made::Keyed(Algorithm::Md5)),
    (
        &["HMACSHA1", ".HMACSHA1", ".HMAC", ".KeyedHashAlgorithm", "http://www.w3.org/2000/09/xmldsig#hmac-sha1"],
        &HMACSHA1,
        Made::Keyed(Algorithm::Sha1),
    ),
    (&["HMACSHA256", ".HMACSHA256", "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"], &HMACSHA256, Made::Keyed(Algorithm::Sha256)),
    (&["HMACSHA384", ".HMACSHA384", "http://www.w3.org/2001/04/xmldsig-more#hmac-sha384"], &HMACSHA384, Made::Keyed(Algorithm::Sha384)),
    (&["HMACSHA512", ".HMACSHA512", "http://www.w3.org/2001/04/xmldsig-more#hmac-sha512"], &HMACSHA512, Made::Keyed(Algorithm::Sha512)),
    (&["AES", "AesCryptoServiceProvider", ".AesCryptoServiceProvider"], &AES_PROVIDER, Made::Symmetric(Family::Aes)),
    (&["AesManaged", ".AesManaged"], &AES_MANAGED, Made::Symmetric(Family::Aes)),
    (
        &[
            "Rijndael",
            ".Rijndael",
            ".RijndaelManaged",
            ".SymmetricAlgorithm",
            "http://www.w3.org/2001/04/xmlenc#aes128-cbc",
            "http://www.w3.org/2001/04/xmlenc#aes192-cbc",
            "http://www.w3.org/2001/04/xmlenc#aes256-cbc",
            "http://www.w3.org/2001/04/xmlenc#kw-aes128",
            "http://www.w3.org/2001/04/xmlenc#kw-aes192",
            "http://www.w3.org/2001/04/xmlenc#kw-aes256",
        ],
        &RIJNDAEL_MANAGED,
        Made::Symmetric(Family::Aes),
    ),
    (&["DES", ".DES", "http://www.w3.org/2001/04/xmlenc#des-cbc"], &DES_PROVIDER, Made::Symmetric(Family::Des)),
    (
        &[
            "3DES",
            "TripleDES",
            "Triple DES",
            ".TripleDES",
            "http://www.w3.org/2001/04/xmlenc#tripledes-cbc",
            "http://www.w3.org/2001/04/xmlenc#kw-tripledes",
        ],
        &TRIPLE_DES_PROVIDER,
        Made::Symmetric(Family::TripleDes),
    ),
    (&["RC2", ".RC2"], &RC2_PROVIDER, Made::Symmetric(Family::Rc2)),
    (&["RSA", ".RSA", ".AsymmetricAlgorithm"], &RSA_PROVIDER, Made::Rsa),
    (&["RandomNumberGenerator", ".RandomNumberGenerator"], &RNG_PROVIDER, Made::Random),
];

/// `CryptoConfig.CreateFromName`: null for a name that it does not know.
pub fn named(runtime: &mut Runtime<'_>, name: &str) -> Result<Value, Raise> {
    let matches = |known: &str| match known.strip_prefix('.') {
        Some(simple) => name
            .split_at_checked(super::SPACE.len())
            .and_then(|(space, rest)| space.eq_ignore_ascii_case(super::SPACE).then(|| rest.strip_prefix('.')).flatten())
            .is_some_and(|rest| rest.eq_ignore_ascii_case(simple)),
        None => known.eq_ignore_ascii_case(name),
    };
    let Some((_, class, made)) = NAMES.iter().find(|(names, ..)| names.iter().any(|known| matches(known))) else { return Ok(Value::Null) };
    match *made {
        Made::Hash(algorithm) => hash::create(runtime, class, algorithm, None),
        Made::Keyed(algorithm) => hash::with_random_key(runtime, class, algorithm),
        Made::Symmetric(family) => symmetric::create(runtime, class, family),
        Made::Rsa => rsa::create(runtime, class),
        Made::Random => random::create(runtime, class),
    }
}

/// The static `Create(string name)` of a class.
pub fn create(call: &mut Call<'_, '_>, class: &'static Class) -> Result<Value, Raise> {
    let name = text(call, 0).ok_or_else(|| argument_null("name"))?.into_owned();
    let made = named(call.runtime, &name)?;
    let found = display::type_of(call.runtime, &made);
    if made.is_null() || found.is_reference_to(&Type::named(class)) {
        Ok(made)
    } else {
        Err(invalid_cast(&display::full_name(&found), &class.full_name()))
    }
}
