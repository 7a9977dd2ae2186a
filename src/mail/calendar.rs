//! Appointments as calendars read them (RFC 5545, RFC 5546).
//!
//! An appointment keeps its UID for life; every change and the cancellation carry a higher
//! SEQUENCE. So a calendar moves or removes the entry it has instead of adding another.

use chrono::{DateTime, Utc};

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
        let (method, status) = match self.method {
            Method::Request => (self.method.word(), "CONFIRMED"),
            Method::Cancel => (self.method.word(), "CANCELLED"),
        };
        let lines = [
            "BEGIN:VCALENDAR".to_owned(),
            "VERSION:2.0".to_owned(),
            "PRODID:-//shifu//training and certification//EN".to_owned(),
            "CALSCALE:GREGORIAN".to_owned(),
            format!("METHOD:{method}"),
            "BEGIN:VEVENT".to_owned(),
            format!("UID:{}", escape(&self.uid)),
            format!("SEQUENCE:{}", self.sequence),
            format!("DTSTAMP:{}", moment(self.stamp)),
            format!("DTSTART:{}", moment(self.begins)),
            format!("DTEND:{}", moment(self.ends)),
            format!("STATUS:{status}"),
            format!("SUMMARY:{}", escape(&self.summary)),
            format!("LOCATION:{}", escape(&self.place)),
            format!("DESCRIPTION:{}", escape(&self.description)),
            format!("URL:{}", tidy(&self.url)),
            format!("ORGANIZER:mailto:{}", tidy(&self.organizer)),
            format!(
                "ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED;RSVP=FALSE:mailto:{}",
                tidy(&self.attendee)
            ),
            "TRANSP:OPAQUE".to_owned(),
            "END:VEVENT".to_owned(),
            "END:VCALENDAR".to_owned(),
        ];
        lines.iter().map(|line| fold(line)).collect()
    }
}

fn moment(at: Instant) -> String {
    DateTime::<Utc>::from(at).format("%Y%m%dT%H%M%SZ").to_string()
}

fn escape(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace(';', "\\;").replace(',', "\\,");
    text.replace("\r\n", "\\n").replace(['\r', '\n'], "\\n")
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
    use super::*;

    fn appointment(method: Method, sequence: i64) -> Appointment {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap().into();
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
}
