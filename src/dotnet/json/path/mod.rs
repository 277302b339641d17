//! JSONPath: `SelectToken` and `SelectTokens`. Source: Linq/JsonPath.

mod filter;
mod parse;
mod query;

use std::sync::Arc;

use super::json_exception;
use crate::{
    dotnet::{
        exception::Raise,
        heap::Ref,
        runtime::Runtime,
        sequence::{Cursor, items},
        value::Value,
    },
    text::Text,
};

/// A path: filters, each applied to what the one before it gives.
pub(super) type Path = Arc<[Filter]>;

/// A step of a path.
#[derive(Clone, Debug)]
pub(super) enum Filter {
    /// `$` within a query
    Root,
    /// `.name`; none for `*`
    Field(Option<Text>),
    /// `['a', 'b']`
    Fields(Arc<[Text]>),
    /// `..name`; none for everything
    Scan(Option<Text>),
    /// `..['a', 'b']`
    ScanFields(Arc<[Text]>),
    /// `[0]`; none for `[*]`
    Index(Option<i32>),
    /// `[0, 1]`
    Indexes(Arc<[i32]>),
    /// `[start:end:step]`
    Slice(Option<i32>, Option<i32>, Option<i32>),
    /// `[?(…)]`
    Query(Arc<query::Query>),
    /// `..[?(…)]`
    QueryScan(Arc<query::Query>),
}

/// Understands a path.
pub(super) fn parse(runtime: &mut Runtime<'_>, text: &str) -> Result<Path, Raise> {
    runtime.allocate(text.len() * 8)?;
    runtime.work(text.len() * 8)?;
    parse::Parser::new(runtime, text).parse()
}

/// A walk through what a path finds.
pub(super) fn evaluate(runtime: &mut Runtime<'_>, path: &[Filter], root: Ref, of: Ref, is_strict: bool) -> Result<Box<dyn Cursor>, Raise> {
    let mut current = items(vec![Value::Object(of)]);
    for filter in path {
        runtime.allocate(size_of::<Filter>() * 4)?;
        current = filter::apply(filter.clone(), current, root, is_strict);
    }
    Ok(current)
}

/// `SelectToken`
pub(super) fn select(runtime: &mut Runtime<'_>, of: Ref, path: &str, is_strict: bool) -> Result<Value, Raise> {
    let path = parse(runtime, path)?;
    let mut found = Value::Null;
    let mut cursor = evaluate(runtime, &path, of, of, is_strict)?;
    while let Some(token) = cursor.next(runtime)? {
        if !found.is_null() {
            return Err(json_exception("Path returned multiple tokens."));
        }
        found = token;
    }
    Ok(found)
}
