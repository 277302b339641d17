//! Upper and lower case as .NET has them: character by character, never `ß` to `SS`.
//!
//! Source: dotnet/runtime, src/libraries/System.Globalization.Native/pal_casing.c: `u_toupper` and `u_tolower`, the *simple* mappings of
//! Unicode, with exceptions for the Turkish `i`.

use super::Str;

/// The simple upper case of a character.
fn simple_upper(c: char) -> char {
    match c {
        // Titlecase letters: what `to_uppercase` would give is two characters.
        '\u{1F80}'..='\u{1F87}' | '\u{1F90}'..='\u{1F97}' | '\u{1FA0}'..='\u{1FA7}' => char::from_u32(u32::from(c) + 8).unwrap_or(c),
        '\u{1FB3}' | '\u{1FC3}' | '\u{1FF3}' => char::from_u32(u32::from(c) + 9).unwrap_or(c),
        _ => single(c.to_uppercase(), c),
    }
}

fn single(mut mapped: impl Iterator<Item = char>, c: char) -> char {
    match (mapped.next(), mapped.next()) {
        (Some(only), None) => only,
        _ => c,
    }
}

/// `char.ToUpperInvariant`, for characters outside the basic plane as well.
pub fn upper(c: char) -> char {
    if c == 'ı' { c } else { simple_upper(c) }
}

/// `char.ToLowerInvariant`, likewise.
pub fn lower(c: char) -> char {
    single(c.to_lowercase(), c)
}

/// What `StringComparison.OrdinalIgnoreCase` compares.
pub fn folded(c: char) -> char {
    if matches!(c, 'ı' | 'ſ') { c } else { simple_upper(c) }
}

/// Maps each character of a string; lone surrogates stay.
pub fn map(text: &Str, to: fn(char) -> char) -> Str {
    match text {
        Str::Text(text) => text.chars().map(to).collect::<String>().into(),
        Str::Units(units) => {
            let mut mapped = Vec::with_capacity(units.len());
            for c in char::decode_utf16(units.iter().copied()) {
                match c {
                    Ok(c) => mapped.extend_from_slice(to(c).encode_utf16(&mut [0; 2])),
                    Err(lone) => mapped.push(lone.unpaired_surrogate()),
                }
            }
            Str::from_units(&mapped)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn casing_is_simple() {
        let upper_of = |text: &'static str| map(&text.into(), upper).to_string();
        assert_eq!(upper_of("straße ıſ ŉ ᾳ ǆ 𐐨"), "STRAßE ıS ŉ ᾼ Ǆ 𐐀");
        assert_eq!(map(&"İIÀΣ𐐀".into(), lower).to_string(), "İiàσ𐐨");
        assert_eq!(map(&"ſıé".into(), folded).to_string(), "ſıÉ");
    }
}
