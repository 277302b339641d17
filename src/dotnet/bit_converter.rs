//! `System.BitConverter`: little-endian.
//!
//! Source: learn.microsoft.com/dotnet/api/system.bitconverter; dotnet/runtime, System.Private.CoreLib, BitConverter.cs.

use super::{
    exception::{Raise, argument_null, out_of_range, raise, throw},
    heap::Object,
    member::{Call, Member, member},
    registry,
    value::Value,
};

crate::classes! {
    BIT_CONVERTER = statics("System", "BitConverter").members(MEMBERS);
}

/// Both ways between bytes and the types of fixed size, then what is listed as it stands.
macro_rules! members {
    ($($keyword:literal $name:literal $variant:ident $rust:ty;)* + $($rest:expr,)*) => {
        /// The members of `BitConverter`.
        pub const MEMBERS: &[Member] = &[
            $(
                member(concat!("static byte[] GetBytes(", $keyword, " value)"), |call| match call.argument(0) {
                    Value::$variant(value) => {
                        let bytes = value.to_le_bytes().to_vec();
                        call.runtime.object(Object::Bytes(bytes))
                    }
                    _ => Ok(Value::Null),
                }),
                member(concat!("static ", $keyword, " To", $name, "(byte[] value, int startIndex)"), |call| {
                    take(call).map(|bytes| Value::$variant(<$rust>::from_le_bytes(bytes)))
                }),
            )*
            $($rest,)*
        ];
    };
}

members! {
    "char" "Char" Char u16;
    "short" "Int16" Int16 i16;
    "ushort" "UInt16" UInt16 u16;
    "int" "Int32" Int32 i32;
    "uint" "UInt32" UInt32 u32;
    "long" "Int64" Int64 i64;
    "ulong" "UInt64" UInt64 u64;
    "float" "Single" Single f32;
    "double" "Double" Double f64;
    +
    member("static bool IsLittleEndian { get; }", |_| Ok(Value::Bool(true))),
    member("static byte[] GetBytes(bool value)", |call| {
        let byte = u8::from(matches!(call.argument(0), Value::Bool(true)));
        call.runtime.object(Object::Bytes(vec![byte]))
    }),
    member("static bool ToBoolean(byte[] value, int startIndex)", |call| take(call).map(|[byte]: [u8; 1]| Value::Bool(byte != 0))),
    member("static long DoubleToInt64Bits(double value)", |call| Ok(Value::Int64(double_bits(call) as i64))),
    member("static ulong DoubleToUInt64Bits(double value)", |call| Ok(Value::UInt64(double_bits(call)))),
    member("static int SingleToInt32Bits(float value)", |call| Ok(Value::Int32(single_bits(call) as i32))),
    member("static uint SingleToUInt32Bits(float value)", |call| Ok(Value::UInt32(single_bits(call)))),
    member("static double Int64BitsToDouble(long value)", |call| Ok(Value::Double(f64::from_bits(bits(call) as u64)))),
    member("static double UInt64BitsToDouble(ulong value)", |call| Ok(Value::Double(f64::from_bits(bits(call) as u64)))),
    member("static float Int32BitsToSingle(int value)", |call| Ok(Value::Single(f32::from_bits(bits(call) as u32)))),
    member("static float UInt32BitsToSingle(uint value)", |call| Ok(Value::Single(f32::from_bits(bits(call) as u32)))),
    member("static string ToString(byte[] value)", text),
    member("static string ToString(byte[] value, int startIndex)", text),
    member("static string ToString(byte[] value, int startIndex, int length)", text),
}

fn double_bits(call: &Call<'_, '_>) -> u64 {
    match call.argument(0) {
        Value::Double(value) => value.to_bits(),
        _ => 0,
    }
}

fn single_bits(call: &Call<'_, '_>) -> u32 {
    match call.argument(0) {
        Value::Single(value) => value.to_bits(),
        _ => 0,
    }
}

fn bits(call: &Call<'_, '_>) -> i128 {
    call.argument(0).as_integer().unwrap_or(0)
}

fn bad_start() -> Raise {
    out_of_range("Index was out of range. Must be non-negative and less than the size of the collection.", "startIndex")
}

const TOO_SMALL: &str = "Destination array is not long enough to copy all the items in the collection. Check array index and length. \
                         (Parameter 'value')";

/// As many bytes from `startIndex` on.
fn take<const N: usize>(call: &mut Call<'_, '_>) -> Result<[u8; N], Raise> {
    let bytes = call.runtime.bytes(call.argument(0)).ok_or_else(|| argument_null("value"))?;
    let start = usize::try_from(bits_at(call, 1)).ok().filter(|start| *start < bytes.len()).ok_or_else(bad_start)?;
    let taken = bytes.get(start..).and_then(|rest| rest.first_chunk::<N>());
    taken.copied().ok_or_else(|| throw(&registry::ARGUMENT_EXCEPTION, TOO_SMALL))
}

fn bits_at(call: &Call<'_, '_>, index: usize) -> i128 {
    call.argument(index).as_integer().unwrap_or(0)
}

/// `01-AB-FF`
fn text(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let total = call.runtime.bytes(call.argument(0)).map(<[u8]>::len).ok_or_else(|| argument_null("value"))?;
    let start = usize::try_from(bits_at(call, 1)).ok().filter(|start| *start < total || *start == 0).ok_or_else(bad_start)?;
    let length = match call.arguments.get(2) {
        None => total - start,
        Some(length) => match usize::try_from(length.as_integer().unwrap_or(0)) {
            Ok(length) => length,
            Err(_) => return Err(out_of_range("Value must be positive.", "length")),
        },
    };
    if length > total - start {
        return raise(&registry::ARGUMENT_EXCEPTION, TOO_SMALL);
    }
    call.runtime.allocate(length.saturating_mul(3))?;
    call.runtime.work(length)?;
    let bytes = call.runtime.bytes(call.argument(0)).and_then(|bytes| bytes.get(start..start + length)).unwrap_or(&[]);
    let mut text = String::with_capacity(length * 3);
    for (index, byte) in bytes.iter().enumerate() {
        if index > 0 {
            text.push('-');
        }
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from_digit(u32::from(digit), 16).unwrap_or('0').to_ascii_uppercase());
        }
    }
    Ok(Value::string(text))
}
