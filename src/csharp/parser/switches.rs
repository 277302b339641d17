//! `switch` statements.

use super::{
    super::{
        token::TokenKind,
        tree::{StatementKind, SwitchLabel, SwitchLabelKind, SwitchSection},
    },
    Failed, Parse, Parser,
};

impl Parser<'_> {
    pub(super) fn switch_statement(&mut self) -> Parse<StatementKind> {
        self.bump();
        self.expect(TokenKind::OpenParen)?;
        let base = self.links;
        let value = self.value()?;
        self.expect(TokenKind::CloseParen)?;
        self.expect(TokenKind::OpenBrace)?;
        let mut sections = Vec::new();
        loop {
            if self.begins_label() {
                match self.beside(base, Self::switch_section) {
                    Ok(section) => sections.push(section),
                    Err(Failed) => self.skip_to_label(),
                }
            } else if self.eat(TokenKind::CloseBrace) {
                return Ok(StatementKind::Switch { value, sections });
            } else {
                self.missing(TokenKind::CloseBrace);
                if self.at_end() {
                    return Err(Failed);
                }
                self.skip_to_label();
            }
        }
    }

    /// Goes to the next label of this switch, or to its end.
    fn skip_to_label(&mut self) {
        while !self.begins_label() && !matches!(self.kind(), TokenKind::CloseBrace | TokenKind::End) {
            self.step_over();
        }
    }

    /// Whether `case` or `default:` stands here.
    fn begins_label(&self) -> bool {
        match self.kind() {
            TokenKind::KeywordCase => true,
            TokenKind::KeywordDefault => self.peek(1) == TokenKind::Colon,
            _ => false,
        }
    }

    fn switch_section(&mut self) -> Parse<SwitchSection> {
        let start = self.token().span;
        let base = self.links;
        let mut labels = Vec::new();
        while self.begins_label() {
            labels.push(self.beside(base, Self::switch_label)?);
        }
        let statements = self.statements(Self::begins_label);
        Ok(SwitchSection { labels, statements, span: self.since(start) })
    }

    fn switch_label(&mut self) -> Parse<SwitchLabel> {
        let start = self.token().span;
        let kind = if self.bump().kind == TokenKind::KeywordCase {
            let in_case = std::mem::replace(&mut self.in_case, true);
            let pattern = self.case_pattern();
            self.in_case = in_case;
            let pattern = pattern?;
            let guard = if self.eat_word("when") { Some(self.value()?) } else { None };
            SwitchLabelKind::Case { pattern, guard }
        } else {
            SwitchLabelKind::Default
        };
        self.expect(TokenKind::Colon)?;
        Ok(SwitchLabel { kind, span: self.since(start) })
    }
}
