//! course-content: the files that say what is taught and by which rules, and their versions.
//!
//! The folder is compiled in, so the program needs nothing beside it; a setting names another
//! folder to read instead. Whatever was ever loaded stays in the database with its revision: a
//! decision made under it can be looked up years later. What the files mean is known to the
//! modules above (rule sets to the record, courses to courses, banks to exams).

use std::{collections::BTreeMap, path::Path};

use chrono::NaiveDate;
use diesel::prelude::*;
use sha2::{Digest, Sha256};

use crate::db::{
    Conn, Error, Instant,
    schema::{content, content_file},
};

crate::id! {
    /// One revision of one file (or folder, for a course) of course-content.
    ContentId
}

crate::words! {
    /// What a piece of content is.
    ContentKind {
        RuleSet = "rule-set",
        Course = "course",
        QuestionBank = "question-bank",
    }
}

crate::words! {
    /// Where a revision comes from. Only rule sets are published here.
    Origin {
        File = "file",
        Published = "published",
    }
}

#[derive(rust_embed::RustEmbed)]
#[folder = "course-content"]
struct BuiltIn;

/// A piece of content as it lies in the folder: its texts by path, and its pictures.
#[derive(Clone, Debug)]
pub struct Piece {
    pub kind: ContentKind,
    /// The name of its file or folder.
    pub code: String,
    pub texts: BTreeMap<String, String>,
    pub media: BTreeMap<String, Vec<u8>>,
}

impl Piece {
    /// The one text of a piece that is a single file.
    pub fn only_text(&self) -> &str {
        self.texts.values().next().map_or("", String::as_str)
    }

    fn digest(&self) -> String {
        let mut hasher = Sha256::new();
        for (path, text) in &self.texts {
            hasher.update(path);
            hasher.update([0]);
            hasher.update(text);
            hasher.update([0]);
        }
        for (path, bytes) in &self.media {
            hasher.update(path);
            hasher.update([0]);
            hasher.update(bytes);
        }
        hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Reads all of course-content: the folder given, or the one compiled in.
pub fn read(folder: Option<&Path>) -> Result<Vec<Piece>, String> {
    let files = match folder {
        Some(folder) => files_of(folder)?,
        None => BuiltIn::iter()
            .filter_map(|path| Some((path.to_string(), BuiltIn::get(&path)?.data.into_owned())))
            .collect(),
    };
    sort_into_pieces(files)
}

/// The text of one file at the top of course-content: of the folder given, or where that has none,
/// the one compiled in.
pub fn file_at_top(folder: Option<&Path>, name: &str) -> Result<String, String> {
    if let Some(path) = folder.map(|folder| folder.join(name)).filter(|path| path.exists()) {
        return std::fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()));
    }
    let bytes = BuiltIn::get(name).map(|file| file.data.into_owned()).unwrap_or_default();
    String::from_utf8(bytes).map_err(|_| format!("{name}: not UTF-8"))
}

fn files_of(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>, String> {
    let mut files = BTreeMap::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(next) = open.pop() {
        let entries = std::fs::read_dir(&next).map_err(|e| format!("{}: {e}", next.display()))?;
        for entry in entries {
            let path = entry.map_err(|e| format!("{}: {e}", next.display()))?.path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let bytes = std::fs::read(&path).map_err(|e| format!("{}: {e}", path.display()))?;
            let relative = path.strip_prefix(folder).unwrap_or(&path);
            files.insert(relative.to_string_lossy().replace('\\', "/"), bytes);
        }
    }
    Ok(files)
}

fn sort_into_pieces(files: BTreeMap<String, Vec<u8>>) -> Result<Vec<Piece>, String> {
    let mut pieces: BTreeMap<(ContentKind, String), Piece> = BTreeMap::new();
    for (path, bytes) in files {
        let Some((kind, code, inner)) = place(&path) else { continue };
        let piece = pieces.entry((kind, code.clone())).or_insert_with(|| Piece {
            kind,
            code,
            texts: BTreeMap::new(),
            media: BTreeMap::new(),
        });
        if inner.ends_with(".toml") || inner.ends_with(".md") {
            let text = String::from_utf8(bytes).map_err(|_| format!("{path}: not UTF-8"))?;
            piece.texts.insert(inner, text);
        } else {
            piece.media.insert(inner, bytes);
        }
    }
    Ok(pieces.into_values().collect())
}

/// Which piece a file belongs to, and its path inside it.
fn place(path: &str) -> Option<(ContentKind, String, String)> {
    let (folder, rest) = path.split_once('/')?;
    let single = |kind| {
        let code = rest.strip_suffix(".toml").filter(|code| !code.contains('/'))?;
        Some((kind, code.to_owned(), rest.to_owned()))
    };
    match folder {
        "programmes" => single(ContentKind::RuleSet),
        "question-banks" => single(ContentKind::QuestionBank),
        "courses" => {
            let (code, inner) = rest.split_once('/')?;
            Some((ContentKind::Course, code.to_owned(), inner.to_owned()))
        }
        _ => None,
    }
}

/// Keeps a piece as the newest revision of its code; the same content again stays one revision.
///
/// What was published here meanwhile does not make an unchanged file new: the file is compared
/// with what the file said last.
pub fn keep(conn: &mut Conn, piece: &Piece, now: Instant) -> Result<ContentId, Error> {
    if let Some(id) = said_already(conn, piece)? {
        return Ok(id);
    }
    hold(conn)?;
    // Another server that started at the same time may have kept it meanwhile.
    if let Some(id) = said_already(conn, piece)? {
        return Ok(id);
    }
    let id = add(conn, piece, (Origin::File, None), now)?;
    for (path, bytes) in &piece.media {
        diesel::insert_into(content_file::table)
            .values((
                content_file::content_id.eq(id),
                content_file::path.eq(path),
                content_file::media_type
                    .eq(mime_guess::from_path(path).first_or_octet_stream().to_string()),
                content_file::bytes.eq(bytes),
            ))
            .execute(conn)?;
    }
    Ok(id)
}

/// The revision in which the file of this piece said last what it says now.
fn said_already(conn: &mut Conn, piece: &Piece) -> Result<Option<ContentId>, Error> {
    let said_last: Option<(ContentId, String)> = content::table
        .filter(content::kind.eq(piece.kind).and(content::code.eq(&piece.code)))
        .filter(content::origin.eq(Origin::File))
        .order(content::revision.desc())
        .select((content::id, content::digest))
        .first(conn)
        .optional()?;
    let digest = piece.digest();
    Ok(said_last.filter(|(_, kept)| *kept == digest).map(|(id, _)| id))
}

/// Lets nobody else add a revision until this transaction is over: the first row stands for the
/// whole table. So whoever compares with what was said last compares with what stays the last, and
/// revisions become visible in the order of their ids.
pub fn hold(conn: &mut Conn) -> Result<(), Error> {
    let first: Option<ContentId> =
        content::table.select(diesel::dsl::min(content::id)).first(conn)?;
    if let Some(first) = first {
        diesel::update(content::table.find(first))
            .set(content::kind.eq(content::kind))
            .execute(conn)?;
    }
    Ok(())
}

fn add(
    conn: &mut Conn,
    piece: &Piece,
    (origin, effective_on): (Origin, Option<NaiveDate>),
    now: Instant,
) -> Result<ContentId, Error> {
    let newest: Option<i64> = content::table
        .filter(content::kind.eq(piece.kind).and(content::code.eq(&piece.code)))
        .select(diesel::dsl::max(content::revision))
        .first(conn)?;
    let body = serde_json::to_string(&piece.texts).unwrap_or_default();
    Ok(diesel::insert_into(content::table)
        .values((
            content::kind.eq(piece.kind),
            content::code.eq(&piece.code),
            content::revision.eq(newest.unwrap_or_default() + 1),
            content::digest.eq(piece.digest()),
            content::body.eq(body),
            content::loaded_at.eq(now),
            content::origin.eq(origin),
            content::effective_on.eq(effective_on),
        ))
        .returning(content::id)
        .get_result(conn)?)
}

/// Keeps a rule set that was published here, to be in force from a day on.
pub fn publish(
    conn: &mut Conn,
    code: &str,
    text: &str,
    effective_on: NaiveDate,
    now: Instant,
) -> Result<ContentId, Error> {
    let piece = Piece {
        kind: ContentKind::RuleSet,
        code: code.to_owned(),
        texts: BTreeMap::from([(format!("{code}.toml"), text.to_owned())]),
        media: BTreeMap::new(),
    };
    add(conn, &piece, (Origin::Published, Some(effective_on)), now)
}

/// What was said about a rule set, by its file or by somebody who published it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    pub id: ContentId,
    pub code: String,
    pub number: i64,
    pub origin: Origin,
    pub effective_on: Option<NaiveDate>,
    pub said_at: Instant,
    pub text: String,
}

type WordRow = (ContentId, String, i64, Origin, Option<NaiveDate>, Instant, String);

/// Everything that was ever said about rule sets, in that order.
pub fn words(conn: &mut Conn) -> Result<Vec<Word>, Error> {
    let rows: Vec<WordRow> = content::table
        .filter(content::kind.eq(ContentKind::RuleSet))
        .order(content::id)
        .select((
            content::id,
            content::code,
            content::revision,
            content::origin,
            content::effective_on,
            content::loaded_at,
            content::body,
        ))
        .load(conn)?;
    let word = |(id, code, number, origin, effective_on, said_at, body): WordRow| {
        let texts: BTreeMap<String, String> = serde_json::from_str(&body).unwrap_or_default();
        let text = texts.into_values().next().unwrap_or_default();
        Word { id, code, number, origin, effective_on, said_at, text }
    };
    Ok(rows.into_iter().map(word).collect())
}

/// How much was said about rule sets: whoever has loaded as much has loaded everything. The number
/// tells what its newest alone would not: one that was added earlier and came to light later.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Extent {
    pub newest: Option<ContentId>,
    pub count: i64,
}

pub fn extent(conn: &mut Conn) -> Result<Extent, Error> {
    let of_rules = content::table.filter(content::kind.eq(ContentKind::RuleSet));
    let newest = of_rules.select(diesel::dsl::max(content::id)).first(conn)?;
    let count = of_rules.count().get_result(conn)?;
    Ok(Extent { newest, count })
}

/// A revision that was loaded at some time.
#[derive(Clone, Debug)]
pub struct Revision {
    pub kind: ContentKind,
    pub code: String,
    pub number: i64,
    pub texts: BTreeMap<String, String>,
}

/// What a revision said, whatever has been loaded since.
pub fn revision(conn: &mut Conn, id: ContentId) -> Result<Option<Revision>, Error> {
    let row: Option<(ContentKind, String, i64, String)> = content::table
        .find(id)
        .select((content::kind, content::code, content::revision, content::body))
        .first(conn)
        .optional()?;
    Ok(row.map(|(kind, code, number, body)| {
        let texts = serde_json::from_str(&body).unwrap_or_default();
        Revision { kind, code, number, texts }
    }))
}

/// A picture of a piece: media type and bytes.
pub fn file(
    conn: &mut Conn,
    id: ContentId,
    path: &str,
) -> Result<Option<(String, Vec<u8>)>, Error> {
    Ok(content_file::table
        .filter(content_file::content_id.eq(id).and(content_file::path.eq(path)))
        .select((content_file::media_type, content_file::bytes))
        .first(conn)
        .optional()?)
}

/// Which revision of a piece something was judged by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    pub id: ContentId,
    pub code: String,
    pub number: i64,
    /// The SHA-256 of what it says, in hex.
    pub digest: String,
    pub loaded_at: Instant,
}

/// One revision, by its id.
pub fn kept(conn: &mut Conn, id: ContentId) -> Result<Option<Kept>, Error> {
    let row: Option<(String, i64, String, Instant)> = content::table
        .find(id)
        .select((content::code, content::revision, content::digest, content::loaded_at))
        .first(conn)
        .optional()?;
    Ok(row.map(|(code, number, digest, loaded_at)| Kept { id, code, number, digest, loaded_at }))
}
