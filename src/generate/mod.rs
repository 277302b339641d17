//! From a region spec to what is deployed: spec -> plan -> templates -> artefacts.
//!
//! The plan is plain data, the templates are the policy as people read it, and the layout is the XML room's. A document that our own
//! gateway would refuse is never handed out.

mod files;
mod named_values;
mod plan;
mod templates;

use std::path::PathBuf;

pub use files::{Difference, FileFault, differences, write};
pub use named_values::{ManifestEntry, manifest};
pub use plan::{Plan, PlannedBackend, PlannedHeader, PlannedModel, PlannedOn, PlannedOrder, RegionalOrder};
pub use templates::BUILT_IN;

use crate::{
    diagnostic::{Diagnostic, any_error},
    policy,
    source::Source,
    spec::{Spec, Strategy},
    xml::{self, Format},
};

/// The most that API Management takes as a policy document, in bytes:
/// <https://learn.microsoft.com/azure/azure-resource-manager/management/azure-subscription-service-limits> (API Management limits).
pub const MAX_DOCUMENT: usize = 256 * 1024;

/// Path of the policy document below the output directory.
pub const POLICY: &str = "policy.xml";
/// Path of the Named Values manifest below the output directory.
pub const NAMED_VALUES: &str = "named-values.json";

/// How artefacts are made.
#[derive(Clone, Debug)]
pub struct Options {
    /// How the policy document is written.
    pub format: Format,
    /// A directory whose `.jinja` files take the place of the built-in templates of the same name.
    pub templates: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self { format: Format::RawXml, templates: None }
    }
}

/// One generated file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artefact {
    /// Where it belongs, relative to the output directory, with `/` between parts.
    pub path: String,
    /// What it holds.
    pub contents: String,
}

/// Makes the artefacts of a spec: the policy document and the Named Values manifest. The same spec gives the same bytes.
pub fn generate(spec: &Spec, options: &Options) -> Result<Vec<Artefact>, Vec<Diagnostic>> {
    let faults = refusals(spec);
    if any_error(&faults) {
        return Err(faults);
    }
    let plan = Plan::new(spec);
    let policy = layout(templates::render(&plan, options.templates.as_deref())?, options.format)?;
    if policy.len() > MAX_DOCUMENT {
        return Err(vec![too_large(spec, policy.len())]);
    }
    compiles(&policy, spec)?;
    let named_values = named_values::json(spec)
        .map_err(|error| vec![Diagnostic::error("gen/named-values", format!("the Named Values manifest cannot be written: {error}"))])?;
    Ok(vec![Artefact { path: POLICY.to_owned(), contents: policy }, Artefact { path: NAMED_VALUES.to_owned(), contents: named_values }])
}

/// What a template printed, parsed and laid out in the one way that the formatter knows.
fn layout(printed: String, format: Format) -> Result<String, Vec<Diagnostic>> {
    let document = xml::parse(&Source::new(POLICY, printed))?;
    Ok(xml::format(&document, format))
}

/// What is written is what runs: a document that our own gateway refuses is a defect of a template, and is not written.
fn compiles(policy: &str, spec: &Spec) -> Result<(), Vec<Diagnostic>> {
    let document = xml::parse(&Source::new(POLICY, policy))?;
    let named_values = manifest(spec).into_iter().map(|entry| (entry.name, String::new())).collect();
    policy::compile(&document, &policy::Resources { named_values, ..policy::Resources::default() }).map(drop)
}

/// What a valid spec may ask for and this program cannot make.
fn refusals(spec: &Spec) -> Vec<Diagnostic> {
    let mut faults = Vec::new();
    let strategy = match spec.failover.strategy {
        Strategy::SendRequest => None,
        Strategy::Retry => Some("retry"),
        Strategy::BackendPool => Some("backend-pool"),
    };
    if let Some(name) = strategy {
        let fault = Diagnostic::error("gen/strategy-not-available", format!("the strategy `{name}` cannot be generated yet"))
            .help("use `strategy: send-request`, which is also the default");
        faults.push(spec.places.underline(fault, "failover.strategy"));
    }
    for (index, backend) in spec.backends.iter().enumerate().filter(|(_, backend)| backend.id == "none") {
        let served_by = &spec.failover.headers.served_by;
        let fault = Diagnostic::error("gen/reserved-id", format!("no backend can have the id `{}`", backend.id))
            .help(format!("choose another id: `{served_by}: none` says that no backend answered"));
        faults.push(spec.places.underline(fault, &format!("backends.{index}.id")));
    }
    faults
}

fn too_large(spec: &Spec, bytes: usize) -> Diagnostic {
    let message = format!("the policy document would have {bytes} bytes, and API Management takes {MAX_DOCUMENT}");
    let fault = Diagnostic::error("gen/too-large", message)
        .help("name fewer backends or public models, or shorter ones")
        .note("https://learn.microsoft.com/azure/azure-resource-manager/management/azure-subscription-service-limits");
    spec.places.underline(fault, "backends")
}

#[cfg(test)]
mod tests;
