//! The world tests live in: a small dealer group, its people, and their browsers.

mod actor;
mod backend;
mod browser;
mod cast;
mod served;
pub mod smtp;

pub use actor::{Actor, Page};
pub use backend::{Backend, Cluster, Database, left_out, named_as_left_out};
pub use browser::{Browser, lack as browser_lack};
pub use cast::PASSWORD;
pub use served::Served;

use std::net::{SocketAddr, TcpListener};

use shifu::{
    access::{self, Role},
    app::{self, Shared},
    db::Conn,
    settings::Settings,
    staff,
    web::Clock,
};

/// A running application on a database of its own.
pub struct World {
    pub shared: Shared,
    pub clock: Clock,
    pub address: SocketAddr,
    server: actix_web::dev::ServerHandle,
    _database: backend::Database,
}

/// The server ends with its test, and its connections with it.
impl Drop for World {
    fn drop(&mut self) {
        drop(self.server.stop(false));
    }
}

/// The moment at which every test begins: a Monday morning in Shanghai.
pub const BEGINNING: &str = "2026-11-23T02:00:00Z";

pub fn instant(text: &str) -> shifu::db::Instant {
    text.parse::<chrono::DateTime<chrono::Utc>>().expect("a moment in UTC").into()
}

pub fn day(text: &str) -> chrono::NaiveDate {
    text.parse().expect("a day")
}

impl World {
    pub async fn new(backend: Backend) -> World {
        let database = backend.database();
        let settings = Settings {
            database_url: database.url.clone(),
            base_url: Some("http://shifu.test".to_owned()),
            secret: Some("a secret for tests, the same on both databases".to_owned()),
            ..Settings::default()
        };
        let clock = Clock::default();
        clock.travel_to(instant(BEGINNING));
        let shared = Shared::open(&settings, clock.clone()).expect("the application starts");
        let (address, server) = start(shared.clone());
        World { shared, clock, address, server, _database: database }
    }

    /// A browser nobody is signed in with.
    pub fn anybody(&self) -> Actor {
        Actor::new(self.address)
    }

    /// A browser in which this person is signed in.
    pub async fn signed_in(&self, staff_no: &str) -> Actor {
        let actor = self.anybody();
        let page = actor.post("/sign-in", &[("who", staff_no), ("password", PASSWORD)]).await;
        assert_eq!(page.status, 303, "{staff_no} can sign in");
        actor
    }

    /// 林: a technician in Pudong, reports to Zhou.
    pub async fn lin(&self) -> Actor {
        self.signed_in("T0001").await
    }

    /// 王: a senior technician in Pudong and a mentor there.
    pub async fn wang(&self) -> Actor {
        self.signed_in("T0002").await
    }

    /// 孙: a technician in Beijing, another region.
    pub async fn sun(&self) -> Actor {
        self.signed_in("T0003").await
    }

    /// 孙 in a role over the northern region: of nobody else of the cast.
    pub async fn sun_over_the_north(&self, role: Role) -> Actor {
        let (sun, now) = (self.id("T0003").await, self.clock.now());
        self.arrange(move |conn| {
            let north = staff::queries::site_by_code(conn, "north")?.expect("of the cast").id;
            access::queries::add_grant(conn, sun, role, north, day("2020-01-01"), None, now)
        })
        .await;
        self.sun().await
    }

    /// 周: workshop manager of Pudong.
    pub async fn zhou(&self) -> Actor {
        self.signed_in("M0001").await
    }

    /// 赵: trainer of the eastern region.
    pub async fn zhao(&self) -> Actor {
        self.signed_in("R0001").await
    }

    /// 陈: examiner of the eastern region.
    pub async fn chen(&self) -> Actor {
        self.signed_in("E0001").await
    }

    /// 何: HR reviewer of the eastern region.
    pub async fn he(&self) -> Actor {
        self.signed_in("H0001").await
    }

    /// 高: administrator of the whole group.
    pub async fn gao(&self) -> Actor {
        self.signed_in("A0001").await
    }

    /// Puts the world into a state no page leads to (years of history, say).
    pub async fn arrange<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Conn) -> Result<T, shifu::db::Error> + Send + 'static,
    ) -> T {
        self.shared.db.write(job).await.expect("the world can be arranged")
    }

    /// A person's id by staff number.
    pub async fn id(&self, staff_no: &'static str) -> shifu::record::PersonId {
        let found = self
            .shared
            .db
            .read(move |conn| shifu::staff::queries::person_by_staff_no(conn, staff_no))
            .await;
        found.expect("the database answers").expect("somebody of the cast").id
    }

    /// The server goes away, as when a phone is out of reach.
    pub async fn stop(&self) {
        self.server.stop(false).await;
    }

    /// What the background does in one round.
    pub async fn round(&self) {
        app::round(&self.shared, None).await;
    }
}

/// Serves on a free port in a thread of its own.
fn start(shared: Shared) -> (SocketAddr, actix_web::dev::ServerHandle) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        actix_web::rt::System::new().block_on(async move {
            let server = app::serve(shared, listener, Some(1)).expect("the server starts");
            tell.send(server.handle()).expect("the test waits for it");
            server.await
        })
    });
    (address, told.recv().expect("a server"))
}

/// Declares a test that runs on both databases.
#[macro_export]
macro_rules! on_both {
    ($(#[$meta:meta])* async fn $name:ident($world:ident: $of:ty) $body:block) => {
        mod $name {
            use super::*;

            $(#[$meta])*
            async fn story($world: $of) $body

            #[test]
            fn sqlite() {
                $crate::world::run($crate::world::Backend::Sqlite, story);
            }

            #[test]
            fn postgres() {
                $crate::world::run($crate::world::Backend::Postgres, story);
            }
        }
    };
}

/// Runs a story in a fresh world, unless this machine lacks the database.
pub fn run<F: Future<Output = ()>>(backend: Backend, story: impl FnOnce(World) -> F) {
    if let Some(lack) = backend.lack() {
        left_out(lack);
        return;
    }
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(async { story(World::new(backend).await).await });
}
