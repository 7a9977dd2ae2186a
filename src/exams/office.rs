//! The way to everything behind an exam, for those who write, plan, hold and judge them.

use maud::{Markup, html};

use crate::{
    access::{Authoring, Grading, Judging, OverPeople, Planning, Viewer, proof::Proof},
    t,
    web::components::icon,
};

struct Door {
    path: &'static str,
    picture: &'static str,
    title: String,
    open: bool,
}

/// Links by what is done, only those that are open to the viewer; nothing for candidates.
pub fn doors(viewer: &Viewer) -> Markup {
    let lang = viewer.lang();
    let door = |path, picture, title, open| Door { path, picture, title, open };
    let (writes, plans) = (viewer.holds_any(Authoring::ROLES), viewer.holds_any(Planning::ROLES));
    let (grades, judges) = (viewer.holds_any(Grading::ROLES), viewer.holds_any(Judging::ROLES));
    let oversees = viewer.holds_any(OverPeople::ROLES);
    let prepare = vec![
        door("/exams/banks", "book", t!(lang, "题库", "Question banks"), writes),
        door("/exams/blueprints", "list-check", t!(lang, "双向细目表", "Blueprints"), writes),
        door("/exams/standards", "flag", t!(lang, "划线", "Cut scores"), writes),
    ];
    let hold = vec![
        door("/exams/sittings", "calendar", t!(lang, "考试场次", "Sittings"), plans),
        door("/exams/practicals", "tool", t!(lang, "实操与评审", "Practicals, reviews"), plans),
        door("/exams/conflicts", "users", t!(lang, "回避申报", "Conflicts of interest"), judges),
    ];
    let judge = vec![
        door("/exams/marking", "pencil", t!(lang, "阅卷", "Marking"), grades),
        door("/exams/results/release", "mail", t!(lang, "公布成绩", "Release results"), grades),
        door("/exams/appeals", "message-circle", t!(lang, "成绩申诉", "Appeals"), grades),
        door("/exams/corrections", "refresh", t!(lang, "更正试题", "Corrections"), grades),
    ];
    let agreement = "/exams/practicals/agreement";
    let learn = vec![
        door(
            "/exams/results",
            "clipboard-check",
            t!(lang, "人员成绩", "My people's results"),
            oversees,
        ),
        door("/exams/analysis", "chart-bar", t!(lang, "试题分析", "Questions and exams"), writes),
        door(agreement, "trending-up", t!(lang, "考评一致性", "Examiners' agreement"), judges),
    ];
    let groups = [
        (t!(lang, "命题组卷", "Prepare"), prepare),
        (t!(lang, "排考监考", "Hold"), hold),
        (t!(lang, "阅卷定分", "Judge"), judge),
        (t!(lang, "分析", "Learn from it"), learn),
    ];
    let shown: Vec<_> = groups
        .iter()
        .map(|(title, doors)| (title, doors.iter().filter(|door| door.open).collect::<Vec<_>>()))
        .filter(|(_, doors)| !doors.is_empty())
        .collect();
    html! {
        @if !shown.is_empty() {
            nav.card.mb-3 aria-label=(t!(lang, "考务", "Exam office")) {
                div.card-body.row.g-3 {
                    @for (title, doors) in &shown {
                        div."col-6"."col-lg-3" {
                            h2.subheader.mb-2 { (title) }
                            ul.list-unstyled.mb-0 {
                                @for door in doors {
                                    li.mb-1 { a href=(door.path) { (icon(door.picture)) " " (door.title) } }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
