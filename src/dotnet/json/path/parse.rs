//! How a path is written. Source: Linq/JsonPath/JPath.cs.

use std::sync::Arc;

use super::{
    Filter, Path,
    query::{Operator, Query, Side},
};
use crate::{
    dotnet::{
        exception::{BudgetSpent, Raise, raise},
        json::{convert::change_type, json_exception, leaf::Leaf, leaf::TokenType},
        registry,
        runtime::Runtime,
        types::Type,
        value::Value,
    },
    text::Text,
};

const OPEN_INDEXER: &str = "Path ended with open indexer.";
const OPEN_QUERY: &str = "Path ended with open query.";

pub(super) struct Parser<'a, 'b, 'c> {
    runtime: &'a mut Runtime<'b>,
    text: &'c str,
    at: usize,
    /// Steps so far, those of conditions included: each is a call inside another when the path is walked.
    steps: usize,
}

fn fail<T>(message: impl Into<String>) -> Result<T, Raise> {
    Err(json_exception(message))
}

impl<'a, 'b, 'c> Parser<'a, 'b, 'c> {
    pub(super) fn new(runtime: &'a mut Runtime<'b>, text: &'c str) -> Self {
        Self { runtime, text, at: 0, steps: 0 }
    }

    fn peek(&self) -> Option<char> {
        self.text.get(self.at..)?.chars().next()
    }

    /// The character here; the end raises what .NET's string does.
    fn current(&self) -> Result<char, Raise> {
        match self.peek() {
            Some(c) => Ok(c),
            None => raise(&registry::INDEX_OUT_OF_RANGE_EXCEPTION, "Index was outside the bounds of the array."),
        }
    }

    fn advance(&mut self) {
        self.at += self.peek().map_or(0, char::len_utf8);
    }

    fn since(&self, start: usize) -> &'c str {
        self.text.get(start..self.at).unwrap_or("")
    }

    fn is_at_end(&self) -> bool {
        self.at >= self.text.len()
    }

    fn skip_spaces(&mut self) {
        while self.peek() == Some(' ') {
            self.at += 1;
        }
    }

    fn ensure(&self, message: &str) -> Result<(), Raise> {
        if self.is_at_end() { fail(message) } else { Ok(()) }
    }

    pub(super) fn parse(mut self) -> Result<Path, Raise> {
        let mut start = self.at;
        self.skip_spaces();
        let mut filters = Vec::new();
        if self.is_at_end() {
            return Ok(filters.into());
        }
        if self.peek() == Some('$') {
            if self.text.len() == 1 {
                return Ok(filters.into());
            }
            // Only before a point or a bracket is it the root; else it begins a name.
            match self.text.get(self.at + 1..).and_then(|rest| rest.chars().next()) {
                Some('.' | '[') => {
                    self.at += 1;
                    start = self.at;
                }
                Some(_) => {}
                None => return raise(&registry::INDEX_OUT_OF_RANGE_EXCEPTION, "Index was outside the bounds of the array."),
            }
        }
        if !self.parse_path(&mut filters, start, false)? {
            let last = self.peek();
            self.skip_spaces();
            if !self.is_at_end() {
                return fail(format!("Unexpected character while parsing path: {}", last.unwrap_or(' ')));
            }
        }
        Ok(filters.into())
    }

    /// Counts a step that is walked inside those before it.
    fn deeper(&mut self) -> Result<(), Raise> {
        self.steps += 1;
        if self.steps > self.runtime.budget.depth as usize { Err(Raise::Budget(BudgetSpent::Depth)) } else { Ok(()) }
    }

    /// True where the path goes to the end of the text.
    fn parse_path(&mut self, filters: &mut Vec<Filter>, start: usize, is_query: bool) -> Result<bool, Raise> {
        let mut start = start;
        let (mut is_scan, mut is_behind_indexer, mut is_behind_dot) = (false, false, false);
        while let Some(c) = self.peek() {
            match c {
                '[' | '(' => {
                    self.deeper()?;
                    if self.at > start {
                        filters.push(member(self.since(start), is_scan));
                        is_scan = false;
                    }
                    filters.push(self.parse_indexer(c, is_scan)?);
                    is_scan = false;
                    self.advance();
                    start = self.at;
                    (is_behind_indexer, is_behind_dot) = (true, false);
                }
                ']' | ')' | ' ' => break,
                '.' => {
                    self.deeper()?;
                    if self.at > start {
                        filters.push(member(self.since(start), is_scan));
                        is_scan = false;
                    }
                    self.at += 1;
                    if self.peek() == Some('.') {
                        is_scan = true;
                        self.at += 1;
                    }
                    start = self.at;
                    (is_behind_indexer, is_behind_dot) = (false, true);
                }
                '=' | '<' | '!' | '>' | '|' | '&' if is_query => break,
                c if is_behind_indexer => return fail(format!("Unexpected character following indexer: {c}")),
                _ => self.advance(),
            }
        }
        let is_at_end = self.is_at_end();
        if self.at > start {
            filters.push(member(self.since(start).trim_end(), is_scan));
        } else if is_behind_dot && (is_at_end || is_query) {
            return fail("Unexpected end while parsing path.");
        }
        Ok(is_at_end)
    }

    fn parse_indexer(&mut self, open: char, is_scan: bool) -> Result<Filter, Raise> {
        self.at += 1;
        let close = if open == '[' { ']' } else { ')' };
        self.ensure(OPEN_INDEXER)?;
        self.skip_spaces();
        match self.current()? {
            '\'' => self.parse_quoted(close, is_scan),
            '?' => self.parse_query(close, is_scan),
            _ => self.parse_array_indexer(close),
        }
    }

    fn parse_array_indexer(&mut self, close: char) -> Result<Filter, Raise> {
        let mut start = self.at;
        let mut end = None;
        let mut indexes: Option<Vec<i32>> = None;
        let mut slice = [None; 3];
        let mut colons = 0_usize;
        while let Some(c) = self.peek() {
            let text = self.text.get(start..end.unwrap_or(self.at)).unwrap_or("");
            let unexpected = || fail(format!("Unexpected character while parsing path indexer: {c}"));
            match c {
                ' ' => {
                    end = Some(self.at);
                    self.skip_spaces();
                }
                c if c == close => {
                    if text.is_empty() && colons == 0 {
                        return fail("Array index expected.");
                    }
                    if let Some(mut indexes) = indexes {
                        indexes.push(self.index(text)?);
                        return Ok(Filter::Indexes(indexes.into()));
                    }
                    if colons == 0 {
                        return Ok(Filter::Index(Some(self.index(text)?)));
                    }
                    if !text.is_empty() {
                        let index = self.index(text)?;
                        if let Some(part) = slice.get_mut(colons.min(2)) {
                            *part = Some(index);
                        }
                    }
                    let [start, end, step] = slice;
                    return Ok(Filter::Slice(start, end, step));
                }
                ',' => {
                    if text.is_empty() {
                        return fail("Array index expected.");
                    }
                    let index = self.index(text)?;
                    indexes.get_or_insert_default().push(index);
                    self.at += 1;
                    self.skip_spaces();
                    (start, end) = (self.at, None);
                }
                '*' => {
                    self.at += 1;
                    self.ensure(OPEN_INDEXER)?;
                    self.skip_spaces();
                    return if self.current()? == close { Ok(Filter::Index(None)) } else { unexpected() };
                }
                ':' => {
                    if !text.is_empty() {
                        let index = self.index(text)?;
                        if let Some(part) = slice.get_mut(colons.min(2)) {
                            *part = Some(index);
                        }
                    }
                    colons += 1;
                    self.at += 1;
                    self.skip_spaces();
                    (start, end) = (self.at, None);
                }
                c if !(c == '-' || c.is_ascii_digit()) || end.is_some() => return unexpected(),
                _ => self.at += 1,
            }
        }
        fail(OPEN_INDEXER)
    }

    /// `Convert.ToInt32(text)`
    fn index(&mut self, text: &str) -> Result<i32, Raise> {
        match change_type(self.runtime, &Value::string(text.to_owned()), &Type::INT32)? {
            Value::Int32(index) => Ok(index),
            _ => Ok(0),
        }
    }

    fn parse_quoted(&mut self, close: char, is_scan: bool) -> Result<Filter, Raise> {
        let mut fields: Vec<Text> = Vec::new();
        while !self.is_at_end() {
            let field: Text = self.read_quoted()?.into();
            self.skip_spaces();
            self.ensure(OPEN_INDEXER)?;
            match self.current()? {
                c if c == close => {
                    if fields.is_empty() {
                        return Ok(if is_scan { Filter::Scan(Some(field)) } else { Filter::Field(Some(field)) });
                    }
                    fields.push(field);
                    return Ok(if is_scan { Filter::ScanFields(fields.into()) } else { Filter::Fields(fields.into()) });
                }
                ',' => {
                    self.at += 1;
                    self.skip_spaces();
                    fields.push(field);
                }
                c => return fail(format!("Unexpected character while parsing path indexer: {c}")),
            }
        }
        fail(OPEN_INDEXER)
    }

    /// A quoted string; what stands at its beginning is taken for the quote.
    fn read_quoted(&mut self) -> Result<String, Raise> {
        let mut out = String::new();
        self.advance();
        while let Some(c) = self.peek() {
            self.advance();
            match (c, self.peek()) {
                ('\\', Some(escape)) => {
                    out.push(match escape {
                        'b' => '\u{8}',
                        't' => '\t',
                        'n' => '\n',
                        'f' => '\u{c}',
                        'r' => '\r',
                        '\\' | '"' | '\'' | '/' => escape,
                        escape => return fail(format!("Unknown escape character: \\{escape}")),
                    });
                    self.advance();
                }
                ('\'', _) => return Ok(out),
                (c, _) => out.push(c),
            }
        }
        fail("Path ended with an open string.")
    }

    fn parse_query(&mut self, close: char, is_scan: bool) -> Result<Filter, Raise> {
        self.at += 1;
        self.ensure(OPEN_INDEXER)?;
        let c = self.current()?;
        if c != '(' {
            return fail(format!("Unexpected character while parsing path indexer: {c}"));
        }
        self.at += 1;
        self.runtime.budget.depth = self.runtime.budget.depth.checked_sub(1).ok_or(Raise::Budget(BudgetSpent::Depth))?;
        let query = stacker::maybe_grow(128 << 10, 1 << 20, || self.parse_expression());
        self.runtime.budget.depth += 1;
        let query = Arc::new(query?);
        self.at += 1;
        self.ensure(OPEN_INDEXER)?;
        self.skip_spaces();
        let c = self.current()?;
        if c != close {
            return fail(format!("Unexpected character while parsing path indexer: {c}"));
        }
        Ok(if is_scan { Filter::QueryScan(query) } else { Filter::Query(query) })
    }

    fn unexpected<T>(&self) -> Result<T, Raise> {
        fail(format!("Unexpected character while parsing path query: {}", self.current()?))
    }

    fn parse_side(&mut self) -> Result<Side, Raise> {
        self.skip_spaces();
        let side = match self.current()? {
            first @ ('$' | '@') => {
                self.at += 1;
                let mut path = if first == '$' { vec![Filter::Root] } else { Vec::new() };
                if self.parse_path(&mut path, self.at, true)? {
                    return fail(OPEN_QUERY);
                }
                Side::Path(path.into())
            }
            _ => match self.parse_value()? {
                Some(leaf) => Side::Value(leaf),
                None => return self.unexpected(),
            },
        };
        self.skip_spaces();
        self.ensure(OPEN_QUERY)?;
        Ok(side)
    }

    fn parse_expression(&mut self) -> Result<Query, Raise> {
        // Operators are taken as they come: a change from `&&` to `||` opens a group that everything behind it falls into.
        let mut groups: Vec<(bool, Vec<Query>)> = Vec::new();
        while !self.is_at_end() {
            let left = self.parse_side()?;
            let query = if matches!(self.current()?, ')' | '|' | '&') {
                Query::Exists(left)
            } else {
                let operator = self.parse_operator()?;
                Query::Compare(operator, left, self.parse_side()?)
            };
            let is_and = match self.current()? {
                ')' => {
                    let Some((_, last)) = groups.last_mut() else { return Ok(query) };
                    last.push(query);
                    let mut inner: Option<Query> = None;
                    while let Some((is_and, mut queries)) = groups.pop() {
                        queries.extend(inner.take());
                        inner = Some(if is_and { Query::And(queries) } else { Query::Or(queries) });
                    }
                    return inner.map_or_else(|| fail(OPEN_QUERY), Ok);
                }
                '&' if self.take("&&") => true,
                '|' if self.take("||") => false,
                '&' | '|' => return self.unexpected(),
                // The loop reads another side, as Newtonsoft's does.
                _ => continue,
            };
            match groups.last_mut() {
                Some((last, queries)) if *last == is_and => queries.push(query),
                _ => {
                    self.deeper()?;
                    groups.push((is_and, vec![query]));
                }
            }
        }
        fail(OPEN_QUERY)
    }

    fn take(&mut self, token: &str) -> bool {
        let found = self.text.get(self.at..).is_some_and(|rest| rest.starts_with(token));
        if found {
            self.at += token.len();
        }
        found
    }

    fn parse_value(&mut self) -> Result<Option<Leaf>, Raise> {
        let string = |text: String| Leaf::new(TokenType::String, Value::string(text));
        Ok(match self.current()? {
            '\'' => Some(string(self.read_quoted()?)),
            c if c == '-' || c.is_ascii_digit() => {
                let start = self.at;
                while let Some(c) = self.peek().filter(|c| !matches!(c, ' ' | ')')) {
                    self.at += c.len_utf8();
                }
                let text = self.since(start);
                let is_real = text.contains(['.', 'E', 'e']);
                if self.is_at_end() {
                    None
                } else if is_real {
                    let number = crate::dotnet::number::parse(text, &Type::DOUBLE);
                    number.map(|number| Leaf::new(TokenType::Float, number))
                } else {
                    text.parse().ok().map(|number| Leaf::new(TokenType::Integer, Value::Int64(number)))
                }
            }
            't' if self.take("true") => Some(Leaf::new(TokenType::Boolean, Value::Bool(true))),
            'f' if self.take("false") => Some(Leaf::new(TokenType::Boolean, Value::Bool(false))),
            'n' if self.take("null") => Some(Leaf::NULL),
            '/' => Some(string(self.read_regex()?)),
            _ => None,
        })
    }

    /// `/pattern/options`
    fn read_regex(&mut self) -> Result<String, Raise> {
        let start = self.at;
        self.at += 1;
        while let Some(c) = self.peek() {
            self.advance();
            match c {
                '\\' if !self.is_at_end() => self.advance(),
                '/' => {
                    while self.peek().is_some_and(char::is_alphabetic) {
                        self.advance();
                    }
                    return Ok(self.since(start).to_owned());
                }
                _ => {}
            }
        }
        fail("Path ended with an open regex.")
    }

    fn parse_operator(&mut self) -> Result<Operator, Raise> {
        if self.at + 1 >= self.text.len() {
            return fail(OPEN_QUERY);
        }
        for (token, operator) in [
            ("===", Operator::StrictEqual),
            ("==", Operator::Equal),
            ("=~", Operator::Matches),
            ("!==", Operator::StrictNotEqual),
            ("!=", Operator::NotEqual),
            ("<>", Operator::NotEqual),
            ("<=", Operator::LessOrEqual),
            ("<", Operator::Less),
            (">=", Operator::GreaterOrEqual),
            (">", Operator::Greater),
        ] {
            if self.take(token) {
                return Ok(operator);
            }
        }
        fail("Could not read query operator.")
    }
}

fn member(name: &str, is_scan: bool) -> Filter {
    let name = (name != "*").then(|| Text::copied(name));
    if is_scan { Filter::Scan(name) } else { Filter::Field(name) }
}
