//! Numbers on certificates: our own by their pattern, Chinese ones taken apart for a reader.

use maud::{Markup, html};

use crate::{
    i18n::{Lang, Text},
    record::number::{BodyType, CertificateNumber, LegacyNumber, Recognised, province},
    t,
    web::components::definitions,
};

/// What kind of number it is.
pub fn title(number: &Recognised) -> Text {
    match number {
        Recognised::SkillGrade(_) => {
            Text::new("职业技能等级证书编号", "Skill-grade certificate number")
        }
        Recognised::SpecialGrade => {
            Text::new("特级技师证书编号", "Special-grade technician's certificate number")
        }
        Recognised::Legacy(_) => {
            Text::new("职业资格证书编号（旧）", "Older qualification certificate number")
        }
    }
}

/// The parts of a number and what they say.
pub fn parts(lang: Lang, number: &Recognised) -> Markup {
    match number {
        Recognised::SkillGrade(number) => definitions(skill_grade(lang, number)),
        Recognised::SpecialGrade => html! {
            p.text-secondary.mb-0 { (t!(lang, "两个大写字母加 20 位数字，形状正确。各段含义未经核实，因此不作拆分。", "Two capitals and 20 digits: the shape is right. What the parts mean is not verified, so they are not taken apart.")) }
        },
        Recognised::Legacy(number) => definitions(legacy(lang, number)),
    }
}

fn line(label: String, value: String) -> (String, Markup) {
    (label, html! { (value) })
}

fn place(lang: Lang, code: u8) -> String {
    let name = province(code).map(|name| name.get(lang).to_owned()).unwrap_or_default();
    format!("{name} ({code:02})")
}

fn grade(lang: Lang, grade: u8) -> String {
    let names = [
        ("一级/高级技师", "1, senior technician"),
        ("二级/技师", "2, technician"),
        ("三级/高级工", "3, senior worker"),
        ("四级/中级工", "4, intermediate worker"),
        ("五级/初级工", "5, junior worker"),
    ];
    let (zh, en) = names.get(usize::from(grade).saturating_sub(1)).copied().unwrap_or_default();
    Text::new(zh, en).get(lang).to_owned()
}

fn skill_grade(lang: Lang, number: &CertificateNumber) -> Vec<(String, Markup)> {
    let body = match number.body {
        BodyType::Employer => t!(lang, "用人单位", "employer"),
        BodyType::Social => t!(lang, "社会培训评价组织", "training and evaluation body"),
    };
    let code = match number.body_code {
        Some(code) => t!(lang, "{code:04}（部级备案）", "{code:04} (filed with the ministry)"),
        None => t!(lang, "0000（省级备案）", "0000 (filed with a province)"),
    };
    vec![
        line(t!(lang, "评价机构类别", "Evaluated by"), body),
        line(t!(lang, "机构代码", "Body"), code),
        line(t!(lang, "省级代码", "Province"), place(lang, number.province)),
        line(t!(lang, "机构（站点）序列码", "Body or site"), number.site.clone()),
        line(t!(lang, "年份", "Year"), number.year.to_string()),
        line(t!(lang, "技能等级", "Grade"), grade(lang, number.grade)),
        line(t!(lang, "证书序列码", "Serial"), format!("{:06}", number.serial)),
    ]
}

fn legacy(lang: Lang, number: &LegacyNumber) -> Vec<(String, Markup)> {
    vec![
        line(t!(lang, "年份", "Year"), number.year.to_string()),
        line(t!(lang, "省级代码", "Province"), place(lang, number.province)),
        line(t!(lang, "地市代码", "City"), format!("{:02}", number.city)),
        line(t!(lang, "机构类别", "Kind of body"), number.body_type.to_string()),
        line(t!(lang, "机构序列码", "Body"), format!("{:03}", number.body)),
        line(t!(lang, "技能等级", "Grade"), grade(lang, number.grade)),
        line(t!(lang, "证书序列码", "Serial"), format!("{:05}", number.serial)),
    ]
}
