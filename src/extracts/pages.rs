//! How extracts look: the form and the list, one extract, the public check.

use maud::{Markup, html};

use super::{
    body::{Answer, Body, Shown, Told},
    handlers::{AskForm, List},
    queries::Extract,
};
use crate::{
    access::{Hr, Viewer, proof::Proof},
    i18n::{self, Lang, Text},
    record::{Kind, Rules, pages as record},
    t,
    web::{
        Crumb, Problems, Reader, Shell,
        components::{
            Tone, alert, badge, card, card_with, definitions, empty, heading, icon, table,
        },
        forms::{Field, new_key},
    },
};

/// What the public check found.
pub enum Checked {
    NothingAsked,
    /// Wrong number and wrong code look alike: nobody learns which numbers exist.
    Unknown,
    Found {
        extract: Box<Extract>,
        body: Box<Body>,
        /// SHA-256 of the paper, once it was made.
        paper: Option<String>,
        /// Whether the file that was sent is one of ours; none when none was sent.
        same: Option<bool>,
    },
}

pub fn list(
    viewer: &Viewer,
    rules: &Rules,
    list: &List,
    form: &AskForm,
    problems: &Problems,
) -> Markup {
    let lang = viewer.lang();
    let title = t!(lang, "持证证明", "Extracts for auditors");
    let hint = t!(
        lang,
        "证明某人在某一天是否持有某种证书：按当日所知和按现在所知，附依据，带签名。",
        "Prove whether somebody held a certificate on a day: as known then and as known now, with the facts, signed."
    );
    viewer.page(
        &title,
        &[Crumb::new("/certificates", t!(lang, "证书", "Certificates"))],
        html! {
            (heading(&title, hint, html! {}))
            div.row {
                div."col-lg-5" { (ask_card(viewer, rules, form, problems)) }
                div."col-lg-7" { (made_card(viewer, rules, list)) }
            }
        },
    )
}

fn ask_card(viewer: &Viewer, rules: &Rules, form: &AskForm, problems: &Problems) -> Markup {
    let lang = viewer.lang();
    let over_others = viewer.holds_any(Hr::ROLES);
    let action = if over_others { "/extracts" } else { "/extracts/mine" };
    card(
        &t!(lang, "出具新证明", "Make an extract"),
        html! {
            form method="post" action=(action) {
                input type="hidden" name="form_key" value=(new_key());
                @if over_others {
                    (Field::new("person", t!(lang, "工号", "Staff number"), &form.person).required().autocomplete("off").input(lang, problems))
                }
                (Field::new("certification", t!(lang, "证书", "Certification"), &form.certification).required().select(lang, problems, choices(lang, rules)))
                (Field::new("on", t!(lang, "证明哪一天", "On which day"), &form.on).kind("date").required().input(lang, problems))
                (Field::new("known_on", t!(lang, "另按哪一天所知（可不填）", "Also as known on (optional)"), &form.known_on).kind("date")
                    .hint(t!(lang, "始终包含“按当日所知”和“按现在所知”两个结论。", "As known on the day itself and as known now are always answered.")).input(lang, problems))
                button.btn.btn-primary type="submit" { (icon("shield-check")) (t!(lang, "出具证明", "Make the extract")) }
            }
        },
    )
}

fn choices(lang: Lang, rules: &Rules) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = rules
        .sets()
        .flat_map(|set| {
            set.certifications.iter().map(move |one| {
                let code = set.qualified(&one.code);
                let label = format!("{} · {code}", one.title.get(lang));
                (code, label)
            })
        })
        .collect();
    all.sort_by(|a, b| a.1.cmp(&b.1));
    all.insert(0, (String::new(), t!(lang, "请选择", "Choose one")));
    all
}

fn made_card(viewer: &Viewer, rules: &Rules, list: &List) -> Markup {
    let lang = viewer.lang();
    let headers = [
        t!(lang, "编号", "Number"),
        t!(lang, "人员", "Person"),
        t!(lang, "证书", "Certification"),
        t!(lang, "哪一天", "Day"),
        t!(lang, "出具时间", "Made"),
    ];
    let rows = list.rows.iter().map(|(post, one)| {
        vec![
            html! { a href={ "/extracts/" (one.number) } { (one.number) } },
            html! { (post.person.title(lang)) div.small.text-secondary { (post.person.staff_no) } },
            html! { (rules.context().name(Kind::Certificate, &one.certification).get(lang)) },
            html! { (i18n::date(lang, one.on_day)) },
            html! { (i18n::instant(lang, one.made_at.utc(), viewer.zone)) },
        ]
    });
    card_with(
        &t!(lang, "已出具", "Made so far"),
        html! {},
        html! {
            @if list.rows.is_empty() {
                (empty("certificate", &t!(lang, "还没有证明", "None yet"), t!(lang, "填写左边的表单即可出具一份。", "Fill in the form to make one.")))
            } @else { (table(&headers, rows)) }
        },
    )
}

/// One extract as a page; the same that the paper says.
pub fn show(viewer: &Viewer, extract: &Extract, body: &Body) -> Markup {
    let lang = viewer.lang();
    let title = t!(lang, "持证证明 {}", "Extract {}", extract.number);
    let base = format!("/extracts/{}", extract.number);
    let crumbs = [Crumb::new("/extracts", t!(lang, "持证证明", "Extracts"))];
    viewer.page(&title, &crumbs, html! {
        (heading(&title, question(lang, body), html! {
            a.btn href={ (base) "/extract.pdf" } { (icon("file-text")) "PDF" }
            a.btn href={ (base) "/extract.json" } { (icon("download")) "JSON" }
            a.btn href={ (base) "/extract.jws" } { (icon("shield-check")) (t!(lang, "签名（JWS）", "Signature (JWS)")) }
        }))
        @for answer in &body.answers { (answer_card(lang, body, answer)) }
        (facts_card(lang, body))
        (seal_card(lang, extract, body))
    })
}

fn question(lang: Lang, body: &Body) -> String {
    let (name, number) = (body.person.name.get(lang), &body.person.staff_no);
    let (title, on) = (body.certification.title.get(lang), i18n::date(lang, body.on));
    t!(
        lang,
        "{name}（{number}）在 {on} 是否持有“{title}”？",
        "Did {name} ({number}) hold “{title}” on {on}?"
    )
}

/// A moment where the person works, with the name of the zone beside it on the page.
fn moment(lang: Lang, body: &Body, at: crate::db::Instant) -> String {
    i18n::instant(lang, at.utc(), body.zone())
}

fn answer_card(lang: Lang, body: &Body, answer: &Answer) -> Markup {
    let verdict = match answer.held {
        true => badge(Tone::Good, t!(lang, "持有", "Held")),
        false => badge(Tone::Bad, t!(lang, "不持有", "Not held")),
    };
    let at = moment(lang, body, answer.known_at);
    let facts: Vec<String> = answer.facts.iter().map(|id| row_of(body, *id)).collect();
    card_with(
        answer.as_known.title().get(lang),
        verdict,
        html! {
            div.card-body {
                p.fw-bold.mb-2 { (answer.statement.get(lang)) }
                @if body.is_forecast() {
                    (alert(Tone::Warn, t!(lang, "这一天在出具时还没有到：仅按当时记录推算。", "That day had not come when this was made: a forecast from what was recorded.")))
                }
                (definitions([
                    (t!(lang, "截至", "Known by"), html! { (at) " " span.text-secondary { (body.time_zone) } }),
                    (t!(lang, "依据的事实", "Facts it rests on"), html! { @if facts.is_empty() { (t!(lang, "无", "none")) } @else { (facts.join(t!(lang, "、", ", ").as_str())) } }),
                    (t!(lang, "依据的规则", "Rules"), rules_line(lang, answer)),
                    (t!(lang, "记录链", "Chain of the record"), html! {
                        @match &answer.record {
                            Some(chain) => { (t!(lang, "第 {} 行", "row {}", chain.rows)) " " code.text-break { (chain.hash) } },
                            None => { (t!(lang, "当时还没有记录", "nothing was recorded then")) },
                        }
                    }),
                ]))
            }
            @if !answer.certificates.is_empty() { (certificates_table(lang, answer)) }
        },
    )
}

fn rules_line(lang: Lang, answer: &Answer) -> Markup {
    html! {
        @match &answer.rules {
            Some(rules) => {
                (rules.set) @if let Some(version) = &rules.version { " " (version) }
                " · " (t!(lang, "第 {} 版", "revision {}", rules.revision))
                " " code.text-break { (rules.digest.chars().take(16).collect::<String>()) "…" }
            },
            None => { (t!(lang, "没有规则定义这种证书，只按记录判断", "no rule set defines it; by the record alone")) },
        }
    }
}

/// Facts are called by their row in the person's chain.
fn row_of(body: &Body, id: i64) -> String {
    let fact = body.facts.iter().find(|fact| fact.id == id);
    fact.map_or_else(|| "?".to_owned(), |fact| format!("#{}", fact.row))
}

fn certificates_table(lang: Lang, answer: &Answer) -> Markup {
    let headers = [
        t!(lang, "证书编号", "Number"),
        t!(lang, "证书上的姓名", "Name on it"),
        t!(lang, "颁发日期", "Issued on"),
        t!(lang, "有效期", "Valid"),
        t!(lang, "当日状态", "State on the day"),
    ];
    table(&headers, answer.certificates.iter().map(|one| certificate_line(lang, one)))
}

fn certificate_line(lang: Lang, one: &Shown) -> Vec<Markup> {
    let tone = if one.in_force { Tone::Good } else { Tone::Bad };
    vec![
        html! { (one.number.as_deref().unwrap_or("—")) @if let Some(issuer) = &one.issuer { div.small.text-secondary { (issuer.get(lang)) } } },
        html! { (one.name.as_ref().map_or("—", |name| name.get(lang))) },
        html! { (i18n::date(lang, one.issued_on)) },
        html! { (record::span(lang, one.valid_from, one.valid_through)) },
        html! { (badge(tone, one.state_title.get(lang))) @if let Some(why) = &one.why { div.small { (why.get(lang)) } } },
    ]
}

fn facts_card(lang: Lang, body: &Body) -> Markup {
    let headers = [
        t!(lang, "行", "Row"),
        t!(lang, "内容", "What"),
        t!(lang, "时间", "When"),
        t!(lang, "来源", "Source"),
        t!(lang, "记录", "Recorded"),
        t!(lang, "作废", "Voided"),
    ];
    card_with(
        &t!(lang, "事实", "The facts"),
        html! {},
        html! {
            @if body.facts.is_empty() {
                (empty("file-text", &t!(lang, "没有有关的事实", "No facts"), t!(lang, "记录里没有与此证书有关的内容。", "The record says nothing about this certification.")))
            } @else { (table(&headers, body.facts.iter().map(|fact| fact_line(lang, body, fact)))) }
        },
    )
}

fn fact_line(lang: Lang, body: &Body, fact: &Told) -> Vec<Markup> {
    let by = |named: &Option<super::body::Named>| match named {
        Some(named) => named.name.get(lang).to_owned(),
        None => t!(lang, "系统", "the system"),
    };
    let nothing = Text::same("—");
    vec![
        html! { "#" (fact.row) },
        html! {
            (fact.kind.title().get(lang)) " · " (fact.title.get(lang))
            @if let Some(number) = &fact.number { div.small.text-secondary { (number) } }
            @if let Some(note) = &fact.note { div.small.text-secondary { (note) } }
        },
        html! { (record::when(lang, fact.kind, fact.from, fact.through)) },
        html! { code { (fact.source) } },
        html! { (moment(lang, body, fact.recorded_at)) div.small.text-secondary { (by(&fact.recorded_by)) } },
        html! {
            @match fact.voided_at {
                Some(at) => {
                    (moment(lang, body, at)) div.small.text-secondary { (by(&fact.voided_by)) }
                    div.small { (fact.void_reason.as_deref().unwrap_or_default()) }
                },
                None => { (nothing.get(lang)) },
            }
        },
    ]
}

fn seal_card(lang: Lang, extract: &Extract, body: &Body) -> Markup {
    let made_by = body.made_by.as_ref().map_or_else(
        || t!(lang, "命令行", "on the command line"),
        |named| format!("{} ({})", named.name.get(lang), named.staff_no),
    );
    card(
        &t!(lang, "出具与核验", "Seal"),
        definitions([
            (t!(lang, "出具单位", "Issued by"), html! { (body.issuer.get(lang)) }),
            (t!(lang, "出具人", "Made by"), html! { (made_by) }),
            (t!(lang, "出具时间", "Made at"), html! { (moment(lang, body, body.made_at)) }),
            (t!(lang, "编号", "Number"), html! { (extract.number) }),
            (t!(lang, "查验码", "Check code"), html! { (extract.check_code) }),
            (
                t!(lang, "公开核验", "Public check"),
                html! { a.text-break href=(body.check) { (body.check) } },
            ),
            (
                t!(lang, "JSON 的 SHA-256", "SHA-256 of the JSON"),
                html! { code.text-break { (extract.digest) } },
            ),
        ]),
    )
}

/// The public check: anybody with a number and a code learns whether we made it, and anybody with
/// a file whether it is still what we made.
pub fn check(reader: &Reader, number: &str, checked: &Checked) -> Markup {
    let lang = reader.lang;
    let title = t!(lang, "持证证明核验", "Check an extract");
    let none = Problems::default();
    let shell = Shell { reader: reader.clone(), nav: Vec::new(), who: None, unread: 0 };
    shell.page(&title, &[], None, html! {
        div.row.justify-content-center { div."col-md-8"."col-lg-6" {
            (heading(&title, t!(lang, "输入证明上的编号和查验码。", "Enter the number and the check code on the extract."), html! {}))
            @match checked {
                Checked::NothingAsked => {},
                Checked::Unknown => { (alert(Tone::Bad, t!(lang, "没有与此编号和查验码相符的证明。请核对后再试。", "No extract matches this number and check code. Compare them and try again."))) },
                Checked::Found { extract, body, paper, same } => { (found(lang, extract, body, paper.as_deref(), *same)) },
            }
            (card("", html! {
                form method="get" action="/check/extract" {
                    (Field::new("number", t!(lang, "证明编号", "Number of the extract"), number).required().input(lang, &none))
                    (Field::new("code", t!(lang, "查验码", "Check code"), "").required().autocomplete("off").input(lang, &none))
                    button.btn.btn-primary type="submit" { (icon("shield-check")) (t!(lang, "核验", "Check")) }
                }
            }))
        } }
    })
}

fn found(
    lang: Lang,
    extract: &Extract,
    body: &Body,
    paper: Option<&str>,
    same: Option<bool>,
) -> Markup {
    let said = body.answers.iter().map(|answer| {
        let (title, held) =
            (answer.as_known.title().get(lang).to_owned(), answer.statement.get(lang));
        (title, html! { (held) })
    });
    let seal = [
        (t!(lang, "出具时间", "Made at"), html! { (moment(lang, body, body.made_at)) }),
        (t!(lang, "出具单位", "Issued by"), html! { (body.issuer.get(lang)) }),
        (
            t!(lang, "JSON 的 SHA-256", "SHA-256 of the JSON"),
            html! { code.text-break { (extract.digest) } },
        ),
        (
            t!(lang, "PDF 的 SHA-256", "SHA-256 of the PDF"),
            html! {
                @match paper { Some(digest) => { code.text-break { (digest) } }, None => { (t!(lang, "尚未生成 PDF", "no PDF was made yet")) } }
            },
        ),
    ];
    html! {
        @match same {
            Some(true) => { (alert(Tone::Good, t!(lang, "文件与我们出具的完全一致。", "This file is exactly what we made."))) },
            Some(false) => { (alert(Tone::Bad, t!(lang, "文件与我们出具的不一致：被改动过，或不是这份证明。不要采信。", "This file is not what we made: it was altered, or belongs to another extract. Do not rely on it."))) },
            None => { (alert(Tone::Good, t!(lang, "{} 确由我们出具。", "We made {}.", extract.number))) },
        }
        (card(&t!(lang, "证明内容", "What it says"), definitions(said.chain(seal))))
        (card(&t!(lang, "核对文件", "Compare a file"), html! {
            p.text-secondary { (t!(lang, "选择您收到的 PDF、JSON 或 JWS 文件，看它是否与我们出具的完全一致。", "Choose the PDF, JSON or JWS file you were given to see whether it is exactly what we made.")) }
            form method="post" action="/check/extract" enctype="multipart/form-data" {
                input type="hidden" name="number" value=(extract.number);
                input type="hidden" name="code" value=(extract.check_code);
                div.mb-3 {
                    label.form-label for="file" { (t!(lang, "文件", "File")) }
                    input.form-control type="file" id="file" name="file" required accept=".pdf,.json,.jws";
                }
                button.btn type="submit" { (icon("search")) (t!(lang, "核对", "Compare")) }
            }
        }))
    }
}
