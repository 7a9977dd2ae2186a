//! Who is where: for those who look after other people's training.
use crate::access::Routes;
pub fn routes() -> Routes {
    Routes::new()
}
