//! A document of headings, paragraphs and tables that lays itself out.

use chrono::{DateTime, Utc};

use super::{About, Colour, Error, Line, Outline, Sheet, Style, line, mm, paragraph, pdf, symbols};
use crate::{i18n::Lang, t};

/// A document on A4 pages with numbers.
#[derive(Clone, Debug)]
pub struct Report {
    pub lang: Lang,
    pub title: String,
    pub subtitle: String,
    pub sections: Vec<Section>,
    /// At the foot of every page, beside the number.
    pub footer: String,
    /// What a QR code at the head carries, and the words below it.
    pub qr: Option<(String, String)>,
    pub author: String,
    /// The same document has the same, another has another.
    pub id: String,
    pub at: DateTime<Utc>,
}

#[derive(Clone, Debug, Default)]
pub struct Section {
    /// Nothing, when empty.
    pub heading: String,
    pub blocks: Vec<Block>,
}

#[derive(Clone, Debug)]
pub enum Block {
    Paragraph(String),
    /// Smaller and grey: notes, digests.
    Small(String),
    /// One sentence that is what the document is about, in a box: good or bad.
    Verdict {
        good: bool,
        text: String,
    },
    /// Labels with their values.
    Pairs(Vec<(String, String)>),
    /// Headers, rows, and how the columns share the width (empty: equally).
    Table {
        headers: Vec<String>,
        rows: Vec<Vec<String>>,
        shares: Vec<f32>,
    },
    /// A line of a list or tree, so many steps in; met or not is shown by a mark.
    Item {
        depth: u8,
        met: Option<bool>,
        text: String,
    },
}

const ACCENT: Colour = Colour(0x1f, 0x4e, 0x79);
const GOOD: Colour = Colour(0x1b, 0x6e, 0x3c);
const BAD: Colour = Colour(0xa6, 0x1b, 0x1b);
const FAINT: Colour = Colour(0xd0, 0xd4, 0xd9);
/// Points of a line of running text, and of one below the other.
const SIZE: f32 = 10.0;
const LEADING: f32 = 1.55;
/// The same in a row of a table, and what is left free above the line below it.
const ROW_SIZE: f32 = 9.0;
const ROW_LINE: f32 = ROW_SIZE * 1.4;
const ROW_GAP: f32 = 5.0;

impl Report {
    /// The document, PDF/A-2u.
    pub fn to_pdf(&self) -> Result<Vec<u8>, Error> {
        let about = About {
            title: &self.title,
            lang: self.lang,
            author: Some(&self.author).filter(|author| !author.is_empty()).map(String::as_str),
            id: &self.id,
            at: self.at,
        };
        pdf(&about, &self.sheets()?)
    }

    /// Its pages.
    pub fn sheets(&self) -> Result<Vec<Sheet>, Error> {
        let mut pen = Pen::new(self.lang);
        self.head(&mut pen)?;
        for section in &self.sections {
            if !section.heading.is_empty() {
                // A heading stays with the first lines below it.
                pen.need(SIZE * 6.0);
                pen.y += SIZE * 0.9;
                pen.paragraph(&section.heading, Style::new(13.0, self.lang).bold(), 0.0, ACCENT)?;
                pen.y += SIZE * 0.2;
            }
            for block in &section.blocks {
                pen.block(block)?;
            }
        }
        let mut sheets = pen.done;
        sheets.push(pen.sheet);
        let total = sheets.len();
        for (at, sheet) in sheets.iter_mut().enumerate() {
            self.foot(sheet, at + 1, total)?;
        }
        Ok(sheets)
    }

    fn head(&self, pen: &mut Pen) -> Result<(), Error> {
        let top = pen.y;
        let square = mm(30.0);
        if let Some((content, caption)) = &self.qr {
            let left = pen.right - square;
            pen.sheet.qr(content, left, top, square)?;
            let style = Style::new(7.0, self.lang);
            for (at, caption) in paragraph(caption, style, square)?.into_iter().enumerate() {
                let baseline = top + square + 8.0 + at as f32 * 9.0;
                pen.sheet.centred(caption, left + square / 2.0, baseline, Colour::GREY);
            }
            pen.right = left - mm(6.0);
        }
        pen.paragraph(&self.title, Style::new(20.0, self.lang).bold(), 0.0, ACCENT)?;
        if !self.subtitle.is_empty() {
            pen.y += 2.0;
            pen.paragraph(&self.subtitle, Style::new(11.0, self.lang), 0.0, Colour::GREY)?;
        }
        pen.right = pen.sheet.width - MARGIN;
        if self.qr.is_some() {
            pen.y = pen.y.max(top + square + 20.0);
        }
        pen.y += 6.0;
        pen.sheet.rule((MARGIN, pen.y), (pen.right, pen.y), ACCENT, 1.2);
        pen.y += SIZE;
        Ok(())
    }

    fn foot(&self, sheet: &mut Sheet, page: usize, total: usize) -> Result<(), Error> {
        let style = Style::new(7.5, self.lang);
        let (right, top) = (sheet.width - MARGIN, sheet.height - mm(16.0));
        sheet.rule((MARGIN, top), (right, top), FAINT, 0.5);
        let number = t!(self.lang, "第 {page} 页，共 {total} 页", "Page {page} of {total}");
        let number = line(&number, style)?;
        let room = right - MARGIN - number.width - mm(8.0);
        sheet.ending(number, right, top + 12.0, Colour::GREY);
        for (at, said) in paragraph(&self.footer, style, room)?.into_iter().take(3).enumerate() {
            sheet.text(said, MARGIN, top + 12.0 + at as f32 * 9.5, Colour::GREY);
        }
        Ok(())
    }
}

const MARGIN: f32 = 20.0 * super::MM;
/// What the foot needs.
const BOTTOM: f32 = 22.0 * super::MM;

/// Where the next line goes.
struct Pen {
    lang: Lang,
    done: Vec<Sheet>,
    sheet: Sheet,
    y: f32,
    right: f32,
}

impl Pen {
    fn new(lang: Lang) -> Pen {
        let sheet = Sheet::a4();
        Pen { lang, done: Vec::new(), y: MARGIN, right: sheet.width - MARGIN, sheet }
    }

    /// Goes on to the next page when there is less room than this. Whether it did.
    fn need(&mut self, height: f32) -> bool {
        let full = self.y + height > self.sheet.height - BOTTOM;
        if full {
            self.done.push(std::mem::replace(&mut self.sheet, Sheet::a4()));
            self.y = MARGIN;
        }
        full
    }

    fn paragraph(
        &mut self,
        text: &str,
        style: Style,
        inset: f32,
        colour: Colour,
    ) -> Result<(), Error> {
        let left = MARGIN + inset;
        for set in paragraph(text, style, self.right - left)? {
            self.need(style.size * LEADING);
            self.y += style.size * LEADING;
            self.sheet.text(set, left, self.y - style.size * 0.4, colour);
        }
        Ok(())
    }

    fn block(&mut self, block: &Block) -> Result<(), Error> {
        let style = Style::new(SIZE, self.lang);
        match block {
            Block::Paragraph(text) => {
                self.paragraph(text, style, 0.0, Colour::BLACK)?;
                self.y += SIZE * 0.4;
            }
            Block::Small(text) => self.paragraph(text, style.sized(7.5), 0.0, Colour::GREY)?,
            Block::Verdict { good, text } => self.verdict(*good, text)?,
            Block::Pairs(pairs) => {
                for (label, value) in pairs {
                    self.row(&[(label, 0.32, true), (value, 0.68, false)])?;
                }
                self.y += SIZE * 0.5;
            }
            Block::Table { headers, rows, shares } => self.table(headers, rows, shares)?,
            Block::Item { depth, met, text } => self.item(*depth, *met, text)?,
        }
        Ok(())
    }

    fn verdict(&mut self, good: bool, text: &str) -> Result<(), Error> {
        let colour = if good { GOOD } else { BAD };
        let style = Style::new(12.0, self.lang).bold();
        let inset = mm(11.0);
        let lines = paragraph(text, style, self.right - MARGIN - inset - mm(4.0))?;
        let height = lines.len() as f32 * style.size * LEADING + mm(5.0);
        self.need(height + 4.0);
        let (top, width) = (self.y + 2.0, self.right - MARGIN);
        self.sheet.fill(Outline::rectangle(MARGIN, top, width, height), colour.lighter(90));
        self.sheet.fill(Outline::rectangle(MARGIN, top, 3.0, height), colour);
        let (left, middle) = (MARGIN + mm(4.0), top + height / 2.0 - 6.0);
        let mark = if good { symbols::tick } else { symbols::cross };
        self.sheet.draw(mark(left, middle, 12.0), colour, 1.8);
        let mut y = top + mm(2.5);
        for set in lines {
            y += style.size * LEADING;
            self.sheet.text(set, MARGIN + inset, y - style.size * 0.45, colour);
        }
        self.y = top + height + SIZE * 0.8;
        Ok(())
    }

    fn item(&mut self, depth: u8, met: Option<bool>, text: &str) -> Result<(), Error> {
        let inset = f32::from(depth) * mm(5.0);
        self.need(SIZE * LEADING);
        let (left, top) = (MARGIN + inset, self.y + SIZE * LEADING - SIZE * 1.1);
        match met {
            Some(true) => self.sheet.draw(symbols::tick(left, top, SIZE * 0.75), GOOD, 1.2),
            Some(false) => self.sheet.draw(symbols::cross(left, top, SIZE * 0.75), BAD, 1.2),
            None => {
                let dot = Outline::circle(left + SIZE * 0.35, top + SIZE * 0.4, 1.3);
                self.sheet.fill(dot, Colour::GREY);
            }
        }
        self.paragraph(text, Style::new(SIZE, self.lang), inset + mm(5.0), Colour::BLACK)
    }

    fn table(
        &mut self,
        headers: &[String],
        rows: &[Vec<String>],
        shares: &[f32],
    ) -> Result<(), Error> {
        let total: f32 = shares.iter().take(headers.len()).sum();
        let share = |at: usize| match shares.get(at) {
            Some(share) if shares.len() >= headers.len() && total > 0.0 => share / total,
            _ => 1.0 / headers.len().max(1) as f32,
        };
        let cells = |cells: &[String], strong: bool| -> Vec<(String, f32, bool)> {
            let cells = cells.iter().take(headers.len()).enumerate();
            cells.map(|(at, cell)| (cell.clone(), share(at), strong)).collect()
        };
        let head = cells(headers, true);
        fn lent(cells: &[(String, f32, bool)]) -> Vec<(&str, f32, bool)> {
            cells.iter().map(|(cell, share, strong)| (cell.as_str(), *share, *strong)).collect()
        }
        self.y += SIZE * 0.3;
        self.need(SIZE * 4.0);
        self.row(&lent(&head))?;
        for row in rows {
            let row = cells(row, false);
            if self.row_needs_page(&lent(&row))? {
                self.row(&lent(&head))?;
            }
            self.row(&lent(&row))?;
        }
        self.y += SIZE * 0.5;
        Ok(())
    }

    fn row_needs_page(&mut self, cells: &[(&str, f32, bool)]) -> Result<bool, Error> {
        let room = self.room_for(most_lines(&self.set_row(cells)?));
        Ok(self.need(room))
    }

    /// The lines of each cell.
    fn set_row(&self, cells: &[(&str, f32, bool)]) -> Result<Vec<Vec<Line>>, Error> {
        let width = self.right - MARGIN;
        let style = Style::new(ROW_SIZE, self.lang);
        let set =
            cells.iter().map(|(text, share, _)| paragraph(text, style, width * share - mm(2.0)));
        set.collect()
    }

    /// What must be free where a row begins: all of it, so that it stays together. One that takes
    /// more than half a page begins where it is and goes on upon the next.
    fn room_for(&self, lines: usize) -> f32 {
        let page = self.sheet.height - MARGIN - BOTTOM;
        let whole = lines as f32 * ROW_LINE + ROW_GAP;
        if whole > page / 2.0 { ROW_LINE + ROW_GAP } else { whole }
    }

    /// A row with a line below it; labels are grey.
    fn row(&mut self, cells: &[(&str, f32, bool)]) -> Result<(), Error> {
        let set = self.set_row(cells)?;
        let mut rest = most_lines(&set);
        self.need(self.room_for(rest));
        let mut columns: Vec<_> = set.into_iter().map(Vec::into_iter).collect();
        while rest > 0 {
            self.need(ROW_LINE + ROW_GAP);
            let free = self.sheet.height - BOTTOM - self.y - ROW_GAP;
            let fitting = ((free / ROW_LINE) as usize).clamp(1, rest);
            self.lines_of_row(&mut columns, cells, fitting);
            rest -= fitting;
        }
        self.y += ROW_GAP;
        self.sheet.rule((MARGIN, self.y), (self.right, self.y), FAINT, 0.4);
        Ok(())
    }

    /// The next lines of every cell, as many as fit here.
    fn lines_of_row(
        &mut self,
        columns: &mut [std::vec::IntoIter<Line>],
        cells: &[(&str, f32, bool)],
        fitting: usize,
    ) {
        let mut left = MARGIN;
        for (lines, (_, share, label)) in columns.iter_mut().zip(cells) {
            let colour = if *label { Colour::GREY } else { Colour::BLACK };
            for (at, line) in lines.take(fitting).enumerate() {
                self.sheet.text(line, left, self.y + 11.0 + at as f32 * ROW_LINE, colour);
            }
            left += (self.right - MARGIN) * share;
        }
        self.y += fitting as f32 * ROW_LINE;
    }
}

fn most_lines(set: &[Vec<Line>]) -> usize {
    set.iter().map(Vec::len).max().unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::print::sheet::Mark;

    fn report(rows: usize) -> Report {
        let row = |at: usize| vec![format!("{at}"), "龘𠮷 Łŵ".to_owned()];
        Report {
            lang: Lang::Zh,
            title: "资质证明".into(),
            subtitle: "2026年11月23日".into(),
            sections: vec![Section {
                heading: "结论".into(),
                blocks: vec![
                    Block::Verdict { good: true, text: "当日持有。".into() },
                    Block::Pairs(vec![("姓名".into(), "龘𠮷".into())]),
                    Block::Item { depth: 1, met: Some(false), text: "缺一次考试".into() },
                    Block::Table {
                        headers: vec!["序号".into(), "姓名".into()],
                        rows: (0..rows).map(row).collect(),
                        shares: vec![1.0, 3.0],
                    },
                    Block::Small("SHA-256".into()),
                ],
            }],
            footer: "安徽示范汽车集团".into(),
            qr: Some(("https://example.org/check".into(), "扫码查验".into())),
            author: "安徽示范汽车集团".into(),
            id: "extract-1".into(),
            at: DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_long_table_goes_on_and_the_document_is_the_same_each_time() {
        let short = report(1);
        assert_eq!(short.sheets().unwrap().len(), 1);
        let long = report(120);
        assert!(long.sheets().unwrap().len() >= 3);
        let bytes = long.to_pdf().unwrap();
        assert!(bytes == long.to_pdf().unwrap());
        assert!(bytes.starts_with(b"%PDF-1.7") && bytes.len() < 100_000, "{}", bytes.len());
    }

    /// How often a character was drawn, and how far down the lowest line with it stands.
    fn drawn(sheets: &[Sheet], character: char) -> (usize, f32) {
        let lines = sheets.iter().flat_map(|sheet| &sheet.marks).filter_map(|mark| match mark {
            Mark::Text { line, baseline, .. } => Some((line, *baseline)),
            _ => None,
        });
        lines.fold((0, 0.0_f32), |(count, lowest), (line, baseline)| {
            let text = line.runs.iter().map(|run| run.text.as_str());
            let here = text.flat_map(str::chars).filter(|one| *one == character).count();
            (count + here, if here > 0 { lowest.max(baseline) } else { lowest })
        })
    }

    #[test]
    fn a_row_higher_than_a_page_goes_on_and_loses_nothing() {
        for (narrow, wide) in [(1_000, 0), (330, 10), (1_000, 1_000), (5_000, 1)] {
            let rows = vec![vec!["由".repeat(narrow), "因".repeat(wide)]; 2];
            let headers = vec!["甲".to_owned(), "乙".to_owned()];
            let table = Block::Table { headers, rows, shares: vec![1.0, 7.0] };
            let pairs = Block::Pairs(vec![("理".repeat(narrow), "据".repeat(wide))]);
            let heading = String::new();
            let sections = vec![Section { heading, blocks: vec![table, pairs] }];
            let sheets = Report { sections, ..report(0) }.sheets().unwrap();
            let foot = Sheet::a4().height - BOTTOM;
            for (character, expected) in
                [('由', 2 * narrow), ('因', 2 * wide), ('理', narrow), ('据', wide)]
            {
                let (count, lowest) = drawn(&sheets, character);
                assert_eq!(count, expected, "{character} of {narrow} and {wide}");
                assert!(lowest <= foot, "{character} at {lowest}, below {foot}");
            }
        }
    }

    #[test]
    fn a_character_no_font_has_stops_it() {
        let report = Report { title: "证明🐉".into(), ..report(0) };
        assert!(matches!(report.to_pdf(), Err(Error::Missing { character: '🐉', .. })));
    }
}
