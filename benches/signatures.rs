//! What credentials cost beside the bare signature: the badge with its proof, the token, the compact
//! statement, and verifying one; no database.
//!
//! `cargo bench --bench signatures`

#[path = "support/measure.rs"]
mod measure;

use std::{hint::black_box, time::Instant};

use measure::{ROUNDS, Rates, print_head};
use rsa::pkcs8::EncodePrivateKey;
use shifu::{
    certification::{
        credentials::{
            Issuer,
            badge::{BADGE, Badge},
            statement::Statement,
        },
        model::{Basis, Certificate, CertificateId},
    },
    content::ContentId,
    i18n::Text,
    mail::Letterhead,
    record::{FactId, PersonId},
    signing::{Algorithm, Signer, proof},
};

const BADGES: usize = 2_000;
const TOKENS: usize = 300;

fn main() {
    let now = shifu::db::Instant::from(chrono::DateTime::UNIX_EPOCH);
    let small = signer(Algorithm::Ed25519, &[7; 32], now);
    let private = rsa::PrivateKey::new(&mut rand::rng(), 2048).expect("a key");
    let private = private.to_pkcs8_der().expect("its form");
    let large = signer(Algorithm::Rs256, private.as_bytes(), now);
    let head = Letterhead {
        from: "shifu <shifu@example.com>".to_owned(),
        base_url: "https://training.evergreen-motors.example".to_owned(),
    };
    let issuer = Issuer::of(&head);
    let certificate = certificate(now);
    badges(&issuer, &certificate, &small, now);
    tokens(&issuer, &certificate, &large);
    statements(&certificate, &small);
}

fn signer(algorithm: Algorithm, private: &[u8], now: shifu::db::Instant) -> Signer {
    Signer::of_private(algorithm, private, now).expect("a key")
}

fn badge<'a>(issuer: &'a Issuer, certificate: &'a Certificate) -> Badge<'a> {
    Badge {
        issuer,
        certificate,
        through: certificate.valid_through,
        zone: chrono_tz::Asia::Shanghai,
        criteria: Text::new("完成课程并通过考试", "Complete the course and pass the exam"),
        email: Some(("t0001@evergreen.example", "0123456789abcdef0123456789abcdef")),
    }
}

fn timed(count: usize, rates: &mut Rates, mut work: impl FnMut()) {
    let begun = Instant::now();
    for _ in 0..count {
        work();
    }
    rates.add(count, begun.elapsed());
}

fn badges(issuer: &Issuer, certificate: &Certificate, signer: &Signer, now: shifu::db::Instant) {
    let badge = badge(issuer, certificate);
    let method = issuer.method(signer.key());
    let [mut bare, mut whole, mut verified] =
        [Rates::default(), Rates::default(), Rates::default()];
    let mut done = badge.document();
    proof::add(&mut done, &BADGE, signer, &method, now).expect("signed");
    // The same bytes: what the suite signs are two hashes.
    let bytes = [7_u8; 64];
    for _ in 0..ROUNDS {
        timed(BADGES, &mut bare, || _ = black_box(signer.sign(&bytes)));
        timed(BADGES, &mut whole, || {
            let mut document = badge.document();
            proof::add(&mut document, &BADGE, signer, &method, now).expect("signed");
            black_box(document.to_string());
        });
        timed(BADGES, &mut verified, || {
            let proven = proof::verify(&done, &BADGE, |_| Some(signer.key().clone()));
            black_box(proven.expect("genuine"));
        });
    }
    print_head("badges with a proof inside (eddsa-rdfc-2022)");
    bare.print("probe: the bare Ed25519 signature", BADGES, &bare);
    whole.print("made and signed", BADGES, &bare);
    verified.print("verified", BADGES, &bare);
}

fn tokens(issuer: &Issuer, certificate: &Certificate, signer: &Signer) {
    let badge = badge(issuer, certificate);
    let kid = issuer.key(signer.kid());
    let claims = badge.claims(&badge.document()).to_string();
    let [mut bare, mut whole] = [Rates::default(), Rates::default()];
    for _ in 0..ROUNDS {
        timed(TOKENS, &mut bare, || _ = black_box(signer.sign(claims.as_bytes())));
        timed(TOKENS, &mut whole, || {
            let claims = badge.claims(&badge.document()).to_string();
            black_box(signer.token("JWT", &kid, claims.as_bytes()).expect("signed"));
        });
    }
    print_head("badges as tokens (RS256)");
    bare.print("probe: the bare RSA signature", TOKENS, &bare);
    whole.print("made and signed", TOKENS, &bare);
}

fn statements(certificate: &Certificate, signer: &Signer) {
    let statement = Statement::of(certificate);
    let text = statement.sign(signer).expect("signed");
    let bytes = vec![7_u8; text.len() * 3 / 4];
    let [mut bare, mut signed, mut read] = [Rates::default(), Rates::default(), Rates::default()];
    for _ in 0..ROUNDS {
        timed(BADGES, &mut bare, || _ = black_box(signer.sign(&bytes)));
        timed(BADGES, &mut signed, || {
            black_box(Statement::of(certificate).sign(signer).expect("signed"));
        });
        timed(BADGES, &mut read, || {
            let read = Statement::verify(&text, |_| Some(signer.key().clone()));
            black_box(read.expect("genuine"));
        });
    }
    print_head("compact statements of QR codes");
    bare.print("probe: the bare signature of the same bytes", BADGES, &bare);
    signed.print("made and signed", BADGES, &bare);
    read.print("verified and read", BADGES, &bare);
    println!("a statement has {} letters", text.len());
}

fn certificate(now: shifu::db::Instant) -> Certificate {
    let printed = serde_json::json!({
        "name": "林涛", "name_en": "Lin Tao",
        "title": { "zh": "制动系统专修", "en": "Brake specialist" },
        "site": { "zh": "浦东店", "en": "Pudong" },
        "issuer": { "zh": "长青汽车集团", "en": "Evergreen Motors" },
    });
    let day = |text: &str| text.parse().expect("a day");
    Certificate {
        id: CertificateId(1),
        person_id: PersonId(1),
        certification: "inhouse-default/brake-specialist".to_owned(),
        content_id: ContentId(1),
        number: "SF-2026-000001".to_owned(),
        check_code: "34679ACDEF".to_owned(),
        issued_on: day("2026-11-23"),
        valid_from: day("2026-11-23"),
        valid_through: Some(day("2028-11-22")),
        printed: printed.to_string(),
        issued_at: now,
        fact_id: FactId(1),
        cycle: 0,
        basis: Basis::Rule,
        issuer: None,
        foreign_number: None,
        previous_id: None,
        issued_by: None,
        why: None,
        template_id: None,
    }
}
