//! Pictures of questions: taken in with the editor's form, kept by what they are, not by what
//! they are called.

use actix_multipart::Multipart;
use actix_web::{FromRequest, HttpRequest, dev::Payload, http::header};
use futures_util::{
    TryStreamExt,
    future::{FutureExt, LocalBoxFuture},
};
use sha2::{Digest, Sha256};

use super::{fields::Fields, queries::Picture};
use crate::{
    i18n::Text,
    text,
    web::{Error, Form, Result},
};

/// Bytes in one picture at most.
const MOST: usize = 5 << 20;
/// Bytes in all fields of a form together at most.
const MOST_WORDS: usize = 512 * 1024;

/// The editor's form: as a browser sends it with a picture, or without.
pub struct Filled {
    pub fields: Fields,
    /// Its name and its bytes; nothing when none was chosen.
    pub file: Option<(String, Vec<u8>)>,
}

impl FromRequest for Filled {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Filled>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        if kind.is_some_and(|kind| kind.starts_with("multipart/form-data")) {
            return Multipart::from_request(request, payload)
                .then(|form| async { receive(form.map_err(malformed)?).await })
                .boxed_local();
        }
        Form::<Fields>::from_request(request, payload)
            .map(|form| form.map(|Form(fields)| Filled { fields, file: None }))
            .boxed_local()
    }
}

async fn receive(mut form: Multipart) -> Result<Filled> {
    let (mut fields, mut file, mut words) = (Vec::new(), None, 0);
    while let Some(mut field) = form.try_next().await.map_err(malformed)? {
        let name = field.name().unwrap_or_default().to_owned();
        let given = field.content_disposition().and_then(|d| d.get_filename()).map(str::to_owned);
        let mut bytes = Vec::new();
        while let Some(chunk) = field.try_next().await.map_err(malformed)? {
            // One byte too many is kept, so that it is seen; the rest is let go by.
            let room = (MOST + 1).saturating_sub(bytes.len());
            bytes.extend_from_slice(&chunk[..chunk.len().min(room)]);
        }
        match given {
            Some(given) if !bytes.is_empty() => {
                file = Some((given.chars().take(120).collect(), bytes));
            }
            Some(_) => {}
            None => {
                words += bytes.len() + name.len();
                if words > MOST_WORDS {
                    return Err(malformed("too many words"));
                }
                fields.push((name, String::from_utf8_lossy(&bytes).into_owned()));
            }
        }
    }
    Ok(Filled { fields: Fields::new(fields), file })
}

fn malformed(error: impl std::fmt::Display) -> Error {
    tracing::debug!(%error, "a form was not understood");
    Error::Invalid(text!(
        "表单内容不完整或过长。请返回上一页重新填写。",
        "The form is incomplete or too long. Go back and fill it in again."
    ))
}

/// A picture ready to be kept, or why it is not taken.
pub fn inspect(name: &str, bytes: Vec<u8>) -> Result<Picture, Text> {
    if bytes.len() > MOST {
        return Err(text!(
            "图片超过 5 MB，请压缩后再上传。",
            "The picture is larger than 5 MB. Make it smaller and upload it again."
        ));
    }
    let Some(media_type) = media_type(&bytes) else {
        return Err(text!(
            "只接受 PNG、JPEG、WebP 或 GIF 图片。SVG 可能含有脚本，请先导出为 PNG。",
            "Only PNG, JPEG, WebP or GIF. An SVG may hold scripts; export it as PNG first."
        ));
    };
    let digest = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(Picture { digest, name: name.to_owned(), media_type, bytes })
}

/// What kind of picture the bytes begin.
fn media_type(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x89, b'P', b'N', b'G', 0x0D, 0x0A, 0x1A, 0x0A, ..] => Some("image/png"),
        [0xFF, 0xD8, 0xFF, ..] => Some("image/jpeg"),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some("image/gif"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_what_its_bytes_say() {
        for (bytes, kind) in [
            (&b"\x89PNG\r\n\x1a\nrest"[..], "image/png"),
            (b"\xff\xd8\xff\xe0rest", "image/jpeg"),
            (b"GIF89a...", "image/gif"),
            (b"RIFF\x01\x02\x03\x04WEBPVP8 ", "image/webp"),
        ] {
            let picture = inspect("trick.svg", bytes.to_vec()).expect("a picture");
            assert_eq!((picture.media_type, picture.digest.len()), (kind, 64));
        }
    }

    #[test]
    fn what_could_run_or_is_too_large_is_not_taken() {
        for bytes in
            [&b"<svg xmlns='http://www.w3.org/2000/svg'/>"[..], b"<html>", b"%PDF-1.7", b""]
        {
            assert!(inspect("photo.png", bytes.to_vec()).is_err());
        }
        let mut large = b"\x89PNG\r\n\x1a\n".to_vec();
        large.resize(MOST + 1, 0);
        assert!(inspect("a.png", large).is_err_and(|why| why.en.contains("5 MB")));
    }
}
