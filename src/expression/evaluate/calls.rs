//! Calls: members of the table, delegates, and an expression's own functions.

use std::{borrow::Cow, slice, sync::Arc};

use super::{Frame, finish};
use crate::{
    dotnet::{
        context,
        delegate::{Callable, Delegate},
        exception::{Raise, null_reference},
        heap::Object,
        member::{self, Native},
        runtime::Runtime,
        types::Type,
        value::Value,
    },
    expression::program::{Call, Conversion, Function, HeaderOr, MethodGroup, Node, Slot, VariableOr},
};

impl Frame<'_, '_> {
    /// A property of a value: the shortest of all calls. Here and in conditions a value stays where its evaluation put it: to move it is
    /// to read whole what was just written in parts, which costs more than all else does.
    pub(super) fn property(&mut self, native: Native, receiver: &Node) -> Result<Value, Raise> {
        let receiver = match receiver {
            Node::Constant(Value::Null) => return Err(null_reference()),
            Node::Constant(value) => return native(&mut member::Call::new(self.runtime, slice::from_ref(value), &[])),
            node => self.evaluate(node),
        };
        match &receiver {
            Ok(Value::Null) => Err(null_reference()),
            Ok(value) => native(&mut member::Call::new(self.runtime, slice::from_ref(value), &[])),
            Err(_) => receiver,
        }
    }

    /// A variable of the request, or the default. That is an argument: it is evaluated whether or not it is needed.
    pub(super) fn variable_or(&mut self, variable: &VariableOr) -> Result<Value, Raise> {
        let default = match &variable.default {
            Node::Constant(value) => Cow::Borrowed(value),
            node => Cow::Owned(self.evaluate(node)?),
        };
        match self.runtime.context.variables.named(&variable.name) {
            Some(value) => context::cast(self.runtime, value.clone(), &variable.ty),
            None => Ok(default.into_owned()),
        }
    }

    /// A header of the request, or the default.
    pub(super) fn header_or(&mut self, header: &HeaderOr) -> Result<Value, Raise> {
        self.runtime.step()?;
        match context::joined_values(self.runtime.context.request.headers.named(&header.name)) {
            Some(text) => {
                self.runtime.allocate(text.bytes())?;
                Ok(Value::String(text))
            }
            None => Ok(header.default.clone()),
        }
    }

    pub(super) fn call(&mut self, call: &Call) -> Result<Value, Raise> {
        // Receivers and short argument lists, which are nearly all, stay off the heap.
        match call.arguments.as_ref() {
            [] => self.native(call, &[]),
            [Node::Constant(only)] if !only.is_null() => self.native(call, slice::from_ref(only)),
            [only] => {
                let only = self.evaluate(only);
                match &only {
                    Ok(Value::Null) if call.has_receiver => Err(null_reference()),
                    Ok(value) => self.native(call, slice::from_ref(value)),
                    Err(_) => only,
                }
            }
            [first, second] => {
                let first = self.receive(first, false)?;
                let second = self.evaluate(second)?;
                self.checked_native(call, &[first, second])
            }
            [first, second, third] => {
                let first = self.receive(first, false)?;
                let second = self.evaluate(second)?;
                let third = self.evaluate(third)?;
                self.checked_native(call, &[first, second, third])
            }
            all => {
                let values = self.all(all)?;
                self.checked_native(call, &values)
            }
        }
    }

    fn receive(&mut self, node: &Node, is_receiver: bool) -> Result<Value, Raise> {
        match self.evaluate(node)? {
            Value::Null if is_receiver => Err(null_reference()),
            value => Ok(value),
        }
    }

    /// The arguments of a call are evaluated before its receiver is found to be null.
    fn checked_native(&mut self, call: &Call, arguments: &[Value]) -> Result<Value, Raise> {
        if call.has_receiver && arguments.first().is_some_and(Value::is_null) {
            return Err(null_reference());
        }
        self.native(call, arguments)
    }

    fn native(&mut self, call: &Call, arguments: &[Value]) -> Result<Value, Raise> {
        self.runtime.step()?;
        match arguments {
            // A character by its place is found at once where a byte is a code unit: a loop over a long text is honest work.
            [Value::String(text), Value::Int32(_)] if text.ascii().is_some() => {}
            arguments => {
                for argument in arguments {
                    if let Value::String(text) = argument {
                        self.runtime.work(text.bytes())?;
                    }
                }
            }
        }
        let mut running = member::Call::new(self.runtime, arguments, &call.types);
        let result = (call.native)(&mut running)?;
        // What a member made is paid for here, whichever it is. Members that can make much more than they were given charge before.
        if let Value::String(text) = &result {
            running.runtime.allocate(text.bytes())?;
        }
        for (argument, value) in running.outs {
            if let Some((_, local, is_new)) = call.outs.iter().find(|(out, ..)| *out == argument) {
                if *is_new { self.declare(*local, value)? } else { self.assign(*local, value) }
            }
        }
        Ok(result)
    }

    pub(super) fn invoke(&mut self, delegate: &Node, arguments: &[Node]) -> Result<Value, Raise> {
        let delegate = self.evaluate(delegate)?;
        let arguments = self.all(arguments)?;
        self.runtime.invoke(&delegate, &arguments)
    }

    pub(super) fn closure(&mut self, function: &Arc<Function>, captured: &[usize], ty: &Type) -> Result<Value, Raise> {
        let captures = captured.iter().map(|slot| self.slot(*slot).clone()).collect();
        let code = Arc::new(Closure { function: function.clone(), captures });
        self.runtime.object(Object::Delegate(Delegate { ty: ty.clone(), code }))
    }

    pub(super) fn method_group(&mut self, group: &MethodGroup) -> Result<Value, Raise> {
        let receiver = match &group.receiver {
            None => None,
            Some(node) => Some(self.receive(node, true)?),
        };
        let code = Arc::new(Method {
            native: group.native,
            receiver,
            types: group.types.clone(),
            arguments: group.arguments.clone(),
            result: group.result.clone(),
        });
        self.runtime.object(Object::Delegate(Delegate { ty: group.ty.clone(), code }))
    }
}

/// A lambda or local function with the variables that it captured.
struct Closure {
    function: Arc<Function>,
    captures: Box<[Value]>,
}

impl Callable for Closure {
    fn call(&self, runtime: &mut Runtime<'_>, arguments: &[Value]) -> Result<Value, Raise> {
        let base = runtime.locals.len();
        let function = self.function.as_ref();
        runtime.locals.reserve(function.slots.len());
        for (index, argument) in arguments.iter().take(function.parameters).enumerate() {
            // A cell that comes in is a `ref` or `out` argument: the parameter is the caller's variable.
            let value = match (argument, function.slots.get(index)) {
                (Value::Cell(_), _) => argument.clone(),
                (_, Some(Slot::Captured | Slot::Hoisted)) => runtime.cell(argument.clone())?,
                _ => argument.clone(),
            };
            runtime.locals.push(value);
        }
        runtime.locals.resize(base + function.slots.len(), Value::Null);
        for (slot, cell) in function.captures.iter().zip(&self.captures) {
            if let Some(place) = runtime.locals.get_mut(base + slot) {
                *place = cell.clone();
            }
        }
        finish(function, base, runtime)
    }
}

/// A member of the table as a delegate.
struct Method {
    native: Native,
    receiver: Option<Value>,
    types: Box<[Type]>,
    arguments: Box<[Option<Conversion>]>,
    result: Option<Conversion>,
}

impl Callable for Method {
    fn call(&self, runtime: &mut Runtime<'_>, arguments: &[Value]) -> Result<Value, Raise> {
        let mut values: Vec<Value> = self.receiver.iter().cloned().collect();
        for (index, argument) in arguments.iter().enumerate() {
            values.push(match self.arguments.get(index).and_then(Option::as_ref) {
                Some(conversion) => super::convert::convert(runtime, conversion, argument.clone())?,
                None => argument.clone(),
            });
        }
        let result = (self.native)(&mut member::Call::new(runtime, &values, &self.types))?;
        match &self.result {
            Some(conversion) => super::convert::convert(runtime, conversion, result),
            None => Ok(result),
        }
    }
}
