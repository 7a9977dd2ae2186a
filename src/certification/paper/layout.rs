//! How a paper is set: the frame, what is said in the middle, and the foot with dates and seal.

use super::{Body, Content, ornament, template::fill};
use crate::{
    i18n::{self, Lang, Text},
    print::{self, Colour, Line, Picture, Sheet, Style, fitted, line, mm, paragraph},
    t, text,
};

/// The pictures of a template, read.
#[derive(Clone, Debug, Default)]
pub struct Pictures {
    pub logo: Option<Picture>,
    pub seal: Option<Picture>,
}

/// What goes onto one paper.
#[derive(Clone, Copy)]
pub struct Setting<'a> {
    pub body: &'a Body,
    pub pictures: &'a Pictures,
    pub content: &'a Content,
    pub lang: Lang,
    /// What the QR code carries.
    pub qr: &'a str,
    /// SHA-256 of what was issued.
    pub digest: &'a str,
}

/// The paper as a page. What is long is set smaller, so that everything is on it.
pub fn sheet(setting: Setting<'_>) -> Result<Sheet, print::Error> {
    for scale in [1.0, 0.9, 0.8, 0.7, 0.6] {
        let mut page = Page::new(setting, scale);
        page.foot()?;
        if page.middle(false)? {
            return Ok(page.sheet);
        }
    }
    let mut page = Page::new(setting, 0.5);
    page.foot()?;
    page.middle(true)?;
    Ok(page.sheet)
}

struct Page<'a> {
    with: Setting<'a>,
    scale: f32,
    accent: Colour,
    sheet: Sheet,
    left: f32,
    right: f32,
    top: f32,
    /// Where the foot begins.
    foot: f32,
    bottom: f32,
}

/// A part of the middle: what it shows, and the room before it where there is plenty.
struct Part {
    lines: Vec<Line>,
    colour: Colour,
    gap: f32,
    shown: Shown,
}

/// How a text of the middle is set: sizes in its own and in the other language, and the room
/// before it, in points.
#[derive(Clone, Copy)]
struct Look {
    large: f32,
    small: f32,
    gap: f32,
    colour: Colour,
    bold: bool,
    tracking: f32,
}

enum Shown {
    Lines,
    /// With a thin rule below.
    Ruled,
    Logo(Picture),
}

const LOGO: f32 = 15.0;
const LINE: f32 = 1.32;

impl<'a> Page<'a> {
    fn new(with: Setting<'a>, scale: f32) -> Page<'a> {
        let mut sheet = if with.body.landscape { Sheet::a4_landscape() } else { Sheet::a4() };
        let accent = with.body.colour();
        ornament::draw(&mut sheet, accent);
        let inset = ornament::inset() + mm(8.0);
        let bottom = sheet.height - ornament::inset() - mm(7.0);
        let foot = bottom - if with.body.landscape { mm(48.0) } else { mm(98.0) };
        let (left, right, top) = (inset, sheet.width - inset, inset);
        Page { with, scale, accent, sheet, left, right, top, foot, bottom }
    }

    fn other(&self) -> Option<Lang> {
        let other = if self.with.lang == Lang::Zh { Lang::En } else { Lang::Zh };
        self.with.body.bilingual.then_some(other)
    }

    fn width(&self) -> f32 {
        self.right - self.left
    }

    fn centre(&self) -> f32 {
        self.sheet.width / 2.0
    }

    /// Sets what is said, or finds that it does not fit at this scale.
    fn middle(&mut self, whatever: bool) -> Result<bool, print::Error> {
        let parts = self.parts()?;
        let high: f32 = parts.iter().map(Part::height).sum();
        let gaps: f32 = parts.iter().skip(1).map(|part| part.gap).sum();
        let room = self.foot - mm(3.0) - self.top - high;
        if room < gaps * 0.7 && !whatever {
            return Ok(false);
        }
        let stretch = (room / gaps.max(1.0)).clamp(0.0, 1.6);
        let mut y = self.top + (room - gaps * stretch).max(0.0) / 2.0;
        for (at, part) in parts.into_iter().enumerate() {
            if at > 0 {
                y += part.gap * stretch;
            }
            y = self.put(part, y);
        }
        Ok(true)
    }

    fn put(&mut self, part: Part, mut y: f32) -> f32 {
        let centre = self.centre();
        if let Shown::Logo(picture) = &part.shown {
            let (width, height) = (mm(70.0), mm(LOGO) * self.scale);
            self.sheet.picture(picture, centre - width / 2.0, y, width, height);
            return y + height;
        }
        for set in part.lines {
            let size = set.style.size;
            self.sheet.centred(set, centre, y + size * 1.02, part.colour);
            y += size * LINE;
        }
        if let Shown::Ruled = part.shown {
            let (y, half) = (y + mm(0.8), mm(42.0));
            self.sheet.rule((centre - half, y), (centre + half, y), self.accent.lighter(30), 0.6);
        }
        y
    }

    fn parts(&self) -> Result<Vec<Part>, print::Error> {
        let Setting { body, content, lang, pictures, .. } = self.with;
        let zh = lang == Lang::Zh;
        let mut parts = Vec::new();
        if let Some(logo) = &pictures.logo {
            let shown = Shown::Logo(logo.clone());
            parts.push(Part { lines: Vec::new(), colour: Colour::BLACK, gap: 0.0, shown });
        }
        let (black, bold) = (Colour::BLACK, false);
        let plain =
            Look { large: 12.5, small: 9.0, gap: 18.0, colour: black, bold, tracking: 0.02 };
        let issuer = Look { large: 14.0, gap: 8.0, tracking: 0.12, ..plain };
        self.say(&mut parts, &content.issuer, issuer)?;
        let (large, tracking) = if zh { (38.0, 0.42) } else { (34.0, 0.03) };
        let bold =
            Look { large, small: 12.5, gap: 14.0, colour: self.accent, bold: true, tracking };
        self.say(&mut parts, &filled(&body.heading, content), bold)?;
        let named = parts.len();
        let name = Look { large: 32.0, small: 15.0, gap: 22.0, bold: !zh, tracking: 0.06, ..plain };
        self.say(&mut parts, &content.name, name)?;
        if let Some(last) = parts.get_mut(named..).and_then(<[Part]>::last_mut) {
            last.shown = Shown::Ruled;
        }
        self.say(&mut parts, &filled(&body.statement, content), plain)?;
        let title = Look { large: 24.0, small: 13.0, gap: 13.0, tracking: 0.04, ..bold };
        self.say(&mut parts, &content.title, title)?;
        let closing = Look { large: 11.0, small: 8.5, gap: 13.0, ..plain };
        self.say(&mut parts, &filled(&body.closing, content), closing)?;
        Ok(parts)
    }

    /// One text, large in the paper's language and small in the other.
    fn say(&self, parts: &mut Vec<Part>, text: &Text, look: Look) -> Result<(), print::Error> {
        let (lang, width) = (self.with.lang, self.width() - mm(10.0));
        let Look { gap, colour, .. } = look;
        let style = Style::new(look.large * self.scale, lang).tracked(look.tracking);
        let style = if look.bold { style.bold() } else { style };
        let said = text.get(lang);
        if said.is_empty() {
            return Ok(());
        }
        let lines = self.broken(said, style, width)?;
        parts.push(Part { lines, colour, gap: gap * self.scale, shown: Shown::Lines });
        let other = self.other().map(|other| (other, text.get(other)));
        if let Some((other, again)) = other.filter(|(_, again)| *again != said) {
            let style = Style::new(look.small * self.scale, other).tracked(0.02);
            let lines = self.broken(again, style, width)?;
            let colour = if look.bold { colour.lighter(20) } else { Colour::GREY };
            parts.push(Part { lines, colour, gap: gap * 0.18, shown: Shown::Lines });
        }
        Ok(())
    }

    fn broken(&self, text: &str, style: Style, width: f32) -> Result<Vec<Line>, print::Error> {
        if style.size < 14.0 * self.scale || text.contains('\n') {
            return paragraph(text, style, width);
        }
        fitted(text, style, width, style.size * 0.62)
    }

    fn foot(&mut self) -> Result<(), print::Error> {
        let (left, right, foot) = (self.left, self.right, self.foot);
        let square = mm(30.0);
        if self.with.body.landscape {
            let middle = left + self.width() * 0.62;
            self.details(left, foot + mm(1.0), self.width() * 0.44)?;
            self.issuance(middle, foot, self.width() * 0.36)?;
            self.code(right - square, foot + mm(2.0), square)?;
        } else {
            self.issuance(self.centre(), foot, self.width() * 0.8)?;
            self.details(left, foot + mm(50.0), self.width() - square - mm(6.0))?;
            self.code(right - square, foot + mm(51.0), square)?;
        }
        self.small_print()
    }

    /// Number, code, dates and site, with their labels.
    fn details(&mut self, left: f32, top: f32, width: f32) -> Result<(), print::Error> {
        let content = self.with.content;
        let both = |say: &dyn Fn(Lang) -> String| Text::new(say(Lang::Zh), say(Lang::En));
        let rows = [
            (text!("证书编号", "Number"), Text::same(&content.number)),
            (text!("查验码", "Check code"), Text::same(&content.check_code)),
            (text!("颁发日期", "Issued on"), both(&|lang| i18n::date(lang, content.issued_on))),
            (text!("有效期", "Valid"), both(&|lang| content.validity(lang))),
            (text!("所在门店", "Site"), content.site.clone()),
        ];
        let (step, label_width) = (mm(8.6), mm(24.0));
        for (at, (label, value)) in rows.iter().enumerate() {
            let y = top + step * at as f32;
            self.pair(label, (left, y), label_width - mm(2.0), (8.5, 7.0), Colour::GREY)?;
            let room = width - label_width;
            self.pair(value, (left + label_width, y), room, (10.0, 7.5), Colour::BLACK)?;
        }
        Ok(())
    }

    /// A text with the other language below it, each made to fit on its line.
    fn pair(
        &mut self,
        text: &Text,
        (x, y): (f32, f32),
        width: f32,
        (large, small): (f32, f32),
        colour: Colour,
    ) -> Result<(), print::Error> {
        let lang = self.with.lang;
        let said = text.get(lang);
        let other = self.other().map(|other| (other, text.get(other)));
        let other = other.filter(|(_, again)| *again != said);
        let mut y = y + 10.0;
        for set in up_to(3 - other.iter().count(), said, Style::new(large, lang), width)? {
            let size = set.style.size;
            self.sheet.text(set, x, y, colour);
            y += (size * 1.2).min(8.5);
        }
        if let Some((other, again)) = other {
            let second = one_line(again, Style::new(small, other), width)?;
            self.sheet.text(second, x, y, Colour::GREY);
        }
        Ok(())
    }

    /// The seal over the issuing body and the day, and who signs.
    fn issuance(&mut self, middle: f32, top: f32, width: f32) -> Result<(), print::Error> {
        let Setting { content, lang, body, pictures, .. } = self.with;
        let size = mm(30.0);
        let (seal_left, centre) = (middle - size / 2.0, top + size / 2.0);
        match &pictures.seal {
            Some(seal) => self.sheet.picture(seal, seal_left, top, size, size),
            None => self.seal_place(middle, centre)?,
        }
        let issuer = one_line(content.issuer.get(lang), Style::new(10.5, lang).bold(), width)?;
        self.sheet.centred(issuer, middle, centre + 1.0, Colour::BLACK);
        let day = line(&i18n::date(lang, content.issued_on), Style::new(9.0, lang))?;
        self.sheet.centred(day, middle, centre + 14.0, Colour::BLACK);
        let count = body.signatures.len();
        let share = width / count.max(1) as f32;
        for (at, signature) in body.signatures.iter().enumerate() {
            let x = middle - width / 2.0 + share * (at as f32 + 0.5);
            self.signature(signature, x, top + mm(40.0), (share - mm(5.0)).min(mm(48.0)))?;
        }
        Ok(())
    }

    /// Where the stamp goes when the template has no picture of it.
    fn seal_place(&mut self, x: f32, y: f32) -> Result<(), print::Error> {
        let faint = self.accent.lighter(72);
        for radius in [mm(15.0), mm(14.2)] {
            self.sheet.draw(print::Outline::circle(x, y, radius), faint, 0.5);
        }
        let lang = self.with.lang;
        let word = line(&t!(lang, "（盖章）", "(seal)"), Style::new(7.5, lang))?;
        self.sheet.centred(word, x, y + mm(9.5), self.accent.lighter(45));
        Ok(())
    }

    fn signature(&mut self, label: &Text, x: f32, y: f32, width: f32) -> Result<(), print::Error> {
        let half = width / 2.0;
        self.sheet.rule((x - half, y), (x + half, y), Colour::GREY, 0.6);
        let lang = self.with.lang;
        let said = label.get(lang);
        let words = match self.other().map(|other| label.get(other)) {
            Some(again) if again != said => format!("{said}  {again}"),
            _ => said.to_owned(),
        };
        let set = one_line(&words, Style::new(8.0, lang), width)?;
        self.sheet.centred(set, x, y + 11.0, Colour::GREY);
        Ok(())
    }

    fn code(&mut self, left: f32, top: f32, size: f32) -> Result<(), print::Error> {
        self.sheet.qr(self.with.qr, left, top, size)?;
        let lang = self.with.lang;
        let said = |lang| t!(lang, "扫码查验真伪", "Scan to verify");
        let first = line(&said(lang), Style::new(8.5, lang))?;
        self.sheet.centred(first, left + size / 2.0, top + size + 8.0, Colour::BLACK);
        if let Some(other) = self.other() {
            let second = line(&said(other), Style::new(7.0, other))?;
            self.sheet.centred(second, left + size / 2.0, top + size + 17.0, Colour::GREY);
        }
        Ok(())
    }

    /// The address to type, and the digest of what was issued.
    fn small_print(&mut self) -> Result<(), print::Error> {
        let lang = self.with.lang;
        let place = self.with.qr.split(['?', '#']).next().unwrap_or_default();
        let digest = self.with.digest;
        let words = t!(
            lang,
            "查验：{place}　内容摘要 SHA-256：{digest}",
            "Verify at {place} · content SHA-256: {digest}"
        );
        let set = one_line(&words, Style::new(6.0, lang), self.width())?;
        self.sheet.centred(set, self.centre(), self.bottom + mm(3.2), Colour::GREY);
        Ok(())
    }
}

impl Part {
    fn height(&self) -> f32 {
        match self.shown {
            Shown::Logo(_) => mm(LOGO),
            Shown::Lines | Shown::Ruled => {
                self.lines.iter().map(|line| line.style.size * LINE).sum()
            }
        }
    }
}

/// On one line where it can be read there, else on so many lines at most.
fn up_to(most: usize, text: &str, style: Style, width: f32) -> Result<Vec<Line>, print::Error> {
    let mut size = style.size * 0.7;
    let mut lines = fitted(text, style, width, size)?;
    while lines.len() > most && size > 1.0 {
        size *= 0.85;
        lines = paragraph(text, style.sized(size), width)?;
    }
    Ok(lines)
}

/// On one line, as small as it must be.
fn one_line(text: &str, style: Style, width: f32) -> Result<Line, print::Error> {
    let set = line(text, style)?;
    if set.width <= width {
        return Ok(set);
    }
    line(text, style.sized(style.size * width / set.width * 0.995))
}

fn filled(text: &Text, content: &Content) -> Text {
    Text::new(fill(&text.zh, content, Lang::Zh), fill(&text.en, content, Lang::En))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paper(body: &Body, content: &Content, lang: Lang) -> Vec<u8> {
        let setting = Setting {
            body,
            pictures: &Pictures::default(),
            content,
            lang,
            qr: "https://shifu.example/check?number=SF-0000-000000&code=34679ACDEF",
            digest: &content.digest("standard"),
        };
        let about = print::About {
            title: "certificate",
            lang,
            author: None,
            id: "SF-0000-000000",
            at: chrono::DateTime::UNIX_EPOCH,
        };
        print::pdf(&about, &[sheet(setting).unwrap()]).unwrap()
    }

    #[test]
    fn a_paper_is_small_and_the_same_each_time() {
        let content = Content::sample("2026-11-23".parse().unwrap());
        for lang in Lang::ALL {
            for landscape in [true, false] {
                for bilingual in [true, false] {
                    let body = Body { landscape, bilingual, ..Body::standard() };
                    let bytes = paper(&body, &content, lang);
                    assert!(bytes == paper(&body, &content, lang));
                    assert!(bytes.len() < 100_000, "{} bytes", bytes.len());
                }
            }
        }
    }

    #[test]
    fn very_long_names_and_titles_still_make_one_page() {
        let mut content = Content::sample("2026-11-23".parse().unwrap());
        content.name = Text::new(
            "古丽巴哈尔·买买提吐尔逊·阿卜杜热西提",
            "Wolfeschlegelsteinhausenbergerdorff ".repeat(4),
        );
        content.title = Text::new(
            "新能源汽车动力电池与高压系统检测维修".repeat(5),
            "Diagnosis and repair of traction batteries ".repeat(6),
        );
        content.site = Text::same("一家名字特别特别长的新能源汽车销售服务有限公司".repeat(3));
        for lang in Lang::ALL {
            for landscape in [true, false] {
                let body = Body { landscape, ..Body::standard() };
                assert!(paper(&body, &content, lang).starts_with(b"%PDF-1.7"));
            }
        }
    }
}
