//! Type inference: the type arguments of a generic method from the arguments of a call.
//!
//! Source: C# language specification, "Type inference".

use super::{
    Binder, Operand,
    arguments::{Argument, Passed},
    conversions::implicit,
};
use crate::dotnet::{
    registry,
    types::{Type, Variance},
};

/// What is known of one type parameter.
#[derive(Default)]
struct Bounds {
    exact: Vec<Type>,
    lower: Vec<Type>,
    upper: Vec<Type>,
    fixed: Option<Type>,
}

impl Bounds {
    fn is_empty(&self) -> bool {
        self.exact.is_empty() && self.lower.is_empty() && self.upper.is_empty()
    }

    /// The one type that all bounds allow.
    fn fix(&mut self) -> bool {
        let mut candidates: Vec<Type> = Vec::new();
        for ty in self.exact.iter().chain(&self.lower).chain(&self.upper) {
            if !candidates.contains(ty) {
                candidates.push(ty.clone());
            }
        }
        candidates.retain(|candidate| {
            self.exact.iter().all(|bound| bound == candidate)
                && self.lower.iter().all(|bound| implicit(bound, candidate).is_some())
                && self.upper.iter().all(|bound| implicit(candidate, bound).is_some())
        });
        // The one that all others convert to, as the compiler does it: `int` and `object` together are `object`.
        let widest = candidates.iter().find(|candidate| candidates.iter().all(|other| implicit(other, candidate).is_some()));
        let narrowest = || candidates.iter().find(|candidate| candidates.iter().all(|other| implicit(candidate, other).is_some()));
        let chosen = if self.upper.is_empty() { widest } else { narrowest() };
        self.fixed = chosen.cloned();
        self.fixed.is_some()
    }
}

/// One inference under way.
struct Inference<'n> {
    names: &'n [&'static str],
    bounds: Vec<Bounds>,
}

impl Inference<'_> {
    fn of(&mut self, name: &str) -> Option<&mut Bounds> {
        let index = self.names.iter().position(|known| *known == name)?;
        self.bounds.get_mut(index).filter(|bounds| bounds.fixed.is_none())
    }

    /// A type with what is fixed so far in the place of type parameters.
    fn substituted(&self, ty: &Type) -> Type {
        ty.substitute(&|name| {
            let index = self.names.iter().position(|known| *known == name)?;
            self.bounds.get(index)?.fixed.clone()
        })
    }

    /// The type parameters in a type that are not fixed yet.
    fn unfixed(&self, ty: &Type) -> Vec<usize> {
        let mut found = Vec::new();
        parameters(ty, &mut found);
        let index = |name: &&str| self.names.iter().position(|known| known == name);
        found.iter().filter_map(index).filter(|index| self.bounds.get(*index).is_some_and(|bounds| bounds.fixed.is_none())).collect()
    }

    fn exact(&mut self, from: &Type, to: &Type) {
        match (from, to) {
            (from, Type::Parameter(name)) => {
                if let Some(bounds) = self.of(name) {
                    bounds.exact.push(from.clone());
                }
            }
            (Type::Array(from), Type::Array(to))
            | (Type::Nullable(from), Type::Nullable(to))
            | (Type::Grid(from, _), Type::Grid(to, _)) => {
                self.exact(from, to);
            }
            (Type::Generic(class, from), Type::Generic(to_class, to)) if class == to_class => {
                from.iter().zip(to.iter()).for_each(|(from, to)| self.exact(from, to));
            }
            (Type::Tuple(from), Type::Tuple(to)) if from.items.len() == to.items.len() => {
                from.items.iter().zip(&to.items).for_each(|(from, to)| self.exact(from, to));
            }
            _ => {}
        }
    }

    fn lower(&mut self, from: &Type, to: &Type) {
        match (from, to) {
            (Type::Null | Type::Void, _) => {}
            (from, Type::Parameter(name)) => {
                if let Some(bounds) = self.of(name) {
                    bounds.lower.push(from.clone());
                }
            }
            (Type::Nullable(from), Type::Nullable(to)) => self.lower(from, to),
            (Type::Array(from), Type::Array(to)) => self.element(from, to),
            (Type::Array(from), Type::Generic(class, to)) if is_array_interface(class.name) => {
                if let Some(to) = to.first() {
                    self.element(from, to);
                }
            }
            (Type::Tuple(from), Type::Tuple(to)) if from.items.len() == to.items.len() => {
                from.items.iter().zip(&to.items).for_each(|(from, to)| self.lower(from, to));
            }
            (from, Type::Generic(class, to)) => {
                let mut found = Vec::new();
                constructed(from, class.0, &mut found);
                // A type that implements the interface in two ways says nothing.
                let [Type::Generic(_, from)] = found.as_slice() else { return };
                let last = from.len().saturating_sub(1);
                for (index, (from, to)) in from.iter().zip(to.iter()).enumerate() {
                    let reference = !from.is_value_type() && from.underlying().is_none();
                    match class.variance {
                        Variance::Out if reference => self.lower(from, to),
                        Variance::In if reference => self.upper(from, to),
                        Variance::Function if reference && index == last && class.name == "Func" => self.lower(from, to),
                        Variance::Function if reference => self.upper(from, to),
                        _ => self.exact(from, to),
                    }
                }
            }
            _ => {}
        }
    }

    fn upper(&mut self, from: &Type, to: &Type) {
        match (from, to) {
            (from, Type::Parameter(name)) => {
                if let Some(bounds) = self.of(name) {
                    bounds.upper.push(from.clone());
                }
            }
            (Type::Generic(class, from), Type::Generic(to_class, to)) if class == to_class => {
                from.iter().zip(to.iter()).for_each(|(from, to)| match class.variance {
                    Variance::Out => self.upper(from, to),
                    Variance::In => self.lower(from, to),
                    _ => self.exact(from, to),
                });
            }
            (from, to) => self.exact(from, to),
        }
    }

    fn element(&mut self, from: &Type, to: &Type) {
        if from.is_value_type() { self.exact(from, to) } else { self.lower(from, to) }
    }
}

fn is_array_interface(name: &str) -> bool {
    matches!(name, "IEnumerable" | "ICollection" | "IList" | "IReadOnlyCollection" | "IReadOnlyList")
}

/// The types made from `class` that `ty` is.
fn constructed(ty: &Type, class: &'static crate::dotnet::types::Class, found: &mut Vec<Type>) {
    if ty.class().is_some_and(|own| std::ptr::eq(own, class)) {
        if !found.contains(ty) {
            found.push(ty.clone());
        }
        return;
    }
    ty.supertypes().iter().for_each(|supertype| constructed(supertype, class, found));
}

/// The names of the type parameters in a type.
fn parameters(ty: &Type, found: &mut Vec<&'static str>) {
    match ty {
        Type::Parameter(name) => found.push(name),
        Type::Generic(_, arguments) => arguments.iter().for_each(|argument| parameters(argument, found)),
        Type::Array(of) | Type::Nullable(of) | Type::Grid(of, _) => parameters(of, found),
        Type::Tuple(tuple) => tuple.items.iter().for_each(|item| parameters(item, found)),
        _ => {}
    }
}

impl<'t> Binder<'t> {
    /// The type arguments for which the arguments fit the parameters: pairs of the argument and its parameter's type.
    pub(super) fn infer(&mut self, names: &[&'static str], pairs: &[(&Argument<'t>, Type)]) -> Option<Vec<Type>> {
        let mut inference = Inference { names, bounds: names.iter().map(|_| Bounds::default()).collect() };
        for (argument, ty) in pairs {
            match &argument.passed {
                Passed::Value(operand) => self.infer_value(&mut inference, operand, ty),
                Passed::Local { ty: own, .. } | Passed::Place(_, own) | Passed::New(_, Some(own)) | Passed::Discard(Some(own)) => {
                    inference.exact(own, ty);
                }
                Passed::New(_, None) | Passed::Discard(None) => {}
            }
        }
        // Lambdas and method groups give their results as soon as their parameters are known.
        let mut waiting: Vec<&(&Argument<'t>, Type)> =
            pairs.iter().filter(|(argument, ty)| is_function(argument) && ty.delegate().is_some()).collect();
        loop {
            let depends = |inference: &Inference<'_>, waiting: &[&(&Argument<'t>, Type)], index: usize| {
                waiting.iter().filter_map(|(_, ty)| ty.delegate()).any(|(inputs, output)| {
                    inference.unfixed(&output).contains(&index) && inputs.iter().any(|input| !inference.unfixed(input).is_empty())
                })
            };
            let open: Vec<usize> =
                inference.bounds.iter().enumerate().filter(|(_, bounds)| bounds.fixed.is_none()).map(|(i, _)| i).collect();
            if open.is_empty() {
                break;
            }
            // A result that a function can give now comes before fixing what it bears on.
            let ready = waiting.iter().position(|(_, ty)| {
                ty.delegate().is_some_and(|(inputs, output)| {
                    inputs.iter().all(|input| inference.unfixed(input).is_empty()) && !inference.unfixed(&output).is_empty()
                })
            });
            if let Some(ready) = ready {
                let (argument, ty) = waiting.remove(ready);
                let (inputs, output) = ty.delegate()?;
                let inputs: Vec<Type> = inputs.iter().map(|input| inference.substituted(input)).collect();
                let result = match &argument.passed {
                    Passed::Value(Operand::Lambda(lambda)) => self.lambda_result(&lambda.clone(), &inputs),
                    Passed::Value(Operand::Methods(methods)) => self.method_group_result(&methods.clone(), &inputs),
                    _ => None,
                }?;
                inference.lower(&result, &output);
                continue;
            }
            let independent: Vec<usize> = open.iter().copied().filter(|index| !depends(&inference, &waiting, *index)).collect();
            let with_bounds =
                |inference: &Inference<'_>, index: &usize| inference.bounds.get(*index).is_some_and(|bounds| !bounds.is_empty());
            let mut to_fix: Vec<usize> = independent.into_iter().filter(|index| with_bounds(&inference, index)).collect();
            if to_fix.is_empty() {
                to_fix = open.into_iter().filter(|index| with_bounds(&inference, index)).collect();
            }
            if to_fix.is_empty() {
                return None;
            }
            for index in to_fix {
                if !inference.bounds.get_mut(index)?.fix() {
                    return None;
                }
            }
        }
        inference.bounds.into_iter().map(|bounds| bounds.fixed).collect()
    }

    fn infer_value(&mut self, inference: &mut Inference<'_>, operand: &Operand<'t>, ty: &Type) {
        match operand {
            Operand::Value(bound) => inference.lower(&bound.ty, ty),
            Operand::Lambda(lambda) => {
                let Some((inputs, _)) = ty.delegate() else { return };
                for (own, input) in lambda.parameters.iter().zip(&inputs) {
                    if let Some(own) = own.ty.and_then(|own| self.attempt(|binder| binder.ty(own))) {
                        inference.exact(&own, input);
                    }
                }
            }
            Operand::Tuple(literal) => {
                let Type::Tuple(tuple) = ty else {
                    if let Some(own) = self.attempt(|binder| binder.tuple_natural(literal, crate::source::Span::at(0))) {
                        inference.lower(&own.ty, ty);
                    }
                    return;
                };
                for (item, ty) in literal.items.iter().zip(&tuple.items) {
                    self.infer_value(inference, &item.1, ty);
                }
            }
            Operand::Methods(_) | Operand::Default | Operand::Throw(_) => {}
        }
    }
}

fn is_function(argument: &Argument<'_>) -> bool {
    matches!(argument.passed, Passed::Value(Operand::Lambda(_) | Operand::Methods(_)))
}

/// The type of the items that `foreach` gives, and LINQ sees; none for what cannot be enumerated.
pub(super) fn item_type(ty: &Type) -> Option<Type> {
    match ty {
        Type::Array(element) | Type::Grid(element, _) => Some(element.as_ref().clone()),
        ty => match ty.as_class(&registry::IENUMERABLE) {
            Some(sequence) => sequence.arguments().first().cloned(),
            None => ty.as_class(&registry::NONGENERIC_IENUMERABLE).map(|_| Type::OBJECT),
        },
    }
}
