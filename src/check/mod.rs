//! Static analysis of policy documents. In its first form: every expression of a document compiled, as an upload would.

mod expressions;

use std::sync::Arc;

pub use expressions::Checked;

use crate::{diagnostic::Diagnostic, source::Source, xml};

/// Checks a policy document, a section or a fragment.
///
/// # Errors
/// What makes the text no XML at all.
pub fn document(source: &Arc<Source>) -> Result<Checked, Vec<Diagnostic>> {
    let document = xml::parse(source)?;
    Ok(expressions::check(source, &document.root))
}
