//! What HR does in the life of a certificate: issue it by decision, suspend, reinstate, revoke,
//! extend, replace and supersede it, one or many at once, and let trainees work under supervision.
//!
//! Each act keeps who, when, why and what it rests on, writes to the holder, and makes the record
//! follow ([`record::follow`]); none deletes anything. An act may be dated back by a year, for HR
//! often learns late, but never before the act before it, and never into the future: what is to
//! hold tomorrow is done tomorrow, when it is known to be right.

pub mod campaign;
pub mod handlers;
pub mod issuing;
pub mod letters;
pub mod pages;
pub mod queries;
pub mod record;
pub mod spans;
pub mod supervision;
pub mod uploads;

use chrono::NaiveDate;
use serde_json::json;

use self::queries::{CampaignId, FileId, FileKind, NewFile};
use super::{
    issue,
    model::{Act, ActKind, Basis, Certificate, CertificateId, State},
    queries as certificates, rules,
};
use crate::{
    access::{Acting, Hr, audit},
    db::Conn,
    i18n::{self, Lang, Text},
    mail::Letterhead,
    record::{
        Kind, Rules,
        ledger::{self, Stamp},
        period::{days_before, next_day},
    },
    staff::Post,
    text, web,
};

/// How far back an act may be dated.
const BACK_DAYS: u32 = 366;
/// How far an extension may reach beyond the present last day, against slips of the keyboard.
const LONGEST_EXTENSION_DAYS: i64 = 3_660;

/// An act that is to be done.
#[derive(Clone, Debug)]
pub struct Deed {
    pub kind: ActKind,
    /// The first day on which it holds.
    pub on: NaiveDate,
    pub why: String,
    pub evidence: Option<String>,
    pub file: Option<NewFile>,
    /// Of an extension: the new last valid day.
    pub through: Option<NaiveDate>,
    /// The number of the certificate that takes its place.
    pub other: String,
    /// Of a replacement: the names put right.
    pub name: String,
    pub name_en: String,
    /// How many acts the page showed that asked for this one; another number means that somebody
    /// else was faster.
    pub seen: usize,
}

/// How a certificate stands for acting on it: what a condition suspends for now can be acted on
/// like any other.
pub fn state(one: &Certificate, acts: &[Act], today: NaiveDate) -> State {
    state_on(one, acts, today, today)
}

/// How a certificate, by the acts on it up to today, stood on an earlier day: one that has run out
/// since had not when an act that is dated back begins to hold.
fn state_on(one: &Certificate, acts: &[Act], today: NaiveDate, on: NaiveDate) -> State {
    rules::state_by_acts(acts, today).unwrap_or_else(|| {
        let through = spans::through_on(one.valid_through, acts, today);
        rules::state_by_dates(one.valid_from, through, None, on)
    })
}

/// Which act is possible in which state.
pub fn may(kind: ActKind, state: State) -> bool {
    let running = state.in_force() || state == State::NotYet;
    match kind {
        ActKind::Suspended | ActKind::Replaced => running,
        ActKind::Reinstated => state == State::Suspended,
        ActKind::Revoked => running || state == State::Suspended,
        ActKind::Extended => running || matches!(state, State::Expired | State::InGrace(_)),
        ActKind::Superseded => state.in_force(),
    }
}

/// Which acts HR may do on a certificate that stands like this. What others issued, they replace.
pub fn possible(one: &Certificate, state: State) -> Vec<ActKind> {
    let of_ours = |kind: &ActKind| *kind != ActKind::Replaced || one.basis != Basis::Import;
    let kinds = ActKind::ALL.iter().copied();
    kinds.filter(|kind| may(*kind, state)).filter(of_ours).collect()
}

/// Does an act; returns the number of the certificate to look at next.
///
/// Suspending, reinstating and revoking speak of the certification: other certificates of it that
/// had not run out on the day of the act go with this one.
pub fn perform(
    conn: &mut Conn,
    hr: &Acting<Hr>,
    rules: &Rules,
    head: &Letterhead,
    number: &str,
    deed: &Deed,
) -> web::Result<String> {
    let certificate = certificates::by_number(conn, number)?.ok_or(web::Error::NotFound)?;
    let post = hr.other_person(conn, certificate.person_id)?;
    ledger::hold(conn, certificate.person_id)?;
    let acts = certificates::acts_of(conn, certificate.person_id)?;
    let acts_on = |one: &Certificate| acts.get(&one.id).map_or(&[][..], Vec::as_slice);
    let own = acts_on(&certificate);
    if own.len() != deed.seen {
        return Err(web::Error::Refused(changed_meanwhile()));
    }
    let now = state(&certificate, own, hr.today);
    if !possible(&certificate, now).contains(&deed.kind) {
        return Err(web::Error::Refused(cannot(deed.kind, now)));
    }
    check_day(deed, own, hr.today).map_err(web::Error::Refused)?;
    let mut together = vec![certificate.clone()];
    if matches!(deed.kind, ActKind::Suspended | ActKind::Reinstated | ActKind::Revoked) {
        let others = certificates::issued_to(conn, certificate.person_id)?.into_iter();
        together.extend(others.filter(|one| {
            one.id != certificate.id
                && one.certification == certificate.certification
                && may(deed.kind, state_on(one, acts_on(one), hr.today, deed.on))
        }));
    }
    let doing = Doing { conn, hr, rules, head, post: &post };
    match deed.kind {
        ActKind::Extended => doing.extend(&certificate, own, deed),
        ActKind::Replaced => doing.replace(&certificate, own, deed),
        ActKind::Superseded => doing.supersede(&certificate, deed),
        ActKind::Suspended | ActKind::Reinstated | ActKind::Revoked => {
            let together = together.iter().map(|one| (one, acts_on(one))).collect::<Vec<_>>();
            doing.together(&together, deed)
        }
    }
}

/// What the acts on one person's certificates need.
struct Doing<'a> {
    conn: &'a mut Conn,
    hr: &'a Acting<Hr>,
    rules: &'a Rules,
    head: &'a Letterhead,
    post: &'a Post,
}

impl Doing<'_> {
    /// Keeps the evidence of a deed; it belongs to the certificate it was given for.
    fn evidence(&mut self, certificate: &Certificate, deed: &Deed) -> web::Result<Option<i64>> {
        let Some(file) = &deed.file else { return Ok(None) };
        let (of, kind) = (Some(certificate.id), FileKind::Evidence);
        Ok(Some(queries::add_file(self.conn, of, kind, None, file, self.hr.stamp())?.0))
    }

    fn act(&self, of: CertificateId, deed: &Deed, file: Option<i64>) -> Act {
        Act {
            evidence: deed.evidence.clone(),
            file_id: file,
            ..Act::new(of, deed.kind, deed.on, &deed.why, self.hr.stamp())
        }
    }

    fn together(mut self, all: &[(&Certificate, &[Act])], deed: &Deed) -> web::Result<String> {
        let Some((first, _)) = all.first() else { return Err(web::Error::NotFound) };
        let file = self.evidence(first, deed)?;
        for (one, before) in all {
            // An act that was done on it later than this one is dated stays the last word.
            let on = before.last().map_or(deed.on, |last| deed.on.max(last.on));
            let act = Act { on, ..self.act(one.id, deed, file) };
            apply(self.conn, one, &act, self.hr.stamp())?;
        }
        let act = self.act(first.id, deed, file);
        self.tell(first, &act)?;
        Ok(first.number.clone())
    }

    fn extend(
        mut self,
        certificate: &Certificate,
        before: &[Act],
        deed: &Deed,
    ) -> web::Result<String> {
        let old = spans::through_on(certificate.valid_through, before, self.hr.today);
        check_extension(certificate, old, deed.through, self.hr.today)
            .map_err(web::Error::Refused)?;
        let file = self.evidence(certificate, deed)?;
        let on = extension_day(old, before, self.hr.today);
        let act = Act { on, through: deed.through, ..self.act(certificate.id, deed, file) };
        apply(self.conn, certificate, &act, self.hr.stamp())?;
        self.tell(certificate, &act)?;
        Ok(certificate.number.clone())
    }

    fn replace(
        mut self,
        certificate: &Certificate,
        before: &[Act],
        deed: &Deed,
    ) -> web::Result<String> {
        let through = spans::through_on(certificate.valid_through, before, self.hr.today);
        let file = self.evidence(certificate, deed)?;
        let name_en = Some(deed.name_en.clone()).filter(|name| !name.is_empty());
        let printed =
            super::model::Printed { name: deed.name.clone(), name_en, ..certificate.printed() };
        let (number, id) = issue::replacement(
            self.conn,
            &issue::Replacing {
                rules: self.rules,
                post: self.post,
                certificate,
                printed: &printed,
                through,
            },
            &deed.why,
            self.hr.today,
            self.hr.stamp(),
        )?;
        let act =
            Act { on: self.hr.today, other_id: Some(id), ..self.act(certificate.id, deed, file) };
        apply(self.conn, certificate, &act, self.hr.stamp())?;
        let new = certificates::by_number(self.conn, &number)?.ok_or(web::Error::NotFound)?;
        let fact = record::follow(self.conn, &new, &deed.why, 0, self.hr.stamp())?;
        if let Some(fact) = fact {
            certificates::name_fact(self.conn, new.id, fact)?;
        }
        self.tell(&new, &act)?;
        Ok(number)
    }

    fn supersede(mut self, certificate: &Certificate, deed: &Deed) -> web::Result<String> {
        let other = certificates::by_number(self.conn, &deed.other)?
            .filter(|other| other.person_id == certificate.person_id && other.id != certificate.id)
            .ok_or_else(|| web::Error::Refused(no_such_other(&deed.other)))?;
        let acts = certificates::acts_of(self.conn, other.person_id)?;
        let of = acts.get(&other.id).map_or(&[][..], Vec::as_slice);
        if !state(&other, of, self.hr.today).in_force() {
            return Err(web::Error::Refused(not_in_force(&other.number)));
        }
        let file = self.evidence(certificate, deed)?;
        let act = Act {
            on: deed.on.max(other.valid_from),
            other_id: Some(other.id),
            ..self.act(certificate.id, deed, file)
        };
        apply(self.conn, certificate, &act, self.hr.stamp())?;
        self.tell(certificate, &act)?;
        Ok(certificate.number.clone())
    }

    /// Writes to the holder, and keeps what was written.
    fn tell(&mut self, certificate: &Certificate, act: &Act) -> web::Result<()> {
        let title = self.rules.context().name(Kind::Certificate, &certificate.certification);
        let letter = letters::of_act(self.post.person.lang(), certificate, &title, act);
        letters::send(self.conn, self.head, self.post, certificate.id, &letter, self.hr.stamp())?;
        Ok(())
    }
}

/// Notes an act, makes the record follow, and notes it in the audit trail.
pub fn apply(
    conn: &mut Conn,
    certificate: &Certificate,
    act: &Act,
    stamp: Stamp,
) -> Result<(), crate::db::Error> {
    let id = certificates::add_act(conn, act)?;
    record::follow(conn, certificate, &act.why, id, stamp)?;
    let verb = match act.kind {
        ActKind::Suspended => "suspend-certificate",
        ActKind::Reinstated => "reinstate-certificate",
        ActKind::Revoked => "revoke-certificate",
        ActKind::Extended => "extend-certificate",
        ActKind::Replaced => "replace-certificate",
        ActKind::Superseded => "supersede-certificate",
    };
    let detail = json!({
        "number": certificate.number, "why": act.why, "on": act.on, "through": act.through,
        "campaign": act.campaign_id,
    });
    let subject = ("certificate", Some(certificate.id.0));
    audit::note(conn, stamp.by, verb, subject, detail, stamp.at)
}

/// From which day an extension holds. One that has run out is extended from the day after, so that
/// it has no gap; that nobody knew so on those days, the record tells.
fn extension_day(old: Option<NaiveDate>, before: &[Act], today: NaiveDate) -> NaiveDate {
    let day = old.map_or(today, |old| today.min(next_day(old)));
    before.last().map_or(day, |last| day.max(last.on))
}

fn check_day(deed: &Deed, before: &[Act], today: NaiveDate) -> Result<(), Text> {
    if deed.on > today {
        return Err(text!(
            "生效日期不能晚于今天。请到当天再办理。",
            "An act cannot be dated into the future. Do it on that day."
        ));
    }
    if deed.on < days_before(today, BACK_DAYS) {
        return Err(text!(
            "生效日期最多可追溯 {BACK_DAYS} 天。",
            "An act can be dated back by {BACK_DAYS} days at most."
        ));
    }
    if let Some(last) = before.last().filter(|last| deed.on < last.on) {
        let (zh, en) = (i18n::date(Lang::Zh, last.on), i18n::date(Lang::En, last.on));
        return Err(text!(
            "生效日期不能早于上一次处理的日期（{zh}）。",
            "It cannot be dated before the act before it ({en})."
        ));
    }
    Ok(())
}

/// Whether a last valid day may be moved to another.
fn check_extension(
    certificate: &Certificate,
    old: Option<NaiveDate>,
    new: Option<NaiveDate>,
    today: NaiveDate,
) -> Result<(), Text> {
    let Some(new) = new else {
        return Err(text!("请填写新的有效期末日。", "Give the new last valid day."));
    };
    if Some(new) == old {
        return Err(text!(
            "新的末日与现在的相同，没有变化。",
            "This is its last valid day already; nothing would change."
        ));
    }
    if new < today || new < certificate.valid_from {
        return Err(text!(
            "新的末日不能早于今天或生效日期。若要立即失效，请用“吊销”。",
            "The new last day cannot lie before today or before its first day. To end it now, revoke it."
        ));
    }
    if (new - old.unwrap_or(today).max(today)).num_days() > LONGEST_EXTENSION_DAYS {
        return Err(text!(
            "一次延期不能超过十年，请检查年份。",
            "That is more than ten years longer; check the year."
        ));
    }
    Ok(())
}

fn changed_meanwhile() -> Text {
    text!(
        "打开页面之后，这张证书已被处理过（可能是您自己或同事）。什么也没有改变，请刷新页面查看现在的状态。",
        "Somebody (perhaps you, in another window) has acted on this certificate since you opened the page. Nothing was changed; reload the page to see how it stands now."
    )
}

fn cannot(kind: ActKind, state: State) -> Text {
    let (Text { zh: act, en: act_en }, Text { zh, en }) = (kind.title(), state.title());
    let (act_en, en) = (act_en.to_lowercase(), en.to_lowercase());
    text!(
        "这张证书的状态是“{zh}”，不能{act}。请刷新页面查看现在的状态。",
        "This certificate is {en} and cannot be {act_en}. Reload the page to see how it stands now."
    )
}

fn no_such_other(number: &str) -> Text {
    text!(
        "此人没有编号为“{number}”的另一张证书。",
        "This person has no other certificate with the number “{number}”."
    )
}

fn not_in_force(number: &str) -> Text {
    text!(
        "证书 {number} 现在无效，不能取代这一张。",
        "Certificate {number} is not in force, so it cannot take the place of this one."
    )
}

/// Who decided something about many certificates, and what it rests on.
#[derive(Clone, Debug, Default)]
pub struct Grounds {
    pub why: String,
    pub evidence: Option<String>,
    pub file: Option<NewFile>,
}

/// The act by which a campaign extends one certificate, or takes that back.
fn campaign_act(
    of: &Certificate,
    campaign: CampaignId,
    on: NaiveDate,
    through: Option<NaiveDate>,
    grounds: (&str, Option<&str>, Option<FileId>),
    stamp: Stamp,
) -> Act {
    let (why, evidence, file) = grounds;
    Act {
        through,
        campaign_id: Some(campaign.0),
        evidence: evidence.map(str::to_owned),
        file_id: file.map(|file| file.0),
        ..Act::new(of.id, ActKind::Extended, on, why, stamp)
    }
}
