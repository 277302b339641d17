//! Names, types and patterns.

use super::*;
use crate::{source::Span, text::Text};

/// A name as the code gives it, `@` removed and unicode escapes decoded.
#[derive(Clone, Debug)]
pub struct Identifier {
    /// The characters.
    pub name: Text,
    /// Where it stands.
    pub span: Span,
}

/// An identifier with type arguments, if it has any: `As<string>`.
#[derive(Clone, Debug, PartialEq)]
pub struct SimpleName {
    /// The name.
    pub identifier: Identifier,
    /// Its type arguments; empty for a name that is not generic.
    pub arguments: Vec<Type>,
}

/// What a declaration expression or a pattern declares.
#[derive(Clone, Debug)]
pub enum Designation {
    /// `_`
    Discard(Span),
    /// A variable.
    Variable(Identifier),
    /// `(a, (b, _))`: only behind `var` in a deconstruction.
    Tuple(Vec<Designation>, Span),
}

/// A type.
#[derive(Clone, Debug)]
pub struct Type {
    /// What it is.
    pub kind: TypeKind,
    /// Where it stands.
    pub span: Span,
}

/// What a type is.
#[derive(Clone, Debug, PartialEq)]
pub enum TypeKind {
    /// `int`, `string`; `void` only as what a local function returns and in `typeof(void)`.
    Predefined(PredefinedType),
    /// `Dictionary<string, object>`, `System.Text.Encoding`.
    Name(TypeName),
    /// `T?`
    Nullable(Box<Type>),
    /// `T[]`, `T[,]`. `int[][,]` is an array of rank 1 whose elements are arrays of rank 2.
    Array {
        /// The type of the elements.
        element: Box<Type>,
        /// The number of dimensions.
        rank: usize,
    },
    /// `(int a, string b)`: two elements at least.
    Tuple(Vec<TupleElement>),
    /// `dynamic`
    Dynamic,
    /// `var`, where a declaration leaves the type to its value.
    Var,
    /// `ref T` or `ref readonly T`: of a ref local or of what a local function returns.
    Ref {
        /// The type referred to.
        element: Box<Type>,
        /// Whether it is `ref readonly`.
        readonly: bool,
    },
    /// The missing argument of `List<>` in `typeof`.
    Omitted,
}

/// A named type: `global::System.Collections.Generic.List<int>`.
#[derive(Clone, Debug, PartialEq)]
pub struct TypeName {
    /// What stands before `::`.
    pub alias: Option<Identifier>,
    /// The parts between the dots: one at least.
    pub parts: Vec<SimpleName>,
}

/// An element of a tuple type.
#[derive(Clone, Debug)]
pub struct TupleElement {
    /// Its type.
    pub ty: Type,
    /// Its name.
    pub name: Option<Identifier>,
    /// Where it stands.
    pub span: Span,
}

/// A type that has a keyword.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is the keyword of its name")]
pub enum PredefinedType {
    Bool,
    Byte,
    Char,
    Decimal,
    Double,
    Float,
    Int,
    Long,
    Object,
    SByte,
    Short,
    String,
    UInt,
    ULong,
    UShort,
    Void,
}

/// What a value is tested for.
#[derive(Clone, Debug)]
pub struct Pattern {
    /// What it is.
    pub kind: PatternKind,
    /// Where it stands.
    pub span: Span,
}

/// What a pattern is.
#[derive(Clone, Debug, PartialEq)]
pub enum PatternKind {
    /// `is T`. A plain or dotted name may turn out to be a constant instead: see [`Type::to_expression`]. Never in a `case` label.
    Type(Type),
    /// `is null`, `case 1`: a constant expression.
    Constant(Expression),
    /// `is T x`, `case T _`.
    Declaration {
        /// The type.
        ty: Type,
        /// A variable or `_`.
        designation: Designation,
    },
    /// `is var x`
    Var(Designation),
    /// `is _`, `case _`: C# 7 looks for a type or a constant of that name.
    Discard,
}

impl SimpleName {
    /// Where the name stands, without its type arguments.
    pub fn span(&self) -> Span {
        self.identifier.span
    }
}

impl Designation {
    /// Where it stands.
    pub fn span(&self) -> Span {
        match self {
            Self::Discard(span) | Self::Tuple(_, span) => *span,
            Self::Variable(identifier) => identifier.span,
        }
    }
}

impl Type {
    /// The type's name read as an expression, for `a is X.Y` where `X.Y` is a constant: none for what can only be a type.
    pub fn to_expression(&self) -> Option<Expression> {
        let TypeKind::Name(TypeName { alias, parts }) = &self.kind else { return None };
        let mut parts = parts.iter();
        let first = parts.next()?.clone();
        let mut span = alias.as_ref().map_or(first.span(), |alias| alias.span.to(first.span()));
        let kind = match alias.clone() {
            Some(alias) => ExpressionKind::AliasQualified { alias, name: Box::new(first) },
            None => ExpressionKind::Name(first),
        };
        let mut expression = Expression { kind, span };
        for name in parts {
            span = span.to(name.span());
            expression = Expression { kind: ExpressionKind::Member { target: Box::new(expression), name: name.clone() }, span };
        }
        Some(expression)
    }
}

impl PredefinedType {
    /// The C# keyword.
    pub fn keyword(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::Byte => "byte",
            Self::Char => "char",
            Self::Decimal => "decimal",
            Self::Double => "double",
            Self::Float => "float",
            Self::Int => "int",
            Self::Long => "long",
            Self::Object => "object",
            Self::SByte => "sbyte",
            Self::Short => "short",
            Self::String => "string",
            Self::UInt => "uint",
            Self::ULong => "ulong",
            Self::UShort => "ushort",
            Self::Void => "void",
        }
    }
}
