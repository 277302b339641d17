//! Attributes and texts of elements as settings: literals, or expressions, with their Named Values put in.

use std::collections::BTreeMap;

use super::{
    lowering::Lowering,
    named_values::{self, Replaced},
    program::Setting,
};
use crate::{
    csharp::Code,
    diagnostic::nearest,
    expression::{self, Form, Target},
    source::Span,
    text::Text,
    xml::{Element, ExpressionKind, Value},
};

impl Lowering<'_> {
    /// A text setting from an attribute.
    pub fn text_attribute(&mut self, element: &Element, name: &str) -> Option<Setting<Text>> {
        let attribute = element.attribute(name)?;
        self.setting(&attribute.value, Target::Text, |text| Ok(Text::from(text.to_owned())))
    }

    /// A text from an attribute that takes no expression.
    pub fn literal_attribute(&mut self, element: &Element, name: &str) -> Option<Text> {
        let attribute = element.attribute(name)?;
        match self.setting(&attribute.value, Target::Text, |text| Ok(Text::from(text.to_owned())))? {
            Setting::Literal(text) => Some(text),
            Setting::Expression(_) => {
                self.fault("policy/literal-only", attribute.value.span, format!("`{name}` takes no expression"), "write the value itself");
                None
            }
        }
    }

    /// A boolean setting from an attribute.
    pub fn bool_attribute(&mut self, element: &Element, name: &str) -> Option<Setting<bool>> {
        let attribute = element.attribute(name)?;
        self.setting(&attribute.value, Target::Bool, |text| match text.trim() {
            "true" | "1" => Ok(true),
            "false" | "0" => Ok(false),
            _ => Err("a boolean, `true` or `false`"),
        })
    }

    /// A boolean from an attribute that takes no expression.
    pub fn literal_bool_attribute(&mut self, element: &Element, name: &str, default: bool) -> bool {
        match self.bool_attribute(element, name) {
            Some(Setting::Literal(value)) => value,
            Some(Setting::Expression(_)) => {
                let span = element.attribute(name).map_or(element.name_span, |attribute| attribute.value.span);
                self.fault("policy/literal-only", span, format!("`{name}` takes no expression"), "write `true` or `false`");
                default
            }
            None => default,
        }
    }

    /// A whole number from an attribute, within bounds that hold for literals; expressions are `int`.
    pub fn int_attribute(&mut self, element: &Element, name: &str, bounds: std::ops::RangeInclusive<i64>) -> Option<Setting<i64>> {
        let attribute = element.attribute(name)?;
        let setting = self.setting(&attribute.value, Target::Int, |text| text.trim().parse::<i64>().map_err(|_| "a whole number"))?;
        if let Setting::Literal(number) = &setting
            && !bounds.contains(number)
        {
            // What the document says, not what a Named Value holds.
            let message = format!("`{name}` is {}, which is out of range", attribute.value.decoded.trim());
            self.fault("policy/out-of-range", attribute.value.span, message, format!("it may be {} to {}", bounds.start(), bounds.end()));
            return None;
        }
        Some(setting)
    }

    /// The text of an element as a setting; any value of an expression is kept as it is where `target` is [`Target::Any`].
    pub fn text(&mut self, element: &Element, target: Target) -> Option<Setting<Text>> {
        let value = element.text()?;
        self.setting(&value, target, |text| Ok(Text::from(text.to_owned())))
    }

    /// A value with its Named Values put in: a literal read by `read`, or an expression bound against `target`.
    pub fn setting<T>(&mut self, value: &Value, target: Target, read: impl Fn(&str) -> Result<T, &'static str>) -> Option<Setting<T>> {
        if self.is_guessed(value) {
            return self.guessed(value, target, read);
        }
        self.setting_with(value, target, &read, &self.resources.named_values)
    }

    /// The same with these Named Values.
    pub(super) fn setting_with<T>(
        &mut self,
        value: &Value,
        target: Target,
        read: &impl Fn(&str) -> Result<T, &'static str>,
        known: &BTreeMap<String, String>,
    ) -> Option<Setting<T>> {
        if let Some(expression) = value.as_expression() {
            let form = match expression.kind {
                ExpressionKind::Single => Form::Expression,
                ExpressionKind::Block => Form::Block,
            };
            let replaced = self.replaced(value.code(expression), &value.code_places(expression), value, expression.code.start, known)?;
            let (code, places) = (replaced.text.clone(), replaced.places.clone());
            return self.expression(code, places, form, target, &replaced, known).map(Setting::Expression);
        }
        if let Some(first) = value.expressions().first() {
            self.fault(
                "policy/mixed-value",
                first.span,
                "an expression must be the whole value",
                "build the text inside of one expression: `@(\"a\" + b)` or `@($\"a{b}\")`",
            );
            return None;
        }
        let replaced = self.replaced(&value.decoded, &value.places, value, 0, known)?;
        let text = replaced.text.as_str();
        // A Named Value may hold an expression, which then stands for the whole. Source: the documentation of Named Values.
        let form = if text.starts_with("@(") && text.ends_with(')') {
            Some(Form::Expression)
        } else if text.starts_with("@{") && text.ends_with('}') {
            Some(Form::Block)
        } else {
            None
        };
        if let (Some(form), false) = (form, value.decoded.starts_with('@')) {
            let code = text.get(2..text.len() - 1).unwrap_or("").to_owned();
            let places = vec![(0, value.span.start), (Span::at(code.len()).start, value.span.end)];
            return self.expression(code, places, form, target, &replaced, known).map(Setting::Expression);
        }
        match read(text) {
            Ok(value) => Some(Setting::Literal(value)),
            Err(wanted) => {
                // The text itself may be a Named Value: only what the document says is shown.
                self.fault(
                    "policy/bad-value",
                    value.span,
                    format!("`{}` is not {wanted}", value.decoded.trim()),
                    format!("write {wanted}, or an expression that gives one"),
                );
                None
            }
        }
    }

    fn replaced(
        &mut self,
        text: &str,
        places: &[(u32, u32)],
        value: &Value,
        base: u32,
        known: &BTreeMap<String, String>,
    ) -> Option<Replaced> {
        let mut replaced = named_values::replace(text, places, value, base, known);
        let unknown = std::mem::take(&mut replaced.unknown);
        let sound = unknown.is_empty();
        for (name, span) in unknown.into_iter().filter(|(name, _)| !self.resources.unvalued.contains(name)).collect::<Vec<_>>() {
            let near = nearest(&name, self.resources.named_values.keys().map(String::as_str)).map(|near| format!("did you mean `{near}`?"));
            let help = near.unwrap_or_else(|| format!("define it: `--named-value {name}=VALUE`, or under `namedValues` in the spec"));
            self.fault("policy/unknown-named-value", span, format!("there is no Named Value `{name}`"), help);
        }
        sound.then_some(replaced)
    }

    fn expression(
        &mut self,
        code: String,
        places: Vec<(u32, u32)>,
        form: Form,
        target: Target,
        replaced: &Replaced,
        known: &BTreeMap<String, String>,
    ) -> Option<Box<expression::Program>> {
        let code = Code::mapped(&self.source, code, places);
        match expression::compile(&code, form, target) {
            Ok(program) => {
                if program.reads_body() {
                    self.reads_body();
                }
                self.looks_at(program.looks());
                Some(Box::new(program))
            }
            Err(found) => {
                self.diagnostics.extend(found.into_iter().map(|diagnostic| replaced.discreet(diagnostic, known)));
                None
            }
        }
    }
}
