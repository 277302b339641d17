//! `System.StringComparer`: a `StringComparison` as an object, for dictionaries, sets and orderings.

use super::{Str, comparison::Rule};
use crate::dotnet::{
    exception::{Raise, argument_null, raise},
    heap::{Instance, downcast},
    member::{Call, Member, member},
    registry,
    runtime::Runtime,
    types::Type,
    value::Value,
};

/// A `StringComparer`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Comparer(pub Rule);

impl Instance for Comparer {
    fn ty(&self) -> Type {
        Type::named(&super::STRING_COMPARER)
    }

    fn copy(&self) -> Box<dyn Instance> {
        Box::new(*self)
    }

    fn independent(&self) -> Option<Box<dyn Instance>> {
        Some(self.copy())
    }

    fn equals(&self, _runtime: &Runtime<'_>, other: &dyn Instance) -> Option<bool> {
        Some(downcast::<Self>(other) == Some(self))
    }

    fn hash(&self, _runtime: &Runtime<'_>) -> Option<u64> {
        Some(self.0 as u64)
    }
}

fn rule(call: &Call<'_, '_>) -> Rule {
    call.runtime.own::<Comparer>(call.argument(0)).map_or(Rule::Ordinal, |comparer| comparer.0)
}

fn strings<'a>(call: &Call<'a, '_>) -> (Option<&'a Str>, Option<&'a Str>) {
    (super::text(call, 1), super::text(call, 2))
}

fn compare(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    match strings(call) {
        (Some(a), Some(b)) => {
            call.runtime.work(a.bytes())?;
            Ok(Value::Int32(rule(call).compare(a, b)))
        }
        (a, b) if (a.is_some() || call.argument(1).is_null()) && (b.is_some() || call.argument(2).is_null()) => {
            Ok(Value::Int32(a.is_some().cmp(&b.is_some()) as i32))
        }
        _ if call.argument(1).is_null() => Ok(Value::Int32(-1)),
        _ if call.argument(2).is_null() => Ok(Value::Int32(1)),
        _ => raise(&registry::ARGUMENT_EXCEPTION, "At least one object must implement IComparable."),
    }
}

fn equals(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    Ok(Value::Bool(match strings(call) {
        (Some(a), Some(b)) => {
            call.runtime.work(a.bytes())?;
            rule(call).equal(a, b)
        }
        _ => crate::dotnet::object::equal(call.runtime, call.argument(1), call.argument(2)),
    }))
}

fn hash(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    match super::text(call, 1) {
        Some(text) => Ok(Value::Int32(rule(call).hash(text))),
        None => Err(argument_null("obj")),
    }
}

/// The members of `StringComparer`.
pub const MEMBERS: &[Member] = &[
    member("static StringComparer CurrentCulture { get; }", |call| call.runtime.instance(Comparer(Rule::Culture))),
    member("static StringComparer CurrentCultureIgnoreCase { get; }", |call| call.runtime.instance(Comparer(Rule::CultureIgnoreCase))),
    member("static StringComparer InvariantCulture { get; }", |call| call.runtime.instance(Comparer(Rule::Culture))),
    member("static StringComparer InvariantCultureIgnoreCase { get; }", |call| call.runtime.instance(Comparer(Rule::CultureIgnoreCase))),
    member("static StringComparer Ordinal { get; }", |call| call.runtime.instance(Comparer(Rule::Ordinal))),
    member("static StringComparer OrdinalIgnoreCase { get; }", |call| call.runtime.instance(Comparer(Rule::OrdinalIgnoreCase))),
    member("static StringComparer FromComparison(StringComparison comparisonType)", |call| {
        let rule = Rule::of(call.argument(0))?;
        call.runtime.instance(Comparer(rule))
    }),
    member("int Compare(string x, string y)", compare),
    member("int Compare(object x, object y)", compare),
    member("bool Equals(string x, string y)", equals),
    member("bool Equals(object x, object y)", equals),
    member("int GetHashCode(string obj)", hash),
    member("int GetHashCode(object obj)", hash),
];
