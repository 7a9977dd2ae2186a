//! Years of history: courses, exams, certificates, grades, logbooks and KPIs.

use chrono::{Datelike, Duration, Months, NaiveDate};
use rand::{RngExt, SeedableRng, rngs::StdRng};

use super::{
    Making, exams,
    people::{Somebody, Trade, around},
};
use crate::{
    db::Error,
    record::{Kind, NewFact, Source, ledger},
};

/// The source of facts that were there before shifu: an import with the number 0.
const SOURCE: &str = "demo-history";

struct Story<'m, 'c> {
    making: &'m mut Making<'c>,
    random: StdRng,
    who: Somebody,
    /// What happened, by the day it became known.
    events: Vec<(NaiveDate, Event)>,
}

enum Event {
    Known(NewFact),
    /// An exam that was sat here, with about so many points of 100.
    Sat(&'static str, i64),
}

/// Exams of so many days were sat here; older ones came with the history.
const SAT_HERE: i64 = 900;

pub fn make(making: &mut Making<'_>, people: &[Somebody]) -> Result<(), Error> {
    for (n, who) in people.iter().enumerate() {
        let random = StdRng::seed_from_u64(n as u64);
        let mut story = Story { making, random, who: who.clone(), events: Vec::new() };
        story.write();
        story.keep()?;
    }
    Ok(())
}

impl Story<'_, '_> {
    fn write(&mut self) {
        self.beginnings();
        match self.who.trade {
            Trade::Technician | Trade::Manager => self.technician(),
            Trade::Apprentice => self.apprentice(),
            Trade::Advisor => self.advisor(),
            Trade::Office => {}
        }
    }

    /// The last day anything happened: today, or the day they left.
    fn end(&self) -> NaiveDate {
        self.who.left.unwrap_or(self.making.today)
    }

    fn add(&mut self, on: NaiveDate, fact: NewFact) {
        if on <= self.end() {
            self.events.push((on, Event::Known(fact)));
        }
    }

    fn after(&self, days: i64) -> NaiveDate {
        self.who.hired + Duration::days(days)
    }

    fn beginnings(&mut self) {
        let years = 19 + self.random.random_range(0..9);
        let born = self.who.hired - Duration::days(years * 365 + self.random.random_range(0..364));
        self.add(self.who.hired, NewFact::new(Kind::Birth, "born", born));
        let school = ["vocational", "senior-technical", "college"][self.random.random_range(0..3)];
        let graduated = self.who.hired - Duration::days(90);
        self.add(
            self.who.hired,
            NewFact::new(Kind::Education, school, graduated).level("automotive"),
        );
        self.course("onboarding", 4, self.after(20));
    }

    fn course(&mut self, code: &str, hours: i64, on: NaiveDate) {
        let fact = NewFact::new(Kind::Course, code, on).amount(hours, 1, Some("h"));
        self.add(on, fact);
    }

    fn exam(&mut self, code: &'static str, score: i64, on: NaiveDate) {
        if on > self.making.today - Duration::days(SAT_HERE) {
            return self.sat(code, score, on);
        }
        let fact = NewFact::new(Kind::Exam, format!("inhouse-default/{code}"), on);
        self.add(on, fact.amount(score, 1, Some("points")));
    }

    /// An exam sat here; some needed a second attempt, a little over a month after the first.
    fn sat(&mut self, code: &'static str, score: i64, on: NaiveDate) {
        let seed = self.who.id.0 as u64 * 31 + u64::from(on.num_days_from_ce().unsigned_abs());
        let mut luck = StdRng::seed_from_u64(seed);
        // High-voltage work asks for more than the pass mark.
        let enough = if code == "hv-safety-theory" { 80 } else { 60 };
        let above = (score - 80) * (100 - enough) / 20;
        let score = enough + above * luck.random_range(30..=100) / 100;
        let first = on - Duration::days(35);
        if luck.random_range(0..100) < 40 && first > self.who.hired {
            let low = (luck.random_range(20..enough) + luck.random_range(30..enough)) / 2;
            self.events.push((first, Event::Sat(code, low)));
        }
        if on <= self.end() {
            self.events.push((on, Event::Sat(code, score)));
        }
    }

    /// A certificate and its renewals, each a course and an exam shortly before the last expired.
    fn certified(
        &mut self,
        exam: &'static str,
        course: Option<(&str, i64)>,
        first: NaiveDate,
        months: u32,
    ) {
        let mut on = first;
        while on <= self.end() {
            if let Some((code, hours)) = course {
                self.course(code, hours, on - Duration::days(3));
            }
            let score = self.random.random_range(80..100);
            self.exam(exam, score, on);
            let next = on + Months::new(months);
            // Now and then somebody is late, so that today's board has something to show.
            let late = self.random.random_range(0..100) < 7;
            on = next + Duration::days(if late { 45 } else { -self.random.random_range(3..60) });
        }
    }

    fn technician(&mut self) {
        let worked = (self.end() - self.who.hired).num_days();
        if self.who.staff_no == "T1001" {
            return self.one_exam_short();
        }
        self.certified("hv-safety-theory", Some(("hv-safety", 8)), self.after(60), 24);
        let settled = 200 + self.random.random_range(0..200);
        let brake = self.after(settled);
        self.certified("brake-theory", Some(("brake-systems", 8)), brake, 24);
        if worked > 900 {
            self.course("nev-diagnosis", 10, self.after(700));
            let renewed = self.end() - Duration::days(self.random.random_range(100..600));
            self.course("nev-diagnosis", 10, renewed);
        }
        if worked > 1500 {
            self.course("first-time-fix", 6, self.after(1300));
        }
        if worked > 2500 || self.who.trade == Trade::Manager {
            self.course("service-etiquette", 4, self.after(900));
            self.certified("service-basics-theory", None, self.after(930), 36);
        }
        self.grades();
        self.logbook(&[
            ("routine-maintenance", 9),
            ("brake-service", 4),
            ("electrical-diagnosis", 3),
            ("hv-isolation", 2),
            ("nev-diagnosis", 3),
        ]);
        self.kpis("first-time-fix", 6..15, 88..99);
        if worked > 4000 {
            let on = self.end() - Duration::days(self.random.random_range(200..1200));
            self.mentored(on);
        }
    }

    /// The technician whose account is printed: everything for T2 but the brake exam.
    fn one_exam_short(&mut self) {
        self.certified(
            "hv-safety-theory",
            Some(("hv-safety", 8)),
            self.making.today - Duration::days(690),
            24,
        );
        self.course("service-etiquette", 4, self.after(150));
        let done = self.making.today - Duration::days(12);
        self.course("brake-systems", 8, done);
        self.grade("technician", "T1", self.after(250));
        self.grade("cn-auto-mechanic", "L5", self.after(430));
        self.logbook(&[("routine-maintenance", 9), ("brake-service", 4), ("road-test", 2)]);
        self.kpis("first-time-fix", 8..14, 93..99);
    }

    fn apprentice(&mut self) {
        if (self.end() - self.who.hired).num_days() > 60 {
            self.certified("hv-safety-theory", Some(("hv-safety", 8)), self.after(45), 24);
        }
        self.logbook(&[("routine-maintenance", 2), ("brake-service", 1)]);
    }

    fn advisor(&mut self) {
        self.course("service-etiquette", 4, self.after(50));
        self.certified("service-basics-theory", Some(("service-etiquette", 4)), self.after(90), 36);
        let steps = [("A1", 120), ("A2", 700), ("A3", 1700), ("A4", 3400)];
        for (level, days) in steps {
            let due = self.after(days);
            let on = around(&mut self.random, due, 40);
            self.grade("service-advisor", level, on);
        }
        self.kpis("csat", 20..40, 84..98);
    }

    fn grade(&mut self, ladder: &str, level: &str, on: NaiveDate) {
        self.add(on, NewFact::new(Kind::Grade, ladder, on).level(level));
    }

    /// In the house a step every few years, and some of them in the national grades as well.
    fn grades(&mut self) {
        for (level, days) in [("T1", 250), ("T2", 800), ("T3", 1750), ("T4", 3000), ("T5", 5600)] {
            let slow = self.random.random_range(0..300);
            self.grade("technician", level, self.after(days + slow));
        }
        for (level, days) in [("L5", 430), ("L4", 1900), ("L3", 3900)] {
            if self.random.random_range(0..10) < 6 {
                let due = self.after(days);
                let on = around(&mut self.random, due, 60);
                self.grade("cn-auto-mechanic", level, on);
            }
        }
        if self.who.trade == Trade::Manager {
            self.grade("technician-management", "M1", self.after(2600));
            self.grade("technician-management", "M2", self.after(3800));
        }
    }

    /// A line each quarter: so many jobs of a task, as signed.
    fn logbook(&mut self, tasks: &[(&str, i64)]) {
        let mut on = self.who.hired + Duration::days(60);
        let from = self.end() - Duration::days(800);
        while on <= self.end() {
            if on >= from {
                for (task, times) in tasks {
                    let times = (times + self.random.random_range(-1..=2)).max(1);
                    self.add(
                        on,
                        NewFact::new(Kind::Logbook, *task, on).amount(times, 1, Some("times")),
                    );
                }
            }
            on += Duration::days(91);
        }
    }

    /// Fourteen whole months of a KPI, with its numerator and denominator.
    fn kpis(&mut self, metric: &str, volume: std::ops::Range<i64>, percent: std::ops::Range<i64>) {
        let first = self.making.today.with_day(1).unwrap_or(self.making.today);
        let personal = self.random.random_range(percent);
        for back in 1..=14 {
            let from = first - Months::new(back);
            let through = from + Months::new(1) - Duration::days(1);
            if from < self.who.hired {
                break;
            }
            let all = self.random.random_range(volume.clone());
            let good =
                (0..all).filter(|_| self.random.random_range(0..100) < personal).count() as i64;
            let fact = NewFact::new(Kind::Kpi, metric, from)
                .through(Some(through))
                .amount(good, all, None);
            self.add(through, fact);
        }
    }

    /// An apprentice brought through, for the long-serving.
    fn mentored(&mut self, ended: NaiveDate) {
        let from = ended - Duration::days(365);
        let fact = NewFact::new(Kind::Mentor, "technician", from).level("completed");
        self.add(ended, fact.through(Some(ended)));
    }

    /// Into the record in the order of events; certificates follow from the facts of their day.
    fn keep(mut self) -> Result<(), Error> {
        self.events.sort_by_key(|(on, _)| *on);
        let events = std::mem::take(&mut self.events);
        for (line, (on, event)) in events.into_iter().enumerate() {
            match event {
                Event::Sat(code, score) => exams::sit(self.making, self.who.id, code, score, on)?,
                Event::Known(fact) => self.keep_fact(line as i64 + 1, on, &fact)?,
            }
        }
        Ok(())
    }

    fn keep_fact(&mut self, line: i64, on: NaiveDate, fact: &NewFact) -> Result<(), Error> {
        let stamp = self.making.stamp(on);
        let source = Source::new(SOURCE, self.who.id.0).line(line);
        ledger::append(self.making.conn, self.who.id, fact, source, stamp)?;
        if fact.kind == Some(Kind::Exam) {
            let shared = self.making.shared;
            shared.consequences.follow(self.making.conn, self.who.id, on, stamp)?;
        }
        Ok(())
    }
}
