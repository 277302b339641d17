//! From an API Management folder to a simulation.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Context as _;

use super::{
    super::input,
    Arguments,
    setup::{Setup, Unusable, keys, listen, region},
};
use crate::{
    diagnostic::any_error,
    gateway::Gateway,
    live::{GatewaySite, Simulation},
    service::{self, Files},
};

/// What the files of such a folder are called at their ends.
const EXTENSIONS: [&str; 7] = ["xml", "json", "yaml", "yml", "graphql", "wsdl", "wadl"];

/// More files than this are no service's folder, but somebody's disk.
const MOST_FILES: usize = 50_000;

/// Reads everything anew.
pub(super) fn read(arguments: &Arguments, path: &Path) -> Result<Setup, Unusable> {
    let root = artifacts(path);
    let mut watched = Vec::new();
    let mut files = Files::new();
    collect(&root, "", &mut files, &mut watched)?;
    let mut warnings = Vec::new();
    let given = arguments.values.read(&mut watched, &mut warnings)?;
    let (service, mut found) = service::read(&files);
    let compiled = match service.compile(&given, &|name| keys().key(name)) {
        Ok(compiled) if !any_error(&found) => compiled,
        Ok(compiled) => {
            found.extend(compiled.warnings);
            return Err(found.into());
        }
        Err(more) => {
            found.extend(more);
            return Err(found.into());
        }
    };
    warnings.extend(found);
    warnings.extend(compiled.warnings);
    let name = root.canonicalize().ok().and_then(|path| path.file_name().map(|name| name.to_string_lossy().into_owned()));
    let region = region(arguments.region())?;
    let gateway = Gateway::serving("simulated".into(), region.display.into(), compiled.holdings).hiding(compiled.secrets);
    let address: SocketAddr = listen(arguments.listen, 0)?;
    // The last subscription is the one that every service has.
    let key = gateway.subscriptions.last().map(|subscription| subscription.primary_key.clone());
    let simulation = Simulation {
        gateways: vec![GatewaySite { region: region.name.into(), listen: address, gateway: Arc::new(gateway) }],
        resources: Vec::new(),
        mapped: arguments.backends.clone(),
        real: arguments.real.clone(),
        control: Some(arguments.control_listen),
        served_by: "X-Served-By".into(),
        subscription_key: key,
        trace: arguments.trace,
        debug_token: Some(keys().key("debug").into()),
        seed: arguments.seed,
        events: None,
    };
    let policy_name = format!("the service in {}", name.map_or_else(|| path.display().to_string(), |name| format!("`{name}`")));
    Ok(Setup { simulation, spec: None, is_service: true, policy_name, files: watched, warnings })
}

/// The folder itself, or the one in it that the tools write to.
fn artifacts(path: &Path) -> PathBuf {
    let below = path.join("apimartifacts");
    if !path.join("apis").is_dir() && below.is_dir() { below } else { path.to_path_buf() }
}

fn collect(folder: &Path, prefix: &str, into: &mut Files, watched: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    let entries = fs::read_dir(folder).with_context(|| format!("`{}` cannot be read", folder.display()))?;
    for entry in entries {
        let path = entry.with_context(|| format!("`{}` cannot be read", folder.display()))?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()).map(str::to_owned) else { continue };
        // A link that leads back up would have no end.
        if name.starts_with('.') || path.is_symlink() {
            continue;
        }
        if path.is_dir() {
            collect(&path, &format!("{prefix}{name}/"), into, watched)?;
        } else if path.extension().and_then(|extension| extension.to_str()).is_some_and(|extension| EXTENSIONS.contains(&extension)) {
            anyhow::ensure!(into.len() < MOST_FILES, "`{}` holds more than {MOST_FILES} files", folder.display());
            into.insert(format!("{prefix}{name}"), input::read(&path)?);
            watched.push(path);
        }
    }
    Ok(())
}
