//! Overload resolution: which method a call means, with inference of type arguments.
//!
//! Source: C# language specification, "Overload resolution"; reduced to what the table needs: no lambdas, no `ref`.

use super::{Binder, Bound, conversions};
use crate::{
    csharp::tree::{self, ArgumentModifier, ExpressionKind},
    dotnet::{
        member::{MemberInfo, Parameter},
        types::Type,
    },
    expression::program::{Conversion, Node},
    source::Span,
    text::Text,
};

/// An argument as bound before an overload is chosen.
pub(super) struct Argument {
    pub name: Option<Text>,
    pub value: ArgumentValue,
    pub span: Span,
}

/// What stands as an argument.
pub(super) enum ArgumentValue {
    Value(Bound),
    /// `out var x`, `out T x`: declared once the overload is known.
    OutDeclaration(tree::Identifier, Option<Type>),
    /// `out x`
    OutLocal(usize, Type),
    /// `out _`
    OutDiscard,
}

/// What is called, before an overload is chosen.
pub(super) struct Callee<'a> {
    /// The name, for messages.
    pub name: &'a str,
    /// The members of that name.
    pub infos: &'a [&'static MemberInfo],
    /// The type that they were found on.
    pub receiver: &'a Type,
    /// The receiver's value; for an extension method it is the first argument.
    pub this: Option<Bound>,
    /// Type arguments that the code gives.
    pub types: &'a [Type],
}

/// A method that fits, with what its choice decides.
pub(super) struct Chosen {
    pub info: &'static MemberInfo,
    pub arguments: Vec<Node>,
    pub types: Vec<Type>,
    pub outs: Vec<(usize, usize)>,
    pub result: Type,
}

struct Candidate {
    info: &'static MemberInfo,
    /// For each parameter the arguments given to it; several for an expanded `params`.
    assigned: Vec<Vec<usize>>,
    expanded: bool,
    parameters: Vec<Type>,
    types: Vec<Type>,
    result: Type,
    defaults: usize,
}

/// Puts an overload's type arguments and the receiver's into a type.
fn closed(ty: &Type, receiver: &Type, info: &MemberInfo, methods: &[Option<Type>]) -> Type {
    ty.substitute(&|name| {
        if let Some(index) = info.type_parameters.iter().position(|parameter| *parameter == name) {
            return methods.get(index).cloned().flatten();
        }
        let declared = declared_type(receiver, info);
        let index = info.class.parameters.iter().position(|parameter| *parameter == name)?;
        declared.arguments().get(index).cloned()
    })
}

/// The receiver's type seen as the class that declares the member.
fn declared_type(receiver: &Type, info: &MemberInfo) -> Type {
    if receiver.class().is_some_and(|class| std::ptr::eq(class, info.class)) {
        return receiver.clone();
    }
    receiver
        .supertypes()
        .into_iter()
        .map(|supertype| declared_type(&supertype, info))
        .find(|ty| ty.class().is_some_and(|class| std::ptr::eq(class, info.class)))
        .unwrap_or(Type::OBJECT)
}

/// Finds type arguments so that `parameter` becomes `argument`.
fn infer(parameter: &Type, argument: &Type, names: &[&'static str], found: &mut [Option<Type>]) {
    match (parameter, argument) {
        (Type::Parameter(name), argument) => {
            if let Some(slot) = names.iter().position(|known| known == name).and_then(|index| found.get_mut(index))
                && *argument != Type::Null
            {
                match slot {
                    Some(known) if conversions::implicit(argument, known).is_some() => {}
                    _ => *slot = Some(argument.clone()),
                }
            }
        }
        (Type::Array(parameter), Type::Array(argument)) | (Type::Nullable(parameter), Type::Nullable(argument)) => {
            infer(parameter, argument, names, found)
        }
        (Type::Generic(class, parameters), argument) => {
            let mut queue = vec![argument.clone()];
            while let Some(ty) = queue.pop() {
                if let Type::Generic(candidate, arguments) = &ty
                    && candidate == class
                {
                    parameters.iter().zip(arguments.iter()).for_each(|(parameter, argument)| infer(parameter, argument, names, found));
                    return;
                }
                queue.extend(ty.supertypes());
            }
        }
        _ => {}
    }
}

impl Binder<'_> {
    pub(super) fn arguments(&mut self, arguments: &[tree::Argument]) -> Option<Vec<Argument>> {
        let bound: Vec<Option<Argument>> = arguments.iter().map(|argument| self.argument(argument)).collect();
        bound.into_iter().collect()
    }

    fn argument(&mut self, argument: &tree::Argument) -> Option<Argument> {
        let value = match (argument.modifier, &argument.value.kind) {
            (None | Some(ArgumentModifier::In), _) => ArgumentValue::Value(self.value(&argument.value)?),
            (Some(ArgumentModifier::Out), ExpressionKind::Declaration { ty, designation }) => {
                let ty = match ty.kind {
                    tree::TypeKind::Var => None,
                    _ => Some(self.ty(ty)?),
                };
                match designation {
                    tree::Designation::Variable(name) => ArgumentValue::OutDeclaration(name.clone(), ty),
                    _ => ArgumentValue::OutDiscard,
                }
            }
            (Some(ArgumentModifier::Out), ExpressionKind::Name(name)) => match self.find_local(&name.identifier.name) {
                Some(local) => ArgumentValue::OutLocal(local.slot, local.ty.clone()),
                None if name.identifier.name == "_" => ArgumentValue::OutDiscard,
                None => {
                    self.error(
                        "CS0103",
                        argument.span,
                        format!("The name '{}' does not exist in the current context", name.identifier.name),
                    );
                    return None;
                }
            },
            _ => {
                self.error("CS1510", argument.span, "A ref or out value must be an assignable variable");
                return None;
            }
        };
        Some(Argument { name: argument.name.as_ref().map(|name| name.name.clone()), value, span: argument.span })
    }

    /// Chooses among methods of one name.
    pub(super) fn resolve(&mut self, callee: Callee<'_>, arguments: Vec<Argument>, span: Span) -> Option<Chosen> {
        let Callee { name, infos, receiver, this, types } = callee;
        let mut candidates: Vec<Candidate> = Vec::new();
        for info in infos {
            let skip = usize::from(info.is_extension);
            if let Some(candidate) = candidate(info, receiver, this.as_ref().filter(|_| skip == 1), types, &arguments, false) {
                candidates.push(candidate);
            } else if let Some(candidate) = candidate(info, receiver, this.as_ref().filter(|_| skip == 1), types, &arguments, true) {
                candidates.push(candidate);
            }
        }
        let best = candidates
            .iter()
            .position(|candidate| candidates.iter().all(|other| std::ptr::eq(candidate, other) || better(candidate, other, &arguments)));
        let best = best.or_else(|| (!candidates.is_empty()).then_some(0));
        let Some(chosen) = best.map(|index| candidates.swap_remove(index)) else {
            self.no_overload(name, infos, &arguments, span);
            return None;
        };
        self.choose(chosen, this, arguments)
    }

    fn choose(&mut self, chosen: Candidate, this: Option<Bound>, arguments: Vec<Argument>) -> Option<Chosen> {
        let info = chosen.info;
        let mut nodes = Vec::new();
        let mut outs = Vec::new();
        if let Some(this) = this {
            nodes.push(this.node);
        }
        let mut arguments: Vec<Option<Argument>> = arguments.into_iter().map(Some).collect();
        let skip = usize::from(info.is_extension && !nodes.is_empty());
        let parameters: Vec<&Parameter> = info.parameters.iter().skip(skip).collect();
        for (index, parameter) in parameters.iter().enumerate() {
            let ty = chosen.parameters.get(index + skip).cloned().unwrap_or(Type::OBJECT);
            let given: Vec<Argument> = chosen
                .assigned
                .get(index)
                .into_iter()
                .flatten()
                .filter_map(|argument| arguments.get_mut(*argument).and_then(Option::take))
                .collect();
            if parameter.is_params && chosen.expanded {
                let element = match &ty {
                    Type::Array(element) => element.as_ref().clone(),
                    other => other.clone(),
                };
                let mut items = Vec::new();
                for argument in given {
                    items.push(self.passed(argument, &element)?);
                }
                nodes.push(Node::NewArray(element, items.into()));
                continue;
            }
            match given.into_iter().next() {
                Some(argument) if parameter.is_out => {
                    let slot = match argument.value {
                        ArgumentValue::OutDeclaration(name, declared) => self.declare(&name, declared.unwrap_or_else(|| ty.clone())),
                        ArgumentValue::OutLocal(slot, _) => slot,
                        _ => self.slot(),
                    };
                    outs.push((nodes.len(), slot));
                    nodes.push(Node::Constant(crate::dotnet::Value::Null));
                }
                Some(argument) => nodes.push(self.passed(argument, &ty)?),
                None => {
                    let default = parameter.default.clone().unwrap_or_else(|| crate::dotnet::Value::default_of(&ty));
                    // An optional argument that no one gave is left to the function where it is the last: `GetValueOrDefault(name)`.
                    nodes.push(Node::Constant(default));
                }
            }
        }
        Some(Chosen { info, arguments: nodes, types: chosen.types, outs, result: chosen.result })
    }

    fn passed(&mut self, argument: Argument, ty: &Type) -> Option<Node> {
        match argument.value {
            ArgumentValue::Value(bound) => self.implicitly(bound, ty, argument.span).map(|bound| bound.node),
            _ => None,
        }
    }

    fn no_overload(&mut self, name: &str, infos: &[&'static MemberInfo], arguments: &[Argument], span: Span) {
        let shown: Vec<&str> = infos.iter().map(|info| info.signature).collect();
        let help = format!("there is: {}", shown.join("; "));
        let count = arguments.len();
        let counts = |info: &&&'static MemberInfo| {
            let skip = usize::from(info.is_extension);
            let needed = info.parameters.iter().skip(skip).filter(|parameter| parameter.default.is_none() && !parameter.is_params).count();
            count >= needed && (count <= info.parameters.len() - skip || info.parameters.last().is_some_and(|last| last.is_params))
        };
        match infos.iter().find(counts) {
            None => self.error_with_help("CS1501", span, format!("No overload for method '{name}' takes {count} arguments"), help),
            Some(info) => {
                let skip = usize::from(info.is_extension);
                let wrong = arguments.iter().enumerate().find_map(|(index, argument)| {
                    let parameter = info.parameters.get(index + skip).or(info.parameters.last())?;
                    match &argument.value {
                        ArgumentValue::Value(bound) if Self::implicit_change(bound, &parameter.ty).is_none() => {
                            Some((index, argument.span, bound.ty.to_string(), parameter.ty.to_string()))
                        }
                        _ => None,
                    }
                });
                match wrong {
                    Some((index, span, from, to)) => {
                        self.error_with_help(
                            "CS1503",
                            span,
                            format!("Argument {}: cannot convert from '{from}' to '{to}'", index + 1),
                            help,
                        );
                    }
                    None => self.error_with_help("CS1501", span, format!("No overload for method '{name}' takes {count} arguments"), help),
                }
            }
        }
    }
}

fn candidate(
    info: &'static MemberInfo,
    receiver: &Type,
    this: Option<&Bound>,
    explicit: &[Type],
    arguments: &[Argument],
    expanded: bool,
) -> Option<Candidate> {
    let skip = usize::from(this.is_some());
    if !explicit.is_empty() && explicit.len() != info.type_parameters.len() {
        return None;
    }
    let parameters: Vec<&Parameter> = info.parameters.iter().skip(skip).collect();
    let has_params = parameters.last().is_some_and(|last| last.is_params);
    if expanded && !has_params {
        return None;
    }
    let mut assigned: Vec<Vec<usize>> = vec![Vec::new(); parameters.len()];
    for (index, argument) in arguments.iter().enumerate() {
        let position = match &argument.name {
            Some(name) => parameters.iter().position(|parameter| *parameter.name == **name)?,
            None if expanded => index.min(parameters.len() - 1),
            None => index,
        };
        let slot = assigned.get_mut(position)?;
        if !slot.is_empty() && (!expanded || position != parameters.len() - 1) {
            return None;
        }
        slot.push(index);
    }
    let mut found: Vec<Option<Type>> = explicit.iter().cloned().map(Some).collect();
    found.resize(info.type_parameters.len(), None);
    if explicit.is_empty() && !info.type_parameters.is_empty() {
        if let (Some(this), Some(first)) = (this, info.parameters.first()) {
            infer(&first.ty, &this.ty, &info.type_parameters, &mut found);
        }
        for (parameter, given) in parameters.iter().zip(&assigned) {
            for argument in given.iter().filter_map(|index| arguments.get(*index)) {
                if let ArgumentValue::Value(bound) = &argument.value {
                    let target = closed(&parameter.ty, receiver, info, &[]);
                    let target = match (&target, expanded && parameter.is_params) {
                        (Type::Array(element), true) => element.as_ref().clone(),
                        _ => target,
                    };
                    infer(&target, &bound.ty, &info.type_parameters, &mut found);
                }
            }
        }
    }
    if found.iter().any(Option::is_none) {
        return None;
    }
    if let (Some(this), Some(first)) = (this, info.parameters.first()) {
        let ty = closed(&first.ty, receiver, info, &found);
        if !this.ty.is_reference_to(&ty) {
            return None;
        }
    }
    let types: Vec<Type> = info.parameters.iter().map(|parameter| closed(&parameter.ty, receiver, info, &found)).collect();
    let mut defaults = 0;
    for ((parameter, ty), given) in parameters.iter().zip(types.iter().skip(skip)).zip(&assigned) {
        if given.is_empty() {
            if parameter.default.is_none() && !(expanded && parameter.is_params) {
                return None;
            }
            defaults += 1;
        }
        let ty = match (ty, expanded && parameter.is_params) {
            (Type::Array(element), true) => element.as_ref(),
            (ty, _) => ty,
        };
        for argument in given.iter().filter_map(|index| arguments.get(*index)) {
            let fits = match &argument.value {
                ArgumentValue::Value(bound) => !parameter.is_out && Binder::implicit_change(bound, ty).is_some(),
                ArgumentValue::OutDeclaration(_, declared) => parameter.is_out && declared.as_ref().is_none_or(|declared| declared == ty),
                ArgumentValue::OutLocal(_, local) => parameter.is_out && local == ty,
                ArgumentValue::OutDiscard => parameter.is_out,
            };
            if !fits {
                return None;
            }
        }
    }
    let result = closed(&info.result, receiver, info, &found);
    // A constructor's or a static member's native learns the receiver's type arguments, a generic method its own.
    let natives = if info.type_parameters.is_empty() { receiver.arguments().to_vec() } else { found.into_iter().flatten().collect() };
    Some(Candidate { info, assigned, expanded, parameters: types, types: natives, result, defaults })
}

/// Whether `a` is the better function member for these arguments.
fn better(a: &Candidate, b: &Candidate, arguments: &[Argument]) -> bool {
    let parameter = |candidate: &Candidate, argument: usize| {
        let skip = candidate.parameters.len() - candidate.assigned.len();
        let position = candidate.assigned.iter().position(|given| given.contains(&argument))?;
        let ty = candidate.parameters.get(position + skip)?;
        Some(match ty {
            Type::Array(element) if candidate.expanded && position + 1 == candidate.assigned.len() => element.as_ref().clone(),
            ty => ty.clone(),
        })
    };
    let (mut wins, mut losses) = (0, 0);
    for (index, argument) in arguments.iter().enumerate() {
        let (Some(to_a), Some(to_b)) = (parameter(a, index), parameter(b, index)) else { continue };
        let ArgumentValue::Value(bound) = &argument.value else { continue };
        if to_a == to_b {
            continue;
        }
        match (bound.ty == to_a, bound.ty == to_b) {
            (true, _) => wins += 1,
            (_, true) => losses += 1,
            _ => match (conversions::implicit(&to_a, &to_b).is_some(), conversions::implicit(&to_b, &to_a).is_some()) {
                (true, false) => wins += 1,
                (false, true) => losses += 1,
                _ => {}
            },
        }
    }
    if wins != losses {
        return losses == 0 && wins > 0;
    }
    let rank = |candidate: &Candidate| {
        (candidate.expanded, candidate.defaults, !candidate.info.type_parameters.is_empty(), std::cmp::Reverse(candidate.parameters.len()))
    };
    rank(a) < rank(b)
}

/// The conversion of a `foreach` item to its variable's type.
pub(super) fn item_conversion(from: &Type, to: &Type) -> Option<Option<Conversion>> {
    conversions::implicit(from, to)
}
