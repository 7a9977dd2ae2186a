//! How fast certificates are made as PDF, beside the least a document can be: a page with one line
//! of text, with the same fonts and the same checks for archives.
//!
//! `cargo bench --bench papers`

#[path = "support/measure.rs"]
mod measure;

use std::{hint::black_box, time::Instant};

use measure::{ROUNDS, Rates, print_head};
use shifu::{
    certification::paper::{
        Body, Content, keeping,
        layout::{Pictures, Setting},
    },
    i18n::{Lang, Text},
    print::{self, About, Colour, Sheet, Style},
};

const PAPERS: usize = 60;
const QR: &str = "https://training.example.com/check?number=SF-2026-000001&code=34679ACDEF";

fn main() {
    let [mut line, mut full, mut set] = [Rates::default(), Rates::default(), Rates::default()];
    let mut size = 0;
    // The fonts are unpacked once, by whoever is first.
    black_box(one_line(0));
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        for number in 0..PAPERS {
            black_box(one_line(number));
        }
        line.add(PAPERS, begun.elapsed());
        let begun = Instant::now();
        for number in 0..PAPERS {
            size = black_box(certificate(number)).len();
        }
        full.add(PAPERS, begun.elapsed());
        let begun = Instant::now();
        for number in 0..PAPERS {
            black_box(only_set(number));
        }
        set.add(PAPERS, begun.elapsed());
    }
    print_head("documents, one core");
    line.print("probe: a page with one line of text", PAPERS, &line);
    full.print("a certificate", PAPERS, &line);
    set.print("a certificate, set but not written", PAPERS, &line);
    println!("a certificate is {size} bytes");
}

fn one_line(number: usize) -> Vec<u8> {
    let mut sheet = Sheet::a4();
    let style = Style::new(12.0, Lang::Zh);
    let Ok(text) = print::line(&format!("证书 {number}"), style) else { panic!("it can be set") };
    sheet.text(text, 72.0, 72.0, Colour::BLACK);
    let about = About {
        title: "one line",
        lang: Lang::Zh,
        author: None,
        id: "one line",
        at: chrono::DateTime::UNIX_EPOCH,
    };
    let Ok(bytes) = print::pdf(&about, &[sheet]) else { panic!("it can be written") };
    bytes
}

fn content(number: usize) -> Content {
    let name = Text::new(format!("王小明{number}"), format!("Wang Xiaoming {number}"));
    let day = chrono::NaiveDate::from_ymd_opt(2026, 11, 23).unwrap_or_default();
    Content { name, number: format!("SF-2026-{number:06}"), ..Content::sample(day) }
}

fn certificate(number: usize) -> Vec<u8> {
    let (content, body, pictures) = (content(number), Body::standard(), Pictures::default());
    let digest = content.digest("standard");
    let lang = Lang::Zh;
    let setting = Setting {
        body: &body,
        pictures: &pictures,
        content: &content,
        lang,
        qr: QR,
        digest: &digest,
    };
    let at = chrono::DateTime::UNIX_EPOCH.into();
    let Ok(bytes) = keeping::make(setting, at) else { panic!("it can be made") };
    bytes
}

fn only_set(number: usize) -> Sheet {
    let (content, body, pictures) = (content(number), Body::standard(), Pictures::default());
    let setting = Setting {
        body: &body,
        pictures: &pictures,
        content: &content,
        lang: Lang::Zh,
        qr: QR,
        digest: "",
    };
    let Ok(sheet) = shifu::certification::paper::sheet(setting) else { panic!("it can be set") };
    sheet
}
