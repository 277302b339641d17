//! Charts over time as SVG, for one page that stands alone.
//!
//! A drawing takes the width that it is given: positions across are percentages, and the curves lie in a plot that is stretched, with
//! strokes that are not. So letters keep their size on a phone and on paper. Colours are classes; the page's style sheet knows them.

use std::fmt::Write as _;

use super::markup::escaped;

/// The plot's own units, both ways.
const UNITS: f64 = 1_000.0;
/// Pixels above the plot, for the numbers of faults.
const ABOVE: u32 = 16;
/// Pixels below the plot, for the times.
const BELOW: u32 = 20;

/// A chart over equal stretches of time.
#[derive(Clone, Debug)]
pub(super) struct Chart {
    /// What it shows, for those who cannot see it.
    pub title: String,
    /// The plot's height in pixels.
    pub height: u32,
    /// The whole time, in seconds.
    pub seconds: f64,
    /// The times below it: seconds and what is said of them.
    pub times: Vec<(f64, String)>,
    /// What it measures.
    pub axis: Axis,
    /// What is marked behind the curves.
    pub bands: Vec<Band>,
    /// A value that is marked across.
    pub threshold: Option<f64>,
    /// How the curves lie.
    pub shape: Shape,
    /// The curves.
    pub series: Vec<Series>,
    /// What is said of each stretch, where the pointer rests on it.
    pub tips: Vec<String>,
}

/// How the curves lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Each for itself, from middle to middle.
    Lines,
    /// Each for itself, level within its stretch.
    Steps,
    /// One upon the other, level within their stretches.
    Stack,
}

/// A curve: a value for each stretch.
#[derive(Clone, Debug)]
pub(super) struct Series {
    /// Its class in the style sheet.
    pub class: String,
    /// The values; there is none where nothing was measured.
    pub values: Vec<Option<f64>>,
}

/// A stretch of time behind the curves.
#[derive(Clone, Debug)]
pub(super) struct Band {
    /// Its beginning, in seconds.
    pub from: f64,
    /// Its end, in seconds.
    pub to: f64,
    /// What stands above it.
    pub label: String,
}

/// A vertical axis.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Axis {
    /// The value at the bottom.
    pub low: f64,
    /// The value at the top.
    pub high: f64,
    /// Whether equal distances are equal factors.
    pub logarithmic: bool,
    /// The values with a line, and what is said of them.
    pub ticks: Vec<(f64, String)>,
}

impl Axis {
    /// From one value to another, with a line at each round number.
    pub fn linear(low: f64, high: f64, say: impl Fn(f64) -> String) -> Self {
        let step = round_step((high - low).max(f64::MIN_POSITIVE) / 5.0);
        let (first, last) = ((low / step).floor() as i64, (high / step - 1e-9).ceil() as i64);
        let ticks: Vec<(f64, String)> =
            (first..=last.clamp(first + 1, first + 10)).map(|at| at as f64 * step).map(|at| (at, say(at))).collect();
        Self { low: first as f64 * step, high: ticks.last().map_or(high, |tick| tick.0), logarithmic: false, ticks }
    }

    /// From one positive value to another, with a line at each power of ten, and between them where these are few.
    pub fn logarithmic(low: f64, high: f64, say: impl Fn(f64) -> String) -> Self {
        let (first, last) = (libm::log10(low).floor() as i32, (libm::log10(high) - 1e-9).ceil() as i32);
        let last = last.clamp(first + 1, first + 12);
        let within: &[f64] = if last - first < 3 { &[1.0, 3.0] } else { &[1.0] };
        let values = (first..=last).flat_map(|power| within.iter().map(move |factor| factor * 10_f64.powi(power)));
        let (low, high) = (10_f64.powi(first), 10_f64.powi(last));
        Self { low, high, logarithmic: true, ticks: values.filter(|at| *at <= high * 1.001).map(|at| (at, say(at))).collect() }
    }

    /// How far up a value lies, 0 to 1.
    fn at(&self, value: f64) -> f64 {
        let share = if self.logarithmic {
            libm::log(value.max(self.low) / self.low) / libm::log(self.high / self.low)
        } else {
            (value - self.low) / (self.high - self.low)
        };
        share.clamp(0.0, 1.0)
    }
}

/// The smallest of 1, 2 and 5 times a power of ten that is not below this.
fn round_step(least: f64) -> f64 {
    let power = libm::pow(10.0, libm::log10(least).floor());
    [1.0, 2.0, 5.0].into_iter().map(|factor| factor * power).find(|step| *step >= least * 0.999_999).unwrap_or(power * 10.0)
}

/// Round times for so many seconds, six steps at most.
pub(super) fn times(seconds: f64, say: impl Fn(f64) -> String) -> Vec<(f64, String)> {
    const STEPS: [f64; 22] = [
        1.0,
        2.0,
        5.0,
        10.0,
        15.0,
        30.0,
        60.0,
        120.0,
        300.0,
        600.0,
        900.0,
        1_800.0,
        3_600.0,
        7_200.0,
        10_800.0,
        21_600.0,
        43_200.0,
        86_400.0,
        172_800.0,
        432_000.0,
        864_000.0,
        2_592_000.0,
    ];
    let step = STEPS.into_iter().find(|step| seconds / step <= 6.0).unwrap_or_else(|| round_step(seconds / 6.0));
    let count = (seconds / step + 1e-9).floor().clamp(0.0, 6.0) as u32;
    (0..=count).map(|number| f64::from(number) * step).map(|at| (at, say(at))).collect()
}

impl Chart {
    /// The drawing.
    pub fn svg(&self) -> String {
        let whole = ABOVE + self.height + BELOW;
        let mut out =
            format!("<svg class=\"chart\" role=\"img\" aria-label=\"{}\" width=\"100%\" height=\"{whole}\">", escaped(&self.title));
        self.bands(&mut out);
        self.scale(&mut out);
        // Writing to a string cannot fail.
        let _ = write!(
            out,
            "<svg y=\"{ABOVE}\" width=\"100%\" height=\"{}\" viewBox=\"0 0 {UNITS} {UNITS}\" preserveAspectRatio=\"none\" overflow=\"visible\">",
            self.height
        );
        match self.shape {
            Shape::Lines => self.series.iter().for_each(|series| self.line(series, &mut out)),
            Shape::Steps => self.series.iter().for_each(|series| self.steps(series, &mut out)),
            Shape::Stack => self.stack(&mut out),
        }
        self.tips(&mut out);
        out.push_str("</svg></svg>");
        out
    }

    fn bands(&self, out: &mut String) {
        let mut free = 0.0;
        for band in &self.bands {
            let (from, to) = (self.percent(band.from), self.percent(band.to));
            let _ =
                write!(out, "<rect class=\"band\" x=\"{from:.2}%\" y=\"{ABOVE}\" width=\"{:.2}%\" height=\"{}\"/>", to - from, self.height);
            let _ = write!(out, "<line class=\"band\" x1=\"{from:.2}%\" x2=\"{from:.2}%\" y1=\"{ABOVE}\" y2=\"{}\"/>", ABOVE + self.height);
            // Numbers that would lie upon one another are left out: the list of faults has them all.
            if from >= free {
                let _ = write!(out, "<text class=\"band\" x=\"{from:.2}%\" y=\"{}\">{}</text>", ABOVE - 4, escaped(&band.label));
                free = from + 3.0;
            }
        }
    }

    fn scale(&self, out: &mut String) {
        for (value, text) in &self.axis.ticks {
            let y = self.pixel(*value);
            let _ = write!(out, "<line class=\"grid\" x1=\"0\" x2=\"100%\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>");
            let _ = write!(out, "<text class=\"value\" x=\"-6\" y=\"{:.1}\">{}</text>", y + 4.0, escaped(text));
        }
        for (at, text) in &self.times {
            let x = self.percent(*at);
            let class = if x > 97.0 { "time last" } else { "time" };
            let _ = write!(out, "<text class=\"{class}\" x=\"{x:.2}%\" y=\"{}\">{}</text>", ABOVE + self.height + 15, escaped(text));
        }
        if let Some(value) = self.threshold {
            let y = self.pixel(value);
            let _ = write!(out, "<line class=\"threshold\" x1=\"0\" x2=\"100%\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>");
        }
    }

    /// How far right a second lies, in percent.
    fn percent(&self, second: f64) -> f64 {
        (second / self.seconds.max(f64::MIN_POSITIVE) * 100.0).clamp(0.0, 100.0)
    }

    /// How far down a value lies, in pixels of the whole drawing.
    fn pixel(&self, value: f64) -> f64 {
        f64::from(ABOVE) + f64::from(self.height) * (1.0 - self.axis.at(value))
    }

    /// How far down a value lies, in the plot's units.
    fn y(&self, value: f64) -> f64 {
        UNITS * (1.0 - self.axis.at(value))
    }

    /// How wide a stretch is, in the plot's units.
    fn step(&self) -> f64 {
        UNITS / self.stretches().max(1) as f64
    }

    fn stretches(&self) -> usize {
        self.series.iter().map(|series| series.values.len()).max().unwrap_or(0)
    }

    fn line(&self, series: &Series, out: &mut String) {
        let mut path = String::new();
        let mut pen_down = false;
        for (at, value) in series.values.iter().enumerate() {
            let Some(value) = value else {
                pen_down = false;
                continue;
            };
            let (x, y) = ((at as f64 + 0.5) * self.step(), self.y(*value));
            // A point with nothing at its sides is a dot.
            let lone = !pen_down && !matches!(series.values.get(at + 1), Some(Some(_)));
            let _ = write!(path, "{}{x:.1} {y:.1}{}", if pen_down { "L" } else { "M" }, if lone { "h0" } else { "" });
            pen_down = true;
        }
        let _ = write!(out, "<path class=\"line {}\" d=\"{path}\"/>", series.class);
    }

    fn steps(&self, series: &Series, out: &mut String) {
        let mut path = String::new();
        let mut pen_down = false;
        for (at, value) in series.values.iter().enumerate() {
            let Some(value) = value else {
                pen_down = false;
                continue;
            };
            let (x, y) = (at as f64 * self.step(), self.y(*value));
            let _ = if pen_down { write!(path, "V{y:.1}") } else { write!(path, "M{x:.1} {y:.1}") };
            let _ = write!(path, "H{:.1}", x + self.step());
            pen_down = true;
        }
        let _ = write!(out, "<path class=\"line {}\" d=\"{path}\"/>", series.class);
    }

    fn stack(&self, out: &mut String) {
        let mut below = vec![0.0; self.stretches()];
        for series in &self.series {
            let above: Vec<f64> =
                below.iter().enumerate().map(|(at, below)| below + series.values.get(at).copied().flatten().unwrap_or(0.0)).collect();
            if above.iter().zip(&below).any(|(above, below)| above > below) {
                let mut path = format!("M0 {:.1}", self.y(0.0_f64.max(below.first().copied().unwrap_or(0.0))));
                for (at, value) in above.iter().enumerate() {
                    let _ = write!(path, "V{:.1}H{:.1}", self.y(*value), (at + 1) as f64 * self.step());
                }
                for (at, value) in below.iter().enumerate().rev() {
                    let _ = write!(path, "V{:.1}H{:.1}", self.y(*value), at as f64 * self.step());
                }
                let _ = write!(out, "<path class=\"area {}\" d=\"{path}Z\"/>", series.class);
            }
            below = above;
        }
    }

    fn tips(&self, out: &mut String) {
        for (at, tip) in self.tips.iter().enumerate() {
            let _ = write!(
                out,
                "<rect class=\"tip\" x=\"{:.1}\" width=\"{:.1}\" height=\"{UNITS}\"><title>{}</title></rect>",
                at as f64 * self.step(),
                self.step(),
                escaped(tip)
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(ticks: &[(f64, String)]) -> Vec<&str> {
        ticks.iter().map(|(_, text)| text.as_str()).collect()
    }

    #[test]
    fn axes_end_at_round_numbers() {
        let say = |value: f64| format!("{:.4}", value).trim_end_matches('0').trim_end_matches('.').to_owned();
        for (low, high, wanted) in [
            (0.0, 9.3, &["0", "2", "4", "6", "8", "10"][..]),
            (0.0, 100.0, &["0", "20", "40", "60", "80", "100"]),
            (99.0, 100.0, &["99", "99.2", "99.4", "99.6", "99.8", "100"]),
            (0.0, 0.0, &["0"]),
        ] {
            let axis = Axis::linear(low, high, say);
            assert!(said(&axis.ticks).starts_with(wanted), "{low} to {high}: {:?}", axis.ticks);
        }
        assert_eq!(said(&Axis::logarithmic(0.2, 45.0, say).ticks), ["0.1", "1", "10", "100"]);
        assert_eq!(said(&Axis::logarithmic(1.0, 20.0, say).ticks), ["1", "3", "10", "30", "100"]);
    }

    #[test]
    fn times_are_round_and_few() {
        let say = |seconds: f64| seconds.to_string();
        for (seconds, wanted) in [
            (3_600.0, &["0", "600", "1200", "1800", "2400", "3000", "3600"][..]),
            (600.0, &["0", "120", "240", "360", "480", "600"]),
            (2_592_000.0, &["0", "432000", "864000", "1296000", "1728000", "2160000", "2592000"]),
            (0.5, &["0"]),
        ] {
            assert_eq!(said(&times(seconds, say)), wanted);
        }
    }

    #[test]
    fn curves_break_where_nothing_was_measured_and_stack_without_gaps() {
        let chart = |shape, series| Chart {
            title: "a & b".into(),
            height: 100,
            seconds: 40.0,
            times: Vec::new(),
            axis: Axis { low: 0.0, high: 10.0, logarithmic: false, ticks: Vec::new() },
            bands: vec![Band { from: 10.0, to: 20.0, label: "1".into() }],
            threshold: None,
            shape,
            series,
            tips: Vec::new(),
        };
        let series = |values: &[Option<f64>]| Series { class: "s0".into(), values: values.to_vec() };
        let line = chart(Shape::Lines, vec![series(&[Some(0.0), Some(10.0), None, Some(5.0)])]).svg();
        assert!(line.contains("d=\"M125.0 1000.0L375.0 0.0M875.0 500.0h0\""), "{line}");
        assert!(line.contains("aria-label=\"a &amp; b\"") && line.contains("x=\"25.00%\" y=\"16\" width=\"25.00%\""), "{line}");
        let stack = chart(Shape::Stack, vec![series(&[Some(4.0), Some(2.0)]), series(&[Some(1.0), None])]).svg();
        assert!(stack.contains("d=\"M0 1000.0V600.0H500.0V800.0H1000.0V1000.0H500.0V1000.0H0.0Z\""), "{stack}");
        assert!(stack.contains("d=\"M0 600.0V500.0H500.0V800.0H1000.0V800.0H500.0V600.0H0.0Z\""), "{stack}");
    }
}
