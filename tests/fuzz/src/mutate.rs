//! New inputs made of known ones: what a fuzzer does, without one, and the same on every machine.

use openai_failover::environment::split_mix;

/// What goes in anywhere: characters and numbers at which things break.
const PIECES: &[&str] = &[
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "<",
    ">",
    "\"",
    "'",
    "\\",
    ",",
    ".",
    ";",
    "?",
    ":",
    "=>",
    "==",
    "!",
    "-",
    "+",
    "*",
    "|",
    "^",
    "$",
    "%",
    "@",
    "#",
    "0",
    "-1",
    "2147483647",
    "-2147483648",
    "9223372036854775807",
    "1e308",
    "1000000000",
    "int.MaxValue",
    "int.MinValue",
    "long.MinValue",
    "null",
    "\"\"",
    "default",
    "new int[0]",
    "\u{1}",
    "\u{0}",
    "\u{feff}",
    "\u{1F600}",
    "\u{301}",
    "\n",
    " ",
    "{0}",
    "{0,1000000000}",
    "N99",
    "(?=",
    "(a*)*",
    "\\b",
    "..",
    "[*]",
    "[?(",
    "&#x10FFFF;",
    "<a>",
    "</a>",
    "T",
    "Z",
    "E",
    "_",
    "ToString()",
    "DateTime.MaxValue",
];

/// A change of `input`, or something of it and of `other`.
pub fn mutated(input: &[u8], other: &[u8], state: &mut u64) -> Vec<u8> {
    let mut out = input.to_vec();
    for _ in 0..=below(state, 4) {
        let (start, end) = range(&out, state);
        let piece: Vec<u8> = match below(state, 8) {
            0 | 1 => pick(PIECES, state).as_bytes().to_vec(),
            2 | 3 => {
                let (from, to) = range(other, state);
                other[from..to].to_vec()
            }
            4 => Vec::new(),
            5 => out[start..end].repeat(below(state, 4) + 2),
            6 => vec![split_mix(state) as u8],
            _ => {
                // Another number in the place of a number.
                let Some(at) = out.iter().position(u8::is_ascii_digit) else { continue };
                let to = out[at..].iter().position(|byte| !byte.is_ascii_digit()).map_or(out.len(), |length| at + length);
                let number = ["0", "1", "2147483647", "2147483648", "4294967296", "99999999999999999999", "1000000"];
                out.splice(at..to, pick(&number, state).bytes());
                continue;
            }
        };
        // In the place of what stands there, or in front of it.
        let end = if below(state, 2) == 0 { start } else { end };
        out.splice(start..end, piece);
    }
    out.truncate(4096);
    out
}

/// Bytes for the grammars.
pub fn bytes(state: &mut u64) -> Vec<u8> {
    let length = 1 + below(state, 200);
    let mut out: Vec<u8> = (0..length).map(|_| split_mix(state) as u8).collect();
    // Not text, and not for the templates.
    out[0] %= 64;
    out
}

fn below(state: &mut u64, limit: usize) -> usize {
    (split_mix(state) % limit.max(1) as u64) as usize
}

fn pick<'a>(from: &[&'a str], state: &mut u64) -> &'a str {
    from[below(state, from.len())]
}

/// A short range, from a character's begin to another's.
fn range(text: &[u8], state: &mut u64) -> (usize, usize) {
    let start = below(state, text.len() + 1);
    let length = if below(state, 4) == 0 { 40 } else { 8 };
    (start, (start + below(state, length)).min(text.len()))
}
