//! The promotion board: what waits for a decision, and who could take a step when.

use std::collections::HashMap;

use maud::{Markup, html};
use serde::Deserialize;

use super::{
    acts::step_title,
    model::{CandidacyId, Waiting},
    pages::{query, state_badge},
    queries,
    rules::{self, Board, Standing, Step},
};
use crate::{
    access::{Acting, Hr, Manager, Promoting, Role},
    db::Conn,
    i18n::{self, Lang, Text},
    record::{PersonId, Rules, verdict},
    staff::{self, Site},
    t,
    web::{
        Error, Result,
        components::{Tone, badge, card, card_with, empty, figure, heading, icon, pager, table},
        forms::Field,
    },
};

crate::words! {
    /// The three lists of the board.
    List {
        Eligible = "eligible",
        Soon = "soon",
        Blocked = "blocked",
    }
}

/// What the address asks for.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Asked {
    path: Option<String>,
    site: Option<String>,
    list: Option<List>,
    page: Option<usize>,
}

const PAGE: usize = 50;

/// Everything the board shows.
pub struct BoardView<'a> {
    steps: Vec<Step<'a>>,
    step: Option<Step<'a>>,
    sites: Vec<Site>,
    site: String,
    list: List,
    page: usize,
    board: Board,
    waiting: Vec<Waiting>,
    open: HashMap<PersonId, CandidacyId>,
}

impl<'a> BoardView<'a> {
    pub fn load(
        conn: &mut Conn,
        rules: &'a Rules,
        acting: &Acting<Promoting>,
        asked: &Asked,
    ) -> Result<BoardView<'a>> {
        let steps = rules::steps_in_force(rules, acting.today);
        let step = match asked.path.as_deref().filter(|code| !code.is_empty()) {
            None => steps.first().copied(),
            Some(code) => {
                let (set, path) = rules.path(code).ok_or(Error::NotFound)?;
                Some(Step { set, path })
            }
        };
        let sites = staff::queries::sites(conn, acting.reach())?;
        let site = asked.site.clone().unwrap_or_default();
        let below = sites.iter().find(|one| one.code == site).map(|one| one.lineage.clone());
        if below.is_none() && !site.is_empty() {
            return Err(Error::NotFound);
        }
        let (board, open) = match step {
            None => (Board::default(), HashMap::new()),
            Some(step) => (
                queries::board(conn, rules, step.path, acting.reach(), below, acting.today)?,
                queries::open_for(conn, &step.code())?,
            ),
        };
        Ok(BoardView {
            steps,
            step,
            sites,
            site,
            list: asked.list.unwrap_or(List::Eligible),
            page: asked.page.unwrap_or(1).max(1),
            board,
            waiting: waiting_for(conn, acting)?,
            open,
        })
    }

    fn shown(&self) -> &[Standing] {
        match self.list {
            List::Eligible => &self.board.eligible,
            List::Soon => &self.board.soon,
            List::Blocked => &self.board.blocked,
        }
    }

    fn code(&self) -> String {
        self.step.map(|step| step.code()).unwrap_or_default()
    }
}

/// What waits for this viewer, as HR reviewer and as manager; nothing twice.
fn waiting_for(conn: &mut Conn, acting: &Acting<Promoting>) -> Result<Vec<Waiting>> {
    let mut waiting = Vec::new();
    if let Ok(hr) = Acting::<Hr>::of((**acting).clone()) {
        waiting = queries::waiting_for_hr(conn, hr.reach(), hr.id, hr.today)?;
    }
    if let Ok(manager) = Acting::<Manager>::of((**acting).clone()) {
        let more = queries::waiting_for_manager(conn, manager.reach(), manager.id, manager.today)?;
        for one in more {
            let id = one.story.candidacy.id;
            if !waiting.iter().any(|known: &Waiting| known.story.candidacy.id == id) {
                waiting.push(one);
            }
        }
    }
    Ok(waiting)
}

pub fn page(acting: &Acting<Promoting>, rules: &Rules, view: &BoardView<'_>) -> Markup {
    let lang = acting.lang();
    let title = t!(lang, "晋升", "Promotion");
    let export = query(&[("path", &view.code()), ("site", &view.site), ("list", view.list.word())]);
    acting.page(
        &title,
        &[],
        html! {
            (heading(&title, t!(lang, "谁可以走下一步，谁还差什么。", "Who can take the next step, and what others still need."), html! {
                a.btn href="/promotion/appointments" { (icon("id-badge-2")) (t!(lang, "聘任", "Appointments")) }
                @if acting.holds(Role::Hr) { a.btn href="/promotion/competitions" { (icon("award")) (t!(lang, "竞赛晋级", "Competitions")) } }
                a.btn href=(format!("/promotion/export?{export}")) { (icon("download")) (t!(lang, "导出", "Export")) }
            }))
            (waiting(lang, rules, acting, &view.waiting))
            (filter(lang, view))
            @if view.step.is_some() {
                (figures(lang, view))
                (listed(lang, rules, acting, view))
            } @else {
                (card("", empty("ladder", &t!(lang, "没有晋升路径", "No promotion paths"), t!(lang, "请在规则文件中定义路径。", "Define paths in a rule set."))))
            }
        },
    )
}

fn waiting(lang: Lang, rules: &Rules, acting: &Acting<Promoting>, waiting: &[Waiting]) -> Markup {
    let headers = [
        t!(lang, "人员", "Person"),
        t!(lang, "申报", "Application"),
        t!(lang, "门店", "Site"),
        t!(lang, "日期", "Date"),
        t!(lang, "状态", "State"),
    ];
    let rows = waiting.iter().take(PAGE).map(|one| {
        let candidacy = &one.story.candidacy;
        let href = format!("/candidacies/{}", candidacy.id);
        vec![
            html! { a href=(href) { (one.post.person.title(lang)) } div.text-secondary.small { (one.post.person.staff_no) } },
            html! { (step_title(rules, &candidacy.path).get(lang)) },
            html! { (one.post.site.title(lang)) },
            html! { (i18n::instant(lang, candidacy.applied_at.utc(), acting.zone)) },
            state_badge(lang, &one.story),
        ]
    });
    let count = waiting.len();
    html! {
        section #waiting {
            (card_with(&t!(lang, "等您处理（{count}）", "Waiting for you ({count})"), html! {}, html! {
                @if waiting.is_empty() {
                    (empty("circle-check", &t!(lang, "没有待办", "Nothing waits"), t!(lang, "新的申报会出现在这里。", "New applications appear here.")))
                } @else {
                    (table(&headers, rows))
                    @if count > PAGE { div.card-footer.text-secondary { (t!(lang, "先列出 {PAGE} 份。", "The first {PAGE} are shown.")) } }
                }
            }))
        }
    }
}

fn filter(lang: Lang, view: &BoardView<'_>) -> Markup {
    let none = Default::default();
    let code = view.code();
    let steps = view.steps.iter().map(|step| {
        let label = format!("{} · {}", step.path.title.get(lang), step.set.title.get(lang));
        (step.code(), label)
    });
    let everywhere = (String::new(), t!(lang, "全部", "All"));
    let sites = view.sites.iter().map(|site| {
        (site.code.clone(), format!("{}{}", "　".repeat(site.depth()), site.title(lang)))
    });
    card(
        "",
        html! {
            form.row.g-2.align-items-end method="get" action="/promotion" {
                div."col-md-6" { (Field::new("path", t!(lang, "晋升路径", "Promotion path"), &code).select(lang, &none, steps)) }
                div."col-md-4" { (Field::new("site", t!(lang, "门店", "Site"), &view.site).select(lang, &none, std::iter::once(everywhere).chain(sites))) }
                div."col-md-2".mb-3 {
                    input type="hidden" name="list" value=(view.list.word());
                    button.btn.btn-primary type="submit" { (icon("filter")) (t!(lang, "查看", "Show")) }
                }
            }
        },
    )
}

fn list_title(list: List) -> Text {
    match list {
        List::Eligible => crate::text!("现在符合条件", "Eligible now"),
        List::Soon => crate::text!("90 天内符合条件", "Eligible within 90 days"),
        List::Blocked => crate::text!("还有条件未满足", "Something is missing"),
    }
}

fn figures(lang: Lang, view: &BoardView<'_>) -> Markup {
    let Board { eligible, soon, blocked } = &view.board;
    let lists = [
        (List::Eligible, eligible.len(), Tone::Good),
        (List::Soon, soon.len(), Tone::Info),
        (List::Blocked, blocked.len(), Tone::Neutral),
    ];
    html! {
        div.row.g-2.mb-3 {
            @for (list, count, tone) in lists {
                @let pairs = [("path", view.code()), ("site", view.site.clone()), ("list", list.word().to_owned())];
                @let pairs = pairs.each_ref().map(|(name, value)| (*name, value.as_str()));
                (figure(&format!("/promotion?{}", query(&pairs)), list_title(list).get(lang), count, tone))
            }
        }
    }
}

fn headers(lang: Lang) -> [String; 6] {
    [
        t!(lang, "人员", "Person"),
        t!(lang, "门店", "Site"),
        t!(lang, "岗位", "Position"),
        t!(lang, "现等级", "Present grade"),
        t!(lang, "最早日期", "Earliest day"),
        t!(lang, "还差什么", "What is missing"),
    ]
}

/// The grade from which this step is taken.
fn grade_of(rules: &Rules, step: Step<'_>, standing: &Standing, on: chrono::NaiveDate) -> Text {
    let context = rules.context();
    let held = rules::current_grades(&standing.facts, context, on);
    let ladders = [Some(&step.path.ladder), step.path.from_ladder.as_ref()];
    let grade = held.iter().find(|grade| ladders.contains(&Some(&grade.ladder)));
    grade.map_or_else(|| Text::same("—"), |grade| context.level_name(&grade.ladder, &grade.level))
}

fn missing(rules: &Rules, step: Step<'_>, one: &Standing, on: chrono::NaiveDate) -> Vec<Text> {
    if one.earliest == Some(on) {
        return Vec::new();
    }
    let line = verdict::judge(&step.path.requires, rules.context(), &one.facts, on);
    rules::blocked_by(&step.path.requires, &line)
}

fn listed(lang: Lang, rules: &Rules, acting: &Acting<Promoting>, view: &BoardView<'_>) -> Markup {
    let Some(step) = view.step else { return html! {} };
    let shown = view.shown();
    let rows = shown
        .iter()
        .skip((view.page - 1) * PAGE)
        .take(PAGE)
        .map(|one| row(lang, rules, acting, view, step, one));
    let code = view.code();
    let pairs = [("path", code.as_str()), ("site", &view.site), ("list", view.list.word())];
    html! {
        section #list {
            (card_with(list_title(view.list).get(lang), html! {}, html! {
                @if shown.is_empty() {
                    (empty("users", &t!(lang, "没有人", "Nobody"), t!(lang, "换一条路径、一个门店，或看看其他两个列表。", "Try another path or site, or one of the other two lists.")))
                } @else {
                    (table(&headers(lang), rows))
                    (pager(lang, view.page, shown.len() > view.page * PAGE, &pairs))
                }
            }))
        }
    }
}

fn row(
    lang: Lang,
    rules: &Rules,
    acting: &Acting<Promoting>,
    view: &BoardView<'_>,
    step: Step<'_>,
    one: &Standing,
) -> Vec<Markup> {
    let (person, today) = (&one.post.person, acting.today);
    let missing = missing(rules, step, one, today);
    let id = person.id.to_string();
    let nominate = query(&[("path", &step.code()), ("person", &id)]);
    let may_nominate = acting.holds(Role::Hr) && person.id != acting.id;
    vec![
        html! { a href=(format!("/people/{id}/path")) { (person.title(lang)) } div.text-secondary.small { (person.staff_no) } },
        html! { (one.post.site.title(lang)) },
        html! { (rules.position_title(&one.post.assignment.position).get(lang)) },
        html! { (grade_of(rules, step, one, today).get(lang)) },
        html! { @match one.earliest { Some(day) => (i18n::date(lang, day)), None => "—" } },
        html! {
            @if let Some(open) = view.open.get(&person.id) {
                a href=(format!("/candidacies/{open}")) { (badge(Tone::Info, t!(lang, "申报进行中", "Application open"))) }
            } @else if missing.is_empty() {
                (badge(Tone::Good, t!(lang, "条件已满足", "Conditions met")))
                @if may_nominate { " " a.btn.btn-sm href=(format!("/promotion/nominate?{nominate}")) { (t!(lang, "提名", "Nominate")) } }
            } @else {
                ul.list-unstyled.mb-0.small { @for piece in missing.iter().take(3) { li { (piece.get(lang)) } } }
                @if missing.len() > 3 { span.text-secondary.small { (t!(lang, "等共 {} 项", "and more, {} in all", missing.len())) } }
            }
        },
    ]
}

/// The chosen list as a file for a spreadsheet.
pub fn file(acting: &Acting<Promoting>, rules: &Rules, view: &BoardView<'_>) -> Result<Vec<u8>> {
    let (lang, today) = (acting.lang(), acting.today);
    let Some(step) = view.step else { return Ok(Vec::new()) };
    let number = t!(lang, "工号", "Staff number");
    let rows = view.shown().iter().map(|one| {
        let position = rules.position_title(&one.post.assignment.position);
        let missing = Text::list(&missing(rules, step, one, today));
        [
            one.post.person.staff_no.as_str(),
            one.post.person.title(lang),
            one.post.site.title(lang),
            position.get(lang),
            grade_of(rules, step, one, today).get(lang),
            &one.earliest.map(|day| day.to_string()).unwrap_or_default(),
            missing.get(lang),
        ]
        .map(plain)
    });
    spreadsheet(std::iter::once(number).chain(headers(lang)), rows)
}

/// A list as a file for a spreadsheet; the cells are [`plain`].
pub fn spreadsheet<const N: usize>(
    headers: impl IntoIterator<Item = String>,
    rows: impl IntoIterator<Item = [String; N]>,
) -> Result<Vec<u8>> {
    let failed = |error: csv::Error| Error::Internal(error.to_string());
    // Spreadsheets take a file without the mark for a local encoding.
    let mut csv = csv::Writer::from_writer("\u{feff}".as_bytes().to_vec());
    csv.write_record(headers.into_iter().collect::<Vec<_>>()).map_err(failed)?;
    for row in rows {
        csv.write_record(row).map_err(failed)?;
    }
    csv.into_inner().map_err(|error| Error::Internal(error.to_string()))
}

/// A spreadsheet must not take a name for a formula.
pub fn plain(cell: &str) -> String {
    match cell.starts_with(['=', '+', '-', '@']) {
        true => format!("'{cell}"),
        false => cell.to_owned(),
    }
}
