//! `RSA`: encryption and signatures.
//!
//! Source: dotnet/runtime, System.Security.Cryptography.Algorithms/RSA.cs and Common/RSAOpenSsl.cs.

use std::sync::Arc;

use ::rsa::{
    Oaep, Pkcs1v15Encrypt, Pkcs1v15Sign, Pss, RsaPrivateKey, RsaPublicKey,
    traits::{PaddingScheme, PublicKeyParts, SignatureScheme},
};

use super::{
    Algorithm, BAD_KEY_SIZE, NO_PRIVATE_KEY, RSA, RSA_OPEN_SSL, array, bytes, config, cryptographic,
    digest::with_digest,
    disposed, hash_name, instance, integer, labour, outside, own, own_mut, owned,
    random::Chance,
    rsa_key::{self, Format, Parameters},
    rsa_padding::{Encryption, Signature},
};
use crate::dotnet::{
    exception::{Raise, argument_null, raise},
    member::{Call, Member, member},
    registry,
    runtime::Runtime,
    types::Class,
    value::Value,
};

/// The bits of the smallest key.
pub const LEAST: usize = 512;
/// The bits of the largest key.
pub const MOST: usize = 16384;
/// The bits between two sizes of keys.
pub const STEP: usize = 8;

/// An `RSA` object.
#[derive(Clone, Debug)]
pub struct Rsa {
    class: &'static Class,
    size: usize,
    /// None before a key was imported or needed.
    key: Option<Key>,
    disposed: bool,
}

instance!(Rsa, this => this.class);

/// A key.
#[derive(Clone, Debug)]
pub enum Key {
    /// The public half.
    Public(Arc<RsaPublicKey>),
    /// Both halves.
    Private(Arc<RsaPrivateKey>),
}

impl Key {
    /// The public half.
    pub fn public(&self) -> RsaPublicKey {
        match self {
            Self::Public(key) => key.as_ref().clone(),
            Self::Private(key) => key.to_public_key(),
        }
    }

    /// Both halves.
    pub fn private(&self) -> Result<&RsaPrivateKey, Raise> {
        match self {
            Self::Private(key) => Ok(key),
            Self::Public(_) => Err(cryptographic(NO_PRIVATE_KEY)),
        }
    }

    /// Bytes of the modulus.
    pub fn size(&self) -> usize {
        match self {
            Self::Public(key) => key.size(),
            Self::Private(key) => key.size(),
        }
    }
}

impl Rsa {
    /// `Dispose()`
    pub fn dispose(&mut self) {
        self.disposed = true;
        self.key = None;
    }
}

/// A new object whose key will be generated when it is needed.
pub fn create(runtime: &mut Runtime<'_>, class: &'static Class) -> Result<Value, Raise> {
    runtime.instance(Rsa { class, size: 2048, key: None, disposed: false })
}

/// A new object with a key.
pub fn with_key(runtime: &mut Runtime<'_>, key: Key) -> Result<Value, Raise> {
    runtime.allocate(key.size().saturating_mul(8))?;
    runtime.instance(Rsa { class: &RSA_OPEN_SSL, size: key.size() * 8, key: Some(key), disposed: false })
}

/// Gives the receiver another key.
pub fn set_key(call: &mut Call<'_, '_>, key: Key) -> Result<(), Raise> {
    let size = key.size() * 8;
    call.runtime.allocate(size)?;
    let rsa = own_mut::<Rsa>(call, 0)?;
    if rsa.disposed {
        return Err(disposed_rsa());
    }
    rsa.size = size;
    rsa.key = Some(key);
    Ok(())
}

/// The RSA object names itself, as .NET's does.
fn disposed_rsa() -> Raise {
    match disposed() {
        Raise::Exception(mut exception) => {
            exception.message.push_str("\nObject name: 'RSA'.");
            Raise::Exception(exception)
        }
        other => other,
    }
}

/// The key of the RSA object in an argument, generated where there is none.
///
/// Steps are spent by the fourth power of the size: 3072 bits are within a policy's reach, 4096 are not.
pub fn key(call: &mut Call<'_, '_>, index: usize) -> Result<Key, Raise> {
    let rsa = own::<Rsa>(call, index)?;
    if rsa.disposed {
        return Err(disposed_rsa());
    }
    if let Some(key) = &rsa.key {
        return Ok(key.clone());
    }
    let size = rsa.size;
    labour(call.runtime, (size as u128).pow(4) / 4_398_046)?;
    let made = RsaPrivateKey::new(&mut Chance(call.runtime.environment), size).map_err(|_| cryptographic(BAD_KEY_SIZE))?;
    let key = Key::Private(Arc::new(made));
    own_mut::<Rsa>(call, index)?.key = Some(key.clone());
    Ok(key)
}

/// `KeySize`; another size asks for another key.
pub fn key_size(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    if call.arguments.len() < 2 {
        return Ok(Value::Int32(own::<Rsa>(call, 0)?.size as i32));
    }
    let size = integer(call, 1);
    resize(call.runtime, call.argument(0), size)?;
    Ok(Value::Null)
}

fn resize(runtime: &mut Runtime<'_>, of: &Value, bits: i64) -> Result<(), Raise> {
    let Some(rsa) = runtime.own_mut::<Rsa>(of) else { return Ok(()) };
    let bits = usize::try_from(bits).unwrap_or(0);
    if bits == rsa.size {
        return Ok(());
    }
    if !(LEAST..=MOST).contains(&bits) || bits % STEP != 0 {
        return Err(cryptographic(BAD_KEY_SIZE));
    }
    if rsa.disposed {
        return Err(disposed_rsa());
    }
    rsa.size = bits;
    rsa.key = None;
    Ok(())
}

/// Pays for an operation with the public half.
fn pay_public(call: &mut Call<'_, '_>, key: &Key) -> Result<(), Raise> {
    labour(call.runtime, (key.size() as u128 * 8).pow(2) / 400)
}

/// Pays for an operation with the private half.
fn pay_private(call: &mut Call<'_, '_>, key: &Key) -> Result<(), Raise> {
    labour(call.runtime, (key.size() as u128 * 8).pow(3) / 85_899)
}

fn encrypt(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    fn run(public: &RsaPublicKey, call: &mut Call<'_, '_>, data: &[u8], scheme: impl PaddingScheme) -> ::rsa::Result<Vec<u8>> {
        public.encrypt(&mut Chance(call.runtime.environment), scheme, data)
    }
    let data = owned(call, 1, "data")?;
    let padding = Encryption::of(call, 2)?;
    let key = key(call, 0)?;
    pay_public(call, &key)?;
    let (public, size) = (key.public(), key.size());
    let (room, made) = match padding {
        Encryption::Pkcs1 => (size.saturating_sub(11), run(&public, call, &data, Pkcs1v15Encrypt)),
        Encryption::Oaep(algorithm) => {
            (size.saturating_sub(2 * algorithm.size() + 2), with_digest!(algorithm, D => run(&public, call, &data, Oaep::new::<D>())))
        }
    };
    match made {
        Ok(made) => array(call.runtime, made),
        Err(_) => Err(cryptographic(format!("The message exceeds the maximum allowable length for the chosen options ({room})."))),
    }
}

fn decrypt(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let data = owned(call, 1, "data")?;
    let padding = Encryption::of(call, 2)?;
    let key = key(call, 0)?;
    if data.len() != key.size() {
        return Err(cryptographic("The length of the data to decrypt is not valid for the size of this key."));
    }
    pay_private(call, &key)?;
    let private = key.private()?;
    let (made, message) = match padding {
        Encryption::Pkcs1 => (private.decrypt(Pkcs1v15Encrypt, &data), "The parameter is incorrect."),
        Encryption::Oaep(algorithm) => {
            (with_digest!(algorithm, D => private.decrypt(Oaep::new::<D>(), &data)), "Error occurred while decoding OAEP padding.")
        }
    };
    array(call.runtime, made.map_err(|_| cryptographic(message))?)
}

/// What PKCS#1 writes before a hash: the start of a `DigestInfo`. Source: RFC 8017, section 9.2, note 1.
fn prefix(algorithm: Algorithm) -> Box<[u8]> {
    let (head, oid): (&[u8], &[u8]) = match algorithm {
        Algorithm::Md5 => (&[0x30, 0x20, 0x30, 0x0c, 6, 8], &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 2, 5]),
        Algorithm::Sha1 => (&[0x30, 0x21, 0x30, 0x09, 6, 5], &[0x2b, 0x0e, 0x03, 0x02, 0x1a]),
        Algorithm::Sha256 => (&[0x30, 0x31, 0x30, 0x0d, 6, 9], &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1]),
        Algorithm::Sha384 => (&[0x30, 0x41, 0x30, 0x0d, 6, 9], &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 2]),
        Algorithm::Sha512 => (&[0x30, 0x51, 0x30, 0x0d, 6, 9], &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 3]),
    };
    [head, oid, &[5, 0, 4, algorithm.size() as u8]].concat().into()
}

fn pkcs1(algorithm: Algorithm) -> Pkcs1v15Sign {
    Pkcs1v15Sign { hash_len: Some(algorithm.size()), prefix: prefix(algorithm) }
}

fn sign(call: &mut Call<'_, '_>, hash: &[u8], algorithm: Algorithm, padding: Signature) -> Result<Value, Raise> {
    fn run(key: &RsaPrivateKey, call: &mut Call<'_, '_>, hash: &[u8], scheme: impl SignatureScheme) -> ::rsa::Result<Vec<u8>> {
        key.sign_with_rng(&mut Chance(call.runtime.environment), scheme, hash)
    }
    if hash.len() != algorithm.size() {
        return Err(cryptographic(format!(
            "The provided value of {} bytes does not match the expected size of {} bytes for the algorithm ({}).",
            hash.len(),
            algorithm.size(),
            algorithm.name()
        )));
    }
    let key = key(call, 0)?;
    pay_private(call, &key)?;
    let private = key.private()?;
    let made = match padding {
        Signature::Pkcs1 => run(private, call, hash, pkcs1(algorithm)),
        Signature::Pss => with_digest!(algorithm, D => run(private, call, hash, Pss::new::<D>())),
    };
    array(call.runtime, made.map_err(|_| cryptographic("The key is too small for the requested operation."))?)
}

fn verify(call: &mut Call<'_, '_>, hash: &[u8], signature: &[u8], algorithm: Algorithm, padding: Signature) -> Result<Value, Raise> {
    let key = key(call, 0)?;
    pay_public(call, &key)?;
    let public = key.public();
    let outcome = match padding {
        _ if signature.len() != key.size() || hash.len() != algorithm.size() => return Ok(Value::Bool(false)),
        Signature::Pkcs1 => public.verify(pkcs1(algorithm), hash, signature),
        Signature::Pss => with_digest!(algorithm, D => public.verify(Pss::new::<D>(), hash, signature)),
    };
    Ok(Value::Bool(outcome.is_ok()))
}

/// The hash of the data in argument 1, or of the part of it that arguments 2 and 3 give.
fn hashed(call: &mut Call<'_, '_>, algorithm: Algorithm, is_part: bool) -> Result<Vec<u8>, Raise> {
    let length = bytes(call, 1, "data")?.len();
    let range = if is_part { part(call, length)? } else { 0..length };
    call.runtime.work(range.len())?;
    Ok(algorithm.digest(&[bytes(call, 1, "data")?.get(range).unwrap_or(&[])]))
}

fn part(call: &Call<'_, '_>, length: usize) -> Result<std::ops::Range<usize>, Raise> {
    let start = usize::try_from(integer(call, 2)).ok().filter(|start| *start <= length).ok_or_else(|| outside("offset"))?;
    let count = usize::try_from(integer(call, 3)).ok().filter(|count| *count <= length - start).ok_or_else(|| outside("count"))?;
    Ok(start..start + count)
}

/// `SignData`, its algorithm in argument `at` and its padding behind it.
fn sign_data(call: &mut Call<'_, '_>, at: usize) -> Result<Value, Raise> {
    let length = bytes(call, 1, "data")?.len();
    if at > 2 {
        part(call, length)?;
    }
    let algorithm = hash_name::algorithm(call, at)?;
    let padding = Signature::of(call, at + 1)?;
    let hash = hashed(call, algorithm, at > 2)?;
    sign(call, &hash, algorithm, padding)
}

/// `VerifyData`, its signature in argument `at`, its algorithm and its padding behind it.
fn verify_data(call: &mut Call<'_, '_>, at: usize) -> Result<Value, Raise> {
    let length = bytes(call, 1, "data")?.len();
    if at > 2 {
        part(call, length)?;
    }
    let signature = owned(call, at, "signature")?;
    let algorithm = hash_name::algorithm(call, at + 1)?;
    let padding = Signature::of(call, at + 2)?;
    let hash = hashed(call, algorithm, at > 2)?;
    verify(call, &hash, &signature, algorithm, padding)
}

/// `RSA`
pub const MEMBERS: &[Member] = &[
    member("static RSA Create()", |call| create(call.runtime, &RSA_OPEN_SSL)),
    member("static RSA Create(int keySizeInBits)", |call| {
        let made = create(call.runtime, &RSA_OPEN_SSL)?;
        resize(call.runtime, &made, integer(call, 0))?;
        Ok(made)
    }),
    member("static RSA Create(RSAParameters parameters)", |call| {
        let key = own::<Parameters>(call, 0)?.key()?;
        with_key(call.runtime, key)
    }),
    member("static RSA Create(string algName)", |call| config::create(call, &RSA)),
    member("byte[] Encrypt(byte[] data, RSAEncryptionPadding padding)", encrypt),
    member("byte[] Decrypt(byte[] data, RSAEncryptionPadding padding)", decrypt),
    member("byte[] EncryptValue(byte[] rgb)", |_| raise(&registry::NOT_SUPPORTED_EXCEPTION, "Method not supported.")),
    member("byte[] DecryptValue(byte[] rgb)", |_| raise(&registry::NOT_SUPPORTED_EXCEPTION, "Method not supported.")),
    member("byte[] SignData(byte[] data, HashAlgorithmName hashAlgorithm, RSASignaturePadding padding)", |call| sign_data(call, 2)),
    member("byte[] SignData(byte[] data, int offset, int count, HashAlgorithmName hashAlgorithm, RSASignaturePadding padding)", |call| {
        sign_data(call, 4)
    }),
    member("bool VerifyData(byte[] data, byte[] signature, HashAlgorithmName hashAlgorithm, RSASignaturePadding padding)", |call| {
        verify_data(call, 2)
    }),
    member(
        "bool VerifyData(byte[] data, int offset, int count, byte[] signature, HashAlgorithmName hashAlgorithm, RSASignaturePadding padding)",
        |call| verify_data(call, 4),
    ),
    member("byte[] SignHash(byte[] hash, HashAlgorithmName hashAlgorithm, RSASignaturePadding padding)", |call| {
        let hash = owned(call, 1, "hash")?;
        let algorithm = hash_name::algorithm(call, 2)?;
        let padding = Signature::of(call, 3)?;
        sign(call, &hash, algorithm, padding)
    }),
    member("bool VerifyHash(byte[] hash, byte[] signature, HashAlgorithmName hashAlgorithm, RSASignaturePadding padding)", |call| {
        let (hash, signature) = (owned(call, 1, "hash")?, owned(call, 2, "signature")?);
        let algorithm = hash_name::algorithm(call, 3)?;
        let padding = Signature::of(call, 4)?;
        verify(call, &hash, &signature, algorithm, padding)
    }),
    member("RSAParameters ExportParameters(bool includePrivateParameters)", rsa_key::export_parameters),
    member("void ImportParameters(RSAParameters parameters)", |call| {
        let parameters = call.runtime.own::<Parameters>(call.argument(1)).cloned().ok_or_else(|| argument_null("parameters"))?;
        let key = parameters.key()?;
        set_key(call, key)?;
        Ok(Value::Null)
    }),
    member("void ImportRSAPrivateKey(byte[] source, out int bytesRead)", |call| rsa_key::import(call, Format::Pkcs1Private)),
    member("void ImportRSAPublicKey(byte[] source, out int bytesRead)", |call| rsa_key::import(call, Format::Pkcs1Public)),
    member("byte[] ExportRSAPrivateKey()", |call| rsa_key::export(call, Format::Pkcs1Private)),
    member("byte[] ExportRSAPublicKey()", |call| rsa_key::export(call, Format::Pkcs1Public)),
];
