//! careers
