//! Question banks as files, and their questions as frozen versions in the database.
//!
//! It owns the tables `question_bank`, `question`, `question_version` and `question_stage`. A question that changes
//! in the file becomes a new version; papers keep the version they were drawn with. A question
//! that goes from the file retires: it is drawn no more, and nothing about it is forgotten. What a
//! version may be used for is its stage (`question_stage`), the last one set.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{
    body::{Body, Place, Written},
    model::{BankId, Difficulty, Importance, Level, QuestionId, QuestionKind, Stage, VersionId},
};
use crate::{
    content::Piece,
    db::{
        Conn, Error, Instant,
        schema::{question, question_bank, question_stage, question_version},
    },
    i18n::Text,
    record::PersonId,
    text,
};

/// A bank file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct BankFile {
    code: String,
    title: Text,
    /// Its questions may be practised, though an exam draws from it.
    #[serde(default)]
    practice: bool,
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

/// What a file says about a question besides its wording.
#[derive(Debug, Deserialize)]
struct Filed {
    code: String,
    kind: QuestionKind,
    area: String,
    level: Level,
    importance: Importance,
    difficulty: Difficulty,
}

/// A question with its place in a bank, ready to be kept as a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    pub code: String,
    pub kind: QuestionKind,
    pub area: String,
    pub level: Level,
    pub importance: Importance,
    pub difficulty: Difficulty,
    pub body: Body,
}

impl Question {
    /// Two questions that say the same have the same digest, whatever their code.
    pub fn digest(&self) -> String {
        #[derive(Serialize)]
        struct Said<'a> {
            kind: QuestionKind,
            area: &'a str,
            level: Level,
            importance: Importance,
            difficulty: Difficulty,
            body: Written,
        }
        let Question { kind, area, level, importance, difficulty, body, .. } = self;
        let (kind, level) = (*kind, *level);
        let (importance, difficulty) = (*importance, *difficulty);
        let body = Written::of(body);
        let said = Said { kind, area, level, importance, difficulty, body };
        let said = serde_json::to_vec(&said).unwrap_or_default();
        Sha256::digest(said).iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

struct Bank {
    title: Text,
    practice: bool,
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
        return Ok(Bank { title: file.title, practice: file.practice, questions });
    }
    let told = |lang| {
        let lines = wrong.iter().map(|text: &Text| format!("{name}: {}", text.get(lang)));
        lines.collect::<Vec<_>>().join("\n")
    };
    Err(Text::new(told(crate::i18n::Lang::Zh), told(crate::i18n::Lang::En)))
}

fn read(table: toml::Table, areas: &HashMap<String, Text>) -> Result<Question, Vec<Text>> {
    let (filed, wording): (toml::Table, toml::Table) =
        table.into_iter().partition(|(key, _)| FILED.contains(&key.as_str()));
    let told = |error: toml::de::Error| vec![Text::same(error.to_string().trim_end())];
    let filed: Filed = filed.try_into().map_err(told)?;
    let written: Written = wording.try_into().map_err(told)?;
    let mut body = written.read(filed.kind)?;
    let name = &filed.area;
    body.area = areas
        .get(name)
        .cloned()
        .ok_or_else(|| vec![text!("没有“{name}”这个部分", "there is no area “{name}”")])?;
    let Filed { code, kind, area, level, importance, difficulty } = filed;
    Ok(Question { code, kind, area, level, importance, difficulty, body })
}

const FILED: [&str; 6] = ["code", "kind", "area", "level", "importance", "difficulty"];

/// A kept question: its newest version, and what the file said when it was last read.
struct Kept {
    id: QuestionId,
    version: i64,
    version_id: VersionId,
    digest: String,
    file_digest: Option<String>,
    stage: Option<Stage>,
}

/// Keeps the questions of a bank: a question that changed in the file becomes a new version of
/// itself. The same file again changes nothing; what was written in the browser since, on top of
/// the file or beside it, stays until the file says something new about that question.
pub fn keep(conn: &mut Conn, piece: &Piece, now: Instant) -> Result<(), Error> {
    // What stands in `check` was said before anything was kept.
    let Ok(bank) = parse(piece) else { return Ok(()) };
    let id = keep_bank(conn, &piece.code, &bank)?;
    let mut kept = kept(conn, &piece.code)?;
    let named: HashSet<&str> = bank.questions.iter().map(|one| one.code.as_str()).collect();
    let changed = |one: &&Question| {
        kept.get(&one.code)
            .is_none_or(|kept| kept.file_digest.as_deref() != Some(one.digest().as_str()))
    };
    let fresh: Vec<&Question> = bank.questions.iter().filter(changed).collect();
    let gone: Vec<QuestionId> = kept
        .iter()
        .filter(|(code, kept)| kept.file_digest.is_some() && !named.contains(code.as_str()))
        .map(|(_, kept)| kept.id)
        .collect();
    for one in fresh {
        keep_question(conn, id, one, kept.remove(&one.code), now)?;
    }
    for id in gone {
        diesel::update(question::table.find(id))
            .set(question::file_digest.eq(None::<String>))
            .execute(conn)?;
        end(conn, id, Stage::Retired, None, (now, None))?;
    }
    Ok(())
}

/// Ends a question: no version of it is drawn any more.
pub fn end(
    conn: &mut Conn,
    id: QuestionId,
    stage: Stage,
    why: Option<&str>,
    stamp: (Instant, Option<PersonId>),
) -> Result<(), Error> {
    let rows: Vec<(VersionId, Stage)> = question_stage::table
        .inner_join(question_version::table)
        .filter(question_version::question_id.eq(id))
        .order(question_stage::id)
        .select((question_stage::question_version_id, question_stage::stage))
        .load(conn)?;
    let reached: BTreeMap<VersionId, Stage> = rows.into_iter().collect();
    for (version, _) in reached.into_iter().filter(|(_, reached)| reached.is_drawn()) {
        set_stage(conn, version, stage, why, stamp)?;
    }
    Ok(())
}

/// Every question ever in a bank, with its newest version.
fn kept(conn: &mut Conn, code: &str) -> Result<HashMap<String, Kept>, Error> {
    type Row = (String, QuestionId, Option<String>, i64, VersionId, String);
    let rows: Vec<Row> = question::table
        .inner_join(question_bank::table)
        .inner_join(question_version::table)
        .filter(question_bank::code.eq(code))
        .order((question::id, question_version::version))
        .select((
            question::code,
            question::id,
            question::file_digest,
            question_version::version,
            question_version::id,
            question_version::digest,
        ))
        .load(conn)?;
    let stages = stages(conn, code)?;
    // The newest version comes last and stays.
    Ok(rows
        .into_iter()
        .map(|(code, id, file_digest, version, version_id, digest)| {
            let stage = stages.get(&version_id).copied();
            (code, Kept { id, version, version_id, digest, file_digest, stage })
        })
        .collect())
}

/// The stage each version of a bank has reached.
pub fn stages(conn: &mut Conn, code: &str) -> Result<HashMap<VersionId, Stage>, Error> {
    let rows: Vec<(VersionId, Stage)> = question_stage::table
        .inner_join(
            question_version::table.inner_join(question::table.inner_join(question_bank::table)),
        )
        .filter(question_bank::code.eq(code))
        .order(question_stage::id)
        .select((question_stage::question_version_id, question_stage::stage))
        .load(conn)?;
    // The last one counts.
    Ok(rows.into_iter().collect())
}

/// Takes a version to a stage of its life.
pub fn set_stage(
    conn: &mut Conn,
    version: VersionId,
    stage: Stage,
    why: Option<&str>,
    (at, by): (Instant, Option<PersonId>),
) -> Result<(), Error> {
    diesel::insert_into(question_stage::table)
        .values((
            question_stage::question_version_id.eq(version),
            question_stage::stage.eq(stage),
            question_stage::why.eq(why),
            question_stage::set_at.eq(at),
            question_stage::set_by.eq(by),
        ))
        .execute(conn)?;
    Ok(())
}

fn keep_bank(conn: &mut Conn, code: &str, bank: &Bank) -> Result<BankId, Error> {
    let said = (
        question_bank::title_zh.eq(&bank.title.zh),
        question_bank::title_en.eq(&bank.title.en),
        question_bank::practice.eq(bank.practice),
    );
    let known = diesel::update(question_bank::table.filter(question_bank::code.eq(code)))
        .set(said)
        .returning(question_bank::id)
        .get_result(conn)
        .optional()?;
    if let Some(id) = known {
        return Ok(id);
    }
    Ok(diesel::insert_into(question_bank::table)
        .values((question_bank::code.eq(code), said.0, said.1, said.2))
        .returning(question_bank::id)
        .get_result(conn)?)
}

/// A question of a file; what a file brings is live at once, since its authors reviewed the file.
fn keep_question(
    conn: &mut Conn,
    bank: BankId,
    one: &Question,
    kept: Option<Kept>,
    now: Instant,
) -> Result<(), Error> {
    let digest = one.digest();
    let (id, last) = match &kept {
        Some(kept) => (kept.id, kept.version),
        None => (add_question(conn, bank, &one.code)?, 0),
    };
    diesel::update(question::table.find(id))
        .set(question::file_digest.eq(&digest))
        .execute(conn)?;
    let version = match kept {
        Some(kept) if kept.digest == digest => {
            if kept.stage == Some(Stage::Live) {
                return Ok(());
            }
            kept.version_id
        }
        _ => add_version(conn, id, last + 1, one, (now, None))?,
    };
    set_stage(conn, version, Stage::Live, None, (now, None))
}

/// A new question of a bank, still without any version.
pub fn add_question(conn: &mut Conn, bank: BankId, code: &str) -> Result<QuestionId, Error> {
    Ok(diesel::insert_into(question::table)
        .values((question::bank_id.eq(bank), question::code.eq(code)))
        .returning(question::id)
        .get_result(conn)?)
}

/// A new version of a question, frozen from now on; it has no stage yet.
pub fn add_version(
    conn: &mut Conn,
    question: QuestionId,
    version: i64,
    one: &Question,
    (at, by): (Instant, Option<PersonId>),
) -> Result<VersionId, Error> {
    Ok(diesel::insert_into(question_version::table)
        .values((
            question_version::question_id.eq(question),
            question_version::version.eq(version),
            question_version::kind.eq(one.kind),
            question_version::area.eq(&one.area),
            question_version::level.eq(one.level),
            question_version::importance.eq(one.importance),
            question_version::difficulty.eq(one.difficulty),
            question_version::body.eq(one.body.to_json()),
            question_version::digest.eq(one.digest()),
            question_version::layout.eq(Place::word(&one.body.places())),
            question_version::created_at.eq(at),
            question_version::created_by.eq(by),
        ))
        .returning(question_version::id)
        .get_result(conn)?)
}

/// A question that may be drawn, in its newest version that is piloted or live.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Live {
    pub question: QuestionId,
    pub version: VersionId,
    pub code: String,
    pub area: String,
    pub kind: QuestionKind,
    pub level: Level,
    pub importance: Importance,
    pub difficulty: Difficulty,
    /// Drawn unscored.
    pub pilot: bool,
    pub places: Vec<Place>,
}

/// The questions a paper may be drawn from, in the order of their codes.
pub fn live(conn: &mut Conn, code: &str) -> Result<Vec<Live>, Error> {
    type Row = (
        (QuestionId, VersionId, String),
        (String, QuestionKind, Level, Importance, Difficulty, String),
    );
    let rows: Vec<Row> = question::table
        .inner_join(question_bank::table)
        .inner_join(question_version::table)
        .filter(question_bank::code.eq(code))
        .order((question::code, question_version::version))
        .select((
            (question::id, question_version::id, question::code),
            (
                question_version::area,
                question_version::kind,
                question_version::level,
                question_version::importance,
                question_version::difficulty,
                question_version::layout,
            ),
        ))
        .load(conn)?;
    let stages = stages(conn, code)?;
    let mut live: Vec<Live> = Vec::new();
    for ((question, version, code), (area, kind, level, importance, difficulty, layout)) in rows {
        let stage = stages.get(&version).copied().unwrap_or(Stage::Draft);
        if stage.is_drawn() {
            // A newer version takes the place of an older one once it is drawn itself.
            live.pop_if(|known| known.question == question);
            let (pilot, places) =
                (stage == Stage::Pilot, Place::parse(&layout).unwrap_or_default());
            live.push(Live {
                question,
                version,
                code,
                area,
                kind,
                level,
                importance,
                difficulty,
                pilot,
                places,
            });
        }
    }
    Ok(live)
}

#[cfg(test)]
mod tests {
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
            question("q5", "kind = \"drawing\""),
        ];
        let wrong = check(&piece(&file.concat())).unwrap_err();
        for lang in crate::i18n::Lang::ALL {
            for part in ["q1", "q2", "q3", "q4", "q5", "question-banks/b.toml", "hint", "drawing"] {
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
