//! Decimal numbers as candidates type them, compared exactly.
//!
//! Accepted: `60`, `60.0`, `６０．５` (full-width), `+3`, `-0,5` (decimal comma), `18,000` and
//! `12 000` (groups of three), and the number followed by its unit. A comma is a thousands mark
//! exactly when every group after it has three digits and the number does not begin with 0; any
//! other single comma is a decimal comma. So `1,200` is twelve hundred and `0,125` an eighth.

use std::cmp::Ordering;

/// `digits × 10^-scale`.
#[derive(Clone, Copy, Debug)]
pub struct Decimal {
    digits: i128,
    scale: u32,
}

/// Far more than any exam asks for, and far from overflowing.
const MOST_DIGITS: usize = 15;

impl Decimal {
    pub fn parse(typed: &str) -> Option<Decimal> {
        let plain: String = typed.chars().map(half_width).filter(|c| !c.is_whitespace()).collect();
        let (negative, rest) = match plain.strip_prefix(['-', '+']) {
            Some(rest) => (plain.starts_with('-'), rest),
            None => (false, plain.as_str()),
        };
        let (whole, part) = split(rest)?;
        let digits = format!("{whole}{part}");
        let sound = !digits.is_empty()
            && digits.len() <= MOST_DIGITS
            && digits.bytes().all(|byte| byte.is_ascii_digit());
        if !sound {
            return None;
        }
        let value: i128 = digits.parse().ok()?;
        Some(Decimal { digits: if negative { -value } else { value }, scale: part.len() as u32 })
    }

    /// As [`Decimal::parse`], also with the unit written behind the number.
    pub fn parse_with_unit(typed: &str, units: &[&str]) -> Option<Decimal> {
        let typed = typed.trim();
        let bare =
            units.iter().filter(|unit| !unit.is_empty()).find_map(|unit| typed.strip_suffix(unit));
        Decimal::parse(bare.unwrap_or(typed))
    }

    fn at_scale(self, scale: u32) -> i128 {
        self.digits * 10_i128.pow(scale - self.scale)
    }

    /// Whether the two are no further apart than the tolerance.
    pub fn is_within(self, tolerance: Decimal, of: Decimal) -> bool {
        let scale = self.scale.max(of.scale).max(tolerance.scale);
        let apart = (self.at_scale(scale) - of.at_scale(scale)).abs();
        apart <= tolerance.at_scale(scale)
    }

    pub fn is_negative(self) -> bool {
        self.digits.cmp(&0) == Ordering::Less
    }
}

fn half_width(c: char) -> char {
    match c {
        '０'..='９' | '．' | '，' | '－' | '＋' | '％' => {
            char::from_u32(c as u32 - 0xFEE0).unwrap_or(c)
        }
        '。' => '.',
        '−' => '-',
        other => other,
    }
}

/// The digits before and after the decimal mark, thousands marks removed.
fn split(number: &str) -> Option<(String, &str)> {
    let (whole, part) = match number.split_once('.') {
        Some((whole, part)) => (whole, Some(part)),
        None => (number, None),
    };
    if !whole.contains(',') {
        return Some((whole.to_owned(), part.unwrap_or_default()));
    }
    if is_grouped(whole) {
        return Some((whole.replace(',', ""), part.unwrap_or_default()));
    }
    match (whole.split_once(','), part) {
        (Some((whole, part)), None) if !part.contains(',') => Some((whole.to_owned(), part)),
        _ => None,
    }
}

fn is_grouped(whole: &str) -> bool {
    let mut groups = whole.split(',');
    let first = groups.next().unwrap_or_default();
    (1..=3).contains(&first.len())
        && !first.starts_with('0')
        && groups.all(|group| group.len() == 3)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn same(typed: &str, value: &str) -> bool {
        let zero = Decimal::parse("0").unwrap();
        Decimal::parse(typed)
            .is_some_and(|typed| typed.is_within(zero, Decimal::parse(value).unwrap()))
    }

    #[test]
    fn the_same_number_may_be_written_in_many_ways() {
        for (typed, value) in [
            ("60", "60"),
            ("60.0", "60"),
            ("60.", "60"),
            ("６０", "60"),
            ("６０．５", "60.5"),
            (" 60 ", "60"),
            ("+60", "60"),
            ("-0,5", "-0.5"),
            ("－3", "-3"),
            ("0,125", "0.125"),
            ("18,000", "18000"),
            ("18 000", "18000"),
            ("1,234,567.5", "1234567.5"),
            ("394,2", "394.2"),
            (".5", "0.5"),
        ] {
            assert!(same(typed, value), "{typed} is {value}");
        }
    }

    #[test]
    fn what_is_no_number_is_none() {
        for typed in ["", "abc", "1.2.3", "1,2,3", "--1", "6O", "1e3", "9999999999999999", "."] {
            assert!(Decimal::parse(typed).is_none(), "{typed}");
        }
    }

    #[test]
    fn a_unit_behind_the_number_does_no_harm() {
        assert!(Decimal::parse_with_unit("60 V", &["V"]).is_some());
        assert!(Decimal::parse_with_unit("14个", &["个", "cells"]).is_some());
        assert!(Decimal::parse_with_unit("60 A", &["V"]).is_none());
    }

    #[test]
    fn tolerance_is_exact_at_its_edges() {
        let parse = |word| Decimal::parse(word).unwrap();
        assert!(parse("0.3").is_within(parse("0.1"), parse("0.2")));
        assert!(!parse("0.3000001").is_within(parse("0.1"), parse("0.2")));
        assert!(parse("59.5").is_within(parse("0.5"), parse("60")));
    }

    proptest! {
        #[test]
        fn any_whole_number_equals_itself_with_zeros_behind_the_point(n in -1_000_000_i64..1_000_000) {
            let (plain, zeros) = (n.to_string(), format!("{n}.00"));
            prop_assert!(same(&plain, &zeros));
            prop_assert!(!same(&plain, &(n + 1).to_string()));
        }

        #[test]
        fn any_text_is_read_without_panic(typed in ".{0,40}") {
            let _ = Decimal::parse(&typed);
        }
    }
}
