//! Expressions made of bytes: token soup that gets past the lexer, and code that gets past the parser.

use arbitrary::{Result, Unstructured};

/// Tokens, names and pieces that mean something together.
const TOKENS: &str = "( ) ( ) [ ] { } < > , ; : :: . . . .. ? ?? ?. ?[ => -> = == ! != + ++ += - -- * / % & && | || ^ ~ << <= >= >> >>= a b x x y \
    s i var from in where select into join on equals orderby descending group by let when is as new new[] int int? long uint ulong byte char string bool double float \
    decimal object void if else for foreach while do switch case default default() return throw try catch finally using checked unchecked goto const ref out static \
    typeof nameof sizeof null true false this 0 1 -1 2147483647 2147483648 9223372036854775807 0xFF 0b1 1.5 1e308 1f 1m 1L 1UL 'a' \"s\" \"\" @\"v\" $\"{x,5:D3}\" \
    $\"{ _ (a,b) (x)=>x x=>x ()=>1 (a,b)=>b delegate List<int> Dictionary<string,int> Func<int,int> Action Tuple.Create Enumerable.Range(0,3) context.Variables \
    context.Request context.Request.Body.As<JObject>() .Select( .Where( .Sum() .ToList() .Count .Length .ToString() Math.Max( string.Join( JObject DateTime.MaxValue \
    TimeSpan.MinValue int.MaxValue int.MinValue new{a=1} Exception int[] (int,string) L: break; continue; yield await async dynamic @";

const NAMES: &[&str] = &["x", "y", "s", "f", "context", "e", "item1", "_"];

const TYPES: &[&str] = &[
    "int",
    "string",
    "var",
    "object",
    "long",
    "double",
    "decimal",
    "char",
    "byte",
    "uint",
    "ulong",
    "float",
    "bool",
    "int?",
    "DateTime?",
    "int[]",
    "List<int>",
    "IEnumerable<string>",
    "Dictionary<string, int>",
    "Func<int, int>",
    "Func<Func<int, int>, int>",
    "(int a, string b)",
    "JToken",
    "JObject",
    "XElement",
    "DateTime",
    "TimeSpan",
    "Guid",
    "Exception",
    "StringBuilder",
    "int[,]",
    "DayOfWeek",
    "Regex",
    "KeyValuePair<int, string>",
    "IGrouping<int, string>",
    "void",
];

const LEAVES: &[&str] = &[
    "0",
    "1",
    "-1",
    "2147483647",
    "-2147483648",
    "4294967295",
    "9223372036854775807",
    "18446744073709551615",
    "1.5",
    "1e308",
    "-0.0",
    "1e-45f",
    "79228162514264337593543950335m",
    "0.1m",
    "'a'",
    "'\\uD800'",
    "\"\"",
    "\"abc\"",
    "\"\\uD83D\"",
    "\"{0}\"",
    "null",
    "true",
    "false",
    "int.MaxValue",
    "long.MinValue",
    "double.NaN",
    "double.PositiveInfinity",
    "decimal.MinValue",
    "DateTime.MaxValue",
    "DateTime.MinValue",
    "TimeSpan.MaxValue",
    "TimeSpan.MinValue",
    "DateTimeOffset.MaxValue",
    "Guid.Empty",
    "DayOfWeek.Monday",
    "default",
    "new object()",
    "new List<int>()",
    "new int[] { 1, 2, 3 }",
    "new { a = 1, b = \"x\" }",
    "(1, \"x\")",
    "Enumerable.Range(1, 9)",
    "Enumerable.Repeat(\"ab\", 5)",
    "new JObject(new JProperty(\"a\", 1))",
    "JArray.Parse(\"[1,[2]]\")",
    "new XElement(\"a\", 1)",
    "new StringBuilder(\"x\")",
    "new Random(1)",
    "context.Request",
    "context.Response",
    "context.Variables",
    "(string)context.Variables[\"s\"]",
    "(JObject)context.Variables[\"o\"]",
    "(int[])context.Variables[\"ii\"]",
    "(byte[])context.Variables[\"bytes\"]",
    "(XElement)context.Variables[\"x\"]",
    "new Dictionary<string, int> { [\"a\"] = 1 }",
    "new Exception(\"m\")",
    "new int[2, 3]",
    "typeof(int)",
    "new Func<int, int>(q => q + 1)",
    "new Stack<int>()",
    "new Queue<string>()",
    "new HashSet<int> { 1 }",
    "Encoding.UTF8",
    "new Uri(\"http://a/b\")",
    "Convert.ToBase64String(new byte[9])",
];

const OPERATORS: &[&str] = &[
    "+", "-", "*", "/", "%", "&", "|", "^", "<<", ">>", "&&", "||", "==", "!=", "<", ">", "<=", ">=", "??", "is", "as", "=", "+=", "-=",
    "*=", "<<=",
];

const PARTS: &[&str] = &[
    ".Length",
    ".Count",
    ".Count()",
    ".ToString()",
    ".Value",
    ".HasValue",
    ".First()",
    ".Sum()",
    ".ToList()",
    ".ToArray()",
    ".Reverse()",
    ".Item1",
    ".Key",
    ".GetType()",
    ".a",
    "?.b",
    "[0]",
    "?[0]",
    ".GetHashCode()",
    ".Distinct()",
    ".Max()",
    ".OrderBy(q => q)",
    ".GroupBy(q => q)",
    ".Select(q => q)",
    ".Select((q, i) => i)",
    ".Where(q => true)",
    ".Any()",
    "++",
    "--",
    "(1)",
    ".SelectMany(q => new[] { q, q })",
    ".ToDictionary(q => q)",
    ".Aggregate((p, q) => q)",
    ".Zip(Enumerable.Range(0, 3), (p, q) => q)",
    ".Ticks",
    ".ToUpper()",
    ".Invoke(1)",
    ".Join(Enumerable.Range(0, 3), q => q, q => q, (p, q) => p)",
    ".Children()",
    ".Descendants()",
    ".Path",
    ".Append(1)",
    ".Add(1)",
    ".Equals(null)",
    ".CompareTo(null)",
];

/// Tokens one after the other, as a block or an expression.
pub fn soup(bytes: &mut Unstructured<'_>) -> Result<String> {
    static TABLE: std::sync::OnceLock<Vec<&'static str>> = std::sync::OnceLock::new();
    let tokens = TABLE.get_or_init(|| TOKENS.split_whitespace().collect());
    let mut text = String::new();
    let is_block: bool = bytes.arbitrary()?;
    while !bytes.is_empty() && text.len() < 4000 {
        text.push_str(bytes.choose(tokens)?);
        text.push(' ');
    }
    Ok(framed(&text, is_block))
}

/// `@(…)` with code that parses, mostly.
pub fn expression(bytes: &mut Unstructured<'_>) -> Result<String> {
    let mut writer = Writer { bytes, out: String::new(), depth: 0 };
    writer.expression()?;
    Ok(framed(&writer.out, false))
}

/// `@{…}` with code that parses, mostly.
pub fn block(bytes: &mut Unstructured<'_>) -> Result<String> {
    let mut writer = Writer {
        bytes,
        out: String::from("int x = 1; var y = new List<int> { 3, 1, 2 }; string s = \"abc\"; Func<int, int> f = q => q + x; "),
        depth: 0,
    };
    while !writer.bytes.is_empty() && writer.out.len() < 4000 {
        writer.statement()?;
    }
    writer.out.push_str("return x; ");
    Ok(framed(&writer.out, true))
}

pub(super) fn framed(text: &str, is_block: bool) -> String {
    if is_block { format!("@{{{text}}}") } else { format!("@({text})") }
}

struct Writer<'b, 'd> {
    bytes: &'b mut Unstructured<'d>,
    out: String,
    depth: u32,
}

impl Writer<'_, '_> {
    fn put(&mut self, text: &str) {
        self.out.push_str(text);
    }

    fn one_of(&mut self, texts: &[&str]) -> Result<()> {
        let text = *self.bytes.choose(texts)?;
        self.put(text);
        Ok(())
    }

    /// Texts, with an expression where `#` stands, a statement for `%`, a type for `@`, a name for `~`.
    fn write(&mut self, shape: &str) -> Result<()> {
        for piece in shape.split_inclusive(['#', '%', '@', '~']) {
            let (text, hole) = match piece.char_indices().next_back() {
                Some((at, hole @ ('#' | '%' | '@' | '~'))) => (&piece[..at], hole),
                _ => (piece, ' '),
            };
            self.put(text);
            match hole {
                '#' => self.expression()?,
                '%' => self.statement()?,
                '@' => self.one_of(TYPES)?,
                '~' => self.one_of(NAMES)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn expression(&mut self) -> Result<()> {
        if self.depth > 12 || self.bytes.is_empty() {
            return self.one_of(LEAVES);
        }
        self.depth += 1;
        let kind: u8 = self.bytes.int_in_range(0..=31)?;
        match kind {
            0..=5 => self.one_of(LEAVES)?,
            6..=8 => self.one_of(NAMES)?,
            9..=12 => {
                self.put("(");
                self.expression()?;
                self.put(" ");
                self.one_of(OPERATORS)?;
                self.put(" ");
                self.expression()?;
                self.put(")");
            }
            13..=17 => {
                self.put("(");
                self.expression()?;
                self.put(")");
                self.one_of(PARTS)?;
            }
            18 => {
                let call = super::members::bare(self.bytes)?;
                self.put(&call);
            }
            _ => {
                const SHAPES: &[&str] = &[
                    "((@)#)",
                    "(# ? # : #)",
                    "~ => #",
                    "(~, ~) => #",
                    "() => { % return #; }",
                    "new[] { #, # }",
                    "new { a = #, ~ = # }",
                    "(#, #)",
                    "$\"{#}\"",
                    "$\"{#,10:N2}\"",
                    "f(#)",
                    "(from ~ in # where # orderby # descending select #)",
                    "(from ~ in # group # by # into ~ select #)",
                    "(from ~ in # join ~ in # on # equals # let ~ = # select #)",
                    "checked(#)",
                    "unchecked(#)",
                    "(# is @ ~)",
                    "default(@)",
                    "throw #",
                    "-#",
                    "!#",
                    "~#",
                    "(new @ { # })",
                    "new List<int>(#) { #, # }",
                    "typeof(@)",
                    "nameof(#)",
                    "Math.Max(#, #)",
                    "string.Concat(#, #)",
                    "string.Join(#, #)",
                    "string.Format(#, #)",
                    "Enumerable.Range(#, #)",
                    "new string('x', #)",
                    "Enumerable.Repeat(#, #)",
                    "Convert.ToInt32(#)",
                    "#.Select(~ => #)",
                    "#.Where(~ => #)",
                    "#.Aggregate(#, (~, ~) => #)",
                    "#[#]",
                    "#?[#]",
                    "#.Equals(#)",
                    "new @[#]",
                    "context.Variables.GetValueOrDefault<@>(\"s\", #)",
                    "(# as @)",
                    "out @ ~",
                    "JToken.FromObject(#)",
                    "delegate (@ ~) { % return #; }",
                ];
                let shape = *self.bytes.choose(SHAPES)?;
                self.write(shape)?;
            }
        }
        self.depth -= 1;
        Ok(())
    }

    fn statement(&mut self) -> Result<()> {
        const SHAPES: &[&str] = &[
            "~ = #; ",
            "@ ~ = #; ",
            "var (~, ~) = #; ",
            "if (#) { % } else { % } ",
            "while (#) { % } ",
            "do { % } while (#); ",
            "for (int ~ = #; #; ~++) { % } ",
            "foreach (@ ~ in #) { % } ",
            "foreach (var (~, ~) in #) { % } ",
            "switch (#) { case #: % break; case @ ~ when #: goto default; default: % break; } ",
            "try { % } catch (Exception ~) when (#) { % } finally { % } ",
            "using (#) { % } ",
            "return #; ",
            "throw #; ",
            "break; ",
            "continue; ",
            "goto L; ",
            "L: % ",
            "@ ~(@ ~, ref @ ~) { % return #; } ",
            "int f(int q) => #; ",
            "T g<T>(T q) => #; ",
            "checked { % } ",
            "y.Add(#); ",
            "s += #; ",
            "x++; ",
            "lock (#) { % } ",
            "const @ ~ = #; ",
            "; ",
            "context.Trace(#); ",
            "y[#] = #; ",
            "goto case #; ",
            "throw; ",
            "int z; if (#) z = #; else z = #; ",
        ];
        if self.depth > 8 {
            return Ok(());
        }
        self.depth += 1;
        let shape = *self.bytes.choose(SHAPES)?;
        self.write(shape)?;
        self.depth -= 1;
        Ok(())
    }
}
