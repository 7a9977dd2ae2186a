//! The way to everything behind an exam, for those who write, plan, hold and judge them.

use maud::{Markup, html};

use crate::{
    access::{Authoring, Examiner, Grading, Judging, OverPeople, Planning, Viewer, proof::Proof},
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
    let holds = |roles| viewer.holds_any(roles);
    let door = |path, picture, title, open| Door { path, picture, title, open };
    let groups = [
        (
            t!(lang, "命题组卷", "Prepare"),
            vec![
                door(
                    "/exams/banks",
                    "book",
                    t!(lang, "题库", "Question banks"),
                    holds(Authoring::ROLES),
                ),
                door(
                    "/exams/blueprints",
                    "list-check",
                    t!(lang, "双向细目表", "Blueprints"),
                    holds(Authoring::ROLES),
                ),
                door(
                    "/exams/standards",
                    "flag",
                    t!(lang, "划线", "Cut scores"),
                    holds(Authoring::ROLES),
                ),
            ],
        ),
        (
            t!(lang, "排考监考", "Hold"),
            vec![
                door(
                    "/exams/sittings",
                    "calendar",
                    t!(lang, "考试场次", "Sittings"),
                    holds(Planning::ROLES),
                ),
                door(
                    "/exams/practicals",
                    "tool",
                    t!(lang, "实操与评审", "Practicals and reviews"),
                    holds(Planning::ROLES),
                ),
                door(
                    "/exams/conflicts",
                    "users",
                    t!(lang, "回避申报", "Conflicts of interest"),
                    holds(Examiner::ROLES) || holds(Judging::ROLES),
                ),
            ],
        ),
        (
            t!(lang, "阅卷定分", "Judge"),
            vec![
                door(
                    "/exams/marking",
                    "pencil",
                    t!(lang, "阅卷", "Marking"),
                    holds(Grading::ROLES),
                ),
                door(
                    "/exams/results/release",
                    "mail",
                    t!(lang, "公布成绩", "Release results"),
                    holds(Grading::ROLES),
                ),
                door(
                    "/exams/appeals",
                    "message-circle",
                    t!(lang, "成绩申诉", "Appeals"),
                    holds(Grading::ROLES),
                ),
                door(
                    "/exams/corrections",
                    "refresh",
                    t!(lang, "更正试题", "Corrections"),
                    holds(Grading::ROLES),
                ),
            ],
        ),
        (
            t!(lang, "分析", "Learn from it"),
            vec![
                door(
                    "/exams/results",
                    "clipboard-check",
                    t!(lang, "所辖人员成绩", "Results of my people"),
                    holds(OverPeople::ROLES),
                ),
                door(
                    "/exams/analysis",
                    "chart-bar",
                    t!(lang, "试题与考试分析", "Questions and exams"),
                    holds(Authoring::ROLES),
                ),
                door(
                    "/exams/practicals/agreement",
                    "trending-up",
                    t!(lang, "考评一致性", "Examiners' agreement"),
                    holds(Judging::ROLES),
                ),
            ],
        ),
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
