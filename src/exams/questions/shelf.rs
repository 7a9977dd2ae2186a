//! A bank at a glance: what is on its shelf, what matches a filter, where it is thin. Pure.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{
    model::{Difficulty, Importance, Level, QuestionKind, Stage},
    queries::OnShelf,
};
use crate::record::{Rules, programme::ExamPlan};

/// The filter as it stands in the address; what is not understood narrows nothing.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Filter {
    #[serde(default)]
    pub area: String,
    #[serde(default)]
    pub kind: String,
    #[serde(default)]
    pub level: String,
    #[serde(default)]
    pub difficulty: String,
    #[serde(default)]
    pub importance: String,
    #[serde(default)]
    pub stage: String,
    /// Words in the stem.
    #[serde(default)]
    pub words: String,
    page: Option<usize>,
}

impl Filter {
    pub fn page(&self) -> usize {
        self.page.unwrap_or(1).clamp(1, 100_000)
    }

    pub fn query(&self) -> [(&'static str, &str); 7] {
        [
            ("area", &self.area),
            ("kind", &self.kind),
            ("level", &self.level),
            ("difficulty", &self.difficulty),
            ("importance", &self.importance),
            ("stage", &self.stage),
            ("words", &self.words),
        ]
    }

    pub fn is_empty(&self) -> bool {
        self.query().iter().all(|(_, value)| value.is_empty())
    }

    /// Whether a question matches, its wording aside. A stage is matched by the version in use
    /// and by one on its way.
    pub fn fits(&self, one: &OnShelf) -> bool {
        let said = one.standing();
        let stage = Stage::parse(&self.stage);
        (self.area.is_empty() || said.area == self.area)
            && QuestionKind::parse(&self.kind).is_none_or(|kind| said.kind == kind)
            && Level::parse(&self.level).is_none_or(|level| said.level == level)
            && Difficulty::parse(&self.difficulty).is_none_or(|grade| said.difficulty == grade)
            && Importance::parse(&self.importance).is_none_or(|weight| said.importance == weight)
            && stage.is_none_or(|stage| said.stage == stage || one.newest.stage == stage)
    }

    /// Whether a text holds every word asked for.
    pub fn speaks_of(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        self.words.to_lowercase().split_whitespace().all(|word| text.contains(word))
    }
}

/// How many questions there are of each sort.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub all: usize,
    pub stages: BTreeMap<Stage, usize>,
    pub kinds: BTreeMap<QuestionKind, usize>,
    /// Newer versions of questions in use that still wait for their review or their release.
    pub in_the_works: usize,
    /// Live questions by area; areas without any are there with none.
    pub live: BTreeMap<String, usize>,
}

impl Counts {
    pub fn of(shelf: &[OnShelf]) -> Counts {
        let mut counts = Counts { all: shelf.len(), ..Counts::default() };
        for one in shelf {
            let said = one.standing();
            *counts.stages.entry(said.stage).or_default() += 1;
            *counts.kinds.entry(said.kind).or_default() += 1;
            counts.in_the_works += usize::from(one.in_the_works());
            *counts.live.entry(said.area.clone()).or_default() +=
                usize::from(said.stage == Stage::Live);
        }
        counts
    }

    pub fn live(&self) -> usize {
        self.stages.get(&Stage::Live).copied().unwrap_or(0)
    }
}

/// So many questions for one that is drawn, and two candidates' papers differ enough.
const DEPTH: usize = 3;
/// An area with fewer is thin even where no exam draws from it by name.
const LEAST: usize = 5;

/// An area, or the bank as a whole, with too little to draw from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thin {
    /// Nothing for the bank as a whole.
    pub area: Option<String>,
    pub live: usize,
    pub wanted: usize,
}

/// Where a bank is thin for the exams that draw from it.
pub fn thin(counts: &Counts, plans: &[&ExamPlan]) -> Vec<Thin> {
    let drawn = |area: Option<&str>| {
        let of = |plan: &&ExamPlan| {
            let draws =
                plan.draw.iter().filter(|draw| area.is_none() || draw.area.as_deref() == area);
            draws.map(|draw| draw.count as usize).sum::<usize>()
        };
        plans.iter().map(of).max().unwrap_or(0)
    };
    let areas = counts.live.iter().map(|(area, live)| Thin {
        area: Some(area.clone()),
        live: *live,
        wanted: (drawn(Some(area)) * DEPTH).max(LEAST),
    });
    let whole = Thin { area: None, live: counts.live(), wanted: drawn(None) * DEPTH };
    std::iter::once(whole).chain(areas).filter(|one| one.live < one.wanted).collect()
}

/// The exams planned on a bank, each with the code of its rule set.
pub fn plans<'a>(rules: &'a Rules, bank: &str) -> Vec<(&'a str, &'a ExamPlan)> {
    let all =
        rules.sets().flat_map(|set| set.exams.iter().map(move |plan| (set.code.as_str(), plan)));
    all.filter(|(_, plan)| plan.bank.as_deref() == Some(bank)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        db::Instant,
        exams::questions::{QuestionId, VersionId, queries::Outline},
    };

    fn outline(number: i64, stage: Stage, area: &str) -> Outline {
        Outline {
            id: VersionId(number),
            number,
            stage,
            kind: QuestionKind::Single,
            area: area.into(),
            level: Level::Recall,
            importance: Importance::Core,
            difficulty: Difficulty::Easy,
            author: None,
            written_at: Instant::from(chrono::DateTime::UNIX_EPOCH),
        }
    }

    fn question(stage: Stage, area: &str) -> OnShelf {
        let newest = outline(1, stage, area);
        let drawn = stage.is_drawn().then(|| newest.clone());
        OnShelf { question: QuestionId(1), code: "q".into(), filed: false, newest, drawn }
    }

    fn rewritten() -> OnShelf {
        OnShelf { newest: outline(2, Stage::Draft, "a"), ..question(Stage::Live, "a") }
    }

    #[test]
    fn a_rewritten_question_counts_as_live_and_is_found_as_a_draft() {
        let counts = Counts::of(&[rewritten(), question(Stage::Draft, "b")]);
        assert_eq!((counts.all, counts.live(), counts.in_the_works), (2, 1, 1));
        assert_eq!(counts.live, BTreeMap::from([("a".to_owned(), 1), ("b".to_owned(), 0)]));
        for stage in ["draft", "live", "", "nonsense"] {
            let filter = Filter { stage: stage.into(), ..Filter::default() };
            assert!(filter.fits(&rewritten()), "{stage}");
        }
        assert!(!Filter { stage: "retired".into(), ..Filter::default() }.fits(&rewritten()));
        assert!(!Filter { area: "b".into(), ..Filter::default() }.fits(&rewritten()));
    }

    #[test]
    fn every_word_must_be_there() {
        let filter = Filter { words: "CAN 电阻".into(), ..Filter::default() };
        assert!(filter.speaks_of("测量can总线的终端电阻") && !filter.speaks_of("CAN 总线"));
        assert!(Filter::default().speaks_of(""));
    }

    #[test]
    fn a_bank_is_thin_where_papers_would_be_alike() {
        let plan: ExamPlan = toml::from_str(
            "code = \"e\"\ntitle = { zh = \"考\", en = \"E\" }\nbank = \"b\"\ndraw = [{ area = \"a\", count = 2 }, { count = 1 }]",
        )
        .expect("a plan");
        let shelf: Vec<OnShelf> = (0..5).map(|_| question(Stage::Live, "a")).collect();
        let found = thin(&Counts::of(&shelf), &[&plan]);
        let said: Vec<_> =
            found.iter().map(|thin| (thin.area.as_deref(), thin.live, thin.wanted)).collect();
        assert_eq!(said, [(None, 5, 9), (Some("a"), 5, 6)]);
        assert_eq!(thin(&Counts::of(&shelf), &[]), []);
    }
}
