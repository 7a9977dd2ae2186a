//! One connection to the mail server, and what its answers mean for us (RFC 5321).

use std::{fmt, time::Duration};

use lettre::transport::smtp::{
    Error,
    authentication::{Credentials, Mechanism},
    client::{AsyncSmtpConnection, TlsParameters},
    commands::{Data, Mail, Quit, Rcpt, Rset},
    extension::{ClientId, Extension, MailBodyParameter, MailParameter},
};
use serde::Deserialize;
use tokio::{net::TcpStream, time::timeout};

use super::message::{SILENT, Unfit, Wire};

/// How the connection to the mail server is protected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Protection {
    /// Plain to begin with, then TLS or nothing.
    #[default]
    Starttls,
    /// TLS from the first byte.
    Tls,
    /// Unprotected: for a relay on the same machine only.
    None,
}

/// Where mail is handed over.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Smtp {
    pub host: String,
    pub port: Option<u16>,
    #[serde(default)]
    pub protection: Protection,
    pub username: Option<String>,
    pub password: Option<String>,
}

/// How to get to the mail server.
pub(super) struct Route {
    host: String,
    port: u16,
    protection: Protection,
    tls: Option<TlsParameters>,
    credentials: Option<Credentials>,
    patience: Duration,
}

/// Why a mail was not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// This mail, for now: a full mailbox, a greylist.
    ForNow(String),
    /// This mail, and trying again would not help.
    ForGood(String),
    /// The server or our access to it: no mail's fault.
    OfServer(String),
    /// The connection broke, or nothing was said for too long (`silent`), before the text was out.
    Broken { why: String, silent: bool },
    /// The same after the text was out: the server may have taken it.
    Doubt { why: String, silent: bool },
}

/// How far a mail has got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The sender was named.
    Sender,
    Recipient,
    /// The text was announced.
    Data,
    /// The text is out.
    Text,
}

/// A connection that is ready for mails.
pub(super) struct Line {
    smtp: AsyncSmtpConnection,
    patience: Duration,
}

impl Route {
    pub fn new(settings: &Smtp, patience: Duration) -> Result<Route, String> {
        let host = settings.host.clone();
        let usual_port = match settings.protection {
            Protection::Starttls => 587,
            Protection::Tls => 465,
            Protection::None => 25,
        };
        let tls = match settings.protection {
            Protection::None => None,
            _ => Some(TlsParameters::new(host.clone()).map_err(|error| error.to_string())?),
        };
        let credentials = match (&settings.username, &settings.password) {
            (Some(username), Some(password)) => {
                Some(Credentials::new(username.clone(), password.clone()))
            }
            _ => None,
        };
        let port = settings.port.unwrap_or(usual_port);
        Ok(Route { host, port, protection: settings.protection, tls, credentials, patience })
    }

    /// Connects, protects the connection and signs in. What fails here is no mail's fault.
    pub async fn open(&self) -> Result<Line, String> {
        match timeout(self.patience, self.connect()).await {
            Ok(Ok(smtp)) => Ok(Line { smtp, patience: self.patience }),
            Ok(Err(why)) => Err(why),
            Err(_) => Err(SILENT.to_owned()),
        }
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, String> {
        let hello = ClientId::default();
        let words = |error: Error| words(&error);
        let at = (self.host.as_str(), self.port);
        let mut smtp = match self.protection {
            Protection::Tls => {
                let (patience, tls) = (Some(self.patience), self.tls.clone());
                AsyncSmtpConnection::connect_tokio1(at, patience, &hello, tls, None).await
            }
            _ => {
                let stream = TcpStream::connect(at).await;
                let stream = stream.map_err(|error| format!("{}:{}: {error}", at.0, at.1))?;
                // What is written is to leave at once: it is one half of a dialogue.
                stream.set_nodelay(true).map_err(|error| error.to_string())?;
                AsyncSmtpConnection::connect_with_transport(Box::new(stream), &hello).await
            }
        }
        .map_err(words)?;
        if let (Protection::Starttls, Some(tls)) = (self.protection, &self.tls) {
            smtp.starttls(tls.clone(), &hello).await.map_err(words)?;
        }
        if let Some(credentials) = &self.credentials {
            let ways = [Mechanism::Plain, Mechanism::Login];
            smtp.auth(&ways, credentials).await.map_err(words)?;
        }
        Ok(smtp)
    }
}

impl Line {
    /// Names sender and recipient. Nothing is sent that could be delivered.
    pub async fn offer(&mut self, wire: &Wire) -> Result<(), Refusal> {
        match timeout(self.patience, self.name(wire)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Refusal::Broken { why: SILENT.to_owned(), silent: true }),
        }
    }

    async fn name(&mut self, wire: &Wire) -> Result<(), Refusal> {
        let knows = |feature| self.smtp.server_info().supports_feature(feature);
        let mut parameters = Vec::new();
        let recipient: &str = wire.recipient.as_ref();
        if !recipient.is_ascii() {
            if !knows(Extension::SmtpUtfEight) {
                return Err(Refusal::ForGood(Unfit::NeedsUtf8.to_string()));
            }
            parameters.push(MailParameter::SmtpUtfEight);
        }
        if !wire.bytes.is_ascii() && knows(Extension::EightBitMime) {
            parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
        let sender = Mail::new(Some(wire.sender.clone()), parameters);
        self.smtp.command(sender).await.map_err(|error| refusal(Stage::Sender, &error))?;
        let recipient = Rcpt::new(wire.recipient.clone(), Vec::new());
        self.smtp.command(recipient).await.map_err(|error| refusal(Stage::Recipient, &error))?;
        Ok(())
    }

    /// Hands the text over. `Ok` is the server's word that it has it.
    pub async fn hand_over(&mut self, wire: &Wire) -> Result<(), Refusal> {
        match timeout(self.patience, self.smtp.command(Data)).await {
            Ok(answer) => answer.map_err(|error| refusal(Stage::Data, &error))?,
            Err(_) => return Err(Refusal::Broken { why: SILENT.to_owned(), silent: true }),
        };
        match timeout(self.patience, self.smtp.command(Body(&wire.bytes))).await {
            Ok(answer) => answer.map(drop).map_err(|error| refusal(Stage::Text, &error)),
            Err(_) => Err(Refusal::Doubt { why: SILENT.to_owned(), silent: true }),
        }
    }

    /// Takes back what was offered; false when the connection is of no more use.
    pub async fn withdraw(&mut self) -> bool {
        matches!(timeout(self.patience, self.smtp.command(Rset)).await, Ok(Ok(_)))
    }

    /// Says goodbye. Whether the server answers is of no interest.
    pub async fn close(mut self) {
        const FAREWELL: Duration = Duration::from_secs(2);
        let _ = timeout(FAREWELL, self.smtp.command(Quit)).await;
    }
}

/// The text with its end, in one piece: a line that begins with a dot gets another (RFC 5321
/// 4.5.2), or it would end the mail.
struct Body<'a>(&'a [u8]);

impl fmt::Display for Body<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = String::from_utf8_lossy(self.0);
        if text.starts_with('.') {
            f.write_str(".")?;
        }
        f.write_str(&text.replace("\r\n.", "\r\n.."))?;
        f.write_str(if text.ends_with("\r\n") { ".\r\n" } else { "\r\n.\r\n" })
    }
}

/// The server's words with their code, or what happened to the connection.
fn words(error: &Error) -> String {
    use std::error::Error as _;
    match (error.status(), error.source()) {
        (Some(code), Some(words)) => format!("{code} {words}"),
        (Some(code), None) => code.to_string(),
        _ => error.to_string(),
    }
}

fn refusal(stage: Stage, error: &Error) -> Refusal {
    sort(stage, error.status().map(u16::from), words(error))
}

/// Sorts what the server said; no code is a broken connection.
fn sort(stage: Stage, code: Option<u16>, why: String) -> Refusal {
    match (stage, code) {
        (Stage::Text, None) => Refusal::Doubt { why, silent: false },
        (_, None) => Refusal::Broken { why, silent: false },
        // Whoever may not send may send nothing; shutting down; sign-in wanted, wrong or too weak.
        (Stage::Sender, Some(_)) | (_, Some(421 | 530 | 534 | 535 | 538)) => Refusal::OfServer(why),
        // A command it does not know, or not now; 501 is about the address we named.
        (Stage::Recipient | Stage::Data, Some(500 | 502..=504)) => Refusal::OfServer(why),
        (_, Some(500..)) => Refusal::ForGood(why),
        (_, Some(_)) => Refusal::ForNow(why),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_refusal_of_the_mail_itself_gives_it_up() {
        let none = String::new;
        let sort = |stage, code| sort(stage, code, String::new());
        let (recipient, text) = (Stage::Recipient, Stage::Text);
        assert_eq!(sort(recipient, Some(550)), Refusal::ForGood(none()), "no such mailbox");
        assert_eq!(sort(recipient, Some(501)), Refusal::ForGood(none()), "no such address");
        assert_eq!(sort(text, Some(554)), Refusal::ForGood(none()), "refused content");
        assert_eq!(sort(recipient, Some(451)), Refusal::ForNow(none()), "greylisted");
        assert_eq!(sort(text, Some(452)), Refusal::ForNow(none()), "full");
        for code in [535, 530, 421] {
            assert_eq!(sort(recipient, Some(code)), Refusal::OfServer(none()), "{code:?}");
        }
        assert_eq!(sort(Stage::Sender, Some(550)), Refusal::OfServer(none()), "we may not send");
        assert_eq!(sort(text, Some(421)), Refusal::OfServer(none()), "it said that it did not");
    }

    #[test]
    fn a_broken_connection_leaves_a_doubt_only_once_the_text_is_out() {
        let why = String::new;
        let broken = Refusal::Broken { why: why(), silent: false };
        for stage in [Stage::Sender, Stage::Recipient, Stage::Data] {
            assert_eq!(sort(stage, None, why()), broken);
        }
        assert_eq!(sort(Stage::Text, None, why()), Refusal::Doubt { why: why(), silent: false });
    }

    #[test]
    fn a_line_that_begins_with_a_dot_does_not_end_the_mail() {
        let said = |text: &str| Body(text.as_bytes()).to_string();
        assert_eq!(said("a\r\n.\r\nb\r\n"), "a\r\n..\r\nb\r\n.\r\n");
        assert_eq!(said(".x"), "..x\r\n.\r\n");
    }
}
