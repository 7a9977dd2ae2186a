//! Forms: what came in, what is wrong with it, and the fields that show both again.

use std::collections::BTreeMap;

use actix_web::{FromRequest, HttpRequest, dev::Payload, web};
use futures_util::future::{FutureExt, LocalBoxFuture};
use maud::{Markup, Render, html};
use serde::de::DeserializeOwned;
use validator::Validate;

use super::Error;
use crate::{
    i18n::{Lang, Text},
    text,
};

/// A parsed form body. A body that is no form at all is refused in words.
pub struct Form<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Form<T> {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Form<T>, Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        web::Form::<T>::from_request(request, payload)
            .map(|parsed| match parsed {
                Ok(form) => Ok(Form(form.into_inner())),
                Err(error) => {
                    tracing::debug!(%error, "a form was not understood");
                    Err(Error::Invalid(text!(
                        "表单内容不完整或格式不对。请返回上一页重新填写。",
                        "The form is incomplete or malformed. Go back and fill it in again."
                    )))
                }
            })
            .boxed_local()
    }
}

/// A fresh key for a form, so that sending it twice does its work once.
pub fn new_key() -> String {
    uuid::Uuid::now_v7().simple().to_string()
}

/// What is wrong, by field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems(BTreeMap<String, Text>);

impl Problems {
    /// Runs the declared checks of a form.
    pub fn of(form: &impl Validate) -> Problems {
        let mut problems = Problems::default();
        if let Err(errors) = form.validate() {
            for (field, found) in errors.field_errors() {
                if let Some(first) = found.first() {
                    problems.add(field.as_ref(), describe(first));
                }
            }
        }
        problems
    }

    pub fn add(&mut self, field: &str, text: Text) {
        self.0.entry(field.to_owned()).or_insert(text);
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn get(&self, field: &str) -> Option<&Text> {
        self.0.get(field)
    }
}

fn describe(error: &validator::ValidationError) -> Text {
    let param = |name: &str| error.params.get(name).map(ToString::to_string);
    match (error.code.as_ref(), param("min"), param("max")) {
        ("length", Some(min), _) if min == "1" => text!("请填写。", "Please fill this in."),
        ("length", Some(min), None) => {
            text!("至少 {min} 个字符。", "At least {min} characters.")
        }
        ("length", _, Some(max)) => text!("最多 {max} 个字符。", "At most {max} characters."),
        ("email", ..) => text!("这不是有效的邮箱地址。", "This is not a valid e-mail address."),
        ("range", Some(min), Some(max)) => {
            text!("请填 {min} 到 {max} 之间的数。", "A number from {min} to {max}.")
        }
        _ => text!("请检查这一项。", "Please check this field."),
    }
}

/// One line of a form: label, control, hint, and the mistake if there is one.
pub struct Field<'a> {
    pub name: &'a str,
    pub label: String,
    pub value: &'a str,
    pub kind: &'a str,
    pub required: bool,
    pub hint: String,
    pub autocomplete: Option<&'a str>,
}

impl<'a> Field<'a> {
    pub fn new(name: &'a str, label: impl Into<String>, value: &'a str) -> Field<'a> {
        Field {
            name,
            label: label.into(),
            value,
            kind: "text",
            required: false,
            hint: String::new(),
            autocomplete: None,
        }
    }

    pub fn kind(self, kind: &'a str) -> Field<'a> {
        Field { kind, ..self }
    }

    pub fn required(self) -> Field<'a> {
        Field { required: true, ..self }
    }

    pub fn hint(self, hint: impl Into<String>) -> Field<'a> {
        Field { hint: hint.into(), ..self }
    }

    pub fn autocomplete(self, autocomplete: &'a str) -> Field<'a> {
        Field { autocomplete: Some(autocomplete), ..self }
    }

    /// A one-line input.
    pub fn input(&self, lang: Lang, problems: &Problems) -> Markup {
        let problem = problems.get(self.name);
        self.framed(
            lang,
            problem,
            html! {
                input.form-control .is-invalid[problem.is_some()] id=(self.name) name=(self.name)
                    type=(self.kind) value=(self.value) required[self.required]
                    autocomplete=[self.autocomplete] aria-describedby=(self.note_id())
                    aria-invalid=[problem.map(|_| "true")];
            },
        )
    }

    /// Several lines of text.
    pub fn area(&self, lang: Lang, problems: &Problems, rows: u8) -> Markup {
        let problem = problems.get(self.name);
        self.framed(
            lang,
            problem,
            html! {
                textarea.form-control .is-invalid[problem.is_some()] id=(self.name) name=(self.name)
                    rows=(rows) required[self.required] aria-describedby=(self.note_id())
                    aria-invalid=[problem.map(|_| "true")] { (self.value) }
            },
        )
    }

    /// A choice; options are value and label.
    pub fn select(
        &self,
        lang: Lang,
        problems: &Problems,
        options: impl IntoIterator<Item = (String, String)>,
    ) -> Markup {
        let problem = problems.get(self.name);
        self.framed(
            lang,
            problem,
            html! {
                select.form-select .is-invalid[problem.is_some()] id=(self.name) name=(self.name)
                    required[self.required] aria-describedby=(self.note_id()) {
                    @for (value, label) in options {
                        option value=(value) selected[value == self.value] { (label) }
                    }
                }
            },
        )
    }

    fn note_id(&self) -> String {
        format!("{}-note", self.name)
    }

    fn framed(&self, lang: Lang, problem: Option<&Text>, control: impl Render) -> Markup {
        html! {
            div.mb-3 {
                label.form-label .required[self.required] for=(self.name) { (self.label) }
                (control)
                div id=(self.note_id()) {
                    @if let Some(problem) = problem {
                        div.text-danger.small.mt-1 { (problem.get(lang)) }
                    }
                    @if !self.hint.is_empty() { div.form-hint { (self.hint) } }
                }
            }
        }
    }
}
