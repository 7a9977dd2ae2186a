//! Numbers of other systems as the plain decimals that questions keep; nothing is rounded.

use crate::{exams::questions::decimal::Decimal, i18n::Text, text};

const MOST_SCALE: usize = 15;

/// `digits × 10^-scale`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Number {
    digits: i128,
    scale: usize,
}

impl Number {
    /// `12`, `-0.50`, `.5`, `1.5e-3`.
    fn parse(word: &str) -> Option<Number> {
        let (number, exponent) = match word.split_once(['e', 'E']) {
            Some((number, exponent)) => (number, exponent.parse::<i32>().ok()?),
            None => (word, 0),
        };
        let negative = number.starts_with('-');
        let bare = number.strip_prefix(['-', '+']).unwrap_or(number);
        let (whole, part) = bare.split_once('.').unwrap_or((bare, ""));
        let all = format!("{whole}{part}");
        if all.is_empty() || all.len() > 30 || !all.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let digits: i128 = all.parse().ok()?;
        let number = Number { digits: if negative { -digits } else { digits }, scale: part.len() };
        number.shifted(exponent)
    }

    fn shifted(self, exponent: i32) -> Option<Number> {
        let scale = i32::try_from(self.scale).ok()? - exponent;
        if !(-18..=18).contains(&scale) {
            // Too long to be a number of an exam, unless it is only written with many zeros.
            return if exponent == 0 { self.small() } else { None };
        }
        match usize::try_from(scale) {
            Ok(scale) => Some(Number { digits: self.digits, scale }),
            Err(_) => {
                let factor = 10_i128.checked_pow(scale.unsigned_abs())?;
                Some(Number { digits: self.digits.checked_mul(factor)?, scale: 0 })
            }
        }
    }

    /// Trailing zeros may hide a number that is not long at all.
    fn small(self) -> Option<Number> {
        let mut number = self;
        while number.scale > 0 && number.digits % 10 == 0 {
            number = Number { digits: number.digits / 10, scale: number.scale - 1 };
        }
        (number.scale <= MOST_SCALE).then_some(number)
    }

    fn at_scale(self, scale: usize) -> Option<i128> {
        let factor = 10_i128.checked_pow(u32::try_from(scale - self.scale).ok()?)?;
        self.digits.checked_mul(factor)
    }

    /// Half the sum and half the difference of two numbers.
    fn middle(low: Number, high: Number) -> Option<(Number, Number)> {
        let scale = low.scale.max(high.scale);
        let (low, high) = (low.at_scale(scale)?, high.at_scale(scale)?);
        let half = |digits: i128| Some(Number { digits: digits.checked_mul(5)?, scale: scale + 1 });
        Some((half(low.checked_add(high)?)?, half(high.checked_sub(low)?)?))
    }

    fn word(self) -> String {
        let sign = if self.digits < 0 { "-" } else { "" };
        let digits = format!("{:0>width$}", self.digits.unsigned_abs(), width = self.scale + 1);
        let (whole, part) = digits.split_at(digits.len() - self.scale);
        let part = part.trim_end_matches('0');
        let dot = if part.is_empty() { "" } else { "." };
        let word = format!("{sign}{whole}{dot}{part}");
        if word == "-0" { "0".to_owned() } else { word }
    }
}

fn no_number(word: &str) -> Text {
    let word = super::draft::short(word, 40);
    text!("“{word}”不是数字", "“{word}” is no number")
}

/// A number as questions keep it.
pub fn plain(word: &str) -> Result<String, Text> {
    let trimmed = word.trim();
    let number = Number::parse(trimmed).and_then(Number::small).map(Number::word);
    let kept = number.filter(|word| Decimal::parse(word).is_some());
    kept.ok_or_else(|| no_number(trimmed))
}

/// The value and the tolerance of a range.
pub fn range(low: &str, high: &str) -> Result<(String, String), Text> {
    let (low_number, high_number) = (
        Number::parse(low.trim()).ok_or_else(|| no_number(low))?,
        Number::parse(high.trim()).ok_or_else(|| no_number(high))?,
    );
    let (value, tolerance) =
        Number::middle(low_number, high_number).ok_or_else(|| no_number(high))?;
    if tolerance.digits < 0 {
        return Err(text!(
            "范围 {low}..{high} 的下限大于上限",
            "the range {low}..{high} ends before it begins"
        ));
    }
    Ok((plain(&value.word())?, plain(&tolerance.word())?))
}

/// `3`, `3:0.5` or `3..4` of GIFT.
pub fn gift(word: &str) -> Result<(String, String), Text> {
    if let Some((low, high)) = word.split_once("..").filter(|(low, _)| !low.is_empty()) {
        return range(low, high);
    }
    match word.split_once(':').filter(|(value, _)| !value.is_empty()) {
        Some((value, tolerance)) => Ok((plain(value)?, positive(tolerance)?)),
        None => Ok((plain(word)?, "0".to_owned())),
    }
}

/// A tolerance; empty is none.
pub fn positive(word: &str) -> Result<String, Text> {
    if word.trim().is_empty() {
        return Ok("0".to_owned());
    }
    Ok(plain(word)?.trim_start_matches('-').to_owned())
}

/// A percentage in millionths of the whole.
pub fn percent(word: &str) -> Option<i64> {
    let number: f64 = word.trim().parse().ok()?;
    (number.is_finite() && number.abs() <= 1_000.0).then(|| (number * 10_000.0).round() as i64)
}

/// Millionths as a percentage: `50`, `33.3333`.
pub fn percentage(millionths: i64) -> String {
    Number { digits: i128::from(millionths), scale: 4 }.word()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_kept_exactly() {
        for (word, value, tolerance) in [
            ("1822", "1822", "0"),
            ("-1", "-1", "0"),
            ("3.1415:0.0005", "3.1415", "0.0005"),
            ("3.141..3.142", "3.1415", "0.0005"),
            ("-5..5", "0", "5"),
            ("1..5", "3", "2"),
            ("1.50e3:1e-2", "1500", "0.01"),
            ("0.5000000:0.00", "0.5", "0"),
        ] {
            assert_eq!(gift(word), Ok((value.into(), tolerance.into())), "{word}");
        }
        for word in ["", "abc", "5..1", "1e99", "1:x", "--1", "12345678901234567"] {
            assert!(gift(word).is_err(), "{word}");
        }
    }

    #[test]
    fn percentages_are_millionths() {
        assert_eq!(percent("33.33333"), Some(333_333));
        assert_eq!(percent("-100"), Some(-1_000_000));
        assert_eq!(percentage(500_000), "50");
        assert_eq!(percentage(-333_333), "-33.3333");
    }
}
