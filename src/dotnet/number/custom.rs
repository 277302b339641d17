//! Custom numeric format strings: a picture of the number made of `0 # . , % ‰ E0`, sections and literals.
//!
//! Source: learn.microsoft.com/dotnet/standard/base-types/custom-numeric-format-strings; dotnet/runtime, Number.Formatting.cs
//! (`NumberToStringFormat`, `FindSection`), whose behaviour in odd cases this follows step by step.

use super::{
    digits::{Digits, Kind},
    standard::exponent,
};

/// What a section of the picture asks for.
#[derive(Debug, Default)]
struct Picture {
    /// Placeholders for digits.
    places: i32,
    /// How many of them stand before the point.
    point: Option<i32>,
    /// The placeholder of the first `0`.
    first_zero: Option<i32>,
    /// Behind the placeholder of the last `0`.
    last_zero: i32,
    /// `E0`
    is_scientific: bool,
    /// A comma between digits.
    is_grouped: bool,
    /// Powers of ten to multiply with, for `%`, `‰` and commas before the point.
    adjust: i32,
}

/// The number in its picture.
pub fn format(mut number: Digits, picture: &str) -> String {
    let text: Vec<char> = picture.chars().take_while(|c| *c != '\0').collect();
    let mut section = find_section(
        &text,
        match () {
            () if number.is_zero() => 2,
            () if number.negative => 1,
            () => 0,
        },
    );
    let mut look = look_at(&text, section);
    loop {
        if number.is_zero() {
            number.negative &= number.kind == Kind::Real;
            number.scale = 0;
            break;
        }
        number.scale += look.adjust;
        let position = if look.is_scientific { look.places } else { number.scale + look.places - look.point() };
        number.round(i64::from(position), false);
        if !number.is_zero() {
            break;
        }
        // What rounds to zero is shown as zero.
        let zero = find_section(&text, 2);
        if zero == section {
            break;
        }
        section = zero;
        look = look_at(&text, section);
    }
    Writer::new(&number, &look).write(&text, section)
}

impl Picture {
    fn point(&self) -> i32 {
        self.point.unwrap_or(self.places)
    }
}

/// Where the section of that index begins; 0 where there is none.
fn find_section(text: &[char], mut index: usize) -> usize {
    if index == 0 {
        return 0;
    }
    let mut at = 0;
    while let Some(c) = text.get(at) {
        at += 1;
        match c {
            '\'' | '"' => at = after_quote(text, at, *c),
            '\\' => at += 1,
            ';' => {
                index -= 1;
                if index == 0 {
                    // An empty section stands for the first one.
                    return if text.get(at).is_some_and(|c| *c != ';') { at } else { 0 };
                }
            }
            _ => {}
        }
    }
    0
}

fn after_quote(text: &[char], from: usize, quote: char) -> usize {
    let length = text.get(from..).unwrap_or(&[]).iter().position(|c| *c == quote);
    length.map_or(text.len(), |length| from + length + 1)
}

/// Whether an `E` at `at - 1` begins an exponent: a `0` follows, or a sign and a `0`.
fn begins_exponent(text: &[char], at: usize) -> bool {
    match text.get(at) {
        Some('0') => true,
        Some('+' | '-') => text.get(at + 1) == Some(&'0'),
        _ => false,
    }
}

fn look_at(text: &[char], section: usize) -> Picture {
    let mut look = Picture::default();
    let mut thousands: Option<(i32, i32)> = None;
    let mut at = section;
    while let Some(c) = text.get(at).filter(|c| **c != ';') {
        at += 1;
        match c {
            '#' => look.places += 1,
            '0' => {
                look.first_zero.get_or_insert(look.places);
                look.places += 1;
                look.last_zero = look.places;
            }
            '.' => {
                look.point.get_or_insert(look.places);
            }
            ',' if look.places > 0 && look.point.is_none() => match &mut thousands {
                Some((place, count)) if *place == look.places => *count += 1,
                other => {
                    look.is_grouped |= other.is_some();
                    *other = Some((look.places, 1));
                }
            },
            '%' => look.adjust += 2,
            '‰' => look.adjust += 3,
            '\'' | '"' => at = after_quote(text, at, *c),
            '\\' => at += 1,
            'E' | 'e' if begins_exponent(text, at) => {
                look.is_scientific = true;
                at += 1;
                while text.get(at) == Some(&'0') {
                    at += 1;
                }
            }
            _ => {}
        }
    }
    match thousands {
        // Commas right before the point divide by a thousand each; others part the thousands.
        Some((place, count)) if place == look.point() => look.adjust -= count * 3,
        Some(_) => look.is_grouped = true,
        None => {}
    }
    look
}

struct Writer<'a> {
    number: &'a Digits,
    look: &'a Picture,
    /// The next digit of the number.
    next: usize,
    /// The place of the next placeholder, counted from the point to the left.
    place: i32,
    /// More digits than placeholders before the point, or fewer.
    excess: i32,
    /// Down to this place zeros are written before the number's first digit.
    first: i32,
    /// Down to this place zeros are written behind its last one.
    last: i32,
    out: String,
}

impl<'a> Writer<'a> {
    fn new(number: &'a Digits, look: &'a Picture) -> Self {
        let point = look.point();
        let first = look.first_zero.map_or(0, |first| (point - first).max(0));
        let last = if look.last_zero > point { point - look.last_zero } else { 0 };
        let (place, excess) = if look.is_scientific { (point, 0) } else { (number.scale.max(point), number.scale - point) };
        Self { number, look, next: 0, place, excess, first, last, out: String::new() }
    }

    fn digit(&mut self) -> Option<char> {
        let digit = self.number.digits.get(self.next).map(|digit| char::from(*digit));
        self.next += usize::from(digit.is_some());
        digit
    }

    /// Writes a digit, and a comma behind it where thousands are parted.
    fn push(&mut self, digit: char, grouped: i32) {
        self.out.push(digit);
        if self.look.is_grouped && self.place > 1 && self.place <= grouped && (self.place - 1) % 3 == 0 {
            self.out.push(',');
        }
    }

    fn write(mut self, text: &[char], section: usize) -> String {
        if self.number.negative && section == 0 && self.number.scale != 0 {
            self.out.push('-');
        }
        // Commas begin where the first digit is written.
        let grouped = self.first.max(self.place + self.excess.min(0));
        let mut is_scientific = self.look.is_scientific;
        let mut has_point = false;
        let mut at = section;
        while let Some(c) = text.get(at).copied().filter(|c| *c != ';') {
            at += 1;
            if matches!(c, '#' | '0' | '.') {
                while self.excess > 0 {
                    let digit = self.digit().unwrap_or('0');
                    self.push(digit, grouped);
                    self.place -= 1;
                    self.excess -= 1;
                }
            }
            match c {
                '#' | '0' => {
                    let digit = if self.excess < 0 {
                        self.excess += 1;
                        (self.place <= self.first).then_some('0')
                    } else {
                        self.digit().or((self.place > self.last).then_some('0'))
                    };
                    if let Some(digit) = digit {
                        self.push(digit, grouped);
                    }
                    self.place -= 1;
                }
                '.' => {
                    if self.place == 0 && !has_point {
                        let has_more = self.next < self.number.digits.len();
                        if self.last < 0 || (self.look.point() < self.look.places && has_more) {
                            self.out.push('.');
                            has_point = true;
                        }
                    }
                }
                ',' => {}
                '\'' | '"' => {
                    let end = after_quote(text, at, c);
                    let closed = end > at && text.get(end - 1) == Some(&c);
                    self.out.extend(text.get(at..if closed { end - 1 } else { end }).unwrap_or(&[]));
                    at = end;
                }
                '\\' => {
                    self.out.extend(text.get(at));
                    at += 1;
                }
                'E' | 'e' if is_scientific && begins_exponent(text, at) => {
                    let sign = text.get(at).copied().filter(|c| *c != '0');
                    at += usize::from(sign.is_some());
                    let zeros = text.get(at..).unwrap_or(&[]).iter().take_while(|c| **c == '0').count();
                    at += zeros;
                    let value = if self.number.is_zero() { 0 } else { self.number.scale - self.look.point() };
                    exponent(value, c, zeros.min(10), sign == Some('+'), &mut self.out);
                    is_scientific = false;
                }
                'E' | 'e' if !is_scientific => {
                    self.out.push(c);
                    let sign = usize::from(matches!(text.get(at), Some('+' | '-')));
                    let zeros = text.get(at + sign..).unwrap_or(&[]).iter().take_while(|c| **c == '0').count();
                    self.out.extend(text.get(at..at + sign + zeros).unwrap_or(&[]));
                    at += sign + zeros;
                }
                other => self.out.push(other),
            }
        }
        if self.number.negative && section == 0 && self.number.scale == 0 && !self.out.is_empty() {
            self.out.insert(0, '-');
        }
        self.out
    }
}
