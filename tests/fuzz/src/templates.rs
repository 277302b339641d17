//! Texts for what reads texts: patterns, paths, formats, documents. The first byte of an input chooses who reads the rest.

use std::sync::OnceLock;

use openai_failover::expression::{Program, Target};

use super::compiled;

/// The readers: an input's first byte, `A` and on. `a` and `b` are what stands before and after the first U+0001.
const TEMPLATES: &[&str] = &[
    "Regex.Matches(b, a).Cast<Match>().Select(m => m.Value).ToList()",
    "Regex.Replace(b, a, b)",
    "Regex.Split(b, a, RegexOptions.IgnoreCase | RegexOptions.Multiline | RegexOptions.RightToLeft)",
    "Regex.IsMatch(b, a, RegexOptions.ECMAScript) || Regex.IsMatch(b, a, RegexOptions.IgnorePatternWhitespace | RegexOptions.ExplicitCapture)",
    "((JObject)context.Variables[\"o\"]).SelectTokens(a).Select(t => t.Path).ToList()",
    "JToken.Parse(b).SelectToken(a)",
    "JToken.Parse(a).ToString()",
    "JObject.Parse(a).Properties().Select(p => p.Name + p.Value.Type).ToList()",
    "JsonConvert.DeserializeObject<Dictionary<string, object>>(a)",
    "JsonConvert.DeserializeObject<List<DateTime?>>(a)",
    "XElement.Parse(a).ToString()",
    "XDocument.Parse(a).Descendants().Select(e => e.Name + e.Value).ToList()",
    "DateTime.Parse(a).ToString(b)",
    "DateTime.Parse(a).AddTicks(b.Length).ToString(b)",
    "DateTimeOffset.Parse(a).ToUniversalTime().ToString(b)",
    "TimeSpan.Parse(a).ToString(b)",
    "DateTime.MaxValue.ToString(a) + TimeSpan.MinValue.ToString(b)",
    "string.Format(a, 1, -2.5, \"x\", DateTime.MaxValue, 79228162514264337593543950335m, b)",
    "int.MinValue.ToString(a) + ulong.MaxValue.ToString(a) + (-1234.5678).ToString(a) + 1e-300.ToString(a)",
    "decimal.MaxValue.ToString(a) + 0.0000000000000000000000000001m.ToString(a) + float.MaxValue.ToString(a)",
    "double.Parse(a).ToString(b) + decimal.Parse(a).ToString(b)",
    "long.Parse(a) + BitConverter.ToInt32(Encoding.UTF8.GetBytes(b), 0)",
    "Guid.Parse(a).ToString(b)",
    "Convert.FromBase64String(a).Concat(Encoding.Unicode.GetBytes(b)).ToArray()",
    "new Uri(a).ToString() + new Uri(new Uri(\"http://h/p?q\"), b)",
    "System.Net.WebUtility.UrlDecode(a) + Uri.EscapeDataString(b) + System.Net.WebUtility.HtmlDecode(a)",
    "a.Split(b.ToCharArray()).Select(s => s.Normalize().ToUpperInvariant()).ToList()",
    "a.IndexOf(b, StringComparison.InvariantCultureIgnoreCase) + a.CompareTo(b) + string.Compare(a, b, StringComparison.CurrentCulture)",
    "new StringBuilder(a).Replace(a, b).AppendFormat(a, b).Insert(0, b).ToString()",
    "Convert.ToInt32(a, 16) + Convert.ToInt64(b, 2)",
    "a.AsJwt() == null ? (object)b.AsBasic() : a.AsJwt().Claims",
    "Enum.Parse(typeof(DayOfWeek), a).ToString() + bool.Parse(b)",
];

/// The reader that an input's first byte chooses, with the rest as text; none for `@` and what lies before.
pub fn chosen(data: &[u8]) -> Option<(&'static Program, String)> {
    static PROGRAMS: OnceLock<Vec<Program>> = OnceLock::new();
    let (&first, rest) = data.split_first()?;
    let index = usize::from(first.checked_sub(b'A')?);
    let programs = PROGRAMS.get_or_init(|| {
        let read = |template: &&str| {
            let text =
                format!("@{{ var a = (string)context.Variables[\"a\"]; var b = (string)context.Variables[\"b\"]; return {template}; }}");
            compiled(&text, Target::Any).unwrap_or_else(|faults| panic!("{template}: {}", faults[0].message))
        };
        TEMPLATES.iter().map(read).collect()
    });
    Some((programs.get(index)?, String::from_utf8_lossy(rest).into_owned()))
}
