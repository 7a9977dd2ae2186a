//! In a real browser, as people see it.
//!
//! With `SHIFU_LOOK=FOLDER` the walk over the pages also takes pictures: every page of every role,
//! on a phone and on a desk, by day and by night, in both languages. `SHIFU_LOOK_URL` and
//! `SHIFU_LOOK_ACCOUNTS=NO:PASSWORD,…` let it walk over another installation (the demo), and
//! `SHIFU_LOOK_PAGES=/path,…` over more pages than the navigation names.

use std::path::{Path, PathBuf};

use crate::world::{Backend, Browser, PASSWORD, World, browser_lack, left_out, run};

/// Runs a story in a browser, unless this machine has none.
fn in_browser<F: Future<Output = ()>>(story: impl FnOnce(World) -> F) {
    match browser_lack() {
        Some(lack) => left_out(lack),
        None => run(Backend::Sqlite, story),
    }
}

#[test]
fn a_technician_signs_in_and_the_console_stays_quiet() {
    in_browser(async |world| {
        let browser = Browser::signed_in(&world, "T0001").await;
        browser.wait_for("a[href='/account']").await;
        assert_eq!(browser.path().await, "/");
        browser.goto("/account").await;
        assert!(browser.text("main").await.contains("T0001"));
        assert_eq!(browser.complaints().await, Vec::<String>::new());
    });
}

#[test]
fn a_cut_connection_comes_back() {
    in_browser(async |world| {
        let browser = Browser::signed_in(&world, "T0001").await;
        browser.goto("/account").await;
        let reach = "return fetch('/healthz').then(() => true, () => false)";
        browser.offline(true).await;
        assert_eq!(browser.script(reach).await, false);
        browser.offline(false).await;
        assert_eq!(browser.script(reach).await, true);
    });
}

#[test]
fn what_comes_and_goes_on_a_page_is_waited_for() {
    in_browser(async |world| {
        let browser = Browser::open(&world).await;
        browser.goto("/sign-in").await;
        browser.script("setTimeout(() => document.querySelector('h1').remove(), 300)").await;
        browser.wait_until_gone("h1").await;
        let say = "setTimeout(() => document.querySelector('form').append('已保存'), 300)";
        browser.script(say).await;
        browser.wait_for_words("已保存").await;
    });
}

#[test]
fn every_page_of_every_role_fits_a_phone_and_the_console_stays_quiet() {
    in_browser(async |world| {
        let walk = Walk::asked(&world);
        let mut offences = Vec::new();
        for (who, password) in &walk.accounts {
            let browser = Browser::at(&walk.base).await;
            browser.sign_in(who, password).await;
            for page in walk.pages(&browser).await {
                browser.size(360, 740).await;
                browser.goto(&page).await;
                let wider = browser.overflow().await;
                if wider > 0 {
                    offences.push(format!("{who} {page} is {wider} px too wide at 360 px"));
                }
                let said = browser.complaints().await;
                offences.extend(said.iter().map(|line| format!("{who} {page} {line}")));
                if let Some(folder) = &walk.pictures {
                    picture(&browser, folder, who, &page).await;
                }
            }
        }
        assert!(offences.is_empty(), "\n{}", offences.join("\n"));
    });
}

/// Where the walk goes.
struct Walk {
    base: String,
    accounts: Vec<(String, String)>,
    more: Vec<String>,
    pictures: Option<PathBuf>,
}

impl Walk {
    fn asked(world: &World) -> Walk {
        let list = |name| -> Option<Vec<String>> {
            Some(std::env::var(name).ok()?.split(',').map(str::to_owned).collect())
        };
        let cast = ["T0001", "T0002", "M0001", "R0001", "E0001", "H0001", "A0001"];
        let accounts = match list("SHIFU_LOOK_ACCOUNTS") {
            Some(listed) => listed
                .iter()
                .filter_map(|account| account.split_once(':'))
                .map(|(who, password)| (who.to_owned(), password.to_owned()))
                .collect(),
            None => cast.map(|who| (who.to_owned(), PASSWORD.to_owned())).to_vec(),
        };
        Walk {
            base: std::env::var("SHIFU_LOOK_URL")
                .unwrap_or_else(|_| format!("http://{}", world.address)),
            accounts,
            more: list("SHIFU_LOOK_PAGES").unwrap_or_default(),
            pictures: std::env::var_os("SHIFU_LOOK").map(PathBuf::from),
        }
    }

    /// What the navigation names for whoever is signed in, and what was asked for besides.
    async fn pages(&self, browser: &Browser) -> Vec<String> {
        browser.goto("/account").await;
        let named = browser
            .script("return [...document.querySelectorAll('nav a[href^=\"/\"], header a[href^=\"/\"], aside a[href^=\"/\"]')].map(a => a.getAttribute('href'))")
            .await;
        let named = named.as_array().expect("links").iter().filter_map(|link| link.as_str());
        let mut pages: Vec<String> =
            named.map(str::to_owned).chain(self.more.iter().cloned()).collect();
        pages.sort();
        pages.dedup();
        pages
    }
}

/// Eight pictures of a page: each size, by day and by night, in each language.
async fn picture(browser: &Browser, folder: &Path, who: &str, page: &str) {
    std::fs::create_dir_all(folder).expect("the folder can be made");
    let name = page.trim_matches('/').replace(['/', '?', '&', '='], "-");
    for lang in ["zh", "en"] {
        browser.script(&format!("document.cookie = 'lang={lang}; path=/'")).await;
        for (size, width, height) in [("phone", 360, 740), ("desk", 1280, 800)] {
            browser.size(width, height).await;
            for (time, dark) in [("day", false), ("night", true)] {
                browser.dark(dark).await;
                browser.goto(page).await;
                let file = format!("{who}-{name}-{lang}-{size}-{time}.png");
                browser.screenshot(&folder.join(file)).await;
            }
        }
    }
    browser.dark(false).await;
}
