//! Exact arithmetic with amounts.
//!
//! A score of 59.9 must fail a limit of 60, and 37 of 40 first-time fixes added to 3 of 3 are 40 of
//! 43: amounts stay fractions, are compared by cross-multiplication and never become floats.

use std::{cmp::Ordering, fmt};

use super::fact::Amount;

impl Amount {
    /// A whole number.
    pub fn whole(number: i64) -> Amount {
        Amount { numerator: number, denominator: 1 }
    }

    /// The order of the values, not of the written fractions.
    pub fn compare(self, other: Amount) -> Ordering {
        let left = i128::from(self.numerator) * i128::from(other.denominator);
        let right = i128::from(other.numerator) * i128::from(self.denominator);
        left.cmp(&right)
    }

    /// Whether the value reaches the other one.
    pub fn reaches(self, other: Amount) -> bool {
        self.denominator > 0 && self.compare(other) != Ordering::Less
    }

    /// The value in hundredths, rounded half up; for display only.
    fn hundredths(self) -> i128 {
        let below = i128::from(self.denominator).max(1);
        (i128::from(self.numerator) * 200 + below).div_euclid(below * 2)
    }

    /// As a percentage with at most two decimals: `92.5%`.
    pub fn percent(self) -> String {
        let hundred = Amount { numerator: self.numerator.saturating_mul(100), ..self };
        format!("{hundred}%")
    }
}

impl fmt::Display for Amount {
    /// A decimal with at most two places: `59.9`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hundredths = self.hundredths();
        let sign = if hundredths < 0 { "-" } else { "" };
        let (whole, rest) = (hundredths.abs() / 100, hundredths.abs() % 100);
        match rest {
            0 => write!(f, "{sign}{whole}"),
            rest if rest % 10 == 0 => write!(f, "{sign}{whole}.{}", rest / 10),
            rest => write!(f, "{sign}{whole}.{rest:02}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(numerator: i64, denominator: i64) -> Amount {
        Amount { numerator, denominator }
    }

    #[test]
    fn fifty_nine_point_nine_is_less_than_sixty() {
        assert!(!amount(599, 10).reaches(Amount::whole(60)));
        assert!(amount(600, 10).reaches(Amount::whole(60)));
        assert!(!amount(0, 0).reaches(Amount::whole(0)), "no data reaches nothing");
    }

    #[test]
    fn amounts_are_shown_with_the_decimals_they_need() {
        assert_eq!(amount(599, 10).to_string(), "59.9");
        assert_eq!(amount(220, 3).to_string(), "73.33");
        assert_eq!(amount(37, 40).percent(), "92.5%");
        assert_eq!(amount(-1, 2).to_string(), "-0.5");
    }
}
