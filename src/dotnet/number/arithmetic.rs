//! `decimal` as .NET counts: 96 bits and a scale, ties to even, as many digits as fit.
//!
//! Source: dotnet/runtime, System.Private.CoreLib, Decimal.DecCalc.cs. `None` is an overflow; divisors are not zero.

use num_bigint::BigUint;
use num_traits::{ToPrimitive, Zero};
use rust_decimal::Decimal;

/// The most digits behind the point.
pub const MAX_SCALE: u32 = 28;
const LIMIT: u128 = 1 << 96;

/// A decimal of its parts; `None` where it has more than 96 bits or 28 places.
pub fn from_parts(mantissa: u128, scale: u32, negative: bool) -> Option<Decimal> {
    (mantissa < LIMIT && scale <= MAX_SCALE)
        .then(|| Decimal::from_parts(mantissa as u32, (mantissa >> 32) as u32, (mantissa >> 64) as u32, negative, scale))
}

fn parts(value: &Decimal) -> (u128, u32, bool) {
    (value.mantissa().unsigned_abs(), value.scale(), value.is_sign_negative())
}

fn power(exponent: u32) -> BigUint {
    BigUint::from(10_u32).pow(exponent)
}

/// The number with as many of its digits as a decimal holds, rounded half to even; `sticky` says that it is a little more.
fn fit(mantissa: &BigUint, scale: u32, negative: bool, sticky: bool) -> Option<Decimal> {
    let over = mantissa.bits().saturating_sub(96) as u32;
    // Never more than are needed: log10(2) is above 0.3.
    let mut drop = scale.saturating_sub(MAX_SCALE).max(over * 3 / 10);
    loop {
        let scale = scale.checked_sub(drop)?;
        let divisor = power(drop);
        let (quotient, rest) = (mantissa / &divisor, mantissa % &divisor);
        let twice = rest * 2_u32;
        let is_odd = quotient.bit(0);
        let up = drop > 0 && (twice > divisor || (twice == divisor && (sticky || is_odd)));
        let rounded = quotient.to_u128().and_then(|quotient| quotient.checked_add(u128::from(up)));
        if let Some(decimal) = rounded.and_then(|rounded| from_parts(rounded, scale, negative)) {
            return Some(decimal);
        }
        drop += 1;
    }
}

/// `a + b`: the greater of the two scales.
pub fn add(a: &Decimal, b: &Decimal) -> Option<Decimal> {
    let ((ma, sa, na), (mb, sb, nb)) = (parts(a), parts(b));
    let scale = sa.max(sb);
    let align = |mantissa: u128, own: u32| 10_u128.checked_pow(scale - own).and_then(|power| mantissa.checked_mul(power));
    if let (Some(ma), Some(mb)) = (align(ma, sa), align(mb, sb))
        && let (Ok(ma), Ok(mb)) = (i128::try_from(ma), i128::try_from(mb))
        && let Some(sum) = (if na { -ma } else { ma }).checked_add(if nb { -mb } else { mb })
        && let Some(sum) = from_parts(sum.unsigned_abs(), scale, sum < 0)
    {
        return Some(sum);
    }
    let (ma, mb) = (BigUint::from(ma) * power(scale - sa), BigUint::from(mb) * power(scale - sb));
    if na == nb {
        fit(&(ma + mb), scale, na, false)
    } else if ma >= mb {
        fit(&(ma - mb), scale, na, false)
    } else {
        fit(&(mb - ma), scale, nb, false)
    }
}

/// `a - b`
pub fn subtract(a: &Decimal, b: &Decimal) -> Option<Decimal> {
    add(a, &-*b)
}

/// `a * b`: the sum of the scales.
pub fn multiply(a: &Decimal, b: &Decimal) -> Option<Decimal> {
    let ((ma, sa, na), (mb, sb, nb)) = (parts(a), parts(b));
    let (scale, negative) = (sa + sb, na != nb);
    // Factors of 32 bits have a way of their own, which keeps the scale of a zero.
    let is_short = ma >> 32 == 0 && mb >> 32 == 0;
    if (ma == 0 || mb == 0) && !is_short || is_short && scale > MAX_SCALE + 19 {
        return Some(Decimal::ZERO);
    }
    if let Some(product) = ma.checked_mul(mb).and_then(|product| from_parts(product, scale, negative)) {
        return Some(product);
    }
    fit(&(BigUint::from(ma) * mb), scale, negative, false)
}

/// `a / b`: exact with the difference of the scales where that goes, else as many digits as fit, without trailing zeros.
pub fn divide(a: &Decimal, b: &Decimal) -> Option<Decimal> {
    let ((ma, sa, na), (mb, sb, nb)) = (parts(a), parts(b));
    let negative = na != nb;
    if mb == 0 {
        return None;
    }
    if ma % mb == 0 {
        let quotient = ma / mb;
        return match sa.checked_sub(sb) {
            Some(scale) => from_parts(quotient, scale, negative),
            None => from_parts(10_u128.checked_pow(sb - sa).and_then(|power| quotient.checked_mul(power))?, 0, negative),
        };
    }
    let dividend = BigUint::from(ma) * power(MAX_SCALE + sb - sa);
    let (quotient, rest) = (&dividend / mb, &dividend % mb);
    // One digit more than a decimal has, so that `fit` does the rounding in all cases.
    let (next, rest) = (&rest * 10_u32 / mb, rest * 10_u32 % mb);
    let exact = fit(&(quotient * 10_u32 + next), MAX_SCALE + 1, negative, !rest.is_zero())?;
    Some(unscaled(&exact))
}

/// Without zeros at the end of its fraction.
pub fn unscaled(value: &Decimal) -> Decimal {
    let (mut mantissa, mut scale, negative) = parts(value);
    while scale > 0 && mantissa % 10 == 0 {
        mantissa /= 10;
        scale -= 1;
    }
    from_parts(mantissa, scale, negative).unwrap_or(*value)
}

/// `a % b`, with the sign of `a`.
pub fn remainder(a: &Decimal, b: &Decimal) -> Option<Decimal> {
    let ((ma, sa, na), (mb, sb, _)) = (parts(a), parts(b));
    if mb == 0 {
        return None;
    }
    let scale = sa.max(sb);
    let (wide_a, wide_b) = (BigUint::from(ma) * power(scale - sa), BigUint::from(mb) * power(scale - sb));
    if wide_a < wide_b {
        return Some(*a);
    }
    from_parts((wide_a % wide_b).to_u128()?, scale, na)
}

/// `MidpointRounding`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounding {
    /// Halves to the even neighbour.
    ToEven,
    /// Halves to the greater magnitude.
    AwayFromZero,
    /// All to the smaller magnitude.
    ToZero,
    /// All down.
    ToNegativeInfinity,
    /// All up.
    ToPositiveInfinity,
}

/// With at most that many digits behind the point.
pub fn round(value: &Decimal, places: u32, mode: Rounding) -> Decimal {
    let (mantissa, scale, negative) = parts(value);
    let Some(drop) = scale.checked_sub(places).filter(|drop| *drop > 0) else { return *value };
    let divisor = 10_u128.pow(drop);
    let (quotient, rest) = (mantissa / divisor, mantissa % divisor);
    let up = match mode {
        Rounding::ToEven => rest * 2 > divisor || (rest * 2 == divisor && quotient % 2 == 1),
        Rounding::AwayFromZero => rest * 2 >= divisor,
        Rounding::ToZero => false,
        Rounding::ToNegativeInfinity => negative && rest > 0,
        Rounding::ToPositiveInfinity => !negative && rest > 0,
    };
    from_parts(quotient + u128::from(up), places, negative).unwrap_or(*value)
}

/// The conversion of a `double`: 15 significant digits. Source: `VarDecFromR8`.
pub fn from_double(value: f64) -> Option<Decimal> {
    from_real(value, 15)
}

/// The conversion of a `float`: 7 significant digits. Source: `VarDecFromR4`.
pub fn from_single(value: f32) -> Option<Decimal> {
    from_real(f64::from(value), 7)
}

fn from_real(value: f64, digits: i32) -> Option<Decimal> {
    // The exponent of a mantissa in [0.5, 1).
    let exponent = ((value.to_bits() >> 52) & 0x7ff) as i32 - 1022;
    if exponent < -94 {
        return Some(Decimal::ZERO);
    }
    if exponent > 96 {
        return None;
    }
    let mut real = value.abs();
    let most = 10_f64.powi(digits);
    let mut power = digits - 1 - ((exponent * 19728) >> 16);
    if power >= 0 {
        power = power.min(MAX_SCALE as i32);
        real *= ten(power);
    } else if power != -1 || real >= most {
        real /= ten(-power);
    } else {
        power = 0;
    }
    if real < most / 10.0 && power < MAX_SCALE as i32 {
        real *= 10.0;
        power += 1;
    }
    let mut mantissa = real as u128;
    let rest = real - mantissa as f64;
    if rest > 0.5 || (rest == 0.5 && mantissa % 2 == 1) {
        mantissa += 1;
    }
    let negative = value < 0.0;
    match u32::try_from(power) {
        Ok(scale) => from_parts(mantissa, scale, negative).map(|decimal| unscaled(&decimal)),
        Err(_) => from_parts(mantissa * 10_u128.pow(power.unsigned_abs()), 0, negative),
    }
}

fn ten(exponent: i32) -> f64 {
    // Exact to the last bit, unlike repeated multiplication.
    format!("1e{exponent}").parse().unwrap_or(1.0)
}

/// The conversion to `double`. Source: `VarR8FromDec`.
pub fn to_double(value: &Decimal) -> f64 {
    let (mantissa, scale, negative) = parts(value);
    let (low, high) = (mantissa as u64, (mantissa >> 64) as u32);
    let real = (low as f64 + f64::from(high) * 18_446_744_073_709_551_616.0) / ten(scale as i32);
    if negative { -real } else { real }
}

/// The decimal of `0.d₁d₂… × 10^scale`; `rest` says that non-zero digits follow. Source: `TryNumberToDecimal`.
pub fn from_digits(digits: &[u8], scale: i32, negative: bool, rest: bool) -> Option<Decimal> {
    if digits.is_empty() {
        return from_parts(0, (-scale).clamp(0, MAX_SCALE as i32) as u32, negative);
    }
    if scale > 29 {
        return None;
    }
    let (mut mantissa, mut exponent, mut next) = (0_u128, scale, 0);
    while exponent > 0 || (next < digits.len() && exponent > -(MAX_SCALE as i32)) {
        let digit = digits.get(next).map_or(0, |digit| u128::from(digit - b'0'));
        let Some(longer) = Some(mantissa * 10 + digit).filter(|longer| *longer < LIMIT) else { break };
        mantissa = longer;
        next += 1;
        exponent -= 1;
    }
    // The digit that is cut off lies right behind only where the number reaches so far.
    let cut = if exponent > -29 { digits.get(next).copied().unwrap_or(b'0') } else { b'0' };
    let tail = rest || digits.get(next + 1..).unwrap_or(&[]).iter().any(|digit| *digit != b'0');
    if cut > b'5' || (cut == b'5' && (tail || mantissa % 2 == 1)) {
        mantissa += 1;
        if mantissa == LIMIT {
            mantissa = LIMIT / 10 + 1;
            exponent += 1;
        }
    }
    match exponent {
        1.. => None,
        ..=-29 => from_parts(0, MAX_SCALE, negative),
        _ => from_parts(mantissa, exponent.unsigned_abs(), negative),
    }
}
