//! mentoring
