//! .NET exceptions: their types, their messages, and the other ways in which an evaluation ends early.

use std::sync::Arc;

use super::{
    heap::Object,
    member::{Call, Member, member},
    registry,
    runtime::Runtime,
    string::NEWLINE,
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
    /// `InnerException`: shared, for exceptions are handed around by value and causes make chains.
    pub inner: Option<Arc<Exception>>,
    /// Properties beyond what the message tells: those that were set, and what a class adds.
    properties: Vec<(&'static str, Value)>,
}

impl Exception {
    /// An exception of that class.
    pub fn new(class: &'static Class, message: impl Into<String>) -> Self {
        Self { class: ClassRef(class), message: message.into(), inner: None, properties: Vec::new() }
    }

    /// A property that was set.
    fn property(&self, name: &str) -> Value {
        self.properties.iter().rev().find(|(own, _)| *own == name).map_or(Value::Null, |(_, value)| value.clone())
    }

    /// `HResult`
    pub fn hresult(&self) -> i32 {
        hresult(self.class.0)
    }

    /// `ToString()`, without a stack. Source: dotnet/runtime, Exception.cs.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let (mut next, mut causes) = (Some(self), 0);
        while let Some(exception) = next {
            text.push_str(&exception.class.full_name());
            if !exception.message.is_empty() {
                text.push_str(": ");
                text.push_str(&exception.message);
            }
            next = exception.inner.as_deref();
            if next.is_some() {
                causes += 1;
                text.push_str(NEWLINE);
                text.push_str(" ---> ");
            }
        }
        for _ in 0..causes {
            text.push_str(NEWLINE);
            text.push_str("   --- End of inner exception stack trace ---");
        }
        text
    }

    /// Whether a `catch (target)` takes it.
    pub fn is(&self, target: &Type) -> bool {
        Type::Named(self.class).is_reference_to(target)
    }
}

/// A chain of causes is as long as an expression makes it: it is taken down link by link.
impl Drop for Exception {
    fn drop(&mut self) {
        let mut next = self.inner.take();
        while let Some(mut cause) = next.and_then(Arc::into_inner) {
            next = cause.inner.take();
        }
    }
}

/// The `HResult` of a class: its own or its base's. Source: dotnet/runtime, HResults.cs.
fn hresult(class: &'static Class) -> i32 {
    let code: u32 = match class.name {
        "Exception" => 0x8013_1500,
        "SystemException" => 0x8013_1501,
        "ApplicationException" => 0x8013_1600,
        "ArgumentException" => 0x8007_0057,
        "ArgumentNullException" | "NullReferenceException" => 0x8000_4003,
        "ArgumentOutOfRangeException" => 0x8013_1502,
        "ArrayTypeMismatchException" => 0x8013_1503,
        "InvalidCastException" => 0x8000_4002,
        "NotImplementedException" => 0x8000_4001,
        "InvalidOperationException" => 0x8013_1509,
        "NotSupportedException" => 0x8013_1515,
        "FormatException" => 0x8013_1537,
        "IndexOutOfRangeException" => 0x8013_1508,
        "RankException" => 0x8013_1517,
        "ArithmeticException" => 0x8007_0216,
        "OverflowException" => 0x8013_1516,
        "DivideByZeroException" => 0x8002_0012,
        "TimeoutException" => 0x8013_1505,
        "UnauthorizedAccessException" => 0x8007_0005,
        "ObjectDisposedException" => 0x8013_1622,
        "OperationCanceledException" => 0x8013_153B,
        "KeyNotFoundException" => 0x8013_1577,
        "XmlException" => 0x8013_1940,
        _ => match class.supertypes().iter().find_map(|base| base.class()) {
            Some(base) => return hresult(base),
            None => 0x8013_1500,
        },
    };
    code as i32
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

/// The constructors of an exception class: without a message, with one, and with one and what caused it; more members may follow.
macro_rules! plain {
    ($class:ident, $name:literal, $message:expr $(, $more:expr)*) => {{
        const MEMBERS: &[Member] = &[
            member(concat!($name, "()"), |call| made(call, &$class, $message, None, None)),
            member(concat!($name, "(string message)"), |call| made(call, &$class, $message, Some(0), None)),
            member(concat!($name, "(string message, Exception innerException)"), |call| made(call, &$class, $message, Some(0), Some(1))),
            $($more,)*
        ];
        MEMBERS
    }};
}
pub(super) use plain;

/// The constructors of an exception about an argument whose message comes first.
macro_rules! argument {
    ($class:ident, $name:literal, $message:expr) => {{
        const MEMBERS: &[Member] = &[
            member(concat!($name, "()"), |call| made(call, &$class, $message, None, None)),
            member(concat!($name, "(string message)"), |call| made(call, &$class, $message, Some(0), None)),
            member(concat!($name, "(string message, Exception innerException)"), |call| made(call, &$class, $message, Some(0), Some(1))),
            member(concat!($name, "(string message, string paramName)"), |call| about(call, &$class, $message, 1, Some(0), None)),
            member(concat!($name, "(string message, string paramName, Exception innerException)"), |call| {
                about(call, &$class, $message, 1, Some(0), Some(2))
            }),
            member("string ParamName { get; }", parameter_name),
        ];
        MEMBERS
    }};
}

/// The constructors of an exception about an argument whose name comes first.
macro_rules! parameter {
    ($class:ident, $name:literal, $message:expr $(, $more:expr)*) => {{
        const MEMBERS: &[Member] = &[
            member(concat!($name, "()"), |call| made(call, &$class, $message, None, None)),
            member(concat!($name, "(string paramName)"), |call| about(call, &$class, $message, 0, None, None)),
            member(concat!($name, "(string paramName, string message)"), |call| about(call, &$class, $message, 0, Some(1), None)),
            member(concat!($name, "(string message, Exception innerException)"), |call| made(call, &$class, $message, Some(0), Some(1))),
            $($more,)*
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
        inner.map_or(Ok(Value::Null), |inner| call.runtime.object(Object::Exception(inner.as_ref().clone())))
    }),
    member("Exception GetBaseException()", |call| {
        let mut base = own_exception(call)?;
        while let Some(inner) = base.inner.as_deref() {
            base = inner;
        }
        let base = base.clone();
        call.runtime.object(Object::Exception(base))
    }),
    // No stack of the gateway's own is shown to a policy.
    member("string StackTrace { get; }", |_| Ok(Value::Null)),
    member("string HelpLink { get; set; }", |call| get_or_set(call, "HelpLink")),
    member("string Source { get; set; }", |call| get_or_set(call, "Source")),
    member("int HResult { get; }", |call| own(call, |exception| Value::Int32(exception.hresult()))),
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
        .members(OBJECT_DISPOSED);
    OPERATION_CANCELED_EXCEPTION = error("OperationCanceledException", &["SystemException"])
        .members(plain!(OPERATION_CANCELED_EXCEPTION, "OperationCanceledException", "The operation was canceled."));
    ARGUMENT_EXCEPTION = error("ArgumentException", &["SystemException"])
        .members(argument!(ARGUMENT_EXCEPTION, "ArgumentException", "Value does not fall within the expected range."));
    ARGUMENT_NULL_EXCEPTION = error("ArgumentNullException", &["ArgumentException"])
        .members(parameter!(ARGUMENT_NULL_EXCEPTION, "ArgumentNullException", "Value cannot be null."));
    ARGUMENT_OUT_OF_RANGE_EXCEPTION = error("ArgumentOutOfRangeException", &["ArgumentException"])
        .members(parameter!(ARGUMENT_OUT_OF_RANGE_EXCEPTION, "ArgumentOutOfRangeException", "Specified argument was out of the range of valid values.",
            member("ArgumentOutOfRangeException(string paramName, object actualValue, string message)", out_of_range_with_value),
            member("object ActualValue { get; }", |call| own(call, |exception| exception.property("ActualValue")))));
    KEY_NOT_FOUND_EXCEPTION = Class::new("System.Collections.Generic", "KeyNotFoundException", Kind::Class).bases(&["SystemException"])
        .members(plain!(KEY_NOT_FOUND_EXCEPTION, "KeyNotFoundException", "The given key was not present in the dictionary."));
}

/// `ObjectDisposedException`: its message names the object below. Source: dotnet/runtime, ObjectDisposedException.cs.
const OBJECT_DISPOSED: &[Member] = &[
    member("ObjectDisposedException(string objectName)", |call| disposed(call, None)),
    member("ObjectDisposedException(string objectName, string message)", |call| disposed(call, Some(1))),
    member("ObjectDisposedException(string message, Exception innerException)", |call| {
        made(call, &OBJECT_DISPOSED_EXCEPTION, "Cannot access a disposed object.", Some(0), Some(1))
    }),
    member("string ObjectName { get; }", |call| {
        own(call, |exception| match exception.property("ObjectName") {
            Value::Null => Value::string(""),
            name => name,
        })
    }),
];

fn disposed(call: &mut Call<'_, '_>, message: Option<usize>) -> Result<Value, Raise> {
    let mut message = text(call, message).unwrap_or_else(|| "Cannot access a disposed object.".to_owned());
    if let Some(name) = text(call, Some(0)).filter(|name| !name.is_empty()) {
        message = format!("{message}{NEWLINE}Object name: '{name}'.");
    }
    let mut exception = Exception::new(&OBJECT_DISPOSED_EXCEPTION, message);
    exception.properties.push(("ObjectName", call.argument(0).clone()));
    call.runtime.object(Object::Exception(exception))
}

/// The message ends with the value. Source: dotnet/runtime, ArgumentOutOfRangeException.cs.
fn out_of_range_with_value(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let class = &ARGUMENT_OUT_OF_RANGE_EXCEPTION;
    let mut message = text(call, Some(2)).unwrap_or_else(|| standard(class, "", Some(2)));
    if let Some(name) = text(call, Some(0)).filter(|name| !name.is_empty()) {
        message = format!("{message} (Parameter '{name}')");
    }
    let value = call.argument(1);
    if !value.is_null() {
        message = format!("{message}{NEWLINE}Actual value was {}.", super::display::to_str(call.runtime, value));
    }
    let mut exception = Exception::new(class, message);
    exception.properties.push(("ActualValue", value.clone()));
    call.runtime.object(Object::Exception(exception))
}

/// A property of an exception that can be assigned.
fn get_or_set(call: &mut Call<'_, '_>, name: &'static str) -> Result<Value, Raise> {
    let (Value::Object(reference), Some(value)) = (call.argument(0), call.arguments.get(1)) else {
        return own_exception(call).map(|exception| exception.property(name));
    };
    if let Some(Object::Exception(exception)) = call.runtime.heap.get_mut(*reference) {
        exception.properties.retain(|(own, _)| *own != name);
        exception.properties.push((name, value.clone()));
    }
    Ok(Value::Null)
}

/// What caused an exception, as a constructor takes it.
pub(super) fn cause(runtime: &Runtime<'_>, inner: &Value) -> Option<Arc<Exception>> {
    super::runtime::exception(runtime, inner).cloned().map(Arc::new)
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

/// The message where there is none: the class's own, but only `ArgumentException` takes its own for a null that was given.
/// Source: dotnet/runtime, Exception.cs and ArgumentException.cs.
fn standard(class: &'static Class, own: &str, message: Option<usize>) -> String {
    if own.is_empty() || message.is_some() && class.name != "ArgumentException" {
        return format!("Exception of type '{}' was thrown.", class.full_name());
    }
    own.to_owned()
}

/// `new`: the message given or the class's own.
pub(super) fn made(
    call: &mut Call<'_, '_>,
    class: &'static Class,
    own: &str,
    message: Option<usize>,
    inner: Option<usize>,
) -> Result<Value, Raise> {
    let mut exception = Exception::new(class, text(call, message).unwrap_or_else(|| standard(class, own, message)));
    exception.inner = inner.and_then(|inner| cause(call.runtime, call.argument(inner)));
    call.runtime.object(Object::Exception(exception))
}

/// `new` of an exception about a parameter.
fn about(
    call: &mut Call<'_, '_>,
    class: &'static Class,
    own: &str,
    parameter: usize,
    message: Option<usize>,
    inner: Option<usize>,
) -> Result<Value, Raise> {
    let message = text(call, message).unwrap_or_else(|| standard(class, own, message));
    let message = match text(call, Some(parameter)).filter(|name| !name.is_empty()) {
        Some(name) => format!("{message} (Parameter '{name}')"),
        None => message,
    };
    let mut exception = Exception::new(class, message);
    exception.inner = inner.and_then(|inner| cause(call.runtime, call.argument(inner)));
    call.runtime.object(Object::Exception(exception))
}

/// `ParamName`: the message's first line ends with it.
fn parameter_name(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    own(call, |exception| {
        let message = match exception.message.rsplit_once("\nActual value was ") {
            Some((before, _)) => before,
            None => &exception.message,
        };
        let name = message.strip_suffix("')").and_then(|rest| rest.rsplit_once("(Parameter '")).map(|(_, name)| name.to_owned());
        name.map_or(Value::Null, Value::string)
    })
}
