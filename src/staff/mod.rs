//! The group's tree of sites, its people, and who held which position where and when.
//!
//! A person has one assignment at a time: a position at a site from a day on, under a manager. A
//! transfer ends one and begins the next; each writes its facts (the position and the occupation
//! it counts for) into the record, so tenure survives every move.
//!
//! Who works here today is read from the assignments; nothing says "active".

pub mod import;
pub mod model;
pub mod queries;
pub mod transfers;

pub use crate::record::PersonId;
pub use model::{Assignment, Person, Post, Site, SiteId, SiteKind, name_in};
