//! Comparison and search by culture. The culture is the invariant one: on modern .NET the root collation of ICU.
//!
//! The *order* is ICU's own. *Search* is close to it: characters that the collation ignores count as nothing, canonically equivalent
//! text is the same, a match begins and ends where a user sees a character begin and end (so that `"\r\n".IndexOf("\n")` finds
//! nothing: learn.microsoft.com/dotnet/core/extensions/globalization-icu). Approximated: where search ignores case, letters match by
//! their simple case mapping alone, not by all that ICU holds for a tertiary difference.

use std::{cmp::Ordering, sync::OnceLock};

use icu_collator::{
    Collator, CollatorBorrowed, CollatorPreferences,
    options::{CollatorOptions, Strength},
};
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use super::{Str, casing, comparison::Rule, search::matches};
use crate::dotnet::{exception::Raise, runtime::Runtime};

/// The collator; none if the built-in data were broken.
fn collator(ignore_case: bool) -> Option<&'static CollatorBorrowed<'static>> {
    static COLLATORS: OnceLock<[Option<CollatorBorrowed<'static>>; 2]> = OnceLock::new();
    let make = |strength| {
        let mut options = CollatorOptions::default();
        options.strength = Some(strength);
        Collator::try_new(CollatorPreferences::default(), options).ok()
    };
    // Source: dotnet/runtime, pal_collation.c, CloneCollatorWithOptions: `IgnoreCase` is the secondary strength.
    COLLATORS.get_or_init(|| [make(Strength::Tertiary), make(Strength::Secondary)]).get(usize::from(ignore_case))?.as_ref()
}

/// `string.Compare` by culture: less, equal or greater in the order of dictionaries: `a`, `A`, `b`.
pub fn compare(a: &Str, b: &Str, ignore_case: bool) -> Ordering {
    match (collator(ignore_case), a, b) {
        (_, a, b) if a == b => Ordering::Equal,
        (Some(collator), Str::Text(a), Str::Text(b)) => collator.compare(a, b),
        (Some(collator), a, b) => collator.compare_utf16(&a.units(), &b.units()),
        (None, a, b) => a.units().cmp(&b.units()),
    }
}

/// A number that strings share which `compare` takes for equal: of the key that the collation sorts by.
pub fn hash(text: &Str, ignore_case: bool) -> i32 {
    let mut key = Vec::new();
    if let Some(collator) = collator(ignore_case) {
        let Ok(()) = collator.write_sort_key_to(&text.as_str(), &mut key);
    }
    key.iter().fold(5381, |hash: i32, byte| hash.wrapping_mul(33) ^ i32::from(*byte))
}

/// One character that counts.
struct Element {
    key: char,
    start: u32,
    end: u32,
}

/// The characters that count, decomposed, with the code units that they come from.
fn elements(units: &[u16], ignore_case: bool) -> Vec<Element> {
    let mut elements = Vec::with_capacity(units.len());
    let mut start = 0_u32;
    for c in char::decode_utf16(units.iter().copied()) {
        let c = c.unwrap_or('\u{FFFD}');
        let end = start + c.len_utf16() as u32;
        if !is_ignorable(c) {
            for key in std::iter::once(c).nfd() {
                elements.push(Element { key: if ignore_case { casing::upper(key) } else { key }, start, end });
            }
        }
        start = end;
    }
    elements
}

/// Whether the collation does not see a character: controls, the soft hyphen, joiners.
fn is_ignorable(c: char) -> bool {
    if c.is_alphanumeric() {
        return false;
    }
    if c.is_ascii() {
        return matches!(c, '\0'..='\x08' | '\x0E'..='\x1F' | '\x7F');
    }
    collator(false).is_some_and(|collator| collator.compare(c.encode_utf8(&mut [0; 4]), "") == Ordering::Equal)
}

/// Whether culture makes no difference to ordinal search, for either side.
///
/// Source: dotnet/runtime, CompareInfo.Icu.cs, HighCharTable; of it what can matter to the result.
pub fn is_plain(text: &Str) -> bool {
    text.ascii().is_some_and(|text| text.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\t')))
}

/// Pays for what a search by culture must lay out.
///
/// # Errors
/// A spent budget.
pub fn pay(runtime: &mut Runtime<'_>, text: &Str, rule: Rule) -> Result<(), Raise> {
    runtime.work(text.bytes())?;
    let is_laid_out = matches!(rule, Rule::Culture | Rule::CultureIgnoreCase) && text.ascii().is_none_or(has_ignorable);
    runtime.allocate(if is_laid_out { text.bytes().saturating_mul(16) } else { 0 })
}

fn has_ignorable(text: &str) -> bool {
    text.chars().any(is_ignorable)
}

/// Search in ASCII: ordinal, but that no match begins within a line end.
fn find_ascii(hay: &str, needle: &str, last: bool) -> Option<(usize, usize)> {
    let whole = |(at, _): &(usize, &str)| {
        !(needle.starts_with('\n') && at.checked_sub(1).is_some_and(|before| hay.as_bytes().get(before) == Some(&b'\r')))
    };
    let at = if last { hay.rmatch_indices(needle).find(whole) } else { hay.match_indices(needle).find(whole) };
    at.map(|(at, _)| (at, needle.len()))
}

fn keys(elements: &[Element]) -> Vec<char> {
    elements.iter().map(|element| element.key).collect()
}

/// The first or last place of `needle` and how long it is there, in code units.
pub fn find(hay: &Str, needle: &Str, ignore_case: bool, last: bool) -> Option<(usize, usize)> {
    if let (Some(hay), Some(needle), false) = (hay.ascii(), needle.ascii(), ignore_case)
        && !has_ignorable(hay)
        && !has_ignorable(needle)
        && !needle.is_empty()
    {
        return find_ascii(hay, needle, last);
    }
    let units = hay.units();
    let (hay, needle) = (elements(&units, ignore_case), elements(&needle.units(), ignore_case));
    if needle.is_empty() {
        return Some((if last { units.len() } else { 0 }, 0));
    }
    let whole = |at: &usize| {
        let (Some(first), Some(end)) = (hay.get(*at), hay.get(*at + needle.len() - 1)) else { return false };
        let before = at.checked_sub(1).and_then(|before| hay.get(before));
        let after = hay.get(*at + needle.len());
        !is_combining_mark(first.key)
            && before.is_none_or(|before| before.end <= first.start && !(before.key == '\r' && first.key == '\n'))
            && after.is_none_or(|after| after.start >= end.end && !is_combining_mark(after.key))
    };
    let found = matches(&keys(&hay), &keys(&needle));
    let at = if last { found.into_iter().rev().find(whole) } else { found.into_iter().find(whole) }?;
    let (start, end) = (hay.get(at)?.start as usize, hay.get(at + needle.len() - 1)?.end as usize);
    Some((start, end - start))
}

/// `StartsWith`. Source: dotnet/runtime, pal_collation.c, SimpleAffix: a combining mark behind the match spoils it, nothing else does.
pub fn starts_with(text: &Str, value: &Str, ignore_case: bool) -> bool {
    let (text, value) = (elements(&text.units(), ignore_case), elements(&value.units(), ignore_case));
    text.len() >= value.len()
        && text.iter().zip(&value).all(|(a, b)| a.key == b.key)
        && text.get(value.len()).is_none_or(|next| value.is_empty() || !is_combining_mark(next.key))
}

/// `EndsWith`
pub fn ends_with(text: &Str, value: &Str, ignore_case: bool) -> bool {
    let (text, value) = (elements(&text.units(), ignore_case), elements(&value.units(), ignore_case));
    text.len() >= value.len() && text.iter().rev().zip(value.iter().rev()).all(|(a, b)| a.key == b.key)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Source: recorded results of .NET 8 on Linux; learn.microsoft.com/dotnet/standard/base-types/string-comparison-net-5-plus.
    #[test]
    fn the_order_is_that_of_dictionaries() {
        for (a, b, ignore_case, expected) in [
            ("a", "B", false, Ordering::Less),
            ("a", "A", false, Ordering::Less),
            ("co-op", "coop", false, Ordering::Less),
            ("a", "A", true, Ordering::Equal),
            ("e\u{301}", "é", false, Ordering::Equal),
            ("co\u{AD}op", "coop", false, Ordering::Equal),
            ("\0", "", false, Ordering::Equal),
            ("Z", "a", false, Ordering::Greater),
            ("_", "a", false, Ordering::Less),
            ("1", "a", false, Ordering::Less),
        ] {
            assert_eq!(compare(&a.into(), &b.into(), ignore_case), expected, "{a:?} {b:?}");
        }
    }

    #[test]
    fn what_is_equal_shares_a_hash() {
        assert_eq!(hash(&"co\u{AD}op".into(), false), hash(&"coop".into(), false));
        assert_eq!(hash(&"A".into(), true), hash(&"a".into(), true));
        assert_ne!(hash(&"A".into(), false), hash(&"a".into(), false));
    }

    #[test]
    fn search_sees_characters() {
        let first = |hay: &'static str, needle: &'static str| find(&hay.into(), &needle.into(), false, false).map(|(at, _)| at);
        assert_eq!(first("\r\n", "\n"), None);
        assert_eq!(first("a\nb", "\n"), Some(1));
        assert_eq!(first("a\r\n\nb", "\n"), Some(3));
        assert_eq!(first("abc", "\0"), Some(0));
        assert_eq!(first("co\u{AD}op", "coop"), Some(0));
        assert_eq!(first("cafe\u{301}", "cafe"), None);
        assert_eq!(first("cafe\u{301}s", "é"), Some(3));
        assert!(ends_with(&"a\r\n".into(), &"\n".into(), false));
        assert!(!starts_with(&"e\u{301}".into(), &"e".into(), false));
        assert!(starts_with(&"abc".into(), &"\u{200D}".into(), false));
    }
}
