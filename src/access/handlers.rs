//! Signing in and out, passwords, roles.

use actix_web::{
    HttpRequest, HttpResponse,
    cookie::{Cookie, SameSite, time},
    http::header,
    web,
};
use chrono::Duration;
use serde::Deserialize;

use super::{
    Acting, Administrator, ForAll, Role, Viewer, audit, links,
    model::GrantId,
    once, pages, password,
    queries::{self, Purpose},
    viewer::SESSION_COOKIE,
};
use crate::{
    db::{Conn, Db, Instant},
    i18n::Lang,
    mail::{self, Letter, Letterhead, Recipient},
    record::PersonId,
    staff::{
        self, Person, SiteId, SiteKind,
        transfers::{self, NewAssignment, NewPerson, NewSite},
    },
    t, text,
    web::{
        Clock, Error, Form, Now, Problems, Reader, Result, address, html,
        reader::{LANG_COOKIE, THEME_COOKIE, Theme},
        redirect,
    },
};

const DEVICE_COOKIE: &str = "device";
/// Failed sign-ins from strangers after which an account asks them to wait.
const PATIENCE_ACCOUNT: i64 = 10;
/// Failed sign-ins after which an address is asked to wait.
const PATIENCE_ADDRESS: i64 = 50;

/// Cookies travel only over TLS when the installation is reached over TLS.
#[derive(Clone, Copy, Debug)]
pub struct SecureCookies(pub bool);

#[derive(Deserialize)]
pub struct Next {
    next: Option<String>,
}

impl Next {
    /// Only a path of our own: a link must not lead to another site after signing in.
    fn path(&self) -> &str {
        match self.next.as_deref() {
            Some(path)
                if path.starts_with('/') && !path.starts_with("//") && !path.contains('\\') =>
            {
                path
            }
            _ => "/",
        }
    }
}

pub async fn sign_in_page(reader: Reader, next: web::Query<Next>) -> HttpResponse {
    html(pages::sign_in(&reader, "", next.path(), None))
}

#[derive(Deserialize)]
pub struct SignIn {
    who: String,
    password: String,
    next: Option<String>,
}

pub async fn sign_in(
    request: HttpRequest,
    db: web::Data<Db>,
    secure: web::Data<SecureCookies>,
    reader: Reader,
    now: Now,
    Form(form): Form<SignIn>,
) -> Result<HttpResponse> {
    let next = Next { next: form.next };
    let address = address::word_of(&request);
    let device = request.cookie(DEVICE_COOKIE).map(|cookie| cookie.value().to_owned());
    let (who, now) = (form.who.trim().to_owned(), now.0);
    let known = device.clone();
    let from = address.clone();
    let (person, hash, wait) =
        db.read(move |conn| candidate(conn, &who, known.as_deref(), &from, now)).await?;
    if wait {
        return Err(Error::TooMany(text!(
            "登录失败次数过多，请 15 分钟后再试。您也可以用“忘记密码”通过邮箱重设，或在以前登录过的设备上登录。",
            "Too many failed sign-ins. Try again in 15 minutes, reset the password by mail, or sign in on a device you have used before."
        )));
    }
    let right = password::verify(form.password, hash).await?;
    let id = person.as_ref().map(|person| person.id);
    let Some(person) = person.filter(|_| right) else {
        db.write(move |conn| queries::note_attempt(conn, id, &address, false, now)).await?;
        let mistake = t!(
            reader.lang,
            "工号、邮箱或密码不对。",
            "The staff number, e-mail address or password is wrong."
        );
        let page = pages::sign_in(&reader, &form.who, next.path(), Some(&mistake));
        return Err(Error::Again(Box::new(page)));
    };
    let mut response = redirect(next.path());
    open_session(&db, &request, &mut response, person.id, device, secure.0, now).await?;
    Ok(response)
}

/// Who wants in, their password hash, and whether they must wait.
fn candidate(
    conn: &mut Conn,
    who: &str,
    device: Option<&str>,
    address: &str,
    now: Instant,
) -> Result<(Option<Person>, Option<String>, bool)> {
    let person = staff::queries::person_by_sign_in(conn, who)?;
    let id = person.as_ref().map(|person| person.id);
    let (of_account, of_address) = queries::recent_failures(conn, id, address, now)?;
    // Strangers who guess at an account cannot lock its owner out of a browser they use.
    let known = match (id, device) {
        (Some(id), Some(device)) => queries::knows_device(conn, id, &links::digest(device))?,
        _ => false,
    };
    let wait = of_address >= PATIENCE_ADDRESS || (of_account >= PATIENCE_ACCOUNT && !known);
    let hash = match id {
        Some(id) => queries::password_of(conn, id)?,
        None => None,
    };
    Ok((person, hash, wait))
}

async fn open_session(
    db: &Db,
    request: &HttpRequest,
    response: &mut HttpResponse,
    person: PersonId,
    device: Option<String>,
    secure: bool,
    now: Instant,
) -> Result<()> {
    let token = links::new_token();
    let device = device.unwrap_or_else(links::new_token);
    let (token_hash, device_hash) = (links::digest(&token), links::digest(&device));
    let (address, agent) = (address::word_of(request), agent_of(request));
    db.write(move |conn| {
        queries::note_attempt(conn, Some(person), &address, true, now)?;
        queries::remember_device(conn, person, &device_hash, now)?;
        queries::begin_session(conn, person, &token_hash, &address, &agent, now)
    })
    .await?;
    for (name, value, days) in [(SESSION_COOKIE, token, 90), (DEVICE_COOKIE, device, 730)] {
        let cookie = Cookie::build(name, value)
            .path("/")
            .http_only(true)
            .secure(secure)
            .same_site(SameSite::Lax)
            .max_age(time::Duration::days(days))
            .finish();
        add_cookie(response, &cookie)?;
    }
    Ok(())
}

fn add_cookie(response: &mut HttpResponse, cookie: &Cookie<'_>) -> Result<()> {
    response.add_cookie(cookie).map_err(|error| Error::Internal(error.to_string()))
}

fn agent_of(request: &HttpRequest) -> String {
    let agent = request.headers().get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    agent.unwrap_or_default().chars().take(200).collect()
}

pub async fn sign_out(request: HttpRequest, db: web::Data<Db>, now: Now) -> Result<HttpResponse> {
    if let Some(cookie) = request.cookie(SESSION_COOKIE) {
        let token_hash = links::digest(cookie.value());
        db.write(move |conn| queries::end_session(conn, &token_hash, now.0)).await?;
    }
    let mut response = redirect("/sign-in");
    let mut gone = Cookie::build(SESSION_COOKIE, "").path("/").finish();
    gone.make_removal();
    add_cookie(&mut response, &gone)?;
    Ok(response)
}

pub async fn forgotten_page(reader: Reader) -> HttpResponse {
    html(pages::forgotten(&reader, false))
}

#[derive(Deserialize)]
pub struct Forgotten {
    who: String,
}

/// Answers the same whether or not there is such a person, so that nobody can ask who works here.
pub async fn forgotten(
    db: web::Data<Db>,
    head: web::Data<Letterhead>,
    reader: Reader,
    now: Now,
    Form(form): Form<Forgotten>,
) -> Result<HttpResponse> {
    let now = now.0;
    db.write(move |conn| -> Result<()> {
        let person = staff::queries::person_by_sign_in(conn, form.who.trim())?;
        match person {
            Some(person) if queries::has_account(conn, person.id)? => {
                send_password_link(conn, &head, &person, false, now).map(drop)
            }
            _ => Ok(()),
        }
    })
    .await?;
    Ok(html(pages::forgotten(&reader, true)))
}

/// Mails a link to set a password; says whether there was an address to mail it to.
pub fn send_password_link(
    conn: &mut Conn,
    head: &Letterhead,
    person: &Person,
    invited: bool,
    now: Instant,
) -> Result<bool> {
    let Some(email) = person.email.clone() else { return Ok(false) };
    let token = links::new_token();
    let (lasts, lang) =
        (if invited { Duration::days(7) } else { Duration::hours(2) }, person.lang());
    queries::add_link(
        conn,
        Purpose::SetPassword,
        Some(person.id),
        &links::digest(&token),
        now.plus(lasts),
        now,
    )?;
    let letter = password_letter(lang, invited, &token, &person.staff_no);
    let to = Recipient { person: person.id, name: person.title(lang).to_owned(), email, lang };
    mail::post(conn, head, &to, &letter, now)?;
    Ok(true)
}

fn password_letter(lang: Lang, invited: bool, token: &str, staff_no: &str) -> Letter {
    let action = Some((t!(lang, "设置密码", "Set your password"), format!("/links/{token}")));
    if invited {
        return Letter {
            subject: t!(lang, "您的培训与认证账户", "Your training and certification account"),
            paragraphs: vec![t!(
                lang,
                "您的账户已经开通，登录名是您的工号 {staff_no}。请在 7 天内设置密码。",
                "Your account is ready; sign in with your staff number {staff_no}. Please set a password within 7 days."
            )],
            action,
        };
    }
    Letter {
        subject: t!(lang, "重设密码", "Reset your password"),
        paragraphs: vec![t!(
            lang,
            "有人（希望是您本人）请求重设工号 {staff_no} 的密码。链接 2 小时内有效，只能用一次。如果不是您本人，请忽略这封邮件，密码不会改变。",
            "Somebody, we hope you, asked to reset the password of {staff_no}. The link works once, within 2 hours. If it was not you, ignore this mail: nothing changes."
        )],
        action,
    }
}

pub async fn link_page(
    db: web::Data<Db>,
    reader: Reader,
    now: Now,
    token: web::Path<String>,
) -> Result<HttpResponse> {
    let token_hash = links::digest(&token);
    let link = db.read(move |conn| queries::link_for(conn, &token_hash, now.0)).await?;
    let problems = Problems::default();
    Ok(html(match link {
        None => pages::link_used_up(&reader),
        Some((Purpose::SetPassword, _)) => pages::set_password(&reader, &token, &problems),
        Some((Purpose::FirstAdministrator, _)) => {
            pages::first_administrator(&reader, &token, &FirstAdministrator::default(), &problems)
        }
    }))
}

/// What either kind of link's form sends.
#[derive(Clone, Debug, Default, Deserialize, validator::Validate)]
pub struct FirstAdministrator {
    #[serde(default)]
    #[validate(length(max = 100))]
    pub group: String,
    #[serde(default)]
    #[validate(length(max = 40))]
    pub staff_no: String,
    #[serde(default)]
    #[validate(length(max = 80))]
    pub name: String,
    #[serde(default)]
    #[validate(length(max = 200))]
    pub email: String,
    pub password: String,
}

pub async fn use_link(
    request: HttpRequest,
    db: web::Data<Db>,
    secure: web::Data<SecureCookies>,
    reader: Reader,
    clock: web::Data<Clock>,
    token: web::Path<String>,
    Form(form): Form<FirstAdministrator>,
) -> Result<HttpResponse> {
    let now = clock.now();
    let token_hash = links::digest(&token);
    let hash = token_hash.clone();
    let Some((purpose, person)) = db.read(move |conn| queries::link_for(conn, &hash, now)).await?
    else {
        return Ok(html(pages::link_used_up(&reader)));
    };
    let problems = problems_of(&form, purpose);
    if !problems.is_empty() {
        return Err(Error::Again(Box::new(match purpose {
            Purpose::SetPassword => pages::set_password(&reader, &token, &problems),
            Purpose::FirstAdministrator => {
                pages::first_administrator(&reader, &token, &form, &problems)
            }
        })));
    }
    let password_hash = password::hash(form.password.clone()).await?;
    let lang = reader.lang;
    let person = db
        .write(move |conn| -> Result<PersonId> {
            if !queries::use_link_up(conn, &token_hash, now)? {
                return Err(Error::NotFound);
            }
            let person = match person {
                Some(person) => person,
                None => make_first_administrator(conn, &form, lang, now)?,
            };
            queries::set_password(conn, person, &password_hash, now)?;
            queries::end_sessions(conn, person, now)?;
            audit::note(conn, Some(person), "set-password", ("person", Some(person.0)), (), now)?;
            Ok(person)
        })
        .await?;
    let mut response = redirect("/");
    let device = request.cookie(DEVICE_COOKIE).map(|cookie| cookie.value().to_owned());
    open_session(&db, &request, &mut response, person, device, secure.0, now).await?;
    Ok(response)
}

fn problems_of(form: &FirstAdministrator, purpose: Purpose) -> Problems {
    let mut problems = Problems::of(form);
    if let Some(problem) = password::problem(&form.password, &form.staff_no) {
        problems.add("password", problem);
    }
    if purpose == Purpose::FirstAdministrator {
        for (field, value) in
            [("group", &form.group), ("staff_no", &form.staff_no), ("name", &form.name)]
        {
            if value.trim().is_empty() {
                problems.add(field, text!("请填写。", "Please fill this in."));
            }
        }
        let email = form.email.trim();
        if !email.is_empty() && !validator::ValidateEmail::validate_email(&email) {
            problems.add(
                "email",
                text!("这不是有效的邮箱地址。", "This is not a valid e-mail address."),
            );
        }
    }
    problems
}

/// The group's root and its first administrator, in an empty database.
fn make_first_administrator(
    conn: &mut Conn,
    form: &FirstAdministrator,
    lang: Lang,
    now: Instant,
) -> Result<PersonId> {
    let stamp = crate::record::ledger::Stamp { at: now, by: None };
    let root = NewSite {
        code: "group",
        name: form.group.trim(),
        name_en: None,
        kind: SiteKind::Group,
        time_zone: "Asia/Shanghai",
        parent: None,
    };
    let site = match staff::queries::site_by_code(conn, root.code)? {
        Some(site) => site.id,
        None => transfers::add_site(conn, &root, stamp)?,
    };
    let email = Some(form.email.trim()).filter(|email| !email.is_empty());
    let new = NewPerson {
        staff_no: form.staff_no.trim(),
        name: form.name.trim(),
        name_en: None,
        email,
        phone: None,
        lang,
    };
    let person = transfers::add_person(conn, &new, stamp)?;
    let today = now.utc().date_naive();
    let post = NewAssignment {
        person,
        site,
        position: "administrator",
        occupation: "administrator",
        manager: None,
        starts_on: today,
        ends_on: None,
    };
    transfers::assign(conn, &post, stamp)?;
    queries::add_grant(conn, person, Role::Administrator, site, today, None, now)?;
    audit::note(
        conn,
        Some(person),
        "make-first-administrator",
        ("person", Some(person.0)),
        (),
        now,
    )?;
    Ok(person)
}

#[derive(Deserialize)]
pub struct Choice {
    lang: Option<String>,
    theme: Option<String>,
    back: Option<String>,
}

/// Keeps the reader's language or theme in a cookie and leads back.
pub async fn choose_reader(Form(form): Form<Choice>) -> Result<HttpResponse> {
    let mut response = redirect(Next { next: form.back }.path());
    let lang = form.lang.as_deref().and_then(Lang::parse).map(|lang| (LANG_COOKIE, lang.tag()));
    let theme = form.theme.as_deref().map(|word| (THEME_COOKIE, Theme::parse(word).word()));
    for (name, value) in lang.into_iter().chain(theme) {
        let cookie = Cookie::build(name, value)
            .path("/")
            .same_site(SameSite::Lax)
            .max_age(time::Duration::days(730))
            .finish();
        add_cookie(&mut response, &cookie)?;
    }
    Ok(response)
}

pub async fn account_page(db: web::Data<Db>, viewer: Viewer) -> Result<HttpResponse> {
    let (id, now) = (viewer.id, viewer.now);
    let sessions = db.read(move |conn| queries::sessions_of(conn, id, now)).await?;
    Ok(html(pages::account(&viewer, &sessions, &Problems::default(), false)))
}

#[derive(Deserialize)]
pub struct ChangePassword {
    old: String,
    password: String,
}

pub async fn change_password(
    db: web::Data<Db>,
    viewer: Viewer,
    Form(form): Form<ChangePassword>,
) -> Result<HttpResponse> {
    let (id, now) = (viewer.id, viewer.now);
    let (hash, sessions) = db
        .read(move |conn| -> Result<_> {
            Ok((queries::password_of(conn, id)?, queries::sessions_of(conn, id, now)?))
        })
        .await?;
    let mut problems = Problems::default();
    if !password::verify(form.old, hash).await? {
        problems.add("old", text!("原密码不对。", "The present password is wrong."));
    }
    if let Some(problem) = password::problem(&form.password, &viewer.staff_no) {
        problems.add("password", problem);
    }
    if !problems.is_empty() {
        let page = pages::account(&viewer, &sessions, &problems, false);
        return Err(Error::Again(Box::new(page)));
    }
    let hash = password::hash(form.password).await?;
    db.write(move |conn| -> Result<()> {
        queries::set_password(conn, id, &hash, now)?;
        Ok(audit::note(conn, Some(id), "set-password", ("person", Some(id.0)), (), now)?)
    })
    .await?;
    Ok(html(pages::account(&viewer, &sessions, &Problems::default(), true)))
}

pub async fn sign_out_everywhere(db: web::Data<Db>, viewer: Viewer) -> Result<HttpResponse> {
    let (id, now) = (viewer.id, viewer.now);
    db.write(move |conn| -> Result<()> {
        queries::end_sessions(conn, id, now)?;
        Ok(audit::note(conn, Some(id), "sign-out-everywhere", ("person", Some(id.0)), (), now)?)
    })
    .await?;
    Ok(redirect("/sign-in"))
}

pub async fn roles_page(db: web::Data<Db>, admin: Acting<Administrator>) -> Result<HttpResponse> {
    let acting = admin.clone();
    let (grants, sites) = db.read(move |conn| roles_listed(conn, &acting)).await?;
    Ok(html(pages::roles(&admin, &grants, &sites, None)))
}

type Listed = (Vec<(super::Grant, Person, staff::Site)>, Vec<staff::Site>);

fn roles_listed(conn: &mut Conn, admin: &Acting<Administrator>) -> Result<Listed> {
    let lineages = &admin.reach().lineages;
    let grants = queries::grants_below(conn, lineages, admin.today, 1000)?;
    Ok((grants, staff::queries::sites(conn, admin.reach())?))
}

#[derive(Deserialize)]
pub struct GrantRole {
    form_key: String,
    staff_no: String,
    role: Role,
    site: i64,
}

pub async fn grant_role(
    db: web::Data<Db>,
    admin: Acting<Administrator>,
    Form(form): Form<GrantRole>,
) -> Result<HttpResponse> {
    let acting = admin.clone();
    once::submit(&db, &admin, &form.form_key.clone(), move |conn| {
        let site = site_in_reach(conn, &acting, SiteId(form.site))?;
        let person =
            staff::queries::person_by_staff_no(conn, form.staff_no.trim())?.ok_or_else(|| {
                let number = form.staff_no.trim();
                Error::Refused(text!(
                    "没有工号为 {number} 的人员。",
                    "There is nobody with staff number {number}."
                ))
            })?;
        let grant = queries::add_grant(
            conn,
            person.id,
            form.role,
            site.id,
            acting.today,
            Some(acting.id),
            acting.now,
        )?;
        audit::note(
            conn,
            Some(acting.id),
            "grant-role",
            ("person", Some(person.id.0)),
            serde_json::json!({ "role": form.role, "site": site.code, "grant": grant }),
            acting.now,
        )?;
        Ok("/admin/roles".to_owned())
    })
    .await
}

fn site_in_reach(
    conn: &mut Conn,
    admin: &Acting<Administrator>,
    id: SiteId,
) -> Result<staff::Site> {
    let site = staff::queries::site(conn, id)?.ok_or(Error::NotFound)?;
    if admin.reach().covers_site(&site) { Ok(site) } else { Err(Error::NotFound) }
}

#[derive(Deserialize)]
pub struct OnlyKey {
    pub form_key: String,
}

pub async fn end_role(
    db: web::Data<Db>,
    admin: Acting<Administrator>,
    id: web::Path<i64>,
    Form(form): Form<OnlyKey>,
) -> Result<HttpResponse> {
    let acting = admin.clone();
    once::submit(&db, &admin, &form.form_key, move |conn| {
        let grant = queries::find_grant(conn, GrantId(*id))?.ok_or(Error::NotFound)?;
        site_in_reach(conn, &acting, grant.site)?;
        if grant.person == acting.id && grant.role == Role::Administrator {
            return Err(Error::Refused(text!(
                "不能收回自己的管理员角色，请由另一位管理员操作。",
                "You cannot take away your own administrator role; ask another administrator."
            )));
        }
        queries::end_grant(conn, grant.id, acting.today - Duration::days(1))?;
        audit::note(
            conn,
            Some(acting.id),
            "end-role",
            ("person", Some(grant.person.0)),
            serde_json::json!({ "role": grant.role, "grant": grant.id }),
            acting.now,
        )?;
        Ok("/admin/roles".to_owned())
    })
    .await
}

#[derive(Deserialize)]
pub struct Invite {
    form_key: String,
    staff_no: String,
}

pub async fn invite(
    db: web::Data<Db>,
    head: web::Data<Letterhead>,
    admin: Acting<Administrator>,
    Form(form): Form<Invite>,
) -> Result<HttpResponse> {
    let acting = admin.clone();
    once::submit(&db, &admin, &form.form_key.clone(), move |conn| {
        let number = form.staff_no.trim();
        let person = staff::queries::person_by_staff_no(conn, number)?.ok_or(Error::NotFound)?;
        acting.person(conn, person.id)?;
        if !send_password_link(conn, &head, &person, true, acting.now)? {
            return Err(Error::Refused(text!(
                "工号 {number} 没有邮箱，无法邀请。请先补上邮箱。",
                "{number} has no e-mail address to invite; add one first."
            )));
        }
        audit::note(
            conn,
            Some(acting.id),
            "invite",
            ("person", Some(person.id.0)),
            (),
            acting.now,
        )?;
        Ok("/admin/roles".to_owned())
    })
    .await
}

#[derive(Deserialize)]
pub struct AuditQuery {
    q: Option<String>,
    page: Option<usize>,
}

pub async fn audit_page(
    db: web::Data<Db>,
    admin: ForAll<Administrator>,
    query: web::Query<AuditQuery>,
) -> Result<HttpResponse> {
    const ROWS: usize = 50;
    let word = query.q.clone().unwrap_or_default();
    let page = query.page.unwrap_or(1).clamp(1, 10_000);
    let searched = word.clone();
    let offset = ((page - 1) * ROWS) as i64;
    let mut lines =
        db.read(move |conn| audit::lines(conn, &searched, ROWS as i64 + 1, offset)).await?;
    let has_more = lines.len() > ROWS;
    lines.truncate(ROWS);
    Ok(html(pages::audit(&admin, &lines, &word, page, has_more)))
}
