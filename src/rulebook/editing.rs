//! Changing a rule set's text in place: a form changes a few values and leaves every other line,
//! with its comments, as somebody wrote it.

use chrono::{Datelike, NaiveDate};
use toml_edit::{Array, ArrayOfTables, DocumentMut, InlineTable, Item, Table, Value, value};

use super::diff::unified;
use crate::{
    i18n::Text,
    record::{
        programme::{Base, Ends, FixedDate, Holders, Transition, Validity},
        reading::Problem,
    },
};

/// A text that could not be read as TOML, with the line where it stops making sense.
pub fn read(name: &str, text: &str) -> Result<DocumentMut, Problem> {
    let text = unified(text);
    text.parse().map_err(|error: toml_edit::TomlError| {
        let line = error.span().map(|span| {
            let before = text.get(..span.start).unwrap_or(&text);
            before.bytes().filter(|byte| *byte == b'\n').count() + 1
        });
        let message = error.message().to_owned();
        let text =
            Text::new(format!("写法有误：{message}"), format!("not written correctly: {message}"));
        Problem { file: name.to_owned(), line, text }
    })
}

/// What the form of one certification may change.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    pub validity: Validity,
    /// The TOML of `requires`.
    pub requires: String,
    /// The TOML of `suspended_unless`; empty for none.
    pub suspended_unless: String,
    pub review: Option<(u32, u32)>,
    /// One for each way of renewing, in their order.
    pub renewals: Vec<WantedWay>,
}

/// What the form may change of a way of renewing.
#[derive(Clone, Debug, PartialEq)]
pub struct WantedWay {
    pub window_days: u32,
    pub window_months: u32,
    pub grace_days: u32,
    pub grace_months: u32,
    pub base: Base,
    pub requires: String,
}

/// A field of the form with a mistake in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misread {
    pub field: String,
    pub problem: Problem,
}

fn certification_mut<'a>(document: &'a mut DocumentMut, code: &str) -> Option<&'a mut Table> {
    let all = document.get_mut("certification")?.as_array_of_tables_mut()?;
    all.iter_mut().find(|one| one.get("code").and_then(Item::as_str) == Some(code))
}

fn certification<'a>(document: &'a DocumentMut, code: &str) -> Option<&'a Table> {
    let all = document.get("certification")?.as_array_of_tables()?;
    all.iter().find(|one| one.get("code").and_then(Item::as_str) == Some(code))
}

fn renewals(table: &Table) -> impl Iterator<Item = &Table> {
    table
        .get("renewal")
        .and_then(Item::as_array_of_tables)
        .into_iter()
        .flat_map(ArrayOfTables::iter)
}

/// One key of a certification as the form shows it; empty where the key is absent.
pub fn excerpt(document: &DocumentMut, code: &str, key: &str) -> String {
    certification(document, code).map(|table| excerpt_of(table, key)).unwrap_or_default()
}

/// The demand of a way of renewing, by its place.
pub fn renewal_excerpt(document: &DocumentMut, code: &str, place: usize) -> String {
    let table = certification(document, code).and_then(|table| renewals(table).nth(place));
    table.map(|table| excerpt_of(table, "requires")).unwrap_or_default()
}

fn excerpt_of(table: &Table, key: &str) -> String {
    let Some(item) = table.get(key) else { return String::new() };
    let mut alone = DocumentMut::new();
    alone.insert(key, in_line(item.clone()));
    alone.to_string().trim().to_owned()
}

/// An item that can stand among the keys of any table: one with a header of its own would be
/// printed where its header first stood.
fn in_line(mut item: Item) -> Item {
    match &mut item {
        Item::Table(table) if table.is_dotted() => {
            for (_, inner) in table.iter_mut() {
                let taken = std::mem::take(inner);
                *inner = in_line(taken);
            }
            item
        }
        Item::Table(_) | Item::ArrayOfTables(_) => match item.into_value() {
            Ok(value) => Item::Value(value),
            Err(item) => item,
        },
        _ => item,
    }
}

/// Makes the changes of a form to the text of a rule set.
pub fn change(text: &str, code: &str, wanted: &Wanted) -> Result<String, Vec<Misread>> {
    let whole = |problem| vec![Misread { field: "whole".to_owned(), problem }];
    let mut document = read("", text).map_err(whole)?;
    let mut misread = Vec::new();
    let Some(table) = certification_mut(&mut document, code) else { return Ok(text.to_owned()) };
    set_validity(table, wanted.validity);
    set_review(table, wanted.review);
    set_demand(table, "requires", "requires", &wanted.requires, &mut misread);
    let field = "suspended_unless";
    if wanted.suspended_unless.trim().is_empty() {
        table.remove(field);
    } else {
        set_demand(table, field, field, &wanted.suspended_unless, &mut misread);
    }
    let ways = table.get_mut("renewal").and_then(Item::as_array_of_tables_mut);
    let ways = ways.into_iter().flat_map(ArrayOfTables::iter_mut);
    for (place, (way, wanted)) in ways.zip(&wanted.renewals).enumerate() {
        set_way(way, place, wanted, &mut misread);
    }
    if misread.is_empty() { Ok(document.to_string()) } else { Err(misread) }
}

fn set_way(way: &mut Table, place: usize, wanted: &WantedWay, misread: &mut Vec<Misread>) {
    for (key, n) in [
        ("window_days", wanted.window_days),
        ("window_months", wanted.window_months),
        ("grace_days", wanted.grace_days),
        ("grace_months", wanted.grace_months),
    ] {
        set_number(way, key, n);
    }
    match wanted.base {
        Base::PreviousExpiry if !way.contains_key("base") => {}
        base => set(way, "base", value(base_word(base))),
    }
    let field = format!("renewal-{place}-requires");
    set_demand(way, "requires", &field, &wanted.requires, misread);
}

/// The word of a base in files and forms.
pub fn base_word(base: Base) -> &'static str {
    match base {
        Base::PreviousExpiry => "previous-expiry",
        Base::Completion => "completion",
        Base::Cycle => "cycle",
    }
}

/// Writes a value unless the text says the same already.
fn set(table: &mut Table, key: &str, item: Item) {
    let same = table.get(key).is_some_and(|old| old.to_string().trim() == item.to_string().trim());
    if !same {
        table.insert(key, item);
    }
}

/// A number of which 0 is the same as nothing.
fn set_number(table: &mut Table, key: &str, n: u32) {
    let now = table.get(key).and_then(Item::as_integer).unwrap_or_default();
    if now == i64::from(n) {
        return;
    }
    if n == 0 {
        table.remove(key);
    } else {
        table.insert(key, value(i64::from(n)));
    }
}

fn validity_of(table: &Table) -> Option<Validity> {
    let mut alone = DocumentMut::new();
    alone.insert("validity", in_line(table.get("validity")?.clone()));
    #[derive(serde::Deserialize)]
    struct Alone {
        validity: Validity,
    }
    let alone: Alone = toml::from_str(&alone.to_string()).ok()?;
    Some(alone.validity)
}

fn set_validity(table: &mut Table, wanted: Validity) {
    if validity_of(table).unwrap_or_default() == wanted {
        return;
    }
    let one = |key: &str, n: u32| {
        let mut inner = InlineTable::new();
        inner.insert(key, i64::from(n).into());
        inner
    };
    let item = match wanted {
        Validity::None => {
            table.remove("validity");
            return;
        }
        Validity::Months(n) => one("months", n),
        Validity::Days(n) => one("days", n),
        Validity::Fixed(FixedDate { ends, months, min_active_months }) => {
            let Ends(day) = ends;
            let mut fixed = InlineTable::new();
            fixed.insert("ends", format!("{:02}-{:02}", day.month, day.day).into());
            fixed.insert("months", i64::from(months).into());
            fixed.insert("min_active_months", i64::from(min_active_months).into());
            let mut inner = InlineTable::new();
            inner.insert("fixed", Value::InlineTable(fixed));
            inner
        }
    };
    table.insert("validity", value(item));
}

fn set_review(table: &mut Table, wanted: Option<(u32, u32)>) {
    let Some((months, window_days)) = wanted else {
        table.remove("review");
        return;
    };
    if !table.contains_key("review") {
        table.insert("review", value(InlineTable::new()));
    }
    let Some(review) = table.get_mut("review").and_then(Item::as_table_like_mut) else { return };
    for (key, n) in [("months", months), ("window_days", window_days)] {
        let now = review.get(key).and_then(Item::as_integer).unwrap_or_default();
        if now != i64::from(n) {
            review.insert(key, value(i64::from(n)));
        }
    }
}

/// Puts a demand written in a field in place of the one in the text.
fn set_demand(
    table: &mut Table,
    key: &str,
    field: &str,
    written: &str,
    misread: &mut Vec<Misread>,
) {
    if excerpt_of(table, key) == unified(written).trim() {
        return;
    }
    let mut say = |problem| misread.push(Misread { field: field.to_owned(), problem });
    let mut document = match read(field, written) {
        Ok(document) => document,
        Err(problem) => return say(problem),
    };
    let others =
        document.iter().find(|(other, _)| *other != key).map(|(other, _)| other.to_owned());
    if let Some(other) = others {
        let text = Text::new(
            format!("这里只能写“{key}”，却有“{other}”"),
            format!("only “{key}” belongs here, not “{other}”"),
        );
        return say(Problem { file: field.to_owned(), line: None, text });
    }
    let Some(item) = document.remove(key) else {
        let text = Text::new(
            format!("请以“{key}”开头，例如 {key}.course.code = \"…\""),
            format!("begin with “{key}”, such as {key}.course.code = \"…\""),
        );
        return say(Problem { file: field.to_owned(), line: Some(1), text });
    };
    table.insert(key, in_line(item));
}

/// What a published version says of itself.
pub struct Header<'a> {
    pub version: &'a str,
    pub effective_from: NaiveDate,
    /// For these certifications, what it and the versions before it mean for those who hold them.
    pub transitions: &'a [(String, Vec<Transition>)],
}

/// Writes the header of a version, and the transitions somebody chose.
pub fn head(text: &str, header: &Header<'_>) -> Result<String, Problem> {
    let mut document = read("", text)?;
    set(&mut document, "version", value(header.version));
    set(&mut document, "effective_from", value(toml_day(header.effective_from)));
    for (code, transitions) in header.transitions {
        let Some(table) = certification_mut(&mut document, code) else { continue };
        // What stands there now may have a header of its own and be printed elsewhere.
        table.remove("transition");
        match transitions.as_slice() {
            [] => {}
            [one] => drop(table.insert("transition", value(transition(one)))),
            several => drop(table.insert("transition", value(one_below_the_other(several)))),
        }
    }
    Ok(document.to_string())
}

fn one_below_the_other(transitions: &[Transition]) -> Array {
    let mut array = Array::new();
    for one in transitions {
        let mut value = Value::InlineTable(transition(one));
        value.decor_mut().set_prefix("\n    ");
        array.push_formatted(value);
    }
    array.set_trailing_comma(true);
    array.set_trailing("\n");
    array
}

fn transition(transition: &Transition) -> InlineTable {
    let mut inner = InlineTable::new();
    inner.insert("from", toml_day(transition.from.0).into());
    inner.insert("holders", holders(transition.holders));
    if transition.holding_only {
        inner.insert("holding_only", true.into());
    }
    if let Some(requires) = &transition.requires {
        inner.insert("requires", as_value(requires));
    }
    if let Some(before) = &transition.before {
        inner.insert("before", as_value(before));
    }
    inner
}

/// Something as it stands in a file, in one line.
fn as_value(what: &impl serde::Serialize) -> Value {
    #[derive(serde::Serialize)]
    struct Alone<'a, T> {
        alone: &'a T,
    }
    let written = toml::to_string(&Alone { alone: what }).unwrap_or_default();
    let item = written.parse::<DocumentMut>().ok().and_then(|mut all| all.remove("alone"));
    let value = item.and_then(|item| item.into_value().ok());
    value.unwrap_or_else(|| Value::InlineTable(InlineTable::new()))
}

fn holders(holders: Holders) -> Value {
    match holders {
        Holders::FromDate => "from-date".into(),
        Holders::Grandfather => "grandfather".into(),
        Holders::Grace { days } => {
            let mut grace = InlineTable::new();
            grace.insert("days", i64::from(days).into());
            let mut inner = InlineTable::new();
            inner.insert("grace", Value::InlineTable(grace));
            Value::InlineTable(inner)
        }
    }
}

fn toml_day(day: NaiveDate) -> toml_edit::Datetime {
    let (year, month, day) = (day.year(), day.month(), day.day());
    let small = |n: u32| u8::try_from(n).unwrap_or_default();
    let date = toml_edit::Date {
        year: u16::try_from(year).unwrap_or_default(),
        month: small(month),
        day: small(day),
    };
    toml_edit::Datetime { date: Some(date), time: None, offset: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{
        Programmes,
        programme::{Before, Day},
    };

    const TEXT: &str = r#"# 规则
code = "s"
version = "1" # the first
title = { zh = "测", en = "t" }
jurisdiction = "house"
source = "s"
verified = "primary"
notice = { zh = "注", en = "n" }

[[certification]]
code = "a"
title = { zh = "甲", en = "A" }
requires.age.min = 16

[[certification]]
code = "b" # 乙
title = { zh = "乙", en = "B" }
validity.months = 24
requires.all = [
    { certificate = { code = "a" } },
    { age = { min = 18 } }, # grown up
]

[[certification.renewal]]
window_days = 90
requires.age.min = 18

[[job]]
code = "j"
title = { zh = "活", en = "job" }
requires.certificate.code = "b"
"#;

    fn wanted() -> Wanted {
        let document = read("s.toml", TEXT).unwrap();
        Wanted {
            validity: Validity::Months(24),
            requires: excerpt(&document, "b", "requires"),
            suspended_unless: excerpt(&document, "b", "suspended_unless"),
            review: None,
            renewals: vec![WantedWay {
                window_days: 90,
                window_months: 0,
                grace_days: 0,
                grace_months: 0,
                base: Base::PreviousExpiry,
                requires: renewal_excerpt(&document, "b", 0),
            }],
        }
    }

    fn parsed(text: &str) -> Programmes {
        Programmes::of_files(&[("s.toml".to_owned(), text.to_owned())]).unwrap()
    }

    #[test]
    fn a_form_that_changes_nothing_changes_no_letter() {
        assert_eq!(change(TEXT, "b", &wanted()).unwrap(), TEXT);
    }

    #[test]
    fn a_form_changes_its_values_and_leaves_the_rest() {
        let fixed = FixedDate {
            ends: Ends(crate::record::period::MonthDay { month: 12, day: 31 }),
            months: 12,
            min_active_months: 3,
        };
        for validity in
            [Validity::None, Validity::Months(36), Validity::Days(365), Validity::Fixed(fixed)]
        {
            let mut wanted = wanted();
            wanted.validity = validity;
            wanted.review = Some((12, 30));
            wanted.renewals[0].grace_days = 30;
            wanted.renewals[0].base = Base::Cycle;
            wanted.suspended_unless = "suspended_unless.certificate.code = \"a\"".to_owned();
            wanted.requires = "[requires.exam]\nparts = []\n".to_owned();
            let text = change(TEXT, "b", &wanted).unwrap();
            assert!(text.contains("# 规则") && text.contains("code = \"b\" # 乙"), "{text}");
            let programmes = parsed(&text);
            let (set, one) = programmes.certification("s/b").unwrap();
            assert_eq!(one.validity, validity);
            assert_eq!(
                one.review.as_ref().map(|review| (review.months, review.window_days)),
                Some((12, 30))
            );
            assert_eq!((one.renewals[0].grace_days, one.renewals[0].base), (30, Base::Cycle));
            assert!(one.suspended_unless.is_some());
            assert!(matches!(one.requires.rule, crate::record::requirement::Rule::Exam(_)));
            assert_eq!(set.jobs.len(), 1, "what follows stays what it was");
            assert_eq!(set.certification("a"), parsed(TEXT).set("s").unwrap().certification("a"));
        }
    }

    #[test]
    fn a_demand_that_cannot_be_read_is_named_with_its_line() {
        let mut wanted = wanted();
        wanted.requires = "requires.all = [\n  { age = { min = 18 } },\n  oops\n]".to_owned();
        let misread = change(TEXT, "b", &wanted).unwrap_err();
        assert_eq!((misread[0].field.as_str(), misread[0].problem.line), ("requires", Some(3)));
        wanted.requires = "title = 1".to_owned();
        assert_eq!(change(TEXT, "b", &wanted).unwrap_err().len(), 1);
    }

    #[test]
    fn a_version_says_from_when_it_counts_and_what_it_means_for_holders() {
        let from = NaiveDate::from_ymd_opt(2027, 1, 1).unwrap();
        for holders in [Holders::FromDate, Holders::Grandfather, Holders::Grace { days: 90 }] {
            let demanded = Before {
                suspended_unless: Some(crate::record::requirement::Requirement::from(
                    crate::record::requirement::Rule::Age(crate::record::requirement::Age {
                        min: Some(18),
                        max: None,
                    }),
                )),
                review: None,
            };
            let (requires, holding_only) = (None, true);
            let transition = Transition {
                from: Day(from),
                holders,
                holding_only,
                requires,
                before: Some(demanded),
            };
            let transitions = [("b".to_owned(), vec![transition.clone()])];
            let header = Header { version: "2", effective_from: from, transitions: &transitions };
            let text = head(TEXT, &header).unwrap();
            let programmes = parsed(&text);
            let set = programmes.set("s").unwrap();
            assert_eq!((set.version.as_str(), set.effective_from), ("2", Some(Day(from))));
            assert_eq!(set.certification("b").unwrap().transitions, [transition]);
            assert_eq!(set.certification("a").unwrap().transitions, []);
        }
    }

    #[test]
    fn a_later_version_says_what_the_earlier_ones_asked() {
        let day = |year| Day(NaiveDate::from_ymd_opt(year, 1, 1).unwrap());
        let asked = parsed(TEXT).set("s").unwrap().certification("b").unwrap().requires.clone();
        let one = |year, requires| Transition {
            from: day(year),
            holders: Holders::Grandfather,
            holding_only: false,
            requires,
            before: None,
        };
        let several = vec![one(2027, Some(asked)), one(2028, None)];
        let transitions = [("b".to_owned(), several.clone())];
        let header =
            Header { version: "3", effective_from: day(2028).0, transitions: &transitions };
        // However the earlier one was written.
        for earlier in [
            "code = \"b\" # 乙\ntransition = { from = 2027-01-01, holders = \"grandfather\" }",
            "code = \"b\" # 乙\n\n[certification.transition]\nfrom = 2027-01-01\nholders = \"grandfather\"\n\n[certification.exemption]\nmonths = 6\n",
            "code = \"b\" # 乙\n[[certification.transition]]\nfrom = 2027-01-01\nholders = \"grandfather\"\n[certification.exemption]\nmonths = 6\n",
        ] {
            let text = match earlier.contains("exemption") {
                // A table with a header ends what stands without one: it goes last.
                true => TEXT.replace(
                    "[[job]]",
                    &format!("{}\n[[job]]", earlier.split_once('\n').unwrap().1),
                ),
                false => TEXT.replace("code = \"b\" # 乙", earlier),
            };
            assert_eq!(
                parsed(&text).set("s").unwrap().certification("b").unwrap().transitions,
                [one(2027, None)]
            );
            let written = head(&text, &header).unwrap();
            let programmes = parsed(&written);
            let certification = programmes.set("s").unwrap().certification("b").unwrap();
            assert_eq!(certification.transitions, several, "{written}");
            assert!(written.contains("# grown up"), "{written}");
        }
    }
}
