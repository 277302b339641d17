//! Query expressions.

use super::{
    super::{
        fault::Fault,
        token::TokenKind,
        tree::{
            ExpressionKind, FromClause, Identifier, JoinClause, Query, QueryBody, QueryClause, QueryClauseKind, QueryContinuation,
            QueryEnd, SortKey, Type,
        },
    },
    Node, Parse, Parser,
};

impl Parser<'_> {
    /// A query, from its `from` on.
    pub(super) fn query(&mut self) -> Parse<Node> {
        let start = self.token().span;
        let in_query = std::mem::replace(&mut self.in_query, true);
        let query = self.nested(Self::query_parts);
        self.in_query = in_query;
        self.node(ExpressionKind::Query(Box::new(query?)), start)
    }

    fn query_parts(&mut self) -> Parse<Query> {
        let base = self.links;
        let from = self.beside(base, Self::clause_from)?;
        let body = self.beside(base, Self::query_body)?;
        Ok(Query { from, body })
    }

    fn query_body(&mut self) -> Parse<QueryBody> {
        let base = self.links;
        let mut clauses = Vec::new();
        while let Some(clause) = self.beside(base, Self::query_clause)? {
            clauses.push(clause);
        }
        let end = self.beside(base, Self::query_end)?;
        let continuation = if self.eat_word("into") {
            let continuation = self.nested(|parser| Ok(QueryContinuation { variable: parser.identifier()?, body: parser.query_body()? }));
            Some(Box::new(continuation?))
        } else {
            None
        };
        Ok(QueryBody { clauses, end, continuation })
    }

    /// A clause in the middle; none where the last begins.
    fn query_clause(&mut self) -> Parse<Option<QueryClause>> {
        let start = self.token().span;
        let kind = if self.word("from") {
            QueryClauseKind::From(self.clause_from()?)
        } else if self.eat_word("let") {
            let variable = self.identifier()?;
            self.expect(TokenKind::Equal)?;
            QueryClauseKind::Let { variable, value: self.value()? }
        } else if self.eat_word("where") {
            QueryClauseKind::Where(self.value()?)
        } else if self.eat_word("join") {
            QueryClauseKind::Join(Box::new(self.join_clause()?))
        } else if self.eat_word("orderby") {
            QueryClauseKind::OrderBy(self.sort_keys()?)
        } else {
            return Ok(None);
        };
        Ok(Some(QueryClause { kind, span: self.since(start) }))
    }

    fn clause_from(&mut self) -> Parse<FromClause> {
        let start = self.bump().span;
        let (ty, variable) = self.range_variable()?;
        self.expect(TokenKind::KeywordIn)?;
        let source = self.value()?;
        Ok(FromClause { ty, variable, source, span: self.since(start) })
    }

    /// `x` or `T x` before `in`.
    fn range_variable(&mut self) -> Parse<(Option<Type>, Identifier)> {
        let ty = if self.peek(1) == TokenKind::KeywordIn { None } else { Some(self.ty()?) };
        Ok((ty, self.identifier()?))
    }

    fn join_clause(&mut self) -> Parse<JoinClause> {
        let (ty, variable) = self.range_variable()?;
        self.expect(TokenKind::KeywordIn)?;
        let source = self.value()?;
        self.expect_word("on")?;
        let left = self.value()?;
        self.expect_word("equals")?;
        let right = self.value()?;
        let into = if self.eat_word("into") { Some(self.identifier()?) } else { None };
        Ok(JoinClause { ty, variable, source, left, right, into })
    }

    fn sort_keys(&mut self) -> Parse<Vec<SortKey>> {
        let mut keys = Vec::new();
        loop {
            let start = self.token().span;
            let key = self.value()?;
            let descending = self.eat_word("descending");
            if !descending {
                self.eat_word("ascending");
            }
            keys.push(SortKey { key, descending, span: self.since(start) });
            if !self.eat(TokenKind::Comma) {
                return Ok(keys);
            }
        }
    }

    fn query_end(&mut self) -> Parse<QueryEnd> {
        if self.eat_word("select") {
            return Ok(QueryEnd::Select(self.value()?));
        }
        if self.eat_word("group") {
            let value = self.value()?;
            self.expect_word("by")?;
            return Ok(QueryEnd::Group { value, key: self.value()? });
        }
        let span = self.missing_span();
        Err(self.report(Fault::new("CS0742", span, "A query body must end with a select clause or a group clause")))
    }

    fn expect_word(&mut self, word: &str) -> Parse<()> {
        if self.eat_word(word) { Ok(()) } else { Err(self.missing_word(word)) }
    }
}
