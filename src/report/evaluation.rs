//! How the evaluation of an expression looks: the value with its .NET type, the exception, or why it does not compile.

use serde_json::{Map, Value as Json, json};

use super::Colour;
use crate::{
    diagnostic::Diagnostic,
    dotnet::{
        context::Part,
        display::{full_name, to_str, type_of},
        exception::{BudgetSpent, Raise},
        heap::Object,
        json,
        runtime::Runtime,
        types::Type,
        value::Value,
    },
};

/// What came of an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// How it ended.
    pub ending: Ending,
    /// What `context.Trace` was told.
    pub traces: Vec<String>,
    /// Whether the request's body was read without `preserveContent`.
    pub consumed_body: bool,
}

/// How an evaluation ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// With a value.
    Value {
        /// The CLR's name of its type; none for null.
        ty: Option<String>,
        /// The type's name for people: a composed one as C# writes it, since the CLR's own is no pleasure to read.
        readable: String,
        /// Its invariant text; none for null.
        text: Option<String>,
        /// A collection or anonymous object as JSON.
        json: Option<String>,
        /// What was raised where that was made: a lazy query runs only when somebody walks through it. Type and message.
        json_exception: Option<(String, String)>,
    },
    /// With an exception that nothing caught, or with its budget spent.
    Exception {
        /// The exception's type.
        ty: String,
        /// Its message.
        message: String,
    },
    /// Not at all: it does not compile.
    CompileError(String),
}

/// What stands as the exception of a spent budget: nothing in an expression catches it.
pub const BUDGET_EXCEEDED: &str = "ExpressionBudgetExceeded";

impl Answer {
    /// Looks at the outcome of an evaluation.
    pub fn of(runtime: &mut Runtime<'_>, outcome: Result<Value, Raise>) -> Self {
        let ending = match outcome.and_then(|value| shown(runtime, &value)) {
            Ok(ending) => ending,
            Err(Raise::Exception(exception)) => Ending::Exception { ty: exception.class.full_name(), message: exception.message.clone() },
            Err(Raise::Budget(spent)) => {
                let what = match spent {
                    BudgetSpent::Steps => "steps",
                    BudgetSpent::Memory => "memory",
                    BudgetSpent::Depth => "depth of calls",
                };
                Ending::Exception { ty: BUDGET_EXCEEDED.to_owned(), message: format!("The expression has spent its budget of {what}.") }
            }
            Err(Raise::Unread(_)) => {
                Ending::Exception { ty: BUDGET_EXCEEDED.to_owned(), message: "The body cannot be read here.".to_owned() }
            }
        };
        let traces = runtime.context.traces.iter().map(ToString::to_string).collect();
        let consumed_body = matches!(runtime.context.request.body, crate::dotnet::context::Body::Consumed);
        Self { ending, traces, consumed_body }
    }

    /// An expression that does not compile.
    pub fn refused(diagnostics: &[Diagnostic]) -> Self {
        let text: Vec<String> = diagnostics.iter().map(|diagnostic| format!("{}: {}", diagnostic.code, diagnostic.message)).collect();
        Self { ending: Ending::CompileError(text.join("\n")), traces: Vec::new(), consumed_body: false }
    }

    /// Whether it has a value.
    pub fn is_value(&self) -> bool {
        matches!(self.ending, Ending::Value { .. })
    }

    /// One JSON object, with the case's id where there is one. The fields are those of the page `docs/eval.md`.
    pub fn json(&self, id: Option<&Json>) -> Json {
        let mut object = Map::new();
        if let Some(id) = id {
            object.insert("id".to_owned(), id.clone());
        }
        match &self.ending {
            Ending::CompileError(text) => {
                object.insert("compile_error".to_owned(), json!(text));
                return Json::Object(object);
            }
            Ending::Value { ty, text, json, json_exception, .. } => {
                object.insert("type".to_owned(), json!(ty));
                object.insert("value".to_owned(), json!(text));
                object.insert("exception".to_owned(), Json::Null);
                if let Some(json) = json {
                    object.insert("json".to_owned(), json!(json));
                }
                if let Some((ty, _)) = json_exception {
                    object.insert("json_exception".to_owned(), json!(ty));
                }
            }
            Ending::Exception { ty, message } => {
                object.insert("type".to_owned(), Json::Null);
                object.insert("value".to_owned(), Json::Null);
                object.insert("exception".to_owned(), json!(ty));
                object.insert("message".to_owned(), json!(message));
            }
        }
        if !self.traces.is_empty() {
            object.insert("trace".to_owned(), json!(self.traces));
        }
        if self.consumed_body {
            object.insert("request_body_consumed".to_owned(), json!(true));
        }
        Json::Object(object)
    }

    /// For people: the value, and below it its type. A collection shows as JSON, what was traced stands above.
    pub fn text(&self, colour: Colour) -> String {
        let dim = |text: &str| match colour {
            Colour::Always => format!("\u{1b}[2m{text}\u{1b}[0m"),
            Colour::Never => text.to_owned(),
        };
        let red = |text: &str| match colour {
            Colour::Always => format!("\u{1b}[1;31m{text}\u{1b}[0m"),
            Colour::Never => text.to_owned(),
        };
        let mut out = String::new();
        for trace in &self.traces {
            out.push_str(&dim(&format!("trace: {trace}")));
            out.push('\n');
        }
        match &self.ending {
            Ending::Value { ty: None, .. } => out.push_str("null\n"),
            Ending::Value { text, json, readable, json_exception, .. } => {
                let shown = json.as_deref().or(text.as_deref()).unwrap_or("");
                out.push_str(&format!("{shown}\n{}\n", dim(readable)));
                if let Some((ty, message)) = json_exception {
                    out.push_str(&format!("{} {}: {message}\n", dim("walking through it:"), red(ty)));
                }
            }
            Ending::Exception { ty, message } => out.push_str(&format!("{}: {message}\n", red(ty))),
            Ending::CompileError(text) => out.push_str(&format!("{text}\n")),
        }
        if self.consumed_body {
            out.push_str(&dim("the request's body is consumed: it was read without preserveContent"));
            out.push('\n');
        }
        out
    }
}

fn shown(runtime: &mut Runtime<'_>, value: &Value) -> Result<Ending, Raise> {
    if value.is_null() {
        return Ok(Ending::Value { ty: None, readable: String::new(), text: None, json: None, json_exception: None });
    }
    let ty = type_of(runtime, value);
    let text = to_str(runtime, value).to_string();
    let (mut json, mut json_exception) = (None, None);
    if has_json(runtime, value, &ty) {
        match json::serialize(runtime, value, false) {
            Ok(text) => json = Some(text),
            Err(Raise::Exception(exception)) => json_exception = Some((exception.class.full_name(), exception.message.to_string())),
            Err(other) => return Err(other),
        }
    }
    let readable = match &ty {
        Type::Named(_) => full_name(&ty),
        Type::Array(element) if matches!(**element, Type::Named(_)) => full_name(&ty),
        composed => composed.to_string(),
    };
    Ok(Ending::Value { ty: Some(full_name(&ty)), readable, text: Some(text), json, json_exception })
}

/// Whether a value says more as JSON than as text: collections and anonymous objects do.
fn has_json(runtime: &Runtime<'_>, value: &Value, ty: &Type) -> bool {
    if let Value::Context(part) = value {
        return matches!(part, Part::Headers(_) | Part::Query(_) | Part::Variables | Part::MatchedParameters);
    }
    match runtime.get(value) {
        Some(Object::Token(_)) => false,
        Some(Object::Bytes(_) | Object::Array(_) | Object::List(_) | Object::Grid(_) | Object::Dictionary(_)) => true,
        Some(Object::Record(_)) => matches!(ty, Type::Anonymous(_)),
        Some(Object::Instance(instance)) => match value {
            Value::Object(reference) => instance.cursor(*reference).is_some() && !full_name(ty).starts_with("System.Xml"),
            _ => false,
        },
        _ => false,
    }
}
