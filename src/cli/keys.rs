//! `shifu keys`: the keys credentials are signed with.

use clap::{Subcommand, ValueEnum};
use serde_json::{Value, json};

use super::Outcome;
use crate::{
    access::audit,
    app::Shared,
    db::{Conn, Instant},
    signing::{self, Algorithm, Key},
};

#[derive(Subcommand)]
pub enum Keys {
    /// Every key with its state, newest first.
    List {
        /// As JSON, with the public halves.
        #[arg(long)]
        json: bool,
    },
    /// Make a key; it signs from now on, beside those there are.
    New {
        #[arg(long, value_enum, default_value = "ed25519")]
        algorithm: Chosen,
        /// The secret that sealed the present keys is lost for good: do not try to open them first.
        #[arg(long)]
        secret_lost: bool,
        #[arg(long)]
        json: bool,
    },
    /// Make new keys and retire the ones that signed so far. What those signed stays valid.
    Rotate {
        /// Only keys of this kind; otherwise of every kind that is in use.
        #[arg(long, value_enum)]
        algorithm: Option<Chosen>,
        /// The secret that sealed the present keys is lost for good: do not try to open them first.
        #[arg(long)]
        secret_lost: bool,
        #[arg(long)]
        json: bool,
    },
    /// Let a key sign nothing more. What it signed stays valid.
    Retire {
        kid: String,
        #[arg(long)]
        why: Option<String>,
        #[arg(long)]
        json: bool,
    },
    /// A key got out: nothing it ever signed is believed any more. There is no way back.
    Revoke {
        kid: String,
        /// What happened; kept with the key.
        #[arg(long)]
        why: String,
        #[arg(long)]
        json: bool,
    },
}

/// How keys are called on the command line.
#[derive(Clone, Copy, ValueEnum)]
pub enum Chosen {
    Ed25519,
    Rs256,
}

impl From<Chosen> for Algorithm {
    fn from(chosen: Chosen) -> Algorithm {
        match chosen {
            Chosen::Ed25519 => Algorithm::Ed25519,
            Chosen::Rs256 => Algorithm::Rs256,
        }
    }
}

pub fn run(shared: &Shared, command: Keys) -> Result<Outcome, String> {
    let (now, keys) = (shared.clock.now(), shared.keys.clone());
    let lists = matches!(command, Keys::List { .. });
    let (json, changed) = match command {
        Keys::List { json } => (json, shared.db.read_blocking(signing::all)),
        Keys::New { algorithm, secret_lost, json } => {
            let maker = Maker { keys, secret_lost, now };
            let make = move |conn: &mut Conn| Ok(vec![maker.make(conn, algorithm.into())?]);
            (json, shared.db.write_blocking(make))
        }
        Keys::Rotate { algorithm, secret_lost, json } => {
            let maker = Maker { keys, secret_lost, now };
            let algorithm = algorithm.map(Algorithm::from);
            (json, shared.db.write_blocking(move |conn| rotate(conn, &maker, algorithm)))
        }
        Keys::Retire { kid, why, json } => (
            json,
            shared.db.write_blocking(move |conn| {
                let changed = signing::retire(conn, &kid, why.as_deref(), now)?;
                changed_key(conn, &kid, changed, "retire-signing-key", now)
            }),
        ),
        Keys::Revoke { kid, why, json } => {
            let why = why.trim().to_owned();
            if why.is_empty() {
                return Err("say why, with --why".to_owned());
            }
            (
                json,
                shared.db.write_blocking(move |conn| {
                    let changed = signing::revoke(conn, &kid, &why, now)?;
                    changed_key(conn, &kid, changed, "revoke-signing-key", now)
                }),
            )
        }
    };
    let keys = changed.map_err(|error: signing::Error| error.to_string())?;
    print(&keys, json);
    Ok(if keys.is_empty() && !lists { Outcome::Refused } else { Outcome::Done })
}

/// Makes keys and notes it.
struct Maker {
    keys: signing::Keys,
    secret_lost: bool,
    now: Instant,
}

impl Maker {
    fn make(&self, conn: &mut Conn, algorithm: Algorithm) -> Result<Key, signing::Error> {
        let made = match self.secret_lost {
            true => self.keys.make_after_loss(conn, algorithm, self.now)?,
            false => self.keys.make(conn, algorithm, self.now)?,
        };
        note(conn, "make-signing-key", made.key(), self.now)?;
        Ok(made.key().clone())
    }
}

fn rotate(
    conn: &mut Conn,
    maker: &Maker,
    algorithm: Option<Algorithm>,
) -> Result<Vec<Key>, signing::Error> {
    let now = maker.now;
    let before = signing::all(conn)?;
    let signing =
        |algorithm: &Algorithm| before.iter().any(|key| key.algorithm == *algorithm && key.signs());
    let wanted: Vec<Algorithm> = match algorithm {
        Some(one) => vec![one],
        None => Algorithm::ALL.iter().copied().filter(signing).collect(),
    };
    for algorithm in wanted {
        maker.make(conn, algorithm)?;
        for old in before.iter().filter(|key| key.algorithm == algorithm && key.signs()) {
            signing::retire(conn, &old.kid, Some("rotated"), now)?;
            note(conn, "retire-signing-key", old, now)?;
        }
    }
    signing::all(conn)
}

/// The key as it is after a change; nothing when there was nothing to change.
fn changed_key(
    conn: &mut Conn,
    kid: &str,
    changed: bool,
    what: &str,
    now: Instant,
) -> Result<Vec<Key>, signing::Error> {
    let Some(key) = signing::by_kid(conn, kid)?.filter(|_| changed) else { return Ok(Vec::new()) };
    note(conn, what, &key, now)?;
    Ok(vec![key])
}

fn note(conn: &mut Conn, what: &str, key: &Key, now: Instant) -> Result<(), signing::Error> {
    let detail = json!({ "kid": key.kid, "algorithm": key.algorithm.word(), "why": key.why });
    Ok(audit::note(conn, None, what, ("signing-key", None), detail, now)?)
}

fn print(keys: &[Key], json: bool) {
    if json {
        println!("{}", Value::from_iter(keys.iter().map(told)));
        return;
    }
    if keys.is_empty() {
        println!("There is no such key; the first one is made when something is signed.");
    }
    for key in keys {
        let why = key.why.as_deref().map(|why| format!(": {why}")).unwrap_or_default();
        println!("{}  {:<8} {}  {}{why}", key.kid, key.algorithm.word(), key.made_at, state(key));
    }
}

fn state(key: &Key) -> &'static str {
    match (key.revoked_at.is_some(), key.retired_at.is_some()) {
        (true, _) => "revoked",
        (false, true) => "retired",
        (false, false) => "signs",
    }
}

fn told(key: &Key) -> Value {
    json!({
        "kid": key.kid,
        "algorithm": key.algorithm.word(),
        "state": state(key),
        "made_at": key.made_at,
        "retired_at": key.retired_at,
        "revoked_at": key.revoked_at,
        "why": key.why,
        "jwk": key.jwk(),
        "multikey": key.multikey(),
    })
}
