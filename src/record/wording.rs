//! How a requirement and what is missing are said, in both languages.
//!
//! A reader must be able to act on a line without knowing shifu: which certificate, how many
//! hours, how much longer and from which day. So what is missing is said in figures wherever the
//! facts give any.

use chrono::NaiveDate;

use super::{
    case::{Case, Tally, capped, hundredths, recent, since, skill_level, span_of},
    context::Context,
    fact::{Amount, Fact, Kind},
    period::{FOREVER, Term, day_before, days_after, next_day},
    requirement::{
        Age, Certificate, ClassHours, Competition, Course, Education, Exam, ExamWait, Grade, Kpi,
        Limit, Logbook, Mentoring, Milestone, Mode, ONLINE, Part, Requirement, Rule, Skill, Tenure,
    },
    tenure::{Span, Spans, amount, completed},
    verdict::Line,
};
use crate::i18n::{Lang, Text, count, date};

/// What is demanded. `used` is the branch by which an `any` is met.
pub fn text(requirement: &Requirement, context: &Context, used: Option<&Line>) -> Text {
    let text = demand(&requirement.rule, context, used);
    let named = match (&requirement.name, requirement.children().is_empty()) {
        (Some(name), true) => both(|lang| colon(lang, name.get(lang), text.get(lang))),
        (Some(name), false) => name.clone(),
        (None, _) => text,
    };
    match &requirement.note {
        Some(note) => both(|lang| match lang {
            Lang::Zh => format!("{}（{}）", named.zh, note.zh),
            Lang::En => format!("{} ({})", named.en, note.en),
        }),
        None => named,
    }
}

/// What is missing of an unmet requirement.
pub fn missing(
    requirement: &Requirement,
    case: &Case,
    earliest: Option<NaiveDate>,
    lines: &[Line],
) -> Text {
    match &requirement.rule {
        Rule::All(_) => all_missing(lines),
        Rule::Any(_) => any_missing(lines),
        Rule::AtLeast(rule) => at_least_missing(rule.n, lines),
        Rule::None(_) => vetoed(lines, earliest),
        leaf => leaf_missing(leaf, case, earliest),
    }
}

fn demand(rule: &Rule, context: &Context, used: Option<&Line>) -> Text {
    match rule {
        Rule::All(_) => fixed("满足以下全部条件", "All of the following"),
        Rule::Any(_) => any_text(used),
        Rule::AtLeast(rule) => {
            let n = rule.n;
            Text::new(format!("以下至少满足 {n} 项"), format!("At least {n} of the following"))
        }
        Rule::None(_) => fixed("不得有以下情形", "None of the following"),
        Rule::Grade(grade) => grade_text(grade, context),
        Rule::Certificate(rule) => certificate_text(rule, context),
        Rule::Course(course) => course_text(course, context),
        Rule::ClassHours(rule) => class_hours_text(rule, context),
        Rule::Education(rule) => education_text(rule, context),
        Rule::Tenure(tenure) => tenure_text(tenure, context),
        Rule::Active(rule) => {
            let trade = occupations(&rule.occupations, rule.related, context);
            let n = rule.away_months;
            Text::new(
                format!("离开{}岗位未满 {n} 个月", trade.zh),
                format!("Away from {} for less than {}", trade.en, count(n, "month", "months")),
            )
        }
        Rule::Age(age) => age_text(age),
        Rule::Health(health) => {
            let name = quoted(context.name(Kind::Health, &health.code));
            Text::new(format!("{}有效", name.zh), format!("Valid health clearance {}", name.en))
        }
        Rule::Exam(exam) => exam_text(exam, context),
        Rule::ExamWait(wait) => exam_wait_text(wait, context),
        Rule::Kpi(kpi) => kpi_text(kpi, context),
        other => experience(other, context),
    }
}

/// Demands on what somebody has done rather than learnt.
fn experience(rule: &Rule, context: &Context) -> Text {
    match rule {
        Rule::Incident(rule) => {
            let what = rule.code.as_ref().map_or_else(
                || fixed("事故", "any kind"),
                |code| context.name(Kind::Incident, code),
            );
            let text = both(|lang| match lang {
                Lang::Zh => format!("发生{}", what.zh),
                Lang::En => format!("Incident: {}", what.en),
            });
            within(text, rule.within_months)
        }
        Rule::Apprenticeship(rule) => of_trade(
            rule.code.as_deref(),
            context,
            fixed("学徒期满出师", "Apprenticeship completed"),
        ),
        Rule::Mentoring(rule) => mentoring_text(rule, context),
        Rule::Logbook(rule) => {
            let task = quoted(context.name(Kind::Logbook, &rule.task));
            let n = rule.min;
            let text = Text::new(
                format!("实操记录{}至少 {n} 次", task.zh),
                format!("Logbook: {} at least {}", task.en, times(n)),
            );
            within(text, rule.within_months)
        }
        Rule::Skill(rule) => {
            let (skill, n) = (quoted(context.name(Kind::Skill, &rule.code)), rule.min);
            Text::new(
                format!("技能{}达到 {n} 级", skill.zh),
                format!("Skill {} at level {n}", skill.en),
            )
        }
        Rule::Award(rule) => {
            let n = rule.min;
            let name = rule.code.as_ref().map(|code| quoted(context.name(Kind::Award, code)));
            let name = name.unwrap_or_else(|| fixed("奖励", "awards"));
            let text = Text::new(
                format!("获得{} {n} 次", name.zh),
                format!("Received {}, at least {}", name.en, times(n.into())),
            );
            within(text, rule.within_months)
        }
        Rule::Competition(rule) => competition_text(rule, context),
        Rule::Position(rule) => {
            let names = rule.one_of.iter().map(|code| quoted(context.name(Kind::Position, code)));
            let names = Text::list(&names.collect::<Vec<_>>());
            let text = Text::new(
                format!("在{}岗位任职", names.zh),
                format!("Holds the position {}", names.en),
            );
            held_for(text, rule.for_months)
        }
        _ => Text::default(),
    }
}

fn any_text(used: Option<&Line>) -> Text {
    match used {
        Some(line) => both(|lang| match lang {
            Lang::Zh => format!("满足以下任一条件（采用：{}）", line.title().zh),
            Lang::En => format!("Any one of the following (met by: {})", line.title().en),
        }),
        None => fixed("满足以下任一条件", "Any one of the following"),
    }
}

fn grade_text(grade: &Grade, context: &Context) -> Text {
    let ladder = context.name(Kind::Grade, &grade.ladder);
    let level = context.level_name(&grade.ladder, &grade.level);
    let text = if grade.exact {
        Text::new(
            format!("{}现为“{}”", ladder.zh, level.zh),
            format!("{}: holds exactly {}", ladder.en, level.en),
        )
    } else {
        Text::new(
            format!("{}达到“{}”及以上", ladder.zh, level.zh),
            format!("{}: holds {} or higher", ladder.en, level.en),
        )
    };
    let text = held_for(text, grade.for_months);
    match grade.since {
        Some(day) => both(|lang| match lang {
            Lang::Zh => format!("{}，且于 {} 已持有", text.zh, date(lang, day)),
            Lang::En => format!("{}, already on {}", text.en, date(lang, day)),
        }),
        None => text,
    }
}

fn certificate_text(rule: &Certificate, context: &Context) -> Text {
    let name = quoted(context.name(Kind::Certificate, &rule.code));
    let text = if rule.ever {
        Text::new(format!("曾持有{}", name.zh), format!("Holds or has held {}", name.en))
    } else {
        Text::new(format!("持有有效的{}", name.zh), format!("Holds a valid {}", name.en))
    };
    held_for(text, rule.for_months)
}

fn course_text(course: &Course, context: &Context) -> Text {
    let name = quoted(context.name(Kind::Course, &course.code));
    let text = Text::new(format!("完成课程{}", name.zh), format!("Course {} completed", name.en));
    after(within(text, course.within_months), course.after.as_ref(), context)
}

fn class_hours_text(rule: &ClassHours, context: &Context) -> Text {
    let min = rule.min;
    let mut text =
        Text::new(format!("培训不少于 {min} 学时"), format!("At least {min} class hours"));
    if !rule.courses.is_empty() {
        let names = rule.courses.iter().map(|code| quoted(context.name(Kind::Course, code)));
        let names = Text::list(&names.collect::<Vec<_>>());
        text =
            Text::new(format!("{}：{}", text.zh, names.zh), format!("{} of {}", text.en, names.en));
    }
    if let Some(percent) = rule.online_max_percent {
        text.zh.push_str(&format!("，其中线上不超过 {percent}%"));
        text.en.push_str(&format!(", at most {percent}% of them online"));
    }
    after(within(text, rule.within_months), rule.after.as_ref(), context)
}

fn education_text(rule: &Education, context: &Context) -> Text {
    let name = |code: &String| context.name(Kind::Education, code);
    let mut text = match &rule.at_least {
        Some(least) => {
            let least = name(least);
            Text::new(
                format!("{}及以上学历", least.zh),
                format!("Education: {} or higher", least.en),
            )
        }
        None if rule.one_of.is_empty() => fixed("有毕业证书", "A finished education"),
        None => {
            let names = Text::list(&rule.one_of.iter().map(name).collect::<Vec<_>>());
            Text::new(format!("{}学历", names.zh), format!("Education: {}", names.en))
        }
    };
    if !rule.fields.is_empty() {
        let fields = rule.fields.iter().map(|field| major(context, field)).collect::<Vec<_>>();
        let fields = Text::list(&fields);
        let (zh, en) = if rule.related { ("或相关", " or a related field") } else { ("", "") };
        text.zh.push_str(&format!("，{}{zh}专业", fields.zh));
        text.en.push_str(&format!(" in {}{en}", fields.en));
    }
    text
}

/// Majors are named beside the education codes.
fn major(context: &Context, field: &str) -> Text {
    context.name(Kind::Education, field)
}

fn tenure_text(tenure: &Tenure, context: &Context) -> Text {
    let trade = occupations(&tenure.occupations, tenure.related, context);
    let mut term = Term::of_months(tenure.total_months());
    term.days = tenure.plus_days;
    let term = said(term);
    let (zh, en) = match tenure.mode {
        Mode::Cumulative => ("累计", "in total"),
        Mode::Continuous => ("连续", "without interruption"),
    };
    let text = Text::new(
        format!("{zh}从事{}满 {}", trade.zh, term.zh),
        format!("Worked {} {en} in {}", term.en, trade.en),
    );
    after(text, tenure.after.as_ref(), context)
}

fn age_text(age: &Age) -> Text {
    match (age.min, age.max) {
        (Some(min), Some(max)) => {
            Text::new(format!("年龄 {min} 至 {max} 周岁"), format!("Aged {min} to {max}"))
        }
        (Some(min), None) => {
            Text::new(format!("年满 {min} 周岁"), format!("At least {min} years old"))
        }
        (None, Some(max)) => {
            Text::new(format!("不超过 {max} 周岁"), format!("At most {max} years old"))
        }
        (None, None) => fixed("出生日期已登记", "Date of birth known"),
    }
}

fn exam_text(exam: &Exam, context: &Context) -> Text {
    let parts: Vec<Text> = exam.parts.iter().map(|part| part_text(part, context)).collect();
    let mut text = joined(&parts);
    if let Some(least) = exam.composite_min {
        text.zh.push_str(&format!("；加权平均不低于 {least} 分"));
        text.en.push_str(&format!("; weighted mean at least {least}"));
    }
    text
}

fn part_text(part: &Part, context: &Context) -> Text {
    let (name, min) = (quoted(context.name(Kind::Exam, &part.code)), part.min);
    let mut text = Text::new(
        format!("{}不低于 {min} 分", name.zh),
        format!("{} with at least {min} of 100", name.en),
    );
    if let Some(months) = part.valid_months {
        text.zh.push_str(&format!("（成绩 {months} 个月内有效）"));
        text.en.push_str(&format!(" (the result counts for {})", count(months, "month", "months")));
    }
    if let Some(before) = &part.after {
        let before = quoted(context.name(Kind::Exam, before));
        let (zh, en) = part.after_within_months.map_or_else(Default::default, |n| {
            (format!(" {n} 个月内"), format!(" within {} of", count(n, "month", "months")))
        });
        let en = if en.is_empty() { " after".into() } else { en };
        text.zh.push_str(&format!("，须在{}合格后{zh}参加", before.zh));
        text.en.push_str(&format!(", sat{en} passing {}", before.en));
    }
    text
}

fn exam_wait_text(wait: &ExamWait, context: &Context) -> Text {
    let name = quoted(context.name(Kind::Exam, &wait.exam));
    let days = wait.full_days;
    let mut text = Text::new(
        format!("距上次{}满 {days} 个整日", name.zh),
        format!("{} since the last {}", count(days, "full day", "full days"), name.en),
    );
    if let Some(most) = wait.max_attempts {
        let zh = wait.within_months.map_or("".into(), |n| format!("{n} 个月内"));
        let en = wait.within_months.map_or("".into(), |n| format!(" in {}", months_en(n)));
        text.zh.push_str(&format!("，{zh}最多 {most} 次"));
        text.en.push_str(&format!(", at most {}{en}", count(most, "attempt", "attempts")));
    }
    text
}

fn kpi_text(kpi: &Kpi, context: &Context) -> Text {
    let (name, n) = (context.name(Kind::Kpi, &kpi.metric), kpi.months);
    let mut text = Text::new(
        format!("近 {n} 个整月{}", name.zh),
        format!("{} over the last {}", name.en, count(n, "whole month", "whole months")),
    );
    if let Some(Limit(least)) = kpi.at_least {
        text.zh.push_str(&format!("不低于 {}", figure(least)));
        text.en.push_str(&format!(" at least {}", figure(least)));
    }
    if let Some(Limit(most)) = kpi.at_most {
        text.zh.push_str(&format!("不高于 {}", figure(most)));
        text.en.push_str(&format!(" at most {}", figure(most)));
    }
    if kpi.min_n > 0 {
        text.zh.push_str(&format!("（样本不少于 {}）", kpi.min_n));
        text.en.push_str(&format!(" (from at least {} cases)", kpi.min_n));
    }
    text
}

fn mentoring_text(rule: &Mentoring, context: &Context) -> Text {
    let n = rule.completed;
    let text = Text::new(
        format!("带徒出师至少 {n} 人"),
        format!("Brought at least {} through", count(n, "apprentice", "apprentices")),
    );
    within(of_trade(rule.code.as_deref(), context, text), rule.within_months)
}

fn competition_text(rule: &Competition, context: &Context) -> Text {
    let name = rule.code.as_ref().map(|code| quoted(context.name(Kind::Competition, code)));
    let name = name.unwrap_or_else(|| fixed("技能竞赛", "a skills contest"));
    let mut text = name;
    if let Some(top) = rule.top {
        text = Text::new(format!("{}前 {top} 名", text.zh), format!("Top {top} in {}", text.en));
    }
    if let Some(top) = rule.top_percent {
        text = Text::new(format!("{}前 {top}%", text.zh), format!("Top {top}% in {}", text.en));
    }
    after(within(text, rule.within_months), rule.after.as_ref(), context)
}

// What is missing.

fn all_missing(lines: &[Line]) -> Text {
    joined(&missing_of(lines))
}

fn any_missing(lines: &[Line]) -> Text {
    let missing = missing_of(lines);
    if missing.is_empty() {
        return fixed("没有可选的途径", "There is no route");
    }
    both(|lang| {
        let parts: Vec<&str> = missing.iter().map(|text| text.get(lang)).collect();
        parts.join(if lang == Lang::Zh { "；或者：" } else { "; or: " })
    })
}

fn at_least_missing(n: usize, lines: &[Line]) -> Text {
    let short = n.saturating_sub(lines.iter().filter(|line| line.met).count());
    let rest = joined(&missing_of(lines));
    Text::new(format!("还差 {short} 项：{}", rest.zh), format!("{short} more needed: {}", rest.en))
}

fn vetoed(lines: &[Line], earliest: Option<NaiveDate>) -> Text {
    let found: Vec<Text> = lines.iter().filter(|line| line.met).map(found_text).collect();
    with_earliest(joined(&found), earliest)
}

fn found_text(line: &Line) -> Text {
    let day = line.evidence.iter().map(|evidence| evidence.from).max();
    both(|lang| match (lang, day) {
        (Lang::Zh, Some(day)) => format!("{}：{}", line.title().zh, date(lang, day)),
        (Lang::En, Some(day)) => format!("{}: {}", line.title().en, date(lang, day)),
        (lang, None) => line.title().get(lang).to_owned(),
    })
}

fn missing_of(lines: &[Line]) -> Vec<Text> {
    lines.iter().filter_map(|line| line.missing.clone()).collect()
}

fn leaf_missing(rule: &Rule, case: &Case, earliest: Option<NaiveDate>) -> Text {
    match rule {
        Rule::Grade(grade) => grade_missing(grade, case, earliest),
        Rule::Certificate(rule) => certificate_missing(rule, case, earliest),
        Rule::Course(course) => course_missing(course, case, earliest),
        Rule::ClassHours(rule) => class_hours_missing(rule, case),
        Rule::Education(_) => fixed("没有符合要求的学历", "No such education on record"),
        Rule::Tenure(tenure) => tenure_missing(tenure, case, earliest),
        Rule::Age(age) => age_missing(age, case, earliest),
        Rule::Exam(exam) => exam_missing(exam, case, earliest),
        Rule::ExamWait(wait) => exam_wait_missing(wait, case, earliest),
        Rule::Kpi(kpi) => kpi_missing(kpi, case),
        Rule::Mentoring(rule) => mentoring_missing(rule, case),
        Rule::Logbook(rule) => logbook_missing(rule, case),
        Rule::Skill(rule) => skill_missing(rule, case),
        other => {
            let text = demand(other, case.context, None);
            let text = both(|lang| match lang {
                Lang::Zh => format!("未满足：{}", text.zh),
                Lang::En => format!("Not met: {}", text.en),
            });
            with_earliest(text, earliest)
        }
    }
}

fn grade_missing(grade: &Grade, case: &Case, earliest: Option<NaiveDate>) -> Text {
    let holds = |fact: &&Fact| fact.code == grade.ladder && span_of(fact).contains(case.on);
    let held = case.of(Kind::Grade).iter().filter(holds).filter_map(|fact| fact.level.as_deref());
    let rank = |level: &&str| case.context.rank(&grade.ladder, level);
    let best = held.max_by_key(rank).map(|level| case.context.level_name(&grade.ladder, level));
    let wanted = case.context.level_name(&grade.ladder, &grade.level);
    let enough = case.of(Kind::Grade).iter().filter(holds).any(|fact| case.is_grade(grade, fact));
    match (best, earliest) {
        (Some(_), Some(day)) if enough => still(Term::between(case.on, day), day),
        (Some(best), _) if !enough => Text::new(
            format!("尚未达到“{}”（现为“{}”）", wanted.zh, best.zh),
            format!("{} not reached yet (now {})", wanted.en, best.en),
        ),
        _ => with_earliest(
            Text::new(format!("尚未取得“{}”", wanted.zh), format!("{} not held", wanted.en)),
            earliest,
        ),
    }
}

fn certificate_missing(rule: &Certificate, case: &Case, earliest: Option<NaiveDate>) -> Text {
    let name = quoted(case.context.name(Kind::Certificate, &rule.code));
    let held = case.of(Kind::Certificate).iter().filter(|fact| fact.code == rule.code);
    let expired = held.filter_map(|fact| fact.through).filter(|day| *day < case.on).max();
    let text = both(|lang| match (lang, expired) {
        (Lang::Zh, Some(day)) => format!("{}已于 {} 到期", name.zh, date(lang, day)),
        (Lang::En, Some(day)) => format!("{} was valid through {}", name.en, date(lang, day)),
        (Lang::Zh, None) => format!("未持有{}", name.zh),
        (Lang::En, None) => format!("{} not held", name.en),
    });
    with_earliest(text, earliest)
}

fn course_missing(course: &Course, case: &Case, earliest: Option<NaiveDate>) -> Text {
    let name = quoted(case.context.name(Kind::Course, &course.code));
    let done = case.of(Kind::Course).iter().filter(|fact| fact.code == course.code);
    let last = done.map(|fact| fact.from).filter(|day| *day <= case.on).max();
    let text = both(|lang| match (lang, last) {
        (Lang::Zh, Some(day)) => {
            format!("课程{}上次完成于 {}，已不计入", name.zh, date(lang, day))
        }
        (Lang::En, Some(day)) => {
            format!(
                "course {} was completed on {}, which no longer counts",
                name.en,
                date(lang, day)
            )
        }
        (Lang::Zh, None) => format!("尚未完成课程{}", name.zh),
        (Lang::En, None) => format!("course {} not completed", name.en),
    });
    with_earliest(text, earliest)
}

fn class_hours_missing(rule: &ClassHours, case: &Case) -> Text {
    let (mut taught, mut online) = (0, 0);
    let start = case.start(rule.after.as_ref());
    for fact in case.of(Kind::Course).iter().filter(|fact| case.is_class(rule, start, fact)) {
        if recent(fact, rule.within_months).contains(case.on) {
            let is_online = fact.level.as_deref() == Some(ONLINE);
            *(if is_online { &mut online } else { &mut taught }) += hundredths(fact.amount);
        }
    }
    let counted = taught + capped(online, taught, rule.online_max_percent);
    let have = of_hundredths(counted);
    let short = of_hundredths(hundredths(Some(rule.min.0)) - counted);
    let min = rule.min;
    Text::new(
        format!("还差 {short} 学时（已计 {have} 学时，要求 {min} 学时）"),
        format!("{short} class hours short ({have} of {min})"),
    )
}

fn tenure_missing(tenure: &Tenure, case: &Case, earliest: Option<NaiveDate>) -> Text {
    if let Some(milestone) = &tenure.after
        && case.first_of(milestone).is_none_or(|fact| fact.from > case.on)
    {
        let what = milestone_text(milestone, case.context);
        return Text::new(
            format!("尚无“{}”，年限未起算", what.zh),
            format!("time counts only from: {}", what.en),
        );
    }
    let (months, _) = case.months_demanded(tenure);
    let start = case.start(tenure.after.as_ref());
    let worked = case.worked(&tenure.occupations, tenure.related, start);
    let had = said(amount(
        worked.within(NaiveDate::MIN, day_before(case.on)).as_slice(),
        tenure.counting(),
    ));
    let wanted = said(Term { days: tenure.plus_days, ..Term::of_months(months) });
    let short = short_of(tenure, months, &worked, case.on);
    let text = both(|lang| match lang {
        Lang::Zh => format!("还差 {}（已满 {}，要求 {}）", short.zh, had.zh, wanted.zh),
        Lang::En => format!("{} short ({} of {})", short.en, had.en, wanted.en),
    });
    with_earliest(text, earliest)
}

/// The time that would still have to be worked from the day on.
fn short_of(tenure: &Tenure, months: u32, worked: &Spans, on: NaiveDate) -> Text {
    let until_now = worked.within(NaiveDate::MIN, day_before(on));
    let from_now = Span { from: on, through: FOREVER };
    let going_on = Spans::merged(until_now.as_slice().iter().copied().chain([from_now]));
    let done = completed(going_on.as_slice(), months, tenure.counting()).unwrap_or(FOREVER);
    said(Term::between(on, days_after(next_day(done), tenure.plus_days)))
}

fn age_missing(age: &Age, case: &Case, earliest: Option<NaiveDate>) -> Text {
    if case.of(Kind::Birth).is_empty() {
        return fixed("没有登记出生日期", "No date of birth on record");
    }
    match (age.min, age.max, earliest) {
        (Some(min), _, Some(day)) => with_earliest(
            Text::new(format!("未满 {min} 周岁"), format!("Not yet {min}")),
            Some(day),
        ),
        (_, Some(max), _) => Text::new(format!("已超过 {max} 周岁"), format!("Older than {max}")),
        _ => fixed("年龄不符合要求", "Not of the age demanded"),
    }
}

fn exam_missing(exam: &Exam, case: &Case, earliest: Option<NaiveDate>) -> Text {
    let open = |part: &&Part| case.part(exam, part, &mut Tally::on(case.on)).is_none();
    let mut parts: Vec<Text> =
        exam.parts.iter().filter(open).map(|part| part_missing(part, case)).collect();
    if let (true, Some(least)) = (parts.is_empty(), exam.composite_min) {
        parts.push(Text::new(
            format!("加权平均低于 {least} 分"),
            format!("the weighted mean is below {least}"),
        ));
    }
    with_earliest(joined(&parts), earliest)
}

fn part_missing(part: &Part, case: &Case) -> Text {
    let name = quoted(case.context.name(Kind::Exam, &part.code));
    let sat = |fact: &&Fact| fact.code == part.code && fact.from <= case.on;
    let last = case.of(Kind::Exam).iter().rfind(sat);
    let Some(fact) = last else {
        return Text::new(format!("{}尚未参加", name.zh), format!("{} not sat", name.en));
    };
    let (score, min) = (fact.amount.unwrap_or(Amount::whole(0)), part.min);
    if !score.reaches(min.0) {
        return Text::new(
            format!("{} {score} 分，要求 {min} 分", name.zh),
            format!("{} {score}, {min} needed", name.en),
        );
    }
    both(|lang| match lang {
        Lang::Zh => format!("{}合格成绩（{}）已不计入", name.zh, date(lang, fact.from)),
        Lang::En => format!("the pass in {} of {} does not count", name.en, date(lang, fact.from)),
    })
}

fn exam_wait_missing(wait: &ExamWait, case: &Case, earliest: Option<NaiveDate>) -> Text {
    let name = quoted(case.context.name(Kind::Exam, &wait.exam));
    let sat = case.of(Kind::Exam).iter().filter(|fact| fact.code == wait.exam);
    let days = sat.filter(|fact| fact.from <= case.on);
    let counted =
        days.clone().filter(|fact| since(fact.from, wait.within_months).contains(case.on)).count();
    if wait.max_attempts.is_some_and(|most| counted >= most as usize) {
        let text = Text::new(
            format!("{}已参加 {counted} 次", name.zh),
            format!("{} already sat {}", name.en, times(counted as i64)),
        );
        return with_earliest(text, earliest);
    }
    let last = days.map(|fact| fact.from).max().unwrap_or(case.on);
    let text = both(|lang| match lang {
        Lang::Zh => format!("{}上次参加于 {}，等待期未满", name.zh, date(lang, last)),
        Lang::En => {
            format!("{} was last sat on {}, the wait is not over", name.en, date(lang, last))
        }
    });
    with_earliest(text, earliest)
}

fn kpi_missing(kpi: &Kpi, case: &Case) -> Text {
    let (sum, _) = case.kpi_sum(kpi, &mut ());
    let name = case.context.name(Kind::Kpi, &kpi.metric);
    let n = sum.denominator;
    if n <= 0 {
        return Text::new(format!("{}没有数据", name.zh), format!("No data for {}", name.en));
    }
    if n < kpi.min_n {
        let min = kpi.min_n;
        return Text::new(
            format!("{}样本不足（{n}，要求 {min}）", name.zh),
            format!("Too few cases for {} ({n} of {min})", name.en),
        );
    }
    let is = figure(sum);
    let wanted = kpi.at_least.or(kpi.at_most).map_or(String::new(), |Limit(limit)| figure(limit));
    Text::new(
        format!("{}为 {is}（样本 {n}），要求 {wanted}", name.zh),
        format!("{} is {is} (from {n} cases), {wanted} needed", name.en),
    )
}

fn mentoring_missing(rule: &Mentoring, case: &Case) -> Text {
    let done = |n: &u32| case.has_brought_through(rule, *n);
    let have = (1..=rule.completed).take_while(done).count() as u32;
    let (short, wanted) = (rule.completed - have, rule.completed);
    Text::new(
        format!("带徒出师还差 {short} 人（已有 {have} 人，要求 {wanted} 人）"),
        format!("{short} more apprentices to bring through ({have} of {wanted})"),
    )
}

fn logbook_missing(rule: &Logbook, case: &Case) -> Text {
    let of_task = |fact: &&Fact| fact.code == rule.task;
    let counts = |fact: &&Fact| since(fact.from, rule.within_months).contains(case.on);
    let facts = case.of(Kind::Logbook).iter().filter(of_task).filter(counts);
    let done = facts.map(|fact| fact.amount.map_or(100, |amount| hundredths(Some(amount)))).sum();
    let have = of_hundredths(done);
    let short = of_hundredths(i128::from(rule.min) * 100 - done);
    let (task, min) = (quoted(case.context.name(Kind::Logbook, &rule.task)), rule.min);
    Text::new(
        format!("{}还差 {short} 次（已有 {have} 次，要求 {min} 次）", task.zh),
        format!("{}: {short} short ({have} of {min})", task.en),
    )
}

fn skill_missing(rule: &Skill, case: &Case) -> Text {
    let of_skill = |fact: &&Fact| fact.code == rule.code && span_of(fact).contains(case.on);
    let latest = case.of(Kind::Skill).iter().rfind(of_skill).and_then(skill_level);
    let (name, min) = (quoted(case.context.name(Kind::Skill, &rule.code)), rule.min);
    match latest {
        Some(level) => Text::new(
            format!("{}现为 {level} 级，要求 {min} 级", name.zh),
            format!("{} is at level {level}, {min} needed", name.en),
        ),
        None => Text::new(format!("{}尚未评级", name.zh), format!("{} not rated", name.en)),
    }
}

// Small words.

fn fixed(zh: &str, en: &str) -> Text {
    Text::new(zh, en)
}

fn both(say: impl Fn(Lang) -> String) -> Text {
    Text { zh: say(Lang::Zh), en: say(Lang::En) }
}

fn colon(lang: Lang, before: &str, rest: &str) -> String {
    if lang == Lang::Zh { format!("{before}：{rest}") } else { format!("{before}: {rest}") }
}

fn quoted(name: Text) -> Text {
    Text::new(format!("“{}”", name.zh), format!("“{}”", name.en))
}

fn joined(parts: &[Text]) -> Text {
    both(|lang| {
        let parts: Vec<&str> = parts.iter().map(|text| text.get(lang)).collect();
        parts.join(if lang == Lang::Zh { "；" } else { "; " })
    })
}

fn months_en(n: u32) -> String {
    count(n, "month", "months")
}

fn times(n: i64) -> String {
    match n {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        n => format!("{n} times"),
    }
}

fn within(text: Text, months: Option<u32>) -> Text {
    let Some(n) = months else { return text };
    Text::new(
        format!("近 {n} 个月内{}", text.zh),
        format!("{} within the last {}", text.en, months_en(n)),
    )
}

fn held_for(text: Text, months: u32) -> Text {
    if months == 0 {
        return text;
    }
    let term = said(Term::of_months(months));
    Text::new(format!("{}，且已满 {}", text.zh, term.zh), format!("{} for {}", text.en, term.en))
}

fn after(text: Text, milestone: Option<&Milestone>, context: &Context) -> Text {
    let Some(milestone) = milestone else { return text };
    let what = milestone_text(milestone, context);
    Text::new(format!("取得“{}”后{}", what.zh, text.zh), format!("{} after {}", text.en, what.en))
}

fn milestone_text(milestone: &Milestone, context: &Context) -> Text {
    match milestone {
        Milestone::Grade(grade) => context.level_name(&grade.ladder, &grade.level),
        Milestone::Education(education) => education_text(education, context),
        Milestone::Certificate(code) => context.name(Kind::Certificate, code),
        Milestone::Course(code) => context.name(Kind::Course, code),
        Milestone::Exam(code) => context.name(Kind::Exam, code),
        Milestone::Position(code) => context.name(Kind::Position, code),
    }
}

fn occupations(codes: &[String], related: bool, context: &Context) -> Text {
    let names: Vec<Text> = codes.iter().map(|code| context.name(Kind::Employment, code)).collect();
    let names = Text::list(&names);
    if !related {
        return names;
    }
    Text::new(format!("{}或相关职业", names.zh), format!("{} or a related occupation", names.en))
}

fn of_trade(code: Option<&str>, context: &Context, text: Text) -> Text {
    let Some(code) = code else { return text };
    let ladder = context.ladder(code).map(|ladder| ladder.title.clone());
    let name = ladder.unwrap_or_else(|| context.name(Kind::Employment, code));
    Text::new(format!("{}：{}", name.zh, text.zh), format!("{}: {}", name.en, text.en))
}

fn still(short: Term, day: NaiveDate) -> Text {
    let short = said(short);
    let text = Text::new(format!("还差 {}", short.zh), format!("{} short", short.en));
    with_earliest(text, Some(day))
}

fn with_earliest(text: Text, earliest: Option<NaiveDate>) -> Text {
    let Some(day) = earliest else { return text };
    both(|lang| match lang {
        Lang::Zh => format!("{}，最早 {}", text.zh, date(lang, day)),
        Lang::En => format!("{}; at the earliest on {}", text.en, date(lang, day)),
    })
}

/// A length of time: `3 年 5 个月`, `3 years 5 months`.
pub fn said(term: Term) -> Text {
    let Term { years, months, days } = term;
    let (mut zh, mut en) = (Vec::new(), Vec::new());
    if years > 0 {
        zh.push(format!("{years} 年"));
        en.push(count(years, "year", "years"));
    }
    if months > 0 {
        zh.push(format!("{months} 个月"));
        en.push(months_en(months));
    }
    if days > 0 || zh.is_empty() {
        zh.push(format!("{days} 天"));
        en.push(count(days, "day", "days"));
    }
    Text::new(zh.join(" "), en.join(" "))
}

/// A rate as a percentage, anything above one as a number.
fn figure(amount: Amount) -> String {
    let rate = amount.denominator > 0 && amount.numerator <= amount.denominator;
    if rate { amount.percent() } else { amount.to_string() }
}

fn of_hundredths(hundredths: i128) -> String {
    let numerator = i64::try_from(hundredths).unwrap_or(i64::MAX);
    Amount { numerator, denominator: 100 }.to_string()
}
