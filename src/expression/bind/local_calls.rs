//! Calls of local functions.

use std::rc::Rc;

use super::{
    Binder, Bound, Operand,
    arguments::{Argument, Passed, assign},
    functions::{LocalFunctionType, LocalParameter},
};
use crate::{
    dotnet::{types::Type, value::Value},
    expression::program::{Node, Slot},
    source::Span,
};

impl<'t> Binder<'t> {
    /// The call of a local function that is declared in function `place.0` and has slot `place.1` there.
    pub(super) fn call_local(
        &mut self,
        function: &Rc<LocalFunctionType<'t>>,
        place: (usize, usize),
        types: &[Type],
        arguments: Vec<Argument<'t>>,
        span: Span,
    ) -> Option<Bound> {
        if !types.is_empty() && types.len() != function.type_parameters.len() {
            let message =
                format!("Using the generic method '{}' requires {} type arguments", function.shown(), function.type_parameters.len());
            self.error("CS0305", span, message);
            return None;
        }
        let Some((assigned, expanded)) = self.fit_local(function, &arguments) else {
            self.no_local_overload(function, &arguments, span);
            return None;
        };
        let types = match (types, function.type_parameters.as_slice()) {
            ([], [_, ..]) => {
                let mut pairs: Vec<(&Argument<'t>, Type)> = Vec::new();
                for (parameter, given) in function.parameters.iter().zip(&assigned) {
                    let ty = target(parameter, expanded).clone();
                    pairs.extend(given.iter().filter_map(|index| arguments.get(*index)).map(|argument| (argument, ty.clone())));
                }
                let Some(inferred) = self.infer(&function.type_parameters, &pairs) else {
                    let shown = function.shown();
                    let message = format!(
                        "The type arguments for method '{shown}' cannot be inferred from the usage. Try specifying the type arguments explicitly."
                    );
                    self.error("CS0411", span, message);
                    return None;
                };
                inferred
            }
            (types, _) => types.to_vec(),
        };
        let slot = if types.is_empty() { place.1 } else { self.instance(function, place.0, &types) };
        let slot = self.reach(place.0, slot);
        let mut nodes = Vec::new();
        let mut written = Vec::new();
        let mut arguments: Vec<Option<Argument<'t>>> = arguments.into_iter().map(Some).collect();
        for (parameter, given) in function.parameters.iter().zip(&assigned) {
            let ty = function.close(target(parameter, expanded), &types);
            written.extend(given.first().map(|first| (*first, nodes.len())));
            if parameter.is_params && expanded {
                let mut items = Vec::new();
                for argument in given.iter().filter_map(|index| arguments.get_mut(*index).and_then(Option::take)) {
                    if let Passed::Value(operand) = argument.passed {
                        items.push(self.to(operand, &ty, argument.span)?.node);
                    }
                }
                nodes.push(Node::NewArray(ty, items.into()));
                continue;
            }
            let argument = given.first().and_then(|index| arguments.get_mut(*index).and_then(Option::take));
            nodes.push(match argument {
                Some(argument) => self.local_argument(parameter, &ty, argument)?,
                None => Node::Constant(parameter.default.clone().unwrap_or(Value::Null)),
            });
        }
        let known = function.flow.borrow().known.clone();
        if let Some((_, exits)) = known
            && !exits.is_unreachable()
        {
            self.assigned.join(&exits);
        }
        let mut before = self.as_written(&mut nodes, written);
        let call = Node::Invoke(Box::new(Node::Local(slot)), nodes.into());
        let result = function.close(&function.result, &types);
        if before.is_empty() {
            return Some(Bound::new(call, result));
        }
        before.push(call);
        Some(Bound::new(Node::Sequence(before.into()), result))
    }

    /// Which arguments go to which parameters, and whether a `params` array is made of the last ones.
    fn fit_local(&mut self, function: &LocalFunctionType<'t>, arguments: &[Argument<'t>]) -> Option<(Vec<Vec<usize>>, bool)> {
        let normal = assign(&function.parameters, arguments, false);
        if let (Some(normal), Some(last)) = (&normal, function.parameters.last()) {
            let whole = normal.last().and_then(|given| given.first()).and_then(|index| arguments.get(*index));
            let is_array = match whole.map(|argument| &argument.passed) {
                Some(Passed::Value(operand)) if !last.ty.is_open() => self.converts(operand, &last.ty),
                Some(Passed::Value(Operand::Value(bound))) => matches!(bound.ty, Type::Array(_)),
                _ => true,
            };
            if last.is_params && !is_array {
                return assign(&function.parameters, arguments, true).map(|assigned| (assigned, true));
            }
        }
        match normal {
            Some(normal) => Some((normal, false)),
            None => assign(&function.parameters, arguments, true).map(|assigned| (assigned, true)),
        }
    }

    /// The slot of a generic function's body for these type arguments, in the function that declares it.
    fn instance(&mut self, function: &LocalFunctionType<'t>, level: usize, types: &[Type]) -> usize {
        let mut instances = function.instances.borrow_mut();
        if let Some((_, slot)) = instances.iter().find(|(known, _)| known == types) {
            return *slot;
        }
        let Some(owner) = self.functions.get_mut(level) else { return 0 };
        owner.slots.push(Slot::Hoisted);
        instances.push((types.to_vec(), owner.slots.len() - 1));
        owner.slots.len() - 1
    }

    fn local_argument(&mut self, parameter: &LocalParameter, ty: &Type, argument: Argument<'t>) -> Option<Node> {
        let keyword = match (parameter.by_reference, parameter.is_out) {
            (false, _) => None,
            (true, is_out) => Some(if is_out { "out" } else { "ref" }),
        };
        Some(match argument.passed {
            Passed::Value(Operand::Value(bound)) if keyword.is_none() && !self.converts(&Operand::Value(bound.clone()), ty) => {
                let message = format!("Argument: cannot convert from '{}' to '{ty}'", bound.ty);
                self.error("CS1503", argument.span, message);
                return None;
            }
            Passed::Value(operand) if keyword.is_none() => self.to(operand, ty, argument.span)?.node,
            Passed::Local { function, slot, variable, ty: own, is_out }
                if keyword.is_some() && is_out == parameter.is_out && own == *ty =>
            {
                self.capture(function, slot);
                self.assigned.assign(variable);
                Node::Cell(self.reach(function, slot))
            }
            Passed::New(name, own) if parameter.is_out => {
                let declared = self.declare(name, own.unwrap_or_else(|| ty.clone()));
                self.assigned.assign(declared.variable);
                self.fresh_cell(declared.slot, ty)
            }
            Passed::Discard(_) if parameter.is_out => {
                let slot = self.slot();
                self.fresh_cell(slot, ty)
            }
            _ => {
                let (code, message) = match keyword {
                    Some(keyword) => ("CS1620", format!("Argument must be passed with the '{keyword}' keyword")),
                    None => ("CS1615", "Argument may not be passed with the 'ref' or 'out' keyword".to_owned()),
                };
                self.error(code, argument.span, message);
                return None;
            }
        })
    }

    fn fresh_cell(&mut self, slot: usize, ty: &Type) -> Node {
        let level = self.functions.len().saturating_sub(1);
        self.capture(level, slot);
        let fresh = Node::Declare(slot, Box::new(Node::Constant(Value::default_of(ty))));
        Node::Sequence([fresh, Node::Cell(slot)].into())
    }

    fn no_local_overload(&mut self, function: &LocalFunctionType<'t>, arguments: &[Argument<'t>], span: Span) {
        let name = &function.name;
        for (index, argument) in arguments.iter().enumerate() {
            let Some(given) = &argument.name else { continue };
            let Some(position) = function.parameters.iter().position(|parameter| parameter.name == *given) else {
                let message = format!("The best overload for '{name}' does not have a parameter named '{given}'");
                return self.error("CS1739", argument.span, message);
            };
            if arguments.iter().take(index).enumerate().any(|(place, earlier)| earlier.name.is_none() && place == position) {
                let message =
                    format!("Named argument '{given}' specifies a parameter for which a positional argument has already been given");
                return self.error("CS1744", argument.span, message);
            }
            if position != index && arguments.iter().skip(index + 1).any(|later| later.name.is_none()) {
                let message = format!("Named argument '{given}' is used out-of-position but is followed by an unnamed argument");
                return self.error("CS8323", argument.span, message);
            }
        }
        let positional = arguments.iter().filter(|argument| argument.name.is_none()).count();
        let missing = function.parameters.iter().skip(positional).find(|parameter| {
            parameter.default.is_none()
                && !parameter.is_params
                && !arguments.iter().any(|argument| argument.name.as_ref() == Some(&parameter.name))
        });
        match missing {
            Some(missing) if arguments.len() < function.parameters.len() => {
                let shown = function.shown();
                let message =
                    format!("There is no argument given that corresponds to the required formal parameter '{}' of '{shown}'", missing.name);
                self.error("CS7036", span, message);
            }
            _ => self.error("CS1501", span, format!("No overload for method '{name}' takes {} arguments", arguments.len())),
        }
    }
}

/// The type that an argument for the parameter converts to.
fn target(parameter: &LocalParameter, expanded: bool) -> &Type {
    match &parameter.ty {
        Type::Array(element) if parameter.is_params && expanded => element,
        ty => ty,
    }
}
