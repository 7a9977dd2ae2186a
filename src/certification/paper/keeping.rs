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
    certification::{
        credentials,
        model::{Basis, Certificate},
    },
    db::{Conn, Db, Instant},
    i18n::{Lang, Text},
    mail::Letterhead,
    print::{self, About, Picture},
    record::PersonId,
    signing::{self, Keys},
    t, text,
    web::{Error, Result},
};

/// The name under which a paper is saved.
pub fn file_name(certificate: &Certificate, lang: Lang) -> String {
    format!("{}-{}.pdf", certificate.number, lang.tag())
}

/// The paper of a certificate, made now if nobody asked before. What was kept is compared with its
/// digest: changed bytes are given to nobody.
pub async fn paper(
    db: &Db,
    printer: &Printer<'_>,
    certificate: Certificate,
    lang: Lang,
    now: Instant,
    by: Option<PersonId>,
) -> Result<Vec<u8>> {
    let id = certificate.id;
    let name = file_name(&certificate, lang);
    let kept = match db.read(move |conn| queries::paper(conn, id, lang)).await? {
        Some(kept) => kept,
        None => {
            let qr = printer.qr(db, &certificate, now).await?;
            let asked = certificate.clone();
            let bytes = db.read(move |conn| make_first(conn, &asked, lang, &qr)).await?;
            let made = Kept { digest: hex_digest(&bytes), bytes };
            let kept = db.write(move |conn| -> Result<_> {
                queries::keep_paper(conn, id, lang, &name, &made, now, by)?;
                Ok(queries::paper(conn, id, lang)?)
            });
            kept.await?.ok_or_else(|| Error::Internal("a paper was not kept".into()))?
        }
    };
    unchanged(kept, || format!("the paper {} of {}", lang.tag(), certificate.number))
}

/// What making a paper needs besides its certificate.
pub struct Printer<'a> {
    pub head: &'a Letterhead,
    pub keys: &'a Keys,
}

impl Printer<'_> {
    /// What the QR code carries: the signed statement, which a phone verifies without us. Where no
    /// secret is set nothing can be signed, and it is the address of the public check.
    async fn qr(&self, db: &Db, certificate: &Certificate, now: Instant) -> Result<String> {
        let (head, keys, asked) = (self.head.clone(), self.keys.clone(), certificate.clone());
        let signed = db.write(move |conn| -> Result<Option<String>, signing::Error> {
            match credentials::qr_url(conn, &keys, &head, &asked, now) {
                Err(signing::Error::NoSecret(why)) => {
                    tracing::warn!(why, "a paper goes without a signed statement");
                    Ok(None)
                }
                signed => signed.map(Some),
            }
        });
        let signed = signed.await.map_err(|error| Error::Internal(error.to_string()))?;
        Ok(signed.unwrap_or_else(|| qr_content(self.head, certificate)))
    }
}

fn make_first(conn: &mut Conn, certificate: &Certificate, lang: Lang, qr: &str) -> Result<Vec<u8>> {
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
    let content = Content::of(certificate);
    let digest = content.digest(&template);
    let setting =
        Setting { body: &body, pictures: &pictures, content: &content, lang, qr, digest: &digest };
    make(setting, certificate.issued_at).map_err(|error| said(&error))
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
