//! Constants: what the compiler computes itself, and refuses when it overflows.
//!
//! Source: C# language specification, "Constant expressions": outside of `unchecked` a constant operation must not overflow.

use super::{Binder, Bound};
use crate::{
    dotnet::{
        context::RequestContext,
        exception::Raise,
        heap::Heap,
        member::{Call, MemberInfo},
        registry,
        runtime::{Budget, Runtime},
        string::Str,
        types::{ClassRef, Type},
        value::Value,
    },
    environment::{Fixed, Moment},
    expression::{
        evaluate,
        program::{Arithmetic, Node, Numeric},
    },
    source::Span,
};

fn constant(node: &Node) -> Option<&Value> {
    match node {
        Node::Constant(value) => Some(value),
        _ => None,
    }
}

impl Binder<'_> {
    /// The value of an operation on constants, in its place.
    pub(super) fn folded(&mut self, bound: Bound, span: Span) -> Option<Bound> {
        let folded = match &bound.node {
            Node::Arithmetic(operation, kind, _, left, right) => {
                let (Some(a), Some(b)) = (constant(left), constant(right)) else { return Some(bound) };
                let integral = kind.is_integral();
                evaluate::arithmetic(*operation, *kind, !self.is_unchecked() && integral && !is_shift(*operation), a, b)
            }
            Node::Negate(kind, _, operand) => {
                let Some(value) = constant(operand) else { return Some(bound) };
                evaluate::negate(*kind, !self.is_unchecked(), value)
            }
            Node::Complement(kind, operand) => {
                let Some(value) = constant(operand) else { return Some(bound) };
                evaluate::complement(*kind, value)
            }
            Node::Compare(comparison, left, right) => {
                let (Some(a), Some(b)) = (constant(left), constant(right)) else { return Some(bound) };
                Ok(Value::Bool(evaluate::compare(*comparison, a, b)))
            }
            Node::Equal(left, right, negated) => match (constant(left), constant(right)) {
                (Some(Value::String(a)), Some(Value::String(b))) => Ok(Value::Bool((a == b) != *negated)),
                (Some(Value::Bool(a)), Some(Value::Bool(b))) => Ok(Value::Bool((a == b) != *negated)),
                _ => return Some(bound),
            },
            Node::Logic(operation, left, right) => match (constant(left), constant(right)) {
                (Some(Value::Bool(a)), Some(Value::Bool(b))) => Ok(Value::Bool(match operation {
                    Arithmetic::And => a & b,
                    Arithmetic::Or => a | b,
                    _ => a ^ b,
                })),
                _ => return Some(bound),
            },
            Node::Concat(parts) => {
                let texts: Option<Vec<Str>> = parts
                    .iter()
                    .map(|part| match constant(part) {
                        Some(Value::String(text)) => Some(text.clone()),
                        Some(Value::Null) => Some(Str::EMPTY),
                        _ => None,
                    })
                    .collect();
                match texts {
                    Some(texts) => {
                        let joined = texts.iter().fold(Str::EMPTY, |joined, text| joined.concat(text));
                        Ok(Value::String(Str::literal(&joined.units())))
                    }
                    None => return Some(bound),
                }
            }
            _ => return Some(bound),
        };
        match folded {
            Ok(value) => Some(Bound::new(Node::Constant(value), bound.ty)),
            Err(Raise::Exception(exception)) if exception.class == ClassRef(&registry::DIVIDE_BY_ZERO_EXCEPTION) => {
                self.error("CS0020", span, "Division by constant zero");
                None
            }
            Err(_) => {
                self.error_with_help(
                    "CS0220",
                    span,
                    "The operation overflows at compile time in checked mode",
                    "use `long`, or `unchecked( )`",
                );
                None
            }
        }
    }
}

fn is_shift(operation: Arithmetic) -> bool {
    matches!(operation, Arithmetic::ShiftLeft | Arithmetic::ShiftRight | Arithmetic::And | Arithmetic::Or | Arithmetic::Xor)
}

/// The value of a member that .NET declares `const`: `int.MaxValue`, `Math.PI`, `TimeSpan.TicksPerSecond`. None for any other, such as
/// `string.Empty`, which is a field and no constant.
pub(super) fn of_member(info: &'static MemberInfo) -> Option<Value> {
    let number = Numeric::of(&Type::named(info.class)).is_some();
    let limit = matches!(info.name, "MaxValue" | "MinValue" | "Epsilon" | "NaN" | "PositiveInfinity" | "NegativeInfinity");
    let decimal = info.class.name == "Decimal" && matches!(info.name, "One" | "Zero" | "MinusOne");
    let named = matches!((info.class.name, info.name), ("Math", "PI" | "E" | "Tau")) || info.name.starts_with("TicksPer");
    let is_constant = (number && limit) || decimal || named;
    if !is_constant {
        return None;
    }
    // A constant's native looks at nothing: what it works in is made for it and thrown away.
    let (mut context, mut heap, mut environment) = (RequestContext::default(), Heap::default(), Fixed { now: Moment(0), state: 0 });
    let mut runtime = Runtime {
        context: &mut context,
        heap: &mut heap,
        environment: &mut environment,
        budget: Budget::default(),
        locals: &mut Vec::new(),
    };
    (info.native)(&mut Call::new(&mut runtime, &[], &[])).ok()
}
