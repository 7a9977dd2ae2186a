//! What the fields of a form say, as the responses that are kept.
//!
//! The answer to the question at place 3 stands in `q3`, several times where several options are
//! chosen; where an answer has parts, in `q3.a`, `q3.1`, `q3.x` ([`super::render`] names them).

use std::collections::BTreeMap;

use super::{model::QuestionKind, scoring::letter};

/// What a form says about one question.
#[derive(Clone, Debug, Default)]
struct Said {
    whole: Vec<String>,
    parts: BTreeMap<String, String>,
}

/// The answers of a form, by place.
#[derive(Clone, Debug, Default)]
pub struct Fields(BTreeMap<i64, Said>);

/// An answer that cannot be read: two items on one place of an ordering, say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unclear;

impl Fields {
    /// Takes a field if it answers a question; says whether it did.
    pub fn take(&mut self, name: &str, value: &str) -> bool {
        let Some(rest) = name.strip_prefix('q') else { return false };
        let (position, part) = match rest.split_once('.') {
            Some((position, part)) => (position, Some(part)),
            None => (rest, None),
        };
        let Ok(position) = position.parse() else { return false };
        let said = self.0.entry(position).or_default();
        match part {
            Some(part) => drop(said.parts.insert(part.to_owned(), value.trim().to_owned())),
            None => said.whole.push(value.to_owned()),
        }
        true
    }

    /// The response to a question of this kind with so many things shown. `None` where the form
    /// has no field for it that a browser would always send.
    pub fn response(
        &self,
        position: i64,
        kind: QuestionKind,
        shown: usize,
    ) -> Option<Result<String, Unclear>> {
        let said = self.0.get(&position);
        match kind {
            QuestionKind::Ordering => said.map(|said| ordering(&said.parts, shown)),
            QuestionKind::Matching => said.map(|said| Ok(matching(&said.parts))),
            QuestionKind::Hotspot => said.map(|said| point(&said.parts)),
            // Boxes of which none is chosen are not sent at all.
            _ => Some(Ok(said.map(|said| said.whole.join(",")).unwrap_or_default())),
        }
    }
}

/// The letters by the places they were given: all places, or none at all.
fn ordering(places: &BTreeMap<String, String>, shown: usize) -> Result<String, Unclear> {
    if places.values().all(String::is_empty) {
        return Ok(String::new());
    }
    let mut by_place = BTreeMap::new();
    for letter in (0..shown).map(letter) {
        let place: usize =
            places.get(&letter).and_then(|place| place.parse().ok()).ok_or(Unclear)?;
        by_place.insert(place, letter);
    }
    let all = by_place.keys().copied().eq(1..=shown);
    all.then(|| by_place.into_values().collect::<Vec<_>>().join(",")).ok_or(Unclear)
}

fn matching(choices: &BTreeMap<String, String>) -> String {
    let mut numbered: Vec<(usize, &str)> = choices
        .iter()
        .filter_map(|(number, choice)| Some((number.parse().ok()?, choice.as_str())))
        .collect();
    numbered.sort_unstable();
    let letters =
        numbered.into_iter().map(|(_, choice)| if choice.is_empty() { "-" } else { choice });
    letters.collect::<Vec<_>>().join(",")
}

/// Per cent of the picture's width and height, as thousandths.
fn point(parts: &BTreeMap<String, String>) -> Result<String, Unclear> {
    let part = |name: &str| parts.get(name).map_or("", String::as_str);
    if part("x").is_empty() && part("y").is_empty() {
        return Ok(String::new());
    }
    let (x, y) = (thousandths(part("x")).ok_or(Unclear)?, thousandths(part("y")).ok_or(Unclear)?);
    Ok(format!("{x},{y}"))
}

fn thousandths(percent: &str) -> Option<i64> {
    let percent: f64 =
        percent.trim_end_matches(['%', '％']).trim().replace(',', ".").parse().ok()?;
    (0.0..=100.0).contains(&percent).then_some((percent * 10.0).round() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(
        fields: &[(&str, &str)],
        kind: QuestionKind,
        shown: usize,
    ) -> Option<Result<String, Unclear>> {
        let mut said = Fields::default();
        for (name, value) in fields {
            assert!(said.take(name, value), "{name}");
        }
        said.response(3, kind, shown)
    }

    #[test]
    fn fields_become_the_response_that_is_kept() {
        use QuestionKind::{Hotspot, Matching, Multiple, Numeric, Ordering, Single};
        for (fields, kind, response) in [
            (&[("q3", "b")][..], Single, "b"),
            (&[("q3", "a"), ("q3", "c")], Multiple, "a,c"),
            (&[("q4", "a")], Multiple, ""),
            (&[("q3", " 60 ")], Numeric, " 60 "),
            (&[("q3.a", "2"), ("q3.b", "3"), ("q3.c", "1")], Ordering, "c,a,b"),
            (&[("q3.a", ""), ("q3.b", ""), ("q3.c", "")], Ordering, ""),
            (&[("q3.1", "b"), ("q3.2", "-"), ("q3.10", "a")], Matching, "b,-,a"),
            (&[("q3.x", "43.5"), ("q3.y", "7 %")], Hotspot, "435,70"),
            (&[("q3.x", ""), ("q3.y", "")], Hotspot, ""),
        ] {
            assert_eq!(read(fields, kind, 3), Some(Ok(response.to_owned())), "{fields:?}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_said_and_what_was_not_asked_is_left_alone() {
        use QuestionKind::{Hotspot, Ordering};
        let twice = [("q3.a", "1"), ("q3.b", "1"), ("q3.c", "2")];
        assert_eq!(read(&twice, Ordering, 3), Some(Err(Unclear)));
        assert_eq!(
            read(&[("q3.a", "1"), ("q3.b", ""), ("q3.c", "")], Ordering, 3),
            Some(Err(Unclear))
        );
        assert_eq!(read(&[("q3.x", "12"), ("q3.y", "")], Hotspot, 0), Some(Err(Unclear)));
        assert_eq!(read(&[("q3.x", "101"), ("q3.y", "5")], Hotspot, 0), Some(Err(Unclear)));
        assert_eq!(read(&[], Ordering, 3), None);
        assert!(!Fields::default().take("e3", "1") && !Fields::default().take("quiet", "1"));
    }
}
