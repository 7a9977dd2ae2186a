//! Where the pictures of a text are shown from now on.

use std::collections::BTreeMap;

use super::pictures::{self, Picture};
use crate::{i18n::Text, text};

/// Finds a file that came along: its name and bytes as a picture's new address.
pub type Find<'a> =
    &'a mut dyn FnMut(&str, &mut BTreeMap<String, Picture>) -> Option<Result<String, Text>>;

/// The new address of a picture: one that came along, one inside the text, one we have already.
/// What lies elsewhere is refused: an exam must not ask other servers.
pub fn picture(
    address: &str,
    pictures: &mut BTreeMap<String, Picture>,
    find: Find<'_>,
) -> Result<String, Text> {
    if address.starts_with("data:") {
        return pictures::take_data(pictures, address);
    }
    if address.starts_with(pictures::PREFIX) {
        return Ok(address.to_owned());
    }
    if let Some(found) = find(address, pictures) {
        return found;
    }
    let address = super::draft::short(address, 120);
    Err(text!(
        "图片“{address}”不在文件里。请把图片一起导出，或去掉这张图片。",
        "the picture “{address}” is not in the file. Export it along with the question, or take it out."
    ))
}
