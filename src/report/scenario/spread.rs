//! How far a number spreads over the seeds.

/// The spread of some numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// How many numbers.
    pub count: usize,
    /// Their arithmetic mean.
    pub mean: f64,
    /// The smallest.
    pub min: f64,
    /// The largest.
    pub max: f64,
    /// The ends of the 95 % confidence interval of the mean, after Student; nothing for a single number.
    pub interval: Option<(f64, f64)>,
}

impl Spread {
    /// The spread of these; nothing of none.
    pub fn of(values: &[f64]) -> Option<Self> {
        let first = *values.first()?;
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let (min, max) = values.iter().fold((first, first), |(min, max), value| (min.min(*value), max.max(*value)));
        let interval = (values.len() > 1).then(|| {
            let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0);
            let half = student(values.len() - 1) * (variance / count).sqrt();
            (mean - half, mean + half)
        });
        Some(Self { count: values.len(), mean, min, max, interval })
    }

    /// The same for numbers that are shares: no interval leaves 0 to 1.
    pub fn of_shares(values: &[f64]) -> Option<Self> {
        let spread = Self::of(values)?;
        Some(Self { interval: spread.interval.map(|(low, high)| (low.max(0.0), high.min(1.0))), ..spread })
    }
}

/// Student's t for 95 % on both sides, by degrees of freedom.
/// Source: itl.nist.gov/div898/handbook/eda/section3/eda3672.htm (column 0.975).
const STUDENT: [f64; 30] = [
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093,
    2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
];

/// Beyond the table the expansion about the normal quantile is exact to three decimals.
/// Source: Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.5.
fn student(freedom: usize) -> f64 {
    let z = 1.959_964_f64;
    let n = freedom as f64;
    let expansion = || z + (z.powi(3) + z) / (4.0 * n) + (5.0 * z.powi(5) + 16.0 * z.powi(3) + 3.0 * z) / (96.0 * n * n);
    STUDENT.get(freedom.saturating_sub(1)).copied().unwrap_or_else(expansion)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_students() {
        // Mean 2, deviation 1, 2 degrees of freedom: half of it is 4.303 / sqrt(3).
        let spread = Spread::of(&[1.0, 2.0, 3.0]).unwrap();
        assert_eq!((spread.count, spread.mean, spread.min, spread.max), (3, 2.0, 1.0, 3.0));
        let (low, high) = spread.interval.unwrap();
        assert!((low - (2.0 - 2.484_3)).abs() < 1e-3 && (high - (2.0 + 2.484_3)).abs() < 1e-3, "{low} {high}");
        assert_eq!(Spread::of(&[]), None);
        assert_eq!(Spread::of(&[1.0]).unwrap().interval, None);
    }

    #[test]
    fn beyond_the_table_the_expansion_goes_on() {
        for (freedom, wanted) in [(1, 12.706), (30, 2.042), (31, 2.040), (40, 2.021), (60, 2.000), (100, 1.984), (1_000, 1.962)] {
            assert!((student(freedom) - wanted).abs() < 6e-4, "{freedom}: {}", student(freedom));
        }
    }

    #[test]
    fn shares_stay_shares() {
        let (low, high) = Spread::of_shares(&[1.0, 0.9]).unwrap().interval.unwrap();
        assert!((low - (0.95 - 12.706 * 0.05)).abs() < 1e-9 && high >= 1.0 && high <= 1.0, "{low} {high}");
    }
}
