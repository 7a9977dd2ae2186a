//! The pattern of our own certificate numbers, such as `SF-{year}-{serial:6}`.
//!
//! A pattern is read when the rule sets are loaded, so that a word it does not know is told there,
//! with its line, and never printed on a certificate. Everything but the serial makes the series
//! in which it is counted: a pattern with the year begins again each year, one with the site
//! counts each site for itself.

use chrono::{Datelike, NaiveDate};

use crate::{i18n::Text, text};

/// The pattern where a certification gives none.
pub const USUAL: &str = "SF-{year}-{serial:6}";

/// Digits of a serial at most.
const WIDEST: usize = 12;
/// Characters of a whole pattern at most: the number stands on paper and in addresses.
const LONGEST: usize = 60;

/// A number pattern, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Plain(String),
    /// `{year}`, four digits.
    Year,
    /// `{yy}`, two digits.
    ShortYear,
    /// `{month}`, two digits.
    Month,
    /// `{site}`, the code of the site.
    Site,
    /// `{code}`, the code of the certification in its rule set.
    Code,
    /// `{serial}` or `{serial:6}`, with zeros in front up to so many digits.
    Serial(usize),
}

/// What the places of a pattern are filled with.
#[derive(Clone, Copy, Debug)]
pub struct Filling<'a> {
    pub on: NaiveDate,
    pub site: &'a str,
    pub code: &'a str,
}

impl Pattern {
    /// Takes a pattern apart, or says what is wrong with it.
    pub fn parse(word: &str) -> Result<Pattern, Text> {
        if word.chars().count() > LONGEST {
            return Err(text!(
                "证书编号“{word}”过长，最多 {LONGEST} 个字符",
                "the number “{word}” is too long: {LONGEST} characters at most"
            ));
        }
        let mut pieces = Vec::new();
        let mut rest = word;
        while let Some((before, behind)) = rest.split_once('{') {
            let (inside, after) = behind.split_once('}').ok_or_else(|| unclosed(word))?;
            pieces.push(plain(word, before)?);
            pieces.push(place(word, inside)?);
            rest = after;
        }
        pieces.push(plain(word, rest)?);
        pieces.retain(|piece| *piece != Piece::Plain(String::new()));
        match pieces.iter().filter(|piece| matches!(piece, Piece::Serial(_))).count() {
            1 => Ok(Pattern(pieces)),
            0 => Err(text!(
                "证书编号“{word}”没有流水号。请加上 {{serial:6}}",
                "the number “{word}” has no serial: add {{serial:6}}"
            )),
            _ => Err(text!(
                "证书编号“{word}”有不止一个流水号。请只保留一个",
                "the number “{word}” has more than one serial: keep one"
            )),
        }
    }

    /// The pattern [`USUAL`].
    pub fn usual() -> Pattern {
        let dash = || Piece::Plain("-".to_owned());
        let before = Piece::Plain("SF-".to_owned());
        Pattern(vec![before, Piece::Year, dash(), Piece::Serial(6)])
    }

    /// The series a number is counted in: all but the serial filled in.
    pub fn series(&self, filling: &Filling<'_>) -> String {
        self.fill(filling, |width| match width {
            0 => "{serial}".to_owned(),
            width => format!("{{serial:{width}}}"),
        })
    }

    /// The number with this serial.
    pub fn number(&self, filling: &Filling<'_>, serial: i64) -> String {
        self.fill(filling, |width| format!("{serial:0width$}"))
    }

    fn fill(&self, filling: &Filling<'_>, serial: impl Fn(usize) -> String) -> String {
        let Filling { on, site, code } = filling;
        let filled = self.0.iter().map(|piece| match piece {
            Piece::Plain(word) => word.clone(),
            Piece::Year => on.year().to_string(),
            Piece::ShortYear => format!("{:02}", on.year().rem_euclid(100)),
            Piece::Month => format!("{:02}", on.month()),
            Piece::Site => usable(site),
            Piece::Code => usable(code),
            Piece::Serial(width) => serial(*width),
        });
        filled.collect()
    }
}

/// A number stands in addresses, so codes lend it only what may stand there.
fn usable(word: &str) -> String {
    let fits = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    word.chars().filter(fits).collect::<String>().to_uppercase()
}

fn plain(whole: &str, word: &str) -> Result<Piece, Text> {
    let fits =
        |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.');
    match word.chars().find(|c| !fits(*c)) {
        None => Ok(Piece::Plain(word.to_owned())),
        Some('}') => Err(unclosed(whole)),
        // Whoever checks a certificate types its number in any case, so only one case is used.
        Some(small) if small.is_ascii_lowercase() => {
            let capitals = word.to_ascii_uppercase();
            Err(text!(
                "证书编号“{whole}”里有小写字母“{small}”。编号一律用大写字母：请把“{word}”写成“{capitals}”",
                "the number “{whole}” has the small letter “{small}” in it: numbers are in capitals, so write “{word}” as “{capitals}”"
            ))
        }
        Some(wrong) => Err(text!(
            "证书编号“{whole}”里有“{wrong}”。编号会出现在网址里，只能用大写字母、数字、-、_ 和 .",
            "the number “{whole}” has “{wrong}” in it: it stands in addresses, so only capitals, digits, - _ and . may be used"
        )),
    }
}

fn place(whole: &str, inside: &str) -> Result<Piece, Text> {
    let (name, width) = match inside.split_once(':') {
        Some((name, width)) => (name, Some(width)),
        None => (inside, None),
    };
    let piece = match (name, width) {
        ("year", None) => Piece::Year,
        ("yy", None) => Piece::ShortYear,
        ("month", None) => Piece::Month,
        ("site", None) => Piece::Site,
        ("code", None) => Piece::Code,
        ("serial", None) => Piece::Serial(0),
        ("serial", Some(width)) => {
            let parsed = width.parse().ok().filter(|width| (1..=WIDEST).contains(width));
            Piece::Serial(parsed.ok_or_else(|| {
                text!(
                    "证书编号“{whole}”的流水号位数“{width}”不对，应为 1 至 {WIDEST}",
                    "in the number “{whole}” the serial has “{width}” digits: write 1 to {WIDEST}"
                )
            })?)
        }
        _ => {
            return Err(text!(
                "证书编号“{whole}”里的 {{{inside}}} 不认识。可用：{{year}}、{{yy}}、{{month}}、{{site}}、{{code}}、{{serial:6}}",
                "the number “{whole}” has {{{inside}}}, which means nothing: use {{year}}, {{yy}}, {{month}}, {{site}}, {{code}}, {{serial:6}}"
            ));
        }
    };
    Ok(piece)
}

fn unclosed(whole: &str) -> Text {
    text!(
        "证书编号“{whole}”的花括号不成对",
        "the number “{whole}” has a brace without its other half"
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn filling() -> Filling<'static> {
        let on = NaiveDate::from_ymd_opt(2026, 3, 9).unwrap();
        Filling { on, site: "pudong", code: "hv-aware" }
    }

    #[test]
    fn numbers_follow_their_pattern() {
        for (pattern, series, seventh) in [
            ("SF-{year}-{serial:6}", "SF-2026-{serial:6}", "SF-2026-000007"),
            ("X{serial}", "X{serial}", "X7"),
            (
                "{site}.{yy}{month}.{code}_{serial:3}",
                "PUDONG.2603.HV-AWARE_{serial:3}",
                "PUDONG.2603.HV-AWARE_007",
            ),
        ] {
            let parsed = Pattern::parse(pattern).unwrap();
            assert_eq!(parsed.series(&filling()), series);
            assert_eq!(parsed.number(&filling(), 7), seventh);
        }
    }

    #[test]
    fn what_a_pattern_cannot_mean_is_refused_in_words() {
        for (pattern, en) in [
            ("SF-{year}", "no serial"),
            ("SF-{serial:3}-{serial:3}", "more than one"),
            ("SF-{jahr}-{serial:6}", "{jahr}, which means nothing"),
            ("SF-{year:2}-{serial:6}", "{year:2}"),
            ("SF-{serial:x}", "“x” digits"),
            ("SF-{serial:0}", "“0” digits"),
            ("SF-{serial:99}", "“99” digits"),
            ("SF-{serial", "brace"),
            ("SF}-{serial}", "brace"),
            ("SF/{serial}", "“/” in it"),
            ("证{serial}", "“证” in it"),
            ("Sf-{year}-{serial:6}", "as “SF-”"),
            ("SF-{serial}x", "as “X”"),
        ] {
            let refused = Pattern::parse(pattern).unwrap_err();
            assert!(refused.en.contains(en), "{pattern}: {}", refused.en);
        }
        assert_eq!(Pattern::parse(USUAL), Ok(Pattern::usual()));
        assert!(Pattern::parse(&format!("{}{{serial}}", "A".repeat(60))).is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// Two serials of one series never make one number, and the number tells its serial.
        #[test]
        fn a_number_tells_its_serial(prefix in "[A-Z]{0,4}-", width in 1_usize..=12, serial in 1_i64..1_000_000) {
            let pattern = Pattern::parse(&format!("{prefix}{{year}}-{{serial:{width}}}")).unwrap();
            let number = pattern.number(&filling(), serial);
            let (_, last) = number.rsplit_once('-').unwrap();
            prop_assert_eq!(last.parse::<i64>().unwrap(), serial);
            prop_assert!(last.len() >= width);
            prop_assert_ne!(&number, &pattern.number(&filling(), serial + 1));
        }
    }
}
