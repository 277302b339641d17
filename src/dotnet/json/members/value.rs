//! `JValue` and `JRaw`. Source: Linq/JValue.cs, Linq/JRaw.cs.

use super::{
    super::{
        Kind, TokenType, foreign,
        leaf::{self, Leaf},
        tree,
    },
    argument, copy, this, token,
};
use crate::dotnet::{
    display::{self, to_str},
    exception::{Raise, null_reference},
    member::{Call, Member, member},
    value::Value,
};

/// `JValue`
pub const VALUE: &[Member] = &[
    member("JValue(JValue other)", copy),
    member("JValue(long value)", boxed),
    member("JValue(decimal value)", boxed),
    member("JValue(char value)", |call| typed(call, TokenType::String)),
    member("JValue(ulong value)", boxed),
    member("JValue(double value)", boxed),
    member("JValue(float value)", boxed),
    member("JValue(DateTime value)", boxed),
    member("JValue(DateTimeOffset value)", boxed),
    member("JValue(bool value)", boxed),
    member("JValue(string value)", |call| typed(call, TokenType::String)),
    member("JValue(Guid value)", boxed),
    member("JValue(Uri value)", boxed),
    member("JValue(TimeSpan value)", boxed),
    member("JValue(object value)", boxed),
    member("static JValue CreateComment(string value)", |call| typed(call, TokenType::Comment)),
    member("static JValue CreateString(string value)", |call| typed(call, TokenType::String)),
    member("static JValue CreateNull()", |call| tree::place_leaf(call.runtime, Leaf::NULL).map(Value::Object)),
    member("static JValue CreateUndefined()", |call| {
        tree::place_leaf(call.runtime, Leaf::new(TokenType::Undefined, Value::Null)).map(Value::Object)
    }),
    member("object Value { get; set; }", |call| {
        let of = this(call)?;
        match call.arguments.get(1) {
            Some(new) => {
                tree::set_leaf(call.runtime, of, new.clone())?;
                Ok(Value::Null)
            }
            None => Ok(leaf_of(call)?.value.clone()),
        }
    }),
    member("bool Equals(JValue other)", |call| {
        let leaf = leaf_of(call)?.clone();
        let other = argument(call, 1).map(|other| tree::get(call.runtime, other)).transpose()?.map(|other| other.kind.clone());
        match other {
            Some(Kind::Value(other)) => leaf::equals(call.runtime, &leaf, &other).map(Value::Bool),
            _ => Ok(Value::Bool(false)),
        }
    }),
    member("int CompareTo(JValue obj)", |call| {
        let of = this(call)?;
        Ok(Value::Int32(leaf::compare(call.runtime, of, call.argument(1))?.unwrap_or(1)))
    }),
    member("string ToString(string format)", formatted),
    member("string ToString(string format, IFormatProvider formatProvider)", formatted),
    member("string ToString(IFormatProvider formatProvider)", |call| formatted(&mut call.first(1))),
];

/// `JRaw`
pub const RAW: &[Member] = &[
    member("JRaw(JRaw other)", copy),
    member("JRaw(object rawJson)", |call| {
        let leaf = Leaf { ty: TokenType::Raw, value: call.argument(0).clone(), is_raw: true };
        tree::place_leaf(call.runtime, leaf).map(Value::Object)
    }),
];

fn leaf_of<'a>(call: &'a Call<'_, '_>) -> Result<&'a Leaf, Raise> {
    match &token(call)?.kind {
        Kind::Value(leaf) => Ok(leaf),
        _ => Err(null_reference()),
    }
}

/// `new JValue(value)`
fn boxed(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let leaf = Leaf::of(call.runtime, call.argument(0).clone())?;
    tree::place_leaf(call.runtime, leaf).map(Value::Object)
}

fn typed(call: &mut Call<'_, '_>, ty: TokenType) -> Result<Value, Raise> {
    let leaf = Leaf::new(ty, call.argument(0).clone());
    tree::place_leaf(call.runtime, leaf).map(Value::Object)
}

/// `ToString(format)`
fn formatted(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let value = leaf_of(call)?.value.clone();
    if value.is_null() {
        return Ok(Value::string(""));
    }
    // A number, a date and their like format themselves; of everything else the format says nothing.
    let class = display::type_of(call.runtime, &value).class().filter(|class| !matches!(class.name, "String" | "Boolean" | "Char" | "Uri"));
    let arguments = [value.clone(), call.argument(1).clone()];
    match class.and_then(|class| foreign::call(call.runtime, class, "ToString", &["String"], &arguments)) {
        Some(text) => text,
        None => Ok(Value::String(to_str(call.runtime, &value))),
    }
}
