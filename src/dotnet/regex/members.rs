//! The members of `Regex`.

use super::{
    REGEX_OPTIONS,
    matcher::Scope,
    parser,
    search::{INFINITE, Regex, placed, raised, rendered},
    subject::Subject,
};
use crate::dotnet::{
    Type, Value, collection,
    datetime::TimeSpan,
    enums::EnumValue,
    exception::{Raise, argument_null, null_reference, out_of_range},
    heap::Outcome,
    member::{Call, Member, member},
    string::Str,
};

/// `Regex`
pub const REGEX_MEMBERS: &[Member] = &[
    member("Regex(string pattern)", construct),
    member("Regex(string pattern, RegexOptions options)", construct),
    member("Regex(string pattern, RegexOptions options, TimeSpan matchTimeout)", construct),
    member("static TimeSpan InfiniteMatchTimeout { get; }", |_| Ok(Value::TimeSpan(TimeSpan(INFINITE)))),
    member("TimeSpan MatchTimeout { get; }", |call| Ok(Value::TimeSpan(TimeSpan(own(call)?.timeout)))),
    member("RegexOptions Options { get; }", |call| Ok(Value::Enum(EnumValue::new(&REGEX_OPTIONS, own(call)?.program.options)))),
    member("bool RightToLeft { get; }", |call| Ok(Value::Bool(own(call)?.program.is_backward()))),
    member("string ToString()", |call| Ok(Value::String(own(call)?.pattern))),
    member("string[] GetGroupNames()", |call| {
        let names = own(call)?.program.groups.names();
        collection::array(call.runtime, Type::STRING, names.into_iter().map(Value::string).collect())
    }),
    member("int[] GetGroupNumbers()", |call| {
        let regex = own(call)?;
        collection::array(call.runtime, Type::INT32, regex.program.groups.numbers().iter().copied().map(Value::Int32).collect())
    }),
    member("string GroupNameFromNumber(int i)", |call| {
        Ok(Value::string(own(call)?.program.groups.name_of(integer(call, 1)).unwrap_or_default()))
    }),
    member("int GroupNumberFromName(string name)", |call| {
        let name = text(call, 1, "name")?;
        Ok(Value::Int32(own(call)?.program.groups.number_of(&name.as_str()).unwrap_or(-1)))
    }),
    member("static string Escape(string str)", escape),
    member("static string Unescape(string str)", |call| {
        let text = text(call, 0, "str")?;
        call.runtime.allocate(text.bytes().saturating_mul(4))?;
        call.runtime.work(text.bytes())?;
        Ok(Value::String(Str::from_units(&parser::unescape(&text.units()).map_err(raised)?)))
    }),
    // Does it match?
    member("bool IsMatch(string input)", |call| is_match(call, At::OWN)),
    member("bool IsMatch(string input, int startat)", |call| is_match(call, At { start: Some(2), ..At::OWN })),
    member("static bool IsMatch(string input, string pattern)", |call| is_match(call, At::PATTERN)),
    member("static bool IsMatch(string input, string pattern, RegexOptions options)", |call| is_match(call, At::PATTERN)),
    member("static bool IsMatch(string input, string pattern, RegexOptions options, TimeSpan matchTimeout)", |call| {
        is_match(call, At::PATTERN)
    }),
    // The first match.
    member("Match Match(string input)", |call| first(call, At::OWN)),
    member("Match Match(string input, int startat)", |call| first(call, At { start: Some(2), ..At::OWN })),
    member("Match Match(string input, int beginning, int length)", within),
    member("static Match Match(string input, string pattern)", |call| first(call, At::PATTERN)),
    member("static Match Match(string input, string pattern, RegexOptions options)", |call| first(call, At::PATTERN)),
    member("static Match Match(string input, string pattern, RegexOptions options, TimeSpan matchTimeout)", |call| {
        first(call, At::PATTERN)
    }),
    // All matches.
    member("MatchCollection Matches(string input)", |call| all(call, At::OWN)),
    member("MatchCollection Matches(string input, int startat)", |call| all(call, At { start: Some(2), ..At::OWN })),
    member("static MatchCollection Matches(string input, string pattern)", |call| all(call, At::PATTERN)),
    member("static MatchCollection Matches(string input, string pattern, RegexOptions options)", |call| all(call, At::PATTERN)),
    member("static MatchCollection Matches(string input, string pattern, RegexOptions options, TimeSpan matchTimeout)", |call| {
        all(call, At::PATTERN)
    }),
    // Replacement by a pattern.
    member("string Replace(string input, string replacement)", |call| replace(call, At::OWN)),
    member("string Replace(string input, string replacement, int count)", |call| replace(call, At { count: Some(3), ..At::OWN })),
    member("string Replace(string input, string replacement, int count, int startat)", |call| {
        replace(call, At { count: Some(3), start: Some(4), ..At::OWN })
    }),
    member("static string Replace(string input, string pattern, string replacement)", |call| replace(call, At::REPLACED)),
    member("static string Replace(string input, string pattern, string replacement, RegexOptions options)", |call| {
        replace(call, At::REPLACED)
    }),
    member(
        "static string Replace(string input, string pattern, string replacement, RegexOptions options, TimeSpan matchTimeout)",
        |call| replace(call, At::REPLACED),
    ),
    // Replacement by a function.
    member("string Replace(string input, MatchEvaluator evaluator)", |call| evaluate(call, At::OWN)),
    member("string Replace(string input, MatchEvaluator evaluator, int count)", |call| evaluate(call, At { count: Some(3), ..At::OWN })),
    member("string Replace(string input, MatchEvaluator evaluator, int count, int startat)", |call| {
        evaluate(call, At { count: Some(3), start: Some(4), ..At::OWN })
    }),
    member("static string Replace(string input, string pattern, MatchEvaluator evaluator)", |call| evaluate(call, At::REPLACED)),
    member("static string Replace(string input, string pattern, MatchEvaluator evaluator, RegexOptions options)", |call| {
        evaluate(call, At::REPLACED)
    }),
    member(
        "static string Replace(string input, string pattern, MatchEvaluator evaluator, RegexOptions options, TimeSpan matchTimeout)",
        |call| evaluate(call, At::REPLACED),
    ),
    // What lies between the matches.
    member("string[] Split(string input)", |call| split(call, At::OWN)),
    member("string[] Split(string input, int count)", |call| split(call, At { count: Some(2), ..At::OWN })),
    member("string[] Split(string input, int count, int startat)", |call| split(call, At { count: Some(2), start: Some(3), ..At::OWN })),
    member("static string[] Split(string input, string pattern)", |call| split(call, At::PATTERN)),
    member("static string[] Split(string input, string pattern, RegexOptions options)", |call| split(call, At::PATTERN)),
    member("static string[] Split(string input, string pattern, RegexOptions options, TimeSpan matchTimeout)", |call| {
        split(call, At::PATTERN)
    }),
];

/// Where a member's arguments stand.
#[derive(Clone, Copy)]
struct At {
    /// The options, of a static member; the timeout behind them.
    options: Option<usize>,
    /// The text.
    input: usize,
    /// The greatest number of matches.
    count: Option<usize>,
    /// Where to start.
    start: Option<usize>,
}

impl At {
    /// A member of a `Regex` object.
    const OWN: Self = Self { options: None, input: 1, count: None, start: None };
    /// A static member: text, pattern, options.
    const PATTERN: Self = Self { options: Some(2), input: 0, count: None, start: None };
    /// A static member: text, pattern, replacement, options.
    const REPLACED: Self = Self { options: Some(3), input: 0, count: None, start: None };

    /// The `Regex` that the call is about.
    fn regex(self, call: &mut Call<'_, '_>) -> Result<Regex, Raise> {
        match self.options {
            Some(options) => compiled(call, 1, options),
            None => own(call),
        }
    }

    fn subject(self, call: &mut Call<'_, '_>) -> Result<Subject, Raise> {
        let input = text(call, self.input, "input")?;
        Subject::new(call.runtime, &input)
    }

    /// Where the replacement or the evaluator stands.
    const REPLACEMENT: usize = 2;

    fn count(self, call: &Call<'_, '_>, least: i32, none: i32) -> Result<i32, Raise> {
        let count = self.count.map_or(none, |at| integer(call, at));
        if count < least { Err(out_of_range("Count cannot be less than -1.", "count")) } else { Ok(count) }
    }

    fn start(self, call: &Call<'_, '_>, subject: &Subject) -> Result<Option<usize>, Raise> {
        let Some(at) = self.start else { return Ok(None) };
        match usize::try_from(integer(call, at)) {
            Ok(start) if start <= subject.len() => Ok(Some(start)),
            _ => Err(out_of_range("Start index cannot be less than 0 or greater than input length.", "startat")),
        }
    }
}

fn own(call: &Call<'_, '_>) -> Result<Regex, Raise> {
    call.runtime.own::<Regex>(call.argument(0)).cloned().ok_or_else(null_reference)
}

fn text(call: &Call<'_, '_>, at: usize, name: &str) -> Result<Str, Raise> {
    match call.argument(at) {
        Value::String(text) => Ok(text.clone()),
        _ => Err(argument_null(name)),
    }
}

fn integer(call: &Call<'_, '_>, at: usize) -> i32 {
    call.argument(at).as_integer().and_then(|value| i32::try_from(value).ok()).unwrap_or(0)
}

/// A `Regex` from a call's arguments: the pattern, and the options and the timeout where they are given.
fn compiled(call: &mut Call<'_, '_>, pattern: usize, options: usize) -> Result<Regex, Raise> {
    let timeout = match call.argument(options + 1) {
        Value::TimeSpan(TimeSpan(ticks)) => *ticks,
        _ => INFINITE,
    };
    let pattern = text(call, pattern, "pattern")?;
    let options = integer(call, options);
    Regex::new(call.runtime, &pattern, options, timeout)
}

fn construct(call: &mut Call<'_, '_>) -> Outcome {
    let regex = compiled(call, 0, 1)?;
    call.runtime.instance(regex)
}

fn escape(call: &mut Call<'_, '_>) -> Outcome {
    let text = text(call, 0, "str")?;
    call.runtime.allocate(text.bytes().saturating_mul(6))?;
    call.runtime.work(text.bytes())?;
    let mut escaped = Vec::with_capacity(text.bytes());
    for unit in text.units() {
        match parser::escape_letter(unit) {
            Some(letter) => escaped.extend([u16::from(b'\\'), u16::from(letter)]),
            None => escaped.push(unit),
        }
    }
    Ok(Value::String(Str::from_units(&escaped)))
}

fn is_match(call: &mut Call<'_, '_>, at: At) -> Outcome {
    let regex = at.regex(call)?;
    let subject = at.subject(call)?;
    let start = at.start(call, &subject)?;
    let scope = regex.scope(&subject, start);
    let found = Regex::find(call.runtime, &mut super::matcher::Matcher::default(), &regex.program, &subject, scope)?;
    Ok(Value::Bool(found.is_some()))
}

fn first(call: &mut Call<'_, '_>, at: At) -> Outcome {
    let regex = at.regex(call)?;
    let subject = at.subject(call)?;
    let start = at.start(call, &subject)?;
    let scope = regex.scope(&subject, start);
    Regex::first(call.runtime, &regex.program, &subject, scope)
}

/// `Match` within a part of a text, which is a text of its own for anchors and lookbehind.
fn within(call: &mut Call<'_, '_>) -> Outcome {
    let regex = own(call)?;
    let subject = At::OWN.subject(call)?;
    let beginning = usize::try_from(integer(call, 2)).ok().filter(|beginning| *beginning <= subject.len());
    let Some(begin) = beginning else {
        return Err(out_of_range("Start index cannot be less than 0 or greater than input length.", "startat"));
    };
    let length = usize::try_from(integer(call, 3)).ok().filter(|length| *length <= subject.len() - begin);
    let Some(length) = length else {
        return Err(out_of_range("Length cannot be less than 0 or exceed input length.", "length"));
    };
    let end = begin + length;
    let scope = Scope { begin, end, start: if regex.program.is_backward() { end } else { begin }, after_empty: false };
    Regex::first(call.runtime, &regex.program, &subject, scope)
}

fn all(call: &mut Call<'_, '_>, at: At) -> Outcome {
    let regex = at.regex(call)?;
    let subject = at.subject(call)?;
    let start = at.start(call, &subject)?;
    regex.matches(call.runtime, &subject, start)
}

fn replace(call: &mut Call<'_, '_>, at: At) -> Outcome {
    let regex = at.regex(call)?;
    let subject = at.subject(call)?;
    let replacement = text(call, At::REPLACEMENT, "replacement")?;
    call.runtime.allocate(replacement.bytes().saturating_mul(4))?;
    call.runtime.work(replacement.bytes())?;
    let parts = Regex::parts(&regex.program, &replacement)?;
    let count = at.count(call, -1, -1)?;
    let start = at.start(call, &subject)?;
    regex.replaced(call.runtime, &subject, count, start, |runtime, found, texts| rendered(runtime, &parts, &found, texts))
}

fn evaluate(call: &mut Call<'_, '_>, at: At) -> Outcome {
    let regex = at.regex(call)?;
    let subject = at.subject(call)?;
    let evaluator = call.argument(At::REPLACEMENT).clone();
    if evaluator.is_null() {
        return Err(argument_null("evaluator"));
    }
    let count = at.count(call, -1, -1)?;
    let start = at.start(call, &subject)?;
    regex.replaced(call.runtime, &subject, count, start, |runtime, found, texts| {
        let found = placed(runtime, found)?;
        if let Value::String(text) = runtime.invoke(&evaluator, &[found])? {
            texts.push(text);
        }
        Ok(())
    })
}

fn split(call: &mut Call<'_, '_>, at: At) -> Outcome {
    let regex = at.regex(call)?;
    let subject = at.subject(call)?;
    let count = at.count(call, 0, 0)?;
    let start = at.start(call, &subject)?;
    regex.split(call.runtime, &subject, count, start)
}
