//! Drafts as their writers see them: what they change in words and line by line, and the forms.

use std::collections::{BTreeMap, HashMap};

use maud::{Markup, html};

use super::{
    draft_handlers::{Opened, TextForm},
    drafts::Draft,
    pages::{difference, lines},
    saying,
};
use crate::{
    access::Viewer,
    i18n::{self, Lang},
    record::{PersonId, Rules, programme::Certification, reading::Problem},
    staff::Person,
    t,
    web::{
        Crumb, Problems,
        components::{Tone, alert, badge, card, card_with, empty, heading, icon, table},
        forms::{Field, new_key},
    },
};

type Names = HashMap<PersonId, Person>;
type Values = BTreeMap<String, String>;

pub fn crumbs(lang: Lang) -> Vec<Crumb> {
    vec![
        Crumb::new("/rules", t!(lang, "规则", "Rule book")),
        Crumb::new("/rules/drafts", t!(lang, "修订草稿", "Drafts")),
    ]
}

fn state(lang: Lang, draft: &Draft) -> Markup {
    if draft.published_at.is_some() {
        return badge(Tone::Good, t!(lang, "已发布", "Published"));
    }
    if draft.withdrawn_at.is_some() {
        return badge(Tone::Neutral, t!(lang, "已撤回", "Withdrawn"));
    }
    badge(Tone::Info, t!(lang, "草稿", "Draft"))
}

fn name(lang: Lang, names: &Names, id: PersonId) -> String {
    names.get(&id).map_or_else(|| "—".to_owned(), |person| person.title(lang).to_owned())
}

pub fn list(viewer: &Viewer, rules: &Rules, drafts: &[Draft], names: &Names) -> Markup {
    let lang = viewer.lang();
    let title = t!(lang, "修订草稿", "Drafts of rules");
    let headers = [
        t!(lang, "草稿", "Draft"),
        t!(lang, "规则集", "Rule set"),
        t!(lang, "起草人", "Drafted by"),
        t!(lang, "最后修改", "Last change"),
        t!(lang, "状态", "State"),
    ];
    let rows = drafts.iter().map(|draft| {
        let set = rules.set(&draft.rule_set);
        vec![
            html! { a href=(draft.path()) { (draft.title) } },
            html! { a href={ "/rules/" (draft.rule_set) } { (set.map_or(draft.rule_set.as_str(), |set| set.title.get(lang))) } },
            html! { (name(lang, names, draft.drafted_by)) },
            html! { (i18n::instant(lang, draft.changed_at.utc(), viewer.zone)) },
            state(lang, draft),
        ]
    });
    let crumbs = [Crumb::new("/rules", t!(lang, "规则", "Rule book"))];
    viewer.page(&title, &crumbs, html! {
        (heading(&title, t!(lang, "先试算影响，再发布为新版本；发布和撤回的都保留在此。", "Try a change first, then publish it as a new version. What was published or withdrawn stays listed."), html! {}))
        @if drafts.is_empty() {
            (card("", empty("pencil", &t!(lang, "还没有草稿", "No drafts yet"), html! { (t!(lang, "打开一个规则集，点“起草修订”。", "Open a rule set and press “Draft a change”.")) " " a href="/rules" { (t!(lang, "查看规则", "Open the rule book")) } })))
        } @else {
            (card_with("", html! {}, table(&headers, rows)))
        }
    })
}

/// The drafts of one rule set, on its page.
pub fn short_list(viewer: &Viewer, drafts: &[Draft]) -> Markup {
    let lang = viewer.lang();
    card(
        &t!(lang, "修订草稿", "Drafts"),
        html! {
            ul.mb-0 { @for draft in drafts {
                li { a href=(draft.path()) { (draft.title) } " · " (i18n::instant(lang, draft.changed_at.utc(), viewer.zone)) " " (state(lang, draft)) }
            } }
        },
    )
}

pub fn draft(viewer: &Viewer, opened: &Opened, problems: &Problems) -> Markup {
    let lang = viewer.lang();
    let Opened { draft, base, .. } = opened;
    let writing = draft.is_open() && opened.may_write;
    viewer.page(&draft.title, &crumbs(lang), html! {
        (heading(&draft.title, html! { (draft.rule_set) " " (state(lang, draft)) }, html! {
            @if opened.read.is_ok() && draft.is_open() { a.btn.btn-primary href={ (draft.path()) "/effects" } { (icon("users")) (t!(lang, "试算影响", "See the effects")) } }
            @if writing { a.btn href={ (draft.path()) "/text" } { (icon("pencil")) (t!(lang, "编辑全文", "Edit the text")) } }
        }))
        (history(viewer, opened))
        (stale(lang, opened))
        @if let Err(wrong) = &opened.read { (mistakes(lang, &draft.rule_set, wrong)) }
        (certifications(lang, opened, writing))
        (in_words(lang, opened))
        (card_with(&t!(lang, "与第 {} 次修订逐行比较", "Line by line against revision {}", base.number), html! {}, difference(lang, &base.text, &draft.body)))
        @if writing { (withdrawal(lang, draft, problems)) }
    })
}

fn history(viewer: &Viewer, opened: &Opened) -> Markup {
    let (lang, draft, names) = (viewer.lang(), &opened.draft, &opened.names);
    let at = |moment: crate::db::Instant| i18n::instant(lang, moment.utc(), viewer.zone);
    let why = draft.why.as_deref().unwrap_or_default();
    html! {
        @if !opened.may_write {
            (alert(Tone::Info, t!(lang, "规则适用于全集团：您可以查看和试算，修改和发布由集团的人事或管理员负责。", "Rules count for the whole group: you may look and see effects; HR reviewers and administrators of the whole group write and publish.")))
        }
        p.text-secondary {
            (t!(lang, "{} 起草于 {}", "Drafted by {} on {}", name(lang, names, draft.drafted_by), at(draft.drafted_at)))
            " · " (t!(lang, "{} 最后修改于 {}", "last changed by {} on {}", name(lang, names, draft.changed_by), at(draft.changed_at)))
        }
        @if let (Some(moment), Some(by)) = (draft.withdrawn_at, draft.withdrawn_by) {
            (alert(Tone::Neutral, t!(lang, "{} 于 {} 撤回：{why}", "Withdrawn by {} on {}: {why}", name(lang, names, by), at(moment))))
        }
        @if let (Some(moment), Some(by)) = (draft.published_at, draft.published_by) {
            (alert(Tone::Good, t!(lang, "{} 于 {} 发布，自 {} 起生效：{why}", "Published by {} on {}, in force from {}: {why}", name(lang, names, by), at(moment), draft.effective_on.map(|day| i18n::date(lang, day)).unwrap_or_default())))
        }
    }
}

fn stale(lang: Lang, opened: &Opened) -> Markup {
    let (Some(newer), draft) = (&opened.newer, &opened.draft) else { return html! {} };
    let form = |how: &str, label: String| {
        html! {
            form.d-inline method="post" action={ (draft.path()) "/rebase" } {
                input type="hidden" name="form_key" value=(new_key());
                input type="hidden" name="edition" value=(draft.edition());
                button.btn type="submit" name="how" value=(how) { (label) }
            }
        }
    };
    html! {
        (alert(Tone::Warn, html! {
            p { (t!(lang, "起草之后规则集有了新版本：", "The rule set has changed since this draft was begun: "))
                a.alert-link href={ "/rules/" (draft.rule_set) "/versions/" (newer.number) } { (t!(lang, "第 {} 次修订", "revision {}", newer.number)) }
                (t!(lang, "。不处理就发布会撤销对方的修改，因此先选择：", ". Publishing as it is would undo that, so choose first:"))
            }
            @if opened.may_write {
                div.btn-list {
                    (form("merge", t!(lang, "把我的修改合并到新版本", "Carry my change over to it")))
                    (form("keep", t!(lang, "保留草稿原文", "Keep the draft as it is")))
                }
            }
        }))
    }
}

/// Whether a problem is one of the text of this rule set, and not of another beside it.
fn is_own(set: &str, problem: &Problem) -> bool {
    problem.file.is_empty() || problem.file.strip_suffix(".toml") == Some(set)
}

/// What is wrong with the text of a rule set, line by line; what its text makes wrong in others, by
/// their files.
pub fn mistakes(lang: Lang, set: &str, wrong: &[Problem]) -> Markup {
    alert(
        Tone::Bad,
        html! {
            p.mb-1 { (t!(lang, "规则文本有误，请更正：", "The text of the rules has mistakes; please put them right:")) }
            ul.mb-0 { @for problem in wrong {
                li {
                    @if !is_own(set, problem) { strong { (problem.file) } ": " }
                    @if let Some(line) = problem.line { strong { (t!(lang, "第 {line} 行", "Line {line}")) } ": " }
                    (problem.text.get(lang))
                }
            } }
        },
    )
}

fn certifications(lang: Lang, opened: &Opened, writing: bool) -> Markup {
    let draft = &opened.draft;
    let set = opened.read.as_ref().ok().and_then(|rules| rules.set(&draft.rule_set));
    let all = set.map(|set| set.certifications.as_slice()).unwrap_or_default();
    let changed = opened.changed();
    html! {
        @if writing && !all.is_empty() {
            (card(&t!(lang, "用表单修改一项认证", "Change a certification by a form"), html! {
                p.text-secondary { (t!(lang, "有效期、换证窗口与宽限、合格线等常见修改不必编辑全文。", "Validity, windows and grace, pass marks: the common changes need no editing of the whole text.")) }
                div.btn-list { @for one in all {
                    a.btn.btn-sm href={ (draft.path()) "/certifications/" (one.code) } {
                        (one.title.get(lang))
                        @if changed.contains(&one.code) { " " (badge(Tone::Info, t!(lang, "已改", "changed"))) }
                    }
                } }
            }))
        }
    }
}

fn in_words(lang: Lang, opened: &Opened) -> Markup {
    let (Some(base), Ok(draft)) = (&opened.base_rules, &opened.read) else { return html! {} };
    let set = &opened.draft.rule_set;
    let one =
        |rules: &Rules, code: &str| rules.set(set).and_then(|set| set.certification(code)).cloned();
    let headers =
        [t!(lang, "项目", "What"), t!(lang, "原来", "Before"), t!(lang, "修改后", "After")];
    html! {
        @for code in opened.changed() {
            @let (old, new) = (one(base, &code), one(draft, &code));
            @let title = new.as_ref().or(old.as_ref()).map(|one| one.title.get(lang).to_owned()).unwrap_or_default();
            @let changes = saying::changes((base.context(), old.as_ref()), (draft.context(), new.as_ref()));
            (card_with(&title, html! {}, table(&headers, changes.iter().map(|(about, before, after)| vec![
                html! { (about.get(lang)) },
                html! { @match before { Some(said) => { (lines(lang, said)) }, None => { "—" } } },
                html! { @match after { Some(said) => { (lines(lang, said)) }, None => { "—" } } },
            ]))))
        }
    }
}

fn withdrawal(lang: Lang, draft: &Draft, problems: &Problems) -> Markup {
    card(
        &t!(lang, "撤回草稿", "Withdraw the draft"),
        html! {
            form method="post" action={ (draft.path()) "/withdrawal" } {
                input type="hidden" name="form_key" value=(new_key());
                (Field::new("why", t!(lang, "原因", "Why"), "").required().input(lang, problems))
                button.btn type="submit" { (t!(lang, "撤回", "Withdraw")) }
            }
        },
    )
}

pub fn text(
    viewer: &Viewer,
    opened: &Opened,
    form: &TextForm,
    problems: &Problems,
    wrong: &[Problem],
) -> Markup {
    let (lang, draft) = (viewer.lang(), &opened.draft);
    let title = t!(lang, "编辑全文", "Edit the text");
    let mut crumbs = crumbs(lang);
    crumbs.push(Crumb::new(draft.path(), draft.title.clone()));
    let rows = form.body.lines().count().clamp(10, 60);
    viewer.page(&title, &crumbs, html! {
        (heading(&title, html! { (draft.rule_set) ".toml" }, html! {}))
        @if !wrong.is_empty() { (mistakes(lang, &draft.rule_set, wrong)) }
        @for problem in wrong.iter().filter(|problem| is_own(&draft.rule_set, problem)) { (excerpt(&form.body, problem)) }
        form.card method="post" action={ (draft.path()) "/text" } { div.card-body {
            input type="hidden" name="form_key" value=(new_key());
            input type="hidden" name="edition" value=(form.edition);
            (Field::new("title", t!(lang, "草稿名称", "Title of the draft"), &form.title).required().input(lang, problems))
            label.form-label for="body" { (t!(lang, "规则全文（TOML）", "The rules (TOML)")) }
            textarea.form-control.rule-editor id="body" name="body" rows=(rows) spellcheck="false" wrap="off" { "\n" (form.body) }
            div.form-hint { (t!(lang, "写法与 course-content/programmes 下的文件相同。版本号和生效日期在发布时填写。", "Written as the files in course-content/programmes. Version and date are asked for when it is published.")) }
            div.btn-list.mt-3 {
                button.btn.btn-primary type="submit" disabled[!opened.may_write || !draft.is_open()] { (icon("device-floppy")) (t!(lang, "保存草稿", "Save the draft")) }
                a.btn href=(draft.path()) { (t!(lang, "取消", "Cancel")) }
            }
        } }
    })
}

/// The line with a mistake, and those around it.
fn excerpt(text: &str, problem: &Problem) -> Markup {
    let Some(line) = problem.line else { return html! {} };
    let first = line.saturating_sub(3);
    html! {
        div.rule-text.mb-3 { table { tbody {
            @for (n, content) in text.lines().enumerate().skip(first).take(5) {
                tr .gone[n + 1 == line] { th { (n + 1) } td { (content) } }
            }
        } } }
    }
}

pub fn form(
    viewer: &Viewer,
    opened: &Opened,
    one: &Certification,
    values: &Values,
    problems: &Problems,
    wrong: &[Problem],
) -> Markup {
    let (lang, draft) = (viewer.lang(), &opened.draft);
    let title = one.title.get(lang);
    let mut crumbs = crumbs(lang);
    crumbs.push(Crumb::new(draft.path(), draft.title.clone()));
    viewer.page(title, &crumbs, html! {
        (heading(title, html! { (draft.rule_set) "/" (one.code) }, html! {}))
        @if !wrong.is_empty() { (mistakes(lang, &draft.rule_set, wrong)) }
        @if !problems.is_empty() { (alert(Tone::Bad, t!(lang, "表单有误，请检查标出的项目。", "The form has mistakes; check the marked fields."))) }
        form method="post" action={ (draft.path()) "/certifications/" (one.code) } {
            input type="hidden" name="form_key" value=(new_key());
            input type="hidden" name="edition" value=(value(values, "edition"));
            (validity_fields(lang, values, problems))
            (card(&t!(lang, "颁发条件", "Conditions"), html! {
                (toml_field(lang, problems, "requires", t!(lang, "首次颁发", "First issue"), values))
                (toml_field(lang, problems, "suspended_unless", t!(lang, "不满足即暂停（可留空）", "Suspended while this is not met (may be empty)"), values))
            }))
            @for (place, way) in one.renewals.iter().enumerate() {
                (way_fields(lang, values, problems, place, saying::way_title(way, place).get(lang)))
            }
            div.btn-list.mb-3 {
                button.btn.btn-primary type="submit" disabled[!opened.may_write || !draft.is_open()] { (icon("device-floppy")) (t!(lang, "保存草稿", "Save the draft")) }
                a.btn href=(draft.path()) { (t!(lang, "取消", "Cancel")) }
            }
        }
    })
}

fn value<'a>(values: &'a Values, name: &str) -> &'a str {
    values.get(name).map(String::as_str).unwrap_or_default()
}

fn number(lang: Lang, problems: &Problems, name: &str, label: String, values: &Values) -> Markup {
    html! { div."col-6"."col-md-3" { (Field::new(name, label, value(values, name)).kind("number").input(lang, problems)) } }
}

fn validity_fields(lang: Lang, values: &Values, problems: &Problems) -> Markup {
    let kinds = [
        ("none".to_owned(), t!(lang, "长期有效", "does not expire")),
        ("months".to_owned(), t!(lang, "若干个月", "so many months")),
        ("days".to_owned(), t!(lang, "若干天", "so many days")),
        ("fixed".to_owned(), t!(lang, "统一到期日", "the same day of the year")),
    ];
    card(
        &t!(lang, "有效期与复审", "Validity and review"),
        html! {
            div.row {
                div."col-6"."col-md-3" { (Field::new("validity", t!(lang, "有效期", "Validity"), value(values, "validity")).select(lang, problems, kinds)) }
                (number(lang, problems, "length", t!(lang, "月数或天数", "Months or days"), values))
                div."col-6"."col-md-3" { (Field::new("ends", t!(lang, "统一到期日（月-日）", "Day of the year"), value(values, "ends")).hint("12-31").input(lang, problems)) }
                (number(lang, problems, "least", t!(lang, "至少剩余月数", "At least so many months left"), values))
                (number(lang, problems, "review", t!(lang, "每几个月复审", "Review every … months"), values))
                (number(lang, problems, "review_window", t!(lang, "复审可提前天数", "Possible so many days before"), values))
            }
        },
    )
}

fn way_fields(
    lang: Lang,
    values: &Values,
    problems: &Problems,
    place: usize,
    title: &str,
) -> Markup {
    let field = |name: &str| format!("renewal-{place}-{name}");
    let bases = ["previous-expiry", "completion", "cycle"].map(|word| {
        let base = match word {
            "completion" => crate::record::programme::Base::Completion,
            "cycle" => crate::record::programme::Base::Cycle,
            _ => crate::record::programme::Base::PreviousExpiry,
        };
        (word.to_owned(), saying::base_words(base).get(lang).to_owned())
    });
    let base = field("base");
    card(
        title,
        html! {
            div.row {
                (number(lang, problems, &field("window_months"), t!(lang, "到期前几个月起", "Months before the end"), values))
                (number(lang, problems, &field("window_days"), t!(lang, "到期前几天起", "Days before the end"), values))
                (number(lang, problems, &field("grace_months"), t!(lang, "到期后宽限月数", "Months of grace"), values))
                (number(lang, problems, &field("grace_days"), t!(lang, "到期后宽限天数", "Days of grace"), values))
            }
            (Field::new(&base, t!(lang, "新有效期起算", "The new validity"), value(values, &base)).select(lang, problems, bases))
            (toml_field(lang, problems, &field("requires"), t!(lang, "换证条件", "Conditions"), values))
        },
    )
}

/// A demand as it is written in the file.
fn toml_field(
    lang: Lang,
    problems: &Problems,
    name: &str,
    label: String,
    values: &Values,
) -> Markup {
    let (text, problem) = (value(values, name), problems.get(name));
    let rows = text.lines().count().clamp(2, 24) + 1;
    let note = format!("{name}-note");
    html! {
        div.mb-3 {
            label.form-label for=(name) { (label) }
            textarea.form-control.rule-editor .is-invalid[problem.is_some()] id=(name) name=(name) rows=(rows)
                spellcheck="false" wrap="off" aria-describedby=(note) aria-invalid=[problem.map(|_| "true")] { "\n" (text) }
            div id=(note) { @if let Some(problem) = problem { div.text-danger.small.mt-1 { (problem.get(lang)) } } }
        }
    }
}
