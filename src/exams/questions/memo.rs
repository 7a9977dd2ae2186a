//! What follows from frozen words alone is worked out once and kept in memory, within a bound.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, PoisonError, RwLock},
};

use super::{body::Body, model::QuestionKind};

/// The results of a pure function by the words it was given. It keeps no more than `most`, and
/// starts anew when there are more: papers of one exam are written within minutes of each other.
pub struct Memo<T> {
    kept: LazyLock<RwLock<HashMap<String, Arc<T>>>>,
    most: usize,
}

impl<T> Memo<T> {
    pub const fn new(most: usize) -> Memo<T> {
        Memo { kept: LazyLock::new(RwLock::default), most }
    }

    /// The result for `words`, worked out now if it is not known; a mistake is not kept.
    pub fn of<E>(&self, words: &str, make: impl FnOnce() -> Result<T, E>) -> Result<Arc<T>, E> {
        if let Some(known) = self.kept.read().unwrap_or_else(PoisonError::into_inner).get(words) {
            return Ok(known.clone());
        }
        let made = Arc::new(make()?);
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= self.most {
            kept.clear();
        }
        kept.insert(words.to_owned(), made.clone());
        Ok(made)
    }
}

/// Some banks' worth; a body is a few thousand bytes.
static BODIES: Memo<Body> = Memo::new(4096);

/// [`Body::read`], once for each wording.
pub fn body(kind: QuestionKind, json: &str) -> Result<Arc<Body>, String> {
    BODIES.of(&format!("{}{json}", kind.word()), || Body::read(kind, json))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_works_out_once_and_never_keeps_more_than_its_bound() {
        let memo: Memo<usize> = Memo::new(3);
        let mut made = 0;
        for words in ["a", "a", "b", "a", "c", "d", "a"] {
            let length = memo.of::<()>(words, || {
                made += 1;
                Ok(words.len())
            });
            assert_eq!(length.as_deref(), Ok(&1));
        }
        assert_eq!(made, 5, "a, b, c, d, and a again after the bound was reached");
        assert!(memo.kept.read().unwrap().len() <= 3);
    }

    #[test]
    fn a_mistake_is_not_kept() {
        let memo: Memo<usize> = Memo::new(3);
        assert!(memo.of("a", || Err("no")).is_err());
        assert_eq!(memo.of::<&str>("a", || Ok(7)).as_deref(), Ok(&7));
    }
}
