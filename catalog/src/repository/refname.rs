//! The one ref that is followed.

use std::fmt;
use std::str::FromStr;

/// A text that names no ref.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not the name of a branch or ref; write a branch such as `main`, or a full name such as `refs/tags/v1`"
)]
pub struct RefNameError(String);

/// A ref by its full name. A short one is a branch.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RefName(String);

impl RefName {
    /// The full name, such as `refs/heads/main`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RefName {
    type Err = RefNameError;

    fn from_str(text: &str) -> Result<Self, RefNameError> {
        let full = if text.starts_with("refs/") { text.to_owned() } else { format!("refs/heads/{text}") };
        let valid = gix::validate::reference::name(full.as_str().into()).is_ok();
        // A leading `-` or `+` would be an option or a part of a refspec to git.
        if valid && !text.starts_with(['-', '+']) {
            Ok(Self(full))
        } else {
            Err(RefNameError(text.escape_debug().to_string()))
        }
    }
}

impl fmt::Display for RefName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_names_are_branches() {
        assert_eq!("main".parse::<RefName>().unwrap().as_str(), "refs/heads/main");
        assert_eq!("refs/tags/v1".parse::<RefName>().unwrap().as_str(), "refs/tags/v1");
    }

    #[test]
    fn nothing_becomes_an_option_or_a_pattern() {
        for bad in
            ["", "-u", "+main", "a:b", "a*", "^main", "a..b", "a b", "refs/", "a\nb", "main~1", "@{-1}", "x.lock"]
        {
            assert!(bad.parse::<RefName>().is_err(), "{bad}");
        }
    }
}
