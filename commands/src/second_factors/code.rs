//! What is shown as a second factor: six digits of the moment, or a backup code.
//!
//! A backup code is 80 random bits in base32, written in fours: `K7QD-2MZ5-XH3A-NWPB`. What nobody can guess needs no
//! slow hash.

use sha2::{Digest, Sha256};
use uuid::Uuid;

/// How many backup codes a user is given at a time.
pub const BACKUP_CODES: usize = 10;
/// Random bytes of a backup code.
pub const BACKUP_CODE_BYTES: usize = 10;
const BACKUP_CODE_CHARACTERS: usize = 16;
const DIGITS: usize = 6;
/// RFC 4648, section 6.
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// A code as somebody typed it; well formed, and not yet known to be right.
#[derive(Clone, PartialEq, Eq)]
pub enum Code {
    /// Of the moment (RFC 6238).
    Totp(String),
    /// One of those for the day the telephone is lost.
    Backup(BackupCode),
}

/// A backup code. It has no `Debug`: it is a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct BackupCode(String);

impl Code {
    /// Reads what was typed; spaces and hyphens do not matter, nor does case. None: no code looks like this.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > 4 * BACKUP_CODE_CHARACTERS {
            return None;
        }
        let typed: String = text
            .chars()
            .filter(|c| !c.is_whitespace() && *c != '-')
            .map(|c| c.to_ascii_uppercase())
            .collect();
        if typed.len() == DIGITS && typed.bytes().all(|byte| byte.is_ascii_digit()) {
            return Some(Self::Totp(typed));
        }
        let is_backup = typed.len() == BACKUP_CODE_CHARACTERS
            && typed.bytes().all(|byte| BASE32.contains(&byte));
        is_backup.then_some(Self::Backup(BackupCode(typed)))
    }
}

impl BackupCode {
    /// Made of random bytes.
    pub fn of(random: [u8; BACKUP_CODE_BYTES]) -> Self {
        let bits = random.into_iter().fold(0_u128, |bits, byte| (bits << 8) | u128::from(byte));
        let character = |n: usize| {
            let index = (bits >> (5 * (BACKUP_CODE_CHARACTERS - 1 - n))) & 31;
            char::from(BASE32[usize::try_from(index).unwrap_or_default()])
        };
        Self((0..BACKUP_CODE_CHARACTERS).map(character).collect())
    }

    /// As it is shown, once.
    pub fn shown(&self) -> String {
        let parts: Vec<_> = [0, 4, 8, 12].map(|start| &self.0[start..start + 4]).into();
        parts.join("-")
    }

    /// What is kept of a user's.
    pub fn hash(&self, user: Uuid) -> [u8; 32] {
        Sha256::new().chain_update(user.as_bytes()).chain_update(&self.0).finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backup_code_is_read_as_it_is_shown_and_as_people_type_it() {
        let code = BackupCode::of([0x00, 0x44, 0x32, 0x14, 0xc7, 0x42, 0x54, 0xb6, 0x35, 0xcf]);
        assert_eq!(code.shown(), "ABCD-EFGH-IJKL-MNOP");
        for typed in ["ABCD-EFGH-IJKL-MNOP", "abcdefghijklmnop", " abcd efgh ijkl mnop "] {
            assert!(Code::parse(typed) == Some(Code::Backup(code.clone())), "{typed}");
        }
    }

    #[test]
    fn six_digits_are_a_code_of_the_moment() {
        assert!(Code::parse("123 456") == Some(Code::Totp("123456".to_owned())));
        for text in ["", "12345", "1234567", "12345x", "ABCD-EFGH-IJKL-MNO1", "१२३४५६"]
        {
            assert!(Code::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn the_same_code_of_two_users_is_kept_differently() {
        let code = BackupCode::of([7; BACKUP_CODE_BYTES]);
        assert_ne!(code.hash(Uuid::from_u128(1)), code.hash(Uuid::from_u128(2)));
    }
}
