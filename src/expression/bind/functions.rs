//! Functions in an expression: lambdas, anonymous methods, local functions.
//!
//! A lambda has no type before something asks for one. Each overload that is tried may ask for another: what a body gives for certain
//! parameter types is remembered, so that lambdas in lambdas do not multiply.

use std::{cell::RefCell, rc::Rc, sync::Arc};

use super::{
    Binder, Bound, Operand,
    arguments::Takes,
    conversions,
    flow::Assigned,
    scopes::{FunctionScope, LocalFlow, LocalKind, Read},
};
use crate::{
    csharp::tree::{self, FunctionBody},
    dotnet::{types::Type, value::Value},
    expression::program::{Body, Function, Node},
    source::Span,
    text::Text,
};

/// A lambda as it stands in the code, or as a query makes it.
pub(super) struct Lambda<'t> {
    pub parameters: Vec<LambdaParameter<'t>>,
    pub body: LambdaBody<'t>,
    /// `delegate { … }`: takes whatever it is given.
    pub ignores_parameters: bool,
    pub span: Span,
    /// Names it among all lambdas of the code: where it stands, and which it is of those that a query makes there.
    pub key: (usize, usize),
}

pub(super) struct LambdaParameter<'t> {
    pub name: Text,
    pub ty: Option<&'t tree::Type>,
    pub span: Span,
    /// The range variables that stand in the parameter's record: their names and where.
    pub parts: Vec<(Text, Rc<[usize]>)>,
}

pub(super) enum LambdaBody<'t> {
    Expression(&'t tree::Expression),
    Block(&'t tree::Block),
    /// The two parameters together: another range variable joins a query's.
    Pair,
    /// `let`: the parameter with a value.
    With(&'t tree::Expression),
}

/// What `return` does in a function.
pub(super) enum Returns {
    /// Takes values of any type, and remembers which: the whole expression.
    Anything(Vec<Type>),
    /// Converts to this; `void` takes none.
    Type(Type),
    /// Remembers the values, to find a type for all: a lambda on trial.
    Infer(Vec<Bound>),
}

/// What an attempt to bind a lambda was: the lambda, the types of the parameters around it and its own, and what it had to give.
pub(super) type Tried = ((usize, usize), Vec<Type>, Option<Type>);

/// What an attempt to bind a lambda gave: the type of its result (`void` for none), if it could be bound.
pub(super) type Attempt = Option<Type>;

/// What a local function takes and gives.
pub(super) struct LocalFunctionType<'t> {
    pub name: Text,
    pub parameters: Vec<LocalParameter>,
    pub result: Type,
    pub tree: &'t tree::LocalFunction,
    /// Its type parameters, under the names that types have for them.
    pub type_parameters: Vec<&'static str>,
    /// What its callers must know of its body.
    pub flow: RefCell<CallersFlow>,
    /// The bodies that it is called with, for a generic function: type arguments and slots.
    pub instances: RefCell<Vec<(Vec<Type>, usize)>>,
}

/// What the callers of a local function must know of its body.
#[derive(Default)]
pub(super) struct CallersFlow {
    /// The variables that it reads and what is assigned once it returns, where its body has been bound.
    pub known: Option<(Vec<Read>, Assigned)>,
    /// Uses before that.
    pub uses: Vec<(Assigned, Span)>,
}

pub(super) struct LocalParameter {
    pub name: Text,
    pub ty: Type,
    pub default: Option<Value>,
    pub is_params: bool,
    pub by_reference: bool,
    pub is_out: bool,
}

impl Takes for LocalParameter {
    fn name(&self) -> &str {
        &self.name
    }
    fn is_params(&self) -> bool {
        self.is_params
    }
    fn is_optional(&self) -> bool {
        self.default.is_some()
    }
}

/// A body that is bound: the function, and the slots around it whose variables it captures.
struct BoundFunction {
    function: Function,
    captured: Vec<usize>,
    returns: Returns,
    /// For a local function.
    flow: Option<LocalFlow>,
}

impl<'t> Lambda<'t> {
    pub fn of(expression: &'t tree::Expression) -> Option<Self> {
        use tree::ExpressionKind;
        let (parameters, body, ignores_parameters) = match &expression.kind {
            ExpressionKind::Lambda { parameters, body } => (parameters.as_slice(), body.into(), false),
            ExpressionKind::AnonymousMethod { parameters, body } => {
                (parameters.as_deref().unwrap_or(&[]), LambdaBody::Block(body), parameters.is_none())
            }
            _ => return None,
        };
        let parameters = parameters
            .iter()
            .map(|parameter| LambdaParameter {
                name: parameter.name.name.clone(),
                ty: parameter.ty.as_ref(),
                span: parameter.span,
                parts: Vec::new(),
            })
            .collect();
        let key = (std::ptr::from_ref(expression) as usize, 0);
        Some(Self { parameters, body, ignores_parameters, span: expression.span, key })
    }
}

impl<'t> From<&'t FunctionBody> for LambdaBody<'t> {
    fn from(body: &'t FunctionBody) -> Self {
        match body {
            FunctionBody::Expression(expression) => Self::Expression(expression),
            FunctionBody::Block(block) => Self::Block(block),
        }
    }
}

impl<'t> Binder<'t> {
    /// The type of a lambda's result for these parameter types; none where it does not compile for them.
    pub(super) fn lambda_result(&mut self, lambda: &Rc<Lambda<'t>>, inputs: &[Type]) -> Attempt {
        self.remembered(lambda, inputs, None)
    }

    fn remembered(&mut self, lambda: &Rc<Lambda<'t>>, inputs: &[Type], output: Option<&Type>) -> Attempt {
        if !lambda.ignores_parameters && lambda.parameters.len() != inputs.len() {
            return None;
        }
        if inputs.iter().any(Type::is_open) {
            return None;
        }
        let types: Vec<Type> = self.context.iter().chain(inputs).cloned().collect();
        let key = (lambda.key, types, output.cloned());
        if let Some(known) = self.lambdas.get(&key) {
            return known.clone();
        }
        let attempt = self.attempt(|binder| match output {
            Some(output) => binder.lambda_body(lambda, inputs, Returns::Type(output.clone())).map(|_| output.clone()),
            None => {
                let bound = binder.lambda_body(lambda, inputs, Returns::Infer(Vec::new()))?;
                match bound.returns {
                    Returns::Infer(values) if values.is_empty() => Some(Type::Void),
                    Returns::Infer(values) => conversions_common(&values),
                    _ => None,
                }
            }
        });
        self.lambdas.insert(key, attempt.clone());
        attempt
    }

    pub(super) fn lambda_converts(&mut self, lambda: &Rc<Lambda<'t>>, to: &Type) -> bool {
        let Some((inputs, output)) = to.delegate() else { return false };
        self.explicit_parameters_fit(lambda, &inputs) && self.remembered(lambda, &inputs, Some(&output)).is_some()
    }

    fn explicit_parameters_fit(&mut self, lambda: &Rc<Lambda<'t>>, inputs: &[Type]) -> bool {
        lambda.parameters.iter().zip(inputs).all(|(parameter, input)| match parameter.ty {
            Some(ty) => self.attempt(|binder| binder.ty(ty)).is_some_and(|ty| ty == *input),
            None => true,
        })
    }

    /// The lambda as a delegate.
    pub(super) fn lambda_to(&mut self, lambda: &Rc<Lambda<'t>>, to: &Type, span: Span) -> Option<Bound> {
        let Some((inputs, output)) = to.delegate() else {
            let message = format!("Cannot convert lambda expression to type '{to}' because it is not a delegate type");
            self.error("CS1660", span, message);
            return None;
        };
        if !lambda.ignores_parameters && lambda.parameters.len() != inputs.len() {
            self.error("CS1593", span, format!("Delegate '{to}' does not take {} arguments", lambda.parameters.len()));
            return None;
        }
        if !self.explicit_parameters_fit(lambda, &inputs) {
            let message = format!(
                "Cannot convert lambda expression to type '{to}' because the parameter types do not match the delegate parameter types"
            );
            self.error("CS1661", span, message);
            return None;
        }
        let bound = self.lambda_body(lambda, &inputs, Returns::Type(output))?;
        let node = Node::Closure(Arc::new(bound.function), bound.captured.into(), to.clone());
        Some(Bound::new(node, to.clone()))
    }

    /// Binds a lambda for its diagnostics.
    pub(super) fn explain_lambda(&mut self, lambda: &Rc<Lambda<'t>>, inputs: &[Type]) {
        let reported = std::mem::take(&mut self.diagnostics);
        let scope = self.scope.len();
        let functions = self.functions.len();
        self.lambda_body(lambda, inputs, Returns::Infer(Vec::new()));
        self.scope.truncate(scope);
        self.functions.truncate(functions);
        let found = std::mem::replace(&mut self.diagnostics, reported);
        self.diagnostics.extend(found);
    }

    fn lambda_body(&mut self, lambda: &Rc<Lambda<'t>>, inputs: &[Type], returns: Returns) -> Option<BoundFunction> {
        let depth = self.context.len();
        self.context.extend(inputs.iter().cloned());
        let lambda = lambda.clone();
        let bound = self.function_body(returns, lambda.span, |binder| {
            if lambda.ignores_parameters {
                for _ in inputs {
                    binder.slot();
                }
            }
            for (parameter, ty) in lambda.parameters.iter().zip(inputs) {
                let identifier = tree::Identifier { name: parameter.name.clone(), span: parameter.span };
                let declared = if parameter.parts.is_empty() {
                    binder.declare(&identifier, ty.clone())
                } else {
                    binder.declare_unchecked(parameter.name.clone(), ty.clone(), LocalKind::Variable)
                };
                binder.assigned.assign(declared.variable);
                for (name, path) in &parameter.parts {
                    binder.declare_part(name, path, ty, declared);
                }
            }
            (inputs.len(), &lambda.body)
        });
        self.context.truncate(depth);
        bound
    }

    /// Binds a body in a function of its own; `declare` puts its parameters in scope.
    fn function_body<'l>(
        &mut self,
        returns: Returns,
        span: Span,
        declare: impl FnOnce(&mut Self) -> (usize, &'l LambdaBody<'t>),
    ) -> Option<BoundFunction>
    where
        't: 'l,
    {
        let scope = self.scope.len();
        let (assigned, split) = (self.assigned.clone(), self.split.take());
        if self.assigned.is_unreachable() {
            self.assigned = Assigned::default();
            self.assigned.assign_all(self.variables);
        }
        let receivers = std::mem::take(&mut self.receivers);
        self.functions.push(FunctionScope::new(returns));
        self.scopes += 1;
        let (parameters, body) = declare(self);
        let body = self.deeper(span, |binder| binder.body(body));
        self.scopes -= 1;
        let ends = !self.assigned.is_unreachable();
        if ends {
            self.leave_function(span);
        }
        let scoped = self.functions.pop();
        self.scope.truncate(scope);
        (self.assigned, self.split) = (assigned, split);
        self.receivers = receivers;
        let (body, scoped) = (body?, scoped?);
        if let (Body::Block(_), true) = (&body, ends) {
            let needs_value = match &scoped.returns {
                Returns::Type(ty) => *ty != Type::Void,
                Returns::Infer(values) => !values.is_empty(),
                Returns::Anything(_) => true,
            };
            if needs_value {
                if scoped.flow.is_some() {
                    let name = self.code.slice(span).to_owned();
                    self.error("CS0161", span, format!("'{name}': not all code paths return a value"));
                } else {
                    self.error("CS1643", span, "Not all code paths return a value in lambda expression");
                }
                return None;
            }
        }
        let (captured, captures) = scoped.captures.iter().copied().unzip::<usize, usize, Vec<_>, Vec<_>>();
        let is_shallow = self.deepest <= super::SHALLOW;
        let function = Function { body, parameters, captures: captures.into(), slots: scoped.slots.into(), is_shallow };
        Some(BoundFunction { function, captured, returns: scoped.returns, flow: scoped.flow })
    }

    fn body(&mut self, body: &LambdaBody<'t>) -> Option<Body> {
        match body {
            LambdaBody::Block(block) => {
                let before = self.diagnostics.len();
                let steps = self.block(&block.statements);
                (self.diagnostics.len() == before).then_some(Body::Block(steps))
            }
            LambdaBody::Expression(expression) => {
                let operand = self.operand(expression)?;
                self.returned(operand, expression.span).map(Body::Expression)
            }
            LambdaBody::Pair | LambdaBody::With(_) => {
                let bound = self.query_body(body)?;
                self.returned(Operand::Value(bound), Span::at(0)).map(Body::Expression)
            }
        }
    }

    /// The value of a body that is an expression, as the function returns it.
    fn returned(&mut self, operand: Operand<'t>, span: Span) -> Option<Node> {
        match self.functions.last().map(|function| &function.returns) {
            Some(Returns::Type(Type::Void)) => match operand {
                // For a delegate without a result the expression must be a statement.
                Operand::Value(bound) if is_statement(&bound.node) => Some(bound.node),
                Operand::Throw(node) => Some(Node::Throw(Box::new(node))),
                _ => {
                    self.error(
                        "CS0201",
                        span,
                        "Only assignment, call, increment, decrement, and new object expressions can be used as a statement",
                    );
                    None
                }
            },
            Some(Returns::Type(ty)) => {
                let ty = ty.clone();
                self.to(operand, &ty, span).map(|bound| bound.node)
            }
            _ => {
                let bound = match operand {
                    Operand::Throw(node) => return Some(Node::Throw(Box::new(node))),
                    operand => self.natural(operand, span)?,
                };
                let node = bound.node.clone();
                if let Some(FunctionScope { returns: Returns::Infer(values), .. }) = self.functions.last_mut()
                    && bound.ty != Type::Void
                {
                    values.push(bound);
                }
                Some(node)
            }
        }
    }

    /// What a local function takes and gives, known before any body is bound.
    pub(super) fn local_function_type(&mut self, tree: &'t tree::LocalFunction) -> Option<LocalFunctionType<'t>> {
        let type_parameters = self.type_parameters_of(tree);
        let outer = self.type_names.len();
        let names = tree.type_parameters.iter().map(|name| name.name.clone());
        self.type_names.extend(names.zip(type_parameters.iter().map(|name| Type::Parameter(name))));
        let declared = self.signature(tree);
        self.type_names.truncate(outer);
        let (parameters, result) = declared?;
        let (flow, instances) = Default::default();
        Some(LocalFunctionType { name: tree.name.name.clone(), parameters, result, tree, type_parameters, flow, instances })
    }

    /// Names that types can have for a function's type parameters.
    fn type_parameters_of(&mut self, tree: &'t tree::LocalFunction) -> Vec<&'static str> {
        const USUAL: &[&str] = &["T", "U", "V", "T1", "T2", "T3", "K", "R", "S", "TKey", "TValue", "TSource", "TResult", "TItem"];
        const OTHER: &[&str] = &["type 1", "type 2", "type 3", "type 4", "type 5", "type 6", "type 7", "type 8"];
        let usual = |name: &Text| USUAL.iter().find(|usual| *name == **usual).copied();
        let mut others = OTHER.iter().copied();
        let found: Vec<&'static str> = tree.type_parameters.iter().filter_map(|name| usual(&name.name).or_else(|| others.next())).collect();
        if found.len() < tree.type_parameters.len() {
            let _: Option<()> = self.unavailable("a local function with so many type parameters", tree.name.span);
        }
        found
    }

    fn signature(&mut self, tree: &'t tree::LocalFunction) -> Option<(Vec<LocalParameter>, Type)> {
        let result = match tree.return_type.kind {
            tree::TypeKind::Predefined(tree::PredefinedType::Void) => Some(Type::Void),
            _ => self.ty(&tree.return_type),
        };
        let mut parameters: Vec<LocalParameter> = Vec::new();
        for parameter in &tree.parameters {
            let is_params = parameter.modifier == Some(tree::ParameterModifier::Params);
            if parameter.default.is_none() && !is_params && parameters.iter().any(Takes::is_optional) {
                self.error("CS1737", parameter.span, "Optional parameters must appear after all required parameters");
            }
            let ty = parameter.ty.as_ref().and_then(|ty| self.ty(ty))?;
            let default = match &parameter.default {
                None => None,
                Some(value) => {
                    let operand = self.operand(value)?;
                    if ty.is_open() {
                        return self.unavailable("a default value of a generic type", value.span);
                    }
                    if let Operand::Value(bound) = &operand
                        && bound.ty != Type::Error
                        && !self.converts(&operand, &ty)
                    {
                        let message = format!(
                            "A value of type '{}' cannot be used as a default parameter because there are no standard conversions to type '{ty}'",
                            bound.ty
                        );
                        self.error("CS1750", parameter.name.span, message);
                        return None;
                    }
                    match self.to(operand, &ty, value.span)?.node {
                        Node::Constant(value) => Some(value),
                        _ => {
                            self.error(
                                "CS1736",
                                value.span,
                                format!("Default parameter value for '{}' must be a compile-time constant", parameter.name.name),
                            );
                            return None;
                        }
                    }
                }
            };
            parameters.push(LocalParameter {
                name: parameter.name.name.clone(),
                ty,
                default,
                is_params,
                is_out: parameter.modifier == Some(tree::ParameterModifier::Out),
                by_reference: matches!(parameter.modifier, Some(tree::ParameterModifier::Ref | tree::ParameterModifier::Out)),
            });
        }
        Some((parameters, result?))
    }

    /// The body of a local function as the delegate that its slot holds; for a generic one, with these type arguments.
    pub(super) fn local_function_body(&mut self, function: &LocalFunctionType<'t>, types: &[Type]) -> Option<(Node, Vec<usize>)> {
        let tree = function.tree;
        let body = LambdaBody::from(&tree.body);
        let outer = self.type_names.len();
        self.type_names.extend(tree.type_parameters.iter().map(|name| name.name.clone()).zip(types.iter().cloned()));
        let close = |ty: &Type| function.close(ty, types);
        // Lambdas in it may mean something else for other type arguments.
        let depth = self.context.len();
        self.context.extend(types.iter().cloned());
        // What the variables around it have by the time it is called, its callers know.
        let assigned = std::mem::take(&mut self.assigned);
        let bound = self.function_body(Returns::Type(close(&function.result)), tree.name.span, |binder| {
            let mut outs = Vec::new();
            for (parameter, source) in function.parameters.iter().zip(&tree.parameters) {
                let declared = binder.declare(&source.name, close(&parameter.ty));
                if parameter.is_out {
                    outs.push((declared.variable, parameter.name.clone()));
                } else {
                    binder.assigned.assign(declared.variable);
                }
            }
            if let Some(scope) = binder.functions.last_mut() {
                scope.flow = Some(LocalFlow { reads: Vec::new(), exits: Assigned::unreachable(), outs });
            }
            (function.parameters.len(), &body)
        });
        self.assigned = assigned;
        self.context.truncate(depth);
        self.type_names.truncate(outer);
        let bound = bound?;
        if let Some(flow) = bound.flow {
            let mut callers = function.flow.borrow_mut();
            let uses = std::mem::take(&mut callers.uses);
            for Read { variable, name, .. } in &flow.reads {
                let mut missing: Vec<Span> = uses.iter().filter(|(state, _)| !state.has(*variable)).map(|(_, span)| *span).collect();
                missing.dedup();
                for span in missing {
                    self.error("CS0165", span, format!("Use of unassigned local variable '{name}'"));
                }
            }
            callers.known = Some((flow.reads, flow.exits));
        }
        let captured = bound.captured.clone();
        Some((Node::Closure(Arc::new(bound.function), bound.captured.into(), Type::OBJECT), captured))
    }
}

impl LocalFunctionType<'_> {
    /// A type of its signature with type arguments put in.
    pub fn close(&self, ty: &Type, types: &[Type]) -> Type {
        if types.is_empty() {
            return ty.clone();
        }
        ty.substitute(&|name| {
            let index = self.type_parameters.iter().position(|parameter| *parameter == name)?;
            types.get(index).cloned()
        })
    }

    /// As C#'s messages show it: `f(int, string)`.
    pub fn shown(&self) -> String {
        let parameters: Vec<String> = self.parameters.iter().map(|parameter| parameter.ty.to_string()).collect();
        format!("{}({})", self.name, parameters.join(", "))
    }
}

/// Whether an expression may stand as a statement.
pub(super) fn is_statement(node: &Node) -> bool {
    !matches!(
        node,
        Node::Constant(_)
            | Node::Local(_)
            | Node::Arithmetic(..)
            | Node::Compare(..)
            | Node::Equal(..)
            | Node::Same(..)
            | Node::Field(..)
            | Node::Property(..)
            | Node::Text(_)
            | Node::Element(..)
            | Node::And(..)
            | Node::Or(..)
            | Node::Not(_)
            | Node::Conditional(_)
    )
}

/// The best common type of returned values.
fn conversions_common(values: &[Bound]) -> Option<Type> {
    let candidates = values.iter().map(|bound| &bound.ty).filter(|ty| **ty != Type::Null);
    let mut best: Option<Type> = None;
    for candidate in candidates {
        if values.iter().all(|value| conversions::of_value(value, candidate).is_some()) {
            let wider = best.as_ref().is_none_or(|best| conversions::standard(best, candidate).is_some());
            if wider {
                best = Some(candidate.clone());
            }
        }
    }
    best
}
