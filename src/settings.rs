//! Settings: a TOML file, overridden by `SHIFU_*` variables, overridden by the command line.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::{db::DatabaseUrl, mail::Smtp, signing::SecretPlace, web::address::Proxies};

/// Everything that can be set. Secrets come from the file or a variable, never from a flag.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// `sqlite://FILE` or `postgres://USER@HOST/NAME`.
    pub database_url: String,
    /// Where to listen.
    pub listen: String,
    /// How people reach this installation, for links in mails.
    pub base_url: Option<String>,
    /// Addresses and networks of reverse proxies on other machines or in containers, whose
    /// `X-Forwarded-For` counts; one on this machine is believed anyway.
    pub trusted_proxies: Proxies,
    /// The sender of mails.
    pub mail_from: String,
    /// What private keys are sealed with: 32 or more random characters, the same on every server.
    pub secret: Option<String>,
    /// A file that holds the secret instead.
    pub secret_file: Option<PathBuf>,
    /// A folder to read instead of the built-in course-content.
    pub content: Option<PathBuf>,
    pub smtp: Option<Smtp>,
    /// How many requests are worked on at the same time.
    pub workers: Option<usize>,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            database_url: "sqlite://shifu.db".to_owned(),
            listen: "127.0.0.1:8080".to_owned(),
            base_url: None,
            trusted_proxies: Proxies::default(),
            mail_from: "shifu <shifu@localhost>".to_owned(),
            secret: None,
            secret_file: None,
            content: None,
            smtp: None,
            workers: None,
        }
    }
}

impl Settings {
    /// Reads the file (`shifu.toml` beside us when none is named) and the variables.
    pub fn read(file: Option<&Path>) -> Result<Settings, String> {
        let mut settings = match file {
            Some(file) => Settings::from_file(file)?,
            None if Path::new("shifu.toml").is_file() => {
                Settings::from_file(Path::new("shifu.toml"))?
            }
            None => Settings::default(),
        };
        settings.apply(&|name| std::env::var(name).ok())?;
        Ok(settings)
    }

    fn from_file(file: &Path) -> Result<Settings, String> {
        let text = std::fs::read_to_string(file).map_err(|e| format!("{}: {e}", file.display()))?;
        toml::from_str(&text).map_err(|error| format!("{}: {error}", file.display()))
    }

    /// Overrides by variables; every name is in the README's table.
    fn apply(&mut self, variable: &dyn Fn(&str) -> Option<String>) -> Result<(), String> {
        let set = |target: &mut String, name| {
            if let Some(value) = variable(name) {
                *target = value;
            }
        };
        set(&mut self.database_url, "SHIFU_DATABASE_URL");
        set(&mut self.listen, "SHIFU_LISTEN");
        set(&mut self.mail_from, "SHIFU_MAIL_FROM");
        if let Some(url) = variable("SHIFU_BASE_URL") {
            self.base_url = Some(url);
        }
        if let Some(list) = variable("SHIFU_TRUSTED_PROXIES") {
            self.trusted_proxies = Proxies::parse(list.split(','))
                .map_err(|problem| format!("SHIFU_TRUSTED_PROXIES: {problem}"))?;
        }
        self.secret = variable("SHIFU_SECRET").or(self.secret.take());
        if let Some(file) = variable("SHIFU_SECRET_FILE") {
            self.secret_file = Some(PathBuf::from(file));
        }
        if let Some(folder) = variable("SHIFU_CONTENT") {
            self.content = Some(PathBuf::from(folder));
        }
        if let Some(host) = variable("SHIFU_SMTP_HOST") {
            let smtp = self.smtp.get_or_insert_with(|| Smtp {
                host: String::new(),
                port: None,
                protection: Default::default(),
                username: None,
                password: None,
            });
            smtp.host = host;
        }
        let Some(smtp) = &mut self.smtp else { return Ok(()) };
        if let Some(port) = variable("SHIFU_SMTP_PORT") {
            smtp.port =
                Some(port.parse().map_err(|_| format!("SHIFU_SMTP_PORT: {port} is no port"))?);
        }
        if let Some(word) = variable("SHIFU_SMTP_PROTECTION") {
            smtp.protection = clap::ValueEnum::from_str(&word, true).map_err(|_| {
                format!("SHIFU_SMTP_PROTECTION: {word}; write starttls, tls or none")
            })?;
        }
        smtp.username = variable("SHIFU_SMTP_USERNAME").or(smtp.username.take());
        smtp.password = variable("SHIFU_SMTP_PASSWORD").or(smtp.password.take());
        Ok(())
    }

    /// Where the secret is: as it was set, or in a file beside the database where that is one file.
    pub fn secret_place(&self) -> SecretPlace {
        match (&self.secret, &self.secret_file, DatabaseUrl::parse(&self.database_url)) {
            (Some(words), ..) => SecretPlace::Given(words.clone()),
            (None, Some(file), _) => SecretPlace::File(file.clone()),
            (None, None, Ok(DatabaseUrl::Sqlite(file))) => {
                SecretPlace::Own(file.with_extension("key"))
            }
            (None, None, _) => SecretPlace::Nowhere,
        }
    }

    /// Where links in mails lead.
    pub fn base_url(&self) -> String {
        let base = self.base_url.clone().unwrap_or_else(|| format!("http://{}", self.listen));
        base.trim_end_matches('/').to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_overrides_the_file() {
        let mut settings: Settings = toml::from_str(
            "listen = \"0.0.0.0:80\"\n[smtp]\nhost = \"mail\"\nprotection = \"tls\"\n",
        )
        .unwrap();
        let variable = |name: &str| (name == "SHIFU_SMTP_PASSWORD").then(|| "secret".to_owned());
        settings.apply(&variable).unwrap();
        assert_eq!(settings.listen, "0.0.0.0:80");
        assert_eq!(settings.smtp.unwrap().password.as_deref(), Some("secret"));
    }

    #[test]
    fn the_secret_lies_beside_a_file_and_is_set_for_a_server() {
        let of = |url: &str, secret: Option<&str>| {
            let (database_url, secret) = (url.to_owned(), secret.map(str::to_owned));
            Settings { database_url, secret, ..Settings::default() }.secret_place()
        };
        assert_eq!(of("sqlite:///var/shifu.db", None), SecretPlace::Own("/var/shifu.key".into()));
        assert_eq!(of("postgres://db/shifu", None), SecretPlace::Nowhere);
        let given = SecretPlace::Given("words".to_owned());
        assert_eq!(of("postgres://db/shifu", Some("words")), given);
    }

    #[test]
    fn proxies_are_named_in_the_file_or_a_variable() {
        let mut settings: Settings =
            toml::from_str("trusted_proxies = [\"10.0.0.2\", \"172.16.0.0/12\"]").unwrap();
        let named = Proxies::parse(["10.0.0.2", "172.16.0.0/12"]).unwrap();
        assert_eq!(settings.trusted_proxies, named);
        let variable = |word: &'static str| {
            move |name: &str| (name == "SHIFU_TRUSTED_PROXIES").then(|| word.to_owned())
        };
        settings.apply(&variable("fd00::/64, 10.0.0.3")).unwrap();
        assert_eq!(settings.trusted_proxies, Proxies::parse(["fd00::/64", "10.0.0.3"]).unwrap());
        let refused = settings.apply(&variable("proxy")).unwrap_err();
        assert!(refused.contains("SHIFU_TRUSTED_PROXIES: proxy"), "{refused}");
        assert!(toml::from_str::<Settings>("trusted_proxies = [\"proxy\"]").is_err());
    }

    #[test]
    fn an_unknown_setting_is_refused() {
        assert!(toml::from_str::<Settings>("databse_url = \"x\"").is_err());
    }
}
