//! How long a model takes: until its first token, and for each token after it.
//!
//! The service promises no latency for standard deployments; times are dominated by the tokens of the answer, and a token of the prompt costs
//! little (learn.microsoft.com/azure/ai-foundry/openai/how-to/latency). The numbers here are ours, near what Microsoft's benchmark tool shows
//! in its documentation (github.com/Azure/azure-openai-benchmark: 0.74 to 0.94 s to the first token, 42 ms between tokens, in 2023) and above
//! the latency targets of provisioned deployments (learn.microsoft.com/azure/ai-foundry/openai/how-to/provisioned-throughput-onboarding).

use std::time::Duration;

use super::models::{Family, Model, begins};
use crate::environment::Environment;

/// How fast a deployment answers. Times are log-normal: most answers near the median, few much later.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Latency {
    /// The median time from the request to the first token, for an empty prompt.
    pub first_token: Duration,
    /// What each token of the prompt adds to it.
    pub prompt_token: Duration,
    /// The median of the tokens a second after the first one.
    pub tokens_per_second: f64,
    /// The standard deviation of the logarithm of the time to the first token; 0.645 means that one answer in twenty takes 2.9 times the
    /// median. That of the tokens a second is a third of it.
    pub spread: f64,
}

/// p95 of 1.3 s at a median of 450 ms: `ln(1.3 / 0.45) / 1.645`.
const SPREAD: f64 = 0.645;

/// The share of the spread that the speed has: a slow minute of the service is slow in both, but the first token waits in a queue as well.
const SPEED_SPREAD: f64 = 1.0 / 3.0;

/// Half the variance for provisioned deployments: their hardware is their own.
const PROVISIONED_SPREAD: f64 = std::f64::consts::FRAC_1_SQRT_2;

/// Where load begins to be felt, as a share of the capacity, and how much longer everything takes at full load. Ours: documented is only that
/// latency may more than double under load (learn.microsoft.com/azure/ai-foundry/openai/quotas-limits, usage tiers).
const FELT: f64 = 0.8;
const FULL: f64 = 2.0;

/// Refusals come back fast: from 10 to 50 ms.
const REFUSAL: (u64, u64) = (10_000_000, 40_000_000);

/// Tokens a second by the beginning of the model's name; the first line that fits.
const SPEEDS: [(&str, f64); 17] = [
    ("gpt-5-mini", 85.0),
    ("gpt-5-nano", 110.0),
    ("gpt-5", 55.0),
    ("gpt-4.1-mini", 95.0),
    ("gpt-4.1-nano", 110.0),
    ("gpt-4.1", 85.0),
    ("gpt-4.5", 20.0),
    ("gpt-4o-mini", 70.0),
    ("gpt-4o", 45.0),
    ("gpt-4", 25.0),
    ("gpt-35", 60.0),
    ("gpt-3.5", 60.0),
    ("o1-mini", 70.0),
    ("o1", 30.0),
    ("o3-mini", 75.0),
    ("o3", 85.0),
    ("o4-mini", 95.0),
];

/// Tokens a second of a model that is not in the list.
const SPEED: f64 = 50.0;

impl Latency {
    /// What is usual for a model.
    pub(super) fn usual(name: &str, model: &Model, provisioned: bool) -> Self {
        let speed = SPEEDS.iter().find(|(start, _)| begins(name, start)).map_or(SPEED, |(_, speed)| *speed);
        let usual = match model.family {
            // A median of 60 ms, p95 of 200 ms: `ln(200 / 60) / 1.645`.
            Family::Embedding => Self {
                first_token: Duration::from_millis(60),
                prompt_token: Duration::from_micros(5),
                tokens_per_second: speed,
                spread: 0.73,
            },
            Family::Image => {
                Self { first_token: Duration::from_secs(10), prompt_token: Duration::ZERO, tokens_per_second: speed, spread: 0.3 }
            }
            Family::Transcription | Family::Speech => {
                Self { first_token: Duration::from_secs(1), prompt_token: Duration::ZERO, tokens_per_second: speed, spread: 0.5 }
            }
            _ => Self {
                first_token: Duration::from_millis(450),
                prompt_token: Duration::from_micros(150),
                tokens_per_second: speed,
                spread: SPREAD,
            },
        };
        if provisioned { Self { spread: usual.spread * PROVISIONED_SPREAD, ..usual } } else { usual }
    }

    /// The times of one answer to a prompt of so many tokens. `load` is the share of the capacity in use.
    pub(super) fn draw(&self, prompt: u64, load: f64, environment: &mut dyn Environment) -> Timing {
        let strain = 1.0 + ((load - FELT) / (1.0 - FELT)).clamp(0.0, 1.0) * (FULL - 1.0);
        let first =
            self.first_token.as_nanos() as f64 * log_normal(self.spread, environment) + self.prompt_token.as_nanos() as f64 * prompt as f64;
        let speed = self.tokens_per_second.max(0.001) * log_normal(self.spread * SPEED_SPREAD, environment);
        Timing { first: nanoseconds(first * strain), token: nanoseconds(1e9 / speed * strain) }
    }
}

/// The times of one answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Timing {
    /// Until the first token, without what is thought before.
    pub first: Duration,
    /// For each further token.
    pub token: Duration,
}

impl Timing {
    /// The time that so many tokens take.
    pub fn tokens(&self, count: u64) -> Duration {
        self.token.saturating_mul(u32::try_from(count).unwrap_or(u32::MAX))
    }
}

/// How long a refusal takes.
pub(super) fn refusal(environment: &mut dyn Environment) -> Duration {
    let (least, range) = REFUSAL;
    Duration::from_nanos(least + environment.random() % range)
}

/// At most a day: what a configuration asks for may be anything.
fn nanoseconds(nanoseconds: f64) -> Duration {
    const DAY: f64 = 86_400.0 * 1e9;
    Duration::from_nanos(nanoseconds.clamp(0.0, DAY) as u64)
}

/// A factor that is log-normal around 1; `spread` is the standard deviation of its logarithm.
pub(super) fn log_normal(spread: f64, environment: &mut dyn Environment) -> f64 {
    if spread > 0.0 { exponential(spread * normal(environment)) } else { 1.0 }
}

/// A number that is nearly normal with mean 0 and variance 1: the sum of eight uniform ones. It is made by additions alone, because the
/// logarithm and the cosine of other methods differ in their last bits from machine to machine, and a run must not.
fn normal(environment: &mut dyn Environment) -> f64 {
    let sum: u64 = (0..2).map(|_| environment.random()).map(|bits| (0..4).map(|place| (bits >> (16 * place)) & 0xffff).sum::<u64>()).sum();
    // Each is uniform over 0 to 65,535, with a variance of (65,536^2 - 1) / 12.
    const MEAN: f64 = 8.0 * 65_535.0 / 2.0;
    const DEVIATION: f64 = 53_509.919_921_450_08;
    (sum as f64 - MEAN) / DEVIATION
}

/// The reciprocals of the factorials: of 0, 2, 4 … and of 1, 3, 5 …
const EVEN: [f64; 7] = [1.0, 1.0 / 2.0, 1.0 / 24.0, 1.0 / 720.0, 1.0 / 40_320.0, 1.0 / 3_628_800.0, 1.0 / 479_001_600.0];
const ODD: [f64; 7] = [1.0, 1.0 / 6.0, 1.0 / 120.0, 1.0 / 5_040.0, 1.0 / 362_880.0, 1.0 / 39_916_800.0, 1.0 / 6_227_020_800.0];

/// e to the power of x, by multiplications and additions alone, for the same reason; for |x| up to 40, beyond which it stays.
fn exponential(x: f64) -> f64 {
    let x = x.clamp(-40.0, 40.0);
    let whole = (x * std::f64::consts::LOG2_E).round();
    let rest = x - whole * std::f64::consts::LN_2;
    // |rest| is at most 0.35: the term of x^14 is below the last bit.
    let square = rest * rest;
    let sum = |terms: [f64; 7]| terms.into_iter().rev().fold(0.0, |sum, term| sum * square + term);
    let series = sum(EVEN) + rest * sum(ODD);
    // 2^whole by its exponent: whole is between -58 and 58.
    series * f64::from_bits(((1023 + whole as i64) as u64) << 52)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environment::{Fixed, Moment};

    #[test]
    fn the_exponential_is_that_of_the_library() {
        for x in [-40.0, -3.3, -1.0, -0.1, 0.0, 1e-9, 0.5, 1.0, 2.5, 40.0_f64] {
            let (own, library) = (exponential(x), x.exp());
            assert!((own - library).abs() <= library * 1e-14, "{x}: {own} {library}");
        }
    }

    fn quantiles(mut draw: impl FnMut(&mut Fixed) -> f64) -> [f64; 3] {
        let mut environment = Fixed { now: Moment(0), state: 7 };
        let mut values: Vec<f64> = (0..20_000).map(|_| draw(&mut environment)).collect();
        values.sort_by(f64::total_cmp);
        [0.05, 0.5, 0.95].map(|share| values[(share * 20_000.0) as usize])
    }

    #[test]
    fn times_spread_as_they_are_said_to() {
        let near = |got: f64, wanted: f64| assert!((got / wanted - 1.0).abs() < 0.03, "{got} instead of {wanted}");
        let [low, median, high] = quantiles(|environment| log_normal(SPREAD, environment));
        near(median, 1.0);
        near(high, 1.3 / 0.45);
        near(low, 0.45 / 1.3);
        let usual = Latency::usual("gpt-4o", &Model::named("gpt-4o"), false);
        // The proposed 450 ms and 0.15 ms for each token of the prompt.
        let [_, median, high] = quantiles(|environment| usual.draw(1000, 0.0, environment).first.as_secs_f64());
        near(median, 0.6);
        near(high, 1.45);
        let [_, median, _] = quantiles(|environment| usual.draw(0, 0.0, environment).token.as_secs_f64());
        near(median, 1.0 / 45.0);
    }

    #[test]
    fn load_is_felt_from_four_fifths_on() {
        let exact = Latency { spread: 0.0, ..Latency::usual("gpt-4o", &Model::named("gpt-4o"), true) };
        let mut environment = Fixed { now: Moment(0), state: 7 };
        for (load, milliseconds) in [(0.0, 450), (0.8, 450), (0.9, 675), (1.0, 900), (7.0, 900)] {
            let first = exact.draw(0, load, &mut environment).first;
            assert!(first.abs_diff(Duration::from_millis(milliseconds)) < Duration::from_micros(1), "{load}: {first:?}");
        }
    }

    #[test]
    fn models_have_their_speed_and_any_configuration_gives_a_time() {
        for (name, speed) in
            [("gpt-4o", 45.0), ("gpt-4o-mini", 70.0), ("gpt-4o-2024-11-20", 45.0), ("gpt-5.1", 55.0), ("llama", 50.0), ("", 50.0)]
        {
            assert_eq!(Latency::usual(name, &Model::named(name), false).tokens_per_second, speed, "{name}");
        }
        let wild = Latency { first_token: Duration::MAX, prompt_token: Duration::MAX, tokens_per_second: 0.0, spread: f64::MAX };
        let mut environment = Fixed { now: Moment(0), state: 7 };
        assert!(wild.draw(u64::MAX, f64::NAN, &mut environment).tokens(u64::MAX) <= Duration::from_secs(u64::from(u32::MAX) * 86_400));
    }
}
