//! Shapes that are computed: QR codes, ticks and crosses.

use qrcode::{EcLevel, QrCode};

use super::{Error, sheet::Outline};

/// The dark modules of a QR code on a square of this size, without its quiet zone. A code keeps
/// readable with a seventh of it worn off.
pub fn qr(content: &str, left: f32, top: f32, size: f32) -> Result<Outline, Error> {
    let code = QrCode::with_error_correction_level(content, EcLevel::M)
        .map_err(|_| Error::TooLong(content.len()))?;
    let across = code.width();
    let step = size / across as f32;
    let mut shape = Outline::default();
    for (row, modules) in code.to_colors().chunks(across).enumerate() {
        let dark = |at: usize| modules.get(at) == Some(&qrcode::Color::Dark);
        let mut at = 0;
        // Neighbours in a row are one bar, so no hairline shows between them.
        while at < across {
            let length = (at..across).take_while(|at| dark(*at)).count();
            if length > 0 {
                let (x, y) = (left + at as f32 * step, top + row as f32 * step);
                shape = shape.and(Outline::rectangle(x, y, length as f32 * step, step));
            }
            at += length.max(1);
        }
    }
    Ok(shape)
}

/// A tick, on a square of this size.
pub fn tick(left: f32, top: f32, size: f32) -> Outline {
    let points = [(0.12, 0.55), (0.40, 0.84), (0.90, 0.18)];
    Outline::through(points.map(|(x, y)| (left + size * x, top + size * y)), false)
}

/// A cross, on a square of this size.
pub fn cross(left: f32, top: f32, size: f32) -> Outline {
    let stroke = |points: [(f32, f32); 2]| {
        Outline::through(points.map(|(x, y)| (left + size * x, top + size * y)), false)
    };
    stroke([(0.18, 0.18), (0.82, 0.82)]).and(stroke([(0.82, 0.18), (0.18, 0.82)]))
}
