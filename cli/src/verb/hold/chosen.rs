//! Which hold a person means: its digest, or enough of its beginning.

use crate::fault::Fault;
use crate::hub::Hub;
use policy::digest::Digest;
use proto::rest::hold::Hold;
use proto::rest::{List, Resource, path};
use std::str::FromStr;

/// Fewer digits name too much.
const SHORTEST: usize = 8;

/// A digest as a person types it: `sha256:` may be left out, and all but the first eight digits.
#[derive(Debug, Clone)]
pub(super) struct Chosen(String);

impl FromStr for Chosen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let hex = text.strip_prefix("sha256:").unwrap_or(text).to_ascii_lowercase();
        let digits = hex.bytes().all(|byte| byte.is_ascii_hexdigit());
        if digits && (SHORTEST..=64).contains(&hex.len()) {
            Ok(Self(hex))
        } else {
            Err("a hold is named by its digest, or by at least its first eight hex digits".to_owned())
        }
    }
}

impl Chosen {
    /// The digest that is meant.
    pub(super) fn digest(&self, hub: &Hub) -> Result<Digest, Fault> {
        if let Ok(digest) = format!("sha256:{}", self.0).parse() {
            return Ok(digest);
        }
        let holds: Resource<List<Hold>> = hub.get(path::HOLDS)?;
        self.among(holds.body.items.iter().map(|hold| hold.digest))
    }

    fn among(&self, digests: impl Iterator<Item = Digest>) -> Result<Digest, Fault> {
        let mut fitting: Vec<_> = digests.filter(|digest| digest.hex().starts_with(&self.0)).collect();
        fitting.dedup();
        match fitting.as_slice() {
            [digest] => Ok(*digest),
            [] => Err(Fault::Refused(format!("no hold begins with {}; writ hold list shows those that wait", self.0))),
            _ => Err(Fault::Refused(format!("several holds begin with {}; give more of the digest", self.0))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_is_enough_where_it_names_one() {
        let [a, b] = [Digest::of(b"a"), Digest::of(b"b")];
        let chosen = |text: &str| text.parse::<Chosen>().unwrap().among([a, b].into_iter());
        assert_eq!(chosen(&a.hex()[..8]).unwrap(), a);
        assert_eq!(chosen(&b.to_string()).unwrap(), b);
        assert!(matches!(chosen("00000000"), Err(Fault::Refused(_))));
    }

    #[test]
    fn little_more_than_nothing_names_nothing() {
        for text in ["", "ca978", "removals-eu-1", "../pin?x"] {
            assert!(text.parse::<Chosen>().is_err(), "{text}");
        }
    }
}
