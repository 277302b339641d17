//! Queries.

use super::*;
use crate::source::Span;

/// A query expression: `from x in xs …`.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// The first clause.
    pub from: FromClause,
    /// The rest.
    pub body: QueryBody,
}

/// What follows the first `from`, or an `into`.
#[derive(Clone, Debug, PartialEq)]
pub struct QueryBody {
    /// The clauses in between.
    pub clauses: Vec<QueryClause>,
    /// The last clause.
    pub end: QueryEnd,
    /// `into x …`: the result goes on as the source of another query.
    pub continuation: Option<Box<QueryContinuation>>,
}

/// `from T x in xs`.
#[derive(Clone, Debug)]
pub struct FromClause {
    /// The type, where the code gives one: a cast of every element.
    pub ty: Option<Type>,
    /// The range variable.
    pub variable: Identifier,
    /// The source.
    pub source: Expression,
    /// Where it stands.
    pub span: Span,
}

/// A clause in the middle of a query.
#[derive(Clone, Debug)]
pub struct QueryClause {
    /// What it is.
    pub kind: QueryClauseKind,
    /// Where it stands.
    pub span: Span,
}

/// What a query clause is.
#[derive(Clone, Debug, PartialEq)]
pub enum QueryClauseKind {
    /// `from y in ys`
    From(FromClause),
    /// `let y = a`
    Let {
        /// The range variable.
        variable: Identifier,
        /// Its value.
        value: Expression,
    },
    /// `where a`
    Where(Expression),
    /// `join y in ys on a equals b into g`
    Join(Box<JoinClause>),
    /// `orderby a descending, b`
    OrderBy(Vec<SortKey>),
}

/// `join T y in ys on a equals b into g`.
#[derive(Clone, Debug, PartialEq)]
pub struct JoinClause {
    /// The type, where the code gives one.
    pub ty: Option<Type>,
    /// The range variable.
    pub variable: Identifier,
    /// What is joined.
    pub source: Expression,
    /// The key of the elements so far.
    pub left: Expression,
    /// The key of the joined elements.
    pub right: Expression,
    /// The variable of a group join.
    pub into: Option<Identifier>,
}

/// A key of `orderby`.
#[derive(Clone, Debug)]
pub struct SortKey {
    /// The key.
    pub key: Expression,
    /// Whether it is marked `descending`.
    pub descending: bool,
    /// Where it stands.
    pub span: Span,
}

/// The last clause of a query.
#[derive(Clone, Debug, PartialEq)]
pub enum QueryEnd {
    /// `select a`
    Select(Expression),
    /// `group a by b`
    Group {
        /// What is grouped.
        value: Expression,
        /// The key.
        key: Expression,
    },
}

/// `into x …`.
#[derive(Clone, Debug, PartialEq)]
pub struct QueryContinuation {
    /// The range variable of the query that goes on.
    pub variable: Identifier,
    /// That query.
    pub body: QueryBody,
}
