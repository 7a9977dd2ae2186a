//! How a mail looks: what mail programs understand, Outlook's old word processor among them.
//!
//! Layout by tables, widths as attributes, styles inline, a button that Outlook draws by VML and
//! others by a padded cell. A style sheet in the head only adds: dark colours where the program
//! follows the reader's, and a full width on phones. Nothing is loaded from anywhere.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{
    Enclosed, Letter, Letterhead, Recipient, Row,
    letter::{greeting, grouped, opt_out, sign_off},
};

/// No quotation marks within: it stands in attributes that the word processor reads literally.
const FONT: &str =
    "font-family:-apple-system,Segoe UI,PingFang SC,Microsoft YaHei,Arial,sans-serif";

const STYLE: &str = "\
:root{color-scheme:light dark;supported-color-schemes:light dark}\
body,table,td,a{-webkit-text-size-adjust:100%;-ms-text-size-adjust:100%}\
table,td{mso-table-lspace:0pt;mso-table-rspace:0pt}\
@media (max-width:600px){.sheet{width:100%!important}.inner{padding:20px 16px!important}.outer{padding:0!important}}\
@media (prefers-color-scheme:dark){\
body,.ground{background-color:#15191e!important}\
.sheet{background-color:#1f252c!important}\
.ink{color:#e6e9ed!important}\
.pale{color:#a3adb8!important}\
.line{border-color:#39424d!important}\
.link{color:#ff9c94!important}}";

/// Outlook measures in its own dots otherwise, and picks a serif font for Chinese.
const FOR_OUTLOOK: &str = "<!--[if mso]><noscript><xml><o:OfficeDocumentSettings><o:AllowPNG/>\
<o:PixelsPerInch>96</o:PixelsPerInch></o:OfficeDocumentSettings></xml></noscript>\
<style>body,table,td,p,a{font-family:'Microsoft YaHei',Arial,sans-serif!important}</style><![endif]-->";

pub(super) fn page(
    letter: &Letter,
    enclosed: &Enclosed,
    to: &Recipient,
    head: &Letterhead,
) -> Markup {
    html! {
        (DOCTYPE)
        html lang=(to.lang.tag()) xmlns="http://www.w3.org/1999/xhtml" xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width,initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="supported-color-schemes" content="light dark";
                // Phones would make links of dates and numbers.
                meta name="format-detection" content="telephone=no,date=no,address=no,email=no";
                title { (letter.subject) }
                (PreEscaped(FOR_OUTLOOK))
                style { (PreEscaped(STYLE)) }
            }
            body.ground bgcolor="#f4f5f7" style="margin:0;padding:0;background-color:#f4f5f7" {
                (preview(letter))
                table.ground role="presentation" width="100%" border="0" cellpadding="0" cellspacing="0" bgcolor="#f4f5f7" { tr {
                    td.outer align="center" style="padding:24px 12px" { (sheet(letter, enclosed, to, head)) }
                } }
            }
        }
    }
}

/// Shown beside the subject in the list of mails, and nowhere in the mail. The blanks behind it
/// keep what follows out of there.
fn preview(letter: &Letter) -> Markup {
    html! {
        div style="display:none;font-size:1px;line-height:1px;max-height:0;max-width:0;opacity:0;overflow:hidden;mso-hide:all" {
            (letter.preview()) (PreEscaped("&#847;&zwnj;&nbsp;".repeat(40)))
        }
    }
}

fn sheet(letter: &Letter, enclosed: &Enclosed, to: &Recipient, head: &Letterhead) -> Markup {
    let paragraph = format!("margin:0 0 16px;{FONT};font-size:16px;line-height:26px;color:#1f2933");
    let small = format!("margin:0;{FONT};font-size:13px;line-height:20px;color:#5b6673");
    html! {
        table.sheet role="presentation" width="560" border="0" cellpadding="0" cellspacing="0" bgcolor="#ffffff" style="width:560px;background-color:#ffffff;border-radius:8px" {
            tr { td height="4" bgcolor="#b3261e" style="height:4px;line-height:4px;font-size:1px;border-radius:8px 8px 0 0" { (PreEscaped("&nbsp;")) } }
            tr { td.inner style="padding:28px 32px 24px;word-break:break-word;overflow-wrap:anywhere" {
                p.ink style=(paragraph) { (greeting(to)) }
                @for said in &letter.paragraphs { p.ink style=(paragraph) { (said) } }
                @if !enclosed.rows.is_empty() { (rows(&enclosed.rows, head)) }
                @if let Some((label, path)) = &letter.action { (button(label, &head.link(path))) }
                table role="presentation" width="100%" border="0" cellpadding="0" cellspacing="0" { tr {
                    td.line style="border-top:1px solid #dde1e6;padding:16px 0 0" {
                        p.pale style=(small) { (sign_off(to.lang)) }
                        @if let Some(path) = &enclosed.unsubscribe {
                            p style=(small) { a.link href=(head.link(path)) style=(format!("{FONT};color:#b3261e")) { (opt_out(to.lang)) } }
                        }
                    }
                } }
            } }
        }
    }
}

/// The lines of a digest, under what they have in common.
fn rows(rows: &[Row], head: &Letterhead) -> Markup {
    let heading = format!(
        "{FONT};font-size:14px;line-height:20px;color:#5b6673;font-weight:bold;padding:14px 0 4px;border-bottom:1px solid #dde1e6"
    );
    let cell = format!(
        "{FONT};font-size:15px;line-height:22px;padding:10px 0;border-bottom:1px solid #dde1e6"
    );
    html! {
        table role="presentation" width="100%" border="0" cellpadding="0" cellspacing="0" style="width:100%;margin:0 0 24px" {
            @for lines in grouped(rows) {
                tr { td.pale.line align="left" style=(heading) { (lines[0].heading) } }
                @for Row { text, path, .. } in lines {
                    tr { td.line align="left" style=(cell) { a.link href=(head.link(path)) style="color:#b3261e;text-decoration:underline" { (text) } } }
                }
            }
        }
    }
}

/// Outlook draws the first, all others the second.
fn button(label: &str, address: &str) -> Markup {
    let escaped = html! { (label) }.into_string();
    let href = html! { (address) }.into_string();
    let width =
        48 + 17 * label.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum::<usize>() / 2;
    let outlook = format!(
        "<!--[if mso]><v:roundrect xmlns:v=\"urn:schemas-microsoft-com:vml\" \
         xmlns:w=\"urn:schemas-microsoft-com:office:word\" href=\"{href}\" \
         style=\"height:44px;v-text-anchor:middle;width:{width}px\" arcsize=\"14%\" \
         strokecolor=\"#b3261e\" fillcolor=\"#b3261e\"><w:anchorlock/>\
         <center style=\"color:#ffffff;font-family:'Microsoft YaHei',Arial,sans-serif;font-size:16px;\
         font-weight:bold\">{escaped}</center></v:roundrect><![endif]-->"
    );
    html! {
        table role="presentation" border="0" cellpadding="0" cellspacing="0" style="margin:8px 0 24px" { tr { td {
            (PreEscaped(outlook))
            (PreEscaped("<!--[if !mso]><!-- -->"))
            table role="presentation" border="0" cellpadding="0" cellspacing="0" { tr {
                td align="center" bgcolor="#b3261e" style="border-radius:6px;background-color:#b3261e" {
                    a href=(address) style=(format!("{FONT};display:inline-block;padding:10px 24px;font-size:16px;line-height:24px;font-weight:bold;color:#ffffff;text-decoration:none;border:1px solid #b3261e;border-radius:6px")) { (label) }
                }
            } }
            (PreEscaped("<!--<![endif]-->"))
        } } }
    }
}
