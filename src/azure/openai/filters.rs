//! Content filter annotations: everything is safe here, unless somebody asks for the contrary. As JSON constants, since they make up half of an
//! answer.
//! Source: learn.microsoft.com/azure/ai-foundry/openai/concepts/content-filter-annotations.

use std::borrow::Cow;

use super::outcome::Category;

macro_rules! severities {
    ($between_hate_and_self_harm:literal) => {
        concat!(
            r#"{"hate":{"filtered":false,"severity":"safe"},"#,
            $between_hate_and_self_harm,
            r#""self_harm":{"filtered":false,"severity":"safe"},"sexual":{"filtered":false,"severity":"safe"},"violence":{"filtered":false,"severity":"safe"}}"#
        )
    };
}

/// The findings about a prompt.
pub(super) const PROMPT: &str = severities!(r#""jailbreak":{"filtered":false,"detected":false},"#);

/// The findings about a whole answer.
pub(super) const ANSWER: &str = severities!(
    r#""protected_material_code":{"filtered":false,"detected":false},"protected_material_text":{"filtered":false,"detected":false},"#
);

/// The findings about a piece of an answer, or an image.
pub(super) const PIECE: &str = severities!("");

/// The findings about an answer in which something is found, or nothing.
pub(super) fn answer(found: Option<Category>) -> Cow<'static, str> {
    finding(ANSWER, found)
}

/// The findings in the last piece of a stream: nothing, or what ended it.
pub(super) fn end(found: Option<Category>) -> Cow<'static, str> {
    if found.is_some() { finding(PIECE, found) } else { Cow::Borrowed("{}") }
}

/// The findings about a prompt in which something is found.
pub(super) fn prompt(found: Category) -> Cow<'static, str> {
    finding(PROMPT, Some(found))
}

/// What is filtered is of medium severity: that is where the default filter begins.
/// Source: learn.microsoft.com/azure/ai-foundry/openai/concepts/content-filter.
fn finding(safe: &'static str, found: Option<Category>) -> Cow<'static, str> {
    let Some((category, name)) = Category::ALL.iter().find(|(category, _)| Some(*category) == found) else { return Cow::Borrowed(safe) };
    let (before, after) = match category {
        Category::Jailbreak => (r#":{"filtered":false,"detected":false}"#, r#":{"filtered":true,"detected":true}"#),
        _ => (r#":{"filtered":false,"severity":"safe"}"#, r#":{"filtered":true,"severity":"medium"}"#),
    };
    Cow::Owned(safe.replace(&format!("\"{name}\"{before}"), &format!("\"{name}\"{after}")))
}
