//! The sites of a file: a tree that must stay one.

use std::collections::{BTreeMap, HashMap};

use super::{
    Import, Result, Writing,
    cells::{self, Col},
    queries::{self, Entity, SiteBefore},
    report::{Change, Line, Report, Sample, each_line},
};
use crate::{
    db::Conn,
    i18n::Text,
    staff::{
        self, Site, SiteId, SiteKind,
        queries::Scope,
        transfers::{self, NewSite},
    },
    text,
};

pub(super) const COLUMNS: [Col; 6] =
    [Col::Code, Col::Name, Col::NameEn, Col::Parent, Col::Kind, Col::TimeZone];

pub(super) const EXAMPLE: &str = "pudong,浦东店,Pudong,east,site,Asia/Shanghai";

/// Sites in one file at most: they are the one thing that is held as a whole.
const MOST: usize = 50_000;

/// A site as the file wants it.
#[derive(Clone, Debug)]
struct Wanted {
    line: u64,
    code: String,
    name: String,
    name_en: Option<String>,
    parent: Option<String>,
    kind: SiteKind,
    time_zone: String,
}

pub(super) fn run(
    import: &Import<'_>,
    conn: &mut Conn,
    writing: Option<Writing>,
    report: &mut Report,
) -> Result<()> {
    let known = staff::queries::sites(conn, &Scope::everyone())?;
    let known: BTreeMap<String, Site> =
        known.into_iter().map(|site| (site.code.clone(), site)).collect();
    let mut wanted: Vec<Wanted> = Vec::new();
    let mut lines: HashMap<String, u64> = HashMap::new();
    each_line(import.table, report, &mut |line, report| {
        let site = read(line, &known, report);
        if let Some(before) = lines.insert(site.code.clone(), line.number) {
            report.mistake(
                line.number,
                Some(Col::Code),
                text!(
                    "编码与第 {before} 行重复，请只留一行。",
                    "The code is the same as in line {before}; keep one of them."
                ),
            );
        }
        if wanted.len() < MOST {
            wanted.push(site);
        } else {
            report.mistake(
                line.number,
                None,
                text!(
                    "一个文件最多 {MOST} 个门店，请拆分。",
                    "At most {MOST} sites in one file; split it."
                ),
            );
        }
        Ok(())
    })?;
    check(import.scope, &known, &wanted, &lines, report);
    let mut ids: HashMap<String, SiteId> =
        known.iter().map(|(code, site)| (code.clone(), site.id)).collect();
    for site in parents_first(&wanted) {
        compare(conn, site, &known, &mut ids, writing, report)?;
    }
    Ok(())
}

fn read(line: &Line<'_>, known: &BTreeMap<String, Site>, report: &mut Report) -> Wanted {
    let code = line.required(Col::Code, report).to_owned();
    let name = line.required(Col::Name, report).to_owned();
    let before = known.get(&code);
    let parent_before = before.and_then(|site| site.parent_id);
    let parent_before = known.values().find(|site| Some(site.id) == parent_before);
    let parent = line.get(Col::Parent).map(str::to_owned);
    let parent = parent.or_else(|| parent_before.map(|site| site.code.clone()));
    let kind = line.get(Col::Kind).map(|cell| {
        cells::site_kind(cell).unwrap_or_else(|| {
            report.mistake(line.number, Some(Col::Kind), text!(
                "不认识类型“{cell}”。可用：group、region、dealer、site、team（集团、区域、经销商、门店、班组）。",
                "“{cell}” is no kind of site. Use group, region, dealer, site or team."
            ));
            SiteKind::Site
        })
    });
    let usual = if parent.is_some() { SiteKind::Site } else { SiteKind::Group };
    let time_zone = line.get(Col::TimeZone).unwrap_or_default();
    if !time_zone.is_empty() && time_zone.parse::<chrono_tz::Tz>().is_err() {
        report.mistake(
            line.number,
            Some(Col::TimeZone),
            text!(
                "不认识时区“{time_zone}”，请写成 Asia/Shanghai 这样的名称。",
                "“{time_zone}” is no time zone; write a name such as Asia/Shanghai."
            ),
        );
    }
    let zone_before = before.or_else(|| known.get(parent.as_deref()?));
    Wanted {
        line: line.number,
        name,
        name_en: line
            .get(Col::NameEn)
            .map(str::to_owned)
            .or_else(|| before.and_then(|site| site.name_en.clone())),
        kind: kind.or(before.map(|site| site.kind)).unwrap_or(usual),
        time_zone: match time_zone {
            "" => zone_before.map_or("Asia/Shanghai", |site| &site.time_zone).to_owned(),
            zone => zone.to_owned(),
        },
        parent,
        code,
    }
}

/// Parents exist, are in reach, and nobody stands above themselves.
fn check(
    scope: &Scope,
    known: &BTreeMap<String, Site>,
    wanted: &[Wanted],
    lines: &HashMap<String, u64>,
    report: &mut Report,
) {
    let ids: HashMap<SiteId, &str> =
        known.values().map(|site| (site.id, site.code.as_str())).collect();
    let mut above: HashMap<&str, Option<&str>> = known
        .values()
        .map(|site| (site.code.as_str(), site.parent_id.and_then(|id| ids.get(&id).copied())))
        .collect();
    above.extend(wanted.iter().map(|site| (site.code.as_str(), site.parent.as_deref())));
    for site in wanted {
        let mut mistake = |text: Text| report.mistake(site.line, Some(Col::Parent), text);
        if let Some(parent) = site.parent.as_deref().filter(|parent| !above.contains_key(parent)) {
            mistake(text!(
                "没有编码为“{parent}”的上级。请先添加它，或把它写进同一个文件。",
                "There is no site {parent}. Add it first, or put it into the same file."
            ));
        }
        if circles(&site.code, &above) {
            let code = &site.code;
            mistake(text!(
                "“{code}”成了自己的上级，请改正上级。",
                "{code} would stand above itself; correct the parent."
            ));
        }
        if !in_reach(site, scope, known, lines) {
            mistake(text!("这个门店不在您的管理范围内。", "This site is not within your reach."));
        }
    }
}

fn circles(code: &str, above: &HashMap<&str, Option<&str>>) -> bool {
    let mut at = above.get(code).copied().flatten();
    for _ in 0..above.len() {
        match at {
            None => return false,
            Some(parent) if parent == code => return true,
            Some(parent) => at = above.get(parent).copied().flatten(),
        }
    }
    // A circle further up is told at the lines that make it.
    false
}

fn in_reach(
    site: &Wanted,
    scope: &Scope,
    known: &BTreeMap<String, Site>,
    lines: &HashMap<String, u64>,
) -> bool {
    let all = scope == &Scope::everyone() || known.values().all(|site| scope.covers_site(site));
    let covers = |code: &str| match known.get(code) {
        Some(site) => scope.covers_site(site),
        None => lines.contains_key(code),
    };
    all || (known.get(&site.code).is_none_or(|site| scope.covers_site(site))
        && site.parent.as_deref().is_some_and(covers))
}

/// So that a parent has its id before its children need it.
fn parents_first(wanted: &[Wanted]) -> Vec<&Wanted> {
    let by_code: HashMap<&str, &Wanted> =
        wanted.iter().map(|site| (site.code.as_str(), site)).collect();
    let depth = |site: &Wanted| {
        let mut at = site.parent.as_deref().and_then(|parent| by_code.get(parent));
        let mut depth = 0;
        while let Some(parent) = at.filter(|_| depth <= wanted.len()) {
            depth += 1;
            at = parent.parent.as_deref().and_then(|parent| by_code.get(parent));
        }
        depth
    };
    let mut sorted: Vec<&Wanted> = wanted.iter().collect();
    sorted.sort_by_cached_key(|site| (depth(site), site.line));
    sorted
}

fn compare(
    conn: &mut Conn,
    site: &Wanted,
    known: &BTreeMap<String, Site>,
    ids: &mut HashMap<String, SiteId>,
    writing: Option<Writing>,
    report: &mut Report,
) -> Result<()> {
    let new = NewSite {
        code: &site.code,
        name: &site.name,
        name_en: site.name_en.as_deref(),
        kind: site.kind,
        time_zone: &site.time_zone,
        parent: site.parent.as_ref().and_then(|parent| ids.get(parent).copied()),
    };
    let sample = |changes| Sample {
        line: site.line,
        subject: format!("{} {}", site.code, site.name),
        changes,
        facts: Vec::new(),
    };
    let Some(before) = known.get(&site.code) else {
        report.add(|| sample(Vec::new()));
        if let Some(Writing { run, stamp }) = writing {
            let id = transfers::add_site(conn, &new, stamp)?;
            ids.insert(site.code.clone(), id);
            queries::add_change::<SiteBefore>(conn, run, site.line, (Entity::Site, id.0), None)?;
        }
        return Ok(());
    };
    let changes = differences(site, before, known);
    if changes.is_empty() {
        report.unchanged += 1;
        return Ok(());
    }
    report.change(|| sample(changes));
    if let Some(Writing { run, .. }) = writing {
        let was = SiteBefore::of(before);
        queries::add_change(conn, run, site.line, (Entity::Site, before.id.0), Some(&was))?;
        transfers::update_site(conn, before.id, &new)?;
    }
    Ok(())
}

fn differences(site: &Wanted, before: &Site, known: &BTreeMap<String, Site>) -> Vec<Change> {
    let parent = known.values().find(|known| Some(known.id) == before.parent_id);
    let parent = parent.map_or("", |site| &site.code);
    let pairs = [
        (Col::Name, before.name.as_str(), site.name.as_str()),
        (
            Col::NameEn,
            before.name_en.as_deref().unwrap_or_default(),
            site.name_en.as_deref().unwrap_or_default(),
        ),
        (Col::Parent, parent, site.parent.as_deref().unwrap_or_default()),
        (Col::Kind, before.kind.word(), site.kind.word()),
        (Col::TimeZone, &before.time_zone, &site.time_zone),
    ];
    super::report::changes(&pairs)
}
