//! Jobs for the database with their types put aside.
//!
//! Hundreds of jobs, each with an answer of its own type, go through one queue, one pool and one
//! kind of transaction. What carries them is compiled once and not once for every job.

use std::any::Any;

use super::{Conn, Error};

/// Work that is done once, on whatever connection it is given.
pub(super) type Job<'a> = Box<dyn FnOnce(&mut Conn) -> Outcome + 'a>;
/// The same for another thread.
pub(super) type SentJob = Box<dyn FnOnce(&mut Conn) -> Outcome + Send>;

/// A job that is told by its own types, ready to be sent.
pub(super) fn sent<T, E>(job: impl FnOnce(&mut Conn) -> Result<T, E> + Send + 'static) -> SentJob
where
    T: Send + 'static,
    E: Send + 'static,
{
    Box::new(|conn| Outcome::of(job(conn)))
}

/// What a job came to: whether it failed, which decides about its transaction, and what it said to
/// whoever gave it.
pub(super) struct Outcome {
    pub failed: bool,
    said: Box<dyn Any + Send>,
}

impl Outcome {
    pub fn of<T: Send + 'static, E: Send + 'static>(said: Result<T, E>) -> Outcome {
        Outcome { failed: said.is_err(), said: Box::new(said) }
    }
}

/// Whether what a job changed must not stay.
pub(super) fn failed(outcome: &Result<Outcome, Error>) -> bool {
    outcome.as_ref().map_or(true, |outcome| outcome.failed)
}

/// The answer of a job that was made with these types, or why there is none.
pub(super) fn answer<T, E>(outcome: Result<Outcome, Error>) -> Result<T, E>
where
    T: 'static,
    E: From<Error> + 'static,
{
    match outcome?.said.downcast::<Result<T, E>>() {
        Ok(said) => *said,
        // Whoever asks made the job: the types are the same.
        Err(_) => Err(Error::Panicked.into()),
    }
}
