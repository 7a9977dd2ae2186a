//! What judging needs beside the facts: the order of ladders, what counts as the same, and names.
//!
//! A context is built once from all loaded rule sets ([`super::programme::Programmes`]) and then
//! only read, so any number of threads may judge with it.

use std::collections::HashMap;

use super::{
    fact::Kind,
    programme::{Certification, Ladder},
    requirement::Requirement,
};
use crate::i18n::Text;

/// Ladders, equivalences and names of all loaded rule sets.
#[derive(Clone, Debug, Default)]
pub struct Context {
    ladders: Vec<Ladder>,
    related_occupations: HashMap<String, Vec<String>>,
    related_majors: HashMap<String, Vec<String>>,
    deemed: HashMap<String, Vec<Requirement>>,
    certifications: HashMap<String, Certification>,
    names: HashMap<Kind, HashMap<String, Text>>,
}

impl Context {
    /// Adds a ladder and the order of its levels.
    pub fn add_ladder(&mut self, ladder: Ladder) {
        self.ladders.push(ladder);
    }

    /// Work in `others` counts for `occupation` where a rule accepts related occupations.
    pub fn relate_occupations(&mut self, occupation: &str, others: &[String]) {
        self.related_occupations.entry(occupation.into()).or_default().extend_from_slice(others);
    }

    /// The majors `others` count for `major` where a rule accepts related majors.
    pub fn relate_majors(&mut self, major: &str, others: &[String]) {
        self.related_majors.entry(major.into()).or_default().extend_from_slice(others);
    }

    /// Whoever meets `by` is deemed to hold the certificate. One step only: `by` is judged by
    /// certificates really held, so every case stands in the table and no circle can arise.
    pub fn deem(&mut self, certificate: &str, by: Requirement) {
        self.deemed.entry(certificate.into()).or_default().push(by);
    }

    /// Adds a certification, as `RULESET/NAME`: what holding its certificate depends on.
    pub fn certify(&mut self, code: String, certification: Certification) {
        self.certifications.insert(code, certification);
    }

    /// A certification by `RULESET/NAME`.
    pub fn certification(&self, code: &str) -> Option<&Certification> {
        self.certifications.get(code)
    }

    /// What readers call this code.
    pub fn set_name(&mut self, kind: Kind, code: impl Into<String>, name: Text) {
        self.names.entry(kind).or_default().insert(code.into(), name);
    }

    /// What readers call this code; the code itself when nobody named it.
    pub fn name(&self, kind: Kind, code: &str) -> Text {
        let name = self.names.get(&kind).and_then(|names| names.get(code));
        name.cloned().unwrap_or_else(|| Text::same(code))
    }

    /// Whether anybody named this code.
    pub fn is_named(&self, kind: Kind, code: &str) -> bool {
        self.names.get(&kind).is_some_and(|names| names.contains_key(code))
    }

    /// A ladder by its code.
    pub fn ladder(&self, code: &str) -> Option<&Ladder> {
        self.ladders.iter().find(|ladder| ladder.code == code)
    }

    /// The place of a level on its ladder; a higher rank is a better grade.
    pub fn rank(&self, ladder: &str, level: &str) -> Option<u32> {
        self.ladder(ladder)?.grade(level).map(|grade| grade.rank)
    }

    /// What readers call the level of a ladder.
    pub fn level_name(&self, ladder: &str, level: &str) -> Text {
        let grade = self.ladder(ladder).and_then(|ladder| ladder.grade(level));
        grade.map_or_else(|| Text::same(level), |grade| grade.name.clone())
    }

    /// Occupations in which work counts for this one.
    pub fn related_occupations(&self, occupation: &str) -> &[String] {
        self.related_occupations.get(occupation).map_or(&[], Vec::as_slice)
    }

    /// Majors that count for this one.
    pub fn related_majors(&self, major: &str) -> &[String] {
        self.related_majors.get(major).map_or(&[], Vec::as_slice)
    }

    /// What makes somebody deemed to hold the certificate.
    pub fn deemed(&self, certificate: &str) -> &[Requirement] {
        self.deemed.get(certificate).map_or(&[], Vec::as_slice)
    }
}
