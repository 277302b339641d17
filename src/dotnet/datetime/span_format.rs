//! `TimeSpan` as text, by its standard and custom format strings.
//!
//! Source: learn.microsoft.com, "Standard TimeSpan format strings" and "Custom TimeSpan format strings"; dotnet/runtime,
//! `TimeSpanFormat.cs` for what is refused.

use super::{
    calendar::{TICKS_PER_DAY, TICKS_PER_SECOND},
    format::{Refusal, quoted, run},
};

/// The size of a span in its parts; whether it is negative is another matter.
struct Parts {
    days: u64,
    hours: u64,
    minutes: u64,
    seconds: u64,
    fraction: u64,
}

fn parts(ticks: i64) -> Parts {
    let size = ticks.unsigned_abs();
    let seconds = size / TICKS_PER_SECOND as u64;
    Parts {
        days: size / TICKS_PER_DAY as u64,
        hours: seconds / 3600 % 24,
        minutes: seconds / 60 % 60,
        seconds: seconds % 60,
        fraction: size % TICKS_PER_SECOND as u64,
    }
}

/// A span as text; an empty format is the constant one.
pub fn format(ticks: i64, format: &str) -> Result<String, Refusal> {
    let t = parts(ticks);
    let sign = if ticks < 0 { "-" } else { "" };
    let fraction = format!("{:07}", t.fraction);
    Ok(match format {
        "" | "c" | "t" | "T" => {
            let days = if t.days > 0 { format!("{}.", t.days) } else { String::new() };
            let fraction = if t.fraction > 0 { format!(".{fraction}") } else { String::new() };
            format!("{sign}{days}{:02}:{:02}:{:02}{fraction}", t.hours, t.minutes, t.seconds)
        }
        "g" => {
            let days = if t.days > 0 { format!("{}:", t.days) } else { String::new() };
            let fraction = if t.fraction > 0 { format!(".{}", fraction.trim_end_matches('0')) } else { String::new() };
            format!("{sign}{days}{}:{:02}:{:02}{fraction}", t.hours, t.minutes, t.seconds)
        }
        "G" => format!("{sign}{}:{:02}:{:02}:{:02}.{fraction}", t.days, t.hours, t.minutes, t.seconds),
        _ => {
            let format: Vec<char> = format.chars().collect();
            // No other standard format has one letter.
            if format.len() == 1 {
                return Err(Refusal::Format);
            }
            let mut out = String::new();
            custom(&mut out, &t, &format)?;
            out
        }
    })
}

fn custom(out: &mut String, t: &Parts, format: &[char]) -> Result<(), Refusal> {
    let mut rest = format;
    while let Some(c) = rest.first().copied() {
        let mut length = run(rest);
        let digits = |number: u64, most: usize| match length {
            length if length <= most => Ok(format!("{number:0length$}")),
            _ => Err(Refusal::Format),
        };
        match c {
            'd' => out.push_str(&digits(t.days, 8)?),
            'h' => out.push_str(&digits(t.hours, 2)?),
            'm' => out.push_str(&digits(t.minutes, 2)?),
            's' => out.push_str(&digits(t.seconds, 2)?),
            'f' | 'F' => {
                let digits = format!("{:07}", t.fraction);
                let digits = digits.get(..length).ok_or(Refusal::Format)?;
                out.push_str(if c == 'F' { digits.trim_end_matches('0') } else { digits });
            }
            '\'' | '"' => {
                let (text, taken) = quoted(rest)?;
                out.push_str(&text);
                length = taken;
            }
            '%' => match rest.get(1..2) {
                Some([next]) if *next != '%' => {
                    custom(out, t, &[*next])?;
                    length = 2;
                }
                _ => return Err(Refusal::Format),
            },
            '\\' => {
                out.push(*rest.get(1).ok_or(Refusal::Format)?);
                length = 2;
            }
            // Unlike dates, spans want every other character quoted or escaped.
            _ => return Err(Refusal::Format),
        }
        rest = rest.get(length..).unwrap_or(&[]);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Source: the tables of "Standard TimeSpan format strings" and "Custom TimeSpan format strings".
    #[test]
    fn spans_are_written_by_their_formats() {
        let span = TICKS_PER_DAY + (2 * 3600 + 3 * 60 + 4) * TICKS_PER_SECOND + 5_000_000;
        for (ticks, pattern, expected) in [
            (0, "", "00:00:00"),
            (0, "g", "0:00:00"),
            (0, "G", "0:00:00:00.0000000"),
            (span, "c", "1.02:03:04.5000000"),
            (span, "g", "1:2:03:04.5"),
            (-span, "G", "-1:02:03:04.5000000"),
            (-span, "hh\\:mm", "02:03"),
            (span, "%d", "1"),
            (span, "ddd' days'", "001 days"),
            (span, "h\\:mm\\:ss\\.ff", "2:03:04.50"),
            (span, "s\\.FFF", "4.5"),
            (TICKS_PER_SECOND, "s\\.FFF", "1."),
            (i64::MIN, "", "-10675199.02:48:05.4775808"),
            (90 * TICKS_PER_SECOND + 1, "", "00:01:30.0000001"),
        ] {
            assert_eq!(format(ticks, pattern).unwrap(), expected, "{pattern}");
        }
        for refused in ["h", "x", "hh:mm", "hhh", "%", "%%", "ffffffff", "d\\"] {
            assert_eq!(format(span, refused), Err(Refusal::Format), "{refused}");
        }
        assert_eq!(format(span, "hh'"), Err(Refusal::Quote('\'')));
    }
}
