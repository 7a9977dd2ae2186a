//! Timing in rounds. These machines wander by a factor of two, so every figure is the median of
//! its rounds, stands beside the least and the greatest, and is compared with a probe that was
//! measured in the same rounds.

use std::time::Duration;

/// Rounds of each measurement; the probe and the subject take turns.
pub const ROUNDS: usize = 5;

/// How many a second, round by round.
#[derive(Default)]
pub struct Rates(Vec<f64>);

impl Rates {
    pub fn add(&mut self, count: usize, took: Duration) {
        self.0.push(count as f64 / took.as_secs_f64());
        self.0.sort_by(f64::total_cmp);
    }

    pub fn median(&self) -> f64 {
        self.0[self.0.len() / 2]
    }

    /// One line of the table; `probe` is what the ratio is taken against.
    pub fn print(&self, name: &str, count: usize, probe: &Rates) {
        println!(
            "{name:<44} {count:>9} {:>12.0} {:>12.0} {:>12.0} {:>8.2}",
            self.0[0],
            self.median(),
            self.0[self.0.len() - 1],
            self.median() / probe.median(),
        );
    }
}

pub fn print_head(what: &str) {
    println!(
        "\n{what:<44} {:>9} {:>12} {:>12} {:>12} {:>8}",
        "n", "min /s", "median /s", "max /s", "ratio"
    );
}
