//! What stands on a paper, taken from the certificate's row, where it never changes.

use chrono::{Days, NaiveDate};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::{
    certification::model::Certificate,
    i18n::{self, Lang, Text},
    t, text,
};

/// Everything a paper says that is not the template's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Content {
    pub number: String,
    pub check_code: String,
    pub issued_on: NaiveDate,
    pub valid_from: NaiveDate,
    /// The last valid day.
    pub valid_through: Option<NaiveDate>,
    /// The name in both scripts.
    pub name: Text,
    pub title: Text,
    pub site: Text,
    pub issuer: Text,
}

impl Content {
    pub fn of(certificate: &Certificate) -> Content {
        let printed = certificate.printed();
        Content {
            number: certificate.number.clone(),
            check_code: certificate.check_code.clone(),
            issued_on: certificate.issued_on,
            valid_from: certificate.valid_from,
            valid_through: certificate.valid_through,
            name: printed.names(),
            title: printed.title,
            site: printed.site,
            issuer: printed.issuer,
        }
    }

    /// For previews: a name with the characters that are hardest to print.
    pub fn sample(today: NaiveDate) -> Content {
        let through = today.checked_add_days(Days::new(729)).unwrap_or(today);
        Content {
            number: "SF-0000-000000".into(),
            check_code: "34679ACDEF".into(),
            issued_on: today,
            valid_from: today,
            valid_through: Some(through),
            name: text!("欧阳龘𠮷", "Łucja Ŵynne Ouyang"),
            title: text!("高压系统作业资质（样本）", "High-Voltage Work (sample)"),
            site: text!("示范门店", "Sample Site"),
            issuer: text!("示范汽车集团", "Sample Motor Group"),
        }
    }

    /// SHA-256 of what was issued, as hexadecimal digits: the content and which template shows it.
    pub fn digest(&self, template: &str) -> String {
        let frozen = serde_json::to_vec(&(self, template)).unwrap_or_default();
        hex_digest(&frozen)
    }

    pub fn through(&self, lang: Lang) -> String {
        match self.valid_through {
            Some(day) => i18n::date(lang, day),
            None => t!(lang, "长期", "no end"),
        }
    }

    /// From when through when, both days included.
    pub fn validity(&self, lang: Lang) -> String {
        let from = i18n::date(lang, self.valid_from);
        match self.valid_through {
            Some(day) => {
                let through = i18n::date(lang, day);
                t!(lang, "{from} 至 {through}（含当日）", "{from} through {through} (inclusive)")
            }
            None => t!(lang, "自 {from} 起长期有效", "from {from}, without end"),
        }
    }
}

/// SHA-256 as hexadecimal digits.
pub fn hex_digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
