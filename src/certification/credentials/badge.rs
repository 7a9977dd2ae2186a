//! A certificate as an Open Badges 3.0 credential: what it says, and what its words mean.

use chrono::{NaiveDate, TimeZone};
use chrono_tz::Tz;
use serde_json::{Value, json};

use super::{
    issuer::{Issuer, both},
    status,
};
use crate::{
    certification::model::Certificate,
    db::Instant,
    i18n::Text,
    record::period::next_day,
    signing::{
        encoding,
        jsonld::{
            Meaning::{Name, Plain, Thing, Typed},
            Vocabulary,
        },
        proof::moment,
    },
};

const CREDENTIALS: &str = "https://www.w3.org/ns/credentials/v2";
const OPEN_BADGES: &str = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json";

/// What the words of a badge mean, as the two contexts say.
pub const BADGE: Vocabulary = Vocabulary { contexts: &[CREDENTIALS, OPEN_BADGES], words: WORDS };

/// The same of a status list, which needs only the first.
pub const STATUS_LIST: Vocabulary = Vocabulary { contexts: &[CREDENTIALS], words: WORDS };

macro_rules! vc {
    ($word:literal) => {
        concat!("https://www.w3.org/2018/credentials#", $word)
    };
}
macro_rules! ob {
    ($word:literal) => {
        concat!("https://purl.imsglobal.org/spec/vc/ob/vocab.html#", $word)
    };
}
macro_rules! st {
    ($word:literal) => {
        concat!("https://www.w3.org/ns/credentials/status#", $word)
    };
}

const DATE_TIME: &str = "http://www.w3.org/2001/XMLSchema#dateTime";

const WORDS: &[(&str, crate::signing::jsonld::Meaning)] = &[
    ("VerifiableCredential", Name(vc!("VerifiableCredential"))),
    ("OpenBadgeCredential", Name(ob!("OpenBadgeCredential"))),
    ("Profile", Name(ob!("Profile"))),
    ("AchievementSubject", Name(ob!("AchievementSubject"))),
    ("Achievement", Name(ob!("Achievement"))),
    ("IdentityObject", Name(ob!("IdentityObject"))),
    ("BitstringStatusListEntry", Name(st!("BitstringStatusListEntry"))),
    ("BitstringStatusListCredential", Name(st!("BitstringStatusListCredential"))),
    ("BitstringStatusList", Name(st!("BitstringStatusList"))),
    ("name", Plain("https://schema.org/name")),
    ("description", Plain("https://schema.org/description")),
    ("url", Typed("https://schema.org/url", "https://www.w3.org/2001/XMLSchema#anyURI")),
    ("issuer", Thing(vc!("issuer"))),
    ("validFrom", Typed(vc!("validFrom"), DATE_TIME)),
    ("validUntil", Typed(vc!("validUntil"), DATE_TIME)),
    ("credentialSubject", Thing(vc!("credentialSubject"))),
    ("credentialStatus", Thing(vc!("credentialStatus"))),
    ("identifier", Plain(ob!("identifier"))),
    ("identityHash", Plain(ob!("identityHash"))),
    ("identityType", Plain(ob!("identityType"))),
    ("salt", Plain(ob!("salt"))),
    ("hashed", Typed(ob!("hashed"), "https://www.w3.org/2001/XMLSchema#boolean")),
    ("licenseNumber", Plain(ob!("licenseNumber"))),
    ("achievement", Plain(ob!("achievement"))),
    ("achievementType", Plain(ob!("achievementType"))),
    ("humanCode", Plain(ob!("humanCode"))),
    ("criteria", Thing(ob!("Criteria"))),
    ("narrative", Plain(ob!("narrative"))),
    ("statusPurpose", Plain(st!("statusPurpose"))),
    ("statusListIndex", Plain(st!("statusListIndex"))),
    ("statusListCredential", Thing(st!("statusListCredential"))),
    ("encodedList", Typed(st!("encodedList"), "https://w3id.org/security#multibase")),
    ("ttl", Plain(st!("ttl"))),
];

/// Everything a credential is made from.
pub struct Badge<'a> {
    pub issuer: &'a Issuer,
    pub certificate: &'a Certificate,
    /// The last valid day, after extensions.
    pub through: Option<NaiveDate>,
    /// The zone of the holder's site: its days are meant.
    pub zone: Tz,
    /// What it takes to earn it.
    pub criteria: Text,
    /// The holder's e-mail address with the salt it is hashed with.
    pub email: Option<(&'a str, &'a str)>,
}

impl Badge<'_> {
    /// The credential, without a proof.
    pub fn document(&self) -> Value {
        let (one, printed) = (self.certificate, self.certificate.printed());
        let (title, achievement) =
            (both(&printed.title), self.issuer.achievement(&one.certification));
        let mut document = json!({
            "@context": [CREDENTIALS, OPEN_BADGES],
            "id": self.name("credential"),
            "type": ["VerifiableCredential", "OpenBadgeCredential"],
            "name": title,
            "issuer": {
                "id": self.issuer.id(),
                "type": ["Profile"],
                "name": both(&printed.issuer),
                "url": self.issuer.base(),
            },
            "validFrom": self.begins(one.valid_from),
            "credentialSubject": {
                "id": self.name("holder"),
                "type": ["AchievementSubject"],
                "identifier": self.identities(&both(&printed.names())),
                "licenseNumber": one.number,
                "achievement": {
                    "id": achievement,
                    "type": ["Achievement"],
                    "achievementType": "Certification",
                    "humanCode": one.certification,
                    "name": title,
                    "description": self.description(&printed.title),
                    "criteria": { "id": achievement, "narrative": both(&self.criteria) },
                },
            },
            "credentialStatus": status::entry(self.issuer, one.id),
        });
        if let Some(through) = self.through {
            document["validUntil"] = json!(self.ends(through));
        }
        document
    }

    /// The claims of the token: the credential, and what every reader of tokens looks at first.
    pub fn claims(&self, document: &Value) -> Value {
        let mut claims = document.clone();
        claims["iss"] = json!(self.issuer.id());
        claims["jti"] = document["id"].clone();
        claims["sub"] = document["credentialSubject"]["id"].clone();
        claims["nbf"] = json!(self.first_moment(self.certificate.valid_from).timestamp());
        if let Some(through) = self.through {
            claims["exp"] = json!(self.last_moment(through).timestamp());
        }
        claims
    }

    fn description(&self, title: &Text) -> String {
        let (zh, en) = (&title.zh, &title.en);
        both(&crate::text!(
            "已通过培训与考核，具备“{zh}”资格。",
            "Has completed the training and passed the assessment for “{en}”."
        ))
    }

    /// The name as the paper has it. A program that collects badges asks for the address of its
    /// owner: it finds it only by hashing the address it knows already.
    fn identities(&self, name: &str) -> Vec<Value> {
        let mut identities = vec![json!({
            "type": "IdentityObject", "identityType": "name", "identityHash": name, "hashed": false,
        })];
        if let Some((email, salt)) = self.email {
            let hash = encoding::sha256(format!("{}{salt}", email.to_lowercase()).as_bytes());
            identities.push(json!({
                "type": "IdentityObject", "identityType": "emailAddress",
                "identityHash": format!("sha256${}", encoding::hex(&hash)), "hashed": true, "salt": salt,
            }));
        }
        identities
    }

    /// A name that stays the same through all editions and says nothing by itself.
    fn name(&self, of: &str) -> String {
        let (base, number) = (self.issuer.base(), &self.certificate.number);
        let digest = encoding::sha256(format!("{of}\n{base}\n{number}").as_bytes());
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        uuid::Builder::from_custom_bytes(bytes).into_uuid().urn().to_string()
    }

    fn begins(&self, day: NaiveDate) -> String {
        moment(self.first_moment(day).into())
    }

    fn ends(&self, day: NaiveDate) -> String {
        moment(self.last_moment(day).into())
    }

    /// When a day begins where the holder works; a day that skips midnight begins as it can.
    fn first_moment(&self, day: NaiveDate) -> chrono::DateTime<chrono::Utc> {
        let midnight = day.and_time(chrono::NaiveTime::MIN);
        let local = self.zone.from_local_datetime(&midnight).earliest();
        local.map_or(midnight.and_utc(), |local| local.to_utc())
    }

    fn last_moment(&self, day: NaiveDate) -> chrono::DateTime<chrono::Utc> {
        self.first_moment(next_day(day)) - chrono::Duration::seconds(1)
    }
}

/// The achievement by itself, for whoever follows its address.
pub fn achievement(issuer: &Issuer, code: &str, title: &Text, criteria: &Text) -> Value {
    let id = issuer.achievement(code);
    json!({
        "@context": [CREDENTIALS, OPEN_BADGES],
        "id": id,
        "type": ["Achievement"],
        "achievementType": "Certification",
        "humanCode": code,
        "name": both(title),
        "description": both(title),
        "criteria": { "id": id, "narrative": both(criteria) },
    })
}

/// A status list as a credential, without a proof.
pub fn status_list(
    issuer: &Issuer,
    purpose: status::Purpose,
    list: i64,
    encoded: &str,
    now: Instant,
) -> Value {
    let id = issuer.status_list(purpose.word(), list);
    let ends = now.plus(chrono::Duration::seconds(status::BELIEVED_SECONDS));
    json!({
        "@context": [CREDENTIALS],
        "id": id,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": issuer.id(),
        "validFrom": moment(now),
        "validUntil": moment(ends),
        "credentialSubject": {
            "id": format!("{id}#list"),
            "type": "BitstringStatusList",
            "statusPurpose": purpose.word(),
            "encodedList": encoded,
            "ttl": status::FRESH_SECONDS * 1000,
        },
    })
}
