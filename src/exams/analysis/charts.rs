//! Pictures of figures, drawn by the server as SVG: no script, no inline style. Colours come from
//! classes, so that they work by day and by night, and never stand alone: every picture has a
//! title, says in words what it shows, and stands beside a table with its figures.

use maud::{Markup, html};

use super::figures::{Choice, Curve, STEPS, Verdict};
use crate::{
    i18n::{self, Lang},
    t,
};

const WIDTH: f64 = 420.0;
const HEIGHT: f64 = 270.0;
const LEFT: f64 = 42.0;
const RIGHT: f64 = 408.0;
const TOP: f64 = 30.0;
const BOTTOM: f64 = 224.0;

fn px(value: f64) -> String {
    format!("{value:.1}")
}

/// A line on which values find their place.
#[derive(Clone, Copy)]
struct Axis {
    /// The values at both ends.
    values: (f64, f64),
    /// Where they lie.
    places: (f64, f64),
}

impl Axis {
    fn across(least: f64, most: f64) -> Axis {
        Axis { values: (least, most), places: (LEFT, RIGHT) }
    }

    fn up(least: f64, most: f64) -> Axis {
        Axis { values: (least, most), places: (BOTTOM, TOP) }
    }

    fn at(self, value: f64) -> f64 {
        let (least, most) = self.values;
        let share = ((value - least) / (most - least)).clamp(0.0, 1.0);
        self.places.0 + (self.places.1 - self.places.0) * share
    }
}

/// The frame of a picture with its scales: ticks are values with their labels.
struct Frame {
    across: Axis,
    up: Axis,
    ticks_across: Vec<(f64, String)>,
    ticks_up: Vec<(f64, String)>,
    label_across: String,
    label_up: String,
}

impl Frame {
    fn draw(&self, title: &str, told: &str, inside: Markup) -> Markup {
        html! {
            svg.shifu-chart viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) role="group" aria-label=(title) {
                title { (title) }
                desc { (told) }
                @for (value, label) in &self.ticks_up {
                    @let y = px(self.up.at(*value));
                    line.grid x1=(LEFT) x2=(RIGHT) y1=(y) y2=(y) {}
                    text.tick x=(LEFT - 6.0) y=(y) dy="4" text-anchor="end" { (label) }
                }
                @for (value, label) in &self.ticks_across {
                    text.tick x=(px(self.across.at(*value))) y=(BOTTOM + 17.0) text-anchor="middle" { (label) }
                }
                (inside)
                line.axis x1=(LEFT) x2=(RIGHT) y1=(BOTTOM) y2=(BOTTOM) {}
                text.label x=(RIGHT) y=(HEIGHT - 10.0) text-anchor="end" { (self.label_across) }
                text.label x="2" y="11" { (self.label_up) }
            }
        }
    }
}

/// How many scores lie where, with the cut.
pub fn histogram(lang: Lang, steps: &[usize; STEPS], cut: Option<f64>) -> Markup {
    let most = steps.iter().copied().max().unwrap_or(0).max(4);
    let frame = Frame {
        across: Axis::across(0.0, 100.0),
        up: Axis::up(0.0, most as f64),
        ticks_across: [0.0, 20.0, 40.0, 60.0, 80.0, 100.0].map(|at| (at, format!("{at}"))).to_vec(),
        ticks_up: [0, most.div_ceil(2), most].map(|n| (n as f64, n.to_string())).to_vec(),
        label_across: t!(lang, "得分", "Score"),
        label_up: t!(lang, "人次", "Papers"),
    };
    let all: usize = steps.iter().sum();
    let title = t!(lang, "得分分布", "Distribution of scores");
    let papers = i18n::count(all, "paper", "papers");
    let told =
        t!(lang, "{all} 份试卷的得分，每 5 分一组。", "The scores of {papers}, in steps of 5.");
    let wide = frame.across.at(5.0) - frame.across.at(0.0);
    let bars = html! {
        @for (at, n) in steps.iter().enumerate() {
            @let from = at as f64 * 5.0;
            @if *n > 0 {
                rect.bar .below[cut.is_some_and(|cut| from + 2.5 < cut)]
                    x=(px(frame.across.at(from) + 1.0)) width=(px(wide - 2.0))
                    y=(px(frame.up.at(*n as f64))) height=(px(BOTTOM - frame.up.at(*n as f64))) {
                    title { (range(at)) ": " (n) }
                }
            }
        }
        @if let Some(cut) = cut {
            @let x = px(frame.across.at(cut));
            line.cut x1=(x) x2=(x) y1=(TOP - 8.0) y2=(BOTTOM) {}
            text.cut x=(x) y=(TOP - 12.0) text-anchor="middle" { (t!(lang, "及格线 {cut}", "Pass mark {cut}")) }
        }
    };
    frame.draw(&title, &told, bars)
}

/// The scores of a step in words.
pub fn range(step: usize) -> String {
    let from = step * 5;
    let below = if step + 1 == STEPS { "≤ 100".to_owned() } else { format!("< {}", from + 5) };
    format!("{from} … {below}")
}

/// A question on the map.
pub struct Dot {
    pub href: String,
    /// Its code and its figures in words.
    pub label: String,
    pub code: String,
    pub facility: f64,
    pub discrimination: f64,
    pub verdict: Option<Verdict>,
}

/// Questions by difficulty and discrimination; each leads to its page.
pub fn map(lang: Lang, dots: &[Dot]) -> Markup {
    let least = dots.iter().map(|dot| dot.discrimination).fold(-0.2, f64::min).max(-1.0);
    let most = dots.iter().map(|dot| dot.discrimination).fold(0.6, f64::max);
    let tick = |r: f64| (r, format!("{r:.1}").replace('-', "−").replace("−0.0", "0.0"));
    let frame = Frame {
        across: Axis::across(0.0, 1.0),
        up: Axis::up(least, most),
        ticks_across: [0, 20, 40, 60, 80, 100]
            .map(|p| (f64::from(p) / 100.0, format!("{p}%")))
            .to_vec(),
        ticks_up: (-5..=5)
            .map(|fifth| f64::from(fifth) / 5.0)
            .filter(|r| (least..=most).contains(r))
            .map(tick)
            .collect(),
        label_across: t!(lang, "难度系数 →（右侧较易）", "Facility → (easier to the right)"),
        label_up: t!(lang, "区分度", "Discrimination"),
    };
    let n = dots.len();
    let title = t!(lang, "试题地图", "Map of the questions");
    let questions = i18n::count(n, "question", "questions");
    let told = t!(
        lang,
        "{n} 道题按难度系数和区分度排布，每个点链接到该题。",
        "{questions} by facility and discrimination; each dot leads to its question."
    );
    let zero = frame.up.at(0.0);
    let inside = html! {
        rect.bad-ground x=(LEFT) width=(RIGHT - LEFT) y=(px(zero)) height=(px(BOTTOM - zero)) {}
        @for dot in dots {
            @let (x, y) = (px(frame.across.at(dot.facility)), px(frame.up.at(dot.discrimination)));
            a href=(dot.href) aria-label=(dot.label) {
                circle.reach cx=(x) cy=(y) r="11" {}
                circle class={ "dot " (dot.verdict.map_or("unjudged", Verdict::word)) } cx=(x) cy=(y) r="5" {}
                title { (dot.label) }
            }
            @if dot.verdict == Some(Verdict::CheckKey) {
                text.name x=(x) y=(y) dy="-9" text-anchor=(if dot.facility > 0.6 { "end" } else { "start" }) { (dot.code) }
            }
        }
    };
    frame.draw(&title, &told, inside)
}

/// Which share of the weak and of the strong takes which choice.
pub fn curve(lang: Lang, choices: &[Choice], curve: &Curve) -> Markup {
    let groups = &curve.0;
    let last = groups.len().saturating_sub(1).max(1) as f64;
    let name = |at: usize| match at {
        0 => t!(lang, "最低分组", "Weakest"),
        at if at + 1 == groups.len() => t!(lang, "最高分组", "Strongest"),
        at => format!("{}", at + 1),
    };
    let frame = Frame {
        across: Axis { values: (0.0, last), places: (LEFT + 24.0, RIGHT - 34.0) },
        up: Axis::up(0.0, 1.0),
        ticks_across: (0..groups.len()).map(|at| (at as f64, name(at))).collect(),
        ticks_up: [0, 25, 50, 75, 100].map(|p| (f64::from(p) / 100.0, format!("{p}%"))).to_vec(),
        label_across: t!(lang, "按其余试题得分分组", "Groups by the rest of the paper"),
        label_up: t!(lang, "选择比例", "Share choosing"),
    };
    let title = t!(lang, "选项曲线", "Option curves");
    let told = t!(
        lang,
        "各分数组选择每个选项的比例；正确选项应随分数上升。",
        "The share of each score group that takes each choice; a right one should rise with the score."
    );
    let places = |choice: usize| {
        groups.iter().enumerate().map(move |(at, group)| {
            let share = group.shares.get(choice).copied().unwrap_or(0.0);
            (frame.across.at(at as f64), frame.up.at(share))
        })
    };
    let labels =
        spaced((0..choices.len()).filter_map(|choice| places(choice).next_back()).map(|(_, y)| y));
    let inside = html! {
        @for (at, choice) in choices.iter().enumerate() {
            @let points: Vec<String> = places(at).map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
            @let right = if choice.right { " right" } else { "" };
            g class={ "series s" (at % 6) (right) } {
                polyline points=(points.join(" ")) {}
                @for (x, y) in places(at) { circle cx=(px(x)) cy=(px(y)) r=(if choice.right { "4" } else { "3" }) {} }
                @if let Some(y) = labels.get(at) {
                    text x=(RIGHT - 24.0) y=(px(*y)) dy="4" { (mark(at)) @if choice.right { " ✓" } }
                }
            }
        }
    };
    frame.draw(&title, &told, inside)
}

/// What a choice is called in the picture and beside it.
pub fn mark(choice: usize) -> String {
    let letter = char::from(b'A' + (choice % 26) as u8);
    match choice / 26 {
        0 => letter.to_string(),
        round => format!("{letter}{round}"),
    }
}

/// Moves labels apart that would stand on each other, keeping their order.
fn spaced(places: impl Iterator<Item = f64>) -> Vec<f64> {
    const APART: f64 = 13.0;
    let mut sorted: Vec<(usize, f64)> = places.enumerate().collect();
    sorted.sort_by(|a, b| a.1.total_cmp(&b.1));
    let mut floor = f64::NEG_INFINITY;
    for (_, place) in &mut sorted {
        *place = place.max(floor + APART);
        floor = *place;
    }
    // What was pushed out at the bottom comes back up.
    let mut ceiling = BOTTOM + APART;
    for (_, place) in sorted.iter_mut().rev() {
        *place = place.min(ceiling - APART);
        ceiling = *place;
    }
    let mut found = vec![0.0; sorted.len()];
    for (at, place) in sorted {
        found[at] = place;
    }
    found
}

/// What the judges say of one question, without saying who: a dot for each, a line for the mean,
/// and a ring around the reader's own.
pub fn spread(lang: Lang, estimates: &[i64], own: Option<i64>) -> Markup {
    let axis = Axis { values: (0.0, 100.0), places: (8.0, 192.0) };
    let mean = estimates.iter().sum::<i64>() as f64 / estimates.len().max(1) as f64;
    let list = estimates.iter().map(|one| format!("{one} %")).collect::<Vec<_>>().join(", ");
    let told = t!(lang, "各评委：{list}；平均 {mean:.0} %", "Judges: {list}; mean {mean:.0} %");
    html! {
        svg.shifu-chart.spread viewBox="0 0 200 34" role="img" aria-label=(told) {
            title { (told) }
            line.axis x1="8" x2="192" y1="17" y2="17" {}
            @for at in [0, 50, 100] {
                @let x = px(axis.at(f64::from(at)));
                line.axis x1=(x) x2=(x) y1="14" y2="20" {}
                text.tick x=(x) y="32" text-anchor="middle" { (at) }
            }
            @for (estimate, floor) in stacked(estimates) {
                circle.judge cx=(px(axis.at(estimate as f64))) cy=(px(17.0 - 4.0 * floor as f64)) r="4" {}
            }
            @if let Some(own) = own { circle.own cx=(px(axis.at(own as f64))) cy="17" r="7" {} }
            @let x = px(axis.at(mean));
            line.mean x1=(x) x2=(x) y1="4" y2="26" {}
        }
    }
}

/// Equal estimates stand on each other, so that each can be counted.
fn stacked(estimates: &[i64]) -> Vec<(i64, usize)> {
    let mut sorted = estimates.to_vec();
    sorted.sort_unstable();
    let mut floor = 0;
    let mut placed: Vec<(i64, usize)> = Vec::new();
    for estimate in sorted {
        floor =
            if placed.last().is_some_and(|(last, _)| *last == estimate) { floor + 1 } else { 0 };
        placed.push((estimate, floor));
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{exams::analysis::figures::Group, i18n::Text};

    #[test]
    fn labels_that_would_stand_on_each_other_move_apart() {
        let found = spaced([200.0, 200.0, 205.0, 40.0].into_iter());
        let mut sorted = found.clone();
        sorted.sort_by(f64::total_cmp);
        assert!(sorted.windows(2).all(|pair| pair[1] - pair[0] >= 12.9), "{found:?}");
        assert!(sorted.iter().all(|place| *place <= BOTTOM + 0.1));
        assert_eq!(found[3], 40.0);
    }

    #[test]
    fn pictures_hold_their_values_and_no_style() {
        let mut steps = [0; STEPS];
        steps[12] = 3;
        let dot = Dot {
            href: "/q".into(),
            label: "q1 <b>".into(),
            code: "q1".into(),
            facility: 0.5,
            discrimination: -0.4,
            verdict: Some(Verdict::CheckKey),
        };
        let choices = ["a", "b"].map(|label| Choice {
            label: Text::same(label),
            right: label == "a",
            offered: true,
        });
        let group = |share| Group { n: 10, score: 0.5, shares: vec![share, 1.0 - share] };
        let groups = Curve(vec![group(0.2), group(0.5), group(0.9)]);
        for lang in Lang::ALL {
            let drawn = [
                histogram(lang, &steps, Some(60.0)),
                histogram(lang, &[0; STEPS], None),
                map(lang, std::slice::from_ref(&dot)),
                map(lang, &[]),
                curve(lang, &choices, &groups),
                curve(lang, &choices, &Curve::default()),
                spread(lang, &[40, 40, 90], Some(90)),
                spread(lang, &[], None),
            ];
            for picture in drawn {
                let picture = picture.into_string();
                assert!(!picture.contains("style=") && !picture.contains("NaN"), "{picture}");
                assert!(picture.contains("<title>") && !picture.contains("<b>"), "{picture}");
            }
        }
        assert_eq!(stacked(&[90, 40, 40]), [(40, 0), (40, 1), (90, 0)]);
    }
}
