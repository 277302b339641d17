//! Query expressions as text.

use super::{super::tree::*, Printer};

impl Printer<'_> {
    pub(super) fn query(&mut self, query: &Query) {
        let in_query = std::mem::replace(&mut self.in_query, true);
        self.clause_from(&query.from);
        self.query_body(&query.body);
        self.in_query = in_query;
    }

    fn clause_from(&mut self, from: &FromClause) {
        self.push("from ");
        self.range_variable(from.ty.as_ref(), &from.variable, &from.source);
    }

    fn range_variable(&mut self, ty: Option<&Type>, variable: &Identifier, source: &Expression) {
        if let Some(ty) = ty {
            self.ty(ty);
            self.push(" ");
        }
        self.identifier(variable);
        self.push(" in ");
        self.element(source);
    }

    fn query_body(&mut self, body: &QueryBody) {
        for clause in &body.clauses {
            self.push(" ");
            self.query_clause(clause);
        }
        match &body.end {
            QueryEnd::Select(value) => {
                self.push(" select ");
                self.before_into(value, body.continuation.is_some());
            }
            QueryEnd::Group { value, key } => {
                self.push(" group ");
                self.element(value);
                self.push(" by ");
                self.before_into(key, body.continuation.is_some());
            }
        }
        if let Some(continuation) = &body.continuation {
            self.push(" into ");
            self.identifier(&continuation.variable);
            self.query_body(&continuation.body);
        }
    }

    /// An expression with `into` behind it, which a query at its end would take for its own.
    fn before_into(&mut self, expression: &Expression, into: bool) {
        self.operand(expression, if into && ends_in_query(expression) { Precedence::Primary } else { Precedence::Assignment });
    }

    fn query_clause(&mut self, clause: &QueryClause) {
        match &clause.kind {
            QueryClauseKind::From(from) => self.clause_from(from),
            QueryClauseKind::Let { variable, value } => {
                self.push("let ");
                self.identifier(variable);
                self.push(" = ");
                self.element(value);
            }
            QueryClauseKind::Where(condition) => {
                self.push("where ");
                self.element(condition);
            }
            QueryClauseKind::Join(join) => {
                self.push("join ");
                self.range_variable(join.ty.as_ref(), &join.variable, &join.source);
                self.push(" on ");
                self.element(&join.left);
                self.push(" equals ");
                self.before_into(&join.right, join.into.is_some());
                if let Some(into) = &join.into {
                    self.push(" into ");
                    self.identifier(into);
                }
            }
            QueryClauseKind::OrderBy(keys) => {
                self.push("orderby ");
                self.list(keys, |printer, key| {
                    printer.element(&key.key);
                    if key.descending {
                        printer.push(" descending");
                    }
                });
            }
        }
    }
}

/// Whether the last thing in an expression is a query.
fn ends_in_query(mut expression: &Expression) -> bool {
    loop {
        expression = match &expression.kind {
            ExpressionKind::Query(_) => return true,
            ExpressionKind::Assignment { value, .. } => value,
            ExpressionKind::Conditional { otherwise, .. } => otherwise,
            ExpressionKind::Lambda { body: FunctionBody::Expression(body), .. } => body,
            ExpressionKind::Binary { right, .. } => right,
            _ => return false,
        };
    }
}
