//! What stands in a cell: columns and their names, dates, words.

use chrono::NaiveDate;

use crate::{
    i18n::Text,
    record::{Amount, Kind},
    staff::SiteKind,
};

/// A column of any of the three files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Col {
    StaffNo,
    Name,
    NameEn,
    Email,
    Phone,
    Site,
    Position,
    HiredOn,
    LeftOn,
    BornOn,
    ManagerNo,
    Language,
    Since,
    Code,
    Parent,
    Kind,
    TimeZone,
    Level,
    Amount,
    Unit,
    From,
    Through,
    Issuer,
    Number,
    Note,
}

pub const COLUMNS: usize = Col::Note as usize + 1;

/// The name in English, the name in Chinese, and what else people call it.
type Names = (&'static str, &'static str, &'static [&'static str]);

impl Col {
    pub fn names(self) -> Names {
        match self {
            Col::StaffNo => (
                "staff_no",
                "工号",
                &["员工编号", "员工号", "人员编号", "employee_no", "employee_id", "staff_number"],
            ),
            Col::Name => ("name", "姓名", &["名称", "员工姓名", "full_name"]),
            Col::NameEn => ("name_en", "英文名", &["英文姓名", "英文名称", "english_name"]),
            Col::Email => ("email", "邮箱", &["电子邮箱", "电子邮件", "e-mail", "mail"]),
            Col::Phone => ("phone", "手机", &["电话", "手机号", "联系电话", "mobile"]),
            Col::Site => {
                ("site", "门店", &["站点", "部门", "所属门店", "网点", "site_code", "department"])
            }
            Col::Position => ("position", "岗位", &["职位", "职务", "工种", "title", "job_title"]),
            Col::HiredOn => ("hired_on", "入职日期", &["入职时间", "入职日", "hire_date", "hired"]),
            Col::LeftOn => ("left_on", "离职日期", &["离职时间", "离职日", "leave_date", "left"]),
            Col::BornOn => {
                ("born_on", "出生日期", &["生日", "出生年月日", "birth_date", "birthday"])
            }
            Col::ManagerNo => {
                ("manager_no", "上级工号", &["主管工号", "直接上级工号", "manager", "reports_to"])
            }
            Col::Language => ("language", "语言", &["界面语言", "lang"]),
            Col::Since => ("since", "调动日期", &["调岗日期", "transferred_on"]),
            Col::Code => ("code", "编码", &["代码", "编号"]),
            Col::Parent => ("parent", "上级", &["上级编码", "上级门店", "parent_code"]),
            Col::Kind => ("kind", "类型", &["类别", "种类", "type"]),
            Col::TimeZone => ("time_zone", "时区", &["timezone", "tz"]),
            Col::Level => ("level", "等级", &["级别"]),
            Col::Amount => ("amount", "数值", &["数量", "成绩", "分数", "score", "value"]),
            Col::Unit => ("unit", "单位", &[]),
            Col::From => {
                ("from", "开始日期", &["生效日期", "起始日期", "日期", "from_date", "date"])
            }
            Col::Through => (
                "through",
                "结束日期",
                &["截止日期", "有效期至", "到期日", "to", "until", "to_date"],
            ),
            Col::Issuer => ("issuer", "发证机构", &["发证单位", "颁发机构"]),
            Col::Number => ("number", "证书编号", &["证书号", "证号", "certificate_no"]),
            Col::Note => ("note", "备注", &["说明", "remark", "comment"]),
        }
    }

    pub fn title(self) -> Text {
        let (en, zh, _) = self.names();
        Text::new(zh, en)
    }

    fn is_called(self, header: &str) -> bool {
        let (en, zh, others) = self.names();
        en == header || zh == header || others.contains(&header)
    }
}

/// Which of the columns a header cell names; spaces, capitals and marks of "required" do not count.
pub fn column(header: &str, among: &[Col]) -> Option<Col> {
    let header: String = header
        .trim_matches(|c: char| is_blank(c) || c == '*' || c == '＊')
        .to_lowercase()
        .replace([' ', '-'], "_");
    let plain = header.replace('_', "");
    among.iter().copied().find(|col| col.is_called(&header) || col.is_called(&plain))
}

/// White space of any width, and the marks that programs leave in files.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{feff}' | '\u{200b}' | '\0')
}

pub fn trimmed(cell: &str) -> &str {
    cell.trim_matches(is_blank)
}

/// A day as people write it; full-width digits are digits.
pub fn date(cell: &str) -> Option<NaiveDate> {
    let plain: String = cell.chars().map(narrow).collect();
    let day = plain.split([' ', 'T']).next().unwrap_or_default();
    if day.len() == 8 && day.bytes().all(|byte| byte.is_ascii_digit()) {
        return NaiveDate::from_ymd_opt(
            day[..4].parse().ok()?,
            day[4..6].parse().ok()?,
            day[6..].parse().ok()?,
        );
    }
    let parts: Vec<&str> = day.trim_end_matches('日').split(['-', '/', '.', '年', '月']).collect();
    let [year, month, day] = parts.as_slice() else { return None };
    if year.len() != 4 {
        return None;
    }
    NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
}

/// Far-future days stand for "open" in many personnel systems.
pub fn is_open(day: NaiveDate) -> bool {
    use chrono::Datelike;
    day.year() >= 9999
}

fn narrow(c: char) -> char {
    match c {
        '０'..='９' => char::from(b'0' + (c as u32 - '０' as u32) as u8),
        '－' => '-',
        '／' => '/',
        '．' => '.',
        '％' => '%',
        other => other,
    }
}

/// An exact number, decimal, fraction or percentage.
pub fn amount(cell: &str) -> Option<Amount> {
    let plain: String = cell.chars().map(narrow).filter(|c| !c.is_whitespace()).collect();
    if let Some(percent) = plain.strip_suffix('%') {
        let part = decimal(percent)?;
        let denominator = part.denominator.checked_mul(100)?;
        return Some(Amount { numerator: part.numerator, denominator });
    }
    // A fraction is not reduced: 36 of 40 cases weigh more than 9 of 10.
    if let Some((above, below)) = plain.split_once('/') {
        let (numerator, denominator) = (above.parse().ok()?, below.parse().ok()?);
        return (denominator > 0).then_some(Amount { numerator, denominator });
    }
    decimal(&plain)
}

fn decimal(word: &str) -> Option<Amount> {
    let (whole, decimals) = word.split_once('.').unwrap_or((word, ""));
    let is_plain = decimals.len() <= 9 && decimals.bytes().all(|byte| byte.is_ascii_digit());
    let denominator = 10_i64.checked_pow(u32::try_from(decimals.len()).ok()?)?;
    let numerator = format!("{whole}{decimals}").parse().ok()?;
    is_plain.then_some(Amount { numerator, denominator })
}

/// A kind of fact by its word, or by what readers call it in either language.
pub fn fact_kind(cell: &str) -> Option<Kind> {
    let word = cell.to_lowercase();
    let other = match word.as_str() {
        "工作经历" | "任职" | "职业" => Some(Kind::Employment),
        "职位" | "任职岗位" => Some(Kind::Position),
        "教育" | "教育经历" => Some(Kind::Education),
        "出生" | "生日" => Some(Kind::Birth),
        "健康" | "体检" => Some(Kind::Health),
        "培训" | "培训课程" => Some(Kind::Course),
        "考核" | "考试成绩" => Some(Kind::Exam),
        "等级" | "技能等级证书" => Some(Kind::Grade),
        "师傅" | "导师" => Some(Kind::Mentor),
        "学徒" | "师带徒" => Some(Kind::Apprentice),
        "实操" | "实操日志" => Some(Kind::Logbook),
        "绩效" | "指标" => Some(Kind::Kpi),
        "获奖" | "荣誉" => Some(Kind::Award),
        "竞赛" | "比赛" => Some(Kind::Competition),
        "缺勤" => Some(Kind::Absence),
        _ => None,
    };
    other.or_else(|| {
        Kind::ALL.into_iter().find(|kind| {
            let title = kind.title();
            kind.word() == word || title.zh == word || title.en.to_lowercase() == word
        })
    })
}

/// A kind of site by its word, or by what readers call it.
pub fn site_kind(cell: &str) -> Option<SiteKind> {
    let word = cell.to_lowercase();
    let other = match word.as_str() {
        "大区" => Some(SiteKind::Region),
        "店" | "4s店" | "车间" | "workshop" => Some(SiteKind::Site),
        "公司" => Some(SiteKind::Dealer),
        _ => None,
    };
    other.or_else(|| {
        SiteKind::ALL.iter().copied().find(|kind| {
            let title = kind.title();
            kind.word() == word || title.zh == word || title.en.to_lowercase() == word
        })
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn headers_are_known_by_many_names() {
        let staff = [Col::StaffNo, Col::Name, Col::Email, Col::HiredOn];
        for (header, expected) in [
            ("工号", Some(Col::StaffNo)),
            (" Staff No ", Some(Col::StaffNo)),
            ("*姓名", Some(Col::Name)),
            ("E-Mail", Some(Col::Email)),
            ("hired on", Some(Col::HiredOn)),
            ("血型", None),
        ] {
            assert_eq!(column(header, &staff), expected, "{header}");
        }
    }

    #[test]
    fn what_is_no_day_is_no_day() {
        for wrong in ["", "2026-02-30", "26-1-1", "31/12/2026", "2026", "20261301", "明天"] {
            assert_eq!(date(wrong), None, "{wrong}");
        }
        assert!(date("9999-01-01").is_some_and(is_open));
        assert!(date("２０２６年１月３１日").is_some());
    }

    #[test]
    fn amounts_stay_exact() {
        let parsed = |cell| amount(cell).map(|a| (a.numerator, a.denominator));
        assert_eq!(parsed("93"), Some((93, 1)));
        assert_eq!(parsed("59.9"), Some((599, 10)));
        assert_eq!(parsed("37/40"), Some((37, 40)));
        assert_eq!(parsed("36/40"), Some((36, 40)));
        assert_eq!(parsed("95%"), Some((95, 100)));
        assert_eq!(parsed("９５％"), Some((95, 100)));
        assert_eq!(parsed("1/0"), None);
        assert_eq!(parsed("viel"), None);
    }

    #[test]
    fn kinds_are_words_of_either_language() {
        assert_eq!(fact_kind("Certificate"), Some(Kind::Certificate));
        assert_eq!(fact_kind("证书"), Some(Kind::Certificate));
        assert_eq!(fact_kind("培训"), Some(Kind::Course));
        assert_eq!(fact_kind("火箭"), None);
        assert_eq!(site_kind("门店"), Some(SiteKind::Site));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn every_way_of_writing_a_day_means_that_day(days in 0i64..60_000) {
            use chrono::Datelike;
            let day = NaiveDate::from_ymd_opt(1950, 1, 1).unwrap() + chrono::Duration::days(days);
            let (y, m, d) = (day.year(), day.month(), day.day());
            for written in [
                format!("{day}"),
                format!("{y}/{m}/{d}"),
                format!("{y}{m:02}{d:02}"),
                format!("{y}年{m}月{d}日"),
                format!("{y}.{m}.{d}"),
                format!("{day} 00:00:00"),
            ] {
                prop_assert_eq!(date(&written), Some(day), "{}", written);
            }
        }
    }
}
