//! Block ciphers, their modes of operation and paddings.
//!
//! The modes are written out here, since a transform of .NET's carries its state from call to call, chooses cipher, mode and
//! direction at run time, and feeds back a byte or more in CFB. Source: NIST SP 800-38A.

use aes::{Aes128, Aes192, Aes256};
use cipher::{BlockDecrypt, BlockEncrypt, KeyInit, generic_array::GenericArray};
use des::{Des, TdesEde2, TdesEde3};

use super::rc2::Rc2;

/// A block cipher's family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// AES, also under its old name Rijndael
    Aes,
    /// DES
    Des,
    /// Triple DES
    TripleDes,
    /// RC2
    Rc2,
}

impl Family {
    /// Bytes of a block.
    pub fn block(self) -> usize {
        if self == Self::Aes { 16 } else { 8 }
    }

    /// Bits of a key: least, most, and the step between.
    pub fn key_sizes(self) -> (usize, usize, usize) {
        match self {
            Self::Aes => (128, 256, 64),
            Self::Des => (64, 64, 0),
            Self::TripleDes => (128, 192, 64),
            Self::Rc2 => (40, 128, 8),
        }
    }

    /// Whether a key may have that many bits.
    pub fn takes(self, bits: usize) -> bool {
        let (least, most, step) = self.key_sizes();
        (least..=most).contains(&bits) && (bits - least).checked_rem(step).is_none_or(|rest| rest == 0)
    }
}

/// A block cipher with its key.
#[derive(Clone, Debug)]
pub enum Block {
    /// AES with 128 bits
    Aes128(Box<Aes128>),
    /// AES with 192 bits
    Aes192(Box<Aes192>),
    /// AES with 256 bits
    Aes256(Box<Aes256>),
    /// DES
    Des(Box<Des>),
    /// Triple DES with two keys
    TripleDes2(Box<TdesEde2>),
    /// Triple DES with three keys
    TripleDes3(Box<TdesEde3>),
    /// RC2
    Rc2(Box<Rc2>),
}

impl Block {
    /// A cipher with a key; none where the key has a wrong size.
    pub fn new(family: Family, key: &[u8]) -> Option<Self> {
        Some(match (family, key.len()) {
            (Family::Aes, 16) => Self::Aes128(Box::new(Aes128::new_from_slice(key).ok()?)),
            (Family::Aes, 24) => Self::Aes192(Box::new(Aes192::new_from_slice(key).ok()?)),
            (Family::Aes, 32) => Self::Aes256(Box::new(Aes256::new_from_slice(key).ok()?)),
            (Family::Des, 8) => Self::Des(Box::new(Des::new_from_slice(key).ok()?)),
            (Family::TripleDes, 16) => Self::TripleDes2(Box::new(TdesEde2::new_from_slice(key).ok()?)),
            (Family::TripleDes, 24) => Self::TripleDes3(Box::new(TdesEde3::new_from_slice(key).ok()?)),
            (Family::Rc2, length) => Self::Rc2(Box::new(Rc2::new(key, length * 8)?)),
            _ => return None,
        })
    }

    /// Bytes of a block.
    pub fn size(&self) -> usize {
        match self {
            Self::Aes128(_) | Self::Aes192(_) | Self::Aes256(_) => 16,
            _ => Rc2::BLOCK,
        }
    }

    /// Encrypts a block; the slice has the block's size.
    fn encrypt(&self, block: &mut [u8]) {
        match self {
            Self::Aes128(cipher) => cipher.encrypt_block(GenericArray::from_mut_slice(block)),
            Self::Aes192(cipher) => cipher.encrypt_block(GenericArray::from_mut_slice(block)),
            Self::Aes256(cipher) => cipher.encrypt_block(GenericArray::from_mut_slice(block)),
            Self::Des(cipher) => cipher.encrypt_block(GenericArray::from_mut_slice(block)),
            Self::TripleDes2(cipher) => cipher.encrypt_block(GenericArray::from_mut_slice(block)),
            Self::TripleDes3(cipher) => cipher.encrypt_block(GenericArray::from_mut_slice(block)),
            Self::Rc2(cipher) => cipher.encrypt(block),
        }
    }

    /// Decrypts a block; the slice has the block's size.
    fn decrypt(&self, block: &mut [u8]) {
        match self {
            Self::Aes128(cipher) => cipher.decrypt_block(GenericArray::from_mut_slice(block)),
            Self::Aes192(cipher) => cipher.decrypt_block(GenericArray::from_mut_slice(block)),
            Self::Aes256(cipher) => cipher.decrypt_block(GenericArray::from_mut_slice(block)),
            Self::Des(cipher) => cipher.decrypt_block(GenericArray::from_mut_slice(block)),
            Self::TripleDes2(cipher) => cipher.decrypt_block(GenericArray::from_mut_slice(block)),
            Self::TripleDes3(cipher) => cipher.decrypt_block(GenericArray::from_mut_slice(block)),
            Self::Rc2(cipher) => cipher.decrypt(block),
        }
    }
}

/// A mode of operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Cipher block chaining
    Cbc,
    /// Each block for itself
    Ecb,
    /// Cipher feedback of so many bytes
    Cfb(usize),
}

/// A direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// To ciphertext
    Encrypt,
    /// To plaintext
    Decrypt,
}

/// Encrypts or decrypts whole units in place; the register carries the state from call to call.
pub fn run(block: &Block, mode: Mode, direction: Direction, register: &mut [u8], data: &mut [u8]) {
    match (mode, direction) {
        (Mode::Ecb, Direction::Encrypt) => data.chunks_exact_mut(block.size()).for_each(|chunk| block.encrypt(chunk)),
        (Mode::Ecb, Direction::Decrypt) => data.chunks_exact_mut(block.size()).for_each(|chunk| block.decrypt(chunk)),
        (Mode::Cbc, Direction::Encrypt) => {
            for chunk in data.chunks_exact_mut(block.size()) {
                xor(chunk, register);
                block.encrypt(chunk);
                register.copy_from_slice(chunk);
            }
        }
        (Mode::Cbc, Direction::Decrypt) => {
            for chunk in data.chunks_exact_mut(block.size()) {
                let given = chunk.to_vec();
                block.decrypt(chunk);
                xor(chunk, register);
                register.copy_from_slice(&given);
            }
        }
        (Mode::Cfb(feedback), direction) => {
            for chunk in data.chunks_mut(feedback.clamp(1, block.size())) {
                let mut stream = register.to_vec();
                block.encrypt(&mut stream);
                let given = chunk.to_vec();
                xor(chunk, &stream);
                let ciphertext = if direction == Direction::Encrypt { &*chunk } else { &given };
                register.rotate_left(ciphertext.len());
                let kept = register.len() - ciphertext.len();
                register[kept..].copy_from_slice(ciphertext);
            }
        }
    }
}

fn xor(target: &mut [u8], with: &[u8]) {
    target.iter_mut().zip(with).for_each(|(byte, with)| *byte ^= with);
}

/// A padding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Padding {
    /// None: the data fill whole units.
    None,
    /// As many bytes as are missing, each their number
    Pkcs7,
    /// Zeros where bytes are missing; nothing tells them from data
    Zeros,
    /// Zeros and the number of bytes
    AnsiX923,
    /// Chance and the number of bytes
    Iso10126,
}

impl Padding {
    /// Whether what was padded can be told from what was given.
    pub fn is_removable(self) -> bool {
        matches!(self, Self::Pkcs7 | Self::AnsiX923 | Self::Iso10126)
    }

    /// Pads data to whole units; false where they cannot be. Source: dotnet/runtime, SymmetricPadding.cs.
    pub fn pad(self, data: &mut Vec<u8>, unit: usize, mut chance: impl FnMut() -> u8) -> bool {
        let rest = data.len() % unit;
        let missing = unit - rest;
        let last = missing as u8;
        match self {
            Self::None => return rest == 0,
            Self::Zeros if rest == 0 => {}
            Self::Zeros => data.extend(std::iter::repeat_n(0, missing)),
            Self::Pkcs7 => data.extend(std::iter::repeat_n(last, missing)),
            Self::AnsiX923 => {
                data.extend(std::iter::repeat_n(0, missing - 1));
                data.push(last);
            }
            Self::Iso10126 => {
                data.extend(std::iter::repeat_with(&mut chance).take(missing - 1));
                data.push(last);
            }
        }
        true
    }

    /// Removes the padding; false where it is none.
    pub fn unpad(self, data: &mut Vec<u8>, unit: usize) -> bool {
        let Some(last) = data.last().copied().filter(|_| self.is_removable()) else { return true };
        let count = usize::from(last);
        let Some(kept) = data.len().checked_sub(count).filter(|_| (1..=unit).contains(&count)) else { return false };
        let filler = data.get(kept..data.len() - 1).unwrap_or(&[]);
        let fits = match self {
            Self::Pkcs7 => filler.iter().all(|byte| *byte == last),
            Self::AnsiX923 => filler.iter().all(|byte| *byte == 0),
            _ => true,
        };
        if fits {
            data.truncate(kept);
        }
        fits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unhex(text: &str) -> Vec<u8> {
        (0..text.len() / 2).map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap()).collect()
    }

    /// Source: NIST SP 800-38A, appendix F (the first two blocks of each; for CFB8 the first bytes).
    #[test]
    fn modes_are_those_of_the_standard() {
        let key = unhex("2b7e151628aed2a6abf7158809cf4f3c");
        let iv = unhex("000102030405060708090a0b0c0d0e0f");
        let plain = unhex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51");
        let block = Block::new(Family::Aes, &key).unwrap();
        for (mode, plain, expected) in [
            (Mode::Ecb, &plain[..], "3ad77bb40d7a3660a89ecaf32466ef97f5d3d58503b9699de785895a96fdbaaf"),
            (Mode::Cbc, &plain[..], "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2"),
            (Mode::Cfb(16), &plain[..], "3b3fd92eb72dad20333449f8e83cfb4ac8a64537a0b3a93fcde3cdad9f1ce58b"),
            (Mode::Cfb(1), &plain[..18], "3b79424c9c0dd436bace9e0ed4586a4f32b9"),
        ] {
            let mut data = plain.to_vec();
            run(&block, mode, Direction::Encrypt, &mut iv.clone(), &mut data);
            assert_eq!(data, unhex(expected), "{mode:?}");
            run(&block, mode, Direction::Decrypt, &mut iv.clone(), &mut data);
            assert_eq!(data, plain, "{mode:?}");
        }
    }

    /// Source: FIPS 81; NIST SP 800-67 (three equal keys are DES).
    #[test]
    fn triple_des_with_equal_keys_is_des() {
        let key = unhex("0123456789abcdef");
        let mut single = b"Now is t".to_vec();
        let mut triple = single.clone();
        Block::new(Family::Des, &key).unwrap().encrypt(&mut single);
        assert_eq!(single, unhex("3fa40e8a984d4815"));
        Block::new(Family::TripleDes, &key.repeat(3)).unwrap().encrypt(&mut triple);
        assert_eq!(single, triple);
    }

    #[test]
    fn padding_comes_off_again() {
        for padding in [Padding::Pkcs7, Padding::AnsiX923, Padding::Iso10126] {
            for length in 0..=17 {
                let mut data = vec![7; length];
                assert!(padding.pad(&mut data, 16, || 9) && data.len() % 16 == 0 && data.len() > length);
                assert!(padding.unpad(&mut data, 16));
                assert_eq!(data, vec![7; length], "{padding:?}");
            }
        }
        for (padding, data) in [(Padding::Pkcs7, [1, 2, 3, 2]), (Padding::AnsiX923, [1, 2, 3, 2]), (Padding::Iso10126, [1, 2, 3, 0])] {
            assert!(!padding.unpad(&mut data.to_vec(), 4), "{padding:?}");
        }
        assert!(!Padding::None.pad(&mut vec![1], 4, || 0));
    }

    #[test]
    fn key_sizes_are_checked() {
        assert!(Family::Aes.takes(192) && !Family::Aes.takes(160) && !Family::Aes.takes(0));
        assert!(Family::Des.takes(64) && !Family::Des.takes(56));
        assert!(Family::Rc2.takes(40) && !Family::Rc2.takes(44));
        assert!(Block::new(Family::Aes, &[0; 15]).is_none());
    }
}
