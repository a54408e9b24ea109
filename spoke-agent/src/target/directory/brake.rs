//! `brake.yaml`: the brake, as the cluster's operators set it. It bears the annotations that an Enforcement bears in a
//! cluster; `status/enforcement.yaml` is the agent's alone to write.

use super::layout::Layout;
use super::operators::annotations;
use super::yaml;
use crate::files;
use crate::target::TargetError;
use policy::local::{Brakes, Change};
use serde_json::{Value, json};
use service::atomic::{self, Access};

const LIMIT: usize = 1 << 20;

/// Changes the brakes, and gives all that are set then. A file that says nothing more is removed.
///
/// # Errors
/// [`TargetError`] when the directory or the file cannot be read or written.
pub fn brake(layout: &Layout, change: &Change) -> Result<Brakes, TargetError> {
    std::fs::read_dir(layout.root()).map_err(|error| TargetError::Missing(layout.root().to_owned(), error))?;
    let brakes = read(layout)?.after(change);
    let said = brakes.annotations().into_iter().filter_map(|(name, text)| Some((name.to_owned(), Value::from(text?))));
    let said: serde_json::Map<String, Value> = said.collect();
    if said.is_empty() {
        atomic::remove(&layout.brake())?;
    } else {
        let metadata = json!({"name": "writ", "annotations": said});
        let document = json!({"apiVersion": "writ.dev/v1alpha1", "kind": "Enforcement", "metadata": metadata});
        atomic::write(&layout.brake(), &yaml::print(&document), Access::Everyone)?;
    }
    Ok(brakes)
}

/// What stands there. What cannot be understood sets no brake, so nothing is lost with it.
fn read(layout: &Layout) -> Result<Brakes, TargetError> {
    let Some(bytes) = files::read(&layout.brake(), LIMIT)? else { return Ok(Brakes::default()) };
    let document = yaml::parse(&bytes).unwrap_or_default();
    Ok(Brakes::read(&annotations(&[document])).0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use policy::local::Brake;

    #[test]
    fn inv30_is_set_and_cleared_by_a_file_alone() {
        let dir = tempfile::tempdir().unwrap();
        let layout = Layout::new(dir.path().to_owned());
        let rule: Option<policy::name::RuleName> = Some("ResourceGuard/quota".parse().unwrap());
        let asked = "2026-11-21T10:00:00Z".parse().unwrap();
        let one = Brake::lasting("2h".parse().unwrap(), asked, "yes: 1".to_owned());
        let set = |rule| brake(&layout, &Change::Set(rule, one.clone())).unwrap();
        set(None);
        let both = set(rule.clone());
        assert_eq!((both.all.as_ref(), both.rules.len()), (Some(&one), 1));
        assert_eq!(read(&layout).unwrap(), both);
        assert_eq!(brake(&layout, &Change::Clear(rule)).unwrap().rules.len(), 0);
        assert_eq!(brake(&layout, &Change::Clear(None)).unwrap(), Brakes::default());
        assert!(!layout.brake().exists());
        std::fs::write(layout.brake(), "torn: [").unwrap();
        assert!(set(None).all.is_some(), "an incident is no time for old faults");
    }
}
