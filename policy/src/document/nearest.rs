//! "Did you mean": the nearest of the names that are valid.

/// The one of `names` nearest to `wrong`, if any is near enough to be what was meant.
pub fn nearest<'a>(wrong: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = wrong.to_lowercase();
    let near = |name: &&str| strsim::damerau_levenshtein(&lower, &name.to_lowercase());
    let wrong_length = wrong.chars().count();
    names
        .into_iter()
        // A text of another length altogether was not meant, and comparing long ones costs.
        .filter(|name| wrong_length <= 64 && name.chars().count().abs_diff(wrong_length) <= 4)
        .map(|name| (near(&name), name))
        .filter(|(distance, name)| *distance <= 1.max(name.chars().count().max(wrong_length) / 3))
        .min()
        .map(|(_, name)| name)
}

/// A remedy for a name that is not one of `names`: the nearest, else all of them.
#[must_use]
pub fn remedy(wrong: &str, names: &[&str]) -> Option<String> {
    if let Some(name) = nearest(wrong, names.iter().copied()) {
        return Some(format!("did you mean `{name}`?"));
    }
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.as_slice() {
        [] => None,
        [only] => Some(format!("it can only be {only}")),
        [first @ .., last] => Some(format!("it can be {} or {last}", first.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggests_only_what_is_near() {
        assert_eq!(remedy("rationle", &["rationale", "risk"]).unwrap(), "did you mean `rationale`?");
        assert_eq!(remedy("Mode", &["mode", "more"]).unwrap(), "did you mean `mode`?");
        assert_eq!(remedy("banana", &["mode", "risk"]).unwrap(), "it can be `mode` or `risk`");
        assert_eq!(remedy("banana", &[]), None);
        assert_eq!(remedy(&"x".repeat(100_000), &["mode"]).unwrap(), "it can only be `mode`");
    }
}
