//! Static analysis of policy documents: what the service would refuse on upload. Every element is held against the catalogue, and every
//! expression compiled.

mod expressions;

use std::sync::Arc;

pub use expressions::Checked;

use crate::{
    diagnostic::Diagnostic,
    policy::{self, Resources, Scope},
    source::Source,
    xml,
};

/// Checks a policy document, a section, a fragment or a single policy.
///
/// # Errors
/// What makes the text no XML at all.
pub fn document(source: &Arc<Source>, resources: &Resources, scope: Option<Scope>) -> Result<Checked, Vec<Diagnostic>> {
    let document = xml::parse(source)?;
    let mut checked = expressions::check(source, &document.root);
    checked.complete(source, policy::examine(&document, resources, scope));
    Ok(checked)
}
