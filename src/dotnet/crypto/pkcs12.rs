//! PKCS #12 files (`.pfx`) and encrypted private keys: what is inside, given the password.
//!
//! Source: RFC 7292 (files, and the keys of old schemes in appendix B), RFC 8018 (PBES2).

use super::{
    ASN1_CORRUPTED, Algorithm,
    asn1::{self, CONTEXT_0, Element, OCTETS, SEQUENCE, SET},
    block::{Block, Direction, Family, Mode, Padding, run},
    cryptographic,
    rc2::Rc2,
};
use crate::dotnet::{exception::Raise, runtime::Runtime};

/// What a file holds.
#[derive(Debug, Default)]
pub struct Contents {
    /// Certificates, each with its local key id and its friendly name.
    pub certificates: Vec<Bag>,
    /// `PrivateKeyInfo`s, likewise.
    pub keys: Vec<Bag>,
}

/// A thing with its attributes.
#[derive(Debug, Default)]
pub struct Bag {
    /// The encoding.
    pub der: Vec<u8>,
    /// What joins a key to its certificate.
    pub local_key: Option<Vec<u8>>,
    /// A name for people.
    pub friendly_name: Option<String>,
}

const DATA: &str = "1.2.840.113549.1.7.1";
const ENCRYPTED_DATA: &str = "1.2.840.113549.1.7.6";
const KEY_BAG: &str = "1.2.840.113549.1.12.10.1.1";
const SHROUDED_KEY_BAG: &str = "1.2.840.113549.1.12.10.1.2";
const CERTIFICATE_BAG: &str = "1.2.840.113549.1.12.10.1.3";
const X509_CERTIFICATE: &str = "1.2.840.113549.1.9.22.1";
const FRIENDLY_NAME: &str = "1.2.840.113549.1.9.20";
const LOCAL_KEY_ID: &str = "1.2.840.113549.1.9.21";

/// The password, which each scheme takes in its own encoding.
struct Password<'a>(&'a str);

impl Password<'_> {
    /// UTF-16, big-endian, with a zero behind it.
    fn units(&self) -> Vec<u8> {
        self.0.encode_utf16().chain([0]).flat_map(u16::to_be_bytes).collect()
    }
}

fn corrupted() -> Raise {
    cryptographic(ASN1_CORRUPTED)
}

fn wrong_password() -> Raise {
    cryptographic("The certificate data cannot be read with the provided password, the password may be incorrect.")
}

/// Whether the bytes look like such a file: a sequence that begins with version 3.
pub fn is_file(bytes: &[u8]) -> bool {
    let parts = asn1::first(bytes).and_then(|(file, _)| file.open(SEQUENCE)).unwrap_or_default();
    parts.first().and_then(Element::number) == Some(3)
}

/// Opens a file.
pub fn open(runtime: &mut Runtime<'_>, bytes: &[u8], password: &str) -> Result<Contents, Raise> {
    let password = Password(password);
    runtime.allocate(bytes.len().saturating_mul(4))?;
    let parts = asn1::first(bytes).and_then(|(file, _)| file.open(SEQUENCE)).ok_or_else(corrupted)?;
    let (safe, mac) = match parts.as_slice() {
        [_, safe] => (safe, None),
        [_, safe, mac, ..] => (safe, Some(mac)),
        _ => return Err(corrupted()),
    };
    let content = octets_of(safe).ok_or_else(corrupted)?;
    if let Some(mac) = mac
        && !is_authentic(runtime, mac, content, &password)?
    {
        return Err(wrong_password());
    }
    let infos = asn1::first(content).and_then(|(infos, _)| infos.open(SEQUENCE)).ok_or_else(corrupted)?;
    let mut contents = Contents::default();
    for info in infos {
        let kind = info.open(SEQUENCE).and_then(|parts| parts.first()?.oid());
        let plain = match kind.as_deref() {
            Some(DATA) => octets_of(&info).ok_or_else(corrupted)?.to_vec(),
            Some(ENCRYPTED_DATA) => {
                let (scheme, data) = encrypted_of(&info).ok_or_else(corrupted)?;
                decrypt(runtime, &scheme, data, &password)?
            }
            _ => continue,
        };
        read_bags(runtime, &plain, &password, &mut contents)?;
    }
    Ok(contents)
}

/// The plain `PrivateKeyInfo` of an `EncryptedPrivateKeyInfo`.
pub fn decrypt_key(runtime: &mut Runtime<'_>, bytes: &[u8], password: &str) -> Result<Vec<u8>, Raise> {
    let parts = asn1::first(bytes).and_then(|(key, _)| key.open(SEQUENCE)).ok_or_else(corrupted)?;
    match parts.as_slice() {
        [scheme, data] => decrypt(runtime, scheme, data.of(OCTETS).ok_or_else(corrupted)?, &Password(password)),
        _ => Err(corrupted()),
    }
}

/// The octets of a `ContentInfo` of plain data.
fn octets_of<'a>(info: &Element<'a>) -> Option<&'a [u8]> {
    match info.open(SEQUENCE)?.as_slice() {
        [_, content] => content.open(CONTEXT_0)?.first()?.of(OCTETS),
        _ => None,
    }
}

/// The scheme and the octets of a `ContentInfo` of encrypted data.
fn encrypted_of<'a>(info: &Element<'a>) -> Option<(Element<'a>, &'a [u8])> {
    let data = info.open(SEQUENCE)?.get(1)?.open(CONTEXT_0)?.first()?.open(SEQUENCE)?;
    match data.get(1)?.open(SEQUENCE)?.as_slice() {
        // [0] IMPLICIT OCTET STRING
        [_, scheme, octets] => Some((*scheme, octets.of(0x80)?)),
        _ => None,
    }
}

fn read_bags(runtime: &mut Runtime<'_>, plain: &[u8], password: &Password<'_>, contents: &mut Contents) -> Result<(), Raise> {
    let bags = asn1::first(plain).and_then(|(bags, _)| bags.open(SEQUENCE)).ok_or_else(corrupted)?;
    for bag in bags {
        let parts = bag.open(SEQUENCE).ok_or_else(corrupted)?;
        let [kind, value, attributes @ ..] = parts.as_slice() else { return Err(corrupted()) };
        let value = value.open(CONTEXT_0).and_then(|value| value.first().copied()).ok_or_else(corrupted)?;
        let (is_key, der) = match kind.oid().as_deref() {
            Some(KEY_BAG) => (true, value.whole.to_vec()),
            Some(SHROUDED_KEY_BAG) => (true, decrypt_shrouded(runtime, &value, password)?),
            Some(CERTIFICATE_BAG) => match certificate_of(&value) {
                Some(der) => (false, der.to_vec()),
                None => continue,
            },
            _ => continue,
        };
        let mut bag = Bag { der, ..Bag::default() };
        for attribute in attributes.first().and_then(|set| set.open(SET)).unwrap_or_default() {
            let parts = attribute.open(SEQUENCE).unwrap_or_default();
            let [kind, values] = parts.as_slice() else { continue };
            let Some(value) = values.open(SET).and_then(|values| values.first().copied()) else { continue };
            match kind.oid().as_deref() {
                Some(LOCAL_KEY_ID) => bag.local_key = value.of(OCTETS).map(<[u8]>::to_vec),
                Some(FRIENDLY_NAME) => bag.friendly_name = asn1::string(value.tag, value.content),
                _ => {}
            }
        }
        if is_key { contents.keys.push(bag) } else { contents.certificates.push(bag) }
    }
    Ok(())
}

fn decrypt_shrouded(runtime: &mut Runtime<'_>, value: &Element<'_>, password: &Password<'_>) -> Result<Vec<u8>, Raise> {
    match value.open(SEQUENCE).as_deref() {
        Some([scheme, data]) => decrypt(runtime, scheme, data.of(OCTETS).ok_or_else(corrupted)?, password),
        _ => Err(corrupted()),
    }
}

fn certificate_of<'a>(value: &Element<'a>) -> Option<&'a [u8]> {
    match value.open(SEQUENCE)?.as_slice() {
        [kind, certificate] if kind.oid()? == X509_CERTIFICATE => certificate.open(CONTEXT_0)?.first()?.of(OCTETS),
        _ => None,
    }
}

/// Whether `MacData` fits the content.
fn is_authentic(runtime: &mut Runtime<'_>, mac: &Element<'_>, content: &[u8], password: &Password<'_>) -> Result<bool, Raise> {
    let read = || {
        let parts = mac.open(SEQUENCE)?;
        let info = parts.first()?.open(SEQUENCE)?;
        let algorithm = hash_by_oid(&info.first()?.open(SEQUENCE)?.first()?.oid()?)?;
        let iterations = parts.get(2).map_or(Some(1), Element::number)?;
        Some((algorithm, info.get(1)?.of(OCTETS)?, parts.get(1)?.of(OCTETS)?, iterations))
    };
    let Some((algorithm, expected, salt, iterations)) = read() else { return Err(corrupted()) };
    let key = derive(runtime, algorithm, 3, &password.units(), salt, iterations, algorithm.size())?;
    runtime.work(content.len())?;
    if algorithm.hmac(&key, &[content]) == expected {
        return Ok(true);
    }
    // No password may mean none at all, not the empty one.
    let key =
        if password.0.is_empty() { derive(runtime, algorithm, 3, &[], salt, iterations, algorithm.size())? } else { return Ok(false) };
    Ok(algorithm.hmac(&key, &[content]) == expected)
}

fn hash_by_oid(oid: &str) -> Option<Algorithm> {
    Algorithm::ALL.into_iter().find(|algorithm| algorithm.oid() == oid)
}

/// Decrypts by an `AlgorithmIdentifier`.
fn decrypt(runtime: &mut Runtime<'_>, scheme: &Element<'_>, data: &[u8], password: &Password<'_>) -> Result<Vec<u8>, Raise> {
    let parts = scheme.open(SEQUENCE).unwrap_or_default();
    let [kind, parameters] = parts.as_slice() else { return Err(corrupted()) };
    let kind = kind.oid().unwrap_or_default();
    let (block, iv) = match kind.strip_prefix("1.2.840.113549.1.12.1.") {
        Some(number) => old_scheme(runtime, number, parameters, password)?,
        None if kind == "1.2.840.113549.1.5.13" => pbes2(runtime, parameters, password)?,
        None => return Err(unknown(&kind)),
    };
    runtime.work(data.len().saturating_mul(8))?;
    runtime.allocate(data.len())?;
    if !data.len().is_multiple_of(block.size()) || iv.len() != block.size() {
        return Err(corrupted());
    }
    let (mut plain, mut register) = (data.to_vec(), iv);
    run(&block, Mode::Cbc, Direction::Decrypt, &mut register, &mut plain);
    if Padding::Pkcs7.unpad(&mut plain, block.size()) { Ok(plain) } else { Err(wrong_password()) }
}

fn unknown(oid: &str) -> Raise {
    cryptographic(format!("'{oid}' is not a known encryption algorithm."))
}

/// The schemes of PKCS #12 itself: SHA-1 with triple DES or RC2.
fn old_scheme(
    runtime: &mut Runtime<'_>,
    number: &str,
    parameters: &Element<'_>,
    password: &Password<'_>,
) -> Result<(Block, Vec<u8>), Raise> {
    let parts = parameters.open(SEQUENCE).unwrap_or_default();
    let [salt, iterations] = parts.as_slice() else { return Err(corrupted()) };
    let (salt, iterations) = salt.of(OCTETS).zip(iterations.number()).ok_or_else(corrupted)?;
    let length = match number {
        "3" => 24,
        "4" | "5" => 16,
        "6" => 5,
        _ => return Err(unknown(&format!("1.2.840.113549.1.12.1.{number}"))),
    };
    let password = password.units();
    let key = derive(runtime, Algorithm::Sha1, 1, &password, salt, iterations, length)?;
    let iv = derive(runtime, Algorithm::Sha1, 2, &password, salt, iterations, 8)?;
    let block = match number {
        "3" | "4" => Block::new(Family::TripleDes, &key),
        _ => Rc2::new(&key, length * 8).map(|rc2| Block::Rc2(Box::new(rc2))),
    };
    Ok((block.ok_or_else(corrupted)?, iv))
}

/// PBES2 with PBKDF2.
fn pbes2(runtime: &mut Runtime<'_>, parameters: &Element<'_>, password: &Password<'_>) -> Result<(Block, Vec<u8>), Raise> {
    let read = || {
        let parts = parameters.open(SEQUENCE)?;
        let (kdf, cipher) = (parts.first()?.open(SEQUENCE)?, parts.get(1)?.open(SEQUENCE)?);
        let derivation = (kdf.first()?.oid()? == "1.2.840.113549.1.5.12").then(|| kdf.get(1)?.open(SEQUENCE)).flatten()?;
        let function = match derivation.iter().find(|part| part.tag == SEQUENCE) {
            Some(function) => function.open(SEQUENCE)?.first()?.oid()?,
            None => "1.2.840.113549.2.7".to_owned(),
        };
        let algorithm = match function.as_str() {
            "1.2.840.113549.2.7" => Algorithm::Sha1,
            "1.2.840.113549.2.9" => Algorithm::Sha256,
            "1.2.840.113549.2.10" => Algorithm::Sha384,
            "1.2.840.113549.2.11" => Algorithm::Sha512,
            _ => return None,
        };
        let (family, length): (Family, usize) = match cipher.first()?.oid()?.as_str() {
            "2.16.840.1.101.3.4.1.2" => (Family::Aes, 16),
            "2.16.840.1.101.3.4.1.22" => (Family::Aes, 24),
            "2.16.840.1.101.3.4.1.42" => (Family::Aes, 32),
            "1.2.840.113549.3.7" => (Family::TripleDes, 24),
            _ => return None,
        };
        let (salt, iterations) = (derivation.first()?.of(OCTETS)?, derivation.get(1)?.number()?);
        Some((algorithm, family, length, salt, iterations, cipher.get(1)?.of(OCTETS)?))
    };
    let Some((algorithm, family, length, salt, iterations, iv)) = read() else { return Err(corrupted()) };
    let blocks = length.div_ceil(algorithm.size()) as u32;
    super::labour(runtime, u128::from(iterations) * u128::from(blocks) * 20)?;
    let mut key = Vec::new();
    for block in 1..=blocks {
        let mut link = algorithm.hmac(password.0.as_bytes(), &[salt, &block.to_be_bytes()]);
        let mut sum = link.clone();
        for _ in 1..iterations {
            link = algorithm.hmac(password.0.as_bytes(), &[&link]);
            sum.iter_mut().zip(&link).for_each(|(sum, byte)| *sum ^= byte);
        }
        key.extend(sum);
    }
    key.truncate(length);
    Ok((Block::new(family, &key).ok_or_else(corrupted)?, iv.to_vec()))
}

/// The key derivation of RFC 7292, appendix B.2.
fn derive(
    runtime: &mut Runtime<'_>,
    algorithm: Algorithm,
    purpose: u8,
    password: &[u8],
    salt: &[u8],
    iterations: u32,
    length: usize,
) -> Result<Vec<u8>, Raise> {
    let (size, block) = (algorithm.size(), algorithm.block());
    let rounds = length.div_ceil(size);
    super::labour(runtime, u128::from(iterations) * rounds as u128 * 10)?;
    let filled = |part: &[u8]| part.iter().copied().cycle().take(part.len().div_ceil(block) * block).collect::<Vec<u8>>();
    let diversifier = vec![purpose; block];
    let mut input = [filled(salt), filled(password)].concat();
    let mut key = Vec::new();
    for _ in 0..rounds {
        let mut link = algorithm.digest(&[&diversifier, &input]);
        for _ in 1..iterations {
            link = algorithm.digest(&[&link]);
        }
        for chunk in input.chunks_mut(block) {
            // Each block of the input becomes itself, the hash repeated to its length, and one, added up.
            let mut carry = 1_u16;
            for (index, byte) in chunk.iter_mut().enumerate().rev() {
                carry += u16::from(*byte) + u16::from(link.get(index % size).copied().unwrap_or(0));
                *byte = carry as u8;
                carry >>= 8;
            }
        }
        key.extend(link);
    }
    key.truncate(length);
    Ok(key)
}
