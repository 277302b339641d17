//! Conversions at run time.

use super::{Frame, is};
use crate::{
    dotnet::{
        delegate::Delegate,
        display,
        exception::{Raise, invalid_cast, null_reference, raise},
        heap::{Object, Record},
        member, number, registry,
        runtime::Runtime,
        types::Type,
        value::Value,
    },
    expression::program::Conversion,
};

impl Frame<'_, '_> {
    pub(super) fn convert(&mut self, conversion: &Conversion, value: Value) -> Result<Value, Raise> {
        convert(self.runtime, conversion, value)
    }
}

pub(super) fn convert(runtime: &mut Runtime<'_>, conversion: &Conversion, value: Value) -> Result<Value, Raise> {
    match conversion {
        Conversion::Numeric(target, checked) => number::convert(&value, target, *checked),
        Conversion::Unbox(target) => match &value {
            Value::Null if target.underlying().is_some() => Ok(value),
            Value::Null => Err(null_reference()),
            _ if is(runtime, &value, target) => Ok(value),
            // An enumeration unboxes to its number's type, and a number of that type to the enumeration.
            Value::Int32(_) if target.enum_members().is_some() => number::convert(&value, target, false),
            Value::Enum(_) if *target == Type::INT32 => number::convert(&value, target, false),
            _ => Err(bad_cast(runtime, &value, target)),
        },
        Conversion::Reference(target) => {
            if value.is_null() || is(runtime, &value, target) {
                Ok(value)
            } else {
                Err(bad_cast(runtime, &value, target))
            }
        }
        Conversion::User(native) => native(&mut member::Call::new(runtime, &[value], &[])),
        Conversion::NullableValue => match value {
            Value::Null => raise(&registry::INVALID_OPERATION_EXCEPTION, "Nullable object must have a value."),
            value => Ok(value),
        },
        Conversion::Lifted(inner) => {
            if value.is_null() {
                Ok(value)
            } else {
                convert(runtime, inner, value)
            }
        }
        Conversion::Both(first, second) => {
            let value = convert(runtime, first, value)?;
            convert(runtime, second, value)
        }
        Conversion::Tuple(ty, parts) => {
            let Some(Object::Record(record)) = runtime.get(&value) else { return Ok(value) };
            let mut items = record.items.to_vec();
            for (item, conversion) in items.iter_mut().zip(parts) {
                if let Some(conversion) = conversion {
                    *item = convert(runtime, conversion, std::mem::replace(item, Value::Null))?;
                }
            }
            runtime.object(Object::Record(Record { ty: ty.clone(), items: items.into() }))
        }
        Conversion::Delegate(ty) => {
            let Some(Object::Delegate(delegate)) = runtime.get(&value) else { return Ok(value) };
            let code = delegate.code.clone();
            runtime.object(Object::Delegate(Delegate { ty: ty.clone(), code }))
        }
    }
}

fn bad_cast(runtime: &Runtime<'_>, value: &Value, target: &Type) -> Raise {
    let target = target.underlying().unwrap_or(target);
    invalid_cast(&display::full_name(&display::type_of(runtime, value)), &display::full_name(target))
}
