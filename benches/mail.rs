//! Written below.
fn main() {}
