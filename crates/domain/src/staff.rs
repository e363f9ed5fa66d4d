//! Who works at the offices: their roles, what each role may do, and the names they sign in with.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// What somebody is. It says what they may do; at which offices, is kept beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Works at the door and at the counters of their offices.
    Officer,
    /// Heads offices and the units of them: quotas, closures, officers, numbers.
    Head,
    /// Administers all offices, releases and staff.
    Admin,
    /// Reads everything, masked; changes nothing.
    Auditor,
}

/// Something that staff do. Every page and every operation of theirs names one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    /// See where the day of an office stands.
    Look,
    /// Receive people at the door: arrivals, walk-ins, priority.
    Door,
    /// Call and serve people at a counter.
    Counter,
    /// Find a person's matter, and settle disputes about it.
    People,
    /// See what is masked, for a reason that is written down.
    Unmask,
    /// Change hours, quotas and their exceptions.
    Quota,
    /// Close an office for hours or days, and give its people other places.
    Close,
    /// Change what is known of an office: telephone, position, services, notices.
    Describe,
    /// Create offices and units.
    Found,
    /// Invite, change and disable staff.
    Staff,
    /// Decide on what somebody else asked for that needs a second person.
    Approve,
    /// Read the numbers of an office.
    Report,
    /// Read the log of changes.
    Audit,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 4] = [Self::Officer, Self::Head, Self::Admin, Self::Auditor];

    /// Whether the role may do something, at the offices that its bearer has.
    pub const fn may(self, task: Task) -> bool {
        match task {
            Task::Look | Task::Unmask => true,
            Task::Door | Task::Counter | Task::People => matches!(self, Self::Officer | Self::Head | Self::Admin),
            Task::Quota | Task::Close | Task::Describe | Task::Staff | Task::Approve => {
                matches!(self, Self::Head | Self::Admin)
            }
            Task::Found => matches!(self, Self::Admin),
            Task::Report | Task::Audit => matches!(self, Self::Head | Self::Admin | Self::Auditor),
        }
    }

    /// Whether the role reaches every office without being put there.
    pub const fn is_everywhere(self) -> bool {
        matches!(self, Self::Admin | Self::Auditor)
    }

    /// Whether its bearer also reaches the units of the offices they have.
    pub const fn reaches_units(self) -> bool {
        matches!(self, Self::Head)
    }

    /// Whether a bearer of this role may invite, change and disable bearers of another: a head the officers, an administrator all.
    pub const fn governs(self, other: Self) -> bool {
        match self {
            Self::Admin => true,
            Self::Head => matches!(other, Self::Officer),
            Self::Officer | Self::Auditor => false,
        }
    }

    /// The role's name in tables and commands.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Officer => "officer",
            Self::Head => "head",
            Self::Admin => "admin",
            Self::Auditor => "auditor",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A word that names no role.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0:?} is no role: officer, head, admin or auditor")]
pub struct UnknownRole(pub String);

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|role| role.as_str() == text);
        found.ok_or_else(|| UnknownRole(text.chars().take(40).collect()))
    }
}

impl Task {
    /// All tasks.
    pub const ALL: [Self; 13] = [
        Self::Look,
        Self::Door,
        Self::Counter,
        Self::People,
        Self::Unmask,
        Self::Quota,
        Self::Close,
        Self::Describe,
        Self::Found,
        Self::Staff,
        Self::Approve,
        Self::Report,
        Self::Audit,
    ];

    /// The task's name in the log of changes.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Look => "look",
            Self::Door => "door",
            Self::Counter => "counter",
            Self::People => "people",
            Self::Unmask => "unmask",
            Self::Quota => "quota",
            Self::Close => "close",
            Self::Describe => "describe",
            Self::Found => "found",
            Self::Staff => "staff",
            Self::Approve => "approve",
            Self::Report => "report",
            Self::Audit => "audit",
        }
    }
}

/// The name that somebody signs in with: 3 to 64 of `a-z 0-9 . _ - @`, beginning with a letter or digit. Capitals are made small, so
/// that nobody is two people.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Login(String);

/// A text that is no name to sign in with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a sign-in name has {LOGIN_MIN} to {LOGIN_MAX} letters, digits, or . _ - @, and begins with a letter or digit")]
pub struct LoginError;

const LOGIN_MIN: usize = 3;
const LOGIN_MAX: usize = 64;

impl Login {
    /// Reads a name as it was typed.
    pub fn parse(text: &str) -> Result<Self, LoginError> {
        let small = text.trim().to_ascii_lowercase();
        let fits = (LOGIN_MIN..=LOGIN_MAX).contains(&small.len());
        let known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-@".contains(&byte);
        let begins = small.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
        if fits && begins && small.bytes().all(known) { Ok(Self(small)) } else { Err(LoginError) }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl FromStr for Login {
    type Err = LoginError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl TryFrom<String> for Login {
    type Error = LoginError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<Login> for String {
    fn from(login: Login) -> Self {
        login.0
    }
}

/// Fewest characters of a password. Length is the only rule (NIST SP 800-63B): what must have a digit and a capital is written on a
/// slip of paper beside the screen.
pub const PASSWORD_MIN: usize = 12;
/// Most bytes of a password, so that nobody makes the server hash a book.
pub const PASSWORD_BYTES_MAX: usize = 256;

/// A password as somebody chose it. It is hashed where it is used and lies nowhere; `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

/// Why a text cannot be a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PasswordError {
    /// It is too short.
    #[error("a password has at least {PASSWORD_MIN} characters, not {found}")]
    Short {
        /// Characters found.
        found: usize,
    },
    /// It is too long.
    #[error("a password has at most {PASSWORD_BYTES_MAX} bytes")]
    Long,
    /// It is the same character over and over, or the sign-in name.
    #[error("a password is not one character repeated, nor the sign-in name")]
    Obvious,
}

impl Password {
    /// Takes a password for somebody with this sign-in name.
    pub fn choose(text: &str, login: &Login) -> Result<Self, PasswordError> {
        let found = text.chars().count();
        if found < PASSWORD_MIN {
            return Err(PasswordError::Short { found });
        }
        if text.len() > PASSWORD_BYTES_MAX {
            return Err(PasswordError::Long);
        }
        let first = text.chars().next();
        let repeated = text.chars().all(|char| Some(char) == first);
        if repeated || text.eq_ignore_ascii_case(login.as_str()) {
            return Err(PasswordError::Obvious);
        }
        Ok(Self(text.to_owned()))
    }

    /// Takes what was typed to be compared: any text of a length that is worth hashing.
    pub fn typed(text: &str) -> Option<Self> {
        (!text.is_empty() && text.len() <= PASSWORD_BYTES_MAX).then(|| Self(text.to_owned()))
    }

    /// The password's bytes, for hashing.
    pub fn bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_auditor_changes_nothing_and_an_officer_decides_nothing() {
        let changes = [
            Task::Door,
            Task::Counter,
            Task::People,
            Task::Quota,
            Task::Close,
            Task::Describe,
            Task::Found,
            Task::Staff,
            Task::Approve,
        ];
        assert!(changes.iter().all(|task| !Role::Auditor.may(*task)));
        let decisions = [Task::Quota, Task::Close, Task::Describe, Task::Found, Task::Staff, Task::Approve];
        assert!(decisions.iter().all(|task| !Role::Officer.may(*task)));
        assert!(Task::ALL.iter().all(|task| Role::Admin.may(*task)));
        assert!(!Role::Head.may(Task::Found));
    }

    #[test]
    fn nobody_governs_their_like_but_an_administrator() {
        for role in Role::ALL {
            assert!(Role::Admin.governs(role));
            assert!(!Role::Officer.governs(role) && !Role::Auditor.governs(role));
            assert_eq!(Role::Head.governs(role), role == Role::Officer);
        }
    }

    #[test]
    fn roles_are_read_by_their_names() {
        for role in Role::ALL {
            assert_eq!(role.as_str().parse(), Ok(role));
        }
        assert!("root".parse::<Role>().is_err());
    }

    #[test]
    fn a_sign_in_name_is_one_name_however_it_is_typed() {
        let login = |text: &str| Login::parse(text).map(|login| login.to_string());
        assert_eq!(login("  Siti.Rahma@BTM "), Ok("siti.rahma@btm".to_owned()));
        for wrong in ["", "ab", ".abc", "a b c", "siti/../", "sïti", &"a".repeat(65)] {
            assert_eq!(login(wrong), Err(LoginError), "{wrong:?}");
        }
    }

    #[test]
    fn a_password_is_long_and_is_never_shown() {
        let login = Login::parse("siti.rahma-batam").unwrap();
        assert_eq!(Password::choose("short", &login), Err(PasswordError::Short { found: 5 }));
        assert_eq!(Password::choose(&"a".repeat(20), &login), Err(PasswordError::Obvious));
        assert_eq!(Password::choose("Siti.Rahma-Batam", &login), Err(PasswordError::Obvious));
        assert_eq!(Password::choose(&"äb".repeat(100), &login), Err(PasswordError::Long));
        let fine = Password::choose("kuda hijau minum teh", &login).unwrap();
        assert_eq!(format!("{fine:?}"), "Password(..)");
        assert_eq!(Password::typed(""), None);
    }
}
