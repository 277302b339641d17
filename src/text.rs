//! Immutable text that is cheap to clone: names, header values, string constants.

use std::{
    borrow::Borrow,
    collections::HashMap,
    fmt,
    ops::Deref,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

/// UTF-8 text that is shared, never copied, when cloned; text known at compile time is not even counted, nor are the literals of policies.
///
/// Every form has a place and a length, each a word: texts are moved about all the time, and bytes that are moved in other pieces than they were
/// written in make a processor wait.
#[derive(Clone)]
pub enum Text {
    /// Text of the program itself.
    Static(&'static str),
    /// Text made at run time.
    Shared(Arc<str>),
    /// A literal of a policy: .NET keeps one string for all literals of the same text, for as long as the program runs.
    Literal(&'static str),
    /// A literal beyond what is kept.
    CountedLiteral(Arc<str>),
}

/// Texts that policies write out and that are kept for the life of the program: how long each may be, and how much they may come to.
const LONGEST_KEPT: usize = 256;
const MOST_KEPT: usize = 1 << 20;

/// A text that is kept: another one has another place.
#[derive(Debug)]
pub struct Kept {
    /// The text.
    pub text: Box<str>,
}

/// A text that a policy writes out, kept for the life of the program, once however many policies write it: every request copies such texts, and
/// nobody has to count who holds them. `None` beyond what people write.
pub fn kept(text: &str) -> Option<&'static Kept> {
    #[derive(Default)]
    struct All {
        texts: HashMap<&'static str, &'static Kept>,
        bytes: usize,
    }
    static ALL: LazyLock<Mutex<All>> = LazyLock::new(Mutex::default);
    let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(kept) = all.texts.get(text) {
        return Some(kept);
    }
    if text.len() > LONGEST_KEPT || all.bytes + text.len() > MOST_KEPT {
        return None;
    }
    let kept: &'static Kept = Box::leak(Box::new(Kept { text: text.into() }));
    all.texts.insert(&kept.text, kept);
    all.bytes += text.len() + size_of::<(&str, &Kept, Kept)>();
    Some(kept)
}

impl Text {
    /// The empty text.
    pub const EMPTY: Self = Self::Static("");

    /// A copy of `text`.
    pub fn copied(text: &str) -> Self {
        if text.is_empty() { Self::EMPTY } else { Self::Shared(text.into()) }
    }

    /// The characters.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Static(text) => text,
            Self::Shared(text) => text,
            Self::Literal(text) => text,
            Self::CountedLiteral(text) => text,
        }
    }

    /// The text as a literal of a policy.
    pub fn literal(text: &str) -> Self {
        if text.is_empty() {
            return Self::EMPTY;
        }
        kept(text).map_or_else(|| Self::CountedLiteral(text.into()), |kept| Self::Literal(&kept.text))
    }

    /// The same text as an object of its own, where it is a literal: what an expression reads from a message is none, whoever wrote it there.
    pub fn of_its_own(&self) -> Self {
        match self {
            Self::Literal(_) | Self::CountedLiteral(_) => Self::copied(self),
            other => other.clone(),
        }
    }

    /// Whether both have the same characters, and one is a literal where the other is: no expression then tells them apart that gets one today and
    /// the other tomorrow.
    pub fn is_like(&self, other: &Self) -> bool {
        let is_literal = |text: &Self| !matches!(text, Self::Shared(_));
        self == other && (is_literal(self) == is_literal(other) || self.is_empty())
    }

    /// Whether both are one string, as `object.ReferenceEquals` asks: the same literal, or the same object.
    pub fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Shared(a), Self::Shared(b)) => Arc::ptr_eq(a, b) || (a.is_empty() && b.is_empty()),
            (Self::Shared(a), b) | (b, Self::Shared(a)) => a.is_empty() && b.as_str().is_empty(),
            // What this program says itself, such as "True", .NET's own code says in literals too.
            (a, b) => a.as_str() == b.as_str(),
        }
    }
}

impl Deref for Text {
    type Target = str;
    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl Default for Text {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl From<&'static str> for Text {
    fn from(text: &'static str) -> Self {
        Self::Static(text)
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::Shared(text.into())
    }
}

impl From<Arc<str>> for Text {
    fn from(text: Arc<str>) -> Self {
        Self::Shared(text)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl PartialEq for Text {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        let (own, other) = (self.as_str(), other.as_str());
        // What is passed about is often the same text still.
        std::ptr::eq(own, other) || own == other
    }
}

impl Eq for Text {}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl std::hash::Hash for Text {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl PartialOrd for Text {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Text {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl Borrow<str> for Text {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl serde::Serialize for Text {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_of_the_same_text_are_one_string_and_copies_are_not() {
        let long = "a literal that is longer than what is kept ".repeat(10);
        assert!(kept("short").zip(kept("short")).is_some_and(|(a, b)| std::ptr::eq(a, b)) && kept(&long).is_none());
        for text in ["short", &long] {
            let (literal, copy) = (Text::literal(text), Text::copied(text));
            assert!(literal.is_same(&Text::literal(text)) && literal.is_same(&literal.clone()));
            assert!(copy.is_same(&copy.clone()) && !copy.is_same(&Text::copied(text)) && !copy.is_same(&literal));
            let own = literal.of_its_own();
            assert!(own == literal && !own.is_same(&literal) && own.is_same(&own.of_its_own()));
        }
        assert!(Text::literal("").is_same(&Text::copied("")));
        let (literal, copy) = (Text::literal("a"), Text::copied("a"));
        assert!(literal == copy && !literal.is_like(&copy) && literal.is_like(&Text::Static("a")) && copy.is_like(&Text::copied("a")));
        assert!(Text::EMPTY.is_like(&String::new().into()) && !copy.is_like(&Text::copied("b")));
        assert_eq!(size_of::<Text>(), 24);
    }
}
