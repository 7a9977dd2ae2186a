//! Templates: the look of the paper as an administrator made it, in versions.

use serde::{Deserialize, Serialize};

use super::Content;
use crate::{
    i18n::{self, Lang, Text},
    print::{self, Colour},
    text,
    web::Problems,
};

/// Who signs, at most.
pub const MOST_SIGNATURES: usize = 3;
/// What can stand in braces in the texts of a template.
pub const PLACEHOLDERS: [&str; 9] = [
    "name",
    "title",
    "number",
    "check_code",
    "issued_on",
    "valid_from",
    "valid_through",
    "issuer",
    "site",
];
/// Letters on white paper are read from this contrast on.
const LEAST_CONTRAST: f64 = 4.5;

/// A picture that was kept with its digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stored {
    /// Its row in `certificate_file`.
    pub file: i64,
    pub digest: String,
}

/// A template's texts, colour and pictures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Body {
    /// What the template is called in the list.
    pub name: Text,
    pub heading: Text,
    /// Between the name and the title.
    pub statement: Text,
    /// Below the title.
    pub closing: Text,
    /// `#rrggbb`.
    pub accent: String,
    pub landscape: bool,
    /// Whether each paper says everything in the other language too, smaller.
    pub bilingual: bool,
    pub signatures: Vec<Text>,
    pub logo: Option<Stored>,
    pub seal: Option<Stored>,
}

impl Body {
    /// What certificates without a template are printed by. It must stay as it is: those issued
    /// before there was a template are made from it.
    pub fn standard() -> Body {
        Body {
            name: text!("标准样式", "Standard"),
            heading: text!("资格证书", "Certificate of Qualification"),
            statement: text!(
                "已完成规定培训并通过考核，具备以下资格",
                "has completed the training and passed the assessment for"
            ),
            closing: text!("特发此证。", "In witness whereof this certificate is issued."),
            accent: "#8c2331".into(),
            landscape: true,
            bilingual: true,
            signatures: vec![text!("授权签发人", "Authorised signatory")],
            logo: None,
            seal: None,
        }
    }

    pub fn colour(&self) -> Colour {
        Colour::parse(&self.accent).unwrap_or(Colour::BLACK)
    }

    /// The texts that may carry placeholders, by the name of their field.
    fn phrases(&self) -> [(&'static str, &Text); 3] {
        [("heading", &self.heading), ("statement", &self.statement), ("closing", &self.closing)]
    }

    /// What is wrong with it, by field. Pictures are looked at when they come in.
    pub fn problems(&self) -> Problems {
        let mut problems = Problems::default();
        for (field, text) in [("name", &self.name), ("heading", &self.heading)] {
            for (tongue, words) in tongues(text) {
                if words.is_empty() {
                    let asked = text!("请填写。", "Please fill this in.");
                    problems.add(&format!("{field}_{tongue}"), asked);
                }
            }
        }
        let most = |field: &str| if field == "closing" { 400 } else { 120 };
        let signatures = self.signatures.iter().enumerate();
        let signatures: Vec<(String, &Text)> =
            signatures.map(|(at, text)| (format!("signature_{}", at + 1), text)).collect();
        let phrases = self.phrases().map(|(field, text)| (field.to_owned(), text));
        let name = [("name".to_owned(), &self.name)];
        for (field, text) in name.into_iter().chain(phrases).chain(signatures) {
            for (tongue, words) in tongues(text) {
                if let Some(problem) = wrong_with(&field, words, most(&field)) {
                    problems.add(&format!("{field}_{tongue}"), problem);
                }
            }
        }
        if let Some(problem) = wrong_colour(&self.accent) {
            problems.add("accent", problem);
        }
        problems
    }
}

fn tongues(text: &Text) -> [(&'static str, &str); 2] {
    [("zh", &text.zh), ("en", &text.en)]
}

fn wrong_with(field: &str, words: &str, most: usize) -> Option<Text> {
    if words.chars().count() > most {
        return Some(text!("最多 {most} 个字符。", "At most {most} characters."));
    }
    if let Err(error) = print::fonts::can_print(words) {
        return Some(error.message());
    }
    let takes = matches!(field, "heading" | "statement" | "closing");
    let known = PLACEHOLDERS.map(|name| format!("{{{name}}}")).join(" ");
    match placeholders(words) {
        Ok(names) => {
            let unknown = names.into_iter().find(|name| !PLACEHOLDERS.contains(name) || !takes)?;
            Some(if takes {
                text!(
                    "没有占位符 {{{unknown}}}。可用：{known}",
                    "There is no placeholder {{{unknown}}}. These can be used: {known}"
                )
            } else {
                text!("这里不能用占位符。", "Placeholders cannot be used here.")
            })
        }
        Err(()) => Some(text!(
            "花括号没有成对。可用的占位符：{known}",
            "A brace is not closed or not opened. These can be used: {known}"
        )),
    }
}

fn wrong_colour(word: &str) -> Option<Text> {
    match Colour::parse(word) {
        None => Some(text!(
            "请用 #rrggbb 的形式，例如 #8c2331。",
            "Write it as #rrggbb, such as #8c2331."
        )),
        Some(colour) if colour.contrast() < LEAST_CONTRAST => Some(text!(
            "颜色太浅，白纸上看不清。请选深一些的颜色。",
            "Too light to be read on white paper. Choose a darker colour."
        )),
        Some(_) => None,
    }
}

/// The names in braces, in their order; nothing when the braces do not match.
fn placeholders(text: &str) -> Result<Vec<&str>, ()> {
    let mut names = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        let inside = rest[at..].strip_prefix('{').ok_or(())?;
        let (name, after) = inside.split_once('}').ok_or(())?;
        if name.contains('{') {
            return Err(());
        }
        names.push(name);
        rest = after;
    }
    Ok(names)
}

/// A text of a template with what the certificate says put in.
pub fn fill(text: &str, content: &Content, lang: Lang) -> String {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let Some((name, after)) = after.split_once('}') else { break };
        filled.push_str(&value(name, content, lang));
        rest = after;
    }
    filled + rest
}

fn value(name: &str, content: &Content, lang: Lang) -> String {
    match name {
        "name" => content.name.get(lang).to_owned(),
        "title" => content.title.get(lang).to_owned(),
        "number" => content.number.clone(),
        "check_code" => content.check_code.clone(),
        "issued_on" => i18n::date(lang, content.issued_on),
        "valid_from" => i18n::date(lang, content.valid_from),
        "valid_through" => content.through(lang),
        "issuer" => content.issuer.get(lang).to_owned(),
        "site" => content.site.get(lang).to_owned(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_standard_is_in_order_and_stays_as_it_is() {
        assert_eq!(Body::standard().problems(), Problems::default());
        let written = serde_json::to_vec(&Body::standard()).unwrap();
        assert_eq!(
            super::super::content::hex_digest(&written),
            "f27e9d0396d2215814e2b146e41d31988529d260f801b250dfaa76a6060398d3",
            "certificates without a template are made from it"
        );
    }

    #[test]
    fn every_mistake_is_named_at_its_field() {
        let wrong = |change: fn(&mut Body)| {
            let mut body = Body::standard();
            change(&mut body);
            body.problems()
        };
        let said = |problems: &Problems, field: &str| {
            problems.get(field).map(|text| text.en.clone()).unwrap_or_default()
        };
        let unknown = wrong(|body| body.closing.zh = "{nome} 特发此证".into());
        assert!(said(&unknown, "closing_zh").contains("{nome}"), "{unknown:?}");
        for braces in ["{name", "name}", "{{name}}", "}{"] {
            let mut body = Body::standard();
            body.statement.en = braces.into();
            assert!(said(&body.problems(), "statement_en").contains("brace"), "{braces}");
        }
        assert!(said(&wrong(|body| body.accent = "red".into()), "accent").contains("#rrggbb"));
        assert!(said(&wrong(|body| body.accent = "#ffe0e0".into()), "accent").contains("darker"));
        assert!(!said(&wrong(|body| body.heading.en = String::new()), "heading_en").is_empty());
        let dragon = wrong(|body| body.signatures[0].zh = "🐉".into());
        assert!(said(&dragon, "signature_1_zh").contains("U+1F409"));
        let label = wrong(|body| body.signatures[0].en = "{name}".into());
        assert!(said(&label, "signature_1_en").contains("cannot"));
        assert!(!said(&wrong(|body| body.closing.zh = "长".repeat(401)), "closing_zh").is_empty());
    }

    #[test]
    fn placeholders_are_filled_in_the_language() {
        let day = "2026-11-23".parse().unwrap();
        let content = Content::sample(day);
        let said = |lang| fill("{name}|{issued_on}|{number}", &content, lang);
        assert_eq!(said(Lang::Zh), "欧阳龘𠮷|2026年11月23日|SF-0000-000000");
        assert_eq!(said(Lang::En), "Łucja Ŵynne Ouyang|23 Nov 2026|SF-0000-000000");
        assert_eq!(fill("no braces", &content, Lang::En), "no braces");
    }
}
