//! Which certificates were taken back, or are suspended by a condition of holding them: found out
//! when somebody asks.
//!
//! A list has 131,072 places; the place of a certificate is its row, so nothing is allotted and
//! nothing is stored. For programs a list is a W3C Bitstring Status List; for the page that verifies
//! on a phone it is a signed token that names the few that matter, with the new last day of those
//! that were extended.
//!
//! A credential can name one list, and most readers look for revocation alone. So the list of that
//! purpose also has the suspended, as long as they are: nobody must take a suspended certificate
//! for a good one because their program asks one question only. The list of suspensions tells which
//! of them may come back.

use std::{collections::BTreeMap, io::Write};

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::Issuer;
use crate::{
    certification::model::{CertificateId, State},
    db::Instant,
    signing::encoding,
};

/// Places of a list: the least that the standard allows, so that a place tells little.
pub const PLACES: i64 = 131_072;

/// How long a reader may go on with a list without asking again, and for how long it is believed at
/// all: a phone without network has it for a day.
pub const FRESH_SECONDS: i64 = 300;
pub const BELIEVED_SECONDS: i64 = 24 * 3600;

crate::words! {
    /// What a list tells of.
    Purpose {
        Revocation = "revocation",
        Suspension = "suspension",
    }
}

/// What happened to a certificate since it was issued, as far as a list tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    pub certificate: CertificateId,
    /// As acts and conditions leave it; nothing where they take nothing back.
    pub state: Option<State>,
    /// The new last valid day.
    pub extended: Option<NaiveDate>,
}

impl Change {
    fn is_told_by(&self, purpose: Purpose) -> bool {
        match self.state {
            Some(State::Revoked | State::Superseded) => purpose == Purpose::Revocation,
            Some(State::Suspended) => true,
            _ => false,
        }
    }
}

/// The day a list is about.
pub fn day_of(now: Instant) -> NaiveDate {
    now.utc().with_timezone(&chrono_tz::Asia::Shanghai).date_naive()
}

/// The changes with those that a condition suspends; an act that goes further stands.
pub fn with_lapses(changes: Vec<Change>, lapsed: &[CertificateId]) -> Vec<Change> {
    let mut all: BTreeMap<CertificateId, Change> =
        changes.into_iter().map(|change| (change.certificate, change)).collect();
    for certificate in lapsed.iter().copied() {
        let change =
            all.entry(certificate).or_insert(Change { certificate, state: None, extended: None });
        if !matches!(change.state, Some(State::Revoked | State::Superseded)) {
            change.state = Some(State::Suspended);
        }
    }
    all.into_values().collect()
}

/// The list that has a certificate, and its place there.
pub fn place_of(certificate: CertificateId) -> (i64, i64) {
    (certificate.0 / PLACES, certificate.0 % PLACES)
}

/// What a credential says about where its status is told.
pub fn entry(issuer: &Issuer, certificate: CertificateId) -> Value {
    let (list, place) = place_of(certificate);
    let url = issuer.status_list(Purpose::Revocation.word(), list);
    json!({
        "id": format!("{url}#{place}"),
        "type": "BitstringStatusListEntry",
        "statusPurpose": Purpose::Revocation.word(),
        "statusListIndex": place.to_string(),
        "statusListCredential": url,
    })
}

/// The list as a multibase of packed bits, the first place the highest bit of the first byte.
pub fn encoded(changes: &[Change], purpose: Purpose) -> std::io::Result<String> {
    let mut bits = vec![0_u8; (PLACES / 8) as usize];
    for change in changes.iter().filter(|change| change.is_told_by(purpose)) {
        let place = place_of(change.certificate).1 as usize;
        bits[place / 8] |= 0x80 >> (place % 8);
    }
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packer.write_all(&bits)?;
    Ok(format!("u{}", encoding::base64url(&packer.finish()?)))
}

/// The list for the page that verifies: places by what happened, as of a moment.
pub fn told(changes: &[Change], list: i64, now: Instant) -> Value {
    let places = |state: State| -> Vec<i64> {
        let found = changes.iter().filter(|change| change.state == Some(state));
        found.map(|change| place_of(change.certificate).1).collect()
    };
    let extended: serde_json::Map<String, Value> = changes
        .iter()
        .filter_map(|change| {
            Some((place_of(change.certificate).1.to_string(), json!(change.extended?)))
        })
        .collect();
    json!({
        "list": list,
        "iat": now.utc().timestamp(),
        "exp": now.utc().timestamp() + BELIEVED_SECONDS,
        "revoked": places(State::Revoked),
        "superseded": places(State::Superseded),
        "suspended": places(State::Suspended),
        "extended": extended,
    })
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    fn change(id: i64, state: State) -> Change {
        Change { certificate: CertificateId(id), state: Some(state), extended: None }
    }

    fn set_places(encoded: &str) -> Vec<usize> {
        let packed = encoding::from_base64url(encoded.strip_prefix('u').unwrap()).unwrap();
        let mut bits = Vec::new();
        flate2::read::GzDecoder::new(&packed[..]).read_to_end(&mut bits).unwrap();
        assert_eq!(bits.len() * 8, 131_072);
        let is_set = |place: &usize| bits[place / 8] & (0x80 >> (place % 8)) != 0;
        (0..bits.len() * 8).filter(is_set).collect()
    }

    #[test]
    fn each_purpose_tells_its_own() {
        let changes = [
            change(PLACES + 1, State::Revoked),
            change(PLACES + 9, State::Suspended),
            change(PLACES + 131_071, State::Superseded),
            change(PLACES + 12, State::Valid),
        ];
        let revocation = encoded(&changes, Purpose::Revocation).unwrap();
        assert_eq!(set_places(&revocation), [1, 9, 131_071]);
        let suspension = encoded(&changes, Purpose::Suspension).unwrap();
        assert_eq!(set_places(&suspension), [9]);
        assert!(revocation.len() < 300, "an almost empty list is small");
    }

    #[test]
    fn a_condition_suspends_and_an_act_that_goes_further_stands() {
        let extended = Some("2030-01-31".parse().unwrap());
        let acts = vec![
            change(3, State::Revoked),
            Change { certificate: CertificateId(5), state: None, extended },
        ];
        let all = with_lapses(acts, &[CertificateId(1), CertificateId(3), CertificateId(5)]);
        let suspended = Some(State::Suspended);
        assert_eq!(
            all,
            [
                change(1, State::Suspended),
                change(3, State::Revoked),
                Change { certificate: CertificateId(5), state: suspended, extended },
            ]
        );
    }

    #[test]
    fn a_certificate_has_one_place() {
        assert_eq!(place_of(CertificateId(7)), (0, 7));
        assert_eq!(place_of(CertificateId(131_072)), (1, 0));
    }
}
