//! The two languages shifu speaks, and text that exists in both.
//!
//! A message is written once, in both languages, where it is used: [`t!`](crate::t!) picks the reader's
//! language, [`text!`](crate::text!) keeps both for a reader who is not known yet (a mail, a stored reason, an
//! API answer). The compiler refuses half a message and checks the arguments of each language, so
//! a missing translation cannot exist and there are no keys to look up at run time.

mod dates;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use dates::{date, instant, month, short_instant};

/// A language a person reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Lang {
    #[default]
    #[serde(rename = "zh-CN")]
    Zh,
    #[serde(rename = "en")]
    En,
}

impl Lang {
    pub const ALL: [Lang; 2] = [Lang::Zh, Lang::En];

    /// The BCP 47 tag, as in `<html lang>` and in the database.
    pub fn tag(self) -> &'static str {
        match self {
            Lang::Zh => "zh-CN",
            Lang::En => "en",
        }
    }

    /// What the language calls itself.
    pub fn own_name(self) -> &'static str {
        match self {
            Lang::Zh => "中文",
            Lang::En => "English",
        }
    }

    /// Understands tags and the words people write into staff lists (`zh`, `中文`, `EN`, …).
    pub fn parse(word: &str) -> Option<Lang> {
        let word = word.trim().to_ascii_lowercase();
        match word.as_str() {
            "zh" | "zh-cn" | "zh_cn" | "zh-hans" | "cn" | "中文" | "汉语" | "简体中文"
            | "chinese" => Some(Lang::Zh),
            "en" | "en-gb" | "en-us" | "英文" | "英语" | "english" => Some(Lang::En),
            _ => None,
        }
    }

    /// The best of an `Accept-Language` header: the known language with the highest weight.
    pub fn from_accept_language(header: &str) -> Option<Lang> {
        let mut best: Option<(f32, Lang)> = None;
        for part in header.split(',') {
            let mut pieces = part.trim().split(';');
            let tag = pieces.next().unwrap_or_default().trim().to_ascii_lowercase();
            let primary = tag.split('-').next().unwrap_or_default();
            let Some(lang) = Lang::parse(primary) else { continue };
            let weight = pieces
                .find_map(|piece| piece.trim().strip_prefix("q=")?.parse().ok())
                .unwrap_or(1.0);
            if best.is_none_or(|(highest, _)| weight > highest) {
                best = Some((weight, lang));
            }
        }
        best.map(|(_, lang)| lang)
    }
}

/// The same words in both languages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    pub zh: String,
    pub en: String,
}

impl Text {
    pub fn new(zh: impl Into<String>, en: impl Into<String>) -> Text {
        Text { zh: zh.into(), en: en.into() }
    }

    /// The same in both languages: names, codes, numbers.
    pub fn same(both: impl Into<String>) -> Text {
        let both = both.into();
        Text { zh: both.clone(), en: both }
    }

    /// In the reader's language; what was written in one language only reads in that one.
    pub fn get(&self, lang: Lang) -> &str {
        match lang {
            Lang::Zh if self.zh.is_empty() => &self.en,
            Lang::En if self.en.is_empty() => &self.zh,
            Lang::Zh => &self.zh,
            Lang::En => &self.en,
        }
    }

    /// Whether there is nothing in either language.
    pub fn is_blank(&self) -> bool {
        self.zh.trim().is_empty() && self.en.trim().is_empty()
    }

    /// Joins texts as each language enumerates them.
    pub fn list(items: &[Text]) -> Text {
        let join = |lang, separator: &str| {
            items.iter().map(|item: &Text| item.get(lang)).collect::<Vec<_>>().join(separator)
        };
        Text { zh: join(Lang::Zh, "、"), en: join(Lang::En, ", ") }
    }
}

/// An English count with its noun: `count(1, "day", "days")` is `1 day`.
pub fn count(n: impl fmt::Display, one: &str, many: &str) -> String {
    let n = n.to_string();
    let noun = if n == "1" { one } else { many };
    format!("{n} {noun}")
}

/// `t!(lang, "中文 {x}", "English {x}")`: the text in the reader's language.
#[macro_export]
macro_rules! t {
    ($lang:expr, $zh:literal, $en:literal $(, $($arg:tt)*)?) => {
        match $lang {
            $crate::i18n::Lang::Zh => ::std::format!($zh $(, $($arg)*)?),
            $crate::i18n::Lang::En => ::std::format!($en $(, $($arg)*)?),
        }
    };
}

/// `text!("中文 {x}", "English {x}")`: the text in both languages.
#[macro_export]
macro_rules! text {
    ($zh:literal, $en:literal $(,)?) => {
        $crate::i18n::Text { zh: ::std::format!($zh), en: ::std::format!($en) }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reader_gets_the_language_they_weigh_highest() {
        for (header, expected) in [
            ("zh-CN,zh;q=0.9,en;q=0.8", Some(Lang::Zh)),
            ("en-GB,en;q=0.9,zh;q=0.5", Some(Lang::En)),
            ("de-DE,zh;q=0.3,en;q=0.7", Some(Lang::En)),
            ("fr", None),
            ("", None),
        ] {
            assert_eq!(Lang::from_accept_language(header), expected, "{header}");
        }
    }

    #[test]
    fn english_counts_have_a_singular() {
        assert_eq!(count(1, "day", "days"), "1 day");
        assert_eq!(count(0, "day", "days"), "0 days");
    }
}
