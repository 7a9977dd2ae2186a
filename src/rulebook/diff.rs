//! What differs between two texts, line by line; and a change carried over to a text that changed
//! meanwhile.

use similar::{ChangeTag, TextDiff};

/// A line of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DiffLine {
    Kept {
        old: usize,
        new: usize,
        text: String,
    },
    Gone {
        old: usize,
        text: String,
    },
    Added {
        new: usize,
        text: String,
    },
    /// Lines that are the same and are left out.
    Skipped,
}

/// Lines shown around each change.
const AROUND: usize = 3;

/// The changes with a few lines around each; nothing when the texts are the same.
pub fn lines(old: &str, new: &str) -> Vec<DiffLine> {
    let (old, new) = (unified(old), unified(new));
    let diff = TextDiff::from_lines(&old, &new);
    let mut lines = Vec::new();
    for group in diff.grouped_ops(AROUND) {
        if !lines.is_empty() {
            lines.push(DiffLine::Skipped);
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let text = change.value().trim_end_matches('\n').to_owned();
            let number = |index: Option<usize>| index.unwrap_or_default() + 1;
            let (old, new) = (number(change.old_index()), number(change.new_index()));
            lines.push(match change.tag() {
                ChangeTag::Equal => DiffLine::Kept { old, new, text },
                ChangeTag::Delete => DiffLine::Gone { old, text },
                ChangeTag::Insert => DiffLine::Added { new, text },
            });
        }
    }
    lines
}

/// A browser sends lines that end in two signs; files have one.
pub fn unified(text: &str) -> String {
    text.replace("\r\n", "\n")
}

/// A place where both texts changed the same lines of their common base.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The line of the base, counted from 1.
    pub line: usize,
}

/// The change from `base` to `mine`, made to `theirs`, which also came of `base`.
pub fn carry_over(base: &str, mine: &str, theirs: &str) -> Result<String, Conflict> {
    let (base, mine, theirs) = (unified(base), unified(mine), unified(theirs));
    let (of_mine, of_theirs) =
        (TextDiff::from_lines(&base, &mine), TextDiff::from_lines(&base, &theirs));
    let (my_edits, their_edits) = (edits(&of_mine), edits(&of_theirs));
    let mut merged = String::new();
    let base_lines = of_mine.old_slices();
    let (mut at, mut left, mut right) =
        (0, my_edits.iter().peekable(), their_edits.iter().peekable());
    loop {
        let (a, b) = (left.peek().copied(), right.peek().copied());
        let edit = match (a, b) {
            (None, None) => break,
            (Some(a), Some(b)) if a == b => {
                right.next();
                left.next();
                a
            }
            (Some(a), Some(b)) if a.touches(b) => {
                return Err(Conflict { line: a.from.max(b.from) + 1 });
            }
            (Some(a), other) if other.is_none_or(|b| a.from < b.from) => {
                left.next();
                a
            }
            (_, Some(b)) => {
                right.next();
                b
            }
            (Some(a), None) => {
                left.next();
                a
            }
        };
        merged.extend(base_lines.iter().take(edit.from).skip(at).copied());
        merged.push_str(&edit.text);
        at = edit.to;
    }
    merged.extend(base_lines.iter().skip(at).copied());
    Ok(merged)
}

/// Lines of the base replaced by others.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Edit {
    from: usize,
    to: usize,
    text: String,
}

impl Edit {
    /// Whether two edits change the same place. Neighbours do: what stands between them is what
    /// both may have counted on.
    fn touches(&self, other: &Edit) -> bool {
        self.from <= other.to && other.from <= self.to
    }
}

/// The edits of a comparison. The places are counted here: an insertion that the library moved
/// while tidying up keeps an index that is no longer its place.
fn edits(diff: &TextDiff<'_, '_, '_, str>) -> Vec<Edit> {
    let mut edits: Vec<Edit> = Vec::new();
    let (mut at, mut open) = (0, false);
    for change in diff.ops().iter().flat_map(|op| diff.iter_changes(op)) {
        if change.tag() == ChangeTag::Equal {
            (at, open) = (at + 1, false);
            continue;
        }
        if !open {
            edits.push(Edit { from: at, to: at, text: String::new() });
            open = true;
        }
        let Some(edit) = edits.last_mut() else { continue };
        if change.tag() == ChangeTag::Delete {
            at += 1;
            edit.to = at;
        } else {
            edit.text.push_str(change.value());
        }
    }
    edits
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BASE: &str = "a\nb\nc\nd\ne\nf\n";

    #[test]
    fn a_change_shows_with_its_line_numbers() {
        assert_eq!(lines(BASE, BASE), []);
        let changed = lines("a\nb\n", "a\r\nB\r\n");
        let expected = [
            DiffLine::Kept { old: 1, new: 1, text: "a".into() },
            DiffLine::Gone { old: 2, text: "b".into() },
            DiffLine::Added { new: 2, text: "B".into() },
        ];
        assert_eq!(changed, expected);
    }

    #[test]
    fn changes_in_different_places_come_together() {
        let mine = "a\nB\nc\nd\ne\nf\n";
        let theirs = "a\nb\nc\nd\ne\nf\ng\n";
        assert_eq!(carry_over(BASE, mine, theirs).unwrap(), "a\nB\nc\nd\ne\nf\ng\n");
        assert_eq!(carry_over(BASE, theirs, mine).unwrap(), "a\nB\nc\nd\ne\nf\ng\n");
        assert_eq!(carry_over(BASE, mine, mine).unwrap(), mine, "the same change twice is one");
    }

    #[test]
    fn changes_of_the_same_line_are_not_guessed() {
        let (mine, theirs) = ("a\nB\nc\nd\ne\nf\n", "a\nbb\nc\nd\ne\nf\n");
        assert_eq!(carry_over(BASE, mine, theirs), Err(Conflict { line: 2 }));
    }

    fn text() -> impl Strategy<Value = String> {
        prop::collection::vec("[abc]", 0..12)
            .prop_map(|lines| lines.into_iter().map(|line| line + "\n").collect())
    }

    proptest! {
        #[test]
        fn carrying_over_to_the_base_or_from_it_changes_nothing_else(base in text(), mine in text()) {
            prop_assert_eq!(carry_over(&base, &mine, &base), Ok(mine.clone()));
            prop_assert_eq!(carry_over(&base, &base, &mine), Ok(mine));
        }

        #[test]
        fn both_orders_agree(base in text(), mine in text(), theirs in text()) {
            let (one, other) = (carry_over(&base, &mine, &theirs), carry_over(&base, &theirs, &mine));
            prop_assert_eq!(one, other);
        }
    }
}
