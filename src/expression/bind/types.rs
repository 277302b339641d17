//! Types by name.

use super::Binder;
use crate::{
    csharp::tree::{self, TypeKind},
    diagnostic::nearest,
    dotnet::{
        registry,
        types::{ClassRef, Type},
    },
    source::Span,
};

impl Binder<'_> {
    /// The type that a syntax tree names; `var` is the caller's business.
    pub(super) fn ty(&mut self, ty: &tree::Type) -> Option<Type> {
        match &ty.kind {
            TypeKind::Predefined(tree::PredefinedType::Void) => Some(Type::Void),
            TypeKind::Predefined(predefined) => registry::find(predefined.keyword(), 0).map(|class| Type::Named(ClassRef(class))),
            TypeKind::Nullable(of) => {
                let of = self.ty(of)?;
                if !of.is_value_type() {
                    self.error(
                        "CS0453",
                        ty.span,
                        format!("The type '{of}' must be a non-nullable value type in order to use it as parameter 'T' in 'Nullable<T>'"),
                    );
                    return None;
                }
                Some(Type::nullable(of))
            }
            TypeKind::Array { element, rank: 1 } => self.ty(element).map(Type::array),
            TypeKind::Array { .. } => self.unavailable("an array of several dimensions", ty.span),
            TypeKind::Tuple(_) => self.unavailable("a tuple", ty.span),
            TypeKind::Dynamic => self.unavailable("`dynamic`", ty.span),
            TypeKind::Name(name) => {
                let mut parts = name.parts.iter();
                let last = parts.next_back()?;
                let namespace: Vec<&str> = parts.map(|part| part.identifier.name.as_str()).collect();
                self.named(&namespace.join("."), last, ty.span)
            }
            TypeKind::Var | TypeKind::Ref { .. } | TypeKind::Omitted => self.unavailable("this type", ty.span),
        }
    }

    /// The type called `name` in `namespace` (empty: any).
    pub(super) fn named(&mut self, namespace: &str, name: &tree::SimpleName, span: Span) -> Option<Type> {
        let simple = name.identifier.name.as_str();
        let full = if namespace.is_empty() { simple.to_owned() } else { format!("{namespace}.{simple}") };
        let class = registry::find(&full, name.arguments.len());
        let arguments: Vec<Type> = name.arguments.iter().map(|argument| self.ty(argument)).collect::<Option<_>>()?;
        match class {
            Some(class) if arguments.is_empty() => Some(Type::Named(ClassRef(class))),
            Some(class) => Some(Type::Generic(ClassRef(class), arguments.into())),
            None => {
                self.unknown_type(&full, span);
                None
            }
        }
    }

    pub(super) fn unknown_type(&mut self, name: &str, span: Span) {
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
