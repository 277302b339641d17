//! A scenario against its world: the names of resources, gateways, deployments, models and firewall rules.
//!
//! An expectation about a name that does not exist would hold, or fail, for ever: it is an error. Where a world declares no resources (a
//! policy that names its hosts itself), names of resources are not known, and not judged.

use std::sync::Arc;

use super::{Expectation, Metric, Scenario, Via};
use crate::{
    azure::{
        faults::{FRONT_DOOR, Target},
        openai::Deployments,
    },
    diagnostic::{Diagnostic, nearest},
    source::{Source, Span},
    spec::{self, Region, build::places, fields::shown, parse},
    world::Built,
};

/// Holds a scenario, which was read from `source`, against the world that was made for it.
pub fn check(scenario: &Scenario, source: &Arc<Source>, built: &Built) -> Vec<Diagnostic> {
    let places = parse(source).0.map(|tree| places(source, &tree));
    let place =
        |path: &str| places.as_ref().map_or(Span::at(0), |places| places.get(path).map_or(places.nearest(path).key, |place| place.value));
    let names = Names::of(built);
    let mut checking = Checking { source, found: Vec::new() };
    for (index, load) in scenario.load.iter().enumerate() {
        if let Via::Gateway(region) = load.via {
            checking.known("gateway in", region.name, &names.gateways, place(&format!("load.{index}.via")));
        }
        for (kind, (_, ask)) in load.mix.iter().enumerate() {
            let is_known = names.models.iter().any(|model| *model == ask.model);
            if !is_known && !names.models.is_empty() && !ask.model.is_empty() {
                let own = place(&format!("load.{index}.model"));
                let of_mix = format!("load.{index}.mix.{kind}.model");
                let span = places.as_ref().and_then(|places| places.get(&of_mix)).map_or(own, |place| place.value);
                checking.model(&ask.model, &names.models, span);
            }
        }
    }
    for (index, fault) in scenario.faults.iter().enumerate() {
        let key = match &fault.target {
            Target::Backend(_) => "backend",
            Target::Deployment { .. } => "deployment",
            Target::Region(_) => "region",
            Target::Gateway(_) => "gateway",
            Target::Link(_) => "link",
        };
        checking.target(&fault.target, &names, place(&format!("faults.{index}.{key}")));
    }
    for expectation in &scenario.expect {
        checking.expectation(expectation, &names);
    }
    checking.found.sort_by_key(|fault| fault.primary().map_or(0, |label| label.span.start));
    checking.found
}

/// What there is in a world.
struct Names<'a> {
    gateways: Vec<&'a str>,
    resources: Vec<&'a str>,
    /// Deployments as faults name them: `swc/gpt-4o`. Only of resources that declare theirs.
    deployments: Vec<String>,
    /// Regions of gateways and resources.
    regions: Vec<&'a str>,
    /// Public models: what clients may ask for. None where nobody declares any.
    models: Vec<&'a str>,
    /// Rules of the firewall; nothing where any name may be one.
    rules: Option<Vec<&'a str>>,
}

impl<'a> Names<'a> {
    fn of(built: &'a Built) -> Self {
        let world = &built.world;
        let gateways: Vec<&str> = world.gateways.iter().map(|(region, _)| region.name).collect();
        let mut regions: Vec<&str> = gateways.iter().copied().chain(world.resources.iter().map(|(region, _)| region.name)).collect();
        regions.sort_unstable();
        regions.dedup();
        let declared = world.resources.iter().filter_map(|(_, config)| match &config.deployments {
            Deployments::Declared(deployments) => Some((config.id.as_str(), deployments)),
            Deployments::Any => None,
        });
        let own_names = declared.clone().flat_map(|(_, deployments)| deployments.keys().map(String::as_str));
        let models = built.spec.as_ref().map_or_else(|| own_names.collect(), spec::Spec::models);
        let deployments = declared.flat_map(|(id, deployments)| deployments.keys().map(move |name| format!("{id}/{name}")));
        let settings = world.front_door.as_ref().map(|front_door| &front_door.settings);
        let firewall = settings.and_then(|settings| settings.waf.as_ref());
        let rules = firewall.map_or(Some(Vec::new()), |firewall| {
            firewall.managed_rules.is_empty().then(|| firewall.rules.iter().map(|rule| rule.name.as_str()).collect())
        });
        Self {
            resources: world.resources.iter().map(|(_, config)| config.id.as_str()).collect(),
            deployments: deployments.collect(),
            models,
            gateways,
            regions,
            rules,
        }
    }
}

struct Checking<'a> {
    source: &'a Arc<Source>,
    found: Vec<Diagnostic>,
}

impl Checking<'_> {
    fn known<T: AsRef<str>>(&mut self, what: &str, name: &str, known: &[T], span: Span) {
        let known = || known.iter().map(AsRef::as_ref);
        if known().any(|own| own == name) {
            return;
        }
        let help = match nearest(name, known()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None if known().next().is_none() => "there is none in this world".to_owned(),
            None => format!("there is {}", known().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")),
        };
        let fault = Diagnostic::error("scenario/dangling-reference", format!("there is no {what} `{}`", shown(name)));
        self.found.push(fault.at(self.source, span).help(help));
    }

    fn model(&mut self, name: &str, known: &[&str], span: Span) {
        let help = match nearest(name, known.iter().copied()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("there is {}", known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")),
        };
        let fault = Diagnostic::warning("scenario/unknown-model", format!("nobody has deployed `{}`: clients get 404", shown(name)));
        self.found.push(fault.at(self.source, span).help(help));
    }

    fn target(&mut self, target: &Target, names: &Names<'_>, span: Span) {
        match target {
            Target::Backend(id) => self.resource(id, names, span),
            Target::Deployment { backend, .. } if !names.resources.iter().any(|id| id == backend) => self.resource(backend, names, span),
            Target::Deployment { backend, name } if !names.deployments.is_empty() => {
                self.known("deployment", &format!("{backend}/{name}"), &names.deployments, span);
            }
            Target::Deployment { .. } => {}
            Target::Region(region) => self.region(region, &names.regions, span),
            Target::Gateway(region) => self.known("gateway in", region, &names.gateways, span),
            Target::Link(link) => {
                for end in link.ends().into_iter().filter(|end| *end != FRONT_DOOR) {
                    self.region(end, &names.regions, span);
                }
            }
        }
    }

    fn region(&mut self, region: &str, known: &[&str], span: Span) {
        let name = Region::spelled(region).map_or(region, |region| region.name);
        self.known("gateway or resource in", name, known, span);
    }

    fn resource(&mut self, id: &str, names: &Names<'_>, span: Span) {
        if !names.resources.is_empty() {
            self.known("resource", id, &names.resources, span);
        }
    }

    fn expectation(&mut self, expectation: &Expectation, names: &Names<'_>) {
        let span = expectation.span;
        match &expectation.metric {
            Metric::ServedBy(id)
            | Metric::ServedByShare(id)
            | Metric::Calls(Some(id))
            | Metric::BreakerTrips(Some(id))
            | Metric::BreakerOpen(id) => self.resource(id, names, span),
            Metric::Gateway(region) => self.known("gateway in", region, &names.gateways, span),
            Metric::Blocked(Some(rule)) => {
                if let Some(rules) = &names.rules {
                    self.known("firewall rule", rule, rules, span);
                }
            }
            _ => {}
        }
    }
}
