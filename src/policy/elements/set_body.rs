//! `set-body`: a message's body.

use crate::{
    dotnet::liquid::{self, FILTERS, Template},
    expression::Target,
    policy::{lowering::Lowering, program::Setting},
    text::Text,
    xml::Element,
};

/// The policy's settings.
#[derive(Debug)]
pub struct SetBody {
    /// The new body: text, or what an expression gives; a `byte[]` as it is, null as no body.
    pub value: Setting<Text>,
    /// The template that makes the body, in place of the value.
    pub template: Option<Liquid>,
}

/// `template="liquid"`
#[derive(Debug)]
pub struct Liquid {
    /// The template.
    pub template: Template,
    /// Whether it can see the message's body: not in `return-response`, says the page.
    pub sees_body: bool,
    /// `xsi-nil="null"`: what an element with `xsi:nil="true"` is; an empty text without.
    pub nil_is_null: bool,
    /// `parse-date`: whether texts of JSON that are dates become dates.
    pub parses_dates: bool,
}

/// Lowers the element where it stands by itself. Its page leaves out `on-error`, where it works all the same.
pub(super) fn lower(lowering: &mut Lowering<'_>, element: &Element, _: &str) -> Option<SetBody> {
    lower_nested(lowering, element)
}

/// Lowers the element as a child of `send-request` or `return-response`.
pub(super) fn lower_nested(lowering: &mut Lowering<'_>, element: &Element) -> Option<SetBody> {
    let literal = |text: Text| SetBody { value: Setting::Literal(text), template: None };
    if element.attribute("template").is_some_and(|template| template.value.decoded == "liquid") {
        return template(lowering, element).map(|template| SetBody { template: Some(template), ..literal(Text::EMPTY) });
    }
    for name in ["xsi-nil", "parse-date", "html-decode-expression"] {
        if let Some(attribute) = element.attribute(name) {
            let message = format!("`{name}` has no effect without `template=\"liquid\"`");
            lowering.warning("policy/no-effect", attribute.span, message, "remove it");
        }
    }
    if let Some(child) = element.elements().next() {
        // Raw XML is the body itself; the service puts no expression into a text that is more than one.
        let (text, _) = lowering.raw_content(element, false)?;
        if text.contains("@(") || text.contains("@{") {
            let message = "an expression inside of raw XML is text here, and nothing computes it";
            lowering.warning("policy/mixed-value", child.span, message, "build the body in one expression, or use a Liquid template");
        }
        return Some(literal(text.into()));
    }
    match element.text() {
        Some(_) => lowering.text(element, Target::Any).map(|value| SetBody { value, template: None }),
        None => Some(literal(Text::EMPTY)),
    }
}

impl SetBody {
    /// The same where the message's body is gone.
    #[must_use]
    pub(super) fn without_input(mut self) -> Self {
        if let Some(template) = &mut self.template {
            template.sees_body = false;
        }
        self
    }
}

fn template(lowering: &mut Lowering<'_>, element: &Element) -> Option<Liquid> {
    let (text, holds_values) = lowering.raw_content(element, true)?;
    let span = element.text().map_or(element.open_span, |text| text.trimmed().span);
    let template = match liquid::parse(&text) {
        Ok(template) => template,
        Err(fault) => {
            // What a Named Value holds is in no message.
            let why = if holds_values { "its Named Values put in, it cannot be read".to_owned() } else { fault.message };
            let message = format!("this is no Liquid template: {why}");
            lowering.fault("policy/bad-template", span, message, "see the page of `set-body`");
            return None;
        }
    };
    for unknown in template.filters().into_iter().filter(|name| !FILTERS.contains(name)) {
        let known = FILTERS.iter().find(|known| known.eq_ignore_ascii_case(&unknown.replace('_', "")));
        let help = known.map_or("the page of `set-body` lists those that there are".to_owned(), |known| format!("did you mean `{known}`?"));
        let message = if holds_values {
            "there is a filter that nobody knows: it leaves its value alone".to_owned()
        } else {
            format!("there is no filter `{unknown}`: it leaves its value alone")
        };
        lowering.warning("policy/unknown-filter", span, message, help);
    }
    let sees_body = text.contains("body");
    if sees_body {
        lowering.reads_body();
    }
    Some(Liquid {
        template,
        sees_body,
        nil_is_null: element.attribute("xsi-nil").is_some_and(|attribute| attribute.value.decoded.trim() == "null"),
        parses_dates: lowering.literal_bool_attribute(element, "parse-date", true),
    })
}
