//! `switch`, and the jumps between its cases.

use super::{Binder, Bound, flow::Assigned};
use crate::{
    csharp::tree::{self, SwitchLabelKind},
    dotnet::{types::Type, value::Value},
    expression::program::{Node, Section, Step},
    source::Span,
};

impl<'t> Binder<'t> {
    pub(super) fn switch(&mut self, value: &'t tree::Expression, sections: &'t [tree::SwitchSection]) -> Option<Step> {
        let bound = self.value(value)?;
        if bound.ty == Type::Null || bound.ty == Type::Void {
            self.error("CS8119", value.span, "The switch expression must be a value; found '<null>'.");
            return None;
        }
        let local = self.slot();
        let subject = Bound::new(Node::Local(local), bound.ty);
        let before = self.assigned.clone();
        let ((made, has_default), target) = self.in_target(false, |binder| {
            binder.declare_cases(sections, &subject);
            let mut made = Vec::new();
            let mut has_default = false;
            for section in sections {
                binder.assigned = before.clone();
                made.push(binder.section(section, &subject, &mut has_default));
            }
            (made, has_default)
        });
        self.assigned = target.breaks;
        if !has_default {
            self.assigned.meet(&before);
        }
        Some(Step::Switch { value: bound.node, local, sections: made })
    }

    /// The constant cases get their labels before any section is bound: `goto case` may go down as well as up.
    fn declare_cases(&mut self, sections: &'t [tree::SwitchSection], subject: &Bound) {
        for section in sections {
            for label in &section.labels {
                let case = match &label.kind {
                    SwitchLabelKind::Default => None,
                    SwitchLabelKind::Case { pattern, guard: None } => {
                        let subject = subject.clone();
                        let constant = self.attempt(|binder| binder.pattern(subject, pattern)).and_then(|(_, constant)| constant);
                        match constant {
                            Some(constant) => Some(constant),
                            None => continue,
                        }
                    }
                    SwitchLabelKind::Case { .. } => continue,
                };
                let number = self.label();
                let twice = self.functions.last_mut().and_then(|function| function.targets.last_mut()).is_some_and(|target| {
                    let twice = target.cases.iter().any(|(other, _)| same(other.as_ref(), case.as_ref()));
                    target.cases.push((case.clone(), number));
                    twice
                });
                if twice {
                    let shown = match &case {
                        None => "default".to_owned(),
                        Some(value) => show(value),
                    };
                    self.error(
                        "CS0152",
                        label.span,
                        format!("The switch statement contains multiple cases with the label value '{shown}'"),
                    );
                }
            }
        }
    }

    fn section(&mut self, section: &'t tree::SwitchSection, subject: &Bound, has_default: &mut bool) -> Section {
        self.scoped(|binder| {
            let mut tests = Vec::new();
            let mut labels = Vec::new();
            let mut matched: Option<Assigned> = None;
            let start = binder.assigned.clone();
            for label in &section.labels {
                binder.assigned = start.clone();
                match &label.kind {
                    SwitchLabelKind::Default => {
                        *has_default = true;
                        labels.extend(binder.case_label(None));
                        tests.push(None);
                    }
                    SwitchLabelKind::Case { pattern, guard } => {
                        let Some((test, constant)) = binder.pattern(subject.clone(), pattern) else { continue };
                        let (when_true, _) = binder.branches();
                        binder.assigned = when_true;
                        let mut node = test.node;
                        if let Some(guard) = guard {
                            let guard = binder.condition(guard);
                            let (when_true, _) = binder.branches();
                            binder.assigned = when_true;
                            if let Some(guard) = guard {
                                node = Node::And(Box::new(node), Box::new(guard));
                            }
                        } else if constant.is_some() {
                            labels.extend(binder.case_label(constant.as_ref()));
                        }
                        tests.push(Some(node));
                    }
                }
                match &mut matched {
                    Some(matched) => matched.meet(&binder.assigned),
                    None => matched = Some(binder.assigned.clone()),
                }
            }
            binder.assigned = matched.unwrap_or(start);
            let body = binder.block(&section.statements);
            if !binder.assigned.is_unreachable() {
                let last = section.labels.last().map_or(section.span, |label| label.span);
                let text = binder.code.slice(last).to_owned();
                binder.error("CS0163", last, format!("Control cannot fall through from one case label ('{text}') to another"));
            }
            Section { tests, labels, body }
        })
    }

    fn case_label(&self, constant: Option<&Value>) -> Option<usize> {
        let target = self.functions.last()?.targets.last()?;
        target.cases.iter().find(|(case, _)| same(case.as_ref(), constant)).map(|(_, number)| *number)
    }

    pub(super) fn goto_case(&mut self, value: Option<&'t tree::Expression>, span: Span) -> Step {
        let constant = match value {
            None => None,
            Some(value) => match self.value(value) {
                Some(Bound { node: Node::Constant(constant), .. }) => Some(constant),
                Some(_) => {
                    self.error("CS0150", value.span, "A constant value is expected");
                    return Step::Nothing;
                }
                None => return Step::Nothing,
            },
        };
        let found = self.functions.last().and_then(|function| {
            let target = function.targets.iter().rev().find(|target| !target.is_loop)?;
            target.cases.iter().find(|(case, _)| same(case.as_ref(), constant.as_ref())).map(|(_, number)| *number)
        });
        self.stop();
        match found {
            Some(number) => Step::Goto(number),
            None => {
                let shown = constant.as_ref().map_or("default".to_owned(), |value| format!("case {}", show(value)));
                self.error("CS0159", span, format!("No such label '{shown}:' within the scope of the goto statement"));
                Step::Nothing
            }
        }
    }
}

/// Whether two cases have the same constant; none is `default`.
fn same(a: Option<&Value>, b: Option<&Value>) -> bool {
    match (a, b) {
        (None, None) | (Some(Value::Null), Some(Value::Null)) => true,
        (Some(Value::String(a)), Some(Value::String(b))) => a == b,
        (Some(Value::Bool(a)), Some(Value::Bool(b))) => a == b,
        (Some(a), Some(b)) => a.as_integer().is_some() && a.as_integer() == b.as_integer(),
        _ => false,
    }
}

fn show(value: &Value) -> String {
    match value {
        Value::String(text) => format!("\"{text}\""),
        Value::Bool(value) => value.to_string(),
        Value::Null => "null".to_owned(),
        Value::Enum(member) => member.name(),
        value => crate::expression::evaluate::constant_text(value),
    }
}
