//! From an API Management folder to a simulation.

use std::{net::SocketAddr, path::Path, sync::Arc};

use super::{
    super::folder,
    Arguments,
    setup::{Setup, Unusable, keys, listen, region},
};
use crate::{
    diagnostic::any_error,
    gateway::Gateway,
    live::{GatewaySite, Simulation},
    service,
};

/// Reads everything anew.
pub(super) fn read(arguments: &Arguments, path: &Path) -> Result<Setup, Unusable> {
    let root = folder::artifacts(path);
    let (files, mut watched) = folder::files(&root)?;
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
    let built_in = gateway.subscriptions.iter().find(|subscription| subscription.id == service::BUILT_IN);
    let key = built_in.map(|subscription| subscription.primary_key.clone());
    let simulation = Simulation {
        front_door: None,
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
