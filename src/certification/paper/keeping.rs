//! Papers are made once and kept: whoever asks later gets the same bytes, as long as the code on
//! them leads somewhere.

use super::{
    Body, Content,
    content::hex_digest,
    layout::{Pictures, Setting, sheet},
    qr_content,
    queries::{self, Kept, NewPaper},
    template::Stored,
};
use crate::{
    certification::{
        credentials::{self, SignedUrl},
        model::{Basis, Certificate, CertificateId},
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
///
/// A further edition is made where the code on the paper leads nowhere any more: its key got out,
/// or this installation has another address; or where it can be signed by now. The older ones stay
/// as they are.
pub async fn paper(
    db: &Db,
    printer: &Printer<'_>,
    certificate: Certificate,
    lang: Lang,
    now: Instant,
    by: Option<PersonId>,
) -> Result<Vec<u8>> {
    let (id, base_url) = (certificate.id, printer.head.base_url.clone());
    let known = db.read(move |conn| good_paper(conn, id, lang, &base_url)).await?;
    let kept = match known {
        Some(known) if known.signed => known.kept,
        known => {
            let code = printer.code(db, &certificate, now).await?;
            match known {
                Some(known) if code.kid.is_none() => known.kept,
                _ => further(db, printer, &certificate, lang, code, (now, by)).await?,
            }
        }
    };
    unchanged(kept, || format!("the paper {} of {}", lang.tag(), certificate.number))
}

/// A paper with a code that can be relied on.
struct Good {
    kept: Kept,
    /// Whether its code carries the signed statement.
    signed: bool,
}

/// The newest edition whose code leads to this address, by no key that got out.
fn good_paper(
    conn: &mut Conn,
    of: CertificateId,
    lang: Lang,
    base_url: &str,
) -> Result<Option<Good>> {
    for one in queries::editions(conn, of, lang)? {
        let leads_here = one.base_url.as_deref() == Some(base_url);
        if leads_here && is_believed(conn, one.kid.as_deref())? {
            let (kept, signed) = (queries::edition(conn, one.id)?, one.kid.is_some());
            return Ok(Some(Good { kept, signed }));
        }
    }
    Ok(None)
}

/// Whether what a key signed may be believed; so may a code nobody signed, which only leads to us.
fn is_believed(conn: &mut Conn, kid: Option<&str>) -> Result<bool> {
    let Some(kid) = kid else { return Ok(true) };
    Ok(signing::by_kid(conn, kid)?.is_some_and(|key| key.is_believed()))
}

/// Makes an edition with this code and keeps it, unless somebody was faster.
async fn further(
    db: &Db,
    printer: &Printer<'_>,
    certificate: &Certificate,
    lang: Lang,
    Code { address, kid }: Code,
    (now, by): (Instant, Option<PersonId>),
) -> Result<Kept> {
    let (asked, id, name) = (certificate.clone(), certificate.id, file_name(certificate, lang));
    let bytes = db.read(move |conn| make_of(conn, &asked, lang, &address)).await?;
    let (made, base_url) =
        (Kept { digest: hex_digest(&bytes), bytes }, printer.head.base_url.clone());
    db.write(move |conn| -> Result<_> {
        let faster = good_paper(conn, id, lang, &base_url)?;
        if let Some(faster) = faster.filter(|faster| faster.signed || kid.is_none()) {
            return Ok(Some(faster.kept));
        }
        let last = queries::editions(conn, id, lang)?.first().map_or(0, |last| last.edition);
        let new = NewPaper {
            of: id,
            lang,
            edition: last + 1,
            name: &name,
            file: &made,
            kid: kid.as_deref(),
            base_url: &base_url,
        };
        queries::keep_paper(conn, &new, now, by)?;
        Ok(good_paper(conn, id, lang, &base_url)?.map(|good| good.kept))
    })
    .await?
    .ok_or_else(|| Error::Internal("a paper was not kept".into()))
}

/// What making a paper needs besides its certificate.
pub struct Printer<'a> {
    pub head: &'a Letterhead,
    pub keys: &'a Keys,
}

/// What the QR code of a paper carries.
struct Code {
    address: String,
    /// The key that signed the statement in it, if it has one.
    kid: Option<String>,
}

impl Printer<'_> {
    /// The signed statement, which a phone verifies without us. Where no secret is set nothing can
    /// be signed, and it is the address of the public check.
    async fn code(&self, db: &Db, certificate: &Certificate, now: Instant) -> Result<Code> {
        let (head, keys, asked) = (self.head.clone(), self.keys.clone(), certificate.clone());
        let signed = db.write(move |conn| -> Result<Option<Code>, signing::Error> {
            match credentials::qr_url(conn, &keys, &head, &asked, now) {
                Ok(SignedUrl { url, kid }) => Ok(Some(Code { address: url, kid: Some(kid) })),
                Err(signing::Error::NoSecret(why)) => {
                    tracing::warn!(why, "a paper goes without a signed statement");
                    Ok(None)
                }
                Err(error) => Err(error),
            }
        });
        let signed = signed.await.map_err(|error| Error::Internal(error.to_string()))?;
        let unsigned = || Code { address: qr_content(self.head, certificate), kid: None };
        Ok(signed.unwrap_or_else(unsigned))
    }
}

/// The bytes of a certificate's paper with this in its QR code.
fn make_of(conn: &mut Conn, certificate: &Certificate, lang: Lang, qr: &str) -> Result<Vec<u8>> {
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
    make(setting, certificate.issued_at).map_err(|error| said(&error, certificate))
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
fn said(error: &print::Error, certificate: &Certificate) -> Error {
    match (error, unprintable(certificate)) {
        (print::Error::Missing { .. }, Some(unprintable)) => Error::Refused(unprintable.note()),
        (print::Error::Missing { .. }, None) => Error::Refused(error.message()),
        (error, _) => Error::Internal(error.to_string()),
    }
}

/// What on a certificate has a character that cannot be printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Name,
    Title,
    Site,
    Issuer,
}

impl Part {
    /// Where it comes from and what can be done there. A replacement alters the name and leaves the
    /// rest as it was issued.
    fn remedy(self) -> Text {
        match self {
            Part::Name => text!(
                "人事可以换一种写法换发证书。",
                "HR may replace it with another spelling of the name."
            ),
            Part::Title => text!(
                "它在认证名称里：请在规则集中把这项认证的名称（title）换一种写法，此后颁发的证书就能印出；换发不会改变这张证书上的认证名称。",
                "It stands in the name of the certification: write its title in the rule set another way, and what is issued from then on can be printed. Replacing this certificate does not change its title."
            ),
            Part::Site => text!(
                "它在门店名称里：请在导入的门店名单中换一种写法，此后颁发的证书就能印出；换发不会改变这张证书上的门店。",
                "It stands in the name of the site: write it another way in the list of sites that is imported, and what is issued from then on can be printed. Replacing this certificate does not change its site."
            ),
            Part::Issuer => text!(
                "它在发证机构（集团）的名称里：请在导入的门店名单中换一种写法，此后颁发的证书就能印出；换发不会改变这张证书上的发证机构。",
                "It stands in the name of the issuer, the group: write it another way in the list of sites that is imported, and what is issued from then on can be printed. Replacing this certificate does not change its issuer."
            ),
        }
    }
}

/// A certificate that cannot be printed, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unprintable {
    part: Part,
    error: print::Error,
}

impl Unprintable {
    /// What the holder and HR are told about a character that cannot be printed.
    pub fn note(&self) -> Text {
        let Text { zh, en } = self.error.message();
        let Text { zh: remedy_zh, en: remedy_en } = self.part.remedy();
        text!(
            "{zh}因此无法生成证书 PDF；证书本身有效，网上查验不受影响。{remedy_zh}也请告诉系统管理员，由我们补充这个字。",
            "{en} So there is no PDF of this certificate; it is valid all the same and can be checked online. {remedy_en} Please also tell your administrator, so that we can add the character."
        )
    }
}

/// What on a certificate cannot be printed, if anything.
pub fn unprintable(certificate: &Certificate) -> Option<Unprintable> {
    let content = Content::of(certificate);
    let parts = [
        (Part::Name, &content.name),
        (Part::Title, &content.title),
        (Part::Site, &content.site),
        (Part::Issuer, &content.issuer),
    ];
    parts.into_iter().find_map(|(part, text)| {
        let mut words = [&text.zh, &text.en].into_iter();
        let error = words.find_map(|words| print::fonts::can_print(words).err())?;
        Some(Unprintable { part, error })
    })
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
