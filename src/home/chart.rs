//! Small pictures drawn by the server: more is not needed to see where a figure is going.

use maud::{Markup, html};

/// A line of values between 0 and 1, oldest first, with what it says for those who cannot see it.
pub fn trend(points: &[(String, f64)], label: &str) -> Markup {
    const WIDTH: f64 = 320.0;
    const HEIGHT: f64 = 90.0;
    let lowest = points.iter().map(|(_, value)| *value).fold(1.0_f64, f64::min).min(0.8);
    let step = WIDTH / (points.len().max(2) - 1) as f64;
    let place = |n: usize, value: f64| {
        (
            n as f64 * step,
            HEIGHT - 6.0 - (value - lowest) / (1.0 - lowest).max(0.01) * (HEIGHT - 16.0),
        )
    };
    let line: String = points
        .iter()
        .enumerate()
        .map(|(n, (_, value))| {
            let (x, y) = place(n, *value);
            format!("{}{x:.1} {y:.1}", if n == 0 { "M" } else { " L" })
        })
        .collect();
    html! {
        svg.shifu-trend viewBox=(format!("-6 0 {} {HEIGHT}", WIDTH + 12.0)) role="img" aria-label=(label) {
            path d=(line) fill="none" stroke="currentColor" stroke-width="2" {}
            @for (n, (when, value)) in points.iter().enumerate() {
                @let (x, y) = place(n, *value);
                circle cx=(format!("{x:.1}")) cy=(format!("{y:.1}")) r="3.5" fill="currentColor" {
                    title { (when) ": " (format!("{:.0} %", value * 100.0)) }
                }
            }
        }
    }
}
