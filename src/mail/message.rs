//! A mail of the outbox as it goes over the wire (RFC 5322, RFC 2045).

use std::fmt;

use lettre::{
    Address, Message,
    message::{Attachment, Mailbox, MultiPart, SinglePart, header},
};

use super::{Letterhead, calendar, outbox::Mail};
use crate::{i18n::Text, text};

/// A message and whom it is from and for.
#[derive(Clone, Debug)]
pub struct Wire {
    pub sender: Address,
    pub recipient: Address,
    /// Lines end in CR LF.
    pub bytes: Vec<u8>,
}

/// Why a mail can never be handed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// Nobody can have this address.
    Address,
    /// The address needs SMTPUTF8 and the mail server does not know it.
    NeedsUtf8,
    /// The message itself cannot be made.
    Message(String),
}

/// As it is kept with the mail; [`said`] says it in the reader's language.
impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unfit::Address => f.write_str(NO_ADDRESS),
            Unfit::NeedsUtf8 => f.write_str(NEEDS_UTF8),
            Unfit::Message(why) => write!(f, "the message cannot be made: {why}"),
        }
    }
}

const NO_ADDRESS: &str = "this is not a mail address";
const NEEDS_UTF8: &str = "the mail server takes no address with such letters";
/// The server does not answer.
pub(super) const SILENT: &str = "the mail server fell silent";
/// The last of many tries ended without an answer.
pub(super) const NO_ANSWER: &str = "no answer after many tries";

/// It was still waiting when a later mail about the same took its place.
pub const OVERTAKEN: &str = "overtaken";
/// It was still waiting when its recipient had left.
pub const LEFT: &str = "left";

/// Why a mail failed, for people: our own reasons in both languages, a server's words as they are.
pub fn said(why: &str) -> Text {
    match why {
        NO_ADDRESS => text!(
            "邮箱地址无效。请更正此人的邮箱，再重新发送。",
            "This is not a mail address. Put the person's address right, then send it again."
        ),
        NEEDS_UTF8 => text!(
            "邮件服务器不支持这种邮箱地址（@ 前有非英文字符）。请换一个邮箱。",
            "The mail server takes no address with such letters before the @. Use another address."
        ),
        SILENT => text!("邮件服务器没有应答。", "The mail server fell silent."),
        NO_ANSWER => text!(
            "多次尝试都没有得到答复。请查看服务器日志，再重新发送。",
            "Many tries ended without an answer. Look at the server's log, then send it again."
        ),
        OVERTAKEN => text!(
            "未及发出，已由后面的提醒取代。无需再发。",
            "It had not gone out when a later reminder took its place. It need not be sent."
        ),
        LEFT => text!(
            "未及发出，收件人已离职。无需再发。",
            "It had not gone out when its recipient had left. It need not be sent."
        ),
        words => Text::same(words),
    }
}

/// The sender of everything.
pub fn sender(head: &Letterhead) -> Result<Mailbox, String> {
    head.from.parse().map_err(|error| format!("the sender {}: {error}", head.from))
}

/// The message on the wire. The Message-ID is the outbox row's and the date is when it was written,
/// so it is the same at every try.
pub fn compose(mail: &Mail, head: &Letterhead) -> Result<Wire, Unfit> {
    let unfit = |why: String| Unfit::Message(why);
    let sender = sender(head).map_err(unfit)?;
    let recipient = address(&mail.recipient)?;
    let mut builder = Message::builder()
        .from(sender.clone())
        .to(Mailbox::new(None, recipient.clone()))
        .subject(&mail.subject)
        .message_id(Some(mail.message_id.clone()))
        .date(mail.created_at.utc().into())
        .header(header::MIME_VERSION_1_0);
    for (name, value) in more_headers(mail, head) {
        let name = header::HeaderName::new_from_ascii_str(name);
        builder = builder.raw_header(header::HeaderValue::new(name, value));
    }
    let parts = parts(mail).map_err(unfit)?;
    let message = builder.multipart(parts).map_err(|error| unfit(error.to_string()))?;
    Ok(Wire { sender: sender.email, recipient, bytes: message.formatted() })
}

/// Out-of-office replies to a program help nobody; whoever may opt out does so by one click.
fn more_headers(mail: &Mail, head: &Letterhead) -> Vec<(&'static str, String)> {
    let mut headers = vec![
        ("Auto-Submitted", "auto-generated".to_owned()),
        ("X-Auto-Response-Suppress", "All".to_owned()),
        ("Content-Language", mail.language.0.tag().to_owned()),
    ];
    if let Some(path) = &mail.unsubscribe {
        headers.push(("List-Unsubscribe", format!("<{}>", head.link(path))));
        headers.push(("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()));
    }
    headers
}

/// The address with its domain in the letters that every server knows.
fn address(text: &str) -> Result<Address, Unfit> {
    let (local, domain) = text.trim().rsplit_once('@').ok_or(Unfit::Address)?;
    let domain = idna::domain_to_ascii(domain).map_err(|_| Unfit::Address)?;
    Address::new(local, domain).map_err(|_| Unfit::Address)
}

/// Text and HTML; an appointment besides as one more form of the same, which mail programs put into
/// the calendar, and as a file for those that do not know that form.
fn parts(mail: &Mail) -> Result<MultiPart, String> {
    let words = MultiPart::alternative_plain_html(mail.body.plain.clone(), mail.body.html.clone());
    let Some(ics) = &mail.body.calendar else { return Ok(words) };
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
    use crate::{
        db::Instant,
        mail::outbox::{Body, OutboxId},
    };

    fn mail(recipient: &str) -> Mail {
        let now = Instant::from(chrono::DateTime::UNIX_EPOCH);
        Mail {
            id: OutboxId(1),
            message_id: "<1@shifu.test>".to_owned(),
            person_id: None,
            recipient: recipient.to_owned(),
            language: crate::db::types::LangColumn(crate::i18n::Lang::Zh),
            subject:
                "证书到期提醒：制动系统专修 还有 90 天到期，请尽快安排复训并完成理论与实操考试"
                    .to_owned(),
            created_at: now,
            next_try_at: now,
            tries: 0,
            last_error: None,
            leased_until: None,
            sent_at: None,
            parked_at: None,
            unsubscribe: None,
            handed_at: None,
            body: Body {
                plain: "您好".repeat(600),
                html: format!("<p>{}</p>", "您好".repeat(600)),
                calendar: Some("BEGIN:VCALENDAR\r\nMETHOD:CANCEL\r\nEND:VCALENDAR\r\n".to_owned()),
            },
        }
    }

    fn head() -> Letterhead {
        Letterhead {
            from: "师傅 <training@example.com>".to_owned(),
            base_url: "http://shifu.test".to_owned(),
        }
    }

    fn wire(mail: &Mail) -> String {
        String::from_utf8(compose(mail, &head()).unwrap().bytes).unwrap()
    }

    #[test]
    fn an_appointment_travels_in_the_letter_and_as_a_file() {
        let wire = wire(&mail("t0001@example.com"));
        let kinds = ["multipart/mixed", "multipart/alternative", "text/plain", "text/html"];
        assert!(kinds.iter().all(|kind| wire.contains(kind)), "{wire}");
        assert!(wire.contains("text/calendar; charset=utf-8; method=CANCEL"), "{wire}");
        assert!(wire.contains("filename=\"invite.ics\""), "{wire}");
    }

    #[test]
    fn every_line_is_short_plain_and_ends_in_cr_lf() {
        let wire = wire(&mail("t0001@example.com"));
        assert!(wire.is_ascii());
        assert_eq!(wire.matches('\n').count(), wire.matches("\r\n").count());
        assert!(wire.split("\r\n").all(|line| line.len() <= 78), "{wire}");
    }

    #[test]
    fn a_way_out_is_named_only_where_there_is_one() {
        let mut mail = mail("t0001@example.com");
        assert!(!wire(&mail).contains("List-Unsubscribe"));
        mail.unsubscribe = Some("/mail/unsubscribe/secret/logbook".to_owned());
        let wire = wire(&mail);
        assert!(
            wire.contains(
                "List-Unsubscribe: <http://shifu.test/mail/unsubscribe/secret/logbook>\r\n"
            ),
            "{wire}"
        );
        assert!(wire.contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"));
    }

    #[test]
    fn an_address_nobody_can_have_is_said_to_be_one() {
        for wrong in ["", "lin", "lin@", "@example.com", "a b@example.com", "lin@exa mple.com"] {
            assert_eq!(compose(&mail(wrong), &head()).unwrap_err(), Unfit::Address, "{wrong}");
        }
        let wire = compose(&mail(" lin@浦东.example "), &head()).unwrap();
        assert!(wire.recipient.to_string().is_ascii(), "{}", wire.recipient);
        let said = said(&Unfit::Address.to_string());
        assert!(said.zh.contains("无效") && said.en != NO_ADDRESS);
    }
}
