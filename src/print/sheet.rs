//! Pages of lines, shapes and pictures, and the document they make.

use chrono::{DateTime, Datelike, Timelike, Utc};
use krilla::{
    Document, SerializeSettings,
    color::rgb,
    configure::{Archival, Configuration},
    geom::{Path, PathBuilder, Point, Size, Transform},
    metadata::{Metadata, TextDirection},
    num::NormalizedF32,
    page::PageSettings,
    paint::{Fill, FillRule, LineCap, LineJoin, Stroke},
    surface::Surface,
};

use super::{
    Error, Line, Picture,
    fonts::{Source, Weight},
    mm, symbols,
};
use crate::i18n::Lang;

/// How wide the stroke is that makes Chinese bold, as a part of the size: dense characters stay
/// open.
pub(super) const THICKER: f32 = 0.018;

/// Red, green, blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour(pub u8, pub u8, pub u8);

impl Colour {
    pub const BLACK: Colour = Colour(0x1a, 0x1a, 0x1a);
    pub const GREY: Colour = Colour(0x60, 0x60, 0x60);
    pub const WHITE: Colour = Colour(0xff, 0xff, 0xff);

    /// Reads `#rrggbb`.
    pub fn parse(word: &str) -> Option<Colour> {
        let digits = word.strip_prefix('#').filter(|digits| digits.len() == 6)?;
        let part = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
        digits.is_ascii().then_some(())?;
        Some(Colour(part(0)?, part(2)?, part(4)?))
    }

    /// Mixed with so many hundredths of white.
    pub fn lighter(self, hundredths: u8) -> Colour {
        let mix = |part: u8| {
            let (part, white) = (u32::from(part), u32::from(hundredths.min(100)));
            u8::try_from((part * (100 - white) + 255 * white) / 100).unwrap_or(u8::MAX)
        };
        Colour(mix(self.0), mix(self.1), mix(self.2))
    }

    /// How strongly it stands out from white paper: 1 to 21, as the web's guidelines reckon it.
    pub fn contrast(self) -> f64 {
        let linear = |part: u8| {
            let part = f64::from(part) / 255.0;
            if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        };
        1.05 / (0.2126 * linear(self.0) + 0.7152 * linear(self.1) + 0.0722 * linear(self.2) + 0.05)
    }

    fn fill(self) -> Fill {
        let paint = rgb::Color::new(self.0, self.1, self.2).into();
        Fill { paint, opacity: NormalizedF32::ONE, rule: FillRule::NonZero }
    }

    fn stroke(self, width: f32) -> Stroke {
        let paint = rgb::Color::new(self.0, self.1, self.2).into();
        let (line_cap, line_join) = (LineCap::Round, LineJoin::Round);
        Stroke { paint, width, line_cap, line_join, ..Stroke::default() }
    }
}

/// A shape of straight and curved lines.
#[derive(Clone, Debug, Default)]
pub struct Outline(pub(super) Vec<Stroked>);

/// A step along an outline.
#[derive(Clone, Copy, Debug)]
pub(super) enum Stroked {
    Move(f32, f32),
    Line(f32, f32),
    Curve([f32; 6]),
    Close,
}

impl Outline {
    /// Straight lines through points.
    pub fn through(points: impl IntoIterator<Item = (f32, f32)>, closed: bool) -> Outline {
        let steps = points.into_iter().enumerate().map(|(at, (x, y))| match at {
            0 => Stroked::Move(x, y),
            _ => Stroked::Line(x, y),
        });
        let mut outline = Outline(steps.collect());
        if closed {
            outline.0.push(Stroked::Close);
        }
        outline
    }

    /// A smooth curve through points: at each it runs parallel to the line between its neighbours.
    pub fn smooth(points: &[(f32, f32)], closed: bool) -> Outline {
        let count = points.len();
        let Some(first) = points.first() else { return Outline::default() };
        let at = |index: isize| {
            let last = count.cast_signed() - 1;
            let index = if closed { index.rem_euclid(last + 1) } else { index.clamp(0, last) };
            points.get(index.cast_unsigned()).copied().unwrap_or(*first)
        };
        let mut outline = Outline(vec![Stroked::Move(rounded(first.0), rounded(first.1))]);
        let steps = if closed { count } else { count - 1 };
        for step in 0..steps.cast_signed() {
            let [before, from, to, after] = [step - 1, step, step + 1, step + 2].map(at);
            let control = |a: (f32, f32), b: (f32, f32), c: (f32, f32)| {
                (b.0 + (c.0 - a.0) / 6.0, b.1 + (c.1 - a.1) / 6.0)
            };
            let (first, second) = (control(before, from, to), control(after, to, from));
            let curve = [first.0, first.1, second.0, second.1, to.0, to.1];
            outline.0.push(Stroked::Curve(curve.map(rounded)));
        }
        if closed {
            outline.0.push(Stroked::Close);
        }
        outline
    }

    pub fn rectangle(left: f32, top: f32, width: f32, height: f32) -> Outline {
        let (right, bottom) = (left + width, top + height);
        Outline::through([(left, top), (right, top), (right, bottom), (left, bottom)], true)
    }

    pub fn circle(x: f32, y: f32, radius: f32) -> Outline {
        const AROUND: u8 = 16;
        let angle = |step: u8| f32::from(step) / f32::from(AROUND) * std::f32::consts::TAU;
        let points: Vec<(f32, f32)> = (0..AROUND)
            .map(|step| (x + radius * angle(step).cos(), y + radius * angle(step).sin()))
            .collect();
        Outline::smooth(&points, true)
    }

    /// Several shapes as one.
    pub fn and(mut self, other: Outline) -> Outline {
        self.0.extend(other.0);
        self
    }

    fn path(&self) -> Option<Path> {
        let mut path = PathBuilder::new();
        for step in &self.0 {
            match *step {
                Stroked::Move(x, y) => path.move_to(x, y),
                Stroked::Line(x, y) => path.line_to(x, y),
                Stroked::Curve([a, b, c, d, x, y]) => path.cubic_to(a, b, c, d, x, y),
                Stroked::Close => path.close(),
            }
        }
        path.finish()
    }
}

/// To a hundredth of a point: finer than any printer, and shorter in the file.
fn rounded(length: f32) -> f32 {
    (length * 100.0).round() / 100.0
}

#[derive(Clone, Debug)]
pub(super) enum Mark {
    Text { line: Line, x: f32, baseline: f32, colour: Colour },
    Filled(Outline, Colour),
    Drawn(Outline, Colour, f32),
    Picture { picture: Picture, left: f32, top: f32, width: f32, height: f32 },
}

/// A page. Lengths are in points, from the upper left corner.
#[derive(Clone, Debug)]
pub struct Sheet {
    pub width: f32,
    pub height: f32,
    pub(super) marks: Vec<Mark>,
}

impl Sheet {
    pub fn new(width: f32, height: f32) -> Sheet {
        Sheet { width, height, marks: Vec::new() }
    }

    pub fn a4() -> Sheet {
        Sheet::new(mm(210.0), mm(297.0))
    }

    pub fn a4_landscape() -> Sheet {
        Sheet::new(mm(297.0), mm(210.0))
    }

    /// Begins at `x`.
    pub fn text(&mut self, line: Line, x: f32, baseline: f32, colour: Colour) {
        self.marks.push(Mark::Text { line, x, baseline, colour });
    }

    /// Is centred on `x`.
    pub fn centred(&mut self, line: Line, x: f32, baseline: f32, colour: Colour) {
        let left = x - line.width / 2.0;
        self.text(line, left, baseline, colour);
    }

    /// Ends at `x`.
    pub fn ending(&mut self, line: Line, x: f32, baseline: f32, colour: Colour) {
        let left = x - line.width;
        self.text(line, left, baseline, colour);
    }

    pub fn fill(&mut self, outline: Outline, colour: Colour) {
        self.marks.push(Mark::Filled(outline, colour));
    }

    pub fn draw(&mut self, outline: Outline, colour: Colour, width: f32) {
        self.marks.push(Mark::Drawn(outline, colour, width));
    }

    pub fn rule(&mut self, from: (f32, f32), to: (f32, f32), colour: Colour, width: f32) {
        self.draw(Outline::through([from, to], false), colour, width);
    }

    /// As large as fits into the place, in its middle.
    pub fn picture(&mut self, picture: &Picture, left: f32, top: f32, width: f32, height: f32) {
        let proportion = picture.proportion();
        let (w, h) = if proportion > width / height {
            (width, width / proportion)
        } else {
            (height * proportion, height)
        };
        let (left, top) = (left + (width - w) / 2.0, top + (height - h) / 2.0);
        let picture = picture.clone();
        self.marks.push(Mark::Picture { picture, left, top, width: w, height: h });
    }

    /// A QR code on a white square of this size, with its quiet zone.
    pub fn qr(&mut self, content: &str, left: f32, top: f32, size: f32) -> Result<(), Error> {
        self.fill(Outline::rectangle(left, top, size, size), Colour::WHITE);
        let quiet = size * 0.08;
        let code = symbols::qr(content, left + quiet, top + quiet, size - 2.0 * quiet)?;
        self.fill(code, Colour(0, 0, 0));
        Ok(())
    }
}

/// What a document says about itself.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    pub title: &'a str,
    pub lang: Lang,
    pub author: Option<&'a str>,
    /// The same document has the same, another has another.
    pub id: &'a str,
    pub at: DateTime<Utc>,
}

/// The document of these pages: PDF/A-2u, the same bytes for the same pages.
pub fn pdf(about: &About<'_>, sheets: &[Sheet]) -> Result<Vec<u8>, Error> {
    write(about, sheets, true)
}

/// [`pdf`] without compression: only to be measured and looked into.
pub fn pdf_unpacked(about: &About<'_>, sheets: &[Sheet]) -> Result<Vec<u8>, Error> {
    write(about, sheets, false)
}

fn write(about: &About<'_>, sheets: &[Sheet], packed: bool) -> Result<Vec<u8>, Error> {
    let settings = SerializeSettings {
        compress_content_streams: packed,
        enable_tagging: false,
        configuration: lasting()?,
        ..SerializeSettings::default()
    };
    let mut document = Document::new_with(settings);
    document.set_metadata(metadata(about));
    for sheet in sheets {
        let Some(size) = PageSettings::from_wh(sheet.width, sheet.height) else {
            return Err(Error::Document("a page without extent".into()));
        };
        let mut page = document.start_page_with(size);
        let mut surface = page.surface();
        for mark in &sheet.marks {
            put(&mut surface, mark)?;
        }
        surface.finish();
        page.finish();
    }
    document.finish().map_err(|error| match error {
        krilla::error::KrillaError::Image(_, _, why) => Error::Picture(why),
        krilla::error::KrillaError::Validation(all) => Error::Document(
            all.iter().map(|(one, _)| format!("{one:?}")).collect::<Vec<_>>().join("; "),
        ),
        error => Error::Document(error.to_string()),
    })
}

/// PDF/A-2 with every character's meaning: what archives take.
fn lasting() -> Result<Configuration, Error> {
    krilla::configure::ConfigurationBuilder::new()
        .with_archival_validator(Archival::A2_U)
        .finish()
        .map_err(|error| Error::Document(format!("{error:?}")))
}

fn metadata(about: &About<'_>) -> Metadata {
    let at = about.at;
    let small = |part: u32| u8::try_from(part).unwrap_or_default();
    let date = krilla::metadata::DateTime::new(u16::try_from(at.year()).unwrap_or_default())
        .month(small(at.month()))
        .day(small(at.day()))
        .hour(small(at.hour()))
        .minute(small(at.minute()))
        .second(small(at.second()))
        .utc_offset_hour(0)
        .utc_offset_minute(0);
    Metadata::new()
        .title(about.title.to_owned())
        .language(about.lang.tag().to_owned())
        .authors(about.author.map(str::to_owned).into_iter().collect())
        .creator("shifu".to_owned())
        .producer("shifu".to_owned())
        .document_id(about.id.to_owned())
        .text_direction(TextDirection::LeftToRight)
        .creation_date(date)
}

fn put(surface: &mut Surface<'_>, mark: &Mark) -> Result<(), Error> {
    match mark {
        Mark::Text { line, x, baseline, colour } => {
            return write_line(surface, line, *x, *baseline, *colour);
        }
        Mark::Filled(outline, colour) => {
            surface.set_stroke(None);
            surface.set_fill(Some(colour.fill()));
            if let Some(path) = outline.path() {
                surface.draw_path(&path);
            }
        }
        Mark::Drawn(outline, colour, width) => {
            surface.set_fill(None);
            surface.set_stroke(Some(colour.stroke(*width)));
            if let Some(path) = outline.path() {
                surface.draw_path(&path);
            }
        }
        Mark::Picture { picture, left, top, width, height } => {
            if let Some(size) = Size::from_wh(*width, *height) {
                surface.push_transform(&Transform::from_translate(*left, *top));
                surface.draw_image(picture.image.clone(), size);
                surface.pop();
            }
        }
    }
    Ok(())
}

fn write_line(
    surface: &mut Surface<'_>,
    line: &Line,
    mut x: f32,
    baseline: f32,
    colour: Colour,
) -> Result<(), Error> {
    let size = line.style.size;
    for run in &line.runs {
        // There is one weight of Chinese; a stroke around it makes the other.
        let thicker = line.style.weight == Weight::Bold && run.source == Source::Han;
        surface.set_fill(Some(colour.fill()));
        surface.set_stroke(thicker.then(|| colour.stroke(size * THICKER)));
        let font = run.source.loaded()?.font.clone();
        surface.draw_glyphs(Point::from_xy(x, baseline), &run.glyphs, font, &run.text, size, false);
        x += run.width * size;
    }
    Ok(())
}
