//! How bytes are written: base64url without padding, base58 of Bitcoin, multibase, hexadecimal.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

const BASE58: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/// What stands before an Ed25519 key in a Multikey (`ed25519-pub` in multicodec).
const ED25519_PUB: [u8; 2] = [0xed, 0x01];

pub fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub fn from_base64url(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// Base58: the number the bytes are, in 58 digits nobody mistakes; each leading zero byte is a `1`.
pub fn base58(bytes: &[u8]) -> String {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    let mut digits: Vec<u8> = Vec::with_capacity(bytes.len() * 138 / 100 + 1);
    for byte in &bytes[zeros..] {
        let mut carry = u32::from(*byte);
        for digit in &mut digits {
            carry += u32::from(*digit) << 8;
            *digit = (carry % 58) as u8;
            carry /= 58;
        }
        while carry > 0 {
            digits.push((carry % 58) as u8);
            carry /= 58;
        }
    }
    let letters = digits.iter().rev().map(|digit| char::from(BASE58[usize::from(*digit)]));
    std::iter::repeat_n('1', zeros).chain(letters).collect()
}

/// What [`base58`] wrote; nothing for other letters, or for more than a key or signature needs.
pub fn from_base58(text: &str) -> Option<Vec<u8>> {
    if text.len() > 200 {
        return None;
    }
    let zeros = text.bytes().take_while(|letter| *letter == b'1').count();
    let mut bytes: Vec<u8> = Vec::new();
    for letter in text.bytes().skip(zeros) {
        let mut carry = BASE58.iter().position(|known| *known == letter)? as u32;
        for byte in &mut bytes {
            carry += u32::from(*byte) * 58;
            *byte = (carry & 0xff) as u8;
            carry >>= 8;
        }
        while carry > 0 {
            bytes.push((carry & 0xff) as u8);
            carry >>= 8;
        }
    }
    bytes.extend(std::iter::repeat_n(0, zeros));
    bytes.reverse();
    Some(bytes)
}

/// An Ed25519 public key as a Multikey: `z6Mk…`.
pub fn multikey(public: &[u8]) -> String {
    format!("z{}", base58(&[&ED25519_PUB, public].concat()))
}

/// The Ed25519 public key a Multikey holds.
pub fn from_multikey(text: &str) -> Option<[u8; 32]> {
    let bytes = from_base58(text.strip_prefix('z')?)?;
    bytes.strip_prefix(&ED25519_PUB)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base58_of_known_bytes() {
        for (bytes, text) in [
            (&b""[..], ""),
            (b"a", "2g"),
            (b"simply a long string", "2cFupjhnEsSn59qHXstmK2ffpLv2"),
            (b"\0\0hello world", "11StV1DL6CwTryKyV"),
            (&[0, 0, 0], "111"),
        ] {
            assert_eq!(base58(bytes), text);
            assert_eq!(from_base58(text).as_deref(), Some(bytes));
        }
        assert_eq!(from_base58("0OIl"), None, "letters it does not have");
        assert_eq!(from_base58(&"2".repeat(201)), None);
    }

    #[test]
    fn a_multikey_goes_there_and_back() {
        let public = [7; 32];
        let text = multikey(&public);
        assert!(text.starts_with("z6Mk"), "{text}");
        assert_eq!(from_multikey(&text), Some(public));
        assert_eq!(from_multikey(&text[1..]), None);
    }
}
