//! The staff list of a file: who is new, what changed about whom, who moved, who left.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use validator::ValidateEmail;

use super::{
    Import, Progress, Result, SOURCE, Writing,
    cells::{self, Col},
    queries::{self, AssignmentBefore, Entity, Known, PersonBefore},
    report::{self, Change, Line, Report, Sample, each_line, fact_text},
};
use crate::{
    db::Conn,
    i18n::Lang,
    record::{Kind, NewFact, PersonId, Source, ledger},
    staff::{
        self, Assignment, Site, SiteId,
        queries::Scope,
        transfers::{self, NewAssignment, NewPerson},
    },
    text,
};

pub(super) const COLUMNS: [Col; 13] = [
    Col::StaffNo,
    Col::Name,
    Col::Site,
    Col::Position,
    Col::HiredOn,
    Col::NameEn,
    Col::Email,
    Col::Phone,
    Col::LeftOn,
    Col::BornOn,
    Col::ManagerNo,
    Col::Language,
    Col::Since,
];

pub(super) const EXAMPLE: &str = "T0001,林涛,pudong,technician,2021-07-01,Lin Tao,lin.tao@example.com,13800000000,,1995-03-12,M0001,zh-CN,";

/// Facts recorded together.
const BATCH: usize = 4000;

pub(super) fn run(
    import: &Import<'_>,
    conn: &mut Conn,
    writing: Option<Writing>,
    report: &mut Report,
    progress: Progress<'_>,
) -> Result<()> {
    let mut list = StaffList::load(conn, import)?;
    list.read_numbers(import)?;
    if let Some(writing) = writing {
        list.add_new(conn, import, writing)?;
    }
    let mut facts = Facts { waiting: Vec::new() };
    let mut done = 0;
    each_line(import.table, report, &mut |line, report| {
        if let Some(entry) = list.read(line, report) {
            list.compare(conn, &entry, writing, &mut facts, report)?;
        }
        done += 1;
        if done % 5_000 == 0 {
            progress(done);
        }
        Ok(())
    })?;
    if let Some(Writing { stamp, .. }) = writing {
        facts.flush(conn, stamp)?;
    }
    progress(done);
    Ok(())
}

/// Facts of many people, recorded by the thousand.
struct Facts {
    waiting: Vec<(PersonId, NewFact, Source)>,
}

impl Facts {
    fn flush(&mut self, conn: &mut Conn, stamp: ledger::Stamp) -> Result<()> {
        let all = self.waiting.iter().map(|(person, said, source)| (*person, said, *source));
        ledger::append_all(conn, all, stamp)?;
        self.waiting.clear();
        Ok(())
    }
}

/// A person as the file wants them.
#[derive(Clone, Debug)]
struct Entry {
    line: u64,
    number: String,
    name: String,
    name_en: Option<String>,
    email: Option<String>,
    phone: Option<String>,
    lang: Option<Lang>,
    site: SiteId,
    position: String,
    occupation: String,
    hired_on: NaiveDate,
    left_on: Option<NaiveDate>,
    born_on: Option<NaiveDate>,
    manager: Option<String>,
    since: Option<NaiveDate>,
}

/// What becomes of where somebody works.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Move {
    Hire,
    /// From this day.
    Transfer(NaiveDate),
    /// The last day.
    Leave(NaiveDate),
    Stay,
}

/// Everything lines are compared with.
struct StaffList<'a> {
    import: &'a Import<'a>,
    known: HashMap<String, Known>,
    /// Staff numbers of the file, with their first lines.
    numbers: HashMap<Box<str>, u64>,
    /// Whose address is whose, in the database and then in the file.
    emails: HashMap<String, Box<str>>,
    places: HashMap<String, Option<SiteId>>,
    sites: HashMap<SiteId, Site>,
    reached: HashSet<SiteId>,
    positions: HashMap<String, (String, String, bool)>,
}

impl<'a> StaffList<'a> {
    fn load(conn: &mut Conn, import: &'a Import<'a>) -> Result<StaffList<'a>> {
        let known = queries::everybody(conn)?;
        let emails = known.values().filter_map(|known| {
            let email = known.person.email.clone()?;
            Some((email, known.person.staff_no.clone().into_boxed_str()))
        });
        let emails = emails.collect();
        let sites = staff::queries::sites(conn, &Scope::everyone())?;
        let reached = sites.iter().filter(|site| import.scope.covers_site(site));
        let reached = reached.map(|site| site.id).collect();
        let mut places: HashMap<String, Option<SiteId>> = HashMap::new();
        // By name too, as long as only one site has it; a code always wins.
        for site in &sites {
            for name in [Some(&site.name), site.name_en.as_ref()].into_iter().flatten() {
                let place = places.entry(name.to_lowercase()).or_insert(Some(site.id));
                *place = place.filter(|id| *id == site.id);
            }
        }
        places.extend(sites.iter().map(|site| (site.code.to_lowercase(), Some(site.id))));
        let sites = sites.into_iter().map(|site| (site.id, site)).collect();
        Ok(StaffList {
            import,
            known,
            numbers: HashMap::new(),
            emails,
            places,
            sites,
            reached,
            positions: HashMap::new(),
        })
    }

    /// A first look at the file: managers may stand further down.
    fn read_numbers(&mut self, import: &Import<'_>) -> Result<()> {
        let mut scratch = Report::new(import.kind, "", "");
        each_line(import.table, &mut scratch, &mut |line, _| {
            if let Some(number) = line.get(Col::StaffNo) {
                self.numbers.entry(number.into()).or_insert(line.number);
            }
            Ok(())
        })
    }

    /// Gives everybody new a row, so that each can be another's manager.
    fn add_new(&mut self, conn: &mut Conn, import: &Import<'_>, writing: Writing) -> Result<()> {
        let mut scratch = Report::new(import.kind, "", "");
        each_line(import.table, &mut scratch, &mut |line, scratch| {
            let Some(entry) = self.read(line, scratch) else { return Ok(()) };
            if self.known.contains_key(&entry.number) {
                return Ok(());
            }
            let new = NewPerson {
                staff_no: &entry.number,
                name: &entry.name,
                name_en: entry.name_en.as_deref(),
                email: entry.email.as_deref(),
                phone: entry.phone.as_deref(),
                lang: entry.lang.unwrap_or_default(),
            };
            let id = transfers::add_person(conn, &new, writing.stamp)?;
            let person = staff::Person {
                id,
                staff_no: entry.number.clone(),
                name: entry.name,
                name_en: entry.name_en,
                email: entry.email,
                phone: entry.phone,
                language: entry.lang.unwrap_or_default().into(),
            };
            let fresh = Known { person, birth: None, first_on: None, held: None, fresh: true };
            self.known.insert(entry.number, fresh);
            Ok(())
        })
    }

    /// Understands a line; nothing where it has mistakes.
    fn read(&mut self, line: &Line<'_>, report: &mut Report) -> Option<Entry> {
        let before = report.mistake_count;
        let number = line.required(Col::StaffNo, report).to_owned();
        if let Some(first) =
            self.numbers.get(number.as_str()).filter(|first| **first != line.number)
        {
            report.mistake(
                line.number,
                Some(Col::StaffNo),
                text!(
                    "工号与第 {first} 行重复，请只留一行。",
                    "The staff number is the same as in line {first}; keep one of them."
                ),
            );
        }
        let name = line.required(Col::Name, report).to_owned();
        let site = self.site(line, report);
        let (position, occupation) = self.position(line, report);
        let days = Days::read(line, report);
        let email = self.email(line, &number, report);
        let manager = self.manager(line, &number, report);
        let lang = line.get(Col::Language).and_then(|cell| {
            let lang = Lang::parse(cell);
            if lang.is_none() {
                report.mistake(
                    line.number,
                    Some(Col::Language),
                    text!(
                        "不认识语言“{cell}”，请写 zh-CN 或 en。",
                        "“{cell}” is no language here; write zh-CN or en."
                    ),
                );
            }
            lang
        });
        let owned = |col| line.get(col).map(str::to_owned);
        let entry = Entry {
            line: line.number,
            name,
            name_en: owned(Col::NameEn),
            email,
            phone: owned(Col::Phone),
            lang,
            site: site?,
            position,
            occupation,
            hired_on: days.hired_on?,
            left_on: days.left_on,
            born_on: days.born_on,
            manager,
            since: days.since,
            number,
        };
        self.check_against_known(&entry, report);
        (report.mistake_count == before).then_some(entry)
    }

    fn site(&self, line: &Line<'_>, report: &mut Report) -> Option<SiteId> {
        let cell = line.required(Col::Site, report);
        let found = self.places.get(&cell.to_lowercase());
        let mistake = match found {
            Some(Some(site)) if self.reached.contains(site) => return Some(*site),
            Some(Some(_)) => {
                text!("门店“{cell}”不在您的管理范围内。", "Site {cell} is not within your reach.")
            }
            Some(None) => text!(
                "不止一个门店叫“{cell}”，请写门店编码。",
                "More than one site is called {cell}; write its code."
            ),
            None => text!(
                "没有编码或名称为“{cell}”的门店。请先导入门店，或改正编码。",
                "There is no site {cell}. Import sites first, or correct the code."
            ),
        };
        if !cell.is_empty() {
            report.mistake(line.number, Some(Col::Site), mistake);
        }
        None
    }

    /// The position's code and occupation; a position no rule set knows is kept as it is written.
    fn position(&mut self, line: &Line<'_>, report: &mut Report) -> (String, String) {
        let cell = line.required(Col::Position, report);
        if !self.positions.contains_key(cell) {
            let rules = self.import.rules;
            let known = rules.position(cell);
            let code = known.map_or(cell, |known| known.code.as_str()).to_owned();
            let found = (code.clone(), rules.occupation_of(&code), known.is_some());
            self.positions.insert(cell.to_owned(), found);
        }
        let (code, occupation, is_known) = self.positions[cell].clone();
        if !is_known && !cell.is_empty() {
            report.unknown_code(line.number, Kind::Position, &code);
        }
        (code, occupation)
    }

    fn email(&mut self, line: &Line<'_>, number: &str, report: &mut Report) -> Option<String> {
        let email = line.get(Col::Email)?.to_lowercase();
        if !email.validate_email() {
            report.mistake(
                line.number,
                Some(Col::Email),
                text!("“{email}”不是有效的邮箱地址。", "“{email}” is no valid e-mail address."),
            );
            return None;
        }
        let owner = self.emails.entry(email.clone()).or_insert_with(|| number.into());
        if &**owner != number {
            report.mistake(
                line.number,
                Some(Col::Email),
                text!(
                    "邮箱与工号 {owner} 的相同；每人须有自己的邮箱，或留空。",
                    "{owner} has the same e-mail address; everybody needs their own, or none."
                ),
            );
        }
        Some(email)
    }

    fn manager(&self, line: &Line<'_>, number: &str, report: &mut Report) -> Option<String> {
        let manager = line.get(Col::ManagerNo)?;
        if manager == number {
            report.mistake(
                line.number,
                Some(Col::ManagerNo),
                text!("不能是自己的上级。", "Nobody reports to themselves."),
            );
        } else if !self.known.contains_key(manager) && !self.numbers.contains_key(manager) {
            report.mistake(line.number, Some(Col::ManagerNo), text!(
                "没有工号为“{manager}”的上级。请改正，或把此人写进同一个文件。",
                "There is no manager with staff number {manager}. Correct it, or put them into the same file."
            ));
        }
        Some(manager.to_owned())
    }

    fn check_against_known(&self, entry: &Entry, report: &mut Report) {
        let Some(held) = self.known.get(&entry.number).and_then(|known| known.held.as_ref()) else {
            return;
        };
        let mut mistake = |col, text| report.mistake(entry.line, Some(col), text);
        if !self.reached.contains(&held.site_id) {
            mistake(
                Col::StaffNo,
                text!(
                    "此人目前所在门店不在您的管理范围内。",
                    "This person works at a site that is not within your reach."
                ),
            );
        }
        let step = self.step(entry, Some(held));
        let start = held.starts_on;
        if let Move::Transfer(from) = step {
            if from < start {
                mistake(
                    Col::Since,
                    text!(
                        "调动日期早于现任岗位的开始日期 {start}，请改正。",
                        "The transfer begins before the present assignment did ({start}); correct the day."
                    ),
                );
            }
            if let Some(left) = held.ends_on.filter(|end| *end < self.import.today) {
                mistake(
                    Col::HiredOn,
                    text!(
                        "此人已于 {left} 离职。再次入职请填写新的入职日期。",
                        "This person left on {left}. To hire them again, give the new hiring date."
                    ),
                );
            }
        }
        if step != Move::Hire && entry.left_on.is_some_and(|left| left < start) {
            mistake(
                Col::LeftOn,
                text!(
                    "离职日期早于现任岗位的开始日期 {start}，请改正。",
                    "The last day lies before the present assignment began ({start}); correct it."
                ),
            );
        }
    }

    /// What becomes of where they work.
    fn step(&self, entry: &Entry, held: Option<&Assignment>) -> Move {
        let Some(held) = held else { return Move::Hire };
        if held.ends_on.is_some_and(|end| entry.hired_on > end) {
            return Move::Hire;
        }
        let has_left = held.ends_on.is_some_and(|end| end < self.import.today);
        if has_left && entry.left_on == held.ends_on {
            return Move::Stay;
        }
        let manager_is_new = entry.manager.as_deref().is_some_and(|number| {
            let manager = self.known.get(number).map(|known| known.person.id);
            manager.is_none() || manager != held.manager_id
        });
        if entry.site != held.site_id || entry.position != held.position || manager_is_new {
            return Move::Transfer(entry.since.unwrap_or(self.import.today));
        }
        match entry.left_on {
            Some(left) if held.ends_on != Some(left) => Move::Leave(left),
            _ => Move::Stay,
        }
    }

    fn compare(
        &self,
        conn: &mut Conn,
        entry: &Entry,
        writing: Option<Writing>,
        facts: &mut Facts,
        report: &mut Report,
    ) -> Result<()> {
        let known = self.known.get(&entry.number);
        let held = known.and_then(|known| known.held.as_ref());
        let step = self.step(entry, held);
        let born = entry
            .born_on
            .filter(|day| known.and_then(|known| known.birth).is_none_or(|(_, born)| born != *day));
        self.note_other_hiring(entry, known, report);
        let is_new = known.is_none_or(|known| known.fresh || known.held.is_none());
        let changes = known.map_or(Vec::new(), |known| self.changes(entry, known, &step, born));
        let said = self.said(entry, held, &step, born);
        report.facts += said.len() as u64;
        let sample = || Sample {
            line: entry.line,
            subject: format!("{} {}", entry.number, entry.name),
            changes: if is_new { Vec::new() } else { changes.clone() },
            facts: said.iter().map(|fact| fact_text(self.import.rules.context(), fact)).collect(),
        };
        if is_new {
            report.add(sample);
        } else if changes.is_empty() {
            report.unchanged += 1;
        } else {
            report.change(sample);
        }
        match (writing, known) {
            (Some(writing), Some(known)) => {
                self.write(conn, entry, known, &step, born, facts, writing)
            }
            _ => Ok(()),
        }
    }

    /// The first day is history: a file does not silently change it.
    fn note_other_hiring(&self, entry: &Entry, known: Option<&Known>, report: &mut Report) {
        let Some((first, held)) = known.and_then(|k| k.first_on.zip(k.held.as_ref())) else {
            return;
        };
        let hired = entry.hired_on;
        let rehired = held.ends_on.is_some_and(|end| hired > end);
        if hired != first && hired != held.starts_on && !rehired {
            report.note(
                entry.line,
                Col::HiredOn,
                text!(
                    "档案里的入职日期是 {first}，文件写的是 {hired}；保留档案里的日期。",
                    "The record says hired on {first}, the file {hired}; the record's day is kept."
                ),
            );
        }
    }

    /// The facts that will be said anew.
    fn said(
        &self,
        entry: &Entry,
        held: Option<&Assignment>,
        step: &Move,
        born: Option<NaiveDate>,
    ) -> Vec<NewFact> {
        let mut said: Vec<NewFact> = Vec::new();
        let starts_on = match (step, held) {
            (Move::Stay, _) => None,
            (Move::Transfer(from), _) => Some(*from),
            (Move::Leave(_), Some(held)) => Some(held.starts_on),
            (Move::Hire | Move::Leave(_), _) => Some(entry.hired_on),
        };
        if let Some(starts_on) = starts_on {
            let ends_on = entry.left_on.or_else(|| match step {
                Move::Transfer(_) => held.and_then(|held| held.ends_on),
                _ => None,
            });
            said.extend(self.post(entry, PersonId(0), None, starts_on, ends_on).facts());
        }
        said.extend(born.map(|day| NewFact::new(Kind::Birth, "", day)));
        said
    }

    fn post<'e>(
        &self,
        entry: &'e Entry,
        person: PersonId,
        manager: Option<PersonId>,
        starts_on: NaiveDate,
        ends_on: Option<NaiveDate>,
    ) -> NewAssignment<'e> {
        NewAssignment {
            person,
            site: entry.site,
            position: &entry.position,
            occupation: &entry.occupation,
            manager,
            starts_on,
            ends_on,
        }
    }

    fn changes(
        &self,
        entry: &Entry,
        known: &Known,
        step: &Move,
        born: Option<NaiveDate>,
    ) -> Vec<Change> {
        let person = &known.person;
        let kept = |new: &Option<String>, old: &Option<String>| {
            new.clone().or_else(|| old.clone()).unwrap_or_default()
        };
        let old = |word: &Option<String>| word.clone().unwrap_or_default();
        let day = |day: Option<NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
        let lang = person.lang().tag();
        let mut pairs = vec![
            (Col::Name, person.name.clone(), entry.name.clone()),
            (Col::NameEn, old(&person.name_en), kept(&entry.name_en, &person.name_en)),
            (Col::Email, old(&person.email), kept(&entry.email, &person.email)),
            (Col::Phone, old(&person.phone), kept(&entry.phone, &person.phone)),
            (Col::Language, lang.to_owned(), entry.lang.map_or(lang, Lang::tag).to_owned()),
        ];
        if born.is_some() {
            pairs.push((Col::BornOn, day(known.birth.map(|(_, born)| born)), day(born)));
        }
        if let Some(held) = &known.held {
            if let Move::Transfer(from) = step {
                pairs.push((Col::Site, self.code(held.site_id), self.code(entry.site)));
                pairs.push((Col::Position, held.position.clone(), entry.position.clone()));
                let manager = self.number_of(held.manager_id);
                let new = entry.manager.clone().unwrap_or_else(|| manager.clone());
                pairs.push((Col::ManagerNo, manager, new));
                pairs.push((Col::Since, String::new(), from.to_string()));
            }
            if *step == Move::Hire {
                let (before, hired) = (held.starts_on.to_string(), entry.hired_on.to_string());
                pairs.push((Col::HiredOn, before, hired));
            }
            let ends_on = entry.left_on.filter(|_| *step != Move::Stay).or(held.ends_on);
            pairs.push((Col::LeftOn, day(held.ends_on), day(ends_on)));
        }
        let pairs: Vec<(Col, &str, &str)> =
            pairs.iter().map(|(col, old, new)| (*col, old.as_str(), new.as_str())).collect();
        report::changes(&pairs)
    }

    fn code(&self, site: SiteId) -> String {
        self.sites.get(&site).map(|site| site.code.clone()).unwrap_or_default()
    }

    fn number_of(&self, id: Option<PersonId>) -> String {
        let found = self.known.values().find(|known| Some(known.person.id) == id);
        found.map(|known| known.person.staff_no.clone()).unwrap_or_default()
    }

    #[expect(clippy::too_many_arguments, reason = "one line of the plan, carried out")]
    fn write(
        &self,
        conn: &mut Conn,
        entry: &Entry,
        known: &Known,
        step: &Move,
        born: Option<NaiveDate>,
        facts: &mut Facts,
        writing: Writing,
    ) -> Result<()> {
        let Writing { run, stamp } = writing;
        self.write_person(conn, entry, known, born, writing)?;
        if let Some(day) = born {
            if let Some((before, _)) = known.birth {
                ledger::void(conn, before, "corrected by an import", stamp)?;
            }
            let source = Source::new(SOURCE, run.0).line(entry.line as i64);
            facts.waiting.push((known.person.id, NewFact::new(Kind::Birth, "", day), source));
        }
        self.write_post(conn, entry, known, step, facts, writing)?;
        if facts.waiting.len() >= BATCH {
            facts.flush(conn, stamp)?;
        }
        Ok(())
    }

    fn write_person(
        &self,
        conn: &mut Conn,
        entry: &Entry,
        known: &Known,
        born: Option<NaiveDate>,
        Writing { run, .. }: Writing,
    ) -> Result<()> {
        let person = &known.person;
        let at = (Entity::Person, person.id.0);
        if known.fresh {
            return Ok(queries::add_change::<PersonBefore>(conn, run, entry.line, at, None)?);
        }
        let merged = NewPerson {
            staff_no: &entry.number,
            name: &entry.name,
            name_en: entry.name_en.as_deref().or(person.name_en.as_deref()),
            email: entry.email.as_deref().or(person.email.as_deref()),
            phone: entry.phone.as_deref().or(person.phone.as_deref()),
            lang: entry.lang.unwrap_or(person.lang()),
        };
        let same = merged.name == person.name
            && merged.name_en == person.name_en.as_deref()
            && merged.email == person.email.as_deref()
            && merged.phone == person.phone.as_deref()
            && merged.lang == person.lang();
        if same && born.is_none() {
            return Ok(());
        }
        let before = PersonBefore {
            name: person.name.clone(),
            name_en: person.name_en.clone(),
            email: person.email.clone(),
            phone: person.phone.clone(),
            language: person.lang(),
            born_on: born.and(known.birth).map(|(_, day)| day),
        };
        queries::add_change(conn, run, entry.line, at, Some(&before))?;
        Ok(transfers::update_person(conn, person.id, &merged)?)
    }

    fn write_post(
        &self,
        conn: &mut Conn,
        entry: &Entry,
        known: &Known,
        step: &Move,
        facts: &mut Facts,
        Writing { run, stamp }: Writing,
    ) -> Result<()> {
        let person = known.person.id;
        let manager = entry.manager.as_ref().and_then(|number| self.known.get(number));
        let manager = manager.map(|known| known.person.id);
        let why = format!("import {run}");
        let added = match (step, &known.held) {
            (Move::Stay, _) => return Ok(()),
            (Move::Hire, _) | (_, None) => {
                let post = self.post(entry, person, manager, entry.hired_on, entry.left_on);
                let id = transfers::add_assignment(conn, &post, stamp)?;
                let source = Source::new(transfers::SOURCE, id.0);
                facts.waiting.extend(post.facts().map(|said| (person, said, source)));
                id
            }
            (Move::Leave(on), Some(held)) => {
                let before = before(conn, held)?;
                let at = (Entity::Assignment, held.id.0);
                queries::add_change(conn, run, entry.line, at, Some(&before))?;
                return Ok(transfers::end(conn, held, &before.occupation, *on, &why, stamp)?);
            }
            (Move::Transfer(from), Some(held)) => {
                let before = before(conn, held)?;
                let at = (Entity::Assignment, held.id.0);
                queries::add_change(conn, run, entry.line, at, Some(&before))?;
                let ends_on = entry.left_on.or(held.ends_on);
                let manager = manager.or(held.manager_id);
                let post = self.post(entry, person, manager, *from, ends_on);
                let id = transfers::transfer(conn, held, &post, &why, stamp)?;
                if id == held.id {
                    return Ok(());
                }
                id
            }
        };
        let at = (Entity::Assignment, added.0);
        Ok(queries::add_change::<AssignmentBefore>(conn, run, entry.line, at, None)?)
    }
}

fn before(conn: &mut Conn, held: &Assignment) -> Result<AssignmentBefore> {
    Ok(AssignmentBefore {
        site: held.site_id.0,
        position: held.position.clone(),
        occupation: transfers::occupation_of(conn, held)?,
        manager: held.manager_id.map(|id| id.0),
        starts_on: held.starts_on,
        ends_on: held.ends_on,
    })
}

/// The days of a line, each by itself right and all in order.
struct Days {
    hired_on: Option<NaiveDate>,
    left_on: Option<NaiveDate>,
    born_on: Option<NaiveDate>,
    since: Option<NaiveDate>,
}

impl Days {
    fn read(line: &Line<'_>, report: &mut Report) -> Days {
        let days = Days {
            hired_on: line.day(Col::HiredOn, report),
            left_on: line.day(Col::LeftOn, report),
            born_on: line.day(Col::BornOn, report),
            since: line.day(Col::Since, report),
        };
        if line.get(Col::HiredOn).is_none_or(|c| cells::date(c).is_some_and(cells::is_open)) {
            report.mistake(
                line.number,
                Some(Col::HiredOn),
                text!("请填写入职日期。", "Give the day of hiring."),
            );
        }
        let after =
            |a: Option<NaiveDate>, b: Option<NaiveDate>| a.zip(b).is_some_and(|(a, b)| a > b);
        if after(days.hired_on, days.left_on) {
            report.mistake(
                line.number,
                Some(Col::LeftOn),
                text!(
                    "离职日期早于入职日期，请改正。",
                    "They left before they were hired; correct one of the two days."
                ),
            );
        }
        if after(days.since, days.left_on) {
            report.mistake(
                line.number,
                Some(Col::Since),
                text!(
                    "调动日期晚于离职日期，请改正。",
                    "The transfer lies after the last day; correct one of the two days."
                ),
            );
        }
        if after(days.born_on, days.hired_on) {
            report.mistake(
                line.number,
                Some(Col::BornOn),
                text!(
                    "出生日期晚于入职日期，请改正。",
                    "They were born after they were hired; correct one of the two days."
                ),
            );
        }
        days
    }
}
