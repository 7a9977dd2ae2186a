//! Shapes that are computed: QR codes, ticks and crosses.

use krilla::geom::{PathBuilder, Rect};
use qrcode::{EcLevel, QrCode};

use super::{Error, sheet::Outline};

/// The dark modules of a QR code on a square of this size, without its quiet zone. A code keeps
/// readable with a seventh of it worn off.
pub fn qr(content: &str, left: f32, top: f32, size: f32) -> Result<Outline, Error> {
    let code = QrCode::with_error_correction_level(content, EcLevel::M)
        .map_err(|_| Error::TooLong(content.len()))?;
    let across = code.width();
    let step = size / across as f32;
    let mut shape = PathBuilder::new();
    for (row, modules) in code.to_colors().chunks(across).enumerate() {
        let dark = |at: usize| modules.get(at) == Some(&qrcode::Color::Dark);
        let mut at = 0;
        // Neighbours in a row are one bar, so no hairline shows between them.
        while at < across {
            let length = (at..across).take_while(|at| dark(*at)).count();
            if length > 0 {
                let (x, y) = (left + at as f32 * step, top + row as f32 * step);
                if let Some(bar) = Rect::from_xywh(x, y, length as f32 * step, step) {
                    shape.push_rect(bar);
                }
            }
            at += length.max(1);
        }
    }
    Ok(Outline::of(shape))
}

/// A tick, on a square of this size.
pub fn tick(left: f32, top: f32, size: f32) -> Outline {
    let mut shape = PathBuilder::new();
    shape.move_to(left + size * 0.12, top + size * 0.55);
    shape.line_to(left + size * 0.40, top + size * 0.84);
    shape.line_to(left + size * 0.90, top + size * 0.18);
    Outline::of(shape)
}

/// A cross, on a square of this size.
pub fn cross(left: f32, top: f32, size: f32) -> Outline {
    let mut shape = PathBuilder::new();
    for (from, to) in [((0.18, 0.18), (0.82, 0.82)), ((0.82, 0.18), (0.18, 0.82))] {
        shape.move_to(left + size * from.0, top + size * from.1);
        shape.line_to(left + size * to.0, top + size * to.1);
    }
    Outline::of(shape)
}
