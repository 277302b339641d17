//! `RSAEncryptionPadding` and `RSASignaturePadding`.

use super::{
    Algorithm, HASH_ALGORITHM_NAME, RSA_ENCRYPTION_PADDING, RSA_ENCRYPTION_PADDING_MODE, RSA_SIGNATURE_PADDING, RSA_SIGNATURE_PADDING_MODE,
    constant, hash_name, own,
};
use crate::dotnet::{
    exception::{Raise, argument_null},
    heap::{Instance, downcast},
    member::{Call, Member, member},
    runtime::Runtime,
    string::Str,
    types::{Class, Type},
    value::Value,
};

/// A padding of messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// PKCS #1 v1.5
    Pkcs1,
    /// OAEP
    Oaep(Algorithm),
}

/// A padding of signatures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signature {
    /// PKCS #1 v1.5
    Pkcs1,
    /// PSS
    Pss,
}

/// A padding: a value with a class, a text and equality.
trait Padding: Copy + PartialEq + std::fmt::Debug + Send + Sync + 'static {
    const CLASS: &'static Class;

    fn name(self) -> String;
}

impl Padding for Encryption {
    const CLASS: &'static Class = &RSA_ENCRYPTION_PADDING;

    fn name(self) -> String {
        match self {
            Self::Pkcs1 => "Pkcs1".to_owned(),
            Self::Oaep(algorithm) => format!("Oaep{}", algorithm.name()),
        }
    }
}

impl Padding for Signature {
    const CLASS: &'static Class = &RSA_SIGNATURE_PADDING;

    fn name(self) -> String {
        format!("{self:?}")
    }
}

/// A padding as an object.
#[derive(Clone, Debug)]
struct Of<P>(P);

impl<P: Padding> Instance for Of<P> {
    fn ty(&self) -> Type {
        Type::named(P::CLASS)
    }

    fn copy(&self) -> Box<dyn Instance> {
        Box::new(self.clone())
    }

    fn text(&self, _runtime: &Runtime<'_>) -> Option<Str> {
        Some(self.0.name().into())
    }

    fn equals(&self, _runtime: &Runtime<'_>, other: &dyn Instance) -> Option<bool> {
        Some(downcast::<Self>(other).is_some_and(|other| self.0 == other.0))
    }

    fn hash(&self, _runtime: &Runtime<'_>) -> Option<u64> {
        Some(self.0.name().bytes().fold(5381, |hash: u64, byte| hash.wrapping_mul(33) ^ u64::from(byte)))
    }
}

fn given<P: Padding>(call: &Call<'_, '_>, index: usize) -> Option<P> {
    call.runtime.own::<Of<P>>(call.argument(index)).map(|padding| padding.0)
}

fn equal<P: Padding>(call: &Call<'_, '_>) -> bool {
    given::<P>(call, 0) == given::<P>(call, 1)
}

impl Encryption {
    /// The padding in an argument.
    pub fn of(call: &Call<'_, '_>, index: usize) -> Result<Self, Raise> {
        given(call, index).ok_or_else(|| argument_null("padding"))
    }
}

impl Signature {
    /// The padding in an argument.
    pub fn of(call: &Call<'_, '_>, index: usize) -> Result<Self, Raise> {
        given(call, index).ok_or_else(|| argument_null("padding"))
    }
}

fn oaep(call: &mut Call<'_, '_>, algorithm: Algorithm) -> Result<Value, Raise> {
    call.runtime.instance(Of(Encryption::Oaep(algorithm)))
}

/// `RSAEncryptionPadding`
pub const ENCRYPTION_MEMBERS: &[Member] = &[
    member("static RSAEncryptionPadding Pkcs1 { get; }", |call| call.runtime.instance(Of(Encryption::Pkcs1))),
    member("static RSAEncryptionPadding OaepSHA1 { get; }", |call| oaep(call, Algorithm::Sha1)),
    member("static RSAEncryptionPadding OaepSHA256 { get; }", |call| oaep(call, Algorithm::Sha256)),
    member("static RSAEncryptionPadding OaepSHA384 { get; }", |call| oaep(call, Algorithm::Sha384)),
    member("static RSAEncryptionPadding OaepSHA512 { get; }", |call| oaep(call, Algorithm::Sha512)),
    member("static RSAEncryptionPadding CreateOaep(HashAlgorithmName hashAlgorithm)", |call| {
        let algorithm = hash_name::algorithm(call, 0)?;
        oaep(call, algorithm)
    }),
    member("RSAEncryptionPaddingMode Mode { get; }", |call| {
        let mode = i32::from(own::<Of<Encryption>>(call, 0)?.0 != Encryption::Pkcs1);
        Ok(constant(&RSA_ENCRYPTION_PADDING_MODE, mode))
    }),
    member("HashAlgorithmName OaepHashAlgorithm { get; }", |call| match own::<Of<Encryption>>(call, 0)?.0 {
        Encryption::Oaep(algorithm) => hash_name::value(call, algorithm),
        Encryption::Pkcs1 => Ok(Value::default_of(&Type::named(&HASH_ALGORITHM_NAME))),
    }),
    member("bool Equals(RSAEncryptionPadding other)", |call| Ok(Value::Bool(equal::<Encryption>(call)))),
    member("static bool operator ==(RSAEncryptionPadding left, RSAEncryptionPadding right)", |call| {
        Ok(Value::Bool(equal::<Encryption>(call)))
    }),
    member("static bool operator !=(RSAEncryptionPadding left, RSAEncryptionPadding right)", |call| {
        Ok(Value::Bool(!equal::<Encryption>(call)))
    }),
];

/// `RSASignaturePadding`
pub const SIGNATURE_MEMBERS: &[Member] = &[
    member("static RSASignaturePadding Pkcs1 { get; }", |call| call.runtime.instance(Of(Signature::Pkcs1))),
    member("static RSASignaturePadding Pss { get; }", |call| call.runtime.instance(Of(Signature::Pss))),
    member("RSASignaturePaddingMode Mode { get; }", |call| {
        let mode = i32::from(own::<Of<Signature>>(call, 0)?.0 == Signature::Pss);
        Ok(constant(&RSA_SIGNATURE_PADDING_MODE, mode))
    }),
    member("bool Equals(RSASignaturePadding other)", |call| Ok(Value::Bool(equal::<Signature>(call)))),
    member("static bool operator ==(RSASignaturePadding left, RSASignaturePadding right)", |call| {
        Ok(Value::Bool(equal::<Signature>(call)))
    }),
    member("static bool operator !=(RSASignaturePadding left, RSASignaturePadding right)", |call| {
        Ok(Value::Bool(!equal::<Signature>(call)))
    }),
];
