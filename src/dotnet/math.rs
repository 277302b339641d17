//! `System.Math`

use super::{
    exception::Raise,
    member::{Call, Member, member},
    value::Value,
};

crate::classes! {
    MATH = statics("System", "Math").members(MEMBERS);
}

/// The members of `Math`.
pub const MEMBERS: &[Member] = &[
    member("static double PI { get; }", |_| Ok(Value::Double(std::f64::consts::PI))),
    member("static double E { get; }", |_| Ok(Value::Double(std::f64::consts::E))),
    member("static int Max(int val1, int val2)", |call| pick(call, true)),
    member("static long Max(long val1, long val2)", |call| pick(call, true)),
    member("static double Max(double val1, double val2)", |call| pick(call, true)),
    member("static int Min(int val1, int val2)", |call| pick(call, false)),
    member("static long Min(long val1, long val2)", |call| pick(call, false)),
    member("static double Min(double val1, double val2)", |call| pick(call, false)),
    member("static int Abs(int value)", |call| Ok(Value::Int32(int(call).wrapping_abs()))),
    member("static double Abs(double value)", |call| Ok(Value::Double(real(call, 0).abs()))),
    member("static double Ceiling(double a)", |call| Ok(Value::Double(real(call, 0).ceil()))),
    member("static double Floor(double d)", |call| Ok(Value::Double(real(call, 0).floor()))),
    member("static double Round(double a)", |call| Ok(Value::Double(real(call, 0).round_ties_even()))),
    member("static double Pow(double x, double y)", |call| Ok(Value::Double(real(call, 0).powf(real(call, 1))))),
    member("static double Sqrt(double d)", |call| Ok(Value::Double(real(call, 0).sqrt()))),
];

fn int(call: &Call<'_, '_>) -> i32 {
    match call.argument(0) {
        Value::Int32(value) => *value,
        _ => 0,
    }
}

fn real(call: &Call<'_, '_>, index: usize) -> f64 {
    match call.argument(index) {
        Value::Double(value) => *value,
        _ => 0.0,
    }
}

fn pick(call: &mut Call<'_, '_>, larger: bool) -> Result<Value, Raise> {
    let (a, b) = (call.argument(0), call.argument(1));
    if let (Value::Double(a), Value::Double(b)) = (a, b) {
        return Ok(Value::Double(if a.is_nan() || b.is_nan() {
            f64::NAN
        } else if larger {
            a.max(*b)
        } else {
            a.min(*b)
        }));
    }
    let first = (a.as_integer() >= b.as_integer()) == larger;
    Ok(if first { a.clone() } else { b.clone() })
}
