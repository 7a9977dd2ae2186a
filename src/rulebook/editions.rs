//! Which version of each rule set is in force on which day.
//!
//! Everything that was ever said about a rule set, by its file or by somebody who published a
//! version, stands in [`content`] in the order in which it was said. The last word counts: from
//! its day on, it takes the place of everything said before it. A file speaks until somebody
//! publishes a version here, and again only when it changes; after that its changes are
//! [offered](offer), and count once somebody has carried them over. So neither a restart nor a new
//! program undoes what a group decided.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde::Deserialize;

use super::{
    diff::{self, Conflict},
    editing::{Header, head},
};
use crate::{
    content::{self, Origin, Word},
    db::{Conn, Error, Instant},
    i18n::Text,
    record::{
        Programmes, Rules, period::day_before, programme::Day, reading::Problem, rules::Edition,
    },
};

/// The words in force together from a day on, by rule set.
#[derive(Debug, PartialEq, Eq)]
pub struct Chosen<'a> {
    pub from: NaiveDate,
    pub words: BTreeMap<&'a str, &'a Word>,
}

/// The one line of a file that says from when it counts.
#[derive(Deserialize)]
struct Head {
    effective_from: Option<Day>,
}

/// The first day on which each word counts; none for what is only offered. The first about a rule
/// set counts for all days, as there was nothing before it.
fn first_days(words: &[Word]) -> Vec<Option<NaiveDate>> {
    let (mut known, mut published) = (BTreeSet::new(), BTreeSet::new());
    let mut days = Vec::with_capacity(words.len());
    for word in words {
        let first = known.insert(word.code.as_str());
        let day = if first { NaiveDate::MIN } else { day_of(word) };
        let offered = word.origin == Origin::File && published.contains(word.code.as_str());
        if word.origin == Origin::Published {
            published.insert(word.code.as_str());
        }
        days.push((!offered).then_some(day));
    }
    days
}

/// The words that count or did, oldest first: all but those that are only offered.
fn counting(words: &[Word]) -> Vec<&Word> {
    let days = first_days(words).into_iter();
    days.zip(words).filter_map(|(day, word)| day.map(|_| word)).collect()
}

/// The last word about a rule set that counts, which a draft is a change of.
pub fn last<'a>(words: &'a [Word], code: &str) -> Option<&'a Word> {
    counting(words).into_iter().rfind(|word| word.code == code)
}

/// What a file says since somebody published a version of its rule set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer<'a> {
    /// What it said before.
    pub earlier: &'a Word,
    pub file: &'a Word,
    /// What counts, with what was published.
    pub now: &'a Word,
}

/// The newest change of a file that counts only once somebody carries it over. A version published
/// after it has had its chance to.
pub fn offer<'a>(words: &'a [Word], code: &str) -> Option<Offer<'a>> {
    let now = last(words, code)?;
    let mut files =
        words.iter().rev().filter(|word| word.code == code && word.origin == Origin::File);
    let file = files.next().filter(|file| file.id > now.id)?;
    Some(Offer { earlier: files.find(|earlier| earlier.id < now.id)?, file, now })
}

impl Offer<'_> {
    /// What was published with the changes of the file; a place where both changed the same.
    pub fn carried_over(&self) -> Result<String, Conflict> {
        // Version and day stand in one line of every version: nobody's change of the rules.
        let version = version_of(&self.now.text).unwrap_or_default();
        let effective_from = day_of(self.now);
        let header = Header { version: &version, effective_from, transitions: &[] };
        let alike = |word: &Word| head(&word.text, &header).unwrap_or_else(|_| word.text.clone());
        diff::carry_over(&alike(self.earlier), &alike(self.now), &alike(self.file))
    }
}

/// The day from which a word about a known rule set counts.
fn day_of(word: &Word) -> NaiveDate {
    let said_on = word.said_at.utc().date_naive();
    match word.origin {
        Origin::Published => word.effective_on.unwrap_or(said_on),
        Origin::File => {
            let head: Option<Head> = toml::from_str(&word.text).ok();
            let announced = head.and_then(|head| head.effective_from).map(|Day(day)| day);
            announced.map_or(said_on, |day| day.max(said_on))
        }
    }
}

/// The editions these words make, oldest first. Only rule sets of `codes` are in force: what has
/// no file any more is not.
pub fn in_order<'a>(words: &'a [Word], codes: &BTreeSet<String>) -> Vec<Chosen<'a>> {
    let dated = first_days(words).into_iter().zip(words);
    let dated: Vec<(NaiveDate, &Word)> = dated
        .filter(|(_, word)| codes.contains(&word.code))
        .filter_map(|(day, word)| Some((day?, word)))
        .collect();
    let days: BTreeSet<NaiveDate> = dated.iter().map(|(from, _)| *from).collect();
    let mut editions: Vec<Chosen<'a>> = Vec::new();
    for day in days {
        // Later words overwrite earlier ones, whatever their days.
        let begun = dated.iter().filter(|(from, _)| *from <= day);
        let words: BTreeMap<&str, &Word> =
            begun.map(|(_, word)| (word.code.as_str(), *word)).collect();
        if editions.last().is_none_or(|last| last.words != words) {
            editions.push(Chosen { from: day, words });
        }
    }
    editions
}

/// The days on which a version was, is or will be in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InForce {
    pub from: NaiveDate,
    /// The last such day; none while nothing takes its place.
    pub through: Option<NaiveDate>,
}

/// When each word about one rule set is in force; none for one that is only offered, or that a later
/// word took back before its day came.
pub fn days_in_force(words: &[Word]) -> Vec<Option<InForce>> {
    let from = first_days(words);
    let spans = from.iter().enumerate().map(|(place, day)| {
        // A later word takes its place from its own day on, whichever comes first.
        let day = (*day)?;
        let ends = from.iter().skip(place + 1).flatten().min().copied();
        let through = ends.map(day_before);
        (ends.is_none_or(|ends| ends > day)).then_some(InForce { from: day, through })
    });
    spans.collect()
}

/// The version a text says it is.
pub fn version_of(text: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Version {
        version: String,
    }
    toml::from_str(text).ok().map(|Version { version }| version)
}

/// What is needed beside the words to put rules in force: which rule sets have files, and how the
/// courses are called that they refer to.
#[derive(Clone, Debug, Default)]
pub struct Shelf {
    pub codes: BTreeSet<String>,
    pub courses: Vec<(String, Text)>,
}

impl Shelf {
    /// The rules by everything that was said so far.
    ///
    /// A version that this program cannot read any more (it was written for an older one, or
    /// refers to a course that is gone) is passed over, with a note in the log, in favour of the one
    /// before it, and in the end of its file; it must not keep the program from starting.
    pub fn rules(&self, conn: &mut Conn) -> Result<Rules, Error> {
        Ok(self.rules_of(&content::words(conn)?))
    }

    /// The rules as they were known at a moment: by what had been said by then. Of a rule set of
    /// which nothing had been said yet, the first word counts: nothing older is known.
    pub fn rules_at(&self, conn: &mut Conn, at: Instant) -> Result<Rules, Error> {
        let mut words = content::words(conn)?;
        let mut known = BTreeSet::new();
        words.retain(|word| known.insert(word.code.clone()) || word.said_at <= at);
        Ok(self.rules_of(&words))
    }

    /// The rule sets whose files have changed since a version of them was published here.
    pub fn offered<'a>(&'a self, words: &'a [Word]) -> impl Iterator<Item = &'a str> {
        let codes = self.codes.iter().map(String::as_str);
        codes.filter(|code| offer(words, code).is_some())
    }

    pub(super) fn rules_of(&self, words: &[Word]) -> Rules {
        let mut editions = Vec::new();
        for chosen in in_order(words, &self.codes) {
            match self.edition(chosen.words, words) {
                Some(edition) => editions.push((chosen.from, edition)),
                None => tracing::debug!(from = %chosen.from, "an edition cannot be read any more"),
            }
        }
        Rules::of_editions(editions)
    }

    /// What these words say together. One that cannot be read beside the others gives way to the
    /// one before it, and so on back; its file as it is now can be read in any case.
    fn edition<'a>(
        &self,
        mut chosen: BTreeMap<&'a str, &'a Word>,
        words: &'a [Word],
    ) -> Option<Edition> {
        let (files, counting) = (newest_files(words), counting(words));
        // Each turn puts at least one older word in the place of another, or is the last.
        loop {
            let problems = match self.parse(chosen.values().copied()) {
                Ok(programmes) => {
                    let ids = chosen.values().map(|word| (word.code.clone(), word.id));
                    return Some(Edition { programmes, revisions: ids.collect() });
                }
                Err(problems) => problems,
            };
            let blamed = |code: &str| problems.iter().any(|one| one.file == format!("{code}.toml"));
            let mut instead: Vec<&Word> = chosen
                .iter()
                .filter(|(code, _)| blamed(code))
                .filter_map(|(_, word)| before(word, &counting, &files))
                .collect();
            if instead.is_empty() {
                // What is blamed is a file, for what somebody published about another rule set.
                let others = chosen.iter().filter_map(|(code, word)| {
                    files.get(code).copied().filter(|file| file.id != word.id)
                });
                instead = others.collect();
            }
            if instead.is_empty() {
                return None;
            }
            let problem = problems.first().map(ToString::to_string).unwrap_or_default();
            tracing::error!(%problem, "a version of the rules cannot be read: an earlier one counts instead");
            chosen.extend(instead.into_iter().map(|word| (word.code.as_str(), word)));
        }
    }

    fn parse<'a>(&self, words: impl Iterator<Item = &'a Word>) -> Result<Programmes, Vec<Problem>> {
        let files: Vec<(String, String)> =
            words.map(|word| (format!("{}.toml", word.code), word.text.clone())).collect();
        Rules::parse(&files, &self.courses)
    }

    /// The rules of a day with another text for one rule set: what a draft would make of them.
    pub fn tried(
        &self,
        conn: &mut Conn,
        rules: &Rules,
        code: &str,
        text: &str,
    ) -> Result<Result<Rules, Vec<Problem>>, Error> {
        let words = content::words(conn)?;
        let others = words.iter().filter(|word| {
            word.code != code && rules.revisions().get(&word.code) == Some(&word.id)
        });
        let mut files: Vec<(String, String)> =
            others.map(|word| (format!("{}.toml", word.code), word.text.clone())).collect();
        files.push((format!("{code}.toml"), text.to_owned()));
        Ok(Rules::parse(&files, &self.courses)
            .map(|programmes| Rules::new(programmes, rules.revisions().clone())))
    }
}

/// What takes the place of a word that cannot be read: the one before it, or else its file.
fn before<'a>(
    word: &Word,
    counting: &[&'a Word],
    files: &BTreeMap<&'a str, &'a Word>,
) -> Option<&'a Word> {
    let file = files.get(word.code.as_str()).copied();
    if file.is_some_and(|file| file.id == word.id) {
        return None;
    }
    let earlier = counting.iter().rfind(|one| one.code == word.code && one.id < word.id);
    earlier.copied().or(file)
}

/// What each file says now.
fn newest_files(words: &[Word]) -> BTreeMap<&str, &Word> {
    let files = words.iter().filter(|word| word.origin == Origin::File);
    files.map(|word| (word.code.as_str(), word)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::ContentId;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn word(id: i64, code: &str, said_on: &str, effective_on: Option<&str>) -> Word {
        let said_at = day(said_on).and_hms_opt(2, 0, 0).unwrap().and_utc();
        let origin = if effective_on.is_some() { Origin::Published } else { Origin::File };
        let effective_on = effective_on.map(day);
        let said_at = Instant::from(said_at);
        let text = String::new();
        Word {
            id: ContentId(id),
            code: code.into(),
            number: id,
            origin,
            effective_on,
            said_at,
            text,
        }
    }

    /// Which word counts on each of these days.
    fn counts_on(words: &[Word], days: &[&str]) -> Vec<i64> {
        let codes = BTreeSet::from(["s".to_owned()]);
        let editions = in_order(words, &codes);
        let on = |on: &&str| {
            let begun = editions.iter().rfind(|edition| edition.from <= day(on)).unwrap();
            begun.words["s"].id.0
        };
        days.iter().map(on).collect()
    }

    const DAYS: [&str; 4] = ["2020-01-01", "2026-02-01", "2026-06-01", "2026-06-02"];

    #[test]
    fn a_published_version_counts_from_its_day_and_a_restart_changes_nothing() {
        let file = word(1, "s", "2026-01-01", None);
        assert_eq!(counts_on(std::slice::from_ref(&file), &DAYS), [1, 1, 1, 1]);
        let published = word(2, "s", "2026-02-01", Some("2026-06-02"));
        assert_eq!(counts_on(&[file, published], &DAYS), [1, 1, 1, 2]);
    }

    #[test]
    fn a_changed_file_counts_until_a_version_is_published_and_is_offered_after_that() {
        let file = word(1, "s", "2026-01-01", None);
        let changed = word(2, "s", "2026-01-20", None);
        let published = word(3, "s", "2026-02-01", Some("2026-06-02"));
        let again = word(4, "s", "2026-03-01", None);
        let mut words = vec![file, changed, published, again];
        assert_eq!(counts_on(&words[..2], &DAYS), [1, 2, 2, 2]);
        assert_eq!(counts_on(&words, &DAYS), [1, 2, 2, 3], "nothing published is undone");
        assert_eq!(days_in_force(&words)[3], None);
        let offered = offer(&words, "s").unwrap();
        let ids = (offered.earlier.id.0, offered.file.id.0, offered.now.id.0);
        assert_eq!(ids, (2, 4, 3));
        assert_eq!((offer(&words[..2], "s"), offer(&words[..3], "s")), (None, None));
        words.push(word(5, "s", "2026-04-01", Some("2026-06-02")));
        assert_eq!((offer(&words, "s"), counts_on(&words, &DAYS)), (None, vec![1, 2, 2, 5]));
    }

    #[test]
    fn what_a_file_changed_is_carried_over_to_what_was_published() {
        let texts = [
            "version = \"1\"\neffective_from = 2026-01-01\na = 1\n# between\n# them\nb = 1\n",
            "version = \"mine\"\neffective_from = 2026-06-02\na = 2\n# between\n# them\nb = 1\n",
            "version = \"2\"\neffective_from = 2026-03-01\na = 1\n# between\n# them\nb = 2\n",
        ];
        let mut words = vec![
            word(1, "s", "2026-01-01", None),
            word(2, "s", "2026-02-01", Some("2026-06-02")),
            word(3, "s", "2026-03-01", None),
        ];
        for (word, text) in words.iter_mut().zip(texts) {
            word.text = text.to_owned();
        }
        let carried = offer(&words, "s").unwrap().carried_over().unwrap();
        assert_eq!(carried, texts[1].replace("b = 1", "b = 2"));
    }

    const RULES: &str = r#"
code = "s"
version = "1"
title = { zh = "规", en = "rules" }
jurisdiction = "house"
source = "house"
verified = "primary"
notice = { zh = "规", en = "rules" }
[[certification]]
code = "c"
title = { zh = "证", en = "certificate" }
requires.age.min = 18
"#;

    #[test]
    fn what_cannot_be_read_gives_way_to_the_version_before_it() {
        let mut words = vec![
            word(1, "s", "2026-01-01", None),
            word(2, "s", "2026-01-02", Some("2026-02-01")),
            word(3, "s", "2026-01-03", Some("2026-06-02")),
        ];
        words[0].text = RULES.to_owned();
        words[1].text = RULES.replace("version = \"1\"", "version = \"2\"");
        words[2].text = RULES.replace("age.min", "no.such");
        let shelf = Shelf { codes: BTreeSet::from(["s".to_owned()]), courses: Vec::new() };
        let rules = shelf.rules_of(&words);
        let version = |on: &str| rules.on(day(on)).set("s").unwrap().version.clone();
        assert_eq!(version("2026-01-31"), "1");
        assert_eq!(version("2026-06-02"), "2", "not the file");
    }

    #[test]
    fn a_later_word_for_an_earlier_day_takes_back_the_announced_one() {
        let words = [
            word(1, "s", "2026-01-01", None),
            word(2, "s", "2026-01-02", Some("2026-06-02")),
            word(3, "s", "2026-01-03", Some("2026-06-01")),
        ];
        assert_eq!(counts_on(&words, &DAYS), [1, 1, 3, 3]);
    }

    #[test]
    fn a_file_may_announce_its_day_and_rule_sets_without_files_are_out() {
        let mut changed = word(2, "s", "2026-01-02", None);
        changed.text = "effective_from = 2026-06-02".to_owned();
        let words =
            [word(1, "s", "2026-01-01", None), changed, word(3, "gone", "2026-01-01", None)];
        assert_eq!(counts_on(&words, &DAYS), [1, 1, 1, 2]);
        let codes = BTreeSet::from(["s".to_owned()]);
        assert!(in_order(&words, &codes).iter().all(|edition| edition.words.len() == 1));
    }
}
