//! Pictures that come with questions: kept once under their digest, known by their first bytes.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};

use crate::{i18n::Text, text};

/// Bytes of one picture at most.
pub const MOST: usize = 5 << 20;
/// Where the program shows them.
pub const PREFIX: &str = "/exams/files/";

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    pub name: String,
    pub media_type: &'static str,
    pub bytes: Vec<u8>,
}

/// The kinds of pictures every browser shows and that cannot carry a script.
fn media_type(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x89, b'P', b'N', b'G', ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [b'G', b'I', b'F', b'8', ..] => Some("image/gif"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        _ => None,
    }
}

pub fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Takes a picture in; where it will be shown.
pub fn take(
    pictures: &mut BTreeMap<String, Picture>,
    name: &str,
    bytes: Vec<u8>,
) -> Result<String, Text> {
    if bytes.len() > MOST {
        let most = MOST >> 20;
        return Err(text!(
            "图片“{name}”超过 {most} MB，请缩小后再导入",
            "the picture “{name}” is larger than {most} MB; make it smaller"
        ));
    }
    let Some(media_type) = media_type(&bytes) else {
        return Err(text!(
            "文件“{name}”不是 PNG、JPEG、GIF 或 WebP 图片，请改用这些格式",
            "the file “{name}” is no PNG, JPEG, GIF or WebP picture; use one of these"
        ));
    };
    let digest = digest(&bytes);
    let link = format!("{PREFIX}{digest}");
    let name = name.chars().take(120).collect();
    pictures.entry(digest).or_insert(Picture { name, media_type, bytes });
    Ok(link)
}

/// From the Base64 of a file.
pub fn take_base64(
    pictures: &mut BTreeMap<String, Picture>,
    name: &str,
    encoded: &str,
) -> Result<String, Text> {
    let packed: String = encoded.chars().filter(|c| !c.is_whitespace()).collect();
    let bytes = STANDARD.decode(packed).map_err(|_| {
        text!("文件“{name}”的 Base64 内容已损坏", "the Base64 of the file “{name}” is broken")
    })?;
    take(pictures, name, bytes)
}

/// From an address that holds the picture itself: `data:image/png;base64,…`.
pub fn take_data(pictures: &mut BTreeMap<String, Picture>, address: &str) -> Result<String, Text> {
    match address.split_once(";base64,") {
        Some((_, encoded)) => take_base64(pictures, "picture", encoded),
        None => Err(text!(
            "内嵌图片不是 Base64 编码",
            "a picture inside the text is not written in Base64"
        )),
    }
}

/// The digests of the pictures a text shows.
pub fn shown_in(markdown: &str) -> impl Iterator<Item = &str> {
    markdown.split(PREFIX).skip(1).filter_map(|rest| {
        let digest = rest.get(..64)?;
        digest.bytes().all(|byte| byte.is_ascii_hexdigit()).then_some(digest)
    })
}
