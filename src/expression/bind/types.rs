//! Types by name.

use super::Binder;
use crate::{
    csharp::tree::{self, TypeKind},
    diagnostic::nearest,
    dotnet::{
        registry,
        types::{ClassRef, TupleType, Type},
    },
    source::Span,
};

impl Binder<'_> {
    /// The type that a syntax tree names; `var` is the caller's business.
    pub(super) fn ty(&mut self, ty: &tree::Type) -> Option<Type> {
        self.deeper(ty.span, |binder| binder.ty_inside(ty))
    }

    fn ty_inside(&mut self, ty: &tree::Type) -> Option<Type> {
        match &ty.kind {
            TypeKind::Predefined(tree::PredefinedType::Void) => Some(Type::Void),
            TypeKind::Predefined(predefined) => registry::find(predefined.keyword(), 0).map(|class| Type::Named(ClassRef(class))),
            TypeKind::Nullable(of) => {
                let of = self.ty(of)?;
                self.nullable(of, ty.span)
            }
            TypeKind::Array { element, rank: 1 } => self.element_type(element).map(Type::array),
            TypeKind::Array { element, rank } => self.element_type(element).map(|element| Type::Grid(element.into(), *rank)),
            TypeKind::Tuple(elements) => {
                let items = elements.iter().map(|element| self.ty(&element.ty)).collect::<Option<Vec<_>>>()?;
                let names = elements.iter().map(|element| element.name.as_ref().map(|name| name.name.clone())).collect();
                Some(Type::Tuple(TupleType { items, names }.into()))
            }
            TypeKind::Dynamic => self.unavailable("`dynamic`", ty.span),
            TypeKind::Name(name) => {
                let mut parts = name.parts.iter();
                let last = parts.next_back()?;
                let namespace: Vec<&str> = parts.map(|part| part.identifier.name.as_str()).collect();
                if namespace.is_empty() && last.identifier.name == "var" && last.arguments.is_empty() {
                    self.error(
                        "CS0825",
                        ty.span,
                        "The contextual keyword 'var' may only appear within a local variable declaration or in script code",
                    );
                    return None;
                }
                self.named(&namespace.join("."), last, ty.span)
            }
            TypeKind::Var => {
                self.error(
                    "CS0825",
                    ty.span,
                    "The contextual keyword 'var' may only appear within a local variable declaration or in script code",
                );
                None
            }
            TypeKind::Ref { element, .. } => self.ty(element),
            TypeKind::Omitted => self.unavailable("an unbound generic type", ty.span),
        }
    }

    fn element_type(&mut self, element: &tree::Type) -> Option<Type> {
        let ty = self.ty(element)?;
        if ty == Type::Void {
            self.error("CS1547", element.span, "Keyword 'void' cannot be used in this context");
            return None;
        }
        Some(ty)
    }

    /// `T?`
    fn nullable(&mut self, of: Type, span: Span) -> Option<Type> {
        if of.is_value_type() {
            return Some(Type::nullable(of));
        }
        // Nullable reference types came with C# 8.
        self.error_with_help(
            "CS8370",
            span,
            "Feature 'nullable reference types' is not available in C# 7.3. Please use language version 8.0 or greater.",
            format!("a '{of}' may be null without the question mark"),
        );
        None
    }

    /// The type called `name` in `namespace` (empty: any).
    pub(super) fn named(&mut self, namespace: &str, name: &tree::SimpleName, span: Span) -> Option<Type> {
        let simple = name.identifier.name.as_str();
        let full = if namespace.is_empty() { simple.to_owned() } else { format!("{namespace}.{simple}") };
        if let Some((_, ty)) =
            self.type_names.iter().rev().find(|(known, _)| *known == *simple && namespace.is_empty() && name.arguments.is_empty())
        {
            return Some(ty.clone());
        }
        if matches!(full.as_str(), "ValueTuple" | "System.ValueTuple") && (2..8).contains(&name.arguments.len()) {
            let items = name.arguments.iter().map(|argument| self.ty(argument)).collect::<Option<Vec<_>>>()?;
            let names = vec![None; items.len()];
            return Some(Type::Tuple(TupleType { items, names }.into()));
        }
        let class = registry::find(&full, name.arguments.len());
        let arguments: Vec<Type> = name.arguments.iter().map(|argument| self.ty(argument)).collect::<Option<_>>()?;
        let Some(class) = class else {
            if let (Some(of), true) = (arguments.first(), full == "Nullable" || full == "System.Nullable") {
                return self.nullable(of.clone(), span);
            }
            self.unknown_type(&full, span);
            return None;
        };
        self.check_type(class, span)?;
        if arguments.contains(&Type::Void) {
            self.error("CS1547", span, "Keyword 'void' cannot be used in this context");
            return None;
        }
        Some(if arguments.is_empty() { Type::Named(ClassRef(class)) } else { Type::Generic(ClassRef(class), arguments.into()) })
    }

    pub(super) fn unknown_type(&mut self, name: &str, span: Span) {
        if self.refused_type(name, span) {
            return;
        }
        let message =
            format!("The type or namespace name '{name}' could not be found (are you missing a using directive or an assembly reference?)");
        match nearest(name, registry::classes().map(|class| class.name)) {
            Some(near) => self.error_with_help("CS0246", span, message, format!("did you mean `{near}`?")),
            None => self.error_with_help(
                "CS0246",
                span,
                message,
                "policy expressions may use the types listed at learn.microsoft.com/azure/api-management/api-management-policy-expressions",
            ),
        }
    }
}
