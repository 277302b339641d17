//! The table of allowed types and members, as an upload applies it.

use super::{Binder, members::Found};
use crate::{
    dotnet::{allowed, types::Class},
    source::Span,
};

impl Binder<'_> {
    /// Whether the code may name this type.
    pub(super) fn check_type(&mut self, class: &Class, span: Span) -> Option<()> {
        if allowed::is_type(class) {
            return Some(());
        }
        self.refuse_type(&class.full_name(), span);
        None
    }

    /// Whether the code may use this member.
    pub(super) fn check_member(&mut self, found: &Found, span: Span) -> Option<()> {
        if allowed::is_member(found.info) {
            return Some(());
        }
        let name = if found.info.name == found.info.class.name { "(Constructor)" } else { found.info.name };
        let message = format!("Member '{name}' of type '{}' is not allowed in policy expressions", found.info.class.full_name());
        match allowed::instead(&format!("{}.{name}", found.info.class.name)) {
            Some(instead) => self.error_with_help("expression/not-allowed", span, message, instead),
            None => self.error("expression/not-allowed", span, message),
        }
        None
    }

    fn refuse_type(&mut self, name: &str, span: Span) {
        let message = format!("Type '{name}' is not allowed in policy expressions");
        let simple = name.rsplit('.').next().unwrap_or(name);
        match allowed::instead(simple) {
            Some(instead) => self.error_with_help("expression/not-allowed", span, message, instead),
            None => self.error("expression/not-allowed", span, message),
        }
    }

    /// Says of a well-known .NET type outside of the table that it is not allowed, where any other is unknown.
    pub(super) fn refused_type(&mut self, name: &str, span: Span) -> bool {
        let known = allowed::is_refused(name);
        if known {
            self.refuse_type(name, span);
        }
        known
    }
}
