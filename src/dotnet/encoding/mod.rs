//! `System.Text.Encoding`: the encodings that modern .NET has without code page providers; UTF-7 aside, which it refuses.
//!
//! Latin-1 writes `?` for what it has not, where .NET looks for a letter that resembles it.

mod codec;
mod members;

use super::{
    heap::{Instance, downcast},
    runtime::Runtime,
    string::Str,
    types::Type,
};

crate::classes! {
    ENCODING = class("System.Text", "Encoding").members(members::MEMBERS);
}

/// An encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// `Encoding.UTF8`
    Utf8,
    /// `Encoding.Default`: UTF-8 without a preamble.
    Utf8Plain,
    /// `Encoding.ASCII`
    Ascii,
    /// `Encoding.Latin1`
    Latin1,
    /// `Encoding.Unicode`
    Unicode,
    /// `Encoding.BigEndianUnicode`
    BigEndianUnicode,
    /// `Encoding.UTF32`
    Utf32,
    /// `Encoding.GetEncoding("utf-32BE")`
    Utf32BigEndian,
}

/// What an encoding is called. Source: dotnet/runtime, EncodingData.cs and the resources `Globalization_cp_…`.
struct Names {
    code_page: i32,
    web: &'static str,
    display: &'static str,
    class: &'static str,
    /// Other names that `GetEncoding` knows, in lower case.
    aliases: &'static [&'static str],
}

impl Encoding {
    const ALL: [Self; 8] =
        [Self::Utf8, Self::Utf8Plain, Self::Ascii, Self::Latin1, Self::Unicode, Self::BigEndianUnicode, Self::Utf32, Self::Utf32BigEndian];

    fn names(self) -> Names {
        let names = |code_page, web, display, class, aliases| Names { code_page, web, display, class, aliases };
        match self {
            Self::Utf8 | Self::Utf8Plain => names(
                65001,
                "utf-8",
                "Unicode (UTF-8)",
                "UTF8Encoding+UTF8EncodingSealed",
                &["unicode-1-1-utf-8", "unicode-2-0-utf-8", "x-unicode-1-1-utf-8", "x-unicode-2-0-utf-8"],
            ),
            Self::Ascii => names(
                20127,
                "us-ascii",
                "US-ASCII",
                "ASCIIEncoding+ASCIIEncodingSealed",
                &[
                    "ansi_x3.4-1968",
                    "ansi_x3.4-1986",
                    "ascii",
                    "cp367",
                    "csascii",
                    "ibm367",
                    "iso-ir-6",
                    "iso646-us",
                    "iso_646.irv:1991",
                    "us",
                ],
            ),
            Self::Latin1 => names(
                28591,
                "iso-8859-1",
                "Western European (ISO)",
                "Latin1Encoding+Latin1EncodingSealed",
                &["cp819", "csisolatin1", "ibm819", "iso-ir-100", "iso8859-1", "iso_8859-1", "iso_8859-1:1987", "l1", "latin1"],
            ),
            Self::Unicode => names(1200, "utf-16", "Unicode", "UnicodeEncoding", &["iso-10646-ucs-2", "ucs-2", "unicode", "utf-16le"]),
            Self::BigEndianUnicode => names(1201, "utf-16BE", "Unicode (Big-Endian)", "UnicodeEncoding", &["unicodefffe"]),
            Self::Utf32 => names(12000, "utf-32", "Unicode (UTF-32)", "UTF32Encoding", &["utf-32le"]),
            Self::Utf32BigEndian => names(12001, "utf-32BE", "Unicode (UTF-32 Big-Endian)", "UTF32Encoding", &[]),
        }
    }
}

impl Instance for Encoding {
    fn ty(&self) -> Type {
        Type::named(&ENCODING)
    }

    fn copy(&self) -> Box<dyn Instance> {
        Box::new(*self)
    }

    fn independent(&self) -> Option<Box<dyn Instance>> {
        Some(self.copy())
    }

    fn text(&self, _runtime: &Runtime<'_>) -> Option<Str> {
        Some(format!("System.Text.{}", self.names().class).into())
    }

    fn equals(&self, _runtime: &Runtime<'_>, other: &dyn Instance) -> Option<bool> {
        Some(downcast::<Self>(other) == Some(self))
    }

    fn hash(&self, _runtime: &Runtime<'_>) -> Option<u64> {
        Some(*self as u64)
    }
}
