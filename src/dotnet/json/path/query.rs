//! The conditions of `[?(…)]`. Source: Linq/JsonPath/QueryExpression.cs.

use super::{Path, evaluate};
use crate::dotnet::{
    display::to_str,
    exception::Raise,
    heap::Ref,
    json::{
        Kind, date, foreign,
        leaf::{self, Leaf, TokenType},
        tree,
    },
    runtime::Runtime,
    string::Str,
    value::Value,
};

/// A condition.
#[derive(Debug)]
pub(in crate::dotnet::json) enum Query {
    And(Vec<Query>),
    Or(Vec<Query>),
    Exists(Side),
    Compare(Operator, Side, Side),
}

/// One side of a comparison.
#[derive(Debug)]
pub(in crate::dotnet::json) enum Side {
    Value(Leaf),
    Path(Path),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::dotnet::json) enum Operator {
    Equal,
    NotEqual,
    StrictEqual,
    StrictNotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Matches,
}

/// A token that a side gives: a value that is no token of a tree, or one of a tree.
enum Found {
    Leaf(Leaf),
    Container,
}

impl Query {
    /// Whether it holds for a token.
    pub(super) fn holds(&self, runtime: &mut Runtime<'_>, root: Ref, of: Ref) -> Result<bool, Raise> {
        runtime.step()?;
        match self {
            Self::And(queries) => {
                for query in queries {
                    if !query.holds(runtime, root, of)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Self::Or(queries) => {
                for query in queries {
                    if query.holds(runtime, root, of)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Self::Exists(Side::Value(_)) => Ok(true),
            Self::Exists(Side::Path(path)) => Ok(evaluate(runtime, path, root, of, false)?.next(runtime)?.is_some()),
            Self::Compare(operator, left, right) => {
                let left = left.found(runtime, root, of)?;
                if left.is_empty() {
                    return Ok(false);
                }
                let right = right.found(runtime, root, of)?;
                for left in &left {
                    for right in &right {
                        if matches(runtime, *operator, left, right)? {
                            return Ok(true);
                        }
                    }
                }
                Ok(false)
            }
        }
    }
}

impl Side {
    fn found(&self, runtime: &mut Runtime<'_>, root: Ref, of: Ref) -> Result<Vec<Found>, Raise> {
        let path = match self {
            Self::Value(leaf) => return Ok(vec![Found::Leaf(leaf.clone())]),
            Self::Path(path) => path,
        };
        let mut found = Vec::new();
        let mut cursor = evaluate(runtime, path, root, of, false)?;
        while let Some(token) = cursor.next(runtime)? {
            runtime.step()?;
            runtime.allocate(size_of::<Found>())?;
            let Some(token) = tree::reference(runtime, &token) else { continue };
            found.push(match &tree::get(runtime, token)?.kind {
                Kind::Value(leaf) => Found::Leaf(leaf.clone()),
                _ => Found::Container,
            });
        }
        Ok(found)
    }
}

fn matches(runtime: &mut Runtime<'_>, operator: Operator, left: &Found, right: &Found) -> Result<bool, Raise> {
    let (Found::Leaf(left), Found::Leaf(right)) = (left, right) else { return Ok(operator == Operator::NotEqual) };
    Ok(match operator {
        Operator::Matches => regex_matches(runtime, left, right)?,
        Operator::Equal => equal(runtime, left, right)?,
        Operator::NotEqual => !equal(runtime, left, right)?,
        Operator::StrictEqual => strictly_equal(runtime, left, right)?,
        Operator::StrictNotEqual => !strictly_equal(runtime, left, right)?,
        Operator::Less => leaf::compare_leaves(runtime, left, right)? < 0,
        Operator::LessOrEqual => leaf::compare_leaves(runtime, left, right)? <= 0,
        Operator::Greater => leaf::compare_leaves(runtime, left, right)? > 0,
        Operator::GreaterOrEqual => leaf::compare_leaves(runtime, left, right)? >= 0,
    })
}

fn are_numbers(a: TokenType, b: TokenType) -> bool {
    matches!((a, b), (TokenType::Integer, TokenType::Float) | (TokenType::Float, TokenType::Integer))
}

fn strictly_equal(runtime: &mut Runtime<'_>, left: &Leaf, right: &Leaf) -> Result<bool, Raise> {
    if are_numbers(left.ty, right.ty) {
        return Ok(leaf::compare_values(runtime, left.ty, &left.value, &right.value)? == 0);
    }
    leaf::equals(runtime, left, right)
}

/// `EqualsWithStringCoercion`: dates, bytes, GUIDs, spans and URIs are also equal to their text.
fn equal(runtime: &mut Runtime<'_>, left: &Leaf, right: &Leaf) -> Result<bool, Raise> {
    if strictly_equal(runtime, left, right)? {
        return Ok(true);
    }
    let Value::String(wanted) = &right.value else { return Ok(false) };
    if right.ty != TokenType::String {
        return Ok(false);
    }
    let mut text = String::new();
    match &left.value {
        Value::DateTime(time) => date::write(*time, &mut text),
        Value::DateTimeOffset(time) => date::write_offset(*time, &mut text),
        value if left.ty == TokenType::Uri => {
            text.push_str(&foreign::original_string(runtime, value).as_str());
        }
        value => match (left.ty, runtime.bytes(value)) {
            (TokenType::Bytes, Some(bytes)) => {
                base64::Engine::encode_string(&base64::engine::general_purpose::STANDARD, bytes, &mut text);
            }
            (TokenType::Guid | TokenType::TimeSpan, _) => text.push_str(&to_str(runtime, value).as_str()),
            _ => return Ok(false),
        },
    }
    Ok(*wanted == Str::from(text))
}

/// `=~ /pattern/options`
fn regex_matches(runtime: &mut Runtime<'_>, input: &Leaf, pattern: &Leaf) -> Result<bool, Raise> {
    let (Value::String(_), Value::String(regex)) = (&input.value, &pattern.value) else { return Ok(false) };
    if input.ty != TokenType::String || pattern.ty != TokenType::String {
        return Ok(false);
    }
    let regex = regex.as_str();
    let (body, options) = regex.rsplit_once('/').unwrap_or((&regex, ""));
    let mut flags = 0;
    for option in options.chars() {
        flags |= match option {
            'i' => 1,
            'm' => 2,
            // `ExplicitCapture`, and not white space: so Newtonsoft has it.
            'x' => 4,
            's' => 16,
            _ => 0,
        };
    }
    let body = Value::string(body.get(1..).unwrap_or("").to_owned());
    foreign::regex_matches(runtime, &input.value, &body, flags)
}
