//! Planning a practical exam: may the candidate sit it, who may examine, and making exceptions in
//! the open.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;

use super::{
    conflicts::{self, Check, Finding, LOOK_BACK_MONTHS, Mentored, Ties},
    letters,
    model::{Practical, PracticalId, Relation, Seat, SeatId, Sheet, path_of},
    queries::{self, NewPractical, NewSeat},
    rules::{self, Settlement},
};
use crate::{
    access::{self, Acting, Examiner, Judging, Planning, Role, Viewer, audit},
    db::Conn,
    i18n::Text,
    mail::Letterhead,
    mentoring::queries::{Which, couples, reviewers_of},
    record::{
        Fact, Kind, PersonId, Rules, ledger,
        programme::{ExamPlan, RuleSet},
        requirement::{Requirement, Rule},
        rubric::PracticalPlan,
        verdict::{self, Line},
    },
    staff::{self, Post, Site, SiteId},
    text,
    web::{Error, Result},
};

/// A practical exam or a review that rule sets plan.
#[derive(Clone, Copy)]
pub struct Offer<'a> {
    pub set: &'a RuleSet,
    pub exam: &'a ExamPlan,
    pub plan: &'a PracticalPlan,
}

impl<'a> Offer<'a> {
    pub fn code(&self) -> String {
        self.set.qualified(&self.exam.code)
    }

    pub fn find(rules: &'a Rules, code: &str) -> Option<Offer<'a>> {
        let (set, exam) = rules.exam(code)?;
        Some(Offer { set, exam, plan: exam.practical.as_ref()? })
    }

    /// What is frozen with an exam: the drawn stations, and every figure as it stands today.
    pub fn sheet(&self, seed: i64) -> Sheet {
        let mut plan = self.plan.clone();
        plan.stations = rules::draw(self.plan, seed);
        let mentoring = self.set.mentoring.as_ref().and_then(|rules| rules.look_back_months);
        let look_back = plan.conflicts.look_back_months.or(mentoring).unwrap_or(LOOK_BACK_MONTHS);
        plan.conflicts.look_back_months = Some(look_back);
        let (title, fact) = (self.exam.title.clone(), self.exam.fact_code(self.set));
        Sheet { title, fact, pass: self.exam.pass, plan }
    }
}

/// The practical exams in force on a day.
pub fn offered(rules: &Rules, today: NaiveDate) -> Vec<Offer<'_>> {
    let in_force = rules.sets().filter(|set| set.applies(today));
    in_force
        .flat_map(|set| set.exams.iter().map(move |exam| (set, exam)))
        .filter_map(|(set, exam)| Some(Offer { set, exam, plan: exam.practical.as_ref()? }))
        .collect()
}

/// Whether a candidate may sit it on a day: the waiting rule, and what the plan asks for besides.
pub fn eligibility(rules: &Rules, offer: Offer<'_>, facts: &[Fact], on: NaiveDate) -> Vec<Line> {
    let wait = Rule::ExamWait(offer.exam.wait(offer.set));
    let wait = Requirement { name: None, note: None, rule: wait };
    let demanded = [Some(&wait), offer.plan.requires.as_ref()];
    let demanded = demanded.into_iter().flatten();
    demanded.map(|one| verdict::judge(one, rules.context(), facts, on)).collect()
}

/// An exam as somebody plans it.
#[derive(Clone, Debug)]
pub struct Draft {
    pub exam: String,
    pub candidate: Post,
    pub site: Site,
    pub held_on: NaiveDate,
}

/// Plans an exam: draws and freezes its stations, and tells the candidate.
pub fn plan(
    conn: &mut Conn,
    acting: &Acting<Planning>,
    rules: &Rules,
    head: &Letterhead,
    draft: &Draft,
    seed: i64,
) -> Result<String> {
    let offer = Offer::find(rules, &draft.exam).ok_or(Error::NotFound)?;
    let person = draft.candidate.person.id;
    ledger::hold(conn, person)?;
    let facts = ledger::facts_of(conn, person, None)?;
    if let Some(reason) = refusal(conn, rules, offer, draft, &facts)? {
        return Err(Error::Refused(reason));
    }
    let sheet = offer.sheet(seed);
    let new = NewPractical {
        exam: &draft.exam,
        content: rules.revision(offer.set),
        person,
        site: draft.site.id,
        held_on: draft.held_on,
        seed,
        sheet: &sheet,
        by: acting.id,
        at: acting.now,
    };
    let id = queries::add(conn, &new)?;
    let detail = serde_json::json!({ "exam": draft.exam, "practical": id, "on": draft.held_on });
    let subject = ("person", Some(person.0));
    audit::note(conn, Some(acting.id), "plan-practical", subject, detail, acting.now)?;
    letters::planned(conn, acting, head, draft, &sheet, id)?;
    Ok(path_of(id))
}

/// Why this exam cannot be planned for this candidate on this day.
pub fn refusal(
    conn: &mut Conn,
    rules: &Rules,
    offer: Offer<'_>,
    draft: &Draft,
    facts: &[Fact],
) -> Result<Option<Text>> {
    let on = draft.held_on;
    if !offer.set.applies(on) {
        return Ok(Some(text!(
            "这套规则在考试当天不适用。",
            "The rule set is not in force on that day."
        )));
    }
    if !draft.candidate.works_on(on) {
        return Ok(Some(text!(
            "考生在考试当天不在岗。",
            "The candidate does not work here on that day."
        )));
    }
    if queries::is_planned(conn, draft.candidate.person.id, &draft.exam)? {
        return Ok(Some(text!(
            "该考生已有一场未结束的同一考核。请先完成或取消它。",
            "The candidate has this exam before them already: finish or cancel that one first."
        )));
    }
    let missing: Vec<Text> =
        eligibility(rules, offer, facts, on).into_iter().filter_map(|line| line.missing).collect();
    let Text { zh, en } = Text::list(&missing);
    Ok((!missing.is_empty())
        .then(|| text!("考生暂不能参加：{zh}。", "The candidate cannot sit it yet: {en}.")))
}

/// Somebody who might examine, with what stands for and against it.
#[derive(Clone, Debug)]
pub struct Possible {
    pub post: Post,
    pub checks: Vec<Check>,
    /// Exams they have before them.
    pub load: i64,
}

impl Possible {
    pub fn finding(&self) -> Finding {
        conflicts::worst(&self.checks)
    }

    fn warnings(&self) -> usize {
        self.checks.iter().filter(|check| check.finding > Finding::Clear).count()
    }
}

/// So many examiners are looked at for one exam at most.
const MOST_EXAMINERS: usize = 200;

/// Those who hold the role of an examiner for this candidate, the best first: nothing against
/// them, then the fewest exams before them.
pub fn possible(
    conn: &mut Conn,
    rules: &Rules,
    exam: &Practical,
    slot: i64,
    today: NaiveDate,
) -> Result<Vec<Possible>> {
    let candidate = post_of(conn, exam.person, exam.held_on)?;
    let taken: HashSet<PersonId> =
        queries::seats(conn, exam.id)?.into_iter().map(|seat| seat.examiner_id).collect();
    let mut holders: Vec<PersonId> = holders(conn, exam, &candidate)?.into_iter().collect();
    holders.retain(|id| !taken.contains(id));
    holders.sort();
    holders.truncate(MOST_EXAMINERS);
    let about = About::of(conn, exam, candidate)?;
    let facts = ledger::facts_of_these(conn, &holders, None)?;
    let loads = queries::loads(conn)?;
    let mut found = Vec::new();
    for post in staff::queries::posts_of(conn, &holders, today)? {
        let id = post.person.id;
        let own = facts.get(&id).map_or(&[][..], Vec::as_slice);
        let checks = about.checks(conn, rules, &post, own, true, slot)?;
        found.push(Possible { post, checks, load: loads.get(&id).copied().unwrap_or(0) });
    }
    found.sort_by_key(|one| {
        (one.finding(), one.warnings(), one.load, one.post.person.staff_no.clone())
    });
    Ok(found)
}

fn post_of(conn: &mut Conn, person: PersonId, day: NaiveDate) -> Result<Post> {
    staff::queries::post_of(conn, person, day)?.ok_or(Error::NotFound)
}

/// Who is an examiner on the day, for the candidate's site or for the place of the exam.
fn holders(conn: &mut Conn, exam: &Practical, candidate: &Post) -> Result<HashSet<PersonId>> {
    let place = staff::queries::site(conn, exam.site)?;
    let lineages = [Some(candidate.site.lineage.clone()), place.map(|site| site.lineage)];
    let mut found = HashSet::new();
    for lineage in lineages.into_iter().flatten() {
        let role = Role::Examiner;
        found.extend(access::queries::holders_reaching(conn, role, &lineage, exam.held_on)?);
    }
    Ok(found)
}

/// What is known about the candidate, looked up once for every examiner.
struct About<'a> {
    exam: &'a Practical,
    candidate: Post,
    sites: HashSet<SiteId>,
    /// Former and present mentors and apprentices, each with the end.
    mentored: HashMap<PersonId, Vec<Mentored>>,
    taught: HashMap<PersonId, Vec<NaiveDate>>,
    declared: HashMap<PersonId, Vec<Relation>>,
}

impl<'a> About<'a> {
    fn of(conn: &mut Conn, exam: &'a Practical, candidate: Post) -> Result<About<'a>> {
        let id = exam.person;
        let mut about = About {
            sites: sites_of(conn, id)?,
            mentored: HashMap::new(),
            taught: taught(conn, exam)?,
            declared: HashMap::new(),
            exam,
            candidate,
        };
        for which in [Which::OfApprentice(id), Which::OfMentor(id)] {
            for couple in couples(conn, which, 500)? {
                let (mentor, apprentice) = (couple.mentor.id, couple.apprentice.id);
                let other = if mentor == id { apprentice } else { mentor };
                let ended_on = couple.pairing.ended_on;
                about.mentored.entry(other).or_default().push(Mentored { ended_on });
            }
        }
        let declared = queries::declarations(conn, &[id], 1000)?.into_iter();
        for one in declared.filter(|one| one.ended_at.is_none()) {
            let other = if one.person_id == id { one.other_id } else { one.person_id };
            about.declared.entry(other).or_default().push(one.relation);
        }
        Ok(about)
    }

    fn checks(
        &self,
        conn: &mut Conn,
        rules: &Rules,
        examiner: &Post,
        facts: &[Fact],
        holds_role: bool,
        slot: i64,
    ) -> Result<Vec<Check>> {
        let (id, on) = (examiner.person.id, self.exam.held_on);
        let sheet = &self.exam.sheet;
        let sites = sites_of(conn, id)?;
        let manages = |a: &Post, b: &Post| a.assignment.manager_id == Some(b.person.id);
        let get = |map: &HashMap<PersonId, Vec<NaiveDate>>| map.get(&id).cloned();
        let ties = Ties {
            oneself: id == self.exam.person,
            mentored: self.mentored.get(&id).cloned().unwrap_or_default(),
            taught: get(&self.taught).unwrap_or_default(),
            declared: self.declared.get(&id).cloned().unwrap_or_default(),
            same_site: !sites.is_disjoint(&self.sites),
            reports: manages(&self.candidate, examiner) || manages(examiner, &self.candidate),
            holds_role,
            works: examiner.works_on(on),
            qualified: demanded(sheet, slot)
                .map(|demanded| verdict::judge(&demanded, rules.context(), facts, on)),
        };
        let policy = &sheet.plan.conflicts;
        let look_back = policy.look_back_months.unwrap_or(LOOK_BACK_MONTHS);
        Ok(conflicts::judge(policy, look_back, &ties, on))
    }
}

/// What the record of whoever takes this place has to meet.
fn demanded(sheet: &Sheet, slot: i64) -> Option<Requirement> {
    let third = sheet.plan.third.as_ref().filter(|_| Some(slot) == sheet.third_slot());
    let all: Vec<Requirement> =
        [sheet.plan.examiner.as_ref(), third].into_iter().flatten().cloned().collect();
    let rule = Rule::All(all.clone());
    (!all.is_empty()).then_some(Requirement { name: None, note: None, rule })
}

fn sites_of(conn: &mut Conn, person: PersonId) -> Result<HashSet<SiteId>> {
    let all = staff::queries::assignments_of(conn, person)?;
    Ok(all.into_iter().map(|(_, site)| site.id).collect())
}

/// Who taught the candidate, and when: whoever confirmed a course that is not merely imported, and
/// whoever signed or returned logbook work.
fn taught(conn: &mut Conn, exam: &Practical) -> Result<HashMap<PersonId, Vec<NaiveDate>>> {
    let mut found: HashMap<PersonId, Vec<NaiveDate>> = HashMap::new();
    let courses = &exam.sheet.plan.courses;
    for row in ledger::rows_of(conn, exam.person, None)? {
        let counts = row.kind == Kind::Course.word()
            && row.source_kind != "import"
            && (courses.is_empty() || courses.contains(&row.code));
        if let Some(by) = row.recorded_by.filter(|by| counts && *by != exam.person) {
            found.entry(by).or_default().push(row.from_on);
        }
    }
    for (by, at) in reviewers_of(conn, exam.person)? {
        found.entry(by).or_default().push(at.utc().date_naive());
    }
    Ok(found)
}

/// The place that is to be filled next; nothing when nobody more is needed.
pub fn free_slot(conn: &mut Conn, exam: &Practical) -> Result<Option<i64>> {
    let taken: Vec<i64> = queries::seats(conn, exam.id)?.iter().map(|seat| seat.slot).collect();
    let first = (1..=exam.sheet.plan.judges()).find(|slot| !taken.contains(slot));
    if first.is_some() {
        return Ok(first);
    }
    let third = exam.sheet.third_slot().filter(|slot| !taken.contains(slot));
    Ok(match standing(conn, exam)? {
        Settlement::ThirdNeeded => third,
        _ => None,
    })
}

/// Where the judging of an exam stands, by what is signed.
pub fn standing(conn: &mut Conn, exam: &Practical) -> Result<Settlement> {
    let signed = queries::signed(conn, exam)?;
    let judged: Vec<_> =
        signed.iter().map(|(seat, scores)| queries::judged(exam, seat, scores)).collect();
    Ok(rules::settle(&exam.sheet, &judged))
}

/// An exam the viewer plans: its candidate is in their reach and not themselves.
pub fn planned_by(
    conn: &mut Conn,
    acting: &Acting<Planning>,
    id: PracticalId,
) -> Result<Practical> {
    let exam = queries::find(conn, id)?.ok_or(Error::NotFound)?;
    acting.other_person(conn, exam.person)?;
    Ok(exam)
}

fn still_open(conn: &mut Conn, exam: &Practical) -> Result<()> {
    if exam.cancelled_at.is_some() || queries::result(conn, exam.id)?.is_some() {
        return Err(Error::Refused(text!(
            "这场考核已取消或已有结果，不能再改。请刷新页面。",
            "This exam is cancelled or has its result; it cannot be changed any more. Reload the page."
        )));
    }
    Ok(())
}

/// A reason shorter than this explains nothing.
const LEAST_WORDS: usize = 4;

pub fn explained(why: &str) -> Option<&str> {
    Some(why.trim()).filter(|why| (LEAST_WORDS..=500).contains(&why.chars().count()))
}

fn say_why() -> Error {
    Error::Refused(text!("请写明原因（4 到 500 个字）。", "Say why, in 4 to 500 characters."))
}

/// Gives an examiner a place, with what stood against them kept. A tie needs a reason, and a
/// second person before they may score.
pub fn assign(
    conn: &mut Conn,
    acting: &Acting<Planning>,
    rules: &Rules,
    head: &Letterhead,
    id: PracticalId,
    examiner: PersonId,
    why: &str,
) -> Result<SeatId> {
    queries::hold(conn, id)?;
    let exam = planned_by(conn, acting, id)?;
    still_open(conn, &exam)?;
    // Whoever examines does not learn from this form whether the others have signed.
    let slot = free_slot(conn, &exam)?;
    let judges = queries::seat_of(conn, id, acting.id)?.is_some();
    let slot = slot.filter(|slot| !judges || Some(*slot) != exam.sheet.third_slot());
    let slot = slot.ok_or_else(|| {
        Error::Refused(text!(
            "考评员已经够了。需要更换时，请先让其中一位回避。",
            "No further examiner is needed. To replace one, let them step back first."
        ))
    })?;
    let post = post_of(conn, examiner, exam.held_on)?;
    let candidate = post_of(conn, exam.person, exam.held_on)?;
    let holds_role = holders(conn, &exam, &candidate)?.contains(&examiner);
    let facts = ledger::facts_of(conn, examiner, None)?;
    let about = About::of(conn, &exam, candidate)?;
    let checks = about.checks(conn, rules, &post, &facts, holds_role, slot)?;
    let why = excused(&checks, why)?;
    let new = NewSeat {
        practical: id,
        examiner,
        slot,
        conflicts: serde_json::to_string(&checks)?,
        override_why: why,
        by: acting.id,
        at: acting.now,
    };
    let seat = queries::add_seat(conn, &new)?;
    let detail = serde_json::json!({ "practical": id, "slot": slot, "override": why });
    let subject = ("person", Some(examiner.0));
    audit::note(conn, Some(acting.id), "assign-examiner", subject, detail, acting.now)?;
    letters::assigned(conn, acting, head, &exam, &post.person, why.is_some())?;
    Ok(seat)
}

/// The reason of an exception, if one is needed; what can never be excused is refused.
fn excused<'a>(checks: &[Check], why: &'a str) -> Result<Option<&'a str>> {
    let Text { zh, en } = Text::list(&conflicts::reasons(checks));
    match conflicts::worst(checks) {
        Finding::Clear | Finding::Warned => Ok(None),
        Finding::Barred => {
            Err(Error::Refused(text!("不能担任这场考核的考评员：{zh}。", "They may not examine here: {en}.")))
        }
        Finding::Blocked => explained(why).map(Some).ok_or_else(|| Error::Refused(text!(
            "应当回避：{zh}。确需指派时，请写明原因，并由另一位考评员或人事复核。",
            "They should step back: {en}. To make an exception, say why; another examiner or HR has to second it."
        ))),
    }
}

/// Seconds an exception: somebody else than who made it and than the examiner it is about.
pub fn second(
    conn: &mut Conn,
    acting: &Acting<Judging>,
    id: PracticalId,
    seat: SeatId,
) -> Result<()> {
    queries::hold(conn, id)?;
    let exam = queries::find(conn, id)?.ok_or(Error::NotFound)?;
    acting.other_person(conn, exam.person)?;
    still_open(conn, &exam)?;
    let seat = in_force(conn, id, seat)?;
    if [seat.assigned_by, seat.examiner_id].contains(&acting.id) {
        return Err(Error::Refused(text!(
            "例外须由指派人和考评员本人以外的人复核。",
            "An exception is seconded by somebody other than who made it and the examiner."
        )));
    }
    queries::second(conn, seat.id, acting.stamp())?;
    let detail = serde_json::json!({ "practical": id, "why": seat.override_why });
    let subject = ("person", Some(seat.examiner_id.0));
    Ok(audit::note(conn, Some(acting.id), "second-examiner", subject, detail, acting.now)?)
}

fn in_force(conn: &mut Conn, id: PracticalId, seat: SeatId) -> Result<Seat> {
    queries::seats(conn, id)?.into_iter().find(|one| one.id == seat).ok_or(Error::NotFound)
}

/// Takes an examiner off an exam: at their own wish, or by who plans it.
pub fn recuse(
    conn: &mut Conn,
    viewer: &Viewer,
    id: PracticalId,
    seat: SeatId,
    why: &str,
) -> Result<()> {
    queries::hold(conn, id)?;
    let exam = queries::find(conn, id)?.ok_or(Error::NotFound)?;
    let seat = in_force(conn, id, seat)?;
    if seat.examiner_id == viewer.id {
        Acting::<Examiner>::of(viewer.clone())?;
    } else {
        planned_by(conn, &Acting::<Planning>::of(viewer.clone())?, id)?;
    }
    still_open(conn, &exam)?;
    let why = explained(why).ok_or_else(say_why)?;
    if !queries::recuse(conn, seat.id, why, viewer.stamp())? {
        return Err(Error::Refused(text!(
            "评分已签字提交，不能再回避。",
            "The scores are signed; it is too late to step back."
        )));
    }
    let detail = serde_json::json!({ "practical": id, "why": why });
    let subject = ("person", Some(seat.examiner_id.0));
    Ok(audit::note(conn, Some(viewer.id), "recuse-examiner", subject, detail, viewer.now)?)
}

/// Calls an exam off, as long as it has no result.
pub fn cancel(
    conn: &mut Conn,
    acting: &Acting<Planning>,
    head: &Letterhead,
    id: PracticalId,
    why: &str,
) -> Result<()> {
    queries::hold(conn, id)?;
    let exam = planned_by(conn, acting, id)?;
    still_open(conn, &exam)?;
    let why = explained(why).ok_or_else(say_why)?;
    queries::cancel(conn, id, why, acting.stamp())?;
    let detail = serde_json::json!({ "practical": id, "why": why });
    let subject = ("person", Some(exam.person.0));
    audit::note(conn, Some(acting.id), "cancel-practical", subject, detail, acting.now)?;
    letters::cancelled(conn, acting, head, &exam, why)
}
