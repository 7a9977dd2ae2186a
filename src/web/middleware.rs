//! What surrounds every request: errors as pages, security headers, no cross-site changes.

use actix_web::{
    HttpResponse,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{Method, StatusCode, header},
    middleware::Next,
};

use super::{Reader, errors::ErrorNote, shell};
use crate::{i18n::Text, text};

/// Everything is our own: no inline script, no other origin, never in a frame.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; \
     frame-ancestors 'none'; base-uri 'none'; manifest-src 'self'";

/// The same for a page that shows another of our own in a frame.
pub const POLICY_WITH_OWN_FRAMES: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; \
     frame-ancestors 'none'; base-uri 'none'; manifest-src 'self'; frame-src 'self'";

/// Adds the headers that belong on every answer.
pub async fn security_headers(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> actix_web::Result<ServiceResponse<BoxBody>> {
    let mut response = next.call(request).await?.map_into_boxed_body();
    let headers = response.headers_mut();
    // An answer that is stricter by itself (a picture that may be opened alone) stays so.
    if !headers.contains_key(header::CONTENT_SECURITY_POLICY) {
        headers.insert(
            header::CONTENT_SECURITY_POLICY,
            header::HeaderValue::from_static(CONTENT_SECURITY_POLICY),
        );
    }
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("permissions-policy", "camera=(), microphone=(), geolocation=()"),
    ] {
        headers
            .insert(header::HeaderName::from_static(name), header::HeaderValue::from_static(value));
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    }
    Ok(response)
}

/// Refuses a change that another site's page asks the browser to make.
///
/// Browsers say where a request comes from in `Sec-Fetch-Site`, older ones in `Origin`. A client
/// that sends neither is no browser and carries no one's cookies by accident.
pub async fn same_site_only(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> actix_web::Result<ServiceResponse<BoxBody>> {
    let safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if safe || comes_from_here(&request) {
        return Ok(next.call(request).await?.map_into_boxed_body());
    }
    let note = text!(
        "这个请求来自别的网站，已被拒绝。请在本系统的页面上操作。",
        "This request came from another site and was refused. Use the pages of this system."
    );
    let mut response = HttpResponse::Forbidden().finish();
    response.extensions_mut().insert(ErrorNote(note));
    Ok(request.into_response(response))
}

fn comes_from_here(request: &ServiceRequest) -> bool {
    let get = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    match (get("sec-fetch-site"), get("origin")) {
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        (None, Some(origin)) => {
            let host = get("host").unwrap_or_default();
            origin.split_once("://").is_some_and(|(_, origin)| origin == host)
        }
        (None, None) => true,
    }
}

/// Draws the page of an error in the reader's language; a program gets JSON.
pub async fn error_pages(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> actix_web::Result<ServiceResponse<BoxBody>> {
    let reader = Reader::of(request.request());
    let wants_json = [header::ACCEPT, header::CONTENT_TYPE].iter().any(|name| {
        let value = request.headers().get(name).and_then(|value| value.to_str().ok());
        value.is_some_and(|media_type| media_type.starts_with("application/json"))
    });
    let asks_for_page = *request.method() == Method::GET && !wants_json;
    let mut response = next.call(request).await?.map_into_boxed_body();
    let status = response.status();
    // What the API says is complete, and no program can sign in on a page.
    if says_problem(&response) {
        return Ok(response);
    }
    if status == StatusCode::UNAUTHORIZED && asks_for_page {
        let location = sign_in_and_return(&reader);
        return Ok(response.into_response(super::redirect(location)));
    }
    if !(status.is_client_error() || status.is_server_error()) {
        return Ok(response);
    }
    let noted = response.response_mut().extensions_mut().remove::<ErrorNote>();
    let Some(ErrorNote(note)) = noted.or_else(|| plain_note(status, &response)) else {
        return Ok(response);
    };
    Ok(response.map_body(|head, _| {
        let (media_type, body) = if wants_json {
            ("application/json", serde_json::json!({ "error": note }).to_string())
        } else {
            ("text/html; charset=utf-8", shell::error_page(&reader, status, &note).into_string())
        };
        head.headers_mut()
            .insert(header::CONTENT_TYPE, header::HeaderValue::from_static(media_type));
        BoxBody::new(body)
    }))
}

/// The media type of RFC 9457, in which the API says what went wrong.
pub const PROBLEM_JSON: &str = "application/problem+json";

fn says_problem(response: &ServiceResponse<BoxBody>) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with(PROBLEM_JSON))
}

/// Where somebody who is not signed in is sent, to come back afterwards.
fn sign_in_and_return(reader: &Reader) -> String {
    let mut query = form_urlencoded::Serializer::new(String::from("/sign-in?"));
    query.append_pair("next", &reader.here).finish()
}

/// Words for refusals that actix-web makes by itself, with an empty or a technical body.
fn plain_note(status: StatusCode, response: &ServiceResponse<BoxBody>) -> Option<ErrorNote> {
    let is_page = response
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|kind| kind.starts_with("text/html") || kind.starts_with("application/json"));
    if is_page {
        return None;
    }
    Some(ErrorNote(match status {
        StatusCode::NOT_FOUND => super::Error::NotFound.message(),
        StatusCode::METHOD_NOT_ALLOWED => text!(
            "这个地址不接受这种请求。请从页面上的按钮操作。",
            "This address does not take such a request. Use the buttons on the pages."
        ),
        StatusCode::PAYLOAD_TOO_LARGE => text!(
            "文件太大。请拆分后再上传。",
            "The file is too large. Split it and upload it in parts."
        ),
        StatusCode::BAD_REQUEST => text!(
            "请求的格式不对。请返回页面重新填写。",
            "The request is malformed. Go back to the page and fill it in again."
        ),
        _ => Text::same(status.to_string()),
    }))
}
