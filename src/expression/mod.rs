//! Policy expressions made to run: binder, typed program, evaluator, budget.
//!
//! Code is bound once against the table of types (`dotnet::registry`), with C#'s static types, conversions and overloads; what comes
//! out is a [`Program`] of typed nodes that any number of requests evaluate. A wrong expression is a compile error with its
//! place; a failing one raises the .NET exception.

mod bind;
mod evaluate;
mod program;
mod recall;
pub mod sample;
#[cfg(test)]
mod tests;
mod walk;

use crate::{
    csharp::{self, Code},
    diagnostic::Diagnostic,
    dotnet::{exception::Raise, runtime::Runtime, types::Type, value::Value},
};

pub use program::Program;
pub use recall::{Assigned, Looks, Series};

/// The two forms of an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `@(…)`: one C# expression.
    Expression,
    /// `@{…}`: statements that return a value on every path.
    Block,
}

/// What the place of an expression makes of its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// Any type, kept as it is: the value of a variable.
    Any,
    /// Text: every value is turned into a string. Source: the documentation's own examples rely on it.
    Text,
    /// `bool`, and nothing that would have to be converted to it explicitly.
    Bool,
    /// `int`
    Int,
    /// `long`
    Long,
}

impl Target {
    fn ty(self) -> Option<Type> {
        match self {
            Self::Any | Self::Text => None,
            Self::Bool => Some(Type::BOOL),
            Self::Int => Some(Type::INT32),
            Self::Long => Some(Type::INT64),
        }
    }
}

/// Compiles the code of one expression.
///
/// # Errors
/// The diagnostics of the parser or, with correct syntax, of the binder: all of them.
pub fn compile(code: &Code, form: Form, target: Target) -> Result<Program, Vec<Diagnostic>> {
    match form {
        Form::Expression => bind::expression(code, &csharp::parse_expression(code)?, target),
        Form::Block => bind::block(code, &csharp::parse_block(code)?, target),
    }
}

/// Evaluates a compiled expression.
///
/// # Errors
/// The .NET exception that nothing in the expression caught; a spent budget; a body that must be read first.
pub fn evaluate(program: &Program, runtime: &mut Runtime<'_>) -> Result<Value, Raise> {
    match &program.recall {
        Some(recall) => recall.evaluate(program, runtime),
        None => evaluate::run(program, runtime),
    }
}

/// Whether a compiled condition holds.
///
/// # Errors
/// Those of [`evaluate`].
pub fn holds(program: &Program, runtime: &mut Runtime<'_>) -> Result<bool, Raise> {
    match &program.recall {
        Some(recall) => recall.evaluate(program, runtime).map(|value| matches!(value, Value::Bool(true))),
        None => evaluate::truth(program, runtime),
    }
}
