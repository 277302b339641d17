//! Percent escapes: what `Uri` escapes, unescapes and leaves alone. Source: dotnet/runtime, UriHelper.cs, IriHelper.cs.

use smallvec::SmallVec;

/// RFC 3986 section 2.3
pub const UNRESERVED: &str = "-_.~";
/// RFC 3986 section 2.2
pub const RESERVED: &str = ";/?:@&=+$,#[]!'()*";

/// Percent-encodes the bytes of all characters but letters, digits and `kept`; with `keep_escapes` what is an escape already stays.
pub fn escape(text: &str, kept: &[&str], keep_escapes: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let is_kept = |byte: u8| byte.is_ascii_alphanumeric() || kept.iter().any(|set| set.as_bytes().contains(&byte));
    for (index, byte) in text.bytes().enumerate() {
        if is_kept(byte) || (byte == b'%' && keep_escapes && escape_at(text.as_bytes(), index).is_some()) {
            out.push(char::from(byte));
        } else {
            push_escape(&mut out, byte);
        }
    }
    out
}

fn push_escape(out: &mut String, byte: u8) {
    out.push_str(&format!("%{byte:02X}"));
}

/// The byte that an escape at `index` stands for.
pub fn escape_at(text: &[u8], index: usize) -> Option<u8> {
    match text.get(index..index.checked_add(3)?)? {
        [b'%', high, low] => Some((char::from(*high).to_digit(16)? * 16 + char::from(*low).to_digit(16)?) as u8),
        _ => None,
    }
}

/// Resolves escapes of characters that `resolved` admits; others stay as they are written, an escaped byte of no character in upper case.
pub fn unescape_some(text: &str, resolved: impl Fn(char) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    let bytes = text.as_bytes();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let at = text.len() - rest.len();
        // No character has more than four bytes: looking further would cost the square of the text's length.
        let run: SmallVec<[u8; 4]> = (0..4).map_while(|index| escape_at(bytes, at + index * 3)).collect();
        let Some(first) = run.first() else {
            out.push(c);
            rest = rest.get(c.len_utf8()..).unwrap_or("");
            continue;
        };
        // One character at a time: its bytes all, or the first as it is.
        let length = match first {
            0x00..=0x7F => 1,
            0xC2..=0xDF => 2,
            0xE0..=0xEF => 3,
            0xF0..=0xF4 => 4,
            _ => 0,
        };
        let decoded = run.get(..length).and_then(|bytes| std::str::from_utf8(bytes).ok()).and_then(|text| text.chars().next());
        let taken = match decoded {
            Some(c) if resolved(c) => {
                out.push(c);
                length
            }
            Some(c) if c.is_ascii() => {
                out.push_str(rest.get(..3).unwrap_or(""));
                1
            }
            Some(_) => {
                run.iter().take(length).for_each(|byte| push_escape(&mut out, *byte));
                length
            }
            None => {
                push_escape(&mut out, *first);
                1
            }
        };
        rest = rest.get(taken * 3..).unwrap_or("");
    }
    out
}

/// `Uri.UnescapeDataString`: what makes no UTF-8 stays escaped.
pub fn unescape(text: &str, plus_is_space: bool) -> String {
    let spaced = if plus_is_space { text.replace('+', " ") } else { text.to_owned() };
    if spaced.contains('%') { unescape_some(&spaced, |_| true) } else { spaced }
}

/// RFC 3987's `iprivate`, which a query may hold and a path may not, and what no part may hold.
fn is_iri(c: char, in_query: bool) -> bool {
    match u32::from(c) {
        0xE000..=0xF8FF | 0xF_0000..=0xF_FFFD | 0x10_0000..=0x10_FFFD => in_query,
        0xA0..=0xD7FF | 0xF900..=0xFDCF | 0xFDF0..=0xFFEF => true,
        other => (0x1_0000..0xF_0000).contains(&other) && other & 0xFFFE != 0xFFFE,
    }
}

/// What makes a component the same however it is escaped: unreserved characters plain, others as they are.
pub fn normalized(text: &str, in_query: bool) -> String {
    let plain = unescape_some(text, |c| c.is_ascii_alphanumeric() || UNRESERVED.contains(c) || (!c.is_ascii() && is_iri(c, in_query)));
    // Source: IriHelper.cs: bidirectional formatting characters are dropped, what an IRI may not hold is escaped.
    let mut out = String::with_capacity(plain.len());
    for c in plain.chars() {
        match c {
            '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' => {}
            c if c.is_ascii() || is_iri(c, in_query) => out.push(c),
            c => c.encode_utf8(&mut [0; 4]).bytes().for_each(|byte| push_escape(&mut out, byte)),
        }
    }
    out
}

/// The form for people to read: all resolved that does not change what the address means; a `%` that is no escape becomes one.
pub fn displayed(text: &str, in_query: bool) -> String {
    let mut fixed = String::with_capacity(text.len());
    for (index, c) in text.char_indices() {
        fixed.push(c);
        if c == '%' && escape_at(text.as_bytes(), index).is_none() {
            fixed.push_str("25");
        }
    }
    unescape_some(&fixed, |c| {
        if c.is_ascii() { !(c.is_ascii_control() || RESERVED.contains(c) || "%\\#".contains(c)) } else { is_iri(c, in_query) }
    })
}

/// Dot segments and back slashes resolved. Source: Uri.cs, Compress; only whole segments of one or two dots count.
pub fn compress(path: &str) -> String {
    let path = path.replace('\\', "/");
    let (root, rest) = if path.starts_with('/') { ("/", path.get(1..).unwrap_or("")) } else { ("", path.as_str()) };
    let mut segments: Vec<&str> = Vec::new();
    let mut ends_in_directory = false;
    let count = rest.split('/').count();
    for (index, segment) in rest.split('/').enumerate() {
        ends_in_directory = false;
        match segment {
            "." => ends_in_directory = index + 1 == count,
            ".." => {
                segments.pop();
                ends_in_directory = index + 1 == count;
            }
            segment => segments.push(segment),
        }
    }
    let mut out = format!("{root}{}", segments.join("/"));
    if ends_in_directory && !out.ends_with('/') {
        out.push('/');
    }
    out
}

/// RFC 3492: a label of a host name in ASCII.
pub fn punycode(label: &str) -> String {
    let mut out: String = label.chars().filter(char::is_ascii).collect();
    let basic = out.len() as u32;
    if basic > 0 {
        out.push('-');
    }
    let (mut n, mut delta, mut bias, mut handled) = (128_u32, 0_u32, 72_u32, basic);
    let total = label.chars().count() as u32;
    while handled < total {
        let Some(next) = label.chars().map(u32::from).filter(|c| *c >= n).min() else { break };
        delta = delta.saturating_add((next - n).saturating_mul(handled + 1));
        n = next;
        for c in label.chars().map(u32::from) {
            if c < n {
                delta = delta.saturating_add(1);
            }
            if c != n {
                continue;
            }
            let (mut q, mut k) = (delta, 36);
            loop {
                let t = if k <= bias { 1 } else { (k - bias).min(26) };
                let digit = if q < t { q } else { t + (q - t) % (36 - t) };
                out.push(char::from_digit(if digit < 26 { digit + 10 } else { digit - 26 }, 36).unwrap_or('a'));
                if q < t {
                    break;
                }
                q = (q - t) / (36 - t);
                k += 36;
            }
            bias = adapted(delta, handled + 1, handled == basic);
            delta = 0;
            handled += 1;
        }
        delta = delta.saturating_add(1);
        n += 1;
    }
    format!("xn--{out}")
}

fn adapted(delta: u32, count: u32, is_first: bool) -> u32 {
    let mut delta = if is_first { delta / 700 } else { delta / 2 };
    delta += delta / count;
    let mut k = 0;
    while delta > 455 {
        delta /= 35;
        k += 36;
    }
    k + 36 * delta / (delta + 38)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_go_there_and_back() {
        assert_eq!(escape("a b/ü~", &[UNRESERVED], false), "a%20b%2F%C3%BC~");
        assert_eq!(escape("a%20b% c", &[UNRESERVED, RESERVED], true), "a%20b%25%20c");
        assert_eq!(unescape("a%20b%2F%C3%BC~+", false), "a b/ü~+");
        assert_eq!(unescape("a+%ff%41%", true), "a %FFA%");
        assert_eq!(unescape("%c3%28", false), "%C3(");
    }

    #[test]
    fn components_have_one_form() {
        assert_eq!(normalized("/%41%2e%2F%20é%C3%A9%ff", false), "/A.%2F%20éé%FF");
        assert_eq!(displayed("/a%20b%2Fc%25d%3Ce%3E%", false), "/a b%2Fc%25d<e>%25");
    }

    #[test]
    fn dots_are_resolved() {
        for (path, expected) in [
            ("/a/../c", "/c"),
            ("/a/./b/..", "/a/"),
            ("/a/.", "/a/"),
            ("/../a", "/a"),
            ("/a/.../b", "/a/.../b"),
            ("/a//b", "/a//b"),
            ("/a\\b", "/a/b"),
            ("/", "/"),
            ("/..", "/"),
            ("/a//../b", "/a/b"),
        ] {
            assert_eq!(compress(path), expected, "{path}");
        }
    }

    #[test]
    fn labels_have_an_ascii_form() {
        assert_eq!(punycode("bücher"), "xn--bcher-kva");
        assert_eq!(punycode("münchen"), "xn--mnchen-3ya");
        assert_eq!(punycode("例え"), "xn--r8jz45g");
    }
}
