//! `HashAlgorithm`, the hash functions as its classes, and `HMAC`.
//!
//! Source: dotnet/runtime, System.Security.Cryptography.Primitives: HashAlgorithm.cs, KeyedHashAlgorithm.cs, HMAC.cs.

use super::{
    Algorithm, BAD_OFFSET_OR_LENGTH, HASH_ALGORITHM, HMAC, HMACMD5, HMACSHA1, HMACSHA256, HMACSHA384, HMACSHA512, KEYED_HASH_ALGORITHM,
    MD5, MD5_IMPLEMENTATION, NEED_NON_NEGATIVE, PLATFORM_NOT_SUPPORTED_EXCEPTION, SHA1, SHA1_IMPLEMENTATION, SHA1_MANAGED, SHA1_PROVIDER,
    SHA256, SHA256_IMPLEMENTATION, SHA256_MANAGED, SHA384, SHA384_IMPLEMENTATION, SHA384_MANAGED, SHA512, SHA512_IMPLEMENTATION,
    SHA512_MANAGED, UNEXPECTED_OPERATION_EXCEPTION, array, array_or_null, bytes, config, dispose, disposed, instance, integer, own,
    own_mut, owned, random, text,
};
use crate::dotnet::{
    exception::{Raise, argument_null, out_of_range, raise},
    member::{Call, Member, member},
    object::same,
    registry,
    runtime::Runtime,
    types::Class,
    value::Value,
};

/// A hash algorithm at work.
#[derive(Clone, Debug)]
pub struct Hash {
    class: &'static Class,
    algorithm: Algorithm,
    /// The key of a keyed one; one longer than a block has been replaced by its hash.
    key: Option<Vec<u8>>,
    /// What `TransformBlock` was given since the last hash.
    pending: Vec<u8>,
    /// Whether `TransformBlock` awaits its `TransformFinalBlock`.
    running: bool,
    value: Option<Vec<u8>>,
    disposed: bool,
}

instance!(Hash, this => this.class);

impl Hash {
    /// `Dispose()`
    pub fn dispose(&mut self) {
        self.disposed = true;
        self.key = None;
        self.pending = Vec::new();
    }

    fn finish(&self, rest: &[u8]) -> Vec<u8> {
        match &self.key {
            Some(key) => self.algorithm.hmac(key, &[&self.pending, rest]),
            None => self.algorithm.digest(&[&self.pending, rest]),
        }
    }

    fn usable(&self) -> Result<&Self, Raise> {
        if self.disposed { Err(disposed()) } else { Ok(self) }
    }
}

/// A new hash algorithm.
pub fn create(runtime: &mut Runtime<'_>, class: &'static Class, algorithm: Algorithm, key: Option<Vec<u8>>) -> Result<Value, Raise> {
    let key = key.map(|key| adjusted(algorithm, key));
    runtime.instance(Hash { class, algorithm, key, pending: Vec::new(), running: false, value: None, disposed: false })
}

/// The key as HMAC takes it: RFC 2104, section 2. .NET shows it so.
fn adjusted(algorithm: Algorithm, key: Vec<u8>) -> Vec<u8> {
    if key.len() > algorithm.block() { algorithm.digest(&[&key]) } else { key }
}

/// A new keyed one, as `HMACSHA256(byte[] key)` has it.
fn keyed(call: &mut Call<'_, '_>, class: &'static Class, algorithm: Algorithm) -> Result<Value, Raise> {
    let key = owned(call, 0, "key")?;
    create(call.runtime, class, algorithm, Some(key))
}

/// A new keyed one with a random key.
pub fn with_random_key(runtime: &mut Runtime<'_>, class: &'static Class, algorithm: Algorithm) -> Result<Value, Raise> {
    let key = random::fill(runtime, algorithm.block())?;
    create(runtime, class, algorithm, Some(key))
}

/// The static `HashData(byte[] source)`.
fn hash_data(call: &mut Call<'_, '_>, algorithm: Algorithm) -> Result<Value, Raise> {
    let length = bytes(call, 0, "source")?.len();
    call.runtime.work(length)?;
    let hash = algorithm.digest(&[bytes(call, 0, "source")?]);
    array(call.runtime, hash)
}

/// The static `HashData(byte[] key, byte[] source)`.
fn keyed_hash_data(call: &mut Call<'_, '_>, algorithm: Algorithm) -> Result<Value, Raise> {
    let length = bytes(call, 0, "key")?.len().saturating_add(bytes(call, 1, "source")?.len());
    call.runtime.work(length)?;
    let hash = algorithm.hmac(bytes(call, 0, "key")?, &[bytes(call, 1, "source")?]);
    array(call.runtime, hash)
}

/// The range of a buffer that two arguments behind it give, as `HashAlgorithm` checks it.
fn range(call: &Call<'_, '_>, buffer: &str, offset: &str) -> Result<std::ops::Range<usize>, Raise> {
    let length = bytes(call, 1, buffer)?.len();
    let Ok(start) = usize::try_from(integer(call, 2)) else { return Err(out_of_range(NEED_NON_NEGATIVE, offset)) };
    match usize::try_from(integer(call, 3)) {
        Ok(count) if count <= length => match start.checked_add(count) {
            Some(end) if end <= length => Ok(start..end),
            _ => raise(&registry::ARGUMENT_EXCEPTION, BAD_OFFSET_OR_LENGTH),
        },
        _ => raise(&registry::ARGUMENT_EXCEPTION, "Value was invalid."),
    }
}

fn part<'a>(call: &'a Call<'_, '_>, range: &std::ops::Range<usize>) -> &'a [u8] {
    call.runtime.bytes(call.argument(1)).and_then(|bytes| bytes.get(range.clone())).unwrap_or(&[])
}

/// The hash of what was given before and of the part; ready for the next.
fn compute(call: &mut Call<'_, '_>, range: &std::ops::Range<usize>) -> Result<Vec<u8>, Raise> {
    let pending = own::<Hash>(call, 0)?.usable()?.pending.len();
    call.runtime.work(pending.saturating_add(range.len()))?;
    let value = own::<Hash>(call, 0)?.finish(part(call, range));
    let hash = own_mut::<Hash>(call, 0)?;
    hash.pending = Vec::new();
    hash.value = Some(value.clone());
    Ok(value)
}

/// `HashAlgorithm`
pub const HASH_ALGORITHM_MEMBERS: &[Member] = &[
    member("static HashAlgorithm Create()", |call| create(call.runtime, &SHA1_PROVIDER, Algorithm::Sha1, None)),
    member("static HashAlgorithm Create(string hashName)", |call| config::create(call, &HASH_ALGORITHM)),
    member("int HashSize { get; }", |call| Ok(Value::Int32(own::<Hash>(call, 0)?.algorithm.size() as i32 * 8))),
    member("byte[] Hash { get; }", |call| {
        let hash = own::<Hash>(call, 0)?.usable()?;
        if hash.running {
            return raise(&UNEXPECTED_OPERATION_EXCEPTION, "Hash must be finalized before the hash value is retrieved.");
        }
        let value = hash.value.clone();
        array_or_null(call.runtime, value)
    }),
    member("byte[] ComputeHash(byte[] buffer)", |call| {
        own::<Hash>(call, 0)?.usable()?;
        let range = 0..bytes(call, 1, "buffer")?.len();
        let value = compute(call, &range)?;
        array(call.runtime, value)
    }),
    member("byte[] ComputeHash(byte[] buffer, int offset, int count)", |call| {
        let range = range(call, "buffer", "offset")?;
        let value = compute(call, &range)?;
        array(call.runtime, value)
    }),
    member(
        "int TransformBlock(byte[] inputBuffer, int inputOffset, int inputCount, byte[] outputBuffer, int outputOffset)",
        transform_block,
    ),
    member("byte[] TransformFinalBlock(byte[] inputBuffer, int inputOffset, int inputCount)", transform_final_block),
    member("int InputBlockSize { get; }", |_| Ok(Value::Int32(1))),
    member("int OutputBlockSize { get; }", |_| Ok(Value::Int32(1))),
    member("bool CanTransformMultipleBlocks { get; }", |_| Ok(Value::Bool(true))),
    member("bool CanReuseTransform { get; }", |_| Ok(Value::Bool(true))),
    member("void Initialize()", |call| {
        own_mut::<Hash>(call, 0)?.pending = Vec::new();
        Ok(Value::Null)
    }),
    member("void Dispose()", dispose),
    member("void Clear()", dispose),
];

/// `TransformBlock`: takes a part and copies it to the other buffer.
pub fn transform_block(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let range = range(call, "inputBuffer", "inputOffset")?;
    own::<Hash>(call, 0)?.usable()?;
    call.runtime.allocate(range.len())?;
    let given = part(call, &range).to_vec();
    let hash = own_mut::<Hash>(call, 0)?;
    hash.running = true;
    hash.pending.extend_from_slice(&given);
    if !call.argument(4).is_null() && (!same(call.argument(4), call.argument(1)) || integer(call, 5) != integer(call, 2)) {
        super::transform::write(call, 4, integer(call, 5), &given)?;
    }
    Ok(Value::Int32(given.len() as i32))
}

/// `TransformFinalBlock`: the last part, which it gives back.
pub fn transform_final_block(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let range = range(call, "inputBuffer", "inputOffset")?;
    compute(call, &range)?;
    own_mut::<Hash>(call, 0)?.running = false;
    call.runtime.allocate(range.len())?;
    let given = part(call, &range).to_vec();
    array(call.runtime, given)
}

/// `KeyedHashAlgorithm`
pub const KEYED_MEMBERS: &[Member] = &[
    member("static KeyedHashAlgorithm Create(string algName)", |call| config::create(call, &KEYED_HASH_ALGORITHM)),
    member("byte[] Key { get; set; }", |call| {
        if call.arguments.len() < 2 {
            let key = own::<Hash>(call, 0)?.key.clone();
            return array_or_null(call.runtime, key);
        }
        let key = owned(call, 1, "value")?;
        let hash = own_mut::<Hash>(call, 0)?;
        hash.key = Some(adjusted(hash.algorithm, key));
        hash.pending = Vec::new();
        Ok(Value::Null)
    }),
];

/// `HMAC`
pub const HMAC_MEMBERS: &[Member] = &[
    member("static HMAC Create(string algorithmName)", |call| config::create(call, &HMAC)),
    member("string HashName { get; set; }", |call| {
        let name = own::<Hash>(call, 0)?.algorithm.name();
        if call.arguments.len() < 2 {
            return Ok(Value::string(name));
        }
        match text(call, 1) {
            None => Err(argument_null("HashName")),
            Some(text) if text == name => Ok(Value::Null),
            Some(_) => raise(
                &PLATFORM_NOT_SUPPORTED_EXCEPTION,
                "Setting the hashname after it's already been set is not supported on this platform.",
            ),
        }
    }),
];

/// The members of a hash function: its class, that of what `Create` gives, its algorithm.
macro_rules! hash_function {
    ($name:ident, $text:literal, $class:ident, $created:ident, $algorithm:ident) => {
        #[doc = concat!("`", $text, "`")]
        pub const $name: &[Member] = &[
            member(concat!("static ", $text, " Create()"), |call| create(call.runtime, &$created, Algorithm::$algorithm, None)),
            member(concat!("static ", $text, " Create(string hashName)"), |call| config::create(call, &$class)),
            member("static byte[] HashData(byte[] source)", |call| hash_data(call, Algorithm::$algorithm)),
        ];
    };
}

hash_function!(MD5_MEMBERS, "MD5", MD5, MD5_IMPLEMENTATION, Md5);
hash_function!(SHA1_MEMBERS, "SHA1", SHA1, SHA1_IMPLEMENTATION, Sha1);
hash_function!(SHA256_MEMBERS, "SHA256", SHA256, SHA256_IMPLEMENTATION, Sha256);
hash_function!(SHA384_MEMBERS, "SHA384", SHA384, SHA384_IMPLEMENTATION, Sha384);
hash_function!(SHA512_MEMBERS, "SHA512", SHA512, SHA512_IMPLEMENTATION, Sha512);

/// The members of a hash function's managed class.
macro_rules! managed {
    ($name:ident, $text:literal, $class:ident, $algorithm:ident) => {
        #[doc = concat!("`", $text, "`")]
        pub const $name: &[Member] = &[member(concat!($text, "()"), |call| create(call.runtime, &$class, Algorithm::$algorithm, None))];
    };
}

managed!(SHA1_MANAGED_MEMBERS, "SHA1Managed", SHA1_MANAGED, Sha1);
managed!(SHA256_MANAGED_MEMBERS, "SHA256Managed", SHA256_MANAGED, Sha256);
managed!(SHA384_MANAGED_MEMBERS, "SHA384Managed", SHA384_MANAGED, Sha384);
managed!(SHA512_MANAGED_MEMBERS, "SHA512Managed", SHA512_MANAGED, Sha512);

/// The members of a keyed hash function.
macro_rules! keyed_function {
    ($name:ident, $text:literal, $class:ident, $algorithm:ident) => {
        #[doc = concat!("`", $text, "`")]
        pub const $name: &[Member] = &[
            member(concat!($text, "()"), |call| with_random_key(call.runtime, &$class, Algorithm::$algorithm)),
            member(concat!($text, "(byte[] key)"), |call| keyed(call, &$class, Algorithm::$algorithm)),
            member("static byte[] HashData(byte[] key, byte[] source)", |call| keyed_hash_data(call, Algorithm::$algorithm)),
        ];
    };
}

keyed_function!(HMACMD5_MEMBERS, "HMACMD5", HMACMD5, Md5);
keyed_function!(HMACSHA1_MEMBERS, "HMACSHA1", HMACSHA1, Sha1);
keyed_function!(HMACSHA256_MEMBERS, "HMACSHA256", HMACSHA256, Sha256);
keyed_function!(HMACSHA384_MEMBERS, "HMACSHA384", HMACSHA384, Sha384);
keyed_function!(HMACSHA512_MEMBERS, "HMACSHA512", HMACSHA512, Sha512);
