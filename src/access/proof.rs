//! Proofs of permission. A function that changes something takes one; there is no other way to
//! get one than to hold the role today.

use std::{marker::PhantomData, ops::Deref};

use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload, web};
use futures_util::future::{FutureExt, LocalBoxFuture};

use super::{Viewer, model::Role};
use crate::{
    db::{Conn, Db},
    record::PersonId,
    staff::{self, queries::Scope},
    web::{Error, Result},
};

/// What is proven: that the viewer holds one of these roles.
pub trait Proof {
    const ROLES: &'static [Role];
    /// Whether it also reaches people who report to the viewer directly.
    const REPORTS: bool = false;
}

macro_rules! proofs {
    ($($(#[$doc:meta])* $name:ident = [$($role:ident),+] $(, reports = $reports:literal)?;)+) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug)]
            pub struct $name;

            impl Proof for $name {
                const ROLES: &'static [Role] = &[$(Role::$role),+];
                $(const REPORTS: bool = $reports;)?
            }
        )+
    };
}

proofs! {
    /// Signs logbooks.
    Mentor = [Mentor];
    /// Sees who is where in their courses, enrols people.
    Trainer = [Trainer];
    /// Writes questions and blueprints, studies what they are worth, sets pass marks; banks belong
    /// to the whole group.
    Authoring = [Trainer, Examiner];
    /// Judges exams.
    Examiner = [Examiner];
    /// Stands over results: marks and releases them, decides appeals, puts wrong questions right.
    Grading = [Examiner, Hr];
    /// Runs a workshop: recommends, enrols, pairs.
    Manager = [Manager], reports = true;
    /// Decides candidacies, revokes certificates.
    Hr = [Hr];
    /// Has a part in promotions: the manager recommends, HR decides.
    Promoting = [Manager, Hr], reports = true;
    /// Runs the installation.
    Administrator = [Administrator];
    /// Looks after people's training: trainer, manager or HR.
    Teaching = [Trainer, Manager, Hr], reports = true;
    /// Moves people and records that they leave.
    Moving = [Manager, Hr, Administrator], reports = true;
    /// Takes people on.
    Hiring = [Hr, Administrator];
    /// Plans exams: sittings, practicals.
    Planning = [Trainer, Examiner, Hr];
    /// Puts people's names down for a sitting.
    Registering = [Trainer, Examiner, Manager, Hr], reports = true;
    /// Grants what makes an exam fair: extra time, breaks.
    Granting = [Examiner, Hr];
    /// Answers for practical exams being judged fairly: seconds exceptions, looks at agreement.
    Judging = [Examiner, Hr];
    /// Drafts changes of the rules and sees what they would do; only whoever answers for the whole
    /// group may write.
    RuleMaking = [Hr, Administrator];
    /// May open people's records.
    OverPeople = [Trainer, Examiner, Manager, Hr, Administrator], reports = true;
}

/// A viewer who holds a role today, with the parts of the tree it reaches.
#[derive(Clone, Debug)]
pub struct Acting<P> {
    viewer: Viewer,
    scope: Scope,
    proven: PhantomData<P>,
}

impl<P: Proof> Acting<P> {
    /// The proof, or "not allowed".
    pub fn of(viewer: Viewer) -> Result<Acting<P>> {
        let lineages = viewer.lineages(P::ROLES);
        if lineages.is_empty() {
            return Err(Error::Forbidden);
        }
        let reports_of = P::REPORTS.then_some(viewer.id);
        Ok(Acting { scope: Scope { lineages, reports_of }, viewer, proven: PhantomData })
    }

    /// Whose people this role reaches.
    pub fn reach(&self) -> &Scope {
        &self.scope
    }

    /// Whether this role reaches the whole group and not a part of it.
    pub fn reaches_all(&self, conn: &mut Conn) -> Result<bool> {
        covers_all(conn, &self.scope)
    }

    /// The proof for what concerns everybody, or "not allowed" for whoever answers for a part only.
    pub fn for_all(self, conn: &mut Conn) -> Result<ForAll<P>> {
        if self.reaches_all(conn)? { Ok(ForAll(self)) } else { Err(Error::Forbidden) }
    }

    /// Refuses whoever does not answer for a site.
    pub fn demand_site(&self, site: &staff::Site) -> Result<()> {
        if self.scope.covers_site(site) { Ok(()) } else { Err(Error::Forbidden) }
    }

    /// A person within the role's reach. Seen but out of reach is "not allowed"; the rest is
    /// "not found".
    pub fn person(&self, conn: &mut Conn, id: PersonId) -> Result<staff::Post> {
        match staff::queries::post_in(conn, &self.scope, id, self.viewer.today)? {
            Some(post) => Ok(post),
            None => {
                self.viewer.post(conn, id)?;
                Err(Error::Forbidden)
            }
        }
    }

    /// [`Acting::person`], refusing to act on oneself: nobody decides about themselves.
    pub fn other_person(&self, conn: &mut Conn, id: PersonId) -> Result<staff::Post> {
        if id == self.viewer.id {
            return Err(Error::Forbidden);
        }
        self.person(conn, id)
    }
}

impl<P> Deref for Acting<P> {
    type Target = Viewer;

    fn deref(&self) -> &Viewer {
        &self.viewer
    }
}

impl<P: Proof + 'static> FromRequest for Acting<P> {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Acting<P>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        Viewer::from_request(request, payload).map(|viewer| Acting::of(viewer?)).boxed_local()
    }
}

/// A viewer whose role reaches the whole group: what concerns everybody is theirs alone.
#[derive(Clone, Debug)]
pub struct ForAll<P>(Acting<P>);

impl<P> Deref for ForAll<P> {
    type Target = Acting<P>;

    fn deref(&self) -> &Acting<P> {
        &self.0
    }
}

impl<P: Proof + 'static> FromRequest for ForAll<P> {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<ForAll<P>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        async move {
            let viewer = reaches_all(&request, P::ROLES).await?;
            Ok(ForAll(Acting::of(viewer)?))
        }
        .boxed_local()
    }
}

/// The roles that were found to reach the whole group, kept for the length of a request.
struct ReachAll(&'static [Role]);

/// The viewer, if one of these roles of theirs reaches the whole group. It is looked up once for a
/// request, so that where a route has done so before, the handler's proof is there at once.
pub(super) async fn reaches_all(request: &HttpRequest, roles: &'static [Role]) -> Result<Viewer> {
    let viewer = Viewer::extract(request).await?;
    if request.extensions().get::<ReachAll>().is_some_and(|known| known.0 == roles) {
        return Ok(viewer);
    }
    let scope = Scope { lineages: viewer.lineages(roles), reports_of: None };
    let db = request.app_data::<web::Data<Db>>().cloned();
    let db = db.ok_or_else(|| Error::Internal("no database".into()))?;
    if !db.read(move |conn| covers_all(conn, &scope)).await? {
        return Err(Error::Forbidden);
    }
    request.extensions_mut().insert(ReachAll(roles));
    Ok(viewer)
}

fn covers_all(conn: &mut Conn, scope: &Scope) -> Result<bool> {
    if scope.lineages.is_empty() {
        return Ok(false);
    }
    let sites = staff::queries::sites(conn, &Scope::everyone())?;
    Ok(sites.iter().all(|site| scope.covers_site(site)))
}
