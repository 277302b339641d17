//! Properties: printing loses nothing, and no text makes the parser panic.

use proptest::prelude::*;

use super::*;
use crate::{source::Span, text::Text};

fn node(kind: ExpressionKind) -> Expression {
    Expression { kind, span: Span::default() }
}

fn boxed(expression: Expression) -> Box<Expression> {
    Box::new(expression)
}

fn ty(kind: TypeKind) -> Type {
    Type { kind, span: Span::default() }
}

fn identifier(name: &str) -> Identifier {
    Identifier { name: Text::from(name.to_owned()), span: Span::default() }
}

fn identifiers() -> impl Strategy<Value = Identifier> {
    let names =
        ["a", "b", "context", "Foo", "class", "var", "from", "where", "when", "await", "nameof", "_x", "größe", "not", "select", "value"];
    prop::sample::select(names.to_vec()).prop_map(identifier)
}

fn units() -> impl Strategy<Value = std::sync::Arc<[u16]>> {
    let unit = prop_oneof![
        Just(0x22),
        Just(0x7B),
        Just(0x7D),
        Just(0x5C),
        Just(0x27),
        Just(10),
        Just(0xD83D),
        Just(0xDE00),
        32u16..127,
        any::<u16>()
    ];
    prop::collection::vec(unit, 0..6).prop_map(Into::into)
}

fn literals() -> impl Strategy<Value = Expression> {
    prop_oneof![
        Just(Literal::Null),
        any::<bool>().prop_map(Literal::Bool),
        prop_oneof![0..=i32::MAX, Just(i32::MIN)].prop_map(Literal::Int),
        any::<u32>().prop_map(Literal::UInt),
        prop_oneof![0..=i64::MAX, Just(i64::MIN)].prop_map(Literal::Long),
        any::<u64>().prop_map(Literal::ULong),
        (0.0f32..1e30).prop_map(Literal::Float),
        prop_oneof![0.0f64..1e300, Just(0.1), Just(1e-300)].prop_map(Literal::Double),
        (0u64.., 0u32..9).prop_map(|(digits, fraction)| Literal::Decimal(format!("{digits}.{fraction}").into())),
        any::<u16>().prop_map(Literal::Char),
        units().prop_map(Literal::String),
        units().prop_filter("two characters at least", |units| units.len() > 1).prop_map(Literal::QuotedString),
    ]
    .prop_map(|literal| node(ExpressionKind::Literal(literal)))
}

fn types() -> impl Strategy<Value = Type> {
    let leaf = prop_oneof![
        prop::sample::select(vec![PredefinedType::Int, PredefinedType::String, PredefinedType::Bool])
            .prop_map(|predefined| ty(TypeKind::Predefined(predefined))),
        Just(ty(TypeKind::Dynamic)),
        identifiers().prop_map(|name| named(name, Vec::new())),
    ];
    leaf.prop_recursive(3, 8, 2, |inner| {
        prop_oneof![
            (inner.clone(), 1usize..3).prop_map(|(element, rank)| ty(TypeKind::Array { element: Box::new(element), rank })),
            (identifiers(), prop::collection::vec(inner.clone(), 1..3)).prop_map(|(name, arguments)| named(name, arguments)),
            (identifiers(), identifiers()).prop_map(|(name, part)| {
                let parts = [name, part].map(|identifier| SimpleName { identifier, arguments: Vec::new() });
                ty(TypeKind::Name(TypeName { alias: None, parts: parts.into() }))
            }),
            Just(ty(TypeKind::Nullable(Box::new(ty(TypeKind::Predefined(PredefinedType::Int)))))),
            (inner, prop::option::of(identifiers())).prop_map(|(element, name)| {
                let element = TupleElement { ty: element, name, span: Span::default() };
                ty(TypeKind::Tuple(vec![element.clone(), element]))
            }),
        ]
    })
}

fn named(identifier: Identifier, arguments: Vec<Type>) -> Type {
    ty(TypeKind::Name(TypeName { alias: None, parts: vec![SimpleName { identifier, arguments }] }))
}

fn names() -> impl Strategy<Value = SimpleName> {
    identifiers().prop_map(|identifier| SimpleName { identifier, arguments: Vec::new() })
}

/// Names that are called, which may have type arguments.
fn called_names() -> impl Strategy<Value = SimpleName> {
    (identifiers(), prop::option::weighted(0.4, types()))
        .prop_map(|(identifier, argument)| SimpleName { identifier, arguments: argument.into_iter().collect() })
}

fn binary_operators() -> impl Strategy<Value = BinaryOperator> {
    use BinaryOperator::*;
    prop::sample::select(vec![
        Multiply,
        Divide,
        Remainder,
        Add,
        Subtract,
        ShiftLeft,
        ShiftRight,
        Less,
        Greater,
        LessOrEqual,
        GreaterOrEqual,
        Equal,
        NotEqual,
        And,
        ExclusiveOr,
        Or,
        ConditionalAnd,
        ConditionalOr,
        Coalesce,
    ])
}

fn unary_operators() -> impl Strategy<Value = UnaryOperator> {
    use UnaryOperator::*;
    prop::sample::select(vec![Plus, Minus, Not, Complement, PreIncrement, PreDecrement, PostIncrement, PostDecrement])
}

fn argument((name, modifier, value): (Option<Identifier>, Option<ArgumentModifier>, Expression)) -> Argument {
    Argument { name, modifier, value, span: Span::default() }
}

fn arguments(inner: impl Strategy<Value = Expression> + Clone + 'static) -> impl Strategy<Value = Vec<Argument>> {
    let modifier = prop::option::weighted(0.2, prop::sample::select(vec![ArgumentModifier::Ref, ArgumentModifier::In]));
    prop::collection::vec((prop::option::weighted(0.2, identifiers()), modifier, inner).prop_map(argument), 0..3)
}

/// Random expressions. Left out is what has no text of its own: a name that only looks like a call of `default`, a tuple that is called.
fn expressions() -> impl Strategy<Value = Expression> {
    let name = names().prop_map(|name| node(ExpressionKind::Name(name)));
    let leaf = prop_oneof![3 => literals(), 4 => name, 1 => Just(node(ExpressionKind::This)), 1 => types().prop_map(|ty| node(ExpressionKind::Default(ty)))];
    leaf.prop_recursive(5, 48, 4, |inner| {
        let e = inner.clone();
        let callable = inner.clone().prop_filter("a tuple or a name in parentheses reads as a cast", |target| {
            !matches!(target.kind, ExpressionKind::Tuple(_) | ExpressionKind::DefaultLiteral)
        });
        prop_oneof![
            6 => (e.clone(), binary_operators(), e.clone())
                .prop_map(|(left, operator, right)| node(ExpressionKind::Binary { left: boxed(left), operator, right: boxed(right) })),
            2 => (unary_operators(), e.clone()).prop_map(|(operator, operand)| node(ExpressionKind::Unary { operator, operand: boxed(operand) })),
            2 => (types(), e.clone()).prop_map(|(ty, operand)| node(ExpressionKind::Cast { ty, operand: boxed(operand) })),
            1 => (e.clone(), types()).prop_map(|(operand, ty)| node(ExpressionKind::As { operand: boxed(operand), ty })),
            1 => (e.clone(), patterns(literals().boxed())).prop_map(|(operand, pattern)| node(ExpressionKind::Is { operand: boxed(operand), pattern: Box::new(pattern) })),
            2 => (e.clone(), e.clone(), e.clone()).prop_map(|(condition, then, otherwise)| {
                node(ExpressionKind::Conditional { condition: boxed(condition), then: boxed(then), otherwise: boxed(otherwise) })
            }),
            1 => (names(), prop::option::of(binary_operators().prop_filter("`<=` is another operator", |operator| assignable(*operator))), e.clone()).prop_map(
                |(target, operator, value)| {
                    let target = boxed(node(ExpressionKind::Name(target)));
                    node(ExpressionKind::Assignment { target, operator, value: boxed(value) })
                }
            ),
            2 => (e.clone(), names()).prop_map(|(target, name)| node(ExpressionKind::Member { target: boxed(target), name })),
            2 => (callable, arguments(e.clone())).prop_map(|(target, arguments)| node(ExpressionKind::Invocation { target: boxed(target), arguments })),
            1 => (e.clone(), e.clone()).prop_map(|(target, index)| {
                node(ExpressionKind::Element { target: boxed(target), arguments: vec![argument((None, None, index))] })
            }),
            2 => (prop::option::of(e.clone()), called_names(), arguments(e.clone())).prop_map(|(target, name, arguments)| {
                let target = match target {
                    Some(target) => ExpressionKind::Member { target: boxed(target), name },
                    None => ExpressionKind::Name(name),
                };
                node(ExpressionKind::Invocation { target: boxed(node(target)), arguments })
            }),
            1 => (e.clone(), called_names(), arguments(e.clone())).prop_map(|(target, name, arguments)| {
                let binding = boxed(node(ExpressionKind::MemberBinding(name)));
                let when_not_null = boxed(node(ExpressionKind::Invocation { target: binding, arguments }));
                node(ExpressionKind::ConditionalAccess { target: boxed(target), when_not_null })
            }),
            1 => prop::collection::vec(e.clone(), 2..4).prop_map(|values| {
                node(ExpressionKind::Tuple(values.into_iter().map(|value| argument((None, None, value))).collect()))
            }),
            1 => (types(), arguments(e.clone()), prop::option::of(prop::collection::vec((identifiers(), e.clone()), 0..3))).prop_filter_map(
                "only named types are created",
                |(ty, arguments, members)| {
                    matches!(ty.kind, TypeKind::Name(_)).then(|| {
                        let initializer = members.map(|members| Box::new(object_initializer(members)));
                        node(ExpressionKind::ObjectCreation { ty: Box::new(ty), arguments, initializer })
                    })
                }
            ),
            1 => prop::collection::vec(e.clone(), 0..3).prop_map(|elements| {
                let initializer = boxed(node(ExpressionKind::ArrayInitializer(elements)));
                node(ExpressionKind::ImplicitArrayCreation { rank: 1, initializer })
            }),
            1 => (types(), e.clone()).prop_filter_map("`?` ends the type", |(element, size)| {
                let plain = matches!(element.kind, TypeKind::Name(_) | TypeKind::Predefined(_));
                plain.then(|| {
                    let array = Box::new(ty(TypeKind::Array { element: Box::new(element), rank: 1 }));
                    node(ExpressionKind::ArrayCreation { ty: array, sizes: vec![size], initializer: None })
                })
            }),
            1 => (prop::collection::vec(identifiers(), 0..3), e.clone()).prop_map(|(names, body)| {
                let parameters = names.into_iter().map(|name| Parameter { modifier: None, ty: None, name, default: None, span: Span::default() }).collect();
                node(ExpressionKind::Lambda { parameters, body: FunctionBody::Expression(boxed(body)) })
            }),
            1 => (e.clone(), prop::option::of(0u8..9), prop::option::of(units()), units()).prop_map(|(value, alignment, format, text)| {
                interpolated(value, alignment.map(|width| node(ExpressionKind::Literal(Literal::Int(width.into())))), format, text)
            }),
            1 => (identifiers(), e.clone(), e.clone(), e.clone(), any::<bool>()).prop_map(|(variable, source, condition, value, into)| {
                query(variable, source, condition, value, into)
            }),
            1 => (e.clone(), e.clone()).prop_map(|(left, thrown)| {
                let right = boxed(node(ExpressionKind::Throw(boxed(thrown))));
                node(ExpressionKind::Binary { left: boxed(left), operator: BinaryOperator::Coalesce, right })
            }),
            1 => e.clone().prop_map(|value| node(ExpressionKind::Checked(boxed(value)))),
            1 => e.prop_map(|value| node(ExpressionKind::Parenthesized(boxed(node(ExpressionKind::Unary { operator: UnaryOperator::Not, operand: boxed(value) }))))),
        ]
    })
}

fn assignable(operator: BinaryOperator) -> bool {
    use Precedence::*;
    matches!(operator.precedence(), Multiplicative | Additive | Shift | And | ExclusiveOr | Or)
}

fn object_initializer(members: Vec<(Identifier, Expression)>) -> Initializer {
    let member = |(name, value)| MemberInitializer {
        target: InitializerTarget::Member(name),
        value: InitializerValue::Expression(value),
        span: Span::default(),
    };
    Initializer { kind: InitializerKind::Object(members.into_iter().map(member).collect()), span: Span::default() }
}

fn interpolated(
    value: Expression,
    alignment: Option<Expression>,
    format: Option<std::sync::Arc<[u16]>>,
    text: std::sync::Arc<[u16]>,
) -> Expression {
    let format = format.filter(|format| !format.is_empty() && !format.contains(&0x7B));
    let hole = Interpolation { value: boxed(value), alignment: alignment.map(boxed), format, span: Span::default() };
    let mut parts = vec![InterpolationPart::Hole(hole)];
    if !text.is_empty() {
        parts.push(InterpolationPart::Text(text));
    }
    node(ExpressionKind::Interpolated(parts))
}

fn query(variable: Identifier, source: Expression, condition: Expression, value: Expression, into: bool) -> Expression {
    let clause = QueryClause { kind: QueryClauseKind::Where(condition), span: Span::default() };
    let end = QueryEnd::Select(value);
    let continuation = into.then(|| {
        let end = QueryEnd::Group { value: source.clone(), key: source.clone() };
        Box::new(QueryContinuation { variable: variable.clone(), body: QueryBody { clauses: Vec::new(), end, continuation: None } })
    });
    let from = FromClause { ty: None, variable, source, span: Span::default() };
    node(ExpressionKind::Query(Box::new(Query { from, body: QueryBody { clauses: vec![clause], end, continuation } })))
}

/// What a label may compare with.
fn constants() -> impl Strategy<Value = Expression> {
    let name = || names().prop_map(|name| node(ExpressionKind::Name(name)));
    let member = (name(), names()).prop_map(|(target, name)| node(ExpressionKind::Member { target: boxed(target), name }));
    let leaf = prop_oneof![literals(), name(), member];
    leaf.prop_recursive(2, 6, 3, |inner| {
        prop_oneof![
            (inner.clone(), binary_operators(), inner.clone()).prop_map(|(left, operator, right)| node(ExpressionKind::Binary {
                left: boxed(left),
                operator,
                right: boxed(right)
            })),
            (inner.clone(), inner.clone(), inner).prop_map(|(condition, then, otherwise)| {
                node(ExpressionKind::Conditional { condition: boxed(condition), then: boxed(then), otherwise: boxed(otherwise) })
            }),
        ]
    })
}

fn patterns(constants: BoxedStrategy<Expression>) -> impl Strategy<Value = Pattern> {
    prop_oneof![
        constants.prop_map(PatternKind::Constant),
        types().prop_map(PatternKind::Type),
        // `T? x` is no pattern, and a tuple's type reads as a positional one.
        (types(), identifiers()).prop_map(|(ty, name)| PatternKind::Declaration { ty, designation: Designation::Variable(name) }),
        identifiers().prop_map(|name| PatternKind::Var(Designation::Variable(name))),
    ]
    .prop_filter("C# 7 has no pattern of a tuple or of a nullable type with a name", |kind| match kind {
        PatternKind::Type(ty) => !matches!(ty.kind, TypeKind::Tuple(_)),
        PatternKind::Declaration { ty, .. } => !matches!(ty.kind, TypeKind::Tuple(_) | TypeKind::Nullable(_)),
        _ => true,
    })
    .prop_map(|kind| Pattern { kind, span: Span::default() })
}

fn statement(kind: StatementKind) -> Statement {
    Statement { kind, span: Span::default() }
}

fn body(statements: Vec<Statement>) -> Block {
    Block { statements, span: Span::default() }
}

fn statements() -> impl Strategy<Value = Statement> {
    let call = (identifiers(), arguments(expressions().boxed())).prop_map(|(name, arguments)| {
        let target = boxed(node(ExpressionKind::Name(SimpleName { identifier: name, arguments: Vec::new() })));
        StatementKind::Expression(node(ExpressionKind::Invocation { target, arguments }))
    });
    let local = (types(), identifiers(), prop::option::of(expressions()), any::<bool>()).prop_map(|(declared, name, value, var)| {
        let ty = if var { ty(TypeKind::Var) } else { declared };
        let variables = vec![VariableDeclarator { name, value, span: Span::default() }];
        StatementKind::Local(LocalDeclaration { is_const: false, ty, variables, span: Span::default() })
    });
    let leaf = prop_oneof![
        call,
        local,
        prop::option::of(expressions()).prop_map(StatementKind::Return),
        Just(StatementKind::Break),
        Just(StatementKind::Empty),
        identifiers().prop_map(StatementKind::Goto),
    ]
    .prop_map(statement);
    leaf.prop_recursive(3, 16, 3, |inner| {
        let blocks = prop::collection::vec(inner.clone(), 0..3).prop_map(body);
        let nested = blocks.clone().prop_map(|block| Box::new(statement(StatementKind::Block(block))));
        prop_oneof![
            (expressions(), nested.clone(), prop::option::of(nested.clone())).prop_map(|(condition, then, otherwise)| StatementKind::If {
                condition,
                then,
                otherwise
            }),
            (expressions(), nested.clone()).prop_map(|(condition, body)| StatementKind::While { condition, body }),
            (types(), identifiers(), expressions(), nested).prop_map(|(ty, name, source, body)| {
                let variable = ForEachVariable::Typed { ty, name };
                StatementKind::ForEach { variable, source, body }
            }),
            (blocks.clone(), blocks.clone()).prop_map(|(block, finally)| StatementKind::Try {
                block,
                catches: Vec::new(),
                finally: Some(finally)
            }),
            (expressions(), patterns(constants().boxed()), prop::option::of(expressions()), prop::collection::vec(inner, 0..3))
                .prop_filter_map("a label has no type alone", |(value, pattern, guard, statements)| {
                    let alone = matches!(pattern.kind, PatternKind::Type(_));
                    (!alone).then(|| {
                        let labels = vec![SwitchLabel { kind: SwitchLabelKind::Case { pattern, guard }, span: Span::default() }];
                        StatementKind::Switch { value, sections: vec![SwitchSection { labels, statements, span: Span::default() }] }
                    })
                }),
            (identifiers(), blocks).prop_map(|(name, block)| {
                StatementKind::LocalFunction(Box::new(LocalFunction {
                    return_type: ty(TypeKind::Predefined(PredefinedType::Void)),
                    name,
                    type_parameters: Vec::new(),
                    parameters: Vec::new(),
                    constraints: Vec::new(),
                    body: FunctionBody::Block(block),
                    span: Span::default(),
                }))
            }),
        ]
        .prop_map(statement)
    })
}

fn soup() -> impl Strategy<Value = String> {
    let tokens = "( ) [ ] { } < > , ; : :: . .. ? ?? ??= => -> = == ! != + ++ += - -- * / % & && | || ^ ~ << <= >= >> >>= a b var x from in where select into join on \
        equals orderby group by let when is as new int string void if else for foreach while do switch case default return throw try catch finally using lock \
        checked goto const ref out delegate async await yield static typeof nameof null true this 1 2.5 0x 1_ 'a' 'abc' ' \" \"a\" @\" @\"b\" $\" $@\" $\"{a}\" {{ }} \\ \\u0041 \
        @ # #if // /* */ \n ` å 😀 _ dynamic stackalloc unsafe with record not and or u8 \"\"\"";
    let tokens: Vec<String> = tokens.split(' ').map(str::to_owned).collect();
    let glue = prop::sample::select(vec!["", " "]);
    prop::collection::vec((prop::sample::select(tokens), glue), 0..60)
        .prop_map(|pieces| pieces.into_iter().map(|(token, glue)| token + glue).collect())
}

/// Whatever the parser says has its place in the text, and what it accepts survives printing.
fn check(text: &str) {
    let code = code(text);
    match parse_expression(&code) {
        Ok(tree) => check_expression(&tree),
        Err(faults) => check_places(text, &faults),
    }
    match parse_block(&code) {
        Ok(tree) => check_block(&tree),
        Err(faults) => check_places(text, &faults),
    }
}

/// What is printed groups like the tree, and printed once more it is exactly the same: the first time the printer may add parentheses.
fn check_expression(tree: &Expression) {
    let text = print_expression(tree);
    let parsed = expression(&text);
    assert_eq!(Printer::explicit().print_expression(&parsed), Printer::explicit().print_expression(tree), "{text}");
    assert_eq!(expression(&print_expression(&parsed)), parsed, "{text}");
}

fn check_block(tree: &Block) {
    let text = print_block(tree);
    let parsed = block(&text);
    assert_eq!(Printer::explicit().print_block(&parsed), Printer::explicit().print_block(tree), "{text}");
    assert_eq!(block(&print_block(&parsed)), parsed, "{text}");
}

fn check_places(text: &str, faults: &[Diagnostic]) {
    assert!(!faults.is_empty());
    for fault in faults {
        let span = fault.primary().expect("a place").span;
        assert!(text.get(span.range()).is_some(), "{} at {span:?} in {text:?}", fault.code);
    }
}

proptest! {
    #[test]
    fn printed_expressions_parse_to_the_same(tree in expressions()) {
        check_expression(&tree);
    }

    #[test]
    fn printed_statements_parse_to_the_same(statements in prop::collection::vec(statements(), 0..4)) {
        check_block(&body(statements));
    }

    #[test]
    fn no_soup_of_tokens_makes_the_parser_panic(text in soup()) {
        check(&text);
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in "\\PC{0,40}") {
        check(&text);
    }

    #[test]
    fn no_piece_of_good_code_makes_the_parser_panic(tree in expressions(), from in 0usize..200, length in 0usize..200) {
        let text: String = print_expression(&tree).chars().skip(from).take(length).collect();
        check(&text);
    }
}
