//! What a spoke says of its cluster, bounded before it is believed.

use policy::facts::Capabilities;
use policy::object::ApiVersion;
use proto::grpc::Facts;
use tonic::Status;

const MOST_APIS: usize = 4096;
const MOST_API_CHARACTERS: usize = 253 + 1 + 63;
const MOST_UID_CHARACTERS: usize = 64;

/// The facts of an opening.
pub(super) fn read(facts: Facts) -> Result<Capabilities, Status> {
    if !is_minor(&facts.kubernetes) {
        return Err(Status::invalid_argument("facts.kubernetes must read like `1.36`"));
    }
    if facts.apis.len() > MOST_APIS || !facts.apis.iter().all(|api| is_api(api)) {
        return Err(Status::invalid_argument("facts.apis must be at most 4096 of the form `group/version`"));
    }
    Ok(Capabilities { kubernetes: facts.kubernetes, apis: facts.apis.into_iter().map(ApiVersion::from).collect() })
}

/// The cluster's uid: short, printable.
pub(super) fn uid(text: &str) -> Result<&str, Status> {
    let good = text.len() <= MOST_UID_CHARACTERS && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if good {
        Ok(text)
    } else {
        Err(Status::invalid_argument("cluster_uid must be at most 64 letters, digits and `-`"))
    }
}

fn is_minor(text: &str) -> bool {
    let number = |part: &str| (1..=4).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    text.split_once('.').is_some_and(|(major, minor)| number(major) && number(minor))
}

fn is_api(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-');
    let part = |part: &str| !part.is_empty() && part.bytes().all(allowed);
    let whole = text.len() <= MOST_API_CHARACTERS;
    whole && text.split_once('/').map_or_else(|| part(text), |(group, version)| part(group) && part(version))
}

#[cfg(test)]
mod unit {
    use super::*;

    fn facts(kubernetes: &str, apis: &[&str]) -> Facts {
        Facts { kubernetes: kubernetes.to_owned(), apis: apis.iter().map(|api| (*api).to_owned()).collect() }
    }

    #[test]
    fn reads_facts_and_refuses_nonsense() {
        let read_one = read(facts("1.36", &["v1", "apps/v1", "networking.k8s.io/v1"])).unwrap();
        assert_eq!(read_one.apis.len(), 3);
        for bad in [facts("", &[]), facts("v1.36", &[]), facts("1.36", &["a/b/c"]), facts("1.36", &["a b"])] {
            assert!(read(bad.clone()).is_err(), "{bad:?}");
        }
        assert!(read(facts("1.36", &vec!["v1"; 4097])).is_err());
        assert!(uid("\u{1b}[31m").is_err());
    }
}
