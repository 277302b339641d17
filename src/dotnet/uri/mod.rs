//! `System.Uri` and `System.Net.WebUtility`.

mod entities;
mod escape;
mod host;
mod members;
mod parse;
mod relation;
mod web;

use super::{
    exception::{made, plain},
    heap::{Instance, downcast},
    member::{Member, member},
    runtime::Runtime,
    string::Str,
    types::Type,
};

pub use escape::unescape;
use parse::{Absolute, Error};

crate::classes! {
    URI = class("System", "Uri").members(MEMBERS);
    WEB_UTILITY = statics("System.Net", "WebUtility").members(web::MEMBERS);
    URI_FORMAT_EXCEPTION = error("UriFormatException", &["FormatException"])
        .members(plain!(URI_FORMAT_EXCEPTION, "UriFormatException", "One of the identified items was in an invalid format."));
    URI_KIND = enumeration("System", "UriKind", &[("RelativeOrAbsolute", 0), ("Absolute", 1), ("Relative", 2)]);
    URI_PARTIAL = enumeration("System", "UriPartial", &[("Scheme", 0), ("Authority", 1), ("Path", 2), ("Query", 3)]);
    URI_HOST_NAME_TYPE = enumeration("System", "UriHostNameType", &[("Unknown", 0), ("Basic", 1), ("Dns", 2), ("IPv4", 3), ("IPv6", 4)]);
    URI_FORMAT = enumeration("System", "UriFormat", &[("UriEscaped", 1), ("Unescaped", 2), ("SafeUnescaped", 3)]);
    URI_COMPONENTS = enumeration(
        "System",
        "UriComponents",
        &[
            ("Scheme", 1),
            ("UserInfo", 2),
            ("Host", 4),
            ("Port", 8),
            ("Path", 16),
            ("Query", 32),
            ("Fragment", 64),
            ("StrongPort", 128),
            ("NormalizedHost", 256),
            ("KeepDelimiter", 0x4000_0000),
            ("SerializationInfoString", i32::MIN),
            ("AbsoluteUri", 127),
            ("HostAndPort", 132),
            ("StrongAuthority", 134),
            ("SchemeAndServer", 13),
            ("HttpRequestUrl", 61),
            ("PathAndQuery", 48),
        ],
    );
}

const TABLES: &[&[super::member::Member]] = &[members::MEMBERS, relation::MEMBERS];

/// The members of `Uri`.
pub const MEMBERS: &[super::member::Member] = &super::string::gathered::<{ super::string::count(TABLES) }>(TABLES);

/// A `Uri`.
#[derive(Clone, Debug)]
pub struct Uri {
    /// As it was given.
    pub original: String,
    /// Its parts; none for a relative one.
    pub absolute: Option<Box<Absolute>>,
}

/// What kind of address is wanted: the numbers are those of `UriKind`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Either.
    Any,
    /// An absolute one.
    Absolute,
    /// A relative one.
    Relative,
}

impl Uri {
    /// Reads an address.
    ///
    /// # Errors
    /// What .NET says of it.
    pub fn parse(text: &str, wanted: Wanted) -> Result<Self, &'static str> {
        let relative = || Self { original: text.to_owned(), absolute: None };
        match Absolute::parse(text) {
            // A path from the root or with a drive is absolute only where nothing else is admitted. Source: UriExt.cs, InitializeUri.
            Ok(address) if address.is_implicit && wanted != Wanted::Absolute => {
                let is_absolute = wanted == Wanted::Any && (address.is_unc || address.is_dos());
                Ok(if is_absolute { Self { original: text.to_owned(), absolute: Some(Box::new(address)) } } else { relative() })
            }
            Ok(_) if wanted == Wanted::Relative => Err(Error::NotRelative.message()),
            Ok(address) => Ok(Self { original: text.to_owned(), absolute: Some(Box::new(address)) }),
            Err(error) if wanted != Wanted::Absolute && error <= Error::Empty => Ok(relative()),
            Err(error) => Err(error.message()),
        }
    }

    /// `ToString()`
    pub fn text(&self) -> String {
        match &self.absolute {
            Some(address) => address.text(&address.displayed()),
            None => escape::normalized(&self.original, false),
        }
    }
}

impl Instance for Uri {
    fn ty(&self) -> Type {
        Type::named(&URI)
    }

    fn copy(&self) -> Box<dyn Instance> {
        Box::new(self.clone())
    }

    fn independent(&self) -> Option<Box<dyn Instance>> {
        Some(self.copy())
    }

    fn text(&self, _runtime: &Runtime<'_>) -> Option<Str> {
        Some(self.text().into())
    }

    fn equals(&self, _runtime: &Runtime<'_>, other: &dyn Instance) -> Option<bool> {
        Some(downcast::<Self>(other).is_some_and(|other| self.is_same(other)))
    }

    fn hash(&self, _runtime: &Runtime<'_>) -> Option<u64> {
        let identity = self.absolute.as_ref().map_or_else(|| self.original.clone(), |address| address.identity());
        Some(identity.bytes().fold(5381, |hash: u64, byte| hash.wrapping_mul(33) ^ u64::from(byte)))
    }
}

impl Uri {
    /// Equal but for user and fragment.
    pub fn is_same(&self, other: &Self) -> bool {
        match (&self.absolute, &other.absolute) {
            (Some(a), Some(b)) => a.identity() == b.identity(),
            (None, None) => self.original == other.original,
            _ => false,
        }
    }
}
