//! The region spec: its model, its reading, its rules, its JSON Schema.
//!
//! A file becomes a tree with places (`read`), the tree becomes typed fields (`fields`, `scalars`, `wire`), the fields are held
//! against one another (`validate`) and become the [`Spec`] (`build`). Every step reports what is wrong and goes on.

mod agreement;
pub(crate) mod build;
pub(crate) mod fields;
mod model;
mod places;
mod read;
mod regions;
pub(crate) mod scalars;
mod schema;
pub(crate) mod secrets;
pub(crate) mod tree;
pub(crate) mod validate;
mod waf;
pub(crate) mod wire;

#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use agreement::Agreement;
pub use model::*;
pub use places::{Place, Places};
pub use regions::{Facts, Region};
pub use schema::schema;

pub(crate) use read::{Limits, parse, parse_within};

use self::fields::{Read, Reader};
use crate::{
    diagnostic::{Diagnostic, any_error},
    source::{Source, Span},
};

/// A fault that the readers of specs find in a file of another format: with that format's own code, and its own schema in the help.
pub(crate) fn retold(mut fault: Diagnostic, codes: &[(&str, &'static str)], schema: &str) -> Diagnostic {
    if let Some((_, own)) = codes.iter().find(|(code, _)| *code == fault.code) {
        fault.code = own;
    }
    fault.help = fault.help.map(|help| help.replace("schema spec", schema));
    fault
}

/// Reads a region spec and checks it. Either way every fault comes back at once, in the order of the file: with a spec those that are no
/// errors.
pub fn read(source: &Arc<Source>) -> Result<(Spec, Vec<Diagnostic>), Vec<Diagnostic>> {
    let (tree, faults) = parse(source);
    secrets::conceal(source, tree.as_ref(), &["namedValues"]);
    let mut reader = Reader { source, faults };
    let spec = tree.and_then(|tree| {
        let file = wire::File::read(&tree, &mut reader)?;
        validate::validate(&file, &mut reader);
        build::spec(&file, build::places(source, &tree))
    });
    let mut faults = reader.faults;
    // What an alias repeats is reported once.
    let mut seen = std::collections::HashSet::new();
    faults.retain(|fault| seen.insert((fault.code, fault.primary().map(|label| label.span), fault.message.clone())));
    faults.sort_by_key(|fault| fault.primary().map_or(0, |label| label.span.start));
    match spec {
        Some(spec) if !any_error(&faults) => Ok((spec, faults)),
        _ => {
            if !any_error(&faults) {
                faults.push(Diagnostic::error("spec/unreadable", "the file cannot be read as a spec").at(source, Span::at(0)));
            }
            Err(faults)
        }
    }
}
