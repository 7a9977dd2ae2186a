//! The administrator's page for tokens of the API: make, list, end.

use actix_web::{HttpResponse, web};
use chrono::{Days, NaiveDate};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::json;
use validator::Validate;

use super::token::{self, Listed, TokenId};
use crate::{
    access::{Acting, Administrator, audit, submit},
    db::Db,
    i18n::{self, Lang},
    mail::Letterhead,
    record::{asof, period},
    staff::{self, Site},
    t, text,
    web::{
        Crumb, Error, Form, Problems, Result,
        components::{Tone, alert, badge, button_form, card, card_with, empty, heading, table},
        forms::{Field, new_key},
        html,
    },
};

type Admin = Acting<Administrator>;

/// Days a token may hold at most: whoever runs the other system looks at it every two years.
const LONGEST: u64 = 731;

#[derive(Clone, Debug, Default, Deserialize, Validate)]
pub struct NewToken {
    form_key: String,
    #[serde(default)]
    #[validate(length(min = 1, max = 100))]
    title: String,
    #[serde(default)]
    site: String,
    #[serde(default)]
    expires_on: String,
}

/// What the page shows.
struct Page {
    tokens: Vec<Listed>,
    sites: Vec<Site>,
}

pub async fn list(db: web::Data<Db>, admin: Admin) -> Result<HttpResponse> {
    let page = load(&db, &admin).await?;
    let form = NewToken {
        expires_on: period::day_before(period::months_after(admin.today, 12)).to_string(),
        ..NewToken::default()
    };
    Ok(html(draw(&admin, &page, &form, &Problems::default())))
}

async fn load(db: &Db, admin: &Admin) -> Result<Page> {
    let scope = admin.reach().clone();
    db.read(move |conn| {
        let sites = staff::queries::sites(conn, &scope)?;
        Ok(Page { tokens: token::list(conn, &scope)?, sites })
    })
    .await
}

/// What the form asks for, or what is wrong with it.
fn read(form: &NewToken, page: &Page, today: NaiveDate) -> Result<(Site, NaiveDate), Problems> {
    let mut problems = Problems::of(form);
    let site = page.sites.iter().find(|site| site.code == form.site);
    if site.is_none() {
        problems.add("site", text!("请选择范围。", "Choose how far it reaches."));
    }
    let last = today + Days::new(LONGEST);
    let expires_on = asof::parse_day(form.expires_on.trim());
    match &expires_on {
        Err(problem) => problems.add("expires_on", problem.clone()),
        Ok(day) if *day < today || *day > last => {
            let (zh, en) = (i18n::date(Lang::Zh, last), i18n::date(Lang::En, last));
            problems.add(
                "expires_on",
                text!("请填今天到 {zh} 之间的日期。", "Give a day from today to {en}."),
            );
        }
        Ok(_) => {}
    }
    match (site, expires_on) {
        (Some(site), Ok(day)) if problems.is_empty() => Ok((site.clone(), day)),
        _ => Err(problems),
    }
}

/// Makes a token and shows it this once. The same form sent again leads to the list: the secret is
/// kept nowhere, so nobody can be shown it a second time.
pub async fn add(
    db: web::Data<Db>,
    head: web::Data<Letterhead>,
    admin: Admin,
    Form(mut form): Form<NewToken>,
) -> Result<HttpResponse> {
    form.title = form.title.trim().to_owned();
    let page = load(&db, &admin).await?;
    let (site, expires_on) = match read(&form, &page, admin.today) {
        Ok(read) => read,
        Err(problems) => {
            return Err(Error::Again(Box::new(draw(&admin, &page, &form, &problems))));
        }
    };
    let secret = token::fresh();
    let digest = token::digest(&secret);
    let (stamp, title, kept) = (admin.stamp(), form.title.clone(), digest.clone());
    let there = submit(&db, &admin, &form.form_key, move |conn| {
        let id = token::add(conn, &title, &kept, site.id, expires_on, stamp)?;
        let detail = json!({ "title": title, "site": site.code, "expires_on": expires_on });
        audit::note(conn, stamp.by, "make-token", ("api-token", Some(id.0)), detail, stamp.at)?;
        Ok("/admin/tokens".to_owned())
    })
    .await?;
    if db.read(move |conn| token::is_kept(conn, &digest)).await? {
        return Ok(html(shown_once(&admin, &head, &form.title, &secret)));
    }
    Ok(there)
}

#[derive(Deserialize)]
pub struct End {
    form_key: String,
}

pub async fn end(
    db: web::Data<Db>,
    admin: Admin,
    id: web::Path<String>,
    Form(form): Form<End>,
) -> Result<HttpResponse> {
    let id = id.parse().map(TokenId).map_err(|_| Error::NotFound)?;
    let acting = admin.clone();
    submit(&db, &admin, &form.form_key, move |conn| {
        let tokens = token::list(conn, acting.reach())?;
        let found = tokens.iter().find(|token| token.id == id).ok_or(Error::NotFound)?;
        token::end(conn, id, acting.stamp())?;
        let detail = json!({ "title": found.title });
        let subject = ("api-token", Some(id.0));
        audit::note(conn, Some(acting.id), "end-token", subject, detail, acting.now)?;
        Ok("/admin/tokens".to_owned())
    })
    .await
}

fn crumbs(lang: Lang) -> [Crumb; 1] {
    [Crumb::new("/admin", t!(lang, "管理", "Administration"))]
}

fn draw(admin: &Admin, page: &Page, form: &NewToken, problems: &Problems) -> Markup {
    let lang = admin.lang();
    let title = t!(lang, "接口令牌", "API tokens");
    let hint = t!(
        lang,
        "其他系统凭令牌读取证书状态；只读，范围以内。",
        "With a token another system reads how certificates stand: reading only, within its reach."
    );
    admin.page(
        &title,
        &crumbs(lang),
        html! {
            (heading(&title, hint, html! { a.btn href="/api/v1/openapi.json" { "OpenAPI" } }))
            div.row {
                div."col-lg-4" { (new_card(lang, page, form, problems)) }
                div."col-lg-8" { (tokens_card(admin, page)) }
            }
        },
    )
}

fn new_card(lang: Lang, page: &Page, form: &NewToken, problems: &Problems) -> Markup {
    let sites = page.sites.iter().map(|site| {
        (site.code.clone(), format!("{}{}", "　".repeat(site.depth()), site.title(lang)))
    });
    card(
        &t!(lang, "新建令牌", "Make a token"),
        html! {
            form method="post" action="/admin/tokens" {
                input type="hidden" name="form_key" value=(new_key());
                (Field::new("title", t!(lang, "用途", "What it is for"), &form.title).required()
                    .hint(t!(lang, "例如：派工系统。", "Such as: dispatch.")).input(lang, problems))
                (Field::new("site", t!(lang, "范围", "Reach"), &form.site).required()
                    .hint(t!(lang, "可读取这里及以下的人员。", "It reads about people here and below.")).select(lang, problems, sites))
                (Field::new("expires_on", t!(lang, "有效期至", "Valid through"), &form.expires_on).kind("date").required().input(lang, problems))
                button.btn.btn-primary type="submit" { (t!(lang, "新建", "Make")) }
            }
        },
    )
}

fn tokens_card(admin: &Admin, page: &Page) -> Markup {
    let lang = admin.lang();
    let headers = [
        t!(lang, "用途", "For"),
        t!(lang, "范围", "Reach"),
        t!(lang, "有效期至", "Valid through"),
        t!(lang, "最近使用", "Last used"),
        t!(lang, "状态", "State"),
    ];
    let rows = page.tokens.iter().map(|token| token_line(admin, token));
    card_with(
        &t!(lang, "令牌", "Tokens"),
        html! {},
        html! {
            @if page.tokens.is_empty() {
                (empty("shield-lock", &t!(lang, "还没有令牌", "No tokens yet"), t!(lang, "新建一个，让派工等系统能够读取。", "Make one so that dispatch or another system can read.")))
            } @else { (table(&headers, rows)) }
        },
    )
}

fn token_line(admin: &Admin, token: &Listed) -> Vec<Markup> {
    let lang = admin.lang();
    let moment = |at: crate::db::Instant| i18n::instant(lang, at.utc(), admin.zone);
    let made = moment(token.made_at);
    let over = token.expires_on < admin.today;
    vec![
        html! { (token.title) div.small.text-secondary { (token.made_by) " · " (made) } },
        html! { (token.site.title(lang)) },
        html! { (i18n::date(lang, token.expires_on)) },
        html! { (token.last_used_at.map_or_else(|| t!(lang, "从未", "never"), moment)) },
        html! {
            @match (token.ended_at, over) {
                (Some(at), _) => { (badge(Tone::Neutral, t!(lang, "已停用", "Ended"))) div.small { (moment(at)) } },
                (None, true) => { (badge(Tone::Bad, t!(lang, "已过期", "Expired"))) },
                (None, false) => {
                    (badge(Tone::Good, t!(lang, "可用", "In use"))) " "
                    (button_form(&format!("/admin/tokens/{}/end", token.id), &new_key(), "btn-sm", html! { (t!(lang, "停用", "End")) }))
                },
            }
        },
    ]
}

fn shown_once(admin: &Admin, head: &Letterhead, title: &str, secret: &str) -> Markup {
    let lang = admin.lang();
    let heading_text = t!(lang, "令牌：{title}", "Token: {title}");
    let address = head.link("/api/v1/certificates");
    let call = format!("curl -H 'Authorization: Bearer {secret}' '{address}'");
    admin.page(&heading_text, &crumbs(lang), html! {
        (heading(&heading_text, "", html! { a.btn href="/admin/tokens" { (t!(lang, "返回列表", "Back to the list")) } }))
        (alert(Tone::Warn, t!(lang, "请现在复制并妥善保存。离开本页后无法再次查看；如有遗失，请停用后新建。", "Copy it now and keep it safe. It cannot be shown again; if it is lost, end it and make another.")))
        (card("", html! {
            label.form-label for="token" { (t!(lang, "令牌", "Token")) }
            input.form-control.mb-3 #token type="text" readonly value=(secret);
            p.text-secondary.mb-1 { (t!(lang, "试一试：", "Try it:")) }
            pre.mb-0 { code { (call) } }
        }))
    })
}
