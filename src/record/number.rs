//! Chinese certificate numbers and the words of older certificates.
//!
//! A skill-grade certificate carries 22 characters that say who evaluated, where, in which year
//! and which grade; a number that contradicts itself is refused with the reason. Older papers
//! carry words, which are matched whole and never by a part of them: 高级 is grade 3, 高级技师 is
//! grade 1 and 技师 is grade 2.

use crate::{i18n::Text, text};

/// A skill-grade certificate number (职业技能等级证书编号), taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateNumber {
    pub body: BodyType,
    /// The number given by the ministry; none when the body is filed with a province.
    pub body_code: Option<u16>,
    pub province: u8,
    /// The province's serial of the body or site.
    pub site: String,
    pub year: u16,
    /// 1 is the highest.
    pub grade: u8,
    pub serial: u32,
}

/// Who evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyType {
    /// `Y`
    Employer,
    /// `S`
    Social,
}

const LENGTH: usize = 22;

impl CertificateNumber {
    /// Takes a number apart, or says why it cannot be one.
    pub fn parse(word: &str) -> Result<CertificateNumber, Text> {
        let word = word.trim();
        let length = word.chars().count();
        if length != LENGTH {
            return Err(text!(
                "证书编号应为 22 位，现为 {length} 位",
                "a certificate number has 22 characters, this one has {length}"
            ));
        }
        let body = BodyType::parse(word)?;
        let digits = &word[1..];
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(text!(
                "首字母之后应全部为数字",
                "after the first letter there are only digits"
            ));
        }
        let field = |from: usize, to: usize| digits[from..to].parse::<u32>().unwrap_or_default();
        let grade = field(14, 15) as u8;
        if !(1..=5).contains(&grade) {
            return Err(text!(
                "第 16 位是等级，应为 1 至 5，现为 {grade}",
                "the 16th character is the grade, 1 to 5; here it is {grade}"
            ));
        }
        Ok(CertificateNumber {
            body,
            body_code: Some(field(0, 4) as u16).filter(|code| *code > 0),
            province: field(4, 6) as u8,
            site: digits[6..12].to_owned(),
            year: 2000 + field(12, 14) as u16,
            grade,
            serial: field(15, 21),
        })
    }

    /// The level of the national ladder: `L5` … `L1`.
    pub fn level(&self) -> String {
        format!("L{}", self.grade)
    }
}

impl BodyType {
    /// By the first character; the rest of the number is ASCII from there on.
    fn parse(number: &str) -> Result<BodyType, Text> {
        match number.chars().next() {
            Some('Y') => Ok(BodyType::Employer),
            Some('S') => Ok(BodyType::Social),
            Some('y' | 's') => {
                Err(text!("首字母应为大写 Y 或 S", "the first letter is a capital Y or S"))
            }
            other => {
                let found = other.unwrap_or(' ');
                Err(text!(
                    "首字母应为 Y（用人单位）或 S（社会评价组织），现为“{found}”",
                    "the first letter is Y (employer) or S (evaluation body), here it is “{found}”"
                ))
            }
        }
    }
}

/// The national level named by a word on a certificate, old or new.
pub fn level_of_word(word: &str) -> Option<&'static str> {
    match word.trim() {
        "五级" | "初级" | "初级工" | "五级/初级工" => Some("L5"),
        "四级" | "中级" | "中级工" | "四级/中级工" => Some("L4"),
        "三级" | "高级" | "高级工" | "三级/高级工" => Some("L3"),
        "二级" | "技师" | "二级/技师" => Some("L2"),
        "一级" | "高级技师" | "一级/高级技师" => Some("L1"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn n1_a_number_says_body_province_site_year_grade_and_serial() {
        let number = CertificateNumber::parse("Y000123000001195000001").unwrap();
        assert_eq!(
            number,
            CertificateNumber {
                body: BodyType::Employer,
                body_code: Some(1),
                province: 23,
                site: "000001".into(),
                year: 2019,
                grade: 5,
                serial: 1,
            }
        );
        assert_eq!(number.level(), "L5");
        let provincial = CertificateNumber::parse("S000044000001203000007").unwrap();
        assert_eq!((provincial.body, provincial.body_code), (BodyType::Social, None));
    }

    #[test]
    fn n2_a_wrong_number_is_refused_with_the_reason_in_both_languages() {
        for (word, zh, en) in [
            ("S000044000001206000007", "等级", "grade"),
            ("S00004400000120300007", "22 位", "22 characters"),
            ("s000044000001203000007", "大写", "capital"),
            ("X000044000001203000007", "Y（用人单位）", "evaluation body"),
            ("S00004400000120300000O", "数字", "digits"),
            ("S0000440000012030000０", "22 位", "22 characters"),
            ("证000044000001203000007", "首字母", "first letter"),
        ] {
            let reason = CertificateNumber::parse(word).unwrap_err();
            assert!(reason.zh.contains(zh), "{word}: {}", reason.zh);
            assert!(reason.en.contains(en), "{word}: {}", reason.en);
        }
    }

    #[test]
    fn grade_words_are_matched_whole() {
        for (word, level) in [
            ("高级", "L3"),
            ("高级技师", "L1"),
            ("技师", "L2"),
            (" 中级工 ", "L4"),
            ("五级/初级工", "L5"),
        ] {
            assert_eq!(level_of_word(word), Some(level), "{word}");
        }
        assert_eq!(level_of_word("特级技师"), None);
        assert_eq!(level_of_word("高级技师职业资格"), None);
    }
}
