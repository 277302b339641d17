//! `SymmetricAlgorithm`: AES and its elders, as `SymmetricAlgorithm.Create(name)` gives them.
//!
//! Source: dotnet/runtime, System.Security.Cryptography.Primitives/SymmetricAlgorithm.cs and the implementations' `CreateTransform`.

use super::{
    BAD_IV_SIZE, BAD_KEY_SIZE, CIPHER_MODE, PADDING_MODE, SYMMETRIC_ALGORITHM, array, asymmetric,
    block::{Block, Direction, Family, Mode, Padding},
    config, constant, copied, cryptographic, dispose, instance, integer, own, own_mut, owned, random,
    transform::{Transform, whole},
};
use crate::dotnet::{
    exception::Raise,
    member::{Call, Member, member},
    runtime::Runtime,
    types::Class,
    value::Value,
};

const CBC: i64 = 1;
const ECB: i64 = 2;
const CFB: i64 = 4;

/// A cipher with its settings.
#[derive(Clone, Debug)]
pub struct Symmetric {
    class: &'static Class,
    family: Family,
    key_size: usize,
    key: Option<Vec<u8>>,
    iv: Option<Vec<u8>>,
    mode: i64,
    padding: i64,
    /// Bits that CFB feeds back.
    feedback: i64,
}

instance!(Symmetric, this => this.class);

impl Symmetric {
    /// `Dispose()`: forgets key and vector, which come anew when they are asked for.
    pub fn dispose(&mut self) {
        self.key = None;
        self.iv = None;
    }
}

/// A new cipher with .NET's settings.
pub fn create(runtime: &mut Runtime<'_>, class: &'static Class, family: Family) -> Result<Value, Raise> {
    let key_size = family.key_sizes().1;
    runtime.instance(Symmetric { class, family, key_size, key: None, iv: None, mode: CBC, padding: 2, feedback: 8 })
}

/// The key of the algorithm in an argument, drawn where there is none.
fn key(call: &mut Call<'_, '_>, index: usize) -> Result<Vec<u8>, Raise> {
    if let Some(key) = &own::<Symmetric>(call, index)?.key {
        return Ok(key.clone());
    }
    generate_key(call, index)
}

fn generate_key(call: &mut Call<'_, '_>, index: usize) -> Result<Vec<u8>, Raise> {
    let (size, family) = own::<Symmetric>(call, index).map(|algorithm| (algorithm.key_size / 8, algorithm.family))?;
    let mut drawn = random::fill(call.runtime, size)?;
    while weakness(family, &drawn).is_some() {
        drawn = random::fill(call.runtime, size)?;
    }
    own_mut::<Symmetric>(call, index)?.key = Some(drawn.clone());
    Ok(drawn)
}

/// The vector of the algorithm in an argument, drawn where there is none.
fn iv(call: &mut Call<'_, '_>, index: usize) -> Result<Vec<u8>, Raise> {
    if let Some(iv) = &own::<Symmetric>(call, index)?.iv {
        return Ok(iv.clone());
    }
    generate_iv(call, index)
}

fn generate_iv(call: &mut Call<'_, '_>, index: usize) -> Result<Vec<u8>, Raise> {
    let size = own::<Symmetric>(call, index)?.family.block();
    let drawn = random::fill(call.runtime, size)?;
    own_mut::<Symmetric>(call, index)?.iv = Some(drawn.clone());
    Ok(drawn)
}

/// Why a key is refused though its size is right. Source: dotnet/runtime, DES.cs and TripleDES.cs.
fn weakness(family: Family, key: &[u8]) -> Option<&'static str> {
    const WEAK: [u64; 4] = [0x0101_0101_0101_0101, 0xfefe_fefe_fefe_fefe, 0x1f1f_1f1f_0e0e_0e0e, 0xe0e0_e0e0_f1f1_f1f1];
    const SEMI_WEAK: [u64; 12] = [
        0x01fe_01fe_01fe_01fe,
        0xfe01_fe01_fe01_fe01,
        0x1fe0_1fe0_0ef1_0ef1,
        0xe01f_e01f_f10e_f10e,
        0x01e0_01e0_01f1_01f1,
        0xe001_e001_f101_f101,
        0x1ffe_1ffe_0efe_0efe,
        0xfe1f_fe1f_fe0e_fe0e,
        0x011f_011f_010e_010e,
        0x1f01_1f01_0e01_0e01,
        0xe0fe_e0fe_f1fe_f1fe,
        0xfee0_fee0_fef1_fef1,
    ];
    // The lowest bit of a byte makes the number of its bits odd; it is no part of the key.
    let odd = |byte: &u8| (byte & 0xfe) | u8::from((byte & 0xfe).count_ones().is_multiple_of(2));
    let parts: Vec<u64> = key.chunks_exact(8).map(|part| part.iter().fold(0, |whole, byte| (whole << 8) | u64::from(odd(byte)))).collect();
    match (family, parts.as_slice()) {
        (Family::Des, [key]) if WEAK.contains(key) => Some("Specified key is a known weak key for 'DES' and cannot be used."),
        (Family::Des, [key]) if SEMI_WEAK.contains(key) => Some("Specified key is a known semi-weak key for 'DES' and cannot be used."),
        (Family::TripleDes, [first, second, rest @ ..]) if first == second || rest.first() == Some(second) => {
            Some("Specified key is a known weak key for 'TripleDES' and cannot be used.")
        }
        _ => None,
    }
}

/// The settings that a transform is made with.
struct Settings {
    mode: i64,
    padding: i64,
    feedback: i64,
}

impl Settings {
    fn of(algorithm: &Symmetric) -> Self {
        Self { mode: algorithm.mode, padding: algorithm.padding, feedback: algorithm.feedback }
    }

    fn padding(&self) -> Result<Padding, Raise> {
        Ok(match self.padding {
            1 => Padding::None,
            2 => Padding::Pkcs7,
            3 => Padding::Zeros,
            4 => Padding::AnsiX923,
            5 => Padding::Iso10126,
            _ => return Err(cryptographic(BAD_PADDING_MODE)),
        })
    }

    fn mode(&self, family: Family) -> Result<Mode, Raise> {
        let whole = family.block() as i64 * 8;
        match (self.mode, self.feedback) {
            (CBC, _) => Ok(Mode::Cbc),
            (ECB, _) => Ok(Mode::Ecb),
            (CFB, bits)
                if family != Family::Rc2 && (bits == 8 || (bits == whole && family != Family::Des) || (bits == 64 && whole == 64)) =>
            {
                Ok(Mode::Cfb(bits as usize / 8))
            }
            (CFB, bits) => Err(cryptographic(format!("The specified feedback size '{bits}' for CipherMode 'CFB' is not supported."))),
            _ => Err(cryptographic(BAD_CIPHER_MODE)),
        }
    }
}

const BAD_PADDING_MODE: &str = "Specified padding mode is not valid for this algorithm.";
const BAD_CIPHER_MODE: &str = "Specified cipher mode is not valid for this algorithm.";

/// A transform with a key and a vector that were handed over under these names.
fn transform(
    algorithm: &Symmetric,
    settings: &Settings,
    direction: Direction,
    (key, key_name): (Vec<u8>, &str),
    (iv, iv_name): (Option<Vec<u8>>, &str),
) -> Result<Transform, Raise> {
    let family = algorithm.family;
    if !family.takes(key.len().saturating_mul(8)) {
        return Err(super::bad_argument(BAD_KEY_SIZE, key_name));
    }
    if iv.as_ref().is_some_and(|iv| iv.len() != family.block()) {
        return Err(super::bad_argument(BAD_IV_SIZE, iv_name));
    }
    if let Some(message) = weakness(family, &key) {
        return Err(cryptographic(message));
    }
    let (mode, padding) = (settings.mode(family)?, settings.padding()?);
    let block = Block::new(family, &key).ok_or_else(|| super::bad_argument(BAD_KEY_SIZE, key_name))?;
    match iv {
        None if mode != Mode::Ecb => Err(cryptographic("The cipher mode specified requires that an initialization vector (IV) be used.")),
        iv => Ok(Transform::new(block, mode, padding, direction, iv.unwrap_or_default())),
    }
}

/// `CreateEncryptor`, `CreateDecryptor`: with the arguments where they are given, else with the algorithm's own key and vector.
fn create_transform(call: &mut Call<'_, '_>, direction: Direction) -> Result<Value, Raise> {
    let (key, iv) =
        if call.arguments.len() > 1 { (owned(call, 1, "rgbKey")?, copied(call, 2)?) } else { (key(call, 0)?, Some(iv(call, 0)?)) };
    let algorithm = own::<Symmetric>(call, 0)?;
    let transform = transform(algorithm, &Settings::of(algorithm), direction, (key, "rgbKey"), (iv, "rgbIV"))?;
    call.runtime.instance(transform)
}

/// Data in argument `index` through the algorithm in argument `algorithm`, with a key and a vector or its own.
pub fn apply(
    call: &mut Call<'_, '_>,
    algorithm: &Value,
    data: Vec<u8>,
    direction: Direction,
    given: Option<(Vec<u8>, Option<Vec<u8>>)>,
) -> Result<Value, Raise> {
    let found = Call { runtime: call.runtime, arguments: std::slice::from_ref(algorithm), types: &[], outs: Vec::new() };
    let mut inner = found;
    let (key, iv) = match given {
        Some(given) => given,
        None => (key(&mut inner, 0)?, Some(iv(&mut inner, 0)?)),
    };
    let algorithm = own::<Symmetric>(&inner, 0)?;
    let transform = transform(algorithm, &Settings::of(algorithm), direction, (key, "rgbKey"), (iv, "rgbIV"))?;
    let made = whole(inner.runtime, transform, data)?;
    array(inner.runtime, made)
}

/// `EncryptCbc` and its kind: the data first, then the vector where the mode has one, the padding, CFB's feedback.
fn one_shot(call: &mut Call<'_, '_>, mode: i64, direction: Direction) -> Result<Value, Raise> {
    let data = owned(call, 1, if direction == Direction::Encrypt { "plaintext" } else { "ciphertext" })?;
    let (iv, padding) = if mode == ECB { (None, integer(call, 2)) } else { (Some(owned(call, 2, "iv")?), integer(call, 3)) };
    if !(1..=5).contains(&padding) {
        return Err(super::bad_argument(BAD_PADDING_MODE, "paddingMode"));
    }
    let key = key(call, 0)?;
    let feedback = if mode == CFB { integer(call, 4) } else { 8 };
    let algorithm = own::<Symmetric>(call, 0)?;
    let transform = transform(algorithm, &Settings { mode, padding, feedback }, direction, (key, "key"), (iv, "iv"))?;
    let made = whole(call.runtime, transform, data)?;
    array(call.runtime, made)
}

/// `SymmetricAlgorithm`
pub const MEMBERS: &[Member] = &[
    member("static SymmetricAlgorithm Create(string algName)", |call| config::create(call, &SYMMETRIC_ALGORITHM)),
    member("byte[] Key { get; set; }", |call| {
        if call.arguments.len() < 2 {
            let key = key(call, 0)?;
            return array(call.runtime, key);
        }
        let key = owned(call, 1, "value")?;
        let algorithm = own_mut::<Symmetric>(call, 0)?;
        if !algorithm.family.takes(key.len().saturating_mul(8)) {
            return Err(cryptographic(BAD_KEY_SIZE));
        }
        if let Some(message) = weakness(algorithm.family, &key) {
            return Err(cryptographic(message));
        }
        algorithm.key_size = key.len() * 8;
        algorithm.key = Some(key);
        Ok(Value::Null)
    }),
    member("byte[] IV { get; set; }", |call| {
        if call.arguments.len() < 2 {
            let iv = iv(call, 0)?;
            return array(call.runtime, iv);
        }
        let iv = owned(call, 1, "value")?;
        let algorithm = own_mut::<Symmetric>(call, 0)?;
        if iv.len() != algorithm.family.block() {
            return Err(cryptographic(BAD_IV_SIZE));
        }
        algorithm.iv = Some(iv);
        Ok(Value::Null)
    }),
    member("int KeySize { get; set; }", |call| {
        if call.arguments.len() < 2 {
            return Ok(Value::Int32(own::<Symmetric>(call, 0)?.key_size as i32));
        }
        let size = integer(call, 1);
        let algorithm = own_mut::<Symmetric>(call, 0)?;
        match usize::try_from(size).ok().filter(|size| algorithm.family.takes(*size)) {
            Some(size) => {
                algorithm.key_size = size;
                algorithm.key = None;
                Ok(Value::Null)
            }
            None => Err(cryptographic(BAD_KEY_SIZE)),
        }
    }),
    member("int BlockSize { get; set; }", |call| {
        let size = own::<Symmetric>(call, 0)?.family.block() as i64 * 8;
        if call.arguments.len() < 2 {
            return Ok(Value::Int32(size as i32));
        }
        if integer(call, 1) != size {
            return Err(cryptographic("Specified block size is not valid for this algorithm."));
        }
        own_mut::<Symmetric>(call, 0)?.iv = None;
        Ok(Value::Null)
    }),
    member("int FeedbackSize { get; set; }", |call| {
        if call.arguments.len() < 2 {
            return Ok(Value::Int32(own::<Symmetric>(call, 0)?.feedback as i32));
        }
        let bits = integer(call, 1);
        let algorithm = own_mut::<Symmetric>(call, 0)?;
        if bits <= 0 || bits > algorithm.family.block() as i64 * 8 || bits % 8 != 0 {
            return Err(cryptographic("Specified feedback size is not valid for this algorithm."));
        }
        algorithm.feedback = bits;
        Ok(Value::Null)
    }),
    member("CipherMode Mode { get; set; }", |call| {
        if call.arguments.len() < 2 {
            return Ok(constant(&CIPHER_MODE, own::<Symmetric>(call, 0)?.mode as i32));
        }
        match integer(call, 1) {
            mode @ (CBC | ECB | CFB) => {
                own_mut::<Symmetric>(call, 0)?.mode = mode;
                Ok(Value::Null)
            }
            _ => Err(cryptographic(BAD_CIPHER_MODE)),
        }
    }),
    member("PaddingMode Padding { get; set; }", |call| {
        if call.arguments.len() < 2 {
            return Ok(constant(&PADDING_MODE, own::<Symmetric>(call, 0)?.padding as i32));
        }
        match integer(call, 1) {
            padding @ 1..=5 => {
                own_mut::<Symmetric>(call, 0)?.padding = padding;
                Ok(Value::Null)
            }
            _ => Err(cryptographic(BAD_PADDING_MODE)),
        }
    }),
    member("KeySizes[] LegalKeySizes { get; }", |call| {
        let (least, most, step) = own::<Symmetric>(call, 0)?.family.key_sizes();
        asymmetric::key_sizes(call.runtime, least, most, step)
    }),
    member("KeySizes[] LegalBlockSizes { get; }", |call| {
        let size = own::<Symmetric>(call, 0)?.family.block() * 8;
        asymmetric::key_sizes(call.runtime, size, size, 0)
    }),
    member("bool ValidKeySize(int bitLength)", |call| {
        let bits = usize::try_from(integer(call, 1)).unwrap_or(0);
        Ok(Value::Bool(own::<Symmetric>(call, 0)?.family.takes(bits)))
    }),
    member("ICryptoTransform CreateEncryptor()", |call| create_transform(call, Direction::Encrypt)),
    member("ICryptoTransform CreateEncryptor(byte[] rgbKey, byte[] rgbIV)", |call| create_transform(call, Direction::Encrypt)),
    member("ICryptoTransform CreateDecryptor()", |call| create_transform(call, Direction::Decrypt)),
    member("ICryptoTransform CreateDecryptor(byte[] rgbKey, byte[] rgbIV)", |call| create_transform(call, Direction::Decrypt)),
    member("void GenerateKey()", |call| generate_key(call, 0).map(|_| Value::Null)),
    member("void GenerateIV()", |call| generate_iv(call, 0).map(|_| Value::Null)),
    member("byte[] EncryptCbc(byte[] plaintext, byte[] iv, PaddingMode paddingMode = PaddingMode.PKCS7)", |call| {
        one_shot(call, CBC, Direction::Encrypt)
    }),
    member("byte[] DecryptCbc(byte[] ciphertext, byte[] iv, PaddingMode paddingMode = PaddingMode.PKCS7)", |call| {
        one_shot(call, CBC, Direction::Decrypt)
    }),
    member("byte[] EncryptEcb(byte[] plaintext, PaddingMode paddingMode)", |call| one_shot(call, ECB, Direction::Encrypt)),
    member("byte[] DecryptEcb(byte[] ciphertext, PaddingMode paddingMode)", |call| one_shot(call, ECB, Direction::Decrypt)),
    member(
        "byte[] EncryptCfb(byte[] plaintext, byte[] iv, PaddingMode paddingMode = PaddingMode.None, int feedbackSizeInBits = 8)",
        |call| one_shot(call, CFB, Direction::Encrypt),
    ),
    member(
        "byte[] DecryptCfb(byte[] ciphertext, byte[] iv, PaddingMode paddingMode = PaddingMode.None, int feedbackSizeInBits = 8)",
        |call| one_shot(call, CFB, Direction::Decrypt),
    ),
    member("void Dispose()", dispose),
    member("void Clear()", dispose),
];
