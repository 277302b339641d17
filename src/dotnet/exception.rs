//! .NET exceptions: their types, their messages, and the other ways in which an evaluation ends early.

use super::{
    registry,
    types::{Class, ClassRef, Type},
    value::Value,
};

const GENERIC: &str = "System.Collections.Generic";

crate::classes! {
    EXCEPTION = class("System", "Exception").members(MEMBERS);
    SYSTEM_EXCEPTION = error("SystemException", &["Exception"]);
    NULL_REFERENCE_EXCEPTION = error("NullReferenceException", &["SystemException"]);
    INVALID_CAST_EXCEPTION = error("InvalidCastException", &["SystemException"]);
    INVALID_OPERATION_EXCEPTION = error("InvalidOperationException", &["SystemException"]);
    NOT_SUPPORTED_EXCEPTION = error("NotSupportedException", &["SystemException"]);
    FORMAT_EXCEPTION = error("FormatException", &["SystemException"]);
    INDEX_OUT_OF_RANGE_EXCEPTION = error("IndexOutOfRangeException", &["SystemException"]);
    ARRAY_TYPE_MISMATCH_EXCEPTION = error("ArrayTypeMismatchException", &["SystemException"]);
    ARITHMETIC_EXCEPTION = error("ArithmeticException", &["SystemException"]);
    OVERFLOW_EXCEPTION = error("OverflowException", &["ArithmeticException"]);
    DIVIDE_BY_ZERO_EXCEPTION = error("DivideByZeroException", &["ArithmeticException"]);
    ARGUMENT_EXCEPTION = error("ArgumentException", &["SystemException"]);
    ARGUMENT_NULL_EXCEPTION = error("ArgumentNullException", &["ArgumentException"]);
    ARGUMENT_OUT_OF_RANGE_EXCEPTION = error("ArgumentOutOfRangeException", &["ArgumentException"]);
    KEY_NOT_FOUND_EXCEPTION = Class::new(GENERIC, "KeyNotFoundException", Kind::Class).bases(&["SystemException"]);
}

/// An exception object.
#[derive(Clone, Debug)]
pub struct Exception {
    /// Its class: decides which `catch` takes it.
    pub class: ClassRef,
    /// `Message`
    pub message: String,
    /// `InnerException`
    pub inner: Option<Box<Exception>>,
}

impl Exception {
    /// An exception of that class.
    pub fn new(class: &'static Class, message: impl Into<String>) -> Self {
        Self { class: ClassRef(class), message: message.into(), inner: None }
    }

    /// Whether a `catch (target)` takes it.
    pub fn is(&self, target: &Type) -> bool {
        Type::Named(self.class).is_reference_to(target)
    }
}

/// Why an evaluation ended without a value.
#[derive(Clone, Debug)]
pub enum Raise {
    /// A .NET exception, which `catch` may take.
    Exception(Box<Exception>),
    /// The expression's budget is spent; nothing catches it.
    Budget(BudgetSpent),
    /// A body is needed that has not been read yet: the machine reads it and evaluates again. Nothing catches it.
    Unread(Unread),
}

/// Which limit of an expression was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BudgetSpent {
    /// Steps of evaluation.
    Steps,
    /// Bytes of strings and objects.
    Memory,
    /// Nested calls.
    Depth,
}

/// Which body must be read before an evaluation can go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unread {
    /// `context.Request.Body`
    Request,
    /// `context.Response.Body`
    Response,
}

/// Raises an exception.
pub fn raise<T>(class: &'static Class, message: impl Into<String>) -> Result<T, Raise> {
    Err(throw(class, message))
}

/// An exception to raise.
pub fn throw(class: &'static Class, message: impl Into<String>) -> Raise {
    Raise::Exception(Box::new(Exception::new(class, message)))
}

/// `NullReferenceException`
pub fn null_reference() -> Raise {
    throw(&registry::NULL_REFERENCE_EXCEPTION, "Object reference not set to an instance of an object.")
}

/// `ArgumentNullException` for the parameter of that name.
pub fn argument_null(parameter: &str) -> Raise {
    throw(&registry::ARGUMENT_NULL_EXCEPTION, format!("Value cannot be null. (Parameter '{parameter}')"))
}

/// `ArgumentOutOfRangeException` for the parameter of that name.
pub fn out_of_range(message: &str, parameter: &str) -> Raise {
    throw(&registry::ARGUMENT_OUT_OF_RANGE_EXCEPTION, format!("{message} (Parameter '{parameter}')"))
}

/// `InvalidCastException` between two types by their full names.
pub fn invalid_cast(from: &str, to: &str) -> Raise {
    throw(&registry::INVALID_CAST_EXCEPTION, format!("Unable to cast object of type '{from}' to type '{to}'."))
}

/// `FormatException` in .NET's words for a string that is no number. Source: .NET 8, System.Private.CoreLib resources.
pub fn bad_format(text: &str) -> Raise {
    throw(&registry::FORMAT_EXCEPTION, format!("The input string '{text}' was not in a correct format."))
}

/// The members of `System.Exception`.
pub const MEMBERS: &[super::member::Member] = &[
    super::member::member("Exception()", |_| Ok(Value::Null)),
    super::member::member("string Message { get; }", |call| match super::runtime::exception(call.runtime, call.argument(0)) {
        Some(exception) => Ok(Value::string(exception.message.clone())),
        None => Err(null_reference()),
    }),
];
