//! What is granted to somebody to make exams fair: extra time and breaks. It holds for every exam
//! while it lasts, and reaches one that is under way at once.

use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use maud::{Markup, html};
use serde::Deserialize;

use super::acts;
use crate::{
    access::{Acting, Granting, Viewer, audit, submit},
    db::{Conn, Db},
    exams::sittings::{
        Granted,
        model::{Accommodation, AccommodationId},
        queries::{self, NewAccommodation},
    },
    i18n::{self, Lang},
    record::{PersonId, Rules, pages::span},
    staff::Post,
    t, text,
    web::{
        Crumb, Error, Form, Problems, Result,
        components::{Tone, badge, button_form, card, card_with, empty, heading, icon, table},
        forms::{Field, new_key},
        html as answer,
    },
};

/// Why somebody needs more time concerns few: those who grant it, and the person.
enum Sees {
    Own(Post),
    Grants(Post),
}

impl Sees {
    fn of(conn: &mut Conn, viewer: &Viewer, id: PersonId) -> Result<Sees> {
        if id == viewer.id {
            return Ok(Sees::Own(viewer.post(conn, id)?));
        }
        match Acting::<Granting>::of(viewer.clone()) {
            Ok(acting) => Ok(Sees::Grants(acting.person(conn, id)?)),
            Err(error) => viewer.post(conn, id).and(Err(error)),
        }
    }

    fn post(&self) -> &Post {
        match self {
            Sees::Own(post) | Sees::Grants(post) => post,
        }
    }
}

fn person(id: &str) -> Result<PersonId> {
    id.parse().map(PersonId).map_err(|_| Error::NotFound)
}

fn path_of(id: PersonId) -> String {
    format!("/people/{id}/accommodations")
}

pub async fn show(
    viewer: Viewer,
    db: web::Data<Db>,
    id: web::Path<String>,
) -> Result<HttpResponse> {
    let (id, who) = (person(&id)?, viewer.clone());
    let (sees, all) = db
        .read(move |conn| -> Result<_> {
            let sees = Sees::of(conn, &who, id)?;
            Ok((sees, queries::accommodations(conn, id)?))
        })
        .await?;
    let form = GrantForm::empty(viewer.today);
    Ok(answer(page(&viewer, sees.post(), &all, offered(&sees, &form), &Problems::default())))
}

fn offered<'a>(sees: &Sees, form: &'a GrantForm) -> Option<&'a GrantForm> {
    matches!(sees, Sees::Grants(_)).then_some(form)
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct GrantForm {
    form_key: String,
    extra_percent: String,
    break_minutes: String,
    from: String,
    through: String,
    note: String,
}

impl GrantForm {
    fn empty(today: NaiveDate) -> GrantForm {
        GrantForm {
            form_key: new_key(),
            extra_percent: "25".to_owned(),
            break_minutes: "0".to_owned(),
            from: today.to_string(),
            ..GrantForm::default()
        }
    }

    fn read(&self) -> std::result::Result<NewAccommodation, Problems> {
        let mut problems = Problems::default();
        let mut number = |field: &str, typed: &str, most: i64| {
            let read = typed.trim().parse().ok().filter(|n| (0..=most).contains(n));
            if read.is_none() {
                problems
                    .add(field, text!("请填 0 到 {most} 之间的数。", "A number from 0 to {most}."));
            }
            read.unwrap_or(0)
        };
        let extra_percent = number("extra_percent", &self.extra_percent, 300);
        let break_minutes = number("break_minutes", &self.break_minutes, 240);
        if problems.is_empty() && extra_percent == 0 && break_minutes == 0 {
            problems.add(
                "extra_percent",
                text!("加时和休息至少填一项。", "Grant extra time or breaks."),
            );
        }
        let note = self.note.trim();
        if note.is_empty() || note.chars().count() > 1000 {
            problems.add(
                "note",
                text!(
                    "请写明依据（最多 1000 字）。",
                    "Say on what grounds (at most 1000 characters)."
                ),
            );
        }
        let from = self.from.trim().parse().ok();
        let through: Option<NaiveDate> = self.through.trim().parse().ok();
        if from.is_none() {
            problems.add("from", text!("请填写日期。", "Give a day."));
        }
        let typed = !self.through.trim().is_empty();
        if typed && through.is_none_or(|through| from.is_some_and(|from| through < from)) {
            problems.add(
                "through",
                text!("结束日期不能早于开始日期。", "It cannot end before it begins."),
            );
        }
        match from {
            Some(from) if problems.is_empty() => Ok(NewAccommodation {
                extra_percent,
                break_minutes,
                note: note.to_owned(),
                from,
                through,
            }),
            _ => Err(problems),
        }
    }
}

pub async fn add(
    acting: Acting<Granting>,
    db: web::Data<Db>,
    rules: Rules,
    id: web::Path<String>,
    Form(form): Form<GrantForm>,
) -> Result<HttpResponse> {
    let (id, who, key) = (person(&id)?, acting.clone(), form.form_key.clone());
    submit(&db, &acting, &key, move |conn| {
        let post = who.other_person(conn, id)?;
        let new = match form.read() {
            Ok(new) => new,
            Err(problems) => {
                let all = queries::accommodations(conn, id)?;
                let again = page(&who, &post, &all, Some(&form), &problems);
                return Err(Error::Again(Box::new(again)));
            }
        };
        let by = (who.id, who.now);
        let grant = queries::grant(conn, id, &new, by)?;
        let detail = serde_json::json!({
            "person": post.person.staff_no,
            "extra_percent": new.extra_percent,
            "break_minutes": new.break_minutes,
            "from": new.from,
            "through": new.through,
        });
        let subject = ("accommodation", Some(grant.0));
        audit::note(conn, Some(who.id), "grant-accommodation", subject, detail, who.now)?;
        let granted = Granted::on(&queries::accommodations(conn, id)?, who.today);
        acts::apply_grants(conn, &rules, id, granted, by)?;
        Ok(path_of(id))
    })
    .await
}

#[derive(Deserialize)]
pub struct Key {
    form_key: String,
}

/// Ends a grant for exams to come. What a running attempt has got it keeps.
pub async fn end(
    acting: Acting<Granting>,
    db: web::Data<Db>,
    path: web::Path<(String, AccommodationId)>,
    Form(form): Form<Key>,
) -> Result<HttpResponse> {
    let (id, grant) = path.into_inner();
    let (id, who) = (person(&id)?, acting.clone());
    submit(&db, &acting, &form.form_key, move |conn| {
        who.other_person(conn, id)?;
        if queries::end_grant(conn, grant, id, who.stamp())? {
            let subject = ("accommodation", Some(grant.0));
            let nothing = serde_json::json!({});
            audit::note(conn, Some(who.id), "end-accommodation", subject, nothing, who.now)?;
        }
        Ok(path_of(id))
    })
    .await
}

fn page(
    viewer: &Viewer,
    post: &Post,
    all: &[Accommodation],
    form: Option<&GrantForm>,
    problems: &Problems,
) -> Markup {
    let lang = viewer.lang();
    let title = t!(lang, "考试便利措施", "Exam accommodations");
    let name = post.person.title(lang);
    let id = post.person.id;
    let crumbs = match form {
        Some(_) => vec![Crumb::new(format!("/people/{id}"), name)],
        None => vec![],
    };
    let subtitle = t!(
        lang,
        "{name}：加时和休息，适用于有效期内的所有考试，正在进行的考试立即生效。",
        "{name}: extra time and breaks, for every exam while they last; an exam under way gets them at once."
    );
    viewer.page(
        &title,
        &crumbs,
        html! {
            (heading(&title, subtitle, html! {}))
            (grants(viewer, id, all, form.is_some()))
            @if let Some(form) = form { (grant_form(lang, id, form, problems)) }
        },
    )
}

fn grants(viewer: &Viewer, id: PersonId, all: &[Accommodation], ends: bool) -> Markup {
    let lang = viewer.lang();
    let headers = [
        t!(lang, "加时", "Extra time"),
        t!(lang, "休息", "Breaks"),
        t!(lang, "有效期", "When"),
        t!(lang, "依据", "Grounds"),
        t!(lang, "状态", "State"),
    ];
    let rows = all.iter().map(|one| {
        let (percent, minutes) = (one.extra_percent, one.break_minutes);
        vec![
            html! { "+" (percent) " %" },
            html! { (t!(lang, "{minutes} 分钟", "{minutes} min")) },
            html! { (span(lang, one.from_day, one.through_day)) },
            html! { (one.note) div.small.text-secondary { (t!(lang, "{} 批准", "granted {}", i18n::instant(lang, one.granted_at.utc(), viewer.zone))) } },
            html! {
                @if one.ended_at.is_some() { (badge(Tone::Neutral, t!(lang, "已终止", "Ended"))) }
                @else if one.holds_on(viewer.today) { (badge(Tone::Good, t!(lang, "有效", "In force"))) }
                @else { (badge(Tone::Neutral, t!(lang, "不在有效期", "Not in force"))) }
                @if ends && one.ended_at.is_none() {
                    " " (button_form(&format!("{}/{}/end", path_of(id), one.id), &new_key(), "btn-sm", html! { (t!(lang, "终止", "End")) }))
                }
            },
        ]
    });
    card_with(
        "",
        html! {},
        html! {
            @if all.is_empty() { (empty("clock", &t!(lang, "没有便利措施", "Nothing has been granted"), t!(lang, "需要加时或休息的员工，请联系人事或考评员。", "Whoever needs extra time or breaks asks HR or an examiner."))) }
            @else { (table(&headers, rows)) }
        },
    )
}

fn grant_form(lang: Lang, id: PersonId, form: &GrantForm, problems: &Problems) -> Markup {
    card(
        &t!(lang, "批准", "Grant"),
        html! {
            form method="post" action=(path_of(id)) {
                input type="hidden" name="form_key" value=(form.form_key);
                div.row {
                    div."col-6"."col-md-3" { (Field::new("extra_percent", t!(lang, "加时（%）", "Extra time (%)"), &form.extra_percent).kind("number").required().input(lang, problems)) }
                    div."col-6"."col-md-3" { (Field::new("break_minutes", t!(lang, "休息（分钟，每场）", "Breaks (minutes an exam)"), &form.break_minutes).kind("number").required().input(lang, problems)) }
                    div."col-6"."col-md-3" { (Field::new("from", t!(lang, "自", "From"), &form.from).kind("date").required().input(lang, problems)) }
                    div."col-6"."col-md-3" { (Field::new("through", t!(lang, "至（可不填）", "Through (may stay empty)"), &form.through).kind("date").input(lang, problems)) }
                }
                (Field::new("note", t!(lang, "依据", "Grounds"), &form.note).required()
                    .hint(t!(lang, "只有批准人和本人能看到。", "Only those who grant and the person read it.")).area(lang, problems, 2))
                button.btn.btn-primary type="submit" { (icon("check")) (t!(lang, "批准", "Grant")) }
            }
        },
    )
}
