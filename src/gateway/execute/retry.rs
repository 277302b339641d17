//! Decides for `retry` whether its block runs again, and after what pause.

use std::time::Duration;

use super::{Stop, Turn};
use crate::gateway::answers::PolicyError;
use crate::policy::{BlockId, Policy, Setting, Statement};

/// The decision.
pub(in crate::gateway) enum Again {
    /// The block runs again after the pause.
    Yes {
        /// The block.
        inner: BlockId,
        /// The pause.
        wait: Duration,
    },
    /// It does not.
    No,
}

/// Decides after `used` retries.
pub(in crate::gateway) fn again(statement: &Statement, used: u32, turn: &mut Turn<'_>) -> Result<Again, Stop> {
    let Policy::Retry(policy) = &statement.policy else { return Ok(Again::No) };
    let element = &statement.place.element;
    if !turn.truth(&policy.condition, element)? {
        return Ok(Again::No);
    }
    let count = turn.number(&policy.count, element)?;
    if !(1..=50).contains(&count) {
        return Err(PolicyError::value(element, format!("Expression value is invalid. `count` is {count}, and may be 1 to 50.")).into());
    }
    if i64::from(used) >= count {
        return Ok(Again::No);
    }
    let interval = turn.number(&policy.interval, element)?.max(0);
    let mut optional = |setting: &Option<Setting<i64>>| setting.as_ref().map(|setting| turn.number(setting, element)).transpose();
    let (delta, max) = (optional(&policy.delta)?, optional(&policy.max_interval)?);
    let fast = used == 0 && turn.truth(&policy.first_fast_retry, element)?;
    let wait = if fast { Duration::ZERO } else { pause(interval, delta, max, used, &mut || turn.environment.random()) };
    Ok(Again::Yes { inner: policy.block, wait })
}

/// The pause before retry `k` + 1: fixed, linear with `delta`, exponential with `delta` and `max-interval`.
///
/// The documentation prints two exponential formulas; `min(max, interval + (2^k - 1) * random(0.8 delta, 1.2 delta))` is the one that its own
/// example (10, 20, 40, 80, 100 for interval = delta = 10, max = 100) fits. Source: learn.microsoft.com/azure/api-management/retry-policy.
fn pause(interval: i64, delta: Option<i64>, max: Option<i64>, k: u32, random: &mut dyn FnMut() -> u64) -> Duration {
    let seconds = match (delta, max) {
        (None, _) => interval as f64,
        (Some(delta), None) => (interval + delta.saturating_mul(i64::from(k))) as f64,
        (Some(delta), Some(max)) => {
            let share = 0.8 + 0.4 * ((random() >> 11) as f64 / (1_u64 << 53) as f64);
            (interval as f64 + (2_f64.powi(k.min(60) as i32) - 1.0) * share * delta as f64).min(max as f64)
        }
    };
    Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Source: learn.microsoft.com/azure/api-management/retry-policy.
    #[test]
    fn pauses_are_fixed_linear_or_exponential() {
        let pauses = |interval, delta, max| {
            (0..5).map(|k| pause(interval, delta, max, k, &mut || u64::MAX / 2).as_secs_f64().round() as i64).collect::<Vec<_>>()
        };
        assert_eq!(pauses(3, None, None), [3, 3, 3, 3, 3]);
        assert_eq!(pauses(10, Some(5), None), [10, 15, 20, 25, 30]);
        assert_eq!(pauses(10, Some(10), Some(100)), [10, 20, 40, 80, 100]);
    }
}
