//! The hash chain of a person's record: each row's hash covers the row before it.

use chrono::NaiveDate;
use sha2::{Digest, Sha256};

use crate::db::Instant;

/// The hash before the first row.
pub const START: [u8; 32] = [0; 32];

/// What a row says, in the order in which it is hashed. Nothing stored about the row is missing.
pub struct Said<'a> {
    pub kind: &'a str,
    pub code: &'a str,
    pub level: Option<&'a str>,
    pub amount: Option<(i64, i64)>,
    pub unit: Option<&'a str>,
    pub from: NaiveDate,
    pub through: Option<NaiveDate>,
    pub issuer: Option<&'a str>,
    pub number: Option<&'a str>,
    pub note: Option<&'a str>,
}

impl Said<'_> {
    /// Two facts that say the same have the same digest; an import finds its earlier run by it.
    pub fn digest(&self) -> [u8; 32] {
        let mut hasher = Sha256::new();
        text(&mut hasher, Some(self.kind));
        text(&mut hasher, Some(self.code));
        text(&mut hasher, self.level);
        for part in [self.amount.map(|amount| amount.0), self.amount.map(|amount| amount.1)] {
            text(&mut hasher, part.map(|part| part.to_string()).as_deref());
        }
        text(&mut hasher, self.unit);
        text(&mut hasher, Some(&self.from.to_string()));
        text(&mut hasher, self.through.map(|day| day.to_string()).as_deref());
        for part in [self.issuer, self.number, self.note] {
            text(&mut hasher, part);
        }
        hasher.finalize().into()
    }
}

/// Chains a row to the one before it, with who put it there and from where.
pub fn link(
    previous: &[u8],
    seq: i64,
    digest: &[u8],
    source: (&str, i64, i64),
    recorded_at: Instant,
    recorded_by: Option<i64>,
) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(previous);
    hasher.update(seq.to_be_bytes());
    hasher.update(digest);
    text(&mut hasher, Some(source.0));
    hasher.update(source.1.to_be_bytes());
    hasher.update(source.2.to_be_bytes());
    text(&mut hasher, Some(&recorded_at.to_string()));
    text(&mut hasher, recorded_by.map(|by| by.to_string()).as_deref());
    hasher.finalize().into()
}

/// Lengths keep `("ab", "c")` apart from `("a", "bc")`, and nothing apart from an empty text.
fn text(hasher: &mut Sha256, value: Option<&str>) {
    match value {
        None => hasher.update([0]),
        Some(value) => {
            hasher.update([1]);
            hasher.update((value.len() as u64).to_be_bytes());
            hasher.update(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said<'a>(code: &'a str, level: Option<&'a str>) -> Said<'a> {
        Said {
            kind: "grade",
            code,
            level,
            amount: None,
            unit: None,
            from: NaiveDate::from_ymd_opt(2026, 1, 1).unwrap(),
            through: None,
            issuer: None,
            number: None,
            note: None,
        }
    }

    #[test]
    fn texts_do_not_run_into_each_other() {
        assert_ne!(said("ab", Some("c")).digest(), said("a", Some("bc")).digest());
        assert_ne!(said("a", None).digest(), said("a", Some("")).digest());
        assert_eq!(said("a", None).digest(), said("a", None).digest());
    }
}
