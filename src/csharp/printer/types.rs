//! Types, patterns and names as text.

use super::{
    super::tree::{Designation, Pattern, PatternKind, Precedence, SimpleName, Type, TypeKind},
    Printer,
};

impl Printer<'_> {
    pub(super) fn ty(&mut self, ty: &Type) {
        match &ty.kind {
            TypeKind::Predefined(predefined) => self.push(predefined.keyword()),
            TypeKind::Name(name) => {
                if let Some(alias) = &name.alias {
                    self.identifier(alias);
                    self.push("::");
                }
                for (index, part) in name.parts.iter().enumerate() {
                    if index > 0 {
                        self.push(".");
                        self.simple_member(part);
                    } else {
                        self.simple_name(part);
                    }
                }
            }
            TypeKind::Nullable(inner) => {
                self.ty(inner);
                self.push("?");
            }
            TypeKind::Array { .. } => self.array_type(ty, |_| false),
            TypeKind::Tuple(elements) => {
                self.push("(");
                self.list(elements, |printer, element| {
                    printer.ty(&element.ty);
                    if let Some(name) = &element.name {
                        printer.push(" ");
                        printer.mistakable_name(name);
                    }
                });
                self.push(")");
            }
            TypeKind::Dynamic => self.push("dynamic"),
            TypeKind::Var => self.push("var"),
            TypeKind::Ref { element, readonly } => {
                self.push(if *readonly { "ref readonly " } else { "ref " });
                self.ty(element);
            }
            TypeKind::Omitted => {}
        }
    }

    /// An array type: the innermost elements' type, then the ranks from the outermost array's on; `sized` may print the first itself.
    pub(super) fn array_type(&mut self, ty: &Type, mut sized: impl FnMut(&mut Self) -> bool) {
        let mut innermost = ty;
        let mut ranks = Vec::new();
        while let TypeKind::Array { element, rank } = &innermost.kind {
            ranks.push(*rank);
            innermost = element;
        }
        self.ty(innermost);
        for (index, rank) in ranks.into_iter().enumerate() {
            if index == 0 && sized(self) {
                continue;
            }
            self.push("[");
            self.out.extend(std::iter::repeat_n(',', rank.saturating_sub(1)));
            self.push("]");
        }
    }

    pub(super) fn simple_name(&mut self, name: &SimpleName) {
        self.mistakable_name(&name.identifier);
        self.type_arguments(&name.arguments);
    }

    /// A name behind a dot.
    pub(super) fn simple_member(&mut self, name: &SimpleName) {
        self.identifier(&name.identifier);
        self.type_arguments(&name.arguments);
    }

    fn type_arguments(&mut self, arguments: &[Type]) {
        if arguments.is_empty() {
            return;
        }
        self.push("<");
        if arguments.iter().any(|argument| matches!(argument.kind, TypeKind::Omitted)) {
            self.out.extend(std::iter::repeat_n(',', arguments.len() - 1));
        } else {
            self.list(arguments, Self::ty);
        }
        self.push(">");
    }

    pub(super) fn pattern(&mut self, pattern: &Pattern) {
        match &pattern.kind {
            PatternKind::Type(ty) => self.ty(ty),
            PatternKind::Constant(value) => self.operand(value, Precedence::Shift),
            PatternKind::Declaration { ty, designation } => {
                self.ty(ty);
                self.push(" ");
                self.designation(designation);
            }
            PatternKind::Var(designation) => {
                self.push("var ");
                self.designation(designation);
            }
            PatternKind::Discard => self.push("_"),
        }
    }

    pub(super) fn designation(&mut self, designation: &Designation) {
        match designation {
            Designation::Discard(_) => self.push("_"),
            Designation::Variable(identifier) => self.mistakable_name(identifier),
            Designation::Tuple(elements, _) => {
                self.push("(");
                self.list(elements, Self::designation);
                self.push(")");
            }
        }
    }
}
