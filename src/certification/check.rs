//! The public check: anybody with the number and the check code of a certificate sees how it stands
//! now, and why. Everybody else sees that nothing matches, whichever of the two was wrong.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::NaiveDate;
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    CheckLimit, credentials,
    model::{Act, ActKind, Basis, Certificate, State},
    pages::{state_badge, through},
    paper, queries,
    standing::Standing,
};
use crate::{
    db::{Conn, Db},
    i18n::{self, Lang},
    record::Rules,
    staff, t,
    web::{
        Now, Problems, Reader, Result, Shell,
        components::{Tone, alert, card, definitions, heading, icon},
        forms::Field,
        html,
    },
};

/// Number and check code, as somebody typed them from paper.
#[derive(Deserialize)]
pub struct CheckQuery {
    number: Option<String>,
    code: Option<String>,
}

/// The longest number anybody types; ours are shorter.
const LONGEST: usize = 255;

impl CheckQuery {
    /// What was typed, without the spaces people put anywhere. The code is in any case, with or
    /// without dashes.
    pub fn typed(&self) -> Typed {
        let bare = |word: &Option<String>| -> String {
            let word = word.as_deref().unwrap_or_default().chars();
            word.filter(|c| !c.is_whitespace()).take(LONGEST).collect()
        };
        let code = bare(&self.code).to_uppercase().replace('-', "");
        Typed { number: bare(&self.number), code }
    }
}

/// Number and check code as we look for them.
pub struct Typed {
    pub number: String,
    pub code: String,
}

impl Typed {
    /// The numbers that may be meant: as it was typed, then in capitals as numbers are written now.
    pub fn numbers(&self) -> [String; 2] {
        [self.number.clone(), self.number.to_uppercase()]
    }

    fn is_empty(&self) -> bool {
        self.number.is_empty() && self.code.is_empty()
    }
}

/// A certificate somebody checked, as it stands today.
struct Found {
    certificate: Certificate,
    acts: Vec<Act>,
    standing: Standing,
    /// The day at the holder's site.
    today: NaiveDate,
}

pub async fn check(
    request: HttpRequest,
    db: web::Data<Db>,
    rules: Rules,
    limit: web::Data<CheckLimit>,
    reader: Reader,
    now: Now,
    query: web::Query<CheckQuery>,
) -> Result<HttpResponse> {
    let asked = query.typed();
    if asked.is_empty() {
        return Ok(html(page(&reader, "", html! {})));
    }
    limit.take(&request, now.0)?;
    let number = asked.number.clone();
    let found = db.read(move |conn| look_up(conn, &rules, &asked, now)).await?;
    let result = match &found {
        None => unknown(reader.lang),
        Some(found) => result(reader.lang, found),
    };
    Ok(html(page(&reader, &number, result)))
}

fn look_up(conn: &mut Conn, rules: &Rules, asked: &Typed, now: Now) -> Result<Option<Found>> {
    let found = queries::by_number_and_code(conn, &asked.numbers(), &asked.code)?;
    let Some(certificate) = found else { return Ok(None) };
    let utc = now.0.utc();
    let post = staff::queries::post_of(conn, certificate.person_id, utc.date_naive())?;
    let zone = post.map_or(chrono_tz::Asia::Shanghai, |post| post.site.zone());
    let today = utc.with_timezone(&zone).date_naive();
    let mut acts = queries::acts_of(conn, certificate.person_id)?;
    let acts = acts.remove(&certificate.id).unwrap_or_default();
    let standing = queries::standing_of(conn, rules, &certificate, &acts, today)?;
    Ok(Some(Found { certificate, acts, standing, today }))
}

fn page(reader: &Reader, number: &str, result: Markup) -> Markup {
    let lang = reader.lang;
    let title = t!(lang, "证书查验", "Check a certificate");
    let none = Problems::default();
    let shell = Shell { reader: reader.clone(), nav: Vec::new(), who: None, unread: 0 };
    shell.page(&title, &[], None, html! {
        div.row.justify-content-center { div."col-md-8"."col-lg-6" {
            (heading(&title, t!(lang, "输入证书上的编号和查验码。", "Enter the number and the check code on the certificate."), html! {}))
            (result)
            (card("", html! {
                form method="get" action="/check" {
                    (Field::new("number", t!(lang, "证书编号", "Certificate number"), number).required().input(lang, &none))
                    (Field::new("code", t!(lang, "查验码", "Check code"), "").required().autocomplete("off").input(lang, &none))
                    button.btn.btn-primary type="submit" { (icon("shield-check")) (t!(lang, "查验", "Check")) }
                }
            }))
            p.text-secondary.small {
                (icon("qrcode")) " "
                (t!(lang, "证书上的二维码不联网也能验证：", "The code on a certificate can be verified without network: "))
                a href="/verify" { (t!(lang, "怎样验证", "how to")) }
            }
        } }
    })
}

fn unknown(lang: Lang) -> Markup {
    alert(
        Tone::Bad,
        t!(
            lang,
            "没有与此编号和查验码相符的证书。请核对证书上的字样。",
            "No certificate matches this number and check code. Compare them with the paper."
        ),
    )
}

fn result(lang: Lang, found: &Found) -> Markup {
    let Found { certificate: one, standing, today, .. } = found;
    let printed = one.printed();
    let names = printed.names();
    let name = if names.zh == names.en { names.zh } else { format!("{} {}", names.zh, names.en) };
    card(
        &t!(lang, "查验结果", "Result"),
        html! {
            div.mb-3.certificate-state { (state_badge(lang, standing.state)) }
            @if let Some(reason) = reason(lang, found) { p.certificate-reason { (reason) } }
            (definitions([
                (t!(lang, "姓名", "Name"), html! { (name) }),
                (t!(lang, "证书", "Certificate"), html! { (printed.title.get(lang)) }),
                (t!(lang, "证书编号", "Number"), html! { (one.number) }),
                (t!(lang, "发证机构", "Issued by"), html! { (issued_by(lang, one)) }),
                (t!(lang, "颁发日期", "Issued on"), html! { (i18n::date(lang, one.issued_on)) }),
                (t!(lang, "颁发方式", "How it was issued"), html! { (how_issued(lang, one)) }),
                (t!(lang, "生效日期", "Valid from"), html! { (i18n::date(lang, one.valid_from)) }),
                (t!(lang, "有效期至", "Valid through"), html! { (through(lang, standing.through)) @if standing.through != one.valid_through { " " (extended(lang, one)) } }),
            ]))
            p.text-secondary.small.mb-0.mt-2 { (t!(lang, "以上为 {} 的状态。", "This is how it stands on {}.", i18n::date(lang, *today))) }
            (paper::public_download(lang, one, standing.state))
            @if one.basis != Basis::Import { (credentials::downloads_by_code(lang, &one.number, &one.check_code)) }
        },
    )
}

/// Whose certificate it is: of an imported one, the body that issued it.
fn issued_by(lang: Lang, one: &Certificate) -> String {
    match (&one.basis, &one.issuer) {
        (Basis::Import, Some(issuer)) => issuer.clone(),
        _ => one.printed().issuer.get(lang).to_owned(),
    }
}

fn how_issued(lang: Lang, one: &Certificate) -> String {
    match one.basis {
        Basis::Rule => {
            t!(lang, "满足全部条件后自动颁发", "By rule, when every condition was met")
        }
        Basis::Decision => t!(lang, "经人事审核决定颁发", "By decision of HR"),
        Basis::Import => {
            t!(lang, "由其他机构颁发，凭原件登记", "Issued elsewhere, kept with its document")
        }
        Basis::Replacement => t!(lang, "换发（更正证书内容）", "Issued again with a correction"),
    }
}

fn extended(lang: Lang, one: &Certificate) -> String {
    t!(lang, "（原为 {}，已延期）", "(was {}, extended)", through(lang, one.valid_through))
}

/// Why it is not simply valid, as far as strangers may know: what HR wrote is for the holder.
fn reason(lang: Lang, found: &Found) -> Option<String> {
    let Found { acts, standing, today, .. } = found;
    let since = |kind: ActKind| {
        let act = acts.iter().rev().find(|act| act.kind == kind && act.on <= *today)?;
        Some(i18n::date(lang, act.on))
    };
    match standing.state {
        State::Revoked => since(ActKind::Revoked)
            .map(|on| t!(lang, "自 {on} 起被颁发机构吊销。", "Revoked by the issuer from {on}.")),
        State::Suspended => Some(match (&standing.why, since(ActKind::Suspended)) {
            (Some(why), _) => {
                let why = why.get(lang);
                t!(lang, "暂停：{why}", "Suspended: {why}")
            }
            (None, Some(on)) => t!(
                lang,
                "自 {on} 起被颁发机构暂停，可能恢复。",
                "Suspended by the issuer from {on}; it may be reinstated."
            ),
            (None, None) => t!(lang, "目前暂停。", "Suspended for now."),
        }),
        State::Superseded => {
            let on = since(ActKind::Replaced).or_else(|| since(ActKind::Superseded))?;
            Some(t!(
                lang,
                "自 {on} 起由另一张证书取代，请向持证人索取新证书。",
                "Replaced by another certificate from {on}; ask the holder for that one."
            ))
        }
        State::InGrace(_) => Some(t!(
            lang,
            "有效期已过。宽限期内可以换证，但换证之前不能据此上岗。",
            "Its last day has passed. It may still be renewed, but until then nobody may rely on it."
        )),
        State::Expired => Some(t!(lang, "有效期已过。", "Its last day has passed.")),
        State::NotYet => {
            Some(t!(lang, "从生效日期起才有效。", "It is valid only from its first day on."))
        }
        State::Valid | State::Expiring(_) => None,
    }
}
