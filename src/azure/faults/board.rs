//! Which fault holds where, and until when.

use serde::{Serialize, Serializer};

use super::{Conduct, Connection, Exchange, FRONT_DOOR, Fault, Target, Visit, command::CommandJson, target::same_region};
use crate::environment::{Environment, Moment};

/// The faults that hold now. A target has one at most. The more special one speaks: a deployment's before its resource's, a resource's or
/// a gateway's before its region's. One that spares a request (by its rate, its period or because its time is over) leaves it to the next.
/// A link is a party of its own, which a request passes first.
#[derive(Clone, Debug, Default)]
pub struct FaultBoard {
    // A handful at most, asked for on every request: a list in the order of setting beats a map.
    active: Vec<ActiveFault>,
}

/// A fault on a target. In JSON: `{"target":"swc","fault":"429","retryAfterMs":10000,"untilMs":1763690060000}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActiveFault {
    /// What it holds for.
    pub target: Target,
    /// What is wrong.
    pub fault: Fault,
    /// When it was set; periods are counted from here.
    pub since: Moment,
    /// When it ends; until further notice without. In JSON milliseconds since 1970.
    pub until: Option<Moment>,
}

impl Serialize for ActiveFault {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let until = self.until.map(|moment| moment.0.div_euclid(1_000_000));
        CommandJson::of(&self.target, Some(&self.fault), None).until(until).serialize(serializer)
    }
}

impl ActiveFault {
    fn is_over(&self, now: Moment) -> bool {
        self.until.is_some_and(|until| now >= until)
    }

    /// Whether it holds at all at `now`: its time is not over, and its period is in the first half.
    pub fn is_on(&self, now: Moment) -> bool {
        !self.is_over(now)
            && self
                .fault
                .options
                .period
                .is_none_or(|period| now.since(self.since).as_nanos() % period.as_nanos().max(1) < period.as_nanos() / 2)
    }

    /// When it next begins, pauses or ends.
    fn next_change(&self, now: Moment) -> Option<Moment> {
        let end = self.until.filter(|until| *until > now);
        let turn = self.fault.options.period.filter(|_| !self.is_over(now)).map(|period| {
            let period = period.as_nanos().max(2);
            let place = now.since(self.since).as_nanos() % period;
            let left = if place < period / 2 { period / 2 - place } else { period - place };
            Moment(now.0.saturating_add(i64::try_from(left).unwrap_or(i64::MAX)))
        });
        end.into_iter().chain(turn).min()
    }
}

impl FaultBoard {
    /// No faults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether there is none, not even one whose time is over.
    pub fn is_empty(&self) -> bool {
        self.active.is_empty()
    }

    /// Puts `fault` on `target`, in place of the one before, from `since` until (not including) `until`. Ask first whether it
    /// [fits](Fault::fits): one that does not is never met.
    pub fn set(&mut self, target: Target, fault: Fault, since: Moment, until: Option<Moment>) {
        self.clear(&target);
        self.active.push(ActiveFault { target, fault, since, until });
    }

    /// Takes the fault off `target`; says whether there was one. A region's fault goes only by the region's name.
    pub fn clear(&mut self, target: &Target) -> bool {
        let before = self.active.len();
        self.active.retain(|active| active.target != *target);
        self.active.len() != before
    }

    /// Takes all faults away.
    pub fn clear_all(&mut self) {
        self.active.clear();
    }

    /// Whether any fault is on a deployment, so that who sends a request has to know which it asks for.
    pub fn names_deployments(&self) -> bool {
        self.active.iter().any(|active| matches!(active.target, Target::Deployment { .. }))
    }

    /// What becomes of a request to a resource. Chance is asked only by a rate.
    #[inline]
    pub fn conduct(&self, exchange: &Exchange<'_>, now: Moment, environment: &mut dyn Environment) -> Conduct {
        if self.active.is_empty() { Conduct::default() } else { self.conduct_of_resource(exchange, now, environment) }
    }

    /// What becomes of a request to a gateway, as its client or Front Door sees it. Of the answers only a status is one of a gateway.
    #[inline]
    pub fn gateway_conduct(&self, visit: &Visit<'_>, now: Moment, environment: &mut dyn Environment) -> Conduct {
        if self.active.is_empty() { Conduct::default() } else { self.conduct_of_gateway(visit, now, environment) }
    }

    /// What becomes of a request that spills over to the deployment that the exchange names: a fault of that deployment alone.
    pub fn conduct_of_second(&self, exchange: &Exchange<'_>, now: Moment, environment: &mut dyn Environment) -> Conduct {
        self.spoken([|target: &Target| Tier::Deployment.concerns(target, exchange)], now, environment)
    }

    fn conduct_of_resource(&self, exchange: &Exchange<'_>, now: Moment, environment: &mut dyn Environment) -> Conduct {
        let link = match exchange.from {
            Some(from) => self.spoken(
                [|target: &Target| matches!(target, Target::Link(link) if link.is_between(from, exchange.region))],
                now,
                environment,
            ),
            None => Conduct::default(),
        };
        link.and_behind(|| {
            let tiers = [Tier::Deployment, Tier::Backend, Tier::Region];
            self.spoken(tiers.map(|tier| move |target: &Target| tier.concerns(target, exchange)), now, environment)
        })
    }

    fn conduct_of_gateway(&self, visit: &Visit<'_>, now: Moment, environment: &mut dyn Environment) -> Conduct {
        let link = if visit.from_front_door {
            self.spoken(
                [|target: &Target| matches!(target, Target::Link(link) if link.is_between(FRONT_DOOR, visit.region))],
                now,
                environment,
            )
        } else {
            Conduct::default()
        };
        link.and_behind(|| {
            let find = |own: bool| {
                move |active: &&ActiveFault| {
                    active.is_on(now)
                        && match &active.target {
                            Target::Gateway(region) => own && same_region(region, visit.region),
                            Target::Region(region) => !own && is_of_gateways(&active.fault) && same_region(region, visit.region),
                            _ => false,
                        }
                }
            };
            [true, false]
                .into_iter()
                .filter_map(|own| self.active.iter().find(find(own)))
                .find(|active| strikes(&active.fault, environment))
                .map_or_else(Conduct::default, Conduct::of)
        })
    }

    /// The conduct of the first fault that holds for a request, by these tiers. A target has one fault at most, and so has a tier.
    fn spoken<const N: usize>(&self, tiers: [impl Fn(&Target) -> bool; N], now: Moment, environment: &mut dyn Environment) -> Conduct {
        tiers
            .iter()
            .filter_map(|tier| self.active.iter().find(|active| tier(&active.target) && active.is_on(now)))
            .find(|active| strikes(&active.fault, environment))
            .map_or_else(Conduct::default, Conduct::of)
    }

    /// What keeps every connection to a resource from opening, whatever chance says and whatever is asked for.
    pub fn resource_connection(&self, backend: &str, region: &str, now: Moment) -> Connection {
        let exchange = Exchange { from: None, backend, region, deployment: None };
        let any_deployment = |active: &&ActiveFault| matches!(&active.target, Target::Deployment { backend: own, .. } if own == backend);
        if self.active.iter().filter(any_deployment).any(|active| active.is_on(now)) {
            return Connection::Open;
        }
        self.first(now, |active, own| if own { Tier::Backend } else { Tier::Region }.concerns(&active.target, &exchange))
            .map_or(Connection::Open, sure)
    }

    /// What keeps every connection to a gateway from opening.
    pub fn gateway_connection(&self, region: &str, now: Moment) -> Connection {
        self.on_gateway(region, now).map_or(Connection::Open, sure)
    }

    /// The fault that a resource as a whole has now, rates aside.
    pub fn on_resource(&self, backend: &str, region: &str, now: Moment) -> Option<&Fault> {
        let exchange = Exchange { from: None, backend, region, deployment: None };
        self.first(now, |active, own| if own { Tier::Backend } else { Tier::Region }.concerns(&active.target, &exchange))
    }

    /// The fault that a gateway has now, rates aside.
    pub fn on_gateway(&self, region: &str, now: Moment) -> Option<&Fault> {
        self.first(now, |active, own| match &active.target {
            Target::Gateway(of) => own && same_region(of, region),
            Target::Region(of) => !own && is_of_gateways(&active.fault) && same_region(of, region),
            _ => false,
        })
    }

    fn first(&self, now: Moment, concerns: impl Fn(&ActiveFault, bool) -> bool) -> Option<&Fault> {
        let find = |own| self.active.iter().find(|active| active.is_on(now) && concerns(active, own));
        find(true).or_else(|| find(false)).map(|active| &active.fault)
    }

    /// Forgets the faults whose time is over, and returns them.
    pub fn expire(&mut self, now: Moment) -> Vec<ActiveFault> {
        self.active.extract_if(.., |active| active.is_over(now)).collect()
    }

    /// When the next fault begins, pauses or ends by itself.
    pub fn next_change(&self, now: Moment) -> Option<Moment> {
        self.active.iter().filter_map(|active| active.next_change(now)).min()
    }

    /// The faults on the board in the order of setting, those included whose time is over and that nobody has expired yet.
    pub fn active(&self) -> &[ActiveFault] {
        &self.active
    }
}

/// What a resource's fault is put on, the most special first.
#[derive(Clone, Copy)]
enum Tier {
    Deployment,
    Backend,
    Region,
}

impl Tier {
    fn concerns(self, target: &Target, exchange: &Exchange<'_>) -> bool {
        match (self, target) {
            (Self::Deployment, Target::Deployment { backend, name }) => {
                // The names of deployments ignore case, as those of all resources of Azure do.
                backend == exchange.backend && exchange.deployment.is_some_and(|deployment| name.eq_ignore_ascii_case(deployment))
            }
            (Self::Backend, Target::Backend(id)) => id == exchange.backend,
            (Self::Region, Target::Region(region)) => same_region(region, exchange.region),
            _ => false,
        }
    }
}

/// Whether a fault that holds now holds for this request.
fn strikes(fault: &Fault, environment: &mut dyn Environment) -> bool {
    fault.options.rate.is_none_or(|rate| rate.holds(environment.random()))
}

/// What a fault does to every connection.
fn sure(fault: &Fault) -> Connection {
    if fault.options.rate.is_none() { Conduct::of_fault(fault).connection } else { Connection::Open }
}

fn is_of_gateways(fault: &Fault) -> bool {
    fault.entry().places.contains(&super::Place::Gateway)
}
