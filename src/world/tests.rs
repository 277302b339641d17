//! Worlds of the examples: what there is, and that the same materials give the same keys.

use std::{path::Path, sync::Arc};

use super::{Built, Materials, ResourceSource, build, invented};
use crate::{
    azure::openai::Deployments,
    diagnostic::Diagnostic,
    service,
    source::Source,
    spec::{self, DataBoundary, Endpoint, Region, Spec},
    xml,
};

fn file(path: &str) -> Arc<Source> {
    Source::new(path, std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap())
}

fn two_region() -> Spec {
    spec::read(&file("fixtures/specs/two-region.yaml")).unwrap().0
}

fn built(materials: Materials) -> Built {
    build(materials, &invented(7)).unwrap_or_else(|found| panic!("{found:#?}"))
}

fn region(name: &str) -> Region {
    Region::named(name).unwrap()
}

fn resource(id: &str, key: Option<&str>) -> ResourceSource {
    let host = format!("{id}.openai.azure.com");
    ResourceSource {
        id: id.to_owned(),
        region: region("westeurope"),
        endpoint: Endpoint { url: format!("https://{host}"), host, port: None },
        key: key.map(str::to_owned),
        deployments: two_region().backends[0].deployments.clone(),
    }
}

const POLICY: &str =
    "<policies><inbound><set-backend-service backend-id=\"own\" /></inbound><backend><forward-request /></backend></policies>";

#[test]
fn a_spec_has_a_world() {
    let Built { world, attempts, spec, warnings } = built(Materials { spec: Some(two_region()), ..Materials::default() });
    assert!(warnings.is_empty(), "{warnings:?}");
    assert_eq!(world.gateways.iter().map(|(region, _)| region.name).collect::<Vec<_>>(), ["swedencentral", "francecentral"]);
    let resources: Vec<_> = world.resources.iter().map(|(region, config)| (region.name, config.id.as_str())).collect();
    assert_eq!(resources, [("swedencentral", "swc"), ("francecentral", "frc")]);
    let (_, config) = &world.resources[0];
    assert!(matches!(&config.deployments, Deployments::Declared(deployments) if deployments.contains_key("gpt-4o")));
    assert_eq!((world.api_path.as_str(), world.key_header.as_str(), world.served_by.as_str()), ("openai", "api-key", "X-Served-By"));
    assert_eq!((attempts.as_str(), world.objective, world.data_boundary), ("X-Failover-Attempts", Some(99.95), DataBoundary::Eu));
    assert!(world.front_door.is_some() && world.subscription_key.is_some() && spec.is_some());
    let (_, gateway) = &world.gateways[0];
    let entity = gateway.backends.values().find(|entity| entity.id == "swc").unwrap();
    assert!(format!("{entity:?}").contains("contoso-swc.openai.azure.com"));
}

#[test]
fn keys_follow_from_the_seed_and_are_never_shown() {
    let keys = |seed| {
        let built = build(Materials { spec: Some(two_region()), ..Materials::default() }, &invented(seed)).unwrap();
        let mut keys: Vec<String> =
            built.world.resources.iter().flat_map(|(_, config)| config.keys.iter().map(ToString::to_string)).collect();
        keys.extend(built.world.subscription_key.iter().map(ToString::to_string));
        keys
    };
    let (first, again, other) = (keys(1), keys(1), keys(2));
    assert_eq!(first, again);
    assert!(first.iter().zip(&other).all(|(a, b)| a != b));
    let mut all: Vec<&String> = first.iter().chain(&other).collect();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 10, "no two keys are alike");
    assert!(all.iter().all(|key| key.len() == 32));
}

#[test]
fn a_policy_has_a_world_of_its_own() {
    let policy = || Some(xml::parse(&Source::new("policy.xml", POLICY)).unwrap());
    let gateways = vec![region("northeurope"), region("westeurope")];
    let resources = vec![resource("own", Some("k")), resource("open", None)];
    let materials = Materials { policy: policy(), gateways, resources, api: Some("ai".into()), ..Materials::default() };
    let Built { world, .. } = built(materials);
    assert_eq!(world.gateways.iter().map(|(region, _)| region.name).collect::<Vec<_>>(), ["northeurope", "westeurope"]);
    assert_eq!((world.api_path.as_str(), world.objective, world.data_boundary), ("ai", None, DataBoundary::None));
    let [(_, own), (_, open)] = world.resources.as_slice() else { panic!("two resources") };
    assert_eq!((own.keys[0].as_str(), own.accepts_any_credential, open.accepts_any_credential), ("k", false, true));
    let Built { world, .. } = built(Materials { policy: policy(), resources: vec![resource("own", None)], ..Materials::default() });
    assert_eq!((world.gateways[0].0.name, world.api_path.as_str()), ("swedencentral", "openai"));
}

#[test]
fn a_policy_stands_in_for_the_generated_one() {
    let policy = xml::parse(&Source::new("policy.xml", POLICY.replace("own", "frc"))).unwrap();
    let Built { world, .. } = built(Materials { spec: Some(two_region()), policy: Some(policy), ..Materials::default() });
    assert_eq!((world.gateways.len(), world.resources.len()), (2, 2));
}

#[test]
fn a_service_has_a_world() {
    fn collect(folder: &Path, prefix: &str, into: &mut service::Files) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = format!("{prefix}{}", path.file_name().unwrap().to_string_lossy());
            if path.is_dir() {
                collect(&path, &format!("{name}/"), into);
            } else {
                into.insert(name.clone(), Source::new(name, std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    let read = || {
        let mut files = service::Files::new();
        collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/services/contoso"), "", &mut files);
        Some(service::read(&files).0)
    };
    let Built { world, .. } = built(Materials { service: read(), ..Materials::default() });
    assert_eq!(world.api_path.as_str(), "openai", "the API that serves chat completions");
    assert!(world.subscription_key.is_some());
    let Built { world, .. } = built(Materials { service: read(), api: Some("orders".into()), ..Materials::default() });
    assert_eq!(world.api_path.as_str(), "orders");
    let found = build(Materials { service: read(), api: Some("ordrs".into()), ..Materials::default() }, &invented(7)).err().unwrap();
    assert_eq!(found[0].code, "world/no-api");
}

#[test]
fn what_cannot_be_built_is_told() {
    let wrong = |materials: Materials| -> Vec<Diagnostic> { build(materials, &invented(7)).err().unwrap() };
    assert_eq!(wrong(Materials::default())[0].code, "world/no-policy");
    let mut twice = resource("swc", None);
    twice.endpoint = resource("other", None).endpoint;
    assert_eq!(wrong(Materials { spec: Some(two_region()), resources: vec![twice], ..Materials::default() })[0].code, "world/duplicate-id");
    for (json, message) in [
        ("{", "holds no backend resources"),
        ("[{ \"name\": \"x\" }]", "holds no backend resources"),
        ("[{ \"name\": \"x\", \"properties\": {} }]", "the backend `x`"),
    ] {
        let entities = Some(Source::new("entities.json", json));
        let found = wrong(Materials { spec: Some(two_region()), backend_entities: entities, ..Materials::default() });
        assert!(found[0].message.contains(message) && found[0].primary().is_some(), "{found:?}");
    }
}
