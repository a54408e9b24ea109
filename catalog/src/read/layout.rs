//! Which files belong to a catalog. Everything else in the repository is passed over.

/// The folders of a catalog.
const FOLDERS: [&str; 10] = [
    "authority",
    "clusters",
    "exceptions",
    "guardrails",
    "intents",
    "parameters",
    "properties",
    "regions",
    "rulesets",
    "tests",
];

/// Whether a folder is walked: those named above, and all within them.
pub(super) fn is_walked(path: &str) -> bool {
    path.contains('/') || FOLDERS.contains(&path)
}

/// Whether a file is read: `writ.yaml`, and YAML and Cedar in the folders of a catalog.
pub(super) fn is_read(path: &str) -> bool {
    let document = [".yaml", ".yml", ".cedar"].iter().any(|ending| path.ends_with(ending));
    path == "writ.yaml" || (path.contains('/') && document)
}

/// Whether a name is passed over wherever it stands. (Names that are refused are judged before.)
pub(super) fn is_hidden(name: &str) -> bool {
    name.starts_with('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_catalogs_own_files_are_read() {
        for path in ["writ.yaml", "intents/a.yaml", "regions/eu/overrides/a.yml", "guardrails/host.cedar"] {
            assert!(is_read(path), "{path}");
        }
        for path in ["README.md", "mkdocs.yml", "intents/README.md"] {
            assert!(!is_read(path), "{path}");
        }
        assert!(is_walked("clusters") && is_walked("regions/eu") && !is_walked("docs"));
    }
}
