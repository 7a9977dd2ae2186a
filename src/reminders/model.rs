//! The nouns: rules of reminders, what is due, to whom.

use std::sync::Arc;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{hours::LONGEST_WAIT, rules};
use crate::{
    access::Role,
    db::Instant,
    i18n::{Lang, Text},
    mail::{
        Recipient,
        message::{LEFT, OVERTAKEN},
    },
    record::PersonId,
    staff::{Person, SiteId},
    text,
};

crate::words! {
    /// What a rule looks at.
    Source {
        CertificateExpiring = "certificate-expiring",
        ReviewDue = "review-due",
        SuspendedSoon = "suspended-soon",
        GraceEnding = "grace-ending",
        RegistrationOpen = "exam-registration-open",
        SittingTomorrow = "sitting-tomorrow",
        ResultOut = "result-out",
        LogbookWaiting = "logbook-waiting",
        CandidacyWaiting = "candidacy-waiting",
        CourseOverdue = "course-overdue",
        CoverageAtRisk = "coverage-at-risk",
    }
}

impl Source {
    pub fn title(self) -> Text {
        match self {
            Source::CertificateExpiring => text!("证书到期", "Certificate expiring"),
            Source::ReviewDue => text!("复审到期", "Review due"),
            Source::SuspendedSoon => text!("证书即将暂停", "Certificate about to be suspended"),
            Source::GraceEnding => text!("换证宽限期结束", "Grace period ending"),
            Source::RegistrationOpen => text!("考试报名开始", "Exam registration open"),
            Source::SittingTomorrow => text!("明天考试", "Exam tomorrow"),
            Source::ResultOut => text!("成绩已公布", "Result out"),
            Source::LogbookWaiting => text!("日志待签字", "Logbook waiting for a signature"),
            Source::CandidacyWaiting => {
                text!("晋升申请待处理", "Candidacy waiting for a decision")
            }
            Source::CourseOverdue => text!("课程逾期", "Course overdue"),
            Source::CoverageAtRisk => text!("持证人员将不足", "Coverage at risk"),
        }
    }

    /// Whether it goes through everybody's certificates, a large part of the record; the others ask
    /// for what happened.
    pub fn is_wide(self) -> bool {
        matches!(
            self,
            Source::CertificateExpiring
                | Source::GraceEnding
                | Source::ReviewDue
                | Source::SuspendedSoon
        )
    }

    /// What the due date of its rules is.
    pub fn due_date(self) -> Text {
        match self {
            Source::CertificateExpiring => {
                text!(
                    "证书的最后有效日（含延期）",
                    "the certificate's last valid day, after extensions"
                )
            }
            Source::ReviewDue => text!("复审截止日", "the day by which the review is due"),
            Source::SuspendedSoon => {
                text!(
                    "持证条件最后满足的一天",
                    "the last day on which the conditions of holding it are met"
                )
            }
            Source::GraceEnding => text!("宽限期最后一天", "the last day of grace"),
            Source::RegistrationOpen => text!("报名开始日", "the day registration opens"),
            Source::SittingTomorrow => text!("考试日", "the day of the exam"),
            Source::ResultOut => text!("成绩公布日", "the day the result came out"),
            Source::LogbookWaiting => text!("日志提交日", "the day the entry was handed in"),
            Source::CandidacyWaiting => {
                text!("提交或推荐日", "the day of the application, or of the recommendation")
            }
            Source::CourseOverdue => text!("课程截止日", "the day by which the course is due"),
            Source::CoverageAtRisk => {
                text!("人数尚足的最后一天", "the last day on which there are enough holders")
            }
        }
    }
}

crate::words! {
    /// Who is told, seen from the person it is about.
    To {
        Person = "person",
        Mentor = "mentor",
        Manager = "manager",
        Hr = "hr",
        Trainer = "trainer",
        Examiner = "examiner",
    }
}

impl To {
    pub fn title(self) -> Text {
        match self {
            To::Person => text!("本人", "the person"),
            To::Mentor => text!("师傅", "mentor"),
            To::Manager => text!("主管", "manager"),
            To::Hr => text!("人事", "HR"),
            To::Trainer => text!("内训师", "trainer"),
            To::Examiner => text!("考评员", "examiner"),
        }
    }

    /// The role whose nearest holders are told, where it is a role.
    pub fn role(self) -> Option<Role> {
        match self {
            To::Person | To::Mentor => None,
            To::Manager => Some(Role::Manager),
            To::Hr => Some(Role::Hr),
            To::Trainer => Some(Role::Trainer),
            To::Examiner => Some(Role::Examiner),
        }
    }
}

crate::words! {
    /// At what hours a rule's mails go out.
    Hours {
        /// As soon as the day has begun at the recipient's site.
        Any = "any",
        /// Not in the site's quiet hours.
        Daytime = "daytime",
        /// Not in its quiet hours and not on its days off.
        Workdays = "workdays",
    }
}

impl Hours {
    pub fn title(self) -> Text {
        match self {
            Hours::Any => text!("随时", "At any time"),
            Hours::Daytime => text!("避开免打扰时段", "Not in quiet hours"),
            Hours::Workdays => text!("工作日，避开免打扰时段", "Workdays, not in quiet hours"),
        }
    }
}

/// A rule of reminders, as the file and the table hold it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    pub code: String,
    pub source: Source,
    pub title: Text,
    /// Whether it sends anything.
    #[serde(default = "yes")]
    pub on: bool,
    /// Only these certifications, courses, exams or paths; all when empty.
    #[serde(default)]
    pub only: Vec<String>,
    /// Of coverage: so many holders at each site.
    #[serde(default)]
    pub at_least: Option<u32>,
    /// From the earliest to the latest.
    #[serde(rename = "step")]
    pub steps: Vec<Step>,
    /// So many days after the due date a missed step is still sent. What fell due longer ago (an
    /// imported history, say) is no news.
    pub late_days: u32,
    /// Who gets one mail a day instead of a mail for each thing.
    #[serde(default)]
    pub digest: Vec<To>,
    pub hours: Hours,
    /// Whether people may opt out.
    #[serde(default)]
    pub optional: bool,
}

fn yes() -> bool {
    true
}

/// One step: so many days before the due date (below zero: after it), to these.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    pub days: i32,
    pub to: Vec<To>,
}

impl Rule {
    /// The steps at which any of these is told, the earliest first.
    pub fn steps_for(&self, classes: &[To]) -> Vec<i32> {
        let told = |step: &&Step| step.to.iter().any(|to| classes.contains(to));
        let mut days: Vec<i32> = self.steps.iter().filter(told).map(|step| step.days).collect();
        days.sort_unstable_by(|a, b| b.cmp(a));
        days.dedup();
        days
    }

    /// The days of the earliest step before the due date.
    pub fn reaches_ahead(&self) -> u32 {
        let most = self.steps.iter().map(|step| step.days).max().unwrap_or(0);
        u32::try_from(most).unwrap_or(0)
    }

    /// How long after the due date it may still send something, what waits for its turn included.
    pub fn reaches_back(&self) -> u32 {
        let least = self.steps.iter().map(|step| -step.days).max().unwrap_or(0);
        match u32::try_from(least).unwrap_or(0).max(self.late_days) {
            0 => 0,
            days => days + LONGEST_WAIT,
        }
    }

    pub fn covers(&self, code: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == code)
    }
}

/// What a reminder is about.
#[derive(Clone, Debug)]
pub struct Subject {
    /// Which table `id` is of: `certificate` for our own, `fact` for imported ones, …
    pub kind: &'static str,
    /// What the ledger and mutes know it by. Of a certificate that was issued again, a name put right,
    /// it is the first one's.
    pub id: i64,
    /// `RULESET/NAME` of a certification, an exam, a path; the code of a course or a task.
    pub code: String,
    pub number: Option<String>,
    /// What readers call it.
    pub title: Text,
    /// Where the recipient who is concerned opens it, and where everybody else does.
    pub path: String,
    pub path_for_others: String,
    /// Whom it is about; coverage is about a site.
    pub about: Option<Person>,
    pub site: SiteId,
    pub site_title: Text,
    pub lineage: String,
    /// The last day on which it is of use to be told.
    pub until: Option<NaiveDate>,
    /// A word or two more: the room and the hour of a sitting, how many holders will be left.
    pub detail: Text,
}

impl Subject {
    /// Code and number, for lists and for programs.
    pub fn said(&self) -> String {
        match &self.number {
            Some(number) => format!("{} {number}", self.code),
            None => self.code.clone(),
        }
    }
}

/// Why nothing was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Withheld {
    /// Somebody muted it, for this reason.
    Muted(String),
    /// The recipient does not want this kind.
    OptedOut,
    /// Its mail was still waiting when a later one about the same took its place.
    Overtaken,
    /// Its mail was still waiting when the recipient had left.
    Left,
}

impl Withheld {
    pub fn kept(&self) -> String {
        match self {
            Withheld::Muted(why) => format!("muted {why}"),
            Withheld::OptedOut => "opted-out".to_owned(),
            Withheld::Overtaken => OVERTAKEN.to_owned(),
            Withheld::Left => LEFT.to_owned(),
        }
    }

    pub fn parse(kept: &str) -> Withheld {
        match (kept.strip_prefix("muted "), kept) {
            (Some(why), _) => Withheld::Muted(why.to_owned()),
            (None, OVERTAKEN) => Withheld::Overtaken,
            (None, LEFT) => Withheld::Left,
            (None, _) => Withheld::OptedOut,
        }
    }

    pub fn title(&self) -> Text {
        match self {
            Withheld::Muted(why) => text!("已静音：{why}", "Muted: {why}"),
            Withheld::OptedOut => text!("本人已退订", "Not wanted by the recipient"),
            Withheld::Overtaken => {
                text!(
                    "未及发出，已由后面的提醒取代",
                    "Not sent in time; a later one took its place"
                )
            }
            Withheld::Left => {
                text!("未及发出，收件人已离职", "Not sent in time; the recipient has left")
            }
        }
    }
}

/// One reminder that is due to one recipient, or will be.
#[derive(Clone, Debug)]
pub struct Due {
    pub rule: Arc<Rule>,
    pub subject: Arc<Subject>,
    pub due_on: NaiveDate,
    /// Which step: so many days before the due date; below zero after it.
    pub step: i32,
    /// The day it goes out, by the recipient's calendar; today, when it may go out now.
    pub on: NaiveDate,
    /// Today, where the recipient works.
    pub today: NaiveDate,
    /// Whether it goes out now, not only foreseen.
    pub now: bool,
    /// When the quiet hours end in which it waits on the day it goes out.
    pub waits_until: Option<Instant>,
    pub to: Person,
    pub digest: bool,
    pub withheld: Option<Withheld>,
}

/// What makes a reminder the same reminder.
pub type Key = (String, PersonId, String, i64, NaiveDate, i64);

impl Due {
    pub fn key(&self) -> Key {
        let Due { rule, to, subject, due_on, step, .. } = self;
        let (kind, step) = (subject.kind.to_owned(), i64::from(*step));
        (rule.code.clone(), to.id, kind, subject.id, *due_on, step)
    }

    /// The day the step falls on.
    pub fn step_day(&self) -> NaiveDate {
        rules::day_of(self.due_on, self.step)
    }

    /// Whether it goes to the person it is about.
    pub fn to_holder(&self) -> bool {
        self.subject.about.as_ref().is_some_and(|about| about.id == self.to.id)
    }

    pub fn lang(&self) -> Lang {
        self.to.lang()
    }

    /// Where it leads, for this recipient.
    pub fn path(&self) -> &str {
        if self.to_holder() { &self.subject.path } else { &self.subject.path_for_others }
    }

    /// Where it is mailed to; nobody without an address is.
    pub fn recipient(&self) -> Option<Recipient> {
        let (lang, email) = (self.lang(), self.to.email.clone()?);
        Some(Recipient { person: self.to.id, name: self.to.title(lang).to_owned(), email, lang })
    }
}
