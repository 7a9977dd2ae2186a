//! What the holder of a certificate is told. Each letter goes out as a mail and is kept beside the
//! certificate, word for word.

use super::queries::{self, FileKind, NewFile};
use crate::{
    certification::model::{Act, ActKind, Certificate, CertificateId},
    db::{Conn, Error},
    i18n::{self, Lang, Text},
    mail::{self, Letter, Letterhead, Recipient},
    record::ledger::Stamp,
    staff::Post,
    t,
};

/// Mails a person, if there is an address, and keeps the letter.
pub fn send(
    conn: &mut Conn,
    head: &Letterhead,
    post: &Post,
    certificate: CertificateId,
    letter: &Letter,
    stamp: Stamp,
) -> Result<(), Error> {
    let person = &post.person;
    let lang = person.lang();
    let kept = NewFile {
        name: format!("{}.txt", letter.subject.replace(['/', '\\', '：', ':'], " ")),
        media_type: "text/plain; charset=utf-8",
        bytes: words(person.title(lang), letter).into_bytes(),
    };
    queries::add_file(conn, Some(certificate), FileKind::Letter, Some(lang), &kept, stamp)?;
    let Some(email) = person.email.clone() else { return Ok(()) };
    let to = Recipient { person: person.id, name: person.title(lang).to_owned(), email, lang };
    mail::post(conn, head, &to, letter, stamp.at).map(drop)
}

fn words(name: &str, letter: &Letter) -> String {
    let mut words = format!("{}\n\n{name}\n", letter.subject);
    for paragraph in &letter.paragraphs {
        words.push_str(&format!("\n{paragraph}\n"));
    }
    words
}

fn open(lang: Lang, number: &str) -> Option<(String, String)> {
    Some((t!(lang, "查看证书", "Open the certificate"), format!("/certificates/{number}")))
}

fn reason(lang: Lang, why: &str) -> String {
    t!(lang, "原因：{why}", "Reason: {why}")
}

/// What an act on a certificate means for its holder.
pub fn of_act(lang: Lang, certificate: &Certificate, title: &Text, act: &Act) -> Letter {
    let (title, number) = (title.get(lang), &certificate.number);
    let on = i18n::date(lang, act.on);
    let (subject, said) = match act.kind {
        ActKind::Suspended => (
            t!(lang, "证书已暂停：{title}", "Certificate suspended: {title}"),
            t!(
                lang,
                "您的证书 {number}（{title}）自 {on} 起暂停，恢复之前不能据此上岗。",
                "Your certificate {number} ({title}) is suspended from {on}. Until it is reinstated you may not do work that needs it."
            ),
        ),
        ActKind::Reinstated => (
            t!(lang, "证书已恢复：{title}", "Certificate reinstated: {title}"),
            t!(
                lang,
                "您的证书 {number}（{title}）自 {on} 起恢复有效。",
                "Your certificate {number} ({title}) is valid again from {on}."
            ),
        ),
        ActKind::Revoked => (
            t!(lang, "证书已吊销：{title}", "Certificate revoked: {title}"),
            t!(
                lang,
                "您的证书 {number}（{title}）自 {on} 起吊销，不再有效。重新取得须重新完成培训和考试。",
                "Your certificate {number} ({title}) is revoked from {on} and no longer valid. To earn it again, the courses and exams have to be taken anew."
            ),
        ),
        ActKind::Extended => moved(lang, certificate, title, act),
        ActKind::Replaced => (
            t!(lang, "证书已换发：{title}", "Certificate issued again: {title}"),
            t!(
                lang,
                "您的证书（{title}）已更正后换发，新编号 {number}，有效期不变。请勿再使用旧证书。",
                "Your certificate ({title}) was put right and issued again as {number}, with the same dates. Please use the old one no more."
            ),
        ),
        ActKind::Superseded => (
            t!(lang, "证书已被取代：{title}", "Certificate superseded: {title}"),
            t!(
                lang,
                "您的证书 {number}（{title}）自 {on} 起由一张新的证书取代。",
                "A newer certificate takes the place of {number} ({title}) from {on}."
            ),
        ),
    };
    let paragraphs = match act.kind {
        // By rule there is nothing to add to the new last day.
        ActKind::Extended if act.done_by.is_none() => vec![said],
        _ => vec![said, reason(lang, &act.why)],
    };
    Letter { subject, paragraphs, action: open(lang, number) }
}

fn moved(lang: Lang, certificate: &Certificate, title: &str, act: &Act) -> (String, String) {
    let number = &certificate.number;
    let through = act
        .through
        .map_or_else(|| t!(lang, "长期", "without end"), |through| i18n::date(lang, through));
    (
        t!(lang, "证书有效期已变更：{title}", "Certificate validity changed: {title}"),
        t!(
            lang,
            "您的证书 {number}（{title}）的有效期现在到 {through}（含当天）。",
            "Your certificate {number} ({title}) is now valid through {through}."
        ),
    )
}

/// That a certificate was issued by a decision.
pub fn of_issue(
    lang: Lang,
    title: &Text,
    number: &str,
    (from, through): (chrono::NaiveDate, Option<chrono::NaiveDate>),
    why: &str,
) -> Letter {
    let (title, from) = (title.get(lang), i18n::date(lang, from));
    let period = match through.map(|through| i18n::date(lang, through)) {
        Some(through) => {
            t!(lang, "有效期：{from} 至 {through}。", "It is valid from {from} through {through}.")
        }
        None => t!(lang, "自 {from} 起长期有效。", "It is valid from {from} and does not expire."),
    };
    Letter {
        subject: t!(lang, "证书已颁发：{title}", "Your certificate: {title}"),
        paragraphs: vec![
            t!(
                lang,
                "经批准，已向您颁发证书“{title}”，编号 {number}。",
                "Certificate {number}, “{title}”, has been issued to you by decision."
            ),
            period,
            reason(lang, why),
        ],
        action: open(lang, number),
    }
}
