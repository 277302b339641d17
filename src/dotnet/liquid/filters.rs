//! The filters. Source: dotliquid, `StandardFilters.cs`, as far as nothing else is said.

use rust_decimal::{Decimal, RoundingStrategy, prelude::ToPrimitive};

use super::{FILTERS, Value, render::order};
use crate::{
    dotnet::{
        datetime::{format_date_time, parse_date_time},
        exception::Raise,
        regex,
        runtime::Runtime,
        string::Str,
        uri::{escape, unescape},
        value::Value as Dotnet,
    },
    text::Text,
};

/// Applies a filter. One that there is not leaves its value alone: DotLiquid calls what it finds and no more.
pub(super) fn apply(runtime: &mut Runtime<'_>, name: &str, value: Value, given: &[Value]) -> Result<Value, Raise> {
    if !FILTERS.contains(&name) {
        return Ok(value);
    }
    match filtered(runtime, name, value, given) {
        // What a filter throws stands in the text.
        Err(Raise::Exception(exception)) => Ok(Value::text(format!("Liquid error: {}", exception.message))),
        other => other,
    }
}

fn filtered(runtime: &mut Runtime<'_>, name: &str, value: Value, given: &[Value]) -> Result<Value, Raise> {
    let text = |index: usize| given.get(index).map(Value::written).unwrap_or_default();
    let number = |index: usize| given.get(index).and_then(Value::integer);
    // Most filters leave nothing as nothing.
    if matches!(value, Value::Nil) && !matches!(name, "Append" | "Prepend" | "Default" | "Size" | "Plus") {
        return Ok(value);
    }
    Ok(match name {
        "Abs" => map_number(&value, |number| number.abs()),
        "Append" => joined(runtime, &value.written(), &text(0))?,
        "Prepend" => joined(runtime, &text(0), &value.written())?,
        "AtLeast" => bound(&value, given, false),
        "AtMost" => bound(&value, given, true),
        "Plus" | "Minus" | "Times" | "DividedBy" | "Modulo" => arithmetic(runtime, name, &value, given.first().unwrap_or(&Value::Nil))?,
        "Round" => match value.decimal() {
            // .NET rounds halves to the even neighbour.
            Some(decimal) => {
                let places = u32::try_from(number(0).unwrap_or(0)).unwrap_or(0);
                Value::Decimal(decimal.round_dp_with_strategy(places, RoundingStrategy::MidpointNearestEven))
            }
            None => value,
        },
        "Currency" => currency(&value, &text(0)),
        "Date" => date(runtime, value, given)?,
        "Default" => {
            let is_given = value.is_true() && !value.is_empty();
            if is_given { value } else { given.first().cloned().unwrap_or_default() }
        }
        "Capitalize" => Value::text(title(&value.written())),
        "Downcase" => Value::text(value.written().to_lowercase()),
        "Upcase" => Value::text(value.written().to_uppercase()),
        "Escape" | "H" => Value::text(html(&value.written())),
        "UrlEncode" => Value::text(escape(&value.written(), &[crate::dotnet::uri::UNRESERVED], false).replace("%20", "+")),
        "UrlDecode" => Value::text(unescape(&value.written(), true)),
        "Strip" => Value::text(value.written().trim().to_owned()),
        "Lstrip" => Value::text(value.written().trim_start().to_owned()),
        "Rstrip" => Value::text(value.written().trim_end().to_owned()),
        "StripNewlines" => Value::text(value.written().replace("\r\n", "").replace('\n', "")),
        "NewlineToBr" => Value::text(value.written().replace("\r\n", "\n").replace('\n', "<br />\r\n")),
        "StripHtml" => Value::text(without_tags(&value.written())),
        // Both are patterns of regular expressions: the templates that the service writes itself count on it.
        "Replace" | "ReplaceFirst" => {
            let count = if name == "Replace" { -1 } else { 1 };
            replaced(runtime, &value.written(), &text(0), &text(1), count)?
        }
        "Remove" => Value::text(value.written().replace(&text(0), "")),
        "RemoveFirst" => Value::text(value.written().replacen(&text(0), "", 1)),
        "Truncate" => Value::text(truncate(&value.written(), number(0).unwrap_or(50), given.get(1))),
        "TruncateWords" => {
            let written = value.written();
            let words: Vec<&str> = written.split(' ').collect();
            let count = usize::try_from(number(0).unwrap_or(15)).unwrap_or(0);
            let ending = given.get(1).map_or_else(|| "...".to_owned(), Value::written);
            Value::text(if words.len() > count { format!("{}{ending}", words.get(..count).unwrap_or(&[]).join(" ")) } else { written })
        }
        "Split" => {
            let (written, divider) = (value.written(), text(0));
            let parts: Vec<Value> = if divider.trim().is_empty() && divider.is_empty() {
                written.chars().map(|c| Value::text(c.to_string())).collect()
            } else {
                written.split(&divider).filter(|part| !part.is_empty()).map(|part| Value::text(part.to_owned())).collect()
            };
            Value::Array(parts)
        }
        "Slice" => slice(value, number(0).unwrap_or(0), number(1).unwrap_or(1)),
        "Join" => match value {
            Value::Array(values) => {
                let glue = given.first().map_or_else(|| " ".to_owned(), Value::written);
                Value::text(values.iter().map(Value::written).collect::<Vec<_>>().join(&glue))
            }
            other => other,
        },
        "First" => value.member("first"),
        "Last" => value.member("last"),
        "Size" => match &value {
            Value::Nil => Value::Int(0),
            Value::Text(_) | Value::Array(_) | Value::Object(..) => value.member("size"),
            _ => Value::Int(0),
        },
        "Map" => match value {
            Value::Array(values) => Value::Array(values.iter().map(|value| value.member(&text(0))).collect()),
            other => other.member(&text(0)),
        },
        "Compact" => match value {
            Value::Array(values) => Value::Array(values.into_iter().filter(|value| !matches!(value, Value::Nil)).collect()),
            other => other,
        },
        "Sort" => match value {
            Value::Array(mut values) => {
                let key = given.first().map(Value::written);
                let by = |value: &Value| key.as_ref().map_or_else(|| value.clone(), |key| value.member(key));
                values.sort_by(|left, right| order(&by(left), &by(right)).unwrap_or(std::cmp::Ordering::Equal));
                Value::Array(values)
            }
            other => other,
        },
        "Uniq" => match value {
            Value::Array(values) => {
                let mut seen: Vec<Value> = Vec::new();
                for value in values {
                    runtime.work(seen.len() * size_of::<Value>())?;
                    if !seen.contains(&value) {
                        seen.push(value);
                    }
                }
                Value::Array(seen)
            }
            other => other,
        },
        _ => value,
    })
}

fn joined(runtime: &mut Runtime<'_>, left: &str, right: &str) -> Result<Value, Raise> {
    runtime.allocate(left.len() + right.len())?;
    Ok(Value::text(format!("{left}{right}")))
}

fn map_number(value: &Value, map: impl Fn(Decimal) -> Decimal) -> Value {
    match (value, value.decimal()) {
        (Value::Int(_), Some(number)) => whole(map(number)),
        (_, Some(number)) => Value::Decimal(map(number)),
        (_, None) => Value::Int(0),
    }
}

fn whole(number: Decimal) -> Value {
    number.to_i64().map_or(Value::Decimal(number), Value::Int)
}

fn bound(value: &Value, given: &[Value], is_upper: bool) -> Value {
    match (value.decimal(), given.first().and_then(Value::decimal)) {
        (Some(number), Some(limit)) if (number > limit) == is_upper => given.first().cloned().unwrap_or_default(),
        _ => value.clone(),
    }
}

/// Whole numbers stay whole, division too; a text plus anything is a longer text.
fn arithmetic(runtime: &mut Runtime<'_>, name: &str, left: &Value, right: &Value) -> Result<Value, Raise> {
    if let (Value::Text(text), "Plus") = (left, name) {
        return joined(runtime, text, &right.written());
    }
    let (Some(a), Some(b)) = (left.decimal(), right.decimal()) else { return Ok(Value::Nil) };
    let are_whole = matches!((left, right), (Value::Int(_), Value::Int(_)));
    let result = match name {
        "Plus" => a.checked_add(b),
        "Minus" => a.checked_sub(b),
        "Times" => a.checked_mul(b),
        _ if b.is_zero() => return Ok(Value::text("Liquid error: Attempted to divide by zero.")),
        "DividedBy" => a.checked_div(b).map(|number| if are_whole { number.trunc() } else { number }),
        _ => a.checked_rem(b),
    };
    let Some(result) = result else {
        return Ok(Value::text("Liquid error: Value was either too large or too small for a Decimal."));
    };
    Ok(if are_whole { whole(result) } else { Value::Decimal(result.normalize()) })
}

/// Money in the invariant culture, whose currency sign is `¤`; of cultures by name only those with the dollar and the pound.
fn currency(value: &Value, culture: &str) -> Value {
    let Some(number) = value.decimal() else { return value.clone() };
    let sign = match culture {
        "en-US" => "$",
        "en-GB" => "£",
        _ => "¤",
    };
    let rounded = number.abs().round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero);
    let text = format!("{rounded:.2}");
    let (units, cents) = text.split_once('.').unwrap_or((&text, "00"));
    let mut grouped = String::new();
    for (at, digit) in units.chars().enumerate() {
        if at > 0 && (units.len() - at) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let money = format!("{sign}{grouped}.{cents}");
    Value::text(match (number.is_sign_negative() && !number.is_zero(), sign) {
        (false, _) => money,
        (true, "¤") => format!("({money})"),
        (true, _) => format!("-{money}"),
    })
}

/// A date in a .NET format; what is no date stays as it is.
fn date(runtime: &mut Runtime<'_>, value: Value, given: &[Value]) -> Result<Value, Raise> {
    let format = given.first().map(Value::written).unwrap_or_default();
    let date = match &value {
        Value::Date(date) => Some(*date),
        Value::Text(text) if text.eq_ignore_ascii_case("now") || text.eq_ignore_ascii_case("today") => {
            Some(crate::dotnet::datetime::DateTime::from_moment(runtime.environment.now()))
        }
        Value::Text(text) => match parse_date_time(runtime, &Str::from(text.clone()), 0) {
            Ok(date) => Some(date),
            Err(Raise::Exception(_)) => None,
            Err(other) => return Err(other),
        },
        _ => None,
    };
    Ok(match date {
        Some(date) if !format.trim().is_empty() => Value::text(format_date_time(date, &format)?),
        Some(date) => Value::text(date.to_string()),
        None => value,
    })
}

fn replaced(runtime: &mut Runtime<'_>, text: &str, pattern: &str, with: &str, count: i32) -> Result<Value, Raise> {
    if text.is_empty() || pattern.is_empty() {
        return Ok(Value::text(text.to_owned()));
    }
    let string = |text: &str| Str::from(Text::from(text.to_owned()));
    match regex::replace(runtime, &string(text), &string(pattern), &string(with), count)? {
        Dotnet::String(text) => Ok(Value::Text(text.to_text())),
        _ => Ok(Value::Nil),
    }
}

/// Every word with a capital; words in capitals stay.
fn title(text: &str) -> String {
    let mut titled = String::with_capacity(text.len());
    let mut begins = true;
    for c in text.chars() {
        if begins && c.is_alphabetic() {
            titled.extend(c.to_uppercase());
        } else {
            titled.push(c);
        }
        begins = !(c.is_alphanumeric() || c == '\'');
    }
    titled
}

/// `WebUtility.HtmlEncode`
fn html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\u{a0}'..='\u{ff}' | '\u{10000}'.. => escaped.push_str(&format!("&#{};", u32::from(c))),
            c => escaped.push(c),
        }
    }
    escaped
}

fn without_tags(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(open) = rest.find('<') {
        let (before, tail) = rest.split_at(open);
        let Some(close) = tail.find('>') else { break };
        out.push_str(before);
        rest = tail.get(close + 1..).unwrap_or("");
    }
    out.push_str(rest);
    out
}

fn truncate(text: &str, length: i64, ending: Option<&Value>) -> String {
    let ending = ending.map_or_else(|| "...".to_owned(), Value::written);
    let length = usize::try_from(length).unwrap_or(0);
    let characters: Vec<char> = text.chars().collect();
    if characters.len() <= length {
        return text.to_owned();
    }
    let kept = length.saturating_sub(ending.chars().count());
    characters.iter().take(kept).collect::<String>() + &ending
}

fn slice(value: Value, start: i64, length: i64) -> Value {
    let range = |count: usize| {
        let count = count as i64;
        let start = if start < 0 { (start + count).max(0) } else { start.min(count) };
        let length = length.clamp(0, count - start);
        (usize::try_from(start).unwrap_or(0), usize::try_from(length).unwrap_or(0))
    };
    match value {
        Value::Array(values) => {
            let (start, length) = range(values.len());
            Value::Array(values.into_iter().skip(start).take(length).collect())
        }
        other => {
            let characters: Vec<char> = other.written().chars().collect();
            let (start, length) = range(characters.len());
            Value::text(characters.into_iter().skip(start).take(length).collect::<String>())
        }
    }
}
