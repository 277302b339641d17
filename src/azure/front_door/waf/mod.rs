//! The web application firewall: custom rules in the order of their priority, then the managed rules.
//!
//! Source: learn.microsoft.com/azure/web-application-firewall/afds/waf-front-door-custom-rules and
//! learn.microsoft.com/azure/web-application-firewall/afds/afds-overview.

mod condition;
mod managed;
mod rate;
mod transform;

use std::sync::Arc;

pub(super) use condition::cookies;
use condition::{Condition, Subject};
use managed::Managed;
use rate::{Counters, Key};

use super::{Client, range::Countries};
use crate::{
    environment::Moment,
    http::RequestHead,
    spec::{Waf, WafAction, WafGroupBy, WafMode, WafRateLimit, WafVariable},
    text::Text,
};

/// How much of a body the firewall reads.
/// Source: learn.microsoft.com/azure/web-application-firewall/afds/waf-front-door-policy-settings.
pub const BODY_INSPECTED: usize = 128 * 1024;

/// A pattern of a rule is none that the firewall takes. A spec that was checked has none of these.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the firewall rule `{rule}` holds a pattern that is none")]
pub struct BadPattern {
    /// The rule.
    pub rule: String,
    /// What is wrong with it.
    #[source]
    pub source: regex::Error,
}

/// A firewall and its counters.
#[derive(Clone, Debug)]
pub(super) struct Firewall {
    /// Whether rules act.
    acts: bool,
    rules: Arc<[Rule]>,
    managed: Arc<Managed>,
    counters: Counters,
    reads_bodies: bool,
}

#[derive(Debug)]
struct Rule {
    name: Text,
    action: WafAction,
    conditions: Vec<Condition>,
    limit: Option<WafRateLimit>,
}

/// A rule that a request has met: a line of the firewall's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WafMatch {
    /// The rule: its name in the spec, or the managed rule as Azure's log names it.
    pub rule: Text,
    /// What the rule says is to be done.
    pub action: MatchAction,
    /// Whether it was done; in detection mode nothing is.
    pub acted: bool,
}

/// What a rule says is to be done with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MatchAction {
    /// Let it pass unseen by later rules.
    Allow,
    /// Refuse it.
    Block,
    /// Write it down.
    Log,
    /// Send the client elsewhere.
    Redirect,
    /// Count it against the request; what is enough blocks it.
    AnomalyScoring,
}

impl MatchAction {
    /// The word in Azure's log.
    /// Source: learn.microsoft.com/azure/web-application-firewall/afds/waf-front-door-monitor.
    pub fn word(self) -> &'static str {
        match self {
            Self::Allow => "Allow",
            Self::Block => "Block",
            Self::Log => "Log",
            Self::Redirect => "Redirect",
            Self::AnomalyScoring => "AnomalyScoring",
        }
    }
}

impl From<WafAction> for MatchAction {
    fn from(action: WafAction) -> Self {
        match action {
            WafAction::Allow => Self::Allow,
            WafAction::Block => Self::Block,
            WafAction::Log => Self::Log,
            WafAction::Redirect => Self::Redirect,
        }
    }
}

/// What the firewall decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ruling {
    /// The request may pass.
    Pass,
    /// It is refused by this rule.
    Block {
        /// The rule.
        rule: Text,
        /// Whether for its number rather than for what it is.
        too_many: bool,
    },
    /// The client is sent elsewhere by this rule.
    Redirect(Text),
}

impl Firewall {
    /// The firewall of a spec.
    pub(super) fn new(waf: &Waf) -> Result<Self, BadPattern> {
        let rule = |rule: &crate::spec::WafRule| {
            let conditions = rule.conditions.iter().map(Condition::new).collect::<Result<_, _>>();
            let conditions = conditions.map_err(|source| BadPattern { rule: rule.name.clone(), source })?;
            Ok(Rule { name: rule.name.clone().into(), action: rule.action, conditions, limit: rule.rate_limit })
        };
        let rules: Vec<Rule> = waf.by_priority().into_iter().map(rule).collect::<Result<_, _>>()?;
        let managed = Managed::new(&waf.managed_rules)?;
        let of_body = |condition: &Condition| matches!(condition.variable(), WafVariable::RequestBody | WafVariable::PostArgs);
        Ok(Self {
            acts: waf.mode == WafMode::Prevention,
            reads_bodies: !managed.is_empty() || rules.iter().flat_map(|rule| &rule.conditions).any(of_body),
            rules: rules.into(),
            managed: Arc::new(managed),
            counters: Counters::default(),
        })
    }

    /// Whether any rule looks at bodies.
    pub(super) fn reads_bodies(&self) -> bool {
        self.reads_bodies
    }

    /// Judges a request; what it has met goes to `log`.
    pub(super) fn judge(
        &mut self,
        request: &RequestHead,
        body: &[u8],
        client: &Client,
        countries: &Countries,
        now: Moment,
        log: &mut Vec<WafMatch>,
    ) -> Ruling {
        let body = body.get(..BODY_INSPECTED).unwrap_or(body);
        let subject = Subject::new(request, body, client, countries);
        let Self { acts, rules, managed, counters, .. } = self;
        let acts = *acts;
        for (index, rule) in rules.iter().enumerate() {
            if !rule.conditions.iter().all(|condition| condition.holds(&subject)) {
                continue;
            }
            if let Some(limit) = &rule.limit {
                let key = match limit.group_by {
                    WafGroupBy::SocketAddr => Key::Address(client.address),
                    WafGroupBy::GeoLocation => Key::Country(subject.socket_country()),
                    WafGroupBy::None => Key::Everybody,
                };
                if counters.within(index, key, limit, now) {
                    continue;
                }
            }
            log.push(WafMatch { rule: rule.name.clone(), action: rule.action.into(), acted: acts });
            if !acts {
                // Detection mode watches: nothing ends here, and a rule that would have ended it hides no later one.
                continue;
            }
            match rule.action {
                WafAction::Allow => return Ruling::Pass,
                WafAction::Block => return Ruling::Block { rule: rule.name.clone(), too_many: rule.limit.is_some() },
                WafAction::Redirect => return Ruling::Redirect(rule.name.clone()),
                WafAction::Log => {}
            }
        }
        match managed.judge(&subject, acts, log) {
            Some(rule) if acts => Ruling::Block { rule, too_many: false },
            _ => Ruling::Pass,
        }
    }
}
