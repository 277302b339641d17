//! `new`: objects with their initialisers, and arrays.

use super::{
    Binder, Bound,
    expressions::types_of,
    members::is_creatable,
    overloads::{self, Callee},
};
use crate::{
    csharp::tree::{self, ExpressionKind, InitializerKind, InitializerTarget, InitializerValue},
    dotnet::{
        member::MemberKind,
        registry,
        types::{Class, Type},
    },
    expression::program::Node,
    source::Span,
};

impl Binder<'_> {
    pub(super) fn object_creation(
        &mut self,
        ty: &tree::Type,
        arguments: &[tree::Argument],
        initializer: Option<&tree::Initializer>,
        span: Span,
    ) -> Option<Bound> {
        let made = self.ty(ty);
        let arguments = self.arguments(arguments);
        let (made, arguments) = (made?, arguments?);
        let Some(class) = made.class().filter(|class| is_creatable(class)) else {
            self.error("CS0144", span, format!("Cannot create an instance of the abstract type or interface '{made}'"));
            return None;
        };
        let object = if made.is_reference_to(&Type::EXCEPTION) {
            self.exception_creation(&made, arguments)?
        } else if class.is_value_type() && arguments.is_empty() {
            Bound::new(Node::Constant(crate::dotnet::Value::default_of(&made)), made.clone())
        } else {
            let constructors: Vec<_> = class.infos().iter().filter(|info| info.kind == MemberKind::Constructor).collect();
            if constructors.is_empty() {
                self.error("CS0143", span, format!("The type '{made}' has no constructors defined"));
                return None;
            }
            let chosen =
                self.resolve(Callee { name: class.name, infos: &constructors, receiver: &made, this: None, types: &[] }, arguments, span)?;
            let node =
                Node::Call { native: chosen.info.native, arguments: chosen.arguments.into(), types: chosen.types.into(), outs: [].into() };
            Bound::new(node, made.clone())
        };
        match initializer {
            None => Some(object),
            Some(initializer) => {
                let slot = self.slot();
                let mut nodes = vec![Node::SetLocal(slot, Box::new(object.node))];
                self.initialize(&Bound::new(Node::Local(slot), made.clone()), initializer, &mut nodes)?;
                nodes.push(Node::Local(slot));
                Some(Bound::new(Node::Sequence(nodes.into()), made))
            }
        }
    }

    fn exception_creation(&mut self, made: &Type, arguments: Vec<overloads::Argument>) -> Option<Bound> {
        let mut nodes = Vec::new();
        for argument in arguments {
            if let overloads::ArgumentValue::Value(bound) = argument.value {
                nodes.push(self.implicitly(bound, &Type::STRING, argument.span)?.node);
            }
        }
        Some(Bound::new(Node::NewException(made.clone(), nodes.into()), made.clone()))
    }

    fn initialize(&mut self, object: &Bound, initializer: &tree::Initializer, nodes: &mut Vec<Node>) -> Option<()> {
        match &initializer.kind {
            InitializerKind::Collection(elements) => {
                for element in elements {
                    let arguments: Vec<tree::Argument> = element
                        .arguments
                        .iter()
                        .map(|value| tree::Argument { name: None, modifier: None, value: value.clone(), span: value.span })
                        .collect();
                    nodes.push(self.add(object, &arguments, element.span)?);
                }
            }
            InitializerKind::Object(members) => {
                for member in members {
                    match (&member.target, &member.value) {
                        (InitializerTarget::Element(arguments), InitializerValue::Expression(value)) => {
                            let new = self.value(value)?;
                            nodes.push(self.element(object.clone(), arguments, Some((new, value.span)), member.span)?.node);
                        }
                        (InitializerTarget::Member(name), _) => {
                            self.error(
                                "CS0200",
                                name.span,
                                format!("Property or indexer '{}' cannot be assigned to -- it is read only", name.name),
                            );
                            return None;
                        }
                        _ => return self.unavailable("a nested initialiser", member.span),
                    }
                }
            }
        }
        Some(())
    }

    fn add(&mut self, object: &Bound, arguments: &[tree::Argument], span: Span) -> Option<Node> {
        let arguments = self.arguments(arguments)?;
        let methods = super::members::find_members(&object.ty, "Add", |info| info.kind == MemberKind::Method);
        if methods.is_empty() {
            self.error("CS1922", span, format!("Cannot initialize type '{}' with a collection initializer because it does not implement 'System.Collections.IEnumerable'", object.ty));
            return None;
        }
        let chosen = self.resolve(
            Callee { name: "Add", infos: &methods, receiver: &object.ty, this: Some(object.clone()), types: &[] },
            arguments,
            span,
        )?;
        Some(Node::Invoke { native: chosen.info.native, arguments: chosen.arguments.into(), types: chosen.types.into(), outs: [].into() })
    }

    pub(super) fn array_creation(
        &mut self,
        ty: &tree::Type,
        sizes: &[tree::Expression],
        initializer: Option<&tree::Expression>,
        span: Span,
    ) -> Option<Bound> {
        let Type::Array(element) = self.ty(ty)? else { return None };
        match (initializer, sizes) {
            (Some(initializer), _) => self.array_items(initializer, &element),
            (None, [size]) => {
                let bound = self.value(size)?;
                let size = self.implicitly(bound, &Type::INT32, size.span)?;
                Some(Bound::new(Node::NewArraySized(element.as_ref().clone(), Box::new(size.node)), Type::Array(element)))
            }
            _ => self.unavailable("an array of several dimensions", span),
        }
    }

    /// `{ a, b }` as items of one type; also the value of a declared array variable.
    pub(super) fn array_items(&mut self, initializer: &tree::Expression, element: &Type) -> Option<Bound> {
        let ExpressionKind::ArrayInitializer(items) = &initializer.kind else { return None };
        let mut nodes = Vec::new();
        let mut sound = true;
        for item in items {
            match self.value(item).and_then(|bound| self.implicitly(bound, element, item.span)) {
                Some(bound) => nodes.push(bound.node),
                None => sound = false,
            }
        }
        sound.then(|| Bound::new(Node::NewArray(element.clone(), nodes.into()), Type::array(element.clone())))
    }

    pub(super) fn implicit_array(&mut self, initializer: &tree::Expression, span: Span) -> Option<Bound> {
        let ExpressionKind::ArrayInitializer(items) = &initializer.kind else { return None };
        let mut bound: Vec<(Bound, Span)> = Vec::new();
        for item in items {
            bound.push((self.value(item)?, item.span));
        }
        // The best common type: one of the items' own types that all the others convert to.
        let best = bound
            .iter()
            .map(|(item, _)| item.ty.clone())
            .find(|ty| *ty != Type::Null && bound.iter().all(|(item, _)| Self::implicit_change(item, ty).is_some()));
        let Some(element) = best else {
            self.error("CS0826", span, "No best type found for implicitly-typed array");
            return None;
        };
        let mut nodes = Vec::new();
        for (item, span) in bound {
            nodes.push(self.implicitly(item, &element, span)?.node);
        }
        Some(Bound::new(Node::NewArray(element.clone(), nodes.into()), Type::array(element)))
    }

    /// The type of an untyped `catch`.
    pub(super) fn any_exception() -> Type {
        let class: &'static Class = &registry::EXCEPTION;
        types_of(class)
    }
}
