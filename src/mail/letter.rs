//! What a mail says, and its plain text.

use super::look;
use crate::{i18n::Lang, record::PersonId, t};

/// What every mail of this installation has in common.
#[derive(Clone, Debug)]
pub struct Letterhead {
    /// The sender, `shifu <training@example.com>`.
    pub from: String,
    /// Where this installation is reached, without a slash at the end.
    pub base_url: String,
}

impl Letterhead {
    pub fn link(&self, path: &str) -> String {
        format!("{}{path}", self.base_url)
    }

    /// The sender's bare address.
    pub fn address(&self) -> &str {
        let from = self.from.trim();
        from.rsplit_once('<').map_or(from, |(_, address)| address.trim_end_matches('>'))
    }

    /// The right-hand side of Message-IDs and of the UIDs of appointments.
    pub fn host(&self) -> &str {
        let host = self.base_url.split("://").nth(1).unwrap_or("shifu.invalid");
        host.split(['/', ':']).next().unwrap_or("shifu.invalid")
    }
}

/// Who a mail goes to, and in which language they read.
#[derive(Clone, Debug)]
pub struct Recipient {
    pub person: PersonId,
    pub name: String,
    pub email: String,
    pub lang: Lang,
}

/// A mail in one language: a subject, a few paragraphs, and one thing to do.
#[derive(Clone, Debug)]
pub struct Letter {
    pub subject: String,
    pub paragraphs: Vec<String>,
    /// Label and path of the button that leads straight to the thing.
    pub action: Option<(String, String)>,
}

/// What goes with a letter. Most have nothing: `Enclosed::default()`.
#[derive(Clone, Debug, Default)]
pub struct Enclosed {
    /// The lines of a digest, below the paragraphs and above the button.
    pub rows: Vec<Row>,
    /// For the recipient's calendar, as iCalendar ([`super::calendar`]).
    pub calendar: Option<String>,
    /// Where whoever may opt out of this kind of mail does so ([`super::choices::unsubscribe_path`]).
    /// Leave it out where nobody may.
    pub unsubscribe: Option<String>,
}

/// A line of a letter that lists several things; lines with the same heading stand together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub heading: String,
    pub text: String,
    /// Where it leads.
    pub path: String,
}

/// The rows by what they stand under.
pub(super) fn grouped(rows: &[Row]) -> impl Iterator<Item = &[Row]> {
    rows.chunk_by(|one, next| one.heading == next.heading)
}

impl Letter {
    pub(super) fn as_text(&self, enclosed: &Enclosed, to: &Recipient, head: &Letterhead) -> String {
        let mut text = format!("{}\n\n", greeting(to));
        for paragraph in &self.paragraphs {
            text.push_str(paragraph);
            text.push_str("\n\n");
        }
        rows_as_text(&mut text, &enclosed.rows, head);
        if let Some((label, path)) = &self.action {
            text.push_str(&format!("{label}: {}\n\n", head.link(path)));
        }
        text.push_str("-- \n");
        text.push_str(&sign_off(to.lang));
        text.push('\n');
        if let Some(path) = &enclosed.unsubscribe {
            text.push_str(&format!("{}: {}\n", opt_out(to.lang), head.link(path)));
        }
        text
    }

    pub(super) fn as_html(&self, enclosed: &Enclosed, to: &Recipient, head: &Letterhead) -> String {
        look::page(self, enclosed, to, head).into_string()
    }

    /// What a mail program shows beside the subject, before the mail is opened.
    pub(super) fn preview(&self) -> String {
        let said = self.paragraphs.first().map_or("", String::as_str);
        said.chars().take(140).collect()
    }
}

fn rows_as_text(text: &mut String, rows: &[Row], head: &Letterhead) {
    for lines in grouped(rows) {
        text.push_str(&format!("{}\n", lines[0].heading));
        for Row { text: said, path, .. } in lines {
            text.push_str(&format!("- {said}\n  {}\n", head.link(path)));
        }
        text.push('\n');
    }
}

pub(super) fn greeting(to: &Recipient) -> String {
    t!(to.lang, "{}，您好！", "Dear {},", to.name)
}

pub(super) fn sign_off(lang: Lang) -> String {
    t!(
        lang,
        "此邮件由 shifu 售后培训与认证系统自动发送，请勿直接回复。",
        "Sent by shifu, training and certification in after-sales. Please do not reply to this mail."
    )
}

pub(super) fn opt_out(lang: Lang) -> String {
    t!(lang, "不再接收这类邮件", "Stop mails of this kind")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(heading: &str, text: &str) -> Row {
        let path = "/certificates/SF-1".to_owned();
        Row { heading: heading.to_owned(), text: text.to_owned(), path }
    }

    #[test]
    fn a_digest_names_each_group_once_in_text_and_in_html() {
        let head = Letterhead {
            from: "shifu <training@example.com>".to_owned(),
            base_url: "https://shifu.test".to_owned(),
        };
        let to = Recipient {
            person: PersonId(1),
            name: "Zhou Min".to_owned(),
            email: "m0001@example.com".to_owned(),
            lang: Lang::En,
        };
        let letter = Letter {
            subject: "Due this week".to_owned(),
            paragraphs: vec!["Two certificates <end>.".to_owned()],
            action: Some(("Open the board".to_owned(), "/certificates/board".to_owned())),
        };
        let rows = vec![row("Lin Tao", "Brakes"), row("Lin Tao", "Tyres"), row("Wang", "Brakes")];
        let enclosed = Enclosed {
            rows,
            unsubscribe: Some("/mail/unsubscribe/s/digest".to_owned()),
            ..Enclosed::default()
        };
        let text = letter.as_text(&enclosed, &to, &head);
        assert_eq!(text.matches("Lin Tao\n").count(), 1);
        assert!(
            text.contains("Lin Tao\n- Brakes\n  https://shifu.test/certificates/SF-1\n- Tyres\n")
        );
        assert!(
            text.ends_with(
                "Stop mails of this kind: https://shifu.test/mail/unsubscribe/s/digest\n"
            )
        );
        let html = letter.as_html(&enclosed, &to, &head);
        assert_eq!(html.matches(">Lin Tao<").count(), 1);
        assert!(html.contains("Two certificates &lt;end&gt;."));
    }
}
