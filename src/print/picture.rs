//! Pictures of others on a sheet: PNG and JPEG.

use std::sync::Arc;

use chrono::DateTime;
use krilla::image::Image;

use super::{About, Error, Sheet, pdf};
use crate::i18n::Lang;

/// Pixels a picture may have on each side: enough for a seal on paper.
const MOST_PIXELS: u32 = 4000;

/// A picture that is known to print.
#[derive(Clone, Debug)]
pub struct Picture {
    pub(super) image: Image,
    pub(super) bytes: Arc<[u8]>,
    pub media_type: &'static str,
}

impl Picture {
    /// Reads a PNG or JPEG and tries whether it can be part of a document that lasts.
    pub fn read(bytes: &[u8]) -> Result<Picture, Error> {
        let picture = Picture::take(bytes)?;
        let (width, height) = picture.image.size();
        if width == 0 || height == 0 || width > MOST_PIXELS || height > MOST_PIXELS {
            return Err(Error::Picture(format!("{width} × {height} px > {MOST_PIXELS} px")));
        }
        let mut sheet = Sheet::new(100.0, 100.0);
        sheet.picture(&picture, 0.0, 0.0, 100.0, 100.0);
        let about = About {
            title: "picture",
            lang: Lang::En,
            author: None,
            id: "picture",
            at: DateTime::UNIX_EPOCH,
        };
        match pdf(&about, &[sheet]) {
            Ok(_) => Ok(picture),
            Err(Error::Document(why)) => Err(Error::Picture(why)),
            Err(error) => Err(error),
        }
    }

    fn take(bytes: &[u8]) -> Result<Picture, Error> {
        let data = bytes.to_vec().into();
        let (image, media_type) = match bytes {
            [0x89, b'P', b'N', b'G', 0x0D, 0x0A, 0x1A, 0x0A, ..] => {
                (Image::from_png(data, false), "image/png")
            }
            [0xFF, 0xD8, 0xFF, ..] => (Image::from_jpeg(data, false), "image/jpeg"),
            _ => (Err("PNG, JPEG".to_owned()), ""),
        };
        let image = image.map_err(Error::Picture)?;
        Ok(Picture { image, bytes: bytes.into(), media_type })
    }

    /// Width by height.
    pub fn proportion(&self) -> f32 {
        let (width, height) = self.image.size();
        width as f32 / height.max(1) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_picture_is_refused() {
        for bytes in
            [&b"GIF89a"[..], b"", b"<svg/>", b"\x89PNG\r\n\x1a\nbroken", b"\xff\xd8\xffbroken"]
        {
            assert!(matches!(Picture::read(bytes), Err(Error::Picture(_))));
        }
    }
}
