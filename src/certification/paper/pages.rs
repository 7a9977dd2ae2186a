//! Where papers are downloaded, and where templates are made and looked at.

use maud::{Markup, html};

use super::{
    Body,
    handlers::offered,
    keeping,
    queries::Template,
    template::{MOST_SIGNATURES, PLACEHOLDERS, Stored},
};
use crate::{
    access::Viewer,
    certification::{
        State,
        model::{Basis, Certificate},
    },
    i18n::{self, Lang, Text},
    record::Rules,
    t,
    web::{
        Crumb, Problems,
        components::{
            Tone, alert, badge, button_form, card, card_with, definitions, empty, heading, icon,
            table,
        },
        forms::{Field, new_key},
    },
};

/// The links to a certificate's papers, or why there is none.
pub fn downloads(lang: Lang, one: &Certificate) -> Markup {
    if one.basis == Basis::Import {
        return html! {};
    }
    match keeping::unprintable(one) {
        Some(unprintable) => alert(Tone::Warn, unprintable.note().get(lang)),
        None => html! {
            div.btn-list.mb-3 {
                @for of in [lang, if lang == Lang::Zh { Lang::En } else { Lang::Zh }] {
                    a.btn .btn-primary[of == lang] href={ "/certificates/" (one.number) "/paper.pdf?lang=" (of.tag()) } {
                        (icon("download")) (t!(lang, "证书 PDF（{}）", "Certificate, PDF ({})", of.own_name()))
                    }
                }
            }
        },
    }
}

/// The same on the public check, for certificates nobody took back.
pub fn public_download(lang: Lang, one: &Certificate, state: State) -> Markup {
    if one.basis == Basis::Import || !offered(state) || keeping::unprintable(one).is_some() {
        return html! {};
    }
    let pairs =
        [("number", one.number.as_str()), ("code", one.check_code.as_str()), ("lang", lang.tag())];
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    html! {
        p.mt-3.mb-0 { a.btn.btn-sm href={ "/check/paper.pdf?" (query) } {
            (icon("download")) (t!(lang, "下载证书原件（PDF）", "Download the certificate as issued (PDF)"))
        } }
    }
}

fn crumbs(lang: Lang) -> Crumb {
    Crumb::new("/certificates", t!(lang, "证书", "Certificates"))
}

fn name_of(rules: &Rules, lang: Lang, certification: Option<&str>) -> String {
    match certification {
        Some(code) => {
            rules.context().name(crate::record::Kind::Certificate, code).get(lang).to_owned()
        }
        None => t!(lang, "所有没有专用模板的证书", "All without a template of their own"),
    }
}

/// Why there is nothing to change for an administrator of a part of the group.
fn only_looks(lang: Lang, may_write: bool) -> Markup {
    html! {
        @if !may_write {
            (alert(Tone::Info, t!(lang, "证书模板适用于全集团：您可以查看和预览，修改和发布由全集团的管理员负责。", "Templates count for the whole group: you may look and preview; administrators of the whole group write and publish.")))
        }
    }
}

/// Every template with its versions, and which are in use.
pub fn templates(
    viewer: &Viewer,
    rules: &Rules,
    all: &[(Template, Body)],
    may_write: bool,
) -> Markup {
    let lang = viewer.lang();
    let title = t!(lang, "证书模板", "Certificate templates");
    let about = t!(
        lang,
        "发布后颁发的证书按新模板印制；已颁发的证书保持原样。",
        "What is issued after publishing follows the new template; what was issued stays as it is."
    );
    viewer.page(&title, &[crumbs(lang)], html! {
        (heading(&title, about, html! {
            @if may_write { (button_form("/certificates/templates", &new_key(), "btn-primary", html! { (icon("plus")) (t!(lang, "新建模板", "New template")) })) }
        }))
        (only_looks(lang, may_write))
        (card_with("", html! {}, html! {
            @if all.is_empty() {
                (empty("certificate", &t!(lang, "还没有自己的模板", "No template of your own yet"), t!(lang, "证书现在按内置的标准样式印制。新建一个模板，换上自己的标志、印章和文字。", "Certificates are printed in the built-in standard look. Make a template with your own logo, seal and words.")))
            } @else {
                (template_table(lang, rules, all))
            }
        }))
    })
}

fn template_table(lang: Lang, rules: &Rules, all: &[(Template, Body)]) -> Markup {
    let headers = [
        t!(lang, "模板", "Template"),
        t!(lang, "版本", "Version"),
        t!(lang, "用于", "For"),
        t!(lang, "状态", "State"),
        t!(lang, "发布时间", "Published"),
    ];
    let rows = all.iter().map(|(template, body)| {
        let of = template.certification.as_deref();
        let published = template.published_at;
        vec![
            html! { a href={ "/certificates/templates/" (template.id) } { (body.name.get(lang)) } },
            html! { (template.title()) },
            html! { (name_of(rules, lang, of)) },
            state(lang, template, all),
            html! { @match published { Some(at) => (i18n::date(lang, at.utc().date_naive())), None => "—" } },
        ]
    });
    table(&headers, rows)
}

fn state(lang: Lang, template: &Template, all: &[(Template, Body)]) -> Markup {
    let rivals = all.iter().map(|(other, _)| other);
    let rivals = rivals.filter(|other| other.certification == template.certification);
    let last =
        rivals.filter(|other| !other.is_draft()).max_by_key(|other| (other.published_at, other.id));
    match template.published_at {
        None => badge(Tone::Warn, t!(lang, "草稿", "Draft")),
        Some(_) if last.is_some_and(|last| last.id == template.id) => {
            badge(Tone::Good, t!(lang, "使用中", "In use"))
        }
        Some(_) => badge(Tone::Neutral, t!(lang, "已被替换", "Replaced")),
    }
}

/// A version as a page shows it: with what was typed where that could not be saved.
pub struct Shown<'a> {
    pub template: &'a Template,
    /// The certification it is for.
    pub of: Option<&'a str>,
    pub body: &'a Body,
    pub may_write: bool,
}

/// One version: a draft with its form, or a published one to look at.
pub fn template(viewer: &Viewer, rules: &Rules, shown: &Shown<'_>, problems: &Problems) -> Markup {
    let lang = viewer.lang();
    let Shown { template, of, body, may_write } = *shown;
    let title = body.name.get(lang).to_owned();
    let back = Crumb::new("/certificates/templates", t!(lang, "证书模板", "Certificate templates"));
    let subtitle = html! {
        (template.title()) " · " (name_of(rules, lang, of)) " "
        @if template.is_draft() { (badge(Tone::Warn, t!(lang, "草稿", "Draft"))) }
    };
    viewer.page(&title, &[crumbs(lang), back], html! {
        (heading(&title, subtitle, html! { @if may_write { (actions(lang, template)) } }))
        (only_looks(lang, may_write))
        @if !problems.is_empty() { (alert(Tone::Bad, t!(lang, "没有保存，请检查标出的项目。", "Not saved. Check the marked fields."))) }
        div.row.row-cards {
            div."col-lg-6" {
                @if template.is_draft() && may_write { (edit_form(viewer, rules, shown, problems)) }
                @else { (card(&t!(lang, "内容", "What it says"), said(lang, body))) }
            }
            div."col-lg-6" { (preview(lang, template)) }
        }
    })
}

fn actions(lang: Lang, template: &Template) -> Markup {
    let at = format!("/certificates/templates/{}", template.id);
    html! {
        @if template.is_draft() {
            (button_form(&format!("{at}/publish"), &new_key(), "btn-primary", html! { (icon("check")) (t!(lang, "发布已保存的草稿", "Publish the saved draft")) }))
            (button_form(&format!("{at}/discard"), &new_key(), "btn-outline-danger", html! { (icon("x")) (t!(lang, "丢弃草稿", "Discard the draft")) }))
        } @else {
            form.d-inline method="post" action="/certificates/templates" {
                input type="hidden" name="form_key" value=(new_key());
                input type="hidden" name="from" value=(template.id);
                button.btn type="submit" { (icon("pencil")) (t!(lang, "由此新建草稿", "New draft from this")) }
            }
        }
    }
}

fn preview(lang: Lang, template: &Template) -> Markup {
    let at = format!("/certificates/templates/{}/preview", template.id);
    card(
        &t!(lang, "预览（已保存的内容）", "Preview (as saved)"),
        html! {
            @for of in Lang::ALL {
                figure.mb-3 {
                    img.certificate-preview src={ (at) ".svg?lang=" (of.tag()) } alt=(t!(lang, "样本证书，{}", "Sample certificate, {}", of.own_name()));
                    figcaption.mt-1 { a href={ (at) ".pdf?lang=" (of.tag()) } { (icon("file-text")) " PDF · " (of.own_name()) } }
                }
            }
        },
    )
}

fn said(lang: Lang, body: &Body) -> Markup {
    let both = |text: &Text| html! { (text.zh) br; span lang="en" { (text.en) } };
    definitions([
        (t!(lang, "标题", "Heading"), both(&body.heading)),
        (t!(lang, "正文", "Statement"), both(&body.statement)),
        (t!(lang, "结语", "Closing"), both(&body.closing)),
        (t!(lang, "主色", "Accent colour"), html! { (body.accent) }),
        (t!(lang, "方向", "Orientation"), html! { (orientation(lang, body.landscape)) }),
        (t!(lang, "语言", "Languages"), html! { (languages(lang, body.bilingual)) }),
        (
            t!(lang, "签名", "Signatures"),
            html! { @for one in &body.signatures { div { (one.get(lang)) } } },
        ),
    ])
}

fn orientation(lang: Lang, landscape: bool) -> String {
    if landscape {
        t!(lang, "A4 横向", "A4 landscape")
    } else {
        t!(lang, "A4 纵向", "A4 portrait")
    }
}

fn languages(lang: Lang, bilingual: bool) -> String {
    if bilingual {
        t!(lang, "每份都有中英文，主次分明", "Both on each paper, one of them smaller")
    } else {
        t!(lang, "每份一种语言", "One on each paper")
    }
}

fn edit_form(viewer: &Viewer, rules: &Rules, shown: &Shown<'_>, problems: &Problems) -> Markup {
    let lang = viewer.lang();
    let Shown { template, of, body, .. } = *shown;
    let known = PLACEHOLDERS.map(|name| format!("{{{name}}}")).join(" ");
    let hint = t!(lang, "可用占位符：{known}", "Placeholders: {known}");
    let choices = certifications(rules, lang, of);
    let orientations = [("landscape", true), ("portrait", false)]
        .map(|(word, is)| (word.to_owned(), orientation(lang, is)));
    let tongues =
        [("both", true), ("one", false)].map(|(word, is)| (word.to_owned(), languages(lang, is)));
    card(
        &t!(lang, "草稿", "Draft"),
        html! {
            form method="post" enctype="multipart/form-data" action={ "/certificates/templates/" (template.id) } {
                input type="hidden" name="form_key" value=(new_key());
                (pair(lang, problems, "name", &t!(lang, "模板名称", "Name of the template"), &body.name, "", 1))
                (Field::new("certification", t!(lang, "用于", "For"), of.unwrap_or_default()).select(lang, problems, choices))
                (pair(lang, problems, "heading", &t!(lang, "标题", "Heading"), &body.heading, "", 1))
                (pair(lang, problems, "statement", &t!(lang, "姓名与资格之间的文字", "Between name and qualification"), &body.statement, &hint, 2))
                (pair(lang, problems, "closing", &t!(lang, "结语", "Closing words"), &body.closing, &hint, 2))
                (Field::new("accent", t!(lang, "主色", "Accent colour"), &body.accent).kind("color").input(lang, problems))
                (Field::new("orientation", t!(lang, "方向", "Orientation"), if body.landscape { "landscape" } else { "portrait" }).select(lang, problems, orientations))
                (Field::new("languages", t!(lang, "语言", "Languages"), if body.bilingual { "both" } else { "one" }).select(lang, problems, tongues))
                (picture(lang, problems, "logo", &t!(lang, "标志", "Logo"), body.logo.as_ref()))
                (picture(lang, problems, "seal", &t!(lang, "印章", "Seal"), body.seal.as_ref()))
                @for at in 1..=MOST_SIGNATURES {
                    @let (name, none) = (format!("signature_{at}"), Text::default());
                    (pair(lang, problems, &name, &t!(lang, "签名栏 {at}", "Signature {at}"), body.signatures.get(at - 1).unwrap_or(&none), "", 1))
                }
                button.btn.btn-primary type="submit" { (t!(lang, "保存并预览", "Save and preview")) }
            }
        },
    )
}

fn certifications(rules: &Rules, lang: Lang, of: Option<&str>) -> Vec<(String, String)> {
    let mut choices = vec![(String::new(), name_of(rules, lang, None))];
    for set in rules.sets() {
        for one in &set.certifications {
            let code = set.qualified(&one.code);
            choices.push((code.clone(), name_of(rules, lang, Some(&code))));
        }
    }
    // One that is no longer in any rule set stays chosen.
    if let Some(of) = of.filter(|of| choices.iter().all(|(code, _)| code != of)) {
        choices.push((of.to_owned(), of.to_owned()));
    }
    choices
}

/// A text in both languages.
fn pair(
    lang: Lang,
    problems: &Problems,
    name: &str,
    label: &str,
    text: &Text,
    hint: &str,
    rows: u8,
) -> Markup {
    let field = |tongue: &str, words: &str, of: Lang| {
        let id = format!("{name}_{tongue}");
        let field = Field::new(&id, format!("{label}（{}）", of.own_name()), words).hint(hint);
        if rows > 1 { field.area(lang, problems, rows) } else { field.input(lang, problems) }
    };
    html! {
        div.row {
            div."col-md-6" { (field("zh", &text.zh, Lang::Zh)) }
            div."col-md-6" { (field("en", &text.en, Lang::En)) }
        }
    }
}

fn picture(
    lang: Lang,
    problems: &Problems,
    name: &str,
    label: &str,
    kept: Option<&Stored>,
) -> Markup {
    let problem = problems.get(name);
    html! {
        div.mb-3 {
            label.form-label for=(name) { (label) (t!(lang, "（PNG 或 JPEG，最大 1 MB）", " (PNG or JPEG, 1 MB at most)")) }
            input.form-control .is-invalid[problem.is_some()] id=(name) type="file" name=(name) accept="image/png,image/jpeg" aria-describedby={ (name) "-note" };
            div id={ (name) "-note" } {
                @if let Some(problem) = problem { div.text-danger.small.mt-1 { (problem.get(lang)) } }
            }
            @if kept.is_some() {
                label.form-check.mt-2 {
                    input.form-check-input type="checkbox" name={ (name) "_gone" } value="yes";
                    span.form-check-label { (t!(lang, "去掉现有图片", "Remove the present picture")) }
                }
            }
        }
    }
}
