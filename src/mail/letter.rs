//! What a mail says, as text and as HTML.

use maud::{DOCTYPE, Markup, html};

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

/// A line of a letter that lists several things; lines with the same heading stand together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub heading: String,
    pub text: String,
    /// Where it leads.
    pub path: String,
}

impl Letter {
    pub(super) fn as_text(&self, to: &Recipient, head: &Letterhead, rows: &[Row]) -> String {
        let mut text = format!("{}\n\n", greeting(to));
        for paragraph in &self.paragraphs {
            text.push_str(paragraph);
            text.push_str("\n\n");
        }
        for lines in rows.chunk_by(|one, next| one.heading == next.heading) {
            text.push_str(&format!("{}\n", lines[0].heading));
            for Row { text: said, path, .. } in lines {
                text.push_str(&format!("- {said}\n  {}\n", head.link(path)));
            }
            text.push('\n');
        }
        if let Some((label, path)) = &self.action {
            text.push_str(&format!("{label}: {}\n\n", head.link(path)));
        }
        text.push_str("-- \n");
        text.push_str(&sign_off(to.lang));
        text.push('\n');
        text
    }

    /// Inline styles and a table: what mail programs understand.
    pub(super) fn as_html(&self, to: &Recipient, head: &Letterhead, rows: &[Row]) -> String {
        html! {
            (DOCTYPE)
            html lang=(to.lang.tag()) {
                head { meta charset="utf-8"; meta name="viewport" content="width=device-width"; title { (self.subject) } }
                body style="margin:0;padding:16px;background:#f4f5f7;font-family:system-ui,'Segoe UI','PingFang SC','Microsoft YaHei',sans-serif;color:#1f2933" {
                    table role="presentation" width="100%" cellpadding="0" cellspacing="0" { tr { td align="center" {
                        table role="presentation" width="560" cellpadding="0" cellspacing="0" style="max-width:560px;width:100%;background:#fff;border-radius:8px" { tr { td style="padding:24px;font-size:16px;line-height:1.6" {
                            p style="margin:0 0 16px" { (greeting(to)) }
                            @for paragraph in &self.paragraphs { p style="margin:0 0 16px" { (paragraph) } }
                            @if !rows.is_empty() { (table_of(head, rows)) }
                            @if let Some((label, path)) = &self.action {
                                p style="margin:24px 0" { a href=(head.link(path)) style="background:#b3261e;color:#fff;padding:12px 20px;border-radius:6px;text-decoration:none;display:inline-block" { (label) } }
                            }
                            p style="margin:24px 0 0;color:#616e7c;font-size:13px" { (sign_off(to.lang)) }
                        } } }
                    } } }
                }
            }
        }
        .into_string()
    }
}

/// Several things in a table, under the heading each group of them has.
fn table_of(head: &Letterhead, rows: &[Row]) -> Markup {
    html! {
        table width="100%" cellpadding="0" cellspacing="0" style="border-collapse:collapse;margin:0 0 16px" {
            @for lines in rows.chunk_by(|one, next| one.heading == next.heading) {
                tr { th align="left" style="padding:12px 0 4px;font-size:14px;color:#616e7c;border-bottom:1px solid #d9dde2" { (lines[0].heading) } }
                @for Row { text, path, .. } in lines {
                    tr { td style="padding:8px 0;border-bottom:1px solid #eceef1" { a href=(head.link(path)) style="color:#1f5fa8;text-decoration:none" { (text) } } }
                }
            }
        }
    }
}

fn greeting(to: &Recipient) -> String {
    t!(to.lang, "{}，您好！", "Dear {},", to.name)
}

fn sign_off(lang: Lang) -> String {
    t!(
        lang,
        "此邮件由 shifu 售后培训与认证系统自动发送，请勿直接回复。",
        "Sent by shifu, training and certification in after-sales. Please do not reply to this mail."
    )
}
