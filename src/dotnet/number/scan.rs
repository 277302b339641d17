//! Reading numbers: digits with a sign, thousands, a point and an exponent, as far as the type takes them.
//!
//! Source: dotnet/runtime, Number.Parsing.cs (`TryParseNumber`); learn.microsoft.com/dotnet/api/system.globalization.numberstyles.

/// What a type's parameterless `Parse` takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// `NumberStyles.Integer`: white space and a leading sign.
    Integer,
    /// `NumberStyles.Number`: besides, a trailing sign, thousands and a point.
    Number,
    /// `NumberStyles.Float | AllowThousands`: a leading sign, thousands, a point and an exponent.
    Float,
}

/// A number as written: `0.d₁d₂… × 10^scale`, without leading zeros.
#[derive(Debug, Default)]
pub struct Scanned {
    /// ASCII digits; trailing zeros are kept.
    pub digits: Vec<u8>,
    /// The place of the point.
    pub scale: i32,
    /// A minus sign.
    pub negative: bool,
}

fn is_white(c: u8) -> bool {
    matches!(c, 0x09..=0x0d | b' ')
}

/// Understands a number; `None` where it is none.
pub fn scan(text: &str, style: Style) -> Option<Scanned> {
    let text = text.as_bytes();
    let at = |index: usize| text.get(index).copied().unwrap_or(0);
    let mut number = Scanned::default();
    let mut has_sign = false;
    let mut i = 0;
    loop {
        match at(i) {
            // After a sign there is no white space.
            c if is_white(c) && !has_sign => {}
            b'+' if !has_sign => has_sign = true,
            b'-' if !has_sign => {
                has_sign = true;
                number.negative = true;
            }
            _ => break,
        }
        i += 1;
    }
    let (mut has_digits, mut has_point) = (false, false);
    let mut scale: i64 = 0;
    loop {
        match at(i) {
            c @ b'0'..=b'9' => {
                has_digits = true;
                if c != b'0' || !number.digits.is_empty() {
                    number.digits.push(c);
                    scale += i64::from(!has_point);
                } else if has_point {
                    scale -= 1;
                }
            }
            b'.' if style != Style::Integer && !has_point => has_point = true,
            b',' if style != Style::Integer && has_digits && !has_point => {}
            _ => break,
        }
        i += 1;
    }
    if !has_digits {
        return None;
    }
    if style == Style::Float && matches!(at(i), b'e' | b'E') {
        let sign = at(i + 1);
        let mut j = i + 1 + usize::from(matches!(sign, b'+' | b'-'));
        if at(j).is_ascii_digit() {
            let mut exponent: i64 = 0;
            while at(j).is_ascii_digit() {
                exponent = (exponent * 10 + i64::from(at(j) - b'0')).min(1_000_000_000);
                j += 1;
            }
            scale += if sign == b'-' { -exponent } else { exponent };
            i = j;
        }
    }
    loop {
        match at(i) {
            c if is_white(c) => {}
            c @ (b'+' | b'-') if style == Style::Number && !has_sign => {
                has_sign = true;
                number.negative = c == b'-';
            }
            _ => break,
        }
        i += 1;
    }
    // What C strings leave behind their end is no fault.
    if text.get(i..).unwrap_or(&[]).iter().any(|c| *c != 0) {
        return None;
    }
    number.scale = scale.clamp(-2_000_000_000, 2_000_000_000) as i32;
    Some(number)
}

impl Scanned {
    /// As text that Rust's own parser reads, which rounds right.
    pub fn real(&self) -> String {
        let digits = if self.digits.is_empty() { "0" } else { std::str::from_utf8(&self.digits).unwrap_or("0") };
        format!("{}0.{digits}e{}", if self.negative { "-" } else { "" }, self.scale)
    }

    /// As an integer; `None` where it has more than 38 digits.
    pub fn integer(&self) -> Option<i128> {
        let digits = std::str::from_utf8(&self.digits).unwrap_or("");
        let value: i128 = if digits.is_empty() { 0 } else { digits.parse().ok()? };
        Some(if self.negative { -value } else { value })
    }
}
