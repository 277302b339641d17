//! Which fault holds where, and until when.

use serde::{Serialize, Serializer};

use super::{Fault, Target, target::same_region};
use crate::environment::Moment;

/// The faults that hold now. A target has one at most; a resource's own goes before its region's, and so does a gateway's.
#[derive(Clone, Debug, Default)]
pub struct FaultBoard {
    // A handful at most, asked for on every request: a list in the order of setting beats a map.
    active: Vec<ActiveFault>,
}

/// A fault on a target. In JSON: `{"target":"swc","fault":"429","retryAfterMs":10000,"untilMs":1763690060000}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ActiveFault {
    /// What it holds for.
    pub target: Target,
    /// What is wrong.
    #[serde(flatten)]
    pub fault: Fault,
    /// When it ends; until further notice without. In JSON milliseconds since 1970.
    #[serde(rename = "untilMs", serialize_with = "milliseconds", skip_serializing_if = "Option::is_none")]
    pub until: Option<Moment>,
}

fn milliseconds<S: Serializer>(until: &Option<Moment>, serializer: S) -> Result<S::Ok, S::Error> {
    until.map(|moment| moment.0.div_euclid(1_000_000)).serialize(serializer)
}

impl ActiveFault {
    fn holds(&self, now: Moment) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

impl FaultBoard {
    /// No faults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts `fault` on `target`, in place of the one before, until (not including) `until`.
    pub fn set(&mut self, target: Target, fault: Fault, until: Option<Moment>) {
        self.clear(&target);
        self.active.push(ActiveFault { target, fault, until });
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

    /// What is wrong with the resource of backend `id`, which lies in `region` (short or display name).
    pub fn for_backend(&self, id: &str, region: &str, now: Moment) -> Option<Fault> {
        self.find(now, |target| matches!(target, Target::Backend(own) if own == id)).or_else(|| self.for_region(region, now))
    }

    /// What is wrong with the gateway in `region` (short or display name).
    pub fn for_gateway(&self, region: &str, now: Moment) -> Option<Fault> {
        self.find(now, |target| matches!(target, Target::Gateway(own) if same_region(own, region))).or_else(|| self.for_region(region, now))
    }

    fn for_region(&self, region: &str, now: Moment) -> Option<Fault> {
        self.find(now, |target| matches!(target, Target::Region(own) if same_region(own, region)))
    }

    fn find(&self, now: Moment, concerns: impl Fn(&Target) -> bool) -> Option<Fault> {
        self.active.iter().find(|active| concerns(&active.target) && active.holds(now)).map(|active| active.fault.clone())
    }

    /// Forgets the faults whose time is over, and returns them.
    pub fn expire(&mut self, now: Moment) -> Vec<ActiveFault> {
        self.active.extract_if(.., |active| !active.holds(now)).collect()
    }

    /// The faults on the board in the order of setting, those included whose time is over and that nobody has expired yet.
    pub fn active(&self) -> Vec<ActiveFault> {
        self.active.clone()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{json, to_value};

    use super::*;

    fn status(status: u16) -> Fault {
        Fault::Status { status, retry_after: None }
    }

    fn target(text: &str) -> Target {
        text.parse().unwrap()
    }

    #[test]
    fn the_nearer_fault_wins() {
        let mut board = FaultBoard::new();
        let now = Moment(0);
        board.set(target("region:swedencentral"), Fault::ConnectionRefused, None);
        board.set(target("swc"), status(429), None);
        board.set(target("gateway:swedencentral"), Fault::Hang, None);
        for (id, region, expected) in [
            ("swc", "swedencentral", Some(status(429))),
            ("swc2", "Sweden Central", Some(Fault::ConnectionRefused)),
            ("frc", "francecentral", None),
        ] {
            assert_eq!(board.for_backend(id, region, now), expected, "{id}");
        }
        assert_eq!(board.for_gateway("swedencentral", now), Some(Fault::Hang));
        assert_eq!(board.for_gateway("francecentral", now), None);
        assert!(board.clear(&target("gateway:swedencentral")) && !board.clear(&target("gateway:swedencentral")));
        assert_eq!(board.for_gateway("Sweden Central", now), Some(Fault::ConnectionRefused));
        board.clear_all();
        assert_eq!(board.for_backend("swc", "swedencentral", now), None);
    }

    #[test]
    fn a_new_fault_replaces_the_old_one_on_the_same_target() {
        let mut board = FaultBoard::new();
        board.set(target("swc"), status(429), None);
        board.set(target("swc"), status(503), None);
        assert_eq!(board.active().len(), 1);
        assert_eq!(board.for_backend("swc", "swedencentral", Moment(0)), Some(status(503)));
    }

    #[test]
    fn a_fault_ends_at_its_moment_and_the_one_behind_it_shows() {
        let mut board = FaultBoard::new();
        board.set(target("swc"), status(429), Some(Moment(100)));
        board.set(target("region:swedencentral"), Fault::Reset, None);
        assert_eq!(board.for_backend("swc", "swedencentral", Moment(99)), Some(status(429)));
        assert_eq!(board.for_backend("swc", "swedencentral", Moment(100)), Some(Fault::Reset));
        assert_eq!(board.expire(Moment(99)), []);
        assert_eq!(board.expire(Moment(100)).len(), 1);
        assert_eq!(board.active().len(), 1);
    }

    #[test]
    fn the_board_is_plain_json() {
        let mut board = FaultBoard::new();
        board.set(target("swc"), status(429), Some(Moment(1_763_690_060_000_000_000)));
        board.set(target("region:francecentral"), Fault::Hang, None);
        assert_eq!(
            to_value(board.active()).unwrap(),
            json!([{"target": "swc", "fault": "429", "untilMs": 1_763_690_060_000_u64}, {"target": "region:francecentral", "fault": "hang"}])
        );
    }
}
