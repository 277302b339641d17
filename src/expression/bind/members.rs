//! Names, members and calls: what `a`, `a.b`, `a.b(c)` and `a[b]` mean.

use super::{
    Binder, Bound,
    overloads::{Argument, ArgumentValue, Callee},
};
use crate::{
    csharp::tree::{self, ExpressionKind, SimpleName},
    diagnostic::nearest,
    dotnet::{
        context::Part,
        enums::EnumValue,
        member::{MemberInfo, MemberKind},
        registry,
        types::{Class, Kind, Type},
        value::Value,
    },
    expression::program::Node,
    source::Span,
};

/// What a name can turn out to be.
pub(super) enum Entity {
    Value(Bound),
    Type(Type),
    Namespace(String),
}

impl Binder<'_> {
    /// What an expression means where a type or namespace may stand: before a dot.
    pub(super) fn entity(&mut self, expression: &tree::Expression) -> Option<Entity> {
        match &expression.kind {
            ExpressionKind::Predefined(predefined) => {
                registry::find(predefined.keyword(), 0).map(|class| Entity::Type(super::expressions::types_of(class)))
            }
            ExpressionKind::Name(name) => self.name_entity(name, expression.span),
            ExpressionKind::Member { target, name } => match self.deeper(target.span, |binder| binder.entity(target))? {
                Entity::Value(target) => self.member(target, name, expression.span).map(Entity::Value),
                Entity::Type(ty) => self.static_member(&ty, name).map(Entity::Value),
                Entity::Namespace(namespace) => {
                    let full = format!("{namespace}.{}", name.identifier.name);
                    if name.arguments.is_empty() && registry::find(&full, 0).is_none() && registry::is_namespace(&full) {
                        return Some(Entity::Namespace(full));
                    }
                    self.named(&namespace, name, expression.span).map(Entity::Type)
                }
            },
            _ => self.value(expression).map(Entity::Value),
        }
    }

    fn name_entity(&mut self, name: &SimpleName, span: Span) -> Option<Entity> {
        let simple = name.identifier.name.as_str();
        if name.arguments.is_empty() {
            if let Some(local) = self.find_local(simple) {
                return Some(Entity::Value(Bound::new(Node::Local(local.slot), local.ty.clone())));
            }
            if simple == "context" {
                return Some(Entity::Value(Bound::new(Node::Constant(Value::Context(Part::Context)), Type::CONTEXT)));
            }
        }
        if registry::find(simple, name.arguments.len()).is_some() {
            return self.named("", name, span).map(Entity::Type);
        }
        if registry::is_namespace(simple) {
            return Some(Entity::Namespace(simple.to_owned()));
        }
        if !name.arguments.is_empty() {
            self.unknown_type(simple, span);
            return None;
        }
        let message = format!("The name '{simple}' does not exist in the current context");
        let known: Vec<String> = self.scope.iter().map(|local| local.name.to_string()).collect();
        let candidates = known.iter().map(String::as_str).chain(["context"]).chain(registry::classes().map(|class| class.name));
        match nearest(simple, candidates).map(str::to_owned) {
            Some(near) => self.error_with_help("CS0103", span, message, format!("did you mean `{near}`?")),
            None => self.error("CS0103", span, message),
        }
        None
    }

    /// A property of a value.
    pub(super) fn member(&mut self, target: Bound, name: &SimpleName, span: Span) -> Option<Bound> {
        let simple = name.identifier.name.as_str();
        if let Node::Constant(Value::Context(part)) = &target.node
            && let Some(next) = part.fixed(simple)
        {
            return Some(Bound::new(Node::Constant(Value::Context(next)), next.ty()));
        }
        if let Some(underlying) = target.ty.underlying().cloned() {
            return match simple {
                "HasValue" => {
                    let null = Node::Constant(Value::Null);
                    Some(Bound::new(Node::Equal(Box::new(target.node), Box::new(null), true), Type::BOOL))
                }
                "Value" => self.explicitly(target, &underlying, span),
                _ => {
                    self.no_member(&target.ty, simple, name.span());
                    None
                }
            };
        }
        let infos = find_members(&target.ty, simple, |info| !info.is_static && info.kind == MemberKind::Property);
        if let Some(info) = infos.first() {
            let result = result_type(info, &target.ty);
            return Some(Bound::new(invoke(info, [target.node].into(), [].into()), result));
        }
        let methods = find_members(&target.ty, simple, |info| info.kind == MemberKind::Method);
        if methods.is_empty() && extensions(simple).is_empty() {
            self.no_member(&target.ty, simple, name.span());
        } else {
            let message = format!("Cannot convert method group '{simple}' to non-delegate type. Did you intend to invoke the method?");
            self.error_with_help("CS0428", name.span(), message, format!("call it: `{simple}(…)`"));
        }
        None
    }

    /// A static property, constant or enumeration member.
    pub(super) fn static_member(&mut self, ty: &Type, name: &SimpleName) -> Option<Bound> {
        let simple = name.identifier.name.as_str();
        if let (Some(members), Some(class)) = (ty.enum_members(), ty.class()) {
            if let Some((_, value)) = members.iter().find(|(member, _)| *member == simple) {
                return Some(Bound::new(Node::Constant(Value::Enum(EnumValue::new(class, *value))), ty.clone()));
            }
            let message = format!("'{ty}' does not contain a definition for '{simple}'");
            match nearest(simple, members.iter().map(|(member, _)| *member)) {
                Some(near) => self.error_with_help("CS0117", name.span(), message, format!("did you mean `{near}`?")),
                None => self.error("CS0117", name.span(), message),
            }
            return None;
        }
        let infos = find_members(ty, simple, |info| info.is_static && info.kind == MemberKind::Property);
        match infos.first() {
            Some(info) => Some(Bound::new(
                Node::Call { native: info.native, arguments: [].into(), types: ty.arguments().into(), outs: [].into() },
                result_type(info, ty),
            )),
            None => {
                self.no_static(ty, simple, name.span());
                None
            }
        }
    }

    fn no_static(&mut self, ty: &Type, name: &str, span: Span) {
        let message = format!("'{ty}' does not contain a definition for '{name}'");
        let members: Vec<&str> = ty.class().into_iter().flat_map(Class::infos).map(|info| info.name).collect();
        match nearest(name, members) {
            Some(near) if near != name => self.error_with_help("CS0117", span, message, format!("did you mean `{near}`?")),
            _ => self.error("CS0117", span, message),
        }
    }

    fn no_member(&mut self, ty: &Type, name: &str, span: Span) {
        let message = format!(
            "'{ty}' does not contain a definition for '{name}' and no accessible extension method '{name}' accepting a first argument of type '{ty}' could be found"
        );
        let mut members: Vec<&str> = Vec::new();
        let mut queue = vec![ty.clone()];
        while let Some(next) = queue.pop() {
            members.extend(next.class().into_iter().flat_map(Class::infos).map(|info| info.name));
            queue.extend(next.supertypes());
        }
        match nearest(name, members) {
            Some(near) if near != name => self.error_with_help("CS1061", span, message, format!("did you mean `{near}`?")),
            _ => self.error_with_help(
                "CS1061",
                span,
                message,
                "policy expressions may use the members listed at learn.microsoft.com/azure/api-management/api-management-policy-expressions",
            ),
        }
    }

    /// A call: of a method of a value or a type, or of an extension method.
    pub(super) fn invocation(&mut self, target: &tree::Expression, arguments: &[tree::Argument], span: Span) -> Option<Bound> {
        let (entity, name) = match &target.kind {
            ExpressionKind::Member { target, name } => (self.deeper(target.span, |binder| binder.entity(target)), name),
            ExpressionKind::MemberBinding(name) => (self.receivers.last().cloned().map(Entity::Value), name),
            ExpressionKind::Name(name) => {
                self.arguments(arguments);
                self.error("CS0103", name.span(), format!("The name '{}' does not exist in the current context", name.identifier.name));
                return None;
            }
            _ => {
                self.value(target);
                self.error("CS0149", target.span, "Method name expected");
                return None;
            }
        };
        let types: Option<Vec<Type>> = name.arguments.iter().map(|argument| self.ty(argument)).collect();
        let arguments = self.arguments(arguments);
        let (entity, types, arguments) = (entity?, types?, arguments?);
        match entity {
            Entity::Value(this) => self.instance_call(this, name, &types, arguments, span),
            Entity::Type(ty) => self.static_call(&ty, name, &types, arguments, span),
            Entity::Namespace(namespace) => {
                self.unknown_type(&format!("{namespace}.{}", name.identifier.name), name.span());
                None
            }
        }
    }

    fn instance_call(&mut self, this: Bound, name: &SimpleName, types: &[Type], arguments: Vec<Argument>, span: Span) -> Option<Bound> {
        let simple = name.identifier.name.as_str();
        if this.ty.underlying().is_some() && simple == "GetValueOrDefault" && arguments.is_empty() {
            let underlying = this.ty.underlying().cloned()?;
            let default = Node::Constant(crate::dotnet::Value::default_of(&underlying));
            return Some(Bound::new(Node::Coalesce(Box::new(this.node), Box::new(default)), underlying));
        }
        let receiver = this.ty.underlying().unwrap_or(&this.ty).clone();
        let methods = find_members(&receiver, simple, |info| !info.is_static && info.kind == MemberKind::Method);
        let reads_body = simple == "As" && receiver.class().is_some_and(|class| std::ptr::eq(class, &registry::MESSAGE_BODY));
        self.reads_body |= reads_body;
        if reads_body {
            self.check_body_type(types, name.span());
        }
        // Extension methods are looked at where no method of the type fits.
        let extension: Vec<&'static MemberInfo> = extensions(simple).into_iter().filter(|info| accepts(info, &receiver)).collect();
        let methods = if methods.iter().any(|info| counts(info, arguments.len())) || extension.is_empty() { methods } else { extension };
        if methods.is_empty() {
            self.no_member(&receiver, simple, name.span());
            return None;
        }
        let chosen =
            self.resolve(Callee { name: simple, infos: &methods, receiver: &receiver, this: Some(this), types }, arguments, span)?;
        let (native, outs) = (chosen.info.native, chosen.outs.into());
        let node = if chosen.info.is_extension {
            Node::Call { native, arguments: chosen.arguments.into(), types: chosen.types.into(), outs }
        } else {
            Node::Invoke { native, arguments: chosen.arguments.into(), types: chosen.types.into(), outs }
        };
        Some(Bound::new(node, chosen.result))
    }

    /// Source: learn.microsoft.com/azure/api-management/api-management-policy-expressions, `IMessageBody.As<T>`: the eight types.
    fn check_body_type(&mut self, types: &[Type], span: Span) {
        let Some(ty) = types.first() else { return };
        let named = |name: &str| ty.class().is_some_and(|class| class.name == name);
        let allowed = *ty == Type::STRING
            || *ty == Type::array(Type::BYTE)
            || ["JObject", "JToken", "JArray", "XNode", "XElement", "XDocument"].into_iter().any(named);
        if !allowed {
            self.error_with_help(
                "expression/body-type",
                span,
                format!("a message body cannot be read as `{ty}`"),
                "use string, byte[], JObject, JToken, JArray, XNode, XElement or XDocument",
            );
        }
    }

    fn static_call(&mut self, ty: &Type, name: &SimpleName, types: &[Type], arguments: Vec<Argument>, span: Span) -> Option<Bound> {
        let simple = name.identifier.name.as_str();
        let methods = find_members(ty, simple, |info| info.is_static && info.kind == MemberKind::Method);
        if methods.is_empty() {
            let instance = find_members(ty, simple, |info| info.kind == MemberKind::Method);
            if instance.is_empty() {
                self.no_static(ty, simple, name.span());
            } else {
                self.error(
                    "CS0120",
                    name.span(),
                    format!("An object reference is required for the non-static field, method, or property '{ty}.{simple}'"),
                );
            }
            return None;
        }
        let chosen = self.resolve(Callee { name: simple, infos: &methods, receiver: ty, this: None, types }, arguments, span)?;
        let node = Node::Call {
            native: chosen.info.native,
            arguments: chosen.arguments.into(),
            types: chosen.types.into(),
            outs: chosen.outs.into(),
        };
        Some(Bound::new(node, chosen.result))
    }

    /// `a[b]`; with a value, `a[b] = value`.
    pub(super) fn element(
        &mut self,
        target: Bound,
        arguments: &[tree::Argument],
        value: Option<(Bound, Span)>,
        span: Span,
    ) -> Option<Bound> {
        let arguments = self.arguments(arguments)?;
        self.element_at(target, arguments, value, span)
    }

    /// `a[b] op= value`, and with `old_is_result` `a[b]++`: the owner and the indices are evaluated once.
    pub(super) fn compound_element(
        &mut self,
        owner: Bound,
        arguments: &[tree::Argument],
        (operator, value): (tree::BinaryOperator, Bound),
        old_is_result: bool,
        span: Span,
    ) -> Option<Bound> {
        let (owner_slot, old_slot) = (self.slot(), self.slot());
        let owner_local = Bound::new(Node::Local(owner_slot), owner.ty.clone());
        let mut nodes = vec![Node::SetLocal(owner_slot, Box::new(owner.node))];
        let mut indices: Vec<(Bound, Span)> = Vec::new();
        for argument in self.arguments(arguments)? {
            let ArgumentValue::Value(bound) = argument.value else { return self.unavailable("an `out` index", argument.span) };
            let kept = match bound.node {
                Node::Constant(_) => bound,
                node => {
                    let slot = self.slot();
                    nodes.push(Node::SetLocal(slot, Box::new(node)));
                    Bound::new(Node::Local(slot), bound.ty)
                }
            };
            indices.push((kept, argument.span));
        }
        let again = || {
            indices.iter().map(|(bound, span)| Argument { name: None, value: ArgumentValue::Value(bound.clone()), span: *span }).collect()
        };
        let old = self.element_at(owner_local.clone(), again(), None, span)?;
        let ty = old.ty.clone();
        nodes.push(Node::SetLocal(old_slot, Box::new(old.node)));
        let sum = self.compound(operator, Bound::new(Node::Local(old_slot), ty.clone()), value, span)?;
        nodes.push(self.element_at(owner_local, again(), Some((sum, span)), span)?.node);
        if old_is_result {
            nodes.push(Node::Local(old_slot));
        }
        Some(Bound::new(Node::Sequence(nodes.into()), ty))
    }

    fn element_at(&mut self, target: Bound, mut arguments: Vec<Argument>, value: Option<(Bound, Span)>, span: Span) -> Option<Bound> {
        if let Type::Array(element) = target.ty.clone() {
            let [argument] = arguments.as_mut_slice() else {
                self.error("CS0022", span, format!("Wrong number of indices inside []; expected 1, got {}", arguments.len()));
                return None;
            };
            let at = argument.span;
            let index = match std::mem::replace(&mut argument.value, ArgumentValue::OutDiscard) {
                ArgumentValue::Value(bound) => self.implicitly(bound, &Type::INT32, at)?,
                _ => return None,
            };
            return Some(match value {
                None => Bound::new(Node::Element(Box::new(target.node), Box::new(index.node)), element.as_ref().clone()),
                Some((value, at)) => {
                    let value = self.implicitly(value, &element, at)?;
                    Bound::new(Node::SetElement(Box::new([target.node, index.node, value.node])), element.as_ref().clone())
                }
            });
        }
        let indexers = find_members(&target.ty, "this", |info| info.kind == MemberKind::Indexer && (value.is_none() || info.is_settable));
        if indexers.is_empty() {
            if value.is_some() && !find_members(&target.ty, "this", |_| true).is_empty() {
                self.error("CS0200", span, format!("Property or indexer '{}.this[]' cannot be assigned to -- it is read only", target.ty));
            } else {
                self.error("CS0021", span, format!("Cannot apply indexing with [] to an expression of type '{}'", target.ty));
            }
            return None;
        }
        let receiver = target.ty.clone();
        let chosen =
            self.resolve(Callee { name: "this", infos: &indexers, receiver: &receiver, this: Some(target), types: &[] }, arguments, span)?;
        let mut nodes = chosen.arguments;
        if let Some((value, at)) = value {
            let value = self.implicitly(value, &chosen.result, at)?;
            // The assignment's own value is the value assigned, whatever the setter gives; it is evaluated behind owner and indices.
            let slot = self.slot();
            nodes.push(Node::SetLocal(slot, Box::new(value.node)));
            let set = Node::Invoke { native: chosen.info.native, arguments: nodes.into(), types: chosen.types.into(), outs: [].into() };
            let node = Node::Sequence([set, Node::Local(slot)].into());
            return Some(Bound::new(node, chosen.result));
        }
        Some(Bound::new(
            Node::Invoke { native: chosen.info.native, arguments: nodes.into(), types: chosen.types.into(), outs: [].into() },
            chosen.result,
        ))
    }
}

fn invoke(info: &'static MemberInfo, arguments: Box<[Node]>, types: Box<[Type]>) -> Node {
    Node::Invoke { native: info.native, arguments, types, outs: [].into() }
}

/// A member's result with the receiver's type arguments.
fn result_type(info: &MemberInfo, receiver: &Type) -> Type {
    let mut queue = vec![receiver.clone()];
    while let Some(ty) = queue.pop() {
        if ty.class().is_some_and(|class| std::ptr::eq(class, info.class)) {
            return info.result.substitute(&|name| {
                let index = info.class.parameters.iter().position(|parameter| *parameter == name)?;
                ty.arguments().get(index).cloned()
            });
        }
        queue.extend(ty.supertypes());
    }
    info.result.clone()
}

/// Members of that name, the type's own before its bases'; `object`'s are everyone's.
pub(super) fn find_members(ty: &Type, name: &str, fits: impl Fn(&MemberInfo) -> bool) -> Vec<&'static MemberInfo> {
    let mut found: Vec<&'static MemberInfo> = Vec::new();
    let mut queue = std::collections::VecDeque::from([ty.clone()]);
    while let Some(next) = queue.pop_front() {
        for info in next.class().into_iter().flat_map(Class::infos).filter(|info| info.name == name && fits(info)) {
            let same = |known: &MemberInfo| {
                known.parameters.len() == info.parameters.len() && known.parameters.iter().zip(&info.parameters).all(|(a, b)| a.ty == b.ty)
            };
            if !found.iter().any(|known| same(known)) {
                found.push(info);
            }
        }
        queue.extend(next.supertypes());
    }
    for info in registry::OBJECT.infos().iter().filter(|info| info.name == name && fits(info)) {
        if !found.iter().any(|known| known.parameters.len() == info.parameters.len() && std::ptr::eq(known.class, info.class)) {
            found.push(info);
        }
    }
    found
}

fn extensions(name: &str) -> Vec<&'static MemberInfo> {
    registry::extensions(name).to_vec()
}

/// Whether an extension method's first parameter can be this receiver: by its class, type arguments aside.
fn accepts(info: &MemberInfo, receiver: &Type) -> bool {
    let Some(first) = info.parameters.first() else { return false };
    let mut queue = vec![receiver.clone()];
    while let Some(ty) = queue.pop() {
        if ty == first.ty || matches!(&first.ty, Type::Parameter(_)) {
            return true;
        }
        if ty.class().is_some() && ty.class().map(|class| class.name) == first.ty.class().map(|class| class.name) {
            return first
                .ty
                .arguments()
                .iter()
                .zip(ty.arguments())
                .all(|(wanted, given)| wanted == given || matches!(wanted, Type::Parameter(_)));
        }
        queue.extend(ty.supertypes());
    }
    false
}

fn counts(info: &MemberInfo, arguments: usize) -> bool {
    let needed = info.parameters.iter().filter(|parameter| parameter.default.is_none() && !parameter.is_params).count();
    arguments >= needed && (arguments <= info.parameters.len() || info.parameters.last().is_some_and(|last| last.is_params))
}

/// Whether a class can be made with `new`.
pub(super) fn is_creatable(class: &Class) -> bool {
    matches!(class.kind, Kind::Class | Kind::Struct)
}
