//! What Azure's service level agreements promise for a spec as a whole: the agreements of its layers, put together.
//!
//! Sources: the Service Level Agreements for Microsoft Online Services (microsoft.com/licensing/docs/view/Service-Level-Agreements-SLA-for-Online-Services),
//! in them Azure Front Door, API Management Services and Azure AI services (Azure OpenAI); how they are put together:
//! learn.microsoft.com/azure/well-architected/reliability/metrics (composite SLAs), and the worked calculation of
//! github.com/Azure/reliable-web-app-pattern-dotnet, `assets/sla-calculation.md`.
//!
//! What it assumes, and what an agreement never says: that regions fail independently of one another, that failing over takes no time and
//! never fails itself, and that whoever is up has capacity for all. A 429 is no downtime in any of the agreements.

use super::model::Spec;

/// Azure Front Door.
const FRONT_DOOR: f64 = 0.999_9;
/// API Management in one region without availability zones.
const GATEWAY: f64 = 0.999_5;
/// API Management Premium with units in two regions or more.
const GATEWAYS: f64 = 0.999_9;
/// Azure OpenAI, each resource.
const OPENAI: f64 = 0.999;

/// The agreements of a spec's layers, and what they come to together.
#[derive(Clone, Debug, PartialEq)]
pub struct Agreement {
    /// The layers from the outside in: what it is, and its availability as a share. A request needs all of them.
    pub layers: Vec<(String, f64)>,
    /// The availability of all of it, as a share.
    pub composite: f64,
}

impl Agreement {
    /// The agreements that hold for this spec.
    pub fn of(spec: &Spec) -> Self {
        let mut layers = Vec::new();
        if spec.front_door.is_some() {
            layers.push(("Front Door".to_owned(), FRONT_DOOR));
        }
        match spec.gateways.len() {
            0 | 1 => layers.push(("API Management in one region".to_owned(), GATEWAY)),
            several => layers.push((format!("API Management Premium in {several} regions"), GATEWAYS)),
        }
        let regions = reach(spec);
        let name = if regions == 1 { "Azure OpenAI in one region".to_owned() } else { format!("Azure OpenAI in {regions} regions") };
        layers.push((name, 1.0 - (1.0 - OPENAI).powi(regions)));
        let composite = layers.iter().map(|(_, share)| share).product();
        Self { layers, composite }
    }
}

/// In how many regions a request may find its model: of the model that is worst off, and no more than attempts. Resources of one region are
/// taken to fail together.
fn reach(spec: &Spec) -> i32 {
    let of = |model: &str| {
        let mut regions: Vec<_> = spec.backends_holding(model).map(|backend| backend.region).collect();
        regions.sort_by_key(|region| region.name);
        regions.dedup();
        regions.len()
    };
    let regions = spec.models().into_iter().map(of).min().unwrap_or(1).max(1);
    i32::try_from(regions.min(spec.failover.max_attempts.max(1) as usize)).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{source::Source, spec};

    fn agreement(text: &str) -> Agreement {
        Agreement::of(&spec::read(&Source::new("spec.yaml", text)).unwrap().0)
    }

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-9
    }

    #[test]
    fn layers_multiply_and_regions_back_each_other_up() {
        let two = include_str!("../../fixtures/specs/two-region.yaml");
        let found = agreement(two);
        let names: Vec<&str> = found.layers.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["Front Door", "API Management Premium in 2 regions", "Azure OpenAI in 2 regions"]);
        assert!(close(found.composite, 0.999_9 * 0.999_9 * 0.999_999), "{}", found.composite);
    }

    #[test]
    fn one_region_has_the_agreements_of_one() {
        let found = agreement(include_str!("../../fixtures/specs/minimal.yaml"));
        let names: Vec<&str> = found.layers.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["API Management in one region", "Azure OpenAI in one region"]);
        assert!(close(found.composite, 0.999_5 * 0.999), "{}", found.composite);
    }
}
