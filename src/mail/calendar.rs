//! What calendars read (RFC 5545, RFC 5546): appointments and due days in mails, and whole feeds.
//!
//! Everything keeps its UID for life; every change and the cancellation carry a higher SEQUENCE.
//! So a calendar moves or removes the entry it has instead of adding another.

use chrono::{DateTime, Days, NaiveDate, Utc};

use crate::db::Instant;

/// What a calendar is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Request,
    Cancel,
}

impl Method {
    fn word(self) -> &'static str {
        match self {
            Method::Request => "REQUEST",
            Method::Cancel => "CANCEL",
        }
    }

    fn status(self) -> &'static str {
        match self {
            Method::Request => "CONFIRMED",
            Method::Cancel => "CANCELLED",
        }
    }
}

/// An appointment of one person.
#[derive(Clone, Debug)]
pub struct Appointment {
    pub uid: String,
    pub sequence: i64,
    pub method: Method,
    /// When this was written.
    pub stamp: Instant,
    pub begins: Instant,
    pub ends: Instant,
    pub summary: String,
    pub place: String,
    pub description: String,
    pub url: String,
    /// Mail addresses.
    pub organizer: String,
    pub attendee: String,
}

impl Appointment {
    /// The iCalendar object: lines of at most 75 octets that end in CR LF.
    pub fn to_ics(&self) -> String {
        let mut sheet = Sheet::begin(Some(self.method));
        sheet.raw("BEGIN:VEVENT");
        sheet.identity(&self.uid, Some(self.sequence), self.stamp);
        sheet.when(When::Span(self.begins, self.ends));
        sheet.raw(&format!("STATUS:{}", self.method.status()));
        sheet.words(&self.summary, &self.place, &self.description, &self.url);
        sheet.people(&self.organizer, &self.attendee);
        sheet.raw("TRANSP:OPAQUE");
        sheet.raw("END:VEVENT");
        sheet.end()
    }
}

/// A due day of one person: a whole day that keeps nobody busy, with an alarm a week before.
#[derive(Clone, Debug)]
pub struct DayEntry {
    pub uid: String,
    pub sequence: i64,
    pub method: Method,
    pub stamp: Instant,
    pub on: NaiveDate,
    pub summary: String,
    pub description: String,
    pub url: String,
    pub organizer: String,
    pub attendee: String,
}

impl DayEntry {
    pub fn to_ics(&self) -> String {
        let mut sheet = Sheet::begin(Some(self.method));
        sheet.raw("BEGIN:VEVENT");
        sheet.identity(&self.uid, Some(self.sequence), self.stamp);
        sheet.when(When::Day(self.on));
        sheet.raw(&format!("STATUS:{}", self.method.status()));
        sheet.words(&self.summary, "", &self.description, &self.url);
        sheet.people(&self.organizer, &self.attendee);
        sheet.raw("TRANSP:TRANSPARENT");
        if self.method == Method::Request {
            sheet.alarm(&self.summary);
        }
        sheet.raw("END:VEVENT");
        sheet.end()
    }
}

/// When something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// A whole day, wherever one is.
    Day(NaiveDate),
    Span(Instant, Instant),
}

/// One entry of a feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub uid: String,
    pub when: When,
    pub summary: String,
    pub place: String,
    pub description: String,
    pub url: String,
}

/// A whole calendar that programs fetch again and again. `stamp` is the same at every fetch, so the
/// text changes only when an entry does.
pub fn feed(name: &str, stamp: Instant, events: &[Event]) -> String {
    let mut sheet = Sheet::begin(None);
    sheet.text("NAME", name);
    sheet.text("X-WR-CALNAME", name);
    sheet.raw("REFRESH-INTERVAL;VALUE=DURATION:PT6H");
    sheet.raw("X-PUBLISHED-TTL:PT6H");
    for event in events {
        sheet.raw("BEGIN:VEVENT");
        sheet.identity(&event.uid, None, stamp);
        sheet.when(event.when);
        sheet.words(&event.summary, &event.place, &event.description, &event.url);
        match event.when {
            When::Day(_) => sheet.raw("TRANSP:TRANSPARENT"),
            When::Span(..) => sheet.raw("TRANSP:OPAQUE"),
        }
        sheet.raw("END:VEVENT");
    }
    sheet.end()
}

/// An iCalendar object in the making.
struct Sheet(String);

impl Sheet {
    fn begin(method: Option<Method>) -> Sheet {
        let mut sheet = Sheet(String::with_capacity(1024));
        sheet.raw("BEGIN:VCALENDAR");
        sheet.raw("VERSION:2.0");
        sheet.raw("PRODID:-//shifu//training and certification//EN");
        sheet.raw("CALSCALE:GREGORIAN");
        if let Some(method) = method {
            sheet.raw(&format!("METHOD:{}", method.word()));
        }
        sheet
    }

    fn end(mut self) -> String {
        self.raw("END:VCALENDAR");
        self.0
    }

    fn raw(&mut self, line: &str) {
        self.0.push_str(&fold(line));
    }

    /// A property whose value is text.
    fn text(&mut self, name: &str, value: &str) {
        self.raw(&format!("{name}:{}", escape(value)));
    }

    fn identity(&mut self, uid: &str, sequence: Option<i64>, stamp: Instant) {
        self.text("UID", uid);
        if let Some(sequence) = sequence {
            self.raw(&format!("SEQUENCE:{sequence}"));
        }
        self.raw(&format!("DTSTAMP:{}", moment(stamp)));
    }

    fn when(&mut self, when: When) {
        match when {
            When::Span(begins, ends) => {
                self.raw(&format!("DTSTART:{}", moment(begins)));
                self.raw(&format!("DTEND:{}", moment(ends)));
            }
            When::Day(on) => {
                // The end of a whole day is the day after it.
                let next = on.checked_add_days(Days::new(1)).unwrap_or(on);
                self.raw(&format!("DTSTART;VALUE=DATE:{}", on.format("%Y%m%d")));
                self.raw(&format!("DTEND;VALUE=DATE:{}", next.format("%Y%m%d")));
            }
        }
    }

    /// What is empty is left out.
    fn words(&mut self, summary: &str, place: &str, description: &str, url: &str) {
        let texts = [("SUMMARY", summary), ("LOCATION", place), ("DESCRIPTION", description)];
        for (name, value) in texts.into_iter().filter(|(_, value)| !value.is_empty()) {
            self.text(name, value);
        }
        if !url.is_empty() {
            self.raw(&format!("URL:{}", tidy(url)));
        }
    }

    fn people(&mut self, organizer: &str, attendee: &str) {
        self.raw(&format!("ORGANIZER:mailto:{}", tidy(organizer)));
        self.raw(&format!(
            "ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED;RSVP=FALSE:mailto:{}",
            tidy(attendee)
        ));
    }

    /// At nine in the morning, seven days before the day begins.
    fn alarm(&mut self, summary: &str) {
        self.raw("BEGIN:VALARM");
        self.raw("ACTION:DISPLAY");
        self.raw("TRIGGER;RELATED=START:-P6DT15H");
        self.text("DESCRIPTION", summary);
        self.raw("END:VALARM");
    }
}

fn moment(at: Instant) -> String {
    DateTime::<Utc>::from(at).format("%Y%m%dT%H%M%SZ").to_string()
}

/// A text value: no control character but the end of a line is left, and that is written out.
fn escape(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut escaped = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\\' | ';' | ',' => escaped.extend(['\\', c]),
            '\n' => escaped.push_str("\\n"),
            c if c.is_control() && c != '\t' => {}
            c => escaped.push(c),
        }
    }
    escaped
}

/// Addresses are not escaped, but must not end their line either.
fn tidy(address: &str) -> String {
    address.chars().filter(|c| !c.is_control()).collect()
}

/// Breaks a line after 75 octets, never inside a character; what follows begins with a space.
fn fold(line: &str) -> String {
    let (mut folded, mut width) = (String::with_capacity(line.len() + 8), 0);
    for c in line.chars() {
        if width + c.len_utf8() > 75 {
            folded.push_str("\r\n ");
            width = 1;
        }
        folded.push(c);
        width += c.len_utf8();
    }
    folded.push_str("\r\n");
    folded
}

/// Which method a kept calendar has: the mail's header repeats it.
pub(super) fn method_of(ics: &str) -> &'static str {
    let cancels = ics.lines().any(|line| line == "METHOD:CANCEL");
    if cancels { Method::Cancel.word() } else { Method::Request.word() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Instant {
        text.parse::<DateTime<Utc>>().unwrap().into()
    }

    fn appointment(method: Method, sequence: i64) -> Appointment {
        Appointment {
            uid: "sitting-1@shifu.test".to_owned(),
            sequence,
            method,
            stamp: at("2026-11-23T02:00:00Z"),
            begins: at("2026-12-01T01:00:00Z"),
            ends: at("2026-12-01T02:30:00Z"),
            summary: "制动系统理论考试；第一批, 上午".to_owned(),
            place: "浦东店".repeat(20),
            description: "a\nb".to_owned(),
            url: "http://shifu.test/exams/sittings/x\r\nX:1".to_owned(),
            organizer: "training@example.com".to_owned(),
            attendee: "t0001@example.com".to_owned(),
        }
    }

    fn due_day(method: Method, summary: &str) -> DayEntry {
        DayEntry {
            uid: "due-1@shifu.test".to_owned(),
            sequence: 2,
            method,
            stamp: at("2026-11-23T02:00:00Z"),
            on: "2028-02-29".parse().unwrap(),
            summary: summary.to_owned(),
            description: String::new(),
            url: "https://shifu.test/certificates/SF-1".to_owned(),
            organizer: "training@example.com".to_owned(),
            attendee: "t0001@example.com".to_owned(),
        }
    }

    /// The names and values of the lines, unfolded.
    fn lines(ics: &str) -> Vec<(String, String)> {
        assert!(ics.ends_with("\r\n"));
        let whole = ics.replace("\r\n ", "");
        let line = |line: &str| {
            let (name, value) = line.split_once(':').expect("a property");
            (name.to_owned(), value.to_owned())
        };
        whole.trim_end().split("\r\n").map(line).collect()
    }

    fn value(ics: &str, name: &str) -> Option<String> {
        lines(ics).into_iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// What a reader makes of a text value.
    fn unescape(text: &str) -> String {
        let (mut plain, mut chars) = (String::new(), text.chars());
        while let Some(c) = chars.next() {
            match c {
                '\\' => match chars.next().expect("a character behind the backslash") {
                    'n' | 'N' => plain.push('\n'),
                    c => plain.push(c),
                },
                c => plain.push(c),
            }
        }
        plain
    }

    #[test]
    fn lines_are_short_end_in_cr_lf_and_read_back_whole() {
        let ics = appointment(Method::Request, 3).to_ics();
        assert!(ics.split("\r\n").all(|line| line.len() <= 75 && !line.contains('\n')));
        let whole = ics.replace("\r\n ", "");
        assert!(whole.contains("SUMMARY:制动系统理论考试；第一批\\, 上午\r\n"), "{whole}");
        assert!(whole.contains("DESCRIPTION:a\\nb\r\n") && whole.contains("SEQUENCE:3\r\n"));
        assert!(whole.contains("DTSTART:20261201T010000Z\r\n"));
        assert!(!whole.contains("\r\nX:1"), "an address adds no line of its own");
    }

    #[test]
    fn a_cancellation_says_so_twice() {
        let ics = appointment(Method::Cancel, 4).to_ics();
        assert!(ics.contains("METHOD:CANCEL\r\n") && ics.contains("STATUS:CANCELLED\r\n"));
        assert_eq!((method_of(&ics), method_of("")), ("CANCEL", "REQUEST"));
    }

    #[test]
    fn a_due_day_lasts_one_day_also_on_a_leap_day() {
        let ics = due_day(Method::Request, "证书到期").to_ics();
        assert_eq!(value(&ics, "DTSTART;VALUE=DATE").as_deref(), Some("20280229"));
        assert_eq!(value(&ics, "DTEND;VALUE=DATE").as_deref(), Some("20280301"));
        assert!(ics.contains("TRANSP:TRANSPARENT\r\n") && ics.contains("BEGIN:VALARM\r\n"));
        assert!(!due_day(Method::Cancel, "x").to_ics().contains("VALARM"), "nothing rings for it");
    }

    proptest! {
        #[test]
        fn any_words_read_back_and_add_no_line(words in "\\PC{0,300}|[\\\\;,\\r\\n\\t :\"x龘𠮷é]{0,300}") {
            let ics = due_day(Method::Request, &words).to_ics();
            for line in ics.split("\r\n") {
                prop_assert!(line.len() <= 75, "{} octets", line.len());
                prop_assert!(!line.contains(['\r', '\n']));
            }
            let plain = words.replace("\r\n", "\n").replace('\r', "\n");
            let plain: String = plain.chars().filter(|c| !c.is_control() || "\n\t".contains(*c)).collect();
            prop_assert_eq!(value(&ics, "SUMMARY").map(|text| unescape(&text)).unwrap_or_default(), plain);
            let without = due_day(Method::Request, "").to_ics();
            let lines_more = usize::from(!words.is_empty());
            prop_assert_eq!(lines(&ics).len(), lines(&without).len() + lines_more);
        }
    }
}
