//! Query expressions: calls of LINQ's methods with lambdas.
//!
//! Several range variables travel in a record, the older ones in its first part; their names lead to where they stand in it.
//! Source: C# language specification, "Query expression translation".

use std::rc::Rc;

use super::{
    Binder, Bound, Operand,
    functions::{Lambda, LambdaBody, LambdaParameter},
    inference::item_type,
    members::{Methods, Receiver},
    scopes::{Declared, LocalKind},
};
use crate::{
    csharp::tree::{self, Identifier, Query, QueryBody, QueryClauseKind, QueryEnd},
    dotnet::types::{AnonymousType, Type},
    expression::program::Node,
    source::Span,
    text::Text,
};

/// The range variables in scope: each with its place in the item.
type Range = Vec<(Text, Rc<[usize]>)>;

/// A query translated so far.
struct Stage {
    source: Bound,
    range: Range,
    span: Span,
}

impl Stage {
    /// The parameter that stands for an item of the source.
    fn parameter<'t>(&self) -> LambdaParameter<'t> {
        match self.range.as_slice() {
            [(name, path)] if path.is_empty() => LambdaParameter { name: name.clone(), ty: None, span: self.span, parts: Vec::new() },
            range => LambdaParameter { name: "<range>".into(), ty: None, span: self.span, parts: range.to_vec() },
        }
    }

    /// The range once another variable has joined it.
    fn joined(&self, name: &Identifier) -> Range {
        let longer = |path: &Rc<[usize]>| std::iter::once(0).chain(path.iter().copied()).collect::<Rc<[usize]>>();
        let mut range: Range = self.range.iter().map(|(name, path)| (name.clone(), longer(path))).collect();
        range.push((name.name.clone(), [1].into()));
        range
    }
}

impl<'t> Binder<'t> {
    pub(super) fn query(&mut self, query: &'t Query, span: Span) -> Option<Bound> {
        let source = self.query_source(&query.from.source, query.from.ty.as_ref(), span)?;
        let range = vec![(query.from.variable.name.clone(), [].into())];
        self.query_rest(Stage { source, range, span }, &query.body)
    }

    fn query_source(&mut self, source: &'t tree::Expression, ty: Option<&'t tree::Type>, span: Span) -> Option<Bound> {
        let source = self.value(source)?;
        if item_type(&source.ty).is_none() {
            let message = format!("Could not find an implementation of the query pattern for source type '{}'", source.ty);
            self.error("CS1936", span, message);
            return None;
        }
        match ty {
            None => Some(source),
            Some(ty) => {
                let ty = self.ty(ty)?;
                self.linq(source, "Cast", vec![ty], Vec::new(), span)
            }
        }
    }

    fn linq(&mut self, source: Bound, name: &'static str, types: Vec<Type>, arguments: Vec<Operand<'t>>, span: Span) -> Option<Bound> {
        let methods = Rc::new(Methods::bound(Receiver::Value(source), name.into(), types, span));
        let arguments = arguments.into_iter().map(|operand| super::arguments::Argument::value(operand, span)).collect();
        self.call(&methods, arguments, span)
    }

    /// A lambda over an item; the number tells the lambdas of one clause apart.
    fn over(&self, stage: &Stage, body: LambdaBody<'t>, second: Option<&'t Identifier>, key: (usize, usize)) -> Operand<'t> {
        let mut parameters = vec![stage.parameter()];
        parameters.extend(second.map(|name| LambdaParameter { name: name.name.clone(), ty: None, span: name.span, parts: Vec::new() }));
        Operand::Lambda(Rc::new(Lambda { parameters, body, ignores_parameters: false, span: stage.span, key }))
    }

    fn query_rest(&mut self, mut stage: Stage, body: &'t QueryBody) -> Option<Bound> {
        for clause in &body.clauses {
            let at = |number: usize| (std::ptr::from_ref(clause) as usize, number);
            let span = clause.span;
            if let QueryClauseKind::From(tree::FromClause { variable, .. }) | QueryClauseKind::Let { variable, .. } = &clause.kind
                && stage.range.iter().any(|(name, _)| *name == variable.name)
            {
                self.error("CS1930", variable.span, format!("The range variable '{}' has already been declared", variable.name));
                return None;
            }
            match &clause.kind {
                QueryClauseKind::From(from) => {
                    let inner = self.over(&stage, LambdaBody::Expression(&from.source), None, at(1));
                    let pair = self.over(&stage, LambdaBody::Pair, Some(&from.variable), at(2));
                    let inner = match &from.ty {
                        None => inner,
                        Some(_) => return self.unavailable("a typed range variable of a second `from`", from.span),
                    };
                    let range = stage.joined(&from.variable);
                    stage.source = self.linq(stage.source.clone(), "SelectMany", Vec::new(), vec![inner, pair], span)?;
                    stage.range = range;
                }
                QueryClauseKind::Let { variable, value } => {
                    let with = self.over(&stage, LambdaBody::With(value), None, at(1));
                    let range = stage.joined(variable);
                    stage.source = self.linq(stage.source.clone(), "Select", Vec::new(), vec![with], span)?;
                    stage.range = range;
                }
                QueryClauseKind::Where(condition) => {
                    let test = self.over(&stage, LambdaBody::Expression(condition), None, at(1));
                    stage.source = self.linq(stage.source.clone(), "Where", Vec::new(), vec![test], span)?;
                }
                QueryClauseKind::OrderBy(keys) => {
                    for (number, key) in keys.iter().enumerate() {
                        let name = match (number, key.descending) {
                            (0, false) => "OrderBy",
                            (0, true) => "OrderByDescending",
                            (_, false) => "ThenBy",
                            (_, true) => "ThenByDescending",
                        };
                        let by = self.over(&stage, LambdaBody::Expression(&key.key), None, at(number));
                        stage.source = self.linq(stage.source.clone(), name, Vec::new(), vec![by], key.span)?;
                    }
                }
                QueryClauseKind::Join(join) => {
                    let inner = self.query_source(&join.source, join.ty.as_ref(), span)?;
                    let left = self.over(&stage, LambdaBody::Expression(&join.left), None, at(1));
                    let other = Stage { source: inner.clone(), range: vec![(join.variable.name.clone(), [].into())], span };
                    let right = self.over(&other, LambdaBody::Expression(&join.right), None, at(2));
                    let (name, joined) = match &join.into {
                        None => ("Join", &join.variable),
                        Some(group) => ("GroupJoin", group),
                    };
                    let pair = self.over(&stage, LambdaBody::Pair, Some(joined), at(3));
                    let range = stage.joined(joined);
                    stage.source =
                        self.linq(stage.source.clone(), name, Vec::new(), vec![Operand::Value(inner), left, right, pair], span)?;
                    stage.range = range;
                }
            }
        }
        let at = |number: usize| (std::ptr::from_ref(&body.end) as usize, number);
        let span = stage.span;
        let result = match &body.end {
            QueryEnd::Select(value) => {
                let select = self.over(&stage, LambdaBody::Expression(value), None, at(1));
                self.linq(stage.source.clone(), "Select", Vec::new(), vec![select], span)?
            }
            QueryEnd::Group { value, key } => {
                let by = self.over(&stage, LambdaBody::Expression(key), None, at(1));
                let whole = match (&value.kind, stage.range.as_slice()) {
                    (tree::ExpressionKind::Name(name), [(own, path)]) => path.is_empty() && name.identifier.name == *own,
                    _ => false,
                };
                let mut arguments = vec![by];
                if !whole {
                    arguments.push(self.over(&stage, LambdaBody::Expression(value), None, at(2)));
                }
                self.linq(stage.source.clone(), "GroupBy", Vec::new(), arguments, span)?
            }
        };
        match &body.continuation {
            None => Some(result),
            Some(next) => {
                let range = vec![(next.variable.name.clone(), [].into())];
                self.query_rest(Stage { source: result, range, span }, &next.body)
            }
        }
    }

    /// What a lambda of the translation gives: the record of an item and what has joined it.
    pub(super) fn query_body(&mut self, body: &LambdaBody<'t>) -> Option<Bound> {
        let level = self.functions.len().saturating_sub(1);
        let parameter = |binder: &Self, slot: usize| {
            let local = binder.scope.iter().find(|local| local.function == level && local.slot == slot)?;
            Some(Bound::new(Node::Local(slot), local.ty.clone()))
        };
        let first = parameter(self, 0)?;
        let second = match body {
            LambdaBody::Pair => parameter(self, 1)?,
            LambdaBody::With(value) => {
                let bound = self.value(value)?;
                self.inferable(bound, value.span)?
            }
            LambdaBody::Expression(_) | LambdaBody::Block(_) => return None,
        };
        let properties = vec![("item".into(), first.ty), ("joined".into(), second.ty)];
        let ty = Type::Anonymous(AnonymousType { properties }.into());
        Some(Bound::new(Node::NewRecord(ty.clone(), [first.node, second.node].into()), ty))
    }

    /// Declares a range variable that stands inside of a parameter's record.
    pub(super) fn declare_part(&mut self, name: &Text, path: &Rc<[usize]>, ty: &Type, parameter: Declared) {
        let ty = path.iter().fold(ty.clone(), |ty, index| match &ty {
            Type::Anonymous(anonymous) => anonymous.properties.get(*index).map_or(Type::OBJECT, |(_, ty)| ty.clone()),
            _ => Type::OBJECT,
        });
        let function = self.functions.len().saturating_sub(1);
        self.scope.push(super::scopes::Local {
            name: name.clone(),
            ty,
            function,
            slot: parameter.slot,
            depth: self.scopes,
            variable: parameter.variable,
            kind: LocalKind::Part(path.clone()),
        });
    }
}
