//! The fonts in the program: Latin, Greek and Cyrillic from one, Chinese from another.
//!
//! They lie packed beside this file and are unpacked when first used. `scripts/vendor-fonts.sh`
//! makes them and says which characters are in.

use std::{io::Read, sync::LazyLock};

use krilla::text::Font;
use rustybuzz::Face;

use super::Error;
use crate::i18n::Lang;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Weight {
    #[default]
    Regular,
    Bold,
}

/// One font file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    Latin,
    LatinBold,
    Han,
}

pub(super) struct Loaded {
    pub font: Font,
    pub face: Face<'static>,
}

static LATIN: LazyLock<Option<Loaded>> =
    LazyLock::new(|| unpack(include_bytes!("fonts/latin.ttf.br")));
static LATIN_BOLD: LazyLock<Option<Loaded>> =
    LazyLock::new(|| unpack(include_bytes!("fonts/latin-bold.ttf.br")));
static HAN: LazyLock<Option<Loaded>> = LazyLock::new(|| unpack(include_bytes!("fonts/han.otf.br")));

/// It stays for as long as the program runs, so nothing is freed.
fn unpack(packed: &'static [u8]) -> Option<Loaded> {
    let mut plain = Vec::new();
    brotli::Decompressor::new(packed, 1 << 16).read_to_end(&mut plain).ok()?;
    let plain: &'static [u8] = plain.leak();
    Some(Loaded { font: Font::new(plain.into(), 0)?, face: Face::from_slice(plain, 0)? })
}

impl Source {
    pub fn loaded(self) -> Result<&'static Loaded, Error> {
        let loaded = match self {
            Source::Latin => &LATIN,
            Source::LatinBold => &LATIN_BOLD,
            Source::Han => &HAN,
        };
        loaded.as_ref().ok_or_else(|| Error::Document(format!("the font {self:?} is damaged")))
    }

    fn has(self, character: char) -> bool {
        self.loaded().is_ok_and(|loaded| loaded.face.glyph_index(character).is_some())
    }

    /// The first font that has a character, by how the language sets it: quotation marks and
    /// dashes are as wide as a character in Chinese and narrow in English.
    pub fn of(character: char, lang: Lang, weight: Weight) -> Option<Source> {
        let latin = if weight == Weight::Bold { Source::LatinBold } else { Source::Latin };
        let shared = matches!(character, '·' | '—' | '…' | '‘' | '’' | '“' | '”' | '×' | '※');
        let order =
            if shared && lang == Lang::Zh { [Source::Han, latin] } else { [latin, Source::Han] };
        order.into_iter().find(|source| source.has(character))
    }
}

/// Whether a text can be printed.
pub fn can_print(text: &str) -> Result<(), Error> {
    let style = super::Style::new(1.0, Lang::Zh);
    text.lines().try_for_each(|part| super::line(part, style).map(drop))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_people_have_can_be_printed() {
        for name in [
            "龘𠮷",
            "Łukasz Ŵyn ŵ",
            "阿卜杜拉·买买提",
            "曹喆、陈堃、王犇、李骉、赵淼、孙焱",
            "鄺麗貞（繁體）",
            "Nguyễn Thị Hằng",
            "Ólafur Þór Șerban Žižek Œuvre",
            "Ирина Щукина Ελένη",
            "w\u{302}",
            "“编号”—…№2026《证书》",
            "阿依古丽‧买买提・艾山",
            "高压作业Ⅱ级（ⅰ类）①、场地80㎡、∞",
        ] {
            assert_eq!(can_print(name), Ok(()), "{name}");
        }
    }

    #[test]
    fn every_character_of_gb_2312_is_in() {
        let missing: Vec<char> = (0xB0..=0xF7_u8)
            .flat_map(|first| (0xA1..=0xFE_u8).map(move |second| [first, second]))
            .filter_map(|bytes| encoding_rs::GBK.decode(&bytes).0.chars().next())
            // Five places of the table are empty.
            .filter(|character| ('\u{4e00}'..='\u{9fff}').contains(character))
            .filter(|character| Source::of(*character, Lang::Zh, Weight::Regular).is_none())
            .collect();
        assert_eq!(missing, Vec::<char>::new());
    }

    #[test]
    fn a_character_no_font_has_is_named() {
        let error = can_print("张🐉三").unwrap_err();
        let named = Error::Missing { character: '🐉', within: "张🐉三".into() };
        assert_eq!(error, named);
        assert!(error.message().zh.contains("U+1F409"), "{error}");
    }
}
