//! `System.Nullable`: its static members. `Nullable<T>` itself is a matter of the binder.

use super::{
    member::{Member, member},
    object,
    value::Value,
};

crate::classes! {
    NULLABLE = statics("System", "Nullable").members(MEMBERS);
}

/// `System.Nullable`
pub const MEMBERS: &[Member] = &[
    member("static int Compare<T>(T? n1, T? n2)", |call| {
        let ordering = object::compare(call.runtime, call.argument(0), call.argument(1))?;
        Ok(Value::Int32(ordering as i32))
    }),
    member("static bool Equals<T>(T? n1, T? n2)", |call| Ok(Value::Bool(object::equal(call.runtime, call.argument(0), call.argument(1))))),
];
