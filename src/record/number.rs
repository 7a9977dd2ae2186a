//! Chinese certificate numbers and the words of older certificates.
//!
//! Three shapes are known: the 22 characters of a skill-grade certificate, the two letters and
//! twenty digits of a special-grade technician (特级技师), and the 16 digits of the older
//! qualification certificate (职业资格证书). [`recognise`] tells which one a word means to be.
//!
//! A skill-grade certificate carries 22 characters that say who evaluated, where, in which year
//! and which grade; a number that contradicts itself is refused with the reason. Older papers
//! carry words, which are matched whole and never by a part of them: 高级 is grade 3, 高级技师 is
//! grade 1 and 技师 is grade 2.

use std::fmt;

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
        narrow(word)?;
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
        let province = field(4, 6) as u8;
        known_province(province, "6", "7", "6th", "7th")?;
        Ok(CertificateNumber {
            body,
            body_code: Some(field(0, 4) as u16).filter(|code| *code > 0),
            province,
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

/// As it stands on the certificate: what [`CertificateNumber::parse`] takes apart.
impl fmt::Display for CertificateNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letter = match self.body {
            BodyType::Employer => 'Y',
            BodyType::Social => 'S',
        };
        let (code, province, site) = (self.body_code.unwrap_or(0), self.province, &self.site);
        let (year, grade, serial) = (self.year % 100, self.grade, self.serial);
        write!(f, "{letter}{code:04}{province:02}{site}{year:02}{grade}{serial:06}")
    }
}

/// The number of a qualification certificate (职业资格证书) as it was used before, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LegacyNumber {
    pub year: u16,
    pub province: u8,
    pub city: u8,
    /// 0 to 4.
    pub body_type: u8,
    pub body: u16,
    /// 5 is the lowest, 1 the highest.
    pub grade: u8,
    pub serial: u32,
}

const LEGACY_LENGTH: usize = 16;

impl LegacyNumber {
    /// Takes a number apart, or says why it cannot be one.
    pub fn parse(word: &str) -> Result<LegacyNumber, Text> {
        let word = word.trim();
        narrow(word)?;
        let length = word.chars().count();
        if length != LEGACY_LENGTH || !word.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(text!(
                "职业资格证书编号应为 16 位数字，现为 {length} 位",
                "a qualification certificate has 16 digits, this one has {length} characters"
            ));
        }
        let field = |from: usize, to: usize| word[from..to].parse::<u32>().unwrap_or_default();
        let (province, body_type, grade) =
            (field(2, 4) as u8, field(6, 7) as u8, field(10, 11) as u8);
        known_province(province, "3", "4", "3rd", "4th")?;
        if body_type > 4 {
            return Err(text!(
                "第 7 位是机构类别，应为 0 至 4，现为 {body_type}",
                "the 7th digit is the kind of body, 0 to 4; here it is {body_type}"
            ));
        }
        if !(1..=5).contains(&grade) {
            return Err(text!(
                "第 11 位是等级，应为 1 至 5，现为 {grade}",
                "the 11th digit is the grade, 1 to 5; here it is {grade}"
            ));
        }
        let year = field(0, 2) as u16;
        Ok(LegacyNumber {
            year: if year >= 90 { 1900 + year } else { 2000 + year },
            province,
            city: field(4, 6) as u8,
            body_type,
            body: field(7, 10) as u16,
            grade,
            serial: field(11, 16),
        })
    }

    /// The level of the national ladder: `L5` … `L1`.
    pub fn level(&self) -> String {
        format!("L{}", self.grade)
    }
}

/// What a number is, and what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recognised {
    SkillGrade(CertificateNumber),
    /// Of a special-grade technician: what its parts mean could not be verified, so it is only
    /// known by its shape.
    SpecialGrade,
    Legacy(LegacyNumber),
}

/// Which of the known shapes a word means to be, taken apart, or what is wrong with it; nothing
/// for any other number, of which there are many.
pub fn recognise(word: &str) -> Option<Result<Recognised, Text>> {
    let word = word.trim();
    let plain: String = word.chars().map(half_width).collect();
    let letters = plain.chars().take_while(char::is_ascii_alphabetic).count();
    let digits = plain.chars().filter(char::is_ascii_digit).count();
    let length = plain.chars().count();
    let narrowed = narrow(word);
    // One character too many or too few still means to be one.
    match (letters, length) {
        (2, 21..=23) if digits + 4 > length => Some(narrowed.and_then(|()| special(&plain))),
        (1, 21..=23) if digits + 4 > length => {
            Some(CertificateNumber::parse(word).map(Recognised::SkillGrade))
        }
        (0, 16) if digits == length => Some(LegacyNumber::parse(word).map(Recognised::Legacy)),
        _ => None,
    }
}

fn special(word: &str) -> Result<Recognised, Text> {
    let (letters, digits) = word.split_at(2);
    let length = word.len();
    if !letters.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Err(text!("开头两个字母应为大写", "the two letters in front are capitals"));
    }
    if length != LENGTH || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(text!(
            "特级技师证书编号应为 2 个大写字母加 20 位数字，现共 {length} 位",
            "a special-grade number has 2 capitals and 20 digits; this one has {length} characters"
        ));
    }
    Ok(Recognised::SpecialGrade)
}

/// Full-width letters and digits look the same and are others: whoever typed them is told.
fn narrow(word: &str) -> Result<(), Text> {
    match word.chars().find(|c| half_width(*c) != *c) {
        None => Ok(()),
        Some(wide) => {
            let plain = half_width(wide);
            Err(text!(
                "“{wide}”是全角字符，请切换到半角后重新输入（应为“{plain}”）",
                "“{wide}” is a full-width character: type it in half width, “{plain}”"
            ))
        }
    }
}

fn half_width(c: char) -> char {
    match c {
        '０'..='９' | 'Ａ'..='Ｚ' | 'ａ'..='ｚ' => {
            char::from_u32(c as u32 - 0xFEE0).unwrap_or(c)
        }
        other => other,
    }
}

fn known_province(code: u8, zh_from: &str, zh_to: &str, from: &str, to: &str) -> Result<(), Text> {
    if province(code).is_some() {
        return Ok(());
    }
    Err(text!(
        "第 {zh_from}、{zh_to} 位是省级代码，{code:02} 不是任何省级行政区的代码",
        "the {from} and {to} characters are the province; {code:02} is none"
    ))
}

/// The province of a code, as the national standard numbers them.
pub fn province(code: u8) -> Option<Text> {
    let found = PROVINCES.iter().find(|(known, ..)| *known == code)?;
    Some(Text::new(found.1, found.2))
}

const PROVINCES: [(u8, &str, &str); 35] = [
    (11, "北京", "Beijing"),
    (12, "天津", "Tianjin"),
    (13, "河北", "Hebei"),
    (14, "山西", "Shanxi"),
    (15, "内蒙古", "Inner Mongolia"),
    (21, "辽宁", "Liaoning"),
    (22, "吉林", "Jilin"),
    (23, "黑龙江", "Heilongjiang"),
    (31, "上海", "Shanghai"),
    (32, "江苏", "Jiangsu"),
    (33, "浙江", "Zhejiang"),
    (34, "安徽", "Anhui"),
    (35, "福建", "Fujian"),
    (36, "江西", "Jiangxi"),
    (37, "山东", "Shandong"),
    (41, "河南", "Henan"),
    (42, "湖北", "Hubei"),
    (43, "湖南", "Hunan"),
    (44, "广东", "Guangdong"),
    (45, "广西", "Guangxi"),
    (46, "海南", "Hainan"),
    (50, "重庆", "Chongqing"),
    (51, "四川", "Sichuan"),
    (52, "贵州", "Guizhou"),
    (53, "云南", "Yunnan"),
    (54, "西藏", "Tibet"),
    (61, "陕西", "Shaanxi"),
    (62, "甘肃", "Gansu"),
    (63, "青海", "Qinghai"),
    (64, "宁夏", "Ningxia"),
    (65, "新疆", "Xinjiang"),
    (66, "新疆生产建设兵团", "Xinjiang Production and Construction Corps"),
    (71, "台湾", "Taiwan"),
    (81, "香港", "Hong Kong"),
    (82, "澳门", "Macao"),
];

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
    use proptest::prelude::*;

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
            ("S00004400000120300000０", "全角", "full-width"),
            ("Ｓ000044000001203000007", "全角", "half width, “S”"),
            ("S000099000001203000007", "99 不是", "99 is none"),
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

    #[test]
    fn an_older_number_says_year_place_body_grade_and_serial() {
        let number = LegacyNumber::parse("1231000102640567").unwrap_err();
        assert!(number.en.contains("11th digit"), "{}", number.en);
        let number = LegacyNumber::parse("1231000102030567").unwrap_err();
        assert!(number.zh.contains("等级"), "{}", number.zh);
        let number = LegacyNumber::parse("1231000102330567").unwrap();
        assert_eq!((number.year, number.province, number.city), (2012, 31, 0));
        assert_eq!(
            (number.body_type, number.body, number.grade, number.serial),
            (0, 102, 3, 30567)
        );
        assert_eq!(LegacyNumber::parse("9831000102330567").unwrap().year, 1998);
        assert!(LegacyNumber::parse("1299000102330567").unwrap_err().en.contains("99 is none"));
        assert!(LegacyNumber::parse("1231009102330567").unwrap_err().en.contains("7th digit"));
    }

    #[test]
    fn a_number_is_recognised_by_its_shape_even_when_it_is_slightly_wrong() {
        let shape = |word| recognise(word).map(|found| found.is_ok());
        assert_eq!(shape("Y000123000001195000001"), Some(true));
        assert_eq!(shape("y000123000001195000001"), Some(false));
        assert_eq!(shape("Y00012300000119500001"), Some(false), "one too few");
        assert_eq!(shape("Ｙ000123000001195000001"), Some(false), "full width");
        assert_eq!(recognise("YT00012300000119000001"), Some(Ok(Recognised::SpecialGrade)));
        assert_eq!(shape("yT00012300000119000001"), Some(false));
        assert_eq!(shape("1231000102330567"), Some(true));
        for other in ["SH-2021-0001", "", "T310115198001011234", "310115198001011234", "证书"] {
            assert_eq!(recognise(other), None, "{other}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn taking_apart_and_putting_together_come_to_the_same(
            letter in "[YS]", code in 0_u16..10_000, province in 0_usize..35, site in 0_u32..1_000_000,
            year in 0_u8..100, grade in 1_u8..=5, serial in 0_u32..1_000_000,
        ) {
            let province = PROVINCES[province].0;
            let word = format!("{letter}{code:04}{province:02}{site:06}{year:02}{grade}{serial:06}");
            let parsed = CertificateNumber::parse(&word).unwrap();
            prop_assert_eq!(parsed.to_string(), word);
        }

        /// Nothing makes it panic, and a wrong letter in the middle is never let pass.
        #[test]
        fn any_word_is_answered(word in "\\PC{0,30}") {
            let _ = (CertificateNumber::parse(&word), LegacyNumber::parse(&word), recognise(&word));
        }
    }
}
