//! Where things stand in a target directory.

use policy::name::{Namespace, is_plain};
use policy::object::ObjectId;
use std::path::{Path, PathBuf};

/// The folder of objects that belong to no namespace.
pub(super) const CLUSTER: &str = "_cluster";

/// The longest file name that file systems take.
const LONGEST: usize = 255;

/// The paths of one target directory.
#[derive(Debug, Clone)]
pub struct Layout {
    root: PathBuf,
}

impl Layout {
    /// The layout under `root`.
    #[must_use]
    pub const fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// The target directory itself.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// What the cluster can do.
    #[must_use]
    pub fn cluster(&self) -> PathBuf {
        self.root.join("cluster.yaml")
    }

    /// All objects.
    #[must_use]
    pub fn objects(&self) -> PathBuf {
        self.root.join("objects")
    }

    /// What the cluster's operators override.
    #[must_use]
    pub fn overrides(&self) -> PathBuf {
        self.root.join("overrides")
    }

    /// What they let be applied.
    #[must_use]
    pub fn constraints(&self) -> PathBuf {
        self.root.join("constraints")
    }

    /// Their brake. It does not stand in the status, which is the agent's to write.
    #[must_use]
    pub fn brake(&self) -> PathBuf {
        self.root.join("brake.yaml")
    }

    /// What the agent says; never watched.
    #[must_use]
    pub fn status(&self) -> PathBuf {
        self.root.join("status")
    }

    /// The status document.
    #[must_use]
    pub fn enforcement(&self) -> PathBuf {
        self.status().join("enforcement.yaml")
    }

    /// The inventory.
    #[must_use]
    pub fn inventory(&self) -> PathBuf {
        self.status().join("inventory.yaml")
    }

    /// The folder of a namespace's objects.
    #[must_use]
    pub fn folder(&self, namespace: Option<&Namespace>) -> PathBuf {
        self.objects().join(namespace.map_or(CLUSTER, Namespace::as_str))
    }

    /// Where an object stands.
    ///
    /// # Errors
    /// Why its name cannot be part of a file's.
    pub fn object(&self, id: &ObjectId) -> Result<PathBuf, String> {
        Ok(self.folder(id.namespace.as_ref()).join(file_name(id)?))
    }
}

/// `<Kind>.<group>.<name>.yaml`; the core group is empty, so that `Namespace..shop.yaml` names exactly one object.
pub(super) fn file_name(id: &ObjectId) -> Result<String, String> {
    if !is_plain(&id.kind) || id.kind.contains('.') {
        return Err(format!("the kind `{}` cannot be part of a file name", id.kind));
    }
    if !id.group.is_empty() && !is_plain(&id.group) {
        return Err(format!("the group `{}` cannot be part of a file name", id.group));
    }
    if !is_plain(&id.name) {
        return Err(format!("the name `{}` cannot be part of a file name", id.name));
    }
    let name = format!("{}.{}.{}.yaml", id.kind, id.group, id.name);
    if name.len() > LONGEST { Err(format!("its file name would have {} bytes", name.len())) } else { Ok(name) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use policy::object::Identity;

    fn id(group: &str, kind: &str, namespace: Option<&str>, name: &str) -> ObjectId {
        let namespace = namespace.map(|n| n.parse().unwrap());
        ObjectId::from(Identity { group: group.into(), kind: kind.into(), namespace, name: name.into() })
    }

    #[test]
    fn every_object_has_one_place() {
        let layout = Layout::new("/t".into());
        let path = |id: &ObjectId| layout.object(id).unwrap().display().to_string();
        assert_eq!(path(&id("", "Namespace", None, "shop")), "/t/objects/_cluster/Namespace..shop.yaml");
        let policy = id("networking.k8s.io", "NetworkPolicy", Some("shop"), "deny.all");
        assert_eq!(path(&policy), "/t/objects/shop/NetworkPolicy.networking.k8s.io.deny.all.yaml");
    }

    #[test]
    fn no_name_leaves_its_folder() {
        for bad in ["../x", "a/b", ".hidden", "", "a..b", "a\nb", &"x".repeat(300)] {
            assert!(file_name(&id("", "ConfigMap", Some("shop"), bad)).is_err(), "{bad}");
        }
    }
}
