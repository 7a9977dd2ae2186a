//! Signing in, being kept out, roles and their reach.

use crate::{on_both, world::World};

on_both! {
    async fn a_technician_signs_in_by_staff_number_or_mail(world: World) {
        for who in ["T0001", "t0001@evergreen.example", "T0001@Evergreen.example"] {
            let browser = world.anybody();
            let page = browser.post("/sign-in", &[("who", who), ("password", crate::world::PASSWORD)]).await;
            assert_eq!((page.status, page.location.as_deref()), (303, Some("/")), "{who}");
            assert_eq!(browser.get("/account").await.status, 200);
        }
    }
}

on_both! {
    async fn a_wrong_password_says_so_and_opens_nothing(world: World) {
        let browser = world.anybody();
        let page = browser.post("/sign-in", &[("who", "T0001"), ("password", "wrong-password")]).await;
        assert_eq!(page.status, 422);
        assert!(page.says("[role=alert]", "wrong"));
        assert_eq!(browser.get("/account").await.status, 303);
    }
}

on_both! {
    async fn guessing_strangers_cannot_lock_the_owner_out(world: World) {
        let owner = world.lin().await;
        owner.post("/sign-out", &[]).await;
        let stranger = world.anybody();
        for _ in 0..10 {
            stranger.post("/sign-in", &[("who", "T0001"), ("password", "guess-guess")]).await;
        }
        let right = [("who", "T0001"), ("password", crate::world::PASSWORD)];
        assert_eq!(stranger.post("/sign-in", &right).await.status, 429, "a stranger waits");
        assert_eq!(owner.post("/sign-in", &right).await.status, 303, "the owner's browser is known");
        world.clock.advance(chrono::Duration::minutes(16));
        assert_eq!(stranger.post("/sign-in", &right).await.status, 303, "nobody is locked out for good");
    }
}

on_both! {
    async fn signing_out_everywhere_ends_every_session(world: World) {
        let (phone, desk) = (world.lin().await, world.lin().await);
        phone.post("/account/sign-out-everywhere", &[]).await;
        assert_eq!(desk.get("/account").await.status, 303);
    }
}

on_both! {
    async fn a_forgotten_password_is_reset_by_mail_once(world: World) {
        let browser = world.anybody();
        browser.post("/forgotten", &[("who", "T0001")]).await;
        browser.post("/forgotten", &[("who", "nobody-here")]).await;
        let mails = world.shared.db.read(|conn| {
            shifu::mail::outbox::list(conn, shifu::mail::outbox::Shown::All, 10, 0)
        }).await.unwrap();
        assert_eq!(mails.len(), 1, "only real people get mail");
        let link = mails[0].body.plain.lines().find_map(|line| line.split("shifu.test").nth(1)).unwrap();
        let fresh = [("password", "新的-password-2026")];
        assert_eq!(browser.post(link, &fresh).await.status, 303);
        assert!(browser.post(link, &fresh).await.says("h1", "run out"), "the link works once");
        let again = world.anybody();
        assert_eq!(again.post("/sign-in", &[("who", "T0001"), ("password", fresh[0].1)]).await.status, 303);
    }
}

on_both! {
    async fn a_post_from_another_site_is_refused(world: World) {
        let lin = world.lin().await;
        for header in [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")] {
            let page = lin.post_with("/account/sign-out-everywhere", &[header], &[]).await;
            assert_eq!(page.status, 403, "{header:?}");
        }
        assert_eq!(lin.get("/account").await.status, 200, "nothing happened");
    }
}

on_both! {
    async fn an_administrator_gives_and_takes_roles_and_it_is_on_the_trail(world: World) {
        let gao = world.gao().await;
        let page = gao.get("/admin/roles").await;
        let fields = [("staff_no", "T0003"), ("role", "mentor"), ("site", "5")];
        let sent = gao.submit(&page, "/admin/roles", &fields).await;
        assert_eq!(sent.status, 303);
        let again = gao.submit(&page, "/admin/roles", &fields).await;
        assert_eq!(again.location, sent.location, "a double click leads to the same place");
        let roles = gao.get("/admin/roles").await;
        assert_eq!(roles.texts("tr").iter().filter(|row| row.contains("T0003")).count(), 1);
        assert!(gao.get("/admin/audit").await.says("tr", "grant-role"));
        assert_eq!(world.lin().await.get("/admin/roles").await.status, 403);
    }
}
