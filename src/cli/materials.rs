//! The files that a world is made of, read from the disk: for `simulate` and for `test`.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{folder, input, values};
use crate::{
    diagnostic::{Diagnostic, any_error},
    policy::faults_of_value,
    scenario::WorldSource,
    service::{self, Given},
    spec,
    world::{self, HeldEntities, Materials},
    xml::{self, Document},
};

/// Why there is no world.
pub(super) enum Unusable {
    /// Faults of the files.
    Diagnostics(Vec<Diagnostic>),
    /// Files that cannot be read, flags that do not fit.
    Other(anyhow::Error),
}

impl From<anyhow::Error> for Unusable {
    fn from(error: anyhow::Error) -> Self {
        Self::Other(error)
    }
}

impl From<Vec<Diagnostic>> for Unusable {
    fn from(found: Vec<Diagnostic>) -> Self {
        Self::Diagnostics(found)
    }
}

impl From<values::Unusable> for Unusable {
    fn from(unusable: values::Unusable) -> Self {
        match unusable {
            values::Unusable::Diagnostics(found) => Self::Diagnostics(found),
            values::Unusable::Other(error) => Self::Other(error),
        }
    }
}

/// Materials, and where they came from.
pub(super) struct Found {
    /// What a world is made of.
    pub materials: Materials,
    /// The files that they came from.
    pub files: Vec<PathBuf>,
    /// Findings that do not stand in the way.
    pub warnings: Vec<Diagnostic>,
}

/// What a scenario names, which lies in `folder`. Values that are given on the command line come before the scenario's own.
pub(super) fn of_scenario(world: &WorldSource, folder: &Path, given: Given) -> Result<Found, Unusable> {
    let mut found = Found { materials: Materials::default(), files: Vec::new(), warnings: Vec::new() };
    let Found { materials, files, warnings } = &mut found;
    if let Some(path) = &world.spec {
        let path = folder.join(path);
        let (spec, faults) = spec::read(&input::read(&path)?)?;
        files.push(path);
        warnings.extend(faults);
        materials.spec = Some(spec);
    }
    if let Some(path) = &world.policy {
        let path = folder.join(path);
        materials.policy = Some(xml::parse(&input::read(&path)?)?);
        materials.fragments = fragments(Some(&path), &[], files)?;
        files.push(path);
    }
    if let Some(path) = &world.service {
        let (service, read) = service(&folder.join(path), warnings)?;
        files.extend(read);
        materials.service = Some(service);
    }
    if let Some(path) = &world.backend_entities {
        let path = folder.join(path);
        materials.backend_entities = Some(input::read(&path)?);
        files.push(path);
    }
    if let Some(path) = &world.entities {
        materials.entities = Some(entities(&folder.join(path), files)?);
    }
    let faults: Vec<Diagnostic> = world.named_values.iter().flat_map(|(name, value)| faults_of_value(name, value)).collect();
    if any_error(&faults) {
        return Err(faults.into());
    }
    warnings.extend(faults);
    materials.given = given;
    for (name, value) in &world.named_values {
        materials.given.by_name.entry(name.clone()).or_insert_with(|| value.clone());
    }
    materials.gateways.clone_from(&world.gateways);
    materials.resources.clone_from(&world.backends);
    materials.api.clone_from(&world.api);
    Ok(found)
}

/// What a service holds besides, and the files that it came from.
pub(super) fn entities(path: &Path, files: &mut Vec<PathBuf>) -> Result<HeldEntities, Unusable> {
    let source = input::read(path)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let named = RefCell::new(vec![path.to_owned()]);
    let file = |name: &str| {
        let path = folder.join(name);
        named.borrow_mut().push(path.clone());
        input::bytes(&path).map_err(|error| error.to_string())
    };
    let held = world::entities::read(&source, &file);
    files.extend(named.into_inner());
    Ok(held?)
}

/// A service in its folder, and the files that it came from.
pub(super) fn service(path: &Path, warnings: &mut Vec<Diagnostic>) -> Result<(service::Service, Vec<PathBuf>), Unusable> {
    let (files, read) = folder::files(&folder::artifacts(path))?;
    let (service, found) = service::read(&files);
    if any_error(&found) {
        return Err(found.into());
    }
    warnings.extend(found);
    Ok((service, read))
}

/// Fragments that are named, and those in `fragments/` beside the policy.
pub(super) fn fragments(
    policy: Option<&Path>,
    named: &[(String, String)],
    files: &mut Vec<PathBuf>,
) -> Result<BTreeMap<String, Arc<Document>>, Unusable> {
    let mut paths: BTreeMap<String, PathBuf> = BTreeMap::new();
    if let Some(folder) = policy.filter(|path| *path != Path::new("-")).and_then(Path::parent) {
        for entry in fs::read_dir(folder.join("fragments")).into_iter().flatten().flatten() {
            let path = entry.path();
            if let (Some(id), Some("xml")) =
                (path.file_stem().and_then(|stem| stem.to_str()), path.extension().and_then(|extension| extension.to_str()))
            {
                paths.insert(id.to_owned(), path.clone());
            }
        }
    }
    paths.extend(named.iter().map(|(id, path)| (id.clone(), PathBuf::from(path))));
    let mut fragments = BTreeMap::new();
    let mut faults = Vec::new();
    for (id, path) in paths {
        let source = input::read(&path)?;
        files.push(path);
        match xml::parse(&source) {
            Ok(document) => {
                fragments.insert(id, Arc::new(document));
            }
            Err(found) => faults.extend(found),
        }
    }
    if faults.is_empty() { Ok(fragments) } else { Err(faults.into()) }
}
