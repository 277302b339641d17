//! `IComparer<T>` and `IEqualityComparer<T>`: how collections and LINQ ask whether two values are equal, and which comes first.

use std::cmp::Ordering;

use super::{type_argument, virtual_call};
use crate::dotnet::{
    display,
    exception::{Raise, argument_null},
    heap::{Instance, Object, Outcome},
    member::{Call, Member, member},
    object, registry,
    runtime::Runtime,
    string::Str,
    types::Type,
    value::Value,
};

/// How a `StringComparer` compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// `Ordinal`
    Ordinal,
    /// `OrdinalIgnoreCase`
    OrdinalIgnoreCase,
}

/// How a `StringComparer` compares, where that needs no culture. What this does not know is asked by the comparer's own members.
fn mode(_runtime: &Runtime<'_>, _comparer: &Value) -> Option<Mode> {
    None
}

/// `Comparer<T>.Default`, `EqualityComparer<T>.Default`, and what `Comparer<T>.Create` makes of a `Comparison`.
#[derive(Clone, Debug)]
struct Comparer {
    ty: Type,
    /// The `Comparison`; null for the default.
    by: Value,
}

impl Instance for Comparer {
    fn ty(&self) -> Type {
        self.ty.clone()
    }

    fn copy(&self) -> Box<dyn Instance> {
        Box::new(self.clone())
    }
}

/// What a comparer stands for.
enum By {
    Default,
    Text(Mode),
    Comparison(Value),
    Members,
}

fn by(runtime: &Runtime<'_>, comparer: &Value) -> By {
    match comparer {
        Value::Null => By::Default,
        Value::Object(_) => match (runtime.get(comparer), runtime.own::<Comparer>(comparer)) {
            (Some(Object::Delegate(_)), _) => By::Comparison(comparer.clone()),
            (_, Some(Comparer { by: Value::Null, .. })) => By::Default,
            (_, Some(Comparer { by, .. })) => By::Comparison(by.clone()),
            _ => mode(runtime, comparer).map_or(By::Members, By::Text),
        },
        _ => By::Default,
    }
}

/// Whether two values are equal to `comparer`; null is the default one.
///
/// # Errors
/// What the comparer raises; a spent budget.
pub fn equals(runtime: &mut Runtime<'_>, comparer: &Value, a: &Value, b: &Value) -> Result<bool, Raise> {
    if comparer.is_null() {
        return Ok(object::equal(runtime, a, b));
    }
    if a.is_null() || b.is_null() {
        return Ok(a.is_null() && b.is_null());
    }
    match (by(runtime, comparer), a, b) {
        (By::Text(Mode::OrdinalIgnoreCase), Value::String(a), Value::String(b)) => {
            runtime.work(a.bytes())?;
            Ok(folded(a) == folded(b))
        }
        (By::Members, ..) => {
            let answer = virtual_call(runtime, "Equals", &[comparer.clone(), a.clone(), b.clone()])?;
            Ok(matches!(answer, Value::Bool(true)))
        }
        _ => Ok(object::equal(runtime, a, b)),
    }
}

/// A number that values share which are equal to `comparer`.
///
/// # Errors
/// What the comparer raises; a spent budget.
pub fn hash(runtime: &mut Runtime<'_>, comparer: &Value, value: &Value) -> Result<i32, Raise> {
    if let Value::String(text) = value {
        runtime.work(text.bytes())?;
    }
    if value.is_null() {
        return Ok(0);
    }
    match (by(runtime, comparer), value) {
        (By::Text(Mode::OrdinalIgnoreCase), Value::String(text)) => Ok(object::hash(runtime, &Value::String(folded(text)))),
        (By::Members, _) => {
            let answer = virtual_call(runtime, "GetHashCode", &[comparer.clone(), value.clone()])?;
            Ok(answer.as_integer().unwrap_or(0) as i32)
        }
        _ => Ok(object::hash(runtime, value)),
    }
}

/// Which of two values comes first by `comparer`: null is the default one, and a `Comparison` serves too.
///
/// # Errors
/// What the comparer raises; `ArgumentException` for values that have no order; a spent budget.
pub fn compare(runtime: &mut Runtime<'_>, comparer: &Value, a: &Value, b: &Value) -> Result<Ordering, Raise> {
    runtime.step()?;
    let answer = match (by(runtime, comparer), a, b) {
        (By::Comparison(comparison), ..) => runtime.invoke(&comparison, &[a.clone(), b.clone()])?,
        (By::Text(mode), Value::String(a), Value::String(b)) => {
            runtime.work(a.bytes().min(b.bytes()))?;
            return Ok(if mode == Mode::Ordinal { ordinal(a, b) } else { ordinal(&folded(a), &folded(b)) });
        }
        (By::Members, ..) => virtual_call(runtime, "Compare", &[comparer.clone(), a.clone(), b.clone()])?,
        _ => return object::compare(runtime, a, b),
    };
    Ok(answer.as_integer().unwrap_or(0).cmp(&0))
}

/// Whether two comparers say the same: sets with the same one have short ways.
pub fn same(runtime: &Runtime<'_>, a: &Value, b: &Value) -> bool {
    match (by(runtime, a), by(runtime, b)) {
        (By::Default, By::Default) => true,
        (By::Text(a), By::Text(b)) => a == b,
        _ => object::same(a, b),
    }
}

/// By code units.
fn ordinal(a: &Str, b: &Str) -> Ordering {
    match (a.ascii(), b.ascii()) {
        (Some(a), Some(b)) => a.cmp(b),
        _ => a.units().cmp(&b.units()),
    }
}

/// Upper case, one character for one: ordinal comparisons without case know no `ß` = `SS`.
fn folded(text: &Str) -> Str {
    if let Some(ascii) = text.ascii() {
        return ascii.to_ascii_uppercase().into();
    }
    let upper = |c: char| {
        let mut upper = c.to_uppercase();
        match (upper.next(), upper.next()) {
            (Some(single), None) => single,
            _ => c,
        }
    };
    match text {
        Str::Text(text) => text.as_str().chars().map(upper).collect::<String>().into(),
        Str::Units(_) => text.clone(),
    }
}

fn default_comparer(call: &mut Call<'_, '_>, ty: Type) -> Outcome {
    call.runtime.instance(Comparer { ty, by: Value::Null })
}

/// `IComparer<in T>`
pub const ICOMPARER: &[Member] = &[member("int Compare(T x, T y)", compared)];

/// `IEqualityComparer<in T>`
pub const IEQUALITY_COMPARER: &[Member] = &[member("bool Equals(T x, T y)", equal), member("int GetHashCode(T obj)", hashed)];

/// `Comparer<T>`
pub const COMPARER: &[Member] = &[
    member("static Comparer<T> Default { get; }", |call| {
        let ty = Type::generic(&registry::COMPARER, [type_argument(call, 0)]);
        default_comparer(call, ty)
    }),
    member("static Comparer<T> Create(Comparison<T> comparison)", |call| {
        let by = call.argument(0).clone();
        if by.is_null() {
            return Err(argument_null("comparison"));
        }
        let ty = Type::generic(&registry::COMPARER, [type_argument(call, 0)]);
        call.runtime.instance(Comparer { ty, by })
    }),
    member("int Compare(T x, T y)", compared),
];

/// `EqualityComparer<T>`
pub const EQUALITY_COMPARER: &[Member] = &[
    member("static EqualityComparer<T> Default { get; }", |call| {
        let ty = Type::generic(&registry::EQUALITY_COMPARER, [type_argument(call, 0)]);
        default_comparer(call, ty)
    }),
    member("bool Equals(T x, T y)", equal),
    member("int GetHashCode(T obj)", hashed),
];

fn compared(call: &mut Call<'_, '_>) -> Outcome {
    let ordering = compare(call.runtime, call.argument(0), call.argument(1), call.argument(2))?;
    Ok(Value::Int32(ordering as i32))
}

fn equal(call: &mut Call<'_, '_>) -> Outcome {
    equals(call.runtime, call.argument(0), call.argument(1), call.argument(2)).map(Value::Bool)
}

fn hashed(call: &mut Call<'_, '_>) -> Outcome {
    hash(call.runtime, call.argument(0), call.argument(1)).map(Value::Int32)
}

/// The comparer that a collection shows: the one that it was given, or the default.
pub fn shown(runtime: &mut Runtime<'_>, comparer: &Value, key: &Type) -> Outcome {
    if comparer.is_null() {
        let ty = Type::generic(&registry::EQUALITY_COMPARER, [key.clone()]);
        return runtime.instance(Comparer { ty, by: Value::Null });
    }
    debug_assert!(display::type_of(runtime, comparer) != Type::Null);
    Ok(comparer.clone())
}
