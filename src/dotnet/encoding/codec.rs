//! Text to bytes and back: what is no text becomes U+FFFD, what a code has not becomes `?`.

use super::Encoding;
use crate::dotnet::string::Str;

impl Encoding {
    /// The bytes of a text.
    pub fn encode(self, text: &Str) -> Vec<u8> {
        let units = |to: fn(u16) -> [u8; 2]| match text {
            Str::Text(text) => text.encode_utf16().flat_map(to).collect(),
            lossy @ Str::Units(_) => lossy.as_str().encode_utf16().flat_map(to).collect(),
        };
        let scalars = |to: fn(u32) -> [u8; 4]| text.as_str().chars().flat_map(|c| to(u32::from(c))).collect();
        let single = |most: u16| text.units().iter().map(|unit| if *unit > most { b'?' } else { *unit as u8 }).collect();
        match self {
            Self::Utf8 | Self::Utf8Plain => text.as_str().as_bytes().to_vec(),
            Self::Ascii => single(0x7F),
            Self::Latin1 => single(0xFF),
            Self::Unicode => units(u16::to_le_bytes),
            Self::BigEndianUnicode => units(u16::to_be_bytes),
            Self::Utf32 => scalars(u32::to_le_bytes),
            Self::Utf32BigEndian => scalars(u32::to_be_bytes),
        }
    }

    /// The text of bytes.
    pub fn decode(self, bytes: &[u8]) -> String {
        let units = |of: fn([u8; 2]) -> u16| {
            let units = bytes.chunks(2).map(|chunk| if let [a, b] = chunk { of([*a, *b]) } else { 0xFFFD });
            char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
        };
        let scalars = |of: fn([u8; 4]) -> u32| {
            let scalar = |chunk: &[u8]| if let [a, b, c, d] = chunk { char::from_u32(of([*a, *b, *c, *d])) } else { None };
            bytes.chunks(4).map(|chunk| scalar(chunk).unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
        };
        match self {
            Self::Utf8 | Self::Utf8Plain => String::from_utf8_lossy(bytes).into_owned(),
            Self::Ascii => bytes.iter().map(|byte| if byte.is_ascii() { char::from(*byte) } else { '?' }).collect(),
            Self::Latin1 => bytes.iter().map(|byte| char::from(*byte)).collect(),
            Self::Unicode => units(u16::from_le_bytes),
            Self::BigEndianUnicode => units(u16::from_be_bytes),
            Self::Utf32 => scalars(u32::from_le_bytes),
            Self::Utf32BigEndian => scalars(u32::from_be_bytes),
        }
    }

    /// The mark at the beginning of a file.
    pub fn preamble(self) -> &'static [u8] {
        match self {
            Self::Utf8 => &[0xEF, 0xBB, 0xBF],
            Self::Unicode => &[0xFF, 0xFE],
            Self::BigEndianUnicode => &[0xFE, 0xFF],
            Self::Utf32 => &[0xFF, 0xFE, 0, 0],
            Self::Utf32BigEndian => &[0, 0, 0xFE, 0xFF],
            Self::Utf8Plain | Self::Ascii | Self::Latin1 => &[],
        }
    }

    /// `GetMaxByteCount`
    pub fn most_bytes(self, chars: i64) -> i64 {
        // One more than asked for: a surrogate may be left over from before.
        (chars + 1)
            * match self {
                Self::Utf8 | Self::Utf8Plain => 3,
                Self::Ascii | Self::Latin1 => 1,
                Self::Unicode | Self::BigEndianUnicode => 2,
                Self::Utf32 | Self::Utf32BigEndian => 4,
            }
    }

    /// `GetMaxCharCount`
    pub fn most_chars(self, bytes: i64) -> i64 {
        match self {
            Self::Utf8 | Self::Utf8Plain => bytes + 1,
            Self::Ascii | Self::Latin1 => bytes,
            Self::Unicode | Self::BigEndianUnicode => bytes / 2 + bytes % 2 + 1,
            Self::Utf32 | Self::Utf32BigEndian => bytes / 2 + 2,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Source: learn.microsoft.com/dotnet/api/system.text.encoding and the class of each encoding.
    #[test]
    fn there_and_back() {
        let text = Str::from("aé€😀");
        for encoding in [Encoding::Utf8, Encoding::Unicode, Encoding::BigEndianUnicode, Encoding::Utf32, Encoding::Utf32BigEndian] {
            assert_eq!(encoding.decode(&encoding.encode(&text)), "aé€😀", "{encoding:?}");
        }
        assert_eq!(Encoding::Ascii.encode(&text), b"a????");
        assert_eq!(Encoding::Latin1.encode(&"é€".into()), [0xE9, b'?']);
        assert_eq!(Encoding::Utf8.encode(&Str::from_units(&[0xD800])), [0xEF, 0xBF, 0xBD]);
        assert_eq!(Encoding::Utf8.decode(&[0x61, 0xFF, 0xE2, 0x82, 0x62]), "a\u{FFFD}\u{FFFD}b");
        assert_eq!(Encoding::Unicode.decode(&[0x61, 0, 0x62]), "a\u{FFFD}");
        assert_eq!(Encoding::Unicode.decode(&[0, 0xD8, 0x61, 0]), "\u{FFFD}a");
    }
}
