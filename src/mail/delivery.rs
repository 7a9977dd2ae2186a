//! Handing mails over to a mail server.

use std::time::Duration;

use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{Mailbox, MultiPart, header},
    transport::smtp::{authentication::Credentials, client::Tls, client::TlsParameters},
};
use serde::Deserialize;

use super::{
    Letterhead,
    outbox::{self, Mail},
};
use crate::{
    db::{Db, Error},
    web::Clock,
};

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

/// A pool of connections to the mail server.
pub struct Transport {
    smtp: AsyncSmtpTransport<Tokio1Executor>,
}

impl Transport {
    pub fn new(settings: &Smtp) -> Result<Transport, String> {
        let host = &settings.host;
        let tls = || TlsParameters::new(host.clone()).map_err(|error| error.to_string());
        let (tls, usual_port) = match settings.protection {
            Protection::Starttls => (Tls::Required(tls()?), 587),
            Protection::Tls => (Tls::Wrapper(tls()?), 465),
            Protection::None => (Tls::None, 25),
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
            .port(settings.port.unwrap_or(usual_port))
            .tls(tls)
            .timeout(Some(Duration::from_secs(30)));
        if let (Some(username), Some(password)) = (&settings.username, &settings.password) {
            builder = builder.credentials(Credentials::new(username.clone(), password.clone()));
        }
        Ok(Transport { smtp: builder.build() })
    }

    /// Sends what is due until nothing is; returns how many the server accepted.
    pub async fn send_due(
        &self,
        db: &Db,
        clock: &Clock,
        head: &Letterhead,
    ) -> Result<usize, Error> {
        let mut sent = 0;
        loop {
            let now = clock.now();
            let Some(mail) = db.write(move |conn| outbox::claim(conn, now)).await? else {
                return Ok(sent);
            };
            let outcome = self.send(&mail, head).await;
            let now = clock.now();
            sent += usize::from(outcome.is_ok());
            db.write(move |conn| match outcome {
                Ok(()) => outbox::mark_sent(conn, mail.id, now),
                Err(Failure::ForGood(why)) => outbox::park(conn, mail.id, &why, now),
                Err(Failure::ForNow(why)) => outbox::mark_failed(conn, &mail, &why, now),
            })
            .await?;
        }
    }

    async fn send(&self, mail: &Mail, head: &Letterhead) -> Result<(), Failure> {
        let message = compose(mail, head).map_err(Failure::ForGood)?;
        match self.smtp.send(message).await {
            Ok(_) => Ok(()),
            Err(error) if error.is_permanent() => Err(Failure::ForGood(error.to_string())),
            Err(error) => Err(Failure::ForNow(error.to_string())),
        }
    }
}

enum Failure {
    ForNow(String),
    ForGood(String),
}

/// The message on the wire. The Message-ID is the outbox row's, the same at every try.
fn compose(mail: &Mail, head: &Letterhead) -> Result<Message, String> {
    let from: Mailbox = head.from.parse().map_err(|error| format!("sender: {error}"))?;
    let to: Mailbox = mail.recipient.parse().map_err(|error| format!("recipient: {error}"))?;
    Message::builder()
        .from(from)
        .to(to)
        .subject(&mail.subject)
        .message_id(Some(mail.message_id.clone()))
        .date(mail.created_at.utc().into())
        .header(header::MIME_VERSION_1_0)
        .multipart(MultiPart::alternative_plain_html(
            mail.body_text.clone(),
            mail.body_html.clone(),
        ))
        .map_err(|error| error.to_string())
}
