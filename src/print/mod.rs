//! Documents on paper: PDF/A-2u that carries its fonts, the same bytes for the same content.
//!
//! [`line()`] and [`paragraph`] set text with the bundled fonts ([`fonts`]), a [`Sheet`] is a page of
//! lines, shapes and pictures with coordinates in points from its upper left corner, and [`pdf`]
//! makes a document of sheets. [`Report`] lays out headings, paragraphs and tables by itself.
//!
//! Invariant: nothing here asks the clock or draws lots, so a document can be made again byte for
//! byte. A character that no font has is an [`Error::Missing`], never a box.

pub mod fonts;
mod line;
mod picture;
mod report;
mod sheet;
mod svg;
mod symbols;

pub use line::{Line, Style, fitted, line, paragraph};
pub use picture::Picture;
pub use report::{Block, Report, Section};
pub use sheet::{About, Colour, Outline, Sheet, pdf, pdf_unpacked};

use crate::{i18n::Text, text};

/// Points in a millimetre.
const MM: f32 = 72.0 / 25.4;

/// Millimetres as points.
pub fn mm(length: f32) -> f32 {
    length * MM
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No font has this character.
    #[error("no font has {character:?} (U+{:04X}) of {within:?}", u32::from(*.character))]
    Missing { character: char, within: String },
    /// A picture that cannot be printed, and why.
    #[error("picture: {0}")]
    Picture(String),
    /// Too much for a QR code.
    #[error("{0} bytes do not fit into a QR code")]
    TooLong(usize),
    /// The document could not be written. Nothing its content can cause.
    #[error("document: {0}")]
    Document(String),
}

impl Error {
    /// In words for a reader: what is wrong and, where they can do something, what.
    pub fn message(&self) -> Text {
        match self {
            Error::Missing { character, within } => {
                let point = format!("U+{:04X}", u32::from(*character));
                text!(
                    "“{within}”中的字符“{character}”（{point}）在内置字体中没有字形。",
                    "The bundled fonts have no glyph for “{character}” ({point}) in “{within}”."
                )
            }
            Error::Picture(why) => text!(
                "图片无法印刷：{why}。请另存为 RGB 的 PNG 或 JPEG 后重新上传。",
                "The picture cannot be printed: {why}. Save it as a PNG or JPEG in RGB and upload it again."
            ),
            Error::TooLong(bytes) => text!(
                "二维码内容过长（{bytes} 字节）。",
                "The content of the QR code is too long ({bytes} bytes)."
            ),
            Error::Document(_) => text!("文件未能生成。", "The document could not be made."),
        }
    }
}
