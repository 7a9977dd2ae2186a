//! Declaring ties: everybody states their own, HR states those of people in reach. A declaration
//! ends, it is never deleted.

use std::collections::{HashMap, HashSet};

use actix_web::{HttpResponse, web};
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    model::{Declaration, DeclarationId, Relation},
    pages::to_practicals,
    queries::{self, NewDeclaration},
};
use crate::{
    access::{Acting, Hr, Viewer, audit, submit},
    db::{Conn, Db},
    exams::attempts::pages::{moment, to_exams},
    i18n::Lang,
    record::PersonId,
    staff::{self, Person},
    t, text,
    web::{
        Error, Form, Problems, Result,
        components::{Tone, badge, button_form, card, card_with, empty, heading, icon, table},
        forms::{Field, new_key},
        html,
    },
};

const MOST_SHOWN: i64 = 200;
const HOME: &str = "/exams/conflicts";

#[derive(Clone, Debug, Default, Deserialize)]
pub struct DeclareForm {
    #[serde(default)]
    form_key: String,
    /// Empty: the viewer.
    #[serde(default)]
    person: String,
    #[serde(default)]
    other: String,
    #[serde(default)]
    relation: String,
    #[serde(default)]
    note: String,
}

pub async fn list(viewer: Viewer, db: web::Data<Db>) -> Result<HttpResponse> {
    let form = DeclareForm::default();
    let page = db.read(move |conn| page(conn, &viewer, &form, &Problems::default())).await?;
    Ok(html(page))
}

fn hr(viewer: &Viewer) -> Option<Acting<Hr>> {
    Acting::<Hr>::of(viewer.clone()).ok()
}

fn page(
    conn: &mut Conn,
    viewer: &Viewer,
    form: &DeclareForm,
    problems: &Problems,
) -> Result<Markup> {
    let hr = hr(viewer);
    let mut whose = vec![viewer.id];
    if let Some(hr) = &hr {
        whose.extend(staff::queries::people_within(conn, hr.reach(), None, viewer.today)?);
    }
    let shown = queries::declarations(conn, &whose, MOST_SHOWN)?;
    let named: HashSet<PersonId> =
        shown.iter().flat_map(|one| [one.person_id, one.other_id]).collect();
    let named: Vec<PersonId> = named.into_iter().collect();
    let posts = staff::queries::posts_of(conn, &named, viewer.today)?;
    let people = posts.into_iter().map(|post| (post.person.id, post.person)).collect();
    Ok(draw(viewer, hr.is_some(), form, problems, &shown, &people))
}

fn draw(
    viewer: &Viewer,
    is_hr: bool,
    form: &DeclareForm,
    problems: &Problems,
    shown: &[Declaration],
    people: &HashMap<PersonId, Person>,
) -> Markup {
    let lang = viewer.lang();
    let title = t!(lang, "利害关系申报", "Declared ties");
    let subtitle = t!(
        lang,
        "有亲属、授课等关系的人不担任彼此的考评员。申报可以结束，不会删除。",
        "Relatives, teachers and the like do not examine each other. A declaration can be ended; it is never deleted."
    );
    let body = html! {
        (heading(&title, subtitle, html! {}))
        (card(&t!(lang, "新申报", "Declare a tie"), declare_form(lang, is_hr, form, problems)))
        (card_with(&t!(lang, "已申报", "Declared so far"), html! {}, html! {
            @if shown.is_empty() {
                (empty("flag", &t!(lang, "没有申报", "Nothing is declared"), t!(lang, "如与同事有上述关系，请在上面申报。", "If you have such a tie to a colleague, declare it above.")))
            } @else { (declared(viewer, shown, people)) }
        }))
    };
    viewer.page(&title, &[to_exams(lang), to_practicals(lang)], body)
}

fn declare_form(lang: Lang, is_hr: bool, form: &DeclareForm, problems: &Problems) -> Markup {
    let relations =
        Relation::ALL.iter().map(|one| (one.word().to_owned(), one.title().get(lang).to_owned()));
    html! {
        form method="post" action=(HOME) {
            input type="hidden" name="form_key" value=(new_key());
            @if is_hr {
                (Field::new("person", t!(lang, "本人工号（空白：我自己）", "Staff number (blank: myself)"), &form.person).input(lang, problems))
            }
            (Field::new("other", t!(lang, "对方工号", "The other’s staff number"), &form.other).required().input(lang, problems))
            (Field::new("relation", t!(lang, "关系", "What they are to each other"), &form.relation).required().select(lang, problems, relations))
            (Field::new("note", t!(lang, "说明", "Note"), &form.note).input(lang, problems))
            button.btn.btn-primary type="submit" { (icon("check")) (t!(lang, "申报", "Declare")) }
        }
    }
}

fn declared(viewer: &Viewer, shown: &[Declaration], people: &HashMap<PersonId, Person>) -> Markup {
    let lang = viewer.lang();
    let name = |id: PersonId| people.get(&id).map_or("", |person| person.title(lang)).to_owned();
    let headers = [
        t!(lang, "双方", "Between"),
        t!(lang, "关系", "Tie"),
        t!(lang, "说明", "Note"),
        t!(lang, "申报时间", "Declared"),
        String::new(),
    ];
    let rows = shown.iter().map(|one| {
        let about_me = [one.person_id, one.other_id].contains(&viewer.id);
        let mine = one.declared_by == viewer.id || hr(viewer).is_some() && !about_me;
        vec![
            html! { (name(one.person_id)) " · " (name(one.other_id)) },
            html! { (one.relation.title().get(lang)) },
            html! { (one.note) },
            html! { (moment(viewer, one.declared_at)) },
            html! {
                @match one.ended_at {
                    Some(at) => { (badge(Tone::Neutral, t!(lang, "{} 结束", "Ended {}", moment(viewer, at)))) }
                    None if mine => { (button_form(&format!("{HOME}/{}/end", one.id), &new_key(), "btn-sm", html! { (t!(lang, "结束", "End it")) })) }
                    None => {}
                }
            },
        ]
    });
    table(&headers, rows.collect::<Vec<_>>())
}

pub async fn declare(
    viewer: Viewer,
    db: web::Data<Db>,
    Form(form): Form<DeclareForm>,
) -> Result<HttpResponse> {
    let (who, key) = (viewer.clone(), form.form_key.clone());
    submit(&db, &viewer, &key, move |conn| {
        let (person, other, relation) = match understood(conn, &who, &form)? {
            Ok(understood) => understood,
            Err(problems) => {
                return Err(Error::Again(Box::new(page(conn, &who, &form, &problems)?)));
            }
        };
        let new = NewDeclaration { person, other, relation, note: form.note.trim() };
        let id = queries::declare(conn, &new, who.id, who.now)?;
        let detail = serde_json::json!({ "declaration": id, "other": other, "relation": relation });
        audit::note(
            conn,
            Some(who.id),
            "declare-tie",
            ("person", Some(person.0)),
            detail,
            who.now,
        )?;
        Ok(HOME.to_owned())
    })
    .await
}

type Understood = std::result::Result<(PersonId, PersonId, Relation), Problems>;

fn understood(conn: &mut Conn, viewer: &Viewer, form: &DeclareForm) -> Result<Understood> {
    let mut problems = Problems::default();
    let person = declarant(conn, viewer, form.person.trim())?;
    if person.is_none() {
        problems.add(
            "person",
            text!(
                "您只能申报本人，或（人事）管辖范围内的人员。",
                "You declare your own ties, or as HR those of people in your reach."
            ),
        );
    }
    let other = staff::queries::person_by_staff_no(conn, form.other.trim())?.map(|one| one.id);
    if other.is_none() || other == person {
        problems.add(
            "other",
            text!("请填写另一位同事的工号。", "The staff number of another colleague, please."),
        );
    }
    let relation = Relation::parse(&form.relation);
    if relation.is_none() {
        problems.add("relation", text!("请选择关系。", "Choose the tie."));
    }
    if form.note.chars().count() > 500 {
        problems.add("note", text!("最多 500 个字。", "At most 500 characters."));
    }
    Ok(match (person, other, relation) {
        (Some(person), Some(other), Some(relation)) if problems.is_empty() => {
            Ok((person, other, relation))
        }
        _ => Err(problems),
    })
}

fn declarant(conn: &mut Conn, viewer: &Viewer, number: &str) -> Result<Option<PersonId>> {
    if number.is_empty() || number == viewer.staff_no {
        return Ok(Some(viewer.id));
    }
    let Some(hr) = hr(viewer) else { return Ok(None) };
    let Some(person) = staff::queries::person_by_staff_no(conn, number)? else { return Ok(None) };
    match hr.person(conn, person.id) {
        Ok(post) => Ok(Some(post.person.id)),
        Err(Error::NotFound | Error::Forbidden) => Ok(None),
        Err(error) => Err(error),
    }
}

#[derive(Deserialize)]
pub struct EndForm {
    form_key: String,
}

pub async fn end(
    viewer: Viewer,
    db: web::Data<Db>,
    id: web::Path<DeclarationId>,
    Form(form): Form<EndForm>,
) -> Result<HttpResponse> {
    let (who, id) = (viewer.clone(), *id);
    submit(&db, &viewer, &form.form_key, move |conn| {
        let one = queries::declaration(conn, id)?.ok_or(Error::NotFound)?;
        may_end(conn, &who, &one)?;
        queries::end_declaration(conn, id, who.stamp())?;
        let detail = serde_json::json!({ "declaration": id });
        let subject = ("person", Some(one.person_id.0));
        audit::note(conn, Some(who.id), "end-tie", subject, detail, who.now)?;
        Ok(HOME.to_owned())
    })
    .await
}

/// Who declared it, or HR where it is not about themselves.
fn may_end(conn: &mut Conn, viewer: &Viewer, one: &Declaration) -> Result<()> {
    if one.declared_by == viewer.id {
        return Ok(());
    }
    let about_me = [one.person_id, one.other_id].contains(&viewer.id);
    match hr(viewer) {
        Some(hr) if !about_me => hr.other_person(conn, one.person_id).map(drop),
        _ if about_me => Err(Error::Forbidden),
        _ => Err(Error::NotFound),
    }
}
