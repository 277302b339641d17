//! From an API Management folder to a simulation.

use std::path::Path;

use super::{
    super::{folder, materials},
    Arguments, named,
    setup::{Setup, Unusable, keys, record, region, simulation},
};
use crate::{
    diagnostic::any_error,
    service,
    world::{self, Materials},
};

/// Reads everything anew.
pub(super) fn read(arguments: &Arguments, path: &Path) -> Result<Setup, Unusable> {
    let root = folder::artifacts(path);
    let (files, mut watched) = folder::files(&root)?;
    let mut warnings = Vec::new();
    let given = arguments.values.read(&mut watched, &mut warnings)?;
    let (service, mut found) = service::read(&files);
    let is_faulty = any_error(&found);
    let entities = arguments.entities.as_deref().map(|path| materials::entities(path, &mut watched)).transpose()?;
    let gateways = vec![region(arguments.region())?];
    let materials = Materials { service: Some(service), given, entities, gateways, ..Materials::default() };
    let hosts = named::hosts_of_texts(&materials);
    // What is wrong with its policies is told together with what is wrong with its files.
    let built = match world::build(materials, &|name| keys().key(name)) {
        Ok(built) if !is_faulty => built,
        Ok(built) => {
            found.extend(built.warnings);
            return Err(found.into());
        }
        Err(more) => {
            found.extend(more);
            return Err(found.into());
        }
    };
    warnings.extend(found);
    warnings.extend(built.warnings.iter().cloned());
    let name = root.canonicalize().ok().and_then(|path| path.file_name().map(|name| name.to_string_lossy().into_owned()));
    let mut simulation = simulation(arguments, &built.world)?;
    named::add(hosts, &built.world, &mut simulation);
    record(arguments, &mut simulation, &mut watched)?;
    let policy_name = format!("the service in {}", name.map_or_else(|| path.display().to_string(), |name| format!("`{name}`")));
    Ok(Setup { simulation, spec: None, is_service: true, policy_name, files: watched, warnings, staged: None })
}
