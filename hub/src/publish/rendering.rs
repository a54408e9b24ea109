//! The hold on an upgrade: renderings that changed by a new version of Writ alone wait for a person.

use super::fleet::Wanted;
use super::standing::{Lists, Standing};
use crate::error::HubError;
use crate::hub::Hub;
use crate::records::{HoldKind, Pointer};
use crate::store::Actor;
use policy::canonical;
use policy::digest::Digest;
use policy::name::{ClusterName, RuleName};
use std::collections::{BTreeMap, BTreeSet};

/// The digest of every translator's version.
pub(crate) fn translators() -> Result<Digest, HubError> {
    let versions = policy::kinds::TABLE.iter().filter_map(|row| Some((row.name, row.translator?.version())));
    Ok(canonical::digest(&versions.collect::<BTreeMap<_, _>>())?)
}

impl Hub {
    /// When other translators made what is published, renders the published commits with those of this hub: equal
    /// rules and equal facts, so every difference is the translators'. Such a difference is held, in the place of
    /// earlier ones.
    /// What was published and can no longer be read leaves nothing to compare with: then all of it is held.
    pub(super) async fn hold_new_renderings(&self, standing: &Standing, has_candidate: bool) -> Result<(), HubError> {
        let Some(pointer) = standing.pointer.as_ref().map(|kept| &kept.record) else { return Ok(()) };
        if same_translators(pointer.translators, self.translators) {
            return self.lapse_renderings(None).await;
        }
        let in_force = match self.load(pointer.accepted.clone(), false).await {
            Ok(in_force) => in_force,
            Err(error) => return self.hold_unreadable(standing, pointer, has_candidate, error).await,
        };
        let fleet = self.fleet(&in_force.catalog).await?;
        let rendered = self.compile(in_force.catalog, fleet).await?;
        let (rules, digest) = differing(standing, &rendered)?;
        if rules.is_empty() {
            return self.lapse_renderings(None).await;
        }
        self.hold_rendering(digest, HoldKind::Rendering { rules, unreadable: None }).await
    }

    /// Holds the whole fleet's renderings by these translators, because the published revision no longer passes the
    /// checks, or the mirror no longer has it. Without a candidate the mirror may only not have been fetched yet.
    async fn hold_unreadable(
        &self,
        standing: &Standing,
        pointer: &Pointer,
        has_candidate: bool,
        error: HubError,
    ) -> Result<(), HubError> {
        let digest = canonical::digest(&("unreadable", pointer, self.translators))?;
        let is_final = match &error {
            HubError::RevisionRefused { .. } => true,
            HubError::Catalog(_) => has_candidate || self.is_held(digest).await?,
            _ => false,
        };
        if !is_final {
            return Err(error);
        }
        let kind = HoldKind::Rendering { rules: all(standing), unreadable: Some(pointer.accepted.revision.clone()) };
        self.hold_rendering(digest, kind).await
    }

    /// The new hold comes first: without one, the difference would pass.
    async fn hold_rendering(&self, digest: Digest, kind: HoldKind) -> Result<(), HubError> {
        self.place_hold(digest, kind, Actor::Hub).await?;
        self.lapse_renderings(Some(digest)).await
    }
}

/// All that is published.
fn all(standing: &Standing) -> BTreeMap<ClusterName, BTreeSet<RuleName>> {
    let rules = |lists: &Lists| lists.contents.contents.entries.iter().map(|line| line.name.clone()).collect();
    standing.listed.iter().map(|(name, lists)| (name.clone(), rules(lists))).collect()
}

/// What an upgrade of Writ may change is known by the versions of its translators.
fn same_translators(published: Digest, ours: Digest) -> bool {
    published == ours
}

/// The rules whose rendering differs, by cluster, and a digest of exactly this difference.
fn differing(
    standing: &Standing,
    rendered: &Wanted,
) -> Result<(BTreeMap<ClusterName, BTreeSet<RuleName>>, Digest), HubError> {
    let mut rules: BTreeMap<ClusterName, BTreeSet<RuleName>> = BTreeMap::new();
    let mut becomes: BTreeMap<&ClusterName, Digest> = BTreeMap::new();
    for (name, (_, compiled)) in rendered {
        let Some(lists) = standing.listed.get(name) else { continue };
        if lists.contents.digest == compiled.digest {
            continue;
        }
        let stands = &lists.contents.contents.entries;
        let stands: BTreeMap<_, _> = stands.iter().map(|line| (&line.name, line.digest)).collect();
        let changed = compiled.entries.iter().filter(|made| stands.get(&made.name) != Some(&made.digest));
        rules.insert(name.clone(), changed.map(|made| made.name.clone()).collect());
        becomes.insert(name, compiled.digest);
    }
    let digest = canonical::digest(&("rendering", becomes))?;
    Ok((rules, digest))
}
