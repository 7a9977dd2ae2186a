//! Drafts of rule sets: all that reads and writes the table `rule_draft`.
//!
//! A draft is open until it is published or withdrawn, and stays listed after that. `changed_at`
//! is its edition: whoever saves says which edition they saw, and of two the second is refused.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde_json::json;

use super::editions;
use crate::{
    access::{ForAll, RuleMaking, audit},
    content::{self, ContentId, Extent},
    db::{self, Conn, Instant, schema::rule_draft},
    record::PersonId,
    text,
    web::{Error, Result},
};

crate::id! {
    /// A draft of a rule set.
    DraftId
}

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = rule_draft)]
pub struct Draft {
    pub id: DraftId,
    pub rule_set: String,
    /// The revision it was begun from, or carried over to.
    pub base_content_id: ContentId,
    pub title: String,
    pub body: String,
    pub drafted_at: Instant,
    pub drafted_by: PersonId,
    pub changed_at: Instant,
    pub changed_by: PersonId,
    pub withdrawn_at: Option<Instant>,
    pub withdrawn_by: Option<PersonId>,
    pub published_at: Option<Instant>,
    pub published_by: Option<PersonId>,
    pub why: Option<String>,
    pub effective_on: Option<NaiveDate>,
    pub content_id: Option<ContentId>,
}

impl Draft {
    pub fn is_open(&self) -> bool {
        self.withdrawn_at.is_none() && self.published_at.is_none()
    }

    pub fn path(&self) -> String {
        format!("/rules/drafts/{}", self.id)
    }

    /// What a form sends back to say which edition it was made from.
    pub fn edition(&self) -> String {
        self.changed_at.utc().timestamp_micros().to_string()
    }

    /// Whether this person wrote on it.
    pub fn is_by(&self, person: PersonId) -> bool {
        self.drafted_by == person || self.changed_by == person
    }
}

/// How many drafts a list shows.
const MOST: i64 = 200;

/// All drafts, the newest first.
pub fn all(conn: &mut Conn) -> Result<Vec<Draft>> {
    Ok(rule_draft::table
        .order(rule_draft::id.desc())
        .limit(MOST)
        .select(Draft::as_select())
        .load(conn)?)
}

/// The drafts of one rule set, the newest first.
pub fn of_set(conn: &mut Conn, set: &str) -> Result<Vec<Draft>> {
    Ok(rule_draft::table
        .filter(rule_draft::rule_set.eq(set))
        .order(rule_draft::id.desc())
        .limit(MOST)
        .select(Draft::as_select())
        .load(conn)?)
}

pub fn find(conn: &mut Conn, id: DraftId) -> Result<Draft> {
    let found = rule_draft::table.find(id).select(Draft::as_select()).first(conn).optional()?;
    found.ok_or(Error::NotFound)
}

/// A draft to be changed: whoever else would change it waits until this transaction is over. One
/// that is published or withdrawn is refused.
fn take(conn: &mut Conn, id: DraftId) -> Result<Draft> {
    diesel::update(rule_draft::table.find(id))
        .set(rule_draft::title.eq(rule_draft::title))
        .execute(conn)?;
    let draft = find(conn, id)?;
    if !draft.is_open() {
        return Err(Error::Refused(text!(
            "这份草稿已经发布或撤回，不能再修改。请另起一份草稿。",
            "This draft was published or withdrawn and cannot be changed. Start another one."
        )));
    }
    Ok(draft)
}

/// The same, as long as nobody has saved since this edition.
fn take_edition(conn: &mut Conn, id: DraftId, edition: &str) -> Result<Draft> {
    let draft = take(conn, id)?;
    if draft.edition() != edition {
        return Err(Error::Refused(text!(
            "您打开之后，另有人保存过这份草稿。您的修改没有保存。请重新打开草稿，看过对方的修改后再改。",
            "Somebody has saved this draft since you opened it. Nothing of yours was saved: open the draft again, look at what they changed, and then make your change."
        )));
    }
    Ok(draft)
}

/// Begins a draft from what was last said about a rule set.
pub fn start(
    conn: &mut Conn,
    acting: &ForAll<RuleMaking>,
    set: &str,
    title: &str,
) -> Result<DraftId> {
    let found = begin(conn, set, title, str::to_owned, (acting.id, acting.now))?;
    let (id, base) = found.ok_or(Error::NotFound)?;
    let detail = json!({ "set": set, "title": title, "base": base });
    note(conn, acting, "draft-rules", id, &detail)?;
    Ok(id)
}

/// Begins a draft that carries over what the file of a rule set has changed since a version was
/// published here.
pub fn start_from_file(
    conn: &mut Conn,
    acting: &ForAll<RuleMaking>,
    set: &str,
    title: &str,
) -> Result<DraftId> {
    let words = content::words(conn)?;
    let offer = editions::offer(&words, set).ok_or_else(|| {
        Error::Refused(text!(
            "文件没有尚未并入的修改。",
            "The file has no change that was not carried over."
        ))
    })?;
    let body = offer.carried_over().map_err(|conflict| {
        let (line, number) = (conflict.line, offer.file.number);
        Error::Refused(text!(
            "文件和在线发布的版本都改了原文第 {line} 行附近，无法自动合并。请普通起草修订，对照第 {number} 次修订手工并入。",
            "The file and what was published here both changed what stands around line {line}, and it cannot be merged. Draft a change, and put in by hand what revision {number} shows."
        ))
    })?;
    let found = begin(conn, set, title, |_| body, (acting.id, acting.now))?;
    let (id, base) = found.ok_or(Error::NotFound)?;
    let detail = json!({ "set": set, "title": title, "base": base, "file": offer.file.number });
    note(conn, acting, "draft-rules", id, &detail)?;
    Ok(id)
}

/// Keeps a new draft with a change made to it; none when nothing was ever said about the rule set.
/// Returns the number of the revision it is a change of, too.
pub fn begin(
    conn: &mut Conn,
    set: &str,
    title: &str,
    change: impl FnOnce(&str) -> String,
    (by, at): (PersonId, Instant),
) -> Result<Option<(DraftId, i64)>, db::Error> {
    let words = content::words(conn)?;
    let Some(base) = editions::last(&words, set) else { return Ok(None) };
    let id: DraftId = diesel::insert_into(rule_draft::table)
        .values((
            rule_draft::rule_set.eq(set),
            rule_draft::base_content_id.eq(base.id),
            rule_draft::title.eq(title),
            rule_draft::body.eq(change(&base.text)),
            rule_draft::drafted_at.eq(at),
            rule_draft::drafted_by.eq(by),
            rule_draft::changed_at.eq(at),
            rule_draft::changed_by.eq(by),
        ))
        .returning(rule_draft::id)
        .get_result(conn)?;
    Ok(Some((id, base.number)))
}

fn note(
    conn: &mut Conn,
    acting: &ForAll<RuleMaking>,
    act: &str,
    id: DraftId,
    detail: &serde_json::Value,
) -> Result<()> {
    let subject = ("rule-draft", Some(id.0));
    Ok(audit::note(conn, Some(acting.id), act, subject, detail, acting.now)?)
}

/// What a draft says from now on, and from which revision it is seen as a change.
pub struct Saved<'a> {
    pub title: &'a str,
    pub body: &'a str,
    pub base: Option<ContentId>,
}

/// Keeps what somebody wrote over an edition they saw.
pub fn save(
    conn: &mut Conn,
    acting: &ForAll<RuleMaking>,
    id: DraftId,
    edition: &str,
    saved: &Saved<'_>,
) -> Result<()> {
    let draft = take_edition(conn, id, edition)?;
    // Two saves within one microsecond must not look like one edition.
    let at = acting.now.max(draft.changed_at.plus(chrono::Duration::microseconds(1)));
    diesel::update(rule_draft::table.find(id))
        .set((
            rule_draft::title.eq(saved.title),
            rule_draft::body.eq(saved.body),
            rule_draft::base_content_id.eq(saved.base.unwrap_or(draft.base_content_id)),
            rule_draft::changed_at.eq(at),
            rule_draft::changed_by.eq(acting.id),
        ))
        .execute(conn)?;
    note(conn, acting, "change-rule-draft", id, &json!({ "title": saved.title }))
}

pub fn withdraw(
    conn: &mut Conn,
    acting: &ForAll<RuleMaking>,
    id: DraftId,
    why: &str,
) -> Result<()> {
    take(conn, id)?;
    diesel::update(rule_draft::table.find(id))
        .set((
            rule_draft::withdrawn_at.eq(acting.now),
            rule_draft::withdrawn_by.eq(acting.id),
            rule_draft::why.eq(why),
        ))
        .execute(conn)?;
    note(conn, acting, "withdraw-rule-draft", id, &json!({ "why": why }))
}

/// A draft about to become a version.
pub struct Publication<'a> {
    pub edition: &'a str,
    pub body: &'a str,
    pub version: &'a str,
    pub effective_on: NaiveDate,
    pub why: &'a str,
    /// Whether nobody else looked at it.
    pub alone: bool,
    /// How much was said when the text was checked beside the other rule sets.
    pub seen: Extent,
}

/// Publishes a draft whose text was read and checked, as a new revision of its rule set.
pub fn publish(
    conn: &mut Conn,
    acting: &ForAll<RuleMaking>,
    id: DraftId,
    new: &Publication<'_>,
) -> Result<ContentId> {
    // Before anything is read: of two who publish at once, the second sees what the first did.
    content::hold(conn)?;
    let draft = take_edition(conn, id, new.edition)?;
    let words = content::words(conn)?;
    if editions::last(&words, &draft.rule_set).is_none_or(|word| word.id != draft.base_content_id) {
        return Err(Error::Refused(text!(
            "规则集在此期间有了新版本。请先打开草稿，合并或保留后再发布。",
            "The rule set has a newer version by now. Open the draft, carry your change over or keep it as it is, and publish then."
        )));
    }
    if content::extent(conn)? != new.seen {
        return Err(Error::Refused(text!(
            "就在此刻另有人发布了别的规则集。请返回再试一次，程序会按最新的规则重新检查。",
            "Somebody published another rule set at this very moment. Go back and try again: the text is then checked beside the newest rules."
        )));
    }
    let content = content::publish(conn, &draft.rule_set, new.body, new.effective_on, acting.now)?;
    diesel::update(rule_draft::table.find(id))
        .set((
            rule_draft::body.eq(new.body),
            rule_draft::published_at.eq(acting.now),
            rule_draft::published_by.eq(acting.id),
            rule_draft::why.eq(new.why),
            rule_draft::effective_on.eq(new.effective_on),
            rule_draft::content_id.eq(content),
        ))
        .execute(conn)?;
    let detail = json!({
        "set": draft.rule_set,
        "version": new.version,
        "effective_on": new.effective_on,
        "why": new.why,
        "alone": new.alone,
        "content": content,
    });
    note(conn, acting, "publish-rules", id, &detail)?;
    Ok(content)
}
