//! Searches within an evaluation: a `Regex` at work on a text, for its members.

use std::sync::Arc;

use super::{
    REGEX, REGEX_PARSE_EXCEPTION,
    fault::{Fault, Fuel},
    found::{Collection, Found, Piece},
    matcher::{Matcher, Scope},
    options,
    program::Program,
    replacement::{self, Part},
    subject::Subject,
};
use crate::dotnet::{
    Type, Value, collection,
    exception::{Raise, out_of_range, throw},
    heap::Instance,
    runtime::Runtime,
    string::Str,
};

/// `Regex.InfiniteMatchTimeout` in ticks.
pub const INFINITE: i64 = -10_000;

/// The longest `matchTimeout` in ticks. Source: dotnet/runtime, Regex.Timeout.cs.
const LONGEST: i64 = 10_000 * (i32::MAX as i64 - 1);

/// A `Regex`.
#[derive(Clone, Debug)]
pub struct Regex {
    /// The pattern as written.
    pub pattern: Str,
    /// The pattern compiled.
    pub program: Arc<Program>,
    /// `MatchTimeout` in ticks. What limits a search here is the evaluation's budget.
    pub timeout: i64,
}

impl Instance for Regex {
    fn ty(&self) -> Type {
        Type::named(&REGEX)
    }

    fn copy(&self) -> Box<dyn Instance> {
        Box::new(self.clone())
    }

    fn independent(&self) -> Option<Box<dyn Instance>> {
        Some(self.copy())
    }

    fn text(&self, _runtime: &Runtime<'_>) -> Option<Str> {
        Some(self.pattern.clone())
    }
}

/// A fault as what an evaluation ends with.
pub fn raised(fault: Fault) -> Raise {
    match fault {
        Fault::Syntax(message) => throw(&REGEX_PARSE_EXCEPTION, message),
        Fault::Spent(spent) => Raise::Budget(spent),
    }
}

/// The pieces of a text, put together.
///
/// # Errors
/// A spent budget.
pub fn joined(runtime: &mut Runtime<'_>, pieces: &[Str]) -> Result<Value, Raise> {
    let bytes: usize = pieces.iter().map(Str::bytes).sum();
    let texts: Option<Vec<&str>> =
        pieces.iter().map(|piece| if let Str::Text(text) = piece { Some(text.as_str()) } else { None }).collect();
    runtime.work(bytes)?;
    Ok(Value::String(match texts {
        Some(texts) => {
            runtime.allocate(bytes.saturating_mul(2))?;
            texts.concat().into()
        }
        None => {
            runtime.allocate(bytes.saturating_mul(4))?;
            Str::from_units(&pieces.iter().flat_map(Str::units).collect::<Vec<_>>())
        }
    }))
}

impl Regex {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// `ArgumentOutOfRangeException` for options that .NET does not take together and for a timeout that is none; `RegexParseException`.
    pub fn new(runtime: &mut Runtime<'_>, pattern: &Str, options: i32, timeout: i64) -> Result<Self, Raise> {
        const OUT_OF_RANGE: &str = "Specified argument was out of the range of valid values.";
        if !options::are_valid(options) {
            return Err(out_of_range(OUT_OF_RANGE, "options"));
        }
        if timeout != INFINITE && !(1..=LONGEST).contains(&timeout) {
            return Err(out_of_range(OUT_OF_RANGE, "matchTimeout"));
        }
        // A unit of a pattern takes no more than some instructions, or a set.
        runtime.allocate(pattern.bytes().saturating_mul(128))?;
        runtime.work(pattern.bytes().saturating_mul(1024))?;
        let program = Program::compile(&pattern.units(), options).map_err(raised)?;
        Ok(Self { pattern: pattern.clone(), program: Arc::new(program), timeout })
    }

    /// Where a search in a text starts that is told nothing else.
    pub fn scope(&self, subject: &Subject, start: Option<usize>) -> Scope {
        let end = subject.len();
        let start = start.unwrap_or(if self.program.is_backward() { end } else { 0 });
        Scope { begin: 0, end, start, after_empty: false }
    }

    /// The next match.
    ///
    /// # Errors
    /// A spent budget.
    pub fn find(
        runtime: &mut Runtime<'_>,
        matcher: &mut Matcher,
        program: &Arc<Program>,
        subject: &Subject,
        scope: Scope,
    ) -> Result<Option<Found>, Raise> {
        runtime.step()?;
        let mut fuel = Fuel { steps: runtime.budget.steps, memory: runtime.budget.memory };
        let captures = subject.search(matcher, program, scope, &mut fuel);
        runtime.budget.steps = fuel.steps;
        runtime.budget.memory = fuel.memory;
        let Some(captures) = captures.map_err(raised)? else { return Ok(None) };
        Ok(Some(Found { subject: subject.clone(), program: Some(program.clone()), scope, captures }))
    }

    /// All matches, one after the other, until `each` has enough.
    fn each(
        &self,
        runtime: &mut Runtime<'_>,
        subject: &Subject,
        start: Option<usize>,
        mut each: impl FnMut(&mut Runtime<'_>, Found) -> Result<bool, Raise>,
    ) -> Result<(), Raise> {
        let mut matcher = Matcher::default();
        let mut scope = self.scope(subject, start);
        while let Some(found) = Self::find(runtime, &mut matcher, &self.program, subject, scope)? {
            scope = found.next_scope(self.program.is_backward());
            if !each(runtime, found)? {
                break;
            }
        }
        Ok(())
    }

    /// The first match as an object, `Match.Empty` where there is none.
    ///
    /// # Errors
    /// A spent budget.
    pub fn first(runtime: &mut Runtime<'_>, program: &Arc<Program>, subject: &Subject, scope: Scope) -> Result<Value, Raise> {
        let found = Self::find(runtime, &mut Matcher::default(), program, subject, scope)?;
        placed(runtime, found.unwrap_or_else(Found::nothing))
    }

    /// `Matches`
    ///
    /// # Errors
    /// A spent budget.
    pub fn matches(&self, runtime: &mut Runtime<'_>, subject: &Subject, start: Option<usize>) -> Result<Value, Raise> {
        let mut items = Vec::new();
        self.each(runtime, subject, start, |runtime, found| {
            runtime.allocate(size_of::<Value>())?;
            items.push(placed(runtime, found)?);
            Ok(true)
        })?;
        runtime.instance(Collection::Matches(items.into()))
    }

    /// `Replace` with whatever `replace` makes of each match, up to `count` matches where that is not negative.
    ///
    /// # Errors
    /// What `replace` raises; a spent budget.
    pub fn replaced(
        &self,
        runtime: &mut Runtime<'_>,
        subject: &Subject,
        count: i32,
        start: Option<usize>,
        mut replace: impl FnMut(&mut Runtime<'_>, Found, &mut Vec<Str>) -> Result<(), Raise>,
    ) -> Result<Value, Raise> {
        if count == 0 {
            return Ok(Value::String(subject.text()));
        }
        let backward = self.program.is_backward();
        let (mut left, mut at, mut texts) = (count, if backward { subject.len() } else { 0 }, Vec::new());
        // What stands between the matches and instead of them, in the order of the matches.
        let mut pieces: Vec<Vec<Str>> = Vec::new();
        self.each(runtime, subject, start, |runtime, found| {
            let (start, end) = (found.start(), found.end());
            let between = if backward { subject.part(end, at) } else { subject.part(at, start) };
            at = if backward { start } else { end };
            replace(runtime, found, &mut texts)?;
            runtime.allocate(between.bytes() + 4 * size_of::<Vec<Str>>())?;
            pieces.push(vec![between]);
            pieces.push(std::mem::take(&mut texts));
            left -= 1;
            Ok(left != 0)
        })?;
        if pieces.is_empty() {
            return Ok(Value::String(subject.text()));
        }
        pieces.push(vec![if backward { subject.part(0, at) } else { subject.part(at, subject.len()) }]);
        if backward {
            pieces.reverse();
        }
        joined(runtime, &pieces.into_iter().flatten().collect::<Vec<_>>())
    }

    /// `Replace` with a replacement pattern.
    ///
    /// # Errors
    /// A replacement pattern that is none; a spent budget.
    pub fn parts(program: &Program, replacement: &Str) -> Result<Vec<Part>, Raise> {
        replacement::parse(&replacement.units(), &program.groups, program.options).map_err(raised)
    }

    /// `Split`: what lies between the matches, and what their groups have captured.
    ///
    /// # Errors
    /// A spent budget.
    pub fn split(&self, runtime: &mut Runtime<'_>, subject: &Subject, count: i32, start: Option<usize>) -> Result<Value, Raise> {
        let mut items = Vec::new();
        if count != 1 {
            let backward = self.program.is_backward();
            let (mut left, mut at) = (count.wrapping_sub(1), if backward { subject.len() } else { 0 });
            self.each(runtime, subject, start, |runtime, found| {
                let (start, end) = (found.start(), found.end());
                let between = if backward { subject.part(end, at) } else { subject.part(at, start) };
                at = if backward { start } else { end };
                let groups = (1..found.captures.len() as u32).filter(|slot| found.count(*slot) > 0).map(|slot| found.value(slot, None));
                for item in std::iter::once(between).chain(groups) {
                    runtime.allocate(size_of::<Value>() + item.bytes())?;
                    runtime.work(item.bytes())?;
                    items.push(Value::String(item));
                }
                left = left.wrapping_sub(1);
                Ok(left != 0)
            })?;
            if !items.is_empty() {
                items.push(Value::String(if backward { subject.part(0, at) } else { subject.part(at, subject.len()) }));
                if backward {
                    items.reverse();
                }
            }
        }
        if items.is_empty() {
            items.push(Value::String(subject.text()));
        }
        collection::array(runtime, Type::STRING, items)
    }
}

/// A match as an object, paid for.
pub fn placed(runtime: &mut Runtime<'_>, found: Found) -> Result<Value, Raise> {
    let captures: usize = found.captures.iter().map(|spans| size_of::<Vec<u8>>() + size_of_val(spans.as_slice())).sum();
    runtime.allocate(size_of::<Found>() + captures)?;
    runtime.instance(Piece::whole(Arc::new(found)))
}

/// What a replacement pattern gives for a match.
///
/// # Errors
/// A spent budget.
pub fn rendered(runtime: &mut Runtime<'_>, parts: &[Part], found: &Found, texts: &mut Vec<Str>) -> Result<(), Raise> {
    for part in parts {
        runtime.step()?;
        let text = part.of(found);
        // Paid at once: the text before and behind each match may add up to much.
        runtime.allocate(size_of::<Str>() + text.bytes())?;
        runtime.work(text.bytes())?;
        texts.push(text);
    }
    Ok(())
}
