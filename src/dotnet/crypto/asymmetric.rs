//! `AsymmetricAlgorithm` and `KeySizes`.

use super::{ASYMMETRIC_ALGORITHM, KEY_SIZES, config, dispose, instance, integer, own, rsa, rsa_key};
use crate::dotnet::{
    collection,
    exception::Raise,
    member::{Member, member},
    runtime::Runtime,
    types::Type,
    value::Value,
};

/// A range of sizes in bits: least, most, and the step between.
#[derive(Clone, Debug)]
struct KeySizes(i32, i32, i32);

instance!(KeySizes, this => &KEY_SIZES);

/// An array of one range.
pub fn key_sizes(runtime: &mut Runtime<'_>, least: usize, most: usize, step: usize) -> Result<Value, Raise> {
    let sizes = runtime.instance(KeySizes(least as i32, most as i32, step as i32))?;
    collection::array(runtime, Type::named(&KEY_SIZES), vec![sizes])
}

/// `KeySizes`
pub const KEY_SIZES_MEMBERS: &[Member] = &[
    member("KeySizes(int minSize, int maxSize, int skipSize)", |call| {
        let sizes = KeySizes(integer(call, 0) as i32, integer(call, 1) as i32, integer(call, 2) as i32);
        call.runtime.instance(sizes)
    }),
    member("int MinSize { get; }", |call| Ok(Value::Int32(own::<KeySizes>(call, 0)?.0))),
    member("int MaxSize { get; }", |call| Ok(Value::Int32(own::<KeySizes>(call, 0)?.1))),
    member("int SkipSize { get; }", |call| Ok(Value::Int32(own::<KeySizes>(call, 0)?.2))),
];

/// `AsymmetricAlgorithm`; RSA is the only one.
pub const MEMBERS: &[Member] = &[
    member("static AsymmetricAlgorithm Create(string algName)", |call| config::create(call, &ASYMMETRIC_ALGORITHM)),
    member("int KeySize { get; set; }", rsa::key_size),
    member("KeySizes[] LegalKeySizes { get; }", |call| key_sizes(call.runtime, rsa::LEAST, rsa::MOST, rsa::STEP)),
    member("string SignatureAlgorithm { get; }", |_| Ok(Value::string("RSA"))),
    member("string KeyExchangeAlgorithm { get; }", |_| Ok(Value::string("RSA"))),
    member("void FromXmlString(string xmlString)", rsa_key::from_xml),
    member("string ToXmlString(bool includePrivateParameters)", rsa_key::to_xml),
    member("void ImportFromPem(string input)", rsa_key::import_pem),
    member("void ImportFromEncryptedPem(string input, string password)", rsa_key::import_encrypted_pem),
    member("void ImportPkcs8PrivateKey(byte[] source, out int bytesRead)", |call| rsa_key::import(call, rsa_key::Format::Pkcs8)),
    member("void ImportEncryptedPkcs8PrivateKey(string password, byte[] source, out int bytesRead)", rsa_key::import_encrypted),
    member("void ImportSubjectPublicKeyInfo(byte[] source, out int bytesRead)", |call| rsa_key::import(call, rsa_key::Format::Spki)),
    member("byte[] ExportPkcs8PrivateKey()", |call| rsa_key::export(call, rsa_key::Format::Pkcs8)),
    member("byte[] ExportSubjectPublicKeyInfo()", |call| rsa_key::export(call, rsa_key::Format::Spki)),
    member("void Dispose()", dispose),
    member("void Clear()", dispose),
];
