//! Every route against everybody: the table says who may use it, and the running program agrees.
//!
//! `routes.txt` is the table as reviewers read it: what each of the cast gets on every route.
//! `SHIFU_UPDATE=1` writes it anew after a route was added on purpose.

use std::{fmt::Write, fs, path::Path};

use shifu::access::{Role, Who};

use crate::world::{Actor, Backend, World, run};

/// The columns: nobody, and one holder of each role.
const CAST: [(&str, Option<&str>, &[Role]); 8] = [
    ("anybody", None, &[]),
    ("lin", Some("T0001"), &[]),
    ("wang", Some("T0002"), &[Role::Mentor]),
    ("zhou", Some("M0001"), &[Role::Manager]),
    ("zhao", Some("R0001"), &[Role::Trainer]),
    ("chen", Some("E0001"), &[Role::Examiner]),
    ("he", Some("H0001"), &[Role::Hr]),
    ("gao", Some("A0001"), &[Role::Administrator]),
];

/// Who of them holds a role for the whole group.
const FOR_ALL: &str = "gao";

/// What somebody gets, without the detail that depends on which rows there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    In,
    SignInFirst,
    NotAllowed,
    Broken(u16),
}

impl Answer {
    fn word(self) -> &'static str {
        match self {
            Answer::In => "in",
            Answer::SignInFirst => "sign-in",
            Answer::NotAllowed => "403",
            Answer::Broken(_) => "BROKEN",
        }
    }

    fn expected(who: Who, signed_in: bool, roles: &[Role], for_all: bool) -> Answer {
        match who {
            Who::Public => Answer::In,
            // Being signed in opens nothing to another system.
            Who::Token => Answer::SignInFirst,
            _ if !signed_in => Answer::SignInFirst,
            Who::SignedIn => Answer::In,
            Who::ForAll(_) if !for_all => Answer::NotAllowed,
            Who::Roles(holders) | Who::ForAll(holders) => {
                let holds = roles.iter().any(|role| holders.contains(role));
                if holds { Answer::In } else { Answer::NotAllowed }
            }
        }
    }
}

async fn ask(actor: &Actor, method: &str, path: &str) -> Answer {
    let page = match method {
        "GET" => actor.get(path).await,
        _ => actor.post(path, &[]).await,
    };
    let sent_away = page.location.as_deref().is_some_and(|to| to.starts_with("/sign-in?"));
    match page.status {
        401 => Answer::SignInFirst,
        303 if sent_away => Answer::SignInFirst,
        403 => Answer::NotAllowed,
        status @ 500.. => Answer::Broken(status),
        _ => Answer::In,
    }
}

/// The path with something in its places that does not exist.
fn filled(path: &str) -> String {
    let mut filled = String::new();
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('{') {
        let (_, behind) = after.split_once('}').expect("a closed place");
        filled.push_str(before);
        filled.push_str("999999");
        rest = behind;
    }
    filled + rest
}

async fn browser_of(world: &World, staff_no: Option<&str>) -> Actor {
    match staff_no {
        Some(staff_no) => world.signed_in(staff_no).await,
        None => world.anybody(),
    }
}

fn words(who: Who) -> String {
    match who {
        Who::Public => "public".to_owned(),
        Who::SignedIn => "signed in".to_owned(),
        Who::Token => "token".to_owned(),
        Who::Roles(roles) => roles.iter().map(|role| role.word()).collect::<Vec<_>>().join(" "),
        Who::ForAll(roles) => words(Who::Roles(roles)) + " for all",
    }
}

#[test]
fn everybody_gets_on_every_route_what_the_table_says() {
    run(Backend::Sqlite, async |world: World| {
        let table = shifu::app::routes().table;
        let mut answers = vec![Vec::new(); table.len()];
        let mut offences = Vec::new();
        for (name, staff_no, roles) in CAST {
            let mut actor = browser_of(&world, staff_no).await;
            for (route, answers) in table.iter().zip(&mut answers) {
                let answer = ask(&actor, route.method, &filled(route.path)).await;
                let expected =
                    Answer::expected(route.who, staff_no.is_some(), roles, name == FOR_ALL);
                if answer != expected {
                    offences.push(format!(
                        "{} {}: {name} gets {answer:?}, the table says {expected:?}",
                        route.method, route.path
                    ));
                }
                answers.push(answer.word());
                // Some routes end the session; the next one is asked with a fresh one.
                if route.path.contains("sign-out") {
                    actor = browser_of(&world, staff_no).await;
                }
            }
        }
        assert!(offences.is_empty(), "\n{}", offences.join("\n"));
        let mut text = format!("{:<5} {:<44} {:<30}", "", "", "who");
        CAST.iter().for_each(|(name, ..)| write!(text, " {name:<7}").expect("a string grows"));
        for (route, answers) in table.iter().zip(answers) {
            let who = words(route.who);
            let line = format!("\n{:<5} {:<44} {who:<30}", route.method, route.path);
            text.push_str(&line);
            answers.iter().for_each(|word| write!(text, " {word:<7}").expect("a string grows"));
        }
        compare(&text.lines().map(|line| line.trim_end().to_owned() + "\n").collect::<String>());
    });
}

fn compare(text: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite/routes.txt");
    if std::env::var_os("SHIFU_UPDATE").is_some() {
        fs::write(&file, text).expect("the table can be written");
    }
    let kept = fs::read_to_string(&file).unwrap_or_default();
    let new: Vec<&str> = text.lines().filter(|line| !kept.contains(line)).collect();
    let gone: Vec<&str> = kept.lines().filter(|line| !text.contains(line)).collect();
    assert!(
        kept == text,
        "the routes have changed; look at them and run again with SHIFU_UPDATE=1\nnew:\n{}\ngone:\n{}",
        new.join("\n"),
        gone.join("\n")
    );
}

/// A route that is not in the table is a route nobody checks.
#[test]
fn routes_are_declared_in_the_table_and_nowhere_else() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut open = vec![root.clone()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).expect("a folder of the sources") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            if path.extension().is_none_or(|ending| ending != "rs")
                || path.ends_with("access/routes.rs")
            {
                continue;
            }
            let source = fs::read_to_string(&path).expect("a source file");
            for other in
                ["web::resource(", "web::scope(", ".service(", ".route(", "default_service("]
            {
                assert!(
                    !source.contains(other),
                    "{} registers a route past the table: {other}",
                    path.display()
                );
            }
        }
    }
}
