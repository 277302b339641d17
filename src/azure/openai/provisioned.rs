//! Provisioned deployments: utilisation as a leaky bucket.
//!
//! A request is refused where utilisation is above 100 %; else what it will probably cost goes in, is corrected when it is done, and drains away
//! as fast as the units work.
//! Source: learn.microsoft.com/azure/ai-foundry/openai/concepts/provisioned-throughput (utilisation); tokens a unit and what a token of the answer
//! costs: learn.microsoft.com/azure/ai-foundry/openai/how-to/provisioned-throughput-onboarding. How many tokens 100 % are is not documented; here
//! what drains away in a minute, since the metric is one a minute.

use std::{cmp::Reverse, collections::BinaryHeap, time::Duration};

use super::models::begins;
use crate::{azure::faults::Quota, environment::Moment};

/// Tokens of the prompt that a unit works off in a minute, and how many of them a token of the answer costs; the first line that fits.
/// For gpt-5.5 the cost of an answer's token is not published: that of gpt-5.4 is taken.
const MODELS: [(&str, u32, u32); 16] = [
    ("gpt-5.5", 1200, 6),
    ("gpt-5.4", 2400, 6),
    ("gpt-5.2", 3400, 8),
    ("gpt-5-mini", 23_750, 8),
    ("gpt-5", 4750, 8),
    ("gpt-4.1-mini", 14_900, 4),
    ("gpt-4.1-nano", 59_400, 4),
    ("gpt-4.1", 3000, 4),
    ("gpt-4o-mini", 37_000, 4),
    ("gpt-4o", 2500, 4),
    ("o3-mini", 2500, 4),
    ("o3", 3000, 4),
    ("o4-mini", 5400, 4),
    ("o1", 230, 4),
    ("gpt-4", 2500, 4),
    ("gpt-35", 2500, 4),
];

/// A model that is not in the list is taken for a gpt-4o.
const USUAL: (u32, u32) = (2500, 4);

/// What the service assumes for an answer where the request has no limit is not documented.
const ASSUMED_ANSWER: u64 = 250;

/// Tokens that drain away: what a deployment has to do.
#[derive(Clone, Debug)]
pub(super) struct Bucket {
    /// What drains away in a minute, and what 100 % is.
    minute: f64,
    /// What it is where nothing has fallen.
    whole: f64,
    level: f64,
    at: Moment,
}

impl Bucket {
    /// An empty one.
    pub fn new(tokens_per_minute: f64) -> Self {
        let minute = tokens_per_minute.max(1.0);
        Self { minute, whole: minute, level: 0.0, at: Moment::default() }
    }

    /// What of its capacity a quota leaves.
    fn left(&self, quota: Option<Quota>) -> f64 {
        quota.and_then(|quota| quota.tokens(Some(self.whole as u64))).map_or(self.whole, |left| (left as f64).max(1.0))
    }

    fn drain(&mut self, now: Moment) {
        self.level = (self.level - self.minute * now.since(self.at).as_nanos() as f64 / 60e9).max(0.0);
        self.at = self.at.max(now);
    }

    /// Adds tokens, or takes some away.
    pub fn add(&mut self, tokens: f64, now: Moment) {
        self.drain(now);
        self.level = (self.level + tokens).max(0.0);
    }

    /// How full it is; 1 is 100 %.
    pub fn fullness(&mut self, now: Moment) -> f64 {
        self.drain(now);
        self.level / self.minute
    }
}

/// The capacity of a provisioned deployment and what is in use of it.
#[derive(Clone, Debug)]
pub(super) struct Provisioned {
    bucket: Bucket,
    /// What a token of the answer costs.
    ratio: f64,
    /// Corrections by when they are due. Tokens are weighed ones, as whole numbers: they are sums of whole numbers of tokens.
    due: BinaryHeap<Reverse<(Moment, i64)>>,
}

impl Provisioned {
    /// So many units of a model.
    pub fn new(model: &str, units: u32) -> Self {
        let (tokens, ratio) = MODELS.iter().find(|(start, ..)| begins(model, start)).map_or(USUAL, |(_, tokens, ratio)| (*tokens, *ratio));
        Self { bucket: Bucket::new(f64::from(tokens) * f64::from(units)), ratio: f64::from(ratio), due: BinaryHeap::new() }
    }

    /// Lets what its units work off in a minute fall, or be what it was, from `now` on.
    pub fn fall_to(&mut self, quota: Option<Quota>, now: Moment) {
        let left = self.bucket.left(quota);
        if left != self.bucket.minute {
            // What has drained until now has drained as fast as before.
            self.utilisation(now);
            self.bucket.minute = left;
        }
    }

    fn weigh(&self, prompt: u64, answer: u64) -> f64 {
        (prompt as f64 + answer as f64 * self.ratio).min(1e15)
    }

    /// How full it is at `now`, what has ended until then put right.
    pub fn utilisation(&mut self, now: Moment) -> f64 {
        while let Some(Reverse((at, tokens))) = self.due.peek().copied().filter(|Reverse((at, _))| *at <= now) {
            self.due.pop();
            self.bucket.add(tokens as f64, at);
        }
        self.bucket.fullness(now)
    }

    /// Lets a request in that has so many tokens in its prompt, all answers together limited to so many; says what it is taken to cost, or how
    /// long to wait until utilisation is below 100 %.
    pub fn admit(&mut self, prompt: u64, limit: Option<u64>, now: Moment) -> Result<f64, Duration> {
        let utilisation = self.utilisation(now);
        if utilisation > 1.0 {
            let nanoseconds = (utilisation - 1.0) * 60e9;
            // At least a millisecond: "0" would be no wait at all.
            return Err(Duration::from_nanos((nanoseconds.ceil() as u64).max(1_000_000)));
        }
        let estimate = self.weigh(prompt, limit.unwrap_or(ASSUMED_ANSWER));
        self.bucket.add(estimate, now);
        Ok(estimate)
    }

    /// Puts right, at `end`, what a request was taken to cost.
    pub fn correct(&mut self, estimate: f64, prompt: u64, answer: u64, end: Moment) {
        let difference = self.weigh(prompt, answer) - estimate;
        if difference != 0.0 {
            self.due.push(Reverse((end, difference as i64)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Moment = Moment(1_763_690_000_000_000_000);

    fn at(milliseconds: u64) -> Moment {
        START.after(Duration::from_millis(milliseconds))
    }

    /// 4 units of gpt-4o are 10,000 tokens a minute.
    #[test]
    fn it_fills_overflows_and_drains() {
        let mut four = Provisioned::new("gpt-4o", 4);
        // 2,000 and 4 times 1,500.
        assert_eq!(four.admit(2000, Some(1500), at(0)), Ok(8000.0));
        assert!((four.utilisation(at(0)) - 0.8).abs() < 1e-9);
        // A burst slightly over 100 % passes.
        assert_eq!(four.admit(1000, Some(1000), at(0)), Ok(5000.0));
        let wait = four.admit(1, Some(1), at(0)).unwrap_err();
        // 3,000 too much drain in 18 seconds.
        assert!(wait.abs_diff(Duration::from_secs(18)) < Duration::from_millis(1), "{wait:?}");
        assert!(four.admit(1, Some(1), at(17_990)).is_err());
        assert!(four.admit(1, Some(1), at(18_001)).is_ok());
        // Refused requests cost nothing here.
        assert!((four.utilisation(at(18_001)) - 1.0).abs() < 0.01);
        assert_eq!(four.utilisation(at(120_000)), 0.0);
    }

    #[test]
    fn what_falls_drains_more_slowly_from_then_on() {
        let mut four = Provisioned::new("gpt-4o", 4);
        four.admit(2000, Some(2000), at(0)).unwrap();
        // 10,000 of a capacity of 10,000; half a minute at the old rate, then a tenth of it.
        let tenth = Some("10%".parse().unwrap());
        four.fall_to(tenth, at(30_000));
        assert!((four.utilisation(at(30_000)) - 5.0).abs() < 0.001);
        four.fall_to(tenth, at(60_000));
        assert!((four.utilisation(at(60_000)) - 4.5).abs() < 0.001);
        four.fall_to(None, at(60_000));
        assert!((four.utilisation(at(60_000)) - 0.45).abs() < 0.001);
    }

    #[test]
    fn what_was_guessed_is_put_right_when_it_is_known() {
        let mut four = Provisioned::new("gpt-4o", 4);
        let estimate = four.admit(1000, Some(2000), at(0)).unwrap();
        four.correct(estimate, 1000, 250, at(6000));
        // 9,000 are in; 1,000 drain in 6 seconds.
        assert!((four.utilisation(at(5999)) - 0.8).abs() < 0.001);
        // 1,750 tokens were not said.
        assert!((four.utilisation(at(6000)) - 0.1).abs() < 0.001);
        // Without a limit an answer is guessed to be short; a long one costs more afterwards.
        let estimate = four.admit(1000, None, at(60_000)).unwrap();
        assert_eq!(estimate, 2000.0);
        four.correct(estimate, 1000, 1250, at(60_000));
        assert!((four.utilisation(at(60_000)) - 0.6).abs() < 0.001);
    }

    #[test]
    fn models_have_their_tokens_a_unit() {
        for (model, minute, ratio) in [
            ("gpt-4o", 2500.0, 4.0),
            ("gpt-4o-mini", 37_000.0, 4.0),
            ("gpt-5.1", 4750.0, 8.0),
            ("gpt-5.2", 3400.0, 8.0),
            ("unheard-of", 2500.0, 4.0),
        ] {
            let one = Provisioned::new(model, 1);
            assert_eq!((one.bucket.minute, one.ratio), (minute, ratio), "{model}");
        }
    }

    #[test]
    fn nothing_overflows() {
        let mut none = Provisioned::new("gpt-4o", 0);
        assert!(none.admit(u64::MAX, Some(u64::MAX), START).is_ok());
        assert!(none.admit(0, None, START).unwrap_err() > Duration::from_secs(86_400));
        none.correct(0.0, u64::MAX, u64::MAX, Moment(i64::MAX));
        assert!(none.utilisation(Moment(i64::MAX)) >= 0.0);
    }
}
