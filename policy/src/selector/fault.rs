//! What Kubernetes would refuse of a selector.

use super::{LabelSelector, Operator, Requirement};
use crate::document::pointer::join;

impl Requirement {
    /// What is wrong with how its operator and its values go together.
    #[must_use]
    pub fn fault(&self) -> Option<&'static str> {
        let compares = matches!(self.operator, Operator::In | Operator::NotIn);
        match (compares, self.values.is_empty()) {
            (true, true) => Some("In and NotIn compare with `values`, and there are none"),
            (false, false) => Some("Exists and DoesNotExist take no `values`"),
            _ => None,
        }
    }
}

impl LabelSelector {
    /// Everything that Kubernetes would refuse of it: a JSON pointer within the selector, and a sentence.
    #[must_use]
    pub fn faults(&self) -> Vec<(String, String)> {
        let mut faults = Vec::new();
        for (key, value) in &self.match_labels {
            let place = join("/matchLabels", key);
            faults.extend(key_fault(key).map(|fault| (place.clone(), fault)));
            faults.extend(value_fault(value).map(|fault| (place, fault)));
        }
        for (index, requirement) in self.match_expressions.iter().enumerate() {
            let place = format!("/matchExpressions/{index}");
            faults.extend(requirement.fault().map(|fault| (place.clone(), fault.to_owned())));
            faults.extend(key_fault(&requirement.key).map(|fault| (join(&place, "key"), fault)));
            for (index, value) in requirement.values.iter().enumerate() {
                faults.extend(value_fault(value).map(|fault| (format!("{place}/values/{index}"), fault)));
            }
        }
        faults
    }
}

/// A label's key: a name, or a DNS subdomain, `/` and a name (apimachinery's IsQualifiedName).
fn key_fault(key: &str) -> Option<String> {
    let (prefix, name) = key.split_once('/').map_or((None, key), |(prefix, name)| (Some(prefix), name));
    let sound = is_word(name) && prefix.is_none_or(is_subdomain);
    (!sound)
        .then(|| format!("`{key}` is not a label's key: a name of at most 63 characters, or a domain, `/` and a name"))
}

/// A label's value: empty, or a name.
fn value_fault(value: &str) -> Option<String> {
    let sound = value.is_empty() || is_word(value);
    (!sound).then(|| {
        format!("`{value}` is not a label's value: at most 63 letters, digits, `-`, `_` and `.`, ending as it begins with a letter or digit")
    })
}

fn is_word(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let ends = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric());
    text.len() <= 63 && text.bytes().all(inner) && ends(text.bytes().next()) && ends(text.bytes().last())
}

/// Whether `text` is a DNS subdomain (RFC 1123), as most objects are named.
#[must_use]
pub(crate) fn is_subdomain(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let label =
        |label: &str| !label.is_empty() && label.bytes().all(inner) && !label.starts_with('-') && !label.ends_with('-');
    text.len() <= 253 && text.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(text: &str) -> Vec<String> {
        let selector: LabelSelector = serde_yaml::from_str(text).unwrap();
        selector.faults().into_iter().map(|(place, fault)| format!("{place}: {fault}")).collect()
    }

    #[test]
    fn what_kubernetes_takes_has_no_faults() {
        let text = "{matchLabels: {app: web, app.kubernetes.io/name: Web_1.x, empty: ''}, \
                    matchExpressions: [{key: team, operator: In, values: [a]}, {key: x, operator: Exists}]}";
        assert_eq!(faults(text), [""; 0]);
    }

    #[test]
    fn what_it_refuses_is_told_in_its_place() {
        let told = faults(
            "{matchLabels: {'-app': web, a/b/c: x, App.io/x: y, app: 'two words'}, \
             matchExpressions: [{key: team, operator: In}, {key: x, operator: Exists, values: [a]}, \
             {key: y, operator: NotIn, values: [a, -b]}]}",
        );
        let places: Vec<&str> = told.iter().filter_map(|fault| fault.split(": ").next()).collect();
        assert_eq!(
            places,
            [
                "/matchLabels/-app",
                "/matchLabels/App.io~1x",
                "/matchLabels/a~1b~1c",
                "/matchLabels/app",
                "/matchExpressions/0",
                "/matchExpressions/1",
                "/matchExpressions/2/values/1",
            ]
        );
    }
}
