//! Papers are made once and kept: whoever asks later gets the same bytes.

use super::{
    Body, Content,
    content::hex_digest,
    layout::{Pictures, Setting, sheet},
    qr_content,
    queries::{self, Kept},
    template::Stored,
};
use crate::{
    certification::model::{Basis, Certificate},
    db::{Conn, Db, Instant},
    i18n::{Lang, Text},
    mail::Letterhead,
    print::{self, About, Picture},
    record::PersonId,
    t, text,
    web::{Error, Result},
};

/// The name under which a paper is saved.
pub fn file_name(certificate: &Certificate, lang: Lang) -> String {
    format!("{}-{}.pdf", certificate.number, lang.tag())
}

enum Found {
    Kept(Kept),
    Made(Vec<u8>),
}

/// The paper of a certificate, made now if nobody asked before. What was kept is compared with its
/// digest: changed bytes are given to nobody.
pub async fn paper(
    db: &Db,
    head: &Letterhead,
    certificate: Certificate,
    lang: Lang,
    now: Instant,
    by: Option<PersonId>,
) -> Result<Vec<u8>> {
    let (asked, head) = (certificate.clone(), head.clone());
    let found = db.read(move |conn| find_or_make(conn, &head, &asked, lang)).await?;
    let name = file_name(&certificate, lang);
    let kept = match found {
        Found::Kept(kept) => kept,
        Found::Made(bytes) => {
            let made = Kept { digest: hex_digest(&bytes), bytes };
            let id = certificate.id;
            let kept = db.write(move |conn| -> Result<_> {
                queries::keep_paper(conn, id, lang, &name, &made, now, by)?;
                Ok(queries::paper(conn, id, lang)?)
            });
            kept.await?.ok_or_else(|| Error::Internal("a paper was not kept".into()))?
        }
    };
    unchanged(kept, || format!("the paper {} of {}", lang.tag(), certificate.number))
}

fn find_or_make(
    conn: &mut Conn,
    head: &Letterhead,
    certificate: &Certificate,
    lang: Lang,
) -> Result<Found> {
    if let Some(kept) = queries::paper(conn, certificate.id, lang)? {
        return Ok(Found::Kept(kept));
    }
    if certificate.basis == Basis::Import {
        return Err(Error::NotFound);
    }
    let (body, template) = match certificate.template_id {
        Some(id) => {
            let template = queries::template(conn, id)?.ok_or(Error::NotFound)?;
            (template.body()?, template.title())
        }
        None => (Body::standard(), "standard".to_owned()),
    };
    let pictures = pictures(conn, &body)?;
    let qr = qr_content(head, certificate);
    let content = Content::of(certificate);
    let digest = content.digest(&template);
    let setting = Setting {
        body: &body,
        pictures: &pictures,
        content: &content,
        lang,
        qr: &qr,
        digest: &digest,
    };
    make(setting, certificate.issued_at).map(Found::Made).map_err(|error| said(&error))
}

/// The document of one paper.
pub fn make(setting: Setting<'_>, at: Instant) -> Result<Vec<u8>, print::Error> {
    let Setting { content, lang, .. } = setting;
    let kind = content.title.get(lang);
    let name = content.name.get(lang);
    let title = t!(lang, "{name}：{kind}", "{name}: {kind}");
    let id = format!("{} {} {}", content.number, content.check_code, lang.tag());
    let about = About {
        title: &title,
        lang,
        author: Some(content.issuer.get(lang)),
        id: &id,
        at: at.utc(),
    };
    print::pdf(&about, &[sheet(setting)?])
}

/// Why a paper cannot be made, and what to do about it.
fn said(error: &print::Error) -> Error {
    match error {
        print::Error::Missing { .. } => Error::Refused(unprintable_note(error)),
        error => Error::Internal(error.to_string()),
    }
}

/// What the holder and HR are told about a character that cannot be printed.
pub fn unprintable_note(error: &print::Error) -> Text {
    let Text { zh, en } = error.message();
    text!(
        "{zh}因此无法生成证书 PDF；证书本身有效，网上查验不受影响。人事可以换一种写法换发证书；也请告诉系统管理员，由我们补充这个字。",
        "{en} So there is no PDF of this certificate; it is valid all the same and can be checked online. HR may replace it with another spelling of the name; please also tell your administrator, so that we can add the character."
    )
}

/// What on a certificate cannot be printed, if anything.
pub fn unprintable(certificate: &Certificate) -> Option<print::Error> {
    let content = Content::of(certificate);
    let texts = [&content.name, &content.title, &content.site, &content.issuer];
    let words = texts.into_iter().flat_map(|text| [&text.zh, &text.en]);
    words.into_iter().find_map(|words| print::fonts::can_print(words).err())
}

/// The pictures a template names.
pub fn pictures(conn: &mut Conn, body: &Body) -> Result<Pictures> {
    let mut read = |stored: &Option<Stored>| -> Result<Option<Picture>> {
        let Some(stored) = stored else { return Ok(None) };
        let kept = queries::picture(conn, stored.file)?.filter(|kept| kept.digest == stored.digest);
        let kept =
            kept.ok_or_else(|| Error::Internal(format!("picture {} is gone", stored.file)))?;
        let bytes = unchanged(kept, || format!("picture {}", stored.file))?;
        let picture = Picture::read(&bytes).map_err(|error| Error::Internal(error.to_string()))?;
        Ok(Some(picture))
    };
    Ok(Pictures { logo: read(&body.logo)?, seal: read(&body.seal)? })
}

/// The bytes, if they still are what was kept.
fn unchanged(kept: Kept, what: impl Fn() -> String) -> Result<Vec<u8>> {
    if hex_digest(&kept.bytes) == kept.digest {
        return Ok(kept.bytes);
    }
    Err(Error::Internal(format!("{} does not match its digest {}", what(), kept.digest)))
}
