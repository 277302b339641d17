//! `JToken`. Source: Linq/JToken.cs.

use super::{
    super::{
        Kind, TokenType,
        convert::{cast_argument, to_object, value_as},
        leaf::Leaf,
        path, tree,
        walk::{self, steps, tokens},
        writer,
    },
    argument, child, from_object, index, no_children, optional, parse, text, this, token, type_argument,
};
use crate::dotnet::{
    enums::{Reflected, token_type},
    exception::{Raise, argument_null, null_reference},
    member::{Call, Member, member},
    registry,
    sequence::{Cursor, cursor},
    types::{ClassRef, Type},
    value::Value,
};

macro_rules! conversions {
    ($($from:literal, $ty:expr;)*) => {
        &[
            $(member(concat!("static explicit operator ", $from, "(JToken value)"), |call| cast_argument(call, &$ty)),
            member(concat!("static explicit operator ", $from, "?(JToken value)"), |call| cast_argument(call, &Type::nullable($ty))),
            member(concat!("static implicit operator JToken(", $from, " value)"), wrap),
            member(concat!("static implicit operator JToken(", $from, "? value)"), wrap_boxed),)*
        ]
    };
}

const CONVERSIONS: &[Member] = conversions! {
    "bool", Type::BOOL;
    "byte", Type::BYTE;
    "sbyte", Type::SBYTE;
    "short", Type::INT16;
    "ushort", Type::UINT16;
    "int", Type::INT32;
    "uint", Type::UINT32;
    "long", Type::INT64;
    "ulong", Type::UINT64;
    "float", Type::SINGLE;
    "double", Type::DOUBLE;
    "decimal", Type::DECIMAL;
    "DateTime", Type::DATE_TIME;
    "DateTimeOffset", Type::DATE_TIME_OFFSET;
    "TimeSpan", Type::TIME_SPAN;
    "Guid", Type::GUID;
};

const OWN: &[Member] = &[
    member("static JToken Parse(string json)", |call| parse(call, None)),
    member("static JToken FromObject(object o)", |call| from_object(call, None)),
    member("static bool DeepEquals(JToken t1, JToken t2)", |call| {
        let (a, b) = (argument(call, 0), argument(call, 1));
        tree::deep_equals(call.runtime, a, b).map(Value::Bool)
    }),
    member("JTokenType Type { get; }", |call| Ok(token_type(token(call)?.ty() as i32))),
    member("bool HasValues { get; }", |call| Ok(Value::Bool(token(call)?.count() > 0))),
    member("JContainer Parent { get; }", |call| Ok(optional(token(call)?.parent))),
    member("JToken Root { get; }", |call| Ok(Value::Object(tree::root(call.runtime, this(call)?)))),
    member("JToken Next { get; }", |call| {
        let of = this(call)?;
        tree::sibling(call.runtime, of, 1).map(optional)
    }),
    member("JToken Previous { get; }", |call| {
        let of = this(call)?;
        tree::sibling(call.runtime, of, -1).map(optional)
    }),
    member("JToken First { get; }", |call| match token(call)? {
        token if token.is_container() => Ok(optional(token.child(0))),
        token => no_children(token),
    }),
    member("JToken Last { get; }", |call| match token(call)? {
        token if token.is_container() => Ok(optional(token.count().checked_sub(1).and_then(|last| token.child(last)))),
        token => no_children(token),
    }),
    member("string Path { get; }", |call| {
        let of = this(call)?;
        let path = tree::path(call.runtime, of)?;
        call.runtime.allocate(path.len())?;
        Ok(Value::string(path))
    }),
    member("JToken this[object key] { get; set; }", index),
    member("T Value<T>(object key)", |call| {
        let (of, target) = (this(call)?, type_argument(call, 0));
        match child(call.runtime, of, call.argument(1))? {
            Some(found) => value_as(call.runtime, &Value::Object(found), &target),
            None => Ok(Value::default_of(&target)),
        }
    }),
    member("JEnumerable<JToken> Children()", |call| {
        let of = this(call)?;
        tokens(call.runtime, Type::JTOKEN, move |runtime| walk::children(runtime, of))
    }),
    member("JEnumerable<T> Children<T>()", |call| {
        let (of, target) = (this(call)?, type_argument(call, 0));
        let element = target.clone();
        tokens(call.runtime, element, move |runtime| of_type(walk::children(runtime, of)?, target.clone()))
    }),
    member("IEnumerable<T> Values<T>()", |call| {
        let (of, target) = (this(call)?, type_argument(call, 0));
        if !token(call)?.is_container() {
            return no_children(token(call)?);
        }
        let element = target.clone();
        call.runtime.lazy(element, move |runtime| converted(walk::children(runtime, of)?, target.clone()))
    }),
    member("IEnumerable<JToken> Ancestors()", |call| {
        let of = this(call)?;
        call.runtime.lazy(Type::JTOKEN, move |runtime| walk::ancestors(runtime, of, false))
    }),
    member("IEnumerable<JToken> AncestorsAndSelf()", |call| {
        let of = this(call)?;
        call.runtime.lazy(Type::JTOKEN, move |runtime| walk::ancestors(runtime, of, true))
    }),
    member("IEnumerable<JToken> AfterSelf()", |call| {
        let of = this(call)?;
        call.runtime.lazy(Type::JTOKEN, move |runtime| {
            let first = tree::sibling(runtime, of, 1)?;
            Ok(steps(first, |runtime, at| tree::sibling(runtime, at, 1)))
        })
    }),
    member("IEnumerable<JToken> BeforeSelf()", |call| {
        let of = this(call)?;
        call.runtime.lazy(Type::JTOKEN, move |runtime| {
            let parent = tree::get(runtime, of)?.parent;
            let first = parent.map(|parent| tree::get(runtime, parent)).transpose()?.and_then(|parent| parent.child(0));
            let until = move |found: Option<_>| found.filter(|found| *found != of);
            Ok(steps(until(first), move |runtime, at| tree::sibling(runtime, at, 1).map(until)))
        })
    }),
    member("void AddAfterSelf(object content)", |call| add_beside(call, 1)),
    member("void AddBeforeSelf(object content)", |call| add_beside(call, 0)),
    member("void Remove()", |call| {
        let of = this(call)?;
        let parent = tree::parent(call.runtime, of)?;
        tree::remove(call.runtime, parent, Some(of))?;
        Ok(Value::Null)
    }),
    member("void Replace(JToken value)", |call| {
        let of = this(call)?;
        let parent = tree::parent(call.runtime, of)?;
        let Some(at) = tree::index_of(call.runtime, parent, of)? else { return Ok(Value::Null) };
        let new = argument(call, 1);
        tree::set(call.runtime, parent, at as i64, new)?;
        Ok(Value::Null)
    }),
    member("JToken SelectToken(string path)", |call| select(call, false)),
    member("JToken SelectToken(string path, bool errorWhenNoMatch)", |call| select(call, true)),
    member("IEnumerable<JToken> SelectTokens(string path)", |call| select_all(call, false)),
    member("IEnumerable<JToken> SelectTokens(string path, bool errorWhenNoMatch)", |call| select_all(call, true)),
    member("JToken DeepClone()", |call| {
        let of = this(call)?;
        tree::clone(call.runtime, of).map(Value::Object)
    }),
    member("T ToObject<T>()", |call| {
        let (of, target) = (this(call)?, type_argument(call, 0));
        to_object(call.runtime, of, &target)
    }),
    member("object ToObject(Type objectType)", |call| {
        let Some(Reflected(target)) = call.runtime.own(call.argument(1)) else { return Err(argument_null("type")) };
        let (of, target) = (this(call)?, target.clone());
        to_object(call.runtime, of, &target)
    }),
    member("string ToString(Formatting formatting)", |call| {
        let indented = call.argument(1).as_integer() == Some(1);
        let text = writer::to_json(call.runtime, this(call)?, indented)?;
        call.runtime.allocate(text.len())?;
        Ok(Value::string(text))
    }),
    member("static explicit operator string(JToken value)", |call| cast_argument(call, &Type::STRING)),
    member("static explicit operator char(JToken value)", |call| cast_argument(call, &Type::CHAR)),
    member("static explicit operator char?(JToken value)", |call| cast_argument(call, &Type::nullable(Type::CHAR))),
    member("static explicit operator byte[](JToken value)", |call| cast_argument(call, &Type::array(Type::BYTE))),
    member("static explicit operator Uri(JToken value)", |call| cast_argument(call, &Type::named(&registry::URI))),
    member("static implicit operator JToken(string value)", |call| {
        let leaf = Leaf::new(TokenType::String, call.argument(0).clone());
        tree::place_leaf(call.runtime, leaf).map(Value::Object)
    }),
    member("static implicit operator JToken(byte[] value)", wrap_boxed),
    member("static implicit operator JToken(Uri value)", wrap_boxed),
];

/// `JToken`
pub const TOKEN: &[Member] = &{
    const NONE: Member = member("", no_native);
    let mut all = [NONE; OWN.len() + CONVERSIONS.len()];
    let mut at = 0;
    while at < OWN.len() {
        all[at] = member(OWN[at].signature, OWN[at].native);
        at += 1;
    }
    while at < OWN.len() + CONVERSIONS.len() {
        let from = &CONVERSIONS[at - OWN.len()];
        all[at] = member(from.signature, from.native);
        at += 1;
    }
    all
};

fn no_native(_: &mut Call<'_, '_>) -> Result<Value, Raise> {
    Err(null_reference())
}

/// `new JValue(value)` by way of the constructor that the type is converted to: the small integers become `long`.
fn wrap(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let value = match call.argument(0) {
        Value::UInt64(value) => Value::UInt64(*value),
        value => match value.as_integer().and_then(|integer| i64::try_from(integer).ok()) {
            Some(integer) => Value::Int64(integer),
            None => value.clone(),
        },
    };
    let leaf = Leaf::of(call.runtime, value)?;
    tree::place_leaf(call.runtime, leaf).map(Value::Object)
}

/// `new JValue((object)value)`
fn wrap_boxed(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let leaf = Leaf::of(call.runtime, call.argument(0).clone())?;
    tree::place_leaf(call.runtime, leaf).map(Value::Object)
}

fn add_beside(call: &mut Call<'_, '_>, by: usize) -> Result<Value, Raise> {
    let of = this(call)?;
    let parent = tree::parent(call.runtime, of)?;
    let at = tree::index_of(call.runtime, parent, of)?.ok_or_else(null_reference)?;
    tree::add(call.runtime, parent, at + by, call.argument(1))?;
    Ok(Value::Null)
}

fn is_strict(call: &Call<'_, '_>, has_flag: bool) -> bool {
    has_flag && matches!(call.argument(2), Value::Bool(true))
}

fn select(call: &mut Call<'_, '_>, has_flag: bool) -> Result<Value, Raise> {
    let of = this(call)?;
    let path = text(call, 1).ok_or_else(|| argument_null("expression"))?;
    let is_strict = is_strict(call, has_flag);
    path::select(call.runtime, of, &path, is_strict)
}

fn select_all(call: &mut Call<'_, '_>, has_flag: bool) -> Result<Value, Raise> {
    let of = this(call)?;
    let path = text(call, 1).ok_or_else(|| argument_null("expression"))?;
    let is_strict = is_strict(call, has_flag);
    let path = path::parse(call.runtime, &path)?;
    call.runtime.lazy(Type::JTOKEN, move |runtime| path::evaluate(runtime, &path, of, of, is_strict))
}

/// `OfType<T>()`
fn of_type(mut source: Box<dyn Cursor>, target: Type) -> Result<Box<dyn Cursor>, Raise> {
    Ok(cursor(move |runtime| {
        while let Some(item) = source.next(runtime)? {
            if let Some(token) = tree::reference(runtime, &item)
                && Type::Named(ClassRef(tree::get(runtime, token)?.class())).is_reference_to(&target)
            {
                return Ok(Some(item));
            }
        }
        Ok(None)
    }))
}

/// `Convert<JToken, U>()`
pub(super) fn converted(mut source: Box<dyn Cursor>, target: Type) -> Result<Box<dyn Cursor>, Raise> {
    Ok(cursor(move |runtime| match source.next(runtime)? {
        Some(item) => value_as(runtime, &item, &target).map(Some),
        None => Ok(None),
    }))
}

/// Whether a token is a `JValue`.
pub(super) fn is_leaf(token: &super::super::Token) -> bool {
    matches!(token.kind, Kind::Value(_))
}
