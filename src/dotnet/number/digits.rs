//! A number as decimal digits: what every format string works on.
//!
//! Source: dotnet/runtime, System.Private.CoreLib, Number.NumberBuffer.cs and Number.Formatting.cs (`RoundNumber`).

use rust_decimal::Decimal;

/// Where the digits come from: rounding and signed zeros depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An integral type.
    Integer,
    /// `decimal`
    Decimal,
    /// `float` or `double`, whose zero has a sign.
    Real,
}

/// `0.d₁d₂d₃… × 10^scale`; no leading zeros, no digits at all for zero.
#[derive(Clone, Debug)]
pub struct Digits {
    /// ASCII digits.
    pub digits: Vec<u8>,
    /// The place of the decimal point, counted from before the first digit.
    pub scale: i32,
    /// Whether a minus sign stands before it.
    pub negative: bool,
    /// Where the digits come from.
    pub kind: Kind,
}

/// How many digits of a real number are wanted.
#[derive(Clone, Copy, Debug)]
pub enum Cutoff {
    /// As few as read back as the same number.
    Shortest,
    /// That many significant ones.
    Significant(usize),
    /// That many behind the point.
    Fraction(usize),
}

/// No `double` has more digits than this, on either side of its point.
const MOST: usize = 1100;

impl Digits {
    /// Of an integer.
    pub fn integer(value: i128) -> Self {
        let digits = if value == 0 { Vec::new() } else { value.unsigned_abs().to_string().into_bytes() };
        Self { scale: digits.len() as i32, digits, negative: value < 0, kind: Kind::Integer }
    }

    /// Of a decimal, trailing zeros and all.
    pub fn decimal(value: &Decimal) -> Self {
        let mantissa = value.mantissa();
        let digits = if mantissa == 0 { Vec::new() } else { mantissa.unsigned_abs().to_string().into_bytes() };
        Self { scale: digits.len() as i32 - value.scale() as i32, digits, negative: mantissa < 0, kind: Kind::Decimal }
    }

    /// Of a finite `double`, exactly rounded: ties to even, as Dragon4 has them.
    pub fn double(value: f64, cutoff: Cutoff) -> Self {
        let text = match cutoff {
            Cutoff::Shortest => format!("{value:e}"),
            Cutoff::Significant(count) => format!("{value:.*e}", count.clamp(1, MOST) - 1),
            Cutoff::Fraction(count) => format!("{value:.*}", count.min(MOST)),
        };
        Self::real(&text)
    }

    /// Of a finite `float`: the shortest digits differ from those of the equal `double`, the exact ones do not.
    pub fn single(value: f32, cutoff: Cutoff) -> Self {
        match cutoff {
            Cutoff::Shortest => Self::real(&format!("{value:e}")),
            cutoff => Self::double(f64::from(value), cutoff),
        }
    }

    /// Of `[-]ddd[.ddd][e[-]dd]`.
    fn real(text: &str) -> Self {
        let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
        let unsigned = mantissa.strip_prefix('-');
        let (whole, fraction) = unsigned.unwrap_or(mantissa).split_once('.').unwrap_or((unsigned.unwrap_or(mantissa), ""));
        let all: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
        let leading = all.iter().take_while(|digit| **digit == b'0').count();
        let mut digits = all.get(leading..).unwrap_or(&[]).to_vec();
        while digits.last() == Some(&b'0') {
            digits.pop();
        }
        let scale = if digits.is_empty() { 0 } else { whole.len() as i32 - leading as i32 + exponent.parse::<i32>().unwrap_or(0) };
        Self { digits, scale, negative: unsigned.is_some(), kind: Kind::Real }
    }

    /// Whether it is zero.
    pub fn is_zero(&self) -> bool {
        self.digits.is_empty()
    }

    /// Keeps `position` digits, rounding half away from zero; `exact` digits have been rounded before and are only cut.
    pub fn round(&mut self, position: i64, exact: bool) {
        let kept = usize::try_from(position).unwrap_or(0).min(self.digits.len());
        let up = position >= 0 && kept as i64 == position && !exact && self.digits.get(kept).is_some_and(|digit| *digit >= b'5');
        self.digits.truncate(kept);
        if up {
            while self.digits.last() == Some(&b'9') {
                self.digits.pop();
            }
            match self.digits.last_mut() {
                Some(last) => *last += 1,
                None => {
                    self.scale += 1;
                    self.digits.push(b'1');
                }
            }
        } else {
            while self.digits.last() == Some(&b'0') {
                self.digits.pop();
            }
        }
        if self.digits.is_empty() {
            self.scale = 0;
            self.negative &= self.kind == Kind::Real;
        }
    }

    /// Appends `count` digits from place `from` of the number counted from its first digit, zeros where it has none.
    pub fn write(&self, from: i64, count: usize, out: &mut String) {
        for place in (from..).take(count) {
            out.push(usize::try_from(place).ok().and_then(|place| self.digits.get(place)).map_or('0', |digit| char::from(*digit)));
        }
    }
}
