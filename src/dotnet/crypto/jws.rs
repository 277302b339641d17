//! Signatures of JSON Web Tokens (RFC 7515, RFC 7518): the algorithms that `validate-jwt` supports, HMAC and RSA.
//!
//! Source of the list: learn.microsoft.com/azure/api-management/validate-jwt-policy, usage notes.

use std::sync::Arc;

use ::rsa::{
    BigUint, Pkcs1v15Sign, Pss, RsaPrivateKey, RsaPublicKey,
    traits::{PublicKeyParts, SignatureScheme},
};
use base64::{
    Engine as _,
    engine::{
        DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig,
        general_purpose::{STANDARD, URL_SAFE_NO_PAD},
    },
};

use super::{certificate::Certificate, digest::Algorithm, random::Chance};
use crate::environment::{Fixed, Moment};

/// What a signature is checked with.
#[derive(Clone, Debug)]
pub enum Key {
    /// A shared secret.
    Symmetric(Arc<[u8]>),
    /// The public half of an RSA key.
    Rsa(Arc<RsaPublicKey>),
}

/// How an algorithm of a token's header signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scheme {
    Hmac,
    Pkcs1,
    Pss,
}

/// The scheme and the hash that an `alg` names.
fn algorithm(name: &str) -> Option<(Scheme, Algorithm)> {
    let (scheme, size) = name.split_at_checked(2)?;
    let scheme = match scheme {
        "HS" => Scheme::Hmac,
        "RS" => Scheme::Pkcs1,
        "PS" => Scheme::Pss,
        _ => return None,
    };
    let hash = match size {
        "256" => Algorithm::Sha256,
        "384" => Algorithm::Sha384,
        "512" => Algorithm::Sha512,
        _ => return None,
    };
    Some((scheme, hash))
}

/// Base64 of URLs; padding may be there or not.
fn url_decoded(text: &str) -> Option<Vec<u8>> {
    const EITHER: GeneralPurpose = GeneralPurpose::new(
        &base64::alphabet::URL_SAFE,
        GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true).with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    EITHER.decode(text.trim()).ok()
}

impl Key {
    /// A shared secret, Base64 encoded.
    pub fn symmetric(text: &str) -> Option<Self> {
        let compact: String = text.split_whitespace().collect();
        let bytes = STANDARD.decode(&compact).ok().filter(|bytes| !bytes.is_empty())?;
        Some(Self::Symmetric(bytes.into()))
    }

    /// A public RSA key by modulus and exponent, both Base64url encoded.
    pub fn rsa(modulus: &str, exponent: &str) -> Option<Self> {
        let (modulus, exponent) = (url_decoded(modulus)?, url_decoded(exponent)?);
        let key = RsaPublicKey::new(BigUint::from_bytes_be(&modulus), BigUint::from_bytes_be(&exponent)).ok()?;
        Some(Self::Rsa(Arc::new(key)))
    }

    /// The public RSA key of a certificate, DER or PEM.
    pub fn certificate(bytes: &[u8]) -> Option<Self> {
        Certificate::read(bytes)?.rsa().map(|key| Self::Rsa(Arc::new(key.public())))
    }

    /// Whether `signature` is this key's for `signed` by the algorithm of that name. One that the key is not made for never fits: an RSA
    /// key is no shared secret.
    pub fn verifies(&self, name: &str, signed: &[u8], signature: &[u8]) -> bool {
        let Some((scheme, hash)) = algorithm(name) else { return false };
        match (self, scheme) {
            (Self::Symmetric(secret), Scheme::Hmac) => equal(&hash.hmac(secret, &[signed]), signature),
            (Self::Rsa(key), Scheme::Pkcs1 | Scheme::Pss) => {
                let digest = hash.digest(&[signed]);
                let verified = match (scheme, hash) {
                    (Scheme::Pss, Algorithm::Sha384) => Pss::new::<sha2::Sha384>().verify(key, &digest, signature),
                    (Scheme::Pss, Algorithm::Sha512) => Pss::new::<sha2::Sha512>().verify(key, &digest, signature),
                    (Scheme::Pss, _) => Pss::new::<sha2::Sha256>().verify(key, &digest, signature),
                    (_, Algorithm::Sha384) => Pkcs1v15Sign::new::<sha2::Sha384>().verify(key, &digest, signature),
                    (_, Algorithm::Sha512) => Pkcs1v15Sign::new::<sha2::Sha512>().verify(key, &digest, signature),
                    (..) => Pkcs1v15Sign::new::<sha2::Sha256>().verify(key, &digest, signature),
                };
                verified.is_ok()
            }
            _ => false,
        }
    }
}

/// In the same time wherever the first difference is.
fn equal(left: &[u8], right: &[u8]) -> bool {
    left.len() == right.len() && left.iter().zip(right).fold(0, |different, (left, right)| different | (left ^ right)) == 0
}

/// An RSA key that signs: what an identity provider of the simulated world has.
#[derive(Clone, Debug)]
pub struct SigningKey(Arc<RsaPrivateKey>);

impl SigningKey {
    /// A key of 2,048 bits, always the same for the same seed.
    pub fn from_seed(seed: u64) -> Option<Self> {
        let mut environment = Fixed { now: Moment(0), state: seed };
        RsaPrivateKey::new(&mut Chance(&mut environment), 2048).ok().map(|key| Self(Arc::new(key)))
    }

    /// The signature by `RS256`.
    pub fn sign(&self, signed: &[u8]) -> Option<Vec<u8>> {
        self.0.sign(Pkcs1v15Sign::new::<sha2::Sha256>(), &Algorithm::Sha256.digest(&[signed])).ok()
    }

    /// Whether a signature by `RS256` is this key's.
    pub fn verifies(&self, signed: &[u8], signature: &[u8]) -> bool {
        Key::Rsa(Arc::new(self.0.to_public_key())).verifies("RS256", signed, signature)
    }

    /// The modulus and the exponent of the public half, Base64url encoded: `n` and `e` of a JSON Web Key.
    pub fn public(&self) -> (String, String) {
        (URL_SAFE_NO_PAD.encode(self.0.n().to_bytes_be()), URL_SAFE_NO_PAD.encode(self.0.e().to_bytes_be()))
    }
}
