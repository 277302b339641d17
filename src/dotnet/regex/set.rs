//! Sets of UTF-16 code units: `[a-z-[aeiou]]`, `\w`, `\p{Lu}`.

use std::sync::OnceLock;

use unicode_general_category::{GeneralCategory, get_general_category};

use super::blocks;

/// A bit for each general category, and one for what `char.IsWhiteSpace` takes.
pub type Categories = u32;

/// `\s`
pub const SPACE: Categories = 1 << 31;
/// `\d`
pub const DIGIT: Categories = bit(GeneralCategory::DecimalNumber);
/// `\w`
pub const WORD: Categories = LETTER | bit(GeneralCategory::NonspacingMark) | DIGIT | bit(GeneralCategory::ConnectorPunctuation);
const CASED: Categories =
    bit(GeneralCategory::LowercaseLetter) | bit(GeneralCategory::UppercaseLetter) | bit(GeneralCategory::TitlecaseLetter);
const LETTER: Categories = CASED | bit(GeneralCategory::ModifierLetter) | bit(GeneralCategory::OtherLetter);

/// What RegexOptions.ECMAScript takes for `\w`, `\s` and `\d`. Source: dotnet/runtime, RegexCharClass.cs, `ECMAWordRanges`: İ is among them.
pub const ECMA_WORD: &[(u16, u16)] = &[(0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A), (0x130, 0x130)];
/// `\s` of ECMAScript.
pub const ECMA_SPACE: &[(u16, u16)] = &[(0x09, 0x0D), (0x20, 0x20)];
/// `\d` of ECMAScript.
pub const ECMA_DIGIT: &[(u16, u16)] = &[(0x30, 0x39)];

/// Where the units lie that have another in lower case.
const UPPER: &[(u16, u16)] = &[
    (0x41, 0x5A),
    (0xC0, 0x58F),
    (0x10A0, 0x10FF),
    (0x13A0, 0x13FF),
    (0x1C80, 0x1CBF),
    (0x1E00, 0x1FFF),
    (0x2100, 0x218F),
    (0x24B6, 0x24CF),
    (0x2C00, 0x2CFF),
    (0xA640, 0xA7FF),
    (0xFF21, 0xFF3A),
];

const fn bit(category: GeneralCategory) -> Categories {
    1 << category as u32
}

fn named(name: &str) -> Option<Categories> {
    use GeneralCategory::*;
    let all = |categories: &[GeneralCategory]| categories.iter().fold(0, |mask, category| mask | bit(*category));
    Some(match name {
        "Cc" => bit(Control),
        "Cf" => bit(Format),
        "Cn" => bit(Unassigned),
        "Co" => bit(PrivateUse),
        "Cs" => bit(Surrogate),
        "C" => all(&[Control, Format, Unassigned, PrivateUse, Surrogate]),
        "Ll" => bit(LowercaseLetter),
        "Lm" => bit(ModifierLetter),
        "Lo" => bit(OtherLetter),
        "Lt" => bit(TitlecaseLetter),
        "Lu" => bit(UppercaseLetter),
        "L" => LETTER,
        "Mc" => bit(SpacingMark),
        "Me" => bit(EnclosingMark),
        "Mn" => bit(NonspacingMark),
        "M" => all(&[SpacingMark, EnclosingMark, NonspacingMark]),
        "Nd" => bit(DecimalNumber),
        "Nl" => bit(LetterNumber),
        "No" => bit(OtherNumber),
        "N" => all(&[DecimalNumber, LetterNumber, OtherNumber]),
        "Pc" => bit(ConnectorPunctuation),
        "Pd" => bit(DashPunctuation),
        "Pe" => bit(ClosePunctuation),
        "Po" => bit(OtherPunctuation),
        "Ps" => bit(OpenPunctuation),
        "Pf" => bit(FinalPunctuation),
        "Pi" => bit(InitialPunctuation),
        "P" => all(&[
            ConnectorPunctuation,
            DashPunctuation,
            ClosePunctuation,
            OtherPunctuation,
            OpenPunctuation,
            FinalPunctuation,
            InitialPunctuation,
        ]),
        "Sc" => bit(CurrencySymbol),
        "Sk" => bit(ModifierSymbol),
        "Sm" => bit(MathSymbol),
        "So" => bit(OtherSymbol),
        "S" => all(&[CurrencySymbol, ModifierSymbol, MathSymbol, OtherSymbol]),
        "Zl" => bit(LineSeparator),
        "Zp" => bit(ParagraphSeparator),
        "Zs" => bit(SpaceSeparator),
        "Z" => all(&[LineSeparator, ParagraphSeparator, SpaceSeparator]),
        _ => return None,
    })
}

/// The categories of a code unit: a half of a surrogate pair is a surrogate, whatever the pair means.
fn categories(unit: u16) -> Categories {
    let Some(char) = char::from_u32(u32::from(unit)) else { return bit(GeneralCategory::Surrogate) };
    bit(get_general_category(char)) | if char.is_whitespace() { SPACE } else { 0 }
}

/// Whether `\b` and the names of groups count the unit as part of a word. Source: dotnet/runtime, RegexCharClass.cs, `IsWordChar`: the
/// two joiners are, though `\w` leaves them out.
pub fn is_word(unit: u16) -> bool {
    match u8::try_from(unit) {
        Ok(byte) if byte.is_ascii() => byte.is_ascii_alphanumeric() || byte == b'_',
        _ => matches!(unit, 0x200C | 0x200D) || categories(unit) & WORD != 0,
    }
}

/// Whether `\b` of ECMAScript counts the unit as part of a word.
pub fn is_ecma_word(unit: u16) -> bool {
    is_in(ECMA_WORD, unit)
}

/// The unit in lower case as the invariant culture has it: what does not lower to one unit stays, İ among it.
pub fn fold(unit: u16) -> u16 {
    match u8::try_from(unit) {
        Ok(byte) if byte.is_ascii() => u16::from(byte.to_ascii_lowercase()),
        _ => {
            let Some(char) = char::from_u32(u32::from(unit)) else { return unit };
            let mut lower = char.to_lowercase();
            match (lower.next(), lower.next()) {
                (Some(only), None) => u16::try_from(u32::from(only)).unwrap_or(unit),
                _ => unit,
            }
        }
    }
}

/// The units of a range that have another in lower case, each with it.
fn lowered((first, last): (u16, u16)) -> &'static [(u16, u16)] {
    static LOWERED: OnceLock<Vec<(u16, u16)>> = OnceLock::new();
    let all = LOWERED.get_or_init(|| {
        let units = UPPER.iter().flat_map(|(first, last)| *first..=*last);
        units.map(|unit| (unit, fold(unit))).filter(|(unit, lower)| unit != lower).collect()
    });
    let (start, end) = (all.partition_point(|(unit, _)| *unit < first), all.partition_point(|(unit, _)| *unit <= last));
    all.get(start..end).unwrap_or(&[])
}

fn is_in(ranges: &[(u16, u16)], unit: u16) -> bool {
    let after = ranges.partition_point(|(first, _)| *first <= unit);
    after.checked_sub(1).and_then(|at| ranges.get(at)).is_some_and(|(_, last)| unit <= *last)
}

/// A set of code units.
#[derive(Clone, Debug, Default)]
pub struct Set {
    /// The members among ASCII: what nearly every text asks for.
    ascii: u128,
    is_negated: bool,
    is_folded: bool,
    ranges: Vec<(u16, u16)>,
    /// Categories whose members are in the set; those with a `true` stand for all others.
    categories: Vec<(Categories, bool)>,
    minus: Option<Box<Set>>,
}

impl Set {
    /// Whether the unit is in it.
    #[inline]
    pub fn contains(&self, unit: u16) -> bool {
        if unit < 128 { self.ascii >> unit & 1 == 1 } else { self.looks_up(unit) }
    }

    /// The members among ASCII, a bit each.
    pub fn ascii(&self) -> u128 {
        self.ascii
    }

    fn looks_up(&self, unit: u16) -> bool {
        let unit = if self.is_folded { fold(unit) } else { unit };
        let is_listed = is_in(&self.ranges, unit) || {
            let own = if self.categories.is_empty() { 0 } else { categories(unit) };
            self.categories.iter().any(|(mask, is_other)| (own & mask != 0) != *is_other)
        };
        is_listed != self.is_negated && !self.minus.as_ref().is_some_and(|minus| minus.contains(unit))
    }

    /// `[^…]`
    pub fn negate(&mut self) {
        self.is_negated = true;
    }

    /// Adds the units from `first` to `last`.
    pub fn add(&mut self, first: u16, last: u16) {
        self.ranges.push((first, last));
    }

    /// Adds what is in the categories, or what is not.
    pub fn add_categories(&mut self, categories: Categories, is_other: bool) {
        self.categories.push((categories, is_other));
    }

    /// Adds ranges, which are in order, or what lies between them.
    pub fn add_ranges(&mut self, ranges: &[(u16, u16)], is_other: bool) {
        if is_other {
            let mut next = Some(0);
            for (first, last) in ranges {
                if let (Some(next), Some(before)) = (next, first.checked_sub(1))
                    && next <= before
                {
                    self.add(next, before);
                }
                next = last.checked_add(1);
            }
            if let Some(next) = next {
                self.add(next, u16::MAX);
            }
        } else {
            self.ranges.extend_from_slice(ranges);
        }
    }

    /// Adds what `\p{name}` or `\P{name}` stands for; `None` for an unknown name.
    ///
    /// Without case, the three categories of cased letters are one.
    pub fn add_property(&mut self, name: &str, is_other: bool, is_folded: bool) -> Option<()> {
        if let Some(mask) = named(name) {
            let is_cased = is_folded && matches!(name, "Ll" | "Lu" | "Lt");
            self.add_categories(if is_cased { CASED } else { mask }, is_other);
        } else {
            self.add_ranges(&[blocks::find(name)?], is_other);
        }
        Some(())
    }

    /// Takes the members of another set out of this one.
    pub fn subtract(&mut self, minus: Set) {
        self.minus = Some(Box::new(minus));
    }

    /// Puts the parts in order, once all are there.
    pub fn finish(mut self, is_folded: bool) -> Self {
        merge(&mut self.ranges);
        // Categories add up: one lookup asks for all of them.
        let own = self.categories.iter().filter(|(_, is_other)| !is_other).fold(0, |all, (mask, _)| all | mask);
        self.categories.retain(|(_, is_other)| *is_other);
        self.categories.sort_unstable();
        self.categories.dedup();
        if own != 0 {
            self.categories.push((own, false));
        }
        if is_folded {
            self.is_folded = true;
            let lower: Vec<_> = self.ranges.iter().flat_map(|range| lowered(*range)).map(|(_, lower)| (*lower, *lower)).collect();
            self.ranges.extend(lower);
            merge(&mut self.ranges);
        }
        self.ascii = (0..128_u16).filter(|unit| self.looks_up(*unit)).fold(0, |bits, unit| bits | 1 << unit);
        self
    }
}

fn merge(ranges: &mut Vec<(u16, u16)>) {
    ranges.sort_unstable();
    ranges.dedup_by(|next, kept| {
        let touches = next.0 <= kept.1.saturating_add(1);
        if touches {
            kept.1 = kept.1.max(next.1);
        }
        touches
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_with_a_lower_case_lie_where_they_are_looked_for() {
        for unit in 0..=u16::MAX {
            let lower = fold(unit);
            assert!(lower == unit || is_in(UPPER, unit), "{unit:04X}");
            assert_eq!(fold(lower), lower, "{unit:04X}");
        }
    }
}
