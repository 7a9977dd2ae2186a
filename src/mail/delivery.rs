//! Handing mails over to a mail server.

use std::time::Duration;

use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{Attachment, Mailbox, MultiPart, SinglePart, header},
    transport::smtp::{
        AsyncSmtpTransportBuilder, authentication::Credentials, client::Tls, client::TlsParameters,
    },
};
use serde::Deserialize;

use super::{
    Letterhead, calendar,
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

/// The way to the mail server.
pub struct Transport {
    connect: AsyncSmtpTransportBuilder,
    patience: Duration,
}

impl Transport {
    pub fn new(settings: &Smtp) -> Result<Transport, String> {
        Transport::with_patience(settings, Duration::from_secs(120))
    }

    /// Gives up on one mail after so long, which must be less than the lease on it. The SMTP
    /// library limits only the time to connect; a server that then falls silent would hold us up
    /// for ever.
    pub fn with_patience(settings: &Smtp, patience: Duration) -> Result<Transport, String> {
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
            .timeout(Some(patience));
        if let (Some(username), Some(password)) = (&settings.username, &settings.password) {
            builder = builder.credentials(Credentials::new(username.clone(), password.clone()));
        }
        Ok(Transport { connect: builder, patience })
    }

    /// Sends what is due until nothing is; returns how many the server accepted.
    pub async fn send_due(
        &self,
        db: &Db,
        clock: &Clock,
        head: &Letterhead,
    ) -> Result<usize, Error> {
        // Connections are kept for this batch only: one that fell silent must not be used again.
        let smtp = self.connect.clone().build();
        let mut sent = 0;
        loop {
            let now = clock.now();
            let Some(mail) = db.write(move |conn| outbox::claim(conn, now)).await? else {
                return Ok(sent);
            };
            let outcome = self.send(&smtp, &mail, head).await;
            let now = clock.now();
            sent += usize::from(outcome.is_ok());
            let server_fails = matches!(outcome, Err(Failure::OfServer(_)));
            db.write(move |conn| match outcome {
                Ok(()) => outbox::mark_sent(conn, mail.id, now),
                Err(Failure::ForGood(why)) => outbox::park(conn, mail.id, &why, now),
                Err(Failure::ForNow(why) | Failure::OfServer(why)) => {
                    outbox::mark_failed(conn, &mail, &why, now)
                }
            })
            .await?;
            // The next mail would fail in the same way, after the same wait.
            if server_fails {
                return Ok(sent);
            }
        }
    }

    async fn send(
        &self,
        smtp: &AsyncSmtpTransport<Tokio1Executor>,
        mail: &Mail,
        head: &Letterhead,
    ) -> Result<(), Failure> {
        let message = compose(mail, head).map_err(Failure::ForGood)?;
        match tokio::time::timeout(self.patience, smtp.send(message)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(Failure::of(&error)),
            Err(_) => Err(Failure::OfServer("the mail server fell silent".to_owned())),
        }
    }
}

/// Why a mail was not accepted.
#[derive(Debug, PartialEq, Eq)]
enum Failure {
    /// This mail, for now: a full mailbox, a greylist.
    ForNow(String),
    /// This mail, and trying again would not help.
    ForGood(String),
    /// The server or our access to it: no mail's fault, so none is given up for it at once.
    OfServer(String),
}

impl Failure {
    fn of(error: &lettre::transport::smtp::Error) -> Failure {
        Failure::of_answer(error.status().map(u16::from), error.to_string())
    }

    /// Sorts the server's answer; no answer at all is a matter of the connection.
    fn of_answer(code: Option<u16>, why: String) -> Failure {
        match code {
            // Shutting down; sign-in wanted, wrong or not possible; commands it does not know.
            Some(421 | 454 | 500..=504 | 530 | 534 | 535 | 538) | None => Failure::OfServer(why),
            Some(500..) => Failure::ForGood(why),
            Some(_) => Failure::ForNow(why),
        }
    }
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
        // Out-of-office replies to a program help nobody.
        .raw_header(header::HeaderValue::new(
            header::HeaderName::new_from_ascii_str("Auto-Submitted"),
            "auto-generated".to_owned(),
        ))
        .multipart(parts(mail)?)
        .map_err(|error| error.to_string())
}

/// Text and HTML; an appointment besides as one more form of the same, which mail programs put into
/// the calendar, and as a file for those that do not know that form.
fn parts(mail: &Mail) -> Result<MultiPart, String> {
    let words = MultiPart::alternative_plain_html(mail.body_text.clone(), mail.body_html.clone());
    let Some(ics) = &mail.calendar else { return Ok(words) };
    let method = calendar::method_of(ics);
    let of_type = |word: String| header::ContentType::parse(&word).map_err(|e| e.to_string());
    let invitation = SinglePart::builder()
        .header(of_type(format!("text/calendar; charset=utf-8; method={method}"))?)
        .body(ics.clone());
    let file = Attachment::new("invite.ics".to_owned())
        .body(ics.clone(), of_type("application/ics; name=\"invite.ics\"".to_owned())?);
    Ok(MultiPart::mixed().multipart(words.singlepart(invitation)).singlepart(file))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::Instant;

    #[test]
    fn an_appointment_travels_in_the_letter_and_as_a_file() {
        let now = Instant::from(chrono::DateTime::UNIX_EPOCH);
        let mail = Mail {
            id: outbox::OutboxId(1),
            message_id: "<1@shifu.test>".to_owned(),
            person_id: None,
            recipient: "t0001@example.com".to_owned(),
            language: crate::db::types::LangColumn(crate::i18n::Lang::En),
            subject: "Cancelled".to_owned(),
            body_text: "text".to_owned(),
            body_html: "<p>html</p>".to_owned(),
            created_at: now,
            next_try_at: now,
            tries: 0,
            last_error: None,
            sent_at: None,
            parked_at: None,
            calendar: Some("BEGIN:VCALENDAR\r\nMETHOD:CANCEL\r\nEND:VCALENDAR\r\n".to_owned()),
        };
        let head = Letterhead {
            from: "shifu <training@example.com>".to_owned(),
            base_url: "http://shifu.test".to_owned(),
        };
        let wire = String::from_utf8(compose(&mail, &head).unwrap().formatted()).unwrap();
        let kinds = ["multipart/mixed", "multipart/alternative", "text/plain", "text/html"];
        assert!(kinds.iter().all(|kind| wire.contains(kind)), "{wire}");
        assert!(wire.contains("text/calendar; charset=utf-8; method=CANCEL"), "{wire}");
        assert!(wire.contains("filename=\"invite.ics\""), "{wire}");
    }

    #[test]
    fn only_a_refusal_of_the_mail_itself_gives_it_up() {
        let sort = |code| Failure::of_answer(code, String::new());
        let none = String::new;
        assert_eq!(sort(Some(550)), Failure::ForGood(none()), "no such mailbox");
        assert_eq!(sort(Some(554)), Failure::ForGood(none()), "refused content");
        assert_eq!(sort(Some(451)), Failure::ForNow(none()), "greylisted");
        for code in [Some(535), Some(530), Some(421), None] {
            assert_eq!(sort(code), Failure::OfServer(none()), "{code:?}");
        }
    }
}
