//! Expressions as text.

use super::{super::tree::*, Printer};

impl Printer<'_> {
    /// An expression where any may stand: with a loop along its first operands, because chains of them may have thousands of links.
    pub(super) fn expression(&mut self, expression: &Expression) {
        let mut links = Vec::new();
        let mut innermost = expression;
        while let Some(first) = innermost.first_operand() {
            let first = if self.explicit { first.without_parentheses() } else { first };
            let enclosed = self.encloses(&innermost.kind, first);
            if enclosed {
                self.push("(");
            }
            links.push((&innermost.kind, enclosed));
            innermost = first;
        }
        self.beginning(innermost);
        for (link, enclosed) in links.into_iter().rev() {
            if enclosed {
                self.push(")");
            }
            self.link(link);
        }
    }

    /// Whether the first operand of an expression stands in parentheses.
    fn encloses(&self, parent: &ExpressionKind, first: &Expression) -> bool {
        let floor = match parent {
            ExpressionKind::Binary { operator, .. } if mistakable_as_generic(first, *operator) => return true,
            // `??` groups from the right.
            ExpressionKind::Binary { operator: BinaryOperator::Coalesce, .. } => Precedence::ConditionalOr,
            ExpressionKind::Binary { operator, .. } => operator.precedence(),
            ExpressionKind::Is { .. } | ExpressionKind::As { .. } => Precedence::Relational,
            ExpressionKind::Unary { .. } => Precedence::Primary,
            // `(a?.b).c` is not `a?.b.c`, and `new int[2][0]` no element of an array.
            _ if matches!(first.kind, ExpressionKind::ConditionalAccess { .. }) => return true,
            ExpressionKind::Element { .. } if matches!(first.kind, ExpressionKind::ArrayCreation { initializer: None, .. }) => return true,
            _ => Precedence::Primary,
        };
        precedence(first) < if self.explicit { Precedence::Primary } else { floor }
    }

    /// What stands behind the first operand.
    fn link(&mut self, link: &ExpressionKind) {
        match link {
            ExpressionKind::Binary { operator, right, .. } => {
                self.push(" ");
                self.push(operator.symbol());
                self.push(" ");
                if *operator == BinaryOperator::Coalesce { self.coalesced(right) } else { self.operand(right, tighter(*operator)) }
            }
            ExpressionKind::Is { pattern, .. } => {
                self.push(" is ");
                self.pattern(pattern);
            }
            ExpressionKind::As { ty, .. } => {
                self.push(" as ");
                self.ty(ty);
            }
            ExpressionKind::Member { name, .. } => {
                self.push(".");
                self.simple_member(name);
            }
            ExpressionKind::Invocation { arguments, .. } => self.arguments("(", arguments, ")"),
            ExpressionKind::Element { arguments, .. } => self.arguments("[", arguments, "]"),
            ExpressionKind::Unary { operator, .. } => self.push(operator.symbol()),
            _ => {}
        }
    }

    /// An expression that begins with no operand of its own.
    fn beginning(&mut self, expression: &Expression) {
        use ExpressionKind::*;
        match &expression.kind {
            Literal(literal) => match self.written(expression.span) {
                Some(written) => self.push(written),
                None => self.literal(literal),
            },
            Interpolated(parts) => match self.written(expression.span) {
                Some(written) => self.push(written),
                None => self.interpolated(parts),
            },
            Parenthesized(inner) if self.explicit => self.expression(inner),
            Parenthesized(inner) => self.enclosed(inner),
            Name(name) => self.simple_name(name),
            AliasQualified { alias, name } => {
                self.identifier(alias);
                self.push("::");
                self.simple_name(name);
            }
            Predefined(predefined) => self.push(predefined.keyword()),
            Tuple(elements) => self.arguments("(", elements, ")"),
            Binary { .. } | Is { .. } | As { .. } | Member { .. } | Invocation { .. } | Element { .. } => {}
            ConditionalAccess { target, when_not_null } => {
                self.conditional_target(target);
                self.push("?");
                self.expression(when_not_null);
            }
            MemberBinding(name) => {
                self.push(".");
                self.simple_member(name);
            }
            ElementBinding(arguments) => self.arguments("[", arguments, "]"),
            This => self.push("this"),
            Base => self.push("base"),
            Unary { operator, operand } => self.unary(*operator, operand),
            Cast { ty, operand } => self.cast(ty, operand),
            Conditional { condition, then, otherwise } => {
                self.operand(condition, Precedence::Coalesce);
                self.push(" ? ");
                self.operand(then, Precedence::Assignment);
                self.push(" : ");
                self.operand(otherwise, Precedence::Assignment);
            }
            Assignment { target, operator, value } => {
                self.operand(target, Precedence::Conditional);
                self.push(" ");
                self.push(operator.map_or("", BinaryOperator::symbol));
                self.push("= ");
                self.operand(value, Precedence::Assignment);
            }
            ObjectCreation { ty, arguments, initializer } => self.object_creation(ty, arguments, initializer.as_deref()),
            AnonymousObject(members) => {
                self.push("new ");
                self.braces(members, |printer, member| {
                    if let Some(name) = &member.name {
                        printer.identifier(name);
                        printer.push(" = ");
                    }
                    printer.operand(&member.value, Precedence::Assignment);
                });
            }
            ArrayCreation { ty, sizes, initializer } => {
                self.push("new ");
                self.array_type(ty, |printer| {
                    if !sizes.is_empty() {
                        printer.push("[");
                        printer.list(sizes, Self::element);
                        printer.push("]");
                    }
                    !sizes.is_empty()
                });
                if let Some(initializer) = initializer {
                    self.push(" ");
                    self.expression(initializer);
                }
            }
            ImplicitArrayCreation { rank, initializer } => {
                self.push("new[");
                self.out.extend(std::iter::repeat_n(',', rank.saturating_sub(1)));
                self.push("] ");
                self.expression(initializer);
            }
            ArrayInitializer(elements) => self.braces(elements, Self::element),
            TypeOf(ty) => self.keyword_type("typeof", ty),
            SizeOf(ty) => self.keyword_type("sizeof", ty),
            Default(ty) => self.keyword_type("default", ty),
            DefaultLiteral => self.push("default"),
            NameOf(value) => self.keyword_value("nameof", value),
            Checked(value) => self.keyword_value("checked", value),
            Unchecked(value) => self.keyword_value("unchecked", value),
            Lambda { parameters, body } => self.lambda(parameters, body),
            AnonymousMethod { parameters, body } => {
                self.push("delegate ");
                if let Some(parameters) = parameters {
                    self.parameters(parameters);
                    self.push(" ");
                }
                self.function_block(body);
            }
            Throw(value) => {
                self.push("throw ");
                self.operand(value, Precedence::Coalesce);
            }
            Ref(value) => {
                self.push("ref ");
                self.operand(value, Precedence::Assignment);
            }
            Declaration { ty, designation } => {
                self.ty(ty);
                self.push(" ");
                self.designation(designation);
            }
            Query(query) => self.query(query),
        }
    }

    /// An expression where only what binds at least as strongly as `floor` may stand without parentheses.
    pub(super) fn operand(&mut self, expression: &Expression, floor: Precedence) {
        if self.explicit {
            let inner = expression.without_parentheses();
            // `(throw a)` and `({ a })` do not exist.
            let bare = matches!(
                inner.kind,
                ExpressionKind::Throw(_)
                    | ExpressionKind::Ref(_)
                    | ExpressionKind::Declaration { .. }
                    | ExpressionKind::ArrayInitializer(_)
            );
            if bare || precedence(inner) == Precedence::Primary { self.expression(inner) } else { self.enclosed(inner) }
        } else if precedence(expression) < floor {
            self.enclosed(expression);
        } else {
            self.expression(expression);
        }
    }

    /// An element of a list.
    pub(super) fn element(&mut self, expression: &Expression) {
        self.operand(expression, Precedence::Assignment);
    }

    fn enclosed(&mut self, expression: &Expression) {
        self.push("(");
        self.expression(expression);
        self.push(")");
    }

    /// What stands before `?.`.
    fn conditional_target(&mut self, target: &Expression) {
        let inner = if self.explicit { target.without_parentheses() } else { target };
        if matches!(inner.kind, ExpressionKind::ConditionalAccess { .. }) {
            self.enclosed(inner)
        } else {
            self.operand(inner, Precedence::Primary)
        }
    }

    /// A prefix operator and its operand.
    fn unary(&mut self, operator: UnaryOperator, operand: &Expression) {
        self.push(operator.symbol());
        let start = self.out.len();
        self.operand(operand, Precedence::Unary);
        // `- -a` is not `--a`.
        let first = self.out.get(start..).and_then(|text| text.chars().next());
        if first.is_some_and(|first| matches!(first, '+' | '-') && operator.symbol().ends_with(first)) {
            self.out.insert(start, ' ');
        }
    }

    fn cast(&mut self, ty: &Type, operand: &Expression) {
        self.push("(");
        self.ty(ty);
        self.push(")");
        let start = self.out.len();
        self.operand(operand, Precedence::Unary);
        // `(a)-b` is a subtraction unless `a` can only be a type.
        let signed = self.out.get(start..).is_some_and(|text| text.starts_with(['+', '-']));
        if signed && !matches!(ty.kind, TypeKind::Predefined(_) | TypeKind::Nullable(_) | TypeKind::Array { .. }) {
            self.out.insert(start, '(');
            self.push(")");
        }
    }

    /// What stands to the right of `??`.
    fn coalesced(&mut self, mut right: &Expression) {
        while let (ExpressionKind::Binary { left, operator: BinaryOperator::Coalesce, right: next }, false) = (&right.kind, self.explicit) {
            self.operand(left, Precedence::ConditionalOr);
            self.push(" ?? ");
            right = next;
        }
        match right.kind {
            ExpressionKind::Throw(_) => self.expression(right),
            _ => self.operand(right, Precedence::Coalesce),
        }
    }

    pub(super) fn arguments(&mut self, open: &str, arguments: &[Argument], close: &str) {
        self.push(open);
        self.list(arguments, |printer, argument| {
            if let Some(name) = &argument.name {
                printer.identifier(name);
                printer.push(": ");
            }
            printer.push(match argument.modifier {
                Some(ArgumentModifier::Ref) => "ref ",
                Some(ArgumentModifier::Out) => "out ",
                Some(ArgumentModifier::In) => "in ",
                None => "",
            });
            printer.element(&argument.value);
        });
        self.push(close);
    }

    fn braces<T>(&mut self, elements: &[T], print: impl FnMut(&mut Self, &T)) {
        if elements.is_empty() {
            return self.push("{ }");
        }
        self.push("{ ");
        self.list(elements, print);
        self.push(" }");
    }

    fn object_creation(&mut self, ty: &Type, arguments: &[Argument], initializer: Option<&Initializer>) {
        self.push("new ");
        self.ty(ty);
        if initializer.is_none() || !arguments.is_empty() {
            self.arguments("(", arguments, ")");
        }
        if let Some(initializer) = initializer {
            self.push(" ");
            self.initializer(initializer);
        }
    }

    fn initializer(&mut self, initializer: &Initializer) {
        match &initializer.kind {
            InitializerKind::Object(members) => self.braces(members, |printer, member| {
                match &member.target {
                    InitializerTarget::Member(name) => printer.identifier(name),
                    InitializerTarget::Element(arguments) => printer.arguments("[", arguments, "]"),
                }
                printer.push(" = ");
                match &member.value {
                    InitializerValue::Expression(value) => printer.element(value),
                    InitializerValue::Initializer(initializer) => printer.initializer(initializer),
                }
            }),
            InitializerKind::Collection(elements) => self.braces(elements, |printer, element| match element.arguments.as_slice() {
                [single] if !matches!(single.kind, ExpressionKind::Assignment { .. }) => printer.element(single),
                several => printer.braces(several, Self::element),
            }),
        }
    }

    fn keyword_type(&mut self, keyword: &str, ty: &Type) {
        self.push(keyword);
        self.push("(");
        self.ty(ty);
        self.push(")");
    }

    fn keyword_value(&mut self, keyword: &str, value: &Expression) {
        self.push(keyword);
        self.push("(");
        self.expression(value);
        self.push(")");
    }

    fn lambda(&mut self, parameters: &[Parameter], body: &FunctionBody) {
        match parameters {
            [Parameter { modifier: None, ty: None, name, .. }] => self.identifier(name),
            parameters => self.parameters(parameters),
        }
        self.push(" => ");
        match body {
            FunctionBody::Expression(body) => self.operand(body, Precedence::Assignment),
            FunctionBody::Block(block) => self.function_block(block),
        }
    }

    /// A block that is no part of the query around it.
    pub(super) fn function_block(&mut self, block: &Block) {
        let in_query = std::mem::take(&mut self.in_query);
        self.block(block);
        self.in_query = in_query;
    }

    pub(super) fn parameters(&mut self, parameters: &[Parameter]) {
        self.push("(");
        self.list(parameters, |printer, parameter| {
            printer.push(match parameter.modifier {
                Some(ParameterModifier::Ref) => "ref ",
                Some(ParameterModifier::Out) => "out ",
                Some(ParameterModifier::In) => "in ",
                Some(ParameterModifier::Params) => "params ",
                None => "",
            });
            if let Some(ty) = &parameter.ty {
                printer.ty(ty);
                printer.push(" ");
            }
            printer.identifier(&parameter.name);
            if let Some(default) = &parameter.default {
                printer.push(" = ");
                printer.operand(default, Precedence::Assignment);
            }
        });
        self.push(")");
    }
}

/// How strongly an expression binds.
fn precedence(expression: &Expression) -> Precedence {
    use ExpressionKind::*;
    match &expression.kind {
        Assignment { .. } | Lambda { .. } | Query(_) | Throw(_) | Ref(_) => Precedence::Assignment,
        Conditional { .. } => Precedence::Conditional,
        Binary { operator, .. } => operator.precedence(),
        Is { .. } | As { .. } => Precedence::Relational,
        Unary { operator, .. } if !operator.is_postfix() => Precedence::Unary,
        Cast { .. } => Precedence::Unary,
        Literal(super::super::tree::Literal::Int(i32::MIN) | super::super::tree::Literal::Long(i64::MIN)) => Precedence::Unary,
        _ => Precedence::Primary,
    }
}

/// What the right operand must at least bind like: more strongly than the operator, which groups from the left.
fn tighter(operator: BinaryOperator) -> Precedence {
    match operator.precedence() {
        Precedence::Multiplicative => Precedence::Unary,
        Precedence::Additive => Precedence::Multiplicative,
        Precedence::Shift => Precedence::Additive,
        Precedence::Relational => Precedence::Shift,
        Precedence::Equality => Precedence::Relational,
        Precedence::And => Precedence::Equality,
        Precedence::ExclusiveOr => Precedence::And,
        Precedence::Or => Precedence::ExclusiveOr,
        Precedence::ConditionalAnd => Precedence::Or,
        Precedence::ConditionalOr => Precedence::ConditionalAnd,
        _ => Precedence::ConditionalOr,
    }
}

/// Whether `left operator …` would read as a name with type arguments: `a < b > (c)`, `a is T < b`.
fn mistakable_as_generic(left: &Expression, operator: BinaryOperator) -> bool {
    match &left.kind {
        ExpressionKind::Binary { operator: BinaryOperator::Less, .. } => operator == BinaryOperator::Greater,
        ExpressionKind::Is { .. } | ExpressionKind::As { .. } => operator == BinaryOperator::Less,
        _ => false,
    }
}
