//! What a file of old certificates would bring: every line read, checked and dated.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::NaiveDate;

use super::uploads::Scan;
use crate::{
    certification::{
        acts::{self, queries, spans},
        model::{Act, ActKind, Certificate, State},
    },
    db::{Conn, Error},
    i18n::{self, Lang, Text},
    record::{
        Fact, Kind, PersonId, Rules, ledger, number,
        period::{FOREVER, day_before},
        programme::Certification,
    },
    staff::{
        self, Post,
        import::{self, Table, Unreadable},
        queries::Scope,
    },
    text,
};

/// Lines in one file at most.
pub const MOST: usize = 20_000;
/// Mistakes told in full; the rest are counted.
const MISTAKES: usize = 200;

crate::words! {
    /// A column of the file.
    Column {
        StaffNo = "staff_no",
        Certification = "certification",
        Number = "number",
        Issuer = "issuer",
        From = "from",
        Through = "through",
        Note = "note",
        Scan = "scan",
    }
}

impl Column {
    /// The name in Chinese, and what else people call it.
    fn names(self) -> (&'static str, &'static [&'static str]) {
        match self {
            Column::StaffNo => ("工号", &["员工编号", "员工号", "employee_no", "staff_number"]),
            Column::Certification => {
                ("证书代码", &["认证", "证书", "证书名称", "code", "certificate"])
            }
            Column::Number => ("证书编号", &["证书号", "证号", "编号", "certificate_no"]),
            Column::Issuer => ("发证机构", &["发证单位", "颁发机构", "issued_by"]),
            Column::From => {
                ("生效日期", &["发证日期", "颁发日期", "开始日期", "issued_on", "valid_from"])
            }
            Column::Through => {
                ("有效期至", &["结束日期", "截止日期", "到期日", "valid_through", "until", "to"])
            }
            Column::Note => ("备注", &["说明", "remark", "comment"]),
            Column::Scan => ("扫描件", &["扫描件文件名", "附件", "文件名", "scan_file", "file"]),
        }
    }

    pub fn title(self) -> Text {
        Text::new(self.names().0, self.word())
    }

    fn of_header(header: &str) -> Option<Column> {
        let header = header.trim_matches(['*', '＊', ' ', '\u{feff}']).to_lowercase();
        let header = header.replace([' ', '-'], "_");
        Column::ALL.iter().copied().find(|column| {
            let (zh, others) = column.names();
            column.word() == header || zh == header || others.contains(&header.as_str())
        })
    }
}

/// A file to start from, with an example.
pub fn template(lang: Lang) -> String {
    let headers: Vec<String> =
        Column::ALL.iter().map(|column| column.title().get(lang).to_owned()).collect();
    format!(
        "\u{feff}{}\r\nT0001,cn-special-operation-lv/low-voltage,T310000000000000001,上海市应急管理局,2024-02-29,,,T0001.pdf\r\n",
        headers.join(",")
    )
}

/// The cells of one line, by column.
pub type Cells = HashMap<Column, String>;

/// One thing wrong with one line, or worth a look.
#[derive(Clone, Debug)]
pub struct Said {
    pub line: u64,
    pub column: Option<Column>,
    pub text: Text,
}

/// A certificate that would be taken over.
#[derive(Clone, Debug)]
pub struct Line {
    pub line: u64,
    pub person: PersonId,
    pub staff_no: String,
    pub name: String,
    pub name_en: Option<String>,
    pub site: Text,
    /// `RULESET/NAME`.
    pub code: String,
    pub number: Option<String>,
    pub issuer: String,
    pub from: NaiveDate,
    pub through: Option<NaiveDate>,
    /// The last day was left empty and follows from the rule.
    pub computed: bool,
    /// What the rule says, where the file says otherwise.
    pub by_rule: Option<Option<NaiveDate>>,
    pub note: Option<String>,
    pub scan: Option<String>,
    /// Why it changes nothing.
    pub known: Option<Text>,
}

impl Line {
    fn days(&self) -> Days {
        (self.from, self.through.unwrap_or(FOREVER))
    }
}

/// The first and the last day of a certificate.
type Days = (NaiveDate, NaiveDate);

/// One number may stand on several papers, as a renewal of some keeps it: then they are told apart
/// by their days. Papers with one number whose days overlap are one paper, written down twice.
fn overlap(one: Days, other: Days) -> bool {
    one.0 <= other.1 && other.0 <= one.1
}

/// Everything a file would bring.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    pub lines: Vec<Line>,
    pub mistakes: Vec<Said>,
    pub mistake_count: usize,
    pub notes: Vec<Said>,
    pub ignored_columns: Vec<String>,
}

impl Plan {
    pub fn added(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(|line| line.known.is_none())
    }

    /// Lines whose given last day is not the one of the rule.
    pub fn otherwise(&self) -> usize {
        self.added().filter(|line| line.by_rule.is_some()).count()
    }

    pub fn can_be_done(&self) -> bool {
        self.mistake_count == 0 && self.added().next().is_some()
    }

    /// Equal plans have equal marks: what was shown is what is taken over.
    pub fn mark(&self) -> String {
        let lines = self.lines.iter().map(|line| {
            let known = line.known.is_some();
            format!(
                "{}:{}:{}:{}:{:?}:{known}",
                line.line, line.person, line.code, line.from, line.through
            )
        });
        queries::hex_digest(lines.collect::<Vec<_>>().join("\n").as_bytes())
    }

    fn mistake(&mut self, line: u64, column: Option<Column>, text: Text) {
        self.mistake_count += 1;
        if self.mistakes.len() < MISTAKES {
            self.mistakes.push(Said { line, column, text });
        }
    }

    fn note(&mut self, line: u64, column: Option<Column>, text: Text) {
        if self.notes.len() < MISTAKES {
            self.notes.push(Said { line, column, text });
        }
    }
}

/// By which rules, for whose people, with which scans beside it.
pub struct Asked<'a> {
    pub rules: &'a Rules,
    pub scope: &'a Scope,
    /// Who imports: nobody takes over certificates of their own.
    pub by: PersonId,
    pub today: NaiveDate,
    pub scans: &'a [Scan],
}

/// Why reading stopped.
enum Stop {
    Unreadable(Unreadable),
    TooMany,
}

impl From<Unreadable> for Stop {
    fn from(error: Unreadable) -> Stop {
        Stop::Unreadable(error)
    }
}

/// Reads a file and says what it would bring.
pub fn read(conn: &mut Conn, asked: &Asked<'_>, table: &Table) -> Result<Plan, Error> {
    let mut plan = Plan::default();
    let mut columns: Option<Vec<Option<Column>>> = None;
    let mut lines: Vec<(u64, Cells)> = Vec::new();
    let outcome = table.rows::<Stop>(&mut |row| {
        let Some(columns) = &columns else {
            columns = Some(header(row.line, &row.cells, &mut plan));
            return Ok(());
        };
        let named = columns.iter().zip(&row.cells);
        let cells = named.filter_map(|(column, cell)| Some(((*column)?, cell.clone())));
        lines.push((row.line, cells.filter(|(_, cell)| !cell.is_empty()).collect()));
        if lines.len() > MOST { Err(Stop::TooMany) } else { Ok(()) }
    });
    match outcome {
        Ok(()) => {}
        Err(Stop::Unreadable(Unreadable(text))) => plan.mistake(1, None, text),
        Err(Stop::TooMany) => plan.mistake(
            MOST as u64 + 1,
            None,
            text!(
                "文件超过 {MOST} 行。请拆分后再导入。",
                "The file has more than {MOST} lines. Split it."
            ),
        ),
    }
    if columns.is_none() && plan.mistake_count == 0 {
        plan.mistake(1, None, text!("文件里没有内容。", "There is nothing in the file."));
    }
    if plan.mistake_count == 0 {
        check(conn, asked, &lines, &mut plan)?;
    }
    Ok(plan)
}

fn header(line: u64, cells: &[String], plan: &mut Plan) -> Vec<Option<Column>> {
    let mut columns: Vec<Option<Column>> = Vec::new();
    for cell in cells {
        let column = Column::of_header(cell).filter(|column| !columns.contains(&Some(*column)));
        if column.is_none() && !cell.is_empty() {
            plan.ignored_columns.push(cell.clone());
        }
        columns.push(column);
    }
    for needed in [Column::StaffNo, Column::Certification, Column::From] {
        if !columns.contains(&Some(needed)) {
            let Text { zh, en } = needed.title();
            plan.mistake(line, Some(needed), text!(
                "缺少“{zh}”列。请在表头加上“{zh}”（或 {en}），可下载模板对照。",
                "The column {en} is missing. Add {en} (or {zh}) to the header; the template shows how."
            ));
        }
    }
    columns
}

/// Checks lines that were read, of a file or of a form.
pub fn check(
    conn: &mut Conn,
    asked: &Asked<'_>,
    lines: &[(u64, Cells)],
    plan: &mut Plan,
) -> Result<(), Error> {
    let filter = staff::queries::Filter { with_left: true, ..Default::default() };
    let posts = staff::queries::posts(conn, asked.scope, &filter, asked.today, 1_000_000, 0)?;
    let posts: HashMap<String, Post> =
        posts.into_iter().map(|post| (post.person.staff_no.clone(), post)).collect();
    let mut reading = Reading { asked, posts: &posts, codes: Codes::of(asked.rules), plan };
    let mut found: Vec<Line> =
        lines.iter().filter_map(|(line, cells)| reading.line(*line, cells)).collect();
    let known = Known::of(conn, &found, asked.today)?;
    let mut earlier = Earlier::default();
    for line in &mut found {
        line.known = match earlier.say(line) {
            true => Some(text!("本文件中重复", "said twice in this file")),
            false => known.knows(line),
        };
    }
    plan.lines = found;
    Ok(())
}

/// What the lines before one say, in the same file.
#[derive(Default)]
struct Earlier {
    begun: HashSet<(PersonId, String, NaiveDate)>,
    numbered: HashMap<(PersonId, String, String), Vec<Days>>,
}

impl Earlier {
    /// Whether one of them says the same as this line, which is one of them from now on.
    fn say(&mut self, line: &Line) -> bool {
        let (person, code) = (line.person, line.code.clone());
        let begun = !self.begun.insert((person, code.clone(), line.from));
        let Some(number) = &line.number else { return begun };
        let days = self.numbered.entry((person, code, number.clone())).or_default();
        let numbered = days.iter().any(|days| overlap(*days, line.days()));
        days.push(line.days());
        begun || numbered
    }
}

/// The certifications by whatever people call them.
struct Codes<'a>(BTreeMap<String, Vec<(String, &'a Certification, bool)>>);

impl<'a> Codes<'a> {
    fn of(rules: &'a Rules) -> Codes<'a> {
        let mut codes: BTreeMap<String, Vec<(String, &Certification, bool)>> = BTreeMap::new();
        for set in rules.sets() {
            for one in &set.certifications {
                let code = set.qualified(&one.code);
                let chinese = set.jurisdiction == "CN";
                let mut names = vec![
                    code.clone(),
                    one.code.clone(),
                    one.title.zh.clone(),
                    one.title.en.clone(),
                ];
                names.iter_mut().for_each(|name| *name = name.to_lowercase());
                names.sort();
                names.dedup();
                for name in names {
                    codes.entry(name).or_default().push((code.clone(), one, chinese));
                }
            }
        }
        Codes(codes)
    }

    fn find(&self, word: &str) -> Result<&(String, &'a Certification, bool), Text> {
        match self.0.get(&word.to_lowercase()).map(Vec::as_slice) {
            Some([one]) => Ok(one),
            Some(several) if !several.is_empty() => {
                let all: Vec<&str> = several.iter().map(|(code, ..)| code.as_str()).collect();
                let all = all.join(", ");
                Err(text!(
                    "“{word}”不止一个，请写完整代码：{all}",
                    "“{word}” may mean several; write one of {all}"
                ))
            }
            _ => Err(text!(
                "没有认证“{word}”。请写规则集里的代码，例如 cn-special-operation-lv/low-voltage",
                "there is no certification “{word}”: write its code, such as cn-special-operation-lv/low-voltage"
            )),
        }
    }
}

/// Reads line after line.
struct Reading<'a> {
    asked: &'a Asked<'a>,
    posts: &'a HashMap<String, Post>,
    codes: Codes<'a>,
    plan: &'a mut Plan,
}

impl Reading<'_> {
    fn line(&mut self, line: u64, cells: &Cells) -> Option<Line> {
        let before = self.plan.mistake_count;
        let get = |column| cells.get(&column).map(String::as_str).filter(|cell| !cell.is_empty());
        let post = self.person(line, get(Column::StaffNo));
        let certification = self.certification(line, get(Column::Certification));
        let from = self.from(line, get(Column::From));
        let given = self.through(line, get(Column::Through), from);
        let number = get(Column::Number).map(str::to_owned);
        let (code, plan, chinese) = certification?;
        if let (true, Some(number)) = (chinese, &number) {
            self.number(line, number);
        }
        let scan = get(Column::Scan).map(str::to_owned);
        self.scan(line, scan.as_deref());
        let (post, from) = (post?, from?);
        let by_rule = plan.validity.through(from);
        let through = given.unwrap_or(by_rule);
        let otherwise = given.is_some_and(|given| given != by_rule);
        if otherwise {
            self.differs(line, by_rule);
        }
        (self.plan.mistake_count == before).then(|| Line {
            line,
            person: post.person.id,
            staff_no: post.person.staff_no.clone(),
            name: post.person.name.clone(),
            name_en: post.person.name_en.clone(),
            site: Text::new(post.site.title(Lang::Zh), post.site.title(Lang::En)),
            code,
            number,
            issuer: get(Column::Issuer).unwrap_or_default().to_owned(),
            from,
            through,
            computed: given.is_none(),
            by_rule: otherwise.then_some(by_rule),
            note: get(Column::Note).map(str::to_owned),
            scan,
            known: None,
        })
    }

    fn missing(&mut self, line: u64, column: Column) {
        let text = text!("这一格不能为空，请填写。", "This cell must not be empty; fill it in.");
        self.plan.mistake(line, Some(column), text);
    }

    fn person(&mut self, line: u64, cell: Option<&str>) -> Option<Post> {
        let Some(number) = cell else {
            self.missing(line, Column::StaffNo);
            return None;
        };
        match self.posts.get(number) {
            Some(post) if post.person.id == self.asked.by => {
                let text = text!("不能为自己导入。", "Nobody takes over their own certificates.");
                self.plan.mistake(line, Some(Column::StaffNo), text);
                None
            }
            Some(post) => Some(post.clone()),
            None => {
                self.plan.mistake(
                    line,
                    Some(Column::StaffNo),
                    text!(
                        "没有工号为“{number}”的人员，或不在您的管理范围内。",
                        "There is nobody with staff number {number} within your reach."
                    ),
                );
                None
            }
        }
    }

    fn certification(
        &mut self,
        line: u64,
        cell: Option<&str>,
    ) -> Option<(String, Certification, bool)> {
        let Some(word) = cell else {
            self.missing(line, Column::Certification);
            return None;
        };
        match self.codes.find(word) {
            Ok((code, plan, chinese)) => Some((code.clone(), (*plan).clone(), *chinese)),
            Err(text) => {
                self.plan.mistake(line, Some(Column::Certification), text);
                None
            }
        }
    }

    fn day(&mut self, line: u64, column: Column, cell: &str) -> Option<NaiveDate> {
        let day = import::date(cell);
        if day.is_none() {
            self.plan.mistake(
                line,
                Some(column),
                text!(
                    "“{cell}”不是有效日期，请写成 2026-01-31。",
                    "“{cell}” is no date; write it as 2026-01-31."
                ),
            );
        }
        day
    }

    fn from(&mut self, line: u64, cell: Option<&str>) -> Option<NaiveDate> {
        let Some(cell) = cell else {
            self.missing(line, Column::From);
            return None;
        };
        let day = self.day(line, Column::From, cell)?;
        if day > self.asked.today {
            self.plan.mistake(
                line,
                Some(Column::From),
                text!(
                    "生效日期在将来。旧证书应已生效，请检查年份。",
                    "It begins in the future, but an old certificate has begun: check the year."
                ),
            );
        }
        Some(day)
    }

    /// The last day as given: nothing when the cell is empty, no end when it says so.
    fn through(
        &mut self,
        line: u64,
        cell: Option<&str>,
        from: Option<NaiveDate>,
    ) -> Option<Option<NaiveDate>> {
        let cell = cell?;
        if matches!(
            cell.to_lowercase().as_str(),
            "长期" | "永久" | "长期有效" | "permanent" | "none"
        ) {
            return Some(None);
        }
        let day = self.day(line, Column::Through, cell)?;
        if from.is_some_and(|from| day < from) {
            self.plan.mistake(
                line,
                Some(Column::Through),
                text!(
                    "有效期至早于生效日期，请改正。",
                    "It ends before it begins; correct one of the two days."
                ),
            );
        }
        Some(Some(day).filter(|day| !import::is_open(*day)))
    }

    fn number(&mut self, line: u64, number: &str) {
        if let Some(Err(Text { zh, en })) = number::recognise(number) {
            self.plan.mistake(
                line,
                Some(Column::Number),
                text!("编号“{number}”有误：{zh}。", "The number “{number}” is wrong: {en}."),
            );
        }
    }

    fn scan(&mut self, line: u64, name: Option<&str>) {
        let Some(name) = name else { return };
        match self.asked.scans.iter().find(|scan| scan.is_called(name)) {
            None => self.plan.mistake(line, Some(Column::Scan), text!(
                "没有上传名为“{name}”的扫描件。请与表格一起上传，或清空这一格。",
                "No scan called “{name}” was uploaded. Upload it with the table, or clear the cell."
            )),
            Some(scan) => {
                if let Some(refused) = &scan.refused {
                    self.plan.mistake(line, Some(Column::Scan), refused.clone());
                }
            }
        }
    }

    fn differs(&mut self, line: u64, by_rule: Option<NaiveDate>) {
        let (zh, en) = match by_rule {
            Some(day) => (i18n::date(Lang::Zh, day), i18n::date(Lang::En, day)),
            None => ("长期".to_owned(), "no end".to_owned()),
        };
        self.plan.note(
            line,
            Some(Column::Through),
            text!(
                "与规则算出的末日（{zh}）不同；将按文件所写导入。",
                "The rule would say {en}; what the file says is taken over."
            ),
        );
    }
}

/// A certificate that was issued here or taken over before.
struct Ours {
    certificate: Certificate,
    days: Days,
}

impl Ours {
    fn is_numbered(&self, number: &str) -> bool {
        let one = &self.certificate;
        one.number == number || one.foreign_number.as_deref() == Some(number)
    }
}

/// The days of a certificate as acts leave them. A suspended one may come back, so it keeps its own.
fn days(one: &Certificate, acts: &[Act], today: NaiveDate) -> Days {
    let through = spans::through_on(one.valid_through, acts, today).unwrap_or(FOREVER);
    let ends = [ActKind::Revoked, ActKind::Replaced, ActKind::Superseded];
    let ended = acts.iter().find(|act| ends.contains(&act.kind)).map(|act| day_before(act.on));
    (one.valid_from, ended.map_or(through, |ended| ended.min(through)))
}

/// What is known about the people of a file.
struct Known {
    certificates: HashMap<(PersonId, String), Vec<Ours>>,
    facts: HashMap<PersonId, Vec<Fact>>,
}

impl Known {
    fn of(conn: &mut Conn, lines: &[Line], today: NaiveDate) -> Result<Known, Error> {
        let mut people: Vec<PersonId> = lines.iter().map(|line| line.person).collect();
        people.sort_unstable();
        people.dedup();
        let acts = queries::acts_among(conn, &people)?;
        let mut certificates: HashMap<(PersonId, String), Vec<Ours>> = HashMap::new();
        for one in queries::certificates_among(conn, &people, None)? {
            let acts = acts.get(&one.id).map_or(&[][..], Vec::as_slice);
            let never = acts::state(&one, acts, today) == State::Revoked
                && acts.iter().any(|act| act.on <= one.valid_from);
            if !never {
                certificates
                    .entry((one.person_id, one.certification.clone()))
                    .or_default()
                    .push(Ours { days: days(&one, acts, today), certificate: one });
            }
        }
        let facts = ledger::facts_of_kind(conn, &people, Kind::Certificate)?;
        Ok(Known { certificates, facts })
    }

    fn knows(&self, line: &Line) -> Option<Text> {
        let key = (line.person, line.code.clone());
        let ours = self.certificates.get(&key).map_or(&[][..], Vec::as_slice);
        if let Some(one) = ours.iter().find(|one| one.certificate.valid_from == line.from) {
            let number = &one.certificate.number;
            return Some(text!("已有：{number}", "known as {number}"));
        }
        let same = |one: &&Ours| {
            line.number.as_ref().is_some_and(|number| one.is_numbered(number))
                && overlap(one.days, line.days())
        };
        if let Some(one) = ours.iter().find(same) {
            let number = &one.certificate.number;
            return Some(text!(
                "已有：{number}（编号相同，有效期重叠）",
                "known as {number} (the same number on overlapping days)"
            ));
        }
        let facts = self.facts.get(&line.person).map_or(&[][..], Vec::as_slice);
        let in_history = |fact: &Fact| fact.code == line.code && fact.from == line.from;
        facts.iter().any(in_history).then(|| text!("履历中已有", "in the history already"))
    }
}
