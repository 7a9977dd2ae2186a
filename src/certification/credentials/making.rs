//! A credential is made when it is first asked for, and kept.

use super::{
    Issuer,
    badge::{BADGE, Badge},
    issuer::both,
    queries::{self, Credential},
};
use crate::{
    certification::{
        acts::spans,
        model::{Basis, Certificate},
        queries as certificates,
    },
    db::{Conn, Instant},
    i18n::{Lang, Text},
    mail::Letterhead,
    record::{Rules, context::Context, requirement::Requirement, wording},
    signing::{self, Algorithm, Keys, encoding, proof},
    staff, text, web,
};

/// The credential of a certificate: the one that was made, or a new edition where that one no
/// longer tells the truth (an extension) or is no longer believed (a revoked key).
///
/// What others issued and we only keep is not ours to sign.
pub fn credential_of(
    conn: &mut Conn,
    keys: &Keys,
    head: &Letterhead,
    rules: &Rules,
    certificate: &Certificate,
    now: Instant,
) -> web::Result<Credential> {
    if certificate.basis == Basis::Import {
        return Err(web::Error::Refused(text!(
            "这张证书由其他机构颁发，本系统只登记，不能为它签发电子凭证。请向发证机构索取。",
            "This certificate was issued elsewhere and is only kept here, so no electronic credential can be made of it. Ask who issued it."
        )));
    }
    let issuer = Issuer::of(head);
    let today = now.utc().with_timezone(&chrono_tz::Asia::Shanghai).date_naive();
    let mut acts = certificates::acts_of(conn, certificate.person_id)?;
    let acts = acts.remove(&certificate.id).unwrap_or_default();
    let through = spans::through_on(certificate.valid_through, &acts, today);
    let last = queries::latest(conn, certificate.id)?;
    if let Some(kept) = &last
        && kept.through_on == through
        && is_believed(conn, kept)?
        && kept.document.contains(&serde_json::json!(issuer.id()).to_string())
    {
        return Ok(kept.clone());
    }
    let edition = last.map_or(1, |kept| kept.edition + 1);
    let post = staff::queries::post_of(conn, certificate.person_id, certificate.issued_on)?;
    let zone = post.as_ref().map_or(chrono_tz::Asia::Shanghai, |post| post.site.zone());
    let salt = encoding::hex(&rand::random::<[u8; 16]>());
    let email = post.as_ref().and_then(|post| post.person.email.as_deref());
    let email = email.map(|email| (email, salt.as_str()));
    let criteria =
        criteria(rules, &certificate.certification).unwrap_or_else(|| certificate.printed().title);
    let badge = Badge { issuer: &issuer, certificate, through, zone, criteria, email };
    let made = sign(conn, keys, &badge, edition, now)?;
    Ok(queries::keep(conn, made)?)
}

/// Whether neither of its keys got out.
fn is_believed(conn: &mut Conn, kept: &Credential) -> Result<bool, signing::Error> {
    for kid in [&kept.kid, &kept.jwt_kid] {
        if signing::by_kid(conn, kid)?.is_none_or(|key| !key.is_believed()) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn sign(
    conn: &mut Conn,
    keys: &Keys,
    badge: &Badge<'_>,
    edition: i64,
    now: Instant,
) -> Result<Credential, signing::Error> {
    let proving = keys.current(conn, Algorithm::Ed25519, now)?;
    let stamping = keys.current(conn, Algorithm::Rs256, now)?;
    let mut document = badge.document();
    let claims = badge.claims(&document).to_string();
    let jwt = stamping.token("JWT", &badge.issuer.key(stamping.kid()), claims.as_bytes())?;
    let method = badge.issuer.method(proving.key());
    proof::add(&mut document, &BADGE, &proving, &method, now)?;
    let document = serde_json::to_string_pretty(&document).unwrap_or_default();
    Ok(Credential {
        certificate_id: badge.certificate.id,
        edition,
        through_on: badge.through,
        digest: encoding::hex(&encoding::sha256(document.as_bytes())),
        document,
        kid: proving.kid().to_owned(),
        jwt,
        jwt_kid: stamping.kid().to_owned(),
        made_at: now,
    })
}

/// What it takes to earn a certification, in words.
pub(super) fn criteria(rules: &Rules, code: &str) -> Option<Text> {
    let context = rules.context();
    let certification = context.certification(code)?;
    Some(spelled(&certification.requires, context))
}

/// A requirement with everything below it, on one line.
fn spelled(requirement: &Requirement, context: &Context) -> Text {
    let own = wording::text(requirement, context, None);
    let below: Vec<Text> =
        requirement.children().iter().map(|inner| spelled(inner, context)).collect();
    if below.is_empty() {
        return own;
    }
    let list = |lang, between: &str| {
        below.iter().map(|text| text.get(lang)).collect::<Vec<_>>().join(between)
    };
    let (zh, en) = (list(Lang::Zh, "；"), list(Lang::En, "; "));
    Text::new(format!("{}（{zh}）", own.zh), format!("{} ({en})", own.en))
}

/// A picture that carries its credential ("baked"): programs that collect badges read it from there.
pub fn picture(certificate: &Certificate, credential: &Credential) -> String {
    let printed = certificate.printed();
    let escape = |text: &str| html_escape(text);
    let lines = [
        escape(printed.title.get(Lang::Zh)),
        escape(printed.title.get(Lang::En)),
        escape(&certificate.number),
    ];
    let [title, title_en, number] = lines;
    let issuer = escape(&both(&printed.issuer));
    // A CDATA section ends at its first `]]>`; JSON may write the last letter otherwise.
    let document = credential.document.replace("]]>", "]]\\u003e");
    format!(
        r##"<?xml version="1.0" encoding="UTF-8"?>
<svg xmlns="http://www.w3.org/2000/svg" xmlns:openbadges="https://purl.imsglobal.org/ob/v3p0" viewBox="0 0 400 400" role="img">
<openbadges:credential><![CDATA[{document}]]></openbadges:credential>
<title>{title} / {title_en}</title>
<circle cx="200" cy="200" r="192" fill="#0b3d66"/>
<circle cx="200" cy="200" r="176" fill="none" stroke="#fff" stroke-width="3"/>
<g fill="#fff" text-anchor="middle" font-family="system-ui, 'Noto Sans CJK SC', 'PingFang SC', 'Microsoft YaHei', sans-serif">
<text x="200" y="120" font-size="72">师</text>
<text x="200" y="200" font-size="30" textLength="{width}" lengthAdjust="spacingAndGlyphs">{title}</text>
<text x="200" y="240" font-size="20">{title_en}</text>
<text x="200" y="290" font-size="16">{issuer}</text>
<text x="200" y="322" font-size="16">{number}</text>
</g>
</svg>
"##,
        width = (printed.title.zh.chars().count() * 30).min(320),
    )
}

fn html_escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
