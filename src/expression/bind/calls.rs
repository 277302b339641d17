//! Calls: of methods, delegates and local functions; methods as values.

use std::rc::Rc;

use super::{
    Binder, Bound, Operand,
    arguments::{Argument, Passed},
    conversions::standard,
    members::{Found, Methods, MethodsKind, Receiver},
    names::Entity,
    overloads::{Ambiguity, Candidate},
};
use crate::{
    csharp::tree::{self, ExpressionKind},
    dotnet::{
        allowed,
        member::{MemberInfo, MemberKind},
        registry,
        types::{ClassRef, Kind, Type},
        value::Value,
    },
    expression::program::{Conversion, MethodGroup, Node},
    source::Span,
};

impl<'t> Binder<'t> {
    pub(super) fn invocation(&mut self, target: &'t tree::Expression, arguments: &'t [tree::Argument], span: Span) -> Option<Bound> {
        let methods = match &target.without_parentheses().kind {
            ExpressionKind::MemberBinding(name) => {
                let receiver = self.receivers.last().cloned()?;
                self.member_as(receiver, name, target.span, true)
            }
            ExpressionKind::Name(_) | ExpressionKind::Member { .. } => match self.entity_as(target.without_parentheses(), true) {
                Some(Entity::Operand(operand)) => Some(operand),
                Some(Entity::Type(ty)) => {
                    self.error("CS1955", target.span, format!("Non-invocable member '{ty}' cannot be used like a method."));
                    None
                }
                Some(Entity::Namespace(namespace)) => {
                    self.error("CS0118", target.span, format!("'{namespace}' is a namespace but is used like a variable"));
                    None
                }
                None => None,
            },
            _ => self.operand(target),
        };
        // `nameof` is no keyword: where nothing of that name is in scope, the parser has it as an expression of its own.
        let arguments = self.arguments(arguments);
        let Some(methods) = methods else {
            self.declare_outs(arguments.unwrap_or_default());
            return None;
        };
        match (methods, arguments?) {
            (Operand::Methods(methods), arguments) => {
                let outs: Vec<Argument<'t>> = arguments
                    .iter()
                    .filter(|argument| matches!(argument.passed, Passed::New(..) | Passed::Local { .. }))
                    .cloned()
                    .collect();
                let bound = self.call(&methods, arguments, span);
                if bound.is_none() {
                    self.declare_outs(outs);
                }
                bound
            }
            (Operand::Value(bound), arguments) => self.invoke(bound, arguments, span),
            (other, _) => {
                self.natural(other, target.span)?;
                self.error("CS0149", target.span, "Method name expected");
                None
            }
        }
    }

    /// The variables that a wrong call declares exist all the same.
    fn declare_outs(&mut self, arguments: Vec<Argument<'t>>) {
        for argument in arguments {
            match argument.passed {
                Passed::New(name, ty) if self.find_local(&name.name).is_none() => {
                    let declared = self.declare(name, ty.unwrap_or(Type::Error));
                    self.assigned.assign(declared.variable);
                }
                Passed::Local { variable, .. } => self.assigned.assign(variable),
                _ => {}
            }
        }
    }

    fn invoke(&mut self, delegate: Bound, arguments: Vec<Argument<'t>>, span: Span) -> Option<Bound> {
        let Some((inputs, output)) = delegate.ty.delegate() else {
            if delegate.ty != Type::Error {
                let name = self.code.slice(span).split('(').next().unwrap_or("").trim().to_owned();
                self.error("CS1955", span, format!("Non-invocable member '{name}' cannot be used like a method."));
            }
            return None;
        };
        if inputs.len() != arguments.len() {
            self.error("CS1593", span, format!("Delegate '{}' does not take {} arguments", delegate.ty, arguments.len()));
            return None;
        }
        let mut nodes = Vec::new();
        for (argument, ty) in arguments.into_iter().zip(&inputs) {
            let Passed::Value(operand) = argument.passed else { return self.unavailable("`out` to a delegate", argument.span) };
            nodes.push(self.to(operand, ty, argument.span)?.node);
        }
        Some(Bound::new(Node::Invoke(delegate.boxed(), nodes.into()), output))
    }

    /// The call of one of some methods.
    pub(super) fn call(&mut self, methods: &Rc<Methods<'t>>, arguments: Vec<Argument<'t>>, span: Span) -> Option<Bound> {
        match &methods.kind {
            MethodsKind::Local { function, level, slot } => {
                let types: Vec<Type> = self.type_arguments(methods)?;
                self.call_local(function, (*level, *slot), &types, arguments, span)
            }
            MethodsKind::Members(receiver) => {
                let types: Vec<Type> = self.type_arguments(methods)?;
                self.call_member(receiver, methods, &types, arguments, span)
            }
        }
    }

    fn call_member(
        &mut self,
        receiver: &Receiver,
        methods: &Methods<'t>,
        types: &[Type],
        arguments: Vec<Argument<'t>>,
        span: Span,
    ) -> Option<Bound> {
        let this = match receiver {
            Receiver::Value(this) => Some(this.clone()),
            Receiver::Type(_) => None,
        };
        if let Some(this) = &this
            && let Some(underlying) = this.ty.underlying().cloned()
            && let Some(bound) = self.call_on_nullable(this, &underlying, methods.name(), &arguments, span)
        {
            return Some(bound);
        }
        let levels = methods.levels();
        match self.choose(&levels, this.as_ref(), types, &arguments) {
            Ok(chosen) => {
                self.check_member(&chosen.found, methods.span)?;
                self.note_body(&chosen, methods.span);
                self.finish_call(chosen, this, arguments)
            }
            Err(Ambiguity::Between(a, b)) => {
                self.error(
                    "CS0121",
                    methods.span,
                    format!("The call is ambiguous between the following methods or properties: '{a}' and '{b}'"),
                );
                None
            }
            Err(Ambiguity::NoneFits) => {
                let shown: Vec<Found> = levels.into_iter().flatten().collect();
                self.no_overload(methods.name(), &shown, this.as_ref(), types, &arguments, span);
                None
            }
        }
    }

    /// What every nullable can do; the rest boxes or is its value's.
    fn call_on_nullable(&mut self, this: &Bound, underlying: &Type, name: &str, arguments: &[Argument<'t>], span: Span) -> Option<Bound> {
        let value_or = |default: Node| Node::Coalesce(Box::new(this.node.clone()), Box::new(default));
        match (name, arguments) {
            ("GetValueOrDefault", []) => {
                let default = self.default_value(underlying).node;
                Some(Bound::new(value_or(default), underlying.clone()))
            }
            ("GetValueOrDefault", [Argument { passed: Passed::Value(operand), .. }]) => {
                let default = self.to(operand.clone(), underlying, span)?;
                Some(Bound::new(value_or(default.node), underlying.clone()))
            }
            // A nullable without a value is "" and equals null, where a null reference would throw.
            ("ToString", []) => Some(Bound::new(Node::Concat([this.node.clone()].into()), Type::STRING)),
            ("GetHashCode", []) => {
                let slot = self.slot();
                let info = registry::OBJECT.infos().iter().find(|info| info.name == "GetHashCode")?;
                let hash = Node::Property(info.native, Box::new(Node::Local(slot)));
                let node = Node::WhenNotNull(Box::new(this.node.clone()), slot, Box::new(hash));
                Some(Bound::new(Node::Coalesce(Box::new(node), Box::new(Node::Constant(Value::Int32(0)))), Type::INT32))
            }
            ("Equals", [Argument { passed: Passed::Value(Operand::Value(other)), .. }]) => {
                Some(Bound::new(Node::Equal(Box::new(this.node.clone()), Box::new(other.node.clone()), false), Type::BOOL))
            }
            _ => None,
        }
    }

    /// Remembers that a body may be read, and refuses what it cannot be read as.
    fn note_body(&mut self, chosen: &Candidate, span: Span) {
        if !std::ptr::eq(chosen.found.info.class, &registry::MESSAGE_BODY) {
            return;
        }
        self.reads_body = true;
        let Some(target) = chosen.types.first() else { return };
        let readable = *target == Type::STRING
            || *target == Type::array(Type::BYTE)
            || target.class().is_some_and(|class| ["JObject", "JArray", "JToken", "XNode", "XElement", "XDocument"].contains(&class.name));
        if !readable {
            let message = format!("A message body cannot be read as '{target}'");
            let help = "a body can be read as string, byte[], JObject, JArray, JToken, XNode, XElement or XDocument";
            self.error_with_help("expression/body-type", span, message, help);
        }
    }

    /// `new T(…)` by a constructor of the table.
    pub(super) fn construct(&mut self, made: &Type, arguments: Vec<Argument<'t>>, span: Span) -> Option<Bound> {
        let class = made.class()?;
        let constructors: Vec<Found> =
            class.infos().iter().filter(|info| info.kind == MemberKind::Constructor).map(|info| Found { info, on: made.clone() }).collect();
        if constructors.is_empty() {
            self.error("CS1729", span, format!("'{made}' does not contain a constructor that takes {} arguments", arguments.len()));
            return None;
        }
        match self.choose(std::slice::from_ref(&constructors), None, &[], &arguments) {
            Ok(chosen) => {
                self.check_member(&chosen.found, span)?;
                let bound = self.finish_call(chosen, None, arguments)?;
                Some(Bound::new(bound.node, made.clone()))
            }
            Err(Ambiguity::Between(a, b)) => {
                self.error("CS0121", span, format!("The call is ambiguous between the following methods or properties: '{a}' and '{b}'"));
                None
            }
            Err(Ambiguity::NoneFits) => {
                let wrong_count = !constructors.iter().any(|found| takes(found.info, arguments.len(), 0));
                if wrong_count {
                    let shown: Vec<&str> = constructors.iter().map(|found| found.info.signature).collect();
                    let message = format!("'{made}' does not contain a constructor that takes {} arguments", arguments.len());
                    self.error_with_help("CS1729", span, message, format!("there is: {}", shown.join("; ")));
                } else {
                    self.no_overload(class.name, &constructors, None, &[], &arguments, span);
                }
                None
            }
        }
    }

    /// Says why no overload fits: the number of arguments, the types that cannot be inferred, or the first argument that does not fit.
    fn no_overload(&mut self, name: &str, found: &[Found], this: Option<&Bound>, types: &[Type], arguments: &[Argument<'t>], span: Span) {
        let count = arguments.len();
        let skip = |found: &Found| usize::from(found.info.is_extension && this.is_some());
        let receiver_fits = |found: &&Found| {
            !found.info.is_extension
                || this.is_none_or(|this| found.info.parameters.first().is_some_and(|first| could_be(&this.ty, &first.ty)))
        };
        let fitting: Vec<&Found> = found.iter().filter(receiver_fits).filter(|found| takes(found.info, count, skip(found))).collect();
        let Some(first) = fitting.first() else {
            if found.iter().all(|found| !receiver_fits(&found))
                && let Some(this) = this
            {
                self.no_member(&this.ty, name, span);
                return;
            }
            self.error_with_help("CS1501", span, format!("No overload for method '{name}' takes {count} arguments"), there_is(found));
            return;
        };
        let help = self.character_help(&fitting, arguments, skip).unwrap_or_else(|| there_is(fitting.iter().copied()));
        let lambda_fault = arguments.iter().find_map(|argument| match &argument.passed {
            Passed::Value(Operand::Lambda(lambda)) => Some(lambda.clone()),
            _ => None,
        });
        for (index, argument) in arguments.iter().enumerate() {
            let Some(parameter) = first.info.parameters.get(index + skip(first)).or(first.info.parameters.last()) else { continue };
            let ty = first.close(&parameter.ty);
            let Passed::Value(operand) = &argument.passed else {
                if !parameter.is_out && !parameter.is_ref {
                    self.error("CS1615", argument.span, format!("Argument {} may not be passed with the 'out' keyword", index + 1));
                    return;
                }
                continue;
            };
            if parameter.is_out || parameter.is_ref {
                let keyword = if parameter.is_out { "out" } else { "ref" };
                self.error("CS1620", argument.span, format!("Argument {} must be passed with the '{keyword}' keyword", index + 1));
                return;
            }
            if ty.is_open() || self.converts(operand, &ty) {
                continue;
            }
            match operand {
                Operand::Value(bound) => {
                    let message = format!("Argument {}: cannot convert from '{}' to '{ty}'", index + 1, bound.ty);
                    self.error_with_help("CS1503", argument.span, message, help);
                }
                other => {
                    self.to(other.clone(), &ty, argument.span);
                }
            }
            return;
        }
        // A lambda that does not compile for the first overload says more than that nothing can be inferred.
        if let Some(lambda) = lambda_fault
            && let Some(this) = this
            && let Some(item) = super::inference::item_type(&this.ty)
        {
            let before = self.diagnostics.len();
            let inputs: Vec<Type> =
                lambda.parameters.iter().enumerate().map(|(i, _)| if i == 0 { item.clone() } else { Type::INT32 }).collect();
            self.explain_lambda(&lambda, &inputs);
            if self.diagnostics.len() > before {
                return;
            }
        }
        if !first.info.type_parameters.is_empty() && types.is_empty() {
            let message = format!(
                "The type arguments for method '{name}' cannot be inferred from the usage. Try specifying the type arguments explicitly."
            );
            self.error_with_help("CS0411", span, message, help);
        } else {
            self.error_with_help("CS1501", span, format!("No overload for method '{name}' takes {count} arguments"), help);
        }
    }

    /// What to say where a string is asked for and a character stands: `'10'` is taken for a string, `'0'` is not.
    fn character_help(&self, fitting: &[&Found], arguments: &[Argument<'t>], skip: impl Fn(&Found) -> usize) -> Option<String> {
        let is_character = |argument: &Argument<'_>| {
            matches!(&argument.passed, Passed::Value(Operand::Value(Bound { node: Node::Constant(Value::Char(_)), .. })))
        };
        let takes_string_alone = |index: usize| {
            let mut taken = fitting.iter().filter_map(|found| found.info.parameters.get(index + skip(found)));
            taken.clone().any(|taken| taken.ty == Type::STRING) && taken.all(|taken| standard(&Type::CHAR, &taken.ty).is_none())
        };
        let (_, argument) = arguments.iter().enumerate().find(|(index, argument)| is_character(argument) && takes_string_alone(*index))?;
        Some(format!("`{}` is a `char`: a string stands in double quotes", self.code.slice(argument.span)))
    }

    /// What a method group gives for arguments of these types; none where no overload takes them.
    pub(super) fn method_group_result(&mut self, methods: &Rc<Methods<'t>>, inputs: &[Type]) -> Option<Type> {
        match &methods.kind {
            MethodsKind::Local { function, .. } => {
                let fits = function.parameters.len() == inputs.len() && function.type_parameters.is_empty();
                fits.then(|| function.result.clone())
            }
            MethodsKind::Members(receiver) => self.choose_for(receiver, methods, inputs).map(|chosen| chosen.result),
        }
    }

    fn choose_for(&mut self, receiver: &Receiver, methods: &Methods<'t>, inputs: &[Type]) -> Option<Candidate> {
        let arguments: Vec<Argument<'t>> = inputs
            .iter()
            .map(|ty| Argument::value(Operand::Value(Bound::new(Node::Sequence([].into()), ty.clone())), Span::at(0)))
            .collect();
        let types: Vec<Type> = self.type_arguments(methods)?;
        let this = match receiver {
            Receiver::Value(this) => Some(this),
            Receiver::Type(_) => None,
        };
        self.choose(&methods.levels(), this, &types, &arguments).ok()
    }

    /// A method group as a delegate.
    pub(super) fn method_group_to(&mut self, methods: &Rc<Methods<'t>>, to: &Type, span: Span) -> Option<Bound> {
        let Some((inputs, output)) = to.delegate() else {
            let name = methods.name();
            let message = format!("Cannot convert method group '{name}' to non-delegate type '{to}'. Did you intend to invoke the method?");
            self.error_with_help("CS0428", span, message, format!("call it: `{name}(…)`"));
            return None;
        };
        let mismatch = |binder: &mut Self| {
            binder.error("CS0123", span, format!("No overload for '{}' matches delegate '{to}'", methods.name()));
            None
        };
        match &methods.kind {
            MethodsKind::Local { function, level, slot } => {
                let fits = function.parameters.len() == inputs.len()
                    && function.type_parameters.is_empty()
                    && function.parameters.iter().zip(&inputs).all(|(parameter, input)| parameter.ty == *input && !parameter.by_reference)
                    && (function.result == output || standard(&function.result, &output).is_some_and(|change| change.is_none()));
                if !fits {
                    return mismatch(self);
                }
                let slot = self.reach(*level, *slot);
                Some(Bound::new(Node::Convert(Conversion::Delegate(to.clone()), Box::new(Node::Local(slot))), to.clone()))
            }
            MethodsKind::Members(receiver) => {
                let Some(chosen) = self.choose_for(receiver, methods, &inputs) else { return mismatch(self) };
                self.check_member(&chosen.found, methods.span)?;
                let result_fits = chosen.result == output
                    || output != Type::Void && matches!(standard(&chosen.result, &output), Some(None)) && !chosen.result.is_value_type();
                if !result_fits {
                    let message = format!("'{}' has the wrong return type", chosen.found.info.signature);
                    self.error("CS0407", span, message);
                    return None;
                }
                if chosen.expanded || chosen.assigned.iter().any(Vec::is_empty) {
                    return mismatch(self);
                }
                let receiver = match receiver {
                    Receiver::Value(this) => Some(this.node.clone()),
                    Receiver::Type(_) => None,
                };
                let types = if chosen.found.info.type_parameters.is_empty() { chosen.found.on.arguments().to_vec() } else { chosen.types };
                let group = MethodGroup {
                    native: chosen.found.info.native,
                    receiver,
                    types: types.into(),
                    arguments: inputs.iter().map(|_| None).collect(),
                    result: None,
                    ty: to.clone(),
                };
                Some(Bound::new(Node::MethodGroup(Box::new(group)), to.clone()))
            }
        }
    }
}

/// Whether a member takes that many arguments.
fn takes(info: &MemberInfo, count: usize, skip: usize) -> bool {
    let needed = info.parameters.iter().skip(skip).filter(|parameter| parameter.default.is_none() && !parameter.is_params).count();
    count >= needed && (count + skip <= info.parameters.len() || info.parameters.last().is_some_and(|last| last.is_params))
}

/// Whether a receiver can be the first parameter of an extension method, type arguments aside.
fn could_be(ty: &Type, parameter: &Type) -> bool {
    match parameter {
        Type::Parameter(_) => true,
        Type::Generic(ClassRef(class), _) if class.kind == Kind::Interface => ty.as_class(class).is_some(),
        parameter => standard(ty, parameter).is_some(),
    }
}

/// The signatures of overloads that an upload takes.
fn there_is<'f>(found: impl IntoIterator<Item = &'f Found>) -> String {
    let allowed = found.into_iter().filter(|found| allowed::is_member(found.info));
    let shown: Vec<&str> = allowed.map(|found| found.info.signature).take(8).collect();
    format!("there is: {}", shown.join("; "))
}
