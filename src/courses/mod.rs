//! Courses: the catalogue, lessons, progress, completion.

use crate::access::Routes;

pub mod catalogue;

pub use catalogue::Catalogue;

pub fn routes() -> Routes {
    Routes::new()
}
