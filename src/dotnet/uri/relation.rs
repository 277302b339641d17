//! Addresses in relation: resolving one against another, what leads from one to another, equality, whether one is an address at all.
//!
//! Source: dotnet/runtime, Uri.cs and UriExt.cs: CombineUri, ResolveHelper, PathDifference, TestForSubPath.

use super::{
    Uri, Wanted,
    host::HostKind,
    members::{absolute, make, not_absolute, uri, wanted},
    parse::Absolute,
};
use crate::dotnet::{
    exception::{Raise, argument_null, raise, throw},
    member::{Call, Member, member},
    registry,
    string::text,
    value::Value,
};

/// The absolute address that a relative one means beside `base`, as text.
fn combined(base: &Absolute, relative: &str) -> String {
    let relative = relative.trim_matches([' ', '\n', '\r', '\t']);
    let parts = base.escaped();
    let left = base.left(&parts);
    if relative.is_empty() {
        return base.text(&parts);
    }
    if relative.starts_with('#') {
        return format!("{left}{}{}{relative}", parts.path, parts.query);
    }
    if relative.starts_with('?') {
        return format!("{left}{}{relative}", parts.path);
    }
    if relative.starts_with('/') || relative.starts_with('\\') {
        let behind = relative.get(1..).unwrap_or("");
        // `//host/path` takes the scheme alone from the base.
        return if behind.starts_with('/') { format!("{}:{relative}", base.scheme) } else { format!("{left}/{behind}") };
    }
    let directory = parts.path.rfind('/').and_then(|at| parts.path.get(..=at)).unwrap_or("");
    format!("{left}{directory}{relative}")
}

/// A new address out of `base` and another, by whichever constructor; none in `TryCreate`'s terms where it is none.
fn resolve(call: &mut Call<'_, '_>, relative: &Uri) -> Result<Result<Value, &'static str>, Raise> {
    if relative.absolute.is_some() {
        return call.runtime.instance(relative.clone()).map(Ok);
    }
    let Some(base) = uri(call, 0)?.absolute.as_deref() else { return Err(not_absolute()) };
    let address = combined(base, &relative.original);
    make(call, &address, Wanted::Absolute)
}

/// `Uri(baseUri, relativeUri)`
fn construct(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    if call.argument(0).is_null() {
        return Err(argument_null("baseUri"));
    }
    if uri(call, 0)?.absolute.is_none() {
        let message = "Specified argument was out of the range of valid values. (Parameter 'baseUri')";
        return raise(&registry::ARGUMENT_OUT_OF_RANGE_EXCEPTION, message);
    }
    let relative = match other(call, 1) {
        Some(relative) => relative.map_err(|message| throw(&super::URI_FORMAT_EXCEPTION, message))?,
        None => return Err(argument_null("relativeUri")),
    };
    resolve(call, &relative)?.map_err(|message| throw(&super::URI_FORMAT_EXCEPTION, message))
}

/// The address at `index`, given as such or as text.
fn other(call: &Call<'_, '_>, index: usize) -> Option<Result<Uri, &'static str>> {
    match text(call, index) {
        Some(text) => Some(Uri::parse(&text.as_str(), Wanted::Any)),
        None => uri(call, index).ok().cloned().map(Ok),
    }
}

/// Sets the `out` parameter and says whether there is a result.
fn tried(call: &mut Call<'_, '_>, made: Option<Value>) -> Result<Value, Raise> {
    let is_made = made.is_some();
    call.out(2, made.unwrap_or(Value::Null));
    Ok(Value::Bool(is_made))
}

fn try_resolve(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let made = match other(call, 1) {
        // An absolute one needs no base, but for text alone.
        Some(Ok(relative)) if relative.absolute.is_some() && text(call, 1).is_some() => resolve(call, &relative)?.ok(),
        Some(Ok(relative)) if uri(call, 0).is_ok_and(|base| base.absolute.is_some()) => resolve(call, &relative)?.ok(),
        _ => None,
    };
    tried(call, made)
}

/// What leads from one path to another.
fn difference(from: &str, to: &str, ignore_case: bool) -> String {
    let is_same = |a: u8, b: u8| a == b || (ignore_case && a.eq_ignore_ascii_case(&b));
    let shared = from.bytes().zip(to.bytes()).take_while(|(a, b)| is_same(*a, *b)).count();
    if shared == 0 {
        return to.to_owned();
    }
    if shared == from.len() && shared == to.len() {
        return String::new();
    }
    let slash = from.as_bytes().get(..shared).and_then(|shared| shared.iter().rposition(|byte| *byte == b'/'));
    let up = from.bytes().skip(shared).filter(|byte| *byte == b'/').count();
    let rest = to.get(slash.map_or(0, |at| at + 1)..).unwrap_or("");
    if up == 0 && rest.is_empty() { "./".to_owned() } else { format!("{}{rest}", "../".repeat(up)) }
}

fn make_relative(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    if call.argument(1).is_null() {
        return Err(argument_null("uri"));
    }
    let (this, that) = (absolute(call)?, uri(call, 1)?.absolute.as_deref().ok_or_else(not_absolute)?);
    if (&this.scheme, &this.host, this.port) != (&that.scheme, &that.host, that.port) {
        return Ok(call.argument(1).clone());
    }
    let parts = that.escaped();
    let mut relative = difference(&this.escaped().path, &parts.path, this.is_unc || this.is_dos());
    // A colon in the first segment would make it a scheme: RFC 3986 section 4.2.
    if relative.split('/').next().is_some_and(|segment| segment.contains(':')) {
        relative = format!("./{relative}");
    }
    relative.push_str(&parts.query);
    relative.push_str(&parts.fragment);
    call.runtime.allocate(relative.len())?;
    call.runtime.instance(Uri { original: relative, absolute: None })
}

/// Whether `base` is a directory that `other` lies in.
fn is_base(base: &Absolute, other: &Absolute) -> bool {
    let strip = |address: &Absolute| {
        let path = address.escaped().path;
        if address.is_dos() || address.is_unc { path.to_lowercase() } else { path }
    };
    let (own, path) = (strip(base), strip(other));
    let directory = own.rfind('/').and_then(|at| own.get(..=at)).unwrap_or("");
    base.scheme == other.scheme && base.host == other.host && base.port == other.port && path.starts_with(directory)
}

/// Whether a text is an address and needs nothing escaped or put right.
fn is_well_formed(address: &Uri) -> bool {
    let has_bare = |text: &str| {
        let bytes = text.as_bytes();
        (0..bytes.len()).any(|index| match bytes.get(index) {
            Some(b'%') => super::escape::escape_at(bytes, index).is_none(),
            Some(byte) => byte.is_ascii_control() || b" \"<>\\^`{|}".contains(byte),
            None => false,
        })
    };
    match &address.absolute {
        Some(absolute) => {
            !absolute.is_implicit
                && !has_bare(&address.original)
                && (absolute.kind != HostKind::Unknown || !absolute.has_authority)
                && (!absolute.is_dos() || address.original.contains(":///"))
        }
        None => {
            let segment = address.original.split(['/', '?', '#']).next().unwrap_or("");
            !segment.contains(':') && !has_bare(&address.original)
        }
    }
}

/// `Equals`, with a text as well.
fn equal(call: &Call<'_, '_>) -> bool {
    match (uri(call, 0), other(call, 1)) {
        (Ok(a), Some(Ok(b))) => a.is_same(&b),
        (Err(_), None) => true,
        _ => false,
    }
}

/// Relations.
pub const MEMBERS: &[Member] = &[
    member("Uri(Uri baseUri, string relativeUri)", construct),
    member("Uri(Uri baseUri, Uri relativeUri)", construct),
    member("static bool TryCreate(string uriString, UriKind uriKind, out Uri result)", |call| {
        let made = match text(call, 0) {
            Some(address) => {
                let wanted = wanted(call, 1)?;
                make(call, &address.as_str(), wanted)?.ok()
            }
            None => None,
        };
        tried(call, made)
    }),
    member("static bool TryCreate(Uri baseUri, string relativeUri, out Uri result)", try_resolve),
    member("static bool TryCreate(Uri baseUri, Uri relativeUri, out Uri result)", try_resolve),
    member("Uri MakeRelativeUri(Uri uri)", make_relative),
    member("bool IsBaseOf(Uri uri)", |call| {
        if call.argument(1).is_null() {
            return Err(argument_null("uri"));
        }
        let (Some(base), relative) = (uri(call, 0)?.absolute.as_deref(), uri(call, 1)?) else { return Ok(Value::Bool(false)) };
        let resolved = match relative.absolute.as_deref() {
            Some(other) => Some(other.clone()),
            None => Absolute::parse(&combined(base, &relative.original)).ok(),
        };
        Ok(Value::Bool(resolved.is_some_and(|other| is_base(base, &other))))
    }),
    member("bool IsWellFormedOriginalString()", |call| Ok(Value::Bool(is_well_formed(uri(call, 0)?)))),
    member("static bool IsWellFormedUriString(string uriString, UriKind uriKind)", |call| {
        let wanted = wanted(call, 1)?;
        let Some(address) = text(call, 0) else { return Ok(Value::Bool(false)) };
        call.runtime.allocate(address.bytes().saturating_mul(16))?;
        Ok(Value::Bool(Uri::parse(&address.as_str(), wanted).is_ok_and(|address| is_well_formed(&address))))
    }),
    member("bool Equals(object comparand)", |call| Ok(Value::Bool(!call.argument(1).is_null() && equal(call)))),
    member("static bool operator ==(Uri uri1, Uri uri2)", |call| Ok(Value::Bool(equal(call)))),
    member("static bool operator !=(Uri uri1, Uri uri2)", |call| Ok(Value::Bool(!equal(call)))),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// Source: RFC 3986 section 5.4, as .NET resolves it.
    #[test]
    fn relative_addresses_are_resolved() {
        let base = Absolute::parse("http://a/b/c/d;p?q").unwrap();
        for (relative, expected) in [
            ("g", "http://a/b/c/g"),
            ("./g", "http://a/b/c/g"),
            ("g/", "http://a/b/c/g/"),
            ("/g", "http://a/g"),
            ("//g", "http://g/"),
            ("?y", "http://a/b/c/d;p?y"),
            ("g?y", "http://a/b/c/g?y"),
            ("#s", "http://a/b/c/d;p?q#s"),
            ("", "http://a/b/c/d;p?q"),
            (".", "http://a/b/c/"),
            ("..", "http://a/b/"),
            ("../../../g", "http://a/g"),
            ("g;x=1/../y", "http://a/b/c/y"),
        ] {
            assert_eq!(Absolute::parse(&combined(&base, relative)).unwrap().absolute_uri(), expected, "{relative}");
        }
    }

    #[test]
    fn differences_lead_there() {
        for (from, to, expected) in [
            ("/a/b", "/a/c", "c"),
            ("/a/b/c", "/a/d", "../d"),
            ("/a/", "/a/b/c", "b/c"),
            ("/a/b", "/a/", "./"),
            ("/a/b", "/a/b", ""),
            ("/a/b/", "/", "../../"),
        ] {
            assert_eq!(difference(from, to, false), expected, "{from} {to}");
        }
    }
}
