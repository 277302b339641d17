//! What is wrong with a piece of code, before it is placed in its document.

use super::code::Code;
use crate::{diagnostic::Diagnostic, source::Span};

/// A syntax error: the C# compiler's code and words where it has them.
#[derive(Debug)]
pub(super) struct Fault {
    pub code: &'static str,
    pub span: Span,
    pub message: String,
    pub help: Option<&'static str>,
}

impl Fault {
    pub fn new(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self { code, span, message: message.into(), help: None }
    }

    /// What a later version of C# brought: refused in the compiler's words, which say the version.
    pub fn not_available(feature: &str, version: &str, span: Span) -> Self {
        let message = format!("Feature '{feature}' is not available in C# 7.3. Please use language version {version} or greater.");
        Self::new("CS8370", span, message).help("policy expressions are C# 7: write it without this feature")
    }

    pub fn help(self, help: &'static str) -> Self {
        Self { help: Some(help), ..self }
    }

    pub fn into_diagnostic(self, code: &Code) -> Diagnostic {
        let diagnostic = code.diagnostic(self.code, self.span, self.message);
        match self.help {
            Some(help) => diagnostic.help(help),
            None => diagnostic,
        }
    }
}
