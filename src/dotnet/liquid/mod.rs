//! Liquid templates as DotLiquid renders them in its C# naming mode, which is what `set-body template="liquid"` uses.
//!
//! The Rust crate of that name has other rules where it matters here: an unknown variable is an error to it and nothing to DotLiquid,
//! filters have other names and other dates. Sources: learn.microsoft.com/azure/api-management/set-body-policy (the filters, the naming
//! mode), dotliquid/dotliquid (`StandardFilters.cs`, `Condition.cs`, `Variable.cs`, the tags), and the templates that API Management
//! itself writes when it imports a WSDL (`JSONArrayFor`, `query`, lower-case names of an envelope).

mod filters;
mod parse;
mod render;
mod value;

pub use parse::{Fault, parse};
pub use value::Value;

use super::{exception::Raise, runtime::Runtime};

/// A template that has been read.
#[derive(Clone, Debug)]
pub struct Template {
    nodes: Vec<Node>,
}

impl Template {
    /// Renders the template.
    ///
    /// # Errors
    /// A spent budget. What goes wrong in a filter stands in the text, as DotLiquid has it: `Liquid error: …`.
    pub fn render(&self, runtime: &mut Runtime<'_>, globals: Vec<(String, Value)>) -> Result<String, Raise> {
        render::render(runtime, &self.nodes, globals)
    }
}

/// A piece of a template.
#[derive(Clone, Debug)]
enum Node {
    Text(String),
    Output(Output),
    /// `if`, `unless` and `case`: the first branch that holds.
    Branches(Vec<(Condition, Vec<Node>)>),
    For(Box<For>),
    Assign(String, Output),
    Capture(String, Vec<Node>),
    Cycle(String, Vec<Expression>),
    /// `increment` and `decrement`
    Count(String, i64),
    Break,
    Continue,
}

/// A value on its way through filters.
#[derive(Clone, Debug)]
struct Output {
    value: Expression,
    filters: Vec<(String, Vec<Expression>)>,
}

/// A literal, or a path to a value.
#[derive(Clone, Debug)]
enum Expression {
    Literal(Value),
    Range(Box<Expression>, Box<Expression>),
    Path(Vec<Step>),
    /// `empty` and `blank`
    Empty,
}

#[derive(Clone, Debug)]
enum Step {
    Name(String),
    Index(Expression),
}

#[derive(Clone, Debug)]
enum Condition {
    Always,
    Truth(Expression),
    Compare(Expression, Operator, Expression),
    Not(Box<Condition>),
    And(Box<Condition>, Box<Condition>),
    Or(Box<Condition>, Box<Condition>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Contains,
    StartsWith,
    EndsWith,
    HasKey,
    HasValue,
}

/// A loop.
#[derive(Clone, Debug)]
struct For {
    variable: String,
    over: Expression,
    is_reversed: bool,
    limit: Option<Expression>,
    offset: Option<Expression>,
    body: Vec<Node>,
    otherwise: Vec<Node>,
    /// `JSONArrayFor`: commas between what the turns write.
    has_commas: bool,
}

/// The filters that `set-body` knows, by their names in the C# mode.
pub const FILTERS: &[&str] = &[
    "Abs",
    "Append",
    "AtLeast",
    "AtMost",
    "Capitalize",
    "Compact",
    "Currency",
    "Date",
    "Default",
    "DividedBy",
    "Downcase",
    "Escape",
    "First",
    "H",
    "Join",
    "Last",
    "Lstrip",
    "Map",
    "Minus",
    "Modulo",
    "NewlineToBr",
    "Plus",
    "Prepend",
    "Remove",
    "RemoveFirst",
    "Replace",
    "ReplaceFirst",
    "Round",
    "Rstrip",
    "Size",
    "Slice",
    "Sort",
    "Split",
    "Strip",
    "StripHtml",
    "StripNewlines",
    "Times",
    "Truncate",
    "TruncateWords",
    "Uniq",
    "Upcase",
    "UrlDecode",
    "UrlEncode",
];

impl Template {
    /// The names of the filters that it uses, each once.
    pub fn filters(&self) -> Vec<&str> {
        let mut found = Vec::new();
        collect(&self.nodes, &mut found);
        found.sort_unstable();
        found.dedup();
        found
    }
}

fn collect<'t>(nodes: &'t [Node], into: &mut Vec<&'t str>) {
    for node in nodes {
        match node {
            Node::Output(output) | Node::Assign(_, output) => into.extend(output.filters.iter().map(|(name, _)| name.as_str())),
            Node::Branches(branches) => branches.iter().for_each(|(_, body)| collect(body, into)),
            Node::For(made) => {
                collect(&made.body, into);
                collect(&made.otherwise, into);
            }
            Node::Capture(_, body) => collect(body, into),
            _ => {}
        }
    }
}
