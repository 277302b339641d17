//! `System.Tuple`: the classes of one to eight parts, and the `Create` of both kinds of tuple.

use std::sync::Arc;

use super::{
    collection::type_argument,
    exception::null_reference,
    heap::{Object, Outcome, Record},
    member::{Call, Member, member},
    types::{Class, TupleType, Type},
    value::Value,
};

crate::classes! {
    TUPLE = statics("System", "Tuple").members(CREATE);
    VALUE_TUPLE = statics("System", "ValueTuple").members(CREATE_VALUE);
    TUPLE1 = class("System", "Tuple").generic(&["T1"]).members(&ITEMS1);
    TUPLE2 = class("System", "Tuple").generic(&["T1", "T2"]).members(&ITEMS2);
    TUPLE3 = class("System", "Tuple").generic(&["T1", "T2", "T3"]).members(&ITEMS3);
    TUPLE4 = class("System", "Tuple").generic(&["T1", "T2", "T3", "T4"]).members(&ITEMS4);
    TUPLE5 = class("System", "Tuple").generic(&["T1", "T2", "T3", "T4", "T5"]).members(&ITEMS5);
    TUPLE6 = class("System", "Tuple").generic(&["T1", "T2", "T3", "T4", "T5", "T6"]).members(&ITEMS6);
    TUPLE7 = class("System", "Tuple").generic(&["T1", "T2", "T3", "T4", "T5", "T6", "T7"]).members(&ITEMS7);
    TUPLE8 = class("System", "Tuple").generic(&["T1", "T2", "T3", "T4", "T5", "T6", "T7", "TRest"]).members(&ITEMS8);
}

const CLASSES_BY_LENGTH: [&Class; 8] = [&TUPLE1, &TUPLE2, &TUPLE3, &TUPLE4, &TUPLE5, &TUPLE6, &TUPLE7, &TUPLE8];

/// The parts' properties. The last of eight is `Rest`: a tuple itself.
const PARTS: [Member; 7] = [
    member("T1 Item1 { get; }", |call| part(call, 0)),
    member("T2 Item2 { get; }", |call| part(call, 1)),
    member("T3 Item3 { get; }", |call| part(call, 2)),
    member("T4 Item4 { get; }", |call| part(call, 3)),
    member("T5 Item5 { get; }", |call| part(call, 4)),
    member("T6 Item6 { get; }", |call| part(call, 5)),
    member("T7 Item7 { get; }", |call| part(call, 6)),
];

/// A constructor, and as many parts as it takes.
const fn items<const N: usize>(constructor: &'static str) -> [Member; N] {
    let mut table = [const { member("TRest Rest { get; }", |call| part(call, 7)) }; N];
    table[0] = member(constructor, construct);
    let mut index = 1;
    while index < N && index <= PARTS.len() {
        table[index] = member(PARTS[index - 1].signature, PARTS[index - 1].native);
        index += 1;
    }
    table
}

const ITEMS1: [Member; 2] = items("Tuple(T1 item1)");
const ITEMS2: [Member; 3] = items("Tuple(T1 item1, T2 item2)");
const ITEMS3: [Member; 4] = items("Tuple(T1 item1, T2 item2, T3 item3)");
const ITEMS4: [Member; 5] = items("Tuple(T1 item1, T2 item2, T3 item3, T4 item4)");
const ITEMS5: [Member; 6] = items("Tuple(T1 item1, T2 item2, T3 item3, T4 item4, T5 item5)");
const ITEMS6: [Member; 7] = items("Tuple(T1 item1, T2 item2, T3 item3, T4 item4, T5 item5, T6 item6)");
const ITEMS7: [Member; 8] = items("Tuple(T1 item1, T2 item2, T3 item3, T4 item4, T5 item5, T6 item6, T7 item7)");
const ITEMS8: [Member; 9] = items("Tuple(T1 item1, T2 item2, T3 item3, T4 item4, T5 item5, T6 item6, T7 item7, TRest rest)");

/// `System.Tuple`
pub const CREATE: &[Member] = &[
    member("static Tuple<T1> Create<T1>(T1 item1)", construct),
    member("static Tuple<T1, T2> Create<T1, T2>(T1 item1, T2 item2)", construct),
    member("static Tuple<T1, T2, T3> Create<T1, T2, T3>(T1 item1, T2 item2, T3 item3)", construct),
    member("static Tuple<T1, T2, T3, T4> Create<T1, T2, T3, T4>(T1 item1, T2 item2, T3 item3, T4 item4)", construct),
    member("static Tuple<T1, T2, T3, T4, T5> Create<T1, T2, T3, T4, T5>(T1 item1, T2 item2, T3 item3, T4 item4, T5 item5)", construct),
    member(
        "static Tuple<T1, T2, T3, T4, T5, T6> Create<T1, T2, T3, T4, T5, T6>(T1 item1, T2 item2, T3 item3, T4 item4, T5 item5, T6 item6)",
        construct,
    ),
    member(
        "static Tuple<T1, T2, T3, T4, T5, T6, T7> Create<T1, T2, T3, T4, T5, T6, T7>(T1 item1, T2 item2, T3 item3, T4 item4, T5 item5, T6 item6, T7 item7)",
        construct,
    ),
    member(
        "static Tuple<T1, T2, T3, T4, T5, T6, T7, Tuple<T8>> Create<T1, T2, T3, T4, T5, T6, T7, T8>(T1 item1, T2 item2, T3 item3, T4 item4, T5 item5, T6 item6, T7 item7, T8 item8)",
        construct_eight,
    ),
];

/// `System.ValueTuple`
pub const CREATE_VALUE: &[Member] = &[
    member("static (T1, T2) Create<T1, T2>(T1 item1, T2 item2)", value_tuple),
    member("static (T1, T2, T3) Create<T1, T2, T3>(T1 item1, T2 item2, T3 item3)", value_tuple),
    member("static (T1, T2, T3, T4) Create<T1, T2, T3, T4>(T1 item1, T2 item2, T3 item3, T4 item4)", value_tuple),
    member("static (T1, T2, T3, T4, T5) Create<T1, T2, T3, T4, T5>(T1 item1, T2 item2, T3 item3, T4 item4, T5 item5)", value_tuple),
    member(
        "static (T1, T2, T3, T4, T5, T6) Create<T1, T2, T3, T4, T5, T6>(T1 item1, T2 item2, T3 item3, T4 item4, T5 item5, T6 item6)",
        value_tuple,
    ),
    member(
        "static (T1, T2, T3, T4, T5, T6, T7) Create<T1, T2, T3, T4, T5, T6, T7>(T1 item1, T2 item2, T3 item3, T4 item4, T5 item5, T6 item6, T7 item7)",
        value_tuple,
    ),
    member(
        "static (T1, T2, T3, T4, T5, T6, T7, T8) Create<T1, T2, T3, T4, T5, T6, T7, T8>(T1 item1, T2 item2, T3 item3, T4 item4, T5 item5, T6 item6, T7 item7, T8 item8)",
        value_tuple,
    ),
];

fn part(call: &mut Call<'_, '_>, index: usize) -> Outcome {
    match call.runtime.get(call.argument(0)) {
        Some(Object::Record(record)) => Ok(record.items.get(index).cloned().unwrap_or(Value::Null)),
        _ => Err(null_reference()),
    }
}

/// The tuple of all arguments.
fn construct(call: &mut Call<'_, '_>) -> Outcome {
    let types: Vec<Type> = (0..call.arguments.len()).map(|index| type_argument(call, index)).collect();
    let class = CLASSES_BY_LENGTH.get(types.len().saturating_sub(1)).copied().ok_or_else(null_reference)?;
    call.runtime.object(Object::Record(Record { ty: Type::generic(class, types), items: call.arguments.into() }))
}

/// `Tuple.Create` of eight: the last is a tuple of its own.
fn construct_eight(call: &mut Call<'_, '_>) -> Outcome {
    let rest_type = Type::generic(&TUPLE1, [type_argument(call, 7)]);
    let rest = call.runtime.object(Object::Record(Record { ty: rest_type.clone(), items: [call.argument(7).clone()].into() }))?;
    let types: Vec<Type> = (0..7).map(|index| type_argument(call, index)).chain([rest_type]).collect();
    let items = call.arguments.iter().take(7).cloned().chain([rest]).collect();
    call.runtime.object(Object::Record(Record { ty: Type::generic(&TUPLE8, types), items }))
}

fn value_tuple(call: &mut Call<'_, '_>) -> Outcome {
    let items: Vec<Type> = (0..call.arguments.len()).map(|index| type_argument(call, index)).collect();
    let names = vec![None; items.len()];
    let ty = Type::Tuple(Arc::new(TupleType { items, names }));
    call.runtime.object(Object::Record(Record { ty, items: call.arguments.into() }))
}
