//! Overload resolution: which method a call means.
//!
//! Source: C# language specification, "Overload resolution".

use super::{
    Binder, Bound, Operand,
    arguments::{self, Argument, Passed},
    conversions::standard,
    entries,
    members::Found,
};
use crate::{
    dotnet::{member::Parameter, types::Type, value::Value},
    expression::program::{Call, Node},
    source::Span,
};

/// A method that the arguments fit.
pub(super) struct Candidate {
    pub found: Found,
    /// For each parameter (without an extension method's receiver) the arguments given to it.
    pub assigned: Vec<Vec<usize>>,
    pub expanded: bool,
    /// The parameters' types, type arguments put in.
    pub parameters: Vec<Type>,
    pub types: Vec<Type>,
    pub result: Type,
}

/// The element type of an expanded `params` array.
fn element(ty: &Type) -> &Type {
    match ty {
        Type::Array(element) => element,
        other => other,
    }
}

impl Candidate {
    /// The type that an argument converts to.
    fn target(&self, argument: usize) -> Option<&Type> {
        let position = self.assigned.iter().position(|given| given.contains(&argument))?;
        let ty = self.parameters.get(position)?;
        Some(if self.expanded && position + 1 == self.assigned.len() { element(ty) } else { ty })
    }
}

impl<'t> Binder<'t> {
    /// The best of the methods, level by level; the receiver of an extension method is its first argument.
    pub(super) fn choose(
        &mut self,
        levels: &[Vec<Found>],
        this: Option<&Bound>,
        types: &[Type],
        arguments: &[Argument<'t>],
    ) -> Result<Candidate, Ambiguity> {
        for level in levels {
            let mut candidates: Vec<Candidate> = Vec::new();
            for found in level {
                let this = this.filter(|_| found.info.is_extension);
                let fitting =
                    self.candidate(found, this, types, arguments, false).or_else(|| self.candidate(found, this, types, arguments, true));
                candidates.extend(fitting);
            }
            if candidates.is_empty() {
                continue;
            }
            let best = candidates.iter().enumerate().position(|(index, candidate)| {
                candidates.iter().enumerate().all(|(other, against)| index == other || self.better(candidate, against, arguments))
            });
            return match best {
                Some(best) => Ok(candidates.swap_remove(best)),
                None => {
                    let mut names = candidates.iter().map(|candidate| candidate.found.info.signature);
                    Err(Ambiguity::Between(names.next().unwrap_or(""), names.next().unwrap_or("")))
                }
            };
        }
        Err(Ambiguity::NoneFits)
    }

    fn candidate(
        &mut self,
        found: &Found,
        this: Option<&Bound>,
        explicit: &[Type],
        arguments: &[Argument<'t>],
        expanded: bool,
    ) -> Option<Candidate> {
        let info = found.info;
        let skip = usize::from(this.is_some());
        if !explicit.is_empty() && explicit.len() != info.type_parameters.len() {
            return None;
        }
        let parameters: &[Parameter] = info.parameters.get(skip..)?;
        let assigned = arguments::assign(parameters, arguments, expanded)?;
        let receiver_argument = this.map(|this| (Argument::value(Operand::Value(this.clone()), Span::at(0)), info.parameters.first()));
        let types = if info.type_parameters.is_empty() || !explicit.is_empty() {
            explicit.to_vec()
        } else {
            let mut pairs: Vec<(&Argument<'t>, Type)> = Vec::new();
            if let Some((argument, Some(first))) = &receiver_argument {
                pairs.push((argument, found.close(&first.ty)));
            }
            for (parameter, given) in parameters.iter().zip(&assigned) {
                let ty = found.close(&parameter.ty);
                let ty = if expanded && parameter.is_params { element(&ty).clone() } else { ty };
                pairs.extend(given.iter().filter_map(|index| arguments.get(*index)).map(|argument| (argument, ty.clone())));
            }
            self.infer(&info.type_parameters, &pairs)?
        };
        let close = |ty: &Type| {
            found.close(ty).substitute(&|name| {
                let index = info.type_parameters.iter().position(|parameter| *parameter == name)?;
                types.get(index).cloned()
            })
        };
        if let (Some(this), Some(first)) = (this, info.parameters.first()) {
            // The receiver converts by identity, reference or boxing alone.
            let ty = close(&first.ty);
            let fits = this.ty == ty || (!ty.is_value_type() && standard(&this.ty, &ty).is_some() && this.ty != Type::Null);
            if !fits {
                return None;
            }
        }
        let closed: Vec<Type> = parameters.iter().map(|parameter| close(&parameter.ty)).collect();
        for ((parameter, ty), given) in parameters.iter().zip(&closed).zip(&assigned) {
            let ty = if expanded && parameter.is_params { element(ty) } else { ty };
            for argument in given.iter().filter_map(|index| arguments.get(*index)) {
                if !self.passes(argument, parameter, ty) {
                    return None;
                }
            }
        }
        let result = close(&info.result);
        Some(Candidate { found: found.clone(), assigned, expanded, parameters: closed, types, result })
    }

    fn passes(&mut self, argument: &Argument<'t>, parameter: &Parameter, ty: &Type) -> bool {
        match &argument.passed {
            Passed::Value(operand) => !parameter.is_out && !parameter.is_ref && self.converts(operand, ty),
            Passed::New(_, own) | Passed::Discard(own) => parameter.is_out && own.as_ref().is_none_or(|own| own == ty),
            Passed::Local { ty: own, is_out, .. } => own == ty && if *is_out { parameter.is_out } else { parameter.is_ref },
            Passed::Place(_, own) => parameter.is_out && own == ty,
        }
    }

    /// Whether `a` is the better function member for these arguments.
    fn better(&mut self, a: &Candidate, b: &Candidate, arguments: &[Argument<'t>]) -> bool {
        let mut wins = false;
        let mut all_same = true;
        for (index, argument) in arguments.iter().enumerate() {
            let (Some(to_a), Some(to_b)) = (a.target(index), b.target(index)) else { continue };
            if to_a == to_b {
                continue;
            }
            all_same = false;
            let Passed::Value(operand) = &argument.passed else { continue };
            match self.better_conversion(operand, to_a, to_b) {
                Some(true) => wins = true,
                Some(false) => return false,
                None => {}
            }
        }
        if wins {
            return true;
        }
        if !all_same {
            // Neither conversion is better, but the types differ: the compiler still prefers a form in which nothing is left out.
            let complete = |candidate: &Candidate| !candidate.expanded && candidate.assigned.iter().all(|given| !given.is_empty());
            return match (complete(a), complete(b)) {
                (true, false) => true,
                (false, true) => false,
                _ => more_specific(a, b) == Some(true),
            };
        }
        let generic = |candidate: &Candidate| !candidate.found.info.type_parameters.is_empty();
        if generic(a) != generic(b) {
            return !generic(a);
        }
        if a.expanded != b.expanded {
            return !a.expanded;
        }
        if a.expanded && a.parameters.len() != b.parameters.len() {
            return a.parameters.len() > b.parameters.len();
        }
        let defaults = |candidate: &Candidate| candidate.assigned.iter().filter(|given| given.is_empty()).count();
        if (defaults(a) == 0) != (defaults(b) == 0) {
            return defaults(a) == 0;
        }
        more_specific(a, b) == Some(true)
    }

    /// Whether the conversion to `a` is better than that to `b`; none where neither is.
    fn better_conversion(&mut self, operand: &Operand<'t>, a: &Type, b: &Type) -> Option<bool> {
        let (exact_a, exact_b) = (self.is_exact(operand, a), self.is_exact(operand, b));
        if exact_a != exact_b {
            return Some(exact_a);
        }
        if let (Operand::Lambda(_) | Operand::Methods(_), Some((inputs_a, result_a)), Some((inputs_b, result_b))) =
            (operand, a.delegate(), b.delegate())
        {
            if inputs_a != inputs_b {
                return None;
            }
            return match (&result_a, &result_b) {
                (Type::Void, Type::Void) => None,
                (Type::Void, _) => Some(false),
                (_, Type::Void) => Some(true),
                (a, b) => better_target(a, b),
            };
        }
        better_target(a, b)
    }

    /// Whether the operand has this very type by itself.
    fn is_exact(&mut self, operand: &Operand<'t>, ty: &Type) -> bool {
        match operand {
            Operand::Value(bound) => bound.ty == *ty,
            Operand::Lambda(lambda) => {
                let Some((inputs, output)) = ty.delegate() else { return false };
                self.lambda_result(&lambda.clone(), &inputs) == Some(output)
            }
            Operand::Methods(methods) => {
                let Some((inputs, output)) = ty.delegate() else { return false };
                self.method_group_result(&methods.clone(), &inputs) == Some(output)
            }
            _ => false,
        }
    }

    /// The call of a chosen method: arguments converted, `out` variables declared.
    pub(super) fn finish_call(&mut self, chosen: Candidate, this: Option<Bound>, arguments: Vec<Argument<'t>>) -> Option<Bound> {
        let info = chosen.found.info;
        let has_receiver = this.is_some() && !info.is_extension;
        let skip = usize::from(info.is_extension && this.is_some());
        let mut nodes: Vec<Node> = Vec::new();
        // Where each node's argument stands in the code; the receiver comes first.
        let mut written: Vec<(usize, usize)> = Vec::new();
        if let Some(this) = this {
            written.push((0, 0));
            let this = if skip == 1 {
                let ty = info.parameters.first().map_or(Type::OBJECT, |_| this.ty.clone());
                Bound::new(this.node, ty)
            } else {
                this
            };
            nodes.push(this.node);
        }
        let mut outs = Vec::new();
        let mut places = Vec::new();
        let mut arguments: Vec<Option<Argument<'t>>> = arguments.into_iter().map(Some).collect();
        let parameters: Vec<&Parameter> = info.parameters.iter().skip(skip).collect();
        for (index, parameter) in parameters.iter().enumerate() {
            let ty = chosen.parameters.get(index).cloned().unwrap_or(Type::OBJECT);
            if let Some(first) =
                chosen.assigned.get(index).and_then(|given| given.first()).filter(|_| !parameter.is_ref && !parameter.is_out)
            {
                written.push((first + 1, nodes.len()));
            }
            let given: Vec<Argument<'t>> = chosen
                .assigned
                .get(index)
                .into_iter()
                .flatten()
                .filter_map(|argument| arguments.get_mut(*argument).and_then(Option::take))
                .collect();
            if parameter.is_params && chosen.expanded {
                let element = element(&ty).clone();
                let mut items = Vec::new();
                for argument in given {
                    if let Passed::Value(operand) = argument.passed {
                        items.push(self.to(operand, &element, argument.span)?.node);
                    }
                }
                nodes.push(Node::NewArray(element, items.into()));
                continue;
            }
            let Some(argument) = given.into_iter().next() else {
                let default = match &parameter.default {
                    Some(Value::Int32(number)) if ty != Type::INT32 => {
                        crate::dotnet::number::convert(&Value::Int32(*number), &ty, false).unwrap_or(Value::Int32(*number))
                    }
                    Some(value) if !value.is_null() => value.clone(),
                    _ => Value::default_of(&ty),
                };
                nodes.push(Node::Constant(default));
                continue;
            };
            match argument.passed {
                Passed::Value(operand) => nodes.push(self.to(operand, &ty, argument.span)?.node),
                Passed::New(name, own) => {
                    let declared = self.declare(name, own.unwrap_or_else(|| ty.clone()));
                    self.assigned.assign(declared.variable);
                    outs.push((nodes.len(), declared.slot, true));
                    nodes.push(Node::Constant(Value::Null));
                }
                Passed::Local { function, slot, variable, .. } => {
                    let slot = self.reach(function, slot);
                    self.assigned.assign(variable);
                    outs.push((nodes.len(), slot, false));
                    nodes.push(if parameter.is_ref { Node::Local(slot) } else { Node::Constant(Value::Null) });
                }
                Passed::Place(place, own) => {
                    let slot = self.slot();
                    outs.push((nodes.len(), slot, false));
                    places.push((place, Bound::new(Node::Local(slot), own), argument.span));
                    nodes.push(Node::Constant(Value::Null));
                }
                Passed::Discard(_) => nodes.push(Node::Constant(Value::Null)),
            }
        }
        // A constructor's or a static member's native learns the type arguments of where it was found, a generic method its own.
        let types = if info.type_parameters.is_empty() { chosen.found.on.arguments().to_vec() } else { chosen.types };
        let mut before = self.as_written(&mut nodes, written);
        let call = Call { native: info.native, arguments: nodes.into(), types: types.into(), outs: outs.into(), has_receiver };
        let mut bound = Bound::new(entries::or_default(info, &call).unwrap_or_else(|| Node::Call(Box::new(call))), chosen.result);
        if !before.is_empty() {
            before.push(bound.node);
            bound.node = Node::Sequence(before.into());
        }
        if !places.is_empty() {
            let slot = self.slot();
            let mut nodes = vec![Node::Assign(slot, bound.boxed())];
            for (place, value, span) in places {
                nodes.push(self.assign_to(place, value, span)?.node);
            }
            nodes.push(Node::Local(slot));
            bound = Bound::new(Node::Sequence(nodes.into()), info.result.clone());
        }
        Some(bound)
    }
}

/// Why no method was chosen.
pub(super) enum Ambiguity {
    NoneFits,
    Between(&'static str, &'static str),
}

/// Whether `a` is the better conversion target; none where neither is.
fn better_target(a: &Type, b: &Type) -> Option<bool> {
    let (to_b, to_a) = (super::conversions::implicit(a, b).is_some(), super::conversions::implicit(b, a).is_some());
    match (to_b, to_a) {
        (true, false) => return Some(true),
        (false, true) => return Some(false),
        _ => {}
    }
    let name = |ty: &Type| ty.underlying().unwrap_or(ty).class().map_or("", |class| class.name);
    let signed = |name: &str| matches!(name, "SByte" | "Int16" | "Int32" | "Int64");
    let unsigned = |name: &str| matches!(name, "Byte" | "UInt16" | "UInt32" | "UInt64");
    match (name(a), name(b)) {
        (a, b) if signed(a) && unsigned(b) => Some(true),
        (a, b) if unsigned(a) && signed(b) => Some(false),
        _ => None,
    }
}

/// Whether the declared parameters of `a` are more specific than those of `b`: at least one is, and none is less.
fn more_specific(a: &Candidate, b: &Candidate) -> Option<bool> {
    let declared = |candidate: &Candidate| -> Vec<Type> { candidate.found.info.parameters.iter().map(|p| p.ty.clone()).collect() };
    let (a, b) = (declared(a), declared(b));
    if a.len() != b.len() {
        return None;
    }
    let mut result = None;
    for (a, b) in a.iter().zip(&b) {
        match (specific(a, b), result) {
            (Some(now), None) => result = Some(now),
            (Some(now), Some(before)) if now != before => return None,
            _ => {}
        }
    }
    result
}

fn specific(a: &Type, b: &Type) -> Option<bool> {
    match (a, b) {
        (Type::Parameter(_), Type::Parameter(_)) => None,
        (Type::Parameter(_), _) => Some(false),
        (_, Type::Parameter(_)) => Some(true),
        (Type::Array(a), Type::Array(b)) | (Type::Nullable(a), Type::Nullable(b)) => specific(a, b),
        (Type::Generic(class, a), Type::Generic(other, b)) if class == other => {
            let mut result = None;
            for (a, b) in a.iter().zip(b.iter()) {
                match (specific(a, b), result) {
                    (Some(now), None) => result = Some(now),
                    (Some(now), Some(before)) if now != before => return None,
                    _ => {}
                }
            }
            result
        }
        _ => None,
    }
}
