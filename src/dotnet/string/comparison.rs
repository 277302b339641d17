//! Equality and order of strings, and `StringComparison`, which says by what rule.

use super::{Str, at, casing, culture, int, text, this};
use crate::dotnet::{
    exception::{Raise, argument_null, out_of_range, raise},
    member::{Call, Member, member},
    registry,
    value::Value,
};

/// By what rule strings are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// As a culture's dictionaries do, every difference counting.
    Culture,
    /// As a culture's dictionaries do, case aside.
    CultureIgnoreCase,
    /// Code unit by code unit.
    Ordinal,
    /// Code unit by code unit, in upper case.
    OrdinalIgnoreCase,
}

impl Rule {
    /// The rule of a `StringComparison`.
    ///
    /// # Errors
    /// `ArgumentException` for a number that is none.
    pub fn of(value: &Value) -> Result<Self, Raise> {
        Ok(match value.as_integer() {
            Some(0 | 2) => Self::Culture,
            Some(1 | 3) => Self::CultureIgnoreCase,
            Some(4) => Self::Ordinal,
            Some(5) => Self::OrdinalIgnoreCase,
            _ => {
                let message = "The string comparison type passed in is currently not supported. (Parameter 'comparisonType')";
                return raise(&registry::ARGUMENT_EXCEPTION, message);
            }
        })
    }

    /// By culture, with or without case.
    pub fn culture(ignore_case: bool) -> Self {
        if ignore_case { Self::CultureIgnoreCase } else { Self::Culture }
    }

    /// Whether `a` and `B` differ in their letter alone.
    pub fn ignores_case(self) -> bool {
        matches!(self, Self::CultureIgnoreCase | Self::OrdinalIgnoreCase)
    }

    /// What `string.Compare` gives: by culture a sign, ordinally a difference.
    pub fn compare(self, a: &Str, b: &Str) -> i32 {
        match self {
            Self::Culture | Self::CultureIgnoreCase => culture::compare(a, b, self.ignores_case()) as i32,
            Self::Ordinal => difference(a, b),
            Self::OrdinalIgnoreCase => difference(&fold(a), &fold(b)),
        }
    }

    /// Whether two strings are the same under the rule.
    pub fn equal(self, a: &Str, b: &Str) -> bool {
        match self {
            Self::Ordinal => a == b,
            Self::OrdinalIgnoreCase => match (a.ascii(), b.ascii()) {
                (Some(a), Some(b)) => a.eq_ignore_ascii_case(b),
                _ => fold(a) == fold(b),
            },
            Self::Culture | Self::CultureIgnoreCase => self.compare(a, b) == 0,
        }
    }

    /// A number that strings share which are equal under the rule.
    ///
    /// .NET's differ from process to process; ours hold still.
    pub fn hash(self, text: &Str) -> i32 {
        let hash = |text: &Str| text.units().iter().fold(5381, |hash: i32, unit| hash.wrapping_mul(33) ^ i32::from(*unit));
        match self {
            Self::Ordinal => hash(text),
            Self::OrdinalIgnoreCase => hash(&fold(text)),
            Self::Culture | Self::CultureIgnoreCase => culture::hash(text, self.ignores_case()),
        }
    }
}

/// A string in the case that ordinal comparison has.
pub fn fold(text: &Str) -> Str {
    match text.ascii() {
        Some(text) if text.bytes().any(|byte| byte.is_ascii_lowercase()) => text.to_ascii_uppercase().into(),
        Some(_) => text.clone(),
        None => casing::map(text, casing::folded),
    }
}

/// The difference of the first code units that differ, else of the lengths. Source: String.Comparison.cs, CompareOrdinalHelper.
fn difference(a: &Str, b: &Str) -> i32 {
    if let (Some(a), Some(b)) = (a.ascii(), b.ascii()) {
        let differing = a.bytes().zip(b.bytes()).find(|(a, b)| a != b);
        return differing.map_or(a.len() as i32 - b.len() as i32, |(a, b)| i32::from(a) - i32::from(b));
    }
    let (a, b) = (a.units(), b.units());
    let differing = a.iter().zip(&b).find(|(a, b)| a != b);
    differing.map_or(a.len() as i32 - b.len() as i32, |(a, b)| i32::from(*a) - i32::from(*b))
}

/// Null comes before every string.
fn nulls(a: Option<&Str>, b: Option<&Str>) -> Result<(Str, Str), i32> {
    match (a, b) {
        (Some(a), Some(b)) => Ok((a.clone(), b.clone())),
        (a, b) => Err(a.is_some().cmp(&b.is_some()) as i32),
    }
}

/// Compares the strings at two places, null included.
fn compared(call: &mut Call<'_, '_>, a: usize, b: usize, rule: Rule) -> Result<Value, Raise> {
    Ok(Value::Int32(match nulls(text(call, a), text(call, b)) {
        Ok((a, b)) => {
            call.runtime.work(a.bytes().saturating_add(b.bytes()))?;
            rule.compare(&a, &b)
        }
        Err(order) => order,
    }))
}

/// `Compare(strA, indexA, strB, indexB, length)`
fn compared_parts(call: &mut Call<'_, '_>, rule: Rule) -> Result<Value, Raise> {
    let (a, b) = match nulls(text(call, 0), text(call, 2)) {
        Ok(both) => both,
        Err(order) => return Ok(Value::Int32(order)),
    };
    let length = int(call, 4);
    if length < 0 {
        let what = if rule == Rule::Ordinal && call.arguments.len() == 5 { "Count" } else { "Length" };
        return Err(out_of_range(&format!("{what} cannot be less than zero."), "length"));
    }
    let part = |text: &Str, index: Option<usize>, name: &str| {
        let whole = text.len();
        let start = index.filter(|start| *start <= whole);
        let part = start.and_then(|start| text.slice(start, (whole - start).min(length as usize)));
        part.ok_or_else(|| out_of_range("Index was out of range. Must be non-negative and less than the size of the collection.", name))
    };
    let (a, b) = (part(&a, at(call, 1), "indexA")?, part(&b, at(call, 3), "indexB")?);
    call.runtime.work(a.bytes().saturating_add(b.bytes()))?;
    Ok(Value::Int32(rule.compare(&a, &b)))
}

fn equals(call: &mut Call<'_, '_>, rule: Rule) -> Result<Value, Raise> {
    call.runtime.work(text(call, 0).map_or(0, Str::bytes))?;
    Ok(Value::Bool(match (text(call, 0), text(call, 1)) {
        (Some(a), Some(b)) => rule.equal(a, b),
        (a, b) => a.is_none() && b.is_none(),
    }))
}

/// `StartsWith`, `EndsWith`
fn affix(call: &mut Call<'_, '_>, rule: Rule, start: bool) -> Result<Value, Raise> {
    let this = this(call)?;
    let Some(value) = text(call, 1) else { return Err(argument_null("value")) };
    culture::pay(call.runtime, this, rule)?;
    let rule = match rule {
        Rule::Culture if culture::is_plain(this) && culture::is_plain(value) => Rule::Ordinal,
        Rule::CultureIgnoreCase if culture::is_plain(this) && culture::is_plain(value) => Rule::OrdinalIgnoreCase,
        rule => rule,
    };
    Ok(Value::Bool(match (rule, this, value) {
        (_, _, value) if value.is_empty() => true,
        (Rule::Culture | Rule::CultureIgnoreCase, ..) if start => culture::starts_with(this, value, rule.ignores_case()),
        (Rule::Culture | Rule::CultureIgnoreCase, ..) => culture::ends_with(this, value, rule.ignores_case()),
        (Rule::Ordinal, Str::Text(this), Str::Text(value)) if start => this.starts_with(value.as_str()),
        (Rule::Ordinal, Str::Text(this), Str::Text(value)) => this.ends_with(value.as_str()),
        _ => {
            let length = value.len();
            let from = if start { Some(0) } else { this.len().checked_sub(length) };
            from.and_then(|from| this.slice(from, length)).is_some_and(|part| rule.equal(&part, value))
        }
    }))
}

fn is_true(call: &Call<'_, '_>, index: usize) -> bool {
    matches!(call.argument(index), Value::Bool(true))
}

/// `StartsWith(char)`, `EndsWith(char)`
fn is_unit(call: &Call<'_, '_>, unit: Option<u16>) -> Result<Value, Raise> {
    Ok(Value::Bool(unit.is_some() && unit == super::unit(call, 1)))
}

/// Equality and order.
pub const MEMBERS: &[Member] = &[
    member("static bool operator ==(string a, string b)", |call| equals(call, Rule::Ordinal)),
    member("static bool operator !=(string a, string b)", |call| {
        Ok(Value::Bool(matches!(equals(call, Rule::Ordinal)?, Value::Bool(false))))
    }),
    member("static bool Equals(string a, string b)", |call| equals(call, Rule::Ordinal)),
    member("static bool Equals(string a, string b, StringComparison comparisonType)", |call| {
        let rule = Rule::of(call.argument(2))?;
        equals(call, rule)
    }),
    member("bool Equals(string value)", |call| equals(call, Rule::Ordinal)),
    member("bool Equals(string value, StringComparison comparisonType)", |call| {
        let rule = Rule::of(call.argument(2))?;
        equals(call, rule)
    }),
    member("static int Compare(string strA, string strB)", |call| compared(call, 0, 1, Rule::Culture)),
    member("static int Compare(string strA, string strB, bool ignoreCase)", |call| {
        let rule = Rule::culture(is_true(call, 2));
        compared(call, 0, 1, rule)
    }),
    member("static int Compare(string strA, string strB, StringComparison comparisonType)", |call| {
        let rule = Rule::of(call.argument(2))?;
        compared(call, 0, 1, rule)
    }),
    member("static int Compare(string strA, int indexA, string strB, int indexB, int length)", |call| compared_parts(call, Rule::Culture)),
    member("static int Compare(string strA, int indexA, string strB, int indexB, int length, bool ignoreCase)", |call| {
        let rule = Rule::culture(is_true(call, 5));
        compared_parts(call, rule)
    }),
    member("static int Compare(string strA, int indexA, string strB, int indexB, int length, StringComparison comparisonType)", |call| {
        let rule = Rule::of(call.argument(5))?;
        compared_parts(call, rule)
    }),
    member("static int CompareOrdinal(string strA, string strB)", |call| compared(call, 0, 1, Rule::Ordinal)),
    member("static int CompareOrdinal(string strA, int indexA, string strB, int indexB, int length)", |call| {
        compared_parts(call, Rule::Ordinal)
    }),
    member("int CompareTo(string strB)", |call| compared(call, 0, 1, Rule::Culture)),
    member("int CompareTo(object value)", |call| match call.argument(1) {
        Value::Null | Value::String(_) => compared(call, 0, 1, Rule::Culture),
        _ => raise(&registry::ARGUMENT_EXCEPTION, "Object must be of type String."),
    }),
    member("bool StartsWith(string value)", |call| affix(call, Rule::Culture, true)),
    member("bool StartsWith(char value)", |call| is_unit(call, this(call)?.unit(0))),
    member("bool StartsWith(string value, StringComparison comparisonType)", |call| {
        let rule = if call.argument(1).is_null() { Rule::Ordinal } else { Rule::of(call.argument(2))? };
        affix(call, rule, true)
    }),
    member("bool EndsWith(string value)", |call| affix(call, Rule::Culture, false)),
    member("bool EndsWith(char value)", |call| {
        let this = this(call)?;
        is_unit(call, this.len().checked_sub(1).and_then(|last| this.unit(last)))
    }),
    member("bool EndsWith(string value, StringComparison comparisonType)", |call| {
        let rule = if call.argument(1).is_null() { Rule::Ordinal } else { Rule::of(call.argument(2))? };
        affix(call, rule, false)
    }),
    member("int GetHashCode()", |call| Ok(Value::Int32(Rule::Ordinal.hash(this(call)?)))),
    member("int GetHashCode(StringComparison comparisonType)", |call| Ok(Value::Int32(Rule::of(call.argument(1))?.hash(this(call)?)))),
];
