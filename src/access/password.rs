//! Passwords: argon2id, in a lane of its own so that a rush of sign-ins starves nobody.

use std::sync::LazyLock;

use argon2::{Argon2, PasswordHasher, PasswordVerifier, password_hash::phc::PasswordHash};
use tokio::sync::Semaphore;

use crate::{i18n::Text, text, web::Error};

/// Hashing takes 16 ms of a core; one at a time leaves the other core to everybody else.
static LANE: Semaphore = Semaphore::const_new(1);

/// Checked when there is no such account, so that the answer takes as long as for a real one.
static NOBODY: LazyLock<String> = LazyLock::new(|| hash_now("nobody").unwrap_or_default());

pub const SHORTEST: usize = 10;

/// What is wrong with a new password, if anything.
pub fn problem(password: &str, staff_no: &str) -> Option<Text> {
    let length = password.chars().count();
    if length < SHORTEST {
        return Some(text!(
            "密码至少 {SHORTEST} 个字符。",
            "A password has at least {SHORTEST} characters."
        ));
    }
    if length > 200 {
        return Some(text!("密码最多 200 个字符。", "A password has at most 200 characters."));
    }
    let mut distinct: Vec<char> = password.chars().collect();
    distinct.sort_unstable();
    distinct.dedup();
    if distinct.len() < 4 || (!staff_no.is_empty() && password.contains(staff_no)) {
        return Some(text!(
            "这个密码太容易猜到：请不要用工号或重复的字符。",
            "This password is easy to guess: avoid the staff number and repeated characters."
        ));
    }
    None
}

fn hash_now(password: &str) -> Result<String, Error> {
    let hash: argon2::password_hash::phc::PasswordHash = Argon2::default()
        .hash_password(password.as_bytes())
        .map_err(|error| Error::Internal(format!("password hash: {error}")))?;
    Ok(hash.to_string())
}

/// Hashes for the command line and the demo, without a lane.
pub fn hash_blocking(password: &str) -> Result<String, Error> {
    hash_now(password)
}

pub async fn hash(password: String) -> Result<String, Error> {
    let _turn = LANE.acquire().await.map_err(|error| Error::Internal(error.to_string()))?;
    run(move || hash_now(&password)).await?
}

/// Whether the password is the account's. Without an account the work is done all the same.
pub async fn verify(password: String, hash: Option<String>) -> Result<bool, Error> {
    let _turn = LANE.acquire().await.map_err(|error| Error::Internal(error.to_string()))?;
    run(move || {
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| NOBODY.clone());
        let matches = PasswordHash::new(&hash).is_ok_and(|hash| {
            Argon2::default().verify_password(password.as_bytes(), &hash).is_ok()
        });
        known && matches
    })
    .await
}

async fn run<T: Send + 'static>(job: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
    tokio::task::spawn_blocking(job).await.map_err(|error| Error::Internal(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_known_again_and_another_is_not() {
        let kept = hash("火花塞-7-brake".to_owned()).await.unwrap();
        assert!(kept.starts_with("$argon2id$"));
        assert!(verify("火花塞-7-brake".to_owned(), Some(kept.clone())).await.unwrap());
        assert!(!verify("火花塞-8-brake".to_owned(), Some(kept)).await.unwrap());
        assert!(!verify("nobody".to_owned(), None).await.unwrap());
    }

    #[test]
    fn easy_passwords_are_refused_with_a_reason() {
        for weak in ["short", "aaaaaaaaaaaa", "T0001-T0001-x"] {
            assert!(problem(weak, "T0001").is_some(), "{weak}");
        }
        assert!(problem("brake-fluid-DOT4", "T0001").is_none());
    }
}
