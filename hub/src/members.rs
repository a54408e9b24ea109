//! Members: who may call, by which key. Invited by a token, registered once, revoked for ever.

use crate::error::HubError;
use crate::hub::Hub;
use crate::records::{
    self, Identity, JoinToken, Kept, KeyId, KeyOwner, Record as _, Revocation, TokenHash, Writes as _, unchanged,
};
use crate::store::change::MOST;
use crate::store::{Action, Actor, Change, Precondition, Revision, StoreError};
use jiff::{SignedDuration, Timestamp};
use policy::name::ClusterName;
use policy::time::Span;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::watch;

/// All identities as they stand: what every handshake and every call is checked against.
#[derive(Debug, Clone, Default)]
pub struct Members(BTreeMap<ClusterName, Kept<Identity>>);

impl Members {
    /// Whether `key` speaks for `cluster` now.
    #[must_use]
    pub fn is_live(&self, cluster: &ClusterName, key: KeyId) -> bool {
        self.0.get(cluster).is_some_and(|kept| kept.record.is_live(key))
    }

    /// The identity of a cluster.
    #[must_use]
    pub fn of(&self, cluster: &ClusterName) -> Option<&Identity> {
        self.0.get(cluster).map(|kept| &kept.record)
    }

    /// All clusters that have joined, the revoked ones too.
    pub fn names(&self) -> impl Iterator<Item = &ClusterName> {
        self.0.keys()
    }

    /// Whether a token of this change may still let `cluster` in: a revocation also ends the join strings that were
    /// given out before it.
    pub(crate) fn admits_token_of(&self, cluster: &ClusterName, written: Revision) -> bool {
        self.0.get(cluster).is_none_or(|kept| outlives_revocation(written, kept))
    }

    /// All identities as the store has them.
    pub(crate) fn new(all: Vec<Kept<Identity>>) -> Self {
        Self(all.into_iter().map(|kept| (kept.record.cluster.clone(), kept)).collect())
    }

    /// Takes up an identity unless a newer one is known.
    fn take(&mut self, kept: Kept<Identity>) {
        let newer = self.0.get(&kept.record.cluster).is_none_or(|known| known.revision < kept.revision);
        if newer {
            self.0.insert(kept.record.cluster.clone(), kept);
        }
    }
}

/// What a person asks for when inviting.
#[derive(Debug, Clone)]
pub struct Invitation {
    /// Whom.
    pub cluster: ClusterName,
    /// How long the token may be used.
    pub ttl: Span,
    /// Whether it may take the place of a live identity.
    pub replace: bool,
}

impl Hub {
    /// The members as they stand, and every change of them: streams of who is no longer live are cut.
    #[must_use]
    pub fn members(&self) -> watch::Receiver<Arc<Members>> {
        self.members.subscribe()
    }

    /// Registers `key` for the cluster that the token names. The token is gone afterwards.
    ///
    /// # Errors
    /// [`HubError::TokenRefused`] for a token that is unknown, used or expired.
    pub async fn redeem(&self, token: TokenHash, key: KeyId) -> Result<ClusterName, HubError> {
        let store = self.store.as_ref();
        let token = records::get::<JoinToken>(store, &token).await?.ok_or(HubError::TokenRefused)?;
        let now = self.clock.wall();
        token_is_usable(&token.record, now)?;
        // Whoever has no token makes the hub read no more than one record.
        self.refuse_while_restored().await?;
        let cluster = token.record.cluster.clone();
        self.declared(&cluster)?;
        let stands = records::get::<Identity>(store, &cluster).await?;
        if !token.record.replace && stands.as_ref().is_some_and(|kept| kept.record.revoked.is_none()) {
            return Err(HubError::AlreadyJoined(cluster));
        }
        if stands.as_ref().is_some_and(|kept| !outlives_revocation(token.revision, kept)) {
            return Err(HubError::TokenRefused);
        }
        let identity = Identity { cluster: cluster.clone(), key, joined: now, revoked: None };
        let change = redemption(&token, &identity, stands.as_ref())?;
        let entry = self.entry(Actor::Cluster(cluster.clone()), Action::Join, &cluster, json!({"key": key}));
        self.store.commit(change, entry).await.map_err(|fault| redeem_fault(fault, key))?;
        self.reload(&cluster).await?;
        tracing::info!(%cluster, "a spoke has joined");
        Ok(cluster)
    }

    /// The identity that `key` is registered for, if it is still that cluster's key and not revoked.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn identity(&self, key: KeyId) -> Result<Option<Identity>, HubError> {
        let store = self.store.as_ref();
        let Some(owner) = records::get::<KeyOwner>(store, &key).await? else { return Ok(None) };
        let identity = records::get::<Identity>(store, &owner.record.cluster).await?;
        Ok(identity.map(|kept| kept.record).filter(|identity| identity.is_live(key)))
    }

    /// Takes a cluster's identity away: its streams are cut, its handshakes and renewals refused, and its unused join
    /// strings give nothing. `reason` goes into the audit entry.
    ///
    /// # Errors
    /// [`HubError::NotJoined`] when it has neither an identity nor a join string.
    pub async fn revoke(&self, cluster: &ClusterName, who: &Actor, reason: Option<&str>) -> Result<(), HubError> {
        let stands = records::get::<Identity>(self.store.as_ref(), cluster).await?;
        let tokens = self.unused_tokens(cluster).await?;
        let live = stands.as_ref().filter(|kept| kept.record.revoked.is_none());
        if live.is_none() && tokens.is_empty() {
            return if stands.is_some() { Ok(()) } else { Err(HubError::NotJoined(cluster.clone())) };
        }
        let mut change = Change::new();
        if let Some(kept) = live {
            let revoked = Some(Revocation { at: self.clock.wall(), by: who.clone() });
            change = change.set(cluster, &Identity { revoked, ..kept.record.clone() }, unchanged(Some(kept)))?;
        }
        let detail = json!({"reason": reason, "joinStrings": tokens.len()});
        for part in tokens.chunks(MOST - 1) {
            for token in part {
                let key = crate::store::Key::of(JoinToken::NAME, &token.id);
                change = change.delete(key, Precondition::MatchesRevision(token.revision));
            }
            let entry = self.entry(who.clone(), Action::Revoke, cluster, detail.clone());
            self.store.commit(std::mem::take(&mut change), entry).await?;
        }
        if !change.writes().is_empty() {
            self.store.commit(change, self.entry(who.clone(), Action::Revoke, cluster, detail)).await?;
        }
        tracing::info!(%cluster, by = %who, strings = tokens.len(), "a spoke is revoked");
        self.reload(cluster).await
    }

    async fn unused_tokens(&self, cluster: &ClusterName) -> Result<Vec<Kept<JoinToken>>, HubError> {
        let tokens = records::list::<JoinToken>(self.store.as_ref()).await?;
        Ok(tokens.into_iter().filter(|token| token.record.cluster == *cluster).collect())
    }

    /// Keeps a token for `invitation`, under its hash.
    ///
    /// # Errors
    /// [`HubError::UnknownCluster`], or [`HubError::AlreadyJoined`] without `replace`.
    pub(crate) async fn keep_token(
        &self,
        token: TokenHash,
        invitation: &Invitation,
        who: &Actor,
    ) -> Result<Timestamp, HubError> {
        let cluster = &invitation.cluster;
        self.declared(cluster)?;
        let stands = records::get::<Identity>(self.store.as_ref(), cluster).await?;
        if !invitation.replace && stands.is_some_and(|kept| kept.record.revoked.is_none()) {
            return Err(HubError::AlreadyJoined(cluster.clone()));
        }
        let ttl = SignedDuration::try_from(invitation.ttl.get()).unwrap_or(SignedDuration::MAX);
        let expires = self.clock.wall().checked_add(ttl).unwrap_or(Timestamp::MAX);
        let record = JoinToken { cluster: cluster.clone(), expires, replace: invitation.replace };
        let change = Change::new().set(&token, &record, Precondition::DoesNotExist)?;
        let detail = json!({"expires": expires, "replace": invitation.replace});
        self.store.commit(change, self.entry(who.clone(), Action::Invite, cluster, detail)).await?;
        Ok(expires)
    }

    async fn reload(&self, cluster: &ClusterName) -> Result<(), HubError> {
        if let Some(kept) = records::get::<Identity>(self.store.as_ref(), cluster).await? {
            self.members.send_modify(|members| Arc::make_mut(members).take(kept));
        }
        Ok(())
    }
}

/// A token may be used until its end and not a moment longer.
fn token_is_usable(token: &JoinToken, now: Timestamp) -> Result<(), HubError> {
    if now < token.expires { Ok(()) } else { Err(HubError::TokenRefused) }
}

/// Whoever revokes a cluster means its unused join strings too.
fn outlives_revocation(written: Revision, identity: &Kept<Identity>) -> bool {
    identity.record.revoked.is_none() || identity.revision < written
}

/// Compare-and-delete: of any number of redemptions at once, one finds the token as it was read.
fn redemption(
    token: &Kept<JoinToken>,
    identity: &Identity,
    stands: Option<&Kept<Identity>>,
) -> Result<Change, HubError> {
    let owner = KeyOwner { cluster: identity.cluster.clone() };
    let change = Change::new()
        .delete(crate::store::Key::of(JoinToken::NAME, &token.id), Precondition::MatchesRevision(token.revision))
        .set(&identity.cluster, identity, unchanged(stands))?
        .set(&identity.key, &owner, Precondition::DoesNotExist)?;
    Ok(change)
}

fn redeem_fault(fault: StoreError, key: KeyId) -> HubError {
    match fault {
        StoreError::Conflict { key: at } if at == KeyOwner::key(&key) => HubError::KeyTaken,
        StoreError::Conflict { .. } => HubError::TokenRefused,
        fault => fault.into(),
    }
}
