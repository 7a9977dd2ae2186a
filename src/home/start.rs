//! What should I do today? One list, the most pressing first, made of what every capability knows
//! about the viewer; below it, the figures of those who look after others.

use actix_web::{HttpResponse, web};
use maud::{Markup, html};

use crate::{
    access::{Acting, Administrator, Role, Viewer},
    careers,
    certification::{self, asof::Seen, model::State},
    courses::{self, Catalogue},
    db::{Conn, Db},
    exams,
    i18n::{self, Lang, Text},
    mail::outbox,
    mentoring,
    record::{Kind, Rules, asof::AsOf, ledger, verdict},
    staff::{self, queries::Scope},
    t,
    web::{
        Result,
        components::{Tone, badge, card_with, empty, figure, heading, icon},
        html,
    },
};

/// Something to do, with the way there.
struct Todo {
    tone: Tone,
    glyph: &'static str,
    what: String,
    why: String,
    href: String,
    button: String,
}

/// A number somebody watches.
struct Figure {
    href: &'static str,
    label: String,
    value: String,
    tone: Tone,
}

pub async fn page(
    db: web::Data<Db>,
    rules: Rules,
    catalogue: web::Data<Catalogue>,
    viewer: Viewer,
) -> Result<HttpResponse> {
    let (looking, rules, catalogue) = (viewer.clone(), rules.clone(), catalogue.get_ref().clone());
    let (todos, figures) = db
        .read(move |conn| -> Result<_> {
            let mut todos = mine(conn, &looking, &rules, &catalogue)?;
            todos.extend(for_others(conn, &looking, &rules)?);
            // Red before yellow before the rest; what was found first stays first.
            todos.sort_by_key(|todo| match todo.tone {
                Tone::Bad => 0,
                Tone::Warn => 1,
                _ => 2,
            });
            Ok((todos, watched(conn, &looking, &rules)?))
        })
        .await?;
    Ok(html(draw(&viewer, &todos, &figures)))
}

fn draw(viewer: &Viewer, todos: &[Todo], figures: &[Figure]) -> Markup {
    let lang = viewer.lang();
    let site = viewer.site.as_ref().map(|site| site.title(lang).to_owned()).unwrap_or_default();
    let subtitle = format!("{} · {site}", i18n::date(lang, viewer.today));
    viewer.page(&t!(lang, "今天", "Today"), &[], html! {
        (heading(&t!(lang, "{}，您好", "Hello, {}", viewer.name), subtitle, html! {}))
        @if !figures.is_empty() {
            div.row.row-cards.mb-3 {
                @for one in figures { (figure(one.href, &one.label, &one.value, one.tone)) }
            }
        }
        (card_with(&t!(lang, "今天该做什么", "What to do today"), html! {}, html! {
            @if todos.is_empty() {
                (empty("circle-check", &t!(lang, "今天没有要处理的事", "Nothing is waiting for you"),
                    html! { a href="/courses" { (t!(lang, "看看有哪些课程", "See which courses there are")) } }))
            } @else {
                div.list-group.list-group-flush { @for todo in todos { (line(todo)) } }
            }
        }))
    })
}

fn line(todo: &Todo) -> Markup {
    html! {
        div.list-group-item {
            div.row.align-items-center.g-2 {
                div.col-auto { (badge(todo.tone, icon(todo.glyph))) }
                div.col { div.fw-medium { (todo.what) } div.text-secondary { (todo.why) } }
                div."col-12"."col-sm-auto" { a.btn.w-100 href=(todo.href) { (todo.button) } }
            }
        }
    }
}

/// What concerns the viewer themselves.
fn mine(
    conn: &mut Conn,
    viewer: &Viewer,
    rules: &Rules,
    catalogue: &Catalogue,
) -> Result<Vec<Todo>> {
    let mut todos = Vec::new();
    todos.extend(running_exam(conn, viewer, rules)?);
    todos.extend(answers_to_mark(conn, viewer)?);
    todos.extend(certificates(conn, viewer, rules)?);
    todos.extend(logbook(conn, viewer)?);
    todos.extend(practicals(conn, viewer)?);
    todos.extend(lessons(conn, viewer, catalogue)?);
    let applied = candidacies(conn, viewer, rules)?;
    if applied.is_empty() {
        todos.extend(next_step(conn, viewer, rules)?);
    }
    todos.extend(applied);
    Ok(todos)
}

/// The next step of the house's ladder: ready to apply, or what is still missing.
fn next_step(conn: &mut Conn, viewer: &Viewer, rules: &Rules) -> Result<Option<Todo>> {
    let lang = viewer.lang();
    let Some(post) = staff::queries::post_of(conn, viewer.id, viewer.today)? else {
        return Ok(None);
    };
    let facts = ledger::facts_of(conn, viewer.id, None)?;
    let (context, today) = (rules.context(), viewer.today);
    let held = careers::rules::current_grades(&facts, context, today);
    let occupation = rules.occupation_of(&post.assignment.position);
    let mut steps = careers::rules::steps_in_force(rules, today).into_iter();
    let step = steps.find(|step| {
        step.set.jurisdiction == "house"
            && careers::rules::could_step(step.path, &held, &occupation, context, today)
    });
    let Some(step) = step else { return Ok(None) };
    let line = verdict::judge(&step.path.requires, context, &facts, today);
    let missing = careers::rules::blocked_by(&step.path.requires, &line);
    let what = step.path.title.get(lang).to_owned();
    if line.met {
        return Ok(Some(Todo {
            tone: Tone::Good,
            glyph: "stairs-up",
            what,
            why: t!(lang, "条件已全部满足，可以申报。", "Everything is met: you can apply."),
            href: format!("/my-path/apply?path={}", step.code()),
            button: t!(lang, "去申报", "Apply"),
        }));
    }
    let count = missing.len();
    let lines = i18n::count(count, "condition", "conditions");
    let first = Text::list(&missing[..count.min(2)]);
    let first = first.get(lang);
    Ok(Some(Todo {
        tone: Tone::Info,
        glyph: "stairs-up",
        what,
        why: t!(lang, "还差 {count} 项：{first}", "{lines} to go: {first}"),
        href: "/my-path".to_owned(),
        button: t!(lang, "看看差什么", "See what is missing"),
    }))
}

fn running_exam(conn: &mut Conn, viewer: &Viewer, rules: &Rules) -> Result<Option<Todo>> {
    let lang = viewer.lang();
    let Some(attempt) = exams::running_attempt(conn, viewer.id)? else { return Ok(None) };
    let by = i18n::short_instant(attempt.hand_in_by.utc(), viewer.zone);
    Ok(Some(Todo {
        tone: Tone::Bad,
        glyph: "clock",
        what: exams::rules::title(rules, &attempt.exam).get(lang).to_owned(),
        why: t!(lang, "考试进行中，{by} 前交卷。", "The exam is running; hand in by {by}."),
        href: attempt.path(),
        button: t!(lang, "继续考试", "Go on"),
    }))
}

/// Essays that were given to the viewer to mark.
fn answers_to_mark(conn: &mut Conn, viewer: &Viewer) -> Result<Option<Todo>> {
    let lang = viewer.lang();
    if !viewer.holds(Role::Examiner) {
        return Ok(None);
    }
    let waiting = exams::marking::handlers::load_of(conn, viewer.id)?;
    let answers = i18n::count(waiting, "answer", "answers");
    Ok((waiting > 0).then(|| Todo {
        tone: Tone::Warn,
        glyph: "pencil",
        what: t!(lang, "{waiting} 份答卷等您评分", "{answers} to mark"),
        why: t!(lang, "评完后考生才能知道成绩。", "Candidates wait for their results."),
        href: "/exams/marking".to_owned(),
        button: t!(lang, "去阅卷", "Mark"),
    }))
}

fn certificates(conn: &mut Conn, viewer: &Viewer, rules: &Rules) -> Result<Vec<Todo>> {
    let lang = viewer.lang();
    let now = AsOf::now(viewer.today);
    let live = rules.on(viewer.today);
    let seen = certification::asof::of_person(conn, live.context(), viewer.id, &now)?;
    let todo = |Seen { held, .. }: Seen| {
        let through = held.through.map(|day| i18n::date(lang, day)).unwrap_or_default();
        let (tone, why) = match held.state() {
            State::Suspended if held.standing.why.is_some() => (
                Tone::Bad,
                held.standing.why.as_ref().map(|why| why.get(lang).to_owned()).unwrap_or_default(),
            ),
            State::InGrace(_) => (
                Tone::Bad,
                t!(
                    lang,
                    "已于 {through} 过期，仍在宽限期内，请立即换证。",
                    "Expired on {through}, still in grace: renew it now."
                ),
            ),
            State::Expired => (
                Tone::Bad,
                t!(lang, "已于 {through} 过期，请尽快换证。", "Expired on {through}; renew it."),
            ),
            State::Expiring(_) => {
                (Tone::Warn, t!(lang, "{through} 到期。", "Valid through {through}."))
            }
            _ => return None,
        };
        Some(Todo {
            tone,
            glyph: "certificate",
            what: rules.context().name(Kind::Certificate, &held.code).get(lang).to_owned(),
            why,
            href: "/certificates".to_owned(),
            button: t!(lang, "怎样换证", "How to renew"),
        })
    };
    Ok(seen.into_iter().filter_map(todo).collect())
}

fn logbook(conn: &mut Conn, viewer: &Viewer) -> Result<Vec<Todo>> {
    let lang = viewer.lang();
    let mut todos = Vec::new();
    if viewer.holds(Role::Mentor) {
        let waiting = mentoring::queries::waiting_for(conn, viewer.id)?;
        if waiting > 0 {
            let entries = i18n::count(waiting, "entry", "entries");
            todos.push(Todo {
                tone: Tone::Warn,
                glyph: "pencil",
                what: t!(
                    lang,
                    "{waiting} 条实操记录等您签字",
                    "{entries} waiting for your signature"
                ),
                why: t!(lang, "徒弟在等您确认。", "Your apprentices wait for your word."),
                href: "/mentoring".to_owned(),
                button: t!(lang, "去签字", "Sign"),
            });
        }
    }
    if let Some(couple) = mentoring::queries::open_pairing_of(conn, viewer.id)? {
        let mentor = couple.mentor.title(lang).to_owned();
        todos.push(Todo {
            tone: Tone::Info,
            glyph: "heart-handshake",
            what: t!(lang, "记一条实操记录", "Write a logbook entry"),
            why: t!(lang, "师傅：{mentor}", "Your mentor: {mentor}"),
            href: "/mentoring/logbook/new".to_owned(),
            button: t!(lang, "写记录", "Write"),
        });
    }
    Ok(todos)
}

/// Practical exams whose day has come and which the viewer has not scored yet.
fn practicals(conn: &mut Conn, viewer: &Viewer) -> Result<Vec<Todo>> {
    let lang = viewer.lang();
    let waiting = exams::practicals::waiting_for(conn, viewer.id)?.into_iter();
    let due =
        waiting.filter(|(exam, seat)| exam.held_on <= viewer.today && !seat.waits_for_second());
    let todo = |(exam, _): (exams::practicals::model::Practical, _)| Todo {
        tone: Tone::Warn,
        glyph: "tool",
        what: exam.sheet.title.get(lang).to_owned(),
        why: t!(
            lang,
            "您是考评员，请独立评分并签字。",
            "You are an examiner: score it alone and sign."
        ),
        href: format!("{}/score", exam.path()),
        button: t!(lang, "评分", "Score"),
    };
    Ok(due.take(5).map(todo).collect())
}

fn lessons(conn: &mut Conn, viewer: &Viewer, catalogue: &Catalogue) -> Result<Vec<Todo>> {
    let lang = viewer.lang();
    let open = courses::queries::in_progress(conn, catalogue, viewer.id, viewer.today)?;
    let todo = |course: courses::model::Progress| {
        let (done, total) = (course.done, course.total);
        let due = course.due_on.map(|day| i18n::date(lang, day));
        let late = course.due_on.is_some_and(|day| day < viewer.today);
        let mut why = t!(lang, "已完成 {done}/{total} 课", "{done} of {total} lessons done");
        if let Some(due) = due {
            why = t!(lang, "{why}，{due} 前完成", "{why}, due by {due}");
        }
        Todo {
            tone: if late { Tone::Bad } else { Tone::Info },
            glyph: "book",
            what: catalogue.title(&course.code).get(lang).to_owned(),
            why,
            href: format!("/courses/{}", course.code),
            button: t!(lang, "继续学习", "Go on"),
        }
    };
    Ok(open.into_iter().map(todo).collect())
}

fn candidacies(conn: &mut Conn, viewer: &Viewer, rules: &Rules) -> Result<Vec<Todo>> {
    let lang = viewer.lang();
    let open = careers::queries::candidacies_of(conn, viewer.id)?
        .into_iter()
        .filter(|story| story.is_open());
    let todo = |story: careers::model::Story| Todo {
        tone: Tone::Info,
        glyph: "stairs-up",
        what: path_title(rules, &story.candidacy.path, lang),
        why: story.state().get(lang).to_owned(),
        href: format!("/candidacies/{}", story.candidacy.id),
        button: t!(lang, "查看申请", "See it"),
    };
    Ok(open.map(todo).collect())
}

fn path_title(rules: &Rules, code: &str, lang: Lang) -> String {
    rules.path(code).map_or(code.to_owned(), |(_, path)| path.title.get(lang).to_owned())
}

/// What waits for the viewer because they answer for others.
fn for_others(conn: &mut Conn, viewer: &Viewer, rules: &Rules) -> Result<Vec<Todo>> {
    let lang = viewer.lang();
    let mut waiting = Vec::new();
    if viewer.holds(Role::Manager) {
        let scope = reach(viewer, Role::Manager);
        waiting.extend(careers::queries::waiting_for_manager(
            conn,
            &scope,
            viewer.id,
            viewer.today,
        )?);
    }
    if viewer.holds(Role::Hr) {
        let scope = reach(viewer, Role::Hr);
        waiting.extend(careers::queries::waiting_for_hr(conn, &scope, viewer.id, viewer.today)?);
    }
    let todo = |one: careers::model::Waiting| Todo {
        tone: Tone::Warn,
        glyph: "stairs-up",
        what: format!(
            "{} · {}",
            one.post.person.title(lang),
            path_title(rules, &one.story.candidacy.path, lang)
        ),
        why: one.story.state().get(lang).to_owned(),
        href: format!("/candidacies/{}", one.story.candidacy.id),
        button: t!(lang, "处理", "Look at it"),
    };
    Ok(waiting.into_iter().take(8).map(todo).collect())
}

fn reach(viewer: &Viewer, role: Role) -> Scope {
    Scope { lineages: viewer.lineages(&[role]), reports_of: None }
}

/// The figures of those who look after others.
fn watched(conn: &mut Conn, viewer: &Viewer, rules: &Rules) -> Result<Vec<Figure>> {
    let lang = viewer.lang();
    let mut figures = Vec::new();
    if viewer.holds_any(&[Role::Trainer, Role::Manager, Role::Hr]) {
        let scope = Scope {
            lineages: viewer.lineages(&[Role::Trainer, Role::Manager, Role::Hr]),
            reports_of: None,
        };
        let (live, today) = (rules.on(viewer.today), viewer.today);
        let soon = certification::asof::expiring_in(conn, live.context(), &scope, today, 30)?.len();
        figures.push(Figure {
            href: "/certificates/board?state=expiring",
            label: t!(lang, "30 天内到期的证书", "Certificates ending within 30 days"),
            value: soon.to_string(),
            tone: if soon > 0 { Tone::Warn } else { Tone::Good },
        });
        let overdue = courses::queries::overdue_in(conn, &scope, viewer.today)?;
        figures.push(Figure {
            href: "/training?state=overdue",
            label: t!(lang, "逾期的课程", "Overdue courses"),
            value: overdue.to_string(),
            tone: if overdue > 0 { Tone::Bad } else { Tone::Good },
        });
    }
    if let Ok(admin) = Acting::<Administrator>::of(viewer.clone())
        && admin.reaches_all(conn)?
    {
        let (waiting, parked) = outbox::backlog(conn)?;
        figures.push(Figure {
            href: "/admin/mail?state=waiting",
            label: t!(lang, "待发邮件", "Mail waiting"),
            value: waiting.to_string(),
            tone: Tone::Neutral,
        });
        figures.push(Figure {
            href: "/admin/mail?state=parked",
            label: t!(lang, "发送失败的邮件", "Mail given up"),
            value: parked.to_string(),
            tone: if parked > 0 { Tone::Bad } else { Tone::Good },
        });
    }
    Ok(figures)
}
