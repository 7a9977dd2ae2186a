//! Shares of a question's points as authors write them: percent, kept in millionths.

const MILLIONTHS_A_PERCENT: i64 = 10_000;

/// `33.3333` is 333333 millionths; nothing for what is no percentage from -100 to 100.
pub fn read(typed: &str) -> Option<i64> {
    let typed = typed.trim().trim_end_matches(['%', '％']).trim();
    let (sign, digits) = match typed.strip_prefix(['-', '−']) {
        Some(rest) => (-1, rest),
        None => (1, typed),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let is_number = |word: &str| word.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty()
        || whole.len() > 3
        || part.len() > 4
        || !is_number(whole)
        || !is_number(part)
    {
        return None;
    }
    let part: i64 = format!("{part:0<4}").parse().ok()?;
    let share = whole.parse::<i64>().ok()? * MILLIONTHS_A_PERCENT + part;
    (share <= 100 * MILLIONTHS_A_PERCENT).then_some(sign * share)
}

pub fn write(millionths: i64) -> String {
    let sign = if millionths < 0 { "-" } else { "" };
    let (whole, part) =
        (millionths.abs() / MILLIONTHS_A_PERCENT, millionths.abs() % MILLIONTHS_A_PERCENT);
    let part = format!("{part:04}");
    match part.trim_end_matches('0') {
        "" => format!("{sign}{whole}"),
        part => format!("{sign}{whole}.{part}"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_no_percentage_is_none() {
        for typed in ["", "abc", "101", "-100.1", "1.23456", "1e2", ".5", "--1"] {
            assert_eq!(read(typed), None, "{typed}");
        }
        assert_eq!(
            (read("50%"), read(" 33.3333 "), read("−25")),
            (Some(500_000), Some(333_333), Some(-250_000))
        );
    }

    proptest! {
        #[test]
        fn a_share_is_read_as_it_is_written(millionths in -1_000_000_i64..=1_000_000) {
            prop_assert_eq!(read(&write(millionths)), Some(millionths));
        }

        #[test]
        fn any_text_is_read_without_panic(typed in ".{0,20}") {
            read(&typed);
        }
    }
}
