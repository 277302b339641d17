//! Delegates: `Func`, `Action` and their like, and the code behind them.

use std::{fmt, sync::Arc};

use super::{
    exception::{Raise, null_reference},
    heap::Object,
    member::{Call, Member, member},
    runtime::Runtime,
    types::Type,
    value::Value,
};

/// A delegate object.
#[derive(Clone)]
pub struct Delegate {
    /// Its type: `Func<int, bool>`.
    pub ty: Type,
    /// What it runs.
    pub code: Arc<dyn Callable>,
}

impl fmt::Debug for Delegate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.ty)
    }
}

/// Code that can be called as a value.
pub trait Callable: Send + Sync {
    /// Runs it.
    ///
    /// # Errors
    /// What the code raises; a spent budget.
    fn call(&self, runtime: &mut Runtime<'_>, arguments: &[Value]) -> Result<Value, Raise>;
}

impl Runtime<'_> {
    /// Calls a delegate.
    ///
    /// # Errors
    /// `NullReferenceException` for null; what its code raises; a spent budget.
    pub fn invoke(&mut self, delegate: &Value, arguments: &[Value]) -> Result<Value, Raise> {
        let code = match self.get(delegate) {
            Some(Object::Delegate(delegate)) => delegate.code.clone(),
            _ => return Err(null_reference()),
        };
        self.step()?;
        code.call(self, arguments)
    }

    /// Calls a delegate that answers yes or no.
    ///
    /// # Errors
    /// As [`invoke`](Self::invoke).
    pub fn test(&mut self, delegate: &Value, arguments: &[Value]) -> Result<bool, Raise> {
        Ok(matches!(self.invoke(delegate, arguments)?, Value::Bool(true)))
    }
}

fn invoke(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let (delegate, arguments) = call.arguments.split_first().ok_or_else(null_reference)?;
    call.runtime.invoke(delegate, arguments)
}

macro_rules! invoked {
    ($signature:literal) => {{
        const MEMBERS: &[Member] = &[member($signature, invoke)];
        MEMBERS
    }};
}

crate::classes! {
    DELEGATE = class("System", "Delegate");
    FUNC0 = delegate("System", "Func").generic(&["TResult"]).members(invoked!("TResult Invoke()"));
    FUNC1 = delegate("System", "Func").generic(&["T", "TResult"]).members(invoked!("TResult Invoke(T arg)"));
    FUNC2 = delegate("System", "Func").generic(&["T1", "T2", "TResult"]).members(invoked!("TResult Invoke(T1 arg1, T2 arg2)"));
    FUNC3 = delegate("System", "Func").generic(&["T1", "T2", "T3", "TResult"])
        .members(invoked!("TResult Invoke(T1 arg1, T2 arg2, T3 arg3)"));
    FUNC4 = delegate("System", "Func").generic(&["T1", "T2", "T3", "T4", "TResult"])
        .members(invoked!("TResult Invoke(T1 arg1, T2 arg2, T3 arg3, T4 arg4)"));
    FUNC5 = delegate("System", "Func").generic(&["T1", "T2", "T3", "T4", "T5", "TResult"])
        .members(invoked!("TResult Invoke(T1 arg1, T2 arg2, T3 arg3, T4 arg4, T5 arg5)"));
    ACTION0 = delegate("System", "Action").members(invoked!("void Invoke()"));
    ACTION1 = delegate("System", "Action").generic(&["T"]).members(invoked!("void Invoke(T obj)"));
    ACTION2 = delegate("System", "Action").generic(&["T1", "T2"]).members(invoked!("void Invoke(T1 arg1, T2 arg2)"));
    ACTION3 = delegate("System", "Action").generic(&["T1", "T2", "T3"]).members(invoked!("void Invoke(T1 arg1, T2 arg2, T3 arg3)"));
    ACTION4 = delegate("System", "Action").generic(&["T1", "T2", "T3", "T4"])
        .members(invoked!("void Invoke(T1 arg1, T2 arg2, T3 arg3, T4 arg4)"));
    PREDICATE = delegate("System", "Predicate").generic(&["T"]).members(invoked!("bool Invoke(T obj)"));
    COMPARISON = delegate("System", "Comparison").generic(&["T"]).members(invoked!("int Invoke(T x, T y)"));
    CONVERTER = delegate("System", "Converter").generic(&["TInput", "TOutput"]).members(invoked!("TOutput Invoke(TInput input)"));
    MATCH_EVALUATOR = delegate("System.Text.RegularExpressions", "MatchEvaluator").members(invoked!("string Invoke(Match match)"));
}
