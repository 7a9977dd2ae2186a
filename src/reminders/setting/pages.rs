//! How rules, mutes and hours look.

use maud::{Markup, html};

use super::{
    handlers::{DaysForm, MUTE_SCOPES, MuteForm, Muted, SiteWeek, Story, WeekForm},
    rule_form::{NEW, RuleForm},
};
use crate::{
    access::Viewer,
    i18n::{self, Lang},
    reminders::{
        board::pages::{step, tabs},
        hours::Week,
        model::{Hours, Rule, Source, To},
        pages::administration,
        queries::SpecialDay,
    },
    t,
    web::{
        Crumb, Problems,
        components::{
            Tone, alert, badge, button_form, card, card_with, empty, heading, icon, table,
        },
        forms::{Field, new_key},
    },
};

fn crumbs(lang: Lang) -> Vec<Crumb> {
    vec![administration(lang), Crumb::new("/admin/reminders", t!(lang, "提醒", "Reminders"))]
}

/// Why there is nothing to change for an administrator of a part of the group.
fn only_looks(lang: Lang, may_write: bool) -> Markup {
    html! {
        @if !may_write {
            (alert(Tone::Info, t!(lang, "提醒规则适用于全集团：您可以查看，由全集团的管理员修改。", "Rules of reminders count for the whole group: you may look; administrators of the whole group change them.")))
        }
    }
}

pub fn rules(viewer: &Viewer, rules: &[Rule], may_write: bool) -> Markup {
    let lang = viewer.lang();
    let title = t!(lang, "提醒规则", "Rules of reminders");
    let headers = [
        t!(lang, "规则", "Rule"),
        t!(lang, "步骤", "Steps"),
        t!(lang, "时段", "Hours"),
        t!(lang, "每日汇总", "Daily digest"),
        t!(lang, "状态", "State"),
    ];
    let rows = rules.iter().map(|rule| {
        vec![
            html! {
                a href={ "/admin/reminders/rules/" (rule.code) } { (rule.title.get(lang)) }
                div.small.text-secondary { (t!(lang, "到期日：", "Due date: ")) (rule.source.due_date().get(lang)) }
            },
            html! { @for one in &rule.steps { div { (step(lang, i64::from(one.days))) ": " (list(lang, &one.to)) } } },
            html! { (rule.hours.title().get(lang)) },
            html! { @if rule.digest.is_empty() { "–" } @else { (list(lang, &rule.digest)) } },
            html! {
                @if rule.on { (badge(Tone::Good, t!(lang, "启用", "On"))) } @else { (badge(Tone::Neutral, t!(lang, "停用", "Off"))) }
                @if rule.optional { " " (badge(Tone::Info, t!(lang, "可退订", "Optional"))) }
            },
        ]
    });
    viewer.page(&title, &crumbs(lang), html! {
        (heading(&title, t!(lang, "提醒什么、提前几天、告诉谁。改动立即生效，旧版本保留。", "What is reminded of, how many days ahead, and who is told. A change counts at once; earlier versions are kept."), html! {
            @if may_write { a.btn href={ "/admin/reminders/rules/" (NEW) } { (icon("plus")) (t!(lang, "新规则", "New rule")) } }
        }))
        (tabs(lang, "/admin/reminders/rules"))
        (only_looks(lang, may_write))
        (card_with("", html! {}, table(&headers, rows)))
    })
}

fn list(lang: Lang, to: &[To]) -> String {
    let titles: Vec<_> = to.iter().map(|to| to.title()).collect();
    i18n::Text::list(&titles).get(lang).to_owned()
}

pub fn rule(viewer: &Viewer, story: &Story, form: &RuleForm, problems: &Problems) -> Markup {
    let lang = viewer.lang();
    let title = if story.is_new {
        t!(lang, "新规则", "New rule")
    } else if lang == Lang::Zh {
        form.value("title_zh").to_owned()
    } else {
        form.value("title_en").to_owned()
    };
    let mut crumbs = crumbs(lang);
    crumbs.push(Crumb::new("/admin/reminders/rules", t!(lang, "规则", "Rules")));
    let source = Source::parse(form.value("source"));
    viewer.page(&title, &crumbs, html! {
        (heading(&title, html! {
            @if let Some(source) = source { (t!(lang, "到期日：", "Due date: ")) (source.due_date().get(lang)) }
        }, html! {}))
        @if let Some(problem) = problems.get("rule") { (alert(Tone::Bad, problem.get(lang))) }
        (only_looks(lang, story.may_write))
        form.card.mb-3 method="post" action={ "/admin/reminders/rules/" (story.code) } { fieldset.card-body disabled[!story.may_write] {
            input type="hidden" name="form_key" value=(new_key());
            (what(lang, story, form, problems))
            (steps(lang, form))
            (how(lang, form, problems))
            (Field::new("why", t!(lang, "为什么修改", "Why it is changed"), form.value("why")).required().input(lang, problems))
            @if story.may_write { button.btn.btn-primary type="submit" { (icon("device-floppy")) (t!(lang, "保存并生效", "Save; it counts at once")) } }
        } }
        @if !story.is_new { (history(viewer, story)) }
    })
}

/// What it is called and looks at.
fn what(lang: Lang, story: &Story, form: &RuleForm, problems: &Problems) -> Markup {
    let sources = Source::ALL.iter();
    let sources = sources.map(|one| (one.word().to_owned(), one.title().get(lang).to_owned()));
    let is_coverage = form.value("source") == Source::CoverageAtRisk.word();
    html! {
        @if story.is_new {
            (Field::new("code", t!(lang, "代码", "Code"), form.value("code")).required().hint(t!(lang, "小写字母、数字和连字符，例如 hv-coverage。", "Small letters, digits and hyphens, such as hv-coverage.")).input(lang, problems))
            (Field::new("source", t!(lang, "提醒什么", "What it looks at"), form.value("source")).required().select(lang, problems, sources))
        } @else {
            input type="hidden" name="code" value=(form.value("code"));
            input type="hidden" name="source" value=(form.value("source"));
        }
        (tick(form, "on", t!(lang, "启用", "On")))
        div.row {
            div."col-md-6" { (Field::new("title_zh", t!(lang, "中文名称", "Title in Chinese"), form.value("title_zh")).required().input(lang, problems)) }
            div."col-md-6" { (Field::new("title_en", t!(lang, "英文名称", "Title in English"), form.value("title_en")).required().input(lang, problems)) }
        }
        (Field::new("only", t!(lang, "只针对（代码，用逗号分开）", "Only for these (codes, by commas)"), form.value("only"))
            .hint(t!(lang, "留空表示全部。例如 {}", "All when empty. For example {}", story.certifications.first().map_or("", String::as_str))).input(lang, problems))
        @if is_coverage || story.is_new {
            (Field::new("at_least", t!(lang, "每个站点至少几名持证人（仅用于“持证人员将不足”）", "Holders each site needs (for coverage only)"), form.value("at_least")).kind("number").input(lang, problems))
        }
    }
}

fn tick(form: &RuleForm, name: &str, label: String) -> Markup {
    html! {
        label.form-check.mb-3 {
            input.form-check-input type="checkbox" name=(name) value="yes" checked[form.has(name)];
            span.form-check-label { (label) }
        }
    }
}

/// The steps, a line each.
fn steps(lang: Lang, form: &RuleForm) -> Markup {
    html! {
        fieldset.mb-3 {
            legend.form-label { (t!(lang, "步骤：提前几天（负数为到期之后），告诉谁", "Steps: so many days before (below zero: after), and who is told")) }
            @for n in 0..form.lines() {
                @let name = format!("days_{n}");
                div.row.g-2.align-items-center.mb-2 {
                    div."col-12"."col-md-2" {
                        input.form-control type="number" name=(name) value=(form.value(&name)) aria-label=(t!(lang, "步骤 {} 的天数", "Days of step {}", n + 1));
                    }
                    div."col-12"."col-md-10" { @for to in To::ALL {
                        @let box_name = format!("to_{n}_{}", to.word());
                        label.form-check.form-check-inline {
                            input.form-check-input type="checkbox" name=(box_name) value="yes" checked[form.has(&box_name)];
                            span.form-check-label { (to.title().get(lang)) }
                        }
                    } }
                }
            }
            div.form-hint { (t!(lang, "天数留空的行不算。某一步之后才告诉的人，就只在那一步及以后勾选。", "A line without days does not count. Whoever is told only from some step on is ticked from there on.")) }
        }
    }
}

/// When and in which form it goes out.
fn how(lang: Lang, form: &RuleForm, problems: &Problems) -> Markup {
    let hours = Hours::ALL.iter();
    let hours = hours.map(|one| (one.word().to_owned(), one.title().get(lang).to_owned()));
    html! {
        fieldset.mb-3 {
            legend.form-label { (t!(lang, "每天合成一封汇总邮件的收件人", "Who gets one digest a day instead of single mails")) }
            @for to in To::ALL {
                @let name = format!("digest_{}", to.word());
                label.form-check.form-check-inline {
                    input.form-check-input type="checkbox" name=(name) value="yes" checked[form.has(&name)];
                    span.form-check-label { (to.title().get(lang)) }
                }
            }
        }
        (Field::new("hours", t!(lang, "发送时段", "When it goes out"), form.value("hours")).select(lang, problems, hours))
        (Field::new("late_days", t!(lang, "到期后最多补发几天", "Sent up to so many days late"), form.value("late_days")).kind("number").required().input(lang, problems))
        (tick(form, "optional", t!(lang, "允许收件人退订", "Recipients may opt out")))
    }
}

fn history(viewer: &Viewer, story: &Story) -> Markup {
    let lang = viewer.lang();
    let headers = [
        t!(lang, "版本", "Version"),
        t!(lang, "何时", "When"),
        t!(lang, "谁", "Who"),
        t!(lang, "原因", "Why"),
        t!(lang, "步骤", "Steps"),
    ];
    let rows = story.versions.iter().map(|version| {
        let who = story.names.iter().find(|(id, _)| *id == version.changed_by);
        vec![
            html! { (version.version) },
            html! { (i18n::instant(lang, version.changed_at.utc(), viewer.zone)) },
            html! { (who.map_or("", |(_, person)| person.title(lang))) },
            html! { (version.why) },
            html! { @for one in &version.rule.steps { span.me-2 { (one.days) } } },
        ]
    });
    card_with(
        &t!(lang, "修改记录", "Versions"),
        html! {},
        html! {
            @if story.versions.is_empty() { (empty("history", &t!(lang, "还没有改过", "Never changed"), t!(lang, "现在用的是内置规则。", "The built-in rule counts."))) }
            @else { (table(&headers, rows)) }
        },
    )
}

pub fn mutes(viewer: &Viewer, mutes: &[Muted], rules: &[Rule]) -> Markup {
    let lang = viewer.lang();
    let title = t!(lang, "静音", "Mutes");
    let headers = [
        t!(lang, "静音了什么", "What is muted"),
        t!(lang, "期间", "From and through"),
        t!(lang, "原因", "Why"),
        t!(lang, "谁设的", "By"),
        String::new(),
    ];
    let everybody = t!(lang, "所有人", "everybody");
    let rows = mutes.iter().map(|Muted { mute, recipient, by, may_end }| {
        let rule = mute.rule.as_deref().map(|code| {
            let known = rules.iter().find(|rule| rule.code == code);
            known.map_or_else(|| code.to_owned(), |rule| rule.title.get(lang).to_owned())
        });
        let runs = mute.ended_at.is_none() && mute.through_on >= viewer.today;
        vec![
            html! {
                (recipient.as_ref().map_or(everybody.as_str(), |person| person.title(lang)))
                div.small.text-secondary {
                    (rule.unwrap_or_else(|| t!(lang, "所有规则", "all rules")))
                    @if let (Some(kind), Some(id)) = (&mute.subject_kind, mute.subject_id) { " · " (kind) " " (id) }
                }
            },
            html! { (i18n::date(lang, mute.from_on)) " – " (i18n::date(lang, mute.through_on)) },
            html! { (mute.why) },
            html! { (by.as_ref().map_or("", |person| person.title(lang))) },
            html! {
                @if runs && !may_end { (badge(Tone::Info, t!(lang, "生效中", "In force"))) }
                @else if runs { (button_form(&format!("/admin/reminders/mutes/{}/end", mute.id), &new_key(), "btn-sm", html! { (t!(lang, "取消静音", "End it")) })) }
                @else { (badge(Tone::Neutral, t!(lang, "已结束", "Ended"))) }
            },
        ]
    });
    viewer.page(&title, &crumbs(lang), html! {
        (heading(&title, t!(lang, "静音期间不发，但每条都记录在“已发”里，写明原因。", "While it is muted nothing is sent; each reminder is still listed under “Sent”, with the reason."), html! {
            a.btn href="/admin/reminders/mutes/new?scope=person" { (icon("plus")) (t!(lang, "新静音", "New mute")) }
        }))
        (tabs(lang, "/admin/reminders/mutes"))
        (card_with("", html! {}, html! {
            @if mutes.is_empty() { (empty("bell", &t!(lang, "没有静音", "Nothing is muted"), t!(lang, "在“预告”里点一下即可静音某条提醒。", "A reminder under “To come” is muted by its button."))) }
            @else { (table(&headers, rows)) }
        }))
    })
}

pub fn mute(viewer: &Viewer, rules: &[Rule], form: &MuteForm, problems: &Problems) -> Markup {
    let lang = viewer.lang();
    let title = t!(lang, "静音提醒", "Mute a reminder");
    let mut crumbs = crumbs(lang);
    crumbs.push(Crumb::new("/admin/reminders/mutes", t!(lang, "静音", "Mutes")));
    let all = (String::new(), t!(lang, "所有规则", "All rules"));
    let rules = rules.iter().map(|rule| (rule.code.clone(), rule.title.get(lang).to_owned()));
    let has_subject = form.id.is_some() && !form.kind.is_empty();
    let scopes = MUTE_SCOPES.iter().filter(|scope| has_subject || scope.starts_with("person"));
    let scopes = scopes.map(|scope| ((*scope).to_owned(), scope_title(lang, scope)));
    viewer.page(&title, &crumbs, html! {
        (heading(&title, &form.said, html! {}))
        (card("", html! {
            form method="post" action="/admin/reminders/mutes/new" {
                input type="hidden" name="form_key" value=(new_key());
                input type="hidden" name="kind" value=(form.kind);
                @if let Some(id) = form.id { input type="hidden" name="id" value=(id); }
                input type="hidden" name="said" value=(form.said);
                (Field::new("scope", t!(lang, "静音范围", "What is muted"), &form.scope).select(lang, problems, scopes))
                (Field::new("recipient", t!(lang, "收件人工号", "Recipient's staff number"), &form.recipient).hint(t!(lang, "留空表示所有人。", "Everybody when empty.")).input(lang, problems))
                (Field::new("rule", t!(lang, "规则", "Rule"), &form.rule).select(lang, problems, std::iter::once(all).chain(rules)))
                (Field::new("until", t!(lang, "静音到（含当天）", "Muted through"), &form.until).kind("date").required().input(lang, problems))
                (Field::new("why", t!(lang, "原因", "Why"), &form.why).required().input(lang, problems))
                button.btn.btn-primary type="submit" { (t!(lang, "静音", "Mute")) }
            }
        }))
    })
}

fn scope_title(lang: Lang, scope: &str) -> String {
    match scope {
        "subject" => t!(lang, "这件事：对所有人", "This thing, for everybody"),
        "person-rule" => t!(lang, "这条规则：对此收件人", "This rule, for this recipient"),
        "person" => t!(lang, "全部提醒：对此收件人", "All reminders, for this recipient"),
        _ => {
            t!(lang, "只是这件事：对此收件人和规则", "Only this thing, for this recipient and rule")
        }
    }
}

fn weekday(lang: Lang, n: usize) -> String {
    match n {
        0 => t!(lang, "周一", "Mon"),
        1 => t!(lang, "周二", "Tue"),
        2 => t!(lang, "周三", "Wed"),
        3 => t!(lang, "周四", "Thu"),
        4 => t!(lang, "周五", "Fri"),
        5 => t!(lang, "周六", "Sat"),
        _ => t!(lang, "周日", "Sun"),
    }
}

fn said(lang: Lang, week: &Week) -> String {
    let days: Vec<String> =
        (0..7).filter(|n| week.workdays[*n]).map(|n| weekday(lang, n)).collect();
    let days = days.join(" ");
    if week.quiet_from == week.quiet_until {
        return t!(lang, "{days}；没有免打扰时段", "{days}; no quiet hours");
    }
    let clock = |minute: u32| format!("{:02}:{:02}", minute / 60 % 24, minute % 60);
    let (from, until) = (clock(week.quiet_from), clock(week.quiet_until));
    t!(lang, "{days}；{from}–{until} 免打扰", "{days}; quiet from {from} to {until}")
}

pub fn sites(viewer: &Viewer, weeks: &[SiteWeek]) -> Markup {
    let lang = viewer.lang();
    let title = t!(lang, "时段与假日", "Hours and holidays");
    let headers = [
        t!(lang, "站点", "Site"),
        t!(lang, "时区", "Time zone"),
        t!(lang, "工作日与免打扰", "Workdays and quiet hours"),
    ];
    let rows = weeks.iter().map(|SiteWeek { site, week, own }| {
        vec![
            html! { a href={ "/admin/reminders/hours/" (site.code) } { (site.title(lang)) } },
            html! { (site.time_zone) },
            html! { (said(lang, week)) @if !own { div.small.text-secondary { (t!(lang, "同上级", "as the site above")) } } },
        ]
    });
    viewer.page(&title, &crumbs(lang), html! {
        (heading(&title, t!(lang, "免打扰时段和休息日不发提醒，除非来不及了。下级站点随上级。", "In quiet hours and on days off no reminders are sent, unless it would be too late. Sites follow the one above them."), html! {}))
        (tabs(lang, "/admin/reminders/hours"))
        (card_with("", html! {}, html! {
            @if weeks.is_empty() { (empty("building", &t!(lang, "还没有站点", "No sites yet"), t!(lang, "先导入站点。", "Import sites first."))) }
            @else { (table(&headers, rows)) }
        }))
    })
}

/// A site's page: its week and its special days, each with its form.
pub struct SitePage<'a> {
    pub week: &'a SiteWeek,
    pub form: &'a WeekForm,
    pub days: &'a DaysForm,
    pub special: &'a [SpecialDay],
}

pub fn site(viewer: &Viewer, page: &SitePage<'_>, problems: &Problems) -> Markup {
    let lang = viewer.lang();
    let site = &page.week.site;
    let mut crumbs = crumbs(lang);
    crumbs.push(Crumb::new("/admin/reminders/hours", t!(lang, "时段与假日", "Hours and holidays")));
    let action = format!("/admin/reminders/hours/{}", site.code);
    viewer.page(site.title(lang), &crumbs, html! {
        (heading(site.title(lang), said(lang, &page.week.week), html! {}))
        (card(&t!(lang, "每周", "Every week"), week_form(lang, page, &action, problems)))
        (card(&t!(lang, "假日与调休", "Holidays and make-up workdays"), days_form(lang, page, &action, problems)))
    })
}

fn week_form(lang: Lang, page: &SitePage<'_>, action: &str, problems: &Problems) -> Markup {
    const DAYS: [&str; 7] =
        ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    let form = page.form;
    let workdays = form.workdays();
    let whose = [
        ("above".to_owned(), t!(lang, "同上级站点", "As the site above")),
        ("own".to_owned(), t!(lang, "本站点自己规定", "This site's own")),
    ];
    html! {
        form method="post" action=(action) {
            input type="hidden" name="form_key" value=(new_key());
            (Field::new("whose", t!(lang, "以谁为准", "Whose hours"), &form.whose).select(lang, problems, whose))
            div.row {
                div."col-6" { (Field::new("quiet_from", t!(lang, "免打扰从", "Quiet from"), &form.quiet_from).kind("time").required().input(lang, problems)) }
                div."col-6" { (Field::new("quiet_until", t!(lang, "到", "until"), &form.quiet_until).kind("time").required().hint(t!(lang, "两个时间相同表示没有免打扰时段。", "The same time twice: no quiet hours.")).input(lang, problems)) }
            }
            fieldset.mb-3 {
                legend.form-label { (t!(lang, "工作日", "Workdays")) }
                @for (n, name) in DAYS.iter().enumerate() {
                    label.form-check.form-check-inline {
                        input.form-check-input type="checkbox" name=(name) value="yes" checked[workdays[n]];
                        span.form-check-label { (weekday(lang, n)) }
                    }
                }
                @if let Some(problem) = problems.get("workdays") { div.text-danger.small { (problem.get(lang)) } }
            }
            button.btn.btn-primary type="submit" { (icon("device-floppy")) (t!(lang, "保存", "Save")) }
        }
    }
}

fn days_form(lang: Lang, page: &SitePage<'_>, action: &str, problems: &Problems) -> Markup {
    let (form, action) = (page.days, format!("{action}/days"));
    let how = [
        ("off".to_owned(), t!(lang, "休息", "Off")),
        ("works".to_owned(), t!(lang, "上班（调休）", "Works")),
        ("usual".to_owned(), t!(lang, "恢复平常", "As usual again")),
    ];
    html! {
        @if page.special.is_empty() { p.text-secondary { (t!(lang, "还没有。上级站点的假日在这里同样有效。", "None yet. Holidays of the sites above hold here as well.")) } }
        @else { ul.list-unstyled { @for one in page.special {
            li { (i18n::date(lang, one.day)) " " (one.title) " "
                @if one.works { (badge(Tone::Info, t!(lang, "上班", "Works"))) } @else { (badge(Tone::Neutral, t!(lang, "休息", "Off"))) }
            }
        } } }
        form method="post" action=(action) {
            input type="hidden" name="form_key" value=(new_key());
            div.row {
                div."col-6"."col-md-3" { (Field::new("first", t!(lang, "从", "From"), &form.first).kind("date").required().input(lang, problems)) }
                div."col-6"."col-md-3" { (Field::new("last", t!(lang, "到", "through"), &form.last).kind("date").input(lang, problems)) }
                div."col-6"."col-md-3" { (Field::new("how", t!(lang, "怎样", "How"), &form.how).select(lang, problems, how)) }
                div."col-6"."col-md-3" { (Field::new("title", t!(lang, "名称", "Name"), &form.title).input(lang, problems)) }
            }
            button.btn type="submit" { (icon("plus")) (t!(lang, "设定", "Set")) }
        }
    }
}
