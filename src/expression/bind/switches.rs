//! `switch`, and the jumps between its cases.

use super::{Binder, Bound, conversions, flow::Assigned};
use crate::{
    csharp::tree::{self, PatternKind, SwitchLabelKind},
    dotnet::{types::Type, value::Value},
    expression::program::{Node, Section, Step},
    source::Span,
};

/// What the sections bound so far take.
#[derive(Default)]
struct Seen {
    /// Types all of whose values are taken.
    types: Vec<Type>,
    /// Whether nothing is left.
    is_exhaustive: bool,
    /// Whether a pattern took everything, null too.
    takes_all: bool,
    is_last: bool,
}

impl Seen {
    fn takes(&self, ty: &Type) -> bool {
        let taken = |known: &Type| known == ty || !known.is_value_type() && matches!(conversions::standard(ty, known), Some(None));
        self.takes_all || self.types.iter().any(taken)
    }
}

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
        let known = match &bound.node {
            Node::Constant(value) => Some(value.clone()),
            _ => None,
        };
        let ((made, seen), target) = self.in_target(false, |binder| {
            // All sections are one scope.
            binder.scoped(|binder| {
                let announced = binder.announced.len();
                for section in sections {
                    binder.announce(&section.statements);
                }
                binder.declare_cases(sections, &subject);
                let chosen = known.and_then(|known| binder.only_case(known));
                let mut made = Vec::new();
                let mut seen = Seen::default();
                for (index, section) in sections.iter().enumerate() {
                    binder.assigned = before.clone();
                    seen.is_last = index + 1 == sections.len();
                    made.push(binder.section(section, &subject, &mut seen, chosen));
                }
                binder.announced.truncate(announced);
                seen.is_exhaustive |= chosen.is_some();
                (made, seen)
            })
        });
        self.assigned = target.breaks;
        if !seen.is_exhaustive {
            self.assigned.meet(&before);
        }
        Some(Step::Switch { value: bound.node, local, sections: made })
    }

    /// The constant cases get their labels before any section is bound: `goto case` may go down as well as up.
    fn declare_cases(&mut self, sections: &'t [tree::SwitchSection], subject: &Bound) {
        let mut has_constants_alone = true;
        for section in sections {
            for label in &section.labels {
                let case = match &label.kind {
                    SwitchLabelKind::Default => None,
                    SwitchLabelKind::Case { pattern, guard: None } => {
                        let subject = subject.clone();
                        let constant = self.attempt(|binder| binder.pattern(subject, pattern)).and_then(|(_, constant)| constant);
                        match constant {
                            Some(constant) => Some(constant),
                            None => {
                                has_constants_alone = false;
                                continue;
                            }
                        }
                    }
                    SwitchLabelKind::Case { .. } => {
                        has_constants_alone = false;
                        continue;
                    }
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
        if let Some(target) = self.functions.last_mut().and_then(|function| function.targets.last_mut()) {
            target.has_constants_alone = has_constants_alone;
        }
    }

    /// The label of the one case that a constant subject goes to, where all cases are constants.
    fn only_case(&self, known: Value) -> Option<usize> {
        let target = self.functions.last()?.targets.last()?;
        let is_constant = |case: &Value| same(Some(case), Some(case));
        let default = || target.cases.iter().find(|(case, _)| case.is_none());
        let (_, label) = target.cases.iter().find(|(case, _)| same(case.as_ref(), Some(&known))).or_else(default)?;
        (is_constant(&known) && target.has_constants_alone).then_some(*label)
    }

    fn section(&mut self, section: &'t tree::SwitchSection, subject: &Bound, seen: &mut Seen, chosen: Option<usize>) -> Section {
        let outer = self.scope.len();
        let mut tests = Vec::new();
        let mut labels = Vec::new();
        let mut matched: Option<Assigned> = None;
        let start = self.assigned.clone();
        // What the labels declare is the section's own; what its statements declare is the whole switch's.
        self.scopes += 1;
        for label in &section.labels {
            self.assigned = start.clone();
            match &label.kind {
                SwitchLabelKind::Default => {
                    seen.is_exhaustive = true;
                    labels.extend(self.case_label(None));
                    tests.push(None);
                }
                SwitchLabelKind::Case { pattern, guard } => {
                    let Some((test, constant)) = self.case(subject, pattern, guard.is_some(), label.span, seen) else { continue };
                    let (when_true, _) = self.branches();
                    self.assigned = when_true;
                    let mut node = test.node;
                    if let Some(guard) = guard {
                        let guard = self.condition(guard);
                        let (when_true, _) = self.branches();
                        self.assigned = when_true;
                        if let Some(guard) = guard {
                            node = Node::And(Box::new(node), Box::new(guard));
                        }
                    } else if constant.is_some() {
                        labels.extend(self.case_label(constant.as_ref()));
                    }
                    tests.push(Some(node));
                }
            }
            match &mut matched {
                Some(matched) => matched.meet(&self.assigned),
                None => matched = Some(self.assigned.clone()),
            }
        }
        self.scopes -= 1;
        self.assigned = matched.unwrap_or(start);
        if chosen.is_some_and(|chosen| !labels.contains(&chosen)) {
            self.stop();
        }
        let own = self.scope.len();
        let body = self.statements(&section.statements);
        self.scope.drain(outer..own);
        if !self.assigned.is_unreachable() {
            let last = section.labels.last().map_or(section.span, |label| label.span);
            let text = self.code.slice(last).to_owned();
            if seen.is_last {
                self.error("CS8070", last, format!("Control cannot fall out of switch from final case label ('{text}')"));
            } else {
                self.error("CS0163", last, format!("Control cannot fall through from one case label ('{text}') to another"));
            }
        }
        Section { tests, labels, body }
    }

    /// A case's pattern, which must take something that no case before it takes.
    fn case(
        &mut self,
        subject: &Bound,
        pattern: &'t tree::Pattern,
        is_guarded: bool,
        span: Span,
        seen: &mut Seen,
    ) -> Option<(Bound, Option<Value>)> {
        let (test, constant) = self.pattern(subject.clone(), pattern)?;
        let of = subject.ty.underlying().unwrap_or(&subject.ty).clone();
        let ty = match (&pattern.kind, &test.node) {
            (PatternKind::Declaration { ty, .. }, _) => self.attempt(|binder| binder.ty(ty)),
            (PatternKind::Var(_), _) => None,
            _ => match &constant {
                Some(Value::Null) => Some(Type::Null),
                Some(Value::Enum(_)) | None => Some(of.clone()),
                Some(value) => Some(constant_type(value).unwrap_or_else(|| of.clone())),
            },
        };
        let taken = match &ty {
            Some(Type::Null) | None => seen.takes_all,
            Some(ty) => seen.takes(ty),
        };
        if taken {
            self.error("CS8120", span, "The switch case has already been handled by a previous case.");
        }
        if !is_guarded {
            match (&pattern.kind, ty) {
                (PatternKind::Declaration { .. }, Some(ty)) => {
                    seen.is_exhaustive |= subject.ty.is_value_type() && subject.ty.underlying().is_none() && ty == subject.ty;
                    seen.types.push(ty);
                }
                (PatternKind::Var(_), _) => {
                    seen.is_exhaustive = true;
                    seen.takes_all = true;
                }
                _ => {}
            }
        }
        Some((test, constant))
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
            let exact = target.cases.iter().find(|(case, _)| same(case.as_ref(), constant.as_ref()));
            // The cases have the switch's type, which this constant would be converted to.
            let converted = || {
                let number = constant.as_ref()?.as_integer()?;
                target.cases.iter().find(|(case, _)| case.as_ref().and_then(Value::as_integer) == Some(number))
            };
            exact.or_else(converted).map(|(_, number)| *number)
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

/// Whether two cases have the same constant, type and all: a switch over an `object` may have `1` and `1L`. None is `default`.
fn same(a: Option<&Value>, b: Option<&Value>) -> bool {
    match (a, b) {
        (None, None) | (Some(Value::Null), Some(Value::Null)) => true,
        (Some(Value::String(a)), Some(Value::String(b))) => a == b,
        (Some(Value::Bool(a)), Some(Value::Bool(b))) => a == b,
        (Some(Value::Double(a)), Some(Value::Double(b))) => a.to_bits() == b.to_bits(),
        (Some(Value::Single(a)), Some(Value::Single(b))) => a.to_bits() == b.to_bits(),
        (Some(Value::Decimal(a)), Some(Value::Decimal(b))) => a == b,
        (Some(a), Some(b)) => {
            std::mem::discriminant(a) == std::mem::discriminant(b) && a.as_integer().is_some() && a.as_integer() == b.as_integer()
        }
        _ => false,
    }
}

/// The type of a constant of a primitive type.
fn constant_type(value: &Value) -> Option<Type> {
    Some(match value {
        Value::String(_) => Type::STRING,
        Value::Bool(_) => Type::BOOL,
        Value::Int32(_) => Type::INT32,
        Value::Int64(_) => Type::INT64,
        Value::UInt32(_) => Type::UINT32,
        Value::UInt64(_) => Type::UINT64,
        Value::Single(_) => Type::SINGLE,
        Value::Double(_) => Type::DOUBLE,
        Value::Decimal(_) => Type::DECIMAL,
        Value::Char(_) => Type::CHAR,
        _ => return None,
    })
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
