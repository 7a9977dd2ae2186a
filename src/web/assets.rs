//! Style sheets, scripts and pictures, compiled in and served by ourselves.
//!
//! An address carries the hash of what it serves, so browsers keep it for a year and a new
//! version is never shadowed by an old one.

use std::{borrow::Cow, collections::HashMap, io::Write, sync::LazyLock};

use actix_web::{HttpRequest, HttpResponse, http::header};
use sha2::{Digest, Sha256};

#[derive(rust_embed::RustEmbed)]
#[folder = "src/web/assets"]
struct Files;

struct Asset {
    address: String,
    media_type: &'static str,
    plain: Cow<'static, [u8]>,
    brotli: Vec<u8>,
}

static BY_PATH: LazyLock<HashMap<String, Asset>> = LazyLock::new(|| {
    Files::iter()
        .filter_map(|path| Some((path.to_string(), Asset::prepare(&path, Files::get(&path)?.data))))
        .collect()
});

static BY_ADDRESS: LazyLock<HashMap<&'static str, &'static Asset>> =
    LazyLock::new(|| BY_PATH.values().map(|asset| (asset.address.as_str(), asset)).collect());

impl Asset {
    fn prepare(path: &str, plain: Cow<'static, [u8]>) -> Asset {
        let digest = Sha256::digest(&plain);
        let hash: String = digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
        let (stem, ending) = path.rsplit_once('.').unwrap_or((path, "bin"));
        Asset {
            address: format!("/assets/{stem}-{hash}.{ending}"),
            media_type: media_type(ending),
            brotli: compress(&plain),
            plain,
        }
    }
}

fn media_type(ending: &str) -> &'static str {
    match ending {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        _ => "application/octet-stream",
    }
}

fn compress(plain: &[u8]) -> Vec<u8> {
    let mut packed = Vec::new();
    let mut writer = brotli::CompressorWriter::new(&mut packed, 1 << 16, 6, 22);
    // Writing into memory cannot fail.
    let _ = writer.write_all(plain);
    drop(writer);
    packed
}

/// The address under which a file of `src/web/assets` is served.
pub fn address(path: &str) -> &'static str {
    match BY_PATH.get(path) {
        Some(asset) => &asset.address,
        None => "/assets/missing",
    }
}

pub async fn serve(request: HttpRequest) -> HttpResponse {
    let Some(asset) = BY_ADDRESS.get(request.path()) else {
        return HttpResponse::NotFound().finish();
    };
    let accepts = request.headers().get(header::ACCEPT_ENCODING).and_then(|v| v.to_str().ok());
    let mut response = HttpResponse::Ok();
    response
        .content_type(asset.media_type)
        .insert_header((header::CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .insert_header((header::VARY, "accept-encoding"));
    if accepts.is_some_and(|accepts| accepts.contains("br")) {
        response.insert_header((header::CONTENT_ENCODING, "br")).body(asset.brotli.as_slice())
    } else {
        response.body(asset.plain.as_ref())
    }
}
