//! `set-header`: a header of the request or the response.

use smallvec::{SmallVec, smallvec};

use crate::{
    expression::Target,
    http::{FieldName, Headers, Names, is_token},
    policy::{lowering::Lowering, program::Setting},
    text::Text,
    xml::Element,
};

/// What to do where the header is there already; the same words serve `set-query-parameter`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExistsAction {
    /// Replace it.
    Override,
    /// Leave it.
    Skip,
    /// Add to it.
    Append,
    /// Remove it.
    Delete,
}

impl ExistsAction {
    /// Reads the attribute's word.
    ///
    /// # Errors
    /// What was expected, for a diagnostic.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        match text.trim() {
            "override" => Ok(Self::Override),
            "skip" => Ok(Self::Skip),
            "append" => Ok(Self::Append),
            "delete" => Ok(Self::Delete),
            _ => Err("`override`, `skip`, `append` or `delete`"),
        }
    }
}

/// The policy's settings.
#[derive(Debug)]
pub struct SetHeader {
    /// The header's name.
    pub name: Setting<Text>,
    /// What to do where it is there.
    pub exists_action: Setting<ExistsAction>,
    /// The values.
    pub values: Vec<Setting<Text>>,
    /// What the policy comes to, where none of its settings is an expression.
    pub known: Option<HeaderChange>,
}

/// A change of one header, with everything in it known.
#[derive(Clone, Debug)]
pub struct HeaderChange {
    /// The header's name.
    pub name: FieldName,
    /// What to do where it is there.
    pub action: ExistsAction,
    /// The values, each a line of its own.
    pub values: SmallVec<[Text; 1]>,
}

/// Headers whose values may hold commas, so that each stays on a line of its own.
/// Source: learn.microsoft.com/azure/api-management/set-header-policy.
const LINES: Names = Names::of(&[
    "User-Agent",
    "WWW-Authenticate",
    "Proxy-Authenticate",
    "Cookie",
    "Set-Cookie",
    "Warning",
    "Date",
    "Expires",
    "If-Modified-Since",
    "If-Unmodified-Since",
    "Last-Modified",
    "Retry-After",
]);

impl HeaderChange {
    /// The change; several values become one line where the header is a list. A header that the policy cannot touch stays as it is.
    pub fn new(name: Text, action: ExistsAction, values: SmallVec<[Text; 1]>) -> Self {
        // "Removal of `Server` header isn't supported", says the page.
        let is_kept = action == ExistsAction::Delete && name.eq_ignore_ascii_case("Server");
        if is_kept || UNTOUCHABLE.has(&name) {
            return Self { name: FieldName::new(name), action: ExistsAction::Skip, values: SmallVec::new() };
        }
        // What is appended is joined with what is there.
        let values = if action == ExistsAction::Append { values } else { joined(&name, values) };
        Self { name: FieldName::new(name), action, values }
    }

    /// Makes the change.
    pub fn apply(&self, headers: &mut Headers) {
        match (self.action, self.values.as_slice()) {
            (ExistsAction::Delete, _) => {
                headers.remove_named(&self.name);
            }
            (ExistsAction::Skip, _) if headers.named(&self.name).next().is_some() => {}
            (ExistsAction::Skip | ExistsAction::Override, [value]) => headers.set_named(&self.name, value.clone()),
            (ExistsAction::Skip | ExistsAction::Override, values) => {
                headers.remove_named(&self.name);
                values.iter().for_each(|value| headers.append_named(&self.name, value.clone()));
            }
            (ExistsAction::Append, values) => {
                let all = headers.named(&self.name).chain(values).cloned().collect();
                headers.remove_named(&self.name);
                joined(self.name.as_str(), all).into_iter().for_each(|value| headers.append_named(&self.name, value));
            }
        }
    }
}

fn joined(name: &str, values: SmallVec<[Text; 1]>) -> SmallVec<[Text; 1]> {
    if values.len() < 2 || LINES.has(name) {
        return values;
    }
    let values: Vec<&str> = values.iter().map(Text::as_str).collect();
    smallvec![values.join(",").into()]
}

/// What is wrong with a header's value, if anything is: it would end its line.
pub fn breaks_line(value: &str) -> bool {
    value.bytes().any(|byte| matches!(byte, b'\r' | b'\n' | 0))
}

/// Headers that the policy cannot touch. Source: learn.microsoft.com/azure/api-management/set-header-policy.
pub const UNTOUCHABLE: Names = Names::of(&["Connection", "Content-Length", "Keep-Alive", "Transfer-Encoding"]);

/// Lowers the element.
pub(super) fn lower(lowering: &mut Lowering<'_>, element: &Element, _: &str) -> Option<SetHeader> {
    let header = named_values(lowering, element)?;
    if let Setting::Literal(name) = &header.name
        && !is_token(name)
    {
        let span = element.attribute("name").map_or(element.name_span, |attribute| attribute.value.span);
        // What the document says: the name may come from a Named Value.
        let written = element.attribute("name").map_or("", |attribute| attribute.value.decoded.as_str());
        lowering.fault(
            "policy/bad-header-name",
            span,
            format!("`{written}` is not a header name"),
            "letters, digits and `-`, without spaces",
        );
        return None;
    }
    let name = match header.name {
        Setting::Literal(name) => Setting::Literal(Text::literal(&name)),
        computed => computed,
    };
    let header = SetHeader { name, ..header };
    Some(SetHeader { known: known(&header), ..header })
}

/// A value that would break its line is left to the request: it fails there, as the service lets it.
fn known(header: &SetHeader) -> Option<HeaderChange> {
    let (Setting::Literal(name), Setting::Literal(action)) = (&header.name, &header.exists_action) else { return None };
    let literal = |value: &Setting<Text>| match value {
        Setting::Literal(text) if !breaks_line(text) => Some(Text::literal(text)),
        _ => None,
    };
    let values = header.values.iter().map(literal).collect::<Option<_>>()?;
    Some(HeaderChange::new(name.clone(), *action, values))
}

/// The attributes and values that `set-header` and `set-query-parameter` share.
pub(super) fn named_values(lowering: &mut Lowering<'_>, element: &Element) -> Option<SetHeader> {
    let exists_action = match element.attribute("exists-action") {
        None => Some(Setting::Literal(ExistsAction::Override)),
        Some(attribute) => lowering.setting(&attribute.value, Target::Text, ExistsAction::parse),
    };
    let mut values = Vec::new();
    for child in element.elements().filter(|child| child.name == "value") {
        match child.text() {
            Some(_) => values.extend(lowering.text(child, Target::Text)),
            None => values.push(Setting::Literal(Text::EMPTY)),
        }
    }
    let name = lowering.text_attribute(element, "name")?;
    let exists_action = exists_action?;
    if values.is_empty()
        && element.element("value").is_none()
        && !matches!(exists_action, Setting::Literal(ExistsAction::Delete) | Setting::Expression(_))
    {
        if element.name == "set-header" {
            // The page does not ask for one: a header that is overridden by nothing is gone.
            lowering.warning(
                "policy/no-value",
                element.name_span,
                "`set-header` has no `value` to set",
                "add one, or say `exists-action=\"delete\"`",
            );
        } else {
            lowering.missing(element, "value");
        }
    }
    Some(SetHeader { name, exists_action, values, known: None })
}
