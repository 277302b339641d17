//! Equality without places, and copies, of chains that may be thousands of links long.

use super::*;

/// Equality that looks at everything but the spans.
macro_rules! equal_but_for_spans {
    ($($name:ident { $($field:ident),+ })+) => {
        $(impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                $(self.$field == other.$field)&&+
            }
        })+
    };
}

equal_but_for_spans! {
    Identifier { name }
    Interpolation { value, alignment, format }
    Argument { name, modifier, value }
    Initializer { kind }
    MemberInitializer { target, value }
    ElementInitializer { arguments }
    AnonymousMember { name, value }
    Parameter { modifier, ty, name, default }
    FromClause { ty, variable, source }
    QueryClause { kind }
    SortKey { key, descending }
    Type { kind }
    TupleElement { ty, name }
    Pattern { kind }
    Block { statements }
    Statement { kind }
    LocalDeclaration { is_const, ty, variables }
    VariableDeclarator { name, value }
    LocalFunction { return_type, name, type_parameters, parameters, constraints, body }
    ConstraintClause { parameter, constraints }
    SwitchSection { labels, statements }
    SwitchLabel { kind }
    Catch { ty, name, filter, block }
}

impl PartialEq for Designation {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Discard(_), Self::Discard(_)) => true,
            (Self::Variable(a), Self::Variable(b)) => a == b,
            (Self::Tuple(a, _), Self::Tuple(b, _)) => a == b,
            _ => false,
        }
    }
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        let (mut a, mut b) = (self, other);
        loop {
            let (Some(first_a), Some(first_b)) = (a.first_operand(), b.first_operand()) else { return a.kind == b.kind };
            if !same_link(&a.kind, &b.kind) {
                return false;
            }
            (a, b) = (first_a, first_b);
        }
    }
}

/// Whether two links of chains are equal but for their first operands.
fn same_link(a: &ExpressionKind, b: &ExpressionKind) -> bool {
    use ExpressionKind::*;
    match (a, b) {
        (Binary { operator: a, right: right_a, .. }, Binary { operator: b, right: right_b, .. }) => a == b && right_a == right_b,
        (Is { pattern: a, .. }, Is { pattern: b, .. }) => a == b,
        (As { ty: a, .. }, As { ty: b, .. }) => a == b,
        (Member { name: a, .. }, Member { name: b, .. }) => a == b,
        (Invocation { arguments: a, .. }, Invocation { arguments: b, .. }) => a == b,
        (Element { arguments: a, .. }, Element { arguments: b, .. }) => a == b,
        (Unary { operator: a, .. }, Unary { operator: b, .. }) => a == b,
        _ => false,
    }
}

impl Clone for Expression {
    fn clone(&self) -> Self {
        let mut links = Vec::new();
        let mut innermost = self;
        while let Some(first) = innermost.first_operand() {
            links.push(innermost);
            innermost = first;
        }
        let copy = Self { kind: innermost.kind.clone(), span: innermost.span };
        links.into_iter().rev().fold(copy, |first, link| Self { kind: copy_link(&link.kind, Box::new(first)), span: link.span })
    }
}

/// A link of a chain with another first operand.
fn copy_link(link: &ExpressionKind, first: Box<Expression>) -> ExpressionKind {
    use ExpressionKind::*;
    match link {
        Binary { operator, right, .. } => Binary { left: first, operator: *operator, right: right.clone() },
        Is { pattern, .. } => Is { operand: first, pattern: pattern.clone() },
        As { ty, .. } => As { operand: first, ty: ty.clone() },
        Member { name, .. } => Member { target: first, name: name.clone() },
        Invocation { arguments, .. } => Invocation { target: first, arguments: arguments.clone() },
        Element { arguments, .. } => Element { target: first, arguments: arguments.clone() },
        Unary { operator, .. } => Unary { operator: *operator, operand: first },
        other => other.clone(),
    }
}
