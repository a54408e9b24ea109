//! What a file of a catalog is, by its path.

use crate::diagnostic::{Code, Diagnostic, Span};
use crate::document::nearest::remedy;
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
/// What a region may hold in this version; it only adds.
const REGIONAL: &[&str] = &["guardrails", "intents", "parameters"];
/// Folders of the layout that this version does not read. A rule that is not read would be taken for one in force.
const NOT_YET: &[&str] = &["exceptions", "properties", "tests"];
const REGIONAL_NOT_YET: &[&str] = &["constraints", "overrides"];

/// The region in whose folder `path` lies.
#[must_use]
pub fn region_of(path: &str) -> Option<RegionName> {
    let (region, _) = path.strip_prefix("regions/")?.split_once('/')?;
    region.parse().ok()
}

/// The folder of a place, as people write it.
#[must_use]
pub(super) fn folder(place: Place) -> &'static str {
    FOLDERS.iter().find(|(_, of)| *of == place).map_or(ROOT, |(name, _)| name)
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
            "move it to regions/REGION/intents, guardrails or parameters",
        )),
    }
}

fn below(path: &str, rest: &str, extension: &str, regional: bool) -> Result<File, Box<Diagnostic>> {
    let top = rest.split_once('/').map_or("", |(top, _)| top);
    let not_yet = if regional { REGIONAL_NOT_YET } else { NOT_YET };
    if not_yet.contains(&top) {
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
    let names: Vec<&str> =
        FOLDERS.iter().map(|(name, _)| *name).filter(|name| !regional || REGIONAL.contains(name)).collect();
    let place = FOLDERS.iter().find(|(name, _)| *name == top && names.contains(name)).map(|(_, place)| *place);
    match (place, extension) {
        (Some(place), "yaml") => Ok(File::Documents(place)),
        (Some(_), "yml") => Err(refused(path, "documents end in .yaml".to_owned(), "rename it to end in .yaml")),
        (Some(_), _) => Err(refused(
            path,
            format!("{top}/ holds no Cedar"),
            "move it to guardrails/, beside the document that names it",
        )),
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

fn refused(path: &str, message: String, help: &str) -> Box<Diagnostic> {
    Box::new(Diagnostic::error(Code::PathRefused, path, Span::START, message).help(help))
}

fn unsupported(path: &str, message: &str) -> Box<Diagnostic> {
    Box::new(Diagnostic::error(Code::Unsupported, path, Span::START, message).help("remove the file until it is"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(path: &str) -> Code {
        file(path).unwrap_err().code
    }

    #[test]
    fn the_layout() {
        assert_eq!(file("writ.yaml").unwrap(), File::Documents(Place::Root));
        assert_eq!(file("intents/payments/a.yaml").unwrap(), File::Documents(Place::Intents));
        assert_eq!(file("regions/eu/intents/a.yaml").unwrap(), File::Documents(Place::Intents));
        assert_eq!(file("regions/eu/guardrails/a.cedar").unwrap(), File::Guardrails);
        assert_eq!(file("authority/people.cedar").unwrap(), File::Authority);
        assert_eq!(file("README.md").unwrap(), File::Other);
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
        ] {
            assert_eq!(code(path), Code::PathRefused, "{path}");
        }
        for path in [
            "tests/a.yaml",
            "exceptions/a.yaml",
            "properties/a.cedar",
            "authority/a.yaml",
            "regions/eu/overrides/a.yaml",
            "regions/eu/constraints/a.yaml",
        ] {
            assert_eq!(code(path), Code::Unsupported, "{path}");
        }
    }
}
