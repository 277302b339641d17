//! The evaluator of nodes: a walk over a typed tree, values by value.

use super::{
    operators,
    program::{Body, Conversion, Node, Numeric, Piece, Program},
    statements::{Flow, block},
};
use crate::dotnet::{
    collection, display,
    display::to_str,
    exception::{BudgetSpent, Exception, Raise, invalid_cast, null_reference, raise},
    heap::Object,
    member::{Call, Native},
    number, object, registry,
    runtime::Runtime,
    string,
    string::Str,
    types::Type,
    value::Value,
};

/// One evaluation under way.
pub(super) struct Frame<'a, 'b> {
    pub runtime: &'a mut Runtime<'b>,
    /// Where this evaluation's variables begin in the runtime's.
    base: usize,
    /// The exception that the innermost `catch` is handling, for `throw;`.
    pub handling: Vec<Exception>,
}

pub(super) fn run(program: &Program, runtime: &mut Runtime<'_>) -> Result<Value, Raise> {
    let base = runtime.locals.len();
    runtime.locals.resize(base + program.locals, Value::Null);
    let mut frame = Frame { runtime, base, handling: Vec::new() };
    let outcome = match &program.body {
        Body::Expression(node) => frame.evaluate(node),
        Body::Block(steps) => block(&mut frame, steps).map(|flow| match flow {
            Flow::Return(value) => value,
            _ => Value::Null,
        }),
    };
    runtime.locals.truncate(base);
    outcome
}

impl Frame<'_, '_> {
    fn local(&self, index: usize) -> &Value {
        self.runtime.locals.get(self.base + index).unwrap_or(&Value::Null)
    }

    pub fn set(&mut self, index: usize, value: Value) {
        if let Some(local) = self.runtime.locals.get_mut(self.base + index) {
            *local = value;
        }
    }

    /// The value of a condition, without making a value of what needs none.
    pub fn truth(&mut self, node: &Node) -> Result<bool, Raise> {
        match node {
            Node::And(left, right) => Ok(self.truth(left)? && self.truth(right)?),
            Node::Or(left, right) => Ok(self.truth(left)? || self.truth(right)?),
            Node::Not(operand) => Ok(!self.truth(operand)?),
            Node::Compare(comparison, left, right) => {
                let left = self.evaluate(left)?;
                match right.as_ref() {
                    Node::Constant(right) => Ok(operators::compare(*comparison, &left, right)),
                    right => {
                        let right = self.evaluate(right)?;
                        Ok(operators::compare(*comparison, &left, &right))
                    }
                }
            }
            Node::Equal(left, right, negated) => {
                let left = self.evaluate(left)?;
                let equal = match right.as_ref() {
                    Node::Constant(Value::Null) => left.is_null(),
                    Node::Constant(right) => self.equal(&left, right),
                    right => {
                        let right = self.evaluate(right)?;
                        self.equal(&left, &right)
                    }
                };
                Ok(equal != *negated)
            }
            node => Ok(matches!(self.evaluate(node)?, Value::Bool(true))),
        }
    }

    /// `==` on what is neither a number nor of a type with an operator of its own.
    fn equal(&self, left: &Value, right: &Value) -> bool {
        match (left, right) {
            (Value::Object(a), Value::Object(b)) => a == b,
            _ => object::equal(self.runtime, left, right),
        }
    }

    /// The value of a node.
    pub fn evaluate(&mut self, node: &Node) -> Result<Value, Raise> {
        self.runtime.step()?;
        self.runtime.budget.depth = self.runtime.budget.depth.checked_sub(1).ok_or(Raise::Budget(BudgetSpent::Depth))?;
        let value = self.common(node);
        self.runtime.budget.depth += 1;
        value
    }

    /// The nodes that most expressions are made of. What is rarer has a function of its own: each level of nesting costs the stack of
    /// this one.
    fn common(&mut self, node: &Node) -> Result<Value, Raise> {
        match node {
            Node::Constant(value) => Ok(value.clone()),
            Node::Local(index) => Ok(self.local(*index).clone()),
            Node::SetLocal(index, value) => {
                let value = self.evaluate(value)?;
                self.set(*index, value.clone());
                Ok(value)
            }
            Node::Call { native, arguments, types, outs } => self.call(*native, arguments, types, outs, false),
            Node::Invoke { native, arguments, types, outs } => self.call(*native, arguments, types, outs, true),
            Node::Element(array, index) => {
                let array = self.evaluate(array)?;
                let index = self.evaluate(index)?;
                collection::element(self.runtime, &array, &index)
            }
            Node::Arithmetic(operation, kind, checked, left, right) => {
                let left = self.evaluate(left)?;
                let right = self.evaluate(right)?;
                operators::arithmetic(*operation, *kind, *checked, &left, &right)
            }
            Node::Compare(..) | Node::Equal(..) | Node::And(..) | Node::Or(..) | Node::Not(_) => self.truth(node).map(Value::Bool),
            Node::Conditional(parts) => {
                let [condition, then, otherwise] = parts.as_ref();
                if self.truth(condition)? { self.evaluate(then) } else { self.evaluate(otherwise) }
            }
            Node::Coalesce(left, right) => match self.evaluate(left)? {
                Value::Null => self.evaluate(right),
                value => Ok(value),
            },
            Node::WhenNotNull(target, local, rest) => match self.evaluate(target)? {
                Value::Null => Ok(Value::Null),
                value => {
                    self.set(*local, value);
                    self.evaluate(rest)
                }
            },
            Node::Convert(conversion, operand) => {
                let value = self.evaluate(operand)?;
                self.convert(conversion, value)
            }
            Node::Concat(parts) => self.concat(parts),
            Node::Interpolate(pieces) => self.interpolate(pieces),
            rare => self.rare(rare),
        }
    }

    #[inline(never)]
    fn rare(&mut self, node: &Node) -> Result<Value, Raise> {
        match node {
            Node::PostSet(index, value) => {
                let old = self.local(*index).clone();
                let new = self.evaluate(value)?;
                self.set(*index, new);
                Ok(old)
            }
            Node::SetElement(parts) => {
                let [array, index, value] = parts.as_ref();
                let (array, index, value) = (self.evaluate(array)?, self.evaluate(index)?, self.evaluate(value)?);
                collection::set_element(self.runtime, &array, &index, value.clone())?;
                Ok(value)
            }
            Node::Logic(operation, left, right) => {
                let (left, right) = (self.truth(left)?, self.truth(right)?);
                Ok(Value::Bool(match operation {
                    super::program::Arithmetic::And => left & right,
                    super::program::Arithmetic::Or => left | right,
                    _ => left ^ right,
                }))
            }
            Node::Negate(kind, checked, operand) => {
                let operand = self.evaluate(operand)?;
                operators::negate(*kind, *checked, &operand)
            }
            Node::Complement(kind, operand) => {
                let operand = self.evaluate(operand)?;
                operators::complement(*kind, &operand)
            }
            Node::Lifted(operands, locals, operation) => {
                let mut any_null = false;
                for (operand, local) in operands.iter().zip(locals) {
                    let value = self.evaluate(operand)?;
                    any_null |= value.is_null();
                    self.set(*local, value);
                }
                if any_null { Ok(Value::Null) } else { self.evaluate(operation) }
            }
            Node::NewArray(element, items) => {
                let items = items.iter().map(|item| self.evaluate(item)).collect::<Result<Vec<_>, _>>()?;
                collection::array(self.runtime, element.clone(), items)
            }
            Node::NewArraySized(element, size) => {
                let size = self.evaluate(size)?.as_integer().unwrap_or(0);
                let Ok(size) = usize::try_from(size) else {
                    return raise(&registry::OVERFLOW_EXCEPTION, "Arithmetic operation resulted in an overflow.");
                };
                self.runtime.allocate(size.saturating_mul(size_of::<Value>()))?;
                collection::array(self.runtime, element.clone(), vec![Value::default_of(element); size])
            }
            Node::Sequence(nodes) => {
                let mut last = Value::Null;
                for node in nodes {
                    last = self.evaluate(node)?;
                }
                Ok(last)
            }
            Node::Throw(operand) => {
                let value = self.evaluate(operand)?;
                match self.runtime.get(&value) {
                    Some(Object::Exception(exception)) => Err(Raise::Exception(Box::new(exception.clone()))),
                    _ => Err(null_reference()),
                }
            }
            Node::NewException(ty, arguments) => {
                let message = match arguments.first() {
                    Some(node) => {
                        let value = self.evaluate(node)?;
                        to_str(self.runtime, &value).to_string()
                    }
                    None => format!("Exception of type '{}' was thrown.", display::full_name(ty)),
                };
                let Some(class) = ty.class() else { return Err(null_reference()) };
                self.runtime.object(Object::Exception(Exception::new(class, message)))
            }
            Node::Is(ty, operand) => {
                let value = self.evaluate(operand)?;
                Ok(Value::Bool(self.is(&value, ty)))
            }
            Node::As(ty, operand) => {
                let value = self.evaluate(operand)?;
                Ok(if self.is(&value, ty) { value } else { Value::Null })
            }
            // Every other node is a common one.
            _ => Ok(Value::Null),
        }
    }

    fn call(
        &mut self,
        native: Native,
        arguments: &[Node],
        types: &[Type],
        outs: &[(usize, usize)],
        receiver: bool,
    ) -> Result<Value, Raise> {
        // Receivers and short argument lists, which are nearly all, stay off the heap.
        match arguments {
            [] => self.invoke(native, &[], types, outs),
            [only] => {
                let only = self.receive(only, receiver)?;
                self.invoke(native, &[only], types, outs)
            }
            [first, second] => {
                let first = self.receive(first, receiver)?;
                let second = self.evaluate(second)?;
                self.invoke(native, &[first, second], types, outs)
            }
            [first, second, third] => {
                let first = self.receive(first, receiver)?;
                let second = self.evaluate(second)?;
                let third = self.evaluate(third)?;
                self.invoke(native, &[first, second, third], types, outs)
            }
            [first, rest @ ..] => {
                let mut values = vec![self.receive(first, receiver)?];
                for node in rest {
                    values.push(self.evaluate(node)?);
                }
                self.invoke(native, &values, types, outs)
            }
        }
    }

    fn receive(&mut self, node: &Node, receiver: bool) -> Result<Value, Raise> {
        match self.evaluate(node)? {
            Value::Null if receiver => Err(null_reference()),
            value => Ok(value),
        }
    }

    fn invoke(&mut self, native: Native, arguments: &[Value], types: &[Type], outs: &[(usize, usize)]) -> Result<Value, Raise> {
        for argument in arguments {
            if let Value::String(text) = argument {
                self.runtime.work(text.bytes())?;
            }
        }
        let mut call = Call { runtime: self.runtime, arguments, types, outs: Vec::new() };
        let result = native(&mut call)?;
        // What a member made is paid for here, whichever it is. Members that can make much more than they were given charge before.
        if let Value::String(text) = &result {
            call.runtime.allocate(text.bytes())?;
        }
        for (argument, value) in call.outs {
            if let Some((_, local)) = outs.iter().find(|(out, _)| *out == argument) {
                self.set(*local, value);
            }
        }
        Ok(result)
    }

    /// Whether a value is one of a type: never for null.
    pub fn is(&self, value: &Value, ty: &Type) -> bool {
        !value.is_null() && display::type_of(self.runtime, value).is_reference_to(ty.underlying().unwrap_or(ty))
    }

    pub fn convert(&mut self, conversion: &Conversion, value: Value) -> Result<Value, Raise> {
        match conversion {
            Conversion::Numeric(target, checked) => number::convert(&value, target, *checked),
            Conversion::Unbox(target) => {
                let is_nullable = target.underlying().is_some();
                match &value {
                    Value::Null if is_nullable => Ok(value),
                    Value::Null => Err(null_reference()),
                    _ if self.is(&value, target) => Ok(value),
                    _ => Err(self.bad_cast(&value, target)),
                }
            }
            Conversion::Reference(target) => {
                if value.is_null() || self.is(&value, target) {
                    Ok(value)
                } else {
                    Err(self.bad_cast(&value, target))
                }
            }
            Conversion::User(native) => self.invoke(*native, &[value], &[], &[]),
            Conversion::NullableValue => match value {
                Value::Null => raise(&registry::INVALID_OPERATION_EXCEPTION, "Nullable object must have a value."),
                value => Ok(value),
            },
            Conversion::Lifted(inner) => {
                if value.is_null() {
                    Ok(value)
                } else {
                    self.convert(inner, value)
                }
            }
            Conversion::Both(first, second) => {
                let value = self.convert(first, value)?;
                self.convert(second, value)
            }
        }
    }

    fn bad_cast(&self, value: &Value, target: &Type) -> Raise {
        invalid_cast(&display::full_name(&display::type_of(self.runtime, value)), &display::full_name(target))
    }

    fn concat(&mut self, parts: &[Node]) -> Result<Value, Raise> {
        let mut texts = Vec::with_capacity(parts.len());
        let mut bytes = 0;
        for part in parts {
            let value = self.evaluate(part)?;
            let text = to_str(self.runtime, &value);
            bytes += text.as_str().len();
            texts.push(text);
        }
        self.runtime.allocate(bytes)?;
        if texts.iter().all(|text| matches!(text, Str::Text(_))) {
            let mut joined = String::with_capacity(bytes);
            texts.iter().for_each(|text| joined.push_str(&text.as_str()));
            return Ok(Value::string(joined));
        }
        let units: Vec<u16> = texts.iter().flat_map(Str::units).collect();
        Ok(Value::String(Str::from_units(&units)))
    }

    fn interpolate(&mut self, pieces: &[Piece]) -> Result<Value, Raise> {
        let mut out = String::new();
        for piece in pieces {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Hole { value, alignment, format } => {
                    let value = self.evaluate(value)?;
                    let mut call = Call { runtime: self.runtime, arguments: &[], types: &[], outs: Vec::new() };
                    let text = string::formatted(&mut call, &value, format.as_deref())?;
                    out.push_str(&string::aligned(&text, *alignment));
                }
            }
        }
        self.runtime.allocate(out.len())?;
        Ok(Value::string(out))
    }
}

/// The promoted type of a value of this type, where arithmetic applies to it.
pub(super) fn numeric(ty: &Type) -> Option<Numeric> {
    Some(match ty.class()?.name {
        "SByte" | "Byte" | "Int16" | "UInt16" | "Char" | "Int32" if ty.enum_members().is_none() => Numeric::Int32,
        "UInt32" => Numeric::UInt32,
        "Int64" => Numeric::Int64,
        "UInt64" => Numeric::UInt64,
        "Single" => Numeric::Single,
        "Double" => Numeric::Double,
        "Decimal" => Numeric::Decimal,
        _ => return None,
    })
}
