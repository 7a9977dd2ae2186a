//! The flat form of a question, as files of course-content and the database hold it.

use serde::{Deserialize, Serialize};

use super::{
    body::{
        Accepted, Body, Choice, Credit, Essay, Hotspot, Matching, Numeric, OtherNumber, Pair, Part,
        Region, Short, Task,
    },
    model::QuestionKind,
};
use crate::{i18n::Text, text};

/// The order and the names of these fields are part of every kept question's digest.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Written {
    /// The title of its area; a file names the area by its code instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    area: Option<Text>,
    stem: Said,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    options: Vec<WrittenChoice>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    answer: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    numeric: Option<WrittenNumeric>,
    #[serde(default)]
    feedback: Said,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    accepted: Vec<WrittenAccepted>,
    #[serde(default, skip_serializing_if = "is_false")]
    case_matters: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    items: Vec<Said>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pairs: Vec<WrittenPair>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    distractors: Vec<Said>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hotspot: Option<WrittenHotspot>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    parts: Vec<WrittenPart>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    essay: Option<WrittenEssay>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    credit: Option<WrittenCredit>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    references: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    points: Option<u32>,
    #[serde(default, skip_serializing_if = "is_false")]
    fixed_order: bool,
}

fn is_false(value: &bool) -> bool {
    !value
}

/// Words in one language or both: `{ zh = "…" }`, `{ zh = "…", en = "…" }` or plain `"60 V"`.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(transparent)]
struct Said(Text);

impl<'de> Deserialize<'de> for Said {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Said, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Tongues {
            #[serde(default)]
            zh: String,
            #[serde(default)]
            en: String,
        }
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "words as { zh = \"…\", en = \"…\" } or plain text")]
        enum Either {
            Plain(String),
            Tongues(Tongues),
        }
        Ok(Said(match Either::deserialize(from)? {
            Either::Plain(both) => Text::same(both),
            Either::Tongues(Tongues { zh, en }) => Text { zh, en },
        }))
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenChoice {
    #[serde(default)]
    zh: String,
    #[serde(default)]
    en: String,
    #[serde(default)]
    correct: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    share: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    feedback: Option<Said>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenNumeric {
    value: String,
    #[serde(default = "nothing")]
    tolerance: String,
    #[serde(default)]
    unit: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    also: Vec<WrittenOther>,
}

fn nothing() -> String {
    "0".to_owned()
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenOther {
    value: String,
    #[serde(default = "nothing")]
    tolerance: String,
    #[serde(default = "whole")]
    share: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    feedback: Option<Said>,
}

const WHOLE: i64 = 1_000_000;

fn whole() -> i64 {
    WHOLE
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenAccepted {
    form: String,
    #[serde(default = "whole")]
    share: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    feedback: Option<Said>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenPair {
    prompt: Said,
    partner: Said,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenHotspot {
    picture: String,
    #[serde(default)]
    alt: Said,
    regions: Vec<WrittenRegion>,
}

/// Thousandths of the picture's width and height.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum WrittenRegion {
    Rectangle { x: i32, y: i32, width: i32, height: i32 },
    Circle { x: i32, y: i32, radius: i32 },
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenEssay {
    #[serde(default)]
    guide: Said,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    words: Option<u32>,
    #[serde(default = "one")]
    markers: u32,
}

fn one() -> u32 {
    1
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum WrittenCredit {
    Exact,
    Partial,
    Weighted,
}

/// A question of a case: as a question, but with its kind and without a case of its own.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct WrittenPart {
    kind: QuestionKind,
    #[serde(flatten)]
    said: serde_json::Map<String, serde_json::Value>,
}

impl Written {
    pub fn read(self, kind: QuestionKind) -> Result<Body, Vec<Text>> {
        let area = self.area.clone().unwrap_or_default();
        let (stem, feedback) = (self.stem.0.clone(), self.feedback.0.clone());
        let (references, points) = (self.references.clone(), self.points.unwrap_or(1));
        let fixed_order = self.fixed_order;
        self.refuse_strangers(kind)?;
        let task = self.task(kind).map_err(|mistake| vec![mistake])?;
        let body = Body { area, stem, task, feedback, references, points, fixed_order };
        let mistakes = body.mistakes();
        if mistakes.is_empty() { Ok(body) } else { Err(mistakes) }
    }

    /// What belongs to another kind is a mistake of the author, not something to drop in silence.
    fn refuse_strangers(&self, kind: QuestionKind) -> Result<(), Vec<Text>> {
        use QuestionKind::{
            Case, Essay, Hotspot, Matching, Multiple, Numeric, Ordering, Short, Single, TrueFalse,
        };
        let given: [(&str, bool, &[QuestionKind]); 10] = [
            ("options", !self.options.is_empty(), &[Single, Multiple]),
            ("answer", self.answer.is_some(), &[TrueFalse]),
            ("numeric", self.numeric.is_some(), &[Numeric]),
            ("accepted", !self.accepted.is_empty(), &[Short]),
            ("items", !self.items.is_empty(), &[Ordering]),
            ("pairs", !self.pairs.is_empty(), &[Matching]),
            ("distractors", !self.distractors.is_empty(), &[Matching]),
            ("hotspot", self.hotspot.is_some(), &[Hotspot]),
            ("parts", !self.parts.is_empty(), &[Case]),
            ("essay", self.essay.is_some(), &[Essay]),
        ];
        let strangers = given.iter().filter(|(_, there, of)| *there && !of.contains(&kind));
        let word = kind.word();
        let said: Vec<Text> = strangers
            .map(|(name, ..)| text!("{word} 题不能有 {name}", "a {word} question has no {name}"))
            .collect();
        if said.is_empty() { Ok(()) } else { Err(said) }
    }

    fn task(self, kind: QuestionKind) -> Result<Task, Text> {
        let credit = match self.credit {
            None | Some(WrittenCredit::Exact) => Credit::Exact,
            Some(WrittenCredit::Partial) => Credit::Partial,
            Some(WrittenCredit::Weighted) => Credit::Weighted,
        };
        let options = || self.options.iter().cloned().map(choice).collect();
        Ok(match kind {
            QuestionKind::Single => Task::Single { options: options() },
            QuestionKind::Multiple => Task::Multiple { options: options(), credit },
            QuestionKind::TrueFalse => {
                Task::TrueFalse { answer: self.answer.ok_or_else(|| lacks("answer"))? }
            }
            QuestionKind::Numeric => {
                Task::Numeric(number(self.numeric.ok_or_else(|| lacks("numeric"))?))
            }
            QuestionKind::Short => Task::Short(Short {
                accepted: self.accepted.into_iter().map(accepted).collect(),
                case_matters: self.case_matters,
            }),
            QuestionKind::Ordering => Task::Ordering {
                items: self.items.into_iter().map(|item| item.0).collect(),
                credit,
            },
            QuestionKind::Matching => {
                let pair =
                    |pair: WrittenPair| Pair { prompt: pair.prompt.0, partner: pair.partner.0 };
                Task::Matching(Matching {
                    pairs: self.pairs.into_iter().map(pair).collect(),
                    distractors: self.distractors.into_iter().map(|one| one.0).collect(),
                    credit,
                })
            }
            QuestionKind::Hotspot => {
                Task::Hotspot(hotspot(self.hotspot.ok_or_else(|| lacks("hotspot"))?))
            }
            QuestionKind::Case => {
                Task::Case { parts: self.parts.into_iter().map(part).collect::<Result<_, _>>()? }
            }
            QuestionKind::Essay => {
                let essay = self.essay.unwrap_or(WrittenEssay {
                    guide: Said::default(),
                    words: None,
                    markers: 1,
                });
                let WrittenEssay { guide, words, markers } = essay;
                Task::Essay(Essay { guide: guide.0, words, markers })
            }
        })
    }

    /// The flat form of a body.
    pub fn of(body: &Body) -> Written {
        let mut written = Written {
            area: Some(body.area.clone()),
            stem: Said(body.stem.clone()),
            feedback: Said(body.feedback.clone()),
            references: body.references.clone(),
            points: (body.points != 1).then_some(body.points),
            fixed_order: body.fixed_order,
            ..Written::default()
        };
        written.set(&body.task);
        written
    }

    fn set(&mut self, task: &Task) {
        match task {
            Task::Single { options } => self.options = choices(options),
            Task::Multiple { options, credit } => {
                self.options = choices(options);
                self.credit = credit_word(*credit);
            }
            Task::TrueFalse { answer } => self.answer = Some(*answer),
            Task::Numeric(numeric) => self.numeric = Some(write_number(numeric)),
            Task::Short(short) => {
                self.accepted = short.accepted.iter().map(write_accepted).collect();
                self.case_matters = short.case_matters;
            }
            Task::Ordering { items, credit } => {
                self.items = items.iter().cloned().map(Said).collect();
                self.credit = credit_word(*credit);
            }
            Task::Matching(matching) => {
                let pair = |pair: &Pair| WrittenPair {
                    prompt: Said(pair.prompt.clone()),
                    partner: Said(pair.partner.clone()),
                };
                self.pairs = matching.pairs.iter().map(pair).collect();
                self.distractors = matching.distractors.iter().cloned().map(Said).collect();
                self.credit = credit_word(matching.credit);
            }
            Task::Hotspot(hotspot) => self.hotspot = Some(write_hotspot(hotspot)),
            Task::Case { parts } => self.parts = parts.iter().map(write_part).collect(),
            Task::Essay(essay) => {
                self.essay = Some(WrittenEssay {
                    guide: Said(essay.guide.clone()),
                    words: essay.words,
                    markers: essay.markers,
                });
            }
        }
    }
}

fn lacks(name: &str) -> Text {
    text!("缺少 {name}", "{name} is missing")
}

fn choice(written: WrittenChoice) -> Choice {
    let WrittenChoice { zh, en, correct, share, feedback } = written;
    Choice { text: Text { zh, en }, correct, share, feedback: words(feedback) }
}

fn choices(options: &[Choice]) -> Vec<WrittenChoice> {
    let write = |one: &Choice| WrittenChoice {
        zh: one.text.zh.clone(),
        en: one.text.en.clone(),
        correct: one.correct,
        share: one.share,
        feedback: said(&one.feedback),
    };
    options.iter().map(write).collect()
}

fn words(said: Option<Said>) -> Text {
    said.unwrap_or_default().0
}

fn said(text: &Text) -> Option<Said> {
    (!text.is_blank()).then(|| Said(text.clone()))
}

fn number(written: WrittenNumeric) -> Numeric {
    let WrittenNumeric { value, tolerance, unit, also } = written;
    let other = |other: WrittenOther| OtherNumber {
        value: other.value,
        tolerance: other.tolerance,
        share: other.share,
        feedback: words(other.feedback),
    };
    Numeric { value, tolerance, unit, also: also.into_iter().map(other).collect() }
}

fn write_number(numeric: &Numeric) -> WrittenNumeric {
    let other = |other: &OtherNumber| WrittenOther {
        value: other.value.clone(),
        tolerance: other.tolerance.clone(),
        share: other.share,
        feedback: said(&other.feedback),
    };
    WrittenNumeric {
        value: numeric.value.clone(),
        tolerance: numeric.tolerance.clone(),
        unit: numeric.unit.clone(),
        also: numeric.also.iter().map(other).collect(),
    }
}

fn accepted(written: WrittenAccepted) -> Accepted {
    let WrittenAccepted { form, share, feedback } = written;
    Accepted { form, share, feedback: words(feedback) }
}

fn write_accepted(accepted: &Accepted) -> WrittenAccepted {
    WrittenAccepted {
        form: accepted.form.clone(),
        share: accepted.share,
        feedback: said(&accepted.feedback),
    }
}

fn hotspot(written: WrittenHotspot) -> Hotspot {
    let region = |region: WrittenRegion| match region {
        WrittenRegion::Rectangle { x, y, width, height } => {
            Region::Rectangle { x, y, width, height }
        }
        WrittenRegion::Circle { x, y, radius } => Region::Circle { x, y, radius },
    };
    let WrittenHotspot { picture, alt, regions } = written;
    Hotspot { picture, alt: alt.0, regions: regions.into_iter().map(region).collect() }
}

fn write_hotspot(hotspot: &Hotspot) -> WrittenHotspot {
    let region = |region: &Region| match *region {
        Region::Rectangle { x, y, width, height } => {
            WrittenRegion::Rectangle { x, y, width, height }
        }
        Region::Circle { x, y, radius } => WrittenRegion::Circle { x, y, radius },
    };
    WrittenHotspot {
        picture: hotspot.picture.clone(),
        alt: Said(hotspot.alt.clone()),
        regions: hotspot.regions.iter().map(region).collect(),
    }
}

fn credit_word(credit: Credit) -> Option<WrittenCredit> {
    match credit {
        Credit::Exact => None,
        Credit::Partial => Some(WrittenCredit::Partial),
        Credit::Weighted => Some(WrittenCredit::Weighted),
    }
}

fn part(written: WrittenPart) -> Result<Part, Text> {
    let WrittenPart { kind, said } = written;
    if kind == QuestionKind::Case {
        return Err(text!("小题不能再是案例题", "a question of a case cannot be a case"));
    }
    let inner: Written = serde_json::from_value(serde_json::Value::Object(said))
        .map_err(|error| Text::same(error.to_string()))?;
    let (stem, feedback) = (inner.stem.0.clone(), inner.feedback.0.clone());
    let (points, fixed_order) = (inner.points.unwrap_or(1), inner.fixed_order);
    inner.refuse_strangers(kind).map_err(|mistakes| Text::list(&mistakes))?;
    Ok(Part { stem, task: inner.task(kind)?, feedback, points, fixed_order })
}

fn write_part(part: &Part) -> WrittenPart {
    let mut written = Written {
        stem: Said(part.stem.clone()),
        feedback: Said(part.feedback.clone()),
        points: (part.points != 1).then_some(part.points),
        fixed_order: part.fixed_order,
        ..Written::default()
    };
    written.set(&part.task);
    let said = match serde_json::to_value(&written) {
        Ok(serde_json::Value::Object(said)) => said,
        _ => serde_json::Map::new(),
    };
    WrittenPart { kind: part.task.kind(), said }
}

impl Body {
    /// Reads what the database holds.
    pub fn read(kind: QuestionKind, json: &str) -> Result<Body, String> {
        let written: Written = serde_json::from_str(json).map_err(|error| error.to_string())?;
        written.read(kind).map_err(|mistakes| Text::list(&mistakes).en)
    }

    /// As the database holds it.
    pub fn to_json(&self) -> String {
        serde_json::to_string(&Written::of(self)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exams::questions::body::Place;

    fn read(kind: &str, said: &str) -> Result<Body, Vec<Text>> {
        let written: Written = toml::from_str(said).expect("the form is right");
        written.read(QuestionKind::parse(kind).expect("a kind"))
    }

    const SOUND: [(&str, &str); 10] = [
        (
            "single",
            "stem = { zh = \"问\" }\noptions = [{ zh = \"甲\", correct = true }, { en = \"B\" }]",
        ),
        (
            "multiple",
            "stem = \"Q\"\ncredit = \"partial\"\noptions = [{ en = \"A\", correct = true }, { en = \"B\" }]",
        ),
        ("true-false", "stem = \"Q\"\nanswer = false"),
        (
            "numeric",
            "stem = \"Q\"\nnumeric = { value = \"60\", unit = \"V\", also = [{ value = \"6\", share = 500000 }] }",
        ),
        (
            "short",
            "stem = \"Q\"\naccepted = [{ form = \"CAN\" }, { form = \"*bus\", share = 500000 }]",
        ),
        ("ordering", "stem = \"Q\"\nitems = [\"one\", { zh = \"二\", en = \"two\" }]"),
        (
            "matching",
            "stem = \"Q\"\npairs = [{ prompt = \"R\", partner = \"Ω\" }, { prompt = \"U\", partner = \"V\" }]\ndistractors = [\"A\"]",
        ),
        (
            "hotspot",
            "stem = \"Q\"\nhotspot = { picture = \"/exams/files/x\", regions = [{ x = 1, y = 2, radius = 9 }, { x = 0, y = 0, width = 5, height = 5 }] }",
        ),
        (
            "case",
            "stem = \"A car comes in\"\nparts = [{ kind = \"true-false\", stem = \"Q1\", answer = true }, { kind = \"single\", stem = \"Q2\", options = [{ en = \"A\", correct = true }, { en = \"B\" }] }]",
        ),
        (
            "essay",
            "stem = \"Q\"\nessay = { guide = \"names the cause\", words = 300, markers = 2 }",
        ),
    ];

    #[test]
    fn every_kind_goes_to_the_database_and_back() {
        for (kind, said) in SOUND {
            let body = read(kind, said).unwrap_or_else(|wrong| panic!("{kind}: {wrong:?}"));
            let kind = QuestionKind::parse(kind).expect("a kind");
            assert_eq!(Body::read(kind, &body.to_json()), Ok(body), "{kind:?}");
        }
    }

    #[test]
    fn what_belongs_to_another_kind_is_named() {
        let wrong = read("numeric", "stem = \"Q\"\nanswer = true\nnumeric = { value = \"1\" }");
        assert!(wrong.unwrap_err()[0].en.contains("has no answer"));
        let within = "stem = \"Q\"\nparts = [{ kind = \"single\", stem = \"Q\", answer = true }]";
        assert!(read("case", within).unwrap_err()[0].en.contains("has no answer"));
    }

    #[test]
    fn the_places_of_a_question_go_into_a_column_and_back() {
        let word = |at: usize| {
            let places = read(SOUND[at].0, SOUND[at].1).expect("sound").places();
            let word = Place::word(&places);
            assert_eq!(Place::parse(&word), Some(places));
            word
        };
        assert_eq!(word(0), "single:2:1");
        assert_eq!(word(2), "true-false:0:1");
        assert_eq!(word(6), "matching:3:1");
        assert_eq!(word(8), "true-false:0:1,single:2:1");
        assert_eq!(Place::parse("drawing:0:1"), None);
    }
}
