//! A certification in words: what its page says, and what a draft changes about it.

use crate::{
    i18n::{Lang, Text, count, date},
    record::{
        Rules,
        context::Context,
        period::Term,
        programme::{
            Base, Certification, Day, Ends, Exemption, FixedDate, Holders, Issue, Path, Renewal,
            Review, Transition, Validity,
        },
        requirement::{Requirement, Rule},
        wording,
    },
    t, text,
};

/// One thing the rules say: what it is about, and its lines, each with its depth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saying {
    pub about: Text,
    pub lines: Vec<(usize, Text)>,
}

impl Saying {
    fn one(about: Text, line: Text) -> Saying {
        Saying { about, lines: vec![(0, line)] }
    }
}

/// Everything a certification says.
pub fn certification(context: &Context, one: &Certification) -> Vec<Saying> {
    let mut said = vec![
        Saying::one(text!("颁发方式", "How it is issued"), issue(one.issue)),
        Saying {
            about: text!("首次颁发条件", "First issue"),
            lines: demand(context, &one.requires),
        },
        Saying::one(text!("有效期", "Validity"), validity(one.validity)),
    ];
    said.extend(
        one.renewals.iter().enumerate().map(|(place, way)| Saying {
            about: way_title(way, place),
            lines: renewal(context, way),
        }),
    );
    if let Some(review) = &one.review {
        let about = text!("期中复审", "Review inside the validity");
        said.push(Saying { about, lines: self::review(context, review) });
    }
    if let Some(condition) = &one.suspended_unless {
        let about = text!("不满足即暂停", "Suspended while this is not met");
        said.push(Saying { about, lines: demand(context, condition) });
    }
    if let Some(exemption) = &one.exemption {
        let about = text!("学员豁免", "Exemption of trainees");
        said.push(Saying { about, lines: self::exemption(context, exemption) });
    }
    if !one.transitions.is_empty() {
        let lines = one.transitions.iter().flat_map(|one| transition_lines(context, one));
        said.push(Saying { about: text!("过渡安排", "Transition"), lines: lines.collect() });
    }
    if let Some(number) = &one.number {
        said.push(Saying::one(text!("证书编号", "Number"), Text::same(number)));
    }
    if let Some(note) = &one.note {
        said.push(Saying::one(text!("说明", "Note"), note.clone()));
    }
    said
}

/// What differs between two versions of a certification, saying by saying: before and after.
pub fn changes(
    (base, old): (&Context, Option<&Certification>),
    (draft, new): (&Context, Option<&Certification>),
) -> Vec<(Text, Option<Saying>, Option<Saying>)> {
    let old = old.map(|one| certification(base, one)).unwrap_or_default();
    let mut new = new.map(|one| certification(draft, one)).unwrap_or_default();
    let mut changes = Vec::new();
    for before in old {
        let after = new.iter().position(|after| after.about == before.about);
        let after = after.map(|place| new.remove(place));
        if after.as_ref() != Some(&before) {
            changes.push((before.about.clone(), Some(before), after));
        }
    }
    changes.extend(new.into_iter().map(|after| (after.about.clone(), None, Some(after))));
    changes
}

/// A demand, a line for each part of it.
pub fn demand(context: &Context, requirement: &Requirement) -> Vec<(usize, Text)> {
    let mut lines = Vec::new();
    walk(context, requirement, 0, &mut lines);
    lines
}

fn walk(
    context: &Context,
    requirement: &Requirement,
    depth: usize,
    lines: &mut Vec<(usize, Text)>,
) {
    lines.push((depth, wording::text(requirement, context, None)));
    for inner in requirement.children() {
        walk(context, inner, depth + 1, lines);
    }
    if let Rule::Tenure(tenure) = &requirement.rule {
        for substitute in &tenure.substitutes {
            walk(context, &substitute.by, depth + 1, lines);
        }
    }
}

/// What a promotion path asks.
pub fn path(context: &Context, path: &Path) -> Vec<Saying> {
    let asked = Saying {
        about: text!("申报条件", "Conditions for applying"),
        lines: demand(context, &path.requires),
    };
    let passed = path
        .assessment
        .as_ref()
        .map(|one| Saying { about: text!("考核", "Assessment"), lines: demand(context, one) });
    std::iter::once(asked).chain(passed).collect()
}

pub fn issue(issue: Issue) -> Text {
    match issue {
        Issue::Auto => text!("条件满足即自动颁发", "by rule, as soon as the conditions are met"),
        Issue::ByDecision => text!("由人事决定颁发", "by decision of HR"),
        Issue::Elsewhere => {
            text!("由外部机构颁发，本系统只登记", "by another body; shifu only records it")
        }
    }
}

fn term(lang: Lang, months: u32) -> String {
    wording::said(Term::of_months(months)).get(lang).to_owned()
}

/// The validity with the rule by which its last day is counted.
pub fn validity(validity: Validity) -> Text {
    match validity {
        Validity::None => text!("长期有效", "does not expire"),
        Validity::Months(n) => {
            let (zh, en) = (term(Lang::Zh, n), term(Lang::En, n));
            text!(
                "{zh}：有效至对应日的前一天（当天仍有效）",
                "{en}: through the day before the corresponding day"
            )
        }
        Validity::Days(n) => {
            let days = count(n, "day", "days");
            text!(
                "{n} 天：有效至第 {n} 天（当天仍有效）",
                "{days}: through the day that is {days} later"
            )
        }
        Validity::Fixed(fixed) => fixed_date(fixed),
    }
}

fn fixed_date(FixedDate { ends: Ends(day), months, min_active_months }: FixedDate) -> Text {
    let (month, day) = (day.month, day.day);
    let (zh, en) = (term(Lang::Zh, months), term(Lang::En, months));
    let (least, least_en) = (term(Lang::Zh, min_active_months), term(Lang::En, min_active_months));
    if min_active_months == 0 {
        return text!(
            "统一到 {month} 月 {day} 日：{zh}以内的最后一个该日",
            "through the last {month:02}-{day:02} within {en}"
        );
    }
    text!(
        "统一到 {month} 月 {day} 日：{zh}以内的最后一个该日；不足{least}时顺延到下一个",
        "through the last {month:02}-{day:02} within {en}; the next one when less than {least_en} would be left"
    )
}

/// What a way of renewing is called.
pub fn way_title(way: &Renewal, place: usize) -> Text {
    if let Some(Text { zh, en }) = &way.title {
        return text!("换证：{zh}", "Renewal: {en}");
    }
    let n = place + 1;
    if way.late {
        text!("逾期换证（方式 {n}）", "Late renewal (way {n})")
    } else {
        text!("换证（方式 {n}）", "Renewal (way {n})")
    }
}

fn renewal(context: &Context, way: &Renewal) -> Vec<(usize, Text)> {
    let mut lines = Vec::new();
    lines.extend(times(way).map(|text| (0, text)));
    lines.push((0, window(way)));
    lines.push((0, base(way)));
    if let Some(own) = way.validity {
        let own = validity(own);
        let (zh, en) = (own.zh, own.en);
        lines.push((0, text!("换证后有效期：{zh}", "valid after renewal: {en}")));
    }
    lines.extend(demand(context, &way.requires));
    lines
}

/// For which renewals a way is.
fn times(way: &Renewal) -> Option<Text> {
    if way.nth.is_empty() {
        return None;
    }
    let each: Vec<String> = way.nth.iter().map(u32::to_string).collect();
    let (zh, en) = (each.join("、"), each.join(", "));
    Some(match way.of {
        Some(of) => {
            text!("每 {of} 次换证中的第 {zh} 次", "for renewal {en} of every {of}")
        }
        None => text!("第 {zh} 次换证", "for renewal {en}"),
    })
}

fn stretch(lang: Lang, months: u32, days: u32) -> String {
    let term = Term { days, ..Term::of_months(months) };
    wording::said(term).get(lang).to_owned()
}

fn window(way: &Renewal) -> Text {
    let say = |lang: Lang| {
        let before = stretch(lang, way.window_months, way.window_days);
        let after = stretch(lang, way.grace_months, way.grace_days);
        let (has_before, has_after) =
            (way.window_months + way.window_days > 0, way.grace_months + way.grace_days > 0);
        match (way.late, has_before, has_after) {
            (true, ..) => {
                t!(lang, "到期次日起，{after}以内", "from the day after it ends, for {after}")
            }
            (false, true, true) => {
                t!(
                    lang,
                    "到期前{before}起，到期后{after}止",
                    "from {before} before it ends until {after} after it"
                )
            }
            (false, true, false) => t!(
                lang,
                "到期前{before}起，到期日止",
                "from {before} before it ends until its last day"
            ),
            (false, false, true) => {
                t!(lang, "到期日起，到期后{after}止", "from its last day until {after} after it")
            }
            (false, false, false) => t!(lang, "仅在到期日当天", "on its last day only"),
        }
    };
    Text::new(say(Lang::Zh), say(Lang::En))
}

fn base(way: &Renewal) -> Text {
    if let Some(months) = way.extends_months {
        let (zh, en) = (term(Lang::Zh, months), term(Lang::En, months));
        return text!(
            "现有证书延长{zh}，不颁发新证",
            "the running certificate is extended by {en}; none is issued"
        );
    }
    base_words(way.base)
}

/// From which day the new validity is counted.
pub fn base_words(base: Base) -> Text {
    match base {
        Base::PreviousExpiry => text!(
            "新有效期自原到期次日起；逾期完成的，自完成日起",
            "counted from the day after the old one ends; from completion when that is later"
        ),
        Base::Completion => text!("新有效期自完成日起", "counted from completion"),
        Base::Cycle => text!(
            "新有效期自原到期次日起，逾期也一样",
            "counted from the day after the old one ends, even when it is late"
        ),
    }
}

fn review(context: &Context, review: &Review) -> Vec<(usize, Text)> {
    let (months, days) = (review.months, review.window_days);
    let (zh, en) = (term(Lang::Zh, months), term(Lang::En, months));
    let before = count(days, "day", "days");
    let mut lines = vec![(
        0,
        text!(
            "每{zh}一次，可提前 {days} 天",
            "every {en}; possible from {before} before it is due"
        ),
    )];
    lines.extend(review.requires.iter().flat_map(|one| demand(context, one)));
    if let Some(longer) = &review.longer {
        let (zh, en) = (term(Lang::Zh, longer.months), term(Lang::En, longer.months));
        lines.push((0, text!("满足以下条件的，每{zh}一次", "every {en} for those who meet this")));
        lines.extend(demand(context, &longer.requires).into_iter().map(|(n, text)| (n + 1, text)));
    }
    lines
}

fn exemption(context: &Context, exemption: &Exemption) -> Vec<(usize, Text)> {
    let (zh, en) = (term(Lang::Zh, exemption.months), term(Lang::En, exemption.months));
    let mut lines = vec![(
        0,
        text!(
            "学员可在指定持证人监督下作业，累计{zh}",
            "trainees may do the work for {en} in all, supervised by somebody named"
        ),
    )];
    for (about, asked) in [
        (text!("学员须满足", "The trainee must meet"), &exemption.trainee),
        (text!("监督人须满足", "The supervisor must meet"), &exemption.supervisor),
    ] {
        let Some(asked) = asked else { continue };
        lines.push((0, about));
        lines.extend(demand(context, asked).into_iter().map(|(depth, text)| (depth + 1, text)));
    }
    lines
}

/// A transition, with what it asked where a later version asks something else.
fn transition_lines(context: &Context, one: &Transition) -> Vec<(usize, Text)> {
    let mut lines = vec![(0, transition(one))];
    if let Some(asked) = &one.requires {
        lines.push((1, text!("当时的条件", "What it asked")));
        lines.extend(demand(context, asked).into_iter().map(|(depth, text)| (depth + 2, text)));
    }
    lines
}

pub fn transition(transition: &Transition) -> Text {
    let Day(from) = transition.from;
    let (zh, en) = (date(Lang::Zh, from), date(Lang::En, from));
    match transition.holders {
        Holders::FromDate => text!(
            "自 {zh} 起，原持证人也须满足新条件",
            "from {en} on, earlier holders must meet the new conditions too"
        ),
        Holders::Grandfather => text!(
            "{zh} 之前颁发的证书用到到期，换证时按新条件",
            "certificates from before {en} are kept until they end, and renewed by the new conditions"
        ),
        Holders::Grace { days } => {
            let term = count(days, "day", "days");
            text!(
                "{zh} 起 {days} 天内，原持证人须补齐新条件",
                "earlier holders have {term} from {en} to meet the new conditions"
            )
        }
    }
}

/// Which certifications differ between two versions of a rule set, new ones and dropped ones
/// included.
pub fn changed_certifications(base: &Rules, draft: &Rules, set: &str) -> Vec<String> {
    let of = |rules: &Rules| -> Vec<String> {
        let found = rules.set(set);
        found
            .map(|set| set.certifications.iter().map(|one| one.code.clone()).collect())
            .unwrap_or_default()
    };
    let mut codes = of(draft);
    codes.extend(of(base).into_iter().filter(|code| !of(draft).contains(code)));
    let one =
        |rules: &Rules, code: &str| rules.set(set).and_then(|set| set.certification(code)).cloned();
    codes.retain(|code| one(base, code) != one(draft, code));
    codes
}
