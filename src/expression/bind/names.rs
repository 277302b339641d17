//! Names: what `a` and `a.b` mean where a value, a type or a namespace may stand.

use std::rc::Rc;

use super::{
    Binder, Bound, Operand,
    members::{Methods, Receiver},
    scopes::{Local, LocalKind},
};
use crate::{
    csharp::tree::{self, ExpressionKind, SimpleName},
    diagnostic::nearest,
    dotnet::{
        context::Part,
        registry,
        types::{ClassRef, Type},
        value::Value,
    },
    expression::program::Node,
    source::Span,
};

/// What a name can turn out to be.
pub(super) enum Entity<'t> {
    Operand(Operand<'t>),
    Type(Type),
    Namespace(String),
}

impl<'t> Binder<'t> {
    /// What an expression means where a type or namespace may stand: before a dot.
    pub(super) fn entity(&mut self, expression: &'t tree::Expression) -> Option<Entity<'t>> {
        self.entity_as(expression, false)
    }

    pub(super) fn entity_as(&mut self, expression: &'t tree::Expression, is_called: bool) -> Option<Entity<'t>> {
        match &expression.kind {
            ExpressionKind::Predefined(predefined) => {
                registry::find(predefined.keyword(), 0).map(|class| Entity::Type(Type::Named(ClassRef(class))))
            }
            ExpressionKind::Name(name) => self.name_entity(name, expression.span),
            ExpressionKind::AliasQualified { alias, name } if alias.name == "global" => {
                if registry::is_namespace(&name.identifier.name) {
                    Some(Entity::Namespace(name.identifier.name.to_string()))
                } else {
                    self.named("", name, expression.span).map(Entity::Type)
                }
            }
            ExpressionKind::Member { target, name } => match self.deeper(target.span, |binder| binder.entity(target))? {
                Entity::Operand(target) => {
                    let target = self.natural(target, expression.span)?;
                    self.member_as(target, name, expression.span, is_called).map(Entity::Operand)
                }
                Entity::Type(ty) => {
                    if let Some(nested) = self.nested_type(&ty, name) {
                        return Some(Entity::Type(nested));
                    }
                    self.static_member(&ty, name, expression.span).map(Entity::Operand)
                }
                Entity::Namespace(namespace) => {
                    let full = format!("{namespace}.{}", name.identifier.name);
                    if name.arguments.is_empty() && registry::find(&full, 0).is_none() && registry::is_namespace(&full) {
                        return Some(Entity::Namespace(full));
                    }
                    self.named(&namespace, name, expression.span).map(Entity::Type)
                }
            },
            _ => self.operand(expression).map(Entity::Operand),
        }
    }

    fn name_entity(&mut self, name: &'t SimpleName, span: Span) -> Option<Entity<'t>> {
        let simple = name.identifier.name.as_str();
        if let Some(local) = self.find_local(simple).cloned() {
            return self.local_operand(local, name, span).map(Entity::Operand);
        }
        if name.arguments.is_empty() && simple == "context" {
            return Some(Entity::Operand(Operand::Value(Bound::new(Node::Constant(Value::Context(Part::Context)), Type::CONTEXT))));
        }
        if registry::find(simple, name.arguments.len()).is_some() {
            return self.named("", name, span).map(Entity::Type);
        }
        if registry::is_namespace(simple) {
            return Some(Entity::Namespace(simple.to_owned()));
        }
        // The code stands in a class, which has from `object` what needs no instance.
        if name.arguments.is_empty() && matches!(simple, "Equals" | "ReferenceEquals") {
            let methods = Methods::new(Receiver::Type(Type::OBJECT), name);
            return Some(Entity::Operand(Operand::Methods(Rc::new(methods))));
        }
        if !name.arguments.is_empty() {
            self.unknown_type(simple, span);
            return None;
        }
        self.unknown_name(simple, span);
        None
    }

    pub(super) fn unknown_name(&mut self, simple: &str, span: Span) {
        if let Some(announced) = self.announced.iter().rev().find(|announced| announced.name == *simple) {
            if announced.typed {
                self.error("CS0165", span, format!("Use of unassigned local variable '{simple}'"));
            } else {
                self.error("CS0841", span, format!("Cannot use local variable '{simple}' before it is declared"));
            }
            return;
        }
        if self.refused_type(simple, span) {
            return;
        }
        let message = format!("The name '{simple}' does not exist in the current context");
        let known: Vec<String> = self.scope.iter().map(|local| local.name.to_string()).collect();
        let candidates = known.iter().map(String::as_str).chain(["context"]).chain(registry::classes().map(|class| class.name));
        match nearest(simple, candidates).map(str::to_owned) {
            Some(near) => self.error_with_help("CS0103", span, message, format!("did you mean `{near}`?")),
            None => self.error("CS0103", span, message),
        }
    }

    /// A local variable, constant or function by name.
    fn local_operand(&mut self, local: Local<'t>, name: &'t SimpleName, span: Span) -> Option<Operand<'t>> {
        match &local.kind {
            LocalKind::Constant(value) => return Some(Operand::Value(Bound::new(Node::Constant(value.clone()), local.ty))),
            LocalKind::Function(function) => {
                self.use_function(function, local.function, span);
                let methods = Methods::of_local(function.clone(), local.function, local.slot, name);
                return Some(Operand::Methods(Rc::new(methods)));
            }
            _ => {}
        }
        if !self.assigned.has(local.variable) {
            self.unassigned(local.function, local.variable, &local.name, span);
        }
        let slot = self.reach(local.function, local.slot);
        let mut node = Node::Local(slot);
        if let LocalKind::Part(path) = &local.kind {
            node = path.iter().fold(node, |node, field| Node::Field(Box::new(node), *field));
        }
        Some(Operand::Value(Bound::new(node, local.ty)))
    }

    /// A type declared in another: `TimeZoneInfo.AdjustmentRule`.
    fn nested_type(&mut self, outer: &Type, name: &SimpleName) -> Option<Type> {
        let outer = outer.class()?;
        let class = registry::find(&format!("{}.{}", outer.full_name(), name.identifier.name), name.arguments.len())?;
        Some(Type::Named(ClassRef(class)))
    }

    /// A static property, constant, enumeration member, or the static methods of that name.
    fn static_member(&mut self, ty: &Type, name: &'t SimpleName, span: Span) -> Option<Operand<'t>> {
        let simple = name.identifier.name.as_str();
        if let Some(bound) = self.static_value(ty, name) {
            self.check_member(&bound.1, name.span())?;
            return Some(Operand::Value(bound.0));
        }
        if let Some(bound) = self.enum_member(ty, simple) {
            self.check_enum_member(ty, simple, name.span())?;
            return Some(Operand::Value(bound));
        }
        let methods = Methods::new(Receiver::Type(ty.clone()), name);
        if methods.is_empty() {
            self.no_static(ty, simple, name.span());
            return None;
        }
        let _ = span;
        Some(Operand::Methods(Rc::new(methods)))
    }
}
