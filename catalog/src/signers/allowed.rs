//! The file of allowed signers (ssh-keygen(1), "ALLOWED SIGNERS"): `principal [options] keytype base64 [comment]`. A
//! principal is the name of one person; patterns would name nobody.

use super::ssh::Key;
use super::window::{self, Window};
use super::{fault, is_person};
use policy::diagnostic::{Code, Diagnostic, Span};
use ssh_key::PublicKey;

/// What a signature of git is of.
const NAMESPACE: &str = "git";

/// The keys of the file's sound lines.
pub(super) fn read(path: &str, text: &str, found: &mut Vec<Diagnostic>) -> Vec<Key> {
    let mut keys: Vec<Key> = Vec::new();
    for (number, line) in (1_u32..).zip(text.lines()) {
        let plain = line.trim();
        if plain.is_empty() || plain.starts_with('#') {
            continue;
        }
        let width = u32::try_from(line.chars().count()).unwrap_or(u32::MAX);
        let span = Span { line: number, column: 1, end_line: number, end_column: width.saturating_add(1) };
        match key(plain) {
            Ok(key) => match keys.iter().find(|other| other.key == key.key) {
                Some(other) => found.push(twice(path, span, &other.person)),
                None => keys.push(key),
            },
            Err(why) => found.push(fault(path, span, why).help("write `PERSON namespaces=\"git\" ssh-ed25519 AAAA…`")),
        }
    }
    keys
}

fn twice(path: &str, span: Span, person: &str) -> Diagnostic {
    let message = format!("this key is that of `{person}` already");
    Diagnostic::error(Code::Duplicate, path, span, message).help("a key is one person's: remove one of the lines")
}

fn key(line: &str) -> Result<Key, String> {
    let (person, rest) = word(line);
    let person = unquoted(person);
    if !is_person(person) {
        return Err(format!("`{}` names no one person", person.escape_debug()));
    }
    let (options, key) = if is_key(rest) { ("", rest) } else { word(rest) };
    let window = options_of(options)?;
    let parsed = PublicKey::from_openssh(key.trim()).map_err(|error| format!("this is no SSH public key: {error}"))?;
    Ok(Key { person: person.to_owned(), key: parsed.key_data().clone(), window })
}

/// Whether a text begins with the type of a key.
fn is_key(text: &str) -> bool {
    ["ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-"].iter().any(|start| text.starts_with(start))
}

/// The first word, in which blanks between quotes belong to it, and the rest.
fn word(text: &str) -> (&str, &str) {
    let mut quoted = false;
    let end = text.find(|c: char| {
        quoted ^= c == '"';
        c.is_whitespace() && !quoted
    });
    let (word, rest) = text.split_at(end.unwrap_or(text.len()));
    (word, rest.trim_start())
}

fn unquoted(text: &str) -> &str {
    text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text)
}

fn options_of(text: &str) -> Result<Window, String> {
    let mut window = Window::default();
    let mut quoted = false;
    let options = text.split(|c: char| {
        quoted ^= c == '"';
        c == ',' && !quoted
    });
    for option in options.filter(|option| !option.is_empty()) {
        let (name, value) = option.split_once('=').unwrap_or((option, ""));
        let value = unquoted(value);
        let time = || window::time(value).map(Some).ok_or_else(|| format!("`{value}` is no time of {name}"));
        match name.to_ascii_lowercase().as_str() {
            "namespaces" if value.split(',').any(|name| name == NAMESPACE) => (),
            "namespaces" => {
                return Err(format!("this key may not sign commits: its namespaces do not have `{NAMESPACE}`"));
            }
            "valid-after" => window.after = time()?,
            "valid-before" => window.before = time()?,
            "cert-authority" => return Err("certificates of SSH keys are not supported: list the keys".to_owned()),
            _ => return Err(format!("there is no option `{}`", name.escape_debug())),
        }
    }
    Ok(window)
}
