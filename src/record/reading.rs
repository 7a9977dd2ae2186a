//! Reading rule-set files: parse, resolve names, check every reference.
//!
//! All files are read before anything is refused, and all problems are reported at once, each with
//! file and line, in both languages, and with what to do about it. Nothing is guessed: a name that
//! no set defines is an error, since a rule that refers to nothing would quietly never be met.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt, fs,
    path::Path as FilePath,
};

use super::{
    blueprint::Blueprint,
    fact::Kind,
    pattern::Pattern,
    programme::{
        Certification, CompetitionPlan, ExamPlan, Ladder, Path, Programmes, Raise, RuleSet,
        Validity,
    },
    requirement::{EDUCATION, Education, Exam, Grade, Kpi, Milestone, Requirement, Rule},
};
use crate::i18n::Text;

/// Something wrong in a rule-set file, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub file: String,
    pub line: Option<usize>,
    pub text: Text,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = self.line.map_or(String::new(), |line| format!(":{line}"));
        write!(f, "{}{line}: {} / {}", self.file, self.text.zh, self.text.en)
    }
}

impl std::error::Error for Problem {}

impl Programmes {
    /// Reads every `.toml` file of a folder.
    pub fn read(folder: &FilePath) -> Result<Programmes, Vec<Problem>> {
        let mut files = Vec::new();
        let entries = fs::read_dir(folder).map_err(|error| vec![unreadable(folder, &error)])?;
        for entry in entries {
            let path = entry.map_err(|error| vec![unreadable(folder, &error)])?.path();
            if path.extension().is_some_and(|extension| extension == "toml") {
                let text =
                    fs::read_to_string(&path).map_err(|error| vec![unreadable(&path, &error)])?;
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                files.push((name, text));
            }
        }
        files.sort();
        Programmes::of_files(&files)
    }

    /// Reads rule sets given as file name and text.
    pub fn of_files(files: &[(String, String)]) -> Result<Programmes, Vec<Problem>> {
        let (mut sets, mut problems) = (BTreeMap::new(), Vec::new());
        for (name, text) in files {
            let file = File { name, text };
            match file.parse() {
                Ok(set) if sets.contains_key(&set.code) => problems.push(file.twice(&set.code)),
                Ok(mut set) => {
                    resolve(&mut set);
                    sets.insert(set.code.clone(), (set, file));
                }
                Err(problem) => problems.push(problem),
            }
        }
        let known = Known::of(sets.values().map(|(set, _)| set));
        for (set, file) in sets.values() {
            problems.extend(Checking { set, file: *file, known: &known }.problems());
        }
        problems.extend(ladders_defined_twice(sets.values()));
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(Programmes::of_checked(sets.into_iter().map(|(code, (set, _))| (code, set)).collect()))
    }

    /// Requirements that name a course nobody teaches, with their lines in these files.
    pub fn unknown_courses(
        &self,
        files: &[(String, String)],
        known: &BTreeSet<String>,
    ) -> Vec<Problem> {
        let mut problems = Vec::new();
        let named = |course: &str| self.context().is_named(Kind::Course, course);
        for set in self.sets() {
            for course in courses_of(&mut set.clone()) {
                if !known.contains(&course) && !named(&course) {
                    let name = format!("{}.toml", set.code);
                    let text = files.iter().find(|(file, _)| *file == name);
                    let file = File { name: &name, text: text.map_or("", |(_, text)| text) };
                    problems.push(file.problem(&course, unknown("课程", "course", &course)));
                }
            }
        }
        problems
    }
}

fn courses_of(set: &mut RuleSet) -> BTreeSet<String> {
    let mut courses = BTreeSet::new();
    for requirement in set.requirements_mut() {
        requirement.visit(&mut |rule| match rule {
            Rule::Course(course) => courses.extend([course.code.clone()]),
            Rule::ClassHours(hours) => courses.extend(hours.courses.iter().cloned()),
            Rule::ExamWait(wait) => courses.extend(wait.waived_by_course.clone()),
            _ => {}
        });
    }
    for plan in set.exams.iter().filter_map(|exam| exam.practical.as_ref()) {
        courses.extend(plan.courses.iter().cloned());
        courses.extend(plan.stations.iter().filter_map(|station| station.course.clone()));
    }
    courses
}

fn unreadable(path: &FilePath, error: &std::io::Error) -> Problem {
    let text = Text::new(
        format!("无法读取：{error}。请检查路径和权限"),
        format!("cannot be read: {error}; check the path and its permissions"),
    );
    Problem { file: path.display().to_string(), line: None, text }
}

fn unknown(zh: &str, en: &str, name: &str) -> Text {
    Text::new(
        format!("没有名为“{name}”的{zh}。请更正名称，或先定义它"),
        format!("there is no {en} called “{name}”: correct the name or define it"),
    )
}

/// A file and where things stand in it.
#[derive(Clone, Copy)]
struct File<'a> {
    name: &'a str,
    text: &'a str,
}

impl File<'_> {
    fn parse(&self) -> Result<RuleSet, Problem> {
        toml::from_str(self.text).map_err(|error| {
            let line = error.span().map(|span| self.line_at(span.start));
            let message = error.message();
            let text = Text::new(
                format!("写法有误：{message}。请对照其他规则文件修改"),
                format!("not written correctly: {message}; compare with the other rule sets"),
            );
            Problem { file: self.name.to_owned(), line, text }
        })
    }

    fn line_at(&self, offset: usize) -> usize {
        let before = self.text.get(..offset).unwrap_or(self.text);
        before.bytes().filter(|byte| *byte == b'\n').count() + 1
    }

    /// The last line that writes this name, within or without its rule set.
    fn line_of(&self, name: &str) -> Option<usize> {
        let bare = name.rsplit('/').next().unwrap_or(name);
        let (full, bare) = (format!("\"{name}\""), format!("\"{bare}\""));
        let last = |wanted: &str| self.text.rfind(wanted).map(|offset| self.line_at(offset));
        last(&full).or_else(|| last(&bare))
    }

    /// The line that defines something of this code.
    fn definition_of(&self, name: &str) -> Option<usize> {
        let bare = format!("\"{}\"", name.rsplit('/').next().unwrap_or(name));
        let place = self.text.lines().position(|line| {
            let value = line.trim_start().strip_prefix("code").map(str::trim_start);
            value.and_then(|rest| rest.strip_prefix('=')).is_some_and(|rest| rest.contains(&bare))
        });
        place.map(|place| place + 1).or_else(|| self.line_of(name))
    }

    /// The line that gives a field of a certification this number, or else the one that defines
    /// the certification.
    fn line_of_field(&self, certification: &str, field: &str, number: u32) -> Option<usize> {
        let defined = self.definition_of(certification)?;
        let number = number.to_string();
        let lines = self.text.lines().enumerate().skip(defined);
        let mut own = lines.take_while(|(_, line)| {
            let line = line.trim_start();
            !line.starts_with("[[") || line.starts_with("[[certification.")
        });
        let words = |line: &str| -> Vec<String> {
            let letter = |c: char| c.is_alphanumeric() || c == '_';
            line.split(|c| !letter(c)).map(str::to_owned).collect()
        };
        let gives = |line: &str| {
            let words = words(line.split('#').next().unwrap_or_default());
            words.iter().any(|word| word == field) && words.contains(&number)
        };
        let found = own.find(|(_, line)| gives(line)).map(|(place, _)| place + 1);
        found.or(Some(defined))
    }

    fn problem(&self, name: &str, text: Text) -> Problem {
        Problem { file: self.name.to_owned(), line: self.line_of(name), text }
    }

    fn twice(&self, code: &str) -> Problem {
        let text = Text::new(
            format!("“{code}”定义了两次。请改名或删除其中一个"),
            format!("“{code}” is defined twice: rename or remove one of them"),
        );
        self.problem(code, text)
    }
}

/// Turns the bare names of a set into `RULESET/NAME`, and exam names into the codes of their facts.
fn resolve(set: &mut RuleSet) {
    let certifications: BTreeMap<String, String> =
        set.certifications.iter().map(|one| (one.code.clone(), set.qualified(&one.code))).collect();
    let exams: BTreeMap<String, String> =
        set.exams.iter().map(|exam| (exam.code.clone(), exam.fact_code(set))).collect();
    let competitions: BTreeMap<String, String> =
        set.competitions.iter().map(|one| (one.code.clone(), set.qualified(&one.code))).collect();
    let certificate = |code: &mut String| rename(&certifications, code);
    let exam = |code: &mut String| rename(&exams, code);
    for requirement in set.requirements_mut() {
        requirement.visit_mut(&mut |rule| {
            match rule {
                Rule::Certificate(rule) => certificate(&mut rule.code),
                Rule::Exam(rule) => rule.parts.iter_mut().for_each(|part| {
                    exam(&mut part.code);
                    part.after.iter_mut().for_each(&exam);
                }),
                Rule::ExamWait(wait) => exam(&mut wait.exam),
                Rule::Competition(rule) => {
                    rule.code.iter_mut().for_each(|code| rename(&competitions, code));
                }
                _ => {}
            }
            for milestone in rule.milestones_mut() {
                match milestone {
                    Milestone::Certificate(code) => certificate(code),
                    Milestone::Exam(code) => exam(code),
                    _ => {}
                }
            }
        });
    }
    set.deemed.iter_mut().for_each(|deemed| certificate(&mut deemed.certificate));
}

fn rename(names: &BTreeMap<String, String>, code: &mut String) {
    if let Some(full) = names.get(code.as_str()) {
        code.clone_from(full);
    }
}

/// Everything that any set defines.
#[derive(Default)]
struct Known {
    ladders: BTreeMap<String, BTreeSet<String>>,
    certifications: BTreeSet<String>,
    exams: BTreeSet<String>,
    names: BTreeSet<(Kind, String)>,
}

impl Known {
    fn of<'a>(sets: impl Iterator<Item = &'a RuleSet>) -> Known {
        let mut known = Known::default();
        for set in sets {
            for ladder in &set.ladders {
                let levels = ladder.grades.iter().map(|grade| grade.level.clone());
                known.ladders.entry(ladder.code.clone()).or_default().extend(levels);
            }
            known
                .certifications
                .extend(set.certifications.iter().map(|one| set.qualified(&one.code)));
            known.exams.extend(set.exams.iter().map(|exam| exam.fact_code(set)));
            known.exams.extend(set.exams.iter().map(|exam| set.qualified(&exam.code)));
            known.name(Kind::Logbook, set.tasks.iter().map(|task| &task.code));
            known.name(Kind::Kpi, set.metrics.iter().map(|metric| &metric.code));
            known.name(Kind::Position, set.positions.iter().map(|position| &position.code));
            known.names.extend(set.names.iter().map(|name| (name.kind, name.code.clone())));
        }
        known
    }

    fn name<'a>(&mut self, kind: Kind, codes: impl Iterator<Item = &'a String>) {
        self.names.extend(codes.map(|code| (kind, code.clone())));
    }
}

/// One set under check.
struct Checking<'a> {
    set: &'a RuleSet,
    file: File<'a>,
    known: &'a Known,
}

impl Checking<'_> {
    fn problems(&self) -> Vec<Problem> {
        let mut problems = self.duplicates();
        problems.extend(self.named_as_its_file());
        problems.extend(self.set.ladders.iter().flat_map(|ladder| self.ladder(ladder)));
        problems.extend(self.set.paths.iter().flat_map(|path| self.path(path)));
        problems.extend(self.set.certifications.iter().flat_map(|one| self.certification(one)));
        problems.extend(self.set.exams.iter().filter_map(|exam| self.exam_plan(exam)));
        problems.extend(self.set.exams.iter().flat_map(|exam| self.practical(exam)));
        problems.extend(self.mentoring());
        let deemed = self.set.deemed.iter().map(|deemed| &deemed.certificate);
        problems.extend(deemed.filter_map(|code| self.is_certificate(code)));
        problems.extend(self.set.competitions.iter().flat_map(|one| self.competition(one)));
        let mut set = self.set.clone();
        for (owner, requirement) in set.owned_requirements_mut() {
            self.requirement(&owner, requirement, &mut problems);
        }
        problems
    }

    fn named_as_its_file(&self) -> Option<Problem> {
        let code = &self.set.code;
        let wrong = self.file.name.strip_suffix(".toml") != Some(code.as_str());
        wrong.then(|| {
            let text = Text::new(
                format!("规则集代码“{code}”与文件名不一致。请把文件命名为 {code}.toml"),
                format!("the rule set “{code}” must stand in a file called {code}.toml: rename it"),
            );
            self.file.problem(code, text)
        })
    }

    fn duplicates(&self) -> Vec<Problem> {
        let set = self.set;
        let lists: [Vec<&String>; 9] = [
            set.ladders.iter().map(|one| &one.code).collect(),
            set.paths.iter().map(|one| &one.code).collect(),
            set.certifications.iter().map(|one| &one.code).collect(),
            set.exams.iter().map(|one| &one.code).collect(),
            set.tasks.iter().map(|one| &one.code).collect(),
            set.jobs.iter().map(|one| &one.code).collect(),
            set.positions.iter().map(|one| &one.code).collect(),
            set.metrics.iter().map(|one| &one.code).collect(),
            set.competitions.iter().map(|one| &one.code).collect(),
        ];
        lists.iter().flat_map(|codes| repeated(codes)).map(|code| self.file.twice(code)).collect()
    }

    fn ladder(&self, ladder: &Ladder) -> Vec<Problem> {
        let levels: Vec<&String> = ladder.grades.iter().map(|grade| &grade.level).collect();
        let mut problems: Vec<Problem> =
            repeated(&levels).into_iter().map(|level| self.file.twice(level)).collect();
        let ranks: BTreeSet<u32> = ladder.grades.iter().map(|grade| grade.rank).collect();
        if ranks.len() < ladder.grades.len() {
            let text = Text::new(
                format!("序列“{}”有两个等级次序相同。请给每级不同的 rank", ladder.code),
                format!("two grades of “{}” have the same rank: give each its own", ladder.code),
            );
            problems.push(self.file.problem(&ladder.code, text));
        }
        if let Some(twin) = &ladder.twin {
            problems.extend(self.is_ladder(twin));
        }
        if let Some(level) = &ladder.re_entry_level {
            problems.extend(self.is_level(&ladder.code, level));
        }
        problems
    }

    fn path(&self, path: &Path) -> Vec<Problem> {
        let from_ladder = path.from_ladder.as_ref().unwrap_or(&path.ladder);
        let from = path.from.as_ref().and_then(|from| self.is_level(from_ladder, from));
        self.is_level(&path.ladder, &path.grants).into_iter().chain(from).collect()
    }

    fn certification(&self, one: &Certification) -> Vec<Problem> {
        let mistaken = one.number.as_ref().and_then(|pattern| {
            let text = Pattern::parse(pattern).err()?;
            Some(self.file.problem(pattern, text))
        });
        let lengths = lengths(one).into_iter();
        let wrong = lengths.filter(|length| !(1..=length.most).contains(&length.number));
        mistaken.into_iter().chain(wrong.map(|length| self.length(&one.code, &length))).collect()
    }

    fn length(&self, code: &str, length: &Length) -> Problem {
        let Length { field, unit, number, most } = length;
        let text = Text::new(
            format!("认证“{code}”的 {field} 是 {number}。请写 1 到 {most} 之间的整数"),
            format!(
                "{field} of certification “{code}” is {number}: write a whole number from 1 to {most}"
            ),
        );
        let line = self.file.line_of_field(code, unit, *number);
        Problem { file: self.file.name.to_owned(), line, text }
    }

    fn exam_plan(&self, exam: &ExamPlan) -> Option<Problem> {
        if let Some(mistake) = exam.blueprint.iter().flat_map(Blueprint::mistakes).next() {
            let code = &exam.code;
            let text = Text::new(
                format!("考试“{code}”的细目表：{}", mistake.zh),
                format!("the blueprint of exam “{code}”: {}", mistake.en),
            );
            return Some(self.file.problem(code, text));
        }
        let drawn: u32 = exam.draw.iter().map(|draw| draw.count).sum();
        let planned = exam.blueprint.is_some() != (drawn > 0);
        let timed = exam.minutes.is_some()
            || exam.blueprint.as_ref().is_some_and(|blueprint| blueprint.minutes().is_some());
        let sat = exam.bank.is_some() && timed && planned;
        (!exam.recorded && !sat && exam.practical.is_none()).then(|| {
            let code = &exam.code;
            let text = Text::new(
                format!("考试“{code}”缺少 bank、minutes，或没有恰好一个 draw、blueprint。请补全，或写 recorded = true，或加上 [exam.practical]"),
                format!(
                    "exam “{code}” lacks bank, minutes or exactly one of draw and blueprint: add them, write recorded = true or add [exam.practical]"
                ),
            );
            self.file.problem(code, text)
        })
    }

    fn practical(&self, exam: &ExamPlan) -> Vec<Problem> {
        let Some(plan) = &exam.practical else { return Vec::new() };
        let mistakes = plan.mistakes(&exam.code).into_iter();
        let mut problems: Vec<Problem> =
            mistakes.map(|(about, text)| self.file.problem(&about, text)).collect();
        if exam.bank.is_some() || exam.recorded {
            let code = &exam.code;
            let text = Text::new(
                format!("考试“{code}”有 practical，就不能再写 bank 或 recorded。请去掉"),
                format!("exam “{code}” is a practical: leave out bank and recorded"),
            );
            problems.push(self.file.problem(code, text));
        }
        problems.extend(plan.grade.as_ref().and_then(|grade| self.is_grade(grade)));
        problems
    }

    fn competition(&self, one: &CompetitionPlan) -> Vec<Problem> {
        let raised =
            one.raises.iter().flat_map(|raise| std::iter::once(&raise.to).chain(&raise.then));
        let mut problems: Vec<Problem> =
            raised.filter_map(|level| self.is_level(&one.ladder, level)).collect();
        let silent = |raise: &Raise| {
            raise.levels.is_empty() && raise.top.is_none() && raise.top_percent.is_none()
        };
        if one.raises.is_empty() || one.raises.iter().any(silent) {
            let code = &one.code;
            let text = Text::new(
                format!(
                    "竞赛“{code}”没有写明哪些名次可以晋级。请写 raise，其中有 top、top_percent 或 levels"
                ),
                format!(
                    "competition “{code}” does not say which results raise: write raise with top, top_percent or levels"
                ),
            );
            problems.push(self.file.problem(code, text));
        }
        problems
    }

    fn mentoring(&self) -> Option<Problem> {
        let rules = self.set.mentoring.as_ref()?;
        match &rules.min_level {
            Some(level) => self.is_level(&rules.ladder, level),
            None => self.is_ladder(&rules.ladder),
        }
    }

    fn requirement(&self, owner: &str, requirement: &Requirement, problems: &mut Vec<Problem>) {
        requirement.visit(&mut |rule| {
            problems.extend(self.rule(owner, rule));
            problems.extend(rule.milestones().iter().filter_map(|one| self.milestone(one)));
        });
    }

    fn rule(&self, owner: &str, rule: &Rule) -> Vec<Problem> {
        let one = |problem: Option<Problem>| problem.into_iter().collect();
        match rule {
            Rule::All(inner) | Rule::Any(inner) | Rule::None(inner) if inner.is_empty() => {
                vec![self.empty(owner)]
            }
            Rule::AtLeast(rule) if rule.n == 0 || rule.n > rule.of.len() => {
                vec![self.empty(owner)]
            }
            Rule::Grade(grade) => one(self.is_grade(grade)),
            Rule::Certificate(rule) => one(self.is_certificate(&rule.code)),
            Rule::Education(rule) => self.education(rule),
            Rule::Tenure(rule) => self.all_named(Kind::Employment, &rule.occupations),
            Rule::Active(rule) => self.all_named(Kind::Employment, &rule.occupations),
            Rule::Health(rule) => one(self.is_named(Kind::Health, &rule.code)),
            Rule::Exam(rule) => self.exam(rule),
            Rule::ExamWait(rule) => one(self.is_exam(&rule.exam)),
            Rule::Kpi(rule) => one(self.kpi(rule)),
            Rule::Logbook(rule) => one(self.is_named(Kind::Logbook, &rule.task)),
            Rule::Position(rule) => self.all_named(Kind::Position, &rule.one_of),
            _ => Vec::new(),
        }
    }

    fn milestone(&self, milestone: &Milestone) -> Option<Problem> {
        match milestone {
            Milestone::Grade(grade) => self.is_grade(grade),
            Milestone::Certificate(code) => self.is_certificate(code),
            Milestone::Exam(code) => self.is_exam(code),
            Milestone::Position(code) => self.is_named(Kind::Position, code),
            Milestone::Education(education) => self.education(education).pop(),
            Milestone::Course(_) => None,
        }
    }

    fn exam(&self, exam: &Exam) -> Vec<Problem> {
        let after = exam.parts.iter().filter_map(|part| part.after.as_ref());
        let codes = exam.parts.iter().map(|part| &part.code).chain(after);
        codes.filter_map(|code| self.is_exam(code)).collect()
    }

    fn education(&self, education: &Education) -> Vec<Problem> {
        let codes = education.one_of.iter().chain(&education.at_least);
        codes
            .filter(|code| !EDUCATION.contains(&code.as_str()))
            .map(|code| self.file.problem(code, unknown("学历", "education", code)))
            .collect()
    }

    fn kpi(&self, kpi: &Kpi) -> Option<Problem> {
        let silent = kpi.months == 0 || kpi.at_least.is_none() && kpi.at_most.is_none();
        if silent {
            let text = Text::new(
                format!("指标“{}”没有门槛。请写 months 和 at_least 或 at_most", kpi.metric),
                format!("“{}” demands nothing: write months and at_least or at_most", kpi.metric),
            );
            return Some(self.file.problem(&kpi.metric, text));
        }
        self.is_named(Kind::Kpi, &kpi.metric)
    }

    fn empty(&self, owner: &str) -> Problem {
        let text = Text::new(
            format!("“{owner}”有一组条件为空，或 at_least 的 n 与项数不符。请补上条件"),
            format!(
                "a group of requirements of “{owner}” is empty, or n of at_least does not fit: add what is demanded"
            ),
        );
        let line = self.file.definition_of(owner);
        Problem { file: self.file.name.to_owned(), line, text }
    }

    fn is_grade(&self, grade: &Grade) -> Option<Problem> {
        self.is_level(&grade.ladder, &grade.level)
    }

    fn is_ladder(&self, ladder: &str) -> Option<Problem> {
        let known = self.known.ladders.contains_key(ladder);
        (!known).then(|| self.file.problem(ladder, unknown("等级序列", "ladder", ladder)))
    }

    fn is_level(&self, ladder: &str, level: &str) -> Option<Problem> {
        let Some(levels) = self.known.ladders.get(ladder) else { return self.is_ladder(ladder) };
        (!levels.contains(level)).then(|| {
            let levels = levels.iter().cloned().collect::<Vec<_>>().join(", ");
            let text = Text::new(
                format!("序列“{ladder}”没有等级“{level}”。可用：{levels}"),
                format!("ladder “{ladder}” has no level “{level}”: use one of {levels}"),
            );
            self.file.problem(level, text)
        })
    }

    fn is_certificate(&self, code: &str) -> Option<Problem> {
        let known = self.known.certifications.contains(code);
        (!known).then(|| self.file.problem(code, unknown("证书", "certification", code)))
    }

    fn is_exam(&self, code: &str) -> Option<Problem> {
        let known = self.known.exams.contains(code);
        (!known).then(|| self.file.problem(code, unknown("考试", "exam", code)))
    }

    fn all_named(&self, kind: Kind, codes: &[String]) -> Vec<Problem> {
        codes.iter().filter_map(|code| self.is_named(kind, code)).collect()
    }

    fn is_named(&self, kind: Kind, code: &str) -> Option<Problem> {
        let known = self.known.names.contains(&(kind, code.to_owned()));
        (!known).then(|| {
            let title = kind.title();
            let en = title.en.to_lowercase();
            self.file.problem(code, unknown(&title.zh, &en, code))
        })
    }
}

/// A length of time as a file gives it.
struct Length {
    /// What it is the length of, as readers of the file find it.
    field: String,
    /// The key that has the number.
    unit: &'static str,
    number: u32,
    most: u32,
}

/// Longer than any certificate is valid for, and short enough to be counted with.
const MOST_MONTHS: u32 = 6_000;
const MOST_DAYS: u32 = 180_000;

/// Every length of time of a certification that must be one: a certificate that ended before it
/// began could not be recorded.
fn lengths(one: &Certification) -> Vec<Length> {
    let mut all = Vec::new();
    all.extend(length_of_validity("validity", one.validity));
    for way in &one.renewals {
        all.extend(way.validity.and_then(|one| length_of_validity("renewal.validity", one)));
        all.extend(way.extends_months.map(|number| Length {
            field: "renewal.extends_months".to_owned(),
            unit: "extends_months",
            number,
            most: MOST_MONTHS,
        }));
    }
    let before = one.transitions.iter().filter_map(|one| one.before.as_ref()?.review.as_ref());
    for review in one.review.iter().chain(before) {
        let every = [("review", Some(review.months))];
        let longer = review.longer.as_ref().map(|longer| longer.months);
        for (field, months) in every.into_iter().chain([("review.longer", longer)]) {
            all.extend(months.map(|number| months_of(field, number)));
        }
    }
    all
}

fn months_of(field: &str, number: u32) -> Length {
    Length { field: format!("{field}.months"), unit: "months", number, most: MOST_MONTHS }
}

fn length_of_validity(field: &str, validity: Validity) -> Option<Length> {
    match validity {
        Validity::None => None,
        Validity::Months(number) => Some(months_of(field, number)),
        Validity::Days(number) => {
            Some(Length { field: format!("{field}.days"), unit: "days", number, most: MOST_DAYS })
        }
        Validity::Fixed(fixed) => Some(months_of(&format!("{field}.fixed"), fixed.months)),
    }
}

fn repeated<'a>(codes: &[&'a String]) -> Vec<&'a String> {
    let mut seen = BTreeSet::new();
    codes.iter().copied().filter(|code| !seen.insert(code.as_str())).collect()
}

fn ladders_defined_twice<'a>(sets: impl Iterator<Item = &'a (RuleSet, File<'a>)>) -> Vec<Problem> {
    let (mut seen, mut problems) = (BTreeSet::new(), Vec::new());
    for (set, file) in sets {
        for ladder in &set.ladders {
            // Within one set the duplicate has been reported already.
            if !seen.insert(ladder.code.clone()) && repeated_in(set, &ladder.code) < 2 {
                problems.push(file.twice(&ladder.code));
            }
        }
    }
    problems
}

fn repeated_in(set: &RuleSet, ladder: &str) -> usize {
    set.ladders.iter().filter(|other| other.code == ladder).count()
}

impl ExamPlan {
    /// The code of the facts this exam writes.
    pub fn fact_code(&self, set: &RuleSet) -> String {
        self.part.clone().unwrap_or_else(|| set.qualified(&self.code))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SET: &str = r#"code = "s"
version = "1"
title = { zh = "规", en = "rules" }
jurisdiction = "house"
source = "house"
verified = "primary"
notice = { zh = "规", en = "rules" }
[[certification]]
code = "other"
title = { zh = "别", en = "other" }
validity.months = 12
requires.age.min = 16
[[certification]]
code = "c"
title = { zh = "证", en = "certificate" }
validity.months = 24
review = { months = 12 }
requires.age.min = 18
[[certification.renewal]]
extends_months = 6
validity.days = 90
requires.age.min = 18
[[job]]
code = "j"
title = { zh = "活", en = "job" }
requires.certificate.code = "c"
"#;

    fn problems(text: &str) -> Vec<(Option<usize>, String)> {
        let found = Programmes::of_files(&[("s.toml".to_owned(), text.to_owned())]);
        let found = found.err().unwrap_or_default().into_iter();
        found.map(|problem| (problem.line, problem.text.en)).collect()
    }

    #[test]
    fn a_length_of_time_is_one_and_is_named_with_its_line() {
        assert_eq!(problems(SET), []);
        for (now, wrong, line, field) in [
            ("validity.months = 24", "validity.months = 0", 16, "validity.months"),
            ("validity.months = 24", "validity.months = 6001", 16, "validity.months"),
            ("validity.days = 90", "validity.days = 0", 21, "renewal.validity.days"),
            ("extends_months = 6", "extends_months = 0", 20, "renewal.extends_months"),
            ("review = { months = 12 }", "review = { months = 0 }", 17, "review.months"),
            ("review = { months = 12 }", "review = { months = 4000000000 }", 17, "review.months"),
        ] {
            let found = problems(&SET.replace(now, wrong));
            assert_eq!(found.len(), 1, "{wrong}: {found:?}");
            assert_eq!(found[0].0, Some(line), "{wrong}");
            assert!(found[0].1.contains(field) && found[0].1.contains("“c”"), "{found:?}");
        }
    }

    #[test]
    fn an_empty_group_is_named_with_what_asks_it() {
        let empty = SET.replacen("requires.age.min = 18", "requires.all = []", 1);
        let found = problems(&empty);
        assert_eq!((found.len(), found[0].0), (1, Some(14)), "where “c” is defined");
        assert!(found[0].1.contains("“c”"));
    }

    #[test]
    fn an_unknown_course_is_named_with_its_line() {
        let text = SET.replacen("requires.age.min = 18", "requires.course.code = \"none\"", 1);
        let files = [("s.toml".to_owned(), text)];
        let programmes = Programmes::of_files(&files).unwrap();
        let found = programmes.unknown_courses(&files, &BTreeSet::new());
        assert_eq!((found.len(), found[0].line, found[0].file.as_str()), (1, Some(18), "s.toml"));
    }
}
