//! The words, numbers and separators of a date.

use super::{begins_with, digit, is_letter, is_white};
use crate::dotnet::datetime::calendar::{DAYS, MONTHS, TICKS_PER_HOUR, TICKS_PER_MINUTE};

/// What a number counts by the Chinese, Japanese or Korean sign behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Year,
    Month,
    Day,
    Hour,
    Minute,
    Second,
}

/// What stands behind a number or a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Separator {
    End,
    Space,
    Am,
    Pm,
    Date,
    Time,
    /// A hyphen: between the parts of a date, or the sign of an offset.
    DateOrOffset,
    LocalTime,
    Suffix(Unit),
}

/// What stands on its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    End,
    /// A number of one or two digits, or of more than eight, which no date has.
    Number(Option<i32>),
    /// A number of three to eight digits.
    Year(i32),
    Month(i32),
    DayOfWeek(i32),
    Am,
    Pm,
    Era,
    Zone,
    Ignorable,
    Unknown,
}

/// A place in the text.
#[derive(Clone, Copy, Debug)]
pub struct Cursor<'a> {
    pub text: &'a [u16],
    pub at: usize,
}

const SUFFIXES: &[(char, Unit)] = &[
    ('年', Unit::Year),
    ('년', Unit::Year),
    ('月', Unit::Month),
    ('월', Unit::Month),
    ('日', Unit::Day),
    ('일', Unit::Day),
    ('時', Unit::Hour),
    ('时', Unit::Hour),
    ('分', Unit::Minute),
    ('秒', Unit::Second),
];

/// A number has no more digits.
const MAX_DIGITS: usize = 8;

impl<'a> Cursor<'a> {
    pub fn new(text: &'a [u16]) -> Self {
        Self { text, at: 0 }
    }

    pub fn unit(&self) -> Option<u16> {
        self.text.get(self.at).copied()
    }

    pub fn rest(&self) -> &'a [u16] {
        self.text.get(self.at..).unwrap_or(&[])
    }

    pub fn is(&self, c: char) -> bool {
        self.unit().is_some_and(|unit| u32::from(unit) == u32::from(c))
    }

    /// Takes that character.
    pub fn take(&mut self, c: char) -> bool {
        let found = self.is(c);
        self.at += usize::from(found);
        found
    }

    pub fn skip_white(&mut self) {
        self.at += self.rest().iter().take_while(|unit| is_white(**unit)).count();
    }

    /// Takes a word that is not the beginning of a longer one.
    pub fn take_word(&mut self, word: &str) -> bool {
        let found = begins_with(self.rest(), word)
            && !(word.starts_with(char::is_alphabetic) && self.rest().get(word.len()).copied().is_some_and(is_letter));
        self.at += if found { word.len() } else { 0 };
        found
    }

    /// The digits here: their value where there are no more than eight, and how many they are.
    pub fn number(&mut self) -> (Option<i32>, usize) {
        let digits = self.rest().iter().map_while(|unit| digit(*unit)).count();
        let value =
            self.rest().iter().take(digits.min(MAX_DIGITS)).filter_map(|unit| digit(*unit)).fold(0, |value, digit| value * 10 + digit);
        self.at += digits;
        ((digits <= MAX_DIGITS).then_some(value), digits)
    }

    /// The digits behind a decimal point, as part of a whole; `None` where there are none.
    pub fn fraction(&mut self) -> Option<f64> {
        let (mut value, mut place, start) = (0.0, 0.1, self.at);
        while let Some(digit) = self.unit().and_then(digit) {
            value += f64::from(digit) * place;
            place *= 0.1;
            self.at += 1;
        }
        (self.at > start).then_some(value)
    }

    /// An offset from UTC in ticks: `+8`, `+08`, `+0800`, `+08:00`.
    pub fn offset(&mut self) -> Option<i64> {
        let negative = self.is('-');
        if !self.take('+') && !self.take('-') {
            return None;
        }
        let (hours, minutes) = match self.number() {
            (Some(hours), 1 | 2) => {
                let minutes = if self.take(':') {
                    match self.number() {
                        (Some(minutes), 1 | 2) => minutes,
                        _ => return None,
                    }
                } else {
                    0
                };
                (hours, minutes)
            }
            (Some(both), 3 | 4) => (both / 100, both % 100),
            _ => return None,
        };
        let ticks = i64::from(hours) * TICKS_PER_HOUR + i64::from(minutes) * TICKS_PER_MINUTE;
        (minutes < 60).then_some(if negative { -ticks } else { ticks })
    }

    /// The next word, which is taken unless it is unknown.
    pub fn word(&mut self) -> Word {
        self.skip_white();
        let Some(unit) = self.unit() else { return Word::End };
        if digit(unit).is_some() {
            return match self.number() {
                (Some(value), 3..) => Word::Year(value),
                (value, _) => Word::Number(value),
            };
        }
        for (word, meaning) in [
            (",", Word::Ignorable),
            (".", Word::Ignorable),
            ("AM", Word::Am),
            ("PM", Word::Pm),
            ("GMT", Word::Zone),
            ("Z", Word::Zone),
            ("A.D.", Word::Era),
            ("AD", Word::Era),
        ] {
            if self.take_word(word) {
                return meaning;
            }
        }
        for (names, meaning) in [(&MONTHS[..], Word::Month as fn(i32) -> Word), (&DAYS[..], Word::DayOfWeek)] {
            let first = i32::from(names.len() == MONTHS.len());
            for (name, number) in names.iter().zip(first..) {
                if self.take_word(name) || self.take_word(name.get(..3).unwrap_or(name)) {
                    return meaning(number);
                }
            }
        }
        Word::Unknown
    }

    /// What separates here; white space is skipped, and separates where nothing else does.
    pub fn separator(&mut self) -> Separator {
        const RIGHT_TO_LEFT: u16 = 0x200F;
        self.at += self.rest().iter().take_while(|unit| is_white(**unit) || **unit == RIGHT_TO_LEFT).count();
        if self.unit().is_none() {
            return Separator::End;
        }
        for (word, meaning) in [
            (":", Separator::Time),
            ("/", Separator::Date),
            ("-", Separator::DateOrOffset),
            ("AM", Separator::Am),
            ("PM", Separator::Pm),
            ("T", Separator::LocalTime),
        ] {
            if self.take_word(word) {
                return meaning;
            }
        }
        let suffix = SUFFIXES.iter().find(|(sign, _)| self.is(*sign)).map(|(_, unit)| *unit);
        match suffix {
            Some(unit) if !self.text.get(self.at + 1).copied().is_some_and(is_letter) => {
                self.at += 1;
                Separator::Suffix(unit)
            }
            _ => Separator::Space,
        }
    }
}
