//! What a file of a catalog is, by its path.

use crate::diagnostic::{Code, Diagnostic, Span};
use crate::document::nearest::{nearest, remedy};
use crate::kinds::Place;
use crate::name::RegionName;

/// The file that holds the Catalog document.
pub(super) const ROOT: &str = "writ.yaml";

/// What a file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum File {
    /// YAML documents.
    Documents(Place),
    /// Cedar beside guardrails.
    Guardrails,
    /// Cedar that says who may do what.
    Authority,
    /// Nothing that Writ reads.
    Other,
}

const FOLDERS: &[(&str, Place)] = &[
    ("clusters", Place::Clusters),
    ("intents", Place::Intents),
    ("guardrails", Place::Guardrails),
    ("rulesets", Place::RuleSets),
    ("parameters", Place::Parameters),
];
/// What a region may hold: rules and values that only add, and what has a say over rules in its clusters.
const REGIONAL: &[&str] = &["constraints", "guardrails", "intents", "overrides", "parameters"];
/// What only a region holds.
const REGIONAL_ONLY: &[(&str, Place)] = &[("constraints", Place::Constraints), ("overrides", Place::Overrides)];
/// Folders of the layout that this version does not read. A rule that is not read would be taken for one in force.
const NOT_YET: &[&str] = &["exceptions", "properties", "tests"];
/// Folders of the layout that hold no documents of one place.
const OTHERS: &[&str] = &["authority", "regions"];

/// Who signs with which SSH key, as `gpg.ssh.allowedSignersFile` of git has it.
pub const ALLOWED_SIGNERS: &str = "authority/allowed_signers";
/// The folder of armored OpenPGP keys, each named after its person.
pub const OPENPGP: &str = "authority/openpgp/";

/// Whether the file at `path` says who signs with which key.
#[must_use]
pub fn is_of_signers(path: &str) -> bool {
    path == ALLOWED_SIGNERS || (path.starts_with(OPENPGP) && path.ends_with(".asc"))
}

/// Whether what a file says can have an effect: who changes it needs authority.
#[must_use]
pub fn has_effect(path: &str) -> bool {
    is_of_signers(path) || !matches!(file(path), Ok(File::Other))
}

/// The region in whose folder `path` lies.
#[must_use]
pub fn region_of(path: &str) -> Option<RegionName> {
    let (region, _) = path.strip_prefix("regions/")?.split_once('/')?;
    region.parse().ok()
}

/// The folder of a place, as people write it.
#[must_use]
pub(super) fn folder(place: Place) -> &'static str {
    FOLDERS.iter().chain(REGIONAL_ONLY).find(|(_, of)| *of == place).map_or(ROOT, |(name, _)| name)
}

/// Whether a catalog has this folder at its root.
#[must_use]
pub fn is_folder(name: &str) -> bool {
    FOLDERS.iter().any(|(folder, _)| *folder == name) || OTHERS.contains(&name) || NOT_YET.contains(&name)
}

/// What is said of a file that is not read; a rule that somebody believes to be in force must not be passed over.
#[must_use]
pub fn stray(path: &str) -> Option<Diagnostic> {
    let name = path.rsplit('/').next().unwrap_or(path);
    if is_for_people(name) {
        return None;
    }
    match path.split_once('/') {
        None => is_policy(name).then(|| {
            warned(path, "a catalog's root holds no documents but writ.yaml, so nothing in this file is in force")
                .help("if it is Writ's, move it to the folder of its kind")
        }),
        Some((top, _)) if !is_folder(top) => is_policy(name).then(|| no_folder(path, top)),
        Some(_) => Some(
            warned(path, "this file is not read, so nothing in it is in force")
                .help("documents end in .yaml, and policies in .cedar: rename it, or move it out of this folder"),
        ),
    }
}

/// Notes and licences may stand anywhere.
fn is_for_people(name: &str) -> bool {
    let lower = name.to_lowercase();
    let notes = ["readme", "license", "licence"].iter().any(|start| lower.starts_with(start));
    (notes && !is_policy(name)) || lower.ends_with(".md") || lower.starts_with('.')
}

fn is_policy(name: &str) -> bool {
    let lower = name.to_lowercase();
    [".yaml", ".yml", ".cedar"].iter().any(|ending| lower.ends_with(ending))
}

fn warned(path: &str, message: &str) -> Diagnostic {
    Diagnostic::warning(Code::PathRefused, path, Span::START, message)
}

/// What the file at `path` is.
///
/// # Errors
/// A diagnostic where a catalog holds no such file.
pub(super) fn file(path: &str) -> Result<File, Box<Diagnostic>> {
    let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
    let hidden = path.split('/').any(|part| part.starts_with('.'));
    if hidden || !["yaml", "yml", "cedar"].contains(&extension) {
        return Ok(File::Other);
    }
    if path == ROOT {
        return Ok(File::Documents(Place::Root));
    }
    match path.strip_prefix("regions/") {
        Some(inner) => regional(path, inner, extension),
        None => below(path, path, extension, false),
    }
}

fn regional(path: &str, inner: &str, extension: &str) -> Result<File, Box<Diagnostic>> {
    match inner.split_once('/') {
        Some((_, rest)) if region_of(path).is_some() => below(path, rest, extension, true),
        Some((name, _)) => Err(refused(
            path,
            format!("`{name}` cannot be a region's name"),
            "name the folder as writ.yaml names the region",
        )),
        None => Err(refused(
            path,
            "this file stands in no region".to_owned(),
            "move it to a folder of its kind in regions/REGION/",
        )),
    }
}

fn below(path: &str, rest: &str, extension: &str, regional: bool) -> Result<File, Box<Diagnostic>> {
    let top = rest.split_once('/').map_or("", |(top, _)| top);
    if !regional && NOT_YET.contains(&top) {
        return Err(unsupported(path, &format!("{top}/ is not supported by this version of Writ")));
    }
    match (top, extension) {
        ("authority", "cedar") if !regional => Ok(File::Authority),
        ("authority", _) if !regional => {
            Err(unsupported(path, "only Cedar is supported in authority/ by this version of Writ"))
        }
        ("guardrails", "cedar") => Ok(File::Guardrails),
        _ => documents(path, top, extension, regional),
    }
}

fn documents(path: &str, top: &str, extension: &str, regional: bool) -> Result<File, Box<Diagnostic>> {
    let all = FOLDERS.iter().chain(REGIONAL_ONLY.iter().filter(|_| regional));
    let here: Vec<_> = all.filter(|(name, _)| !regional || REGIONAL.contains(name)).collect();
    let names: Vec<&str> = here.iter().map(|(name, _)| *name).collect();
    let place = here.iter().find(|(name, _)| *name == top).map(|(_, place)| *place);
    match (place, extension) {
        (Some(place), "yaml") => Ok(File::Documents(place)),
        (Some(_), "yml") => Err(refused(path, "documents end in .yaml".to_owned(), "rename it to end in .yaml")),
        (Some(_), _) => Err(refused(
            path,
            format!("{top}/ holds no Cedar"),
            "move it to guardrails/, beside the document that names it",
        )),
        (None, _) if !regional && !top.is_empty() => Err(Box::new(no_folder(path, top))),
        (None, _) => {
            let whose = if regional { "a region" } else { "a catalog" };
            let what = if top.is_empty() {
                format!("{whose} has no such file here")
            } else {
                format!("{whose} has no folder `{top}`")
            };
            Err(refused(path, what, &remedy(top, &names).unwrap_or_default()))
        }
    }
}

fn no_folder(path: &str, top: &str) -> Diagnostic {
    let known: Vec<&str> = FOLDERS.iter().map(|(name, _)| *name).chain(OTHERS.iter().copied()).collect();
    let message = format!("a catalog has no folder `{top}`, so nothing in it is in force");
    let help = nearest(top, known).map_or_else(
        || "move it to the folder of its kind; keep what is not Writ's in a folder whose name begins with a dot".into(),
        |near| format!("did you mean `{near}`?"),
    );
    Diagnostic::error(Code::PathRefused, path, Span::START, message).help(help)
}

fn refused(path: &str, message: String, help: &str) -> Box<Diagnostic> {
    Box::new(Diagnostic::error(Code::PathRefused, path, Span::START, message).help(help))
}

fn unsupported(path: &str, message: &str) -> Box<Diagnostic> {
    Box::new(Diagnostic::error(Code::Unsupported, path, Span::START, message).help("remove the file until it is"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Severity;

    fn code(path: &str) -> Code {
        file(path).unwrap_err().code
    }

    #[test]
    fn the_layout() {
        assert_eq!(file("writ.yaml").unwrap(), File::Documents(Place::Root));
        assert_eq!(file("intents/payments/a.yaml").unwrap(), File::Documents(Place::Intents));
        assert_eq!(file("regions/eu/intents/a.yaml").unwrap(), File::Documents(Place::Intents));
        assert_eq!(file("regions/eu/overrides/a.yaml").unwrap(), File::Documents(Place::Overrides));
        assert_eq!(file("regions/eu/constraints/a.yaml").unwrap(), File::Documents(Place::Constraints));
        assert_eq!(file("regions/eu/guardrails/a.cedar").unwrap(), File::Guardrails);
        assert_eq!(file("authority/people.cedar").unwrap(), File::Authority);
        assert_eq!(file("README.md").unwrap(), File::Other);
        assert!(is_folder("regions") && is_folder("tests") && !is_folder("docs"));
        assert_eq!(file(".github/workflows/ci.yaml").unwrap(), File::Other);
    }

    #[test]
    fn what_stands_nowhere_is_refused_and_what_is_not_read_is_told() {
        for path in [
            "intent/a.yaml",
            "a.yaml",
            "intents/a.yml",
            "intents/a.cedar",
            "regions/eu/clusters/a.yaml",
            "regions/a.yaml",
            "regions/E_U/intents/a.yaml",
            "overrides/a.yaml",
            "constraints/a.yaml",
            "regions/eu/overrides/a.cedar",
        ] {
            assert_eq!(code(path), Code::PathRefused, "{path}");
        }
        for path in ["tests/a.yaml", "exceptions/a.yaml", "properties/a.cedar", "authority/a.yaml"] {
            assert_eq!(code(path), Code::Unsupported, "{path}");
        }
    }

    #[test]
    fn what_is_not_read_is_told_unless_it_is_for_people() {
        let told = |path: &str| stray(path).map(|d| (d.severity, format!("{} [{}]", d.message, d.help.unwrap())));
        let (severity, text) = told("intent/t2.yaml").unwrap();
        assert_eq!(severity, Severity::Error);
        assert_eq!(text, "a catalog has no folder `intent`, so nothing in it is in force [did you mean `intents`?]");
        assert!(told("region/eu/intents/a.yaml").unwrap().1.contains("`regions`"));
        assert!(told("docs/a.YML").unwrap().1.contains("begins with a dot"));
        for path in ["intents/a/t2.txt", "intents/a.YAML", "intents/a.json", "regions/eu/notes", "a.yaml", "writ.yml"] {
            assert_eq!(told(path).unwrap().0, Severity::Warning, "{path}");
        }
        for path in ["intents/README", "intents/a.md", "LICENSE", "regions/eu/.keep", "docs/a.png", "Makefile"] {
            assert_eq!(told(path), None, "{path}");
        }
    }
}
