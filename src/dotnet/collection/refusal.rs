//! What collections refuse, in .NET's words. Source: dotnet/runtime, System.Private.CoreLib, Strings.resx and ThrowHelper.cs.

use crate::dotnet::{
    exception::{Exception, Raise, out_of_range, throw},
    registry,
};

/// `ArgumentOutOfRangeException` for an index into a collection.
pub fn index(parameter: &str) -> Raise {
    out_of_range("Index was out of range. Must be non-negative and less than the size of the collection.", parameter)
}

/// `ArgumentOutOfRangeException` for a count that leaves the collection.
pub fn count(parameter: &str) -> Raise {
    out_of_range("Count must be positive and count must refer to a location within the string/array/collection.", parameter)
}

/// `ArgumentOutOfRangeException` for a negative number.
pub fn negative(parameter: &str) -> Raise {
    out_of_range("Non-negative number required.", parameter)
}

/// `ArgumentOutOfRangeException` without words of its own.
pub fn range(parameter: &str) -> Raise {
    out_of_range("Specified argument was out of the range of valid values.", parameter)
}

/// `ArgumentException` for a part that leaves the collection.
pub fn part() -> Raise {
    argument(
        "Offset and length were out of bounds for the array or count is greater than the number of elements from index to the end of the source collection.",
    )
}

/// `ArgumentException`
pub fn argument(message: &str) -> Raise {
    throw(&registry::ARGUMENT_EXCEPTION, message)
}

/// `ArgumentException` for the parameter of that name.
pub fn argument_of(message: &str, parameter: &str) -> Raise {
    throw(&registry::ARGUMENT_EXCEPTION, format!("{message} (Parameter '{parameter}')"))
}

/// `NotSupportedException`
pub fn unsupported(message: &str) -> Raise {
    throw(&registry::NOT_SUPPORTED_EXCEPTION, message)
}

/// `NotSupportedException` of an array.
pub fn fixed_size() -> Raise {
    unsupported("Collection was of a fixed size.")
}

/// `NotSupportedException` of what is only read.
pub fn read_only() -> Raise {
    unsupported("Collection is read-only.")
}

/// `InvalidOperationException`
pub fn invalid(message: &str) -> Raise {
    throw(&registry::INVALID_OPERATION_EXCEPTION, message)
}

/// `IndexOutOfRangeException`
pub fn outside() -> Raise {
    throw(&registry::INDEX_OUT_OF_RANGE_EXCEPTION, "Index was outside the bounds of the array.")
}

/// What a sort makes of an exception of its comparer.
pub fn comparer_failed(raise: Raise) -> Raise {
    match raise {
        Raise::Exception(inner) => {
            let mut outer = Exception::new(&registry::INVALID_OPERATION_EXCEPTION, "Failed to compare two elements in the array.");
            outer.inner = Some(inner.into());
            Raise::Exception(Box::new(outer))
        }
        other => other,
    }
}

/// A part of a collection of `length` items: `index` and `count` not negative, and inside.
///
/// # Errors
/// As .NET: the negative one by its name, or both.
pub fn check_part(length: usize, index: i64, count: i64, names: (&str, &str)) -> Result<(usize, usize), Raise> {
    let start = usize::try_from(index).map_err(|_| negative(names.0))?;
    let count = usize::try_from(count).map_err(|_| negative(names.1))?;
    if start.saturating_add(count) > length { Err(part()) } else { Ok((start, count)) }
}
