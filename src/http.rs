//! HTTP messages as plain data: what a policy reads and writes, whatever carries it.
//!
//! Text is what .NET sees: header bytes above 0x7F stand as the Latin-1 characters of the same number.

use crate::text::Text;

/// A list of header fields in the order of the message. Names keep their spelling and compare without case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers {
    fields: Vec<Field>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Field {
    tag: Tag,
    name: Text,
    value: Text,
}

/// A field's name, made ready to be looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldName {
    tag: Tag,
    name: Text,
}

impl FieldName {
    /// A name.
    pub fn new(name: Text) -> Self {
        Self { tag: Tag::of(&name), name }
    }

    /// Its characters.
    pub fn as_str(&self) -> &str {
        &self.name
    }
}

/// What is known of a name at a glance: its length and its first letter. A message's fields nearly all differ in it, and few names are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Tag(u16);

impl Tag {
    const fn of(name: &str) -> Self {
        let bytes = name.as_bytes();
        let first = if bytes.is_empty() { 0 } else { bytes[0].to_ascii_lowercase() };
        Self((bytes.len() as u16) << 8 | first as u16)
    }

    /// One bit of 64.
    const fn mark(self) -> u64 {
        1 << ((self.0 >> 8).wrapping_mul(5).wrapping_add(self.0) % 64)
    }
}

impl Field {
    fn new(name: Text, value: Text) -> Self {
        Self { tag: Tag::of(&name), name, value }
    }

    #[inline]
    fn is(&self, tag: Tag, name: &str) -> bool {
        self.tag == tag && self.name.eq_ignore_ascii_case(name)
    }
}

impl Headers {
    /// No fields.
    pub fn new() -> Self {
        Self::default()
    }

    /// No fields, with room for `count`.
    pub fn with_capacity(count: usize) -> Self {
        Self { fields: Vec::with_capacity(count) }
    }

    /// The first value under `name`.
    pub fn get(&self, name: &str) -> Option<&Text> {
        let tag = Tag::of(name);
        self.fields.iter().find(|field| field.is(tag, name)).map(|field| &field.value)
    }

    /// Every value under `name`, in order.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Text> {
        let tag = Tag::of(name);
        self.fields.iter().filter(move |field| field.is(tag, name)).map(|field| &field.value)
    }

    /// Every value under a name that is known, in order.
    pub fn named<'a>(&'a self, name: &'a FieldName) -> impl Iterator<Item = &'a Text> {
        self.fields.iter().filter(|field| field.is(name.tag, &name.name)).map(|field| &field.value)
    }

    /// Whether a field of that name is there.
    pub fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// The fields of these names, in the order of the message: the name's place among them, and the value.
    pub fn among<'a>(&'a self, names: &'a FieldNames) -> impl Iterator<Item = (usize, &'a Text)> {
        self.fields.iter().filter_map(|field| names.place(field).map(|place| (place, &field.value)))
    }

    /// The same, to change the values.
    pub fn among_mut<'a>(&'a mut self, names: &'a FieldNames) -> impl Iterator<Item = (usize, &'a mut Text)> {
        self.fields.iter_mut().filter_map(|field| names.place(field).map(|place| (place, &mut field.value)))
    }

    /// Adds a field behind the others.
    pub fn append(&mut self, name: impl Into<Text>, value: impl Into<Text>) {
        self.push(Field::new(name.into(), value.into()));
    }

    /// The same under a name that is known.
    pub fn append_named(&mut self, name: &FieldName, value: Text) {
        self.push(Field { tag: name.tag, name: name.name.clone(), value });
    }

    /// Policies add a handful of fields: room for them is made at once.
    fn push(&mut self, field: Field) {
        if self.fields.len() == self.fields.capacity() {
            self.fields.reserve(8);
        }
        self.fields.push(field);
    }

    /// Replaces all fields of that name by one.
    pub fn set(&mut self, name: impl Into<Text>, value: impl Into<Text>) {
        self.put(Field::new(name.into(), value.into()));
    }

    /// The same under a name that is known.
    pub fn set_named(&mut self, name: &FieldName, value: Text) {
        self.put(Field { tag: name.tag, name: name.name.clone(), value });
    }

    fn put(&mut self, new: Field) {
        let mut found = (0..).zip(&self.fields).filter(|(_, field)| field.is(new.tag, &new.name)).map(|(place, _)| place);
        let (first, more) = (found.next(), found.next().is_some());
        let Some(first) = first else { return self.push(new) };
        if more {
            // In place of the first; the others go.
            let mut place = 0..;
            self.fields.retain(|field| place.next() == Some(first) || !field.is(new.tag, &new.name));
        }
        if let Some(field) = self.fields.get_mut(first) {
            *field = new;
        }
    }

    /// Removes all fields of that name; says whether there were any.
    pub fn remove(&mut self, name: &str) -> bool {
        self.take_out(Tag::of(name), name)
    }

    /// The same under a name that is known.
    pub fn remove_named(&mut self, name: &FieldName) -> bool {
        self.take_out(name.tag, &name.name)
    }

    fn take_out(&mut self, tag: Tag, name: &str) -> bool {
        let is_there = self.fields.iter().any(|field| field.is(tag, name));
        if is_there {
            self.fields.retain(|field| !field.is(tag, name));
        }
        is_there
    }

    /// Keeps the fields for which `keep` holds.
    pub fn retain(&mut self, mut keep: impl FnMut(&str, &str) -> bool) {
        self.fields.retain(|field| keep(&field.name, &field.value));
    }

    /// A copy to be passed on, with room for a few more: without the fields that belong to one connection, those that `Connection` names among
    /// them, and without those of `names`.
    pub fn passed_on(&self, names: &Names) -> Self {
        let named = connection_names(self);
        let mut fields = Vec::with_capacity(self.fields.len() + 4);
        fields.extend(self.fields.iter().filter(|field| !HOP_BY_HOP.have(field) && !names.have(field)).cloned());
        let mut copy = Self { fields };
        named.iter().for_each(|name| {
            copy.remove(name);
        });
        copy
    }

    /// All fields in order.
    pub fn iter(&self) -> impl Iterator<Item = (&Text, &Text)> {
        self.fields.iter().map(|field| (&field.name, &field.value))
    }

    /// The number of fields.
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }
}

/// Names of fields that are made ready at run time, for whoever looks for several at once.
#[derive(Debug)]
pub struct FieldNames {
    names: Vec<FieldName>,
    /// A bit for each, as in [`Names`].
    marks: u64,
}

impl FieldNames {
    fn place(&self, field: &Field) -> Option<usize> {
        if self.marks & field.tag.mark() == 0 {
            return None;
        }
        self.names.iter().position(|known| field.is(known.tag, &known.name))
    }
}

/// Names that differ in case alone are one.
impl FromIterator<FieldName> for FieldNames {
    fn from_iter<I: IntoIterator<Item = FieldName>>(all: I) -> Self {
        let mut names: Vec<FieldName> = Vec::new();
        for name in all {
            if !names.iter().any(|known| known.name.eq_ignore_ascii_case(&name.name)) {
                names.push(name);
            }
        }
        Self { marks: names.iter().fold(0, |marks, name| marks | name.tag.mark()), names }
    }
}

/// Names of fields, for whoever looks for several at once.
#[derive(Debug)]
pub struct Names {
    names: &'static [&'static str],
    /// A bit for each, by what is known of a name at a glance: most names are others.
    marks: u64,
}

impl Names {
    /// These names.
    pub const fn of(names: &'static [&'static str]) -> Self {
        let (mut marks, mut index) = (0, 0);
        while index < names.len() {
            marks |= Tag::of(names[index]).mark();
            index += 1;
        }
        Self { names, marks }
    }

    fn have(&self, field: &Field) -> bool {
        self.marks & field.tag.mark() != 0 && self.names.iter().any(|known| known.eq_ignore_ascii_case(&field.name))
    }

    /// Whether a name is among them.
    pub fn has(&self, name: &str) -> bool {
        self.marks & Tag::of(name).mark() != 0 && self.names.iter().any(|known| known.eq_ignore_ascii_case(name))
    }
}

impl<N: Into<Text>, V: Into<Text>> FromIterator<(N, V)> for Headers {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(fields: I) -> Self {
        Self { fields: fields.into_iter().map(|(name, value)| Field::new(name.into(), value.into())).collect() }
    }
}

/// Fields that belong to one connection and are never passed on.
/// Source: RFC 9110 section 7.6.1, with `Proxy-Connection` and `Keep-Alive` as deployed.
pub const HOP_BY_HOP: Names = Names::of(&[
    "Connection",
    "Keep-Alive",
    "Proxy-Authenticate",
    "Proxy-Authorization",
    "Proxy-Connection",
    "TE",
    "Transfer-Encoding",
    "Upgrade",
]);

/// Removes the fields that belong to one connection, those that `Connection` names among them.
pub fn remove_hop_by_hop(headers: &mut Headers) {
    let named = connection_names(headers);
    headers.retain(|name, _| !HOP_BY_HOP.has(name) && !named.iter().any(|hop| hop.eq_ignore_ascii_case(name)));
}

fn connection_names(headers: &Headers) -> Vec<String> {
    headers.values("Connection").flat_map(|value| value.split(',')).map(|name| name.trim().to_owned()).collect()
}

/// Resolves `%XX`; bytes that make no UTF-8 become U+FFFD.
pub fn percent_decode(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let hex = |byte: &u8| char::from(*byte).to_digit(16);
        match (first, tail) {
            (b'%', [high, low, after @ ..]) => match (hex(high), hex(low)) {
                (Some(high), Some(low)) => {
                    bytes.push((high * 16 + low) as u8);
                    rest = after;
                }
                _ => {
                    bytes.push(*first);
                    rest = tail;
                }
            },
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Whether a text can be a header's name or a method: a token of RFC 9110 section 5.6.2.
pub fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// An absolute URL in its parts, nothing decoded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Url {
    /// `http` or `https`.
    pub scheme: Text,
    /// The host without the port, in lower case.
    pub host: Text,
    /// The port, where one is written.
    pub port: Option<u16>,
    /// The path, from its first slash.
    pub path: Text,
    /// The query with its question mark, or nothing.
    pub query: Text,
}

impl Url {
    /// Reads an absolute `http` or `https` URL; a fragment is dropped. `None` where it is not one.
    pub fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.trim().split_once("://")?;
        let scheme = match scheme.to_ascii_lowercase().as_str() {
            "http" => Text::Static("http"),
            "https" => Text::Static("https"),
            _ => return None,
        };
        let rest = rest.split('#').next().unwrap_or(rest);
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, rest) = rest.split_at(end);
        let authority = authority.rsplit('@').next().unwrap_or(authority);
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, if port.is_empty() { None } else { Some(port.parse().ok()?) }),
            _ => (authority, None),
        };
        if host.is_empty() || host.contains(|c: char| c.is_whitespace() || c == '\\') {
            return None;
        }
        let (path, query) = rest.split_at(rest.find('?').unwrap_or(rest.len()));
        let path = if path.is_empty() { Text::Static("/") } else { Text::from(path.to_owned()) };
        Some(Self { scheme, host: host.to_ascii_lowercase().into(), port, path, query: query.to_owned().into() })
    }

    /// The URL that a reference means here: a `Location`, for example. A fragment is dropped. `None` where it is no `http` or `https` URL.
    /// Source: RFC 3986 section 5.2.
    pub fn join(&self, reference: &str) -> Option<Self> {
        let reference = reference.trim();
        let reference = reference.split('#').next().unwrap_or(reference);
        let scheme_end = reference.find([':', '/', '?']).filter(|end| reference.get(*end..).is_some_and(|rest| rest.starts_with(':')));
        if scheme_end.is_some() {
            return Self::parse(reference);
        }
        if let Some(rest) = reference.strip_prefix("//") {
            return Self::parse(&format!("{}://{rest}", self.scheme));
        }
        let (path, query) = reference.split_at(reference.find('?').unwrap_or(reference.len()));
        if path.is_empty() {
            let query = if query.is_empty() { self.query.clone() } else { query.to_owned().into() };
            return Some(Self { query, ..self.clone() });
        }
        let folder = self.path.rfind('/').and_then(|end| self.path.get(..=end)).unwrap_or("/");
        let path = if path.starts_with('/') { path.to_owned() } else { format!("{folder}{path}") };
        Some(Self { path: without_dots(&path).into(), query: query.to_owned().into(), ..self.clone() })
    }

    /// The same with no empty segment inside of its path: `//openai` is `/openai`.
    ///
    /// Deployed samples add `/openai` to an endpoint with a slash at its end and work (Azure-Samples/openai-apim-lb), though Azure OpenAI
    /// itself answers 404 to `//openai` (openai/openai-python, issue 1894): the gateway must have put it right.
    #[must_use]
    pub fn without_empty_segments(mut self) -> Self {
        while self.path.contains("//") {
            self.path = self.path.replace("//", "/").into();
        }
        self
    }

    /// The port that a connection uses.
    pub fn effective_port(&self) -> u16 {
        self.port.unwrap_or(if self.scheme == "https" { 443 } else { 80 })
    }

    /// Host, and port where it is not the scheme's own: the `Host` header.
    pub fn authority(&self) -> String {
        match self.port {
            Some(port) if port != if self.scheme == "https" { 443 } else { 80 } => format!("{}:{port}", self.host),
            _ => self.host.to_string(),
        }
    }
}

/// A path with its `.` and `..` resolved.
fn without_dots(path: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    let mut parts = path.trim_start_matches('/').split('/').peekable();
    while let Some(part) = parts.next() {
        if part == ".." {
            segments.pop();
        } else if part != "." {
            segments.push(part);
            continue;
        }
        if parts.peek().is_none() {
            segments.push("");
        }
    }
    format!("/{}", segments.join("/"))
}

impl std::fmt::Display for Url {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}://{}{}{}", self.scheme, self.authority(), self.path, self.query)
    }
}

/// A request without its body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestHead {
    /// The method, in capitals as a rule.
    pub method: Text,
    /// Where to.
    pub url: Url,
    /// The header fields.
    pub headers: Headers,
}

/// A response without its body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResponseHead {
    /// The status code.
    pub status: u16,
    /// The reason phrase; HTTP/2 and many servers send none.
    pub reason: Text,
    /// The header fields.
    pub headers: Headers,
}

/// The standard reason phrase of a status code; empty where there is none. Source: RFC 9110 section 15.
pub fn reason_phrase(status: u16) -> &'static str {
    http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_come_apart_and_together() {
        for text in ["https://a.example/openai?x=1", "http://127.0.0.1:8080/", "https://a.example:8443/p/q"] {
            assert_eq!(Url::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Url::parse("https://a.example").unwrap().path, "/");
        assert_eq!(Url::parse("https://a.example?x").unwrap().query, "?x");
        for text in ["a.example/x", "ftp://a", "https://", "https://a:99999/", "https://a b/"] {
            assert!(Url::parse(text).is_none(), "{text}");
        }
    }

    /// Source: RFC 3986 section 5.4.
    #[test]
    fn references_are_resolved() {
        let base = Url::parse("https://a.example/b/c/d?q").unwrap();
        for (reference, expected) in [
            ("g", "https://a.example/b/c/g"),
            ("./g/", "https://a.example/b/c/g/"),
            ("/g?y", "https://a.example/g?y"),
            ("//g.example/x", "https://g.example/x"),
            ("?y", "https://a.example/b/c/d?y"),
            ("#s", "https://a.example/b/c/d?q"),
            ("..", "https://a.example/b/"),
            ("../../../g", "https://a.example/g"),
            ("http://h.example", "http://h.example/"),
            ("g?y=a:b", "https://a.example/b/c/g?y=a:b"),
        ] {
            assert_eq!(base.join(reference).map(|url| url.to_string()).as_deref(), Some(expected), "{reference}");
        }
        assert_eq!(base.join("mailto:a@b.example"), None);
    }

    #[test]
    fn header_names_ignore_case_and_keep_their_spelling() {
        let mut headers: Headers = [("X-A", "1"), ("x-a", "2"), ("B", "3")].into_iter().collect();
        assert_eq!(headers.values("X-a").map(Text::as_str).collect::<Vec<_>>(), ["1", "2"]);
        headers.set("x-A", "4");
        assert_eq!(headers.values("X-A").count(), 1);
        assert!(headers.remove("b") && !headers.remove("b"));
    }

    #[test]
    fn what_connection_names_goes_with_it() {
        let mut headers: Headers =
            [("Connection", "close, X-Secret-Hop"), ("X-Secret-Hop", "1"), ("TE", "trailers"), ("Accept", "*/*")].into_iter().collect();
        remove_hop_by_hop(&mut headers);
        assert_eq!(headers.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["Accept"]);
    }

    #[test]
    fn percent_escapes_resolve_and_broken_ones_stay() {
        for (text, expected) in [("a%20b", "a b"), ("%C3%A5", "å"), ("100%", "100%"), ("%zz%4", "%zz%4"), ("%ff", "\u{fffd}")] {
            assert_eq!(percent_decode(text), expected);
        }
    }
}
