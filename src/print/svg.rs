//! A sheet as a picture for a page: the same lines and shapes as in the document.

use std::{
    collections::HashMap,
    fmt::{self, Write},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use rustybuzz::ttf_parser::{GlyphId, OutlineBuilder};

use super::{
    Colour, Error, Line, Outline, Sheet,
    fonts::{Source, Weight},
    sheet::{Mark, Stroked, THICKER},
};

impl Sheet {
    /// The page as SVG: text as outlines, so that it looks alike everywhere.
    pub fn to_svg(&self) -> Result<String, Error> {
        let mut picture = Svg::default();
        for mark in &self.marks {
            picture.put(mark)?;
        }
        let (width, height, Svg { glyphs, body, .. }) = (self.width, self.height, picture);
        Ok(format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\"><defs>{glyphs}</defs>\
             <rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>{body}</svg>"
        ))
    }
}

#[derive(Default)]
struct Svg {
    /// Each glyph once, by its name.
    glyphs: String,
    known: HashMap<(u8, u16), usize>,
    body: String,
}

impl Svg {
    fn put(&mut self, mark: &Mark) -> Result<(), Error> {
        match mark {
            Mark::Text { line, x, baseline, colour } => {
                return self.line(line, *x, *baseline, *colour);
            }
            Mark::Filled(outline, colour) => {
                let (path, colour) = (steps(outline), hex(*colour));
                self.write(format_args!("<path fill=\"{colour}\" d=\"{path}\"/>"));
            }
            Mark::Drawn(outline, colour, width) => {
                let (path, colour) = (steps(outline), hex(*colour));
                self.write(format_args!(
                    "<path fill=\"none\" stroke=\"{colour}\" stroke-width=\"{width}\" stroke-linecap=\"round\" d=\"{path}\"/>"
                ));
            }
            Mark::Picture { picture, left, top, width, height } => {
                let (kind, data) = (picture.media_type, STANDARD.encode(&picture.bytes));
                self.write(format_args!(
                    "<image x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{height}\" href=\"data:{kind};base64,{data}\"/>"
                ));
            }
        }
        Ok(())
    }

    fn write(&mut self, part: fmt::Arguments<'_>) {
        // Writing into memory cannot fail.
        let _ = self.body.write_fmt(part);
    }

    fn line(&mut self, line: &Line, mut x: f32, y: f32, colour: Colour) -> Result<(), Error> {
        let (size, colour) = (line.style.size, hex(colour));
        for run in &line.runs {
            let em = run.source.loaded()?.face.units_per_em() as f32;
            let thick = line.style.weight == Weight::Bold && run.source == Source::Han;
            let stroke = if thick { em * THICKER } else { 0.0 };
            for glyph in &run.glyphs {
                let id = u16::try_from(glyph.glyph_id.to_u32()).unwrap_or_default();
                let name = self.glyph(run.source, id)?;
                let (at, up) = (x + glyph.x_offset * size, y - glyph.y_offset * size);
                let scale = size / em;
                self.write(format_args!(
                    "<use href=\"#g{name}\" fill=\"{colour}\" stroke=\"{colour}\" stroke-width=\"{stroke}\" transform=\"translate({at:.2} {up:.2}) scale({scale:.5} -{scale:.5})\"/>"
                ));
                x += glyph.x_advance * size;
            }
        }
        Ok(())
    }

    fn glyph(&mut self, source: Source, id: u16) -> Result<usize, Error> {
        let next = self.known.len();
        let name = *self.known.entry((source as u8, id)).or_insert(next);
        if name == next {
            let mut drawn = Drawn::default();
            source.loaded()?.face.outline_glyph(GlyphId(id), &mut drawn);
            let path = drawn.0;
            let _ = write!(self.glyphs, "<path id=\"g{name}\" d=\"{path}\"/>");
        }
        Ok(name)
    }
}

fn hex(Colour(red, green, blue): Colour) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

fn steps(outline: &Outline) -> String {
    let mut path = String::new();
    for step in &outline.0 {
        let _ = match step {
            Stroked::Move(x, y) => write!(path, "M{x:.2} {y:.2}"),
            Stroked::Line(x, y) => write!(path, "L{x:.2} {y:.2}"),
            Stroked::Curve([a, b, c, d, x, y]) => {
                write!(path, "C{a:.2} {b:.2} {c:.2} {d:.2} {x:.2} {y:.2}")
            }
            Stroked::Close => write!(path, "Z"),
        };
    }
    path
}

/// A glyph as the steps of a path, in the font's units.
#[derive(Default)]
struct Drawn(String);

impl OutlineBuilder for Drawn {
    fn move_to(&mut self, x: f32, y: f32) {
        let _ = write!(self.0, "M{x} {y}");
    }

    fn line_to(&mut self, x: f32, y: f32) {
        let _ = write!(self.0, "L{x} {y}");
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let _ = write!(self.0, "Q{x1} {y1} {x} {y}");
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let _ = write!(self.0, "C{x1} {y1} {x2} {y2} {x} {y}");
    }

    fn close(&mut self) {
        self.0.push('Z');
    }
}
