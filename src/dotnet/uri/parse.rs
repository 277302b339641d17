//! How .NET reads an address. Source: dotnet/runtime, Uri.cs, UriExt.cs, UriSyntax.cs, DomainNameHelper.cs, UncNameHelper.cs.
//!
//! As on Linux: a path from the root is a file. Approximated: `mailto` and paths of DOS and UNC, which have rules of their own.

use super::{
    escape::{RESERVED, UNRESERVED, compress, displayed, escape, normalized, punycode, unescape},
    host::{HostKind, host_of},
};

/// Why a text is no address; the first four are, where relative ones are admitted, no reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd)]
pub enum Error {
    /// No scheme in sight.
    Format,
    /// Something before the first colon that is no scheme.
    Scheme,
    /// A scheme that needs `//`, without it.
    Authority,
    /// Nothing.
    Empty,
    /// More than 65519 characters.
    Size,
    /// `c:name`
    MustBeRooted,
    /// Neither a name nor a number.
    Host,
    /// No number, or too great a one.
    Port,
    /// It is absolute.
    NotRelative,
}

impl Error {
    /// What .NET says.
    pub fn message(self) -> &'static str {
        match self {
            Self::Format => "Invalid URI: The format of the URI could not be determined.",
            Self::Scheme => "Invalid URI: The URI scheme is not valid.",
            Self::Authority => "Invalid URI: The Authority/Host could not be parsed.",
            Self::Empty => "Invalid URI: The URI is empty.",
            Self::Size => "Invalid URI: The Uri string is too long.",
            Self::MustBeRooted => "Invalid URI: A Dos path must be rooted, for example, 'c:\\\\'.",
            Self::Host => "Invalid URI: The hostname could not be parsed.",
            Self::Port => "Invalid URI: Invalid port specified.",
            Self::NotRelative => "A relative URI cannot be created because the 'uriString' parameter represents an absolute URI.",
        }
    }
}

/// An absolute address in its parts, each in the form that is the same for all spellings but still shows what was escaped.
#[derive(Clone, Debug)]
pub struct Absolute {
    /// In lower case.
    pub scheme: String,
    /// Whether `//` follows the scheme.
    pub has_authority: bool,
    /// Before the `@`.
    pub user: String,
    /// In lower case; that of IPv6 in brackets.
    pub host: String,
    /// IPv6's, with its percent sign.
    pub scope: String,
    /// What the host is.
    pub kind: HostKind,
    /// The port; the scheme's own where none is given, -1 where it has none.
    pub port: i32,
    /// Path, with dots resolved.
    pub path: String,
    /// With its question mark.
    pub query: String,
    /// With its number sign.
    pub fragment: String,
    /// A file named by its path alone.
    pub is_implicit: bool,
    /// `\\host\share`
    pub is_unc: bool,
}

/// What is peculiar to a scheme.
struct Syntax {
    port: i32,
    /// `//` must follow.
    needs_authority: bool,
    /// `//` may follow.
    may_have_authority: bool,
    has_query: bool,
    has_user: bool,
    is_unknown: bool,
    compresses: bool,
}

fn syntax(scheme: &str) -> Syntax {
    let known = |port, has_query, compresses| Syntax {
        port,
        needs_authority: true,
        may_have_authority: true,
        has_query,
        has_user: true,
        is_unknown: false,
        compresses,
    };
    match scheme {
        "http" | "ws" => known(80, true, true),
        "https" | "wss" => known(443, true, true),
        "ftp" => known(21, false, true),
        "file" => Syntax { has_user: false, ..known(-1, true, true) },
        "gopher" => known(70, false, false),
        "nntp" => known(119, false, false),
        "telnet" => known(23, false, false),
        "net.tcp" => known(808, true, true),
        "net.pipe" => known(-1, true, true),
        "ldap" => Syntax { needs_authority: false, ..known(389, true, false) },
        "mailto" => Syntax { needs_authority: false, may_have_authority: false, ..known(25, true, false) },
        "news" | "uuid" => Syntax { needs_authority: false, may_have_authority: false, has_user: false, ..known(-1, false, false) },
        _ => Syntax { needs_authority: false, is_unknown: true, ..known(-1, true, true) },
    }
}

/// The port that a scheme has by itself, -1 for none.
pub fn default_port(scheme: &str) -> i32 {
    syntax(scheme).port
}

const WHITE: [char; 4] = [' ', '\n', '\r', '\t'];

/// Whether a scheme may be called so.
pub fn is_scheme(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
}

impl Absolute {
    /// Reads an absolute address.
    ///
    /// # Errors
    /// Why it is none.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if text.is_empty() {
            return Err(Error::Empty);
        }
        if text.len() > 0xFFEF && text.encode_utf16().count() > 0xFFEF {
            return Err(Error::Size);
        }
        let text = text.trim_start_matches(WHITE);
        let trimmed = text.trim_end_matches(WHITE);
        if trimmed.starts_with('/') {
            return Ok(Self::file(trimmed, "", false));
        }
        let bytes = text.as_bytes();
        let colon = text.find(':').unwrap_or(text.len());
        if text.chars().count() < 3 || colon == 0 {
            return Err(Error::Format);
        }
        if let [letter, b':' | b'|', third, ..] = bytes {
            return match (letter.is_ascii_alphabetic(), third) {
                (true, b'/' | b'\\') => Ok(Self::file(&format!("/{}", trimmed.replacen('|', ":", 1)), "", true)),
                (true, _) => Err(Error::MustBeRooted),
                _ if bytes.get(1) == Some(&b':') => Err(Error::Scheme),
                _ => Err(Error::Format),
            };
        }
        if let Some(unc) = trimmed.strip_prefix("\\\\").or_else(|| trimmed.strip_prefix("\\/")) {
            let unc = unc.trim_start_matches(['/', '\\']);
            let end = unc.find(['/', '\\']).unwrap_or(unc.len());
            let (host, path) = unc.split_at(end);
            let (kind, host, scope) = host_of(host, false).ok_or(Error::Host)?;
            return Ok(Self { kind, scope, is_unc: true, ..Self::file(path, &host, true) });
        }
        if colon == text.len() || text.starts_with('\\') {
            return Err(Error::Format);
        }
        let (scheme, rest) = trimmed.split_at(colon.min(trimmed.len()));
        if !is_scheme(scheme) {
            return Err(Error::Scheme);
        }
        Self::with_scheme(scheme.to_ascii_lowercase(), rest.get(1..).unwrap_or(""))
    }

    fn file(path: &str, host: &str, converts: bool) -> Self {
        let path = if path.is_empty() { "/" } else { path };
        let path = normalized(path, false);
        let path = if converts { compress(&path) } else { compress(&path.replace('\\', "%5C")) };
        Self {
            scheme: "file".to_owned(),
            has_authority: true,
            user: String::new(),
            host: host.to_owned(),
            scope: String::new(),
            kind: HostKind::Basic,
            port: -1,
            path: if path.starts_with('/') { path } else { format!("/{path}") },
            query: String::new(),
            fragment: String::new(),
            is_implicit: true,
            is_unc: false,
        }
    }

    fn with_scheme(scheme: String, rest: &str) -> Result<Self, Error> {
        let syntax = syntax(&scheme);
        let is_slash = |at: usize| matches!(rest.as_bytes().get(at), Some(b'/' | b'\\'));
        let mut this = Self { scheme, is_implicit: false, kind: HostKind::Unknown, ..Self::file("", "", false) };
        this.port = syntax.port;
        if this.scheme == "file" {
            let slashes = rest.len() - rest.trim_start_matches(['/', '\\']).len();
            let behind = rest.get(slashes..).unwrap_or("");
            if let [letter, b':' | b'|', tail @ ..] = behind.as_bytes()
                && letter.is_ascii_alphabetic()
            {
                if !matches!(tail, [b'/' | b'\\', ..]) {
                    return Err(Error::MustBeRooted);
                }
                this.kind = HostKind::Basic;
                this.set_rest(&format!("/{}", behind.replacen('|', ":", 1)), &syntax);
                return Ok(this);
            }
            if slashes == 3 {
                this.kind = HostKind::Basic;
                this.set_rest(rest.get(2..).unwrap_or(""), &syntax);
                return Ok(this);
            }
        }
        let has_authority = if syntax.needs_authority {
            if !(is_slash(0) && is_slash(1)) {
                return Err(Error::Authority);
            }
            true
        } else {
            syntax.may_have_authority && rest.starts_with("//")
        };
        this.has_authority = has_authority;
        if !has_authority {
            if this.scheme == "mailto"
                && let Some((user, host)) = rest.split_once('@')
            {
                let end = host.find(['?', '#', '/', ':']).unwrap_or(host.len());
                let (host, behind) = host.split_at(end);
                let (kind, host, _) = host_of(host, false).ok_or(Error::Host)?;
                (this.user, this.kind, this.host) = (normalized(user, false), kind, host);
                this.set_rest(behind, &syntax);
                return Ok(this);
            }
            this.set_rest(rest, &syntax);
            return Ok(this);
        }
        let behind = this.set_authority(rest.get(2..).unwrap_or(""), &syntax)?;
        this.set_rest(behind, &syntax);
        Ok(this)
    }

    /// Reads user, host and port; gives what is behind.
    fn set_authority<'a>(&mut self, text: &'a str, syntax: &Syntax) -> Result<&'a str, Error> {
        let is_file = self.scheme == "file";
        let admits_empty = is_file || syntax.is_unknown || self.scheme == "net.pipe";
        if text.is_empty() || text.starts_with(['/', '#', '?']) || (is_file && text.starts_with('\\')) {
            self.kind = HostKind::Basic;
            return if admits_empty { Ok(text) } else { Err(Error::Host) };
        }
        let mut host = text;
        if syntax.has_user
            && let Some(at) = text.find(['@', '/', '\\', '?', '#'])
            && text.as_bytes().get(at) == Some(&b'@')
            && at + 1 < text.len()
        {
            let (user, behind) = text.split_at(at);
            self.user = normalized(user, false);
            host = behind.get(1..).unwrap_or("");
        }
        let end = match host.strip_prefix('[') {
            Some(inner) => inner.find(']').map_or(host.len(), |at| at + 2),
            None => host.find(['/', '\\', '?', '#', ':']).unwrap_or(host.len()),
        };
        let (name, mut behind) = host.split_at(end);
        let Some((kind, name, scope)) = host_of(name, syntax.is_unknown) else {
            let dots = name.bytes().all(|byte| byte == b'.') && name.len() <= 2;
            if syntax.is_unknown && dots && !name.is_empty() {
                (self.kind, self.host) = (HostKind::Basic, name.to_owned());
                return Ok(behind);
            }
            return Err(Error::Host);
        };
        if behind.starts_with('\\') && !is_file {
            return Err(Error::Host);
        }
        (self.kind, self.host, self.scope) = (kind, name, scope);
        if let Some(port) = behind.strip_prefix(':') {
            if is_file {
                return Err(Error::Host);
            }
            let digits = port.bytes().take_while(u8::is_ascii_digit).count();
            let (digits, after) = port.split_at(digits);
            if !(after.is_empty() || after.starts_with(['/', '?', '#'])) {
                return Err(Error::Port);
            }
            if !digits.is_empty() {
                let number = digits.trim_start_matches('0');
                self.port = if number.is_empty() { Ok(0) } else { number.parse::<u16>().map_err(|_| Error::Port) }?.into();
            }
            behind = after;
        } else if !(behind.is_empty() || behind.starts_with(['/', '\\', '?', '#'])) {
            return Err(Error::Host);
        }
        Ok(behind)
    }

    /// Reads path, query and fragment.
    fn set_rest(&mut self, text: &str, syntax: &Syntax) {
        let (text, fragment) = text.split_at(text.find('#').unwrap_or(text.len()));
        let (path, query) = if syntax.has_query { text.split_at(text.find('?').unwrap_or(text.len())) } else { (text, "") };
        self.fragment = normalized(fragment, false);
        self.query = normalized(query, true);
        let rooted = self.has_authority && !path.starts_with(['/', '\\']);
        let path = normalized(&if rooted { format!("/{path}") } else { path.to_owned() }, false);
        let is_unix_file = self.scheme == "file" && path.get(1..).is_none_or(|path| path.as_bytes().get(1) != Some(&b':'));
        self.path = match (syntax.compresses, is_unix_file) {
            (true, true) => compress(&path.replace('\\', "%5C")),
            (true, false) => compress(&path),
            (false, _) => path,
        };
    }

    /// Whether the port need not be written.
    pub fn is_default_port(&self) -> bool {
        self.port == default_port(&self.scheme)
    }

    /// `host:port`, the port where it is not the scheme's own.
    pub fn authority(&self) -> String {
        if self.is_default_port() { self.host.clone() } else { format!("{}:{}", self.host, self.port) }
    }

    /// The parts for the wire.
    pub fn escaped(&self) -> Parts {
        let part = |text: &str, kept: &str| escape(text, &[UNRESERVED, kept], true);
        let tail = |text: &str, mark: char| match text.strip_prefix(mark) {
            Some(inner) => format!("{mark}{}", part(inner, if mark == '?' { ";/?:@&=+$,[]!'()*" } else { RESERVED })),
            None => String::new(),
        };
        Parts {
            user: part(&self.user, ";/:@&=+$,[]!'()*"),
            path: part(&self.path, ";/:@&=+$,[]!'()*"),
            query: tail(&self.query, '?'),
            fragment: tail(&self.fragment, '#'),
        }
    }

    /// The parts to read.
    pub fn displayed(&self) -> Parts {
        Parts {
            user: self.user.clone(),
            path: displayed(&self.path, false),
            query: displayed(&self.query, true),
            fragment: displayed(&self.fragment, false),
        }
    }

    /// The parts with every escape resolved.
    pub fn unescaped(&self) -> Parts {
        let [user, path, query, fragment] = [&self.user, &self.path, &self.query, &self.fragment].map(|part| unescape(part, false));
        Parts { user, path, query, fragment }
    }

    /// All up to the path.
    pub fn left(&self, parts: &Parts) -> String {
        let slashes = if self.has_authority { "//" } else { "" };
        let at = if parts.user.is_empty() { "" } else { "@" };
        format!("{}:{slashes}{}{at}{}", self.scheme, parts.user, self.authority())
    }

    /// The whole in one form.
    pub fn text(&self, parts: &Parts) -> String {
        format!("{}{}{}{}", self.left(parts), parts.path, parts.query, parts.fragment)
    }

    /// `AbsoluteUri`
    pub fn absolute_uri(&self) -> String {
        self.text(&self.escaped())
    }

    /// What two addresses must share to be equal: neither user nor fragment.
    pub fn identity(&self) -> String {
        let parts = self.displayed();
        let whole = format!("{}://{}:{}{}{}", self.scheme, self.host, self.port, parts.path, parts.query);
        if self.is_unc || self.is_dos() { whole.to_uppercase() } else { whole }
    }

    /// Whether the path begins with a drive.
    pub fn is_dos(&self) -> bool {
        self.scheme == "file" && matches!(self.path.as_bytes(), [b'/', letter, b':', ..] if letter.is_ascii_alphabetic())
    }

    /// The host as DNS takes it.
    pub fn idn_host(&self) -> String {
        match self.kind {
            HostKind::V6 => format!("{}{}", self.host.trim_matches(['[', ']']), self.scope),
            HostKind::Dns => {
                let label = |label: &str| if label.is_ascii() { label.to_owned() } else { punycode(label) };
                self.host.split('.').map(label).collect::<Vec<_>>().join(".")
            }
            _ => self.host.clone(),
        }
    }

    /// Whether it is this machine.
    pub fn is_loopback(&self) -> bool {
        match self.kind {
            HostKind::V4 => self.host.starts_with("127."),
            HostKind::V6 => self.host == "[::1]",
            HostKind::Dns => self.host == "localhost" || self.host == "loopback",
            _ => self.scheme == "file" && self.host.is_empty(),
        }
    }
}

/// Parts of an address in one form; query and fragment with their marks.
pub struct Parts {
    /// Before the `@`.
    pub user: String,
    /// The path.
    pub path: String,
    /// With its question mark.
    pub query: String,
    /// With its number sign.
    pub fragment: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Source: learn.microsoft.com/dotnet/api/system.uri; dotnet/runtime, System.Private.Uri/tests.
    #[test]
    fn addresses_are_read() {
        for (text, absolute, display) in [
            ("https://HOST.com/a/../c", "https://host.com/c", "https://host.com/c"),
            ("http://host", "http://host/", "http://host/"),
            ("http://host:80/a b", "http://host/a%20b", "http://host/a b"),
            ("HTTP://host:8080?x=1#f", "http://host:8080/?x=1#f", "http://host:8080/?x=1#f"),
            ("https://u:p@host/%41%2f", "https://u:p@host/A%2f", "https://u:p@host/A%2f"),
            ("http://host/é?q=é", "http://host/%C3%A9?q=%C3%A9", "http://host/é?q=é"),
            ("http://127.1/", "http://127.0.0.1/", "http://127.0.0.1/"),
            ("http://[::1]:5000/x", "http://[::1]:5000/x", "http://[::1]:5000/x"),
            ("urn:isbn:1", "urn:isbn:1", "urn:isbn:1"),
            ("mailto:a@b.c", "mailto:a@b.c", "mailto:a@b.c"),
            ("file:///a/b", "file:///a/b", "file:///a/b"),
            ("  http://host/  ", "http://host/", "http://host/"),
            ("http://host\\", "!Host", ""),
            ("http:\\\\host/a\\b", "http://host/a/b", "http://host/a/b"),
            ("foo://", "foo:///", "foo:///"),
            ("/a/b", "file:///a/b", "file:///a/b"),
            ("a", "!Format", ""),
            ("", "!Empty", ""),
            ("a/b/c", "!Format", ""),
            ("1a:b", "!Scheme", ""),
            ("http:a", "!Authority", ""),
            ("http://", "!Host", ""),
            ("http://a b/", "!Host", ""),
            ("http://host:x/", "!Port", ""),
            ("http://host:65536/", "!Port", ""),
        ] {
            match Absolute::parse(text) {
                Ok(address) => {
                    assert_eq!(address.absolute_uri(), absolute, "{text}");
                    assert_eq!(address.text(&address.displayed()), display, "{text}");
                }
                Err(error) => assert_eq!(format!("!{error:?}"), absolute, "{text}"),
            }
        }
    }
}
