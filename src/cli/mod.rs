//! The command line.

/// Prints a line for whoever reads. Once they have read enough (`| head`) the program is done.
macro_rules! say {
    ($($what:tt)*) => { $crate::cli::out(format_args!($($what)*)) };
}

mod remind;
mod explain;
mod extract;
mod import;
mod keys;
mod questions;

use std::{io::Write, net::TcpListener, path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};

use crate::{
    access::{links, queries},
    app::{self, Shared},
    content, demo, mail, record,
    settings::Settings,
    web::Clock,
};

/// Training, certification and careers of after-sales staff in car dealer groups.
#[derive(Parser)]
#[command(version, about)]
struct Cli {
    /// Settings file (default: shifu.toml in this folder, if there is one).
    #[arg(long, global = true, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// Database: sqlite://FILE or postgres://USER@HOST/NAME.
    #[arg(long, global = true, value_name = "URL")]
    database: Option<String>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the pages and do the work in the background.
    Serve {
        /// Where to listen.
        #[arg(long, value_name = "ADDRESS:PORT")]
        listen: Option<String>,
    },
    /// Fill a dealer group to try everything on, and serve it.
    Demo {
        /// Where to listen.
        #[arg(long, value_name = "ADDRESS:PORT")]
        listen: Option<String>,
    },
    /// Bring the database up to date and load course-content, then stop.
    Migrate,
    /// Check the settings, the mail server's name and every chain of the record.
    Check,
    /// Print a one-time link with which a person sets a new password.
    Account {
        /// Their staff number.
        staff_no: String,
    },
    /// The keys that certificates are signed with: list, make, rotate, retire, revoke.
    Keys {
        #[command(subcommand)]
        what: keys::Keys,
    },
    /// Put every reminder that is due into the outbox, and say which.
    Remind(remind::Remind),
    /// Say whether somebody meets the rules of a step, a certificate or a job, and why (not).
    Explain(explain::Explain),
    /// Make a signed extract for an auditor: held or not held on a day, by which facts.
    Extract(extract::Command),
    /// Import sites, staff, history or questions from a file, or take an import back.
    Import {
        #[command(subcommand)]
        what: import::What,
    },
    /// Write questions into a file.
    Export {
        #[command(subcommand)]
        what: questions::Export,
    },
}

/// What the program's exit code says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Done,
    /// Something was found or refused.
    Refused,
    /// It was called or configured wrongly.
    Misused,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> ExitCode {
        match outcome {
            Outcome::Done => ExitCode::SUCCESS,
            Outcome::Refused => ExitCode::from(1),
            Outcome::Misused => ExitCode::from(2),
        }
    }
}

pub fn main() -> ExitCode {
    let cli = Cli::parse();
    tracing_subscriber::fmt()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_env("SHIFU_LOG")
                .unwrap_or_else(|_| "warn,shifu=info".into()),
        )
        .with_writer(std::io::stderr)
        .init();
    match run(cli) {
        Ok(outcome) => outcome.into(),
        Err(problem) => {
            eprintln!("shifu: {problem}");
            Outcome::Misused.into()
        }
    }
}

fn run(cli: Cli) -> Result<Outcome, String> {
    let mut settings = Settings::read(cli.settings.as_deref())?;
    let chosen = cli.database.is_some();
    if let Some(database) = cli.database {
        settings.database_url = database;
    }
    match cli.command {
        Command::Serve { listen } => {
            settings.listen = listen.unwrap_or(settings.listen);
            serve(&settings)
        }
        Command::Demo { listen } => {
            settings.listen = listen.unwrap_or(settings.listen);
            if !chosen {
                settings.database_url = "sqlite://shifu-demo.db".to_owned();
            }
            demo(&settings)
        }
        Command::Migrate => {
            open(&settings)?;
            println!("The database is up to date.");
            Ok(Outcome::Done)
        }
        Command::Check => check(&settings),
        Command::Account { staff_no } => account(&settings, staff_no),
        Command::Keys { what } => keys::run(&open(&settings)?, what),
        Command::Remind(command) => command.run(&open(&settings)?),
        Command::Explain(asked) => explain::run(&open(&settings)?, &asked),
        Command::Extract(command) => command.run(&open(&settings)?),
        Command::Import { what } => import::run(&open(&settings)?, what),
        Command::Export { what } => questions::export(&open(&settings)?, what),
    }
}

fn open(settings: &Settings) -> Result<Shared, String> {
    Shared::open(settings, Clock::default()).map_err(|error| error.to_string())
}

fn serve(settings: &Settings) -> Result<Outcome, String> {
    let shared = open(settings)?;
    offer_first_administrator(&shared)?;
    run_server(shared, settings)
}

/// Walks every chain of the record and says what is set.
fn check(settings: &Settings) -> Result<Outcome, String> {
    let shared = open(settings)?;
    println!("database   {}", shared.db.url());
    println!("address    {}", shared.letterhead.base_url);
    match &settings.smtp {
        Some(smtp) => {
            mail::Transport::new(smtp)?;
            println!("mail       by {} ({:?})", smtp.host, smtp.protection);
        }
        None => println!("mail       is only kept: no mail server is set"),
    }
    say_what_files_offer(&shared)?;
    let signs = check_signing(&shared);
    say_what_mail_waits(&shared)?;
    let (facts, breaks) =
        shared.db.read_blocking(record::check::chains).map_err(|error| error.to_string())?;
    println!("record     {facts} facts, {} broken chains", breaks.len());
    for found in &breaks {
        println!("           person {} at {}: {}", found.person, found.seq, found.what);
    }
    Ok(if breaks.is_empty() && signs { Outcome::Done } else { Outcome::Refused })
}

/// Names the rule sets whose files have changed since a version of them was published here.
fn say_what_files_offer(shared: &Shared) -> Result<(), String> {
    let words = shared.db.read_blocking(content::words).map_err(|error| error.to_string())?;
    for code in shared.rulebook.shelf.offered(&words) {
        println!(
            "rules      {code}: its file has changed, and what was published here still counts; carry the change over at /rules/{code}"
        );
    }
    Ok(())
}

/// Whether certificates can be signed here, and with which secret; says what is missing.
fn check_signing(shared: &Shared) -> bool {
    let keys = shared.keys.clone();
    match shared.db.read_blocking(move |conn| keys.check(conn)) {
        Ok(()) => {
            println!("signing    with the secret in {}", shared.keys.place());
            true
        }
        Err(error) => {
            println!("signing    {error}");
            false
        }
    }
}

/// What a monitor would ask of the outbox.
fn say_what_mail_waits(shared: &Shared) -> Result<(), String> {
    let now = shared.clock.now();
    let ((waiting, parked), in_doubt, pause) = shared
        .db
        .read_blocking(|conn| -> Result<_, crate::db::Error> {
            let in_doubt = mail::outbox::in_doubt(conn, now)?;
            Ok((mail::outbox::backlog(conn)?, in_doubt, mail::pause::open(conn)?))
        })
        .map_err(|error| error.to_string())?;
    println!("           {waiting} waiting, {parked} given up, {in_doubt} in doubt");
    if let Some(pause) = pause {
        println!(
            "           the mail server takes nothing since {}: {}",
            pause.began_at, pause.why
        );
    }
    Ok(())
}

/// The way back in when nobody can read the mail: whoever runs the machine may do this.
fn account(settings: &Settings, staff_no: String) -> Result<Outcome, String> {
    let shared = open(settings)?;
    let now = shared.clock.now();
    let token = links::new_token();
    let digest = links::digest(&token);
    let searched = staff_no.clone();
    let made = shared
        .db
        .write_blocking(move |conn| -> Result<bool, crate::db::Error> {
            let Some(person) = crate::staff::queries::person_by_staff_no(conn, &searched)? else {
                return Ok(false);
            };
            let (purpose, expires) =
                (queries::Purpose::SetPassword, now.plus(chrono::Duration::hours(2)));
            queries::add_link(conn, purpose, Some(person.id), &digest, expires, now)?;
            let subject = ("person", Some(person.id.0));
            crate::access::audit::note(conn, None, "make-password-link", subject, (), now)?;
            Ok(true)
        })
        .map_err(|error| error.to_string())?;
    if !made {
        return Err(format!("there is nobody with staff number {staff_no}"));
    }
    println!("{}", shared.letterhead.link(&format!("/links/{token}")));
    Ok(Outcome::Done)
}

/// Fills the demo's database once, names its accounts, and serves.
fn demo(settings: &Settings) -> Result<Outcome, String> {
    let shared = open(settings)?;
    eprintln!("Filling {} …", shared.db.url());
    if !demo::fill(&shared)? {
        eprintln!("It is filled already; remove the file to begin anew.");
    }
    println!("Accounts, all with the password {}:", demo::PASSWORD);
    for (staff_no, zh, en) in demo::ACCOUNTS {
        println!("  {staff_no}  {zh}  {en}");
    }
    run_server(shared, settings)
}

/// Prints the one-time link that makes the first administrator, as long as nobody can sign in.
fn offer_first_administrator(shared: &Shared) -> Result<(), String> {
    let now = shared.clock.now();
    let token = links::new_token();
    let digest = links::digest(&token);
    let offered = shared
        .db
        .write_blocking(move |conn| -> Result<bool, crate::db::Error> {
            if queries::any_account(conn)? {
                return Ok(false);
            }
            let expires = now.plus(chrono::Duration::days(1));
            queries::add_link(
                conn,
                queries::Purpose::FirstAdministrator,
                None,
                &digest,
                expires,
                now,
            )?;
            Ok(true)
        })
        .map_err(|error| error.to_string())?;
    if offered {
        println!("Nobody can sign in yet. Make the first administrator here (once, within a day):");
        println!("  {}", shared.letterhead.link(&format!("/links/{token}")));
    }
    Ok(())
}

/// Serves until SIGTERM or Ctrl-C, then finishes what is in flight.
pub fn run_server(shared: Shared, settings: &Settings) -> Result<Outcome, String> {
    open_as_many_files_as_allowed();
    let listener = TcpListener::bind(&settings.listen)
        .map_err(|error| format!("cannot listen on {}: {error}", settings.listen))?;
    // The address that was bound: port 0 asks for any free one.
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    println!("shifu listens on http://{address}");
    let workers = settings.workers;
    actix_web::rt::System::new()
        .block_on(async move {
            let (stop, stopped) = tokio::sync::watch::channel(false);
            let background = actix_web::rt::spawn(app::background(shared.clone(), stopped));
            app::serve(shared, listener, workers)?.await?;
            let _ = stop.send(true);
            let _ = background.await;
            Ok::<_, std::io::Error>(())
        })
        .map_err(|error| error.to_string())?;
    Ok(Outcome::Done)
}

/// Every browser holds a connection, and many systems allow a program 1,024 files until it asks
/// for more: fewer than candidates who start within the same second.
fn open_as_many_files_as_allowed() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
        // Where it is refused, what was allowed before stays.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    }
}

fn out(line: std::fmt::Arguments<'_>) {
    if writeln!(std::io::stdout(), "{line}").is_err() {
        std::process::exit(0);
    }
}
