//! `DateTime.ParseExact`: a text in a given format.

use super::{
    Failure, Fields, Parsed, Settings, begins_with, digit, full_year, is_white,
    lexer::Cursor,
    styles::{ALLOW_INNER_WHITE, ALLOW_LEADING_WHITE, ALLOW_TRAILING_WHITE},
};
use crate::dotnet::datetime::{
    calendar::{DAYS, MONTHS, TICKS_PER_HOUR, TICKS_PER_MINUTE},
    format::pattern,
};

/// What stands for one of the standard formats that ask for more than their pattern.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Standard {
    None,
    RoundTrip,
    /// `r` and `u`: a `DateTimeOffset` takes the word that they quote for an offset.
    Universal,
}

#[derive(Default)]
struct Reader {
    fields: Fields,
    fraction: Option<f64>,
    is_pm: Option<bool>,
    has_hour_of_half: bool,
    has_short_year: bool,
}

/// Reads `text`, which is not empty, by `format`, which is not empty.
pub fn parse(text: &[u16], format: &[u16], settings: Settings) -> Result<Parsed, Failure> {
    let mut expanded = Vec::new();
    let mut reader = Reader::default();
    let mut standard = Standard::None;
    let mut format = format;
    if let [specifier] = format {
        let specifier = char::from_u32(u32::from(*specifier)).unwrap_or(' ');
        match specifier {
            'o' | 'O' => standard = Standard::RoundTrip,
            'r' | 'R' | 'u' => standard = Standard::Universal,
            'U' if settings.keeps_offset => return Err(Failure::Specifier("U".to_owned())),
            'U' => (reader.fields.offset, reader.fields.is_utc) = (Some(0), true),
            _ => {}
        }
        expanded.extend(pattern(specifier).ok_or(Failure::Format)?.encode_utf16());
        format = &expanded;
    }
    if standard == Standard::RoundTrip && settings.styles == 0 && !is_round_trip(text) {
        return Err(Failure::Bad);
    }
    let mut format = Cursor::new(format);
    let mut text = Cursor::new(text);
    if settings.has(ALLOW_TRAILING_WHITE) {
        format.text = trim_end(format.text);
        text.text = trim_end(text.text);
    }
    if settings.has(ALLOW_LEADING_WHITE) {
        format.skip_white();
        text.skip_white();
    }
    while format.unit().is_some() {
        if settings.has(ALLOW_INNER_WHITE) {
            text.skip_white();
        }
        reader.step(&mut text, &mut format, settings, standard)?;
    }
    if text.unit().is_some() {
        return Err(Failure::Bad);
    }
    let is_round_trip = standard == Standard::RoundTrip && settings.styles == 0;
    reader.finish(settings).map_err(|failure| if is_round_trip && failure == Failure::Calendar { Failure::Bad } else { failure })
}

fn trim_end(text: &[u16]) -> &[u16] {
    let length = text.iter().rposition(|unit| !is_white(*unit)).map_or(0, |last| last + 1);
    text.get(..length).unwrap_or(text)
}

/// The round-trip format is read by a parser of its own, which wants the colon of an offset.
fn is_round_trip(text: &[u16]) -> bool {
    let is = |index: usize, c: char| text.get(index).is_some_and(|unit| u32::from(*unit) == u32::from(c));
    match text.len() {
        27 => true,
        28 => is(27, 'Z'),
        32 => is(29, ':'),
        33 => is(30, ':'),
        _ => false,
    }
}

/// Takes between `least` and `most` digits.
fn digits(text: &mut Cursor<'_>, least: usize, most: usize) -> Result<i32, Failure> {
    let count = text.rest().iter().take(most).map_while(|unit| digit(*unit)).count();
    if count < least {
        return Err(Failure::Bad);
    }
    let value = text
        .rest()
        .iter()
        .take(count)
        .filter_map(|unit| digit(*unit))
        .fold(0_i32, |value, digit| value.wrapping_mul(10).wrapping_add(digit));
    text.at += count;
    Ok(value)
}

/// Takes the longest of the names that the text begins with, and gives its number.
fn name(text: &mut Cursor<'_>, names: &[&str], is_short: bool, first: i32) -> Result<i32, Failure> {
    for (name, number) in names.iter().zip(first..) {
        let name = if is_short { name.get(..3).unwrap_or(name) } else { name };
        if begins_with(text.rest(), name) {
            text.at += name.len();
            return Ok(number);
        }
    }
    Err(Failure::Bad)
}

/// Sets what may be set twice only to the same value.
fn set<T: PartialEq>(field: &mut Option<T>, value: T, specifier: char) -> Result<(), Failure> {
    match field {
        Some(old) if *old != value => Err(Failure::Repeated(specifier)),
        field => {
            *field = Some(value);
            Ok(())
        }
    }
}

/// `z`, `zz`, `zzz`: the offset in ticks.
fn offset(text: &mut Cursor<'_>, length: usize) -> Result<i64, Failure> {
    let negative = text.is('-');
    if !text.take('+') && !text.take('-') {
        return Err(Failure::Bad);
    }
    let (hours, minutes) = match length {
        1 => (digits(text, 1, 2)?, 0),
        2 => (digits(text, 2, 2)?, 0),
        _ => {
            let hours = digits(text, 1, 2)?;
            text.take(':');
            (hours, digits(text, 2, 2)?)
        }
    };
    let ticks = i64::from(hours) * TICKS_PER_HOUR + i64::from(minutes) * TICKS_PER_MINUTE;
    if minutes < 60 { Ok(if negative { -ticks } else { ticks }) } else { Err(Failure::Bad) }
}

/// The text between quotes in a format, which is taken.
fn quoted(format: &mut Cursor<'_>, quote: u16) -> Option<Vec<u16>> {
    let mut text = Vec::new();
    loop {
        let unit = format.unit()?;
        format.at += 1;
        match unit {
            unit if unit == quote => return Some(text),
            0x5C => {
                text.push(format.unit()?);
                format.at += 1;
            }
            unit => text.push(unit),
        }
    }
}

impl Reader {
    /// Reads what one specifier of the format stands for.
    fn step(&mut self, text: &mut Cursor<'_>, format: &mut Cursor<'_>, settings: Settings, standard: Standard) -> Result<(), Failure> {
        let start = format.at;
        let unit = format.unit().unwrap_or(0);
        let specifier = char::from_u32(u32::from(unit)).unwrap_or('\u{FFFD}');
        let length = format.rest().iter().take_while(|next| **next == unit).count();
        let one_or_two = |text: &mut Cursor<'_>| digits(text, length.min(2), 2);
        let fields = &mut self.fields;
        format.at += match specifier {
            'y' | 'M' | 'd' | 'g' | 'h' | 'H' | 'm' | 's' | 'f' | 'F' | 't' | 'z' => length,
            _ => 1,
        };
        match specifier {
            'y' => {
                self.has_short_year |= length <= 2;
                let year = if length == 1 { digits(text, 1, 2)? } else { digits(text, length, length)? };
                set(&mut fields.year, year, 'y')
            }
            'M' => {
                let month = if length <= 2 { one_or_two(text)? } else { name(text, &MONTHS, length == 3, 1)? };
                set(&mut fields.month, month, 'M')
            }
            'd' if length <= 2 => set(&mut fields.day, one_or_two(text)?, 'd'),
            'd' => set(&mut fields.day_of_week, name(text, &DAYS, length == 3, 0)?, 'd'),
            'g' => match ["A.D.", "AD"].into_iter().find(|era| begins_with(text.rest(), era)) {
                Some(era) => {
                    text.at += era.len();
                    Ok(())
                }
                None => Err(Failure::Bad),
            },
            'h' => {
                self.has_hour_of_half = true;
                set(&mut fields.hour, one_or_two(text)?, 'h')
            }
            'H' => set(&mut fields.hour, one_or_two(text)?, 'H'),
            'm' => set(&mut fields.minute, one_or_two(text)?, 'm'),
            's' => set(&mut fields.second, one_or_two(text)?, 's'),
            'f' | 'F' => {
                if length > 7 {
                    return Err(Failure::Bad);
                }
                let count = text.rest().iter().take(length).map_while(|unit| digit(*unit)).count();
                if count < length && specifier == 'f' {
                    return Err(Failure::Bad);
                }
                let value = if count == 0 { 0.0 } else { f64::from(digits(text, count, count)?) / 10_f64.powi(count as i32) };
                set(&mut self.fraction, value, specifier)
            }
            't' => {
                let is_pm = if length == 1 {
                    let is_pm = text.is('P');
                    if !text.take('A') && !text.take('P') {
                        return Err(Failure::Bad);
                    }
                    is_pm
                } else {
                    name(text, &["AM", "PM"], false, 0)? == 1
                };
                set(&mut self.is_pm, is_pm, 't')
            }
            'z' => set(&mut fields.offset, offset(text, length)?, 'z'),
            'Z' => {
                set(&mut fields.offset, 0, 'Z')?;
                fields.is_utc = true;
                if text.take_word("GMT") || text.take_word("Z") { Ok(()) } else { Err(Failure::Bad) }
            }
            'K' if text.take('Z') => {
                fields.is_utc = true;
                set(&mut fields.offset, 0, 'K')
            }
            'K' if text.is('+') || text.is('-') => set(&mut fields.offset, offset(text, 3)?, 'K'),
            'K' => Ok(()),
            '"' | '\'' => {
                let quoted = quoted(format, unit).ok_or(Failure::Quote(specifier))?;
                for unit in &quoted {
                    if *unit == 0x20 && settings.has(ALLOW_INNER_WHITE) {
                        text.skip_white();
                    } else if text.unit() == Some(*unit) {
                        text.at += 1;
                    } else {
                        return Err(Failure::Bad);
                    }
                }
                if settings.keeps_offset && standard == Standard::Universal && matches!(quoted.as_slice(), [0x5A] | [0x47, 0x4D, 0x54]) {
                    fields.offset = Some(0);
                }
                Ok(())
            }
            '%' => match format.unit() {
                None | Some(0x25) => Err(Failure::Specifier(String::from_utf16_lossy(format.text))),
                Some(_) => Ok(()),
            },
            '\\' => match format.unit() {
                None => Err(Failure::Specifier(String::from_utf16_lossy(format.text))),
                next if text.unit() == next => {
                    format.at += 1;
                    text.at += 1;
                    Ok(())
                }
                Some(_) => Err(Failure::Bad),
            },
            '.' if text.take('.') => Ok(()),
            // `.FF`, where neither the point nor a digit is there. A single `F` does not count.
            '.' if matches!(format.rest(), [0x46, 0x46, ..]) => {
                format.at += format.rest().iter().take_while(|unit| **unit == 0x46).count();
                Ok(())
            }
            ' ' if settings.has(ALLOW_INNER_WHITE) || text.take(' ') => Ok(()),
            ' ' if settings.has(ALLOW_TRAILING_WHITE) && format.unit().is_some() => self.step(text, format, settings, standard),
            _ if begins_with(format.text.get(start..).unwrap_or(&[]), "GMT") => {
                format.at = start + 3;
                fields.offset = Some(0);
                if text.rest().starts_with(&[0x47, 0x4D, 0x54]) {
                    text.at += 3;
                    Ok(())
                } else {
                    Err(Failure::Bad)
                }
            }
            _ if text.unit() == Some(unit) => {
                text.at += 1;
                Ok(())
            }
            _ => Err(Failure::Bad),
        }
    }

    fn finish(mut self, settings: Settings) -> Result<Parsed, Failure> {
        if self.has_short_year {
            match self.fields.year {
                Some(year) if year < 100 => self.fields.year = Some(full_year(year)),
                _ => return Err(Failure::Bad),
            }
        }
        let hour = self.fields.hour.unwrap_or(-1);
        self.fields.hour = match (self.has_hour_of_half, self.is_pm) {
            (true, _) if hour > 12 => return Err(Failure::Bad),
            (true, Some(true)) => Some(hour % 12 + 12),
            (true, _) => Some(hour % 12),
            (false, Some(false)) if hour >= 12 => return Err(Failure::Bad),
            (false, Some(true)) if hour < 12 => return Err(Failure::Bad),
            _ => self.fields.hour,
        };
        self.fields.fraction = self.fraction.unwrap_or(0.0);
        self.fields.finish(settings)
    }
}
