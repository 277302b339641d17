//! Members: where `a.b` and `a[b]` are found, in C#'s order: a type's own before its bases', extension methods last.

use std::rc::Rc;

use super::{Binder, Bound, Operand, constants, functions::LocalFunctionType};
use crate::{
    csharp::tree::{self, SimpleName},
    diagnostic::nearest,
    dotnet::{
        enums::EnumValue,
        member::{MemberInfo, MemberKind},
        registry,
        types::{Class, ClassRef, Kind, Type},
        value::Value,
    },
    expression::program::{Call, Node},
    source::Span,
    text::Text,
};

/// A member with the type that it was found on, type arguments and all.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub info: &'static MemberInfo,
    pub on: Type,
}

impl Found {
    /// A type of the member's signature, with the type arguments of where it was found.
    pub fn close(&self, ty: &Type) -> Type {
        if self.on.arguments().is_empty() {
            return ty.clone();
        }
        ty.substitute(&|name| {
            let index = self.info.class.parameters.iter().position(|parameter| *parameter == name)?;
            self.on.arguments().get(index).cloned()
        })
    }

    /// What it gives.
    pub fn result(&self) -> Type {
        self.close(&self.info.result)
    }
}

/// What a method is called on.
#[derive(Clone, Debug)]
pub(super) enum Receiver {
    Value(Bound),
    Type(Type),
}

/// Methods of one name, before an overload is chosen.
#[derive(Clone)]
pub(super) struct Methods<'t> {
    pub kind: MethodsKind<'t>,
    name: Text,
    /// The type arguments that the code gives.
    pub types: TypeArguments<'t>,
    /// Where the name stands.
    pub span: Span,
}

#[derive(Clone)]
pub(super) enum TypeArguments<'t> {
    Tree(&'t [tree::Type]),
    Bound(Vec<Type>),
}

#[derive(Clone)]
pub(super) enum MethodsKind<'t> {
    /// Members of the table.
    Members(Receiver),
    /// A local function: the function that declares it, and its slot there.
    Local { function: Rc<LocalFunctionType<'t>>, level: usize, slot: usize },
}

impl<'t> Methods<'t> {
    pub fn new(receiver: Receiver, name: &'t SimpleName) -> Self {
        Self::named(MethodsKind::Members(receiver), name)
    }

    pub fn of_local(function: Rc<LocalFunctionType<'t>>, level: usize, slot: usize, name: &'t SimpleName) -> Self {
        Self::named(MethodsKind::Local { function, level, slot }, name)
    }

    fn named(kind: MethodsKind<'t>, name: &'t SimpleName) -> Self {
        Self { kind, name: name.identifier.name.clone(), types: TypeArguments::Tree(&name.arguments), span: name.span() }
    }

    /// Methods that no name in the code stands for: those of a query.
    pub fn bound(receiver: Receiver, name: Text, types: Vec<Type>, span: Span) -> Self {
        Self { kind: MethodsKind::Members(receiver), name, types: TypeArguments::Bound(types), span }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// The methods, those of each type together, in the order in which they are tried; extension methods last.
    pub fn levels(&self) -> Vec<Vec<Found>> {
        match &self.kind {
            MethodsKind::Local { .. } => Vec::new(),
            MethodsKind::Members(Receiver::Type(ty)) => find(ty, self.name(), |info| info.is_static && info.kind == MemberKind::Method),
            MethodsKind::Members(Receiver::Value(this)) => {
                let ty = this.ty.underlying().unwrap_or(&this.ty);
                let mut levels = find(ty, self.name(), |info| !info.is_static && info.kind == MemberKind::Method);
                let extensions: Vec<Found> =
                    registry::extensions(self.name()).iter().map(|info| Found { info, on: Type::Named(ClassRef(info.class)) }).collect();
                if !extensions.is_empty() {
                    levels.push(extensions);
                }
                levels
            }
        }
    }

    pub fn is_empty(&self) -> bool {
        !matches!(self.kind, MethodsKind::Local { .. }) && self.levels().is_empty()
    }
}

/// A type and what it derives from, in the order in which members are looked up.
fn lineage(ty: &Type) -> Vec<Type> {
    let mut lineage = vec![ty.clone()];
    let is_interface = |ty: &Type| ty.class().is_some_and(|class| class.kind == Kind::Interface);
    if is_interface(ty) {
        let mut next = 0;
        while let Some(current) = lineage.get(next) {
            for supertype in current.supertypes() {
                if !lineage.contains(&supertype) {
                    lineage.push(supertype);
                }
            }
            next += 1;
        }
    } else {
        let mut current = ty.clone();
        while let Some(base) = current.supertypes().into_iter().find(|base| !is_interface(base)) {
            lineage.push(base.clone());
            current = base;
        }
    }
    if !lineage.contains(&Type::OBJECT) {
        lineage.push(Type::OBJECT);
    }
    lineage
}

/// Members of that name, those of each type together, the type's own first. What an inner type declares with the same parameters
/// hides what an outer one does.
pub(super) fn find(ty: &Type, name: &str, fits: impl Fn(&MemberInfo) -> bool) -> Vec<Vec<Found>> {
    let mut levels: Vec<Vec<Found>> = Vec::new();
    for on in lineage(ty) {
        let Some(class) = on.class() else { continue };
        let own: Vec<Found> = class
            .infos()
            .iter()
            .filter(|info| info.name == name && fits(info))
            .map(|info| Found { info, on: on.clone() })
            .filter(|found| {
                let parameters = |found: &Found| -> Vec<Type> { found.info.parameters.iter().map(|p| found.close(&p.ty)).collect() };
                let own = parameters(found);
                !levels
                    .iter()
                    .flatten()
                    .any(|known| known.info.type_parameters.len() == found.info.type_parameters.len() && parameters(known) == own)
            })
            .collect();
        if !own.is_empty() {
            levels.push(own);
        }
    }
    levels
}

/// The first member of that name that is no method.
fn find_value(ty: &Type, name: &str, is_static: bool) -> Option<Found> {
    find(ty, name, |info| info.is_static == is_static && info.kind == MemberKind::Property).into_iter().flatten().next()
}

impl<'t> Binder<'t> {
    pub(super) fn type_arguments(&mut self, methods: &Methods<'t>) -> Option<Vec<Type>> {
        match &methods.types {
            TypeArguments::Bound(types) => Some(types.clone()),
            TypeArguments::Tree(types) => types.iter().map(|ty| self.ty(ty)).collect(),
        }
    }

    /// A property of a value, or its methods of that name.
    pub(super) fn member(&mut self, target: Bound, name: &'t SimpleName, span: Span) -> Option<Operand<'t>> {
        self.member_as(target, name, span, false)
    }

    /// A member of a value; where it is called, a property that is no delegate does not hide the methods of its name.
    pub(super) fn member_as(&mut self, target: Bound, name: &'t SimpleName, span: Span, is_called: bool) -> Option<Operand<'t>> {
        let simple = name.identifier.name.as_str();
        if let Node::Constant(Value::Context(part)) = &target.node
            && let Some(next) = part.fixed(simple)
        {
            return Some(Operand::Value(Bound::new(Node::Constant(Value::Context(next)), next.ty())));
        }
        if target.ty == Type::Error {
            return None;
        }
        if target.ty == Type::Void {
            self.error("CS0023", span, "Operator '.' cannot be applied to operand of type 'void'");
            return None;
        }
        if target.ty == Type::Null {
            self.error("CS0023", span, "Operator '.' cannot be applied to operand of type '<null>'");
            return None;
        }
        if let Some(field) = field(&target.ty, simple) {
            let (index, ty) = field;
            return Some(Operand::Value(Bound::new(Node::Field(target.boxed(), index), ty)));
        }
        if let Some(underlying) = target.ty.underlying().cloned() {
            match simple {
                "HasValue" => {
                    let null = Node::Constant(Value::Null);
                    return Some(Operand::Value(Bound::new(Node::Same(target.boxed(), Box::new(null), true), Type::BOOL)));
                }
                "Value" => return self.explicitly(target, &underlying, span).map(Operand::Value),
                "GetValueOrDefault" | "ToString" | "Equals" | "GetHashCode" | "GetType" => {}
                _ => {
                    self.no_member(&target.ty, simple, name.span());
                    return None;
                }
            }
        }
        let property = find_value(&target.ty, simple, false).filter(|found| {
            !is_called || found.result().delegate().is_some() || Methods::new(Receiver::Value(target.clone()), name).is_empty()
        });
        if let Some(found) = property {
            self.check_member(&found, name.span())?;
            let result = found.result();
            let text = match target.node {
                Node::Constant(Value::Context(part)) => part.text(simple),
                _ => None,
            };
            let node = text.map_or_else(|| Node::Property(found.info.native, target.boxed()), Node::Text);
            return Some(Operand::Value(Bound::new(node, result)));
        }
        let methods = Methods::new(Receiver::Value(target.clone()), name);
        if methods.is_empty() && !(target.ty.underlying().is_some() && simple == "GetValueOrDefault") {
            if find_value(&target.ty, simple, true).is_some() {
                let message = format!(
                    "Member '{}.{simple}' cannot be accessed with an instance reference; qualify it with a type name instead",
                    target.ty
                );
                self.error("CS0176", span, message);
            } else {
                self.no_member(&target.ty, simple, name.span());
            }
            return None;
        }
        Some(Operand::Methods(Rc::new(methods)))
    }

    /// A static property or constant.
    pub(super) fn static_value(&mut self, ty: &Type, name: &SimpleName) -> Option<(Bound, Found)> {
        let found = find_value(ty, name.identifier.name.as_str(), true)?;
        if let Some(value) = constants::of_member(found.info) {
            return Some((Bound::new(Node::Constant(value), found.result()), found));
        }
        let call =
            Call { native: found.info.native, arguments: [].into(), types: ty.arguments().into(), outs: [].into(), has_receiver: false };
        Some((Bound::new(Node::Call(Box::new(call)), found.result()), found))
    }

    pub(super) fn enum_member(&mut self, ty: &Type, name: &str) -> Option<Bound> {
        let (_, value) = ty.enum_members()?.iter().find(|(member, _)| *member == name)?;
        Some(Bound::new(Node::Constant(Value::Enum(EnumValue::new(ty.class()?, *value))), ty.clone()))
    }

    pub(super) fn no_static(&mut self, ty: &Type, name: &str, span: Span) {
        if !find(ty, name, |info| !info.is_static).is_empty() {
            let message = format!("An object reference is required for the non-static field, method, or property '{ty}.{name}'");
            self.error("CS0120", span, message);
            return;
        }
        let message = format!("'{ty}' does not contain a definition for '{name}'");
        let enumeration = ty.enum_members().unwrap_or(&[]).iter().map(|(member, _)| *member);
        let members: Vec<&str> = ty.class().into_iter().flat_map(Class::infos).map(|info| info.name).chain(enumeration).collect();
        match nearest(name, members) {
            Some(near) if near != name => self.error_with_help("CS0117", span, message, format!("did you mean `{near}`?")),
            _ => self.error("CS0117", span, message),
        }
    }

    pub(super) fn no_member(&mut self, ty: &Type, name: &str, span: Span) {
        let message = format!(
            "'{ty}' does not contain a definition for '{name}' and no accessible extension method '{name}' accepting a first argument of type '{ty}' could be found (are you missing a using directive or an assembly reference?)"
        );
        let lineage = lineage(ty.underlying().unwrap_or(ty));
        let mut members: Vec<&str> = lineage.iter().filter_map(Type::class).flat_map(Class::infos).map(|info| info.name).collect();
        if ty.underlying().is_some() {
            members = vec!["Value", "HasValue", "GetValueOrDefault"];
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
}

/// A part of a tuple or of an anonymous object by name.
pub(super) fn field(ty: &Type, name: &str) -> Option<(usize, Type)> {
    match ty {
        Type::Tuple(tuple) => {
            let named = tuple.names.iter().position(|own| own.as_ref().is_some_and(|own| *own == *name));
            let numbered = || name.strip_prefix("Item")?.parse::<usize>().ok()?.checked_sub(1);
            let index = named.or_else(numbered)?;
            tuple.items.get(index).map(|ty| (index, ty.clone()))
        }
        Type::Anonymous(anonymous) => {
            let index = anonymous.properties.iter().position(|(own, _)| *own == *name)?;
            anonymous.properties.get(index).map(|(_, ty)| (index, ty.clone()))
        }
        _ => None,
    }
}
