//! Forms of rules, mutes and hours.

use actix_web::{HttpResponse, web};
use chrono::{Days, NaiveDate};
use serde::Deserialize;
use serde_json::json;

use super::{
    pages,
    rule_form::{NEW, RuleForm},
};
use crate::{
    access::{Acting, Administrator, ForAll, audit, handlers::OnlyKey, submit},
    db::{Conn, Db},
    record::{PersonId, Rules},
    reminders::{
        defaults::ReminderRules,
        hours::Week,
        model::Rule,
        queries::{self, MuteId, NewMute, RuleVersion, SpecialDay},
        recipients::Calendars,
    },
    staff::{self, Person, Site, queries::Scope},
    text,
    web::{Error, Form, Problems, Result, html},
};

pub async fn rules(
    db: web::Data<Db>,
    reminders: web::Data<ReminderRules>,
    admin: Acting<Administrator>,
) -> Result<HttpResponse> {
    let acting = admin.clone();
    let (rules, may_write) = db
        .read(move |conn| -> Result<_> {
            Ok((queries::rules_in_force(conn, &reminders)?, acting.reaches_all(conn)?))
        })
        .await?;
    Ok(html(pages::rules(&admin, &rules, may_write)))
}

/// A rule with its story.
pub struct Story {
    pub code: String,
    pub is_new: bool,
    pub versions: Vec<RuleVersion>,
    /// Who changed it, by id.
    pub names: Vec<(PersonId, Person)>,
    /// What may be named in it.
    pub certifications: Vec<String>,
    /// Whether the viewer may change it.
    pub may_write: bool,
}

fn story(
    conn: &mut Conn,
    rules: &Rules,
    reminders: &ReminderRules,
    code: &str,
) -> Result<(Story, Option<Rule>)> {
    let sets = rules.sets();
    let certifications =
        sets.flat_map(|set| set.certifications.iter().map(|one| set.qualified(&one.code)));
    let mut story = Story {
        code: code.to_owned(),
        is_new: code == NEW,
        versions: Vec::new(),
        names: Vec::new(),
        certifications: certifications.collect(),
        may_write: true,
    };
    if story.is_new {
        return Ok((story, None));
    }
    let in_force = queries::rules_in_force(conn, reminders)?;
    let rule = in_force.into_iter().find(|rule| rule.code == code).ok_or(Error::NotFound)?;
    story.versions = queries::versions_of(conn, code)?;
    for version in &story.versions {
        if let Some(person) = staff::queries::person(conn, version.changed_by)? {
            story.names.push((version.changed_by, person));
        }
    }
    Ok((story, Some(rule)))
}

pub async fn rule(
    db: web::Data<Db>,
    rules: Rules,
    reminders: web::Data<ReminderRules>,
    admin: Acting<Administrator>,
    code: web::Path<String>,
) -> Result<HttpResponse> {
    let (code, acting) = (code.into_inner(), admin.clone());
    let (story, rule) = db
        .read(move |conn| -> Result<_> {
            let (story, rule) = story(conn, &rules, &reminders, &code)?;
            Ok((Story { may_write: acting.reaches_all(conn)?, ..story }, rule))
        })
        .await?;
    if story.is_new && !story.may_write {
        return Err(Error::Forbidden);
    }
    let form = rule.as_ref().map_or_else(RuleForm::blank, RuleForm::of);
    Ok(html(pages::rule(&admin, &story, &form, &Problems::default())))
}

pub async fn change_rule(
    db: web::Data<Db>,
    rules: Rules,
    reminders: web::Data<ReminderRules>,
    admin: ForAll<Administrator>,
    code: web::Path<String>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<HttpResponse> {
    let form = RuleForm::read(fields);
    let (asked, known) = (code.into_inner(), (**reminders).clone());
    let (story, before) = db.read(move |conn| story(conn, &rules, &known, &asked)).await?;
    let mut problems = Problems::default();
    let read = form.rule(&mut problems);
    let rule = read.map(|rule| match &before {
        // What a rule is called and looks at is settled when it is made.
        Some(before) => Rule { code: before.code.clone(), source: before.source, ..rule },
        None => rule,
    });
    let (known, code) = ((**reminders).clone(), rule.as_ref().map(|rule| rule.code.clone()));
    if story.is_new
        && let Some(code) = code
    {
        let rules = db.read(move |conn| queries::rules_in_force(conn, &known)).await?;
        if code == NEW || rules.iter().any(|rule| rule.code == code) {
            problems.add("code", text!("已有同名规则。", "There is a rule of this code already."));
        }
    }
    let Some(rule) = rule.filter(|_| problems.is_empty()) else {
        return Ok(html(pages::rule(&admin, &story, &form, &problems)));
    };
    let (acting, why) = (admin.clone(), form.value("why").to_owned());
    let key = form.value("form_key").to_owned();
    submit(&db, &admin, &key, move |conn| {
        let newest = queries::versions_of(conn, &rule.code)?.first().map_or(0, |one| one.version);
        queries::change_rule(conn, &rule, newest + 1, &why, (acting.id, acting.now))?;
        let detail = json!({ "rule": rule, "why": why });
        let subject = ("reminder-rule", None);
        audit::note(conn, Some(acting.id), "change-reminder-rule", subject, detail, acting.now)?;
        Ok(format!("/admin/reminders/rules/{}", rule.code))
    })
    .await
}

/// A mute with the people it names.
pub struct Muted {
    pub mute: queries::Mute,
    pub recipient: Option<Person>,
    pub by: Option<Person>,
    /// Whether the viewer may end it.
    pub may_end: bool,
}

/// The mutes an administrator answers for or is bound by: of people in reach, and of everybody.
fn muted(conn: &mut Conn, admin: &Acting<Administrator>) -> Result<Vec<Muted>> {
    let (reaches_all, mut all) = (admin.reaches_all(conn)?, Vec::new());
    for mute in queries::mutes(conn, 200)? {
        let recipient = match mute.recipient_id {
            None => None,
            Some(id) => match staff::queries::post_in(conn, admin.reach(), id, admin.today)? {
                Some(post) => Some(post.person),
                None => continue,
            },
        };
        let by = staff::queries::person(conn, mute.muted_by)?;
        let may_end = reaches_all || recipient.is_some();
        all.push(Muted { mute, recipient, by, may_end });
    }
    Ok(all)
}

pub async fn mutes(
    db: web::Data<Db>,
    reminders: web::Data<ReminderRules>,
    admin: Acting<Administrator>,
) -> Result<HttpResponse> {
    let acting = admin.clone();
    let (mutes, rules) = db
        .read(move |conn| -> Result<_> {
            Ok((muted(conn, &acting)?, queries::rules_in_force(conn, &reminders)?))
        })
        .await?;
    Ok(html(pages::mutes(&admin, &mutes, &rules)))
}

/// What a mute covers, as it stands in the address of its form and in the form itself.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct MuteForm {
    #[serde(default)]
    pub form_key: String,
    /// A staff number; everybody when empty.
    #[serde(default)]
    pub recipient: String,
    /// A rule; all when empty.
    #[serde(default)]
    pub rule: String,
    #[serde(default)]
    pub kind: String,
    #[serde(default)]
    pub id: Option<i64>,
    #[serde(default)]
    pub said: String,
    #[serde(default)]
    pub until: String,
    #[serde(default)]
    pub why: String,
    /// `recipient`, `subject`, `rule`: what of it is muted.
    #[serde(default)]
    pub scope: String,
}

/// What a mute may cover; the narrowest is offered first.
pub const MUTE_SCOPES: [&str; 4] = ["one", "subject", "person-rule", "person"];

/// The longest a mute lasts: after that somebody should look again.
const LONGEST_MUTE: u64 = 366;

pub async fn new_mute(
    db: web::Data<Db>,
    reminders: web::Data<ReminderRules>,
    admin: Acting<Administrator>,
    asked: web::Query<MuteForm>,
) -> Result<HttpResponse> {
    let rules = db.read(move |conn| queries::rules_in_force(conn, &reminders)).await?;
    Ok(html(pages::mute(&admin, &rules, &asked, &Problems::default())))
}

impl MuteForm {
    fn read(
        &self,
        conn: &mut Conn,
        today: NaiveDate,
        problems: &mut Problems,
    ) -> Result<Option<NewMute>> {
        let person = match self.recipient.trim() {
            "" => None,
            staff_no => {
                let found = staff::queries::person_by_staff_no(conn, staff_no)?;
                if found.is_none() {
                    let unknown = text!("没有这个工号。", "Nobody has this staff number.");
                    problems.add("recipient", unknown);
                }
                found.map(|person| person.id)
            }
        };
        let last = today + Days::new(LONGEST_MUTE);
        let until = self.until.trim().parse::<NaiveDate>().ok();
        let until = until.filter(|until| today <= *until && *until <= last);
        if until.is_none() {
            problems.add(
                "until",
                text!(
                    "请填写今天起一年之内的日期，如 2027-01-31。",
                    "Write a day from today on within a year, such as 2027-01-31."
                ),
            );
        }
        if self.why.trim().is_empty() || self.why.chars().count() > 500 {
            problems.add(
                "why",
                text!(
                    "请写明静音的原因（500 字以内）。",
                    "Say why it is muted, in 500 characters at most."
                ),
            );
        }
        let rule = Some(self.rule.trim().to_owned()).filter(|rule| !rule.is_empty());
        let subject = self.id.filter(|_| !self.kind.is_empty()).map(|id| (self.kind.clone(), id));
        let (recipient, rule, subject) = match self.scope.as_str() {
            "subject" => (None, None, subject),
            "person-rule" => (person, rule, None),
            "person" => (person, None, None),
            _ => (person, rule, subject),
        };
        if recipient.is_none() && rule.is_none() && subject.is_none() {
            problems.add(
                "recipient",
                text!(
                    "请至少写明收件人、规则或事项之一。",
                    "Name a recipient, a rule or a thing: not everything can be muted."
                ),
            );
        }
        let Some(through_on) = until.filter(|_| problems.is_empty()) else { return Ok(None) };
        let why = self.why.trim().to_owned();
        Ok(Some(NewMute { recipient, rule, subject, from_on: today, through_on, why }))
    }
}

pub async fn mute(
    db: web::Data<Db>,
    reminders: web::Data<ReminderRules>,
    admin: Acting<Administrator>,
    Form(form): Form<MuteForm>,
) -> Result<HttpResponse> {
    let (asked, today) = (form.clone(), admin.today);
    let (new, problems, rules) = db
        .read(move |conn| -> Result<_> {
            let mut problems = Problems::default();
            let new = asked.read(conn, today, &mut problems)?;
            Ok((new, problems, queries::rules_in_force(conn, &reminders)?))
        })
        .await?;
    let Some(new) = new else {
        return Ok(html(pages::mute(&admin, &rules, &form, &problems)));
    };
    let acting = admin.clone();
    submit(&db, &admin, &form.form_key, move |conn| {
        answers_for(conn, &acting, new.recipient)?;
        let id = queries::add_mute(conn, &new, (acting.id, acting.now))?;
        let detail = json!({
            "recipient": new.recipient, "rule": new.rule, "subject": new.subject,
            "through": new.through_on, "why": new.why,
        });
        let subject = ("reminder-mute", Some(id.0));
        audit::note(conn, Some(acting.id), "mute-reminders", subject, detail, acting.now)?;
        Ok("/admin/reminders/mutes".to_owned())
    })
    .await
}

/// Refuses whoever does not answer for the person a mute is about, or for everybody.
fn answers_for(
    conn: &mut Conn,
    admin: &Acting<Administrator>,
    recipient: Option<PersonId>,
) -> Result<()> {
    match recipient {
        Some(person) => admin.person(conn, person).map(drop),
        None => admin.clone().for_all(conn).map(drop),
    }
}

pub async fn end_mute(
    db: web::Data<Db>,
    admin: Acting<Administrator>,
    id: web::Path<i64>,
    Form(form): Form<OnlyKey>,
) -> Result<HttpResponse> {
    let acting = admin.clone();
    submit(&db, &admin, &form.form_key, move |conn| {
        let recipient = queries::muted_by(conn, MuteId(*id))?.ok_or(Error::NotFound)?;
        answers_for(conn, &acting, recipient)?;
        if !queries::end_mute(conn, MuteId(*id), (acting.id, acting.now))? {
            return Err(Error::NotFound);
        }
        let subject = ("reminder-mute", Some(*id));
        audit::note(conn, Some(acting.id), "end-mute", subject, (), acting.now)?;
        Ok("/admin/reminders/mutes".to_owned())
    })
    .await
}

/// A site with the week that holds there.
pub struct SiteWeek {
    pub site: Site,
    pub week: Week,
    /// Whether it says so itself.
    pub own: bool,
}

fn weeks(conn: &mut Conn) -> Result<Vec<SiteWeek>> {
    let kept = queries::site_times(conn)?;
    let mut calendars = Calendars::load(conn)?;
    let sites = staff::queries::sites(conn, &Scope::everyone())?;
    let week = |site: Site| SiteWeek {
        week: calendars.of(&site).week,
        own: kept.weeks.contains_key(&site.id),
        site,
    };
    Ok(sites.into_iter().map(week).collect())
}

pub async fn sites(db: web::Data<Db>, admin: Acting<Administrator>) -> Result<HttpResponse> {
    let weeks = db.read(weeks).await?;
    Ok(html(pages::sites(&admin, &weeks)))
}

fn one_site(conn: &mut Conn, code: &str, today: NaiveDate) -> Result<(SiteWeek, Vec<SpecialDay>)> {
    let found = weeks(conn)?.into_iter().find(|one| one.site.code == code);
    let found = found.ok_or(Error::NotFound)?;
    let days = queries::special_days(conn, found.site.id, today - Days::new(31))?;
    Ok((found, days))
}

pub async fn site(
    db: web::Data<Db>,
    admin: Acting<Administrator>,
    code: web::Path<String>,
) -> Result<HttpResponse> {
    let (today, code) = (admin.today, code.into_inner());
    let (week, days) = db.read(move |conn| one_site(conn, &code, today)).await?;
    let shown = pages::SitePage {
        form: &WeekForm::of(&week),
        days: &DaysForm::default(),
        week: &week,
        special: &days,
    };
    Ok(html(pages::site(&admin, &shown, &Problems::default())))
}

/// A site's week as a form.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct WeekForm {
    #[serde(default)]
    pub form_key: String,
    /// `own`, or as the site above.
    #[serde(default)]
    pub whose: String,
    #[serde(default)]
    pub quiet_from: String,
    #[serde(default)]
    pub quiet_until: String,
    #[serde(default)]
    pub monday: Option<String>,
    #[serde(default)]
    pub tuesday: Option<String>,
    #[serde(default)]
    pub wednesday: Option<String>,
    #[serde(default)]
    pub thursday: Option<String>,
    #[serde(default)]
    pub friday: Option<String>,
    #[serde(default)]
    pub saturday: Option<String>,
    #[serde(default)]
    pub sunday: Option<String>,
}

impl WeekForm {
    fn of(week: &SiteWeek) -> WeekForm {
        let clock = |minute: u32| format!("{:02}:{:02}", minute / 60 % 24, minute % 60);
        let [monday, tuesday, wednesday, thursday, friday, saturday, sunday] =
            week.week.workdays.map(|works| works.then(|| "yes".to_owned()));
        WeekForm {
            form_key: String::new(),
            whose: if week.own { "own" } else { "above" }.to_owned(),
            quiet_from: clock(week.week.quiet_from),
            quiet_until: clock(week.week.quiet_until),
            monday,
            tuesday,
            wednesday,
            thursday,
            friday,
            saturday,
            sunday,
        }
    }

    pub fn workdays(&self) -> [bool; 7] {
        let Self { monday, tuesday, wednesday, thursday, friday, saturday, sunday, .. } = self;
        [monday, tuesday, wednesday, thursday, friday, saturday, sunday].map(Option::is_some)
    }

    fn read(&self, problems: &mut Problems) -> Option<Week> {
        if self.whose != "own" {
            return None;
        }
        let mut minute = |name: &str, word: &str| match minute_of(word) {
            Some(minute) => minute,
            None => {
                problems.add(name, text!("请写 20:00 这样的时间。", "Write a time such as 20:00."));
                0
            }
        };
        let week = Week {
            quiet_from: minute("quiet_from", &self.quiet_from),
            quiet_until: minute("quiet_until", &self.quiet_until),
            workdays: self.workdays(),
        };
        if !week.workdays.contains(&true) {
            problems.add("workdays", text!("请至少选一个工作日。", "Choose one workday at least."));
        }
        Some(week)
    }
}

fn minute_of(word: &str) -> Option<u32> {
    let (hour, minute) = word.trim().split_once(':')?;
    let (hour, minute): (u32, u32) = (hour.parse().ok()?, minute.get(..2)?.parse().ok()?);
    (hour < 24 && minute < 60).then_some(hour * 60 + minute)
}

pub async fn set_week(
    db: web::Data<Db>,
    admin: Acting<Administrator>,
    code: web::Path<String>,
    Form(form): Form<WeekForm>,
) -> Result<HttpResponse> {
    let (today, code) = (admin.today, code.into_inner());
    let asked = code.clone();
    let (week, days) = db.read(move |conn| one_site(conn, &asked, today)).await?;
    let mut problems = Problems::default();
    let new = form.read(&mut problems);
    if !problems.is_empty() {
        let shown = pages::SitePage {
            form: &form,
            days: &DaysForm::default(),
            week: &week,
            special: &days,
        };
        return Ok(html(pages::site(&admin, &shown, &problems)));
    }
    let (acting, site) = (admin.clone(), week.site.id);
    submit(&db, &admin, &form.form_key, move |conn| {
        acting.demand_site(&week.site)?;
        queries::set_week(conn, site, new, acting.stamp())?;
        let detail = new.map(|week| {
            json!({ "quiet_from": week.quiet_from, "quiet_until": week.quiet_until, "workdays": week.workdays })
        });
        let subject = ("site", Some(site.0));
        audit::note(conn, Some(acting.id), "set-site-hours", subject, detail, acting.now)?;
        Ok(format!("/admin/reminders/hours/{code}"))
    })
    .await
}

/// Days on which a site works otherwise, as a form.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct DaysForm {
    #[serde(default)]
    pub form_key: String,
    #[serde(default)]
    pub first: String,
    #[serde(default)]
    pub last: String,
    /// `off`, `works`, or `usual`: as on other days.
    #[serde(default)]
    pub how: String,
    #[serde(default)]
    pub title: String,
}

/// The longest row of days one form sets.
const LONGEST_ROW: i64 = 60;

impl DaysForm {
    fn read(&self, problems: &mut Problems) -> Vec<NaiveDate> {
        let parse = |word: &str| word.trim().parse::<NaiveDate>().ok();
        let Some(first) = parse(&self.first) else {
            problems.add(
                "first",
                text!("请写 2027-10-01 这样的日期。", "Write a day such as 2027-10-01."),
            );
            return Vec::new();
        };
        let last = if self.last.trim().is_empty() { Some(first) } else { parse(&self.last) };
        let last = last.filter(|last| first <= *last && (*last - first).num_days() < LONGEST_ROW);
        let Some(last) = last else {
            problems.add("last", text!(
                "结束日不能早于开始日，一次最多 {LONGEST_ROW} 天。",
                "The last day is not before the first, and {LONGEST_ROW} days at most are set at once."
            ));
            return Vec::new();
        };
        if self.how != "usual" && self.title.trim().is_empty() {
            problems
                .add("title", text!("请写名称，如“国庆节”。", "Name it, such as National Day."));
        }
        first.iter_days().take_while(|day| *day <= last).collect()
    }
}

pub async fn set_days(
    db: web::Data<Db>,
    admin: Acting<Administrator>,
    code: web::Path<String>,
    Form(form): Form<DaysForm>,
) -> Result<HttpResponse> {
    let (today, code) = (admin.today, code.into_inner());
    let asked = code.clone();
    let (week, special) = db.read(move |conn| one_site(conn, &asked, today)).await?;
    let mut problems = Problems::default();
    let days = form.read(&mut problems);
    if !problems.is_empty() {
        let shown = pages::SitePage {
            form: &WeekForm::of(&week),
            days: &form,
            week: &week,
            special: &special,
        };
        return Ok(html(pages::site(&admin, &shown, &problems)));
    }
    let (acting, site, set) = (admin.clone(), week.site.id, form.clone());
    submit(&db, &admin, &form.form_key, move |conn| {
        acting.demand_site(&week.site)?;
        let title = set.title.trim();
        let how = (set.how != "usual").then_some((set.how == "works", title));
        for day in &days {
            queries::set_day(conn, site, *day, how)?;
        }
        let detail =
            json!({ "first": days.first(), "last": days.last(), "how": set.how, "title": title });
        let subject = ("site", Some(site.0));
        audit::note(conn, Some(acting.id), "set-site-days", subject, detail, acting.now)?;
        Ok(format!("/admin/reminders/hours/{code}"))
    })
    .await
}
