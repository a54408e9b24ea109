//! Which files belong to a catalog. Everything else is passed over, unless it could be taken for a rule in force.

/// Whether what stands in this folder is the catalog's: its root, the folders of its layout, and all within them.
pub(super) fn is_ours(folder: &str) -> bool {
    let top = folder.split('/').next().unwrap_or_default();
    top.is_empty() || policy::catalog::is_folder(top)
}

/// Whether a file is read: `writ.yaml`, YAML and Cedar in the folders of a catalog, and the keys of who signs.
pub(super) fn is_read(path: &str) -> bool {
    let document = [".yaml", ".yml", ".cedar"].iter().any(|ending| path.ends_with(ending));
    path == "writ.yaml" || (path.contains('/') && document) || policy::catalog::is_of_signers(path)
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
        for path in [
            "writ.yaml",
            "intents/a.yaml",
            "regions/eu/overrides/a.yml",
            "guardrails/host.cedar",
            "authority/allowed_signers",
        ] {
            assert!(is_read(path), "{path}");
        }
        for path in ["README.md", "mkdocs.yml", "intents/README.md"] {
            assert!(!is_read(path), "{path}");
        }
        assert!(is_ours("") && is_ours("clusters") && is_ours("regions/eu") && !is_ours("docs/clusters"));
    }
}
