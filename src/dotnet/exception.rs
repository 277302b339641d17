//! .NET exceptions: their types, their messages, and the other ways in which an evaluation ends early.

use super::{
    heap::Object,
    member::{Call, Member, member},
    registry,
    types::{Class, ClassRef, Type},
    value::Value,
};

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

/// The constructors of an exception class: without a message, with one, and with one and what caused it.
macro_rules! plain {
    ($class:ident, $name:literal, $message:expr) => {{
        const MEMBERS: &[Member] = &[
            member(concat!($name, "()"), |call| made(call, &$class, $message, None, None)),
            member(concat!($name, "(string message)"), |call| made(call, &$class, $message, Some(0), None)),
            member(concat!($name, "(string message, Exception innerException)"), |call| made(call, &$class, $message, Some(0), Some(1))),
        ];
        MEMBERS
    }};
}

/// The constructors of an exception about an argument whose message comes first.
macro_rules! argument {
    ($class:ident, $name:literal, $message:expr) => {{
        const MEMBERS: &[Member] = &[
            member(concat!($name, "()"), |call| made(call, &$class, $message, None, None)),
            member(concat!($name, "(string message)"), |call| made(call, &$class, $message, Some(0), None)),
            member(concat!($name, "(string message, Exception innerException)"), |call| made(call, &$class, $message, Some(0), Some(1))),
            member(concat!($name, "(string message, string paramName)"), |call| about(call, &$class, $message, 1, Some(0))),
            member("string ParamName { get; }", parameter_name),
        ];
        MEMBERS
    }};
}

/// The constructors of an exception about an argument whose name comes first.
macro_rules! parameter {
    ($class:ident, $name:literal, $message:expr) => {{
        const MEMBERS: &[Member] = &[
            member(concat!($name, "()"), |call| made(call, &$class, $message, None, None)),
            member(concat!($name, "(string paramName)"), |call| about(call, &$class, $message, 0, None)),
            member(concat!($name, "(string paramName, string message)"), |call| about(call, &$class, $message, 0, Some(1))),
            member(concat!($name, "(string message, Exception innerException)"), |call| made(call, &$class, $message, Some(0), Some(1))),
        ];
        MEMBERS
    }};
}

/// What every exception has, beside the constructors of `Exception` itself.
const EXCEPTION_MEMBERS: &[Member] = &[
    member("Exception()", |call| made(call, &EXCEPTION, "", None, None)),
    member("Exception(string message)", |call| made(call, &EXCEPTION, "", Some(0), None)),
    member("Exception(string message, Exception innerException)", |call| made(call, &EXCEPTION, "", Some(0), Some(1))),
    member("string Message { get; }", |call| own(call, |exception| Value::string(exception.message.clone()))),
    member("Exception InnerException { get; }", |call| {
        let inner = own_exception(call)?.inner.clone();
        inner.map_or(Ok(Value::Null), |inner| call.runtime.object(Object::Exception(*inner)))
    }),
    member("Exception GetBaseException()", |call| {
        let mut base = own_exception(call)?.clone();
        while let Some(inner) = base.inner {
            base = *inner;
        }
        call.runtime.object(Object::Exception(base))
    }),
    // No stack of the gateway's own is shown to a policy.
    member("string StackTrace { get; }", |_| Ok(Value::Null)),
    member("string HelpLink { get; }", |_| Ok(Value::Null)),
    member("string Source { get; }", |_| Ok(Value::Null)),
    member("int HResult { get; }", |_| Ok(Value::Int32(-2_146_233_088))),
];

crate::classes! {
    EXCEPTION = error("Exception", &["object"]).members(EXCEPTION_MEMBERS);
    SYSTEM_EXCEPTION = error("SystemException", &["Exception"])
        .members(plain!(SYSTEM_EXCEPTION, "SystemException", "System error."));
    APPLICATION_EXCEPTION = error("ApplicationException", &["Exception"])
        .members(plain!(APPLICATION_EXCEPTION, "ApplicationException", "Error in the application."));
    NULL_REFERENCE_EXCEPTION = error("NullReferenceException", &["SystemException"])
        .members(plain!(NULL_REFERENCE_EXCEPTION, "NullReferenceException", "Object reference not set to an instance of an object."));
    INVALID_CAST_EXCEPTION = error("InvalidCastException", &["SystemException"])
        .members(plain!(INVALID_CAST_EXCEPTION, "InvalidCastException", "Specified cast is not valid."));
    INVALID_OPERATION_EXCEPTION = error("InvalidOperationException", &["SystemException"])
        .members(plain!(INVALID_OPERATION_EXCEPTION, "InvalidOperationException", "Operation is not valid due to the current state of the object."));
    NOT_SUPPORTED_EXCEPTION = error("NotSupportedException", &["SystemException"])
        .members(plain!(NOT_SUPPORTED_EXCEPTION, "NotSupportedException", "Specified method is not supported."));
    NOT_IMPLEMENTED_EXCEPTION = error("NotImplementedException", &["SystemException"])
        .members(plain!(NOT_IMPLEMENTED_EXCEPTION, "NotImplementedException", "The method or operation is not implemented."));
    FORMAT_EXCEPTION = error("FormatException", &["SystemException"])
        .members(plain!(FORMAT_EXCEPTION, "FormatException", "One of the identified items was in an invalid format."));
    INDEX_OUT_OF_RANGE_EXCEPTION = error("IndexOutOfRangeException", &["SystemException"])
        .members(plain!(INDEX_OUT_OF_RANGE_EXCEPTION, "IndexOutOfRangeException", "Index was outside the bounds of the array."));
    ARRAY_TYPE_MISMATCH_EXCEPTION = error("ArrayTypeMismatchException", &["SystemException"])
        .members(plain!(ARRAY_TYPE_MISMATCH_EXCEPTION, "ArrayTypeMismatchException", "Attempted to access an element as a type incompatible with the array."));
    RANK_EXCEPTION = error("RankException", &["SystemException"])
        .members(plain!(RANK_EXCEPTION, "RankException", "Attempted to operate on an array with the incorrect number of dimensions."));
    ARITHMETIC_EXCEPTION = error("ArithmeticException", &["SystemException"])
        .members(plain!(ARITHMETIC_EXCEPTION, "ArithmeticException", "Overflow or underflow in the arithmetic operation."));
    OVERFLOW_EXCEPTION = error("OverflowException", &["ArithmeticException"])
        .members(plain!(OVERFLOW_EXCEPTION, "OverflowException", "Arithmetic operation resulted in an overflow."));
    DIVIDE_BY_ZERO_EXCEPTION = error("DivideByZeroException", &["ArithmeticException"])
        .members(plain!(DIVIDE_BY_ZERO_EXCEPTION, "DivideByZeroException", "Attempted to divide by zero."));
    TIMEOUT_EXCEPTION = error("TimeoutException", &["SystemException"])
        .members(plain!(TIMEOUT_EXCEPTION, "TimeoutException", "The operation has timed out."));
    UNAUTHORIZED_ACCESS_EXCEPTION = error("UnauthorizedAccessException", &["SystemException"])
        .members(plain!(UNAUTHORIZED_ACCESS_EXCEPTION, "UnauthorizedAccessException", "Attempted to perform an unauthorized operation."));
    OBJECT_DISPOSED_EXCEPTION = error("ObjectDisposedException", &["InvalidOperationException"])
        .members(plain!(OBJECT_DISPOSED_EXCEPTION, "ObjectDisposedException", "Cannot access a disposed object."));
    ARGUMENT_EXCEPTION = error("ArgumentException", &["SystemException"])
        .members(argument!(ARGUMENT_EXCEPTION, "ArgumentException", "Value does not fall within the expected range."));
    ARGUMENT_NULL_EXCEPTION = error("ArgumentNullException", &["ArgumentException"])
        .members(parameter!(ARGUMENT_NULL_EXCEPTION, "ArgumentNullException", "Value cannot be null."));
    ARGUMENT_OUT_OF_RANGE_EXCEPTION = error("ArgumentOutOfRangeException", &["ArgumentException"])
        .members(parameter!(ARGUMENT_OUT_OF_RANGE_EXCEPTION, "ArgumentOutOfRangeException", "Specified argument was out of the range of valid values."));
    KEY_NOT_FOUND_EXCEPTION = Class::new("System.Collections.Generic", "KeyNotFoundException", Kind::Class).bases(&["SystemException"])
        .members(plain!(KEY_NOT_FOUND_EXCEPTION, "KeyNotFoundException", "The given key was not present in the dictionary."));
}

fn own_exception<'a>(call: &'a Call<'_, '_>) -> Result<&'a Exception, Raise> {
    super::runtime::exception(call.runtime, call.argument(0)).ok_or_else(null_reference)
}

fn own(call: &mut Call<'_, '_>, pick: fn(&Exception) -> Value) -> Result<Value, Raise> {
    own_exception(call).map(pick)
}

/// The text of an argument; none for null.
fn text(call: &Call<'_, '_>, index: Option<usize>) -> Option<String> {
    match call.argument(index?) {
        Value::String(text) => Some(text.to_string()),
        _ => None,
    }
}

/// `new`: the message given or the class's own.
fn made(call: &mut Call<'_, '_>, class: &'static Class, own: &str, message: Option<usize>, inner: Option<usize>) -> Result<Value, Raise> {
    let standard = || if own.is_empty() { format!("Exception of type '{}' was thrown.", class.full_name()) } else { own.to_owned() };
    let mut exception = Exception::new(class, text(call, message).unwrap_or_else(standard));
    if let Some(inner) = inner {
        let inner = call.argument(inner).clone();
        exception.inner = cause(call.runtime, &inner)?;
    }
    call.runtime.object(Object::Exception(exception))
}

/// The exception in a value as the cause of another: a copy, so that a long chain of causes is paid for each time.
pub(super) fn cause(runtime: &mut super::runtime::Runtime<'_>, value: &Value) -> Result<Option<Box<Exception>>, Raise> {
    let Some(exception) = super::runtime::exception(runtime, value) else { return Ok(None) };
    let chain = std::iter::successors(Some(exception), |cause| cause.inner.as_deref());
    let bytes: usize = chain.map(|cause| size_of::<Exception>() + cause.message.len()).sum();
    let copy = Box::new(exception.clone());
    runtime.allocate(bytes)?;
    Ok(Some(copy))
}

/// `new` of an exception about a parameter.
fn about(call: &mut Call<'_, '_>, class: &'static Class, own: &str, parameter: usize, message: Option<usize>) -> Result<Value, Raise> {
    let message = text(call, message).unwrap_or_else(|| own.to_owned());
    let message = match text(call, Some(parameter)).filter(|name| !name.is_empty()) {
        Some(name) => format!("{message} (Parameter '{name}')"),
        None => message,
    };
    call.runtime.object(Object::Exception(Exception::new(class, message)))
}

/// `ParamName`: the message ends with it.
fn parameter_name(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    own(call, |exception| {
        let name = exception.message.strip_suffix("')").and_then(|rest| rest.rsplit_once("(Parameter '")).map(|(_, name)| name.to_owned());
        name.map_or(Value::Null, Value::string)
    })
}
