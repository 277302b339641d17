//! Text within XML and HTML.

/// Text as it stands between tags and in quoted attributes; what XML 1.0 cannot hold becomes U+FFFD.
/// Source: w3.org/TR/xml, 2.2 (Char).
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(c),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_text_is_taken_for_markup() {
        assert_eq!(escaped("a < b && c > \"d\"\n\u{1b}[31m"), "a &lt; b &amp;&amp; c &gt; &quot;d&quot;\n\u{fffd}[31m");
    }
}
