//! `validate-content`: size and shape of a body.

use crate::{
    expression::Target,
    policy::{lowering::Lowering, program::Setting},
    text::Text,
    xml::Element,
};

/// What is done about an error that validation finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Nothing is looked for.
    Ignore,
    /// The request or response goes no further.
    Prevent,
    /// It is logged to the variable.
    Detect,
}

impl Action {
    /// Reads the attribute's word.
    ///
    /// # Errors
    /// What was expected, for a diagnostic.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        match text.trim() {
            "ignore" => Ok(Self::Ignore),
            "prevent" => Ok(Self::Prevent),
            "detect" => Ok(Self::Detect),
            _ => Err("`ignore`, `prevent` or `detect`"),
        }
    }

    /// The attribute's word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ignore => "ignore",
            Self::Prevent => "prevent",
            Self::Detect => "detect",
        }
    }
}

/// Which engine validates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// JSON Schema.
    Json,
    /// XML Schema.
    Xml,
    /// XML Schema for what an envelope carries.
    Soap,
}

/// The content that a body of some types must have.
#[derive(Debug)]
pub struct Content {
    /// The type that it is for; every type of the API's definition without.
    pub content_type: Option<Setting<Text>>,
    /// The engine.
    pub engine: Engine,
    /// What is done about errors.
    pub action: Setting<Action>,
    /// A schema of the service; that of the API's definition without.
    pub schema_id: Option<Setting<Text>>,
    /// A place in that schema.
    pub schema_ref: Option<Setting<Text>>,
    /// Whether properties may be there that the schema does not name; as the schema says without.
    pub additional_properties: Option<bool>,
    /// Whether names of properties are compared without case.
    pub ignore_case: bool,
}

/// Another type in place of that of the message.
#[derive(Debug)]
pub enum When {
    /// Where the message has this one.
    From(Setting<Text>),
    /// Where an expression says so.
    Condition(Setting<bool>),
}

/// The policy's settings.
#[derive(Debug)]
pub struct ValidateContent {
    /// About types that no `content` is for.
    pub unspecified: Setting<Action>,
    /// The largest body, in bytes.
    pub max_size: Setting<i64>,
    /// About larger ones.
    pub size_exceeded: Setting<Action>,
    /// The variable for the errors.
    pub variable: Option<Text>,
    /// The type in place of any.
    pub any_type: Option<Text>,
    /// The type where the message has none.
    pub missing_type: Option<Text>,
    /// Types in place of others.
    pub types: Vec<(When, Setting<Text>)>,
    /// What is validated.
    pub contents: Vec<Content>,
}

/// Lowers the element.
pub(super) fn lower(lowering: &mut Lowering<'_>, element: &Element, _path: &str) -> Option<ValidateContent> {
    lowering.reads_body();
    let unspecified = action(lowering, element, "unspecified-content-type-action");
    // The page's largest number.
    let max_size = lowering.int_attribute(element, "max-size", 0..=4_194_304);
    let size_exceeded = action(lowering, element, "size-exceeded-action");
    let variable = lowering.literal_attribute(element, "errors-variable-name");
    let map = element.element("content-type-map");
    let mut types = Vec::new();
    for child in map.iter().flat_map(|map| map.elements()).filter(|child| child.name == "type") {
        let when = match lowering.bool_attribute(child, "when") {
            Some(condition) => Some(When::Condition(condition)),
            None => lowering.text_attribute(child, "from").map(When::From),
        };
        types.extend(when.zip(lowering.text_attribute(child, "to")));
    }
    let contents = element.elements().filter(|child| child.name == "content");
    let contents = contents.filter_map(|child| content(lowering, child)).collect();
    Some(ValidateContent {
        unspecified: unspecified?,
        max_size: max_size?,
        size_exceeded: size_exceeded?,
        variable,
        any_type: map.and_then(|map| lowering.literal_attribute(map, "any-content-type-value")),
        missing_type: map.and_then(|map| lowering.literal_attribute(map, "missing-content-type-value")),
        types,
        contents,
    })
}

/// An attribute with an action.
pub(super) fn action(lowering: &mut Lowering<'_>, element: &Element, name: &str) -> Option<Setting<Action>> {
    let attribute = element.attribute(name)?;
    lowering.setting(&attribute.value, Target::Text, Action::parse)
}

fn content(lowering: &mut Lowering<'_>, element: &Element) -> Option<Content> {
    let engine = match element.attribute("validate-as").map(|word| word.value.decoded.trim()) {
        Some("xml") => Engine::Xml,
        Some("soap") => Engine::Soap,
        _ => Engine::Json,
    };
    Some(Content {
        content_type: lowering.text_attribute(element, "type"),
        engine,
        action: action(lowering, element, "action")?,
        schema_id: lowering.text_attribute(element, "schema-id"),
        schema_ref: lowering.text_attribute(element, "schema-ref"),
        additional_properties: element
            .attribute("allow-additional-properties")
            .map(|_| lowering.literal_bool_attribute(element, "allow-additional-properties", true)),
        ignore_case: lowering.literal_bool_attribute(element, "case-insensitive-property-names", false),
    })
}
