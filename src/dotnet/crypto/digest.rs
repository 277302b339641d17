//! The hash functions, plain and keyed.

use hmac::{
    Hmac, Mac,
    digest::{Digest, KeyInit},
};
use md5::Md5;
use sha1::Sha1;
use sha2::{Sha256, Sha384, Sha512};

/// A hash function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// MD5
    Md5,
    /// SHA-1
    Sha1,
    /// SHA-256
    Sha256,
    /// SHA-384
    Sha384,
    /// SHA-512
    Sha512,
}

/// Runs `$work::<D>` for the hash function behind `$algorithm`.
macro_rules! with_digest {
    ($algorithm:expr, $D:ident => $work:expr) => {
        match $algorithm {
            $crate::dotnet::crypto::digest::Algorithm::Md5 => {
                type $D = md5::Md5;
                $work
            }
            $crate::dotnet::crypto::digest::Algorithm::Sha1 => {
                type $D = sha1::Sha1;
                $work
            }
            $crate::dotnet::crypto::digest::Algorithm::Sha256 => {
                type $D = sha2::Sha256;
                $work
            }
            $crate::dotnet::crypto::digest::Algorithm::Sha384 => {
                type $D = sha2::Sha384;
                $work
            }
            $crate::dotnet::crypto::digest::Algorithm::Sha512 => {
                type $D = sha2::Sha512;
                $work
            }
        }
    };
}
pub(super) use with_digest;

impl Algorithm {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Md5, Self::Sha1, Self::Sha256, Self::Sha384, Self::Sha512];

    /// `HashAlgorithmName.Name`
    pub fn name(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
            Self::Sha384 => "SHA384",
            Self::Sha512 => "SHA512",
        }
    }

    /// The one of that name, which .NET compares exactly.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }

    /// Its object identifier. Source: RFC 8017, appendix B.1.
    pub fn oid(self) -> &'static str {
        match self {
            Self::Md5 => "1.2.840.113549.2.5",
            Self::Sha1 => "1.3.14.3.2.26",
            Self::Sha256 => "2.16.840.1.101.3.4.2.1",
            Self::Sha384 => "2.16.840.1.101.3.4.2.2",
            Self::Sha512 => "2.16.840.1.101.3.4.2.3",
        }
    }

    /// Bytes of a hash.
    pub fn size(self) -> usize {
        match self {
            Self::Md5 => 16,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    /// Bytes that it takes at once.
    pub fn block(self) -> usize {
        match self {
            Self::Md5 | Self::Sha1 | Self::Sha256 => 64,
            Self::Sha384 | Self::Sha512 => 128,
        }
    }

    /// The hash of the parts, one behind the other.
    pub fn digest(self, parts: &[&[u8]]) -> Vec<u8> {
        fn run<D: Digest>(parts: &[&[u8]]) -> Vec<u8> {
            let mut digest = D::new();
            for part in parts {
                digest.update(part);
            }
            digest.finalize().to_vec()
        }
        with_digest!(self, D => run::<D>(parts))
    }

    /// The keyed hash of the parts, one behind the other.
    pub fn hmac(self, key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
        // A key of any length will do: there is no error to handle.
        fn run<M: Mac + KeyInit>(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
            let Ok(mut mac) = <M as Mac>::new_from_slice(key) else { return Vec::new() };
            for part in parts {
                mac.update(part);
            }
            mac.finalize().into_bytes().to_vec()
        }
        match self {
            Self::Md5 => run::<Hmac<Md5>>(key, parts),
            Self::Sha1 => run::<Hmac<Sha1>>(key, parts),
            Self::Sha256 => run::<Hmac<Sha256>>(key, parts),
            Self::Sha384 => run::<Hmac<Sha384>>(key, parts),
            Self::Sha512 => run::<Hmac<Sha512>>(key, parts),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::hex, *};

    /// Source: RFC 1321 A.5; FIPS 180-2 appendices B to D.
    #[test]
    fn hashes_are_those_of_the_standards() {
        for (algorithm, text, expected) in [
            (Algorithm::Md5, "", "D41D8CD98F00B204E9800998ECF8427E"),
            (Algorithm::Md5, "abc", "900150983CD24FB0D6963F7D28E17F72"),
            (Algorithm::Sha1, "abc", "A9993E364706816ABA3E25717850C26C9CD0D89D"),
            (Algorithm::Sha256, "abc", "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD"),
            (Algorithm::Sha384, "abc", "CB00753F45A35E8BB5A03D699AC65007272C32AB0EDED1631A8B605A43FF5BED8086072BA1E7CC2358BAECA134C825A7"),
            (
                Algorithm::Sha512,
                "abc",
                "DDAF35A193617ABACC417349AE20413112E6FA4E89A97EA20A9EEEE64B55D39A\
                 2192992A274FC1A836BA3C23A3FEEBBD454D4423643CE80E2A9AC94FA54CA49F",
            ),
        ] {
            let (head, tail) = text.as_bytes().split_at(text.len() / 2);
            assert_eq!(hex(&algorithm.digest(&[head, tail])), expected, "{algorithm:?} {text}");
            assert_eq!(algorithm.digest(&[]).len(), algorithm.size());
        }
    }

    /// Source: RFC 2202 and RFC 4231, test case 2.
    #[test]
    fn keyed_hashes_are_those_of_the_standards() {
        for (algorithm, expected) in [
            (Algorithm::Md5, "750C783E6AB0B503EAA86E310A5DB738"),
            (Algorithm::Sha1, "EFFCDF6AE5EB2FA2D27416D5F184DF9C259A7C79"),
            (Algorithm::Sha256, "5BDCC146BF60754E6A042426089575C75A003F089D2739839DEC58B964EC3843"),
            (Algorithm::Sha384, "AF45D2E376484031617F78D2B58A6B1B9C7EF464F5A01B47E42EC3736322445E8E2240CA5E69E2C78B3239ECFAB21649"),
        ] {
            assert_eq!(hex(&algorithm.hmac(b"Jefe", &[b"what do ya want ", b"for nothing?"])), expected, "{algorithm:?}");
        }
    }
}
