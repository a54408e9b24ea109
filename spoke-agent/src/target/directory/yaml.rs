//! YAML text of objects: bounded when read, checked when written.

use serde_json::Value;

/// Why a text is not one YAML document within its limits.
#[derive(Debug, thiserror::Error)]
pub(super) enum YamlError {
    #[error("it is not UTF-8 text")]
    NotText,
    #[error("it is not one YAML document: {0}")]
    Invalid(String),
}

/// Deeper nesting than any Kubernetes object has.
const DEPTH: usize = 64;
/// Aliases multiply; objects do not need them.
const ALIASES: usize = 100;
/// An inventory of tens of thousands of rows; objects are bounded by their size.
const NODES: usize = 2_000_000;

pub(super) fn parse(bytes: &[u8]) -> Result<Value, YamlError> {
    let text = std::str::from_utf8(bytes).map_err(|_| YamlError::NotText)?;
    let options = serde_yaml::options! {
        budget: serde_yaml::budget! { max_depth: DEPTH, max_aliases: ALIASES, max_documents: 1, max_nodes: NODES, max_events: 4 * NODES },
        with_snippet: false,
    };
    serde_yaml::from_str_with_options(text, options).map_err(|error| YamlError::Invalid(error.to_string()))
}

/// The text of `value`. What a YAML reader would not read back as written goes out as JSON, which is YAML too.
pub(super) fn print(value: &Value) -> Vec<u8> {
    let text = serde_yaml::to_string(value).ok().filter(|text| parse(text.as_bytes()).is_ok_and(|read| read == *value));
    text.map_or_else(|| format!("{value:#}\n").into_bytes(), |text| with_newline(text).into_bytes())
}

fn with_newline(mut text: String) -> String {
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn reads_back_what_it_prints() {
        let odd = json!({"a": ["yes", "1.10", "0x1f", "", " x ", "null", "~", "a: b", "#c", "multi\nline\n", "é\u{1}"],
            "b": {"n": 1, "f": 1.5, "t": true, "z": null, "e": {}, "l": []}, "on": "2001-01-01"});
        assert_eq!(parse(&print(&odd)).unwrap(), odd);
    }

    #[test]
    fn refuses_bombs() {
        let deep = "[".repeat(200) + &"]".repeat(200);
        assert!(parse(deep.as_bytes()).is_err());
        let mut bomb = String::from("a: &a [x,x,x,x,x,x,x,x,x]\n");
        for (from, to) in ('a'..='h').zip('b'..='i') {
            bomb.push_str(&format!("{to}: &{to} [{}]\n", vec![format!("*{from}"); 9].join(",")));
        }
        assert!(parse(bomb.as_bytes()).is_err());
        assert!(parse(b"\xff").is_err());
        assert!(parse(b"a: 1\na: 2\n").is_err());
    }
}
