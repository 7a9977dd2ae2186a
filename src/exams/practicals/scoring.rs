//! An examiner at work: saving line by line, the station's clock, photos, signing.
//!
//! [`Assigned`] is the proof that somebody holds a place at an exam and may score it now; nothing
//! here can be called for another examiner's sheet, so nobody can see or touch it.

use sha2::{Digest, Sha256};

use super::{
    model::{Practical, PracticalId, Score, Seat},
    queries::{self, NewPhoto},
    release,
};
use crate::{
    access::{Acting, Examiner, audit},
    db::{Conn, Instant},
    i18n::{self, Lang, Text},
    mail::Letterhead,
    record::{Consequences, rubric::ScoreLine},
    text,
    web::{Error, Result},
};

/// Proof: the viewer examines this exam.
pub struct Assigned {
    pub exam: Practical,
    pub seat: Seat,
}

impl Assigned {
    /// Whoever has no place sees "not found", or "not allowed" where they may know of the exam.
    pub fn of(conn: &mut Conn, acting: &Acting<Examiner>, id: PracticalId) -> Result<Assigned> {
        let exam = queries::find(conn, id)?.ok_or(Error::NotFound)?;
        match queries::seat_of(conn, id, acting.id)? {
            Some(seat) => Ok(Assigned { exam, seat }),
            None => {
                acting.post(conn, exam.person)?;
                Err(Error::Forbidden)
            }
        }
    }

    /// The same, if they may score now.
    pub fn at_work(
        conn: &mut Conn,
        acting: &Acting<Examiner>,
        id: PracticalId,
    ) -> Result<Assigned> {
        let assigned = Assigned::of(conn, acting, id)?;
        match assigned.obstacle(acting) {
            Some(reason) => Err(Error::Refused(reason)),
            None => Ok(assigned),
        }
    }

    /// Why they may not score yet, or not any more.
    pub fn obstacle(&self, acting: &Acting<Examiner>) -> Option<Text> {
        let on = self.exam.held_on;
        if self.exam.cancelled_at.is_some() {
            return Some(text!("这场考核已取消。", "This exam was cancelled."));
        }
        if self.seat.waits_for_second() {
            return Some(text!(
                "这次指派属于例外，须另一位考评员或人事复核后才能评分。",
                "You were assigned by way of exception; another examiner or HR has to second it before you can score."
            ));
        }
        (on > acting.today).then(|| {
            let (zh, en) = (i18n::date(Lang::Zh, on), i18n::date(Lang::En, on));
            text!("考核在 {zh}，当天才能评分。", "The exam is on {en}; scoring opens on that day.")
        })
    }
}

/// A score as it arrives.
#[derive(Clone, Copy, Debug)]
pub struct Given<'a> {
    pub station: &'a str,
    pub line: &'a str,
    /// Hundredths of a point.
    pub points: i64,
    pub note: &'a str,
    pub edition: i64,
}

/// What became of a score.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Saved {
    Kept(Score),
    /// A newer one is kept already and stays.
    Stale(Score),
    /// The sheet is signed.
    Signed,
}

const MOST_NOTE: usize = 1000;
/// Editions count changes by hand; whatever is beyond this was made up.
const MOST_EDITIONS: i64 = 1_000_000;

/// Saves one line.
pub fn save(conn: &mut Conn, assigned: &Assigned, given: Given<'_>, now: Instant) -> Result<Saved> {
    if assigned.seat.submitted_at.is_some() {
        return Ok(Saved::Signed);
    }
    let line = assigned.exam.sheet.line(given.station, given.line).ok_or(Error::NotFound)?;
    let new = understood(&line, given, now).ok_or_else(|| {
        Error::Invalid(text!(
            "这不是有效的评分。请刷新页面后重新评分。",
            "This cannot be a score of this line. Reload the page and score it again."
        ))
    })?;
    let seat = assigned.seat.id;
    if queries::put_score(conn, seat, &new)? {
        return Ok(Saved::Kept(new));
    }
    // A repeat of what is kept is as good as kept; anything else has been overtaken.
    let kept = queries::score_at(conn, seat, given.station, given.line)?.ok_or(Error::NotFound)?;
    let repeated = (kept.points, &kept.note) == (new.points, &new.note);
    Ok(if repeated { Saved::Kept(kept) } else { Saved::Stale(kept) })
}

fn understood(line: &ScoreLine, given: Given<'_>, now: Instant) -> Option<Score> {
    let Given { station, points, edition, .. } = given;
    line.step(points)?;
    let note: String = given.note.trim().to_owned();
    let fits = note.chars().count() <= MOST_NOTE && (1..=MOST_EDITIONS).contains(&edition);
    fits.then(|| Score {
        station: station.to_owned(),
        line: line.code.clone(),
        points,
        vetoed: line.critical && points == 0,
        note,
        edition,
        saved_at: now,
    })
}

/// What is still open on a sheet before it can be signed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gaps {
    /// Lines without a score, by station.
    pub unscored: Vec<(Text, usize)>,
    /// Vetoes without a note.
    pub unexplained: Vec<Text>,
}

impl Gaps {
    pub fn is_empty(&self) -> bool {
        self.unscored.is_empty() && self.unexplained.is_empty()
    }
}

pub fn gaps(exam: &Practical, scores: &[Score]) -> Gaps {
    let mut gaps = Gaps::default();
    for station in exam.sheet.stations() {
        let mut open = 0;
        for line in station.lines() {
            let is = |one: &&Score| one.station == station.code && one.line == line.code;
            match scores.iter().find(is) {
                None => open += 1,
                Some(score) if score.vetoed && score.note.is_empty() => {
                    gaps.unexplained.push(line.title.clone());
                }
                Some(_) => {}
            }
        }
        if open > 0 {
            gaps.unscored.push((station.title.clone(), open));
        }
    }
    gaps
}

/// Signs the sheet: from now on it stays as it is. With the last signature it is settled.
pub fn sign(
    conn: &mut Conn,
    acting: &Acting<Examiner>,
    id: PracticalId,
    consequences: &Consequences,
    head: &Letterhead,
) -> Result<()> {
    // Whoever signs second at the same moment waits here, and sees the first signature.
    queries::hold(conn, id)?;
    let assigned = Assigned::at_work(conn, acting, id)?;
    if assigned.seat.submitted_at.is_some() {
        return Ok(());
    }
    let scores = queries::scores(conn, assigned.seat.id)?;
    let open = gaps(&assigned.exam, &scores);
    if !open.is_empty() {
        return Err(Error::Refused(unready(&open)));
    }
    queries::sign(conn, assigned.seat.id, acting.now)?;
    let detail = serde_json::json!({ "practical": id, "slot": assigned.seat.slot });
    let subject = ("practical", Some(id.0));
    audit::note(conn, Some(acting.id), "sign-scores", subject, detail, acting.now)?;
    release::settle(conn, &assigned.exam, consequences, head, acting)
}

fn unready(gaps: &Gaps) -> Text {
    let lines: usize = gaps.unscored.iter().map(|(_, open)| open).sum();
    if lines > 0 {
        let stations: Vec<Text> = gaps.unscored.iter().map(|(title, _)| title.clone()).collect();
        let Text { zh, en } = Text::list(&stations);
        let counted = i18n::count(lines, "line is", "lines are");
        return text!("还有 {lines} 项没有评分：{zh}。", "{counted} not scored yet: {en}.");
    }
    let Text { zh, en } = Text::list(&gaps.unexplained);
    text!(
        "否决项必须写明看到了什么：{zh}。",
        "Say what you saw at each failed critical step: {en}."
    )
}

/// Starts or stops the clock of a station, on the server's time.
pub fn clock(
    conn: &mut Conn,
    assigned: &Assigned,
    station: &str,
    start: bool,
    now: Instant,
) -> Result<()> {
    assigned.exam.sheet.station(station).ok_or(Error::NotFound)?;
    if assigned.seat.submitted_at.is_some() {
        return Ok(());
    }
    match start {
        true => Ok(queries::start_clock(conn, assigned.seat.id, station, now)?),
        false => Ok(queries::stop_clock(conn, assigned.seat.id, station, now)?),
    }
}

/// Bytes of one photo at most.
pub const MOST_BYTES: usize = 8 << 20;
const MOST_PHOTOS: usize = 60;

/// What kind of picture it is, by its bytes; nothing for anything else, whatever it is called.
pub fn media_type(bytes: &[u8]) -> Option<&'static str> {
    if bytes.starts_with(&[0xff, 0xd8, 0xff]) {
        return Some("image/jpeg");
    }
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        return Some("image/png");
    }
    (bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP")).then_some("image/webp")
}

/// A photo as it was uploaded.
#[derive(Clone, Debug, Default)]
pub struct Upload {
    pub form_key: String,
    pub station: String,
    pub line: String,
    pub name: String,
    pub bytes: Vec<u8>,
}

/// Keeps a photo with the line it is evidence for.
pub fn add_photo(
    conn: &mut Conn,
    acting: &Acting<Examiner>,
    id: PracticalId,
    upload: Upload,
) -> Result<()> {
    let assigned = Assigned::at_work(conn, acting, id)?;
    assigned.exam.sheet.line(&upload.station, &upload.line).ok_or(Error::NotFound)?;
    if assigned.seat.submitted_at.is_some() {
        return Err(Error::Refused(text!(
            "评分已签字，不能再加照片。",
            "The sheet is signed; no photo can be added any more."
        )));
    }
    let media_type = media_type(&upload.bytes).ok_or_else(|| {
        Error::Refused(text!(
            "请上传 JPEG、PNG 或 WebP 照片。",
            "Upload a JPEG, PNG or WebP photo."
        ))
    })?;
    let own = queries::photos(conn, id)?.into_iter().filter(|photo| photo.seat == assigned.seat.id);
    if own.count() >= MOST_PHOTOS {
        return Err(Error::Refused(text!(
            "一场考核最多 {MOST_PHOTOS} 张照片。",
            "At most {MOST_PHOTOS} photos for one exam."
        )));
    }
    let digest = Sha256::digest(&upload.bytes);
    let photo = NewPhoto {
        station: upload.station,
        line: upload.line,
        name: upload.name,
        media_type,
        digest: digest.iter().map(|byte| format!("{byte:02x}")).collect(),
        bytes: upload.bytes,
    };
    Ok(queries::add_photo(conn, assigned.seat.id, &photo, acting.stamp())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_told_by_its_bytes() {
        assert_eq!(media_type(&[0xff, 0xd8, 0xff, 0xe0, 0]), Some("image/jpeg"));
        assert_eq!(media_type(b"\x89PNG\r\n\x1a\nxx"), Some("image/png"));
        assert_eq!(media_type(b"RIFF1234WEBPVP8 "), Some("image/webp"));
        for other in [&b"<svg onload=alert(1)>"[..], b"GIF89a", b"RIFF1234WAVE", b""] {
            assert_eq!(media_type(other), None);
        }
    }
}
