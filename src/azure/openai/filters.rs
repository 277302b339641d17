//! Content filter annotations: everything is safe here. As JSON constants, since they make up half of an answer.
//! Source: learn.microsoft.com/azure/ai-foundry/openai/concepts/content-filter-annotations.

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
