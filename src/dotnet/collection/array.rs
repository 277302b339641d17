//! `System.Array`: what arrays of any number of dimensions can do. Looking for items is `array_search`.

use super::{
    array, array_search, array_search::single, int, item, length, list_search::function, number, refusal, sort, type_argument, views,
};
use crate::dotnet::{
    display::type_of,
    exception::{Raise, argument_null, null_reference, raise, throw},
    heap::{Object, Outcome},
    member::{Call, Member, member},
    registry,
    runtime::Runtime,
    types::Type,
    value::Value,
};

/// `System.Array`
pub const MEMBERS: &[Member] = &joined::<{ OWN.len() + array_search::MEMBERS.len() }>(OWN, array_search::MEMBERS);

/// Two tables as one.
const fn joined<const N: usize>(first: &[Member], second: &[Member]) -> [Member; N] {
    let mut table = [const { member("int Length { get; }", total) }; N];
    let mut index = 0;
    while index < N {
        let from = if index < first.len() { &first[index] } else { &second[index - first.len()] };
        table[index] = member(from.signature, from.native);
        index += 1;
    }
    table
}

const OWN: &[Member] = &[
    member("int Length { get; }", total),
    member("long LongLength { get; }", |call| match total(call)? {
        Value::Int32(length) => Ok(Value::Int64(i64::from(length))),
        other => Ok(other),
    }),
    member("int Rank { get; }", |call| Ok(number(lengths(call.runtime, call.argument(0))?.len()))),
    member("bool IsReadOnly { get; }", |_| Ok(Value::Bool(false))),
    member("bool IsFixedSize { get; }", |_| Ok(Value::Bool(true))),
    member("bool IsSynchronized { get; }", |_| Ok(Value::Bool(false))),
    member("object SyncRoot { get; }", |call| Ok(call.argument(0).clone())),
    member("int GetLength(int dimension)", |call| dimension(call).map(number)),
    member("long GetLongLength(int dimension)", |call| Ok(Value::Int64(i64::try_from(dimension(call)?).unwrap_or(i64::MAX)))),
    member("int GetLowerBound(int dimension)", |call| dimension(call).map(|_| Value::Int32(0))),
    member("int GetUpperBound(int dimension)", |call| {
        Ok(Value::Int32(i32::try_from(dimension(call)?).unwrap_or(i32::MAX).wrapping_sub(1)))
    }),
    member("object GetValue(int index)", get_value),
    member("object GetValue(int index1, int index2)", get_value),
    member("object GetValue(int index1, int index2, int index3)", get_value),
    member("object GetValue(params int[] indices)", get_value),
    member("object GetValue(long index)", get_value),
    member("object GetValue(long index1, long index2)", get_value),
    member("object GetValue(long index1, long index2, long index3)", get_value),
    member("object GetValue(params long[] indices)", get_value),
    member("void SetValue(object value, int index)", set_value),
    member("void SetValue(object value, int index1, int index2)", set_value),
    member("void SetValue(object value, int index1, int index2, int index3)", set_value),
    member("void SetValue(object value, params int[] indices)", set_value),
    member("void SetValue(object value, long index)", set_value),
    member("void SetValue(object value, long index1, long index2)", set_value),
    member("void SetValue(object value, long index1, long index2, long index3)", set_value),
    member("void SetValue(object value, params long[] indices)", set_value),
    // Constructors of value types: those of the table have none without parameters.
    member("void Initialize()", |_| Ok(Value::Null)),
    member("static int MaxLength { get; }", |_| Ok(Value::Int32(0x7FFF_FFC7))),
    member("IEnumerator GetEnumerator()", super::enumerator::start),
    member("object Clone()", |call| {
        let object = call.runtime.get(call.argument(0)).cloned().ok_or_else(null_reference)?;
        call.runtime.object(object)
    }),
    member("void CopyTo(Array array, int index)", copy_all),
    member("void CopyTo(Array array, long index)", copy_all),
    member("static void Copy(Array sourceArray, Array destinationArray, int length)", |call| {
        copy(call.runtime, (call.argument(0), 0), (call.argument(1), 0), int(call, 2)).map(|()| Value::Null)
    }),
    member("static void Copy(Array sourceArray, Array destinationArray, long length)", |call| {
        copy(call.runtime, (call.argument(0), 0), (call.argument(1), 0), int(call, 2)).map(|()| Value::Null)
    }),
    member("static void Copy(Array sourceArray, int sourceIndex, Array destinationArray, int destinationIndex, int length)", copy_part),
    member("static void Copy(Array sourceArray, long sourceIndex, Array destinationArray, long destinationIndex, long length)", copy_part),
    member(
        "static void ConstrainedCopy(Array sourceArray, int sourceIndex, Array destinationArray, int destinationIndex, int length)",
        copy_part,
    ),
    member("static void Clear(Array array)", |call| {
        let count = length(call.runtime, call.argument(0)).ok_or_else(|| argument_null("array"))?;
        clear(call, 0, count)
    }),
    member("static void Clear(Array array, int index, int length)", |call| {
        let count = length(call.runtime, call.argument(0)).ok_or_else(|| argument_null("array"))?;
        match (usize::try_from(int(call, 1)), usize::try_from(int(call, 2))) {
            (Ok(start), Ok(wanted)) if start.saturating_add(wanted) <= count => clear(call, start, wanted),
            _ => Err(refusal::outside()),
        }
    }),
    member("static void Reverse(Array array)", |call| reverse(call, false)),
    member("static void Reverse(Array array, int index, int length)", |call| reverse(call, true)),
    member("static void Reverse<T>(T[] array)", |call| reverse(call, false)),
    member("static void Reverse<T>(T[] array, int index, int length)", |call| reverse(call, true)),
    member("static void Sort(Array array)", |call| sort_all(call, &Value::Null)),
    member("static void Sort(Array array, int index, int length)", |call| sort_part(call, &Value::Null)),
    member("static void Sort<T>(T[] array)", |call| sort_all(call, &Value::Null)),
    member("static void Sort<T>(T[] array, IComparer<T> comparer)", |call| sort_all(call, call.argument(1))),
    member("static void Sort<T>(T[] array, Comparison<T> comparison)", |call| {
        single(call, "array")?;
        let comparison = function(call, 1, "comparison")?;
        sort_all(call, &comparison)
    }),
    member("static void Sort<T>(T[] array, int index, int length)", |call| sort_part(call, &Value::Null)),
    member("static void Sort<T>(T[] array, int index, int length, IComparer<T> comparer)", |call| sort_part(call, call.argument(3))),
    member("static void Sort(Array keys, Array items)", |call| sort_pairs(call, None, &Value::Null)),
    member("static void Sort(Array keys, Array items, int index, int length)", |call| {
        sort_pairs(call, Some((int(call, 2), int(call, 3))), &Value::Null)
    }),
    member("static void Sort<TKey, TValue>(TKey[] keys, TValue[] items)", |call| sort_pairs(call, None, &Value::Null)),
    member("static void Sort<TKey, TValue>(TKey[] keys, TValue[] items, IComparer<TKey> comparer)", |call| {
        sort_pairs(call, None, call.argument(2))
    }),
    member("static void Sort<TKey, TValue>(TKey[] keys, TValue[] items, int index, int length)", |call| {
        sort_pairs(call, Some((int(call, 2), int(call, 3))), &Value::Null)
    }),
    member("static void Sort<TKey, TValue>(TKey[] keys, TValue[] items, int index, int length, IComparer<TKey> comparer)", |call| {
        sort_pairs(call, Some((int(call, 2), int(call, 3))), call.argument(4))
    }),
    member("static void ForEach<T>(T[] array, Action<T> action)", |call| {
        let count = single(call, "array")?;
        let action = function(call, 1, "action")?;
        for index in 0..count {
            let item = item(call.runtime, call.argument(0), index).unwrap_or(Value::Null);
            call.runtime.invoke(&action, &[item])?;
        }
        Ok(Value::Null)
    }),
    member("static TOutput[] ConvertAll<TInput, TOutput>(TInput[] array, Converter<TInput, TOutput> converter)", |call| {
        let count = single(call, "array")?;
        let converter = function(call, 1, "converter")?;
        call.runtime.allocate(count.saturating_mul(size_of::<Value>()))?;
        let mut items = Vec::with_capacity(count);
        for index in 0..count {
            let item = item(call.runtime, call.argument(0), index).unwrap_or(Value::Null);
            items.push(call.runtime.invoke(&converter, &[item])?);
        }
        let element = type_argument(call, 1);
        array(call.runtime, element, items)
    }),
    member("static void Resize<T>(ref T[] array, int newSize)", |call| {
        let size = usize::try_from(int(call, 1)).map_err(|_| refusal::negative("newSize"))?;
        let old = length(call.runtime, call.argument(0));
        if old == Some(size) {
            return Ok(Value::Null);
        }
        let element = super::element_type(call.runtime, call.argument(0)).unwrap_or_else(|| type_argument(call, 0));
        let resized = blank(call.runtime, &element, size)?;
        if let Some(old) = old {
            copy(call.runtime, (call.argument(0), 0), (&resized, 0), old.min(size) as i64)?;
        }
        call.out(0, resized);
        Ok(Value::Null)
    }),
    member("static T[] Empty<T>()", |call| {
        let element = type_argument(call, 0);
        array(call.runtime, element, Vec::new())
    }),
    member("static void Fill<T>(T[] array, T value)", |call| {
        let count = single(call, "array")?;
        fill(call, 0, count)
    }),
    member("static void Fill<T>(T[] array, T value, int startIndex, int count)", |call| {
        let length = single(call, "array")?;
        let part = super::search::forward(length, int(call, 2), Some(int(call, 3)), "startIndex")?;
        fill(call, part.start, part.len())
    }),
    member("static ReadOnlyCollection<T> AsReadOnly<T>(T[] array)", |call| {
        single(call, "array")?;
        views::read_only(call, call.argument(0))
    }),
];

fn total(call: &mut Call<'_, '_>) -> Outcome {
    length(call.runtime, call.argument(0)).map(number).ok_or_else(null_reference)
}

/// The lengths of the dimensions.
fn lengths(runtime: &Runtime<'_>, array: &Value) -> Result<Vec<usize>, Raise> {
    match runtime.get(array) {
        Some(Object::Grid(grid)) => Ok(grid.lengths.clone()),
        _ => Ok(vec![length(runtime, array).ok_or_else(null_reference)?]),
    }
}

/// The length of the dimension that the argument names.
fn dimension(call: &Call<'_, '_>) -> Result<usize, Raise> {
    let lengths = lengths(call.runtime, call.argument(0))?;
    let length = usize::try_from(int(call, 1)).ok().and_then(|dimension| lengths.get(dimension).copied());
    length.ok_or_else(|| throw(&registry::INDEX_OUT_OF_RANGE_EXCEPTION, "Array does not have that many dimensions."))
}

/// Where the element lies that the indices from the argument at `first` on name.
fn place(call: &mut Call<'_, '_>, first: usize) -> Result<usize, Raise> {
    let given = call.arguments.get(first..).unwrap_or_default();
    let indices: Vec<Value> = match given {
        [Value::Null] => return Err(argument_null("indices")),
        [array @ Value::Object(_)] => call.runtime.collect(array)?,
        indices => indices.to_vec(),
    };
    let lengths = lengths(call.runtime, call.argument(0))?;
    if indices.len() != lengths.len() {
        return Err(refusal::argument(match (given, indices.len()) {
            ([Value::Object(_)], _) => "Indices length does not match the array rank.",
            (_, 1) => "Array was not a one-dimensional array.",
            (_, 2) => "Array was not a two-dimensional array.",
            _ => "Array was not a three-dimensional array.",
        }));
    }
    let mut place = 0_usize;
    for (index, length) in indices.iter().zip(lengths) {
        let index = index.as_integer().and_then(|index| usize::try_from(index).ok()).filter(|index| *index < length);
        place = place.saturating_mul(length).saturating_add(index.ok_or_else(refusal::outside)?);
    }
    Ok(place)
}

fn get_value(call: &mut Call<'_, '_>) -> Outcome {
    let place = place(call, 1)?;
    item(call.runtime, call.argument(0), place).ok_or_else(refusal::outside)
}

fn set_value(call: &mut Call<'_, '_>) -> Outcome {
    let place = place(call, 2)?;
    let element = super::element_type(call.runtime, call.argument(0)).ok_or_else(null_reference)?;
    let value = call.argument(1).clone();
    let value = match &value {
        Value::Null => super::default_value(call.runtime, &element)?,
        value => store(call.runtime, &element, value, || {
            throw(&registry::INVALID_CAST_EXCEPTION, "Object cannot be stored in an array of this type.")
        })?,
    };
    super::put(call.runtime, call.argument(0), place, value);
    Ok(Value::Null)
}

/// A value as an element of that type: the same type, a reference, or a number that widens.
fn store(runtime: &Runtime<'_>, element: &Type, value: &Value, refuse: impl FnOnce() -> Raise) -> Result<Value, Raise> {
    let ty = type_of(runtime, value);
    if ty == *element || ty == Type::Null || ty.is_reference_to(element) || element.underlying() == Some(&ty) {
        return Ok(value.clone());
    }
    if widens(&ty, element) { crate::dotnet::number::convert(value, element, false) } else { Err(refuse()) }
}

/// Whether a number of one type is always one of the other: what `Array.Copy` and `SetValue` convert.
fn widens(from: &Type, to: &Type) -> bool {
    let rank = |ty: &Type| {
        let class = ty.class()?;
        ["SByte", "Byte", "Int16", "UInt16", "Char", "Int32", "UInt32", "Int64", "UInt64", "Single", "Double"]
            .iter()
            .position(|name| *name == class.name)
    };
    match (rank(from), rank(to)) {
        (Some(from), Some(to)) => match from {
            0 => matches!(to, 2 | 5 | 7 | 9 | 10),
            1 => (2..=10).contains(&to),
            2 => matches!(to, 5 | 7 | 9 | 10),
            3 | 4 => matches!(to, 3..=10),
            5 => matches!(to, 7 | 9 | 10),
            6 => (7..=10).contains(&to),
            7 | 8 => matches!(to, 9 | 10),
            _ => to == 10,
        },
        _ => false,
    }
}

/// `source.CopyTo(array[, index])`
pub(super) fn copy_all(call: &mut Call<'_, '_>) -> Outcome {
    let count = length(call.runtime, call.argument(0)).ok_or_else(null_reference)?;
    if let Some(Object::Grid(_)) = call.runtime.get(call.argument(1)) {
        return Err(refusal::argument("Only single dimensional arrays are supported for the requested action."));
    }
    copy(call.runtime, (call.argument(0), 0), (call.argument(1), int(call, 2)), count as i64).map(|()| Value::Null)
}

fn copy_part(call: &mut Call<'_, '_>) -> Outcome {
    let (source, target) = ((call.argument(0), int(call, 1)), (call.argument(2), int(call, 3)));
    copy(call.runtime, source, target, int(call, 4)).map(|()| Value::Null)
}

/// `Array.Copy`, over arrays and lists.
///
/// # Errors
/// As `Array.Copy`. Source: dotnet/runtime, Array.CoreCLR.cs.
pub(super) fn copy(runtime: &mut Runtime<'_>, (source, from): (&Value, i64), (target, to): (&Value, i64), count: i64) -> Result<(), Raise> {
    let source_length = length(runtime, source).ok_or_else(|| argument_null("sourceArray"))?;
    let target_length = length(runtime, target).ok_or_else(|| argument_null("destinationArray"))?;
    if lengths(runtime, source)?.len() != lengths(runtime, target)?.len() {
        return raise(&registry::RANK_EXCEPTION, "The specified arrays must have the same number of dimensions.");
    }
    let count = usize::try_from(count).map_err(|_| refusal::negative("length"))?;
    let bound = |index: i64, name: &str| {
        usize::try_from(index).map_err(|_| {
            crate::dotnet::exception::out_of_range("Number was less than the array's lower bound in the first dimension.", name)
        })
    };
    let (from, to) = (bound(from, "sourceIndex")?, bound(to, "destinationIndex")?);
    if from.saturating_add(count) > source_length {
        let message = "Source array was not long enough. Check the source index, length, and the array's lower bounds.";
        return Err(refusal::argument_of(message, "sourceArray"));
    }
    if to.saturating_add(count) > target_length {
        let message = "Destination array was not long enough. Check the destination index, length, and the array's lower bounds.";
        return Err(refusal::argument_of(message, "destinationArray"));
    }
    runtime.work(count.saturating_mul(4))?;
    if let (Some(Object::Bytes(bytes)), Some(Object::Bytes(_))) = (runtime.get(source), runtime.get(target)) {
        let part = bytes.get(from..from + count).unwrap_or_default().to_vec();
        if let Some(Object::Bytes(target)) = Runtime::reference(target).and_then(|target| runtime.heap.get_mut(target)) {
            for (place, byte) in target.iter_mut().skip(to).zip(part) {
                *place = byte;
            }
        }
        return Ok(());
    }
    runtime.allocate(count.saturating_mul(size_of::<Value>()))?;
    let (Some(of), Some(element)) = (super::element_type(runtime, source), super::element_type(runtime, target)) else {
        return Err(null_reference());
    };
    let mismatch = of.is_value_type() && element.is_value_type() && of != element && !widens(&of, &element);
    if mismatch || (of.is_value_type() != element.is_value_type() && element != Type::OBJECT && of != Type::OBJECT) {
        return raise(&registry::ARRAY_TYPE_MISMATCH_EXCEPTION, "Source array type cannot be assigned to destination array type.");
    }
    let items: Vec<Value> = (from..from + count).filter_map(|index| item(runtime, source, index)).collect();
    for (offset, item) in items.into_iter().enumerate() {
        let item = if of == element {
            item
        } else {
            let message = "At least one element in the source array could not be cast down to the destination array type.";
            store(runtime, &element, &item, || throw(&registry::INVALID_CAST_EXCEPTION, message))?
        };
        super::put(runtime, target, to + offset, item);
    }
    Ok(())
}

/// A new array of defaults.
fn blank(runtime: &mut Runtime<'_>, element: &Type, size: usize) -> Outcome {
    if *element == Type::BYTE {
        runtime.allocate(size)?;
        return runtime.object(Object::Bytes(vec![0; size]));
    }
    runtime.allocate(size.saturating_mul(size_of::<Value>()))?;
    let default = super::default_value(runtime, element)?;
    array(runtime, element.clone(), vec![default; size])
}

fn clear(call: &mut Call<'_, '_>, start: usize, count: usize) -> Outcome {
    let element = super::element_type(call.runtime, call.argument(0)).ok_or_else(null_reference)?;
    let default = super::default_value(call.runtime, &element)?;
    replace(call, start, count, &default)
}

fn fill(call: &mut Call<'_, '_>, start: usize, count: usize) -> Outcome {
    replace(call, start, count, call.argument(1))
}

fn replace(call: &mut Call<'_, '_>, start: usize, count: usize, value: &Value) -> Outcome {
    super::look_at(call.runtime, count)?;
    for index in start..start + count {
        super::put(call.runtime, call.argument(0), index, value.clone());
    }
    Ok(Value::Null)
}

fn reverse(call: &mut Call<'_, '_>, is_part: bool) -> Outcome {
    let length = single(call, "array")?;
    let (start, count) = if is_part { refusal::check_part(length, int(call, 1), int(call, 2), ("index", "length"))? } else { (0, length) };
    super::look_at(call.runtime, count)?;
    match Runtime::reference(call.argument(0)).and_then(|array| call.runtime.heap.get_mut(array)) {
        Some(Object::Array(list)) => list.items.get_mut(start..start + count).unwrap_or_default().reverse(),
        Some(Object::Bytes(bytes)) => bytes.get_mut(start..start + count).unwrap_or_default().reverse(),
        _ => {}
    }
    Ok(Value::Null)
}

fn sort_all(call: &mut Call<'_, '_>, by: &Value) -> Outcome {
    let count = single(call, "array")?;
    sort_range(call, (0, count), by)
}

fn sort_part(call: &mut Call<'_, '_>, by: &Value) -> Outcome {
    let part = refusal::check_part(single(call, "array")?, int(call, 1), int(call, 2), ("index", "length"))?;
    sort_range(call, part, by)
}

fn sort_range(call: &mut Call<'_, '_>, (start, count): (usize, usize), by: &Value) -> Outcome {
    call.runtime.allocate(count.saturating_mul(size_of::<Value>()))?;
    let items = (start..start + count).filter_map(|index| item(call.runtime, call.argument(0), index)).collect();
    for (offset, item) in sort::sorted(call.runtime, by, items)?.into_iter().enumerate() {
        super::put(call.runtime, call.argument(0), start + offset, item);
    }
    Ok(Value::Null)
}

/// Sorts one array, and another along with it.
fn sort_pairs(call: &mut Call<'_, '_>, part: Option<(i64, i64)>, by: &Value) -> Outcome {
    let all = single(call, "keys")?;
    let (start, count) = match part {
        Some((start, count)) => refusal::check_part(all, start, count, ("index", "length"))?,
        None => (0, all),
    };
    let items = call.argument(1);
    if length(call.runtime, items).is_some_and(|length| length < start + count) {
        return Err(refusal::part());
    }
    call.runtime.allocate(count.saturating_mul(2 * size_of::<Value>()))?;
    let column =
        |runtime: &Runtime<'_>, of: &Value| -> Vec<Value> { (start..start + count).filter_map(|index| item(runtime, of, index)).collect() };
    let (keys, values) = (column(call.runtime, call.argument(0)), column(call.runtime, items));
    let key = |index: usize| keys.get(index).unwrap_or(&Value::Null);
    let order = sort::order(call.runtime, keys.len(), |runtime, a, b| super::comparer::compare(runtime, by, key(a), key(b)))?;
    for (offset, from) in order.into_iter().enumerate() {
        super::put(call.runtime, call.argument(0), start + offset, key(from).clone());
        if let Some(value) = values.get(from) {
            super::put(call.runtime, items, start + offset, value.clone());
        }
    }
    Ok(Value::Null)
}
