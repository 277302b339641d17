//! `HashAlgorithmName`

use super::{Algorithm, cryptographic, own, text};
use crate::dotnet::{
    exception::{Raise, argument_null},
    heap::{Instance, downcast},
    member::{Call, Member, member},
    runtime::Runtime,
    string::Str,
    types::Type,
    value::Value,
};

/// A hash algorithm by name; any text will do until it is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HashName(pub Option<String>);

impl Instance for HashName {
    fn ty(&self) -> Type {
        Type::named(&super::HASH_ALGORITHM_NAME)
    }

    fn copy(&self) -> Box<dyn Instance> {
        Box::new(self.clone())
    }

    fn text(&self, _runtime: &Runtime<'_>) -> Option<Str> {
        Some(self.0.as_ref().map_or(Str::EMPTY, |name| Str::from(name.clone())))
    }

    fn equals(&self, _runtime: &Runtime<'_>, other: &dyn Instance) -> Option<bool> {
        Some(downcast::<Self>(other).is_some_and(|other| self == other))
    }

    fn hash(&self, _runtime: &Runtime<'_>) -> Option<u64> {
        Some(self.0.as_ref().map_or(0, |name| name.bytes().fold(5381, |hash: u64, byte| hash.wrapping_mul(33) ^ u64::from(byte))))
    }
}

/// The name in an argument; none for `default(HashAlgorithmName)`.
fn name(call: &Call<'_, '_>, index: usize) -> Option<String> {
    call.runtime.own::<HashName>(call.argument(index)).and_then(|name| name.0.clone())
}

/// The algorithm that an argument names.
pub fn algorithm(call: &Call<'_, '_>, index: usize) -> Result<Algorithm, Raise> {
    match name(call, index).filter(|name| !name.is_empty()) {
        Some(name) => Algorithm::named(&name).ok_or_else(|| cryptographic(format!("'{name}' is not a known hash algorithm."))),
        None => Err(super::bad_argument("The hash algorithm name cannot be null or empty.", "hashAlgorithm")),
    }
}

fn make(call: &mut Call<'_, '_>, name: Option<String>) -> Result<Value, Raise> {
    call.runtime.instance(HashName(name))
}

/// A known algorithm's name as a value.
pub fn value(call: &mut Call<'_, '_>, algorithm: Algorithm) -> Result<Value, Raise> {
    make(call, Some(algorithm.name().to_owned()))
}

/// The algorithm with that object identifier.
fn by_oid(call: &Call<'_, '_>) -> Result<Option<Algorithm>, Raise> {
    let oid = text(call, 0).ok_or_else(|| argument_null("oidValue"))?;
    Ok(Algorithm::ALL.into_iter().find(|algorithm| algorithm.oid() == oid))
}

/// `HashAlgorithmName`
pub const MEMBERS: &[Member] = &[
    member("static HashAlgorithmName MD5 { get; }", |call| value(call, Algorithm::Md5)),
    member("static HashAlgorithmName SHA1 { get; }", |call| value(call, Algorithm::Sha1)),
    member("static HashAlgorithmName SHA256 { get; }", |call| value(call, Algorithm::Sha256)),
    member("static HashAlgorithmName SHA384 { get; }", |call| value(call, Algorithm::Sha384)),
    member("static HashAlgorithmName SHA512 { get; }", |call| value(call, Algorithm::Sha512)),
    member("static HashAlgorithmName FromOid(string oidValue)", |call| match by_oid(call)? {
        Some(algorithm) => value(call, algorithm),
        None => {
            let oid = text(call, 0).unwrap_or_default();
            Err(cryptographic(format!("The specified OID ({oid}) does not represent a known hash algorithm.")))
        }
    }),
    member("static bool TryFromOid(string oidValue, out HashAlgorithmName value)", |call| {
        let found = by_oid(call)?;
        let name = make(call, found.map(|algorithm| algorithm.name().to_owned()))?;
        call.out(1, name);
        Ok(Value::Bool(found.is_some()))
    }),
    member("HashAlgorithmName()", |call| make(call, None)),
    member("HashAlgorithmName(string name)", |call| {
        let name = text(call, 0).map(std::borrow::Cow::into_owned);
        make(call, name)
    }),
    member("string Name { get; }", |call| Ok(own::<HashName>(call, 0)?.0.clone().map_or(Value::Null, Value::string))),
    member("bool Equals(HashAlgorithmName other)", |call| Ok(Value::Bool(name(call, 0) == name(call, 1)))),
    member("static bool operator ==(HashAlgorithmName left, HashAlgorithmName right)", |call| {
        Ok(Value::Bool(name(call, 0) == name(call, 1)))
    }),
    member("static bool operator !=(HashAlgorithmName left, HashAlgorithmName right)", |call| {
        Ok(Value::Bool(name(call, 0) != name(call, 1)))
    }),
];
