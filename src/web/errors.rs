//! What can go wrong in a request, each with its status and its words for the reader.

use actix_web::{
    HttpResponse, ResponseError,
    http::{StatusCode, header},
};

use crate::{db, i18n::Text, text};

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is not there, or not for this person to see; the two look the same on purpose.
    #[error("not found")]
    NotFound,
    /// Visible, but not allowed.
    #[error("forbidden")]
    Forbidden,
    #[error("not signed in")]
    SignInFirst,
    /// The form was understood and a rule says no. The text says which, and what to do.
    #[error("refused: {}", .0.en)]
    Refused(Text),
    /// The request itself cannot be understood.
    #[error("invalid: {}", .0.en)]
    Invalid(Text),
    #[error("too many requests: {}", .0.en)]
    TooMany(Text),
    /// A page that shows the form again, with its mistakes marked.
    #[error("the form has mistakes")]
    Again(Box<maud::Markup>),
    #[error(transparent)]
    Database(#[from] db::Error),
    #[error("internal: {0}")]
    Internal(String),
}

impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Error {
        match error {
            diesel::result::Error::NotFound => Error::NotFound,
            error => Error::Database(db::Error::Query(error)),
        }
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Error {
        Error::Internal(format!("JSON: {error}"))
    }
}

impl Error {
    /// What the reader is told: what happened and what to do about it.
    pub fn message(&self) -> Text {
        match self {
            Error::NotFound => text!(
                "这个页面不存在，或者您无权查看。请检查地址，或返回首页。",
                "There is no such page, or it is not for you to see. Check the address, or go back to the start page."
            ),
            Error::Forbidden => text!(
                "您的角色不能进行这项操作。如有需要，请联系管理员授权。",
                "Your role does not allow this. If you need it, ask an administrator."
            ),
            Error::SignInFirst => text!("请先登录。", "Please sign in first."),
            Error::Refused(text) | Error::Invalid(text) | Error::TooMany(text) => text.clone(),
            Error::Again(_) => {
                text!(
                    "表单有误，请检查标出的项目。",
                    "The form has mistakes; check the marked fields."
                )
            }
            Error::Database(error) if error.is_unavailable() => text!(
                "数据库暂时忙或无法使用，您的操作没有保存，也没有只保存一半。请稍等片刻再试；如果持续出现，请告诉管理员。",
                "The database is busy or out of reach just now. Nothing was saved, and nothing half saved. Try again in a moment; if it stays, tell an administrator."
            ),
            Error::Database(_) | Error::Internal(_) => text!(
                "系统出了问题，您的操作没有完成，也没有只完成一半。请稍后重试；如果仍然出现，请告诉管理员。",
                "Something went wrong on our side. Nothing was done, and nothing half done. Try again in a moment; if it stays, tell an administrator."
            ),
        }
    }
}

/// Carries the words to the middleware that knows the reader's language and draws the page.
pub struct ErrorNote(pub Text);

impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        match self {
            Error::NotFound => StatusCode::NOT_FOUND,
            Error::Forbidden => StatusCode::FORBIDDEN,
            Error::SignInFirst => StatusCode::UNAUTHORIZED,
            Error::Refused(_) => StatusCode::CONFLICT,
            Error::Invalid(_) => StatusCode::BAD_REQUEST,
            Error::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            Error::Again(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Error::Database(error) if error.is_unavailable() => StatusCode::SERVICE_UNAVAILABLE,
            Error::Database(_) | Error::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        if let Error::Again(page) = self {
            return response.content_type("text/html; charset=utf-8").body(page.0.clone());
        }
        if let Error::Database(_) | Error::Internal(_) = self {
            tracing::error!(error = %self, "a request failed");
        }
        if self.status_code() == StatusCode::SERVICE_UNAVAILABLE {
            response.insert_header((header::RETRY_AFTER, "5"));
        }
        let mut response = response.finish();
        response.extensions_mut().insert(ErrorNote(self.message()));
        response
    }
}
