//! Forms that bring files along: scans of old certificates, evidence of an act.
//!
//! A file is what its first bytes say, whatever it is called: PDF, JPEG or PNG, and nothing that
//! a browser could run. It is kept as it came and given back only for saving.

use actix_multipart::Multipart;
use actix_web::{FromRequest, HttpRequest, HttpResponse, dev::Payload, http::header};
use futures_util::{
    TryStreamExt,
    future::{FutureExt, LocalBoxFuture},
};

use super::queries::NewFile;
use crate::{
    i18n::Text,
    text,
    web::{Error, Form, Result, download},
};

/// Bytes in one file at most.
pub const MOST_BYTES: usize = 10 << 20;
/// Bytes in all files of a form together, and how many there may be.
const MOST_IN_ALL: usize = 100 << 20;
const MOST_FILES: usize = 200;
/// Bytes in all other fields together at most.
const MOST_WORDS: usize = 512 * 1024;

/// A file as it was uploaded: the field, its name, its bytes.
#[derive(Clone, Debug)]
pub struct Sent {
    pub field: String,
    pub name: String,
    pub bytes: Vec<u8>,
    /// It was larger than allowed, and its bytes were let go by.
    pub too_large: bool,
}

/// A form as a browser sends it with files, or without.
#[derive(Clone, Debug, Default)]
pub struct Filled {
    fields: Vec<(String, String)>,
    pub files: Vec<Sent>,
}

impl Filled {
    /// The first value of a field without white space around it; empty when there is none.
    pub fn word(&self, name: &str) -> &str {
        let found = self.fields.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value.trim())
    }

    /// Every value of a field.
    pub fn words(&self, name: &str) -> Vec<String> {
        let all = self.fields.iter().filter(|(known, _)| known == name);
        all.map(|(_, value)| value.trim().to_owned()).collect()
    }

    pub fn is_ticked(&self, name: &str) -> bool {
        !self.word(name).is_empty()
    }

    /// The file of a field, ready to be kept; nothing when none was chosen.
    pub fn take_file(&mut self, field: &str) -> Result<Option<NewFile>, Text> {
        let Some(at) = self.files.iter().position(|sent| sent.field == field) else {
            return Ok(None);
        };
        inspect(self.files.remove(at)).map(Some)
    }
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
        Form::<Vec<(String, String)>>::from_request(request, payload)
            .map(|form| form.map(|Form(fields)| Filled { fields, files: Vec::new() }))
            .boxed_local()
    }
}

async fn receive(mut form: Multipart) -> Result<Filled> {
    let mut filled = Filled::default();
    let (mut words, mut in_all) = (0, 0);
    while let Some(mut field) = form.try_next().await.map_err(malformed)? {
        let name = field.name().unwrap_or_default().to_owned();
        let given = field.content_disposition().and_then(|d| d.get_filename()).map(str::to_owned);
        let (mut bytes, mut length) = (Vec::new(), 0_usize);
        while let Some(chunk) = field.try_next().await.map_err(malformed)? {
            length += chunk.len();
            in_all += chunk.len();
            if in_all > MOST_IN_ALL {
                return Err(too_much());
            }
            // What is too large is read to its end, so that the browser hears why it is refused.
            if length <= MOST_BYTES {
                bytes.extend_from_slice(&chunk);
            }
        }
        match given {
            // A field for a file in which none was chosen.
            Some(given) if given.is_empty() && length == 0 => {}
            Some(given) => {
                let name_of_file = given.chars().take(120).collect();
                let too_large = length > MOST_BYTES;
                filled.files.push(Sent { field: name, name: name_of_file, bytes, too_large });
            }
            None => {
                words += bytes.len() + name.len();
                filled.fields.push((name, String::from_utf8_lossy(&bytes).into_owned()));
            }
        }
        if words > MOST_WORDS || filled.files.len() > MOST_FILES {
            return Err(too_much());
        }
    }
    Ok(filled)
}

fn malformed(error: impl std::fmt::Display) -> Error {
    tracing::debug!(%error, "a form was not understood");
    Error::Invalid(text!(
        "表单内容不完整。请返回上一页重新填写。",
        "The form is incomplete. Go back and fill it in again."
    ))
}

fn too_much() -> Error {
    let all = MOST_IN_ALL >> 20;
    Error::Refused(text!(
        "一次上传最多 {MOST_FILES} 个文件、共 {all} MB。请分几次上传。",
        "{MOST_FILES} files of {all} MB together at most in one go. Upload them in parts."
    ))
}

/// A file ready to be kept, or why it is not taken.
pub fn inspect(sent: Sent) -> Result<NewFile, Text> {
    let name = sent.name;
    if sent.too_large {
        let most = MOST_BYTES >> 20;
        return Err(text!(
            "“{name}”超过 {most} MB，请压缩后再上传。",
            "“{name}” is larger than {most} MB. Make it smaller and upload it again."
        ));
    }
    if sent.bytes.is_empty() {
        return Err(text!("“{name}”是空文件。", "“{name}” is empty."));
    }
    match media_type(&sent.bytes) {
        Some(media_type) => Ok(NewFile { name, media_type, bytes: sent.bytes }),
        None => Err(text!(
            "“{name}”不是 PDF、JPEG 或 PNG。请扫描或另存为其中一种。",
            "“{name}” is no PDF, JPEG or PNG. Scan it or save it as one of these."
        )),
    }
}

/// What kind of file the bytes begin.
pub fn media_type(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [b'%', b'P', b'D', b'F', b'-', ..] => Some("application/pdf"),
        [0x89, b'P', b'N', b'G', 0x0D, 0x0A, 0x1A, 0x0A, ..] => Some("image/png"),
        [0xFF, 0xD8, 0xFF, ..] => Some("image/jpeg"),
        _ => None,
    }
}

/// A kept file for saving: no browser shows it inside our pages, or runs anything in it.
pub fn give(name: &str, media_type: &str, bytes: Vec<u8>) -> HttpResponse {
    let plain: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '_' })
        .collect();
    let mut response = download(&plain, media_type, bytes);
    let value = header::HeaderValue::from_static("default-src 'none'; sandbox");
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, value);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(bytes: &[u8]) -> Sent {
        Sent {
            field: "file".into(),
            name: "scan.pdf".into(),
            bytes: bytes.to_vec(),
            too_large: false,
        }
    }

    #[test]
    fn a_file_is_what_its_bytes_say() {
        for (bytes, kind) in [
            (&b"%PDF-1.7\n"[..], "application/pdf"),
            (b"\x89PNG\r\n\x1a\nrest", "image/png"),
            (b"\xff\xd8\xff\xe0rest", "image/jpeg"),
        ] {
            assert_eq!(inspect(sent(bytes)).map(|file| file.media_type), Ok(kind));
        }
        for bytes in [&b"<svg/>"[..], b"<html>", b"PK\x03\x04", b"MZ\x90", b""] {
            assert!(inspect(sent(bytes)).is_err(), "{bytes:?}");
        }
        let large = Sent { too_large: true, ..sent(b"%PDF-") };
        assert!(inspect(large).is_err_and(|why| why.en.contains("10 MB")));
    }
}
