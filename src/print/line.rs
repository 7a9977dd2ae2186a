//! Text in lines: which font for which character, how wide, where it breaks.

use krilla::text::{GlyphId, KrillaGlyph};
use rustybuzz::UnicodeBuffer;

use super::{
    Error,
    fonts::{Source, Weight},
};
use crate::i18n::Lang;

/// How a text is set.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// In points.
    pub size: f32,
    pub weight: Weight,
    /// Additional room after every character, as a part of the size.
    pub tracking: f32,
    pub lang: Lang,
}

impl Style {
    pub fn new(size: f32, lang: Lang) -> Style {
        Style { size, weight: Weight::Regular, tracking: 0.0, lang }
    }

    pub fn bold(self) -> Style {
        Style { weight: Weight::Bold, ..self }
    }

    pub fn tracked(self, tracking: f32) -> Style {
        Style { tracking, ..self }
    }

    pub fn sized(self, size: f32) -> Style {
        Style { size, ..self }
    }
}

/// A text set on one line.
#[derive(Clone, Debug)]
pub struct Line {
    pub(super) runs: Vec<Run>,
    pub style: Style,
    /// In points.
    pub width: f32,
}

/// Neighbouring characters of one font.
#[derive(Clone, Debug)]
pub(super) struct Run {
    pub source: Source,
    pub text: String,
    pub glyphs: Vec<KrillaGlyph>,
    /// As a part of the size.
    pub width: f32,
}

/// Sets a text on one line, however long it becomes.
pub fn line(text: &str, style: Style) -> Result<Line, Error> {
    let missing = |character| Error::Missing { character, within: text.to_owned() };
    let mut parts: Vec<(Source, String)> = Vec::new();
    for character in text.chars().filter_map(printed) {
        let source = Source::of(character, style.lang, style.weight);
        let source = source.ok_or_else(|| missing(character))?;
        match parts.last_mut() {
            Some((last, part)) if *last == source => part.push(character),
            _ => parts.push((source, character.into())),
        }
    }
    let shaped = parts.into_iter().map(|(source, part)| shape(source, part, style.tracking));
    let runs: Vec<Run> = shaped.collect::<Result<_, _>>()?;
    if let Some(character) = runs.iter().find_map(Run::unshaped) {
        return Err(missing(character));
    }
    let mut width: f32 = runs.iter().map(|run| run.width).sum();
    if !runs.is_empty() {
        width -= style.tracking;
    }
    Ok(Line { runs, style, width: width * style.size })
}

/// What is printed of a character: nothing of those that only steer how others look.
fn printed(character: char) -> Option<char> {
    match character {
        '\t' | '\n' | '\r' | '\u{2028}' | '\u{2029}' => Some(' '),
        '\u{ad}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2069}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}'
        | '\u{e0100}'..='\u{e01ef}' => None,
        control if control.is_control() => None,
        other => Some(other),
    }
}

fn shape(source: Source, text: String, tracking: f32) -> Result<Run, Error> {
    let loaded = source.loaded()?;
    let em = loaded.face.units_per_em() as f32;
    let mut buffer = UnicodeBuffer::new();
    buffer.push_str(&text);
    buffer.guess_segment_properties();
    buffer.set_direction(rustybuzz::Direction::LeftToRight);
    let output = rustybuzz::shape(&loaded.face, &[], buffer);
    let infos = output.glyph_infos();
    let mut glyphs = Vec::with_capacity(infos.len());
    for (at, (info, position)) in infos.iter().zip(output.glyph_positions()).enumerate() {
        let start = info.cluster as usize;
        let later = infos.iter().skip(at + 1).map(|next| next.cluster as usize);
        let end = later.clone().find(|next| *next > start).unwrap_or(text.len());
        let last_of_cluster = later.clone().next().is_none_or(|next| next != start);
        let room = if last_of_cluster { tracking } else { 0.0 };
        let scaled = |units: i32| units as f32 / em;
        glyphs.push(KrillaGlyph::new(
            GlyphId::new(info.glyph_id),
            scaled(position.x_advance) + room,
            scaled(position.x_offset),
            scaled(position.y_offset),
            scaled(position.y_advance),
            start..end,
            None,
        ));
    }
    let width = glyphs.iter().map(|glyph| glyph.x_advance).sum();
    Ok(Run { source, text, glyphs, width })
}

impl Run {
    /// A character for which shaping found no glyph after all.
    fn unshaped(&self) -> Option<char> {
        let glyph = self.glyphs.iter().find(|glyph| glyph.glyph_id.to_u32() == 0)?;
        self.text.get(glyph.text_range.clone())?.chars().next()
    }
}

/// A line that fits: set smaller when it is too wide, down to `least` points. What still does not
/// fit is broken into lines of that size.
pub fn fitted(text: &str, style: Style, width: f32, least: f32) -> Result<Vec<Line>, Error> {
    let set = line(text, style)?;
    if set.width <= width {
        return Ok(vec![set]);
    }
    let smaller = (style.size * width / set.width * 0.995).max(least).min(style.size);
    let set = line(text, style.sized(smaller))?;
    if set.width <= width { Ok(vec![set]) } else { paragraph(text, style.sized(smaller), width) }
}

/// Breaks a text into lines of at most this width; its own line breaks stay.
///
/// A line is measured whole: neighbours move each other, so the widths of its parts do not add up
/// to its own.
pub fn paragraph(text: &str, style: Style, width: f32) -> Result<Vec<Line>, Error> {
    let set = |written: &str| line(written.trim_end(), style);
    let mut lines = Vec::new();
    for part in text.split('\n') {
        let mut written = String::new();
        for piece in pieces(part) {
            for unit in units(piece, set(piece)?.width <= width) {
                let before = written.len();
                written.push_str(unit);
                if before > 0 && set(&written)?.width > width {
                    lines.push(set(&written[..before])?);
                    written.replace_range(..before, "");
                }
            }
        }
        lines.push(set(&written)?);
    }
    Ok(lines)
}

/// What stays together of a piece: all of it, or each character when it is wider than a line.
fn units(piece: &str, fits: bool) -> Vec<&str> {
    if fits {
        return vec![piece];
    }
    piece.char_indices().map(|(at, character)| &piece[at..at + character.len_utf8()]).collect()
}

/// The parts of a text between which a line may end.
fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut begins = 0;
    let mut characters = text.char_indices().peekable();
    while let Some((_, character)) = characters.next() {
        let Some((at, next)) = characters.peek().copied() else { break };
        if may_break(character, next) {
            pieces.push(&text[begins..at]);
            begins = at;
        }
    }
    pieces.push(&text[begins..]);
    pieces
}

fn may_break(before: char, after: char) -> bool {
    const NEVER_FIRST: &str = "，。、；：？！）》」』】〉”’…—·％%,.;:?!)]}";
    const NEVER_LAST: &str = "（《「『【〈“‘([{";
    if after == ' ' || NEVER_FIRST.contains(after) || NEVER_LAST.contains(before) {
        return false;
    }
    before == ' ' || before == '-' || before == '/' || is_wide(before) || is_wide(after)
}

/// Characters of Chinese text, which has no spaces to break at.
fn is_wide(character: char) -> bool {
    matches!(character, '\u{2e80}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{ff00}'..='\u{ffef}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn said(lines: &[Line]) -> Vec<String> {
        let text = |line: &Line| line.runs.iter().map(|run| run.text.as_str()).collect();
        lines.iter().map(text).collect()
    }

    #[test]
    fn lines_break_where_the_language_allows() {
        let style = Style::new(10.0, Lang::Zh);
        let zh = paragraph("经考核合格，特发此证。", style, 51.0).unwrap();
        assert_eq!(said(&zh), ["经考核合", "格，特发此", "证。"]);
        let en =
            paragraph("has met the requirements of", Style::new(10.0, Lang::En), 68.0).unwrap();
        assert_eq!(said(&en), ["has met the", "requirements", "of"]);
        let neighbours = "龘-maŁ书证a𠮷，证Ł证“𠮷。龘ŵa。pq，Ł- g-dŁ书证a";
        let moved = paragraph(neighbours, Style::new(9.0, Lang::Zh), 67.5696).unwrap();
        assert!(moved.iter().all(|line| line.width <= 67.57), "{:?}", said(&moved));
        let two = paragraph("a\n\nb", style, 60.0).unwrap();
        assert_eq!(said(&two), ["a", "", "b"]);
    }

    #[test]
    fn what_is_too_wide_becomes_smaller_and_then_breaks() {
        let style = Style::new(40.0, Lang::En).bold();
        let short = fitted("Certificate", style, 400.0, 20.0).unwrap();
        assert!(short.len() == 1 && short[0].style.size == 40.0);
        let long = fitted("Certificate of High-Voltage Work", style, 400.0, 20.0).unwrap();
        assert!(long.len() == 1 && long[0].style.size < 40.0 && long[0].width <= 400.0);
        let longer = fitted(&"Certificate ".repeat(12), style, 400.0, 20.0).unwrap();
        assert!(longer.len() > 1 && longer.iter().all(|line| line.width <= 400.0));
    }

    proptest! {
        /// No line is wider than it may be, and no character is lost or added.
        #[test]
        fn a_paragraph_keeps_its_text_and_its_width(text in "[a-zŁŵ 龘𠮷证书，。（）“”-]{0,60}", width in 30.0_f32..300.0) {
            let lines = paragraph(&text, Style::new(9.0, Lang::Zh), width).unwrap();
            for line in &lines {
                prop_assert!(line.width <= width + 0.01 || line.runs.iter().map(|run| run.text.chars().count()).sum::<usize>() <= 1,
                    "{} > {width}", line.width);
            }
            let without = |text: &str| text.replace(' ', "");
            prop_assert_eq!(without(&said(&lines).concat()), without(&text));
        }
    }
}
