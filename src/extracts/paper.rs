//! The paper of an extract: the same that the JSON says, in both languages, with a code to check it.

use super::{
    body::{Answer, Body, Named, Shown, Told},
    queries::Extract,
};
use crate::{
    db::Instant,
    i18n::{self, Lang, Text},
    print::{Block, Error, Report, Section, fonts},
    record::pages as record,
};

const LANGS: [Lang; 2] = [Lang::Zh, Lang::En];

/// The document. The same extract always gives the same bytes.
pub fn pdf(extract: &Extract, body: &Body) -> Result<Vec<u8>, Error> {
    let mut sections = vec![question(body)];
    sections.extend(body.answers.iter().map(|answer| said(body, answer)));
    sections.push(facts(body));
    sections.push(seal(extract, body));
    let report = Report {
        lang: Lang::Zh,
        title: "持证证明  Extract from the record".to_owned(),
        subtitle: format!("{} · {}", extract.number, moment(body, body.made_at)),
        sections,
        footer: printable(&format!("{} · {} · {}", both(&body.issuer), extract.number, body.check)),
        qr: Some((body.check.clone(), "扫码核验 Scan to check".to_owned())),
        author: printable(&both(&body.issuer)),
        id: extract.number.clone(),
        at: body.made_at.utc(),
    };
    report.to_pdf()
}

/// Both languages in one line; once where they are the same.
fn both(text: &Text) -> String {
    if text.zh == text.en || text.en.is_empty() {
        return text.zh.clone();
    }
    format!("{} {}", text.zh, text.en)
}

/// What people wrote may hold a character no font has; it is named by its number instead of being
/// left out or shown as a box.
fn printable(text: &str) -> String {
    if fonts::can_print(text).is_ok() {
        return text.to_owned();
    }
    let one = |character: char| match fonts::can_print(character.encode_utf8(&mut [0; 4])) {
        Ok(()) => character.to_string(),
        Err(_) => format!("[U+{:04X}]", u32::from(character)),
    };
    text.chars().map(one).collect()
}

fn moment(body: &Body, at: Instant) -> String {
    at.utc().with_timezone(&body.zone()).format("%Y-%m-%d %H:%M:%S %:z").to_string()
}

fn pairs(lines: Vec<(&str, String)>) -> Block {
    let printed = lines.into_iter().map(|(label, value)| (label.to_owned(), printable(&value)));
    Block::Pairs(printed.collect())
}

fn table(headers: &[&str], rows: Vec<Vec<String>>, shares: &[f32]) -> Block {
    let printed = |row: Vec<String>| row.iter().map(|cell| printable(cell)).collect();
    Block::Table {
        headers: headers.iter().map(|header| (*header).to_owned()).collect(),
        rows: rows.into_iter().map(printed).collect(),
        shares: shares.to_vec(),
    }
}

fn question(body: &Body) -> Section {
    let day = LANGS.map(|lang| i18n::date(lang, body.on)).join("  ");
    let lines = vec![
        ("姓名 Name", both(&body.person.name)),
        ("工号 Staff number", body.person.staff_no.clone()),
        ("所在门店 Site", both(&body.person.site)),
        (
            "证书 Certification",
            format!("{} · {}", both(&body.certification.title), body.certification.code),
        ),
        ("证明日期 Day", format!("{day} ({})", body.time_zone)),
    ];
    Section { heading: String::new(), blocks: vec![pairs(lines)] }
}

fn said(body: &Body, answer: &Answer) -> Section {
    let mut blocks = vec![
        Block::Verdict { good: answer.held, text: printable(&answer.statement.zh) },
        Block::Paragraph(printable(&answer.statement.en)),
    ];
    if body.is_forecast() {
        let note = "出具时这一天还没有到，仅按当时记录推算。 That day had not come when this was made: a forecast.";
        blocks.push(Block::Small(note.to_owned()));
    }
    if !answer.certificates.is_empty() {
        let headers =
            ["编号 Number", "姓名 Name on it", "颁发 Issued", "有效期 Valid", "当日状态 State"];
        let rows = answer.certificates.iter().map(certificate).collect();
        blocks.push(table(&headers, rows, &[2.0, 2.0, 1.4, 2.4, 2.6]));
    }
    blocks.push(pairs(grounds(body, answer)));
    let heading = format!("{} · {}", both(&answer.as_known.title()), moment(body, answer.known_at));
    Section { heading, blocks }
}

fn certificate(one: &Shown) -> Vec<String> {
    let through = one.valid_through.map_or_else(|| "长期 no end".to_owned(), |day| day.to_string());
    let why = one.why.as_ref().map(|why| format!(" · {}", both(why))).unwrap_or_default();
    vec![
        one.number.clone().unwrap_or_else(|| "—".to_owned()),
        one.name.as_ref().map_or_else(|| "—".to_owned(), both),
        one.issued_on.to_string(),
        format!("{} – {through}", one.valid_from),
        format!("{}{why}", both(&one.state_title)),
    ]
}

fn grounds(body: &Body, answer: &Answer) -> Vec<(&'static str, String)> {
    let row = |id: &i64| {
        let fact = body.facts.iter().find(|fact| fact.id == *id);
        fact.map_or_else(|| "?".to_owned(), |fact| format!("#{}", fact.row))
    };
    let facts: Vec<String> = answer.facts.iter().map(row).collect();
    let rules = answer.rules.as_ref().map(|rules| {
        let version = rules.version.as_deref().unwrap_or_default();
        format!("{} {version} · {} · SHA-256 {}", rules.set, rules.revision, rules.digest)
    });
    let chain = answer.record.as_ref().map(|chain| format!("#{} · {}", chain.rows, chain.hash));
    let none = || "—".to_owned();
    vec![
        ("依据 Facts", if facts.is_empty() { none() } else { facts.join(", ") }),
        ("规则 Rules", rules.unwrap_or_else(none)),
        ("记录链 Chain", chain.unwrap_or_else(none)),
    ]
}

fn facts(body: &Body) -> Section {
    let headers =
        ["行 Row", "内容 What", "时间 When", "来源 Source", "记录 Recorded", "作废 Voided"];
    let rows = body.facts.iter().map(|one| fact(body, one)).collect();
    let shares = [0.7, 3.0, 1.8, 1.8, 2.2, 2.2];
    Section { heading: "事实 Facts".to_owned(), blocks: vec![table(&headers, rows, &shares)] }
}

fn fact(body: &Body, one: &Told) -> Vec<String> {
    let by = |named: &Option<Named>| match named {
        Some(named) => both(&named.name),
        None => "系统 the system".to_owned(),
    };
    let voided = one.voided_at.map(|at| {
        let why = one.void_reason.as_deref().unwrap_or_default();
        format!("{} · {} · {why}", moment(body, at), by(&one.voided_by))
    });
    let mut what = vec![both(&one.kind.title()), both(&one.title)];
    what.extend(one.number.clone());
    what.extend(one.note.clone());
    vec![
        format!("#{}", one.row),
        what.join(" · "),
        record::when(Lang::Zh, one.kind, one.from, one.through),
        one.source.clone(),
        format!("{} · {}", moment(body, one.recorded_at), by(&one.recorded_by)),
        voided.unwrap_or_else(|| "—".to_owned()),
    ]
}

fn seal(extract: &Extract, body: &Body) -> Section {
    let made_by = body.made_by.as_ref().map_or_else(
        || "命令行 on the command line".to_owned(),
        |named| format!("{} ({})", both(&named.name), named.staff_no),
    );
    let lines = vec![
        ("出具单位 Issued by", both(&body.issuer)),
        ("出具人 Made by", made_by),
        ("编号 Number", extract.number.clone()),
        ("查验码 Check code", extract.check_code.clone()),
        ("公开核验 Check", body.check.clone()),
        ("JSON SHA-256", extract.digest.clone()),
    ];
    let note = "带签名的 JSON 与本文件内容相同；两者都可在上述地址核对。 The signed JSON says the same; both can be compared at the address above.";
    Section {
        heading: "出具与核验 Seal".to_owned(),
        blocks: vec![pairs(lines), Block::Small(note.to_owned())],
    }
}
