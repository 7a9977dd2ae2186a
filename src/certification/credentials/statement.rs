//! The compact signed statement behind a QR code.
//!
//! In base64url: one byte of format (1), eight bytes of key id, the fields, and 64 bytes of Ed25519
//! signature over [`PREFIX`], format, key id and fields. The fields, in this order: status index,
//! first valid day, issue day, last valid day (each a variable-length number of seven bits a byte,
//! lowest first; days count from 2000-01-01, the last one from the first valid day plus one, and 0
//! is "no end"), then number, check code, name, and the title in Chinese and English, each as one
//! byte of length and UTF-8.
//!
//! `src/web/assets/verify.js` reads the same format.

use chrono::{Days, NaiveDate};

use crate::{
    certification::model::Certificate,
    signing::{Error, Key, Signer, encoding},
};

/// What is signed begins with this, so that the signature fits nothing else the key signs.
pub const PREFIX: &[u8] = b"shifu certificate 1\n";

/// Characters a statement has at most, unless its number alone has more than 124.
pub const LONGEST: usize = 360;

const FORMAT: u8 = 1;
const SIGNATURE: usize = 64;
const KID: usize = 8;
/// Bytes of a number that cost the other fields nothing, of the name and of each title at most, and
/// of these where a longer number takes their room.
const NUMBER: usize = 32;
const NAME: usize = 48;
const TITLE: usize = 40;
const LEAST: usize = 12;

/// What a QR code says of a certificate: what the paper around it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Its place in the status lists.
    pub index: u64,
    pub from: NaiveDate,
    pub through: Option<NaiveDate>,
    pub issued_on: NaiveDate,
    pub number: String,
    /// With number and code anybody may ask for the state now.
    pub check_code: String,
    pub name: String,
    pub title: String,
    pub title_en: String,
}

/// Why a statement proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("this is no statement")]
    Malformed,
    #[error("the key is not one of ours")]
    UnknownKey,
    #[error("the key was revoked")]
    RevokedKey,
    #[error("it was altered, or signed by somebody else")]
    Altered,
}

impl Statement {
    /// What the paper of a certificate says, as it was issued.
    pub fn of(certificate: &Certificate) -> Statement {
        let printed = certificate.printed();
        let names = printed.names();
        let name =
            if names.zh == names.en { names.zh } else { format!("{} {}", names.zh, names.en) };
        let [name_room, title_room, title_en_room] = rooms(&certificate.number);
        Statement {
            index: u64::try_from(certificate.id.0).unwrap_or_default(),
            from: certificate.valid_from,
            through: certificate.valid_through,
            issued_on: certificate.issued_on,
            // A cut one finds nothing.
            number: certificate.number.clone(),
            check_code: shortened(&certificate.check_code, 16),
            name: shortened(&name, name_room),
            title: shortened(&printed.title.zh, title_room),
            title_en: shortened(&printed.title.en, title_en_room),
        }
    }

    /// Signed, as it stands behind the `#`.
    pub fn sign(&self, signer: &Signer) -> Result<String, Error> {
        let mut body = vec![FORMAT];
        let kid = (0..KID).map(|at| u8::from_str_radix(&signer.kid()[at * 2..at * 2 + 2], 16));
        body.extend(kid.map(Result::unwrap_or_default));
        self.write(&mut body);
        let signature = signer.sign(&[PREFIX, &body].concat())?;
        body.extend(signature);
        Ok(encoding::base64url(&body))
    }

    /// The statement and the id of the key that signed it. The page verifies by its own script; this
    /// is for programs, and for the tests that hold the two together.
    pub fn verify(
        text: &str,
        key_of: impl FnOnce(&str) -> Option<Key>,
    ) -> Result<(Statement, String), Refusal> {
        let bytes = encoding::from_base64url(text).ok_or(Refusal::Malformed)?;
        let split = bytes.len().checked_sub(SIGNATURE).ok_or(Refusal::Malformed)?;
        let (body, signature) = bytes.split_at(split);
        let Some((&FORMAT, rest)) = body.split_first() else { return Err(Refusal::Malformed) };
        let (kid, fields) = rest.split_at_checked(KID).ok_or(Refusal::Malformed)?;
        let kid = encoding::hex(kid);
        let key = key_of(&kid).ok_or(Refusal::UnknownKey)?;
        if !key.is_believed() {
            return Err(Refusal::RevokedKey);
        }
        if !key.verifies(&[PREFIX, body].concat(), signature) {
            return Err(Refusal::Altered);
        }
        let statement = Statement::read(fields).ok_or(Refusal::Malformed)?;
        Ok((statement, kid))
    }

    fn write(&self, out: &mut Vec<u8>) {
        write_number(out, self.index);
        write_number(out, days_since(epoch(), self.from));
        write_number(out, days_since(epoch(), self.issued_on));
        write_number(out, self.through.map_or(0, |through| days_since(self.from, through) + 1));
        for text in [&self.number, &self.check_code, &self.name, &self.title, &self.title_en] {
            // Each was shortened to less than a byte can count, or is a number, which is.
            out.push(text.len().min(255) as u8);
            out.extend(text.bytes().take(255));
        }
    }

    fn read(mut fields: &[u8]) -> Option<Statement> {
        let fields = &mut fields;
        let index = read_number(fields)?;
        let from = day(epoch(), read_number(fields)?)?;
        let issued_on = day(epoch(), read_number(fields)?)?;
        let through = match read_number(fields)? {
            0 => None,
            days => Some(day(from, days - 1)?),
        };
        let mut text = || {
            let (length, rest) = fields.split_first()?;
            let (text, rest) = rest.split_at_checked(usize::from(*length))?;
            *fields = rest;
            String::from_utf8(text.to_vec()).ok()
        };
        let (number, check_code, name) = (text()?, text()?, text()?);
        let (title, title_en) = (text()?, text()?);
        fields.is_empty().then_some(Statement {
            index,
            from,
            through,
            issued_on,
            number,
            check_code,
            name,
            title,
            title_en,
        })
    }
}

fn epoch() -> NaiveDate {
    NaiveDate::from_ymd_opt(2000, 1, 1).unwrap_or_default()
}

/// Days before the first day count as the first: no certificate of ours is older than the century.
fn days_since(first: NaiveDate, day: NaiveDate) -> u64 {
    u64::try_from((day - first).num_days()).unwrap_or_default()
}

fn day(first: NaiveDate, days: u64) -> Option<NaiveDate> {
    first.checked_add_days(Days::new(days))
}

fn write_number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn read_number(fields: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    // Five bytes hold 35 bits, more than any of the numbers needs.
    for at in 0..5 {
        let (byte, rest) = fields.split_first()?;
        *fields = rest;
        number |= u64::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

/// How many bytes there are for the name and the two titles beside a number. A number that is longer
/// than most takes what it needs from the titles first, then from the name; each keeps a beginning.
fn rooms(number: &str) -> [usize; 3] {
    let mut lacking = number.len().saturating_sub(NUMBER);
    let mut room = |most: usize| {
        let given = lacking.min(most - LEAST);
        lacking -= given;
        most - given
    };
    let (title_en, title, name) = (room(TITLE), room(TITLE), room(NAME));
    [name, title, title_en]
}

/// The beginning of a text, marked where something is left out.
fn shortened(text: &str, bytes: usize) -> String {
    if text.len() <= bytes {
        return text.to_owned();
    }
    let mark = '…';
    let fits = text.char_indices().map(|(at, letter)| at + letter.len_utf8());
    let end = fits.take_while(|end| end + mark.len_utf8() <= bytes).last().unwrap_or(0);
    format!("{}{mark}", &text[..end])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{db::Instant, signing::Algorithm};

    fn signer(seed: u8) -> Signer {
        let at = Instant::from(chrono::DateTime::UNIX_EPOCH);
        Signer::of_private(Algorithm::Ed25519, &[seed; 32], at).unwrap()
    }

    fn statement() -> Statement {
        Statement {
            index: 131_073,
            from: "2026-11-23".parse().unwrap(),
            through: Some("2028-11-22".parse().unwrap()),
            issued_on: "2026-11-23".parse().unwrap(),
            number: "SF-2026-000001".to_owned(),
            check_code: "34679ACDEF".to_owned(),
            name: "林涛 Lin Tao".to_owned(),
            title: "制动系统专修".to_owned(),
            title_en: "Brake specialist".to_owned(),
        }
    }

    #[test]
    fn a_statement_of_known_bytes() {
        let text = statement().sign(&signer(1)).unwrap();
        assert_eq!(text, VECTOR);
        let known = |kid: &str| (kid == signer(1).kid()).then(|| signer(1).key().clone());
        let (read, kid) = Statement::verify(&text, known).unwrap();
        assert_eq!((read, kid.as_str()), (statement(), signer(1).kid()));
    }

    /// Computed by another program from the description at the head of this file.
    const VECTOR: &str = "AVAw0XjmZdYqgYAI30zfTNsFDlNGLTIwMjYtMDAwMDAxCjM0Njc5QUNERUYO5p6X5rabIExpbiBUYW8S5Yi25Yqo57O757uf5LiT5L-uEEJyYWtlIHNwZWNpYWxpc3Qz5JP23FkLtPQbgbOdiMJvMlMK-rwAE6b0-Jg98NEC4DE-ePJxIZZ2wc-bvvZpscFGCeYEdnVY3L6K4IfjRHwO";

    #[test]
    fn no_other_key_proves_it() {
        let text = statement().sign(&signer(1)).unwrap();
        assert_eq!(Statement::verify(&text, |_| None), Err(Refusal::UnknownKey));
        let other = |_: &str| Some(signer(2).key().clone());
        assert_eq!(Statement::verify(&text, other), Err(Refusal::Altered));
        let now = Instant::from(chrono::DateTime::UNIX_EPOCH);
        let revoked = Key { revoked_at: Some(now), ..signer(1).key().clone() };
        assert_eq!(Statement::verify(&text, |_| Some(revoked)), Err(Refusal::RevokedKey));
    }

    #[test]
    fn the_longest_fits_a_code_that_prints_well() {
        let long = "龘".repeat(200);
        let worst = Statement {
            index: u64::from(u32::MAX),
            through: Some("2199-12-31".parse().unwrap()),
            number: shortened(&long, 32),
            check_code: shortened(&long, 16),
            name: shortened(&long, 48),
            title: shortened(&long, 40),
            title_en: shortened(&long, 40),
            ..statement()
        };
        let text = worst.sign(&signer(1)).unwrap();
        assert!(text.len() <= LONGEST, "{}", text.len());
        let url = format!("https://training.evergreen-motors.example/verify#{text}");
        let code = qrcode::QrCode::with_error_correction_level(url, qrcode::EcLevel::M).unwrap();
        assert!(code.width() <= 77, "{}", code.width());
    }

    #[test]
    fn a_long_number_stays_whole_and_the_rest_gives_way() {
        assert_eq!(rooms("SF-2026-000001"), [48, 40, 40]);
        assert_eq!(rooms(&"X".repeat(32)), [48, 40, 40]);
        assert_eq!(rooms(&"X".repeat(40)), [48, 40, 32]);
        assert_eq!(rooms(&"X".repeat(80)), [48, 20, 12]);
        let long = "龘".repeat(200);
        for length in [33, 60, 100, 124] {
            let number = "X".repeat(length);
            let [name, title, title_en] = rooms(&number);
            let said = Statement {
                index: u64::from(u32::MAX),
                through: Some("2199-12-31".parse().unwrap()),
                number: number.clone(),
                check_code: shortened(&long, 16),
                name: shortened(&long, name),
                title: shortened(&long, title),
                title_en: shortened(&long, title_en),
                ..statement()
            };
            let text = said.sign(&signer(1)).unwrap();
            assert!(text.len() <= LONGEST, "{length}: {}", text.len());
            let known = |_: &str| Some(signer(1).key().clone());
            assert_eq!(Statement::verify(&text, known).unwrap().0.number, number);
        }
    }

    #[test]
    fn what_is_cut_is_marked() {
        assert_eq!(shortened("abc", 3), "abc");
        assert_eq!(shortened("龘龘龘", 8), "龘…");
        assert_eq!(shortened("abcdefgh", 6), "abc…");
    }

    proptest! {
        #[test]
        fn every_altered_bit_is_found(bit in 0_usize..8 * 150) {
            let text = statement().sign(&signer(1)).unwrap();
            let mut bytes = encoding::from_base64url(&text).unwrap();
            let at = bit / 8 % bytes.len();
            bytes[at] ^= 1 << (bit % 8);
            let known = |kid: &str| (kid == signer(1).kid()).then(|| signer(1).key().clone());
            prop_assert!(Statement::verify(&encoding::base64url(&bytes), known).is_err());
        }

        #[test]
        fn garbage_is_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let known = |_: &str| Some(signer(1).key().clone());
            prop_assert!(Statement::verify(&encoding::base64url(&bytes), known).is_err());
        }

        #[test]
        fn what_is_written_is_read(
            index in 0_u64..1 << 34, from in 0_u64..80_000, lasts in proptest::option::of(0_u64..40_000),
            number in "[A-Z0-9-]{1,32}", name in "\\PC{0,16}",
        ) {
            let from = day(epoch(), from).unwrap();
            let through = lasts.map(|days| day(from, days).unwrap());
            let name = shortened(&name, 48);
            let said = Statement { index, from, through, number, name, ..statement() };
            let text = said.sign(&signer(1)).unwrap();
            let known = |_: &str| Some(signer(1).key().clone());
            prop_assert_eq!(Statement::verify(&text, known).unwrap().0, said);
        }
    }
}
