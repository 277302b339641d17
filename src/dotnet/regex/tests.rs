//! Patterns by behaviour. A match is written as its text and what each group has captured, `|` between the groups and `,` between the
//! captures of one; `/` stands between the matches, and `~` for a group without a capture.

use proptest::prelude::*;

use super::{
    fault::{Fault, Fuel},
    matcher::{Matcher, Scope, Span},
    options,
    program::Program,
};
use crate::dotnet::exception::BudgetSpent;

fn flags(letters: &str) -> i32 {
    letters.chars().fold(0, |flags, letter| {
        flags
            | match letter {
                'i' => options::IGNORE_CASE,
                'm' => options::MULTILINE,
                'n' => options::EXPLICIT_CAPTURE,
                's' => options::SINGLELINE,
                'x' => options::IGNORE_PATTERN_WHITESPACE,
                'r' => options::RIGHT_TO_LEFT,
                'e' => options::ECMA_SCRIPT,
                _ => 0,
            }
    })
}

fn units(text: &str) -> Vec<u16> {
    text.encode_utf16().collect()
}

/// All matches, up to a hundred.
fn matches(pattern: &str, letters: &str, text: &[u16], fuel: &mut Fuel) -> Result<Vec<Vec<Vec<Span>>>, Fault> {
    let program = Program::compile(&units(pattern), flags(letters))?;
    let mut matcher = Matcher::default();
    let backward = program.is_backward();
    let mut scope = Scope { begin: 0, end: text.len(), start: if backward { text.len() } else { 0 }, after_empty: false };
    let mut found = Vec::new();
    while let Some(captures) = matcher.search(&program, text, scope, fuel)? {
        let (start, length) = captures[0][0];
        let end = start + length;
        scope = Scope { start: if backward { start } else { end } as usize, after_empty: length == 0, ..scope };
        found.push(captures);
        if found.len() == 100 {
            break;
        }
    }
    Ok(found)
}

fn shown(pattern: &str, letters: &str, text: &str) -> String {
    let text = units(text);
    let mut fuel = Fuel { steps: 10_000_000, memory: 64 << 20 };
    let span = |(start, length): &Span| String::from_utf16_lossy(&text[*start as usize..(*start + *length) as usize]);
    let group = |spans: &Vec<Span>| {
        if spans.is_empty() { "~".to_owned() } else { spans.iter().map(span).collect::<Vec<_>>().join(",") }
    };
    match matches(pattern, letters, &text, &mut fuel) {
        Ok(found) if found.is_empty() => "none".to_owned(),
        Ok(found) => found.iter().map(|match_| match_.iter().map(group).collect::<Vec<_>>().join("|")).collect::<Vec<_>>().join("/"),
        Err(Fault::Syntax(message)) => message.strip_prefix(&format!("Invalid pattern '{pattern}' at offset ")).unwrap_or("?").to_owned(),
        Err(Fault::Spent(spent)) => format!("{spent:?}"),
    }
}

#[track_caller]
fn check(cases: &[(&str, &str, &str, &str)]) {
    let wrong: Vec<_> = cases
        .iter()
        .map(|(pattern, letters, text, expected)| (shown(pattern, letters, text), pattern, letters, text, expected))
        .filter(|(got, .., expected)| got != **expected)
        .map(|(got, pattern, letters, text, expected)| {
            format!("{pattern:?} {letters} on {text:?}\n  expected {expected:?}\n  got      {got:?}")
        })
        .collect();
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn atoms() {
    check(&[
        ("abc", "", "xabcx", "abc"),
        ("abc", "", "ab", "none"),
        ("", "", "ab", "//"),
        ("a.c", "", "abc a\nc a.c", "abc/a.c"),
        ("a.c", "s", "a\nc", "a\nc"),
        (".", "", "a\r\n\u{2028}", "a/\r/\u{2028}"),
        (r"\.", "", "a.b", "."),
        (r"\x41\u0042\103\t\n\r\f\v\a\e", "", "ABC\t\n\r\x0C\x0B\x07\x1B", "ABC\t\n\r\x0C\x0B\x07\x1B"),
        (r"\cA\cz\c[", "", "\x01\x1A\x1B", "\x01\x1A\x1B"),
        (r"\0", "", "a\0", "\0"),
        (r"\060", "", "0", "0"),
        (r"\377", "", "\u{FF}", "\u{FF}"),
        (r"\-\_", "", "-_", r"4. Unrecognized escape sequence \\_."),
        (r"\-\!\@\#\%\&\=\:\;\,\<\>\/\~\`", "", "-!@#%&=:;,<>/~`", "-!@#%&=:;,<>/~`"),
        ("😀", "", "a😀b", "😀"),
        ("^..$", "", "😀", "😀"),
        ("^.$", "", "😀", "none"),
        (r"\ud83d", "", "😀", "\u{FFFD}"),
        ("a|b|cd", "", "xcdba", "cd/b/a"),
        ("a|ab", "", "ab", "a"),
        ("(?:a|ab)c", "", "abc", "abc"),
        ("a||b", "", "b", "/"),
        ("}", "", "a}", "}"),
        ("]", "", "a]", "]"),
        ("a{,3}", "", "a{,3}", "a{,3}"),
        ("a{x}", "", "a{x}", "a{x}"),
        ("a{", "", "a{", "a{"),
        ("a{1", "", "a{1", "a{1"),
        ("a{1,", "", "a{1,", "a{1,"),
        ("{", "", "{", "{"),
        ("x{-1}", "", "x{-1}", "x{-1}"),
    ]);
}

#[test]
fn classes() {
    check(&[
        ("[abc]+", "", "xxabcabx", "abcab"),
        ("[^abc]+", "", "abxyc", "xy"),
        ("[a-c]+", "", "dcbae", "cba"),
        ("[]a]+", "", "x]a]", "]a]"),
        ("[^]a]+", "", "]xya", "xy"),
        ("[a-]+", "", "b-a", "-a"),
        ("[-a]+", "", "b-a", "-a"),
        (r"[a\-c]+", "", "b-ac", "-ac"),
        (r"[\d-x]+", "", "a1-x2", "1-x2"),
        (r"[+--]+", "", "+,-.", "+,-"),
        (r"[\w.]+@[\w.]+", "", "to: a.b@c.de!", "a.b@c.de"),
        ("[a-z-[aeiou]]+", "", "hello", "h/ll"),
        ("[a-z-[d-w-[m]]]+", "", "abdmxz", "ab/mxz"),
        (r"^[\w-[\d]]+$", "", "abc_", "abc_"),
        (r"[\d-[5-9]]+", "", "15243967", "1/243"),
        ("[^a-c-[x]]+", "", "axyc", "y"),
        ("[a-zA-Z0-9]{3}", "", "a1B2", "a1B"),
        (r"\d+", "", "a12b٣", "12/٣"),
        (r"\d+", "e", "a12b٣", "12"),
        (r"\D+", "", "12ab3", "ab"),
        (r"\w+", "", "naïve_1 Ünï-ж", "naïve_1/Ünï/ж"),
        (r"\w+", "e", "naïve_1", "na/ve_1"),
        (r"\w", "", "\u{200D}\u{203F}\u{0301}", "\u{203F}/\u{0301}"),
        (r"\W+", "", "ab--cd", "--"),
        (r"\s+", "", "a \t\n\u{A0}\u{2003}b", " \t\n\u{A0}\u{2003}"),
        (r"\s+", "e", "a \t\n\u{A0}b", " \t\n"),
        (r"\S+", "", " ab c", "ab/c"),
        (r"[\s\S]", "", "a\n", "a/\n"),
        (r"[\D\d]+", "", "a1", "a1"),
        (r"\p{Lu}+", "", "abCDe", "CD"),
        (r"\P{Lu}+", "", "abCDe", "ab/e"),
        (r"\p{L}+", "", "12жш,", "жш"),
        (r"\p{Nd}", "", "Ⅷ8", "8"),
        (r"\p{N}+", "", "Ⅷ8²x", "Ⅷ8²"),
        (r"\p{P}+", "", "a!?(b", "!?("),
        (r"\p{Sc}", "", "5€", "€"),
        (r"\p{Cs}+", "", "a😀", "😀"),
        (r"\p{IsGreek}+", "", "abγδж", "γδ"),
        (r"\p{IsGreekandCoptic}", "", "abγ", "γ"),
        (r"\p{IsCyrillic}+", "", "abжшγ", "жш"),
        (r"\P{IsBasicLatin}+", "", "aжb", "ж"),
        (r"[\p{Ll}\p{Nd}]+", "", "AbcD9e", "bc/9e"),
        (r"[^\P{L}A]+", "", "AbA1c", "b/c"),
        (r"[\]\\]+", "", r"a]\b", r"]\"),
        (r"[\n\x41-\x43]+", "", "D\nABCD", "\nABC"),
        (r"[\b]", "", "a\u{8}", "\u{8}"),
        ("[[:a]+", "", "x[:a", "[:a"),
        ("[a[b]+", "", "[ab", "[ab"),
        (r"[\w-]+", "", "a-b c", "a-b/c"),
        (r"[a-\x63]+", "", "dcba", "cba"),
        ("[^]", "e", "a", "a"),
        (r"[\d-\w]+", "", "a-1!", "a-1"),
    ]);
}

#[test]
fn quantifiers() {
    check(&[
        ("a*", "", "baac", "/aa//"),
        ("a+", "", "baac", "aa"),
        ("a?", "", "ab", "a//"),
        ("a{2}", "", "aaaaa", "aa/aa"),
        ("a{2,}", "", "a aa aaaa", "aa/aaaa"),
        ("a{2,3}", "", "aaaaaaa", "aaa/aaa"),
        ("a{0}b", "", "ab", "b"),
        ("a{1}", "", "a", "a"),
        ("a{0,1}", "", "a", "a/"),
        ("a*?", "", "aa", "//"),
        ("a+?", "", "aa", "a/a"),
        ("a??b", "", "ab", "ab"),
        ("a{2,3}?", "", "aaaa", "aa/aa"),
        ("<.+>", "", "<a><b>", "<a><b>"),
        ("<.+?>", "", "<a><b>", "<a>/<b>"),
        ("<.*?>x", "", "<a><b>x", "<a><b>x"),
        ("(ab)+", "", "ababab", "ababab|ab,ab,ab"),
        ("(ab)*c", "", "c", "c|~"),
        ("(a|b)*", "", "abba", "abba|a,b,b,a/|~"),
        ("(a?)*", "", "aab", "aa|a,a,/|/|"),
        ("(a?)*?b", "", "aab", "aab|a,a"),
        ("(a*)+", "", "b", "|/|"),
        ("(a*)*", "", "aa", "aa|aa,/|"),
        ("(?:a*)*b", "", "aab", "aab"),
        ("(a|b){2}", "", "abab", "ab|a,b/ab|a,b"),
        ("(a|b){2,3}?", "", "abab", "ab|a,b/ab|a,b"),
        ("(?:ab){2,}", "", "ababab ab", "ababab"),
        ("(a{2}){2}", "", "aaaaa", "aaaa|aa,aa"),
        ("(?:a{2}){2}", "", "aaaaa", "aaaa"),
        (r"(\w)+?\d", "", "ab1", "ab1|a,b"),
        ("^*a", "", "a", "a"),
        (r"\b*a", "", "a", "a"),
        ("(^)*a", "", "a", "a|"),
        ("(?=a)*a", "", "a", "a"),
        ("(a{0,2}){3}", "", "aaaaa", "aaaaa|aa,aa,a/|,,"),
        (r"(\d{1,3}\.){3}\d{1,3}", "", "ip 192.168.0.1 x", "192.168.0.1|192.,168.,0."),
        ("(?:x|y)??z", "", "xz", "xz"),
        ("(x)?y", "", "xy y", "xy|x/y|~"),
        ("(x)??y", "", "xy", "xy|x"),
        ("a.*c", "", "abcbcd", "abcbc"),
        ("a.*?c", "", "abcbcd", "abc"),
        ("(a+|b+|c+)*c", "", "aabbabc", "aabbabc|aa,bb,a,b"),
        ("x*y+$", "", "xxyy", "xxyy"),
        (".{3}$", "", "abcdef", "def"),
        ("(?:)*a", "", "a", "a"),
        ("(?:|a)*b", "", "ab", "ab"),
        ("(|a)+?b", "", "ab", "ab|a"),
        ("(?:a|)*b", "", "aab", "aab"),
    ]);
}

#[test]
fn anchors_and_boundaries() {
    check(&[
        ("^a", "", "aa", "a"),
        ("^a", "m", "a\na", "a/a"),
        ("a$", "", "a\na\n", "a"),
        ("a$", "m", "a\na\n", "a/a"),
        ("a$", "", "a\n\n", "none"),
        ("$", "", "a\n", "/"),
        ("$", "m", "a\nb", "/"),
        (r"a\Z", "", "a\n", "a"),
        (r"a\z", "", "a\n", "none"),
        (r"a\z", "", "a", "a"),
        (r"\Aa", "m", "a\na", "a"),
        (r"a$", "", "a\r\n", "none"),
        (r"a\r?$", "m", "a\r\nb", "a\r"),
        (r"\bcat\b", "", "cat concat cats cat.", "cat/cat"),
        (r"\Bb\B", "", "abc b", "b"),
        (r"\b", "", "ab c", "///"),
        (r"\bж\b", "", "a ж", "ж"),
        (r"\bж\b", "e", "a ж", "none"),
        (r"a\b", "", "a\u{200D}", "none"),
        (r"\G\d", "", "12a3", "1/2"),
        (r"\Ga*?b", "", "abb a", "ab/b"),
        (r"^\s*$", "m", "a\n\nb", ""),
        (r"(?m)^(\w+)$", "", "a\nbc", "a|a/bc|bc"),
        (r"^(a|b)", "", "ba", "b|b"),
        (r"(^a|b)", "", "ba", "b|b"),
    ]);
}

#[test]
fn groups_and_references() {
    check(&[
        (r"(\w)\1", "", "aabbc", "aa|a/bb|b"),
        (r"(?<c>\w)\k<c>", "", "trellis", "ll|l"),
        (r"(?'c'\w)\k'c'", "", "trellis", "ll|l"),
        (r"(?<c>\w)\<c>", "", "trellis", "ll|l"),
        (r"(?<2>\w)\k<2>", "", "trellis", "ll|l"),
        (r"(\w)\k<1>", "", "trellis", "ll|l"),
        (r"(?<b>b)(a)", "", "ba", "ba|a|b"),
        (r"(a)(?<n>b)(c)(?<m>d)", "", "abcd", "abcd|a|c|b|d"),
        (r"(?<n>a)(?<n>b)", "", "ab", "ab|a,b"),
        (r"(?<1>a)(b)", "", "ab", "ab|a,b"),
        (r"(a)(?<3>b)", "", "ab", "ab|a|b"),
        (r"(?:a)(b)", "", "ab", "ab|b"),
        ("(a)(b)", "n", "ab", "ab"),
        ("(a)(?<x>b)", "n", "ab", "ab|b"),
        ("(?n:(a))(b)", "", "ab", "ab|b"),
        (r"(a)?\1b", "", "b", "none"),
        (r"(a)?\1b", "e", "b", "b|~"),
        (r"\1(a)", "", "aa", "none"),
        (r"\1(a)", "e", "aa", "none"),
        (r"(a)\10", "", "aa0", "none"),
        (r"(a)\10", "e", "aa0", "aa0|a"),
        (r"(a)\11", "", "a\t", "a\t|a"),
        (r"(a)(b)(c)(d)(e)(f)(g)(h)(i)(j)\10", "", "abcdefghijj", "abcdefghijj|a|b|c|d|e|f|g|h|i|j"),
        (r"(?i)(a)\1", "", "aA", "aA|a"),
        (r"(ab)\1*", "", "ababab", "ababab|ab"),
        (r"(.*)\1$", "", "abab", "abab|ab/|"),
        (r"(?<a>.)(?<b>.)\k<b>\k<a>", "", "xabbay", "abba|a|b"),
        ("(?>a+)ab", "", "aaab", "none"),
        ("(?>a|ab)c", "", "abc", "none"),
        ("(?>(a+))b", "", "aab", "aab|aa"),
        ("((?>a+)b)+", "", "aabab", "aabab|aab,ab"),
        ("(?>(a)|b)*c", "", "abac", "abac|a,a"),
        ("()", "", "a", "|/|"),
        ("((a)(b))", "", "ab", "ab|ab|a|b"),
        ("(a(b)?)+", "", "aba", "aba|ab,a|b"),
    ]);
}

#[test]
fn looking_around() {
    check(&[
        ("foo(?=bar)", "", "foobar foobaz", "foo"),
        ("foo(?!bar)", "", "foobar foobaz", "foo"),
        ("(?<=foo)bar", "", "foobar", "bar"),
        ("(?<!foo)bar", "", "foobar xbar", "bar"),
        (r"(?<=\d{2,})x", "", "1x 22x", "x"),
        (r"(?<=^|,)[^,]*", "", "a,b", "a/b"),
        (r"(?<=(\w+))c", "", "abc", "c|ab"),
        (r"(?<=(\w){3})d", "", "abcd", "d|c,b,a"),
        (r"(?<=(\d+)(\d+))$", "", "1053", "|1|053"),
        (r"(?=(\w+))\1:", "", "abc:", "abc:|abc"),
        (r"(?=(a+))a*b\1", "", "baaabac", "aba|a"),
        (r"(?!(a)b)\w", "", "ab", "b|~"),
        (r"(?<!\d)\d{2}(?!\d)", "", "123 45 6", "45"),
        (r"\b(?!un)\w+\b", "", "undo do unit it", "do/it"),
        (r"(?<=\1(a))b", "", "aab", "b|a"),
        (r"(?<=(a)\1)b", "", "aab", "none"),
        (r"(?<=\1(a))b", "", "ab", "none"),
        (r"(?<=ab*)c", "", "abbc", "c"),
        (r"(?<=a(?=b))b", "", "ab", "b"),
        (r"^(?=.*\d)(?=.*[a-z]).{4,8}$", "", "abc1", "abc1"),
        (r"(?<=\$)\d+(?:\.\d\d)?", "", "$42.50", "42.50"),
        (r"(?<=a.c)d", "", "abcd", "d"),
        (r"(?<=(?:a|bc)+)x", "", "abcx", "x"),
        ("(?<![a-z])b", "", "ab b", "b"),
        ("a(?=b(?!c))", "", "abc abd", "a"),
        ("(?=)a", "", "a", "a"),
        ("(?!)a", "", "a", "none"),
    ]);
}

#[test]
fn balancing_groups() {
    // Source: learn.microsoft.com, "Grouping constructs in regular expressions", balancing group definitions.
    let angles = "^[^<>]*(((?'Open'<)[^<>]*)+((?'Close-Open'>)[^<>]*)+)*(?(Open)(?!))$";
    check(&[
        (angles, "", "<abc><mno<xyz>>", "<abc><mno<xyz>>|<abc>,<mno<xyz>>|<abc,<mno,<xyz|>,>,>|~|abc,xyz,mno<xyz>"),
        (angles, "", "<abc", "none"),
        (r"^(?:(?<o>\()|(?<-o>\))|[^()])*(?(o)(?!))$", "", "(a(b)c)", "(a(b)c)|~"),
        (r"^(?:(?<o>\()|(?<-o>\))|[^()])*(?(o)(?!))$", "", "(a(b)c", "none"),
        (r"^(?:(?<o>\()|(?<-o>\))|[^()])*(?(o)(?!))$", "", "a)b(", "none"),
        (r"(?<a>x)(?<b-a>y)", "", "xy", "xy|~|"),
        (r"(?<a>x)z(?<b-a>y)", "", "xzy", "xzy|~|z"),
        (r"(?<-a>x)(?<a>y)", "", "xy", "none"),
        (r"(?<a>x)+(?<-a>y)", "", "xxy", "xxy|x"),
        (r"(?<-1>a)?(b)", "", "ab", "b|b"),
        (r"(a)(?<-1>b)?", "", "ab", "ab|~"),
        (r"(?:(a)|(?<-1>b))+c", "", "aabc", "aabc|a"),
    ]);
}

#[test]
fn conditions() {
    check(&[
        // Source: learn.microsoft.com, "Alternation constructs in regular expressions".
        (r"\b(?(\d{2}-)\d{2}-\d{7}|\d{3}-\d{2}-\d{4})\b", "", "01-9999999 020-333333 777-88-9999", "01-9999999/777-88-9999"),
        (r"\b(?<n2>\d{2}-)?(?(n2)\d{7}|\d{3}-\d{2}-\d{4})\b", "", "01-9999999 777-88-9999", "01-9999999|01-/777-88-9999|~"),
        (r"\b(\d{2}-)?(?(1)\d{7}|\d{3}-\d{2}-\d{4})\b", "", "01-9999999 777-88-9999", "01-9999999|01-/777-88-9999|~"),
        ("(?(a)ab|cd)", "", "ab cd", "ab/cd"),
        ("(?(?=a)ab|cd)", "", "ab cd", "ab/cd"),
        ("(?(?!a)cd|ab)", "", "ab cd", "ab/cd"),
        ("(a)?(?(1)b|c)", "", "ab c", "ab|a/c|~"),
        ("(a)?(?(1)b)", "", "abx", "ab|a/|~/|~"),
        ("(?<q>\")?(?(q)[^\"]*\"|\\w+)", "", "\"a b\" c", "\"a b\"|\"/c|~"),
        ("(?(x)|y)", "", "y", "y"),
        ("(?(notagroup)a|b)", "", "b", "b"),
        ("(?<=x)(?(?<=x)a|b)", "", "xa", "a"),
    ]);
}

#[test]
fn inline_options_and_comments() {
    check(&[
        ("(?i)abc", "", "ABC", "ABC"),
        ("a(?i)b(?-i)c", "", "aBc aBC", "aBc"),
        ("a(?i:b)c", "", "aBc ABc", "aBc"),
        ("(?s).", "", "\n", "\n"),
        ("(?s-i:.)a", "i", "\nA", "\nA"),
        ("(?m)^a$", "", "b\na\nc", "a"),
        ("(?x) a b # c\n d", "", "abd", "abd"),
        ("a b", "x", "ab", "ab"),
        (r"a\ b[ ]c", "x", "a b c", "a b c"),
        ("a #comment\nb", "x", "ab", "ab"),
        ("a +", "x", "aaa", "aaa"),
        ("a (?#comment) b", "x", "ab", "ab"),
        ("a(?#comment)b", "", "ab", "ab"),
        ("a(?#comment)+", "", "aa", "aa"),
        ("(?x-i: a B )c", "i", "aBC", "aBC"),
        ("((?i)a)b", "", "Ab AB", "Ab|A"),
        ("(?im-sx)^a", "", "b\nA", "A"),
        ("(?i-i)a", "", "A", "none"),
        ("(?-i+i)a", "", "A", "A"),
        ("(?xn)( a ) # (b)", "", "a", "a"),
        ("a#b", "", "a#b", "a#b"),
        ("(?x)[a #]+", "", "a #", "a #"),
    ]);
}

#[test]
fn case() {
    check(&[
        ("abc", "i", "aBC", "aBC"),
        ("ABC", "i", "abc", "abc"),
        ("[a-z]+", "i", "aBzZ1", "aBzZ"),
        ("[A-Z]+", "i", "aBzZ1", "aBzZ"),
        ("[^a-z]+", "i", "aB1-Z", "1-"),
        ("[k]", "i", "\u{212A}", "\u{212A}"),
        ("k", "i", "\u{212A}", "\u{212A}"),
        ("É+", "i", "éÉ", "éÉ"),
        ("ж", "i", "Ж", "Ж"),
        ("ß", "i", "SS", "none"),
        ("İ", "i", "i", "none"),
        ("I", "i", "ı", "none"),
        (r"\p{Lu}+", "i", "aB1", "aB"),
        ("[a-z-[aeiou]]+", "i", "HELLO", "H/LL"),
        (r"\u0041", "i", "a", "a"),
        ("Σ", "i", "σς", "σ"),
        ("[À-Ö]+", "i", "àÖ", "àÖ"),
        ("(?i)Straße", "", "STRAßE", "STRAßE"),
    ]);
}

#[test]
fn right_to_left() {
    check(&[
        (r"\d+", "r", "12 345", "345/12"),
        (r"\d", "r", "123", "3/2/1"),
        (r"a.*b", "r", "abab", "abab"),
        (r"a.*?b", "r", "abab", "ab/ab"),
        (r"(\d)(\d+)", "r", "1234", "1234|1|234"),
        (r"(\d+)(\d+)", "r", "1234", "1234|1|234"),
        (r"\1(a)", "r", "aa", "aa|a"),
        (r"(a)\1", "r", "aa", "none"),
        ("ab|b", "r", "ab", "ab"),
        ("(ab)+", "r", "abab", "abab|ab,ab"),
        (r"\bb.+(\d{3})\b", "r", "builder rob9223 x", "builder rob9223|223"),
        ("^a", "r", "aba", "a"),
        ("a$", "r", "aba", "a"),
        ("x*", "r", "axx", "xx//"),
        ("(?=b)", "r", "ab", ""),
        ("(?<=a)b", "r", "ab", "b"),
        (r"\Ga", "r", "baa", "none"),
        (r"a\G", "r", "baa", "a/a"),
    ]);
}

#[test]
fn idioms() {
    check(&[
        (r"max-age=(?<maxAge>\d+)", "", "public, max-age=300", "max-age=300|300"),
        (r"^/v(\d+)/", "", "/v2/x", "/v2/|2"),
        (r"deployments/([^/?]+)", "", "/openai/deployments/gpt-4o/chat?x", "deployments/gpt-4o|gpt-4o"),
        (r"^Bearer\s+(?<token>[\w-]+\.[\w-]+\.[\w-]+)$", "i", "bearer a.b-c.d_e", "bearer a.b-c.d_e|a.b-c.d_e"),
        (r"^([0-9a-fA-F]{8})-([0-9a-fA-F]{4})$", "", "0123abCD-ffff", "0123abCD-ffff|0123abCD|ffff"),
        (r"(\w+)\s(\1)", "i", "the The cat", "the The|the|The"),
        (r"\b(\w+?)\s\1\b", "", "This is is a", "is is|is"),
        (r"^(?<name>[^=]+)=(?<value>.*)$", "m", "a=1\nb=2", "a=1|a|1/b=2|b|2"),
        (r#"("[^"]*"|[^,]+)"#, "", r#"a,"b,c",d"#, r#"a|a/"b,c"|"b,c"/d|d"#),
        (r"[-.\w]+@(?:[a-z0-9]+\.)+[a-z]{2,}", "i", "Mail: x.y-z@Example.co.uk.", "x.y-z@Example.co.uk"),
        (r"^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.|$)){4}$", "", "192.168.1.254", "192.168.1.254"),
        (r"(?<year>\d{4})-(?<month>\d\d)-(?<day>\d\d)", "", "on 2024-02-29", "2024-02-29|2024|02|29"),
        (r"\s+", "", "a  b\tc", "  /\t"),
        (r"[^a-zA-Z0-9]", "", "a-b_c", "-/_"),
        (r"(?<=key=)[^&]+", "", "a=1&key=abc&x=2", "abc"),
        (r"^\d{3}-\d{2}-\d{4}$", "", "123-45-6789", "123-45-6789"),
        (
            r"^((\w+(\s?)){2,}),\s(\w+\s\w+),(\s\d{4}(-(\d{4}|present))?,?)+",
            "",
            "Brooklyn Dodgers, National League, 1911, 1912, 1932-1957",
            "Brooklyn Dodgers, National League, 1911, 1912, 1932-1957|Brooklyn Dodgers|Brooklyn ,Dodgers| ,|National League| 1911,, 1912,, 1932-1957|-1957|1957",
        ),
        (r"(.+?)(\d+)$", "", "abc123", "abc123|abc|123"),
        (r"\{\{(\w+)\}\}", "", "x {{name}} y {{n2}}", "{{name}}|name/{{n2}}|n2"),
        (r"<(\w+)[^>]*>.*?</\1>", "s", "<a href>x\n</a><b></b>", "<a href>x\n</a>|a/<b></b>|b"),
    ]);
}

/// Places and words: dotnet/runtime (release/6.0), RegexParser.cs and Strings.resx; its tests RegexParserTests.cs.
#[test]
fn what_is_no_pattern() {
    check(&[
        ("(", "", "", "1. Not enough )'s."),
        (")", "", "", "1. Too many )'s."),
        ("(?)", "", "", "2. Quantifier {x,y} following nothing."),
        ("(a", "", "", "2. Not enough )'s."),
        ("a)", "", "", "2. Too many )'s."),
        ("(a))", "", "", "4. Too many )'s."),
        ("[", "", "", "1. Unterminated [] set."),
        ("[a", "", "", "2. Unterminated [] set."),
        ("[]", "", "", "2. Unterminated [] set."),
        ("[a-z", "", "", "4. Unterminated [] set."),
        ("*", "", "", "1. Quantifier {x,y} following nothing."),
        ("+a", "", "", "1. Quantifier {x,y} following nothing."),
        ("?", "", "", "1. Quantifier {x,y} following nothing."),
        ("{1}", "", "", "1. Quantifier {x,y} following nothing."),
        ("a|*", "", "", "3. Quantifier {x,y} following nothing."),
        ("(*)", "", "", "2. Quantifier {x,y} following nothing."),
        ("(?:+)", "", "", "4. Quantifier {x,y} following nothing."),
        ("a**", "", "", "3. Nested quantifier '*'."),
        ("a+*", "", "", "3. Nested quantifier '*'."),
        ("a{2}{3}", "", "", "5. Nested quantifier '{'."),
        ("a???", "", "", "4. Nested quantifier '?'."),
        ("C++", "", "", "3. Nested quantifier '+'."),
        ("a{2,1}", "", "", "6. Illegal {x,y} with x > y."),
        ("a{2147483648}", "", "", "12. Capture group numbers must be less than or equal to Int32.MaxValue."),
        ("\\", "", "", r"1. Illegal \\ at end of pattern."),
        (r"a\", "", "", r"2. Illegal \\ at end of pattern."),
        (r"\q", "", "", r"2. Unrecognized escape sequence \\q."),
        (r"\y", "", "", r"2. Unrecognized escape sequence \\y."),
        (r"[\q]", "", "", r"3. Unrecognized escape sequence \\q."),
        (r"\xZ", "", "", "2. Insufficient hexadecimal digits."),
        (r"\x4Z", "", "", "4. Insufficient hexadecimal digits."),
        (r"\u004", "", "", "2. Insufficient hexadecimal digits."),
        (r"\c", "", "", "2. Missing control character."),
        (r"\c1", "", "", "3. Unrecognized control character."),
        (r"\p", "", "", r"2. Incomplete \\p{X} character escape."),
        (r"\pL", "", "", r"2. Incomplete \\p{X} character escape."),
        (r"\pLuu", "", "", r"3. Malformed \\p{X} character escape."),
        (r"\p{Lu", "", "", r"5. Incomplete \\p{X} character escape."),
        (r"\p{Foo}", "", "", "7. Unknown property 'Foo'."),
        (r"\p{lu}", "", "", "6. Unknown property 'lu'."),
        ("[z-a]", "", "", "4. [x-y] range in reverse order."),
        (r"[a-\d]", "", "", r"5. Cannot include class \\d in character range."),
        ("[a-z-[aeiou]b]", "", "", "12. A subtraction must be the last element in a character class."),
        (r"\1", "", "", "2. Reference to undefined group number 1."),
        (r"(a)\2", "", "", "5. Reference to undefined group number 2."),
        (r"\k<x>", "", "", "5. Reference to undefined group name 'x'."),
        (r"\k<2>", "", "", "5. Reference to undefined group number 2."),
        (r"\k", "", "", r"1. Malformed \\k<...> named back reference."),
        (r"\kx", "", "", r"3. Malformed \\k<...> named back reference."),
        ("(?<>a)", "", "", "3. Invalid group name: Group names must begin with a word character."),
        ("(?<a.b>c)", "", "", "4. Invalid group name: Group names must begin with a word character."),
        ("(?<0>a)", "", "", "4. Capture number cannot be zero."),
        ("(?<x-y>a)", "", "", "6. Reference to undefined group name 'y'."),
        ("(?<x-2>a)", "", "", "6. Reference to undefined group number 2."),
        ("(?", "", "", "2. Unrecognized grouping construct."),
        ("(?<", "", "", "3. Unrecognized grouping construct."),
        ("(?z)", "", "", "3. Unrecognized grouping construct."),
        ("(?i", "", "", "3. Unrecognized grouping construct."),
        ("(?P<n>a)", "", "", "3. Unrecognized grouping construct."),
        ("(?#", "", "", "3. Unterminated (?#...) comment."),
        ("a(?#b", "", "", "5. Unterminated (?#...) comment."),
        ("(?(1)a)", "", "", "5. (?(1) ) reference to undefined group."),
        ("(?(1a)b)", "", "", "5. (?(1) ) malformed."),
        ("(?(a)b|c|d)", "", "", "11. Too many | in (?()|)."),
        ("(a)(?(1)b|c|d)", "", "", "14. Too many | in (?()|)."),
        ("(?(?#x)b)", "", "", "2. Alternation conditions cannot be comments."),
        ("(?(?<n>x)b)", "", "", "2. Alternation conditions do not capture and cannot be named."),
    ]);
}

#[test]
fn what_would_take_forever_ends_as_a_spent_budget() {
    let long = "a".repeat(40);
    let cases = [
        ("(a+)+$", format!("{long}!")),
        ("(a|a)*$", format!("{long}!")),
        ("(a*)*b", long.clone()),
        ("(?:a?){40}a{40}b", long.clone()),
        (r"^(([a-z])+.)+[A-Z]([a-z])+$", long.clone()),
        (r"(x+x+)+y", "x".repeat(60)),
        ("(?:(?:a?){2147483647}){2147483647}", String::new()),
    ];
    for (pattern, text) in cases {
        assert!(["Steps", "Memory"].contains(&shown(pattern, "", &text).as_str()), "{pattern}");
    }
    let mut fuel = Fuel { steps: u64::MAX, memory: 1 << 20 };
    let text = vec![97; 1_000_000];
    assert_eq!(matches("(a|b)*c", "", &text, &mut fuel).unwrap_err(), Fault::Spent(BudgetSpent::Memory));
}

#[test]
fn nesting_is_limited() {
    for (open, close) in [("(", ")"), ("(?:", ")"), ("(?=", ")"), ("[a-", "]")] {
        let deep = format!("{}a{}", open.repeat(100_000), close.repeat(100_000));
        assert_eq!(shown(&deep, "", "a"), "Depth");
    }
    assert_eq!(shown(&format!("{}a{}", "(?:".repeat(100), ")".repeat(100)), "", "a"), "a");
    let long = "a|".repeat(50_000);
    assert_eq!(shown(&long, "", "a"), "a/");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn nothing_panics(
        pattern in r"[ab()|*+?{}\[\]^$.\\<>=!:#'\-,x01kbdwBGPpLi ]{0,24}",
        letters in "[imnsxr]{0,2}|e",
        text in "[ab1 \n😀İ]{0,20}",
    ) {
        let mut fuel = Fuel { steps: 20_000, memory: 1 << 20 };
        let _ = matches(&pattern, &letters, &units(&text), &mut fuel);
    }

    #[test]
    fn no_shape_panics(
        parts in prop::collection::vec(prop::sample::select(vec![
            "a", "b", "(", "(?:", "(?=", "(?!", "(?<=", "(?<!", "(?>", "(?<n>", "(?<n-n>", "(?<-n>", "(?(n)", "(?(a)", ")", ")", ")", "|", "*", "+?", "{2,3}",
            "?", "[ab]", "[^a-z-[b]]", r"\1", r"\k<n>", r"\b", "^", "$", ".", r"\w", r"\p{L}",
        ]), 0..16),
        letters in "[imnsxr]{0,2}|e",
        text in "[ab1 \n😀]{0,20}",
    ) {
        let mut fuel = Fuel { steps: 20_000, memory: 1 << 20 };
        if let Ok(found) = matches(&parts.concat(), &letters, &units(&text), &mut fuel) {
            let length = text.encode_utf16().count();
            for span in found.iter().flatten().flatten() {
                prop_assert!((span.0 + span.1) as usize <= length);
            }
        }
    }
}
