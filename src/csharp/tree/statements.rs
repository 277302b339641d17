//! Statements.

use super::*;
use crate::source::Span;

/// Statements in braces; also the whole of `@{ … }`.
#[derive(Clone, Debug)]
pub struct Block {
    /// The statements.
    pub statements: Vec<Statement>,
    /// Where it stands, braces included; for `@{ … }` what is between them.
    pub span: Span,
}

/// A statement.
#[derive(Clone, Debug)]
pub struct Statement {
    /// What it is.
    pub kind: StatementKind,
    /// Where it stands.
    pub span: Span,
}

/// What a statement is.
#[derive(Clone, Debug, PartialEq)]
pub enum StatementKind {
    /// `{ … }`
    Block(Block),
    /// `;`
    Empty,
    /// `int a = 1, b;`
    Local(LocalDeclaration),
    /// `int F(int x) => x;`
    LocalFunction(Box<LocalFunction>),
    /// `f();`: a call, an assignment, `++`, `--` or `new`.
    Expression(Expression),
    /// `if (a) … else …`
    If {
        /// The condition.
        condition: Expression,
        /// When true.
        then: Box<Statement>,
        /// When false.
        otherwise: Option<Box<Statement>>,
    },
    /// `while (a) …`
    While {
        /// The condition.
        condition: Expression,
        /// The body.
        body: Box<Statement>,
    },
    /// `do … while (a);`
    Do {
        /// The body.
        body: Box<Statement>,
        /// The condition.
        condition: Expression,
    },
    /// `for (a; b; c) …`
    For {
        /// What runs first.
        initializer: Option<ForInitializer>,
        /// The condition; none is true.
        condition: Option<Expression>,
        /// What runs after each round.
        iterators: Vec<Expression>,
        /// The body.
        body: Box<Statement>,
    },
    /// `foreach (var x in xs) …`
    ForEach {
        /// What each element is put in.
        variable: ForEachVariable,
        /// The elements.
        source: Expression,
        /// The body.
        body: Box<Statement>,
    },
    /// `switch (a) { … }`
    Switch {
        /// What is looked at.
        value: Expression,
        /// The sections.
        sections: Vec<SwitchSection>,
    },
    /// `break;`
    Break,
    /// `continue;`
    Continue,
    /// `goto label;`
    Goto(Identifier),
    /// `goto case 1;`
    GotoCase(Expression),
    /// `goto default;`
    GotoDefault,
    /// `return a;`
    Return(Option<Expression>),
    /// `throw a;`
    Throw(Option<Expression>),
    /// `try { … } catch { … } finally { … }`
    Try {
        /// What is tried.
        block: Block,
        /// The handlers.
        catches: Vec<Catch>,
        /// What runs in any case.
        finally: Option<Block>,
    },
    /// `using (a) …`
    Using {
        /// What is disposed of in the end.
        resource: UsingResource,
        /// The body.
        body: Box<Statement>,
    },
    /// `lock (a) …`
    Lock {
        /// What is locked.
        value: Expression,
        /// The body.
        body: Box<Statement>,
    },
    /// `checked { … }`
    Checked(Block),
    /// `unchecked { … }`
    Unchecked(Block),
    /// `label: …`
    Labeled {
        /// The label.
        label: Identifier,
        /// The statement.
        statement: Box<Statement>,
    },
    /// `yield return a;`
    YieldReturn(Expression),
    /// `yield break;`
    YieldBreak,
}

/// `int a = 1, b` without its semicolon.
#[derive(Clone, Debug)]
pub struct LocalDeclaration {
    /// Whether it is `const`.
    pub is_const: bool,
    /// The type; [`TypeKind::Var`] for `var`.
    pub ty: Type,
    /// The variables: one at least.
    pub variables: Vec<VariableDeclarator>,
    /// Where it stands.
    pub span: Span,
}

/// `a = 1` of a declaration.
#[derive(Clone, Debug)]
pub struct VariableDeclarator {
    /// The name.
    pub name: Identifier,
    /// The value; may be an [`ExpressionKind::ArrayInitializer`], and an [`ExpressionKind::Ref`] for ref locals.
    pub value: Option<Expression>,
    /// Where it stands.
    pub span: Span,
}

/// A function in a function.
#[derive(Clone, Debug)]
pub struct LocalFunction {
    /// What it returns.
    pub return_type: Type,
    /// Its name.
    pub name: Identifier,
    /// Its type parameters.
    pub type_parameters: Vec<Identifier>,
    /// Its parameters.
    pub parameters: Vec<Parameter>,
    /// The `where` clauses.
    pub constraints: Vec<ConstraintClause>,
    /// Its body.
    pub body: FunctionBody,
    /// Where it stands.
    pub span: Span,
}

/// `where T : class, new()`.
#[derive(Clone, Debug)]
pub struct ConstraintClause {
    /// The type parameter.
    pub parameter: Identifier,
    /// What is asked of it.
    pub constraints: Vec<Constraint>,
    /// Where it stands.
    pub span: Span,
}

/// What is asked of a type parameter.
#[derive(Clone, Debug, PartialEq)]
pub enum Constraint {
    /// `class`
    Class,
    /// `struct`
    Struct,
    /// `new()`
    New,
    /// A base class or an interface.
    Type(Type),
}

/// What a `for` runs first.
#[derive(Clone, Debug, PartialEq)]
pub enum ForInitializer {
    /// `int i = 0`
    Declaration(LocalDeclaration),
    /// `i = 0, j = 1`
    Expressions(Vec<Expression>),
}

/// What a `foreach` puts each element in.
#[derive(Clone, Debug, PartialEq)]
pub enum ForEachVariable {
    /// `var x`, `int x`
    Typed {
        /// The type; [`TypeKind::Var`] for `var`.
        ty: Type,
        /// The variable.
        name: Identifier,
    },
    /// `var (a, b)`, `(int a, var b)`: an [`ExpressionKind::Declaration`] or an [`ExpressionKind::Tuple`] of them.
    Deconstruction(Expression),
}

/// Labels and statements of a `switch`.
#[derive(Clone, Debug)]
pub struct SwitchSection {
    /// The labels: one at least.
    pub labels: Vec<SwitchLabel>,
    /// The statements.
    pub statements: Vec<Statement>,
    /// Where it stands.
    pub span: Span,
}

/// A label of a `switch`.
#[derive(Clone, Debug)]
pub struct SwitchLabel {
    /// What it is.
    pub kind: SwitchLabelKind,
    /// Where it stands.
    pub span: Span,
}

/// What a label of a `switch` is.
#[derive(Clone, Debug, PartialEq)]
pub enum SwitchLabelKind {
    /// `case pattern when guard:`
    Case {
        /// What the value must match.
        pattern: Pattern,
        /// What must hold besides.
        guard: Option<Expression>,
    },
    /// `default:`
    Default,
}

/// A handler of a `try`.
#[derive(Clone, Debug)]
pub struct Catch {
    /// The exception's type; none catches all.
    pub ty: Option<Type>,
    /// The variable.
    pub name: Option<Identifier>,
    /// `when (a)`
    pub filter: Option<Expression>,
    /// The body.
    pub block: Block,
    /// Where it stands.
    pub span: Span,
}

/// What a `using` statement disposes of.
#[derive(Clone, Debug, PartialEq)]
pub enum UsingResource {
    /// `var a = b`
    Declaration(LocalDeclaration),
    /// A value.
    Expression(Expression),
}
