//! The fine lines around and behind the text, as on banknotes: computed, so no two accents need
//! another picture, and hard to copy by hand.

use std::f32::consts::TAU;

use crate::print::{Colour, Outline, Sheet, mm};

/// From the paper's edge to the frame.
const EDGE: f32 = 8.0;
/// How wide the frame is.
const BAND: f32 = 8.0;
/// One swing of a line in the frame is about this long.
const SWING: f32 = 9.0;

/// How much of the paper's edge the frame takes, in points.
pub fn inset() -> f32 {
    mm(EDGE + BAND + 2.0)
}

/// Draws the frame and the rosette.
pub fn draw(sheet: &mut Sheet, accent: Colour) {
    rosette_behind(sheet, accent);
    let (edge, band) = (mm(EDGE), mm(BAND));
    let (width, height) = (sheet.width, sheet.height);
    let fine = accent.lighter(42);
    for phase in [0.0, TAU / 3.0, TAU / 1.5] {
        for at in [edge + band / 2.0, height - edge - band / 2.0] {
            let wave = wave(edge + band, width - edge - band, band * 0.40, phase);
            let points: Vec<_> = wave.into_iter().map(|(along, off)| (along, at + off)).collect();
            sheet.draw(Outline::smooth(&points, false), fine, 0.4);
        }
        for at in [edge + band / 2.0, width - edge - band / 2.0] {
            let wave = wave(edge + band, height - edge - band, band * 0.40, phase);
            let points: Vec<_> = wave.into_iter().map(|(along, off)| (at + off, along)).collect();
            sheet.draw(Outline::smooth(&points, false), fine, 0.4);
        }
    }
    for (x, y) in corners(width, height, edge + band / 2.0) {
        sheet.draw(square(x, y, band / 2.0), accent, 0.6);
        for phase in [0.0, TAU / 16.0] {
            sheet.draw(rosette((x, y), band * 0.44, 0.40, 8, phase, 64), accent, 0.4);
        }
        sheet.fill(Outline::circle(x, y, 1.2), accent);
    }
    frame(sheet, edge, accent, 1.4);
    frame(sheet, edge + band, accent, 0.6);
    frame(sheet, edge + band + mm(1.2), accent.lighter(30), 0.3);
}

fn frame(sheet: &mut Sheet, inset: f32, colour: Colour, line: f32) {
    let (width, height) = (sheet.width - 2.0 * inset, sheet.height - 2.0 * inset);
    sheet.draw(Outline::rectangle(inset, inset, width, height), colour, line);
}

fn square(x: f32, y: f32, half: f32) -> Outline {
    Outline::rectangle(x - half, y - half, 2.0 * half, 2.0 * half)
}

fn corners(width: f32, height: f32, inset: f32) -> [(f32, f32); 4] {
    let (right, bottom) = (width - inset, height - inset);
    [(inset, inset), (right, inset), (right, bottom), (inset, bottom)]
}

/// A swinging line as places along it and how far off the middle; it ends where it began to swing.
fn wave(from: f32, to: f32, reach: f32, phase: f32) -> Vec<(f32, f32)> {
    const PER_SWING: f32 = 4.0;
    let swings = ((to - from) / mm(SWING)).round().max(1.0);
    let steps = (swings * PER_SWING) as u16;
    let place = |step: u16| {
        let part = f32::from(step) / f32::from(steps);
        (from + (to - from) * part, reach * (TAU * swings * part + phase).sin())
    };
    (0..=steps).map(place).collect()
}

/// A flower of lines: a circle whose radius swings `petals` times.
fn rosette(
    (x, y): (f32, f32),
    radius: f32,
    depth: f32,
    petals: u16,
    phase: f32,
    steps: u16,
) -> Outline {
    let place = |step: u16| {
        let angle = TAU * f32::from(step) / f32::from(steps);
        let swing = (f32::from(petals) * (angle + phase)).cos();
        let reach = radius * (1.0 - depth / 2.0 + depth / 2.0 * swing);
        (x + reach * angle.cos(), y + reach * angle.sin())
    };
    Outline::smooth(&(0..steps).map(place).collect::<Vec<_>>(), true)
}

fn rosette_behind(sheet: &mut Sheet, accent: Colour) {
    let middle = (sheet.width / 2.0, sheet.height * 0.44);
    let radius = sheet.width.min(sheet.height) * 0.31;
    let faint = accent.lighter(88);
    for ring in 0..6_u8 {
        let phase = TAU / 16.0 / 6.0 * f32::from(ring);
        let size = radius * (1.0 - 0.07 * f32::from(ring));
        sheet.draw(rosette(middle, size, 0.34, 16, phase, 96), faint, 0.45);
    }
}
