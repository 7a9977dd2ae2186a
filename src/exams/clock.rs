//! The clock of an attempt: how pausing, resuming and extra time move it. Pure.
//!
//! While it stands still no time passes; when it goes on, the end has moved by as long as it stood
//! still. So the time left never depends on when somebody looks.

use chrono::Duration;

use crate::db::Instant;

/// When an attempt ends, and since when its clock stands still.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    pub hand_in_by: Instant,
    pub paused_at: Option<Instant>,
}

impl Clock {
    /// What is left at a moment; never less than nothing.
    pub fn left(self, now: Instant) -> Duration {
        let now = self.paused_at.map_or(now, |since| since.min(now));
        (self.hand_in_by.utc() - now.utc()).max(Duration::zero())
    }

    /// Stands still from now on; one that stands still already does so since then.
    pub fn pause(self, now: Instant) -> Clock {
        Clock { paused_at: self.paused_at.or(Some(now)), ..self }
    }

    /// Goes on with as much time as was left.
    pub fn resume(self, now: Instant) -> Clock {
        self.resume_within(now, Duration::MAX)
    }

    /// The same, but it has stood still no longer than this: the rest has passed.
    pub fn resume_within(self, now: Instant, most: Duration) -> Clock {
        let Some(since) = self.paused_at else { return self };
        let stood = (now.utc() - since.utc()).max(Duration::zero()).min(most);
        Clock { hand_in_by: self.hand_in_by.plus(stood), paused_at: None }
    }

    /// More time, whether it runs or not.
    pub fn extra(self, span: Duration) -> Clock {
        Clock { hand_in_by: self.hand_in_by.plus(span.max(Duration::zero())), ..self }
    }

    /// The same, but no later than the end for everybody, where there is one. What was granted
    /// beyond that end before stays.
    pub fn extra_until(self, span: Duration, end: Option<Instant>) -> Clock {
        let more = self.extra(span).hand_in_by;
        let hand_in_by = end.map_or(more, |end| more.min(end).max(self.hand_in_by));
        Clock { hand_in_by, ..self }
    }
}

/// The whole time of an exam: so many percent more than its minutes.
pub fn time_allowed(minutes: i64, extra_percent: i64) -> Duration {
    Duration::seconds(minutes * 60 + extra_seconds(minutes, extra_percent))
}

/// What so many percent of an exam's minutes are; a part of a second counts as one.
pub fn extra_seconds(minutes: i64, percent: i64) -> i64 {
    let hundredths = minutes * 60 * percent.max(0);
    hundredths / 100 + i64::from(hundredths % 100 != 0)
}

/// When somebody who starts at a moment hands in: after their whole time, or at the end for
/// everybody if that comes first.
pub fn hand_in_by(started_at: Instant, allowed: Duration, end: Option<Instant>) -> Instant {
    let own = started_at.plus(allowed);
    end.map_or(own, |end| own.min(end))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: i64) -> Instant {
        Instant::from(chrono::DateTime::from_timestamp(1_795_000_000 + seconds, 0).unwrap())
    }

    fn clock(seconds: i64) -> Clock {
        Clock { hand_in_by: at(seconds), paused_at: None }
    }

    #[test]
    fn extra_time_in_percent_is_never_rounded_down() {
        for (minutes, percent, seconds) in
            [(60, 25, 900), (45, 10, 270), (7, 33, 139), (60, 0, 0), (60, -5, 0)]
        {
            assert_eq!(extra_seconds(minutes, percent), seconds, "{percent} % of {minutes} min");
        }
        assert_eq!(time_allowed(60, 50), Duration::minutes(90));
    }

    #[test]
    fn a_personal_time_is_cut_only_by_an_end_for_everybody() {
        let allowed = Duration::minutes(60);
        assert_eq!(hand_in_by(at(0), allowed, None), at(3600));
        assert_eq!(hand_in_by(at(0), allowed, Some(at(3000))), at(3000));
        assert_eq!(hand_in_by(at(0), allowed, Some(at(9000))), at(3600));
    }

    #[test]
    fn what_was_granted_beyond_the_end_for_everybody_stays() {
        let granted = clock(1000).extra(Duration::seconds(500));
        assert_eq!(granted.extra_until(Duration::seconds(60), Some(at(1200))), granted);
        let cut = clock(1000).extra_until(Duration::seconds(500), Some(at(1200)));
        assert_eq!(cut.hand_in_by, at(1200));
    }

    proptest! {
        #[test]
        fn the_time_left_is_never_negative(end in -9000_i64..9000, paused in prop::option::of(-9000_i64..9000), now in -9000_i64..9000) {
            let clock = Clock { hand_in_by: at(end), paused_at: paused.map(at) };
            prop_assert!(clock.left(at(now)) >= Duration::zero());
            prop_assert!(clock.resume(at(now)).left(at(now)) >= Duration::zero());
        }

        #[test]
        fn a_pause_keeps_the_time_left(end in 0_i64..9000, pause in 0_i64..9000, stood in 0_i64..9000, look in 0_i64..9000) {
            let before = clock(end).left(at(pause));
            let paused = clock(end).pause(at(pause));
            prop_assert_eq!(paused.left(at(pause + look)), before, "while it stands still");
            let resumed = paused.resume(at(pause + stood)).left(at(pause + stood));
            if end >= pause { prop_assert_eq!(resumed, before); } else { prop_assert!(resumed.is_zero()); }
        }

        #[test]
        fn the_order_of_extra_time_and_a_pause_does_not_matter(end in 0_i64..9000, pause in 0_i64..9000, stood in 0_i64..9000, more in 0_i64..9000) {
            let (from, to, more) = (at(pause), at(pause + stood), Duration::seconds(more));
            let first = clock(end).extra(more).pause(from).resume(to);
            prop_assert_eq!(first, clock(end).pause(from).extra(more).resume(to));
            prop_assert_eq!(first, clock(end).pause(from).resume(to).extra(more));
        }

        #[test]
        fn pausing_twice_is_pausing_once(end in 0_i64..9000, pause in 0_i64..9000, again in 0_i64..9000) {
            let once = clock(end).pause(at(pause));
            prop_assert_eq!(once.pause(at(pause + again)), once);
        }

        #[test]
        fn a_break_gives_no_more_than_its_minutes(pause in 0_i64..9000, stood in 0_i64..9000, most in 0_i64..9000) {
            let clock = clock(9000).pause(at(pause)).resume_within(at(pause + stood), Duration::seconds(most));
            prop_assert_eq!(clock.hand_in_by, at(9000 + stood.min(most)));
        }
    }
}
