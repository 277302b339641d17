//! `Array`'s searches: `IndexOf`, `Find`, `BinarySearch` and their like.
//!
//! An array is the first argument where a list is the receiver, so that both share the functions below.

use super::{int, length, list_search, refusal, search};
use crate::dotnet::{
    exception::{Raise, argument_null},
    heap::{Object, Outcome},
    member::{Call, Member, member},
    registry,
    runtime::Runtime,
    value::Value,
};

/// The searches.
pub const MEMBERS: &[Member] = &[
    member("static int IndexOf(Array array, object value)", index_of),
    member("static int IndexOf(Array array, object value, int startIndex)", index_of),
    member("static int IndexOf(Array array, object value, int startIndex, int count)", index_of),
    member("static int IndexOf<T>(T[] array, T value)", index_of),
    member("static int IndexOf<T>(T[] array, T value, int startIndex)", index_of),
    member("static int IndexOf<T>(T[] array, T value, int startIndex, int count)", index_of),
    member("static int LastIndexOf(Array array, object value)", last_index_of),
    member("static int LastIndexOf(Array array, object value, int startIndex)", last_index_of),
    member("static int LastIndexOf(Array array, object value, int startIndex, int count)", last_index_of),
    member("static int LastIndexOf<T>(T[] array, T value)", last_index_of),
    member("static int LastIndexOf<T>(T[] array, T value, int startIndex)", last_index_of),
    member("static int LastIndexOf<T>(T[] array, T value, int startIndex, int count)", last_index_of),
    member("static bool Exists<T>(T[] array, Predicate<T> match)", |call| with_array(call, list_search::exists)),
    member("static T Find<T>(T[] array, Predicate<T> match)", |call| with_array(call, list_search::find)),
    member("static T FindLast<T>(T[] array, Predicate<T> match)", |call| with_array(call, list_search::find_last)),
    member("static T[] FindAll<T>(T[] array, Predicate<T> match)", |call| {
        with_array(call, |call| {
            let found = list_search::matching(call, call.argument(0), 1)?;
            let element = super::type_argument(call, 0);
            super::array(call.runtime, element, found)
        })
    }),
    member("static int FindIndex<T>(T[] array, Predicate<T> match)", |call| with_array(call, list_search::find_index)),
    member("static int FindIndex<T>(T[] array, int startIndex, Predicate<T> match)", |call| with_array(call, list_search::find_index)),
    member("static int FindIndex<T>(T[] array, int startIndex, int count, Predicate<T> match)", |call| {
        with_array(call, list_search::find_index)
    }),
    member("static int FindLastIndex<T>(T[] array, Predicate<T> match)", |call| with_array(call, list_search::find_last_index)),
    member("static int FindLastIndex<T>(T[] array, int startIndex, Predicate<T> match)", |call| {
        with_array(call, list_search::find_last_index)
    }),
    member("static int FindLastIndex<T>(T[] array, int startIndex, int count, Predicate<T> match)", |call| {
        with_array(call, list_search::find_last_index)
    }),
    member("static bool TrueForAll<T>(T[] array, Predicate<T> match)", |call| with_array(call, list_search::true_for_all)),
    member("static int BinarySearch(Array array, object value)", binary_search),
    member("static int BinarySearch<T>(T[] array, T value)", binary_search),
    member("static int BinarySearch<T>(T[] array, T value, IComparer<T> comparer)", binary_search),
    member("static int BinarySearch(Array array, int index, int length, object value)", binary_search_part),
    member("static int BinarySearch<T>(T[] array, int index, int length, T value)", binary_search_part),
    member("static int BinarySearch<T>(T[] array, int index, int length, T value, IComparer<T> comparer)", binary_search_part),
];

/// The length of the array that is the first argument: it must be there, and have one dimension.
pub(super) fn single(call: &Call<'_, '_>, name: &str) -> Result<usize, Raise> {
    checked_length(call.runtime, call.argument(0), name)
}

fn checked_length(runtime: &Runtime<'_>, array: &Value, name: &str) -> Result<usize, Raise> {
    if let Some(Object::Grid(_)) = runtime.get(array) {
        let message = "Only single dimension arrays are supported here.";
        return Err(crate::dotnet::exception::throw(&registry::RANK_EXCEPTION, message));
    }
    length(runtime, array).ok_or_else(|| argument_null(name))
}

/// Runs a list's member on an array.
fn with_array(call: &mut Call<'_, '_>, member: impl FnOnce(&mut Call<'_, '_>) -> Outcome) -> Outcome {
    single(call, "array")?;
    member(call)
}

fn index_of(call: &mut Call<'_, '_>) -> Outcome {
    let count = call.arguments.get(3).map(|_| int(call, 3));
    let part = search::forward(single(call, "array")?, int(call, 2), count, "startIndex")?;
    list_search::place(search::index_in(call.runtime, call.argument(0), call.argument(1), part)?)
}

fn last_index_of(call: &mut Call<'_, '_>) -> Outcome {
    let length = single(call, "array")?;
    let start = if call.arguments.len() > 2 { int(call, 2) } else { length as i64 - 1 };
    let count = call.arguments.get(3).map(|_| int(call, 3));
    let part = search::backward(length, start, count, &[-1, 0])?;
    list_search::place(search::last_index_in(call.runtime, call.argument(0), call.argument(1), part)?)
}

fn binary_search(call: &mut Call<'_, '_>) -> Outcome {
    let length = single(call, "array")?;
    search::binary(call.runtime, call.argument(0), (0, length), call.argument(1), call.argument(2))
}

fn binary_search_part(call: &mut Call<'_, '_>) -> Outcome {
    let part = refusal::check_part(single(call, "array")?, int(call, 1), int(call, 2), ("index", "length"))?;
    search::binary(call.runtime, call.argument(0), part, call.argument(3), call.argument(4))
}
