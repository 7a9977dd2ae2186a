//! The person in front of the browser, once we know who they are.

use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload, web};
use chrono::{Duration, NaiveDate};
use chrono_tz::Tz;
use futures_util::future::{FutureExt, LocalBoxFuture};
use maud::Markup;

use super::{
    links,
    model::{Grant, Role},
    queries,
};
use crate::{
    db::{Conn, Db, Instant},
    i18n::Lang,
    record::{PersonId, ledger::Stamp},
    staff::{self, queries::Scope},
    t,
    web::{Clock, Crumb, Error, NavItem, Reader, Result, Shell, Today},
};

pub const SESSION_COOKIE: &str = "session";

/// What a browser says of itself, not yet looked up: it holds a session's token. A [`Viewer`] comes
/// of it by [`queries::signed_in`]; the few handlers that are called very often look it up in the
/// query of their own work, by [`queries::counts`].
#[derive(Clone, Debug)]
pub struct Claim {
    pub token_hash: Vec<u8>,
    pub now: Instant,
    /// The language the reader chose, which goes before their own.
    chosen: Option<Lang>,
}

impl Claim {
    fn of(request: &HttpRequest) -> Result<Claim> {
        let cookie = request.cookie(SESSION_COOKIE).ok_or(Error::SignInFirst)?;
        let clock = request
            .app_data::<web::Data<Clock>>()
            .ok_or_else(|| Error::Internal("no clock".into()))?;
        let chosen = request.cookie(crate::web::reader::LANG_COOKIE).is_some();
        Ok(Claim {
            token_hash: links::digest(cookie.value()),
            now: clock.now(),
            chosen: chosen.then(|| Reader::of(request).lang),
        })
    }

    /// The language to answer in.
    pub fn lang(&self, own: Lang) -> Lang {
        self.chosen.unwrap_or(own)
    }

    /// Whether the session should be noted as used again.
    pub fn outdates(&self, last_seen: Instant) -> bool {
        self.now.seconds_since(last_seen) > 300
    }
}

impl FromRequest for Claim {
    type Error = Error;
    type Future = std::future::Ready<Result<Claim>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        std::future::ready(Claim::of(request))
    }
}

/// Somebody signed in: who, in which language, what day it is for them, which roles are in force.
#[derive(Clone, Debug)]
pub struct Viewer {
    pub id: PersonId,
    pub staff_no: String,
    pub name: String,
    pub reader: Reader,
    pub now: Instant,
    pub today: NaiveDate,
    pub zone: Tz,
    /// The site where they work today.
    pub site: Option<staff::Site>,
    pub grants: Vec<Grant>,
    /// How many messages they have not read.
    pub unread: i64,
}

impl Viewer {
    pub fn lang(&self) -> Lang {
        self.reader.lang
    }

    pub fn holds(&self, role: Role) -> bool {
        self.grants.iter().any(|grant| grant.role == role)
    }

    pub fn holds_any(&self, roles: &[Role]) -> bool {
        roles.iter().any(|role| self.holds(*role))
    }

    /// The parts of the tree that any of these roles reaches.
    pub fn lineages(&self, roles: &[Role]) -> Vec<String> {
        let reached = self.grants.iter().filter(|grant| roles.contains(&grant.role));
        reached.map(|grant| grant.lineage.clone()).collect()
    }

    /// Whose records they may open: those in the reach of a role that answers for people, and
    /// those who report to them.
    pub fn scope(&self) -> Scope {
        const OVERSEE: [Role; 5] =
            [Role::Trainer, Role::Examiner, Role::Manager, Role::Hr, Role::Administrator];
        Scope { lineages: self.lineages(&OVERSEE), reports_of: Some(self.id) }
    }

    /// A person's post, if the viewer may open their record; their own always.
    pub fn post(&self, conn: &mut Conn, id: PersonId) -> Result<staff::Post> {
        let found = if id == self.id {
            staff::queries::post_of(conn, id, self.today)?
        } else {
            staff::queries::post_in(conn, &self.scope(), id, self.today)?
        };
        found.ok_or(Error::NotFound)
    }

    /// Who and when, for what they record.
    pub fn stamp(&self) -> Stamp {
        Stamp { at: self.now, by: Some(self.id) }
    }

    /// A page for this viewer, with the navigation of their roles.
    pub fn page(&self, title: &str, crumbs: &[Crumb], body: Markup) -> Markup {
        self.shell().page(title, crumbs, None, body)
    }

    /// A page that brings a script of its own.
    pub fn page_with_script(
        &self,
        title: &str,
        crumbs: &[Crumb],
        script: &str,
        body: Markup,
    ) -> Markup {
        self.shell().page(title, crumbs, Some(script), body)
    }

    fn shell(&self) -> Shell {
        let role = self.role_titles();
        Shell {
            reader: self.reader.clone(),
            nav: self.navigation(),
            who: Some((self.name.clone(), role)),
            unread: self.unread,
        }
    }

    fn role_titles(&self) -> String {
        let mut roles: Vec<Role> = self.grants.iter().map(|grant| grant.role).collect();
        roles.sort();
        roles.dedup();
        let titles: Vec<_> = roles.into_iter().map(Role::title).collect();
        if titles.is_empty() {
            return t!(self.lang(), "员工", "Staff");
        }
        crate::i18n::Text::list(&titles).get(self.lang()).to_owned()
    }

    fn navigation(&self) -> Vec<NavItem> {
        use Role::{Administrator, Examiner, Hr, Manager, Trainer};
        let lang = self.lang();
        let item = |href, icon, label| NavItem { href, icon, label };
        let mut nav = vec![
            item("/", "home", t!(lang, "首页", "Today")),
            item("/my-path", "stairs-up", t!(lang, "我的成长", "My path")),
            item("/courses", "school", t!(lang, "课程", "Courses")),
            item("/exams", "clipboard-check", t!(lang, "考试", "Exams")),
            item("/mentoring", "heart-handshake", t!(lang, "师带徒", "Mentoring")),
            item("/certificates", "certificate", t!(lang, "证书", "Certificates")),
        ];
        nav.push(item("/rules", "book", t!(lang, "规则", "Rule book")));
        if self.holds_any(&[Trainer, Examiner]) {
            nav.push(item("/exams/banks", "list-check", t!(lang, "题库", "Question banks")));
        }
        if self.holds_any(&[Trainer, Examiner, Manager, Hr, Administrator]) {
            nav.push(item("/people", "users", t!(lang, "人员", "People")));
        }
        if self.holds_any(&[Trainer, Manager, Hr]) {
            nav.push(item("/training", "chart-bar", t!(lang, "培训进度", "Training")));
        }
        if self.holds_any(&[Manager, Hr]) {
            nav.push(item("/promotion", "ladder", t!(lang, "晋升", "Promotion")));
        }
        if self.holds(Administrator) {
            nav.push(item("/admin", "settings", t!(lang, "管理", "Administration")));
        }
        nav
    }

    async fn of(request: HttpRequest) -> Result<Viewer> {
        let claim = Claim::of(&request)?;
        let db = request
            .app_data::<web::Data<Db>>()
            .ok_or_else(|| Error::Internal("no database".into()))?;
        let (now, reader) = (claim.now, Reader::of(&request));
        let (viewer, stale) = db.read(move |conn| Viewer::load(conn, &claim, reader)).await?;
        if let Some(session) = stale {
            db.write(move |conn| queries::touch_session(conn, session, now)).await?;
        }
        Ok(viewer)
    }

    fn load(
        conn: &mut Conn,
        claim: &Claim,
        mut reader: Reader,
    ) -> Result<(Viewer, Option<queries::SessionId>)> {
        let now = claim.now;
        let found = queries::signed_in(conn, &claim.token_hash, now)?.ok_or(Error::SignInFirst)?;
        reader.lang = claim.lang(found.person.lang());
        // The zone needs a day to find the site, and the day needs a zone: UTC's day is near enough.
        let near = now.utc().date_naive() + Duration::days(1);
        let site = staff::queries::site_of(conn, found.person.id, near)?;
        let zone = site.as_ref().map_or(chrono_tz::Asia::Shanghai, staff::Site::zone);
        let today = now.utc().with_timezone(&zone).date_naive();
        let stale = claim.outdates(found.last_seen_at).then_some(found.session);
        let (id, staff_no) = (found.person.id, found.person.staff_no.clone());
        let name = found.person.title(reader.lang).to_owned();
        let unread = found.unread;
        let grants = found.grants_on(today);
        let viewer = Viewer { id, staff_no, name, reader, now, today, zone, site, grants, unread };
        Ok((viewer, stale))
    }
}

impl FromRequest for Viewer {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Viewer>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        // A handler may ask for the viewer twice (once in a proof); it is looked up once.
        if let Some(viewer) = request.extensions().get::<Viewer>() {
            return std::future::ready(Ok(viewer.clone())).boxed_local();
        }
        let request = request.clone();
        async move {
            let viewer = Viewer::of(request.clone()).await?;
            request.extensions_mut().insert(viewer.clone());
            request.extensions_mut().insert(Today(viewer.today));
            Ok(viewer)
        }
        .boxed_local()
    }
}
