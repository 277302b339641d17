//! The gateway's extension methods on bytes and certificates.
//!
//! Source: learn.microsoft.com/azure/api-management/api-management-policy-expressions, "Context variable".

use super::{block::Direction, copied, owned, symmetric, text, x509};
use crate::dotnet::{
    exception::{Raise, argument_null, null_reference},
    member::{Call, Member, member},
    value::Value,
};

/// By the name of an algorithm, which the documentation leaves to `SymmetricAlgorithm.Create`.
fn by_name(call: &mut Call<'_, '_>, direction: Direction) -> Result<Value, Raise> {
    let name = text(call, 1).ok_or_else(|| argument_null("alg"))?.into_owned();
    let algorithm = super::config::named(call.runtime, &name)?;
    keyed(call, &algorithm, 2, direction)
}

/// With an algorithm and the key and the vector in the arguments from `index` on.
fn keyed(call: &mut Call<'_, '_>, algorithm: &Value, index: usize, direction: Direction) -> Result<Value, Raise> {
    let data = owned(call, 0, "input")?;
    let given = (owned(call, index, "key")?, copied(call, index + 1)?);
    symmetric::apply(call, algorithm, data, direction, Some(given))
}

fn by_algorithm(call: &mut Call<'_, '_>, direction: Direction) -> Result<Value, Raise> {
    let algorithm = call.argument(1).clone();
    if algorithm.is_null() {
        return Err(argument_null("alg"));
    }
    if call.arguments.len() > 2 {
        return keyed(call, &algorithm, 2, direction);
    }
    let data = owned(call, 0, "input")?;
    symmetric::apply(call, &algorithm, data, direction, None)
}

/// The gateway's extension methods.
pub const MEMBERS: &[Member] = &[
    member("static byte[] Encrypt(this byte[] input, string alg, byte[] key, byte[] iv)", |call| by_name(call, Direction::Encrypt)),
    member("static byte[] Encrypt(this byte[] input, SymmetricAlgorithm alg)", |call| by_algorithm(call, Direction::Encrypt)),
    member("static byte[] Encrypt(this byte[] input, SymmetricAlgorithm alg, byte[] key, byte[] iv)", |call| {
        by_algorithm(call, Direction::Encrypt)
    }),
    member("static byte[] Decrypt(this byte[] input, string alg, byte[] key, byte[] iv)", |call| by_name(call, Direction::Decrypt)),
    member("static byte[] Decrypt(this byte[] input, SymmetricAlgorithm alg)", |call| by_algorithm(call, Direction::Decrypt)),
    member("static byte[] Decrypt(this byte[] input, SymmetricAlgorithm alg, byte[] key, byte[] iv)", |call| {
        by_algorithm(call, Direction::Decrypt)
    }),
    member("static bool VerifyNoRevocation(this X509Certificate2 input)", |call| match call.argument(0) {
        Value::Null => Err(null_reference()),
        _ => x509::verify(call),
    }),
];
