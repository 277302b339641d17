//! One line on a terminal that says how far a long run has come.

use std::{
    io::{self, IsTerminal, Write},
    time::{Duration, Instant},
};

/// What takes less than this needs no bar.
const PATIENCE: Duration = Duration::from_secs(1);

/// How many cells the bar has.
const WIDTH: usize = 30;

/// The line on standard error; nothing where that is no terminal.
#[derive(Debug)]
pub(super) struct Progress {
    begun: Instant,
    wanted: bool,
    shown: bool,
}

impl Progress {
    pub fn new() -> Self {
        Self { begun: Instant::now(), wanted: io::stderr().is_terminal(), shown: false }
    }

    /// So many of the runs are over; those under way have come so far, in thousandths of a run.
    pub fn draw(&mut self, finished: usize, runs: usize, under_way: u32) {
        if !self.wanted || self.begun.elapsed() < PATIENCE {
            return;
        }
        self.shown = true;
        // Nothing can be done about a terminal that is gone.
        let _ = write!(io::stderr().lock(), "\r\u{1b}[2K{}", bar(finished, runs, under_way));
        let _ = io::stderr().flush();
    }

    /// Takes the line away, for something else to be printed.
    pub fn clear(&mut self) {
        if std::mem::take(&mut self.shown) {
            let _ = write!(io::stderr().lock(), "\r\u{1b}[2K");
            let _ = io::stderr().flush();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}

/// `━━━━━━━━━━━─────────  41 %, 5 of 12 runs`
fn bar(finished: usize, runs: usize, under_way: u32) -> String {
    let share = ((finished as f64 + f64::from(under_way) / 1_000.0) / runs.max(1) as f64).min(1.0);
    let full = (share * WIDTH as f64) as usize;
    format!("{}{} {:>3.0} %, {finished} of {runs} runs", "━".repeat(full), "─".repeat(WIDTH - full), (share * 100.0).floor())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_counts_what_is_under_way() {
        assert_eq!(bar(0, 4, 0), format!("{}   0 %, 0 of 4 runs", "─".repeat(30)));
        assert_eq!(bar(1, 4, 1_000), format!("{}{}  50 %, 1 of 4 runs", "━".repeat(15), "─".repeat(15)));
        assert_eq!(bar(4, 4, 0), format!("{} 100 %, 4 of 4 runs", "━".repeat(30)));
    }
}
