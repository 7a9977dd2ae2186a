//! Question banks as files, and their questions as frozen versions in the database.
//!
//! It owns the tables `question_bank`, `question` and `question_version`. A question that changes
//! in the file becomes a new version; papers keep the version they were drawn with. A question
//! that goes from the file retires: it is drawn no more, and nothing about it is forgotten.

use std::collections::{BTreeSet, HashMap, HashSet};

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{
    decimal::Decimal,
    model::{
        BankId, Body, Choice, Difficulty, Importance, Level, Numeric, QuestionId, QuestionKind,
        VersionId,
    },
};
use crate::{
    content::Piece,
    db::{
        Conn, Error, Instant,
        schema::{question, question_bank, question_version},
    },
    i18n::Text,
    text,
};

/// A bank file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct BankFile {
    code: String,
    title: Text,
    #[serde(rename = "area")]
    areas: Vec<Area>,
    /// Each is read by itself, so that one mistake does not hide the next.
    #[serde(rename = "question")]
    questions: Vec<toml::Table>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Area {
    code: String,
    title: Text,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    code: String,
    kind: QuestionKind,
    area: String,
    level: Level,
    importance: Importance,
    difficulty: Difficulty,
    stem: Text,
    #[serde(default)]
    options: Vec<Choice>,
    answer: Option<bool>,
    numeric: Option<Numeric>,
    feedback: Text,
}

/// A question as it will be kept; its digest is taken over all of it.
#[derive(Debug, Serialize)]
struct Question {
    #[serde(skip)]
    code: String,
    kind: QuestionKind,
    area: String,
    level: Level,
    importance: Importance,
    difficulty: Difficulty,
    body: Body,
}

impl Question {
    fn digest(&self) -> String {
        let said = serde_json::to_vec(self).unwrap_or_default();
        Sha256::digest(said).iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

struct Bank {
    title: Text,
    questions: Vec<Question>,
}

/// Checks a bank file; says everything that is wrong with it, naming the questions.
pub fn check(piece: &Piece) -> Result<(), Text> {
    parse(piece).map(|_| ())
}

fn parse(piece: &Piece) -> Result<Bank, Text> {
    let name = format!("question-banks/{}.toml", piece.code);
    let file: BankFile = toml::from_str(piece.only_text())
        .map_err(|error| Text::same(format!("{name}: {error}")))?;
    let mut wrong: Vec<Text> = Vec::new();
    if file.code != piece.code {
        wrong.push(text!("code 应与文件同名", "code must be the name of the file"));
    }
    let areas: HashMap<String, Text> =
        file.areas.into_iter().map(|area| (area.code, area.title)).collect();
    let mut codes = BTreeSet::new();
    let mut questions = Vec::new();
    for (at, table) in file.questions.into_iter().enumerate() {
        let place = table.get("code").and_then(|code| code.as_str()).map(str::to_owned);
        let place = place.unwrap_or_else(|| format!("#{}", at + 1));
        if !codes.insert(place.clone()) {
            wrong.push(text!("{place}: 题目代码重复", "{place}: the code is used twice"));
        }
        match read(table, &areas) {
            Ok(question) => questions.push(question),
            Err(mistakes) => wrong.extend(mistakes.into_iter().map(|mistake| {
                Text::new(format!("{place}: {}", mistake.zh), format!("{place}: {}", mistake.en))
            })),
        }
    }
    if wrong.is_empty() {
        return Ok(Bank { title: file.title, questions });
    }
    let told = |lang| {
        let lines = wrong.iter().map(|text: &Text| format!("{name}: {}", text.get(lang)));
        lines.collect::<Vec<_>>().join("\n")
    };
    Err(Text::new(told(crate::i18n::Lang::Zh), told(crate::i18n::Lang::En)))
}

fn read(table: toml::Table, areas: &HashMap<String, Text>) -> Result<Question, Vec<Text>> {
    let written: Written =
        table.try_into().map_err(|error| vec![Text::same(error.to_string().trim_end())])?;
    let mistakes = mistakes(&written, areas);
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    let area = areas.get(&written.area).cloned().unwrap_or_default();
    let Written { stem, options, answer, numeric, feedback, .. } = written;
    Ok(Question {
        code: written.code,
        kind: written.kind,
        area: written.area,
        level: written.level,
        importance: written.importance,
        difficulty: written.difficulty,
        body: Body { area, stem, options, answer, numeric, feedback },
    })
}

/// What is wrong with a question beyond its form.
fn mistakes(written: &Written, areas: &HashMap<String, Text>) -> Vec<Text> {
    let mut wrong = Vec::new();
    let area = &written.area;
    if !areas.contains_key(area) {
        wrong.push(text!("没有“{area}”这个部分", "there is no area “{area}”"));
    }
    let texts = [&written.stem, &written.feedback];
    let blank = |zh: &str, en: &str| zh.trim().is_empty() || en.trim().is_empty();
    if texts.iter().any(|text| blank(&text.zh, &text.en))
        || written.options.iter().any(|option| blank(&option.zh, &option.en))
    {
        wrong.push(text!("中英文都要填写", "both languages must be filled in"));
    }
    wrong.extend(kind_mistake(written));
    wrong
}

fn kind_mistake(written: &Written) -> Option<Text> {
    let options = written.options.len();
    let right = written.options.iter().filter(|option| option.correct).count();
    let (answer, numeric) = (written.answer.is_some(), written.numeric.as_ref());
    match written.kind {
        QuestionKind::Single
            if right != 1 || !(2..=26).contains(&options) || answer || numeric.is_some() =>
        {
            Some(text!(
                "单选题须有至少 2 个选项、恰好 1 个正确，且没有 answer 和 numeric；现有 {options} 个选项，{right} 个正确",
                "a single choice has two options or more, exactly one of them correct, and neither answer nor numeric; this one has {options}, {right} correct"
            ))
        }
        QuestionKind::Multiple
            if right < 2 || !(3..=26).contains(&options) || answer || numeric.is_some() =>
        {
            Some(text!(
                "多选题须有至少 3 个选项、至少 2 个正确，且没有 answer 和 numeric；现有 {options} 个选项，{right} 个正确",
                "a multiple choice has three options or more, at least two of them correct, and neither answer nor numeric; this one has {options}, {right} correct"
            ))
        }
        QuestionKind::TrueFalse if !answer || options > 0 || numeric.is_some() => Some(text!(
            "判断题须只有 answer = true 或 false",
            "a true/false question has answer = true or false and nothing else"
        )),
        QuestionKind::Numeric if answer || options > 0 || !numeric.is_some_and(is_sound) => {
            Some(text!(
                "数值题须只有 numeric，value 和 tolerance 是小数，tolerance 不为负",
                "a numeric question has numeric and nothing else; value and tolerance are decimals, tolerance not below zero"
            ))
        }
        _ => None,
    }
}

fn is_sound(numeric: &Numeric) -> bool {
    let tolerance = Decimal::parse(&numeric.tolerance);
    Decimal::parse(&numeric.value).is_some()
        && tolerance.is_some_and(|tolerance| !tolerance.is_negative())
}

/// A kept question: its newest version and whether it is still asked.
struct Kept {
    id: QuestionId,
    version: i64,
    digest: String,
    retired: bool,
}

/// Keeps the questions of a bank: a changed question becomes a new version of itself. The same
/// file again changes nothing and costs one query.
pub fn keep(conn: &mut Conn, piece: &Piece, now: Instant) -> Result<(), Error> {
    // What stands in `check` was said before anything was kept.
    let Ok(bank) = parse(piece) else { return Ok(()) };
    let mut kept = kept(conn, &piece.code)?;
    let named: HashSet<&str> = bank.questions.iter().map(|one| one.code.as_str()).collect();
    let changed = |one: &&Question| {
        kept.get(&one.code).is_none_or(|kept| kept.retired || kept.digest != one.digest())
    };
    let fresh: Vec<&Question> = bank.questions.iter().filter(changed).collect();
    let gone: Vec<QuestionId> = kept
        .iter()
        .filter(|(code, kept)| !kept.retired && !named.contains(code.as_str()))
        .map(|(_, kept)| kept.id)
        .collect();
    if fresh.is_empty() && gone.is_empty() {
        return Ok(());
    }
    let id = keep_bank(conn, &piece.code, &bank.title)?;
    for one in fresh {
        keep_question(conn, id, one, kept.remove(&one.code), now)?;
    }
    for id in gone {
        diesel::update(question::table.find(id)).set(question::retired_at.eq(now)).execute(conn)?;
    }
    Ok(())
}

/// Every question ever in a bank, with its newest version.
fn kept(conn: &mut Conn, code: &str) -> Result<HashMap<String, Kept>, Error> {
    let rows: Vec<(String, QuestionId, Option<Instant>, i64, String)> = question::table
        .inner_join(question_bank::table)
        .inner_join(question_version::table)
        .filter(question_bank::code.eq(code))
        .order((question::id, question_version::version))
        .select((
            question::code,
            question::id,
            question::retired_at,
            question_version::version,
            question_version::digest,
        ))
        .load(conn)?;
    // The newest version comes last and stays.
    Ok(rows
        .into_iter()
        .map(|(code, id, retired, version, digest)| {
            (code, Kept { id, version, digest, retired: retired.is_some() })
        })
        .collect())
}

fn keep_bank(conn: &mut Conn, code: &str, title: &Text) -> Result<BankId, Error> {
    let titles = (question_bank::title_zh.eq(&title.zh), question_bank::title_en.eq(&title.en));
    let known = diesel::update(question_bank::table.filter(question_bank::code.eq(code)))
        .set(titles)
        .returning(question_bank::id)
        .get_result(conn)
        .optional()?;
    if let Some(id) = known {
        return Ok(id);
    }
    Ok(diesel::insert_into(question_bank::table)
        .values((question_bank::code.eq(code), titles.0, titles.1))
        .returning(question_bank::id)
        .get_result(conn)?)
}

fn keep_question(
    conn: &mut Conn,
    bank: BankId,
    one: &Question,
    kept: Option<Kept>,
    now: Instant,
) -> Result<(), Error> {
    let digest = one.digest();
    let (id, version) = match kept {
        Some(kept) => {
            if kept.retired {
                diesel::update(question::table.find(kept.id))
                    .set(question::retired_at.eq(None::<Instant>))
                    .execute(conn)?;
            }
            if kept.digest == digest {
                return Ok(());
            }
            (kept.id, kept.version + 1)
        }
        None => {
            let id = diesel::insert_into(question::table)
                .values((question::bank_id.eq(bank), question::code.eq(&one.code)))
                .returning(question::id)
                .get_result(conn)?;
            (id, 1)
        }
    };
    diesel::insert_into(question_version::table)
        .values((
            question_version::question_id.eq(id),
            question_version::version.eq(version),
            question_version::kind.eq(one.kind),
            question_version::area.eq(&one.area),
            question_version::level.eq(one.level),
            question_version::importance.eq(one.importance),
            question_version::difficulty.eq(one.difficulty),
            question_version::body.eq(serde_json::to_string(&one.body).unwrap_or_default()),
            question_version::digest.eq(digest),
            question_version::created_at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}

/// A question that may be drawn, in its newest version.
#[derive(Clone, Debug)]
pub struct Live {
    pub version: VersionId,
    pub area: String,
    pub kind: QuestionKind,
    pub options: usize,
}

/// The questions a paper may be drawn from, in the order of their codes.
pub fn live(conn: &mut Conn, code: &str) -> Result<Vec<Live>, Error> {
    let rows: Vec<(QuestionId, VersionId, String, QuestionKind, String)> = question::table
        .inner_join(question_bank::table)
        .inner_join(question_version::table)
        .filter(question_bank::code.eq(code).and(question::retired_at.is_null()))
        .order((question::code, question_version::version))
        .select((
            question::id,
            question_version::id,
            question_version::area,
            question_version::kind,
            question_version::body,
        ))
        .load(conn)?;
    let mut live: Vec<(QuestionId, Live)> = Vec::new();
    for (question, version, area, kind, body) in rows {
        let body: Option<Body> = serde_json::from_str(&body).ok();
        let options = body.map_or(0, |body| body.options.len());
        live.pop_if(|(known, _)| *known == question);
        live.push((question, Live { version, area, kind, options }));
    }
    Ok(live.into_iter().map(|(_, live)| live).collect())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::content::ContentKind;

    const HEAD: &str = "code = \"b\"\ntitle = { zh = \"库\", en = \"Bank\" }\n[[area]]\ncode = \"a\"\ntitle = { zh = \"甲\", en = \"A\" }\n";

    fn piece(questions: &str) -> Piece {
        let text = format!("{HEAD}{questions}");
        Piece {
            kind: ContentKind::QuestionBank,
            code: "b".into(),
            texts: BTreeMap::from([("b.toml".to_owned(), text)]),
            media: BTreeMap::new(),
        }
    }

    fn question(code: &str, rest: &str) -> String {
        format!(
            "[[question]]\ncode = \"{code}\"\narea = \"a\"\nlevel = \"recall\"\nimportance = \"X\"\ndifficulty = \"easy\"\nstem = {{ zh = \"问\", en = \"Q\" }}\nfeedback = {{ zh = \"因\", en = \"F\" }}\n{rest}\n"
        )
    }

    #[test]
    fn every_mistake_is_told_at_once_with_its_question() {
        let file = [
            question("q1", "kind = \"single\"\noptions = [{ zh = \"甲\", en = \"A\" }]"),
            question("q2", "kind = \"numeric\"\nnumeric = { value = \"sixty\" }"),
            question("q3", "kind = \"true-false\"\nanswer = true"),
            question("q3", "kind = \"true-false\"\nanswer = true"),
            question("q4", "kind = \"true-false\"\nanswer = true\nhint = 1"),
            question("q5", "kind = \"essay\""),
        ];
        let wrong = check(&piece(&file.concat())).unwrap_err();
        for lang in crate::i18n::Lang::ALL {
            for part in ["q1", "q2", "q3", "q4", "q5", "question-banks/b.toml", "hint", "essay"] {
                assert!(wrong.get(lang).contains(part), "{part}: {}", wrong.get(lang));
            }
        }
    }

    #[test]
    fn a_sound_bank_is_taken() {
        let file = [
            question("q1", "kind = \"true-false\"\nanswer = false"),
            question("q2", "kind = \"numeric\"\nnumeric = { value = \"60\", unit = \"V\" }"),
            question(
                "q3",
                "kind = \"multiple\"\noptions = [{ zh = \"甲\", en = \"A\", correct = true }, { zh = \"乙\", en = \"B\", correct = true }, { zh = \"丙\", en = \"C\" }]",
            ),
        ];
        assert_eq!(check(&piece(&file.concat())), Ok(()));
    }
}
