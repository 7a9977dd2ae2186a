//! One decision that moves the last day of many certificates (R22): all that end within a range
//! last so many months longer, each from its own last day; or those somebody picked.
//!
//! What will be moved is shown before it is decided, with the old and the new last day of each.
//! A campaign can be taken back: those it extended get their former last day again, unless
//! somebody has acted on them since, or they were renewed since: the renewal begins where the
//! extension ends, so that without it there would be a gap. Nothing of either is deleted.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use serde_json::json;

use super::{
    Grounds, apply, campaign_act, extension_day, letters,
    queries::{self, Campaign, CampaignId, FileId, FileKind, NewCampaign},
    spans, state,
};
use crate::{
    access::{Acting, Hr, audit},
    certification::model::{Act, ActKind, Basis, Certificate, CertificateId, State},
    db::{Conn, Error},
    i18n::{self, Lang, Text},
    mail::Letterhead,
    record::{
        Kind, PersonId, Rules, ledger,
        period::{FOREVER, days_after, months_after},
    },
    staff::{self, Post},
    text, web,
};

/// Certificates in one campaign at most.
pub const MOST: usize = 20_000;
/// How much longer they may last at most.
pub const MOST_MONTHS: u32 = 60;
pub const MOST_DAYS: u32 = 1_826;

/// Which certificates, and how much longer.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// All certifications when blank.
    pub certification: String,
    /// They end within these days.
    pub first: Option<NaiveDate>,
    pub last: Option<NaiveDate>,
    pub months: u32,
    pub days: u32,
    /// Those picked on the board; then the range does not matter.
    pub numbers: Vec<String>,
}

impl Asked {
    /// What is wrong with it, if anything.
    pub fn problem(&self) -> Option<Text> {
        if self.months == 0 && self.days == 0 {
            return Some(text!("请填写延长多少个月或多少天。", "Say by how many months or days."));
        }
        if self.months > MOST_MONTHS || self.days > MOST_DAYS {
            return Some(text!(
                "一次最多延长 {MOST_MONTHS} 个月或 {MOST_DAYS} 天。",
                "They may last {MOST_MONTHS} months or {MOST_DAYS} days longer at most."
            ));
        }
        match (self.first, self.last) {
            _ if !self.numbers.is_empty() => None,
            (Some(first), Some(last)) if first <= last => None,
            (Some(_), Some(_)) => {
                Some(text!("结束日期早于开始日期。", "The range ends before it begins."))
            }
            _ => Some(text!("请填写到期日的范围。", "Give the range of last days.")),
        }
    }

    /// The new last day of a certificate that ends on a day.
    pub fn moved(&self, through: NaiveDate) -> NaiveDate {
        days_after(months_after(through, self.months), self.days)
    }

    fn takes(&self, certificate: &Certificate, through: NaiveDate) -> bool {
        if !self.numbers.is_empty() {
            return self.numbers.contains(&certificate.number);
        }
        let of = self.certification.is_empty() || certificate.certification == self.certification;
        of && self.first.is_some_and(|first| first <= through)
            && self.last.is_some_and(|last| through <= last)
    }
}

/// A certificate that a campaign would move, or cannot.
pub struct Moved {
    pub post: Post,
    pub certificate: Certificate,
    pub old: NaiveDate,
    pub new: Result<NaiveDate, Text>,
    acts: Vec<Act>,
}

/// What a campaign would do.
pub struct Plan {
    /// By last day.
    pub lines: Vec<Moved>,
    pub too_many: bool,
}

impl Plan {
    pub fn moved(&self) -> usize {
        self.lines.iter().filter(|line| line.new.is_ok()).count()
    }

    /// Equal plans have equal marks.
    pub fn mark(&self) -> String {
        let lines = self.lines.iter().filter_map(|line| {
            let new = line.new.as_ref().ok()?;
            Some(format!("{}:{}:{new}", line.certificate.number, line.old))
        });
        queries::hex_digest(lines.collect::<Vec<_>>().join("\n").as_bytes())
    }
}

/// Which certificates in reach would last how much longer.
pub fn plan(conn: &mut Conn, hr: &Acting<Hr>, asked: &Asked) -> Result<Plan, Error> {
    let filter = staff::queries::Filter { with_left: true, ..Default::default() };
    let posts = staff::queries::posts(conn, hr.reach(), &filter, hr.today, EVERYBODY, 0)?;
    let posts: HashMap<PersonId, Post> =
        posts.into_iter().map(|post| (post.person.id, post)).collect();
    let mut people: Vec<PersonId> = posts.keys().copied().collect();
    people.sort_unstable();
    let mut acts = queries::acts_among(conn, &people)?;
    let code = Some(asked.certification.as_str()).filter(|code| !code.is_empty());
    let all = queries::certificates_among(conn, &people, code)?;
    let newer = Newer::of(&all, &acts, hr.today);
    let mut lines = Vec::new();
    for certificate in all {
        let Some(post) = posts.get(&certificate.person_id) else { continue };
        let acts = acts.remove(&certificate.id).unwrap_or_default();
        let old = spans::through_on(certificate.valid_through, &acts, hr.today);
        let Some(old) = old.filter(|old| asked.takes(&certificate, *old)) else { continue };
        let new = judged(hr, post, &certificate, &acts, asked, old, &newer);
        lines.push(Moved { post: post.clone(), certificate, old, new, acts });
    }
    // What is moved comes first.
    lines.sort_by(|a, b| {
        let place = |line: &Moved| (line.new.is_err(), line.old);
        (place(a), &a.certificate.number).cmp(&(place(b), &b.certificate.number))
    });
    let too_many = lines.len() > MOST;
    lines.truncate(MOST);
    Ok(Plan { lines, too_many })
}

/// More than any group employs.
const EVERYBODY: i64 = 1_000_000;

/// The latest last day of what people hold, to know what was renewed already.
struct Newer(HashMap<(PersonId, String), NaiveDate>);

impl Newer {
    fn of(all: &[Certificate], acts: &HashMap<CertificateId, Vec<Act>>, today: NaiveDate) -> Newer {
        let mut latest = HashMap::new();
        for one in all {
            let acts = acts.get(&one.id).map_or(&[][..], Vec::as_slice);
            let runs = state(one, acts, today);
            if !runs.in_force() && runs != State::NotYet {
                continue;
            }
            let through = spans::through_on(one.valid_through, acts, today);
            let through = through.unwrap_or(NaiveDate::MAX);
            let kept = latest.entry((one.person_id, one.certification.clone())).or_insert(through);
            *kept = through.max(*kept);
        }
        Newer(latest)
    }

    fn replaces(&self, one: &Certificate, old: NaiveDate) -> bool {
        let key = (one.person_id, one.certification.clone());
        self.0.get(&key).is_some_and(|through| *through > old)
    }
}

fn judged(
    hr: &Acting<Hr>,
    post: &Post,
    certificate: &Certificate,
    acts: &[Act],
    asked: &Asked,
    old: NaiveDate,
    newer: &Newer,
) -> Result<NaiveDate, Text> {
    if post.person.id == hr.id {
        return Err(text!("您自己的证书，请由他人办理。", "Your own: somebody else has to do it."));
    }
    if !post.works_on(hr.today) {
        return Err(text!("已离职。", "Has left."));
    }
    let stands = state(certificate, acts, hr.today);
    if !super::may(ActKind::Extended, stands) {
        let Text { zh, en } = stands.title();
        let en = en.to_lowercase();
        return Err(text!("{zh}，不延期。", "It is {en}: not extended."));
    }
    if newer.replaces(certificate, old) {
        return Err(text!("已换证。", "Renewed already."));
    }
    if certificate.basis == Basis::Import && certificate.issuer.is_some() {
        return Err(text!(
            "由其他机构颁发，不由我们延期。",
            "Issued by another body: not ours to extend."
        ));
    }
    let new = asked.moved(old);
    if new < hr.today {
        let (zh, en) = (i18n::date(Lang::Zh, new), i18n::date(Lang::En, new));
        return Err(text!(
            "延期后（{zh}）仍已过期。",
            "It would have ended all the same, on {en}."
        ));
    }
    Ok(new)
}

/// Carries a campaign out as it was shown: all of it, or nothing. Returns the campaign.
pub fn carry_out(
    conn: &mut Conn,
    hr: &Acting<Hr>,
    rules: &Rules,
    head: &Letterhead,
    asked: &Asked,
    grounds: &Grounds,
    shown: &str,
) -> web::Result<CampaignId> {
    if let Some(problem) = asked.problem() {
        return Err(web::Error::Refused(problem));
    }
    let first = plan(conn, hr, asked)?;
    ledger::hold_all(conn, first.lines.iter().map(|line| line.post.person.id))?;
    // Whoever was faster has been waited for: what is decided is looked at again.
    let plan = plan(conn, hr, asked)?;
    if plan.too_many {
        return Err(web::Error::Refused(text!(
            "一次最多延期 {MOST} 张证书。请缩小范围。",
            "A campaign moves {MOST} certificates at most. Choose a smaller range."
        )));
    }
    if plan.mark() != shown || plan.moved() == 0 {
        return Err(web::Error::Refused(text!(
            "预览之后情况有变化，没有延期任何证书。请重新预览。",
            "Things have changed since the preview, and nothing was extended. Look at the preview again."
        )));
    }
    let file = match &grounds.file {
        Some(file) => {
            Some(queries::add_file(conn, None, FileKind::Evidence, None, file, hr.stamp())?)
        }
        None => None,
    };
    let id = add(conn, hr, asked, grounds, file, &plan)?;
    for line in &plan.lines {
        let Ok(new) = &line.new else { continue };
        let on = extension_day(Some(line.old), &line.acts, hr.today);
        let kept = (grounds.why.as_str(), grounds.evidence.as_deref(), file);
        let act = campaign_act(&line.certificate, id, on, Some(*new), kept, hr.stamp());
        move_one(conn, (hr, rules, head), &line.post, &line.certificate, &act)?;
    }
    let detail = json!({
        "certification": asked.certification, "first": asked.first, "last": asked.last,
        "months": asked.months, "days": asked.days, "why": grounds.why, "moved": plan.moved(),
    });
    let subject = ("extension-campaign", Some(id.0));
    audit::note(conn, Some(hr.id), "extend-many-certificates", subject, detail, hr.now)?;
    Ok(id)
}

fn add(
    conn: &mut Conn,
    hr: &Acting<Hr>,
    asked: &Asked,
    grounds: &Grounds,
    file: Option<FileId>,
    plan: &Plan,
) -> Result<CampaignId, Error> {
    let days = || plan.lines.iter().filter(|line| line.new.is_ok()).map(|line| line.old);
    let first = asked.first.or_else(|| days().min()).unwrap_or(hr.today);
    let last = asked.last.or_else(|| days().max()).unwrap_or(first);
    let picked = !asked.numbers.is_empty();
    let new = NewCampaign {
        certification: Some(asked.certification.as_str()).filter(|code| !code.is_empty()),
        first: if picked { days().min().unwrap_or(first) } else { first },
        last: if picked { days().max().unwrap_or(last) } else { last },
        months: asked.months,
        days: asked.days,
        why: &grounds.why,
        evidence: grounds.evidence.as_deref(),
        file,
        at: hr.now,
        by: hr.id,
    };
    queries::add_campaign(conn, &new)
}

fn move_one(
    conn: &mut Conn,
    (hr, rules, head): (&Acting<Hr>, &Rules, &Letterhead),
    post: &Post,
    certificate: &Certificate,
    act: &Act,
) -> Result<(), Error> {
    apply(conn, certificate, act, hr.stamp())?;
    let title = rules.context().name(Kind::Certificate, &certificate.certification);
    let letter = letters::of_act(post.person.lang(), certificate, &title, act);
    letters::send(conn, head, post, certificate.id, &letter, hr.stamp())
}

/// One certificate in a campaign that was carried out.
pub struct Done {
    pub post: Post,
    pub certificate: Certificate,
    pub old: Option<NaiveDate>,
    pub new: Option<NaiveDate>,
    pub taken_back: bool,
    /// Why taking the campaign back leaves it as it is; none when it stands as the campaign left
    /// it.
    pub since: Option<Since>,
}

impl Done {
    pub fn can_be_taken_back(&self) -> bool {
        self.since.is_none() && !self.taken_back
    }
}

/// What has happened to a certificate since a campaign extended it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    ActedOn,
    Renewed,
}

impl Since {
    pub fn title(self) -> Text {
        match self {
            Since::ActedOn => text!("之后又处理过", "acted on since"),
            Since::Renewed => text!("之后已换证", "renewed since"),
        }
    }
}

/// What a campaign did, as far as the viewer may see the people.
pub fn done(conn: &mut Conn, hr: &Acting<Hr>, id: CampaignId) -> Result<Vec<Done>, Error> {
    let rows = queries::acts_in(conn, id)?;
    let mut people: Vec<PersonId> = rows.iter().map(|(_, one)| one.person_id).collect();
    people.sort_unstable();
    people.dedup();
    let posts = staff::queries::posts_by_person(conn, hr.reach(), &people, hr.today)?;
    let mut all = queries::acts_among(conn, &people)?;
    let renewals = Renewals::of(conn, &people, &all, id)?;
    let mut seen = HashSet::new();
    let mut lines = Vec::new();
    for (act, certificate) in rows {
        let Some(post) = posts.get(&certificate.person_id) else { continue };
        if !seen.insert(certificate.id) {
            continue;
        }
        let acts = all.remove(&certificate.id).unwrap_or_default();
        let of_this = |act: &&Act| act.campaign_id == Some(id.0);
        let at = acts.iter().position(|one| of_this(&one)).unwrap_or(0);
        let old = spans::through_on(certificate.valid_through, &acts[..at], FOREVER);
        lines.push(Done {
            old,
            new: act.through,
            taken_back: acts.iter().filter(of_this).count() > 1,
            since: match acts.len() == at + 1 {
                false => Some(Since::ActedOn),
                true => renewals.follow(&certificate, old).then_some(Since::Renewed),
            },
            post: post.clone(),
            certificate,
        });
    }
    Ok(lines)
}

/// The last days of what people hold beside what a campaign extended. What was renewed already
/// was not extended, so whatever reaches further than one of those did before came since.
struct Renewals(HashMap<(PersonId, String), NaiveDate>);

impl Renewals {
    fn of(
        conn: &mut Conn,
        people: &[PersonId],
        acts: &HashMap<CertificateId, Vec<Act>>,
        campaign: CampaignId,
    ) -> Result<Renewals, Error> {
        let mut latest: HashMap<(PersonId, String), NaiveDate> = HashMap::new();
        for one in queries::certificates_among(conn, people, None)? {
            let acts = acts.get(&one.id).map_or(&[][..], Vec::as_slice);
            let counts = |act: &Act| {
                act.campaign_id != Some(campaign.0)
                    && !matches!(
                        act.kind,
                        ActKind::Revoked | ActKind::Replaced | ActKind::Superseded
                    )
            };
            if acts.iter().all(counts) {
                let through =
                    spans::through_on(one.valid_through, acts, FOREVER).unwrap_or(FOREVER);
                let kept = latest.entry((one.person_id, one.certification)).or_insert(through);
                *kept = through.max(*kept);
            }
        }
        Ok(Renewals(latest))
    }

    /// Whether one of them follows a certificate that ended on a day before it was extended.
    fn follow(&self, one: &Certificate, old: Option<NaiveDate>) -> bool {
        let latest = self.0.get(&(one.person_id, one.certification.clone()));
        old.zip(latest).is_some_and(|(old, through)| *through > old)
    }
}

/// Gives those a campaign extended their former last day again, where nobody has acted on them
/// since and no renewal follows them. Returns how many.
pub fn take_back(
    conn: &mut Conn,
    hr: &Acting<Hr>,
    rules: &Rules,
    head: &Letterhead,
    campaign: &Campaign,
    why: &str,
) -> web::Result<usize> {
    let lines = done(conn, hr, campaign.id)?;
    ledger::hold_all(conn, lines.iter().map(|line| line.post.person.id))?;
    let lines = done(conn, hr, campaign.id)?;
    let mut taken = 0;
    let back = |line: &&Done| line.can_be_taken_back() && line.post.person.id != hr.id;
    for line in lines.iter().filter(back) {
        let act = campaign_act(
            &line.certificate,
            campaign.id,
            hr.today,
            line.old,
            (why, None, None),
            hr.stamp(),
        );
        move_one(conn, (hr, rules, head), &line.post, &line.certificate, &act)?;
        taken += 1;
    }
    if taken == 0 {
        return Err(web::Error::Refused(text!(
            "没有可以撤回的证书：已撤回，或之后又有人处理过，或之后已换证。",
            "There is nothing to take back: it was taken back already, or each was acted on or renewed since."
        )));
    }
    let subject = ("extension-campaign", Some(campaign.id.0));
    let detail = json!({ "why": why, "taken_back": taken });
    audit::note(conn, Some(hr.id), "take-back-extensions", subject, detail, hr.now)?;
    Ok(taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn each_lasts_longer_from_its_own_last_day() {
        let asked = Asked {
            first: Some(day("2021-04-01")),
            last: Some(day("2021-09-30")),
            months: 6,
            ..Asked::default()
        };
        assert_eq!(asked.problem(), None);
        for (old, new) in [
            ("2021-04-01", "2021-10-01"),
            ("2021-08-31", "2022-02-28"),
            ("2021-09-30", "2022-03-30"),
        ] {
            assert_eq!(asked.moved(day(old)), day(new), "{old}");
        }
        let problem = |asked: Asked| asked.problem().map(|text| text.en);
        assert!(problem(Asked::default()).is_some_and(|said| said.contains("how many")));
        let turned = Asked { first: Some(day("2022-01-01")), ..asked.clone() };
        assert!(problem(turned).is_some_and(|said| said.contains("before it begins")));
        let open = Asked { last: None, ..asked.clone() };
        assert!(problem(open).is_some_and(|said| said.contains("range")));
        assert!(problem(Asked { months: 61, ..asked }).is_some_and(|said| said.contains("60")));
    }
}
