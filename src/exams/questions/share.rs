//! How much of a question's points an answer earns: an exact fraction, never rounded.

use std::cmp::Ordering;

/// A fraction in lowest terms, the denominator above zero. What a paper can hold (weights up to
/// hundreds, parts up to 26) stays far below the range of its numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Share {
    numerator: i64,
    denominator: i64,
}

impl Share {
    pub const NONE: Share = Share { numerator: 0, denominator: 1 };
    pub const ALL: Share = Share { numerator: 1, denominator: 1 };

    pub fn new(numerator: i64, denominator: i64) -> Share {
        let (numerator, denominator) =
            if denominator < 0 { (-numerator, -denominator) } else { (numerator, denominator) };
        let divisor = common(numerator.unsigned_abs(), denominator.unsigned_abs()).max(1) as i64;
        match denominator {
            0 => Share::NONE,
            _ => Share { numerator: numerator / divisor, denominator: denominator / divisor },
        }
    }

    /// From millionths of the whole, as authors' percentages are kept. Thirds, sixths and the
    /// like, which no percentage can say exactly, are taken for what they mean.
    pub fn of_millionths(millionths: i64) -> Share {
        const WHOLE: i64 = 1_000_000;
        let near = (1..=20).find_map(|parts| {
            let times = (millionths * parts + WHOLE / 2).div_euclid(WHOLE);
            let off = (times * WHOLE - millionths * parts).abs();
            (off <= 10 * parts).then(|| Share::new(times, parts))
        });
        near.unwrap_or_else(|| Share::new(millionths, WHOLE))
    }

    pub fn numerator(self) -> i64 {
        self.numerator
    }

    pub fn denominator(self) -> i64 {
        self.denominator
    }

    pub fn plus(self, other: Share) -> Share {
        let shared = common(self.denominator as u64, other.denominator as u64) as i64;
        let (left, right) = (other.denominator / shared, self.denominator / shared);
        Share::new(self.numerator * left + other.numerator * right, self.denominator * left)
    }

    pub fn times(self, factor: i64) -> Share {
        Share::new(self.numerator * factor, self.denominator)
    }

    /// Not below nothing and not above everything.
    pub fn bounded(self) -> Share {
        if self.numerator < 0 {
            Share::NONE
        } else if self.numerator > self.denominator {
            Share::ALL
        } else {
            self
        }
    }

    pub fn is_all(self) -> bool {
        self == Share::ALL
    }

    /// For statistics, where exactness ends anyway.
    pub fn as_f64(self) -> f64 {
        self.numerator as f64 / self.denominator as f64
    }
}

impl PartialOrd for Share {
    fn partial_cmp(&self, other: &Share) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Share {
    fn cmp(&self, other: &Share) -> Ordering {
        let left = i128::from(self.numerator) * i128::from(other.denominator);
        left.cmp(&(i128::from(other.numerator) * i128::from(self.denominator)))
    }
}

/// Euclid.
fn common(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { common(b, a % b) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_percentage_that_means_a_third_is_a_third() {
        for (millionths, share) in [
            (1_000_000, Share::ALL),
            (0, Share::NONE),
            (333_333, Share::new(1, 3)),
            (333_330, Share::new(1, 3)),
            (666_667, Share::new(2, 3)),
            (166_666, Share::new(1, 6)),
            (142_857, Share::new(1, 7)),
            (500_000, Share::new(1, 2)),
            (-1_000_000, Share::new(-1, 1)),
            (-333_333, Share::new(-1, 3)),
        ] {
            assert_eq!(Share::of_millionths(millionths), share, "{millionths}");
        }
    }

    proptest! {
        #[test]
        fn adding_is_exact_and_in_any_order(
            parts in prop::collection::vec((-26_i64..=26, 1_i64..=26), 1..40),
        ) {
            let shares: Vec<Share> = parts.iter().map(|(n, d)| Share::new(*n, *d)).collect();
            let forward = shares.iter().fold(Share::NONE, |sum, one| sum.plus(*one));
            let back = shares.iter().rev().fold(Share::NONE, |sum, one| sum.plus(*one));
            prop_assert_eq!(forward, back);
            let near: f64 = shares.iter().map(|one| one.as_f64()).sum();
            prop_assert!((forward.as_f64() - near).abs() < 1e-9);
        }
    }
}
