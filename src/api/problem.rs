//! What went wrong, for programs: `application/problem+json` (RFC 9457) with a code that stays the
//! same, and words in both languages for the people who read the logs.

use actix_web::{
    HttpResponse, ResponseError,
    http::{StatusCode, header},
};
use serde_json::json;

use crate::{
    db,
    i18n::Text,
    text,
    web::{self, middleware::PROBLEM_JSON},
};

pub type Result<T> = std::result::Result<T, Problem>;

#[derive(Debug, thiserror::Error)]
pub enum Problem {
    #[error("no token")]
    TokenMissing,
    #[error("unknown token")]
    TokenUnknown,
    #[error("expired token")]
    TokenExpired,
    #[error("ended token")]
    TokenEnded,
    /// Not there, or out of the token's reach: the two look the same on purpose.
    #[error("not found")]
    NotFound,
    /// A parameter, and what is wrong with it.
    #[error("bad parameter {}: {}", .0, .1.en)]
    BadParameter(&'static str, Text),
    #[error("too many requests")]
    TooMany,
    #[error(transparent)]
    Database(#[from] db::Error),
    #[error("internal: {0}")]
    Internal(String),
}

impl Problem {
    /// The word programs go by; it never changes.
    pub fn code(&self) -> &'static str {
        match self {
            Problem::TokenMissing => "token-missing",
            Problem::TokenUnknown => "token-unknown",
            Problem::TokenExpired => "token-expired",
            Problem::TokenEnded => "token-ended",
            Problem::NotFound => "not-found",
            Problem::BadParameter(..) => "bad-parameter",
            Problem::TooMany => "too-many-requests",
            Problem::Database(error) if error.is_unavailable() => "unavailable",
            Problem::Database(_) | Problem::Internal(_) => "internal",
        }
    }

    fn title(&self) -> Text {
        match self {
            Problem::TokenMissing => text!("缺少令牌", "A token is needed"),
            Problem::TokenUnknown => text!("令牌无效", "The token is not valid"),
            Problem::TokenExpired => text!("令牌已过期", "The token has expired"),
            Problem::TokenEnded => text!("令牌已停用", "The token was ended"),
            Problem::NotFound => text!("未找到", "Not found"),
            Problem::BadParameter(name, _) => {
                text!("参数 {name} 有误", "The parameter {name} is wrong")
            }
            Problem::TooMany => text!("请求过于频繁", "Too many requests"),
            Problem::Database(error) if error.is_unavailable() => {
                text!("暂时无法使用", "Unavailable just now")
            }
            Problem::Database(_) | Problem::Internal(_) => text!("系统出错", "An internal error"),
        }
    }

    fn detail(&self) -> Text {
        match self {
            Problem::TokenMissing => text!(
                "请在请求头中提供 Authorization: Bearer 令牌。",
                "Send the header Authorization: Bearer with a token."
            ),
            Problem::TokenUnknown => text!(
                "没有这个令牌。请核对，或请管理员新建。",
                "There is no such token. Check it, or ask an administrator for another."
            ),
            Problem::TokenExpired | Problem::TokenEnded => {
                text!("请管理员新建令牌。", "Ask an administrator for another token.")
            }
            Problem::NotFound => text!(
                "不存在，或不在令牌的范围内。",
                "It does not exist, or lies outside the reach of the token."
            ),
            Problem::BadParameter(_, wrong) => wrong.clone(),
            Problem::TooMany => text!("请稍后再试。", "Wait a little and ask again."),
            Problem::Database(_) | Problem::Internal(_) => text!(
                "没有完成，请稍后再试；如果仍然出现，请告诉管理员。",
                "It was not done. Try again in a moment; if it stays, tell an administrator."
            ),
        }
    }
}

impl From<diesel::result::Error> for Problem {
    fn from(error: diesel::result::Error) -> Problem {
        Problem::Database(db::Error::Query(error))
    }
}

impl From<web::Error> for Problem {
    fn from(error: web::Error) -> Problem {
        match error {
            web::Error::NotFound | web::Error::Forbidden => Problem::NotFound,
            web::Error::Database(error) => Problem::Database(error),
            error => Problem::Internal(error.to_string()),
        }
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        match self {
            Problem::TokenMissing
            | Problem::TokenUnknown
            | Problem::TokenExpired
            | Problem::TokenEnded => StatusCode::UNAUTHORIZED,
            Problem::NotFound => StatusCode::NOT_FOUND,
            Problem::BadParameter(..) => StatusCode::BAD_REQUEST,
            Problem::TooMany => StatusCode::TOO_MANY_REQUESTS,
            Problem::Database(error) if error.is_unavailable() => StatusCode::SERVICE_UNAVAILABLE,
            Problem::Database(_) | Problem::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let (status, title, detail) = (self.status_code(), self.title(), self.detail());
        if status == StatusCode::INTERNAL_SERVER_ERROR {
            tracing::error!(error = %self, "a request to the API failed");
        }
        let mut response = HttpResponse::build(status);
        match status {
            StatusCode::UNAUTHORIZED => {
                response.insert_header((header::WWW_AUTHENTICATE, "Bearer realm=\"shifu\""));
            }
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                response.insert_header((header::RETRY_AFTER, "5"));
            }
            _ => {}
        }
        let code = self.code();
        let mut body = json!({
            "type": format!("urn:shifu:problem:{code}"),
            "title": title.en,
            "status": status.as_u16(),
            "detail": detail.en,
            "code": code,
            "zh": { "title": title.zh, "detail": detail.zh },
        });
        if let Problem::BadParameter(name, _) = self {
            body["parameter"] = json!(name);
        }
        response.content_type(PROBLEM_JSON).body(body.to_string())
    }
}
