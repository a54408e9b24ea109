//! Keys and prefixes: made by the typed records only.

use std::fmt;

/// A key: `<record>/<id>`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(String);

impl Key {
    /// The key of one of many.
    #[must_use]
    pub fn of(record: &'static str, id: &dyn fmt::Display) -> Self {
        Self(format!("{record}/{id}"))
    }

    /// A key as a store gives it back.
    #[must_use]
    pub const fn stored(text: String) -> Self {
        Self(text)
    }

    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The beginning of keys: of one kind of record, or of all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prefix(String);

impl Prefix {
    /// Every key.
    #[must_use]
    pub const fn all() -> Self {
        Self(String::new())
    }

    /// All records of one kind of which there are many.
    #[must_use]
    pub fn of(record: &'static str) -> Self {
        Self(format!("{record}/"))
    }

    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `key` begins so.
    #[must_use]
    pub fn holds(&self, key: &Key) -> bool {
        key.0.starts_with(&self.0)
    }
}
